/* run.c - the runner: drain, step, flush, commit, release effects. Kind: E.
 *
 * Design notes: one loop, one thread. A turn waits, lets the edge do its housekeeping, then takes a step if there is anything to
 * do: one write transaction, opened with the first message (or timer), closed by the commit. Effects collected meanwhile leave only
 * after that commit. Control requests met while draining are set aside and answered after the step, outside any transaction; their
 * bytes live as long as the step's messages.
 *
 * ST_FULL at any point of a step throws the step away: no effect leaves, the node reads its state again, the link is paused (what
 * peers send waits in the transport) and for a second only control requests are served. A commit whose outcome is unknown ends the
 * process at once: only a restart can find out. Nothing is sent twice by us and nothing relies on a send: nodes have timers.
 *
 * Invariant: effects are performed only between a successful commit and the next begin. */
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "limits.h"
#include "log.h"

enum {
    TURN_MS_MAX = 500,
    HOLD_MS = 5,
    FULL_BACKOFF_US = 1000 * 1000,
    CONTROLS_MAX = 64,                  /* requests set aside in one step; more wait for the next */
    EFFECT_BYTES_MAX = 64 << 20,
    STEP_EFFECTS_SPARE = EFFECTS_MAX / 4,       /* the drain ends when less room than this is left */
    STEP_EFFECT_BYTES_SPARE = EFFECT_BYTES_MAX / 4,
};

struct run {
    struct run_options o;
    struct effects x;
    struct run_counters n;
    struct message control[CONTROLS_MAX];
    unsigned control_n;
    struct buf answer;
    struct store_txn *txn;              /* open while a step is under way */
    uint32_t step_messages;
    size_t step_bytes;
    bool wake, full, resting;           /* full: the last step found no room; resting: its second is not over */
    int64_t held_us;                    /* waiting inside the step */
    int64_t full_until;                 /* monotonic microseconds */
    int fd;                             /* eventfd: stop and signals */
    atomic_bool stop;
};

static atomic_int signal_fd = -1;       /* eventfd of the running loop */
static atomic_bool signal_stop, signal_hup;

/* ---- signals and stopping ---- */

static void poke(int fd)
{
    uint64_t one = 1;
    ssize_t rc = fd >= 0 ? write(fd, &one, sizeof one) : 0;

    (void)rc;                           /* a full counter is awake already */
}

static void on_signal(int sig)
{
    int e = errno;

    atomic_store(sig == SIGHUP ? &signal_hup : &signal_stop, true);
    poke(atomic_load(&signal_fd));
    errno = e;
}

bool run_hup_pending(void)
{
    return atomic_exchange(&signal_hup, false);
}

void run_stop(struct run *r)
{
    atomic_store(&r->stop, true);
    poke(r->fd);
}

static bool stopping(const struct run *r)
{
    return atomic_load(&r->stop) || atomic_load(&signal_stop);
}

static struct now now_of(const struct run *r)
{
    return r->o.clock.now(r->o.clock.ctx);
}

static int64_t since(const struct run *r, struct now *t)
{
    struct now was = *t;

    *t = now_of(r);
    return t->mono.us - was.mono.us;
}

static void add_us(uint64_t *counter, int64_t us)
{
    *counter += us > 0 ? (uint64_t)us : 0;
}

/* ---- life ---- */

int run_new(const struct run_options *o, struct run **ret)
{
    struct run *r = calloc(1, sizeof *r);
    int rc;

    ASSERT(o->node.ops && o->store && o->link && o->clock.now);
    if (!r) return ST_NO_MEMORY;
    r->o = *o;
    r->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    buf_init(&r->answer, CONTROL_BYTES_MAX);
    rc = effects_init(&r->x, EFFECT_BYTES_MAX);
    if (rc == ST_OK && r->fd < 0) rc = ST_IO;
    if (rc == ST_OK) rc = link_wake_fd(o->link, r->fd);
    if (rc != ST_OK) {
        run_free(&r);
        return rc;
    }
    *ret = r;
    return ST_OK;
}

void run_free(struct run **rp)
{
    struct run *r = *rp;

    if (!r) return;
    ASSERT(!r->txn);
    effects_done(&r->x);
    buf_done(&r->answer);
    if (r->fd >= 0) close(r->fd);
    free(r);
    *rp = NULL;
}

void run_counters(const struct run *r, struct run_counters *ret)
{
    *ret = r->n;
}

/* ---- one step ---- */

static int failed(const char *phase, int rc)
{
    log_write(LOG_L_ERROR, "the daemon cannot go on", "phase=%s status=\"%s\"", phase, status_str(rc));
    return rc;
}

static int step_begin(struct run *r)
{
    return r->txn ? ST_OK : store_begin(r->o.store, true, &r->txn);
}

