/* outbox_test.c - the outbox: batches in order and linked, gone only by an ack of their hash, refusals taken back, a full store
 * that drains, a restart that finds everything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "outbox_fixture.h"

static int setup(void **state)
{
    struct outbox_fixture *f = malloc(sizeof *f);
    outbox_fixture_init(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    outbox_fixture_done(*state);
    free(*state);
    return 0;
}

static struct outbox_batch next(struct outbox_fixture *f, const char *office, uint64_t after)
{
    struct outbox_batch b = { 0 };
    int st = outbox_next(f->t, outbox_fixture_number(f, office), after, &b);
    assert_true(st == ST_OK || st == ST_NOT_FOUND);
    return b;
}

static int ack(struct outbox_fixture *f, const char *office, uint64_t seq, const struct hash *hash, struct slice refused,
               struct outbox_settled *ret)
{
    struct outbox_stream s = outbox_fixture_stream(f, office);
    const struct outbox_receipt a = { .sequence = seq, .lsn = 40 + seq, .hash = *hash, .refused = refused, .worker = "w1" };
    return outbox_ack(f->t, outbox_fixture_number(f, office), &a, f->now.wall, &s, ret);
}

static void batches_come_in_order_and_are_linked(void **state)
{
    struct outbox_fixture *f = *state;
    struct outbox_stream s = outbox_fixture_state(f, OFFICE_A, OFFICE_A, 5, 100);
    outbox_fixture_state(f, OFFICE_B, OFFICE_B, 7, 100);
    s = outbox_fixture_state(f, OFFICE_A, OFFICE_A, 3, 500);
    struct outbox_batch one = next(f, OFFICE_A, 0), two = next(f, OFFICE_A, 5);
    struct batch a, b;
    assert_true(one.first == 1 && one.last == 5 && two.first == 6 && two.last == 8 && s.last == 8);
    assert_int_equal(next(f, OFFICE_A, 3).last, 5);     /* the batch that holds what comes after 3 */
    assert_int_equal(next(f, OFFICE_A, 8).last, 0);
    assert_int_equal(s.out_bytes, one.payload.n + two.payload.n);
    assert_int_equal(codec_batch_parse(one.payload, &a), ST_OK);
    assert_int_equal(codec_batch_parse(two.payload, &b), ST_OK);
    assert_true(sign_hash_equal(&a.hash, &one.hash) && sign_hash_equal(&b.h.previous, &a.hash));
    assert_true(sign_hash_equal(&s.head, &b.hash));
    assert_true(sign_hash_zero(&a.h.previous) && a.h.epoch == 77 && a.h.count == 5 && b.h.sequence == 6);
    assert_int_equal(next(f, OFFICE_B, 0).last, 7);
}

static void an_ack_drops_what_it_covers(void **state)
{
    struct outbox_fixture *f = *state;
    struct outbox_settled settled;
    outbox_fixture_state(f, OFFICE_A, OFFICE_A, 5, 100);
    outbox_fixture_state(f, OFFICE_A, OFFICE_A, 3, 500);
    outbox_fixture_state(f, OFFICE_A, OFFICE_A, 2, 900);
    size_t bytes = next(f, OFFICE_A, 0).payload.n + next(f, OFFICE_A, 5).payload.n;
    struct hash h = next(f, OFFICE_A, 5).hash;
    assert_int_equal(ack(f, OFFICE_A, 8, &h, slice_of(NULL, 0), &settled), ST_OK);
    struct outbox_stream s = outbox_fixture_stream(f, OFFICE_A);
    assert_true(settled.batches == 2 && settled.bytes == bytes);
    assert_true(s.acked == 8 && s.last == 10 && s.lsn == 48 && sign_hash_equal(&s.acked_hash, &h) && !strcmp(s.worker, "w1"));
    assert_int_equal(s.out_bytes, next(f, OFFICE_A, 0).payload.n);
    assert_int_equal(next(f, OFFICE_A, 0).last, 10);
    assert_int_equal(ack(f, OFFICE_A, 5, &h, slice_of(NULL, 0), &settled), ST_OK);      /* an old one changes nothing */
    assert_true(settled.batches == 0 && outbox_fixture_stream(f, OFFICE_A).acked == 8);
}

