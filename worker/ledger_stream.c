/* ledger_stream.c - the streams of the ledger: rows, the index by office, and the table of streams in memory. Kind: P.
 *
 * Design notes: a stream that was asked for once stays in memory (one small object for each (office, stream), at most
 * STREAMS_PER_OFFICE for each registered office), because every batch needs its watermark and chain head. Lookups that find nothing
 * allocate nothing, so unknown names cost no memory.
 *
 * Keys end an office id with a zero byte: ids cannot hold one, so "dinsos" never lies inside the range of "dinsos-3374".
 *
 * Invariant: a stream in the table with granted set equals its row in the store, or stands in the dirty list. */
#include "ledger.h"

#include <stdlib.h>
#include <string.h>

enum { STREAM_ROW = 8 + 8 + 8 + HASH_SIZE + 16, ENTRY_ROW = 8 + 4 + HASH_SIZE };
enum { STREAM_KEY_MAX = OFFICE_ID_MAX + 1 + 4, ENTRY_KEY_MAX = STREAM_KEY_MAX + 8 + 8 };
_Static_assert((int)ENTRY_KEY_MAX <= (int)STORE_KEY_MAX, "the longest ledger key fits the store");

static size_t stream_key(uint8_t *ret, struct slice office, uint32_t number)
{
    ASSERT(office.n <= OFFICE_ID_MAX);
    memcpy(ret, office.p, office.n);
    ret[office.n] = 0;
    bytes_be32(ret + office.n + 1, number);
    return office.n + 5;
}

static size_t epoch_key(uint8_t *ret, const struct stream *s, uint64_t epoch)
{
    size_t n = stream_key(ret, slice_of(s->office, strlen(s->office)), s->number);

    bytes_be64(ret + n, epoch);
    return n + 8;
}

static size_t entry_key(uint8_t *ret, const struct stream *s, uint64_t first)
{
    size_t n = epoch_key(ret, s, s->epoch);

    bytes_be64(ret + n, first);
    return n + 8;
}

static void stream_row(const struct stream *s, uint8_t row[STREAM_ROW])
{
    bytes_be64(row, s->epoch);
    bytes_be64(row + 8, s->watermark);
    bytes_be64(row + 16, s->lsn);
    memcpy(row + 24, s->head.b, HASH_SIZE);
    memcpy(row + 24 + HASH_SIZE, s->installation, sizeof s->installation);
}

static int stream_row_read(struct slice row, struct stream *s)
{
    if (row.n != STREAM_ROW) return ST_CORRUPT;
    s->epoch = bytes_rd64(row.p);
    s->watermark = bytes_rd64(row.p + 8);
    s->lsn = bytes_rd64(row.p + 16);
    memcpy(s->head.b, row.p + 24, HASH_SIZE);
    memcpy(s->installation, row.p + 24 + HASH_SIZE, sizeof s->installation);
    s->granted = true;
    return ST_OK;
}

/* ---- the table in memory ---- */

static uint32_t stream_hash(struct slice office, uint32_t number)
{
    uint32_t h = 2166136261u ^ number;

    for (size_t i = 0; i < office.n; i++) h = (h ^ office.p[i]) * 16777619u;
    return h ^ h >> 15;
}

static struct stream *table_find(const struct ledger *l, struct slice office, uint32_t number)
{
    struct stream *s = l->bucket[stream_hash(office, number) & (l->bucket_count - 1)];

    while (s != NULL && !(s->number == number && strlen(s->office) == office.n && memcmp(s->office, office.p, office.n) == 0))
        s = s->next_bucket;
    return s;
}

static void table_link(struct ledger *l, struct stream *s)
{
    struct stream **b = &l->bucket[stream_hash(slice_of(s->office, strlen(s->office)), s->number) & (l->bucket_count - 1)];

    s->next_bucket = *b;
    *b = s;
}

/* Twice the buckets when there are as many streams; without memory for that the chains just grow longer. */
static void table_widen(struct ledger *l)
{
    uint32_t old_count = l->bucket_count;
    struct stream **old = l->bucket, **wide = calloc((size_t)old_count * 2, sizeof *wide);

    if (wide == NULL) return;
    l->bucket = wide;
    l->bucket_count = old_count * 2;
    for (uint32_t i = 0; i < old_count; i++) {
        while (old[i] != NULL) {
            struct stream *s = old[i];

            old[i] = s->next_bucket;
            table_link(l, s);
        }
    }
    free(old);
}

