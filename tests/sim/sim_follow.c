/* sim_follow.c - followers of the workers: a worker is lost and its follower promoted, the deposed one comes back. Kind: P.
 *
 * A follower keeps its leader's log a second time (worker/replica.h); with acks = 2 nothing is told as archived that it has not.
 * So a leader may be lost for good at any moment, but one: when its follower has less than what was told before it was set up anew,
 * which are two losses, nobody promotes it. What a deposed leader does is played in two ways: it is switched on again in its old
 * place, where collectors reach it for a while and the centre does not; or it is set up as the follower with its old log in place.
 *
 * Checked: every record of a follower is the one of the log that stands; a forked one takes nothing, loses nothing and stops;
 * a level-2 ACK names what a follower has had on its disk; a promoted log holds whatever was told so; and no office whose witness
 * has seen the log that stands gets one batch into that of a deposed leader.
 *
 * Invariant: copy->lsn is what the follower's store held when it was looked at last. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define LLU(x) ((unsigned long long)(x))
static const int64_t SECOND = 1000000;

/* ---- the role ---- */

static int make_follower(struct sim *s, struct sim_node *n)
{
    struct work_options o = { .identity = { .number = (uint8_t)(n->index + 1) }, .verifier = sim_key_verifier(s), .follow = true };
    uint8_t registry_key[PUBKEY_SIZE];
    struct work *w = NULL;
    o.identity.id[0] = 'w', o.identity.id[1] = (char)('1' + n->index);
    sim_key_public(s, REGISTRY_KEY_ID, 0, registry_key);
    memcpy(n->desk.issuer, registry_key, PUBKEY_SIZE);
    o.registry_key = n->desk.issuer;
    int st = work_new(&o, &w);
    if (st != ST_OK) return st;
    work_dialled(w, PEER_FIRST + n->index);
    n->node = work_node(w);
    return ST_OK;
}

static void unmake_follower(struct sim_node *n)
{
    struct work *w = n->node.self;
    work_free(&w);
}

const struct sim_role sim_role_follower = { "follower", 3, ledger_tables, make_follower, unmake_follower, NULL, sim_follow_audit,
                                            NULL };

/* ---- its auditor ---- */

static void take(struct sim *s, const struct sim_node *n, struct store_txn *t, uint64_t lsn)
{
    struct sim_copy *c = &s->copy[n->index];
    const struct sim_log *l = sim_log_of(s, n->index);
    struct slice bytes;
    uint8_t key[8];
    while (c->lsn < lsn && !s->why[0]) {
        bytes_be64(key, c->lsn + 1);
        bool has = c->lsn < l->lsn && store_get(t, LEDGER_LOG, slice_of(key, 8), &bytes) == ST_OK;
        const struct hash h = has ? sign_hash2(l->hash[c->lsn].b, HASH_SIZE, bytes.p, bytes.n) : (struct hash){ { 0 } };
        if (!has || !sign_hash_equal(&h, &l->hash[c->lsn + 1]))
            sim_wrong(s, "follower %u: lsn %llu is not that of its leader", n->index, LLU(c->lsn + 1));
        c->lsn++;
    }
    if (c->lsn > c->best) c->best = c->lsn;
}

static void look_stopped(struct sim *s, const struct sim_node *n)
{
    struct work_status w;
    if (!n->node.self || !s->copy[n->index].forked) return;
    work_status(n->node.self, &w);
    if (w.replica.state != REPLICA_STOPPED) return;
    s->cover.seen[SIM_SEEN_FORK_STOPS]++;
    if (w.replica.evidence == 0) sim_wrong(s, "follower %u stops and keeps no evidence", n->index);
}

