/* store_lmdb.c - the embedded store: LMDB behind the store port. Kind: E. The only includer of lmdb.h.
 *
 * Plain durable commits (no WRITEMAP, NOSYNC, MAPASYNC: slower or unsafe when measured), NOTLS so that a reader may live on any
 * thread, NORDAHEAD because pages are touched at random. Everything LMDB trusts is looked at first (store_lmdb_dir.c,
 * store_lmdb_check.c).
 *
 * Value = bytes | crc32c u32 big-endian, written straight into the page (MDB_RESERVE). The table named META_TABLE holds `kind`
 * and `format`, with checksums like all others.
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
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "store_lmdb_part.h"

enum {
    LMDB_MAGIC = 0x4c4d4431,
    LMDB_FLAGS = MDB_NOTLS | MDB_NORDAHEAD,
    PUTS_PER_CHECK = 256, FULL_PERCENT = 80,
    META_TABLE_INDEX = STORE_TABLES_MAX,        /* its place behind all others */
};
#define META_TABLE "rekap-store"

struct lmdb_store {
    struct store base;
    MDB_env *env;
    struct store_lmdb_dir dir;
    unsigned tables;
    MDB_dbi dbi[STORE_TABLES_MAX + 1];
    uint32_t seed[STORE_TABLES_MAX + 1];
    uint64_t map_bytes, page_bytes;
    bool writing;
};
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
    ASSERT(s->magic == LMDB_MAGIC);
    return (struct lmdb_store *)s;
}

static struct lmdb_txn *txn_of(struct store_txn *t)
{
    ASSERT(t->store->magic == LMDB_MAGIC);
    return (struct lmdb_txn *)t;
}

static MDB_val val_of(struct slice s)
{
    return (MDB_val){ s.n, (void *)(uintptr_t)s.p };    /* LMDB does not write through keys */
}

static int status_of(int rc)
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
    return rc == EIO ? ST_FULL : status_of(rc);         /* a full disk shows as EIO too */
}

/* ---- transactions ---- */

