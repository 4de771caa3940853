/* figure.h - one statement about one figure: its key and its value, as decoded. Kind: P.
 *
 * "Line L, measure M, year Y, month m is V": everything an office states is "set this figure to this value". Printed
 * claims, names and "this stage is complete" are figures too, with measures of their own, so that one path carries all. */
#ifndef REKAP_FIGURE_H
#define REKAP_FIGURE_H

#include "code.h"
#include "limits.h"

enum measure {                          /* numbers are on the wire and in keys; never reuse one */
    MEASURE_BUDGET = 1,                 /* pagu; sen; slots are effective months */
    MEASURE_REALISED = 2,               /* realisasi; sen */
    MEASURE_CASH_PLAN = 3,              /* rak; sen */
    MEASURE_PHYSICAL = 4,               /* fisik; percent * 1e6, cumulative */
    MEASURE_TARGET = 5,                 /* of an indicator; 1e-6 */
    MEASURE_REACHED = 6,                /* of an indicator; 1e-6 */
    MEASURE_NUMERATOR = 7,              /* pembilang, penyebut of what was reached; 1e-6 */
    MEASURE_DENOMINATOR = 8,
    MEASURE_BASELINE = 9,               /* awal; 1e-6. Like all about the indicator itself: no source, no stage, month 1 */
    MEASURE_WEIGHT = 10,                /* bobot; 1e-6 */
    MEASURE_PRINTED_ABSORPTION = 16,    /* persen_tercetak: a claim; percent * 1e6, `decimals` as printed */
    MEASURE_PRINTED_ACHIEVEMENT = 17,   /* capaian_tercetak: a claim; source and stage are the target's it stands beside */
    MEASURE_PRINTED_RATING = 18,        /* kategori_tercetak: a claim, text */
    MEASURE_NAME = 32,                  /* text of a code (nomenklatur); year 0, month 0; speaker's own display name */
    MEASURE_COMPLETE = 33,              /* marker: (source, stage, year) is the whole budget of the office from `month` on; 1 */
    /* an indicator in words, text: name as printed, print order, units (source and stage of the target; source of the reached),
     * ids of proto/achieve.h, tingkat, penanggung jawab, sumber dana */
    MEASURE_INDICATOR_NAME = 40,
    MEASURE_INDICATOR_NO = 41,
    MEASURE_TARGET_UNIT = 42,
    MEASURE_REACHED_UNIT = 43,
    MEASURE_FORMULA = 44,
    MEASURE_OVER_TIME = 45,
    MEASURE_OVER_UNITS = 46,
    MEASURE_TIER = 47,
    MEASURE_OWNER = 48,
    MEASURE_FUND = 49,
};
enum source {                           /* intake.md 4 */
    SOURCE_NONE = 0, SOURCE_OPD = 1, SOURCE_BUD = 2, SOURCE_RENJA = 3, SOURCE_PK2 = 4, SOURCE_PK3 = 5, SOURCE_PK4 = 6,
    SOURCE_DPA = 7, SOURCE_RENSTRA = 8, SOURCE_RPJMD = 9, SOURCE_STANDAR = 10,
};
/* Budget stage: kind << 8 | n. Among stages that start in the same month the greater number is the newer. */
enum {
    STAGE_NONE = 0x000, STAGE_MURNI = 0x100, STAGE_PERGESERAN = 0x200 /* | n, 1..99 */, STAGE_PERUBAHAN = 0x300,
    STAGE_EFISIENSI = 0x400,
};
enum basis { BASIS_NONE = 0, BASIS_CUMULATIVE = 1, BASIS_MONTHLY = 2 };
enum value_kind {
    VALUE_EMPTY = 0,                    /* slot never stated; never on the wire */
    VALUE_NUMBER = 1,
    VALUE_NIL = 2,                      /* nihil: an explicit zero */
    VALUE_NA = 3,                       /* tidak relevan */
    VALUE_TEXT = 4,
    VALUE_WITHDRAWN = 5,                /* unreported again */
};

struct figure {                         /* slices point into the bytes it was decoded from, or are owned by the maker */
    activity_code activity;             /* 0 for an account-only line; CODE_TOTAL */
    account_code account;
    struct slice indicator;             /* identity text of an indicator; empty for money */
    uint16_t measure, stage, year;
    uint8_t source, month;              /* month 1..12; 0 only for NAME */
    uint8_t basis, kind, decimals;      /* decimals: as printed, for printed claims, else 0 */
    int64_t value;                      /* sen or 1e-6; 0 unless NUMBER */
    struct slice text;                  /* of VALUE_TEXT, and the name of NAME */
    struct slice unit, reason;
    struct slice evidence;              /* empty or HASH_SIZE bytes */
};

const char *figure_measure_name(unsigned measure);      /* "budget", "realised", "cash_plan", ... */
int figure_measure_parse(struct slice text, uint16_t *ret);
const char *figure_source_name(unsigned source);        /* "opd", "bud", "renja", "pk-2", ... "" for none */
int figure_source_parse(struct slice text, uint8_t *ret);               /* ST_INVALID */
int figure_stage_format(uint16_t stage, char ret[20]);  /* "", "murni", "pergeseran-2", "perubahan", "efisiensi" */
int figure_stage_parse(struct slice text, uint16_t *ret);               /* case-folded; "" = none; ST_INVALID */
bool figure_kind_reported(unsigned kind);               /* NUMBER and NIL count; n.a., text, withdrawn, empty do not */
bool figure_measure_is_money(unsigned measure);

/* Is this a statement that may stand in the log? CODE_OK, or CODE_BAD_FORMAT / CODE_VALUE_RANGE / CODE_TEXT_BROKEN /
 * CODE_PERIOD_BROKEN. Checks ranges and that the fields fit the measure; not authority. Used by intake (assert), the
 * worker (disposition) and the fold (assert), so the three can never disagree. */
unsigned figure_check(const struct figure *f);

/* Provenance: where in the logs a slot's value stands. worker 8 | lsn 40 | index in batch 16. Ordered within a worker. */
typedef uint64_t provenance;
static inline provenance figure_provenance(unsigned worker, uint64_t lsn, unsigned index)
{
    ASSERT(worker < 256 && lsn < (UINT64_C(1) << 40) && index < 65536);
    return (uint64_t)worker << 56 | lsn << 16 | index;
}
static inline unsigned figure_prov_worker(provenance p) { return (unsigned)(p >> 56); }
static inline uint64_t figure_prov_lsn(provenance p) { return p >> 16 & ((UINT64_C(1) << 40) - 1); }
static inline unsigned figure_prov_index(provenance p) { return (unsigned)(p & 0xffff); }

#endif
