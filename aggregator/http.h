/* http.h - the HTTP side of the aggregator: questions as JSON, live events, health. Kind: E. A thread and an event loop of its own.
 *
 * Reads the store only through short read transactions, one a request. Registry and name lists are its own copies, read again when
 * their files change. Limits: HTTP_CONNECTIONS_MAX connections, small requests only, SSE viewers in sse.h. */
#ifndef REKAP_HTTP_H
#define REKAP_HTTP_H

#include "aggregator/aggregate.h"
#include "proto/clock.h"

enum { HTTP_CONNECTIONS_MAX = 4096, HTTP_HEADERS_MAX = 8192 };

struct http;
struct http_options {
    const char *listen;                     /* "127.0.0.1:7411" */
    const char *registry, *regions, *names; /* files */
    struct store *store;
    struct clock clock;
};
/* Binds, loads the lists and starts the thread. err: a sentence. ST_BUSY: the address is taken. */
int http_new(const struct http_options *o, struct http **ret, char *err, size_t err_size);
void http_changed(struct http *h, const struct aggregate_status *live); /* from the fold's thread, after each step */
void http_free(struct http **p); /* stops the thread and closes every connection */

#endif
