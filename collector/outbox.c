/* outbox.c - see outbox.h. Kind: P.
 *
 * A batch is hashed once, when it is signed; OUT keeps its count and hash beside the payload under its last sequence. So the batch
 * an ack names is one look-up, the next one to send is one seek, and the store's own checksum is all that is computed again.
 *
 * Rows of STREAM have one width, deletions need no room and imports stop before the store is full (collect.c): what the
 * worker answers can always be written, so a full outbox drains.
 *
 * Invariant: for each office the rows of OUT are exactly the batches with last sequence in (kept_from, last], in order, each linked
 * to the one before; `head` is the hash of the newest batch ever signed. Everything about one import happens in one transaction,
 * so a crash leaves either the tray file or its batches, never half of both. */
#include "collector/outbox.h"

#include <string.h>

const char *const outbox_tables[] = { "meta",   "dict_text", "dict_id",   "unit",    "stream",
                                      "out",    "pushed",    "pushed_at", "refused",
                                      "due",    "receipt",   "witness", "witnessed", "evidence", "resigned",
                                      "attached", "origin", NULL };
_Static_assert(sizeof outbox_tables / sizeof outbox_tables[0] == OUTBOX_TABLE_COUNT + 1, "a name for every table");

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

int outbox_identity(struct store_txn *t, const struct outbox_identity *fresh, struct outbox_identity *ret)
{
    struct slice v;
    int st = store_get(t, OUTBOX_META, text("identity"), &v);
    if (st == ST_OK) {
        if (v.n != 24) return ST_CORRUPT;
        memcpy(ret->installation, v.p, 16);
        ret->epoch = bytes_rd64(v.p + 16);
        return ST_OK;
    }
    if (st != ST_NOT_FOUND) return st;
    uint8_t b[24];
    memcpy(b, fresh->installation, 16);
    bytes_be64(b + 16, fresh->epoch);
    st = store_put(t, OUTBOX_META, text("identity"), slice_of(b, sizeof b));
    if (st == ST_OK) *ret = *fresh;
    return st;
}

/* ---- streams ---- */

enum { STREAM_BYTES_BEFORE = 7 * 8 + 4 + 2 * HASH_SIZE + OUTBOX_WORKER_SIZE,  /* of a release that kept nothing after an ack */
       STREAM_BYTES = STREAM_BYTES_BEFORE + 4 * 8 + HASH_SIZE };

/* The row's second half; where there is none, nothing was kept. */
static void stream_kept(struct rd *r, struct outbox_stream *s)
{
    if (rd_left(r) == 0) {
        s->kept_from = s->acked;
        s->kept_hash = s->acked_hash;
        return;
    }
    uint64_t *const u[] = { &s->kept_from, &s->kept_bytes, &s->archived, &s->let_go };
    for (size_t i = 0; i < sizeof u / sizeof u[0]; i++) *u[i] = rd_be64(r);
    memcpy(s->kept_hash.b, rd_bytes(r, HASH_SIZE).p, HASH_SIZE);
}

int outbox_stream_get(struct store_txn *t, uint32_t office, struct outbox_stream *ret)
{
    uint8_t k[4];
    bytes_be32(k, office);
    struct slice v;
    int st = store_get(t, OUTBOX_STREAM, slice_of(k, 4), &v);
    struct outbox_stream s = { 0 };
    if (st == ST_NOT_FOUND) {
        *ret = s;
        return ST_OK;
    }
    if (st != ST_OK) return st;
    if (v.n != STREAM_BYTES && v.n != STREAM_BYTES_BEFORE) return ST_CORRUPT;
    struct rd r = rd_of(v);
    uint64_t *const u[] = { &s.last, &s.acked, &s.lsn, &s.refused, &s.out_bytes };
    for (size_t i = 0; i < sizeof u / sizeof u[0]; i++) *u[i] = rd_be64(&r);
    s.last_at.ms = (int64_t)rd_be64(&r);
    s.acked_at.ms = (int64_t)rd_be64(&r);
    s.state = rd_be32(&r);
    memcpy(s.head.b, rd_bytes(&r, HASH_SIZE).p, HASH_SIZE);
    memcpy(s.acked_hash.b, rd_bytes(&r, HASH_SIZE).p, HASH_SIZE);
    memcpy(s.worker, rd_bytes(&r, OUTBOX_WORKER_SIZE).p, OUTBOX_WORKER_SIZE);
    if (s.worker[OUTBOX_WORKER_SIZE - 1] != '\0') return ST_CORRUPT;
    stream_kept(&r, &s);
    *ret = s;
    return ST_OK;
}

