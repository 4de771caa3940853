/* work.h - the worker's node: takes what offices state, keeps it in order for ever, and lets followers read it. Kind: P.
 *
 * Parts: session (who speaks, every message's answer), authority (what they may state), ledger (the tables), feed (followers).
 * This file wires them into struct node_ops and adds what belongs to none of them: the registry's way into the log (every entry
 * is a record before anything of that office is admitted) and the end of an aborted step. */
#ifndef REKAP_WORK_H
#define REKAP_WORK_H

#include "worker/replica.h"
#include "worker/session.h"

struct work;
struct work_options {
    struct ledger_identity identity;    /* incarnation: 16 fresh random bytes, used only when the store is new */
    struct verifier verifier;
    const struct signer *signer;        /* of checkpoints, key TREE_SIGNER_ID; outlives the node; NULL: none are signed */
    uint8_t follower_key[FOLLOWER_KEYS_MAX][PUBKEY_SIZE];
    unsigned follower_keys;
    uint8_t replica_key[FOLLOWER_KEYS_MAX][PUBKEY_SIZE];        /* each stands among the follower keys, too */
    unsigned replica_keys;
    unsigned acks;                      /* 2: archived is what a replica has on disk; else what an archive holds */
    bool follow;                        /* keep the log of another worker (work_dialled) and admit nothing */
    const uint8_t *registry_key;        /* with follow: the register's lines are signed by it; NULL: not looked at */
};
int work_new(const struct work_options *o, struct work **ret);
void work_free(struct work **w);
struct node work_node(struct work *w);
/* Between steps; r must outlive its use, that is until the next call or work_free. The next step logs the new entries. recover()
 * gives ST_VERSION when the store has imported more entries than the registry it finds set has: a registry never shrinks. */
void work_set_registry(struct work *w, const struct registry *r);

/* The centre's invitations, as work_set_registry. The next step drops requests that are decided by either. */
void work_set_invites(struct work *w, const struct invites *i);
/* Requests that wait, by office id; `changes` grows whenever they do. Between turns only. */
const struct guest *work_guests(const struct work *w, uint32_t *ret_count, uint64_t *ret_changes);
/* Everything up to lsn, with that log hash, lies verified elsewhere: ledger_archive, in a transaction of the caller's, between
 * turns. */
int work_archive(struct work *w, struct store_txn *t, uint64_t lsn, const struct hash *hash);
/* The centre said no: forgets the request of an office, in a transaction of the caller's, between turns. ST_NOT_FOUND. After an
 * abort or a failed commit the caller calls on_abort of the node. */
int work_reject(struct work *w, struct store_txn *t, struct slice office);

/* Asks for the mark at which a quarter is consolidated (proto/cut.h). t: a read transaction between turns. ST_OK: it is in the log,
 * *ret says where. ST_BUSY: the next step logs it, ask again. ST_DENIED: *ret_code says why it is not logged (those of
 * authority_cut, CODE_BAD_FORMAT; a follower cuts nothing: CODE_FOLLOWER). */
struct work_mark { uint64_t lsn; struct hash hash; };
int work_cut(struct work *w, struct store_txn *t, struct now now, struct slice note, struct work_mark *ret, unsigned *ret_code);

bool work_follows(const struct work *w);
/* With follow: the peer id of the leader's endpoint. Before recover. */
void work_dialled(struct work *w, peer_id leader);
/* With follow: the register as the log tells it, a whole file, and its version; until the next step. */
struct slice work_register(const struct work *w, uint64_t *ret_version);

struct work_status {
    struct ledger_identity identity;
    uint64_t lsn, registry_version, archived /* what is told to the offices */, stored /* the furthest a replica has */;
    unsigned acks;
    struct replica_status replica;
    struct hash hash;
    uint32_t streams /* known to this process */, sessions;
    struct session_counters counters;
    uint64_t feed_records, feed_bytes, feed_corrupt;
    unsigned followers;
    struct follower follower[FEED_FOLLOWERS_MAX];
};
void work_status(const struct work *w, struct work_status *ret);        /* after the last step; between turns only */

#endif
