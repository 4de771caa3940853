/* store_lmdb_open.c - opens, makes and closes an LMDB store. Kind: E.
 *
 * Plain durable commits (no WRITEMAP, NOSYNC, MAPASYNC: slower or unsafe when measured), NOTLS so that a reader may live on any
 * thread, NORDAHEAD because pages are touched at random. Everything LMDB trusts is looked at first: the directory and its
 * owner (store_lmdb_dir.c), then the structure of the file (store_lmdb_check.c).
 *
 * A table of our own, META_TABLE, holds `kind` and `format` with checksums like all others; it is written when the store is made
 * and compared before any other table is touched.
 *
 * Invariant: a store that was returned is owned, checked, and has every table of its options open. */
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "store_lmdb_part.h"

#define META_TABLE "rekap-store"
#define BIRTH_MAP (UINT64_C(64) << 20)
enum { LMDB_FLAGS = MDB_NOTLS | MDB_NORDAHEAD };

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
        return store_lmdb_fail(err, err_size, store_lmdb_status(rc), "penyimpanan %s tidak dapat dibuka: %s", dir,
                               mdb_strerror(rc));
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
    rc = open_table(s, mt, STORE_LMDB_META, META_TABLE, MDB_CREATE);
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
    int status = store_begin(&s->base, true, &t);

    if (status)
        return status;
    bytes_be32(format, o->format);
    status = store_put(t, STORE_LMDB_META, slice_of("kind", 4), slice_of(o->kind, strlen(o->kind)));
    if (status == ST_OK)
        status = store_put(t, STORE_LMDB_META, slice_of("format", 6), slice_of(format, sizeof format));
    if (status == ST_OK)
        return store_commit(&t);
    store_abort(&t);
    return status;
}

static int meta_open(struct lmdb_store *s)
{
    MDB_txn *mt;
    int rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &mt);

    if (rc)
        return rc;
    rc = open_table(s, mt, STORE_LMDB_META, META_TABLE, 0);
    if (rc == 0)
        return mdb_txn_commit(mt);      /* keeps the handle */
    mdb_txn_abort(mt);
    return rc;
}

static int meta_compare(struct store_txn *t, const char *dir, const struct store_lmdb_options *o, char *err, size_t err_size)
{
    struct slice kind, format;
    int status = store_get(t, STORE_LMDB_META, slice_of("kind", 4), &kind);

    if (status == ST_OK)
        status = store_get(t, STORE_LMDB_META, slice_of("format", 6), &format);
    if (status)
        return store_lmdb_fail(err, err_size, ST_CORRUPT, "penyimpanan %s rusak (damaged: identity)", dir);
    if (kind.n != strlen(o->kind) || memcmp(kind.p, o->kind, kind.n))
        return store_lmdb_fail(err, err_size, ST_INVALID, "%s berisi `%.*s`, bukan `%s` (another kind of store)", dir,
                               kind.n < 40 ? (int)kind.n : 40, (const char *)kind.p, o->kind);
    if (format.n != 4 || bytes_rd32(format.p) != o->format)
        return store_lmdb_fail(err, err_size, ST_VERSION, "%s memakai format %u, rilis ini format %u (another format)", dir,
                               format.n == 4 ? bytes_rd32(format.p) : 0, o->format);
    return ST_OK;
}

/* Before any table is made: is this a store of ours, of this kind and format? */
static int meta_check(struct lmdb_store *s, const char *dir, const struct store_lmdb_options *o, char *err, size_t err_size)
{
    struct store_txn *t;
    int rc = meta_open(s), status;

    if (rc == MDB_NOTFOUND || rc == MDB_INCOMPATIBLE)
        return store_lmdb_fail(err, err_size, ST_INVALID, "%s bukan penyimpanan rekap (not a store of rekap)", dir);
    status = rc ? store_lmdb_status(rc) : store_begin(&s->base, false, &t);
    if (status)
        return store_lmdb_fail(err, err_size, status, "penyimpanan %s tidak dapat dibaca (cannot be read)", dir);
    status = meta_compare(t, dir, o, err, err_size);
    store_abort(&t);
    return status;
}

struct birth { const struct store_lmdb_options *o; uint64_t map_bytes; };

/* Makes the data file of a new store in the directory `tmp`. */
static int make(void *ctx, const char *tmp, char *err, size_t err_size)
{
    const struct birth *b = ctx;
    struct lmdb_store s = { .base = { &store_lmdb_ops, STORE_LMDB_MAGIC }, .dir = { .fd = -1, .lock_fd = -1 } };
    int status = env_open(&s, tmp, b->map_bytes, err, err_size);

    if (status == ST_OK) {
        int rc = open_tables(&s, b->o->tables);

        status = rc ? store_lmdb_status(rc) : meta_write(&s, b->o);
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
        return store_lmdb_fail(err, err_size, store_lmdb_status(rc), "tabel di %s tidak dapat dibuka: %s", dir, mdb_strerror(rc));
    return ST_OK;
}

int store_lmdb_open(const char *dir, const struct store_lmdb_options *o, struct store **ret, char *err, size_t err_size)
{
    struct birth birth = { o, o->map_bytes ? o->map_bytes : BIRTH_MAP };
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
    s->base = (struct store){ &store_lmdb_ops, STORE_LMDB_MAGIC };
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
    ASSERT((*ps)->magic == STORE_LMDB_MAGIC);
    s = (struct lmdb_store *)*ps;
    *ps = NULL;
    ASSERT(!s->writing);
    if (s->env)
        mdb_env_close(s->env);
    store_lmdb_dir_release(&s->dir);
    s->base.magic = 0;
    free(s);
}
