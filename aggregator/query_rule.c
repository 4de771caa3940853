/* query_rule.c - see query_rule.h.
 *
 * Rules are statements about no line, and a unit's rows are ordered by line: they are the first rows of the centre's timeless unit,
 * and only those are read, in the past too, however many names of codes the centre has stated.
 * Invariant: the lists of the context that was given are never changed, and those put over them live until fn has returned. */
#include "aggregator/query_rule.h"

#include <stdio.h>
#include <string.h>

#include "aggregator/asof.h"
#include "aggregator/query_standard.h"
#include "proto/period.h"

int query_rule_centre(const struct query_context *q, int (*fn)(void *ctx, uint32_t office), void *ctx)
{
    for (size_t i = 0; i < registry_count(q->registry); i++) {
        const struct office *o = registry_at(q->registry, i);
        uint32_t id;
        if (o->role != ROLE_CENTRE) continue;
        int st = unit_dict_get(q->t, FOLD_DICT_TEXT, slice_of(o->id, strlen(o->id)), &id);
        if (st == ST_OK) st = fn(ctx, id);
        else if (st == ST_NOT_FOUND) st = ST_OK;
        if (st != ST_OK) return st;
    }
    return ST_OK;
}

struct each {
    const struct query_context *q;
    query_rule_fn fn;
    void *ctx;
    uint16_t year;
};

static int rows_of(void *ctx, uint32_t id)
{
    const struct each *x = ctx;
    const struct query_context *q = x->q;
    struct unit u;
    unit_init(&u);
    int st = asof_unit_lineless(q->t, asof_position(q->past), id, x->year, &u);
    for (uint32_t i = 0; st == ST_OK && i < u.count; i++) {
        const struct leaf *l = &u.leaf[i];
        struct slice key;
        if (l->key.activity || l->key.account || l->slot[0].kind != VALUE_TEXT) continue;
        st = unit_dict_text(q->t, FOLD_DICT_ID, l->key.indicator, &key);
        if (st == ST_OK) st = x->fn(x->ctx, l->key.measure, key, unit_text(&u, &l->slot[0]));
    }
    unit_done(&u);
    return st;
}

int query_rule_of_year(const struct query_context *q, int year, query_rule_fn fn, void *ctx)
{
    return query_rule_centre(q, rows_of, &(struct each){q, fn, ctx, (uint16_t)year});
}

int query_rule_each(const struct query_context *q, query_rule_fn fn, void *ctx) { return query_rule_of_year(q, 0, fn, ctx); }

/* Copies of the lists, each made when the first statement is to be put over it: most of the time there is none. */
struct over {
    const struct query_context *q;
    struct scales *scales;
    struct thresholds *thresholds;
    struct units *units;
    struct query_standards *standards;
};

static int take(void *ctx, unsigned measure, struct slice key, struct slice text)
{
    struct over *o = ctx;
    int st = ST_OK;
    switch (measure) {
    case MEASURE_RULE_SETTING:
        if (!o->thresholds) st = thresholds_copy(o->q->thresholds, &o->thresholds);
        return st == ST_OK ? thresholds_state(o->thresholds, key, text) : st;
    case MEASURE_RULE_UNIT:
    case MEASURE_RULE_UNIT_BASE:
    case MEASURE_RULE_UNIT_COUNTS:
        if (!o->units) st = units_copy(o->q->units, &o->units);
        if (st == ST_OK) units_state(o->units, measure, key, text);
        return st;
    case MEASURE_RULE_SCALE:
    case MEASURE_RULE_BAND:
    case MEASURE_RULE_SCALE_FOR:
        if (!o->scales) st = scales_copy(o->q->scales, &o->scales);
        if (st == ST_OK) scales_state(o->scales, measure, key, text);
        return st;
    default: return query_standards_state(&o->standards, measure, key, text);
    }
}

