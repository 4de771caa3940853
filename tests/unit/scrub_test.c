/* scrub_test.c - the background walk over a store: every row, a bounded number a turn, damage named once and until a clean pass;
 * the chain of the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/scrub.h"
#include "tests/unit/work_world.h"

static const char *const tables[] = { "one", "two", "three", NULL };
static const int64_t STEP = SCRUB_EVERY_MS * INT64_C(1000);
struct fixture { struct store *store; struct scrub s; struct now now; };

static void put(struct store *store, unsigned table, uint64_t first, uint64_t n, size_t size)
{
    static const uint8_t bytes[4096];
    struct store_txn *t = NULL;
    uint8_t key[8];

    assert_int_equal(store_begin(store, true, &t), ST_OK);
    for (uint64_t i = first; i < first + n; i++) {
        bytes_be64(key, i);
        assert_int_equal(store_put(t, table, slice_of(key, 8), slice_of(bytes, size)), ST_OK);
    }
    assert_int_equal(store_commit(&t), ST_OK);
}

static int setup(void **state)
{
    struct fixture *x = calloc(1, sizeof *x);

    assert_int_equal(store_mem_new(tables, &x->store), ST_OK);
    x->s = (struct scrub){ .tables = tables };
    x->now = (struct now){ { 1000000 }, { 1700000000000 } };
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *x = *state;

    store_mem_free(&x->store);
    free(x);
    return 0;
}

/* A whole pass; the number of turns it took and what was newly found. */
static unsigned pass(struct fixture *x, uint32_t *ret_found)
{
    uint64_t passes = x->s.passes;
    unsigned turns = 0;
    uint32_t found;

    *ret_found = 0;
    if (x->now.mono.us < x->s.next.us) x->now.mono = x->s.next;
    for (; x->s.passes == passes && turns < 10000; turns++) {
        uint64_t before = x->s.rows;

        assert_int_equal(scrub_turn(&x->s, x->store, x->now, &found), ST_OK);
        assert_true(x->s.passes > passes || x->s.rows - before <= SCRUB_ROWS_MAX);
        *ret_found += found;
        x->now.mono.us += STEP;
        x->now.wall.ms += STEP / 1000;
    }
    return turns;
}

static void flip(struct fixture *x, unsigned table, uint64_t key)
{
    uint8_t k[8];

    bytes_be64(k, key);
    assert_int_equal(store_mem_flip(x->store, table, slice_of(k, 8), 3), ST_OK);
}

static void every_row_is_read_a_few_at_a_time(void **state)
{
    struct fixture *x = *state;
    uint32_t found;

    assert_int_equal(pass(x, &found), 1);       /* an empty store */
    put(x->store, 0, 1, 3000, 10);
    put(x->store, 2, 1, 700, 4096);             /* bytes bound a turn, too */
    assert_int_equal(pass(x, &found), 6);
    assert_int_equal(x->s.last_rows, 3700);
    assert_int_equal(found, 0);
    assert_int_equal(scrub_turn(&x->s, x->store, x->now, &found), ST_OK);
    assert_int_equal(x->s.rows, 0);             /* it rests */
    assert_true(x->s.next.us >= x->now.mono.us + SCRUB_REST_MS * INT64_C(1000) - STEP);
}

static void damage_is_named_once_and_until_a_clean_pass(void **state)
{
    struct fixture *x = *state;
    uint32_t found;

    put(x->store, 0, 1, 100, 10);
    put(x->store, 1, 1, 2500, 10);
    flip(x, 0, 1);
    flip(x, 1, 2500);                           /* the first row of all and the last */
    (void)pass(x, &found);
    assert_int_equal(found, 2);
    assert_int_equal(x->s.damaged, 2);
    assert_int_equal(x->s.last_rows, 2600);     /* the others were read all the same */
    assert_int_equal(scrub_named(&x->s), 2);
    assert_true(x->s.damage[0].table == 0 && bytes_rd64(x->s.damage[0].key) == 1);
    assert_true(x->s.damage[1].table == 1 && bytes_rd64(x->s.damage[1].key) == 2500);
    (void)pass(x, &found);
    assert_int_equal(found, 0);                 /* known */
    assert_int_equal(x->s.damaged, 2);
    put(x->store, 0, 1, 1, 10);
    put(x->store, 1, 2500, 1, 10);              /* written anew */
    (void)pass(x, &found);
    assert_int_equal(x->s.damaged, 0);
    assert_int_equal(scrub_named(&x->s), 0);
}

