/* run_test.c - the runner with a small echo node, the store in memory and real sockets on ipc://.
 *
 * The node writes each message under a number of its own and echoes it. Words in a message make it do more: "penuh" lets the next
 * commit find the store full, "tahan" opens a group that is held until "lepas" comes, "sinyal" raises SIGTERM. The runner has a
 * thread of its own here; what the test reads of the node meanwhile is atomic, and all waits are on events with a deadline. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/bytes.h"
#include "proto/run.h"

enum { WAIT_MS = 240 * 1000 };

static char dir[64];
static atomic_bool refuse_one;
static pthread_t tester;
static const char *const tables[] = { "echo", NULL };

struct echo { struct store *store; atomic_uint messages, flushes, aborts, ticks, turns, hups, afters; atomic_bool holding;
              uint64_t n; int fault; int64_t deadline_us; };

static int echo_recover(void *node, struct store_txn *t, struct now now)
{
    struct echo *e = node;

    (void)now;
    (void)t;
    e->n = 0;
    return ST_OK;
}

static bool is(const struct message *m, const char *word)
{
    return m->bytes.n == strlen(word) && memcmp(m->bytes.p, word, m->bytes.n) == 0;
}

static int echo_message(void *node, struct store_txn *t, struct now now, const struct message *m, struct effects *x)
{
    struct echo *e = node;
    uint8_t key[8];

    (void)now;
    if (m->what != MESSAGE_DATA) return ST_OK;
    bytes_be64(key, e->n++);
    atomic_fetch_add(&e->messages, 1);
    if (is(m, "penuh")) store_mem_fail_next_commit(e->store, MEM_FAULT_FULL);
    if (is(m, "rusak")) return ST_CORRUPT;
    if (is(m, "sinyal")) raise(SIGTERM);
    if (is(m, "hup")) raise(SIGHUP);
    if (is(m, "tahan")) atomic_store(&e->holding, true);
    if (is(m, "lepas")) atomic_store(&e->holding, false);
    if (store_put(t, 0, slice_of(key, sizeof key), m->bytes) != ST_OK) return ST_FULL;
    return effects_send(x, m->peer, m->bytes);
}

static int echo_tick(void *node, struct store_txn *t, struct now now, struct effects *x)
{
    struct echo *e = node;

    (void)t;
    (void)x;
    atomic_fetch_add(&e->ticks, 1);
    if (now.mono.us >= e->deadline_us) e->deadline_us = INT64_MAX;
    if (e->fault) store_mem_fail_next_commit(e->store, (enum store_mem_fault)e->fault);
    e->fault = 0;
    return ST_OK;
}

static int echo_flush(void *node, struct store_txn *t, struct now now, struct effects *x)
{
    (void)t;
    (void)now;
    (void)x;
    atomic_fetch_add(&((struct echo *)node)->flushes, 1);
    return ST_OK;
}

static int echo_abort(void *node, struct store_txn *t, struct now now)
{
    struct echo *e = node;

    atomic_fetch_add(&e->aborts, 1);
    return echo_recover(e, t, now);
}

static struct mono echo_deadline(const void *node)
{
    return (struct mono){ ((const struct echo *)node)->deadline_us };
}

static bool echo_hold(const void *node, struct now now)
{
    (void)now;
    return atomic_load(&((const struct echo *)node)->holding);
}

static const struct node_ops ECHO = { .recover = echo_recover, .on_message = echo_message, .on_tick = echo_tick,
                                      .flush = echo_flush, .on_abort = echo_abort,
                                      .next_deadline = echo_deadline, .hold = echo_hold };

/* ---- a daemon in a thread and a client of it ---- */

struct tray { atomic_int waiting; atomic_uint released, replies; };

struct rig { struct echo echo; struct tray tray; struct link *server, *client; struct run *run; struct link_keys sk, ck;
             struct run_counters counters; char control[128]; peer_id dial; pthread_t thread; atomic_bool ended; int rc; bool up;
             char got[64][32]; unsigned got_n; };

static int64_t ms(void)
{
    struct clock c = clock_posix();

    return c.now(c.ctx).mono.us / 1000;
}

static atomic_llong stands_us;          /* the runner's clock stands there; 0: it goes */

static struct now rig_now(void *ctx)
{
    struct clock c = clock_posix();
    struct now n = c.now(c.ctx);
    int64_t at = atomic_load(&stands_us);

    (void)ctx;
    if (at) n.mono.us = at;
    return n;
}

static int admit(void *ctx, const uint8_t key[PUBKEY_SIZE])
{
    return memcmp(((struct rig *)ctx)->ck.pub, key, PUBKEY_SIZE) == 0 ? 200 : 400;
}

