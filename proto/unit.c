/* unit.c - the leafs of one office and year in memory: find or make a leaf, set a slot, load, save, cumulate. Kind: P.
 *
 * Leafs sit in one growing array; an open-addressing table of leaf numbers (linear probing, at most half full, power of two)
 * finds them by key. unit_set is the hot path: one hash, usually one probe, one comparison of the key, one of the slot.
 * Bytes of rows: unit_row.c.
 *
 * Texts go to a pool that only grows until the unit is emptied: texts of replaced slots stay, so that a slot copied by
 * the caller (ret_old) keeps its text.
 *
 * Invariant: every leaf is in the index exactly once, has at least one stated slot, and is dirty when it differs from the
 * store. */
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "unit_part.h"

enum { INDEX_MIN = 64, LEAFS_MIN = 32, LEAFS_MAX = 1 << 24 };
#define TEXTS_MAX (UINT32_C(1) << 30)

void unit_init(struct unit *u)
{
    *u = (struct unit){ 0 };
    buf_init(&u->texts, TEXTS_MAX);
}

void unit_done(struct unit *u)
{
    free(u->leaf);
    free(u->index);
    buf_done(&u->texts);
    *u = (struct unit){ 0 };
}

/* ---- the index ---- */

static inline uint32_t hash_of(const struct leaf_key *k)
{
    uint64_t h = k->activity * UINT64_C(0x9e3779b97f4a7c15);

    h = (h ^ h >> 32 ^ k->account) * UINT64_C(0xd6e8feb86659fd93);
    h = (h ^ h >> 32 ^ ((uint64_t)k->indicator << 32 | (uint64_t)k->measure << 16 | k->stage)) * UINT64_C(0xd6e8feb86659fd93);
    h = (h ^ h >> 32 ^ k->source) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(h >> 32);
}

static inline bool same_key(const struct leaf_key *a, const struct leaf_key *b)
{
    return a->activity == b->activity && a->account == b->account && a->indicator == b->indicator && a->measure == b->measure
        && a->stage == b->stage && a->source == b->source;
}

/* The place of k in the index: where it is, or where it would go. */
static inline uint32_t *place_of(const struct unit *u, const struct leaf_key *k)
{
    uint32_t mask = u->index_size - 1, i = hash_of(k) & mask;

    while (u->index[i] && !same_key(&u->leaf[u->index[i] - 1].key, k))
        i = (i + 1) & mask;
    return &u->index[i];
}

static void index_all(struct unit *u)
{
    memset(u->index, 0, u->index_size * sizeof *u->index);
    for (uint32_t i = 0; i < u->count; i++)
        *place_of(u, &u->leaf[i].key) = i + 1;
}

static int grow_index(struct unit *u)
{
    uint32_t size = u->index_size ? u->index_size * 2 : INDEX_MIN, *index = malloc(size * sizeof *index);

    if (!index)
        return ST_NO_MEMORY;
    free(u->index);
    u->index = index;
    u->index_size = size;
    index_all(u);
    return ST_OK;
}

static int grow_leafs(struct unit *u)
{
    uint32_t cap = u->cap ? u->cap * 2 : LEAFS_MIN;
    struct leaf *leaf;

    if (u->count >= LEAFS_MAX)
        return ST_NO_MEMORY;
    leaf = realloc(u->leaf, cap * sizeof *leaf);
    if (!leaf)
        return ST_NO_MEMORY;
    u->leaf = leaf;
    u->cap = cap;
    return ST_OK;
}

/* Room for one more leaf in both arrays. */
static int make_room(struct unit *u)
{
    int status = u->count < u->cap ? ST_OK : grow_leafs(u);

    if (status == ST_OK && (u->count + 1) * 2 > u->index_size)
        status = grow_index(u);
    return status;
}

struct leaf *unit_find(struct unit *u, const struct leaf_key *k)
{
    uint32_t number = u->count ? *place_of(u, k) : 0;

    return number ? &u->leaf[number - 1] : NULL;
}

/* ---- texts ---- */

int unit_text_add(struct unit *u, struct slice text, uint32_t *ret)
{
    size_t at = u->texts.n;

    if (text.n) {
        buf_varint(&u->texts, text.n);
        buf_put(&u->texts, text.p, text.n);
        if (!buf_ok(&u->texts))
            return ST_NO_MEMORY;
    }
    *ret = text.n ? (uint32_t)at + 1 : 0;
    return ST_OK;
}

struct slice unit_text(const struct unit *u, const struct slot *s)
{
    struct rd r;
    uint64_t n;

    if (!s->text)
        return slice_of(NULL, 0);
    ASSERT(s->text <= u->texts.n);
    r = (struct rd){ u->texts.p + s->text - 1, u->texts.p + u->texts.n, false };
    n = rd_varint(&r);
    return rd_bytes(&r, (size_t)n);
}

/* ---- setting ---- */

unsigned unit_slot_of(const struct figure *f)
{
    ASSERT(f->month <= 12);
    return f->month ? f->month - 1u : 0;
}

