/* base64.c - see base64.h. Kind: P.
 *
 * Strict on purpose: what is read here is compared, hashed and signed as text elsewhere, so a value must have one text. Hence no
 * blanks, no line breaks, no missing or surplus padding, and the unused bits of the last character are zero.
 * Invariant: read(put(x)) = x, and put(read(t)) = t for every t that is taken. */
#include "base64.h"

#include <string.h>

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_put(struct buf *b, const void *p, size_t n)
{
    const uint8_t *in = p;
    uint8_t *out = buf_grow(b, BASE64_TEXT(n));

    for (size_t i = 0; out != NULL && i < n; i += 3, out += 4) {
        size_t left = n - i;
        uint32_t v = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) | (left > 2 ? in[i + 2] : 0u);

        out[0] = (uint8_t)DIGITS[v >> 18];
        out[1] = (uint8_t)DIGITS[v >> 12 & 63];
        out[2] = left > 1 ? (uint8_t)DIGITS[v >> 6 & 63] : '=';
        out[3] = left > 2 ? (uint8_t)DIGITS[v & 63] : '=';
    }
}

/* 0..63, or 64. */
static uint32_t digit(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26u;
    if (c >= '0' && c <= '9') return c - '0' + 52u;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* Four characters of which `digits` are no padding. */
static bool read_four(const uint8_t *in, unsigned digits, uint8_t ret[3])
{
    uint32_t v = 0;

    for (unsigned i = 0; i < 4; i++) {
        uint32_t d = i < digits ? digit(in[i]) : 0;

        if (d > 63) return false;
        v = v << 6 | d;
    }
    ret[0] = (uint8_t)(v >> 16);
    ret[1] = (uint8_t)(v >> 8);
    ret[2] = (uint8_t)v;
    return digits == 4 || ret[digits - 1] == 0; /* of two digits the last byte is all padding */
}

int base64_read(struct slice text, uint8_t *ret, size_t size, size_t *ret_n)
{
    size_t padding = 0, n;

    if (text.n % 4 != 0) return ST_INVALID;
    while (padding < 2 && padding < text.n && text.p[text.n - 1 - padding] == '=') padding++;
    n = text.n / 4 * 3 - padding;
    if (n > size) return ST_INVALID;
    for (size_t i = 0, at = 0; i < text.n; i += 4, at += 3) {
        uint8_t three[3];

        if (!read_four(text.p + i, i + 4 == text.n ? 4 - (unsigned)padding : 4, three)) return ST_INVALID;
        memcpy(ret + at, three, n - at < 3 ? n - at : 3);
    }
    *ret_n = n;
    return ST_OK;
}

int base64_hash(struct slice text, struct hash *ret)
{
    struct hash h;
    size_t n;

    if (base64_read(text, h.b, HASH_SIZE, &n) != ST_OK || n != HASH_SIZE) return ST_INVALID;
    *ret = h;
    return ST_OK;
}
