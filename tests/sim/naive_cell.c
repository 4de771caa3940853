/* naive_cell.c - from the view of a unit to what it adds to its nodes, and the sums over regions (domain.md 4;
 * aggregator/derive.h).
 *
 * Every counted line adds itself to every node it lies under. Within a unit contributions to one node are one cell (an office is
 * one office); cells of a unit then go to its region and every region above, all into one long list, which is sorted and summed
 * when it is printed. Invariant: nothing is ever subtracted. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/derive.h"
#include "naive_part.h"

struct naive_cell {
    region_code region;
    unsigned year, kind, derived, source;
    uint64_t node;
    i128 value[NAIVE_MONTHS];
    int64_t offices[NAIVE_MONTHS], lines, bare, assumed;
};
struct naive_cells { struct naive_cell *cell; size_t count; };

struct unit_cells { struct naive_cell *cell; size_t count; unsigned year; };
struct node { unsigned kind; uint64_t code; };
enum { NODES = 16 };

/* ---- nodes ---- */

/* Every node a line lies under, itself included. */
static size_t nodes_of(struct naive_line l, struct node ret[NODES])
{
    size_t n = 0;
    ret[n++] = (struct node){ NODE_TOTAL, 0 };
    if (l.activity == CODE_TOTAL) return n;
    ret[n++] = (struct node){ NODE_TOTAL, l.activity ? 1 : 2 };
    for (activity_code a = l.activity; a; a = code_parent(a)) ret[n++] = (struct node){ NODE_ACTIVITY, a };
    for (account_code a = l.account; a; a = code_account_parent(a)) ret[n++] = (struct node){ NODE_ACCOUNT, a };
    if (code_account_depth(l.account) == 2) ret[n++] = (struct node){ NODE_ACCOUNT_LINE, l.account };
    return n;
}

static struct naive_cell *cell_at(struct unit_cells *c, struct node node, unsigned derived, unsigned source)
{
    for (size_t i = 0; i < c->count; i++) {
        struct naive_cell *x = &c->cell[i];
        if (x->node == node.code && x->kind == node.kind && x->derived == derived && x->source == source) return x;
    }
    struct naive_cell *x = NAIVE_ADD(c->cell, c->count);
    memset(x, 0, sizeof *x);
    x->year = c->year;
    x->kind = node.kind;
    x->node = node.code;
    x->derived = derived;
    x->source = source;
    return x;
}

static void offices_until(struct naive_cell *x, unsigned last)
{
    for (unsigned m = 1; m <= last; m++) x->offices[m] = 1;
}

static void values_add(struct naive_cell *x, const i128 value[NAIVE_MONTHS])
{
    for (unsigned m = 1; m <= 12; m++) x->value[m] += value[m];
}

static unsigned derived_of(unsigned measure)
{
    return measure == MEASURE_BUDGET ? DERIVED_BUDGET : measure == MEASURE_REALISED ? DERIVED_REALISED : DERIVED_CASH_PLAN;
}

/* The stage murni from month 1 on: before it begins, as it begins. */
static unsigned murni_month(const struct naive_pick *p, unsigned m) { return m < p->first.first ? p->first.first : m; }

/* ---- lines ---- */

static void line_add(struct naive_cell *x, const struct naive_item *item, const i128 value[NAIVE_MONTHS], unsigned last)
{
    values_add(x, value);
    offices_until(x, last);
    x->lines++;
    x->bare += item->bare;
}

static void counted_add(struct unit_cells *c, const struct naive_item *item, struct node node)
{
    bool budget = item->measure == MEASURE_BUDGET;
    i128 murni[NAIVE_MONTHS];
    struct naive_cell *x = cell_at(c, node, derived_of(item->measure), item->source);
    line_add(x, item, item->value, budget ? 12 : item->series.last);
    x->assumed += budget && item->pick.assumed;
    if (!budget || item->pick.murni == NAIVE_NO_STAGE) return;
    for (unsigned m = 1; m <= 12; m++) murni[m] = item->pick.first.at[murni_month(&item->pick, m)];
    line_add(cell_at(c, node, DERIVED_BUDGET_MURNI, item->source), item, murni, 12);
}