static bool same_content(const struct unit *u, const struct slot *s, const struct figure *f)
{
    struct slice text;

    if (s->kind != f->kind || s->basis != f->basis || s->decimals != f->decimals || s->value != f->value)
        return false;
    if (!s->text)
        return f->text.n == 0;
    text = unit_text(u, s);
    return text.n == f->text.n && memcmp(text.p, f->text.p, text.n) == 0;
}

static int find_or_make(struct unit *u, const struct figure *f, uint32_t indicator, uint32_t *ret)
{
    struct leaf_key k = { f->activity, f->account, indicator, f->measure, f->stage, f->source };
    int status = make_room(u);
    uint32_t *place;

    if (status)
        return status;
    place = place_of(u, &k);
    if (!*place) {
        struct leaf *l = &u->leaf[u->count];

        memset(l, 0, sizeof *l);
        l->key = k;
        *place = ++u->count;
    }
    *ret = *place - 1;
    return ST_OK;
}

static int write_slot(struct unit *u, struct slot *s, const struct figure *f, provenance prov)
{
    struct slot n = { .value = f->value, .prov = prov, .kind = f->kind, .basis = f->basis, .decimals = f->decimals,
                      .flags = f->reason.n ? SLOT_REASON : 0 };
    int status = unit_text_add(u, f->text, &n.text);

    if (status == ST_OK)
        *s = n;
    return status;
}

int unit_set(struct unit *u, const struct figure *f, uint32_t indicator, provenance prov, enum unit_result *ret,
             struct slot *ret_old, uint32_t *ret_leaf)
{
    uint32_t number, before = u->count;
    unsigned m = unit_slot_of(f);
    struct slot old, *s;
    int status;

    ASSERT(f->year == u->year && f->kind != VALUE_EMPTY);
    ASSERT((f->kind == VALUE_NUMBER || f->value == 0) && (unit_kind_has_text(f->kind) || f->text.n == 0));
    status = find_or_make(u, f, indicator, &number);
    if (status)
        return status;
    s = &u->leaf[number].slot[m];
    old = *s;
    if (same_content(u, s, f)) {
        *ret = UNIT_SAME;
    } else {
        status = write_slot(u, s, f, prov);
        if (status) {
            if (u->count > before)
                *place_of(u, &u->leaf[--u->count].key) = 0;     /* the newest leaf ends its probe chain: nothing follows it */
            return status;
        }
        *ret = old.kind == VALUE_EMPTY ? UNIT_EFFECTIVE : UNIT_SUPERSEDED;
        u->leaf[number].dirty = true;
        if (m + 1 > u->leaf[number].present)
            u->leaf[number].present = (uint8_t)(m + 1);
    }
    if (ret_old)
        *ret_old = old;
    if (ret_leaf)
        *ret_leaf = number;
    return ST_OK;
}

/* ---- order ---- */

/* The order of unit_key_bytes, up to the indicator. */
static int compare_rows(const struct leaf_key *a, const struct leaf_key *b)
{
    if (a->activity != b->activity)
        return a->activity < b->activity ? -1 : 1;
    if (a->account != b->account)
        return a->account < b->account ? -1 : 1;
    if (a->measure != b->measure)
        return a->measure < b->measure ? -1 : 1;
    if (a->source != b->source)
        return a->source < b->source ? -1 : 1;
    return (a->stage > b->stage) - (a->stage < b->stage);
}

static int by_key(const void *a, const void *b)
{
    const struct leaf_key *x = &((const struct leaf *)a)->key, *y = &((const struct leaf *)b)->key;
    int c = compare_rows(x, y);

    return c ? c : (x->indicator > y->indicator) - (x->indicator < y->indicator);
}

static provenance first_stated(const struct leaf *l)
{
    unsigned m = 0;

    while (m < 11 && l->slot[m].kind == VALUE_EMPTY)
        m++;
    return l->slot[m].prov;
}

/* One statement sets one slot, so no two leafs are equal here either. */
static int by_statement(const void *a, const void *b)
{
    const struct leaf *x = a, *y = b;
    int c = compare_rows(&x->key, &y->key);
    provenance p, q;

    if (c)
        return c;
    p = first_stated(x), q = first_stated(y);
    return p != q ? (p > q) - (p < q) : (x->key.indicator > y->key.indicator) - (x->key.indicator < y->key.indicator);
}

/* The first leaf that does not come after the one before it, from leaf i on; u->count: none. */
static uint32_t out_of_order(const struct unit *u, uint32_t i)
{
    while (i < u->count && (u->stated ? by_statement(&u->leaf[i - 1], &u->leaf[i]) : by_key(&u->leaf[i - 1], &u->leaf[i])) < 0)
        i++;
    return i;
}

/* A unit that came from the store is in order but for rows that differ in the indicator: only those move. */
static uint32_t sort_alike(struct unit *u, uint32_t i)
{
    uint32_t first = i - 1, end = i + 1;

    while (first > 0 && compare_rows(&u->leaf[first - 1].key, &u->leaf[i].key) == 0)
        first--;
    while (end < u->count && compare_rows(&u->leaf[end].key, &u->leaf[i].key) == 0)
        end++;
    qsort(&u->leaf[first], end - first, sizeof *u->leaf, by_statement);
    return end;
}

