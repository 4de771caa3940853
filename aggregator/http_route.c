/* http_route.c - the questions of the API as data: where they are asked, with which parameters, who may ask them, what comes back.
 * Kind: E.
 *
 * One table for everything that must agree: dispatch, the check of parameters, /openapi.json, tables by suffix, access. A parameter
 * that a question does not have is refused, with the nearest name it has: a mistyped `regoin` would otherwise answer for the
 * nation.
 *
 * Invariant: every parameter but those of HTTP itself (limit, cursor, lang) has its place in struct query_params. */
#include <event2/keyvalq_struct.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include "aggregator/http_answer.h"
#include "aggregator/query_parse.h"

#define AT(member) offsetof(struct query_params, member)
#define OURS SIZE_MAX
#define SWITCH "{\"type\":\"string\",\"enum\":[\"1\",\"0\",\"true\",\"false\"]}"
#define YEAR "{\"type\":\"string\",\"pattern\":\"^[0-9]{4}$\"}"
#define TEXT "{\"type\":\"string\",\"maxLength\":600}"
const struct http_param_row http_params[HTTP_PARAMS] = {
    [HTTP_REGION] = { "region", AT(region), "{\"type\":\"string\",\"pattern\":\"^([0-9]{2}([.][0-9]{2})?)?$\"}",
                      "region: empty (the nation), 33 (province) or 33.74 (city)" },
    [HTTP_YEAR] = { "year", AT(year), YEAR, "fiscal year" },
    [HTTP_UNTIL] = { "until", AT(until), "{\"type\":\"string\",\"pattern\":\"^(0?[1-9]|1[0-2])$\"}", "cut-off month; default 12" },
    [HTTP_CODE] = { "code", AT(code), TEXT, "this code and what is below it, or `total`" },
    [HTTP_LEVEL] = { "level", AT(level),
                     "{\"type\":\"string\",\"enum\":[\"urusan\",\"bidang\",\"program\",\"kegiatan\","
                     "\"subkegiatan\",\"rekening\",\"daun\"]}",
                     "level of the rows; default program" },
    [HTTP_OFFICE] = { "office", AT(office), "{\"type\":\"string\",\"maxLength\":40}", "id of one office" },
    [HTTP_STAGE] = { "stage", AT(stage), "{\"type\":\"string\",\"enum\":[\"murni\",\"berlaku\"]}",
                     "budget stage; default berlaku" },
    [HTTP_MEASURE] = { "measure", AT(measure),
                       "{\"type\":\"string\",\"enum\":[\"budget\",\"realised\",\"absorption\",\"reached\","
                       "\"target\",\"achievement\"]}",
                       "what a point shows" },
    [HTTP_FROM] = { "from", AT(from), TEXT, "first year; of a history: since this time; of an explanation: from this row" },
    [HTTP_TO] = { "to", AT(to), TEXT, "last year; of a history: up to this time" },
    [HTTP_KIND] = { "kind", AT(kind), TEXT, "only this kind or state" },
    [HTTP_AS_OF] = { "as_of", AT(as_of), TEXT, "as it stood at a time (RFC 3339) or at log positions (w1:4711,w2:80)" },
    [HTTP_INDICATOR] = { "indicator", AT(indicator), TEXT, "an indicator, by its id or its name" },
    [HTTP_CAP] = { "cap", AT(cap), TEXT, "cap of an achievement in means: 100 to 1000, or none" },
    [HTTP_VINTAGE] = { "vintage", AT(vintage), TEXT, "code list of the address" },
    [HTTP_OPEN] = { "open", AT(open), SWITCH, "only what is open" },
    [HTTP_CORRECTED] = { "corrected", AT(corrected), SWITCH, "those that later statements corrected" },
    [HTTP_BRIDGE] = { "bridge", AT(bridge), TEXT, "years of an older list in the codes of the newest; of an address: the list" },
    [HTTP_WITH] = { "with", AT(with), TEXT, "additional fields, joined by commas" },
    [HTTP_BY] = { "by", AT(by), "{\"type\":\"string\",\"enum\":[\"region\",\"office\"]}", "who is compared" },
    [HTTP_LOWERED] = { "lowered", AT(lowered), SWITCH, "only targets that were made easier" },
    [HTTP_QUARTER] = { "quarter", AT(quarter), "{\"type\":\"string\",\"maxLength\":10}", "2022-Q4, 2022-TW4 or 4/2022" },
    [HTTP_REHEARSE] = { "rehearse", AT(rehearse), SWITCH, "with what stands in the way of the close" },
    [HTTP_SHOWN] = { "shown", AT(shown), "{\"type\":\"string\",\"pattern\":\"^[0-9]{1,5}$\"}",
                     "of a rehearsal: at most so many findings of an office are told, all are counted; default: all" },
    [HTTP_SOURCE] = { "source", AT(source), TEXT, "source of the address: bud, renstra" },
    [HTTP_RULES] = { "rules", AT(rules), "{\"type\":\"string\",\"pattern\":\"^[0-9]{4}-[0-9]{2}$\"}",
                     "judged by the rules that held in this month" },
    [HTTP_BOOKED] = { "booked", AT(booked), SWITCH, "as booked: a sealed quarter as it was sealed" },
    [HTTP_LIMIT] = { "limit", OURS, "{\"type\":\"string\",\"pattern\":\"^[0-9]{1,5}$\"}",
                     "rows of a page, 1 to 10000; default: all" },
    [HTTP_CURSOR] = { "cursor", OURS, TEXT, "the page behind: `next` of an answer to the same question" },
    [HTTP_LANG] = { "lang", OURS, "{\"type\":\"string\",\"enum\":[\"id\",\"en\"]}", "language of texts; default id" },
};

