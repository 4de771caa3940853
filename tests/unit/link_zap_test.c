/* link_zap_test.c - who may connect, asked directly: the handler of admissions spoken to in its own protocol (RFC 27), right and
 * wrong; what becomes of the process when the handler cannot go on; and a self-test that nobody answers. */
#include "link_fixture.h"

#include <errno.h>
#include <sched.h>

#include "proto/run.h"
#include "tests/unit/failing.h"
#include "tests/unit/failing_wire.h"

struct asking { struct link *l; struct admission a; uint8_t key[PUBKEY_SIZE]; const char *domain; void *z; };

static void asking_init(struct asking *s)
{
    const int zero = 0, wait = WAIT_MS;

    *s = (struct asking){ .key = { 7, 1 } };
    memcpy(s->a.key[0], s->key, PUBKEY_SIZE);
    s->a.n = 1;
    atomic_store(&s->a.others, 400);
    assert_int_equal(link_new(&s->l), ST_OK);
    assert_int_equal(link_zmq_zap_add(s->l, admit, &s->a, &s->domain), ST_OK);
    s->z = zmq_socket(s->l->zctx, ZMQ_DEALER);
    zmq_setsockopt(s->z, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(s->z, ZMQ_RCVTIMEO, &wait, sizeof wait);
    assert_int_equal(zmq_connect(s->z, "inproc://zeromq.zap.01"), 0);
}

static void asking_done(struct asking *s)
{
    zmq_close(s->z);
    link_free(&s->l);
}

struct request { const char *version, *id, *domain, *mechanism; size_t key_n; unsigned frames; };

static void ask(struct asking *s, const struct request *q)
{
    const uint8_t key[PUBKEY_SIZE] = { 7, 1 };
    const struct slice frame[] = {
        slice_of("", 0), slice_of(q->version, strlen(q->version)), slice_of(q->id, strlen(q->id)),
        slice_of(q->domain, strlen(q->domain)), slice_of("127.0.0.1", 9), slice_of("", 0),
        slice_of(q->mechanism, strlen(q->mechanism)), slice_of(key, q->key_n), slice_of("lebih", 5), slice_of("lagi", 4),
    };

    assert_true(q->frames < sizeof frame / sizeof *frame);
    for (unsigned i = 0; i <= q->frames; i++)
        assert_int_equal(zmq_send(s->z, frame[i].n ? frame[i].p : (const uint8_t *)"", frame[i].n,
                                  i < q->frames ? ZMQ_SNDMORE : 0), frame[i].n);
}

/* The status of the answer to the question of this id; 0: none that is one. */
static unsigned answer(struct asking *s, const char *id)
{
    char frame[8][80] = { "" };
    int more = 1, n = 0;
    size_t size = sizeof more;

    for (; more && n < 8; n++) {
        const int got = zmq_recv(s->z, frame[n], sizeof frame[n] - 1, 0);
        if (got < 0) return 0;
        frame[n][got] = '\0';
        zmq_getsockopt(s->z, ZMQ_RCVMORE, &more, &size);
    }
    if (n != 7 || strcmp(frame[1], "1.0") != 0 || strncmp(frame[2], id, strlen(id) < 64 ? strlen(id) + 1 : 64) != 0) return 0;
    if ((strcmp(frame[3], "200") == 0) != (strlen(frame[5]) == 2 * PUBKEY_SIZE)) return 0;
    return (unsigned)strtoul(frame[3], NULL, 10);
}

static const char LONG_ID[] = "0123456789012345678901234567890123456789012345678901234567890123456789";

static void only_a_right_question_is_answered_with_a_yes(void **state)
{
    static const struct { struct request q; unsigned code; } row[] = {
        { { "1.0", "1", "rekap-0", "CURVE", 32, 7 }, 200 },     { { "1.0", LONG_ID, "rekap-0", "CURVE", 32, 7 }, 200 },
        { { "1.1", "2", "rekap-0", "CURVE", 32, 7 }, 400 },     { { "1.00", "3", "rekap-0", "CURVE", 32, 7 }, 400 },
        { { "1.0", "4", "rekap-0", "PLAIN", 32, 7 }, 400 },     { { "1.0", "5", "rekap-0", "NULL", 32, 7 }, 400 },
        { { "1.0", "6", "rekap-0", "CURVE", 31, 7 }, 400 },     { { "1.0", "7", "rekap-0", "CURVE", 32, 6 }, 400 },
        { { "1.0", "8", "rekap-0", "CURVE", 32, 9 }, 400 },     { { "1.0", "9", "rekap-7", "CURVE", 32, 7 }, 400 },
        { { "1.0", "a", "rekap-1", "CURVE", 32, 7 }, 300 },     { { "1.0", "b", "rekap-2", "CURVE", 32, 7 }, 400 },
        { { "1.0", "c", "rekap-0", "CURVE", 32, 7 }, 200 },
    };
    struct admission waits = { .others = 300 }, odd = { .others = 500 };
    struct asking s;
    const char *domain;

    (void)state;
    asking_init(&s);
    assert_int_equal(link_zmq_zap_add(s.l, admit, &waits, &domain), ST_OK);
    assert_int_equal(link_zmq_zap_add(s.l, admit, &odd, &domain), ST_OK);
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        ask(&s, &row[i].q);
        const unsigned code = answer(&s, row[i].q.id);
        if (code != row[i].code) fail_msg("question %s: %u", row[i].q.id, code);
    }
    for (unsigned i = 3; i < DOMAINS_MAX; i++) assert_int_equal(link_zmq_zap_add(s.l, admit, &s.a, &domain), ST_OK);
    assert_int_equal(link_zmq_zap_add(s.l, admit, &s.a, &domain), ST_FULL);
    asking_done(&s);
}

