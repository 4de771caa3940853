/* link_dial_test.c - a dialled connection, event by event: what the message library may say in any order, said by the test in place
 * of the socket's own monitor (failing_wire.h); servers of another make; and one question to a control socket, each call of it
 * failing in turn. */
#include "link_fixture.h"

#include <errno.h>

#include "tests/unit/failing.h"
#include "tests/unit/failing_wire.h"

static struct sock *sock_of(const struct side *s) { return s->l->socks[0]; }

/* A dial to a place where nobody is, and the end of its monitor. */
static void *lonely(struct pair *p)
{
    pair_init(p);
    snprintf(p->endpoint, sizeof p->endpoint, "ipc://%s/nobody", dir);
    assert_int_equal(link_new(&p->c.l), ST_OK);
    assert_int_equal(link_dial(p->c.l, p->endpoint, &p->client, p->server.pub, &p->dial), ST_OK);
    return failing_monitor(p->c.l, sock_of(&p->c));
}

static void lonely_done(struct pair *p, void *said)
{
    zmq_close(said);
    link_free(&p->c.l);
}

/* What comes out of the link by itself; 0: nothing. */
static int told(struct side *s)
{
    struct message m;

    return link_recv(s->l, &m) == ST_OK ? (int)m.what : 0;
}

static void look(struct side *s) { assert_int_equal(link_wait(s->l, 0), ST_OK); }

static void a_refusal_is_said_once_and_tried_again(void **state)
{
    struct pair p;
    void *said = lonely(&p);
    struct dial *d = sock_of(&p.c)->dial;
    int64_t before;

    (void)state;
    failing_monitor_says(said, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, 300);
    look(&p.c);
    assert_false(link_refused(p.c.l, p.dial));
    assert_non_null(sock_of(&p.c)->z);          /* later; the library tries by itself */
    for (int again = 0; again < 2; again++) {
        failing_monitor_says(said, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, 400);
        before = link_zmq_ms();
        look(&p.c);
        assert_true(link_refused(p.c.l, p.dial));
        assert_null(sock_of(&p.c)->z);
        assert_true(d->again_ms >= before + REFUSED_MS_MIN);
        zmq_close(said);
        d->again_ms = 0;
        look(&p.c);
        assert_non_null(sock_of(&p.c)->z);
        said = failing_monitor(p.c.l, sock_of(&p.c));
    }
    failing_monitor_says(said, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 0);
    look(&p.c);
    assert_false(link_refused(p.c.l, p.dial));
    lonely_done(&p, said);
}

static void a_protocol_that_is_none_ends_the_attempt(void **state)
{
    struct pair p;
    void *said = lonely(&p);

    (void)state;
    failing_monitor_says(said, ZMQ_EVENT_DISCONNECTED, 0);      /* of no connection that was up */
    failing_monitor_says(said, ZMQ_EVENT_CONNECT_RETRIED, 0);
    look(&p.c);
    assert_non_null(sock_of(&p.c)->z);
    failing_monitor_says(said, ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, 0);
    look(&p.c);
    assert_null(sock_of(&p.c)->z);
    assert_false(link_refused(p.c.l, p.dial));
    assert_int_equal(told(&p.c), 0);
    lonely_done(&p, said);
}

static void half_an_event_is_none(void **state)
{
    struct pair p;
    void *said = lonely(&p);

    (void)state;
    zmq_send(said, "enam b", 6, 0);
    look(&p.c);
    zmq_send(said, "tiga", 4, 0);
    look(&p.c);
    assert_int_equal(told(&p.c), 0);
    lonely_done(&p, said);
}

/* Up, down, and up again before anybody looked: the second connection is not taken for the first. */
static void a_second_connection_on_one_socket_is_never_told(void **state)
{
    struct pair p;
    void *said = lonely(&p);

    (void)state;
    failing_monitor_says(said, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 0);
    failing_monitor_says(said, ZMQ_EVENT_DISCONNECTED, 0);
    failing_monitor_says(said, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 0);
    look(&p.c);
    assert_true(link_zmq_dial_pending(sock_of(&p.c)));
    assert_int_equal(told(&p.c), 0);
    assert_null(sock_of(&p.c)->z);
    assert_int_equal(told(&p.c), 0);
    zmq_close(said);
    sock_of(&p.c)->dial->again_ms = 0;
    look(&p.c);
    said = failing_monitor(p.c.l, sock_of(&p.c));
    failing_monitor_says(said, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 0);       /* what was short is told in turn */
    failing_monitor_says(said, ZMQ_EVENT_DISCONNECTED, 0);
    look(&p.c);
    assert_int_equal(told(&p.c), MESSAGE_UP);
    assert_int_equal(link_send(p.c.l, p.dial, slice_of("x", 1)), ST_NOT_FOUND);
    assert_int_equal(told(&p.c), MESSAGE_DOWN);
    assert_int_equal(told(&p.c), 0);
    lonely_done(&p, said);
}