/* ---- tables: the columns of `rekap VERB --csv` ---- */

#define T(name, path) {name, path, NULL, false}      /* text, or what may be one */
#define D(name, path) {name, path, NULL, true}       /* a number */
#define W(name, path, when) {name, path, when, true}
#define SAME(name) T(name, name)
#define NUM(name) D(name, name)
#define END {NULL, NULL, NULL, false}
static const struct http_column ROLLUP[] = { SAME("code"),
                                             SAME("vintage"),
                                             SAME("level"),
                                             SAME("name"),
                                             NUM("budget"),
                                             NUM("realised"),
                                             NUM("absorption"),
                                             D("reported_budget", "reported.budget"),
                                             D("reported_realised", "reported.realised"),
                                             D("reported_absorption", "reported.absorption"),
                                             NUM("findings"),
                                             D("offices", "complete.offices"),
                                             D("of", "complete.of"),
                                             W("budget_share", "coverage.budget_share", "coverage"),
                                             W("low", "coverage.low", "coverage"),
                                             W("high", "coverage.high", "coverage"),
                                             W("cash_plan", "cash_plan.plan", "cash_plan"),
                                             W("cash_plan_pp", "cash_plan.pp", "cash_plan"),
                                             W("cash_plan_rel", "cash_plan.rel", "cash_plan"),
                                             W("cash_plan_ikpa", "cash_plan.ikpa", "cash_plan"),
                                             W("physical", "physical.percent", "physical"),
                                             W("physical_budget_share", "physical.budget_share", "physical"),
                                             W("projection_p1", "projection.p1", "projection"),
                                             W("projection_p2", "projection.p2", "projection"),
                                             W("last_realised", "last.realised", "last"),
                                             W("last_change_percent", "last.change.percent", "last"),
                                             W("last_change_pp", "last.change.pp", "last"),
                                             END };
static const struct http_column TREND[] = {
    NUM("year"), NUM("budget"), NUM("realised"), NUM("value"), D("change_absolute", "change.absolute"),
    D("change_percent", "change.percent"), D("change_pp", "change.pp"), T("complete", "complete/"), SAME("vintage"),
    SAME("break"), END};
static const struct http_column TREND_INDICATOR[] = {
    NUM("year"), NUM("value"), SAME("target"), SAME("reached"), NUM("achievement"), SAME("formula"), SAME("unit"),
    D("change_absolute", "change.absolute"), D("change_percent", "change.percent"), D("change_pp", "change.pp"),
    T("counted", "complete/"), D("low", "coverage.low"), D("high", "coverage.high"), SAME("break"),
    END};
static const struct http_column INDICATORS[] = {
    SAME("code"), SAME("no"), SAME("indicator"), SAME("unit"), SAME("target"), SAME("reached"), NUM("achievement"), SAME("formula"),
    SAME("rating"), SAME("id"), SAME("office"), SAME("source"), SAME("stage"), SAME("reason"), SAME("scale"), SAME("scale_version"),
    SAME("formula_version"), SAME("rounding"), SAME("cap"), D("reported_achievement", "reported.achievement"),
    T("reported_rating", "reported.rating"), NUM("counted"), NUM("of"), END};
