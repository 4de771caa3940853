/* work.c - see work.h. Kind: P.
 *
 * Design notes: a step begins at the first call after a flush or an abort; only then is the last step known to be committed, so the
 * feed's sends become final there. Order within the flush: ACKs, then the ledger's rows, then the feed, which only reads.
 *
 * The step after one that was lost to a full store writes nothing (sessions.full_step): it imports no registry entries and refuses
 * what would have to be stored, so that it can commit and tell the peers why. The step after it tries again.
 *
 * Invariant: outside a step, memory equals the store: ledger position, streams, and the position of every follower. */
#include "work.h"

#include <stdlib.h>
#include <string.h>

#include "authority.h"

enum { WORK_MAGIC = 0x574f524b };
struct work {
    uint32_t magic;
    struct work_options options;
    struct ledger ledger;
    struct feed feed;
    struct sessions sessions;
    struct replica replica;             /* on when options.follow */
    bool in_step;
    struct mono step_since;             /* of this step: its first message, who sent batches, and whether more than one did */
    peer_id step_peer;
    bool step_shared;
    bool sweep_due;                     /* register or invitations changed: some request may be decided */
    struct buf cut;                     /* the note of a cut that is to be logged; empty: none */
    bool cut_put;                       /* this step logs it */
};

int work_new(const struct work_options *o, struct work **ret)
{
    struct work *w = calloc(1, sizeof *w);
    int st;

    ASSERT(o->identity.number >= 1 && o->identity.id[0] != '\0' && o->follower_keys <= FOLLOWER_KEYS_MAX);
    if (w == NULL) return ST_NO_MEMORY;
    w->magic = WORK_MAGIC;
    w->options = *o;
    feed_init(&w->feed);
    buf_init(&w->cut, CUT_NOTE_MAX);
    w->sessions.ledger = &w->ledger;
    w->sessions.feed = &w->feed;
    w->sessions.verifier = o->verifier;
    w->sessions.follower_key = (const uint8_t (*)[PUBKEY_SIZE])w->options.follower_key;
    w->sessions.follower_keys = o->follower_keys;
    w->sessions.replica_key = (const uint8_t (*)[PUBKEY_SIZE])w->options.replica_key;
    w->sessions.replica_keys = o->replica_keys;
    w->sessions.await_replica = o->acks == 2;
    w->sessions.following = o->follow;
    w->replica.trust.verifier = o->verifier;
    w->replica.trust.registry_key = o->registry_key;
    st = session_init(&w->sessions);
    if (st == ST_OK) st = replica_init(&w->replica);
    if (st == ST_OK) st = ledger_init(&w->ledger, &o->identity, o->follow ? NULL : o->signer);
    if (st != ST_OK) {
        work_free(&w);
        return st;
    }
    *ret = w;
    return ST_OK;
}

void work_free(struct work **w)
{
    if (w == NULL || *w == NULL) return;
    session_done(&(*w)->sessions);
    feed_done(&(*w)->feed);
    replica_done(&(*w)->replica);
    ledger_done(&(*w)->ledger);
    buf_done(&(*w)->cut);
    free(*w);
    *w = NULL;
}

void work_set_registry(struct work *w, const struct registry *r)
{
    w->sessions.registry = r;
    w->sweep_due = true;
}

void work_set_invites(struct work *w, const struct invites *i)
{
    w->sessions.guests.invites = i;
    w->sweep_due = true;
}

const struct guest *work_guests(const struct work *w, uint32_t *ret_count, uint64_t *ret_changes)
{
    *ret_count = w->sessions.guests.count;
    *ret_changes = w->sessions.guests.changes;
    return w->sessions.guests.v;
}

int work_reject(struct work *w, struct store_txn *t, struct slice office)
{
    return guest_drop(&w->sessions.guests, t, office);
}

int work_archive(struct work *w, struct store_txn *t, uint64_t lsn, const struct hash *hash)
{
    return ledger_archive(&w->ledger, t, lsn, hash);
}

static unsigned judge_cut(const struct work *w, struct now now, struct slice note, const struct cut *c)
{
    if (w->options.follow) return CODE_FOLLOWER;
    return authority_cut(w->sessions.registry, note, c, now.wall, &w->sessions.verifier);
}

