/* query_part_find.c - findings about the parts an indicator is built from (shape `komponen`). Kind: P.
 *
 *  antar-tabel   the stated value is not what the counted parts give (of their base, where one is stated), at two decimals.
 *  satuan        counted parts in different units: what is added up is not one thing.
 *  antar-tabel   parts name a line in brackets ("Penyediaan permakanan [1.06.04.2.01.01]") whose only result is another number than
 *                these parts together, those left out of the sum included: they are what the line reached, counted or not.
 * Invariant: a line is named once for an indicator, an indicator at most twice. */
#include <stdio.h>
#include <string.h>

#include "aggregator/query_beside.h"
#include "aggregator/query_finding.h"

struct parts {
    const struct query_finding_ask *ask;
    const struct query_indicators *o;
    const struct indicator *it;
    json_t *list;                       /* as `indicators` shows them */
    unsigned until;
};

static const char *say(const struct parts *p, const char *id, const char *en) { return p->ask->q->lang == LANG_EN ? en : id; }

static json_t *finding(const struct parts *p, const struct indicator *it, unsigned code, const char *words)
{
    char dotted[32], where[160];
    query_indicators_code(it, dotted);
    snprintf(where, sizeof where, "%s %s", dotted, words);
    json_t *o = query_finding_new(p->ask, p->o->office->id, p->o->year, code, dotted, where);
    if (o) json_object_set_new(o, "indicator", query_indicators_name(p->ask->q, p->o, it));
    return o;
}

/* ---- the stated value ---- */

/* 88,32 for 12.295 of 13.920 is 88,33. */
static int value_finding(const struct parts *p, struct ratio whole)
{
    struct indicator_state st;
    struct ratio stated;
    int64_t right, seen, scale = 10000;
    char text[32];
    const bool base = indicator_slot(p->it->denominator, p->until) != NULL;
    indicator_judge(&p->o->u, p->it, p->until, NULL, &st);
    if (st.in.reached.kind != ACHIEVE_NUMBER) return ST_OK;
    if (!achieve_ratio_multiply(st.in.reached.number, (struct ratio){1, 100}, &stated)) return ST_OK;
    if (!base && !achieve_ratio_multiply(whole, (struct ratio){1, 100}, &whole)) return ST_OK;
    if (!decimal_ratio_percent(whole.num, whole.den, 2, false, &right)) return ST_OK;
    if (!decimal_ratio_percent(stated.num, stated.den, 2, false, &seen) || right == seen) return ST_OK;
    json_t *o = finding(p, p->it, CODE_BETWEEN_TABLES, say(p, "realisasi dibanding komponennya", "reached against its parts"));
    if (!o) return ST_OK;
    json_object_set_new(o, "printed", query_indicators_value(&st.in.reached));
    decimal_format_micro(right * scale, 2, text);
    json_object_set_new(o, "computed", json_string(text));
    decimal_format_micro((seen - right) * scale, 2, text);
    json_object_set_new(o, "difference", json_string(text));
    return query_finding_add(p->ask, o);
}

/* ---- units ---- */

static struct slice text_of(const json_t *part, const char *member)
{
    const char *s = json_string_value(json_object_get(part, member));
    return slice_of(s ? s : "", s ? strlen(s) : 0);
}

static bool unit_before(const struct parts *p, size_t i)
{
    struct slice unit = text_of(json_array_get(p->list, i), "unit");
    for (size_t k = 0; k < i; k++)
        if (json_is_true(json_object_get(json_array_get(p->list, k), "counted")) &&
            units_same(p->ask->q->units, unit, text_of(json_array_get(p->list, k), "unit")))
            return true;
    return false;
}

static int unit_finding(const struct parts *p)
{
    char text[256] = "";
    size_t at = 0, units = 0;
    for (size_t i = 0; i < json_array_size(p->list); i++) {
        const json_t *part = json_array_get(p->list, i);
        struct slice unit = text_of(part, "unit");
        if (!json_is_true(json_object_get(part, "counted")) || unit.n == 0 || unit_before(p, i)) continue;
        units++;
        int w = at < sizeof text ? snprintf(text + at, sizeof text - at, "%s%s", at ? ", " : "", (const char *)unit.p) : 0;
        at += w > 0 ? (size_t)w : 0;
    }
    if (units < 2) return ST_OK;
    json_t *o = finding(p, p->it, CODE_UNIT, say(p, "komponen yang dijumlahkan", "parts that are added up"));
    if (!o) return ST_OK;
    json_object_set_new(o, "printed", json_string(text));
    return query_finding_add(p->ask, o);
}

/* ---- lines that parts name ---- */

