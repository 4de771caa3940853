/* replica.c - see replica.h. Kind: P.
 *
 * What was stored is in the ledger, so any doubt (reconnect, gap, aborted step) ends in one SUBSCRIBE from there. SUBSCRIBE, STORED
 * and CREDIT are said in the flush, when the position they name is about to be committed: effects leave only after that.
 *
 * Faults and misses are two things. A miss (silence, a gap, a leader that is busy or full) is tried again in a second. A fault (the
 * leader's log is not the one stored here, a record that nobody signed) is written down, told, and looked at again only every half
 * minute.
 *
 * Invariant: the ledger is at every commit a beginning of one log that was verified record by record. */
#include "worker/replica.h"

#include <stdio.h>
#include <string.h>

static const int64_t SILENCE_US = 10 * 1000000, RETRY_US = 1000000, STOPPED_US = 30 * 1000000, PING_US = 3 * 1000000;

struct step { struct replica *r; struct ledger *l; struct store_txn *t; struct now now; struct effects *x; };

int replica_init(struct replica *r)
{
    memset(&r->s, 0, sizeof r->s);
    r->s.on = r->leader != PEER_NONE;
    r->deadline.us = r->ping_at.us = INT64_MAX;
    buf_init(&r->frame, FRAME_BYTES_MAX);
    buf_init(&r->note, NOTE_BYTES_MAX);
    return trust_init(&r->trust);
}

void replica_done(struct replica *r)
{
    trust_done(&r->trust);
    buf_done(&r->frame);
    buf_done(&r->note);
}

int replica_recover(struct replica *r, const struct ledger *l, struct store_txn *t, const struct registry *known, struct now now)
{
    int st = trust_recover(&r->trust, l, t, known);

    r->s.level_at = now.mono;
    r->s.head = l->lsn;
    return st == ST_OK ? replica_evidence_load(r, t) : st;
}

int replica_aborted(struct replica *r, const struct ledger *l, struct store_txn *t, const struct registry *known, struct now now)
{
    r->subscribe_due = r->stored_due = false;
    if (r->s.state != REPLICA_DOWN) {
        r->s.state = REPLICA_GREETED;
        r->deadline.us = now.mono.us + RETRY_US;
    }
    int st = trust_recover(&r->trust, l, t, known);
    return st == ST_OK ? replica_evidence_load(r, t) : st;
}

/* ---- speaking ---- */

static int send_frame(struct replica *r, struct effects *x, unsigned type, const struct field *fields)
{
    if (!codec_build(&r->frame, type, fields)) return ST_NO_MEMORY;
    return effects_send(x, r->leader, buf_slice(&r->frame));
}

static int send_hello(struct replica *r, const struct ledger *l, struct now now, struct effects *x)
{
    static const char role[] = "follower";
    static const uint8_t nobody[16];
    const struct field h[] = { { .u = CODEC_VERSION },
                               { .u = CODEC_VERSION },
                               { .s = slice_of(nobody, sizeof nobody) },
                               { .s = slice_of(role, sizeof role - 1) },
                               { .s = slice_of(l->identity.id, strlen(l->identity.id)) },
                               { .u = (uint64_t)now.wall.ms } };

    r->s.state = REPLICA_GREETED;
    r->subscribe_due = r->stored_due = false;
    r->consumed = 0;
    r->s.uncounted = false;
    buf_clear(&r->note);
    r->deadline.us = now.mono.us + SILENCE_US;
    return send_frame(r, x, MSG_HELLO, h);
}

static int send_subscribe(struct replica *r, const struct ledger *l, struct effects *x)
{
    const struct field f[] = { { .u = l->lsn }, { .s = slice_of(l->hash.b, HASH_SIZE) }, { .u = FEED_CREDIT_BYTES } };

    r->subscribe_due = false;
    r->stored_due = l->lsn > 0;
    return send_frame(r, x, MSG_SUBSCRIBE, f);
}

static int send_stored(struct replica *r, const struct ledger *l, struct effects *x)
{
    const struct field f[] = { { .u = l->lsn }, { .s = slice_of(l->hash.b, HASH_SIZE) } };

    r->stored_due = false;
    return send_frame(r, x, MSG_STORED, f);
}

static int send_credit(struct replica *r, struct effects *x)
{
    const struct field f[] = { { .u = r->consumed } };

    r->consumed = 0;
    return send_frame(r, x, MSG_CREDIT, f);
}

static int send_ping(struct replica *r, struct now now, struct effects *x)
{
    const struct field f[] = { { .u = (uint64_t)now.wall.ms } };

    r->ping_at.us = now.mono.us + PING_US;
    return send_frame(r, x, MSG_PING, f);
}

