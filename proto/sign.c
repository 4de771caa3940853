/* sign.c - BLAKE2b-256 and what is made of it.
 *
 * One hash function everywhere: batches, bodies, log chain, key ids. It is keyless; every place that hashes something defines the
 * exact bytes (docs/PROTOCOL.md), so no domain prefix is needed: the inputs are msgpack arrays of different shapes.
 * The results need no initialised libsodium; once an edge has initialised it (sign_ed25519.c) the faster code is used.
 * Invariant: sign_hash2(a, b) is sign_hash(a || b). */
#include "sign.h"

#include <sodium.h>
#include <string.h>

_Static_assert(HASH_SIZE == crypto_generichash_BYTES, "BLAKE2b-256");

struct hash sign_hash2(const void *a, size_t an, const void *b, size_t bn)
{
    crypto_generichash_state st;
    struct hash h;
    crypto_generichash_init(&st, NULL, 0, HASH_SIZE);
    if (an) crypto_generichash_update(&st, a, an);
    if (bn) crypto_generichash_update(&st, b, bn);
    crypto_generichash_final(&st, h.b, HASH_SIZE);
    return h;
}

struct hash sign_hash(const void *p, size_t n) { return sign_hash2(p, n, NULL, 0); }

bool sign_hash_equal(const struct hash *a, const struct hash *b) { return memcmp(a->b, b->b, HASH_SIZE) == 0; }

bool sign_hash_zero(const struct hash *h)
{
    static const struct hash zero;
    return sign_hash_equal(h, &zero);
}

uint64_t sign_key_id(const uint8_t pub[PUBKEY_SIZE])
{
    struct hash h = sign_hash(pub, PUBKEY_SIZE);
    uint64_t id = 0;
    for (int i = 0; i < 8; i++) id = id << 8 | h.b[i];
    return id;
}
