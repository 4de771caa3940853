/* witness_receipt.c - receipts: asking for the place of what was acknowledged, proving it, keeping the text. Kind: P.
 *
 * The answer is held against what this side knows by itself: its own signed header, what the ack said of the single updates, and a
 * checkpoint that was proven to extend all before it. Only a receipt that anybody can verify is kept; one that cannot be made is a
 * fault of the worker (WITNESS_RECEIPT).
 *
 * A way is walked in order of sequence; what was asked and not answered is walked again (witness.again).
 *
 * Invariant: for each file that stated something there is exactly one row, of what is owed (outbox_due.c) or of what is kept. */
#include <string.h>

#include "collector/witness.h"

enum { ROW_ROOM = 65536 /* bytes of pages a receipt may take */ };

static struct slice receipt_key(uint8_t k[12], uint32_t office, uint64_t seq)
{
    bytes_be32(k, office);
    bytes_be64(k + 4, seq);
    return slice_of(k, 12);
}

/* ---- asking ---- */

static struct witness_asked *slot(struct witness *w, uint32_t office, uint64_t seq)
{
    for (unsigned i = 0; i < WITNESS_ASKED_MAX; i++)
        if (w->asked[i].office == office && (office == 0 || w->asked[i].sequence == seq)) return &w->asked[i];
    return NULL;
}

static int send_place(const struct witness_office *o, const struct witness_asked *a, peer_id worker, struct effects *x)
{
    const struct field f[] = { { .s = slice_of(o->id, strlen(o->id)) }, { .u = 0 }, { .u = o->epoch }, { .u = a->sequence },
                               { .u = a->size } };
    struct buf b;
    buf_init(&b, 1024);
    int st = codec_build(&b, MSG_PLACE, f) ? effects_send(x, worker, buf_slice(&b)) : ST_NO_MEMORY;
    buf_done(&b);
    return st;
}

/* Can this one be asked for now? Moves the way on when not. */
static bool claimable(struct witness *w, struct witness_way *way, const struct outbox_due *d)
{
    if (!d->acked) {
        way->due = false;               /* those above it are not acked either */
        return false;
    }
    if (strcmp(d->worker, w->worker) != 0 || slot(w, 0, 0) == NULL) return false;
    if (d->lsn <= w->kept.size) return true;
    way->from = d->lsn;
    if (w->wanted < d->lsn) w->wanted = d->lsn;
    return false;
}

int witness_claim(struct witness *w, struct witness_way *way, const struct witness_office *o, struct store_txn *t, struct now now,
                  peer_id worker, struct effects *x)
{
    while (way->due && witness_trusts(w) && w->has_kept && way->from <= w->kept.size && effects_room(x, 1, 1024)) {
        struct outbox_due d;
        struct witness_asked *a = slot(w, 0, 0);
        int st = a ? outbox_due_next(t, o->number, way->after, &d) : ST_OK;
        if (st == ST_NOT_FOUND) way->due = false;
        if (st != ST_OK || !a) return st == ST_NOT_FOUND ? ST_OK : st;
        if (!claimable(w, way, &d)) {
            if (!way->due || way->from > w->kept.size) return ST_OK;
            way->after = d.sequence;    /* another worker's: it is not this one's to prove */
            continue;
        }
        way->after = d.sequence;
        *a = (struct witness_asked){ o->number, d.sequence, w->kept.size, now.mono };
        st = send_place(o, a, worker, x);
        if (st != ST_OK) return st;
    }
    return ST_OK;
}

/* ---- the answer ---- */

static bool receipt_fill(struct receipt *r, const struct outbox_due *d, const struct field *f, struct slice note)
{
    if (receipt_of_batch(&d->batch, r) != ST_OK || f[6].u > INT64_MAX || f[5].u == 0 || f[5].u > MERKLE_SIZE_MAX) return false;
    if (f[8].s.n % HASH_SIZE != 0 || f[8].s.n > sizeof r->path.h) return false;
    r->lsn = f[5].u;
    r->at.ms = (int64_t)f[6].u;
    memcpy(r->dispositions.b, f[7].s.p, HASH_SIZE);
    r->path.n = (unsigned)(f[8].s.n / HASH_SIZE);
    memcpy(r->path.h, f[8].s.p, f[8].s.n);
    r->checkpoint = note;
    return true;
}

