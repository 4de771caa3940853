/* sim_key.c - the keys of everybody, as ports: keyed hashes in most seeds, Ed25519 in one of twenty. Kind: P.
 *
 * A key is a name and a generation; both kinds follow from them and the seed. A keyed hash proves what the checks need (who signed
 * which bytes), at a hundredth of the price. A collector signs with the generation that its desk has for an office; a worker signs
 * its checkpoints with a key of its own; the register's key is the operator's.
 *
 * Invariant: the same name, generation and seed give the same key. */
#include <stdio.h>
#include <string.h>

#include "tests/sim/sim.h"

void sim_key_transport(const struct sim_node *n, uint8_t ret[PUBKEY_SIZE])
{
    const uint8_t who[2] = { n->role == &sim_role_collector ? 1 : n->role == &sim_role_follower ? 2 : 0,
                             (uint8_t)n->desk.transport };
    struct hash h = sign_hash2("transport", 9, who, sizeof who);
    memcpy(ret, h.b, PUBKEY_SIZE);
}

static struct hash seed_of(const char *name, unsigned generation)
{
    uint8_t g[4];
    bytes_be32(g, generation);
    return sign_hash2(name, strlen(name), g, sizeof g);
}

/* The ring of real keys knows each generation under a name of its own. */
static struct slice ring_name(struct sim *s, const char *name, unsigned generation, char ret[OFFICE_ID_MAX + 8])
{
    uint8_t pub[PUBKEY_SIZE];
    int n = snprintf(ret, OFFICE_ID_MAX + 8, "%s.%u", name, generation);
    struct slice id = slice_of(ret, (size_t)n);
    if (s->ring.public_key(s->ring.ctx, id, pub) == ST_OK) return id;
    struct hash seed = seed_of(name, generation);
    int st = sign_ed25519_ring_add(&s->ring, id, seed.b);
    ASSERT(st == ST_OK);
    return id;
}

static void need_ring(struct sim *s)
{
    if (s->ring.ctx) return;
    int st = sign_ed25519_ring_new(&s->ring);
    ASSERT(st == ST_OK);
}

void sim_key_public(struct sim *s, const char *name, unsigned generation, uint8_t ret[PUBKEY_SIZE])
{
    char id[OFFICE_ID_MAX + 8];
    if (!s->o.real_keys) {
        struct hash h = seed_of(name, generation);
        memcpy(ret, h.b, PUBKEY_SIZE);
        return;
    }
    need_ring(s);
    int st = s->ring.public_key(s->ring.ctx, ring_name(s, name, generation, id), ret);
    ASSERT(st == ST_OK);
}

int sim_key_sign(struct sim *s, const char *name, unsigned generation, struct slice msg, uint8_t ret[SIG_SIZE])
{
    char id[OFFICE_ID_MAX + 8];
    if (s->o.real_keys) {
        need_ring(s);
        return s->ring.sign(s->ring.ctx, ring_name(s, name, generation, id), msg, ret);
    }
    struct hash pub = seed_of(name, generation), h = sign_hash2(pub.b, PUBKEY_SIZE, msg.p, msg.n);
    memcpy(ret, h.b, HASH_SIZE);
    memcpy(ret + HASH_SIZE, h.b, HASH_SIZE);
    return ST_OK;
}

static bool mac_verify(void *ctx, const uint8_t pub[PUBKEY_SIZE], struct slice msg, const uint8_t sig[SIG_SIZE])
{
    struct hash h = sign_hash2(pub, PUBKEY_SIZE, msg.p, msg.n);
    (void)ctx;
    return !memcmp(h.b, sig, HASH_SIZE) && !memcmp(h.b, sig + HASH_SIZE, HASH_SIZE);
}

struct verifier sim_key_verifier(struct sim *s)
{
    return s->o.real_keys ? sign_ed25519_verifier() : (struct verifier){ NULL, mac_verify };
}

void sim_keys_free(struct sim *s) { sign_ed25519_ring_free(&s->ring); }

/* ---- a node's signer: what the daemon's key files would give it ---- */

static const char *key_of(const struct sim_node *n, struct slice id, unsigned *ret_generation)
{
    static const char *const LOG[SIM_WORKERS] = { "log-w1", "log-w2", "log-w3" };
    *ret_generation = 0;
    if (n->role == &sim_role_worker) return LOG[n->index];
    unsigned office = sim_office_of(n->world, id);
    for (unsigned i = 0; i < n->desk.seats; i++)
        if (n->desk.seat[i].office == office && n->desk.seat[i].has_key) {
            *ret_generation = n->desk.seat[i].key;
            return n->world->office[office].id;
        }
    return NULL;
}

static int node_sign(void *ctx, struct slice office, struct slice msg, uint8_t ret[SIG_SIZE])
{
    unsigned generation;
    const struct sim_node *n = ctx;
    const char *name = key_of(n, office, &generation);
    return name ? sim_key_sign(n->world, name, generation, msg, ret) : ST_NOT_FOUND;
}

static int node_public(void *ctx, struct slice office, uint8_t ret[PUBKEY_SIZE])
{
    unsigned generation;
    const struct sim_node *n = ctx;
    const char *name = key_of(n, office, &generation);
    if (!name) return ST_NOT_FOUND;
    sim_key_public(n->world, name, generation, ret);
    return ST_OK;
}

struct signer sim_key_signer_of(struct sim_node *n) { return (struct signer){ n, node_sign, node_public }; }

static int central_sign(void *ctx, struct slice office, struct slice msg, uint8_t ret[SIG_SIZE])
{
    (void)office;
    return sim_key_sign(ctx, REGISTRY_KEY_ID, 0, msg, ret);
}

static int central_public(void *ctx, struct slice office, uint8_t ret[PUBKEY_SIZE])
{
    (void)office;
    sim_key_public(ctx, REGISTRY_KEY_ID, 0, ret);
    return ST_OK;
}

struct signer sim_key_central(struct sim *s) { return (struct signer){ s, central_sign, central_public }; }
