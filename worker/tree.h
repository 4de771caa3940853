/* tree.h - the Merkle tree over the worker's log, and the checkpoints it signs. Kind: P (reads and writes through the store port).
 *
 * Record lsn is leaf lsn - 1 (proto/receipt.h says what a leaf holds). Complete subtrees are rows of the table "tree":
 * level u8 | index u64 -> hash 32; the frontier is read back from them, so it has no row of its own.
 *
 * A checkpoint is a signed note (proto/note.h) of origin, size and root; the newest one signed also is the meta row "checkpoint".
 * Origin, and so the name of the key: "rekap/<worker id>/<incarnation, first 8 bytes in hex>": another one is another log. */
#ifndef REKAP_TREE_H
#define REKAP_TREE_H

#include "proto/node.h"
#include "proto/receipt.h"

/* Signs for the log. `office` of the port's calls is TREE_SIGNER_ID. */
#define TREE_SIGNER_ID "catatan"

struct tree {
    struct merkle m;
    const struct signer *signer;        /* NULL: this log signs no checkpoints (a follower, a test) */
    unsigned table, meta;               /* of the store: its nodes; where "checkpoint" stands */
    struct note_key key;                /* when signer is set */
    uint64_t signed_size;               /* of `note`; UINT64_MAX: none signed yet by this process */
    struct buf note;
};
/* ST_DENIED: the signer has no key. ST_NO_MEMORY. */
int tree_init(struct tree *tr, const struct signer *signer, unsigned table, unsigned meta);
void tree_done(struct tree *tr);
int tree_name(struct tree *tr, const char *worker_id, const uint8_t incarnation[8]);    /* once the incarnation is known */
int tree_load(struct tree *tr, struct store_txn *t, uint64_t size);     /* ST_CORRUPT: a subtree is missing */
int tree_append(struct tree *tr, struct store_txn *t, const struct receipt_leaf *leaf);
/* The signed checkpoint of the present size; owned by the tree, lives until the next call. ST_NOT_FOUND without a signer. */
int tree_checkpoint(struct tree *tr, struct slice *ret);
/* Stores the checkpoint of this step, if one was signed. */
int tree_flush(struct tree *tr, struct store_txn *t);
/* kind TREE_INCLUSION: that record a is in the log of b records; TREE_CONSISTENCY: that the log of a records is the beginning of
 * that of b. ST_INVALID unless a and b fit the tree. */
enum tree_proof { TREE_INCLUSION = 1, TREE_CONSISTENCY = 2 };
int tree_prove(struct tree *tr, struct store_txn *t, unsigned kind, uint64_t a, uint64_t b, struct merkle_proof *ret);

#endif
