/* uplink.c - see uplink.h. Kind: P.
 *
 * One entry per office in `ways`, sorted by office number. A way remembers how far it has sent in this session (sent) and what is
 * in flight, so that credit returns exactly what it took. The truth about what is acknowledged is in the store, never here: after
 * any doubt the way is closed and opened again.
 *
 * Invariant: of a way that is open, the batches in flight are exactly those of OUT with last sequence in (acked, sent]. */
#include "collector/uplink.h"

#include <stdlib.h>
#include <string.h>

enum { ACK_ARCHIVED = 2 /* level of an ACK */, OPENS_PER_STEP = 512, ROW_ROOM = 16384 /* bytes of pages a new row may take */ };
static const int64_t SILENCE_US = 10 * 1000000, RETRY_US = 2 * 1000000, BLOCKED_RETRY_US = 30 * 1000000, PING_US = 5 * 1000000,
                     UNTRUSTED_PING_US = 1000000;

enum way_state { WAY_CLOSED, WAY_OPENING, WAY_OPEN };
struct way {
    uint32_t office;
    char id[OFFICE_ID_MAX + 1];
    enum way_state state;
    bool more;                          /* OUT may hold batches above `sent` */
    bool kept;                          /* mark of uplink_set_offices */
    uint64_t sent;                      /* last sequence sent in this session */
    uint64_t flight_bytes, flight_batches;
    struct witness_way receipts;        /* owed to the office */
    struct mono deadline;               /* OPENING, or in flight: when silence is too long; CLOSED: when to try again */
};
struct uplink {
    struct outbox_identity identity;
    char node[64], worker[12];
    peer_id peer;
    enum uplink_session session;
    unsigned refused_code;
    struct way *way;                    /* by office number */
    struct way **by_id;                 /* the same by id: every message of the worker names one */
    size_t count;
    size_t turn;                        /* where the round of sending goes on: no office waits for another's backlog */
    uint64_t credit_bytes, credit_batches, flight_bytes, flight_batches;
    struct mono ping_at, session_deadline;
    struct witness witness;
    struct outbox_keep keep;            /* of all offices together */
    const struct signer *signer;        /* NULL: nothing is signed anew */
};

int uplink_new(const struct outbox_identity *id, const char *node_name, const struct witness_options *witness,
               const struct outbox_keep *keep, struct uplink **ret)
{
    struct uplink *u = calloc(1, sizeof *u);
    if (!u) return ST_NO_MEMORY;
    u->identity = *id;
    u->keep = *keep;
    witness_init(&u->witness, witness);
    size_t n = strnlen(node_name, sizeof u->node - 1);
    memcpy(u->node, node_name, n);
    u->ping_at.us = u->session_deadline.us = INT64_MAX;
    *ret = u;
    return ST_OK;
}

void uplink_free(struct uplink **u)
{
    if (!u || !*u) return;
    free((*u)->way);
    free((*u)->by_id);
    free(*u);
    *u = NULL;
}

/* ---- the offices ---- */

static struct way *find(const struct uplink *u, uint32_t office)
{
    size_t lo = 0, hi = u->count;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (u->way[mid].office < office) lo = mid + 1;
        else hi = mid;
    }
    return lo < u->count && u->way[lo].office == office ? &u->way[lo] : NULL;
}

/* Ids are compared as what they are in a way: padded with zeros. */
static struct way *find_id(const struct uplink *u, struct slice id)
{
    char key[sizeof u->way->id] = { 0 };
    size_t lo = 0, hi = u->count;
    if (id.n == 0 || id.n > OFFICE_ID_MAX) return NULL;
    memcpy(key, id.p, id.n);
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int c = memcmp(u->by_id[mid]->id, key, sizeof key);
        if (c == 0) return u->by_id[mid];
        if (c < 0) lo = mid + 1;
        else hi = mid;
    }
    return NULL;
}

static int by_id(const void *a, const void *b)
{
    const struct way *const *x = a, *const *y = b;
    return memcmp((*x)->id, (*y)->id, sizeof (*x)->id);
}

static int by_office(const void *a, const void *b)
{
    const struct way *x = a, *y = b;
    return x->office < y->office ? -1 : x->office > y->office;
}

static void way_close(struct uplink *u, struct way *w, int64_t retry_at_us)
{
    u->flight_bytes -= w->flight_bytes;
    u->flight_batches -= w->flight_batches;
    w->flight_bytes = w->flight_batches = 0;
    w->state = WAY_CLOSED;
    w->deadline.us = retry_at_us;
}

