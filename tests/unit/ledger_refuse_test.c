/* ledger_refuse_test.c - what the ledger does not take: records of a copied log that do not go on from here, archive marks that are
 * not of this log, rows that the scrub finds out. Each refusal by its code, and nothing changed by it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/restore.h"
#include "worker/ledger.h"

static const struct ledger_identity IDENTITY = { .id = "w1", .number = 1, .incarnation = { 1 } };
static const char OFFICE[] = "gen-3374-01";
struct fixture { struct store *store; struct store_txn *t; struct ledger l; struct hash head; };

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

/* The record that would be next, of this kind and content; bytes live in b. */
static struct record next_record(const struct fixture *x, unsigned kind, struct slice content)
{
    return (struct record){ .lsn = x->l.lsn + 1, .kind = (uint8_t)kind, .at = { 100 }, .previous = x->l.hash, .content = content,
                            .dispositions = kind == RECORD_BATCH ? text("\x90") : slice_of(NULL, 0) };
}

static struct batch next_batch(const struct fixture *x, uint64_t epoch, uint64_t sequence)
{
    struct batch b = { .h = { .office = text(OFFICE), .epoch = epoch, .sequence = sequence, .count = 3, .previous = x->head } };
    b.hash = sign_hash(&sequence, sizeof sequence);
    return b;
}

static int copy(struct fixture *x, const struct record *r, const struct batch *b, unsigned *ret_code)
{
    struct buf bytes;
    buf_init(&bytes, RECORD_BYTES_MAX);
    codec_record_put(&bytes, r);
    assert_true(buf_ok(&bytes));
    int st = ledger_copy(&x->l, x->t, buf_slice(&bytes), r, b, ret_code);
    buf_done(&bytes);
    return st;
}

/* A log with a line of the register and a batch of three updates in epoch 5. */
static int setup(void **state)
{
    struct fixture *x = calloc(1, sizeof *x);
    unsigned code;
    assert_int_equal(store_mem_new(ledger_tables, &x->store), ST_OK);
    assert_int_equal(ledger_init(&x->l, &IDENTITY, NULL), ST_OK);
    assert_int_equal(store_begin(x->store, true, &x->t), ST_OK);
    assert_int_equal(ledger_recover(&x->l, x->t), ST_OK);
    struct record r = next_record(x, RECORD_OFFICE, text("1\ta line"));
    assert_int_equal(copy(x, &r, NULL, &code), ST_OK);
    r = next_record(x, RECORD_BATCH, text("payload"));
    struct batch b = next_batch(x, 5, 1);
    assert_int_equal(copy(x, &r, &b, &code), ST_OK);
    assert_int_equal(ledger_flush(&x->l, x->t), ST_OK);
    x->head = b.hash;
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *x = *state;
    store_abort(&x->t);
    ledger_done(&x->l);
    store_mem_free(&x->store);
    free(x);
    return 0;
}

static void refused(struct fixture *x, const struct record *r, const struct batch *b, unsigned want)
{
    struct hash before = x->l.hash;
    uint64_t lsn = x->l.lsn;
    unsigned code = CODE_OK;
    struct slice bytes;
    assert_int_equal(copy(x, r, b, &code), ST_INVALID);
    assert_int_equal(code, want);
    assert_true(x->l.lsn == lsn && sign_hash_equal(&x->l.hash, &before));
    assert_int_equal(ledger_record(x->t, lsn + 1, &bytes), ST_NOT_FOUND);
}

static void a_record_at_another_place_is_refused(void **state)
{
    struct fixture *x = *state;
    const struct batch b = next_batch(x, 5, 4);
    struct record r = next_record(x, RECORD_BATCH, text("payload"));
    r.lsn++;
    refused(x, &r, &b, CODE_GAP);
    r.lsn -= 2;
    refused(x, &r, &b, CODE_GAP);
    r.lsn++;
    r.previous.b[31] ^= 1;
    refused(x, &r, &b, CODE_DIFFERENT_HISTORY);
    r.previous = x->l.hash;
    r.at.ms = 99;
    refused(x, &r, &b, CODE_BAD_CHAIN);
    r.at.ms = 100;
    unsigned code = CODE_GAP;
    assert_int_equal(copy(x, &r, &b, &code), ST_OK);
    assert_int_equal(code, CODE_OK);
    assert_int_equal(x->l.lsn, 3);
}

