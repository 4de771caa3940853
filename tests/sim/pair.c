/* pair.c - see pair.h. Kind: P.
 *
 * A turn is one step of one side, as the runner takes it: some messages, tick, flush, commit, and only then what is to be said. A
 * process that ends loses its memory, its open transaction, what it had not yet said, and the connection; a new one starts from the
 * store. A connection loses what is in its queues. The collector is told that a connection broke and that the next one stands; a
 * silent cut tells nobody, as when only the worker's side forgot it.
 *
 * Invariant: nothing is read from a node but what it sends and what it commits. */
#include "tests/sim/pair.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/tray.h"

enum { WORKER_PEER = PEER_FIRST, ROWS_MAX = 8000, EFFECT_BYTES = 32 << 20, START_MS = 1700000000 };
const char *const pair_office[PAIR_OFFICES] = { "gen-3374-01", "gen-3374-02", "gen-3374-03", "gen-3374-04" };

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }
static bool one_in(struct pair *p, unsigned n) { return p->faults && rng_chance(&p->rng, 1, n * p->calm); }

void pair_wrong(struct pair *p, const char *format, ...)
{
    va_list a;
    if (p->why[0]) return;
    va_start(a, format);
    vsnprintf(p->why, sizeof p->why, format, a);
    va_end(a);
}

/* ---- keys: signatures are keyed hashes ---- */

static int public_key(void *ctx, struct slice office, uint8_t ret[PUBKEY_SIZE])
{
    struct hash h = sign_hash2("signing", 7, office.p, office.n);
    (void)ctx;
    memcpy(ret, h.b, PUBKEY_SIZE);
    return ST_OK;
}

static int sign(void *ctx, struct slice office, struct slice msg, uint8_t ret[SIG_SIZE])
{
    uint8_t pub[PUBKEY_SIZE];
    (void)public_key(ctx, office, pub);
    struct hash h = sign_hash2(pub, PUBKEY_SIZE, msg.p, msg.n);
    memcpy(ret, h.b, HASH_SIZE);
    memcpy(ret + HASH_SIZE, h.b, HASH_SIZE);
    return ST_OK;
}

bool pair_verify(void *ctx, const uint8_t pub[PUBKEY_SIZE], struct slice msg, const uint8_t sig[SIG_SIZE])
{
    struct hash h = sign_hash2(pub, PUBKEY_SIZE, msg.p, msg.n);
    (void)ctx;
    return !memcmp(h.b, sig, HASH_SIZE) && !memcmp(h.b, sig + HASH_SIZE, HASH_SIZE);
}

static void transport_key(uint8_t ret[PUBKEY_SIZE]) { memset(ret, 0x5a, PUBKEY_SIZE); }

static void make_registry(struct pair *p)
{
    struct buf b;
    char line[1024], err[256];
    buf_init(&b, 1 << 16);
    buf_str(&b, "#rekap-office 1\n");
    for (unsigned i = 0; i < PAIR_OFFICES; i++) {
        struct office o = { .role = ROLE_OFFICE, .status = OFFICE_ACTIVE, .valid_from = { INT64_MIN }, .valid_to = { INT64_MAX } };
        memcpy(o.id, pair_office[i], strlen(pair_office[i]) + 1);
        memcpy(o.name, o.id, sizeof o.id);
        (void)code_region_parse(text("33.74"), &o.region);
        transport_key(o.transport);
        (void)public_key(NULL, text(o.id), o.signing);
        ASSERT(registry_line_format(&o, line, sizeof line) > 0);
        buf_printf(&b, "%s\n", line);
    }
    int st = registry_parse(buf_slice(&b), &p->registry, err, sizeof err);
    ASSERT(st == ST_OK);
    buf_done(&b);
}

/* ---- tray files ---- */

static void expect_row(struct pair *p, unsigned office, bool refused)
{
    struct pair_rows *r = &p->rows[office];
    if (r->n == r->cap) {
        r->cap = r->cap ? 2 * r->cap : 1024;
        r->v = realloc(r->v, r->cap * sizeof *r->v);
        ASSERT(r->v != NULL);
    }
    r->v[r->n++] = (struct pair_row){ p->value, refused };
}

