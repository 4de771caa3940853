/* cell_test.c - cells: bytes, keys, and that applied differences are the sum of the derived rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/fold.h"
#include "proto/store.h"
#include "tests/unit/fixture.h"

static i128 big(int64_t high, uint64_t low) { return (i128)((unsigned __int128)high << 64 | low); }

static void bytes_round_trip(void **state)
{
    (void)state;
    const struct cell cells[] = {
        { .lines = 1 },
        { .value = { 0, 5, 5, -7, INT64_MAX, INT64_MIN, 1, 2, 3, 4, 5, 6 }, .offices = { 3, 3, 3, 2, 2, 2, 2, 0, 0, 0, 0, 0 },
            .lines = 240, .bare = 3, .assumed = 1 },
        { .value = { big(1, 0), big(-1, 0), big(INT64_C(1) << 40, 7), 0 }, .offices = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 } },
    };
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        struct buf b;
        struct cell got;
        buf_init(&b, 1024);
        cell_encode(&b, &cells[i]);
        assert_true(buf_ok(&b));
        assert_int_equal(cell_decode(buf_slice(&b), &got), ST_OK);
        assert_memory_equal(got.value, cells[i].value, sizeof got.value);
        assert_memory_equal(got.offices, cells[i].offices, sizeof got.offices);
        assert_true(got.lines == cells[i].lines && got.bare == cells[i].bare && got.assumed == cells[i].assumed);
        for (size_t n = 0; n < b.n; n++) assert_int_equal(cell_decode(slice_of(b.p, n), &got), ST_CORRUPT);
        buf_u8(&b, 0);
        assert_int_equal(cell_decode(buf_slice(&b), &got), ST_CORRUPT);
        buf_done(&b);
    }
}

static void one_spelling(void **state)
{
    (void)state;
    /* twelve zero sums, then two runs of the same count where one run says it */
    const uint8_t split[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 2, 6, 0, 0, 0, 0 },
        whole[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 2, 0, 0, 0 };
    const uint8_t over[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13, 2, 0, 0, 0 };
    struct cell c;
    assert_int_equal(cell_decode(slice_of(split, sizeof split), &c), ST_CORRUPT);
    assert_int_equal(cell_decode(slice_of(over, sizeof over), &c), ST_CORRUPT);
    assert_int_equal(cell_decode(slice_of(whole, sizeof whole), &c), ST_OK);
    assert_int_equal(c.offices[11], 1);
}

static void cells_that_are_none(void **state)
{
    (void)state;
    struct buf b;
    struct cell c;
    for (unsigned way = 0; way < 3; way++) {
        buf_init(&b, 1024);
        for (unsigned m = 0; m < 12; m++) buf_zigzag128(&b, way == 0 && m < 2 ? big(INT64_MAX, UINT64_MAX) : 0);
        buf_u8(&b, way == 1 ? 0 : 6);
        buf_zigzag(&b, way == 2 ? INT64_MAX : 1);
        buf_u8(&b, 6);
        buf_zigzag(&b, way == 2 ? INT64_MAX : 1);
        for (unsigned i = 0; i < 3; i++) buf_u8(&b, 0);
        assert_int_equal(cell_decode(buf_slice(&b), &c), ST_CORRUPT);   /* a sum, a run, a count that cannot be */
        buf_done(&b);
    }
}

static void keys(void **state)
{
    (void)state;
    const struct cell_key k = { .region = 33 << 16 | 74, .year = 2022,
                                .node = { .node = fixture_activity("1.06.02", 2022), .node_kind = NODE_ACTIVITY,
                                          .derived = DERIVED_REALISED, .source = SOURCE_OPD } };
    struct cell_key got;
    uint8_t key[STORE_KEY_MAX];
    size_t n = cell_key_bytes(&k, key);
    assert_int_equal(n, 18);
    assert_int_equal(cell_key_parse(slice_of(key, n), &got), ST_OK);
    assert_true(got.region == k.region && got.year == k.year && got.node.node == k.node.node &&
                got.node.derived == k.node.derived && got.node.source == k.node.source);
    assert_int_equal(cell_key_parse(slice_of(key, n - 1), &got), ST_CORRUPT);
    key[6] = NODE_ACCOUNT_LINE + 1;     /* no kind of node */
    assert_int_equal(cell_key_parse(slice_of(key, n), &got), ST_CORRUPT);
    key[6] = NODE_ACTIVITY;
    key[7] ^= 1;                        /* another level than the code's */
    assert_int_equal(cell_key_parse(slice_of(key, n), &got), ST_CORRUPT);
}

