/* store_lmdb.c - the embedded store: LMDB behind the store port. Kind: E. Opening: store_lmdb_open.c.
 *
 * Value = bytes | crc32c u32 big-endian, written straight into the page (MDB_RESERVE).
 *
 * Full: LMDB needs free pages to free pages, so puts stop at 80 % of the map and leave the rest to let transactions end.
 * Live pages are counted from the trees' own counters, at the begin and then every PUTS_PER_CHECK puts.
 *
 * Cursors in a write transaction remember their key and seek again after a write of somebody else; LMDB's own tracking of
 * a cursor whose key was deleted is never relied on.
 *
 * Invariant: at most one write transaction, and after a failure in it every later put and the commit fail with the same
 * status; what is unknown after a failed commit is reported as ST_UNKNOWN and nothing else is tried. */
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "store_lmdb_part.h"

enum { PUTS_PER_CHECK = 256, FULL_PERCENT = 80, RESERVE_BYTES = 1 << 20 };

struct lmdb_txn {
    struct store_txn base;
    MDB_txn *mt;
    struct lmdb_cursor *cursors;
    uint64_t writes;                    /* generation: cursors compare it with their own */
    uint64_t bytes_unchecked;
    unsigned puts_unchecked;
    bool over, disk_full;               /* more than FULL_PERCENT in use; the disk is out of its reserve */
    int failed;
};
enum position { POS_NOWHERE, POS_BEFORE, POS_AT, POS_AFTER };
struct lmdb_cursor {
    struct store_cursor base;
    struct lmdb_cursor *next;           /* of the same transaction */
    MDB_cursor *mc;
    unsigned table;
    enum position pos;
    uint64_t writes;                    /* the transaction's generation when mc was placed */
    size_t key_n;
    uint8_t key[STORE_KEY_MAX];         /* kept in write transactions only */
};

static struct lmdb_store *store_of(struct store *s)
{
    ASSERT(s->magic == STORE_LMDB_MAGIC);
    return (struct lmdb_store *)s;
}

static struct lmdb_txn *txn_of(struct store_txn *t)
{
    ASSERT(t->store->magic == STORE_LMDB_MAGIC);
    return (struct lmdb_txn *)t;
}

static MDB_val val_of(struct slice s)
{
    return (MDB_val){ s.n, (void *)(uintptr_t)s.p };    /* LMDB does not write through keys */
}

int store_lmdb_status(int rc)
{
    switch (rc) {
    case MDB_SUCCESS: return ST_OK;
    case MDB_NOTFOUND: return ST_NOT_FOUND;
    case MDB_MAP_FULL: case MDB_TXN_FULL: case ENOSPC: case EDQUOT: return ST_FULL;
    case MDB_CORRUPTED: case MDB_PAGE_NOTFOUND: case MDB_CURSOR_FULL: case MDB_INVALID: case MDB_INCOMPATIBLE: return ST_CORRUPT;
    case MDB_VERSION_MISMATCH: return ST_VERSION;
    case MDB_READERS_FULL: return ST_BUSY;
    case MDB_PANIC: return ST_UNKNOWN;
    case EACCES: case EPERM: case EROFS: return ST_DENIED;
    case ENOMEM: return ST_NO_MEMORY;
    default: return ST_IO;
    }
}

static int status_of_write(int rc)
{
    return rc == EIO ? ST_FULL : store_lmdb_status(rc);         /* a full disk shows as EIO too */
}

/* ---- transactions ---- */

/* Pages that the trees of t hold, uncommitted changes included. */
static uint64_t live_pages(const struct lmdb_store *s, struct lmdb_txn *t)
{
    uint64_t pages = 2;

    for (unsigned i = 0; i < s->tables + 3; i++) {
        unsigned extra = i - s->tables;         /* then the identity table, the free list (0) and the table of tables (1) */
        MDB_dbi dbi = i < s->tables ? s->dbi[i] : extra == 0 ? s->dbi[STORE_LMDB_META] : extra - 1;
        MDB_stat st;

        if (mdb_stat(t->mt, dbi, &st) == 0)
            pages += st.ms_branch_pages + st.ms_leaf_pages + st.ms_overflow_pages;
    }
    return pages;
}

static void check_room(struct lmdb_txn *t)
{
    struct lmdb_store *s = store_of(t->base.store);

    t->puts_unchecked = 0;
    t->bytes_unchecked = 0;
    t->over = t->disk_full || live_pages(s, t) * s->page_bytes > s->map_bytes / 100 * FULL_PERCENT;
}