static int keep(struct store_txn *t, uint32_t office, const struct outbox_due *d, struct slice text)
{
    uint8_t k[12];
    struct buf b;
    buf_init(&b, RECEIPT_BYTES_MAX + 512);
    buf_put(&b, d->worker, OUTBOX_WORKER_SIZE);
    buf_be64(&b, (uint64_t)d->pushed_at.ms);
    buf_u8(&b, (uint8_t)d->id.n);
    buf_put(&b, d->id.p, d->id.n);
    buf_u8(&b, (uint8_t)d->file.n);
    buf_put(&b, d->file.p, d->file.n);
    buf_put(&b, text.p, text.n);
    uint64_t seq = d->sequence;         /* d points into the store */
    int st = buf_ok(&b) ? store_put(t, OUTBOX_RECEIPT, receipt_key(k, office, seq), buf_slice(&b)) : ST_NO_MEMORY;
    buf_done(&b);
    return st == ST_OK ? outbox_due_del(t, office, seq) : st;
}

/* row: the checkpoint the place was asked for. */
static int judge(struct witness *w, const struct witness_office *o, struct store_txn *t, struct now now, const struct outbox_due *d,
                 const struct field *f, const struct witness_row *row)
{
    struct receipt r;
    struct buf text;
    bool ok = receipt_fill(&r, d, f, row->note);
    buf_init(&text, RECEIPT_BYTES_MAX);
    if (ok) receipt_format(&r, &text);
    bool memory = buf_ok(&text);
    ok = ok && memory && sign_hash_equal(&r.dispositions, &d->dispositions) &&
         receipt_verify(&r, &w->log, &w->o.verifier, &d->batch.hash) == RECEIPT_OK;
    int st = !memory ? ST_NO_MEMORY
             : ok    ? keep(t, o->number, d, buf_slice(&text))
                     : witness_accuse(w, t, now, WITNESS_RECEIPT, &w->kept, buf_slice(&text), f[4].u);
    buf_done(&text);
    return st;
}

int witness_placed(struct witness *w, const struct witness_office *o, struct store_txn *t, struct now now, const struct field *f)
{
    struct witness_asked *a = o->number ? slot(w, o->number, f[3].u) : NULL;
    struct outbox_due d;
    struct witness_row row;
    if (!a || f[1].u != 0 || f[2].u != o->epoch || f[4].u != a->size || !witness_trusts(w)) return ST_OK;
    if (store_room(t, ROW_ROOM) != ST_OK) return ST_OK;         /* asked for again when it has waited long enough */
    a->office = 0;
    int st = outbox_due_get(t, o->number, f[3].u, &d);
    if (st == ST_OK) st = witness_row_of_size(t, w->worker, f[4].u, &row);
    if (st == ST_NOT_FOUND) {           /* that checkpoint is gone by now: ask with a newer one */
        w->again = true;
        return ST_OK;
    }
    return st == ST_OK ? judge(w, o, t, now, &d, f, &row) : st;
}

/* ---- reading ---- */

static int parse(struct slice key, struct slice v, struct witness_receipt *ret)
{
    struct witness_receipt x = { 0 };
    struct rd r = rd_of(v);
    if (key.n != 12) return ST_CORRUPT;
    x.office = bytes_rd32(key.p);
    x.sequence = bytes_rd64(key.p + 4);
    struct slice worker = rd_bytes(&r, OUTBOX_WORKER_SIZE);
    x.pushed_at.ms = (int64_t)rd_be64(&r);
    x.id = rd_bytes(&r, rd_u8(&r));
    x.file = rd_bytes(&r, rd_u8(&r));
    x.text = rd_bytes(&r, rd_left(&r));
    if (r.bad || worker.p[OUTBOX_WORKER_SIZE - 1] != '\0') return ST_CORRUPT;
    memcpy(x.worker, worker.p, OUTBOX_WORKER_SIZE);
    *ret = x;
    return ST_OK;
}

int witness_receipt_get(struct store_txn *t, uint32_t office, uint64_t sequence, struct witness_receipt *ret)
{
    uint8_t k[12];
    struct slice v;
    int st = store_get(t, OUTBOX_RECEIPT, receipt_key(k, office, sequence), &v);
    return st == ST_OK ? parse(slice_of(k, sizeof k), v, ret) : st;
}

int witness_receipt_next(struct store_txn *t, uint32_t office, uint64_t sequence, struct witness_receipt *ret)
{
    uint8_t k[12];
    struct slice key, value;
    struct store_cursor *c = NULL;
    int st = store_cursor(t, OUTBOX_RECEIPT, &c);
    if (st != ST_OK) return st;
    st = store_seek(c, receipt_key(k, office, sequence + 1), &key, &value);
    if (st == ST_OK) st = parse(key, value, ret);
    store_cursor_close(&c);
    return st;
}
