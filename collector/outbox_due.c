/* outbox_due.c - the receipts an office is owed: what of a pushed file's last batch outlives its row of OUT. Kind: P.
 *
 * A receipt needs the signed header and signature of its batch, and OUT lets go of both at the ack. So the row is written at the
 * import, where there is room; the ack only fills in what it learnt, at the same width, and so works in a full store.
 *
 * What the ack said of single updates is kept as the hash that the log's record must have: a worker cannot tell the office one
 * thing and log another.
 *
 * Invariant: a row stands here from the import of its file until its receipt is kept (witness_receipt.c). */
#include <string.h>

#include "collector/outbox.h"

enum { FIXED_BYTES = 1 + 8 + 2 * HASH_SIZE + OUTBOX_WORKER_SIZE, BATCH_MAX = BATCH_HEADER_BYTES_MAX + SIG_SIZE + 64 };

static struct slice due_key(uint8_t k[12], uint32_t office, uint64_t seq)
{
    bytes_be32(k, office);
    bytes_be64(k + 4, seq);
    return slice_of(k, 12);
}

int outbox_due_put(struct store_txn *t, uint32_t office, uint64_t seq, struct slice tray_id, const struct outbox_pushed *p)
{
    static const uint8_t nothing[FIXED_BYTES];
    struct outbox_batch last;
    struct batch batch;
    struct buf b;
    uint8_t k[12];
    size_t file = strnlen(p->file, sizeof p->file - 1);
    int st = outbox_next(t, office, seq - 1, &last);
    if (st == ST_NOT_FOUND || (st == ST_OK && codec_batch_parse_covered(last.payload, &batch) != ST_OK)) return ST_CORRUPT;
    if (st != ST_OK) return st;
    ASSERT(tray_id.n <= OUTBOX_TRAY_ID_MAX);
    buf_init(&b, FIXED_BYTES + 512 + BATCH_MAX);
    buf_put(&b, nothing, sizeof nothing);
    buf_be64(&b, (uint64_t)p->at.ms);
    buf_u8(&b, (uint8_t)tray_id.n);
    buf_put(&b, tray_id.p, tray_id.n);
    buf_u8(&b, (uint8_t)file);
    buf_put(&b, p->file, file);
    codec_batch_put(&b, batch.header, batch.signature.p, slice_of("", 0));
    st = buf_ok(&b) ? store_put(t, OUTBOX_DUE, due_key(k, office, seq), buf_slice(&b)) : ST_NO_MEMORY;
    buf_done(&b);
    return st;
}

static int due_parse(struct slice v, struct outbox_due *ret)
{
    struct outbox_due d = { 0 };
    struct rd r = rd_of(v);
    d.acked = rd_u8(&r) != 0;
    d.lsn = rd_be64(&r);
    struct slice hash = rd_bytes(&r, HASH_SIZE), dispositions = rd_bytes(&r, HASH_SIZE), worker = rd_bytes(&r, OUTBOX_WORKER_SIZE);
    d.pushed_at.ms = (int64_t)rd_be64(&r);
    d.id = rd_bytes(&r, rd_u8(&r));
    d.file = rd_bytes(&r, rd_u8(&r));
    struct slice payload = rd_bytes(&r, rd_left(&r));
    if (r.bad || worker.p[OUTBOX_WORKER_SIZE - 1] != '\0' || codec_batch_parse_covered(payload, &d.batch) != ST_OK)
        return ST_CORRUPT;
    memcpy(d.hash.b, hash.p, HASH_SIZE);
    memcpy(d.dispositions.b, dispositions.p, HASH_SIZE);
    memcpy(d.worker, worker.p, OUTBOX_WORKER_SIZE);
    *ret = d;
    return ST_OK;
}

int outbox_due_get(struct store_txn *t, uint32_t office, uint64_t seq, struct outbox_due *ret)
{
    uint8_t k[12];
    struct slice v;
    int st = store_get(t, OUTBOX_DUE, due_key(k, office, seq), &v);
    if (st == ST_OK) st = due_parse(v, ret);
    if (st == ST_OK) ret->sequence = seq;
    return st;
}

int outbox_due_next(struct store_txn *t, uint32_t office, uint64_t after, struct outbox_due *ret)
{
    uint8_t k[12];
    struct store_cursor *c = NULL;
    struct slice key, value;
    int st = store_cursor(t, OUTBOX_DUE, &c);
    if (st != ST_OK) return st;
    st = store_seek(c, due_key(k, office, after + 1), &key, &value);
    if (st == ST_OK && (key.n != 12 || bytes_rd32(key.p) != office)) st = ST_NOT_FOUND;
    if (st == ST_OK) st = due_parse(value, ret);
    if (st == ST_OK) ret->sequence = bytes_rd64(key.p + 4);
    store_cursor_close(&c);
    return st;
}

