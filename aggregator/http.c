/* http.c - see http.h. Kind: E.
 *
 * Routes are a table. A request is answered completely within its callback from one read transaction, so a slow client holds a
 * buffer, never the store. Answers to bad questions are problem+json (RFC 9457) with the code table's spellings. */
#include "aggregator/http.h"

#include <event2/buffer.h>
#include <event2/keyvalq_struct.h>
#include <event2/thread.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "aggregator/http_priv.h"
#include "aggregator/query_rule.h"
#include "aggregator/sse.h"
#include "proto/log.h"
#include "proto/run.h"

/* ---- answering ---- */

struct aggregate_status http_live(struct http *h)
{
    pthread_mutex_lock(&h->lock);
    struct aggregate_status s = h->live;
    pthread_mutex_unlock(&h->lock);
    return s;
}

int http_question(struct http *h, enum lang lang, struct query_context *ret)
{
    struct store_txn *t = NULL;
    char err[512];
    /* an office added a moment ago is asked for now: one stat a question */
    if (http_registry_changed(h) && http_reload_registry(h, err, sizeof err) != ST_OK)
        log_write(LOG_L_ERROR, "register not taken, the one before stays", "reason=\"%s\"", err);
    http_refresh_rules(h);
    int st = store_begin(h->o.store, false, &t);
    if (st != ST_OK) return st;
    *ret = (struct query_context){
        .t = t, .registry = h->registry, .names = h->names, .scales = h->scales,
        .thresholds = h->thresholds, .units = h->units, .bridges = &h->bridges, .closing = h->closing,
        .now = h->o.clock.now(h->o.clock.ctx), .lang = lang};
    ret->live = http_live(h);
    return ST_OK;
}

void http_question_done(struct query_context *q) { store_abort(&q->t); }

static void reply(struct evhttp_request *req, int status, const char *type, const char *text)
{
    struct evbuffer *b = evbuffer_new();
    if (!b || !text || evbuffer_add(b, text, strlen(text)) != 0) {
        evhttp_send_error(req, HTTP_INTERNAL, NULL);
        if (b) evbuffer_free(b);
        return;
    }
    struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
    evhttp_add_header(headers, "Content-Type", type);
    evhttp_add_header(headers, "Cache-Control", "no-store");
    evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
    evhttp_send_reply(req, status, status == HTTP_OK ? "OK" : "Error", b);
    evbuffer_free(b);
}

/* An answer is put together by hundreds of calls that leave something out when memory is out: a figure that is not there would be a
 * wrong answer, a text that is not there is read as one. And libevent passes over a line of a question that it had no memory to
 * read, until HTTP_HEAD_MS ends the connection. A new process answers, and whole. */
static void *answer_realloc(void *p, size_t n)
{
    void *q = realloc(p, n);
    if (q || n == 0) return q;
    log_write(LOG_L_ERROR, "no memory for an answer", "bytes=%zu", n);
    _exit(EXIT_CRASH);
}

static void *answer_malloc(size_t n) { return answer_realloc(NULL, n ? n : 1); }

static void reply_typed(struct evhttp_request *req, int status, const char *type, json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT);
    reply(req, status, type, text);
    free(text);
    json_decref(body);
}

void http_reply_json(struct evhttp_request *req, int status, json_t *body)
{
    reply_typed(req, status, "application/json; charset=utf-8", body);
}

void http_reply_problem(struct evhttp_request *req, int status, const char *code, const char *title, const char *param,
                        const char *seen)
{
    json_t *o = json_object();
    json_object_set_new(o, "type", json_string("about:blank"));
    json_object_set_new(o, "status", json_integer(status));
    json_object_set_new(o, "code", json_string(code));
    json_object_set_new(o, "title", json_string(title));
    if (param) json_object_set_new(o, "param", json_string(param));
    if (seen) json_object_set_new(o, "seen", json_string(seen));
    reply_typed(req, status, "application/problem+json", o);
}

/* ---- parameters ---- */

