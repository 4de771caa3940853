/* audit_roll_cell.c - from the view of a unit to what it adds to its nodes, and the sums over regions (domain.md 4;
 * aggregator/derive.h).
 *
 * Every counted line adds itself to every node it lies under. Within a unit contributions to one node are one cell (an office is
 * one office); cells of a unit then go to its region and every region above, all into one list, which is sorted and summed when it
 * is full and when it is printed; what is still too many then goes to disk and is summed when read (audit_spill.c).
 * Invariant: nothing is ever subtracted. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/audit_roll.h"

struct audit_roll_cells {
    struct audit_roll_cell *cell;
    size_t count, size, most;
    struct audit_spill *spilt; /* summed parts of cells; NULL: all fit */
    struct audit_room room;
    region_code region;
};

struct unit_cells {
    struct audit_roll_cell *cell;
    size_t count;
    unsigned year;
};
struct node {
    unsigned kind;
    uint64_t code;
};
enum { NODES = 16, CELLS_MOST = 1 << 17, CELL_KEY = 48 };

/* ---- nodes ---- */

/* Every node a line lies under, itself included. */
static size_t nodes_of(struct audit_roll_line l, struct node ret[NODES])
{
    size_t n = 0;
    ret[n++] = (struct node){ NODE_TOTAL, 0 };
    if (l.activity == CODE_TOTAL) return n;
    ret[n++] = (struct node){ NODE_TOTAL, l.activity ? 1 : 2 };
    for (activity_code a = l.activity; a; a = audit_code_parent(a)) ret[n++] = (struct node){ NODE_ACTIVITY, a };
    for (account_code a = l.account; a; a = audit_code_account_parent(a)) ret[n++] = (struct node){ NODE_ACCOUNT, a };
    if (audit_code_account_depth(l.account) == 2) ret[n++] = (struct node){ NODE_ACCOUNT_LINE, l.account };
    return n;
}

static struct audit_roll_cell *cell_at(struct unit_cells *c, struct node node, unsigned derived, unsigned source)
{
    for (size_t i = 0; i < c->count; i++) {
        struct audit_roll_cell *x = &c->cell[i];
        if (x->node == node.code && x->kind == node.kind && x->derived == derived && x->source == source) return x;
    }
    struct audit_roll_cell *x = AUDIT_ROLL_ADD(c->cell, c->count);
    memset(x, 0, sizeof *x);
    x->year = c->year;
    x->kind = node.kind;
    x->node = node.code;
    x->derived = derived;
    x->source = source;
    return x;
}

static void offices_until(struct audit_roll_cell *x, unsigned last)
{
    for (unsigned m = 1; m <= last; m++) x->offices[m] = 1;
}

static void values_add(struct audit_roll_cell *x, const i128 value[AUDIT_ROLL_MONTHS])
{
    for (unsigned m = 1; m <= 12; m++) x->value[m] += value[m];
}

static unsigned derived_of(unsigned measure)
{
    return measure == MEASURE_BUDGET ? DERIVED_BUDGET : measure == MEASURE_REALISED ? DERIVED_REALISED : DERIVED_CASH_PLAN;
}

/* The stage murni from month 1 on: before it begins, as it begins. */
static unsigned murni_month(const struct audit_roll_pick *p, unsigned m) { return m < p->first.first ? p->first.first : m; }

/* ---- lines ---- */

static void line_add(struct audit_roll_cell *x, const struct audit_roll_item *item, const i128 value[AUDIT_ROLL_MONTHS],
                     unsigned last)
{
    values_add(x, value);
    offices_until(x, last);
    x->lines++;
    x->bare += item->bare;
}

static void counted_add(struct unit_cells *c, const struct audit_roll_item *item, struct node node)
{
    bool budget = item->measure == MEASURE_BUDGET;
    i128 murni[AUDIT_ROLL_MONTHS];
    struct audit_roll_cell *x = cell_at(c, node, derived_of(item->measure), item->source);
    line_add(x, item, item->value, budget ? 12 : item->series.last);
    x->assumed += budget && item->pick.assumed;
    if (!budget || item->pick.murni == AUDIT_ROLL_NO_STAGE) return;
    for (unsigned m = 1; m <= 12; m++) murni[m] = item->pick.first.at[murni_month(&item->pick, m)];
    line_add(cell_at(c, node, DERIVED_BUDGET_MURNI, item->source), item, murni, 12);
}

