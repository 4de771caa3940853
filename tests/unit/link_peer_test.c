/* link_peer_test.c - peers and connections one by one: who gives way when there is no room, whose table the descriptors and routing
 * ids are in, what the kernel says of a socket and what it does not, and frames that no library of ours would send. Where a case
 * needs a thousand peers they are made in the link's own table; the one that speaks is real. */
#include "link_fixture.h"

#include <errno.h>
#include <netinet/tcp.h>
#include "tests/unit/failing.h"
#include "tests/unit/failing_wire.h"

static peer_id peer_of(struct pair *p, const char *text)
{
    const int i = find(&p->s, MESSAGE_DATA, text);

    assert_true(i >= 0);
    return p->s.log[i].peer;
}

/* A pair that has talked, and the server's side of the client. */
static struct peer *met(struct pair *p, bool tcp)
{
    pair_init(p);
    if (tcp) listen_tcp(p);
    else listen_ipc(p, "met");
    pair_dial(p);
    assert_served(p, "satu");
    return link_zmq_peer_get(p->s.l, peer_of(p, "satu"));
}

static struct conn *conn_of(const struct pair *p, const struct peer *q)
{
    struct conn *c = link_zmq_conn(p->s.l, q->fd);

    assert_non_null(c);
    return c;
}

/* ---- the table of peers ---- */

/* Another peer in the chain of the same bucket, in front of it: of another routing id, or of the same one behind another socket. */
static struct peer *beside(struct link *l, const struct peer *q, unsigned sock)
{
    for (uint32_t rid = sock == q->sock ? 1 : q->rid;; rid++) {
        struct peer *made = link_zmq_peer_new(l, sock, rid);

        if (made->next == (int32_t)(q - l->peers)) return made;
        assert_true(sock == q->sock);
        link_zmq_peer_drop(l, made);
    }
}

/* Over a connection of another number. */
static struct peer *met_again(struct pair *p)
{
    link_close(p->c.l, p->dial);
    p->c.n = p->s.n = 0;
    assert_true(expect(&p->c, &p->s, MESSAGE_DOWN, NULL) >= 0);
    assert_true(expect(&p->c, &p->s, MESSAGE_UP, NULL) >= 0);
    assert_served(p, "lagi");
    return link_zmq_peer_get(p->s.l, peer_of(p, "lagi"));
}

static void peers_share_buckets(void **state)
{
    struct pair p;
    struct peer *q = met(&p, false), *other, *same;
    char path[140];

    (void)state;
    snprintf(path, sizeof path, "%s/met.c", dir);
    assert_int_equal(link_control(p.s.l, path), ST_OK);
    other = beside(p.s.l, q, q->sock);
    assert_true(other->rid != q->rid);
    p.c.n = p.s.n = 0;
    assert_served(&p, "dua");
    assert_true(peer_of(&p, "dua") == q->id);
    link_zmq_peer_drop(p.s.l, other);
    while (same = link_zmq_peer_new(p.s.l, 1, q->rid), same->next != (int32_t)(q - p.s.l->peers)) {
        link_zmq_peer_drop(p.s.l, same);        /* the same number behind another socket: twelve of thirteen fall into one bucket */
        q = met_again(&p);
    }
    p.c.n = p.s.n = 0;
    assert_served(&p, "tiga");
    assert_true(peer_of(&p, "tiga") == q->id);
    const peer_id gone = q->id;
    link_zmq_peer_drop(p.s.l, q);       /* from behind another */
    assert_null(link_zmq_peer_get(p.s.l, gone));
    p.c.n = p.s.n = 0;
    assert_served(&p, "empat");
    assert_true(peer_of(&p, "empat") != gone);
    link_zmq_peer_drop(p.s.l, same);
    pair_done(&p);
}

static void the_longest_silent_of_all_gives_way(void **state)
{
    struct pair p;
    char path[140];
    peer_id first = 0;
    int64_t far = link_zmq_ms() - 1000;

    (void)state;
    pair_init(&p);
    listen_ipc(&p, "many");
    snprintf(path, sizeof path, "%s/many.c", dir);
    assert_int_equal(link_control(p.s.l, path), ST_OK);
    assert_int_equal(link_dial(p.s.l, p.endpoint, &p.client, p.server.pub, &p.dial), ST_OK);
    (void)link_zmq_peer_new(p.s.l, 1, 77);      /* a local one, and a dial: neither gives way */
    for (unsigned i = 0; i < PEERS_MAX; i++) {
        struct peer *made = link_zmq_peer_new(p.s.l, 0, i);
        made->seen_ms = i == 7 ? far - 1 : far;
        if (i == 7) first = made->id;
    }
    assert_int_equal(p.s.l->peers_n, PEERS_MAX);
    pair_dial(&p);
    assert_served(&p, "satu");
    assert_int_equal(p.s.l->peers_n, PEERS_MAX);
    assert_null(link_zmq_peer_get(p.s.l, first));
    assert_int_equal(p.s.l->control_n, 1);
    pair_done(&p);
}