static void control_add(struct unit_cells *c, const struct naive_item *item)
{
    struct node node = { NODE_TOTAL, 0 };
    bool budget = item->measure == MEASURE_BUDGET;
    if (item->measure == MEASURE_CASH_PLAN) return;
    if (!item->line.activity) node = (struct node){ NODE_ACCOUNT, item->line.account };
    else if (item->line.activity != CODE_TOTAL) node = (struct node){ NODE_ACTIVITY, item->line.activity };
    struct naive_cell *x = cell_at(c, node, budget ? DERIVED_CONTROL_BUDGET : DERIVED_CONTROL_REALISED, item->source);
    values_add(x, item->value);
    for (unsigned m = 1; m <= 12; m++) x->offices[m] = budget ? item->pick.own[m] : item->series.last >= m;
}

static void item_add(struct unit_cells *c, const struct naive_item *item)
{
    struct node node[NODES];
    size_t n = nodes_of(item->line, node);
    for (size_t i = 0; i < n; i++) {
        if (item->counted && node[i].kind != NODE_ACCOUNT) counted_add(c, item, node[i]);      /* accounts: from the rows, below */
        if (item->measure == MEASURE_CASH_PLAN) continue;
        offices_until(cell_at(c, node[i], DERIVED_PRESENCE, SOURCE_NONE), item->measure == MEASURE_BUDGET ? 12 : item->series.last);
    }
    if (!item->counted) control_add(c, item);
}

/* ---- rekening ---- */

static void account_add(struct unit_cells *c, account_code prefix, unsigned derived, unsigned source,
                        const i128 value[NAIVE_MONTHS], unsigned last, bool assumed)
{
    struct node node = { NODE_ACCOUNT, prefix };
    struct naive_cell *x = cell_at(c, node, derived, source);
    values_add(x, value);
    offices_until(x, last);
    x->lines++;
    x->assumed += assumed;
    if (derived != DERIVED_CASH_PLAN) offices_until(cell_at(c, node, DERIVED_PRESENCE, SOURCE_NONE), last);
}

static void flow_prefix(struct unit_cells *c, const struct naive_view *v, const struct naive_item *item, account_code prefix)
{
    struct naive_series s;
    naive_shallow(v->u, item->line, prefix, item->measure, item->source, STAGE_NONE, &s);
    if (!s.there) return;
    account_add(c, prefix, derived_of(item->measure), item->source, s.at,
                naive_last(v->u, item->line, prefix, item->measure, item->source, STAGE_NONE), false);
}

static void budget_prefix(struct unit_cells *c, const struct naive_view *v, const struct naive_item *item,
                          const struct naive_pick *p, account_code prefix)
{
    i128 value[NAIVE_MONTHS] = { 0 };
    struct naive_series s;
    bool there = false;
    for (unsigned m = 1; m <= 12; m++) {
        if (!p->own[m]) continue;
        naive_shallow(v->u, item->line, prefix, MEASURE_BUDGET, item->source, (unsigned)p->stage[m], &s);
        if (s.there) value[m] = s.at[p->at[m]];
        there |= s.there;
    }
    if (there) account_add(c, prefix, DERIVED_BUDGET, item->source, value, 12, p->assumed);
    if (p->murni == NAIVE_NO_STAGE) return;
    naive_shallow(v->u, item->line, prefix, MEASURE_BUDGET, item->source, (unsigned)p->murni, &s);
    for (unsigned m = 1; m <= 12; m++) value[m] = s.at[murni_month(p, m)];
    if (s.there) account_add(c, prefix, DERIVED_BUDGET_MURNI, item->source, value, 12, false);
}

static void prefixes_add(account_code **prefix, size_t *n, account_code account)
{
    for (account_code a = account; a; a = code_account_parent(a)) {
        size_t i = 0;
        while (i < *n && (*prefix)[i] != a) i++;
        if (i < *n) return;
        *NAIVE_ADD(*prefix, *n) = a;
    }
}

static void accounts_add(struct unit_cells *c, const struct naive_view *v, const struct naive_item *item)
{
    account_code *prefix = NULL;
    struct naive_pick p;
    size_t n = 0;
    for (size_t i = 0; i < v->u.rows; i++) {
        const struct naive_row *r = &v->u.row[i];
        if (r->account && r->measure == item->measure && r->source == item->source && naive_same_line(naive_line_of(r), item->line))
            prefixes_add(&prefix, &n, r->account);
    }
    if (item->measure == MEASURE_BUDGET && n) naive_pick(v->u, item->line, item->source, true, &p);
    for (size_t i = 0; i < n; i++) {
        if (item->measure != MEASURE_BUDGET) flow_prefix(c, v, item, prefix[i]);
        else if (p.any) budget_prefix(c, v, item, &p, prefix[i]);
    }
    free(prefix);
}

/* ---- findings ---- */

