/* witness.h - the collector as witness of its worker's log: checkpoints kept and compared, receipts asked for. Kind: P.
 *
 * The newest checkpoint whose log was proven to extend all before it is kept per worker; a newer one is taken only with a proof of
 * consistency from the kept one. So a worker that forgets, rewrites or forks what it has signed is found at the next greeting, and
 * its two signed notes stay here as evidence. First contact: size and root are taken as they come, the key is configured.
 *
 * A checkpoint smaller than the kept one is no proof of anything by itself (a message may be late): the worker is asked to prove
 * that it is the beginning of the kept one. A log that was rolled back cannot, and says so or says nothing.
 *
 * Nothing is sent or taken in a session before its log is trusted (witness_trusts): an ack of a forked log would let go of
 * statements that the true log never gets.
 *
 * Tables (outbox.h): WITNESS: worker id -> incarnation u64 | size u64 | root 32 | taken at ms u64 | signed note.
 * WITNESSED: worker id, 12 bytes with zeros | size u64 -> the same; the last WITNESS_OLDER ones, which receipts still refer to.
 * EVIDENCE: time ms u64 | 8 bytes of hash -> struct witness_evidence.
 * RECEIPT: office u32 | last sequence u64 -> struct witness_receipt. */
#ifndef REKAP_WITNESS_H
#define REKAP_WITNESS_H

#include "collector/outbox.h"
#include "proto/node.h"
#include "proto/receipt.h"

enum { WITNESS_NOTE_MAX = 1024, WITNESS_OLDER = 8, WITNESS_EVIDENCE_MAX = 16, WITNESS_ASKED_MAX = 16 };

enum witness_fault {
    WITNESS_FINE,
    WITNESS_UNSIGNED,                   /* not a checkpoint of that log under the configured key */
    WITNESS_ROLLBACK,                   /* the log is shorter than it was */
    WITNESS_FORK,                       /* two signed states of which neither is the beginning of the other */
    WITNESS_INCARNATION,                /* another log under the same worker id */
    WITNESS_RECEIPT,                    /* what was acknowledged does not stand in the log as it was acknowledged */
    WITNESS_OLD_RESTORE,                /* a restore record that is not younger than the one taken last */
    WITNESS_FAULT_COUNT
};
const char *witness_fault_name(enum witness_fault f);   /* "tanda-tangan", "mundur", "cabang", "inkarnasi", "tanda-terima"; "" */
const char *witness_fault_text(enum witness_fault f, enum lang lang);

struct witness_options {
    bool on;                            /* a key is configured */
    uint8_t key[PUBKEY_SIZE];           /* of the worker's checkpoints */
    bool restores;                      /* the register's key is configured: a restored log may be taken */
    uint8_t registry_key[PUBKEY_SIZE];
    struct verifier verifier;
};
struct witness_head { uint64_t size; struct hash root; size_t n; uint8_t note[WITNESS_NOTE_MAX]; };
struct witness_asked { uint32_t office; uint64_t sequence, size; struct mono at; };     /* office 0: free */
struct witness {
    struct witness_options o;
    char worker[OUTBOX_WORKER_SIZE];
    uint64_t incarnation;
    struct note_key log;                /* name and key of the log of this session */
    bool greeted, trusted, broken;      /* of this session; broken: a fault was found, it is over */
    bool awaiting;                      /* another incarnation greeted: nothing is believed before its restore record */
    bool restored;                      /* this incarnation began with a restore record that was taken */
    bool stale;                         /* the store may not hold what is here: read `kept` again */
    enum witness_fault fault;           /* the last one; stays until a session is trusted again */
    uint64_t fault_kept, fault_seen;    /* sizes */
    struct wall restored_at;            /* of WITNESS_OLD_RESTORE: what the record must be younger than */
    bool has_kept, has_ahead, has_behind;
    struct witness_head kept, ahead, behind;    /* newest verified; newest signed, not yet verified; signed, smaller than kept */
    bool asking;                        /* a PROVE is out: is `older` the beginning of `newer`? */
    struct witness_head older, newer;
    unsigned asks;                      /* of that question, without an answer */
    struct mono asked_at, proven_at;
    uint64_t wanted;                    /* a receipt waits for a checkpoint of at least this size */
    struct witness_asked asked[WITNESS_ASKED_MAX];
    bool again;                         /* receipts must be asked for anew: an answer was lost */
};

