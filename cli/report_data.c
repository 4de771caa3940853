/* report_data.c - the questions behind a report, all as of one log position. Kind: E.
 *
 * Design notes: the first answer says at which position the centre is (or at which one --as-of is); every later question names it,
 * so that a push in between cannot put two states into one form. Invariant: after the first failure r->rc says why and nothing is
 * asked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report.h"
#include "proto/code.h"
#include "proto/period.h"

const char *report_string(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

int report_plan_start(const json_t *indicator)
{
    const char *period = report_string(json_object_get(indicator, "plan"), "period");
    int year;
    return period_parse_year(slice_of(period, strcspn(period, "-")), &year) == ST_OK ? year : 0;
}

static json_t *ask(struct report *r, const char *path, const struct ask_param *params, size_t n)
{
    json_t *answer = NULL;
    if (r->rc == EXIT_OK) r->rc = ask_question(r->c, &r->p, path, params, n, &answer);
    return r->rc == EXIT_OK ? answer : NULL;
}

struct number { char text[16]; };
static struct number number(int v)
{
    struct number n;
    snprintf(n.text, sizeof n.text, "%d", v);
    return n;
}

json_t *report_rollup(struct report *r, int year, int until, const char *level, const char *office)
{
    const struct number y = number(year), m = number(until);
    const struct ask_param params[] = {
        { "region", r->region }, { "office", office ? office : r->office },
        { "year", y.text },      { "until", m.text },
        { "level", level },      { "as_of", r->as_of },
    };
    return ask(r, "/api/v1/rollup", params, sizeof params / sizeof params[0]);
}

json_t *report_accounts(struct report *r, const char *code)
{
    const struct number y = number(r->year), m = number(r->until);
    const struct ask_param params[] = {
        { "region", r->region }, { "office", r->office }, { "year", y.text },     { "until", m.text },
        { "code", code },        { "as_of", r->as_of },   { "level", "rekening" },
    };
    return ask(r, "/api/v1/rollup", params, sizeof params / sizeof params[0]);
}

/* By which rules, in which versions, the rows of an answer were counted. */
void report_rules(struct report *r, const json_t *answer)
{
    json_t *o;
    size_t i;
    if (!r->model || !answer) return;
    report_rule(r, "%s", report_string(answer, "cap"));
    report_rule(r, "pembulatan=%s", report_string(answer, "rounding"));
    json_array_foreach(json_object_get(answer, "rows"), i, o) {
        if (*report_string(o, "scale")) report_rule(r, "skala=%s@%s", report_string(o, "scale"), report_string(o, "scale_version"));
        if (*report_string(o, "formula"))
            report_rule(r, "rumus=%s@%s", report_string(o, "formula"), report_string(o, "formula_version"));
    }
}

json_t *report_indicators(struct report *r, int year, int until)
{
    const struct number y = number(year), m = number(until);
    const struct ask_param params[] = {
        { "region", r->region }, { "office", r->office }, { "year", y.text }, { "until", m.text },
        { "as_of", r->as_of },
    };
    json_t *answer = ask(r, "/api/v1/indicators", params, sizeof params / sizeof params[0]);
    report_rules(r, answer);
    return answer;
}

json_t *report_trend(struct report *r, const char *code, const json_t *indicator, int from, int to)
{
    const struct number a = number(from), b = number(to);
    const struct ask_param params[] = {
        { "region", r->region }, { "office", indicator ? report_string(indicator, "office") : r->office }, { "code", code },
        { "indicator", indicator ? report_string(indicator, "id") : NULL }, { "measure", indicator ? "reached" : "realised" },
        { "from", a.text }, { "to", b.text }, { "as_of", r->as_of },
    };
    return ask(r, "/api/v1/trend", params, sizeof params / sizeof params[0]);
}

json_t *report_explain(struct report *r, const char *measure, const char *code, const char *indicator)
{
    char path[4096];
    const bool account = code_looks_account(slice_of(code, strlen(code)));
    const struct ask_param params[] = { { "as_of", r->as_of }, { "level", account ? "daun" : NULL } };
    int n = snprintf(path, sizeof path, "/api/v1/figures/%s/%d/%s/%s%s%s/explain", r->office, r->year, measure, code,
                     indicator ? "/" : "", indicator ? indicator : "");
    return n > 0 && (size_t)n < sizeof path ? ask(r, path, params, 2) : NULL;
}

json_t *report_peers(struct report *r, const char *code)
{
    const struct number y = number(r->year), m = number(r->until);
    char province[REGION_CODE_MAX + 1];
    const char *own = report_string(r->model, "region");
    snprintf(province, sizeof province, "%.*s", (int)strcspn(own, "."), own);
    const struct ask_param params[] = {
        { "region", province }, { "by", "region" },  { "code", code },
        { "year", y.text },     { "until", m.text }, { "as_of", r->as_of },
    };
    return ask(r, "/api/v1/peers", params, sizeof params / sizeof params[0]);
}

