/* sim_fault.c - what goes wrong with connections, processes, disks and clocks, and what the operator does. Kind: P.
 *
 * Every so often one of the faults that the seed plays happens, to whom is drawn. Those of a commit are armed and meet the node's
 * next one. What destroys or copies a store is in sim_disaster.c. All of it ends with the first phase.
 *
 * Invariant: nothing here happens after sim_fault_end. */
#include "tests/sim/sim.h"

static const int64_t SECOND = 1000000, DAY_MS = 86400 * INT64_C(1000), DAY_US = 86400 * INT64_C(1000000);

static int64_t upto(struct sim *s, int64_t us) { return 1 + (int64_t)sim_below(s, (uint64_t)us); }

/* ---- where it hits ---- */

static bool owed(const struct sim *s, const struct sim_node *n)
{
    if (n->role == &sim_role_follower) return s->copy[n->index].lsn < sim_log_of(s, n->index)->lsn;
    if (n->role == &sim_role_worker) return s->applied[n->index] < s->log[n->index].lsn;
    for (unsigned i = 0; n->role == &sim_role_aggregator && i < s->o.workers; i++)
        if (s->applied[i] < s->log[i].lsn) return true;
    for (unsigned i = 0; i < n->desk.seats; i++)
        if (n->desk.seat[i].gone < n->desk.seat[i].files || n->desk.seat[i].acked < n->desk.seat[i].last) return true;
    return false;
}

static void hit(struct sim *s, enum sim_fault f, const struct sim_node *n)
{
    enum sim_state state = !n->node.self                      ? SIM_DOWN
                           : n->inbox.n || n->t || n->say_due ? SIM_BUSY
                           : owed(s, n)                       ? SIM_OWED
                                                              : SIM_IDLE;
    s->cover.fault[f][n->role->cover][state]++;
    sim_trace(s, "%s (%s %u)", sim_fault_name(f), n->role->name, n->index);
}

static struct sim_node *any_node(struct sim *s)
{
    unsigned copies = sim_followers(s);
    struct sim_node *n = &s->node[sim_below(s, s->nodes)];
    if (copies > 0 && sim_one_in(s, 4)) n = sim_follower(s, (unsigned)sim_below(s, copies));
    return n->desk.retired ? sim_worker(s, 0) : n;
}

/* ---- the net ---- */

static void net_fault(struct sim *s, enum sim_fault f)
{
    struct sim_conn *c = &s->conn[sim_below(s, s->conns)];
    unsigned way = (unsigned)sim_below(s, 2);
    int64_t until = s->us + upto(s, sim_one_in(s, 4) ? 300 * SECOND : 20 * SECOND);
    hit(s, f, &s->node[c->client]);
    if (f == SIM_FAULT_CUT && c->up) sim_net_cut(s, c, true);
    if (f == SIM_FAULT_FORGET) sim_net_forget(s, c);
    if (f == SIM_FAULT_CLOG) c->clog_until[way] = s->us + upto(s, 15 * SECOND);
    if (f == SIM_FAULT_ONE_WAY || f == SIM_FAULT_PARTITION) c->block_until[way] = until;
    if (f == SIM_FAULT_PARTITION) c->block_until[!way] = until;
}

/* ---- processes and disks ---- */

static void arm(struct sim *s, enum sim_fault f, struct sim_node *n)
{
    static const enum sim_armed armed[SIM_FAULT_COUNT] = { [SIM_FAULT_BEFORE] = SIM_ARMED_BEFORE, [SIM_FAULT_DONE] = SIM_ARMED_DONE,
                                                           [SIM_FAULT_LOST] = SIM_ARMED_LOST, [SIM_FAULT_AFTER] = SIM_ARMED_AFTER,
                                                           [SIM_FAULT_FULL] = SIM_ARMED_FULL };
    hit(s, f, n);
    if (n->node.self) n->armed = armed[f];
}

static void squeeze(struct sim *s, struct sim_node *n)
{
    uint64_t used = 0, size = 0;
    unsigned i = (unsigned)sim_below(s, s->o.workers);
    if (sim_followers(s) > 0) n = sim_follower(s, i);   /* who has no room cannot keep what may be asked for again */
    else if (n->role == &sim_role_aggregator) n = sim_worker(s, i);
    hit(s, SIM_FAULT_SQUEEZE, n);
    (void)store_usage(n->store, &used, &size);
    uint64_t more = sim_one_in(s, 2) ? 0 : sim_below(s, n->role == &sim_role_collector ? 2 << 20 : 1 << 16);
    store_mem_limit(n->store, used * 5 / 4 + 4096 + more);
    sim_put(s, (struct sim_event){ .at = s->us + upto(s, 60 * SECOND), .kind = SIM_EV_LIFT, .what = (uint16_t)n->number });
}

