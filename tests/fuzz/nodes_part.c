/* nodes_part.c - see nodes_part.h: life of the nodes, their steps as the runner takes them, and the check at the end.
 *
 * A step is begin, messages, tick, flush, commit, and only then what is to be said. A process that ends loses its memory, its open
 * transaction, what it had not yet said and its connections; a new one starts from its store. */
#include "tests/fuzz/nodes_part.h"

#include <stdio.h>

#include "collector/tray.h"

enum { EFFECT_BYTES = 4 << 20, WORKER_NUMBER = 1, STRANGER = 9999 };
static const peer_id WORKER_PEER = PEER_FIRST; /* as collector and aggregator name it */
static const char *const offices[NODES_OFFICES] = { "gen-3374-01", "gen-3374-02" };

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

static void transport(unsigned part, uint8_t ret[PUBKEY_SIZE]) { memset(ret, 0x50 + (int)part, PUBKEY_SIZE); }

/* ---- life ---- */

static void make_registry(struct nodes *n)
{
    struct buf b;
    char line[1024], err[256];
    buf_init(&b, 1 << 14);
    buf_str(&b, "#rekap-office 1\n");
    for (unsigned i = 0; i < NODES_OFFICES; i++) {
        struct office o = { .role = ROLE_OFFICE, .status = OFFICE_ACTIVE, .valid_from = { INT64_MIN }, .valid_to = { INT64_MAX } };
        memcpy(o.id, offices[i], strlen(offices[i]) + 1);
        memcpy(o.name, o.id, sizeof o.id);
        (void)code_region_parse(text("33.74"), &o.region);
        transport(NODES_COLLECTOR, o.transport);
        (void)fuzz_key(NULL, text(o.id), o.signing);
        ASSERT(registry_line_format(&o, line, sizeof line) > 0);
        buf_printf(&b, "%s\n", line);
    }
    ASSERT(registry_parse(buf_slice(&b), &n->registry, err, sizeof err) == ST_OK);
    buf_done(&b);
}

static void start_collector(struct nodes *n)
{
    struct collect_options o = { .fresh = { .epoch = n->starts * 2 + 1 }, .node_name = "fuzz", .signer = &n->signer };
    struct slice ids[NODES_OFFICES];
    for (unsigned i = 0; i < NODES_OFFICES; i++) ids[i] = text(offices[i]);
    o.witness = (struct witness_options){ .on = true, .verifier = { NULL, fuzz_verify } };
    (void)fuzz_key(NULL, text(TREE_SIGNER_ID), o.witness.key);
    ASSERT(collect_new(&o, &n->collect) == ST_OK && collect_set_offices(n->collect, ids, NODES_OFFICES) == ST_OK);
    collect_dialled(n->collect, WORKER_PEER);
    n->node[NODES_COLLECTOR] = collect_node(n->collect);
}

static void start_worker(struct nodes *n)
{
    struct work_options o = { .identity = { .id = "w1", .number = WORKER_NUMBER },
                              .verifier = { NULL, fuzz_verify },
                              .signer = &n->signer,
                              .follower_keys = 1 };
    transport(NODES_AGGREGATOR, o.follower_key[0]);
    ASSERT(work_new(&o, &n->work) == ST_OK);
    work_set_registry(n->work, n->registry);
    n->node[NODES_WORKER] = work_node(n->work);
}

static void start(struct nodes *n, enum nodes_part part)
{
    struct store_txn *t = NULL;
    n->starts++;
    if (part == NODES_COLLECTOR)
        start_collector(n);
    else if (part == NODES_WORKER)
        start_worker(n);
    else {
        ASSERT(aggregate_new(&n->aggregate) == ST_OK && aggregate_follow(n->aggregate, WORKER_NUMBER, WORKER_PEER) == ST_OK);
        n->node[NODES_AGGREGATOR] = aggregate_node(n->aggregate);
    }
    ASSERT(store_begin(n->store[part], true, &t) == ST_OK);
    ASSERT(n->node[part].ops->recover(n->node[part].self, t, n->now) == ST_OK && store_commit(&t) == ST_OK);
}

