/* kill.h - the parts of the kill campaign: the world under fire, what is measured at each kill, and the checks. Kind: E, tests
 * only. */
#ifndef REKAP_IT_KILL_H
#define REKAP_IT_KILL_H

#include "tests/it/load.h"
#include "tests/it/world.h"

enum { KILL_DECILES = 10, KILL_SAMPLES = 1000 };
struct kill_sample {                    /* one kill */
    unsigned round;
    uint64_t acked;                     /* updates of this push acknowledged at the kill, as far as the collector had said */
    uint64_t waiting;                   /* updates on their way: not acked yet; for the collector: not yet in the worker's log */
    int64_t there_ms, back_ms;          /* after it: a new process is there; it answers */
    int64_t settled_ms;                 /* all that was pushed is acknowledged and visible */
};
struct kill_tally { unsigned kills; struct kill_sample s[KILL_SAMPLES]; };      /* of one daemon */
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
/* What each office has in the worker's log now. False: no answer in time. */
bool kill_held(const struct kill *k, uint64_t ret[LOAD_OFFICES]);
/* Has the worker everything that was acknowledged? Waits for an answer at most ms. */
void kill_check_worker(const struct kill *k, const uint64_t acked[LOAD_OFFICES]);
/* Everything fed so far has settled: rollups of every city and the nation, counters, empty queue. */
void kill_check_settled(struct kill *k);
/* kill_table.c: the distribution of all kills as text for people. False: a restart took longer than promised. */
enum { KILL_PROMISED_MS = 2000 };
bool kill_table(const struct kill *k, enum world_part part);
/* The world is down: opens the ledger and compares every record with what was stated in rounds 0..rounds-1. */
void kill_check_ledger(struct kill *k, unsigned rounds);

#endif
