/* fold_memory_test.c - derive, claims, cells and the fold where memory ends: each allocation fails in turn.
 *
 * Arrays grow by doubling, so which statement meets a full array depends on how much stood before it. Each unit is tried with 0 to
 * 64 lines before its own: so every place that adds something meets the end once. What must hold: ST_NO_MEMORY when an allocation
 * failed and nothing else; and the same object used again gives what it would have given.
 *
 * The fold itself is played call by call by fold_break_test; here are its arrays that a small world never fills. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/fold.h"
#include "breaking.h"
#include "tests/unit/fixture.h"

#define OFFICE "gen-3374-01"
#define A "1.06.03.2.01.01"
#define TEXTS(...) { __VA_ARGS__, NULL }
enum { CITY = 33 << 16 | 74 };

static const char *const UNITS[][30] = {
    TEXTS("total realised 3 1", A " budget:dpa:murni 1 900", A " budget:dpa:perubahan 9 800", "1.06.03.2.01 budget:dpa:murni 1 7",
          A " realised 2 100", A " realised 3 90", A " physical 4 20", A "/5.1.02 realised 2 50", A "/5.1.02.01 realised 2 50",
          A "/5.1.02 budget:dpa:murni 1 400", A "/5.2 budget:dpa:murni 1 300", A " cash_plan 1 5"),
    TEXTS(A " printed_absorption:opd:murni 3 500000.2", A " budget:dpa:murni 1 900", A " realised 3 90"),
    TEXTS(A " realised 2 100", A " realised 3 90"),
    TEXTS("5 realised 3 12", "5.1 budget:dpa:murni 1 100", "5.1.02 budget:dpa:murni 1 100", "5.1 realised 2 120",
          "5.2 realised 2 5", "5.1 cash_plan 1 3", "5.2 physical 3 7", "5 budget:dpa:murni 1 3"),
    TEXTS("- complete:dpa:pergeseran-20 9 1", A " budget:dpa:murni 1 1", A " budget:dpa:pergeseran-1 1 2",
          A " budget:dpa:pergeseran-2 1 3", A " budget:dpa:pergeseran-3 2 4", A " budget:dpa:pergeseran-4 2 5",
          A " budget:dpa:pergeseran-5 3 6", A " budget:dpa:pergeseran-6 3 7", A " budget:dpa:pergeseran-7 4 8",
          A " budget:dpa:pergeseran-8 4 9", A " budget:dpa:pergeseran-9 5 10", A " budget:dpa:pergeseran-10 5 11",
          A " budget:dpa:pergeseran-11 6 12", A " budget:dpa:pergeseran-12 6 13", A " budget:dpa:pergeseran-13 7 14",
          A " budget:dpa:pergeseran-14 7 15", A " budget:dpa:pergeseran-15 8 16"),
    TEXTS(A "/5.1.02 budget:dpa:murni 1 100", A "/5.1.02 budget:dpa:perubahan 9 110", A "/5.2.02 budget:dpa:perubahan 9 10",
          A "/5.1.02 cash_plan 1 3", A "/5.1.02.01 realised 4 3", A "/5.1.02 realised:bud 4 3"),
};
enum { UNITS_COUNT = sizeof UNITS / sizeof *UNITS, FILLERS = 64 };

/* The lines before are of the kind that stands first: account-only lines, or activities. */
static void unit_of(struct unit *u, const char *const *texts, unsigned fillers)
{
    fixture_unit(u, 2022, texts);
    for (unsigned i = 0; i < fillers; i++) {
        char text[64];
        if (texts[0][0] == '5') snprintf(text, sizeof text, "4.1.%02u.%02u cash_plan 1 1", i / 50 + 1, i % 50 + 1);
        else snprintf(text, sizeof text, "1.06.02.2.%02u.%02u/5 cash_plan 1 1", i / 50 + 1, i % 50 + 1);
        fixture_set(u, text, 100 + i);
    }
    unit_sort(u);
}

