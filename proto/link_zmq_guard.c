/* link_zmq_guard.c - accepted connections: who holds a descriptor, and who sends without ever finishing. Kind: E.
 *
 * Design notes: MAXMSGSIZE is per frame and a ROUTER neither shows nor drops an unfinished multipart message, so one peer can fill
 * the memory unseen. The listener's monitor tells every descriptor at its acceptance and its end; the kernel tells how many bytes
 * came in on it (TCP_INFO); we know how many we were given. Nobody honest is further ahead than its credit. Connections that have
 * never said anything for a minute, or nothing for a day, are closed as well; heartbeats count as received but not as
 * delivered, hence the anchor: it follows every delivery, so their sum matters only between two messages.
 * ipc:// peers have no such counter; they are processes of this machine let in by the mode of the socket file.
 *
 * A descriptor number may be given out again at any time by libzmq's thread; so we act on a duplicate (which pins the socket)
 * after comparing the kernel's cookie for the socket (SO_COOKIE, never reused).
 *
 * Invariant: conns[fd].used exactly between the ACCEPTED and DISCONNECTED events we have read. */
#include "link_zmq.h"

#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"

static bool cookie_of(int fd, uint64_t *ret)
{
    socklen_t n = sizeof *ret;

    return getsockopt(fd, SOL_SOCKET, SO_COOKIE, ret, &n) == 0;
}

struct conn *link_zmq_conn(const struct link *l, int fd)
{
    return fd >= 0 && fd < l->conns_cap && l->conns[fd].used ? &l->conns[fd] : NULL;
}

bool link_zmq_conn_shut(int fd, uint64_t cookie)
{
    int pin = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    uint64_t now;
    bool ok;

    if (pin < 0) return false;
    ok = cookie_of(pin, &now) && now == cookie && shutdown(pin, SHUT_RDWR) == 0;
    close(pin);
    return ok;
}

static bool conns_reach(struct link *l, int fd)
{
    int cap = l->conns_cap ? l->conns_cap : 256;
    struct conn *grown;

    if (fd < l->conns_cap) return true;
    while (cap <= fd) cap *= 2;
    grown = realloc(l->conns, (size_t)cap * sizeof *grown);
    if (!grown) return false;
    memset(grown + l->conns_cap, 0, (size_t)(cap - l->conns_cap) * sizeof *grown);
    l->conns = grown;
    l->conns_cap = cap;
    return true;
}

static bool is_tcp(int fd)
{
    int domain = 0;
    socklen_t n = sizeof domain;

    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 && (domain == AF_INET || domain == AF_INET6);
}

static void conn_gone(struct link *l, int fd, int64_t now)
{
    struct conn *c = link_zmq_conn(l, fd);
    struct peer *p;

    if (!c) return;
    p = link_zmq_peer_get(l, c->peer);
    if (p && p->fd == fd && p->cookie == c->cookie) {
        p->dead_ms = now;
        p->fd = -1;
    }
    c->used = false;
    l->conns_n--;
}

static void conn_accepted(struct link *l, unsigned sock, int fd, int64_t now)
{
    struct conn *c;
    uint64_t cookie;

    conn_gone(l, fd, now);
    if (!cookie_of(fd, &cookie) || !conns_reach(l, fd)) return;        /* gone already: its DISCONNECTED follows */
    c = &l->conns[fd];
    *c = (struct conn){ .used = true, .tcp = is_tcp(fd), .sock = (uint16_t)sock, .cookie = cookie, .accepted_ms = now,
                        .seen_ms = now };
    l->conns_n++;
    if (l->conns_n > l->conns_max) {
        link_zmq_conn_shut(fd, cookie);
        log_write(LOG_L_WARN, "too many connections; the newest is closed", "limit=%u", l->conns_max);
    }
}

void link_zmq_conn_events(struct link *l, unsigned sock, int64_t now)
{
    unsigned event;
    uint32_t value;

    while (l->socks[sock]->mon && link_zmq_event(l->socks[sock]->mon, &event, &value)) {
        if (event == ZMQ_EVENT_ACCEPTED) conn_accepted(l, sock, (int)value, now);
        else if (event == ZMQ_EVENT_DISCONNECTED) conn_gone(l, (int)value, now);
        else if (event == ZMQ_EVENT_ACCEPT_FAILED)
            log_write(LOG_L_ERROR, "cannot accept a connection", "error=%s", zmq_strerror((int)value));
    }
}

static bool bytes_received(int fd, const struct conn *c, uint64_t *ret)
{
    struct tcp_info info;
    socklen_t n = sizeof info;
    uint64_t cookie;

    if (!cookie_of(fd, &cookie) || cookie != c->cookie) return false;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) != 0) return false;
    if (n < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received) return false;
    *ret = info.tcpi_bytes_received;
    return true;
}

/* How far the connection is ahead of what it delivered, since the last check before its last delivery. */
static uint64_t conn_ahead(struct conn *c, uint64_t received)
{
    uint64_t in, out;

    if (c->messages != c->last_messages) {
        c->anchor_received = c->last_received;
        c->anchor_delivered = c->last_delivered;
    }
    c->last_received = received;
    c->last_delivered = c->delivered;
    c->last_messages = c->messages;
    in = received - c->anchor_received;
    out = c->delivered - c->anchor_delivered;
    return in > out ? in - out : 0;
}

static const char *conn_fault(int fd, struct conn *c, int64_t now)
{
    uint64_t received;

    if (c->close_ms && now >= c->close_ms) return "asked";
    if (now - c->seen_ms > (c->messages ? SILENT_MS : FIRST_MESSAGE_MS)) return "silent";
    if (c->tcp && bytes_received(fd, c, &received) && conn_ahead(c, received) > AHEAD_BYTES_MAX) return "unfinished message";
    return NULL;
}

void link_zmq_guard(struct link *l, int64_t now)
{
    for (int fd = 0; fd < l->conns_cap && l->conns_n; fd++) {
        struct conn *c = link_zmq_conn(l, fd);
        const char *why = c ? conn_fault(fd, c, now) : NULL;

        if (!why) continue;
        link_zmq_conn_shut(fd, c->cookie);
        if (c->close_ms == 0) {
            l->count.dropped_multipart += *why == 'u';
            log_write(LOG_L_WARN, "connection closed", "why=\"%s\"", why);
        }
        c->close_ms = INT64_MAX;        /* once; its DISCONNECTED ends the entry */
        c->seen_ms = now;
    }
    link_zmq_peer_sweep(l, now);
}
