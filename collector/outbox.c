/* outbox.c - see outbox.h. Kind: P.
 *
 * Invariant: for each office the rows of OUT are exactly the batches with last sequence in (acked, last], in order, each linked to
 * the one before; `head` is the hash of the newest batch ever signed. Everything about one import happens in one transaction, so a
 * crash leaves either the tray file or its batches, never half of both. */
#include "collector/outbox.h"

#include <string.h>

const char *const outbox_tables[] = { "meta", "dict_text", "dict_id", "unit", "stream", "out", "pushed", "pushed_at", "refused", NULL };
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

int outbox_stream_get(struct store_txn *t, uint32_t office, struct outbox_stream *ret)
{
    uint8_t k[4];
    bytes_be32(k, office);
    struct slice v;
    int st = store_get(t, OUTBOX_STREAM, slice_of(k, 4), &v);
    struct outbox_stream s = { 0 };
    if (st == ST_NOT_FOUND) { *ret = s; return ST_OK; }
    if (st != ST_OK) return st;
    struct rd r = rd_of(v);
    s.last = rd_varint(&r);
    s.acked = rd_varint(&r);
    s.lsn = rd_varint(&r);
    s.state = (uint32_t)rd_varint(&r);
    s.refused = rd_varint(&r);
    s.out_bytes = rd_varint(&r);
    s.last_at.ms = rd_zigzag(&r);
    s.acked_at.ms = rd_zigzag(&r);
    struct slice head = rd_bytes(&r, HASH_SIZE), acked = rd_bytes(&r, HASH_SIZE);
    if (r.bad || rd_left(&r)) return ST_CORRUPT;
    memcpy(s.head.b, head.p, HASH_SIZE);
    memcpy(s.acked_hash.b, acked.p, HASH_SIZE);
    *ret = s;
    return ST_OK;
}

int outbox_stream_put(struct store_txn *t, uint32_t office, const struct outbox_stream *s)
{
    uint8_t k[4];
    bytes_be32(k, office);
    struct buf b;
    buf_init(&b, 256);
    const uint64_t u[] = { s->last, s->acked, s->lsn, s->state, s->refused, s->out_bytes };
    for (size_t i = 0; i < sizeof u / sizeof u[0]; i++) buf_varint(&b, u[i]);
    buf_zigzag(&b, s->last_at.ms);
    buf_zigzag(&b, s->acked_at.ms);
    buf_put(&b, s->head.b, HASH_SIZE);
    buf_put(&b, s->acked_hash.b, HASH_SIZE);
    int st = buf_ok(&b) ? store_put(t, OUTBOX_STREAM, slice_of(k, 4), buf_slice(&b)) : ST_NO_MEMORY;
    buf_done(&b);
    return st;
}

/* ---- batches ---- */

static void out_key(uint8_t k[12], uint32_t office, uint64_t seq)
{
    bytes_be32(k, office);
    bytes_be64(k + 4, seq);
}

static int sign_header(const struct outbox_speaker *who, struct wall now, struct slice body, uint32_t count, const struct outbox_stream *s,
                       struct buf *header, uint8_t sig[SIG_SIZE])
{
    uint8_t pub[PUBKEY_SIZE];
    int st = who->signer->public_key(who->signer->ctx, who->id, pub);
    if (st != ST_OK) return st;
    struct batch_header h = { .office = who->id, .stream = 0, .epoch = who->identity->epoch, .sequence = s->last + 1, .count = count,
                              .previous = s->head, .body_hash = sign_hash(body.p, body.n), .signed_at = now, .key_id = sign_key_id(pub) };
    memcpy(h.installation, who->identity->installation, sizeof h.installation);
    codec_batch_header_put(header, &h);
    if (!buf_ok(header)) return ST_NO_MEMORY;
    return who->signer->sign(who->signer->ctx, who->id, buf_slice(header), sig);
}

int outbox_append(struct store_txn *t, const struct outbox_speaker *who, struct wall now, struct slice body, uint32_t count, struct outbox_stream *s)
{
    ASSERT(count > 0 && count <= BATCH_UPDATES_MAX && body.n <= BATCH_BYTES_MAX - BATCH_HEADER_BYTES_MAX);
    struct buf header, payload;
    buf_init(&header, BATCH_HEADER_BYTES_MAX);
    buf_init(&payload, BATCH_BYTES_MAX + 1024);
    uint8_t sig[SIG_SIZE], k[12];
    int st = sign_header(who, now, body, count, s, &header, sig);
    if (st == ST_OK) {
        codec_batch_put(&payload, buf_slice(&header), sig, body);
        out_key(k, who->office, s->last + 1);
        st = buf_ok(&payload) ? store_put(t, OUTBOX_OUT, slice_of(k, sizeof k), buf_slice(&payload)) : ST_NO_MEMORY;
    }
    if (st == ST_OK) {
        s->head = codec_batch_hash(buf_slice(&header), slice_of(sig, sizeof sig));
        s->last += count;
        s->out_bytes += payload.n;
        s->last_at = now;
        st = outbox_stream_put(t, who->office, s);
    }
    buf_done(&header);
    buf_done(&payload);
    return st;
}