json_t *report_notes(struct report *r)
{
    const struct number y = number(r->year), m = number(r->until);
    const struct ask_param params[] = {
        { "region", r->region }, { "office", r->office }, { "year", y.text }, { "until", m.text },
        { "as_of", r->as_of },
    };
    return ask(r, "/api/v1/notes", params, sizeof params / sizeof params[0]);
}

json_t *report_offices(struct report *r)
{
    const struct ask_param params[] = { { "region", r->region } };
    return ask(r, "/api/v1/offices", params, sizeof params / sizeof params[0]);
}

json_t *report_findings(struct report *r)
{
    const struct number y = number(r->year), m = number(r->until);
    const struct ask_param params[] = {
        { "region", r->region }, { "office", r->office }, { "year", y.text }, { "until", m.text }, { "as_of", r->as_of },
    };
    return ask(r, "/api/v1/findings", params, sizeof params / sizeof params[0]);
}

json_t *report_closes(struct report *r)
{
    char quarter[24];
    snprintf(quarter, sizeof quarter, "%d-Q%d", r->year, r->quarter);
    const struct ask_param params[] = {
        { "region", r->region }, { "office", r->office }, { "quarter", quarter }, { "as_of", r->as_of },
    };
    return ask(r, "/api/v1/closes", params, sizeof params / sizeof params[0]);
}

json_t *report_past(struct report *r, const char *figure)
{
    const struct number m = number(r->until);
    const struct ask_param params[] = {
        { "until", m.text }, { "as_of", r->as_of }, { "level", strstr(figure, "level=daun") ? "daun" : NULL },
    };
    struct buf b;
    buf_init(&b, 32 << 10);
    buf_str(&b, "/api/v1/figures/");
    for (const char *s = figure; *s && *s != '?'; s++) {        /* ids may be of any letters */
        if (strchr("/._-", *s) || (*s >= '0' && *s <= '9') || ((*s | 32) >= 'a' && (*s | 32) <= 'z')) buf_u8(&b, (uint8_t)*s);
        else buf_printf(&b, "%%%02X", (unsigned)(uint8_t)*s);
    }
    buf_str(&b, "/history");
    buf_u8(&b, 0);
    json_t *answer = buf_ok(&b) ? ask(r, (const char *)b.p, params, sizeof params / sizeof params[0]) : NULL;
    buf_done(&b);
    return answer;
}

/* ---- opening ---- */

void report_keep(struct report *r, const json_t *answer)
{
    const char *worker;
    json_t *at;
    size_t n = 0;
    r->as_of[0] = '\0';
    json_object_foreach(json_object_get(json_object_get(answer, "as_of"), "position"), worker, at)
        if (n < sizeof r->as_of)
            n += (size_t)snprintf(r->as_of + n, sizeof r->as_of - n, "%s%s:%" JSON_INTEGER_FORMAT, n ? "," : "", worker,
                                  json_integer_value(at));
}

static const char *name_of(struct report *r, const json_t *answer)
{
    const char *region = report_string(answer, "region_name");
    const char *place = *region ? region : *report_string(answer, "region") ? report_string(answer, "region") : "Nasional";
    json_t *o, *all = r->office ? report_offices(r) : NULL;
    size_t i;
    json_array_foreach(json_object_get(all, "offices"), i, o)
        if (strcmp(report_string(o, "office"), r->office) == 0) place = report_string(o, "name");
    json_object_set_new(r->model, "place", json_string(place));
    json_decref(all);
    return report_string(r->model, "place");
}

void report_begin(struct report *r, const json_t *answer)
{
    json_object_set_new(r->model, "title", json_array());
    json_object_set(r->model, "region", json_object_get(answer, "region"));
    json_object_set_new(r->model, "office", r->office ? json_string(r->office) : json_null());
    json_object_set_new(r->model, "year", json_integer(r->year));
    json_object_set_new(r->model, "until", json_integer(r->until));
    json_object_set_new(r->model, "as_of", json_pack("{s:O,s:O}", "position",
                                                     json_object_get(json_object_get(answer, "as_of"), "position"), "time",
                                                     json_object_get(json_object_get(answer, "as_of"), "time")));
    json_object_set(r->model, "registry_version", json_object_get(answer, "registry_version"));
    json_object_set(r->model, "complete", json_object_get(answer, "complete"));
    static const char *const LISTS[] = { "opening", "tables", "foot", "notes", "basis", "signed" };
    for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++) json_object_set_new(r->model, LISTS[i], json_array());
}

