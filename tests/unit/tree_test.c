/* tree_test.c - what a worker signs about its log: a checkpoint for what it has said, each one extending all before, a provable
 * place for every batch, over restarts and lost steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/work_world.h"

static struct world world;

static int setup(void **state)
{
    work_world_init(&world, true);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    work_world_done(*state);
    return 0;
}

static struct note_key log_key(struct world *w)
{
    static const char name[] = "rekap/w1/0707000000000000";
    struct note_key k;
    uint8_t pub[PUBKEY_SIZE];

    assert_int_equal(w->signer.public_key(w->signer.ctx, slice_of(TREE_SIGNER_ID, strlen(TREE_SIGNER_ID)), pub), ST_OK);
    assert_int_equal(note_key_make(slice_of(name, sizeof name - 1), pub, &k), ST_OK);
    return k;
}

/* The checkpoint said to the peer in the last step: valid, copied. */
static struct note_checkpoint said(struct world *w, peer_id peer, char *keep, size_t size, size_t *ret_n)
{
    struct note_key k = log_key(w);
    struct reply r = work_world_reply(w, peer, MSG_CHECKPOINT, 0);
    struct note_checkpoint c;
    struct slice body;

    assert_true(r.found && r.f[0].s.n < size);
    memcpy(keep, r.f[0].s.p, r.f[0].s.n);
    *ret_n = r.f[0].s.n;
    assert_int_equal(note_open(slice_of(keep, *ret_n), &k, &w->verifier, &body), ST_OK);
    assert_int_equal(note_checkpoint_parse(body, &c), ST_OK);
    assert_true(c.origin.n == strlen(k.name) && memcmp(c.origin.p, k.name, c.origin.n) == 0);
    return c;
}

static struct merkle_proof prove(struct world *w, unsigned kind, uint64_t a, uint64_t b)
{
    const struct field ask[] = { { .u = kind }, { .u = a }, { .u = b } };
    struct merkle_proof p = { 0 };
    struct reply r;

    work_world_send(w, PEER_A, OFFICE_A, MSG_PROVE, ask);
    assert_int_equal(work_world_commit(w), ST_OK);
    r = work_world_reply(w, PEER_A, MSG_PROOF, 0);
    assert_true(r.found && r.f[0].u == kind && r.f[1].u == a && r.f[2].u == b && r.f[3].s.n % HASH_SIZE == 0);
    p.n = (unsigned)(r.f[3].s.n / HASH_SIZE);
    memcpy(p.h, r.f[3].s.p, r.f[3].s.n);
    return p;
}

enum { STEPS = 12, KEEP = 1024 };

static void every_checkpoint_extends_all_before(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5);
    struct note_checkpoint c[STEPS];
    static char text[STEPS][KEEP];
    size_t n;

    for (unsigned i = 0; i < STEPS; i++) {
        for (unsigned k = 0; k <= i % 3; k++) work_world_push(w, &s, 1 + i, i);
        assert_int_equal(work_world_commit(w), ST_OK);
        assert_int_equal(work_world_count(w, PEER_A, MSG_CHECKPOINT), 1);
        c[i] = said(w, PEER_A, text[i], KEEP, &n);
        assert_true(i == 0 || c[i].size > c[i - 1].size);
        if (i == STEPS / 2) {           /* a crash between two steps: the same log goes on */
            work_world_restart(w);
            work_world_hello(w, PEER_A, OFFICE_A, 1);
            work_world_open_again(w, &s, s.next - 1, &s.head);
        }
    }
    for (unsigned i = 0; i < STEPS; i++)
        for (unsigned k = i; k < STEPS; k++) {
            struct merkle_proof p = prove(w, TREE_CONSISTENCY, c[i].size, c[k].size);

            assert_true(merkle_consistency_verify(c[i].size, &c[i].root, c[k].size, &c[k].root, &p));
            if (k > i) assert_false(merkle_consistency_verify(c[i].size, &c[k].root, c[k].size, &c[k].root, &p));
        }
}

