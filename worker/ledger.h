/* ledger.h - the worker's tables: the log, the streams in it, and their indexes. Kind: P (reads and writes through the store port).
 * Table, key -> value; integers big-endian:
 *
 * meta      "identity" -> format u32 | number u8 | incarnation 16 | worker id text
 *           "log" -> lsn u64 | log hash 32 | commit ms u64 | imported registry version u64
 *           "archived" -> lsn u64; "restore" -> the signed restore record of this incarnation (ledger_archive.c)
 * log       lsn u64 -> record bytes (codec.h)
 * stream    office text | 0 | stream u32 -> epoch u64 | watermark u64 | lsn of the head u64 | head 32 | installation 16
 * epoch     office text | 0 | stream u32 | epoch u64 -> the same, as it stood when the epoch was closed
 * by_office office text | 0 | stream u32 | epoch u64 | first sequence u64 -> lsn u64 | count u32 | batch hash 32
 * tree      the Merkle tree over the log (tree.h); meta "checkpoint" -> the newest signed checkpoint
 * join      requests of offices that are not registered yet (guest.h); no part of the log
 * cut       region u32 | year u16 | quarter u8 | version u16 -> lsn u64 of the record that cuts there (ledger_cut.c)
 * time      commit ms u64 | lsn u64 -> empty; ms never decreases, so it is an index from time to position
 *
 * Everything of a batch is put in the caller's transaction (P1, P2): its record, its index rows at once, its stream row and the
 * "log" row in ledger_flush, once per step however many batches the step held. Until the step's transaction commits nothing of
 * this may be spoken of; when it is aborted, ledger_reload reads the truth back. */
#ifndef REKAP_LEDGER_H
#define REKAP_LEDGER_H

#include "proto/codec.h"
#include "proto/cut.h"
#include "proto/node.h"
#include "worker/tree.h"

enum ledger_table { LEDGER_META, LEDGER_LOG, LEDGER_STREAM, LEDGER_EPOCH, LEDGER_BY_OFFICE, LEDGER_TIME, LEDGER_TREE, LEDGER_JOIN,
                    LEDGER_CUT, LEDGER_TABLE_COUNT };
extern const char *const ledger_tables[];       /* names in order, NULL-terminated, for the store */
enum { LEDGER_FORMAT = 1, INCARNATION_SIZE = 16, STREAMS_PER_OFFICE = 16 /* stream numbers 0..15 */ };

struct ledger_identity { char id[OFFICE_ID_MAX + 1]; uint8_t number /* 1..255 */; uint8_t incarnation[INCARNATION_SIZE]; };

/* One office stream. Owned by the ledger, address stable until ledger_done; the fields after the line belong to the session layer
 * and are never stored. */
struct stream {
    char office[OFFICE_ID_MAX + 1];
    uint32_t number;
    bool granted;                       /* false: known here only because an aborted step had granted it */
    uint64_t epoch, watermark, lsn;     /* watermark: last sequence in the log; lsn of its batch, 0 none */
    struct hash head;                   /* hash of the last batch of this epoch; zero when there is none */
    uint8_t installation[16];           /* that opened the epoch */
    bool dirty;
    struct stream *next_dirty, *next_bucket;
    /* -------- */
    peer_id owner;                      /* peer that opened it last; PEER_NONE */
    bool touched;                       /* an ACK is owed at the end of this step */
    struct stream *next_touched;
    uint64_t ack_from, ack_to, ack_lsn; /* of that ACK: the batches in (ack_from, ack_to]; lsn and hash of the last of them */
    struct hash ack_hash;
    uint64_t archived_told;             /* the mark that the owner was last told of as an ACK of level 2 */
    uint64_t gap_step;                  /* step in which a gap was last complained of */
    uint32_t refused_count;             /* dispositions waiting for that ACK, packed in `refused` */
    struct mono epochs_since;           /* new epochs in this hour: session_quota.c */
    uint32_t epochs;
    struct buf refused;
};