static void a_key_has_so_many_connections(void **state)
{
    struct pair p;
    struct raw r[PEERS_PER_KEY_MAX + 1];
    char text[16];
    peer_id first = 0;
    int64_t end = ms() + WAIT_MS;

    (void)state;
    pair_init(&p);
    listen_tcp(&p);
    for (unsigned i = 0; i <= PEERS_PER_KEY_MAX; i++) {
        snprintf(text, sizeof text, "ke-%u", i);
        r[i] = raw_dial(&p, &p.client, NULL);
        zmq_send(r[i].z, text, strlen(text), 0);
        assert_true(expect(&p.s, NULL, MESSAGE_DATA, text) >= 0);
        struct peer *q = link_zmq_peer_get(p.s.l, peer_of(&p, text));
        q->seen_ms -= i == 3 ? 5000 : 0;        /* silent for longest */
        if (i == 3) first = q->id;
    }
    assert_null(link_zmq_peer_get(p.s.l, first));
    assert_int_equal(p.s.l->peers_n, PEERS_PER_KEY_MAX);
    while (p.s.l->conns_n > PEERS_PER_KEY_MAX && ms() < end) side_drain(&p.s, 5);       /* its connection has ended as well */
    for (unsigned i = 0; i <= PEERS_PER_KEY_MAX; i++) raw_done(&r[i]);
    pair_done(&p);
}

static void the_lost_are_remembered_for_a_while(void **state)
{
    struct pair p;
    struct peer *q = met(&p, false);
    const peer_id id = q->id;
    const int64_t now = link_zmq_ms();

    (void)state;
    q->dead_ms = q->seen_ms = now;
    link_zmq_peer_sweep(p.s.l, now + DEAD_KEPT_MS);
    assert_non_null(link_zmq_peer_get(p.s.l, id));
    assert_int_equal(link_send(p.s.l, id, slice_of("x", 1)), ST_NOT_FOUND);
    q->dead_ms = now - 5;               /* heard of since: counted from then */
    link_zmq_peer_sweep(p.s.l, now + DEAD_KEPT_MS - 1);
    assert_non_null(link_zmq_peer_get(p.s.l, id));
    link_zmq_peer_sweep(p.s.l, now + DEAD_KEPT_MS + 1);
    assert_null(link_zmq_peer_get(p.s.l, id));
    pair_done(&p);
}

/* ---- whose connection it is ---- */

static void a_closed_peer_without_a_connection_is_dead_at_once(void **state)
{
    struct pair p;
    struct peer *q = met(&p, true);

    (void)state;
    for (int way = 0; way < 3; way++) {
        struct conn *c = conn_of(&p, q);
        q->closing = false;
        if (way == 1) c->close_ms = 99;         /* it is closed already: not put off */
        q->cookie += way == 2;                  /* its descriptor is another's now */
        link_close(p.s.l, q->id);
        assert_true(q->closing);
        if (way == 1) assert_int_equal(c->close_ms, 99);
        assert_int_equal(q->dead_ms, way == 2 ? q->seen_ms : 0);
    }
    q->fd = -1;
    q->closing = false;
    q->dead_ms = 0;
    link_close(p.s.l, q->id);
    assert_int_equal(q->dead_ms, q->seen_ms);
    pair_done(&p);
}

static void what_is_counted_belongs_to_the_connection(void **state)
{
    struct pair p;
    struct peer *q = met(&p, true);
    struct conn *c = conn_of(&p, q);
    const uint64_t messages = c->messages, sent = c->sent;
    (void)state;
    q->cookie++;
    p.s.l->guard_ms = INT64_MAX / 2;    /* nor what the kernel says of it, late on a busy machine */
    p.c.n = p.s.n = 0;
    assert_served(&p, "dua");
    assert_int_equal(c->messages, messages);
    assert_int_equal(c->sent, sent);
    q->cookie--;
    pair_done(&p);
}

