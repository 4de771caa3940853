/* statement.c - see statement.h: rows about records, kept by the fold, read by explanations and by questions about the past.
 *
 * A row is encoded when its record is read and written at the flush, in key order. Parts of a batch are gathered while its rows
 * are read and folded together where time and clerk stay the same: usually there is one.
 * Invariant: after a flush every lsn from 1 to `applied` of a worker has exactly one row. */
#include "statement.h"

#include <stdlib.h>
#include <string.h>

#include "fold_part.h"

enum { ROW_KEY = 9, ENTRY_TAIL = 18, PROOF_KEY = 8 + HASH_SIZE };

void statement_init(struct statements *s)
{
    *s = (struct statements){0};
    buf_init(&s->bytes, UINT32_MAX);
}

void statement_done(struct statements *s)
{
    free(s->row);
    free(s->part);
    free(s->entry);
    free(s->why);
    free(s->proof);
    buf_done(&s->bytes);
}

void statement_clear(struct statements *s)
{
    s->rows = s->parts = s->entries = s->whys = s->proofs = 0;
    buf_clear(&s->bytes);
}

/* ---- taking ---- */

static bool same_text(struct slice a, struct slice b) { return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0); }

int statement_section(struct statements *s, uint32_t index, const struct section *section)
{
    if (index == 0) s->parts = 0;
    const struct statement_part *last = s->parts ? &s->part[s->parts - 1] : NULL;
    if (last && last->entered.ms == section->entered.ms && same_text(last->clerk, section->clerk)) return ST_OK;
    if (!FOLD_ROOM(s->part, s->part_cap, s->parts + 1)) return ST_NO_MEMORY;
    s->part[s->parts++] = (struct statement_part){index, section->entered, section->clerk};
    return ST_OK;
}

static void text_put(struct buf *b, struct slice text)
{
    buf_varint(b, text.n);
    buf_put(b, text.p, text.n);
}

static int row_begin(struct statements *s, unsigned worker, const struct record *r, struct slice office)
{
    if (!FOLD_ROOM(s->row, s->row_cap, s->rows + 1)) return ST_NO_MEMORY;
    s->row[s->rows] = (struct statement_row){.worker = (uint8_t)worker, .lsn = r->lsn, .at = (uint32_t)s->bytes.n};
    buf_u8(&s->bytes, (uint8_t)r->kind);
    buf_zigzag(&s->bytes, r->at.ms);
    text_put(&s->bytes, office);
    return ST_OK;
}

static int row_end(struct statements *s)
{
    if (!buf_ok(&s->bytes)) return ST_NO_MEMORY;
    s->row[s->rows].size = (uint32_t)s->bytes.n - s->row[s->rows].at;
    s->rows++;
    return ST_OK;
}

int statement_batch(struct statements *s, unsigned worker, const struct record *r, const struct batch *b, bool readable)
{
    int st = row_begin(s, worker, r, b->h.office);
    if (st != ST_OK) return st;
    uint32_t parts = readable ? s->parts : 0;
    buf_varint(&s->bytes, b->h.stream);
    buf_be64(&s->bytes, b->h.epoch);
    buf_varint(&s->bytes, b->h.sequence);
    buf_varint(&s->bytes, b->h.count);
    buf_zigzag(&s->bytes, b->h.signed_at.ms - r->at.ms);
    buf_put(&s->bytes, b->hash.b, HASH_SIZE);
    buf_varint(&s->bytes, parts);
    for (uint32_t i = 0; i < parts; i++) {
        buf_varint(&s->bytes, s->part[i].first);
        buf_zigzag(&s->bytes, s->part[i].entered.ms - b->h.signed_at.ms);
        text_put(&s->bytes, s->part[i].clerk);
    }
    s->parts = 0;
    return row_end(s);
}

/* "version TAB line"; the fold has read it already, so it parses. */
int statement_office(struct statements *s, unsigned worker, const struct record *r)
{
    struct office o;
    char err[160];
    uint64_t version = 0;
    size_t i = 0, n;
    for (; i < r->content.n && r->content.p[i] != '\t'; i++) version = version * 10 + (r->content.p[i] - '0');
    struct slice line = slice_of(r->content.p + i + 1, r->content.n > i ? r->content.n - i - 1 : 0);
    if (registry_line_parse(line, &o, err, sizeof err) != ST_OK) return ST_CORRUPT;
    n = strlen(o.id);
    if (!FOLD_ROOM(s->entry, s->entry_cap, s->entries + 1)) return ST_NO_MEMORY;
    struct statement_entry *e = &s->entry[s->entries];
    memcpy(e->key, o.id, n);
    e->key[n] = 0;
    bytes_be64(e->key + n + 1, version);
    e->key[n + 9] = (uint8_t)worker;
    bytes_be64(e->key + n + 10, r->lsn);
    e->key_size = (uint32_t)n + ENTRY_TAIL;
    e->content = r->content;
    int st = row_begin(s, worker, r, slice_of(o.id, n));
    if (st != ST_OK) return st;
    buf_varint(&s->bytes, version);
    s->entries++;
    return row_end(s);
}

