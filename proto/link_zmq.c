/* link_zmq.c - the network port on libzmq 4.3.4: life, waiting, receiving, sending. Kind: E.
 *
 * Design notes: link.h is implemented by the link_zmq_*.c files; this one holds the public functions and decides which socket's
 * turn it is. Sockets are served round robin, one message each. Received zmq_msg_t are kept until link_release(), so a message is
 * never copied on its way in. Everything that must happen in time (monitors, reconnects, the guard) happens inside link_wait(),
 * which therefore sleeps in slices; a caller that does not wait does not need it either.
 *
 * Traps: no HWM of 0 on data, no infinite linger, no routing ids, no fork after link_new() (libzmq aborts), one context.
 *
 * Invariant: socket i stays at index i for the life of the link; only a dial's zmq socket is replaced. */
#include "link_zmq.h"

#include <errno.h>
#include <malloc.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "log.h"

enum { KEEP_BLOCK_BYTES = 16 << 20, KEEP_FREE_BYTES = 128 << 20, KEEP_QUIET_BYTES = 1 << 20 };

/* ---- life ---- */

/* The named cap of descriptors, kept by the kernel: neither what the starter happened to have, nor without an end. Half of few, at
 * most DESCRIPTORS_SPARE, are for everything but peers. */
static int descriptors(unsigned *ret_peers)
{
    struct rlimit r;
    unsigned limit, spare;

    if (getrlimit(RLIMIT_NOFILE, &r) != 0) return ST_IO;
    r.rlim_cur = r.rlim_max < DESCRIPTORS_MAX ? r.rlim_max : DESCRIPTORS_MAX;
    (void)setrlimit(RLIMIT_NOFILE, &r);
    limit = (unsigned)r.rlim_cur;
    if (limit < DESCRIPTORS_LEAST) {
        log_write(LOG_L_ERROR, "too few descriptors (LimitNOFILE, ulimit -n)", "limit=%u least=%d", limit, DESCRIPTORS_LEAST);
        return ST_FULL;
    }
    spare = limit / 2 < DESCRIPTORS_OWN ? DESCRIPTORS_OWN : limit / 2 > DESCRIPTORS_SPARE ? DESCRIPTORS_SPARE : limit / 2;
    *ret_peers = limit - spare < PEERS_MAX ? limit - spare : PEERS_MAX;
    return ST_OK;
}

/* Messages of a megabyte come and go many times a second. By default the allocator maps each anew or gives the memory back at once,
 * and the kernel clears the same pages again and again: a tenth of a busy daemon's time. What was used once is kept, until there is
 * little to do (give_back). */
static void keep_memory(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, KEEP_BLOCK_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, KEEP_FREE_BYTES);
}

int link_new(struct link **ret)
{
    struct link *l;
    unsigned peers = 0;
    int rc = descriptors(&peers);

    if (rc != ST_OK) return rc;
    if (sodium_init() < 0) return ST_IO;
    keep_memory();
    if (!zmq_has("curve")) return ST_VERSION;
    l = calloc(1, sizeof *l);
    if (!l) return ST_NO_MEMORY;
    l->kept = calloc(KEPT_MAX, sizeof *l->kept);
    l->zctx = link_zmq_context();
    l->conns_max = peers;
    if (!l->kept || !l->zctx || link_zmq_peer_init(l) != ST_OK) {
        link_free(&l);
        return ST_NO_MEMORY;
    }
    *ret = l;
    return ST_OK;
}

static void sock_free(struct sock *s)
{
    link_zmq_close(&s->z, &s->mon, LINGER_MS);
    if (s->path) unlink(s->path);
    free(s->path);
    link_zmq_dial_free(s);
    free(s);
}

void link_free(struct link **lp)
{
    struct link *l = *lp;

    if (!l) return;
    if (l->kept) link_release(l);
    for (unsigned i = 0; i < l->socks_n; i++) sock_free(l->socks[i]);
    if (l->zctx) link_zmq_context_end(l->zctx);         /* ends the ZAP thread; at most the linger */
    link_zmq_zap_join(l);
    free(l->kept);
    free(l->peers);
    free(l->buckets);
    free(l->conns);
    free(l);
    *lp = NULL;
}

static struct sock *sock_add(struct link *l, enum sock_kind kind)
{
    struct sock *s = l->socks_n < SOCKS_MAX ? calloc(1, sizeof *s) : NULL;

    if (!s) return NULL;
    s->kind = kind;
    l->socks[l->socks_n++] = s;
    return s;
}

