/* fold_state.c - what a group leaves beside units and cells: `applied`, counters, the change list; and how they are read.
 *
 *   meta    "applied" | worker u8 -> lsn u64 | log hash
 *   count   office u32 -> received, effective, same, superseded, late, refused, last provenance (varints), last commit wall ms
 *           (zigzag), then [year - YEAR_MIN u8, month u8].. ascending: the last month with a realised figure, of years that have
 *           one
 *   change  position u64 -> workers u8, [worker u8, lsn u64].., [office u32, year u16]..
 * Counters commute between groups: sums, maxima, and months that follow from the unit as it now stands.
 * Invariant: effective + same + superseded + late + refused = received, of every row. */
#include <stdlib.h>
#include <string.h>

#include "fold_part.h"

enum { APPLIED_BYTES = 8 + HASH_SIZE, YEARS = YEAR_MAX - YEAR_MIN + 1, PAIR_BYTES = 6, TRIM_STEP = 64 };
static const char APPLIED_KEY[] = "applied";
enum { APPLIED_KEY_BYTES = sizeof APPLIED_KEY - 1 };

/* ---- applied ---- */

static size_t applied_key(unsigned worker, uint8_t ret[16])
{
    memcpy(ret, APPLIED_KEY, APPLIED_KEY_BYTES);
    ret[APPLIED_KEY_BYTES] = (uint8_t)worker;
    return APPLIED_KEY_BYTES + 1;
}

int fold_applied(struct store_txn *t, unsigned worker, uint64_t *ret_lsn, struct hash *ret_hash)
{
    uint8_t key[16];
    struct slice value;
    size_t n = applied_key(worker, key);
    int st = store_get(t, FOLD_META, slice_of(key, n), &value);
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    if (st == ST_OK && value.n != APPLIED_BYTES) return ST_CORRUPT;
    *ret_lsn = 0;
    *ret_hash = (struct hash){ { 0 } };
    if (st == ST_OK) {
        *ret_lsn = bytes_rd64(value.p);
        memcpy(ret_hash->b, value.p + 8, HASH_SIZE);
    }
    return ST_OK;
}

int fold_state_recover(struct fold *f, struct store_txn *t)
{
    int st = ST_OK;
    for (unsigned w = 1; st == ST_OK && w < FOLD_WORKERS; w++) st = fold_applied(t, w, &f->reached[w].lsn, &f->reached[w].hash);
    return st;
}

static int applied_save(const struct fold *f, struct store_txn *t)
{
    uint8_t key[16], value[APPLIED_BYTES];
    for (unsigned w = 1; w < FOLD_WORKERS; w++) {
        if (!f->pending_workers[w]) continue;
        size_t n = applied_key(w, key);
        bytes_be64(value, f->reached[w].lsn);
        memcpy(value + 8, f->reached[w].hash.b, HASH_SIZE);
        int st = store_put(t, FOLD_META, slice_of(key, n), slice_of(value, sizeof value));
        if (st != ST_OK) return st;
    }
    return ST_OK;
}

/* ---- counters ---- */

struct count_row { struct fold_count c; uint8_t month[YEARS]; };

static int count_read(struct store_txn *t, uint32_t office, struct count_row *ret)
{
    uint8_t key[4];
    struct slice value;
    bytes_be32(key, office);
    *ret = (struct count_row){ 0 };
    int st = store_get(t, FOLD_COUNT, slice_of(key, 4), &value);
    if (st != ST_OK) return st;
    struct rd r = rd_of(value);
    uint64_t *fields[] = { &ret->c.received, &ret->c.effective, &ret->c.same, &ret->c.superseded, &ret->c.late, &ret->c.refused,
                           &ret->c.last };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) *fields[i] = rd_varint(&r);
    ret->c.last_at.ms = rd_zigzag(&r);
    while (rd_left(&r) > 0) {
        unsigned year = rd_u8(&r), month = rd_u8(&r);
        if (r.bad || year >= YEARS || month == 0 || month > 12) return ST_CORRUPT;
        ret->month[year] = (uint8_t)month;
    }
    return r.bad ? ST_CORRUPT : ST_OK;
}