struct nodes *nodes_new(void)
{
    struct nodes *n = calloc(1, sizeof *n);
    static const char *const *const tables[NODES_PARTS] = { outbox_tables, fold_tables, ledger_tables };
    ASSERT(n != NULL);
    n->memory = NODES_MEMORY_OFF;
    n->now = (struct now){ { 1000000 }, { INT64_C(1700000000000) } };
    n->signer = (struct signer){ NULL, fuzz_signer, fuzz_key };
    n->next_peer = PEER_FIRST;
    make_registry(n);
    for (enum nodes_part p = 0; p < NODES_PARTS; p++) {
        ASSERT(store_mem_new(tables[p], &n->store[p]) == ST_OK && effects_init(&n->x[p], EFFECT_BYTES) == ST_OK);
        start(n, p);
    }
    return n;
}

static void queue_clear(struct nodes_queue *q, unsigned from)
{
    size_t kept = 0;
    for (size_t i = 0; i < q->n; i++)
        if (from == NODES_PARTS || q->v[i].from == from)
            free(q->v[i].p);
        else
            q->v[kept++] = q->v[i];
    q->n = kept;
}

static void free_node(struct nodes *n, enum nodes_part part)
{
    if (part == NODES_COLLECTOR) collect_free(&n->collect);
    if (part == NODES_AGGREGATOR) aggregate_free(&n->aggregate);
    if (part == NODES_WORKER) work_free(&n->work);
}

void nodes_free(struct nodes **nn)
{
    struct nodes *n = *nn;
    for (enum nodes_part p = 0; p < NODES_PARTS; p++) {
        queue_clear(&n->in[p], NODES_PARTS);
        free_node(n, p);
        store_mem_free(&n->store[p]);
        effects_done(&n->x[p]);
    }
    for (unsigned i = 0; i < n->files; i++) buf_done(&n->file[i].bytes);
    registry_free(&n->registry);
    free(n);
    *nn = NULL;
}

static void cut_one(struct nodes *n, unsigned dialler, bool told)
{
    queue_clear(&n->in[dialler], NODES_WORKER);
    queue_clear(&n->in[NODES_WORKER], dialler);
    n->tell_down[dialler] = told && n->up[dialler];
    n->up[dialler] = false;
}

void nodes_cut(struct nodes *n, enum nodes_part part)
{
    for (unsigned d = 0; d < NODES_WORKER; d++)
        if (part == d || part == NODES_WORKER) cut_one(n, d, true);
}

void nodes_end(struct nodes *n, enum nodes_part part)
{
    store_mem_crash(n->store[part]);
    free_node(n, part);
    nodes_cut(n, part);
    if (part != NODES_WORKER) n->tell_down[part] = false; /* a new process has heard of no connection */
    start(n, part);
}

/* ---- the tray ---- */

static struct figure figure(struct nodes *n, unsigned pick)
{
    char digits[32];
    struct code_reading code;
    int k = snprintf(digits, sizeof digits, "1.06.01.2.01.%02u", pick % 5 + 1);
    ASSERT(code_parse_activity(VINTAGE_PERMENDAGRI_90_2019, slice_of(digits, (size_t)k), &code) == ST_OK);
    return (struct figure){ .activity = code.code,
                            .measure = MEASURE_REALISED,
                            .year = 2024,
                            .source = SOURCE_OPD,
                            .month = (uint8_t)(pick % 12 + 1),
                            .basis = BASIS_CUMULATIVE,
                            .kind = VALUE_NUMBER,
                            .value = ++n->value };
}

void nodes_push(struct nodes *n, unsigned with)
{
    struct nodes_file *f = &n->file[n->files];
    unsigned office = with % NODES_OFFICES, rows = 1 + with / NODES_OFFICES % 9;
    if (n->files == NODES_FILES || n->rows[office] + rows > NODES_ROWS) return;
    snprintf(f->id, sizeof f->id, "tray-%04u", n->files++);
    const struct tray head = { .id = text(f->id),
                               .office = text(offices[office]),
                               .file = text("a.csv"),
                               .clerk = text("k"),
                               .entered = { 1 },
                               .rows = rows };
    const struct section s = { .office = text(offices[office]),
                               .year = 2024,
                               .source = SOURCE_OPD,
                               .vintage = VINTAGE_PERMENDAGRI_90_2019,
                               .entered = { 1 } };
    buf_init(&f->bytes, 1 << 16);
    tray_begin(&f->bytes, &head, 1);
    tray_section(&f->bytes, &s, rows);
    for (unsigned i = 0; i < rows; i++) {
        struct figure g = figure(n, with + i);
        tray_row(&f->bytes, i + 2, &g);
        n->said[office][n->rows[office]++] = g.value;
    }
    tray_end(&f->bytes);
    ASSERT(buf_ok(&f->bytes));
}

