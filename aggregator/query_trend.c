/* query_trend.c - one series over years: a region or office, a code or the total, one measure. Kind: P.
 *
 * A point is the state at the cut-off month of its year (part years are compared with the same part). A year without anything has
 * no value (null, not zero). The code list changes between years: each point names its vintage and the first of a new one is
 * marked. */
#include <string.h>

#include "aggregator/query_figure.h"
#include "aggregator/query_bridge.h"
#include "aggregator/query_rule.h"
#include "aggregator/query_change.h"
#include "aggregator/query_rows.h"
#include "aggregator/query_successor.h"
#include "proto/decimal.h"

enum trend_measure { TREND_BUDGET, TREND_REALISED, TREND_ABSORPTION };
enum { TREND_YEARS_MAX = 60 };

struct sum {
    const struct query_scope *s;
    struct figure_row row;
    enum vintage vintage;
    bool any;
};

static int add_node(void *ctx, const struct figure_row *f)
{
    struct sum *sum = ctx;
    char code[32];
    bool activity = f->node.node_kind == NODE_ACTIVITY;
    if (activity)
        code_format_activity(f->node.node, code);
    else
        code_format_account(f->node.node, code);
    if (strlen(code) != sum->s->code.n || memcmp(code, sum->s->code.p, sum->s->code.n)) return ST_OK;
    sum->any = true;
    sum->vintage = activity ? code_vintage(f->node.node) : VINTAGE_NONE;
    sum->row.node = f->node;
    sum->row.budget += f->budget;
    sum->row.murni += f->murni;
    sum->row.realised += f->realised;
    sum->row.has_budget |= f->has_budget;
    sum->row.has_realised |= f->has_realised;
    for (unsigned i = 0; i < 2; i++) {
        sum->row.plan[i] += f->plan[i];
        sum->row.has_plan[i] |= f->has_plan[i];
        sum->row.plan_control[i] += f->plan_control[i];
        sum->row.has_plan_control[i] |= f->has_plan_control[i];
    }
    sum->row.open += f->open;
    sum->row.budget_reported += f->budget_reported;
    sum->row.offices += f->offices;
    sum->row.reported += f->reported;
    return ST_OK;
}

static int add_total(void *ctx, const struct figure_row *f)
{
    struct sum *sum = ctx;
    if (f->node.node != 0) return ST_OK;
    sum->row = *f;
    sum->any = true;
    return ST_OK;
}

static int sum_year(const struct query_context *q, const struct query_scope *s, struct sum *ret)
{
    *ret = (struct sum){.s = s};
    if (s->code.n == 0 || query_parse_total(s->code)) return query_rows(q, s, NODE_TOTAL, 0, add_total, ret);
    int st = ST_OK;
    if (code_looks_account(s->code)) {
        for (unsigned depth = 1; st == ST_OK && depth <= 6; depth++) st = query_rows(q, s, NODE_ACCOUNT, depth, add_node, ret);
        return st;
    }
    for (unsigned level = LEVEL_URUSAN; st == ST_OK && level <= LEVEL_SUBKEGIATAN; level++)
        st = query_rows(q, s, NODE_ACTIVITY, level, add_node, ret);
    return st;
}

static json_t *value_of(enum trend_measure m, const struct query_scope *s, const struct figure_row *f)
{
    char t[48];
    i128 budget = s->murni ? f->murni : f->budget;
    if (m == TREND_ABSORPTION)
        return f->has_realised ? query_figure_percent(f->realised, budget) : json_null();
    if (m == TREND_BUDGET ? !f->has_budget : !f->has_realised) return json_null();
    decimal_format_sen(m == TREND_BUDGET ? budget : f->realised, t);
    return json_string(t);
}

/* Realised against a plan's ceiling: renstra, else rpjmd. */
static json_t *plan_json(i128 ceiling, bool realised_known, i128 realised, bool rpjmd)
{
    char t[48];
    json_t *o = json_object();
    json_object_set_new(o, "source", json_string(figure_source_name(rpjmd ? SOURCE_RPJMD : SOURCE_RENSTRA)));
    json_object_set_new(o, "budget", query_figure_money(ceiling));
    bool share = realised_known && ceiling != 0 && decimal_percent_text(realised, ceiling, 2, t) > 0;
    json_object_set_new(o, "share", share ? json_string(t) : json_null());
    return o;
}

