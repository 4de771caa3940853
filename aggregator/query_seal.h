/* query_seal.h - the lines of a quarter's seal: everything a region had at one position of every log, as text. Kind: P over a read
 * transaction.
 *
 * The lines follow from the logs up to the cuts and from the lists beside the register, and from nothing else: not from how a state
 * was folded, what was stated later, which machine asks or when (proto/seal.h is the file; docs/STORAGE.md, "A seal", the lines).
 * What depends on "now" (days left until a deadline) is told as of the newest record that belongs to the seal. */
#ifndef REKAP_QUERY_SEAL_H
#define REKAP_QUERY_SEAL_H

#include "aggregator/query.h"

struct query_seal_cut { /* where one worker's log was cut: the record that holds the mark, and the log hash there */
    unsigned worker;
    uint64_t lsn;
    struct hash hash;
};
struct query_seal_list { /* a list that answers were given by */
    const char *name; /* of its file */
    bool there;
    struct hash hash; /* BLAKE2b-256 of the file; of one that is not there: zero */
};
struct query_seal_ask {
    region_code region;
    unsigned year, quarter; /* 1..4 */
    const struct query_seal_cut *cut;
    unsigned cuts; /* at least one; workers ascending */
    const struct query_seal_list *list;
    unsigned lists;
    /* Takes the lines as they come, whole lines in pieces of about a MiB, so that they need not fit into memory; NULL: they all
     * stay in out, else the last ones. A status ends it. */
    int (*take)(void *ctx, struct slice lines);
    void *ctx;
};
/* Appends the lines; q: a context about what stands, with those lists. *ret_at: when the newest record of the seal was committed.
 * ST_INVALID: a cut lies beyond what is folded, or the register up to the cuts has holes. ST_NO_MEMORY, ST_CORRUPT, the store's. */
int query_seal_lines(const struct query_context *q, const struct query_seal_ask *ask, struct buf *out, struct wall *ret_at);

#endif
