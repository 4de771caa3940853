/* sim.c - the world: made from a seed, played event by event, taken apart. Kind: P.
 *
 * Node 0 is the aggregator, then come the workers, then the collectors. Each collector serves one to SIM_SEATS offices through one
 * worker; office i is at collector i mod their number. The first phase ends after a stretch of busy time (silences do not count);
 * the second when the auditor finds all settled, or too late.
 *
 * Invariant: one call of sim_play is one run; what it did is in the digest. */
#include "tests/sim/sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EFFECT_BYTES = 24 << 20, PROBES = 2, LOOK_US = 500000, HUMAN_US = 45000000,
       EVENTS_MAX = 60000 /* of the first phase: a storm of repetitions is cut short */, SETTLE_EVENTS_MAX = 300000 };

void sim_wrong(struct sim *s, const char *format, ...)
{
    va_list a;
    if (s->why[0]) return;
    va_start(a, format);
    vsnprintf(s->why, sizeof s->why, format, a);
    va_end(a);
    sim_trace(s, "WRONG: %s", s->why);
}

/* ---- making ---- */

static struct sim_node *add_node(struct sim *s, const struct sim_role *role, unsigned index)
{
    struct sim_node *n = &s->node[s->nodes];
    *n = (struct sim_node){ .world = s, .role = role, .number = s->nodes++, .index = index };
    int st = store_mem_new(role->tables, &n->store);
    if (st == ST_OK) st = effects_init(&n->x, EFFECT_BYTES);
    ASSERT(st == ST_OK);
    return n;
}

static void add_seat(struct sim *s, unsigned i)
{
    struct sim_office *o = &s->office[i];
    struct sim_node *n = sim_collector(s, i % s->o.collectors);
    snprintf(o->id, sizeof o->id, "gen-3374-%02u", i + 1);
    o->role = i == 1 && s->o.treasurer ? ROLE_TREASURER : ROLE_OFFICE;
    o->region = (unsigned)sim_below(s, i == 1 ? 1 : SIM_REGIONS);
    o->home = n->number;
    o->worker = n->index % s->o.workers;
    ASSERT(n->desk.seats < SIM_SEATS);
    struct sim_seat *t = &n->desk.seat[n->desk.seats++];
    *t = (struct sim_seat){ .office = i, .has_key = i < s->o.offices };
    t->story = sim_story_new(s, t, n->desk.identity.epoch);
}

static void make_nodes(struct sim *s)
{
    add_node(s, &sim_role_aggregator, 0);
    for (unsigned i = 0; i < s->o.workers; i++) add_node(s, &sim_role_worker, i);
    for (unsigned i = 0; i < s->o.collectors; i++) {
        struct sim_node *n = add_node(s, &sim_role_collector, i);
        n->desk.transport = i + 1;
        n->desk.identity.epoch = rng_next(&s->rng) >> 1 | 1;
        bytes_be64(n->desk.identity.installation, rng_next(&s->rng));
    }
    for (unsigned i = 0; i < sim_followers(s); i++) add_node(s, &sim_role_follower, i)->desk.transport = i + 1;
    for (unsigned i = 0; i < s->o.workers; i++) sim_net_connect(s, 0, 1 + i);
    for (unsigned i = 0; i < s->o.collectors; i++) sim_net_connect(s, 1 + s->o.workers + i, 1 + i % s->o.workers);
    for (unsigned i = 0; i < sim_followers(s); i++) sim_net_connect(s, sim_follower(s, i)->number, 1 + i);
}

struct sim *sim_new(uint64_t seed, bool trace)
{
    struct sim *s = calloc(1, sizeof *s);
    ASSERT(s != NULL);
    s->seed = seed;
    s->digest = seed;
    s->trace = trace;
    s->next_peer = PEER_FIRST + SIM_WORKERS;
    rng_seed(&s->rng, seed);
    sim_option_draw(s);
    s->busy_until = s->o.busy_us;
    s->silence_days = s->o.dated ? 20 : 800;
    make_nodes(s);
    for (unsigned i = 0; i < s->o.offices + s->o.spare; i++) add_seat(s, i);
    s->offices = s->o.offices;
    sim_operator_start(s);
    return s;
}

static void free_stories(struct sim *s)
{
    for (size_t i = 0; i < s->stories; i++) {
        free(s->story[i]->row);
        free(s->story[i]->said);
        free(s->story[i]);
    }
    free(s->story);
}

static void free_registries(struct sim *s)
{
    for (size_t i = 0; i < s->registries.n; i++) registry_free(&s->registries.v[i]);
    free(s->registries.v);
    buf_done(&s->registries.text);
}

void sim_free(struct sim **ps)
{
    struct sim *s = *ps;
    for (unsigned i = 0; i < s->nodes; i++) {
        struct sim_node *n = &s->node[i];
        n->desk.retired = true;
        sim_node_end(s, n, 0);
        sim_packets_free(&n->inbox);
        sim_packets_free(&n->held);
        for (unsigned k = 0; k < n->desk.seats; k++) sim_seat_free(&n->desk.seat[k]);
        store_mem_free(&n->store);
        effects_done(&n->x);
    }
    for (unsigned i = 0; i < SIM_WORKERS; i++) sim_audit_log_forget(&s->log[i]);
    sim_backup_free(s);
    sim_follow_free(s);
    sim_heap_free(s);
    free(s->batches.v);
    free_stories(s);
    free_registries(s);
    sim_join_free(s);
    sim_keys_free(s);
    free(s);
    *ps = NULL;
}

