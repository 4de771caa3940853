/* figure.c - the names of a figure's parts, and the one check of what may stand in the log. Kind: P.
 *
 * Design notes: what a measure allows is one row of RULES, so a new measure is a new row and not another branch in three
 * programs. The check runs once per update in the worker and again in the fold, therefore it is a few masks and compares;
 * texts are scanned only where there are any, and money seldom has any.
 *
 * It judges the statement alone: neither who may state it (worker/authority.h) nor what was stated before.
 *
 * Invariant: for every figure that passes, |value| < 2^63 - 1, so sums of 128 bits cannot overflow and negation is safe. */
#include "figure.h"

#include <stdio.h>

#include "bytes.h"

enum { MEASURES = MEASURE_SEAL + 1 };
#define PHYSICAL_MAX INT64_C(1000000000)        /* 1.000 %: over 100 is printed in practice, a thousandfold is a slip */

enum {
    F_MONEY = 1,        /* sen; needs a source */
    F_STAGE = 2,        /* may name a budget stage */
    F_LINE = 4,         /* speaks of an activity or an account (else of neither) */
    F_INDICATOR = 8,    /* may name an indicator */
    F_DECIMALS = 16,    /* keeps the printed number of decimals */
    F_TIMELESS = 32,    /* year and month are 0 */
    F_ANY_TIME = 64,    /* timeless or of a year */
    RULE = F_INDICATOR | F_TIMELESS,    /* about no line: a rule of the registry */
    F_STEP = 128,       /* a step of the close: a capacity, the last month of a quarter */
};
enum {
    KINDS_NUMBER = 1 << VALUE_NUMBER | 1 << VALUE_NIL | 1 << VALUE_NA | 1 << VALUE_WITHDRAWN,
    KINDS_INDICATOR = KINDS_NUMBER | 1 << VALUE_TEXT,
    BASIS_STATE = 1 << BASIS_NONE | 1 << BASIS_CUMULATIVE,
    BASIS_FLOW = 1 << BASIS_CUMULATIVE | 1 << BASIS_MONTHLY,
    BASIS_ANY = BASIS_STATE | BASIS_FLOW,
    KINDS_WORDS = 1 << VALUE_TEXT | 1 << VALUE_WITHDRAWN,
};

