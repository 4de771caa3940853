/* merkle.c - see merkle.h. Building follows RFC 6962 section 2.1 with its recursions written as loops; verifying follows RFC 9162
 * sections 2.1.3.2 and 2.1.4.2. Kind: P.
 *
 * Design notes: the proofs are made top down, as the definitions are, and turned round at the end. What a proof needs of the right,
 * ragged edge of the tree is put together from complete subtrees, so nothing of an unfinished subtree is ever stored.
 *
 * The verifiers know nothing of the builders: they walk the bits of the index and the sizes, take one hash of the proof a step, and
 * require that both end together. A proof therefore has exactly one accepted length.
 *
 * Invariant: root(frontier) after n appends = MTH of the n leaves, and every complete subtree was put exactly once per append that
 * succeeded. */
#include "merkle.h"

#include <string.h>

#include "sign_sha256.h"

static const uint8_t LEAF_PREFIX = 0, NODE_PREFIX = 1;

static bool same(const struct hash *a, const struct hash *b)
{
    return memcmp(a->b, b->b, HASH_SIZE) == 0;
}

struct hash merkle_leaf(struct slice data)
{
    const struct slice part[] = { slice_of(&LEAF_PREFIX, 1), data };

    return sign_sha256(part, 2);
}

struct hash merkle_node(const struct hash *left, const struct hash *right)
{
    const struct slice part[] = { slice_of(&NODE_PREFIX, 1), slice_of(left->b, HASH_SIZE), slice_of(right->b, HASH_SIZE) };

    return sign_sha256(part, 3);
}

/* ---- growing ---- */

int merkle_append(struct merkle *m, const struct hash *leaf, const struct merkle_nodes *nodes)
{
    struct hash h = *leaf;
    uint64_t index = m->size;
    unsigned level = 0;
    int st;

    if (m->size >= MERKLE_SIZE_MAX) return ST_FULL;
    for (;;) {
        st = nodes != NULL ? nodes->put(nodes->ctx, level, index, &h) : ST_OK;
        if (st != ST_OK) return st;
        if ((index & 1) == 0) break;
        h = merkle_node(&m->edge[level], &h);
        index >>= 1;
        level++;
    }
    m->edge[level] = h;
    m->size++;
    return ST_OK;
}

struct hash merkle_root(const struct merkle *m)
{
    struct hash h = sign_sha256(NULL, 0);
    bool any = false;

    for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
        if ((m->size >> level & 1) == 0) continue;
        h = any ? merkle_node(&m->edge[level], &h) : m->edge[level];
        any = true;
    }
    return h;
}

int merkle_load(const struct merkle_nodes *nodes, uint64_t size, struct merkle *ret)
{
    struct merkle m = { .size = size };

    if (size > MERKLE_SIZE_MAX) return ST_INVALID;
    for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
        int st;

        if ((size >> level & 1) == 0) continue;
        st = nodes->get(nodes->ctx, level, (size >> level) - 1, &m.edge[level]);
        if (st != ST_OK) return st;
    }
    *ret = m;
    return ST_OK;
}

/* ---- proofs ---- */

/* MTH(D[from:to]) where from is a multiple of the least power of two that covers to - from: complete subtrees, greatest first, put
 * together from the right. */
static int range_hash(const struct merkle_nodes *nodes, uint64_t from, uint64_t to, struct hash *ret)
{
    uint64_t n = to - from;
    bool any = false;

    for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
        struct hash h;
        int st;

        if ((n >> level & 1) == 0) continue;
        to -= UINT64_C(1) << level;
        st = nodes->get(nodes->ctx, level, to >> level, &h);
        if (st != ST_OK) return st;
        *ret = any ? merkle_node(&h, ret) : h;
        any = true;
    }
    return ST_OK;
}

