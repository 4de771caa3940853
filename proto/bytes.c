/* bytes.c - growing buffers, a checked reader, big-endian and variable-length integers, CRC-32C, UTF-8, hex. Kind: P.
 *
 * Design notes: a buf and an rd carry their failure with them (bad), so that a sequence of writes or reads is checked
 * once, at its end; after the first failure nothing is written and every read gives 0. Varints are accepted only in
 * their shortest form: one number has one encoding, so hashes of re-encoded data agree.
 *
 * CRC-32C sits under every stored value and every frame. On x86-64 the SSE4.2 instruction is used where the processor
 * has it; elsewhere eight tables advance eight bytes at a time. The tables are constants made by the compiler from the
 * 64 values of single bits (CRC is linear: an entry is the xor of those of its bits), so nothing is initialised at run
 * time and threads have nothing to race for.
 *
 * Invariant: b->n <= b->cap and b->n <= b->max; r->p <= r->end. */
#include "bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST = 64 };

/* ---- buf ---- */

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){NULL, 0, 0, max, false};
}

void buf_over(struct buf *b, void *memory, size_t size)
{
    ASSERT(memory != NULL && size > 1);
    *b = (struct buf){memory, 0, size - 1, size - 1, false}; /* the spare byte is in it */
}

void buf_done(struct buf *b)
{
    free(b->p);
    *b = (struct buf){NULL, 0, 0, b->max, false};
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->bad = false;
}

static bool buf_reserve(struct buf *b, size_t n)
{
    size_t cap = b->cap < BUF_FIRST ? BUF_FIRST : b->cap;
    uint8_t *p;

    if (b->bad || n > b->max - b->n) {
        b->bad = true;
        return false;
    }
    while (cap < b->n + n)
        cap = cap > b->max / 2 ? b->max : 2 * cap;
    p = realloc(b->p, cap + 1);         /* one spare byte: buf_printf's NUL */
    if (!p) {
        b->bad = true;
        return false;
    }
    b->p = p;
    b->cap = cap;
    return true;
}

uint8_t *buf_grow(struct buf *b, size_t n)
{
    uint8_t *p;

    if ((b->bad || b->p == NULL || n > b->cap - b->n || n > b->max - b->n) && !buf_reserve(b, n)) return NULL;
    p = b->p + b->n;
    b->n += n;
    return p;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
    uint8_t *to;

    if (n == 0) return;
    to = buf_grow(b, n);
    if (to) memcpy(to, p, n);
}

void buf_str(struct buf *b, const char *s)
{
    buf_put(b, s, strlen(s));
}

void buf_u8(struct buf *b, uint8_t v)
{
    uint8_t *p = buf_grow(b, 1);

    if (p) *p = v;
}

void buf_be16(struct buf *b, uint16_t v)
{
    uint8_t *p = buf_grow(b, 2);

    if (p) bytes_be16(p, v);
}

void buf_be32(struct buf *b, uint32_t v)
{
    uint8_t *p = buf_grow(b, 4);

    if (p) bytes_be32(p, v);
}

void buf_be64(struct buf *b, uint64_t v)
{
    uint8_t *p = buf_grow(b, 8);

    if (p) bytes_be64(p, v);
}

void buf_varint(struct buf *b, uint64_t v)
{
    uint8_t t[BYTES_VARINT_MAX];

    buf_put(b, t, (size_t)(bytes_put_varint(t, v) - t));
}

void buf_zigzag(struct buf *b, int64_t v)
{
    buf_varint(b, (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0));
}

void buf_zigzag128(struct buf *b, i128 v)
{
    uint8_t t[BYTES_VARINT128_MAX];

    buf_put(b, t, (size_t)(bytes_put_zigzag128(t, v) - t));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    uint8_t *p;
    int n;
    size_t end = b->cap < b->max ? b->cap : b->max, room = end > b->n ? end - b->n : 0;
    uint8_t *to = b->p && !b->bad ? b->p + b->n : NULL;

    va_start(ap, fmt);
    n = vsnprintf((char *)to, to ? room + 1 : 0, fmt, ap);     /* the spare byte takes its NUL */
    va_end(ap);
    if (to && n >= 0 && (size_t)n <= room) {
        b->n += (size_t)n;
        return;
    }
    p = n < 0 ? NULL : buf_grow(b, (size_t)n);
    if (!p) {
        b->bad = true;
        return;
    }
    va_start(ap, fmt);
    vsnprintf((char *)p, (size_t)n + 1, fmt, ap);
    va_end(ap);
}

/* ---- rd ---- */

static const uint8_t *rd_take(struct rd *r, size_t n)
{
    const uint8_t *p = r->p;

    if (r->bad || (size_t)(r->end - p) < n) {
        r->bad = true;
        return NULL;
    }
    r->p = p + n;
    return p;
}