static void take_over(struct uplink *u, const struct uplink_office *list, size_t n, struct way *fresh)
{
    for (size_t i = 0; i < n; i++) {
        struct way *old = find(u, list[i].office);
        if (old) {
            fresh[i] = *old;
            old->kept = true;
        } else {
            fresh[i] = (struct way){ .office = list[i].office, .more = true, .receipts = { .due = true } };
            memcpy(fresh[i].id, list[i].id, strnlen(list[i].id, OFFICE_ID_MAX));
        }
    }
    for (size_t i = 0; i < u->count; i++)
        if (!u->way[i].kept) way_close(u, &u->way[i], 0);
}

int uplink_set_offices(struct uplink *u, const struct uplink_office *list, size_t n)
{
    struct way *fresh = calloc(n ? n : 1, sizeof *fresh), **index = calloc(n ? n : 1, sizeof *index);
    if (!fresh || !index) {
        free(fresh);
        free(index);
        return ST_NO_MEMORY;
    }
    take_over(u, list, n, fresh);
    qsort(fresh, n, sizeof *fresh, by_office);
    for (size_t i = 0; i < n; i++) index[i] = &fresh[i];
    qsort(index, n, sizeof *index, by_id);
    free(u->way);
    free(u->by_id);
    u->way = fresh;
    u->by_id = index;
    u->count = n;
    u->turn = 0;
    return ST_OK;
}

void uplink_dialled(struct uplink *u, peer_id worker) { u->peer = worker; }

void uplink_signer(struct uplink *u, const struct signer *signer) { u->signer = signer; }

static void close_all(struct uplink *u)
{
    for (size_t i = 0; i < u->count; i++) way_close(u, &u->way[i], 0);
    ASSERT(u->flight_bytes == 0 && u->flight_batches == 0);
}

void uplink_reset(struct uplink *u)
{
    close_all(u);
    witness_reset(&u->witness);
}

void uplink_appended(struct uplink *u, uint32_t office)
{
    struct way *w = find(u, office);
    if (w) w->more = true;
}

/* ---- sending ---- */

static int send_frame(struct uplink *u, struct effects *x, unsigned type, const struct field *f)
{
    struct buf b;
    buf_init(&b, FRAME_BYTES_MAX);
    int st = codec_build(&b, type, f) ? effects_send(x, u->peer, buf_slice(&b)) : ST_NO_MEMORY;
    buf_done(&b);
    return st;
}

static int send_hello(struct uplink *u, struct now now, struct effects *x)
{
    static const char role[] = "collector";
    const struct field f[] = { { .u = CODEC_VERSION }, { .u = CODEC_VERSION }, { .s = slice_of(u->identity.installation, 16) },
                               { .s = slice_of(role, sizeof role - 1) }, { .s = slice_of(u->node, strlen(u->node)) },
                               { .u = (uint64_t)now.wall.ms } };
    u->session = UPLINK_GREETED;
    u->session_deadline.us = now.mono.us + SILENCE_US;
    return send_frame(u, x, MSG_HELLO, f);
}

static int send_open(struct uplink *u, struct store_txn *t, struct way *w, struct now now, struct effects *x)
{
    struct outbox_stream s;
    int st = outbox_stream_get(t, w->office, &s);
    if (st != ST_OK) return st;
    const struct field f[] = { { .s = slice_of(w->id, strlen(w->id)) }, { .u = 0 }, { .u = u->identity.epoch }, { .u = s.last },
                               { .s = slice_of(s.head.b, HASH_SIZE) } };
    st = send_frame(u, x, MSG_OPEN, f);
    if (st != ST_OK) return st;
    w->state = WAY_OPENING;
    w->deadline.us = now.mono.us + SILENCE_US;
    return ST_OK;
}

static int send_batch(struct uplink *u, struct way *w, const struct outbox_batch *b, struct now now, struct effects *x)
{
    struct buf frame;
    buf_init(&frame, FRAME_BYTES_MAX);
    codec_frame_begin(&frame, MSG_BATCH);
    buf_put(&frame, b->payload.p, b->payload.n);
    codec_frame_end(&frame);
    int st = buf_ok(&frame) ? effects_send(x, u->peer, buf_slice(&frame)) : ST_NO_MEMORY;
    buf_done(&frame);
    if (st != ST_OK) return st;
    if (w->flight_batches == 0) w->deadline.us = now.mono.us + SILENCE_US;
    w->sent = b->last;
    w->flight_batches++;
    w->flight_bytes += b->payload.n;
    u->flight_batches++;
    u->flight_bytes += b->payload.n;
    return ST_OK;
}