int statement_mark(struct statements *s, unsigned worker, const struct record *r)
{
    int st = row_begin(s, worker, r, slice_of("", 0));
    if (st == ST_OK) buf_varint(&s->bytes, 0);
    return st == ST_OK ? row_end(s) : st;
}

int statement_reason(struct statements *s, provenance prov, struct slice text)
{
    if (!FOLD_ROOM(s->why, s->why_cap, s->whys + 1)) return ST_NO_MEMORY;
    s->why[s->whys++] = (struct statement_why){prov, text};
    return ST_OK;
}

int statement_evidence(struct statements *s, provenance of, provenance by, struct slice document)
{
    if (!FOLD_ROOM(s->proof, s->proof_cap, s->proofs + 1)) return ST_NO_MEMORY;
    s->proof[s->proofs++] = (struct statement_proof){of, by, document};
    return ST_OK;
}

/* ---- writing ---- */

static struct slice row_key(unsigned worker, uint64_t lsn, uint8_t ret[ROW_KEY])
{
    ret[0] = (uint8_t)worker;
    bytes_be64(ret + 1, lsn);
    return slice_of(ret, ROW_KEY);
}

static int row_order(const void *a, const void *b)
{
    const struct statement_row *x = a, *y = b;
    if (x->worker != y->worker) return x->worker < y->worker ? -1 : 1;
    return x->lsn < y->lsn ? -1 : x->lsn > y->lsn;
}

static int rows_save(struct statements *s, struct store_txn *t)
{
    struct store_cursor *c = NULL;
    uint8_t key[ROW_KEY];
    if (s->rows == 0) return ST_OK;
    if (s->rows > 1) qsort(s->row, s->rows, sizeof *s->row, row_order);
    int st = store_cursor(t, FOLD_RECORD, &c);
    for (uint32_t i = 0; st == ST_OK && i < s->rows; i++) {
        const struct statement_row *r = &s->row[i];
        st = store_cursor_put(c, row_key(r->worker, r->lsn, key), slice_of(s->bytes.p + r->at, r->size));
    }
    store_cursor_close(&c);
    return st;
}

static struct slice proof_key(provenance of, struct slice document, uint8_t ret[PROOF_KEY])
{
    ASSERT(document.n == HASH_SIZE);
    bytes_be64(ret, of);
    memcpy(ret + 8, document.p, HASH_SIZE);
    return slice_of(ret, PROOF_KEY);
}

/* The first statement that brought a document stays: those of one value come in log order, whatever the groups. */
static int proofs_save(const struct statements *s, struct store_txn *t)
{
    uint8_t key[PROOF_KEY], by[8];
    struct slice before;
    int st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < s->proofs; i++) {
        struct slice k = proof_key(s->proof[i].of, s->proof[i].document, key);
        st = store_get(t, FOLD_EVIDENCE, k, &before);
        if (st != ST_NOT_FOUND) continue;
        bytes_be64(by, s->proof[i].by);
        st = store_put(t, FOLD_EVIDENCE, k, slice_of(by, sizeof by));
    }
    return st;
}

int statement_save(struct statements *s, struct store_txn *t)
{
    uint8_t key[8];
    int st = rows_save(s, t);
    for (uint32_t i = 0; st == ST_OK && i < s->entries; i++)
        st = store_put(t, FOLD_ENTRY, slice_of(s->entry[i].key, s->entry[i].key_size), s->entry[i].content);
    for (uint32_t i = 0; st == ST_OK && i < s->whys; i++) {
        bytes_be64(key, s->why[i].prov);
        st = store_put(t, FOLD_REASON, slice_of(key, sizeof key), s->why[i].text);
    }
    return st == ST_OK ? proofs_save(s, t) : st;
}

/* ---- reading ---- */

static struct slice text_get(struct rd *r)
{
    uint64_t n = rd_varint(r);
    if (n <= rd_left(r)) return rd_bytes(r, (size_t)n);
    r->bad = true;
    return slice_of(NULL, 0);
}

/* A time that is told as its distance from another; a distance that leads out of the range is damage. */
static int64_t time_get(struct rd *r, int64_t from)
{
    int64_t sum = 0;
    if (__builtin_add_overflow(from, rd_zigzag(r), &sum)) r->bad = true;
    return sum;
}

