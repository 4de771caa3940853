/* resign_test.c - what waits under a key that is valid no more, signed anew: the same numbers and bodies, one chain, what was
 * signed before kept, receipts owed for what is sent now; and a worker that acknowledges what it has whatever became of the key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/outbox_fixture.h"

static struct outbox_speaker speaker(struct outbox_fixture *f)
{
    const struct slice id = slice_of(OFFICE_A, strlen(OFFICE_A));

    return (struct outbox_speaker){ outbox_fixture_number(f, OFFICE_A), id, &f->signer, &f->identity };
}

static void begin(struct outbox_fixture *f, unsigned files)
{
    outbox_fixture_init(f);
    for (unsigned i = 0; i < files; i++) (void)outbox_fixture_state(f, OFFICE_A, OFFICE_A, 10, 100 + (int)i);
}

/* Every batch waiting is linked to the one before; the number of those with this key. */
static unsigned walk(struct outbox_fixture *f, uint32_t office, struct hash previous, uint64_t key_id)
{
    struct outbox_stream s = outbox_fixture_stream(f, OFFICE_A);
    struct outbox_batch b;
    unsigned n = 0;

    for (uint64_t at = s.acked; at < s.last; at = b.last) {
        struct batch parsed;

        assert_int_equal(outbox_next(f->t, office, at, &b), ST_OK);
        assert_int_equal(codec_batch_parse(b.payload, &parsed), ST_OK);
        assert_int_equal(parsed.h.sequence, at + 1);
        assert_true(sign_hash_equal(&parsed.h.previous, &previous) && sign_hash_equal(&parsed.hash, &b.hash));
        n += parsed.h.key_id == key_id;
        previous = parsed.hash;
    }
    assert_true(sign_hash_equal(&previous, &s.head));
    return n;
}

static uint64_t present_key(struct outbox_fixture *f)
{
    uint8_t pub[PUBKEY_SIZE];

    assert_int_equal(f->signer.public_key(f->signer.ctx, slice_of(OFFICE_A, strlen(OFFICE_A)), pub), ST_OK);
    return sign_key_id(pub);
}

static void what_waits_is_signed_anew_and_nothing_else_changes(void **state)
{
    struct outbox_fixture f;
    struct hash zero = { { 0 } };
    uint64_t kept;
    uint32_t n;

    (void)state;
    begin(&f, 3);
    struct outbox_speaker who = speaker(&f);
    struct outbox_stream s = outbox_fixture_stream(&f, OFFICE_A), before = s;
    const uint64_t old_key = present_key(&f);
    assert_int_equal(s.last, 30);
    assert_int_equal(outbox_resign(f.t, &who, 1, f.now.wall, &s, &n), ST_OK);
    assert_int_equal(n, 0);                     /* it bears the present key */
    outbox_fixture_other_key(&f, true);
    assert_int_equal(outbox_resign(f.t, &who, 11, f.now.wall, &s, &n), ST_OK);
    assert_int_equal(n, 2);                     /* the worker has the first one */
    s = outbox_fixture_stream(&f, OFFICE_A);
    assert_true(s.last == before.last && s.acked == before.acked && !sign_hash_equal(&s.head, &before.head));
    assert_int_equal(walk(&f, who.office, zero, present_key(&f)), 2);
    assert_int_equal(walk(&f, who.office, zero, old_key), 1);
    assert_int_equal(outbox_resigned(f.t, who.office, &kept), ST_OK);
    assert_int_equal(kept, 2);
    (void)outbox_fixture_state(&f, OFFICE_A, OFFICE_A, 10, 900);        /* and what is stated now goes on from there */
    assert_int_equal(walk(&f, who.office, zero, present_key(&f)), 3);
    assert_int_equal(outbox_fixture_commit(&f), ST_OK);
    outbox_fixture_done(&f);
}

