/* session.c - one handler per message, and the answers. Kind: P.
 *
 * Design notes: the dispatch is a table of (handler, least state); a type without a handler is a message only the worker may send,
 * and whoever sends it is closed. A frame that does not parse ends its peer's connection too: behind CURVE and a crc it is never an
 * accident. Everything else that is wrong is answered with a NACK and the session goes on.
 *
 * A NACK names the office stream it is about; one without an office is about the session, and the peer greets again.
 *
 * Invariant: no handler is called for a peer whose state is below the table's, and none keeps a session pointer across
 * session_replace. */
#include "session.h"

#include <stdio.h>
#include <string.h>

#include "worker/authority.h"

/* ---- answers ---- */

int session_reply(struct sessions *w, const struct session_step *s, peer_id to, unsigned type, const struct field *fields)
{
    int st;

    if (!codec_build(&w->frame, type, fields)) return ST_NO_MEMORY;
    st = effects_send(s->x, to, buf_slice(&w->frame));
    if (st != ST_FULL) return st;
    w->n.replies_dropped++;
    return ST_OK;
}

static struct slice text_slice(const char *s)
{
    return slice_of(s, strlen(s));
}

int session_nack(struct sessions *w, const struct session_step *s, struct session *se, const struct session_complaint *c)
{
    const struct field fields[] = { { .s = c->office },   { .u = c->stream },           { .u = c->epoch },
                                    { .u = c->sequence }, { .u = c->code },             { .s = text_slice(c->seen) },
                                    { .s = text_slice(c->expected) } };

    w->n.nacks++;
    if (c->code < sizeof w->n.nack_of / sizeof *w->n.nack_of) w->n.nack_of[c->code]++;
    if (++se->step_nacks > SESSION_NACKS_PER_STEP) {
        w->n.replies_dropped++;
        return ST_OK;
    }
    return session_reply(w, s, se->peer, MSG_NACK, fields);
}

/* A complaint about the session itself. */
static int complain(struct sessions *w, const struct session_step *s, struct session *se, unsigned code, const char *seen,
                    const char *expected)
{
    struct session_complaint c = { .code = code };

    snprintf(c.seen, sizeof c.seen, "%s", seen);
    snprintf(c.expected, sizeof c.expected, "%s", expected);
    return session_nack(w, s, se, &c);
}

static int close_peer(struct sessions *w, const struct session_step *s, struct session *se)
{
    if (effects_close(s->x, se->peer) != ST_OK) w->n.replies_dropped++;
    session_drop(w, se->peer);
    return ST_OK;
}

/* ---- HELLO, PING, BYE ---- */

static uint64_t incarnation(const struct ledger *l)
{
    return bytes_rd64(l->identity.incarnation);
}

/* A log that was restored says so before anything of it is believed. */
static int tell_restored(struct sessions *w, const struct session_step *s, const struct session *se)
{
    struct field out[1] = { { .u = 0 } };
    int st = ledger_restore_note(s->t, &out[0].s);

    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_OK : st;
    return session_reply(w, s, se->peer, MSG_RESTORED, out);
}

static int hello_ok(struct sessions *w, const struct session_step *s, struct session *se)
{
    struct ledger *l = w->ledger;
    const struct field fields[] = { { .u = CODEC_VERSION },  { .s = text_slice(l->identity.id) },
                                    { .u = incarnation(l) }, { .u = session_credit(w) },
                                    { .u = CREDIT_BATCHES }, { .s = { l->hash.b, HASH_SIZE } },
                                    { .u = l->lsn } };

    se->checkpoint_due = true;
    se->archived_told = 0;
    int st = session_reply(w, s, se->peer, MSG_HELLO_OK, fields);
    return st == ST_OK ? tell_restored(w, s, se) : st;
}