static void on_control(void *ctx, struct store *s, struct slice request, struct buf *out, bool *ret_wake)
{
    struct rig *r = ctx;
    struct store_txn *t = NULL;

    assert_int_equal(store_begin(s, true, &t), ST_OK);          /* possible only outside the node's transaction */
    store_abort(&t);
    if (request.n == 4 && memcmp(request.p, "baki", 4) == 0) {
        atomic_store(&r->tray.waiting, 1);
        *ret_wake = true;
    }
    buf_put(out, request.p, request.n);
    buf_str(out, "!");
}

static void on_turn(void *ctx, struct now now)
{
    struct rig *r = ctx;

    (void)now;
    atomic_fetch_add(&r->echo.turns, 1);
    if (run_hup_pending()) atomic_fetch_add(&r->echo.hups, 1);
}

static void on_after(void *ctx)
{
    atomic_fetch_add(&((struct rig *)ctx)->echo.afters, 1);
}

static int tray_next(void *ctx, struct message *ret)
{
    struct tray *t = ctx;

    if (atomic_exchange(&t->waiting, 0) == 0) return ST_AGAIN;
    *ret = (struct message){ .what = MESSAGE_DATA, .peer = PEER_TRAY, .bytes = slice_of("berkas", 6) };
    return ST_OK;
}

static void tray_release(void *ctx)
{
    atomic_fetch_add(&((struct tray *)ctx)->released, 1);
}

static void tray_reply(void *ctx, struct slice bytes)
{
    assert_int_equal(bytes.n, 6);
    atomic_fetch_add(&((struct tray *)ctx)->replies, 1);
}

static void *rig_main(void *arg)
{
    struct rig *r = arg;

    r->rc = run_loop(r->run);
    run_counters(r->run, &r->counters);
    atomic_store(&r->ended, true);
    return NULL;
}

static void rig_build(struct rig *r, const char *name)
{
    char endpoint[128], err[200];
    struct run_options o = { .node = { &ECHO, &r->echo }, .clock = { NULL, rig_now }, .control = on_control, .control_ctx = r,
                             .turn = on_turn, .after = on_after, .source = { &r->tray, tray_next, tray_release, tray_reply } };

    memset(r, 0, sizeof *r);
    r->echo.deadline_us = INT64_MAX;
    assert_true(sodium_init() >= 0);
    crypto_box_keypair(r->sk.pub, r->sk.secret);
    crypto_box_keypair(r->ck.pub, r->ck.secret);
    snprintf(endpoint, sizeof endpoint, "ipc://%s/%s", dir, name);
    snprintf(r->control, sizeof r->control, "%s/%s.c", dir, name);
    assert_int_equal(store_mem_new(tables, &r->echo.store), ST_OK);
    assert_int_equal(link_new(&r->server), ST_OK);
    assert_int_equal(link_listen(r->server, endpoint, &r->sk, admit, r, err, sizeof err), ST_OK);
    assert_int_equal(link_control(r->server, r->control), ST_OK);
    o.store = r->echo.store;
    o.link = r->server;
    assert_int_equal(run_new(&o, &r->run), ST_OK);
    assert_int_equal(link_new(&r->client), ST_OK);
    assert_int_equal(link_dial(r->client, endpoint, &r->ck, r->sk.pub, &r->dial), ST_OK);
}

static void rig_pump(struct rig *r)
{
    struct message m;

    assert_int_equal(link_wait(r->client, 5), ST_OK);
    while (link_recv(r->client, &m) == ST_OK) {
        if (m.what != MESSAGE_DATA) r->up = m.what == MESSAGE_UP;
        else if (r->got_n < 64) snprintf(r->got[r->got_n++], 32, "%.*s", (int)m.bytes.n, (const char *)m.bytes.p);
    }
    link_release(r->client);
}

static void rig_start(struct rig *r)
{
    int64_t end = ms() + WAIT_MS;

    assert_int_equal(pthread_create(&r->thread, NULL, rig_main, r), 0);
    while (!r->up && ms() < end) rig_pump(r);
    assert_true(r->up);
}

static bool rig_got(const struct rig *r, const char *text)
{
    for (unsigned i = 0; i < r->got_n; i++)
        if (strcmp(r->got[i], text) == 0) return true;
    return false;
}

static bool rig_expect(struct rig *r, const char *text)
{
    int64_t end = ms() + WAIT_MS;

    while (!rig_got(r, text) && ms() < end) rig_pump(r);
    return rig_got(r, text);
}

static bool rig_until(struct rig *r, atomic_uint *what, unsigned at_least)
{
    int64_t end = ms() + WAIT_MS;

    while (atomic_load(what) < at_least && ms() < end) rig_pump(r);
    return atomic_load(what) >= at_least;
}

