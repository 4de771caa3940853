/* http_guard.c - who holds the aggregator's HTTP: how many connections, for how long, and how much lies in memory for them. Kind:
 * E.
 *
 * libevent's server neither counts connections nor ends one that sends a byte now and then, and while an answer waits to be read it
 * goes on reading input without a bound. So each connection's bufferevent is made here, with a bound on what it reads ahead, and is
 * kept (one reference) in a list. The list is looked through every GUARD_MS: a connection must ask something within HTTP_HEAD_MS of
 * its beginning or of its last answer, and take an answer within HTTP_ANSWER_MS. At HTTP_CONNECTIONS_MAX the oldest that has asked
 * nothing gives way, or else the longest idle one; if all of them wait for answers or watch, nobody new is accepted for a moment,
 * and so it is when there are no descriptors left. Over HTTP_ANSWERS_MAX of answers that nobody reads questions get 503.
 *
 * That libevent has freed a connection shows by its callbacks: it takes them out as it lets go of the bufferevent.
 *
 * Invariant: every accepted connection has one entry, from its bufferevent's making until we give up the last reference. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "aggregator/http_priv.h"
#include "aggregator/sse.h"
#include "proto/limits.h"
#include "proto/log.h"

enum { GUARD_MS = 250, READ_AHEAD_MAX = 4 * HTTP_HEADERS_MAX, HELD_FIRST = 64,
       TLS_STATE_MAX = 48 << 10 /* of OpenSSL, a connection that is being greeted */ };
struct held { struct bufferevent *bev; int64_t since_ms; bool asked, watches, cut; };
struct http_guard {
    struct http *h;
    struct evconnlistener *listener[2];
    unsigned listeners;
    struct event *timer;
    struct held *held;
    size_t n, cap, queued;              /* queued: bytes of answers, at the last look */
    atomic_ullong refused, closed;      /* read by the other thread */
    bool resting;                       /* nobody is accepted */
};

static int64_t now_ms(const struct http_guard *g) { return g->h->o.clock.now(g->h->o.clock.ctx).mono.us / 1000; }

static size_t waiting(const struct held *e) { return evbuffer_get_length(bufferevent_get_output(e->bev)); }

/* ---- accepting ---- */

static void rest(struct http_guard *g, const char *why)
{
    if (g->resting) return;
    g->resting = true;
    for (unsigned i = 0; i < g->listeners; i++) (void)evconnlistener_disable(g->listener[i]);
    log_write(LOG_L_WARN, "no more connections for a moment", "why=\"%s\" connections=%zu", why, g->n);
}

static void on_accept_error(struct evconnlistener *l, void *ctx)
{
    (void)l;
    rest(ctx, "no descriptors");
}

/* The end is seen by libevent as the other side's. */
static void cut(struct http_guard *g, struct held *e)
{
    e->cut = true;
    atomic_fetch_add(&g->closed, 1);
    (void)shutdown(bufferevent_getfd(e->bev), SHUT_RDWR);
}

/* Room for one more: whoever has asked nothing goes first, the oldest of them; then who has been idle longest. */
static void make_room(struct http_guard *g)
{
    struct held *first = NULL;

    for (size_t i = 0; i < g->n; i++) {
        struct held *e = &g->held[i];
        if (e->cut || e->watches || (e->asked && waiting(e) > 0)) continue;
        if (!first || (first->asked && !e->asked) || (first->asked == e->asked && e->since_ms < first->since_ms)) first = e;
    }
    if (first) cut(g, first);
    else rest(g, "all of them wait for answers or watch");
}

static bool reach(struct http_guard *g)
{
    size_t cap = g->cap ? 2 * g->cap : HELD_FIRST;
    struct held *grown = g->n < g->cap ? g->held : realloc(g->held, cap * sizeof *grown);
    if (!grown) return false;
    if (g->n == g->cap) g->cap = cap;
    g->held = grown;
    return true;
}

static struct bufferevent *keep(struct http_guard *g, struct bufferevent *b)
{
    if (g->n >= HTTP_CONNECTIONS_MAX) make_room(g);
    if (!b || !reach(g)) return b;
    bufferevent_setwatermark(b, EV_READ, 0, READ_AHEAD_MAX);
    bufferevent_incref(b);
    g->held[g->n++] = (struct held){ .bev = b, .since_ms = now_ms(g) };
    return b;
}

static struct bufferevent *make(struct event_base *base, void *ctx)
{
    return keep(ctx, bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE));
}

