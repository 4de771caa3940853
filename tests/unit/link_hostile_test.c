/* link_hostile_test.c - the network port and those who mean harm or know no better: frames that are none, keys that nobody let
 * in, messages without an end. Hostile peers use the message library directly, as nothing of ours would. Each case also shows
 * that an honest peer is served meanwhile.
 *
 * limit: 900 s
 */
#include "link_fixture.h"
#include "proto/link_zmq.h"

enum { ACCEPT_MS = 5000 };              /* what was connected to is accepted by then, or the test does it again */

static void send_parts(struct raw *r)
{
    zmq_send(r->z, "satu", 4, ZMQ_SNDMORE);
    zmq_send(r->z, "dua", 3, ZMQ_SNDMORE);
    zmq_send(r->z, "tiga", 4, 0);
}

static void send_oversize(struct raw *r)
{
    uint8_t *big = calloc(1, FRAME_BYTES_MAX + 1);

    assert_non_null(big);
    zmq_send(r->z, big, FRAME_BYTES_MAX + 1, 0);
    free(big);
}

static void send_text(struct raw *r)
{
    zmq_send(r->z, "penyusup", 8, 0);
}

/* Each of these costs the sender its message and its connection, is counted, and leaves the honest peer alone. */
static void bad_frames_are_dropped_and_counted(void **state)
{
    static const struct { const char *name, *rid; void (*send)(struct raw *r); size_t counter; } cases[] = {
        { "multipart", NULL, send_parts, offsetof(struct link_counters, dropped_multipart) },
        { "oversize", NULL, send_oversize, offsetof(struct link_counters, dropped_oversize) },
        { "own-routing-id", "dinas-palsu", send_text, offsetof(struct link_counters, dropped_unkeyed) },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pair p;
        struct raw bad;
        int64_t end;
        uint64_t n = 0;

        pair_init(&p);
        listen_ipc(&p, cases[i].name);
        pair_dial(&p);
        assert_served(&p, "sebelum");
        bad = raw_dial(&p, &p.client, cases[i].rid);
        cases[i].send(&bad);
        for (end = ms() + WAIT_MS; n == 0 && ms() < end;) {
            struct link_counters c;

            side_drain(&p.s, 5);
            side_drain(&p.c, 0);
            c = counters(&p.s);
            memcpy(&n, (const char *)&c + cases[i].counter, sizeof n);
        }
        assert_int_equal(n, 1);
        assert_int_equal(find(&p.s, MESSAGE_DATA, "satu"), -1);
        assert_int_equal(find(&p.s, MESSAGE_DATA, "penyusup"), -1);
        assert_served(&p, "sesudah");
        assert_int_equal(find(&p.c, MESSAGE_DOWN, NULL), -1);
        raw_done(&bad);
        pair_done(&p);
    }
}

static void unknown_key_is_refused(void **state)
{
    struct pair p;
    struct link_keys stranger = new_keys();
    struct raw bad;
    int64_t end = ms() + WAIT_MS;

    (void)state;
    pair_init(&p);
    listen_ipc(&p, "stranger");
    pair_dial(&p);
    bad = raw_dial(&p, &stranger, NULL);
    send_text(&bad);
    while (counters(&p.s).refused_keys == 0 && ms() < end) side_drain(&p.s, 5);
    assert_int_equal(counters(&p.s).refused_keys, 1);
    assert_served(&p, "tetap");
    assert_int_equal(find(&p.s, MESSAGE_DATA, "penyusup"), -1);
    raw_done(&bad);
    pair_done(&p);
}

/* A relay that stops after `limit` bytes towards the server: what it let through is a message that never ends. */
struct relay { int listener, near, far; unsigned port, target; size_t limit, passed; };

static void relay_init(struct relay *r, const char *endpoint, size_t limit)
{
    int rc = -1;

    *r = (struct relay){ .listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), .near = -1, .far = -1, .limit = limit };
    assert_int_equal(sscanf(endpoint, "tcp://127.0.0.1:%u", &r->target), 1);
    for (unsigned i = 0; rc != 0 && i < 200; i++) {
        struct sockaddr_in a;

        r->port = 10000 + ((unsigned)getpid() * 7 + i) % 9000;
        a = loopback(r->port);
        rc = bind(r->listener, (const struct sockaddr *)&a, sizeof a);
    }
    assert_int_equal(rc, 0);
    assert_int_equal(listen(r->listener, 1), 0);
}

