/* sim_node.c - one process: its clocks, its inbox, and its steps as the runner (proto/run.c) takes them. Kind: P.
 *
 * A step: some messages, tick, flush, commit, and only then what is to be said. A step that the node holds open waits for more, its
 * transaction with it. A process that ends loses its memory, the open transaction, what it had not said and its connections. A full
 * store throws the step away and rests, as the runner does.
 *
 * Faults of a commit are armed by sim_fault.c and meet the next commit, whatever it holds.
 *
 * Invariant: what a node says leaves after the commit that holds it; nothing is read from a node but what it commits and says. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

enum { INPUT_MAX = 64 };
static const int64_t HOLD_US = 5000, REST_US = 1000000, STEP_US = 20;

struct now sim_now(const struct sim *s, const struct sim_node *n)
{
    int64_t drift = n->drift_ppm ? (s->us - n->drift_from) / 1000000 * n->drift_ppm / 1000 : 0;
    int64_t wall = SIM_START_MS * INT64_C(1000) + s->us / 1000 + n->wall_offset_ms + drift;
    return (struct now){ { s->us - n->boot_us }, { wall > 0 ? wall : 0 } };
}

/* ---- packets ---- */

static void packet_add(struct sim_packets *q, struct sim_packet p)
{
    if (q->n == q->cap) {
        q->cap = q->cap ? 2 * q->cap : 64;
        q->v = realloc(q->v, q->cap * sizeof *q->v);
        ASSERT(q->v != NULL);
    }
    q->v[q->n++] = p;
}

static void packets_clear(struct sim_packets *q)
{
    for (size_t i = 0; i < q->n; i++) free(q->v[i].p);
    q->n = 0;
}

void sim_packets_free(struct sim_packets *q)
{
    packets_clear(q);
    free(q->v);
    *q = (struct sim_packets){ 0 };
}

void sim_node_receive(struct sim *s, struct sim_node *n, struct sim_packet p)
{
    packet_add(&n->inbox, p);
    sim_node_wake(s, n, s->us + (int64_t)sim_below(s, 200));
}

/* ---- when ---- */

/* Wakes the node at that time, or earlier when it is to be woken earlier already. */
void sim_node_wake(struct sim *s, struct sim_node *n, int64_t at)
{
    if (at < s->us) at = s->us;
    if (n->wake_token && n->wake_at <= at) return;
    n->wake_at = at;
    n->wake_token = ++s->token;
    sim_put(s, (struct sim_event){ .at = at, .kind = SIM_EV_STEP, .what = (uint16_t)n->number, .id = n->wake_token });
}

static int64_t later(int64_t a, int64_t b) { return a > b ? a : b; }

static void wake_when_due(struct sim *s, struct sim_node *n)
{
    int64_t deadline = n->node.ops->next_deadline(n->node.self).us;
    int64_t at = deadline == INT64_MAX ? INT64_MAX : later(deadline + n->boot_us, s->us + STEP_US);
    if (n->inbox.n || (n->node.ops->wants_step && n->node.ops->wants_step(n->node.self))) at = s->us + STEP_US;
    if (n->desk.seats && n->desk.offer_at < at) at = later(n->desk.offer_at, s->us + STEP_US);
    if (at != INT64_MAX) sim_node_wake(s, n, at);
}

/* ---- start and end ---- */

static void cut_of_client(struct sim *s, struct sim_conn *c)
{
    sim_net_cut(s, c, false);
    c->tries = 0;
}

static void cut_of_worker(struct sim *s, struct sim_conn *c) { sim_net_cut(s, c, true); }

void sim_node_end(struct sim *s, struct sim_node *n, int64_t down_us)
{
    if (!n->node.self) return;
    store_mem_crash(n->store);
    n->t = NULL;
    n->role->unmake(n);
    n->node = (struct node){ 0 };
    effects_clear(&n->x);
    packets_clear(&n->inbox);
    packets_clear(&n->held);
    n->say_due = false;
    n->armed = SIM_ARMED_NONE;
    n->wake_token = 0;
    n->down_until = s->us + down_us;
    sim_net_of(s, n->number, n->role == &sim_role_worker ? cut_of_worker : cut_of_client);
    if (!n->desk.retired) sim_put(s, (struct sim_event){ .at = n->down_until, .kind = SIM_EV_START, .what = (uint16_t)n->number });
}

