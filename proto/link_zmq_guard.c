/* link_zmq_guard.c - accepted connections: who holds a descriptor, and who sends without ever finishing. Kind: E.
 *
 * Design notes: MAXMSGSIZE is per frame and a ROUTER neither shows nor drops an unfinished multipart message, so one peer can fill
 * the memory unseen. The listener's monitor tells every descriptor at its acceptance and its end; the kernel tells how many bytes
 * came in on it (TCP_INFO); we know how many we were given. Nobody honest is further ahead than its credit. The other way
 * round the kernel tells what the peer's machine has taken: what we sent beyond that lies in our memory, and libzmq bounds it only
 * by a number of messages. Both have a bound for each connection and one for all together. Connections that have
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

/* ---- those that have not said anything yet ---- */

static bool is_young(const struct link *l, const struct accepted *a)
{
    const struct conn *c = link_zmq_conn(l, a->fd);

    return c && c->cookie == a->cookie && c->young;
}

/* The oldest in the ring leaves it. */
static int young_take(struct link *l)
{
    const int fd = l->young[l->young_at].fd;

    ASSERT(l->young_n > 0);
    l->young_at = (l->young_at + 1) % (2 * YOUNG_MAX);
    l->young_n--;
    return fd;
}

/* The oldest in the ring is one of them. */
static void young_cut(struct link *l)
{
    int fd = young_take(l);
    struct conn *c = link_zmq_conn(l, fd);

    ASSERT(c && c->young);
    link_zmq_conn_shut(fd, c->cookie);
    c->young = false;
    c->close_ms = INT64_MAX;            /* its DISCONNECTED ends the entry */
    l->count.cut_young++;
    log_write(LOG_L_WARN, "too many connections that say nothing; the oldest is closed", "silent=%d all=%u", YOUNG_MAX,
              l->conns_max);
}

static void young_add(struct link *l, int fd, uint64_t cookie)
{
    l->young[(l->young_at + l->young_n) % (2 * YOUNG_MAX)] = (struct accepted){ fd, cookie };
    l->young_n++;
    while (!is_young(l, &l->young[l->young_at])) (void)young_take(l);   /* they have spoken, or are gone; ends at this one */
    if (l->young_n > YOUNG_MAX || l->conns_n > l->conns_max) young_cut(l);
}

static void conn_accepted(struct link *l, unsigned sock, int fd, int64_t now)
{
    struct conn *c;
    uint64_t cookie;

    conn_gone(l, fd, now);
    if (!cookie_of(fd, &cookie) || !conns_reach(l, fd)) return;        /* gone already: its DISCONNECTED follows */
    c = &l->conns[fd];
    *c = (struct conn){ .used = true, .tcp = is_tcp(fd), .young = true, .sock = (uint16_t)sock, .cookie = cookie,
                        .accepted_ms = now, .seen_ms = now, .taken_ms = now };
    l->conns_n++;
    young_add(l, fd, cookie);
}

/* No descriptor for it, or its peer did not wait: who says nothing makes room for the next. */
static void conn_refused(struct link *l, int error)
{
    log_write(LOG_L_WARN, "a connection was not accepted, for want of descriptors or because its peer did not wait",
              "error=\"%s\" connections=%u", zmq_strerror(error), l->conns_n);
    while (l->young_n > 0 && !is_young(l, &l->young[l->young_at])) (void)young_take(l);
    if (l->young_n > 0) young_cut(l);
}

void link_zmq_conn_events(struct link *l, unsigned sock, int64_t now)
{
    unsigned event;
    uint32_t value;

    while (l->socks[sock]->mon && link_zmq_event(l->socks[sock]->mon, &event, &value)) {
        if (event == ZMQ_EVENT_ACCEPTED) conn_accepted(l, sock, (int)value, now);
        else if (event == ZMQ_EVENT_DISCONNECTED) conn_gone(l, (int)value, now);
        else if (event == ZMQ_EVENT_ACCEPT_FAILED) conn_refused(l, (int)value);
    }
}