static json_t *plan_of(const struct figure_row *f)
{
    bool rpjmd = !f->has_plan[0];
    if (!f->has_plan[0] && !f->has_plan[1]) return json_null();
    json_t *o = plan_json(f->plan[rpjmd], f->has_realised, f->realised, rpjmd);
    json_object_set_new(o, "stated", f->has_plan_control[rpjmd] ? query_figure_money(f->plan_control[rpjmd]) : json_null());
    return o;
}

struct asked { const struct query_context *q; enum trend_measure m; json_t *points, *answer; struct query_series *series; };

/* The value as a number; false: none. */
static bool number_of(enum trend_measure m, const struct sum *sum, struct ratio *ret)
{
    const struct figure_row *f = &sum->row;
    i128 budget = sum->s->murni ? f->murni : f->budget;
    if (!sum->any || (m == TREND_BUDGET ? !f->has_budget : !f->has_realised)) return false;
    if (m == TREND_ABSORPTION) return budget != 0 && achieve_ratio(f->realised, budget, ret);
    *ret = (struct ratio){m == TREND_BUDGET ? budget : f->realised, 1};
    return true;
}

/* Why a point is not compared with the one before it. */
static const char *apart(enum trend_measure m, const struct sum *sum, bool broken, bool bridged)
{
    bool one_code = sum->s->code.n > 0 && !query_parse_total(sum->s->code);
    if (broken && one_code && !bridged) return "ganti-daftar";
    return m != TREND_BUDGET && sum->row.has_realised && sum->row.reported == 0 ? "bagian-tahun" : NULL;
}

/* The address of a point's value; of one that was bridged, of the node of the newer list it was brought to. */
static json_t *point_figure(const struct sum *sum, const struct asked *a, const struct query_bridge *b)
{
    static const enum address_measure MEASURES[] = {ADDRESS_BUDGET, ADDRESS_REALISED, ADDRESS_ABSORPTION};
    const struct derived_key to = {.node = b ? b->node : 0, .node_kind = b && b->node ? NODE_ACTIVITY : NODE_TOTAL};
    bool other = b && code_vintage_of_year(sum->s->year) != b->target;
    struct address at = query_figure_at(sum->s, other ? &to : &sum->row.node, MEASURES[a->m]);
    if (other) at.bridge = b->target;
    return sum->any ? query_figure_address(a->q, &at) : json_null();
}

static void put_plan_figure(const struct sum *sum, const struct asked *a, json_t *point)
{
    json_t *plan = json_object_get(point, "plan");
    struct address at = query_figure_at(sum->s, &sum->row.node, ADDRESS_BUDGET);
    at.source = sum->row.has_plan[0] ? SOURCE_RENSTRA : SOURCE_RPJMD;
    if (json_is_object(plan)) json_object_set_new(plan, "figure", query_figure_address(a->q, &at));
}

static json_t *point(const struct sum *sum, const struct asked *a, enum vintage *last, const struct query_bridge *b)
{
    bool bridged = b != NULL;
    enum trend_measure m = a->m;
    struct ratio number;
    json_t *o = json_object();
    enum vintage v = sum->vintage ? sum->vintage : code_vintage_of_year(sum->s->year);
    json_object_set_new(o, "year", json_integer(sum->s->year));
    json_object_set_new(o, "value", sum->any ? value_of(m, sum->s, &sum->row) : json_null());
    json_object_set_new(o, "budget",
                        sum->row.has_budget ? query_figure_money(sum->s->murni ? sum->row.murni : sum->row.budget) : json_null());
    json_object_set_new(o, "realised", sum->row.has_realised ? query_figure_money(sum->row.realised) : json_null());
    json_object_set_new(o, "plan", plan_of(&sum->row));
    json_object_set_new(o, "figure", point_figure(sum, a, b));
    put_plan_figure(sum, a, o);
    json_object_set_new(o, "vintage", json_string(code_vintage_name(v)));
    bool broken = *last != VINTAGE_NONE && v != *last, known = number_of(m, sum, &number);
    json_object_set_new(o, "break", json_boolean(broken));
    query_series_point(a->series, sum->s->year, known ? &number : NULL, apart(m, sum, broken, bridged), o);
    query_rows_complete(&sum->row, sum->row.offices, o);
    *last = v;
    return o;
}

static int parse_measure(const struct query_context *q, struct slice text, enum trend_measure *ret, struct query_problem *problem)
{
    static const char *const names[] = {"budget", "realised", "absorption"};
    *ret = TREND_REALISED;
    if (text.n == 0) return ST_OK;
    for (unsigned i = 0; i < 3; i++)
        if (strlen(names[i]) == text.n && !memcmp(names[i], text.p, text.n)) {
            *ret = (enum trend_measure)i;
            return ST_OK;
        }
    return query_refuse(problem, q, "measure", text,
                        "ukuran: budget, realised atau absorption; dengan --indicator: reached, target atau achievement",
                        "measure: budget, realised or absorption; with --indicator: reached, target or achievement");
}

