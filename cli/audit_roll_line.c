/* audit_roll_line.c - lines, their series, the budget in force and what is counted, each answered by looking at all rows.
 *
 * A line is an activity, `total`, or an account-only line; its series is its own row, else the sum of its rekening rows that have
 * none above them (intake.md 4). A budget line's stages are candidates with a start; a complete stage without the line is a
 * candidate of value 0 (domain.md 4). For an account-only line the own row has an account too, so "the rows with an account that
 * have none above them" is the own row when it is there: one rule serves both.
 * Invariant: nothing here remembers anything between two calls. */
#include <stdlib.h>
#include <string.h>

#include "cli/audit_roll.h"

void *audit_roll_more(void *array, size_t count, size_t size)
{
    if (count & (count - 1)) return array;
    return audit_memory(array, count != 0 ? 2 * count : 1, size);
}

/* ---- rows ---- */

static bool slot_reported(const struct audit_roll_slot *s) { return s->kind == VALUE_NUMBER || s->kind == VALUE_NIL; }

/* Of the line itself: no name, marker, copy from another table, end of a plan. */
static bool own_measure(const struct audit_roll_row *r)
{
    static const unsigned NOT[] = {
        MEASURE_NAME,       MEASURE_COMPLETE, MEASURE_COMPARED_BUDGET, MEASURE_COMPARED_REALISED, MEASURE_COMPARED_ABSORPTION,
        MEASURE_PLAN_START, MEASURE_PLAN_END, MEASURE_PLAN_END_BUDGET, MEASURE_PLAN_REACHED,      MEASURE_PLAN_REALISED,
        MEASURE_PLAN_START_UNIT, MEASURE_PLAN_END_UNIT,
        MEASURE_COMPONENT
    };
    for (size_t i = 0; i < sizeof NOT / sizeof *NOT; i++)
        if (r->measure == NOT[i]) return false;
    return true;
}

static struct audit_roll_line row_line(const struct audit_roll_row *r)
{
    unsigned depth = audit_code_account_depth(r->account);
    if (r->activity) return (struct audit_roll_line){ r->activity, 0 };
    return (struct audit_roll_line){ 0, audit_code_account_ancestor(r->account, depth < 2 ? depth : 2) };
}

void audit_roll_row_done(struct audit_roll_row *r)
{
    r->line = row_line(r);
    r->reported = false;
    for (unsigned m = 1; m <= 12; m++) r->reported |= slot_reported(&r->slot[m]);
}

void audit_roll_row_series(const struct audit_roll_row *r, struct audit_roll_series *ret)
{
    i128 state = 0;
    memset(ret, 0, sizeof *ret);
    for (unsigned m = 1; m <= 12; m++) {
        const struct audit_roll_slot *s = &r->slot[m];
        if (slot_reported(s)) {
            bool step = r->measure != MEASURE_BUDGET && s->basis == BASIS_MONTHLY;
            i128 value = s->kind == VALUE_NIL ? 0 : s->value;
            state = step ? state + value : value;
            ret->reported[m] = ret->there = true;
            if (!ret->first) ret->first = m;
            ret->last = m;
        }
        ret->at[m] = state;
    }
}

/* ---- lines ---- */

bool audit_roll_line_below(struct audit_roll_line above, struct audit_roll_line l)
{
    if (audit_roll_same_line(above, l)) return false;
    if (above.activity == CODE_TOTAL) return true;
    if (l.activity == CODE_TOTAL) return false;
    if (above.activity) return l.activity && audit_code_below(above.activity, l.activity);
    return !l.activity && audit_code_account_below(above.account, l.account);
}

/* Equal or below; everything is within 0. */
static bool account_within(account_code prefix, account_code account)
{
    return account != 0 && (prefix == 0 || prefix == account || audit_code_account_below(prefix, account));
}

static bool row_is(const struct audit_roll_row *r, struct audit_roll_line l, unsigned measure, unsigned source, unsigned stage)
{
    return r->measure == measure && r->source == source && r->stage == stage && r->indicator.n == 0 &&
           audit_roll_same_line(audit_roll_line_of(r), l);
}

const struct audit_roll_row *audit_roll_find(struct audit_roll_unit u, struct audit_roll_line l, account_code account,
                                             unsigned measure, unsigned source, unsigned stage)
{
    for (const struct audit_roll_row *r = u.row; r < u.row + u.rows; r++)
        if (r->account == account && audit_roll_is_reported(r) && row_is(r, l, measure, source, stage)) return r;
    return NULL;
}

static bool has_row_above(struct audit_roll_unit u, struct audit_roll_line l, account_code prefix, const struct audit_roll_row *r)
{
    for (account_code a = audit_code_account_parent(r->account); a; a = audit_code_account_parent(a))
        if (account_within(prefix, a) && audit_roll_find(u, l, a, r->measure, r->source, r->stage)) return true;
    return false;
}