static const struct {
    const char *name;
    size_t at;
} PARAMS[] = {
    {"region", offsetof(struct query_params, region)},       {"year", offsetof(struct query_params, year)},
    {"until", offsetof(struct query_params, until)},         {"code", offsetof(struct query_params, code)},
    {"level", offsetof(struct query_params, level)},         {"office", offsetof(struct query_params, office)},
    {"stage", offsetof(struct query_params, stage)},         {"measure", offsetof(struct query_params, measure)},
    {"from", offsetof(struct query_params, from)},           {"to", offsetof(struct query_params, to)},
    {"open", offsetof(struct query_params, open)},           {"bridge", offsetof(struct query_params, bridge)},
    {"kind", offsetof(struct query_params, kind)},           {"as_of", offsetof(struct query_params, as_of)},
    {"indicator", offsetof(struct query_params, indicator)}, {"cap", offsetof(struct query_params, cap)},
    {"vintage", offsetof(struct query_params, vintage)},     {"with", offsetof(struct query_params, with)},
    {"by", offsetof(struct query_params, by)},               {"lowered", offsetof(struct query_params, lowered)},
    {"corrected", offsetof(struct query_params, corrected)},
    {"quarter", offsetof(struct query_params, quarter)},     {"rehearse", offsetof(struct query_params, rehearse)},
    {"source", offsetof(struct query_params, source)},
    {"rules", offsetof(struct query_params, rules)},
};

static void read_params(const struct evkeyvalq *q, struct query_params *ret)
{
    *ret = (struct query_params){0};
    for (size_t i = 0; i < sizeof PARAMS / sizeof PARAMS[0]; i++) {
        const char *v = evhttp_find_header(q, PARAMS[i].name);
        if (v) *(struct slice *)(void *)((char *)ret + PARAMS[i].at) = slice_of(v, strlen(v));
    }
}

/* ---- routes ---- */

static const struct {
    const char *path;
    query_fn ask;
} QUESTIONS[] = {
    {"/api/v1/rollup", query_rollup},   {"/api/v1/trend", query_trend},   {"/api/v1/findings", query_findings},
    {"/api/v1/offices", query_offices}, {"/api/v1/status", query_status},
    {"/api/v1/indicators", query_indicators}, {"/api/v1/notes", query_notes}, {"/api/v1/match", query_match},
    {"/api/v1/targets", query_targets}, {"/api/v1/peers", query_peers}, {"/api/v1/closes", query_closes},
};

static void answer(struct http *h, struct evhttp_request *req, query_fn ask, struct slice figure, const struct evkeyvalq *query)
{
    struct query_params p;
    struct query_context q;
    struct query_problem problem = {0};
    json_t *body = NULL;
    const char *lang = evhttp_find_header(query, "lang");
    read_params(query, &p);
    p.figure = figure;
    int st = http_question(h, lang && !strcmp(lang, "en") ? LANG_EN : LANG_ID, &q);
    if (st == ST_OK) {
        /* the register's counters and the state of the workers are about now only */
        bool past = ask != query_offices && ask != query_status;
        st = past ? query_as_of(ask, &q, &p, &body, &problem) : query_rule_ask(ask, &q, &p, &body, &problem);
        http_question_done(&q);
    }
    if (st == ST_OK)
        http_reply_json(req, HTTP_OK, body);
    else if (st == ST_INVALID)
        http_reply_problem(req, (int)problem.status, "di-luar-batas", problem.text, problem.param, problem.seen);
    else {
        log_write(LOG_L_ERROR, "question failed", "status=\"%s\"", status_str(st));
        http_reply_problem(req, 500, st == ST_CORRUPT ? "berkas-rusak" : "SIBUK", status_str(st), NULL, NULL);
    }
}

/* /api/v1/figures/ADDRESS/explain and /history; the address decodes its own segments. */
static bool route_figure(struct http *h, struct evhttp_request *req, const char *path, const struct evkeyvalq *query)
{
    static const char PREFIX[] = "/api/v1/figures/";
    const size_t before = sizeof PREFIX - 1;
    const char *verb = strrchr(path, '/');
    if (strncmp(path, PREFIX, before) != 0 || verb < path + before) return false;
    bool explain = !strcmp(verb, "/explain");
    if (!explain && strcmp(verb, "/history") != 0) return false;
    answer(h, req, explain ? query_explain : query_history, slice_of(path + before, (size_t)(verb - path) - before), query);
    return true;
}

