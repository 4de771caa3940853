/* query_with.c - see query_with.h.
 *
 * Design notes: everything is computed from rows of the same kind as the rollup's own. Earlier years are read once a node kind and
 * level, and found by node: a code of another list is another node, so a change of lists gives null and never a wrong comparison.
 * The IKPA convention needs lines, not sums; the leaves below a node stand together in code order and are read once a question.
 * Invariant: a projection is a field of its own with its name, never part of a realised sum. */
#include "aggregator/query_with.h"

#include <stdlib.h>
#include <string.h>

#include "aggregator/query_change.h"
#include "aggregator/query_figure.h"
#include "proto/achieve.h"
#include "proto/decimal.h"

enum { WITH_CASH_PLAN = 1, WITH_PHYSICAL = 2, WITH_PROJECTION = 4, WITH_LAST = 8, WITH_COVERAGE = 16, WITH_ALL = 31 };
enum { YEARS_BACK = 3 };
struct rows {
    struct figure_row *row;
    size_t n, room;
};
struct year_rows { /* rows of one kind and level in the years before, newest first */
    enum node_kind kind;
    unsigned level;
    struct rows year[YEARS_BACK];
};
struct query_with {
    const struct query_context *q;
    struct query_scope s;
    unsigned what;
    struct year_rows *before;
    size_t befores;
    struct rows leaves; /* of activities by code, then account-only lines */
    size_t activities;
    bool leaves_read;
};

/* ---- what is asked ---- */

static const struct {
    const char *name;
    unsigned what;
} NAMES[] = {{"rak", WITH_CASH_PLAN},       {"cash-plan", WITH_CASH_PLAN},   {"fisik", WITH_PHYSICAL},
             {"physical", WITH_PHYSICAL},   {"proyeksi", WITH_PROJECTION},   {"projection", WITH_PROJECTION},
             {"tahun-lalu", WITH_LAST},     {"last", WITH_LAST},             {"all", WITH_ALL},
             {"semua", WITH_ALL},           {"kelengkapan", WITH_COVERAGE},   {"coverage", WITH_COVERAGE}};

static unsigned what_of(struct slice name)
{
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (bytes_is(name, NAMES[i].name)) return NAMES[i].what;
    return 0;
}

int query_with_new(const struct query_context *q, const struct query_scope *s, struct slice text, struct query_with **ret,
                   struct query_problem *problem)
{
    unsigned what = 0;
    *ret = NULL;
    for (size_t at = 0, end; text.n > 0 && at <= text.n; at = end + 1) {
        for (end = at; end < text.n && text.p[end] != ',';) end++;
        unsigned one = what_of(slice_of(text.p + at, end - at));
        if (!one)
            return query_refuse(problem, q, "with", text,
                                "kolom tambahan: kelengkapan, rak, fisik, proyeksi, tahun-lalu, semua (dipisah koma)",
                                "more columns: coverage, cash-plan, physical, projection, last, all (separated by commas)");
        what |= one;
    }
    if (!what) return ST_OK;
    struct query_with *w = calloc(1, sizeof *w);
    if (!w) return ST_NO_MEMORY;
    w->q = q;
    w->s = *s;
    w->what = what;
    *ret = w;
    return ST_OK;
}

void query_with_free(struct query_with **w)
{
    if (!*w) return;
    for (size_t i = 0; i < (*w)->befores; i++)
        for (unsigned y = 0; y < YEARS_BACK; y++) free((*w)->before[i].year[y].row);
    free((*w)->before);
    free((*w)->leaves.row);
    free(*w);
    *w = NULL;
}

bool query_with_coverage(const struct query_with *w) { return w && w->what & WITH_COVERAGE; }

/* ---- rows read beside ---- */

static int keep(void *ctx, const struct figure_row *f)
{
    struct rows *r = ctx;
    if (r->n == r->room) {
        size_t room = r->room ? 2 * r->room : 64;
        struct figure_row *p = realloc(r->row, room * sizeof *p);
        if (!p) return ST_NO_MEMORY;
        r->row = p;
        r->room = room;
    }
    r->row[r->n++] = *f;
    return ST_OK;
}

static int by_node(const void *a, const void *b)
{
    const struct figure_row *x = a, *y = b;
    return (x->node.node > y->node.node) - (x->node.node < y->node.node);
}

static const struct figure_row *find(const struct rows *r, uint64_t node)
{
    struct figure_row key = {0};
    key.node.node = node;
    return r->n ? bsearch(&key, r->row, r->n, sizeof key, by_node) : NULL;
}

