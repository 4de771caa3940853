/* witness_receipt_test.c - receipts for what was acknowledged: asked for when the log is trusted and long enough, kept when they
 * verify, and a worker that acknowledges what its log does not say is found out. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/witness_world.h"

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

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
    witness_world_grow(&l->log, 4, &h, 1);
    const struct merkle_nodes nodes = witness_world_nodes(&l->log);
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
    witness_world_greet(l, 5);
    assert_int_equal(claims(l, &c), 0); /* not before the log is trusted */
    witness_world_show(l, &l->log, 3);
    assert_int_equal(claims(l, &c), 0); /* the checkpoint does not reach it */
    assert_int_equal(l->w.wanted, 5);
    witness_world_show(l, &l->log, 10);
    witness_world_asks(l, 0, 3, 10);
    witness_world_prove(l, &l->log, 3, 10, HONEST);
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
    witness_world_witnessed(l);
    assert_int_equal(claims(l, &c), 1);
    witness_world_silent(l, 4900);
    assert_false(l->w.again && l->w.asked[0].office == 0);
    witness_world_silent(l, 200);
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
    witness_world_witnessed(l);
    for (unsigned i = 0; i < 6; i++) {
        struct claim c = honest;
        witness_world_again(l);
        witness_world_show(l, &l->log, 10);
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
    const struct merkle_nodes nodes = witness_world_nodes(&l->log);
    struct claim c = { 0 };
    acked(l, &c);
    c.leaf.dispositions = receipt_dispositions_hash(slice_of(NULL, 0));
    struct hash h = receipt_leaf_hash(&c.leaf);
    witness_world_grow(&l->log, 4, &h, 1);
    assert_int_equal(merkle_inclusion(&nodes, 4, 10, &c.path), ST_OK);
    witness_world_witnessed(l);
    assert_int_equal(claims(l, &c), 1);
    place(l, &c, 5, 10);
    assert_true(!has_receipt(l, &c) && l->w.broken && l->w.fault == WITNESS_RECEIPT);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, witness_world_setup, witness_world_teardown)
    const struct CMUnitTest tests[] = {
        T(what_was_acknowledged_gets_a_receipt),
        T(an_answer_that_is_lost_is_asked_for_again),
        T(a_place_that_is_a_lie_is_found),
        T(an_ack_and_a_record_that_differ_are_found),
    };
    return cmocka_run_group_tests_name("witness_receipt", tests, NULL, NULL);
}