static int out_parse(struct slice key, struct slice value, struct outbox_batch *ret)
{
    struct batch b;
    if (key.n != 12 || codec_batch_parse(value, &b) != ST_OK) return ST_CORRUPT;
    uint64_t first = bytes_rd64(key.p + 4);
    if (b.h.sequence != first || b.h.count == 0) return ST_CORRUPT;
    *ret = (struct outbox_batch){ .first = first, .last = first + b.h.count - 1, .payload = value, .hash = b.hash };
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

/* Is seq the end of one of our unacknowledged batches, and with which hash? */
static int batch_ending_at(struct store_txn *t, uint32_t office, uint64_t acked, uint64_t seq, struct outbox_batch *ret)
{
    for (uint64_t at = acked; at < seq; at = ret->last) {
        int st = outbox_next(t, office, at, ret);
        if (st != ST_OK) return st == ST_NOT_FOUND ? ST_INVALID : st;
        if (ret->last == seq) return ST_OK;
    }
    return ST_INVALID;
}

static int drop_up_to(struct store_txn *t, uint32_t office, uint64_t seq, struct outbox_stream *s)
{
    for (;;) {
        struct outbox_batch b;
        int st = outbox_next(t, office, s->acked, &b);
        if (st == ST_NOT_FOUND || (st == ST_OK && b.last > seq)) return ST_OK;
        if (st != ST_OK) return st;
        uint8_t k[12];
        size_t n = b.payload.n;
        out_key(k, office, b.first);
        st = store_del(t, OUTBOX_OUT, slice_of(k, sizeof k));
        if (st != ST_OK) return st;
        s->out_bytes -= n < s->out_bytes ? n : s->out_bytes;
        s->acked = b.last;
    }
}

int outbox_ack(struct store_txn *t, uint32_t office, uint64_t seq, const struct hash *hash, uint64_t lsn, struct wall now, struct outbox_stream *s)
{
    if (seq == s->acked) return seq == 0 || sign_hash_equal(hash, &s->acked_hash) ? ST_OK : ST_INVALID;
    if (seq < s->acked) return ST_OK; /* an old ack overtaken by a newer one */
    struct outbox_batch b;
    int st = batch_ending_at(t, office, s->acked, seq, &b);
    if (st != ST_OK) return st;
    if (!sign_hash_equal(&b.hash, hash)) return ST_INVALID;
    struct hash acked = b.hash;
    st = drop_up_to(t, office, seq, s);
    if (st != ST_OK) return st;
    ASSERT(s->acked == seq);
    s->acked_hash = acked;
    s->lsn = lsn;
    s->acked_at = now;
    return outbox_stream_put(t, office, s);
}

/* ---- refusals ---- */

static int find_update(struct slice body, uint64_t index, struct body_row *ret)
{
    struct body_reader r;
    int st = codec_body_open(body, &r);
    for (uint64_t i = 0; st == ST_OK; i++) {
        st = codec_body_next(&r, ret);
        if (st == ST_OK && i == index) return ST_OK;
    }
    return ST_CORRUPT;
}

static int unstate(struct store_txn *t, uint32_t office, const struct figure *f, uint64_t seq)
{
    struct unit u;
    uint32_t indicator = 0;
    unit_init(&u);
    if (f->indicator.n) (void)unit_dict_get(t, OUTBOX_DICT_TEXT, f->indicator, &indicator);
    int st = unit_load(&u, t, OUTBOX_UNIT, office, f->year);
    if (st == ST_OK) {
        struct leaf_key k = { .activity = f->activity, .account = f->account, .indicator = indicator, .measure = f->measure,
                              .stage = f->stage, .source = f->source };
        struct leaf *l = unit_find(&u, &k);
        struct slot *s = l ? &l->slot[unit_slot_of(f)] : NULL;
        if (s && s->prov == seq) {
            *s = (struct slot){ .kind = VALUE_WITHDRAWN, .prov = seq };
            l->dirty = true;
            st = unit_save(&u, t, OUTBOX_UNIT);
        }
    }
    unit_done(&u);
    return st;
}

int outbox_refuse(struct store_txn *t, uint32_t office, uint64_t seq, unsigned code, struct outbox_stream *s)
{
    if (seq <= s->acked || seq > s->last) return ST_OK; /* already settled by an earlier ack */
    struct outbox_batch b = { 0 };
    struct batch batch;
    struct body_row row;
    for (uint64_t at = s->acked; b.last < seq; at = b.last) {
        int st = outbox_next(t, office, at, &b);
        if (st != ST_OK) return st == ST_NOT_FOUND ? ST_CORRUPT : st;
    }
    if (codec_batch_parse(b.payload, &batch) != ST_OK || find_update(batch.body, seq - b.first, &row) != ST_OK) return ST_CORRUPT;
    uint8_t k[12], v[2];
    out_key(k, office, seq);
    bytes_be16(v, (uint16_t)code);
    int st = unstate(t, office, &row.figure, seq);
    if (st == ST_OK) st = store_put(t, OUTBOX_REFUSED, slice_of(k, sizeof k), slice_of(v, sizeof v));
    if (st != ST_OK) return st;
    s->refused++;
    return outbox_stream_put(t, office, s);
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
    if (st != ST_OK || n <= 8 || bytes_rd64(old) >= keep_from_ms) return st == ST_NOT_FOUND ? ST_OK : st;
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
