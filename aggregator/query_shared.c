/* query_shared.c - see query_shared.h.
 *
 * Entries are gathered while offices are listed anyway and joined at the end, so a group costs what listing its offices costs and
 * is never stored: definitions have versions of their own. Of an office that states an id on several lines the first line counts,
 * the others are named as left out. Parts of an indicator that are left out of its sum are named with the office and the reason.
 * Invariant: counted + those left out with a reason of their own = of. */
#include "aggregator/query_shared.h"
#include "aggregator/query_rule.h"

#include <stdlib.h>
#include <string.h>

#include "aggregator/across.h"
#include "aggregator/derive.h"
#include "aggregator/query_figure.h"
#include "aggregator/query_standard.h"
#include "proto/decimal.h"

struct entry {
    char *id; /* the shared identity */
    uint32_t at; /* as found: the first line of an office counts */
    const struct office *office;
    json_t *name, *left_out; /* parts that are not counted */
    char unit[UNIT_TEXT_MAX + 1];
    uint8_t over, formula; /* over 0: none declared */
    enum indicator_by formula_by;
    struct indicator_rules rules;
    struct across_part part;
    struct ratio bobot; /* weight of RATA_TERTIMBANG */
    bool has_bobot;
    i128 budget; /* of the office at the cut-off; sen */
};
struct query_shared {
    struct entry *e;
    uint32_t count, cap;
    const struct office *last; /* whose budget is known */
    i128 budget;
    struct derived_set d;
};
static const struct ratio HUNDREDTH = { 1, 100 };

static void clear(struct query_shared *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        free(s->e[i].id);
        json_decref(s->e[i].name);
        json_decref(s->e[i].left_out);
    }
    s->count = 0;
    s->last = NULL;
}

void query_shared_free(struct query_shared **s)
{
    if (!*s) return;
    clear(*s);
    derive_done(&(*s)->d);
    free((*s)->e);
    free(*s);
    *s = NULL;
}

int query_shared_new(struct query_shared **ret)
{
    struct query_shared *s = calloc(1, sizeof *s);
    if (!s) return ST_NO_MEMORY;
    derive_init(&s->d);
    *ret = s;
    return ST_OK;
}

/* ---- one office ---- */

/* An id that the registry defines, or that was stated as one: what a name folds to is only a name. */
static bool has_id(const struct query_context *q, const struct query_indicators *o, const struct indicator *it, struct slice *ret)
{
    char folded[TEXT_MAX + 1];
    struct slice name = indicator_text(&o->u, it->name);
    if (query_indicators_identity(q, it, ret) != ST_OK || ret->n == 0 || ret->n > STANDARD_TEXT_MAX) return false;
    if (query_standards_any(q->standards, *ret)) return true;
    if (name.n == 0 || name.n > TEXT_MAX) return false;
    size_t n = achieve_identity(name, folded);
    return n != ret->n || memcmp(folded, ret->p, n) != 0;
}

static int budget_of(struct query_shared *s, struct query_indicators *o, unsigned until, i128 *ret)
{
    const struct derived_key total = { .node = 0, .node_kind = NODE_TOTAL, .derived = DERIVED_BUDGET, .source = SOURCE_DPA };
    int st = ST_OK;
    if (s->last != o->office) {
        st = derive_unit(&o->u, &s->d);
        const struct derived_row *r = st == ST_OK ? derive_find(&s->d, &total) : NULL;
        s->budget = r ? r->value[until - 1] : 0;
        s->last = o->office;
    }
    *ret = s->budget;
    return st;
}

static bool slot_number(const struct leaf *row, unsigned until, struct ratio *ret)
{
    const struct slot *s = indicator_slot(row, until);
    return s && figure_kind_reported(s->kind) && achieve_ratio(s->kind == VALUE_NUMBER ? s->value : 0, 1000000, ret);
}

