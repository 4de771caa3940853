/* history.c - see history.h: noting, and the check.
 *
 * The log is walked from record 1 and followed office by office; while it is, the registers stand as the log has them, and each
 * read that claims a position is compared at that position. So reads are sorted by position first. The check shares the decoder
 * with rekap and no rule: no fold, no query, no store but the ledger's.
 *
 * Invariant: h->faults counts all faults; only the first HISTORY_FAULTS keep their text. */
#include "tests/it/history.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/store.h"
#include "worker/ledger.h"

void history_fault(struct history *h, const char *format, ...)
{
    va_list a;
    va_start(a, format);
    if (h->faults < HISTORY_FAULTS) vsnprintf(h->fault[h->faults], sizeof h->fault[0], format, a);
    va_end(a);
    h->faults++;
}

void history_free(struct history *h)
{
    for (unsigned i = 0; i < HISTORY_OFFICES; i++) free(h->o[i].s);
    free(h->r);
    *h = (struct history){ 0 };
}

static void *grown(void *p, size_t n, size_t *cap, size_t size)
{
    if (n < *cap) return p;
    *cap = *cap ? 2 * *cap : 1024;
    p = realloc(p, *cap * size);
    ASSERT(p != NULL);
    return p;
}

/* ---- what clients note ---- */

void history_file(struct history *h, unsigned office, unsigned rows, uint64_t pick, struct buf *csv)
{
    struct history_office *o = &h->o[office];
    ASSERT(rows > 0 && rows <= HISTORY_ROWS_MAX);
    o->file_from = o->n;
    buf_str(csv, "tahun,nomenklatur,kode,sampai,realisasi\n");
    for (unsigned i = 0; i < rows; i++) {
        unsigned leaf = (unsigned)((pick + i * 7) % HISTORY_LEAVES); /* 7 and 24 have no common factor: each line once */
        int64_t rupiah = (int64_t)(office + 1) * 1000000000 + (int64_t)o->n + 1;
        o->s = grown(o->s, o->n, &o->cap, sizeof *o->s);
        o->s[o->n++] = (struct history_statement){ .sen = rupiah * 100, .leaf = (uint8_t)leaf, .first = i == 0 };
        buf_printf(csv, "%d,permendagri-90-2019,1.06.01.2.01.%02u,%d-12,%lld\n", HISTORY_YEAR, leaf + 1, HISTORY_YEAR,
                   (long long)rupiah);
    }
}

void history_pushed(struct history *h, unsigned office, bool ended_well, bool visible)
{
    struct history_office *o = &h->o[office];
    for (size_t i = o->file_from; i < o->n; i++) o->s[i].unsure = !ended_well;
    if (visible) __atomic_store_n(&o->promised, o->n, __ATOMIC_RELEASE); /* read by the one that reads */
}

void history_acked(struct history *h, unsigned office, uint64_t sequence)
{
    struct history_office *o = &h->o[office];
    if (sequence < o->acked) o->fell_from = o->acked, o->fell_to = sequence;
    if (sequence > o->acked) o->acked = sequence;
}

void history_read(struct history *h, const struct history_read *r)
{
    if (r->position < h->position)
        history_fault(h, "backwards: a read at %llu after one at %llu", (unsigned long long)r->position,
                      (unsigned long long)h->position);
    h->position = r->position;
    h->r = grown(h->r, h->reads, &h->cap, sizeof *h->r);
    h->r[h->reads++] = *r;
}

/* ---- the walk ---- */

struct walk {
    struct history *h;
    struct store_txn *t;
    uint64_t lsn;
    size_t next[HISTORY_OFFICES], read; /* the statement that is expected; the read that comes next */
    uint64_t sequence[HISTORY_OFFICES];
    int64_t now[HISTORY_OFFICES][HISTORY_LEAVES];
};

static unsigned office_of(const struct history *h, struct slice id)
{
    for (unsigned i = 0; i < HISTORY_OFFICES; i++)
        if (strlen(h->o[i].id) == id.n && !memcmp(h->o[i].id, id.p, id.n)) return i;
    return HISTORY_OFFICES;
}

static int leaf_of(const struct figure *f)
{
    char text[32];
    unsigned leaf = 0;
    int n = code_format_activity(f->activity, text);
    if (n <= 0 || sscanf(text, "1.06.01.2.01.%4u", &leaf) != 1 || leaf < 1 || leaf > HISTORY_LEAVES) return -1;
    return (int)leaf - 1;
}

