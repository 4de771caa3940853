/* failing_link.c - the calls of the network port that can fail (failing.h): ZeroMQ, memory, threads, limits. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <zmq.h>

#include "failing.h"

FAILING(void *, zmq_ctx_new, (void), (), (failing_errno(), (void *)NULL))
FAILING(int, zmq_ctx_set, (void *c, int name, int value), (c, name, value), failing_errno())
FAILING(void *, zmq_socket, (void *c, int type), (c, type), (failing_errno(), (void *)NULL))
FAILING(int, zmq_bind, (void *z, const char *endpoint), (z, endpoint), failing_errno())
FAILING(int, zmq_connect, (void *z, const char *endpoint), (z, endpoint), failing_errno())
FAILING(int, zmq_poll, (zmq_pollitem_t *items, int n, long timeout), (items, n, timeout), failing_errno())
FAILING(int, zmq_send, (void *z, const void *p, size_t n, int flags), (z, p, n, flags), failing_errno())
FAILING(int, zmq_msg_init_size, (zmq_msg_t *m, size_t n), (m, n), failing_errno())
FAILING(int, zmq_msg_send, (zmq_msg_t *m, void *z, int flags), (m, z, flags), failing_errno())
FAILING(void *, malloc, (size_t n), (n), NULL)
FAILING(void *, calloc, (size_t n, size_t size), (n, size), NULL)
FAILING(char *, strdup, (const char *s), (s), (failing_errno(), (char *)NULL))
FAILING(int, chmod, (const char *path, mode_t mode), (path, mode), failing_errno())
FAILING(int, socket, (int domain, int type, int protocol), (domain, type, protocol), failing_errno())
FAILING(int, pthread_create, (pthread_t *ret, const pthread_attr_t *a, void *(*fn)(void *), void *arg), (ret, a, fn, arg),
        failing_why())

_Atomic uint64_t failing_limit_cur, failing_limit_max;
int __real_getrlimit(__rlimit_resource_t what, struct rlimit *ret);
int __real_setrlimit(__rlimit_resource_t what, const struct rlimit *limit);
int __wrap_getrlimit(__rlimit_resource_t what, struct rlimit *ret);
int __wrap_setrlimit(__rlimit_resource_t what, const struct rlimit *limit);

int __wrap_getrlimit(__rlimit_resource_t what, struct rlimit *ret)
{
    const uint64_t most = failing_limit_max;

    if (failing_now("getrlimit")) return failing_errno();
    if (most == 0) return __real_getrlimit(what, ret);
    *ret = (struct rlimit){ failing_limit_cur, most };
    return 0;
}

int __wrap_setrlimit(__rlimit_resource_t what, const struct rlimit *limit)
{
    return failing_limit_max ? 0 : __real_setrlimit(what, limit);
}

/* Two calls have names of their own where they end something, so that nobody has to hear of it. */
int __real_zmq_setsockopt(void *z, int name, const void *value, size_t n);
int __real_zmq_socket_monitor(void *z, const char *endpoint, int events);
int __wrap_zmq_setsockopt(void *z, int name, const void *value, size_t n);
int __wrap_zmq_socket_monitor(void *z, const char *endpoint, int events);

int __wrap_zmq_setsockopt(void *z, int name, const void *value, size_t n)
{
    if (failing_now(name == ZMQ_LINGER ? "linger" : "zmq_setsockopt")) return failing_why() ? failing_errno() : 0;
    return __real_zmq_setsockopt(z, name, value, n);
}

int __wrap_zmq_socket_monitor(void *z, const char *endpoint, int events)
{
    if (failing_now(endpoint ? "zmq_socket_monitor" : "monitor's end")) return failing_errno();
    return __real_zmq_socket_monitor(z, endpoint, events);
}
