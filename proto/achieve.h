/* achieve.h - what an indicator's figures add up to: achievement, rating, sums over time and units. Kind: P.
 *
 * Rules: domain.md 5 (formulas, edge cases, bands) and 4 (cash plan deviation, physical progress). Everything is an exact ratio
 * of 128-bit integers; what does not fit is refused (ACHIEVE_OVERFLOW), never rounded. A result is rounded once, when it is
 * printed (decimal_percent_text), and bands are decided on the unrounded ratio. The raw result is always kept: caps are applied
 * only when averaging. */
#ifndef REKAP_ACHIEVE_H
#define REKAP_ACHIEVE_H

#include "bytes.h"
#include "decimal.h"
#include "limits.h"

struct ratio { i128 num, den; };                /* den > 0; shares are fractions: 0.5 is 50 % */
/* Reduced, den made positive. False when den is 0 or it does not fit. */
bool achieve_ratio(i128 num, i128 den, struct ratio *ret);
bool achieve_ratio_add(struct ratio a, struct ratio b, struct ratio *ret);      /* false: overflow */
bool achieve_ratio_multiply(struct ratio a, struct ratio b, struct ratio *ret);
/* <0, 0, >0; exact for all ratios. */
int achieve_ratio_compare(struct ratio a, struct ratio b);

/* What an indicator without an id is known by: its name in lower case, single blanks, no list mark before and no dot behind,
 * Prosentase = Presentase = Persentase. Returns the length; 0: nothing is left. name.n <= TEXT_MAX. */
size_t achieve_identity(struct slice name, char ret[TEXT_MAX + 1]);

enum achieve_formula {                          /* ids are stored and printed with every result */
    ACHIEVE_MAX = 1,                            /* R/T; the default */
    ACHIEVE_MIN,                                /* (2T-R)/T, floor 0 */
    ACHIEVE_MIN_RATIO,                          /* T/R */
    ACHIEVE_RANGE,                              /* inside 1; outside against the bound, as MAX */
    ACHIEVE_RANGE_MIN,                          /* outside against the bound, as MIN */
    ACHIEVE_STABLE,                             /* 1-|R-T|/T, floor 0 */
    ACHIEVE_SCALE,                              /* words mapped to scores, then MAX */
    ACHIEVE_TEXT,                               /* equal 1, else 0 */
    ACHIEVE_DELTA,                              /* (R-B)/(T-B) */
};
const char *achieve_formula_name(unsigned formula);     /* "MAX"; "" when unknown */
int achieve_formula_parse(struct slice text, uint8_t *ret);     /* case folded, `-` = `_`; ST_INVALID */
void achieve_name_fold(struct slice s, char *ret);      /* as names are written: upper case, `_`; ret holds s.n + 1 */

enum achieve_state {                            /* why there is no achievement */
    ACHIEVE_OK, ACHIEVE_TARGET_ZERO, ACHIEVE_TARGET_NEGATIVE, ACHIEVE_TARGET_MISSING, ACHIEVE_TARGET_TEXT,
    ACHIEVE_REACHED_MISSING, ACHIEVE_REACHED_TEXT, ACHIEVE_UNITS_DIFFER, ACHIEVE_BASELINE_MISSING, ACHIEVE_UNDEFINED,
    ACHIEVE_OVERFLOW,
};
const char *achieve_state_name(unsigned state); /* "", "target-nol", "realisasi-kosong", ..; stable, in answers */

enum achieve_kind { ACHIEVE_ABSENT, ACHIEVE_NUMBER, ACHIEVE_WORDS };
struct achieve_value {
    enum achieve_kind kind;
    struct ratio number;
    struct slice words;
};
/* How an achievement is rounded: once, when it is printed; `early`: before it is rated, capped and averaged. Not set: a half away
 * from zero, two places. */
struct achieve_rounding { bool set, early; uint8_t places; enum decimal_round how; };
int achieve_rounding_parse(struct slice text, int64_t *ret);    /* "setengah/2", "genap/1", "potong/0/dulu", packed; ST_INVALID */
void achieve_rounding_name(struct achieve_rounding r, char ret[32]);
int64_t achieve_rounding_pack(struct achieve_rounding r);
struct achieve_rounding achieve_rounding_unpack(int64_t packed);
/* A share as a percentage, "92.09". Returns length, 0: it does not fit. */
int achieve_percent_text(struct ratio share, struct achieve_rounding r, char ret[32]);

struct achieve_score { const char *words; int64_t score; };
/* Opinions of the national auditor, WTP = 4 .. TMP = 1, short and long names; ends with words = NULL. */
extern const struct achieve_score achieve_opinions[];

struct achieve_input {
    enum achieve_formula formula;
    struct achieve_value target, reached, baseline;     /* a RANGE target is words: "80-90" */
    const struct achieve_score *scores;         /* of SCALE; NULL: achieve_opinions */
    bool units_differ;
    struct achieve_rounding rounding;
};
struct achieve_result {
    enum achieve_state state;
    struct ratio raw, share;                    /* of ACHIEVE_OK: before and after the floor */
    struct achieve_rounding rounding;           /* as given: by which it is printed */
    bool capped_apart;                          /* the registry has a cap for this one indicator: `cap`, not the mean's */
    unsigned cap;
};
void achieve_compute(const struct achieve_input *given, struct achieve_result *ret);
/* "80-90", "80 s.d. 90", "80 s/d 90,5", a trailing unit aside: two plain numbers, lo <= hi, as 1e-6. ST_INVALID. */
int achieve_range_parse(struct slice text, int64_t *ret_lo, int64_t *ret_hi);
/* Case, blanks and a closing dot folded: are the words the same? */
bool achieve_same_words(struct slice a, struct slice b);

