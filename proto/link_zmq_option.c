/* link_zmq_option.c - every option of every socket, endpoints, binding and monitors. Kind: E.
 *
 * Design notes: libzmq's defaults are unsafe for us (unbounded linger, no frame cap, any key admitted when no ZAP handler
 * runs), so no socket is made but by link_zmq_socket(), which applies the table below. Routing ids are never set: a duplicate is a
 * silent black hole. HWM counts messages per peer; 0 (unbounded) appears once, at the reading end of a monitor, because a
 * monitor whose reader is full would block libzmq's I/O thread for ever while it holds the lock that stopping the monitor needs.
 *
 * Binding an ipc:// path unlinks whatever is there, so we ask first whether somebody listens; the file is made under umask 0177.
 * The monitor always ends before its socket and its reader last (a monitor without a reader blocks as well).
 *
 * ZAP_ENFORCE_DOMAIN (93) is a draft option that Debian's build refuses with EINVAL; it is set where it exists. Elsewhere a server
 * socket without a handler would admit everybody, so the handler starts first and may only end with the context (link_zmq_zap.c).
 *
 * Invariant: a socket that is bound or connected has been through the table; server sockets have a domain and CURVE. */
#include "link_zmq.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

#define NET (SOCK_LISTEN | SOCK_DIAL | SOCK_PROBE)
#define ROUTERS (SOCK_LISTEN | SOCK_CONTROL)
#define ANY 0xffffu
#define ENFORCE_DOMAIN 93               /* in the header only with the draft API */

struct option { int name, value; unsigned kinds; };

static const struct option OPTIONS[] = {
    { ZMQ_LINGER, LINGER_MS, ANY & ~(unsigned)(SOCK_MONITOR | SOCK_PROBE | SOCK_ZAP) },
    { ZMQ_LINGER, 0, SOCK_MONITOR | SOCK_PROBE | SOCK_ZAP },
    { ZMQ_ROUTER_MANDATORY, 1, ROUTERS },
    { ZMQ_IMMEDIATE, 1, SOCK_DIAL | SOCK_PROBE },
    { ZMQ_RCVHWM, 64, SOCK_LISTEN },                    /* times FRAME_BYTES_MAX: memory of one peer while we are busy */
    { ZMQ_SNDHWM, 1024, SOCK_LISTEN },
    { ZMQ_RCVHWM, 256, SOCK_DIAL },
    { ZMQ_SNDHWM, 2 * CREDIT_BATCHES, SOCK_DIAL },      /* credit and the small talk always fit */
    { ZMQ_RCVHWM, 16, SOCK_CONTROL | SOCK_ASK | SOCK_PROBE },
    { ZMQ_SNDHWM, 16, SOCK_CONTROL | SOCK_ASK | SOCK_PROBE },
    { ZMQ_SNDHWM, 1000, SOCK_PUBLISH },
    { ZMQ_RCVHWM, 0, SOCK_MONITOR },
    { ZMQ_BACKLOG, 256, SOCK_LISTEN },
    { ZMQ_HANDSHAKE_IVL, 3000, ROUTERS | SOCK_PUBLISH },
    { ZMQ_HANDSHAKE_IVL, 2000, SOCK_DIAL | SOCK_PROBE | SOCK_ASK },     /* 300 "try later" is silence: this ends it */
    { ZMQ_CONNECT_TIMEOUT, 5000, SOCK_DIAL },
    { ZMQ_RECONNECT_IVL, RECONNECT_MS_MIN, SOCK_DIAL | SOCK_ASK },
    { ZMQ_RECONNECT_IVL_MAX, RECONNECT_MS_MAX, SOCK_DIAL },
    { ZMQ_HEARTBEAT_IVL, 5000, SOCK_LISTEN | SOCK_DIAL },
    { ZMQ_HEARTBEAT_TIMEOUT, 15000, SOCK_LISTEN | SOCK_DIAL },
    { ZMQ_TCP_KEEPALIVE, 1, NET },
    { ZMQ_TCP_KEEPALIVE_IDLE, 60, NET },
    { ZMQ_TCP_KEEPALIVE_INTVL, 10, NET },
    { ZMQ_TCP_KEEPALIVE_CNT, 3, NET },
};

int64_t link_zmq_ms(void)
{
    struct clock c = clock_posix();

    return c.now(c.ctx).mono.us / 1000;
}

