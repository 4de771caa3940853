/* sim_audit_end.c - the auditor at collectors and the aggregator, and when all is settled. Kind: P.
 *
 * A collector: what its outbox counts as acknowledged stands in the log; what it numbers is what was stated; nothing goes back but
 * by a restore record; credit is kept; its witness finds no fault in an honest worker. The aggregator: `applied` names a position
 * of the very log that was read, and never goes back. At random moments and at the end its whole state is computed again from all
 * records, the naive way, and compared byte by byte (P4, P13).
 *
 * Settled: every file imported, every statement acknowledged and in the log, every receipt there, the aggregator at the end of
 * every log. An office that is revoked at the end is owed nothing but what was acknowledged before.
 *
 * Invariant: nothing is asked of a node that its edge could not ask. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define LLU(x) ((unsigned long long)(x))

/* ---- collectors ---- */

static bool accuses(unsigned code) { return code == CODE_CONFLICT || code == CODE_STALE || code == CODE_DIFFERENT_HISTORY; }

static bool stream_of(struct sim *s, const struct sim_seat *t, struct store_txn *x, struct outbox_stream *ret, uint32_t *ret_number)
{
    return unit_dict_get(x, OUTBOX_DICT_TEXT, sim_text(s->office[t->office].id), ret_number) == ST_OK &&
           outbox_stream_get(x, *ret_number, ret) == ST_OK;
}

static void check_seat(struct sim *s, const struct sim_node *n, struct sim_seat *t, struct store_txn *x)
{
    const struct sim_voice *v = &s->log[s->office[t->office].worker].voice[t->office];
    struct outbox_stream o;
    uint32_t number;
    if (!stream_of(s, t, x, &o, &number)) return;
    const char *id = s->office[t->office].id;
    if (o.last < t->last || (o.acked < t->acked && !s->restored)) sim_wrong(s, "%s: the outbox goes back", id);
    sim_story_apply(t, t->files, o.last);
    if (o.last > t->story->rows) sim_wrong(s, "%s: the outbox has %llu updates of %zu", id, LLU(o.last), t->story->rows);
    if (o.acked > 0 && v->epoch == t->story->epoch && o.acked > v->last && !s->restored)
        sim_wrong(s, "%s: %llu are acknowledged and %llu in the log", id, LLU(o.acked), LLU(v->last));
    /* an OPEN_OK that a later ACK has overtaken looks like a log that went back: it costs half a minute */
    bool overtaken = o.state == CODE_DIFFERENT_HISTORY && s->o.jitter_us;
    if (accuses(o.state) && !overtaken && !n->desk.doubtful && !s->restored)
        sim_wrong(s, "%s: its collector says %s", id, status_code_spelling(o.state));
    t->last = o.last;
    t->acked = o.acked;
}

void sim_audit_collector(struct sim *s, struct sim_node *n)
{
    struct store_txn *x = NULL;
    struct uplink_status u;
    if (!n->node.self || store_begin(n->store, false, &x) != ST_OK) return;
    for (unsigned i = 0; i < n->desk.seats; i++) check_seat(s, n, &n->desk.seat[i], x);
    store_abort(&x);
    collect_status(n->node.self, &u);
    const struct sim_copy *copy = &s->copy[n->index % s->o.workers];
    if (copy->masked && copy->took >> n->index & 1 && u.session != UPLINK_DOWN && !u.witness.trusted)
        s->cover.seen[SIM_SEEN_DEPOSED_REFUSED]++;
    if (u.in_flight_batches > CREDIT_BATCHES || u.in_flight_bytes > CREDIT_BYTES + BATCH_BYTES_MAX + 1024)
        sim_wrong(s, "collector %u is over its credit", n->index);
    if (u.witness.fault != WITNESS_FINE && !n->desk.doubtful && !s->restored)
        sim_wrong(s, "the witness of collector %u says %s", n->index, witness_fault_name(u.witness.fault));
}

