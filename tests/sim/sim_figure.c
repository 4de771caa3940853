/* sim_figure.c - the figures that offices state: money; indicators, plans, markers and words in every other seed. Kind: P.
 *
 * Codes, names, values and words are few, so that the same is stated again, corrected and taken back, and the same indicator gets
 * targets, results, units that differ and parts. A figure that is no sound statement (figure_check) is drawn again as money: what
 * this file makes may stand in a log.
 *
 * Invariant: what a row says depends on the seed alone. */
#include "tests/sim/sim.h"

static const char *const CODES[] = { "1",
                                     "1.06",
                                     "1.06.02",
                                     "1.06.02.2.02",
                                     "1.06.02.2.02.01",
                                     "1.06.02.2.02.02",
                                     "1.06.02.2.03",
                                     "1.06.02.2.03.01",
                                     "1.06.01.2.01.01",
                                     "2.16.02.2.01.01",
                                     "total" };
static const char *const ACCOUNTS[] = { "5.1.02", "5.1.02.01", "5.1.02.01.01.0024", "5.2.02" };
static const char *const INDICATORS[] = { "jumlah orang", "ikk-1", "persentase layanan dasar", "jumlah unit" };
static const char *const UNITS[] = { "orang", "persen", "%", "dokumen" }, *const WORDS[] = { "recofusing", "Paving Block", "WTP" };
static const char *const FORMULAS[] = { "MAX", "MIN", "STABLE", "DELTA", "SCALE" };
#define COUNT(list) (sizeof (list) / sizeof *(list))
#define PICK(s, list) (list)[sim_below(s, COUNT(list))]

static uint64_t code_of(struct sim *s, bool account)
{
    struct code_reading r;
    const char *t = account ? PICK(s, ACCOUNTS) : PICK(s, CODES);
    int st = account ? code_parse_account(sim_text(t), &r) : code_parse_activity(VINTAGE_PERMENDAGRI_90_2019, sim_text(t), &r);
    ASSERT(st == ST_OK);
    return r.code;
}

/* ---- money ---- */

static void amount(struct sim *s, bool plain, struct figure *f)
{
    f->kind = VALUE_NUMBER;
    f->value = plain ? 100 * (int64_t)sim_below(s, 6) : ++s->value;
    if (!plain || !sim_one_in(s, 6)) return;
    f->kind = (uint8_t)(sim_one_in(s, 2) ? VALUE_NIL : VALUE_WITHDRAWN);
    f->value = 0;
}

static struct figure money(struct sim *s, const struct section *c, bool plain)
{
    struct figure f = { .activity = code_of(s, false), .source = c->source, .stage = c->stage, .year = c->year,
                        .month = (uint8_t)(1 + sim_below(s, 12)) };
    if (sim_one_in(s, 4)) f.account = code_of(s, true);
    if (c->source == SOURCE_DPA || c->source == SOURCE_RENSTRA || c->source == SOURCE_PK3) f.measure = MEASURE_BUDGET;
    else {
        f.measure = (uint16_t)(c->source == SOURCE_OPD && sim_one_in(s, 5) ? MEASURE_CASH_PLAN : MEASURE_REALISED);
        f.basis = (uint8_t)(sim_one_in(s, 3) ? BASIS_MONTHLY : BASIS_CUMULATIVE);
    }
    amount(s, plain, &f);
    ASSERT(figure_check(&f) == CODE_OK);
    return f;
}

/* ---- everything else ---- */

static uint16_t measure(struct sim *s, unsigned source)
{
    static const uint16_t RESULTS[] = { MEASURE_REACHED, MEASURE_REACHED, MEASURE_REACHED, MEASURE_REACHED, MEASURE_REACHED_UNIT,
                                        MEASURE_NUMERATOR, MEASURE_DENOMINATOR, MEASURE_PRINTED_ABSORPTION,
                                        MEASURE_COMPARED_REALISED, MEASURE_NOTE_EXPLANATION, MEASURE_PHYSICAL };
    static const uint16_t TARGETS[] = { MEASURE_TARGET, MEASURE_TARGET, MEASURE_TARGET, MEASURE_TARGET, MEASURE_TARGET_UNIT,
                                        MEASURE_PRINTED_ACHIEVEMENT, MEASURE_PRINTED_RATING, MEASURE_COMPARED_BUDGET,
                                        MEASURE_PRINTED_ABSORPTION, MEASURE_COMPLETE };
    static const uint16_t PLANS[] = { MEASURE_TARGET, MEASURE_PLAN_START, MEASURE_PLAN_END, MEASURE_PLAN_END_BUDGET,
                                      MEASURE_PLAN_REACHED, MEASURE_PLAN_REALISED, MEASURE_PLAN_END_UNIT, MEASURE_PLAN };
    static const uint16_t ABOUT[] = { MEASURE_BASELINE, MEASURE_WEIGHT, MEASURE_INDICATOR_NAME, MEASURE_FORMULA, MEASURE_COMPONENT,
                                      MEASURE_COMPONENT_UNIT, MEASURE_COMPONENT_OF, MEASURE_NOTE_DRIVER };
    if (source == SOURCE_OPD) return PICK(s, RESULTS);
    if (source == SOURCE_DPA || source == SOURCE_PK3) return PICK(s, TARGETS);
    return source == SOURCE_RENSTRA ? PICK(s, PLANS) : PICK(s, ABOUT);
}

