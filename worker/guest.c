/* guest.c - see guest.h. Kind: P.
 *
 * Design notes: the table is small and lies in memory as a sorted array; the store is written first, so an aborted step is undone
 * by reading it again. Of two different requests on one invitation the first stays and the second is told so: whoever found a lost
 * line can so be noticed by the office it was meant for, and cannot push its request aside. A rotation is signed by the key in
 * force, so a later one of the same office replaces an earlier one.
 *
 * A key that was ever in the register under another office, or in a line that revoked this one, never comes in again.
 *
 * Invariant: v is strictly ascending by office id and equals the table outside a step. */
#include "worker/guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROW_MAX = 8 + JOIN_REQUEST_BYTES_MAX };

int guest_init(struct guests *g)
{
    g->v = calloc(GUEST_PENDING_MAX, sizeof *g->v);
    g->count = 0;
    return g->v != NULL ? ST_OK : ST_NO_MEMORY;
}

void guest_done(struct guests *g)
{
    free(g->v);
    g->v = NULL;
    g->count = 0;
}

/* ---- the array ---- */

static int compare(struct slice id, const char *other)
{
    size_t n = strlen(other);
    int c = memcmp(id.p, other, id.n < n ? id.n : n);

    return c != 0 ? c : id.n < n ? -1 : id.n > n;
}

static uint32_t lower_bound(const struct guests *g, struct slice id)
{
    uint32_t i = 0;

    while (i < g->count && compare(id, g->v[i].request.office) > 0) i++;
    return i;
}

static struct slice id_of(const struct join_request *r) { return slice_of(r->office, strlen(r->office)); }

const struct guest *guest_of(const struct guests *g, struct slice office)
{
    uint32_t i = lower_bound(g, office);

    return i < g->count && compare(office, g->v[i].request.office) == 0 ? &g->v[i] : NULL;
}

const struct guest *guest_transport(const struct guests *g, const uint8_t key[PUBKEY_SIZE])
{
    for (uint32_t i = 0; i < g->count; i++)
        if (g->v[i].request.kind == JOIN_NEW && memcmp(g->v[i].request.transport, key, PUBKEY_SIZE) == 0) return &g->v[i];
    return NULL;
}

static void insert(struct guests *g, const struct guest *one)
{
    uint32_t i = lower_bound(g, id_of(&one->request));

    if (i == g->count || compare(id_of(&one->request), g->v[i].request.office) != 0) {
        ASSERT(g->count < GUEST_PENDING_MAX);
        memmove(&g->v[i + 1], &g->v[i], (g->count - i) * sizeof *g->v);
        g->count++;
    }
    g->v[i] = *one;
    g->changes++;
}

/* ---- the table ---- */

static int row_read(struct slice key, struct slice row, struct guest *ret)
{
    if (row.n < 8) return ST_CORRUPT;
    ret->received.ms = (int64_t)bytes_rd64(row.p);
    if (join_request_unpack(slice_of(row.p + 8, row.n - 8), &ret->request) != ST_OK) return ST_CORRUPT;
    return compare(key, ret->request.office) == 0 ? ST_OK : ST_CORRUPT;
}