/* Pages that the trees of t hold, uncommitted changes included. */
static uint64_t live_pages(const struct lmdb_store *s, struct lmdb_txn *t)
{
    uint64_t pages = 2;

    for (unsigned i = 0; i < s->tables + 3; i++) {
        unsigned extra = i - s->tables;         /* then the identity table, the free list (0) and the table of tables (1) */
        MDB_dbi dbi = i < s->tables ? s->dbi[i] : extra == 0 ? s->dbi[META_TABLE_INDEX] : extra - 1;
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
        return status_of(rc);
    }
    if (write) {
        s->writing = true;
        t->disk_full = !store_lmdb_dir_roomy(&s->dir);
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

    ASSERT(table < s->tables || table == META_TABLE_INDEX);
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

    return rc ? status_of(rc) : verify(t, table, &k, &v, ret_value);
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
        return status_of(rc);
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
        return status_of(rc);
    }
    if (k->mv_size > STORE_KEY_MAX) {
        c->pos = POS_NOWHERE;
        return ST_CORRUPT;
    }
    cursor_stand(c, k->mv_data, k->mv_size);
    status = verify(txn_of(c->base.txn), c->table, k, v, &value);
    if (status)
        return status;
    *ret_key = slice_of(k->mv_data, k->mv_size);
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

static const struct store_ops lmdb_ops = {
    .begin = lmdb_begin, .commit = lmdb_commit, .abort = lmdb_abort,
    .get = lmdb_get, .put = lmdb_put, .del = lmdb_del,
    .cursor = lmdb_cursor_open, .seek = lmdb_seek, .step = lmdb_step, .last = lmdb_last,
    .cursor_put = lmdb_cursor_put, .cursor_close = lmdb_cursor_close, .usage = lmdb_usage,
};

/* ---- opening ---- */

static int env_open(struct lmdb_store *s, const char *dir, uint64_t map_bytes, char *err, size_t err_size)
{
    MDB_envinfo info;
    MDB_stat st;
    int dead = 0, rc = mdb_env_create(&s->env);

    if (!rc)
        rc = mdb_env_set_mapsize(s->env, map_bytes);
    if (!rc)
        rc = mdb_env_set_maxdbs(s->env, STORE_TABLES_MAX + 1);
    if (!rc)
        rc = mdb_env_open(s->env, dir, LMDB_FLAGS, 0600);
    if (!rc)
        rc = mdb_reader_check(s->env, &dead);
    if (!rc)
        rc = mdb_env_info(s->env, &info);
    if (!rc)
        rc = mdb_env_stat(s->env, &st);
    if (rc)
        return store_lmdb_fail(err, err_size, status_of(rc), "penyimpanan %s tidak dapat dibuka: %s", dir, mdb_strerror(rc));
    s->map_bytes = info.me_mapsize;
    s->page_bytes = st.ms_psize;
    return ST_OK;
}

static int open_table(struct lmdb_store *s, MDB_txn *mt, unsigned index, const char *name, unsigned flags)
{
    s->seed[index] = store_check_seed(name);
    return mdb_dbi_open(mt, name, flags, &s->dbi[index]);
}

/* All tables in order; ones that an earlier release did not have are created empty. */
static int open_tables(struct lmdb_store *s, const char *const *tables)
{
    MDB_txn *mt;
    int rc = mdb_txn_begin(s->env, NULL, 0, &mt);

    if (rc)
        return rc;
    rc = open_table(s, mt, META_TABLE_INDEX, META_TABLE, MDB_CREATE);
    for (unsigned i = 0; !rc && tables[i]; i++) {
        ASSERT(i < STORE_TABLES_MAX && strcmp(tables[i], META_TABLE));
        rc = open_table(s, mt, i, tables[i], MDB_CREATE);
        s->tables = i + 1;
    }
    if (!rc)
        return mdb_txn_commit(mt);
    mdb_txn_abort(mt);
    return rc;
}

static int meta_write(struct lmdb_store *s, const struct store_lmdb_options *o)
{
    struct store_txn *t;
    uint8_t format[4];
    int status = lmdb_begin(&s->base, true, &t);

    if (status)
        return status;
    bytes_be32(format, o->format);
    status = lmdb_put(t, META_TABLE_INDEX, slice_of("kind", 4), slice_of(o->kind, strlen(o->kind)), false);
    if (status == ST_OK)
        status = lmdb_put(t, META_TABLE_INDEX, slice_of("format", 6), slice_of(format, sizeof format), false);
    if (status == ST_OK)
        return lmdb_commit(t);
    lmdb_abort(t);
    return status;
}

/* Before any table is made: is this a store of ours, of this kind and format? */
static int meta_check(struct lmdb_store *s, const char *dir, const struct store_lmdb_options *o, char *err, size_t err_size)
{
    struct slice kind = { NULL, 0 }, format = { NULL, 0 };
    struct store_txn *t;
    int status = lmdb_begin(&s->base, false, &t), rc;

    if (status)
        return store_lmdb_fail(err, err_size, status, "penyimpanan %s tidak dapat dibaca (cannot be read)", dir);
    rc = open_table(s, txn_of(t)->mt, META_TABLE_INDEX, META_TABLE, 0);
    status = rc ? status_of(rc) : lmdb_get(t, META_TABLE_INDEX, slice_of("kind", 4), &kind);
    if (status == ST_OK)
        status = lmdb_get(t, META_TABLE_INDEX, slice_of("format", 6), &format);
    if (status == ST_NOT_FOUND)
        status = store_lmdb_fail(err, err_size, ST_VERSION, "%s bukan penyimpanan rekap (not a store of rekap)", dir);
    else if (status)
        status = store_lmdb_fail(err, err_size, ST_CORRUPT, "penyimpanan %s rusak (damaged: identity)", dir);
    else if (kind.n != strlen(o->kind) || memcmp(kind.p, o->kind, kind.n))
        status = store_lmdb_fail(err, err_size, ST_VERSION, "%s berisi `%.*s`, bukan `%s` (another kind of store)", dir,
                                 kind.n < 40 ? (int)kind.n : 40, (const char *)kind.p, o->kind);
    else if (format.n != 4 || bytes_rd32(format.p) != o->format)
        status = store_lmdb_fail(err, err_size, ST_VERSION, "%s memakai format %u, rilis ini format %u (another format)", dir,
                                 format.n == 4 ? bytes_rd32(format.p) : 0, o->format);
    lmdb_abort(t);      /* the handle of the identity table is opened again with the others */
    return status;
}

struct birth { const struct store_lmdb_options *o; uint64_t map_bytes; };

/* Makes the data file of a new store in the directory `tmp`. */
static int make(void *ctx, const char *tmp, char *err, size_t err_size)
{
    const struct birth *b = ctx;
    struct lmdb_store s = { .base = { &lmdb_ops, LMDB_MAGIC }, .dir = { .fd = -1, .lock_fd = -1 } };
    int status = env_open(&s, tmp, b->map_bytes, err, err_size);

    if (status == ST_OK) {
        int rc = open_tables(&s, b->o->tables);

        status = rc ? status_of_write(rc) : meta_write(&s, b->o);
        if (status)
            store_lmdb_fail(err, err_size, status, "penyimpanan %s tidak dapat dibuat (cannot be made)", tmp);
    }
    if (s.env)
        mdb_env_close(s.env);
    return status;
}

static int open_owned(struct lmdb_store *s, const char *dir, const struct store_lmdb_options *o, char *err, size_t err_size)
{
    char data[STORE_LMDB_PATH_MAX];
    int status, rc;

    snprintf(data, sizeof data, "%s/" STORE_LMDB_DATA, dir);
    status = store_lmdb_check(data, err, err_size);
    if (status == ST_OK)
        status = env_open(s, dir, store_lmdb_dir_map(&s->dir, o->map_bytes), err, err_size);
    if (status == ST_OK)
        status = meta_check(s, dir, o, err, err_size);
    if (status)
        return status;
    rc = open_tables(s, o->tables);
    if (rc)
        return store_lmdb_fail(err, err_size, status_of(rc), "tabel di %s tidak dapat dibuka: %s", dir, mdb_strerror(rc));
    return ST_OK;
}

int store_lmdb_open(const char *dir, const struct store_lmdb_options *o, struct store **ret, char *err, size_t err_size)
{
    struct birth birth = { o, o->map_bytes ? o->map_bytes : UINT64_C(64) << 20 };
    struct lmdb_store *s;
    int status;

    ASSERT(o->kind && o->tables);
    status = store_lmdb_dir_probe(dir, err, err_size);
    if (status == ST_NOT_FOUND)
        status = store_lmdb_dir_create(dir, make, &birth, err, err_size);
    if (status)
        return status;
    s = calloc(1, sizeof *s);
    if (!s)
        return store_lmdb_fail(err, err_size, ST_NO_MEMORY, "kehabisan memori (out of memory)");
    s->base = (struct store){ &lmdb_ops, LMDB_MAGIC };
    status = store_lmdb_dir_take(dir, &s->dir, err, err_size);
    if (status) {
        free(s);
        return status;
    }
    status = open_owned(s, dir, o, err, err_size);
    if (status)
        store_lmdb_close(&(struct store *){ &s->base });
    else
        *ret = &s->base;
    return status;
}

void store_lmdb_close(struct store **ps)
{
    struct lmdb_store *s;

    if (!*ps)
        return;
    s = store_of(*ps);
    *ps = NULL;
    ASSERT(!s->writing);
    if (s->env)
        mdb_env_close(s->env);
    store_lmdb_dir_release(&s->dir);
    s->base.magic = 0;
    free(s);
}