static const char *words(struct sim *s, unsigned what)
{
    switch (what) {
    case MEASURE_REACHED_UNIT: case MEASURE_TARGET_UNIT: case MEASURE_PLAN_END_UNIT: case MEASURE_COMPONENT_UNIT:
        return PICK(s, UNITS);
    case MEASURE_FORMULA: return PICK(s, FORMULAS);
    case MEASURE_PLAN: return "2021-2026";
    case MEASURE_INDICATOR_NAME: case MEASURE_COMPONENT_OF: return PICK(s, INDICATORS);
    default: return PICK(s, WORDS);
    }
}

/* A number, zero, not relevant, words, or taken back: what the measure lets be. */
static void say(struct sim *s, struct figure *f)
{
    static const uint8_t KINDS[] = { VALUE_NUMBER, VALUE_NUMBER, VALUE_NUMBER, VALUE_NUMBER, VALUE_NIL, VALUE_NA, VALUE_TEXT,
                                     VALUE_WITHDRAWN };
    for (unsigned tries = 0; tries < 12; tries++) {
        f->kind = tries < 6 ? PICK(s, KINDS) : tries < 9 ? VALUE_TEXT : VALUE_NUMBER;
        f->value = f->kind != VALUE_NUMBER ? 0 : f->measure == MEASURE_COMPLETE ? 1 : 500000 * (int64_t)sim_below(s, 9);
        f->text = sim_text(f->kind == VALUE_TEXT ? words(s, f->measure) : "");
        if (figure_check(f) == CODE_OK) return;
    }
}

static struct figure other(struct sim *s, const struct section *c)
{
    struct figure f = { .source = c->source, .stage = c->stage, .year = c->year, .month = (uint8_t)(1 + sim_below(s, 12)) };
    f.measure = measure(s, c->source);
    if (c->source == SOURCE_NONE) f.month = 1;
    if (f.measure != MEASURE_PLAN && f.measure != MEASURE_COMPLETE) f.activity = code_of(s, false);
    if (f.measure == MEASURE_PLAN || (f.measure != MEASURE_COMPLETE && !figure_measure_is_money(f.measure) &&
        f.measure != MEASURE_PHYSICAL && f.measure != MEASURE_PRINTED_ABSORPTION))
        f.indicator = sim_text(PICK(s, INDICATORS));
    say(s, &f);
    return f;
}

struct figure sim_figure(struct sim *s, const struct section *c, bool plain)
{
    if (!plain || !s->o.indicators || (c->source != SOURCE_NONE && !sim_one_in(s, 3))) return money(s, c, plain);
    const struct figure f = other(s, c);
    if (figure_check(&f) == CODE_OK) return f;
    ASSERT(c->source != SOURCE_NONE);
    return money(s, c, plain);
}

/* Beside results and budgets an office speaks of targets, plans, and of the indicator itself. */
uint8_t sim_figure_source(struct sim *s)
{
    static const uint8_t SOURCES[] = { SOURCE_PK3, SOURCE_RENSTRA, SOURCE_NONE };
    return !s->o.indicators || !sim_one_in(s, 3) ? SOURCE_OPD : PICK(s, SOURCES);
}

uint64_t sim_print(unsigned subject, const struct section *s, const struct figure *f, uint64_t *ret_key)
{
    uint64_t h = sim_mix(subject, (uint64_t)f->year << 32 | (uint64_t)s->stage << 16 | (uint64_t)s->source << 8 | f->month);
    h = sim_mix(h, f->activity);
    h = sim_mix(h, f->account);
    h = sim_mix(h, f->measure);
    if (f->indicator.n) h = sim_mix(h, bytes_crc32c(0, f->indicator.p, f->indicator.n));
    *ret_key = h | 1;
    if (f->text.n) h = sim_mix(h, bytes_crc32c(1, f->text.p, f->text.n));
    return sim_mix(sim_mix(h, (uint64_t)f->value), (uint64_t)f->kind << 8 | f->basis);
}
