/* query_rows.c - see query_rows.h. Kind: P.
 *
 * Cells come sorted by node, so one open row is enough: it is handed on when the node changes. An office has no stored cells; its
 * unit is derived (some tens of microseconds) and the same rows come out, which is why both paths share `take`. */
#include "aggregator/query_rows.h"

#include <stdlib.h>
#include <string.h>

#include "proto/decimal.h"

enum { DEFAULT_BUDGET_SOURCE = SOURCE_DPA, DEFAULT_REALISED_SOURCE = SOURCE_OPD };

struct gather {
    const struct query_scope *s;
    query_row_fn fn;
    void *ctx;
    struct figure_row row;
    bool open;
    int st;
};

/* Is this the source that a row shows? */
static bool shown(const struct query_scope *s, unsigned source, unsigned usual)
{
    return source == (s->source ? s->source : usual);
}

static void take_budget(struct figure_row *r, const struct query_scope *s, unsigned source, i128 v)
{
    if (shown(s, source, DEFAULT_BUDGET_SOURCE))
        r->budget = v, r->has_budget = true;
    else if (source == SOURCE_RENSTRA || source == SOURCE_RPJMD)
        r->plan[source == SOURCE_RPJMD] = v, r->has_plan[source == SOURCE_RPJMD] = true;
    else
        r->other_budget += v, r->has_other_budget = true;
}

static void take_realised(struct figure_row *r, const struct query_scope *s, unsigned source, i128 v, int64_t reported)
{
    if (shown(s, source, DEFAULT_REALISED_SOURCE))
        r->realised = v, r->has_realised = true, r->reported = reported;
    else
        r->other_realised += v, r->has_other_realised = true;
}

/* What a row shows beside its sums. */
static void take_standing(struct figure_row *r, unsigned derived, i128 v)
{
    if (derived == DERIVED_OPEN) r->open = v;
    if (derived == DERIVED_REPORTED) r->budget_reported = v;
    if (derived == DERIVED_PHYSICAL) r->physical = v;
    if (derived == DERIVED_PHYSICAL_BUDGET) r->physical_budget = v, r->has_physical = v != 0;
}

/* One derived value at the cut-off goes to its place in the row. */
static void take(const struct gather *g, const struct derived_key *k, i128 v, int64_t offices, int64_t bare, int64_t assumed,
                 struct figure_row *r)
{
    switch (k->derived) {
    case DERIVED_BUDGET:
        take_budget(r, g->s, k->source, v);
        if (shown(g->s, k->source, DEFAULT_BUDGET_SOURCE)) r->assumed = assumed;
        break;
    case DERIVED_BUDGET_MURNI:
        if (shown(g->s, k->source, DEFAULT_BUDGET_SOURCE)) r->murni = v;
        break;
    case DERIVED_REALISED:
        take_realised(r, g->s, k->source, v, offices);
        if (bare > r->bare) r->bare = bare;
        break;
    case DERIVED_CASH_PLAN:
        r->cash_plan += v, r->has_cash_plan = true;
        break;
    case DERIVED_CONTROL_BUDGET:
        if (k->source == SOURCE_RENSTRA || k->source == SOURCE_RPJMD)
            r->plan_control[k->source == SOURCE_RPJMD] = v, r->has_plan_control[k->source == SOURCE_RPJMD] = true;
        if (!shown(g->s, k->source, DEFAULT_BUDGET_SOURCE)) break;
        r->control_budget = v, r->has_control_budget = true;
        r->control_offices = offices;
        break;
    case DERIVED_CONTROL_REALISED:
        if (shown(g->s, k->source, DEFAULT_REALISED_SOURCE)) r->control_realised = v, r->has_control_realised = true;
        break;
    case DERIVED_PRESENCE:
        r->offices = offices;
        break;
    case DERIVED_FINDINGS:
        r->findings = v;
        break;
    default:
        take_standing(r, k->derived, v);
        break;
    }
}

/* The same at the end of the year, of what is planned or has gone on. */
static void take_year(struct figure_row *r, const struct derived_key *k, i128 v, int64_t offices)
{
    if (k->derived == DERIVED_CASH_PLAN) r->cash_plan_year += v;
    if (k->derived != DERIVED_REALISED || k->source != DEFAULT_REALISED_SOURCE) return;
    r->realised_year = v;
    r->reported_year = offices;
}

