/* link_test.c - the network port on real sockets: ipc:// in a directory of its own, tcp on a free port below the ephemeral range.
 *
 * Each trap of the message library has its case here. Hostile peers use the library directly. Every wait is a poll on events
 * with a deadline; nothing sleeps, and a link is driven only by its own link_wait(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "proto/clock.h"
#include "proto/limits.h"
#include "proto/link.h"

enum { WAIT_MS = 10000, LOG_MAX = 64 };

static char dir[64];

struct admission { uint8_t key[4][PUBKEY_SIZE]; unsigned n; atomic_int others; };     /* others: the answer to unknown keys */

static int admit(void *ctx, const uint8_t key[PUBKEY_SIZE])
{
    struct admission *a = ctx;

    for (unsigned i = 0; i < a->n; i++)
        if (memcmp(a->key[i], key, PUBKEY_SIZE) == 0) return 200;
    return atomic_load(&a->others);
}

/* Answers `late` only for one key; used for approval after the first attempt. */
struct late { uint8_t key[PUBKEY_SIZE]; atomic_int answer; };

static int admit_late(void *ctx, const uint8_t key[PUBKEY_SIZE])
{
    struct late *a = ctx;

    return memcmp(a->key, key, PUBKEY_SIZE) == 0 ? atomic_load(&a->answer) : 400;
}

static int admit_everybody(void *ctx, const uint8_t *key)
{
    (void)ctx;
    (void)key;
    return 200;
}

static int64_t ms(void)
{
    struct clock c = clock_posix();

    return c.now(c.ctx).mono.us / 1000;
}

static struct link_keys new_keys(void)
{
    struct link_keys k;

    assert_true(sodium_init() >= 0);
    crypto_box_keypair(k.pub, k.secret);
    return k;
}

/* One side under test: a link and what came out of it. */
struct side { struct link *l; bool deaf; unsigned n;
              struct { int what; peer_id peer; uint8_t key[PUBKEY_SIZE]; char text[64]; size_t n; } log[LOG_MAX]; };

static void side_drain(struct side *s, int timeout_ms)
{
    struct message m;

    assert_int_equal(link_wait(s->l, timeout_ms), ST_OK);
    while (!s->deaf && s->n < LOG_MAX && link_recv(s->l, &m) == ST_OK) {
        s->log[s->n].what = m.what;
        s->log[s->n].peer = m.peer;
        memcpy(s->log[s->n].key, m.key, PUBKEY_SIZE);
        s->log[s->n].n = m.bytes.n;
        snprintf(s->log[s->n].text, sizeof s->log[s->n].text, "%.*s",
                 (int)(m.bytes.n < 40 ? m.bytes.n : 40), m.bytes.n ? (const char *)m.bytes.p : "");
        s->n++;
    }
    link_release(s->l);
}

static int find(const struct side *s, int what, const char *text)
{
    for (unsigned i = 0; i < s->n; i++)
        if (s->log[i].what == what && (!text || strcmp(s->log[i].text, text) == 0)) return (int)i;
    return -1;
}

/* Drives both sides until `s` has seen it; -1 at the deadline. */
static int expect(struct side *s, struct side *other, int what, const char *text)
{
    int64_t end = ms() + WAIT_MS;

    while (ms() < end) {
        int i = find(s, what, text);

        if (i >= 0) return i;
        side_drain(s, 5);
        if (other) side_drain(other, 5);
    }
    return -1;
}

static void say(struct side *s, peer_id to, const char *text)
{
    assert_int_equal(link_send(s->l, to, slice_of(text, strlen(text))), ST_OK);
}

struct pair { struct link_keys server, client; struct admission a; struct side s, c; char endpoint[128]; peer_id dial; };

static void listen_ipc(struct pair *p, const char *name)
{
    char err[200];

    snprintf(p->endpoint, sizeof p->endpoint, "ipc://%s/%s", dir, name);
    assert_int_equal(link_new(&p->s.l), ST_OK);
    assert_int_equal(link_listen(p->s.l, p->endpoint, &p->server, admit, &p->a, err, sizeof err), ST_OK);
}

