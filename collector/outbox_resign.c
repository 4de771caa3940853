/* outbox_resign.c - statements that wait under a key that is valid no more, signed anew under the office's present one. Kind: P.
 *
 * A key was revoked while batches signed with it waited, and the office has another one: the worker will never take them as they
 * are, and the stream stands still behind them. What they say is still what this office stated, in its own outbox, so the office
 * signs it again: same epoch, numbers, counts and bodies, so nothing is lost and nothing can count twice; another signature, time,
 * key and link. Only what the worker's log does not have is touched: it has refused the first one for its key, and it answers what
 * it has with an ACK whatever became of the key.
 *
 * What was signed before stays in RESIGNED with its header and signature: it proves to whoever asks that the body is the same and
 * when it was stated first.
 *
 * Invariant: all in one transaction, so OUT is at every commit one chain; head is the hash of its newest batch. */
#include <string.h>

#include "collector/outbox.h"

enum { OUT_HEAD = 2 + HASH_SIZE, EVIDENCE_MAX = BATCH_HEADER_BYTES_MAX + SIG_SIZE + 64, ROOM_FACTOR = 2, ROOM_EACH = 2048 };
struct resigning { struct store_txn *t; const struct outbox_speaker *who; struct wall now; struct hash previous; uint64_t key_id; };

static struct slice row_key(uint8_t k[20], uint32_t office, uint64_t last, struct wall at)
{
    bytes_be32(k, office);
    bytes_be64(k + 4, last);
    bytes_be64(k + 12, (uint64_t)at.ms);
    return slice_of(k, 20);
}

static int keep_old(const struct resigning *r, uint64_t last, const struct batch *old)
{
    uint8_t k[20];
    struct buf b;
    buf_init(&b, EVIDENCE_MAX);
    codec_batch_put(&b, old->header, old->signature.p, slice_of("", 0));
    int st = buf_ok(&b) ? store_put(r->t, OUTBOX_RESIGNED, row_key(k, r->who->office, last, r->now), buf_slice(&b)) : ST_NO_MEMORY;
    buf_done(&b);
    return st;
}

static int sign_again(const struct resigning *r, const struct batch *old, struct buf *header, uint8_t sig[SIG_SIZE])
{
    const struct signer *s = r->who->signer;
    struct batch_header h = old->h;
    h.previous = r->previous;
    h.signed_at = r->now;
    h.key_id = r->key_id;
    codec_batch_header_put(header, &h);
    return buf_ok(header) ? s->sign(s->ctx, r->who->id, buf_slice(header), sig) : ST_NO_MEMORY;
}

static int put_again(struct resigning *r, uint64_t last, uint32_t count, const struct batch *old, const struct buf *header,
                     const uint8_t sig[SIG_SIZE], size_t *ret_bytes)
{
    struct hash hash = codec_batch_hash(buf_slice(header), slice_of(sig, SIG_SIZE));
    struct buf value;
    uint8_t k[12];
    bytes_be32(k, r->who->office);
    bytes_be64(k + 4, last);
    buf_init(&value, OUT_HEAD + BATCH_BYTES_MAX + 1024);
    buf_be16(&value, (uint16_t)count);
    buf_put(&value, hash.b, HASH_SIZE);
    codec_batch_put(&value, buf_slice(header), sig, old->body);
    int st = buf_ok(&value) ? store_put(r->t, OUTBOX_OUT, slice_of(k, sizeof k), buf_slice(&value)) : ST_NO_MEMORY;
    *ret_bytes = value.n - OUT_HEAD;
    buf_done(&value);
    r->previous = hash;
    return st == ST_OK ? outbox_due_resign(r->t, r->who->office, last, buf_slice(header), sig) : st;
}

