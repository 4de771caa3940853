/* run_edge_test.c - the runner at its edges, in one thread and on a clock of the test's: a link that is a script (what comes, what
 * cannot be had, who hears), a node that does what its messages say, the store in memory. run_test.c has the real link. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "proto/limits.h"
#include "proto/run.h"
#include "tests/unit/failing.h"

enum { LOCAL = PEER_FIRST + 1, OFFICE = PEER_FIRST + 2, QUEUE = 3 * STEP_MESSAGES_MAX };

/* ---- the world: one link, one node, one store ---- */

static struct world {
    struct run *run;
    struct store *store;
    int64_t us, deadline_us;
    struct message queue[QUEUE];
    unsigned n, at, turns_left, steps, ticks, afters, releases, answers, controls, sent, closed, published, replies, tray, most;
    int wait_rc, recv_rc, send_rc, wake_rc, tick_rc, flush_rc, abort_rc, recover_rc;
    bool paused, holding, enough, wants, fault_at_tick;
    enum store_mem_fault fault;
    size_t answer_size;
    int64_t waited_ms;
} w;

static struct now clock_now(void *ctx)
{
    (void)ctx;
    return (struct now){ { w.us }, { w.us / 1000 } };
}

static void comes(peer_id from, const char *text)
{
    assert_true(w.n < QUEUE);
    w.queue[w.n++] = (struct message){ .what = MESSAGE_DATA, .peer = from, .bytes = slice_of(text, strlen(text)) };
}

/* ---- the link (link.h) ---- */

int link_wake_fd(struct link *l, int fd)
{
    (void)l;
    (void)fd;
    return w.wake_rc;
}

int link_wait(struct link *l, int timeout_ms)
{
    (void)l;
    w.us += timeout_ms * 1000;
    w.waited_ms += timeout_ms;
    if (w.turns_left-- == 0) raise(SIGTERM);   /* so that it can be begun again */
    if (w.holding && w.turns_left > 1000) w.holding = false;   /* past the end */
    return w.wait_rc;
}

int link_recv(struct link *l, struct message *m)
{
    (void)l;
    if (w.recv_rc != ST_OK) return w.recv_rc;
    for (unsigned i = w.at; i < w.n; i++) {
        if (w.paused && w.queue[i].peer != LOCAL) continue;
        *m = w.queue[i];
        memmove(w.queue + w.at + 1, w.queue + w.at, (i - w.at) * sizeof *w.queue);
        w.at++;
        return ST_OK;
    }
    return ST_AGAIN;
}

void link_release(struct link *l) { (void)l; }
bool link_is_control(const struct link *l, peer_id p) { return (void)l, p == LOCAL; }
void link_pause(struct link *l, bool paused) { (void)l, w.paused = paused; }
void link_close(struct link *l, peer_id id) { (void)l, w.closed += id >= PEER_FIRST; }
int link_publish(struct link *l, struct slice bytes) { return (void)l, w.published += bytes.n > 0, ST_OK; }

int link_send(struct link *l, peer_id to, struct slice bytes)
{
    (void)l;
    w.sent++;
    if (to == LOCAL) w.answers++;
    if (to == LOCAL) w.answer_size = bytes.n;
    return w.send_rc;
}

/* ---- the node ---- */

static bool is(const struct message *m, const char *word)
{
    return m->bytes.n == strlen(word) && memcmp(m->bytes.p, word, m->bytes.n) == 0;
}

static int on_recover(void *node, struct store_txn *t, struct now now)
{
    (void)node, (void)t, (void)now;
    if (w.fault && !w.fault_at_tick) store_mem_fail_next_commit(w.store, w.fault);
    return w.recover_rc;
}

static int fill_effects(struct effects *x)
{
    int st = ST_OK;

    while (effects_room(x, EFFECTS_MAX / 4, 0) && st == ST_OK) st = effects_send(x, OFFICE, slice_of("x", 1));
    return st;
}

