/* store_mem_test.c - what only the RAM store has: a size, trees deeper than a cursor's path, memory that runs out, bits that flip.
 * What it shares with the other one: store_contract_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "proto/bytes.h"
#include "proto/store.h"
#include "tests/unit/failing.h"

FAILING(void *, calloc, (size_t n, size_t size), (n, size), NULL)
FAILING(void *, malloc, (size_t n), (n), NULL)

static const char *const tables[] = { "a", NULL };

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

static struct store *store_new(void)
{
    struct store *s = NULL;

    assert_int_equal(store_mem_new(tables, &s), ST_OK);
    return s;
}

static struct store_txn *begin(struct store *s, bool write)
{
    struct store_txn *t = NULL;

    assert_int_equal(store_begin(s, write, &t), ST_OK);
    return t;
}

/* Full: nothing more goes in or out of that transaction, whatever it is, and its commit says so; a smaller value may replace a
 * larger. */
static void a_full_store_takes_nothing_more(void **state)
{
    static const uint8_t block[600];
    struct store *s = store_new();
    struct store_txn *t;

    (void)state;
    store_mem_limit(s, 1000);           /* four fifths of it */
    t = begin(s, true);
    assert_int_equal(store_room(t, 700), ST_OK);
    assert_int_equal(store_put(t, 0, text("a"), slice_of(block, 600)), ST_OK);
    assert_int_equal(store_put(t, 0, text("b"), slice_of(block, 300)), ST_OK);     /* the one that goes over it */
    assert_int_equal(store_room(t, 0), ST_FULL);
    assert_int_equal(store_put(t, 0, text("b"), slice_of(block, 300)), ST_OK);
    assert_int_equal(store_put(t, 0, text("b"), slice_of(block, 301)), ST_FULL);
    assert_int_equal(store_room(t, 0), ST_FULL);
    assert_int_equal(store_put(t, 0, text("b"), slice_of(block, 1)), ST_FULL);
    assert_int_equal(store_del(t, 0, text("a")), ST_FULL);
    assert_int_equal(store_commit(&t), ST_FULL);
    t = begin(s, true);
    assert_int_equal(store_put(t, 0, text("a"), slice_of(block, 600)), ST_OK);
    assert_int_equal(store_put(t, 0, text("b"), slice_of(block, 300)), ST_OK);
    assert_int_equal(store_put(t, 0, text("c"), slice_of(block, 0)), ST_FULL);
    store_abort(&t);
    store_mem_limit(s, 0);              /* as large as it is by itself */
    t = begin(s, true);
    assert_int_equal(store_put(t, 0, text("a"), slice_of(block, 600)), ST_OK);
    assert_int_equal(store_put(t, 0, text("b"), slice_of(block, 600)), ST_OK);
    assert_int_equal(store_commit(&t), ST_OK);
    store_mem_free(&s);
    store_mem_free(&s);
}

/* ---- deep trees ---- */

enum { DEEP = 90, KEY = 6 };

/* Key n of the tree's order whose priority lies in band n of DEEP, counted from the top. */
static void deep_key(unsigned n, unsigned band, uint8_t key[KEY])
{
    uint32_t nonce = 0;

    bytes_be16(key, (uint16_t)n);
    do bytes_be32(key + 2, nonce++);
    while (bytes_crc32c(0, key, KEY) / (UINT32_MAX / (DEEP + 2)) != DEEP + 1 - band);
}