/* Takes back the newest socket after a failure to set it up. */
static int sock_undo(struct link *l, int rc)
{
    struct sock *s = l->socks[--l->socks_n];

    if (s->dial && s->dial->peer) {
        l->socks_n++;
        link_zmq_peer_drop(l, link_zmq_peer_get(l, s->dial->peer));
        l->socks_n--;
    }
    sock_free(s);
    l->socks[l->socks_n] = NULL;
    return rc;
}

static int remember_path(struct sock *s, const char *endpoint)
{
    if (strncmp(endpoint, "ipc://", 6) != 0 || endpoint[6] == '@') return ST_OK;
    s->path = strdup(endpoint + 6);
    return s->path ? ST_OK : ST_NO_MEMORY;
}

static int listen_open(struct link *l, struct sock *s, const char *endpoint, const struct link_keys *keys, const char *domain,
                       char *err, size_t err_size)
{
    int rc;

    s->z = link_zmq_socket(l->zctx, SOCK_LISTEN);
    if (!s->z || link_zmq_server(s->z, domain, keys) != ST_OK
        || link_zmq_monitor(l, s->z, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_ACCEPT_FAILED, &s->mon) != ST_OK) {
        snprintf(err, err_size, "cannot make a listening socket: %s", zmq_strerror(errno));
        return ST_IO;
    }
    rc = link_zmq_bind(s->z, endpoint, err, err_size);
    if (rc != ST_OK) return rc;
    rc = remember_path(s, endpoint);
    if (rc != ST_OK) snprintf(err, err_size, "out of memory");
    return rc;
}

int link_listen(struct link *l, const char *endpoint, const struct link_keys *keys, link_admit_fn admit, void *ctx, char *err,
                size_t err_size)
{
    const char *domain;
    struct sock *s;
    int rc = link_zmq_endpoint(endpoint, true, err, err_size);

    if (rc != ST_OK) return rc;
    rc = link_zmq_zap_add(l, admit, ctx, &domain);
    if (rc == ST_OK) rc = link_zmq_zap_test(l, domain, keys);
    if (rc != ST_OK) {
        snprintf(err, err_size, "%s", rc == ST_DENIED ? "self-test failed: an unknown key was not turned away"
                                                      : "cannot start the admission of peers");
        return rc;
    }
    atomic_fetch_sub_explicit(&l->zap.refused, 1, memory_order_relaxed);    /* our own knock does not count */
    s = sock_add(l, SOCK_LISTEN);
    if (!s) {
        snprintf(err, err_size, "no room for another listener");
        return ST_FULL;
    }
    rc = listen_open(l, s, endpoint, keys, domain, err, err_size);
    return rc == ST_OK ? ST_OK : sock_undo(l, rc);
}

int link_dial(struct link *l, const char *endpoint, const struct link_keys *keys, const uint8_t server[PUBKEY_SIZE],
              peer_id *ret_peer)
{
    char err[160];
    struct peer *p;
    struct sock *s;
    int rc = link_zmq_endpoint(endpoint, false, err, sizeof err);

    if (rc != ST_OK) return rc;
    s = sock_add(l, SOCK_DIAL);
    if (!s) return ST_FULL;
    s->dial = calloc(1, sizeof *s->dial);
    if (s->dial) s->dial->endpoint = strdup(endpoint);
    p = s->dial && s->dial->endpoint ? link_zmq_peer_new(l, l->socks_n - 1, 0) : NULL;
    if (!p) return sock_undo(l, ST_NO_MEMORY);
    memcpy(p->key, server, PUBKEY_SIZE);
    memcpy(s->dial->server, server, PUBKEY_SIZE);
    s->dial->keys = *keys;
    s->dial->peer = p->id;
    backoff_init(&s->dial->wait, RECONNECT_MS_MIN, RECONNECT_MS_MAX);
    rc = link_zmq_dial_open(l, s);
    if (rc != ST_OK) return sock_undo(l, rc);
    *ret_peer = p->id;
    return ST_OK;
}

int link_publisher(struct link *l, const char *endpoint)
{
    char err[160];
    struct sock *s;
    int rc = link_zmq_endpoint(endpoint, true, err, sizeof err);

    if (rc != ST_OK) return rc;
    s = sock_add(l, SOCK_PUBLISH);
    if (!s) return ST_FULL;
    s->z = link_zmq_socket(l->zctx, SOCK_PUBLISH);
    rc = s->z ? link_zmq_bind(s->z, endpoint, err, sizeof err) : ST_IO;
    if (rc == ST_OK) rc = remember_path(s, endpoint);
    return rc == ST_OK ? ST_OK : sock_undo(l, rc);
}