void unit_sort(struct unit *u)
{
    uint32_t i = out_of_order(u, 1);

    if (i >= u->count)
        return;
    while (i < u->count && u->stated && compare_rows(&u->leaf[i - 1].key, &u->leaf[i].key) == 0)
        i = out_of_order(u, sort_alike(u, i));
    if (i < u->count)
        qsort(u->leaf, u->count, sizeof *u->leaf, u->stated ? by_statement : by_key);
    index_all(u);
}

/* The highest stated month of a leaf; 0 none. */
static uint8_t highest(const struct leaf *l)
{
    unsigned m = 12;

    while (m > 0 && l->slot[m - 1].kind == VALUE_EMPTY)
        m--;
    return (uint8_t)m;
}

void unit_drop_empty(struct unit *u)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < u->count; i++) {
        u->leaf[i].present = highest(&u->leaf[i]);
        if (u->leaf[i].present)
            u->leaf[kept++] = u->leaf[i];
    }
    u->count = kept;
    if (u->index_size)
        index_all(u);
}

/* ---- store ---- */

static void unit_clear(struct unit *u, uint32_t office, uint16_t year)
{
    u->office = office;
    u->year = year;
    u->stated = false;
    u->count = 0;
    buf_clear(&u->texts);
    if (u->index_size)
        memset(u->index, 0, u->index_size * sizeof *u->index);
}

static int load_row(struct unit *u, struct slice key, struct slice value)
{
    uint32_t office;
    uint16_t year;
    struct leaf *l;
    int status = make_room(u);

    if (status)
        return status;
    l = &u->leaf[u->count];
    l->dirty = false;
    status = unit_key_parse(key, &office, &year, &l->key);
    if (status == ST_OK)
        status = unit_row_decode(value, u, l);
    if (status == ST_OK)
        *place_of(u, &l->key) = ++u->count;
    return status;
}

static int load_prefix(struct unit *u, struct store_txn *t, unsigned table, struct slice prefix)
{
    struct store_cursor *c;
    struct slice key, value;
    int status;

    status = store_cursor(t, table, &c);
    if (status)
        return status;
    status = store_seek(c, prefix, &key, &value);
    while (status == ST_OK && key.n >= prefix.n && memcmp(key.p, prefix.p, prefix.n) == 0) {
        status = load_row(u, key, value);
        if (status == ST_OK)
            status = store_next(c, &key, &value);
    }
    store_cursor_close(&c);
    return status == ST_NOT_FOUND ? ST_OK : status;
}

int unit_load(struct unit *u, struct store_txn *t, unsigned table, uint32_t office, uint16_t year)
{
    uint8_t prefix[6];

    bytes_be32(prefix, office);
    bytes_be16(prefix + 4, year);
    unit_clear(u, office, year);
    return load_prefix(u, t, table, slice_of(prefix, sizeof prefix));
}

int unit_load_lineless(struct unit *u, struct store_txn *t, unsigned table, uint32_t office, uint16_t year)
{
    uint8_t prefix[6 + 8 + 8] = {0};

    bytes_be32(prefix, office);
    bytes_be16(prefix + 4, year);
    unit_clear(u, office, year);
    return load_prefix(u, t, table, slice_of(prefix, sizeof prefix));
}

static int save_row(struct unit *u, struct store_cursor *c, struct leaf *l, struct buf *b)
{
    uint8_t key[STORE_KEY_MAX];
    size_t n = unit_key_bytes(u->office, u->year, &l->key, key);
    int status;

    buf_clear(b);
    unit_row_encode(b, u, l);
    if (!buf_ok(b))
        return ST_NO_MEMORY;
    status = store_cursor_put(c, slice_of(key, n), buf_slice(b));
    if (status == ST_OK)
        l->dirty = false;
    return status;
}

int unit_save(struct unit *u, struct store_txn *t, unsigned table)
{
    struct store_cursor *c;
    struct buf b;
    int status = store_cursor(t, table, &c);

    if (status)
        return status;
    u->stated = false;                  /* the order of the store */
    unit_sort(u);
    buf_init(&b, RECORD_BYTES_MAX);
    for (uint32_t i = 0; i < u->count && status == ST_OK; i++)
        if (u->leaf[i].dirty)
            status = save_row(u, c, &u->leaf[i], &b);
    buf_done(&b);
    store_cursor_close(&c);
    return status;
}

/* ---- series ---- */

void unit_cumulate(const struct slot slot[12], i128 ret[12])
{
    i128 sum = 0;

    for (unsigned i = 0; i < 12; i++) {
        if (figure_kind_reported(slot[i].kind)) {
            i128 value = slot[i].kind == VALUE_NUMBER ? slot[i].value : 0;

            sum = slot[i].basis == BASIS_MONTHLY ? sum + value : value;
        }
        ret[i] = sum;
    }
}
