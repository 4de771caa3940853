/* compare.c - see compare.h.
 *
 * Design notes: the prints of a unit are gathered once; a column is a run of them with the same table, column and named source,
 * found by marking what is done. A column is gone over once per thing it could repeat and once more to say what differs, which is
 * cheap for the tables of a report and keeps the choice in one place.
 * Invariant: a print gives at most one claim; a column whose prints all agree gives none. */
#include "compare.h"

#include <stdlib.h>

#include "compare_tree.h"
#include "proto/decimal.h"
#include "proto/status.h"

struct print {
    const struct leaf *row;
    const struct slot *slot;
    uint8_t month;                      /* 1..12 */
    bool done;
};
struct compare {
    struct lines v;
    const struct unit *u;
    struct print *print;
    uint32_t prints;
    compare_fn fn;
    void *ctx;
};

static bool is_print(unsigned measure) { return measure >= MEASURE_COMPARED_BUDGET && measure <= MEASURE_COMPARED_ABSORPTION; }

static int gather(struct compare *w, unsigned until)
{
    w->print = calloc(w->u->count ? w->u->count : 1, sizeof *w->print);
    if (!w->print) return ST_NO_MEMORY;
    for (uint32_t i = 0; i < w->u->count; i++) {
        const struct leaf *row = &w->u->leaf[i];
        if (!is_print(row->key.measure)) continue;
        for (unsigned m = until; m-- > 0;)
            if (figure_kind_reported(row->slot[m].kind)) {
                w->print[w->prints++] = (struct print){.row = row, .slot = &row->slot[m], .month = (uint8_t)(m + 1)};
                break;
            }
    }
    return ST_OK;
}

/* ---- what is stated ---- */

static bool item_value(const struct compare *w, const struct line_item *it, unsigned month, i128 *ret)
{
    const struct series *s = &w->v.series[it->series];
    bool there = it->measure == MEASURE_BUDGET ? it->stated >> (month - 1) & 1 : s->first > 0 && s->first <= month;
    if (there) *ret = s->value[month - 1];
    return there;
}

static bool sum_below(const struct compare *w, const struct line *above, unsigned measure, unsigned source, unsigned month,
                      i128 *ret)
{
    i128 sum = 0, one;
    bool any = false;
    for (uint32_t j = 0; j < w->v.count; j++) {
        const struct line *l = &w->v.line[j];
        const struct line_item *it = line_below(above, l) ? line_counted_of(&w->v, l, measure, source) : NULL;
        if (!it || !item_value(w, it, month, &one)) continue;
        sum += one;
        any = true;
    }
    if (any) *ret = sum;
    return any;
}

/* The figure of the print's own line as stated, else what the lines below it add up to. */
static bool stated(const struct compare *w, const struct print *p, unsigned measure, unsigned source, i128 *ret)
{
    const struct leaf_key *k = &p->row->key;
    const struct line at = {.activity = k->activity, .account = k->activity ? 0 : k->account};
    const struct line *l = line_find(&w->v, at.activity, at.account);
    const struct line_item *it = l ? line_item_of(&w->v, l, measure, source) : NULL;
    if (it && item_value(w, it, p->month, ret)) return true;
    return sum_below(w, &at, measure, source, p->month, ret);
}

static i128 value_of(const struct slot *s) { return s->kind == VALUE_NUMBER ? s->value : 0; }

/* The same line and table in another column, in the same month. */
static bool beside(const struct compare *w, const struct print *p, unsigned measure, i128 *ret)
{
    for (uint32_t i = 0; i < w->prints; i++) {
        const struct leaf_key *a = &w->print[i].row->key, *b = &p->row->key;
        if (a->measure != measure || a->activity != b->activity || a->account != b->account || a->indicator !=
            b->indicator) continue;
        if (w->print[i].month != p->month) continue;
        *ret = value_of(w->print[i].slot);
        return true;
    }
    return false;
}

/* ---- one print against one thing it could repeat ---- */

enum { OWN_PAIR = 0xff };               /* beside the sources: of a percentage */
enum verdict { NOTHING, AGREES, DIFFERS };