/* Its connection is not in the table, or is another socket's there: it is heard, and nothing is held against it. */
static void a_peer_of_no_known_connection_is_heard(void **state)
{
    (void)state;
    for (int other = 0; other < 2; other++) {
        struct pair p;
        int64_t end = ms() + WAIT_MS;

        pair_init(&p);
        listen_tcp(&p);
        pair_dial(&p);
        while (p.s.l->conns_n == 0 && ms() < end) side_drain(&p.s, 5);
        for (int fd = 0; fd < p.s.l->conns_cap; fd++)
            if (p.s.l->conns[fd].used) *(other ? (uint8_t *)&p.s.l->conns[fd].sock : (uint8_t *)&p.s.l->conns[fd].used) ^= 1;
        assert_served(&p, "satu");
        assert_int_equal(link_zmq_peer_get(p.s.l, peer_of(&p, "satu"))->fd, -1);
        if (other)
            for (int fd = 0; fd < p.s.l->conns_cap; fd++) p.s.l->conns[fd].sock = 0;
        pair_done(&p);
    }
}

static void a_connection_that_ends_takes_only_its_own_peer(void **state)
{
    struct pair p;
    struct peer *q = met(&p, true);
    const int fd = q->fd;
    void *said = failing_monitor(p.s.l, p.s.l->socks[0]);

    (void)state;
    for (int way = 0; way < 3; way++) {
        const uint64_t cookie = q->cookie;
        q->fd = way == 0 ? fd + 1 : fd;
        q->cookie += way == 1;
        failing_monitor_says(said, ZMQ_EVENT_DISCONNECTED, (uint32_t)fd);
        failing_monitor_says(said, ZMQ_EVENT_LISTENING, 0);
        failing_monitor_says(said, ZMQ_EVENT_ACCEPTED, (uint32_t)fd);
        link_zmq_conn_events(p.s.l, 0, link_zmq_ms());
        assert_int_equal(q->dead_ms != 0, way == 2);
        q->cookie = cookie;
        if (way < 2) conn_of(&p, &(struct peer){ .fd = fd })->peer = q->id;
    }
    zmq_close(said);
    pair_done(&p);
}

/* ---- acceptances ---- */

struct door { struct pair p; void *said; int fd[4]; };

static void door_init(struct door *d)
{
    pair_init(&d->p);
    listen_tcp(&d->p);
    d->said = failing_monitor(d->p.s.l, d->p.s.l->socks[0]);
    for (unsigned i = 0; i < 4; i++) d->fd[i] = socket(AF_INET, SOCK_STREAM, 0);
}

static void door_says(struct door *d, unsigned event, int value)
{
    failing_monitor_says(d->said, event, (uint32_t)value);
    link_zmq_conn_events(d->p.s.l, 0, link_zmq_ms());
}

static void door_done(struct door *d)
{
    for (unsigned i = 0; i < 4; i++) close(d->fd[i]);
    zmq_close(d->said);
    link_free(&d->p.s.l);
}

static void acceptances_of_every_kind(void **state)
{
    const int six = AF_INET6;
    struct door d;
    struct link *l;

    (void)state;
    door_init(&d);
    l = d.p.s.l;
    failing_call("realloc", 1, ENOMEM);
    door_says(&d, ZMQ_EVENT_ACCEPTED, d.fd[0]);
    assert_string_equal(failing_end(), "realloc");
    assert_int_equal(l->conns_n, 0);
    door_says(&d, ZMQ_EVENT_ACCEPTED, 9999);    /* gone before we looked */
    assert_int_equal(l->conns_n, 0);
    failing_option = (struct failing_option){ SO_DOMAIN, six, sizeof six };
    door_says(&d, ZMQ_EVENT_ACCEPTED, d.fd[0]);
    assert_true(link_zmq_conn(l, d.fd[0])->tcp);
    failing_call("getsockopt", 2, ENOTCONN);    /* the first is the cookie */
    door_says(&d, ZMQ_EVENT_ACCEPTED, d.fd[1]);
    assert_string_equal(failing_end(), "getsockopt");
    assert_false(link_zmq_conn(l, d.fd[1])->tcp);
    failing_option = (struct failing_option){ SO_DOMAIN, AF_UNIX, sizeof six };
    door_says(&d, ZMQ_EVENT_ACCEPTED, d.fd[2]);
    assert_false(link_zmq_conn(l, d.fd[2])->tcp);
    door_says(&d, ZMQ_EVENT_DISCONNECTED, d.fd[2]);
    door_says(&d, ZMQ_EVENT_DISCONNECTED, d.fd[2]);
    assert_int_equal(l->conns_n, 2);
    l->conns_max = 2;                   /* one more than there may be: the oldest silent one goes */
    door_says(&d, ZMQ_EVENT_ACCEPTED, d.fd[3]);
    assert_int_equal(counters(&d.p.s).cut_young, 1);
    assert_int_equal(link_zmq_conn(l, d.fd[0])->close_ms, INT64_MAX);
    door_done(&d);
}

