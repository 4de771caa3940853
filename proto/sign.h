/* sign.h - hashes, and signing as a port. Kind: P for hashes; the port has an Ed25519 implementation (sign_ed25519.c, which
 * holds keys, E) and a keyed-MAC one for the simulator (tests/sim). */
#ifndef REKAP_SIGN_H
#define REKAP_SIGN_H

#include "status.h"

struct hash sign_hash(const void *p, size_t n);                             /* BLAKE2b-256 (RFC 7693) */
struct hash sign_hash2(const void *a, size_t an, const void *b, size_t bn); /* of the concatenation */
bool sign_hash_equal(const struct hash *a, const struct hash *b);
bool sign_hash_zero(const struct hash *h);

struct signer { /* holds the keys of the offices it may sign for */
    void *ctx;
    /* Signs with the office's key. ST_NOT_FOUND when there is none. key_id = first 8 bytes of BLAKE2b-256(public key). */
    int (*sign)(void *ctx, struct slice office, struct slice msg, uint8_t ret_sig[SIG_SIZE]);
    int (*public_key)(void *ctx, struct slice office, uint8_t ret[PUBKEY_SIZE]);
};
struct verifier {
    void *ctx;
    bool (*verify)(void *ctx, const uint8_t pub[PUBKEY_SIZE], struct slice msg, const uint8_t sig[SIG_SIZE]);
};
uint64_t sign_key_id(const uint8_t pub[PUBKEY_SIZE]);

/* Ed25519 (RFC 8032, libsodium; both constructors initialise it). Key files: one line of text, "rekap-key 1 ed25519|curve25519
 * <secret hex> <public hex>", mode 0600. A ring is not for several threads while offices are being added. */
struct verifier sign_ed25519_verifier(void);
int sign_ed25519_ring_new(struct signer *ret); /* an empty key ring */
/* Replaces an office's key. ST_INVALID for an id that is empty or over OFFICE_ID_MAX; ST_NO_MEMORY. */
int sign_ed25519_ring_add(struct signer *s, struct slice office, const uint8_t seed[32]);
void sign_ed25519_ring_free(struct signer *s);

#endif