int work_cut(struct work *w, struct store_txn *t, struct now now, struct slice note, struct work_mark *ret, unsigned *ret_code)
{
    struct cut c;
    int st;

    *ret_code = CODE_BAD_FORMAT;
    if (cut_read(note, &c) != ST_OK) return ST_DENIED;
    *ret_code = CODE_OK;
    st = ledger_cut(t, &c, &ret->lsn);
    if (st == ST_OK) return ledger_hash_at(&w->ledger, t, ret->lsn, &ret->hash);
    if (st != ST_NOT_FOUND) return st;
    *ret_code = judge_cut(w, now, note, &c);
    if (*ret_code != CODE_OK) return ST_DENIED;
    buf_clear(&w->cut);
    buf_put(&w->cut, note.p, note.n);
    return buf_ok(&w->cut) ? ST_BUSY : ST_NO_MEMORY;
}

void work_dialled(struct work *w, peer_id leader)
{
    ASSERT(w->options.follow);
    w->replica.leader = leader;
    w->replica.s.on = true;
}

bool work_follows(const struct work *w)
{
    return w->options.follow;
}

struct slice work_register(const struct work *w, uint64_t *ret_version)
{
    *ret_version = w->replica.trust.chain.version;
    return buf_slice(&w->replica.trust.text);
}

static struct work *work_of(void *node)
{
    struct work *w = node;

    ASSERT(w != NULL && w->magic == WORK_MAGIC);
    return w;
}

static const struct work *work_of_const(const void *node)
{
    const struct work *w = node;

    ASSERT(w != NULL && w->magic == WORK_MAGIC);
    return w;
}

/* ---- the registry's way into the log ---- */

static bool import_due(const struct work *w)
{
    const struct registry *r = w->sessions.registry;

    return !w->options.follow && r != NULL && registry_version(r) > w->ledger.registry_version;
}

static int import(struct work *w, struct store_txn *t, struct now now)
{
    char line[1024];

    while (import_due(w)) {
        uint64_t version = w->ledger.registry_version + 1;
        int n = registry_line_format(registry_entry(w->sessions.registry, version), line, sizeof line);
        int st;

        ASSERT(n > 0 && (size_t)n < sizeof line);
        st = ledger_append_office(&w->ledger, t, now.wall, version, slice_of(line, (size_t)n));
        if (st != ST_OK) return st;
    }
    return ST_OK;
}

/* A cut waits until the log holds the register that it names. */
static bool cut_due(const struct work *w, struct cut *ret)
{
    return w->cut.n > 0 && !w->cut_put && cut_read(buf_slice(&w->cut), ret) == ST_OK &&
           ret->registry <= w->ledger.registry_version;
}

static int log_cut(struct work *w, struct store_txn *t, struct now now)
{
    struct cut c;
    uint64_t lsn;

    if (!cut_due(w, &c)) return ST_OK;
    int st = ledger_append_cut(&w->ledger, t, now.wall, &c, buf_slice(&w->cut), &lsn);
    w->cut_put = st == ST_OK;
    return st;
}

/* ---- node_ops ---- */

/* Before anything else in a step: the step before is committed, and registry entries precede what their offices say. */
static int begin(struct work *w, struct store_txn *t, struct now now)
{
    if (!w->in_step) {
        w->in_step = true;
        w->step_since = now.mono;
        w->step_peer = PEER_NONE;
        w->step_shared = false;
        w->sessions.step++;
        feed_committed(&w->feed);
        if (w->cut_put) buf_clear(&w->cut);
        w->cut_put = false;
    }
    if (w->sessions.step == w->sessions.full_step) return ST_OK;
    int st = import(w, t, now);
    if (st == ST_OK) st = log_cut(w, t, now);
    if (st == ST_OK && w->sweep_due) st = guest_sweep(&w->sessions.guests, t, w->sessions.registry);
    if (st == ST_OK) w->sweep_due = false;
    return st;
}

static int node_recover(void *node, struct store_txn *t, struct now now)
{
    struct work *w = work_of(node);
    int st = ledger_recover(&w->ledger, t);

    if (st == ST_OK && w->options.follow) st = replica_recover(&w->replica, &w->ledger, t, w->sessions.registry, now);
    else if (st == ST_OK && w->sessions.registry != NULL && registry_version(w->sessions.registry) < w->ledger.registry_version)
        return ST_VERSION;
    return st == ST_OK ? guest_load(&w->sessions.guests, t) : st;
}