static void who_is_not_let_in_for_want_of_descriptors(void **state)
{
    struct door d;
    struct link *l;

    (void)state;
    door_init(&d);
    l = d.p.s.l;
    door_says(&d, ZMQ_EVENT_ACCEPT_FAILED, EMFILE);     /* nobody is silent */
    assert_int_equal(counters(&d.p.s).cut_young, 0);
    for (unsigned i = 0; i < 3; i++) door_says(&d, ZMQ_EVENT_ACCEPTED, d.fd[i]);
    link_zmq_conn(l, d.fd[0])->young = false;           /* has spoken */
    door_says(&d, ZMQ_EVENT_DISCONNECTED, d.fd[1]);     /* is gone */
    door_says(&d, ZMQ_EVENT_ACCEPT_FAILED, EMFILE);
    assert_int_equal(counters(&d.p.s).cut_young, 1);
    assert_int_equal(link_zmq_conn(l, d.fd[2])->close_ms, INT64_MAX);
    door_says(&d, ZMQ_EVENT_ACCEPT_FAILED, EMFILE);
    assert_int_equal(counters(&d.p.s).cut_young, 1);
    door_says(&d, ZMQ_EVENT_ACCEPTED, d.fd[1]);
    link_zmq_conn(l, d.fd[1])->cookie++;        /* its number is another's by now, and that one is gone as well */
    door_says(&d, ZMQ_EVENT_ACCEPT_FAILED, EMFILE);
    assert_int_equal(counters(&d.p.s).cut_young, 1);
    door_done(&d);
}

/* ---- what the kernel says ---- */

static void only_the_socket_that_is_meant_is_shut(void **state)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), file = dup(0);
    uint64_t cookie = 0;
    socklen_t n = sizeof cookie;

    (void)state;
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &n), 0);
    assert_false(link_zmq_conn_shut(9999, cookie));
    assert_false(link_zmq_conn_shut(file, cookie));
    assert_false(link_zmq_conn_shut(fd, cookie + 1));
    assert_false(link_zmq_conn_shut(fd, cookie));       /* it is connected with nobody */
    close(fd);
    close(file);
}

static void counters_that_the_kernel_does_not_give(void **state)
{
    struct pair p;
    struct peer *q = met(&p, true);
    struct conn *c = conn_of(&p, q);
    const int64_t now = link_zmq_ms();
    const uint64_t anchor = c->last_received;

    (void)state;
    link_zmq_guard(p.s.l, now);
    const uint64_t received = c->last_received;
    assert_true(received > anchor || anchor > 0);
    for (unsigned i = 0; i < 4; i++) {
        c->last_received = 1;
        if (i == 0) failing_call("getsockopt", 1, EBADF);               /* the cookie */
        if (i == 1) failing_call("getsockopt", 2, EBADF);               /* the counters */
        if (i == 2) failing_option = (struct failing_option){ TCP_INFO, 0, 8 };  /* of an older kernel */
        c->cookie += i == 3;
        link_zmq_guard(p.s.l, now);
        c->cookie -= i == 3;
        (void)failing_end();
        assert_int_equal(c->last_received, 1);
    }
    c->sent = c->taken + QUEUE_BYTES_MAX;       /* no room, and nobody says what was taken meanwhile */
    failing_call("getsockopt", 1, EBADF);
    assert_int_equal(link_send(p.s.l, q->id, slice_of("x", 1)), ST_AGAIN);
    assert_string_equal(failing_end(), "getsockopt");
    assert_int_equal(counters(&p.s).dropped_unread, 1);
    c->close_ms = now + 1000;           /* not yet */
    link_zmq_guard(p.s.l, now);
    assert_int_equal(c->close_ms, now + 1000);
    pair_done(&p);
}

