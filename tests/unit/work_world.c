/* work_world.c - see work_world.h. Signatures are keyed hashes unless a test asks for Ed25519: what is tested is the order of the
 * checks and what hangs on them, and that is the same for both. */
#include "work_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct slice text(const char *s)
{
    return slice_of(s, strlen(s));
}

/* ---- keys and signatures ---- */

static void derive(const char *what, const char *id, size_t n, uint8_t ret[32])
{
    struct hash h = sign_hash2(what, strlen(what), id, n);

    memcpy(ret, h.b, 32);
}

void work_world_transport(const char *id, uint8_t ret[PUBKEY_SIZE])
{
    derive("transport", id, strlen(id), ret);
}

void work_world_follower_key(uint8_t ret[PUBKEY_SIZE])
{
    derive("follower", "", 0, ret);
}

static int fake_public(void *ctx, struct slice office, uint8_t ret[PUBKEY_SIZE])
{
    (void)ctx;
    derive("signing", (const char *)office.p, office.n, ret);
    return ST_OK;
}

static void fake_mac(const uint8_t pub[PUBKEY_SIZE], struct slice msg, uint8_t ret[SIG_SIZE])
{
    struct hash h = sign_hash2(pub, PUBKEY_SIZE, msg.p, msg.n);

    memcpy(ret, h.b, HASH_SIZE);
    memcpy(ret + HASH_SIZE, h.b, HASH_SIZE);
}

static int fake_sign(void *ctx, struct slice office, struct slice msg, uint8_t ret[SIG_SIZE])
{
    uint8_t pub[PUBKEY_SIZE];

    fake_public(ctx, office, pub);
    fake_mac(pub, msg, ret);
    return ST_OK;
}

static bool fake_verify(void *ctx, const uint8_t pub[PUBKEY_SIZE], struct slice msg, const uint8_t sig[SIG_SIZE])
{
    uint8_t right[SIG_SIZE];

    (void)ctx;
    fake_mac(pub, msg, right);
    return memcmp(right, sig, SIG_SIZE) == 0;
}

static void real_keys(struct world *w, const char *id)
{
    uint8_t seed[32];

    derive("seed", id, strlen(id), seed);
    assert_int_equal(sign_ed25519_ring_add(&w->signer, text(id), seed), ST_OK);
}

/* ---- the world ---- */

void work_world_register(struct world *w, const char *id, const char *region, unsigned role, unsigned status, int64_t valid_to_ms)
{
    struct office o = {
        .role = (uint8_t)role, .status = (uint8_t)status, .valid_from = { INT64_MIN }, .valid_to = { valid_to_ms }
    };
    char line[1024], err[256];
    struct registry *r = NULL;

    memcpy(o.id, id, strlen(id) + 1);
    memcpy(o.name, id, strlen(id) + 1);
    assert_int_equal(code_region_parse(text(region), &o.region), ST_OK);
    work_world_transport(id, o.transport);
    assert_int_equal(w->signer.public_key(w->signer.ctx, text(id), o.signing), ST_OK);
    assert_true(registry_line_format(&o, line, sizeof line) > 0);
    buf_printf(&w->registry_text, "%s\n", line);
    if (registry_parse(buf_slice(&w->registry_text), &r, err, sizeof err) != ST_OK) fail_msg("%s", err);
    registry_free(&w->old_registry);
    w->old_registry = w->registry;
    w->registry = r;
    if (w->work != NULL) work_set_registry(w->work, r);
}

static void start(struct world *w)
{
    struct work_options o = { .identity = { .id = "w1", .number = 1, .incarnation = { 7, 7 } },
                              .verifier = w->verifier,
                              .signer = &w->signer,
                              .follower_keys = 1 };
    struct store_txn *t = NULL;

    if (w->incarnation != 0) o.identity.incarnation[0] = w->incarnation;
    work_world_follower_key(o.follower_key[0]);
    work_world_follower_key(o.replica_key[0]);
    o.acks = w->acks;
    o.replica_keys = w->acks == 2;
    assert_int_equal(work_new(&o, &w->work), ST_OK);
    w->node = work_node(w->work);
    work_set_registry(w->work, w->registry);
    assert_int_equal(store_begin(w->store, true, &t), ST_OK);
    assert_int_equal(w->node.ops->recover(w->node.self, t, w->now), ST_OK);
    assert_int_equal(store_commit(&t), ST_OK);
}

