/* asof_cells.c - one question's view of a position: the register then, and region cells computed when they are asked for.
 *
 * Cells are made by the same two steps as in the fold (derive_unit, cell_deltas_add), from an empty table, into a store in memory
 * that lives as long as the question; so whatever reads cells reads these without knowing. Only what is asked for is summed: the
 * region itself, not the hundreds of cities in it, which cost more than everything else (docs/BENCH.md). Who then asks for one of
 * the regions directly below is about to ask for its sisters (explain, peers), so these are made together, in one pass.
 * Invariant: `made` lists what is complete in the store: a region and year, or all regions directly below one. */
#include <stdlib.h>
#include <string.h>

#include "asof.h"

struct made {
    region_code region;
    uint16_t year;
    bool below; /* its children, not itself */
};
struct asof {
    struct asof_position x;
    const struct registry *registry;
    struct registry *own; /* the same, when it is to be freed with this */
    uint64_t version;
    char asked[ASOF_ASKED_MAX + 1];
    struct store *store;
    struct store_txn *cells; /* the write transaction of that store */
    struct made *made;
    size_t count, cap;
};

int asof_new_with(const struct asof_position *x, const char *asked, const struct registry *offices, uint64_t version,
                  struct asof **ret)
{
    struct asof *a = calloc(1, sizeof *a);
    if (!a) return ST_NO_MEMORY;
    a->x = *x;
    a->registry = offices;
    a->version = version;
    size_t n = strlen(asked);
    ASSERT(n <= ASOF_ASKED_MAX);
    memcpy(a->asked, asked, n + 1);
    *ret = a;
    return ST_OK;
}

int asof_new(struct store_txn *t, const struct asof_position *x, const char *asked, struct asof **ret)
{
    struct registry *offices = NULL;
    uint64_t version;
    int st = asof_registry(t, x, &offices, &version);
    if (st == ST_OK) st = asof_new_with(x, asked, offices, version, ret);
    if (st == ST_OK) (*ret)->own = offices;
    else registry_free(&offices);
    return st;
}

void asof_free(struct asof **a)
{
    if (!*a) return;
    store_abort(&(*a)->cells);
    if ((*a)->store) store_mem_free(&(*a)->store);
    registry_free(&(*a)->own);
    free((*a)->made);
    free(*a);
    *a = NULL;
}

const struct asof_position *asof_position(const struct asof *a) { return a ? &a->x : NULL; }
const struct registry *asof_offices(const struct asof *a) { return a->registry; }
uint64_t asof_version(const struct asof *a) { return a->version; }
const char *asof_asked(const struct asof *a) { return a->asked; }

/* ---- making cells ---- */

static bool is_made(const struct asof *a, struct made what)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->made[i].region == what.region && a->made[i].year == what.year && a->made[i].below == what.below) return true;
    return false;
}

struct making {
    struct made what;
    struct unit u;
    struct derived_set d;
    struct cell_deltas *deltas;
};

/* The region whose cells an office at `at` adds to; false: it adds to none, or that region is there already. */
static bool target(const struct asof *a, const struct made *m, region_code at, region_code *ret)
{
    region_code before = at;
    while (at != m->region && at != 0) {
        before = at;
        at = code_region_parent(at);
    }
    *ret = m->below ? before : m->region;
    if (at != m->region || !m->below) return at == m->region;
    return before != m->region && !is_made(a, (struct made){before, m->year, false});
}

static int office_add(struct asof *a, struct store_txn *t, const struct office *o, struct making *m)
{
    region_code region;
    uint32_t id;
    if (!target(a, &m->what, o->region, &region)) return ST_OK;
    int st = unit_dict_get(t, FOLD_DICT_TEXT, slice_of(o->id, strlen(o->id)), &id);
    if (st == ST_OK) st = asof_unit(t, &a->x, id, m->what.year, &m->u);
    if (st == ST_OK) st = derive_unit(&m->u, &m->d);
    if (st == ST_OK) st = cell_deltas_add(m->deltas, region, m->what.year, NULL, &m->d);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static int make(struct asof *a, struct store_txn *t, struct made what)
{
    struct making m = {.what = what};
    unit_init(&m.u);
    derive_init(&m.d);
    int st = cell_deltas_new(&m.deltas);
    for (size_t i = 0; st == ST_OK && i < registry_count(a->registry); i++)
        st = office_add(a, t, registry_at(a->registry, i), &m);
    if (st == ST_OK) st = cell_deltas_write(m.deltas, a->cells, FOLD_CELL);
    cell_deltas_free(&m.deltas);
    derive_done(&m.d);
    unit_done(&m.u);
    return st;
}

/* ---- what is there ---- */

static int note(struct asof *a, struct made what)
{
    if (a->count == a->cap) {
        size_t cap = a->cap ? 2 * a->cap : 16;
        struct made *p = realloc(a->made, cap * sizeof *p);
        if (!p) return ST_NO_MEMORY;
        a->made = p;
        a->cap = cap;
    }
    a->made[a->count++] = what;
    return ST_OK;
}

/* A region below one that is there comes with its sisters; their cells are other rows than the parent's. */
static int ensure(struct asof *a, struct store_txn *t, region_code region, uint16_t year)
{
    const struct made own = {region, year, false}, parent = {code_region_parent(region), year, false},
                      sisters = {parent.region, year, true};
    bool has_parent = code_region_depth(region) > 0;
    if (is_made(a, own) || (has_parent && is_made(a, sisters))) return ST_OK;
    const struct made what = has_parent && is_made(a, parent) ? sisters : own;
    int st = make(a, t, what);
    return st == ST_OK ? note(a, what) : st;
}

int asof_cells(struct asof *a, struct store_txn *t, region_code region, uint16_t year, struct store_txn **ret)
{
    int st = ST_OK;
    ASSERT(year >= YEAR_MIN && year <= YEAR_MAX);
    if (!a->cells) {
        st = store_mem_new(fold_tables, &a->store);
        if (st == ST_OK) st = store_begin(a->store, true, &a->cells);
    }
    if (st == ST_OK) st = ensure(a, t, region, year);
    if (st == ST_OK) *ret = a->cells;
    return st;
}
