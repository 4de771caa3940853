/* revoke_test.c - P6: a revocation bites on the next batch, whatever was on its way (tests/sim/revoke.h reads the log).
 *
 * Each round is a worker, three offices with three connections each, all pushing; batches of several offices lie in one step,
 * others are delivered and not yet committed, and at moments drawn from the seed an office is revoked, now and then made active
 * again, or the worker crashes. Offices go on over their open connections as if nothing had happened. REKAP_REVOKE_ROUNDS sets
 * how many (default 300), SEED the first seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/rng.h"
#include "tests/sim/revoke.h"
#include "tests/unit/env.h"
#include "tests/unit/work_world.h"

enum { OFFICES = 3, LINES = 3, ACTS = 120 };
static const char *const IDS[OFFICES] = { OFFICE_A, OFFICE_B, TREASURER };
struct tally { uint64_t rounds, sent, tried /* by an office that was revoked then */, lines; struct revoke_count log; };
struct round { struct world w; struct rng r; struct sender s[OFFICES]; bool revoked[OFFICES]; struct tally *all; };

static uint32_t pick(struct round *g, uint32_t n) { return (uint32_t)rng_below(&g->r, n); }

static peer_id line_of(unsigned office, unsigned line) { return PEER_FIRST + office * LINES + line; }

/* The office's stream over another of its connections, from where the log is; refused without a sign once it is revoked. */
static void take_line(struct round *g, unsigned o, unsigned line)
{
    struct reply r;

    g->s[o].peer = line_of(o, line);
    g->s[o].installation = (uint8_t)(1 + line);
    work_world_hello(&g->w, g->s[o].peer, IDS[o], g->s[o].installation);
    work_world_open_again(&g->w, &g->s[o], 0, NULL);
    r = work_world_reply(&g->w, g->s[o].peer, MSG_OPEN_OK, 0);
    assert_int_equal(r.found, !g->revoked[o]);
    if (!r.found) return;
    g->s[o].next = r.f[3].u + 1;
    memcpy(g->s[o].head.b, r.f[4].s.p, HASH_SIZE);
}

static void push(struct round *g)
{
    unsigned o = pick(g, OFFICES);

    work_world_push(&g->w, &g->s[o], 1 + pick(g, 3), 100);
    g->all->sent++;
    g->all->tried += g->revoked[o];
}

/* What was delivered and is not committed yet goes with the step: the runner swaps registers between steps only. */
static void revoke(struct round *g, unsigned o, bool revoked)
{
    assert_int_equal(work_world_commit(&g->w), ST_OK);
    work_world_register(&g->w, IDS[o], "33.74", o == 2 ? ROLE_TREASURER : ROLE_OFFICE,
                        revoked ? OFFICE_REVOKED : OFFICE_ACTIVE, INT64_MAX);
    g->revoked[o] = revoked;
    g->all->lines++;
}

static void crash(struct round *g)
{
    work_world_restart(&g->w);
    for (unsigned o = 0; o < OFFICES; o++) take_line(g, o, pick(g, LINES));
}

static void act(struct round *g)
{
    switch (pick(g, 24)) {
    case 0: revoke(g, pick(g, OFFICES), true); break;
    case 1: revoke(g, pick(g, OFFICES), pick(g, 2)); break;
    case 2:
        assert_int_equal(work_world_commit(&g->w), ST_OK);
        take_line(g, pick(g, OFFICES), pick(g, LINES));
        break;
    case 3: if (pick(g, 4) == 0) crash(g); break;
    case 4: case 5: case 6: case 7: assert_int_equal(work_world_commit(&g->w), ST_OK); break;
    default: push(g); break;
    }
}

static void play(uint64_t seed, struct tally *all)
{
    struct round *g = calloc(1, sizeof *g);

    assert_non_null(g);
    g->all = all;
    rng_seed(&g->r, seed);
    work_world_init(&g->w, false);
    for (unsigned o = 0; o < OFFICES; o++) g->s[o] = work_world_open(&g->w, line_of(o, 0), IDS[o], 5);
    for (unsigned i = 0; i < ACTS; i++) act(g);
    assert_int_equal(work_world_commit(&g->w), ST_OK);
    assert_int_equal(revoke_scan(g->w.store, &all->log), ST_OK);
    work_world_done(&g->w);
    free(g);
    all->rounds++;
}

static void nothing_comes_after_a_revocation(void **state)
{
    uint64_t rounds = env_number("REKAP_REVOKE_ROUNDS", 300), seed = env_number("SEED", 1);
    struct tally all = { 0 };

    (void)state;
    for (uint64_t i = 0; i < rounds; i++) play(seed + i, &all);
    print_message("%llu rounds from seed %llu: %llu batches sent, %llu of them by a revoked office over its open connection; "
                  "%llu lines of the register; log: %llu records, %llu batches, %llu revocations, %llu batches behind theirs\n",
                  (unsigned long long)all.rounds, (unsigned long long)seed, (unsigned long long)all.sent,
                  (unsigned long long)all.tried, (unsigned long long)all.lines, (unsigned long long)all.log.records,
                  (unsigned long long)all.log.batches, (unsigned long long)all.log.revocations, (unsigned long long)all.log.after);
    assert_int_equal(all.log.after, 0);
    assert_true(all.log.batches > rounds && all.tried > rounds && all.log.revocations > rounds);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_comes_after_a_revocation) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