void *link_zmq_context(void)
{
    void *ctx = zmq_ctx_new();

    if (!ctx) return NULL;
    if (zmq_ctx_set(ctx, ZMQ_IO_THREADS, 1) == 0 && zmq_ctx_set(ctx, ZMQ_MAX_SOCKETS, 4 * SOCKS_MAX) == 0) return ctx;
    zmq_ctx_term(ctx);
    return NULL;
}

void link_zmq_context_end(void *zctx)
{
    while (zmq_ctx_term(zctx) != 0) ASSERT(errno == EINTR);
}

static int socket_type(enum sock_kind kind)
{
    if (kind & ROUTERS) return ZMQ_ROUTER;
    if (kind == SOCK_PUBLISH) return ZMQ_PUB;
    if (kind == SOCK_MONITOR) return ZMQ_PAIR;
    return kind == SOCK_ZAP ? ZMQ_REP : ZMQ_DEALER;
}

void *link_zmq_socket(void *zctx, enum sock_kind kind)
{
    int64_t frame_max = kind == SOCK_LISTEN ? FRAME_WIRE_MAX : kind == SOCK_CONTROL ? CONTROL_BYTES_MAX : -1;
    void *z = zmq_socket(zctx, socket_type(kind));
    int bad = 0;

    if (!z) return NULL;
    if (kind == SOCK_DIAL) frame_max = FRAME_WIRE_MAX;
    if (kind == SOCK_ASK) frame_max = CONTROL_BYTES_MAX;
    for (size_t i = 0; i < sizeof OPTIONS / sizeof *OPTIONS; i++)
        if (OPTIONS[i].kinds & kind) bad |= zmq_setsockopt(z, OPTIONS[i].name, &OPTIONS[i].value, sizeof(int));
    bad |= zmq_setsockopt(z, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max);
    if (bad == 0) return z;
    zmq_close(z);
    return NULL;
}

int link_zmq_server(void *z, const char *domain, const struct link_keys *keys)
{
    int one = 1;

    if (zmq_setsockopt(z, ENFORCE_DOMAIN, &one, sizeof one) != 0 && errno != EINVAL) return ST_IO;
    if (zmq_setsockopt(z, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) == 0 && zmq_setsockopt(z, ZMQ_CURVE_SERVER, &one, sizeof one) == 0
        && zmq_setsockopt(z, ZMQ_CURVE_PUBLICKEY, keys->pub, sizeof keys->pub) == 0
        && zmq_setsockopt(z, ZMQ_CURVE_SECRETKEY, keys->secret, sizeof keys->secret) == 0)
        return ST_OK;
    return ST_IO;
}

int link_zmq_client(void *z, const struct link_keys *keys, const uint8_t server[PUBKEY_SIZE])
{
    if (zmq_setsockopt(z, ZMQ_CURVE_SERVERKEY, server, PUBKEY_SIZE) == 0
        && zmq_setsockopt(z, ZMQ_CURVE_PUBLICKEY, keys->pub, sizeof keys->pub) == 0
        && zmq_setsockopt(z, ZMQ_CURVE_SECRETKEY, keys->secret, sizeof keys->secret) == 0)
        return ST_OK;
    return ST_IO;
}

int link_zmq_probe(const char *path)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int fd, rc, e;

    if (!*path || strlen(path) > IPC_PATH_MAX) return ST_INVALID;
    memcpy(a.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return ST_IO;
    rc = connect(fd, (const struct sockaddr *)&a, sizeof a);
    e = errno;
    close(fd);
    if (rc == 0 || e == EAGAIN) return ST_OK;           /* EAGAIN: its backlog is full, so it is there */
    return e == EACCES || e == EPERM ? ST_DENIED : ST_NOT_FOUND;
}

static int ipc_endpoint(const char *path, bool listening, char *err, size_t err_size)
{
    size_t n = strlen(path);

    if (n == 0 || n > IPC_PATH_MAX) {
        snprintf(err, err_size, "socket path has %zu bytes, at most %d are possible: %s", n, IPC_PATH_MAX, path);
        return ST_INVALID;
    }
    if (listening && *path != '@' && link_zmq_probe(path) == ST_OK) {
        snprintf(err, err_size, "another process listens on %s", path);
        return ST_BUSY;
    }
    return ST_OK;
}

