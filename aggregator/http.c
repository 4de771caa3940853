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

#include "aggregator/http_answer.h"
#include "aggregator/http_login.h"
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
        .thresholds = h->thresholds, .units = h->units, .bridges = &h->bridges, .successors = &h->successors,
        .closing = h->closing,
        .now = h->o.clock.now(h->o.clock.ctx), .lang = lang};
    ret->live = http_live(h);
    return ST_OK;
}

void http_question_done(struct query_context *q) { store_abort(&q->t); }

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

/* ---- routes ---- */

static int64_t now_ms(const struct http *h) { return h->o.clock.now(h->o.clock.ctx).mono.us / 1000; }

bool http_stalled(struct http *h)
{
    int64_t now = now_ms(h), moved;
    struct aggregate_status s;
    pthread_mutex_lock(&h->lock);
    s = h->live;
    moved = h->moved_ms;
    pthread_mutex_unlock(&h->lock);
    if (now - atomic_load(&h->turn_ms) > HTTP_STALL_MS) return true;
    for (unsigned i = 0; i < s.workers; i++)
        if (s.worker[i].up && s.worker[i].head > s.worker[i].applied && now - moved > HTTP_STALL_MS) return true;
    return false;
}

/* NULL: ready. What is wrong first: a damaged state answers wrongly, the others answer late. */
static const char *why_not(struct http *h)
{
    struct aggregate_status s = http_live(h);
    if (s.damaged) return "the state is damaged: stop, delete it, start";
    for (unsigned i = 0; i < s.workers; i++)
        if (!s.worker[i].up) return "a worker is not connected";
    if (s.workers == 0) return "no worker is connected";
    return http_stalled(h) ? "counting stands still: no record was taken although there are some" : NULL;
}

static void reply_ready(struct http *h, struct evhttp_request *req)
{
    const char *why = why_not(h);
    if (!why) http_reply_text(h, req, HTTP_OK, "text/plain; charset=utf-8", "ready\n");
    else http_reply_problem(h, req, HTTP_SERVUNAVAIL, CODE_BUSY, why, NULL, NULL);
}

static bool route_service(struct http *h, struct evhttp_request *req, const char *path)
{
    if (!strcmp(path, "/healthz")) http_reply_text(h, req, HTTP_OK, "text/plain; charset=utf-8", "ok\n");
    else if (!strcmp(path, "/readyz")) reply_ready(h, req);
    else if (!strcmp(path, "/openapi.json")) http_reply_json(h, req, HTTP_OK, NULL, http_openapi());
    else return false;
    return true;
}

static void route_known(struct http *h, struct evhttp_request *req, const char *path, const struct evkeyvalq *query,
                        const struct http_viewer *v)
{
    enum http_format format;
    struct slice figure;
    const struct http_question *k = http_route_find(path, &format, &figure);
    if (k) http_answer(h, req, query, k, format, figure, v);
    else if (!strcmp(path, "/api/v1/events")) sse_open(h->sse, req, v);
    else if (strcmp(path, "/metrics") != 0)
        http_reply_problem(h, req, 404, CODE_SHAPE_UNKNOWN, "alamat tidak dikenal; lihat /openapi.json", NULL, path);
    else if (v->open || v->role == ROLE_AUDITOR || v->role == ROLE_CENTRE) http_metrics(h, req);
    else http_reply_problem(h, req, 403, CODE_UNAUTHORISED, "peran Anda tidak melihat ini", "role", NULL);
}

static void route(struct http *h, struct evhttp_request *req, const char *path, const struct evkeyvalq *query)
{
    struct http_viewer v;
    if (http_login_foreign(h, req))
        http_reply_problem(h, req, 403, CODE_UNAUTHORISED, "nama mesin ini lain: tanpa login hanya lewat alamat IP atau localhost",
                           NULL, evhttp_find_header(evhttp_request_get_input_headers(req), "Host"));
    else if (!route_service(h, req, path) && !http_login(h, req, path, query) && !http_page(h, req, path) &&
             http_login_known(h, req, &v))
        route_known(h, req, path, query, &v);
}

/* Everything but coming and going changes nothing. */
static bool method_taken(struct http *h, struct evhttp_request *req, const char *path)
{
    enum evhttp_cmd_type method = evhttp_request_get_command(req);
    bool posts = http_login_posts(path);
    if (method == EVHTTP_REQ_GET || method == EVHTTP_REQ_HEAD || (posts && method == EVHTTP_REQ_POST)) return true;
    evhttp_add_header(evhttp_request_get_output_headers(req), "Allow", posts ? "GET, HEAD, POST" : "GET, HEAD");
    http_reply_problem(h, req, 405, CODE_BAD_FORMAT, "di sini hanya GET", NULL, path);
    return false;
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
        http_reply_problem(h, req, HTTP_SERVUNAVAIL, CODE_BUSY, "terlalu banyak jawaban yang belum diambil", NULL, NULL);
    else if (!path || (q && evhttp_parse_query_str(q, &query) != 0))
        http_reply_problem(h, req, 400, CODE_BAD_FORMAT, "alamat tidak sah", NULL, path);
    else if (method_taken(h, req, path))
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
    struct http *h = ctx;
    (void)fd;
    (void)what;
    sse_beat(h->sse);
    if (h->tls) http_tls_refresh(h->tls);
}

