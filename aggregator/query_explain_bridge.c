/* query_explain_bridge.c - a figure of a year of an older list in the codes of a newer one (trend --bridge): which old leaves went
 * into it, each with its own address and the part of it that counts. Kind: P.
 *
 * The leaves are walked as query_bridge_sum walks them, one at a time, so the parts add up to the value but for what a bidang has
 * beyond its leaves, and for a rounding of a sen each. Invariant: a part's address is of its own year's list. */
#include <stdio.h>

#include "aggregator/query_bridge.h"
#include "aggregator/query_explain.h"
#include "aggregator/query_rule.h"

struct walk {
    const struct query_context *q;
    const struct query_figure *f;
    const struct query_bridge *b;
    json_t *parts;
};

static i128 amount(const struct query_figure *f, const struct figure_row *r)
{
    return f->a.measure == ADDRESS_BUDGET ? r->budget : r->realised;
}

static int add_leaf(void *ctx, const struct figure_row *r)
{
    struct walk *w = ctx;
    struct bridged x = {0};
    struct query_figure at = *w->f;
    activity_code leaf = r->node.node;
    if (code_level(leaf) != code_leaf_level(code_vintage(leaf))) return ST_OK;
    bridge_take(&w->b->pairs, leaf, amount(w->f, r), w->b->target, w->b->node, &x);
    if (x.inside == 0) return ST_OK;
    json_t *o = json_object();
    at.a = query_figure_at(&w->f->s, &r->node, w->f->a.measure);
    json_object_set_new(o, "figure", query_figure_address(w->q, &at.a));
    json_object_set_new(o, "code", query_figure_code(&at));
    json_object_set_new(o, "name", query_figure_name(w->q, &at));
    json_object_set_new(o, "value", query_figure_money(bridge_round(x.inside)));
    json_object_set_new(o, "whole", query_figure_money(amount(w->f, r)));
    json_object_set_new(o, "estimated", json_boolean(x.estimated != 0));
    return json_array_append_new(w->parts, o) == 0 ? ST_OK : ST_NO_MEMORY;
}

static int put_parts(struct walk *w)
{
    if (w->f->a.measure == ADDRESS_ABSORPTION) return ST_OK;
    int st = query_rows(w->q, &w->f->s, NODE_ACTIVITY, LEVEL_KEGIATAN, add_leaf, w);
    return st == ST_OK ? query_rows(w->q, &w->f->s, NODE_ACTIVITY, LEVEL_SUBKEGIATAN, add_leaf, w) : st;
}

static void put_formula(const struct query_context *q, const struct query_bridge *b, json_t *answer)
{
    char text[200];
    snprintf(text, sizeof text,
             q->lang == LANG_EN ? "the figures of the year, brought to the list %s by the centre's pairs of codes (padanan)"
                                : "angka tahun itu dibawa ke daftar %s melalui padanan kode dari pusat",
             code_vintage_name(b->target));
    json_object_set_new(answer, "formula", json_string(text));
}

int query_explain_bridge(const struct query_context *q, const struct query_figure *f, json_t *answer)
{
    struct query_bridge b;
    struct query_bridge_year year = {0};
    struct query_problem problem = {0};
    bool mapped = true;
    json_t *code = query_figure_code(f);
    /* the target is a list: any year that uses it names it */
    int to = f->s.year;
    while (to < YEAR_MAX && code_vintage_of_year(to) != f->a.bridge) to++;
    int st = query_bridge_open(q, slice_of(json_string_value(code), json_string_length(code)), to, &b, &problem);
    json_decref(code);
    if (st != ST_OK) return st;
    struct walk w = {q, f, &b, json_array()};
    st = query_bridge_sum(q, &f->s, &b, &year);
    if (st == ST_OK) st = put_parts(&w);
    json_object_set_new(answer, "value", year.any ? query_figure_value(f, &year.row) : json_null());
    put_formula(q, &b, answer);
    struct threshold least = query_rule_scope(q, &f->s, SETTING_BRIDGED_SHARE, to, 12);
    json_object_set_new(answer, "bridge", query_bridge_shares(f->a.measure == ADDRESS_REALISED ? &year.realised : &year.budget,
                                                              (unsigned)least.value, &mapped));
    json_object_set_new(answer, "mapped", json_boolean(mapped));
    json_object_set_new(answer, "parts", w.parts);
    query_bridge_close(&b);
    return st;
}