static int on_hello(struct sessions *w, const struct session_step *s, struct session *se, const struct frame *f)
{
    struct field in[FIELDS_MAX];
    peer_id peer = se->peer;
    char seen[64];
    int st;

    codec_fields(f, in);
    snprintf(seen, sizeof seen, "%llu..%llu", (unsigned long long)in[0].u, (unsigned long long)in[1].u);
    if (in[0].u > CODEC_VERSION || in[1].u < CODEC_VERSION) return complain(w, s, se, CODE_BAD_VERSION, seen, "1");
    if (in[2].s.n != sizeof se->installation) return complain(w, s, se, CODE_BAD_FORMAT, "HELLO", "installation id 16 byte");
    if (!session_is_follower(w, se->key) && session_is_elsewhere(w, s, se, "HELLO", &st)) return st;
    if (session_is_guest(w, se->key)) return session_hello_guest(w, s, se);
    memcpy(se->installation, in[2].s.p, sizeof se->installation);
    feed_drop(w->feed, peer);
    session_replace(w, s, se);
    se = session_find(w, peer);
    ASSERT(se != NULL);
    se->state = SESSION_OPEN;
    return hello_ok(w, s, se);
}

static int on_ping(struct sessions *w, const struct session_step *s, struct session *se, const struct frame *f)
{
    struct field in[FIELDS_MAX];

    codec_fields(f, in);
    se->checkpoint_due = true;
    const struct field out[] = { { .u = in[0].u }, { .u = w->ledger->lsn }, { .s = { w->ledger->hash.b, HASH_SIZE } } };
    int st = session_reply(w, s, se->peer, MSG_PONG, out);
    return st == ST_OK ? session_archived(w, s, se) : st;
}

static int on_bye(struct sessions *w, const struct session_step *s, struct session *se, const struct frame *f)
{
    (void)f;
    return close_peer(w, s, se);
}

/* ---- checkpoints and proofs ---- */

int session_checkpoints(struct sessions *w, const struct session_step *s)
{
    struct field out[1] = { { .u = 0 } };
    int st = ST_OK;

    for (uint32_t i = 0; st == ST_OK && i < w->count; i++) {
        if (!w->v[i].checkpoint_due) continue;
        w->v[i].checkpoint_due = false;
        st = tree_checkpoint(&w->ledger->tree, &out[0].s);
        if (st == ST_NOT_FOUND) return ST_OK;
        if (st == ST_OK) st = session_reply(w, s, w->v[i].peer, MSG_CHECKPOINT, out);
    }
    return st;
}

/* The peer speaks of a log longer than this one: one of the two has lost something. */
static int beyond(struct sessions *w, const struct session_step *s, struct session *se, uint64_t size, const char *seen)
{
    struct session_complaint c = { .sequence = size, .code = CODE_DIFFERENT_HISTORY };

    snprintf(c.seen, sizeof c.seen, "%s", seen);
    snprintf(c.expected, sizeof c.expected, "paling banyak %llu", (unsigned long long)w->ledger->tree.m.size);
    return session_nack(w, s, se, &c);
}

static int on_prove(struct sessions *w, const struct session_step *s, struct session *se, const struct frame *f)
{
    struct field in[FIELDS_MAX];
    struct merkle_proof proof;
    char seen[64];
    int st;

    codec_fields(f, in);
    snprintf(seen, sizeof seen, "PROVE %llu %llu %llu", (unsigned long long)in[0].u, (unsigned long long)in[1].u,
             (unsigned long long)in[2].u);
    if (++se->step_proofs > SESSION_PROOFS_PER_STEP) return complain(w, s, se, CODE_OVER_CREDIT, seen, "");
    if (in[2].u > w->ledger->tree.m.size) return beyond(w, s, se, in[2].u, seen);
    st = tree_prove(&w->ledger->tree, s->t, in[0].u <= TREE_CONSISTENCY ? (unsigned)in[0].u : 0, in[1].u, in[2].u, &proof);
    if (st == ST_INVALID) return complain(w, s, se, CODE_BAD_FORMAT, seen, "1 lsn ukuran, 2 lama baru");
    if (st != ST_OK) return st;
    const struct field out[] = { in[0], in[1], in[2], { .s = { proof.h[0].b, proof.n * (size_t)HASH_SIZE } } };
    return session_reply(w, s, se->peer, MSG_PROOF, out);
}