static void an_ack_of_another_history_changes_nothing(void **state)
{
    struct outbox_fixture *f = *state;
    struct outbox_settled settled;
    struct outbox_stream before, s;
    outbox_fixture_state(f, OFFICE_A, OFFICE_A, 5, 100);
    before = outbox_fixture_state(f, OFFICE_A, OFFICE_A, 3, 500);
    struct hash one = next(f, OFFICE_A, 0).hash, two = next(f, OFFICE_A, 5).hash, broken = two;
    broken.b[31] ^= 1;
    static const uint8_t junk[] = { 0x92, 0x01, 0x02 };
    const struct { uint64_t seq; const struct hash *hash; struct slice list; } cases[] = {
        { 8, &broken, { 0 } }, { 8, &one, { 0 } }, { 5, &two, { 0 } }, { 4, &one, { 0 } }, { 9, &two, { 0 } },
        { UINT64_MAX, &two, { 0 } }, { 8, &two, { junk, sizeof junk } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(ack(f, OFFICE_A, cases[i].seq, cases[i].hash, cases[i].list, &settled), ST_INVALID);
        s = outbox_fixture_stream(f, OFFICE_A);
        assert_memory_equal(&s, &before, sizeof s);
        assert_int_equal(next(f, OFFICE_A, 0).last, 5);
    }
    uint32_t office = outbox_fixture_number(f, OFFICE_A);
    assert_int_equal(outbox_knows(f->t, office, 0, &broken, &before), ST_OK);           /* nothing acknowledged yet */
    assert_int_equal(outbox_knows(f->t, office, 5, &one, &before), ST_OK);
    assert_int_equal(outbox_knows(f->t, office, 5, &two, &before), ST_INVALID);
    assert_int_equal(outbox_knows(f->t, office, 9, &two, &before), ST_INVALID);
    assert_int_equal(ack(f, OFFICE_A, 5, &one, slice_of(NULL, 0), &settled), ST_OK);
    s = outbox_fixture_stream(f, OFFICE_A);
    assert_int_equal(outbox_knows(f->t, office, 0, &one, &s), ST_INVALID);              /* the worker has forgotten */
    assert_int_equal(outbox_knows(f->t, office, 5, &broken, &s), ST_INVALID);
}

static void a_refusal_is_noted_and_taken_back(void **state)
{
    struct outbox_fixture *f = *state;
    struct outbox_settled settled;
    struct buf b;
    buf_init(&b, 1 << 16);
    outbox_fixture_state(f, OFFICE_A, OFFICE_B, 3, 100);                /* numbers 1..3: slots 0..2 */
    outbox_fixture_state(f, OFFICE_A, OFFICE_B, 1, 900);                /* number 4: slot 0 anew */
    struct hash one = next(f, OFFICE_A, 0).hash;
    const uint64_t seq[] = { 1, 2, 2, 77 };
    const unsigned code[] = { CODE_UNAUTHORISED, CODE_LATE, CODE_LATE, CODE_LATE };
    assert_int_equal(ack(f, OFFICE_A, 3, &one, outbox_fixture_refusals(&b, seq, code, 4), &settled), ST_OK);
    struct outbox_stream s = outbox_fixture_stream(f, OFFICE_A);
    assert_true(s.acked == 3 && s.refused == 2 && settled.batches == 1);        /* named twice, and beyond the ack: not counted */
    assert_true(outbox_fixture_slot(f, OFFICE_A, OFFICE_B, 0).value == 900);    /* stated anew meanwhile: stands */
    assert_int_equal(outbox_fixture_slot(f, OFFICE_A, OFFICE_B, 1).kind, VALUE_EMPTY);
    assert_true(outbox_fixture_slot(f, OFFICE_A, OFFICE_B, 2).value == 102);
    uint8_t k[12];
    struct slice v;
    bytes_be32(k, outbox_fixture_number(f, OFFICE_A));
    bytes_be64(k + 4, 2);
    assert_int_equal(store_get(f->t, OUTBOX_REFUSED, slice_of(k, 12), &v), ST_OK);
    assert_true(v.n == 2 && bytes_rd16(v.p) == CODE_LATE);
    s = outbox_fixture_state(f, OFFICE_A, OFFICE_B, 3, 100);            /* slot 1 can be stated again, and slot 0 as it was */
    assert_int_equal(s.last, 6);
    buf_done(&b);
}

static void a_row_refused_as_a_whole_is_gone(void **state)
{
    struct outbox_fixture *f = *state;
    struct outbox_settled settled;
    struct buf b;
    uint64_t seq[24];
    unsigned code[24];
    struct store_cursor *c = NULL;
    struct slice key, value;
    buf_init(&b, 1 << 16);
    outbox_fixture_state(f, OFFICE_A, OFFICE_A, 24, 100);
    for (unsigned i = 0; i < 24; i++) seq[i] = i + 1, code[i] = CODE_UNAUTHORISED;
    struct hash h = next(f, OFFICE_A, 0).hash;
    assert_int_equal(ack(f, OFFICE_A, 24, &h, outbox_fixture_refusals(&b, seq, code, 24), &settled), ST_OK);
    assert_int_equal(store_cursor(f->t, OUTBOX_UNIT, &c), ST_OK);
    assert_int_equal(store_seek(c, slice_of("", 0), &key, &value), ST_NOT_FOUND);
    store_cursor_close(&c);
    assert_int_equal(outbox_fixture_state(f, OFFICE_A, OFFICE_A, 24, 100).last, 48);
    buf_done(&b);
}

static void fill(struct outbox_fixture *f)
{
    uint64_t used = 0, size = 0;
    assert_int_equal(outbox_fixture_commit(f), ST_OK);
    assert_int_equal(store_usage(f->store, &used, &size), ST_OK);
    store_mem_limit(f->store, used);
    outbox_fixture_begin(f);
}

static void a_full_outbox_takes_acks(void **state)
{
    struct outbox_fixture *f = *state;
    struct outbox_settled settled;
    struct buf b;
    const uint64_t seq[] = { 2 };
    const unsigned code[] = { CODE_UNAUTHORISED };
    buf_init(&b, 1 << 16);
    outbox_fixture_state(f, OFFICE_A, OFFICE_A, 24, 100);
    struct hash h = next(f, OFFICE_A, 0).hash;
    fill(f);
    assert_int_equal(store_room(f->t, 1), ST_FULL);
    assert_int_equal(ack(f, OFFICE_A, 24, &h, outbox_fixture_refusals(&b, seq, code, 1), &settled), ST_OK);
    assert_int_equal(outbox_fixture_commit(f), ST_OK);
    outbox_fixture_begin(f);
    struct outbox_stream s = outbox_fixture_stream(f, OFFICE_A);
    assert_true(s.acked == 24 && s.refused == 1 && s.out_bytes == 0);
    assert_int_equal(outbox_fixture_slot(f, OFFICE_A, OFFICE_A, 1).kind, VALUE_EMPTY);
    buf_done(&b);
}

static void a_restart_finds_everything(void **state)
{
    struct outbox_fixture *f = *state;
    struct outbox_identity id, fresh = f->identity;
    assert_int_equal(outbox_identity(f->t, &fresh, &id), ST_OK);
    struct outbox_stream s = outbox_fixture_state(f, OFFICE_A, OFFICE_A, 5, 100), again;
    struct hash h = next(f, OFFICE_A, 0).hash;
    assert_int_equal(outbox_fixture_commit(f), ST_OK);
    outbox_fixture_begin(f);
    outbox_fixture_state(f, OFFICE_A, OFFICE_A, 5, 900);
    outbox_fixture_crash(f);            /* the second file was not committed */
    again = outbox_fixture_stream(f, OFFICE_A);
    assert_memory_equal(&again, &s, sizeof s);
    struct outbox_batch b = next(f, OFFICE_A, 0);
    assert_true(b.last == 5 && sign_hash_equal(&b.hash, &h) && next(f, OFFICE_A, 5).last == 0);
    fresh.epoch = 1234;
    assert_int_equal(outbox_identity(f->t, &fresh, &id), ST_OK);
    assert_int_equal(id.epoch, 77);
}

static void results_older_than_400_days_go(void **state)
{
    struct outbox_fixture *f = *state;
    struct outbox_pushed p = { .at = f->now.wall, .office = 1, .rows = 4, .last = 9, .file = "a.csv" }, got;
    assert_int_equal(outbox_pushed_put(f->t, slice_of("old", 3), &p), ST_OK);
    p.at.ms += INT64_C(401) * 24 * 3600 * 1000;
    assert_int_equal(outbox_pushed_put(f->t, slice_of("new", 3), &p), ST_OK);
    assert_int_equal(outbox_pushed_get(f->t, slice_of("old", 3), &got), ST_NOT_FOUND);
    assert_int_equal(outbox_pushed_get(f->t, slice_of("new", 3), &got), ST_OK);
    assert_true(got.at.ms == p.at.ms && got.rows == 4 && got.last == 9 && !strcmp(got.file, "a.csv"));
}

/* ---- kept until archived ---- */

static int ack_keeping(struct outbox_fixture *f, uint64_t seq, const struct outbox_keep *keep)
{
    struct outbox_stream s = outbox_fixture_stream(f, OFFICE_A);
    struct outbox_settled settled;
    const struct hash h = next(f, OFFICE_A, seq - 1).hash;
    const struct outbox_receipt a = { .sequence = seq, .lsn = 40 + seq, .hash = h, .worker = "w1", .keep = keep };
    return outbox_ack(f->t, outbox_fixture_number(f, OFFICE_A), &a, f->now.wall, &s, &settled);
}

/* Three batches that end at 5, 8 and 10, all acknowledged. */
static struct outbox_stream three(struct outbox_fixture *f, const struct outbox_keep *keep)
{
    outbox_fixture_state(f, OFFICE_A, OFFICE_A, 5, 100);
    outbox_fixture_state(f, OFFICE_A, OFFICE_A, 3, 500);
    outbox_fixture_state(f, OFFICE_A, OFFICE_A, 2, 900);
    assert_int_equal(ack_keeping(f, 10, keep), ST_OK);
    return outbox_fixture_stream(f, OFFICE_A);
}

static void what_is_acknowledged_stays_until_it_is_archived(void **state)
{
    struct outbox_fixture *f = *state;
    const struct outbox_keep keep = { UINT64_MAX, INT64_MAX };
    struct outbox_stream s = three(f, &keep);
    uint32_t office = outbox_fixture_number(f, OFFICE_A);
    struct hash five = next(f, OFFICE_A, 0).hash, eight = next(f, OFFICE_A, 5).hash;
    assert_true(s.acked == 10 && s.out_bytes == 0 && s.kept_from == 0 && s.kept_bytes > 0);
    assert_int_equal(outbox_archived(f->t, office, 8, &five, &s), ST_INVALID);
    assert_int_equal(outbox_archived(f->t, office, 11, &five, &s), ST_INVALID);
    assert_int_equal(outbox_archived(f->t, office, 8, &eight, &s), ST_OK);
    assert_int_equal(outbox_trim(f->t, office, &keep, f->now.wall, &s), ST_OK);
    assert_true(s.kept_from == 8 && s.archived == 8 && s.let_go == 0 && sign_hash_equal(&s.kept_hash, &eight));
    assert_int_equal(next(f, OFFICE_A, 0).last, 10);
    assert_int_equal(s.kept_bytes, next(f, OFFICE_A, 0).payload.n);
}

static void what_is_too_much_or_too_old_goes_and_is_counted(void **state)
{
    struct outbox_fixture *f = *state;
    const struct outbox_keep all = { UINT64_MAX, INT64_MAX };
    struct outbox_stream s = three(f, &all);
    uint32_t office = outbox_fixture_number(f, OFFICE_A);
    const struct outbox_keep fewer = { s.kept_bytes - 1, INT64_MAX }, young = { UINT64_MAX, 1000 };
    assert_int_equal(outbox_trim(f->t, office, &fewer, f->now.wall, &s), ST_OK);
    assert_true(s.kept_from == 5 && s.let_go == 1);
    assert_int_equal(outbox_trim(f->t, office, &young, (struct wall){ f->now.wall.ms + 1000 }, &s), ST_OK);
    assert_int_equal(s.let_go, 1);
    assert_int_equal(outbox_trim(f->t, office, &young, (struct wall){ f->now.wall.ms + 1001 }, &s), ST_OK);
    assert_true(s.kept_from == 10 && s.let_go == 3 && s.kept_bytes == 0);
}

static void a_restored_log_gets_again_what_is_kept(void **state)
{
    struct outbox_fixture *f = *state;
    const struct outbox_keep keep = { UINT64_MAX, INT64_MAX };
    struct outbox_stream s = three(f, &keep);
    uint32_t office = outbox_fixture_number(f, OFFICE_A);
    struct hash five = next(f, OFFICE_A, 0).hash, eight = next(f, OFFICE_A, 5).hash;
    assert_int_equal(outbox_archived(f->t, office, 5, &five, &s), ST_OK);
    assert_int_equal(outbox_trim(f->t, office, &keep, f->now.wall, &s), ST_OK);
    struct outbox_stream before = s;
    assert_int_equal(outbox_rewind(f->t, office, 0, &five, 1, &s), ST_INVALID);         /* it is gone */
    assert_int_equal(outbox_rewind(f->t, office, 5, &eight, 1, &s), ST_INVALID);        /* another history */
    assert_int_equal(outbox_rewind(f->t, office, 8, &five, 1, &s), ST_INVALID);
    assert_int_equal(outbox_rewind(f->t, office, 7, &five, 1, &s), ST_INVALID);         /* within a batch */
    assert_memory_equal(&s, &before, sizeof s);
    assert_int_equal(outbox_rewind(f->t, office, 5, &five, 7, &s), ST_OK);
    s = outbox_fixture_stream(f, OFFICE_A);
    assert_true(s.acked == 5 && s.lsn == 7 && s.kept_bytes == 0 && sign_hash_equal(&s.acked_hash, &five));
    assert_int_equal(s.out_bytes, next(f, OFFICE_A, 5).payload.n + next(f, OFFICE_A, 8).payload.n);
    assert_int_equal(ack_keeping(f, 10, &keep), ST_OK);
    assert_int_equal(outbox_fixture_stream(f, OFFICE_A).acked, 10);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(batches_come_in_order_and_are_linked),
        T(an_ack_drops_what_it_covers),
        T(an_ack_of_another_history_changes_nothing), T(what_is_acknowledged_stays_until_it_is_archived),
        T(what_is_too_much_or_too_old_goes_and_is_counted), T(a_restored_log_gets_again_what_is_kept),
        T(a_refusal_is_noted_and_taken_back),
        T(a_row_refused_as_a_whole_is_gone),
        T(a_full_outbox_takes_acks),
        T(a_restart_finds_everything),
        T(results_older_than_400_days_go),
    };
    return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