static int on_message(void *node, struct store_txn *t, struct now now, const struct message *m, struct effects *x)
{
    (void)node, (void)t, (void)now;
    if (m->what != MESSAGE_DATA) return ST_OK;
    w.steps++;
    if (is(m, "banyak")) return fill_effects(x);
    if (is(m, "penuh")) return ST_FULL;
    if (is(m, "tutup")) return effects_close(x, m->peer);
    if (is(m, "lonceng")) return effects_publish(x, slice_of("ting", 4));
    if (is(m, "balas")) return effects_send(x, PEER_CONTROL, slice_of("sudah", 5));
    if (is(m, "baki")) return effects_send(x, PEER_TRAY, slice_of("sudah", 5));
    if (is(m, "cukup")) w.enough = true;
    if (is(m, "tahan")) w.holding = true;
    if (is(m, "putus")) w.holding = true, w.wait_rc = ST_IO;
    if (is(m, "berhenti")) w.holding = true, run_stop(w.run);
    return ST_OK;
}

static int on_tick(void *node, struct store_txn *t, struct now now, struct effects *x)
{
    (void)node, (void)t, (void)x;
    w.ticks++;
    if (now.mono.us >= w.deadline_us) w.deadline_us = INT64_MAX;
    w.wants = w.enough = false;
    if (w.fault) store_mem_fail_next_commit(w.store, w.fault);
    return w.tick_rc;
}

static int on_flush(void *node, struct store_txn *t, struct now now, struct effects *x)
{
    (void)node, (void)t, (void)now, (void)x;
    return w.flush_rc;
}

static int on_abort(void *node, struct store_txn *t, struct now now)
{
    (void)node, (void)t, (void)now;
    return w.abort_rc;
}

static struct mono next_deadline(const void *node) { return (void)node, (struct mono){ w.deadline_us }; }
static bool wants_step(const void *node) { return (void)node, w.wants; }
static bool hold(const void *node, struct now now) { return (void)node, (void)now, w.holding; }
static bool enough(const void *node, struct now now) { return (void)node, (void)now, w.enough; }

static const struct node_ops LEAST = { .recover = on_recover, .on_message = on_message, .on_tick = on_tick, .on_abort = on_abort,
                                       .next_deadline = next_deadline };
static const struct node_ops MOST = { .recover = on_recover, .on_message = on_message, .on_tick = on_tick, .on_abort = on_abort,
                                      .flush = on_flush, .next_deadline = next_deadline, .wants_step = wants_step, .hold = hold,
                                      .enough = enough };

static void control(void *ctx, struct store *s, struct slice request, struct buf *out, bool *ret_wake)
{
    static const char block[4096] = "x";

    (void)ctx, (void)s;
    w.controls++;
    if (request.n == 7 && memcmp(request.p, "panjang", 7) == 0)
        for (unsigned i = 0; i <= CONTROL_BYTES_MAX / sizeof block; i++) buf_put(out, (const uint8_t *)block, sizeof block);
    *ret_wake = request.n == 6 && memcmp(request.p, "bangun", 6) == 0;
    buf_str(out, "ya");
}

static void after(void *ctx) { (void)ctx, w.afters++; }
static void release(void *ctx) { (void)ctx, w.releases++; }
static void reply(void *ctx, struct slice bytes) { (void)ctx, w.replies += bytes.n == 5; }

static int next(void *ctx, struct message *ret)
{
    (void)ctx;
    if (w.tray == 0) return ST_AGAIN;
    w.tray--;
    *ret = (struct message){ .what = MESSAGE_DATA, .peer = PEER_TRAY, .bytes = slice_of("berkas", 6) };
    return ST_OK;
}

static void turn(void *ctx, struct now now)
{
    (void)ctx, (void)now;
    w.most = w.steps > w.most ? w.steps : w.most;
    w.steps = 0;
}

/* ---- running it ---- */

static const char *const tables[] = { "t", NULL };

