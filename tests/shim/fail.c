/* fail.c - fail.so, preloaded into the real programs: lets the n-th call of a kind fail, once or for good, in one start of one
 * program. Kind: E, tests only.
 *
 * Allocations go to glibc's own names, because looking the next malloc up would allocate. A place of allocation is the chain of
 * its callers (addresses; the driver switches address randomisation off), so that each distinct way to an allocation can be
 * tried once instead of each of many thousand calls. Invariant: a program that is not the one named in the state is passed
 * through untouched. */
#include "tests/shim/fail.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);

enum { DEPTH = 24, SKIP = 3 /* our own frames */ };
static struct fail_state *state;
static int where_fd = -1;               /* FILE.where: callers of what failed first, and where it died of it */
static bool armed;                      /* this is the program and the start, or the one whose sites are written down */
static uint32_t fired_before;           /* in an earlier start of this run */
static uint64_t nth_call;               /* of this start */
static _Thread_local bool inside;

#define REAL(name, ...) ((__typeof__(&name))real(#name))(__VA_ARGS__)

static void *real(const char *name)
{
    bool was = inside;
    inside = true;
    void *p = dlsym(RTLD_NEXT, name);
    inside = was;
    if (!p) abort();
    return p;
}

static bool is_me(int argc, char **argv)
{
    char name[64];
    const char *slash = strrchr(argv[0], '/');
    snprintf(name, sizeof name, "%s", slash ? slash + 1 : argv[0]);
    if (!strcmp(name, state->program)) return true;
    size_t n = strlen(name);
    if (argc > 1) snprintf(name + n, sizeof name - n, " %s", argv[1]);
    return !strcmp(name, state->program);
}

/* Addresses, because symbols would have to be allocated. */
static void on_death(int sig)
{
    void *frames[DEPTH];
    armed = false;
    backtrace_symbols_fd(frames, backtrace(frames, DEPTH), where_fd);
    signal(sig, SIG_DFL);
    raise(sig);
}

__attribute__((constructor)) static void start(int argc, char **argv)
{
    const char *file = getenv(FAIL_STATE);
    void *frames[DEPTH];
    int fd = file ? (int)syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CLOEXEC, 0) : -1;
    if (fd < 0) return;
    void *map = (void *)syscall(SYS_mmap, NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    if (map == MAP_FAILED) return;
    (void)backtrace(frames, DEPTH);     /* loads what it needs while nothing fails */
    state = map;
    if (state->program[0] && argc > 0 && is_me(argc, argv)) {
        uint32_t nth = atomic_fetch_add(&state->starts, 1) + 1;
        bool again = state->again && nth == state->start + 1;
        armed = state->start == 0 || nth == state->start || again;
        nth_call = again ? state->m : state->n;
        fired_before = again ? atomic_load(&state->fired) : 0;
        if (again) {
            atomic_store(&state->calls[state->kind], 0);
            atomic_store(&state->site[0].calls, 0);     /* of the chain, where one is named */
        }
        char path[300];
        snprintf(path, sizeof path, "%s.where", file);
        where_fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        signal(SIGSEGV, on_death);
        signal(SIGABRT, on_death);
    }
}

/* ---- shall this call fail? ---- */

static uint64_t here(void)
{
    void *frames[DEPTH];
    uint64_t h = UINT64_C(1469598103934665603);
    inside = true;
    int n = backtrace(frames, DEPTH);
    inside = false;
    for (int i = SKIP; i < n; i++) h = (h ^ (uint64_t)(uintptr_t)frames[i]) * UINT64_C(1099511628211);
    return h | 1;
}

static struct fail_site *site_of(uint64_t where)
{
    for (uint64_t i = where % FAIL_SITES, k = 0; k < FAIL_SITES; i = (i + 1) % FAIL_SITES, k++) {
        uint64_t none = 0;
        if (atomic_load(&state->site[i].where) == where) return &state->site[i];
        if (atomic_compare_exchange_strong(&state->site[i].where, &none, where) || none == where) return &state->site[i];
    }
    abort();
}

