/* position_test.c - the state kept by increments is the one computed from the log, at a hundred thousand log positions (P4).
 *
 * Many small worlds, each of a seed of its own (property_world.h): two to eight offices that speak through one to three workers,
 * one to three years, some thirty to fifty records. After every record the canonical state of the fold is held, byte by byte,
 * against what the verifier's recomputation (tests/sim/naive.h) makes of all records so far: leaves and history with the figures
 * of indicators, cells of every region with completeness and the number of findings by month, counters, offices, positions. Now and
 * then the fold is a new process over the same store. A small world costs little, so that many positions and many beginnings fit
 * into a run; the long histories are property_test's.
 *
 * POSITIONS=n compares at least n, POSITION_SECONDS=n goes on for so long, SEED=n begins there; the seed is printed with every
 * difference. Invariant: at least as many positions as were asked for, or the test fails.
 *
 * limit: 900 s
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "aggregator/fold.h"
#include "property_world.h"
#include "tests/sim/naive.h"
#include "tests/unit/env.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { POSITIONS = 2000 };
#else
enum { POSITIONS = 100000 };
#endif
#define FIRST_SEED UINT64_C(20201106)
enum { RESTART_ONE_IN = 16 };

struct small {                          /* a world, the fold of it, and both texts */
    struct world *w;
    struct store *store;
    struct fold *fold;
    struct slice record[WORLD_WORKERS][WORLD_RECORDS];
    struct naive_log log[WORLD_WORKERS];
    struct buf got, expected, why;
};

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void restart(struct small *x)
{
    struct store_txn *t = NULL;
    fold_free(&x->fold);
    assert_int_equal(fold_new(&x->fold), ST_OK);
    assert_int_equal(store_begin(x->store, true, &t), ST_OK);
    assert_int_equal(fold_recover(x->fold, t), ST_OK);
    assert_int_equal(store_commit(&t), ST_OK);
}

static void begin(struct small *x, uint64_t seed)
{
    static const struct { uint64_t updates; unsigned offices, years; } SIZES[] = {
        { 70, 2, 1 }, { 120, WORLD_OFFICES, 1 }, { 90, 4, 1 }, { 100, 5, 2 }, { 80, 3, 1 }, { 70, 3, 3 },
    };
    size_t k = seed % (sizeof SIZES / sizeof *SIZES);
    x->w = property_world_small(seed, SIZES[k].updates, SIZES[k].offices, SIZES[k].years);
    for (unsigned i = 0; i < WORLD_WORKERS; i++) x->log[i] = (struct naive_log){ i + 1, x->record[i], 0 };
    assert_int_equal(store_mem_new(fold_tables, &x->store), ST_OK);
    restart(x);
}

static void end(struct small *x)
{
    fold_free(&x->fold);
    store_mem_free(&x->store);
    property_world_free(x->w);
}

/* One more record, folded as a group of its own. */
static void take(struct small *x, unsigned log)
{
    struct slice record = fixture_log_record(&x->w->log[log], (uint32_t)x->log[log].count);
    struct store_txn *t = NULL;
    assert_int_equal(fold_record(x->fold, log + 1, record), ST_OK);
    assert_int_equal(store_begin(x->store, true, &t), ST_OK);
    assert_int_equal(fold_flush(x->fold, t), ST_OK);
    assert_int_equal(store_commit(&t), ST_OK);
    x->record[log][x->log[log].count++] = record;
}

static void compare(struct small *x)
{
    struct store_txn *t = NULL;
    buf_clear(&x->got);
    buf_clear(&x->expected);
    assert_int_equal(store_begin(x->store, false, &t), ST_OK);
    assert_int_equal(export_state(t, &x->got), ST_OK);
    store_abort(&t);
    naive_state(x->log, WORLD_WORKERS, &x->expected);
    assert_true(buf_ok(&x->expected));
    if (naive_compare(buf_slice(&x->got), buf_slice(&x->expected), &x->why)) return;
    fail_msg("SEED=%llu: after records %zu, %zu, %zu of the workers\n%.*s", (unsigned long long)x->w->seed, x->log[0].count,
             x->log[1].count, x->log[2].count, (int)x->why.n, (const char *)x->why.p);
}

/* The positions of one world. */
static uint32_t play(struct small *x, uint64_t seed)
{
    begin(x, seed);
    uint32_t steps = x->w->steps;
    for (uint32_t i = 0; i < steps; i++) {
        take(x, x->w->step[i].log);
        compare(x);
        if (rng_chance(&x->w->rng, 1, RESTART_ONE_IN)) restart(x);
    }
    end(x);
    return steps;
}

static void state_is_the_recomputed_one_at_each_of_many_positions(void **state)
{
    static struct small x;
    uint64_t first = env_number("SEED", FIRST_SEED), wanted = env_number("POSITIONS", POSITIONS), seed = first, positions = 0;
    double seconds = (double)env_number("POSITION_SECONDS", 0), start = cpu_seconds(), took;
    (void)state;
    print_message("SEED=%llu\n", (unsigned long long)first);
    buf_init(&x.got, UINT32_MAX);
    buf_init(&x.expected, UINT32_MAX);
    buf_init(&x.why, 1 << 20);
    while (positions < wanted || cpu_seconds() - start < seconds) positions += play(&x, seed++);
    took = cpu_seconds() - start;
    buf_done(&x.got);
    buf_done(&x.expected);
    buf_done(&x.why);
    print_message("figure: rollup == recomputation at %llu log positions of %llu histories; %.0f a CPU second, %.0f s\n",
                  (unsigned long long)positions, (unsigned long long)(seed - first), took > 0 ? (double)positions / took : 0, took);
    assert_true(positions >= wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(state_is_the_recomputed_one_at_each_of_many_positions) };
    return cmocka_run_group_tests_name("position", tests, NULL, NULL);
}
