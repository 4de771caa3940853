/* aggregate.c - see aggregate.h. Kind: P.
 *
 * Each worker has a state: DOWN -> GREETED -> FOLLOWING. What was applied is in the store (fold), so any doubt (reconnect, gap,
 * aborted step) ends in one SUBSCRIBE from the applied position; records that do not continue it are left lying, never folded.
 * A message may be lost (a queue on the way is full), so hearing something is not enough: IDLE beyond what arrived, or nothing new
 * for as long as silence lasts while the worker has more, is doubt too.
 * Credit for consumed records goes back only after the commit that holds them, so memory is bounded by the credit of all workers
 * together.
 */
#include "aggregator/aggregate.h"

#include <stdlib.h>
#include <string.h>

#include "proto/codec.h"

static const int64_t GROUP_US = 100 * 1000, SILENCE_US = 10 * 1000000, RETRY_US = 1000000, PING_US = 3 * 1000000;

enum follow_state { FOLLOW_DOWN, FOLLOW_GREETED, FOLLOW_ON };
enum { BELL_MAX = 8 + AGGREGATE_WORKERS_MAX * 32 };

struct follow {
    unsigned number;
    peer_id peer;
    enum follow_state state;
    unsigned refused_code;
    uint64_t applied, head;             /* folded in this process (committed or in the open step); newest lsn the worker told */
    struct hash hash;                   /* log hash at applied */
    uint64_t consumed;                  /* record bytes folded since the last CREDIT */
    struct mono deadline, ping_at;      /* silence or retry; next ping */
    struct wall heard;
};
struct aggregate {
    struct fold *fold;
    struct follow follow[AGGREGATE_WORKERS_MAX];
    unsigned count;
    struct mono group_since;            /* first unflushed record; INT64_MAX = none */
    uint64_t commits, updates;
    bool changed;                       /* this step folded something */
};

int aggregate_new(struct aggregate **ret)
{
    struct aggregate *a = calloc(1, sizeof *a);
    if (!a) return ST_NO_MEMORY;
    int st = fold_new(&a->fold);
    if (st != ST_OK) {
        free(a);
        return st;
    }
    a->group_since.us = INT64_MAX;
    *ret = a;
    return ST_OK;
}

void aggregate_free(struct aggregate **a)
{
    if (!a || !*a) return;
    fold_free(&(*a)->fold);
    free(*a);
    *a = NULL;
}

int aggregate_follow(struct aggregate *a, unsigned number, peer_id peer)
{
    ASSERT(number >= 1 && number <= 255);
    if (a->count == AGGREGATE_WORKERS_MAX) return ST_FULL;
    for (unsigned i = 0; i < a->count; i++)
        if (a->follow[i].number == number) return ST_BUSY;
    a->follow[a->count++] = (struct follow){ .number = number, .peer = peer, .deadline = { INT64_MAX }, .ping_at = { INT64_MAX } };
    return ST_OK;
}

static struct follow *find(struct aggregate *a, peer_id peer)
{
    for (unsigned i = 0; i < a->count; i++)
        if (a->follow[i].peer == peer) return &a->follow[i];
    return NULL;
}

void aggregate_status(const struct aggregate *a, struct aggregate_status *ret)
{
    *ret = (struct aggregate_status){ .workers = a->count, .commits = a->commits, .updates = a->updates };
    for (unsigned i = 0; i < a->count; i++) {
        const struct follow *f = &a->follow[i];
        ret->worker[i] = (struct aggregate_worker){ .number = f->number,
                                                    .up = f->state == FOLLOW_ON,
                                                    .applied = f->applied,
                                                    .head = f->head,
                                                    .refused_code = f->refused_code,
                                                    .heard = f->heard };
    }
}

static int read_applied(struct aggregate *a, struct store_txn *t)
{
    int st = fold_recover(a->fold, t);
    for (unsigned i = 0; st == ST_OK && i < a->count; i++)
        st = fold_applied(t, a->follow[i].number, &a->follow[i].applied, &a->follow[i].hash);
    return st;
}

static int node_recover(void *self, struct store_txn *t, struct now now)
{
    struct aggregate *a = self;
    (void)now;
    return read_applied(a, t);
}

/* ---- speaking ---- */

static int send_frame(struct follow *f, struct effects *x, unsigned type, const struct field *fields)
{
    struct buf b;
    buf_init(&b, 4096);
    int st = codec_build(&b, type, fields) ? effects_send(x, f->peer, buf_slice(&b)) : ST_NO_MEMORY;
    buf_done(&b);
    return st;
}

static int send_hello(struct follow *f, struct now now, struct effects *x)
{
    static const char role[] = "follower", node[] = "aggregator";
    static const uint8_t nobody[16];
    const struct field h[] = { { .u = CODEC_VERSION },
                               { .u = CODEC_VERSION },
                               { .s = slice_of(nobody, 16) },
                               { .s = slice_of(role, sizeof role - 1) },
                               { .s = slice_of(node, sizeof node - 1) },
                               { .u = (uint64_t)now.wall.ms } };
    f->state = FOLLOW_GREETED;
    f->deadline.us = now.mono.us + SILENCE_US;
    return send_frame(f, x, MSG_HELLO, h);
}