static void a_batch_that_does_not_go_on_is_refused(void **state)
{
    struct fixture *x = *state;
    char longer[OFFICE_ID_MAX + 2];
    struct record r = next_record(x, RECORD_BATCH, text("payload"));
    struct batch b = next_batch(x, 5, 5);
    unsigned code;
    refused(x, &r, &b, CODE_GAP);
    b = next_batch(x, 5, 3);
    refused(x, &r, &b, CODE_GAP);
    b = next_batch(x, 5, 4);
    b.h.previous.b[0] ^= 1;
    refused(x, &r, &b, CODE_BAD_CHAIN);
    b = next_batch(x, 5, 4);
    b.h.stream = STREAMS_PER_OFFICE;
    refused(x, &r, &b, CODE_BAD_FORMAT);
    b.h.stream = STREAMS_PER_OFFICE - 1;
    refused(x, &r, &b, CODE_GAP);       /* a stream of its own, which begins at 1 */
    b = next_batch(x, 5, 4);
    b.h.office = slice_of("", 0);
    refused(x, &r, &b, CODE_BAD_FORMAT);
    memset(longer, 'g', sizeof longer);
    b.h.office = slice_of(longer, OFFICE_ID_MAX + 1);
    refused(x, &r, &b, CODE_BAD_FORMAT);
    b.h.office = slice_of(longer, OFFICE_ID_MAX);
    refused(x, &r, &b, CODE_GAP);
    b = next_batch(x, 6, 2);
    refused(x, &r, &b, CODE_GAP);
    b = next_batch(x, 6, 1);
    assert_int_equal(copy(x, &r, &b, &code), ST_OK);
    r = next_record(x, RECORD_BATCH, text("payload"));
    b = next_batch(x, 5, 4);
    refused(x, &r, &b, CODE_STALE);
}

static void a_line_of_the_register_that_is_none_is_refused(void **state)
{
    static const char *const bad[] = { "", "\t", "2", "2\t", "0\tline", "1\tline", "3\tline", "2 line", "-2\tline", "\tline",
                                       "00000000000000000002\tline", "2:\tline", "2/\tline" };
    struct fixture *x = *state;
    unsigned code;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct record r = next_record(x, RECORD_OFFICE, text(bad[i]));
        refused(x, &r, NULL, CODE_BAD_FORMAT);
        assert_int_equal(x->l.registry_version, 1);
    }
    struct record r = next_record(x, RECORD_OFFICE, text("0000000000000000002\tl"));
    assert_int_equal(copy(x, &r, NULL, &code), ST_OK);
    assert_int_equal(x->l.registry_version, 2);
    uint64_t version;
    struct slice line;
    assert_int_equal(ledger_copy_entry(text("12\tab"), &version, &line), ST_OK);
    assert_true(version == 12 && line.n == 2 && memcmp(line.p, "ab", 2) == 0);
}