/* Who brings batches to this step: the type is looked at before the frame is believed, so a lie costs its sender time. */
static void note_peer(struct work *w, const struct message *m)
{
    enum { TYPE_AT = 5 };               /* in a frame's header */

    if (m->what != MESSAGE_DATA || m->bytes.n < FRAME_HEADER_BYTES || m->bytes.p[TYPE_AT] != MSG_BATCH) return;
    if (w->step_peer == PEER_NONE) w->step_peer = m->peer;
    w->step_shared |= w->step_peer != m->peer;
}

static int node_message(void *node, struct store_txn *t, struct now now, const struct message *m, struct effects *x)
{
    struct work *w = work_of(node);
    const struct session_step s = { t, now, x };
    int st = begin(w, t, now);

    if (st != ST_OK) return st;
    note_peer(w, m);
    if (w->options.follow && m->peer == w->replica.leader) return replica_message(&w->replica, &w->ledger, t, now, m, x);
    return session_message(&w->sessions, &s, m);
}

static int node_tick(void *node, struct store_txn *t, struct now now, struct effects *x)
{
    struct work *w = work_of(node);
    const struct session_step s = { t, now, x };
    int st = begin(w, t, now);

    return st == ST_OK ? session_tick(&w->sessions, &s) : st;
}

/* Alone, a collector is answered when it has no more to send or the step is full: fewer commits. When several share a step, the
 * one with a single figure waits for all the others, so it ends soon. */
static bool node_enough(const void *node, struct now now)
{
    enum { SHARED_US_MAX = 4 * 1000 };
    const struct work *w = work_of_const(node);

    return w->in_step && w->step_shared && now.mono.us - w->step_since.us >= SHARED_US_MAX;
}

static int node_flush(void *node, struct store_txn *t, struct now now, struct effects *x)
{
    struct work *w = work_of(node);
    const struct session_step s = { t, now, x };
    int st = begin(w, t, now);

    if (st == ST_OK) st = session_acks(&w->sessions, &s);
    if (st == ST_OK) st = session_checkpoints(&w->sessions, &s);
    if (st == ST_OK) st = ledger_flush(&w->ledger, t);
    if (st == ST_OK && w->options.follow) st = replica_flush(&w->replica, &w->ledger, now, x);
    if (st == ST_OK) st = feed_pump(&w->feed, &w->ledger, t, now, x);
    if (st == ST_OK) w->in_step = false;
    return st;
}

static int node_abort(void *node, struct store_txn *t, struct now now)
{
    struct work *w = work_of(node);

    w->in_step = false;
    w->cut_put = false;
    session_aborted(&w->sessions);
    feed_abort(&w->feed);
    w->sweep_due = true;
    int st = guest_load(&w->sessions.guests, t);
    if (st == ST_OK) st = ledger_reload(&w->ledger, t);
    if (st != ST_OK || !w->options.follow) return st;
    return replica_aborted(&w->replica, &w->ledger, t, w->sessions.registry, now);
}

static struct mono node_deadline(const void *node)
{
    const struct work *w = work_of_const(node);
    struct mono a = session_deadline(&w->sessions), b = feed_deadline(&w->feed, &w->ledger);

    if (b.us < a.us) a = b;
    if (w->options.follow) b = replica_deadline(&w->replica);
    return b.us < a.us ? b : a;
}

static bool node_wants_step(const void *node)
{
    const struct work *w = work_of_const(node);
    struct cut c;

    return import_due(w) || cut_due(w, &c) || w->sweep_due || feed_waiting(&w->feed, &w->ledger);
}

struct node work_node(struct work *w)
{
    static const struct node_ops ops = { .recover = node_recover,
                                         .on_message = node_message,
                                         .on_tick = node_tick,
                                         .flush = node_flush,
                                         .on_abort = node_abort,
                                         .next_deadline = node_deadline,
                                         .wants_step = node_wants_step,
                                         .enough = node_enough };

    return (struct node){ &ops, w };
}

void work_status(const struct work *w, struct work_status *ret)
{
    const struct ledger *l = &w->ledger;

    *ret = (struct work_status){ .identity = l->identity, .lsn = l->lsn, .registry_version = l->registry_version,
                                 .archived = session_mark(&w->sessions), .stored = w->sessions.stored,
                                 .acks = w->sessions.await_replica ? 2 : 1, .replica = w->replica.s, .hash = l->hash,
                                 .streams = l->stream_count, .sessions = w->sessions.count, .counters = w->sessions.n,
                                 .feed_records = w->feed.records, .feed_bytes = w->feed.bytes, .feed_corrupt = w->feed.corrupt,
                                 .followers = w->feed.count };
    memcpy(ret->follower, w->feed.v, sizeof ret->follower);
}
