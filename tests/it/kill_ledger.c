/* kill_ledger.c - opens the stopped worker's ledger and compares all of it with what was stated (see kill.h).
 *
 * Walks the log from record 1: every record present, linked to the one before, its batch the next of its office (sequence and hash
 * of the batch before), every update in it the statement that has this number. So each acknowledged (office, sequence) is there
 * exactly once and says what was said. Then the stream rows must name exactly where the walk ended. */
#include <stdio.h>
#include <string.h>

#include "proto/store.h"
#include "tests/it/kill.h"
#include "worker/ledger.h"

struct walk {
    struct kill *k;
    struct store_txn *t;
    uint64_t lsn, batches, updates;
    struct hash log;
    uint64_t sequence[LOAD_OFFICES], lsn_of[LOAD_OFFICES];
    struct hash head[LOAD_OFFICES];
    uint64_t base[LOAD_OFFICES];        /* sequence after which the statements of the present round count */
    activity_code leaf[LOAD_LEAVES];
    char fault[160];
};

static bool wrong(struct walk *w, const char *what)
{
    if (!w->fault[0]) snprintf(w->fault, sizeof w->fault, "%s", what);
    return false;
}

static unsigned office_of(const struct walk *w, struct slice id)
{
    for (unsigned i = 0; i < LOAD_OFFICES; i++)
        if (strlen(w->k->load.o[i].id) == id.n && !memcmp(w->k->load.o[i].id, id.p, id.n)) return i;
    return LOAD_OFFICES;
}

static bool same(const struct walk *w, const struct load_statement *s, const struct body_row *row)
{
    const struct figure *f = &row->figure;
    bool money = s->month ? f->measure == MEASURE_REALISED && f->month == s->month : f->measure == MEASURE_BUDGET && f->month == 1;
    return money && row->code == CODE_OK && f->year == w->k->load.year && f->activity == w->leaf[s->leaf] &&
           f->kind == VALUE_NUMBER && f->value == s->sen;
}

/* The updates of one batch; an office's statements of the present round begin after base[o]. */
static bool walk_body(struct walk *w, const struct batch *b, unsigned o)
{
    struct body_reader r;
    struct body_row row;
    const struct load_office *says = &w->k->load.o[o];
    int st = codec_body_open(b->body, &r);
    for (uint32_t i = 0; st == ST_OK; i++) {
        uint64_t n = w->sequence[o] + i - w->base[o];
        st = codec_body_next(&r, &row);
        if (st != ST_OK)
            return (st == ST_NOT_FOUND && i == b->h.count) || wrong(w, "a batch does not have as many updates as it says");
        if (n >= says->n || !same(w, &says->s[n], &row)) return wrong(w, "an update is not the one that was stated");
    }
    return wrong(w, "a batch body cannot be read");
}

static bool walk_batch(struct walk *w, const struct record *r)
{
    struct batch b;
    if (codec_batch_parse(r->content, &b) != ST_OK) return wrong(w, "a batch cannot be read");
    unsigned o = office_of(w, b.h.office);
    if (o == LOAD_OFFICES || b.h.stream != 0) return wrong(w, "a batch of somebody else");
    if (b.h.sequence != w->sequence[o] + 1) return wrong(w, "a sequence number is missing or there twice");
    if (memcmp(&b.h.previous, &w->head[o], sizeof w->head[o])) return wrong(w, "a batch does not continue the one before");
    if (r->dispositions.n > 1) return wrong(w, "an update was refused");
    if (!walk_body(w, &b, o)) return false;
    w->sequence[o] += b.h.count;
    w->head[o] = b.hash;
    w->lsn_of[o] = r->lsn;
    w->batches++;
    w->updates += b.h.count;
    return true;
}

/* False at the end of the log, or at a fault. */
static bool walk_record(struct walk *w)
{
    struct slice bytes;
    struct record r;
    int st = ledger_record(w->t, w->lsn + 1, &bytes);
    if (st == ST_NOT_FOUND) return false;
    if (st != ST_OK || codec_record_parse(bytes, &r) != ST_OK) return wrong(w, "a record cannot be read");
    if (r.lsn != w->lsn + 1 || memcmp(&r.previous, &w->log, sizeof w->log)) return wrong(w, "a record does not continue the log");
    struct hash before = w->log;
    w->log = sign_hash2(before.b, HASH_SIZE, bytes.p, bytes.n);
    w->lsn = r.lsn;
    return r.kind == RECORD_OFFICE || walk_batch(w, &r);
}

static bool stream_ok(void *ctx, const struct stream *s)
{
    struct walk *w = ctx;
    unsigned o = office_of(w, slice_of(s->office, strlen(s->office)));
    if (o == LOAD_OFFICES || s->watermark != w->sequence[o] || s->lsn != w->lsn_of[o] ||
        memcmp(&s->head, &w->head[o], sizeof s->head))
        return wrong(w, "a stream's watermark or head is not where the log ends");
    w->base[o] = UINT64_MAX;            /* seen */
    return true;
}

/* Rounds follow each other in the log because each was acknowledged before the next began. */
static void walk_rounds(struct walk *w, unsigned rounds)
{
    for (unsigned i = 0; i < rounds && !w->fault[0]; i++) {
        uint64_t goal = (uint64_t)(i + 1) * LOAD_UPDATES;
        load_make(&w->k->load, w->k->seed, i);
        memcpy(w->base, w->sequence, sizeof w->base);
        while (w->updates < goal && walk_record(w)) {}
        if (w->updates != goal && !w->fault[0]) wrong(w, "the log ends too early");
    }
    if (!w->fault[0] && walk_record(w)) wrong(w, "the log goes on after the last statement");
    int st = w->fault[0] ? ST_OK : ledger_list(w->t, slice_of("", 0), 0, stream_ok, w);
    if (st != ST_OK) wrong(w, "the streams cannot be listed");
    for (unsigned o = 0; o < LOAD_OFFICES && !w->fault[0]; o++)
        if (w->base[o] != UINT64_MAX) wrong(w, "an office has no stream");
}

void kill_check_ledger(struct kill *k, unsigned rounds)
{
    static struct walk w;
    const struct store_lmdb_options options = { .tables = ledger_tables, .kind = "ledger", .format = LEDGER_FORMAT };
    struct store *store = NULL;
    char dir[512], err[512] = "", code[32];
    w = (struct walk){ .k = k };
    for (unsigned i = 0; i < LOAD_LEAVES; i++) {
        struct code_reading c;
        load_code(i, code);
        ASSERT(code_parse_activity(VINTAGE_PERMENDAGRI_90_2019, slice_of(code, strlen(code)), &c) == ST_OK);
        w.leaf[i] = c.code;
    }
    world_path(&k->w, "worker/ledger", dir);
    int st = store_lmdb_open(dir, &options, &store, err, sizeof err);
    world_check(st == ST_OK, "the ledger cannot be opened: %s", err);
    if (st != ST_OK) return;
    if (store_begin(store, false, &w.t) == ST_OK) walk_rounds(&w, rounds);
    store_abort(&w.t);
    store_lmdb_close(&store);
    world_check(!w.fault[0] && w.updates == (uint64_t)rounds * LOAD_UPDATES, "ledger, after record %llu: %s",
                (unsigned long long)w.lsn, w.fault);
    world_note("ledger: %llu records, %llu batches, %llu updates, each of them what was stated, once and in order",
               (unsigned long long)w.lsn, (unsigned long long)w.batches, (unsigned long long)w.updates);
}
