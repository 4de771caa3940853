/* claim_parent.c - control totals and detail against their parts (induk-rincian, belum-lengkap).
 *
 * Design notes: below a parent the nearest stated lines are what it should be the sum of (as reported); a printed parent that
 * took a wrong child as it stands is not wrong itself, and neither is one that is the sum of the leaves. So there are two sums
 * per month and a set of months at which the parts are complete; both come out of one walk over the lines below, in tree
 * order, skipping what lies below a line already taken. The same walk serves activities, `total` and, over the accounts of
 * one line, detail.
 * Invariant: nothing is proven from an absence: incomplete parts prove only what already exceeds the parent; that they do not
 * reach it is said as belum-lengkap, which is about the parts and not about the parent. */
#include "claim.h"

#include <string.h>

struct parts {
    i128 reported[12], recomputed[12];  /* S1, S2 of claim.h */
    uint16_t complete;                  /* bit m: every part has reported up to month m+1 */
    bool any;                           /* there is a part */
};

static void add12(i128 to[12], const i128 from[12])
{
    for (unsigned m = 0; m < 12; m++) to[m] += from[m];
}

static uint16_t until(unsigned month) { return (uint16_t)((1u << month) - 1); }

/* ---- lines ---- */

/* The first line after i that is not below it. */
static uint32_t subtree_end(const struct lines *v, uint32_t i)
{
    uint32_t j = i + 1;
    while (j < v->count && line_below(&v->line[i], &v->line[j])) j++;
    return j;
}

/* Lines that stand for their subtree in the sum of `total` only when nothing is below them. */
static bool line_is_heading(const struct line *l)
{
    return l->activity ? code_level(l->activity) == LEVEL_URUSAN : code_account_depth(l->account) < 2;
}

static void parts_nearest(const struct lines *v, uint32_t first, uint32_t end, const struct line_item *p, bool total,
                          struct parts *ret)
{
    for (uint32_t j = first; j < end;) {
        const struct line_item *it = line_item_of(v, &v->line[j], p->measure, p->source);
        bool leaf = j + 1 == end || !line_below(&v->line[j], &v->line[j + 1]);
        if (it && !(total && !leaf && line_is_heading(&v->line[j]))) {
            const struct series *s = &v->series[it->series];
            ret->any = true;
            add12(ret->reported, s->value);
            ret->complete &= p->measure == MEASURE_BUDGET ? it->stated : until(s->last);
            j = subtree_end(v, j);
        } else {
            if (leaf) ret->complete = 0;
            j++;
        }
    }
}

static void parts_of(const struct lines *v, uint32_t i, const struct line_item *p, struct parts *ret)
{
    bool total = v->line[i].activity == CODE_TOTAL;
    uint32_t first = total ? 0 : i + 1, end = total ? i : subtree_end(v, i);
    *ret = (struct parts){ .complete = first < end ? 0xfff : 0 };
    parts_nearest(v, first, end, p, total, ret);
    for (uint32_t j = first; j < end; j++) {
        const struct line_item *it = line_item_of(v, &v->line[j], p->measure, p->source);
        if (!it || !(it->flags & LINE_COUNTED)) continue;
        ret->any = true;
        add12(ret->recomputed, v->series[it->series].value);
    }
}

/* CODE_OK: nothing to say. */
static unsigned parts_prove(const struct parts *p, unsigned m, i128 parent)
{
    i128 a = p->reported[m], b = p->recomputed[m];
    if (!p->any || a == parent || b == parent) return CODE_OK;
    return p->complete >> m & 1 || (a > parent && b > parent) ? CODE_PARENT_SUM : CODE_INCOMPLETE;
}

struct parent {                         /* what is judged: a control total, or a row with detail */
    uint32_t line;
    account_code account;
    uint16_t measure, stage;
    uint8_t source;
    const i128 *value;
    uint16_t months;                    /* to be judged at; realised: reported months */
    const struct leaf *row;             /* that carries the value; NULL when it is a sum */
};

static void parent_claim(const struct lines *v, const struct parent *p, const struct parts *s, unsigned from, unsigned to,
                         struct claims *ret)
{
    struct claim *c = claim_add(ret, v, p->line, parts_prove(s, from, p->value[from]));
    if (!c) return;
    c->account = p->account;
    c->measure = p->measure;
    c->source = p->source;
    c->stage = p->stage;
    c->from = (uint8_t)(from + 1);
    c->to = (uint8_t)(to + 1);
    c->month = c->from;
    c->printed = p->value[from];
    c->computed = s->reported[from];
    c->prov = claim_prov(p->row, from + 1);
}

/* A flow is judged where its parent was reported, and that judgement stands until the parent's next report. */
static void parent_flow(const struct lines *v, const struct parent *p, const struct parts *s, struct claims *ret)
{
    for (unsigned m = 0; m < 12; m++) {
        if (!(p->months >> m & 1) || parts_prove(s, m, p->value[m]) == CODE_OK) continue;
        unsigned to = m;
        while (to + 1 < 12 && !(p->months >> (to + 1) & 1)) to++;
        parent_claim(v, p, s, m, to, ret);
    }
}

static unsigned parent_wrong(const struct parent *p, const struct parts *s, unsigned m)
{
    return p->months >> m & 1 ? parts_prove(s, m, p->value[m]) : CODE_OK;
}

static void parent_budget(const struct lines *v, const struct parent *p, const struct parts *s, struct claims *ret)
{
    for (unsigned m = 0, end; m < 12; m = end) {
        end = m + 1;
        unsigned code = parent_wrong(p, s, m);
        if (code == CODE_OK) continue;
        while (end < 12 && parent_wrong(p, s, end) == code && p->value[end] == p->value[m] && s->reported[end] == s->reported[m])
            end++;
        parent_claim(v, p, s, m, end - 1, ret);
    }
}

