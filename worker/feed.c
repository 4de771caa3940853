/* feed.c - sending the log to its followers. Kind: P.
 *
 * Design notes: the pump runs once per step, after everything else was written, and only reads: pointers into the store stay
 * valid while a message is gathered, so a record is copied once, into its frame. The round starts at another follower in every
 * step, and a step's share per follower is capped, so a follower that catches up from the beginning cannot starve one that is live.
 *
 * A record that fails its checksum cannot be skipped (the log is a chain): its follower is told and let go, collectors are
 * served on, and the counter shows it.
 *
 * Invariant: records go to a follower in lsn order without gap from its subscription on. */
#include "feed.h"

#include <string.h>

static const int64_t HEARTBEAT_US = 1000 * 1000;

void feed_init(struct feed *f)
{
    memset(f, 0, sizeof *f);
    buf_init(&f->frame, FRAME_BYTES_MAX);
}

void feed_done(struct feed *f)
{
    buf_done(&f->frame);
}

static struct follower *find(struct feed *f, peer_id peer)
{
    for (unsigned i = 0; i < f->count; i++)
        if (f->v[i].peer == peer) return &f->v[i];
    return NULL;
}

static int64_t credit_add(int64_t credit, uint64_t more)
{
    if (more >= (uint64_t)FEED_CREDIT_BYTES) return FEED_CREDIT_BYTES;
    credit += (int64_t)more;
    return credit < FEED_CREDIT_BYTES ? credit : FEED_CREDIT_BYTES;
}

int feed_subscribe(struct feed *f, peer_id peer, const uint8_t key[PUBKEY_SIZE], uint64_t lsn, uint64_t credit)
{
    struct follower *w = find(f, peer);

    if (w == NULL && f->count == FEED_FOLLOWERS_MAX) return ST_FULL;
    if (w == NULL) w = &f->v[f->count++];
    *w = (struct follower){ .peer = peer, .next_lsn = lsn + 1, .credit = credit_add(0, credit) };
    memcpy(w->key, key, PUBKEY_SIZE);
    w->before.next_lsn = w->next_lsn;
    w->before.credit = w->credit;
    return ST_OK;
}

int feed_credit(struct feed *f, peer_id peer, uint64_t bytes)
{
    struct follower *w = find(f, peer);

    if (w == NULL) return ST_NOT_FOUND;
    w->credit = credit_add(w->credit, bytes);
    return ST_OK;
}

void feed_stored(struct feed *f, peer_id peer, uint64_t lsn, struct now now)
{
    struct follower *w = find(f, peer);

    if (w == NULL) return;
    w->stored = lsn;
    w->stored_at = now.mono;
}

void feed_drop(struct feed *f, peer_id peer)
{
    struct follower *w = find(f, peer);

    if (w == NULL) return;
    *w = f->v[--f->count];
    memset(&f->v[f->count], 0, sizeof f->v[f->count]);
}

void feed_committed(struct feed *f)
{
    f->pumped = false;
}

void feed_abort(struct feed *f)
{
    for (unsigned i = 0; f->pumped && i < f->count; i++) {
        struct follower *w = &f->v[i];

        w->next_lsn = w->before.next_lsn;
        w->credit = w->before.credit;
        w->told_idle = w->before.told_idle;
    }
    f->pumped = false;
}

bool feed_waiting(const struct feed *f, const struct ledger *l)
{
    for (unsigned i = 0; i < f->count; i++)
        if (f->v[i].credit > 0 && f->v[i].next_lsn <= l->lsn) return true;
    return false;
}

struct mono feed_deadline(const struct feed *f, const struct ledger *l)
{
    struct mono first = { INT64_MAX };

    for (unsigned i = 0; i < f->count; i++)
        if (f->v[i].next_lsn > l->lsn && f->v[i].idle_at.us < first.us) first = f->v[i].idle_at;
    return first;
}

/* ---- one message of records ---- */

/* The hash after the last gathered record: that of the log at its end, else one hashing (only a follower that catches up pays it).
 */
static int gathered_hash(struct feed_gathered *g, const struct ledger *l, uint64_t last)
{
    struct slice bytes = g->record[g->count - 1];
    struct record r;

    if (last == l->lsn) {
        g->after = l->hash;
        return ST_OK;
    }
    if (codec_record_parse(bytes, &r) != ST_OK || r.lsn != last) return ST_CORRUPT;
    g->after = sign_hash2(r.previous.b, HASH_SIZE, bytes.p, bytes.n);
    return ST_OK;
}

/* Gathers records from lsn (<= the end of the log) on: at most `budget` bytes, but always one. ST_CORRUPT when that one cannot be
 * read; one further on only ends the message before it. */
static int gather(struct feed_gathered *g, const struct ledger *l, struct store_txn *t, uint64_t lsn, size_t budget)
{
    struct store_cursor *c = NULL;
    struct slice k, v;
    uint8_t key[8];
    int st = store_cursor(t, LEDGER_LOG, &c);

    g->count = 0;
    g->bytes = 0;
    bytes_be64(key, lsn);
    if (st == ST_OK) st = store_seek(c, slice_of(key, sizeof key), &k, &v);
    for (; st == ST_OK; st = store_next(c, &k, &v)) {
        if (k.n != sizeof key || bytes_rd64(k.p) != lsn + g->count) break;
        if (g->count == FEED_RECORDS_MAX || (g->count > 0 && g->bytes + v.n > budget)) break;
        g->record[g->count++] = v;
        g->bytes += v.n + 5;            /* with the length in front of it */
    }
    store_cursor_close(&c);
    if (st != ST_OK && st != ST_NOT_FOUND && st != ST_CORRUPT) return st;
    return g->count > 0 ? gathered_hash(g, l, lsn + g->count - 1) : ST_CORRUPT;
}