static void hand_on(struct gather *g)
{
    if (g->open && g->st == ST_OK) g->st = g->fn(g->ctx, &g->row);
    g->open = false;
}

static void open_row(struct gather *g, const struct derived_key *k)
{
    if (g->open && g->row.node.node == k->node && g->row.node.node_kind == k->node_kind) return;
    hand_on(g);
    g->row = (struct figure_row){.node = {.node = k->node, .node_kind = k->node_kind}, .bridged = g->s->source != 0};
    g->open = true;
}

static bool on_cell(void *ctx, const struct cell_key *k, const struct cell *c)
{
    struct gather *g = ctx;
    int m = g->s->until - 1;
    open_row(g, &k->node);
    /* presence does not depend on the cut-off; reported offices do */
    take(g, &k->node, c->value[m], k->node.derived == DERIVED_PRESENCE ? c->offices[0] : c->offices[m], c->bare, c->assumed,
         &g->row);
    take_year(&g->row, &k->node, c->value[11], c->offices[11]);
    return g->st == ST_OK;
}

static unsigned level_of(const struct derived_key *k)
{
    if (k->node_kind == NODE_ACTIVITY) return code_level(k->node);
    return k->node_kind == NODE_TOTAL ? 0 : code_account_depth(k->node);
}

static int walk_office(const struct query_context *q, struct gather *g, enum node_kind kind, unsigned level)
{
    if (g->s->office_id == 0) return ST_OK;
    struct unit u;
    struct derived_set d;
    unit_init(&u);
    derive_init(&d);
    int st = asof_unit(q->t, asof_position(q->past), g->s->office_id, (uint16_t)g->s->year, &u);
    if (st == ST_OK) st = derive_unit(&u, &d);
    for (uint32_t i = 0; st == ST_OK && g->st == ST_OK && i < d.count; i++) {
        const struct derived_row *r = &d.row[i];
        int m = g->s->until - 1;
        if (r->key.node_kind != kind || level_of(&r->key) != level) continue;
        open_row(g, &r->key);
        take(g, &r->key, r->value[m], r->key.derived == DERIVED_PRESENCE ? r->offices[0] : r->offices[m], r->bare, r->assumed,
             &g->row);
        take_year(&g->row, &r->key, r->value[11], r->offices[11]);
    }
    derive_done(&d);
    unit_done(&u);
    return st;
}

int query_rows(const struct query_context *q, const struct query_scope *s, enum node_kind kind, unsigned level, query_row_fn fn,
               void *ctx)
{
    struct gather g = {.s = s, .fn = fn, .ctx = ctx};
    struct store_txn *cells = q->t;
    int st = q->past && !s->office ? asof_cells(q->past, q->t, s->region, (uint16_t)s->year, &cells) : ST_OK;
    if (st != ST_OK) return st;
    st = s->office ? walk_office(q, &g, kind, level)
                       : cell_scan(cells, FOLD_CELL, s->region, (uint16_t)s->year, kind, level, on_cell, &g);
    if (st == ST_OK) hand_on(&g);
    return st == ST_OK ? g.st : st;
}

struct one {
    const struct derived_key *node;
    struct figure_row *ret;
};

static int keep_one(void *ctx, const struct figure_row *row)
{
    struct one *o = ctx;
    if (row->node.node == o->node->node) *o->ret = *row;
    return ST_OK;
}

int query_rows_one(const struct query_context *q, const struct query_scope *s, const struct derived_key *node, unsigned level,
                   struct figure_row *ret)
{
    struct one o = {.node = node, .ret = ret};
    *ret = (struct figure_row){.node = *node};
    return query_rows(q, s, node->node_kind, level, keep_one, &o);
}

/* ---- completeness ---- */

static json_t *sen(i128 v)
{
    char t[48];
    decimal_format_sen(v, t);
    return json_string(t);
}

void query_rows_complete(const struct figure_row *f, int64_t of, json_t *o)
{
    char t[32];
    json_t *c = json_object();
    bool known = f->has_budget && f->node.node_kind != NODE_ACCOUNT && !f->bridged; /* accounts of lines are not followed so far */
    bool share = known && f->budget != 0 && decimal_percent_text(f->budget_reported, f->budget, 2, t) > 0;
    json_object_set_new(o, "complete", json_pack("{s:I,s:I}", "offices", (json_int_t)f->reported, "of", (json_int_t)of));
    json_object_set_new(c, "budget_share", share ? json_string(t) : json_null());
    json_object_set_new(c, "low", known ? sen(f->realised) : json_null());
    json_object_set_new(c, "high", known ? sen(f->realised + f->open) : json_null());
    json_object_set_new(o, "coverage", c);
}