static bool credit_left(const struct uplink *u)
{
    return u->session == UPLINK_UP &&
           (u->flight_batches == 0 || (u->flight_batches < u->credit_batches && u->flight_bytes < u->credit_bytes));
}

/* One batch of one office; ST_AGAIN when it has none. */
static int send_one(struct uplink *u, struct store_txn *t, struct way *w, struct now now, struct effects *x)
{
    struct outbox_batch b;
    int st = outbox_next(t, w->office, w->sent, &b);
    if (st == ST_NOT_FOUND) {
        w->more = false;
        return ST_AGAIN;
    }
    if (st != ST_OK) return st;
    return send_batch(u, w, &b, now, x);
}

static int send_round(struct uplink *u, struct store_txn *t, struct now now, struct effects *x)
{
    size_t idle = 0;
    while (u->count && idle < u->count && credit_left(u) && effects_room(x, 1, FRAME_BYTES_MAX)) {
        struct way *w = &u->way[u->turn++ % u->count];
        int st = w->state == WAY_OPEN && w->more ? send_one(u, t, w, now, x) : ST_AGAIN;
        if (st != ST_OK && st != ST_AGAIN) return st;
        idle = st == ST_OK ? 0 : idle + 1;
    }
    return ST_OK;
}

static int open_ways(struct uplink *u, struct store_txn *t, struct now now, struct effects *x)
{
    int opened = 0;
    for (size_t i = 0; i < u->count && opened < OPENS_PER_STEP && effects_room(x, 1, 1024); i++) {
        struct way *w = &u->way[i];
        bool silent = (w->state == WAY_OPENING || w->flight_batches) && w->deadline.us <= now.mono.us;
        if (silent) way_close(u, w, 0);
        if (w->state != WAY_CLOSED || w->deadline.us > now.mono.us) continue;
        int st = send_open(u, t, w, now, x);
        if (st != ST_OK) return st;
        opened++;
    }
    return ST_OK;
}

static int claim_receipts(struct uplink *u, struct store_txn *t, struct now now, struct effects *x)
{
    bool again = u->witness.again;
    int st = ST_OK;
    u->witness.again = false;
    for (size_t i = 0; st == ST_OK && i < u->count; i++) {
        struct way *w = &u->way[i];
        const struct witness_office o = { w->office, w->id, u->identity.epoch };
        if (again) w->receipts = (struct witness_way){ .due = true };
        if (u->witness.restored && w->state != WAY_OPEN) continue;      /* what is acknowledged is known when it is open */
        if (w->receipts.due) st = witness_claim(&u->witness, &w->receipts, &o, t, now, u->peer, x);
    }
    return st;
}

/* A ping's answer has a checkpoint with it: where one is missing it is asked for sooner. */
static int ping(struct uplink *u, struct now now, struct effects *x)
{
    const struct field f[] = { { .u = (uint64_t)now.wall.ms } };
    if (u->ping_at.us > now.mono.us || !effects_room(x, 1, 1024)) return ST_OK;
    u->ping_at.us = now.mono.us + (witness_trusts(&u->witness) ? PING_US : UNTRUSTED_PING_US);
    return send_frame(u, x, MSG_PING, f);
}

/* The log differs from the one that was witnessed: the session is over, nothing is sent or taken, later it is looked at again. */
static void stop_if_broken(struct uplink *u, struct now now)
{
    if (u->session != UPLINK_UP || !u->witness.broken) return;
    close_all(u);
    u->session = UPLINK_GREETED;
    u->session_deadline.us = now.mono.us + BLOCKED_RETRY_US;
}

int uplink_work(struct uplink *u, struct store_txn *t, struct now now, struct effects *x)
{
    if (u->session == UPLINK_UP) {
        int st = witness_work(&u->witness, t, now, u->peer, x);
        if (st != ST_OK) return st;
        stop_if_broken(u, now);
    }
    if (u->session == UPLINK_DOWN) return ST_OK;
    if (u->session == UPLINK_GREETED) return u->session_deadline.us <= now.mono.us ? send_hello(u, now, x) : ST_OK;
    int st = ping(u, now, x);
    if (st != ST_OK || !witness_trusts(&u->witness)) return st;
    st = open_ways(u, t, now, x);
    if (st == ST_OK) st = claim_receipts(u, t, now, x);
    return st == ST_OK ? send_round(u, t, now, x) : st;
}

