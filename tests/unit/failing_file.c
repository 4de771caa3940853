/* failing_file.c - the calls of whole files and keys that can fail (failing.h). */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failing.h"

FAILING(int, fstat, (int fd, struct stat *ret), (fd, ret), failing_errno())
FAILING(int, fsync, (int fd), (fd), failing_errno())
FAILING(int, fchmod, (int fd, mode_t mode), (fd, mode), failing_errno())
FAILING(int, mkdir, (const char *path, mode_t mode), (path, mode), failing_errno())
FAILING(int, mkostemp, (char *name, int flags), (name, flags), failing_errno())
FAILING(int, rename, (const char *from, const char *to), (from, to), failing_errno())
FAILING(int, link, (const char *from, const char *to), (from, to), failing_errno())
FAILING(int, unlink, (const char *path), (path), failing_errno())
FAILING(char *, strndup, (const char *s, size_t n), (s, n), (failing_errno(), (char *)NULL))
FAILING(char *, strdup, (const char *s), (s), (failing_errno(), (char *)NULL))
FAILING(void *, realloc, (void *p, size_t n), (p, n), NULL)
FAILING(ssize_t, read, (int fd, void *p, size_t n), (fd, p, n), failing_errno())
FAILING(ssize_t, write, (int fd, const void *p, size_t n), (fd, p, n), failing_errno())

int __real_open(const char *path, int flags, ...);
int __real_close(int fd);
int __wrap_open(const char *path, int flags, ...);
int __wrap_close(int fd);
int __wrap_asprintf(char **ret, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

int __wrap_open(const char *path, int flags, ...)
{
    va_list ap;

    va_start(ap, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    return failing_now("open") ? failing_errno() : __real_open(path, flags, mode);
}

/* A descriptor is given back even when that fails (close(2)). */
int __wrap_close(int fd)
{
    const bool fails = failing_now("close");
    const int rc = __real_close(fd);

    return fails ? failing_errno() : rc;
}

int __wrap_asprintf(char **ret, const char *fmt, ...)
{
    va_list ap;

    if (failing_now("asprintf")) return failing_errno();
    va_start(ap, fmt);
    const int n = vasprintf(ret, fmt, ap);
    va_end(ap);
    return n;
}
