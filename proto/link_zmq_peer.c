/* link_zmq_peer.c - peers behind our ROUTER sockets and their messages. Kind: E.
 *
 * Design notes: libzmq gives every connection a routing id of five bytes (0 and a 32-bit counter); one that a client chose itself
 * is turned away. The transport key comes from the User-Id of the payload frame (that of the routing-id frame is NULL after a
 * poll) and is read once, when the connection is first heard of. A message is exactly one frame; a second frame, a frame over the
 * cap or a missing key costs the sender its connection and nobody else anything.
 *
 * Slots are found by peer id directly and by (socket, routing id) through chains; both have caps: the peer heard of least
 * recently gives way, its later messages make it a new peer.
 *
 * Invariant: a used slot is on exactly one chain (dials excepted) and its id carries its slot number. */
#include "link_zmq.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int link_zmq_peer_init(struct link *l)
{
    l->peers = calloc(PEER_SLOTS, sizeof *l->peers);
    l->buckets = malloc(PEER_SLOTS * sizeof *l->buckets);
    if (!l->peers || !l->buckets) return ST_NO_MEMORY;
    for (int32_t i = 0; i < PEER_SLOTS; i++) {
        l->buckets[i] = -1;
        l->peers[i].next = i + 1 < PEER_SLOTS ? i + 1 : -1;
    }
    return ST_OK;
}

static bool is_dial(const struct link *l, const struct peer *p)
{
    return l->socks[p->sock]->kind == SOCK_DIAL;
}

static int32_t *bucket(const struct link *l, unsigned sock, uint32_t rid)
{
    return &l->buckets[(rid * 2654435761u + sock * 40503u) >> (32 - PEER_SLOT_BITS)];
}

static unsigned *population(struct link *l, unsigned sock)
{
    return l->socks[sock]->kind == SOCK_CONTROL ? &l->control_n : &l->peers_n;
}

static struct peer *peer_find(const struct link *l, unsigned sock, uint32_t rid)
{
    for (int32_t i = *bucket(l, sock, rid); i >= 0; i = l->peers[i].next)
        if (l->peers[i].rid == rid && l->peers[i].sock == sock) return &l->peers[i];
    return NULL;
}

struct peer *link_zmq_peer_get(const struct link *l, peer_id id)
{
    struct peer *p = &l->peers[id & (PEER_SLOTS - 1)];

    return p->used && p->id == id ? p : NULL;
}

struct peer *link_zmq_peer_new(struct link *l, unsigned sock, uint32_t rid)
{
    int32_t slot = l->free_head, *b;
    struct peer *p;

    ASSERT(slot >= 0);                  /* there are as many as peers are let in (peer_room) and dials made */
    p = &l->peers[slot];
    l->free_head = p->next;
    *p = (struct peer){ .id = ++l->peer_serial << PEER_SLOT_BITS | (peer_id)slot, .rid = rid, .sock = (uint16_t)sock, .used = true,
                        .next = -1, .fd = -1 };
    if (is_dial(l, p)) return p;
    b = bucket(l, sock, rid);
    p->next = *b;
    *b = slot;
    ++*population(l, sock);
    return p;
}

void link_zmq_peer_drop(struct link *l, struct peer *p)
{
    int32_t slot = (int32_t)(p - l->peers), *at;

    ASSERT(p->used);
    if (!is_dial(l, p)) {
        at = bucket(l, p->sock, p->rid);
        while (*at != slot) at = &l->peers[*at].next;
        *at = p->next;
        --*population(l, p->sock);
    }
    p->used = false;
    p->next = l->free_head;
    l->free_head = slot;
}

void link_zmq_peer_sweep(struct link *l, int64_t now)
{
    for (struct peer *p = l->peers; p < l->peers + PEER_SLOTS; p++) {
        int64_t last = p->dead_ms > p->seen_ms ? p->dead_ms : p->seen_ms;

        if (p->used && p->dead_ms && now - last > DEAD_KEPT_MS) link_zmq_peer_drop(l, p);
    }
}

static void peer_shut(struct link *l, struct peer *p)
{
    if (p->fd >= 0) link_zmq_conn_shut(p->fd, p->cookie);
    link_zmq_peer_drop(l, p);
}

