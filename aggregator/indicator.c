/* indicator.c - see indicator.h.
 *
 * Design notes: a unit's rows are ordered by line, so the indicators of a line are the few items at the end of the array while it
 * is read; they are found by looking back over them. Everything about one figure is a pointer to its row, nothing is copied, and
 * judging is done anew for each cut-off: some tens of microseconds an office.
 * Invariant: every row with an identity belongs to exactly one item; rows of a measure that is none of an indicator are left out.
 */
#include "indicator.h"

#include <stdlib.h>
#include <string.h>

#include "proto/decimal.h"

void indicator_done(struct indicators *v)
{
    free(v->item);
    *v = (struct indicators){0};
}

/* ---- gathering ---- */

static struct indicator *item_of(struct indicators *v, const struct leaf_key *k)
{
    for (uint32_t i = v->count; i-- > 0;) {
        struct indicator *it = &v->item[i];
        if (it->activity != k->activity || it->account != k->account) break;
        if (it->id == k->indicator) return it;
    }
    if (v->count == v->cap) {
        uint32_t cap = v->cap ? 2 * v->cap : 64;
        struct indicator *p = realloc(v->item, cap * sizeof *p);
        if (!p) return NULL;
        v->item = p;
        v->cap = cap;
    }
    struct indicator *it = &v->item[v->count++];
    memset(it, 0, sizeof *it);
    it->activity = k->activity;
    it->account = k->account;
    it->id = k->indicator;
    it->units = v->units;
    it->words = v->words;
    return it;
}

static void put_target(struct indicator *it, const struct leaf *row)
{
    unsigned i = 0;
    while (i < it->targets && (it->target[i].source != row->key.source || it->target[i].stage != row->key.stage)) i++;
    if (i == INDICATOR_TARGETS_MAX) return; /* a year has a handful of stages; what is beyond is stored and not judged */
    struct indicator_target *t = &it->target[i];
    if (i == it->targets) {
        *t = (struct indicator_target){.source = row->key.source, .stage = row->key.stage};
        it->targets++;
    }
    switch (row->key.measure) {
    case MEASURE_TARGET:
        t->value = row;
        break;
    case MEASURE_TARGET_UNIT:
        t->unit = row;
        break;
    case MEASURE_PRINTED_ACHIEVEMENT:
        t->achievement = row;
        break;
    default:
        t->rating = row;
    }
}

/* The place of a measure that has one row: about the indicator itself, or its result (opd before bud). */
static const struct leaf **place_of(struct indicator *it, unsigned measure)
{
    switch (measure) {
    case MEASURE_INDICATOR_NAME:
        return &it->name;
    case MEASURE_INDICATOR_NO:
        return &it->no;
    case MEASURE_FORMULA:
        return &it->formula;
    case MEASURE_OVER_TIME:
        return &it->over_time;
    case MEASURE_OVER_UNITS:
        return &it->over_units;
    case MEASURE_TIER:
        return &it->tier;
    case MEASURE_OWNER:
        return &it->owner;
    case MEASURE_FUND:
        return &it->fund;
    case MEASURE_BASELINE:
        return &it->baseline;
    case MEASURE_WEIGHT:
        return &it->weight;
    case MEASURE_REACHED:
        return &it->reached;
    case MEASURE_REACHED_UNIT:
        return &it->reached_unit;
    case MEASURE_NUMERATOR:
        return &it->numerator;
    case MEASURE_DENOMINATOR:
        return &it->denominator;
    default:
        return NULL;
    }
}

static bool about_target(unsigned measure)
{
    return measure == MEASURE_TARGET || measure == MEASURE_TARGET_UNIT || measure == MEASURE_PRINTED_ACHIEVEMENT ||
           measure == MEASURE_PRINTED_RATING;
}

int indicator_view(struct unit *u, struct indicators *v)
{
    v->count = 0;
    unit_sort(u);
    for (uint32_t r = 0; u->year != 0 && r < u->count; r++) {
        const struct leaf *row = &u->leaf[r];
        struct indicator any = {0};
        if (row->key.indicator == 0 || (!about_target(row->key.measure) && !place_of(&any, row->key.measure))) continue;
        struct indicator *it = item_of(v, &row->key);
        if (!it) return ST_NO_MEMORY;
        if (about_target(row->key.measure)) {
            put_target(it, row);
            continue;
        }
        const struct leaf **place = place_of(it, row->key.measure);
        if (!*place || row->key.source == SOURCE_OPD) *place = row; /* rows come by source: opd is before bud */
    }
    return ST_OK;
}

