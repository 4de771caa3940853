/* replica.h - a worker that follows another one and keeps its log a second time: acks = 2. Kind: P.
 *
 * State: DOWN -> GREETED (HELLO sent) -> FOLLOWING (subscribed at the own position). Every record is verified (trust.h) and stored
 * byte for byte (ledger_copy); after the commit that holds it STORED names the position, and the leader may tell the offices that
 * everything up to there is archived.
 *
 * What does not go on from here is a fault: the follower stops, keeps what it has, writes what it saw into meta "bukti" | time and
 * says so in its status until a leader that fits is back. It never takes anything away and never skips.
 *
 * meta "bukti" | at ms u64 -> code u16 | own lsn u64 | own log hash 32 | leader's incarnation u64 | its last lsn u64 | its log hash
 * 32 | u16 length, its last signed checkpoint | u16 length, what was seen (a record's first bytes, or a sentence). Each finding
 * once, at most REPLICA_EVIDENCE_MAX. */
#ifndef REKAP_REPLICA_H
#define REKAP_REPLICA_H

#include "proto/node.h"
#include "worker/trust.h"

enum replica_state { REPLICA_DOWN, REPLICA_GREETED, REPLICA_FOLLOWING, REPLICA_STOPPED };
enum { REPLICA_EVIDENCE_MAX = 16, REPLICA_SEEN_MAX = 4096 };

struct replica_status {
    bool on;                            /* this worker follows another one */
    enum replica_state state;
    unsigned code;                      /* CODE_OK, or why it stopped or was refused */
    char seen[96];                      /* with a fault: what was seen */
    uint64_t fault_lsn;                 /* the position it speaks of */
    bool uncounted;                     /* the leader follows no word of this copy: its key is not among worker.replicas */
    uint64_t head;                      /* the leader's last lsn as told */
    struct mono level_at;               /* when this copy was last known to be level with the leader */
    struct wall heard;
    uint32_t evidence;                  /* rows kept */
    struct wall evidence_at;            /* of the newest */
    unsigned evidence_code;
};
struct replica {
    struct trust trust;
    peer_id leader;                     /* PEER_NONE: this worker follows nobody */
    /* -------- */
    struct replica_status s;
    uint64_t incarnation;               /* the leader's */
    struct hash head_hash;
    struct buf frame, note;             /* note: the leader's last checkpoint of this session */
    uint64_t consumed;                  /* record bytes since the last CREDIT */
    bool subscribe_due, stored_due;
    struct mono deadline, ping_at;
};
int replica_init(struct replica *r);    /* trust's and the leader's fields above the line are set */
void replica_done(struct replica *r);
int replica_recover(struct replica *r, const struct ledger *l, struct store_txn *t, const struct registry *known, struct now now);
/* After an aborted step: greets again in a second, from what is on disk. The ledger was reloaded before. */
int replica_aborted(struct replica *r, const struct ledger *l, struct store_txn *t, const struct registry *known, struct now now);
int replica_message(struct replica *r, struct ledger *l, struct store_txn *t, struct now now, const struct message *m,
                    struct effects *x);
int replica_flush(struct replica *r, const struct ledger *l, struct now now, struct effects *x); /* after the ledger's flush */
struct mono replica_deadline(const struct replica *r);

/* replica_evidence.c */
struct replica_finding { unsigned code; struct slice seen; };
int replica_evidence_load(struct replica *r, struct store_txn *t);
int replica_evidence_put(struct replica *r, const struct ledger *l, struct store_txn *t, struct wall now,
                         const struct replica_finding *f);

#endif