int replica_flush(struct replica *r, const struct ledger *l, struct now now, struct effects *x)
{
    int st = ST_OK;

    if (r->leader == PEER_NONE || r->s.state == REPLICA_DOWN || !effects_room(x, 4, 16384)) return ST_OK;
    if (r->deadline.us <= now.mono.us) return send_hello(r, l, now, x);
    if (r->s.state != REPLICA_FOLLOWING) return ST_OK;
    if (r->subscribe_due) st = send_subscribe(r, l, x);
    if (st == ST_OK && r->stored_due) st = send_stored(r, l, x);
    if (st == ST_OK && r->consumed > 0) st = send_credit(r, x);
    return st == ST_OK && r->ping_at.us <= now.mono.us ? send_ping(r, now, x) : st;
}

/* ---- faults and misses ---- */

static void miss(struct replica *r, struct now now, unsigned code)
{
    r->s.state = REPLICA_GREETED;
    r->s.code = code;
    r->deadline.us = now.mono.us + RETRY_US;
}

static int fault(const struct step *s, unsigned code, uint64_t lsn, struct slice seen, const char *why)
{
    const struct replica_finding f = { code, seen.n > 0 ? seen : slice_of(why, strlen(why)) };
    struct replica *r = s->r;

    r->s.state = REPLICA_STOPPED;
    r->s.code = code;
    r->s.fault_lsn = lsn;
    snprintf(r->s.seen, sizeof r->s.seen, "%s", why);
    r->deadline.us = s->now.mono.us + STOPPED_US;
    return replica_evidence_put(r, s->l, s->t, s->now.wall, &f);
}

static void note_level(struct replica *r, const struct ledger *l, struct now now)
{
    if (l->lsn >= r->s.head) r->s.level_at = now.mono;
}

/* ---- listening ---- */

static int on_hello_ok(const struct step *s, const struct field *v)
{
    struct replica *r = s->r;
    struct ledger *l = s->l;
    char why[96];

    r->incarnation = v[2].u;
    memcpy(r->head_hash.b, v[5].s.p, HASH_SIZE);
    r->s.head = v[6].u;
    if (v[1].s.n != strlen(l->identity.id) || memcmp(v[1].s.p, l->identity.id, v[1].s.n) != 0) {
        snprintf(why, sizeof why, "worker %.*s", (int)(v[1].s.n < 40 ? v[1].s.n : 40), (const char *)v[1].s.p);
        return fault(s, CODE_DIFFERENT_HISTORY, l->lsn, slice_of("", 0), why);
    }
    if (l->lsn == 0) {
        int st = ledger_copy_begin(l, s->t, 0);         /* which one the log began with its first restore record tells */
        if (st != ST_OK) return st;
    }
    r->s.state = REPLICA_FOLLOWING;
    r->subscribe_due = true;
    r->deadline.us = s->now.mono.us + SILENCE_US;
    r->ping_at.us = s->now.mono.us + PING_US;
    return ST_OK;
}

/* One record that stands next: verified, then put. */
static int take(const struct step *s, struct slice bytes, const struct record *rec)
{
    struct batch b = { .body = slice_of("", 0) };
    unsigned code = CODE_DIFFERENT_HISTORY;
    int st = ST_OK;

    if (sign_hash_equal(&rec->previous, &s->l->hash)) st = trust_record(&s->r->trust, s->l, rec, &b, &code);
    if (st == ST_OK && code == CODE_OK)
        st = ledger_copy(s->l, s->t, bytes, rec, rec->kind == RECORD_BATCH ? &b : NULL, &code);
    if (st == ST_INVALID) st = ST_OK;
    if (st == ST_OK && code != CODE_OK) return fault(s, code, rec->lsn, bytes, status_code_spelling(code));
    s->r->stored_due |= st == ST_OK;
    return st;
}

static int on_records(const struct step *s, const struct field *v)
{
    struct replica *r = s->r;
    struct rd rd = rd_of(v[3].s);
    uint32_t n = codec_get_array(&rd);
    int st = ST_OK;

    r->s.head = v[2].u;
    for (uint32_t i = 0; st == ST_OK && i < n && r->s.state == REPLICA_FOLLOWING; i++) {
        struct slice bytes = codec_get_bin(&rd);
        struct record rec;

        if (rd.bad || codec_record_parse(bytes, &rec) != ST_OK)
            return fault(s, CODE_BAD_FORMAT, s->l->lsn + 1, slice_of("", 0), status_code_spelling(CODE_BAD_FORMAT));
        r->consumed += bytes.n;
        if (rec.lsn <= s->l->lsn) continue;     /* of the subscription before */
        if (rec.lsn > s->l->lsn + 1) miss(r, s->now, CODE_GAP);
        else st = take(s, bytes, &rec);
    }
    if (st == ST_OK && r->s.state == REPLICA_FOLLOWING) r->s.code = CODE_OK;
    note_level(r, s->l, s->now);
    return st;
}

