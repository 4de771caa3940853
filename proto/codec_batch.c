/* codec_batch.c - a batch: its signed header, its outer bytes, and the writing of sections and rows.
 *
 * The header is bytes of its own, because bytes are what is signed, hashed and kept: nobody ever packs a received header again.
 * A row is written directly, in one reservation of the buffer, in the same shortest forms msgpack-c would choose (the test
 * compares): through the general packer a row costs several times as much. Trailing elements without content are cut, so
 * one figure has exactly one encoding; equal bodies have equal hashes.
 * Invariant: codec_body_next(codec_row_put(f)) is f, for every figure that passes figure_check. */
#include "codec.h"

#include <string.h>

#include "codec_elem.h"
#include "codec_scan.h"

enum { HEADER_FORMAT = 1, HEADER_FIELDS = 11, BATCH_FIELDS = 3, COMMON_FIELDS = 7, ROW_FIELDS_MIN = 8, ROW_FIELDS_MAX = 13 };
enum { ROW_HEADS_MAX = 96 }; /* array head and, for each of 13 elements, the most its head or number can take */

/* ---- the header and the whole ---- */

static bool hash_read(struct rd *r, struct hash *ret)
{
    struct slice s;
    if (!elem_bin(r, &s) || s.n != HASH_SIZE) return false;
    memcpy(ret->b, s.p, HASH_SIZE);
    return true;
}

static bool bounded_read(struct rd *r, uint64_t min, uint64_t max, uint64_t *ret)
{
    return elem_uint(r, ret) && *ret >= min && *ret <= max;
}

static bool header_read(struct slice bytes, struct batch_header *ret)
{
    struct rd r = rd_of(bytes);
    struct slice id;
    uint64_t format, stream, count, at;
    uint32_t n;
    if (!elem_array(&r, &n) || n != HEADER_FIELDS || !bounded_read(&r, HEADER_FORMAT, HEADER_FORMAT, &format)) return false;
    if (!elem_bin(&r, &id) || id.n != sizeof ret->installation) return false;
    memcpy(ret->installation, id.p, id.n);
    if (!elem_str(&r, &ret->office) || ret->office.n == 0 || ret->office.n > OFFICE_ID_MAX) return false;
    if (!bounded_read(&r, 0, UINT32_MAX, &stream) || !bounded_read(&r, 1, INT64_MAX, &ret->epoch)) return false;
    if (!bounded_read(&r, 1, INT64_MAX, &ret->sequence) || !bounded_read(&r, 1, BATCH_UPDATES_MAX, &count)) return false;
    if (ret->sequence > INT64_MAX - count) return false;
    if (!hash_read(&r, &ret->previous) || !hash_read(&r, &ret->body_hash)) return false;
    if (!bounded_read(&r, 0, INT64_MAX, &at) || !elem_uint(&r, &ret->key_id)) return false;
    ret->stream = (uint32_t)stream;
    ret->count = (uint32_t)count;
    ret->signed_at.ms = (int64_t)at;
    return r.p == r.end;
}

int codec_batch_parse_covered(struct slice payload, struct batch *ret)
{
    struct batch b;
    struct rd r = rd_of(payload);
    uint32_t n;
    if (codec_scan(payload) != ST_OK || !elem_array(&r, &n) || n != BATCH_FIELDS) return ST_INVALID;
    if (!elem_bin(&r, &b.header) || !elem_bin(&r, &b.signature) || !elem_bin(&r, &b.body)) return ST_INVALID;
    if (b.header.n > BATCH_HEADER_BYTES_MAX || b.signature.n != SIG_SIZE) return ST_INVALID;
    if (b.header.n + b.signature.n + b.body.n > BATCH_BYTES_MAX) return ST_INVALID;
    if (codec_scan(b.header) != ST_OK || !header_read(b.header, &b.h)) return ST_INVALID;
    b.hash = codec_batch_hash(b.header, b.signature);
    *ret = b;
    return ST_OK;
}

int codec_batch_parse(struct slice payload, struct batch *ret)
{
    struct batch b;
    if (codec_batch_parse_covered(payload, &b) != ST_OK) return ST_INVALID;
    struct hash body = sign_hash(b.body.p, b.body.n);
    if (!sign_hash_equal(&body, &b.h.body_hash)) return ST_INVALID;
    *ret = b;
    return ST_OK;
}

void codec_batch_header_put(struct buf *b, const struct batch_header *h)
{
    ASSERT(h->office.n > 0 && h->office.n <= OFFICE_ID_MAX && h->epoch > 0 && h->sequence > 0 && h->signed_at.ms >= 0);
    ASSERT(h->count > 0 && h->count <= BATCH_UPDATES_MAX);
    codec_put_array(b, HEADER_FIELDS);
    codec_put_uint(b, HEADER_FORMAT);
    codec_put_bin(b, slice_of(h->installation, sizeof h->installation));
    codec_put_str(b, h->office);
    codec_put_uint(b, h->stream);
    codec_put_uint(b, h->epoch);
    codec_put_uint(b, h->sequence);
    codec_put_uint(b, h->count);
    codec_put_bin(b, slice_of(h->previous.b, HASH_SIZE));
    codec_put_bin(b, slice_of(h->body_hash.b, HASH_SIZE));
    codec_put_uint(b, (uint64_t)h->signed_at.ms);
    codec_put_uint(b, h->key_id);
}