static struct run_options options(bool most)
{
    struct run_options o = { .node = { most ? &MOST : &LEAST, &w }, .store = w.store, .link = (struct link *)(void *)&w,
                             .clock = { NULL, clock_now } };

    if (!most) return o;
    o.control = control;
    o.turn = turn;
    o.after = after;
    o.source = (struct run_source){ NULL, next, release, reply };
    return o;
}

static void begin(bool most)
{
    memset(&w, 0, sizeof w);
    w.deadline_us = INT64_MAX;
    w.us = 1000000;
    assert_int_equal(store_mem_new(tables, &w.store), ST_OK);
    const struct run_options o = options(most);
    assert_int_equal(run_new(&o, &w.run), ST_OK);
}

/* So many turns, and how it ended. */
static int play(unsigned turns)
{
    w.turns_left = turns;
    return run_loop(w.run);
}

static struct run_counters end(void)
{
    struct run_counters c;

    run_counters(w.run, &c);
    run_free(&w.run);
    run_free(&w.run);
    store_mem_free(&w.store);
    return c;
}

/* ---- calls that fail ---- */

FAILING(void *, malloc, (size_t n), (n), NULL)
FAILING(void *, calloc, (size_t n, size_t size), (n, size), NULL)
FAILING(int, eventfd, (unsigned n, int flags), (n, flags), failing_errno())

static int late_signal;
int __real_sigaction(int sig, const struct sigaction *to, struct sigaction *ret);
int __wrap_sigaction(int sig, const struct sigaction *to, struct sigaction *ret);
int __wrap_sigaction(int sig, const struct sigaction *to, struct sigaction *ret)
{
    if (late_signal > 0 && --late_signal == 0) raise(SIGTERM);
    return __real_sigaction(sig, to, ret);
}

static jmp_buf out;
void __real__exit(int code) __attribute__((noreturn));
void __wrap__exit(int code) __attribute__((noreturn));
void __wrap__exit(int code)
{
    if (code != EXIT_CRASH) __real__exit(code);
    longjmp(out, code);
}

static void a_runner_that_cannot_be_made(void **state)
{
    static const struct { const char *call; unsigned n; int status; } row[] = {
        { "calloc", 1, ST_NO_MEMORY }, { "calloc", 2, ST_NO_MEMORY }, { "eventfd", 1, ST_IO },
    };
    unsigned before;

    (void)state;
    begin(true);
    (void)end();
    assert_int_equal(store_mem_new(tables, &w.store), ST_OK);
    before = failing_descriptors();
    const struct run_options o = options(true);
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        failing_call(row[i].call, row[i].n, EMFILE);
        assert_int_equal(run_new(&o, &w.run), row[i].status);
        assert_string_equal(failing_end(), row[i].call);
        assert_null(w.run);
    }
    w.wake_rc = ST_FULL;
    assert_int_equal(run_new(&o, &w.run), ST_FULL);
    assert_null(w.run);
    assert_int_equal(failing_descriptors(), before);
    store_mem_free(&w.store);
}

static void a_step_takes_so_much(void **state)
{
    static char big[STEP_BYTES_MAX / 4];

    (void)state;
    begin(true);
    for (unsigned i = 0; i < STEP_MESSAGES_MAX + 5; i++) comes(OFFICE, "x");
    assert_int_equal(play(3), ST_OK);
    assert_int_equal(w.most, STEP_MESSAGES_MAX);
    assert_int_equal(end().messages, STEP_MESSAGES_MAX + 5);
    begin(true);
    for (unsigned i = 0; i < 6; i++) {
        comes(OFFICE, "");
        w.queue[i].bytes = slice_of(big, sizeof big);
    }
    assert_int_equal(play(3), ST_OK);
    assert_int_equal(w.most, 4);
    assert_int_equal(end().bytes, 6 * sizeof big);
    begin(true);
    for (unsigned i = 0; i < 100; i++) comes(LOCAL, "tanya");
    comes(OFFICE, "x");
    assert_int_equal(play(3), ST_OK);
    assert_int_equal(w.answers, 100);
    assert_int_equal(end().messages, 1);
    begin(true);
    comes(OFFICE, "banyak");
    comes(OFFICE, "x");
    assert_int_equal(play(3), ST_OK);
    assert_int_equal(w.most, 1);
    assert_int_equal(end().commits, 2);
    begin(true);
    comes(OFFICE, "cukup");
    comes(OFFICE, "x");
    assert_int_equal(play(3), ST_OK);
    assert_int_equal(w.most, 1);
    assert_int_equal(end().commits, 2);
}

