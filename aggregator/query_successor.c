/* query_successor.c - see query_successor.h. Kind: P. The list has no circles (successor.h), so the walk ends. */
#include "aggregator/query_successor.h"

#include <stdio.h>
#include <string.h>

#include "aggregator/query_figure.h"
#include "aggregator/successor.h"
#include "proto/decimal.h"

struct walk {
    const struct query_context *q;
    query_successor_fn own;
    void *ctx;
    json_t *parts;
};

static i128 weighted(i128 sen, int64_t weight) { return weight == SUCCESSOR_WHOLE ? sen : bridge_round(sen * weight); }

static void add_shares(struct bridged *to, const struct bridged *from, int64_t weight)
{
    bool whole = weight == SUCCESSOR_WHOLE;
    i128 known = weighted(from->exact, weight);
    to->inside += weighted(from->inside, weight);
    to->exact += whole ? known : 0;
    to->estimated += weighted(from->estimated, weight) + (whole ? 0 : known);
    to->unmapped += weighted(from->unmapped, weight);
}

static void add_part(struct query_bridge_year *to, const struct query_bridge_year *from, int64_t weight)
{
    struct figure_row *t = &to->row;
    const struct figure_row *f = &from->row;
    t->budget += weighted(f->budget, weight);
    t->murni += weighted(f->murni, weight);
    t->realised += weighted(f->realised, weight);
    t->open += weighted(f->open, weight);
    t->budget_reported += weighted(f->budget_reported, weight);
    t->has_budget |= f->has_budget;
    t->has_realised |= f->has_realised;
    t->offices += f->offices;
    t->reported += f->reported;
    to->any |= from->any;
    add_shares(&to->budget, &from->budget, weight);
    add_shares(&to->realised, &from->realised, weight);
}

/* The same question of the old one. False: the register does not know it (yet). */
static bool scope_of(const struct query_context *q, const struct query_scope *s, const struct successor_end *from,
                     struct query_scope *ret, int *ret_st)
{
    *ret = *s;
    *ret_st = ST_OK;
    ret->office_id = 0;
    if (!from->office[0]) {
        ret->region = from->region;
        return true;
    }
    struct slice id = slice_of(from->office, strlen(from->office));
    ret->office = registry_office(q->registry, id);
    if (!ret->office) return false;
    int st = unit_dict_get(q->t, FOLD_DICT_TEXT, id, &ret->office_id);
    *ret_st = st == ST_NOT_FOUND ? ST_OK : st;
    return true;
}

static json_t *part_json(const struct successor *r, bool taken, const struct query_bridge_year *y)
{
    char region[8], weight[32], since[16];
    json_t *o = json_object();
    code_region_format(r->from.region, region);
    decimal_format_micro(r->weight, 0, weight);
    snprintf(since, sizeof since, "%u-%02u", r->since / 100, r->since % 100);
    if (r->from.office[0])
        json_object_set_new(o, "office", json_string(r->from.office));
    else
        json_object_set_new(o, "region", json_string(region));
    json_object_set_new(o, "since", json_string(since));
    json_object_set_new(o, "weight", json_string(weight));
    json_object_set_new(o, "taken", json_boolean(taken));
    json_object_set_new(o, "budget", y->row.has_budget ? query_figure_money(y->row.budget) : json_null());
    json_object_set_new(o, "realised", y->row.has_realised ? query_figure_money(y->row.realised) : json_null());
    return o;
}

static int add_scope(const struct walk *w, const struct query_scope *s, struct query_bridge_year *ret);

/* One row of the list: taken before its month; later in its year only named, if the old one has figures then. */
static int add_row(const struct walk *w, const struct query_scope *s, const struct successor *r, struct query_bridge_year *ret)
{
    struct query_bridge_year part = {0};
    struct query_scope old;
    int st;
    bool taken = (unsigned)(s->year * 100 + s->until) < r->since, same_year = (unsigned)s->year == r->since / 100;
    if ((!taken && !same_year) || !scope_of(w->q, s, &r->from, &old, &st)) return ST_OK;
    if (st == ST_OK) st = add_scope(w, &old, &part);
    if (st != ST_OK || !part.any) return st;
    json_array_append_new(w->parts, part_json(r, taken, &part));
    if (taken) add_part(ret, &part, r->weight);
    return ST_OK;
}

static int add_scope(const struct walk *w, const struct query_scope *s, struct query_bridge_year *ret)
{
    const struct successors *list = w->q->successors;
    int st = w->own(w->ctx, s, ret);
    for (uint32_t i = 0; st == ST_OK && list && i < list->count; i++)
        if (successor_into(&list->row[i], s->office ? s->office->id : NULL, s->region)) st = add_row(w, s, &list->row[i], ret);
    return st;
}

int query_successor_year(const struct query_context *q, const struct query_scope *s, query_successor_fn own, void *ctx,
                         struct query_bridge_year *ret, json_t *parts)
{
    const struct walk w = {q, own, ctx, parts};
    *ret = (struct query_bridge_year){0};
    return add_scope(&w, s, ret);
}