struct rule {
    const char *name;           /* NULL: no such measure */
    uint8_t flags, kinds, bases;
    int64_t min, max;           /* of a NUMBER */
};
static const struct rule RULES[MEASURES] = {
    [MEASURE_BUDGET] = {"budget", F_MONEY | F_STAGE | F_LINE, KINDS_NUMBER, BASIS_STATE, -VALUE_SEN_MAX, VALUE_SEN_MAX},
    [MEASURE_REALISED] = {"realised", F_MONEY | F_LINE, KINDS_NUMBER, BASIS_FLOW, -VALUE_SEN_MAX, VALUE_SEN_MAX},
    [MEASURE_CASH_PLAN] = {"cash_plan", F_MONEY | F_LINE, KINDS_NUMBER, BASIS_FLOW, -VALUE_SEN_MAX, VALUE_SEN_MAX},
    [MEASURE_PHYSICAL] = {"physical", F_LINE, KINDS_NUMBER, BASIS_STATE, 0, PHYSICAL_MAX},
    [MEASURE_TARGET] = {"target", F_STAGE | F_LINE | F_INDICATOR, KINDS_INDICATOR, BASIS_STATE, -INT64_MAX + 1, INT64_MAX - 1},
    [MEASURE_REACHED] = {"reached", F_LINE | F_INDICATOR, KINDS_INDICATOR, BASIS_ANY, -INT64_MAX + 1, INT64_MAX - 1},
    [MEASURE_NUMERATOR] = {"numerator", F_LINE | F_INDICATOR, KINDS_NUMBER, BASIS_ANY, -INT64_MAX + 1, INT64_MAX - 1},
    [MEASURE_DENOMINATOR] = {"denominator", F_LINE | F_INDICATOR, KINDS_NUMBER, BASIS_ANY, -INT64_MAX + 1, INT64_MAX - 1},
    [MEASURE_BASELINE] = {"baseline", F_LINE | F_INDICATOR, KINDS_NUMBER, BASIS_STATE, -INT64_MAX + 1, INT64_MAX - 1},
    [MEASURE_WEIGHT] = {"weight", F_LINE | F_INDICATOR, KINDS_NUMBER, BASIS_STATE, 0, INT64_MAX - 1},
    [MEASURE_PRINTED_ABSORPTION] = {"printed_absorption", F_STAGE | F_LINE | F_DECIMALS, KINDS_NUMBER, BASIS_STATE, -INT64_MAX + 1,
                                    INT64_MAX - 1},
    [MEASURE_PRINTED_ACHIEVEMENT] = {"printed_achievement", F_STAGE | F_LINE | F_INDICATOR | F_DECIMALS, KINDS_NUMBER, BASIS_STATE,
                                     -INT64_MAX + 1, INT64_MAX - 1},
    [MEASURE_PRINTED_RATING] = {"printed_rating", F_STAGE | F_LINE | F_INDICATOR, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_NAME] = {"name", F_LINE | F_TIMELESS, 1 << VALUE_TEXT | 1 << VALUE_WITHDRAWN, BASIS_STATE, 0, 0},
    [MEASURE_COMPLETE] = {"complete", F_STAGE, 1 << VALUE_NUMBER | 1 << VALUE_WITHDRAWN, BASIS_STATE, 1, 1},
    [MEASURE_INDICATOR_NAME] = {"indicator_name", F_LINE | F_INDICATOR, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_INDICATOR_NO] = {"indicator_no", F_LINE | F_INDICATOR, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_TARGET_UNIT] = {"target_unit", F_STAGE | F_LINE | F_INDICATOR, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_REACHED_UNIT] = {"reached_unit", F_LINE | F_INDICATOR, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_FORMULA] = {"formula", F_LINE | F_INDICATOR, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_OVER_TIME] = {"over_time", F_LINE | F_INDICATOR, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_OVER_UNITS] = {"over_units", F_LINE | F_INDICATOR, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_TIER] = {"tier", F_LINE | F_INDICATOR, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_OWNER] = {"owner", F_LINE | F_INDICATOR, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_FUND] = {"fund", F_LINE | F_INDICATOR, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_COMPARED_BUDGET] = {"compared_budget", F_STAGE | F_LINE | F_INDICATOR, KINDS_NUMBER, BASIS_STATE, -VALUE_SEN_MAX,
                                 VALUE_SEN_MAX},
    [MEASURE_COMPARED_REALISED] = {"compared_realised", F_LINE | F_INDICATOR, KINDS_NUMBER, BASIS_STATE, -VALUE_SEN_MAX,
                                   VALUE_SEN_MAX},
    [MEASURE_COMPARED_ABSORPTION] = {"compared_absorption", F_STAGE | F_LINE | F_INDICATOR | F_DECIMALS, KINDS_NUMBER, BASIS_STATE,
                                     -INT64_MAX + 1, INT64_MAX - 1},
    [MEASURE_PLAN_START] = {"plan_start", F_STAGE | F_LINE | F_INDICATOR, KINDS_INDICATOR, BASIS_STATE, -INT64_MAX + 1,
                            INT64_MAX - 1},
    [MEASURE_PLAN_END] = {"plan_end", F_STAGE | F_LINE | F_INDICATOR, KINDS_INDICATOR, BASIS_STATE, -INT64_MAX + 1, INT64_MAX - 1},
    [MEASURE_PLAN_END_BUDGET] = {"plan_end_budget", F_MONEY | F_STAGE | F_LINE, KINDS_NUMBER, BASIS_STATE, -VALUE_SEN_MAX,
                                 VALUE_SEN_MAX},
    [MEASURE_PLAN_REACHED] = {"plan_reached", F_STAGE | F_LINE | F_INDICATOR, KINDS_INDICATOR, BASIS_STATE, -INT64_MAX + 1,
                              INT64_MAX - 1},
    [MEASURE_PLAN_REALISED] = {"plan_realised", F_MONEY | F_STAGE | F_LINE, KINDS_NUMBER, BASIS_STATE, -VALUE_SEN_MAX,
                               VALUE_SEN_MAX},
    [MEASURE_PLAN_START_UNIT] = {"plan_start_unit", F_STAGE | F_LINE | F_INDICATOR, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_PLAN_END_UNIT] = {"plan_end_unit", F_STAGE | F_LINE | F_INDICATOR, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_PLAN] = {"plan", F_INDICATOR, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_BRIDGE] = {"bridge", F_LINE | F_INDICATOR | F_TIMELESS, 1 << VALUE_NUMBER | 1 << VALUE_WITHDRAWN, BASIS_STATE, 1,
                        1000000},
    [MEASURE_ALIAS] = {"alias", F_LINE | F_INDICATOR | F_TIMELESS, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_BRIDGE_SET] = {"bridge_set", F_LINE | F_TIMELESS, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_COMPONENT] = {"component", F_LINE | F_INDICATOR | F_ANY_TIME, KINDS_NUMBER, BASIS_STATE, -INT64_MAX + 1,
                           INT64_MAX - 1},
    [MEASURE_COMPONENT_UNIT] = {"component_unit", F_LINE | F_INDICATOR | F_ANY_TIME, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_COMPONENT_SOURCE] = {"component_source", F_LINE | F_INDICATOR | F_ANY_TIME, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_COMPONENT_EXCLUDED] = {"component_excluded", F_LINE | F_INDICATOR | F_ANY_TIME, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_COMPONENT_OF] = {"component_of", F_LINE | F_INDICATOR | F_ANY_TIME, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_NOTE_DRIVER] = {"note_driver", F_LINE | F_INDICATOR, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_NOTE_HINDRANCE] = {"note_hindrance", F_LINE | F_INDICATOR, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_NOTE_FOLLOW_UP] = {"note_follow_up", F_LINE | F_INDICATOR, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_NOTE_EXPLANATION] = {"note_explanation", F_LINE | F_INDICATOR, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_INDICATOR_ALIAS] = {"indicator_alias", F_LINE | F_INDICATOR | F_TIMELESS, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_SUB_UNIT] = {"sub_unit", F_LINE, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_RULE_SCALE] = {"rule_scale", RULE, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_RULE_BAND] = {"rule_band", RULE, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_RULE_SCALE_FOR] = {"rule_scale_for", RULE, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_RULE_UNIT] = {"rule_unit", RULE, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_RULE_UNIT_BASE] = {"rule_unit_base", RULE, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_RULE_UNIT_COUNTS] = {"rule_unit_counts", RULE, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_RULE_SETTING] = {"rule_setting", RULE, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_STANDARD_NAME] = {"standard_name", RULE, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_STANDARD_UNIT] = {"standard_unit", RULE, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_STANDARD_DEFINITION] = {"standard_definition", RULE, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_STANDARD_FORMULA] = {"standard_formula", RULE, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_STANDARD_OVER_TIME] = {"standard_over_time", RULE, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_STANDARD_OVER_UNITS] = {"standard_over_units", RULE, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_STANDARD_OPERATOR] = {"standard_operator", RULE, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_STANDARD_DENOMINATOR] = {"standard_denominator", RULE, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_OFFICE_NAME] = {"office_name", RULE, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_OFFICE_REGION] = {"office_region", RULE, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_REGION_NAME] = {"region_name", RULE, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_OFFICE_DOCUMENT] = {"office_document", F_INDICATOR | F_ANY_TIME, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_EVIDENCE_NAME] = {"evidence_name", RULE, KINDS_WORDS, BASIS_STATE, 0, 0},
    [MEASURE_STEP] = {"step", F_INDICATOR | F_STEP, 1 << VALUE_TEXT, 1 << BASIS_NONE, 0, 0},
    [MEASURE_SEAL] = {"seal", F_INDICATOR, 1 << VALUE_TEXT, 1 << BASIS_NONE, 0, 0},
};