static bool same_rows(const struct derived_set *a, const struct derived_set *b)
{
    if (a->count != b->count) return false;
    for (uint32_t i = 0; i < a->count; i++) {
        const struct derived_row *x = &a->row[i], *y = &b->row[i];
        bool same = x->key.node == y->key.node && x->key.node_kind == y->key.node_kind && x->key.derived == y->key.derived &&
                    x->key.source == y->key.source && memcmp(x->value, y->value, sizeof x->value) == 0 && x->lines == y->lines;
        if (!same) return false;
    }
    return true;
}

/* false: it has fewer than n allocations. */
static bool derive_with(struct unit *u, const struct derived_set *want, uint32_t n)
{
    struct derived_set d;
    derive_init(&d);
    breaking_one(BREAKING_ALLOCATIONS, n);
    int st = derive_unit(u, &d);
    bool hit = breaking_end();
    assert_int_equal(st, hit ? ST_NO_MEMORY : ST_OK);
    assert_true(!hit || d.count == 0);
    assert_int_equal(derive_unit(u, &d), ST_OK);
    assert_true(same_rows(&d, want));
    derive_done(&d);
    return hit;
}

static void derive_says_that_memory_ended(void **state)
{
    (void)state;
    for (unsigned k = 0; k < UNITS_COUNT; k++)
        for (unsigned fillers = 0; fillers <= FILLERS; fillers++) {
            struct unit u;
            struct derived_set want;
            unit_of(&u, UNITS[k], fillers);
            derive_init(&want);
            assert_int_equal(derive_unit(&u, &want), ST_OK);
            for (uint32_t n = 1; derive_with(&u, &want, n); n++) continue;
            derive_done(&want);
            unit_done(&u);
        }
}

static bool claims_with(struct unit *u, uint32_t want, uint32_t n)
{
    struct claims c;
    claim_init(&c);
    breaking_one(BREAKING_ALLOCATIONS, n);
    int st = claim_unit(u, &c);
    bool hit = breaking_end();
    assert_int_equal(st, hit ? ST_NO_MEMORY : ST_OK);
    assert_int_equal(claim_unit(u, &c), ST_OK);
    assert_int_equal(c.count, want);
    claim_done(&c);
    return hit;
}

static void claims_say_that_memory_ended(void **state)
{
    unsigned all = 0;
    (void)state;
    for (unsigned k = 0; k < UNITS_COUNT; k++) {
        struct unit u;
        struct claims want;
        unit_of(&u, UNITS[k], 0);
        claim_init(&want);
        assert_int_equal(claim_unit(&u, &want), ST_OK);
        for (uint32_t n = 1; claims_with(&u, want.count, n); n++) continue;
        all += want.count;
        claim_done(&want);
        unit_done(&u);
    }
    assert_true(all > 4);
}

/* ---- cells ---- */

/* Through a settled region, or rolled up at once in the one table that grows meanwhile. */
static int cells_add(struct store_txn *t, struct cell_deltas **d, struct cell_deltas **up, const struct derived_set *set,
                     bool settle)
{
    int st = cell_deltas_new(d);
    if (st == ST_OK) st = cell_deltas_new(up);
    if (st == ST_OK) st = cell_deltas_add(*d, CITY, 2022, NULL, set);
    if (st != ST_OK || !settle) return st == ST_OK ? cell_deltas_apply(*d, t, FOLD_CELL) : st;
    st = cell_deltas_settle(*d, *up, t, FOLD_CELL);
    return st == ST_OK ? cell_deltas_apply(*up, t, FOLD_CELL) : st;
}