/* Which statement is this? Those of a file that was perhaps never taken may be missing, all of them. */
static void match(struct walk *w, unsigned at, int leaf, int64_t sen)
{
    struct history_office *o = &w->h->o[at];
    size_t i = w->next[at], found;
    while (i < o->n && o->s[i].unsure && o->s[i].first && o->s[i].sen != sen)
        for (i++; i < o->n && !o->s[i].first;) i++;
    if (i < o->n && o->s[i].sen == sen && o->s[i].leaf == leaf) {
        o->s[i].lsn = w->lsn;
        w->next[at] = i + 1;
        return;
    }
    for (found = 0; found < o->n && o->s[found].sen != sen;) found++;
    const char *what = found == o->n || o->s[found].leaf != leaf ? "phantom" : o->s[found].lsn ? "duplicate" : "reordered";
    history_fault(w->h, "%s: %s, record %llu: value %lld, expected statement %zu", what, o->id, (unsigned long long)w->lsn,
                  (long long)sen, i);
}

static void walk_batch(struct walk *w, const struct record *r)
{
    struct batch b;
    struct body_reader body;
    struct body_row row;
    unsigned at = codec_batch_parse(r->content, &b) == ST_OK ? office_of(w->h, b.h.office) : HISTORY_OFFICES;
    if (at == HISTORY_OFFICES || codec_body_open(b.body, &body) != ST_OK) {
        history_fault(w->h, "phantom: record %llu is of nobody here", (unsigned long long)w->lsn);
        return;
    }
    if (b.h.sequence != w->sequence[at] + 1 || r->dispositions.n > 1)
        history_fault(w->h, "record %llu: sequence %llu after %llu, or refused updates", (unsigned long long)w->lsn,
                      (unsigned long long)b.h.sequence, (unsigned long long)w->sequence[at]);
    w->sequence[at] = b.h.sequence + b.h.count - 1;
    while (codec_body_next(&body, &row) == ST_OK) {
        int leaf = leaf_of(&row.figure);
        if (row.code != CODE_OK || leaf < 0 || row.figure.year != HISTORY_YEAR || row.figure.measure != MEASURE_REALISED)
            history_fault(w->h, "phantom: record %llu", (unsigned long long)w->lsn);
        else
            match(w, at, leaf, row.figure.value), w->now[at][leaf] = row.figure.value;
        if (w->h->twice && w->h->updates == 0) match(w, at, leaf, row.figure.value);
        w->h->updates++;
    }
}

static bool walk_record(struct walk *w)
{
    struct slice bytes;
    struct record r;
    int st = ledger_record(w->t, w->lsn + 1, &bytes);
    if (st == ST_NOT_FOUND) return false;
    w->lsn++;
    if (st != ST_OK || codec_record_parse(bytes, &r) != ST_OK || r.lsn != w->lsn) {
        history_fault(w->h, "record %llu cannot be read", (unsigned long long)w->lsn);
        return false;
    }
    if (r.kind == RECORD_BATCH) walk_batch(w, &r);
    return true;
}

/* ---- reads ---- */

static int by_position(const void *a, const void *b)
{
    uint64_t x = ((const struct history_read *)a)->position, y = ((const struct history_read *)b)->position;
    return (x > y) - (x < y);
}

static void check_total(struct walk *w, const struct history_read *r)
{
    int64_t sum = 0;
    for (unsigned o = 0; o < HISTORY_OFFICES; o++)
        for (unsigned i = 0; i < HISTORY_LEAVES; i++) sum += w->now[o][i];
    if (sum != r->value[0])
        history_fault(w->h, "stale: the total at %llu was read as %lld, is %lld", (unsigned long long)r->position,
                      (long long)r->value[0], (long long)sum);
}

static void check_read(struct walk *w, const struct history_read *r)
{
    if (r->office < 0) {
        check_total(w, r);
        return;
    }
    const struct history_office *o = &w->h->o[r->office];
    for (unsigned i = 0; i < HISTORY_LEAVES; i++)
        if (r->value[i] != w->now[r->office][i])
            history_fault(w->h, "stale: %s, line %u at %llu was read as %lld, is %lld", o->id, i + 1,
                          (unsigned long long)r->position, (long long)r->value[i], (long long)w->now[r->office][i]);
    for (size_t i = r->promised; i-- > 0 && !o->s[i].unsure;) {
        if (!o->s[i].lsn || o->s[i].lsn > r->position)
            history_fault(w->h, "stale: %s, a read at %llu does not show statement %zu, which was promised", o->id,
                          (unsigned long long)r->position, i);
        break;
    }
}

static void check_reads(struct walk *w)
{
    for (; w->read < w->h->reads && w->h->r[w->read].position <= w->lsn; w->read++) check_read(w, &w->h->r[w->read]);
}