static void a_node_that_has_only_what_it_must(void **state)
{
    (void)state;
    begin(false);
    w.queue[w.n++] = (struct message){ .what = MESSAGE_UP, .peer = OFFICE };
    comes(OFFICE, "x");
    comes(OFFICE, "tutup");
    comes(OFFICE, "lonceng");
    comes(OFFICE, "balas");
    comes(OFFICE, "baki");
    comes(LOCAL, "tanya");
    w.deadline_us = w.us + 2000000;
    assert_int_equal(play(9), ST_OK);
    assert_int_equal(w.closed, 1);
    assert_int_equal(w.published, 1);
    assert_int_equal(w.answers, 0);     /* nobody answers there */
    assert_int_equal(w.sent, 1);        /* to a tray there is not: the link says that it is nobody */
    assert_int_equal(w.ticks, 2);
    assert_int_equal(end().commits, 2);
    begin(true);
    comes(OFFICE, "balas");
    comes(OFFICE, "baki");
    assert_int_equal(play(1), ST_OK);
    assert_int_equal(w.replies, 2);
    assert_int_equal(w.sent, 0);
    assert_true(w.releases > 0 && w.afters == 1);
    (void)end();
}

static void nobody_waits_who_has_work(void **state)
{
    (void)state;
    begin(true);
    w.wants = true;
    assert_int_equal(play(1), ST_OK);
    assert_int_equal(w.ticks, 1);
    w.deadline_us = w.us - 1;
    w.waited_ms = 0;
    assert_int_equal(play(0), ST_OK);
    assert_int_equal(w.waited_ms, 0);
    assert_int_equal(w.ticks, 2);
    comes(LOCAL, "bangun");
    assert_int_equal(play(1), ST_OK);
    assert_true(w.waited_ms > 0 && w.waited_ms <= 500);         /* the first turn only: the second was asked for */
    (void)end();
}

static void a_group_that_is_held_ends_with_its_link_or_the_daemon(void **state)
{
    (void)state;
    begin(true);
    comes(OFFICE, "tahan");
    assert_int_equal(play(3), ST_OK);
    assert_int_equal(end().commits, 1);
    begin(true);
    comes(OFFICE, "putus");
    assert_int_equal(play(3), ST_IO);
    assert_int_equal(end().commits, 0);
    begin(true);
    comes(OFFICE, "berhenti");
    assert_int_equal(play(3), ST_OK);
    assert_int_equal(end().commits, 1);
    begin(false);                       /* a node that never holds */
    comes(OFFICE, "tahan");
    assert_int_equal(play(3), ST_OK);
    assert_int_equal(end().commits, 1);
}

static void whatever_fails_ends_the_daemon(void **state)
{
    int *const rc[] = { &w.wait_rc, &w.recv_rc, &w.tick_rc, &w.flush_rc, &w.recover_rc };

    (void)state;
    for (unsigned i = 0; i < sizeof rc / sizeof *rc; i++) {
        begin(true);
        *rc[i] = ST_CORRUPT;
        comes(OFFICE, "x");
        assert_int_equal(play(3), ST_CORRUPT);
        assert_int_equal(w.sent, 0);
        assert_int_equal(end().commits, 0);
    }
    for (unsigned n = 1; n <= 2; n++) { /* the transaction of the recovery, and the step's */
        begin(true);
        comes(OFFICE, "x");
        failing_call("calloc", n, ENOMEM);
        assert_int_equal(play(3), ST_NO_MEMORY);
        assert_string_equal(failing_end(), "calloc");
        assert_int_equal(end().commits, 0);
    }
}

