/* sign_test.c - published vectors for BLAKE2b-256 and Ed25519, and the key ring at its intended size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/bytes.h"
#include "proto/rng.h"
#include "proto/sign.h"

enum { RING_OFFICES = 20000 };

/* ---- memory and a library that refuse ---- */

static bool no_memory, no_secrets, no_signature;
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_sodium_allocarray(size_t n, size_t size);
void *__wrap_sodium_allocarray(size_t n, size_t size);
int __real_crypto_sign_detached(uint8_t *sig, unsigned long long *n, const uint8_t *m, unsigned long long mn, const uint8_t *sk);
int __wrap_crypto_sign_detached(uint8_t *sig, unsigned long long *n, const uint8_t *m, unsigned long long mn, const uint8_t *sk);
void *__wrap_calloc(size_t n, size_t size) { return no_memory ? NULL : __real_calloc(n, size); }
void *__wrap_sodium_allocarray(size_t n, size_t size) { return no_secrets ? NULL : __real_sodium_allocarray(n, size); }
int __wrap_crypto_sign_detached(uint8_t *sig, unsigned long long *n, const uint8_t *m, unsigned long long mn, const uint8_t *sk)
{
    return no_signature ? -1 : __real_crypto_sign_detached(sig, n, m, mn, sk);
}

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

static void unhex(const char *hex, uint8_t *ret) { assert_int_equal(bytes_unhex(hex, strlen(hex), ret), ST_OK); }

static void hash_vectors(void **state)
{
    static const struct {
        const char *input, *hash;
    } rows[] = {
        /* made with another implementation: Python hashlib.blake2b(digest_size=32) */
        {"", "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"},
        {"abc", "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"},
        {"The quick brown fox jumps over the lazy dog", "01718cec35cd3d796dd00020e0bfecb473ad23457d063b75eff29c0ffa2e58a9"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t want[HASH_SIZE];
        size_t n = strlen(rows[i].input);
        unhex(rows[i].hash, want);
        struct hash h = sign_hash(rows[i].input, n);
        assert_memory_equal(h.b, want, HASH_SIZE);
        for (size_t cut = 0; cut <= n; cut++) {
            struct hash two = sign_hash2(rows[i].input, cut, rows[i].input + cut, n - cut);
            assert_true(sign_hash_equal(&two, &h));
        }
    }
}

static void hash_compare(void **state)
{
    struct hash zero = {{0}}, one = {{0}};
    (void)state;
    assert_true(sign_hash_zero(&zero) && sign_hash_equal(&zero, &one));
    for (size_t i = 0; i < HASH_SIZE; i++) {
        one.b[i] = 1;
        assert_false(sign_hash_zero(&one) || sign_hash_equal(&zero, &one));
        one.b[i] = 0;
    }
}

/* RFC 8032, section 7.1, TEST 1 to 3. */
static void ed25519_vectors(void **state)
{
    static const struct {
        const char *seed, *pub, *msg, *sig;
    } rows[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438"
         "e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d29161"
         "2bb0c00"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027becee"
         "a1ec40a"},
    };
    struct verifier v = sign_ed25519_verifier();
    struct signer s;
    (void)state;
    assert_int_equal(sign_ed25519_ring_new(&s), ST_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t seed[32], pub[PUBKEY_SIZE], got_pub[PUBKEY_SIZE], msg[8], sig[SIG_SIZE], got[SIG_SIZE];
        struct slice m = slice_of(msg, strlen(rows[i].msg) / 2);
        unhex(rows[i].seed, seed);
        unhex(rows[i].pub, pub);
        unhex(rows[i].msg, msg);
        unhex(rows[i].sig, sig);
        assert_int_equal(sign_ed25519_ring_add(&s, text("dinsos-3374"), seed), ST_OK); /* replaces the one before */
        assert_int_equal(s.public_key(s.ctx, text("dinsos-3374"), got_pub), ST_OK);
        assert_memory_equal(got_pub, pub, PUBKEY_SIZE);
        assert_int_equal(s.sign(s.ctx, text("dinsos-3374"), m, got), ST_OK);
        assert_memory_equal(got, sig, SIG_SIZE);
        assert_true(v.verify(v.ctx, pub, m, sig));
        sig[i] ^= 1;
        assert_false(v.verify(v.ctx, pub, m, sig));
        struct hash h = sign_hash(pub, PUBKEY_SIZE);
        assert_true(sign_key_id(pub) == bytes_rd64(h.b));
    }
    sign_ed25519_ring_free(&s);
    sign_ed25519_ring_free(&s); /* tolerated */
}