static void control_add(struct unit_cells *c, const struct audit_roll_item *item)
{
    struct node node = { NODE_TOTAL, 0 };
    bool budget = item->measure == MEASURE_BUDGET;
    if (item->measure == MEASURE_CASH_PLAN) return;
    if (!item->line.activity)
        node = (struct node){ NODE_ACCOUNT, item->line.account };
    else if (item->line.activity != CODE_TOTAL)
        node = (struct node){ NODE_ACTIVITY, item->line.activity };
    struct audit_roll_cell *x = cell_at(c, node, budget ? DERIVED_CONTROL_BUDGET : DERIVED_CONTROL_REALISED, item->source);
    values_add(x, item->value);
    for (unsigned m = 1; m <= 12; m++) x->offices[m] = budget ? item->pick.own[m] : item->series.last >= m;
}

static void item_add(struct unit_cells *c, const struct audit_roll_item *item)
{
    struct node node[NODES];
    size_t n = nodes_of(item->line, node);
    for (size_t i = 0; i < n; i++) {
        if (item->counted && node[i].kind != NODE_ACCOUNT) counted_add(c, item, node[i]); /* accounts: from the rows, below */
        if (item->measure == MEASURE_CASH_PLAN) continue;
        offices_until(cell_at(c, node[i], DERIVED_PRESENCE, SOURCE_NONE), item->measure == MEASURE_BUDGET ? 12 : item->series.last);
    }
    if (!item->counted) control_add(c, item);
}

/* ---- what a budget line can still become ---- */

static bool counted_realised(const struct audit_roll_item *x)
{
    return x->measure == MEASURE_REALISED && x->source == SOURCE_OPD && x->counted;
}

/* The value at the first month after m that is reported, if that is more than what is carried to m; else what is carried. */
static i128 most_at(const struct audit_roll_series *s, unsigned m)
{
    for (unsigned k = m; k <= 12; k++)
        if (s->reported[k]) return s->at[k] > s->at[m] ? s->at[k] : s->at[m];
    return s->at[m];
}

/* The realisation that speaks for a line: how far it is reported, what is carried of it, and the most later reports leave. */
static unsigned spoken_for(const struct audit_roll_view *v, struct audit_roll_line l, i128 value[AUDIT_ROLL_MONTHS],
                           i128 most[AUDIT_ROLL_MONTHS])
{
    unsigned least = 13, above = 0;
    memset(value, 0, AUDIT_ROLL_MONTHS * sizeof *value);
    memset(most, 0, AUDIT_ROLL_MONTHS * sizeof *most);
    for (size_t i = 0; i < v->items; i++) {
        const struct audit_roll_item *x = &v->item[i];
        if (!counted_realised(x)) continue;
        if (audit_roll_same_line(x->line, l)) {
            for (unsigned m = 1; m <= 12; m++) {
                value[m] = x->value[m];
                most[m] = most_at(&x->series, m);
            }
            return x->series.last;
        }
        if (audit_roll_line_below(x->line, l)) above = x->series.last;
        if (!audit_roll_line_below(l, x->line)) continue;
        for (unsigned m = 1; m <= 12; m++) {
            value[m] += x->value[m];
            most[m] += most_at(&x->series, m);
        }
        if (x->series.last < least) least = x->series.last;
    }
    return least < 13 ? least : above;
}

static void standing_node(struct unit_cells *c, struct node node, unsigned derived, const i128 value[AUDIT_ROLL_MONTHS])
{
    if (node.kind != NODE_ACCOUNT) values_add(cell_at(c, node, derived, SOURCE_DPA), value);
}

