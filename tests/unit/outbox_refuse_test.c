/* outbox_refuse_test.c - what the outbox does not take: rows of its store that make no sense or are gone, lists that are none, an
 * office without a key, a store without room; and the rows that a release before this one left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/outbox_fixture.h"

enum {
    ROWS = 10,
    OUT_HEAD = 2 + HASH_SIZE,
    STREAM_WORKER = 7 * 8 + 4 + 2 * HASH_SIZE,
    STREAM_BEFORE = STREAM_WORKER + OUTBOX_WORKER_SIZE
};
static const struct outbox_keep KEEP = { 1 << 20, INT64_C(1) << 40 };

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

/* Four files of ten rows wait: batches that end at 10, 20, 30, 40. */
static int setup(void **state)
{
    struct outbox_fixture *f = calloc(1, sizeof *f);
    outbox_fixture_init(f);
    for (int i = 0; i < 4; i++) (void)outbox_fixture_state(f, OFFICE_A, OFFICE_A, ROWS, 100 + i);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    outbox_fixture_done(*state);
    free(*state);
    return 0;
}

static uint32_t office(struct outbox_fixture *f) { return outbox_fixture_number(f, OFFICE_A); }

static struct slice out_key(struct outbox_fixture *f, uint64_t last, uint8_t k[12])
{
    bytes_be32(k, office(f));
    bytes_be64(k + 4, last);
    return slice_of(k, 12);
}

static void forget(struct outbox_fixture *f, uint64_t last)
{
    uint8_t k[12];
    assert_int_equal(store_del(f->t, OUTBOX_OUT, out_key(f, last, k)), ST_OK);
}

static struct outbox_batch batch_at(struct outbox_fixture *f, uint64_t last)
{
    struct outbox_batch b;
    assert_int_equal(outbox_next(f->t, office(f), last - 1, &b), ST_OK);
    return b;
}

static int ack(struct outbox_fixture *f, uint64_t seq, const struct hash *hash, struct slice refused,
               const struct outbox_keep *keep)
{
    struct outbox_stream s = outbox_fixture_stream(f, OFFICE_A);
    struct outbox_settled settled;
    const struct outbox_receipt a = {
        .sequence = seq, .lsn = seq, .hash = *hash, .refused = refused, .worker = "w1", .keep = keep
    };
    return outbox_ack(f->t, office(f), &a, f->now.wall, &s, &settled);
}

static void acked(struct outbox_fixture *f, uint64_t seq)
{
    const struct hash hash = batch_at(f, seq).hash;
    assert_int_equal(ack(f, seq, &hash, slice_of("", 0), &KEEP), ST_OK);
}

static struct outbox_speaker speaker(struct outbox_fixture *f)
{
    return (struct outbox_speaker){ office(f), text(OFFICE_A), &f->signer, &f->identity };
}

static int resign(struct outbox_fixture *f, uint64_t from, uint32_t *ret_n)
{
    struct outbox_stream s = outbox_fixture_stream(f, OFFICE_A);
    const struct outbox_speaker who = speaker(f);
    return outbox_resign(f->t, &who, from, f->now.wall, &s, ret_n);
}

/* ---- a batch that is gone ---- */

static void a_waiting_batch_that_is_gone_is_corrupt(void **state)
{
    struct outbox_fixture *f = *state;
    struct outbox_stream s = outbox_fixture_stream(f, OFFICE_A);
    const struct outbox_pushed p = { .file = "a.csv" };
    const uint64_t in_the_last = 35;
    const unsigned code = CODE_BAD_FORMAT;
    const struct hash third = batch_at(f, 30).hash;
    struct buf list;
    uint32_t n;
    buf_init(&list, 64);
    outbox_fixture_other_key(f, true);
    forget(f, 10);
    assert_int_equal(resign(f, 1, &n), ST_CORRUPT);         /* the very one, with others behind it */
    forget(f, 40);
    assert_int_equal(resign(f, 21, &n), ST_CORRUPT);        /* the last of those to be signed */
    forget(f, 20);
    assert_int_equal(resign(f, 21, &n), ST_CORRUPT);        /* the one before it is gone */
    assert_int_equal(outbox_knows(f->t, office(f), 40, &s.head, &s), ST_CORRUPT);
    assert_int_equal(outbox_due_put(f->t, office(f), 40, text("id"), &p), ST_CORRUPT);
    assert_int_equal(outbox_refuse(f->t, office(f), 40, outbox_fixture_refusals(&list, &in_the_last, &code, 1), &s), ST_CORRUPT);
    assert_int_equal(resign(f, 31, &n), ST_CORRUPT);
    forget(f, 30);
    assert_int_equal(resign(f, 31, &n), ST_CORRUPT);
    assert_int_equal(resign(f, 21, &n), ST_CORRUPT);        /* nothing is left at all */
    assert_int_equal(ack(f, 30, &third, slice_of("", 0), &KEEP), ST_CORRUPT);
    buf_done(&list);
}