static struct figure random_figure(struct pair *p, uint16_t year)
{
    char digits[32];
    struct code_reading code;
    int n = snprintf(digits, sizeof digits, "1.06.01.2.01.%04u", (unsigned)rng_below(&p->rng, 40) + 1);
    int st = code_parse_activity(VINTAGE_PERMENDAGRI_90_2019, slice_of(digits, (size_t)n), &code);
    ASSERT(st == ST_OK);
    return (struct figure){ .activity = code.code, .measure = MEASURE_REALISED, .year = year, .source = SOURCE_OPD,
                            .month = (uint8_t)(rng_below(&p->rng, 12) + 1), .basis = BASIS_CUMULATIVE, .kind = VALUE_NUMBER,
                            .value = ++p->value };
}

static uint32_t random_count(struct pair *p)
{
    if (rng_chance(&p->rng, 1, 150)) return ROWS_MAX;
    if (rng_chance(&p->rng, 1, 12)) return 300 + (uint32_t)rng_below(&p->rng, 400);
    return 1 + (uint32_t)rng_below(&p->rng, 25);
}

/* A section is about the office itself or, where it has no authority, about another one: then its rows are to be refused. */
static void make_file(struct pair *p, unsigned number)
{
    struct pair_file *f = &p->file[number];
    uint32_t sections = 1 + (uint32_t)rng_below(&p->rng, 3), line = 2;
    f->office = (unsigned)rng_below(&p->rng, PAIR_OFFICES);
    snprintf(f->id, sizeof f->id, "tray-%04u", number);
    const struct tray head = { .id = text(f->id), .office = text(pair_office[f->office]), .file = text("a.csv"), .clerk = text("k"),
                               .entered = { START_MS }, .rows = sections * ROWS_MAX };
    buf_init(&f->bytes, 1 << 24);
    tray_begin(&f->bytes, &head, sections);
    for (uint32_t i = 0; i < sections; i++) {
        bool foreign = rng_chance(&p->rng, 1, 4);
        uint16_t year = (uint16_t)(2023 + rng_below(&p->rng, 2));
        uint32_t rows = random_count(p);
        const struct section s = { .office = text(pair_office[(f->office + foreign) % PAIR_OFFICES]), .year = year,
                                   .source = SOURCE_OPD, .vintage = VINTAGE_PERMENDAGRI_90_2019, .entered = { START_MS } };
        tray_section(&f->bytes, &s, rows);
        for (uint32_t k = 0; k < rows; k++) {
            struct figure g = random_figure(p, year);
            tray_row(&f->bytes, line++, &g);
            expect_row(p, f->office, foreign);
        }
    }
    tray_end(&f->bytes);
    ASSERT(buf_ok(&f->bytes));
}

/* ---- processes ---- */

static void start_node(struct pair *p, struct store *s, struct node n)
{
    struct store_txn *t = NULL;
    int st = store_begin(s, true, &t);
    if (st == ST_OK) st = n.ops->recover(n.self, t, p->now);
    if (st == ST_OK) st = store_commit(&t);
    store_abort(&t);
    if (st != ST_OK) pair_wrong(p, "a start ends with \"%s\"", status_str(st));
}

static void start_collector(struct pair *p)
{
    struct collect_options o = { .fresh = { .epoch = rng_next(&p->rng) >> 1 | 1 }, .node_name = "pair", .signer = &p->signer };
    struct slice ids[PAIR_OFFICES];
    for (unsigned i = 0; i < PAIR_OFFICES; i++) ids[i] = text(pair_office[i]);
    o.fresh.installation[0] = (uint8_t)rng_next(&p->rng);
    o.witness = (struct witness_options){ .on = true, .verifier = { NULL, pair_verify } };
    (void)public_key(NULL, text(TREE_SIGNER_ID), o.witness.key);
    (void)public_key(NULL, text("daftar"), o.witness.registry_key);
    o.witness.restores = p->keeps;
    if (p->keeps) o.keep = (struct outbox_keep){ UINT64_MAX, INT64_MAX };
    int st = collect_new(&o, &p->collect);
    if (st == ST_OK) st = collect_set_offices(p->collect, ids, PAIR_OFFICES);
    ASSERT(st == ST_OK);
    collect_dialled(p->collect, WORKER_PEER);
    p->collector = collect_node(p->collect);
    start_node(p, p->outbox, p->collector);
}