/* A dial to another host may use any port; a listener and a dial on loopback only those below the ephemeral range. */
static int tcp_endpoint(const char *address, bool listening, char *err, size_t err_size)
{
    const char *colon = strrchr(address, ':');
    bool loopback = strncmp(address, "127.", 4) == 0 || strncmp(address, "localhost:", 10) == 0
                    || strncmp(address, "[::1]:", 6) == 0;
    unsigned port = 0;
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;

    for (size_t i = 0; i < digits && digits <= 5; i++) port = port * 10 + (unsigned)(colon[1 + i] - '0');
    if (!colon || digits == 0 || digits > 5 || colon[1 + digits] || port == 0 || port > 65535) {
        snprintf(err, err_size, "no port in tcp://%s", address);
        return ST_INVALID;
    }
    if ((listening || loopback) && port > TCP_PORT_MAX) {
        snprintf(err, err_size, "port %u is in the ephemeral range; use one below %d", port, TCP_PORT_MAX + 1);
        return ST_INVALID;
    }
    return ST_OK;
}

int link_zmq_endpoint(const char *endpoint, bool listening, char *err, size_t err_size)
{
    if (strncmp(endpoint, "ipc://", 6) == 0) return ipc_endpoint(endpoint + 6, listening, err, err_size);
    if (strncmp(endpoint, "tcp://", 6) == 0) return tcp_endpoint(endpoint + 6, listening, err, err_size);
    snprintf(err, err_size, "endpoint must begin with ipc:// or tcp://: %s", endpoint);
    return ST_INVALID;
}

int link_zmq_bind(void *z, const char *endpoint, char *err, size_t err_size)
{
    mode_t old = umask(0177);
    int rc = zmq_bind(z, endpoint), e = errno;

    umask(old);
    if (rc == 0 && strncmp(endpoint, "ipc://", 6) == 0 && endpoint[6] != '@' && chmod(endpoint + 6, 0600) != 0) {
        rc = -1;
        e = errno;
    }
    if (rc == 0) return ST_OK;
    snprintf(err, err_size, "cannot listen on %s: %s", endpoint, zmq_strerror(e));
    if (e == EADDRINUSE) return ST_BUSY;
    if (e == EACCES || e == EPERM) return ST_DENIED;
    return e == EINVAL || e == ENAMETOOLONG ? ST_INVALID : ST_IO;
}

int link_zmq_monitor(struct link *l, void *z, int events, void **ret)
{
    char endpoint[32];
    void *mon;

    snprintf(endpoint, sizeof endpoint, "inproc://monitor-%u", l->mon_serial++);
    if (zmq_socket_monitor(z, endpoint, events) != 0) return ST_IO;
    mon = link_zmq_socket(l->zctx, SOCK_MONITOR);
    if (mon && zmq_connect(mon, endpoint) == 0) {
        *ret = mon;
        return ST_OK;
    }
    zmq_socket_monitor(z, NULL, 0);
    if (mon) zmq_close(mon);
    return ST_IO;
}

bool link_zmq_event(void *mon, unsigned *ret_event, uint32_t *ret_value)
{
    uint8_t first[6];
    char address[256];
    uint16_t event;

    if (zmq_recv(mon, first, sizeof first, ZMQ_DONTWAIT) != sizeof first) return false;
    if (zmq_recv(mon, address, sizeof address, ZMQ_DONTWAIT) < 0) return false;
    memcpy(&event, first, sizeof event);
    memcpy(ret_value, first + sizeof event, sizeof *ret_value);
    *ret_event = event;
    return true;
}

void link_zmq_close(void **z, void **mon, int linger_ms)
{
    if (*z) {
        if (*mon) zmq_socket_monitor(*z, NULL, 0);
        zmq_setsockopt(*z, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
        zmq_close(*z);
        *z = NULL;
    }
    if (*mon) zmq_close(*mon);
    *mon = NULL;
}

int link_keys_new(struct link_keys *ret)
{
    if (sodium_init() < 0) return ST_IO;
    return crypto_box_keypair(ret->pub, ret->secret) == 0 ? ST_OK : ST_IO;
}

int link_keys_of(const uint8_t secret[32], struct link_keys *ret)
{
    if (sodium_init() < 0) return ST_IO;
    memcpy(ret->secret, secret, sizeof ret->secret);
    return crypto_scalarmult_base(ret->pub, ret->secret) == 0 ? ST_OK : ST_IO;
}
