/* failing_wire.c - see failing_wire.h; and the calls of the network port that fail only in its tests of single branches. */
#include "failing_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <zmq.h>

#include "failing.h"

struct failing_clock failing_clock;
struct failing_exit failing_exit = { .code = -1 };
struct failing_option failing_option;

FAILING(int, zmq_has, (const char *what), (what), 0)
FAILING(int, zmq_ctx_term, (void *c), (c), (errno = EINTR, -1))     /* it has no other */
FAILING(int, zmq_recv, (void *z, void *p, size_t n, int flags), (z, p, n, flags), failing_errno())
FAILING(int, zmq_msg_recv, (zmq_msg_t *m, void *z, int flags), (m, z, flags), failing_errno())
FAILING(int, zmq_msg_more, (const zmq_msg_t *m), (m), 0)
FAILING(int, zmq_getsockopt, (void *z, int name, void *ret, size_t *n), (z, name, ret, n), failing_errno())
FAILING(int, shutdown, (int fd, int how), (fd, how), failing_errno())
FAILING(void *, realloc, (void *p, size_t n), (p, n), NULL)
FAILING(int, connect, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n), failing_errno())
FAILING(int, sodium_init, (void), (), -1)
FAILING(int, crypto_box_keypair, (unsigned char *pub, unsigned char *secret), (pub, secret), -1)
FAILING(int, crypto_scalarmult_base, (unsigned char *pub, const unsigned char *secret), (pub, secret), -1)

/* One call with arguments of any number, used with one integer. */
int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
    va_list ap;

    va_start(ap, command);
    const int argument = va_arg(ap, int);
    va_end(ap);
    return failing_now("fcntl") ? failing_errno() : __real_fcntl(fd, command, argument);
}

/* The name under which a message came: none, one that is too short, or one of the right length that is no number. */
const char *__real_zmq_msg_gets(const zmq_msg_t *m, const char *name);
const char *__wrap_zmq_msg_gets(const zmq_msg_t *m, const char *name);
const char *__wrap_zmq_msg_gets(const zmq_msg_t *m, const char *name)
{
    static char user[2 * PUBKEY_SIZE + 1];

    if (!failing_now("zmq_msg_gets")) return __real_zmq_msg_gets(m, name);
    memset(user, 'z', sizeof user - 1);
    return failing_why() == EINVAL ? "ab" : failing_why() == EDOM ? user : NULL;
}

int __real_getsockopt(int fd, int level, int name, void *ret, socklen_t *n);
int __wrap_getsockopt(int fd, int level, int name, void *ret, socklen_t *n);
int __wrap_getsockopt(int fd, int level, int name, void *ret, socklen_t *n)
{
    if (failing_now("getsockopt")) return failing_errno();
    if (failing_option.name != name) return __real_getsockopt(fd, level, name, ret, n);
    failing_option.name = 0;
    if (*n > failing_option.size) *n = failing_option.size;
    memset(ret, 0, *n);
    memcpy(ret, &failing_option.value, *n < sizeof failing_option.value ? *n : sizeof failing_option.value);
    return 0;
}

int64_t __real_link_zmq_ms(void);
int64_t __wrap_link_zmq_ms(void);
int64_t __wrap_link_zmq_ms(void)
{
    return __real_link_zmq_ms() + (atomic_fetch_sub(&failing_clock.calls, 1) <= 1 ? atomic_load(&failing_clock.ahead_ms) : 0);
}

void __real__exit(int code) __attribute__((noreturn));
void __wrap__exit(int code) __attribute__((noreturn));
void __wrap__exit(int code)
{
    if (!atomic_load(&failing_exit.armed)) __real__exit(code);
    atomic_store(&failing_exit.code, code);
    pthread_exit(NULL);
}

/* ---- monitors ---- */

void *failing_monitor(struct link *l, struct sock *s)
{
    static unsigned serial;
    char endpoint[40];
    void *z = zmq_socket(l->zctx, ZMQ_PAIR), *mon = link_zmq_socket(l->zctx, SOCK_MONITOR);
    const int zero = 0;

    snprintf(endpoint, sizeof endpoint, "inproc://said-%u", serial++);
    if (!z || !mon || zmq_setsockopt(z, ZMQ_LINGER, &zero, sizeof zero) || zmq_bind(z, endpoint) || zmq_connect(mon, endpoint))
        abort();
    if (s->mon) {
        zmq_socket_monitor(s->z, NULL, 0);
        zmq_close(s->mon);
    }
    s->mon = mon;
    return z;
}

void failing_monitor_says(void *z, unsigned event, uint32_t value)
{
    const uint16_t e = (uint16_t)event;
    uint8_t b[sizeof e + sizeof value];

    memcpy(b, &e, sizeof e);
    memcpy(b + sizeof e, &value, sizeof value);
    if (zmq_send(z, b, sizeof b, ZMQ_SNDMORE) < 0 || zmq_send(z, "", 0, 0) < 0) abort();
}
