/* http.h - the HTTP side of the aggregator: questions as JSON, live events, health. Kind: E. A thread and an event loop of its own.
 *
 * Reads the store only through short read transactions, one a request. Registry and name lists are its own copies, read again when
 * their files change. Limits: below and in sse.h, kept by http_guard.c. */
#ifndef REKAP_HTTP_H
#define REKAP_HTTP_H

#include "aggregator/aggregate.h"
#include "proto/clock.h"

enum {
    HTTP_CONNECTIONS_MAX = 3072,
    HTTP_HEADERS_MAX = 8192,
    HTTP_HEAD_MS = 15 * 1000,           /* from a connection's beginning, or its last question, to the next one */
    HTTP_ANSWER_MS = 60 * 1000,         /* to take an answer */
    HTTP_ANSWERS_MAX = 64 << 20,       /* bytes of answers not yet taken, of all connections; beyond it 503 */
    HTTP_STALL_MS = 30 * 1000,          /* without a turn of the fold, or with records and none taken: not ready */
};

struct http;
struct http_access;
struct http_options {
    const char *listen;                     /* "127.0.0.1:7411" */
    const char *secure_listen;              /* the same under TLS, always with login; NULL or "": none */
    const char *certificate, *certificate_key;
    bool login;                             /* `listen` asks who one is */
    struct http_access *access;             /* who may ask; NULL: nobody can log in */
    const char *registry, *regions, *names; /* files */
    const char *assets;                     /* development: the monitor's files are read from here; NULL or "": embedded */
    struct store *store;
    struct clock clock;
    struct aggregate_status live; /* the workers followed: an answer names its position from the first one on */
};
/* Binds, loads the lists and starts the thread. err: a sentence. ST_BUSY: the address is taken. */
int http_new(const struct http_options *o, struct http **ret, char *err, size_t err_size);
/* Connections that were closed because they asked nothing, or took nothing; questions refused because too much lay unread. From any
 * thread. */
void http_counters(const struct http *h, uint64_t *ret_closed, uint64_t *ret_refused);
/* http_page.c: takes `--assets DIR` out of a command line, wherever it stands; NULL: it is not there. For development only, so not
 * among the options of every daemon. */
const char *http_page_dir(int *argc, char **argv);
void http_changed(struct http *h, const struct aggregate_status *live); /* from the fold's thread, after each step */
void http_turn(struct http *h); /* from the fold's thread, each turn of its loop: it lives */
void http_free(struct http **p); /* stops the thread and closes every connection */

#endif
