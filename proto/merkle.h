/* merkle.h - the Merkle tree over a worker's log: RFC 6962 section 2.1, the same tree as RFC 9162. Kind: P.
 *
 * SHA-256; leaf hash = H(0x00 || data), node hash = H(0x01 || left || right), the tree of n > 1 leaves splits at the greatest power
 * of two below n, the empty tree's root is H(). Published formats and their tools therefore fit (docs/PROTOCOL.md, receipts).
 *
 * A tree is kept as its frontier (at most 62 hashes) plus the hashes of its complete subtrees, which never change once written:
 * node (level, index) covers the leaves index * 2^level .. (index + 1) * 2^level - 1; level 0 holds the leaf hashes. */
#ifndef REKAP_MERKLE_H
#define REKAP_MERKLE_H

#include "status.h"

enum { MERKLE_LEVELS = 62, MERKLE_PROOF_MAX = 64 };
#define MERKLE_SIZE_MAX ((UINT64_C(1) << MERKLE_LEVELS) - 1)

struct merkle { /* a frontier: edge[l] counts exactly when bit l of size is set */
    uint64_t size;
    struct hash edge[MERKLE_LEVELS];
};
/* Where the complete subtrees are kept. put: called once for each node, children before parents. get: ST_NOT_FOUND when there is no
 * such node; any status but ST_OK is handed on to the caller. */
struct merkle_nodes {
    void *ctx;
    int (*put)(void *ctx, unsigned level, uint64_t index, const struct hash *h);
    int (*get)(void *ctx, unsigned level, uint64_t index, struct hash *ret);
};
struct merkle_proof {
    unsigned n; /* at most MERKLE_PROOF_MAX */
    struct hash h[MERKLE_PROOF_MAX];
};

struct hash merkle_leaf(struct slice data);
struct hash merkle_node(const struct hash *left, const struct hash *right);
/* Adds a leaf (its hash, from merkle_leaf). nodes may be NULL: then only the root can be asked. When put fails the tree is
 * unchanged and the status is put's; what it has put by then is put again the next time. ST_FULL at MERKLE_SIZE_MAX. */
int merkle_append(struct merkle *m, const struct hash *leaf, const struct merkle_nodes *nodes);
struct hash merkle_root(const struct merkle *m);
/* The frontier of the first `size` leaves, from the stored nodes. ST_INVALID for a size over MERKLE_SIZE_MAX. */
int merkle_load(const struct merkle_nodes *nodes, uint64_t size, struct merkle *ret);

/* That leaf `index` is in the tree of `size` leaves. ST_INVALID unless index < size <= MERKLE_SIZE_MAX. */
int merkle_inclusion(const struct merkle_nodes *nodes, uint64_t index, uint64_t size, struct merkle_proof *ret);
/* That the tree of `older` leaves is the beginning of that of `newer`. ST_INVALID unless older <= newer <= MERKLE_SIZE_MAX. The
 * proof is empty when older is 0 or both are equal. */
int merkle_consistency(const struct merkle_nodes *nodes, uint64_t older, uint64_t newer, struct merkle_proof *ret);

/* Total on any input: a proof, index, size or root that does not fit is false, never a fault. */
bool merkle_inclusion_verify(const struct hash *leaf, uint64_t index, uint64_t size, const struct merkle_proof *proof,
                             const struct hash *root);
bool merkle_consistency_verify(uint64_t older, const struct hash *older_root, uint64_t newer, const struct hash *newer_root,
                               const struct merkle_proof *proof);

#endif