static const struct http_column FINDINGS[] = {
    SAME("kind"), SAME("office"), NUM("year"), SAME("code"), SAME("indicator"), SAME("where"), SAME("printed"), NUM("computed"),
    NUM("difference"), SAME("state"), SAME("rule"), END};
static const struct http_column MATCH[] = {
    SAME("office"), SAME("code"), D("of_office", "of_office.value"), D("office_month", "of_office.month"),
    D("of_treasurer", "of_treasurer.value"), D("treasurer_month", "of_treasurer.month"), NUM("difference"), SAME("state"),
    SAME("cause"), END};
static const struct http_column TARGETS[] = {
    SAME("office"), SAME("code"), SAME("indicator"), SAME("unit"), T("first_target", "first.target"),
    T("now_target", "now.target"), SAME("reached"), D("first_achievement", "first.achievement"),
    D("now_achievement", "now.achievement"), SAME("how"), SAME("lowered"), END};
static const struct http_column PEERS[] = {
    NUM("rank"), SAME("region"), SAME("office"), SAME("name"), NUM("budget"), NUM("realised"), NUM("absorption"),
    D("budget_share", "coverage.budget_share"), SAME("why"), END};
static const struct http_column PEERS_INDICATOR[] = {
    SAME("region"), SAME("office"), SAME("code"), SAME("unit"), SAME("target"), SAME("reached"), NUM("achievement"),
    SAME("formula"), SAME("why"), END};
static const struct http_column NOTES[] = {SAME("office"), SAME("code"), SAME("until"), SAME("kind"), SAME("no"), SAME("text"),
                                           END};
static const struct http_column CLOSES[] = {
    SAME("office"), SAME("name"), SAME("state"), NUM("round"), SAME("by"), SAME("since"), SAME("reason"), SAME("about"),
    NUM("changed"), SAME("reported"), END};
static const struct http_column LATE[] = {
    SAME("office"), SAME("code"), SAME("account"), SAME("indicator"), SAME("measure"), SAME("source"), SAME("stage"), NUM("month"),
    SAME("kind"), SAME("value"), SAME("sealed"), SAME("stands"), T("at", "statement.committed_at"), END};
static const struct http_column OFFICES[] = {
    SAME("office"), SAME("name"), SAME("region"), SAME("role"), SAME("status"), NUM("received"), NUM("effective"), NUM("same"),
    NUM("superseded"), NUM("late"), NUM("refused"), SAME("last_at"), END};
static const struct http_column HISTORY[] = {
    SAME("at"), SAME("from"), SAME("to"), SAME("what"), SAME("office"), T("code", "slot.code"),
    T("measure", "slot.measure"), D("month", "slot.month"), T("worker", "statement.worker"),
    D("lsn", "statement.lsn"), D("sequence", "statement.sequence"), END};

/* ---- questions ---- */