static void listen_tcp(struct pair *p)
{
    char err[200];
    int rc = ST_BUSY;

    assert_int_equal(link_new(&p->s.l), ST_OK);
    for (unsigned i = 0; rc == ST_BUSY && i < 200; i++) {
        snprintf(p->endpoint, sizeof p->endpoint, "tcp://127.0.0.1:%u", 20000 + ((unsigned)getpid() * 7 + i) % 12000);
        rc = link_listen(p->s.l, p->endpoint, &p->server, admit, &p->a, err, sizeof err);
    }
    assert_int_equal(rc, ST_OK);
}

static void pair_init(struct pair *p)
{
    memset(p, 0, sizeof *p);
    p->server = new_keys();
    p->client = new_keys();
    memcpy(p->a.key[0], p->client.pub, PUBKEY_SIZE);
    p->a.n = 1;
    atomic_store(&p->a.others, 400);
}

static void pair_dial(struct pair *p)
{
    assert_int_equal(link_new(&p->c.l), ST_OK);
    assert_int_equal(link_dial(p->c.l, p->endpoint, &p->client, p->server.pub, &p->dial), ST_OK);
    assert_true(expect(&p->c, &p->s, MESSAGE_UP, NULL) >= 0);
}

static void pair_done(struct pair *p)
{
    link_free(&p->c.l);
    link_free(&p->s.l);
    assert_null(p->s.l);
}

static struct link_counters counters(const struct side *s)
{
    struct link_counters c;

    link_counters(s->l, &c);
    return c;
}

/* The honest client still gets an answer. */
static void assert_served(struct pair *p, const char *text)
{
    int i;

    say(&p->c, p->dial, text);
    i = expect(&p->s, &p->c, MESSAGE_DATA, text);
    assert_true(i >= 0);
    say(&p->s, p->s.log[i].peer, text);
    assert_true(expect(&p->c, &p->s, MESSAGE_DATA, text) >= 0);
}

static void admitted_key_talks(void **state)
{
    struct pair p;
    int i;

    (void)state;
    for (int tcp = 0; tcp < 2; tcp++) {
        pair_init(&p);
        if (tcp) listen_tcp(&p);
        else listen_ipc(&p, "talk");
        pair_dial(&p);
        assert_served(&p, "halo");
        i = find(&p.s, MESSAGE_DATA, "halo");
        assert_memory_equal(p.s.log[i].key, p.client.pub, PUBKEY_SIZE);
        assert_memory_equal(p.c.log[find(&p.c, MESSAGE_DATA, "halo")].key, p.server.pub, PUBKEY_SIZE);
        assert_true(p.s.log[i].peer >= PEER_FIRST);
        assert_false(link_is_control(p.s.l, p.s.log[i].peer));
        assert_int_equal(counters(&p.s).peers, 1);
        assert_int_equal(counters(&p.s).refused_keys, 0);
        pair_done(&p);
    }
}

static void largest_frame_passes(void **state)
{
    struct pair p;
    uint8_t *big = calloc(1, FRAME_BYTES_MAX);
    int i;

    (void)state;
    assert_non_null(big);
    memcpy(big, "besar", 5);
    pair_init(&p);
    listen_ipc(&p, "large");
    pair_dial(&p);
    assert_int_equal(link_send(p.c.l, p.dial, slice_of(big, FRAME_BYTES_MAX)), ST_OK);
    i = expect(&p.s, &p.c, MESSAGE_DATA, "besar");
    assert_true(i >= 0);
    assert_int_equal(p.s.log[i].n, FRAME_BYTES_MAX);
    assert_int_equal(link_send(p.s.l, p.s.log[i].peer, slice_of(big, FRAME_BYTES_MAX)), ST_OK);
    assert_true(expect(&p.c, &p.s, MESSAGE_DATA, "besar") >= 0);
    free(big);
    pair_done(&p);
}

