/* record.c - record.so, preloaded into the real programs: writes down what they do to one directory. Kind: E, tests only.
 *
 * Only calls through the C library's own names are seen. That is enough for these programs and it is proved, not believed: the
 * driver compares what the record says the directory holds with what it holds (crash_log.c, complete), so a way round this file
 * shows as a difference. Not written down: what is below log/ (nobody promises it), the lock files of LMDB (shared memory that the
 * next owner makes anew) and sockets.
 *
 * Invariant: one lock over the act and its record, taken by whichever process acts; it is robust, so a process that is killed while
 * it holds it does not stop the others. */
#include "tests/shim/record.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FDS = 1024, LOG_FD = 1000, PATH_BYTES = 4200 };
static struct record_shared *shared;
static char base[PATH_MAX];
static size_t base_n;
static int log_fd = -1;
static struct watched { _Atomic uint64_t inode; _Atomic bool synced; } fds[FDS];

#define REAL(name, ...) ((__typeof__(&name))real(#name))(__VA_ARGS__)

static void *real(const char *name)
{
    void *p = dlsym(RTLD_NEXT, name);
    if (!p) abort();
    return p;
}

__attribute__((constructor)) static void start(void)
{
    const char *file = getenv(RECORD_FILE), *dir = getenv(RECORD_DIR);
    char lock[PATH_BYTES];
    if (!file || !dir || snprintf(lock, sizeof lock, "%s.lock", file) >= (int)sizeof lock) return;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, lock, O_RDWR | O_CLOEXEC, 0);
    int out = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_APPEND | O_CLOEXEC, 0);
    if (fd < 0 || out < 0) abort();
    void *map = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    log_fd = fcntl(out, F_DUPFD_CLOEXEC, LOG_FD);
    if (map == MAP_FAILED || log_fd < 0) abort();
    syscall(SYS_close, out);
    syscall(SYS_close, fd);
    base_n = (size_t)snprintf(base, sizeof base, "%s", dir);
    shared = map;
}

static void lock(void)
{
    if (pthread_mutex_lock(&shared->lock) == EOWNERDEAD) pthread_mutex_consistent(&shared->lock);
}

static void unlock(void) { pthread_mutex_unlock(&shared->lock); }

/* ---- what is watched ---- */

