/* query_indicator_group.c - achievements of groups: the mean of the computable indicators at or below a node. Kind: P.
 *
 * Design notes: a node is any code above an indicator's line that is seen while rows are made; there are few, so they are kept in a
 * sorted array. Caps apply here and nowhere else. A mean is never shown without how many of how many it counts, and beside it
 * stands the mean in which what was not reported is zero.
 * Invariant: of = the indicators at or below the node, counted <= of. */
#include <stdlib.h>
#include <string.h>

#include "aggregator/query_figure.h"
#include "aggregator/query_rows.h"
#include "proto/decimal.h"

struct group {
    activity_code node;
    struct achieve_mean mean;
    struct figure_row money;
    const struct achieve_scale *scale; /* of its indicators; NULL: none yet */
    bool scales;                       /* they have several */
};
struct query_groups {
    unsigned cap;
    struct group total;
    struct group *item;
    uint32_t count, room;
};

int query_groups_new(unsigned cap, struct achieve_rounding rounding, struct query_groups **ret)
{
    struct query_groups *g = calloc(1, sizeof *g);
    if (!g) return ST_NO_MEMORY;
    g->cap = g->total.mean.cap = cap;
    g->total.mean.rounding = rounding;
    *ret = g;
    return ST_OK;
}

void query_groups_free(struct query_groups **g)
{
    if (!*g) return;
    free((*g)->item);
    free(*g);
    *g = NULL;
}

static struct group *group_of(struct query_groups *g, activity_code node)
{
    uint32_t lo = 0, hi = g->count;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (g->item[mid].node == node) return &g->item[mid];
        if (g->item[mid].node < node)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (g->count == g->room) {
        uint32_t room = g->room ? 2 * g->room : 32;
        struct group *p = realloc(g->item, room * sizeof *p);
        if (!p) return NULL;
        g->item = p;
        g->room = room;
    }
    memmove(&g->item[lo + 1], &g->item[lo], (g->count - lo) * sizeof *g->item);
    g->item[lo] = (struct group){.node = node, .mean = {.cap = g->cap, .rounding = g->total.mean.rounding}};
    g->count++;
    return &g->item[lo];
}

static void group_add(struct group *g, const struct achieve_result *r, int64_t weight, const struct achieve_scale *scale)
{
    achieve_mean_add(&g->mean, r, weight);
    g->scales |= g->scale && g->scale != scale;
    g->scale = scale;
}

int query_groups_add(struct query_groups *g, activity_code line, const struct achieve_result *r, int64_t weight,
                     const struct achieve_scale *scale)
{
    group_add(&g->total, r, weight, scale);
    if (line == 0 || line == CODE_TOTAL) return ST_OK;
    for (activity_code node = code_parent(line); node != 0; node = code_parent(node)) {
        struct group *at = group_of(g, node);
        if (!at) return ST_NO_MEMORY;
        group_add(at, r, weight, scale);
    }
    return ST_OK;
}

/* ---- the money beside it ---- */

static int take_money(void *ctx, const struct figure_row *f)
{
    struct query_groups *g = ctx;
    for (uint32_t i = 0; i < g->count; i++)
        if (g->item[i].node == f->node.node) g->item[i].money = *f;
    return ST_OK;
}

static int read_money(const struct query_context *q, const struct query_scope *s, struct query_groups *g)
{
    const struct derived_key all = {.node = 0, .node_kind = NODE_TOTAL};
    int st = query_rows_one(q, s, &all, 0, &g->total.money);
    for (unsigned level = LEVEL_URUSAN; st == ST_OK && level <= LEVEL_SUBKEGIATAN; level++) {
        bool any = false;
        for (uint32_t i = 0; i < g->count; i++) any |= code_level(g->item[i].node) == level;
        if (any) st = query_rows(q, s, NODE_ACTIVITY, level, take_money, g);
    }
    return st;
}

static json_t *rounded(const struct achieve_mean *m, int st, struct ratio r)
{
    char t[32];
    return st == ST_OK && achieve_percent_text(r, m->rounding, t) > 0 ? json_string(t) : json_null();
}

