/* query_sealed.c - see query_sealed.h. Kind: P.
 *
 * The roots stand in the units of the centres whose region holds the asked one (figure.h, MEASURE_SEAL), so a list costs a unit a
 * centre. Where two centres stated the same version, the one that is first in the log counts; worker and close allow only one.
 *
 * Invariant: a version has one entry, and it is the oldest statement of it that the log holds up to the position asked for. */
#include "aggregator/query_sealed.h"

#include <stdlib.h>
#include <string.h>

#include "aggregator/statement.h"
#include "proto/period.h"

struct listing {
    const struct query_context *q;
    region_code region;
    unsigned month;
    const struct office *office;
    struct unit u;
    struct query_sealed *list;
    size_t n;
    int st;
};

static bool older(provenance a, provenance b)
{
    uint64_t x = figure_prov_lsn(a), y = figure_prov_lsn(b);
    return x != y ? x < y : a < b;
}

/* The place of a version in the list; NULL when memory is out. */
static struct query_sealed *place(struct listing *l, unsigned version)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->list[i].version == version) return &l->list[i];
    struct query_sealed *p = realloc(l->list, (l->n + 1) * sizeof *p);
    if (!p) return NULL;
    l->list = p;
    p[l->n] = (struct query_sealed){.version = version};
    return &p[l->n++];
}

/* One statement of a root, the present or a former value of its slot. */
static int take(struct listing *l, uint32_t indicator, const struct slot *s)
{
    struct slice key;
    struct seal_mark m;
    struct asof_position cut;
    region_code region;
    unsigned version;
    if (s->kind != VALUE_TEXT) return ST_OK;
    int st = unit_dict_text(l->q->t, FOLD_DICT_ID, indicator, &key);
    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_CORRUPT : st;
    if (seal_mark_key_parse(key, &region, &version) != ST_OK || region != l->region) return ST_OK;
    if (seal_mark_parse(unit_text(&l->u, s), &m) != ST_OK || asof_parse(m.position, &cut) != ST_OK) return ST_OK;
    struct query_sealed *to = place(l, version);
    if (!to) return ST_NO_MEMORY;
    if (to->prov && !older(s->prov, to->prov)) return ST_OK;
    *to = (struct query_sealed){.version = version, .root = m.root, .cut = cut, .prov = s->prov};
    memcpy(to->position, m.position.p, m.position.n);
    memcpy(to->by, l->office->id, sizeof to->by);
    return ST_OK;
}

static int take_old(void *ctx, const struct asof_past *p)
{
    struct listing *l = ctx;
    const struct asof_position *at = asof_position(l->q->past);
    if (p->leaf.measure != MEASURE_SEAL || p->slot + 1 != l->month || (at && !asof_reached(at, p->old.prov))) return ST_OK;
    return take(l, p->leaf.indicator, &p->old);
}

static int office_seals(struct listing *l, unsigned year)
{
    uint32_t id;
    int st = unit_dict_get(l->q->t, FOLD_DICT_TEXT, slice_of(l->office->id, strlen(l->office->id)), &id);
    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_OK : st;
    bool any = false;
    st = asof_unit_lineless(l->q->t, asof_position(l->q->past), id, (uint16_t)year, &l->u);
    for (uint32_t i = 0; st == ST_OK && i < l->u.count; i++) {
        const struct leaf *leaf = &l->u.leaf[i];
        if (leaf->key.measure != MEASURE_SEAL) continue;
        any = true;
        st = take(l, leaf->key.indicator, &leaf->slot[l->month - 1]);
    }
    return st == ST_OK && any ? asof_history_lineless(l->q->t, &l->u, take_old, l) : st;
}

static int version_order(const void *a, const void *b)
{
    const struct query_sealed *x = a, *y = b;
    return (x->version > y->version) - (x->version < y->version);
}

/* When each was committed. The state of a release that kept no times says nothing. */
static int times(struct listing *l)
{
    for (size_t i = 0; i < l->n; i++) {
        struct statement s = {0};
        provenance p = l->list[i].prov;
        int st = statement_get(l->q->t, figure_prov_worker(p), figure_prov_lsn(p), figure_prov_index(p), &s);
        if (st != ST_OK && st != ST_NOT_FOUND) return st;
        l->list[i].at = s.at;
    }
    return ST_OK;
}

int query_sealed_list(const struct query_context *q, region_code region, unsigned year, unsigned quarter, struct query_sealed **ret,
                      size_t *ret_n)
{
    struct listing l = {.q = q, .region = region, .month = 3 * quarter};
    int st = ST_OK;
    ASSERT(quarter >= 1 && quarter <= 4);
    unit_init(&l.u);
    for (size_t i = 0; st == ST_OK && i < registry_count(q->registry); i++) {
        l.office = registry_at(q->registry, i);
        if (l.office->role == ROLE_CENTRE && code_region_holds(l.office->region, region)) st = office_seals(&l, year);
    }
    unit_done(&l.u);
    if (l.n > 1) qsort(l.list, l.n, sizeof *l.list, version_order);
    if (st == ST_OK) st = times(&l);
    if (st != ST_OK) {
        free(l.list);
        return st;
    }
    *ret = l.list;
    *ret_n = l.n;
    return ST_OK;
}

int query_sealed_newest(const struct query_context *q, region_code region, unsigned year, unsigned quarter,
                        struct query_sealed *ret, region_code *ret_region)
{
    for (region_code r = region; r; r = code_region_parent(r)) {
        struct query_sealed *list = NULL;
        size_t n = 0;
        int st = query_sealed_list(q, r, year, quarter, &list, &n);
        if (st == ST_OK && n > 0) {
            *ret = list[n - 1];
            *ret_region = r;
        }
        free(list);
        if (st != ST_OK || n > 0) return st;
    }
    return ST_NOT_FOUND;
}

json_t *query_sealed_json(const struct query_sealed *s, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        char root[2 * HASH_SIZE + 1], at[32] = "";
        bytes_hex(s[i].root.b, HASH_SIZE, root);
        if (s[i].at.ms > 0) (void)period_format_time(s[i].at, at);
        json_array_append_new(list, json_pack("{s:i,s:s,s:s,s:s,s:s?}", "version", (int)s[i].version, "root", root, "cut",
                                              s[i].position, "by", s[i].by, "at", at[0] ? at : NULL));
    }
    return list;
}