static int send_subscribe(struct follow *f, struct now now, struct effects *x)
{
    const struct field s[] = { { .u = f->applied }, { .s = slice_of(f->hash.b, HASH_SIZE) }, { .u = FEED_CREDIT_BYTES } };
    f->consumed = 0;
    f->deadline.us = now.mono.us + SILENCE_US;
    f->ping_at.us = now.mono.us + PING_US;
    return send_frame(f, x, MSG_SUBSCRIBE, s);
}

/* ---- listening ---- */

static int on_hello_ok(struct aggregate *a, struct follow *f, struct now now, const struct field *v, struct effects *x)
{
    (void)a;
    f->state = FOLLOW_ON;
    f->refused_code = CODE_OK;
    f->head = v[6].u;
    return send_subscribe(f, now, x);
}

static int fold_one(struct aggregate *a, struct follow *f, struct slice bytes, struct now now)
{
    struct record r;
    if (codec_record_parse(bytes, &r) != ST_OK) return ST_INVALID;
    if (r.lsn <= f->applied) return ST_OK; /* sent again after a new SUBSCRIBE */
    int st = fold_record(a->fold, f->number, bytes);
    if (st != ST_OK) return st;
    fold_reached(a->fold, f->number, &f->applied, &f->hash);
    if (a->group_since.us == INT64_MAX) a->group_since = now.mono;
    a->changed = true;
    return ST_OK;
}

static int on_records(struct aggregate *a, struct follow *f, struct now now, const struct field *v, struct effects *x)
{
    (void)x;
    struct rd r = rd_of(v[3].s);
    uint32_t n = codec_get_array(&r);
    f->head = v[2].u > f->head ? v[2].u : f->head;
    f->deadline.us = now.mono.us + SILENCE_US;
    for (uint32_t i = 0; i < n; i++) {
        struct slice bytes = codec_get_bin(&r);
        if (r.bad) return ST_INVALID;
        f->consumed += bytes.n;
        int st = fold_one(a, f, bytes, now);
        if (st != ST_OK) return st;
    }
    return ST_OK;
}

/* What does not continue what we have: ask again from there, after a moment. */
static void resume_later(struct follow *f, struct now now)
{
    f->state = FOLLOW_GREETED;
    f->deadline.us = now.mono.us + RETRY_US;
}

/* Everything up to that lsn was sent: what is not here was lost on its way. */
static int on_idle(struct aggregate *a, struct follow *f, struct now now, const struct field *v, struct effects *x)
{
    (void)a;
    (void)x;
    f->head = v[0].u;
    f->deadline.us = now.mono.us + SILENCE_US;
    if (f->applied < f->head) resume_later(f, now);
    return ST_OK;
}

static int on_pong(struct aggregate *a, struct follow *f, struct now now, const struct field *v, struct effects *x)
{
    (void)a;
    (void)x;
    f->head = v[1].u > f->head ? v[1].u : f->head;
    /* a worker that answers and sends nothing although it has more may wait for credit that was lost */
    if (f->applied >= f->head) f->deadline.us = now.mono.us + SILENCE_US;
    return ST_OK;
}

static int on_nack(struct aggregate *a, struct follow *f, struct now now, const struct field *v, struct effects *x)
{
    (void)a;
    (void)x;
    f->refused_code = v[4].u <= UINT16_MAX ? (unsigned)v[4].u : CODE_BAD_FORMAT;
    resume_later(f, now);
    return ST_OK;
}

typedef int (*handler_fn)(struct aggregate *a, struct follow *f, struct now now, const struct field *v, struct effects *x);

static int on_data(struct aggregate *a, struct follow *f, struct now now, struct slice bytes, struct effects *x)
{
    static const handler_fn handlers[MSG_TYPE_COUNT] = {
        [MSG_HELLO_OK] = on_hello_ok, [MSG_RECORDS] = on_records, [MSG_IDLE] = on_idle, [MSG_PONG] = on_pong, [MSG_NACK] = on_nack
    };
    struct frame fr;
    struct field v[FIELDS_MAX];
    unsigned code;
    if (codec_frame_parse(bytes, &fr, &code) != ST_OK || !handlers[fr.type] || codec_fields(&fr, v) != ST_OK) return ST_OK;
    if (f->state != FOLLOW_ON && fr.type != MSG_HELLO_OK && fr.type != MSG_NACK) return ST_OK;
    f->heard = now.wall;
    int st = handlers[fr.type](a, f, now, v, x);
    if (st != ST_INVALID) return st;
    resume_later(f, now);
    f->refused_code = CODE_DIFFERENT_HISTORY;
    return ST_OK;
}

