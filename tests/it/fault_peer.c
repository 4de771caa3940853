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

bool fault_bad_dial(struct fault_bad *b, const struct fault *f, const char *endpoint, const uint8_t secret[32],
                    const uint8_t pub[PUBKEY_SIZE])
{
    char path[512], err[256];
    uint8_t server_secret[32], server[PUBKEY_SIZE];
    int none = 0, queue = 1000;
    world_path(&f->w, "keys/worker.key", path);
    if (conf_key_read(path, "curve25519", server_secret, server, err, sizeof err) != ST_OK) return false;
    b->context = zmq_ctx_new();
    b->socket = zmq_socket(b->context, ZMQ_DEALER);
    zmq_setsockopt(b->socket, ZMQ_LINGER, &none, sizeof none);
    zmq_setsockopt(b->socket, ZMQ_SNDHWM, &queue, sizeof queue);
    zmq_setsockopt(b->socket, ZMQ_CURVE_SERVERKEY, server, PUBKEY_SIZE);
    zmq_setsockopt(b->socket, ZMQ_CURVE_PUBLICKEY, pub, PUBKEY_SIZE);
    zmq_setsockopt(b->socket, ZMQ_CURVE_SECRETKEY, secret, 32);
    return zmq_connect(b->socket, endpoint) == 0;
}

bool fault_bad_collector(struct fault_bad *b, const struct fault *f, const char *endpoint)
{
    char path[512], err[256];
    uint8_t secret[32], pub[PUBKEY_SIZE];
    world_path(&f->w, "keys/collector.key", path);
    return conf_key_read(path, "curve25519", secret, pub, err, sizeof err) == ST_OK && fault_bad_dial(b, f, endpoint, secret, pub);
}

void fault_bad_close(struct fault_bad *b)
{
    if (b->socket) zmq_close(b->socket);
    if (b->context) zmq_ctx_term(b->context);
    *b = (struct fault_bad){ NULL, NULL };
}

/* ---- what it sends ---- */

static void send_noise(struct fault_bad *b, struct rng *r)
{
    uint8_t noise[512];
    size_t n = 1 + (size_t)rng_below(r, sizeof noise);
    for (size_t i = 0; i < n; i++) noise[i] = (uint8_t)rng_next(r);
    (void)zmq_send(b->socket, noise, n, ZMQ_DONTWAIT);
}

/* A right frame around a wrong message: every type in turn with noise for a payload, and a greeting with a byte changed. */
static void send_broken_frame(struct fault_bad *b, struct rng *r, unsigned type)
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

static void send_many_parts(struct fault_bad *b)
{
    for (unsigned i = 0; i < 50; i++) (void)zmq_send(b->socket, "RKAP", 4, ZMQ_DONTWAIT | ZMQ_SNDMORE);
    (void)zmq_send(b->socket, "RKAP", 4, ZMQ_DONTWAIT);
}

static void send_huge(struct fault_bad *b)
{
    char *huge = calloc(1, HUGE);
    if (huge) (void)zmq_send(b->socket, huge, HUGE, ZMQ_DONTWAIT);
    free(huge);
}

static void misbehave(struct fault_bad *b, struct rng *r, unsigned round)
{
    send_noise(b, r);
    send_broken_frame(b, r, 1 + round % (MSG_TYPE_COUNT - 1));
    (void)zmq_send(b->socket, "", 0, ZMQ_DONTWAIT);
    if (round % 4 == 1) send_many_parts(b);
    if (round % 8 == 3) send_huge(b);
}

/* ---- the tests ---- */

int64_t fault_counter(const struct fault *f, const char *name)
{
    json_t *j = world_status(&f->w, WORLD_WORKER);
    const json_t *n = json_object_get(j, "counters"), *in[] = {n, json_object_get(n, "link"), json_object_get(n, "sessions"), NULL};
    int64_t v = 0;
    for (size_t i = 0; i < 3; i++) {
        v += world_number(in[i], name);
        v += world_number(json_object_get(in[i], "nacks_by_code"), name);
    }
    json_decref(j);
    return v;
}

