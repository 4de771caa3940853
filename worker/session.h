/* session.h - the conversation with each peer: who it is, what it has opened, and the answer to every message. Kind: P.
 *
 * A session begins with HELLO and then may OPEN office streams and send BATCHes (a collector: the transport key of some active
 * office), or SUBSCRIBE (a follower: a key of the configured list), or both. A second HELLO starts it again: the peer's way of
 * asking anew after silence. There is no message that tells of a peer's end, so sessions end by silence, by a newer session of
 * the same installation, or by eviction when a key or the table has too many.
 *
 * Order of the checks of a BATCH: authenticity before content. What is refused before it is authentic gets a NACK and leaves no
 * trace; what is authentic and in order is logged, whatever it says, with a disposition for each update that cannot stand (P3,
 * P13).
 *
 * Replies are effects and may be dropped when a step has no room for more: a peer asks again, and the answer is the same. */
#ifndef REKAP_SESSION_H
#define REKAP_SESSION_H

#include "proto/registry.h"
#include "worker/feed.h"
#include "worker/guest.h"

enum {
    SESSIONS_PER_KEY = 8,               /* connections one transport key may hold */
    SESSIONS_PER_GUEST = 2,             /* the same of a key that is not in the register */
    SESSION_NACKS_PER_STEP = 64,        /* complaints to one peer in one step; the rest is silence */
    SESSION_PROOFS_PER_STEP = 64,
    SESSION_EPOCHS = 8,                 /* new epochs of one stream in an hour */
    SESSION_SILENCE_S = 120,            /* a collector or follower pings every few seconds */
    FOLLOWER_KEYS_MAX = 16,
};

enum session_state { SESSION_NEW, SESSION_OPEN };
struct session {
    peer_id peer;
    uint8_t key[PUBKEY_SIZE];
    uint8_t installation[16];
    enum session_state state;
    struct mono heard;
    uint64_t step;                      /* the step the next three count in */
    uint32_t step_batches, step_nacks;
    uint64_t step_bytes;
    uint32_t step_proofs;
    uint64_t archived_told;             /* every stream of this peer was told of this mark */
    bool checkpoint_due;                /* something was said in this step that a checkpoint seals */
    bool store_full;                    /* a step with input of this peer was lost to a full store: it must be told */
    struct mono told_full;              /* when it was told last */
    uint64_t told_step;                 /* in which step: told again when that step is lost too */
};

struct session_day { struct mono since; uint64_t bytes; };       /* what an office added to the log since then */
struct session_counters {
    uint64_t batches, updates, refused, duplicates, nacks, nack_of[64] /* by code */, replies_dropped, evicted, expired,
        unknown /* messages of a later minor, passed over */;
};

/* Everything the handlers share. One per worker; the owner sets what stands above the line and swaps `registry` at will. */
struct sessions {
    struct ledger *ledger;
    struct feed *feed;
    const struct registry *registry;    /* NULL before the first one */
    struct verifier verifier;
    const uint8_t (*follower_key)[PUBKEY_SIZE];
    unsigned follower_keys;
    const uint8_t (*replica_key)[PUBKEY_SIZE];  /* of those that keep a second log and may say so */
    unsigned replica_keys;
    bool await_replica;                 /* acks = 2: archived is what a replica has on its disk, not what an archive holds */
    bool following;                     /* this worker follows another one: nothing is admitted here */
    struct guests guests;               /* requests of offices that are not registered yet */
    uint64_t step;                      /* number of the present step, from 1 */
    /* -------- */
    uint64_t stored;                    /* the furthest position a replica has confirmed to this process */
    uint64_t full_step;                 /* this step must not need the store to grow: the one before it was lost to a full store */
    struct session *v;                  /* by ascending peer id */
    uint32_t count, cap;
    struct stream *touched;             /* streams owed an ACK at the end of this step */
    struct buf frame, scratch;
    uint16_t *codes;                    /* of the updates of one batch */
    struct session_day *day;            /* by version of the office's newest line */
    uint64_t day_cap;
    struct session_counters n;
};
struct session_step { struct store_txn *t; struct now now; struct effects *x; };

int session_init(struct sessions *w);   /* what stands above the line is set; ST_NO_MEMORY */
void session_done(struct sessions *w);
/* One message of a peer. ST_OK also for a bad one; ST_FULL and worse come from the store. */
int session_message(struct sessions *w, const struct session_step *s, const struct message *m);
int session_acks(struct sessions *w, const struct session_step *s); /* the cumulative ACK of every stream touched in this step */
int session_checkpoints(struct sessions *w, const struct session_step *s);      /* to every peer that is due one; after the ACKs */
void session_aborted(struct sessions *w);       /* the step was lost: forget its ACKs, remember whom to tell */
int session_tick(struct sessions *w, const struct session_step *s);     /* tells of a full store, ends silent sessions */
struct mono session_deadline(const struct sessions *w);
bool session_is_follower(const struct sessions *w, const uint8_t key[PUBKEY_SIZE]);

/* Between session.c, session_table.c and session_batch.c only. */
struct session_complaint {
    struct slice office;
    uint32_t stream;
    uint64_t epoch, sequence;
    unsigned code;
    char seen[96], expected[96];
};
struct session *session_find(const struct sessions *w, peer_id peer);   /* NULL */
struct session *session_add(struct sessions *w, const struct session_step *s, const struct message *m);        /* NULL: no memory */
void session_drop(struct sessions *w,
                  peer_id peer); /* with its subscription; its streams stay but have no owner to speak for them */
/* Ends every other session of this key that a new HELLO replaces: the same installation, or any when the key is a follower's. */
void session_replace(struct sessions *w, const struct session_step *s, const struct session *by);
int session_reply(struct sessions *w, const struct session_step *s, peer_id to, unsigned type, const struct field *fields);
int session_nack(struct sessions *w, const struct session_step *s, struct session *se, const struct session_complaint *c);
int session_archived(struct sessions *w, const struct session_step *s, struct session *se);    /* tells of the archived mark */
uint64_t session_mark(const struct sessions *w);        /* what ACKs of level 2 speak of */
int session_stored(struct sessions *w, const struct session_step *s, struct session *se, const struct frame *f);
/* In a worker that follows another one: says so to whoever would state something. true: it was said, *ret_status how. */
bool session_is_elsewhere(struct sessions *w, const struct session_step *s, struct session *se, const char *seen, int *ret_status);
/* session_quota.c */
uint64_t session_credit(const struct sessions *w);      /* bytes a session greeted now is granted */
bool session_epoch_room(struct stream *t, struct mono now);     /* counts one more new epoch; false: too many in this hour */
/* Counts the bytes; false: too many today. */
bool session_disk_room(struct sessions *w, const struct office *o, struct mono now, size_t bytes);
int session_batch(struct sessions *w, const struct session_step *s, struct session *se, const struct frame *f);
int session_join(struct sessions *w, const struct session_step *s, struct session *se, const struct frame *f);
int session_hello_guest(struct sessions *w, const struct session_step *s, struct session *se); /* a HELLO of no registered key */
bool session_is_guest(const struct sessions *w, const uint8_t key[PUBKEY_SIZE]);        /* neither follower nor in the register */

#endif