static void a_kept_batch_that_is_gone_is_corrupt(void **state)
{
    struct outbox_fixture *f = *state;
    const struct hash second = batch_at(f, 20).hash;
    acked(f, 40);
    struct outbox_stream s = outbox_fixture_stream(f, OFFICE_A);
    forget(f, 40);
    assert_int_equal(outbox_rewind(f->t, office(f), 20, &second, 1, &s), ST_CORRUPT);
    assert_int_equal(outbox_archived(f->t, office(f), 40, &s.acked_hash, &s), ST_CORRUPT);
    assert_int_equal(outbox_trim(f->t, office(f), NULL, f->now.wall, &s), ST_CORRUPT);
    s = outbox_fixture_stream(f, OFFICE_A);     /* which says that they are there */
    assert_int_equal(outbox_rewind(f->t, office(f), 20, &second, 1, &s), ST_CORRUPT);
    store_mem_limit(f->store, 1);
    assert_int_equal(outbox_release(f->t, 1), ST_CORRUPT);
}

static void an_ack_between_batches_that_are_gone_is_corrupt(void **state)
{
    struct outbox_fixture *f = *state;
    struct outbox_stream s = outbox_fixture_stream(f, OFFICE_A);
    uint8_t k[12], v[OUT_HEAD + 1] = { 0, 10 };
    memcpy(v + 2, s.head.b, HASH_SIZE);
    for (uint64_t last = 10; last <= 40; last += 10) forget(f, last);
    assert_int_equal(store_put(f->t, OUTBOX_OUT, out_key(f, 40, k), slice_of(v, sizeof v)), ST_OK);
    const uint64_t seq = 2;
    const unsigned code = CODE_BAD_FORMAT;
    struct buf list;
    buf_init(&list, 64);
    assert_int_equal(outbox_refuse(f->t, office(f), 40, outbox_fixture_refusals(&list, &seq, &code, 1), &s), ST_CORRUPT);
    buf_done(&list);
}

/* ---- rows that make no sense ---- */

static void batches_that_make_no_sense_are_corrupt(void **state)
{
    static const struct { size_t n; unsigned count; int status; } cases[] = {
        { OUT_HEAD, 1, ST_CORRUPT }, { OUT_HEAD + 1, 0, ST_CORRUPT }, { OUT_HEAD + 1, 51, ST_CORRUPT }, { OUT_HEAD + 1, 50, ST_OK },
        { 0, 0, ST_CORRUPT } };
    struct outbox_fixture *f = *state;
    uint8_t k[12], v[OUT_HEAD + 1] = { 0 };
    struct outbox_batch b;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bytes_be16(v, (uint16_t)cases[i].count);
        assert_int_equal(store_put(f->t, OUTBOX_OUT, out_key(f, 50, k), slice_of(v, cases[i].n)), ST_OK);
        assert_int_equal(outbox_next(f->t, office(f), 40, &b), cases[i].status);
    }
    assert_true(b.first == 1 && b.last == 50 && b.payload.n == 1);
    assert_int_equal(store_del(f->t, OUTBOX_OUT, slice_of(k, 12)), ST_OK);
    k[10] = 1;
    assert_int_equal(store_put(f->t, OUTBOX_OUT, slice_of(k, 11), slice_of(v, sizeof v)), ST_OK);
    assert_int_equal(outbox_next(f->t, office(f), 40, &b), ST_NOT_FOUND);      /* a key that is none ends the stream */
}