static void start_worker(struct pair *p)
{
    const struct work_options o = { .identity = { .id = "w1", .number = 1, .incarnation = { (uint8_t)rng_next(&p->rng) } },
                                    .verifier = { NULL, pair_verify }, .signer = &p->signer };
    int st = work_new(&o, &p->work);
    ASSERT(st == ST_OK);
    work_set_registry(p->work, p->registry);
    p->worker = work_node(p->work);
    start_node(p, p->ledger, p->worker);
}

static struct pair *make(uint64_t seed, bool keeps)
{
    struct pair *p = calloc(1, sizeof *p);
    ASSERT(p != NULL);
    p->keeps = keeps;
    p->seed = seed;
    p->now = (struct now){ { 1000000 }, { INT64_C(1700000000000) } };
    p->peer = PEER_FIRST;
    p->calm = 1 + (unsigned)(seed % 7);
    p->signer = (struct signer){ NULL, sign, public_key };
    rng_seed(&p->rng, seed);
    make_registry(p);
    p->files = 5 + (unsigned)rng_below(&p->rng, PAIR_FILES - 4);
    for (unsigned i = 0; i < p->files; i++) make_file(p, i);
    int st = store_mem_new(outbox_tables, &p->outbox);
    if (st == ST_OK) st = store_mem_new(ledger_tables, &p->ledger);
    if (st == ST_OK) st = effects_init(&p->collector_x, EFFECT_BYTES);
    if (st == ST_OK) st = effects_init(&p->worker_x, EFFECT_BYTES);
    ASSERT(st == ST_OK);
    start_collector(p);
    start_worker(p);
    return p;
}

struct pair *pair_new(uint64_t seed) { return make(seed, false); }
struct pair *pair_new_keeping(uint64_t seed) { return make(seed, true); }

static void queue_clear(struct pair_queue *q)
{
    for (size_t i = 0; i < q->n; i++) free(q->v[i].p);
    q->n = 0;
}

void pair_free(struct pair **pp)
{
    struct pair *p = *pp;
    if (!p) return;
    queue_clear(&p->to_worker);
    queue_clear(&p->to_collector);
    collect_free(&p->collect);
    work_free(&p->work);
    store_mem_free(&p->outbox);
    store_mem_free(&p->ledger);
    effects_done(&p->collector_x);
    effects_done(&p->worker_x);
    registry_free(&p->registry);
    for (unsigned i = 0; i < p->files; i++) buf_done(&p->file[i].bytes);
    for (unsigned i = 0; i < PAIR_OFFICES; i++) free(p->rows[i].v);
    free(p);
    *pp = NULL;
}

/* ---- the net ---- */

static void cut(struct pair *p, bool silent)
{
    queue_clear(&p->to_worker);
    queue_clear(&p->to_collector);
    p->n.cut += !silent;
    p->n.silent_cuts += silent;
    if (silent) p->peer++;
    else {
        p->tell_down = p->up;
        p->up = false;
    }
}

static void send(struct pair *p, struct pair_queue *q, struct slice bytes)
{
    if (!p->up) return;
    if (q->n == PAIR_PACKETS || one_in(p, 12)) {
        p->n.lost++;
        return;
    }
    uint8_t *copy = malloc(bytes.n + 1);
    ASSERT(copy != NULL);
    memcpy(copy, bytes.p, bytes.n);
    q->v[q->n++] = (struct pair_packet){ copy, bytes.n };
}

/* Takes a packet out, or a copy of one that stays. */
static bool receive(struct pair *p, struct pair_queue *q, struct pair_packet *ret)
{
    if (q->n == 0) return false;
    size_t at = one_in(p, 10) ? rng_below(&p->rng, q->n) : 0;
    p->n.reordered += at > 0;
    *ret = q->v[at];
    if (one_in(p, 12)) {
        p->n.repeated++;
        ret->p = malloc(q->v[at].n + 1);
        ASSERT(ret->p != NULL);
        memcpy(ret->p, q->v[at].p, ret->n);
        return true;
    }
    memmove(&q->v[at], &q->v[at + 1], (--q->n - at) * sizeof *q->v);
    return true;
}