uint8_t rd_u8(struct rd *r)
{
    const uint8_t *p = rd_take(r, 1);

    return p ? *p : 0;
}

uint16_t rd_be16(struct rd *r)
{
    const uint8_t *p = rd_take(r, 2);

    return p ? bytes_rd16(p) : 0;
}

uint32_t rd_be32(struct rd *r)
{
    const uint8_t *p = rd_take(r, 4);

    return p ? bytes_rd32(p) : 0;
}

uint64_t rd_be64(struct rd *r)
{
    const uint8_t *p = rd_take(r, 8);

    return p ? bytes_rd64(p) : 0;
}

/* A varint of at most nine bytes, all of them within the input: nearly every one. False: nothing was consumed. */
static inline bool rd_short(struct rd *r, uint64_t *ret)
{
    const uint8_t *p = r->p;
    uint64_t v = 0;

    if (r->bad || r->end - p < 9) return false;
    for (unsigned i = 0; i < 9; i++) {
        v |= (uint64_t)(p[i] & 0x7f) << (7 * i);
        if (p[i] >= 0x80) continue;
        if (i > 0 && p[i] == 0) return false;   /* not the shortest form: the long way says so */
        r->p = p + i + 1;
        *ret = v;
        return true;
    }
    return false;
}

uint64_t rd_varint(struct rd *r)
{
    uint64_t v = 0;
    uint8_t c;

    if (rd_short(r, &v)) return v;

    for (unsigned shift = 0;; shift += 7) {     /* ends by itself at 63 */
        c = rd_u8(r);
        if (r->bad) return 0;
        if ((shift == 63 && c > 1) || (shift > 0 && c == 0)) break;     /* over 64 bits; not the shortest form */
        v |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80) return v;
    }
    r->bad = true;
    return 0;
}

int64_t rd_zigzag(struct rd *r)
{
    uint64_t u = rd_varint(r);

    return (int64_t)(u >> 1 ^ (u & 1 ? UINT64_MAX : 0));
}

i128 rd_zigzag128(struct rd *r)
{
    unsigned __int128 v = 0;
    uint64_t u;
    uint8_t c;

    if (rd_short(r, &u)) return (int64_t)(u >> 1 ^ (u & 1 ? UINT64_MAX : 0));
    for (unsigned shift = 0;; shift += 7) {     /* ends by itself at 126 */
        c = rd_u8(r);
        if (r->bad) return 0;
        if ((shift == 126 && c > 3) || (shift > 0 && c == 0)) break;
        v |= (unsigned __int128)(c & 0x7f) << shift;
        if (c < 0x80) return (i128)(v >> 1 ^ (v & 1 ? ~(unsigned __int128)0 : 0));
    }
    r->bad = true;
    return 0;
}

struct slice rd_bytes(struct rd *r, size_t n)
{
    const uint8_t *p = rd_take(r, n);

    return p ? slice_of(p, n) : slice_of(NULL, 0);
}

/* ---- big-endian integers: gcc makes one load and one swap of each ---- */

void bytes_be16(uint8_t *p, uint16_t v)
{
    v = __builtin_bswap16(v);
    memcpy(p, &v, sizeof v);
}

void bytes_be32(uint8_t *p, uint32_t v)
{
    v = __builtin_bswap32(v);
    memcpy(p, &v, sizeof v);
}

void bytes_be64(uint8_t *p, uint64_t v)
{
    v = __builtin_bswap64(v);
    memcpy(p, &v, sizeof v);
}

uint16_t bytes_rd16(const uint8_t *p)
{
    uint16_t v;

    memcpy(&v, p, sizeof v);
    return __builtin_bswap16(v);
}

uint32_t bytes_rd32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof v);
    return __builtin_bswap32(v);
}

uint64_t bytes_rd64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return __builtin_bswap64(v);
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the swaps above and the CRC tables are for little-endian machines");

/* ---- CRC-32C ---- */

/* Entry n of a table = xor of the entries of its bits; ROW takes those of bit 0 to bit 7. */
#define BIT(n, k, e) ((n) >> (k)&1 ? (e) : 0)
#define ENTRY(n, a, b, c, d, e, f, g, h)                                                                                        \
    BIT(n, 0, a) ^ BIT(n, 1, b) ^ BIT(n, 2, c) ^ BIT(n, 3, d) ^ BIT(n, 4, e) ^ BIT(n, 5, f) ^ BIT(n, 6, g) ^ BIT(n, 7, h)
