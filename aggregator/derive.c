/* derive.c - the rows a unit adds to the nodes of the tree.
 *
 * Design notes: lines come in tree order, so the nodes of the activity tree are opened and closed like brackets: each open
 * node has a block of places, one a key (derived, source) that occurs in this unit, in the output array itself, already where
 * key order wants it. A line writes its series into its own block; a closing node adds its block to its parent's. Nothing is
 * hashed or sorted, and a node costs one pass over its block. Account nodes and findings are rare: contributions are
 * collected, sorted and added at the end. While a block is open offices[0] holds the last month; closing spreads it.
 * Invariant: rows leave in key order without all-zero rows, so equal units give equal sets. */
#include "derive.h"

#include <stdlib.h>
#include <string.h>

#include "derive_work.h"

enum { LEVELS = 6 };                    /* open nodes: the activities' total and five levels */

struct tree {
    struct derived_set *d;
    struct derive_work *w;
    activity_code code[LEVELS];
    uint32_t base[LEVELS];
    unsigned depth;
    uint32_t next;                      /* first row not given to a node */
};

void derive_init(struct derived_set *d) { *d = (struct derived_set){ 0 }; }

void derive_done(struct derived_set *d)
{
    if (d->work) {
        line_view_done(&d->work->view);
        claim_done(&d->work->claims);
        free(d->work->part);
        free(d->work->order);
        free(d->work->found);
        free(d->work);
    }
    free(d->row);
    *d = (struct derived_set){ 0 };
}

/* ---- keys of this unit ---- */

static unsigned derived_of(const struct line_item *it)
{
    bool counted = it->flags & LINE_COUNTED;
    switch (it->measure) {
    case MEASURE_BUDGET: return counted ? DERIVED_BUDGET : DERIVED_CONTROL_BUDGET;
    case MEASURE_REALISED: return counted ? DERIVED_REALISED : DERIVED_CONTROL_REALISED;
    default: return counted ? DERIVED_CASH_PLAN : 0;    /* control totals of a cash plan are not shown anywhere */
    }
}

static void keys_find(struct derive_work *w)
{
    uint16_t used[DERIVE_KINDS] = { 0 };
    for (uint32_t j = 0; j < w->view.item_count; j++) {
        const struct line_item *it = &w->view.item[j];
        uint16_t source = (uint16_t)(1u << it->source);
        used[derived_of(it)] |= source;
        if (it->flags & LINE_COUNTED && it->flags & LINE_MURNI) used[DERIVED_BUDGET_MURNI] |= source;
        if (it->measure != MEASURE_CASH_PLAN) used[DERIVED_PRESENCE] = 1;
    }
    used[0] = 0;
    for (unsigned k = DERIVED_OPEN; k <= DERIVED_PHYSICAL_BUDGET; k++)
        if (k <= DERIVED_REPORTED || w->view.physical) used[k] = used[DERIVED_BUDGET] & 1u << SOURCE_DPA;
    if (w->claims.count > 0) used[DERIVED_FINDINGS] = 1;
    w->keys = 0;
    for (unsigned k = 0; k < DERIVE_KINDS; k++)
        for (unsigned s = 0; used[k] >> s; s++) {
            if (!(used[k] >> s & 1)) continue;
            w->slot[k][s] = (uint8_t)w->keys;
            w->key[w->keys].derived = (uint8_t)k;
            w->key[w->keys++].source = (uint8_t)s;
        }
}

/* ---- rows ---- */

static inline bool row_used(const struct derived_row *r) { return r->key.derived != 0; }

static void row_start(struct tree *t, struct derived_row *r, uint32_t base)
{
    unsigned k = (unsigned)(r - &t->d->row[base]);
    struct derived_key key = r->key;
    memset(r, 0, sizeof *r);
    r->key = key;
    r->key.derived = t->w->key[k].derived;
    r->key.source = t->w->key[k].source;
}

static struct derived_row *row_at(struct tree *t, uint32_t base, unsigned derived, unsigned source)
{
    struct derived_row *r = &t->d->row[base + t->w->slot[derived][source]];
    if (!row_used(r)) row_start(t, r, base);
    return r;
}

static inline void last_raise(struct derived_row *r, int32_t last)
{
    if (last > r->offices[0]) r->offices[0] = last;
}

