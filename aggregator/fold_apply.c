/* fold_apply.c - the group's updates into units, history and cell differences; offices that moved.
 *
 * Runs are sorted by (region, year, office) with a stable radix sort, so that every touched unit is loaded, derived and written
 * once, units that share cells come together, and updates of one unit stay in log order. A unit in which every update said what was
 * already known is neither derived again nor written.
 * Invariant: deltas gain exactly derive(after) in the office's region now minus derive(before) in its region then. */
#include <stdlib.h>
#include <string.h>

#include "fold_part.h"

/* ---- order ---- */

enum { PREFETCH_RUNS = 8, YEAR_BITS = 7, KEY_BITS = 64 };

/* Region, year, office: units of one region and year add to the same cells, so these stay in the caches. */
static uint64_t run_key(const struct fold *f, const struct run *r)
{
    const struct fold_office *o = &f->office[r->subject];
    uint64_t year = r->year ? r->year - YEAR_MIN + 1u : 0;
    ASSERT(year < 1u << YEAR_BITS && o->region < UINT32_C(1) << 25);
    return ((uint64_t)o->region << YEAR_BITS | year) << 32 | o->dict;
}

static void radix_pass(const struct sort_key *from, struct sort_key *to, uint32_t n, unsigned shift)
{
    uint32_t at[256] = { 0 }, sum = 0;
    for (uint32_t i = 0; i < n; i++) at[from[i].key >> shift & 0xff]++;
    for (unsigned d = 0; d < 256; d++) {
        uint32_t count = at[d];
        at[d] = sum;
        sum += count;
    }
    for (uint32_t i = 0; i < n; i++) to[at[from[i].key >> shift & 0xff]++] = from[i];
}

static int runs_sort(struct fold *f)
{
    uint64_t any = 0, all = ~UINT64_C(0);
    if (!FOLD_ROOM(f->order, f->order_cap, f->runs) || !FOLD_ROOM(f->other, f->other_cap, f->runs)) return ST_NO_MEMORY;
    for (uint32_t i = 0; i < f->runs; i++) {
        uint64_t key = run_key(f, &f->run[i]);
        f->order[i] = (struct sort_key){ key, i };
        any |= key;
        all &= key;
    }
    for (unsigned shift = 0; shift < KEY_BITS; shift += 8) {
        if (!((any ^ all) >> shift & 0xff)) continue;   /* the same in every key */
        radix_pass(f->order, f->other, f->runs, shift);
        struct sort_key *sorted = f->other;
        uint32_t cap = f->other_cap;
        f->other = f->order;
        f->other_cap = f->order_cap;
        f->order = sorted;
        f->order_cap = cap;
    }
    return ST_OK;
}

/* ---- updates into a unit ---- */

static int indicator_id(struct fold *f, struct store_txn *t, struct slice text, uint32_t *ret)
{
    *ret = 0;
    if (text.n == 0) return ST_OK;
    struct seen *s = &f->seen[bytes_crc32c(0, text.p, text.n) % FOLD_SEEN];
    if (s->text.n == text.n && memcmp(s->text.p, text.p, text.n) == 0) {
        *ret = s->id;
        return ST_OK;
    }
    int st = unit_dict_add(t, FOLD_DICT_TEXT, FOLD_DICT_ID, text, ret);
    if (st == ST_OK) *s = (struct seen){ text, *ret };
    return st;
}

static int past_add(struct fold *f, const struct leaf *leaf, unsigned slot, const struct slot *old)
{
    if (!FOLD_ROOM(f->past, f->past_cap, f->pasts + 1)) return ST_NO_MEMORY;
    struct past *p = &f->past[f->pasts];
    size_t n = unit_key_bytes(f->unit.office, f->unit.year, &leaf->key, p->key);
    p->key[n] = (uint8_t)slot;
    bytes_be64(p->key + n + 1, old->prov);
    p->key_size = (uint32_t)n + 9;
    p->at = (uint32_t)f->past_bytes.n;
    unit_slot_encode(&f->past_bytes, &f->unit, old);
    p->size = (uint32_t)f->past_bytes.n - p->at;
    f->pasts++;
    return buf_ok(&f->past_bytes) ? ST_OK : ST_NO_MEMORY;
}

static inline void plain_figure(const struct update *u, struct figure *g)
{
    g->activity = u->activity;
    g->account = u->account;
    g->value = u->value;
    g->measure = u->measure;
    g->stage = u->stage;
    g->source = u->source;
    g->month = u->month;
    g->basis = u->basis;
    g->kind = u->kind;
    g->decimals = u->decimals;
}

