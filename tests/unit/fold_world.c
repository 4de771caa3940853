/* fold_world.c - see fold_world.h. Invariant: an open world has a transaction, and a log of worker 1 from its beginning. */
#include "fold_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

void fold_world_open(struct world *w)
{
    w->fold = NULL;
    fold_free(&w->fold);                /* of nothing */
    fixture_log_init(&w->l, 1);
    assert_int_equal(store_mem_new(fold_tables, &w->store), ST_OK);
    assert_int_equal(fold_new(&w->fold), ST_OK);
    assert_int_equal(store_begin(w->store, true, &w->t), ST_OK);
    assert_int_equal(fold_recover(w->fold, w->t), ST_OK);
}

void fold_world_close(struct world *w)
{
    store_abort(&w->t);
    fold_free(&w->fold);
    store_mem_free(&w->store);
    fixture_log_done(&w->l);
}

int fold_world_take(struct world *w, const struct fixture_log *l)
{
    uint64_t lsn;
    struct hash hash;
    int st = ST_OK;
    fold_reached(w->fold, l->worker, &lsn, &hash);
    for (uint32_t i = (uint32_t)lsn; st == ST_OK && i < l->count; i++)
        st = fold_record(w->fold, l->worker, fixture_log_record(l, i));
    return st;
}

void fold_world_flush(struct world *w)
{
    assert_int_equal(fold_world_take(w, &w->l), ST_OK);
    assert_int_equal(fold_flush(w->fold, w->t), ST_OK);
}

void fold_world_stated(struct world *w)
{
    fold_world_open(w);
    fixture_log_office(&w->l, 1, OFFICE, "33.74", 1);
    fixture_log_texts(&w->l, OFFICE, OFFICE, 2022, TEXTS("1.06.02.2.02.01 realised 2 10", "1.06.02.2.02.01 realised 3 30"));
    fold_world_flush(w);
}

uint32_t fold_world_id(struct world *w, const char *office)
{
    uint32_t id;
    assert_int_equal(unit_dict_get(w->t, FOLD_DICT_TEXT, slice_of(office, strlen(office)), &id), ST_OK);
    return id;
}

struct fold_count fold_world_count(struct world *w, const char *office)
{
    struct fold_count c;
    assert_int_equal(fold_count_get(w->t, fold_world_id(w, office), &c), ST_OK);
    return c;
}

int64_t fold_world_realised(struct world *w, region_code region, unsigned source)
{
    struct cell_key k = { .region = region, .year = 2022, .node = { .derived = DERIVED_REALISED, .source = (uint8_t)source } };
    struct cell c;
    int st = cell_get(w->t, FOLD_CELL, &k, &c);
    return st == ST_OK ? (int64_t)c.value[11] : -1;
}

void fold_world_put(struct world *w, unsigned table, const void *key, size_t key_n, const void *value, size_t n)
{
    assert_int_equal(store_put(w->t, table, slice_of(key, key_n), slice_of(value, n)), ST_OK);
}