/* Makes room: under the cap of the socket's kind and under the cap of one key. */
static void peer_room(struct link *l, unsigned sock, const uint8_t key[PUBKEY_SIZE])
{
    bool control = l->socks[sock]->kind == SOCK_CONTROL;
    struct peer *oldest = NULL, *oldest_same = NULL;
    unsigned same = 0;

    if (control && l->control_n < CONTROL_PEERS_MAX) return;
    for (struct peer *p = l->peers; p < l->peers + PEER_SLOTS; p++) {
        if (!p->used || is_dial(l, p) || (l->socks[p->sock]->kind == SOCK_CONTROL) != control) continue;
        if (!oldest || p->seen_ms < oldest->seen_ms) oldest = p;
        if (control || p->dead_ms || memcmp(p->key, key, PUBKEY_SIZE) != 0) continue;
        same++;
        if (!oldest_same || p->seen_ms < oldest_same->seen_ms) oldest_same = p;
    }
    if (oldest_same && same >= PEERS_PER_KEY_MAX) peer_shut(l, oldest_same);
    else if (oldest && (control || l->peers_n >= PEERS_MAX)) peer_shut(l, oldest);
}

/* The connection of a new peer. The table of connections is filled from the monitor, which may lag behind the messages. When
 * another peer holds it, that one's connection is gone and its descriptor was given out again: the newer peer has it. */
static void peer_bind(struct link *l, struct peer *p, int fd, int64_t now)
{
    struct conn *c;

    link_zmq_conn_events(l, p->sock, now);
    c = link_zmq_conn(l, fd);
    if (!c || c->sock != p->sock) return;
    p->fd = fd;
    p->cookie = c->cookie;
    c->peer = p->id;
}

static bool key_of(zmq_msg_t *payload, uint8_t key[PUBKEY_SIZE])
{
    const char *user = zmq_msg_gets(payload, "User-Id");

    return user && strlen(user) == 2 * PUBKEY_SIZE && bytes_unhex(user, 2 * PUBKEY_SIZE, key) == ST_OK;
}

static void shut_sender(struct link *l, unsigned sock, zmq_msg_t *payload, int64_t now)
{
    int fd = zmq_msg_get(payload, ZMQ_SRCFD);
    struct conn *c;

    link_zmq_conn_events(l, sock, now);
    c = link_zmq_conn(l, fd);
    if (c && c->sock == sock) link_zmq_conn_shut(fd, c->cookie);
}

static struct peer *peer_meet(struct link *l, unsigned sock, uint32_t rid, zmq_msg_t *payload, int64_t now)
{
    bool control = l->socks[sock]->kind == SOCK_CONTROL;
    uint8_t key[PUBKEY_SIZE] = { 0 };
    struct peer *p;

    if (!control && !key_of(payload, key)) {
        l->count.dropped_unkeyed++;
        shut_sender(l, sock, payload, now);
        return NULL;
    }
    peer_room(l, sock, key);
    p = link_zmq_peer_new(l, sock, rid);
    memcpy(p->key, key, sizeof key);
    p->seen_ms = now;
    if (!control) peer_bind(l, p, zmq_msg_get(payload, ZMQ_SRCFD), now);
    return p;
}

static void conn_account(struct link *l, const struct peer *p, size_t n, int64_t now)
{
    struct conn *c = link_zmq_conn(l, p->fd);

    if (!c || c->cookie != p->cookie) return;
    c->delivered += n + CURVE_OVERHEAD + (n + CURVE_OVERHEAD > 255 ? 9 : 2);
    c->messages++;
    c->seen_ms = now;
    c->young = false;
}

/* Throws away the rest of a multipart message; libzmq hands over a message only when it is complete, so this ends. */
static void drain_parts(void *z)
{
    zmq_msg_t part;
    int more = 1;

    while (more) {
        zmq_msg_init(&part);
        more = zmq_msg_recv(&part, z, ZMQ_DONTWAIT) >= 0 && zmq_msg_more(&part);
        zmq_msg_close(&part);
    }
}

