/* sim_role.c - what makes a node a collector, a worker, or the aggregator: its start, what its edge feeds it, its auditor. Kind: P.
 *
 * A collector's edge is the desk: it offers the files of the tray, oldest first, again after a while when the node has no key or no
 * room for them. A worker's edge reads the register at its start and whenever it changes (sim_operator.c). The aggregator's edge
 * dials every worker.
 *
 * Invariant: a tray file is gone only after the node said so. */
#include <stdio.h>
#include <string.h>

#include "tests/sim/sim.h"

enum { FILES_PER_STEP = 4 };
static const int64_t OFFER_US = 200000, OFFER_WAIT_US = 1000000;

/* ---- collector ---- */

static struct collect *collect_of(const struct sim_node *n) { return n->node.self; }

/* A collector has one connection. */
static unsigned worker_of(const struct sim *s, const struct sim_node *n)
{
    unsigned i = 0;
    while (i + 1 < s->conns && s->conn[i].client != n->number) i++;
    return s->node[s->conn[i].worker].index;
}

static int set_offices(struct sim *s, struct sim_node *n, struct collect *c)
{
    struct slice ids[SIM_SEATS];
    size_t k = 0;
    for (unsigned i = 0; i < n->desk.seats; i++)
        if (n->desk.seat[i].has_key) ids[k++] = sim_text(s->office[n->desk.seat[i].office].id);
    return collect_set_offices(c, ids, k);
}

static void witness_options(struct sim *s, unsigned worker, struct witness_options *ret)
{
    char name[16];
    *ret = (struct witness_options){ .on = true, .restores = s->o.keeps, .verifier = sim_key_verifier(s) };
    snprintf(name, sizeof name, "log-w%u", worker + 1);
    sim_key_public(s, name, 0, ret->key);
    sim_key_public(s, REGISTRY_KEY_ID, 0, ret->registry_key);
}

static int make_collector(struct sim *s, struct sim_node *n)
{
    unsigned worker = worker_of(s, n);
    struct collect_options o = { .fresh = n->desk.identity, .node_name = "sim", .signer = &n->desk.signer };
    struct collect *c = NULL;
    n->desk.signer = sim_key_signer_of(n);
    n->desk.offer_at = s->us;
    sim_desk_look(n);
    witness_options(s, worker, &o.witness);
    if (s->o.keeps) o.keep = (struct outbox_keep){ UINT64_MAX, INT64_MAX };
    int st = collect_new(&o, &c);
    if (st == ST_OK) st = set_offices(s, n, c);
    if (st != ST_OK) return st;
    collect_dialled(c, PEER_FIRST + worker);
    n->node = collect_node(c);
    return ST_OK;
}

static void unmake_collector(struct sim_node *n)
{
    struct collect *c = collect_of(n);
    collect_free(&c);
}

void sim_desk_look(struct sim_node *n)
{
    for (unsigned i = 0; i < n->desk.seats; i++)
        for (size_t k = n->desk.seat[i].gone; k < n->desk.seat[i].files; k++) n->desk.seat[i].file[k]->held = false;
}

/* The oldest file of the tray after number `after`; NULL. */
static struct sim_file *next_file(struct sim_node *n, uint64_t after)
{
    struct sim_file *best = NULL;
    for (unsigned i = 0; i < n->desk.seats; i++) {
        const struct sim_seat *t = &n->desk.seat[i];
        for (size_t k = t->gone; k < t->files; k++) {
            struct sim_file *f = t->file[k];
            if (f->gone || f->held || f->number <= after) continue;
            if (!best || f->number < best->number) best = f;
            break;
        }
    }
    return best;
}

static void offer(struct sim *s, struct sim_node *n, int *st)
{
    const struct sim_file *f = NULL;
    uint64_t after = 0;
    if (n->desk.offer_at > s->us) return;
    for (unsigned i = 0; i < FILES_PER_STEP && *st == ST_OK && !collect_full(collect_of(n)); i++) {
        f = next_file(n, after);
        if (!f) break;
        after = f->number;
        const struct message m = { .what = MESSAGE_DATA, .peer = PEER_TRAY, .bytes = buf_slice(&f->bytes) };
        *st = n->node.ops->on_message(n->node.self, n->t, sim_now(s, n), &m, &n->x);
    }
    n->desk.offer_at = next_file(n, 0) ? s->us + OFFER_US : INT64_MAX;
}