/* Blocks behind the end of the file, taken while the disk still has them: a commit that only replaces rows copies pages before it
 * frees the old ones, and must not fail when somebody else has filled the disk. Without them (no fallocate here, no room any more)
 * nothing is lost, only the process ends at the failed commit. */
static void keep_reserve(struct lmdb_store *s)
{
    MDB_envinfo info;
    mdb_filehandle_t fd;
    uint64_t end;

    if (mdb_env_info(s->env, &info) != 0 || mdb_env_get_fd(s->env, &fd) != 0) return;
    end = (info.me_last_pgno + 1) * s->page_bytes;
    if (end + RESERVE_BYTES / 2 <= s->reserved) return;
    if (fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)end, RESERVE_BYTES) == 0) s->reserved = end + RESERVE_BYTES;
}

static int lmdb_begin(struct store *base, bool write, struct store_txn **ret)
{
    struct lmdb_store *s = store_of(base);
    struct lmdb_txn *t;
    int rc;

    ASSERT(!write || !s->writing);
    t = calloc(1, sizeof *t);
    if (!t)
        return ST_NO_MEMORY;
    t->base = (struct store_txn){ base, write };
    rc = mdb_txn_begin(s->env, NULL, write ? 0 : MDB_RDONLY, &t->mt);
    if (rc) {
        free(t);
        return store_lmdb_status(rc);
    }
    if (write) {
        s->writing = true;
        keep_reserve(s);
        t->disk_full = !store_lmdb_dir_roomy(&s->dir, 0);
        check_room(t);
    }
    *ret = &t->base;
    return ST_OK;
}

static void drop_cursors(struct lmdb_txn *t)
{
    for (struct lmdb_cursor *c = t->cursors, *next; c; c = next) {
        next = c->next;
        mdb_cursor_close(c->mc);
        free(c);
    }
    t->cursors = NULL;
}

static void end(struct lmdb_txn *t)
{
    if (t->base.write)
        store_of(t->base.store)->writing = false;
    free(t);
}

static void lmdb_abort(struct store_txn *base)
{
    struct lmdb_txn *t = txn_of(base);

    drop_cursors(t);
    mdb_txn_abort(t->mt);
    end(t);
}

static int lmdb_commit(struct store_txn *base)
{
    struct lmdb_txn *t = txn_of(base);
    int failed = t->failed, rc;

    if (failed || !base->write) {
        lmdb_abort(base);
        return failed;
    }
    drop_cursors(t);
    rc = mdb_txn_commit(t->mt);
    end(t);
    return rc == 0 ? ST_OK : rc == MDB_MAP_FULL ? ST_FULL : ST_UNKNOWN;
}

/* ---- values ---- */

static MDB_dbi dbi_of(struct lmdb_txn *t, unsigned table)
{
    struct lmdb_store *s = store_of(t->base.store);

    ASSERT(table < s->tables || table == STORE_LMDB_META);
    return s->dbi[table];
}

static int verify(struct lmdb_txn *t, unsigned table, const MDB_val *k, const MDB_val *v, struct slice *ret_value)
{
    struct slice key = slice_of(k->mv_data, k->mv_size), value;

    if (v->mv_size < STORE_CHECK_BYTES)
        return ST_CORRUPT;
    value = slice_of(v->mv_data, v->mv_size - STORE_CHECK_BYTES);
    if (store_check(store_of(t->base.store)->seed[table], key, value) != bytes_rd32(value.p + value.n))
        return ST_CORRUPT;
    *ret_value = value;
    return ST_OK;
}

static int lmdb_get(struct store_txn *base, unsigned table, struct slice key, struct slice *ret_value)
{
    struct lmdb_txn *t = txn_of(base);
    MDB_val k = val_of(key), v;
    int rc = mdb_get(t->mt, dbi_of(t, table), &k, &v);

    return rc ? store_lmdb_status(rc) : verify(t, table, &k, &v, ret_value);
}

/* May this put go ahead? Over the mark only one that takes no more room than what it replaces. */
static bool room_for(struct lmdb_txn *t, unsigned table, struct slice key, struct slice value)
{
    MDB_val k = val_of(key), v;

    t->bytes_unchecked += key.n + value.n;
    if (t->over || ++t->puts_unchecked >= PUTS_PER_CHECK || t->bytes_unchecked > store_of(t->base.store)->map_bytes / 64)
        check_room(t);
    return !t->over || (mdb_get(t->mt, dbi_of(t, table), &k, &v) == 0 && v.mv_size >= value.n + STORE_CHECK_BYTES);
}

