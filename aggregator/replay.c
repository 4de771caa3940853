/* replay.c - see replay.h.
 *
 * Order between workers is that of commit times, ties by worker number: the only order people know; within a worker it is log
 * order, because times never fall along a log. Slots of one leaf come from one worker, so the outcome does not depend on it.
 * Invariant: `all` holds, for each slot, the last version before `next`. */
#include "replay.h"

#include <stdlib.h>
#include <string.h>

bool replay_same_record(provenance a, provenance b) { return a >> 16 == b >> 16; }

int replay_order(struct wall a, provenance pa, struct wall b, provenance pb)
{
    if (a.ms != b.ms) return a.ms < b.ms ? -1 : 1;
    return (pa >> 16 > pb >> 16) - (pa >> 16 < pb >> 16);
}

static int version_order(const void *a, const void *b)
{
    const struct replay_version *x = a, *y = b;
    int c = replay_order(x->at, x->prov, y->at, y->prov);
    return c ? c : (x->prov > y->prov) - (x->prov < y->prov);
}

static int version_add(struct replay *r, uint32_t leaf, unsigned slot, const struct slot *s)
{
    if (r->count == r->cap) {
        uint32_t cap = r->cap ? 2 * r->cap : 256;
        struct replay_version *p = realloc(r->v, cap * sizeof *p);
        if (!p) return ST_NO_MEMORY;
        r->v = p;
        r->cap = cap;
    }
    r->v[r->count++] = (struct replay_version){.prov = s->prov, .leaf = leaf, .slot = (uint8_t)slot, .value = *s};
    return ST_OK;
}

struct gathering {
    struct replay *r;
    const struct asof_position *x;
};

static int add_past(void *ctx, const struct asof_past *p)
{
    struct gathering *g = ctx;
    struct unit *u = &g->r->all;
    const struct leaf *l = unit_find(u, &p->leaf);
    if (!l) return ST_CORRUPT;
    if (g->x && !asof_reached(g->x, p->old.prov)) return ST_OK;
    return version_add(g->r, (uint32_t)(l - u->leaf), p->slot, &p->old);
}

/* The current slots become versions too, and the unit is empty: the replay begins. */
static int add_current(struct gathering *g)
{
    struct unit *u = &g->r->all;
    int st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < u->count; i++)
        for (unsigned m = 0; st == ST_OK && m < 12; m++) {
            struct slot *s = &u->leaf[i].slot[m];
            if (s->kind != VALUE_EMPTY && (!g->x || asof_reached(g->x, s->prov))) st = version_add(g->r, i, m, s);
            *s = (struct slot){0};
        }
    return st;
}

static int times_read(struct store_txn *t, struct replay *r)
{
    struct statement s = {0};
    provenance last = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        provenance p = r->v[i].prov;
        if (i == 0 || !replay_same_record(p, last)) {
            int st = statement_get(t, figure_prov_worker(p), figure_prov_lsn(p), 0, &s);
            if (st != ST_OK) return st;
        }
        r->v[i].at = s.at;
        last = p;
    }
    return ST_OK;
}

/* `now` has room for every leaf; its texts are borrowed. */
static int copy_room(struct replay *r)
{
    r->now.leaf = calloc(r->all.count + 1, sizeof *r->now.leaf);
    r->now.index = r->all.index_size ? calloc(r->all.index_size, sizeof *r->now.index) : NULL;
    r->now.index_size = r->all.index_size;
    r->now.cap = r->all.count + 1;
    r->now.office = r->all.office;
    r->now.year = r->all.year;
    r->now.stated = true;               /* as asof_unit gives it */
    return r->now.leaf && (r->now.index || !r->now.index_size) ? ST_OK : ST_NO_MEMORY;
}

int replay_open(struct store_txn *t, const struct asof_position *x, uint32_t office, uint16_t year, struct replay *ret)
{
    struct replay r = {0};
    struct gathering g = {&r, x};
    unit_init(&r.all);
    int st = unit_load(&r.all, t, FOLD_LEAF, office, year);
    if (st == ST_OK) unit_sort(&r.all);
    if (st == ST_OK) st = asof_history(t, &r.all, add_past, &g);
    if (st == ST_OK) st = add_current(&g);
    if (st == ST_OK) st = times_read(t, &r);
    if (st == ST_OK) st = copy_room(&r);
    if (st == ST_OK && r.count > 1) qsort(r.v, r.count, sizeof *r.v, version_order);
    if (st != ST_OK)
        replay_close(&r);
    else
        *ret = r;
    return st;
}

void replay_close(struct replay *r)
{
    free(r->now.leaf);
    free(r->now.index);
    free(r->v);
    unit_done(&r->all);
    *r = (struct replay){0};
}

uint32_t replay_steps(const struct replay *r)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->count; i++) n += i == 0 || !replay_same_record(r->v[i].prov, r->v[i - 1].prov);
    return n;
}

bool replay_peek(const struct replay *r, struct wall *ret_at, provenance *ret_first)
{
    if (r->next == r->count) return false;
    *ret_at = r->v[r->next].at;
    *ret_first = r->v[r->next].prov;
    return true;
}

void replay_step(struct replay *r, uint32_t *ret_from)
{
    uint32_t from = r->next;
    ASSERT(from < r->count);
    for (; r->next < r->count && replay_same_record(r->v[r->next].prov, r->v[from].prov); r->next++)
        r->all.leaf[r->v[r->next].leaf].slot[r->v[r->next].slot] = r->v[r->next].value;
    memcpy(r->now.leaf, r->all.leaf, r->all.count * sizeof *r->now.leaf);
    r->now.count = r->all.count;
    r->now.texts = r->all.texts;
    unit_drop_empty(&r->now);
    *ret_from = from;
}