struct counted { const struct fault *f; const char *name; int64_t above; };
static bool has_counted(void *ctx)
{
    const struct counted *c = ctx;
    return fault_counter(c->f, c->name) > c->above;
}

bool fault_counted(const struct fault *f, const char *name, int64_t above)
{
    struct counted c = { f, name, above };
    return world_until(TOLD_MS, has_counted, &c);
}

/* The honest office pushes while the bad peer talks: each of its files, one push after the other. */
static void honest_beside(struct fault *f, struct fault_bad *b, const char *who)
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

static void admitted_key(struct fault *f)
{
    static const char *const counters[] = { "dropped_multipart", "nacks", "FORMAT_SALAH" };
    struct fault_bad b = { NULL, NULL };
    bool ok = fault_bad_collector(&b, f, f->w.feed);
    world_check(ok, "the bad peer cannot dial");
    if (ok) honest_beside(f, &b, "an admitted key that sends garbage");
    for (size_t i = 0; ok && i < sizeof counters / sizeof *counters; i++)
        world_check(fault_counted(f, counters[i], 0), "the worker has not counted any %s", counters[i]);
    fault_bad_close(&b);
}

static void unknown_key(struct fault *f)
{
    uint8_t secret[32], pub[PUBKEY_SIZE];
    struct fault_bad b = { NULL, NULL };
    int64_t before = fault_counter(f, "refused_keys");
    randombytes_buf(secret, sizeof secret);
    crypto_scalarmult_base(pub, secret);
    bool ok = fault_bad_dial(&b, f, f->w.feed, secret, pub);
    world_check(ok, "the unknown peer cannot dial");
    if (ok) send_huge(&b);
    world_check(fault_counted(f, "refused_keys", before), "an unknown key was not refused and counted");
    world_check(fault_push(f, 1, 0, 12, "--wait") == 0, "an honest push beside an unknown key");
    fault_bad_close(&b);
}

/* ---- a wrong signature ---- */

static void send_message(struct fault_bad *b, unsigned type, const struct field *fields)
{
    struct buf m;
    buf_init(&m, FRAME_BYTES_MAX);
    world_check(codec_build(&m, type, fields) && zmq_send(b->socket, m.p, m.n, 0) >= 0, "%s cannot be sent", codec_msg_name(type));
    buf_done(&m);
}

/* The first message of this type that comes, copied; false at the deadline. */
static bool await_message(struct fault_bad *b, unsigned type, struct buf *ret, struct field fields[FIELDS_MAX])
{
    static uint8_t bytes[FRAME_BYTES_MAX];
    int wait = 200;
    zmq_setsockopt(b->socket, ZMQ_RCVTIMEO, &wait, sizeof wait);
    for (int64_t end = world_ms() + TOLD_MS; world_ms() < end;) {
        struct frame fr;
        unsigned code;
        int n = zmq_recv(b->socket, bytes, sizeof bytes, 0);
        if (n < 0 || codec_frame_parse(slice_of(bytes, (size_t)n), &fr, &code) != ST_OK || fr.type != type) continue;
        buf_clear(ret);
        buf_put(ret, bytes, (size_t)n);
        return codec_frame_parse(buf_slice(ret), &fr, &code) == ST_OK && codec_fields(&fr, fields) == ST_OK;
    }
    return false;
}