/* Numerator and denominator as stated, else the sum of the counted parts over the stated denominator. */
static void parts_of(const struct query_context *q, const struct query_plan *plan, const struct indicator *it, unsigned until,
                     struct entry *e)
{
    struct ratio share;
    json_t *list = json_array(), *o;
    size_t i;
    e->part.has_weight = slot_number(it->denominator, until, &e->part.weight);
    e->part.has_numerator = slot_number(it->numerator, until, &e->part.numerator);
    bool parts = query_plan_parts(q, plan, it, until, &share, list);
    if (!e->part.has_numerator && parts && e->part.has_weight)
        e->part.has_numerator = achieve_ratio_multiply(share, e->part.weight, &e->part.numerator);
    json_array_foreach(list, i, o) if (!json_is_true(json_object_get(o, "counted"))) json_array_append(e->left_out, o);
    json_decref(list);
}

static bool number_of(const struct achieve_value *v, struct ratio *ret)
{
    *ret = v->number;
    return v->kind == ACHIEVE_NUMBER;
}

static void fill(const struct query_context *q, const struct query_plan *plan, const struct query_indicators *o,
                 const struct indicator *it, const struct indicator_state *st, unsigned until, struct entry *e)
{
    struct slice unit = st->target_unit.n ? st->target_unit : st->reached_unit;
    const struct slot *last = indicator_slot(it->reached, until);
    (void)achieve_units_parse(indicator_text(&o->u, it->over_units), &e->over);
    e->formula = (uint8_t)st->formula;
    e->formula_by = st->formula_by;
    e->rules = it->rules;
    if (unit.n <= UNIT_TEXT_MAX) memcpy(e->unit, unit.p, unit.n);
    e->part.has_reached = number_of(&st->in.reached, &e->part.reached);
    e->part.has_target = number_of(&st->in.target, &e->part.target);
    e->part.behind = last && last != &it->reached->slot[until - 1];
    if (st->in.reached.kind == ACHIEVE_WORDS) e->part.why = ACROSS_WORDS;
    if (st->in.units_differ) e->part.why = ACROSS_UNIT;
    e->has_bobot = slot_number(it->weight, 1, &e->bobot);
    parts_of(q, plan, it, until, e);
}

int query_shared_add(struct query_shared *s, const struct query_context *q, const struct query_plan *plan,
                     struct query_indicators *o, const struct indicator *it, const struct indicator_state *st, unsigned until)
{
    struct slice id;
    struct entry e = { .office = o->office };
    if (indicator_plan_only(it) || !has_id(q, o, it, &id)) return ST_OK;
    if (s->count == s->cap) {
        uint32_t cap = s->cap ? 2 * s->cap : 64;
        struct entry *p = realloc(s->e, cap * sizeof *p);
        if (!p) return ST_NO_MEMORY;
        s->e = p;
        s->cap = cap;
    }
    int rc = budget_of(s, o, until, &e.budget);
    if (rc != ST_OK) return rc;
    e.id = malloc(id.n + 1);
    if (!e.id) return ST_NO_MEMORY;
    memcpy(e.id, id.p, id.n);
    e.id[id.n] = '\0';
    e.name = query_indicators_name(q, o, it);
    e.left_out = json_array();
    fill(q, plan, o, it, st, until, &e);
    e.at = s->count;
    s->e[s->count++] = e;
    return ST_OK;
}

/* ---- one group ---- */

static int entry_order(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int c = strcmp(x->id, y->id);
    if (c == 0) c = strcmp(x->office->id, y->office->id);
    return c ? c : (x->at > y->at) - (x->at < y->at);
}

struct group {
    struct entry *e;
    uint32_t n;
    uint8_t over, formula;
    const char *unit, *name; /* name: of the definition, NULL */
    const struct units *units;
    const struct query_standard *definition; /* NULL: none */
    enum indicator_by formula_by;
    struct indicator_rules rules;
    struct across_result r;
};

static bool unit_is(const struct group *g, const char *unit)
{
    return units_same(g->units, slice_of(g->unit, strlen(g->unit)), slice_of(unit, strlen(unit)));
}

