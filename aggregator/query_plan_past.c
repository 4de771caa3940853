/* query_plan_past.c - what an indicator has come to in the years of its plan, up to the one asked for. Kind: P.
 *
 * A year before counts as it stood at its own end, the year asked for at the cut-off. What adds up over time (AKUMULATIF) is the
 * sum of what was reported, anything else the newest report. Years are joined by line and definition, as a trend joins them; one
 * that counts in a unit that does not convert makes the whole unknown, because a sum of what is left would pass for all of it. The
 * years are read once for all indicators of an office, and only where a plan speaks of one.
 * Invariant: each year is judged by the rules that hold in it, by the same code that answers for that year. */
#include <stdlib.h>
#include <string.h>

#include "aggregator/query_beside.h"
#include "proto/period.h"

enum { YEARS_MAX = 25 };                /* of a plan */

static int open_years(const struct query_context *q, struct query_plan *p)
{
    int first, st = ST_OK;
    if (p->past || strlen(p->period) != 9 || period_parse_year(slice_of(p->period, 4), &first) != ST_OK) return ST_OK;
    if (first >= p->o->year || p->o->year - first > YEARS_MAX) return ST_OK;
    p->past = calloc((size_t)(p->o->year - first), sizeof *p->past);
    if (!p->past) return ST_NO_MEMORY;
    for (int year = first; st == ST_OK && year < p->o->year; year++)
        st = query_indicators_open(q, p->o->office, year, 12, &p->past[p->pasts++]);
    return st;
}

void query_plan_past_close(struct query_plan *p)
{
    for (unsigned i = 0; i < p->pasts; i++) query_indicators_close(&p->past[i]);
    free(p->past);
    p->past = NULL;
    p->pasts = 0;
}

static const struct indicator *same_in(const struct query_context *q, const struct indicators *v, const struct indicator *it,
                                       struct slice id)
{
    for (uint32_t i = 0; i < v->count; i++) {
        const struct indicator *x = &v->item[i];
        if (x->activity == it->activity && x->account == it->account && (x->id == it->id || query_indicators_named(q, x, id)))
            return x;
    }
    return NULL;
}

/* In which unit the result is judged. */
static struct slice unit_of(const struct indicator_state *st)
{
    return st->converted.den || !st->reached_unit.n ? st->target_unit : st->reached_unit;
}

/* False: it counts in another unit, or the sum does not fit. */
static bool add_year(const struct indicator_state *now, const struct indicator *it, const struct indicator_state *then,
                     struct achieve_value *sum)
{
    struct achieve_value v = then->in.reached;
    const struct slice unit = unit_of(then), into = unit_of(now);
    struct ratio factor;
    bool adds = now->over_time == ACHIEVE_AKUMULATIF, number = v.kind == ACHIEVE_NUMBER;
    if (v.kind == ACHIEVE_ABSENT || (adds && !number)) return true;
    if (number && unit.n && into.n && !units_same(it->units, unit, into) &&
        (!units_convert(it->units, unit, into, &factor) || !achieve_ratio_multiply(v.number, factor, &v.number)))
        return false;
    if (adds && sum->kind == ACHIEVE_NUMBER && !achieve_ratio_add(sum->number, v.number, &v.number)) return false;
    *sum = v;
    return true;
}

int query_plan_past(const struct query_context *q, struct query_plan *p, const struct indicator *it,
                    const struct indicator_state *st, struct query_plan_past *ret)
{
    struct query_plan_past x = {.before = {.kind = ACHIEVE_ABSENT}};
    struct slice id = {0};
    bool known = true;
    int rc = open_years(q, p);
    if (rc == ST_OK) rc = query_indicators_identity(q, it, &id);
    if (rc != ST_OK) return rc;
    for (unsigned i = 0; known && i < p->pasts; i++) {
        const struct indicator *then = same_in(q, &p->past[i].v, it, id);
        struct indicator_state was;
        if (!then) continue;
        indicator_judge(&p->past[i].u, then, 12, NULL, &was);
        known = add_year(st, it, &was, &x.before);
    }
    x.so_far = x.before;
    known = known && add_year(st, it, st, &x.so_far);
    *ret = known ? x : (struct query_plan_past){.before = {.kind = ACHIEVE_ABSENT}, .so_far = {.kind = ACHIEVE_ABSENT}};
    return ST_OK;
}
