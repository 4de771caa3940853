/* query_bridge.c - see query_bridge.h. Kind: P.
 *
 * The leaves of the old list below the same bidang are taken one by one through the pairs; what a bidang has beyond its leaves (a
 * parent without detail) goes the way of the bidang itself. Shares are of the bidang's rupiah, because nobody can say which of the
 * unmapped would belong to the asked node. Pairs are what the offices of role centre state, as of the position asked about. */
#include "aggregator/query_bridge.h"

#include <string.h>

#include "aggregator/asof.h"
#include "aggregator/query_rule.h"
#include "proto/decimal.h"

static int add_unit(const struct query_context *q, const struct unit *u, struct bridges *b)
{
    int st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < u->count; i++) {
        const struct leaf *l = &u->leaf[i];
        struct slice to;
        if (l->key.measure != MEASURE_BRIDGE || l->slot[0].kind != VALUE_NUMBER) continue;
        st = unit_dict_text(q->t, FOLD_DICT_ID, l->key.indicator, &to);
        if (st == ST_OK) st = bridge_add(b, l->key.activity, to, l->slot[0].value);
    }
    bridge_sort(b);
    for (uint32_t i = 0; st == ST_OK && i < u->count; i++)
        if (u->leaf[i].key.measure == MEASURE_BRIDGE_SET && u->leaf[i].slot[0].kind == VALUE_TEXT)
            bridge_keep(b, u->leaf[i].key.activity, unit_text(u, &u->leaf[i].slot[0]));
    return st;
}

struct loading {
    const struct query_context *q;
    struct bridges *b;
};

static int add_office(void *ctx, uint32_t id)
{
    const struct loading *l = ctx;
    struct unit u;
    unit_init(&u);
    int st = asof_unit(l->q->t, asof_position(l->q->past), id, 0, &u);
    if (st == ST_OK) st = add_unit(l->q, &u, l->b);
    unit_done(&u);
    return st;
}

static int load_pairs(const struct query_context *q, struct bridges *b)
{
    int st = query_rule_centre(q, add_office, &(struct loading){q, b});
    if (st == ST_OK) st = bridge_under(b, q->bridges);
    bridge_sort(b);
    return st;
}

int query_bridge_open(const struct query_context *q, struct slice code, int to, struct query_bridge *ret,
                      struct query_problem *problem)
{
    struct code_reading r;
    *ret = (struct query_bridge){.target = code_vintage_of_year(to)};
    if (code.n == 0 || query_parse_total(code)) return load_pairs(q, &ret->pairs);
    if (code_parse_activity(ret->target, code, &r) != ST_OK || code_level(r.code) < LEVEL_BIDANG)
        return query_refuse(problem, q, "code", code,
                            "padanan memerlukan kode (bidang atau di bawahnya) menurut daftar tahun akhir",
                            "a bridge needs a code (bidang or below) of the list of the last year");
    ret->node = r.code;
    return load_pairs(q, &ret->pairs);
}

void query_bridge_close(struct query_bridge *b) { bridge_done(&b->pairs); }

struct walk {
    const struct query_bridge *b;
    struct query_bridge_year *ret;
    activity_code bidang;               /* of the old list; 0 until it is known */
    i128 budget, realised;              /* of the bidang beyond what was taken */
};

static activity_code bidang_of(activity_code a)
{
    while (a && code_level(a) > LEVEL_BIDANG) a = code_parent(a);
    return a;
}

static bool same_bidang(activity_code old, activity_code node)
{
    char a[32], b[32];
    if (!node) return true;
    code_format_activity(bidang_of(old), a);
    code_format_activity(bidang_of(node), b);
    return strcmp(a, b) == 0;
}

static void take(struct walk *w, activity_code at, i128 budget, i128 realised)
{
    bridge_take(&w->b->pairs, at, budget, w->b->target, w->b->node, &w->ret->budget);
    bridge_take(&w->b->pairs, at, realised, w->b->target, w->b->node, &w->ret->realised);
    w->budget -= budget;
    w->realised -= realised;
}

static int on_bidang(void *ctx, const struct figure_row *f)
{
    struct walk *w = ctx;
    if (!same_bidang(f->node.node, w->b->node)) return ST_OK;
    w->bidang = f->node.node;
    w->ret->any = true;
    w->ret->row = *f;
    w->budget += f->budget;
    w->realised += f->realised;
    return ST_OK;
}

static int on_leaf(void *ctx, const struct figure_row *f)
{
    struct walk *w = ctx;
    if (code_level(f->node.node) != code_leaf_level(code_vintage(f->node.node)) || !same_bidang(f->node.node,
                                                                                                w->b->node)) return ST_OK;
    take(w, f->node.node, f->budget, f->realised);
    return ST_OK;
}

/* The total: beyond the leaves of the activities nothing is known, and account-only lines (5.1) are in no list of activities. */
static int everything(const struct query_context *q, const struct query_scope *s, struct walk *w)
{
    const struct derived_key total = {.node = 0, .node_kind = NODE_TOTAL};
    int st = query_rows_one(q, s, &total, 0, &w->ret->row);
    const struct figure_row *f = &w->ret->row;
    struct bridged *b = &w->ret->budget, *r = &w->ret->realised;
    w->ret->any = st == ST_OK && (f->has_budget || f->has_realised);
    b->unmapped += f->budget * BRIDGE_WHOLE - b->inside;
    r->unmapped += f->realised * BRIDGE_WHOLE - r->inside;
    b->inside = f->budget * BRIDGE_WHOLE;
    r->inside = f->realised * BRIDGE_WHOLE;
    return st;
}

int query_bridge_sum(const struct query_context *q, const struct query_scope *s, const struct query_bridge *b,
                     struct query_bridge_year *ret)
{
    struct walk w = {.b = b, .ret = ret};
    *ret = (struct query_bridge_year){0};
    int st = query_rows(q, s, NODE_ACTIVITY, LEVEL_BIDANG, on_bidang, &w);
    for (unsigned level = LEVEL_KEGIATAN; st == ST_OK && level <= LEVEL_SUBKEGIATAN; level++)
        st = query_rows(q, s, NODE_ACTIVITY, level, on_leaf, &w);
    if (st == ST_OK && !b->node) st = everything(q, s, &w);
    if (st != ST_OK || !ret->any) return st;
    if (b->node) take(&w, w.bidang, w.budget, w.realised);
    ret->row.budget = bridge_round(ret->budget.inside);
    ret->row.realised = bridge_round(ret->realised.inside);
    return ST_OK;
}

static json_t *percent(i128 part, i128 whole)
{
    char t[32];
    return decimal_percent_text(part, whole, 2, t) > 0 ? json_string(t) : json_null();
}

json_t *query_bridge_shares(const struct bridged *x, unsigned least, bool *ret_mapped)
{
    i128 whole = x->exact + x->estimated + x->unmapped;
    *ret_mapped = whole == 0 || 100 * (x->exact + x->estimated) >= (i128)least * whole;
    if (whole == 0) return json_null();
    json_t *o = json_object();
    json_object_set_new(o, "exact", percent(x->exact, whole));
    json_object_set_new(o, "estimated", percent(x->estimated, whole));
    json_object_set_new(o, "unmapped", percent(x->unmapped, whole));
    return o;
}