/* ---- differences ---- */

struct world { struct store *store; struct store_txn *t; struct cell_deltas *d; struct unit a, b; struct derived_set da, db; };

static void world_open(struct world *w)
{
    const char *const a[] = { "1.06.02.2.02.01 realised 2 10", "1.06.02.2.02.02 realised 3 5", "5.1 budget 1 900", NULL };
    const char *const b[] = { "1.06.02.2.02.01 realised 2 1", "1.06.03 realised 4 7", "1.06.02.2.02.01 budget 1 3", NULL };
    assert_int_equal(store_mem_new(fold_tables, &w->store), ST_OK);
    assert_int_equal(store_begin(w->store, true, &w->t), ST_OK);
    assert_int_equal(cell_deltas_new(&w->d), ST_OK);
    fixture_unit(&w->a, 2022, a);
    fixture_unit(&w->b, 2022, b);
    derive_init(&w->da);
    derive_init(&w->db);
    assert_int_equal(derive_unit(&w->a, &w->da), ST_OK);
    assert_int_equal(derive_unit(&w->b, &w->db), ST_OK);
}

static void world_close(struct world *w)
{
    unit_done(&w->a);
    unit_done(&w->b);
    derive_done(&w->da);
    derive_done(&w->db);
    cell_deltas_free(&w->d);
    store_abort(&w->t);
    store_mem_free(&w->store);
}

static void apply(struct world *w)
{
    assert_int_equal(cell_deltas_apply(w->d, w->t, FOLD_CELL), ST_OK);
    cell_deltas_clear(w->d);
}

static void cell_is(struct world *w, region_code region, const struct derived_row *a, const struct derived_row *b)
{
    struct cell_key k = { .region = region, .year = 2022, .node = a ? a->key : b->key };
    struct cell c;
    assert_int_equal(cell_get(w->t, FOLD_CELL, &k, &c), ST_OK);
    for (unsigned m = 0; m < 12; m++) {
        assert_true(c.value[m] == (a ? a->value[m] : 0) + (b ? b->value[m] : 0));
        assert_int_equal(c.offices[m], (a ? a->offices[m] : 0) + (b ? b->offices[m] : 0));
    }
    assert_int_equal(c.lines, (a ? a->lines : 0) + (b ? b->lines : 0));
    assert_int_equal(c.bare, (a ? a->bare : 0) + (b ? b->bare : 0));
}

static bool count_cell(void *ctx, const struct cell_key *k, const struct cell *c)
{
    (void)k;
    (void)c;
    ++*(unsigned *)ctx;
    return true;
}

static unsigned cells(struct world *w, region_code region)
{
    unsigned n = 0;
    for (unsigned kind = NODE_TOTAL; kind <= NODE_ACCOUNT_LINE; kind++)
        for (unsigned level = 0; level < 8; level++) assert_int_equal(cell_scan(w->t, FOLD_CELL, region, 2022,
            (enum node_kind)kind, level, count_cell, &n), ST_OK);
    return n;
}

enum { PROVINCE = 33 << 16, CITY_A = PROVINCE | 74, CITY_B = PROVINCE | 72, NATION = 0 };

static void differences_add_up(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    assert_int_equal(cell_deltas_add(w.d, CITY_A, 2022, NULL, &w.da), ST_OK);
    apply(&w);
    assert_int_equal(cell_deltas_add(w.d, CITY_B, 2022, NULL, &w.db), ST_OK);
    apply(&w);
    for (uint32_t i = 0; i < w.da.count; i++) {
        const struct derived_row *a = &w.da.row[i], *b = derive_find(&w.db, &a->key);
        cell_is(&w, CITY_A, a, NULL);
        cell_is(&w, PROVINCE, a, b);
        cell_is(&w, NATION, a, b);
    }
    for (uint32_t i = 0; i < w.db.count; i++) cell_is(&w, CITY_B, NULL, &w.db.row[i]);
    assert_int_equal(cells(&w, CITY_A), w.da.count);
    world_close(&w);
}