static void standing_add(struct unit_cells *c, const struct audit_roll_view *v, const struct audit_roll_item *item)
{
    struct node node[NODES];
    i128 realised[AUDIT_ROLL_MONTHS], most[AUDIT_ROLL_MONTHS], row[4][AUDIT_ROLL_MONTHS] = { { 0 } };
    unsigned last = spoken_for(v, item->line, realised, most);
    const struct audit_roll_row *physical =
        audit_roll_find(v->u, item->line, item->line.account, MEASURE_PHYSICAL, SOURCE_OPD, STAGE_NONE);
    struct audit_roll_series p = { .there = false };
    if (physical) audit_roll_row_series(physical, &p);
    for (unsigned m = 1; m <= 12; m++) {
        if (m <= last) row[1][m] = item->value[m];
        if (m <= last) row[0][m] = most[m] - realised[m];
        else if (item->value[m] > realised[m]) row[0][m] = item->value[m] - realised[m];
        if (!p.there || m < p.first) continue;
        row[2][m] = item->value[m] * p.at[m];
        row[3][m] = item->value[m];
    }
    for (size_t i = 0, n = nodes_of(item->line, node); i < n; i++)
        for (unsigned k = 0; k < 4; k++) standing_node(c, node[i], DERIVED_OPEN + k, row[k]);
}

/* ---- rekening ---- */

static void account_add(struct unit_cells *c, account_code prefix, unsigned derived, unsigned source,
                        const i128 value[AUDIT_ROLL_MONTHS], unsigned last, bool assumed)
{
    struct node node = { NODE_ACCOUNT, prefix };
    struct audit_roll_cell *x = cell_at(c, node, derived, source);
    values_add(x, value);
    offices_until(x, last);
    x->lines++;
    x->assumed += assumed;
    if (derived != DERIVED_CASH_PLAN) offices_until(cell_at(c, node, DERIVED_PRESENCE, SOURCE_NONE), last);
}

static void flow_prefix(struct unit_cells *c, const struct audit_roll_view *v, const struct audit_roll_item *item,
                        account_code prefix)
{
    struct audit_roll_series s;
    audit_roll_shallow(v->u, item->line, prefix, item->measure, item->source, STAGE_NONE, &s);
    if (!s.there) return;
    account_add(c, prefix, derived_of(item->measure), item->source, s.at,
                audit_roll_last(v->u, item->line, prefix, item->measure, item->source, STAGE_NONE), false);
}

static void budget_prefix(struct unit_cells *c, const struct audit_roll_view *v, const struct audit_roll_item *item,
                          const struct audit_roll_pick *p, account_code prefix)
{
    i128 value[AUDIT_ROLL_MONTHS] = { 0 };
    struct audit_roll_series s;
    bool there = false;
    for (unsigned m = 1; m <= 12; m++) {
        if (!p->own[m]) continue;
        audit_roll_shallow(v->u, item->line, prefix, MEASURE_BUDGET, item->source, (unsigned)p->stage[m], &s);
        if (s.there) value[m] = s.at[p->at[m]];
        there |= s.there;
    }
    if (there) account_add(c, prefix, DERIVED_BUDGET, item->source, value, 12, p->assumed);
    if (p->murni == AUDIT_ROLL_NO_STAGE) return;
    audit_roll_shallow(v->u, item->line, prefix, MEASURE_BUDGET, item->source, (unsigned)p->murni, &s);
    for (unsigned m = 1; m <= 12; m++) value[m] = s.at[murni_month(p, m)];
    if (s.there) account_add(c, prefix, DERIVED_BUDGET_MURNI, item->source, value, 12, false);
}

static void prefixes_add(account_code **prefix, size_t *n, account_code account)
{
    for (account_code a = account; a; a = audit_code_account_parent(a)) {
        size_t i = 0;
        while (i < *n && (*prefix)[i] != a) i++;
        if (i < *n) return;
        *AUDIT_ROLL_ADD(*prefix, *n) = a;
    }
}

static void accounts_add(struct unit_cells *c, const struct audit_roll_view *v, const struct audit_roll_item *item)
{
    account_code *prefix = NULL;
    struct audit_roll_pick p;
    size_t n = 0;
    for (size_t i = 0; i < v->u.rows; i++) {
        const struct audit_roll_row *r = &v->u.row[i];
        if (r->account && r->measure == item->measure && r->source == item->source &&
            audit_roll_same_line(audit_roll_line_of(r), item->line))
            prefixes_add(&prefix, &n, r->account);
    }
    if (item->measure == MEASURE_BUDGET && n) audit_roll_pick(v->u, item->line, item->source, true, &p);
    for (size_t i = 0; i < n; i++) {
        if (item->measure != MEASURE_BUDGET)
            flow_prefix(c, v, item, prefix[i]);
        else if (p.any)
            budget_prefix(c, v, item, &p, prefix[i]);
    }
    free(prefix);
}