static void a_restore_note_without_a_name_is_refused(void **state)
{
    static const char *const bad[] = { "", "rekap/pemulihan/1\n", "x\nbaru 00000000000000a", "x\nbaru 00000000000000zz\n",
                                       "baru 0000000000000007\n" };
    static char big[RESTORE_NOTE_MAX + 2];
    struct fixture *x = *state;
    struct slice note;
    unsigned code;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct record r = next_record(x, RECORD_RESTORE, text(bad[i]));
        refused(x, &r, NULL, CODE_BAD_FORMAT);
        assert_int_equal(x->l.identity.incarnation[0], 1);
    }
    struct record least = next_record(x, RECORD_RESTORE, text("x\nbaru 0000000000000009"));    /* ends with the name */
    assert_int_equal(copy(x, &least, NULL, &code), ST_OK);
    assert_int_equal(bytes_rd64(x->l.identity.incarnation), 9);
    memset(big, ' ', sizeof big - 1);
    memcpy(big, "x\nbaru 0000000000000007\n", 24);
    struct record r = next_record(x, RECORD_RESTORE, slice_of(big, RESTORE_NOTE_MAX + 1));
    refused(x, &r, NULL, CODE_BAD_FORMAT);
    assert_int_equal(ledger_restore_note(x->t, &note), ST_OK);
    assert_int_equal(note.n, least.content.n);
    r = next_record(x, RECORD_RESTORE, slice_of(big, RESTORE_NOTE_MAX));
    assert_int_equal(copy(x, &r, NULL, &code), ST_OK);
    assert_int_equal(bytes_rd64(x->l.identity.incarnation), 7);
    assert_int_equal(ledger_restore_note(x->t, &note), ST_OK);
    assert_int_equal(note.n, RESTORE_NOTE_MAX);
}

static void an_archive_mark_of_another_log_is_refused(void **state)
{
    struct fixture *x = *state;
    struct hash at, other;
    assert_int_equal(ledger_hash_at(&x->l, x->t, 1, &at), ST_OK);
    other = at;
    other.b[7] ^= 1;
    assert_int_equal(ledger_archive(&x->l, x->t, 1, &other), ST_INVALID);
    assert_int_equal(ledger_archive(&x->l, x->t, 3, &x->l.hash), ST_INVALID);
    assert_int_equal(x->l.archived, 0);
    assert_int_equal(ledger_archive(&x->l, x->t, 2, &x->l.hash), ST_OK);
    assert_int_equal(ledger_archive(&x->l, x->t, 1, &at), ST_OK);       /* a lower one changes nothing */
    assert_int_equal(x->l.archived, 2);
    assert_int_equal(ledger_archive_load(&x->l, x->t), ST_OK);
    assert_int_equal(x->l.archived, 2);
}

/* What an aborted step had marked is not marked. */
static void a_mark_of_an_aborted_step_is_taken_back(void **state)
{
    struct fixture *x = *state;
    assert_int_equal(store_commit(&x->t), ST_OK);
    assert_int_equal(store_begin(x->store, true, &x->t), ST_OK);
    assert_int_equal(ledger_archive(&x->l, x->t, 2, &x->l.hash), ST_OK);
    assert_int_equal(x->l.archived, 2);
    store_abort(&x->t);
    assert_int_equal(store_begin(x->store, true, &x->t), ST_OK);
    assert_int_equal(ledger_archive_load(&x->l, x->t), ST_OK);
    assert_int_equal(x->l.archived, 0);
}

static void a_stream_in_which_nothing_was_said(void **state)
{
    static const uint8_t installation[16] = { 8 };
    struct fixture *x = *state;
    struct stream *s, spoken;
    assert_int_equal(ledger_grant(&x->l, x->t, text("gen-3374-02"), 0, 9, installation, &s), ST_OK);
    assert_int_equal(ledger_stream_spoken(x->t, s, &spoken), ST_NOT_FOUND);
    assert_int_equal(ledger_grant(&x->l, x->t, text("gen-3374-02"), 0, 10, installation, &s), ST_OK);
    assert_int_equal(ledger_stream_spoken(x->t, s, &spoken), ST_NOT_FOUND);
    assert_int_equal(ledger_grant(&x->l, x->t, text(OFFICE), 0, 6, installation, &s), ST_OK);
    assert_int_equal(ledger_stream_spoken(x->t, s, &spoken), ST_OK);
    assert_true(spoken.epoch == 5 && spoken.watermark == 3 && spoken.lsn == 2);
}