static const char *const SOURCES[] = {
    [SOURCE_NONE] = "",    [SOURCE_OPD] = "opd",   [SOURCE_BUD] = "bud", [SOURCE_RENJA] = "renja",     [SOURCE_PK2] = "pk-2",
    [SOURCE_PK3] = "pk-3", [SOURCE_PK4] = "pk-4", [SOURCE_DPA] = "dpa", [SOURCE_RENSTRA] = "renstra", [SOURCE_RPJMD] = "rpjmd",
    [SOURCE_STANDAR] = "standar", [SOURCE_VERIFIER] = "verifikator", [SOURCE_CENTRE] = "pusat", [SOURCE_AUDITOR] = "pemeriksa",
};
enum { SOURCES_COUNT = sizeof SOURCES / sizeof *SOURCES };

static const char *const STAGES[] = {"", "murni", "pergeseran", "perubahan", "efisiensi"};
enum { STAGES_COUNT = sizeof STAGES / sizeof *STAGES, PERGESERAN_MAX = 99 };

static const struct rule *rule_of(unsigned measure)
{
    return measure < MEASURES && RULES[measure].name ? &RULES[measure] : NULL;
}

const char *figure_measure_name(unsigned measure)
{
    const struct rule *r = rule_of(measure);

    return r ? r->name : "";
}