static void self_test_refuses_open_door(void **state)
{
    struct link_keys k = new_keys();
    struct link *l;
    char endpoint[160], path[128], err[200] = "";

    (void)state;
    snprintf(path, sizeof path, "%s/open", dir);
    snprintf(endpoint, sizeof endpoint, "ipc://%s", path);
    assert_int_equal(link_new(&l), ST_OK);
    assert_int_equal(link_listen(l, endpoint, &k, admit_everybody, NULL, err, sizeof err), ST_DENIED);
    assert_true(*err);
    assert_int_equal(access(path, F_OK), -1);
    link_free(&l);
}

/* 400 ends a libzmq client for ever, 300 leaves it trying; ours gets in either way once it is approved. */
static void approved_later_gets_in(void **state)
{
    static const int first[] = { 400, 300 };

    (void)state;
    for (unsigned k = 0; k < 2; k++) {
        struct pair p;
        struct late late;
        char err[200];
        int64_t end = ms() + WAIT_MS;

        pair_init(&p);
        memcpy(late.key, p.client.pub, PUBKEY_SIZE);
        atomic_store(&late.answer, first[k]);
        snprintf(p.endpoint, sizeof p.endpoint, "ipc://%s/late%u", dir, k);
        assert_int_equal(link_new(&p.s.l), ST_OK);
        assert_int_equal(link_listen(p.s.l, p.endpoint, &p.server, admit_late, &late, err, sizeof err), ST_OK);
        assert_int_equal(link_new(&p.c.l), ST_OK);
        assert_int_equal(link_dial(p.c.l, p.endpoint, &p.client, p.server.pub, &p.dial), ST_OK);
        while (counters(&p.s).refused_keys == 0 && ms() < end) {
            side_drain(&p.s, 5);
            side_drain(&p.c, 5);
        }
        assert_int_equal(counters(&p.s).refused_keys, 1);
        assert_int_equal(find(&p.c, MESSAGE_UP, NULL), -1);
        assert_int_equal(link_send(p.c.l, p.dial, slice_of("x", 1)), ST_NOT_FOUND);
        atomic_store(&late.answer, 200);
        assert_true(expect(&p.c, &p.s, MESSAGE_UP, NULL) >= 0);
        assert_served(&p, "akhirnya");
        pair_done(&p);
    }
}

/* ---- hostile peers ---- */

struct raw { void *ctx, *z; };

static struct raw raw_dial(struct pair *p, const struct link_keys *keys, const char *rid)
{
    struct raw r = { zmq_ctx_new(), NULL };
    int zero = 0;

    r.z = zmq_socket(r.ctx, ZMQ_DEALER);
    assert_non_null(r.z);
    zmq_setsockopt(r.z, ZMQ_LINGER, &zero, sizeof zero);
    if (rid) zmq_setsockopt(r.z, ZMQ_ROUTING_ID, rid, strlen(rid));
    assert_int_equal(zmq_setsockopt(r.z, ZMQ_CURVE_SERVERKEY, p->server.pub, PUBKEY_SIZE), 0);
    assert_int_equal(zmq_setsockopt(r.z, ZMQ_CURVE_PUBLICKEY, keys->pub, PUBKEY_SIZE), 0);
    assert_int_equal(zmq_setsockopt(r.z, ZMQ_CURVE_SECRETKEY, keys->secret, 32), 0);
    assert_int_equal(zmq_connect(r.z, p->endpoint), 0);
    return r;
}

static void raw_done(struct raw *r)
{
    zmq_close(r->z);
    zmq_ctx_term(r->ctx);
}

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