struct span {
    int from, to;
};

static int parse_span(const struct query_context *q, const struct query_params *p, struct span *ret, struct query_problem *problem)
{
    int st = query_parse_year(p->from, "from", &ret->from, q, problem);
    if (st == ST_OK) st = query_parse_year(p->to, "to", &ret->to, q, problem);
    if (st != ST_OK) return st;
    if (ret->to >= ret->from && ret->to - ret->from < TREND_YEARS_MAX) return ST_OK;
    return query_refuse(problem, q, "to", p->to, "tahun akhir harus sesudah tahun awal, paling banyak 60 tahun",
                        "the last year must follow the first, at most 60 years");
}

static int plain_points(const struct query_context *q, struct query_scope *s, const struct span *span, const struct asked *a)
{
    enum vintage last = VINTAGE_NONE;
    int st = ST_OK;
    for (s->year = span->from; st == ST_OK && s->year <= span->to; s->year++) {
        struct sum sum;
        st = sum_year(q, s, &sum);
        if (st == ST_OK) json_array_append_new(a->points, point(&sum, a, &last, NULL));
    }
    return st;
}

struct bridging {
    const struct query_context *q;
    const struct query_bridge *b;
};

/* One year of a scope itself in the codes of the last one; a year of the same list is what it is. */
static int bridged_own(void *ctx, const struct query_scope *s, struct query_bridge_year *ret)
{
    const struct bridging *x = ctx;
    struct sum sum;
    if (code_vintage_of_year(s->year) != x->b->target) {
        int st = query_bridge_sum(x->q, s, x->b, ret);
        ret->row.bridged = true;
        return st;
    }
    int st = sum_year(x->q, s, &sum);
    *ret = (struct query_bridge_year){.row = sum.row, .any = sum.any};
    ret->budget.exact = ret->row.budget * BRIDGE_WHOLE;
    ret->realised.exact = ret->row.realised * BRIDGE_WHOLE;
    return st;
}

/* A point that has figures of others has no address of its own: each part has. Who is carried on may change from year to year. */
static void put_parts(json_t *parts, json_t *o, size_t *last)
{
    size_t n = json_array_size(parts), taken = 0;
    for (size_t i = 0; i < n; i++) taken += json_is_true(json_object_get(json_array_get(parts, i), "taken"));
    if (taken) json_object_set_new(o, "figure", json_null());
    if (*last > taken) json_object_set_new(o, "break", json_true());
    *last = taken;
    if (n) json_object_set(o, "successions", parts);
    json_decref(parts);
}

/* Below the share the registry asks for (95 %) mapped in a year: said, with the nearest level at which the lists are the same. */
static void put_advice(const struct query_context *q, const struct query_bridge *b, const struct threshold *least, json_t *answer)
{
    char code[32] = "", text[160], rule[80];
    json_t *o = json_object();
    activity_code at = b->node;
    while (at && code_level(at) > LEVEL_BIDANG) at = code_parent(at);
    if (at) code_format_activity(at, code);
    json_object_set_new(o, "level", json_string(code_level_name(LEVEL_BIDANG)));
    json_object_set_new(o, "code", at ? json_string(code) : json_null());
    snprintf(text, sizeof text, q->lang == LANG_EN ? "less than %lld %% of the rupiah is mapped; at this level the lists are 1:1"
                                                   : "kurang dari %lld %% rupiah terpetakan; pada tingkat ini kedua daftar 1:1",
             (long long)least->value);
    thresholds_text(least, rule);
    json_object_set_new(o, "text", json_string(text));
    json_object_set_new(o, "threshold", json_string(rule));
    json_object_set_new(answer, "advice", o);
}

