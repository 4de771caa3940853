/* audit_roll_claim.c - what is provably wrong, month by month (domain.md 7; the rules as worded in aggregator/claim.h).
 *
 * Only how many claims a line has at each month is kept: that is what the cells count. Where the fold makes one claim of a run of
 * months, each month is judged for itself here, which gives the same number.
 * Invariant: every rule is one function, and looks at rows or at the items of the view. */
#include <string.h>

#include "cli/audit_roll.h"

static void found(struct audit_roll_view *v, struct audit_roll_line l, unsigned from, unsigned to)
{
    size_t i = 0;
    while (!audit_roll_same_line(v->line[i], l)) i++;
    for (unsigned m = from; m <= to; m++) v->found[i * AUDIT_ROLL_MONTHS + m]++;
}

/* ---- persen ---- */

static bool percent_right(const struct audit_roll_slot *s, i128 num, i128 den)
{
    i128 power = 1, unit = 1;
    for (unsigned i = 0; i < 6; i++) *(i < s->decimals ? &power : &unit) *= 10;
    if (den < 0) num = -num, den = -den;
    i128 scaled = 100 * num * power, cut = scaled / den, rest = scaled % den;
    i128 rounded = cut + (2 * rest >= den) - (2 * rest <= -den);
    return s->value == cut * unit || s->value == rounded * unit;
}

static void percents(struct audit_roll_view *v, const struct audit_roll_row *r)
{
    struct audit_roll_line l = audit_roll_line_of(r);
    const struct audit_roll_row *budget = audit_roll_find(v->u, l, r->account, MEASURE_BUDGET, SOURCE_DPA, r->stage);
    const struct audit_roll_row *realised = audit_roll_find(v->u, l, r->account, MEASURE_REALISED, SOURCE_OPD, STAGE_NONE);
    struct audit_roll_series b, s;
    if (r->measure != MEASURE_PRINTED_ABSORPTION || !budget || !realised) return;
    audit_roll_row_series(budget, &b);
    audit_roll_row_series(realised, &s);
    for (unsigned m = 1; m <= 12; m++) {
        if (r->slot[m].kind != VALUE_NUMBER || b.first > m || !s.reported[m] || b.at[m] == 0) continue;
        if (!percent_right(&r->slot[m], s.at[m], b.at[m])) found(v, l, m, 12);
    }
}

/* ---- kumulatif-turun ---- */

static void falls(struct audit_roll_view *v, const struct audit_roll_row *r)
{
    struct audit_roll_series s;
    if (r->measure != MEASURE_REALISED || r->stage != STAGE_NONE || !audit_roll_is_reported(r)) return;
    audit_roll_row_series(r, &s);
    for (unsigned m = s.first + 1; m <= 12; m++)
        if (s.reported[m] && r->slot[m].basis == BASIS_CUMULATIVE && s.at[m] < s.at[m - 1] && !r->slot[m].reason)
            found(v, audit_roll_line_of(r), m, 12);
}

/* ---- tanpa-pagu, melebihi-pagu, pagu-minus, pagu-dihapus ---- */

/* Sum of the lines below l counted in the channel; false: there is none. */
static bool counted_below(const struct audit_roll_view *v, struct audit_roll_line l, unsigned measure, unsigned source, unsigned m,
                          i128 *ret)
{
    bool any = false;
    i128 sum = 0;
    for (size_t i = 0; i < v->items; i++) {
        const struct audit_roll_item *x = &v->item[i];
        if (x->measure != measure || x->source != source || !x->counted || !audit_roll_line_below(l, x->line)) continue;
        sum += x->value[m];
        any = true;
    }
    if (any) *ret = sum;
    return any;
}

static bool budget_above(const struct audit_roll_view *v, struct audit_roll_line l)
{
    for (size_t i = 0; i < v->items; i++) {
        const struct audit_roll_item *x = &v->item[i];
        if (x->measure == MEASURE_BUDGET && x->source == SOURCE_DPA && x->counted && audit_roll_line_below(x->line, l)) return true;
    }
    return false;
}