/* ---- the net ---- */

static void put(struct nodes *n, enum nodes_part to, unsigned from, struct slice bytes)
{
    struct nodes_queue *q = &n->in[to];
    if (q->n == NODES_QUEUE) return;
    struct nodes_packet *p = &q->v[q->n++];
    *p = (struct nodes_packet){ malloc(bytes.n + 1), bytes.n, from };
    ASSERT(p->p != NULL);
    memcpy(p->p, bytes.p, bytes.n);
}

void nodes_drop(struct nodes *n, enum nodes_part part, unsigned at)
{
    struct nodes_queue *q = &n->in[part];
    if (q->n == 0) return;
    at %= q->n;
    free(q->v[at].p);
    memmove(&q->v[at], &q->v[at + 1], (--q->n - at) * sizeof q->v[0]);
}

void nodes_repeat(struct nodes *n, enum nodes_part part, unsigned at)
{
    struct nodes_queue *q = &n->in[part];
    if (q->n > 0) put(n, part, q->v[at % q->n].from, slice_of(q->v[at % q->n].p, q->v[at % q->n].n));
}

void nodes_swap(struct nodes *n, enum nodes_part part, unsigned at)
{
    struct nodes_queue *q = &n->in[part];
    if (q->n < 2) return;
    struct nodes_packet one = q->v[0];
    q->v[0] = q->v[1 + at % (q->n - 1)];
    q->v[1 + at % (q->n - 1)] = one;
}

void nodes_turn_byte(struct nodes *n, enum nodes_part part, unsigned at, unsigned place, uint8_t with)
{
    struct nodes_queue *q = &n->in[part];
    if (q->n > 0 && q->v[at % q->n].n > 0) q->v[at % q->n].p[place % q->v[at % q->n].n] ^= with;
}

/* Somebody whose key is nobody's; what he says parses when he wants it to. */
void nodes_foreign(struct nodes *n, enum nodes_part part, unsigned type, struct slice payload)
{
    struct buf b;
    buf_init(&b, FRAME_BYTES_MAX);
    codec_frame_begin(&b, type + 1);
    buf_put(&b, payload.p, payload.n);
    codec_frame_end(&b);
    put(n, part, NODES_PARTS, type == 15 ? payload : buf_slice(&b));
    buf_done(&b);
}

/* ---- steps ---- */

struct step {
    struct nodes *n;
    enum nodes_part part;
    struct node node;
    struct store_txn *t;
    int st;
};

static void deliver(struct step *s, struct message *m)
{
    if (s->st == ST_OK) s->st = s->node.ops->on_message(s->node.self, s->t, s->n->now, m, &s->n->x[s->part]);
}

static void deliver_link(struct step *s)
{
    struct nodes *n = s->n;
    struct message m = { .what = MESSAGE_DOWN, .peer = WORKER_PEER };
    if (s->part == NODES_WORKER) return;
    if (n->tell_down[s->part]) deliver(s, &m);
    n->tell_down[s->part] = false;
    if (n->up[s->part]) return;
    n->up[s->part] = true;
    n->peer[s->part] = ++n->next_peer;
    m.what = MESSAGE_UP;
    deliver(s, &m);
}

static void deliver_packets(struct step *s, unsigned messages, uint8_t *held[16], size_t *ret_held)
{
    struct nodes *n = s->n;
    struct nodes_queue *q = &n->in[s->part];
    for (; messages > 0 && *ret_held < 16 && q->n > 0 && s->st == ST_OK; messages--) {
        struct nodes_packet p = q->v[0];
        struct message m = { .what = MESSAGE_DATA, .bytes = slice_of(p.p, p.n) };
        memmove(&q->v[0], &q->v[1], --q->n * sizeof q->v[0]);
        held[(*ret_held)++] = p.p;
        m.peer = p.from == NODES_PARTS ? STRANGER : s->part == NODES_WORKER ? n->peer[p.from] : WORKER_PEER;
        transport(p.from, m.key);
        deliver(s, &m);
    }
}