/* Through a cursor when mc is given. The key is copied: it may point into a page that this very put moves. */
static int put_value(struct lmdb_txn *t, MDB_cursor *mc, unsigned table, struct slice key, struct slice value, unsigned flags)
{
    uint8_t key_copy[STORE_KEY_MAX];
    MDB_val k = { key.n, key_copy }, v = { value.n + STORE_CHECK_BYTES, NULL };
    uint32_t check = store_check(store_of(t->base.store)->seed[table], key, value);
    int rc;

    if (t->failed)
        return t->failed;
    if (!room_for(t, table, key, value))
        return t->failed = ST_FULL;
    memcpy(key_copy, key.p, key.n);
    t->writes++;
    if (mc)
        rc = mdb_cursor_put(mc, &k, &v, MDB_RESERVE | flags);
    else
        rc = mdb_put(t->mt, dbi_of(t, table), &k, &v, MDB_RESERVE | flags);
    ASSERT(rc != MDB_KEYEXIST && rc != MDB_BAD_VALSIZE && rc != EINVAL);
    if (rc)
        return t->failed = status_of_write(rc);
    if (value.n)
        memcpy(v.mv_data, value.p, value.n);
    bytes_be32((uint8_t *)v.mv_data + value.n, check);
    return ST_OK;
}

static int lmdb_put(struct store_txn *base, unsigned table, struct slice key, struct slice value, bool append)
{
    return put_value(txn_of(base), NULL, table, key, value, append ? MDB_APPEND : 0);
}

static int lmdb_del(struct store_txn *base, unsigned table, struct slice key)
{
    struct lmdb_txn *t = txn_of(base);
    uint8_t key_copy[STORE_KEY_MAX];
    MDB_val k = { key.n, key_copy };
    int rc;

    if (t->failed)
        return t->failed;
    memcpy(key_copy, key.p, key.n);
    t->writes++;
    rc = mdb_del(t->mt, dbi_of(t, table), &k, NULL);
    if (rc && rc != MDB_NOTFOUND)
        t->failed = status_of_write(rc);
    return status_of_write(rc);
}

/* ---- cursors ---- */

static int lmdb_cursor_open(struct store_txn *base, unsigned table, struct store_cursor **ret)
{
    struct lmdb_txn *t = txn_of(base);
    struct lmdb_cursor *c = malloc(sizeof *c);
    int rc;

    if (!c)
        return ST_NO_MEMORY;
    *c = (struct lmdb_cursor){ .base.txn = base, .table = table, .next = t->cursors };
    rc = mdb_cursor_open(t->mt, dbi_of(t, table), &c->mc);
    if (rc) {
        free(c);
        return store_lmdb_status(rc);
    }
    t->cursors = c;
    *ret = &c->base;
    return ST_OK;
}

static void lmdb_cursor_close(struct store_cursor *base)
{
    struct lmdb_cursor *c = (struct lmdb_cursor *)base, **at = &txn_of(base->txn)->cursors;

    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    mdb_cursor_close(c->mc);
    free(c);
}

static void cursor_stand(struct lmdb_cursor *c, const void *key, size_t key_n)
{
    struct lmdb_txn *t = txn_of(c->base.txn);

    c->pos = POS_AT;
    c->writes = t->writes;
    if (t->base.write) {
        c->key_n = key_n;
        memcpy(c->key, key, key_n);
    }
}

/* LMDB went where we asked: take the position over, then the checksum decides. */
static int cursor_arrive(struct lmdb_cursor *c, int rc, const MDB_val *k, const MDB_val *v, enum position otherwise,
                         struct slice *ret_key, struct slice *ret_value)
{
    struct slice value;
    int status;

    if (rc) {
        c->pos = otherwise;
        return store_lmdb_status(rc);
    }
    if (k->mv_size > STORE_KEY_MAX) {
        c->pos = POS_NOWHERE;
        return ST_CORRUPT;
    }
    cursor_stand(c, k->mv_data, k->mv_size);
    *ret_key = slice_of(k->mv_data, k->mv_size);
    status = verify(txn_of(c->base.txn), c->table, k, v, &value);
    if (status)
        return status;
    *ret_value = value;
    return ST_OK;
}

