/* plain_sign.c - the signing port without signatures, for one row of the benchmark. Kind: E, linked with benchmark daemons only.
 *
 * Stands in place of proto/sign_ed25519.c: every signature is 64 zero bytes and every one is right. Keys are what they are, so that
 * offices, key ids and the register stay as they were made. No shipped program is linked with this object, and there is no switch
 * that could turn a shipped one into this. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"
#include "proto/sign.h"

struct entry { char office[OFFICE_ID_MAX + 1]; uint8_t pub[PUBKEY_SIZE]; struct entry *next; };
enum { BUCKETS = 4096 };
struct ring { struct entry *bucket[BUCKETS]; };

static bool plain_verify(void *ctx, const uint8_t pub[PUBKEY_SIZE], struct slice msg, const uint8_t sig[SIG_SIZE])
{
    (void)ctx, (void)pub, (void)msg, (void)sig;
    return true;
}

struct verifier sign_ed25519_verifier(void) { return (struct verifier){ NULL, plain_verify }; }

static struct entry **place(struct ring *r, struct slice office)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < office.n; i++) h = (h ^ office.p[i]) * 16777619u;
    return &r->bucket[h % BUCKETS];
}

static struct entry *find(struct ring *r, struct slice office)
{
    for (struct entry *e = *place(r, office); e; e = e->next)
        if (strlen(e->office) == office.n && memcmp(e->office, office.p, office.n) == 0) return e;
    return NULL;
}

static int plain_sign(void *ctx, struct slice office, struct slice msg, uint8_t ret_sig[SIG_SIZE])
{
    (void)msg;
    memset(ret_sig, 0, SIG_SIZE);
    return find(ctx, office) ? ST_OK : ST_NOT_FOUND;
}

static int plain_public_key(void *ctx, struct slice office, uint8_t ret[PUBKEY_SIZE])
{
    const struct entry *e = find(ctx, office);
    if (e) memcpy(ret, e->pub, PUBKEY_SIZE);
    return e ? ST_OK : ST_NOT_FOUND;
}

int sign_ed25519_ring_new(struct signer *ret)
{
    struct ring *r = calloc(1, sizeof *r);
    *ret = (struct signer){ r, plain_sign, plain_public_key };
    return r ? ST_OK : ST_NO_MEMORY;
}

int sign_ed25519_ring_add(struct signer *s, struct slice office, const uint8_t seed[32])
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    struct entry *e = find(s->ctx, office), **at = place(s->ctx, office);
    if (office.n == 0 || office.n > OFFICE_ID_MAX) return ST_INVALID;
    if (!e && !(e = calloc(1, sizeof *e))) return ST_NO_MEMORY;
    if (!e->office[0]) {
        memcpy(e->office, office.p, office.n);
        e->next = *at;
        *at = e;
    }
    crypto_sign_seed_keypair(e->pub, secret, seed);
    return ST_OK;
}

void sign_ed25519_ring_free(struct signer *s)
{
    struct ring *r = s->ctx;
    for (unsigned i = 0; r && i < BUCKETS; i++)
        for (struct entry *e = r->bucket[i], *next; e; e = next) {
            next = e->next;
            free(e);
        }
    free(r);
    *s = (struct signer){ 0 };
}