/* "… [1.06.04.2.01.01]" */
static bool line_named(const json_t *part, int year, activity_code *ret)
{
    struct slice name = text_of(part, "name");
    struct code_reading r;
    size_t i = name.n;
    if (name.n < 4 || name.p[name.n - 1] != ']') return false;
    while (i > 0 && name.p[i - 1] != '[') i--;
    if (i == 0 || code_parse_activity(code_vintage_of_year(year), slice_of(name.p + i, name.n - 1 - i), &r) != ST_OK) return false;
    *ret = r.code;
    return true;
}

/* The only indicator of a line that has a number for a result; NULL. */
static const struct indicator *only_result(const struct parts *p, activity_code line, struct indicator_state *ret)
{
    const struct indicator *found = NULL;
    struct indicator_state st;
    for (uint32_t i = 0; i < p->o->v.count; i++) {
        const struct indicator *it = &p->o->v.item[i];
        if (it->activity != line || it == p->it || !it->reached) continue;
        indicator_judge(&p->o->u, it, p->until, NULL, &st);
        if (st.in.reached.kind != ACHIEVE_NUMBER) continue;
        if (found) return NULL;
        found = it;
        *ret = st;
    }
    return found;
}

/* A value as answers write it ("5003", "-1.5"), as 1e-6. */
static bool read_micro(struct slice s, i128 *ret)
{
    bool minus = s.n > 0 && s.p[0] == '-', any = false;
    unsigned decimals = 0;
    *ret = 0;
    for (size_t i = minus; i < s.n; i++) {
        if (s.p[i] == '.') {
            decimals = 1;
            continue;
        }
        *ret = *ret * 10 + (s.p[i] - '0');
        decimals += decimals > 0;
        any = true;
    }
    for (unsigned i = decimals ? decimals : 1; i < 7; i++) *ret *= 10;
    if (minus) *ret = -*ret;
    return any;
}

/* The sum of all parts that name `line`. */
static bool sum_of(const struct parts *p, activity_code line, struct ratio *ret)
{
    *ret = (struct ratio){0, 1};
    for (size_t i = 0; i < json_array_size(p->list); i++) {
        const json_t *part = json_array_get(p->list, i);
        activity_code named;
        i128 micro;
        if (!line_named(part, p->o->year, &named) || named != line) continue;
        if (!read_micro(text_of(part, "value"), &micro) || !achieve_ratio_add(*ret, (struct ratio){micro, 1000000},
                ret)) return false;
    }
    return true;
}

static int line_finding(const struct parts *p, activity_code line)
{
    struct indicator_state st;
    struct ratio sum, difference;
    const struct indicator *it = only_result(p, line, &st);
    if (!it || !sum_of(p, line, &sum) || achieve_ratio_compare(st.in.reached.number, sum) == 0) return ST_OK;
    json_t *o = finding(p, it, CODE_BETWEEN_TABLES, say(p, "realisasi dibanding komponen yang menyebut baris ini",
                                                        "reached against the parts that name this line"));
    if (!o) return ST_OK;
    json_object_set_new(o, "printed", query_indicators_value(&st.in.reached));
    json_object_set_new(o, "computed", query_indicators_value(&(struct achieve_value){.kind = ACHIEVE_NUMBER, .number = sum}));
    sum.num = -sum.num;
    if (achieve_ratio_add(st.in.reached.number, sum, &difference))
        json_object_set_new(o, "difference",
                            query_indicators_value(&(struct achieve_value){.kind = ACHIEVE_NUMBER, .number = difference}));
    return query_finding_add(p->ask, o);
}

static int line_findings(const struct parts *p)
{
    int st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < json_array_size(p->list); i++) {
        activity_code line, other;
        bool before = false;
        if (!line_named(json_array_get(p->list, i), p->o->year, &line)) continue;
        for (size_t k = 0; k < i && !before; k++) before = line_named(json_array_get(p->list, k), p->o->year,
                &other) && other == line;
        if (!before) st = line_finding(p, line);
    }
    return st;
}

int query_part_findings(const struct query_finding_ask *ask, const struct query_indicators *o)
{
    struct query_plan plan;
    struct parts p = {.ask = ask, .o = o, .until = (unsigned)ask->s->until};
    int st = query_plan_open(ask->q, o, &plan);
    for (uint32_t i = 0; st == ST_OK && i < o->v.count; i++) {
        struct ratio whole;
        p.it = &o->v.item[i];
        p.list = json_array();
        if (query_plan_parts(ask->q, &plan, p.it, p.until, &whole, p.list)) {
            st = value_finding(&p, whole);
            if (st == ST_OK) st = unit_finding(&p);
            if (st == ST_OK) st = line_findings(&p);
        }
        json_decref(p.list);
    }
    if (st == ST_OK) st = query_plan_findings(ask, o, &plan);
    query_plan_close(&plan);
    return st;
}
