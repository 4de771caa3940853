/* fold.c - taking records of the log: order and chain, rows into compact updates; and the life of a group.
 *
 * A record is taken whole or not at all: everything it adds to the group's arrays is counted back when it turns out not to
 * parse. Order is checked here, where the log is read: the next number, the hash of everything before. What a row says was
 * judged by the worker (its disposition) and is judged again by the codec; either refusal counts as refused.
 * Nothing touches the store before fold_flush, so a group that is dropped leaves nothing behind.
 * Invariant: reached[w] is `applied` of worker w plus exactly the records taken since. */
#include "fold.h"

#include <stdlib.h>
#include <string.h>

#include "fold_part.h"

const char *const fold_tables[] = { "meta", "dict_text", "dict_id", "leaf", "history", "cell", "office", "count", "change",
                                    "record", "entry", "reason", "evidence", NULL };
_Static_assert(sizeof fold_tables / sizeof *fold_tables == FOLD_TABLE_COUNT + 1, "one name a table");

bool fold_room(void **array, uint32_t *cap, uint32_t need, size_t size)
{
    uint32_t n = *cap ? *cap : 256;
    ASSERT(need <= UINT32_C(1) << 31);  /* elements of one group, or offices: the memory for so many is never there */
    while (n < need) n *= 2;
    void *p = realloc(*array, n * size);
    if (!p) return false;
    *array = p;
    *cap = n;
    return true;
}

int fold_new(struct fold **ret)
{
    struct fold *f = calloc(1, sizeof *f);
    if (!f) return ST_NO_MEMORY;
    unit_init(&f->unit);
    derive_init(&f->before);
    derive_init(&f->after);
    buf_init(&f->past_bytes, UINT32_MAX);
    buf_init(&f->bytes, RECORD_BYTES_MAX);
    statement_init(&f->told);
    if (cell_deltas_new(&f->deltas) != ST_OK || cell_deltas_new(&f->deltas_up) != ST_OK) fold_free(&f);
    *ret = f;
    return f ? ST_OK : ST_NO_MEMORY;
}

void fold_free(struct fold **fold)
{
    struct fold *f = *fold;
    if (!f) return;
    fold_office_clear(f);
    free(f->update);
    free(f->rich);
    free(f->run);
    free(f->spoken);
    free(f->office);
    free(f->index);
    free(f->order);
    free(f->other);
    free(f->office_order);
    free(f->stated);
    free(f->touched);
    free(f->past);
    buf_done(&f->past_bytes);
    buf_done(&f->bytes);
    statement_done(&f->told);
    unit_done(&f->unit);
    derive_done(&f->before);
    derive_done(&f->after);
    cell_deltas_free(&f->deltas);
    cell_deltas_free(&f->deltas_up);
    free(f);
    *fold = NULL;
}

static void group_clear(struct fold *f)
{
    f->updates = f->riches = f->runs = f->spokens = f->stateds = f->touches = f->pasts = 0;
    buf_clear(&f->past_bytes);
    statement_clear(&f->told);
    cell_deltas_clear(f->deltas);
    cell_deltas_clear(f->deltas_up);
    memset(f->pending_workers, 0, sizeof f->pending_workers);
    f->pending = 0;
    f->dirty = false;
}

void fold_forget(struct fold *f)
{
    group_clear(f);
    fold_office_clear(f);
    memset(f->reached, 0, sizeof f->reached);
}

int fold_recover(struct fold *f, struct store_txn *t)
{
    fold_forget(f);
    int st = fold_state_recover(f, t);
    return st == ST_OK ? fold_office_recover(f, t) : st;
}

uint64_t fold_pending_updates(const struct fold *f)
{
    return f->pending;
}

void fold_reached(const struct fold *f, unsigned worker, uint64_t *ret_lsn, struct hash *ret_hash)
{
    ASSERT(worker < FOLD_WORKERS);
    *ret_lsn = f->reached[worker].lsn;
    *ret_hash = f->reached[worker].hash;
}

/* ---- rows ---- */

static inline bool figure_plain(const struct figure *g)
{
    return (g->indicator.n | g->text.n | g->reason.n | g->evidence.n) == 0;
}

static int update_add(struct fold *f, const struct figure *g, provenance prov)
{
    if (!FOLD_ROOM(f->update, f->update_cap, f->updates + 1)) return ST_NO_MEMORY;
    struct update *u = &f->update[f->updates];
    *u = (struct update){ .activity = g->activity, .account = g->account, .value = g->value, .prov = prov, .measure = g->measure,
                          .stage = g->stage, .source = g->source, .month = g->month, .basis = g->basis, .kind = g->kind,
                              .decimals = g->decimals };
    if (!figure_plain(g)) {
        if (!FOLD_ROOM(f->rich, f->rich_cap, f->riches + 1)) return ST_NO_MEMORY;
        f->rich[f->riches++] = *g;
        u->rich = f->riches;
    }
    f->updates++;
    return ST_OK;
}

struct taking {                         /* a batch on its way into the group */
    uint32_t speaker, subject, refused, sections_left;
    struct slice subject_id;
    struct run *run;
};

static inline bool same_bytes(struct slice a, struct slice b)
{
    return a.n == b.n && (a.p == b.p || memcmp(a.p, b.p, a.n) == 0);
}