static struct sim_seat *seat_of_file(struct sim_node *n, struct slice id, size_t *ret)
{
    for (unsigned i = 0; i < n->desk.seats; i++) {
        struct sim_seat *t = &n->desk.seat[i];
        for (size_t k = t->gone; k < t->files; k++)
            if (strlen(t->file[k]->id) == id.n && !memcmp(t->file[k]->id, id.p, id.n)) {
                *ret = k;
                return t;
            }
    }
    return NULL;
}

static void verdict(struct sim *s, struct sim_node *n, struct slice b)
{
    size_t k = 0;
    struct sim_seat *t = seat_of_file(n, slice_of(b.p + 1, b.n - 1), &k);
    if (b.p[0] == COLLECT_DAMAGED) sim_wrong(s, "a whole tray file is taken for damaged");
    if (b.p[0] == COLLECT_WAIT || b.p[0] == COLLECT_FULL) n->desk.offer_at = s->us + OFFER_WAIT_US;
    if (b.p[0] == COLLECT_WAIT && t) t->file[k]->held = true;
    if (b.p[0] != COLLECT_IMPORTED || !t) return;
    t->file[k]->gone = true;
    sim_story_apply(t, k + 1, SIZE_MAX);
    while (t->gone < t->files && t->file[t->gone]->gone) t->gone++;
}

const struct sim_role sim_role_collector = { "collector", 0, outbox_tables, make_collector, unmake_collector, offer,
                                             sim_audit_collector, verdict };

/* ---- worker ---- */

static void follower_options(struct sim *s, unsigned worker, struct work_options *ret)
{
    ret->acks = 2;
    ret->follower_keys = 2;
    ret->replica_keys = 1;
    sim_key_transport(sim_follower(s, worker), ret->follower_key[1]);
    memcpy(ret->replica_key[0], ret->follower_key[1], PUBKEY_SIZE);
}

static int make_worker(struct sim *s, struct sim_node *n)
{
    struct work_options o = { .identity = { .number = (uint8_t)(n->index + 1) }, .verifier = sim_key_verifier(s),
                              .signer = &n->desk.signer, .follower_keys = 1 };
    struct work *w = NULL;
    snprintf(o.identity.id, sizeof o.identity.id, "w%u", n->index + 1);
    bytes_be64(o.identity.incarnation, rng_next(&s->rng) >> 1 | 1);
    n->desk.signer = sim_key_signer_of(n);
    sim_key_transport(sim_aggregator(s), o.follower_key[0]);
    if (sim_followers(s) > 0) follower_options(s, n->index, &o);
    int st = work_new(&o, &w);
    if (st != ST_OK) return st;
    s->registry_seen[n->index] = s->registries.n;
    work_set_registry(w, sim_registry_of(s, n->index));
    s->invites.seen[n->index] = s->invites.n;
    work_set_invites(w, sim_join_list(s, n->index));
    n->node = work_node(w);
    return ST_OK;
}

static void unmake_worker(struct sim_node *n)
{
    struct work *w = n->node.self;
    work_free(&w);
}

const struct sim_role sim_role_worker = { "worker", 1, ledger_tables, make_worker, unmake_worker, NULL, sim_audit_worker, NULL };

/* ---- aggregator ---- */

static int make_aggregator(struct sim *s, struct sim_node *n)
{
    struct aggregate *a = NULL;
    int st = aggregate_new(&a);
    for (unsigned i = 0; st == ST_OK && i < s->o.workers; i++) st = aggregate_follow(a, i + 1, PEER_FIRST + i);
    if (st == ST_OK) n->node = aggregate_node(a);
    return st;
}

static void unmake_aggregator(struct sim_node *n)
{
    struct aggregate *a = n->node.self;
    aggregate_free(&a);
}

const struct sim_role sim_role_aggregator = { "aggregator", 2, fold_tables, make_aggregator, unmake_aggregator, NULL,
                                              sim_audit_aggregator, NULL };