static struct sockaddr_in loopback(unsigned port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

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
    assert_true(relay.passed > CREDIT_BYTES);
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

/* Much more than the guard's allowance, all of it honest. */
static void guard_leaves_busy_peers_alone(void **state)
{
    struct pair p;
    uint8_t *frame = calloc(1, FRAME_BYTES_MAX / 4);
    int64_t begin = ms(), end = begin + WAIT_MS;
    unsigned sent = 0, got = 0;
    const unsigned all = 256;           /* 64 MiB at least, and four checks of the guard */

    (void)state;
    assert_non_null(frame);
    pair_init(&p);
    listen_tcp(&p);
    pair_dial(&p);
    while ((got < all || ms() - begin < 1000) && ms() < end) {
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

/* ---- coming and going ---- */

static void server_restart_is_down_then_up(void **state)
{
    struct pair p;
    char err[200];
    int up2;

    (void)state;
    pair_init(&p);
    listen_tcp(&p);
    pair_dial(&p);
    assert_served(&p, "lama");
    link_free(&p.s.l);
    assert_true(expect(&p.c, NULL, MESSAGE_DOWN, NULL) >= 0);
    assert_int_equal(link_send(p.c.l, p.dial, slice_of("hilang", 6)), ST_NOT_FOUND);
    p.c.n = 0;
    p.s.n = 0;
    assert_int_equal(link_new(&p.s.l), ST_OK);
    assert_int_equal(link_listen(p.s.l, p.endpoint, &p.server, admit, &p.a, err, sizeof err), ST_OK);
    up2 = expect(&p.c, &p.s, MESSAGE_UP, NULL);
    assert_true(up2 >= 0);
    assert_int_equal(p.c.log[up2].peer, p.dial);
    assert_served(&p, "baru");
    assert_int_equal(find(&p.s, MESSAGE_DATA, "hilang"), -1);
    pair_done(&p);
}

static void closed_peer_gets_last_words_and_a_new_id(void **state)
{
    struct pair p;
    peer_id first, second;
    int i;

    (void)state;
    pair_init(&p);
    listen_ipc(&p, "close");
    pair_dial(&p);
    say(&p.c, p.dial, "satu");
    i = expect(&p.s, &p.c, MESSAGE_DATA, "satu");
    assert_true(i >= 0);
    first = p.s.log[i].peer;
    say(&p.s, first, "tolak");
    link_close(p.s.l, first);
    assert_int_equal(link_send(p.s.l, first, slice_of("x", 1)), ST_NOT_FOUND);
    assert_true(expect(&p.c, &p.s, MESSAGE_DOWN, NULL) >= 0);
    assert_true(find(&p.c, MESSAGE_DATA, "tolak") >= 0);
    assert_true(find(&p.c, MESSAGE_DATA, "tolak") < find(&p.c, MESSAGE_DOWN, NULL));
    p.c.n = 0;
    assert_true(expect(&p.c, &p.s, MESSAGE_UP, NULL) >= 0);
    say(&p.c, p.dial, "dua");
    i = expect(&p.s, &p.c, MESSAGE_DATA, "dua");
    assert_true(i >= 0);
    second = p.s.log[i].peer;
    assert_true(first != second);
    say(&p.s, second, "terima");
    assert_true(expect(&p.c, &p.s, MESSAGE_DATA, "terima") >= 0);
    pair_done(&p);
}

static void dialler_may_close_too(void **state)
{
    struct pair p;

    (void)state;
    pair_init(&p);
    listen_ipc(&p, "hangup");
    pair_dial(&p);
    link_close(p.c.l, p.dial);
    assert_true(expect(&p.c, &p.s, MESSAGE_DOWN, NULL) > find(&p.c, MESSAGE_UP, NULL));
    p.c.n = 0;
    assert_true(expect(&p.c, &p.s, MESSAGE_UP, NULL) >= 0);
    pair_done(&p);
}

static void full_queue_says_again(void **state)
{
    struct pair p;
    static const uint8_t frame[64 << 10];
    int rc = ST_OK;
    unsigned n;

    (void)state;
    pair_init(&p);
    listen_ipc(&p, "full");
    pair_dial(&p);
    for (n = 0; rc == ST_OK && n < 4096; n++) rc = link_send(p.c.l, p.dial, slice_of(frame, sizeof frame));
    assert_int_equal(rc, ST_AGAIN);
    assert_in_range(n, CREDIT_BATCHES, 4000);
    pair_done(&p);
}

static void paused_link_holds_messages_back(void **state)
{
    struct pair p;

    (void)state;
    pair_init(&p);
    listen_ipc(&p, "pause");
    pair_dial(&p);
    link_pause(p.s.l, true);
    say(&p.c, p.dial, "tunggu");
    for (int i = 0; i < 20; i++) side_drain(&p.s, 5);
    assert_int_equal(p.s.n, 0);
    link_pause(p.s.l, false);
    assert_true(expect(&p.s, &p.c, MESSAGE_DATA, "tunggu") >= 0);
    pair_done(&p);
}

/* ---- endpoints ---- */

static void endpoints_are_checked(void **state)
{
    char long_path[160] = "ipc:///tmp/";
    struct { const char *endpoint; int status; } cases[] = {
        { "tcp://127.0.0.1:40000", ST_INVALID },    { "tcp://127.0.0.1:0", ST_INVALID },        { "tcp://127.0.0.1", ST_INVALID },
        { "tcp://127.0.0.1:5x", ST_INVALID },       { "udp://127.0.0.1:5000", ST_INVALID },     { "ipc://", ST_INVALID },
        { long_path, ST_INVALID },                  { "ipc:///nonexistent-dir/x/y", ST_IO },
    };
    struct link_keys k = new_keys();
    struct admission a = { .n = 0, .others = 400 };
    char err[200];

    (void)state;
    memset(long_path + strlen(long_path), 'p', 120);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct link *l;

        *err = '\0';
        assert_int_equal(link_new(&l), ST_OK);
        assert_int_equal(link_listen(l, cases[i].endpoint, &k, admit, &a, err, sizeof err), cases[i].status);
        assert_true(*err);
        link_free(&l);
    }
}

static void taken_endpoints_are_busy(void **state)
{
    struct pair p, q;
    char err[200];

    (void)state;
    for (int tcp = 0; tcp < 2; tcp++) {
        pair_init(&p);
        pair_init(&q);
        if (tcp) listen_tcp(&p);
        else listen_ipc(&p, "busy");
        assert_int_equal(link_new(&q.s.l), ST_OK);
        assert_int_equal(link_listen(q.s.l, p.endpoint, &q.server, admit, &q.a, err, sizeof err), ST_BUSY);
        pair_dial(&p);
        assert_served(&p, "masih di sini");
        link_free(&q.s.l);
        pair_done(&p);
    }
}

/* ---- control ---- */

struct daemon { struct link *l; atomic_bool stop; bool mute; };

static void *daemon_main(void *arg)
{
    struct daemon *d = arg;
    struct message m;

    while (!atomic_load(&d->stop)) {
        if (link_wait(d->l, 20) != ST_OK) break;
        while (link_recv(d->l, &m) == ST_OK)
            if (link_is_control(d->l, m.peer) && !d->mute) link_send(d->l, m.peer, m.bytes);
        link_release(d->l);
    }
    return NULL;
}

static void control_answers(void **state)
{
    struct daemon d = { 0 };
    struct stat st;
    char path[128], *answer = NULL;
    size_t n = 0;
    pthread_t t;

    (void)state;
    snprintf(path, sizeof path, "%s/control", dir);
    assert_int_equal(link_new(&d.l), ST_OK);
    assert_int_equal(link_control(d.l, path), ST_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(link_control(d.l, path), ST_BUSY);
    assert_int_equal(pthread_create(&t, NULL, daemon_main, &d), 0);
    assert_int_equal(link_ask(path, slice_of("{\"q\":1}", 7), WAIT_MS, &answer, &n), ST_OK);
    assert_string_equal(answer, "{\"q\":1}");
    assert_int_equal(n, 7);
    free(answer);
    atomic_store(&d.stop, true);
    pthread_join(t, NULL);
    link_free(&d.l);
    assert_int_equal(access(path, F_OK), -1);
}

static void control_without_answer(void **state)
{
    struct daemon d = { .mute = true };
    char path[160], *answer = NULL;
    size_t n = 0;
    int64_t begin = ms();
    pthread_t t;

    (void)state;
    snprintf(path, sizeof path, "%s/nobody", dir);
    assert_int_equal(link_ask(path, slice_of("{}", 2), WAIT_MS, &answer, &n), ST_NOT_FOUND);
    assert_true(ms() - begin < WAIT_MS / 4);
    assert_int_equal(link_new(&d.l), ST_OK);
    assert_int_equal(link_control(d.l, path), ST_OK);
    assert_int_equal(pthread_create(&t, NULL, daemon_main, &d), 0);
    assert_int_equal(link_ask(path, slice_of("{}", 2), 100, &answer, &n), ST_AGAIN);
    assert_null(answer);
    atomic_store(&d.stop, true);
    pthread_join(t, NULL);
    link_free(&d.l);
    memset(path, 'p', 150);
    path[150] = '\0';
    assert_int_equal(link_ask(path, slice_of("{}", 2), 100, &answer, &n), ST_INVALID);
}

static void doorbells_are_published(void **state)
{
    struct link *l;
    char endpoint[128];
    void *ctx = zmq_ctx_new(), *sub = zmq_socket(ctx, ZMQ_SUB);
    char got[8] = "";
    int64_t end = ms() + WAIT_MS;
    int one = 1;

    (void)state;
    snprintf(endpoint, sizeof endpoint, "ipc://%s/bell", dir);
    assert_int_equal(link_new(&l), ST_OK);
    assert_int_equal(link_publish(l, slice_of("x", 1)), ST_NOT_FOUND);
    assert_int_equal(link_publisher(l, endpoint), ST_OK);
    zmq_setsockopt(sub, ZMQ_SUBSCRIBE, "", 0);
    zmq_setsockopt(sub, ZMQ_RCVTIMEO, &one, sizeof one);
    assert_int_equal(zmq_connect(sub, endpoint), 0);
    while (zmq_recv(sub, got, sizeof got, 0) < 0 && ms() < end) assert_int_equal(link_publish(l, slice_of("ting", 4)), ST_OK);
    assert_memory_equal(got, "ting", 4);
    zmq_close(sub);
    zmq_ctx_term(ctx);
    link_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(admitted_key_talks),
        cmocka_unit_test(largest_frame_passes),
        cmocka_unit_test(self_test_refuses_open_door),
        cmocka_unit_test(approved_later_gets_in),
        cmocka_unit_test(bad_frames_are_dropped_and_counted),
        cmocka_unit_test(unknown_key_is_refused),
        cmocka_unit_test(endless_multipart_is_cut),
        cmocka_unit_test(guard_leaves_busy_peers_alone),
        cmocka_unit_test(server_restart_is_down_then_up),
        cmocka_unit_test(closed_peer_gets_last_words_and_a_new_id),
        cmocka_unit_test(dialler_may_close_too),
        cmocka_unit_test(full_queue_says_again),
        cmocka_unit_test(paused_link_holds_messages_back),
        cmocka_unit_test(endpoints_are_checked),
        cmocka_unit_test(taken_endpoints_are_busy),
        cmocka_unit_test(control_answers),
        cmocka_unit_test(control_without_answer),
        cmocka_unit_test(doorbells_are_published),
    };
    int rc;

    snprintf(dir, sizeof dir, "/tmp/rekap-link-test-XXXXXX");
    if (!mkdtemp(dir)) return 1;
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(dir);
    return rc;
}