static int recover(struct sim *s, struct sim_node *n)
{
    int st = store_begin(n->store, true, &n->t);
    if (st == ST_OK) st = n->node.ops->recover(n->node.self, n->t, sim_now(s, n));
    if (st == ST_OK) st = store_commit(&n->t);
    store_abort(&n->t);
    return st;
}

void sim_node_start(struct sim *s, struct sim_node *n)
{
    if (n->node.self || n->desk.retired || n->down_until > s->us) return;
    n->boot_us = s->us - (int64_t)sim_below(s, 1000000);
    n->paused_until = n->rest_until = 0;
    int st = n->role->make(s, n);
    ASSERT(st == ST_OK);
    st = recover(s, n);
    if (st != ST_OK) {
        sim_wrong(s, "%s %u does not start: %s", n->role->name, n->index, status_str(st));
        return;
    }
    sim_trace(s, "%s %u starts", n->role->name, n->index);
    n->role->committed(s, n);
    sim_net_of(s, n->number, n->role == &sim_role_worker ? cut_of_worker : cut_of_client);
    wake_when_due(s, n);
}

/* ---- saying ---- */

static struct sim_conn *conn_of(struct sim *s, const struct sim_node *n, peer_id peer)
{
    for (unsigned i = 0; i < s->conns; i++) {
        struct sim_conn *c = &s->conn[i];
        if (c->worker == n->number ? c->up && c->peer == peer
                                   : !c->guest && c->client == n->number && peer == PEER_FIRST + s->node[c->worker].index)
            return c;
    }
    return NULL;
}

static void perform(struct sim *s, struct sim_node *n, const struct effect *e)
{
    struct slice bytes = effects_bytes(&n->x, e);
    struct sim_conn *c = e->peer >= PEER_FIRST ? conn_of(s, n, e->peer) : NULL;
    if (e->kind == EFFECT_SEND && e->peer == PEER_TRAY) n->role->reply(s, n, bytes);
    else if (e->kind == EFFECT_SEND && c && c->worker == n->number) {
        sim_audit_said(s, n, bytes);
        sim_version_send(s, n, c, SIM_TO_CLIENT, bytes);
    } else if (e->kind == EFFECT_SEND && c) sim_version_send(s, n, c, SIM_TO_WORKER, bytes);
    else if (e->kind == EFFECT_CLOSE && c) sim_net_cut(s, c, true);
}

void sim_node_say(struct sim *s, struct sim_node *n)
{
    if (!n->say_due || !n->node.self) return;
    n->say_due = false;
    for (uint32_t i = 0; i < n->x.count; i++) perform(s, n, &n->x.e[i]);
    effects_clear(&n->x);
    wake_when_due(s, n);
}

static void say(struct sim *s, struct sim_node *n)
{
    n->say_due = true;
    if (n->slow_until <= s->us) {
        sim_node_say(s, n);
        return;
    }
    int64_t at = s->us + 1000 + (int64_t)sim_below(s, 400000);          /* so long the disk takes */
    sim_put(s, (struct sim_event){ .at = at, .kind = SIM_EV_SAY, .what = (uint16_t)n->number });
}

/* ---- the step ---- */

static void input(struct sim *s, struct sim_node *n, int *st)
{
    size_t take = n->inbox.n < INPUT_MAX ? n->inbox.n : INPUT_MAX, done = 0;
    if (s->faults && take > 1) take = 1 + sim_below(s, take);
    for (; done < take && *st == ST_OK; done++) {
        struct sim_packet *p = &n->inbox.v[done];
        struct message m = { .what = (int)p->what == MESSAGE_UP     ? MESSAGE_UP
                                     : (int)p->what == MESSAGE_DOWN ? MESSAGE_DOWN
                                                                    : MESSAGE_DATA,
                             .peer = p->peer,
                             .bytes = slice_of(p->p, p->n) };
        memcpy(m.key, p->key, PUBKEY_SIZE);
        packet_add(&n->held, *p);
        *st = n->node.ops->on_message(n->node.self, n->t, sim_now(s, n), &m, &n->x);
    }
    n->inbox.n -= done;
    if (done) memmove(n->inbox.v, n->inbox.v + done, n->inbox.n * sizeof *n->inbox.v);
    if (n->role->input && *st == ST_OK) n->role->input(s, n, st);
}

