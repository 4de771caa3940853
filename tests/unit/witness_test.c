/* witness_test.c - the worker as a liar: every way to forget, rewrite, fork or misstate a log that was signed before, and every
 * honest accident that looks like one. The log is a real tree; what the witness says and keeps is all that is looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collector/uplink.h"
#include "outbox_fixture.h"

enum { WORKER = PEER_FIRST + 3, SIZE = 40, LEVELS = 7 };
static const char NAME[] = "rekap/w1/0000000000000005";

/* A log of SIZE leaves; as of any size it has a checkpoint and proofs. */
struct tree { struct hash node[LEVELS][SIZE]; };
struct line {
    struct outbox_fixture f;
    struct witness w;
    struct witness_options o;
    struct tree log, other;             /* differ from leaf 4 on */
    struct effects x;
};

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

static void grow(struct tree *t, uint64_t special, const struct hash *leaf, uint8_t salt)
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
struct as { const char *origin, *name, *signer; };
static struct slice note(struct line *l, struct tree *t, uint64_t size, const struct as *as, struct buf *b)
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

static int setup(void **state)
{
    struct line *l = calloc(1, sizeof *l);
    outbox_fixture_init(&l->f);
    l->o = (struct witness_options){ .on = true, .verifier = { NULL, verify } };
    assert_int_equal(l->f.signer.public_key(NULL, text("log"), l->o.key), ST_OK);
    grow(&l->log, 0, NULL, 1);
    grow(&l->other, 0, NULL, 2);
    assert_int_equal(effects_init(&l->x, 1 << 20), ST_OK);
    witness_init(&l->w, &l->o);
    *state = l;
    return 0;
}

static int teardown(void **state)
{
    struct line *l = *state;
    effects_done(&l->x);
    outbox_fixture_done(&l->f);
    free(l);
    return 0;
}

static void greet(struct line *l, uint64_t incarnation)
{
    assert_int_equal(witness_greeted(&l->w, l->f.t, l->f.now, text("w1"), incarnation), ST_OK);
}

