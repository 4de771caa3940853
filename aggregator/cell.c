/* cell.c - region cells: their bytes, and the differences of a group combined in memory.
 *
 * Differences of one group meet in a hash table: one entry a (region, year, node, derived, source). Units of one region and
 * year touch the same entries in the same order, so each entry remembers which one followed it last time and the table is
 * mostly walked, not probed. Only the office's own region is added to while units come. When a region and year is through, its
 * differences go up to the parent's table and into the store (settle), so that what is being added to stays small enough for the
 * processor's caches; provinces and the nation get theirs once, at the end. Cells are read and written in key order.
 * Bytes of a cell: twelve zigzag varints (difference to the month before), runs of equal office counts (length u8, zigzag of
 * the difference to the run before) that make twelve, then lines, bare, assumed as zigzag varints.
 * Invariant: a stored cell is never all zero and decodes from exactly one spelling. */
#include "cell.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_BYTES = 18, RANGE_BYTES = 8, INDEX_MIN = 1024 };
enum { CELL_BYTES_MAX = 12 * BYTES_VARINT128_MAX + 12 * (1 + BYTES_VARINT_MAX) + 3 * BYTES_VARINT_MAX };

struct packed { uint64_t place, node; uint32_t what; };         /* a cell key in three ordered integers */
struct entry { struct packed key; uint32_t next; struct cell sum; };
struct place { struct packed key; uint32_t entry; };            /* for sorting: the keys side by side */
struct cell_deltas {
    struct entry *e; uint32_t count, cap;
    uint32_t *index; uint32_t index_size;
    struct place *order; uint32_t order_cap;
    uint32_t at;                        /* the entry last used */
};

/* ---- keys ---- */

static unsigned node_level(const struct derived_key *k)
{
    switch (k->node_kind) {
    case NODE_ACTIVITY: return (unsigned)code_level(k->node);
    case NODE_ACCOUNT:
    case NODE_ACCOUNT_LINE: return code_account_depth(k->node);
    default: return 0;
    }
}

static struct packed key_pack(region_code region, uint16_t year, const struct derived_key *k)
{
    return (struct packed){ .place = (uint64_t)region << 32 | (uint64_t)year << 16 | (uint64_t)k->node_kind << 8 | node_level(k),
                            .node = k->node, .what = (uint32_t)k->derived << 8 | k->source };
}

static size_t packed_bytes(const struct packed *p, uint8_t *ret)
{
    bytes_be64(ret, p->place);
    bytes_be64(ret + 8, p->node);
    bytes_be16(ret + 16, (uint16_t)p->what);
    return KEY_BYTES;
}

size_t cell_key_bytes(const struct cell_key *k, uint8_t *ret)
{
    struct packed p = key_pack(k->region, k->year, &k->node);
    return packed_bytes(&p, ret);
}

int cell_key_parse(struct slice key, struct cell_key *ret)
{
    if (key.n != KEY_BYTES) return ST_CORRUPT;
    struct cell_key k = { .region = bytes_rd32(key.p), .year = bytes_rd16(key.p + 4) };
    k.node = (struct derived_key){ .node = bytes_rd64(key.p + 8), .node_kind = key.p[6], .derived = key.p[16],
                                   .source = key.p[17] };
    if (k.node.node_kind > NODE_ACCOUNT_LINE || key.p[7] != node_level(&k.node)) return ST_CORRUPT;
    *ret = k;
    return ST_OK;
}

/* ---- bytes ---- */

void cell_encode(struct buf *b, const struct cell *c)
{
    i128 before = 0;
    int64_t offices = 0;
    uint8_t *start = buf_grow(b, CELL_BYTES_MAX), *p = start;
    if (!p) return;
    for (unsigned m = 0; m < 12; m++) {
        p = bytes_put_zigzag128(p, c->value[m] - before);
        before = c->value[m];
    }
    for (unsigned m = 0, run; m < 12; m += run) {
        for (run = 1; m + run < 12 && c->offices[m + run] == c->offices[m]; run++) continue;
        *p++ = (uint8_t)run;
        p = bytes_put_zigzag(p, c->offices[m] - offices);
        offices = c->offices[m];
    }
    p = bytes_put_zigzag(p, c->lines);
    p = bytes_put_zigzag(p, c->bare);
    p = bytes_put_zigzag(p, c->assumed);
    b->n -= CELL_BYTES_MAX - (size_t)(p - start);
}