static void bodies_that_are_none_are_corrupt(void **state)
{
    struct outbox_fixture *f = *state;
    const struct outbox_speaker who = speaker(f);
    struct outbox_stream s = outbox_fixture_stream(f, OFFICE_A);
    struct batch old;
    uint64_t seq = 41;
    const unsigned code = CODE_BAD_FORMAT;
    struct buf list, body;
    buf_init(&list, 64);
    buf_init(&body, 1 << 16);
    assert_int_equal(codec_batch_parse_covered(batch_at(f, 40).payload, &old), ST_OK);
    buf_put(&body, old.body.p, old.body.n);
    assert_int_equal(outbox_append(f->t, &who, f->now.wall, text("x"), 1, &s), ST_OK);
    assert_int_equal(outbox_refuse(f->t, office(f), seq, outbox_fixture_refusals(&list, &seq, &code, 1), &s), ST_CORRUPT);
    assert_int_equal(outbox_append(f->t, &who, f->now.wall, buf_slice(&body), ROWS + 1, &s), ST_OK);
    seq = s.last;                       /* counted, and not in the body */
    assert_int_equal(outbox_refuse(f->t, office(f), seq, outbox_fixture_refusals(&list, &seq, &code, 1), &s), ST_CORRUPT);
    buf_done(&list);
    buf_done(&body);
}

static void a_payload_that_is_no_batch_is_corrupt(void **state)
{
    struct outbox_fixture *f = *state;
    struct outbox_stream s = outbox_fixture_stream(f, OFFICE_A);
    const struct outbox_pushed p = { .file = "a.csv" };
    uint8_t k[12], v[OUT_HEAD + 1] = { 0, ROWS };
    const uint64_t seq = 35;
    const unsigned code = CODE_BAD_FORMAT;
    struct buf list;
    uint32_t n;
    buf_init(&list, 64);
    assert_int_equal(store_put(f->t, OUTBOX_OUT, out_key(f, 40, k), slice_of(v, sizeof v)), ST_OK);
    assert_int_equal(outbox_refuse(f->t, office(f), 40, outbox_fixture_refusals(&list, &seq, &code, 1), &s), ST_CORRUPT);
    assert_int_equal(outbox_due_put(f->t, office(f), 40, text("id"), &p), ST_CORRUPT);
    outbox_fixture_other_key(f, true);
    assert_int_equal(resign(f, 31, &n), ST_CORRUPT);
    assert_int_equal(resign(f, 21, &n), ST_CORRUPT);
    buf_done(&list);
}

static void rows_of_another_length_are_corrupt(void **state)
{
    struct outbox_fixture *f = *state;
    struct outbox_identity id;
    struct outbox_stream read;
    struct slice row;
    uint8_t k[4], v[256];
    assert_int_equal(store_put(f->t, OUTBOX_META, text("identity"), slice_of(v, 23)), ST_OK);
    assert_int_equal(outbox_identity(f->t, &f->identity, &id), ST_CORRUPT);
    acked(f, 10);
    bytes_be32(k, office(f));
    assert_int_equal(store_get(f->t, OUTBOX_STREAM, slice_of(k, 4), &row), ST_OK);
    size_t n = row.n;
    memcpy(v, row.p, n);
    for (size_t cut = 0; cut < n; cut++) {
        assert_int_equal(store_put(f->t, OUTBOX_STREAM, slice_of(k, 4), slice_of(v, cut)), ST_OK);
        assert_int_equal(outbox_stream_get(f->t, office(f), &read), cut == STREAM_BEFORE ? ST_OK : ST_CORRUPT);
    }
    v[STREAM_BEFORE - 1] = 'x';         /* a worker's name without an end */
    assert_int_equal(store_put(f->t, OUTBOX_STREAM, slice_of(k, 4), slice_of(v, n)), ST_OK);
    assert_int_equal(outbox_stream_get(f->t, office(f), &read), ST_CORRUPT);
}

/* A release that kept nothing after an ack wrote the first half of the row. */
static void the_row_of_a_release_before_this_one_is_read(void **state)
{
    struct outbox_fixture *f = *state;
    struct outbox_stream read;
    struct slice row;
    uint8_t k[4], v[STREAM_BEFORE];
    acked(f, 10);
    bytes_be32(k, office(f));
    assert_int_equal(store_get(f->t, OUTBOX_STREAM, slice_of(k, 4), &row), ST_OK);
    memcpy(v, row.p, sizeof v);
    assert_int_equal(store_put(f->t, OUTBOX_STREAM, slice_of(k, 4), slice_of(v, sizeof v)), ST_OK);
    assert_int_equal(outbox_stream_get(f->t, office(f), &read), ST_OK);
    assert_true(read.last == 40 && read.acked == 10 && read.kept_from == 10 && read.kept_bytes == 0 && read.archived == 0);
    assert_true(sign_hash_equal(&read.kept_hash, &read.acked_hash));
    assert_string_equal(read.worker, "w1");
}