static void nobody_knows_whether_it_was_written(void **state)
{
    (void)state;
    for (int step = 0; step < 2; step++) {      /* the recovery's commit, a step's */
        begin(true);
        w.fault = MEM_FAULT_UNKNOWN_DONE;
        w.fault_at_tick = step;
        comes(OFFICE, "balas");
        if (setjmp(out) == 0) fail_msg("it went on: %s", status_str(play(3)));
        assert_int_equal(w.replies, 0);
        assert_int_equal(w.ticks, step);
        (void)end();
    }
}

/* Full once, full again, and room: said once, nothing of what was thrown away leaves; local questions are answered meanwhile. */
static void a_store_that_stays_full(void **state)
{
    struct run_counters c;

    (void)state;
    begin(true);
    comes(OFFICE, "penuh");
    assert_int_equal(play(0), ST_OK);
    assert_true(w.paused);
    comes(OFFICE, "penuh");
    comes(LOCAL, "tanya");
    w.tray = 1;                         /* waits, too */
    w.waited_ms = 0;
    assert_int_equal(play(0), ST_OK);
    assert_int_equal(w.answers, 1);
    assert_int_equal(w.tray, 1);
    assert_int_equal(w.most, 1);
    w.steps = 0;
    for (unsigned i = 0; i < 9 && w.steps == 0; i++) assert_int_equal(play(0), ST_OK);
    assert_true(w.paused);              /* its second is over: the next is refused as well */
    w.us += 2000000;                    /* a machine that slept for longer than the second */
    assert_int_equal(play(1), ST_OK);
    assert_false(w.paused);
    c = end();
    assert_int_equal(c.aborts, 2);
    assert_int_equal(c.commits, 1);
    begin(true);                        /* the node cannot read again what it had */
    w.abort_rc = ST_CORRUPT;
    comes(OFFICE, "penuh");
    assert_int_equal(play(3), ST_CORRUPT);
    (void)end();
    begin(true);
    comes(OFFICE, "penuh");
    failing_call("calloc", 3, ENOMEM);  /* recovery, step, and the look after it */
    assert_int_equal(play(3), ST_NO_MEMORY);
    assert_string_equal(failing_end(), "calloc");
    (void)end();
}

static void an_answer_has_a_size(void **state)
{
    (void)state;
    begin(true);
    comes(LOCAL, "panjang");
    assert_int_equal(play(1), ST_OK);
    assert_int_equal(w.answers, 1);
    assert_in_range(w.answer_size, 10, 100);
    w.send_rc = ST_NO_MEMORY;
    comes(LOCAL, "tanya");
    assert_int_equal(play(1), ST_OK);
    assert_int_equal(w.closed, 1);
    assert_int_equal(end().sends_dropped, 1);
}

static void a_signal_after_the_end_finds_nobody(void **state)
{
    (void)state;
    begin(true);
    late_signal = 4;                    /* three are set, and the first is being set back */
    assert_int_equal(play(1), ST_OK);
    assert_int_equal(late_signal, 0);
    assert_int_equal(play(1), ST_OK);   /* and it is not remembered */
    (void)end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_runner_that_cannot_be_made),
        cmocka_unit_test(a_step_takes_so_much),
        cmocka_unit_test(a_node_that_has_only_what_it_must),
        cmocka_unit_test(nobody_waits_who_has_work),
        cmocka_unit_test(a_group_that_is_held_ends_with_its_link_or_the_daemon),
        cmocka_unit_test(whatever_fails_ends_the_daemon),
        cmocka_unit_test(nobody_knows_whether_it_was_written),
        cmocka_unit_test(a_store_that_stays_full),
        cmocka_unit_test(an_answer_has_a_size),
        cmocka_unit_test(a_signal_after_the_end_finds_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