bool indicator_plan_only(const struct indicator *it)
{
    for (unsigned i = 0; i < it->targets; i++)
        if (!indicator_source_is_plan(it->target[i].source)) return false;
    if (it->reached || it->reached_unit || it->numerator || it->denominator || it->formula || it->baseline || it->weight)
        return false;
    return !(it->name && it->name->key.source == SOURCE_NONE) && !(it->no && it->no->key.source == SOURCE_NONE);
}

bool indicator_source_is_plan(unsigned source) { return source == SOURCE_RENSTRA || source == SOURCE_RPJMD; }

/* ---- slots ---- */

static bool says_something(const struct slot *s) { return figure_kind_reported(s->kind) || s->kind == VALUE_TEXT; }

const struct slot *indicator_slot(const struct leaf *row, unsigned until)
{
    for (unsigned m = until; row && m-- > 0;)
        if (says_something(&row->slot[m])) return &row->slot[m];
    return NULL;
}

struct slice indicator_text(const struct unit *u, const struct leaf *row)
{
    return row && row->slot[0].kind == VALUE_TEXT ? unit_text(u, &row->slot[0]) : slice_of("", 0);
}

static unsigned first_month(const struct leaf *row)
{
    for (unsigned m = 0; row && m < 12; m++)
        if (says_something(&row->slot[m])) return m + 1;
    return 0;
}

static struct achieve_value value_of(const struct unit *u, const struct slot *s)
{
    struct achieve_value v = {.kind = ACHIEVE_ABSENT};
    if (!s) return v;
    v.kind = s->kind == VALUE_TEXT ? ACHIEVE_WORDS : ACHIEVE_NUMBER;
    if (s->kind == VALUE_TEXT)
        v.words = unit_text(u, s);
    else if (!achieve_ratio(s->kind == VALUE_NUMBER ? s->value : 0, 1000000, &v.number))
        v.kind = ACHIEVE_ABSENT;
    return v;
}

/* ---- the target ---- */

static const uint8_t SOURCES[] = {SOURCE_DPA,   SOURCE_OPD,     SOURCE_PK2,   SOURCE_PK3, SOURCE_PK4,
                                  SOURCE_RENJA, SOURCE_RENSTRA, SOURCE_RPJMD, SOURCE_BUD};

/* The stage of a source in force at the cut-off; before: the newest one that is older than that, NULL: the first of all. */
static const struct indicator_target *in_force(const struct indicator *it, unsigned source, unsigned until)
{
    const struct indicator_target *best = NULL, *earliest = NULL;
    unsigned best_start = 0, least_start = 0;
    for (unsigned i = 0; i < it->targets; i++) {
        const struct indicator_target *t = &it->target[i];
        unsigned start = t->source == source ? first_month(t->value) : 0;
        if (start == 0) continue;
        bool later = !best || start > best_start || (start == best_start && t->stage > best->stage);
        if (start <= until && later) {
            best = t;
            best_start = start;
        }
        if (!earliest || start < least_start || (start == least_start && t->stage < earliest->stage)) {
            earliest = t;
            least_start = start;
        }
    }
    return best ? best : earliest;
}

const struct indicator_target *indicator_target_of(const struct indicator *it, unsigned source, unsigned until)
{
    return in_force(it, source, until);
}

static const struct indicator_target *first_stage(const struct indicator *it, const struct indicator_target *now)
{
    const struct indicator_target *first = now;
    for (unsigned i = 0; i < it->targets; i++) {
        const struct indicator_target *t = &it->target[i];
        unsigned start = t->source == now->source ? first_month(t->value) : 0, least = first_month(first->value);
        if (start > 0 && (start < least || (start == least && t->stage < first->stage))) first = t;
    }
    return first;
}

static struct achieve_value target_value(const struct unit *u, const struct indicator_target *t, unsigned until)
{
    const struct slot *s = t ? indicator_slot(t->value, until) : NULL;
    if (t && !s && t->value && first_month(t->value)) s = &t->value->slot[first_month(t->value) - 1];
    return value_of(u, s);
}

static struct slice target_unit(const struct unit *u, const struct indicator *it, const struct indicator_target *t)
{
    struct slice unit = t ? indicator_text(u, t->unit) : slice_of("", 0);
    for (unsigned i = 0; unit.n == 0 && i < it->targets; i++)
        if (!t || it->target[i].source == t->source) unit = indicator_text(u, it->target[i].unit);
    return unit;
}

/* ---- what was reached ---- */