static bool step_enough(const struct run *r)
{
    const struct node_ops *ops = r->o.node.ops;

    return r->txn && ops->enough && ops->enough(r->o.node.self, now_of(r));
}

static bool step_has_room(const struct run *r)
{
    return !step_enough(r) && r->step_messages < STEP_MESSAGES_MAX && r->step_bytes < STEP_BYTES_MAX && r->control_n < CONTROLS_MAX
           && effects_room(&r->x, STEP_EFFECTS_SPARE, STEP_EFFECT_BYTES_SPARE);
}

/* The next message from the link or, when that has none, from the second source. */
static int step_next(struct run *r, struct message *m)
{
    int rc = link_recv(r->o.link, m);

    if (rc != ST_AGAIN || r->resting || !r->o.source.next) return rc;
    return r->o.source.next(r->o.source.ctx, m);
}

static int step_deliver(struct run *r, const struct message *m)
{
    int rc;

    if (m->what == MESSAGE_DATA && link_is_control(r->o.link, m->peer)) {
        r->control[r->control_n++] = *m;
        return ST_OK;
    }
    rc = step_begin(r);
    if (rc != ST_OK) return rc;
    r->step_messages++;
    r->step_bytes += m->bytes.n;
    return r->o.node.ops->on_message(r->o.node.self, r->txn, now_of(r), m, &r->x);
}

static void wait_input(struct run *r, int timeout_ms, int *rc)
{
    uint64_t pokes;
    ssize_t n;

    *rc = link_wait(r->o.link, timeout_ms);
    n = read(r->fd, &pokes, sizeof pokes);
    (void)n;
}

static bool step_hold(const struct run *r)
{
    const struct node_ops *ops = r->o.node.ops;

    return r->txn && ops->hold && !stopping(r) && ops->hold(r->o.node.self, now_of(r));
}

/* Delivers what can be read; goes on while the node holds the group open and there is room. */
static int step_drain(struct run *r)
{
    int rc = ST_OK;

    while (rc == ST_OK && step_has_room(r)) {
        struct message m = { 0 };

        rc = step_next(r, &m);
        if (rc == ST_OK) {
            rc = step_deliver(r, &m);
        } else if (rc == ST_AGAIN) {
            struct now t = now_of(r);

            if (!step_hold(r)) return ST_OK;
            wait_input(r, HOLD_MS, &rc);
            r->held_us += since(r, &t);
        }
    }
    return rc;
}

static bool step_due(const struct run *r)
{
    const struct node_ops *ops = r->o.node.ops;
    void *self = r->o.node.self;

    return ops->next_deadline(self).us <= now_of(r).mono.us || (ops->wants_step && ops->wants_step(self));
}

static int step_finish(struct run *r, struct now *t)
{
    const struct node_ops *ops = r->o.node.ops;
    int rc = ops->on_tick(r->o.node.self, r->txn, now_of(r), &r->x);

    add_us(&r->n.us_step, since(r, t) - r->held_us);
    add_us(&r->n.us_wait, r->held_us);
    if (rc == ST_OK && ops->flush) rc = ops->flush(r->o.node.self, r->txn, now_of(r), &r->x);
    add_us(&r->n.us_flush, since(r, t));
    if (rc != ST_OK) return rc;
    rc = store_commit(&r->txn);
    add_us(&r->n.us_commit, since(r, t));
    if (rc == ST_UNKNOWN) _exit(EXIT_CRASH);
    r->n.commits += rc == ST_OK;
    return rc;
}

/* A full queue is the other side's doing, and timers send again. Without memory here nobody would notice before the long silence:
 * the connection ends, and both sides begin anew at once. */
static void deliver(struct run *r, peer_id to, struct slice bytes)
{
    int rc = link_send(r->o.link, to, bytes);

    r->n.sends_dropped += rc != ST_OK;
    if (rc == ST_NO_MEMORY) link_close(r->o.link, to);
}

static void perform(struct run *r, const struct effect *e)
{
    struct slice bytes = effects_bytes(&r->x, e);
    bool ours = e->kind == EFFECT_REPLY || (e->kind == EFFECT_SEND && e->peer == PEER_TRAY);

    if (ours && r->o.source.reply) r->o.source.reply(r->o.source.ctx, bytes);
    else if (e->kind == EFFECT_SEND) deliver(r, e->peer, bytes);
    else if (e->kind == EFFECT_CLOSE) link_close(r->o.link, e->peer);
    else if (e->kind == EFFECT_PUBLISH) link_publish(r->o.link, bytes);
}

/* The store is full: nothing of this step happened. */
static int step_abort(struct run *r)
{
    struct now now = now_of(r);
    struct store_txn *t = NULL;
    int rc;

    store_abort(&r->txn);
    effects_clear(&r->x);
    r->n.aborts++;
    rc = store_begin(r->o.store, false, &t);
    if (rc == ST_OK) rc = r->o.node.ops->on_abort(r->o.node.self, t, now);
    store_abort(&t);
    if (rc != ST_OK) return failed("abort", rc);
    if (!r->full)
        log_write(LOG_L_ERROR, "the store is full; input is refused until there is room", "retry_s=%d", FULL_BACKOFF_US / 1000000);
    r->full = true;
    r->full_until = now.mono.us + FULL_BACKOFF_US;
    link_pause(r->o.link, true);
    return ST_OK;
}