/* Finds the subject of a section and opens a run where subject or year changes. ST_INVALID: the subject is no office id. */
static int run_for(struct fold *f, struct taking *k, const struct section *section)
{
    struct slice id = section->office;
    bool same = k->run && same_bytes(k->subject_id, id);
    if (same && k->run->year == section->year) return ST_OK;
    int st = same ? ST_OK : fold_office_get(f, id, &k->subject);
    if (st != ST_OK) return st;
    if (!FOLD_ROOM(f->run, f->run_cap, f->runs + 1)) return ST_NO_MEMORY;
    k->subject_id = id;
    k->run = &f->run[f->runs++];
    *k->run = (struct run){ .subject = k->subject, .speaker = k->speaker, .first = f->updates, .year = section->year };
    return ST_OK;
}

static int rows_take(struct fold *f, struct taking *k, struct body_reader *body, unsigned worker, const struct record *r)
{
    struct disposition_reader d;
    struct figure figure;
    unsigned code;
    int st;
    codec_dispositions_open(r->dispositions, &d);
    for (uint32_t i = 0; (st = codec_body_figure(body, &figure, &code)) == ST_OK; i++) {
        if (body->sections_left != k->sections_left) {
            k->sections_left = body->sections_left;
            if (statement_section(&f->told, i, &body->section) != ST_OK) return ST_NO_MEMORY;
        }
        if (codec_dispositions_at(&d, i) != CODE_OK) code = CODE_BAD_FORMAT;
        st = code == CODE_OK ? run_for(f, k, &body->section) : ST_INVALID;
        if (st == ST_INVALID) {
            k->refused++;
            continue;
        }
        if (st == ST_OK) st = update_add(f, &figure, figure_provenance(worker, r->lsn, i));
        if (st != ST_OK) return st;
        k->run->count++;
    }
    return st == ST_NOT_FOUND ? ST_OK : st;
}

struct mark { uint32_t updates, riches, runs; };

static struct mark mark_of(const struct fold *f) { return (struct mark){ f->updates, f->riches, f->runs }; }

static void back_to(struct fold *f, struct mark m)
{
    f->updates = m.updates;
    f->riches = m.riches;
    f->runs = m.runs;
}

/* The record is covered by the chain, so the hash of the body is not taken again; and its rows are taken as they are read, because
 * what turns out to be no body is counted back. A signed batch without a readable body stands in the log with every update refused:
 * so it counts. */
static int batch_take(struct fold *f, unsigned worker, const struct record *r)
{
    struct batch b;
    struct body_reader body;
    struct taking k = { .sections_left = UINT32_MAX };
    struct mark before = mark_of(f);
    if (codec_batch_parse_covered(r->content, &b) != ST_OK || fold_office_find(f, b.h.office, &k.speaker) != ST_OK)
        return ST_CORRUPT;
    if (!f->office[k.speaker].known) return ST_CORRUPT;         /* its registry entry stands before anything it says */
    if (!FOLD_ROOM(f->spoken, f->spoken_cap, f->spokens + 1)) return ST_NO_MEMORY;
    int st = codec_body_stream(b.body, &body);
    if (st == ST_OK) st = rows_take(f, &k, &body, worker, r);
    if (st != ST_OK && st != ST_INVALID) return st;
    bool readable = st == ST_OK && body.rows == b.h.count;
    if (!readable) {
        back_to(f, before);
        k.refused = b.h.count;
    }
    if (statement_batch(&f->told, worker, r, &b, readable) != ST_OK) return ST_NO_MEMORY;
    f->pending += b.h.count;
    f->spoken[f->spokens++] = (struct spoken){ .speaker = k.speaker, .received = b.h.count, .refused = k.refused,
                                               .last = figure_provenance(worker, r->lsn, b.h.count - 1), .at = r->at };
    return ST_OK;
}

int fold_record(struct fold *f, unsigned worker, struct slice record_bytes)
{
    struct record r;
    ASSERT(worker > 0 && worker < FOLD_WORKERS);
    if (codec_record_parse(record_bytes, &r) != ST_OK) return ST_CORRUPT;
    if (r.lsn != f->reached[worker].lsn + 1 || !sign_hash_equal(&r.previous, &f->reached[worker].hash)) return ST_INVALID;
    if (r.lsn >> 40) return ST_CORRUPT;
    struct mark before = mark_of(f);
    int st = r.kind == RECORD_OFFICE ? fold_office_entry(f, worker, r.content) : ST_OK;
    if (r.kind == RECORD_BATCH) st = batch_take(f, worker, &r); /* a restore record and a cut state no figure */
    else if (st == ST_OK)
        st = r.kind == RECORD_OFFICE ? statement_office(&f->told, worker, &r) : statement_mark(&f->told, worker, &r);
    if (st != ST_OK) {
        back_to(f, before);
        return st;
    }
    f->reached[worker].lsn = r.lsn;
    f->reached[worker].hash = sign_hash2(r.previous.b, HASH_SIZE, record_bytes.p, record_bytes.n);
    f->pending_workers[worker] = true;
    f->dirty = true;
    return ST_OK;
}

int fold_flush(struct fold *f, struct store_txn *t)
{
    if (!f->dirty) return ST_OK;
    int st = fold_office_dict(f, t);
    if (st == ST_OK) st = fold_apply(f, t);
    if (st == ST_OK) st = cell_deltas_apply(f->deltas_up, t, FOLD_CELL);
    if (st == ST_OK) st = fold_office_save(f, t);
    if (st == ST_OK) st = statement_save(&f->told, t);
    if (st == ST_OK) st = fold_state_save(f, t);
    if (st == ST_OK) group_clear(f);    /* otherwise the step is aborted and fold_forget follows */
    return st;
}
