/* store_lmdb_dir.c - the directory of an LMDB store: who owns it, how it is born, how much room it has. Kind: E.
 *
 * One owner: opening one LMDB environment twice in a process gives wrong reads, so the process keeps a list of the
 * directories it owns (by device and inode) and asserts; other processes are kept out by flock on owner.lock, which the
 * kernel drops with the process.
 *
 * A new store is made in DIR.new, synced with its directory, renamed to DIR, and the parent synced, all under a flock of
 * the parent: a crash leaves either no store or a whole one, and remains of a crash are swept by the next attempt.
 * Network filesystems are refused: LMDB's locks and its map are not right there.
 *
 * Invariant: a store_lmdb_dir that was taken has its two descriptors open and its entry in the list until released. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "store_lmdb_part.h"

#define MAP_DEFAULT (UINT64_C(64) << 30)
#define MAP_LEAST (UINT64_C(1) << 20)
#define DISK_RESERVE (UINT64_C(16) << 20)       /* stop taking more before the disk is so full that a commit would fail */
enum { OWNED_MAX = 256 };

static pthread_mutex_t owned_lock = PTHREAD_MUTEX_INITIALIZER;
static struct owned { dev_t dev; ino_t ino; } owned[OWNED_MAX];
_Static_assert(sizeof(struct owned) == sizeof(dev_t) + sizeof(ino_t), "compared as bytes");
static unsigned owned_count;

int store_lmdb_fail(char *err, size_t err_size, int status, const char *fmt, ...)
{
    va_list ap;

    if (err && err_size) {
        va_start(ap, fmt);
        vsnprintf(err, err_size, fmt, ap);
        va_end(ap);
    }
    return status;
}

static void own(dev_t dev, ino_t ino)
{
    pthread_mutex_lock(&owned_lock);
    for (unsigned i = 0; i < owned_count; i++)
        ASSERT(owned[i].dev != dev || owned[i].ino != ino);
    ASSERT(owned_count < OWNED_MAX);
    owned[owned_count].dev = dev;
    owned[owned_count++].ino = ino;
    pthread_mutex_unlock(&owned_lock);
}

static void disown(dev_t dev, ino_t ino)
{
    const struct owned it = { dev, ino };
    unsigned i = 0;

    pthread_mutex_lock(&owned_lock);
    while (memcmp(&owned[i], &it, sizeof it) != 0) {
        i++;
        ASSERT(i < owned_count);
    }
    owned[i] = owned[--owned_count];
    pthread_mutex_unlock(&owned_lock);
}

/* Magic numbers of statfs(2): filesystems whose truth is on another machine. */
static bool is_remote(int fd)
{
    static const uint32_t remote[] = {
        0x6969 /* NFS */, 0x517b /* SMB */, 0xff534d42 /* CIFS */, 0xfe534d42 /* SMB2 */, 0x01021997 /* 9p */,
        0x65735546 /* FUSE */, 0x00c36400 /* Ceph */, 0x5346414f /* AFS */, 0x6b414653 /* kAFS */, 0x73757245 /* Coda */,
        0x564c /* NCP */, 0x0bd00bd0 /* Lustre */, 0x47504653 /* GPFS */, 0x01161970 /* GFS2 */, 0x7461636f /* OCFS2 */,
    };
    struct statfs fs;

    if (fstatfs(fd, &fs))
        return false;
    for (size_t i = 0; i < sizeof remote / sizeof *remote; i++)
        if ((uint32_t)fs.f_type == remote[i])
            return true;
    return false;
}

static int refuse_remote(const char *dir, char *err, size_t err_size)
{
    return store_lmdb_fail(err, err_size, ST_DENIED, "%s ada di sistem berkas jaringan; pakai diska lokal (network filesystem)",
                           dir);
}

static bool join(char ret[STORE_LMDB_PATH_MAX], const char *dir, const char *tail)
{
    int n = snprintf(ret, STORE_LMDB_PATH_MAX, "%s%s", dir, tail);

    return n > 0 && n < STORE_LMDB_PATH_MAX;
}