/* The record of the batch that ends at in[3] of the present epoch; ST_NOT_FOUND. */
static int find_place(struct sessions *w, const struct session_step *s, const struct field *in, struct record *ret)
{
    struct stream *t = NULL;
    struct ledger_entry e;
    struct slice bytes;
    int st = registry_id_ok(in[0].s) && in[1].u < STREAMS_PER_OFFICE
                 ? ledger_stream(w->ledger, s->t, in[0].s, (uint32_t)in[1].u, &t) : ST_NOT_FOUND;

    if (st == ST_OK && (t->epoch != in[2].u || in[3].u == 0 || in[3].u > t->watermark)) st = ST_NOT_FOUND;
    if (st == ST_OK) st = ledger_batch_holding(s->t, t, in[3].u, &e);
    if (st == ST_OK && e.first + e.count - 1 != in[3].u) st = ST_NOT_FOUND;
    if (st == ST_OK) st = ledger_record(s->t, e.lsn, &bytes);
    if (st == ST_OK && codec_record_parse(bytes, ret) != ST_OK) st = ST_CORRUPT;
    return st;
}

/* Asked for by whoever knows the epoch, a random number of 63 bits; the answer says when, never what. */
static int on_place(struct sessions *w, const struct session_step *s, struct session *se, const struct frame *f)
{
    struct session_complaint c = { .code = CODE_DIFFERENT_HISTORY };
    struct field in[FIELDS_MAX];
    struct merkle_proof proof;
    struct hash dispositions;
    struct record r;
    int st;

    codec_fields(f, in);
    if (++se->step_proofs > SESSION_PROOFS_PER_STEP) return complain(w, s, se, CODE_OVER_CREDIT, "PLACE", "");
    if (in[4].u > w->ledger->tree.m.size) return beyond(w, s, se, in[4].u, "PLACE");
    st = find_place(w, s, in, &r);
    if (st == ST_NOT_FOUND) {
        c.office = in[0].s, c.stream = (uint32_t)in[1].u, c.epoch = in[2].u, c.sequence = in[3].u;
        snprintf(c.seen, sizeof c.seen, "PLACE");
        snprintf(c.expected, sizeof c.expected, "akhir kiriman yang ada di log");
        return session_nack(w, s, se, &c);
    }
    if (st != ST_OK) return st;
    dispositions = receipt_dispositions_hash(r.dispositions);
    const uint64_t lsn = r.lsn, at = (uint64_t)r.at.ms;         /* r points into the store */
    st = tree_prove(&w->ledger->tree, s->t, TREE_INCLUSION, lsn, in[4].u, &proof);
    if (st == ST_INVALID) return complain(w, s, se, CODE_BAD_FORMAT, "PLACE", "ukuran dari lsn ke atas");
    if (st != ST_OK) return st;
    const struct field out[] = { in[0], in[1], in[2], in[3], in[4], { .u = lsn }, { .u = at },
                                 { .s = { dispositions.b, HASH_SIZE } }, { .s = { proof.h[0].b, proof.n * (size_t)HASH_SIZE } } };
    return session_reply(w, s, se->peer, MSG_PLACED, out);
}

/* ---- OPEN ---- */

/* What can be said against an OPEN before any stream is read; CODE_OK to go on. */
static unsigned open_check(const struct sessions *w, const struct session_step *s, const struct session *se, const struct field *in,
                           struct session_complaint *c)
{
    const struct office *o;
    unsigned code;

    if (!registry_id_ok(in[0].s)) return CODE_UNKNOWN_OFFICE;
    c->office = in[0].s;
    if (in[1].u >= STREAMS_PER_OFFICE || in[2].u == 0 || in[2].u > INT64_MAX) {
        snprintf(c->expected, sizeof c->expected, "aliran 0..%d, epoch 1..2^63-1", STREAMS_PER_OFFICE - 1);
        return CODE_BAD_FORMAT;
    }
    c->stream = (uint32_t)in[1].u;
    c->epoch = in[2].u;
    c->sequence = in[3].u;
    code = authority_speaker(w->registry, in[0].s, se->key, s->now.wall, &o);
    if (code == CODE_UNAUTHORISED) snprintf(c->expected, sizeof c->expected, "kunci sambungan milik kantor ini");
    return code == CODE_OK && w->step == w->full_step ? (unsigned)CODE_STORE_FULL : code;
}