static inline void row_add(struct derived_row *to, const struct derived_row *from)
{
    if (!row_used(to)) {
        struct derived_key key = to->key;
        *to = *from;
        to->key.node = key.node;
        to->key.node_kind = key.node_kind;
        return;
    }
    last_raise(to, from->offices[0]);
    if (from->key.derived == DERIVED_PRESENCE) return;
    for (unsigned m = 0; m < 12; m++) to->value[m] += from->value[m];
    to->lines += from->lines;
    to->bare += from->bare;
    to->assumed += from->assumed;
}

static inline bool row_is_control(const struct derived_row *r)
{
    return r->key.derived == DERIVED_CONTROL_BUDGET || r->key.derived == DERIVED_CONTROL_REALISED;
}

static inline void offices_spread(struct derived_row *r)
{
    int32_t last = r->offices[0];
    for (int32_t m = 0; m < 12; m++) r->offices[m] = m < last;
}

/* ---- nodes ---- */

static uint32_t node_open(struct tree *t, unsigned kind, uint64_t node)
{
    uint32_t base = t->next;
    t->next += t->w->keys;
    for (unsigned k = 0; k < t->w->keys; k++)
        t->d->row[base + k].key = (struct derived_key){ .node = node, .node_kind = (uint8_t)kind };
    return base;
}

static void node_close(struct tree *t, uint32_t base, uint32_t parent)
{
    for (unsigned k = 0; k < t->w->keys; k++) {
        struct derived_row *r = &t->d->row[base + k];
        if (!row_used(r) || row_is_control(r)) continue;
        row_add(&t->d->row[parent + k], r);
        offices_spread(r);
    }
}

static void tree_close(struct tree *t, unsigned depth)
{
    for (; t->depth > depth; t->depth--) node_close(t, t->base[t->depth], t->base[t->depth - 1]);
}

/* How many levels of the open path are ancestors of c or c itself. */
static unsigned tree_common(const struct tree *t, activity_code c)
{
    unsigned level = 0;
    while (level < t->depth && t->code[level + 1] == code_ancestor(c, (enum level)(level + 1))) level++;
    return level;
}

static void tree_open(struct tree *t, activity_code c)
{
    unsigned level = (unsigned)code_level(c);
    tree_close(t, tree_common(t, c));
    while (t->depth < level) {
        t->depth++;
        t->code[t->depth] = code_ancestor(c, (enum level)t->depth);
        t->base[t->depth] = node_open(t, NODE_ACTIVITY, t->code[t->depth]);
    }
}

/* ---- lines into rows ---- */

static void put_counted(struct tree *t, uint32_t base, unsigned derived, const struct line_item *it, const struct series *s)
{
    struct derived_row *r = &t->d->row[base + t->w->slot[derived][it->source]];
    if (!row_used(r)) {                 /* the usual case: the line's own node */
        r->key.derived = (uint8_t)derived;
        r->key.source = it->source;
        memcpy(r->value, s->value, sizeof r->value);
        r->offices[0] = r->lines = r->bare = r->assumed = 0;
    } else {
        for (unsigned m = 0; m < 12; m++) r->value[m] += s->value[m];
    }
    last_raise(r, it->measure == MEASURE_BUDGET ? 12 : s->last);
    r->lines++;
    r->bare += !!(it->flags & LINE_BARE);
    r->assumed += derived == DERIVED_BUDGET && it->flags & LINE_ASSUMED;
}

static void put_control(struct tree *t, uint32_t base, unsigned derived, const struct line_item *it, const struct series *s)
{
    struct derived_row *r = row_at(t, base, derived, it->source);
    memcpy(r->value, s->value, sizeof r->value);
    for (unsigned m = 0; m < 12; m++) r->offices[m] = it->measure == MEASURE_BUDGET ? it->stated >> m & 1 : m < s->last;
}

const i128 *derive_standing(const struct line_open *o, unsigned derived)
{
    switch (derived) {
    case DERIVED_OPEN: return o->open;
    case DERIVED_REPORTED: return o->reported;
    case DERIVED_PHYSICAL: return o->has_physical ? o->physical : NULL;
    default: return o->has_physical ? o->physical_budget : NULL;
    }
}

static void put_standing(struct tree *t, uint32_t base, const struct line *l, const struct line_item *it)
{
    struct line_open o;
    line_still_open(&t->w->view, l, it, &o);
    for (unsigned k = DERIVED_OPEN; k <= DERIVED_PHYSICAL_BUDGET; k++) {
        const i128 *v = derive_standing(&o, k);
        if (!v) continue;
        struct derived_row *r = row_at(t, base, k, SOURCE_DPA);
        for (unsigned m = 0; m < 12; m++) r->value[m] += v[m];
    }
}