static int years_before(struct query_with *w, enum node_kind kind, unsigned level, const struct year_rows **ret)
{
    for (size_t i = 0; i < w->befores; i++)
        if (w->before[i].kind == kind && w->before[i].level == level) {
            *ret = &w->before[i];
            return ST_OK;
        }
    struct year_rows *p = realloc(w->before, (w->befores + 1) * sizeof *p);
    if (!p) return ST_NO_MEMORY;
    w->before = p;
    struct year_rows *b = &p[w->befores++];
    *b = (struct year_rows){.kind = kind, .level = level};
    *ret = b;
    unsigned back = w->what & WITH_PROJECTION ? YEARS_BACK : 1;
    for (unsigned y = 0; y < back; y++) {
        struct query_scope s = w->s;
        s.year = w->s.year - 1 - (int)y;
        if (s.year < YEAR_MIN) break;
        int st = query_rows(w->q, &s, kind, level, keep, &b->year[y]);
        if (st != ST_OK) return st;
        qsort(b->year[y].row, b->year[y].n, sizeof *b->year[y].row, by_node);
    }
    return ST_OK;
}

static int keep_leaf(void *ctx, const struct figure_row *f)
{
    return code_level(f->node.node) == code_leaf_level(code_vintage(f->node.node)) ? keep(ctx, f) : ST_OK;
}

static int read_leaves(struct query_with *w)
{
    if (w->leaves_read) return ST_OK;
    w->leaves_read = true;
    int st = query_rows(w->q, &w->s, NODE_ACTIVITY, LEVEL_KEGIATAN, keep_leaf, &w->leaves);
    if (st == ST_OK) st = query_rows(w->q, &w->s, NODE_ACTIVITY, LEVEL_SUBKEGIATAN, keep_leaf, &w->leaves);
    if (w->leaves.n > 1) qsort(w->leaves.row, w->leaves.n, sizeof *w->leaves.row, by_node);
    w->activities = w->leaves.n;
    return st == ST_OK ? query_rows(w->q, &w->s, NODE_ACCOUNT_LINE, 2, keep, &w->leaves) : st;
}

/* ---- money and shares as text ---- */

static json_t *share(int st, struct ratio r) { return st == ST_OK ? query_figure_percent(r.num, r.den) : json_null(); }

static i128 budget_of(const struct query_with *w, const struct figure_row *f) { return w->s.murni ? f->murni : f->budget; }

/* ---- cash plan ---- */

static bool within(const struct derived_key *k, const struct figure_row *leaf)
{
    return leaf->node.node == k->node || (k->node_kind == NODE_ACTIVITY && code_below(k->node, leaf->node.node));
}

/* The leaves a node speaks for: leaves.row[*ret_first .. *ret_end). */
static void leaves_below(const struct query_with *w, const struct derived_key *k, size_t *ret_first, size_t *ret_end)
{
    size_t first = 0, end = w->leaves.n;
    if (k->node_kind == NODE_TOTAL) {
        *ret_first = k->node == 2 ? w->activities : 0;
        *ret_end = k->node == 1 ? w->activities : w->leaves.n;
        return;
    }
    if (k->node_kind == NODE_ACTIVITY) end = w->activities;
    if (k->node_kind == NODE_ACCOUNT_LINE) first = w->activities;
    if (k->node_kind == NODE_ACCOUNT) first = end;  /* accounts of lines are not lines */
    while (first < end && !within(k, &w->leaves.row[first])) first++;
    *ret_first = *ret_end = first;
    while (*ret_end < end && within(k, &w->leaves.row[*ret_end])) ++*ret_end;
}

static int ikpa(struct query_with *w, const struct derived_key *k, json_t **ret)
{
    size_t first, end;
    struct ratio r;
    int st = read_leaves(w);
    if (st != ST_OK) return st;
    leaves_below(w, k, &first, &end);
    struct achieve_cash *line = calloc(end - first + 1, sizeof *line);
    if (!line) return ST_NO_MEMORY;
    for (size_t i = first; i < end; i++) {
        const struct figure_row *f = &w->leaves.row[i];
        line[i - first] = (struct achieve_cash){budget_of(w, f), f->cash_plan, f->realised};
    }
    *ret = share(achieve_deviation(ACHIEVE_DEVIATION_IKPA, line, end - first, &r), r);
    free(line);
    return ST_OK;
}

static int put_cash_plan(struct query_with *w, const struct figure_row *f, json_t *o)
{
    const struct achieve_cash sums = {budget_of(w, f), f->cash_plan, f->realised};
    struct ratio r;
    json_t *deviation = NULL;
    if (!f->has_cash_plan) return json_object_set_new(o, "cash_plan", json_null()) == 0 ? ST_OK : ST_NO_MEMORY;
    int st = ikpa(w, &f->node, &deviation);
    if (st != ST_OK) return st;
    json_t *c = json_object();
    json_object_set_new(c, "plan", query_figure_money(f->cash_plan));
    json_object_set_new(c, "pp", share(achieve_deviation(ACHIEVE_DEVIATION_PP, &sums, 1, &r), r));
    json_object_set_new(c, "rel", share(achieve_deviation(ACHIEVE_DEVIATION_REL, &sums, 1, &r), r));
    json_object_set_new(c, "ikpa", deviation);
    return json_object_set_new(o, "cash_plan", c) == 0 ? ST_OK : ST_NO_MEMORY;
}

