/* link_bounds_test.c - what all peers together can make a daemon hold, and how long one may take nothing: bounds that one peer
 * alone never meets. They are reached, not made smaller: hundreds of megabytes of messages that do not end or that nobody reads, a
 * minute that passes on the link's own clock (link_zmq_ms, wrapped), more local connections than there are places. An honest peer
 * is served in between and afterwards.
 *
 * limit: 900 s
 */
#include "link_fixture.h"

#include <poll.h>

#include "proto/link_zmq.h"
#include "tests/it/attack_curve.h"

enum { HALF = FRAME_BYTES_MAX / 2 };

static int64_t stands_ms;               /* the link's clock stands there; 0: it goes */
int64_t __real_link_zmq_ms(void);
int64_t __wrap_link_zmq_ms(void);
int64_t __wrap_link_zmq_ms(void) { return stands_ms ? stands_ms : __real_link_zmq_ms(); }
int64_t world_ms(void);
int64_t world_ms(void) { return ms(); }         /* for attack_curve.c */

static unsigned port_of(const struct pair *p)
{
    unsigned port = 0;

    assert_int_equal(sscanf(p->endpoint, "tcp://127.0.0.1:%u", &port), 1);
    return port;
}

/* ---- received and not taken ---- */

enum { KEYS = 3, OF_EACH = 14, LINES = KEYS * OF_EACH, PARTS = 19 };
_Static_assert((uint64_t)PARTS * HALF < AHEAD_BYTES_MAX - FRAME_BYTES_MAX / 4, "none of them is over its own bound");
_Static_assert((uint64_t)LINES * PARTS * HALF > AHEAD_TOTAL_MAX, "together they are");
_Static_assert(OF_EACH < (int)PEERS_PER_KEY_MAX, "nor has a key too many connections");

/* Keys that are let in; before anybody listens. */
static void add_keys(struct pair *p, struct curve_keys *ret)
{
    for (unsigned k = 0; k < KEYS; k++) {
        struct link_keys made = new_keys();

        memcpy(ret[k].pub, made.pub, sizeof made.pub);
        memcpy(ret[k].secret, made.secret, sizeof made.secret);
        memcpy(p->a.key[p->a.n++], made.pub, PUBKEY_SIZE);
    }
}

/* Each connection has been served once, so that it may be as far ahead as an office with credit. */
static void dial_all(struct pair *p, const struct curve_keys *keys, struct curve *c)
{
    int64_t end = ms() + WAIT_MS;

    for (unsigned i = 0; i < LINES; i++) {
        assert_true(curve_dial(&c[i], port_of(p), 0, &keys[i % KEYS], p->server.pub, WAIT_MS));
        assert_true(curve_send(&c[i], slice_of("satu", 4), false, WAIT_MS));
    }
    for (unsigned got = 0; got < LINES && ms() < end; got += p->s.n) {
        p->s.n = 0;
        side_drain(&p->s, 5);
    }
    p->s.n = 0;
}

/* Has the server closed it, whatever lies unread before that? */
static bool has_ended(int fd)
{
    struct pollfd f = { .fd = fd, .events = POLLRDHUP };

    return poll(&f, 1, 0) == 1;
}

static void messages_that_do_not_end_are_bounded_together(void **state)
{
    static struct curve c[LINES];
    static uint8_t part[HALF];
    struct curve_keys keys[KEYS];
    struct pair p;
    unsigned gone = 0;
    int64_t end;

    (void)state;
    pair_init(&p);
    add_keys(&p, keys);
    listen_tcp(&p);
    pair_dial(&p);
    dial_all(&p, keys, c);
    for (unsigned n = 0; n < PARTS; n++)
        for (unsigned i = 0; i < LINES; i++) assert_true(curve_send(&c[i], slice_of(part, sizeof part), true, WAIT_MS));
    for (end = ms() + WAIT_MS; counters(&p.s).cut_ahead == 0 && ms() < end;) side_drain(&p.s, 5);
    assert_true(counters(&p.s).cut_ahead > 0);
    assert_int_equal(counters(&p.s).dropped_multipart, 0);
    for (end = ms() + WAIT_MS; gone == 0 && ms() < end;)
        for (unsigned i = 0; i < LINES; i++) gone += has_ended(c[i].fd);
    assert_in_range(gone, 1, LINES / 2);        /* as many as it takes, not all */
    assert_served(&p, "sesudah");
    for (unsigned i = 0; i < LINES; i++) curve_close(&c[i]);
    pair_done(&p);
}