static void names_that_are_too_long_are_corrupt(void **state)
{
    struct outbox_fixture *f = *state;
    char longer[OFFICE_ID_MAX + 2] = { 0 };
    uint32_t n;
    memset(longer, 'g', OFFICE_ID_MAX + 1);
    assert_int_equal(outbox_subject(f->t, office(f), text(longer), true, &n), ST_CORRUPT);
    assert_int_equal(outbox_subject(f->t, 4711, text(OFFICE_A), true, &n), ST_CORRUPT);
    uint32_t unnamed = outbox_fixture_number(f, longer);
    assert_int_equal(outbox_subject(f->t, unnamed, text(OFFICE_A), true, &n), ST_CORRUPT);
    longer[OFFICE_ID_MAX] = '\0';
    assert_int_equal(outbox_subject(f->t, office(f), text(longer), false, &n), ST_NOT_FOUND);
    assert_int_equal(outbox_subject(f->t, office(f), text(longer), true, &n), ST_OK);
    assert_int_equal(outbox_subject(f->t, office(f), text(OFFICE_A), false, &n), ST_OK);
    assert_int_equal(n, office(f));
}

/* ---- lists of refusals ---- */

static void lists_that_are_none_are_refused(void **state)
{
    static const struct { const char *bytes; size_t n; bool ok; } cases[] = {
        { "", 0, true },                                { "\x90", 1, true },
        { "\x91\x92\x01\x02", 4, true },               { "\x91\x92\x01\xcd\xff\xff", 6, true },
        { "\x91\x92\x01\xce\x00\x01\x00\x00", 8, false }, { "\x91\x92\x01", 3, false },
        { "\x92\x92\x01", 3, false },                   { "\x91\x93\x01\x02\x03", 5, false },
        { "\x91\x91\x01", 3, false },                   { "\x90\x90", 2, false },
        { "\x92\x92\x01\x02", 4, false },               { "\x01", 1, false },
        { "\x91\x92\x01\x02\x00", 5, false },
    };
    struct outbox_fixture *f = *state;
    const struct hash first = batch_at(f, 10).hash;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(outbox_refuse_list_ok(slice_of(cases[i].bytes, cases[i].n)), cases[i].ok);
        if (!cases[i].ok) assert_int_equal(ack(f, 10, &first, slice_of(cases[i].bytes, cases[i].n), &KEEP), ST_INVALID);
        assert_int_equal(outbox_fixture_stream(f, OFFICE_A).acked, 0);
    }
}

/* In any order, across batches, of two subjects in turn, named twice; what lies outside of the ack is not looked at. */
static void refusals_in_any_order(void **state)
{
    static const uint64_t sequence[] = { 55, 42, 33, 44, 57, 31, 55, 9, 61, 40 };
    static const unsigned code[10] = { CODE_BAD_FORMAT, CODE_BAD_FORMAT, CODE_BAD_FORMAT, CODE_BAD_FORMAT, CODE_BAD_FORMAT,
                                       CODE_BAD_FORMAT, CODE_BAD_FORMAT, CODE_BAD_FORMAT, CODE_BAD_FORMAT, CODE_BAD_FORMAT };
    struct outbox_fixture *f = *state;
    struct buf list;
    acked(f, 30);
    (void)outbox_fixture_state(f, OFFICE_A, OFFICE_B, ROWS, 900);
    (void)outbox_fixture_state(f, OFFICE_A, OFFICE_A, ROWS, 700);
    const struct hash hash = batch_at(f, 60).hash;
    buf_init(&list, 256);
    assert_int_equal(ack(f, 60, &hash, outbox_fixture_refusals(&list, sequence, code, 10), &KEEP), ST_OK);
    assert_int_equal(outbox_fixture_stream(f, OFFICE_A).refused, 7);
    for (uint32_t i = 0; i < ROWS; i++) {
        struct slot a = outbox_fixture_slot(f, OFFICE_A, OFFICE_A, i), b = outbox_fixture_slot(f, OFFICE_A, OFFICE_B, i);
        assert_int_equal(a.kind, i == 4 || i == 6 ? VALUE_EMPTY : VALUE_NUMBER);       /* 33, 31, 40 were restated since */
        assert_int_equal(b.kind, i == 1 || i == 3 ? VALUE_EMPTY : VALUE_NUMBER);
        if (a.kind == VALUE_NUMBER) assert_int_equal(a.value, 700 + i);
    }
    buf_done(&list);
}