void work_world_init(struct world *w, bool ed25519)
{
    static const char *const ids[] = { OFFICE_A, OFFICE_B, OFFICE_C, TREASURER };

    memset(w, 0, sizeof *w);
    w->now = (struct now){ { 1000000 }, { 1700000000000 } };
    w->signer = (struct signer){ NULL, fake_sign, fake_public };
    w->verifier = (struct verifier){ NULL, fake_verify };
    if (ed25519) {
        assert_int_equal(sign_ed25519_ring_new(&w->signer), ST_OK);
        w->verifier = sign_ed25519_verifier();
        for (size_t i = 0; i < 4; i++) real_keys(w, ids[i]);
        real_keys(w, CENTRE);
        real_keys(w, TREE_SIGNER_ID);
    }
    buf_init(&w->registry_text, 1 << 20);
    buf_str(&w->registry_text, "#rekap-office 1\n");
    for (size_t i = 0; i < 4; i++)
        work_world_register(w, ids[i], i == 2 ? "33.02" : "33.74", i == 3 ? ROLE_TREASURER : ROLE_OFFICE, OFFICE_ACTIVE, INT64_MAX);
    assert_int_equal(store_mem_new(ledger_tables, &w->store), ST_OK);
    assert_int_equal(effects_init(&w->x, 64 << 20), ST_OK);
    start(w);
}

void work_world_done(struct world *w)
{
    store_abort(&w->t);
    work_free(&w->work);
    store_mem_free(&w->store);
    effects_done(&w->x);
    registry_free(&w->registry);
    registry_free(&w->old_registry);
    buf_done(&w->registry_text);
    if (w->signer.ctx != NULL) sign_ed25519_ring_free(&w->signer);
}

static int setup(void **state, bool ed25519)
{
    struct world *w = malloc(sizeof *w);

    assert_non_null(w);
    work_world_init(w, ed25519);
    *state = w;
    return 0;
}

int work_world_setup(void **state)
{
    return setup(state, false);
}

int work_world_setup_ed25519(void **state)
{
    return setup(state, true);
}

int work_world_teardown(void **state)
{
    work_world_done(*state);
    free(*state);
    return 0;
}

void work_world_restart(struct world *w)
{
    store_mem_crash(w->store);
    w->t = NULL;
    effects_clear(&w->x);
    work_free(&w->work);
    start(w);
}

/* ---- steps ---- */

static void step_open(struct world *w)
{
    if (w->t != NULL) return;
    effects_clear(&w->x);
    w->released = false;
    assert_int_equal(store_begin(w->store, true, &w->t), ST_OK);
}

void work_world_frame(struct world *w, peer_id peer, const uint8_t key[PUBKEY_SIZE], struct slice frame)
{
    struct message m = { .what = MESSAGE_DATA, .peer = peer, .bytes = frame };

    memcpy(m.key, key, PUBKEY_SIZE);
    step_open(w);
    assert_int_equal(w->node.ops->on_message(w->node.self, w->t, w->now, &m, &w->x), ST_OK);
}

void work_world_send(struct world *w, peer_id peer, const char *office, unsigned type, const struct field *f)
{
    uint8_t key[PUBKEY_SIZE];
    struct buf b;

    if (office != NULL) work_world_transport(office, key);
    else work_world_follower_key(key);
    buf_init(&b, FRAME_BYTES_MAX);
    assert_true(codec_build(&b, type, f));
    work_world_frame(w, peer, key, buf_slice(&b));
    buf_done(&b);
}

static int abort_step(struct world *w)
{
    struct store_txn *t = NULL;

    store_abort(&w->t);
    effects_clear(&w->x);
    assert_int_equal(store_begin(w->store, false, &t), ST_OK);
    assert_int_equal(w->node.ops->on_abort(w->node.self, t, w->now), ST_OK);
    store_abort(&t);
    return ST_FULL;
}

