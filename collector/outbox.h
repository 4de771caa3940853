/* outbox.h - what this office has stated, signed and not yet seen acknowledged; and its own copy of every figure. Kind: P.
 *
 * Tables of the collector's store. A batch is numbered, signed, linked to the one before and put into OUT in the transaction that
 * also changes the own copy and marks its tray file as imported; it leaves OUT only when the worker's cumulative ack covers it and,
 * where it is to be kept (struct outbox_keep), only when the worker says that it is archived. */
#ifndef REKAP_OUTBOX_H
#define REKAP_OUTBOX_H

#include "proto/codec.h"
#include "proto/store.h"
#include "proto/unit.h"

enum outbox_table {
    OUTBOX_META,        /* "identity" -> installation 16 bytes | epoch u64 */
    OUTBOX_DICT_TEXT, OUTBOX_DICT_ID,           /* office ids, "speaker/subject" pairs, indicator identities <-> u32 */
    OUTBOX_UNIT,        /* own copy: what each office last stated; provenance = its sequence number */
    OUTBOX_STREAM,      /* office u32 -> struct outbox_stream, all fields of fixed width: an ack never makes it longer */
    OUTBOX_OUT,         /* office u32 | last sequence u64 -> count u16 | batch hash 32 | BATCH payload */
    OUTBOX_PUSHED,      /* tray id -> struct outbox_pushed */
    OUTBOX_PUSHED_AT,   /* wall ms u64 | tray id -> empty; results older than 400 days are trimmed */
    OUTBOX_REFUSED,     /* office u32 | sequence u64 -> code u16: what the worker would not admit */
    OUTBOX_DUE,         /* office u32 | last sequence u64 -> struct outbox_due: a receipt that is owed */
    OUTBOX_RECEIPT,     /* the same key -> a receipt that is kept (witness.h) */
    OUTBOX_WITNESS, OUTBOX_WITNESSED, OUTBOX_EVIDENCE, /* checkpoints of the worker's log (witness.h) */
    OUTBOX_RESIGNED,    /* office u32 | last sequence u64 | wall ms u64 -> what was signed before (outbox_resign.c) */
    OUTBOX_ATTACHED,    /* unit row key | slot u8 | SHA-256 of a document -> sequence u64 of the statement it went with */
    OUTBOX_ORIGIN,      /* office u32 | last sequence of a batch u64 -> where its updates stood (collect_import.h) */
    OUTBOX_TABLE_COUNT
};
extern const char *const outbox_tables[];
enum { OUTBOX_TRAY_ID_MAX = 48 };

struct outbox_identity { uint8_t installation[16]; uint64_t epoch; };
/* Reads the identity, or stores `fresh` (random bytes from the edge) when the store is new. */
int outbox_identity(struct store_txn *t, const struct outbox_identity *fresh, struct outbox_identity *ret);

enum { OUTBOX_WORKER_SIZE = 12 };
struct outbox_stream {
    uint64_t last, acked, lsn;          /* last sequence numbered; cumulative watermark of the worker; lsn of that ack */
    struct hash head, acked_hash;       /* batch hash of the last batch; of the acknowledged one */
    uint32_t state;                     /* CODE_OK, or why the worker does not take it (CODE_CONFLICT, CODE_UNAUTHORISED, ..) */
    uint64_t refused;                   /* updates the worker logged with a refusal */
    uint64_t out_bytes;                 /* bytes of payloads waiting in OUT for an ack */
    uint64_t kept_from, kept_bytes;     /* acknowledged batches after this sequence are kept in OUT; bytes of their payloads */
    uint64_t archived, let_go;          /* the worker has archived up to this; batches let go that were not archived */
    struct hash kept_hash;              /* of the batch that ends at kept_from */
    struct wall last_at, acked_at;
    char worker[OUTBOX_WORKER_SIZE];    /* id of the worker that gave the ack; "" before the first */
};
int outbox_stream_get(struct store_txn *t, uint32_t office, struct outbox_stream *ret);         /* zeroes when new */
int outbox_stream_put(struct store_txn *t, uint32_t office, const struct outbox_stream *s);

/* The number under which the own copy keeps what `office` says about `subject`: its own when it speaks of itself, else that of
 * the pair, so that a treasurer's figures of two offices stay apart. add: gives a number; otherwise ST_NOT_FOUND. */
int outbox_subject(struct store_txn *t, uint32_t office, struct slice subject, bool add, uint32_t *ret);

/* Signs `body` (count updates) as the next batch of the office and appends it. ST_NOT_FOUND: no key for this office. */
struct outbox_speaker { uint32_t office; struct slice id; const struct signer *signer; const struct outbox_identity *identity; };
int outbox_append(struct store_txn *t, const struct outbox_speaker *who, struct wall now, struct slice body, uint32_t count,
                  struct outbox_stream *s);

/* The first batch whose last sequence is greater than `after`. ST_NOT_FOUND when there is none. ret points into the store.
 * Costs one look-up: nothing of the payload is parsed or hashed again. */
struct outbox_batch { uint64_t first, last; struct slice payload; struct hash hash; };
int outbox_next(struct store_txn *t, uint32_t office, uint64_t after, struct outbox_batch *ret);
/* Is seq (with its hash) a point of our history: the acknowledged one or the end of a batch in OUT? ST_OK, ST_INVALID */
int outbox_knows(struct store_txn *t, uint32_t office, uint64_t seq, const struct hash *hash, const struct outbox_stream *s);

