/* audit_state_test.c - the verifier against a real state: what the fold made of a ledger is what the verifier makes of it, and
 * whatever is changed in a leaf, an old value, a cell, an office, a counter or a position is found, with checksums in order as the
 * owner of the machine would leave them.
 *
 * AUDIT_EDITS says how many changes (default 120), SEED which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/fold.h"
#include "tests/unit/audit_world.h"
#include "tests/unit/env.h"

enum { EDITS = 120, VALUE_BYTES = 8192 };
static const struct store_lmdb_options STATE = {fold_tables, UINT64_C(64) << 20, "state", FOLD_FORMAT};

static struct store *state_open(const struct audit_world *a)
{
    char path[PATH_BYTES], err[400];
    struct store *s = NULL;

    audit_world_path(a, "state", path);
    if (store_lmdb_open(path, &STATE, &s, err, sizeof err) != ST_OK) fail_msg("%s", err);
    return s;
}

/* Folds the ledger's records 1..last into the state, from where it stands. */
static void fold_to(struct audit_world *a, uint64_t last)
{
    struct store *from = audit_world_open(a, "sound"), *to = state_open(a);
    struct store_txn *r = NULL, *w = NULL;
    struct slice bytes;
    struct fold *f = NULL;
    struct hash hash;
    uint64_t lsn;

    assert_int_equal(fold_new(&f), ST_OK);
    assert_int_equal(store_begin(from, false, &r), ST_OK);
    assert_int_equal(store_begin(to, true, &w), ST_OK);
    assert_int_equal(fold_recover(f, w), ST_OK);
    for (fold_reached(f, 1, &lsn, &hash); lsn < last; lsn++) {
        assert_int_equal(ledger_record(r, lsn + 1, &bytes), ST_OK);
        assert_int_equal(fold_record(f, 1, bytes), ST_OK);
    }
    assert_int_equal(fold_flush(f, w), ST_OK);
    assert_int_equal(store_commit(&w), ST_OK);
    store_abort(&r);
    fold_free(&f);
    store_lmdb_close(&to);
    store_lmdb_close(&from);
}

static struct audit_result run(const struct audit_world *a)
{
    char path[PATH_BYTES];
    const char *const args[] = {"--state", path, NULL};

    audit_world_path(a, "state", path);
    return audit_world_run_with(a, "sound", args);
}

/* Behind the log, level with it: each is what the log says up to there. */
static void what_the_fold_made_is_what_the_log_says(void **state)
{
    struct audit_world *a = *state;

    for (uint64_t last = 1; last < a->log.n; last += 7) {
        fold_to(a, last);
        assert_int_equal(run(a).rc, 0);
    }
    fold_to(a, a->log.n);
    assert_int_equal(run(a).rc, 0);
}

struct change {
    unsigned table;
    uint8_t key[STORE_KEY_MAX], value[VALUE_BYTES], was[VALUE_BYTES];
    size_t key_size, size, was_size;
    bool drop;
};

static void row_pick(struct store_txn *t, unsigned table, struct rng *g, struct change *ret)
{
    struct store_cursor *c = NULL;
    struct slice k, v;
    uint64_t rows = 0, at;

    assert_int_equal(store_cursor(t, table, &c), ST_OK);
    while (store_next(c, &k, &v) == ST_OK) rows++;
    store_cursor_close(&c);
    assert_true(rows > 0);
    at = rng_below(g, rows);
    assert_int_equal(store_cursor(t, table, &c), ST_OK);
    for (uint64_t i = 0; i <= at; i++) assert_int_equal(store_next(c, &k, &v), ST_OK);
    assert_true(v.n <= VALUE_BYTES);
    memcpy(ret->key, k.p, k.n);
    memcpy(ret->was, v.p, v.n);
    memcpy(ret->value, v.p, v.n);
    ret->table = table;
    ret->key_size = k.n;
    ret->size = ret->was_size = v.n;
    store_cursor_close(&c);
}

/* One row dropped, one bit of it turned over, or its value taken from another row of the table. */
static bool change_make(struct store_txn *t, struct rng *g, struct change *ret)
{
    static const unsigned tables[] = {FOLD_META, FOLD_LEAF, FOLD_LEAF, FOLD_HISTORY, FOLD_CELL, FOLD_CELL, FOLD_OFFICE, FOLD_COUNT};
    unsigned table = tables[rng_below(g, sizeof tables / sizeof *tables)], how = (unsigned)rng_below(g, 3);
    struct change other;

    row_pick(t, table, g, ret);
    ret->drop = how == 0;
    if (how == 1) ret->value[rng_below(g, ret->size)] ^= (uint8_t)(1u << rng_below(g, 8));
    if (how == 2) {
        row_pick(t, table, g, &other);
        memcpy(ret->value, other.was, other.was_size);
        ret->size = other.was_size;
    }
    return ret->drop || ret->size != ret->was_size || memcmp(ret->value, ret->was, ret->size) != 0;
}

static void change_put(struct store_txn *t, const struct change *c, bool back)
{
    struct slice key = slice_of(c->key, c->key_size);

    assert_int_equal(store_del(t, c->table, key), back && c->drop ? ST_NOT_FOUND : ST_OK);
    if (back)
        assert_int_equal(store_put(t, c->table, key, slice_of(c->was, c->was_size)), ST_OK);
    else if (!c->drop)
        assert_int_equal(store_put(t, c->table, key, slice_of(c->value, c->size)), ST_OK);
}

static bool change_state(const struct audit_world *a, struct rng *g, struct change *c, bool back)
{
    struct store *s = state_open(a);
    struct store_txn *t = NULL;
    bool changes = true;

    assert_int_equal(store_begin(s, true, &t), ST_OK);
    if (!back) changes = change_make(t, g, c);
    if (changes) change_put(t, c, back);
    assert_int_equal(store_commit(&t), ST_OK);
    store_lmdb_close(&s);
    return changes;
}

static void whatever_is_changed_is_found(void **state)
{
    struct audit_world *a = *state;
    uint64_t edits = env_number("AUDIT_EDITS", EDITS), made = 0;
    struct rng g;

    rng_seed(&g, env_number("SEED", 1));
    for (uint64_t i = 0; i < edits; i++) {
        struct change c;
        struct audit_result r;

        if (!change_state(a, &g, &c, false)) continue;
        made++;
        r = run(a);
        if (r.rc != 1 || strncmp(r.what, "state", 5) != 0)
            fail_msg("edit %llu, table %s, %s: exit %d, %s", (unsigned long long)i, fold_tables[c.table],
                     c.drop ? "dropped" : "changed", r.rc, r.what);
        (void)change_state(a, &g, &c, true);
    }
    print_message("edits: %llu, all found\n", (unsigned long long)made);
    assert_true(made > edits / 2);
    assert_int_equal(run(a).rc, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_the_fold_made_is_what_the_log_says),
                                       cmocka_unit_test(whatever_is_changed_is_found)};

    return cmocka_run_group_tests(tests, audit_world_setup, audit_world_teardown);
}