static int node_message(void *self, struct store_txn *t, struct now now, const struct message *m, struct effects *x)
{
    struct aggregate *a = self;
    struct follow *f = find(a, m->peer);
    (void)t;
    if (!f) return ST_OK;
    if (m->what == MESSAGE_DATA) return on_data(a, f, now, m->bytes, x);
    f->state = FOLLOW_DOWN;
    f->deadline.us = f->ping_at.us = INT64_MAX;
    return m->what == MESSAGE_UP ? send_hello(f, now, x) : ST_OK;
}

static int work_one(struct follow *f, struct now now, struct effects *x)
{
    if (f->state == FOLLOW_DOWN || !effects_room(x, 3, 8192)) return ST_OK;
    int st = ST_OK;
    if (f->deadline.us <= now.mono.us) return send_hello(f, now, x); /* silence: greet and subscribe anew */
    if (f->state != FOLLOW_ON) return ST_OK;
    if (f->consumed) {
        const struct field c[] = { { .u = f->consumed } };
        f->consumed = 0;
        st = send_frame(f, x, MSG_CREDIT, c);
    }
    if (st == ST_OK && f->ping_at.us <= now.mono.us) {
        const struct field p[] = { { .u = (uint64_t)now.wall.ms } };
        f->ping_at.us = now.mono.us + PING_US;
        st = send_frame(f, x, MSG_PING, p);
    }
    return st;
}

/* The live topic: "changed w1:6,w2:9", the log positions that the commit of this step holds. Who hears it, or missed some, asks for
 * what has changed since his own position; the bell is never the only copy. */
static void ring(const struct aggregate *a, struct effects *x)
{
    struct buf bell;
    buf_init(&bell, BELL_MAX);
    buf_str(&bell, "changed");
    for (unsigned i = 0; i < a->count; i++)
        buf_printf(&bell, "%cw%u:%llu", i ? ',' : ' ', a->follow[i].number, (unsigned long long)a->follow[i].applied);
    if (buf_ok(&bell)) (void)effects_publish(x, buf_slice(&bell));
    buf_done(&bell);
}

static int node_flush(void *self, struct store_txn *t, struct now now, struct effects *x)
{
    struct aggregate *a = self;
    uint64_t updates = fold_pending_updates(a->fold);
    int st = a->changed ? fold_flush(a->fold, t) : ST_OK;
    for (unsigned i = 0; st == ST_OK && i < a->count; i++) st = work_one(&a->follow[i], now, x);
    if (st != ST_OK) return st;
    if (a->changed) {
        a->commits++;
        a->updates += updates;
        ring(a, x);
    }
    a->changed = false;
    a->group_since.us = INT64_MAX;
    return ST_OK;
}

static int node_tick(void *self, struct store_txn *t, struct now now, struct effects *x)
{
    (void)self;
    (void)t;
    (void)now;
    (void)x;
    return ST_OK; /* what is due is done by flush, which every step ends with */
}

static int node_abort(void *self, struct store_txn *t, struct now now)
{
    struct aggregate *a = self;
    fold_forget(a->fold);
    a->changed = false;
    a->group_since.us = INT64_MAX;
    for (unsigned i = 0; i < a->count; i++)
        if (a->follow[i].state != FOLLOW_DOWN) {
            a->follow[i].state = FOLLOW_GREETED;
            a->follow[i].deadline.us = now.mono.us + RETRY_US;
        }
    return read_applied(a, t);
}

static struct mono node_deadline(const void *self)
{
    const struct aggregate *a = self;
    struct mono d = { INT64_MAX };
    for (unsigned i = 0; i < a->count; i++) {
        const struct follow *f = &a->follow[i];
        if (f->state != FOLLOW_DOWN && f->deadline.us < d.us) d = f->deadline;
        if (f->state == FOLLOW_ON && f->ping_at.us < d.us) d = f->ping_at;
    }
    return d;
}

static bool node_hold(const void *self, struct now now)
{
    const struct aggregate *a = self;
    if (a->group_since.us == INT64_MAX || now.mono.us - a->group_since.us >= GROUP_US) return false;
    if (fold_pending_updates(a->fold) >= AGGREGATE_GROUP_UPDATES) return false;
    for (unsigned i = 0; i < a->count; i++) {
        const struct follow *f = &a->follow[i];
        /* more is on its way, unless all the credit is already here: then waiting would be waiting for ourselves */
        if (f->state == FOLLOW_ON && f->head > f->applied && f->consumed < FEED_CREDIT_BYTES / 2) return true;
    }
    return false;
}

struct node aggregate_node(struct aggregate *a)
{
    static const struct node_ops ops = { .recover = node_recover,
                                         .on_message = node_message,
                                         .on_tick = node_tick,
                                         .flush = node_flush,
                                         .on_abort = node_abort,
                                         .next_deadline = node_deadline,
                                         .hold = node_hold };
    return (struct node){ .ops = &ops, .self = a };
}