int figure_measure_parse(struct slice text, uint16_t *ret)
{
    for (unsigned i = 0; i < MEASURES; i++)
        if (RULES[i].name && bytes_is(text, RULES[i].name)) {
            *ret = (uint16_t)i;
            return ST_OK;
        }
    return ST_INVALID;
}

const char *figure_source_name(unsigned source)
{
    return source < SOURCES_COUNT ? SOURCES[source] : "";
}

int figure_source_parse(struct slice text, uint8_t *ret)
{
    for (unsigned i = 1; i < SOURCES_COUNT; i++)
        if (bytes_is(text, SOURCES[i])) {
            *ret = (uint8_t)i;
            return ST_OK;
        }
    return ST_INVALID;
}

static bool stage_ok(unsigned stage)
{
    unsigned n = stage & 0xff;

    if (stage >> 8 == STAGE_PERGESERAN >> 8) return n >= 1 && n <= PERGESERAN_MAX;
    return stage >> 8 < STAGES_COUNT && n == 0;
}

int figure_stage_format(uint16_t stage, char ret[20])
{
    ASSERT(stage_ok(stage));
    if ((stage & 0xff) == 0) return snprintf(ret, 20, "%s", STAGES[stage >> 8]);
    return snprintf(ret, 20, "%.10s-%u", STAGES[stage >> 8], stage & 0xffu);
}

/* The n of "pergeseran-n" or "pergeseran n": one or two digits; 0 when it is not that. */
static unsigned pergeseran_number(struct slice s)
{
    const size_t word = sizeof "pergeseran" - 1;
    unsigned n = 0;

    if (s.n < word + 2 || s.n > word + 3 || !bytes_is(slice_of(s.p, word), "pergeseran")) return 0;
    if (s.p[word] != '-' && s.p[word] != ' ') return 0;
    for (size_t i = word + 1; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return 0;
        n = 10 * n + s.p[i] - '0';
    }
    return n;
}

int figure_stage_parse(struct slice text, uint16_t *ret)
{
    struct slice s = bytes_trim(text);
    unsigned n = pergeseran_number(s);

    for (unsigned i = 0; i < STAGES_COUNT; i++)
        if (i != STAGE_PERGESERAN >> 8 && bytes_is(s, STAGES[i])) {
            *ret = (uint16_t)(i << 8);
            return ST_OK;
        }
    if (n == 0) return ST_INVALID;
    *ret = (uint16_t)(STAGE_PERGESERAN | n);
    return ST_OK;
}

bool figure_kind_reported(unsigned kind)
{
    return kind == VALUE_NUMBER || kind == VALUE_NIL;
}