static int refuse(struct outbox_fixture *f, const uint64_t *sequence, uint32_t n)
{
    static const unsigned code[4] = { CODE_BAD_FORMAT, CODE_BAD_FORMAT, CODE_BAD_FORMAT, CODE_BAD_FORMAT };
    struct outbox_stream s = outbox_fixture_stream(f, OFFICE_A);
    struct buf list;
    buf_init(&list, 256);
    int st = outbox_refuse(f->t, office(f), s.last, outbox_fixture_refusals(&list, sequence, code, n), &s);
    if (st == ST_OK) assert_int_equal(s.refused, n);
    buf_done(&list);
    return st;
}

/* Both statements of one slot are refused, the later one first: the slot is empty when the earlier one comes. */
static void a_slot_whose_statements_are_all_refused(void **state)
{
    static const uint64_t both[] = { 33, 3 };
    struct outbox_fixture *f = *state;
    assert_int_equal(outbox_fixture_slot(f, OFFICE_A, OFFICE_A, 2).kind, VALUE_NUMBER);
    assert_int_equal(refuse(f, both, 2), ST_OK);
    assert_int_equal(outbox_fixture_slot(f, OFFICE_A, OFFICE_A, 2).kind, VALUE_EMPTY);
    assert_int_equal(outbox_fixture_slot(f, OFFICE_A, OFFICE_A, 3).value, 103 + 3);
}

/* Rows of a batch written by hand: a figure of an indicator that this outbox knows, one of an indicator it has never met, one that
 * no release of ours would write. All of them are counted; the first is taken back. */
static void refused_rows_of_every_sort(void **state)
{
    struct outbox_fixture *f = *state;
    const struct outbox_speaker who = speaker(f);
    struct outbox_stream s = outbox_fixture_stream(f, OFFICE_A);
    const struct section head = { .office = text(OFFICE_A), .year = 2024, .source = SOURCE_OPD,
                                  .vintage = VINTAGE_PERMENDAGRI_90_2019 };
    struct figure g = { .activity = CODE_TOTAL, .measure = MEASURE_REACHED, .year = 2024, .source = SOURCE_OPD, .month = 1,
                        .basis = BASIS_CUMULATIVE, .kind = VALUE_NUMBER, .value = 5, .indicator = text("known") };
    const uint64_t all[] = { 41, 42, 43 };
    enum unit_result result;
    struct unit u;
    struct buf body;
    uint32_t known;
    buf_init(&body, 4096);
    codec_put_array(&body, 1);
    codec_section_begin(&body, &head, 3);
    codec_row_put(&body, &g);
    g.indicator = text("never met");
    codec_row_put(&body, &g);
    g.month = 13;
    codec_row_put(&body, &g);
    g.month = 1, g.indicator = text("known");
    assert_int_equal(outbox_append(f->t, &who, f->now.wall, buf_slice(&body), 3, &s), ST_OK);
    assert_int_equal(unit_dict_add(f->t, OUTBOX_DICT_TEXT, OUTBOX_DICT_ID, g.indicator, &known), ST_OK);
    uint32_t copy;
    assert_int_equal(outbox_subject(f->t, office(f), text(OFFICE_A), false, &copy), ST_OK);
    struct leaf_key key = { .activity = CODE_TOTAL, .measure = MEASURE_REACHED, .source = SOURCE_OPD, .indicator = known };
    unit_init(&u);
    assert_int_equal(unit_load(&u, f->t, OUTBOX_UNIT, copy, 2024), ST_OK);
    assert_int_equal(unit_set(&u, &g, known, 41, &result, NULL, NULL), ST_OK);
    assert_int_equal(unit_save(&u, f->t, OUTBOX_UNIT), ST_OK);
    assert_int_equal(refuse(f, all, 3), ST_OK);
    assert_int_equal(unit_load(&u, f->t, OUTBOX_UNIT, copy, 2024), ST_OK);
    assert_null(unit_find(&u, &key));
    unit_done(&u);
    buf_done(&body);
}

/* ---- keys that are none ---- */

