/* witness_store.c - the rows of witness.h: the kept checkpoint, some older ones, evidence. Kind: P.
 *
 * All of it can be done without: in a store without room nothing is written, and the worker is asked again later. What is acked
 * needs its room first (outbox.c).
 *
 * Invariant: the kept row is the greatest size of its worker that was ever proven to extend the one before it. */
#include <string.h>

#include "collector/witness.h"

enum { ROW_ROOM = 16384 /* bytes of pages a row may take */, FIXED_BYTES = 8 + 8 + HASH_SIZE + 8 };

static struct slice worker_key(const char *worker) { return slice_of(worker, strnlen(worker, OUTBOX_WORKER_SIZE - 1)); }

static struct slice older_key(uint8_t k[OUTBOX_WORKER_SIZE + 8], const char *worker, uint64_t size)
{
    memset(k, 0, OUTBOX_WORKER_SIZE);
    memcpy(k, worker, strnlen(worker, OUTBOX_WORKER_SIZE - 1));
    bytes_be64(k + OUTBOX_WORKER_SIZE, size);
    return slice_of(k, OUTBOX_WORKER_SIZE + 8);
}

static int row_parse(struct slice v, struct witness_row *ret)
{
    struct witness_row w = { 0 };
    struct rd r = rd_of(v);
    if (v.n <= FIXED_BYTES) return ST_CORRUPT;
    w.incarnation = rd_be64(&r);
    w.size = rd_be64(&r);
    memcpy(w.root.b, rd_bytes(&r, HASH_SIZE).p, HASH_SIZE);
    w.at.ms = (int64_t)rd_be64(&r);
    w.note = rd_bytes(&r, rd_left(&r));
    *ret = w;
    return w.note.n <= WITNESS_NOTE_MAX ? ST_OK : ST_CORRUPT;
}

static int row_write(struct store_txn *t, unsigned table, struct slice key, const struct witness_row *row)
{
    struct buf b;
    buf_init(&b, FIXED_BYTES + WITNESS_NOTE_MAX);
    buf_be64(&b, row->incarnation);
    buf_be64(&b, row->size);
    buf_put(&b, row->root.b, HASH_SIZE);
    buf_be64(&b, (uint64_t)row->at.ms);
    buf_put(&b, row->note.p, row->note.n);
    int st = buf_ok(&b) ? store_put(t, table, key, buf_slice(&b)) : ST_NO_MEMORY;
    buf_done(&b);
    return st;
}

int witness_row_get(struct store_txn *t, const char *worker, struct witness_row *ret)
{
    struct slice v;
    int st = worker[0] ? store_get(t, OUTBOX_WITNESS, worker_key(worker), &v) : ST_NOT_FOUND;
    return st == ST_OK ? row_parse(v, ret) : st;
}

int witness_row_of_size(struct store_txn *t, const char *worker, uint64_t size, struct witness_row *ret)
{
    uint8_t k[OUTBOX_WORKER_SIZE + 8];
    struct slice v;
    struct witness_row kept;
    int st = witness_row_get(t, worker, &kept);
    if (st != ST_OK) return st;
    if (kept.size == size) {
        *ret = kept;
        return ST_OK;
    }
    st = store_get(t, OUTBOX_WITNESSED, older_key(k, worker, size), &v);
    if (st == ST_OK) st = row_parse(v, ret);
    return st == ST_OK && ret->incarnation != kept.incarnation ? ST_NOT_FOUND : st;
}

/* Of the older ones of this worker the first goes when there are too many. */
static int trim_older(struct store_txn *t, const char *worker)
{
    uint8_t k[OUTBOX_WORKER_SIZE + 8], first[OUTBOX_WORKER_SIZE + 8];
    struct slice key, value, from = older_key(k, worker, 0);
    struct store_cursor *c = NULL;
    size_t n = 0;
    int st = store_cursor(t, OUTBOX_WITNESSED, &c);
    if (st != ST_OK) return st;
    for (st = store_seek(c, from, &key, &value); st == ST_OK; st = store_next(c, &key, &value)) {
        if (key.n != sizeof k || memcmp(key.p, k, OUTBOX_WORKER_SIZE) != 0) break;
        if (n++ == 0) memcpy(first, key.p, sizeof first);
    }
    store_cursor_close(&c);
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    return n > WITNESS_OLDER ? store_del(t, OUTBOX_WITNESSED, slice_of(first, sizeof first)) : ST_OK;
}

