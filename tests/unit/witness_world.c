/* witness_world.c - see witness_world.h. */
#include "tests/unit/witness_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

static bool verify(void *ctx, const uint8_t pub[PUBKEY_SIZE], struct slice msg, const uint8_t sig[SIG_SIZE])
{
    struct hash h = sign_hash2(pub, PUBKEY_SIZE, msg.p, msg.n);
    (void)ctx;
    return !memcmp(h.b, sig, HASH_SIZE) && !memcmp(h.b, sig + HASH_SIZE, HASH_SIZE);
}

/* ---- the log ---- */

static int put(void *ctx, unsigned level, uint64_t index, const struct hash *h)
{
    struct tree *t = ctx;
    assert_true(level < LEVELS && index < SIZE);
    t->node[level][index] = *h;
    return ST_OK;
}

static int get(void *ctx, unsigned level, uint64_t index, struct hash *ret)
{
    const struct tree *t = ctx;
    assert_true(level < LEVELS && index < SIZE);
    *ret = t->node[level][index];
    return ST_OK;
}

struct merkle_nodes witness_world_nodes(struct tree *t)
{
    return (struct merkle_nodes){ t, put, get };
}

void witness_world_grow(struct tree *t, uint64_t special, const struct hash *leaf, uint8_t salt)
{
    const struct merkle_nodes nodes = { t, put, get };
    struct merkle m = { 0 };
    for (uint64_t i = 0; i < SIZE; i++) {
        uint8_t data[2] = { (uint8_t)i, i >= 4 ? salt : 0 };
        struct hash h = merkle_leaf(slice_of(data, 2));
        assert_int_equal(merkle_append(&m, leaf && i == special ? leaf : &h, &nodes), ST_OK);
    }
}

static int sign_note(void *ctx, struct slice msg, uint8_t ret_sig[SIG_SIZE])
{
    const struct signer *s = ctx;
    return s->sign(NULL, text(s->ctx), msg, ret_sig);
}

/* The checkpoint of the first `size` records, of whatever log, by whoever under whatever name; b is initialised here. */
struct slice witness_world_note(struct line *l, struct tree *t, uint64_t size, const struct as *as, struct buf *b)
{
    const struct merkle_nodes nodes = { t, put, get };
    struct merkle m;
    struct buf body;
    struct note_key k;
    struct signer port = l->f.signer;
    uint8_t pub[PUBKEY_SIZE];
    assert_int_equal(merkle_load(&nodes, size, &m), ST_OK);
    const struct note_checkpoint c = { .origin = text(as->origin), .size = size, .root = merkle_root(&m) };
    buf_init(&body, 4096);
    buf_init(b, NOTE_BYTES_MAX);
    note_checkpoint_put(&c, &body);
    port.ctx = strdup(as->signer);
    assert_non_null(port.ctx);
    assert_int_equal(l->f.signer.public_key(NULL, text(as->signer), pub), ST_OK);
    assert_int_equal(note_key_make(text(as->name), pub, &k), ST_OK);
    assert_int_equal(note_sign(buf_slice(&body), &k, sign_note, &port, b), ST_OK);
    free(port.ctx);
    buf_done(&body);
    return buf_slice(b);
}

/* ---- steps ---- */

int witness_world_setup(void **state)
{
    struct line *l = calloc(1, sizeof *l);
    outbox_fixture_init(&l->f);
    l->o = (struct witness_options){ .on = true, .verifier = { NULL, verify } };
    assert_int_equal(l->f.signer.public_key(NULL, text("log"), l->o.key), ST_OK);
    witness_world_grow(&l->log, 0, NULL, 1);
    witness_world_grow(&l->other, 0, NULL, 2);
    assert_int_equal(effects_init(&l->x, 1 << 20), ST_OK);
    witness_init(&l->w, &l->o);
    *state = l;
    return 0;
}

int witness_world_teardown(void **state)
{
    struct line *l = *state;
    effects_done(&l->x);
    outbox_fixture_done(&l->f);
    free(l);
    return 0;
}

void witness_world_greet(struct line *l, uint64_t incarnation)
{
    assert_int_equal(witness_greeted(&l->w, l->f.t, l->f.now, text("w1"), incarnation), ST_OK);
}