static void deliver_tray(struct step *s)
{
    struct nodes *n = s->n;
    unsigned left = 2;
    for (unsigned i = 0; s->part == NODES_COLLECTOR && i < n->files && left > 0 && !collect_full(n->collect); i++) {
        struct message m = { .what = MESSAGE_DATA, .peer = PEER_TRAY, .bytes = buf_slice(&n->file[i].bytes) };
        if (n->file[i].gone) continue;
        deliver(s, &m);
        left--;
    }
}

static void tray_verdict(struct nodes *n, struct slice b)
{
    ASSERT(b.n > 1 && b.p[0] != COLLECT_DAMAGED);
    for (unsigned i = 0; i < n->files; i++)
        if (b.p[0] == COLLECT_IMPORTED && fuzz_same(text(n->file[i].id), slice_of(b.p + 1, b.n - 1))) n->file[i].gone = true;
}

static void say(struct step *s)
{
    struct nodes *n = s->n;
    const struct effects *x = &n->x[s->part];
    for (uint32_t i = 0; i < x->count; i++) {
        const struct effect *e = &x->e[i];
        struct slice bytes = effects_bytes(x, e);
        unsigned to = NODES_WORKER;
        if (s->part == NODES_WORKER)
            for (to = 0; to < NODES_WORKER && !(n->up[to] && n->peer[to] == e->peer);) to++;
        if (e->kind == EFFECT_SEND && e->peer == PEER_TRAY)
            tray_verdict(n, bytes);
        else if (s->part == NODES_WORKER && to == NODES_WORKER)
            continue; /* to a stranger, or to one that is gone */
        else if (e->kind == EFFECT_SEND)
            put(n, (enum nodes_part)to, s->part, bytes);
        else if (e->kind == EFFECT_CLOSE)
            cut_one(n, s->part == NODES_WORKER ? to : s->part, true);
    }
}

static void abort_step(struct step *s)
{
    struct store_txn *t = NULL;
    store_abort(&s->t);
    ASSERT(store_begin(s->n->store[s->part], false, &t) == ST_OK);
    s->st = s->node.ops->on_abort(s->node.self, t, s->n->now);
    store_abort(&t);
    ASSERT(s->st == ST_OK);
}

static void finish(struct step *s, enum nodes_step how)
{
    struct nodes *n = s->n;
    if (s->st == ST_OK) s->st = s->node.ops->on_tick(s->node.self, s->t, n->now, &n->x[s->part]);
    if (s->st == ST_OK) s->st = s->node.ops->flush(s->node.self, s->t, n->now, &n->x[s->part]);
    nodes_memory(-1);
    if (s->st == ST_OK && how == NODES_STEP_LOST) s->st = ST_UNKNOWN;
    if (s->st == ST_OK && how == NODES_STEP_FULL) store_mem_fail_next_commit(n->store[s->part], MEM_FAULT_FULL);
    if (s->st == ST_OK) s->st = store_commit(&s->t);
    if (s->st == ST_FULL)
        abort_step(s);
    else if (s->st == ST_OK && how != NODES_STEP_DONE_UNSAID)
        say(s);
    else {
        ASSERT(s->st == ST_OK || s->st == ST_UNKNOWN || (s->st == ST_NO_MEMORY && n->memory >= 0));
        nodes_end(n, s->part);
    }
}

void nodes_step(struct nodes *n, enum nodes_part part, unsigned messages, enum nodes_step how)
{
    struct step s = { .n = n, .part = part, .node = n->node[part] };
    uint8_t *held[16];
    size_t count = 0;
    effects_clear(&n->x[part]);
    ASSERT(store_begin(n->store[part], true, &s.t) == ST_OK);
    nodes_memory(n->memory);
    deliver_link(&s);
    deliver_packets(&s, messages, held, &count);
    deliver_tray(&s);
    finish(&s, how);
    while (count > 0) free(held[--count]);
}

/* ---- the end ---- */

