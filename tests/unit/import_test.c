/* import_test.c - a tray file becomes batches: once, only what changed, counted by line; and a file that cannot be taken changes
 * nothing. The last tests go through the node, which decides when there is room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collector/collect.h"
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

static struct outbox_pushed pushed(struct outbox_fixture *f, const char *id)
{
    struct outbox_pushed p = { 0 };
    int st = outbox_pushed_get(f->t, slice_of(id, strlen(id)), &p);
    assert_true(st == ST_OK || st == ST_NOT_FOUND);
    return p;
}

static void a_file_is_taken_once(void **state)
{
    struct outbox_fixture *f = *state;
    const struct outbox_fixture_file file = { "t1", OFFICE_A, OFFICE_A, 5, 100 };
    struct import_result r;
    assert_int_equal(outbox_fixture_import(f, &file, &r), ST_OK);
    assert_int_equal(r.office, outbox_fixture_number(f, OFFICE_A));
    const struct outbox_fixture_file other = { "t2", OFFICE_A, OFFICE_A, 5, 900 };
    assert_int_equal(outbox_fixture_import(f, &other, &r), ST_OK);
    struct outbox_stream s = outbox_fixture_stream(f, OFFICE_A), after;
    assert_int_equal(outbox_fixture_import(f, &file, &r), ST_OK);       /* its unlinking was lost */
    after = outbox_fixture_stream(f, OFFICE_A);
    assert_true(s.last == 10 && r.office == outbox_fixture_number(f, OFFICE_A));
    assert_memory_equal(&after, &s, sizeof s);
    assert_true(outbox_fixture_slot(f, OFFICE_A, OFFICE_A, 0).value == 900);
}

static void what_was_stated_already_is_not_sent_again(void **state)
{
    struct outbox_fixture *f = *state;
    const struct { struct outbox_fixture_file file; uint64_t last; uint32_t accepted, duplicate, superseded; } cases[] = {
        { { "t1", OFFICE_A, OFFICE_A, 5, 100 }, 5, 5, 0, 0 },
        { { "t2", OFFICE_A, OFFICE_A, 5, 100 }, 5, 0, 5, 0 },           /* equal: nothing goes out */
        { { "t3", OFFICE_A, OFFICE_A, 7, 100 }, 7, 2, 5, 0 },           /* two more lines */
        { { "t4", OFFICE_A, OFFICE_A, 7, 101 }, 14, 0, 0, 7 },          /* every value anew */
        { { "t5", OFFICE_A, OFFICE_B, 7, 101 }, 21, 7, 0, 0 },          /* of another subject: not the same figures */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct import_result r;
        assert_int_equal(outbox_fixture_import(f, &cases[i].file, &r), ST_OK);
        struct outbox_pushed p = pushed(f, cases[i].file.id);
        assert_int_equal(outbox_fixture_stream(f, OFFICE_A).last, cases[i].last);
        assert_true(p.last == cases[i].last && p.accepted == cases[i].accepted && p.duplicate == cases[i].duplicate &&
                    p.superseded == cases[i].superseded && p.rows == cases[i].file.rows && !strcmp(p.file, "a.csv"));
    }
    assert_int_equal(outbox_fixture_slot(f, OFFICE_A, OFFICE_A, 3).prov, 11);
}

/* A document makes a figure go out that says nothing new, once; after the value has changed it is wanted again. */
static void a_document_goes_out_once_with_each_value(void **state)
{
    static const uint8_t sp2d[HASH_SIZE] = "sp2d", bast[HASH_SIZE] = "bast";
    struct outbox_fixture *f = *state;
    const struct { struct outbox_fixture_file file; const uint8_t *document; uint64_t last; uint32_t duplicate; } cases[] = {
        { { "t1", OFFICE_A, OFFICE_A, 5, 100 }, NULL, 5, 0 },
        { { "t2", OFFICE_A, OFFICE_A, 5, 100 }, sp2d, 10, 5 },          /* attached to what stands */
        { { "t3", OFFICE_A, OFFICE_A, 5, 100 }, sp2d, 10, 5 },
        { { "t4", OFFICE_A, OFFICE_A, 5, 100 }, bast, 15, 5 },          /* a second one */
        { { "t5", OFFICE_A, OFFICE_A, 5, 100 }, NULL, 15, 5 },          /* none takes none away */
        { { "t6", OFFICE_A, OFFICE_A, 5, 200 }, sp2d, 20, 0 },
        { { "t7", OFFICE_A, OFFICE_A, 5, 200 }, sp2d, 20, 5 },
        { { "t8", OFFICE_A, OFFICE_A, 5, 200 }, bast, 25, 5 },          /* it was the other value's */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct import_result r;
        outbox_fixture_document = cases[i].document;
        assert_int_equal(outbox_fixture_import(f, &cases[i].file, &r), ST_OK);
        outbox_fixture_document = NULL;
        assert_int_equal(outbox_fixture_stream(f, OFFICE_A).last, cases[i].last);
        assert_int_equal(pushed(f, cases[i].file.id).duplicate, cases[i].duplicate);
    }
    assert_int_equal(outbox_fixture_slot(f, OFFICE_A, OFFICE_A, 3).prov, 19);  /* of the value, not of what proves it */
}

