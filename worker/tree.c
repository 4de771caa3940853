/* tree.c - see tree.h. Kind: P.
 *
 * Design notes: a record costs two rows of 32 bytes on average, all of them at the ends of a few key ranges. One signature a step
 * is enough for all the acks of the step, and none is made when nobody is told anything.
 *
 * What was signed in a step that is then aborted was never spoken: tree_load forgets it.
 *
 * Invariant: the frontier's size is the ledger's lsn. */
#include "tree.h"

#include <stdio.h>
#include <string.h>

#include "proto/limits.h"

static const char KEY_CHECKPOINT[] = "checkpoint";
enum { KEY_BYTES = 9 };

struct place { const struct tree *tree; struct store_txn *t; };

static struct slice node_key(unsigned level, uint64_t index, uint8_t ret[KEY_BYTES])
{
    ret[0] = (uint8_t)level;
    bytes_be64(ret + 1, index);
    return slice_of(ret, KEY_BYTES);
}

static int node_put(void *ctx, unsigned level, uint64_t index, const struct hash *h)
{
    const struct place *at = ctx;
    uint8_t key[KEY_BYTES];

    return store_put(at->t, at->tree->table, node_key(level, index, key), slice_of(h->b, HASH_SIZE));
}

static int node_get(void *ctx, unsigned level, uint64_t index, struct hash *ret)
{
    const struct place *at = ctx;
    uint8_t key[KEY_BYTES];
    struct slice row;
    int st = store_get(at->t, at->tree->table, node_key(level, index, key), &row);

    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_CORRUPT : st;
    if (row.n != HASH_SIZE) return ST_CORRUPT;
    memcpy(ret->b, row.p, HASH_SIZE);
    return ST_OK;
}

static struct merkle_nodes nodes_of(struct place *at)
{
    return (struct merkle_nodes){ at, node_put, node_get };
}

int tree_init(struct tree *tr, const struct signer *signer, unsigned table, unsigned meta)
{
    memset(tr, 0, sizeof *tr);
    tr->signer = signer;
    tr->table = table;
    tr->meta = meta;
    tr->signed_size = UINT64_MAX;
    buf_init(&tr->note, NOTE_BYTES_MAX);
    if (signer == NULL) return ST_OK;
    return signer->public_key(signer->ctx, slice_of(TREE_SIGNER_ID, sizeof TREE_SIGNER_ID - 1), tr->key.pub) == ST_OK ? ST_OK
                                                                                                                     : ST_DENIED;
}

void tree_done(struct tree *tr)
{
    buf_done(&tr->note);
}

int tree_name(struct tree *tr, const char *worker_id, const uint8_t incarnation[8])
{
    char name[OFFICE_ID_MAX + 32], hex[17];
    uint8_t pub[PUBKEY_SIZE];
    int n;

    bytes_hex(incarnation, 8, hex);
    n = snprintf(name, sizeof name, "rekap/%s/%s", worker_id, hex);
    memcpy(pub, tr->key.pub, sizeof pub);
    return note_key_make(slice_of(name, (size_t)n), pub, &tr->key);
}

int tree_load(struct tree *tr, struct store_txn *t, uint64_t size)
{
    struct place at = { tr, t };
    const struct merkle_nodes nodes = nodes_of(&at);

    tr->signed_size = UINT64_MAX;
    return merkle_load(&nodes, size, &tr->m);
}

int tree_append(struct tree *tr, struct store_txn *t, const struct receipt_leaf *leaf)
{
    struct place at = { tr, t };
    const struct merkle_nodes nodes = nodes_of(&at);
    struct hash h = receipt_leaf_hash(leaf);

    ASSERT(leaf->lsn == tr->m.size + 1);
    return merkle_append(&tr->m, &h, &nodes);
}

static int sign(void *ctx, struct slice text, uint8_t ret_sig[SIG_SIZE])
{
    const struct signer *s = ctx;

    return s->sign(s->ctx, slice_of(TREE_SIGNER_ID, sizeof TREE_SIGNER_ID - 1), text, ret_sig);
}

int tree_checkpoint(struct tree *tr, struct slice *ret)
{
    struct note_checkpoint c = { .origin = slice_of(tr->key.name, strlen(tr->key.name)), .size = tr->m.size };
    struct signer port;
    struct buf text;
    int st = ST_NO_MEMORY;

    if (tr->signer == NULL) return ST_NOT_FOUND;
    if (tr->signed_size != tr->m.size) {
        c.root = merkle_root(&tr->m);
        buf_init(&text, NOTE_BYTES_MAX);
        note_checkpoint_put(&c, &text);
        buf_clear(&tr->note);
        port = *tr->signer;
        if (buf_ok(&text)) st = note_sign(buf_slice(&text), &tr->key, sign, &port, &tr->note);
        buf_done(&text);
        if (st != ST_OK) return st;
        tr->signed_size = tr->m.size;
    }
    *ret = buf_slice(&tr->note);
    return ST_OK;
}

int tree_flush(struct tree *tr, struct store_txn *t)
{
    if (tr->signer == NULL || tr->signed_size != tr->m.size) return ST_OK;
    return store_put(t, tr->meta, slice_of(KEY_CHECKPOINT, sizeof KEY_CHECKPOINT - 1), buf_slice(&tr->note));
}

int tree_prove(struct tree *tr, struct store_txn *t, unsigned kind, uint64_t a, uint64_t b, struct merkle_proof *ret)
{
    struct place at = { tr, t };
    const struct merkle_nodes nodes = nodes_of(&at);

    if (b > tr->m.size || (kind != TREE_INCLUSION && kind != TREE_CONSISTENCY)) return ST_INVALID;
    if (kind == TREE_CONSISTENCY) return merkle_consistency(&nodes, a, b, ret);
    return a > 0 ? merkle_inclusion(&nodes, a - 1, b, ret) : ST_INVALID;
}