void codec_batch_put(struct buf *b, struct slice header, const uint8_t sig[SIG_SIZE], struct slice body)
{
    codec_put_array(b, BATCH_FIELDS);
    codec_put_bin(b, header);
    codec_put_bin(b, slice_of(sig, SIG_SIZE));
    codec_put_bin(b, body);
}

struct hash codec_batch_hash(struct slice header, struct slice signature)
{
    return sign_hash2(header.p, header.n, signature.p, signature.n);
}

/* ---- sections and rows ---- */

static struct slice text_slice(const char *s) { return slice_of(s, strlen(s)); }

void codec_section_begin(struct buf *b, const struct section *s, uint32_t rows)
{
    char stage[20];
    int n = figure_stage_format(s->stage, stage);
    ASSERT(rows > 0 && rows <= BATCH_UPDATES_MAX && n >= 0 && s->entered.ms >= 0);
    codec_put_array(b, 2);
    codec_put_array(b, COMMON_FIELDS);
    codec_put_str(b, s->office);
    codec_put_uint(b, s->year);
    codec_put_str(b, text_slice(code_vintage_name(s->vintage)));
    codec_put_str(b, text_slice(figure_source_name(s->source)));
    codec_put_str(b, slice_of(stage, (size_t)n));
    codec_put_uint(b, (uint64_t)s->entered.ms);
    codec_put_str(b, s->clerk);
    codec_put_array(b, rows);
}

static inline uint8_t *put_be(uint8_t *p, uint8_t head, uint64_t v, unsigned width)
{
    *p++ = head;
    for (unsigned i = width; i-- > 0;) *p++ = (uint8_t)(v >> (8 * i));
    return p;
}

static inline uint8_t *put_uint(uint8_t *p, uint64_t v)
{
    if (v < 0x80) {
        *p = (uint8_t)v;
        return p + 1;
    }
    if (v <= UINT8_MAX) return put_be(p, HEAD_UINT8, v, 1);
    if (v <= UINT16_MAX) return put_be(p, HEAD_UINT16, v, 2);
    if (v <= UINT32_MAX) return put_be(p, HEAD_UINT32, v, 4);
    return put_be(p, HEAD_UINT64, v, 8);
}

static inline uint8_t *put_int(uint8_t *p, int64_t v)
{
    if (v >= 0) return put_uint(p, (uint64_t)v);
    if (v >= -32) {
        *p = (uint8_t)v;
        return p + 1;
    }
    if (v >= INT8_MIN) return put_be(p, HEAD_INT8, (uint64_t)v, 1);
    if (v >= INT16_MIN) return put_be(p, HEAD_INT16, (uint64_t)v, 2);
    if (v >= INT32_MIN) return put_be(p, HEAD_INT32, (uint64_t)v, 4);
    return put_be(p, HEAD_INT64, (uint64_t)v, 8);
}

static inline uint8_t *put_text(uint8_t *p, struct slice s) /* nil when empty; TEXT_MAX fits 16 bits */
{
    ASSERT(s.n <= UINT16_MAX);
    if (s.n == 0) {
        *p = HEAD_NIL;
        return p + 1;
    }
    if (s.n < 0x20)
        *p++ = (uint8_t)(HEAD_STR | s.n);
    else if (s.n <= UINT8_MAX)
        p = put_be(p, HEAD_STR8, s.n, 1);
    else
        p = put_be(p, HEAD_STR16, s.n, 2);
    memcpy(p, s.p, s.n);
    return p + s.n;
}

static uint8_t *put_evidence(uint8_t *p, struct slice s)
{
    if (s.n == 0) return put_text(p, s);
    p = put_be(p, HEAD_BIN8, s.n, 1);
    memcpy(p, s.p, s.n);
    return p + s.n;
}

static unsigned row_fields(const struct figure *f) /* how many elements are left once the empty end is cut */
{
    if (f->decimals) return ROW_FIELDS_MAX;
    if (f->evidence.n) return 12;
    if (f->text.n) return 11;
    if (f->reason.n) return 10;
    return f->unit.n ? 9 : ROW_FIELDS_MIN;
}

void codec_row_put(struct buf *b, const struct figure *f)
{
    char code[32], account[32];
    size_t code_n = f->activity ? (size_t)code_format_activity(f->activity, code) : 0;
    size_t account_n = f->account ? (size_t)code_format_account(f->account, account) : 0;
    unsigned fields = row_fields(f);
    ASSERT(f->evidence.n == 0 || f->evidence.n == HASH_SIZE);
    size_t room = ROW_HEADS_MAX + code_n + account_n + f->indicator.n + f->unit.n + f->reason.n + f->text.n + f->evidence.n;
    uint8_t *p = buf_grow(b, room), *start = p;
    if (p == NULL) return;
    *p++ = (uint8_t)(HEAD_ARRAY | fields);
    p = put_text(p, slice_of(code, code_n));
    p = put_text(p, slice_of(account, account_n));
    p = put_text(p, f->indicator);
    p = put_uint(p, f->measure);
    p = put_uint(p, f->month);
    p = put_uint(p, f->basis);
    p = put_uint(p, f->kind);
    p = put_int(p, f->value);
    if (fields > 8) p = put_text(p, f->unit);
    if (fields > 9) p = put_text(p, f->reason);
    if (fields > 10) p = put_text(p, f->text);
    if (fields > 11) p = put_evidence(p, f->evidence);
    if (fields > 12) p = put_uint(p, f->decimals);
    b->n -= room - (size_t)(p - start);
}
