/* feed.h - the followers of this worker's log: what each has been sent, and how much more it will take. Kind: P.
 *
 * Pull with credit: a follower names the position it has (lsn, hash) and grants bytes; the feed sends records in order while
 * credit lasts and says IDLE when there is nothing more. Credit counts the bytes of the records (not of the messages around them);
 * any credit above zero lets at least one record go, so a record greater than what is left cannot block for ever.
 *
 * Records are sent from inside the step that appended them: effects leave only after its commit, so a follower never sees a
 * record that is not durable here. A step that is aborted takes its sends back (feed_abort). */
#ifndef REKAP_FEED_H
#define REKAP_FEED_H

#include "worker/ledger.h"

enum {
    FEED_FOLLOWERS_MAX = 32,
    FEED_RECORDS_MAX = 1024 /* in one message */,
    FEED_STEP_BYTES_MAX = 8 << 20 /* to one follower in one step */
};

struct follower {
    peer_id peer;
    uint8_t key[PUBKEY_SIZE];
    uint64_t next_lsn;                  /* first record not yet sent */
    int64_t credit;                     /* bytes; may fall below zero by one record */
    uint64_t stored;                    /* it keeps a log of its own and has this much of it on disk; 0 has not said so */
    struct mono stored_at;              /* when it said so last */
    bool told_idle;                     /* IDLE was said since the last record */
    struct mono idle_at;                /* when it is said again */
    struct { uint64_t next_lsn; int64_t credit; bool told_idle; } before;       /* as it was before this step's sends */
};
struct feed_gathered {
    struct slice record[FEED_RECORDS_MAX];
    uint32_t count;
    size_t bytes;
    struct hash after;
}; /* of one message */
struct feed {
    struct follower v[FEED_FOLLOWERS_MAX];
    unsigned count, turn;
    bool pumped;                        /* sends of this step are not yet known to be committed */
    struct buf frame;
    struct feed_gathered gathered;
    uint64_t records, bytes, corrupt;   /* sent; records that could not be read back */
};

void feed_init(struct feed *f);
void feed_done(struct feed *f);
/* From now on records from lsn + 1 go to this peer; replaces its earlier subscription. ST_FULL: too many followers. */
int feed_subscribe(struct feed *f, peer_id peer, const uint8_t key[PUBKEY_SIZE], uint64_t lsn, uint64_t credit);
int feed_credit(struct feed *f, peer_id peer, uint64_t bytes);  /* ST_NOT_FOUND: not subscribed */
/* It has this much on its disk; tolerates unknown peers. */
void feed_stored(struct feed *f, peer_id peer, uint64_t lsn, struct now now);
void feed_drop(struct feed *f, peer_id peer);                   /* tolerates unknown peers */
/* Sends what credit and room allow, then IDLE where due. A record that cannot be read ends that subscription with a NACK. */
int feed_pump(struct feed *f, const struct ledger *l, struct store_txn *t, struct now now, struct effects *x);
void feed_committed(struct feed *f);
void feed_abort(struct feed *f);
bool feed_waiting(const struct feed *f, const struct ledger *l);        /* somebody has credit and records to get */
struct mono feed_deadline(const struct feed *f, const struct ledger *l);        /* of the next heartbeat */

#endif
