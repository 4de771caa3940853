/* ledger_test.c - the tables: numbering and linking of records, streams and epochs, the index by office, identity, reload after an
 * abort. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "worker/ledger.h"

static const struct ledger_identity IDENTITY = { .id = "w1", .number = 1, .incarnation = { 1, 2, 3 } };
static const uint8_t INSTALLATION[16] = { 8 };
struct fixture { struct store *store; struct store_txn *t; struct ledger l; };

static struct slice text(const char *s)
{
    return slice_of(s, strlen(s));
}

static void begin(struct fixture *x)
{
    assert_int_equal(store_begin(x->store, true, &x->t), ST_OK);
}

static void commit(struct fixture *x)
{
    assert_int_equal(ledger_flush(&x->l, x->t), ST_OK);
    assert_int_equal(store_commit(&x->t), ST_OK);
    begin(x);
}

static int setup(void **state)
{
    struct fixture *x = calloc(1, sizeof *x);

    assert_int_equal(store_mem_new(ledger_tables, &x->store), ST_OK);
    assert_int_equal(ledger_init(&x->l, &IDENTITY, NULL), ST_OK);
    begin(x);
    assert_int_equal(ledger_recover(&x->l, x->t), ST_OK);
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

static struct stream *grant(struct fixture *x, const char *office, uint64_t epoch)
{
    struct stream *s = NULL;

    assert_int_equal(ledger_grant(&x->l, x->t, text(office), 0, epoch, INSTALLATION, &s), ST_OK);
    return s;
}

/* Appends a batch of `count` updates; what it holds is nobody's matter here. */
static void append(struct fixture *x, struct stream *s, uint32_t count, int64_t at_ms)
{
    struct batch b = { .h = { .epoch = s->epoch, .sequence = s->watermark + 1, .count = count, .previous = s->head } };

    b.hash = sign_hash2(s->office, strlen(s->office), &b.h.sequence, sizeof b.h.sequence);
    assert_int_equal(ledger_append_batch(&x->l, x->t, (struct wall){ at_ms }, s, &b, text("bytes as received"), text("\x90")),
                     ST_OK);
}

static void records_are_numbered_and_linked(void **state)
{
    struct fixture *x = *state;
    struct stream *s = grant(x, "gen-3374-01", 5);
    struct hash hash = { { 0 } }, at;

    assert_int_equal(ledger_append_office(&x->l, x->t, (struct wall){ 10 }, 1, text("a line")), ST_OK);
    append(x, s, 3, 20);
    append(x, s, 1, 15);        /* the clock steps back: commit time does not */
    commit(x);
    for (uint64_t lsn = 1; lsn <= 3; lsn++) {
        struct slice bytes;
        struct record r;

        assert_int_equal(ledger_hash_at(&x->l, x->t, lsn - 1, &at), ST_OK);
        assert_true(sign_hash_equal(&at, &hash));
        assert_int_equal(ledger_record(x->t, lsn, &bytes), ST_OK);
        assert_int_equal(codec_record_parse(bytes, &r), ST_OK);
        assert_true(r.lsn == lsn && sign_hash_equal(&r.previous, &hash));
        assert_int_equal(r.at.ms, lsn == 1 ? 10 : 20);
        if (lsn == 1) assert_true(r.kind == RECORD_OFFICE && r.content.n == 8 && memcmp(r.content.p, "1\ta line", 8) == 0);
        hash = sign_hash2(hash.b, HASH_SIZE, bytes.p, bytes.n);
    }
    assert_true(sign_hash_equal(&x->l.hash, &hash));
    assert_int_equal(ledger_hash_at(&x->l, x->t, 4, &at), ST_NOT_FOUND);
}

static void a_new_process_finds_everything(void **state)
{
    struct fixture *x = *state;
    struct stream *s = grant(x, "gen-3374-01", 5), *found = NULL;
    struct ledger_identity other = { .id = "w1", .number = 1, .incarnation = { 99 } };
    struct ledger l;

    append(x, s, 3, 20);
    commit(x);
    assert_int_equal(ledger_init(&l, &other, NULL), ST_OK);
    assert_int_equal(ledger_recover(&l, x->t), ST_OK);
    assert_true(l.lsn == 1 && sign_hash_equal(&l.hash, &x->l.hash) && l.commit_ms == 20);
    assert_memory_equal(l.identity.incarnation, IDENTITY.incarnation, INCARNATION_SIZE);       /* the store's, not the new one */
    assert_int_equal(ledger_stream(&l, x->t, text("gen-3374-01"), 0, &found), ST_OK);
    assert_true(found->watermark == 3 && found->epoch == 5 && found->lsn == 1 && sign_hash_equal(&found->head, &s->head));
    assert_memory_equal(found->installation, INSTALLATION, 16);
    assert_int_equal(ledger_stream(&l, x->t, text("gen-3374-01"), 1, &found), ST_NOT_FOUND);
    assert_int_equal(ledger_stream(&l, x->t, text("gen-3374"), 0, &found), ST_NOT_FOUND);
    ledger_done(&l);
}

static void another_worker_s_store_is_refused(void **state)
{
    static const struct ledger_identity others[] = { { .id = "w2", .number = 1 },
                                                     { .id = "w1", .number = 2 },
                                                     { .id = "w", .number = 1 } };
    struct fixture *x = *state;

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct ledger l;

        assert_int_equal(ledger_init(&l, &others[i], NULL), ST_OK);
        assert_int_equal(ledger_recover(&l, x->t), ST_VERSION);
        ledger_done(&l);
    }
}

