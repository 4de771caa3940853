/* codec_frame.c - whole messages: the fixed header, the payload held against the catalogue, and building both.
 *
 * A frame is judged from the outside in: size, magic, version, type, exact length, cap of the type, checksum, strict scan, and
 * last the kind of every element by the catalogue. What passes can be read by codec_fields without another check, and a
 * message handler never sees half a message. The crc finds damage between two honest programs; forgery is the signature's and
 * CURVE's matter. Later minors of the version may add elements behind the known ones and whole types; what is not known is passed
 * over. A BATCH has exactly its three: its payload is what is stored, and nothing unsigned may ride in it.
 * Invariant: parse(build(type, fields)) gives the same fields, and building them again the same bytes. */
#include "codec.h"

#include <string.h>

#include "codec_elem.h"
#include "codec_scan.h"

static const uint8_t magic[4] = {'R', 'K', 'A', 'P'};
enum { AT_VERSION = 4, AT_TYPE = 5, AT_ZERO = 6, AT_LENGTH = 8, AT_CRC = 12 };

static uint32_t frame_crc(const uint8_t *frame, size_t payload_n)
{
    return bytes_crc32c(bytes_crc32c(0, frame, AT_CRC), frame + FRAME_HEADER_BYTES, payload_n);
}

/* Reads one element of the kind a catalogue letter names. */
static bool field_read(struct rd *r, char kind, struct field *ret)
{
    *ret = (struct field){0};
    switch (kind) {
    case 'u':
        return elem_uint(r, &ret->u);
    case 's':
        return elem_str(r, &ret->s);
    case 'b':
        return elem_bin(r, &ret->s);
    case 'h':
        return elem_bin(r, &ret->s) && ret->s.n == HASH_SIZE;
    }
    ASSERT(kind == 'a');
    struct rd peek = *r;
    uint32_t n;
    if (!elem_array(&peek, &n)) return false;
    ret->s = codec_get_raw(r);
    ASSERT(!r->bad);            /* codec_scan has seen the whole payload */
    return true;
}

/* The elements that are known; those behind them have passed the strict scan and say nothing here. */
static bool fields_read(struct slice payload, unsigned type, struct field ret[FIELDS_MAX])
{
    const char *kinds = codec_msg_fields(type);
    struct rd r = rd_of(payload);
    uint32_t n, known = (uint32_t)strlen(kinds);
    if (!elem_array(&r, &n) || n < known || (n > known && type == MSG_BATCH)) return false;
    for (uint32_t i = 0; i < known; i++)
        if (!field_read(&r, kinds[i], &ret[i])) return false;
    ASSERT(n > known || r.p == r.end);  /* codec_scan has seen one element and its end */
    return true;
}

static size_t cap_of(unsigned type) { return type < MSG_TYPE_COUNT ? codec_msg_max(type) : FRAME_BYTES_MAX - FRAME_HEADER_BYTES; }

static unsigned header_code(struct slice bytes)
{
    if (bytes.n < FRAME_HEADER_BYTES || memcmp(bytes.p, magic, sizeof magic) != 0) return CODE_BAD_FORMAT;
    if (bytes.p[AT_VERSION] != CODEC_VERSION) return CODE_BAD_VERSION;
    if (bytes_rd16(bytes.p + AT_ZERO) != 0 || bytes.p[AT_TYPE] == 0) return CODE_BAD_FORMAT;
    if (bytes_rd32(bytes.p + AT_LENGTH) > cap_of(bytes.p[AT_TYPE])) return CODE_TOO_LARGE;
    if (bytes_rd32(bytes.p + AT_LENGTH) != bytes.n - FRAME_HEADER_BYTES) return CODE_BAD_FORMAT;
    return CODE_OK;
}

int codec_frame_parse(struct slice bytes, struct frame *ret, unsigned *ret_code)
{
    struct field ignored[FIELDS_MAX];
    unsigned code = header_code(bytes);
    if (code == CODE_OK) {
        struct slice payload = slice_of(bytes.p + FRAME_HEADER_BYTES, bytes.n - FRAME_HEADER_BYTES);
        unsigned type = bytes.p[AT_TYPE];
        *ret_code = CODE_BAD_FORMAT;
        if (bytes_rd32(bytes.p + AT_CRC) != frame_crc(bytes.p, payload.n) || codec_scan(payload) != ST_OK) return ST_INVALID;
        if (type >= MSG_TYPE_COUNT) return ST_NOT_FOUND;
        if (!fields_read(payload, type, ignored)) return ST_INVALID;
        *ret = (struct frame){bytes.p[AT_VERSION], (uint8_t)type, payload};
        return ST_OK;
    }
    *ret_code = code;
    return ST_INVALID;
}

void codec_frame_begin(struct buf *b, unsigned type)
{
    ASSERT(b->n == 0 && codec_msg_fields(type) != NULL);
    buf_put(b, magic, sizeof magic);
    buf_u8(b, CODEC_VERSION);
    buf_u8(b, (uint8_t)type);
    buf_be16(b, 0);
    buf_be32(b, 0);
    buf_be32(b, 0);
}

void codec_frame_end(struct buf *b)
{
    if (!buf_ok(b)) return;
    ASSERT(b->n >= FRAME_HEADER_BYTES && b->n <= FRAME_BYTES_MAX);
    size_t payload_n = b->n - FRAME_HEADER_BYTES;
    bytes_be32(b->p + AT_LENGTH, (uint32_t)payload_n);
    bytes_be32(b->p + AT_CRC, frame_crc(b->p, payload_n));
}

int codec_fields(const struct frame *f, struct field ret[FIELDS_MAX])
{
    ASSERT(codec_msg_fields(f->type) != NULL && fields_read(f->payload, f->type, ret));
    return ST_OK;
}

static void field_put(struct buf *b, char kind, const struct field *f)
{
    switch (kind) {
    case 'u':
        codec_put_uint(b, f->u);
        break;
    case 's':
        codec_put_str(b, f->s);
        break;
    case 'h':
        ASSERT(f->s.n == HASH_SIZE);
        __attribute__((fallthrough));
    case 'b':
        codec_put_bin(b, f->s);
        break;
    default:
        ASSERT(kind == 'a');
        if (f->s.n == 0)
            codec_put_array(b, 0);
        else
            buf_put(b, f->s.p, f->s.n);
    }
}

bool codec_build(struct buf *b, unsigned type, const struct field *fields)
{
    const char *kinds = codec_msg_fields(type);
    ASSERT(kinds != NULL);
    buf_clear(b);
    codec_frame_begin(b, type);
    codec_put_array(b, (uint32_t)strlen(kinds));
    for (size_t i = 0; kinds[i]; i++) field_put(b, kinds[i], &fields[i]);
    if (!buf_ok(b) || b->n - FRAME_HEADER_BYTES > codec_msg_max(type)) return false;
    codec_frame_end(b);
    return true;
}
