/* outbox_keep.c - what was acknowledged and is kept all the same, until it lies on a second medium (P14). Kind: P.
 *
 * An ack moves nothing: the batch stays where it stands in OUT, and the row of STREAM says what is acknowledged (`acked`) and what
 * was let go (`kept_from`). So an ack needs no room, and going back to a restored log is moving `acked` back.
 *
 * Let go is, oldest first: what is archived; then, counted and shown as `let_go`, what is older or more than the configuration
 * allows, or what stands in the way of new statements in a full store.
 *
 * Invariant: the rows of OUT are exactly the batches with last sequence in (kept_from, last]; kept_from <= acked; kept_hash is the
 * hash of the batch that ends at kept_from. */
#include <string.h>

#include "collector/outbox.h"

enum { TRIM_ROWS = 4096 /* one call */, RELEASE_ROWS = 64 };

static int let_go(struct store_txn *t, uint32_t office, const struct outbox_batch *b, struct outbox_stream *s)
{
    const uint64_t last = b->last, bytes = b->payload.n;
    const struct hash hash = b->hash;   /* b points into the store */
    uint8_t k[12];
    bytes_be32(k, office);
    bytes_be64(k + 4, last);
    int st = store_del(t, OUTBOX_OUT, slice_of(k, sizeof k));
    ASSERT(st != ST_NOT_FOUND);         /* it was read in this transaction */
    if (st != ST_OK) return st;
    s->kept_from = last;
    s->kept_hash = hash;
    s->kept_bytes -= bytes < s->kept_bytes ? bytes : s->kept_bytes;
    if (last > s->archived) s->let_go++;
    return ST_OK;
}

/* When a batch was signed; of one that cannot be read, long ago. */
static int64_t signed_ms(const struct outbox_batch *b)
{
    struct batch batch;
    return codec_batch_parse_covered(b->payload, &batch) == ST_OK ? batch.h.signed_at.ms : 0;
}

static bool may_go(const struct outbox_batch *b, const struct outbox_stream *s, const struct outbox_keep *keep, struct wall now)
{
    if (b->last <= s->archived || s->kept_bytes > keep->bytes) return true;
    return now.ms - signed_ms(b) > keep->age_ms;
}

int outbox_trim(struct store_txn *t, uint32_t office, const struct outbox_keep *keep, struct wall now, struct outbox_stream *s)
{
    static const struct outbox_keep nothing;
    const bool counts = keep != NULL;
    uint64_t before = s->let_go;
    int st = ST_OK;
    if (!counts) keep = &nothing;
    for (unsigned i = 0; st == ST_OK && i < TRIM_ROWS && s->kept_from < s->acked; i++) {
        struct outbox_batch b;
        st = outbox_next(t, office, s->kept_from, &b);
        if (st != ST_OK) return st == ST_NOT_FOUND ? ST_CORRUPT : st;
        if (counts && !may_go(&b, s, keep, now)) break;
        st = let_go(t, office, &b, s);
    }
    if (!counts) s->let_go = before;    /* nothing was to be kept */
    return st;
}

int outbox_archived(struct store_txn *t, uint32_t office, uint64_t sequence, const struct hash *hash, struct outbox_stream *s)
{
    struct outbox_batch b;
    (void)t;
    if (sequence <= s->archived || sequence <= s->kept_from) return ST_OK;
    if (sequence > s->acked) return ST_INVALID;
    int st = outbox_next(t, office, sequence - 1, &b);
    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_CORRUPT : st;
    if (b.last != sequence || !sign_hash_equal(&b.hash, hash)) return ST_INVALID;
    s->archived = sequence;
    return ST_OK;
}

/* ---- a full store ---- */

static int next_stream(struct store_txn *t, uint32_t after, uint32_t *ret)
{
    struct store_cursor *c = NULL;
    struct slice key, value;
    uint8_t k[4];
    int st = store_cursor(t, OUTBOX_STREAM, &c);
    if (st != ST_OK) return st;
    bytes_be32(k, after + 1);
    st = store_seek(c, slice_of(k, sizeof k), &key, &value);
    if (st == ST_OK && key.n != 4) st = ST_CORRUPT;
    if (st == ST_OK) *ret = bytes_rd32(key.p);
    store_cursor_close(&c);
    return st;
}

static int release_some(struct store_txn *t, uint32_t office, bool *ret_any)
{
    struct outbox_stream s;
    struct outbox_batch b;
    int st = outbox_stream_get(t, office, &s);
    unsigned n = 0;
    for (; st == ST_OK && n < RELEASE_ROWS && s.kept_from < s.acked; n++) {
        st = outbox_next(t, office, s.kept_from, &b);
        if (st == ST_OK) st = let_go(t, office, &b, &s);
    }
    if (st == ST_OK && n) st = outbox_stream_put(t, office, &s);
    *ret_any = n > 0;
    return st == ST_NOT_FOUND ? ST_CORRUPT : st;
}

int outbox_release(struct store_txn *t, uint64_t wanted)
{
    bool any = true;
    int st = store_room(t, wanted);
    while (st == ST_FULL && any) {
        uint32_t office = 0;
        any = false;
        while ((st = next_stream(t, office, &office)) == ST_OK) {
            bool some;
            st = release_some(t, office, &some);
            if (st != ST_OK) return st;
            any |= some;
        }
        if (st != ST_NOT_FOUND) return st;
        st = store_room(t, wanted);
    }
    return st;
}

/* ---- a restored log ---- */

/* Bytes of the payloads in (from, to]; ST_INVALID when no batch ends at `from` with that hash. */
static int measure(struct store_txn *t, uint32_t office, uint64_t from, const struct hash *hash, const struct outbox_stream *s,
                   uint64_t *ret)
{
    struct outbox_batch b;
    uint64_t at = from, bytes = 0;
    int st = ST_OK;
    if (from == s->kept_from) {
        if (from != 0 && !sign_hash_equal(hash, &s->kept_hash)) return ST_INVALID;
    } else {
        st = outbox_next(t, office, from - 1, &b);
        if (st != ST_OK) return st == ST_NOT_FOUND ? ST_CORRUPT : st;
        if (b.last != from || !sign_hash_equal(&b.hash, hash)) return ST_INVALID;
    }
    while (at < s->acked) {
        st = outbox_next(t, office, at, &b);
        if (st != ST_OK) return st == ST_NOT_FOUND ? ST_CORRUPT : st;
        bytes += b.payload.n;
        at = b.last;
    }
    *ret = bytes;
    return ST_OK;
}

int outbox_rewind(struct store_txn *t, uint32_t office, uint64_t sequence, const struct hash *hash, uint64_t lsn,
                  struct outbox_stream *s)
{
    uint64_t bytes;
    if (sequence >= s->acked || sequence < s->kept_from) return ST_INVALID;
    int st = measure(t, office, sequence, hash, s, &bytes);
    if (st != ST_OK) return st;
    s->acked = sequence;
    s->acked_hash = *hash;
    s->lsn = lsn;
    if (s->archived > sequence) s->archived = sequence;
    s->out_bytes += bytes;
    s->kept_bytes -= bytes < s->kept_bytes ? bytes : s->kept_bytes;
    st = outbox_due_forget(t, office, sequence);
    return st == ST_OK ? outbox_stream_put(t, office, s) : st;
}