/* A line's items into the block at base; controls: whether its control totals stand there too. */
static void put_line(struct tree *t, uint32_t i, uint32_t base, bool controls)
{
    const struct lines *v = &t->w->view;
    const struct line *l = &v->line[i];
    int32_t present = 0;
    for (uint32_t j = l->item; j < l->item + l->items; j++) {
        const struct line_item *it = &v->item[j];
        const struct series *s = &v->series[it->series];
        if (it->flags & LINE_COUNTED) {
            put_counted(t, base, derived_of(it), it, s);
            if (it->flags & LINE_MURNI) put_counted(t, base, DERIVED_BUDGET_MURNI, it, s + 1);
            if (it->measure == MEASURE_BUDGET && it->source == SOURCE_DPA) put_standing(t, base, l, it);
        } else if (controls && it->measure != MEASURE_CASH_PLAN) {
            put_control(t, base, derived_of(it), it, s);
        }
        if (it->measure == MEASURE_REALISED && s->last > t->d->last_realised) t->d->last_realised = s->last;
        if (it->measure != MEASURE_CASH_PLAN && s->last > present) present = s->last;
    }
    if (present > 0) last_raise(row_at(t, base, DERIVED_PRESENCE, 0), present);
    if (t->w->claims.count == 0) return;
    struct derived_row *found = row_at(t, base, DERIVED_FINDINGS, 0);
    for (unsigned m = 0; m < 12; m++) found->value[m] += t->w->found[i][m];
}

static bool claims_count(struct derive_work *w)
{
    if (w->claims.count == 0) return true;
    if (w->view.count > w->found_cap) {
        int32_t (*p)[12] = realloc(w->found, w->view.count * sizeof *p);
        if (!p) return false;
        w->found = p;
        w->found_cap = w->view.count;
    }
    memset(w->found, 0, w->view.count * sizeof *w->found);
    for (uint32_t i = 0; i < w->claims.count; i++) {
        const struct claim *c = &w->claims.c[i];
        for (unsigned m = c->from; m <= c->to; m++) w->found[c->line][m - 1]++;
    }
    return true;
}

static bool rows_reserve(struct derived_set *d, size_t need)
{
    if (need <= d->cap) return true;
    ASSERT(need <= UINT32_MAX / 2);     /* of at most 2^24 rows (unit.c); the memory of their parts was there */
    struct derived_row *p = malloc(need * 2 * sizeof *p);       /* what was there is not needed */
    if (!p) return false;
    free(d->row);
    d->row = p;
    d->cap = (uint32_t)(need * 2);
    return true;
}

/* Nodes of the activity tree, from the levels that change between neighbours. */
static size_t nodes_count(const struct lines *v)
{
    activity_code before = 0;
    size_t n = 0;
    for (uint32_t i = 0; i < v->count; i++) {
        activity_code c = v->line[i].activity;
        if (c == 0 || c == CODE_TOTAL || v->line[i].items == 0) continue;
        unsigned level = (unsigned)code_level(c), above = (unsigned)code_level(before), same = 0;
        while (same < above && code_ancestor(before, (enum level)(same + 1)) == code_ancestor(c, (enum level)(same + 1))) same++;
        ASSERT(same <= level);          /* tree order: what comes later is never above */
        n += level - same;
        before = c;
    }
    return n;
}

static void tree_fill(struct tree *t)
{
    const struct lines *v = &t->w->view;
    uint32_t all = node_open(t, NODE_TOTAL, 0);
    t->base[0] = node_open(t, NODE_TOTAL, 1);
    ASSERT(v->count > 0);               /* a key comes from a line */
    bool any_account = v->line[0].activity == 0;      /* they come first; without them no places are left empty */
    uint32_t accounts = any_account ? node_open(t, NODE_TOTAL, 2) : all;
    for (uint32_t i = 0; i < v->count; i++) {
        activity_code c = v->line[i].activity;
        if (v->line[i].items == 0) continue;
        if (c == CODE_TOTAL) {
            put_line(t, i, all, true);
        } else if (c == 0) {
            put_line(t, i, accounts, false);
        } else {
            tree_open(t, c);
            put_line(t, i, t->base[t->depth], true);
        }
    }
    tree_close(t, 0);
    node_close(t, t->base[0], all);
    if (any_account) node_close(t, accounts, all);
    for (unsigned k = 0; k < t->w->keys; k++) {
        struct derived_row *r = &t->d->row[all + k];
        if (row_used(r) && !row_is_control(r)) offices_spread(r);
    }
}

