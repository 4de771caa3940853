/* sse.h - live viewers: server-sent events over the change list. Kind: E, HTTP thread only.
 *
 * An event says which (office, year) changed and up to which log position; viewers ask again for what they show. Its id is the
 * applied vector and the change number ("w1:4711,c:12"); Last-Event-ID resumes without gap; an id older than what is kept, or a
 * viewer that fell SSE_BUFFER_MAX behind, gets one `resync`. A comment each 15 s keeps the line open. */
#ifndef REKAP_SSE_H
#define REKAP_SSE_H

#include "aggregator/http_priv.h"

enum {
    SSE_VIEWERS_MAX = 2500,
    SSE_BUFFER_MAX = 16 << 10,          /* of events a viewer has not taken */
    SSE_CHUNK_COST = 8,                 /* what that is in memory: an event of 150 bytes takes a kilobyte of chains */
    SSE_CHANGES_PER_EVENT = FOLD_CHANGE_PAIRS,
};

int sse_new(struct http *h, struct sse **ret);
void sse_free(struct sse **s);
void sse_open(struct sse *s, struct evhttp_request *req); /* takes over the request */
void sse_changed(struct sse *s);                          /* new rows stand in the change list */
void sse_beat(struct sse *s);                             /* each second; sends the comment when it is due */
uint64_t sse_resyncs(const struct sse *s); /* times a viewer was told to begin anew */
size_t sse_count(const struct sse *s);

#endif