/* ---- steps ---- */

enum side { COLLECTOR, WORKER };
struct step {
    struct pair *p;
    enum side side;
    struct node node;
    struct store *store;
    struct store_txn *t;
    struct effects *x;
    int st;
};

static void end_process(struct pair *p, enum side side)
{
    bool silent = side == WORKER && p->faults && rng_chance(&p->rng, 1, 3);
    if (side == COLLECTOR) {
        store_mem_crash(p->outbox);
        collect_free(&p->collect);
        cut(p, false);
        p->tell_down = false;           /* a new process has heard of no connection */
        p->n.collector_ends++;
        start_collector(p);
    } else {
        store_mem_crash(p->ledger);
        work_free(&p->work);
        cut(p, silent);
        p->n.worker_ends++;
        start_worker(p);
    }
}

void pair_lose(struct pair *p, struct store *ledger)
{
    store_mem_free(&p->ledger);
    work_free(&p->work);
    p->ledger = ledger;
    p->restored = true;
    cut(p, false);
    start_worker(p);
}

static void deliver(struct step *s, struct message *m)
{
    if (s->st == ST_OK) s->st = s->node.ops->on_message(s->node.self, s->t, s->p->now, m, s->x);
}

static void deliver_packets(struct step *s, struct pair_queue *q, peer_id from, struct pair_packet *held, size_t *ret_held)
{
    struct pair *p = s->p;
    for (uint64_t left = rng_below(&p->rng, 12); left > 0 && s->st == ST_OK; left--) {
        struct message m = { .what = MESSAGE_DATA, .peer = from };
        if (!receive(p, q, &held[*ret_held])) return;
        m.bytes = slice_of(held[*ret_held].p, held[*ret_held].n);
        transport_key(m.key);
        (*ret_held)++;
        deliver(s, &m);
    }
}

/* Oldest first, as the desk does; what waits is offered again in another step. */
static void deliver_tray(struct step *s)
{
    struct pair *p = s->p;
    uint64_t left = rng_below(&p->rng, 3);
    if (p->shown < p->files && rng_chance(&p->rng, 1, 8)) p->shown++;
    for (unsigned i = 0; i < p->shown && left > 0 && !collect_full(p->collect); i++) {
        struct message m = { .what = MESSAGE_DATA, .peer = PEER_TRAY, .bytes = buf_slice(&p->file[i].bytes) };
        if (p->file[i].gone) continue;
        deliver(s, &m);
        left--;
    }
    p->n.rested += collect_full(p->collect);
}

static void deliver_link(struct step *s)
{
    struct pair *p = s->p;
    struct message m = { .what = MESSAGE_DOWN, .peer = WORKER_PEER };
    if (p->tell_down) deliver(s, &m);
    p->tell_down = false;
    if (p->up || (p->faults && rng_chance(&p->rng, 1, 2))) return;
    p->up = true;
    p->peer++;
    m.what = MESSAGE_UP;
    deliver(s, &m);
}

static void tray_verdict(struct pair *p, struct slice b)
{
    if (b.p[0] == COLLECT_DAMAGED) pair_wrong(p, "a whole tray file is taken for damaged");
    for (unsigned i = 0; i < p->files; i++)
        if (b.p[0] == COLLECT_IMPORTED && strlen(p->file[i].id) == b.n - 1 && !memcmp(p->file[i].id, b.p + 1, b.n - 1))
            p->file[i].gone = true;
}

/* Codes that mean that somebody lied or lost what was durable: no fault played here is a reason for one. */
static bool accuses(unsigned code)
{
    return code == CODE_CONFLICT || code == CODE_STALE || code == CODE_DIFFERENT_HISTORY || code == CODE_BAD_SIGNATURE ||
           code == CODE_BAD_CHAIN;
}