static int update_apply(struct fold *f, struct store_txn *t, const struct update *u, struct figure *plain, struct fold_count *count)
{
    const struct figure *g = plain;
    enum unit_result result;
    struct slot old;
    uint32_t indicator = 0, leaf;
    int st = ST_OK;
    if (u->rich) {
        g = &f->rich[u->rich - 1];
        st = indicator_id(f, t, g->indicator, &indicator);
    } else {
        plain_figure(u, plain);
    }
    if (st == ST_OK) st = unit_set(&f->unit, g, indicator, u->prov, &result, &old, &leaf);
    if (st != ST_OK) return st;
    if (g->evidence.n > 0) {            /* also of a statement that says again what stands: it proves that */
        provenance of = f->unit.leaf[leaf].slot[unit_slot_of(g)].prov;
        if ((st = statement_evidence(&f->told, of, u->prov, g->evidence)) != ST_OK) return st;
    }
    if (result == UNIT_SAME) {
        count->same++;
        return ST_OK;
    }
    if (g->reason.n > 0 && (st = statement_reason(&f->told, u->prov, g->reason)) != ST_OK) return st;
    if (result == UNIT_EFFECTIVE) {
        count->effective++;
        return ST_OK;
    }
    count->superseded++;
    return past_add(f, &f->unit.leaf[leaf], unit_slot_of(g), &old);
}

/* Applies a run; *changed when a slot changed. */
static int run_apply(struct fold *f, struct store_txn *t, const struct run *r, bool *changed)
{
    struct fold_count *count = &f->office[r->speaker].add;
    struct figure plain = { .year = r->year };
    uint64_t same = count->same;
    f->office[r->speaker].counted = true;
    for (uint32_t i = r->first; i < r->first + r->count; i++) {
        int st = update_apply(f, t, &f->update[i], &plain, count);
        if (st != ST_OK) return st;
    }
    if (count->same - same != r->count) *changed = true;
    return ST_OK;
}

static int past_order(const void *a, const void *b)
{
    const struct past *x = a, *y = b;
    return memcmp(x->key, y->key, x->key_size < y->key_size ? x->key_size : y->key_size);       /* none begins another */
}

/* Writes the history rows of one unit, in key order. */
static int past_write(struct fold *f, struct store_txn *t)
{
    struct store_cursor *c = NULL;
    if (f->pasts == 0) return ST_OK;
    if (f->pasts > 1) qsort(f->past, f->pasts, sizeof *f->past, past_order);
    int st = store_cursor(t, FOLD_HISTORY, &c);
    for (uint32_t i = 0; st == ST_OK && i < f->pasts; i++) {
        const struct past *p = &f->past[i];
        st = store_cursor_put(c, slice_of(p->key, p->key_size), slice_of(f->past_bytes.p + p->at, p->size));
    }
    store_cursor_close(&c);
    f->pasts = 0;
    buf_clear(&f->past_bytes);
    return st;
}

/* ---- units ---- */

static bool office_moved(const struct fold_office *o)
{
    return o->known != o->was_known || (o->known && o->region != o->was_region);
}

static int difference_add(struct fold *f, const struct fold_office *o, uint16_t year)
{
    if (!office_moved(o)) return o->known ? cell_deltas_add(f->deltas, o->region, year, &f->before, &f->after) : ST_OK;
    int st = o->was_known ? cell_deltas_add(f->deltas, o->was_region, year, &f->before, NULL) : ST_OK;
    return st == ST_OK ? cell_deltas_add(f->deltas, o->region, year, NULL, &f->after) : st;
}

static int touch(struct fold *f, uint32_t office, uint16_t year)
{
    if (!FOLD_ROOM(f->touched, f->touched_cap, f->touches + 1)) return ST_NO_MEMORY;
    if (!FOLD_ROOM(f->stated, f->stated_cap, f->stateds + 1)) return ST_NO_MEMORY;
    f->touched[f->touches++] = (struct fold_changed){ .office = f->office[office].dict, .year = year };
    if (year == 0) return ST_OK;
    f->stated[f->stateds++] = (struct stated){ .office = office, .year = year, .month = f->after.last_realised };
    f->office[office].counted = true;
    return ST_OK;
}