static void findings_add(struct unit_cells *c, const struct naive_view *v, size_t line)
{
    const unsigned *found = &v->found[line * NAIVE_MONTHS];
    struct node node[NODES];
    size_t n = nodes_of(v->line[line], node);
    for (size_t i = 0; i < n; i++)
        for (unsigned m = 1; m <= 12; m++)
            if (found[m]) cell_at(c, node[i], DERIVED_FINDINGS, SOURCE_NONE)->value[m] += found[m];
}

/* ---- regions ---- */

struct naive_cells *naive_cells_new(void)
{
    struct naive_cells *c = calloc(1, sizeof *c);
    ASSERT(c);
    return c;
}

void naive_cells_free(struct naive_cells *c)
{
    free(c->cell);
    free(c);
}

void naive_cells_unit(struct naive_cells *c, region_code region, unsigned year, struct naive_unit u)
{
    struct unit_cells own = { .year = year };
    struct naive_view v;
    naive_view(u, &v);
    naive_claims(&v);
    for (size_t i = 0; i < v.items; i++) {
        item_add(&own, &v.item[i]);
        if (v.item[i].counted) accounts_add(&own, &v, &v.item[i]);
    }
    for (size_t i = 0; i < v.lines; i++) findings_add(&own, &v, i);
    for (size_t i = 0; i < own.count; i++)
        for (region_code r = region;; r = code_region_parent(r)) {
            struct naive_cell *x = NAIVE_ADD(c->cell, c->count);
            *x = own.cell[i];
            x->region = r;
            if (r == 0) break;
        }
    free(own.cell);
    naive_view_done(&v);
}

static int cell_order(const void *a, const void *b)
{
    const struct naive_cell *x = a, *y = b;
    if (x->region != y->region) return x->region < y->region ? -1 : 1;
    if (x->year != y->year) return x->year < y->year ? -1 : 1;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    if (x->node != y->node) return x->node < y->node ? -1 : 1;
    if (x->derived != y->derived) return x->derived < y->derived ? -1 : 1;
    return (x->source > y->source) - (x->source < y->source);
}

static bool cell_zero(const struct naive_cell *x)
{
    for (unsigned m = 1; m <= 12; m++)
        if (x->value[m] || x->offices[m]) return false;
    return !x->lines && !x->bare && !x->assumed;
}

static void cell_put(const struct naive_cell *x, struct buf *out)
{
    char region[8], code[48] = "", number[48];
    code_region_format(x->region, region);
    if (x->kind == NODE_ACTIVITY) code_format_activity(x->node, code);
    else if (x->kind == NODE_ACCOUNT || x->kind == NODE_ACCOUNT_LINE) code_format_account(x->node, code);
    else bytes_i128_text((i128)x->node, code);
    buf_printf(out, "cell\t%s\t%u\t%s\t%s\t%s\t%u\t%s\t", region, x->year,
               x->kind == NODE_TOTAL      ? "total"
               : x->kind == NODE_ACTIVITY ? "activity"
               : x->kind == NODE_ACCOUNT  ? "account"
                                          : "account-line",
               x->kind == NODE_ACTIVITY ? code_vintage_name(code_vintage(x->node)) : "", code, x->derived,
               figure_source_name(x->source));
    for (unsigned m = 1; m <= 12; m++) {
        bytes_i128_text(x->value[m], number);
        if (m > 1) buf_u8(out, ' ');
        buf_str(out, number);
    }
    for (unsigned m = 1; m <= 12; m++) {
        bytes_i128_text(x->offices[m], number);
        buf_u8(out, m > 1 ? ' ' : '\t');
        buf_str(out, number);
    }
    buf_printf(out, "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\n", x->lines, x->bare, x->assumed);
}

void naive_cells_put(struct naive_cells *c, struct buf *out)
{
    if (c->count) qsort(c->cell, c->count, sizeof *c->cell, cell_order);
    for (size_t i = 0, end; i < c->count; i = end) {
        struct naive_cell sum = c->cell[i];
        for (end = i + 1; end < c->count && cell_order(&c->cell[i], &c->cell[end]) == 0; end++) {
            const struct naive_cell *x = &c->cell[end];
            values_add(&sum, x->value);
            for (unsigned m = 1; m <= 12; m++) sum.offices[m] += x->offices[m];
            sum.lines += x->lines;
            sum.bare += x->bare;
            sum.assumed += x->assumed;
        }
        if (!cell_zero(&sum)) cell_put(&sum, out);
    }
}