int guest_load(struct guests *g, struct store_txn *t)
{
    struct store_cursor *c = NULL;
    struct slice key, row;
    int st = store_cursor(t, g->table, &c);

    g->count = 0;
    g->changes++;
    if (st != ST_OK) return st;
    for (st = store_seek(c, slice_of("", 1), &key, &row); st == ST_OK; st = store_next(c, &key, &row)) {
        struct guest one;

        st = g->count < GUEST_PENDING_MAX ? row_read(key, row, &one) : ST_CORRUPT;
        if (st != ST_OK) break;
        insert(g, &one);
    }
    store_cursor_close(&c);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

int guest_put(struct guests *g, struct store_txn *t, const struct join_request *r, struct wall now)
{
    const struct guest one = { *r, now };
    struct buf row;
    int st;

    buf_init(&row, ROW_MAX);
    buf_be64(&row, (uint64_t)now.ms);
    join_request_pack(&row, r);
    st = buf_ok(&row) ? store_put(t, g->table, id_of(r), buf_slice(&row)) : ST_NO_MEMORY;
    buf_done(&row);
    if (st == ST_OK) insert(g, &one);
    return st;
}

int guest_drop(struct guests *g, struct store_txn *t, struct slice office)
{
    uint32_t i = lower_bound(g, office);
    int st;

    if (i == g->count || compare(office, g->v[i].request.office) != 0) return ST_NOT_FOUND;
    st = store_del(t, g->table, office);
    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_CORRUPT : st;
    memmove(&g->v[i], &g->v[i + 1], (g->count - i - 1) * sizeof *g->v);
    g->count--;
    g->changes++;
    return ST_OK;
}

/* ---- what is decided ---- */

/* Has the register these keys for the office now? */
static bool registered(const struct registry *r, const struct join_request *q)
{
    const struct office *o = r != NULL ? registry_office(r, id_of(q)) : NULL;

    return o != NULL && o->status == OFFICE_ACTIVE && memcmp(o->transport, q->transport, PUBKEY_SIZE) == 0 &&
           memcmp(o->signing, q->signing, PUBKEY_SIZE) == 0;
}

/* A new office needs its invitation, a rotation the active office it is of. */
static bool decided(const struct guests *g, const struct registry *r, const struct join_request *q)
{
    const struct invite *i = invite_find(g->invites, q->invitation);
    const struct office *o = r != NULL ? registry_office(r, id_of(q)) : NULL;

    if (registered(r, q)) return true;
    if (q->kind == JOIN_NEW) return i == NULL || i->state != INVITE_OPEN;
    return o == NULL || o->status != OFFICE_ACTIVE || memcmp(o->transport, q->transport, PUBKEY_SIZE) != 0;
}

int guest_sweep(struct guests *g, struct store_txn *t, const struct registry *r)
{
    int st = ST_OK;

    for (uint32_t i = g->count; st == ST_OK && i-- > 0;) {
        struct join_request q = g->v[i].request;

        if (decided(g, r, &q)) st = guest_drop(g, t, id_of(&q));
    }
    return st;
}

/* ---- judging ---- */

/* Was this signing key ever somebody else's, or this office's when it was revoked? */
static unsigned key_history(const struct registry *r, const struct join_request *q)
{
    for (uint64_t version = r != NULL ? registry_version(r) : 0; version > 0; version--) {
        const struct office *o = registry_entry(r, version);

        if (memcmp(o->signing, q->signing, PUBKEY_SIZE) != 0) continue;
        if (strcmp(o->id, q->office) != 0) return CODE_UNAUTHORISED;
        if (o->status == OFFICE_REVOKED) return CODE_REVOKED;
    }
    return CODE_OK;
}

static unsigned judge_new(const struct guests *g, const struct guest_question *q, const struct join_request *r, char *expected,
                          size_t size)
{
    const struct invite *i = invite_find(g->invites, q->key);

    snprintf(expected, size, "undangan yang masih terbuka");
    if (memcmp(q->key, r->invitation, PUBKEY_SIZE) != 0 || i == NULL || i->state != INVITE_OPEN) return CODE_UNAUTHORISED;
    if (!invite_may_ask(i, q->now)) return CODE_EXPIRED;
    snprintf(expected, size, "kantor %s", i->office);
    return strcmp(i->office, r->office) == 0 ? (unsigned)CODE_OK : (unsigned)CODE_UNAUTHORISED;
}

static unsigned judge_rotation(const struct guest_question *q, const struct join_request *r, char *expected, size_t size)
{
    const struct office *o = q->registry != NULL ? registry_office(q->registry, id_of(r)) : NULL;

    snprintf(expected, size, "kantor yang aktif");
    if (o == NULL) return CODE_UNKNOWN_OFFICE;
    if (o->status != OFFICE_ACTIVE) return CODE_REVOKED;
    if (q->now.ms < o->valid_from.ms || q->now.ms >= o->valid_to.ms) return CODE_EXPIRED;
    snprintf(expected, size, "kunci sambungan milik kantor ini");
    if (memcmp(q->key, o->transport, PUBKEY_SIZE) != 0 || memcmp(r->transport, o->transport, PUBKEY_SIZE) != 0)
        return CODE_UNAUTHORISED;
    if (memcmp(r->signing, o->signing, PUBKEY_SIZE) == 0) return CODE_OK;
    snprintf(expected, size, "tanda tangan kunci yang berlaku");
    return join_request_by(r, o->signing, q->verifier) ? CODE_OK : CODE_BAD_SIGNATURE;
}

/* What the table says about a request that could be kept. */
static unsigned judge_place(const struct guests *g, const struct join_request *r, char *expected, size_t size)
{
    const struct guest *pending = guest_of(g, id_of(r));

    if (pending != NULL && join_request_same(&pending->request, r)) return CODE_DUPLICATE;
    snprintf(expected, size, "permohonan lain kantor ini sudah menunggu di pusat");
    if (pending != NULL && (r->kind == JOIN_NEW || pending->request.kind == JOIN_NEW)) return CODE_CONFLICT;
    snprintf(expected, size, "paling banyak %d permohonan", GUEST_PENDING_MAX);
    return pending == NULL && g->count == GUEST_PENDING_MAX ? CODE_BUSY : CODE_OK;
}

unsigned guest_judge(const struct guests *g, const struct guest_question *q, const struct join_request *r, bool *ret_done,
                     char *expected, size_t size)
{
    unsigned code;

    *ret_done = false;
    code = r->kind == JOIN_NEW ? judge_new(g, q, r, expected, size) : judge_rotation(q, r, expected, size);
    if (code != CODE_OK) return code;
    snprintf(expected, size, "tanda tangan kunci baru");
    if (!join_request_signed(r, q->verifier)) return CODE_BAD_SIGNATURE;
    if (registered(q->registry, r)) {
        *ret_done = true;
        return CODE_DUPLICATE;
    }
    snprintf(expected, size, "kunci tanda tangan yang belum pernah dipakai");
    code = key_history(q->registry, r);
    return code == CODE_OK ? judge_place(g, r, expected, size) : code;
}