/* Everything the group says of one (office, year): the runs order[first..end). */
static int unit_apply(struct fold *f, struct store_txn *t, uint32_t first, uint32_t end)
{
    const struct run *r = &f->run[f->order[first].run];
    uint32_t office = r->subject;
    uint16_t year = r->year;
    bool changed = false;
    int st = unit_load(&f->unit, t, FOLD_LEAF, f->office[office].dict, year);
    f->before.count = 0;
    if (st == ST_OK && f->office[office].was_known) st = derive_unit(&f->unit, &f->before);
    for (uint32_t i = first; st == ST_OK && i < end; i++) {
        if (i + PREFETCH_RUNS < f->runs) __builtin_prefetch(&f->update[f->run[f->order[i + PREFETCH_RUNS].run].first]);
        st = run_apply(f, t, &f->run[f->order[i].run], &changed);
    }
    if (st != ST_OK || (!changed && !office_moved(&f->office[office]))) return st;
    st = derive_unit(&f->unit, &f->after);
    if (st == ST_OK) st = difference_add(f, &f->office[office], year);
    if (st == ST_OK) st = unit_save(&f->unit, t, FOLD_LEAF);
    if (st == ST_OK) st = past_write(f, t);
    return st == ST_OK ? touch(f, office, year) : st;
}

/* ---- moves ---- */

/* The first year at or after `year` in which the office has a unit. ST_NOT_FOUND; ST_CORRUPT: a row of no year there is. */
static int next_year(struct store_txn *t, uint32_t dict, uint16_t year, uint16_t *ret)
{
    uint8_t prefix[6];
    struct store_cursor *c = NULL;
    struct slice key, value;
    bytes_be32(prefix, dict);
    bytes_be16(prefix + 4, year);
    int st = store_cursor(t, FOLD_LEAF, &c);
    if (st == ST_OK) st = store_seek(c, slice_of(prefix, sizeof prefix), &key, &value);
    if (st == ST_OK) {
        uint16_t found = key.n < sizeof prefix ? 0 : bytes_rd16(key.p + 4);
        if (key.n >= sizeof prefix && bytes_rd32(key.p) != dict) st = ST_NOT_FOUND;
        else if (found < YEAR_MIN || found > YEAR_MAX) st = ST_CORRUPT;
        else *ret = found;
    }
    store_cursor_close(&c);
    return st;
}

static int touched_order(const void *a, const void *b)
{
    const struct fold_changed *x = a, *y = b;
    if (x->office != y->office) return x->office < y->office ? -1 : 1;
    return x->year < y->year ? -1 : x->year > y->year;
}

/* Moves the years of an office that no update of this group touched; touched[0..sorted) are those that were. */
static int office_move(struct fold *f, struct store_txn *t, uint32_t office, uint32_t sorted)
{
    const struct fold_office *o = &f->office[office];
    uint16_t year = 0;
    uint32_t dict = o->dict;
    int st;
    for (uint16_t next = 1; (st = next_year(t, dict, next, &year)) == ST_OK; next = (uint16_t)(year + 1)) {
        struct fold_changed key = { .office = dict, .year = year };
        if (sorted > 0 && bsearch(&key, f->touched, sorted, sizeof key, touched_order)) continue;
        st = unit_load(&f->unit, t, FOLD_LEAF, dict, year);
        if (st == ST_OK) st = derive_unit(&f->unit, &f->after);
        if (st == ST_OK && o->was_known) st = cell_deltas_add(f->deltas, o->was_region, year, &f->after, NULL);
        if (st == ST_OK) st = cell_deltas_add(f->deltas, o->region, year, NULL, &f->after);
        if (st == ST_OK) st = touch(f, office, year);
        if (st != ST_OK) return st;
    }
    return st == ST_NOT_FOUND ? ST_OK : st;
}

int fold_apply(struct fold *f, struct store_txn *t)
{
    int st = runs_sort(f);
    memset(f->seen, 0, sizeof f->seen);
    for (uint32_t i = 0, end; st == ST_OK && i < f->runs; i = end) {
        for (end = i + 1; end < f->runs && f->order[end].key == f->order[i].key; end++) continue;
        st = unit_apply(f, t, i, end);
        bool through = end == f->runs || f->order[end].key >> 32 != f->order[i].key >> 32;     /* its region and year */
        if (st == ST_OK && through) st = cell_deltas_settle(f->deltas, f->deltas_up, t, FOLD_CELL);
    }
    uint32_t sorted = f->touches;
    if (sorted > 1) qsort(f->touched, sorted, sizeof *f->touched, touched_order);
    for (uint32_t i = 0; st == ST_OK && i < f->offices; i++)
        if (office_moved(&f->office[i])) st = office_move(f, t, i, sorted);
    return st == ST_OK ? cell_deltas_settle(f->deltas, f->deltas_up, t, FOLD_CELL) : st;
}
