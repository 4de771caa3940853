/* indicator_claim.c - see indicator_claim.h.
 *
 * Design notes: every claim is judged from its own printed row, not from the figure shown at the cut-off, so that correcting
 * another row never moves it. Nothing is stored: the same units give the same claims. Invariant: one printed slot gives at most one
 * claim of its kind; a pair of units at most one. */
#include "indicator_claim.h"

#include <string.h>

#include "proto/decimal.h"

/* ---- scales ---- */

static bool has_word(const struct unit *u, const struct indicators *v, const struct achieve_scale *s, bool *any)
{
    for (uint32_t i = 0; i < v->count; i++)
        for (unsigned t = 0; t < v->item[i].targets; t++)
            for (unsigned m = 0; v->item[i].target[t].rating && m < 12; m++) {
                const struct slot *slot = &v->item[i].target[t].rating->slot[m];
                if (slot->kind != VALUE_TEXT) continue;
                *any = true;
                if (!achieve_scale_find(s, unit_text(u, slot))) return false;
            }
    return true;
}

void indicator_scale_pick(const struct unit *u, const struct indicators *v, const struct achieve_scale *set,
                          const struct achieve_scale *const *known, size_t count, struct indicator_scale *ret)
{
    *ret = (struct indicator_scale){.scale = set ? set : count ? known[0] : &achieve_scale_default, .set = set != NULL};
    for (size_t i = 0; !set && i < count; i++) {
        bool any = false, all = has_word(u, v, known[i], &any);
        if (!any) return;
        if (!all) continue;
        ret->scale = known[i];
        ret->from_words = true;
        return;
    }
}

const struct achieve_band *indicator_band(const struct achieve_scale *s, const struct indicator_state *st)
{
    struct ratio share;
    if (!s->of_value) return st->result.state == ACHIEVE_OK ? achieve_rate(s, st->result.share) : NULL;
    if (st->in.reached.kind != ACHIEVE_NUMBER || !achieve_ratio_multiply(st->in.reached.number, (struct ratio){1, 100}, &share))
        return NULL;
    return achieve_rate(s, share);
}

/* ---- printed achievements and ratings ---- */

struct walk {
    const struct indicator_office *o;
    const struct indicator_scale *scale;
    unsigned until;
    indicator_claim_fn fn;
    void *ctx;
};

static bool achievement_wrong(const struct slot *printed, const struct indicator_state *st)
{
    switch (st->result.state) {
    case ACHIEVE_OK:
        return !decimal_percent_right(printed->value, printed->decimals, st->result.share.num, st->result.share.den);
    case ACHIEVE_TARGET_MISSING:
    case ACHIEVE_REACHED_MISSING:
    case ACHIEVE_TARGET_ZERO:
    case ACHIEVE_UNDEFINED:
        return true;
    default:
        return false;
    }
}

static bool rating_wrong(const struct walk *w, struct slice printed, const struct indicator_state *st,
                         const struct achieve_band **ret)
{
    const struct achieve_scale *s = w->scale->scale;
    const struct achieve_band *word = achieve_scale_find(s, printed);
    *ret = indicator_band(s, st);
    if (st->result.state == ACHIEVE_UNITS_DIFFER) return false;
    if (!*ret) return true; /* whatever the word: there is nothing to rate */
    if (!word && !w->scale->set) return false;
    return word != *ret;
}

static int printed_claims(const struct walk *w, const struct indicator *it, const struct indicator_target *t,
                          const struct leaf *row)
{
    int st = ST_OK;
    for (unsigned m = 0; row && st == ST_OK && m < w->until; m++) {
        const struct slot *slot = &row->slot[m];
        struct indicator_claim c = {.it = it, .target = t, .month = m + 1, .printed = slot};
        bool words = row->key.measure == MEASURE_PRINTED_RATING;
        if (slot->kind != (words ? VALUE_TEXT : VALUE_NUMBER)) continue;
        indicator_judge(w->o->u, it, m + 1, t, &c.state);
        c.code = words ? CODE_RATING : CODE_ACHIEVEMENT;
        bool wrong = words ? rating_wrong(w, unit_text(w->o->u, slot), &c.state, &c.band) : achievement_wrong(slot, &c.state);
        if (wrong) st = w->fn(w->ctx, &c);
    }
    return st;
}