/* By the definition; without one the offices' own words are shown, and nothing is joined. */
static void define(struct group *g, const struct query_context *q, const struct query_scope *scope)
{
    struct query_rule_who who = { .id = slice_of(g->e[0].id, strlen(g->e[0].id)) };
    unsigned at = query_rule_month(q, scope->year, (unsigned)scope->until);
    char folded[TEXT_MAX + 1];
    size_t n = achieve_identity(who.id, folded);
    if (n <= THRESHOLD_INDICATOR_MAX) memcpy(who.folded[0], folded, n + 1);
    const struct query_standard *d = g->definition = query_standards_find(q->standards, who.id, at);
    query_rule_indicator(q, &who, scope->region, "", at, &g->rules);
    g->formula = indicator_choose(&g->rules.formula, 0, 0, &g->formula_by);
    if (g->formula == 0 || (!g->rules.formula.t.named && g->e[0].formula_by != INDICATOR_BY_DEFAULT)) {
        g->formula = g->e[0].formula;
        g->formula_by = g->e[0].formula_by;
        g->rules.formula = g->e[0].rules.formula;
    }
    for (uint32_t i = 0; i < g->n && g->over == 0; i++) g->over = g->e[i].over;
    g->unit = g->e[0].unit;
    if (!d) return;
    g->over = d->over;
    g->unit = d->unit;
    g->name = d->name;
}

static void choose(struct group *g)
{
    for (uint32_t i = 0; i < g->n; i++) {
        struct entry *e = &g->e[i];
        if (i > 0 && e->office == g->e[i - 1].office) e->part.why = ACROSS_TWICE;
        if (e->part.why == ACROSS_COUNTED && e->unit[0] && !unit_is(g, e->unit)) e->part.why = ACROSS_UNIT;
        if (g->over != ACHIEVE_RATA_TERTIMBANG) continue;
        e->part.has_weight = e->has_bobot;
        e->part.weight = e->bobot;
    }
}

static int join(struct group *g)
{
    g->r = (struct across_result){ .why = ACROSS_UNDEFINED, .of = g->n };
    for (uint32_t i = 0; i < g->n && !g->definition; i++)
        if (!g->e[i].part.has_reached) g->e[i].part.why = ACROSS_MISSING;
    if (!g->definition) return ST_OK;
    choose(g);
    struct across_part *part = calloc(g->n, sizeof *part);
    if (!part) return ST_NO_MEMORY;
    for (uint32_t i = 0; i < g->n; i++) part[i] = g->e[i].part;
    across_join((enum achieve_over_units)g->over, unit_is(g, "%"), part, g->n, &g->r);
    for (uint32_t i = 0; i < g->n; i++) g->e[i].part = part[i];
    free(part);
    return ST_OK;
}

/* ---- as JSON ---- */

static json_t *ratio_json(bool has, struct ratio r)
{
    const struct achieve_value v = { .kind = has ? ACHIEVE_NUMBER : ACHIEVE_ABSENT, .number = r };
    return query_indicators_value(&v);
}

/* Two decimals, as percentages are printed; quantities as they are. */
static json_t *value_json(const struct group *g, bool has, struct ratio r)
{
    if (!has || !unit_is(g, "%")) return ratio_json(has, r);
    return achieve_ratio_multiply(r, HUNDREDTH, &r) ? query_indicators_share(r) : json_null();
}

static void judge(const struct group *g, struct indicator_state *st)
{
    *st = (struct indicator_state){ .formula = (enum achieve_formula)g->formula, .formula_by = g->formula_by };
    st->in.formula = st->formula;
    if (g->rules.rounding.t.set) st->in.rounding = achieve_rounding_unpack(g->rules.rounding.t.value);
    if (g->r.why == ACROSS_COUNTED) st->in.reached = (struct achieve_value){ .kind = ACHIEVE_NUMBER, .number = g->r.reached };
    if (g->r.has_target) st->in.target = (struct achieve_value){ .kind = ACHIEVE_NUMBER, .number = g->r.target };
    achieve_compute(&st->in, &st->result);
}