struct ledger {
    struct ledger_identity identity;
    uint64_t lsn, registry_version;     /* last record; registry entries 1..version are in the log */
    struct hash hash;                   /* log hash at lsn */
    int64_t commit_ms;                  /* of the last record */
    uint64_t archived;                  /* everything up to this lsn also lies on a second medium; 0 none */
    bool dirty;
    struct stream **bucket, *dirty_list;
    uint32_t bucket_count, stream_count;
    struct buf scratch;                 /* one record while it is built */
    struct tree tree;                   /* over the records 1..lsn */
};

/* signer: signs the log's checkpoints, outlives the ledger; NULL: none are signed. ST_NO_MEMORY, ST_DENIED (tree_init). */
int ledger_init(struct ledger *l, const struct ledger_identity *identity, const struct signer *signer);
void ledger_done(struct ledger *l);
/* Reads the meta rows; an empty store gets them (the identity's incarnation counts only then). ST_VERSION: the store belongs to
 * another worker id or number, or has another format. ST_CORRUPT. */
int ledger_recover(struct ledger *l, struct store_txn *t);
/* After an aborted step: identity, position, every known stream again. */
int ledger_reload(struct ledger *l, struct store_txn *t);
int ledger_flush(struct ledger *l, struct store_txn *t);        /* writes the rows that changed in this step. ST_FULL */

/* The stream of an office, from memory or the store. ST_NOT_FOUND when it was never granted. */
int ledger_stream(struct ledger *l, struct store_txn *t, struct slice office, uint32_t number, struct stream **ret);
/* Starts `epoch` on a stream, creating the stream or closing its present epoch. The caller has asked ledger_epoch_closed. */
int ledger_grant(struct ledger *l, struct store_txn *t, struct slice office, uint32_t number, uint64_t epoch,
                 const uint8_t installation[16], struct stream **ret);
int ledger_epoch_closed(struct store_txn *t, const struct stream *s, uint64_t epoch);   /* ST_OK: it was closed; ST_NOT_FOUND */

/* Appends one admitted batch: b parsed from payload, extending s (asserted). dispositions: the packed [[index, code]..]. */
int ledger_append_batch(struct ledger *l, struct store_txn *t, struct wall now, struct stream *s, const struct batch *b,
                        struct slice payload, struct slice dispositions);
/* Appends registry entry `version` (asserted to be the next one); line without newline. */
int ledger_append_office(struct ledger *l, struct store_txn *t, struct wall now, uint64_t version, struct slice line);

/* The mark at which a region's quarter is consolidated (ledger_cut.c). note: judged by the caller, c: what it says. One key has one
 * mark: asked again, *ret_lsn is that of the first and nothing is appended. ST_FULL, ST_CORRUPT */
int ledger_append_cut(struct ledger *l, struct store_txn *t, struct wall now, const struct cut *c, struct slice note,
                      uint64_t *ret_lsn);
int ledger_cut(struct store_txn *t, const struct cut *c, uint64_t *ret_lsn);    /* ST_NOT_FOUND: it was never cut there */

/* ---- a copy of another log (ledger_copy.c) ---- */
/* Appends a record of the same log kept elsewhere, byte for byte, and moves everything that hangs on it, so that hashes, tree and
 * indexes are those of the log it came from. b: the parsed batch of a RECORD_BATCH, else NULL. ST_INVALID: it does not go on from
 * here (*ret_code says why); nothing is changed then. Who signed what is the caller's matter. */
int ledger_copy(struct ledger *l, struct store_txn *t, struct slice bytes, const struct record *r, const struct batch *b,
                unsigned *ret_code);
/* The incarnation of a copy that has none: 0 (not known yet) at its beginning, later the one of the log it copies. */
int ledger_copy_begin(struct ledger *l, struct store_txn *t, uint64_t incarnation);
/* Version and line of a registry record's content. ST_INVALID */
int ledger_copy_entry(struct slice content, uint64_t *ret_version, struct slice *ret_line);

