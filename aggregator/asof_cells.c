/* asof_cells.c - one question's view of a position: the register then, and region cells computed when they are asked for.
 *
 * Cells are made by the same two steps as in the fold (derive_unit, cell_deltas_add and _apply), from an empty table, into a store
 * in memory that lives as long as the question; so whatever reads cells reads these without knowing. What was made for a region
 * holds for every region in it; a question about another one begins anew. Invariant: `done` lists years whose cells of `region` and
 * below are complete in the store. */
#include <stdlib.h>
#include <string.h>

#include "asof.h"

enum { YEARS_DONE = YEAR_MAX - YEAR_MIN + 1 };

struct asof {
    struct asof_position x;
    struct registry *registry;
    uint64_t version;
    char asked[ASOF_ASKED_MAX + 1];
    struct store *store;
    struct store_txn *cells; /* the write transaction of that store */
    region_code region;
    bool done[YEARS_DONE];
};

int asof_new(struct store_txn *t, const struct asof_position *x, const char *asked, struct asof **ret)
{
    struct asof *a = calloc(1, sizeof *a);
    if (!a) return ST_NO_MEMORY;
    a->x = *x;
    size_t n = strlen(asked);
    ASSERT(n <= ASOF_ASKED_MAX);
    memcpy(a->asked, asked, n + 1);
    int st = asof_registry(t, x, &a->registry, &a->version);
    if (st != ST_OK) asof_free(&a);
    *ret = a;
    return st;
}

static void cells_drop(struct asof *a)
{
    store_abort(&a->cells);
    if (a->store) store_mem_free(&a->store);
    memset(a->done, 0, sizeof a->done);
}

void asof_free(struct asof **a)
{
    if (!*a) return;
    cells_drop(*a);
    registry_free(&(*a)->registry);
    free(*a);
    *a = NULL;
}

const struct asof_position *asof_position(const struct asof *a) { return a ? &a->x : NULL; }
const struct registry *asof_offices(const struct asof *a) { return a->registry; }
uint64_t asof_version(const struct asof *a) { return a->version; }
const char *asof_asked(const struct asof *a) { return a->asked; }

static bool inside(region_code region, region_code at)
{
    while (at != region && at != 0) at = code_region_parent(at);
    return at == region;
}

struct making {
    struct unit u;
    struct derived_set d;
    struct cell_deltas *deltas;
};

static int office_add(struct asof *a, struct store_txn *t, const struct office *o, uint16_t year, struct making *m)
{
    uint32_t id;
    int st = unit_dict_get(t, FOLD_DICT_TEXT, slice_of(o->id, strlen(o->id)), &id);
    if (st == ST_OK) st = asof_unit(t, &a->x, id, year, &m->u);
    if (st == ST_OK) st = derive_unit(&m->u, &m->d);
    if (st == ST_OK) st = cell_deltas_add(m->deltas, o->region, year, NULL, &m->d);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static int year_make(struct asof *a, struct store_txn *t, region_code region, uint16_t year)
{
    struct making m;
    unit_init(&m.u);
    derive_init(&m.d);
    int st = cell_deltas_new(&m.deltas);
    for (size_t i = 0; st == ST_OK && i < registry_count(a->registry); i++) {
        const struct office *o = registry_at(a->registry, i);
        if (inside(region, o->region)) st = office_add(a, t, o, year, &m);
    }
    if (st == ST_OK) st = cell_deltas_apply(m.deltas, a->cells, FOLD_CELL);
    cell_deltas_free(&m.deltas);
    derive_done(&m.d);
    unit_done(&m.u);
    return st;
}

int asof_cells(struct asof *a, struct store_txn *t, region_code region, uint16_t year, struct store_txn **ret)
{
    int st = ST_OK;
    ASSERT(year >= YEAR_MIN && year <= YEAR_MAX);
    if (a->cells && !inside(a->region, region)) cells_drop(a);
    if (!a->cells) {
        a->region = region;
        st = store_mem_new(fold_tables, &a->store);
        if (st == ST_OK) st = store_begin(a->store, true, &a->cells);
    }
    if (st == ST_OK && !a->done[year - YEAR_MIN]) {
        st = year_make(a, t, a->region, year);
        a->done[year - YEAR_MIN] = st == ST_OK;
    }
    if (st == ST_OK) *ret = a->cells;
    return st;
}