static void a_batch_has_a_provable_place(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5);
    struct buf body, frame;
    struct note_key key = log_key(w);
    struct receipt r;
    struct batch b;
    struct frame f;
    struct note_checkpoint c;
    static char text[KEEP];
    unsigned code;
    size_t n;

    buf_init(&body, BATCH_BYTES_MAX);
    buf_init(&frame, FRAME_BYTES_MAX);
    for (int i = 0; i < 5; i++) work_world_push(w, &s, 3, i);
    work_world_body(&body, OFFICE_A, SOURCE_OPD, MEASURE_REALISED, 4, 50);
    work_world_batch(w, &s, 4, buf_slice(&body), &frame);
    work_world_deliver(w, &s, buf_slice(&frame));
    for (int i = 0; i < 5; i++) work_world_push(w, &s, 3, i);
    assert_int_equal(work_world_commit(w), ST_OK);
    c = said(w, PEER_A, text, KEEP, &n);
    assert_int_equal(c.size, 4 + 11);   /* four registry entries, eleven batches */
    assert_int_equal(codec_frame_parse(buf_slice(&frame), &f, &code), ST_OK);
    assert_int_equal(codec_batch_parse(f.payload, &b), ST_OK);
    assert_int_equal(receipt_of_batch(&b, &r), ST_OK);
    r.lsn = 4 + 6;
    r.at = w->now.wall;
    r.dispositions = receipt_dispositions_hash(slice_of(NULL, 0));
    r.checkpoint = slice_of(text, n);
    r.path = prove(w, TREE_INCLUSION, r.lsn, c.size);
    assert_int_equal(receipt_verify(&r, &key, &w->verifier, &b.hash), RECEIPT_OK);
    r.lsn++;                            /* another place */
    assert_int_equal(receipt_verify(&r, &key, &w->verifier, &b.hash), RECEIPT_PATH);
    r.lsn--;
    r.at.ms++;                          /* another moment */
    assert_int_equal(receipt_verify(&r, &key, &w->verifier, &b.hash), RECEIPT_PATH);
    buf_done(&body);
    buf_done(&frame);
}

/* The same by its own number, which is all that a collector knows of a batch in the middle of an ack. */
static void a_batch_is_placed_by_its_sequence(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5);
    const struct field good[] = { { .s = slice_of(OFFICE_A, strlen(OFFICE_A)) }, { .u = 0 }, { .u = 5 }, { .u = 6 }, { .u = 7 } };
    struct reply r;

    for (int i = 0; i < 3; i++) work_world_push(w, &s, 3, i);
    assert_int_equal(work_world_commit(w), ST_OK);
    work_world_send(w, PEER_A, OFFICE_A, MSG_PLACE, good);
    assert_int_equal(work_world_commit(w), ST_OK);
    r = work_world_reply(w, PEER_A, MSG_PLACED, 0);
    assert_true(r.found && r.f[3].u == 6 && r.f[4].u == 7 && r.f[5].u == 4 + 2 && r.f[6].u == (uint64_t)w->now.wall.ms);
    struct hash none = receipt_dispositions_hash(slice_of(NULL, 0));
    assert_memory_equal(r.f[7].s.p, none.b, HASH_SIZE);
    assert_int_equal(r.f[8].s.n % HASH_SIZE, 0);
    const struct { unsigned at; uint64_t v; unsigned code; } bad[] = {
        { 1, 1, CODE_DIFFERENT_HISTORY }, { 1, 99, CODE_DIFFERENT_HISTORY }, { 2, 6, CODE_DIFFERENT_HISTORY },
        { 3, 5, CODE_DIFFERENT_HISTORY }, { 3, 0, CODE_DIFFERENT_HISTORY },  { 3, 12, CODE_DIFFERENT_HISTORY },
        { 4, 8, CODE_DIFFERENT_HISTORY }, { 4, 5, CODE_BAD_FORMAT },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct field ask[5];
        memcpy(ask, good, sizeof ask);
        ask[bad[i].at].u = bad[i].v;
        work_world_send(w, PEER_A, OFFICE_A, MSG_PLACE, ask);
        assert_int_equal(work_world_commit(w), ST_OK);
        assert_int_equal(work_world_nack(w, PEER_A), bad[i].code);
        assert_int_equal(work_world_count(w, PEER_A, MSG_PLACED), 0);
    }
}

static void what_cannot_be_proven_is_refused(void **state)
{
    static const uint64_t bad[][3] = { { 0, 1, 1 }, { 3, 1, 1 },  { 1, 0, 4 }, { 1, 5, 4 },         { 1, 1, 1000 },
                                       { 2, 4, 3 }, { 2, 1, 99 }, { 2, 0, UINT64_MAX }, { UINT64_MAX, 1, 1 } };
    struct world *w = *state;

    work_world_open(w, PEER_A, OFFICE_A, 5);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct field ask[] = { { .u = bad[i][0] }, { .u = bad[i][1] }, { .u = bad[i][2] } };

        work_world_send(w, PEER_A, OFFICE_A, MSG_PROVE, ask);
        assert_int_equal(work_world_commit(w), ST_OK);
        assert_int_equal(work_world_nack(w, PEER_A), bad[i][2] > 4 ? CODE_DIFFERENT_HISTORY : CODE_BAD_FORMAT);
        assert_int_equal(work_world_count(w, PEER_A, MSG_PROOF), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_checkpoint_extends_all_before, setup, teardown),
        cmocka_unit_test_setup_teardown(a_batch_has_a_provable_place, setup, teardown),
        cmocka_unit_test_setup_teardown(a_batch_is_placed_by_its_sequence, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_proven_is_refused, setup, teardown),
    };

    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