static enum verdict judge_percent(const struct compare *w, const struct print *p, unsigned basis, struct compare_claim *c)
{
    bool own = basis == OWN_PAIR;
    bool whole = own ? beside(w, p, MEASURE_COMPARED_REALISED, &c->num) && beside(w, p, MEASURE_COMPARED_BUDGET, &c->den)
                     : stated(w, p, MEASURE_REALISED, SOURCE_OPD, &c->num) && stated(w, p, MEASURE_BUDGET, SOURCE_DPA, &c->den);
    if (!whole || c->den == 0 || p->slot->kind != VALUE_NUMBER) return NOTHING;
    c->own_pair = own;
    c->printed = p->slot->value;
    c->decimals = p->slot->decimals;
    return decimal_percent_right(p->slot->value, p->slot->decimals, c->num, c->den) ? AGREES : DIFFERS;
}

static enum verdict judge(const struct compare *w, const struct print *p, unsigned basis, struct compare_claim *c)
{
    const struct leaf_key *k = &p->row->key;
    *c = (struct compare_claim){.code = CODE_BETWEEN_TABLES, .column = (enum compare_column)(k->measure - MEASURE_COMPARED_BUDGET),
                                .source = (uint8_t)basis, .month = p->month, .table = k->indicator, .activity = k->activity,
                                .account = k->account, .prov = p->slot->prov};
    if (c->column == COMPARE_PERCENT) {
        c->code = CODE_PERCENT;
        return judge_percent(w, p, basis, c);
    }
    c->printed = value_of(p->slot);
    if (!stated(w, p, c->column == COMPARE_BUDGET ? MEASURE_BUDGET : MEASURE_REALISED, basis, &c->computed)) return NOTHING;
    return c->printed == c->computed ? AGREES : DIFFERS;
}

/* ---- one column of a table ---- */

static bool same_column(const struct leaf_key *a, const struct leaf_key *b)
{
    return a->indicator == b->indicator && a->measure == b->measure && a->source == b->source;
}

static void count(const struct compare *w, uint32_t first, unsigned basis, uint32_t *ret_agree, uint32_t *ret_of)
{
    struct compare_claim c;
    *ret_agree = *ret_of = 0;
    for (uint32_t i = first; i < w->prints; i++) {
        if (!same_column(&w->print[i].row->key, &w->print[first].row->key)) continue;
        enum verdict v = judge(w, &w->print[i], basis, &c);
        *ret_agree += v == AGREES;
        *ret_of += v != NOTHING;
    }
}

/* What the column repeats: the candidate most rows agree with, the first of equals. False: nothing to compare with. */
static bool choose(const struct compare *w, uint32_t first, unsigned *ret_basis, uint32_t *ret_agree, uint32_t *ret_of)
{
    static const uint8_t BUDGETS[] = {SOURCE_DPA, SOURCE_RENJA, SOURCE_RENSTRA, SOURCE_RPJMD, SOURCE_OPD}, REALISED[] =
        {SOURCE_OPD},
                         PERCENTS[] = {OWN_PAIR, SOURCE_DPA};
    const struct leaf_key *k = &w->print[first].row->key;
    const uint8_t *list = k->measure == MEASURE_COMPARED_BUDGET     ? BUDGETS
                          : k->measure == MEASURE_COMPARED_REALISED ? REALISED
                                                                    : PERCENTS;
    size_t n = k->measure == MEASURE_COMPARED_BUDGET ? sizeof BUDGETS : k->measure == MEASURE_COMPARED_REALISED ? 1
        : sizeof PERCENTS;
    bool found = false;
    if (k->source != SOURCE_NONE) {
        list = &k->source;
        n = 1;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t agree, of;
        count(w, first, list[i], &agree, &of);
        if (of == 0 || (found && agree <= *ret_agree)) continue;
        found = true;
        *ret_basis = list[i];
        *ret_agree = agree;
        *ret_of = of;
    }
    return found;
}

/* A finding about the column as a whole, judged against `basis`. */
static int tell_whole(struct compare *w, uint32_t first, unsigned basis, uint32_t agree, uint32_t of)
{
    struct compare_claim c;
    (void)judge(w, &w->print[first], basis, &c);
    c.whole = true;
    c.code = CODE_BETWEEN_TABLES;
    c.own_pair = basis == OWN_PAIR;
    c.differ = of - agree;
    c.of = of;
    c.activity = CODE_TOTAL;
    c.account = 0;
    return w->fn(w->ctx, &c);
}