static void *thread_main(void *ctx)
{
    struct http *h = ctx;
    int rc = event_base_dispatch(h->base);
    if (h->stopping) return NULL;
    log_write(LOG_L_ERROR, "HTTP ended by itself", "code=%d", rc);      /* out of memory: a new process can answer again */
    _exit(EXIT_CRASH);
}

void http_turn(struct http *h) { atomic_store(&h->turn_ms, now_ms(h)); }

void http_changed(struct http *h, const struct aggregate_status *live)
{
    uint64_t one = 1;
    int64_t now = now_ms(h);
    pthread_mutex_lock(&h->lock);
    bool news = live->commits != h->live.commits;
    for (unsigned i = 0; i < live->workers; i++)
        if (live->worker[i].applied != h->live.worker[i].applied || live->worker[i].applied >= live->worker[i].head ||
            !h->live.worker[i].up)
            h->moved_ms = now;
    h->live = *live;
    pthread_mutex_unlock(&h->lock);
    if (!news) return;
    if (write(h->wake_fd, &one, sizeof one) != (ssize_t)sizeof one) return; /* full: it is awake already */
}

void http_counters(const struct http *h, uint64_t *ret_closed, uint64_t *ret_refused)
{
    http_guard_counters(h->guard, ret_closed, ret_refused);
}

static int bind_server(struct http *h, struct evhttp *server, const char *listen, char *err, size_t err_size)
{
    char host[256];
    const char *colon = strrchr(listen, ':');
    long port = colon ? strtol(colon + 1, NULL, 10) : 0;
    if (!colon || colon == listen || (size_t)(colon - listen) >= sizeof host || port < 1 || port > 65535) {
        snprintf(err, err_size, "\"%s\" is not host:port", listen);
        return ST_INVALID;
    }
    memcpy(host, listen, (size_t)(colon - listen));
    host[colon - listen] = '\0';
    struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(server, host, (uint16_t)port);
    if (bound) return http_guard_listen(h->guard, bound), ST_OK;
    snprintf(err, err_size, "%s cannot be bound (is it taken?)", listen);
    return ST_BUSY;
}

static void settle(struct http *h, struct evhttp *server)
{
    evhttp_set_max_headers_size(server, HTTP_HEADERS_MAX);
    evhttp_set_max_body_size(server, HTTP_HEADERS_MAX);
    evhttp_set_timeout(server, 60);
    evhttp_set_allowed_methods(server, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
                                           EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
    evhttp_set_gencb(server, on_request, h);
}

static int build(struct http *h)
{
    h->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    h->base = evthread_use_pthreads() == 0 ? event_base_new() : NULL;
    h->server = h->base ? evhttp_new(h->base) : NULL;
    h->secure = h->tls && h->base ? evhttp_new(h->base) : NULL;
    if (h->wake_fd < 0 || !h->server || (h->tls && !h->secure) || sse_new(h, &h->sse) != ST_OK ||
        http_guard_new(h, &h->guard) != ST_OK)
        return ST_NO_MEMORY;
    settle(h, h->server);
    if (h->secure) settle(h, h->secure);
    h->wake = event_new(h->base, h->wake_fd, EV_READ | EV_PERSIST, on_wake, h);
    h->timer = event_new(h->base, -1, EV_PERSIST, on_timer, h);
    const struct timeval second = {1, 0};
    return h->wake && h->timer && event_add(h->wake, NULL) == 0 && event_add(h->timer, &second) == 0 ? ST_OK : ST_NO_MEMORY;
}

static bool secured(const struct http_options *o) { return o->secure_listen && o->secure_listen[0]; }

int http_new(const struct http_options *o, struct http **ret, char *err, size_t err_size)
{
    struct http *h = calloc(1, sizeof *h);
    if (!h) return ST_NO_MEMORY;
    (void)signal(SIGPIPE, SIG_IGN);     /* libevent writes to connections that may have gone */
    h->o = *o;
    h->live = o->live;
    h->wake_fd = -1;
    h->moved_ms = now_ms(h);
    http_turn(h);
    json_set_alloc_funcs(answer_malloc, free);
    event_set_mem_functions(answer_malloc, answer_realloc, free);
    pthread_mutex_init(&h->lock, NULL);
    snprintf(err, err_size, "no memory");
    int st = secured(o) ? http_tls_new(o->certificate, o->certificate_key, &h->tls, err, err_size) : ST_OK;
    if (st == ST_OK) st = build(h);
    if (st == ST_OK) st = http_load_lists(h, err, err_size);
    if (st == ST_OK) st = bind_server(h, h->server, o->listen, err, err_size);
    if (st == ST_OK && h->secure) st = bind_server(h, h->secure, o->secure_listen, err, err_size);
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
    if (h->secure) evhttp_free(h->secure);
    http_guard_free(&h->guard);
    http_tls_free(&h->tls);
    if (h->base) event_base_free(h->base);
    if (h->wake_fd >= 0) close(h->wake_fd);
    registry_free(&h->registry);
    names_free(&h->names);
    scales_free(&h->scales);
    closing_rules_free(&h->closing);
    thresholds_free(&h->thresholds);
    units_free(&h->units);
    bridge_done(&h->bridges);
    successor_list_done(&h->successors);
    pthread_mutex_destroy(&h->lock);
    free(h);
    *p = NULL;
}