/* ---- sent and not taken ---- */

enum { DEAF = QUEUE_TOTAL_MAX / QUEUE_BYTES_MAX + 2 };
_Static_assert(DEAF + 2 < (int)PEERS_PER_KEY_MAX, "they have one key");

/* A peer that has said something and reads nothing. */
static peer_id deaf(struct pair *p, struct raw *r, const char *name)
{
    const int one = 1, small = 4096;
    int i;

    *r = raw_dial(p, &p->client, NULL);
    zmq_setsockopt(r->z, ZMQ_RCVHWM, &one, sizeof one);
    zmq_setsockopt(r->z, ZMQ_RCVBUF, &small, sizeof small);
    zmq_send(r->z, name, strlen(name), 0);
    p->s.n = 0;
    i = expect(&p->s, &p->c, MESSAGE_DATA, name);
    assert_true(i >= 0);
    return p->s.log[i].peer;
}

/* How much is taken for it until no more is. */
static uint64_t fill(struct pair *p, peer_id to)
{
    static uint8_t frame[HALF];
    uint64_t sent = 0;

    while (sent < 4 * (uint64_t)QUEUE_BYTES_MAX && link_send(p->s.l, to, slice_of(frame, HALF)) == ST_OK) sent += HALF;
    side_drain(&p->s, 0);
    return sent;
}

static void what_nobody_reads_is_bounded_together(void **state)
{
    struct pair p;
    struct raw r[DEAF], late;
    peer_id id[DEAF], name;
    uint64_t sent = 0;
    int64_t end;

    (void)state;
    pair_init(&p);
    listen_tcp(&p);
    pair_dial(&p);
    for (unsigned i = 0; i < DEAF; i++) {
        uint64_t n = fill(&p, id[i] = deaf(&p, &r[i], "tuli"));

        sent += n;
        if (i == 0) assert_true(n >= QUEUE_BYTES_MAX - FRAME_BYTES_MAX);
    }
    assert_true(sent >= QUEUE_TOTAL_MAX);
    name = deaf(&p, &late, "terlambat");
    end = ms() + WAIT_MS;
    for (unsigned i = 0; p.s.l->queued_total < QUEUE_TOTAL_MAX && ms() < end; i++)
        (void)fill(&p, id[i % DEAF]);   /* their machines took some of it meanwhile */
    assert_true(p.s.l->queued_total >= QUEUE_TOTAL_MAX);
    assert_in_range(fill(&p, name), HALF, QUEUE_BYTES_MAX / 2);        /* a share, and the kernel's part */
    assert_served(&p, "di antara mereka");
    raw_done(&late);
    for (unsigned i = 0; i < DEAF; i++) raw_done(&r[i]);
    for (end = ms() + WAIT_MS, sent = 0; sent < QUEUE_BYTES_MAX - FRAME_BYTES_MAX && ms() < end;) {
        sent = fill(&p, deaf(&p, &late, "lagi"));       /* what went with the others is given back */
        raw_done(&late);
    }
    assert_true(sent >= QUEUE_BYTES_MAX - FRAME_BYTES_MAX);
    pair_done(&p);
}

/* On a clock that stands but for what the test lets pass: a machine that is slow to take the last of it is not one that takes
 * nothing, so the test goes on until a whole minute of the clock passed without any. */
