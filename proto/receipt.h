/* receipt.h - what an office keeps of an admitted batch: a text that proves, without us, that the batch stands in the worker's log.
 * Kind: P. docs/PROTOCOL.md, "Receipts and checkpoints", has the formats.
 *
 * The log's records are the leaves of a Merkle tree (merkle.h), record lsn at index lsn - 1. A receipt holds what the office signed
 * (all of the signed header and its signature, so that the batch hash follows from the text), where it stands in the log, the path
 * from its leaf to the root, and a checkpoint: the root, signed by the worker (note.h). Because each header names the batch before
 * it, the receipt of a batch vouches for all earlier ones of its epoch too. */
#ifndef REKAP_RECEIPT_H
#define REKAP_RECEIPT_H

#include "codec.h"
#include "merkle.h"
#include "note.h"

/* ---- leaves ---- data = msgpack [kind u, lsn u, commit wall ms u, content hash b32, dispositions hash b32] */
struct receipt_leaf {
    unsigned kind; /* enum record_kind */
    uint64_t lsn;
    struct wall at;
    struct hash content; /* of a batch its batch hash; of any other record BLAKE2b-256 of the content */
    struct hash dispositions;
};
/* BLAKE2b-256 of the packed dispositions of a record; no bytes stand for the empty array, as in codec_record_put. */
struct hash receipt_dispositions_hash(struct slice packed);
/* The leaf of a record. batch: its batch hash, for RECORD_BATCH; else NULL. */
struct receipt_leaf receipt_leaf_of(const struct record *r, const struct hash *batch);
struct hash receipt_leaf_hash(const struct receipt_leaf *l); /* the Merkle leaf hash */

/* ---- receipts ---- */
enum { RECEIPT_BYTES_MAX = NOTE_BYTES_MAX + 8192 };
struct receipt {
    char office[OFFICE_ID_MAX + 1]; /* these nine are the signed header */
    uint8_t installation[16];
    uint32_t stream, count;
    uint64_t epoch, first, key_id;
    struct hash previous, body;
    struct wall signed_at;
    uint8_t signature[SIG_SIZE];
    uint64_t lsn; /* from 1 */
    struct wall at;
    struct hash dispositions;
    struct merkle_proof path;
    struct slice checkpoint; /* the signed note; owned by somebody else */
};
/* Fills what the office signed; the rest is zero. ST_INVALID: an office id that cannot stand in a receipt. */
int receipt_of_batch(const struct batch *b, struct receipt *ret);
struct hash receipt_batch_hash(const struct receipt *r);
bool receipt_signed_by(const struct receipt *r, const uint8_t pub[PUBKEY_SIZE], const struct verifier *v); /* by the office */
void receipt_format(const struct receipt *r, struct buf *b);
/* Exactly what receipt_format writes; ST_INVALID. ret->checkpoint points into text. The checkpoint is not looked at here. */
int receipt_parse(struct slice text, struct receipt *ret);

enum receipt_fault {
    RECEIPT_OK,
    RECEIPT_OTHER_BATCH, /* it is of another batch than the one asked for */
    RECEIPT_CHECKPOINT,  /* the checkpoint is not a note signed by that key, or not a checkpoint of that log */
    RECEIPT_BEYOND,      /* the record stands behind the end of the checkpoint */
    RECEIPT_PATH,        /* record and path do not lead to the checkpoint's root */
};
/* Does the receipt prove that the batch stands where it says, in the log whose key this is? batch: the hash it must be of, or NULL.
 * The checkpoint's origin must be the key's name. */
enum receipt_fault receipt_verify(const struct receipt *r, const struct note_key *log, const struct verifier *v,
                                  const struct hash *batch);
const char *receipt_fault_text(enum receipt_fault f, enum lang lang);

#endif
