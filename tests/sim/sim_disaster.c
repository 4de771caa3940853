/* sim_disaster.c - stores that are lost, copied, put back or restored, and what people do about it. Kind: P.
 *
 * A copy has all committed rows (copy.h). A worker is restored from its last backup with the record that the register's key signs,
 * as `rekap restore` does; a state of the aggregator that is ahead of a restored log is deleted, as docs/STORAGE.md says. A copied
 * or rolled back outbox signs other batches under numbers that are taken: the worker refuses them, its collector says so, and
 * people begin a new outbox, with a new epoch.
 *
 * Invariant: a story follows its store: it is copied and put back with it. */
#include <string.h>

#include "tests/sim/copy.h"
#include "tests/sim/sim.h"

static void new_store(struct sim_node *n)
{
    store_mem_free(&n->store);
    int st = store_mem_new(n->role->tables, &n->store);
    ASSERT(st == ST_OK);
}

/* ---- outboxes ---- */

/* The model has what the store has. */
static void catch_up(struct sim *s, struct sim_node *n)
{
    struct store_txn *t = NULL;
    struct outbox_stream o;
    uint32_t number;
    int st = store_begin(n->store, false, &t);
    ASSERT(st == ST_OK);
    for (unsigned i = 0; i < n->desk.seats; i++) {
        struct sim_seat *seat = &n->desk.seat[i];
        if (unit_dict_get(t, OUTBOX_DICT_TEXT, sim_text(s->office[seat->office].id), &number) == ST_OK &&
            outbox_stream_get(t, number, &o) == ST_OK)
            sim_story_apply(seat, seat->files, o.last);
    }
    store_abort(&t);
}

static void forget_copy(struct sim_node *n)
{
    if (n->desk.copy) store_mem_free(&n->desk.copy);
    memset(n->desk.then, 0, sizeof n->desk.then);
}

static void fresh_identity(struct sim *s, struct sim_node *n)
{
    n->desk.identity.epoch = rng_next(&s->rng) >> 1 | 1;
    bytes_be64(n->desk.identity.installation, rng_next(&s->rng));
}

void sim_disaster_reset(struct sim *s, struct sim_node *n)
{
    sim_trace(s, "collector %u begins a new outbox", n->index);
    sim_node_end(s, n, 1000000);
    catch_up(s, n);
    forget_copy(n);
    new_store(n);
    fresh_identity(s, n);
    n->desk.doubtful = true;
    for (unsigned i = 0; i < n->desk.seats; i++) {
        struct sim_seat *t = &n->desk.seat[i];
        t->story = sim_story_new(s, t, n->desk.identity.epoch);
        t->last = t->acked = 0;
    }
}

static void take_copy(struct sim *s, struct sim_node *n)
{
    catch_up(s, n);
    n->desk.copy = copy_store(n->role->tables, n->store);
    for (unsigned i = 0; i < n->desk.seats; i++) n->desk.then[i] = sim_story_copy(s, n->desk.seat[i].story);
}

static void put_back(struct sim *s, struct sim_node *n)
{
    sim_node_end(s, n, 1000000);
    catch_up(s, n);
    store_mem_free(&n->store);
    n->store = n->desk.copy;
    n->desk.copy = NULL;
    n->desk.doubtful = true;
    for (unsigned i = 0; i < n->desk.seats; i++) {
        struct sim_seat *t = &n->desk.seat[i];
        t->story = n->desk.then[i];
        if (t->story->applied < t->gone) t->story->applied = t->gone;   /* those files are in no tray any more */
        t->last = t->acked = 0;
    }
}

static struct sim_node *any_collector(struct sim *s)
{
    struct sim_node *n = sim_collector(s, (unsigned)sim_below(s, sim_collectors(s)));
    return n->desk.retired || n->number >= 1 + s->o.workers + s->o.collectors ? NULL : n;
}

static struct sim_node *clone(struct sim *s)
{
    struct sim_node *n = any_collector(s);
    if (!n || s->nodes > 1 + s->o.workers + s->o.collectors) return NULL;
    struct sim_node *c = &s->node[s->nodes];
    catch_up(s, n);
    *c = (struct sim_node){ .world = s, .role = n->role, .number = s->nodes++, .index = s->o.collectors,
                            .store = copy_store(n->role->tables, n->store) };
    int st = effects_init(&c->x, n->x.bytes.max);
    ASSERT(st == ST_OK);
    c->desk = (struct sim_desk){ .identity = n->desk.identity, .transport = n->desk.transport, .seats = n->desk.seats,
                                 .doubtful = true };
    for (unsigned i = 0; i < n->desk.seats; i++) {
        const struct sim_seat *t = &n->desk.seat[i];
        c->desk.seat[i] = (struct sim_seat){ .office = t->office, .key = t->key, .has_key = t->has_key,
                                             .story = sim_story_copy(s, t->story) };
        c->desk.seat[i].story->applied = 0;     /* of files of its own */
    }
    n->desk.doubtful = true;
    for (unsigned i = 0; i < s->conns; i++)
        if (s->conn[i].client == n->number) {
            sim_net_connect(s, c->number, s->conn[i].worker);
            break;
        }
    sim_node_start(s, c);
    return n;
}

static struct sim_node *outbox(struct sim *s, enum sim_fault f)
{
    struct sim_node *n = any_collector(s);
    if (!n) return NULL;
    if (f == SIM_FAULT_OUTBOX_LOST) sim_disaster_reset(s, n);
    else if (n->desk.copy) put_back(s, n);
    else {
        take_copy(s, n);
        return NULL;
    }
    return n;
}