void sim_follow_audit(struct sim *s, struct sim_node *n)
{
    struct sim_copy *c = &s->copy[n->index];
    struct store_txn *t = NULL;
    struct slice row;
    if (store_begin(n->store, false, &t) != ST_OK) return;
    bool any = store_get(t, LEDGER_META, sim_text("log"), &row) == ST_OK;
    uint64_t lsn = any ? bytes_rd64(row.p) : 0;
    if (lsn < c->lsn) sim_wrong(s, "follower %u went back from %llu to %llu", n->index, LLU(c->lsn), LLU(lsn));
    else if (c->forked && lsn != c->lsn) sim_wrong(s, "follower %u goes on from a log that forked", n->index);
    else take(s, n, t, lsn);
    if (!s->why[0] && !c->forked && any && memcmp(row.p + 8, sim_log_of(s, n->index)->hash[lsn].b, HASH_SIZE) != 0)
        sim_wrong(s, "follower %u: the log's hash is not its own", n->index);
    store_abort(&t);
    look_stopped(s, n);
}

/* What a worker says in its status. */
void sim_follow_believed(struct sim *s, const struct sim_node *n)
{
    const struct sim_copy *c = &s->copy[n->index];
    struct work_status w;
    if (sim_followers(s) == 0 || !n->node.self) return;
    work_status(n->node.self, &w);
    if (w.stored > (c->masked ? 0 : c->best))
        sim_wrong(s, "worker %u believes that its follower has %llu, and it has %llu", n->index, LLU(w.stored), LLU(c->best));
}

void sim_follow_archived(struct sim *s, unsigned worker, uint64_t lsn)
{
    struct sim_copy *c = &s->copy[worker];
    if (sim_followers(s) == 0) return;
    if (c->masked || lsn > c->best)
        sim_wrong(s, "lsn %llu is told as archived, and the follower %s%llu", LLU(lsn), c->masked ? "is not there, " : "has ",
                  LLU(c->best));
    s->cover.seen[SIM_SEEN_ARCHIVED]++;
    if (lsn > c->told) c->told = lsn;
}

/* ---- the leader is lost ---- */

struct sim_node *sim_follow_lag(struct sim *s)
{
    struct sim_node *f = sim_follower(s, (unsigned)sim_below(s, s->o.workers));
    const int64_t until = s->us + SECOND + (int64_t)sim_below(s, 60 * 1000000);
    for (unsigned i = 0; i < s->conns; i++)
        if (s->conn[i].client == f->number) s->conn[i].block_until[SIM_TO_WORKER] = s->conn[i].block_until[SIM_TO_CLIENT] = until;
    return f;
}

static void set_up_anew(struct sim *s, unsigned i)
{
    struct sim_node *f = sim_follower(s, i);
    sim_node_end(s, f, SECOND);
    store_mem_free(&f->store);
    int st = store_mem_new(f->role->tables, &f->store);
    ASSERT(st == ST_OK);
    s->copy[i].lsn = 0;
    s->copy[i].forked = false;
    sim_trace(s, "follower %u is set up anew", i);
}

/* What was told as archived stands in the log of the promoted one: in its last epoch, or in one that it closed. */
static void check_archived(struct sim *s, unsigned worker)
{
    for (size_t i = 0; i < s->stories; i++) {
        const struct sim_story *y = s->story[i];
        const struct sim_voice *v = &s->log[worker].voice[y->office];
        bool closed = false;
        if (s->office[y->office].worker != worker || y->archived == 0) continue;
        for (unsigned k = 0; k < v->closes; k++) closed |= v->closed[k] == y->epoch;
        if (!closed && (v->epoch != y->epoch || v->last < y->archived))
            sim_wrong(s, "%s: %llu were archived, and the promoted log has %llu", s->office[y->office].id, LLU(y->archived),
                      LLU(v->epoch == y->epoch ? v->last : 0));
    }
}