/* What stands against what at month m; false: nothing is compared at this line. */
static bool spending_pair(const struct audit_roll_view *v, struct audit_roll_line l, unsigned m, i128 *ret_realised,
                          i128 *ret_budget)
{
    const struct audit_roll_item *r = audit_roll_item_of(v, l, MEASURE_REALISED, SOURCE_OPD),
                                 *b = audit_roll_item_of(v, l, MEASURE_BUDGET, SOURCE_DPA);
    bool budget_here = b && b->counted;
    if (r && r->counted) {
        *ret_realised = r->value[m];
        *ret_budget = budget_here ? b->value[m] : 0;
        return budget_here || counted_below(v, l, MEASURE_BUDGET, SOURCE_DPA, m, ret_budget) || !budget_above(v, l);
    }
    if (!budget_here) return false;
    *ret_budget = b->value[m];
    return counted_below(v, l, MEASURE_REALISED, SOURCE_OPD, m, ret_realised);
}

static bool overspent(const struct audit_roll_view *v, struct audit_roll_line l, unsigned m)
{
    i128 realised, budget;
    if (l.activity == CODE_TOTAL || !spending_pair(v, l, m, &realised, &budget)) return false;
    return realised > 0 && (budget <= 0 || realised > budget);
}

static bool any_budget(const struct audit_roll_view *v)
{
    for (size_t i = 0; i < v->items; i++)
        if (v->item[i].measure == MEASURE_BUDGET && v->item[i].source == SOURCE_DPA) return true;
    return false;
}

/* ---- induk-rincian between lines ---- */

static bool same_channel(const struct audit_roll_item *a, const struct audit_roll_item *b)
{
    return a->measure == b->measure && a->source == b->source;
}

static bool has_line_below(const struct audit_roll_view *v, struct audit_roll_line l)
{
    for (size_t i = 0; i < v->lines; i++)
        if (audit_roll_line_below(l, v->line[i])) return true;
    return false;
}

/* Below `total` the top of a tree is passed over when anything is said below it. */
static bool passed_over(const struct audit_roll_view *v, const struct audit_roll_item *parent, const struct audit_roll_item *x)
{
    bool top =
        x->line.activity ? audit_code_level(x->line.activity) == LEVEL_URUSAN : audit_code_account_depth(x->line.account) == 1;
    return parent->line.activity == CODE_TOTAL && top && has_line_below(v, x->line);
}

/* Is there a statement in the parent's channel between it and l? */
static bool stated_between(const struct audit_roll_view *v, const struct audit_roll_item *parent, struct audit_roll_line l)
{
    for (size_t i = 0; i < v->items; i++) {
        const struct audit_roll_item *x = &v->item[i];
        if (same_channel(x, parent) && audit_roll_line_below(parent->line, x->line) && audit_roll_line_below(x->line, l) &&
            !passed_over(v, parent, x))
            return true;
    }
    return false;
}

static bool nearest(const struct audit_roll_view *v, const struct audit_roll_item *parent, const struct audit_roll_item *x)
{
    return same_channel(x, parent) && audit_roll_line_below(parent->line, x->line) && !passed_over(v, parent, x) &&
           !stated_between(v, parent, x->line);
}

/* A parent that is neither sum is a claim, whether its parts are all there (induk-rincian) or not (belum-lengkap). */
static bool parent_wrong(const struct audit_roll_view *v, const struct audit_roll_item *parent, unsigned m)
{
    i128 nearest_sum = 0, leaf_sum = 0, stated = parent->value[m];
    bool any = false;
    for (size_t i = 0; i < v->items; i++) {
        const struct audit_roll_item *x = &v->item[i];
        if (!nearest(v, parent, x)) continue;
        nearest_sum += x->value[m];
        any = true;
    }
    any |= counted_below(v, parent->line, parent->measure, parent->source, m, &leaf_sum);
    return any && nearest_sum != stated && leaf_sum != stated;
}