/* ---- rating ---- */
struct achieve_band { int64_t lower; bool open; char word[40]; };       /* [lower, ..) or, open, (lower, ..); 1e-6 of a percent */
enum { ACHIEVE_BANDS_MAX = 12 };
struct achieve_scale {                          /* data: half-open bands from the top, the last one without a bound */
    char name[40];
    unsigned from;                              /* year * 100 + month this version holds from; 0: always (built in) */
    bool of_value;                              /* rates the reached value, not the achievement */
    bool of_words;                              /* predicates: the words and their scores, of formula SCALE */
    unsigned count;
    struct achieve_band band[ACHIEVE_BANDS_MAX];
};
extern const struct achieve_scale achieve_scale_default, achieve_scale_second;
/* The band of a share (1 = 100 %). NULL: the scale is empty. */
const struct achieve_band *achieve_rate(const struct achieve_scale *s, struct ratio share);
const struct achieve_band *achieve_scale_find(const struct achieve_scale *s, struct slice word);       /* NULL: not a word of it */

/* ---- over time, over units, over indicators: achieve_over.c ---- */
enum achieve_over_time { ACHIEVE_AKUMULATIF = 1, ACHIEVE_AKHIR, ACHIEVE_RATA, ACHIEVE_MAKS, ACHIEVE_MINIM };
enum achieve_over_units { ACHIEVE_SUM = 1, ACHIEVE_RASIO, ACHIEVE_RATA_TERTIMBANG, ACHIEVE_UNITS_MAX, ACHIEVE_UNITS_MIN,
                          ACHIEVE_UNITS_NONE };
const char *achieve_time_name(unsigned over);
int achieve_time_parse(struct slice text, uint8_t *ret);
const char *achieve_units_name(unsigned over);
int achieve_units_parse(struct slice text, uint8_t *ret);

struct achieve_point { bool reported, monthly; int64_t value; };        /* one month; a nil is a reported 0 */
/* The state at the end of month `until` (1..12). AKUMULATIF: cumulative point = its value, monthly = added. ST_NOT_FOUND: nothing
 * reported. */
int achieve_through(enum achieve_over_time over, const struct achieve_point month[12], unsigned until, struct ratio *ret);

struct achieve_part { struct ratio value, weight; };    /* RASIO: value = numerator, weight = denominator */
/* ST_NOT_FOUND: no parts or NONE (the city value is its own report); ST_INVALID: weights add up to 0; ST_FULL: overflow. */
int achieve_across(enum achieve_over_units over, const struct achieve_part *part, size_t n, struct ratio *ret);

enum { ACHIEVE_UNCAPPED = 0 };
struct achieve_mean {                           /* of achievements; begin with {.cap = percent or ACHIEVE_UNCAPPED} */
    unsigned cap;
    uint32_t counted, of, missing;              /* computable; all; of these, R missing */
    uint64_t missing_caps;                      /* the sum of their caps, percent */
    struct ratio sum, weighted, weights;        /* exact while they fit */
    i128 fixed;                                 /* sum of the capped shares at 1e-18, each cut off */
    bool inexact, weights_inexact, any_weight;
    bool endless;                               /* one that is missing has no cap */
    struct achieve_rounding rounding;           /* by which the mean is printed */
};
void achieve_mean_add(struct achieve_mean *m, const struct achieve_result *r, int64_t weight);  /* weight 1e-6; 0: none given */
/* Mean over the computable ones; missing_zero: R missing counts as 0. ST_NOT_FOUND when nothing counts. When the exact sum of
 * very many unlike targets does not fit, the mean of the values cut at 1e-18 is given: at most 1e-18 too low. */
int achieve_mean_get(const struct achieve_mean *m, bool missing_zero, struct ratio *ret);
/* The most the mean can still become: what is missing (R) as the cap. ST_NOT_FOUND: nothing counts, or there is no cap. ST_FULL. */
int achieve_mean_most(const struct achieve_mean *m, struct ratio *ret);
int achieve_mean_weighted(const struct achieve_mean *m, struct ratio *ret);     /* ST_NOT_FOUND without weights; ST_FULL */

/* ---- money beside it ---- */
/* achievement - absorption, as a share (LKjIP). */
bool achieve_efficiency(struct ratio achievement, struct ratio absorption, struct ratio *ret);
enum achieve_deviation { ACHIEVE_DEVIATION_PP = 1, ACHIEVE_DEVIATION_REL, ACHIEVE_DEVIATION_IKPA };
struct achieve_cash { i128 budget, plan, realised; };   /* sen */
/* Cash plan deviation as a share: PP 100R/P - 100RAK/P and REL 100(RAK-R)/RAK over the sums of the lines, IKPA over each line,
 * weighted by budget (cut at 1e-6 sen a line where the exact sum of many lines does not fit). ST_NOT_FOUND: no budget (or plan).
 * ST_FULL. Values are sums of 64-bit ones: of what is larger, only the sums of PP and REL say that it does not fit. */
int achieve_deviation(enum achieve_deviation kind, const struct achieve_cash *line, size_t n, struct ratio *ret);
struct achieve_physical { i128 budget; int64_t percent; };      /* percent 1e-6 */
int achieve_physical(const struct achieve_physical *line, size_t n, struct ratio *ret);        /* weighted by budget */

#endif