/* Does the log hold what the peer says it sent last? Only a sequence that the log has can differ. */
static int open_history(const struct session_step *s, const struct stream *t, const struct field *in, unsigned *ret_code)
{
    struct ledger_entry e;
    int st = ST_OK;

    *ret_code = CODE_OK;
    if (in[3].u == 0 || in[3].u > t->watermark) return ST_OK;
    st = ledger_batch_holding(s->t, t, in[3].u, &e);
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    if (st == ST_NOT_FOUND || e.first + e.count - 1 != in[3].u || memcmp(e.hash.b, in[4].s.p, HASH_SIZE) != 0)
        *ret_code = CODE_DIFFERENT_HISTORY;
    return ST_OK;
}

/* Resumes the stream's epoch or grants a new one. *ret_code tells why not. */
static int open_stream(struct sessions *w, const struct session_step *s, const struct session *se, const struct field *in,
                       struct stream **ret, unsigned *ret_code)
{
    int st = ledger_stream(w->ledger, s->t, in[0].s, (uint32_t)in[1].u, ret);

    *ret_code = CODE_OK;
    if (st == ST_OK && (*ret)->epoch == in[2].u) return open_history(s, *ret, in, ret_code);
    if (st == ST_OK) {
        st = ledger_epoch_closed(s->t, *ret, in[2].u);
        if (st == ST_OK) *ret_code = CODE_STALE;
        if (st != ST_NOT_FOUND) return st;
        if (!session_epoch_room(*ret, s->now.mono)) *ret_code = CODE_OVER_CREDIT;
        if (*ret_code != CODE_OK) return ST_OK;
    } else if (st != ST_NOT_FOUND) return st;
    return ledger_grant(w->ledger, s->t, in[0].s, (uint32_t)in[1].u, in[2].u, se->installation, ret);
}

static int open_ok(struct sessions *w, const struct session_step *s, const struct session *se, const struct stream *t)
{
    const struct field fields[] = { { .s = text_slice(t->office) },    { .u = t->number }, { .u = t->epoch }, { .u = t->watermark },
                                    { .s = { t->head.b, HASH_SIZE } }, { .u = t->lsn } };

    return session_reply(w, s, se->peer, MSG_OPEN_OK, fields);
}

static int on_open(struct sessions *w, const struct session_step *s, struct session *se, const struct frame *f)
{
    struct session_complaint c = { 0 };
    struct field in[FIELDS_MAX];
    struct stream *t = NULL;
    int st;

    if (session_is_elsewhere(w, s, se, "OPEN", &st)) return st;
    codec_fields(f, in);
    c.code = open_check(w, s, se, in, &c);
    if (c.code != CODE_OK) return session_nack(w, s, se, &c);
    st = open_stream(w, s, se, in, &t, &c.code);
    if (st != ST_OK) return st;
    if (c.code == CODE_OVER_CREDIT) snprintf(c.expected, sizeof c.expected, "paling banyak %d epoch baru sejam", SESSION_EPOCHS);
    else if (c.code != CODE_OK)
        snprintf(c.expected, sizeof c.expected, "epoch %llu, urut %llu", (unsigned long long)t->epoch,
                 (unsigned long long)t->watermark);
    if (c.code != CODE_OK) return session_nack(w, s, se, &c);
    t->owner = se->peer;
    t->gap_step = t->archived_told = se->archived_told = 0;
    return open_ok(w, s, se, t);
}

/* ---- the feed ---- */

