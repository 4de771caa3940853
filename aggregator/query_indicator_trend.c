/* query_indicator_trend.c - one indicator over years: targets, results, achievements. Kind: P.
 *
 * Years are joined by the identity of the definition: id or folded name below one code. Another unit than in the last year that has
 * one is marked as a break. When more than one office or code has the indicator the question is not answered with a sum nobody
 * defined: it is refused, naming what to choose. */
#include "aggregator/query_beside.h"

#include <string.h>

#include "aggregator/query_change.h"
#include "aggregator/query_figure.h"
#include "aggregator/query_rule.h"
#include "aggregator/query_shared.h"
#include "proto/decimal.h"

enum { YEARS_MAX = 60 };
enum measure_asked { ASKED_REACHED, ASKED_TARGET, ASKED_ACHIEVEMENT };
static const char *const ASKED[] = {"reached", "target", "achievement"};

struct trend {
    const struct query_context *q;
    const struct query_params *p;
    struct query_scope s;
    int from, to;
    enum measure_asked asked;
    /* the one that was found */
    const struct office *office;
    char code[32];
    bool several;
    struct slice name;
    char unit[UNIT_TEXT_MAX + 1];
    struct query_series series;
};

static int parse(struct trend *t, struct query_problem *problem)
{
    const struct query_params *p = t->p;
    int st = query_parse_scope(t->q, p, false, &t->s, problem);
    if (st == ST_OK) st = query_parse_year(p->from, "from", &t->from, t->q, problem);
    if (st == ST_OK) st = query_parse_year(p->to, "to", &t->to, t->q, problem);
    if (st != ST_OK) return st;
    if (t->to < t->from || t->to - t->from >= YEARS_MAX)
        return query_refuse(problem, t->q, "to", p->to, "tahun akhir harus sesudah tahun awal, paling banyak 60 tahun",
                            "the last year must follow the first, at most 60 years");
    if (p->indicator.n > TEXT_MAX) return query_refuse(problem, t->q, "indicator", p->indicator, "terlalu panjang", "too long");
    for (unsigned i = 0; i < 3; i++)
        if (p->measure.n == 0 || bytes_is(p->measure, ASKED[i])) {
            t->asked = (enum measure_asked)i;
            return ST_OK;
        }
    return query_refuse(problem, t->q, "measure", p->measure, "ukuran: reached, target atau achievement",
                        "measure: reached, target or achievement");
}

static bool asked_for(const struct trend *t, const struct indicator *it, const char *code)
{
    if (t->s.code.n && (strlen(code) != t->s.code.n || memcmp(code, t->s.code.p, t->s.code.n) != 0)) return false;
    return query_indicators_named(t->q, it, t->p->indicator);
}

static json_t *value_json(const struct trend *t, const struct indicator_state *st)
{
    if (t->asked == ASKED_ACHIEVEMENT) return query_indicators_percent(&st->result);
    return query_indicators_value(t->asked == ASKED_TARGET ? &st->in.target : &st->in.reached);
}

/* The asked value as a number: shares of achievements and of values in percent. */
static bool number_of(const struct trend *t, const struct indicator_state *st, bool percent, struct ratio *ret)
{
    const struct achieve_value *v = t->asked == ASKED_TARGET ? &st->in.target : &st->in.reached;
    *ret = st->result.share;
    if (t->asked == ASKED_ACHIEVEMENT) return st->result.state == ACHIEVE_OK;
    *ret = v->number;
    return v->kind == ACHIEVE_NUMBER && (!percent || achieve_ratio_multiply(v->number, (struct ratio){1, 100}, ret));
}

/* Only the first office and code of a year: with several the answer is refused anyway. */
static void compare_point(struct trend *t, json_t *point, const struct indicator_state *st, struct slice unit, bool broken)
{
    struct ratio number;
    bool percent = t->asked == ASKED_ACHIEVEMENT || units_same(t->q->units, unit, slice_of("%", 1));
    int year = (int)json_integer_value(json_object_get(point, "year"));
    if (t->series.last_year >= year) return;
    if (t->series.n == 0 || broken) t->series.kind = percent ? SERIES_SHARE : SERIES_NUMBER;
    bool known = number_of(t, st, percent, &number);
    query_series_point(&t->series, year, known ? &number : NULL, broken ? "ganti-satuan" : NULL, point);
}