/* ---- findings ---- */

static void findings_add(struct unit_cells *c, const struct audit_roll_view *v, size_t line)
{
    const unsigned *found = &v->found[line * AUDIT_ROLL_MONTHS];
    struct node node[NODES];
    size_t n = nodes_of(v->line[line], node);
    for (size_t i = 0; i < n; i++)
        for (unsigned m = 1; m <= 12; m++)
            if (found[m]) cell_at(c, node[i], DERIVED_FINDINGS, SOURCE_NONE)->value[m] += found[m];
}

/* ---- regions ---- */

struct audit_roll_cells *audit_roll_cells_new(const struct audit_room *room, region_code region)
{
    struct audit_roll_cells *c = audit_memory(NULL, 1, sizeof *c);

    memset(c, 0, sizeof *c);
    c->room = room != NULL ? *room : (struct audit_room){ .dir = NULL };
    c->most = c->room.bytes > 0 ? c->room.bytes / sizeof *c->cell / 2 + 1 : CELLS_MOST;
    c->region = region;
    return c;
}

void audit_roll_cells_free(struct audit_roll_cells *c)
{
    if (c->spilt != NULL) audit_spill_free(c->spilt);
    free(c->cell);
    free(c);
}

static int cell_order(const void *a, const void *b)
{
    const struct audit_roll_cell *x = a, *y = b;
    if (x->region != y->region) return x->region < y->region ? -1 : 1;
    if (x->year != y->year) return x->year < y->year ? -1 : 1;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    if (x->node != y->node) return x->node < y->node ? -1 : 1;
    if (x->derived != y->derived) return x->derived < y->derived ? -1 : 1;
    return (x->source > y->source) - (x->source < y->source);
}

static void cell_add(struct audit_roll_cell *sum, const struct audit_roll_cell *x)
{
    values_add(sum, x->value);
    for (unsigned m = 1; m <= 12; m++) sum->offices[m] += x->offices[m];
    sum->lines += x->lines;
    sum->bare += x->bare;
    sum->assumed += x->assumed;
}

/* Sorts the list and makes one cell of each run of cells of one node. */
static void cells_sum(struct audit_roll_cells *c)
{
    size_t n = 0;

    if (c->count > 0) qsort(c->cell, c->count, sizeof *c->cell, cell_order);
    for (size_t i = 0; i < c->count; i++) {
        if (n > 0 && cell_order(&c->cell[n - 1], &c->cell[i]) == 0)
            cell_add(&c->cell[n - 1], &c->cell[i]);
        else
            c->cell[n++] = c->cell[i];
    }
    c->count = n;
}

/* The key in byte order, then the cell as it lies in memory: nobody else reads it. */
static void cell_spill(struct audit_roll_cells *c, const struct audit_roll_cell *x)
{
    const uint64_t part[] = { x->region, x->year, x->kind, x->node, x->derived, x->source };
    uint8_t bytes[CELL_KEY + sizeof *x];
    size_t n = 0;

    for (unsigned i = 0; i < 6; i++)
        for (unsigned k = 8; k-- > 0;) bytes[n++] = (uint8_t)(part[i] >> (8 * k));
    assert(n == CELL_KEY);
    memcpy(bytes + n, x, sizeof *x);
    audit_spill_put(c->spilt, bytes, sizeof bytes);
}

static void cells_spill(struct audit_roll_cells *c)
{
    if (c->spilt == NULL) c->spilt = audit_spill_new(&c->room);
    for (size_t i = 0; i < c->count; i++) cell_spill(c, &c->cell[i]);
    c->count = 0;
}

/* Room for one more: what lies there is summed up first, and goes to disk when that does not make half of it free. */
static struct audit_roll_cell *cells_next(struct audit_roll_cells *c)
{
    if (c->count == c->most) {
        cells_sum(c);
        if (c->count > c->most / 2) cells_spill(c);
    }
    if (c->count == c->size) {
        c->size = c->size != 0 ? 2 * c->size : 1024;
        c->cell = audit_memory(c->cell, c->size, sizeof *c->cell);
    }
    return &c->cell[c->count++];
}

