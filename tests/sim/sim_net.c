/* sim_net.c - connections between clients (collectors, the aggregator) and workers, and what becomes of each packet. Kind: P.
 *
 * A packet is lost, repeated, delayed so that others overtake it, held while a way is clogged, dropped while it is blocked. The
 * real transport does less harm inside one connection; what the protocol stands without it need not rely on.
 *
 * A connection is known to the worker by a peer number that is never used again. When it breaks, the client is told and dials anew;
 * what was under way to the worker may still arrive under the old number, what was under way to the client does not. A worker
 * that forgets a connection tells nobody: the client's next packet comes from a new peer.
 *
 * Invariant: a packet reaches a client only over the connection it was sent on. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

static const int64_t DIAL_US = 100000, DIAL_MAX_US = 5000000;

static struct sim_node *end_of(struct sim *s, const struct sim_conn *c, unsigned way)
{
    return &s->node[way == SIM_TO_WORKER ? c->worker : c->client];
}

bool sim_conn_blocked(const struct sim *s, const struct sim_conn *c, unsigned way) { return c->block_until[way] > s->us; }

static unsigned number(const struct sim *s, const struct sim_conn *c) { return (unsigned)(c - s->conn); }

static void fate(struct sim *s, struct slice bytes, enum sim_fate f)
{
    if (bytes.n > 5 && bytes.p[5] < SIM_COVER_TYPES) s->cover.fate[bytes.p[5]][f]++;
}

/* ---- connecting ---- */

static void dial_later(struct sim *s, struct sim_conn *c)
{
    int64_t wait = DIAL_US << (c->tries < 6 ? c->tries : 6);
    wait = (wait < DIAL_MAX_US ? wait : DIAL_MAX_US) / 2;
    sim_put(s, (struct sim_event){ .at = s->us + wait + (int64_t)sim_below(s, (uint64_t)wait), .kind = SIM_EV_DIAL,
                                   .what = (uint16_t)number(s, c), .id = c->peer });
}

static void tell(struct sim *s, const struct sim_conn *c, unsigned what)
{
    sim_put(s, (struct sim_event){ .at = s->us + 1 + (int64_t)sim_below(s, 2000), .kind = SIM_EV_TELL, .way = (uint8_t)what,
                                   .what = (uint16_t)number(s, c), .id = c->turn });
}

void sim_net_connect(struct sim *s, unsigned client, unsigned worker)
{
    ASSERT(s->conns < SIM_CONNS);
    struct sim_conn *c = &s->conn[s->conns++];
    *c = (struct sim_conn){ .client = client, .worker = worker, .peer = s->next_peer++ };
    dial_later(s, c);
}

/* Who may connect is asked at the handshake, of the register as that worker knows it. */
static bool admitted(struct sim *s, struct sim_conn *c)
{
    if (c->guest) return sim_join_admitted(s, c);
    const struct sim_node *client = &s->node[c->client], *worker = &s->node[c->worker];
    sim_key_transport(client, c->key);
    if (client->role != &sim_role_collector) return !s->copy[worker->index].masked;      /* it lies elsewhere */
    const struct registry *r = sim_registry_of(s, worker->index);
    return r && registry_transport(r, c->key) != NULL;
}

void sim_net_dial(struct sim *s, unsigned conn)
{
    struct sim_conn *c = &s->conn[conn];
    const struct sim_node *client = &s->node[c->client];
    if (c->up || c->off || !client->node.self || client->desk.retired) return;    /* a process that starts dials itself */
    bool reached = s->node[c->worker].node.self && !sim_conn_blocked(s, c, SIM_TO_WORKER) &&
                   !sim_conn_blocked(s, c, SIM_TO_CLIENT) && admitted(s, c);
    c->tries++;
    if (!reached) {
        dial_later(s, c);
        return;
    }
    c->peer = s->next_peer++;
    c->up = true;
    c->turn++;
    c->tries = 0;
    tell(s, c, MESSAGE_UP);
}

void sim_net_cut(struct sim *s, struct sim_conn *c, bool told)
{
    bool was = c->up;
    c->up = false;
    c->turn++;
    c->peer = s->next_peer++;
    if (was && told) tell(s, c, MESSAGE_DOWN);
    dial_later(s, c);
}

void sim_net_forget(struct sim *s, struct sim_conn *c)
{
    if (c->up) c->peer = s->next_peer++;
}

void sim_net_moved(struct sim *s, struct sim_conn *c) { c->floor = s->next_peer; }

void sim_net_of(struct sim *s, unsigned node, void (*fn)(struct sim *s, struct sim_conn *c))
{
    for (unsigned i = 0; i < s->conns; i++)
        if (s->conn[i].client == node || s->conn[i].worker == node) fn(s, &s->conn[i]);
}

void sim_net_tell(struct sim *s, const struct sim_event *e)
{
    const struct sim_conn *c = &s->conn[e->what];
    struct sim_node *client = &s->node[c->client];
    bool now = e->way == MESSAGE_UP ? c->up : !c->up;
    if (e->id != c->turn || !now || !client->node.self) return;         /* something newer has happened */
    if (c->guest && e->way == MESSAGE_UP) sim_join_up(s, &s->conn[e->what]);
    if (c->guest) return;
    sim_node_receive(s, client, (struct sim_packet){ .peer = PEER_FIRST + s->node[c->worker].index, .what = e->way });
}

