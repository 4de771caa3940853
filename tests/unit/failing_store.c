/* failing_store.c - the calls of the LMDB store that can fail (failing.h): files, memory, LMDB itself. */
#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <lmdb.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "failing.h"

struct failing_disk failing_disk;

/* ---- the kernel ---- */

int __real_open(const char *path, int flags, ...);
int __real_openat(int fd, const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_openat(int fd, const char *path, int flags, ...);

static mode_t mode_of(va_list ap, int flags) { return flags & O_CREAT ? va_arg(ap, mode_t) : 0; }

int __wrap_open(const char *path, int flags, ...)
{
    va_list ap;

    va_start(ap, flags);
    const mode_t mode = mode_of(ap, flags);
    va_end(ap);
    return failing_now("open") ? failing_errno() : __real_open(path, flags, mode);
}

int __wrap_openat(int fd, const char *path, int flags, ...)
{
    va_list ap;

    va_start(ap, flags);
    const mode_t mode = mode_of(ap, flags);
    va_end(ap);
    return failing_now("openat") ? failing_errno() : __real_openat(fd, path, flags, mode);
}

FAILING(int, access, (const char *path, int mode), (path, mode), failing_errno())
FAILING(int, chmod, (const char *path, mode_t mode), (path, mode), failing_errno())
FAILING(int, fallocate, (int fd, int mode, off_t at, off_t n), (fd, mode, at, n), failing_errno())
FAILING(int, flock, (int fd, int how), (fd, how), failing_errno())
FAILING(int, fstat, (int fd, struct stat *ret), (fd, ret), failing_errno())
FAILING(int, fsync, (int fd), (fd), failing_errno())
FAILING(int, ftruncate, (int fd, off_t n), (fd, n), failing_errno())
FAILING(int, mkdir, (const char *path, mode_t mode), (path, mode), failing_errno())
FAILING(int, rename, (const char *from, const char *to), (from, to), failing_errno())
FAILING(DIR *, opendir, (const char *path), (path), (failing_errno(), (DIR *)NULL))
FAILING(void *, mmap, (void *at, size_t n, int access, int flags, int fd, off_t offset), (at, n, access, flags, fd, offset),
        (failing_errno(), MAP_FAILED))
FAILING(void *, malloc, (size_t n), (n), NULL)
FAILING(void *, calloc, (size_t n, size_t size), (n, size), NULL)

int __real_fstatfs(int fd, struct statfs *ret);
int __real_fstatvfs(int fd, struct statvfs *ret);
int __wrap_fstatfs(int fd, struct statfs *ret);
int __wrap_fstatvfs(int fd, struct statvfs *ret);

int __wrap_fstatfs(int fd, struct statfs *ret)
{
    const int rc = failing_now("fstatfs") ? failing_errno() : __real_fstatfs(fd, ret);

    if (rc == 0 && failing_disk.on) ret->f_type = (__fsword_t)failing_disk.kind;
    return rc;
}

int __wrap_fstatvfs(int fd, struct statvfs *ret)
{
    const int rc = failing_now("fstatvfs") ? failing_errno() : __real_fstatvfs(fd, ret);

    if (rc == 0 && failing_disk.on) *ret = (struct statvfs){ .f_frsize = 4096, .f_blocks = failing_disk.blocks,
                                                             .f_bavail = failing_disk.left };
    return rc;
}

/* ---- LMDB ---- */

FAILING(int, mdb_env_create, (MDB_env **ret), (ret), failing_why())
FAILING(int, mdb_env_set_mapsize, (MDB_env *e, size_t n), (e, n), failing_why())
FAILING(int, mdb_env_set_maxdbs, (MDB_env *e, MDB_dbi n), (e, n), failing_why())
FAILING(int, mdb_env_open, (MDB_env *e, const char *path, unsigned flags, mdb_mode_t mode), (e, path, flags, mode), failing_why())
FAILING(int, mdb_reader_check, (MDB_env *e, int *dead), (e, dead), failing_why())
FAILING(int, mdb_env_info, (MDB_env *e, MDB_envinfo *ret), (e, ret), failing_why())
FAILING(int, mdb_env_stat, (MDB_env *e, MDB_stat *ret), (e, ret), failing_why())
FAILING(int, mdb_env_get_fd, (MDB_env *e, mdb_filehandle_t *ret), (e, ret), failing_why())
FAILING(int, mdb_env_copy2, (MDB_env *e, const char *path, unsigned flags), (e, path, flags), failing_why())
FAILING(int, mdb_txn_begin, (MDB_env *e, MDB_txn *parent, unsigned flags, MDB_txn **ret), (e, parent, flags, ret), failing_why())
FAILING(int, mdb_dbi_open, (MDB_txn *t, const char *name, unsigned flags, MDB_dbi *ret), (t, name, flags, ret), failing_why())
FAILING(int, mdb_stat, (MDB_txn *t, MDB_dbi d, MDB_stat *ret), (t, d, ret), failing_why())
FAILING(int, mdb_get, (MDB_txn *t, MDB_dbi d, MDB_val *k, MDB_val *v), (t, d, k, v), failing_why())
FAILING(int, mdb_put, (MDB_txn *t, MDB_dbi d, MDB_val *k, MDB_val *v, unsigned flags), (t, d, k, v, flags), failing_why())
FAILING(int, mdb_del, (MDB_txn *t, MDB_dbi d, MDB_val *k, MDB_val *v), (t, d, k, v), failing_why())
FAILING(int, mdb_cursor_open, (MDB_txn *t, MDB_dbi d, MDB_cursor **ret), (t, d, ret), failing_why())
FAILING(int, mdb_cursor_get, (MDB_cursor *c, MDB_val *k, MDB_val *v, MDB_cursor_op op), (c, k, v, op), failing_why())
FAILING(int, mdb_cursor_put, (MDB_cursor *c, MDB_val *k, MDB_val *v, unsigned flags), (c, k, v, flags), failing_why())

int __real_mdb_txn_commit(MDB_txn *t);
int __wrap_mdb_txn_commit(MDB_txn *t);

/* A commit ends the transaction however it ends. */
int __wrap_mdb_txn_commit(MDB_txn *t)
{
    if (!failing_now("mdb_txn_commit")) return __real_mdb_txn_commit(t);
    if (failing_commit_done) (void)__real_mdb_txn_commit(t);
    else mdb_txn_abort(t);
    return failing_why();
}