int outbox_due_resign(struct store_txn *t, uint32_t office, uint64_t seq, struct slice header, const uint8_t sig[SIG_SIZE])
{
    struct outbox_due d;
    struct slice v;
    struct buf b;
    uint8_t k[12];
    int st = store_get(t, OUTBOX_DUE, due_key(k, office, seq), &v);
    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_OK : st;
    st = due_parse(v, &d);
    if (st != ST_OK) return st;
    buf_init(&b, v.n + BATCH_MAX);
    buf_put(&b, v.p, (size_t)(d.file.p + d.file.n - v.p));
    codec_batch_put(&b, header, sig, slice_of("", 0));
    st = buf_ok(&b) ? store_put(t, OUTBOX_DUE, slice_of(k, sizeof k), buf_slice(&b)) : ST_NO_MEMORY;
    buf_done(&b);
    return st;
}

int outbox_due_forget(struct store_txn *t, uint32_t office, uint64_t after)
{
    struct outbox_due d = { .sequence = after };
    int st;
    while ((st = outbox_due_next(t, office, d.sequence, &d)) == ST_OK) {
        uint8_t k[12];
        struct slice v;
        struct buf row;
        if (!d.acked) continue;
        st = store_get(t, OUTBOX_DUE, due_key(k, office, d.sequence), &v);
        if (st != ST_OK) break;
        buf_init(&row, v.n);
        buf_u8(&row, 0);
        buf_put(&row, v.p + 1, v.n - 1);
        st = buf_ok(&row) ? store_put(t, OUTBOX_DUE, slice_of(k, sizeof k), buf_slice(&row)) : ST_NO_MEMORY;
        buf_done(&row);
        if (st != ST_OK) break;
    }
    return st == ST_NOT_FOUND ? ST_OK : st;
}

int outbox_due_del(struct store_txn *t, uint32_t office, uint64_t seq)
{
    uint8_t k[12];
    return store_del(t, OUTBOX_DUE, due_key(k, office, seq));
}

/* The dispositions of the record that holds updates first..last, as its worker packs them: those of the ack's list in between. */
static int dispositions_hash(struct slice list, uint64_t first, uint64_t last, struct hash *ret)
{
    struct buf pairs, whole;
    struct rd r = rd_of(list);
    uint32_t n = list.n ? codec_get_array(&r) : 0, in = 0;
    buf_init(&pairs, list.n + 1);
    buf_init(&whole, list.n + 16);
    for (uint32_t i = 0; i < n; i++) {
        (void)codec_get_array(&r);
        uint64_t seq = codec_get_uint(&r), code = codec_get_uint(&r);
        if (seq < first || seq > last) continue;
        codec_put_array(&pairs, 2);
        codec_put_uint(&pairs, seq - first);
        codec_put_uint(&pairs, code);
        in++;
    }
    codec_put_array(&whole, in);
    if (pairs.n) buf_put(&whole, pairs.p, pairs.n);
    bool ok = buf_ok(&pairs) && buf_ok(&whole);
    if (ok) *ret = sign_hash(whole.p, whole.n);
    buf_done(&pairs);
    buf_done(&whole);
    return ok ? ST_OK : ST_NO_MEMORY;
}

int outbox_due_acked(struct store_txn *t, uint32_t office, const struct outbox_batch *b, const struct outbox_receipt *a)
{
    uint8_t k[12];
    struct slice v;
    struct buf row;
    struct hash dispositions;
    int st = store_get(t, OUTBOX_DUE, due_key(k, office, b->last), &v);
    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_OK : st;
    if (v.n < FIXED_BYTES) return ST_CORRUPT;
    st = dispositions_hash(a->refused, b->first, b->last, &dispositions);
    if (st != ST_OK) return st;
    buf_init(&row, v.n);
    buf_u8(&row, 1);
    buf_be64(&row, a->lsn);
    buf_put(&row, a->hash.b, HASH_SIZE);
    buf_put(&row, dispositions.b, HASH_SIZE);
    char worker[OUTBOX_WORKER_SIZE] = { 0 };
    memcpy(worker, a->worker, strnlen(a->worker, sizeof worker - 1));
    buf_put(&row, worker, sizeof worker);
    buf_put(&row, v.p + FIXED_BYTES, v.n - FIXED_BYTES);
    st = buf_ok(&row) ? store_put(t, OUTBOX_DUE, slice_of(k, 12), buf_slice(&row)) : ST_NO_MEMORY;
    buf_done(&row);
    return st;
}