void audit_roll_cells_unit(struct audit_roll_cells *c, region_code region, unsigned year, struct audit_roll_view *v)
{
    struct unit_cells own = { .year = year };
    audit_roll_claims(v);
    for (size_t i = 0; i < v->items; i++) {
        item_add(&own, &v->item[i]);
        if (v->item[i].counted) accounts_add(&own, v, &v->item[i]);
        if (v->item[i].counted && v->item[i].measure == MEASURE_BUDGET && v->item[i].source == SOURCE_DPA)
            standing_add(&own, v, &v->item[i]);
    }
    for (size_t i = 0; i < v->lines; i++) findings_add(&own, v, i);
    for (size_t i = 0; i < own.count; i++)
        for (region_code r = region; audit_roll_region_holds(c->region, r); r = audit_code_region_parent(r)) {
            struct audit_roll_cell *x = cells_next(c);
            *x = own.cell[i];
            x->region = r;
            if (r == 0) break;
        }
    free(own.cell);
}

static bool cell_zero(const struct audit_roll_cell *x)
{
    for (unsigned m = 1; m <= 12; m++)
        if (x->value[m] || x->offices[m]) return false;
    return !x->lines && !x->bare && !x->assumed;
}

void audit_roll_put_cell(struct audit_text *t, const struct audit_roll_cell *x)
{
    static const char *const KINDS[] = { [NODE_TOTAL] = "total", [NODE_ACTIVITY] = "activity", [NODE_ACCOUNT] = "account",
                                         [NODE_ACCOUNT_LINE] = "account-line" };
    char region[8], code[48] = "";
    audit_code_region_format(x->region, region);
    if (x->kind == NODE_ACTIVITY)
        audit_code_format_activity(x->node, code);
    else if (x->kind == NODE_ACCOUNT || x->kind == NODE_ACCOUNT_LINE)
        audit_code_format_account(x->node, code);
    else
        audit_text_i128((i128)x->node, code);
    audit_text_str(t, "cell\t");
    audit_text_str(t, region);
    audit_text_number(t, '\t', x->year);
    audit_text_field(t, KINDS[x->kind]);
    audit_text_field(t, x->kind == NODE_ACTIVITY ? audit_code_vintage_name(audit_code_vintage(x->node)) : "");
    audit_text_field(t, code);
    audit_text_number(t, '\t', x->derived);
    audit_text_field(t, audit_code_source_name(x->source));
    for (unsigned m = 1; m <= 12; m++) audit_text_number(t, m > 1 ? ' ' : '\t', x->value[m]);
    for (unsigned m = 1; m <= 12; m++) audit_text_number(t, m > 1 ? ' ' : '\t', x->offices[m]);
    audit_text_number(t, '\t', x->lines);
    audit_text_number(t, '\t', x->bare);
    audit_text_number(t, '\t', x->assumed);
    audit_text_byte(t, '\n');
}

static void cell_out(struct audit_text *t, const struct audit_roll_cell *x, struct audit_spill *out)
{
    if (!cell_zero(x)) audit_roll_put_cell(t, x);
    audit_spill_lines(out, t);
}

/* The parts of a cell follow each other. */
static void spilt_put(struct audit_roll_cells *c, struct audit_text *t, struct audit_spill *out)
{
    struct audit_roll_cell sum, x;
    struct audit_span packed;
    bool any = false;

    audit_spill_sort(c->spilt);
    for (; (packed = audit_spill_next(c->spilt)).n > 0; any = true) {
        memcpy(&x, packed.p + CELL_KEY, sizeof x);
        if (any && cell_order(&sum, &x) == 0) {
            cell_add(&sum, &x);
            continue;
        }
        if (any) cell_out(t, &sum, out);
        sum = x;
    }
    if (any) cell_out(t, &sum, out);
}

void audit_roll_cells_put(struct audit_roll_cells *c, struct audit_spill *out)
{
    struct audit_text t = { .p = NULL };

    cells_sum(c);
    if (c->spilt != NULL) {
        cells_spill(c);
        spilt_put(c, &t, out);
    }
    for (size_t i = 0; i < c->count; i++) cell_out(&t, &c->cell[i], out);
    audit_text_done(&t);
}