static void relay_accept(struct relay *r)
{
    struct sockaddr_in a = loopback(r->target);

    r->near = accept4(r->listener, NULL, NULL, SOCK_NONBLOCK);
    if (r->near < 0) return;
    r->far = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(r->far, (const struct sockaddr *)&a, sizeof a), 0);
}

static void relay_pass(struct relay *r)
{
    static char block[64 << 10];
    ssize_t n;

    if (r->near < 0) relay_accept(r);
    if (r->near < 0) return;
    n = r->passed < r->limit ? recv(r->near, block, sizeof block, MSG_DONTWAIT) : 0;
    if (n > 0 && send(r->far, block, (size_t)n, MSG_NOSIGNAL) == n) r->passed += (size_t)n;
    n = recv(r->far, block, sizeof block, MSG_DONTWAIT);
    if (n > 0) send(r->near, block, (size_t)n, MSG_NOSIGNAL);
}

/* A multipart message that never ends is not visible to the receiver; the kernel's counter is. Its sender says nothing before. */
static void endless_multipart_is_cut(void **state)
{
    struct pair p, attack;
    struct relay relay;
    struct raw bad;
    uint8_t *part = calloc(1, FRAME_BYTES_MAX / 2);
    int64_t end = ms() + WAIT_MS;

    (void)state;
    assert_non_null(part);
    pair_init(&p);
    listen_tcp(&p);
    pair_dial(&p);
    relay_init(&relay, p.endpoint, 24 << 20);
    attack = p;
    snprintf(attack.endpoint, sizeof attack.endpoint, "tcp://127.0.0.1:%u", relay.port);
    bad = raw_dial(&attack, &p.client, NULL);
    for (int i = 0; i < 64; i++) assert_true(zmq_send(bad.z, part, FRAME_BYTES_MAX / 2, i < 63 ? ZMQ_SNDMORE : 0) > 0);
    while (counters(&p.s).dropped_multipart == 0 && ms() < end) {
        for (int i = 0; i < 64; i++) relay_pass(&relay);
        side_drain(&p.s, 1);
        side_drain(&p.c, 0);
    }
    assert_int_equal(counters(&p.s).dropped_multipart, 1);
    assert_true(relay.passed > 32 << 10);         /* what may come before a first message */
    assert_served(&p, "sesudah");
    assert_int_equal(find(&p.c, MESSAGE_DOWN, NULL), -1);
    assert_int_equal(recv(relay.far, part, 1, 0) <= 0, 1);      /* shut down by the server */
    close(relay.listener);
    close(relay.near);
    close(relay.far);
    free(part);
    raw_done(&bad);
    pair_done(&p);
}

/* Much more than the guard's allowance, all of it honest: greeted first, as nobody has credit before. */
static void guard_leaves_busy_peers_alone(void **state)
{
    struct pair p;
    uint8_t *frame = calloc(1, FRAME_BYTES_MAX / 4);
    int64_t begin, end;
    unsigned sent = 0, got = 0;
    const unsigned all = 256;           /* 64 MiB at least, and four checks of the guard */

    (void)state;
    assert_non_null(frame);
    pair_init(&p);
    listen_tcp(&p);
    pair_dial(&p);
    assert_served(&p, "salam");
    p.s.n = 0;
    for (begin = ms(), end = begin + WAIT_MS; (got < all || ms() - begin < 1000) && ms() < end;) {
        while (sent - got < CREDIT_BYTES / (FRAME_BYTES_MAX / 4)
               && link_send(p.c.l, p.dial, slice_of(frame, FRAME_BYTES_MAX / 4)) == ST_OK)
            sent++;
        side_drain(&p.s, 1);
        side_drain(&p.c, 0);
        got += p.s.n;
        p.s.n = 0;
    }
    assert_true(got >= all);
    assert_int_equal(find(&p.c, MESSAGE_DOWN, NULL), -1);
    assert_int_equal(counters(&p.s).dropped_multipart, 0);
    free(frame);
    pair_done(&p);
}

static void close_all(const int *fd, unsigned *n)
{
    while (*n > 0) close(fd[--*n]);
}

/* Connections without a word: beyond a number the oldest gives way to the newest, and an honest newcomer gets in among them. Where
 * they come so slowly that the library ends the first for its own reasons, they come once more. */
