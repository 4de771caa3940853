/* store_lmdb_copy.c - a consistent copy of a store that is in use. Kind: E.
 *
 * LMDB's own copy: it reads one committed state while the owner goes on writing, and leaves out free pages. Only the read
 * transaction is held: pages freed meanwhile are not used again before it ends, so the store may grow by what is written
 * in that time.
 *
 * Invariant: a directory that this returns ST_OK for holds one whole data file, synced. */
#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <sys/stat.h>

#include "store_lmdb_part.h"

int store_lmdb_copy(struct store *s, const char *dir, char *err, size_t err_size)
{
    struct lmdb_store *l = (struct lmdb_store *)s;
    char data[STORE_LMDB_PATH_MAX];
    int rc;

    ASSERT(s->magic == STORE_LMDB_MAGIC);
    if (snprintf(data, sizeof data, "%s/" STORE_LMDB_DATA, dir) >= (int)sizeof data)
        return store_lmdb_fail(err, err_size, ST_IO, "nama direktori terlalu panjang (path too long)");
    if (mkdir(dir, 0700) != 0)
        return store_lmdb_fail(err, err_size, errno == EEXIST ? ST_BUSY : ST_IO, "direktori %s tidak dapat dibuat: %m", dir);
    rc = mdb_env_copy2(l->env, dir, MDB_CP_COMPACT);
    if (rc)
        return store_lmdb_fail(err, err_size, store_lmdb_status(rc), "salinan ke %s gagal: %s", dir, mdb_strerror(rc));
    if (chmod(data, 0600) != 0 || !store_lmdb_dir_sync(data) || !store_lmdb_dir_sync(dir))
        return store_lmdb_fail(err, err_size, ST_IO, "salinan %s tidak sampai ke diska: %m", data);
    return ST_OK;
}
