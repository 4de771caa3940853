/* settings.c - see settings.h. Kind: E.
 *
 * Each part writes what would be wrong into err before it looks, so that every way out is a plain return.
 * Invariant: a secret leaves this file only inside the signer. */
#include "worker/settings.h"

#include <stdio.h>
#include <string.h>

static int read_identity(const struct conf *c, struct ledger_identity *id, char *err, size_t n)
{
    const char *name = conf_text(c, "worker.id");
    snprintf(err, n, "worker.id must be 1 to 8 lower-case letters or digits");
    if (strlen(name) > 8 || name[0] == '\0' || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789") != strlen(name))
        return ST_INVALID;
    memcpy(id->id, name, strlen(name) + 1);
    id->number = (uint8_t)conf_int(c, "worker.number");
    return ST_OK;
}

static int read_followers(const struct conf *c, struct work_options *o, char *err, size_t size)
{
    snprintf(err, size, "worker.followers: at most %d keys of %u hex digits", FOLLOWER_KEYS_MAX, 2 * PUBKEY_SIZE);
    for (const char *p = conf_text(c, "worker.followers"); *p != '\0';) {
        size_t n = strcspn(p, ", ");
        if (n != 0) {
            if (o->follower_keys == FOLLOWER_KEYS_MAX || n != 2 * PUBKEY_SIZE) return ST_INVALID;
            if (bytes_unhex(p, n, o->follower_key[o->follower_keys]) != ST_OK) return ST_INVALID;
            o->follower_keys++;
        }
        p += n + (p[n] != '\0');
    }
    return ST_OK;
}

/* Replicas may follow, too. */
static int read_replicas(const struct conf *c, struct work_options *o, char *err, size_t size)
{
    snprintf(err, size, "worker.replicas: keys of %u hex digits; at most %d with worker.followers", 2 * PUBKEY_SIZE,
             FOLLOWER_KEYS_MAX);
    for (const char *p = conf_text(c, "worker.replicas"); *p != '\0';) {
        size_t n = strcspn(p, ", ");
        if (n != 0) {
            if (o->follower_keys == FOLLOWER_KEYS_MAX || n != 2 * PUBKEY_SIZE) return ST_INVALID;
            if (bytes_unhex(p, n, o->follower_key[o->follower_keys]) != ST_OK) return ST_INVALID;
            memcpy(o->replica_key[o->replica_keys++], o->follower_key[o->follower_keys++], PUBKEY_SIZE);
        }
        p += n + (p[n] != '\0');
    }
    o->acks = (unsigned)conf_int(c, "worker.acks");
    snprintf(err, size, "worker.acks = 2 needs worker.replicas: whose disk is the second one?");
    return o->acks == 2 && o->replica_keys == 0 ? ST_INVALID : ST_OK;
}

static int read_follow(const struct conf *c, struct settings *s, char *err, size_t size)
{
    const char *key = conf_text(c, "worker.leader_key");
    s->options.follow = *conf_text(c, "worker.follow") != '\0';
    s->options.registry_key = s->office.issuer;
    if (!s->options.follow) return ST_OK;
    snprintf(err, size, "worker.follow needs worker.leader_key, a public key of %u hex digits, and worker.acks = 1",
             2 * PUBKEY_SIZE);
    if (s->options.acks == 2 || strlen(key) != 2 * PUBKEY_SIZE) return ST_INVALID;
    return bytes_unhex(key, strlen(key), s->leader_key);
}

static int read_register(const struct conf *c, struct settings *s, char *err, size_t n)
{
    const char *issuer = conf_text(c, "worker.registry_key");
    s->office = (struct office_options){ .path = conf_text(c, "worker.registry"),
                                         .follower_key = (const uint8_t(*)[PUBKEY_SIZE])s->options.follower_key,
                                         .follower_keys = s->options.follower_keys };
    snprintf(err, n, "worker.registry_key must be a public key of 64 hexadecimal digits");
    return strlen(issuer) == 2 * PUBKEY_SIZE ? bytes_unhex(issuer, strlen(issuer), s->office.issuer) : ST_INVALID;
}

static int read_signer(const struct conf *c, struct settings *s, char *err, size_t n)
{
    uint8_t seed[32], pub[PUBKEY_SIZE];
    int st = conf_key_read(conf_text(c, "worker.checkpoint_key"), "ed25519", seed, pub, err, n);
    if (st == ST_OK) st = sign_ed25519_ring_new(&s->signer);
    if (st == ST_OK) st = sign_ed25519_ring_add(&s->signer, slice_of(TREE_SIGNER_ID, sizeof TREE_SIGNER_ID - 1), seed);
    explicit_bzero(seed, sizeof seed);
    s->options.signer = &s->signer;
    return st;
}

int settings_read(const struct conf *c, struct settings *ret, char *err, size_t err_size)
{
    int st = read_identity(c, &ret->options.identity, err, err_size);
    ret->options.verifier = sign_ed25519_verifier();
    if (st == ST_OK) st = read_followers(c, &ret->options, err, err_size);
    if (st == ST_OK) st = read_replicas(c, &ret->options, err, err_size);
    if (st == ST_OK) st = read_register(c, ret, err, err_size);
    if (st == ST_OK) st = read_follow(c, ret, err, err_size);
    return st == ST_OK ? read_signer(c, ret, err, err_size) : st;
}

void settings_done(struct settings *s)
{
    sign_ed25519_ring_free(&s->signer);
}