static void what_was_signed_before_is_kept_and_receipts_are_of_what_is_sent(void **state)
{
    struct outbox_fixture f;
    struct store_cursor *c = NULL;
    struct slice key, row;
    struct outbox_due due;
    struct outbox_batch b;
    struct batch old;
    uint32_t n;

    (void)state;
    begin(&f, 1);
    struct outbox_speaker who = speaker(&f);
    struct outbox_stream s = outbox_fixture_stream(&f, OFFICE_A);
    const struct hash before = s.head;
    outbox_fixture_other_key(&f, true);
    assert_int_equal(outbox_resign(f.t, &who, 1, f.now.wall, &s, &n), ST_OK);
    assert_int_equal(n, 1);
    assert_int_equal(store_cursor(f.t, OUTBOX_RESIGNED, &c), ST_OK);
    assert_int_equal(store_seek(c, slice_of("", 0), &key, &row), ST_OK);
    assert_int_equal(codec_batch_parse_covered(row, &old), ST_OK);
    assert_true(sign_hash_equal(&old.hash, &before));
    assert_int_equal(outbox_next(f.t, who.office, 0, &b), ST_OK);
    assert_int_equal(outbox_due_get(f.t, who.office, 10, &due), ST_OK);
    assert_true(sign_hash_equal(&due.batch.hash, &b.hash));
    assert_true(sign_hash_equal(&due.batch.h.body_hash, &old.h.body_hash));     /* it says what it said */
    store_cursor_close(&c);
    assert_int_equal(outbox_fixture_commit(&f), ST_OK);
    outbox_fixture_done(&f);
}

/* Batches of one update, so that every number is a first and a last one. */
static void the_last_batch_of_one_update_is_signed_anew(void **state)
{
    struct outbox_fixture f;
    struct slice row;
    uint8_t key[20];
    uint32_t n = 0;

    (void)state;
    outbox_fixture_init(&f);
    for (int i = 0; i < 3; i++) (void)outbox_fixture_state(&f, OFFICE_A, OFFICE_A, 1, 100 + i);
    struct outbox_speaker who = speaker(&f);
    struct outbox_stream s = outbox_fixture_stream(&f, OFFICE_A);
    assert_int_equal(s.last, 3);
    outbox_fixture_other_key(&f, true);
    assert_int_equal(outbox_resign(f.t, &who, 3, f.now.wall, &s, &n), ST_OK);
    assert_int_equal(n, 1);
    bytes_be32(key, who.office);
    bytes_be64(key + 4, 3);
    bytes_be64(key + 12, (uint64_t)f.now.wall.ms);
    assert_int_equal(store_get(f.t, OUTBOX_RESIGNED, slice_of(key, sizeof key), &row), ST_OK);
    assert_int_equal(outbox_fixture_commit(&f), ST_OK);
    outbox_fixture_done(&f);
}

static void a_batch_of_one_update_is_archived(void **state)
{
    struct outbox_fixture f;
    struct outbox_settled settled;
    struct outbox_batch b;

    (void)state;
    outbox_fixture_init(&f);
    for (int i = 0; i < 3; i++) (void)outbox_fixture_state(&f, OFFICE_A, OFFICE_A, 1, 100 + i);
    struct outbox_speaker who = speaker(&f);
    struct outbox_stream s = outbox_fixture_stream(&f, OFFICE_A);
    const struct outbox_keep keep = { 1 << 20, INT64_C(1) << 40 };
    assert_int_equal(outbox_next(f.t, who.office, 2, &b), ST_OK);
    const struct hash third = b.hash;
    struct outbox_receipt a = { .sequence = 3, .lsn = 3, .hash = third, .refused = slice_of("", 0), .worker = "w1", .keep = &keep };
    assert_int_equal(outbox_ack(f.t, who.office, &a, f.now.wall, &s, &settled), ST_OK);
    assert_int_equal(outbox_archived(f.t, who.office, 2, &third, &s), ST_INVALID);
    assert_int_equal(outbox_archived(f.t, who.office, 3, &third, &s), ST_OK);
    assert_int_equal(s.archived, 3);
    assert_int_equal(outbox_fixture_commit(&f), ST_OK);
    outbox_fixture_done(&f);
}

