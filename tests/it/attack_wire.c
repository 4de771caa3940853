/* attack_wire.c - attacks of who has no key at all: connections and bytes. Kind: E, tests only.
 *
 * As many connections as the limit of this process allows, at most CONNECTIONS; one that the worker ended is opened again at
 * once. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "proto/rng.h"
#include "tests/it/attack.h"

enum { CONNECTIONS = 10000, SPARE_FDS = 200, ROUND_MS = 2, NOISE = 4096, SEND_MS = 20, BIG = 128 << 10 };

/* ---- many connections ---- */

struct crowd { int *fd; unsigned n, at; };

static bool crowd_init(struct crowd *c, unsigned most)
{
    struct rlimit r;
    *c = (struct crowd){ .n = most };
    if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < most + SPARE_FDS)
        c->n = r.rlim_cur > 2 * SPARE_FDS ? (unsigned)r.rlim_cur - SPARE_FDS : SPARE_FDS;
    c->fd = malloc(c->n * sizeof *c->fd);
    for (unsigned i = 0; c->fd && i < c->n; i++) c->fd[i] = -1;
    return c->fd != NULL;
}

static void crowd_done(struct crowd *c)
{
    for (unsigned i = 0; i < c->n; i++) wire_close(&c->fd[i]);
    free(c->fd);
}

/* The next place of the crowd, with a connection; *ret_fresh: it was opened now. NULL: not now. */
static int *crowd_next(struct crowd *c, struct attack *a, bool *ret_fresh)
{
    int *fd = &c->fd[c->at++ % c->n];
    *ret_fresh = false;
    if (*fd >= 0 && wire_gone(*fd)) {
        wire_close(fd);
        a->cut++;
    }
    if (*fd >= 0) return fd;
    *fd = wire_connect(a->port, 0);
    *ret_fresh = *fd >= 0;
    a->done += *ret_fresh;
    return *ret_fresh ? fd : NULL;
}

typedef void (*each_fn)(struct attack *a, int fd, bool fresh, struct rng *r);

static void with_crowd(struct attack *a, unsigned most, int64_t until, each_fn each)
{
    struct crowd c;
    struct rng r;
    rng_seed(&r, 11);
    if (!crowd_init(&c, most)) return;
    while (world_ms() < until) {
        bool fresh;
        const int *fd = crowd_next(&c, a, &fresh);
        if (fd) each(a, *fd, fresh, &r);
        if (!fd || c.at % c.n == 0) world_pause(ROUND_MS);
    }
    crowd_done(&c);
}

static void nothing(struct attack *a, int fd, bool fresh, struct rng *r) { (void)a, (void)fd, (void)fresh, (void)r; }
void wire_idle(struct attack *a, int64_t until_ms) { with_crowd(a, CONNECTIONS, until_ms, nothing); }

/* ---- half a handshake ---- */

static void greet_only(struct attack *a, int fd, bool fresh, struct rng *r)
{
    uint8_t greeting[WIRE_GREETING];
    (void)a, (void)r;
    wire_greeting(greeting);
    if (fresh) (void)wire_send(fd, greeting, sizeof greeting, SEND_MS);
}
void wire_half_greeting(struct attack *a, int64_t until_ms) { with_crowd(a, 2000, until_ms, greet_only); }

/* The dearest thing that nobody must prove anything for: the worker opens a box and makes another. */
static void hello_only(struct attack *a, int fd, bool fresh, struct rng *r)
{
    static uint8_t both[WIRE_GREETING + WIRE_HELLO];
    uint8_t transient[32];
    (void)r;
    if (both[0] == 0) {
        wire_greeting(both);
        wire_hello(a->server, both + WIRE_GREETING, transient);
    }
    if (fresh) (void)wire_send(fd, both, sizeof both, SEND_MS);
}
void wire_half_hello(struct attack *a, int64_t until_ms) { with_crowd(a, 2000, until_ms, hello_only); }

/* ---- a byte at a time ---- */

static void one_byte(struct attack *a, int fd, bool fresh, struct rng *r)
{
    uint8_t greeting[WIRE_GREETING];
    (void)a, (void)fresh;
    wire_greeting(greeting);
    (void)wire_send(fd, greeting + (fresh ? 0 : rng_below(r, WIRE_GREETING)), 1, 0);
}
void wire_slow(struct attack *a, int64_t until_ms) { with_crowd(a, 1000, until_ms, one_byte); }

/* ---- bytes that mean nothing, and commands that mean something else ---- */

static void noise(uint8_t *p, size_t n, struct rng *r)
{
    for (size_t i = 0; i < n; i++) p[i] = (uint8_t)rng_next(r);
}

static void garbage(struct attack *a, int fd, bool fresh, struct rng *r)
{
    uint8_t b[NOISE];
    (void)a, (void)fresh;
    noise(b, sizeof b, r);
    (void)wire_send(fd, b, 1 + rng_below(r, sizeof b), 0);
}
void wire_garbage(struct attack *a, int64_t until_ms) { with_crowd(a, 200, until_ms, garbage); }

/* A right greeting, then frames of any kind and any length: a few bytes of them, and lengths up to 2^63. */
static void command(struct attack *a, int fd, bool fresh, struct rng *r)
{
    static const char *const names[] = { "\5HELLO",   "\7WELCOME", "\10INITIATE", "\5READY",
                                         "\7MESSAGE", "\5ERROR", "\4PING", "\11SUBSCRIBE" };
    uint8_t b[WIRE_GREETING + 512];
    size_t n = 0;
    (void)a;
    if (fresh) wire_greeting(b), n = WIRE_GREETING;
    const char *name = names[rng_below(r, sizeof names / sizeof *names)];
    size_t length = strlen(name), body = length + rng_below(r, 200);
    if (rng_below(r, 4) == 0) {
        b[n] = (uint8_t)rng_below(r, 8);
        noise(b + n + 1, 8, r);
        n += 9;
    } else {
        b[n] = 4;
        b[n + 1] = (uint8_t)body;
        n += 2;
    }
    memcpy(b + n, name, length);
    noise(b + n + length, body - length, r);
    (void)wire_send(fd, b, n + body, 0);
}
void wire_commands(struct attack *a, int64_t until_ms) { with_crowd(a, 200, until_ms, command); }

/* Before anybody has asked for a key: a command that says it is nearly a megabyte, and is. */
static void swell(struct attack *a, int fd, bool fresh, struct rng *r)
{
    static uint8_t b[WIRE_GREETING + 9 + BIG];
    (void)a, (void)r;
    wire_greeting(b);
    b[WIRE_GREETING] = 6;
    bytes_be64(b + WIRE_GREETING + 1, (1 << 20) - 1);
    (void)(fresh ? wire_send(fd, b, sizeof b, SEND_MS) : wire_send(fd, b + WIRE_GREETING + 9, BIG, 0));
}
void wire_swollen(struct attack *a, int64_t until_ms) { with_crowd(a, 500, until_ms, swell); }

/* The whole handshake with a key that nobody registered. */
void wire_stranger(struct attack *a, int64_t until_ms)
{
    struct curve_keys k;
    struct curve c;
    while (world_ms() < until_ms) {
        if (crypto_box_keypair(k.pub, k.secret) != 0) return;
        bool in = curve_dial(&c, a->port, 0, &k, a->server, 2000);
        if (in) world_check(false, "an unknown key was let in");
        a->done++;
        a->cut += !in;
        curve_close(&c);
        if (in) return;
    }
}