static struct achieve_value reached_value(const struct unit *u, const struct indicator *it, unsigned until,
                                          struct indicator_state *st)
{
    struct achieve_point month[12];
    struct achieve_value v = {.kind = ACHIEVE_NUMBER};
    const struct slot *last = indicator_slot(it->reached, until);
    if (!last) return (struct achieve_value){.kind = ACHIEVE_ABSENT};
    if (st->formula == ACHIEVE_TEXT || st->formula == ACHIEVE_SCALE) return value_of(u, last);
    for (unsigned m = 0; m < 12; m++) {
        const struct slot *s = &it->reached->slot[m];
        month[m] = (struct achieve_point){.reported = figure_kind_reported(s->kind),
                                          .monthly = s->basis == BASIS_MONTHLY,
                                          .value = s->kind == VALUE_NUMBER ? s->value : 0};
    }
    return achieve_through(st->over_time, month, until, &v.number) == ST_OK ? v : value_of(u, last);
}

const char *indicator_by_name(enum indicator_by by)
{
    static const char *const NAMES[] = {"bawaan", "kantor", "aturan", "indikator-baku"};
    return NAMES[by];
}

uint8_t indicator_choose(const struct indicator_rule *r, uint8_t own, uint8_t usual, enum indicator_by *ret_by)
{
    if (r->t.set && (r->t.named || !own)) {
        *ret_by = r->defined ? INDICATOR_BY_DEFINITION : INDICATOR_BY_RULE;
        return r->t.value ? (uint8_t)r->t.value : usual;
    }
    *ret_by = own ? INDICATOR_BY_OFFICE : INDICATOR_BY_DEFAULT;
    return own ? own : usual;
}

static void judge_rules(const struct unit *u, const struct indicator *it, struct indicator_state *st)
{
    uint8_t formula = 0, over_time = 0;
    struct slice unit = st->reached_unit.n ? st->reached_unit : st->target_unit;
    bool share = units_same(it->units, unit, slice_of("%", 1));
    (void)achieve_formula_parse(indicator_text(u, it->formula), &formula);
    (void)achieve_time_parse(indicator_text(u, it->over_time), &over_time);
    st->formula = (enum achieve_formula)indicator_choose(&it->rules.formula, formula, ACHIEVE_MAX, &st->formula_by);
    st->over_time = (enum achieve_over_time)indicator_choose(&it->rules.over_time, over_time,
                                                             share ? ACHIEVE_AKHIR : ACHIEVE_AKUMULATIF, &st->over_time_by);
    if (it->rules.rounding.t.set) st->in.rounding = achieve_rounding_unpack(it->rules.rounding.t.value);
}

/* Numbers in two units: the same, or converted into the target's, or nobody knows. */
static void judge_units(const struct indicator *it, struct indicator_state *st)
{
    struct ratio factor, reached;
    bool numbers = st->in.target.kind == ACHIEVE_NUMBER && st->in.reached.kind == ACHIEVE_NUMBER;
    if (!numbers || !st->target_unit.n || !st->reached_unit.n || units_same(it->units, st->target_unit, st->reached_unit)) return;
    st->in.units_differ = true;
    if (!units_convert(it->units, st->reached_unit, st->target_unit, &factor)) return;
    if (!achieve_ratio_multiply(st->in.reached.number, factor, &reached)) return;
    st->in.units_differ = false;
    st->converted = factor;
    st->in.reached.number = reached;
}

void indicator_achieve(const struct indicator *it, struct achieve_input *in, struct achieve_result *ret)
{
    struct achieve_score scores[ACHIEVE_BANDS_MAX + 1] = {{0}};
    for (unsigned i = 0; it->words && i < it->words->count; i++)
        scores[i] = (struct achieve_score){it->words->band[i].word, it->words->band[i].lower / 1000000};
    in->scores = it->words ? scores : NULL;
    achieve_compute(in, ret);
    in->scores = NULL;
    ret->capped_apart = it->rules.cap.t.named;
    ret->cap = (unsigned)it->rules.cap.t.value;
}

void indicator_judge(const struct unit *u, const struct indicator *it, unsigned until, const struct indicator_target *against,
                     struct indicator_state *ret)
{
    struct indicator_state st = {.target = against};
    for (size_t i = 0; !st.target && i < sizeof SOURCES; i++) st.target = in_force(it, SOURCES[i], until);
    st.target_unit = target_unit(u, it, st.target);
    st.reached_unit = indicator_text(u, it->reached_unit);
    judge_rules(u, it, &st);
    st.in = (struct achieve_input){.formula = st.formula,
                                   .rounding = st.in.rounding,
                                   .target = target_value(u, st.target, until),
                                   .baseline = value_of(u, indicator_slot(it->baseline, 1))};
    st.in.reached = reached_value(u, it, until, &st);
    judge_units(it, &st);
    indicator_achieve(it, &st.in, &st.result);
    if (st.target && !against) {
        const struct indicator_target *first = first_stage(it, st.target);
        struct achieve_input in = st.in;
        st.first = first != st.target ? first : NULL;
        st.first_target = in.target = target_value(u, first, until);
        indicator_achieve(it, &in, &st.first_result);
    }
    *ret = st;
}