/* ---- units ---- */

/* The unit an indicator is stated in by the office itself: of its targets, else of its result. What a plan says is another matter
 * (indicator_between.c). */
static struct slice unit_of(const struct unit *u, const struct indicator *it)
{
    struct slice unit = slice_of("", 0);
    for (unsigned i = 0; unit.n == 0 && i < it->targets; i++)
        if (!indicator_source_is_plan(it->target[i].source)) unit = indicator_text(u, it->target[i].unit);
    return unit.n ? unit : indicator_text(u, it->reached_unit);
}

static int unit_claim(const struct walk *w, const struct indicator *it, const struct indicator *other, const struct unit *u_other,
                      enum indicator_unit_case kind)
{
    struct indicator_claim c = {.code = CODE_UNIT, .it = it, .other = other, .month = w->until, .unit_case = kind};
    c.unit = unit_of(w->o->u, it);
    c.other_unit = unit_of(u_other, other);
    if (c.unit.n == 0 || c.other_unit.n == 0 || units_same(it->units, c.unit, c.other_unit)) return ST_OK;
    return w->fn(w->ctx, &c);
}

static int reached_unit_claim(const struct walk *w, const struct indicator *it)
{
    struct indicator_claim c = {.code = CODE_UNIT, .it = it, .month = w->until, .unit_case = INDICATOR_UNIT_REACHED};
    indicator_judge(w->o->u, it, w->until, NULL, &c.state);
    c.target = c.state.target;
    c.unit = c.state.reached_unit;
    c.other_unit = c.state.target_unit;
    return c.state.in.units_differ ? w->fn(w->ctx, &c) : ST_OK;
}

static int other_unit_claims(const struct walk *w, uint32_t i)
{
    const struct indicators *v = w->o->v;
    const struct indicator *it = &v->item[i];
    int st = ST_OK;
    for (uint32_t k = i; k-- > 0;) /* the nearest earlier line with the same indicator */
        if (v->item[k].id == it->id && unit_of(w->o->u, &v->item[k]).n > 0) {
            st = unit_claim(w, it, &v->item[k], w->o->u, INDICATOR_UNIT_CODE);
            break;
        }
    for (uint32_t k = 0; st == ST_OK && w->o->v_before && k < w->o->v_before->count; k++) {
        const struct indicator *old = &w->o->v_before->item[k];
        if (old->id == it->id && old->activity == it->activity && old->account == it->account)
            st = unit_claim(w, it, old, w->o->before, INDICATOR_UNIT_YEAR);
    }
    return st;
}

/* "1; 2": one name under two numbers in one file. */
static int number_claim(const struct walk *w, const struct indicator *it)
{
    struct indicator_claim c = {.code = CODE_DUPLICATE_ROW, .it = it, .month = w->until};
    c.unit = indicator_text(w->o->u, it->no);
    for (size_t i = 0; i + 1 < c.unit.n; i++)
        if (c.unit.p[i] == ';' && c.unit.p[i + 1] == ' ') return w->fn(w->ctx, &c);
    return ST_OK;
}

int indicator_claims(const struct indicator_office *o, const struct indicator_scale *scale, unsigned until, indicator_claim_fn fn,
                     void *ctx)
{
    const struct walk w = {o, scale, until, fn, ctx};
    int st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < o->v->count; i++) {
        const struct indicator *it = &o->v->item[i];
        for (unsigned t = 0; st == ST_OK && t < it->targets; t++) {
            st = printed_claims(&w, it, &it->target[t], it->target[t].achievement);
            if (st == ST_OK) st = printed_claims(&w, it, &it->target[t], it->target[t].rating);
        }
        if (st == ST_OK) st = number_claim(&w, it);
        if (st == ST_OK) st = reached_unit_claim(&w, it);
        if (st == ST_OK) st = other_unit_claims(&w, i);
    }
    return st;
}