/* ---- what the worker says ---- */

typedef int (*handler_fn)(struct uplink *u, struct store_txn *t, struct now now, const struct field *f, struct effects *x);

static int on_hello_ok(struct uplink *u, struct store_txn *t, struct now now, const struct field *f, struct effects *x)
{
    (void)x;
    size_t n = f[1].s.n < sizeof u->worker - 1 ? f[1].s.n : sizeof u->worker - 1;
    memset(u->worker, 0, sizeof u->worker);
    memcpy(u->worker, f[1].s.p, n);
    u->credit_bytes = f[3].u;
    u->credit_batches = f[4].u;
    u->session = UPLINK_UP;
    u->refused_code = CODE_OK;
    close_all(u);
    int st = witness_greeted(&u->witness, t, now, f[1].s, f[2].u);
    u->ping_at.us = now.mono.us + (witness_trusts(&u->witness) ? PING_US : UNTRUSTED_PING_US);
    stop_if_broken(u, now);
    return st;
}

static int on_checkpoint(struct uplink *u, struct store_txn *t, struct now now, const struct field *f, struct effects *x)
{
    (void)x;
    int st = witness_checkpoint(&u->witness, t, now, f[0].s);
    stop_if_broken(u, now);
    return st;
}

static int on_restored(struct uplink *u, struct store_txn *t, struct now now, const struct field *f, struct effects *x)
{
    (void)x;
    int st = witness_restored(&u->witness, t, now, f[0].s);
    stop_if_broken(u, now);
    return st;
}

static int on_proof(struct uplink *u, struct store_txn *t, struct now now, const struct field *f, struct effects *x)
{
    (void)x;
    int st = witness_proof(&u->witness, t, now, f);
    stop_if_broken(u, now);
    return st;
}

static int on_placed(struct uplink *u, struct store_txn *t, struct now now, const struct field *f, struct effects *x)
{
    (void)x;
    struct way *w = find_id(u, f[0].s);
    if (!w) return ST_OK;
    const struct witness_office o = { w->office, w->id, u->identity.epoch };
    int st = witness_placed(&u->witness, &o, t, now, f);
    stop_if_broken(u, now);
    return st;
}

/* An office that has stated nothing has no row yet; in a full store it gets none. */
static int set_state(struct store_txn *t, uint32_t office, struct outbox_stream *s, unsigned code)
{
    if (s->state == code || (s->last == 0 && store_room(t, ROW_ROOM) != ST_OK)) return ST_OK;
    s->state = code;
    return outbox_stream_put(t, office, s);
}

/* The worker's history and ours differ: keep everything, say so, look again later. */
static int block(struct uplink *u, struct store_txn *t, struct way *w, struct outbox_stream *s, unsigned code, struct now now)
{
    way_close(u, w, now.mono.us + BLOCKED_RETRY_US);
    return set_state(t, w->office, s, code);
}

static int on_open_ok(struct uplink *u, struct store_txn *t, struct now now, const struct field *f, struct effects *x)
{
    (void)x;
    struct way *w = find_id(u, f[0].s);
    if (!w || w->state != WAY_OPENING || f[1].u != 0 || f[2].u != u->identity.epoch) return ST_OK;
    struct outbox_stream s;
    struct hash head;
    memcpy(head.b, f[4].s.p, HASH_SIZE);
    int st = outbox_stream_get(t, w->office, &s);
    if (st != ST_OK) return st;
    st = outbox_knows(t, w->office, f[3].u, &head, &s);
    /* a restored log ends before what the lost one acknowledged: what was kept since is sent again */
    if (st == ST_INVALID && u->witness.restored) st = outbox_rewind(t, w->office, f[3].u, &head, f[5].u, &s);
    if (st == ST_INVALID) return block(u, t, w, &s, CODE_DIFFERENT_HISTORY, now);
    if (st != ST_OK) return st;
    w->state = WAY_OPEN;
    w->sent = s.acked;
    w->more = true;
    return set_state(t, w->office, &s, CODE_OK);
}

static void credit_back(struct uplink *u, struct way *w, struct outbox_settled settled)
{
    ASSERT(settled.batches <= w->flight_batches && settled.bytes <= w->flight_bytes);
    w->flight_batches -= settled.batches;
    w->flight_bytes -= settled.bytes;
    u->flight_batches -= settled.batches;
    u->flight_bytes -= settled.bytes;
}