/* ---- leaving ---- */

/* Of a row without lines. */
static bool row_zero(const struct derived_row *r)
{
    ASSERT(r->lines == 0 && r->bare == 0 && r->assumed == 0);
    for (unsigned m = 0; m < 12; m++)
        if (r->value[m] != 0 || r->offices[m] != 0) return false;
    return true;
}

/* Unused places and rows that say nothing go; the others move up. */
static void rows_compact(struct derived_set *d, uint32_t end)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < end; i++) {
        const struct derived_row *r = &d->row[i];
        if (!row_used(r) || (r->lines == 0 && row_zero(r))) continue;
        if (n != i) d->row[n] = *r;
        n++;
    }
    d->count = n;
}

static int key_order(const struct derived_key *a, const struct derived_key *b)
{
    if (a->node_kind != b->node_kind) return a->node_kind < b->node_kind ? -1 : 1;
    if (a->node != b->node) return a->node < b->node ? -1 : 1;
    if (a->derived != b->derived) return a->derived < b->derived ? -1 : 1;
    return a->source < b->source ? -1 : a->source > b->source;
}

static int part_order(const void *a, const void *b, void *parts)
{
    const struct derived_row *p = parts;
    return key_order(&p[*(const uint32_t *)a].key, &p[*(const uint32_t *)b].key);
}

/* Contributions to account nodes, sorted, added where keys are equal, behind the activities. */
static bool parts_append(struct derived_set *d, struct derive_work *w)
{
    if (w->parts == 0) return true;
    if (w->parts > w->order_cap) {
        uint32_t *p = realloc(w->order, w->parts * sizeof *p);
        if (!p) return false;
        w->order = p;
        w->order_cap = w->parts;
    }
    for (uint32_t i = 0; i < w->parts; i++) w->order[i] = i;
    qsort_r(w->order, w->parts, sizeof *w->order, part_order, w->part);
    uint32_t first = d->count;
    for (uint32_t i = 0; i < w->parts; i++) {
        const struct derived_row *r = &w->part[w->order[i]];
        bool same = d->count > first && key_order(&d->row[d->count - 1].key, &r->key) == 0;
        if (same) row_add(&d->row[d->count - 1], r);
        else d->row[d->count++] = *r;
    }
    for (uint32_t i = first; i < d->count; i++)
        if (!row_is_control(&d->row[i])) offices_spread(&d->row[i]);
    return true;
}

static int derive_rows(struct derived_set *d, struct derive_work *w)
{
    if (!claims_count(w)) return ST_NO_MEMORY;
    keys_find(w);
    derive_account_parts(w);
    size_t places = (3 + nodes_count(&w->view)) * w->keys;
    if (w->failed || !rows_reserve(d, places + w->parts)) return ST_NO_MEMORY;
    struct tree t = { .d = d, .w = w };
    if (w->keys > 0) tree_fill(&t);
    ASSERT(t.next <= places);
    rows_compact(d, t.next);
    uint32_t tree_rows = d->count;
    if (!parts_append(d, w)) return ST_NO_MEMORY;
    if (d->count > tree_rows) rows_compact(d, d->count);
    return ST_OK;
}

int derive_unit(struct unit *u, struct derived_set *d)
{
    d->count = 0;
    d->last_realised = 0;
    if (u->year == 0 || u->count == 0) return ST_OK;
    if (!d->work) d->work = calloc(1, sizeof *d->work);
    if (!d->work) return ST_NO_MEMORY;
    d->work->failed = false;
    int st = line_view(u, &d->work->view);
    if (st == ST_OK) st = claim_view(&d->work->view, &d->work->claims);
    if (st == ST_OK) st = derive_rows(d, d->work);
    if (st != ST_OK) d->count = 0;
    return st;
}

const struct derived_row *derive_find(const struct derived_set *d, const struct derived_key *k)
{
    uint32_t lo = 0, hi = d->count;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        int c = key_order(&d->row[mid].key, k);
        if (c == 0) return &d->row[mid];
        if (c < 0) lo = mid + 1;
        else hi = mid;
    }
    return NULL;
}