int outbox_stream_put(struct store_txn *t, uint32_t office, const struct outbox_stream *s)
{
    uint8_t k[4], v[STREAM_BYTES], *p = v;
    const uint64_t u[] = { s->last, s->acked, s->lsn, s->refused, s->out_bytes, (uint64_t)s->last_at.ms, (uint64_t)s->acked_at.ms };
    bytes_be32(k, office);
    for (size_t i = 0; i < sizeof u / sizeof u[0]; i++, p += 8) bytes_be64(p, u[i]);
    bytes_be32(p, s->state);
    memcpy(p + 4, s->head.b, HASH_SIZE);
    memcpy(p + 4 + HASH_SIZE, s->acked_hash.b, HASH_SIZE);
    memcpy(p + 4 + 2 * HASH_SIZE, s->worker, OUTBOX_WORKER_SIZE);
    const uint64_t kept[] = { s->kept_from, s->kept_bytes, s->archived, s->let_go };
    p = v + STREAM_BYTES_BEFORE;
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++, p += 8) bytes_be64(p, kept[i]);
    memcpy(p, s->kept_hash.b, HASH_SIZE);
    return store_put(t, OUTBOX_STREAM, slice_of(k, 4), slice_of(v, sizeof v));
}

int outbox_subject(struct store_txn *t, uint32_t office, struct slice subject, bool add, uint32_t *ret)
{
    struct slice id;
    uint8_t pair[2 * OFFICE_ID_MAX + 1];
    int st = unit_dict_text(t, OUTBOX_DICT_ID, office, &id);
    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_CORRUPT : st;
    if (id.n > OFFICE_ID_MAX || subject.n > OFFICE_ID_MAX) return ST_CORRUPT;
    if (id.n == subject.n && memcmp(id.p, subject.p, id.n) == 0) {
        *ret = office;
        return ST_OK;
    }
    memcpy(pair, id.p, id.n);
    pair[id.n] = '/';                   /* stands in no office id */
    memcpy(pair + id.n + 1, subject.p, subject.n);
    struct slice both = slice_of(pair, id.n + 1 + subject.n);
    return add ? unit_dict_add(t, OUTBOX_DICT_TEXT, OUTBOX_DICT_ID, both, ret) : unit_dict_get(t, OUTBOX_DICT_TEXT, both, ret);
}

/* ---- batches ---- */

enum { OUT_HEAD_BYTES = 2 + HASH_SIZE };
_Static_assert(BATCH_UPDATES_MAX <= UINT16_MAX, "a count fits OUT");

static void out_key(uint8_t k[12], uint32_t office, uint64_t seq)
{
    bytes_be32(k, office);
    bytes_be64(k + 4, seq);
}

static int sign_header(const struct outbox_speaker *who, struct wall now, struct slice body, uint32_t count,
                       const struct outbox_stream *s, struct buf *header, uint8_t sig[SIG_SIZE])
{
    uint8_t pub[PUBKEY_SIZE];
    int st = who->signer->public_key(who->signer->ctx, who->id, pub);
    if (st != ST_OK) return st;
    struct batch_header h = { .office = who->id,
                              .stream = 0,
                              .epoch = who->identity->epoch,
                              .sequence = s->last + 1,
                              .count = count,
                              .previous = s->head,
                              .body_hash = sign_hash(body.p, body.n),
                              .signed_at = now,
                              .key_id = sign_key_id(pub) };
    memcpy(h.installation, who->identity->installation, sizeof h.installation);
    codec_batch_header_put(header, &h);
    if (!buf_ok(header)) return ST_NO_MEMORY;
    return who->signer->sign(who->signer->ctx, who->id, buf_slice(header), sig);
}

static int out_put(struct store_txn *t, uint32_t office, uint32_t count, struct slice header, const uint8_t sig[SIG_SIZE],
                   struct slice body, struct outbox_stream *s)
{
    struct hash hash = codec_batch_hash(header, slice_of(sig, SIG_SIZE));
    struct buf value;
    uint8_t k[12];
    buf_init(&value, OUT_HEAD_BYTES + BATCH_BYTES_MAX + 1024);
    buf_be16(&value, (uint16_t)count);
    buf_put(&value, hash.b, HASH_SIZE);
    codec_batch_put(&value, header, sig, body);
    out_key(k, office, s->last + count);
    int st = buf_ok(&value) ? store_put(t, OUTBOX_OUT, slice_of(k, sizeof k), buf_slice(&value)) : ST_NO_MEMORY;
    if (st == ST_OK) {
        s->head = hash;
        s->last += count;
        s->out_bytes += value.n - OUT_HEAD_BYTES;
    }
    buf_done(&value);
    return st;
}