static const struct request RIGHT = { "1.0", "1", "rekap-0", "CURVE", 32, 7 };

/* The thread that cannot go on has ended the process, as far as it could; its socket is closed for it. */
static void assert_ended(struct asking *s)
{
    int64_t end = ms() + WAIT_MS;

    while (atomic_load(&failing_exit.code) < 0 && ms() < end) sched_yield();
    assert_int_equal(atomic_load(&failing_exit.code), EXIT_CRASH);
    pthread_join(s->l->zap.thread, NULL);
    zmq_close(s->l->zap.z);
    s->l->zap.started = false;
    atomic_store(&failing_exit.code, -1);
}

static void a_handler_that_cannot_go_on_ends_the_process(void **state)
{
    static const struct { const char *call; unsigned n; } row[] = {
        { "zmq_recv", 1 }, { "zmq_getsockopt", 1 }, { "zmq_getsockopt", 3 }, { "zmq_send", 1 }, { "zmq_send", 2 },
        { "zmq_send", 3 }, { "zmq_send", 4 },       { "zmq_send", 5 },       { "zmq_send", 6 },
    };

    (void)state;
    atomic_store(&failing_exit.armed, true);
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        struct asking s;

        asking_init(&s);
        ask(&s, &RIGHT);
        assert_int_equal(answer(&s, "1"), 200);
        failing_elsewhere(row[i].call, row[i].n, EFAULT);
        ask(&s, &RIGHT);
        assert_ended(&s);
        assert_string_equal(failing_end(), row[i].call);
        asking_done(&s);
    }
    atomic_store(&failing_exit.armed, false);
}

static void a_signal_is_no_reason(void **state)
{
    struct asking s;

    (void)state;
    asking_init(&s);
    failing_elsewhere("zmq_recv", 3, EINTR);
    ask(&s, &RIGHT);
    assert_int_equal(answer(&s, "1"), 200);
    ask(&s, &RIGHT);
    assert_int_equal(answer(&s, "1"), 200);
    assert_string_equal(failing_end(), "zmq_recv");
    asking_done(&s);
}

/* ---- the self-test ---- */

static atomic_bool asked;

/* Answers only when the test of the door has run out of patience. */
static int admit_late_enough(void *ctx, const uint8_t *key)
{
    int64_t end = ms() + WAIT_MS;

    (void)ctx;
    (void)key;
    atomic_store(&asked, true);
    while (atomic_load(&failing_clock.calls) > -2 && ms() < end) sched_yield();
    return 400;
}

static void a_handler_that_says_nothing_in_time_opens_no_door(void **state)
{
    struct link_keys k = new_keys();
    char endpoint[160], err[200] = "";
    struct link *l;

    (void)state;
    snprintf(endpoint, sizeof endpoint, "ipc://%s/silent", dir);
    assert_int_equal(link_new(&l), ST_OK);
    atomic_store(&failing_clock.ahead_ms, SELF_TEST_MS + 1);
    atomic_store(&failing_clock.calls, 2);      /* the second call is late */
    assert_int_equal(link_listen(l, endpoint, &k, admit_late_enough, NULL, err, sizeof err), ST_DENIED);
    atomic_store(&failing_clock.calls, -9);
    atomic_store(&failing_clock.ahead_ms, 0);
    assert_true(*err);
    link_free(&l);
}

static void a_signal_in_the_self_test_is_no_failure(void **state)
{
    struct link_keys k = new_keys();
    struct admission a = { .others = 300 };
    char endpoint[160], err[200] = "";
    struct link *l;

    (void)state;
    snprintf(endpoint, sizeof endpoint, "ipc://%s/signal", dir);
    for (int bad = 0; bad < 2; bad++) {
        assert_int_equal(link_new(&l), ST_OK);
        failing_call("zmq_poll", 1, bad ? EFAULT : EINTR);
        const int st = link_listen(l, endpoint, &k, admit, &a, err, sizeof err);
        if (failing_end()) assert_int_equal(st, bad ? ST_IO : ST_OK);
        link_free(&l);
    }
}

static int all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_right_question_is_answered_with_a_yes),
        cmocka_unit_test(a_handler_that_cannot_go_on_ends_the_process),
        cmocka_unit_test(a_signal_is_no_reason),
        cmocka_unit_test(a_handler_that_says_nothing_in_time_opens_no_door),
        cmocka_unit_test(a_signal_in_the_self_test_is_no_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void) { return run_in_directory(all); }