static void rig_say(struct rig *r, const char *text)
{
    assert_int_equal(link_send(r->client, r->dial, slice_of(text, strlen(text))), ST_OK);
}

static unsigned rig_stored(const struct rig *r)
{
    struct store_txn *t = NULL;
    struct store_cursor *c = NULL;
    struct slice k, v;
    unsigned n = 0;

    assert_int_equal(store_begin(r->echo.store, false, &t), ST_OK);
    assert_int_equal(store_cursor(t, 0, &c), ST_OK);
    for (int rc = store_seek(c, slice_of("\0", 1), &k, &v); rc == ST_OK; rc = store_next(c, &k, &v)) n++;
    store_cursor_close(&c);
    store_abort(&t);
    return n;
}

static int rig_join(struct rig *r)
{
    pthread_join(r->thread, NULL);
    return r->rc;
}

static void rig_done(struct rig *r)
{
    run_free(&r->run);
    link_free(&r->client);
    link_free(&r->server);
    store_mem_free(&r->echo.store);
    assert_null(r->run);
}

static void answers_after_commit(void **state)
{
    static struct rig r;

    (void)state;
    rig_build(&r, "echo");
    rig_start(&r);
    rig_say(&r, "satu");
    assert_true(rig_expect(&r, "satu"));
    rig_say(&r, "dua");
    assert_true(rig_expect(&r, "dua"));
    run_stop(r.run);
    assert_int_equal(rig_join(&r), ST_OK);
    assert_int_equal(rig_stored(&r), 2);
    assert_int_equal(r.counters.messages, 2);
    assert_int_equal(r.counters.bytes, 7);
    assert_in_range(r.counters.commits, 1, 2);
    assert_int_equal(r.counters.aborts, 0);
    assert_int_equal(r.counters.sends_dropped, 0);
    assert_int_equal(atomic_load(&r.echo.afters), r.counters.commits);
    assert_true(r.counters.turns >= r.counters.commits);
    rig_done(&r);
}

/* libzmq's own, but for the one of the runner's that memory is said to have run out for. */
int zmq_send(void *socket, const void *bytes, size_t n, int flags);
int zmq_send(void *socket, const void *bytes, size_t n, int flags)
{
    typedef int (*send_fn)(void *, const void *, size_t, int);
    union { void *object; send_fn fn; } next = { .object = dlsym(RTLD_NEXT, "zmq_send") };

    if (pthread_equal(pthread_self(), tester) || !atomic_exchange(&refuse_one, false)) return next.fn(socket, bytes, n, flags);
    errno = ENOMEM;
    return -1;
}

static void what_memory_refuses_to_send_ends_the_connection(void **state)
{
    static struct rig r;
    int64_t end = ms() + WAIT_MS;

    (void)state;
    tester = pthread_self();
    rig_build(&r, "memory");
    rig_start(&r);
    rig_say(&r, "satu");
    assert_true(rig_expect(&r, "satu"));
    atomic_store(&refuse_one, true);
    rig_say(&r, "dua");
    while (r.up && ms() < end) rig_pump(&r);
    assert_false(r.up);
    assert_false(rig_got(&r, "dua"));
    while (!r.up && ms() < end) rig_pump(&r);
    assert_true(r.up);
    rig_say(&r, "tiga");
    assert_true(rig_expect(&r, "tiga"));
    run_stop(r.run);
    assert_int_equal(rig_join(&r), ST_OK);
    rig_done(&r);
}

/* Nothing of the failed step leaves or stays; control requests are answered meanwhile; after the rest, a second on a clock that the
 * test moves, it goes on. */
static void full_store_says_nothing(void **state)
{
    static struct rig r;
    char *answer = NULL;
    size_t n = 0;

    (void)state;
    rig_build(&r, "full");
    rig_start(&r);
    atomic_store(&stands_us, ms() * 1000 + 1);
    rig_say(&r, "penuh");
    assert_true(rig_until(&r, &r.echo.aborts, 1));
    rig_say(&r, "sesudah");
    assert_int_equal(link_ask(r.control, slice_of("{}", 2), WAIT_MS, &answer, &n), ST_OK);
    assert_string_equal(answer, "{}!");
    free(answer);
    atomic_fetch_add(&stands_us, 900 * 1000);
    assert_true(rig_until(&r, &r.echo.turns, atomic_load(&r.echo.turns) + 3));
    assert_int_equal(atomic_load(&r.echo.messages), 1);         /* "sesudah" waits in the transport */
    atomic_fetch_add(&stands_us, 200 * 1000);
    assert_true(rig_expect(&r, "sesudah"));
    atomic_store(&stands_us, 0);
    assert_false(rig_got(&r, "penuh"));
    run_stop(r.run);
    assert_int_equal(rig_join(&r), ST_OK);
    assert_int_equal(rig_stored(&r), 1);
    assert_int_equal(r.counters.aborts, 1);
    rig_done(&r);
}