int outbox_append(struct store_txn *t, const struct outbox_speaker *who, struct wall now, struct slice body, uint32_t count,
                  struct outbox_stream *s)
{
    ASSERT(count > 0 && count <= BATCH_UPDATES_MAX && body.n <= BATCH_BYTES_MAX - BATCH_HEADER_BYTES_MAX);
    struct buf header;
    uint8_t sig[SIG_SIZE];
    buf_init(&header, BATCH_HEADER_BYTES_MAX);
    int st = sign_header(who, now, body, count, s, &header, sig);
    if (st == ST_OK) st = out_put(t, who->office, count, buf_slice(&header), sig, body, s);
    if (st == ST_OK) {
        s->last_at = now;
        st = outbox_stream_put(t, who->office, s);
    }
    buf_done(&header);
    return st;
}

static int out_parse(struct slice key, struct slice value, struct outbox_batch *ret)
{
    ASSERT(key.n == 12);
    if (value.n <= OUT_HEAD_BYTES) return ST_CORRUPT;
    uint64_t last = bytes_rd64(key.p + 4), count = bytes_rd16(value.p);
    if (count == 0 || count > last) return ST_CORRUPT;
    *ret = (struct outbox_batch){ .first = last - count + 1, .last = last,
                                  .payload = slice_of(value.p + OUT_HEAD_BYTES, value.n - OUT_HEAD_BYTES) };
    memcpy(ret->hash.b, value.p + 2, HASH_SIZE);
    return ST_OK;
}

int outbox_next(struct store_txn *t, uint32_t office, uint64_t after, struct outbox_batch *ret)
{
    uint8_t k[12];
    struct store_cursor *c = NULL;
    struct slice key, value;
    int st = store_cursor(t, OUTBOX_OUT, &c);
    if (st != ST_OK) return st;
    out_key(k, office, after + 1);
    st = store_seek(c, slice_of(k, sizeof k), &key, &value);
    if (st == ST_OK && (key.n != 12 || bytes_rd32(key.p) != office)) st = ST_NOT_FOUND;
    if (st == ST_OK) st = out_parse(key, value, ret);
    store_cursor_close(&c);
    return st;
}

int outbox_knows(struct store_txn *t, uint32_t office, uint64_t seq, const struct hash *hash, const struct outbox_stream *s)
{
    struct outbox_batch b;
    if (seq == s->acked) return seq == 0 || sign_hash_equal(hash, &s->acked_hash) ? ST_OK : ST_INVALID;
    if (seq < s->acked || seq > s->last) return ST_INVALID;
    int st = outbox_next(t, office, seq - 1, &b);
    if (st == ST_NOT_FOUND) return ST_CORRUPT;
    if (st != ST_OK) return st;
    return b.last == seq && sign_hash_equal(&b.hash, hash) ? ST_OK : ST_INVALID;
}

static int settle_up_to(struct store_txn *t, uint32_t office, const struct outbox_receipt *a, struct outbox_stream *s,
                        struct outbox_settled *ret)
{
    while (s->acked < a->sequence) {
        struct outbox_batch b;
        int st = outbox_next(t, office, s->acked, &b);
        ASSERT(st != ST_NOT_FOUND);     /* outbox_knows: a->sequence itself is there */
        if (st != ST_OK) return st;
        ret->batches++;
        ret->bytes += b.payload.n;
        const uint64_t last = b.last;   /* b points into the store */
        st = outbox_due_acked(t, office, &b, a);
        if (st != ST_OK) return st;
        s->acked = last;
    }
    s->out_bytes -= ret->bytes < s->out_bytes ? ret->bytes : s->out_bytes;
    s->kept_bytes += ret->bytes;
    return ST_OK;
}