static void abort_step(struct sim *s, struct sim_node *n)
{
    struct store_txn *t = NULL;
    store_abort(&n->t);
    effects_clear(&n->x);
    int st = store_begin(n->store, false, &t);
    if (st == ST_OK) st = n->node.ops->on_abort(n->node.self, t, sim_now(s, n));
    store_abort(&t);
    if (st != ST_OK) sim_wrong(s, "%s %u cannot abort: %s", n->role->name, n->index, status_str(st));
    n->rest_until = s->us + REST_US;
    sim_node_wake(s, n, n->rest_until);
}

static int commit(struct sim_node *n, enum sim_armed armed)
{
    static const enum store_mem_fault fault[] = { [SIM_ARMED_DONE] = MEM_FAULT_UNKNOWN_DONE,
                                                  [SIM_ARMED_LOST] = MEM_FAULT_UNKNOWN_LOST,
                                                  [SIM_ARMED_FULL] = MEM_FAULT_FULL };
    if (armed == SIM_ARMED_BEFORE) return ST_UNKNOWN;
    if (armed == SIM_ARMED_DONE || armed == SIM_ARMED_LOST || armed == SIM_ARMED_FULL)
        store_mem_fail_next_commit(n->store, fault[armed]);
    return store_commit(&n->t);
}

static void finish(struct sim *s, struct sim_node *n, int st)
{
    const struct node_ops *ops = n->node.ops;
    enum sim_armed armed = n->armed;
    if (st == ST_OK) st = ops->on_tick(n->node.self, n->t, sim_now(s, n), &n->x);
    if (st == ST_OK) st = ops->flush(n->node.self, n->t, sim_now(s, n), &n->x);
    if (st == ST_OK) {
        n->armed = SIM_ARMED_NONE;
        if (armed) s->cover.commit[n->role->cover][armed]++;
        st = commit(n, armed);
    }
    packets_clear(&n->held);
    if (st == ST_UNKNOWN || (st == ST_OK && armed == SIM_ARMED_AFTER)) {
        sim_trace(s, "%s %u ends at its commit", n->role->name, n->index);
        sim_node_end(s, n, 1000 + (int64_t)sim_below(s, 3000000));
    } else if (st == ST_FULL) abort_step(s, n);
    else if (st != ST_OK) sim_wrong(s, "a step of %s %u ends with \"%s\"", n->role->name, n->index, status_str(st));
    if (s->why[0] || st == ST_FULL) return;
    n->role->committed(s, n);
    if (n->node.self && n->role == &sim_role_worker) sim_join_audit(s, n);      /* a step sweeps; a start has not yet */
    if (n->node.self) say(s, n);
}

static bool due(const struct sim *s, const struct sim_node *n)
{
    const struct node_ops *ops = n->node.ops;
    return n->inbox.n || n->t || ops->next_deadline(n->node.self).us <= sim_now(s, n).mono.us ||
           (ops->wants_step && ops->wants_step(n->node.self)) || (n->desk.seats && n->desk.offer_at <= s->us);
}

void sim_node_step(struct sim *s, struct sim_node *n)
{
    int st = ST_OK;
    n->wake_token = 0;
    if (!n->node.self || n->say_due) return;
    int64_t rest = later(n->paused_until, n->rest_until);
    if (rest > s->us) {
        sim_node_wake(s, n, rest);
        return;
    }
    if (!due(s, n)) {
        wake_when_due(s, n);
        return;
    }
    s->n.steps++;
    if (!n->t) st = store_begin(n->store, true, &n->t);
    if (st == ST_OK) input(s, n, &st);
    if (st == ST_OK && n->node.ops->hold && n->node.ops->hold(n->node.self, sim_now(s, n))) {
        sim_node_wake(s, n, s->us + (n->inbox.n ? STEP_US : HOLD_US));
        return;
    }
    finish(s, n, st);
}