/* What a follower knows of a stream is listed beside streams that were never spoken in; rows that are no streams are not. */
static void streams_that_are_none_are_corrupt(void **state)
{
    struct fixture *x = *state;
    uint8_t key[OFFICE_ID_MAX + 8] = { 0 };
    struct slice name;
    struct stream *s;
    assert_int_equal(ledger_stream(&x->l, x->t, text(OFFICE), 0, &s), ST_OK);
    assert_int_equal(ledger_stream(&x->l, x->t, text("gen-3374-0"), 0, &s), ST_NOT_FOUND);
    assert_int_equal(ledger_stream(&x->l, x->t, text(OFFICE), 1, &s), ST_NOT_FOUND);
    name = slice_of(key, 5);
    assert_int_equal(store_put(x->t, LEDGER_STREAM, name, slice_of("", 0)), ST_OK);
    assert_int_equal(ledger_list(x->t, text(""), 0, NULL, NULL), ST_CORRUPT);
    assert_int_equal(store_del(x->t, LEDGER_STREAM, name), ST_OK);
    memset(key, 'a', OFFICE_ID_MAX + 1);
    name = slice_of(key, OFFICE_ID_MAX + 6);
    assert_int_equal(store_put(x->t, LEDGER_STREAM, name, slice_of("", 0)), ST_OK);
    assert_int_equal(ledger_list(x->t, text(""), 0, NULL, NULL), ST_CORRUPT);
}

/* Without its name a store is nobody's; only who may write begins one. */
static void a_store_without_a_name(void **state)
{
    struct fixture *x = *state;
    struct store_txn *read;
    assert_int_equal(store_del(x->t, LEDGER_META, text("identity")), ST_OK);
    assert_int_equal(ledger_flush(&x->l, x->t), ST_OK);
    assert_int_equal(store_commit(&x->t), ST_OK);
    assert_int_equal(store_begin(x->store, false, &read), ST_OK);
    assert_int_equal(ledger_reload(&x->l, read), ST_CORRUPT);
    store_abort(&read);
    assert_int_equal(store_begin(x->store, true, &x->t), ST_OK);
    assert_int_equal(ledger_reload(&x->l, x->t), ST_OK);
}

/* ---- memory ---- */

static size_t too_much;                 /* so many bytes of calloc are refused; 0: none */
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size) { return too_much && n * size >= too_much ? NULL : __real_calloc(n, size); }

/* Offices of every length of name and all of their streams: many more than there are buckets, so that they share them. Each is
 * found, and none for another; with memory for a wider table, and without. */
static void streams_that_share_a_bucket(void **state)
{
    enum { OFFICES = 400 };
    static struct stream *made[OFFICES][STREAMS_PER_OFFICE];
    static const uint8_t installation[16] = { 8 };
    struct fixture *x = *state;
    uint32_t buckets = x->l.bucket_count;
    char name[OFFICE_ID_MAX + 1];
    struct stream *s;
    for (int i = 0; i < OFFICES; i++) {
        too_much = i < OFFICES / 2 ? 2 * buckets * sizeof s : 0;
        int n = snprintf(name, sizeof name, "g-%0*d", i % 30 + 3, i);
        for (uint32_t k = 0; k < STREAMS_PER_OFFICE; k++)
            assert_int_equal(ledger_grant(&x->l, x->t, slice_of(name, (size_t)n), k, 9, installation, &made[i][k]), ST_OK);
        if (i == OFFICES / 2 - 1) assert_int_equal(x->l.bucket_count, buckets);
    }
    too_much = 0;
    assert_true(x->l.bucket_count > buckets);
    for (int i = 0; i < OFFICES; i++)
        for (uint32_t k = 0; k < STREAMS_PER_OFFICE; k++) {
            int n = snprintf(name, sizeof name, "g-%0*d", i % 30 + 3, i);
            assert_int_equal(ledger_stream(&x->l, x->t, slice_of(name, (size_t)n), k, &s), ST_OK);
            assert_ptr_equal(s, made[i][k]);
        }
    assert_int_equal(ledger_flush(&x->l, x->t), ST_OK);
    assert_int_equal(ledger_reload(&x->l, x->t), ST_OK);
}