static void who_takes_nothing_for_long_is_closed(void **state)
{
    struct pair p;
    struct raw r;
    int64_t end = ms() + WAIT_MS;
    peer_id name;

    (void)state;
    pair_init(&p);
    listen_tcp(&p);
    pair_dial(&p);
    assert_served(&p, "sebelum");
    name = deaf(&p, &r, "tuli");
    stands_ms = __real_link_zmq_ms();
    for (int fd = 0; fd < p.s.l->conns_cap; fd++) p.s.l->conns[fd].taken_ms = stands_ms;        /* however long the greeting took */
    (void)fill(&p, name);
    stands_ms += UNREAD_MS;
    side_drain(&p.s, 0);
    assert_int_equal(counters(&p.s).cut_unread, 0);     /* not longer than a minute, whenever it took the last */
    while (counters(&p.s).cut_unread == 0 && ms() < end) {
        stands_ms += UNREAD_MS + 1;
        side_drain(&p.s, 0);
        (void)poll(NULL, 0, 200);       /* twenty hours of the clock till the deadline: nobody counts as silent */
    }
    assert_int_equal(counters(&p.s).cut_unread, 1);
    stands_ms = 0;
    p.s.n = 0;
    assert_served(&p, "sesudah");       /* over its connection of before */
    assert_int_equal(find(&p.c, MESSAGE_DOWN, NULL), -1);
    raw_done(&r);
    pair_done(&p);
}

/* ---- the local control socket ---- */

enum { LOCAL = CONTROL_PEERS_MAX + 64, QUESTIONS = 64, ANSWER = 16 << 10 };
struct desk { struct link *l; atomic_bool stop; };

static void *serve(void *arg)
{
    static uint8_t answer[ANSWER];
    struct desk *d = arg;
    struct message m;

    while (!atomic_load(&d->stop) && link_wait(d->l, 5) == ST_OK) {
        while (link_recv(d->l, &m) == ST_OK)
            if (m.what == MESSAGE_DATA) (void)link_send(d->l, m.peer, slice_of(answer, sizeof answer));
        link_release(d->l);
    }
    return NULL;
}

/* More local clients than there are places for, each with many questions and none that reads an answer: another one is answered. */
static void a_flood_of_local_questions_keeps_nobody_out(void **state)
{
    static void *z[LOCAL];
    struct desk d = { NULL, false };
    char path[160], endpoint[180], *answer = NULL;
    void *ctx = zmq_ctx_new();
    const int one = 1, zero = 0;
    pthread_t server;
    size_t n = 0;

    (void)state;
    snprintf(path, sizeof path, "%s/flood", dir);
    snprintf(endpoint, sizeof endpoint, "ipc://%s", path);
    assert_int_equal(link_new(&d.l), ST_OK);
    assert_int_equal(link_control(d.l, path), ST_OK);
    assert_int_equal(pthread_create(&server, NULL, serve, &d), 0);
    for (unsigned i = 0; i < LOCAL; i++) {
        z[i] = zmq_socket(ctx, ZMQ_DEALER);
        assert_non_null(z[i]);
        zmq_setsockopt(z[i], ZMQ_LINGER, &zero, sizeof zero);
        zmq_setsockopt(z[i], ZMQ_RCVHWM, &one, sizeof one);
        assert_int_equal(zmq_connect(z[i], endpoint), 0);
    }
    for (unsigned q = 0; q < QUESTIONS; q++) {
        for (unsigned i = 0; i < LOCAL; i++) (void)zmq_send(z[i], "tanya", 5, ZMQ_DONTWAIT);
        if (q % 16) continue;
        assert_int_equal(link_ask(path, slice_of("tanya", 5), WAIT_MS, &answer, &n), ST_OK);
        assert_int_equal(n, ANSWER);
        free(answer);
    }
    for (unsigned i = 0; i < LOCAL; i++) zmq_close(z[i]);
    zmq_ctx_term(ctx);
    assert_int_equal(link_ask(path, slice_of("tanya", 5), WAIT_MS, &answer, &n), ST_OK);
    free(answer);
    atomic_store(&d.stop, true);
    pthread_join(server, NULL);
    assert_int_equal(counters(&(struct side){ .l = d.l }).dropped_oversize, 0);
    link_free(&d.l);
}

static int all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_that_do_not_end_are_bounded_together),
        cmocka_unit_test(what_nobody_reads_is_bounded_together),
        cmocka_unit_test(who_takes_nothing_for_long_is_closed),
        cmocka_unit_test(a_flood_of_local_questions_keeps_nobody_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void) { return run_in_directory(all); }
