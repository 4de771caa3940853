/* collect.h - the collector's node: imports tray files, keeps the outbox, talks to the worker. Kind: P. */
#ifndef REKAP_COLLECT_H
#define REKAP_COLLECT_H

#include "collector/uplink.h"

struct collect;
struct collect_options {
    struct outbox_identity fresh;       /* random, from the edge; used only when the store is new */
    const char *node_name;
    const struct signer *signer;        /* holds the keys of the offices served; outlives the node */
    struct witness_options witness;
    struct outbox_keep keep;            /* of all offices together; all zero: nothing is kept once it is acknowledged */
};
int collect_new(const struct collect_options *o, struct collect **ret);
void collect_free(struct collect **c);
struct node collect_node(struct collect *c);
/* The ids the signer has keys for, taken over at the next step. */
int collect_set_offices(struct collect *c, const struct slice *ids, size_t n);
void collect_dialled(struct collect *c, peer_id worker);

/* A message from PEER_TRAY is one tray file; the answer sent to PEER_TRAY after the commit is one of these bytes and the tray id:
 * 'I' imported (or imported before): the file may go; 'W' no key for its office yet: keep the file; 'F' no room: keep the file
 * until collect_full says otherwise; 'X' damaged: set it aside. */
enum { COLLECT_IMPORTED = 'I', COLLECT_WAIT = 'W', COLLECT_FULL = 'F', COLLECT_DAMAGED = 'X' };
/* Imports rest because the store has no room left but what acks may need; looked at again each second. */
bool collect_full(const struct collect *c);

/* What an import of this tray file would answer now, for a dry run. t is a write transaction that the caller aborts: earlier files
 * of the same transaction count as stated. Statuses as collect_import; ST_FULL: no room to try; ST_AGAIN: not recovered yet. */
int collect_rehearse(const struct collect *c, struct store_txn *t, struct now now, struct slice bytes, struct outbox_pushed *ret);

void collect_status(const struct collect *c, struct uplink_status *ret);

#endif