/* An ack of the worker. refused: packed [[sequence, code]..] as it came, or empty. */
struct outbox_keep { uint64_t bytes /* of one office */; int64_t age_ms; };     /* how much may wait for level 2 at most */
struct outbox_receipt { uint64_t sequence, lsn; struct hash hash; struct slice refused; const char *worker;
                        const struct outbox_keep *keep /* NULL: an acknowledged batch goes at once */; };
struct outbox_settled { uint64_t batches, bytes /* of payloads */; };   /* what was acknowledged */
/* Takes it, in a full store too: notes what was refused, drops batches up to its sequence, moves the watermark. ST_INVALID: it
 * names no point of our history, or its list is not one; then nothing is changed. An old ack changes nothing and is ST_OK. */
int outbox_ack(struct store_txn *t, uint32_t office, const struct outbox_receipt *a, struct wall now, struct outbox_stream *s,
               struct outbox_settled *ret);
/* Part of outbox_ack (outbox_refuse.c): each listed update in (s->acked, upto] is not stated after all; it is counted and noted,
 * and taken out of the own copy unless it was restated since, so that it can be stated again. The list was checked. In a store
 * without room the note is left out. */
int outbox_refuse(struct store_txn *t, uint32_t office, uint64_t upto, struct slice list, struct outbox_stream *s);
bool outbox_refuse_list_ok(struct slice list);

/* ---- kept until archived (outbox_keep.c) ---- the caller stores s, except where it says otherwise */
/* Lets go of what need not be kept any more. keep NULL: of everything acknowledged. */
int outbox_trim(struct store_txn *t, uint32_t office, const struct outbox_keep *keep, struct wall now, struct outbox_stream *s);
/* An ack of level 2. ST_INVALID: no point of our acknowledged history. */
int outbox_archived(struct store_txn *t, uint32_t office, uint64_t sequence, const struct hash *hash, struct outbox_stream *s);
/* Lets go of kept batches of all offices, oldest first, until there is room for so much. ST_FULL: nothing more can go. */
int outbox_release(struct store_txn *t, uint64_t wanted);
/* The worker's log was restored and ends for this office at an earlier point: everything after it waits for an ack again. Stores s.
 * ST_INVALID: no point of our history, or before what is kept. */
int outbox_rewind(struct store_txn *t, uint32_t office, uint64_t sequence, const struct hash *hash, uint64_t lsn,
                  struct outbox_stream *s);

/* ---- another key (outbox_resign.c) ---- */
/* The worker refuses the batch that begins at `from`, which it does not have, because its key is valid no more, and the signer has
 * another one: signs this batch and all after it anew, each linked to the one before, under the same numbers and with the same
 * bodies; what was signed before is kept in RESIGNED. Stores s. *ret_n: batches signed; 0: it bears the present key already, or
 * there is no room, and nothing is changed. ST_INVALID: no batch that waits begins there. ST_NOT_FOUND: no key */
int outbox_resign(struct store_txn *t, const struct outbox_speaker *who, uint64_t from, struct wall now, struct outbox_stream *s,
                  uint32_t *ret_n);

int outbox_resigned(struct store_txn *t, uint32_t office, uint64_t *ret);      /* how many statements of before are kept */

struct outbox_pushed { /* what became of a tray file */
    struct wall at;
    uint32_t office, rows, accepted, duplicate, superseded, refused;
    uint64_t last; /* the office's last sequence after this file; its receipt is the first ack at or above it */
    char file[128];
};
int outbox_pushed_get(struct store_txn *t, struct slice tray_id, struct outbox_pushed *ret);    /* ST_NOT_FOUND */
int outbox_pushed_put(struct store_txn *t, struct slice tray_id, const struct outbox_pushed *p);

/* ---- receipts that are owed (outbox_due.c) ---- */
struct outbox_due {
    uint64_t sequence;                  /* last one of the batch */
    bool acked;                         /* and then: */
    uint64_t lsn;                       /* of the ack that covers it; its own is at or below */
    struct hash hash;                   /* of the batch which that ack named */
    struct hash dispositions;           /* hash of what the ack said of its updates, packed as in the log's record */
    char worker[OUTBOX_WORKER_SIZE];
    struct wall pushed_at;
    struct slice id, file;              /* tray id and file name; point into the store */
    struct batch batch;                 /* without its body; points into the store */
};
/* Notes that a receipt is owed for the batch that ends at seq, which is in OUT: the last one of a pushed file. */
int outbox_due_put(struct store_txn *t, uint32_t office, uint64_t seq, struct slice tray_id, const struct outbox_pushed *p);
int outbox_due_get(struct store_txn *t, uint32_t office, uint64_t seq, struct outbox_due *ret);         /* ST_NOT_FOUND */
int outbox_due_next(struct store_txn *t, uint32_t office, uint64_t after, struct outbox_due *ret);      /* the first one above */
/* What was said of the batches after this sequence was said of a log that is lost. Needs no room. */
int outbox_due_forget(struct store_txn *t, uint32_t office, uint64_t after);
/* The batch that ends at seq is signed anew; ST_OK also when no receipt is owed for it. */
int outbox_due_resign(struct store_txn *t, uint32_t office, uint64_t seq, struct slice header, const uint8_t sig[SIG_SIZE]);
int outbox_due_del(struct store_txn *t, uint32_t office, uint64_t seq);
/* Part of outbox_ack: b is about to leave OUT. Needs no room. */
int outbox_due_acked(struct store_txn *t, uint32_t office, const struct outbox_batch *b, const struct outbox_receipt *a);

#endif
