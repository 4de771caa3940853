/* http_priv.h - what http*.c and sse.c share. Kind: E. Everything here belongs to the HTTP thread. */
#ifndef REKAP_HTTP_PRIV_H
#define REKAP_HTTP_PRIV_H

#include <event2/event.h>
#include <event2/http.h>
#include <pthread.h>
#include <stdatomic.h>

#include "aggregator/closing_rules.h"
#include "aggregator/http.h"
#include "aggregator/http_tls.h"
#include "aggregator/query.h"

struct sse;
struct http_guard;
struct http {
    struct http_options o;
    struct event_base *base;
    struct evhttp *server, *secure; /* the second under TLS; NULL: none */
    struct http_tls *tls;
    struct event *wake, *timer;
    int wake_fd;
    pthread_t thread;
    pthread_mutex_t lock; /* guards live, the only thing the fold's thread writes */
    struct aggregate_status live;
    bool running;
    _Atomic bool stopping;              /* the thread is to end; it is woken to see it */
    struct registry *registry;
    struct names *names;
    struct scales *scales; /* NULL: no list; so are those below */
    struct thresholds *thresholds;
    struct units *units;
    struct bridges bridges;
    struct successors successors;
    struct timespec registry_seen, scales_seen, thresholds_seen, units_seen, bridges_seen, successors_seen, names_seen,
        regions_seen;
    struct closing_book *closing;
    struct timespec closing_seen;
    struct sse *sse;
    struct http_guard *guard;
    uint64_t requests, answers[6]; /* by class of status */
    _Atomic int64_t turn_ms;       /* of the fold's loop, by its own thread */
    int64_t moved_ms;              /* below lock: when the count of a worker moved, or had nothing left */
};
struct aggregate_status http_live(struct http *h);
/* A question's context over a fresh read transaction; http_question_done ends it. */
int http_question(struct http *h, enum lang lang, struct query_context *ret);
void http_question_done(struct query_context *q);
/* http_reply.c: problem+json; code: of the code table; param, seen: NULL when there is none. */
void http_reply_problem(struct http *h, struct evhttp_request *req, int status, unsigned code, const char *title, const char *param,
                        const char *seen);
bool http_stalled(struct http *h); /* is there something to count, or a turn due, and nothing moves? */
void http_metrics(struct http *h, struct evhttp_request *req); /* http_metrics.c */
/* http_page.c: answers the monitor's page and the files it loads; false: no such file, nothing was answered. */
bool http_page(struct http *h, struct evhttp_request *req, const char *path);
int http_load_lists(struct http *h, char *err, size_t err_size); /* http_lists.c */
bool http_registry_changed(struct http *h);
void http_refresh_rules(struct http *h); /* looks whether a list of rules is another than the one read */
int http_reload_registry(struct http *h, char *err, size_t err_size);

/* http_guard.c: connections and what lies in memory for them. The guard outlives the server (it keeps its bufferevents). */
int http_guard_new(struct http *h, struct http_guard **ret);    /* before anything is bound; ST_NO_MEMORY */
void http_guard_listen(struct http_guard *g, struct evhttp_bound_socket *bound);
bool http_guard_asked(struct http_guard *g, struct evhttp_request *req);        /* false: too much lies unread, answer 503 */
void http_guard_watches(struct http_guard *g, struct evhttp_request *req);      /* a live viewer: no deadline */
void http_guard_counters(const struct http_guard *g, uint64_t *ret_closed, uint64_t *ret_refused);      /* from any thread */
size_t http_guard_count(const struct http_guard *g);
void http_guard_free(struct http_guard **p);

#endif