static struct bufferevent *make_secure(struct event_base *base, void *ctx)
{
    struct http_guard *g = ctx;
    return keep(g, http_tls_make(g->h->tls, base));
}

/* ---- looking ---- */

static bool is_freed(const struct held *e)
{
    bufferevent_data_cb on_read, on_write;
    bufferevent_event_cb on_event;
    void *arg;
    bufferevent_getcb(e->bev, &on_read, &on_write, &on_event, &arg);
    return arg == NULL;
}

static bool is_late(const struct held *e, int64_t now)
{
    if (e->watches) return false;       /* what a viewer does not take is bounded in sse.c, and ends by libevent's time-out */
    return now - e->since_ms > (waiting(e) > 0 ? HTTP_ANSWER_MS : HTTP_HEAD_MS);
}

static void look(struct http_guard *g)
{
    int64_t now = now_ms(g);
    g->queued = 0;
    for (size_t i = g->n; i-- > 0;) {
        struct held *e = &g->held[i];
        if (is_freed(e)) {
            (void)bufferevent_decref(e->bev);
            *e = g->held[--g->n];
            continue;
        }
        g->queued += waiting(e);
        if (!e->cut && is_late(e, now)) cut(g, e);
    }
    if (!g->resting || g->n >= HTTP_CONNECTIONS_MAX) return;
    g->resting = false;
    for (unsigned i = 0; i < g->listeners; i++) g->resting |= evconnlistener_enable(g->listener[i]) != 0;
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    look(ctx);
}

/* ---- what the rest of HTTP tells ---- */

static struct held *held_of(struct http_guard *g, struct evhttp_request *req)
{
    const struct bufferevent *b = evhttp_connection_get_bufferevent(evhttp_request_get_connection(req));
    for (size_t i = 0; i < g->n; i++)
        if (g->held[i].bev == b) return &g->held[i];
    return NULL;
}

bool http_guard_asked(struct http_guard *g, struct evhttp_request *req)
{
    struct held *e = held_of(g, req);
    if (e) e->asked = true;
    if (e) e->since_ms = now_ms(g);
    if (g->queued <= HTTP_ANSWERS_MAX) return true;
    atomic_fetch_add(&g->refused, 1);
    return false;
}

void http_guard_watches(struct http_guard *g, struct evhttp_request *req)
{
    struct held *e = held_of(g, req);
    if (e) e->watches = true;
}

void http_guard_counters(const struct http_guard *g, uint64_t *ret_closed, uint64_t *ret_refused)
{
    *ret_closed = atomic_load(&g->closed);
    *ret_refused = atomic_load(&g->refused);
}

/* ---- life ---- */

/* The named cap of descriptors, as link_new keeps it; HTTP and the link share it. */
_Static_assert(HTTP_CONNECTIONS_MAX + 512 <= DESCRIPTORS_MAX, "a descriptor for every connection and some to spare");
_Static_assert((int64_t)HTTP_ANSWERS_MAX + (int64_t)SSE_VIEWERS_MAX * SSE_VIEWER_MAX +
                       (int64_t)HTTP_CONNECTIONS_MAX * (READ_AHEAD_MAX + TLS_STATE_MAX) <
                   AGGREGATOR_MEMORY_MAX,
               "what clients make us hold leaves room");

int http_guard_new(struct http *h, struct http_guard **ret)
{
    struct http_guard *g = calloc(1, sizeof *g);
    const struct timeval every = { 0, GUARD_MS * 1000 };
    if (!g) return ST_NO_MEMORY;
    g->h = h;
    g->timer = event_new(h->base, -1, EV_PERSIST, on_timer, g);
    if (!g->timer || event_add(g->timer, &every) != 0) {
        http_guard_free(&g);
        return ST_NO_MEMORY;
    }
    evhttp_set_bevcb(h->server, make, g);
    if (h->secure) evhttp_set_bevcb(h->secure, make_secure, g);
    *ret = g;
    return ST_OK;
}

void http_guard_listen(struct http_guard *g, struct evhttp_bound_socket *bound)
{
    ASSERT(g->listeners < 2);
    g->listener[g->listeners] = evhttp_bound_socket_get_listener(bound);
    evconnlistener_set_error_cb(g->listener[g->listeners++], on_accept_error);
}

size_t http_guard_count(const struct http_guard *g) { return g->n; }

void http_guard_free(struct http_guard **p)
{
    struct http_guard *g = *p;
    if (!g) return;
    if (g->timer) event_free(g->timer);
    while (g->n > 0) (void)bufferevent_decref(g->held[--g->n].bev);
    free(g->held);
    free(g);
    *p = NULL;
}