static bool tcp_bytes(int fd, const struct conn *c, uint64_t *ret_received, uint64_t *ret_acked)
{
    struct tcp_info info;
    socklen_t n = sizeof info;
    uint64_t cookie;

    if (!cookie_of(fd, &cookie) || cookie != c->cookie) return false;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) != 0) return false;
    if (n < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received) return false;
    *ret_received = info.tcpi_bytes_received;
    *ret_acked = info.tcpi_bytes_acked;
    return true;
}

/* ---- what we sent ---- */

/* Handshake and heartbeats are acknowledged too and were not counted: what is acknowledged beyond what we sent starts us anew. */
static void conn_took(struct conn *c, uint64_t acked, int64_t now)
{
    if (acked != c->taken) c->taken_ms = now;
    c->taken = acked;
    if (c->sent < acked) c->sent = acked;
}

static uint64_t queued(const struct conn *c) { return c->sent - c->taken; }

bool link_zmq_conn_room(struct link *l, struct conn *c, int fd, size_t n)
{
    uint64_t received, acked, most = l->queued_total < QUEUE_TOTAL_MAX ? QUEUE_BYTES_MAX : QUEUE_SHARE + FRAME_BYTES_MAX;
    bool ok = !c->tcp || queued(c) + n <= most;

    if (!ok && tcp_bytes(fd, c, &received, &acked)) {
        conn_took(c, acked, link_zmq_ms());
        ok = queued(c) + n <= most;
    }
    if (!ok) return false;
    c->sent += c->tcp ? n + CURVE_OVERHEAD : 0;
    l->queued_total += c->tcp ? n : 0;
    return true;
}

/* ---- what we received ---- */

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

/* Looks at the kernel's counters of one connection; why it must end, or NULL. */
static const char *conn_fault(int fd, struct conn *c, int64_t now)
{
    uint64_t received, acked;

    c->ahead = 0;
    if (c->close_ms && now >= c->close_ms) return "asked";
    if (now - c->seen_ms > (c->messages ? SILENT_MS : FIRST_MESSAGE_MS)) return "silent";
    if (!c->tcp || !tcp_bytes(fd, c, &received, &acked)) return NULL;
    conn_took(c, acked, now);
    c->ahead = conn_ahead(c, received);
    if (c->ahead > (c->messages ? AHEAD_BYTES_MAX : AHEAD_FIRST_MAX)) return "unfinished message";
    return queued(c) > QUEUE_SHARE && now - c->taken_ms > UNREAD_MS ? "reads nothing" : NULL;
}

static void conn_end(struct link *l, int fd, struct conn *c, const char *why, int64_t now)
{
    link_zmq_conn_shut(fd, c->cookie);
    if (c->close_ms == 0) {
        l->count.dropped_multipart += *why == 'u';
        l->count.cut_unread += *why == 'r';
        log_write(LOG_L_WARN, "connection closed", "why=\"%s\"", why);
    }
    c->close_ms = INT64_MAX;            /* once; its DISCONNECTED ends the entry */
    c->seen_ms = now;
    c->ahead = 0;
}

/* All of them together are too far ahead: whoever is furthest goes, until the rest is within bounds. Whoever keeps to its credit is
 * no further ahead than others, so it is met last. */
static void cut_ahead(struct link *l, uint64_t total, int64_t now)
{
    while (total > AHEAD_TOTAL_MAX) {
        int most = -1;

        for (int fd = 0; fd < l->conns_cap; fd++)
            if (link_zmq_conn(l, fd) && l->conns[fd].ahead > (most < 0 ? 0 : l->conns[most].ahead)) most = fd;
        ASSERT(most >= 0);              /* it is their sum */
        total -= l->conns[most].ahead;
        l->count.cut_ahead++;
        conn_end(l, most, &l->conns[most], "most of too much that waits", now);
    }
}

void link_zmq_guard(struct link *l, int64_t now)
{
    uint64_t ahead = 0, waiting = 0;

    for (int fd = 0; fd < l->conns_cap && l->conns_n; fd++) {
        struct conn *c = link_zmq_conn(l, fd);
        const char *why = c ? conn_fault(fd, c, now) : NULL;

        if (why) conn_end(l, fd, c, why, now);
        if (!c) continue;
        ahead += c->ahead;
        waiting += queued(c);
    }
    l->queued_total = waiting;
    cut_ahead(l, ahead, now);
    link_zmq_peer_sweep(l, now);
}