static bool offices_decode(struct rd *r, int64_t ret[12])
{
    int64_t count = 0;
    for (unsigned m = 0; m < 12;) {
        unsigned run = rd_u8(r);
        int64_t step = rd_zigzag(r);
        if (r->bad || run == 0 || run > 12 - m || (m > 0 && step == 0) || __builtin_add_overflow(count, step, &count)) return false;
        while (run-- > 0) ret[m++] = count;
    }
    return true;
}

int cell_decode(struct slice value, struct cell *ret)
{
    struct rd r = rd_of(value);
    struct cell c;
    i128 sum = 0;
    for (unsigned m = 0; m < 12; m++) {
        if (__builtin_add_overflow(sum, rd_zigzag128(&r), &sum)) return ST_CORRUPT;
        c.value[m] = sum;
    }
    if (!offices_decode(&r, c.offices)) return ST_CORRUPT;
    c.lines = rd_zigzag(&r);
    c.bare = rd_zigzag(&r);
    c.assumed = rd_zigzag(&r);
    if (r.bad || rd_left(&r) > 0) return ST_CORRUPT;
    *ret = c;
    return ST_OK;
}

static bool cell_zero(const struct cell *c)
{
    i128 any = 0;
    int64_t offices = 0;
    for (unsigned m = 0; m < 12; m++) {
        any |= c->value[m];
        offices |= c->offices[m];
    }
    return any == 0 && (offices | c->lines | c->bare | c->assumed) == 0;
}

static void cell_add(struct cell *to, const struct cell *c)
{
    for (unsigned m = 0; m < 12; m++) to->value[m] += c->value[m];
    for (unsigned m = 0; m < 12; m++) to->offices[m] += c->offices[m];
    to->lines += c->lines;
    to->bare += c->bare;
    to->assumed += c->assumed;
}

/* ---- differences ---- */

int cell_deltas_new(struct cell_deltas **ret)
{
    struct cell_deltas *d = calloc(1, sizeof *d);
    if (!d) return ST_NO_MEMORY;
    *ret = d;
    return ST_OK;
}

void cell_deltas_free(struct cell_deltas **d)
{
    if (!*d) return;
    free((*d)->e);
    free((*d)->index);
    free((*d)->order);
    free(*d);
    *d = NULL;
}

void cell_deltas_clear(struct cell_deltas *d)
{
    if (d->count > 0) memset(d->index, 0, d->index_size * sizeof *d->index);
    d->count = d->at = 0;
}

static inline bool packed_equal(const struct packed *a, const struct packed *b)
{
    return a->node == b->node && a->place == b->place && a->what == b->what;
}

static inline uint32_t *place_of(struct cell_deltas *d, const struct packed *k)
{
    uint64_t h = k->node * UINT64_C(0x9e3779b97f4a7c15) ^ k->place * UINT64_C(0xc2b2ae3d27d4eb4f);
    h ^= k->what * UINT64_C(0x165667b19e3779f9);
    h *= UINT64_C(0xd6e8feb86659fd93);
    uint32_t mask = d->index_size - 1, i = (uint32_t)(h >> 32) & mask;
    while (d->index[i] && !packed_equal(&d->e[d->index[i] - 1].key, k)) i = (i + 1) & mask;
    return &d->index[i];
}

static bool room(struct cell_deltas *d)
{
    if (d->count == d->cap) {
        uint32_t cap = d->cap ? d->cap * 2 : INDEX_MIN / 2;
        struct entry *e = realloc(d->e, cap * sizeof *e);
        if (!e) return false;
        d->e = e;
        d->cap = cap;
    }
    if ((d->count + 1) * 2 <= d->index_size) return true;
    uint32_t size = d->index_size ? d->index_size * 2 : INDEX_MIN, *index = calloc(size, sizeof *index);
    if (!index) return false;
    free(d->index);
    d->index = index;
    d->index_size = size;
    for (uint32_t i = 0; i < d->count; i++) *place_of(d, &d->e[i].key) = i + 1;
    return true;
}

/* The entry of k, made when it is new. NULL: no memory. Moves the entries. */
static struct entry *entry_of(struct cell_deltas *d, const struct packed *k)
{
    if (d->count > 0) {
        uint32_t guess = d->e[d->at].next;
        ASSERT(guess < d->count);       /* the one that followed, else the first */
        if (packed_equal(&d->e[guess].key, k)) {
            d->at = guess;
            return &d->e[guess];
        }
    }
    if (!room(d)) return NULL;
    uint32_t *place = place_of(d, k);
    if (!*place) {
        struct entry *e = &d->e[d->count];
        memset(e, 0, sizeof *e);
        e->key = *k;
        *place = ++d->count;
    }
    uint32_t found = *place - 1;
    d->e[d->at].next = found;
    d->at = found;
    return &d->e[found];
}

