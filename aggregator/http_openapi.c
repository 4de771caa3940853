/* http_openapi.c - /openapi.json: the API described from the tables it is served by. Kind: E.
 *
 * Nothing is written down twice: paths, parameters and who may ask come from http_route.c, shapes from http_schema.c; only what is
 * no question (events, health, metrics, coming and going) has a line of its own here. tests/it/api_schema_test walks the
 * description. */
#include <stdio.h>
#include <string.h>

#include "aggregator/http_answer.h"

#define CSV "text/csv"
#define XLSX "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

static json_t *reference(const char *kind, const char *name)
{
    return json_pack("{s:o}", "$ref", json_sprintf("#/components/%s/%s", kind, name));
}

static json_t *text_schema(void) { return json_pack("{s:s}", "type", "string"); }

static json_t *parameters_of(const struct http_question *k)
{
    json_t *list = json_array();
    if (strchr(k->path, '{'))
        json_array_append_new(list, json_pack("{s:s,s:s,s:b,s:s,s:o}", "name", "figure", "in", "path", "required", 1, "description",
                                              "address of a figure, SCOPE/YEAR/MEASURE/CODE; its slashes stand as they are",
                                              "schema", text_schema()));
    for (unsigned i = 0; i < HTTP_PARAMS; i++) {
        if (!(k->params >> i & 1)) continue;
        json_array_append_new(list, json_pack("{s:s,s:s,s:b,s:s,s:o}", "name", http_params[i].name, "in", "query", "required",
                                              (int)(k->required >> i & 1), "description", http_params[i].text, "schema",
                                              json_loads(http_params[i].schema, 0, NULL)));
    }
    return list;
}

/* Takes schema. */
static json_t *content(const char *type, json_t *schema) { return json_pack("{s:{s:o}}", type, "schema", schema); }

static void put_problems(json_t *responses, const char *const *status)
{
    for (; *status; status++) json_object_set_new(responses, *status, reference("responses", "Problem"));
}

static json_t *answers_of(const struct http_question *k, enum http_format format)
{
    static const char *const PROBLEMS[] = {"400", "401", "403", "405", "500", "503", NULL};
    const char *type = format == HTTP_FORMAT_CSV ? CSV : format == HTTP_FORMAT_XLSX ? XLSX : "application/json";
    json_t *schema = format == HTTP_FORMAT_JSON ? reference("schemas", k->schema) : text_schema();
    json_t *ok = json_pack("{s:s,s:o}", "description", k->summary, "content", content(type, schema)), *responses = json_object();
    if (!k->live) json_object_set_new(ok, "headers", json_pack("{s:o}", "ETag", reference("headers", "ETag")));
    json_object_set_new(responses, "200", ok);
    if (!k->live) json_object_set_new(responses, "304", json_pack("{s:s}", "description", "The asker has this answer"));
    put_problems(responses, PROBLEMS);
    return responses;
}

static json_t *roles_of(const struct http_question *k)
{
    json_t *list = json_array();
    for (unsigned r = ROLE_OFFICE; r <= ROLE_CENTRE; r++)
        if (k->roles >> r & 1) json_array_append_new(list, json_string(registry_role_name((uint8_t)r)));
    return list;
}

static void put_question(json_t *paths, const struct http_question *k, enum http_format format)
{
    static const char *const SUFFIX[] = {"", ".csv", ".xlsx"}, *const NAME[] = {"", "Csv", "Xlsx"};
    char path[96];
    json_t *get = json_pack("{s:o,s:s,s:[s],s:o,s:o,s:o}", "operationId", json_sprintf("%s%s", k->name, NAME[format]), "summary",
                            k->summary, "tags", "questions", "parameters", parameters_of(k), "responses", answers_of(k, format),
                            "x-roles", roles_of(k));
    snprintf(path, sizeof path, "%s%s", k->path, SUFFIX[format]);
    json_object_set_new(paths, path, json_pack("{s:o}", "get", get));
}

/* What is no question. form: the one field of what is asked or posted; a 303 leads to the monitor. */
static const struct { const char *path, *method, *id, *tag, *type, *schema, *text, *form, *problems[5]; bool open;
} OTHERS[] = {
    { "/api/v1/events",
      "get",
      "events",
      "live",
      "text/event-stream",
      NULL,
      "Changes as they are committed, as server-sent events: resync, snapshot, changed",
      NULL,
      { "401", "403", "405", "503", NULL },
      false },
    { "/api/v1/session",
      "get",
      "session",
      "access",
      "application/json",
      "Session",
      "Who is asking, and until when",
      NULL,
      { "401", "405", "503", NULL, NULL },
      false },
    { "/login",
      "get",
      "loginPage",
      "access",
      "text/html",
      NULL,
      "A page with one button that posts the ticket of a one-time link; looking at it uses nothing up",
      "ticket",
      { "405", "503", NULL, NULL, NULL },
      true },
    { "/login",
      "post",
      "login",
      "access",
      NULL,
      NULL,
      "Exchanges the ticket of a one-time link for a session, as a cookie",
      "ticket",
      { "403", "405", "410", "503", NULL },
      true },
    { "/logout",
      "post",
      "logout",
      "access",
      NULL,
      NULL,
      "Ends the session; its token may stand in the header X-CSRF-Token instead",
      "csrf",
      { "401", "403", "405", "503", NULL },
      false },
    { "/healthz",
      "get",
      "healthz",
      "service",
      "text/plain",
      NULL,
      "The process answers",
      NULL,
      { "405", "503", NULL, NULL, NULL },
      true },
    { "/readyz",
      "get",
      "readyz",
      "service",
      "text/plain",
      NULL,
      "Every worker is connected, and counting makes progress",
      NULL,
      { "405", "503", NULL, NULL, NULL },
      true },
    { "/metrics",
      "get",
      "metrics",
      "service",
      "text/plain",
      NULL,
      "Counters and gauges; OpenMetrics when asked for",
      NULL,
      { "401", "403", "405", "503", NULL },
      false },
    { "/openapi.json",
      "get",
      "openapi",
      "service",
      "application/json",
      NULL,
      "This description",
      NULL,
      { "405", "503", NULL, NULL, NULL },
      true },
};

