/* query_plan.c - the plan's target and the parts of an indicator, beside what the office states. Kind: P.
 *
 * A plan's yearly target is a target of source renstra (or rpjmd) of the same indicator; its end stands in the plan's first year.
 * The achievement against it is the indicator's own formula with that target. Parts (`komponen`) of the year or timeless ones
 * belong to the indicator they name, else to the one on their line, else to the only indicator whose base (penyebut) is stated.
 * What is excluded is listed with its reason and not added.
 * Invariant: nothing here changes the indicator's own value, which is what is evaluated. */
#include <stdio.h>
#include <string.h>

#include "aggregator/asof.h"
#include "aggregator/query_beside.h"
#include "proto/decimal.h"
#include "proto/period.h"

/* ---- the plan of a year ---- */

/* The marker of the newest plan of a source that speaks of this year; NULL. */
static const struct leaf *marker_of(const struct unit *u, unsigned source, struct slice *ret)
{
    const struct leaf *best = NULL;
    for (uint32_t i = 0; i < u->count; i++) {
        const struct leaf *l = &u->leaf[i];
        if (l->key.measure != MEASURE_PLAN || l->key.source != source || l->slot[0].kind != VALUE_TEXT) continue;
        struct slice text = unit_text(u, &l->slot[0]);
        if (best && (text.n != ret->n || memcmp(text.p, ret->p, text.n) <= 0)) continue;
        best = l;
        *ret = text;
    }
    return best;
}

static int open_start(const struct query_context *q, struct query_plan *p, struct slice period)
{
    int first, last;
    snprintf(p->period, sizeof p->period, "%.*s", (int)(period.n < 15 ? period.n : 15), (const char *)period.p);
    if (period.n != 9 || period_parse_year(slice_of(period.p, 4), &first) != ST_OK) return ST_OK;
    if (period_parse_year(slice_of(period.p + 5, 4), &last) != ST_OK) return ST_OK;
    int st = asof_unit(q->t, asof_position(q->past), p->o->id, (uint16_t)first, &p->start);
    return st == ST_OK ? asof_unit(q->t, asof_position(q->past), p->o->id, (uint16_t)last, &p->last) : st;
}

int query_plan_open(const struct query_context *q, const struct query_indicators *o, struct query_plan *ret)
{
    struct slice period = {0};
    *ret = (struct query_plan){.o = o};
    unit_init(&ret->timeless);
    unit_init(&ret->start);
    unit_init(&ret->last);
    if (o->v.count == 0) return ST_OK;
    int st = asof_unit(q->t, asof_position(q->past), o->id, 0, &ret->timeless);
    ret->source = marker_of(&o->u, SOURCE_RENSTRA, &period) ? SOURCE_RENSTRA : marker_of(&o->u, SOURCE_RPJMD, &period)
        ? SOURCE_RPJMD : SOURCE_NONE;
    if (st == ST_OK && ret->source) st = open_start(q, ret, period);
    unsigned bases = 0;
    for (uint32_t i = 0; i < o->v.count; i++)
        if (indicator_slot(o->v.item[i].denominator, 12)) {
            bases++;
            ret->base = i + 1;
        }
    if (bases != 1) ret->base = 0;
    return st;
}

void query_plan_close(struct query_plan *p)
{
    query_plan_past_close(p);
    unit_done(&p->timeless);
    unit_done(&p->start);
    unit_done(&p->last);
}

/* ---- beside one indicator ---- */

static const struct slot *slot_of(const struct unit *u, const struct indicator *it, unsigned measure, unsigned source)
{
    const struct slot *found = NULL;
    for (uint32_t i = 0; i < u->count; i++) {
        const struct leaf_key *k = &u->leaf[i].key;
        if (k->measure != measure || k->source != source || k->activity != it->activity || k->account != it->account) continue;
        if (k->indicator == it->id && indicator_slot(&u->leaf[i], 12)) found = indicator_slot(&u->leaf[i], 12);
    }
    return found;
}

static struct achieve_value value_of(const struct unit *u, const struct slot *s)
{
    struct achieve_value v = {.kind = ACHIEVE_ABSENT};
    if (!s) return v;
    v.kind = s->kind == VALUE_TEXT ? ACHIEVE_WORDS : ACHIEVE_NUMBER;
    if (s->kind == VALUE_TEXT) v.words = unit_text(u, s);
    else if (!achieve_ratio(s->kind == VALUE_NUMBER ? s->value : 0, 1000000, &v.number)) v.kind = ACHIEVE_ABSENT;
    return v;
}

/* A result against a target of the plan, by the indicator's own formula and rounding; null where the plan counts in another unit.
 * Where the plan states from where it starts, that is the baseline of what is held against its end. */
