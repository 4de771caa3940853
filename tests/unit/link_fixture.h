/* link_fixture.h - what the tests of the network port share: a pair of links on real sockets (ipc:// in a directory of its own, tcp
 * on a free port below the ephemeral range), what came out of each side, and a wait for it with a deadline. Nothing sleeps, and a
 * link is driven only by its own link_wait(). */
#ifndef REKAP_LINK_FIXTURE_H
#define REKAP_LINK_FIXTURE_H

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

enum { WAIT_MS = 240 * 1000, LOG_MAX = 64 };     /* a deadline for what fails; nothing waits so long that goes well */

static char dir[64];

struct admission { uint8_t key[4][PUBKEY_SIZE]; unsigned n; atomic_int others; };     /* others: the answer to unknown keys */

static inline int admit(void *ctx, const uint8_t key[PUBKEY_SIZE])
{
    struct admission *a = ctx;

    for (unsigned i = 0; i < a->n; i++)
        if (memcmp(a->key[i], key, PUBKEY_SIZE) == 0) return 200;
    return atomic_load(&a->others);
}

/* Answers `late` only for one key; used for approval after the first attempt. */
struct late { uint8_t key[PUBKEY_SIZE]; atomic_int answer; };

static inline int admit_late(void *ctx, const uint8_t key[PUBKEY_SIZE])
{
    struct late *a = ctx;

    return memcmp(a->key, key, PUBKEY_SIZE) == 0 ? atomic_load(&a->answer) : 400;
}

static inline int admit_everybody(void *ctx, const uint8_t *key)
{
    (void)ctx;
    (void)key;
    return 200;
}

static inline int64_t ms(void)
{
    struct clock c = clock_posix();

    return c.now(c.ctx).mono.us / 1000;
}

static inline struct link_keys new_keys(void)
{
    struct link_keys k;

    assert_true(sodium_init() >= 0);
    crypto_box_keypair(k.pub, k.secret);
    return k;
}

/* One side under test: a link and what came out of it. */
struct side { struct link *l; bool deaf; unsigned n;
              struct { int what; peer_id peer; uint8_t key[PUBKEY_SIZE]; char text[64]; size_t n; } log[LOG_MAX]; };

static inline void side_drain(struct side *s, int timeout_ms)
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

static inline int find(const struct side *s, int what, const char *text)
{
    for (unsigned i = 0; i < s->n; i++)
        if (s->log[i].what == what && (!text || strcmp(s->log[i].text, text) == 0)) return (int)i;
    return -1;
}

/* Drives both sides until `s` has seen it; -1 at the deadline. */
static inline int expect(struct side *s, struct side *other, int what, const char *text)
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

static inline void say(struct side *s, peer_id to, const char *text)
{
    assert_int_equal(link_send(s->l, to, slice_of(text, strlen(text))), ST_OK);
}

struct pair { struct link_keys server, client; struct admission a; struct side s, c; char endpoint[128]; peer_id dial; };

static inline void listen_ipc(struct pair *p, const char *name)
{
    char err[200];

    snprintf(p->endpoint, sizeof p->endpoint, "ipc://%s/%s", dir, name);
    assert_int_equal(link_new(&p->s.l), ST_OK);
    assert_int_equal(link_listen(p->s.l, p->endpoint, &p->server, admit, &p->a, err, sizeof err), ST_OK);
}

static inline void listen_tcp(struct pair *p)
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

static inline void pair_init(struct pair *p)
{
    memset(p, 0, sizeof *p);
    p->server = new_keys();
    p->client = new_keys();
    memcpy(p->a.key[0], p->client.pub, PUBKEY_SIZE);
    p->a.n = 1;
    atomic_store(&p->a.others, 400);
}

static inline void pair_dial(struct pair *p)
{
    assert_int_equal(link_new(&p->c.l), ST_OK);
    assert_int_equal(link_dial(p->c.l, p->endpoint, &p->client, p->server.pub, &p->dial), ST_OK);
    assert_true(expect(&p->c, &p->s, MESSAGE_UP, NULL) >= 0);
}

static inline void pair_done(struct pair *p)
{
    link_free(&p->c.l);
    link_free(&p->s.l);
    assert_null(p->s.l);
}

static inline struct link_counters counters(const struct side *s)
{
    struct link_counters c;

    link_counters(s->l, &c);
    return c;
}

/* The honest client still gets an answer. */
static inline void assert_served(struct pair *p, const char *text)
{
    int i;

    say(&p->c, p->dial, text);
    i = expect(&p->s, &p->c, MESSAGE_DATA, text);
    assert_true(i >= 0);
    say(&p->s, p->s.log[i].peer, text);
    assert_true(expect(&p->c, &p->s, MESSAGE_DATA, text) >= 0);
}

/* A peer that speaks the message library directly, as nothing of ours would. rid: the routing id it gives itself; NULL. */
struct raw { void *ctx, *z; };

static inline struct raw raw_dial(struct pair *p, const struct link_keys *keys, const char *rid)
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

static inline void raw_done(struct raw *r)
{
    zmq_close(r->z);
    zmq_ctx_term(r->ctx);
}

static inline struct sockaddr_in loopback(unsigned port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static inline int run_in_directory(int (*run)(void))
{
    int rc;

    snprintf(dir, sizeof dir, "/tmp/rekap-link-test-XXXXXX");
    if (!mkdtemp(dir)) return 1;
    rc = run();
    rmdir(dir);
    return rc;
}

#endif