#define P(name) (UINT64_C(1) << HTTP_##name)
#define R(name) (1u << ROLE_##name)
#define LISTED (P(LIMIT) | P(CURSOR))
#define SCOPED (P(REGION) | P(OFFICE) | P(LANG))
#define ADDRESSED (P(AS_OF) | P(UNTIL) | P(STAGE) | P(LEVEL) | P(VINTAGE) | P(SOURCE) | P(BRIDGE) | P(CAP) | P(RULES) | P(LANG))
#define MONEY (R(TREASURER) | R(PLANNER) | R(AUDITOR) | R(CENTRE))
#define RESULTS (R(PLANNER) | R(AUDITOR) | R(CENTRE))
const struct http_question http_questions[] = {
    { "rollup", "/api/v1/rollup", query_rollup,
      SCOPED | LISTED | P(YEAR) | P(UNTIL) | P(CODE) | P(LEVEL) | P(STAGE) | P(AS_OF) | P(WITH) | P(RULES) | P(BOOKED), P(YEAR),
      "Rollup", "rows", ROLLUP, NULL, true, false, MONEY, "Budget and realisation by level of the code list" },
    { "trend", "/api/v1/trend", query_trend,
      SCOPED | P(CODE) | P(INDICATOR) | P(FROM) | P(TO) | P(MEASURE) | P(UNTIL) | P(STAGE) | P(AS_OF) | P(BRIDGE) | P(RULES),
      P(FROM) | P(TO), "Trend", "points", TREND, TREND_INDICATOR, true, false, MONEY, "A series over years" },
    { "indicators", "/api/v1/indicators", query_indicators,
      SCOPED | LISTED | P(YEAR) | P(UNTIL) | P(CODE) | P(CAP) | P(AS_OF) | P(RULES) | P(BOOKED), P(YEAR), "Indicators", "rows",
      INDICATORS, NULL, true, false, RESULTS, "Targets, results, achievements and ratings" },
    { "findings", "/api/v1/findings", query_findings,
      SCOPED | LISTED | P(YEAR) | P(KIND) | P(OPEN) | P(CORRECTED) | P(CODE) | P(UNTIL) | P(AS_OF) | P(RULES) | P(BOOKED), 0,
      "Findings", "findings", FINDINGS, NULL, true, false, MONEY, "Figures that are provably wrong" },
    { "match", "/api/v1/match", query_match,
      SCOPED | LISTED | P(YEAR) | P(UNTIL) | P(CODE) | P(KIND) | P(OPEN) | P(AS_OF) | P(RULES), P(YEAR), "Match", "rows", MATCH,
      NULL, true, false, MONEY, "What office and treasurer say was spent, line by line" },
    { "peers", "/api/v1/peers", query_peers,
      P(REGION) | P(LANG) | P(YEAR) | P(UNTIL) | P(CODE) | P(INDICATOR) | P(BY) | P(STAGE) | P(AS_OF) | P(RULES), P(YEAR), "Peers",
      "rows", PEERS, PEERS_INDICATOR, true, false, MONEY, "The same activity or indicator at others" },
    { "targets", "/api/v1/targets", query_targets,
      SCOPED | LISTED | P(YEAR) | P(UNTIL) | P(CODE) | P(LOWERED) | P(AS_OF) | P(RULES), P(YEAR), "Targets", "rows", TARGETS, NULL,
      true, false, RESULTS, "Targets changed after their year began" },
    { "notes", "/api/v1/notes", query_notes, SCOPED | LISTED | P(YEAR) | P(KIND) | P(CODE) | P(UNTIL) | P(AS_OF) | P(RULES),
      P(YEAR), "Notes", "notes", NOTES, NULL, true, false, MONEY, "What offices say about their lines" },
    { "closes", "/api/v1/closes", query_closes, SCOPED | P(QUARTER) | P(REHEARSE) | P(SHOWN) | P(AS_OF) | P(RULES), P(QUARTER),
      "Closes", "closes", CLOSES, NULL, true, false, MONEY, "The quarter of each office, and what stands in the way of its close" },
    { "late", "/api/v1/late", query_late, SCOPED | LISTED | P(QUARTER) | P(AS_OF) | P(RULES), P(QUARTER), "Late", "late", LATE,
      NULL, true, false, MONEY, "What was stated of a sealed quarter after its cut" },
    { "notices", "/api/v1/notices", query_notices, SCOPED | P(QUARTER) | P(AS_OF) | P(RULES), 0, "Notices", NULL, NULL, NULL, true,
      true, MONEY, "What each office has to do by when, what came back, what was refused" },
    { "offices", "/api/v1/offices", query_offices, SCOPED | P(YEAR) | P(WITH), 0, "Offices", "offices", OFFICES, NULL, false, false,
      MONEY, "The register, with what the centre holds of each office" },
    { "status", "/api/v1/status", query_status, P(LANG), 0, "Status", NULL, NULL, NULL, false, true, MONEY | R(OFFICE),
      "The workers that are followed, and how far they are counted" },
    { "explain", "/api/v1/figures/{figure}/explain", query_explain, ADDRESSED | P(FROM), 0, "Explain", NULL, NULL, NULL, true,
      false, MONEY, "Where a figure comes from, down to the statements" },
    { "history", "/api/v1/figures/{figure}/history", query_history, ADDRESSED | P(FROM) | P(TO), 0, "History", "changes", HISTORY,
      NULL, true, false, MONEY, "How a figure changed" },
};
const size_t http_question_count = sizeof http_questions / sizeof http_questions[0];