/* Of one office: has it reported up to the cut-off itself, and what can its result still be? */
static void put_complete(const struct trend *t, json_t *point, const struct indicator *it, const struct indicator_state *st,
                         bool percent)
{
    const struct slot *last = indicator_slot(it->reached, (unsigned)t->s.until);
    bool there = last && last == &it->reached->slot[t->s.until - 1], open = !there && percent;
    json_t *c = json_object(), *value = query_indicators_value(&st->in.reached);
    json_object_set_new(c, "budget_share", json_string(there ? "100.00" : "0.00"));
    json_object_set_new(c, "low", there ? json_incref(value) : open ? json_string("0") : json_null());
    json_object_set_new(c, "high", there ? json_incref(value) : open ? json_string("100") : json_null());
    json_object_set_new(point, "complete", json_pack("{s:i,s:i}", "offices", (int)there, "of", 1));
    json_object_set_new(point, "coverage", c);
    json_decref(value);
}

static void put_figure(const struct trend *t, json_t *point, const struct query_indicators *o, const struct indicator *it)
{
    static const enum address_measure MEASURES[] = {ADDRESS_REACHED, ADDRESS_TARGET, ADDRESS_ACHIEVEMENT};
    struct query_scope s = t->s;
    s.year = o->year;
    json_object_set_new(point, "figure", query_figure_of_indicator(t->q, &s, o->office->id, it, MEASURES[t->asked]));
    json_object_set_new(point, "figures", query_figure_of_indicators(t->q, &s, o->office->id, it, SOURCE_NONE));
}

static void fill_point(struct trend *t, json_t *point, const struct query_indicators *o, const struct indicator *it)
{
    struct indicator_state st;
    indicator_judge(&o->u, it, (unsigned)t->s.until, NULL, &st);
    struct slice unit = st.target_unit.n ? st.target_unit : st.reached_unit;
    struct slice last = slice_of(t->unit, strlen(t->unit));
    bool broken = unit.n > 0 && last.n > 0 && !units_same(t->q->units, unit, last);
    json_object_set_new(point, "value", value_json(t, &st));
    json_object_set_new(point, "target", query_indicators_value(&st.in.target));
    json_object_set_new(point, "reached", query_indicators_value(&st.in.reached));
    json_object_set_new(point, "achievement", query_indicators_percent(&st.result));
    json_object_set_new(point, "formula", json_string(achieve_formula_name(st.formula)));
    query_rule_put(o, it, &st, point);
    json_object_set_new(point, "unit", unit.n ? json_stringn((const char *)unit.p, unit.n) : json_null());
    json_object_set_new(point, "break", json_boolean(broken));
    put_figure(t, point, o, it);
    compare_point(t, point, &st, unit, broken);
    put_complete(t, point, it, &st, units_same(t->q->units, unit, slice_of("%", 1)));
    if (unit.n > 0 && unit.n <= UNIT_TEXT_MAX) {
        memcpy(t->unit, unit.p, unit.n);
        t->unit[unit.n] = '\0';
    }
}

/* The plan's target of the year and of its end, with the result against them. */
static int put_plan(const struct trend *t, json_t *point, const struct query_indicators *o, const struct indicator *it)
{
    struct indicator_state st;
    struct query_plan plan;
    int rc = query_plan_open(t->q, o, &plan);
    indicator_judge(&o->u, it, (unsigned)t->s.until, NULL, &st);
    if (rc == ST_OK) rc = query_plan_row(t->q, &plan, it, &st, (unsigned)t->s.until, point);
    query_plan_close(&plan);
    return rc;
}

static json_t *empty_point(int year)
{
    static const char *const NAMES[] = {"value", "target", "reached", "achievement", "formula", "unit", "change",
                                        "complete", "coverage", "figure", "figures"};
    json_t *point = json_object();
    json_object_set_new(point, "year", json_integer(year));
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) json_object_set_new(point, NAMES[i], json_null());
    json_object_set_new(point, "break", json_false());
    return point;
}

static int office_year(struct trend *t, const struct office *office, int year, json_t *point)
{
    struct query_indicators o;
    char code[32];
    int st = query_indicators_open(t->q, office, year, (unsigned)t->s.until, &o);
    for (uint32_t i = 0; st == ST_OK && i < o.v.count; i++) {
        query_indicators_code(&o.v.item[i], code);
        if (!asked_for(t, &o.v.item[i], code)) continue;
        if (t->office && (t->office != office || strcmp(t->code, code) != 0)) t->several = true;
        t->office = office;
        memcpy(t->code, code, sizeof code);
        fill_point(t, point, &o, &o.v.item[i]);
        if (st == ST_OK) st = put_plan(t, point, &o, &o.v.item[i]);
    }
    query_indicators_close(&o);
    return st;
}

static int all_points(struct trend *t, json_t *points)
{
    int st = ST_OK;
    for (int year = t->from; st == ST_OK && year <= t->to; year++) {
        json_t *point = empty_point(year);
        json_array_append_new(points, point);
        for (size_t i = 0; st == ST_OK && i < registry_count(t->q->registry); i++)
            if (query_indicators_inside(&t->s, registry_at(t->q->registry, i)))
                st = office_year(t, registry_at(t->q->registry, i), year, point);
    }
    return st;
}