/* ---- printed percentages and names of the offices themselves ---- */

struct query_printed {
    struct unit *year, *names;
    size_t count;
};

void query_printed_free(struct query_printed **p)
{
    if (!p || !*p) return;
    for (size_t i = 0; i < (*p)->count; i++) {
        unit_done(&(*p)->year[i]);
        unit_done(&(*p)->names[i]);
    }
    free((*p)->year);
    free((*p)->names);
    free(*p);
    *p = NULL;
}

static bool in_scope(const struct query_scope *s, const struct office *o)
{
    return s->office ? o == s->office : o->region == s->region;
}

static int load_one(const struct query_context *q, const struct query_scope *s, const struct office *o, struct query_printed *p)
{
    uint32_t id;
    int st = unit_dict_get(q->t, FOLD_DICT_TEXT, slice_of(o->id, strlen(o->id)), &id);
    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_OK : st;
    unit_init(&p->year[p->count]);
    unit_init(&p->names[p->count]);
    st = asof_unit(q->t, asof_position(q->past), id, (uint16_t)s->year, &p->year[p->count]);
    if (st == ST_OK) st = asof_unit(q->t, asof_position(q->past), id, 0, &p->names[p->count]);
    p->count++;
    return st;
}

int query_printed_load(const struct query_context *q, const struct query_scope *s, struct query_printed **ret)
{
    struct query_printed *p = calloc(1, sizeof *p);
    if (!p) return ST_NO_MEMORY;
    size_t n = 0, all = registry_count(q->registry);
    bool near = s->office || code_region_depth(s->region) == 2;
    for (size_t i = 0; near && i < all; i++) n += in_scope(s, registry_at(q->registry, i));
    p->year = calloc(n ? n : 1, sizeof *p->year);
    p->names = calloc(n ? n : 1, sizeof *p->names);
    int st = p->year && p->names ? ST_OK : ST_NO_MEMORY;
    for (size_t i = 0; st == ST_OK && near && i < all; i++)
        if (in_scope(s, registry_at(q->registry, i))) st = load_one(q, s, registry_at(q->registry, i), p);
    if (st != ST_OK)
        query_printed_free(&p);
    else
        *ret = p;
    return st;
}

/* The newest printed percentage up to the cut-off in one unit: the latest month, then the greatest stage. */
static const struct slot *printed_slot(const struct unit *u, uint64_t activity, uint64_t account, int until)
{
    const struct slot *best = NULL;
    int best_month = -1;
    for (uint32_t i = 0; i < u->count; i++) {
        const struct leaf *l = &u->leaf[i];
        if (l->key.measure != MEASURE_PRINTED_ABSORPTION || l->key.activity != activity || l->key.account != account) continue;
        for (int m = until - 1; m >= 0 && m >= best_month; m--)
            if (l->slot[m].kind == VALUE_NUMBER) {
                best = &l->slot[m];
                best_month = m;
                break;
            }
    }
    return best;
}

bool query_printed_text(const struct query_printed *p, uint64_t activity, uint64_t account, int until, char ret[32])
{
    const struct slot *found = NULL;
    for (size_t i = 0; i < p->count; i++) {
        const struct slot *s = printed_slot(&p->year[i], activity, account, until);
        if (s && found) return false;
        if (s) found = s;
    }
    if (!found) return false;
    decimal_format_micro(found->value, found->decimals, ret);
    return true;
}

bool query_printed_name(const struct query_printed *p, uint64_t activity, char *ret, size_t size)
{
    const struct leaf_key k = {.activity = activity, .measure = MEASURE_NAME};
    for (size_t i = 0; i < p->count; i++) {
        struct unit *u = &p->names[i];
        const struct leaf *l = unit_find(u, &k);
        struct slice text = l && l->slot[0].kind == VALUE_TEXT ? unit_text(u, &l->slot[0]) : slice_of("", 0);
        if (text.n == 0 || text.n >= size) continue;
        memcpy(ret, text.p, text.n);
        ret[text.n] = '\0';
        return true;
    }
    return false;
}
