/* audit_hash.c - rekap-audit's own sums and hashes. Kind: E.
 *
 * The cryptography itself is libsodium's, as it is everywhere; what is hashed, in which order and with which prefix is written down
 * here a second time. CRC-32C goes eight bytes at a time by tables made at the start: slower than the worker's instruction, and
 * independent of it.
 * Invariant: nothing keeps state between calls except the trees and chains that are handed in; the tables never change. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "cli/audit_part.h"

bool audit_hash_start(void) { return sodium_init() >= 0; }

bool audit_same(struct audit_span a, struct audit_span b) { return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0); }

uint64_t audit_be(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;

    while (n-- > 0) v = v << 8 | *p++;
    return v;
}

/* CRC-32C (Castagnoli), reflected polynomial 0x82f63b78. crc_of[k][b]: what byte b leaves after k zero bytes. */
static uint32_t crc_of[8][256];

__attribute__((constructor)) static void crc_tables(void)
{
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t c = b;

        for (unsigned bit = 0; bit < 8; bit++) c = c >> 1 ^ (UINT32_C(0x82f63b78) & (0 - (c & 1)));
        crc_of[0][b] = c;
    }
    for (unsigned k = 1; k < 8; k++)
        for (uint32_t b = 0; b < 256; b++) crc_of[k][b] = crc_of[k - 1][b] >> 8 ^ crc_of[0][crc_of[k - 1][b] & 0xff];
}

uint32_t audit_hash_crc(uint32_t crc, struct audit_span s)
{
    const uint8_t *p = s.p;
    size_t n = s.n;

    crc = ~crc;
    for (; n >= 8; n -= 8, p += 8) {
        crc ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        crc = crc_of[7][crc & 0xff] ^ crc_of[6][crc >> 8 & 0xff] ^ crc_of[5][crc >> 16 & 0xff] ^ crc_of[4][crc >> 24] ^
              crc_of[3][p[4]] ^ crc_of[2][p[5]] ^ crc_of[1][p[6]] ^ crc_of[0][p[7]];
    }
    for (; n > 0; n--) crc = crc >> 8 ^ crc_of[0][(crc ^ *p++) & 0xff];
    return ~crc;
}

struct audit_hash audit_hash_blake(struct audit_span a, struct audit_span b)
{
    crypto_generichash_state st;
    struct audit_hash h;

    crypto_generichash_init(&st, NULL, 0, AUDIT_HASH);
    if (a.n > 0) crypto_generichash_update(&st, a.p, a.n);
    if (b.n > 0) crypto_generichash_update(&st, b.p, b.n);
    crypto_generichash_final(&st, h.b, AUDIT_HASH);
    return h;
}

bool audit_hash_signed(const uint8_t pub[AUDIT_KEY], struct audit_span msg, const uint8_t sig[AUDIT_SIG])
{
    return crypto_sign_verify_detached(sig, msg.p, msg.n, pub) == 0;
}

bool audit_hash_same(const struct audit_hash *a, const void *b) { return memcmp(a->b, b, AUDIT_HASH) == 0; }

uint64_t audit_hash_key_id(const uint8_t pub[AUDIT_KEY])
{
    struct audit_hash h = audit_hash_blake(audit_span_of(pub, AUDIT_KEY), audit_span_of(NULL, 0));

    return audit_be(h.b, 8);
}

/* ---- RFC 6962 ---- */

static struct audit_hash prefixed(uint8_t prefix, struct audit_span a, struct audit_span b)
{
    crypto_hash_sha256_state st;
    struct audit_hash h;

    crypto_hash_sha256_init(&st);
    crypto_hash_sha256_update(&st, &prefix, 1);
    if (a.n > 0) crypto_hash_sha256_update(&st, a.p, a.n);
    if (b.n > 0) crypto_hash_sha256_update(&st, b.p, b.n);
    crypto_hash_sha256_final(&st, h.b);
    return h;
}

static struct audit_hash joined(const struct audit_hash *left, const struct audit_hash *right)
{
    return prefixed(1, audit_span_of(left->b, AUDIT_HASH), audit_span_of(right->b, AUDIT_HASH));
}

void audit_hash_leaf(struct audit_tree *t, struct audit_span data, audit_node_fn fn, void *ctx)
{
    struct audit_hash h = prefixed(0, data, audit_span_of(NULL, 0));
    uint64_t index = t->size;
    unsigned level = 0;

    fn(ctx, level, index, &h);
    for (; index & 1; level++) {
        h = joined(&t->edge[level], &h);
        index >>= 1;
        fn(ctx, level + 1, index, &h);
    }
    t->edge[level] = h;
    t->size++;
}

struct audit_hash audit_hash_root(const struct audit_tree *t)
{
    struct audit_hash h;
    bool any = false;

    crypto_hash_sha256(h.b, NULL, 0);
    for (unsigned level = 0; level < 64; level++) {
        if (!(t->size >> level & 1)) continue;
        h = any ? joined(&t->edge[level], &h) : t->edge[level];
        any = true;
    }
    return h;
}

/* ---- hexadecimal ---- */

void audit_hash_hex(const void *p, size_t n, char *ret)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *b = p;

    for (size_t i = 0; i < n; i++) {
        ret[2 * i] = digits[b[i] >> 4];
        ret[2 * i + 1] = digits[b[i] & 15];
    }
    ret[2 * n] = '\0';
}

static int digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool audit_hash_unhex(const char *s, size_t n, uint8_t *ret)
{
    for (size_t i = 0; i < n; i++) {
        int high = digit(s[2 * i]), low = high < 0 ? -1 : digit(s[2 * i + 1]);

        if (low < 0) return false;
        ret[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
