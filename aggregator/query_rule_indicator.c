/* query_rule_indicator.c - by which formula, operator, rounding and cap an indicator is counted, and by whose word. Kind: P.
 *
 * Found once an indicator when an office-year is opened, so that everything which judges it counts alike: rows, means, peers,
 * groups, trends, findings, explanations. An indicator without a rule costs nothing where the registry has no rule of the kind at
 * all. Invariant: a row that names a version was counted by it. */
#include "aggregator/query_rule.h"

#include <string.h>

#include "aggregator/query_standard.h"


void query_rule_who_is(const struct query_context *q, const struct indicator *it, struct query_rule_who *ret)
{
    struct slice id;
    char folded[TEXT_MAX + 1];
    *ret = (struct query_rule_who){.id = {0}};
    for (unsigned i = 0; i < 2; i++) {
        uint32_t identity = i ? it->alias : it->id;
        if (identity == 0 || unit_dict_text(q->t, FOLD_DICT_ID, identity, &id) != ST_OK || id.n > TEXT_MAX) continue;
        if (i == 0) ret->id = id;
        size_t n = achieve_identity(id, folded);
        if (n <= THRESHOLD_INDICATOR_MAX) memcpy(ret->folded[i], folded, n + 1);
    }
}

static void by_definition(const struct query_standard *d, uint8_t value, enum setting s, struct indicator_rule *r)
{
    if (r->t.named || !d || !value) return;
    *r = (struct indicator_rule){.t = {.setting = s, .value = value, .from = d->from, .set = true, .named = true}, .defined = true};
}

void query_rule_indicator(const struct query_context *q, const struct query_rule_who *who, region_code region, const char *office,
                          unsigned at, struct indicator_rules *ret)
{
    const struct threshold_of of = {.region = region, .office = office, .indicator = who->folded[0], .alias = who->folded[1]};
    const struct query_standard *d = query_standards_find(q->standards, who->id, at);
    ret->formula = (struct indicator_rule){.t = thresholds_of(q->thresholds, SETTING_FORMULA, &of, at)};
    ret->over_time = (struct indicator_rule){.t = thresholds_of(q->thresholds, SETTING_OVER_TIME, &of, at)};
    ret->rounding = (struct indicator_rule){.t = thresholds_of(q->thresholds, SETTING_ROUNDING, &of, at)};
    ret->cap = (struct indicator_rule){.t = thresholds_of(q->thresholds, SETTING_CAP, &of, at)};
    by_definition(d, d ? d->formula : 0, SETTING_FORMULA, &ret->formula);
    by_definition(d, d ? d->over_time : 0, SETTING_OVER_TIME, &ret->over_time);
}

void query_rule_indicators(const struct query_context *q, struct query_indicators *o)
{
    static const enum setting ALL[] = {SETTING_FORMULA, SETTING_OVER_TIME, SETTING_ROUNDING, SETTING_CAP};
    bool any = q->standards != NULL;
    for (size_t i = 0; i < sizeof ALL / sizeof *ALL; i++) any |= thresholds_any(q->thresholds, ALL[i]);
    for (uint32_t i = 0; any && i < o->v.count; i++) {
        struct query_rule_who who;
        query_rule_who_is(q, &o->v.item[i], &who);
        query_rule_indicator(q, &who, o->office->region, o->office->id, o->at, &o->v.item[i].rules);
    }
}

json_t *query_rule_said(enum indicator_by by, const struct indicator_rule *r)
{
    char version[16];
    if (by < INDICATOR_BY_RULE) return json_string(indicator_by_name(by));
    thresholds_version(&r->t, version);
    return json_string(version);
}

json_t *query_rule_rounding(struct achieve_rounding r, const struct threshold *t)
{
    char name[32], version[16];
    achieve_rounding_name(r, name);
    thresholds_version(t, version);
    return json_sprintf("%s@%s", name, version);
}

void query_rule_put(const struct query_indicators *o, const struct indicator *it, const struct indicator_state *st, json_t *row)
{
    char version[16];
    json_object_set_new(row, "formula_by", json_string(indicator_by_name(st->formula_by)));
    json_object_set_new(row, "formula_version", query_rule_said(st->formula_by, &it->rules.formula));
    json_object_set_new(row, "formula_declared", json_boolean(st->formula_by != INDICATOR_BY_DEFAULT));
    json_object_set_new(row, "over_time", json_string(achieve_time_name(st->over_time)));
    json_object_set_new(row, "over_time_by", json_string(indicator_by_name(st->over_time_by)));
    json_object_set_new(row, "over_time_version", query_rule_said(st->over_time_by, &it->rules.over_time));
    json_object_set_new(row, "rounding", query_rule_rounding(st->in.rounding, &it->rules.rounding.t));
    json_object_set_new(row, "scale", json_string(o->scale.scale->name));
    query_rule_version(o->scale.scale->from, version);
    json_object_set_new(row, "scale_version", json_string(version));
    json_object_set_new(row, "scale_set", json_boolean(o->scale.set));
    if (st->formula != ACHIEVE_SCALE) return;
    query_rule_version(o->v.words ? o->v.words->from : 0, version);
    json_object_set_new(row, "predicates", json_string(o->v.words ? o->v.words->name : "opini"));
    json_object_set_new(row, "predicates_version", json_string(version));
}