int link_control(struct link *l, const char *path)
{
    char err[160], endpoint[IPC_PATH_MAX + 8];
    struct sock *s;
    int rc;

    if (strlen(path) > IPC_PATH_MAX) return ST_INVALID;
    snprintf(endpoint, sizeof endpoint, "ipc://%s", path);
    rc = link_zmq_endpoint(endpoint, true, err, sizeof err);
    if (rc != ST_OK) return rc;
    s = sock_add(l, SOCK_CONTROL);
    if (!s) return ST_FULL;
    s->z = link_zmq_socket(l->zctx, SOCK_CONTROL);
    rc = s->z ? link_zmq_bind(s->z, endpoint, err, sizeof err) : ST_IO;
    if (rc == ST_OK) rc = remember_path(s, endpoint);
    return rc == ST_OK ? ST_OK : sock_undo(l, rc);
}

bool link_is_control(const struct link *l, peer_id id)
{
    const struct peer *p = link_zmq_peer_get(l, id);

    return p && l->socks[p->sock]->kind == SOCK_CONTROL;
}

/* ---- waiting ---- */

int link_wake_fd(struct link *l, int fd)
{
    if (l->wake_n == WAKE_FDS_MAX) return ST_FULL;
    l->wake[l->wake_n++] = fd;
    return ST_OK;
}

void link_pause(struct link *l, bool paused)
{
    l->paused = paused;
}

static void give_back(struct link *l, int64_t now)
{
    if (now - l->trim_ms < TRIM_MS) return;
    if (l->bytes_received - l->trim_received < TRIM_BYTES) (void)malloc_trim(KEEP_QUIET_BYTES);
    l->trim_received = l->bytes_received;
    l->trim_ms = now;
}

/* What has to be done in time. Returns how long it may now be left alone. */
static int housekeeping(struct link *l, int64_t now)
{
    int64_t wait = GUARD_MS;

    for (unsigned i = 0; i < l->socks_n; i++) {
        struct sock *s = l->socks[i];

        if (s->kind == SOCK_LISTEN) link_zmq_conn_events(l, i, now);
        if (s->kind != SOCK_DIAL) continue;
        link_zmq_dial_events(l, s, now);
        if (!s->z && s->dial->again_ms - now < wait) wait = s->dial->again_ms - now;
    }
    if (now - l->guard_ms >= GUARD_MS) {
        link_zmq_guard(l, now);
        give_back(l, now);
        l->guard_ms = now;
    }
    return wait > 0 ? (int)wait : 1;
}

static bool pending(const struct link *l)
{
    for (unsigned i = 0; i < l->socks_n && !l->paused; i++)
        if (l->socks[i]->kind == SOCK_DIAL && link_zmq_dial_pending(l->socks[i])) return true;
    return false;
}

/* Data first, then wake-ups, then monitors: *ret_data items at the front mean "return to the caller". */
static int poll_items(const struct link *l, zmq_pollitem_t *items, int *ret_data)
{
    int n = 0;

    for (unsigned i = 0; i < l->socks_n; i++) {
        const struct sock *s = l->socks[i];

        if (s->z && s->kind != SOCK_PUBLISH && (!l->paused || s->kind == SOCK_CONTROL))
            items[n++] = (zmq_pollitem_t){ s->z, 0, ZMQ_POLLIN, 0 };
    }
    for (unsigned i = 0; i < l->wake_n; i++) items[n++] = (zmq_pollitem_t){ NULL, l->wake[i], ZMQ_POLLIN, 0 };
    *ret_data = n;
    for (unsigned i = 0; i < l->socks_n; i++)
        if (l->socks[i]->mon) items[n++] = (zmq_pollitem_t){ l->socks[i]->mon, 0, ZMQ_POLLIN, 0 };
    return n;
}

static int poll_once(struct link *l, int64_t timeout, bool *ret_ready)
{
    zmq_pollitem_t items[2 * SOCKS_MAX + WAKE_FDS_MAX];
    int data, n = poll_items(l, items, &data), rc = zmq_poll(items, n, timeout);

    if (rc < 0 && errno != EINTR) return ST_IO;
    *ret_ready = rc < 0;
    for (int i = 0; i < data && rc > 0; i++) *ret_ready |= items[i].revents != 0;
    return ST_OK;
}

