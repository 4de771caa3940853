/* bytes.h - growing byte buffers, big-endian integers, variable-length integers, crc32c. Kind: P.
 *
 * A buf is embedded, owned by its holder: buf_init / buf_done. Writers return nothing: on allocation failure or when
 * `max` would be passed the buf turns bad (b->bad) and stays so; check once at the end with buf_ok(). */
#ifndef REKAP_BYTES_H
#define REKAP_BYTES_H

#include "status.h"

struct buf {
    uint8_t *p;
    size_t n, cap, max;
    bool bad;
};
void buf_init(struct buf *b, size_t max); /* max = most bytes it may ever hold */
/* Over memory of the caller's, which is all it ever holds: allocates nothing, so cannot fail for want of memory; no buf_done. */
void buf_over(struct buf *b, void *memory, size_t size);
void buf_done(struct buf *b);             /* frees; the buf may be init-ed again */
void buf_clear(struct buf *b);            /* n = 0, not bad; keeps memory */
static inline bool buf_ok(const struct buf *b) { return !b->bad; }
uint8_t *buf_grow(struct buf *b, size_t n); /* n more bytes to be filled by the caller, or NULL (bad) */
void buf_put(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, const char *s);
void buf_u8(struct buf *b, uint8_t v);
void buf_be16(struct buf *b, uint16_t v);
void buf_be32(struct buf *b, uint32_t v);
void buf_be64(struct buf *b, uint64_t v);
void buf_varint(struct buf *b, uint64_t v); /* LEB128, shortest */
void buf_zigzag(struct buf *b, int64_t v);
void buf_zigzag128(struct buf *b, i128 v); /* LEB128 of the zigzag of a 128-bit value, up to 19 bytes */
/* The same into memory that has room for BYTES_VARINT_MAX more: where a row of many numbers is written, room is made once. Returns
 * the place behind. */
enum { BYTES_VARINT_MAX = 10, BYTES_VARINT128_MAX = 19 };
static inline uint8_t *bytes_put_varint(uint8_t *p, uint64_t v)
{
    for (; v > 0x7f; v >>= 7) *p++ = (uint8_t)(v | 0x80);
    *p++ = (uint8_t)v;
    return p;
}
static inline uint8_t *bytes_put_zigzag(uint8_t *p, int64_t v)
{
    return bytes_put_varint(p, (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0));
}
static inline uint8_t *bytes_put_zigzag128(uint8_t *p, i128 v) /* room: BYTES_VARINT128_MAX */
{
    unsigned __int128 u = (unsigned __int128)v << 1 ^ (v < 0 ? ~(unsigned __int128)0 : 0);
    for (; u >> 63; u >>= 7) *p++ = (uint8_t)(u | 0x80);
    return bytes_put_varint(p, (uint64_t)u);
}
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline struct slice buf_slice(const struct buf *b) { return slice_of(b->p, b->n); }

/* A reader over bytes owned by the caller. Reading past the end or a non-canonical varint sets r->bad and gives 0. */
struct rd {
    const uint8_t *p, *end;
    bool bad;
};
static inline struct rd rd_of(struct slice s) { return (struct rd){s.p, s.p + s.n, false}; }
uint8_t rd_u8(struct rd *r);
uint16_t rd_be16(struct rd *r);
uint32_t rd_be32(struct rd *r);
uint64_t rd_be64(struct rd *r);
uint64_t rd_varint(struct rd *r);
int64_t rd_zigzag(struct rd *r);
i128 rd_zigzag128(struct rd *r);
struct slice rd_bytes(struct rd *r, size_t n);
static inline size_t rd_left(const struct rd *r) { return r->bad ? 0 : (size_t)(r->end - r->p); }

void bytes_be16(uint8_t *p, uint16_t v);
void bytes_be32(uint8_t *p, uint32_t v);
void bytes_be64(uint8_t *p, uint64_t v);
uint16_t bytes_rd16(const uint8_t *p);
uint32_t bytes_rd32(const uint8_t *p);
uint64_t bytes_rd64(const uint8_t *p);

/* CRC-32C (Castagnoli, RFC 3720 appendix B.4), seed 0; hardware instruction where there is one. Chain: pass the last result. */
uint32_t bytes_crc32c(uint32_t crc, const void *p, size_t n);
uint32_t bytes_crc32c_portable(uint32_t crc, const void *p, size_t n); /* without the instruction */

bool bytes_utf8_ok(const void *p, size_t n); /* well-formed UTF-8 (RFC 3629), no U+0000 */
/* What was seen, for a message: as much as fits, cut between characters; what is no UTF-8 text has question marks in it. */
void bytes_show(struct slice s, char *ret, size_t size);
void bytes_hex(const void *p, size_t n, char *ret /* 2n+1 */);
int bytes_unhex(const char *s, size_t n, uint8_t *ret /* n/2 */); /* ST_INVALID on odd length or another character */
struct slice bytes_trim(struct slice s);                          /* without spaces, tabs, CR and U+00A0 at both ends */
/* The next word of a text in which one blank parts the words; false: it is empty, or nothing is left. */
bool bytes_word(struct slice *rest, struct slice *ret);
bool bytes_is(struct slice s, const char *lower);                 /* the same text, A-Z folded; `lower` has no capitals */
/* How many letters must be changed, added or dropped to make one of the other, A-Z folded; SIZE_MAX: one of them is too long. */
enum { BYTES_DISTANCE_MAX = 100 };
size_t bytes_distance(struct slice a, struct slice b);
int bytes_i128_text(i128 v, char ret[48]);                        /* decimal digits; returns length */

#endif