/* P1 is about what was said: remembers it. */
static void note_ack(struct pair *p, struct slice bytes)
{
    struct frame f;
    struct field in[FIELDS_MAX];
    unsigned code;
    if (codec_frame_parse(bytes, &f, &code) != ST_OK) {
        pair_wrong(p, "the worker sends what does not parse");
        return;
    }
    if (f.type != MSG_ACK && f.type != MSG_NACK) return;
    codec_fields(&f, in);
    if (f.type == MSG_NACK) {
        if (accuses((unsigned)in[4].u))
            pair_wrong(p, "the worker accuses an honest collector of %s", status_code_spelling((unsigned)in[4].u));
        return;
    }
    for (unsigned i = 0; i < PAIR_OFFICES; i++)
        if (strlen(pair_office[i]) == in[0].s.n && !memcmp(pair_office[i], in[0].s.p, in[0].s.n) && in[3].u > p->acked[i])
            p->acked[i] = in[3].u;
}

static void say(struct step *s)
{
    struct pair *p = s->p;
    for (uint32_t i = 0; i < s->x->count; i++) {
        const struct effect *e = &s->x->e[i];
        struct slice bytes = effects_bytes(s->x, e);
        if (e->kind == EFFECT_SEND && e->peer == PEER_TRAY) tray_verdict(p, bytes);
        else if (e->kind == EFFECT_SEND && s->side == COLLECTOR) send(p, &p->to_worker, bytes);
        else if (e->kind == EFFECT_SEND && e->peer == p->peer) {
            note_ack(p, bytes);
            send(p, &p->to_collector, bytes);
        } else if (e->kind == EFFECT_CLOSE && e->peer == p->peer) cut(p, false);
    }
}

static void abort_step(struct step *s)
{
    struct store_txn *t = NULL;
    store_abort(&s->t);
    s->p->n.aborts++;
    s->st = store_begin(s->store, false, &t);
    if (s->st == ST_OK) s->st = s->node.ops->on_abort(s->node.self, t, s->p->now);
    store_abort(&t);
}

static void commit(struct step *s)
{
    struct pair *p = s->p;
    if (s->st == ST_OK) s->st = s->node.ops->on_tick(s->node.self, s->t, p->now, s->x);
    if (s->st == ST_OK) s->st = s->node.ops->flush(s->node.self, s->t, p->now, s->x);
    if (s->st == ST_OK && one_in(p, 30)) s->st = ST_UNKNOWN;
    if (s->st == ST_OK) {
        if (one_in(p, 40)) store_mem_fail_next_commit(s->store, (enum store_mem_fault)(1 + rng_below(&p->rng, 3)));
        s->st = store_commit(&s->t);
    }
    if (s->st == ST_OK && !one_in(p, 60)) say(s);
    else if (s->st == ST_FULL) abort_step(s);
    else if (s->st == ST_UNKNOWN || s->st == ST_OK) {
        effects_clear(s->x);
        end_process(p, s->side);
        s->st = ST_OK;
    }
    if (s->st != ST_OK)
        pair_wrong(p, "a step of the %s ends with \"%s\"", s->side == WORKER ? "worker" : "collector", status_str(s->st));
}

static void take_step(struct pair *p, enum side side)
{
    struct step s = { .p = p, .side = side, .node = side == WORKER ? p->worker : p->collector,
                      .store = side == WORKER ? p->ledger : p->outbox, .x = side == WORKER ? &p->worker_x : &p->collector_x };
    struct pair_packet held[16];
    size_t n = 0;
    effects_clear(s.x);
    s.st = store_begin(s.store, true, &s.t);
    if (side == COLLECTOR) deliver_link(&s);
    if (p->up && side == COLLECTOR) deliver_packets(&s, &p->to_collector, WORKER_PEER, held, &n);
    if (p->up && side == WORKER) deliver_packets(&s, &p->to_worker, p->peer, held, &n);
    if (side == COLLECTOR) deliver_tray(&s);
    commit(&s);
    while (n > 0) free(held[--n].p);
}

static void pass_time(struct pair *p, int64_t ms)
{
    p->now.mono.us += ms * 1000;
    p->now.wall.ms += ms;
}

/* Room for little more than what is there now, or for everything. */
static void squeeze(struct pair *p)
{
    uint64_t used = 0, size = 0;
    bool on = rng_chance(&p->rng, 1, 2);
    (void)store_usage(p->outbox, &used, &size);
    p->tight |= on;
    store_mem_limit(p->outbox, on ? used * 5 / 4 + 4096 + rng_below(&p->rng, 1 << 20) : 0);
}