/* ---- packets ---- */

/* True: it was there. */
static bool set_add(struct sim_set *t, uint64_t x)
{
    if (4 * (t->n + 1) > 3 * t->cap) {
        const struct sim_set old = *t;
        t->cap = old.cap ? 2 * old.cap : 1024;
        t->n = 0;
        t->v = calloc(t->cap, sizeof *t->v);
        ASSERT(t->v != NULL);
        for (size_t i = 0; i < old.cap; i++)
            if (old.v[i]) (void)set_add(t, old.v[i]);
        free(old.v);
    }
    size_t i = (size_t)x & (t->cap - 1);
    while (t->v[i] && t->v[i] != x) i = (i + 1) & (t->cap - 1);
    if (t->v[i]) return true;
    t->v[i] = x;
    t->n++;
    return false;
}

/* Counts batches that come to a worker once more: sent again, or repeated on their way. Known by the checksum in the frame. */
static void note_batch(struct sim *s, unsigned worker, struct slice frame)
{
    if (frame.n < FRAME_HEADER_BYTES || frame.p[5] != MSG_BATCH) return;
    s->n.again += set_add(&s->batches, sim_mix(worker, (uint64_t)bytes_rd32(frame.p + 12) << 32 | frame.n) | 1);
}

static void post(struct sim *s, struct sim_conn *c, unsigned way, struct slice bytes)
{
    int64_t at = s->us + s->o.delay_us;
    if (c->clog_until[way] > at) at = c->clog_until[way] + (int64_t)sim_below(s, 1000);
    bool jitter = s->o.jitter_us && s->faults;  /* without faults nothing overtakes, as in the real transport */
    if (jitter) at += (int64_t)sim_below(s, s->o.jitter_us);
    bool overtaken = at < c->last[way];
    if (!jitter && overtaken) at = c->last[way];
    if (jitter && overtaken) fate(s, bytes, SIM_OVERTAKEN);
    if (at > c->last[way]) c->last[way] = at;
    uint8_t *copy = malloc(bytes.n ? bytes.n : 1);
    ASSERT(copy != NULL);
    if (bytes.n) memcpy(copy, bytes.p, bytes.n);
    sim_put(s, (struct sim_event){ .at = at, .kind = SIM_EV_PACKET, .way = (uint8_t)way, .what = (uint16_t)number(s, c),
                                   .n = (uint32_t)bytes.n, .p = copy, .id = c->peer });
}

void sim_net_send(struct sim *s, struct sim_conn *c, unsigned way, struct slice bytes)
{
    if (!c->up) return;
    if (sim_conn_blocked(s, c, way)) {
        fate(s, bytes, SIM_BLOCKED);
        return;
    }
    if (s->faults && sim_below(s, 100) < s->o.loss) {
        fate(s, bytes, SIM_LOST);
        if (s->trace)
            sim_trace(s, "%s lost, %s %u", codec_msg_name(bytes.p[5]), s->node[c->client].role->name, s->node[c->client].index);
        return;
    }
    post(s, c, way, bytes);
    if (!s->faults || sim_below(s, 100) >= s->o.repeat) return;
    fate(s, bytes, SIM_REPEATED);
    post(s, c, way, bytes);
}

void sim_net_packet(struct sim *s, const struct sim_event *e)
{
    struct sim_conn *c = &s->conn[e->what];
    struct sim_node *to = end_of(s, c, e->way);
    struct slice bytes = slice_of(e->p, e->n);
    bool stale = e->id != c->peer;
    s->n.packets++;
    if (stale) fate(s, bytes, SIM_STALE);
    /* to a client that nobody told of the break it still is the same connection */
    if (!to->node.self || e->id < c->floor || (stale && (e->way == SIM_TO_CLIENT ? !c->up && !c->guest : sim_one_in(s, 2)))) {
        free(e->p);
        return;
    }
    fate(s, bytes, SIM_DELIVERED);
    if (e->way == SIM_TO_WORKER) note_batch(s, c->worker, bytes);
    if (s->trace)
        sim_trace(s, "%s %s %s %u (peer %llu)", e->n > 5 ? codec_msg_name(e->p[5]) : "?", e->way == SIM_TO_WORKER ? "from" : "to",
                  s->node[c->client].role->name, s->node[c->client].index, (unsigned long long)e->id);
    sim_version_receive(s, to, e->p, e->n);
    if (c->guest && e->way == SIM_TO_CLIENT) {
        sim_join_answer(s, c, bytes);
        free(e->p);
        return;
    }
    struct sim_packet p = { .peer = e->way == SIM_TO_WORKER ? e->id : PEER_FIRST + s->node[c->worker].index,
                            .what = MESSAGE_DATA, .n = e->n, .p = e->p };
    memcpy(p.key, c->key, PUBKEY_SIZE);
    sim_node_receive(s, to, p);
}
