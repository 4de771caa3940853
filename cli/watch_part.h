/* watch_part.h - what the files of `rekap watch` share: the event stream, and the two ways of showing it. Kind: E. */
#ifndef REKAP_WATCH_PART_H
#define REKAP_WATCH_PART_H

#include "cli/ask.h"

struct event_base;
struct evhttp_connection;
enum { WATCH_BEAT_MS = 200, WATCH_ASK_MS = 5000, WATCH_ID_MAX = 600 };

/* ---- the aggregator's event stream (watch_stream.c): kept open, taken up again where it ended ---- */

/* One event. data: its JSON object, the callee's only during the call; anew: it answers our first question, or nothing was missed.
 */
typedef void (*watch_event)(void *ctx, const char *name, json_t *data, bool anew);
struct watch_stream {
    struct place p;
    struct event_base *base;
    struct evhttp_connection *conn;
    struct buf in;                      /* up to the next blank line */
    char last_id[WATCH_ID_MAX];
    int64_t again, heard;               /* monotonic ms: when to connect again; when anything was heard last, 0: never */
    int backoff;
    bool closed;
    watch_event on_event;
    void *ctx;
};
/* p is copied; base, on_event and ctx must live until watch_stream_done. */
void watch_stream_init(struct watch_stream *s, const struct place *p, struct event_base *base, watch_event event, void *ctx);
/* To be called before and after each turn of the loop: connects when that is due, lets go of what ended. ST_OK, ST_NO_MEMORY. */
int watch_stream_turn(struct watch_stream *s);
bool watch_stream_live(const struct watch_stream *s);          /* connected, and heard since */
void watch_stream_done(struct watch_stream *s);

/* A question to this installation's own aggregator; NULL when there is no answer of status 200 now (the caller decrefs). status: of
 * HTTP, 0 when nobody answered; title: of the problem, "" when there is none; both may be NULL. */
json_t *watch_ask(const struct place *p, const char *path, const struct ask_param *params, size_t n, int *status, char title[160]);
void watch_clock(char ret[16]);         /* local time, HH:MM:SS */

/* ---- the full screen (watch_screen.c) ---- */

bool watch_screen_can(const struct cli *c);     /* is there a terminal to draw on, and nothing that asks for lines? */
int watch_screen_run(struct cli *c, const struct place *p, int year, int until);

#endif
