/* pair_test.c - P1, P2, P3, P10, P13 between a collector and a worker, under every fault the simulated pair knows
 * (tests/sim/pair.h).
 *
 * SEED=n in the environment sets the first seed, PAIR_SEEDS=n how many; a failure names its seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/pair.h"
#include "tests/unit/env.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SEEDS = 40 };
#else
enum { SEEDS = 200 };
#endif
enum { TURNS = 500, SETTLE_TURNS = 6000 /* two minutes of the pair's clock */ };

static void play(uint64_t seed, struct pair_counts *total)
{
    struct pair *p = pair_new(seed);
    char why[sizeof p->why];
    pair_play(p, TURNS);
    if (!pair_settle(p, SETTLE_TURNS)) pair_wrong(p, "it does not settle when the faults stop");
    pair_check(p);
    memcpy(why, p->why, sizeof why);
    unsigned *sum = (unsigned *)total;
    const unsigned *add = (const unsigned *)&p->n;
    for (size_t i = 0; i < sizeof *total / sizeof *sum; i++) sum[i] += add[i];
    pair_free(&p);
    if (why[0]) fail_msg("SEED=%llu: %s", (unsigned long long)seed, why);
}

static void everything_arrives_once_and_in_order(void **state)
{
    (void)state;
    uint64_t first = env_number("SEED", 1), n = env_number("PAIR_SEEDS", SEEDS);
    struct pair_counts c = { 0 };
    for (uint64_t i = 0; i < n; i++) play(first + i, &c);
    print_message(
        "%llu seeds from %llu: lost %u, repeated %u, reordered %u, cut %u, silently %u, collector ended %u, worker ended %u, "
        "steps aborted %u, without room %u; receipts %u\n",
        (unsigned long long)n, (unsigned long long)first, c.lost, c.repeated, c.reordered, c.cut, c.silent_cuts, c.collector_ends,
        c.worker_ends, c.aborts, c.rested, c.receipts);
    if (n < SEEDS) return;
    assert_true(c.lost && c.repeated && c.reordered && c.cut && c.silent_cuts && c.collector_ends && c.worker_ends && c.aborts &&
                c.rested && c.receipts);
}

static void the_same_seed_plays_the_same(void **state)
{
    (void)state;
    struct pair_counts a = { 0 }, b = { 0 };
    play(7, &a);
    play(7, &b);
    assert_memory_equal(&a, &b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_arrives_once_and_in_order),
        cmocka_unit_test(the_same_seed_plays_the_same),
    };
    return cmocka_run_group_tests_name("pair", tests, NULL, NULL);
}