bool figure_measure_is_money(unsigned measure)
{
    const struct rule *r = rule_of(measure);

    return r && r->flags & F_MONEY;
}

bool figure_measure_is_own(unsigned measure)
{
    if (measure >= MEASURE_COMPARED_BUDGET && measure <= MEASURE_PLAN_END_UNIT) return false;
    if (measure >= MEASURE_NAME && measure < MEASURE_INDICATOR_NAME) return false;
    return measure < MEASURE_COMPONENT;
}

/* ---- the check ---- */

static bool text_ok(struct slice s, size_t max)
{
    return s.n == 0 || (s.n <= max && bytes_utf8_ok(s.p, s.n));
}

static unsigned check_period(const struct figure *f, const struct rule *r)
{
    bool timeless = f->year == 0 && f->month == 0;
    bool dated = f->year >= YEAR_MIN && f->year <= YEAR_MAX && f->month >= 1 && f->month <= 12;

    if (r->flags & F_TIMELESS) return timeless ? CODE_OK : CODE_PERIOD_BROKEN;
    return dated || (r->flags & F_ANY_TIME && timeless) ? CODE_OK : CODE_PERIOD_BROKEN;
}

/* Figures are stated by those who count them, steps in a capacity; neither from the sources of the other. */
static bool capacity_ok(const struct figure *f, const struct rule *r)
{
    _Static_assert(SOURCES_COUNT == SOURCE_AUDITOR + 1, "behind the capacities there is nothing");
    bool capacity = f->source >= SOURCE_VERIFIER;

    if (!(r->flags & F_STEP)) return !capacity;
    return (capacity || f->source == SOURCE_OPD) && f->indicator.n > 0 && f->month % 3 == 0;
}

/* Do the fields fit the measure? */
static bool shape_ok(const struct figure *f, const struct rule *r)
{
    bool line = f->activity != 0 || f->account != 0;

    if (f->kind > VALUE_WITHDRAWN || !(r->kinds >> f->kind & 1)) return false;
    if (f->basis > BASIS_MONTHLY || !(r->bases >> f->basis & 1)) return false;
    if (f->stage != STAGE_NONE && (!(r->flags & F_STAGE) || !stage_ok(f->stage))) return false;
    if (line != !!(r->flags & F_LINE) || (f->indicator.n && !(r->flags & F_INDICATOR))) return false;
    if (f->source >= SOURCES_COUNT || (f->source == SOURCE_NONE && r->flags & F_MONEY)) return false;
    if (!capacity_ok(f, r)) return false;
    if (f->decimals > (r->flags & F_DECIMALS ? 6 : 0)) return false;
    return f->evidence.n == 0 || f->evidence.n == HASH_SIZE;
}

static bool value_ok(const struct figure *f, const struct rule *r)
{
    return f->kind == VALUE_NUMBER ? f->value >= r->min && f->value <= r->max : f->value == 0;
}

static bool texts_ok(const struct figure *f)
{
    /* a withdrawn name may repeat the name it takes back */
    bool text_may = f->kind == VALUE_TEXT || (f->kind == VALUE_WITHDRAWN && f->measure == MEASURE_NAME);

    if (f->kind == VALUE_TEXT ? f->text.n == 0 : f->text.n > 0 && !text_may) return false;
    if (!text_ok(f->text, TEXT_MAX) || !text_ok(f->reason, TEXT_MAX)) return false;
    return text_ok(f->indicator, TEXT_MAX) && text_ok(f->unit, UNIT_TEXT_MAX);
}

unsigned figure_check(const struct figure *f)
{
    const struct rule *r = rule_of(f->measure);
    unsigned code;

    if (!r || !shape_ok(f, r)) return CODE_BAD_FORMAT;
    code = check_period(f, r);
    if (code != CODE_OK) return code;
    if (!value_ok(f, r)) return CODE_VALUE_RANGE;
    return texts_ok(f) ? CODE_OK : CODE_TEXT_BROKEN;
}