static void keys_that_are_none_end_a_list(void **state)
{
    struct outbox_fixture *f = *state;
    struct outbox_due d;
    uint64_t n;
    uint8_t k[20] = { 0xff };
    bytes_be32(k, office(f));
    memset(k + 4, 0xff, 16);
    assert_int_equal(store_put(f->t, OUTBOX_DUE, slice_of(k, 11), slice_of("x", 1)), ST_OK);
    assert_int_equal(outbox_due_next(f->t, office(f), 40, &d), ST_NOT_FOUND);
    assert_int_equal(store_put(f->t, OUTBOX_RESIGNED, slice_of(k, 19), slice_of("x", 1)), ST_OK);
    assert_int_equal(outbox_resigned(f->t, office(f), &n), ST_OK);
    assert_int_equal(n, 0);
    assert_int_equal(store_del(f->t, OUTBOX_RESIGNED, slice_of(k, 19)), ST_OK);
    bytes_be32(k, office(f) + 1);
    assert_int_equal(store_put(f->t, OUTBOX_RESIGNED, slice_of(k, 20), slice_of("x", 1)), ST_OK);
    assert_int_equal(outbox_resigned(f->t, office(f), &n), ST_OK);
    assert_int_equal(n, 0);
    assert_int_equal(outbox_resigned(f->t, office(f) + 1, &n), ST_OK);
    assert_int_equal(n, 1);
    assert_int_equal(store_put(f->t, OUTBOX_STREAM, slice_of(k, 5), slice_of("x", 1)), ST_OK);
    store_mem_limit(f->store, 1);
    assert_int_equal(outbox_release(f->t, 1), ST_CORRUPT);
}

static void a_due_receipt_whose_worker_has_no_end_is_corrupt(void **state)
{
    struct outbox_fixture *f = *state;
    const struct outbox_pushed p = { .file = "a.csv" };
    struct outbox_due d;
    struct slice row;
    uint8_t k[12], v[4096];
    assert_int_equal(outbox_due_put(f->t, office(f), 40, text("id"), &p), ST_OK);
    assert_int_equal(store_get(f->t, OUTBOX_DUE, out_key(f, 40, k), &row), ST_OK);
    size_t n = row.n, end = 1 + 8 + 2 * HASH_SIZE + OUTBOX_WORKER_SIZE - 1;
    memcpy(v, row.p, n);
    assert_int_equal(v[end], 0);
    v[end] = 'x';
    assert_int_equal(store_put(f->t, OUTBOX_DUE, slice_of(k, 12), slice_of(v, n)), ST_OK);
    assert_int_equal(outbox_due_get(f->t, office(f), 40, &d), ST_CORRUPT);
}

/* ---- keys and room ---- */

static void without_a_key_nothing_is_signed(void **state)
{
    struct outbox_fixture *f = *state;
    struct outbox_stream s = { 0 };
    const struct outbox_speaker who = { outbox_fixture_number(f, OFFICE_KEYLESS), text(OFFICE_KEYLESS), &f->signer, &f->identity };
    struct outbox_batch b;
    uint32_t n = 9;
    assert_int_equal(outbox_append(f->t, &who, f->now.wall, text("body"), 1, &s), ST_NOT_FOUND);
    assert_int_equal(outbox_resign(f->t, &who, 1, f->now.wall, &s, &n), ST_NOT_FOUND);
    assert_int_equal(n, 0);
    assert_int_equal(outbox_next(f->t, who.office, 0, &b), ST_NOT_FOUND);
}

static void without_room_nothing_is_signed_anew(void **state)
{
    struct outbox_fixture *f = *state;
    struct outbox_stream before = outbox_fixture_stream(f, OFFICE_A);
    uint32_t n = 9;
    outbox_fixture_other_key(f, true);
    store_mem_limit(f->store, 1);
    assert_int_equal(resign(f, 1, &n), ST_OK);
    assert_int_equal(n, 0);
    struct outbox_stream after = outbox_fixture_stream(f, OFFICE_A);
    assert_true(sign_hash_equal(&before.head, &after.head));
    assert_int_equal(resign(f, 2, &n), ST_INVALID);
    assert_int_equal(resign(f, 41, &n), ST_INVALID);
    store_mem_limit(f->store, 0);
    assert_int_equal(resign(f, 1, &n), ST_OK);
    assert_int_equal(n, 4);
}