bool store_lmdb_dir_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return ok;
}

static bool dir_empty(DIR *d)
{
    struct dirent *e;

    while ((e = readdir(d)))
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
            return false;
    return true;
}

int store_lmdb_dir_probe(const char *dir, char *err, size_t err_size)
{
    char data[STORE_LMDB_PATH_MAX];
    bool empty;
    DIR *d;

    if (!join(data, dir, "/" STORE_LMDB_DATA))
        return store_lmdb_fail(err, err_size, ST_IO, "nama direktori penyimpanan terlalu panjang (path too long)");
    if (access(data, F_OK) == 0)
        return ST_OK;
    if (errno != ENOENT && errno != ENOTDIR)            /* it may be there, and must not be called lost */
        return store_lmdb_fail(err, err_size, ST_IO, "berkas %s tidak dapat dilihat: %m", data);
    d = opendir(dir);
    if (!d && errno == ENOENT)
        return ST_NOT_FOUND;
    if (!d)
        return store_lmdb_fail(err, err_size, ST_IO, "direktori %s tidak dapat dibuka: %m", dir);
    empty = dir_empty(d);
    closedir(d);
    if (empty)
        return ST_NOT_FOUND;
    return store_lmdb_fail(err, err_size, ST_CORRUPT, "direktori %s tidak kosong tetapi tidak berisi %s (data file is missing)",
                           dir, STORE_LMDB_DATA);
}

/* ---- birth ---- */

static void sweep(const char *tmp)
{
    static const char *const files[] = { "/" STORE_LMDB_DATA, "/" STORE_LMDB_LOCK, "/" STORE_LMDB_OWNER };
    char path[STORE_LMDB_PATH_MAX];

    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (join(path, tmp, files[i]))
            unlink(path);
    rmdir(tmp);
}

static bool put_in_place(const char *tmp, const char *dir, int parent)
{
    char data[STORE_LMDB_PATH_MAX], lock[STORE_LMDB_PATH_MAX];

    if (!join(data, tmp, "/" STORE_LMDB_DATA))
        return false;
    ASSERT(join(lock, tmp, "/" STORE_LMDB_LOCK));       /* as long as the other */
    unlink(lock);
    return store_lmdb_dir_sync(data) && store_lmdb_dir_sync(tmp) && rename(tmp, dir) == 0 && fsync(parent) == 0;
}

static int create_locked(const char *dir, const char *tmp, int parent, int (*make)(void *, const char *, char *, size_t),
                         void *ctx, char *err, size_t err_size)
{
    int status = store_lmdb_dir_probe(dir, err, err_size);

    if (status != ST_NOT_FOUND)
        return status;
    sweep(tmp);
    if (mkdir(tmp, 0700))
        return store_lmdb_fail(err, err_size, ST_IO, "direktori %s tidak dapat dibuat: %m", tmp);
    status = make(ctx, tmp, err, err_size);
    if (status == ST_OK && !put_in_place(tmp, dir, parent))
        status = store_lmdb_fail(err, err_size, ST_IO, "penyimpanan %s tidak dapat dibuat: %m", dir);
    if (status)
        sweep(tmp);
    return status;
}

static bool parent_of(const char *path, char ret[STORE_LMDB_PATH_MAX])
{
    char *slash;

    if (!join(ret, path, ""))
        return false;
    slash = strrchr(ret, '/');
    if (!slash)
        return join(ret, ".", "");
    slash[slash == ret] = '\0';
    return true;
}

