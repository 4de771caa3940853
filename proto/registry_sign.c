/* registry_sign.c - the register's own signature: one chain over its lines, and which key of an office may sign. Kind: P.
 *
 * Design notes: what is signed is the line as registry_line_format writes it, not the bytes of the file, so a line end or a date
 * spelled otherwise changes nothing and everything that means something is covered. The chain head before the line is signed with
 * it: a line belongs to one place of one register. Verifying goes on from where it stood, because a register only grows and a
 * daemon reads it again at each office added.
 *
 * Invariant: a chain at version n has seen exactly lines 1..n, each with a valid signature. */
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "registry.h"

static const char HEADING[] = "#rekap-office 1";

void registry_chain_start(struct registry_chain *ret)
{
    *ret = (struct registry_chain){ sign_hash(HEADING, sizeof HEADING - 1), 0 };
}

/* The chain head and the nine fields. The longest line there is fits. */
enum { MESSAGE_MAX = HASH_SIZE + REGISTRY_LINE_MAX };
static void message(const struct registry_chain *c, const struct office *o, struct buf *ret)
{
    char line[REGISTRY_LINE_MAX];
    struct office bare = *o;
    int n;

    bare.sealed = false;
    n = registry_line_format(&bare, line, sizeof line - 2 * SIG_SIZE - 1);
    ASSERT(n > 0);
    buf_put(ret, c->head.b, HASH_SIZE);
    buf_put(ret, line, (size_t)n);
    ASSERT(buf_ok(ret));
}

static void move_on(struct registry_chain *c, const struct office *sealed)
{
    char line[REGISTRY_LINE_MAX];
    int n = registry_line_format(sealed, line, sizeof line);

    ASSERT(n > 0);
    c->head = sign_hash2(c->head.b, HASH_SIZE, line, (size_t)n);
    c->version++;
}

int registry_seal(struct registry_chain *c, struct office *o, const struct signer *signer)
{
    uint8_t room[MESSAGE_MAX];
    struct buf b;
    int st;

    buf_over(&b, room, sizeof room);
    message(c, o, &b);
    st = signer->sign(signer->ctx, slice_of(REGISTRY_KEY_ID, sizeof REGISTRY_KEY_ID - 1), buf_slice(&b), o->signature);
    if (st != ST_OK) return st;
    o->sealed = true;
    move_on(c, o);
    return ST_OK;
}

int registry_verify(const struct registry *r, struct registry_chain *c, const uint8_t issuer[PUBKEY_SIZE], const struct verifier *v,
                    char *err, size_t err_size)
{
    uint8_t room[MESSAGE_MAX];
    struct buf b;
    int st = ST_OK;

    buf_over(&b, room, sizeof room);
    while (st == ST_OK && c->version < registry_version(r)) {
        const struct office *o = registry_entry(r, c->version + 1);

        buf_clear(&b);
        message(c, o, &b);
        if (!o->sealed || !v->verify(v->ctx, issuer, buf_slice(&b), o->signature)) st = ST_DENIED;
        if (st == ST_OK) move_on(c, o);
        else
            snprintf(err, err_size, "baris %llu (%s): %s", (unsigned long long)c->version + 2, o->id,
                     o->sealed ? "tanda tangan daftar tidak sah" : "tidak bertanda tangan");
    }
    return st;
}

int registry_verify_last(const struct registry *r, struct registry_chain *c, const uint8_t issuer[PUBKEY_SIZE],
                         const struct verifier *v, char *err, size_t err_size)
{
    while (c->version + 1 < registry_version(r)) move_on(c, registry_entry(r, c->version + 1));
    return registry_verify(r, c, issuer, v, err, err_size);
}

const struct office *registry_signing(const struct registry *r, const struct office *newest, uint64_t key_id, struct wall now)
{
    static const int64_t KEPT_MS = (int64_t)REGISTRY_ROTATED_DAYS * 86400 * 1000;
    const struct office *o = newest;

    while (o->status == OFFICE_ACTIVE) {
        if (sign_key_id(o->signing) == key_id) return o;
        if (o->before == 0 || (o->valid_from.ms != INT64_MIN && now.ms - o->valid_from.ms > KEPT_MS)) return NULL;
        o = registry_entry(r, o->before);
    }
    return NULL;
}
