/* asof.c - see asof.h: positions, and units and register as they stood there.
 *
 * A unit is loaded as it is and rolled back: slots that were not yet said are emptied, then its history rows are read once and the
 * newest one at or before the position fills each. Cost: the unit and its history, whatever happened elsewhere.
 * Invariant: nothing of a record after the position is left in what comes out. */
#include "asof.h"

#include <stdlib.h>
#include <string.h>

enum { HISTORY_TAIL = 9, UNIT_PREFIX = 6, LINELESS_PREFIX = UNIT_PREFIX + 16 };

/* ---- positions ---- */

int asof_applied(struct store_txn *t, struct asof_position *ret)
{
    struct hash h;
    int st = ST_OK;
    *ret = (struct asof_position){0};
    for (unsigned w = 1; st == ST_OK && w < ASOF_WORKERS; w++) st = fold_applied(t, w, &ret->lsn[w], &h);
    return st;
}

int asof_at(struct store_txn *t, const struct asof_position *applied, struct wall when, struct asof_position *ret)
{
    int st = ST_OK;
    *ret = (struct asof_position){0};
    for (unsigned w = 1; st == ST_OK && w < ASOF_WORKERS; w++)
        if (applied->lsn[w]) st = statement_position(t, w, applied->lsn[w], when, &ret->lsn[w]);
    return st;
}

static bool number_read(struct slice *s, uint64_t max, uint64_t *ret)
{
    uint64_t v = 0;
    size_t i = 0;
    for (; i < s->n && s->p[i] >= '0' && s->p[i] <= '9'; i++) {
        v = v * 10 + (uint64_t)(s->p[i] - '0');
        if (v > max) return false;
    }
    if (i == 0) return false;
    *s = slice_of(s->p + i, s->n - i);
    *ret = v;
    return true;
}

int asof_parse(struct slice text, struct asof_position *ret)
{
    struct asof_position x = {0};
    bool seen[ASOF_WORKERS] = {false};
    for (;;) {
        uint64_t worker, lsn;
        if (text.n < 2 || text.p[0] != 'w') return ST_INVALID;
        text = slice_of(text.p + 1, text.n - 1);
        if (!number_read(&text, ASOF_WORKERS - 1, &worker) || worker == 0 || seen[worker]) return ST_INVALID;
        if (text.n < 2 || text.p[0] != ':') return ST_INVALID;
        text = slice_of(text.p + 1, text.n - 1);
        if (!number_read(&text, (UINT64_C(1) << 40) - 1, &lsn)) return ST_INVALID;
        x.lsn[worker] = lsn;
        seen[worker] = true;
        if (text.n == 0) break;
        if (text.p[0] != ',') return ST_INVALID;
        text = slice_of(text.p + 1, text.n - 1);
    }
    *ret = x;
    return ST_OK;
}

int asof_time(struct store_txn *t, const struct asof_position *x, struct wall *ret)
{
    struct wall newest = {0};
    for (unsigned w = 1; w < ASOF_WORKERS; w++) {
        struct statement s;
        if (x->lsn[w] == 0) continue;
        int st = statement_get(t, w, x->lsn[w], 0, &s);
        if (st != ST_OK) return st;
        if (s.at.ms > newest.ms) newest = s.at;
    }
    *ret = newest;
    return ST_OK;
}

/* ---- units ---- */