/* More rows than one pass lets go of. */
static void many_batches_are_let_go_in_passes(void **state)
{
    struct outbox_fixture *f = *state;
    for (int i = 0; i < 70; i++) (void)outbox_fixture_state(f, OFFICE_A, OFFICE_A, 1, 5000 + i);
    acked(f, 110);
    uint64_t used, size;
    assert_int_equal(store_usage(f->store, &used, &size), ST_OK);
    struct outbox_stream s = outbox_fixture_stream(f, OFFICE_A);
    assert_int_equal(s.kept_from, 0);
    assert_true(s.kept_bytes > 0);
    store_mem_limit(f->store, 1);
    assert_int_equal(outbox_release(f->t, 1), ST_FULL);
    s = outbox_fixture_stream(f, OFFICE_A);
    assert_true(s.kept_from == 110 && s.kept_bytes == 0 && s.let_go == 74);
    store_mem_limit(f->store, 0);
    assert_int_equal(outbox_release(f->t, 1), ST_OK);
}

/* One call lets go of so many; the next one goes on. What was let go may be called archived later, and nothing comes of it. */
static void a_very_long_backlog_is_let_go_in_calls(void **state)
{
    enum { PASS = 4096 };
    struct outbox_fixture *f = *state;
    const struct outbox_speaker who = speaker(f);
    struct outbox_stream s = outbox_fixture_stream(f, OFFICE_A);
    const struct hash third = batch_at(f, 30).hash;
    for (int i = 0; i < PASS; i++) assert_int_equal(outbox_append(f->t, &who, f->now.wall, text("x"), 1, &s), ST_OK);
    s.acked = s.last;
    assert_int_equal(outbox_trim(f->t, office(f), NULL, f->now.wall, &s), ST_OK);
    assert_true(s.kept_from == s.last - 4 && s.let_go == 0);    /* four batches of ten before them */
    assert_int_equal(outbox_trim(f->t, office(f), NULL, f->now.wall, &s), ST_OK);
    assert_int_equal(s.kept_from, s.last);
    assert_int_equal(outbox_archived(f->t, office(f), 30, &third, &s), ST_OK);
    assert_int_equal(s.archived, 0);
}

/* ---- going back ---- */

static void a_log_that_went_back(void **state)
{
    struct outbox_fixture *f = *state;
    const struct hash at[] = { batch_at(f, 10).hash, batch_at(f, 20).hash, batch_at(f, 30).hash };
    acked(f, 40);
    struct outbox_stream s = outbox_fixture_stream(f, OFFICE_A);
    uint64_t bytes = s.kept_bytes;
    assert_int_equal(outbox_archived(f->t, office(f), 30, &at[2], &s), ST_OK);
    assert_int_equal(outbox_archived(f->t, office(f), 20, &at[0], &s), ST_OK);         /* an older word: not looked at */
    assert_int_equal(outbox_archived(f->t, office(f), 41, &at[0], &s), ST_INVALID);
    assert_int_equal(outbox_archived(f->t, office(f), 40, &at[0], &s), ST_INVALID);
    assert_int_equal(outbox_archived(f->t, office(f), 35, &at[0], &s), ST_INVALID);
    assert_int_equal(s.archived, 30);
    assert_int_equal(outbox_rewind(f->t, office(f), 40, &s.acked_hash, 1, &s), ST_INVALID);
    assert_int_equal(outbox_rewind(f->t, office(f), 20, &at[0], 1, &s), ST_INVALID);
    assert_int_equal(outbox_rewind(f->t, office(f), 15, &at[1], 1, &s), ST_INVALID);
    assert_int_equal(outbox_rewind(f->t, office(f), 20, &at[1], 1, &s), ST_OK);
    assert_true(s.acked == 20 && s.archived == 20 && s.lsn == 1 && sign_hash_equal(&s.acked_hash, &at[1]));
    assert_int_equal(s.kept_bytes + s.out_bytes, bytes);
    assert_int_equal(outbox_trim(f->t, office(f), &KEEP, f->now.wall, &s), ST_OK);
    assert_true(s.kept_from == 20 && s.let_go == 0 && s.kept_bytes == 0 && sign_hash_equal(&s.kept_hash, &at[1]));
    assert_int_equal(outbox_rewind(f->t, office(f), 10, &at[0], 1, &s), ST_INVALID);
    assert_int_equal(outbox_stream_put(f->t, office(f), &s), ST_OK);
    acked(f, 40);
    s = outbox_fixture_stream(f, OFFICE_A);
    assert_int_equal(outbox_rewind(f->t, office(f), 20, &at[0], 1, &s), ST_INVALID);   /* where what is kept begins */
    assert_int_equal(outbox_rewind(f->t, office(f), 20, &at[1], 1, &s), ST_OK);
}