/* Level with the leader: then hash and incarnation are the same, or it is another log. */
static int on_idle(const struct step *s, const struct field *v)
{
    struct replica *r = s->r;
    const struct ledger *l = s->l;

    r->s.head = v[0].u;
    memcpy(r->head_hash.b, v[1].s.p, HASH_SIZE);
    if (v[0].u != l->lsn) return ST_OK;
    if (memcmp(v[1].s.p, l->hash.b, HASH_SIZE) != 0)
        return fault(s, CODE_DIFFERENT_HISTORY, l->lsn, slice_of("", 0), "hash lain pada posisi yang sama");
    if (l->lsn > 0 && bytes_rd64(l->identity.incarnation) == 0) {
        int st = ledger_copy_begin(s->l, s->t, r->incarnation);
        if (st != ST_OK) return st;
    }
    if (l->lsn > 0 && r->incarnation != bytes_rd64(l->identity.incarnation))
        return fault(s, CODE_DIFFERENT_HISTORY, l->lsn, slice_of("", 0), "inkarnasi lain tanpa catatan pemulihan");
    r->s.code = CODE_OK;
    note_level(r, l, s->now);
    return ST_OK;
}

static int on_pong(const struct step *s, const struct field *v)
{
    s->r->s.head = v[1].u;
    return ST_OK;
}

static int on_checkpoint(const struct step *s, const struct field *v)
{
    buf_clear(&s->r->note);
    buf_put(&s->r->note, v[0].s.p, v[0].s.n);
    return ST_OK;
}

static int on_nack(const struct step *s, const struct field *v)
{
    unsigned code = v[4].u <= UINT16_MAX ? (unsigned)v[4].u : CODE_BAD_FORMAT;
    char why[96];

    if (code == CODE_UNAUTHORISED && v[5].s.n == 6 && memcmp(v[5].s.p, "STORED", 6) == 0) {
        s->r->s.uncounted = true;       /* the copy is kept all the same */
        return ST_OK;
    }
    if (code != CODE_DIFFERENT_HISTORY) {
        miss(s->r, s->now, code);
        return ST_OK;
    }
    snprintf(why, sizeof why, "utama tidak mengenal posisi %llu dengan hash ini", (unsigned long long)s->l->lsn);
    return fault(s, code, s->l->lsn, slice_of("", 0), why);
}

typedef int (*handler_fn)(const struct step *s, const struct field *v);

static int on_data(const struct step *s, struct slice bytes)
{
    static const handler_fn handlers[MSG_TYPE_COUNT] = { [MSG_HELLO_OK] = on_hello_ok, [MSG_RECORDS] = on_records,
                                                         [MSG_IDLE] = on_idle,         [MSG_PONG] = on_pong,
                                                         [MSG_NACK] = on_nack,         [MSG_CHECKPOINT] = on_checkpoint };
    struct field v[FIELDS_MAX];
    struct frame f;
    unsigned code;
    bool greeted = s->r->s.state == REPLICA_GREETED;

    if (codec_frame_parse(bytes, &f, &code) != ST_OK || handlers[f.type] == NULL || codec_fields(&f, v) != ST_OK) return ST_OK;
    if (s->r->s.state == REPLICA_STOPPED || (greeted && f.type != MSG_HELLO_OK && f.type != MSG_NACK)) return ST_OK;
    if (!greeted && f.type == MSG_HELLO_OK) return ST_OK;
    s->r->s.heard = s->now.wall;
    s->r->deadline.us = s->now.mono.us + SILENCE_US;
    return handlers[f.type](s, v);
}

int replica_message(struct replica *r, struct ledger *l, struct store_txn *t, struct now now, const struct message *m,
                    struct effects *x)
{
    const struct step s = { r, l, t, now, x };

    if (m->what == MESSAGE_DATA) return on_data(&s, m->bytes);
    if (r->s.state != REPLICA_STOPPED || m->what == MESSAGE_UP) r->s.state = REPLICA_DOWN;
    r->deadline.us = r->ping_at.us = INT64_MAX;
    r->subscribe_due = r->stored_due = false;
    return m->what == MESSAGE_UP ? send_hello(r, l, now, x) : ST_OK;
}

struct mono replica_deadline(const struct replica *r)
{
    struct mono d = r->deadline;

    if (r->s.state == REPLICA_FOLLOWING && r->ping_at.us < d.us) d = r->ping_at;
    return r->s.state == REPLICA_DOWN ? (struct mono){ INT64_MAX } : d;
}