int report_open(struct report *r)
{
    const char *given = r->c->value[OPT_AS_OF];
    r->rc = place_open(r->c, &r->p);
    if (r->rc == EXIT_OK) r->rc = report_seal_given(r);
    snprintf(r->as_of, sizeof r->as_of, "%s", given ? given : r->cut);
    json_t *first = report_rollup(r, r->year, r->until, "urusan", NULL), *again;
    if (!first) return r->rc;
    report_keep(r, first);
    again = report_rollup(r, r->year, r->until, "urusan", NULL);        /* the same state, with the time of its last record */
    if (again) {
        report_begin(r, again);
        r->place_name = name_of(r, again);
        const char *region = report_string(r->model, "region");
        r->rc = report_seal_find(r, region, json_object_get(json_object_get(again, "as_of"), "position"));
        if (r->rc == EXIT_OK) r->rc = report_seal_put(r, region, false);
    }
    json_decref(first);
    json_decref(again);
    return r->rc;
}

/* ---- lines of several levels ---- */

static int by_code(const void *a, const void *b)
{
    return strcmp(report_string(*(json_t *const *)a, "code"), report_string(*(json_t *const *)b, "code"));
}

static json_t *sorted(json_t *rows)
{
    size_t n = json_array_size(rows);
    json_t **list = calloc(n ? n : 1, sizeof *list), *ret = json_array();
    for (size_t i = 0; list && i < n; i++) list[i] = json_array_get(rows, i);
    if (list) qsort(list, n, sizeof *list, by_code);
    for (size_t i = 0; list && i < n; i++) json_array_append(ret, list[i]);
    free(list);
    json_decref(rows);
    return ret;
}

json_t *report_sorted(json_t *const *answer, size_t n)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++) json_array_extend(rows, json_object_get(answer[i], "rows"));
    return sorted(rows);
}

json_t *report_lines(struct report *r, int year, int until, json_t **ret_total)
{
    static const char *const LEVEL[] = { "bidang", "program", "kegiatan", "subkegiatan" };
    json_t *rows = json_array(), *total = NULL;
    for (size_t i = 0; i < sizeof LEVEL / sizeof *LEVEL; i++) {
        json_t *answer = report_rollup(r, year, until, LEVEL[i], NULL);
        if (!answer) break;
        json_array_extend(rows, json_object_get(answer, "rows"));
        if (!total) total = json_incref(json_object_get(answer, "total"));
        json_decref(answer);
    }
    if (ret_total) *ret_total = total;
    else json_decref(total);
    return sorted(rows);
}

/* The name of a code that has no money, which only its explanation knows. */
static json_t *name_of_code(struct report *r, int year, const char *office, const char *code)
{
    char path[256];
    const struct ask_param params[] = { { "as_of", r->as_of } };
    snprintf(path, sizeof path, "/api/v1/figures/%s/%d/budget/%s/explain", office, year, code);
    json_t *answer = ask(r, path, params, 1), *name = json_incref(json_object_get(answer, "name"));
    json_decref(answer);
    return name ? name : json_null();
}

static const char *level_of(int year, const char *code)
{
    struct code_reading reading;
    int st = code_parse_activity(code_vintage_of_year(year), slice_of(code, strlen(code)), &reading);
    return st == ST_OK ? code_level_name(code_level(reading.code)) : "";
}

json_t *report_with_indicators(struct report *r, json_t *lines, int year, const json_t *answer)
{
    json_t *all = json_copy(lines), *o;
    size_t i;
    json_array_foreach(json_object_get(answer, "rows"), i, o) {
        const char *code = report_string(o, "code");
        if (!report_find(all, code))
            json_array_append_new(all, json_pack("{s:s,s:o,s:s}", "code", code, "name",
                                                 name_of_code(r, year, report_string(o, "office"), code), "level",
                                                 level_of(year, code)));
    }
    return sorted(all);
}

const json_t *report_find(const json_t *rows, const char *code)
{
    json_t *o;
    size_t i;
    json_array_foreach(rows, i, o)
        if (strcmp(report_string(o, "code"), code) == 0) return o;
    return NULL;
}

const json_t *report_find_indicator(const json_t *rows, const json_t *like)
{
    static const char *const KEY[] = { "office", "code", "id" };
    json_t *o;
    size_t i;
    json_array_foreach(rows, i, o) {
        bool same = true;
        for (size_t k = 0; k < 3 && same; k++) same = strcmp(report_string(o, KEY[k]), report_string(like, KEY[k])) == 0;
        if (same) return o;
    }
    return NULL;
}
