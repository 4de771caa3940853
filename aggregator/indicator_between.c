/* indicator_between.c - the office's own target against the other sources' (see indicator_claim.h).
 *
 * Design notes: identity goes before place, so a plan that keeps the indicator's name is compared name by name, and one that words
 * it differently is still compared where there is only one thing the line could mean. Targets in words prove nothing.
 * Invariant: one claim at most for an own indicator and a source. */
#include "indicator_claim.h"

#include "proto/decimal.h"

static const uint8_t OTHERS[] = {SOURCE_PK2, SOURCE_PK3, SOURCE_PK4, SOURCE_RENJA, SOURCE_RENSTRA, SOURCE_RPJMD};

struct between {
    const struct unit *u;
    const struct indicators *v;
    unsigned until;
    indicator_between_fn fn;
    void *ctx;
};

/* The number a source promises of an indicator; NULL: none. */
static const struct indicator_target *number_of(const struct between *w, const struct indicator *it, unsigned source,
                                                struct indicator_state *ret)
{
    const struct indicator_target *t = indicator_target_of(it, source, w->until);
    if (t) indicator_judge(w->u, it, w->until, t, ret);
    return t && ret->in.target.kind == ACHIEVE_NUMBER ? t : NULL;
}

static const struct indicator_target *own_number(const struct between *w, const struct indicator *it, struct indicator_state *ret)
{
    const struct indicator_target *t = number_of(w, it, SOURCE_DPA, ret);
    return t ? t : number_of(w, it, SOURCE_OPD, ret);
}

static bool same_line(const struct indicator *a, const struct indicator *b)
{
    return a->activity == b->activity && a->account == b->account;
}

/* The only indicator of the line that the source promises a number of, when the office itself has only `it` there. */
static const struct indicator *only_other(const struct between *w, uint32_t at, unsigned source)
{
    const struct indicator *it = &w->v->item[at], *other = NULL;
    struct indicator_state st;
    uint32_t first = at;
    while (first > 0 && same_line(it, &w->v->item[first - 1])) first--;
    for (uint32_t i = first; i < w->v->count && same_line(it, &w->v->item[i]); i++) {
        if (i != at && own_number(w, &w->v->item[i], &st)) return NULL;
        if (!number_of(w, &w->v->item[i], source, &st)) continue;
        if (other) return NULL;
        other = &w->v->item[i];
    }
    return other;
}

static int compare(const struct between *w, uint32_t at, const struct indicator_state *own, unsigned source)
{
    struct indicator_between b = {.it = &w->v->item[at], .other = &w->v->item[at], .own_value = own->in.target,
                                  .own_unit = own->target_unit.n ? own->target_unit : own->reached_unit};
    struct indicator_state st;
    b.theirs = number_of(w, b.other, source, &st);
    if (!b.theirs) {
        b.other = only_other(w, at, source);
        b.theirs = b.other ? number_of(w, b.other, source, &st) : NULL;
    }
    if (!b.theirs) return ST_OK;
    b.other_value = st.in.target;
    b.other_unit = indicator_text(w->u, b.theirs->unit);
    bool units = b.own_unit.n > 0 && b.other_unit.n > 0 && !units_same(w->v->units, b.own_unit, b.other_unit);
    if (!units && achieve_ratio_compare(b.own_value.number, b.other_value.number) == 0) return ST_OK;
    b.code = units ? CODE_UNIT : CODE_BETWEEN_TABLES;
    return w->fn(w->ctx, &b);
}

int indicator_between(const struct unit *u, const struct indicators *v, unsigned until, indicator_between_fn fn, void *ctx)
{
    const struct between w = {u, v, until, fn, ctx};
    int st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < v->count; i++) {
        struct indicator_state own;
        if (!own_number(&w, &v->item[i], &own)) continue;
        for (size_t s = 0; st == ST_OK && s < sizeof OTHERS; s++) st = compare(&w, i, &own, OTHERS[s]);
    }
    return st;
}