static void check_states(struct pair *p)
{
    struct store_txn *t = NULL;
    struct outbox_stream s = { 0 };
    struct uplink_status u;
    uint32_t office;
    collect_status(p->collect, &u);
    if (u.witness.fault != WITNESS_FINE) pair_wrong(p, "the witness finds fault: %s", witness_fault_name(u.witness.fault));
    if (store_begin(p->outbox, false, &t) != ST_OK) return;
    for (unsigned i = 0; i < PAIR_OFFICES; i++)
        if (unit_dict_get(t, OUTBOX_DICT_TEXT, text(pair_office[i]), &office) == ST_OK &&
            outbox_stream_get(t, office, &s) == ST_OK && accuses(s.state))
            pair_wrong(p, "%s: the collector says %s", pair_office[i], status_code_spelling(s.state));
    store_abort(&t);
}

void pair_play(struct pair *p, unsigned turns)
{
    bool squeezed = rng_chance(&p->rng, 1, 4) && !p->keeps;     /* who has no room for them cannot keep batches */
    p->faults = true;
    for (unsigned i = 0; i < turns && !p->why[0]; i++) {
        pass_time(p, one_in(p, 40) ? 11000 : (int64_t)rng_below(&p->rng, 30));
        if (squeezed && one_in(p, 30)) squeeze(p);
        if (one_in(p, 50)) cut(p, rng_chance(&p->rng, 1, 3));
        take_step(p, rng_chance(&p->rng, 1, 2) ? WORKER : COLLECTOR);
        if (i % 16 == 0) check_states(p);
    }
    store_mem_limit(p->outbox, 0);
    p->faults = false;
}

static bool no_receipt_owed(struct store_txn *t, uint32_t office)
{
    struct outbox_due d;
    return outbox_due_next(t, office, 0, &d) == ST_NOT_FOUND;
}

uint64_t pair_lsn(struct pair *p)
{
    struct store_txn *t = NULL;
    struct slice row;
    uint64_t lsn = 0;
    if (store_begin(p->ledger, false, &t) != ST_OK) return 0;
    if (store_get(t, LEDGER_META, text("log"), &row) == ST_OK) lsn = bytes_rd64(row.p);
    store_abort(&t);
    return lsn;
}

uint64_t pair_watermark(struct pair *p, unsigned office)
{
    struct store_txn *t = NULL;
    struct slice row;
    uint8_t key[OFFICE_ID_MAX + 5] = { 0 };
    uint64_t mark = 0;
    size_t n = strlen(pair_office[office]);
    memcpy(key, pair_office[office], n);
    if (store_begin(p->ledger, false, &t) != ST_OK) return 0;
    if (store_get(t, LEDGER_STREAM, slice_of(key, n + 5), &row) == ST_OK) mark = bytes_rd64(row.p + 8);
    store_abort(&t);
    return mark;
}

/* Nothing in the tray, nothing in the outbox, every receipt kept and nothing to complain of, by the collector's own books. */
static bool drained(struct pair *p)
{
    struct store_txn *t = NULL;
    bool ok = store_begin(p->outbox, false, &t) == ST_OK;
    for (unsigned i = 0; ok && i < p->files; i++) ok = p->file[i].gone;
    for (unsigned i = 0; ok && i < PAIR_OFFICES; i++) {
        struct outbox_stream s = { 0 };
        uint32_t office;
        ok = unit_dict_get(t, OUTBOX_DICT_TEXT, text(pair_office[i]), &office) == ST_OK &&
             outbox_stream_get(t, office, &s) == ST_OK && s.acked == s.last && s.last == p->rows[i].n && s.state == CODE_OK &&
             no_receipt_owed(t, office) && pair_watermark(p, i) == s.last;
    }
    store_abort(&t);
    return ok;
}

bool pair_settle(struct pair *p, unsigned turns)
{
    p->shown = p->files;
    for (unsigned i = 0; i < turns && !p->why[0]; i++) {
        if (i % 16 == 0) check_states(p);
        if (i % 16 == 0 && drained(p)) return true;
        pass_time(p, 20);
        take_step(p, i % 2 ? WORKER : COLLECTOR);
    }
    return drained(p);
}