static json_t *against(const struct indicator *it, struct achieve_input in, const struct achieve_value *target,
                       const struct achieve_value *start)
{
    struct achieve_result r;
    in.target = *target;
    if (start && start->kind != ACHIEVE_ABSENT) in.baseline = *start;
    indicator_achieve(it, &in, &r);
    return query_indicators_percent(&r);
}

struct plan_ends { struct achieve_value start, end; bool differ; };

static bool other_unit(const struct query_plan *p, const struct indicator *it, const struct indicator_state *st)
{
    struct slice own = st->reached_unit.n ? st->reached_unit : st->target_unit;
    for (unsigned i = 0; i < it->targets; i++) {
        struct slice unit = indicator_text(&p->o->u, it->target[i].unit);
        if (it->target[i].source == p->source && unit.n > 0 && own.n > 0 && !units_same(it->units, unit, own)) return true;
    }
    return false;
}

/* What it has come to over the plan's years, and that held against the end. */
static int put_so_far(const struct query_context *q, struct query_plan *p, const struct indicator *it,
                      const struct indicator_state *st, const struct plan_ends *ends, json_t *o)
{
    struct query_plan_past past = {.before = {.kind = ACHIEVE_ABSENT}, .so_far = {.kind = ACHIEVE_ABSENT}};
    struct achieve_input in = st->in;
    int rc = query_plan_past(q, p, it, st, &past);
    in.reached = past.so_far;
    in.units_differ = ends->differ;
    json_object_set_new(o, "before", query_indicators_value(&past.before));
    json_object_set_new(o, "so_far", query_indicators_value(&past.so_far));
    json_object_set_new(o, "so_far_achievement", against(it, in, &ends->end, &ends->start));
    return rc;
}

static int put_plan(const struct query_context *q, struct query_plan *p, const struct indicator *it,
                    const struct indicator_state *st, json_t *row)
{
    const struct achieve_value target = value_of(&p->o->u, slot_of(&p->o->u, it, MEASURE_TARGET, p->source));
    struct plan_ends ends = {.end = value_of(&p->start, slot_of(&p->start, it, MEASURE_PLAN_END, p->source)),
                             .start = value_of(&p->start, slot_of(&p->start, it, MEASURE_PLAN_START, p->source)),
                             .differ = other_unit(p, it, st)};
    struct achieve_input in = st->in;
    in.units_differ = ends.differ;
    if (ends.end.kind == ACHIEVE_ABSENT)    /* a plan may print its end as the target of its last year */
        ends.end = value_of(&p->last, slot_of(&p->last, it, MEASURE_TARGET, p->source));
    const struct achieve_value reached = value_of(&p->o->u, slot_of(&p->o->u, it, MEASURE_PLAN_REACHED, p->source));
    if (target.kind == ACHIEVE_ABSENT && ends.end.kind == ACHIEVE_ABSENT && reached.kind == ACHIEVE_ABSENT) return ST_OK;
    json_t *o = json_object();
    json_object_set_new(o, "source", json_string(figure_source_name(p->source)));
    json_object_set_new(o, "period", json_string(p->period));
    json_object_set_new(o, "start", query_indicators_value(&ends.start));
    json_object_set_new(o, "target", query_indicators_value(&target));
    json_object_set_new(o, "achievement", against(it, in, &target, NULL));
    json_object_set_new(o, "end", query_indicators_value(&ends.end));
    json_object_set_new(o, "end_achievement", against(it, in, &ends.end, &ends.start));
    json_object_set_new(o, "reached", query_indicators_value(&reached));
    json_object_set_new(row, "plan", o);
    return put_so_far(q, p, it, st, &ends, o);
}

/* ---- parts ---- */

static const struct leaf *part_leaf(const struct unit *u, const struct leaf_key *part, unsigned measure)
{
    for (uint32_t i = 0; i < u->count; i++) {
        const struct leaf_key *k = &u->leaf[i].key;
        if (k->measure != measure || k->activity != part->activity || k->account != part->account) continue;
        if (k->indicator == part->indicator && u->leaf[i].slot[0].kind == VALUE_TEXT) return &u->leaf[i];
    }
    return NULL;
}

static json_t *words_json(const struct unit *u, const struct leaf *l)
{
    struct slice s = indicator_text(u, l);
    return s.n ? json_stringn((const char *)s.p, s.n) : json_null();
}

/* Is this part one of the indicator's? */
static bool belongs(const struct query_context *q, const struct query_plan *p, const struct unit *u, const struct leaf_key *part,
                    const struct indicator *it)
{
    const struct leaf *of = part_leaf(u, part, MEASURE_COMPONENT_OF);
    struct slice id, named = indicator_text(u, of);
    bool here = part->activity == CODE_TOTAL || (part->activity == it->activity && part->account == it->account);
    if (!here) return false;
    if (named.n > 0)
        return query_indicators_identity(q, it, &id) == ST_OK && id.n == named.n && memcmp(id.p, named.p, id.n) == 0;
    return part->activity != CODE_TOTAL || (p->base && &p->o->v.item[p->base - 1] == it);
}