/* Its end and a refusal of the library's next attempt in one look, while the link is paused: nothing is opened over it. */
static void an_end_that_is_not_told_yet_is_waited_for(void **state)
{
    struct pair p;
    void *said = lonely(&p);

    (void)state;
    failing_monitor_says(said, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 0);
    look(&p.c);
    assert_int_equal(told(&p.c), MESSAGE_UP);
    link_pause(p.c.l, true);
    failing_monitor_says(said, ZMQ_EVENT_DISCONNECTED, 0);
    failing_monitor_says(said, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, 400);
    look(&p.c);
    assert_null(sock_of(&p.c)->z);
    sock_of(&p.c)->dial->again_ms = 1;
    look(&p.c);
    assert_null(sock_of(&p.c)->z);
    assert_int_equal(link_send(p.c.l, p.dial, slice_of("x", 1)), ST_NOT_FOUND);
    assert_int_equal(told(&p.c), 0);
    link_pause(p.c.l, false);
    assert_int_equal(told(&p.c), MESSAGE_DOWN);
    lonely_done(&p, said);
}

static void an_attempt_that_cannot_begin_is_put_off(void **state)
{
    struct pair p;
    void *said = lonely(&p);
    struct dial *d = sock_of(&p.c)->dial;
    int64_t before;

    (void)state;
    failing_monitor_says(said, ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, 0);
    look(&p.c);
    d->again_ms = 0;
    failing_call("zmq_socket", 1, EMFILE);
    before = link_zmq_ms();
    look(&p.c);
    assert_string_equal(failing_end(), "zmq_socket");
    assert_null(sock_of(&p.c)->z);
    assert_true(d->again_ms >= before + REFUSED_MS_MIN);
    lonely_done(&p, said);
}

/* Between a message and the look at its connection's end a second connection may have begun: whose message it was is not known. */
static void a_message_of_no_certain_connection_is_dropped(void **state)
{
    struct pair p;
    void *said;
    int64_t end = ms() + WAIT_MS;

    (void)state;
    pair_init(&p);
    listen_ipc(&p, "certain");
    pair_dial(&p);
    assert_served(&p, "satu");
    said = failing_monitor(p.c.l, sock_of(&p.c));
    say(&p.s, p.s.log[find(&p.s, MESSAGE_DATA, "satu")].peer, "dua");
    zmq_pollitem_t item = { sock_of(&p.c)->z, 0, ZMQ_POLLIN, 0 };
    while (zmq_poll(&item, 1, 5) == 0 && ms() < end) side_drain(&p.s, 0);
    failing_monitor_says(said, ZMQ_EVENT_DISCONNECTED, 0);
    failing_monitor_says(said, ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 0);
    sock_of(&p.c)->dial->drained_ms = link_zmq_ms();
    atomic_store(&failing_clock.calls, 2);      /* the first look is fresh, the second late */
    atomic_store(&failing_clock.ahead_ms, RECONNECT_MS_MIN);
    assert_int_equal(told(&p.c), MESSAGE_DOWN);
    assert_int_equal(find(&p.c, MESSAGE_DATA, "dua"), -1);
    atomic_store(&failing_clock.ahead_ms, 0);
    zmq_close(said);
    pair_done(&p);
}

/* ---- a server that is not ours ---- */

static void wait_down(struct pair *p, struct raw *server, void (*send)(void *z))
{
    char id[32];
    int n = -1;
    int64_t end = ms() + WAIT_MS;

    assert_true(expect(&p->c, NULL, MESSAGE_UP, NULL) >= 0);
    say(&p->c, p->dial, "halo");
    while (n < 0 && ms() < end) {
        side_drain(&p->c, 1);
        n = zmq_recv(server->z, id, sizeof id, ZMQ_DONTWAIT);
    }
    assert_true(n > 0 && zmq_recv(server->z, id + n, sizeof id - (size_t)n, 0) == 4);
    zmq_send(server->z, id, (size_t)n, ZMQ_SNDMORE);
    send(server->z);
    assert_true(expect(&p->c, NULL, MESSAGE_DOWN, NULL) >= 0);
    assert_int_equal(find(&p->c, MESSAGE_DATA, NULL), -1);
    p->c.n = 0;
    sock_of(&p->c)->dial->again_ms = 0;
}

static void send_two(void *z)
{
    zmq_send(z, "satu", 4, ZMQ_SNDMORE);
    zmq_send(z, "dua", 3, 0);
}

static void send_much(void *z)
{
    static const uint8_t big[FRAME_BYTES_MAX + 1];

    zmq_send(z, big, sizeof big, 0);
}