void witness_world_show(struct line *l, struct tree *t, uint64_t size)
{
    struct buf b;
    struct slice n = witness_world_note(l, t, size, &(struct as){ WITNESS_WORLD_NAME, WITNESS_WORLD_NAME, "log" }, &b);
    assert_int_equal(witness_checkpoint(&l->w, l->f.t, l->f.now, n), ST_OK);
    buf_done(&b);
}

/* Lets time pass; the question that is asked then, as its sizes. */
static bool asked(struct line *l, int64_t ms, uint64_t *ret_older, uint64_t *ret_newer)
{
    struct frame fr;
    struct field f[FIELDS_MAX];
    unsigned code;
    effects_clear(&l->x);
    l->f.now.mono.us += ms * 1000;
    assert_int_equal(witness_work(&l->w, l->f.t, l->f.now, WORKER, &l->x), ST_OK);
    if (l->x.count == 0) return false;
    assert_true(l->x.count == 1 && l->x.e[0].peer == WORKER);
    assert_int_equal(codec_frame_parse(effects_bytes(&l->x, &l->x.e[0]), &fr, &code), ST_OK);
    assert_int_equal(fr.type, MSG_PROVE);
    codec_fields(&fr, f);
    assert_int_equal(f[0].u, 2);
    *ret_older = f[1].u;
    *ret_newer = f[2].u;
    return true;
}

void witness_world_asks(struct line *l, int64_t ms, uint64_t older, uint64_t newer)
{
    uint64_t a = 0, b = 0;
    assert_true(asked(l, ms, &a, &b));
    assert_true(a == older && b == newer);
}

void witness_world_silent(struct line *l, int64_t ms)
{
    uint64_t a, b;
    assert_false(asked(l, ms, &a, &b));
}

void witness_world_prove(struct line *l, struct tree *t, uint64_t older, uint64_t newer, enum spoil how)
{
    const struct merkle_nodes nodes = { t, put, get };
    struct merkle_proof p = { 0 };
    assert_int_equal(merkle_consistency(&nodes, older, newer, &p), ST_OK);
    size_t n = p.n * (size_t)HASH_SIZE;
    if (how == TRUNCATED) n -= HASH_SIZE;
    if (how == LONGER) n += HASH_SIZE;
    if (how == ODD) n -= 1;
    const struct field f[] = { { .u = 2 }, { .u = older }, { .u = newer }, { .s = slice_of(p.h[0].b, n) } };
    assert_int_equal(witness_proof(&l->w, l->f.t, l->f.now, f), ST_OK);
}

uint64_t witness_world_kept(struct line *l)
{
    struct witness_row row;
    int st = witness_row_get(l->f.t, "w1", &row);
    return st == ST_OK ? row.size : UINT64_MAX;
}

static void last_evidence(void *ctx, const struct witness_evidence *e)
{
    struct witness_evidence *last = ctx;
    *last = *e;
}

void witness_world_accused(struct line *l, enum witness_fault f, uint64_t kept_size, uint64_t seen_size)
{
    struct witness_evidence e = { 0 };
    assert_int_equal(witness_evidence_list(l->f.t, last_evidence, &e), ST_OK);
    assert_true(l->w.broken && !witness_trusts(&l->w) && l->w.fault == f);
    assert_true(e.fault == f && e.kept_size == kept_size && e.seen_size == seen_size && e.kept.n > 0 && e.seen.n > 0);
    witness_world_silent(l, 60000);
}

void witness_world_fine(struct line *l, uint64_t size)
{
    struct witness_evidence e = { 0 };
    assert_int_equal(witness_evidence_list(l->f.t, last_evidence, &e), ST_OK);
    assert_true(witness_trusts(&l->w) && l->w.fault == WITNESS_FINE && e.fault == WITNESS_FINE && witness_world_kept(l) == size);
}

/* A witness of the first 3, then the first 10 records, in a session that is trusted. */
void witness_world_witnessed(struct line *l)
{
    witness_world_greet(l, 5);
    assert_false(witness_trusts(&l->w));
    witness_world_show(l, &l->log, 3);
    witness_world_fine(l, 3);
    witness_world_show(l, &l->log, 10);
    witness_world_silent(l, 0);                       /* nothing hurries */
    witness_world_asks(l, 1000, 3, 10);
    witness_world_prove(l, &l->log, 3, 10, HONEST);
    witness_world_fine(l, 10);
}

void witness_world_again(struct line *l)
{
    witness_init(&l->w, &l->o);         /* another process */
    witness_world_greet(l, 5);
    assert_false(witness_trusts(&l->w));
}
