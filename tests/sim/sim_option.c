/* sim_option.c - what a seed plays: sizes, rates, and which faults are on. Kind: P.
 *
 * Swarm testing: each seed plays only some of the faults, each with its own rates, because faults that always come together hide
 * what one of them does alone. Three profiles exclude what would break a promise for good reason: who restores a worker from a
 * backup loses no outbox (both copies of an acknowledged statement would be gone) and revokes nobody (a revoked office cannot send
 * again); who copies or loses outboxes does not restore.
 *
 * A register whose lines begin to hold at a date takes an old key for REGISTRY_ROTATED_DAYS only, so there nobody is silent longer.
 *
 * Invariant: options depend on the seed alone. */
#include "tests/sim/sim.h"

static const unsigned ALWAYS[] = {
    SIM_FAULT_CUT, SIM_FAULT_CRASH, SIM_FAULT_BEFORE, SIM_FAULT_DONE, SIM_FAULT_LOST, SIM_FAULT_AFTER
};
static const unsigned MAYBE[] = { SIM_FAULT_FORGET,     SIM_FAULT_ONE_WAY,    SIM_FAULT_PARTITION,   SIM_FAULT_CLOG,
                                  SIM_FAULT_FULL,       SIM_FAULT_SQUEEZE,    SIM_FAULT_SLOW,        SIM_FAULT_PAUSE,
                                  SIM_FAULT_REBOOT,     SIM_FAULT_CLOCK_BACK, SIM_FAULT_CLOCK_AHEAD, SIM_FAULT_DRIFT,
                                  SIM_FAULT_STATE_LOST, SIM_FAULT_SILENCE,    SIM_FAULT_HERD,        SIM_FAULT_ADD,
                                  SIM_FAULT_ROTATE,     SIM_FAULT_MOVE,       SIM_FAULT_REVOKE,      SIM_FAULT_REINSTATE,
                                  SIM_FAULT_UPGRADE,    SIM_FAULT_MAJOR };
#define COUNT(list) (sizeof (list) / sizeof *(list))

static unsigned between(struct sim *s, unsigned low, unsigned high) { return low + (unsigned)sim_below(s, high - low + 1); }

static void draw_faults(struct sim *s)
{
    struct sim_options *o = &s->o;
    for (size_t i = 0; i < COUNT(ALWAYS); i++) o->on[ALWAYS[i]] = !sim_one_in(s, 4);
    for (size_t i = 0; i < COUNT(MAYBE); i++) o->on[MAYBE[i]] = sim_one_in(s, 2);
    o->on[SIM_FAULT_REVOKE] &= o->profile != SIM_RESTORES && o->profile != SIM_FOLLOWS;
    o->on[SIM_FAULT_REINSTATE] &= o->on[SIM_FAULT_REVOKE];
    o->on[SIM_FAULT_SQUEEZE] &= o->profile != SIM_RESTORES;     /* who has no room cannot keep what may be asked for again */
    o->on[SIM_FAULT_DOWNGRADE] = o->on[SIM_FAULT_UPGRADE] || o->on[SIM_FAULT_MAJOR];
    o->on[SIM_FAULT_CLONE] = o->on[SIM_FAULT_ROLLBACK] = o->on[SIM_FAULT_OUTBOX_LOST] = o->profile == SIM_COPIES;
    o->on[SIM_FAULT_BACKUP] = o->on[SIM_FAULT_RESTORE] = o->profile == SIM_RESTORES;
    o->on[SIM_FAULT_ARCHIVE] = o->profile == SIM_RESTORES && sim_one_in(s, 2);
    for (unsigned f = SIM_FAULT_LAG; f <= SIM_FAULT_REJOIN; f++) o->on[f] = o->profile == SIM_FOLLOWS;
}

static void draw_net(struct sim *s)
{
    struct sim_options *o = &s->o;
    o->loss = sim_one_in(s, 3) ? 0 : between(s, 1, sim_one_in(s, 4) ? 30 : 8);
    o->repeat = sim_one_in(s, 3) ? 0 : between(s, 1, sim_one_in(s, 4) ? 50 : 10);
    o->delay_us = between(s, 50, 20000);
    o->jitter_us = sim_one_in(s, 3) ? 0 : between(s, 100, sim_one_in(s, 4) ? 400000 : 40000);
}

void sim_option_draw(struct sim *s)
{
    struct sim_options *o = &s->o;
    static const enum sim_profile profiles[] = { SIM_PLAIN, SIM_PLAIN, SIM_RESTORES, SIM_COPIES, SIM_FOLLOWS };
    o->profile = profiles[sim_below(s, COUNT(profiles))];
    o->workers = between(s, 1, SIM_WORKERS);
    o->collectors = between(s, 2, SIM_COLLECTORS);
    o->offices = between(s, o->collectors, SIM_OFFICES - 3);
    o->spare = between(s, 0, 3);
    o->calm_ms = between(s, 200, 12000);
    o->push_ms = between(s, 300, 8000);
    o->rows = between(s, 3, 30);
    o->busy_us = (int64_t)between(s, 60, 300) * 1000000;
    o->keeps = o->profile == SIM_RESTORES || o->profile == SIM_FOLLOWS || sim_one_in(s, 4);
    o->real_keys = sim_one_in(s, 20);
    o->treasurer = !sim_one_in(s, 3);
    o->indicators = sim_one_in(s, 2);
    o->dated = sim_one_in(s, 3);
    o->invites = !sim_one_in(s, 3);
    draw_net(s);
    draw_faults(s);
}