static void ring_refuses(void **state)
{
    struct signer s;
    uint8_t seed[32] = {0}, out[SIG_SIZE];
    char longest[41];
    (void)state;
    memset(longest, 'a', sizeof longest);
    assert_int_equal(sign_ed25519_ring_new(&s), ST_OK);
    assert_int_equal(s.sign(s.ctx, text("dinsos-3374"), text("x"), out), ST_NOT_FOUND); /* an empty ring */
    assert_int_equal(sign_ed25519_ring_add(&s, text(""), seed), ST_INVALID);
    assert_int_equal(sign_ed25519_ring_add(&s, slice_of(longest, 41), seed), ST_INVALID);
    assert_int_equal(sign_ed25519_ring_add(&s, slice_of(longest, 40), seed), ST_OK);
    assert_int_equal(s.public_key(s.ctx, slice_of(longest, 40), out), ST_OK);
    assert_int_equal(s.public_key(s.ctx, slice_of(longest, 39), out), ST_NOT_FOUND); /* a prefix is another office */
    assert_int_equal(s.public_key(s.ctx, slice_of(longest, 41), out), ST_NOT_FOUND);
    sign_ed25519_ring_free(&s);
}

static void office_key(unsigned i, char ret_id[16], uint8_t ret_seed[32])
{
    struct rng g;
    rng_seed(&g, i);
    snprintf(ret_id, 16, "gen-%05u", i);
    for (size_t k = 0; k < 4; k++) bytes_be64(ret_seed + 8 * k, rng_next(&g));
}

static void ring_of_a_nation(void **state)
{
    struct signer s;
    struct verifier v = sign_ed25519_verifier();
    char id[16];
    uint8_t seed[32], pub[PUBKEY_SIZE], sig[SIG_SIZE], first[PUBKEY_SIZE];
    (void)state;
    assert_int_equal(sign_ed25519_ring_new(&s), ST_OK);
    for (unsigned i = 0; i < RING_OFFICES; i++) {
        office_key(i, id, seed);
        assert_int_equal(sign_ed25519_ring_add(&s, text(id), seed), ST_OK);
        if (i == 0) assert_int_equal(s.public_key(s.ctx, text(id), first), ST_OK);
    }
    office_key(0, id, seed);
    assert_int_equal(s.public_key(s.ctx, text(id), pub), ST_OK);
    assert_memory_equal(pub, first, PUBKEY_SIZE);
    for (unsigned i = 0; i < RING_OFFICES; i += 997) { /* still each office's own key after every growth */
        office_key(i, id, seed);
        assert_int_equal(s.sign(s.ctx, text(id), text(id), sig), ST_OK);
        assert_int_equal(s.public_key(s.ctx, text(id), pub), ST_OK);
        assert_true(v.verify(v.ctx, pub, text(id), sig));
    }
    for (unsigned i = 0; i < 2000; i++) { /* the beginning of an id is another id */
        snprintf(id, sizeof id, "gen-%04u", i);
        assert_int_equal(s.public_key(s.ctx, text(id), pub), ST_NOT_FOUND);
    }
    assert_int_equal(s.public_key(s.ctx, text("gen-20000"), pub), ST_NOT_FOUND);
    sign_ed25519_ring_free(&s);
}

/* A key that finds no room is not there, those before it still are; a signature that was not made is none. */
static void ring_without_memory(void **state)
{
    static const uint8_t seed[32] = {1};
    struct signer s;
    uint8_t out[SIG_SIZE];
    char id[16];
    (void)state;
    no_memory = true;
    assert_int_equal(sign_ed25519_ring_new(&s), ST_NO_MEMORY);
    no_memory = false;
    assert_int_equal(sign_ed25519_ring_new(&s), ST_OK);
    for (unsigned i = 0; i < 12; i++) {         /* three quarters of the first ring */
        snprintf(id, sizeof id, "gen-%u", i);
        assert_int_equal(sign_ed25519_ring_add(&s, text(id), seed), ST_OK);
    }
    no_memory = true;
    assert_int_equal(sign_ed25519_ring_add(&s, text("gen-12"), seed), ST_NO_MEMORY);
    no_memory = false;
    no_secrets = true;
    assert_int_equal(sign_ed25519_ring_add(&s, text("gen-12"), seed), ST_NO_MEMORY);
    no_secrets = false;
    assert_int_equal(s.sign(s.ctx, text("gen-12"), text("x"), out), ST_NOT_FOUND);
    assert_int_equal(s.sign(s.ctx, text("gen-11"), text("x"), out), ST_OK);
    no_signature = true;
    assert_int_equal(s.sign(s.ctx, text("gen-11"), text("x"), out), ST_DENIED);
    no_signature = false;
    assert_int_equal(sign_ed25519_ring_add(&s, text("gen-12"), seed), ST_OK);
    sign_ed25519_ring_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_vectors), cmocka_unit_test(hash_compare),     cmocka_unit_test(ed25519_vectors),
        cmocka_unit_test(ring_refuses), cmocka_unit_test(ring_of_a_nation),
        cmocka_unit_test(ring_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
