/* fault_peer.c - a worker under bad peers: garbage, empty, multipart and oversized messages from a key that is admitted, and
 * attempts with a key that is not. An honest office works on meanwhile, the worker stays the same process and says what it dropped.
 *
 * The bad peer speaks ZeroMQ by itself (DEALER, CURVE), as nothing of ours would. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "proto/codec.h"
#include "proto/conf.h"
#include "tests/it/fault.h"

enum { ROUNDS = 40, HUGE = (1 << 20) + 4096, TOLD_MS = 10 * 1000 };

struct bad { void *context, *socket; };

static bool bad_dial(struct bad *b, const struct fault *f, const uint8_t secret[32], const uint8_t pub[PUBKEY_SIZE])
{
    char path[512], err[256], endpoint[160];
    uint8_t server_secret[32], server[PUBKEY_SIZE];
    int none = 0, queue = 1000;
    world_path(&f->w, "keys/worker.key", path);
    if (conf_key_read(path, "curve25519", server_secret, server, err, sizeof err) != ST_OK) return false;
    snprintf(endpoint, sizeof endpoint, "ipc://%s", f->w.feed);
    b->context = zmq_ctx_new();
    b->socket = zmq_socket(b->context, ZMQ_DEALER);
    zmq_setsockopt(b->socket, ZMQ_LINGER, &none, sizeof none);
    zmq_setsockopt(b->socket, ZMQ_SNDHWM, &queue, sizeof queue);
    zmq_setsockopt(b->socket, ZMQ_CURVE_SERVERKEY, server, PUBKEY_SIZE);
    zmq_setsockopt(b->socket, ZMQ_CURVE_PUBLICKEY, pub, PUBKEY_SIZE);
    zmq_setsockopt(b->socket, ZMQ_CURVE_SECRETKEY, secret, 32);
    return zmq_connect(b->socket, endpoint) == 0;
}

static void bad_close(struct bad *b)
{
    if (b->socket) zmq_close(b->socket);
    if (b->context) zmq_ctx_term(b->context);
    *b = (struct bad){ NULL, NULL };
}

/* ---- what it sends ---- */

static void send_noise(struct bad *b, struct rng *r)
{
    uint8_t noise[512];
    size_t n = 1 + (size_t)rng_below(r, sizeof noise);
    for (size_t i = 0; i < n; i++) noise[i] = (uint8_t)rng_next(r);
    (void)zmq_send(b->socket, noise, n, ZMQ_DONTWAIT);
}

/* A right frame around a wrong message: every type in turn with noise for a payload, and a greeting with a byte changed. */
static void send_broken_frame(struct bad *b, struct rng *r, unsigned type)
{
    uint8_t noise[64];
    struct buf frame;
    buf_init(&frame, FRAME_BYTES_MAX);
    codec_frame_begin(&frame, type);
    for (size_t i = 0; i < sizeof noise; i++) noise[i] = (uint8_t)rng_next(r);
    buf_put(&frame, noise, (size_t)rng_below(r, sizeof noise));
    codec_frame_end(&frame);
    if (buf_ok(&frame)) (void)zmq_send(b->socket, frame.p, frame.n, ZMQ_DONTWAIT);
    buf_done(&frame);
}

static void send_many_parts(struct bad *b)
{
    for (unsigned i = 0; i < 50; i++) (void)zmq_send(b->socket, "RKAP", 4, ZMQ_DONTWAIT | ZMQ_SNDMORE);
    (void)zmq_send(b->socket, "RKAP", 4, ZMQ_DONTWAIT);
}

static void send_huge(struct bad *b)
{
    char *huge = calloc(1, HUGE);
    if (huge) (void)zmq_send(b->socket, huge, HUGE, ZMQ_DONTWAIT);
    free(huge);
}

static void misbehave(struct bad *b, struct rng *r, unsigned round)
{
    send_noise(b, r);
    send_broken_frame(b, r, 1 + round % (MSG_TYPE_COUNT - 1));
    (void)zmq_send(b->socket, "", 0, ZMQ_DONTWAIT);
    if (round % 4 == 1) send_many_parts(b);
    if (round % 8 == 3) send_huge(b);
}

/* ---- the tests ---- */

struct counted { const struct fault *f; const char *name; int64_t more; };
static bool has_counted(void *ctx)
{
    const struct counted *c = ctx;
    json_t *j = world_status(&c->f->w, WORLD_WORKER);
    const json_t *n = json_object_get(j, "counters");
    int64_t v = world_number(json_object_get(n, "link"), c->name);
    if (!v) v = world_number(n, c->name);
    json_decref(j);
    return v > c->more;
}

/* The honest office pushes while the bad peer talks: each of its files, one push after the other. */
static void honest_beside(struct fault *f, struct bad *b, const char *who)
{
    struct rng r;
    rng_seed(&r, 5);
    pid_t worker = world_pid(&f->w, WORLD_WORKER);
    for (unsigned round = 0; round < ROUNDS; round++) misbehave(b, &r, round);
    world_check(fault_push(f, 0, 0, 12, "--wait") == 0, "an honest push beside %s", who);
    for (unsigned round = 0; round < ROUNDS; round++) misbehave(b, &r, round);
    world_check(fault_push(f, 0, 12, LOAD_FILES, "--wait") == 0, "a second honest push beside %s", who);
    world_check(world_pid(&f->w, WORLD_WORKER) == worker && worker > 0, "the worker did not survive %s", who);
}

/* Each kind on a connection of its own, because the worker ends a connection that broke a rule. */
static void admitted_key(struct fault *f)
{
    static const char *const counters[] = { "dropped_multipart", "nacks" };
    char path[512], err[256];
    uint8_t secret[32], pub[PUBKEY_SIZE];
    struct bad b = { NULL, NULL };
    world_path(&f->w, "keys/collector.key", path);
    bool ok = conf_key_read(path, "curve25519", secret, pub, err, sizeof err) == ST_OK && bad_dial(&b, f, secret, pub);
    world_check(ok, "the bad peer cannot dial");
    if (ok) honest_beside(f, &b, "an admitted key that sends garbage");
    for (size_t i = 0; ok && i < sizeof counters / sizeof *counters; i++) {
        struct counted c = { f, counters[i], 0 };
        world_check(world_until(TOLD_MS, has_counted, &c), "the worker has not counted any %s", counters[i]);
    }
    bad_close(&b);
}

static void unknown_key(struct fault *f)
{
    uint8_t secret[32], pub[PUBKEY_SIZE];
    struct bad b = { NULL, NULL };
    json_t *j = world_status(&f->w, WORLD_WORKER);
    struct counted c = { f, "refused_keys", world_number(json_object_get(json_object_get(j, "counters"), "link"), "refused_keys") };
    json_decref(j);
    randombytes_buf(secret, sizeof secret);
    crypto_scalarmult_base(pub, secret);
    bool ok = bad_dial(&b, f, secret, pub);
    world_check(ok, "the unknown peer cannot dial");
    if (ok) send_huge(&b);
    world_check(world_until(TOLD_MS, has_counted, &c), "an unknown key was not refused and counted");
    world_check(fault_push(f, 1, 0, LOAD_FILES, "--wait") == 0, "an honest push beside an unknown key");
    bad_close(&b);
}

void fault_peer(const char *bin)
{
    static struct fault f;
    if (fault_begin(&f, bin, 2)) {
        admitted_key(&f);
        unknown_key(&f);
        fault_exact(&f, 2, "after bad peers");
    }
    fault_end(&f);
}