/* A chain to the right below the last key, which is the root: each step back from there goes all the way down. */
static void a_cursor_finds_its_way_in_a_tree_deeper_than_its_path(void **state)
{
    static uint8_t key[DEEP + 1][KEY];
    struct store *s = store_new();
    struct store_txn *t = begin(s, true);
    struct store_cursor *c = NULL;
    struct slice k, v;

    (void)state;
    for (unsigned n = 0; n <= DEEP; n++) {
        deep_key(n, n == DEEP ? 0 : n + 1, key[n]);
        assert_int_equal(store_put(t, 0, slice_of(key[n], KEY), text("x")), ST_OK);
    }
    assert_int_equal(store_commit(&t), ST_OK);
    t = begin(s, false);
    assert_int_equal(store_cursor(t, 0, &c), ST_OK);
    for (unsigned n = 0; n <= DEEP; n++) {      /* each one sought for, then its neighbours */
        assert_int_equal(store_seek(c, slice_of(key[n], KEY), &k, &v), ST_OK);
        assert_memory_equal(k.p, key[n], KEY);
        assert_int_equal(store_prev(c, &k, &v), n > 0 ? ST_OK : ST_NOT_FOUND);
        if (n > 0) assert_memory_equal(k.p, key[n - 1], KEY);
        assert_int_equal(store_next(c, &k, &v), ST_OK);
        assert_memory_equal(k.p, key[n], KEY);
    }
    assert_int_equal(store_seek(c, slice_of("", 0), &k, &v), ST_OK);
    for (unsigned n = 1; n <= DEEP; n++) {
        assert_int_equal(store_next(c, &k, &v), ST_OK);
        assert_memory_equal(k.p, key[n], KEY);
    }
    assert_int_equal(store_next(c, &k, &v), ST_NOT_FOUND);
    assert_int_equal(store_seek(c, slice_of(key[DEEP], KEY), &k, &v), ST_OK);
    for (unsigned n = DEEP; n-- > 0;) {
        assert_int_equal(store_prev(c, &k, &v), ST_OK);
        assert_memory_equal(k.p, key[n], KEY);
    }
    store_cursor_close(&c);
    store_abort(&t);
    store_mem_free(&s);
}

static void cursors_close_in_any_order(void **state)
{
    struct store *s = store_new();
    struct store_txn *t = begin(s, false);
    struct store_cursor *c[3];

    (void)state;
    for (unsigned i = 0; i < 3; i++) assert_int_equal(store_cursor(t, 0, &c[i]), ST_OK);
    store_cursor_close(&c[0]);
    store_cursor_close(&c[1]);
    store_abort(&t);                    /* ends the third */
    store_mem_free(&s);
}

static void without_memory_nothing_begins(void **state)
{
    struct store *s = NULL;
    struct store_txn *t = NULL;
    struct store_cursor *c = NULL;

    (void)state;
    failing_at(1, ENOMEM);
    assert_int_equal(store_mem_new(tables, &s), ST_NO_MEMORY);
    assert_null(s);
    s = store_new();
    failing_at(1, ENOMEM);
    assert_int_equal(store_begin(s, true, &t), ST_NO_MEMORY);
    t = begin(s, true);
    for (unsigned n = 1; n <= 2; n++) { /* the entry, its node */
        failing_at(n, ENOMEM);
        assert_int_equal(store_put(t, 0, text("a"), text("x")), ST_NO_MEMORY);
        assert_non_null(failing_end());
    }
    failing_at(1, ENOMEM);
    assert_int_equal(store_cursor(t, 0, &c), ST_NO_MEMORY);
    (void)failing_end();
    assert_int_equal(store_put(t, 0, text("a"), text("x")), ST_OK);
    assert_int_equal(store_commit(&t), ST_OK);
    store_mem_free(&s);
}

static void a_bit_flips_where_there_is_one(void **state)
{
    struct store *s = store_new();
    struct store_txn *t = begin(s, true);
    struct slice v;

    (void)state;
    assert_int_equal(store_put(t, 0, text("b"), text("xy")), ST_OK);
    assert_int_equal(store_commit(&t), ST_OK);
    assert_int_equal(store_mem_flip(s, 0, text("a"), 0), ST_NOT_FOUND);
    assert_int_equal(store_mem_flip(s, 0, text("c"), 0), ST_NOT_FOUND);
    assert_int_equal(store_mem_flip(s, 0, text("b"), 16), ST_NOT_FOUND);
    for (unsigned twice = 0; twice < 2; twice++) {
        assert_int_equal(store_mem_flip(s, 0, text("b"), 15), ST_OK);
        t = begin(s, false);
        assert_int_equal(store_get(t, 0, text("b"), &v), twice ? ST_OK : ST_CORRUPT);
        store_abort(&t);
    }
    store_mem_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_store_takes_nothing_more),
        cmocka_unit_test(a_cursor_finds_its_way_in_a_tree_deeper_than_its_path),
        cmocka_unit_test(cursors_close_in_any_order),
        cmocka_unit_test(without_memory_nothing_begins),
        cmocka_unit_test(a_bit_flips_where_there_is_one),
    };
    return cmocka_run_group_tests_name("store_mem", tests, NULL, NULL);
}