static const struct http_question *named(const char *name, size_t n)
{
    for (size_t i = 0; i < http_question_count; i++)
        if (strlen(http_questions[i].name) == n && !memcmp(http_questions[i].name, name, n)) return &http_questions[i];
    return NULL;
}

const struct http_question *http_route_find(const char *path, enum http_format *ret_format, struct slice *ret_figure)
{
    static const char PREFIX[] = "/api/v1/", FIGURES[] = "/api/v1/figures/";
    static const char *const SUFFIX[] = {"", ".csv", ".xlsx"};
    const char *last = strrchr(path, '/');
    if (strncmp(path, PREFIX, sizeof PREFIX - 1) != 0) return NULL;
    bool figure = !strncmp(path, FIGURES, sizeof FIGURES - 1) && last > path + sizeof FIGURES - 1;
    if (!figure && last != path + sizeof PREFIX - 2) return NULL;
    const char *dot = strchr(last, '.');
    size_t n = (dot ? (size_t)(dot - last) : strlen(last)) - 1;
    const struct http_question *k = named(last + 1, n);
    if (!k || (strchr(k->path, '{') != NULL) != figure) return NULL;
    *ret_figure = figure ? slice_of(path + sizeof FIGURES - 1, (size_t)(last - path) - (sizeof FIGURES - 1)) : slice_of("", 0);
    for (unsigned f = HTTP_FORMAT_JSON; f <= HTTP_FORMAT_XLSX; f++)
        if (!strcmp(dot ? dot : "", SUFFIX[f]) && (f == HTTP_FORMAT_JSON || k->list)) return *ret_format = (enum http_format)f, k;
    return NULL;
}

/* ---- parameters ---- */

static int refuse(const char *param, const char *seen, enum lang lang, const char *id, const char *en, struct query_problem *p)
{
    const struct query_context q = {.lang = lang};
    return query_refuse(p, &q, param, slice_of(seen, strlen(seen)), id, en);
}

/* Letters that two names have in common from the front and from the back: enough for a slip. */
static size_t likeness(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b), front = 0, back = 0;
    while (front < n && front < m && a[front] == b[front]) front++;
    while (back < n - front && back < m - front && a[n - 1 - back] == b[m - 1 - back]) back++;
    return 2 * (front + back) >= (n > m ? n : m) ? front + back : 0;
}

static int unknown(const struct http_question *k, const char *name, enum lang lang, struct query_problem *p)
{
    char id[160], en[160];
    const char *near = NULL;
    size_t best = 0;
    for (unsigned i = 0; i < HTTP_PARAMS; i++) {
        size_t alike = k->params >> i & 1 ? likeness(name, http_params[i].name) : 0;
        if (alike > best) best = alike, near = http_params[i].name;
    }
    snprintf(id, sizeof id, "pertanyaan ini tidak punya parameter itu%s%s%s", near ? "; maksud Anda " : "", near ? near : "",
             near ? "?" : "");
    snprintf(en, sizeof en, "this question has no such parameter%s%s%s", near ? "; did you mean " : "", near ? near : "",
             near ? "?" : "");
    return refuse("parameter", name, lang, id, en, p);
}

int http_route_params(const struct http_question *k, const struct evkeyvalq *query, enum lang lang, struct http_asked *ret,
                      struct query_problem *ret_problem)
{
    const struct evkeyval *e;
    *ret = (struct http_asked){0};
    TAILQ_FOREACH(e, query, next) {
        unsigned i = 0;
        while (i < HTTP_PARAMS && (strcmp(e->key, http_params[i].name) != 0 || !(k->params >> i & 1))) i++;
        if (i == HTTP_PARAMS) return unknown(k, e->key, lang, ret_problem);
        if (ret->value[i].p)
            return refuse(http_params[i].name, e->value, lang, "parameter ini diberikan dua kali", "this parameter is given twice",
                          ret_problem);
        ret->value[i] = slice_of(e->value, strlen(e->value));
    }
    return ST_OK;
}

void http_route_ask(const struct http_asked *a, struct query_params *ret)
{
    *ret = (struct query_params){0};
    for (unsigned i = 0; i < HTTP_PARAMS; i++)
        if (a->value[i].p && http_params[i].at != OURS) *(struct slice *)(void *)((char *)ret + http_params[i].at) = a->value[i];
}