/* ---- playing ---- */

static void push(struct sim *s)
{
    struct sim_node *n = sim_collector(s, (unsigned)sim_below(s, sim_collectors(s)));
    unsigned seat = (unsigned)sim_below(s, n->desk.seats);
    int64_t next = 1 + (int64_t)sim_below(s, s->o.push_ms * UINT64_C(2000));
    if (!s->faults) return;
    sim_put(s, (struct sim_event){ .at = s->us + next, .kind = SIM_EV_PUSH });
    if (n->desk.retired || (!s->office[n->desk.seat[seat].office].entered && !sim_one_in(s, 4))) return;
    sim_story_push(s, n->number, seat);
}

static void happen(struct sim *s, const struct sim_event *e)
{
    switch ((enum sim_kind)e->kind) {
    case SIM_EV_STEP: sim_node_step(s, &s->node[e->what]); break;
    case SIM_EV_PACKET: sim_net_packet(s, e); break;
    case SIM_EV_TELL: sim_net_tell(s, e); break;
    case SIM_EV_DIAL: if (e->id == s->conn[e->what].peer) sim_net_dial(s, e->what); break;
    case SIM_EV_START: sim_node_start(s, &s->node[e->what]); break;
    case SIM_EV_SAY: sim_node_say(s, &s->node[e->what]); break;
    case SIM_EV_FAULT: if (s->faults) sim_fault(s); break;
    case SIM_EV_PUSH: push(s); break;
    case SIM_EV_REGISTRY: sim_operator_registry(s, e->what, e->id); break;
    case SIM_EV_KEY: sim_operator_key(s, e->what, (unsigned)e->id); break;
    case SIM_EV_PROBE: sim_audit_fold(s); break;
    case SIM_EV_LIFT: sim_fault_lift(s, e->what); break;
    case SIM_EV_RETURN: sim_follow_return(s, e->what); break;
    case SIM_EV_INVITES: sim_join_read(s, e->what, e->id); break;
    case SIM_EV_JOIN: sim_join_ask(s, e->what, e->way); break;
    case SIM_EV_CENTRE: sim_join_centre(s, e->what); break;
    case SIM_EV_CUT: sim_cut_decide(s); break;
    case SIM_EV_ASK: sim_cut_ask(s, e->what, (unsigned)e->id, e->way); break;
    case SIM_EV_COUNT: break;
    }
}

static bool one_event(struct sim *s)
{
    struct sim_event e;
    if (s->why[0] || !sim_take(s, &e)) return false;
    happen(s, &e);
    return true;
}

static void first_events(struct sim *s)
{
    for (unsigned i = 0; i < s->nodes; i++)
        sim_put(s, (struct sim_event){ .at = (int64_t)sim_below(s, 2000000), .kind = SIM_EV_START, .what = (uint16_t)i });
    for (unsigned i = 0; i < PROBES; i++)
        sim_put(s, (struct sim_event){ .at = (int64_t)sim_below(s, (uint64_t)s->o.busy_us), .kind = SIM_EV_PROBE });
    sim_put(s, (struct sim_event){ .at = 3000000, .kind = SIM_EV_FAULT });
    sim_put(s, (struct sim_event){ .at = 1000000, .kind = SIM_EV_PUSH });
    sim_put(s, (struct sim_event){ .at = (int64_t)sim_below(s, 20000000), .kind = SIM_EV_CUT });
}

/* Who is told that its history differs, for good, begins a new outbox: what people do about it. */
static void people_look(struct sim *s)
{
    sim_follow_people(s);
    for (unsigned i = 0; i < s->o.collectors; i++) {
        struct sim_node *n = sim_collector(s, i);
        struct uplink_status u;
        if (!n->node.self || !n->desk.doubtful) continue;
        collect_status(n->node.self, &u);
        if (sim_audit_accused(s, n) || u.witness.fault != WITNESS_FINE) sim_disaster_reset(s, n);
    }
}

static void settle(struct sim *s)
{
    const int64_t end = s->us + SIM_SETTLE_S * INT64_C(1000000);
    int64_t look = s->us, human = s->us + HUMAN_US;
    const uint64_t most = s->n.events + SETTLE_EVENTS_MAX;
    while (s->us < end) {
        if (!one_event(s)) return;
        if (s->n.events > most) {
            sim_wrong(s, "it turns in circles: %d events without faults, and it has not settled", SETTLE_EVENTS_MAX);
            s->stuck = true;
        }
        if (s->us < look) continue;
        look = s->us + LOOK_US;
        if (sim_audit_settled(s)) return;
        if (s->us < human) continue;
        human = s->us + HUMAN_US;
        people_look(s);
    }
}

void sim_play(struct sim *s)
{
    s->faults = true;
    first_events(s);
    while (s->us < s->busy_until && s->n.events < EVENTS_MAX && one_event(s)) { }
    if (s->why[0]) return;
    sim_fault_end(s);
    sim_cut_end(s);
    settle(s);
    sim_audit_end(s);
    s->digest = sim_mix(s->digest, (uint64_t)s->us);
}