static void put_rating(const struct query_context *q, const struct query_scope *scope, const struct indicator_state *st, json_t *o)
{
    char version[16];
    const struct achieve_scale *scale = query_rule_scale(q, scope->region, scope->year, (unsigned)scope->until);
    const struct achieve_band *band = indicator_band(scale, st);
    json_object_set_new(o, "rating", band ? json_string(band->word) : json_null());
    json_object_set_new(o, "scale", json_string(scale->name));
    query_rule_version(scale->from, version);
    json_object_set_new(o, "scale_version", json_string(version));
}

static void put_rules(const struct group *g, const struct indicator_state *st, json_t *o)
{
    json_object_set_new(o, "formula_by", json_string(indicator_by_name(st->formula_by)));
    json_object_set_new(o, "formula_version", query_rule_said(st->formula_by, &g->rules.formula));
    json_object_set_new(o, "rounding", query_rule_rounding(st->in.rounding, &g->rules.rounding.t));
}

static void put_value(const struct query_context *q, const struct query_scope *scope, const struct group *g, json_t *o)
{
    struct indicator_state st;
    judge(g, &st);
    bool value = g->r.why == ACROSS_COUNTED, rated = st.result.state == ACHIEVE_OK;
    const char *why = !value ? across_why_name(g->r.why) : !rated ? achieve_state_name(st.result.state) : NULL;
    json_object_set_new(o, "target", value_json(g, g->r.has_target, g->r.target));
    json_object_set_new(o, "reached", value_json(g, value, g->r.reached));
    json_object_set_new(o, "achievement", query_indicators_percent(&st.result));
    put_rating(q, scope, &st, o);
    put_rules(g, &st, o);
    json_object_set_new(o, "reason", why ? json_string(why) : json_null());
    bool parts = g->over == ACHIEVE_RASIO && value;
    json_object_set_new(o, "numerator", ratio_json(parts, g->r.numerator));
    json_object_set_new(o, "denominator", ratio_json(parts, g->r.denominator));
}

static json_t *excluded_json(const struct group *g)
{
    json_t *list = json_array(), *part;
    size_t k;
    for (uint32_t i = 0; i < g->n; i++) {
        const struct entry *e = &g->e[i];
        if (e->part.why != ACROSS_COUNTED)
            json_array_append_new(list, json_pack("{s:s,s:s}", "office", e->office->id, "reason", across_why_name(e->part.why)));
        json_array_foreach(e->left_out, k, part) json_array_append_new(
            list, json_pack("{s:s,s:O,s:O,s:O}", "office", e->office->id, "part", json_object_get(part, "name"), "value",
                            json_object_get(part, "value"), "reason", json_object_get(part, "reason")));
    }
    return list;
}

/* Who has reported it up to the cut-off itself, which share of their budget that is, and what the value can still become. */
static void put_complete(const struct group *g, json_t *o)
{
    i128 all = 0, reported = 0;
    json_int_t offices = 0, of = 0;
    char t[32];
    for (uint32_t i = 0; i < g->n; i++) {
        const struct entry *e = &g->e[i];
        bool there = e->part.why != ACROSS_MISSING && !e->part.behind;
        if (e->part.why == ACROSS_TWICE) continue;
        of++;
        offices += there;
        all += e->budget;
        reported += there ? e->budget : 0;
    }
    json_t *c = json_object();
    json_object_set_new(c, "budget_share", all > 0 && decimal_percent_text(reported, all, 2, t) > 0 ? json_string(t) : json_null());
    json_object_set_new(c, "low", value_json(g, g->r.has_low, g->r.low));
    json_object_set_new(c, "high", value_json(g, g->r.has_high, g->r.high));
    json_object_set_new(o, "complete", json_pack("{s:I,s:I}", "offices", offices, "of", of));
    json_object_set_new(o, "coverage", c);
}

/* The month the definition holds from; null: there is none. */
static json_t *definition_json(const struct group *g)
{
    return g->definition ? json_sprintf("%04u-%02u", g->definition->from / 100, g->definition->from % 100) : json_null();
}

