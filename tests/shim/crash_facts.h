/* crash_facts.h - what a store holds after one of its commits: read once from an image in which everything is certain, then
 * compared with every image that claims to stand at that commit. Kind: E, tests only. Between crash_check.c and crash_facts.c. */
#ifndef REKAP_SHIM_CRASH_FACTS_H
#define REKAP_SHIM_CRASH_FACTS_H

#include "tests/shim/crash.h"

enum facts_store { FACTS_LEDGER, FACTS_OUTBOX, FACTS_STATE, FACTS_STORES };
extern const char *const facts_dir[FACTS_STORES];
struct facts {
    enum facts_store store;
    int node;                           /* its data file in the record */
    uint64_t txn;
    struct hash dump;                   /* of every row of every table */
    bool seen;                          /* an image of it was read wholly and found the same */
    uint64_t lsn;                       /* ledger: the last record; state: applied */
    struct hash log;                    /* log hash there */
    struct hash exported;               /* state: its canonical export */
    uint64_t watermark[CRASH_OFFICES], acked[CRASH_OFFICES], last[CRASH_OFFICES];       /* ledger; outbox; outbox */
    uint32_t ids;                       /* outbox: tray files it has taken */
    char id[CRASH_IDS][49];
};
struct chain { struct hash *at; uint64_t n; uint64_t cap; };    /* log hash after each record of the recorded log; at[0] is zero */

/* Opens dir (a store's directory) with the real code, recovers as its daemon does, reads all of it. NULL, or what is wrong. The
 * chain is made from a ledger when grow, else the ledger must agree with it. */
const char *facts_read(enum facts_store s, const char *dir, const struct load *l, struct chain *chain, bool grow,
                       struct facts *ret);
/* Folds the ledger in dir again from its first record, in memory, and compares every one of the states (sorted by lsn). */
const char *facts_refold(const char *dir, const struct facts *const *states, size_t n);

#endif