/* What is sent back: a body, or after a form the way to the monitor. */
static json_t *answer_of_other(size_t i)
{
    if (!OTHERS[i].type)
        return json_pack("{s:{s:s,s:{s:{s:s,s:o},s:{s:s,s:o}}}}", "303", "description", "Done; the monitor is at Location",
                         "headers", "Location", "description", "/", "schema", text_schema(), "Set-Cookie", "description",
                         "rekap=..; HttpOnly; SameSite=Strict, over TLS Secure", "schema", text_schema());
    json_t *schema = OTHERS[i].schema ? reference("schemas", OTHERS[i].schema)
                     : !strcmp(OTHERS[i].type, "application/json") ? json_pack("{s:s}", "type", "object") : text_schema();
    return json_pack("{s:{s:s,s:o}}", "200", "description", OTHERS[i].text, "content", content(OTHERS[i].type, schema));
}

/* The field of a link is asked for in the address and posted; a token may stand in a header instead. */
static void put_form(json_t *op, size_t i)
{
    const char *field = OTHERS[i].form;
    bool csrf = !strcmp(field, "csrf");
    json_t *value = json_pack("{s:s,s:s}", "type", "string", "pattern", csrf ? "^[0-9a-f]{32}$" : "^[0-9a-f]{64}$");
    if (!strcmp(OTHERS[i].method, "get")) {
        json_object_set_new(op, "parameters", json_pack("[{s:s,s:s,s:b,s:s,s:o}]", "name", field, "in", "query", "required", 0,
                                                        "description", "the secret of the link", "schema", value));
        return;
    }
    json_t *form = json_pack("{s:s,s:{s:o}}", "type", "object", "properties", field, value);
    if (!csrf) json_object_set_new(form, "required", json_pack("[s]", field));
    json_object_set_new(op, "requestBody", json_pack("{s:b,s:o}", "required", (int)!csrf, "content",
                                                     content("application/x-www-form-urlencoded", form)));
}

static void put_other(json_t *paths, size_t i)
{
    json_t *responses = answer_of_other(i), *at = json_object_get(paths, OTHERS[i].path);
    put_problems(responses, OTHERS[i].problems);
    json_t *op = json_pack("{s:s,s:s,s:[s],s:o}", "operationId", OTHERS[i].id, "summary", OTHERS[i].text, "tags", OTHERS[i].tag,
                           "responses", responses);
    if (OTHERS[i].form) put_form(op, i);
    if (OTHERS[i].open) json_object_set_new(op, "security", json_array());
    if (at) json_object_set_new(at, OTHERS[i].method, op);
    else json_object_set_new(paths, OTHERS[i].path, json_pack("{s:o}", OTHERS[i].method, op));
}

static json_t *paths_all(void)
{
    json_t *paths = json_object();
    for (size_t i = 0; i < http_question_count; i++)
        for (unsigned f = HTTP_FORMAT_JSON; f <= (http_questions[i].list ? HTTP_FORMAT_XLSX : HTTP_FORMAT_JSON); f++)
            put_question(paths, &http_questions[i], (enum http_format)f);
    for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++) put_other(paths, i);
    return paths;
}

json_t *http_openapi(void)
{
    json_t *problem = json_pack("{s:s,s:o}", "description", "What is wrong, with its code, the parameter and what was seen",
                                "content", content("application/problem+json", reference("schemas", "Problem")));
    json_t *tag = json_pack("{s:s,s:o}", "description", "Weak: names the log position of the answer", "schema", text_schema());
    json_t *keys = json_pack("{s:{s:s,s:s,s:s},s:{s:s,s:s}}", "session", "type", "apiKey", "in", "cookie", "name", "rekap",
                             "bearer", "type", "http", "scheme", "bearer");
    json_t *parts = json_pack("{s:o,s:{s:o},s:{s:o},s:o}", "schemas", http_schema_all(), "responses", "Problem", problem, "headers",
                              "ETag", tag, "securitySchemes", keys);
    json_t *info = json_pack("{s:s,s:s,s:s,s:{s:s,s:s}}", "title", "rekap", "version", REKAP_VERSION, "summary",
                             "Budget and performance figures of offices, counted from signed statements", "license", "name",
                             "Apache License 2.0", "identifier", "Apache-2.0");
    return json_pack("{s:s,s:o,s:[{s:s}],s:[{},{s:[]},{s:[]}],s:o,s:o}", "openapi", "3.1.0", "info", info, "servers", "url", "/",
                     "security", "session", "bearer", "paths", paths_all(), "components", parts);
}