static void check_office(struct walk *w, unsigned at)
{
    struct history_office *o = &w->h->o[at];
    size_t lost = 0;
    for (size_t i = 0; i < o->n; i++) lost += !o->s[i].lsn && !o->s[i].unsure;
    if (lost) history_fault(w->h, "lost: %zu of %zu statements of %s are not in the log", lost, o->n, o->id);
    if (o->acked > w->sequence[at])
        history_fault(w->h, "lost: %s was told %llu acknowledged, the log has %llu", o->id, (unsigned long long)o->acked,
                      (unsigned long long)w->sequence[at]);
    if (o->fell_from)
        history_fault(w->h, "backwards: %s was told %llu acknowledged, then %llu", o->id, (unsigned long long)o->fell_from,
                      (unsigned long long)o->fell_to);
}

void history_check(struct history *h, const char *dir)
{
    const struct store_lmdb_options options = { .tables = ledger_tables, .kind = "ledger", .format = LEDGER_FORMAT };
    struct store *store = NULL;
    struct walk w = { .h = h };
    h->updates = 0;
    char err[512] = "";
    if (store_lmdb_open(dir, &options, &store, err, sizeof err) != ST_OK || store_begin(store, false, &w.t) != ST_OK) {
        history_fault(h, "the ledger cannot be opened: %s", err);
        store_lmdb_close(&store);
        return;
    }
    if (h->reads) qsort(h->r, h->reads, sizeof *h->r, by_position);
    /* a promise names a statement that the walk finds before any read that must show it, or never */
    do check_reads(&w);
    while (walk_record(&w));
    if (w.read < h->reads) history_fault(h, "phantom: %zu reads at positions the log does not have", h->reads - w.read);
    for (unsigned i = 0; i < HISTORY_OFFICES; i++) check_office(&w, i);
    h->records = w.lsn;
    store_abort(&w.t);
    store_lmdb_close(&store);
}

/* ---- is it awake? ---- */

static void check_anew(struct history *h, const char *dir)
{
    for (unsigned o = 0; o < HISTORY_OFFICES; o++)
        for (size_t i = 0; i < h->o[o].n; i++) h->o[o].s[i].lsn = 0;
    h->faults = 0;
    memset(h->fault, 0, sizeof h->fault);
    history_check(h, dir);
}

/* Is a fault of that name among those reported? Then all is forgotten. */
static unsigned missed(struct history *h, const char *name)
{
    bool found = false;
    for (unsigned i = 0; i < h->faults && i < HISTORY_FAULTS; i++) found |= !strncmp(h->fault[i], name, strlen(name));
    return !found;
}

static void swap(struct history_statement *a, struct history_statement *b)
{
    int64_t sen = a->sen;
    uint8_t leaf = a->leaf;
    a->sen = b->sen, a->leaf = b->leaf;
    b->sen = sen, b->leaf = leaf;
}

static unsigned planted(struct history *h, const char *dir, unsigned kind)
{
    struct history_office *o = &h->o[0];
    struct history_read *r = &h->r[h->reads - 1];
    const struct history_office office = *o;
    const struct history_read read = *r;
    const struct history_statement first = o->s[0], second = o->s[1];
    size_t sure = 0; /* a statement whose push ended well: only such a one can be promised */
    while (sure + 1 < o->n && o->s[sure].unsure) sure++;
    static const char *const names[] = { "lost", "duplicate", "phantom", "reordered", "stale", "stale", "backwards" };
    switch (kind) {
    case 0:
        o->acked = UINT64_MAX;
        break;
    case 1:
        h->twice = true;
        break;
    case 2:
        o->s[0].sen++;
        break;
    case 3:
        swap(&o->s[0], &o->s[1]);
        break;
    case 4:
        r->value[0]++;
        break;
    case 5:
        r->office = 0, r->promised = sure + 1, r->position = 0, memset(r->value, 0, sizeof r->value);
        break;
    default:
        o->fell_from = 2, o->fell_to = 1;
        break;
    }
    check_anew(h, dir); /* sorts the reads: what was planted is searched for below */
    unsigned n = missed(h, names[kind]);
    *o = office;
    o->s[0] = first, o->s[1] = second;
    h->twice = false;
    for (size_t i = 0; i < h->reads; i++)
        if (kind >= 4 && (h->r[i].value[0] == read.value[0] + 1 || h->r[i].position == 0)) h->r[i] = read;
    return n;
}

unsigned history_selftest(struct history *h, const char *dir)
{
    unsigned passed_over = 0, kinds = 7, first = kinds;
    for (unsigned k = 0; k < kinds; k++) {
        unsigned n = planted(h, dir, k);
        if (n && first == kinds) first = k;
        passed_over += n;
    }
    check_anew(h, dir);
    if (passed_over) history_fault(h, "selftest: planted fault %u was passed over", first);
    return passed_over + h->faults;
}