/* The greatest power of two below n > 1. */
static uint64_t split(uint64_t n)
{
    return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

static int proof_add(const struct merkle_nodes *nodes, uint64_t from, uint64_t to, struct merkle_proof *p)
{
    ASSERT(p->n < MERKLE_PROOF_MAX);
    return range_hash(nodes, from, to, &p->h[p->n++]);
}

static void proof_turn(const struct merkle_proof *p, struct merkle_proof *ret)
{
    ret->n = p->n;
    for (unsigned i = 0; i < p->n; i++) ret->h[i] = p->h[p->n - 1 - i];
}

int merkle_inclusion(const struct merkle_nodes *nodes, uint64_t index, uint64_t size, struct merkle_proof *ret)
{
    struct merkle_proof p = { .n = 0 };
    uint64_t from = 0, to = size;
    int st = ST_OK;

    if (index >= size || size > MERKLE_SIZE_MAX) return ST_INVALID;
    while (st == ST_OK && to - from > 1) {
        uint64_t middle = from + split(to - from);

        if (index < middle) {
            st = proof_add(nodes, middle, to, &p);
            to = middle;
        } else {
            st = proof_add(nodes, from, middle, &p);
            from = middle;
        }
    }
    if (st == ST_OK) proof_turn(&p, ret);
    return st;
}

int merkle_consistency(const struct merkle_nodes *nodes, uint64_t older, uint64_t newer, struct merkle_proof *ret)
{
    struct merkle_proof p = { .n = 0 };
    uint64_t from = 0, to = newer;
    bool whole = true; /* the older tree's root is known to the verifier, a part of it is not */
    int st = ST_OK;

    if (older > newer || newer > MERKLE_SIZE_MAX) return ST_INVALID;
    while (st == ST_OK && older > 0 && to != older) {
        uint64_t middle = from + split(to - from);

        if (older <= middle) {
            st = proof_add(nodes, middle, to, &p);
            to = middle;
        } else {
            st = proof_add(nodes, from, middle, &p);
            from = middle;
            whole = false;
        }
    }
    if (st == ST_OK && !whole) st = proof_add(nodes, from, to, &p);
    if (st == ST_OK) proof_turn(&p, ret);
    return st;
}

/* ---- verifying ---- */

bool merkle_inclusion_verify(const struct hash *leaf, uint64_t index, uint64_t size, const struct merkle_proof *proof,
                             const struct hash *root)
{
    uint64_t node = index, last = size - 1;
    struct hash h = *leaf;

    if (index >= size || size > MERKLE_SIZE_MAX || proof->n > MERKLE_PROOF_MAX) return false;
    for (unsigned i = 0; i < proof->n; i++) {
        if (last == 0) return false;
        if ((node & 1) != 0 || node == last) {
            h = merkle_node(&proof->h[i], &h);
            ASSERT(node != 0);      /* odd, or equal to last */
            while ((node & 1) == 0) {
                node >>= 1;
                last >>= 1;
            }
        } else h = merkle_node(&h, &proof->h[i]);
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && same(&h, root);
}

static bool is_power(uint64_t n)
{
    return (n & (n - 1)) == 0;
}

/* 0 < older < newer. The path from the older tree's last complete subtree to both roots. */
static bool consistency_walk(uint64_t older, const struct hash *older_root, uint64_t newer, const struct hash *newer_root,
                             const struct merkle_proof *proof)
{
    uint64_t node = older - 1, last = newer - 1;
    unsigned i = is_power(older) ? 0 : 1;
    struct hash low, high; /* roots of the older and of the newer tree, as far as walked */

    if (i > 0 && proof->n == 0) return false;
    low = high = i > 0 ? proof->h[0] : *older_root;
    for (; (node & 1) != 0; node >>= 1) last >>= 1;
    for (; i < proof->n; i++) {
        if (last == 0) return false;
        if ((node & 1) != 0 || node == last) {
            low = merkle_node(&proof->h[i], &low);
            high = merkle_node(&proof->h[i], &high);
            ASSERT(node != 0);      /* odd, or equal to last */
            while ((node & 1) == 0) {
                node >>= 1;
                last >>= 1;
            }
        } else high = merkle_node(&high, &proof->h[i]);
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && same(&low, older_root) && same(&high, newer_root);
}

bool merkle_consistency_verify(uint64_t older, const struct hash *older_root, uint64_t newer, const struct hash *newer_root,
                               const struct merkle_proof *proof)
{
    struct hash empty = sign_sha256(NULL, 0);

    if (older > newer || newer > MERKLE_SIZE_MAX || proof->n > MERKLE_PROOF_MAX) return false;
    if (older == newer) return proof->n == 0 && same(older_root, newer_root) && (older > 0 || same(older_root, &empty));
    if (older == 0) return proof->n == 0 && same(older_root, &empty);
    return consistency_walk(older, older_root, newer, newer_root, proof);
}