static int count_write(struct fold *f, struct store_txn *t, uint32_t office, const struct count_row *row)
{
    const struct fold_count *c = &row->c;
    const uint64_t fields[] = { c->received, c->effective, c->same, c->superseded, c->late, c->refused, c->last };
    uint8_t key[4];
    buf_clear(&f->bytes);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) buf_varint(&f->bytes, fields[i]);
    buf_zigzag(&f->bytes, c->last_at.ms);
    for (unsigned y = 0; y < YEARS; y++) {
        if (!row->month[y]) continue;
        buf_u8(&f->bytes, (uint8_t)y);
        buf_u8(&f->bytes, row->month[y]);
    }
    bytes_be32(key, office);
    return buf_ok(&f->bytes) ? store_put(t, FOLD_COUNT, slice_of(key, 4), buf_slice(&f->bytes)) : ST_NO_MEMORY;
}

int fold_count_get(struct store_txn *t, uint32_t office, struct fold_count *ret)
{
    struct count_row row;
    int st = count_read(t, office, &row);
    if (st == ST_OK && row.c.received == 0) st = ST_NOT_FOUND;
    if (st == ST_OK) *ret = row.c;
    return st;
}

int fold_last_month(struct store_txn *t, uint32_t office, uint16_t year, uint8_t *ret)
{
    struct count_row row;
    int st = count_read(t, office, &row);
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    *ret = year >= YEAR_MIN && year <= YEAR_MAX ? row.month[year - YEAR_MIN] : 0;
    return ST_OK;
}

static void spoken_add(struct fold *f)
{
    for (uint32_t i = 0; i < f->spokens; i++) {
        const struct spoken *s = &f->spoken[i];
        struct fold_office *o = &f->office[s->speaker];
        o->add.received += s->received;
        o->add.refused += s->refused;
        if (s->last > o->add.last) o->add.last = s->last;
        if (s->at.ms > o->add.last_at.ms) o->add.last_at = s->at;
        o->counted = true;
    }
}

static void count_merge(struct fold_count *to, const struct fold_count *add)
{
    to->received += add->received;
    to->effective += add->effective;
    to->same += add->same;
    to->superseded += add->superseded;
    to->late += add->late;
    to->refused += add->refused;
    if (add->last > to->last) to->last = add->last;
    if (add->last_at.ms > to->last_at.ms) to->last_at = add->last_at;
    ASSERT(to->effective + to->same + to->superseded + to->late + to->refused == to->received);
}

static int stated_order(const void *a, const void *b)
{
    const struct stated *x = a, *y = b;
    return x->office < y->office ? -1 : x->office > y->office;
}

static int counts_save(struct fold *f, struct store_txn *t)
{
    uint32_t s = 0;
    int st = ST_OK;
    spoken_add(f);
    if (f->stateds > 1) qsort(f->stated, f->stateds, sizeof *f->stated, stated_order);
    for (uint32_t i = 0; i < f->offices && st == ST_OK; i++) {
        struct fold_office *o = &f->office[i];
        struct count_row row;
        if (!o->counted) continue;
        st = count_read(t, o->dict, &row);
        if (st != ST_OK && st != ST_NOT_FOUND) return st;
        count_merge(&row.c, &o->add);
        for (; s < f->stateds && f->stated[s].office == i; s++) row.month[f->stated[s].year - YEAR_MIN] = f->stated[s].month;
        st = count_write(f, t, o->dict, &row);
        o->add = (struct fold_count){ 0 };
        o->counted = false;
    }
    return st;
}

/* ---- the change list ---- */

static int change_end(struct store_txn *t, bool last, uint64_t *ret)
{
    struct store_cursor *c = NULL;
    struct slice key, value;
    int st = store_cursor(t, FOLD_CHANGE, &c);
    if (st == ST_OK) st = last ? store_last(c, &key, &value) : store_seek(c, slice_of("", 0), &key, &value);
    if (st == ST_OK && key.n != 8) st = ST_CORRUPT;
    if (st == ST_OK) *ret = bytes_rd64(key.p);
    store_cursor_close(&c);
    return st;
}