__attribute__((noinline)) static bool fails(enum fail_kind kind)
{
    if (!armed || inside) return false;
    uint64_t n = atomic_fetch_add(&state->calls[kind], 1) + 1;
    if (state->start == 0) {
        if (kind == FAIL_MALLOC) atomic_fetch_add(&site_of(here())->calls, 1);
        return false;
    }
    if (kind != state->kind) return false;
    bool fired = atomic_load(&state->fired) != fired_before;
    if (fired && !state->ever) return false;
    if (!fired && state->where) {
        struct fail_site *s = &state->site[0];
        if (here() != state->where) return false;
        n = atomic_fetch_add(&s->calls, 1) + 1;
    }
    if (!fired && n < nth_call) return false;
    if (atomic_fetch_add(&state->fired, 1) == fired_before) {
        void *frames[DEPTH];
        inside = true;
        backtrace_symbols_fd(frames, backtrace(frames, DEPTH), where_fd);
        inside = false;
    }
    errno = state->error;
    return true;
}

/* ---- memory ---- */

void *malloc(size_t n) { return fails(FAIL_MALLOC) ? NULL : __libc_malloc(n); }
void *calloc(size_t n, size_t size) { return fails(FAIL_MALLOC) ? NULL : __libc_calloc(n, size); }
void *realloc(void *p, size_t n) { return fails(FAIL_MALLOC) ? NULL : __libc_realloc(p, n); }
void *aligned_alloc(size_t align, size_t n) { return fails(FAIL_MALLOC) ? NULL : __libc_memalign(align, n); }
int posix_memalign(void **ret, size_t align, size_t n)
{
    if (fails(FAIL_MALLOC)) return ENOMEM;
    *ret = __libc_memalign(align, n);
    return *ret ? 0 : ENOMEM;
}
void *mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
    if (fails(FAIL_MMAP)) return MAP_FAILED;
    return (void *)syscall(SYS_mmap, at, n, prot, flags, fd, offset);
}

/* ---- files ---- */

static bool is_file(int fd)
{
    struct stat s;
    int keep = errno;
    bool ok = armed && fstat(fd, &s) == 0 && S_ISREG(s.st_mode);
    errno = keep;
    return ok;
}

/* With error 0 the write lies: it says that all is written and writes nothing. For the check of the check. */
static ssize_t refused(size_t n) { return state->error ? -1 : (ssize_t)n; }

static size_t length(const struct iovec *v, int n)
{
    size_t all = 0;
    for (int i = 0; i < n; i++) all += v[i].iov_len;
    return all;
}

ssize_t write(int fd, const void *p, size_t n) { return is_file(fd) && fails(FAIL_WRITE) ? refused(n) : REAL(write, fd, p, n); }
ssize_t writev(int fd, const struct iovec *v, int n)
{
    if (!is_file(fd) || !fails(FAIL_WRITE)) return REAL(writev, fd, v, n);
    if (!state->error) (void)lseek(fd, (off_t)length(v, n), SEEK_CUR);
    return refused(length(v, n));
}
ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return is_file(fd) && fails(FAIL_WRITE) ? refused(n) : REAL(pwrite, fd, p, n, at);
}
ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at)
{
    return is_file(fd) && fails(FAIL_WRITE) ? refused(length(v, n)) : REAL(pwritev, fd, v, n, at);
}
int ftruncate(int fd, off_t n) { return fails(FAIL_WRITE) ? -1 : REAL(ftruncate, fd, n); }
int fallocate(int fd, int mode, off_t at, off_t n) { return fails(FAIL_WRITE) ? -1 : REAL(fallocate, fd, mode, at, n); }
int fsync(int fd) { return fails(FAIL_SYNC) ? -1 : REAL(fsync, fd); }
int fdatasync(int fd) { return fails(FAIL_SYNC) ? -1 : REAL(fdatasync, fd); }
int msync(void *p, size_t n, int flags) { return fails(FAIL_SYNC) ? -1 : REAL(msync, p, n, flags); }