/* Judges one frame of a peer. True: it is a message. */
static bool accept_frame(struct link *l, unsigned sock, uint32_t rid, bool rid_ok, zmq_msg_t *payload, struct message *m)
{
    int64_t now = link_zmq_ms();
    size_t n = zmq_msg_size(payload), max = l->socks[sock]->kind == SOCK_CONTROL ? CONTROL_BYTES_MAX : FRAME_BYTES_MAX;
    bool parts = zmq_msg_more(payload);
    struct peer *p = rid_ok ? peer_find(l, sock, rid) : NULL;

    if (parts) drain_parts(l->socks[sock]->z);
    if (rid_ok && !p) p = peer_meet(l, sock, rid, payload, now);
    if (!rid_ok) {
        l->count.dropped_unkeyed++;
        shut_sender(l, sock, payload, now);
    }
    if (!p) return false;
    p->seen_ms = now;
    conn_account(l, p, n, now);
    if (parts || n > max) {
        *(parts ? &l->count.dropped_multipart : &l->count.dropped_oversize) += 1;
        if (p->fd >= 0) link_zmq_conn_shut(p->fd, p->cookie);
        p->closing = true;
    }
    if (p->closing) return false;
    m->what = MESSAGE_DATA;
    m->peer = p->id;
    memcpy(m->key, p->key, PUBKEY_SIZE);
    m->bytes = slice_of(zmq_msg_data(payload), n);
    return true;
}

static uint32_t routing_id(zmq_msg_t *frame, bool *ret_ok)
{
    const uint8_t *b = zmq_msg_data(frame);

    *ret_ok = zmq_msg_size(frame) == 5 && b[0] == 0 && zmq_msg_more(frame);
    return *ret_ok ? bytes_rd32(b + 1) : 0;
}

/* One message of the socket, or ST_AGAIN. What is dropped on the way is bounded, so that one peer cannot keep us here. */
int link_zmq_peer_recv(struct link *l, unsigned sock, struct message *m)
{
    void *z = l->socks[sock]->z;

    for (int tries = 0; tries < 64; tries++) {
        zmq_msg_t id, *payload = &l->kept[l->kept_n];
        bool ok = false, more;
        uint32_t rid;

        zmq_msg_init(&id);
        if (zmq_msg_recv(&id, z, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&id);
            return errno == EAGAIN || errno == EINTR ? ST_AGAIN : ST_IO;
        }
        rid = routing_id(&id, &ok);
        more = zmq_msg_more(&id);
        zmq_msg_close(&id);
        zmq_msg_init(payload);
        if (more && zmq_msg_recv(payload, z, ZMQ_DONTWAIT) >= 0 && accept_frame(l, sock, rid, ok, payload, m)) {
            l->kept_n++;
            return ST_OK;
        }
        zmq_msg_close(payload);
    }
    return ST_AGAIN;
}

int link_zmq_peer_send(struct link *l, struct peer *p, struct slice bytes)
{
    void *z = l->socks[p->sock]->z;
    struct conn *c = link_zmq_conn(l, p->fd);
    zmq_msg_t msg;
    uint8_t rid[5] = { 0 };

    if (p->closing || p->dead_ms) return ST_NOT_FOUND;
    if (c && c->cookie == p->cookie && !link_zmq_conn_room(l, c, p->fd, bytes.n)) {
        l->count.dropped_unread++;
        return ST_AGAIN;
    }
    bytes_be32(rid + 1, p->rid);
    if (zmq_msg_init_size(&msg, bytes.n) != 0) return ST_NO_MEMORY;
    if (bytes.n) memcpy(zmq_msg_data(&msg), bytes.p, bytes.n);
    if (zmq_send(z, rid, sizeof rid, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0 || zmq_msg_send(&msg, z, ZMQ_DONTWAIT) < 0) {
        int e = errno;

        zmq_msg_close(&msg);
        if (e == EHOSTUNREACH) p->dead_ms = p->seen_ms;
        return e == EAGAIN ? ST_AGAIN : e == EHOSTUNREACH ? ST_NOT_FOUND : e == ENOMEM ? ST_NO_MEMORY : ST_IO;
    }
    return ST_OK;
}