static void many_are_counted_and_some_named(void **state)
{
    struct fixture *x = *state;
    uint32_t found;

    put(x->store, 1, 1, 100, 10);
    for (uint64_t i = 1; i <= 100; i++) flip(x, 1, i);
    (void)pass(x, &found);
    assert_int_equal(x->s.damaged, 100);
    assert_int_equal(scrub_named(&x->s), SCRUB_DAMAGE_MAX);
}

static void rows_may_come_and_go_meanwhile(void **state)
{
    struct fixture *x = *state;
    struct store_txn *t = NULL;
    uint8_t key[8];
    uint32_t found;

    put(x->store, 0, 1, 1500, 10);
    assert_int_equal(scrub_turn(&x->s, x->store, x->now, &found), ST_OK);
    assert_int_equal(x->s.rows, SCRUB_ROWS_MAX);
    bytes_be64(key, SCRUB_ROWS_MAX);            /* the very row it stands on */
    assert_int_equal(store_begin(x->store, true, &t), ST_OK);
    assert_int_equal(store_del(t, 0, slice_of(key, 8)), ST_OK);
    assert_int_equal(store_commit(&t), ST_OK);
    put(x->store, 0, 1501, 5, 10);
    (void)pass(x, &found);
    assert_int_equal(x->s.last_rows, 1505);
    assert_int_equal(found, 0);
}

static void a_record_that_was_changed_with_its_checksum_breaks_the_chain(void **state)
{
    struct world w;
    struct ledger_scrub chain = { .linked = false };
    struct fixture x = { .now = { { 1 }, { 1700000000000 } } };
    struct store_txn *t = NULL;
    struct sender s;
    struct slice row;
    struct buf copy;
    uint8_t key[8];
    uint32_t found;

    (void)state;
    work_world_init(&w, false);
    s = work_world_open(&w, PEER_A, OFFICE_A, 5);
    for (int i = 0; i < 4; i++) work_world_push(&w, &s, 3, i);
    work_world_commit(&w);
    x.store = w.store;
    x.s = (struct scrub){ .tables = ledger_tables, .row = ledger_scrub_row, .ctx = &chain };
    (void)pass(&x, &found);
    assert_int_equal(found, 0);
    buf_init(&copy, 1 << 20);
    bytes_be64(key, 6);
    assert_int_equal(store_begin(w.store, true, &t), ST_OK);
    assert_int_equal(ledger_record(t, 6, &row), ST_OK);
    buf_put(&copy, row.p, row.n);
    copy.p[copy.n - 10] ^= 1;                   /* a figure in the body; the store's checksum is made anew */
    assert_int_equal(store_put(t, LEDGER_LOG, slice_of(key, 8), buf_slice(&copy)), ST_OK);
    assert_int_equal(store_commit(&t), ST_OK);
    (void)pass(&x, &found);
    assert_int_equal(found, 1);
    assert_int_equal(x.s.damage[0].table, LEDGER_LOG);
    assert_int_equal(bytes_rd64(x.s.damage[0].key), 7); /* names another hash before it */
    buf_done(&copy);
    work_world_done(&w);
}

/* ---- a store that fails ---- */

static struct {
    struct store store;
    struct store_txn txn;
    struct store_cursor cursor;
    int begin, open, next;              /* what these answer */
    uint8_t key[3];
    size_t key_n;                       /* of the first row; the last byte of the key is what `next` changes */
    bool walked;
} broken;

static int broken_begin(struct store *s, bool write, struct store_txn **ret)
{
    broken.txn = (struct store_txn){ s, write };
    if (broken.begin == ST_OK) *ret = &broken.txn;
    return broken.begin;
}

static int broken_cursor(struct store_txn *t, unsigned table, struct store_cursor **ret)
{
    (void)table;
    broken.cursor.txn = t;
    if (broken.open == ST_OK) *ret = &broken.cursor;
    return broken.open;
}

static int broken_row(struct slice *ret_key, struct slice *ret_value)
{
    *ret_key = slice_of(broken.key, broken.key_n);
    *ret_value = slice_of("v", 1);
    return ST_CORRUPT;
}