/* The last part that begins at or before `index`. */
static void parts_get(struct rd *r, uint32_t index, struct statement *ret)
{
    uint64_t parts = rd_varint(r);
    for (uint64_t i = 0; i < parts && !r->bad; i++) {
        uint64_t first = rd_varint(r);
        struct wall entered = {time_get(r, ret->signed_at.ms)};
        struct slice clerk = text_get(r);
        if (first > index) continue;
        ret->entered = entered;
        ret->clerk = clerk;
    }
}

static void batch_get(struct rd *r, uint32_t index, struct statement *ret)
{
    ret->stream = (uint32_t)rd_varint(r);
    ret->epoch = rd_be64(r);
    ret->sequence = rd_varint(r);
    ret->count = (uint32_t)rd_varint(r);
    ret->signed_at.ms = time_get(r, ret->at.ms);
    struct slice hash = rd_bytes(r, HASH_SIZE);
    if (!r->bad) memcpy(ret->batch.b, hash.p, HASH_SIZE);
    parts_get(r, index, ret);
}

int statement_get(struct store_txn *t, unsigned worker, uint64_t lsn, uint32_t index, struct statement *ret)
{
    uint8_t key[ROW_KEY];
    struct slice value;
    int st = store_get(t, FOLD_RECORD, row_key(worker, lsn, key), &value);
    if (st != ST_OK) return st;
    struct rd r = rd_of(value);
    struct statement s = {.kind = rd_u8(&r)};
    s.at.ms = rd_zigzag(&r);
    s.office = text_get(&r);
    if (s.kind == RECORD_BATCH)
        batch_get(&r, index, &s);
    else
        s.version = rd_varint(&r);
    if (r.bad || rd_left(&r) > 0) return ST_CORRUPT;
    *ret = s;
    return ST_OK;
}

int statement_why(struct store_txn *t, provenance prov, struct slice *ret)
{
    uint8_t key[8];
    bytes_be64(key, prov);
    return store_get(t, FOLD_REASON, slice_of(key, sizeof key), ret);
}

int statement_proofs(struct store_txn *t, provenance of, int (*fn)(void *ctx, struct slice document, provenance by), void *ctx)
{
    struct store_cursor *c = NULL;
    struct slice key, value;
    uint8_t from[8];
    bytes_be64(from, of);
    int st = store_cursor(t, FOLD_EVIDENCE, &c);
    if (st == ST_OK) st = store_seek(c, slice_of(from, sizeof from), &key, &value);
    while (st == ST_OK && key.n >= sizeof from && memcmp(key.p, from, sizeof from) == 0) {
        if (key.n != PROOF_KEY || value.n != 8) st = ST_CORRUPT;
        else st = fn(ctx, slice_of(key.p + 8, HASH_SIZE), bytes_rd64(value.p));
        if (st == ST_OK) st = store_next(c, &key, &value);
    }
    store_cursor_close(&c);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

int statement_position(struct store_txn *t, unsigned worker, uint64_t applied, struct wall when, uint64_t *ret_lsn)
{
    uint64_t low = 0, high = applied; /* the answer is in low..high: commit times never fall along a log */
    struct statement s;
    int st = applied ? statement_get(t, worker, 1, 0, &s) : ST_OK;
    while (st == ST_OK && low < high) {
        uint64_t mid = low + (high - low + 1) / 2;
        st = statement_get(t, worker, mid, 0, &s);
        if (st == ST_OK && s.at.ms <= when.ms)
            low = mid;
        else
            high = mid - 1;
    }
    if (st == ST_OK) *ret_lsn = low;
    return st;
}

int statement_entries(struct store_txn *t, int (*fn)(void *ctx, const struct statement_line *l), void *ctx)
{
    struct store_cursor *c = NULL;
    struct slice key, value;
    int st = store_cursor(t, FOLD_ENTRY, &c);
    if (st == ST_OK) st = store_seek(c, slice_of("", 0), &key, &value);
    while (st == ST_OK) {
        if (key.n <= ENTRY_TAIL) st = ST_CORRUPT;
        if (st != ST_OK) break;
        const uint8_t *tail = key.p + key.n - ENTRY_TAIL;
        const struct statement_line l = {.office = slice_of(key.p, key.n - ENTRY_TAIL),
                                         .content = value,
                                         .version = bytes_rd64(tail + 1),
                                         .worker = tail[9],
                                         .lsn = bytes_rd64(tail + 10)};
        st = fn(ctx, &l);
        if (st == ST_OK) st = store_next(c, &key, &value);
    }
    store_cursor_close(&c);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

struct slice statement_entry_line(const struct statement_line *l)
{
    const uint8_t *tab = memchr(l->content.p, '\t', l->content.n);
    size_t skip = tab ? (size_t)(tab - l->content.p) + 1 : l->content.n;
    return slice_of(l->content.p + skip, l->content.n - skip);
}