/* One budget line of the office, right in all but who signed it: the key of another office did. */
static void send_forged(struct fault_bad *b, const struct fault *f, const struct load_office *as, const struct load_office *by)
{
    static const struct figure figure = {
        .activity = CODE_TOTAL, .year = 2020, .measure = MEASURE_BUDGET, .month = 1, .kind = VALUE_NUMBER, .value = 100};
    char below[96], path[512], err[256];
    uint8_t seed[32], pub[PUBKEY_SIZE], sig[SIG_SIZE] = { 0 };
    struct buf body, header;
    struct signer ring;
    snprintf(below, sizeof below, "keys/office/%s.key", by->id);
    world_path(&f->w, below, path);
    bool ok = conf_key_read(path, "ed25519", seed, pub, err, sizeof err) == ST_OK && sign_ed25519_ring_new(&ring) == ST_OK;
    world_check(ok, "no key to forge with: %s", err);
    if (!ok) return;
    const struct slice office = slice_of(as->id, strlen(as->id)), forger = slice_of(by->id, strlen(by->id));
    const struct section section = { .office = office, .year = 2020, .vintage = VINTAGE_PERMENDAGRI_90_2019, .entered = { 1 } };
    buf_init(&body, BATCH_BYTES_MAX);
    buf_init(&header, BATCH_BYTES_MAX);
    codec_put_array(&body, 1);
    codec_section_begin(&body, &section, 1);
    codec_row_put(&body, &figure);
    const struct batch_header h = { .installation = { 1 }, .office = office, .epoch = 77, .sequence = 1, .count = 1,
                                    .body_hash = sign_hash(body.p, body.n), .signed_at = { 1 }, .key_id = sign_key_id(pub) };
    codec_batch_header_put(&header, &h);
    (void)sign_ed25519_ring_add(&ring, forger, seed);
    (void)ring.sign(ring.ctx, forger, buf_slice(&header), sig);
    const struct field batch[] = { { .s = buf_slice(&header) }, { .s = slice_of(sig, SIG_SIZE) }, { .s = buf_slice(&body) } };
    send_message(b, MSG_BATCH, batch);
    sign_ed25519_ring_free(&ring);
    buf_done(&body);
    buf_done(&header);
}

/* A batch of office 2 signed by office 0's key is refused with its code, nothing of it is ever shown, and the honest ones go on. */
static void wrong_signature(struct fault *f)
{
    static const char role[] = "collector", node[] = "palsu";
    static const uint8_t installation[16] = { 1 }, nothing[HASH_SIZE];
    const struct load_office *as = &f->load.o[2];
    const struct field hello[] = {{.u = 1},
                                  {.u = 1},
                                  {.s = slice_of(installation, 16)},
                                  {.s = slice_of(role, sizeof role - 1)},
                                  {.s = slice_of(node, sizeof node - 1)},
                                  {.u = 1}};
    const struct field open[] = {
        {.s = slice_of(as->id, strlen(as->id))}, {.u = 0}, {.u = 77}, {.u = 0}, {.s = slice_of(nothing, HASH_SIZE)}};
    struct field v[FIELDS_MAX];
    struct fault_bad b = { NULL, NULL };
    struct buf got;
    buf_init(&got, FRAME_BYTES_MAX);
    bool ok = fault_bad_collector(&b, f, f->w.feed);
    if (ok) send_message(&b, MSG_HELLO, hello);
    ok = ok && await_message(&b, MSG_HELLO_OK, &got, v);
    if (ok) send_message(&b, MSG_OPEN, open);
    ok = ok && await_message(&b, MSG_OPEN_OK, &got, v);
    world_check(ok, "the forger is not greeted as a collector is");
    if (ok) send_forged(&b, f, as, &f->load.o[0]);
    bool refused = ok && await_message(&b, MSG_NACK, &got, v);
    world_check(refused && v[4].u == CODE_BAD_SIGNATURE, "a wrong signature is answered with %d", refused ? (int)v[4].u : -1);
    world_check(fault_counted(f, "TANDA_TANGAN_TIDAK_SAH", 0), "the worker's status does not count the wrong signature");
    world_check(fault_push(f, 1, 12, LOAD_FILES, "--wait") == 0, "an honest push beside a forger");
    buf_done(&got);
    fault_bad_close(&b);
}

void fault_peer(const char *bin)
{
    static struct fault f;
    if (fault_begin(&f, bin, 3)) {
        admitted_key(&f);
        unknown_key(&f);
        wrong_signature(&f);
        fault_exact(&f, 2, "after bad peers");
    }
    fault_end(&f);
}