static void process_fault(struct sim *s, enum sim_fault f)
{
    struct sim_node *n = any_node(s);
    if (f == SIM_FAULT_SQUEEZE) {
        squeeze(s, n);
        return;
    }
    hit(s, f, n);
    if (f == SIM_FAULT_SLOW) n->slow_until = s->us + upto(s, 60 * SECOND);
    if (f == SIM_FAULT_PAUSE) n->paused_until = s->us + upto(s, sim_one_in(s, 4) ? 200 * SECOND : 10 * SECOND);
    if (f == SIM_FAULT_CRASH) sim_node_end(s, n, upto(s, 3 * SECOND));
    if (f == SIM_FAULT_REBOOT) sim_node_end(s, n, 5 * SECOND + upto(s, 120 * SECOND));
}

static void clock_fault(struct sim *s, enum sim_fault f)
{
    struct sim_node *n = any_node(s);
    int64_t by = upto(s, sim_one_in(s, 4) ? 400 * DAY_MS : sim_one_in(s, 2) ? 2 * DAY_MS : 60000);
    hit(s, f, n);
    if (f == SIM_FAULT_CLOCK_BACK) n->wall_offset_ms -= by;
    if (f == SIM_FAULT_CLOCK_AHEAD) n->wall_offset_ms += by;
    if (f != SIM_FAULT_DRIFT) return;
    n->drift_ppm = (int64_t)sim_below(s, 2001) - 1000;
    n->drift_from = s->us;
}

/* ---- people ---- */

static unsigned any_office(struct sim *s, bool revoked)
{
    unsigned first = (unsigned)sim_below(s, SIM_OFFICES);
    for (unsigned k = 0; k < SIM_OFFICES; k++) {
        unsigned i = (first + k) % SIM_OFFICES;
        if (s->office[i].entered && s->office[i].revoked == revoked) return i;
    }
    return SIM_OFFICES;
}

static void new_key(struct sim *s, unsigned office)
{
    sim_put(s, (struct sim_event){ .at = s->us + upto(s, 3 * SECOND), .kind = SIM_EV_KEY, .what = (uint16_t)office,
                                   .id = s->office[office].key });
}

static void add_office(struct sim *s)
{
    if (s->offices == s->o.offices + s->o.spare) return;
    unsigned i = s->offices++;
    hit(s, SIM_FAULT_ADD, &s->node[s->office[i].home]);
    if (s->o.invites) {
        sim_join_invite(s, i);
        return;
    }
    sim_operator_enter(s, i);
    new_key(s, i);
}

static void operate(struct sim *s, enum sim_fault f)
{
    unsigned i = any_office(s, f == SIM_FAULT_REINSTATE);
    if (i == SIM_OFFICES) return;
    struct sim_office *o = &s->office[i];
    hit(s, f, &s->node[o->home]);
    if (f == SIM_FAULT_ROTATE && o->key >= 3) return;
    if (f == SIM_FAULT_ROTATE) o->key++;
    if (f == SIM_FAULT_MOVE) o->region = (unsigned)sim_below(s, SIM_REGIONS);
    if (f == SIM_FAULT_REVOKE || f == SIM_FAULT_REINSTATE) o->revoked = f == SIM_FAULT_REVOKE;
    o->rotated |= f == SIM_FAULT_ROTATE || f == SIM_FAULT_REVOKE;
    sim_operator_enter(s, i);
    if (f == SIM_FAULT_ROTATE) new_key(s, i);
}

static void herd(struct sim *s)
{
    for (unsigned i = 0; i < sim_collectors(s); i++) {
        struct sim_node *n = sim_collector(s, i);
        if (n->desk.retired) continue;
        hit(s, SIM_FAULT_HERD, n);
        n->down_until = s->us;
        sim_node_start(s, n);
        for (unsigned k = 0; k < n->desk.seats; k++) sim_story_push(s, n->number, k);
    }
}

/* Collectors are off for days; everything else goes on. The time is passed in leaps, one with each fault that follows. */
static void silence(struct sim *s)
{
    if (s->leaps || s->silence_days == 0) return;
    unsigned days = 1 + (unsigned)sim_below(s, s->silence_days);
    bool all = sim_one_in(s, 2);
    s->silence_days -= days;
    s->leaps = 8;
    s->leap_us = days * DAY_US / 8;
    for (unsigned i = 0; i < sim_collectors(s); i++) {
        struct sim_node *n = sim_collector(s, i);
        if (n->desk.retired || (!all && sim_one_in(s, 2))) continue;
        hit(s, SIM_FAULT_SILENCE, n);
        sim_node_end(s, n, days * DAY_US);
    }
}

