/* store_lmdb_copy.c - a consistent copy of a store that is in use. Kind: E.
 *
 * LMDB's own copy: it reads one committed state while the owner goes on writing, and leaves out free pages. Only the read
 * transaction is held: pages freed meanwhile are not used again before it ends, so the store may grow by what is written
 * in that time.
 *
 * LMDB opens the file of a copy past the page cache and every write waits for the disk, which is right for a copy that is to last.
 * One that is read at once and then deleted goes through the page cache and is not synced: it seldom meets the disk at all.
 *
 * Invariant: a directory that this returns ST_OK for holds one whole data file, synced where it is to last. */
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_lmdb_part.h"

static int copy_brief(const struct lmdb_store *l, const char *data)
{
    int fd = open(data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), rc;

    if (fd < 0) return errno;
    rc = mdb_env_copyfd2(l->env, fd, MDB_CP_COMPACT);
    if (close(fd) != 0 && rc == 0) rc = errno;
    return rc;
}

int store_lmdb_copy(struct store *s, const char *dir, bool lasting, char *err, size_t err_size)
{
    struct lmdb_store *l = (struct lmdb_store *)s;
    char data[STORE_LMDB_PATH_MAX];
    int rc;

    ASSERT(s->magic == STORE_LMDB_MAGIC);
    if (snprintf(data, sizeof data, "%s/" STORE_LMDB_DATA, dir) >= (int)sizeof data)
        return store_lmdb_fail(err, err_size, ST_IO, "nama direktori terlalu panjang (path too long)");
    if (mkdir(dir, 0700) != 0)
        return store_lmdb_fail(err, err_size, errno == EEXIST ? ST_BUSY : ST_IO, "direktori %s tidak dapat dibuat: %m", dir);
    rc = lasting ? mdb_env_copy2(l->env, dir, MDB_CP_COMPACT) : copy_brief(l, data);
    if (rc)
        return store_lmdb_fail(err, err_size, store_lmdb_status(rc), "salinan ke %s gagal: %s", dir, mdb_strerror(rc));
    if (!lasting) return ST_OK;
    if (chmod(data, 0600) != 0 || !store_lmdb_dir_sync(data) || !store_lmdb_dir_sync(dir))
        return store_lmdb_fail(err, err_size, ST_IO, "salinan %s tidak sampai ke diska: %m", data);
    return ST_OK;
}