/* ---- a shared indicator of a group ---- */

/* What kept the years apart: another unit, or another way of joining offices. */
static const char *shared_break(const struct trend *t, const struct query_shared_value *v, uint8_t over)
{
    struct slice unit = slice_of(v->unit, strlen(v->unit)), last = slice_of(t->unit, strlen(t->unit));
    if (unit.n > 0 && last.n > 0 && !units_same(t->q->units, unit, last)) return "ganti-satuan";
    return over && v->over != over ? "ganti-operator" : NULL;
}

static void shared_point(struct trend *t, json_t *point, json_t *group, const struct query_shared_value *v, uint8_t *over)
{
    static const char *const MEMBERS[] = { "target",   "reached",   "achievement",   "formula", "formula_by", "formula_version",
                                           "rounding", "scale",     "scale_version", "unit",    "operator",   "definition",
                                           "reason",   "numerator", "denominator",   "counted", "of",         "excluded",
                                           "complete", "coverage",  "figures" };
    struct ratio number;
    bool percent = t->asked == ASKED_ACHIEVEMENT || units_same(t->q->units, slice_of(v->unit, strlen(v->unit)), slice_of("%", 1));
    const char *apart = shared_break(t, v, *over);
    int year = (int)json_integer_value(json_object_get(point, "year"));
    for (size_t i = 0; i < sizeof MEMBERS / sizeof *MEMBERS; i++)
        json_object_set(point, MEMBERS[i], json_object_get(group, MEMBERS[i]));
    json_object_set(point, "value", json_object_get(group, ASKED[t->asked]));
    json_object_set(point, "figure", json_object_get(json_object_get(group, "figures"), ASKED[t->asked]));
    json_object_set_new(point, "break", json_boolean(apart != NULL));
    if (t->series.n == 0 || apart) t->series.kind = percent ? SERIES_SHARE : SERIES_NUMBER;
    bool known = number_of(t, &v->state, percent, &number);
    query_series_point(&t->series, year, known ? &number : NULL, apart, point);
    memcpy(t->unit, v->unit, sizeof v->unit);
    *over = v->over;
}

/* ST_NOT_FOUND: in no year of these is it defined as shared. */
static int shared_points(struct trend *t, json_t *points)
{
    uint8_t over = 0;
    bool any = false;
    int st = ST_OK;
    json_array_clear(points);
    t->series = (struct query_series){0};
    t->unit[0] = '\0';
    for (int year = t->from; st == ST_OK && year <= t->to; year++) {
        struct query_shared_value v;
        json_t *group = NULL, *point = empty_point(year);
        json_array_append_new(points, point);
        st = query_shared_year(t->q, &t->s, t->p->indicator, year, &group, &v);
        if (group) shared_point(t, point, group, &v, &over);
        any |= json_is_string(json_object_get(group, "definition"));
        json_decref(group);
    }
    t->office = NULL;
    return st == ST_OK && !any ? ST_NOT_FOUND : st;
}

int query_indicators_trend(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *problem)
{
    struct trend t = {.q = q, .p = p};
    char region[8];
    int st = parse(&t, problem);
    if (st != ST_OK) return st;
    json_t *answer = json_object(), *points = json_array();
    st = query_parse_stamp(q, answer);
    if (st == ST_OK) st = all_points(&t, points);
    if (st == ST_OK && t.several && !t.s.office) {
        st = shared_points(&t, points);
        t.several = st == ST_NOT_FOUND;
        if (t.several) st = ST_OK;
    }
    code_region_format(t.s.office ? t.s.office->region : t.s.region, region);
    json_object_set_new(answer, "region", json_string(region));
    if (t.office) json_object_set_new(answer, "office", json_string(t.office->id));
    json_object_set_new(answer, "code", t.office ? json_string(t.code) : json_null());
    json_object_set_new(answer, "indicator", json_stringn((const char *)p->indicator.p, p->indicator.n));
    json_object_set_new(answer, "measure", json_string(ASKED[t.asked]));
    json_object_set_new(answer, "until", json_integer(t.s.until));
    json_object_set_new(answer, "points", points);
    if (st == ST_OK) st = query_series_end(&t.series, answer);
    if (st == ST_OK && t.several)
        st = query_refuse(problem, q, "indicator", p->indicator,
                          "beberapa kantor atau kode memiliki indikator ini; sebutkan --office atau --code",
                          "several offices or codes have this indicator; give --office or --code");
    if (st == ST_OK)
        *ret = answer;
    else
        json_decref(answer);
    return st;
}