static void what_is_acknowledged_is_not_touched(void **state)
{
    struct outbox_fixture f;
    struct outbox_settled settled;
    struct outbox_batch b;
    uint32_t n = 7;

    (void)state;
    begin(&f, 2);
    struct outbox_speaker who = speaker(&f);
    struct outbox_stream s = outbox_fixture_stream(&f, OFFICE_A);
    assert_int_equal(outbox_next(f.t, who.office, 0, &b), ST_OK);
    struct outbox_receipt a = { .sequence = 10, .lsn = 3, .hash = b.hash, .refused = slice_of("", 0), .worker = "w1" };
    assert_int_equal(outbox_ack(f.t, who.office, &a, f.now.wall, &s, &settled), ST_OK);
    const struct hash acked = s.acked_hash;
    outbox_fixture_other_key(&f, true);
    assert_int_equal(outbox_resign(f.t, &who, 1, f.now.wall, &s, &n), ST_INVALID);
    assert_int_equal(outbox_resign(f.t, &who, 12, f.now.wall, &s, &n), ST_INVALID);     /* inside a batch */
    assert_int_equal(outbox_resign(f.t, &who, 31, f.now.wall, &s, &n), ST_INVALID);
    assert_int_equal(n, 0);
    assert_int_equal(outbox_resign(f.t, &who, 11, f.now.wall, &s, &n), ST_OK);
    assert_int_equal(walk(&f, who.office, acked, present_key(&f)), 1);
    assert_int_equal(outbox_fixture_commit(&f), ST_OK);
    outbox_fixture_done(&f);
}

/* What a log said that is lost is not said: its receipts are owed again, those below it are not. */
static void a_log_that_went_back_owes_its_receipts_again(void **state)
{
    struct outbox_fixture f;
    struct outbox_settled settled;
    struct outbox_batch b;
    struct outbox_due due;

    (void)state;
    begin(&f, 3);
    struct outbox_speaker who = speaker(&f);
    struct outbox_stream s = outbox_fixture_stream(&f, OFFICE_A);
    const struct outbox_keep keep = { 1 << 20, INT64_C(1) << 40 };
    assert_int_equal(outbox_next(f.t, who.office, 0, &b), ST_OK);
    const struct hash first = b.hash;
    assert_int_equal(outbox_next(f.t, who.office, 20, &b), ST_OK);
    struct outbox_receipt a = {
        .sequence = 30, .lsn = 3, .hash = b.hash, .refused = slice_of("", 0), .worker = "w1", .keep = &keep
    };
    assert_int_equal(outbox_ack(f.t, who.office, &a, f.now.wall, &s, &settled), ST_OK);
    assert_int_equal(outbox_rewind(f.t, who.office, 10, &first, 1, &s), ST_OK);
    for (uint64_t seq = 10; seq <= 30; seq += 10) {
        assert_int_equal(outbox_due_get(f.t, who.office, seq, &due), ST_OK);
        assert_true(due.acked == (seq == 10));
    }
    assert_int_equal(outbox_fixture_commit(&f), ST_OK);
    outbox_fixture_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(what_waits_is_signed_anew_and_nothing_else_changes),
                                        cmocka_unit_test(what_was_signed_before_is_kept_and_receipts_are_of_what_is_sent),
                                        cmocka_unit_test(the_last_batch_of_one_update_is_signed_anew),
                                        cmocka_unit_test(a_batch_of_one_update_is_archived),
                                        cmocka_unit_test(a_log_that_went_back_owes_its_receipts_again),
                                        cmocka_unit_test(what_is_acknowledged_is_not_touched) };

    return cmocka_run_group_tests_name("resign", tests, NULL, NULL);
}
