/* figure.h - one statement about one figure: its key and its value, as decoded. Kind: P.
 *
 * "Line L, measure M, year Y, month m is V": everything an office states is "set this figure to this value". Printed
 * claims, names and "this stage is complete" are figures too, with measures of their own, so that one path carries all. */
#ifndef REKAP_FIGURE_H
#define REKAP_FIGURE_H

#include "code.h"
#include "limits.h"

enum measure {                        /* numbers are on the wire and in keys; never reuse one */
               MEASURE_BUDGET = 1,    /* pagu; sen; slots are effective months */
               MEASURE_REALISED = 2,  /* realisasi; sen */
               MEASURE_CASH_PLAN = 3, /* rak; sen */
               MEASURE_PHYSICAL = 4,  /* fisik; percent * 1e6, cumulative */
               MEASURE_TARGET = 5,    /* of an indicator; 1e-6 */
               MEASURE_REACHED = 6,   /* of an indicator; 1e-6 */
               MEASURE_NUMERATOR = 7, /* pembilang, penyebut of what was reached; 1e-6 */
               MEASURE_DENOMINATOR = 8,
               MEASURE_BASELINE = 9,             /* awal; 1e-6. Like all about the indicator itself: no source, no stage, month 1 */
               MEASURE_WEIGHT = 10,              /* bobot; 1e-6 */
               MEASURE_PRINTED_ABSORPTION = 16,  /* persen_tercetak: a claim; percent * 1e6, `decimals` as printed */
               MEASURE_PRINTED_ACHIEVEMENT = 17, /* capaian_tercetak: a claim; source and stage are the target's it stands beside */
               MEASURE_PRINTED_RATING = 18,      /* kategori_tercetak: a claim, text */
               /* a second print of a figure in a named table (indicator = the table): claims beside the figure, never summed */
               MEASURE_COMPARED_BUDGET = 19,     /* sen; source = whose budget it repeats, 0 not said */
               MEASURE_COMPARED_REALISED = 20,   /* sen */
               MEASURE_COMPARED_ABSORPTION = 21, /* percent * 1e6, `decimals` as printed */
               /* a plan of several years; source renstra or rpjmd. Yearly targets and ceilings are TARGET and BUDGET of that
                * source; these belong to the plan and stand in its first year, the two last in the year they are stated for */
               MEASURE_PLAN_START = 22,      /* 1e-6: condition at the start */
               MEASURE_PLAN_END = 23,        /* 1e-6: target at the end */
               MEASURE_PLAN_END_BUDGET = 24, /* sen */
               MEASURE_PLAN_REACHED = 25,    /* 1e-6: of an indicator since the plan began (realisasi_sd) */
               MEASURE_PLAN_REALISED = 26,   /* sen: the same of money */
               MEASURE_PLAN_START_UNIT = 27, /* text: the units of the two above, where they are printed */
               MEASURE_PLAN_END_UNIT = 28,
               MEASURE_NAME = 32,       /* text of a code (nomenklatur); year 0, month 0; speaker's own display name */
               MEASURE_COMPLETE = 33,   /* marker: (source, stage, year) is the whole budget of the office from `month` on; 1 */
               MEASURE_PLAN = 34,       /* marker, indicator and text "2021-2026": this year belongs to that plan of the source */
               MEASURE_BRIDGE = 35,     /* activity -> indicator = "vintage code" of the other list; weight 1e-6; timeless */
               MEASURE_ALIAS = 36,      /* another print (indicator) of a code's name; text = the tables it stands in; timeless */
               MEASURE_BRIDGE_SET = 37, /* text "vintage code;..": all the code goes to, pairs beyond it are void; timeless */
               /* an indicator in words, text: name as printed, print order, units (source and stage of the target; source of the
                * reached), ids of proto/achieve.h, tingkat, penanggung jawab, sumber dana */
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
               /* a part an indicator is built from (indicator = its name as printed); timeless when no year is said */
               MEASURE_COMPONENT = 50, /* 1e-6 */
               MEASURE_COMPONENT_UNIT = 51,
               MEASURE_COMPONENT_SOURCE = 52,
               MEASURE_COMPONENT_EXCLUDED = 53, /* text: why it is not counted */
               MEASURE_COMPONENT_OF = 54,       /* text: identity of the indicator */
               /* signed words about a line and period (indicator = number of the note, may be empty) */
               MEASURE_NOTE_DRIVER = 56,      /* pendorong */
               MEASURE_NOTE_HINDRANCE = 57,   /* penghambat */
               MEASURE_NOTE_FOLLOW_UP = 58,   /* tindak-lanjut */
               MEASURE_NOTE_EXPLANATION = 59, /* penjelasan: explains the findings of the line */
               MEASURE_INDICATOR_ALIAS =
                   60,                /* another name (indicator) of the line's indicator `text`, both identities; timeless */
               MEASURE_SUB_UNIT = 61, /* text: who below the office answers for a line (UPTD, KPA); month 1, like FUND */
               /* rules of the registry, the centre's; timeless, about no line, text. Where a rule has versions, indicator begins
                * with the month it holds from ("2022-01 bawaan"): a later version never takes the place of an earlier one
                * (aggregator/rules.h) */
               MEASURE_RULE_SCALE = 64,       /* "from name": "subject n", a rating scale and its number of bands */
               MEASURE_RULE_BAND = 65,        /* "from name #k": ">100 word", "91 word" or "- word"; k from 1, from the top */
               MEASURE_RULE_SCALE_FOR = 66,   /* "from region office year" ("-": all): name of the scale that holds there */
               MEASURE_RULE_UNIT = 67,        /* spelling of a unit, folded: the unit it means */
               MEASURE_RULE_UNIT_BASE = 68,   /* unit: "factor base", how many of another unit it is ("1000 kg") */
               MEASURE_RULE_UNIT_COUNTS = 69, /* unit: "ya" or "tidak", does it count things */
               MEASURE_RULE_SETTING = 70,     /* "from name region office[ indicator]" ("-": all): value of a setting */
               /* an indicator that several offices share (indikator-baku), "from id" */
               MEASURE_STANDARD_NAME = 72,
               MEASURE_STANDARD_UNIT = 73,
               MEASURE_STANDARD_DEFINITION = 74,
               MEASURE_STANDARD_FORMULA = 75,
               MEASURE_STANDARD_OVER_TIME = 76,
               MEASURE_STANDARD_OVER_UNITS = 77,
               MEASURE_STANDARD_OPERATOR = 78,
               MEASURE_STANDARD_DENOMINATOR = 79,
               /* the list of offices: what is printed of them; who may speak stands in the register alone */
               MEASURE_OFFICE_NAME = 84,     /* office id */
               MEASURE_OFFICE_REGION = 85,   /* office id: region code */
               MEASURE_REGION_NAME = 86,     /* region code */
               MEASURE_OFFICE_DOCUMENT = 87, /* office id, of a year or timeless: the document its figures stand in */
               MEASURE_EVIDENCE_NAME =
                   92, /* SHA-256 of a document (hex): the name of its file, as the office had it; timeless, text */
               /* a step of the quarter's close; month = last of the quarter, no line, source = the capacity spoken in, indicator =
                * "round/step/speaker", text = id of the step it follows, or "-" (proto/step.h) */
               MEASURE_STEP = 96,
               /* the root of a sealed quarter, stated by the centre that sealed it, of itself; month = last of the quarter, no
                * line, indicator = "REGION/VERSION", text = root and cuts (proto/seal.h) */
               MEASURE_SEAL = 97,
};
enum source {                           /* intake.md 4 */
    SOURCE_NONE = 0, SOURCE_OPD = 1, SOURCE_BUD = 2, SOURCE_RENJA = 3, SOURCE_PK2 = 4, SOURCE_PK3 = 5, SOURCE_PK4 = 6,
    SOURCE_DPA = 7, SOURCE_RENSTRA = 8, SOURCE_RPJMD = 9, SOURCE_STANDAR = 10,
    /* capacities at the quarter's close, of MEASURE_STEP alone; the office itself speaks as OPD */
    SOURCE_VERIFIER = 11, SOURCE_CENTRE = 12, SOURCE_AUDITOR = 13,
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
    struct slice evidence;              /* empty, or the SHA-256 of a document that proves it: HASH_SIZE bytes */
};

const char *figure_measure_name(unsigned measure);      /* "budget", "realised", "cash_plan", ... */
int figure_measure_parse(struct slice text, uint16_t *ret);
const char *figure_source_name(unsigned source);        /* "opd", "bud", "renja", "pk-2", ... "" for none */
int figure_source_parse(struct slice text, uint8_t *ret);               /* ST_INVALID */
int figure_stage_format(uint16_t stage, char ret[20]);  /* "", "murni", "pergeseran-2", "perubahan", "efisiensi" */
int figure_stage_parse(struct slice text, uint16_t *ret);               /* case-folded; "" = none; ST_INVALID */
bool figure_kind_reported(unsigned kind);               /* NUMBER and NIL count; n.a., text, withdrawn, empty do not */
bool figure_measure_is_money(unsigned measure);
/* Does a reported figure of this measure say that its line lives in this year? Not: names, markers, claims copied from another
 * table, plans' ends, parts of indicators. */
bool figure_measure_is_own(unsigned measure);

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