static void a_server_that_sends_what_is_no_message_loses_us(void **state)
{
    struct pair p;
    struct raw server = { zmq_ctx_new(), NULL };
    const int one = 1, zero = 0;

    (void)state;
    pair_init(&p);
    snprintf(p.endpoint, sizeof p.endpoint, "ipc://%s/other", dir);
    server.z = zmq_socket(server.ctx, ZMQ_ROUTER);
    zmq_setsockopt(server.z, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(server.z, ZMQ_CURVE_SERVER, &one, sizeof one);
    zmq_setsockopt(server.z, ZMQ_CURVE_SECRETKEY, p.server.secret, 32);
    assert_int_equal(zmq_bind(server.z, p.endpoint), 0);
    assert_int_equal(link_new(&p.c.l), ST_OK);
    assert_int_equal(link_dial(p.c.l, p.endpoint, &p.client, p.server.pub, &p.dial), ST_OK);
    wait_down(&p, &server, send_two);
    assert_int_equal(counters(&p.c).dropped_multipart, 1);
    wait_down(&p, &server, send_much);
    assert_int_equal(counters(&p.c).dropped_oversize, 1);
    link_free(&p.c.l);
    raw_done(&server);
    unlink(p.endpoint + 6);
}

static void endpoints_that_the_library_refuses(void **state)
{
    struct pair p;

    (void)state;
    pair_init(&p);
    assert_int_equal(link_new(&p.c.l), ST_OK);
    assert_int_equal(link_dial(p.c.l, "tcp://127.0.0.1", &p.client, p.server.pub, &p.dial), ST_INVALID);
    for (int why = 0; why < 2; why++) {
        failing_call("zmq_connect", 2, why ? EMFILE : EINVAL);   /* the first is the monitor's */
        assert_int_equal(link_dial(p.c.l, "tcp://127.0.0.1:5000", &p.client, p.server.pub, &p.dial), why ? ST_IO : ST_INVALID);
        assert_string_equal(failing_end(), "zmq_connect");
    }
    link_free(&p.c.l);
}

/* ---- one question ---- */

struct desk { struct link *l; atomic_bool stop; };

static void *desk_main(void *arg)
{
    struct desk *d = arg;
    struct message m;

    while (!atomic_load(&d->stop) && link_wait(d->l, 5) == ST_OK) {
        while (link_recv(d->l, &m) == ST_OK) (void)link_send(d->l, m.peer, m.bytes);
        link_release(d->l);
    }
    return NULL;
}

static void each_call_of_a_question(void **state)
{
    static const int why[] = { EMFILE, EINTR, EACCES, EAGAIN };
    static uint8_t too_long[CONTROL_BYTES_MAX + 1];
    struct desk d = { NULL, false };
    char path[128], *answer = NULL;
    unsigned tried = 0;
    size_t n = 0;
    pthread_t t;

    (void)state;
    snprintf(path, sizeof path, "%s/desk", dir);
    assert_int_equal(link_new(&d.l), ST_OK);
    assert_int_equal(link_control(d.l, path), ST_OK);
    assert_int_equal(pthread_create(&t, NULL, desk_main, &d), 0);
    assert_int_equal(link_ask(path, slice_of(too_long, sizeof too_long), WAIT_MS, &answer, &n), ST_INVALID);
    for (unsigned w = 0; w < sizeof why / sizeof *why; w++) {
        bool more = true;
        for (unsigned i = 1; more; i++, tried++) {
            failing_at(i, why[w]);
            const int st = link_ask(path, slice_of("{}", 2), WAIT_MS, &answer, &n);
            const char *call = failing_end();
            more = call != NULL;
            if (st != ST_OK && (!call || answer)) fail_msg("%s: %s", call ? call : "nothing", status_str(st));
            if (st == ST_OK) assert_string_equal(answer, "{}");
            free(answer);
            answer = NULL;
        }
    }
    atomic_store(&d.stop, true);
    pthread_join(t, NULL);
    link_free(&d.l);
    print_message("%u questions\n", tried);
    assert_true(tried > 60);
}

static int all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_is_said_once_and_tried_again),
        cmocka_unit_test(a_protocol_that_is_none_ends_the_attempt),
        cmocka_unit_test(half_an_event_is_none),
        cmocka_unit_test(a_second_connection_on_one_socket_is_never_told),
        cmocka_unit_test(an_end_that_is_not_told_yet_is_waited_for),
        cmocka_unit_test(an_attempt_that_cannot_begin_is_put_off),
        cmocka_unit_test(a_message_of_no_certain_connection_is_dropped),
        cmocka_unit_test(a_server_that_sends_what_is_no_message_loses_us),
        cmocka_unit_test(endpoints_that_the_library_refuses),
        cmocka_unit_test(each_call_of_a_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void) { return run_in_directory(all); }