static void epochs_close(void **state)
{
    struct fixture *x = *state;
    struct stream *s = grant(x, "gen-3374-01", 5);

    append(x, s, 3, 20);
    assert_int_equal(ledger_epoch_closed(x->t, s, 5), ST_NOT_FOUND);
    assert_ptr_equal(grant(x, "gen-3374-01", 6), s);
    assert_true(s->watermark == 0 && s->lsn == 0 && sign_hash_zero(&s->head));
    assert_int_equal(ledger_epoch_closed(x->t, s, 5), ST_OK);
    assert_int_equal(ledger_epoch_closed(x->t, s, 6), ST_NOT_FOUND);
}

static void batches_are_found_by_sequence(void **state)
{
    static const struct {
        uint64_t sequence, first;
        int status;
    } cases[] = { { 1, 1, ST_OK }, { 3, 1, ST_OK }, { 4, 4, ST_OK }, { 10, 8, ST_OK }, { 11, 0, ST_NOT_FOUND } };
    struct fixture *x = *state;
    struct stream *s = grant(x, "gen-3374-01", 5), *none;
    struct ledger_entry e;

    append(x, grant(x, "gen-3374-00", 5), 50, 1);       /* neighbours on both sides */
    append(x, grant(x, "gen-3374-010", 5), 50, 1);
    append(x, s, 3, 1);
    append(x, s, 4, 1);
    append(x, s, 3, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(ledger_batch_holding(x->t, s, cases[i].sequence, &e), cases[i].status);
        if (cases[i].status == ST_OK) assert_int_equal(e.first, cases[i].first);
        assert_int_equal(ledger_batch_at(x->t, s, cases[i].sequence, &e),
                         cases[i].sequence == cases[i].first ? ST_OK : ST_NOT_FOUND);
    }
    none = grant(x, "gen-3374-005", 5);
    assert_int_equal(ledger_batch_holding(x->t, none, 1, &e), ST_NOT_FOUND);
    none = grant(x, "a", 5);
    assert_int_equal(ledger_batch_holding(x->t, none, 1, &e), ST_NOT_FOUND);
}

static void reload_undoes_what_was_not_committed(void **state)
{
    struct fixture *x = *state;
    struct stream *s = grant(x, "gen-3374-01", 5), *other, *found;
    struct hash hash;

    append(x, s, 3, 20);
    commit(x);
    hash = x->l.hash;
    append(x, s, 4, 21);
    other = grant(x, "gen-3374-02", 5);
    append(x, other, 1, 22);
    assert_int_equal(ledger_flush(&x->l, x->t), ST_OK);
    store_abort(&x->t);
    begin(x);
    assert_int_equal(ledger_reload(&x->l, x->t), ST_OK);
    assert_true(x->l.lsn == 1 && sign_hash_equal(&x->l.hash, &hash) && s->watermark == 3 && !other->granted);
    assert_int_equal(ledger_stream(&x->l, x->t, text("gen-3374-02"), 0, &found), ST_NOT_FOUND);
    append(x, s, 4, 21);
    append(x, grant(x, "gen-3374-02", 5), 1, 22);
    commit(x);
    assert_int_equal(x->l.lsn, 3);
}

static void a_name_taken_in_an_aborted_step_is_given_back(void **state)
{
    static const uint8_t other[INCARNATION_SIZE] = { 9 };
    struct fixture *x = *state;

    commit(x);
    assert_int_equal(ledger_identity_change(&x->l, x->t, other), ST_OK);
    assert_memory_equal(x->l.identity.incarnation, other, INCARNATION_SIZE);
    store_abort(&x->t);
    begin(x);
    assert_int_equal(ledger_reload(&x->l, x->t), ST_OK);
    assert_memory_equal(x->l.identity.incarnation, IDENTITY.incarnation, INCARNATION_SIZE);
    assert_non_null(strstr(x->l.tree.key.name, "0102030000000000"));
}

static bool collect(void *ctx, const struct stream *s)
{
    unsigned *n = ctx;

    assert_true(s->office[0] == 'g' && s->epoch == 5);
    return ++*n < 5;
}

static void streams_are_listed_in_pages_and_many_are_kept(void **state)
{
    struct fixture *x = *state;
    struct stream *s;
    unsigned n = 0;
    char id[16];

    for (int i = 0; i < 600; i++) {
        snprintf(id, sizeof id, "gen-%04d", i);
        grant(x, id, 5);
    }
    commit(x);
    for (int i = 0; i < 600; i++) {
        snprintf(id, sizeof id, "gen-%04d", i);
        assert_int_equal(ledger_stream(&x->l, x->t, text(id), 0, &s), ST_OK);
        assert_string_equal(s->office, id);
    }
    assert_int_equal(ledger_list(x->t, text(""), 0, collect, &n), ST_OK);
    assert_int_equal(n, 5);
    n = 0;
    assert_int_equal(ledger_list(x->t, text("gen-0597"), 0, collect, &n), ST_OK);
    assert_int_equal(n, 2);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = { T(records_are_numbered_and_linked),
                                        T(a_new_process_finds_everything),
                                        T(another_worker_s_store_is_refused),
                                        T(epochs_close),
                                        T(batches_are_found_by_sequence),
                                        T(reload_undoes_what_was_not_committed),
                                        T(a_name_taken_in_an_aborted_step_is_given_back),
                                        T(streams_are_listed_in_pages_and_many_are_kept) };

    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