/* The rows whose key begins as those of the unit do; lineless: and goes on with no activity and no account. */
static int history_rows(struct store_txn *t, struct unit *u, bool lineless, int (*fn)(void *ctx, const struct asof_past *p),
                        void *ctx)
{
    uint8_t prefix[LINELESS_PREFIX] = {0};
    const size_t n = lineless ? LINELESS_PREFIX : UNIT_PREFIX;
    struct store_cursor *c = NULL;
    struct slice key, value;
    bytes_be32(prefix, u->office);
    bytes_be16(prefix + 4, u->year);
    int st = store_cursor(t, FOLD_HISTORY, &c);
    if (st == ST_OK) st = store_seek(c, slice_of(prefix, n), &key, &value);
    while (st == ST_OK && key.n > HISTORY_TAIL && key.n >= n && memcmp(key.p, prefix, n) == 0) {
        struct asof_past p;
        struct rd r = rd_of(value);
        uint32_t office;
        uint16_t year;
        st = unit_key_parse(slice_of(key.p, key.n - HISTORY_TAIL), &office, &year, &p.leaf);
        p.slot = key.p[key.n - HISTORY_TAIL];
        if (st == ST_OK) st = unit_slot_decode(&r, u, &p.old);
        if (st == ST_OK && (rd_left(&r) > 0 || p.slot > 11 || bytes_rd64(key.p + key.n - 8) != p.old.prov)) st = ST_CORRUPT;
        if (st == ST_OK) st = fn(ctx, &p);
        if (st == ST_OK) st = store_next(c, &key, &value);
    }
    store_cursor_close(&c);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

int asof_history(struct store_txn *t, struct unit *u, int (*fn)(void *ctx, const struct asof_past *p), void *ctx)
{
    return history_rows(t, u, false, fn, ctx);
}

int asof_history_lineless(struct store_txn *t, struct unit *u, int (*fn)(void *ctx, const struct asof_past *p), void *ctx)
{
    return history_rows(t, u, true, fn, ctx);
}

struct rolling {
    struct unit *u;
    const struct asof_position *x;
};

/* Rows of a slot come in ascending provenance, so the last one that fits stays. A slot that is current has its own, later one. */
static int roll_back(void *ctx, const struct asof_past *p)
{
    struct rolling *r = ctx;
    struct leaf *l = unit_find(r->u, &p->leaf);
    if (!l) return ST_CORRUPT; /* nothing is ever taken out of a unit */
    struct slot *s = &l->slot[p->slot];
    if (!asof_reached(r->x, p->old.prov)) return ST_OK;
    if (s->kind == VALUE_EMPTY || s->prov < p->old.prov) *s = p->old;
    return ST_OK;
}

static bool later(const struct unit *u, const struct asof_position *x)
{
    for (uint32_t i = 0; i < u->count; i++)
        for (unsigned m = 0; m < 12; m++)
            if (u->leaf[i].slot[m].kind != VALUE_EMPTY && !asof_reached(x, u->leaf[i].slot[m].prov)) return true;
    return false;
}

static int rolled_back(struct store_txn *t, const struct asof_position *x, bool lineless, struct unit *u)
{
    struct rolling r = {u, x};
    for (uint32_t i = 0; i < u->count; i++)
        for (unsigned m = 0; m < 12; m++)
            if (u->leaf[i].slot[m].kind != VALUE_EMPTY && !asof_reached(x, u->leaf[i].slot[m].prov))
                u->leaf[i].slot[m] = (struct slot){0};
    int st = history_rows(t, u, lineless, roll_back, &r);
    if (st == ST_OK) unit_drop_empty(u);
    return st;
}

static int unit_then(struct store_txn *t, const struct asof_position *x, uint32_t office, uint16_t year, bool lineless,
                     struct unit *u)
{
    int st = x && x->reads ? x->reads->note(x->reads->ctx, office, year, lineless) : ST_OK;
    if (st == ST_OK)
        st = lineless ? unit_load_lineless(u, t, FOLD_LEAF, office, year) : unit_load(u, t, FOLD_LEAF, office, year);
    if (st == ST_OK && x && later(u, x)) st = rolled_back(t, x, lineless, u);
    u->stated = true;
    if (st == ST_OK) unit_sort(u);
    return st;
}

int asof_unit(struct store_txn *t, const struct asof_position *x, uint32_t office, uint16_t year, struct unit *u)
{
    return unit_then(t, x, office, year, false, u);
}

int asof_unit_lineless(struct store_txn *t, const struct asof_position *x, uint32_t office, uint16_t year, struct unit *u)
{
    return unit_then(t, x, office, year, true, u);
}

/* ---- the register ---- */

struct entries {
    struct statement_line *line;
    uint32_t count, cap;
    struct buf text;
    const struct asof_position *x;
};

static int text_order(struct slice a, struct slice b)
{
    int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* One line a (version, office) stays: of several the least, as in the fold. The read transaction writes nothing, so slices live. */
static int entry_take(void *ctx, const struct statement_line *l)
{
    struct entries *e = ctx;
    if (l->lsn > e->x->lsn[l->worker]) return ST_OK;
    struct statement_line *last = e->count ? &e->line[e->count - 1] : NULL;
    if (last && last->version == l->version && text_order(last->office, l->office) == 0) {
        if (text_order(statement_entry_line(l), statement_entry_line(last)) < 0) *last = *l;
        return ST_OK;
    }
    if (e->count == e->cap) {
        uint32_t cap = e->cap ? 2 * e->cap : 64;
        struct statement_line *p = realloc(e->line, cap * sizeof *p);
        if (!p) return ST_NO_MEMORY;
        e->line = p;
        e->cap = cap;
    }
    e->line[e->count++] = *l;
    return ST_OK;
}

static int version_order(const void *a, const void *b)
{
    const struct statement_line *x = a, *y = b;
    if (x->version != y->version) return x->version < y->version ? -1 : 1;
    return text_order(x->office, y->office);
}

int asof_registry(struct store_txn *t, const struct asof_position *x, struct registry **ret, uint64_t *ret_version)
{
    struct entries e = {.x = x};
    char err[256];
    buf_init(&e.text, UINT32_MAX);
    buf_str(&e.text, "#rekap-office 1\n");
    int st = statement_entries(t, entry_take, &e);
    if (e.count > 1) qsort(e.line, e.count, sizeof *e.line, version_order);
    for (uint32_t i = 0; i < e.count; i++) {
        struct slice line = statement_entry_line(&e.line[i]);
        buf_put(&e.text, line.p, line.n);
        buf_u8(&e.text, '\n');
    }
    uint64_t version = e.count ? e.line[e.count - 1].version : 0;
    if (st == ST_OK && !buf_ok(&e.text)) st = ST_NO_MEMORY;
    if (st == ST_OK) st = registry_parse(buf_slice(&e.text), ret, err, sizeof err);
    if (st == ST_OK) *ret_version = version;
    free(e.line);
    buf_done(&e.text);
    return st == ST_INVALID ? ST_CORRUPT : st;
}