static void silent_connections_give_way(void **state)
{
    struct pair p;
    struct sockaddr_in a;
    int fd[2 * YOUNG_MAX];
    unsigned n = 0, port = 0;
    int64_t end = ms() + WAIT_MS, late;

    (void)state;
    pair_init(&p);
    listen_tcp(&p);
    assert_int_equal(sscanf(p.endpoint, "tcp://127.0.0.1:%u", &port), 1);
    a = loopback(port);
    while (counters(&p.s).cut_young == 0 && ms() < end) {
        if (n == 2 * YOUNG_MAX) {
            for (late = ms() + ACCEPT_MS; counters(&p.s).cut_young == 0 && ms() < late;) side_drain(&p.s, 20);
            if (counters(&p.s).cut_young == 0) close_all(fd, &n);
            continue;
        }
        fd[n] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (fd[n] >= 0) (void)connect(fd[n], (const struct sockaddr *)&a, sizeof a);
        n += fd[n] >= 0;
        side_drain(&p.s, n % 16 == 0 ? 1 : 0);
    }
    assert_true(counters(&p.s).cut_young > 0);
    pair_dial(&p);
    assert_served(&p, "di antara mereka");
    close_all(fd, &n);
    pair_done(&p);
}

/* A megabyte of a command before anybody has asked for a key is no handshake. */
static void a_handshake_has_a_size(void **state)
{
    static uint8_t much[256 << 10];
    static const uint8_t head[] = { 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0, 'C', 'U', 'R', 'V', 'E' };
    struct pair p;
    struct sockaddr_in a;
    unsigned port = 0;
    int64_t end = ms() + WAIT_MS;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)state;
    pair_init(&p);
    listen_tcp(&p);
    assert_int_equal(sscanf(p.endpoint, "tcp://127.0.0.1:%u", &port), 1);
    a = loopback(port);
    memcpy(much, head, sizeof head);
    much[64] = 6;                       /* a long command */
    bytes_be64(much + 65, FRAME_BYTES_MAX - 1);
    assert_int_equal(connect(fd, (const struct sockaddr *)&a, sizeof a), 0);
    assert_true(send(fd, much, sizeof much, MSG_NOSIGNAL) > 0);
    while (counters(&p.s).dropped_multipart == 0 && ms() < end) side_drain(&p.s, 5);
    assert_int_equal(counters(&p.s).dropped_multipart, 1);
    close(fd);
    pair_done(&p);
}

/* What is sent to a peer that reads nothing is bounded in bytes; others are answered as before. */
static void what_nobody_reads_is_bounded(void **state)
{
    struct pair p;
    struct raw bad;
    uint8_t *frame = calloc(1, FRAME_BYTES_MAX / 2);
    int i, one = 1, rc = ST_OK;
    uint64_t sent = 0;

    (void)state;
    assert_non_null(frame);
    pair_init(&p);
    listen_tcp(&p);
    pair_dial(&p);
    bad = raw_dial(&p, &p.client, NULL);
    zmq_setsockopt(bad.z, ZMQ_RCVHWM, &one, sizeof one);
    zmq_send(bad.z, "tuli", 4, 0);
    i = expect(&p.s, &p.c, MESSAGE_DATA, "tuli");
    assert_true(i >= 0);
    for (unsigned n = 0; n < 400 && rc == ST_OK; n++) {
        rc = link_send(p.s.l, p.s.log[i].peer, slice_of(frame, FRAME_BYTES_MAX / 2));
        sent += rc == ST_OK ? FRAME_BYTES_MAX / 2 : 0;
        side_drain(&p.s, 0);
    }
    assert_int_equal(rc, ST_AGAIN);
    assert_true(sent >= QUEUE_BYTES_MAX - FRAME_BYTES_MAX && sent < 4 * (uint64_t)QUEUE_BYTES_MAX);
    assert_true(counters(&p.s).dropped_unread > 0);
    assert_served(&p, "sesudah");
    free(frame);
    raw_done(&bad);
    pair_done(&p);
}

static int all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_frames_are_dropped_and_counted),
        cmocka_unit_test(unknown_key_is_refused),
        cmocka_unit_test(endless_multipart_is_cut),
        cmocka_unit_test(guard_leaves_busy_peers_alone),
        cmocka_unit_test(silent_connections_give_way),
        cmocka_unit_test(a_handshake_has_a_size),
        cmocka_unit_test(what_nobody_reads_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void) { return run_in_directory(all); }
