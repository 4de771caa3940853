/* sign_sha256.c - SHA-256 by libsodium. Kind: P (keyless, no randomness; needs no initialised libsodium).
 *
 * Parts instead of one buffer, because every use puts a prefix before what it hashes (RFC 6962: 0x00 before a leaf, 0x01 before two
 * nodes) and none should have to copy for that.
 * Invariant: the result depends on the bytes alone, not on how they are cut into parts. */
#include "sign_sha256.h"

#include <sodium.h>

_Static_assert(HASH_SIZE == crypto_hash_sha256_BYTES, "SHA-256");

struct hash sign_sha256(const struct slice *part, size_t parts)
{
    crypto_hash_sha256_state st;
    struct hash h;

    crypto_hash_sha256_init(&st);
    for (size_t i = 0; i < parts; i++)
        if (part[i].n > 0) crypto_hash_sha256_update(&st, part[i].p, part[i].n);
    crypto_hash_sha256_final(&st, h.b);
    return h;
}