/* An ack may speak of more than was sent since the stream was opened: the rest came from before, and is not in flight. */
static void settle(struct uplink *u, struct way *w, const struct outbox_stream *s, struct outbox_settled settled)
{
    if (s->acked >= w->sent) {
        settled = (struct outbox_settled){ w->flight_batches, w->flight_bytes };
        w->sent = s->acked;
    }
    credit_back(u, w, settled);
}

/* Each office may keep its share. */
static const struct outbox_keep *share(const struct uplink *u, struct outbox_keep *ret)
{
    *ret = (struct outbox_keep){ u->keep.bytes / (u->count ? u->count : 1), u->keep.age_ms };
    return u->keep.bytes ? ret : NULL;
}

static int on_archived(struct uplink *u, struct store_txn *t, struct way *w, struct now now, const struct field *f)
{
    struct outbox_stream s;
    struct outbox_keep keep;
    struct hash hash;
    memcpy(hash.b, f[4].s.p, HASH_SIZE);
    int st = outbox_stream_get(t, w->office, &s);
    if (st == ST_OK) st = outbox_archived(t, w->office, f[3].u, &hash, &s);
    if (st == ST_OK) st = outbox_trim(t, w->office, share(u, &keep), now.wall, &s);
    return st == ST_OK ? outbox_stream_put(t, w->office, &s) : st;
}

static int on_ack(struct uplink *u, struct store_txn *t, struct now now, const struct field *f, struct effects *x)
{
    (void)x;
    struct way *w = find_id(u, f[0].s);
    if (!w || w->state != WAY_OPEN || f[1].u != 0 || f[2].u != u->identity.epoch) return ST_OK;
    if (f[6].u == ACK_ARCHIVED) return on_archived(u, t, w, now, f);
    struct outbox_stream s;
    struct outbox_settled settled;
    struct outbox_keep keep;
    struct outbox_receipt a = {
        .keep = share(u, &keep), .sequence = f[3].u, .lsn = f[5].u, .refused = f[7].s, .worker = u->worker
    };
    memcpy(a.hash.b, f[4].s.p, HASH_SIZE);
    int st = outbox_stream_get(t, w->office, &s);
    if (st != ST_OK) return st;
    if (f[8].u > s.acked) {             /* the ack before this one was lost, with what it said of single updates */
        way_close(u, w, 0);
        return ST_OK;
    }
    st = outbox_ack(t, w->office, &a, now.wall, &s, &settled);
    if (st == ST_INVALID) return block(u, t, w, &s, CODE_DIFFERENT_HISTORY, now);
    if (st != ST_OK) return st;
    settle(u, w, &s, settled);
    w->receipts.due = true;
    w->receipts.from = 0;
    if (settled.batches) w->deadline.us = now.mono.us + SILENCE_US;
    return ST_OK;
}

static bool blocks(unsigned code)
{
    return code == CODE_CONFLICT || code == CODE_STALE || code == CODE_DIFFERENT_HISTORY || code == CODE_BAD_SIGNATURE;
}

/* The batch at seq bears a key that is valid no more: signed anew where there is another one, else the stream stands still, loudly.
 * What is said of a stream that is not open was said of batches as they were before. */
static int resign(struct uplink *u, struct store_txn *t, struct way *w, uint64_t seq, struct outbox_stream *s, struct now now)
{
    const struct outbox_speaker who = { w->office, slice_of(w->id, strlen(w->id)), u->signer, &u->identity };
    uint32_t n = 0;
    if (w->state != WAY_OPEN) return ST_OK;
    int st = u->signer ? outbox_resign(t, &who, seq, now.wall, s, &n) : ST_OK;
    if (st != ST_OK && st != ST_INVALID && st != ST_NOT_FOUND) return st;
    if (n == 0) return block(u, t, w, s, CODE_BAD_SIGNATURE, now);
    way_close(u, w, now.mono.us + RETRY_US / 20);
    return ST_OK;
}