static void row_add(struct cell *to, const struct derived_row *r)
{
    for (unsigned m = 0; m < 12; m++) to->value[m] += r->value[m];
    for (unsigned m = 0; m < 12; m++) to->offices[m] += r->offices[m];
    to->lines += r->lines;
    to->bare += r->bare;
    to->assumed += r->assumed;
}

static void row_subtract(struct cell *to, const struct derived_row *r)
{
    for (unsigned m = 0; m < 12; m++) to->value[m] -= r->value[m];
    for (unsigned m = 0; m < 12; m++) to->offices[m] -= r->offices[m];
    to->lines -= r->lines;
    to->bare -= r->bare;
    to->assumed -= r->assumed;
}

static void row_change(struct cell *to, const struct derived_row *before, const struct derived_row *after)
{
    for (unsigned m = 0; m < 12; m++) to->value[m] += after->value[m] - before->value[m];
    for (unsigned m = 0; m < 12; m++) to->offices[m] += after->offices[m] - before->offices[m];
    to->lines += after->lines - before->lines;
    to->bare += after->bare - before->bare;
    to->assumed += after->assumed - before->assumed;
}

static bool row_same(const struct derived_row *a, const struct derived_row *b)
{
    const size_t from = offsetof(struct derived_row, value), to = offsetof(struct derived_row, assumed) + sizeof a->assumed;
    return memcmp(a->value, b->value, to - from) == 0;
}

static int key_order(const struct derived_key *a, const struct derived_key *b)
{
    if (a->node_kind != b->node_kind) return a->node_kind < b->node_kind ? -1 : 1;
    if (a->node != b->node) return a->node < b->node ? -1 : 1;
    if (a->derived != b->derived) return a->derived < b->derived ? -1 : 1;
    return a->source < b->source ? -1 : a->source > b->source;
}

int cell_deltas_add(struct cell_deltas *d, region_code region, uint16_t year, const struct derived_set *before,
                    const struct derived_set *after)
{
    uint32_t nb = before ? before->count : 0, na = after ? after->count : 0;
    for (uint32_t i = 0, j = 0; i < nb || j < na;) {
        const struct derived_row *b = i < nb ? &before->row[i] : NULL, *a = j < na ? &after->row[j] : NULL;
        int c = !b ? 1 : !a ? -1 : key_order(&b->key, &a->key);
        if (c <= 0) i++;
        if (c >= 0) j++;
        if (c == 0 && row_same(a, b)) continue;
        struct packed k = key_pack(region, year, c <= 0 ? &b->key : &a->key);
        struct entry *e = entry_of(d, &k);
        if (!e) return ST_NO_MEMORY;
        if (c == 0) row_change(&e->sum, b, a);
        else if (c < 0) row_subtract(&e->sum, b);
        else row_add(&e->sum, a);
    }
    return ST_OK;
}

/* ---- writing ---- */

/* Adds an entry to that of its region's parent in `up`; the nation has none. */
static int parent_add(struct cell_deltas *up, const struct entry *e)
{
    struct packed k = e->key;
    region_code region = (region_code)(k.place >> 32);
    if (code_region_depth(region) == 0) return ST_OK;
    k.place = (uint64_t)code_region_parent(region) << 32 | (k.place & 0xffffffff);
    struct entry *to = entry_of(up, &k);
    if (!to) return ST_NO_MEMORY;
    cell_add(&to->sum, &e->sum);
    return ST_OK;
}

/* Adds the entries of regions of one depth to those of their parents. */
static int roll_up(struct cell_deltas *d, unsigned depth)
{
    uint32_t end = d->count;
    for (uint32_t i = 0; i < end; i++) {
        if (code_region_depth((region_code)(d->e[i].key.place >> 32)) != depth) continue;
        struct entry e = d->e[i];       /* adding may move the entries */
        int st = parent_add(d, &e);
        if (st != ST_OK) return st;
    }
    return ST_OK;
}