int work_world_commit(struct world *w)
{
    int st;

    step_open(w);
    st = w->node.ops->on_tick(w->node.self, w->t, w->now, &w->x);
    if (st == ST_OK) st = w->node.ops->flush(w->node.self, w->t, w->now, &w->x);
    if (st == ST_OK) st = store_commit(&w->t);
    if (st == ST_FULL) return abort_step(w);
    assert_int_equal(st, ST_OK);
    w->released = true;
    return ST_OK;
}

static bool reply_at(const struct world *w, uint32_t i, struct frame *ret)
{
    unsigned code;

    assert_int_equal(codec_frame_parse(effects_bytes(&w->x, &w->x.e[i]), ret, &code), ST_OK);
    return true;
}

struct reply work_world_reply(const struct world *w, peer_id peer, unsigned type, unsigned index)
{
    struct reply r = { 0 };
    struct frame f;

    for (uint32_t i = 0; w->released && i < w->x.count; i++) {
        if (w->x.e[i].kind != EFFECT_SEND || w->x.e[i].peer != peer || !reply_at(w, i, &f) || f.type != type || index-- > 0)
            continue;
        codec_fields(&f, r.f);
        r.found = true;
        return r;
    }
    return r;
}

unsigned work_world_nack(const struct world *w, peer_id peer)
{
    struct reply r = work_world_reply(w, peer, MSG_NACK, 0);

    return r.found ? (unsigned)r.f[4].u : (unsigned)CODE_OK;
}

unsigned work_world_count(const struct world *w, peer_id peer, unsigned type)
{
    unsigned n = 0;

    while (work_world_reply(w, peer, type, n).found) n++;
    return n;
}

bool work_world_closed(const struct world *w, peer_id peer)
{
    for (uint32_t i = 0; i < w->x.count; i++)
        if (w->x.e[i].kind == EFFECT_CLOSE && w->x.e[i].peer == peer) return true;
    return false;
}

/* ---- conversations ---- */

void work_world_hello(struct world *w, peer_id peer, const char *office, uint8_t installation)
{
    uint8_t id[16] = { installation };
    const struct field f[] = { { .u = 1 },           { .u = 1 }, { .s = { id, 16 } }, { .s = text("collector") },
                               { .s = text("gen") }, { .u = 0 } };

    work_world_send(w, peer, office, MSG_HELLO, f);
    assert_int_equal(work_world_commit(w), ST_OK);
}

void work_world_open_again(struct world *w, const struct sender *s, uint64_t last, const struct hash *hash)
{
    static const struct hash zero;
    const struct field f[] = { { .s = text(s->office) }, { .u = 0 }, { .u = s->epoch }, { .u = last },
                               { .s = { hash != NULL ? hash->b : zero.b, HASH_SIZE } } };

    work_world_send(w, s->peer, s->office, MSG_OPEN, f);
    assert_int_equal(work_world_commit(w), ST_OK);
}

struct sender work_world_open(struct world *w, peer_id peer, const char *office, uint64_t epoch)
{
    struct sender s = { .office = office, .peer = peer, .epoch = epoch, .next = 1, .installation = 1 };

    work_world_hello(w, peer, office, s.installation);
    work_world_open_again(w, &s, 0, NULL);
    return s;
}

/* ---- batches ---- */

void work_world_body(struct buf *b, const char *office, unsigned source, unsigned measure, uint32_t rows, int64_t value)
{
    struct section s = { .office = text(office), .year = 2024, .source = (uint8_t)source, .vintage = VINTAGE_PERMENDAGRI_90_2019,
                         .entered = { 1700000000000 } };
    struct code_reading code;
    char digits[32];

    buf_clear(b);
    codec_put_array(b, 1);
    codec_section_begin(b, &s, rows);
    for (uint32_t i = 0; i < rows; i++) {
        int n = snprintf(digits, sizeof digits, "1.06.01.2.01.%04u", i / 12 + 1);
        struct figure f = { .measure = (uint16_t)measure,
                            .year = 2024,
                            .source = (uint8_t)source,
                            .month = (uint8_t)(i % 12 + 1),
                            .basis = measure == MEASURE_REALISED ? BASIS_CUMULATIVE : BASIS_NONE,
                            .kind = VALUE_NUMBER,
                            .value = value + i };

        assert_int_equal(code_parse_activity(VINTAGE_PERMENDAGRI_90_2019, slice_of(digits, (size_t)n), &code), ST_OK);
        f.activity = code.code;
        codec_row_put(b, &f);
    }
    assert_true(buf_ok(b));
}