static int step_end(struct run *r, int rc, struct now *t)
{
    if (rc == ST_FULL) return step_abort(r);
    if (rc != ST_OK) {
        store_abort(&r->txn);
        effects_clear(&r->x);
        return failed("step", rc);
    }
    if (r->full) log_write(LOG_L_INFO, "the store has room again", "aborts=%llu", (unsigned long long)r->n.aborts);
    r->full = false;
    r->n.messages += r->step_messages;
    r->n.bytes += r->step_bytes;
    for (uint32_t i = 0; i < r->x.count; i++) perform(r, &r->x.e[i]);
    effects_clear(&r->x);
    if (r->o.after) r->o.after(r->o.control_ctx);
    add_us(&r->n.us_effects, since(r, t));
    return ST_OK;
}

/* Drains and, when there was anything for the node, commits. While the store is full only control requests are drained. */
static int step(struct run *r)
{
    struct now t = now_of(r);
    int rc;

    r->step_messages = 0;
    r->step_bytes = 0;
    r->held_us = 0;
    r->resting = r->full && t.mono.us < r->full_until;
    if (!r->resting) link_pause(r->o.link, false);
    rc = step_drain(r);
    if (rc == ST_OK && !r->resting && !r->txn && step_due(r)) rc = step_begin(r);
    if (rc == ST_OK && r->txn) rc = step_finish(r, &t);
    else if (rc == ST_OK) return ST_OK;
    return step_end(r, rc, &t);
}

/* ---- the loop ---- */

static void answer_controls(struct run *r)
{
    static const char too_long[] = "{\"error\":\"jawaban terlalu panjang\"}";

    for (unsigned i = 0; i < r->control_n; i++) {
        const struct message *m = &r->control[i];
        bool wake = false;

        if (!r->o.control) continue;
        buf_clear(&r->answer);
        r->o.control(r->o.control_ctx, r->o.store, m->bytes, &r->answer, &wake);
        r->wake |= wake;
        if (!buf_ok(&r->answer)) {
            buf_clear(&r->answer);
            buf_str(&r->answer, too_long);
        }
        deliver(r, m->peer, buf_slice(&r->answer));
    }
    r->control_n = 0;
}

static int turn_timeout(const struct run *r)
{
    const struct node_ops *ops = r->o.node.ops;
    int64_t now = now_of(r).mono.us, ms;
    bool resting = r->full && now < r->full_until;
    int64_t until = resting ? r->full_until : ops->next_deadline(r->o.node.self).us;

    if (r->wake || (!resting && ops->wants_step && ops->wants_step(r->o.node.self))) return 0;
    if (until <= now) return 0;
    ms = (until - now) / 1000 + 1;
    return ms < TURN_MS_MAX ? (int)ms : TURN_MS_MAX;
}

static int turn(struct run *r)
{
    struct now t = now_of(r);
    int timeout = turn_timeout(r), rc;

    r->wake = false;
    wait_input(r, timeout, &rc);
    add_us(&r->n.us_wait, since(r, &t));
    if (rc != ST_OK) return failed("wait", rc);
    r->n.turns++;
    if (r->o.turn) r->o.turn(r->o.control_ctx, t);
    rc = step(r);
    answer_controls(r);
    link_release(r->o.link);
    if (r->o.source.release) r->o.source.release(r->o.source.ctx);
    return rc;
}

static int recover(struct run *r)
{
    int rc = step_begin(r);

    if (rc == ST_OK) rc = r->o.node.ops->recover(r->o.node.self, r->txn, now_of(r));
    if (rc == ST_OK) rc = store_commit(&r->txn);
    if (rc == ST_UNKNOWN) _exit(EXIT_CRASH);
    store_abort(&r->txn);
    return rc == ST_OK ? ST_OK : failed("recover", rc);
}

int run_loop(struct run *r)
{
    static const int signals[3] = { SIGTERM, SIGINT, SIGHUP };
    struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART }, old[3];
    int rc;

    sigemptyset(&sa.sa_mask);
    atomic_store(&signal_stop, false);
    atomic_store(&signal_fd, r->fd);
    for (int i = 0; i < 3; i++) sigaction(signals[i], &sa, &old[i]);
    rc = recover(r);
    while (rc == ST_OK && !stopping(r)) rc = turn(r);
    atomic_store(&signal_fd, -1);
    for (int i = 0; i < 3; i++) sigaction(signals[i], &old[i], NULL);
    return rc;
}
