/* drill.h - total loss of a worker: its ledger is gone, a backup of some age goes on under a restore record, the collector sends
 * again what it kept (tests/sim/pair.h). Kind: P. */
#ifndef REKAP_TESTS_DRILL_H
#define REKAP_TESTS_DRILL_H

#include "tests/sim/pair.h"

struct drill {
    struct pair *pair;
    struct store *backup;
    uint64_t backup_lsn, lost_lsn;      /* what the backup holds; what the lost log held */
    uint64_t archived;                  /* mark told to the worker; 0 none */
};
/* Plays up to a backup, archives it or not, plays on up to the loss. */
void drill_begin(struct drill *d, uint64_t seed, bool archive);
/* Puts the backup in the lost log's place. record: with a restore record; else only the incarnation is another one. */
void drill_restore(struct drill *d, bool record);
void drill_end(struct drill *d);

#endif