static struct stream *table_add(struct ledger *l, struct slice office, uint32_t number)
{
    struct stream *s = calloc(1, sizeof *s);

    if (s == NULL) return NULL;
    ASSERT(office.n <= OFFICE_ID_MAX);
    memcpy(s->office, office.p, office.n);
    s->number = number;
    buf_init(&s->refused, FRAME_BYTES_MAX);
    if (l->stream_count >= l->bucket_count) table_widen(l);
    table_link(l, s);
    l->stream_count++;
    return s;
}

/* ---- rows ---- */

int ledger_stream_reload(struct stream *s, struct store_txn *t)
{
    uint8_t key[STREAM_KEY_MAX];
    struct slice row;
    int st = store_get(t, LEDGER_STREAM, slice_of(key, stream_key(key, slice_of(s->office, strlen(s->office)), s->number)), &row);

    s->dirty = s->granted = false;
    if (st == ST_OK) st = stream_row_read(row, s);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

int ledger_stream_put(struct stream *s, struct store_txn *t)
{
    uint8_t key[STREAM_KEY_MAX], row[STREAM_ROW];
    size_t n = stream_key(key, slice_of(s->office, strlen(s->office)), s->number);
    int st;

    stream_row(s, row);
    st = store_put(t, LEDGER_STREAM, slice_of(key, n), slice_of(row, sizeof row));
    if (st == ST_OK) s->dirty = false;
    return st;
}

void ledger_stream_dirty(struct ledger *l, struct stream *s)
{
    if (s->dirty) return;
    s->dirty = true;
    s->next_dirty = l->dirty_list;
    l->dirty_list = s;
}

int ledger_stream(struct ledger *l, struct store_txn *t, struct slice office, uint32_t number, struct stream **ret)
{
    struct stream *s = table_find(l, office, number), read = { 0 };
    uint8_t key[STREAM_KEY_MAX];
    struct slice row;
    int st;

    if (s == NULL) {
        st = store_get(t, LEDGER_STREAM, slice_of(key, stream_key(key, office, number)), &row);
        if (st == ST_OK) st = stream_row_read(row, &read);
        if (st != ST_OK) return st;
        s = table_add(l, office, number);
        if (s == NULL) return ST_NO_MEMORY;
        st = stream_row_read(row, s);
        ASSERT(st == ST_OK);
    }
    if (!s->granted) return ST_NOT_FOUND;
    *ret = s;
    return ST_OK;
}

static int epoch_close(struct store_txn *t, const struct stream *s)
{
    uint8_t key[STREAM_KEY_MAX + 8], row[STREAM_ROW];

    stream_row(s, row);
    return store_put(t, LEDGER_EPOCH, slice_of(key, epoch_key(key, s, s->epoch)), slice_of(row, sizeof row));
}

int ledger_grant(struct ledger *l, struct store_txn *t, struct slice office, uint32_t number, uint64_t epoch,
                 const uint8_t installation[16], struct stream **ret)
{
    struct stream *s;
    int st = ledger_stream(l, t, office, number, &s);

    if (st == ST_OK) st = epoch_close(t, s);
    else if (st == ST_NOT_FOUND) {
        s = table_find(l, office, number);
        if (s == NULL) s = table_add(l, office, number);
        st = s != NULL ? ST_OK : ST_NO_MEMORY;
    }
    if (st != ST_OK) return st;
    s->granted = true;
    s->epoch = epoch;
    s->watermark = s->lsn = 0;
    memset(&s->head, 0, sizeof s->head);
    memcpy(s->installation, installation, sizeof s->installation);
    ledger_stream_dirty(l, s);
    *ret = s;
    return ST_OK;
}

int ledger_epoch_closed(struct store_txn *t, const struct stream *s, uint64_t epoch)
{
    uint8_t key[STREAM_KEY_MAX + 8];
    struct slice row;

    return store_get(t, LEDGER_EPOCH, slice_of(key, epoch_key(key, s, epoch)), &row);
}

int ledger_stream_spoken(struct store_txn *t, const struct stream *s, struct stream *ret)
{
    struct store_cursor *c = NULL;
    struct stream found = { .lsn = 0 };
    struct slice k, row;
    uint8_t key[STREAM_KEY_MAX + 8];
    size_t n = epoch_key(key, s, 0);
    int st;

    if (s->watermark > 0) {
        *ret = *s;
        return ST_OK;
    }
    st = store_cursor(t, LEDGER_EPOCH, &c);
    if (st == ST_OK) st = store_seek(c, slice_of(key, n), &k, &row);
    for (; st == ST_OK && k.n == n && memcmp(k.p, key, n - 8) == 0; st = store_next(c, &k, &row)) {
        struct stream one = *s;

        if ((st = stream_row_read(row, &one)) != ST_OK) break;
        if (one.lsn > found.lsn) found = one;
    }
    store_cursor_close(&c);
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    if (found.lsn == 0) return ST_NOT_FOUND;
    *ret = found;
    return ST_OK;
}

/* ---- the index by office ---- */

int ledger_entry_put(struct store_txn *t, const struct stream *s, const struct ledger_entry *e)
{
    uint8_t key[ENTRY_KEY_MAX], row[ENTRY_ROW];

    bytes_be64(row, e->lsn);
    bytes_be32(row + 8, e->count);
    memcpy(row + 12, e->hash.b, HASH_SIZE);
    return store_put(t, LEDGER_BY_OFFICE, slice_of(key, entry_key(key, s, e->first)), slice_of(row, sizeof row));
}

static int entry_read(struct slice row, uint64_t first, struct ledger_entry *ret)
{
    if (row.n != ENTRY_ROW) return ST_CORRUPT;
    ret->first = first;
    ret->lsn = bytes_rd64(row.p);
    ret->count = bytes_rd32(row.p + 8);
    memcpy(ret->hash.b, row.p + 12, HASH_SIZE);
    return ST_OK;
}

int ledger_batch_at(struct store_txn *t, const struct stream *s, uint64_t first, struct ledger_entry *ret)
{
    uint8_t key[ENTRY_KEY_MAX];
    struct slice row;
    int st = store_get(t, LEDGER_BY_OFFICE, slice_of(key, entry_key(key, s, first)), &row);

    return st == ST_OK ? entry_read(row, first, ret) : st;
}

/* Steps the cursor to the last row at or before `key`: past it and one back, or the last one of the table. */
static int cursor_at_or_before(struct store_cursor *c, struct slice key, struct slice *ret_key, struct slice *ret_row)
{
    int st = store_seek(c, key, ret_key, ret_row);

    if (st == ST_NOT_FOUND) return store_last(c, ret_key, ret_row);
    if (st != ST_OK || (ret_key->n == key.n && memcmp(ret_key->p, key.p, key.n) == 0)) return st;
    return store_prev(c, ret_key, ret_row);
}

int ledger_batch_holding(struct store_txn *t, const struct stream *s, uint64_t sequence, struct ledger_entry *ret)
{
    uint8_t key[ENTRY_KEY_MAX];
    size_t n = entry_key(key, s, sequence);
    struct store_cursor *c = NULL;
    struct slice k, row;
    int st = store_cursor(t, LEDGER_BY_OFFICE, &c);

    if (st == ST_OK) st = cursor_at_or_before(c, slice_of(key, n), &k, &row);
    if (st == ST_OK && (k.n != n || memcmp(k.p, key, n - 8) != 0)) st = ST_NOT_FOUND;
    if (st == ST_OK) st = entry_read(row, bytes_rd64(k.p + n - 8), ret);
    store_cursor_close(&c);
    if (st == ST_OK && sequence - ret->first >= ret->count) st = ST_NOT_FOUND;
    return st;
}

/* ---- listing ---- */

static int list_row(struct slice key, struct slice row, struct stream *ret)
{
    size_t id = key.n - 5;

    if (key.n < 6 || id > OFFICE_ID_MAX) return ST_CORRUPT;
    memset(ret, 0, sizeof *ret);
    memcpy(ret->office, key.p, id);
    ret->number = bytes_rd32(key.p + id + 1);
    return stream_row_read(row, ret);
}

int ledger_list(struct store_txn *t, struct slice office, uint32_t number, ledger_list_fn fn, void *ctx)
{
    uint8_t key[STREAM_KEY_MAX];
    size_t n = stream_key(key, office, number);
    struct store_cursor *c = NULL;
    struct slice k, row;
    struct stream s;
    int st = store_cursor(t, LEDGER_STREAM, &c);

    if (st == ST_OK) st = store_seek(c, slice_of(key, n), &k, &row);
    if (st == ST_OK && office.n > 0 && k.n == n && memcmp(k.p, key, n) == 0) st = store_next(c, &k, &row);
    while (st == ST_OK) {
        st = list_row(k, row, &s);
        if (st != ST_OK || !fn(ctx, &s)) break;
        st = store_next(c, &k, &row);
    }
    store_cursor_close(&c);
    return st == ST_NOT_FOUND ? ST_OK : st;
}