void witness_init(struct witness *w, const struct witness_options *o);
void witness_lost(struct witness *w);   /* the session is over */
void witness_reset(struct witness *w);  /* the step was thrown away */
/* HELLO_OK. Finds another incarnation; with the register's key configured its restore record is waited for. */
int witness_greeted(struct witness *w, struct store_txn *t, struct now now, struct slice worker, uint64_t incarnation);
int witness_checkpoint(struct witness *w, struct store_txn *t, struct now now, struct slice note);
/* The restore record of this session's log (witness_restore.c). */
int witness_restored(struct witness *w, struct store_txn *t, struct now now, struct slice note);
int witness_restore_load(struct witness *w, struct store_txn *t);       /* sets `restored` */
/* No checkpoint is kept: the log to believe is that of the last restore record taken of this worker, or, at first contact,
 * whichever greets. */
int witness_restore_known(struct witness *w, struct store_txn *t, uint64_t *ret_incarnation);
int witness_proof(struct witness *w, struct store_txn *t, struct now now, const struct field *f);
/* The worker says that its log does not reach that size (NACK RIWAYAT_BEDA of the session). */
int witness_denied(struct witness *w, struct store_txn *t, struct now now, uint64_t size);
int witness_work(struct witness *w, struct store_txn *t, struct now now, peer_id worker, struct effects *x);    /* asks */
/* May this session send and take acks? Always without a configured key. */
static inline bool witness_trusts(const struct witness *w) { return !w->o.on || (w->trusted && !w->broken); }
struct mono witness_next_deadline(const struct witness *w);
/* Finds a fault: ends the session, keeps both sides as evidence while there is room (part of witness*.c). */
int witness_accuse(struct witness *w, struct store_txn *t, struct now now, enum witness_fault f, const struct witness_head *kept,
                   struct slice seen, uint64_t seen_size);

/* ---- the store (witness_store.c) ---- */
struct witness_row { uint64_t incarnation, size; struct hash root; struct wall at; struct slice note; };
int witness_row_get(struct store_txn *t, const char *worker, struct witness_row *ret);          /* the kept one; ST_NOT_FOUND */
int witness_row_of_size(struct store_txn *t, const char *worker, uint64_t size, struct witness_row *ret);       /* kept or older */
/* Replaces the kept one, which becomes an older one; the oldest goes. ST_FULL: no room, nothing was changed. */
int witness_row_put(struct store_txn *t, const char *worker, const struct witness_row *row);
struct witness_evidence {
    struct wall at;
    enum witness_fault fault;
    char worker[OUTBOX_WORKER_SIZE];
    uint64_t incarnation;               /* of the session it was found in */
    uint64_t kept_size, seen_size;
    struct slice kept, seen;            /* signed note; signed note, or receipt, or a sentence */
};
int witness_evidence_put(struct store_txn *t, const struct witness_evidence *e);        /* once; not in a store without room */
typedef void (*witness_evidence_fn)(void *ctx, const struct witness_evidence *e);
int witness_evidence_list(struct store_txn *t, witness_evidence_fn fn, void *ctx);      /* oldest first */

/* ---- receipts (witness_receipt.c) ---- */
struct witness_way { bool due; uint64_t from, after; }; /* per office: owed; from that size on; asked for up to that sequence */
struct witness_office { uint32_t number; const char *id; uint64_t epoch; };
/* Asks for the places of what is owed to the office, as far as slots and effects allow. */
int witness_claim(struct witness *w, struct witness_way *way, const struct witness_office *o, struct store_txn *t, struct now now,
                  peer_id worker, struct effects *x);
int witness_placed(struct witness *w, const struct witness_office *o, struct store_txn *t, struct now now, const struct field *f);
struct witness_receipt {
    uint32_t office;
    uint64_t sequence;
    char worker[OUTBOX_WORKER_SIZE];
    struct wall pushed_at;
    struct slice id, file, text;        /* tray id, file name, the receipt; point into the store */
};
int witness_receipt_get(struct store_txn *t, uint32_t office, uint64_t sequence, struct witness_receipt *ret); /* ST_NOT_FOUND */
/* The first one after (office, sequence). ST_NOT_FOUND */
int witness_receipt_next(struct store_txn *t, uint32_t office, uint64_t sequence, struct witness_receipt *ret);

#endif