static int lmdb_seek(struct store_cursor *base, struct slice key, struct slice *ret_key, struct slice *ret_value)
{
    struct lmdb_cursor *c = (struct lmdb_cursor *)base;
    MDB_val k = val_of(key), v;
    int rc = mdb_cursor_get(c->mc, &k, &v, key.n ? MDB_SET_RANGE : MDB_FIRST);

    return cursor_arrive(c, rc, &k, &v, POS_AFTER, ret_key, ret_value);
}

static int lmdb_last(struct store_cursor *base, struct slice *ret_key, struct slice *ret_value)
{
    struct lmdb_cursor *c = (struct lmdb_cursor *)base;
    MDB_val k, v;
    int rc = mdb_cursor_get(c->mc, &k, &v, MDB_LAST);

    return cursor_arrive(c, rc, &k, &v, POS_BEFORE, ret_key, ret_value);
}

/* From a key that may be gone, after a write of somebody else. */
static int step_again(struct lmdb_cursor *c, int dir, MDB_val *k, MDB_val *v)
{
    int rc;

    *k = (MDB_val){ c->key_n, c->key };
    rc = mdb_cursor_get(c->mc, k, v, MDB_SET_RANGE);
    if (rc == MDB_NOTFOUND && dir < 0)
        return mdb_cursor_get(c->mc, k, v, MDB_LAST);
    if (rc || (dir > 0 && (k->mv_size != c->key_n || memcmp(k->mv_data, c->key, c->key_n))))
        return rc;
    return mdb_cursor_get(c->mc, k, v, dir > 0 ? MDB_NEXT : MDB_PREV);
}

static int lmdb_step(struct store_cursor *base, int dir, struct slice *ret_key, struct slice *ret_value)
{
    struct lmdb_cursor *c = (struct lmdb_cursor *)base;
    enum position edge = dir > 0 ? POS_AFTER : POS_BEFORE;
    MDB_val k, v;
    int rc = MDB_NOTFOUND;

    if (c->pos == POS_AT && c->writes == txn_of(base->txn)->writes)
        rc = mdb_cursor_get(c->mc, &k, &v, dir > 0 ? MDB_NEXT : MDB_PREV);
    else if (c->pos == POS_AT)
        rc = step_again(c, dir, &k, &v);
    else if (c->pos != edge)
        rc = mdb_cursor_get(c->mc, &k, &v, dir > 0 ? MDB_FIRST : MDB_LAST);
    return cursor_arrive(c, rc, &k, &v, edge, ret_key, ret_value);
}

static int lmdb_cursor_put(struct store_cursor *base, struct slice key, struct slice value)
{
    struct lmdb_cursor *c = (struct lmdb_cursor *)base;
    uint8_t key_copy[STORE_KEY_MAX];
    int status;

    memcpy(key_copy, key.p, key.n);
    status = put_value(txn_of(base->txn), c->mc, c->table, key, value, 0);
    if (status == ST_OK)
        cursor_stand(c, key_copy, key.n);
    return status;
}

/* Pages already free in the file are not counted: the answer may be too careful, never too bold. */
static int lmdb_room(struct store_txn *base, uint64_t bytes)
{
    struct lmdb_txn *t = txn_of(base);
    struct lmdb_store *s = store_of(base->store);

    check_room(t);
    if (t->failed || t->over || !store_lmdb_dir_roomy(&s->dir, bytes))
        return ST_FULL;
    return live_pages(s, t) * s->page_bytes + bytes > s->map_bytes / 100 * FULL_PERCENT ? ST_FULL : ST_OK;
}

static int lmdb_usage(struct store *base, uint64_t *ret_used, uint64_t *ret_size)
{
    struct lmdb_store *s = store_of(base);
    struct store_txn *t;
    int status = lmdb_begin(base, false, &t);

    if (status)
        return status;
    *ret_used = live_pages(s, txn_of(t)) * s->page_bytes;
    *ret_size = s->map_bytes;
    lmdb_abort(t);
    return ST_OK;
}

const struct store_ops store_lmdb_ops = {
    .begin = lmdb_begin, .commit = lmdb_commit, .abort = lmdb_abort,
    .get = lmdb_get, .put = lmdb_put, .del = lmdb_del,
    .cursor = lmdb_cursor_open, .seek = lmdb_seek, .step = lmdb_step, .last = lmdb_last,
    .cursor_put = lmdb_cursor_put, .cursor_close = lmdb_cursor_close, .usage = lmdb_usage, .room = lmdb_room,
};