bool sim_audit_accused(struct sim *s, struct sim_node *n)
{
    struct store_txn *x = NULL;
    struct outbox_stream o;
    uint32_t number;
    bool accused = false;
    if (store_begin(n->store, false, &x) != ST_OK) return false;
    for (unsigned i = 0; i < n->desk.seats; i++)
        accused |= stream_of(s, &n->desk.seat[i], x, &o, &number) && accuses(o.state);
    store_abort(&x);
    return accused;
}

/* ---- the aggregator ---- */

void sim_audit_aggregator(struct sim *s, struct sim_node *n)
{
    struct store_txn *t = NULL;
    if (store_begin(n->store, false, &t) != ST_OK) return;
    for (unsigned i = 0; i < s->o.workers && !s->state_ahead; i++) {
        uint64_t lsn = 0;
        struct hash hash;
        int st = fold_applied(t, i + 1, &lsn, &hash);
        if (st != ST_OK) sim_wrong(s, "applied of worker %u: %s", i, status_str(st));
        if (lsn < s->applied[i]) sim_wrong(s, "applied of worker %u goes back from %llu to %llu", i, LLU(s->applied[i]), LLU(lsn));
        if (lsn > 0 && (lsn > sim_log_of(s, i)->lsn || !sign_hash_equal(&hash, &sim_log_of(s, i)->hash[lsn])))
            sim_wrong(s, "applied of worker %u is %llu, which is not its log", i, LLU(lsn));
        s->applied[i] = lsn;
    }
    store_abort(&t);
}

static void gather(struct sim *s, unsigned worker, struct store_txn *t, struct naive_log *ret)
{
    struct slice *v = calloc(s->applied[worker] + 1, sizeof *v);
    uint8_t key[8];
    ASSERT(v != NULL);
    for (uint64_t i = 0; i < s->applied[worker]; i++) {
        bytes_be64(key, i + 1);
        int st = store_get(t, LEDGER_LOG, slice_of(key, 8), &v[i]);
        ASSERT(st == ST_OK);
    }
    *ret = (struct naive_log){ worker + 1, v, s->applied[worker] };
}

static void compare(struct sim *s, struct slice got, struct slice expected)
{
    struct buf why;
    buf_init(&why, 1 << 16);
    if (!naive_compare(got, expected, &why))
        sim_wrong(s, "the aggregator's state is not what the logs say: %.*s", (int)(why.n < 380 ? why.n : 380),
                  (const char *)why.p);
    buf_done(&why);
}

void sim_audit_fold(struct sim *s)
{
    struct store_txn *t[SIM_WORKERS] = { NULL }, *state = NULL;
    struct naive_log log[SIM_WORKERS];
    struct buf got, expected;
    uint64_t any = 0;
    for (unsigned i = 0; i < s->o.workers; i++) any += s->applied[i];
    if (any == 0 || s->state_ahead || s->why[0]) return;
    s->n.probes++;
    buf_init(&got, UINT32_MAX);
    buf_init(&expected, UINT32_MAX);
    for (unsigned i = 0; i < s->o.workers; i++) {
        int st = store_begin(s->copy[i].masked ? s->copy[i].gone : sim_worker(s, i)->store, false, &t[i]);
        ASSERT(st == ST_OK);
        gather(s, i, t[i], &log[i]);
    }
    naive_state(log, s->o.workers, &expected);
    int st = store_begin(sim_aggregator(s)->store, false, &state);
    if (st == ST_OK) st = export_state(state, &got);
    if (st != ST_OK) sim_wrong(s, "the state cannot be exported: %s", status_str(st));
    else compare(s, buf_slice(&got), buf_slice(&expected));
    if (!s->why[0] && (!s->faults || s->seed % 4 == 0)) sim_ask(s, state, log);         /* they cost more than the run */
    store_abort(&state);
    for (unsigned i = 0; i < s->o.workers; i++) {
        store_abort(&t[i]);
        free((void *)(uintptr_t)log[i].record);
    }
    buf_done(&got);
    buf_done(&expected);
}

/* ---- settled ---- */