typedef int (*open_fn)(const char *, int, ...);
typedef int (*openat_fn)(int, const char *, int, ...);
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
    return fails(FAIL_OPEN) ? -1 : ((open_fn)real("open"))(path, flags, mode);
}
int open64(const char *path, int flags, ...)
{
    MODE(flags)
    return fails(FAIL_OPEN) ? -1 : ((open_fn)real("open64"))(path, flags, mode);
}
int openat(int at, const char *path, int flags, ...)
{
    MODE(flags)
    return fails(FAIL_OPEN) ? -1 : ((openat_fn)real("openat"))(at, path, flags, mode);
}
int mkostemp(char *path, int flags) { return fails(FAIL_OPEN) ? -1 : REAL(mkostemp, path, flags); }
DIR *opendir(const char *path) { return fails(FAIL_OPEN) ? NULL : REAL(opendir, path); }
FILE *fopen(const char *path, const char *how) { return fails(FAIL_OPEN) ? NULL : REAL(fopen, path, how); }
int scandir(const char *path, struct dirent ***ret, int (*take)(const struct dirent *),
            int (*order)(const struct dirent **, const struct dirent **))
{
    return fails(FAIL_OPEN) ? -1 : REAL(scandir, path, ret, take, order);
}

int rename(const char *from, const char *to) { return fails(FAIL_NAME) ? -1 : REAL(rename, from, to); }
int link(const char *from, const char *to) { return fails(FAIL_NAME) ? -1 : REAL(link, from, to); }
int unlink(const char *path) { return fails(FAIL_NAME) ? -1 : REAL(unlink, path); }
int mkdir(const char *path, mode_t mode) { return fails(FAIL_NAME) ? -1 : REAL(mkdir, path, mode); }
int rmdir(const char *path) { return fails(FAIL_NAME) ? -1 : REAL(rmdir, path); }
int chmod(const char *path, mode_t mode) { return fails(FAIL_NAME) ? -1 : REAL(chmod, path, mode); }
int fchmod(int fd, mode_t mode) { return fails(FAIL_NAME) ? -1 : REAL(fchmod, fd, mode); }

ssize_t read(int fd, void *p, size_t n) { return is_file(fd) && fails(FAIL_READ) ? -1 : REAL(read, fd, p, n); }
ssize_t pread(int fd, void *p, size_t n, off_t at) { return is_file(fd) && fails(FAIL_READ) ? -1 : REAL(pread, fd, p, n, at); }

/* ---- sockets and their like ---- */

int socket(int domain, int type, int protocol) { return fails(FAIL_SOCKET) ? -1 : REAL(socket, domain, type, protocol); }
int accept(int fd, struct sockaddr *a, socklen_t *n) { return fails(FAIL_SOCKET) ? -1 : REAL(accept, fd, a, n); }
int accept4(int fd, struct sockaddr *a, socklen_t *n, int flags)
{
    return fails(FAIL_SOCKET) ? -1 : REAL(accept4, fd, a, n, flags);
}
int eventfd(unsigned n, int flags) { return fails(FAIL_SOCKET) ? -1 : REAL(eventfd, n, flags); }
int epoll_create1(int flags) { return fails(FAIL_SOCKET) ? -1 : REAL(epoll_create1, flags); }
int pipe(int fd[2]) { return fails(FAIL_SOCKET) ? -1 : REAL(pipe, fd); }
int signalfd(int fd, const sigset_t *set, int flags) { return fails(FAIL_SOCKET) ? -1 : REAL(signalfd, fd, set, flags); }
int connect(int fd, const struct sockaddr *a, socklen_t n) { return fails(FAIL_CONNECT) ? -1 : REAL(connect, fd, a, n); }
int pthread_create(pthread_t *ret, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
    return fails(FAIL_THREAD) ? EAGAIN : REAL(pthread_create, ret, attr, run, arg);
}
int pipe2(int fd[2], int flags) { return fails(FAIL_SOCKET) ? -1 : REAL(pipe2, fd, flags); }
int socketpair(int domain, int type, int protocol, int fd[2])
{
    return fails(FAIL_SOCKET) ? -1 : REAL(socketpair, domain, type, protocol, fd);
}