/* The deposed leader's log, as it is, becomes the follower's. */
static void become_follower(struct sim *s, unsigned i)
{
    struct sim_copy *c = &s->copy[i];
    const struct sim_log *l = &s->log[i];
    struct sim_node *f = sim_follower(s, i);
    sim_node_end(s, f, SECOND);
    store_mem_free(&f->store);
    f->store = c->gone;
    c->gone = NULL;
    c->lsn = c->gone_log.lsn;
    c->forked = c->lsn > l->lsn || (c->lsn > 0 && !sign_hash_equal(&c->gone_log.hash[c->lsn], &l->hash[c->lsn]));
    if (!c->forked && c->lsn > c->best) c->best = c->lsn;
    sim_audit_log_forget(&c->gone_log);
}

struct sim_node *sim_follow_promote(struct sim *s)
{
    unsigned i = (unsigned)sim_below(s, s->o.workers);
    struct sim_copy *c = &s->copy[i];
    struct sim_node *n = sim_worker(s, i), *f = sim_follower(s, i);
    if (c->forked || c->masked || c->lsn == 0 || c->lsn < c->told) return NULL;
    s->cover.seen[c->lsn < s->log[i].lsn ? SIM_SEEN_PROMOTED_BEHIND : SIM_SEEN_PROMOTED_LEVEL]++;
    sim_node_end(s, n, 2 * SECOND);
    sim_net_of(s, n->number, sim_net_moved);
    sim_node_end(s, f, 2 * SECOND);
    if (c->gone) store_mem_free(&c->gone);
    sim_audit_log_forget(&c->gone_log);
    c->gone = n->store;
    c->gone_log = s->log[i];
    s->log[i] = (struct sim_log){ 0 };
    n->store = f->store;
    f->store = NULL;
    store_mem_limit(n->store, 0);       /* who promotes it makes room */
    s->state_ahead |= s->applied[i] > c->lsn;
    s->restored = true;
    c->incarnation = rng_next(&s->rng) | 1;
    int st = sim_disaster_restore(s, n, c->incarnation);
    if (st != ST_OK) sim_wrong(s, "the follower cannot be promoted: %s", status_str(st));
    else sim_audit_worker(s, n);
    check_archived(s, i);
    set_up_anew(s, i);
    c->best = 0;
    if (sim_one_in(s, 3)) become_follower(s, i);        /* at once, as it is */
    return n;
}

/* ---- a deposed leader is switched on again ---- */

static bool knows(const struct sim_node *n, uint64_t incarnation)
{
    struct store_txn *t = NULL;
    struct slice v = slice_of("", 0);
    int st = store_begin(n->store, false, &t);
    if (st == ST_OK) st = store_get(t, OUTBOX_META, sim_text("restore"), &v);
    bool is = st == ST_OK && v.n >= 16 && bytes_rd64(v.p + 8) == incarnation;
    store_abort(&t);
    return is;
}

static void swap(struct sim *s, unsigned i)
{
    struct sim_copy *c = &s->copy[i];
    struct sim_node *n = sim_worker(s, i);
    struct sim_log log = s->log[i];
    sim_node_end(s, n, SECOND / 2);
    sim_net_of(s, n->number, sim_net_moved);
    struct store *store = n->store;
    n->store = c->gone;
    c->gone = store;
    s->log[i] = c->gone_log;
    c->gone_log = log;
    c->masked = !c->masked;
}

struct sim_node *sim_follow_depose(struct sim *s)
{
    unsigned i = (unsigned)sim_below(s, s->o.workers);
    struct sim_copy *c = &s->copy[i];
    if (!c->gone || c->masked) return NULL;
    c->took = 0;
    for (unsigned k = 0; k < sim_collectors(s); k++)
        if (knows(sim_collector(s, k), c->incarnation)) c->took |= 1u << k;
    swap(s, i);
    sim_put(s, (struct sim_event){ .at = s->us + SECOND + (int64_t)sim_below(s, 30 * 1000000), .kind = SIM_EV_RETURN,
                                   .what = (uint16_t)i });
    return sim_worker(s, i);
}

