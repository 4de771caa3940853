/* codec_elem.h - reading one msgpack element in place. Kind: P. Private to codec*.c: everybody else uses codec_get_*.
 *
 * Inline because the row decoder reads some ten elements a row, millions of rows a second. Each function answers whether the
 * next element is of its kind and, if so, consumes it; on false neither the cursor nor the result has changed. Forms longer than
 * needed are no element: with that, reading every element of an array whose shape is known checks as much as codec_scan does,
 * texts apart (codec_scan_text), and the row decoder needs no scan before it. */
#ifndef REKAP_CODEC_ELEM_H
#define REKAP_CODEC_ELEM_H

#include "bytes.h"

enum {
    HEAD_ARRAY = 0x90,
    HEAD_STR = 0xa0,
    HEAD_NIL = 0xc0,
    HEAD_BIN8 = 0xc4,
    HEAD_BIN16,
    HEAD_BIN32,
    HEAD_UINT8 = 0xcc,
    HEAD_UINT16,
    HEAD_UINT32,
    HEAD_UINT64,
    HEAD_INT8 = 0xd0,
    HEAD_INT16,
    HEAD_INT32,
    HEAD_INT64,
    HEAD_STR8 = 0xd9,
    HEAD_STR16,
    HEAD_STR32,
    HEAD_ARRAY16 = 0xdc,
    HEAD_ARRAY32,
    HEAD_NEGATIVE = 0xe0,
};

static inline uint64_t elem_be32(const uint8_t *p) /* the compiler makes one load and a byte swap of it */
{
    return (uint64_t)p[0] << 24 | (uint64_t)p[1] << 16 | (uint64_t)p[2] << 8 | p[3];
}

static inline uint64_t elem_be(const uint8_t *p, size_t width) /* width 1, 2, 4, 8 */
{
    switch (width) {
    case 1:
        return p[0];
    case 2:
        return (uint64_t)p[0] << 8 | p[1];
    case 4:
        return elem_be32(p);
    default:
        return elem_be32(p) << 32 | elem_be32(p + 4);
    }
}

/* Is v, of `width` bytes, too big for the next shorter form? least: the least value of one byte's own. */
static inline bool elem_shortest(uint64_t v, size_t width, uint64_t least)
{
    return v >= (width == 1 ? least : UINT64_C(1) << (4 * width));
}

static inline bool elem_uint(struct rd *r, uint64_t *ret)
{
    if (r->p >= r->end) return false;
    uint8_t head = *r->p;
    if (head < 0x80) {
        r->p++;
        *ret = head;
        return true;
    }
    if (head < HEAD_UINT8 || head > HEAD_UINT64) return false;
    size_t width = (size_t)1 << (head - HEAD_UINT8);
    if ((size_t)(r->end - r->p) <= width) return false;
    uint64_t v = elem_be(r->p + 1, width);
    if (!elem_shortest(v, width, 0x80)) return false;
    *ret = v;
    r->p += 1 + width;
    return true;
}

static inline bool elem_int(struct rd *r, int64_t *ret)
{
    uint64_t u;
    struct rd was = *r;
    if (elem_uint(r, &u)) {
        if (u > INT64_MAX) {
            *r = was;
            return false;
        }
        *ret = (int64_t)u;
        return true;
    }
    if (r->p >= r->end) return false;
    uint8_t head = *r->p;
    if (head >= HEAD_NEGATIVE) {
        r->p++;
        *ret = (int8_t)head;
        return true;
    }
    if (head < HEAD_INT8 || head > HEAD_INT64) return false;
    size_t width = (size_t)1 << (head - HEAD_INT8);
    if ((size_t)(r->end - r->p) <= width) return false;
    unsigned shift = 64 - 8 * (unsigned)width;
    int64_t i = (int64_t)(elem_be(r->p + 1, width) << shift) >> shift;
    if (i >= (width == 1 ? -32 : -((int64_t)1 << (4 * width - 1)))) return false;
    *ret = i;
    r->p += 1 + width;
    return true;
}

static inline bool elem_sized(struct rd *r, size_t head_bytes, uint64_t n, struct slice *ret)
{
    if ((uint64_t)(r->end - r->p) - head_bytes < n) return false;
    *ret = slice_of(r->p + head_bytes, (size_t)n);
    r->p += head_bytes + n;
    return true;
}

static inline bool elem_wide(struct rd *r, uint8_t head8, uint64_t least, struct slice *ret) /* str8..32 or bin8..32 */
{
    if (r->p >= r->end || *r->p < head8 || *r->p > head8 + 2) return false;
    size_t width = (size_t)1 << (*r->p - head8);
    if ((size_t)(r->end - r->p) <= width) return false;
    uint64_t n = elem_be(r->p + 1, width);
    return elem_shortest(n, width, least) && elem_sized(r, 1 + width, n, ret);
}

static inline bool elem_str(struct rd *r, struct slice *ret)
{
    if (r->p < r->end && (*r->p & 0xe0) == HEAD_STR) return elem_sized(r, 1, *r->p & 0x1f, ret);
    return elem_wide(r, HEAD_STR8, 0x20, ret);
}

static inline bool elem_bin(struct rd *r, struct slice *ret) { return elem_wide(r, HEAD_BIN8, 0, ret); }

static inline bool elem_nil(struct rd *r)
{
    if (r->p >= r->end || *r->p != HEAD_NIL) return false;
    r->p++;
    return true;
}

static inline bool elem_array(struct rd *r, uint32_t *ret)
{
    if (r->p >= r->end) return false;
    uint8_t head = *r->p;
    if ((head & 0xf0) == HEAD_ARRAY) {
        r->p++;
        *ret = head & 0x0f;
        return true;
    }
    if (head != HEAD_ARRAY16 && head != HEAD_ARRAY32) return false;
    size_t width = head == HEAD_ARRAY16 ? 2 : 4;
    if ((size_t)(r->end - r->p) <= width) return false;
    uint64_t n = elem_be(r->p + 1, width);
    if (n < (width == 2 ? 0x10u : 0x10000u)) return false;
    *ret = (uint32_t)n;
    r->p += 1 + width;
    return true;
}

#endif