static void a_large_file_becomes_several_batches(void **state)
{
    struct outbox_fixture *f = *state;
    const struct outbox_fixture_file file = { "t1", OFFICE_A, OFFICE_A, 20000, 100 };
    struct import_result r;
    struct outbox_batch b = { 0 };
    struct body_reader body;
    struct body_row row;
    uint64_t at = 0, batches = 0, rows = 0;
    assert_int_equal(outbox_fixture_import(f, &file, &r), ST_OK);
    for (; outbox_next(f->t, r.office, at, &b) == ST_OK; batches++, at = b.last) {
        struct batch p;
        assert_true(b.first == at + 1 && b.payload.n <= BATCH_BYTES_MAX);
        assert_int_equal(codec_batch_parse(b.payload, &p), ST_OK);
        assert_int_equal(codec_body_open(p.body, &body), ST_OK);
        for (; codec_body_next(&body, &row) == ST_OK; rows++)
            assert_true(row.code == CODE_OK && row.figure.value == 100 + (int64_t)rows);
    }
    assert_true(at == 20000 && rows == 20000 && batches >= 3);
    for (uint64_t sequence = 1; sequence <= 20000; sequence += 97) {
        struct import_origin o;
        assert_int_equal(collect_import_origin(f->t, slice_of(OFFICE_A, strlen(OFFICE_A)), sequence, &o), ST_OK);
        assert_true(o.line == sequence + 1 && bytes_is(o.file, "a.csv") && bytes_is(o.sheet, "lembar 1") && o.hash.n == HASH_SIZE);
        assert_memory_equal(o.hash.p, outbox_fixture_hash, HASH_SIZE);
    }
    struct import_origin none;
    assert_int_equal(collect_import_origin(f->t, slice_of(OFFICE_A, strlen(OFFICE_A)), 20001, &none), ST_NOT_FOUND);
    assert_int_equal(collect_import_origin(f->t, slice_of(OFFICE_B, strlen(OFFICE_B)), 1, &none), ST_NOT_FOUND);
}

/* Rows of an earlier release end behind the lines; anything between that and a whole one is damage. */
static void an_origin_of_before_has_no_hash(void **state)
{
    static const uint8_t key[12] = { 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3 };
    struct outbox_fixture *f = *state;
    const struct slice office = slice_of(OFFICE_A, strlen(OFFICE_A)), sheet = slice_of("L", 1);
    struct import_origin o;
    struct buf b;
    assert_int_equal(outbox_fixture_number(f, OFFICE_A), 1);
    buf_init(&b, 1 << 10);
    buf_put(&b, "\x03\x05" "a.csv" "\x04\x02\x02", 10);           /* lines 2, 3, 4 */
    size_t plain = b.n;
    buf_varint(&b, HASH_SIZE);
    buf_put(&b, outbox_fixture_hash, HASH_SIZE);
    buf_varint(&b, sheet.n);
    buf_put(&b, sheet.p, sheet.n);
    for (size_t n = plain - 1; n <= b.n; n++) {
        assert_int_equal(store_put(f->t, OUTBOX_ORIGIN, slice_of(key, sizeof key), slice_of(b.p, n)), ST_OK);
        bool whole = n == plain || n == b.n;
        assert_int_equal(collect_import_origin(f->t, office, 2, &o), whole ? ST_OK : ST_CORRUPT);
        if (whole) assert_true(o.line == 3 && bytes_is(o.file, "a.csv") && o.hash.n == (n == plain ? 0 : HASH_SIZE));
    }
    buf_done(&b);
}

static void an_office_without_a_key_waits(void **state)
{
    struct outbox_fixture *f = *state;
    const struct outbox_fixture_file file = { "t1", OFFICE_KEYLESS, OFFICE_KEYLESS, 5, 100 };
    struct import_result r;
    const struct slice id = slice_of(OFFICE_KEYLESS, strlen(OFFICE_KEYLESS));
    uint32_t number;
    assert_int_equal(outbox_fixture_import(f, &file, &r), ST_NOT_FOUND);
    assert_int_equal(r.id.n, 2);
    assert_int_equal(pushed(f, "t1").rows, 0);
    assert_int_equal(unit_dict_get(f->t, OUTBOX_DICT_TEXT, id, &number), ST_NOT_FOUND);
}