void sim_follow_return(struct sim *s, unsigned worker)
{
    struct sim_copy *c = &s->copy[worker];
    if (!c->masked) return;
    swap(s, worker);
    sim_trace(s, "the deposed worker %u is off again", worker);
}

struct sim_node *sim_follow_rejoin(struct sim *s)
{
    unsigned i = (unsigned)sim_below(s, s->o.workers);
    if (!s->copy[i].gone || s->copy[i].masked) return NULL;
    become_follower(s, i);
    return sim_follower(s, i);
}

void sim_follow_people(struct sim *s)
{
    for (unsigned i = 0; i < sim_followers(s); i++) {
        struct sim_node *f = sim_follower(s, i);
        struct work_status w;
        if (!f->node.self) continue;
        work_status(f->node.self, &w);
        if (w.replica.state == REPLICA_STOPPED) set_up_anew(s, i);
    }
}

/* ---- settled ---- */

static bool same_rows(struct store_txn *a, struct store_txn *b, unsigned table)
{
    struct store_cursor *c[2] = { NULL, NULL };
    struct slice k[2], v[2];
    int st[2] = { store_cursor(a, table, &c[0]), store_cursor(b, table, &c[1]) };
    for (int i = 0; i < 2; i++) st[i] = st[i] == ST_OK ? store_seek(c[i], slice_of("", 0), &k[i], &v[i]) : st[i];
    while (st[0] == ST_OK && st[1] == ST_OK && k[0].n == k[1].n && v[0].n == v[1].n && !memcmp(k[0].p, k[1].p, k[0].n) &&
           (v[0].n == 0 || !memcmp(v[0].p, v[1].p, v[0].n)))
        for (int i = 0; i < 2; i++) st[i] = store_next(c[i], &k[i], &v[i]);
    for (int i = 0; i < 2; i++) store_cursor_close(&c[i]);
    return st[0] == ST_NOT_FOUND && st[1] == ST_NOT_FOUND;
}

/* What a follower makes of the records is what its leader made. */
static void compare_rows(struct sim *s, unsigned i)
{
    static const unsigned tables[] = { LEDGER_LOG, LEDGER_BY_OFFICE, LEDGER_TIME, LEDGER_TREE };
    struct store_txn *t[2] = { NULL, NULL };
    int st = store_begin(sim_worker(s, i)->store, false, &t[0]);
    if (st == ST_OK) st = store_begin(sim_follower(s, i)->store, false, &t[1]);
    ASSERT(st == ST_OK);
    for (size_t k = 0; k < sizeof tables / sizeof *tables; k++)
        if (!same_rows(t[0], t[1], tables[k])) sim_wrong(s, "follower %u: its table %s is another", i, ledger_tables[tables[k]]);
    for (int k = 0; k < 2; k++) store_abort(&t[k]);
}

bool sim_follow_settled(struct sim *s, const char **why)
{
    *why = "a follower is behind";
    for (unsigned i = 0; i < sim_followers(s); i++)
        if (!sim_follower(s, i)->node.self || s->copy[i].forked || s->copy[i].lsn != s->log[i].lsn) return false;
    for (unsigned i = 0; i < sim_followers(s); i++) compare_rows(s, i);
    return true;
}

/* A level-2 ACK is said once in a session, and the real transport loses nothing within one; here sessions have to begin anew. So
 * they do with leaders that start again and remember nothing of what their followers said. */
void sim_follow_end(struct sim *s)
{
    for (unsigned i = 0; i < sim_followers(s); i++) sim_follow_return(s, i);
    for (unsigned i = 0; i < sim_followers(s); i++) sim_node_end(s, sim_worker(s, i), SECOND);
}

void sim_follow_free(struct sim *s)
{
    for (unsigned i = 0; i < SIM_WORKERS; i++) {
        if (s->copy[i].gone) store_mem_free(&s->copy[i].gone);
        sim_audit_log_forget(&s->copy[i].gone_log);
    }
}