static bool receipt_owed(struct store_txn *x, uint32_t number)
{
    struct outbox_due d;
    return outbox_due_next(x, number, 0, &d) == ST_OK;
}

/* Is everything of that office where it belongs? why: what is missing, for people. */
static bool seat_settled(struct sim *s, const struct sim_node *n, const struct sim_seat *t, struct store_txn *x, const char **why)
{
    const struct sim_voice *v = &s->log[s->office[t->office].worker].voice[t->office];
    struct outbox_stream o;
    uint32_t number;
    if (!s->office[t->office].entered || s->office[t->office].revoked) return true;
    *why = "files are in the tray";
    if (t->gone < t->files) return false;
    *why = "the outbox does not know it";
    if (!stream_of(s, t, x, &o, &number)) return false;
    *why = "something waits for an acknowledgement";
    if (o.acked != o.last || o.last != t->story->rows) return false;
    *why = "the log does not have it all";
    if (o.last > 0 && (v->epoch != t->story->epoch || v->last != o.last)) return false;
    *why = "the collector complains";
    if (o.state != CODE_OK && o.last > 0) return false;
    *why = "not all is told as archived";
    if (sim_followers(s) > 0 && o.archived != o.last) return false;
    *why = "a receipt is owed";
    /* a note of a refusal may be left out of a full store, and a restored log says it again */
    bool exact = !n->desk.doubtful && !s->restored && !s->o.on[SIM_FAULT_SQUEEZE];
    if (exact && o.refused != v->refused)
        sim_wrong(s, "%s: %llu of %llu refusals arrived", s->office[t->office].id, LLU(o.refused), LLU(v->refused));
    return !receipt_owed(x, number) || n->desk.doubtful || s->restored;
}

static bool collector_settled(struct sim *s, const struct sim_node *n, const char **why, unsigned *ret_office)
{
    struct store_txn *x = NULL;
    bool ok = n->node.self && store_begin(n->store, false, &x) == ST_OK;
    if (n->desk.retired) return true;
    *why = "it is not running";
    for (unsigned i = 0; ok && i < n->desk.seats; i++) {
        *ret_office = n->desk.seat[i].office;
        ok = seat_settled(s, n, &n->desk.seat[i], x, why);
    }
    store_abort(&x);
    return ok;
}

static bool settled(struct sim *s, const char **why, unsigned *ret_office)
{
    for (unsigned i = 0; i < sim_collectors(s); i++)
        if (!collector_settled(s, sim_collector(s, i), why, ret_office)) return false;
    *why = "who was invited is not in the register";
    if (!sim_join_settled(s, ret_office)) return false;
    *why = "a cut is not in every log";
    if (!sim_cut_settled(s)) return false;
    *why = "the aggregator is behind";
    for (unsigned i = 0; i < s->o.workers; i++)
        if (s->applied[i] != s->log[i].lsn) return false;
    return sim_follow_settled(s, why);
}

bool sim_audit_settled(struct sim *s)
{
    const char *why;
    unsigned office = 0;
    return settled(s, &why, &office);
}

/* What was acknowledged and has a copy left somewhere is in the log (P1, P14). */
static void check_acked(struct sim *s)
{
    for (size_t i = 0; i < s->stories; i++) {
        const struct sim_story *y = s->story[i];
        const struct sim_voice *v = &s->log[s->office[y->office].worker].voice[y->office];
        if (y->epoch == v->epoch && y->acked > v->last)
            sim_wrong(s, "%s: %llu were acknowledged and %llu are in the log", s->office[y->office].id, LLU(y->acked),
                      LLU(v->last));
    }
}

void sim_audit_end(struct sim *s)
{
    const char *why = "";
    unsigned office = 0;
    if (s->why[0]) return;
    if (!settled(s, &why, &office)) {
        sim_wrong(s, "it does not settle in %d s without faults: %s (%s)", SIM_SETTLE_S, why, s->office[office].id);
        s->stuck = true;
        return;
    }
    check_acked(s);
    sim_audit_fold(s);
}