static void show(struct line *l, struct tree *t, uint64_t size)
{
    struct buf b;
    struct slice n = note(l, t, size, &(struct as){ NAME, NAME, "log" }, &b);
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

static void asks(struct line *l, int64_t ms, uint64_t older, uint64_t newer)
{
    uint64_t a = 0, b = 0;
    assert_true(asked(l, ms, &a, &b));
    assert_true(a == older && b == newer);
}

static void silent(struct line *l, int64_t ms)
{
    uint64_t a, b;
    assert_false(asked(l, ms, &a, &b));
}

enum spoil { HONEST, TRUNCATED, LONGER, ODD };
static void prove(struct line *l, struct tree *t, uint64_t older, uint64_t newer, enum spoil how)
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

static uint64_t kept(struct line *l)
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

static void accused(struct line *l, enum witness_fault f, uint64_t kept_size, uint64_t seen_size)
{
    struct witness_evidence e = { 0 };
    assert_int_equal(witness_evidence_list(l->f.t, last_evidence, &e), ST_OK);
    assert_true(l->w.broken && !witness_trusts(&l->w) && l->w.fault == f);
    assert_true(e.fault == f && e.kept_size == kept_size && e.seen_size == seen_size && e.kept.n > 0 && e.seen.n > 0);
    silent(l, 60000);
}

static void fine(struct line *l, uint64_t size)
{
    struct witness_evidence e = { 0 };
    assert_int_equal(witness_evidence_list(l->f.t, last_evidence, &e), ST_OK);
    assert_true(witness_trusts(&l->w) && l->w.fault == WITNESS_FINE && e.fault == WITNESS_FINE && kept(l) == size);
}

/* A witness of the first 3, then the first 10 records, in a session that is trusted. */
static void witnessed(struct line *l)
{
    greet(l, 5);
    assert_false(witness_trusts(&l->w));
    show(l, &l->log, 3);
    fine(l, 3);
    show(l, &l->log, 10);
    silent(l, 0);                       /* nothing hurries */
    asks(l, 1000, 3, 10);
    prove(l, &l->log, 3, 10, HONEST);
    fine(l, 10);
}

static void again(struct line *l)
{
    witness_init(&l->w, &l->o);         /* another process */
    greet(l, 5);
    assert_false(witness_trusts(&l->w));
}

/* ---- honest workers ---- */

static void a_log_that_grows_is_followed(void **state)
{
    struct line *l = *state;
    witnessed(l);
    again(l);
    show(l, &l->log, 10);
    fine(l, 10);
    again(l);
    show(l, &l->log, 11);
    show(l, &l->log, 20);
    asks(l, 0, 10, 20);                 /* at once: this session is not trusted yet */
    show(l, &l->log, 30);               /* while it is out */
    silent(l, 1900);
    asks(l, 100, 10, 30);               /* without an answer it is asked again, with the newest */
    prove(l, &l->log, 10, 20, HONEST);  /* too late */
    assert_false(witness_trusts(&l->w));
    prove(l, &l->log, 10, 30, HONEST);
    fine(l, 30);
    prove(l, &l->other, 10, 30, HONEST);        /* nobody asked any more */
    show(l, &l->log, 33);
    silent(l, 0);
    l->w.wanted = 32;
    asks(l, 0, 30, 33);                 /* a receipt waits for it */
    prove(l, &l->log, 30, 33, HONEST);
    fine(l, 33);
    struct witness_row row;
    assert_int_equal(witness_row_of_size(l->f.t, "w1", 10, &row), ST_OK);
    assert_int_equal(witness_row_of_size(l->f.t, "w1", 11, &row), ST_NOT_FOUND);
}

static void an_empty_log_is_a_beginning(void **state)
{
    struct line *l = *state;
    greet(l, 5);
    show(l, &l->log, 0);
    fine(l, 0);
    show(l, &l->log, 6);
    fine(l, 6);
}

/* Messages that overtook each other: a smaller size, signed long ago. */
static void a_late_checkpoint_is_no_rollback(void **state)
{
    struct line *l = *state;
    witnessed(l);
    show(l, &l->log, 3);                /* one that was kept itself */
    silent(l, 0);
    fine(l, 10);
    show(l, &l->log, 7);                /* one that was not */
    assert_true(witness_trusts(&l->w));
    asks(l, 0, 7, 10);
    prove(l, &l->log, 7, 10, HONEST);
    silent(l, 3000);
    fine(l, 10);
    show(l, &l->log, 0);
    asks(l, 0, 0, 10);
    prove(l, &l->log, 0, 10, HONEST);
    fine(l, 10);
    show(l, &l->log, 10);
    show(l, &l->log, 12);
    asks(l, 1000, 10, 12);
    prove(l, &l->log, 10, 12, HONEST);
    fine(l, 12);
}

/* In a new session it may be all that the worker has left. */
static void a_late_checkpoint_does_not_open_a_session(void **state)
{
    struct line *l = *state;
    witnessed(l);
    again(l);
    show(l, &l->log, 3);
    asks(l, 0, 3, 10);
    prove(l, &l->log, 3, 10, HONEST);
    assert_true(!witness_trusts(&l->w) && !l->w.broken);
    show(l, &l->log, 10);
    fine(l, 10);
}

static void a_lost_step_is_forgotten(void **state)
{
    struct line *l = *state;
    witnessed(l);
    assert_int_equal(outbox_fixture_commit(&l->f), ST_OK);
    outbox_fixture_begin(&l->f);
    show(l, &l->log, 20);
    asks(l, 1000, 10, 20);
    prove(l, &l->log, 10, 20, HONEST);
    outbox_fixture_crash(&l->f);
    witness_reset(&l->w);
    assert_int_equal(kept(l), 10);
    show(l, &l->log, 21);
    asks(l, 1000, 10, 21);
    prove(l, &l->log, 10, 21, HONEST);
    fine(l, 21);
}

static void without_room_nothing_is_kept_and_nobody_accused(void **state)
{
    struct line *l = *state;
    witnessed(l);
    assert_int_equal(outbox_fixture_commit(&l->f), ST_OK);
    store_mem_limit(l->f.store, 1000);
    outbox_fixture_begin(&l->f);
    show(l, &l->log, 20);
    asks(l, 1000, 10, 20);
    prove(l, &l->log, 10, 20, HONEST);
    fine(l, 10);
    show(l, &l->other, 10);             /* found out all the same */
    assert_true(l->w.broken && l->w.fault == WITNESS_FORK);
    assert_int_equal(outbox_fixture_commit(&l->f), ST_OK);
    outbox_fixture_begin(&l->f);
}

/* ---- liars ---- */

static void a_rollback_is_found(void **state)
{
    struct line *l = *state;
    witnessed(l);
    const uint64_t sizes[] = { 7, 3, 0 };       /* never kept, kept before, nothing left */
    for (size_t i = 0; i < 3; i++) {
        again(l);
        show(l, &l->log, sizes[i]);
        asks(l, 0, sizes[i], 10);
        l->f.now.wall.ms += 1000;
        assert_int_equal(witness_denied(&l->w, l->f.t, l->f.now, 10), ST_OK);
        accused(l, WITNESS_ROLLBACK, 10, sizes[i]);
        assert_int_equal(kept(l), 10);
    }
    again(l);
    show(l, &l->log, 10);               /* the true log is back */
    assert_true(witness_trusts(&l->w) && l->w.fault == WITNESS_FINE);
}

static void a_rollback_that_keeps_silent_is_found(void **state)
{
    struct line *l = *state;
    witnessed(l);
    again(l);
    show(l, &l->log, 7);
    asks(l, 0, 7, 10);
    for (unsigned i = 1; i < 10; i++) asks(l, 2000, 7, 10);
    silent(l, 2000);
    accused(l, WITNESS_ROLLBACK, 10, 7);
}

/* It may deny only what it signed. */
static void a_denial_of_something_else_is_nothing(void **state)
{
    struct line *l = *state;
    witnessed(l);
    assert_int_equal(witness_denied(&l->w, l->f.t, l->f.now, 11), ST_OK);
    assert_int_equal(witness_denied(&l->w, l->f.t, l->f.now, 0), ST_OK);
    fine(l, 10);
    show(l, &l->log, 12);
    assert_int_equal(witness_denied(&l->w, l->f.t, l->f.now, 12), ST_OK);       /* signed a moment ago */
    accused(l, WITNESS_ROLLBACK, 12, 0);
}

static void a_fork_is_found(void **state)
{
    struct line *l = *state;
    witnessed(l);
    show(l, &l->other, 10);             /* the same size */
    accused(l, WITNESS_FORK, 10, 10);
    again(l);
    show(l, &l->other, 12);             /* longer */
    asks(l, 0, 10, 12);
    l->f.now.wall.ms += 1000;
    prove(l, &l->other, 10, 12, HONEST);
    accused(l, WITNESS_FORK, 10, 12);
    again(l);
    show(l, &l->log, 10);
    show(l, &l->other, 7);              /* shorter */
    asks(l, 0, 7, 10);
    l->f.now.wall.ms += 1000;
    prove(l, &l->other, 7, 10, HONEST);
    accused(l, WITNESS_FORK, 10, 7);
    again(l);
    show(l, &l->log, 10);
    show(l, &l->log, 12);
    l->f.now.wall.ms += 1000;
    show(l, &l->other, 12);             /* two at once, before any proof */
    accused(l, WITNESS_FORK, 12, 12);
    assert_int_equal(kept(l), 10);
}

/* Both logs begin with the same three records: only the older checkpoint itself can tell. */
static void an_older_checkpoint_of_another_log_is_found(void **state)
{
    struct line *l = *state;
    witnessed(l);
    show(l, &l->log, 20);
    asks(l, 1000, 10, 20);
    prove(l, &l->log, 10, 20, HONEST);
    show(l, &l->other, 10);
    accused(l, WITNESS_FORK, 10, 10);
}

static void a_proof_that_proves_nothing_is_found(void **state)
{
    const enum spoil ways[] = { TRUNCATED, LONGER, ODD };
    for (size_t i = 0; i < 3; i++) {
        struct line *l = *state;
        if (i == 0) witnessed(l);
        again(l);
        show(l, &l->log, 13);
        asks(l, 0, 10, 13);
        prove(l, &l->log, 3, 13, HONEST);       /* of other sizes: not an answer */
        prove(l, &l->log, 10, 12, HONEST);
        assert_false(l->w.broken);
        l->f.now.wall.ms += 1000;
        prove(l, &l->log, 10, 13, ways[i]);
        accused(l, WITNESS_FORK, 10, 13);
        assert_int_equal(kept(l), 10);
    }
}

static void only_the_logs_own_key_signs(void **state)
{
    struct line *l = *state;
    static const char next[] = "rekap/w1/0000000000000006";
    static const struct as cases[] = { { NAME, NAME, "another" }, { next, next, "log" }, { next, NAME, "log" },
                                       { NAME, next, "log" } };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {     /* at first contact, and later */
        struct buf b;
        if (i == sizeof cases / sizeof *cases) {
            again(l);
            show(l, &l->log, 10);
        }
        again(l);
        struct slice n = note(l, &l->log, 12, &cases[i % 4], &b);
        assert_int_equal(witness_checkpoint(&l->w, l->f.t, l->f.now, n), ST_OK);
        assert_true(l->w.broken && l->w.fault == WITNESS_UNSIGNED && kept(l) == (i < 4 ? UINT64_MAX : 10));
        buf_done(&b);
    }
    again(l);
    assert_int_equal(witness_checkpoint(&l->w, l->f.t, l->f.now, text("rekap")), ST_OK);
    assert_true(l->w.broken && l->w.fault == WITNESS_UNSIGNED);
}

static void another_incarnation_is_refused(void **state)
{
    struct line *l = *state;
    witnessed(l);
    witness_init(&l->w, &l->o);
    greet(l, 6);
    accused(l, WITNESS_INCARNATION, 10, 0);
    struct buf b;
    struct slice n = note(l, &l->log, 12, &(struct as){ l->w.log.name, l->w.log.name, "log" }, &b);
    assert_int_equal(witness_checkpoint(&l->w, l->f.t, l->f.now, n), ST_OK);
    assert_true(!witness_trusts(&l->w) && kept(l) == 10);
    buf_done(&b);
    again(l);
    show(l, &l->log, 10);
    assert_true(witness_trusts(&l->w));
}

static unsigned evidence_count(struct line *l)
{
    struct store_cursor *c = NULL;
    struct slice key, value;
    unsigned n = 0;
    assert_int_equal(store_cursor(l->f.t, OUTBOX_EVIDENCE, &c), ST_OK);
    while (store_next(c, &key, &value) == ST_OK) n++;
    store_cursor_close(&c);
    return n;
}

static void evidence_is_kept_once_and_bounded(void **state)
{
    struct line *l = *state;
    witnessed(l);
    for (uint64_t i = 0; i < 3 * WITNESS_EVIDENCE_MAX; i++) {
        again(l);
        show(l, &l->log, 10);
        show(l, &l->log, 11 + i / 2 % 25);
        l->f.now.wall.ms += 1000;
        show(l, &l->other, 11 + i / 2 % 25);
        assert_true(l->w.broken);
        assert_int_equal(evidence_count(l), i / 2 < WITNESS_EVIDENCE_MAX ? i / 2 + 1 : WITNESS_EVIDENCE_MAX);
    }
}

/* ---- receipts ---- */

/* One file of office A, acknowledged with one refusal; its batch is record 5 of the log, of which 10 are witnessed. */
struct claim {
    struct witness_office o;
    struct witness_way way;
    struct receipt_leaf leaf;
    struct merkle_proof path;
    struct hash said;
};

static void acked(struct line *l, struct claim *c)
{
    struct buf b;
    const uint64_t seq[] = { 2 };
    const unsigned code[] = { CODE_UNAUTHORISED };
    static const uint8_t packed[] = { 0x91, 0x92, 1, CODE_UNAUTHORISED };
    struct outbox_stream s = outbox_fixture_state(&l->f, OFFICE_A, OFFICE_A, 5, 100);
    struct outbox_settled settled;
    buf_init(&b, 64);
    const struct outbox_receipt a = { 5, 5, s.head, outbox_fixture_refusals(&b, seq, code, 1), "w1", NULL };
    c->o = (struct witness_office){ outbox_fixture_number(&l->f, OFFICE_A), OFFICE_A, l->f.identity.epoch };
    assert_int_equal(outbox_ack(l->f.t, c->o.number, &a, l->f.now.wall, &s, &settled), ST_OK);
    c->said = receipt_dispositions_hash(slice_of(packed, sizeof packed));
    c->leaf = (struct receipt_leaf){ RECORD_BATCH, 5, { 1700000000500 }, s.head, c->said };
    struct hash h = receipt_leaf_hash(&c->leaf);
    grow(&l->log, 4, &h, 1);
    const struct merkle_nodes nodes = { &l->log, put, get };
    assert_int_equal(merkle_inclusion(&nodes, 4, 10, &c->path), ST_OK);
    c->way.due = true;
    buf_done(&b);
}

static unsigned claims(struct line *l, struct claim *c)
{
    effects_clear(&l->x);
    assert_int_equal(witness_claim(&l->w, &c->way, &c->o, l->f.t, l->f.now, WORKER, &l->x), ST_OK);
    return l->x.count;
}

static void place(struct line *l, struct claim *c, uint64_t seq, uint64_t size)
{
    const struct field f[] = { { .s = text(OFFICE_A) }, { .u = 0 }, { .u = c->o.epoch }, { .u = seq }, { .u = size },
                               { .u = c->leaf.lsn }, { .u = (uint64_t)c->leaf.at.ms },
                               { .s = slice_of(c->leaf.dispositions.b, HASH_SIZE) },
                               { .s = slice_of(c->path.h[0].b, c->path.n * (size_t)HASH_SIZE) } };
    assert_int_equal(witness_placed(&l->w, &c->o, l->f.t, l->f.now, f), ST_OK);
}

static bool has_receipt(struct line *l, struct claim *c)
{
    struct witness_receipt r;
    struct outbox_due d;
    bool kept_one = witness_receipt_get(l->f.t, c->o.number, 5, &r) == ST_OK;
    assert_int_equal(outbox_due_get(l->f.t, c->o.number, 5, &d), kept_one ? ST_NOT_FOUND : ST_OK);
    return kept_one;
}

static void what_was_acknowledged_gets_a_receipt(void **state)
{
    struct line *l = *state;
    struct claim c = { 0 };
    struct witness_receipt k;
    struct receipt r;
    acked(l, &c);
    greet(l, 5);
    assert_int_equal(claims(l, &c), 0); /* not before the log is trusted */
    show(l, &l->log, 3);
    assert_int_equal(claims(l, &c), 0); /* the checkpoint does not reach it */
    assert_int_equal(l->w.wanted, 5);
    show(l, &l->log, 10);
    asks(l, 0, 3, 10);
    prove(l, &l->log, 3, 10, HONEST);
    assert_int_equal(claims(l, &c), 1);
    assert_int_equal(claims(l, &c), 0); /* once */
    place(l, &c, 4, 10);
    place(l, &c, 5, 9);                 /* not what was asked */
    assert_true(!has_receipt(l, &c) && witness_trusts(&l->w));
    place(l, &c, 5, 10);
    assert_true(has_receipt(l, &c) && witness_trusts(&l->w));
    assert_int_equal(witness_receipt_get(l->f.t, c.o.number, 5, &k), ST_OK);
    assert_int_equal(receipt_parse(k.text, &r), ST_OK);
    assert_true(receipt_verify(&r, &l->w.log, &l->o.verifier, &c.leaf.content) == RECEIPT_OK && r.lsn == 5 && r.first == 1);
    assert_memory_equal(r.dispositions.b, c.said.b, HASH_SIZE);
    place(l, &c, 5, 10);                /* twice */
    assert_true(has_receipt(l, &c) && witness_trusts(&l->w));
}

static void an_answer_that_is_lost_is_asked_for_again(void **state)
{
    struct line *l = *state;
    struct claim c = { 0 };
    acked(l, &c);
    witnessed(l);
    assert_int_equal(claims(l, &c), 1);
    silent(l, 4900);
    assert_false(l->w.again && l->w.asked[0].office == 0);
    silent(l, 200);
    assert_true(l->w.again);
    c.way = (struct witness_way){ .due = true };
    assert_int_equal(claims(l, &c), 1);
    place(l, &c, 5, 10);
    assert_true(has_receipt(l, &c));
}

/* What the worker acknowledged must stand in its log just so. */
static void a_place_that_is_a_lie_is_found(void **state)
{
    struct line *l = *state;
    struct claim honest = { 0 };
    acked(l, &honest);
    witnessed(l);
    for (unsigned i = 0; i < 6; i++) {
        struct claim c = honest;
        again(l);
        show(l, &l->log, 10);
        assert_int_equal(claims(l, &c), 1);
        if (i == 0) c.leaf.lsn = 6;
        if (i == 1) c.leaf.at.ms++;
        if (i == 2) c.leaf.dispositions = receipt_dispositions_hash(slice_of(NULL, 0)); /* it said that one was refused */
        if (i == 3) c.path.n--;
        if (i == 4) c.path.h[0].b[3] ^= 1;
        if (i == 5) c.leaf.lsn = 0;
        l->f.now.wall.ms += 1000;
        place(l, &c, 5, 10);
        assert_true(!has_receipt(l, &c) && l->w.broken && l->w.fault == WITNESS_RECEIPT);
    }
}

/* The proof is good, but the log says of the rows what the ack did not say. */
static void an_ack_and_a_record_that_differ_are_found(void **state)
{
    struct line *l = *state;
    const struct merkle_nodes nodes = { &l->log, put, get };
    struct claim c = { 0 };
    acked(l, &c);
    c.leaf.dispositions = receipt_dispositions_hash(slice_of(NULL, 0));
    struct hash h = receipt_leaf_hash(&c.leaf);
    grow(&l->log, 4, &h, 1);
    assert_int_equal(merkle_inclusion(&nodes, 4, 10, &c.path), ST_OK);
    witnessed(l);
    assert_int_equal(claims(l, &c), 1);
    place(l, &c, 5, 10);
    assert_true(!has_receipt(l, &c) && l->w.broken && l->w.fault == WITNESS_RECEIPT);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_log_that_grows_is_followed),
        T(an_empty_log_is_a_beginning),
        T(a_late_checkpoint_is_no_rollback),
        T(a_late_checkpoint_does_not_open_a_session),
        T(a_lost_step_is_forgotten),
        T(without_room_nothing_is_kept_and_nobody_accused),
        T(a_rollback_is_found),
        T(a_rollback_that_keeps_silent_is_found),
        T(a_denial_of_something_else_is_nothing),
        T(a_fork_is_found),
        T(an_older_checkpoint_of_another_log_is_found),
        T(a_proof_that_proves_nothing_is_found),
        T(only_the_logs_own_key_signs),
        T(another_incarnation_is_refused),
        T(evidence_is_kept_once_and_bounded),
        T(what_was_acknowledged_gets_a_receipt),
        T(an_answer_that_is_lost_is_asked_for_again),
        T(a_place_that_is_a_lie_is_found),
        T(an_ack_and_a_record_that_differ_are_found),
    };
    return cmocka_run_group_tests_name("witness", tests, NULL, NULL);
}