/* ---- physical progress ---- */

static void put_physical(const struct figure_row *f, json_t *o)
{
    json_t *p = json_null();
    if (f->has_physical) {
        p = json_object();
        json_object_set_new(p, "percent", query_figure_percent(f->physical, f->physical_budget * 100000000));
        json_object_set_new(p, "budget_share", query_figure_percent(f->physical_budget, f->budget));
    }
    json_object_set_new(o, "physical", p);
}

/* ---- projection ---- */

/* Of the years before that were reported to their end: what stood at this month, and at the end. */
static void history(const struct query_with *w, const struct year_rows *before, uint64_t node, i128 *ret_then, i128 *ret_end,
                    json_t *years)
{
    *ret_then = *ret_end = 0;
    for (unsigned y = 0; y < YEARS_BACK; y++) {
        const struct figure_row *f = find(&before->year[y], node);
        if (!f || f->reported_year == 0 || f->realised <= 0 || f->realised_year <= 0) continue;
        *ret_then += f->realised;
        *ret_end += f->realised_year;
        json_array_append_new(years, json_integer(w->s.year - 1 - (int)y));
    }
}

static int put_projection(struct query_with *w, const struct figure_row *f, unsigned level, json_t *o)
{
    const struct year_rows *before = NULL;
    i128 then = 0, end = 0, p2 = 0;
    json_t *p = json_object(), *years = json_array();
    int st = years_before(w, (enum node_kind)f->node.node_kind, level, &before);
    if (st == ST_OK) history(w, before, f->node.node, &then, &end, years);
    bool some = st == ST_OK && f->has_realised, second = some && then > 0 && change_scale(f->realised, end, then, &p2);
    bool first = some && f->has_cash_plan;
    json_object_set_new(p, "p1", first ? query_figure_money(f->realised + f->cash_plan_year - f->cash_plan) : json_null());
    json_object_set_new(p, "p2", second ? query_figure_money(p2) : json_null());
    json_object_set_new(p, "p2_share", second ? query_figure_percent(then, end) : json_null());
    json_object_set_new(p, "p2_years", years);
    json_object_set_new(o, "projection", p);
    return st;
}

/* ---- last year ---- */

static json_t *change_json(const struct query_with *w, const struct figure_row *now, const struct figure_row *then)
{
    json_t *c = json_object();
    i128 budget = budget_of(w, now), budget_then = budget_of(w, then);
    bool rates = budget != 0 && budget_then != 0 && now->has_realised && then->has_realised;
    struct ratio a, b;
    query_change_money(c, then->has_realised, then->realised, now->has_realised, now->realised);
    rates = rates && achieve_ratio(now->realised, budget, &a) && achieve_ratio(then->realised, budget_then, &b);
    query_change_points(c, rates, b, a);
    return c;
}

static int put_last(struct query_with *w, const struct figure_row *f, unsigned level, json_t *o)
{
    const struct year_rows *before = NULL;
    int st = years_before(w, (enum node_kind)f->node.node_kind, level, &before);
    if (st != ST_OK) return st;
    const struct figure_row *then = find(&before->year[0], f->node.node);
    json_t *l = json_null();
    if (then && (then->has_budget || then->has_realised)) {
        l = json_object();
        json_object_set_new(l, "year", json_integer(w->s.year - 1));
        json_object_set_new(l, "budget", query_figure_money(budget_of(w, then)));
        json_object_set_new(l, "realised", query_figure_money(then->realised));
        json_object_set_new(l, "absorption",
                            then->has_realised ? query_figure_percent(then->realised, budget_of(w, then)) : json_null());
        query_rows_complete(then, then->offices, l);
        json_object_set_new(l, "change", change_json(w, f, then));
    }
    json_object_set_new(o, "last", l);
    return ST_OK;
}

int query_with_row(struct query_with *w, const struct figure_row *f, unsigned level, json_t *o)
{
    int st = ST_OK;
    if (!w) return ST_OK;
    if (w->what & WITH_COVERAGE && f->node.node_kind == NODE_TOTAL) query_rows_complete(f, f->offices, o);
    if (w->what & WITH_CASH_PLAN) st = put_cash_plan(w, f, o);
    if (w->what & WITH_PHYSICAL) put_physical(f, o);
    if (st == ST_OK && w->what & WITH_PROJECTION) st = put_projection(w, f, level, o);
    return st == ST_OK && w->what & WITH_LAST ? put_last(w, f, level, o) : st;
}