/* One allocation, or one call of the store, fails. */
static bool cells_with(enum breaking_kind kind, const struct derived_set *set, bool settle, uint32_t n)
{
    struct store *store;
    struct store_txn *t;
    struct cell_deltas *d = NULL, *up = NULL;
    assert_int_equal(store_mem_new(fold_tables, &store), ST_OK);
    breaking_store(store);
    assert_int_equal(store_begin(store, true, &t), ST_OK);
    breaking_one(kind, n);
    int st = cells_add(t, &d, &up, set, settle);
    bool hit = breaking_end();
    assert_int_equal(st, !hit ? ST_OK : kind == BREAKING_CALLS ? ST_IO : ST_NO_MEMORY);
    if (d) cell_deltas_free(&d);
    if (up) cell_deltas_free(&up);
    store_abort(&t);
    store_mem_free(&store);
    return hit;
}

static void cells_say_that_memory_ended(void **state)
{
    struct unit u;
    struct derived_set set;
    (void)state;
    derive_init(&set);
    unit_of(&u, UNITS[0], 250);
    assert_int_equal(derive_unit(&u, &set), ST_OK);
    assert_true(set.count > 256 && set.count < 512);            /* the table of the parents grows while it is added to */
    for (unsigned settle = 0; settle < 2; settle++) {
        for (uint32_t n = 1; cells_with(BREAKING_ALLOCATIONS, &set, settle, n); n += n < 40 ? 1 : 97) continue;
        for (uint32_t n = 1; cells_with(BREAKING_CALLS, &set, settle, n); n += 53) continue;
    }
    derive_done(&set);
    unit_done(&u);
}

static bool count_all(void *ctx, const struct cell_key *k, const struct cell *c)
{
    (void)k, (void)c;
    ++*(unsigned *)ctx;
    return true;
}

static void a_scan_says_that_the_store_failed(void **state)
{
    struct store *store;
    struct store_txn *t;
    struct cell_deltas *d = NULL, *up = NULL;
    struct derived_set set;
    struct unit u;
    unsigned seen, all = 0;
    (void)state;
    derive_init(&set);
    unit_of(&u, UNITS[0], 3);
    assert_int_equal(derive_unit(&u, &set), ST_OK);
    assert_int_equal(store_mem_new(fold_tables, &store), ST_OK);
    breaking_store(store);
    assert_int_equal(store_begin(store, true, &t), ST_OK);
    assert_int_equal(cells_add(t, &d, &up, &set, true), ST_OK);
    assert_int_equal(cell_scan(t, FOLD_CELL, CITY, 2022, NODE_ACTIVITY, 5, count_all, &all), ST_OK);
    assert_true(all > 2);
    for (uint32_t n = 1;; n++) {
        seen = 0;
        breaking_one(BREAKING_CALLS, n);
        int st = cell_scan(t, FOLD_CELL, CITY, 2022, NODE_ACTIVITY, 5, count_all, &seen);
        if (!breaking_end()) break;
        assert_int_equal(st, ST_IO);
        assert_true(seen <= all);
    }
    assert_int_equal(seen, all);
    cell_deltas_free(&d);
    cell_deltas_free(&up);
    store_abort(&t);
    store_mem_free(&store);
    derive_done(&set);
    unit_done(&u);
}

/* ---- the fold ---- */

enum { YEARS = 12, WORKERS = 10 };
static void log_of_many_years(struct fixture_log *l)
{
    static struct fixture_figure f[YEARS + 1];
    static struct fixture_statement s[YEARS + 1];
    fixture_log_init(l, 1);
    fixture_log_office(l, 1, OFFICE, "33.74", 1);
    for (unsigned i = 0; i <= YEARS; i++) {
        fixture_figure(i < YEARS ? "5.1.02 realised 3 10" : A " reached 3 5", 2020 + i, &f[i]);
        s[i] = (struct fixture_statement){ .subject = OFFICE, .f = f[i].f };
    }
    s[YEARS].f.indicator = slice_of("jumlah", 6);
    fixture_log_batch(l, OFFICE, s, YEARS + 1);
    fixture_log_office(l, 2, OFFICE, "33.72", 1);
    fixture_figure("5.1.02 realised 4 11", 2020, &f[0]);
    s[0].f = f[0].f;
    fixture_log_batch(l, OFFICE, s, 1);
}