#define ENTRY4(n, ...) ENTRY(n, __VA_ARGS__), ENTRY(n + 1, __VA_ARGS__), ENTRY(n + 2, __VA_ARGS__), ENTRY(n + 3, __VA_ARGS__)
#define ENTRY16(n, ...) ENTRY4(n, __VA_ARGS__), ENTRY4(n + 4, __VA_ARGS__), ENTRY4(n + 8, __VA_ARGS__), ENTRY4(n + 12, __VA_ARGS__)
#define ENTRY64(n, ...)                                                                                                         \
    ENTRY16(n, __VA_ARGS__), ENTRY16(n + 16, __VA_ARGS__), ENTRY16(n + 32, __VA_ARGS__), ENTRY16(n + 48, __VA_ARGS__)
#define ROW(...) {ENTRY64(0, __VA_ARGS__), ENTRY64(64, __VA_ARGS__), ENTRY64(128, __VA_ARGS__), ENTRY64(192, __VA_ARGS__)}

static const uint32_t CRC[8][256] = {
    ROW(0xf26b8303u, 0xe13b70f7u, 0xc79a971fu, 0x8ad958cfu, 0x105ec76fu, 0x20bd8edeu, 0x417b1dbcu, 0x82f63b78u),
    ROW(0x13a29877u, 0x274530eeu, 0x4e8a61dcu, 0x9d14c3b8u, 0x3fc5f181u, 0x7f8be302u, 0xff17c604u, 0xfbc3faf9u),
    ROW(0xa541927eu, 0x4f6f520du, 0x9edea41au, 0x38513ec5u, 0x70a27d8au, 0xe144fb14u, 0xc76580d9u, 0x8b277743u),
    ROW(0xdd45aab8u, 0xbf672381u, 0x7b2231f3u, 0xf64463e6u, 0xe964b13du, 0xd725148bu, 0xaba65fe7u, 0x52a0c93fu),
    ROW(0x38116facu, 0x7022df58u, 0xe045beb0u, 0xc5670b91u, 0x8f2261d3u, 0x1ba8b557u, 0x37516aaeu, 0x6ea2d55cu),
    ROW(0xef306b19u, 0xdb8ca0c3u, 0xb2f53777u, 0x6006181fu, 0xc00c303eu, 0x85f4168du, 0x0e045bebu, 0x1c08b7d6u),
    ROW(0x68032cc8u, 0xd0065990u, 0xa5e0c5d1u, 0x4e2dfd53u, 0x9c5bfaa6u, 0x3d5b83bdu, 0x7ab7077au, 0xf56e0ef4u),
    ROW(0x493c7d27u, 0x9278fa4eu, 0x211d826du, 0x423b04dau, 0x847609b4u, 0x0d006599u, 0x1a00cb32u, 0x34019664u),
};

uint32_t bytes_crc32c_portable(uint32_t crc, const void *p, size_t n)
{
    const uint8_t *s = p;
    uint64_t w;

    crc = ~crc;
    for (; n >= 8; n -= 8, s += 8) {
        memcpy(&w, s, 8);
        w ^= crc;
        crc = CRC[7][w & 255] ^ CRC[6][w >> 8 & 255] ^ CRC[5][w >> 16 & 255] ^ CRC[4][w >> 24 & 255] ^ CRC[3][w >> 32 & 255] ^
              CRC[2][w >> 40 & 255] ^ CRC[1][w >> 48 & 255] ^ CRC[0][w >> 56];
    }
    for (; n > 0; n--)
        crc = crc >> 8 ^ CRC[0][(crc ^ *s++) & 255];
    return ~crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const void *p, size_t n)
{
    const uint8_t *s = p;
    uint64_t c = (uint32_t)~crc, w;

    for (; n >= 8; n -= 8, s += 8) {
        memcpy(&w, s, 8);
        c = __builtin_ia32_crc32di(c, w);
    }
    for (; n > 0; n--)
        c = __builtin_ia32_crc32qi((uint32_t)c, *s++);
    return ~(uint32_t)c;
}

uint32_t bytes_crc32c(uint32_t crc, const void *p, size_t n)
{
    static uint32_t (*const ways[])(uint32_t, const void *, size_t) = { bytes_crc32c_portable, crc32c_sse42 };

    return ways[__builtin_cpu_supports("sse4.2") != 0](crc, p, n);
}
#else
uint32_t bytes_crc32c(uint32_t crc, const void *p, size_t n)
{
    return bytes_crc32c_portable(crc, p, n);
}
#endif

/* ---- text ---- */