int store_lmdb_dir_create(const char *dir, int (*make)(void *ctx, const char *tmp, char *err, size_t err_size), void *ctx,
                          char *err, size_t err_size)
{
    char parent[STORE_LMDB_PATH_MAX], tmp[STORE_LMDB_PATH_MAX], clean[STORE_LMDB_PATH_MAX];
    size_t n = strlen(dir);
    int fd, status;

    while (n > 1 && dir[n - 1] == '/')
        n--;
    if (n >= sizeof clean)
        return store_lmdb_fail(err, err_size, ST_IO, "nama direktori penyimpanan terlalu panjang (path too long)");
    memcpy(clean, dir, n);
    clean[n] = '\0';
    if (!parent_of(clean, parent) || !join(tmp, clean, ".new"))
        return store_lmdb_fail(err, err_size, ST_IO, "nama direktori penyimpanan terlalu panjang (path too long)");
    fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return store_lmdb_fail(err, err_size, ST_IO, "direktori %s tidak dapat dibuka: %m", parent);
    if (is_remote(fd))
        status = refuse_remote(parent, err, err_size);
    else if (flock(fd, LOCK_EX))
        status = store_lmdb_fail(err, err_size, ST_IO, "direktori %s tidak dapat dikunci: %m", parent);
    else
        status = create_locked(clean, tmp, fd, make, ctx, err, err_size);
    close(fd);
    return status;
}

/* ---- ownership ---- */

static int take_lock(const char *dir, struct store_lmdb_dir *d, char *err, size_t err_size)
{
    if (is_remote(d->fd))
        return refuse_remote(dir, err, err_size);
    d->lock_fd = openat(d->fd, STORE_LMDB_OWNER, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (d->lock_fd < 0)
        return store_lmdb_fail(err, err_size, ST_IO, "kunci %s/%s tidak dapat dibuka: %m", dir, STORE_LMDB_OWNER);
    if (flock(d->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return ST_OK;
    if (errno == EWOULDBLOCK)
        return store_lmdb_fail(err, err_size, ST_BUSY, "penyimpanan %s sedang dipakai proses lain (in use by another process)",
                               dir);
    return store_lmdb_fail(err, err_size, ST_IO, "penyimpanan %s tidak dapat dikunci: %m", dir);
}

int store_lmdb_dir_take(const char *dir, struct store_lmdb_dir *ret, char *err, size_t err_size)
{
    struct store_lmdb_dir d = { .fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .lock_fd = -1 };
    struct stat st;
    int status;

    if (d.fd < 0 || fstat(d.fd, &st)) {
        status = store_lmdb_fail(err, err_size, ST_IO, "direktori %s tidak dapat dibuka: %m", dir);
        if (d.fd >= 0)
            close(d.fd);
        return status;
    }
    d.dev = st.st_dev;
    d.ino = st.st_ino;
    own(d.dev, d.ino);
    status = take_lock(dir, &d, err, err_size);
    if (status)
        store_lmdb_dir_release(&d);
    else
        *ret = d;
    return status;
}

void store_lmdb_dir_release(struct store_lmdb_dir *d)
{
    disown(d->dev, d->ino);
    if (d->lock_fd >= 0)
        close(d->lock_fd);
    close(d->fd);
    d->fd = d->lock_fd = -1;
}

/* ---- room ---- */

uint64_t store_lmdb_dir_map(const struct store_lmdb_dir *d, uint64_t asked)
{
    struct statvfs v;
    uint64_t bytes = asked ? asked : MAP_DEFAULT;

    if (!asked && fstatvfs(d->fd, &v) == 0 && v.f_blocks) {
        uint64_t most = (uint64_t)v.f_blocks / 5 * 4 * v.f_frsize;

        bytes = bytes < most ? bytes : most;
    }
    bytes &= ~(MAP_LEAST - 1);
    return bytes < MAP_LEAST ? MAP_LEAST : bytes;
}

bool store_lmdb_dir_roomy(const struct store_lmdb_dir *d, uint64_t bytes)
{
    struct statvfs v;
    uint64_t reserve = DISK_RESERVE;

    if (fstatvfs(d->fd, &v) || !v.f_blocks)
        return true;
    if ((uint64_t)v.f_blocks * v.f_frsize / 16 < reserve)
        reserve = (uint64_t)v.f_blocks * v.f_frsize / 16;
    return (uint64_t)v.f_bavail * v.f_frsize >= reserve + bytes;
}