static void series_add(struct audit_roll_series *to, const struct audit_roll_series *s)
{
    for (unsigned m = 1; m <= 12; m++) {
        to->at[m] += s->at[m];
        to->reported[m] |= s->reported[m];
    }
    if (!to->there || s->first < to->first) to->first = s->first;
    if (s->last > to->last) to->last = s->last;
    to->there = true;
}

void audit_roll_shallow(struct audit_roll_unit u, struct audit_roll_line l, account_code prefix, unsigned measure, unsigned source,
                        unsigned stage, struct audit_roll_series *ret)
{
    memset(ret, 0, sizeof *ret);
    for (size_t i = 0; i < u.rows; i++) {
        const struct audit_roll_row *r = &u.row[i];
        struct audit_roll_series s;
        if (!account_within(prefix, r->account) || !row_is(r, l, measure, source, stage) || !audit_roll_is_reported(r))
            continue;
        if (has_row_above(u, l, prefix, r)) continue;
        audit_roll_row_series(r, &s);
        series_add(ret, &s);
    }
}

unsigned audit_roll_last(struct audit_roll_unit u, struct audit_roll_line l, account_code prefix, unsigned measure, unsigned source,
                         unsigned stage)
{
    unsigned last = 0;
    for (size_t i = 0; i < u.rows; i++) {
        struct audit_roll_series s;
        if (!account_within(prefix, u.row[i].account) || !row_is(&u.row[i], l, measure, source, stage)) continue;
        audit_roll_row_series(&u.row[i], &s);
        if (s.last > last) last = s.last;
    }
    return last;
}

/* The line in one stage: its own row, else its rekening rows. */
static void stage_series(struct audit_roll_unit u, struct audit_roll_line l, unsigned measure, unsigned source, unsigned stage,
                         bool accounts_only, struct audit_roll_series *ret)
{
    const struct audit_roll_row *own = l.activity && !accounts_only ? audit_roll_find(u, l, 0, measure, source, stage) : NULL;
    if (own)
        audit_roll_row_series(own, ret);
    else
        audit_roll_shallow(u, l, 0, measure, source, stage, ret);
}

/* ---- the budget in force ---- */

struct candidate {
    unsigned start, stage;
    bool own;
    struct audit_roll_series series;
};
enum { CANDIDATES = 128 };

static bool has_stage(const struct candidate *c, size_t n, unsigned stage)
{
    for (size_t i = 0; i < n; i++)
        if (c[i].stage == stage) return true;
    return false;
}

static size_t candidates(struct audit_roll_unit u, struct audit_roll_line l, unsigned source, bool accounts_only,
                         struct candidate *c)
{
    size_t n = 0;
    for (size_t i = 0; i < u.rows; i++) { /* stages of the line */
        const struct audit_roll_row *r = &u.row[i];
        if (r->measure != MEASURE_BUDGET || r->source != source || !audit_roll_same_line(audit_roll_line_of(r), l)) continue;
        if (has_stage(c, n, r->stage)) continue;
        assert(n < CANDIDATES);
        stage_series(u, l, MEASURE_BUDGET, source, r->stage, accounts_only, &c[n].series);
        if (!c[n].series.there) continue;
        c[n].start = c[n].series.first;
        c[n].stage = r->stage;
        c[n++].own = true;
    }
    for (size_t i = 0; i < u.rows; i++) { /* complete stages without the line */
        const struct audit_roll_row *r = &u.row[i];
        if (r->measure != MEASURE_COMPLETE || r->source != source || !audit_roll_is_reported(r) || has_stage(c, n, r->stage))
            continue;
        assert(n < CANDIDATES);
        audit_roll_row_series(r, &c[n].series);
        c[n].start = c[n].series.first;
        c[n].stage = r->stage;
        c[n++].own = false;
    }
    return n;
}

static bool newer(const struct candidate *a, const struct candidate *b)
{
    return a->start != b->start ? a->start > b->start : a->stage > b->stage;
}

static void pick_month(const struct candidate *c, size_t n, unsigned m, struct audit_roll_pick *p)
{
    const struct candidate *in_force = NULL, *oldest = NULL;
    for (size_t i = 0; i < n; i++) {
        if (c[i].start <= m && (!in_force || newer(&c[i], in_force))) in_force = &c[i];
        if (!oldest || newer(oldest, &c[i])) oldest = &c[i];
    }
    assert(oldest);
    bool stretched = !in_force && oldest->own;
    if (stretched) in_force = oldest;
    p->stage[m] = in_force ? (int)in_force->stage : AUDIT_ROLL_NO_STAGE;
    p->own[m] = in_force && in_force->own;
    p->at[m] = stretched ? oldest->start : m;
    p->value[m] = p->own[m] ? in_force->series.at[p->at[m]] : 0;
    p->assumed |= stretched;
}

