/* query_rename.c - see query_rename.h.
 *
 * Names are timeless statements of the office itself, as of the position asked about. Only the view of one year is changed, never a
 * row: figures keep the name they were stated under, and withdrawing the alias parts the series again.
 * Invariant: an item's rows all carry one identity, whatever it is known by. */
#include "aggregator/query_rename.h"

#include "aggregator/asof.h"

static bool on_line(const struct indicator *it, const struct leaf_key *k)
{
    return it->activity == k->activity && it->account == k->account;
}

static struct indicator *item_on(const struct indicators *v, const struct leaf_key *k, uint32_t id)
{
    for (uint32_t i = 0; i < v->count; i++)
        if (on_line(&v->item[i], k) && v->item[i].id == id) return &v->item[i];
    return NULL;
}

static int rename_one(const struct query_context *q, struct query_indicators *o, const struct unit *names, const struct leaf *l)
{
    uint32_t own;
    int st = unit_dict_get(q->t, FOLD_DICT_TEXT, unit_text(names, &l->slot[0]), &own);
    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_OK : st;    /* nothing was ever stated under that name */
    struct indicator *other = item_on(&o->v, &l->key, l->key.indicator), *it = item_on(&o->v, &l->key, own);
    if (it) it->alias = l->key.indicator;
    if (!other || it) return ST_OK;
    other->alias = other->id;
    other->id = own;
    return ST_OK;
}

int query_rename_apply(const struct query_context *q, struct query_indicators *o)
{
    struct unit names;
    if (o->v.count == 0) return ST_OK;
    unit_init(&names);
    int st = asof_unit(q->t, asof_position(q->past), o->id, 0, &names);
    for (uint32_t i = 0; st == ST_OK && i < names.count; i++)
        if (names.leaf[i].key.measure == MEASURE_INDICATOR_ALIAS && names.leaf[i].slot[0].kind == VALUE_TEXT)
            st = rename_one(q, o, &names, &names.leaf[i]);
    unit_done(&names);
    return st;
}