int outbox_ack(struct store_txn *t, uint32_t office, const struct outbox_receipt *a, struct wall now, struct outbox_stream *s,
               struct outbox_settled *ret)
{
    struct outbox_settled settled = { 0 };
    bool old = a->sequence < s->acked;  /* overtaken by a newer one */
    int st = old ? ST_OK : outbox_knows(t, office, a->sequence, &a->hash, s);
    if (st == ST_OK && !old && !outbox_refuse_list_ok(a->refused)) st = ST_INVALID;
    if (st != ST_OK) return st;
    *ret = settled;
    if (old || a->sequence == s->acked) return ST_OK;
    st = outbox_refuse(t, office, a->sequence, a->refused, s);
    if (st == ST_OK) st = settle_up_to(t, office, a, s, &settled);
    if (st == ST_OK) st = outbox_trim(t, office, a->keep, now, s);
    if (st != ST_OK) return st;
    s->acked_hash = a->hash;
    s->lsn = a->lsn;
    s->acked_at = now;
    memset(s->worker, 0, sizeof s->worker);
    memcpy(s->worker, a->worker, strnlen(a->worker, sizeof s->worker - 1));
    st = outbox_stream_put(t, office, s);
    if (st == ST_OK) *ret = settled;
    return st;
}

/* ---- what became of each pushed file ---- */

int outbox_pushed_get(struct store_txn *t, struct slice tray_id, struct outbox_pushed *ret)
{
    struct slice v;
    int st = store_get(t, OUTBOX_PUSHED, tray_id, &v);
    if (st != ST_OK) return st;
    struct rd r = rd_of(v);
    struct outbox_pushed p = { 0 };
    p.at.ms = rd_zigzag(&r);
    p.office = rd_be32(&r);
    p.rows = (uint32_t)rd_varint(&r);
    p.accepted = (uint32_t)rd_varint(&r);
    p.duplicate = (uint32_t)rd_varint(&r);
    p.superseded = (uint32_t)rd_varint(&r);
    p.refused = (uint32_t)rd_varint(&r);
    p.last = rd_varint(&r);
    struct slice file = rd_bytes(&r, rd_left(&r));
    if (r.bad || file.n >= sizeof p.file) return ST_CORRUPT;
    memcpy(p.file, file.p, file.n);
    *ret = p;
    return ST_OK;
}

static int trim_pushed(struct store_txn *t, uint64_t keep_from_ms)
{
    struct store_cursor *c = NULL;
    struct slice key, value;
    int st = store_cursor(t, OUTBOX_PUSHED_AT, &c);
    if (st != ST_OK) return st;
    st = store_seek(c, slice_of("", 1), &key, &value);
    uint8_t old[STORE_KEY_MAX];
    size_t n = st == ST_OK ? key.n : 0;
    if (n) memcpy(old, key.p, n);
    store_cursor_close(&c);
    ASSERT(st != ST_NOT_FOUND);         /* the caller has just put one */
    if (st != ST_OK || n <= 8 || bytes_rd64(old) >= keep_from_ms) return st;
    st = store_del(t, OUTBOX_PUSHED, slice_of(old + 8, n - 8));
    return st == ST_OK || st == ST_NOT_FOUND ? store_del(t, OUTBOX_PUSHED_AT, slice_of(old, n)) : st;
}

int outbox_pushed_put(struct store_txn *t, struct slice tray_id, const struct outbox_pushed *p)
{
    ASSERT(tray_id.n > 0 && tray_id.n <= OUTBOX_TRAY_ID_MAX);
    struct buf b;
    uint8_t at[STORE_KEY_MAX];
    buf_init(&b, 512);
    buf_zigzag(&b, p->at.ms);
    buf_be32(&b, p->office);
    const uint32_t u[] = { p->rows, p->accepted, p->duplicate, p->superseded, p->refused };
    for (size_t i = 0; i < sizeof u / sizeof u[0]; i++) buf_varint(&b, u[i]);
    buf_varint(&b, p->last);
    buf_put(&b, p->file, strnlen(p->file, sizeof p->file - 1));
    bytes_be64(at, (uint64_t)p->at.ms);
    memcpy(at + 8, tray_id.p, tray_id.n);
    int st = buf_ok(&b) ? store_put(t, OUTBOX_PUSHED, tray_id, buf_slice(&b)) : ST_NO_MEMORY;
    if (st == ST_OK) st = store_put(t, OUTBOX_PUSHED_AT, slice_of(at, 8 + tray_id.n), slice_of("", 0));
    buf_done(&b);
    /* a result older than 400 days may go, one per new one: the table stays as long as the office's own year and more */
    const int64_t keep_ms = INT64_C(400) * 24 * 3600 * 1000;
    return st == ST_OK ? trim_pushed(t, p->at.ms > keep_ms ? (uint64_t)(p->at.ms - keep_ms) : 0) : st;
}