static json_t *rounded_mean(const struct achieve_mean *m, bool missing_zero)
{
    struct ratio r = {0, 1};
    int st = achieve_mean_get(m, missing_zero, &r);
    return rounded(m, st, r);
}

/* Absorption, efficiency (achievement - absorption, LKjIP), and how complete it is: the share of the budget that is reported, and
 * the mean with what is missing as nothing and as the cap. */
static void put_money(const struct achieve_mean *m, const struct figure_row *f, json_t *o)
{
    struct ratio mean, absorption, r = {0, 1}, high = {0, 1};
    int most = achieve_mean_most(m, &high);
    char t[32];
    json_t *c = json_object();
    bool rate = f->has_realised && f->budget != 0 && achieve_ratio(f->realised, f->budget, &absorption);
    bool both = rate && achieve_mean_get(m, false, &mean) == ST_OK && achieve_efficiency(mean, absorption, &r);
    bool share = f->budget != 0 && decimal_percent_text(f->budget_reported, f->budget, 2, t) > 0;
    json_object_set_new(o, "absorption", rate ? query_indicators_share(absorption) : json_null());
    json_object_set_new(o, "efficiency", rounded(m, both ? ST_OK : ST_NOT_FOUND, r));
    json_object_set_new(c, "budget_share", share ? json_string(t) : json_null());
    json_object_set_new(c, "low", rounded_mean(m, true));
    json_object_set_new(c, "high", rounded(m, most, high));
    json_object_set_new(o, "coverage", c);
}

/* The word for a mean: by the one scale of all its indicators, of the exact mean; a scale of values or of words has none for it. */
static json_t *rating_json(const struct group *g)
{
    struct ratio r;
    const struct achieve_scale *s = g->scales ? NULL : g->scale;
    if (!s || s->of_value || s->of_words || achieve_mean_get(&g->mean, false, &r) != ST_OK) return json_null();
    const struct achieve_band *band = achieve_rate(s, r);
    return band ? json_string(band->word) : json_null();
}

static json_t *mean_json(const struct group *g)
{
    const struct achieve_mean *m = &g->mean;
    struct ratio r = {0, 1};
    int weighted = achieve_mean_weighted(m, &r);
    json_t *o = json_object();
    json_object_set_new(o, "achievement", rounded_mean(m, false));
    json_object_set_new(o, "missing_as_zero", rounded_mean(m, true));
    json_object_set_new(o, "weighted", rounded(m, weighted, r));
    json_object_set_new(o, "counted", json_integer((json_int_t)m->counted));
    json_object_set_new(o, "of", json_integer((json_int_t)m->of));
    json_object_set_new(o, "rating", rating_json(g));
    return o;
}

int query_groups_json(const struct query_context *q, const struct query_scope *s, struct query_groups *g, json_t **ret_rows,
                      json_t **ret_total)
{
    int st = read_money(q, s, g);
    if (st != ST_OK) return st;
    json_t *rows = json_array();
    for (uint32_t i = 0; i < g->count; i++) {
        char code[32];
        json_t *o = mean_json(&g->item[i]);
        put_money(&g->item[i].mean, &g->item[i].money, o);
        const char *name = q->names ? names_activity(q->names, g->item[i].node) : NULL;
        code_format_activity(g->item[i].node, code);
        json_object_set_new(o, "code", json_string(code));
        json_object_set_new(o, "level", json_string(code_level_name(code_level(g->item[i].node))));
        json_object_set_new(o, "name", name ? json_string(name) : json_null());
        json_object_set_new(o, "figure", query_figure_of_mean(q, s, g->item[i].node, g->cap));
        json_array_append_new(rows, o);
    }
    json_t *total = mean_json(&g->total);
    put_money(&g->total.mean, &g->total.money, total);
    json_object_set_new(total, "figure", query_figure_of_mean(q, s, 0, g->cap));
    json_object_set_new(total, "cap", g->cap ? json_integer((json_int_t)g->cap) : json_null());
    *ret_rows = rows;
    *ret_total = total;
    return ST_OK;
}