static void who_says_nothing_for_long_is_closed(void **state)
{
    struct pair p;
    struct conn *c = conn_of(&p, met(&p, true));
    const int64_t now = link_zmq_ms();

    (void)state;
    link_zmq_guard(p.s.l, now + FIRST_MESSAGE_MS + 1000);
    assert_int_equal(c->close_ms, 0);
    link_zmq_guard(p.s.l, c->seen_ms + SILENT_MS + 1);
    assert_int_equal(c->close_ms, INT64_MAX);
    assert_true(expect(&p.c, &p.s, MESSAGE_DOWN, NULL) >= 0);
    pair_done(&p);
}

/* ---- frames ---- */

static void names_that_are_no_key(void **state)
{
    static const int why[] = { ENOENT, EINVAL, EDOM };          /* none, too short, no number (failing_wire.c) */

    (void)state;
    for (unsigned i = 0; i < sizeof why / sizeof *why; i++) {
        struct pair p;
        pair_init(&p);
        listen_tcp(&p);
        pair_dial(&p);
        failing_call("zmq_msg_gets", 1, why[i]);
        say(&p.c, p.dial, "tanpa nama");
        assert_true(expect(&p.c, &p.s, MESSAGE_DOWN, NULL) >= 0);
        assert_string_equal(failing_end(), "zmq_msg_gets");
        assert_int_equal(counters(&p.s).dropped_unkeyed, 1);
        assert_int_equal(find(&p.s, MESSAGE_DATA, NULL), -1);
        pair_done(&p);
    }
}

/* What a library that is not libzmq might hand over: an address alone, an address and nothing, a message that breaks off. */
static void halves_of_messages(void **state)
{
    static const struct { const char *call; unsigned n; } row[] = {
        { "zmq_msg_more", 1 }, { "zmq_msg_more", 2 }, { "zmq_msg_recv", 2 },
    };
    struct pair p;

    (void)state;
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        int64_t end = ms() + WAIT_MS;
        struct message m = { 0 };

        (void)met(&p, false);
        p.s.n = 0;
        say(&p.c, p.dial, "dua");
        zmq_pollitem_t item = { p.s.l->socks[0]->z, 0, ZMQ_POLLIN, 0 };
        while (zmq_poll(&item, 1, 5) == 0 && ms() < end) side_drain(&p.c, 0);
        failing_call(row[i].call, row[i].n, EAGAIN);
        assert_int_equal(link_recv(p.s.l, &m), ST_AGAIN);
        assert_string_equal(failing_end(), row[i].call);
        link_release(p.s.l);
        pair_done(&p);
    }
}

static void *local(void *ctx, const char *endpoint, const char *rid)
{
    void *z = zmq_socket(ctx, ZMQ_DEALER);
    const int zero = 0;

    zmq_setsockopt(z, ZMQ_LINGER, &zero, sizeof zero);
    if (rid) zmq_setsockopt(z, ZMQ_ROUTING_ID, rid, strlen(rid));
    assert_int_equal(zmq_connect(z, endpoint), 0);
    return z;
}

/* Local clients that give themselves a name, or send two frames: counted, and the others are answered. */
static void local_frames_that_are_none(void **state)
{
    struct pair p;
    char path[128], endpoint[140];
    void *ctx = zmq_ctx_new(), *named, *five, *parts, *good;
    int64_t end = ms() + WAIT_MS;

    (void)state;
    (void)met(&p, false);
    p.s.n = 0;
    snprintf(path, sizeof path, "%s/local", dir);
    snprintf(endpoint, sizeof endpoint, "ipc://%s", path);
    assert_int_equal(link_control(p.s.l, path), ST_OK);
    named = local(ctx, endpoint, "dinas-palsu");
    five = local(ctx, endpoint, "lima.");
    parts = local(ctx, endpoint, NULL);
    good = local(ctx, endpoint, NULL);
    zmq_send(named, "x", 1, 0);
    zmq_send(five, "x", 1, 0);
    zmq_send(parts, "x", 1, ZMQ_SNDMORE);
    zmq_send(parts, "y", 1, 0);
    zmq_send(good, "{}", 2, 0);
    /* their descriptors once were network peers', and nobody has said that those ended */
    for (int fd = 0; fd < p.s.l->conns_cap; fd++)
        if (!p.s.l->conns[fd].used) p.s.l->conns[fd] = (struct conn){ .used = true, .seen_ms = ms() };
    while ((counters(&p.s).dropped_unkeyed < 2 || counters(&p.s).dropped_multipart < 1 || p.s.n == 0) && ms() < end)
        side_drain(&p.s, 5);
    assert_int_equal(counters(&p.s).dropped_unkeyed, 2);
    assert_int_equal(counters(&p.s).dropped_multipart, 1);
    assert_int_equal(p.s.n, 1);
    for (int fd = 0; fd < p.s.l->conns_cap; fd++) p.s.l->conns[fd].used &= p.s.l->conns[fd].cookie != 0;
    const peer_id q = peer_of(&p, "{}");
    assert_true(link_is_control(p.s.l, q));
    link_close(p.s.l, q);               /* a local one is forgotten */
    assert_int_equal(link_send(p.s.l, q, slice_of("x", 1)), ST_NOT_FOUND);
    zmq_close(named);
    zmq_close(five);
    zmq_close(parts);
    zmq_close(good);
    zmq_ctx_term(ctx);
    pair_done(&p);
}