int link_wait(struct link *l, int timeout_ms)
{
    int64_t now = link_zmq_ms(), end = now + (timeout_ms > 0 ? timeout_ms : 0);
    bool ready = false;

    for (;;) {
        int64_t wait = housekeeping(l, now);
        int rc;

        if (pending(l)) return ST_OK;
        if (end - now < wait) wait = end - now;
        rc = poll_once(l, wait, &ready);
        if (rc != ST_OK || ready) return rc;
        now = link_zmq_ms();
        if (now >= end) break;
    }
    housekeeping(l, now);
    return ST_OK;
}

/* ---- messages ---- */

static int sock_recv(struct link *l, unsigned i, struct message *m)
{
    switch (l->socks[i]->kind) {
    case SOCK_LISTEN:
    case SOCK_CONTROL: return link_zmq_peer_recv(l, i, m);
    case SOCK_DIAL: return link_zmq_dial_recv(l, l->socks[i], m);
    default: return ST_AGAIN;
    }
}

int link_recv(struct link *l, struct message *m)
{
    if (l->kept_n == KEPT_MAX) return ST_AGAIN;
    for (unsigned k = 0; k < l->socks_n; k++) {
        unsigned i = (l->turn + k) % l->socks_n;
        int rc;

        if (l->paused && l->socks[i]->kind != SOCK_CONTROL) continue;
        rc = sock_recv(l, i, m);
        if (rc == ST_AGAIN) continue;
        l->turn = i + 1;
        if (rc == ST_OK && m->what == MESSAGE_DATA) {
            l->count.received++;
            l->bytes_received += m->bytes.n;
        }
        return rc;
    }
    return ST_AGAIN;
}

void link_release(struct link *l)
{
    while (l->kept_n > 0) zmq_msg_close(&l->kept[--l->kept_n]);
}

int link_send(struct link *l, peer_id to, struct slice bytes)
{
    struct peer *p = link_zmq_peer_get(l, to);
    int rc;

    if (!p) return ST_NOT_FOUND;
    ASSERT(bytes.n <= FRAME_BYTES_MAX);
    if (l->socks[p->sock]->kind == SOCK_DIAL) rc = link_zmq_dial_send(l, l->socks[p->sock], bytes);
    else rc = link_zmq_peer_send(l, p, bytes);
    if (rc == ST_OK) l->count.sent++;
    return rc;
}

void link_close(struct link *l, peer_id id)
{
    struct peer *p = link_zmq_peer_get(l, id);
    struct conn *c;

    if (!p || p->closing) return;
    if (l->socks[p->sock]->kind == SOCK_CONTROL) {
        link_zmq_peer_drop(l, p);
        return;
    }
    if (l->socks[p->sock]->kind == SOCK_DIAL) {
        l->socks[p->sock]->dial->discard = l->socks[p->sock]->dial->gone = l->socks[p->sock]->dial->up;
        return;
    }
    p->closing = true;
    c = link_zmq_conn(l, p->fd);
    if (c && c->cookie == p->cookie) {
        if (!c->close_ms) c->close_ms = link_zmq_ms() + CLOSE_DELAY_MS;
    } else {
        p->dead_ms = p->seen_ms;
    }
}

bool link_refused(const struct link *l, peer_id dialled)
{
    const struct peer *p = link_zmq_peer_get(l, dialled);

    return p && l->socks[p->sock]->kind == SOCK_DIAL && l->socks[p->sock]->dial->refused;
}

int link_publish(struct link *l, struct slice bytes)
{
    int rc = ST_NOT_FOUND;

    for (unsigned i = 0; i < l->socks_n; i++) {
        if (l->socks[i]->kind != SOCK_PUBLISH) continue;
        if (zmq_send(l->socks[i]->z, bytes.n ? bytes.p : (const uint8_t *)"", bytes.n, ZMQ_DONTWAIT) < 0)
            return errno == EAGAIN ? ST_AGAIN : ST_IO;
        rc = ST_OK;
    }
    return rc;
}

void link_counters(const struct link *l, struct link_counters *ret)
{
    *ret = l->count;
    ret->refused_keys = atomic_load_explicit(&l->zap.refused, memory_order_relaxed);
    ret->peers = l->peers_n;
    for (unsigned i = 0; i < l->socks_n; i++)
        if (l->socks[i]->kind == SOCK_DIAL && l->socks[i]->dial->told) ret->peers++;
}
