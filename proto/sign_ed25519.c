/* sign_ed25519.c - Ed25519 by libsodium: the verifier, and a ring of secret keys by office. Kind: E (holds keys).
 *
 * A central collector may sign for twenty thousand offices, so the ring is an open-addressed hash table by office id, and all
 * secrets stand in one sodium_malloc-ed block (guard pages, mlock where the limit allows): a block per key would cost three
 * pages each. Growing copies into a new block; sodium_free wipes the old one, and so does ring_free.
 * Invariant: ring.used <= 3/4 ring.size, size is a power of two, entry i's secret is secrets[i] of the same generation. */
#include "sign.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"

enum { RING_MAGIC = 0x52494e47, RING_FIRST = 16, SECRET_SIZE = crypto_sign_SECRETKEYBYTES };
_Static_assert(SIG_SIZE == crypto_sign_BYTES && PUBKEY_SIZE == crypto_sign_PUBLICKEYBYTES, "Ed25519");

struct entry {
    char office[OFFICE_ID_MAX];
    uint8_t n;
    uint8_t pub[PUBKEY_SIZE];
}; /* n 0: free */
struct ring {
    uint32_t magic;
    size_t used, size;
    struct entry *entries;
    uint8_t (*secrets)[SECRET_SIZE]; /* as libsodium keeps them: seed, then public key */
};

static bool ed25519_verify(void *ctx, const uint8_t pub[PUBKEY_SIZE], struct slice msg, const uint8_t sig[SIG_SIZE])
{
    (void)ctx;
    return crypto_sign_verify_detached(sig, msg.p, msg.n, pub) == 0;
}

struct verifier sign_ed25519_verifier(void)
{
    ASSERT(sodium_init() >= 0);
    return (struct verifier){NULL, ed25519_verify};
}

static struct ring *ring_of(void *ctx)
{
    struct ring *r = ctx;
    ASSERT(r != NULL && r->magic == RING_MAGIC);
    return r;
}

/* The office's place, or the free one where it would stand. FNV-1a: the ids come from our own registry. */
static size_t ring_slot(const struct entry *entries, size_t size, const void *office, size_t n)
{
    const uint8_t *p = office;
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n; i++) h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    size_t at = (size_t)(h ^ h >> 32) & (size - 1);
    while (entries[at].n != 0 && (entries[at].n != n || memcmp(entries[at].office, office, n) != 0)) at = (at + 1) & (size - 1);
    return at;
}

static bool id_fits(struct slice office) { return office.n > 0 && office.n <= OFFICE_ID_MAX; }

static const struct entry *ring_find(const struct ring *r, struct slice office)
{
    if (r->size == 0 || !id_fits(office)) return NULL;
    const struct entry *e = &r->entries[ring_slot(r->entries, r->size, office.p, office.n)];
    return e->n ? e : NULL;
}

static int ring_sign(void *ctx, struct slice office, struct slice msg, uint8_t ret_sig[SIG_SIZE])
{
    const struct ring *r = ring_of(ctx);
    const struct entry *e = ring_find(r, office);
    if (e == NULL) return ST_NOT_FOUND;
    return crypto_sign_detached(ret_sig, NULL, msg.p, msg.n, r->secrets[e - r->entries]) == 0 ? ST_OK : ST_DENIED;
}

static int ring_public_key(void *ctx, struct slice office, uint8_t ret[PUBKEY_SIZE])
{
    const struct entry *e = ring_find(ring_of(ctx), office);
    if (e == NULL) return ST_NOT_FOUND;
    memcpy(ret, e->pub, PUBKEY_SIZE);
    return ST_OK;
}

int sign_ed25519_ring_new(struct signer *ret)
{
    ASSERT(sodium_init() >= 0);
    struct ring *r = calloc(1, sizeof *r);
    if (r == NULL) return ST_NO_MEMORY;
    r->magic = RING_MAGIC;
    *ret = (struct signer){r, ring_sign, ring_public_key};
    return ST_OK;
}

static int ring_grow(struct ring *r)
{
    size_t size = r->size ? 2 * r->size : RING_FIRST;
    struct entry *entries = calloc(size, sizeof *entries);
    uint8_t(*secrets)[SECRET_SIZE] = sodium_allocarray(size, SECRET_SIZE);
    if (entries == NULL || secrets == NULL) {
        free(entries);
        sodium_free(secrets);
        return ST_NO_MEMORY;
    }
    for (size_t i = 0; i < r->size; i++) {
        if (r->entries[i].n == 0) continue;
        size_t at = ring_slot(entries, size, r->entries[i].office, r->entries[i].n);
        entries[at] = r->entries[i];
        memcpy(secrets[at], r->secrets[i], SECRET_SIZE);
    }
    free(r->entries);
    sodium_free(r->secrets);
    r->entries = entries;
    r->secrets = secrets;
    r->size = size;
    return ST_OK;
}

int sign_ed25519_ring_add(struct signer *s, struct slice office, const uint8_t seed[32])
{
    struct ring *r = ring_of(s->ctx);
    if (!id_fits(office)) return ST_INVALID;
    if (4 * (r->used + 1) > 3 * r->size) {
        int st = ring_grow(r);
        if (st != ST_OK) return st;
    }
    size_t at = ring_slot(r->entries, r->size, office.p, office.n);
    struct entry *e = &r->entries[at];
    if (e->n == 0) {
        memcpy(e->office, office.p, office.n);
        e->n = (uint8_t)office.n;
        r->used++;
    }
    crypto_sign_seed_keypair(e->pub, r->secrets[at], seed);
    return ST_OK;
}

void sign_ed25519_ring_free(struct signer *s)
{
    if (s->ctx == NULL) return;
    struct ring *r = ring_of(s->ctx);
    free(r->entries);
    sodium_free(r->secrets);
    r->magic = 0;
    free(r);
    *s = (struct signer){0};
}
