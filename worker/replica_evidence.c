/* replica_evidence.c - what a follower saw that does not go on from its log, kept for people. Kind: P.
 *
 * A row of meta holds both sides: the own position and hash, the leader's last words (incarnation, position, hash, its newest
 * signed checkpoint) and what was seen. Two signed states that cannot both be the beginning of one log prove a fork whoever asks.
 *
 * Invariant: a row that was written is never changed or taken away by a program; the same finding is written once. */
#include <string.h>

#include "worker/replica.h"

static const char KEY[] = "bukti";
enum { KEY_BYTES = sizeof KEY - 1 + 8, HEAD_BYTES = 2 + 8 + HASH_SIZE + 8 };

static struct slice row_key(uint8_t k[KEY_BYTES], uint64_t at)
{
    memcpy(k, KEY, sizeof KEY - 1);
    bytes_be64(k + sizeof KEY - 1, at);
    return slice_of(k, KEY_BYTES);
}

static bool ours(struct slice key)
{
    return key.n == KEY_BYTES && memcmp(key.p, KEY, sizeof KEY - 1) == 0;
}

/* Counts the rows; *ret_same: one of them begins with `head`. */
static int look(struct replica *r, struct store_txn *t, const uint8_t *head, bool *ret_same)
{
    struct store_cursor *c = NULL;
    struct slice key, row;
    uint8_t k[KEY_BYTES];
    int st = store_cursor(t, LEDGER_META, &c);

    r->s.evidence = 0;
    *ret_same = false;
    if (st == ST_OK) st = store_seek(c, row_key(k, 0), &key, &row);
    for (; st == ST_OK && ours(key); st = store_next(c, &key, &row)) {
        if (row.n < HEAD_BYTES) st = ST_CORRUPT;
        if (st != ST_OK) break;
        r->s.evidence++;
        r->s.evidence_at.ms = (int64_t)bytes_rd64(key.p + sizeof KEY - 1);
        r->s.evidence_code = bytes_rd16(row.p);
        *ret_same |= head != NULL && memcmp(row.p, head, HEAD_BYTES) == 0;
    }
    store_cursor_close(&c);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

int replica_evidence_load(struct replica *r, struct store_txn *t)
{
    bool same;

    return look(r, t, NULL, &same);
}

static void put_text(struct buf *b, struct slice s, size_t max)
{
    size_t n = s.n < max ? s.n : max;

    buf_be16(b, (uint16_t)n);
    buf_put(b, s.p, n);
}

static void put_head(struct buf *b, const struct replica *r, const struct ledger *l, unsigned code)
{
    buf_be16(b, (uint16_t)code);
    buf_be64(b, l->lsn);
    buf_put(b, l->hash.b, HASH_SIZE);
    buf_be64(b, r->incarnation);
}

static int write_row(struct replica *r, struct store_txn *t, struct wall now, const struct replica_finding *f, struct buf *b)
{
    uint64_t at = (uint64_t)(now.ms > r->s.evidence_at.ms ? now.ms : r->s.evidence_at.ms + 1);
    uint8_t k[KEY_BYTES];
    int st;

    buf_be64(b, r->s.head);
    buf_put(b, r->head_hash.b, HASH_SIZE);
    put_text(b, buf_slice(&r->note), NOTE_BYTES_MAX);
    put_text(b, f->seen, REPLICA_SEEN_MAX);
    st = buf_ok(b) ? store_put(t, LEDGER_META, row_key(k, at), buf_slice(b)) : ST_NO_MEMORY;
    return st == ST_OK ? replica_evidence_load(r, t) : st;
}

int replica_evidence_put(struct replica *r, const struct ledger *l, struct store_txn *t, struct wall now,
                         const struct replica_finding *f)
{
    struct buf b;
    bool same;

    buf_init(&b, HEAD_BYTES + 8 + HASH_SIZE + 4 + NOTE_BYTES_MAX + REPLICA_SEEN_MAX);
    put_head(&b, r, l, f->code);
    int st = buf_ok(&b) ? look(r, t, b.p, &same) : ST_NO_MEMORY;

    if (st == ST_OK && !same && r->s.evidence < REPLICA_EVIDENCE_MAX) st = write_row(r, t, now, f, &b);
    buf_done(&b);
    return st;
}
