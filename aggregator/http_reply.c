/* http_reply.c - how answers leave: bodies, headers, problems. Kind: E.
 *
 * Every answer of the API goes through http_reply: it says that nothing may be guessed, framed or run from it, and answers HEAD
 * with the headers of GET (libevent would send the body, or no length). An answer of the read model names its log position as a
 * weak ETag: the same position, register and rules give the same figures, though not the same bytes (`as_of.time` is the moment of
 * answering), so a viewer that has it is told 304 before anything is computed. What a list of rules was read from is part of it by
 * the file's time, and so is the hour: deadlines and habits depend on the date, and zones differ by whole hours.
 *
 * A mistake is problem+json (RFC 9457) with a spelling of the code table, whatever address or method it was made with. */
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/http_answer.h"

static const char *reason(int status)
{
    static const struct { int status; const char *text; } REASONS[] = {
        {200, "OK"}, {204, "No Content"}, {303, "See Other"}, {304, "Not Modified"}, {400, "Bad Request"}, {401, "Unauthorized"},
        {403, "Forbidden"}, {404, "Not Found"}, {405, "Method Not Allowed"}, {410, "Gone"}, {415, "Unsupported Media Type"},
        {429, "Too Many Requests"}, {500, "Internal Server Error"}, {503, "Service Unavailable"},
    };
    for (size_t i = 0; i < sizeof REASONS / sizeof REASONS[0]; i++)
        if (REASONS[i].status == status) return REASONS[i].text;
    return "Error";
}

static void add(struct evhttp_request *req, const char *name, const char *value)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
    if (!evhttp_find_header(headers, name)) evhttp_add_header(headers, name, value);
}

void http_reply(struct http *h, struct evhttp_request *req, int status, const char *type, struct evbuffer *body)
{
    char length[24];
    h->answers[status / 100 % 6]++;
    add(req, "Cache-Control", "no-store");
    add(req, "X-Content-Type-Options", "nosniff");
    add(req, "Referrer-Policy", "no-referrer");
    add(req, "Cross-Origin-Resource-Policy", "same-origin");
    add(req, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    if (type) add(req, "Content-Type", type);
    if (evhttp_request_get_command(req) == EVHTTP_REQ_HEAD && body) {
        snprintf(length, sizeof length, "%zu", evbuffer_get_length(body));
        add(req, "Content-Length", length);
        (void)evbuffer_drain(body, evbuffer_get_length(body));
    }
    evhttp_send_reply(req, status, reason(status), body);
}

void http_reply_text(struct http *h, struct evhttp_request *req, int status, const char *type, const char *text)
{
    struct evbuffer *b = evbuffer_new();
    if (b && text && evbuffer_add(b, text, strlen(text)) == 0) http_reply(h, req, status, type, b);
    else evhttp_send_error(req, HTTP_INTERNAL, NULL);
    if (b) evbuffer_free(b);
}

void http_reply_json(struct http *h, struct evhttp_request *req, int status, const char *type, json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT);
    http_reply_text(h, req, status, type ? type : "application/json; charset=utf-8", text);
    free(text);
    json_decref(body);
}

void http_reply_problem(struct http *h, struct evhttp_request *req, int status, unsigned code, const char *title, const char *param,
                        const char *seen)
{
    json_t *o = json_object();
    json_object_set_new(o, "type", json_string("about:blank"));
    json_object_set_new(o, "status", json_integer(status));
    json_object_set_new(o, "code", json_string(status_code_spelling(code)));
    json_object_set_new(o, "title", json_string(title));
    if (param) json_object_set_new(o, "param", json_string(param));
    if (seen) json_object_set_new(o, "seen", json_string(seen));
    if (status == HTTP_SERVUNAVAIL) add(req, "Retry-After", "1");
    http_reply_json(h, req, status, "application/problem+json", o);
}

/* ---- the position as a tag ---- */

static uint64_t mix(uint64_t hash, const void *p, size_t n)
{
    const unsigned char *b = p;
    for (size_t i = 0; i < n; i++) hash = (hash ^ b[i]) * UINT64_C(1099511628211);
    return hash;
}

static uint64_t mix_time(uint64_t hash, struct timespec t)
{
    const int64_t parts[] = {t.tv_sec, t.tv_nsec};
    return mix(hash, parts, sizeof parts);
}

/* Everything else that an answer follows from, and who asks: a role may see less. */
static uint64_t rest_of(const struct http *h, const struct query_context *q, const char *who)
{
    const struct timespec seen[] = { h->registry_seen,   h->scales_seen,  h->thresholds_seen, h->units_seen,  h->bridges_seen,
                                     h->successors_seen, h->closing_seen, h->names_seen,      h->regions_seen };
    int64_t hour = q->now.wall.ms / (3600 * 1000);
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++) hash = mix_time(hash, seen[i]);
    hash = mix(hash, REKAP_VERSION, sizeof REKAP_VERSION);
    hash = mix(hash, who, strlen(who) + 1);
    return mix(hash, &hour, sizeof hour);
}

int http_reply_vector(const struct query_context *q, char *ret, size_t size)
{
    size_t n = 0;
    ret[0] = '\0';
    for (unsigned i = 0; i < q->live.workers; i++) {
        uint64_t lsn;
        struct hash hash;
        int st = fold_applied(q->t, q->live.worker[i].number, &lsn, &hash);
        if (st != ST_OK) return st;
        int w = snprintf(ret + n, size - n, "%sw%u:%llu", n ? "," : "", q->live.worker[i].number, (unsigned long long)lsn);
        if (w < 0 || (size_t)w >= size - n) return ST_FULL;
        n += (size_t)w;
    }
    return ST_OK;
}

int http_reply_tag(const struct http *h, const struct query_context *q, const char *who, char ret[HTTP_TAG_MAX])
{
    char vector[HTTP_VECTOR_MAX];
    int st = http_reply_vector(q, vector, sizeof vector);
    if (st == ST_OK)
        snprintf(ret, HTTP_TAG_MAX, "W/\"%s;r%llu;%016llx\"", vector, (unsigned long long)registry_version(q->registry),
                 (unsigned long long)rest_of(h, q, who));
    return st;
}

bool http_reply_known(struct evhttp_request *req, const char *tag)
{
    const char *asked = evhttp_find_header(evhttp_request_get_input_headers(req), "If-None-Match");
    const char *opaque = tag + 2;       /* weak comparison: what stands behind W/ */
    size_t n = strlen(opaque);
    if (!asked) return false;
    if (!strcmp(asked, "*")) return true;
    for (const char *at = asked; (at = strstr(at, opaque)); at++)
        if (at[n] == '\0' || at[n] == ',' || at[n] == ' ') return true;
    return false;
}

void http_reply_tagged(struct evhttp_request *req, const char *tag)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
    evhttp_add_header(headers, "ETag", tag);
    evhttp_add_header(headers, "Cache-Control", "private, no-cache");
    evhttp_add_header(headers, "Vary", "Cookie, Authorization");
}