static int on_subscribe(struct sessions *w, const struct session_step *s, struct session *se, const struct frame *f)
{
    struct session_complaint c = { .code = CODE_DIFFERENT_HISTORY };
    struct field in[FIELDS_MAX];
    struct hash at = { { 0 } };
    int st;

    codec_fields(f, in);
    if (!session_is_follower(w, se->key)) return complain(w, s, se, CODE_UNAUTHORISED, "SUBSCRIBE", "kunci pengikut");
    st = ledger_hash_at(w->ledger, s->t, in[0].u, &at);
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    if (st == ST_NOT_FOUND || memcmp(at.b, in[1].s.p, HASH_SIZE) != 0) {
        c.sequence = in[0].u;
        snprintf(c.seen, sizeof c.seen, "lsn %llu", (unsigned long long)in[0].u);
        snprintf(c.expected, sizeof c.expected, "%s", st == ST_NOT_FOUND ? "lsn yang ada di sini" : "hash yang sama pada lsn itu");
        feed_drop(w->feed, se->peer);
        return session_nack(w, s, se, &c);
    }
    if (feed_subscribe(w->feed, se->peer, se->key, in[0].u, in[2].u) == ST_OK) return ST_OK;
    return complain(w, s, se, CODE_BUSY, "SUBSCRIBE", "pengikut lebih sedikit");
}

static int on_credit(struct sessions *w, const struct session_step *s, struct session *se, const struct frame *f)
{
    struct field in[FIELDS_MAX];

    codec_fields(f, in);
    if (feed_credit(w->feed, se->peer, in[0].u) == ST_OK) return ST_OK;
    return complain(w, s, se, CODE_BAD_FORMAT, "CREDIT", "SUBSCRIBE");
}

/* ---- dispatch ---- */

typedef int (*handler_fn)(struct sessions *w, const struct session_step *s, struct session *se, const struct frame *f);
static const struct { handler_fn fn; enum session_state least;
} HANDLERS[MSG_TYPE_COUNT] = {
    [MSG_JOIN] = { session_join, SESSION_NEW },
    [MSG_HELLO] = { on_hello, SESSION_NEW },       [MSG_OPEN] = { on_open, SESSION_OPEN },
    [MSG_BATCH] = { session_batch, SESSION_OPEN }, [MSG_PING] = { on_ping, SESSION_OPEN },
    [MSG_BYE] = { on_bye, SESSION_NEW },           [MSG_SUBSCRIBE] = { on_subscribe, SESSION_OPEN },
    [MSG_CREDIT] = { on_credit, SESSION_OPEN },    [MSG_PROVE] = { on_prove, SESSION_OPEN },
    [MSG_PLACE] = { on_place, SESSION_OPEN },      [MSG_STORED] = { session_stored, SESSION_OPEN },
};

/* The session of this peer, made at its first message. */
static struct session *session_of(struct sessions *w, const struct session_step *s, const struct message *m)
{
    struct session *se = session_find(w, m->peer);

    if (se == NULL) se = session_add(w, s, m);
    if (se == NULL) return NULL;
    se->heard = s->now.mono;
    if (se->step != w->step) {
        se->step = w->step;
        se->step_batches = se->step_nacks = se->step_proofs = 0;
        se->step_bytes = 0;
    }
    return se;
}

int session_message(struct sessions *w, const struct session_step *s, const struct message *m)
{
    struct session *se;
    struct frame f;
    unsigned code;
    int st;

    if (m->what != MESSAGE_DATA) return ST_OK;
    se = session_of(w, s, m);
    if (se == NULL) return ST_NO_MEMORY;
    st = codec_frame_parse(m->bytes, &f, &code);
    if (st == ST_NOT_FOUND && se->state >= SESSION_OPEN) {      /* of a later minor, and the peer has greeted */
        w->n.unknown++;
        return ST_OK;
    }
    if (st != ST_OK) {
        st = complain(w, s, se, code, "", "");
        return st == ST_OK ? close_peer(w, s, se) : st;
    }
    if (HANDLERS[f.type].fn == NULL) {
        st = complain(w, s, se, CODE_BAD_FORMAT, codec_msg_name(f.type), "");
        return st == ST_OK ? close_peer(w, s, se) : st;
    }
    if (se->state < HANDLERS[f.type].least) return complain(w, s, se, CODE_BAD_FORMAT, codec_msg_name(f.type), "HELLO");
    return HANDLERS[f.type].fn(w, s, se, &f);
}