void nodes_calm(struct nodes *n)
{
    n->memory = NODES_MEMORY_OFF;
    nodes_cut(n, NODES_WORKER);
}

static uint64_t lsn_of(struct nodes *n)
{
    struct work_status s;
    work_status(n->work, &s);
    return s.lsn;
}

static bool office_settled(struct nodes *n, struct store_txn *t, unsigned i)
{
    uint32_t number;
    struct outbox_stream s;
    if (n->rows[i] == 0) return true;
    return unit_dict_get(t, OUTBOX_DICT_TEXT, text(offices[i]), &number) == ST_OK && outbox_stream_get(t, number, &s) == ST_OK &&
           s.last == n->rows[i] && s.acked == s.last && s.state == CODE_OK;
}

bool nodes_settled(struct nodes *n)
{
    struct store_txn *t = NULL;
    struct hash hash;
    uint64_t lsn = 0;
    bool ok = true;
    for (unsigned i = 0; i < n->files; i++) ok &= n->file[i].gone;
    ASSERT(store_begin(n->store[NODES_COLLECTOR], false, &t) == ST_OK);
    for (unsigned i = 0; ok && i < NODES_OFFICES; i++) ok = office_settled(n, t, i);
    store_abort(&t);
    ASSERT(store_begin(n->store[NODES_AGGREGATOR], false, &t) == ST_OK);
    ok = ok && fold_applied(t, WORKER_NUMBER, &lsn, &hash) == ST_OK && lsn == lsn_of(n) && lsn >= NODES_OFFICES;
    store_abort(&t);
    return ok;
}

static void check_batch(struct nodes *n, const struct record *r, size_t at[NODES_OFFICES])
{
    struct batch b;
    struct body_reader body;
    struct body_row row;
    unsigned i = 0;
    ASSERT(codec_batch_parse(r->content, &b) == ST_OK && codec_body_open(b.body, &body) == ST_OK);
    while (i < NODES_OFFICES && !fuzz_same(text(offices[i]), b.h.office)) i++;
    ASSERT(i < NODES_OFFICES && b.h.sequence == at[i] + 1 && b.h.count == body.rows);
    while (codec_body_next(&body, &row) == ST_OK) {
        ASSERT(at[i] < n->rows[i] && row.figure.value == n->said[i][at[i]]);
        at[i]++;
    }
}

static void export_of(struct store *s, struct buf *ret)
{
    struct store_txn *t = NULL;
    buf_init(ret, 16 << 20);
    ASSERT(store_begin(s, false, &t) == ST_OK && export_state(t, ret) == ST_OK && buf_ok(ret));
    store_abort(&t);
}

/* The log holds what was said, once and in order; the state is that of one fold of all of it. */
void nodes_check(struct nodes *n)
{
    struct store_txn *t = NULL, *into = NULL;
    struct store *fresh = NULL;
    struct fold *f = NULL;
    struct slice bytes;
    struct record r;
    struct buf seen, wanted;
    size_t at[NODES_OFFICES] = { 0 };
    ASSERT(store_mem_new(fold_tables, &fresh) == ST_OK && store_begin(fresh, true, &into) == ST_OK);
    ASSERT(fold_new(&f) == ST_OK && fold_recover(f, into) == ST_OK && store_begin(n->store[NODES_WORKER], false, &t) == ST_OK);
    for (uint64_t lsn = 1; ledger_record(t, lsn, &bytes) == ST_OK; lsn++) {
        ASSERT(codec_record_parse(bytes, &r) == ST_OK && r.lsn == lsn);
        if (r.kind == RECORD_BATCH) check_batch(n, &r, at);
        ASSERT(fold_record(f, WORKER_NUMBER, bytes) == ST_OK);
    }
    for (unsigned i = 0; i < NODES_OFFICES; i++) ASSERT(at[i] == n->rows[i]);
    ASSERT(fold_flush(f, into) == ST_OK && store_commit(&into) == ST_OK);
    store_abort(&t);
    export_of(fresh, &wanted);
    export_of(n->store[NODES_AGGREGATOR], &seen);
    ASSERT(fuzz_same(buf_slice(&seen), buf_slice(&wanted)));
    buf_done(&seen);
    buf_done(&wanted);
    fold_free(&f);
    store_mem_free(&fresh);
}