static void parent_judge(const struct lines *v, const struct parent *p, const struct parts *s, struct claims *ret)
{
    if (p->measure == MEASURE_BUDGET) parent_budget(v, p, s, ret);
    else parent_flow(v, p, s, ret);
}

static void line_claims(const struct lines *v, uint32_t i, const struct line_item *it, struct claims *ret)
{
    const struct line *l = &v->line[i];
    bool budget = it->measure == MEASURE_BUDGET;
    uint16_t stage = budget ? it->stage[11] : STAGE_NONE;
    ASSERT(stage != LINE_NO_STAGE);     /* in December every stage has begun */
    struct parent p = {
        .line = i, .account = l->account, .measure = it->measure, .source = it->source, .stage = stage,
        .value = v->series[it->series].value, .months = budget ? it->stated : v->series[it->series].reported,
        .row = line_row_of(v, l->row, l->row + l->own, it->measure, it->source, stage),
    };
    struct parts s;
    parts_of(v, i, it, &s);
    parent_judge(v, &p, &s, ret);
}

/* ---- accounts within a line ---- */

struct account_run { uint32_t first, end; };

static bool run_reported(const struct lines *v, struct account_run a)
{
    for (uint32_t r = a.first; r < a.end; r++) {
        unsigned m = v->unit->leaf[r].key.measure;
        if (figure_measure_is_own(m) && line_row_reported(&v->unit->leaf[r])) return true;
    }
    return false;
}

/* Is account c below p within the line? Every account row is below the line's own rows. */
static bool account_is_below(const struct line *l, account_code p, account_code c)
{
    return p == l->account ? c != l->account : code_account_below(p, c);
}

/* The next account run at or after r that says anything. */
static struct account_run run_next(const struct lines *v, uint32_t r, uint32_t end)
{
    struct account_run a = { r, r };
    while (a.first < end) {
        a.end = line_account_end(v, a.first, end);
        if (run_reported(v, a)) break;
        a.first = a.end;
    }
    return a;
}

/* Sums the nearest detail below row p; false when there is none stated. */
static bool detail_of(const struct lines *v, const struct line *l, const struct leaf *p, uint32_t after, struct parts *ret)
{
    uint32_t end = l->row + l->rows;
    account_code taken = 0;
    *ret = (struct parts){ .complete = 0xfff };
    for (struct account_run a = run_next(v, after, end), next; a.first < end; a = next) {
        account_code c = v->unit->leaf[a.first].key.account;
        next = run_next(v, a.end, end);
        if (!account_is_below(l, p->key.account, c)) break;
        if (taken && code_account_below(taken, c)) continue;
        const struct leaf *row = line_row_of(v, a.first, a.end, p->key.measure, p->key.source, p->key.stage);
        if (row) {
            struct series s;
            line_row_series(row, &s);
            add12(ret->reported, s.value);
            ret->complete &= p->key.measure == MEASURE_BUDGET ? (uint16_t)~until(s.first - 1u) : until(s.last);
            taken = c;
            ret->any = true;
        } else if (next.first >= end || !code_account_below(c, v->unit->leaf[next.first].key.account)) {
            ret->complete = 0;
        }
    }
    memcpy(ret->recomputed, ret->reported, sizeof ret->recomputed);
    return ret->any;
}

static uint16_t stage_months(const struct line_item *it, unsigned stage, unsigned first)
{
    unsigned months = 0;
    ASSERT(it);                         /* a reported row makes its line an item */
    for (unsigned m = first - 1; m < 12; m++) {
        if (it->stage[m] != stage) continue;
        ASSERT(it->stated >> m & 1);    /* the row itself states it */
        months |= 1u << m;
    }
    return (uint16_t)months;
}

static void row_claims(const struct lines *v, uint32_t i, const struct leaf *row, uint32_t after, struct claims *ret)
{
    const struct line *l = &v->line[i];
    struct parts parts;
    struct series s;
    if (!line_row_counts(row) || row->key.measure == MEASURE_CASH_PLAN || !line_row_reported(row)) return;
    if (!detail_of(v, l, row, after, &parts)) return;
    line_row_series(row, &s);
    bool budget = row->key.measure == MEASURE_BUDGET;
    struct parent p = {
        .line = i, .account = row->key.account, .measure = row->key.measure, .source = row->key.source, .stage = row->key.stage,
        .value = s.value, .row = row,
        .months = budget ? stage_months(line_item_of(v, l, MEASURE_BUDGET, row->key.source), row->key.stage, s.first) : s.reported,
    };
    parent_judge(v, &p, &parts, ret);
}

static void detail_claims(const struct lines *v, uint32_t i, struct claims *ret)
{
    const struct line *l = &v->line[i];
    uint32_t end = l->row + l->rows;
    for (uint32_t r = l->row; r < end; r++) row_claims(v, i, &v->unit->leaf[r], line_account_end(v, r, end), ret);
}

void claim_parents(const struct lines *v, struct claims *ret)
{
    for (uint32_t i = 0; i < v->count; i++) {
        const struct line *l = &v->line[i];
        for (uint32_t j = l->item; j < l->item + l->items; j++) {
            const struct line_item *it = &v->item[j];
            if (!(it->flags & LINE_COUNTED) && it->measure != MEASURE_CASH_PLAN) line_claims(v, i, it, ret);
        }
        if (l->rows > l->own) detail_claims(v, i, ret);
    }
}