static int broken_seek(struct store_cursor *c, struct slice key, struct slice *ret_key, struct slice *ret_value)
{
    (void)c;
    return key.n == 0 ? broken_row(ret_key, ret_value) : ST_NOT_FOUND;
}

/* One more row with a longer key, then what is to be answered. */
static int broken_step(struct store_cursor *c, int dir, struct slice *ret_key, struct slice *ret_value)
{
    (void)c;
    (void)dir;
    if (broken.walked) return broken.next;
    broken.walked = true;
    broken.key_n++;
    return broken_row(ret_key, ret_value);
}

static void broken_abort(struct store_txn *t) { (void)t; }
static void broken_close(struct store_cursor *c) { (void)c; }

static void break_store(int begin, int open, int next)
{
    static const struct store_ops ops = { .begin = broken_begin,
                                          .abort = broken_abort,
                                          .cursor = broken_cursor,
                                          .seek = broken_seek,
                                          .step = broken_step,
                                          .cursor_close = broken_close };

    memset(&broken, 0, sizeof broken);
    broken.store = (struct store){ &ops, 1 };
    broken.begin = begin;
    broken.open = open;
    broken.next = next;
    broken.key_n = 1;
}

/* What the store says is passed on; a table whose pages cannot be walked any further is named as a whole, by an empty key. */
static void a_store_that_fails_is_told(void **state)
{
    struct fixture *x = *state;
    uint32_t found;

    break_store(ST_IO, ST_OK, ST_OK);
    assert_int_equal(scrub_turn(&x->s, &broken.store, x->now, &found), ST_IO);
    x->now.mono.us += STEP;
    break_store(ST_OK, ST_IO, ST_OK);
    assert_int_equal(scrub_turn(&x->s, &broken.store, x->now, &found), ST_IO);
    x->now.mono.us += STEP;
    break_store(ST_OK, ST_OK, ST_IO);
    assert_int_equal(scrub_turn(&x->s, &broken.store, x->now, &found), ST_IO);
    assert_int_equal(found, 2);                 /* two rows with keys that begin alike */
    x->s = (struct scrub){ .tables = (const char *const[]){ "one", NULL } };
    break_store(ST_OK, ST_OK, ST_CORRUPT);
    assert_int_equal(scrub_turn(&x->s, &broken.store, x->now, &found), ST_OK);
    assert_int_equal(found, 3);
    assert_int_equal(x->s.passes, 1);
    assert_int_equal(x->s.damage[2].key_n, 0);
}

/* The rest is as long as a pass took, several times; a row with a longer key than the one that went is read. */
static void a_long_pass_is_followed_by_a_long_rest(void **state)
{
    struct fixture *x = *state;
    struct store_txn *t = NULL;
    struct mono began = x->now.mono;
    uint8_t key[9] = { 0 };
    uint32_t found;

    put(x->store, 0, 1, SCRUB_ROWS_MAX, 10);
    assert_int_equal(scrub_turn(&x->s, x->store, x->now, &found), ST_OK);
    bytes_be64(key, SCRUB_ROWS_MAX);
    assert_int_equal(store_begin(x->store, true, &t), ST_OK);
    assert_int_equal(store_del(t, 0, slice_of(key, 8)), ST_OK);
    assert_int_equal(store_put(t, 0, slice_of(key, 9), slice_of("v", 1)), ST_OK);
    assert_int_equal(store_commit(&t), ST_OK);
    x->now.mono.us += 60 * INT64_C(1000000);
    assert_int_equal(scrub_turn(&x->s, x->store, x->now, &found), ST_OK);
    assert_int_equal(x->s.passes, 1);
    assert_int_equal(x->s.last_rows, SCRUB_ROWS_MAX + 1);
    assert_true(x->s.next.us - x->now.mono.us == (x->now.mono.us - began.us) * SCRUB_REST_TIMES);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = { T(every_row_is_read_a_few_at_a_time),
                                        T(damage_is_named_once_and_until_a_clean_pass),
                                        T(many_are_counted_and_some_named),
                                        T(rows_may_come_and_go_meanwhile),
                                        T(a_store_that_fails_is_told),
                                        T(a_long_pass_is_followed_by_a_long_rest),
                                        T(a_record_that_was_changed_with_its_checksum_breaks_the_chain) };

    return cmocka_run_group_tests_name("scrub", tests, NULL, NULL);
}
