/* link_zmq_accept.c - accept4(2) as the libraries in a daemon find it: the last descriptors are the daemon's own. Kind: E.
 *
 * Design notes: libzmq and libevent accept by themselves, on threads of theirs. When the process has no descriptor left, a listener
 * of libzmq 4.3.4 spins (its socket stays readable) and one for ipc:// aborts the process; and we could open no store, read no
 * register, and not even end a connection, which needs a duplicate (link_zmq_guard.c). So a connection that would take one of
 * the last ones is accepted and closed at once; its peer tries again, by then the guard has shed whoever says nothing.
 *
 * The libraries look the name up in the program first, because it is linked before libc. What comes next in that order is called,
 * be it libc's or a test's. Rejected: an own listening socket handed to libzmq (it still accepts by itself); fewer peers by far
 * (the guard reads its events between steps, too late for a burst).
 *
 * Invariant: no descriptor that is returned lies among the last spare_of() ones of the limit. */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "limits.h"
#include "link_zmq.h"

enum { SPARE_LEAST = 10, SPARE_MOST = 64, SPARE_SHARE = 8, REST_MS = 10 };

/* How many of that many descriptors are never a peer's. */
static unsigned spare_of(unsigned limit)
{
    unsigned spare = limit / SPARE_SHARE;

    return spare < SPARE_LEAST ? SPARE_LEAST : spare > SPARE_MOST ? SPARE_MOST : spare;
}

/* The kernel gives the lowest free number, so a high one says how many there are. */
static bool among_the_last(int fd)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur > INT32_MAX) return false;
    return (rlim_t)fd + spare_of((unsigned)r.rlim_cur) >= r.rlim_cur;
}

int accept4(int fd, struct sockaddr *restrict addr, socklen_t *restrict addr_len, int flags)
{
    typedef int (*accept4_fn)(int, struct sockaddr *, socklen_t *, int);
    union { void *object; accept4_fn fn; } next = { .object = dlsym(RTLD_NEXT, "accept4") };
    int got = next.fn(fd, addr, addr_len, flags);

    if (got >= 0 && !among_the_last(got)) return got;
    if (got < 0 && errno != EMFILE) return got;
    if (got >= 0) close(got);
    else (void)poll(NULL, 0, REST_MS);  /* it stays readable: not at once again */
    errno = ECONNABORTED;               /* both libraries take it for a peer that did not wait */
    return -1;
}