static void a_damaged_file_changes_nothing(void **state)
{
    struct outbox_fixture *f = *state;
    const struct outbox_fixture_file file = { "t1", OFFICE_A, OFFICE_A, 5, 100 };
    const struct import_context c = { .signer = &f->signer, .identity = &f->identity };
    struct import_result r;
    struct buf b;
    outbox_fixture_tray(&file, &b);
    assert_true(collect_import_readable(buf_slice(&b)));
    for (size_t i = 0; i < b.n; i++) {
        b.p[i] ^= 0x10;
        assert_int_equal(collect_import(f->t, &c, f->now, buf_slice(&b), &r), ST_INVALID);
        assert_false(collect_import_readable(buf_slice(&b)));
        b.p[i] ^= 0x10;
    }
    assert_int_equal(collect_import(f->t, &c, f->now, slice_of(b.p, b.n - 1), &r), ST_INVALID);
    assert_int_equal(outbox_fixture_stream(f, OFFICE_A).last, 0);
    buf_done(&b);
}

static void a_full_store_says_so(void **state)
{
    struct outbox_fixture *f = *state;
    const struct outbox_fixture_file file = { "t1", OFFICE_A, OFFICE_A, 5000, 100 };
    struct import_result r;
    store_mem_limit(f->store, 1000);
    assert_int_equal(outbox_fixture_import(f, &file, &r), ST_FULL);
    assert_int_equal(outbox_fixture_commit(f), ST_FULL);
    store_mem_limit(f->store, 0);
    outbox_fixture_begin(f);
    assert_int_equal(outbox_fixture_import(f, &file, &r), ST_OK);
}

/* ---- through the node ---- */

struct station { struct outbox_fixture *f; struct collect *collect; struct node node; struct effects x; };

static void station_open(struct station *s, struct outbox_fixture *f)
{
    const struct collect_options o = { .fresh = f->identity, .node_name = "n", .signer = &f->signer };
    struct slice id = slice_of(OFFICE_A, strlen(OFFICE_A));
    *s = (struct station){ .f = f };
    assert_int_equal(collect_new(&o, &s->collect), ST_OK);
    assert_int_equal(collect_set_offices(s->collect, &id, 1), ST_OK);
    assert_int_equal(effects_init(&s->x, 1 << 24), ST_OK);
    s->node = collect_node(s->collect);
    assert_int_equal(s->node.ops->recover(s->node.self, f->t, f->now), ST_OK);
    assert_int_equal(outbox_fixture_commit(f), ST_OK);
}

static void station_close(struct station *s)
{
    collect_free(&s->collect);
    effects_done(&s->x);
}

/* One step with one tray file; the verdict, or 0 when the step was lost. NULL: a step without. */
static char offer(struct station *s, const struct outbox_fixture_file *file)
{
    struct buf b = { 0 };
    struct store_txn *t = NULL;
    int st = ST_OK;
    effects_clear(&s->x);
    s->f->now.mono.us += 2000000;
    outbox_fixture_begin(s->f);
    if (file) outbox_fixture_tray(file, &b);
    const struct message m = { .what = MESSAGE_DATA, .peer = PEER_TRAY, .bytes = buf_slice(&b) };
    if (file) st = s->node.ops->on_message(s->node.self, s->f->t, s->f->now, &m, &s->x);
    if (st == ST_OK) st = s->node.ops->flush(s->node.self, s->f->t, s->f->now, &s->x);
    if (st == ST_OK) st = outbox_fixture_commit(s->f);
    store_abort(&s->f->t);
    buf_done(&b);
    if (st == ST_FULL) {
        assert_int_equal(store_begin(s->f->store, false, &t), ST_OK);
        assert_int_equal(s->node.ops->on_abort(s->node.self, t, s->f->now), ST_OK);
        store_abort(&t);
        return 0;
    }
    assert_int_equal(st, ST_OK);
    return s->x.count ? (char)effects_bytes(&s->x, &s->x.e[0]).p[0] : 0;
}

static void imports_rest_before_the_store_is_full(void **state)
{
    struct station s;
    struct outbox_fixture *f = *state;
    const struct outbox_fixture_file one = { "t1", OFFICE_A, OFFICE_A, 10, 100 }, two = { "t2", OFFICE_A, OFFICE_A, 10, 200 };
    uint64_t used = 0, size = 0;
    station_open(&s, f);
    assert_int_equal(offer(&s, &one), COLLECT_IMPORTED);
    assert_false(collect_full(s.collect));
    assert_int_equal(store_usage(f->store, &used, &size), ST_OK);
    store_mem_limit(f->store, used * 2 + (1 << 18));    /* the file itself would fit */
    assert_int_equal(offer(&s, &two), COLLECT_FULL);
    assert_true(collect_full(s.collect));
    assert_int_equal(offer(&s, &one), COLLECT_IMPORTED);        /* known already: it may go */
    assert_int_equal(offer(&s, NULL), 0);
    assert_true(collect_full(s.collect));
    assert_true(s.node.ops->next_deadline(s.node.self).us <= f->now.mono.us + 1000000);         /* it looks again by itself */
    store_mem_limit(f->store, 0);
    assert_int_equal(offer(&s, NULL), 0);
    assert_false(collect_full(s.collect));
    assert_int_equal(offer(&s, &two), COLLECT_IMPORTED);
    station_close(&s);
}