struct ledger_entry { uint64_t first, lsn; uint32_t count; struct hash hash; };         /* a row of by_office */
/* The logged batch of the stream's current epoch that begins at, or that holds, a sequence. ST_NOT_FOUND, ST_CORRUPT. */
int ledger_batch_at(struct store_txn *t, const struct stream *s, uint64_t first, struct ledger_entry *ret);
int ledger_batch_holding(struct store_txn *t, const struct stream *s, uint64_t sequence, struct ledger_entry *ret);

int ledger_record(struct store_txn *t, uint64_t lsn, struct slice *ret);        /* lives until the transaction writes or ends */
int ledger_hash_at(const struct ledger *l, struct store_txn *t, uint64_t lsn, struct hash *ret);   /* ST_NOT_FOUND beyond the end */

/* Calls fn for each stored stream after (office, number); an empty office begins at the start. fn returns false to stop. */
typedef bool (*ledger_list_fn)(void *ctx, const struct stream *s);
int ledger_list(struct store_txn *t, struct slice office, uint32_t number, ledger_list_fn fn, void *ctx);

/* ---- beyond this log (ledger_archive.c) ---- */
int ledger_archive_load(struct ledger *l, struct store_txn *t);
/* Everything up to lsn lies, verified, elsewhere as well; a lower mark changes nothing. ST_INVALID: not this log's hash there. */
int ledger_archive(struct ledger *l, struct store_txn *t, uint64_t lsn, const struct hash *hash);
/* The last batch of the stream's epoch that lies at or below the mark. ST_NOT_FOUND */
int ledger_archived_batch(struct store_txn *t, const struct stream *s, uint64_t mark, struct ledger_entry *ret);
/* The restore record this incarnation began with. ST_NOT_FOUND: it is the first one. */
int ledger_restore_note(struct store_txn *t, struct slice *ret);
/* Begins a new incarnation (16 random bytes) of a recovered log that nobody writes to: appends the restore record and flushes. */
struct ledger_issuer { uint8_t key[PUBKEY_SIZE]; int (*sign)(void *ctx, struct slice text, uint8_t ret_sig[SIG_SIZE]); void *ctx; };
int ledger_restore(struct ledger *l, struct store_txn *t, struct wall now, const uint8_t incarnation[INCARNATION_SIZE],
                   const struct ledger_issuer *issuer);

/* ---- scrubbing (ledger_scrub.c) ---- a scrub_row_fn (proto/scrub.h): does each record continue the one before? ctx is a struct
 * ledger_scrub of zeros. ST_OK, ST_CORRUPT */
struct ledger_scrub { bool linked; uint64_t lsn; struct hash hash; };
int ledger_scrub_row(void *ctx, unsigned table, bool first, struct slice key, struct slice value);

/* The newest epoch of s that has batches, as the log alone knows it: s itself, or the closed one with the greatest lsn.
 * ST_NOT_FOUND: nothing of this stream is in the log. */
int ledger_stream_spoken(struct store_txn *t, const struct stream *s, struct stream *ret);

/* Between ledger*.c only. */
int ledger_put_record(struct ledger *l, struct store_txn *t, const struct record *r, struct slice bytes, const struct hash *batch);
int ledger_put_batch(struct ledger *l, struct store_txn *t, struct stream *s, const struct batch *b);    /* after its record */
int ledger_take_restore(struct ledger *l, struct store_txn *t, struct slice note, const uint8_t incarnation[INCARNATION_SIZE]);
int ledger_append_note(struct ledger *l, struct store_txn *t, struct wall now, unsigned kind, struct slice note);
int ledger_cut_put(const struct ledger *l, struct store_txn *t, const struct cut *c);   /* after its record */
int ledger_identity_change(struct ledger *l, struct store_txn *t, const uint8_t incarnation[INCARNATION_SIZE]);
int ledger_stream_reload(struct stream *s, struct store_txn *t);
int ledger_stream_put(struct stream *s, struct store_txn *t);
void ledger_stream_dirty(struct ledger *l, struct stream *s);
int ledger_entry_put(struct store_txn *t, const struct stream *s, const struct ledger_entry *e);

#endif