void work_world_batch(struct world *w, struct sender *s, uint32_t count, struct slice body, struct buf *ret_frame)
{
    struct batch_header h = { .installation = { s->installation },
                              .office = text(s->office),
                              .epoch = s->epoch,
                              .sequence = s->next,
                              .count = count,
                              .previous = s->head,
                              .signed_at = { 1700000000000 } };
    uint8_t pub[PUBKEY_SIZE], sig[SIG_SIZE];
    struct buf header;

    assert_int_equal(w->signer.public_key(w->signer.ctx, h.office, pub), ST_OK);
    h.body_hash = sign_hash(body.p, body.n);
    h.key_id = sign_key_id(pub) + s->wrong_key_id;
    buf_init(&header, BATCH_HEADER_BYTES_MAX);
    codec_batch_header_put(&header, &h);
    assert_int_equal(w->signer.sign(w->signer.ctx, h.office, buf_slice(&header), sig), ST_OK);
    buf_clear(ret_frame);
    codec_frame_begin(ret_frame, MSG_BATCH);
    codec_batch_put(ret_frame, buf_slice(&header), sig, body);
    codec_frame_end(ret_frame);
    assert_true(buf_ok(ret_frame));
    s->head = codec_batch_hash(buf_slice(&header), slice_of(sig, SIG_SIZE));
    s->next += count;
    buf_done(&header);
}

void work_world_deliver(struct world *w, const struct sender *s, struct slice frame)
{
    uint8_t key[PUBKEY_SIZE];

    work_world_transport(s->office, key);
    work_world_frame(w, s->peer, key, frame);
}

void work_world_push(struct world *w, struct sender *s, uint32_t rows, int64_t value)
{
    struct buf body, frame;

    buf_init(&body, BATCH_BYTES_MAX);
    buf_init(&frame, FRAME_BYTES_MAX);
    work_world_body(&body, s->office, SOURCE_OPD, MEASURE_REALISED, rows, value);
    work_world_batch(w, s, rows, buf_slice(&body), &frame);
    work_world_deliver(w, s, buf_slice(&frame));
    buf_done(&body);
    buf_done(&frame);
}

/* ---- marks of quarters ---- */

struct signing { const struct world *w; const char *office; };

static int sign_text(void *ctx, struct slice message, uint8_t ret[SIG_SIZE])
{
    const struct signing *s = ctx;

    return s->w->signer.sign(s->w->signer.ctx, text(s->office), message, ret);
}

struct cut work_world_cut(const struct world *w, const char *actor, const char *region, unsigned version)
{
    struct cut c = { .year = 2022, .quarter = 4, .version = version, .registry = registry_version(w->registry), .at = w->now.wall };
    uint8_t pub[PUBKEY_SIZE];

    memcpy(c.actor, actor, strlen(actor) + 1);
    assert_int_equal(code_region_parse(text(region), &c.region), ST_OK);
    assert_int_equal(w->signer.public_key(w->signer.ctx, text(actor), pub), ST_OK);
    c.key_id = sign_key_id(pub);
    return c;
}

struct slice work_world_cut_note(struct world *w, const struct cut *c, const char *signer, struct buf *b)
{
    struct signing s = { w, signer };
    uint8_t pub[PUBKEY_SIZE];

    assert_int_equal(w->signer.public_key(w->signer.ctx, text(c->actor), pub), ST_OK);
    buf_init(b, CUT_NOTE_MAX);
    assert_int_equal(cut_put(c, pub, sign_text, &s, b), ST_OK);
    return buf_slice(b);
}

int work_world_ask_cut(struct world *w, struct slice note, struct work_mark *ret, unsigned *ret_code)
{
    struct store_txn *t = NULL;
    int st;

    assert_int_equal(store_begin(w->store, false, &t), ST_OK);
    st = work_cut(w->work, t, w->now, note, ret, ret_code);
    store_abort(&t);
    return st;
}