static json_t *group_json(const struct query_context *q, const struct query_scope *scope, const struct group *g)
{
    json_t *o = json_object();
    json_object_set_new(o, "id", json_string(g->e[0].id));
    json_object_set_new(o, "indicator", g->name && g->name[0] ? json_string(g->name) : json_incref(g->e[0].name));
    json_object_set_new(o, "unit", g->unit[0] ? json_string(g->unit) : json_null());
    json_object_set_new(o, "formula", json_string(achieve_formula_name(g->formula)));
    json_object_set_new(o, "operator", json_string(achieve_units_name(g->over)));
    json_object_set_new(o, "definition", definition_json(g));
    put_value(q, scope, g, o);
    json_object_set_new(o, "counted", json_integer((json_int_t)g->r.counted));
    json_object_set_new(o, "of", json_integer((json_int_t)g->r.of));
    json_object_set_new(o, "excluded", excluded_json(g));
    put_complete(g, o);
    query_figure_of_shared(q, scope, g->e[0].id, o);
    return o;
}

static int put_groups(struct query_shared *s, const struct query_context *q, const struct query_scope *scope, json_t *list,
                      struct query_shared_value *ret)
{
    int st = ST_OK;
    if (s->count > 1) qsort(s->e, s->count, sizeof *s->e, entry_order);
    for (uint32_t i = 0, end; st == ST_OK && i < s->count; i = end) {
        struct group g = { .e = &s->e[i], .units = q->units };
        for (end = i; end < s->count && strcmp(s->e[end].id, s->e[i].id) == 0;) end++;
        g.n = end - i;
        define(&g, q, scope);
        if (g.over == 0) continue; /* an id, and nobody says how it is joined */
        st = join(&g);
        if (st != ST_OK) break;
        json_array_append_new(list, group_json(q, scope, &g));
        *ret = (struct query_shared_value){ .over = g.over };
        memcpy(ret->unit, g.unit, strlen(g.unit) + 1);
        judge(&g, &ret->state);
    }
    clear(s);
    return st;
}

int query_shared_json(struct query_shared *s, const struct query_context *q, const struct query_scope *scope, json_t *list)
{
    struct query_shared_value last;
    return put_groups(s, q, scope, list, &last);
}

/* ---- one year of a trend ---- */

static int add_office(struct query_shared *s, const struct query_context *q, const struct query_scope *scope,
                      const struct office *office, struct slice asked, int year)
{
    struct query_indicators o;
    struct query_plan plan;
    struct indicator_state state;
    int st = query_indicators_open(q, office, year, (unsigned)scope->until, &o), opened = query_plan_open(q, &o, &plan);
    if (st == ST_OK) st = opened;
    for (uint32_t i = 0; st == ST_OK && i < o.v.count; i++) {
        const struct indicator *it = &o.v.item[i];
        if (!query_indicators_named(q, it, asked)) continue;
        indicator_judge(&o.u, it, (unsigned)scope->until, NULL, &state);
        st = query_shared_add(s, q, &plan, &o, it, &state, (unsigned)scope->until);
    }
    query_plan_close(&plan);
    query_indicators_close(&o);
    return st;
}

int query_shared_year(const struct query_context *q, const struct query_scope *scope, struct slice asked, int year, json_t **ret,
                      struct query_shared_value *ret_value)
{
    struct query_shared *s = NULL;
    struct query_scope at = *scope;
    json_t *list = json_array();
    int st = query_shared_new(&s);
    at.year = year;
    for (size_t i = 0; st == ST_OK && i < registry_count(q->registry); i++)
        if (query_indicators_inside(scope, registry_at(q->registry, i)))
            st = add_office(s, q, &at, registry_at(q->registry, i), asked, year);
    if (st == ST_OK) st = put_groups(s, q, &at, list, ret_value);
    query_shared_free(&s);
    if (st == ST_OK) *ret = json_incref(json_array_get(list, 0));
    json_decref(list);
    return st;
}