/* ---- results of files ---- */

static void results_of_files(void **state)
{
    static const int64_t day = INT64_C(24) * 3600 * 1000;
    struct outbox_fixture *f = *state;
    struct outbox_pushed
        p = { .at = { 1 }, .office = 3, .rows = 9, .accepted = 5, .duplicate = 2, .superseded = 1, .refused = 1, .last = 77 },
        read;
    char longest[160];
    struct slice row;
    uint8_t v[512];
    memset(p.file, 'f', sizeof p.file - 1);
    assert_int_equal(outbox_pushed_put(f->t, text("one"), &p), ST_OK);
    assert_int_equal(outbox_pushed_get(f->t, text("one"), &read), ST_OK);
    assert_memory_equal(&read, &p, sizeof p);
    assert_int_equal(outbox_pushed_get(f->t, text("none"), &read), ST_NOT_FOUND);
    assert_int_equal(store_get(f->t, OUTBOX_PUSHED, text("one"), &row), ST_OK);
    size_t n = row.n;
    memcpy(v, row.p, n);
    v[n] = 'f';                         /* a name that is too long */
    assert_int_equal(store_put(f->t, OUTBOX_PUSHED, text("one"), slice_of(v, n + 1)), ST_OK);
    assert_int_equal(outbox_pushed_get(f->t, text("one"), &read), ST_CORRUPT);
    assert_int_equal(store_put(f->t, OUTBOX_PUSHED, text("one"), slice_of(v, 5)), ST_OK);
    assert_int_equal(outbox_pushed_get(f->t, text("one"), &read), ST_CORRUPT);
    p.at.ms = 1 + 400 * day;
    assert_int_equal(outbox_pushed_put(f->t, text("two"), &p), ST_OK);
    assert_int_equal(store_get(f->t, OUTBOX_PUSHED, text("one"), &row), ST_OK);        /* to the day: not older yet */
    p.at.ms = 2 + 400 * day;
    assert_int_equal(outbox_pushed_put(f->t, text("three"), &p), ST_OK);
    assert_int_equal(store_get(f->t, OUTBOX_PUSHED, text("one"), &row), ST_NOT_FOUND);
    assert_int_equal(store_del(f->t, OUTBOX_PUSHED, text("two")), ST_OK);       /* gone already: its index row goes all the same */
    p.at.ms = 2 + 900 * day;
    for (int i = 0; i < 8; i++) {
        snprintf(longest, sizeof longest, "id-%d", i);
        assert_int_equal(outbox_pushed_put(f->t, text(longest), &p), ST_OK);
    }
    assert_int_equal(store_get(f->t, OUTBOX_PUSHED, text("three"), &row), ST_NOT_FOUND);
    assert_int_equal(store_put(f->t, OUTBOX_PUSHED_AT, slice_of("\0\0\0\0\0\0\0\0", 8), slice_of("", 0)), ST_OK);
    assert_int_equal(outbox_pushed_put(f->t, text("last"), &p), ST_OK);        /* an index row without a name is left alone */
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = { T(a_waiting_batch_that_is_gone_is_corrupt),
                                        T(a_kept_batch_that_is_gone_is_corrupt),
                                        T(an_ack_between_batches_that_are_gone_is_corrupt),
                                        T(batches_that_make_no_sense_are_corrupt),
                                        T(bodies_that_are_none_are_corrupt),
                                        T(a_payload_that_is_no_batch_is_corrupt),
                                        T(rows_of_another_length_are_corrupt),
                                        T(the_row_of_a_release_before_this_one_is_read),
                                        T(names_that_are_too_long_are_corrupt),
                                        T(lists_that_are_none_are_refused),
                                        T(refusals_in_any_order), T(a_slot_whose_statements_are_all_refused),
                                        T(refused_rows_of_every_sort), T(keys_that_are_none_end_a_list),
                                        T(a_due_receipt_whose_worker_has_no_end_is_corrupt),
                                        T(a_very_long_backlog_is_let_go_in_calls),
                                        T(without_a_key_nothing_is_signed),
                                        T(without_room_nothing_is_signed_anew),
                                        T(many_batches_are_let_go_in_passes),
                                        T(a_log_that_went_back),
                                        T(results_of_files) };
    return cmocka_run_group_tests_name("outbox_refuse", tests, NULL, NULL);
}