static int bridged_points(const struct query_context *q, struct query_scope *s, const struct span *span, const struct asked *a,
                          struct query_problem *problem)
{
    struct query_bridge b;
    enum vintage last = VINTAGE_NONE;
    bool all_mapped = true;
    size_t carried = 0;
    struct bridging x = {q, &b};
    struct threshold least = query_rule_scope(q, s, SETTING_BRIDGED_SHARE, span->to, 12);
    int st = query_bridge_open(q, s->code, span->to, &b, problem);
    for (s->year = span->from; st == ST_OK && s->year <= span->to; s->year++) {
        struct sum sum;
        struct query_bridge_year year;
        bool mapped = true;
        json_t *parts = json_array();
        st = query_successor_year(q, s, bridged_own, &x, &year, parts);
        if (st != ST_OK) {
            json_decref(parts);
            break;
        }
        sum = (struct sum){.s = s, .row = year.row, .any = year.any};
        json_t *o = point(&sum, a, &last, &b);
        json_object_set_new(o, "bridge", query_bridge_shares(a->m == TREND_REALISED ? &year.realised : &year.budget,
                                                               (unsigned)least.value, &mapped));
        put_parts(parts, o, &carried);
        json_array_append_new(a->points, o);
        all_mapped &= mapped;
    }
    json_object_set_new(a->answer, "bridge", json_string(code_vintage_name(b.target)));
    json_object_set_new(a->answer, "mapped", json_boolean(all_mapped));
    if (!all_mapped) put_advice(q, &b, &least, a->answer);
    query_bridge_close(&b);
    return st;
}

/* The whole plan: the run of years with a ceiling around the asked ones, at most PLAN_YEARS each way; realised so far against the
 * sum of its ceilings. Null when no asked year has one. */
static int whole_plan(const struct query_context *q, struct query_scope *s, const struct span *span, json_t **ret)
{
    enum { PLAN_YEARS = 12 };
    struct sum sum;
    i128 ceiling = 0, realised = 0;
    int first = 0, last = 0, st = ST_OK;
    bool rpjmd = false, known = false;
    for (s->year = span->from - PLAN_YEARS; st == ST_OK && s->year <= span->to + PLAN_YEARS; s->year++) {
        if (s->year < YEAR_MIN || s->year > YEAR_MAX) continue;
        st = sum_year(q, s, &sum);
        bool there = st == ST_OK && (sum.row.has_plan[0] || sum.row.has_plan[1]);
        if (!there && s->year > span->to) break;
        if (!there && s->year < span->from) ceiling = realised = first = 0, known = false; /* another plan, before a gap */
        if (!there) continue;
        rpjmd = !sum.row.has_plan[0];
        ceiling += sum.row.plan[rpjmd];
        realised += sum.row.realised;
        known |= sum.row.has_realised;
        if (first == 0) first = s->year;
        last = s->year;
    }
    *ret = first ? plan_json(ceiling, known, realised, rpjmd) : json_null();
    if (first == 0) return st;
    json_object_set_new(*ret, "from", json_integer(first));
    json_object_set_new(*ret, "to", json_integer(last));
    json_object_set_new(*ret, "realised", known ? query_figure_money(realised) : json_null());
    return st;
}

int query_trend(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem)
{
    static const char *const names[] = {"budget", "realised", "absorption"};
    struct query_scope s;
    struct span span;
    enum trend_measure m;
    char region[8];
    if (p->indicator.n) return query_indicators_trend(q, p, ret, ret_problem);
    int st = query_parse_scope(q, p, false, &s, ret_problem);
    if (st == ST_OK) st = parse_span(q, p, &span, ret_problem);
    if (st == ST_OK) st = parse_measure(q, p->measure, &m, ret_problem);
    if (st != ST_OK) return st;
    json_t *answer = json_object(), *points = json_array();
    st = query_parse_stamp(q, answer);
    code_region_format(s.office ? s.office->region : s.region, region);
    json_object_set_new(answer, "region", json_string(region));
    if (s.office) json_object_set_new(answer, "office", json_string(s.office->id));
    json_object_set_new(answer, "code", s.code.n ? json_stringn((const char *)s.code.p, s.code.n) : json_null());
    json_object_set_new(answer, "measure", json_string(names[m]));
    json_object_set_new(answer, "until", json_integer(s.until));
    struct query_series series = {.kind = m == TREND_ABSORPTION ? SERIES_SHARE : SERIES_MONEY};
    const struct asked asked = {q, m, points, answer, &series};
    if (st == ST_OK) st = p->bridge.n ? bridged_points(q, &s, &span, &asked, ret_problem) : plain_points(q, &s, &span, &asked);
    json_object_set_new(answer, "points", points);
    if (st == ST_OK) st = query_series_end(&series, answer);
    json_t *plan = NULL;
    if (st == ST_OK && !p->bridge.n) st = whole_plan(q, &s, &span, &plan);
    if (plan) json_object_set_new(answer, "plan", plan);
    if (st == ST_OK)
        *ret = answer;
    else
        json_decref(answer);
    return st;
}