static int place_order(const void *a, const void *b)
{
    const struct packed *x = &((const struct place *)a)->key, *y = &((const struct place *)b)->key;
    if (x->place != y->place) return x->place < y->place ? -1 : 1;
    if (x->node != y->node) return x->node < y->node ? -1 : 1;
    return x->what < y->what ? -1 : x->what > y->what;
}

static int deltas_sort(struct cell_deltas *d)
{
    if (d->count > d->order_cap) {
        struct place *p = realloc(d->order, d->cap * sizeof *p);
        if (!p) return ST_NO_MEMORY;
        d->order = p;
        d->order_cap = d->cap;
    }
    for (uint32_t i = 0; i < d->count; i++) d->order[i] = (struct place){ d->e[i].key, i };
    if (d->count > 1) qsort(d->order, d->count, sizeof *d->order, place_order);
    return ST_OK;
}

/* Entries come in key order, so the cursor stands near each: found and put through it, a cell costs no way from the root. */
static int entry_write(const struct entry *e, struct store_txn *t, unsigned table, struct store_cursor *c, struct buf *b)
{
    uint8_t bytes[KEY_BYTES];
    struct slice key = slice_of(bytes, packed_bytes(&e->key, bytes)), found, value;
    struct cell now = { 0 };
    if (cell_zero(&e->sum)) return ST_OK;
    int st = store_seek(c, key, &found, &value);
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    bool stored = st == ST_OK && found.n == key.n && memcmp(found.p, key.p, key.n) == 0;
    if (stored && (st = cell_decode(value, &now)) != ST_OK) return st;
    cell_add(&now, &e->sum);
    if (cell_zero(&now)) {
        ASSERT(stored);                 /* the difference is not zero */
        return store_del(t, table, key);
    }
    buf_clear(b);
    cell_encode(b, &now);
    return buf_ok(b) ? store_cursor_put(c, key, buf_slice(b)) : ST_NO_MEMORY;
}

int cell_deltas_write(struct cell_deltas *d, struct store_txn *t, unsigned table)
{
    struct store_cursor *c = NULL;
    struct buf b;
    int st = deltas_sort(d);
    if (st == ST_OK) st = store_cursor(t, table, &c);
    buf_init(&b, CELL_BYTES_MAX);
    for (uint32_t i = 0; st == ST_OK && i < d->count; i++) st = entry_write(&d->e[d->order[i].entry], t, table, c, &b);
    buf_done(&b);
    store_cursor_close(&c);
    return st;
}

int cell_deltas_settle(struct cell_deltas *d, struct cell_deltas *up, struct store_txn *t, unsigned table)
{
    int st = ST_OK;
    if (d->count == 0) return ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < d->count; i++) st = parent_add(up, &d->e[i]);
    if (st == ST_OK) st = cell_deltas_write(d, t, table);
    cell_deltas_clear(d);
    return st;
}

int cell_deltas_apply(struct cell_deltas *d, struct store_txn *t, unsigned table)
{
    int st = roll_up(d, 2);
    if (st == ST_OK) st = roll_up(d, 1);
    return st == ST_OK ? cell_deltas_write(d, t, table) : st;
}

/* ---- reading ---- */

int cell_scan(struct store_txn *t, unsigned table, region_code region, uint16_t year, enum node_kind kind, unsigned level,
              bool (*fn)(void *ctx, const struct cell_key *k, const struct cell *c), void *ctx)
{
    struct store_cursor *c = NULL;
    struct slice key, value;
    struct cell_key k;
    struct cell cell;
    uint8_t range[RANGE_BYTES];
    bytes_be64(range, (uint64_t)region << 32 | (uint64_t)year << 16 | (uint64_t)kind << 8 | level);
    int st = store_cursor(t, table, &c);
    if (st == ST_OK) st = store_seek(c, slice_of(range, sizeof range), &key, &value);
    while (st == ST_OK && key.n >= sizeof range && memcmp(key.p, range, sizeof range) == 0) {
        if ((st = cell_key_parse(key, &k)) != ST_OK || (st = cell_decode(value, &cell)) != ST_OK) break;
        if (!fn(ctx, &k, &cell)) break;
        st = store_next(c, &key, &value);
    }
    store_cursor_close(&c);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

int cell_get(struct store_txn *t, unsigned table, const struct cell_key *k, struct cell *ret)
{
    uint8_t key[KEY_BYTES];
    struct slice value;
    size_t n = cell_key_bytes(k, key);
    int st = store_get(t, table, slice_of(key, n), &value);
    return st == ST_OK ? cell_decode(value, ret) : st;
}