/* One batch; payload is a copy, because the store is written meanwhile. */
static int one(struct resigning *r, uint64_t last, struct slice payload, size_t *ret_bytes)
{
    uint8_t sig[SIG_SIZE];
    struct batch old;
    struct buf header;
    if (codec_batch_parse_covered(payload, &old) != ST_OK) return ST_CORRUPT;
    buf_init(&header, BATCH_HEADER_BYTES_MAX);
    int st = sign_again(r, &old, &header, sig);
    if (st == ST_OK) st = keep_old(r, last, &old);
    if (st == ST_OK) st = put_again(r, last, old.h.count, &old, &header, sig, ret_bytes);
    buf_done(&header);
    return st;
}

static int each(struct resigning *r, uint64_t from, struct outbox_stream *s, uint32_t *ret_n)
{
    struct buf copy;
    int st = ST_OK;
    buf_init(&copy, BATCH_BYTES_MAX + 4096);
    for (uint64_t at = from - 1; st == ST_OK && at < s->last; (*ret_n)++) {
        struct outbox_batch b;
        size_t bytes = 0;
        st = outbox_next(r->t, r->who->office, at, &b);
        if (st != ST_OK) break;
        at = b.last;
        buf_clear(&copy);
        buf_put(&copy, b.payload.p, b.payload.n);
        st = buf_ok(&copy) ? one(r, at, buf_slice(&copy), &bytes) : ST_NO_MEMORY;
        s->out_bytes += bytes;
        s->out_bytes -= copy.n < s->out_bytes ? copy.n : s->out_bytes;
    }
    buf_done(&copy);
    return st == ST_NOT_FOUND ? ST_CORRUPT : st;
}

/* The batch that begins at `from`, whether it bears another key, and the hash of the one before it. */
static int look(struct resigning *r, uint64_t from, const struct outbox_stream *s, bool *ret_other)
{
    struct outbox_batch b;
    struct batch batch;
    if (from <= s->acked || from > s->last) return ST_INVALID;
    r->previous = s->acked_hash;
    if (from - 1 > s->acked) {
        int st = outbox_next(r->t, r->who->office, from - 2, &b);
        if (st != ST_OK) return st == ST_NOT_FOUND ? ST_CORRUPT : st;
        if (b.last != from - 1) return b.first < from ? ST_INVALID : ST_CORRUPT;
        r->previous = b.hash;
    }
    int st = outbox_next(r->t, r->who->office, from - 1, &b);
    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_CORRUPT : st;
    if (codec_batch_parse_covered(b.payload, &batch) != ST_OK) return ST_CORRUPT;
    *ret_other = batch.h.key_id != r->key_id;
    return b.first == from ? ST_OK : ST_CORRUPT;        /* the one that began there is gone */
}

int outbox_resign(struct store_txn *t, const struct outbox_speaker *who, uint64_t from, struct wall now, struct outbox_stream *s,
                  uint32_t *ret_n)
{
    struct resigning r = { .t = t, .who = who, .now = now };
    uint8_t pub[PUBKEY_SIZE];
    uint32_t n = 0;
    bool other = false;
    *ret_n = 0;
    int st = who->signer->public_key(who->signer->ctx, who->id, pub);
    if (st != ST_OK) return st;
    r.key_id = sign_key_id(pub);
    st = look(&r, from, s, &other);
    if (st != ST_OK || !other) return st;
    if (store_room(t, s->out_bytes * ROOM_FACTOR + (s->last - from + 1) * ROOM_EACH) != ST_OK) return ST_OK;
    st = each(&r, from, s, &n);
    if (st != ST_OK) return st;
    s->head = r.previous;
    *ret_n = n;
    return outbox_stream_put(t, who->office, s);
}

int outbox_resigned(struct store_txn *t, uint32_t office, uint64_t *ret)
{
    struct store_cursor *c = NULL;
    struct slice key, value;
    uint64_t n = 0;
    uint8_t k[4];
    int st = store_cursor(t, OUTBOX_RESIGNED, &c);
    bytes_be32(k, office);
    if (st == ST_OK) st = store_seek(c, slice_of(k, sizeof k), &key, &value);
    for (; st == ST_OK && key.n == 20 && bytes_rd32(key.p) == office; st = store_next(c, &key, &value)) n++;
    store_cursor_close(&c);
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    *ret = n;
    return ST_OK;
}