static bool take_stream(void *ctx, const struct stream *s)
{
    *(struct stream *)ctx = *s;
    return false;
}

static bool take_name(void *ctx, const struct stream *s)
{
    memcpy(ctx, s->office, sizeof s->office);
    return false;
}

/* A list goes on behind the stream it was given, whether that one is there or not. */
static void a_list_goes_on_where_it_was(void **state)
{
    static const char *const from[] = { "", "gen-3374-00", "gen-3374-0", "gen-3374-01" };
    static const char *const first[] = { OFFICE, OFFICE, OFFICE, "gen-3374-020" };
    static const uint8_t installation[16] = { 8 };
    struct fixture *x = *state;
    struct stream *s, spoken;
    assert_int_equal(ledger_grant(&x->l, x->t, text("gen-3374-020"), 0, 9, installation, &s), ST_OK);
    assert_int_equal(ledger_flush(&x->l, x->t), ST_OK);
    for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
        char name[OFFICE_ID_MAX + 1] = "";
        assert_int_equal(ledger_list(x->t, text(from[i]), 0, take_name, name), ST_OK);
        assert_string_equal(name, first[i]);
    }
    static const uint32_t numbers[] = { 7, 0x01020304 };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        assert_int_equal(ledger_grant(&x->l, x->t, text(OFFICE), numbers[i], 9, installation, &s), ST_OK);
        assert_int_equal(ledger_flush(&x->l, x->t), ST_OK);
        assert_int_equal(ledger_list(x->t, text(OFFICE), i ? numbers[i - 1] : 0, take_stream, &spoken), ST_OK);
        assert_string_equal(spoken.office, OFFICE);
        assert_int_equal(spoken.number, numbers[i]);
    }
    /* epochs of a longer name behind those of a shorter one are not its own */
    assert_int_equal(ledger_grant(&x->l, x->t, text("gen-3374-020"), 0, 10, installation, &s), ST_OK);
    assert_int_equal(ledger_grant(&x->l, x->t, text("gen-3374-02"), 0, 9, installation, &s), ST_OK);
    assert_int_equal(ledger_stream_spoken(x->t, s, &spoken), ST_NOT_FOUND);
}

/* ---- a store that is not this one ---- */

static void a_store_of_another_format_or_worker(void **state)
{
    struct fixture *x = *state;
    struct slice row;
    uint8_t v[128];
    assert_int_equal(store_get(x->t, LEDGER_META, text("identity"), &row), ST_OK);
    const size_t n = row.n;
    memcpy(v, row.p, n);
    for (size_t at = 0; at <= 4; at++) {        /* the format, and the worker's number */
        v[at] ^= 0x40;
        assert_int_equal(store_put(x->t, LEDGER_META, text("identity"), slice_of(v, n)), ST_OK);
        assert_int_equal(ledger_recover(&x->l, x->t), ST_VERSION);
        v[at] ^= 0x40;
    }
    v[n - 1] ^= 1;                      /* its name */
    assert_int_equal(store_put(x->t, LEDGER_META, text("identity"), slice_of(v, n)), ST_OK);
    assert_int_equal(ledger_recover(&x->l, x->t), ST_VERSION);
}

static void a_damaged_stream_is_found_when_it_is_read_again(void **state)
{
    struct fixture *x = *state;
    uint8_t key[sizeof OFFICE + 4] = { 0 };
    memcpy(key, OFFICE, sizeof OFFICE);
    assert_int_equal(store_put(x->t, LEDGER_STREAM, slice_of(key, sizeof key), slice_of("short", 5)), ST_OK);
    assert_int_equal(ledger_reload(&x->l, x->t), ST_CORRUPT);
}