/* ---- the aggregator's state ---- */

static struct sim_node *state_lost(struct sim *s)
{
    struct sim_node *n = sim_aggregator(s);
    sim_node_end(s, n, 500000);
    new_store(n);
    memset(s->applied, 0, sizeof s->applied);
    s->state_ahead = false;
    return n;
}

/* ---- workers ---- */

static int mark_archived(struct sim *s, struct sim_node *n)
{
    struct store_txn *t = NULL;
    const struct sim_log *l = &s->log[n->index];
    int st = store_begin(n->store, true, &t);
    if (st == ST_OK) st = work_archive(n->node.self, t, l->lsn, &l->hash[l->lsn]);
    if (st == ST_OK) st = store_commit(&t);
    store_abort(&t);
    return st;
}

static struct sim_node *back_up(struct sim *s, enum sim_fault f)
{
    struct sim_node *n = sim_worker(s, (unsigned)sim_below(s, s->o.workers));
    struct sim_backup *b = &s->backup[n->index];
    if (b->store) store_mem_free(&b->store);
    *b = (struct sim_backup){ copy_store(n->role->tables, n->store), s->log[n->index].lsn };
    if (f != SIM_FAULT_ARCHIVE || !n->node.self || b->lsn == 0) return n;
    int st = mark_archived(s, n);
    if (st != ST_OK) sim_wrong(s, "the archived mark is refused: %s", status_str(st));
    return n;
}

static int sign_restore(void *ctx, struct slice note, uint8_t ret_sig[SIG_SIZE])
{
    return sim_key_sign(ctx, REGISTRY_KEY_ID, 0, note, ret_sig);
}

/* Restore records of one worker are younger and younger, or a witness refuses them: who makes one from a log that ends before the
 * last one, and whose time a wrong clock once carried far ahead, sets the clock beyond that one first. */
static struct wall operator_clock(const struct sim *s, unsigned worker)
{
    const int64_t now = SIM_START_MS * INT64_C(1000) + s->us / 1000, last = s->copy[worker].issued_ms;
    return (struct wall){ now > last ? now : last + 1 };
}

int sim_disaster_restore(struct sim *s, struct sim_node *n, uint64_t incarnation)
{
    struct ledger_identity id = { .number = (uint8_t)(n->index + 1) };
    struct ledger_issuer issuer = { .sign = sign_restore, .ctx = s };
    uint8_t fresh[INCARNATION_SIZE] = { 0 };
    struct store_txn *t = NULL;
    struct ledger l;
    id.id[0] = 'w', id.id[1] = (char)('1' + n->index);
    bytes_be64(fresh, incarnation);
    sim_key_public(s, REGISTRY_KEY_ID, 0, issuer.key);
    int st = ledger_init(&l, &id, NULL);
    if (st == ST_OK) st = store_begin(n->store, true, &t);
    if (st == ST_OK) st = ledger_recover(&l, t);
    if (st == ST_OK) st = ledger_restore(&l, t, operator_clock(s, n->index), fresh, &issuer);
    if (st == ST_OK) s->copy[n->index].issued_ms = l.commit_ms;
    if (st == ST_OK) st = store_commit(&t);
    store_abort(&t);
    ledger_done(&l);
    return st;
}

static struct sim_node *restore(struct sim *s)
{
    struct sim_node *n = sim_worker(s, (unsigned)sim_below(s, s->o.workers));
    struct sim_backup *b = &s->backup[n->index];
    if (!b->store) return NULL;
    sim_node_end(s, n, 2000000);
    store_mem_free(&n->store);
    n->store = b->store;
    s->state_ahead |= s->applied[n->index] > b->lsn;
    *b = (struct sim_backup){ 0 };
    s->restored = true;
    sim_audit_log_forget(&s->log[n->index]);
    int st = sim_disaster_restore(s, n, rng_next(&s->rng) | 1);
    if (st != ST_OK) sim_wrong(s, "the backup cannot be restored: %s", status_str(st));
    else sim_audit_worker(s, n);
    return n;
}

struct sim_node *sim_disaster(struct sim *s, enum sim_fault f)
{
    if (s->state_ahead) (void)state_lost(s);    /* it was told RIWAYAT_BEDA since; people delete it */
    switch (f) {
    case SIM_FAULT_STATE_LOST: return state_lost(s);
    case SIM_FAULT_CLONE: return clone(s);
    case SIM_FAULT_ROLLBACK: case SIM_FAULT_OUTBOX_LOST: return outbox(s, f);
    case SIM_FAULT_BACKUP: case SIM_FAULT_ARCHIVE: return back_up(s, f);
    case SIM_FAULT_RESTORE: return restore(s);
    case SIM_FAULT_LAG: return sim_follow_lag(s);
    case SIM_FAULT_PROMOTE: return sim_follow_promote(s);
    case SIM_FAULT_DEPOSED: return sim_follow_depose(s);
    case SIM_FAULT_REJOIN: return sim_follow_rejoin(s);
    default: return NULL;
    }
}

void sim_disaster_end(struct sim *s)
{
    if (s->state_ahead) (void)state_lost(s);
    for (unsigned i = s->o.collectors; i < sim_collectors(s); i++) {
        sim_collector(s, i)->desk.retired = true;
        sim_node_end(s, sim_collector(s, i), 0);
    }
}

void sim_backup_free(struct sim *s)
{
    for (unsigned i = 0; i < SIM_WORKERS; i++)
        if (s->backup[i].store) store_mem_free(&s->backup[i].store);
    for (unsigned i = 0; i < s->nodes; i++) forget_copy(&s->node[i]);
}