static void held_group_is_one_commit(void **state)
{
    static struct rig r;

    (void)state;
    rig_build(&r, "hold");
    rig_start(&r);
    rig_say(&r, "tahan");
    assert_true(rig_until(&r, &r.echo.messages, 1));
    for (int i = 0; i < 10; i++) rig_pump(&r);
    assert_int_equal(r.got_n, 0);
    assert_int_equal(atomic_load(&r.echo.flushes), 0);
    rig_say(&r, "tengah");
    rig_say(&r, "lepas");
    assert_true(rig_expect(&r, "lepas"));
    run_stop(r.run);
    assert_int_equal(rig_join(&r), ST_OK);
    assert_int_equal(r.counters.commits, 1);
    assert_int_equal(r.counters.messages, 3);
    assert_int_equal(atomic_load(&r.echo.flushes), 1);
    rig_done(&r);
}

static void unexpected_status_ends_the_loop(void **state)
{
    static struct rig r;

    (void)state;
    rig_build(&r, "corrupt");
    rig_start(&r);
    rig_say(&r, "rusak");
    assert_int_equal(rig_join(&r), ST_CORRUPT);
    assert_int_equal(rig_stored(&r), 0);
    rig_done(&r);
}

static void signals_are_heard(void **state)
{
    static struct rig r;

    (void)state;
    rig_build(&r, "signal");
    rig_start(&r);
    rig_say(&r, "hup");
    assert_true(rig_until(&r, &r.echo.hups, 1));
    assert_int_equal(atomic_load(&r.echo.hups), 1);
    rig_say(&r, "sinyal");
    assert_int_equal(rig_join(&r), ST_OK);
    assert_int_equal(rig_stored(&r), 2);
    rig_done(&r);
}

static void timers_and_turns_run_without_input(void **state)
{
    static struct rig r;

    (void)state;
    rig_build(&r, "tick");
    r.echo.deadline_us = 0;
    rig_start(&r);
    assert_true(rig_until(&r, &r.echo.ticks, 1));
    assert_true(rig_until(&r, &r.echo.turns, atomic_load(&r.echo.turns) + 2));
    run_stop(r.run);
    assert_int_equal(rig_join(&r), ST_OK);
    assert_int_equal(atomic_load(&r.echo.ticks), 1);
    rig_done(&r);
}

static void second_source_is_served(void **state)
{
    static struct rig r;
    char *answer = NULL;
    size_t n = 0;

    (void)state;
    rig_build(&r, "tray");
    rig_start(&r);
    assert_int_equal(link_ask(r.control, slice_of("baki", 4), WAIT_MS, &answer, &n), ST_OK);
    free(answer);
    assert_true(rig_until(&r, &r.tray.replies, 1));
    run_stop(r.run);
    assert_int_equal(rig_join(&r), ST_OK);
    assert_int_equal(rig_stored(&r), 1);
    assert_true(atomic_load(&r.tray.released) >= 1);
    rig_done(&r);
}

/* Runs before any other case, while this process has no context of the message library that a fork would harm. */
static void unknown_commit_ends_the_process(void **state)
{
    static struct rig r;
    int status = 0;
    pid_t pid = fork();

    (void)state;
    assert_true(pid >= 0);
    if (pid == 0) {
        rig_build(&r, "unknown");
        r.echo.deadline_us = 0;
        r.echo.fault = MEM_FAULT_UNKNOWN_DONE;
        alarm(WAIT_MS / 1000);
        run_loop(r.run);
        _exit(1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EXIT_CRASH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_commit_ends_the_process),
        cmocka_unit_test(answers_after_commit),
        cmocka_unit_test(what_memory_refuses_to_send_ends_the_connection),
        cmocka_unit_test(full_store_says_nothing),
        cmocka_unit_test(held_group_is_one_commit),
        cmocka_unit_test(unexpected_status_ends_the_loop),
        cmocka_unit_test(signals_are_heard),
        cmocka_unit_test(timers_and_turns_run_without_input),
        cmocka_unit_test(second_source_is_served),
    };
    char left[96];
    int rc;

    snprintf(dir, sizeof dir, "/tmp/rekap-run-test-XXXXXX");
    if (!mkdtemp(dir)) return 1;
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(left, sizeof left, "%s/unknown", dir);     /* the process that ended at once left its sockets */
    unlink(left);
    snprintf(left, sizeof left, "%s/unknown.c", dir);
    unlink(left);
    rmdir(dir);
    return rc;
}