struct parts { struct ratio sum; json_t *list; bool any, fits; };

static void add_part(const struct query_context *q, const struct unit *u, const struct leaf *l, struct parts *ret)
{
    const struct leaf *excluded = part_leaf(u, &l->key, MEASURE_COMPONENT_EXCLUDED);
    const struct slot *s = indicator_slot(l, 12);
    struct slice name = {0};
    const struct achieve_value v = value_of(u, s);
    struct ratio one = {s->kind == VALUE_NUMBER ? s->value : 0, 1000000};
    ret->any = true;
    if (!excluded) ret->fits = ret->fits && achieve_ratio_add(ret->sum, one, &ret->sum);
    if (!ret->list) return;
    if (unit_dict_text(q->t, FOLD_DICT_ID, l->key.indicator, &name) != ST_OK) name.n = 0;
    json_t *o = json_object();
    json_object_set_new(o, "name", json_stringn((const char *)name.p, name.n));
    json_object_set_new(o, "value", query_indicators_value(&v));
    json_object_set_new(o, "unit", words_json(u, part_leaf(u, &l->key, MEASURE_COMPONENT_UNIT)));
    json_object_set_new(o, "source", words_json(u, part_leaf(u, &l->key, MEASURE_COMPONENT_SOURCE)));
    json_object_set_new(o, "counted", json_boolean(!excluded));
    json_object_set_new(o, "reason", words_json(u, excluded));
    json_array_append_new(ret->list, o);
}

static void add_parts(const struct query_context *q, const struct query_plan *p, const struct unit *u, const struct indicator *it,
                      struct parts *ret)
{
    for (uint32_t i = 0; i < u->count; i++) {
        const struct leaf *l = &u->leaf[i];
        if (l->key.measure == MEASURE_COMPONENT && indicator_slot(l, 12) && belongs(q, p, u, &l->key, it)) add_part(q, u, l, ret);
    }
}

/* Parts stated for the year go before timeless ones. */
static struct parts parts_of(const struct query_context *q, const struct query_plan *p, const struct indicator *it, json_t *list)
{
    struct parts x = {.sum = {0, 1}, .list = list, .fits = true};
    add_parts(q, p, &p->o->u, it, &x);
    if (!x.any) add_parts(q, p, &p->timeless, it, &x);
    return x;
}

bool query_plan_parts(const struct query_context *q, const struct query_plan *p, const struct indicator *it, unsigned until,
                      struct ratio *ret, json_t *ret_list)
{
    struct parts x = parts_of(q, p, it, ret_list);
    const struct slot *base = indicator_slot(it->denominator, until);
    struct ratio inverse;
    if (!x.any || !x.fits) return false;
    *ret = x.sum;
    if (!base) return true;
    return base->kind == VALUE_NUMBER && achieve_ratio(1000000, base->value, &inverse) && achieve_ratio_multiply(x.sum, inverse,
        ret);
}

static void put_parts(const struct query_context *q, const struct query_plan *p, const struct indicator *it, unsigned until,
                      json_t *row)
{
    json_t *list = json_array();
    struct parts x = parts_of(q, p, it, list);
    struct ratio whole;
    const struct achieve_value sum = {.kind = x.fits ? ACHIEVE_NUMBER : ACHIEVE_ABSENT, .number = x.sum};
    const struct achieve_value base = value_of(&p->o->u, indicator_slot(it->denominator, until));
    if (!x.any) {
        json_decref(list);
        return;
    }
    bool known = query_plan_parts(q, p, it, until, &whole, NULL);
    const struct achieve_value value = {.kind = known ? ACHIEVE_NUMBER : ACHIEVE_ABSENT, .number = whole};
    json_t *o = json_object();
    json_object_set_new(o, "list", list);
    json_object_set_new(o, "sum", query_indicators_value(&sum));
    json_object_set_new(o, "base", query_indicators_value(&base));
    json_object_set_new(o, "value", base.kind == ACHIEVE_ABSENT ? query_indicators_value(&value) : known
                        ? query_indicators_share(whole) : json_null());
    json_object_set_new(row, "components", o);
}

int query_plan_row(const struct query_context *q, struct query_plan *p, const struct indicator *it,
                   const struct indicator_state *st, unsigned until, json_t *row)
{
    int rc = p->source ? put_plan(q, p, it, st, row) : ST_OK;
    put_parts(q, p, it, until, row);
    return rc;
}