static bool ready(struct http *h)
{
    struct aggregate_status s = http_live(h);
    for (unsigned i = 0; i < s.workers; i++)
        if (!s.worker[i].up) return false;
    return s.workers > 0 && !s.damaged;
}

static const char *why_not(struct http *h)
{
    if (ready(h)) return "ready\n";
    return http_live(h).damaged ? "the state is damaged: stop, delete it, start\n" : "no worker is connected\n";
}

static void route(struct http *h, struct evhttp_request *req, const char *path, const struct evkeyvalq *query)
{
    for (size_t i = 0; i < sizeof QUESTIONS / sizeof QUESTIONS[0]; i++)
        if (!strcmp(path, QUESTIONS[i].path)) {
            answer(h, req, QUESTIONS[i].ask, slice_of("", 0), query);
            return;
        }
    if (route_figure(h, req, path, query)) return;
    if (!strcmp(path, "/api/v1/events"))
        sse_open(h->sse, req);
    else if (!strcmp(path, "/") || !strcmp(path, ""))
        reply(req, HTTP_OK, "text/html; charset=utf-8", http_page());
    else if (!strcmp(path, "/healthz"))
        reply(req, HTTP_OK, "text/plain", "ok\n");
    else if (!strcmp(path, "/readyz"))
        reply(req, ready(h) ? HTTP_OK : HTTP_SERVUNAVAIL, "text/plain", why_not(h));
    else
        http_reply_problem(req, 404, "bentuk-tak-dikenal",
                           "alamat tidak dikenal; lihat /api/v1/rollup, trend, "
                           "indicators, match, findings, closes, figures/ALAMAT/explain, offices, status, events", NULL, path);
}

static void on_request(struct evhttp_request *req, void *ctx)
{
    struct http *h = ctx;
    struct evkeyvalq query;
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL, *q = uri ? evhttp_uri_get_query(uri) : NULL;
    h->requests++;
    TAILQ_INIT(&query);
    if (!http_guard_asked(h->guard, req))
        http_reply_problem(req, HTTP_SERVUNAVAIL, "SIBUK", "terlalu banyak jawaban yang belum diambil", NULL, NULL);
    else if (!path || evhttp_request_get_command(req) != EVHTTP_REQ_GET || (q && evhttp_parse_query_str(q, &query) != 0))
        http_reply_problem(req, 400, "FORMAT_SALAH", "hanya GET dengan alamat yang sah", NULL, path);
    else
        route(h, req, path, &query);
    evhttp_clear_headers(&query);
}

/* ---- the thread ---- */

static void on_wake(evutil_socket_t fd, short what, void *ctx)
{
    struct http *h = ctx;
    uint64_t n;
    (void)what;
    ssize_t got = read(fd, &n, sizeof n);
    if (h->stopping) event_base_loopbreak(h->base);
    else if (got == (ssize_t)sizeof n) sse_changed(h->sse);
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    sse_beat(((struct http *)ctx)->sse);
}

static void *thread_main(void *ctx)
{
    struct http *h = ctx;
    int rc = event_base_dispatch(h->base);
    if (h->stopping) return NULL;
    log_write(LOG_L_ERROR, "HTTP ended by itself", "code=%d", rc);      /* out of memory: a new process can answer again */
    _exit(EXIT_CRASH);
}

void http_changed(struct http *h, const struct aggregate_status *live)
{
    uint64_t one = 1;
    pthread_mutex_lock(&h->lock);
    bool news = live->commits != h->live.commits;
    h->live = *live;
    pthread_mutex_unlock(&h->lock);
    if (!news) return;
    if (write(h->wake_fd, &one, sizeof one) != (ssize_t)sizeof one) return; /* full: it is awake already */
}

void http_counters(const struct http *h, uint64_t *ret_closed, uint64_t *ret_refused)
{
    http_guard_counters(h->guard, ret_closed, ret_refused);
}