static int read_month(const struct query_context *q, const struct query_params *p, unsigned *ret, struct query_problem *problem)
{
    int year, month;
    *ret = 0;
    if (p->rules.n == 0) return ST_OK;
    if (p->rules.n != 7 || period_parse_year_month(p->rules, &year, &month) != ST_OK)
        return query_refuse(problem, q, "rules", p->rules, "bulan, misalnya 2023-01", "a month, such as 2023-01");
    *ret = (unsigned)(100 * year + month);
    return ST_OK;
}

int query_rule_ask(query_fn fn, const struct query_context *q, const struct query_params *p, json_t **ret,
                   struct query_problem *problem)
{
    struct query_context ruled = *q;
    struct over o = {.q = q};
    ruled.base = q->base ? q->base : q;
    int st = read_month(q, p, &ruled.rules_at, problem);
    if (st != ST_OK) return st;
    st = query_rule_each(q, take, &o);
    if (o.scales) ruled.scales = o.scales;
    if (o.thresholds) ruled.thresholds = o.thresholds;
    if (o.units) ruled.units = o.units;
    if (o.standards) ruled.standards = o.standards;
    if (st == ST_OK) st = fn(&ruled, p, ret, problem);
    scales_free(&o.scales);
    thresholds_free(&o.thresholds);
    units_free(&o.units);
    query_standards_free(&o.standards);
    return st;
}

unsigned query_rule_month(const struct query_context *q, int year, unsigned until)
{
    return q->rules_at ? q->rules_at : (unsigned)(100 * year) + (until ? until : 12);
}

struct threshold query_rule_threshold(const struct query_context *q, enum setting s, const struct office *o, int year,
                                      unsigned until)
{
    return thresholds_get(q->thresholds, s, o ? o->region : 0, o ? o->id : "", query_rule_month(q, year, until));
}

struct threshold query_rule_scope(const struct query_context *q, const struct query_scope *s, enum setting which, int year,
                                  unsigned until)
{
    if (s->office) return query_rule_threshold(q, which, s->office, year, until);
    return thresholds_get(q->thresholds, which, s->region, "", query_rule_month(q, year, until));
}

void query_rule_version(unsigned from, char ret[16])
{
    if (from == 0) snprintf(ret, 16, "awal");
    else snprintf(ret, 16, "%04u-%02u", from / 100 % 10000, from % 100);
}

/* ---- thresholds of findings ---- */

static int64_t value_of(const struct query_context *q, const struct office *o, int year, unsigned until, enum setting s)
{
    return query_rule_threshold(q, s, o, year, until).value;
}

struct size_rule query_rule_size(const struct query_context *q, const struct office *o, int year, unsigned until)
{
    return (struct size_rule){.floor = (i128)value_of(q, o, year, until, SETTING_JUMP_RUPIAH) * 100,
                              .times = value_of(q, o, year, until, SETTING_JUMP)};
}

struct copied_rule query_rule_copied(const struct query_context *q, const struct office *o, int year, unsigned until)
{
    return (struct copied_rule){.lines = (uint32_t)value_of(q, o, year, until, SETTING_COPIED_LINES),
                                .column = (uint32_t)value_of(q, o, year, until, SETTING_COPIED_COLUMN),
                                .percent = (uint32_t)value_of(q, o, year, until, SETTING_COPIED_SHARE)};
}

void query_rule_name(const struct query_context *q, const struct office *o, int year, unsigned until, const enum setting *s,
                     size_t n, json_t *finding)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        char text[80];
        struct threshold t = query_rule_threshold(q, s[i], o, year, until);
        thresholds_text(&t, text);
        json_array_append_new(list, json_string(text));
    }
    json_object_set_new(finding, "thresholds", list);
}

const struct achieve_scale *query_rule_scale(const struct query_context *q, region_code region, int year, unsigned until)
{
    const struct achieve_scale *known[SCALES_MAX + 2];
    unsigned at = query_rule_month(q, year, until);
    const struct achieve_scale *set = scales_for(q->scales, region, "", year, at);
    if (set) return set;
    (void)scales_known(q->scales, at, known);
    return known[0];
}