static void a_lost_step_makes_imports_rest(void **state)
{
    struct station s;
    struct outbox_fixture *f = *state;
    const struct outbox_fixture_file one = { "t1", OFFICE_A, OFFICE_A, 10, 100 };
    station_open(&s, f);
    store_mem_fail_next_commit(f->store, MEM_FAULT_FULL);       /* the guess was wrong */
    assert_int_equal(offer(&s, &one), 0);
    assert_true(collect_full(s.collect));
    assert_int_equal(s.node.ops->wants_step(s.node.self), true);        /* the office's number was lost too */
    assert_int_equal(offer(&s, NULL), 0);
    assert_false(collect_full(s.collect));
    assert_int_equal(offer(&s, &one), COLLECT_IMPORTED);
    outbox_fixture_begin(f);
    assert_int_equal(outbox_fixture_stream(f, OFFICE_A).last, 10);
    station_close(&s);
}

static void a_new_office_waits_for_room(void **state)
{
    struct station s;
    struct outbox_fixture *f = *state;
    struct slice ids[2] = { slice_of(OFFICE_A, strlen(OFFICE_A)), slice_of(OFFICE_B, strlen(OFFICE_B)) };
    uint32_t number;
    station_open(&s, f);
    store_mem_limit(f->store, 1000);
    assert_int_equal(collect_set_offices(s.collect, ids, 2), ST_OK);
    assert_int_equal(offer(&s, NULL), 0);
    assert_true(collect_full(s.collect) && !s.node.ops->wants_step(s.node.self));       /* no spinning */
    store_mem_limit(f->store, 0);
    assert_int_equal(offer(&s, NULL), 0);
    outbox_fixture_begin(f);
    assert_int_equal(unit_dict_get(f->t, OUTBOX_DICT_TEXT, ids[1], &number), ST_OK);
    station_close(&s);
}

/* ---- memory ---- */

static unsigned long reallocs, fails_at;        /* since fails_at was set; 0: none fails */
void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n) { return fails_at && ++reallocs == fails_at ? NULL : __real_realloc(p, n); }

static uint32_t rows_of_first_batch(struct outbox_fixture *f, uint32_t *ret_count)
{
    struct outbox_batch b;
    struct batch batch;
    struct body_reader r;
    struct body_row row;
    uint32_t n = 0;
    assert_int_equal(outbox_next(f->t, outbox_fixture_number(f, OFFICE_A), 0, &b), ST_OK);
    assert_int_equal(codec_batch_parse(b.payload, &batch), ST_OK);
    assert_int_equal(codec_body_open(batch.body, &r), ST_OK);
    while (codec_body_next(&r, &row) == ST_OK) n++;
    *ret_count = batch.h.count;
    return n;
}

/* Rows for which memory ran out were left out of the batch, which was signed and kept: the collector never started again. */
static void what_memory_runs_out_for_is_not_signed(void **state)
{
    struct outbox_fixture *f = *state;
    const struct outbox_fixture_file file = { "t1", OFFICE_A, OFFICE_A, 40, 100 };
    const struct import_context context = { .signer = &f->signer, .identity = &f->identity };
    struct import_result done;
    struct buf bytes;
    uint32_t count = 0;
    outbox_fixture_tray(&file, &bytes);
    for (unsigned long n = 1;; n++) {
        reallocs = 0;
        fails_at = n;
        int st = collect_import(f->t, &context, f->now, buf_slice(&bytes), &done);
        bool fired = reallocs >= n;
        fails_at = 0;
        if (st == ST_OK) assert_true(rows_of_first_batch(f, &count) == 40 && count == 40);
        else assert_int_equal(st, ST_NO_MEMORY);
        outbox_fixture_crash(f);
        if (!fired) break;
        assert_true(n < 10000);
    }
    assert_int_equal(count, 40);
    buf_done(&bytes);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_file_is_taken_once),
        T(what_was_stated_already_is_not_sent_again),
        T(a_document_goes_out_once_with_each_value),
        T(a_large_file_becomes_several_batches),
        T(an_origin_of_before_has_no_hash),
        T(an_office_without_a_key_waits),
        T(a_damaged_file_changes_nothing),
        T(a_full_store_says_so),
        T(imports_rest_before_the_store_is_full),
        T(a_lost_step_makes_imports_rest),
        T(a_new_office_waits_for_room), T(what_memory_runs_out_for_is_not_signed),
    };
    return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