void audit_roll_pick(struct audit_roll_unit u, struct audit_roll_line l, unsigned source, bool accounts_only,
                     struct audit_roll_pick *ret)
{
    struct candidate c[CANDIDATES];
    size_t n = candidates(u, l, source, accounts_only, c);
    memset(ret, 0, sizeof *ret);
    ret->murni = AUDIT_ROLL_NO_STAGE;
    for (size_t i = 0; i < n; i++) {
        ret->any |= c[i].own;
        if (!c[i].own || (c[i].stage != STAGE_MURNI && (c[i].stage != STAGE_NONE || ret->murni == STAGE_MURNI))) continue;
        ret->murni = (int)c[i].stage;
        ret->first = c[i].series;
    }
    for (unsigned m = 1; ret->any && m <= 12; m++) pick_month(c, n, m, ret);
}

/* ---- the view of a unit ---- */

static bool is_channel(unsigned measure)
{
    return measure == MEASURE_BUDGET || measure == MEASURE_REALISED || measure == MEASURE_CASH_PLAN;
}

const struct audit_roll_item *audit_roll_item_of(const struct audit_roll_view *v, struct audit_roll_line l, unsigned measure,
                                                 unsigned source)
{
    for (size_t i = 0; i < v->items; i++)
        if (v->item[i].measure == measure && v->item[i].source == source && audit_roll_same_line(v->item[i].line, l))
            return &v->item[i];
    return NULL;
}

static void line_add(struct audit_roll_view *v, struct audit_roll_line l)
{
    for (size_t i = 0; i < v->lines; i++)
        if (audit_roll_same_line(v->line[i], l)) return;
    *AUDIT_ROLL_ADD(v->line, v->lines) = l;
}

/* States the line in the channel if it has anything there. */
static void item_add(struct audit_roll_view *v, struct audit_roll_line l, unsigned measure, unsigned source)
{
    struct audit_roll_item x;
    if (audit_roll_item_of(v, l, measure, source)) return;
    memset(&x, 0, sizeof x);
    x.line = l;
    x.measure = measure;
    x.source = source;
    if (measure == MEASURE_BUDGET)
        audit_roll_pick(v->u, l, source, false, &x.pick);
    else
        stage_series(v->u, l, measure, source, STAGE_NONE, false, &x.series);
    if (!x.pick.any && !x.series.there) return;
    memcpy(x.value, measure == MEASURE_BUDGET ? x.pick.value : x.series.at, sizeof x.value);
    *AUDIT_ROLL_ADD(v->item, v->items) = x;
}

static bool above_leaf(struct audit_roll_line l)
{
    if (!l.activity) return audit_code_account_depth(l.account) < 2;
    return audit_code_level(l.activity) < audit_code_leaf_level(audit_code_vintage(l.activity));
}

static bool stated_below(const struct audit_roll_view *v, const struct audit_roll_item *x)
{
    for (size_t i = 0; i < v->items; i++)
        if (v->item[i].measure == x->measure && v->item[i].source == x->source && audit_roll_line_below(x->line, v->item[i].line))
            return true;
    return false;
}

void audit_roll_view(struct audit_roll_unit u, struct audit_roll_view *ret)
{
    *ret = (struct audit_roll_view){ .u = u };
    for (size_t i = 0; i < u.rows; i++) {
        const struct audit_roll_row *r = &u.row[i];
        if ((!r->activity && !r->account) || !own_measure(r) || !audit_roll_is_reported(r))
            continue; /* a marker; nothing said */
        line_add(ret, audit_roll_line_of(r));
        if (is_channel(r->measure)) item_add(ret, audit_roll_line_of(r), r->measure, r->source);
    }
    for (size_t i = 0; i < ret->items; i++) {
        struct audit_roll_item *x = &ret->item[i];
        x->counted = x->line.activity != CODE_TOTAL && !stated_below(ret, x);
        x->bare = x->counted && above_leaf(x->line);
    }
    ret->found = audit_memory(NULL, ret->lines * AUDIT_ROLL_MONTHS + 1, sizeof *ret->found);
    memset(ret->found, 0, (ret->lines * AUDIT_ROLL_MONTHS + 1) * sizeof *ret->found);
}

unsigned audit_roll_last_realised(const struct audit_roll_view *v)
{
    unsigned last = 0;
    for (size_t i = 0; i < v->items; i++)
        if (v->item[i].measure == MEASURE_REALISED && v->item[i].series.last > last) last = v->item[i].series.last;
    return last;
}

void audit_roll_view_done(struct audit_roll_view *v)
{
    free(v->line);
    free(v->item);
    free(v->found);
}