int fold_change_last(struct store_txn *t, uint64_t *ret)
{
    uint64_t last = 0;
    int st = change_end(t, true, &last);
    if (st == ST_OK || st == ST_NOT_FOUND) *ret = last;
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static void change_vector(const struct fold *f, struct buf *b)
{
    size_t at = b->n;
    uint8_t workers = 0;
    buf_u8(b, 0);
    for (unsigned w = 1; w < FOLD_WORKERS; w++) {
        if (f->reached[w].lsn == 0) continue;
        buf_u8(b, (uint8_t)w);
        buf_be64(b, f->reached[w].lsn);
        workers++;
    }
    if (buf_ok(b)) b->p[at] = workers;
}

static int change_trim(struct store_txn *t, uint64_t last)
{
    uint64_t first;
    uint8_t key[8];
    for (unsigned i = 0; i < TRIM_STEP; i++) {
        int st = change_end(t, false, &first);
        ASSERT(st != ST_NOT_FOUND);     /* `last` itself is there */
        if (st != ST_OK) return st;
        if (first + FOLD_CHANGES_KEPT > last) return ST_OK;
        bytes_be64(key, first);
        st = store_del(t, FOLD_CHANGE, slice_of(key, 8));
        if (st != ST_OK) return st;
    }
    return ST_OK;
}

static int changes_save(struct fold *f, struct store_txn *t)
{
    uint64_t position = 0;
    uint32_t i = 0;
    int st = fold_change_last(t, &position);
    do {
        uint8_t key[8];
        if (st != ST_OK) return st;
        buf_clear(&f->bytes);
        change_vector(f, &f->bytes);
        for (uint32_t end = i + FOLD_CHANGE_PAIRS; i < f->touches && i < end; i++) {
            buf_be32(&f->bytes, f->touched[i].office);
            buf_be16(&f->bytes, f->touched[i].year);
        }
        bytes_be64(key, ++position);
        st = buf_ok(&f->bytes) ? store_append(t, FOLD_CHANGE, slice_of(key, 8), buf_slice(&f->bytes)) : ST_NO_MEMORY;
    } while (i < f->touches);
    return st == ST_OK ? change_trim(t, position) : st;
}

int fold_change_next(struct store_txn *t, uint64_t after, uint64_t *ret_position, struct fold_changed *ret, size_t max,
                     size_t *ret_n)
{
    struct store_cursor *c = NULL;
    struct slice key, value;
    uint8_t from[8];
    if (after == UINT64_MAX) return ST_NOT_FOUND;
    bytes_be64(from, after + 1);
    int st = store_cursor(t, FOLD_CHANGE, &c);
    if (st == ST_OK) st = store_seek(c, slice_of(from, 8), &key, &value);
    if (st == ST_OK) {
        struct rd r = rd_of(value);
        rd_bytes(&r, 9u * rd_u8(&r));
        size_t n = 0;
        for (; rd_left(&r) >= PAIR_BYTES && n < max; n++) {
            uint32_t office = rd_be32(&r);
            ret[n] = (struct fold_changed){ .office = office, .year = rd_be16(&r) };
        }
        if (r.bad || key.n != 8) st = ST_CORRUPT;
        else *ret_position = bytes_rd64(key.p);
        if (st == ST_OK) *ret_n = n;
    }
    store_cursor_close(&c);
    return st;
}

int fold_change_at(struct store_txn *t, uint64_t position, struct fold_reach *ret, size_t max, size_t *ret_n)
{
    struct slice value;
    uint8_t key[8];
    bytes_be64(key, position);
    int st = store_get(t, FOLD_CHANGE, slice_of(key, 8), &value);
    if (st != ST_OK) return st;
    struct rd r = rd_of(value);
    size_t n = rd_u8(&r);
    for (size_t i = 0; i < n && i < max; i++) {
        unsigned worker = rd_u8(&r);
        ret[i] = (struct fold_reach){ .worker = worker, .lsn = rd_be64(&r) };
    }
    if (r.bad || n > max) return ST_CORRUPT;
    *ret_n = n;
    return ST_OK;
}

int fold_state_save(struct fold *f, struct store_txn *t)
{
    int st = counts_save(f, t);
    if (st == ST_OK) st = applied_save(f, t);
    return st == ST_OK ? changes_save(f, t) : st;
}