/* A part of a message that cannot be had ends it all the same. */
static void parts_that_cannot_be_had(void **state)
{
    struct pair p;
    struct raw r;
    struct message m = { 0 };
    int64_t end = ms() + WAIT_MS;

    (void)state;
    pair_init(&p);
    listen_ipc(&p, "parts");
    r = raw_dial(&p, &p.client, NULL);
    zmq_send(r.z, "satu", 4, ZMQ_SNDMORE);
    zmq_send(r.z, "dua", 3, 0);
    zmq_pollitem_t item = { p.s.l->socks[0]->z, 0, ZMQ_POLLIN, 0 };
    while (zmq_poll(&item, 1, 5) == 0 && ms() < end) continue;
    failing_call("zmq_msg_recv", 3, EAGAIN);    /* its address, its first frame */
    assert_int_equal(link_recv(p.s.l, &m), ST_AGAIN);
    assert_string_equal(failing_end(), "zmq_msg_recv");
    assert_int_equal(counters(&p.s).dropped_multipart, 1);
    raw_done(&r);
    pair_done(&p);
}

/* Very many that are dropped in a row: the loop gets its turn in between. */
static void a_flood_of_what_is_dropped_is_left_for_a_while(void **state)
{
    enum { PEERS = 4, EACH = 40, TURN = 64 };
    uint64_t most = 0;
    int64_t end = ms() + WAIT_MS, patience = 200;
    struct pair p;

    (void)state;
    pair_init(&p);
    listen_ipc(&p, "flood");
    for (; most < TURN && ms() < end; patience *= 2) {
        struct raw r[PEERS];
        int64_t soon = ms() + patience;

        for (unsigned i = 0; i < PEERS; i++) {
            char rid[16];
            snprintf(rid, sizeof rid, "palsu-%u", i);
            r[i] = raw_dial(&p, &p.client, rid);
            for (unsigned n = 0; n < EACH; n++) zmq_send(r[i].z, "x", 1, 0);
        }
        while (ms() < soon) {           /* let in meanwhile, and not yet asked */
            p.s.deaf = true;
            side_drain(&p.s, 5);
        }
        for (uint64_t was = 0, is = 1; is != was;) {
            was = counters(&p.s).dropped_unkeyed;
            (void)link_recv(p.s.l, &(struct message){ 0 });
            is = counters(&p.s).dropped_unkeyed;
            most = is - was > most ? is - was : most;
        }
        for (unsigned i = 0; i < PEERS; i++) raw_done(&r[i]);
    }
    assert_int_equal(most, TURN);
    pair_done(&p);
}

static int all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peers_share_buckets),
        cmocka_unit_test(the_longest_silent_of_all_gives_way),
        cmocka_unit_test(a_key_has_so_many_connections),
        cmocka_unit_test(the_lost_are_remembered_for_a_while),
        cmocka_unit_test(a_closed_peer_without_a_connection_is_dead_at_once),
        cmocka_unit_test(what_is_counted_belongs_to_the_connection),
        cmocka_unit_test(a_peer_of_no_known_connection_is_heard),
        cmocka_unit_test(a_connection_that_ends_takes_only_its_own_peer),
        cmocka_unit_test(acceptances_of_every_kind),
        cmocka_unit_test(who_is_not_let_in_for_want_of_descriptors),
        cmocka_unit_test(only_the_socket_that_is_meant_is_shut),
        cmocka_unit_test(counters_that_the_kernel_does_not_give),
        cmocka_unit_test(who_says_nothing_for_long_is_closed),
        cmocka_unit_test(names_that_are_no_key),
        cmocka_unit_test(halves_of_messages),
        cmocka_unit_test(local_frames_that_are_none),
        cmocka_unit_test(parts_that_cannot_be_had),
        cmocka_unit_test(a_flood_of_what_is_dropped_is_left_for_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void) { return run_in_directory(all); }