static int send_records(struct feed *f, const struct follower *w, const struct feed_gathered *g, uint64_t last, struct effects *x)
{
    struct buf *b = &f->frame;

    buf_clear(b);
    codec_frame_begin(b, MSG_RECORDS);
    codec_put_array(b, 4);
    codec_put_uint(b, w->next_lsn);
    codec_put_bin(b, slice_of(g->after.b, HASH_SIZE));
    codec_put_uint(b, last);
    codec_put_array(b, g->count);
    for (uint32_t i = 0; i < g->count; i++) codec_put_bin(b, g->record[i]);
    codec_frame_end(b);
    return buf_ok(b) ? effects_send(x, w->peer, buf_slice(b)) : ST_NO_MEMORY;
}

static int send_idle(struct feed *f, struct follower *w, const struct ledger *l, struct now now, struct effects *x)
{
    struct field fields[] = { { .u = l->lsn }, { .s = { l->hash.b, HASH_SIZE } } };

    if (!codec_build(&f->frame, MSG_IDLE, fields)) return ST_NO_MEMORY;
    if (effects_send(x, w->peer, buf_slice(&f->frame)) != ST_OK) return ST_OK;  /* a heartbeat can wait for the next step */
    w->told_idle = true;
    w->idle_at.us = now.mono.us + HEARTBEAT_US;
    return ST_OK;
}

static int send_broken(struct feed *f, const struct follower *w, struct effects *x)
{
    static const char seen[] = "catatan rusak", expected[] = "pulihkan buku catatan worker";
    struct field fields[] = { { 0 },
                              { 0 },
                              { 0 },
                              { .u = w->next_lsn },
                              { .u = CODE_FILE_BROKEN },
                              { .s = { (const uint8_t *)seen, sizeof seen - 1 } },
                              { .s = { (const uint8_t *)expected, sizeof expected - 1 } } };

    f->corrupt++;
    if (!codec_build(&f->frame, MSG_NACK, fields)) return ST_NO_MEMORY;
    (void)effects_send(x, w->peer, buf_slice(&f->frame));       /* no room: it asks again and is told again */
    return ST_OK;
}

/* ---- the pump ---- */

/* Sends to one follower what it may get in this step. ST_CORRUPT: its next record cannot be read. */
static int pump_one(struct feed *f, struct follower *w, const struct ledger *l, struct store_txn *t, struct effects *x)
{
    struct feed_gathered *g = &f->gathered;
    size_t sent = 0;

    while (w->credit > 0 && w->next_lsn <= l->lsn && sent < FEED_STEP_BYTES_MAX && effects_room(x, 2, FRAME_BYTES_MAX)) {
        size_t budget = w->credit < (int64_t)RECORDS_BYTES_MAX ? (size_t)w->credit : (size_t)RECORDS_BYTES_MAX;
        int st = gather(g, l, t, w->next_lsn, budget);

        if (st == ST_OK) st = send_records(f, w, g, l->lsn, x);
        if (st != ST_OK) return st;
        w->next_lsn += g->count;
        sent += g->bytes;
        g->bytes -= 5u * g->count;
        w->credit -= (int64_t)g->bytes;
        w->told_idle = false;
        f->records += g->count;
        f->bytes += g->bytes;
    }
    return ST_OK;
}

static void remember(struct feed *f)
{
    for (unsigned i = 0; i < f->count; i++) {
        struct follower *w = &f->v[i];

        w->before.next_lsn = w->next_lsn;
        w->before.credit = w->credit;
        w->before.told_idle = w->told_idle;
    }
    f->pumped = true;
}

static int pump_follower(struct feed *f, struct follower *w, const struct ledger *l, struct store_txn *t, struct now now,
                         struct effects *x)
{
    int st = pump_one(f, w, l, t, x);

    if (st != ST_OK || w->next_lsn <= l->lsn) return st;
    return !w->told_idle || w->idle_at.us <= now.mono.us ? send_idle(f, w, l, now, x) : ST_OK;
}

int feed_pump(struct feed *f, const struct ledger *l, struct store_txn *t, struct now now, struct effects *x)
{
    unsigned n = f->count;
    peer_id broken[FEED_FOLLOWERS_MAX];
    unsigned broken_count = 0;

    remember(f);
    for (unsigned i = 0; i < n; i++) {
        struct follower *w = &f->v[(f->turn + i) % n];
        int st = pump_follower(f, w, l, t, now, x);

        if (st == ST_CORRUPT) {
            st = send_broken(f, w, x);
            broken[broken_count++] = w->peer;
        }
        if (st != ST_OK) return st;
    }
    for (unsigned i = 0; i < broken_count; i++) feed_drop(f, broken[i]);
    f->turn++;
    return ST_OK;
}