static int on_nack(struct uplink *u, struct store_txn *t, struct now now, const struct field *f, struct effects *x)
{
    (void)x;
    unsigned code = f[4].u <= UINT16_MAX ? (unsigned)f[4].u : CODE_BAD_FORMAT;
    if (f[0].s.n == 0 && code == CODE_DIFFERENT_HISTORY && u->session == UPLINK_UP) {
        int st = witness_denied(&u->witness, t, now, f[3].u);
        stop_if_broken(u, now);
        if (st != ST_OK || u->session != UPLINK_UP) return st;
    }
    if (f[0].s.n == 0) { /* the session itself: greet again later */
        witness_lost(&u->witness);
        close_all(u);
        u->refused_code = code;
        u->session = UPLINK_GREETED;
        u->session_deadline.us = now.mono.us + RETRY_US;
        return ST_OK;
    }
    struct way *w = find_id(u, f[0].s);
    struct outbox_stream s;
    if (!w) return ST_OK;
    int st = outbox_stream_get(t, w->office, &s);
    if (st != ST_OK) return st;
    if (code == CODE_BAD_SIGNATURE) return resign(u, t, w, f[3].u, &s, now);
    if (blocks(code)) return block(u, t, w, &s, code, now);
    bool order = code == CODE_GAP || code == CODE_BAD_CHAIN || code == CODE_BUSY;
    way_close(u, w, order && s.state == CODE_OK ? now.mono.us + RETRY_US / 20 : now.mono.us + RETRY_US);
    return order ? ST_OK : set_state(t, w->office, &s, code);
}

static int on_data(struct uplink *u, struct store_txn *t, struct now now, struct slice bytes, struct effects *x)
{
    static const handler_fn handlers[MSG_TYPE_COUNT] = {
        [MSG_HELLO_OK] = on_hello_ok, [MSG_OPEN_OK] = on_open_ok, [MSG_ACK] = on_ack, [MSG_NACK] = on_nack,
        [MSG_CHECKPOINT] = on_checkpoint, [MSG_PROOF] = on_proof, [MSG_PLACED] = on_placed,
        [MSG_RESTORED] = on_restored
    };
    struct frame fr;
    struct field f[FIELDS_MAX];
    unsigned code;
    if (codec_frame_parse(bytes, &fr, &code) != ST_OK || !handlers[fr.type]) return ST_OK; /* PONG, or nothing for us */
    if (codec_fields(&fr, f) != ST_OK) return ST_OK;
    if (u->session != UPLINK_UP && fr.type != MSG_HELLO_OK && fr.type != MSG_NACK) return ST_OK;
    int st = handlers[fr.type](u, t, now, f, x);
    return st == ST_INVALID ? ST_OK : st; /* a worker that talks nonsense is not believed; silence will reopen */
}

int uplink_message(struct uplink *u, struct store_txn *t, struct now now, const struct message *m, struct effects *x)
{
    if (m->peer != u->peer) return ST_OK;
    if (m->what == MESSAGE_DATA) return on_data(u, t, now, m->bytes, x);
    close_all(u);
    witness_lost(&u->witness);
    u->session = UPLINK_DOWN;
    return m->what == MESSAGE_UP ? send_hello(u, now, x) : ST_OK;
}

/* ---- when to be called again ---- */

bool uplink_wants_step(const struct uplink *u)
{
    if (!credit_left(u) || !witness_trusts(&u->witness)) return false;
    for (size_t i = 0; i < u->count; i++)
        if (u->way[i].state == WAY_OPEN && u->way[i].more) return true;
    return false;
}

struct mono uplink_next_deadline(const struct uplink *u)
{
    struct mono d = { INT64_MAX };
    if (u->session == UPLINK_DOWN) return d;
    if (u->session == UPLINK_GREETED) return u->session_deadline;
    d = witness_next_deadline(&u->witness);
    if (u->ping_at.us < d.us) d = u->ping_at;
    if (!witness_trusts(&u->witness)) return d;
    for (size_t i = 0; i < u->count; i++) {
        const struct way *w = &u->way[i];
        if ((w->state != WAY_OPEN || w->flight_batches) && w->deadline.us < d.us) d = w->deadline;
    }
    return d;
}

void uplink_status(const struct uplink *u, struct uplink_status *ret)
{
    *ret = (struct uplink_status){ .session = u->session,
                                   .in_flight_batches = u->flight_batches,
                                   .in_flight_bytes = u->flight_bytes, .refused_code = u->refused_code };
    memcpy(ret->worker, u->worker, sizeof ret->worker);
    const struct witness *w = &u->witness;
    ret->witness = (struct uplink_witness){ .on = w->o.on, .trusted = w->trusted, .fault = w->fault, .fault_kept = w->fault_kept,
                                            .fault_seen = w->fault_seen, .size = w->has_kept ? w->kept.size : 0,
                                            .restored_at = w->restored_at };
    if (w->fault != WITNESS_FINE) ret->refused_code = CODE_DIFFERENT_HISTORY;
}