/* The path below the watched directory, or NULL. Ends of paths decide about what is left out. */
static const char *below(int at, const char *path, char ret[PATH_BYTES])
{
    char link[64];
    ssize_t n = 0;
    if (!shared || !path) return NULL;
    if (path[0] != '/') {
        if (at == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
        else snprintf(link, sizeof link, "/proc/self/fd/%d", at);
        n = readlink(link, ret, PATH_MAX);
        if (n <= 0) return NULL;
        ret[n++] = '/';
    }
    if (snprintf(ret + n, (size_t)(PATH_BYTES - n), "%s", path) >= PATH_BYTES - n) return NULL;
    if (strncmp(ret, base, base_n) || (ret[base_n] && ret[base_n] != '/')) return NULL;
    const char *p = ret + base_n + (ret[base_n] == '/');
    size_t len = strlen(p);
    if (!strncmp(p, "log/", 4) || (len >= 8 && !strcmp(p + len - 8, "lock.mdb"))) return NULL;
    return p;
}

static uint64_t inode_at(const char *path)
{
    struct stat s;
    return lstat(path, &s) == 0 ? s.st_ino : 0;
}

static void watch(int fd, uint64_t inode, bool synced)
{
    if (fd < 0 || fd >= FDS) return;
    atomic_store(&fds[fd].synced, synced);
    atomic_store(&fds[fd].inode, inode);
}

static uint64_t watched(int fd) { return shared && fd >= 0 && fd < FDS ? atomic_load(&fds[fd].inode) : 0; }

/* ---- writing it down ---- */

static void put(uint32_t op, uint64_t inode, uint64_t offset, uint64_t n, const char *path, const char *path2, const void *bytes)
{
    struct record_head h = { op, (uint16_t)(path ? strlen(path) : 0), (uint16_t)(path2 ? strlen(path2) : 0), inode, offset, n };
    const struct iovec v[] = {
        { &h, sizeof h }, { (void *)(uintptr_t)path, h.path_n }, { (void *)(uintptr_t)path2, h.path2_n },
        { (void *)(uintptr_t)bytes, bytes ? n : 0 },
    };
    size_t want = sizeof h + h.path_n + h.path2_n + (bytes ? n : 0);
    if (syscall(SYS_writev, log_fd, v, 4) != (long)want) abort();       /* an incomplete record would prove nothing */
}

/* ---- files ---- */

typedef int (*open_fn)(const char *, int, ...);

static int opened(int fd, const char *p, bool is_new, int flags)
{
    struct stat s;
    int keep = errno;
    if (fd >= 0 && fstat(fd, &s) == 0 && (S_ISREG(s.st_mode) || S_ISDIR(s.st_mode))) {
        if (is_new) put(RECORD_CREATE, s.st_ino, 0, 0, p, NULL, NULL);
        else if ((flags & O_TRUNC) && S_ISREG(s.st_mode)) put(RECORD_SIZE, s.st_ino, 0, 0, NULL, NULL, NULL);
        watch(fd, s.st_ino, (flags & O_DSYNC) != 0);
    }
    errno = keep;
    return fd;
}

static int do_open(const char *name, int at, const char *path, int flags, mode_t mode)
{
    char full[PATH_BYTES];
    const char *p = below(at, path, full);
    bool has_at = strstr(name, "at") != NULL;
    if (p) lock();
    bool is_new = p && (flags & O_CREAT) && inode_at(full) == 0;
    int fd = has_at ? ((int (*)(int, const char *, int, ...))real(name))(at, path, flags, mode)
                    : ((open_fn)real(name))(path, flags, mode);
    if (p) {
        opened(fd, p, is_new, flags);
        unlock();
    }
    return fd;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { \
        va_list a; \
        va_start(a, flags); \
        mode = va_arg(a, mode_t); \
        va_end(a); \
    }
int open(const char *path, int flags, ...)
{
    MODE(flags)
    return do_open("open", AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...)
{
    MODE(flags)
    return do_open("open64", AT_FDCWD, path, flags, mode);
}
int openat(int at, const char *path, int flags, ...)
{
    MODE(flags)
    return do_open("openat", at, path, flags, mode);
}
int openat64(int at, const char *path, int flags, ...)
{
    MODE(flags)
    return do_open("openat64", at, path, flags, mode);
}

int mkostemp(char *path, int flags)
{
    char full[PATH_BYTES];
    const char *p = below(AT_FDCWD, path, full);
    if (!p) return REAL(mkostemp, path, flags);
    lock();
    int fd = REAL(mkostemp, path, flags);
    p = below(AT_FDCWD, path, full);
    opened(fd, p, true, flags);
    unlock();
    return fd;
}

int close(int fd)
{
    if (watched(fd)) watch(fd, 0, false);
    return REAL(close, fd);
}

/* The bytes are written down first, then carried out: what another process reads of them is in the record before its own acts. */
static void wrote(int fd, uint64_t inode, off_t at, const void *bytes, size_t n, ssize_t done)
{
    (void)bytes;
    if (done != (ssize_t)n) {           /* a short write would have to be taken back: none of these programs has met one here */
        static const char why[] = "record.so: a short write\n";
        syscall(SYS_write, 2, why, sizeof why - 1);
        abort();
    }
    if (atomic_load(&fds[fd].synced)) put(RECORD_RANGE, inode, (uint64_t)at, n, NULL, NULL, NULL);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    uint64_t inode = watched(fd);
    if (!inode) return REAL(pwrite, fd, bytes, n, at);
    lock();
    put(RECORD_WRITE, inode, (uint64_t)at, n, NULL, NULL, bytes);
    ssize_t done = REAL(pwrite, fd, bytes, n, at);
    wrote(fd, inode, at, bytes, n, done);
    unlock();
    return done;
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    uint64_t inode = watched(fd);
    if (!inode) return REAL(write, fd, bytes, n);
    lock();
    off_t at = lseek(fd, 0, SEEK_CUR);
    put(RECORD_WRITE, inode, (uint64_t)at, n, NULL, NULL, bytes);
    ssize_t done = REAL(write, fd, bytes, n);
    wrote(fd, inode, at, bytes, n, done);
    unlock();
    return done;
}

static size_t gather(const struct iovec *v, int count, uint8_t **ret)
{
    size_t n = 0, at = 0;
    for (int i = 0; i < count; i++) n += v[i].iov_len;
    uint8_t *all = malloc(n ? n : 1);
    if (!all) abort();
    for (int i = 0; i < count; at += v[i++].iov_len) memcpy(all + at, v[i].iov_base, v[i].iov_len);
    *ret = all;
    return n;
}

static ssize_t do_writev(int fd, const struct iovec *v, int count, off_t at, bool seek)
{
    uint64_t inode = watched(fd);
    uint8_t *all = NULL;
    lock();
    size_t n = gather(v, count, &all);
    if (!seek) at = lseek(fd, 0, SEEK_CUR);
    put(RECORD_WRITE, inode, (uint64_t)at, n, NULL, NULL, all);
    ssize_t done = seek ? REAL(pwritev, fd, v, count, at) : REAL(writev, fd, v, count);
    wrote(fd, inode, at, all, n, done);
    unlock();
    free(all);
    return done;
}

ssize_t writev(int fd, const struct iovec *v, int count)
{
    return watched(fd) ? do_writev(fd, v, count, 0, false) : REAL(writev, fd, v, count);
}

ssize_t pwritev(int fd, const struct iovec *v, int count, off_t at)
{
    return watched(fd) ? do_writev(fd, v, count, at, true) : REAL(pwritev, fd, v, count, at);
}

int ftruncate(int fd, off_t n)
{
    uint64_t inode = watched(fd);
    if (!inode) return REAL(ftruncate, fd, n);
    lock();
    int rc = REAL(ftruncate, fd, n);
    if (rc == 0) put(RECORD_SIZE, inode, 0, (uint64_t)n, NULL, NULL, NULL);
    unlock();
    return rc;
}

static int do_sync(int fd, bool data)
{
    uint64_t inode = watched(fd);
    int rc;
    if (!inode) return data ? REAL(fdatasync, fd) : REAL(fsync, fd);
    lock();
    rc = data ? REAL(fdatasync, fd) : REAL(fsync, fd);
    if (rc == 0) put(RECORD_SYNC, inode, data, 0, NULL, NULL, NULL);
    unlock();
    return rc;
}

int fsync(int fd) { return do_sync(fd, false); }
int fdatasync(int fd) { return do_sync(fd, true); }

/* ---- names ---- */

int mkdir(const char *path, mode_t mode)
{
    char full[PATH_BYTES];
    const char *p = below(AT_FDCWD, path, full);
    if (!p) return REAL(mkdir, path, mode);
    lock();
    int rc = REAL(mkdir, path, mode);
    if (rc == 0) put(RECORD_MKDIR, inode_at(full), 0, 0, p, NULL, NULL);
    unlock();
    return rc;
}

/* rename and link: both names are below the directory, or neither counts as more than a name gone or come (and then the record is
 * found to be incomplete). */
static int two_names(uint32_t op, const char *from, const char *to)
{
    char full[PATH_BYTES], full2[PATH_BYTES];
    const char *p = below(AT_FDCWD, from, full), *q = below(AT_FDCWD, to, full2);
    bool both = p && q;
    if (both) lock();
    uint64_t inode = both ? inode_at(full) : 0;
    int rc = op == RECORD_RENAME ? REAL(rename, from, to) : REAL(link, from, to);
    if (both) {
        if (rc == 0) put(op, inode, 0, 0, p, q, NULL);
        unlock();
    }
    return rc;
}

int rename(const char *from, const char *to) { return two_names(RECORD_RENAME, from, to); }
int link(const char *from, const char *to) { return two_names(RECORD_LINK, from, to); }

static int gone(const char *path, bool dir)
{
    char full[PATH_BYTES];
    const char *p = below(AT_FDCWD, path, full);
    if (!p) return dir ? REAL(rmdir, path) : REAL(unlink, path);
    lock();
    uint64_t inode = inode_at(full);
    int rc = dir ? REAL(rmdir, path) : REAL(unlink, path);
    if (rc == 0) put(RECORD_UNLINK, inode, 0, 0, p, NULL, NULL);
    unlock();
    return rc;
}

int unlink(const char *path) { return gone(path, false); }
int rmdir(const char *path) { return gone(path, true); }