static void parents(struct audit_roll_view *v, const struct audit_roll_item *x)
{
    bool budget = x->measure == MEASURE_BUDGET, wrong = false;
    if (x->counted || x->measure == MEASURE_CASH_PLAN) return;
    for (unsigned m = 1; m <= 12; m++) {
        if (budget ? x->pick.own[m] : x->series.reported[m])
            wrong = parent_wrong(v, x, m);
        else if (budget)
            wrong = false;
        if (wrong) found(v, x->line, m, m); /* of a realisation: until the parent's next report */
    }
}

/* ---- induk-rincian between accounts of a line ---- */

static bool account_below(const struct audit_roll_row *parent, const struct audit_roll_row *r)
{
    if (!r->account || !audit_roll_same_line(audit_roll_line_of(parent), audit_roll_line_of(r))) return false;
    return parent->account ? audit_code_account_below(parent->account, r->account) : true;
}

static bool same_place(const struct audit_roll_row *a, const struct audit_roll_row *b)
{
    return a->measure == b->measure && a->source == b->source && a->stage == b->stage && audit_roll_is_reported(b);
}

/* Has an account above r's (below the parent's) a row where the parent has its own? */
static bool account_covered(struct audit_roll_unit u, const struct audit_roll_row *parent, const struct audit_roll_row *r)
{
    for (size_t i = 0; i < u.rows; i++) {
        const struct audit_roll_row *x = &u.row[i];
        if (!same_place(parent, x) || !account_below(parent, x)) continue;
        if (audit_code_account_below(x->account, r->account)) return true;
    }
    return false;
}

static bool account_wrong(struct audit_roll_unit u, const struct audit_roll_row *parent, i128 stated, unsigned m)
{
    i128 sum = 0;
    bool any = false;
    for (size_t i = 0; i < u.rows; i++) {
        const struct audit_roll_row *r = &u.row[i];
        struct audit_roll_series s;
        if (!same_place(parent, r) || !account_below(parent, r) || account_covered(u, parent, r)) continue;
        audit_roll_row_series(r, &s);
        sum += s.at[m];
        any = true;
    }
    return any && sum != stated;
}

/* Months at which the parent row is held against its parts (realised: where it reports; else the last judgement stands). */
static bool judged(const struct audit_roll_view *v, const struct audit_roll_row *r, const struct audit_roll_series *s, unsigned m)
{
    if (r->measure == MEASURE_REALISED) return s->reported[m];
    const struct audit_roll_item *x = audit_roll_item_of(v, audit_roll_line_of(r), r->measure, r->source);
    return x->pick.own[m] && x->pick.stage[m] == (int)r->stage && s->first <= m;
}

static void accounts(struct audit_roll_view *v, const struct audit_roll_row *r)
{
    struct audit_roll_series s;
    bool wrong = false;
    if ((r->measure != MEASURE_BUDGET && r->measure != MEASURE_REALISED) || !audit_roll_is_reported(r)) return;
    audit_roll_row_series(r, &s);
    for (unsigned m = 1; m <= 12; m++) {
        if (judged(v, r, &s, m))
            wrong = account_wrong(v->u, r, s.at[m], m);
        else if (r->measure == MEASURE_BUDGET)
            wrong = false;
        if (wrong) found(v, audit_roll_line_of(r), m, m);
    }
}

void audit_roll_claims(struct audit_roll_view *v)
{
    for (size_t i = 0; i < v->u.rows; i++) {
        const struct audit_roll_row *r = &v->u.row[i];
        if (!r->activity && !r->account) continue;
        percents(v, r);
        falls(v, r);
        accounts(v, r);
    }
    const size_t lines = any_budget(v) ? v->lines : 0;
    for (size_t i = 0; i < lines; i++)
        for (unsigned m = 1; m <= 12; m++)
            if (overspent(v, v->line[i], m)) found(v, v->line[i], m, m);
    for (size_t i = 0; i < v->items; i++) parents(v, &v->item[i]);
}
