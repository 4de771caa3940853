/* end.c - end.so, preloaded into `rekap`: at its n-th call that somebody else could notice, the program or a daemon is killed.
 * Kind: E, tests only.
 *
 *   REKAP_END_AT=n     which call, from 1; unset or 0: none
 *   REKAP_END_PID=p    who is killed (-9); unset or 0: the program itself
 *   REKAP_END_COUNT=f  at its end the program writes into f how many such calls it made
 *
 * Calls: connect, send, write, fsync, rename, unlink, mkdir, open, fopen, fclose, execv, flock. Programs that it starts are let be:
 * the variables are taken out of the environment when they are read. Invariant: the kill comes before the call. */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static _Atomic long calls;
static long at;
static pid_t who;
static char *file;

static void *real(const char *name)
{
    void *p = dlsym(RTLD_NEXT, name);
    if (!p) abort();
    return p;
}
#define REAL(name, ...) ((__typeof__(&name))real(#name))(__VA_ARGS__)

static long number(const char *name)
{
    const char *s = getenv(name);
    return s ? strtol(s, NULL, 10) : 0;
}

__attribute__((constructor)) static void start(void)
{
    const char *to = getenv("REKAP_END_COUNT");
    at = number("REKAP_END_AT");
    who = (pid_t)number("REKAP_END_PID");
    if (to && asprintf(&file, "%s", to) < 0) abort();
    unsetenv("REKAP_END_AT");
    unsetenv("REKAP_END_COUNT");
    unsetenv("LD_PRELOAD");
}

__attribute__((destructor)) static void finish(void)
{
    FILE *f = file ? ((__typeof__(&fopen))real("fopen"))(file, "w") : NULL;
    if (!f) return;
    fprintf(f, "%ld\n", calls);
    ((__typeof__(&fclose))real("fclose"))(f);
}

static void count(void)
{
    if (atomic_fetch_add(&calls, 1) + 1 == at) kill(who ? who : getpid(), SIGKILL);
}

int connect(int fd, const struct sockaddr *a, socklen_t n) { count(); return REAL(connect, fd, a, n); }
ssize_t send(int fd, const void *p, size_t n, int flags) { count(); return REAL(send, fd, p, n, flags); }
ssize_t write(int fd, const void *p, size_t n) { count(); return REAL(write, fd, p, n); }
int fsync(int fd) { count(); return REAL(fsync, fd); }
int rename(const char *a, const char *b) { count(); return REAL(rename, a, b); }
int unlink(const char *a) { count(); return REAL(unlink, a); }
int mkdir(const char *a, mode_t m) { count(); return REAL(mkdir, a, m); }
FILE *fopen(const char *a, const char *m) { count(); return REAL(fopen, a, m); }
int fclose(FILE *f) { count(); return REAL(fclose, f); }
int execv(const char *a, char *const *argv) { count(); return REAL(execv, a, argv); }
int flock(int fd, int how) { count(); return REAL(flock, fd, how); }

int open(const char *a, int flags, ...)
{
    va_list ap;
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_start(ap, flags);
        mode = va_arg(ap, mode_t);
        va_end(ap);
    }
    count();
    return REAL(open, a, flags, mode);
}