int witness_row_put(struct store_txn *t, const char *worker, const struct witness_row *row)
{
    uint8_t k[OUTBOX_WORKER_SIZE + 8], note[WITNESS_NOTE_MAX];
    struct witness_row before;
    ASSERT(row->note.n <= WITNESS_NOTE_MAX);
    if (store_room(t, 2 * ROW_ROOM) != ST_OK) return ST_FULL;
    int st = witness_row_get(t, worker, &before);
    if (st == ST_OK) {
        memcpy(note, before.note.p, before.note.n);     /* it points into the store */
        before.note.p = note;
        st = row_write(t, OUTBOX_WITNESSED, older_key(k, worker, before.size), &before);
        if (st == ST_OK) st = trim_older(t, worker);
    } else if (st == ST_NOT_FOUND) st = ST_OK;
    return st == ST_OK ? row_write(t, OUTBOX_WITNESS, worker_key(worker), row) : st;
}

/* ---- evidence ---- */

static int evidence_parse(struct slice key, struct slice v, struct witness_evidence *ret)
{
    struct witness_evidence e = { 0 };
    struct rd r = rd_of(v);
    if (key.n != 16) return ST_CORRUPT;
    e.at.ms = (int64_t)bytes_rd64(key.p);
    e.fault = (enum witness_fault)rd_u8(&r);
    struct slice worker = rd_bytes(&r, OUTBOX_WORKER_SIZE);
    e.incarnation = rd_be64(&r);
    e.kept_size = rd_be64(&r);
    e.seen_size = rd_be64(&r);
    e.kept = rd_bytes(&r, rd_be16(&r));
    e.seen = rd_bytes(&r, rd_be16(&r));
    if (r.bad || rd_left(&r) || e.fault >= WITNESS_FAULT_COUNT || worker.p[OUTBOX_WORKER_SIZE - 1]) return ST_CORRUPT;
    memcpy(e.worker, worker.p, OUTBOX_WORKER_SIZE);
    *ret = e;
    return ST_OK;
}

static void evidence_format(const struct witness_evidence *e, struct buf *b)
{
    char worker[OUTBOX_WORKER_SIZE] = { 0 };
    memcpy(worker, e->worker, strnlen(e->worker, sizeof worker - 1));
    buf_u8(b, (uint8_t)e->fault);
    buf_put(b, worker, sizeof worker);
    buf_be64(b, e->incarnation);
    buf_be64(b, e->kept_size);
    buf_be64(b, e->seen_size);
    buf_be16(b, (uint16_t)e->kept.n);
    buf_put(b, e->kept.p, e->kept.n);
    buf_be16(b, (uint16_t)e->seen.n);
    buf_put(b, e->seen.p, e->seen.n);
}

/* ST_OK: it stands there already, or there is enough of it; ST_NOT_FOUND: to be added. */
static int evidence_known(struct store_txn *t, struct slice row)
{
    struct store_cursor *c = NULL;
    struct slice key, value;
    size_t n = 0;
    bool same = false;
    int st = store_cursor(t, OUTBOX_EVIDENCE, &c);
    if (st != ST_OK) return st;
    for (st = store_seek(c, slice_of("", 0), &key, &value); st == ST_OK && !same; st = store_next(c, &key, &value), n++)
        same = value.n == row.n && memcmp(value.p, row.p, row.n) == 0;
    store_cursor_close(&c);
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    return same || n >= WITNESS_EVIDENCE_MAX ? ST_OK : ST_NOT_FOUND;
}

int witness_evidence_put(struct store_txn *t, const struct witness_evidence *e)
{
    struct buf b;
    uint8_t k[16];
    if (store_room(t, 4 * ROW_ROOM) != ST_OK) return ST_OK;
    buf_init(&b, 4096 + WITNESS_NOTE_MAX + RECEIPT_BYTES_MAX);
    evidence_format(e, &b);
    int st = buf_ok(&b) ? evidence_known(t, buf_slice(&b)) : ST_NO_MEMORY;
    if (st == ST_NOT_FOUND) {
        struct hash h = sign_hash(b.p, b.n);
        bytes_be64(k, (uint64_t)e->at.ms);
        memcpy(k + 8, h.b, 8);
        st = store_put(t, OUTBOX_EVIDENCE, slice_of(k, sizeof k), buf_slice(&b));
    }
    buf_done(&b);
    return st;
}

int witness_evidence_list(struct store_txn *t, witness_evidence_fn fn, void *ctx)
{
    struct store_cursor *c = NULL;
    struct slice key, value;
    struct witness_evidence e;
    int st = store_cursor(t, OUTBOX_EVIDENCE, &c);
    if (st != ST_OK) return st;
    for (st = store_seek(c, slice_of("", 0), &key, &value); st == ST_OK; st = store_next(c, &key, &value)) {
        if ((st = evidence_parse(key, value, &e)) != ST_OK) break;
        fn(ctx, &e);
    }
    store_cursor_close(&c);
    return st == ST_NOT_FOUND ? ST_OK : st;
}
