/* sse.h - live viewers: server-sent events over the change list. Kind: E, HTTP thread only.
 *
 * An event says which (office, year) changed and up to which log position; viewers ask again for what they show. Its id is the log
 * position of that change and its number ("w1:4711,c:12"); Last-Event-ID resumes without gap. At the first connection, when an id
 * is older than what is kept or of another change list, and when a viewer fell behind what is kept, it gets a `resync` and a
 * `snapshot`. A change of more than SSE_PAIRS_PER_EVENT pairs comes in parts, of which the last has the id. A comment keeps a still
 * line open. */
#ifndef REKAP_SSE_H
#define REKAP_SSE_H

#include "aggregator/http_answer.h"

enum {
    SSE_VIEWERS_MAX = 2500,
    SSE_BUFFER_MAX = 16 << 10,          /* of events a viewer has not taken; the next one waits in the store */
    SSE_PAIRS_PER_EVENT = 128,          /* a change of more comes in parts */
    SSE_EVENT_MAX = 16 << 10,           /* what one part is at most */
    SSE_CHUNK_COST = 8,                 /* what that is in memory: an event of 150 bytes takes a kilobyte of chains */
    SSE_VIEWER_MAX = 256 << 10,         /* of memory, a viewer */
    SSE_BEAT_MS = 15 * 1000,
    SSE_ID_MAX = HTTP_VECTOR_MAX + 24,
    SSE_CHANGES_PER_EVENT = FOLD_CHANGE_PAIRS,
};

int sse_new(struct http *h, struct sse **ret);
void sse_free(struct sse **s);
void sse_open(struct sse *s, struct evhttp_request *req, const struct http_viewer *who);
void sse_leave(struct sse *s, const char *csrf);          /* that session ended: its streams too */ /* takes over the request */
void sse_changed(struct sse *s);                          /* new rows stand in the change list */
void sse_beat(struct sse *s);                             /* each second; sends the comment where it is due */
uint64_t sse_resyncs(const struct sse *s); /* times a viewer was told to begin anew */
size_t sse_count(const struct sse *s);

#endif