/* Length of the sequence at s, 0 when it is not well-formed: RFC 3629 section 4, the table of allowed second bytes. */
static size_t utf8_sequence(const uint8_t *s, size_t left)
{
    uint8_t c = s[0], low = 0x80, high = 0xbf;
    size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

    if (c < 0xc2 || c > 0xf4 || left < n) return 0;
    if (c == 0xe0) low = 0xa0;
    if (c == 0xed) high = 0x9f;         /* no surrogates */
    if (c == 0xf0) low = 0x90;
    if (c == 0xf4) high = 0x8f;
    if (s[1] < low || s[1] > high) return 0;
    for (size_t i = 2; i < n; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    return n;
}

bool bytes_utf8_ok(const void *p, size_t n)
{
    const uint8_t *s = p;
    size_t k;

    for (size_t i = 0; i < n; i += k) {
        k = s[i] >= 0x80 ? utf8_sequence(s + i, n - i) : s[i] != 0;
        if (k == 0) return false;
    }
    return true;
}

void bytes_show(struct slice s, char *ret, size_t size)
{
    size_t n = s.n < size ? s.n : size - 1;

    while (n < s.n && n > 0 && (s.p[n] & 0xc0) == 0x80) n--;
    if (n) memcpy(ret, s.p, n);
    ret[n] = '\0';
    if (bytes_utf8_ok(ret, n)) return;
    for (size_t i = 0; i < n; i++)
        if ((uint8_t)ret[i] >= 0x80 || ret[i] == '\0') ret[i] = '?';
}

void bytes_hex(const void *p, size_t n, char *ret)
{
    static const char DIGITS[] = "0123456789abcdef";
    const uint8_t *s = p;

    for (size_t i = 0; i < n; i++) {
        *ret++ = DIGITS[s[i] >> 4];
        *ret++ = DIGITS[s[i] & 15];
    }
    *ret = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

int bytes_unhex(const char *s, size_t n, uint8_t *ret)
{
    if (n % 2) return ST_INVALID;
    for (size_t i = 0; i < n; i++)
        if (hex_digit(s[i]) < 0) return ST_INVALID;
    for (size_t i = 0; i < n / 2; i++)
        ret[i] = (uint8_t)(hex_digit(s[2 * i]) << 4 | hex_digit(s[2 * i + 1]));
    return ST_OK;
}

static size_t blank_at_start(struct slice s)
{
    if (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\r')) return 1;
    return s.n > 1 && s.p[0] == 0xc2 && s.p[1] == 0xa0 ? 2 : 0;
}

static size_t blank_at_end(struct slice s)
{
    if (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r')) return 1;
    return s.n > 1 && s.p[s.n - 2] == 0xc2 && s.p[s.n - 1] == 0xa0 ? 2 : 0;
}

struct slice bytes_trim(struct slice s)
{
    size_t k;

    while ((k = blank_at_start(s)) > 0)
        s = slice_of(s.p + k, s.n - k);
    while ((k = blank_at_end(s)) > 0)
        s.n -= k;
    return s;
}

bool bytes_word(struct slice *rest, struct slice *ret)
{
    const uint8_t *blank = rest->n ? memchr(rest->p, ' ', rest->n) : NULL;
    size_t n = blank ? (size_t)(blank - rest->p) : rest->n;
    *ret = slice_of(rest->p, n);
    *rest = slice_of(rest->p + n + (blank != NULL), rest->n - n - (blank != NULL));
    return n > 0;
}

bool bytes_is(struct slice s, const char *lower)
{
    for (size_t i = 0; i < s.n; i++, lower++) {
        uint8_t c = s.p[i];

        if (c >= 'A' && c <= 'Z') c = (uint8_t)(c + 32);
        if (*lower == '\0' || c != (uint8_t)*lower) return false;
    }
    return *lower == '\0';
}

static uint8_t small(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c; }

size_t bytes_distance(struct slice a, struct slice b)
{
    size_t row[BYTES_DISTANCE_MAX + 1];
    if (a.n > BYTES_DISTANCE_MAX || b.n > BYTES_DISTANCE_MAX) return SIZE_MAX;
    for (size_t j = 0; j <= b.n; j++) row[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t change = diagonal + (small(a.p[i - 1]) != small(b.p[j - 1]));
            size_t skip = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = change < skip ? change : skip;
        }
    }
    return row[b.n];
}

int bytes_i128_text(i128 v, char ret[48])
{
    unsigned __int128 u = v < 0 ? -(unsigned __int128)v : (unsigned __int128)v;
    uint64_t low;                       /* nearly all there are: division by a word */
    char t[40];
    int n = 0, len = 0;

    for (; u > UINT64_MAX; u /= 10) t[n++] = (char)('0' + (int)(u % 10));
    for (low = (uint64_t)u; low > 0 || n == 0; low /= 10) t[n++] = (char)('0' + (int)(low % 10));
    if (v < 0) ret[len++] = '-';
    while (n > 0)
        ret[len++] = t[--n];
    ret[len] = '\0';
    return len;
}