static int bind_server(struct http *h, char *err, size_t err_size)
{
    char host[256];
    const char *colon = strrchr(h->o.listen, ':');
    long port = colon ? strtol(colon + 1, NULL, 10) : 0;
    if (!colon || colon == h->o.listen || (size_t)(colon - h->o.listen) >= sizeof host || port < 1 || port > 65535) {
        snprintf(err, err_size, "\"%s\" is not host:port", h->o.listen);
        return ST_INVALID;
    }
    memcpy(host, h->o.listen, (size_t)(colon - h->o.listen));
    host[colon - h->o.listen] = '\0';
    struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(h->server, host, (uint16_t)port);
    if (bound) return http_guard_listen(h->guard, bound), ST_OK;
    snprintf(err, err_size, "%s cannot be bound (is it taken?)", h->o.listen);
    return ST_BUSY;
}

static int build(struct http *h)
{
    h->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    h->base = evthread_use_pthreads() == 0 ? event_base_new() : NULL;
    h->server = h->base ? evhttp_new(h->base) : NULL;
    if (h->wake_fd < 0 || !h->server || sse_new(h, &h->sse) != ST_OK || http_guard_new(h, &h->guard) != ST_OK) return ST_NO_MEMORY;
    evhttp_set_max_headers_size(h->server, HTTP_HEADERS_MAX);
    evhttp_set_max_body_size(h->server, HTTP_HEADERS_MAX);
    evhttp_set_timeout(h->server, 60);
    evhttp_set_allowed_methods(h->server, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
    evhttp_set_gencb(h->server, on_request, h);
    h->wake = event_new(h->base, h->wake_fd, EV_READ | EV_PERSIST, on_wake, h);
    h->timer = event_new(h->base, -1, EV_PERSIST, on_timer, h);
    const struct timeval second = {1, 0};
    return h->wake && h->timer && event_add(h->wake, NULL) == 0 && event_add(h->timer, &second) == 0 ? ST_OK : ST_NO_MEMORY;
}

int http_new(const struct http_options *o, struct http **ret, char *err, size_t err_size)
{
    struct http *h = calloc(1, sizeof *h);
    if (!h) return ST_NO_MEMORY;
    (void)signal(SIGPIPE, SIG_IGN);     /* libevent writes to connections that may have gone */
    h->o = *o;
    h->live = o->live;
    h->wake_fd = -1;
    json_set_alloc_funcs(answer_malloc, free);
    event_set_mem_functions(answer_malloc, answer_realloc, free);
    pthread_mutex_init(&h->lock, NULL);
    snprintf(err, err_size, "no memory");
    int st = build(h);
    if (st == ST_OK) st = http_load_lists(h, err, err_size);
    if (st == ST_OK) st = bind_server(h, err, err_size);
    if (st == ST_OK && pthread_create(&h->thread, NULL, thread_main, h) != 0) st = ST_NO_MEMORY;
    h->running = st == ST_OK;
    if (st == ST_OK)
        *ret = h;
    else
        http_free(&h);
    return st;
}

void http_free(struct http **p)
{
    if (!p || !*p) return;
    struct http *h = *p;
    if (h->running) {
        /* By an event: a loop that is told to break before it has begun does not, and we would wait for it for ever. */
        uint64_t one = 1;
        h->stopping = true;
        if (write(h->wake_fd, &one, sizeof one) < 0 && errno != EAGAIN) event_base_loopbreak(h->base);
        pthread_join(h->thread, NULL);
    }
    sse_free(&h->sse);
    if (h->wake) event_free(h->wake);
    if (h->timer) event_free(h->timer);
    if (h->server) evhttp_free(h->server);
    http_guard_free(&h->guard);
    if (h->base) event_base_free(h->base);
    if (h->wake_fd >= 0) close(h->wake_fd);
    registry_free(&h->registry);
    names_free(&h->names);
    scales_free(&h->scales);
    closing_rules_free(&h->closing);
    thresholds_free(&h->thresholds);
    units_free(&h->units);
    bridge_done(&h->bridges);
    pthread_mutex_destroy(&h->lock);
    free(h);
    *p = NULL;
}