static void the_last_archived_batch(void **state)
{
    struct fixture *x = *state;
    struct ledger_entry e;
    struct stream *s;
    unsigned code;
    for (uint64_t seq = 4; seq <= 19; seq += 3) {
        struct record r = next_record(x, RECORD_BATCH, text("payload"));
        struct batch b = next_batch(x, 5, seq);
        assert_int_equal(copy(x, &r, &b, &code), ST_OK);
        x->head = b.hash;
    }
    assert_int_equal(ledger_stream(&x->l, x->t, text(OFFICE), 0, &s), ST_OK);
    assert_int_equal(ledger_archived_batch(x->t, s, 0, &e), ST_NOT_FOUND);
    assert_int_equal(ledger_archived_batch(x->t, s, 1, &e), ST_NOT_FOUND);
    for (uint64_t mark = 2; mark <= 9; mark++) {
        assert_int_equal(ledger_archived_batch(x->t, s, mark, &e), ST_OK);
        assert_int_equal(e.lsn, mark <= 8 ? mark : 8);
        assert_int_equal(e.first, 3 * (e.lsn - 2) + 1);
    }
}

/* ---- the scrub ---- */

static int scrubbed(struct ledger_scrub *s, bool first, uint64_t lsn, struct slice value)
{
    uint8_t key[8];
    bytes_be64(key, lsn);
    return ledger_scrub_row(s, LEDGER_LOG, first, slice_of(key, 8), value);
}

static void the_scrub_follows_the_chain(void **state)
{
    struct fixture *x = *state;
    struct ledger_scrub s = { .linked = false };
    struct slice one, two;
    assert_int_equal(ledger_record(x->t, 1, &one), ST_OK);
    assert_int_equal(ledger_record(x->t, 2, &two), ST_OK);
    assert_int_equal(ledger_scrub_row(&s, LEDGER_TIME, true, slice_of("x", 1), slice_of("", 0)), ST_OK);
    assert_int_equal(scrubbed(&s, true, 1, one), ST_OK);
    assert_int_equal(scrubbed(&s, false, 2, two), ST_OK);
    assert_true(s.linked && s.lsn == 2 && sign_hash_equal(&s.hash, &x->l.hash));
    assert_int_equal(scrubbed(&s, true, 2, one), ST_CORRUPT);           /* under another number */
    assert_false(s.linked);
    assert_int_equal(scrubbed(&s, false, 2, two), ST_OK);               /* nothing is known of the one before */
    assert_int_equal(ledger_scrub_row(&s, LEDGER_LOG, false, slice_of("1234567", 7), one), ST_CORRUPT);
    assert_int_equal(scrubbed(&s, false, 1, slice_of(one.p, one.n - 1)), ST_CORRUPT);
    assert_int_equal(scrubbed(&s, true, 1, one), ST_OK);
    s.hash.b[0] ^= 1;
    assert_int_equal(scrubbed(&s, false, 2, two), ST_CORRUPT);          /* the chain does not fit */
    assert_true(s.linked);
    assert_int_equal(scrubbed(&s, false, 2, two), ST_OK);               /* not the next one: from here on anew */
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = { T(a_record_at_another_place_is_refused),
                                        T(a_batch_that_does_not_go_on_is_refused),
                                        T(a_line_of_the_register_that_is_none_is_refused),
                                        T(a_restore_note_without_a_name_is_refused),
                                        T(an_archive_mark_of_another_log_is_refused),
                                        T(a_mark_of_an_aborted_step_is_taken_back),
                                        T(streams_that_share_a_bucket), T(a_list_goes_on_where_it_was),
                                        T(a_store_of_another_format_or_worker),
                                        T(a_damaged_stream_is_found_when_it_is_read_again),
                                        T(the_last_archived_batch), T(streams_that_are_none_are_corrupt),
                                        T(a_store_without_a_name), T(a_stream_in_which_nothing_was_said),
                                        T(the_scrub_follows_the_chain) };
    return cmocka_run_group_tests_name("ledger_refuse", tests, NULL, NULL);
}
