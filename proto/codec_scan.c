/* codec_scan.c - the strict scan: the gate every received byte passes before anybody interprets it.
 *
 * One forward walk with a counter per open array, so the work is linear in the bytes given, the memory is NESTING_MAX counters
 * and there is no recursion for a peer to deepen. Short forms (small integers, short texts, short arrays), which are nearly
 * all of a batch, are decided by range tests on the first byte; the wide forms go through one table-like function that also
 * refuses every form longer than needed. Texts are checked eight bytes at a time while they are ASCII.
 * Invariant: bytes that pass have exactly one msgpack-c reading, and packing that reading again gives the same bytes. */
#include "codec_scan.h"

#include "bytes.h"
#include "codec_elem.h"
#include "limits.h"

#define EACH_BYTE(x) (UINT64_C(0x0101010101010101) * (x))

static inline uint64_t load8(const uint8_t *p)
{
    uint64_t w;
    __builtin_memcpy(&w, p, 8);
    return w;
}

/* Does a byte of w need a closer look, that is: is one 0x80 or above, or 0x00? (Exact for words that are all ASCII.) */
static inline bool unplain(uint64_t w) { return ((w | (w - EACH_BYTE(1))) & EACH_BYTE(0x80)) != 0; }

/* Up to 7 bytes, read as eight with the surplus replaced by ones; `p + 8` must be readable. */
static inline bool plain_tail(const uint8_t *p, size_t n)
{
    static const uint8_t keep[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    uint64_t mask = load8(keep + 8 - n);
    return !unplain((load8(p) & mask) | (EACH_BYTE(1) & ~mask));
}

static inline bool text_ok(const uint8_t *p, size_t n, const uint8_t *end)
{
    if (n >= 8) {
        for (size_t i = 0; i + 8 <= n; i += 8)
            if (unplain(load8(p + i))) return bytes_utf8_ok(p + i, n - i);
        if (!unplain(load8(p + n - 8))) return true;
    } else if ((size_t)(end - p) >= 8) {
        if (plain_tail(p, n)) return true;
    }
    return bytes_utf8_ok(p, n);
}

/* Bytes after the head that hold the length or the value; 0 = a head we do not take (maps, floats, ext, bool and the like). */
static const uint8_t wide_width[] = {
    [HEAD_BIN8 - HEAD_BIN8] = 1,   [HEAD_BIN16 - HEAD_BIN8] = 2,  [HEAD_BIN32 - HEAD_BIN8] = 4,   [HEAD_UINT8 - HEAD_BIN8] = 1,
    [HEAD_UINT16 - HEAD_BIN8] = 2, [HEAD_UINT32 - HEAD_BIN8] = 4, [HEAD_UINT64 - HEAD_BIN8] = 8,  [HEAD_INT8 - HEAD_BIN8] = 1,
    [HEAD_INT16 - HEAD_BIN8] = 2,  [HEAD_INT32 - HEAD_BIN8] = 4,  [HEAD_INT64 - HEAD_BIN8] = 8,   [HEAD_STR8 - HEAD_BIN8] = 1,
    [HEAD_STR16 - HEAD_BIN8] = 2,  [HEAD_STR32 - HEAD_BIN8] = 4,  [HEAD_ARRAY16 - HEAD_BIN8] = 2, [HEAD_ARRAY32 - HEAD_BIN8] = 4,
};

static bool needs_width_signed(uint64_t v, size_t width)
{
    unsigned shift = 64 - 8 * (unsigned)width;
    int64_t i = (int64_t)(v << shift) >> shift;
    return i < (width == 1 ? -32 : -((int64_t)1 << (4 * width - 1)));
}

/* The forms with a length or value after the head. *ret_skip = content bytes, *ret_children = elements of an array. */
static bool scan_wide(const uint8_t **p, const uint8_t *end, uint8_t head, size_t *ret_skip, uint32_t *ret_children)
{
    size_t width = head >= HEAD_BIN8 && head <= HEAD_ARRAY32 ? wide_width[head - HEAD_BIN8] : 0;
    if (width == 0 || (size_t)(end - *p) < width) return false;
    uint64_t v = elem_be(*p, width);
    *p += width;
    if (head >= HEAD_UINT8 && head <= HEAD_UINT64) return elem_shortest(v, width, 0x80);
    if (head >= HEAD_INT8 && head <= HEAD_INT64) return needs_width_signed(v, width);
    if (v > (uint64_t)(end - *p)) return false;
    if (head >= HEAD_ARRAY16) {
        *ret_children = (uint32_t)v;
        return v >= (width == 2 ? 0x10u : 0x10000u);
    }
    *ret_skip = (size_t)v;
    if (head <= HEAD_BIN32) return elem_shortest(v, width, 0);
    return elem_shortest(v, width, 0x20) && text_ok(*p, (size_t)v, end);
}

/* One element's own bytes; the elements of an array are left to the caller. */
static inline bool scan_element(const uint8_t **p, const uint8_t *end, uint32_t *ret_children)
{
    if (*p == end) return false;
    uint8_t head = *(*p)++;
    if (head < 0x80 || head >= HEAD_NEGATIVE || head == HEAD_NIL) return true;
    if ((head & 0xe0) == HEAD_STR) {
        size_t n = head & 0x1f;
        if ((size_t)(end - *p) < n || !text_ok(*p, n, end)) return false;
        *p += n;
        return true;
    }
    if ((head & 0xf0) == HEAD_ARRAY) {
        *ret_children = head & 0x0f;
        return *ret_children <= (size_t)(end - *p);
    }
    size_t skip = 0;
    if (!scan_wide(p, end, head, &skip, ret_children)) return false;
    *p += skip;
    return true;
}

bool codec_scan_text(struct slice s, const uint8_t *end) { return text_ok(s.p, s.n, end); }

int codec_scan(struct slice bytes)
{
    if (bytes.n == 0) return ST_INVALID;
    const uint8_t *p = bytes.p, *end = bytes.p + bytes.n;
    uint32_t left[NESTING_MAX + 1] = {1}; /* elements still to come at each open level */
    unsigned depth = 0;
    do {
        uint32_t children = 0;
        if (!scan_element(&p, end, &children)) return ST_INVALID;
        if (children > 0) {
            if (depth == NESTING_MAX) return ST_INVALID;
            left[++depth] = children;
            continue;
        }
        while (--left[depth] == 0 && depth > 0) depth--;
    } while (left[0] > 0);
    return p == end ? ST_OK : ST_INVALID;
}
