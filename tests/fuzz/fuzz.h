/* fuzz.h - shared by the fuzz targets: each is one libFuzzer entry over bytes from outside. A crash, an assert, a leak or undefined
 * behaviour is a finding; what a parser says is checked against what it then gives. */
#ifndef REKAP_FUZZ_H
#define REKAP_FUZZ_H

#include <stdlib.h>
#include <string.h>

#include "proto/bytes.h"
#include "proto/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static inline bool fuzz_same(struct slice a, struct slice b) { return a.n == b.n && (a.n == 0 || !memcmp(a.p, b.p, a.n)); }

/* Signatures of the targets are keyed hashes: forging one is as hard, and the fuzzer's time is not spent on curves. */
static inline void fuzz_sign(const uint8_t pub[PUBKEY_SIZE], struct slice msg, uint8_t ret[SIG_SIZE])
{
    struct hash h = sign_hash2(pub, PUBKEY_SIZE, msg.p, msg.n);
    memcpy(ret, h.b, HASH_SIZE);
    memcpy(ret + HASH_SIZE, h.b, HASH_SIZE);
}

static inline bool fuzz_verify(void *ctx, const uint8_t pub[PUBKEY_SIZE], struct slice msg, const uint8_t sig[SIG_SIZE])
{
    uint8_t want[SIG_SIZE];
    (void)ctx;
    fuzz_sign(pub, msg, want);
    return !memcmp(want, sig, SIG_SIZE);
}

static inline int fuzz_key(void *ctx, struct slice office, uint8_t ret[PUBKEY_SIZE])
{
    struct hash h = sign_hash2("signing", 7, office.p, office.n);
    (void)ctx;
    memcpy(ret, h.b, PUBKEY_SIZE);
    return ST_OK;
}

static inline int fuzz_signer(void *ctx, struct slice office, struct slice msg, uint8_t ret[SIG_SIZE])
{
    uint8_t pub[PUBKEY_SIZE];
    (void)fuzz_key(ctx, office, pub);
    fuzz_sign(pub, msg, ret);
    return ST_OK;
}

#endif
