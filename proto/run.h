/* run.h - the runner: drain, step, flush, commit, release effects. Kind: E. One thread, named phases, counters per phase.
 *
 * A turn: wait until something can be read or a deadline passes; begin a write transaction; deliver up to STEP_MESSAGES_MAX
 * messages or STEP_BYTES_MAX bytes (and go on draining while node.hold says so); ticks; flush; commit; only then effects.
 * ST_FULL anywhere in the step: abort, on_abort, no effects of that step leave, refuse input for a second, log once.
 * ST_UNKNOWN from commit: exit at once with EXIT_CRASH, without a word to anybody (restart re-reads the truth). */
#ifndef REKAP_RUN_H
#define REKAP_RUN_H

#include "clock.h"
#include "link.h"

enum { EXIT_CRASH = 70 };
struct run;
/* Control requests (JSON text) are answered by this, outside any transaction of the node, between turns. It writes the answer
 * to `out` and may set *ret_wake to make a turn happen at once (something was put into the tray). */
typedef void (*run_control_fn)(void *ctx, struct store *s, struct slice request, struct buf *out, bool *ret_wake);
/* A second source of messages beside the link (the collector's tray): polled in the drain phase; next() gives a message or
 * ST_AGAIN; its bytes live until release(), which is called at the end of the step. After the commit every effect sent to PEER_TRAY
 * of the step is handed to reply(). All may be NULL. */
struct run_source {
    void *ctx;
    int (*next)(void *ctx, struct message *ret);
    void (*release)(void *ctx);
    void (*reply)(void *ctx, struct slice bytes);
};
struct run_options {
    struct run_source source;
    struct node node;
    struct store *store;
    struct link *link;
    struct clock clock;
    run_control_fn control;
    void *control_ctx;
    void (*turn)(void *ctx, struct now now); /* edge housekeeping between turns, e.g. registry reload; may be NULL */
    void (*after)(void *ctx);                /* a step was committed and its effects are out; ctx as for control; may be NULL */
};
int run_new(const struct run_options *o, struct run **ret);
int run_loop(struct run *r);  /* until run_stop or SIGTERM/SIGINT (installed by it); returns ST_OK or why it ended */
void run_stop(struct run *r); /* from a signal handler or another thread */
bool run_hup_pending(void);   /* a SIGHUP has come since the last call; for turn() */
void run_free(struct run **r);
struct run_counters {
    uint64_t turns, messages, bytes, commits, aborts, us_wait, us_step, us_flush, us_commit, us_effects,
        sends_dropped /* peer gone or its queue full: the node's timers send again */;
};
void run_counters(const struct run *r, struct run_counters *ret);

#endif