static int play(struct fold *f, struct store_txn *t, const struct fixture_log *l, uint32_t from, uint32_t end)
{
    int st = ST_OK;
    for (uint32_t i = from; st == ST_OK && i < end; i++) st = fold_record(f, l->worker, fixture_log_record(l, i));
    return st == ST_OK ? fold_flush(f, t) : st;
}

/* The state after the first records, as a process finds it that starts beside many workers, with a change to be trimmed. */
static void prepare(struct fold **f, struct store_txn *t, const struct fixture_log *l, uint32_t records)
{
    static const uint64_t CHANGES[] = { 1, FOLD_CHANGES_KEPT + 1 };
    uint8_t key[] = "applied\0", applied[8 + HASH_SIZE] = { 0, 0, 0, 0, 0, 0, 0, 9 };
    assert_int_equal(play(*f, t, l, 0, records), ST_OK);
    for (size_t i = 0; i < sizeof CHANGES / sizeof *CHANGES; i++) {
        bytes_be64(applied, CHANGES[i]);
        assert_int_equal(store_put(t, FOLD_CHANGE, slice_of(applied, 8), slice_of("", 1)), ST_OK);
    }
    for (uint8_t w = 2; w < 2 + WORKERS; w++) {
        key[7] = w;
        assert_int_equal(store_put(t, FOLD_META, slice_of(key, 8), slice_of(applied, sizeof applied)), ST_OK);
    }
    fold_free(f);
    assert_int_equal(fold_new(f), ST_OK);
    assert_int_equal(fold_recover(*f, t), ST_OK);
}

/* Records of the groups: the entry; the figures of many years, whose counters, months and changes outgrow the room for a row;
 * a move and a figure in one. */
static const uint32_t GROUPS[][2] = { { 0, 1 }, { 1, 2 }, { 2, 4 } };

static bool group_with(enum breaking_kind kind, const struct fixture_log *l, const uint32_t group[2], uint32_t n)
{
    struct store *store;
    struct store_txn *t;
    struct fold *f;
    assert_int_equal(store_mem_new(fold_tables, &store), ST_OK);
    breaking_store(store);
    assert_int_equal(store_begin(store, true, &t), ST_OK);
    assert_int_equal(fold_new(&f), ST_OK);
    assert_int_equal(fold_recover(f, t), ST_OK);
    if (group[0] > 0) prepare(&f, t, l, group[0]);
    breaking_one(kind, n);
    int st = play(f, t, l, group[0], group[1]);
    bool hit = breaking_end();
    assert_int_equal(st, !hit ? ST_OK : kind == BREAKING_CALLS ? ST_IO : ST_NO_MEMORY);
    fold_free(&f);
    store_abort(&t);
    store_mem_free(&store);
    return hit;
}

static void a_group_of_many_years_says_that_memory_ended(void **state)
{
    struct fixture_log l;
    (void)state;
    log_of_many_years(&l);
    for (size_t g = 0; g < sizeof GROUPS / sizeof *GROUPS; g++)
        for (unsigned kind = 0; kind < BREAKING_KINDS; kind++)
            for (uint32_t n = 1; group_with((enum breaking_kind)kind, &l, GROUPS[g], n); n++) continue;
    fixture_log_done(&l);
}

int main
(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derive_says_that_memory_ended), cmocka_unit_test(claims_say_that_memory_ended),
        cmocka_unit_test(cells_say_that_memory_ended), cmocka_unit_test(a_scan_says_that_the_store_failed),
        cmocka_unit_test(a_group_of_many_years_says_that_memory_ended),
    };
    return cmocka_run_group_tests_name("fold_memory", tests, NULL, NULL);
}
