/* kill.h - the parts of the kill campaign: the world under fire, what is measured at each kill, and the checks. Kind: E, tests only. */
#ifndef REKAP_IT_KILL_H
#define REKAP_IT_KILL_H

#include "tests/it/load.h"
#include "tests/it/world.h"

enum { KILL_DECILES = 10 };
struct kill_tally {                     /* of one daemon */
    unsigned kills, deciles[KILL_DECILES];
    double share_min, share_max;        /* acked share of the push at the kill */
    int64_t back_ms_max, back_ms_sum;   /* until a new process answers */
    int64_t slow;                       /* restarts that took longer than promised */
};
struct kill {
    struct world w;
    struct load load;
    struct rng rng;
    uint64_t seed, before;              /* updates of the rounds before this one */
    unsigned round;
    unsigned fed;                       /* files of this round that are in the tray */
    uint64_t fed_updates, tray_number;
    int64_t tray_ms;
    struct kill_tally tally[WORLD_PARTS];
};

/* Writes the next file of the round into the tray; false when there is none left. */
bool kill_feed(struct kill *k);

/* What each office has acknowledged now, at the collector. False: no answer. */
bool kill_acked(const struct kill *k, uint64_t ret[LOAD_OFFICES]);
/* Has the worker everything that was acknowledged? Waits for an answer at most ms. */
void kill_check_worker(const struct kill *k, const uint64_t acked[LOAD_OFFICES]);
/* After a round has settled: rollups of every city and the nation, counters, empty queue. */
void kill_check_round(const struct kill *k);
/* The world is down: opens the ledger and compares every record with what was stated in rounds 0..rounds-1. */
void kill_check_ledger(struct kill *k, unsigned rounds);

#endif