static void before_to_after(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    assert_int_equal(cell_deltas_add(w.d, CITY_A, 2022, NULL, &w.da), ST_OK);
    apply(&w);
    assert_int_equal(cell_deltas_add(w.d, CITY_A, 2022, &w.da, &w.db), ST_OK);
    apply(&w);
    for (uint32_t i = 0; i < w.db.count; i++) cell_is(&w, NATION, NULL, &w.db.row[i]);
    assert_int_equal(cells(&w, CITY_A), w.db.count);    /* what became zero is gone */
    assert_int_equal(cell_deltas_add(w.d, CITY_A, 2022, &w.db, &w.db), ST_OK);
    assert_int_equal(cell_deltas_add(w.d, CITY_A, 2022, &w.db, NULL), ST_OK);
    apply(&w);
    assert_int_equal(cells(&w, CITY_A) + cells(&w, PROVINCE) + cells(&w, NATION), 0);
    world_close(&w);
}

static bool first_only(void *ctx, const struct cell_key *k, const struct cell *c)
{
    (void)k, (void)c;
    ++*(unsigned *)ctx;
    return false;
}

static int scan(struct world *w, unsigned *n)
{
    *n = 0;
    return cell_scan(w->t, FOLD_CELL, CITY_A, 2022, NODE_TOTAL, 0, count_cell, n);
}

/* Rows of the state that are no cells: what begins with the range and is none is corrupt, what does not is not read. */
static void rows_that_are_no_cells(void **state)
{
    (void)state;
    struct world w;
    unsigned n, all;
    uint8_t key[19] = { 0 };
    struct cell_key k = { .region = CITY_A, .year = 2022, .node = { .derived = DERIVED_REALISED, .source = SOURCE_OPD } };
    world_open(&w);
    cell_key_bytes(&k, key);
    assert_int_equal(store_put(w.t, FOLD_CELL, slice_of(key, 19), slice_of("x", 1)), ST_OK);    /* its place, longer */
    assert_int_equal(store_put(w.t, FOLD_CELL, slice_of("\xff", 1), slice_of("x", 1)), ST_OK);
    assert_int_equal(cell_deltas_add(w.d, CITY_A, 2022, NULL, &w.da), ST_OK);
    apply(&w);
    const struct derived_row *row = derive_find(&w.da, &k.node);
    assert_non_null(row);
    cell_is(&w, CITY_A, row, NULL);
    assert_int_equal(scan(&w, &n), ST_CORRUPT);
    assert_int_equal(store_del(w.t, FOLD_CELL, slice_of(key, 19)), ST_OK);
    assert_int_equal(scan(&w, &all), ST_OK);
    assert_true(all > 1);
    n = 0;
    assert_int_equal(cell_scan(w.t, FOLD_CELL, CITY_A, 2022, NODE_TOTAL, 0, first_only, &n), ST_OK);
    assert_int_equal(n, 1);
    n = 0;                              /* a range behind all cells: the short row is not of it */
    assert_int_equal(cell_scan(w.t, FOLD_CELL, UINT32_C(0xfeffffff), 2022, NODE_TOTAL, 0, count_cell, &n), ST_OK);
    assert_int_equal(n, 0);
    assert_int_equal(store_put(w.t, FOLD_CELL, slice_of(key, 18), slice_of("x", 1)), ST_OK);
    assert_int_equal(scan(&w, &n), ST_CORRUPT);
    assert_int_equal(cell_deltas_add(w.d, CITY_A, 2022, &w.da, NULL), ST_OK);
    assert_int_equal(cell_deltas_apply(w.d, w.t, FOLD_CELL), ST_CORRUPT);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_round_trip), cmocka_unit_test(one_spelling), cmocka_unit_test(keys),
        cmocka_unit_test(cells_that_are_none),
        cmocka_unit_test(differences_add_up), cmocka_unit_test(before_to_after), cmocka_unit_test(rows_that_are_no_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