static bool is_other(uint32_t agree, uint32_t of) { return of >= COMPARE_WHOLE_ROWS && 2 * agree < of; }

static int tell_column(struct compare *w, uint32_t first, unsigned basis, uint32_t agree, uint32_t of)
{
    struct compare_claim c;
    uint32_t own_agree, own_of;
    int st = ST_OK;
    if (is_other(agree, of)) return tell_whole(w, first, basis, agree, of);
    if (w->print[first].row->key.measure == MEASURE_COMPARED_ABSORPTION && basis != OWN_PAIR) {
        count(w, first, OWN_PAIR, &own_agree, &own_of);
        if (is_other(own_agree, own_of)) st = tell_whole(w, first, OWN_PAIR, own_agree, own_of);
    }
    for (uint32_t i = first; st == ST_OK && i < w->prints; i++)
        if (same_column(&w->print[i].row->key, &w->print[first].row->key) && judge(w, &w->print[i], basis, &c) == DIFFERS)
            st = w->fn(w->ctx, &c);
    return st;
}

/* ---- parents within one column ---- */

/* Every line of the table of print `first`, with its amount where it has one in the column of `first` and its month. */
static size_t points_of(const struct compare *w, uint32_t first, struct compare_point *p, const struct print **print)
{
    const struct leaf_key *head = &w->print[first].row->key;
    size_t n = 0;
    for (uint32_t i = 0; i < w->prints; i++) {
        const struct leaf_key *k = &w->print[i].row->key;
        if (k->indicator != head->indicator || (k->activity && k->account)) continue;
        if (n == 0 || p[n - 1].activity != k->activity || p[n - 1].account != k->account) {
            p[n] = (struct compare_point){.activity = k->activity, .account = k->account};
            print[n++] = &w->print[i];
        }
        if (!same_column(k, head) || w->print[i].month != w->print[first].month) continue;
        p[n - 1].printed = true;
        p[n - 1].amount = value_of(w->print[i].slot);
        print[n - 1] = &w->print[i];
    }
    return n;
}

static int tell_parents(struct compare *w, uint32_t first)
{
    struct compare_point *p = calloc(w->prints, sizeof *p);
    const struct print **print = calloc(w->prints, sizeof *print);
    int st = p && print ? ST_OK : ST_NO_MEMORY;
    size_t n = st == ST_OK ? points_of(w, first, p, print) : 0;
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        struct compare_sum sum;
        struct compare_claim c;
        if (!p[i].printed || !compare_tree_judge(p, n, i, &sum)) continue;
        (void)judge(w, print[i], SOURCE_NONE, &c);
        c.code = compare_tree_code(&sum, p[i].amount);
        c.parent = true;
        c.computed = sum.sum;
        st = w->fn(w->ctx, &c);
    }
    free(p);
    free(print);
    return st;
}

static int all_columns(struct compare *w)
{
    int st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < w->prints; i++) {
        unsigned basis = SOURCE_NONE;
        uint32_t agree = 0, of = 0;
        if (w->print[i].done) continue;
        for (uint32_t k = i; k < w->prints; k++)
            w->print[k].done |= same_column(&w->print[k].row->key, &w->print[i].row->key);
        if (choose(w, i, &basis, &agree, &of)) st = tell_column(w, i, basis, agree, of);
        if (st == ST_OK && w->print[i].row->key.measure != MEASURE_COMPARED_ABSORPTION) st = tell_parents(w, i);
    }
    return st;
}

int compare_claims(struct unit *u, unsigned until, compare_fn fn, void *ctx)
{
    struct compare w = {.u = u, .fn = fn, .ctx = ctx};
    bool any = false;
    for (uint32_t i = 0; i < u->count && !any; i++) any = is_print(u->leaf[i].key.measure);
    if (!any || u->year == 0) return ST_OK;
    line_view_init(&w.v);
    int st = line_view(u, &w.v);
    if (st == ST_OK) st = gather(&w, until);
    if (st == ST_OK) st = all_columns(&w);
    free(w.print);
    line_view_done(&w.v);
    return st;
}