static void leap(struct sim *s)
{
    if (!s->leaps) return;
    s->leaps--;
    s->us += s->leap_us;
    s->busy_until += s->leap_us;
    if (s->leaps == 0) herd(s);         /* and then all come back at once, with something to say */
}

static void upgrade(struct sim *s, enum sim_fault f)
{
    struct sim_node *n = sim_version_change(s, f);
    if (n) hit(s, f, n);
}

/* ---- one of them ---- */

static void play(struct sim *s, enum sim_fault f)
{
    switch (f) {
    case SIM_FAULT_CUT:
    case SIM_FAULT_FORGET:
    case SIM_FAULT_ONE_WAY:
    case SIM_FAULT_PARTITION:
    case SIM_FAULT_CLOG:
        net_fault(s, f);
        break;
    case SIM_FAULT_BEFORE:
    case SIM_FAULT_DONE:
    case SIM_FAULT_LOST:
    case SIM_FAULT_AFTER:
    case SIM_FAULT_FULL:
        arm(s, f, any_node(s));
        break;
    case SIM_FAULT_CRASH:
    case SIM_FAULT_REBOOT:
    case SIM_FAULT_PAUSE:
    case SIM_FAULT_SLOW:
    case SIM_FAULT_SQUEEZE:
        process_fault(s, f);
        break;
    case SIM_FAULT_CLOCK_BACK: case SIM_FAULT_CLOCK_AHEAD: case SIM_FAULT_DRIFT: clock_fault(s, f); break;
    case SIM_FAULT_ROTATE: case SIM_FAULT_REVOKE: case SIM_FAULT_REINSTATE: case SIM_FAULT_MOVE: operate(s, f); break;
    case SIM_FAULT_ADD: add_office(s); break;
    case SIM_FAULT_UPGRADE: case SIM_FAULT_MAJOR: case SIM_FAULT_DOWNGRADE: upgrade(s, f); break;
    case SIM_FAULT_HERD: herd(s); break;
    case SIM_FAULT_SILENCE: silence(s); break;
    default: {
        struct sim_node *n = sim_disaster(s, f);
        if (n) hit(s, f, n);
    }
    }
}

/* What changes the world for good comes less often than what passes. */
static bool grave(enum sim_fault f)
{
    bool passes = f == SIM_FAULT_BACKUP || f == SIM_FAULT_MOVE || f == SIM_FAULT_DOWNGRADE || f == SIM_FAULT_UPGRADE;
    return f >= SIM_FAULT_STATE_LOST && f < SIM_FAULT_LAG && !passes;
}

void sim_fault(struct sim *s)
{
    sim_put(s, (struct sim_event){ .at = s->us + upto(s, s->o.calm_ms * INT64_C(2000)), .kind = SIM_EV_FAULT });
    leap(s);
    for (unsigned tries = 0; tries < 40; tries++) {
        enum sim_fault f = (enum sim_fault)sim_below(s, SIM_FAULT_COUNT);
        if (!s->o.on[f] || (grave(f) && !sim_one_in(s, 4))) continue;
        play(s, f);
        return;
    }
}

void sim_fault_lift(struct sim *s, unsigned node)
{
    store_mem_limit(s->node[node].store, 0);
    if (s->node[node].node.self) sim_node_wake(s, &s->node[node], s->us);
}

static void mend(struct sim *s, struct sim_node *n)
{
    n->wall_offset_ms = n->drift_ppm = 0;
    n->armed = SIM_ARMED_NONE;
    n->slow_until = n->paused_until = 0;
    n->down_until = s->us;
    store_mem_limit(n->store, 0);
    if (n->node.self) sim_node_wake(s, n, s->us);
    else sim_put(s, (struct sim_event){ .at = s->us, .kind = SIM_EV_START, .what = (uint16_t)n->number });
}

void sim_fault_end(struct sim *s)
{
    s->faults = false;
    s->leaps = 0;
    sim_trace(s, "no more faults");
    for (unsigned i = 0; i < s->conns; i++)
        for (unsigned way = 0; way < 2; way++) s->conn[i].block_until[way] = s->conn[i].clog_until[way] = 0;
    sim_version_end(s);
    sim_follow_end(s);
    sim_disaster_end(s);
    for (unsigned i = 0; i < s->nodes; i++) mend(s, &s->node[i]);
}
