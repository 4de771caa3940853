/* store_contract_test.c - one table of cases, run against the LMDB store and its RAM twin, and a randomised comparison of both
 * with a sorted array; then what only the twin can do (injected faults, crash). Files, locks and a full map: store_lmdb_test.c.
 * Seeds are fixed; SEED=n in the environment tries another. */
#include "tests/unit/env.h"
#include "store_fixture.h"

/* ---- the contract ---- */

static void case_order(struct fixture *f)
{
    static const char *const in[] = { "m", "a", "zz", "b", "ab", "z", "\xff", "aa" };
    static const char *const out[] = { "a", "aa", "ab", "b", "m", "z", "zz", "\xff" };
    struct store_txn *t = begin(f, true);
    struct store_cursor *c;
    struct slice k, v;

    for (size_t i = 0; i < 8; i++)
        put(t, TABLE_A, in[i], in[i]);
    assert_int_equal(store_cursor(t, TABLE_A, &c), ST_OK);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(store_next(c, &k, &v), ST_OK);
        assert_slice(k, out[i]);
        assert_slice(v, out[i]);
    }
    assert_int_equal(store_next(c, &k, &v), ST_NOT_FOUND);
    assert_int_equal(store_next(c, &k, &v), ST_NOT_FOUND);
    for (size_t i = 8; i-- > 0;) {
        assert_int_equal(store_prev(c, &k, &v), ST_OK);
        assert_slice(k, out[i]);
    }
    assert_int_equal(store_prev(c, &k, &v), ST_NOT_FOUND);
    assert_int_equal(store_next(c, &k, &v), ST_OK);
    assert_slice(k, "a");
    store_cursor_close(&c);
    commit(&t);
}

static void case_replace_delete(struct fixture *f)
{
    struct store_txn *t = begin(f, true);

    put(t, TABLE_A, "k", "one");
    put(t, TABLE_A, "k", "another, longer");
    put(t, TABLE_B, "k", "b");
    assert_get(t, TABLE_A, "k", "another, longer");
    put(t, TABLE_A, "k", "");
    assert_get(t, TABLE_A, "k", "");
    assert_get(t, TABLE_B, "k", "b");
    assert_int_equal(store_del(t, TABLE_A, str("k")), ST_OK);
    assert_int_equal(store_del(t, TABLE_A, str("k")), ST_NOT_FOUND);
    assert_get(t, TABLE_A, "k", NULL);
    assert_get(t, TABLE_B, "k", "b");
    commit(&t);
    t = begin(f, false);
    assert_get(t, TABLE_A, "k", NULL);
    assert_get(t, TABLE_B, "k", "b");
    store_abort(&t);
    store_abort(&t);            /* tolerates NULL */
}

static void case_empty(struct fixture *f)
{
    struct store_txn *t = begin(f, false);
    struct store_cursor *c;
    struct slice k, v;

    assert_get(t, TABLE_A, "k", NULL);
    assert_int_equal(store_cursor(t, TABLE_A, &c), ST_OK);
    assert_int_equal(store_last(c, &k, &v), ST_NOT_FOUND);
    assert_int_equal(store_seek(c, str("a"), &k, &v), ST_NOT_FOUND);
    assert_int_equal(store_seek(c, str(""), &k, &v), ST_NOT_FOUND);
    assert_int_equal(store_next(c, &k, &v), ST_NOT_FOUND);
    assert_int_equal(store_prev(c, &k, &v), ST_NOT_FOUND);
    commit(&t);                 /* ends the cursor too */
}

static void case_seek_with_deletes(struct fixture *f)
{
    struct store_txn *t = begin(f, true);
    struct store_cursor *c;
    struct slice k, v;

    for (const char *p = "bdfhj"; *p; p++)
        assert_int_equal(store_put(t, TABLE_A, slice_of(p, 1), slice_of(p, 1)), ST_OK);
    assert_int_equal(store_cursor(t, TABLE_A, &c), ST_OK);
    assert_int_equal(store_seek(c, str("e"), &k, &v), ST_OK);
    assert_slice(k, "f");
    assert_int_equal(store_del(t, TABLE_A, str("f")), ST_OK);
    assert_int_equal(store_next(c, &k, &v), ST_OK);     /* from where f was */
    assert_slice(k, "h");
    assert_int_equal(store_del(t, TABLE_A, str("h")), ST_OK);
    assert_int_equal(store_prev(c, &k, &v), ST_OK);
    assert_slice(k, "d");
    put(t, TABLE_A, "e", "new");
    assert_int_equal(store_next(c, &k, &v), ST_OK);
    assert_slice(k, "e");
    assert_int_equal(store_seek(c, str("k"), &k, &v), ST_NOT_FOUND);
    assert_int_equal(store_prev(c, &k, &v), ST_OK);
    assert_slice(k, "j");
    assert_int_equal(store_del(t, TABLE_A, str("j")), ST_OK);
    assert_int_equal(store_next(c, &k, &v), ST_NOT_FOUND);
    assert_int_equal(store_last(c, &k, &v), ST_OK);
    assert_slice(k, "e");
    assert_int_equal(store_seek(c, str(""), &k, &v), ST_OK);
    assert_slice(k, "b");
    store_cursor_close(&c);
    store_cursor_close(&c);
    commit(&t);
}

static void append_twice(struct fixture *f)
{
    struct store_txn *t = begin(f, true);

    (void)!store_append(t, TABLE_A, str("b"), str("1"));
    (void)!store_append(t, TABLE_A, str("b"), str("2"));
}

static void put_in_reader(struct fixture *f)
{
    (void)!store_put(begin(f, false), TABLE_A, str("b"), str("1"));
}

static void long_key(struct fixture *f)
{
    static const uint8_t key[STORE_KEY_MAX + 1];

    (void)!store_put(begin(f, true), TABLE_A, slice_of(key, sizeof key), str("1"));
}

static void two_writers(struct fixture *f)
{
    begin(f, true);
    begin(f, true);
}

static void case_our_mistakes(struct fixture *f)
{
    struct store_txn *t = begin(f, true);

    assert_int_equal(store_append(t, TABLE_A, str("a"), str("1")), ST_OK);
    commit(&t);
    assert_true(dies(append_twice, f));
    assert_true(dies(put_in_reader, f));
    assert_true(dies(long_key, f));
    assert_true(dies(two_writers, f));
}

static void case_limits(struct fixture *f)
{
    uint8_t key[STORE_KEY_MAX], *value = malloc(RECORD_BYTES_MAX);
    struct store_txn *t = begin(f, true);
    struct slice v;

    for (size_t i = 0; i < RECORD_BYTES_MAX; i++)
        value[i] = (uint8_t)(i * 7 + i / 256);
    memset(key, 0xff, sizeof key);
    assert_int_equal(store_put(t, TABLE_A, slice_of(key, sizeof key), slice_of(value, RECORD_BYTES_MAX)), ST_OK);
    assert_int_equal(store_put(t, TABLE_A, slice_of(key, 1), slice_of(value, 0)), ST_OK);
    commit(&t);
    t = begin(f, false);
    assert_int_equal(store_get(t, TABLE_A, slice_of(key, sizeof key), &v), ST_OK);
    assert_int_equal(v.n, RECORD_BYTES_MAX);
    assert_memory_equal(v.p, value, v.n);
    assert_int_equal(store_get(t, TABLE_A, slice_of(key, 1), &v), ST_OK);
    assert_int_equal(v.n, 0);
    commit(&t);
    free(value);
}

static void case_isolation(struct fixture *f)
{
    struct store_txn *w = begin(f, true), *r, *r2;
    struct store_cursor *c;
    struct slice k, v;

    put(w, TABLE_A, "a", "1");
    put(w, TABLE_A, "b", "1");
    commit(&w);
    r = begin(f, false);
    w = begin(f, true);
    put(w, TABLE_A, "a", "2");
    put(w, TABLE_A, "c", "2");
    assert_int_equal(store_del(w, TABLE_A, str("b")), ST_OK);
    assert_get(w, TABLE_A, "a", "2");
    assert_get(r, TABLE_A, "a", "1");
    commit(&w);
    r2 = begin(f, false);
    assert_get(r, TABLE_A, "a", "1");           /* as it began, also after the commit */
    assert_int_equal(store_cursor(r, TABLE_A, &c), ST_OK);
    assert_int_equal(store_last(c, &k, &v), ST_OK);
    assert_slice(k, "b");
    assert_get(r2, TABLE_A, "b", NULL);
    assert_get(r2, TABLE_A, "c", "2");
    store_abort(&r);
    store_abort(&r2);
}

static void case_abort(struct fixture *f)
{
    struct store_txn *t = begin(f, true);

    put(t, TABLE_A, "a", "1");
    commit(&t);
    t = begin(f, true);
    put(t, TABLE_A, "a", "2");
    put(t, TABLE_B, "b", "2");
    store_abort(&t);
    t = begin(f, false);
    assert_get(t, TABLE_A, "a", "1");
    assert_get(t, TABLE_B, "b", NULL);
    store_abort(&t);
}

static void case_cursor_put(struct fixture *f)
{
    struct store_txn *t = begin(f, true);
    struct store_cursor *c, *other;
    struct slice k, v;

    assert_int_equal(store_cursor(t, TABLE_A, &c), ST_OK);
    assert_int_equal(store_cursor(t, TABLE_A, &other), ST_OK);
    for (unsigned i = 0; i < 1000; i++) {
        uint8_t key[4];

        bytes_be32(key, i * 2);
        assert_int_equal(store_cursor_put(c, slice_of(key, 4), slice_of(key, 4)), ST_OK);
    }
    assert_int_equal(store_seek(other, slice_of("\0\0\0\x03", 4), &k, &v), ST_OK);
    for (unsigned i = 2; i < 1000; i++) {       /* rewrite what the cursor stands on, with the key it returned, growing it */
        uint8_t wide[40] = { 0 };

        assert_int_equal(bytes_rd32(k.p), i * 2);
        memcpy(wide, k.p, 4);
        assert_int_equal(store_cursor_put(other, k, slice_of(wide, sizeof wide)), ST_OK);
        assert_int_equal(store_next(other, &k, &v), i < 999 ? ST_OK : ST_NOT_FOUND);
    }
    assert_int_equal(store_prev(c, &k, &v), ST_OK);     /* c still stands on the last key it put */
    assert_int_equal(bytes_rd32(k.p), 998 * 2);
    commit(&t);
}

#define CASES(X) X(order) X(replace_delete) X(empty) X(seek_with_deletes) X(our_mistakes) \
    X(limits) X(isolation) X(abort) X(cursor_put)
#define CASE(name) static void test_##name(void **state) { case_##name(*state); }
CASES(CASE)

/* ---- against a sorted array ---- */

enum { MODEL_OPS = 20000, MODEL_WALK = 400, MODEL_KEYS = 900 };
struct model { struct { bool there; uint32_t value; } at[MODEL_KEYS]; };

static struct slice model_key(unsigned n, uint8_t room[STORE_KEY_MAX])
{
    memset(room, 'k', STORE_KEY_MAX);   /* lengths differ, order stays that of n */
    bytes_be16(room, (uint16_t)n);
    return slice_of(room, 2 + n % 60);
}

static struct slice model_value(unsigned n, uint32_t value, uint8_t room[600])
{
    memset(room, (int)(value & 0xff), 600);
    bytes_be32(room, value);
    return slice_of(room, 4 + (value + n) % 590);
}

/* status, k and v are what a read returned */
static void model_expect(const struct model *m, int n, int status, struct slice k, struct slice v)
{
    uint8_t kr[STORE_KEY_MAX], vr[600];
    struct slice wk, wv;

    if (n < 0 || n >= MODEL_KEYS) {
        assert_int_equal(status, ST_NOT_FOUND);
        return;
    }
    assert_int_equal(status, ST_OK);
    wk = model_key((unsigned)n, kr);
    wv = model_value((unsigned)n, m->at[n].value, vr);
    assert_int_equal(k.n, wk.n);
    assert_memory_equal(k.p, wk.p, wk.n);
    assert_int_equal(v.n, wv.n);
    assert_memory_equal(v.p, wv.p, wv.n);
}

static int model_step(const struct model *m, int from, int dir)
{
    while (from >= 0 && from < MODEL_KEYS && !m->at[from].there)
        from += dir;
    return from;
}

/* One operation at random; *at is where the cursor stands in the model (-1 before, MODEL_KEYS after). */
static void model_op(struct rng *r, struct model *m, struct store_txn *t, struct store_cursor *c, int *at)
{
    unsigned n = (unsigned)rng_below(r, MODEL_KEYS);
    uint32_t value = (uint32_t)rng_next(r);
    uint8_t kr[STORE_KEY_MAX], vr[600];
    struct slice key = model_key(n, kr), k = { NULL, 0 }, v = { NULL, 0 };
    int status;

    switch (rng_below(r, 8)) {
    case 0: case 1: case 2:
        if (rng_chance(r, 1, 2)) {
            assert_int_equal(store_put(t, TABLE_A, key, model_value(n, value, vr)), ST_OK);
        } else {
            assert_int_equal(store_cursor_put(c, key, model_value(n, value, vr)), ST_OK);
            *at = (int)n;
        }
        m->at[n].there = true;
        m->at[n].value = value;
        break;
    case 3: case 4:
        assert_int_equal(store_del(t, TABLE_A, key), m->at[n].there ? ST_OK : ST_NOT_FOUND);
        m->at[n].there = false;
        break;
    case 5:
        status = store_get(t, TABLE_A, key, &v);
        model_expect(m, m->at[n].there ? (int)n : -1, status, key, v);
        break;
    case 6:
        status = store_seek(c, key, &k, &v);
        *at = model_step(m, (int)n, 1);
        model_expect(m, *at, status, k, v);
        break;
    default:
        if (rng_chance(r, 1, 2)) {
            status = store_next(c, &k, &v);
            *at = *at >= MODEL_KEYS ? *at : model_step(m, *at + 1, 1);
        } else {
            status = store_prev(c, &k, &v);
            *at = *at < 0 ? *at : model_step(m, *at - 1, -1);
        }
        model_expect(m, *at, status, k, v);
    }
}

static void model_compare(struct fixture *f, const struct model *m)
{
    struct store_txn *t = begin(f, false);
    struct store_cursor *c;
    struct slice k, v;

    assert_int_equal(store_cursor(t, TABLE_A, &c), ST_OK);
    for (int at = model_step(m, 0, 1);; at = model_step(m, at + 1, 1)) {
        int status = store_next(c, &k, &v);

        model_expect(m, at, status, k, v);
        if (at >= MODEL_KEYS)
            break;
    }
    store_abort(&t);
}

/* A reader seeks and goes to and fro in its snapshot, whatever was written since. */
static void model_walk(struct rng *r, const struct model *m, struct store_txn *t)
{
    struct store_cursor *c;
    struct slice k = { NULL, 0 }, v = { NULL, 0 };
    bool up = true;
    int at = model_step(m, 0, 1);

    assert_int_equal(store_cursor(t, TABLE_A, &c), ST_OK);
    model_expect(m, at, store_seek(c, slice_of("", 0), &k, &v), k, v);
    for (unsigned i = 0; i < MODEL_WALK; i++) {
        uint8_t room[STORE_KEY_MAX];
        unsigned n = (unsigned)rng_below(r, MODEL_KEYS);
        int status;

        if (rng_chance(r, 1, 10)) up = !up;
        if (rng_chance(r, 1, 20)) {
            status = store_seek(c, model_key(n, room), &k, &v);
            at = model_step(m, (int)n, 1);
        } else if (up) {
            status = store_next(c, &k, &v);
            at = at >= MODEL_KEYS ? at : model_step(m, at + 1, 1);
        } else {
            status = store_prev(c, &k, &v);
            at = at < 0 ? at : model_step(m, at - 1, -1);
        }
        model_expect(m, at, status, k, v);
    }
    store_cursor_close(&c);
}

static void test_model(void **state)
{
    struct fixture *f = *state;
    static struct model committed, now, before;
    struct rng r;

    rng_seed(&r, env_number("SEED", 42));
    memset(&committed, 0, sizeof committed);
    now = committed;
    for (unsigned done = 0; done < MODEL_OPS;) {
        unsigned ops = (unsigned)rng_below(&r, 400) + 1;
        struct store_txn *t = begin(f, true), *old = begin(f, false);
        struct store_cursor *c;
        struct slice k, v;
        int at = model_step(&now, 0, 1), status;

        before = committed;
        assert_int_equal(store_cursor(t, TABLE_A, &c), ST_OK);
        status = store_seek(c, slice_of("", 0), &k, &v);
        model_expect(&now, at, status, k, v);
        for (unsigned i = 0; i < ops; i++, done++)
            model_op(&r, &now, t, c, &at);
        if (rng_chance(&r, 1, 4)) {
            store_abort(&t);
            now = committed;
        } else {
            commit(&t);
            committed = now;
        }
        model_walk(&r, &before, old);
        store_abort(&old);
        model_compare(f, &committed);
        if (f->lmdb && rng_chance(&r, 1, 10)) {
            store_lmdb_close(&f->s);
            assert_int_equal(reopen(f, &options), ST_OK);
        }
    }
}

/* ---- the RAM twin alone ---- */

static void test_mem_flip(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t = begin(f, true);
    struct store_cursor *c;
    struct slice k, v;

    put(t, TABLE_A, "a", "1");
    put(t, TABLE_A, "b", "2");
    commit(&t);
    assert_int_equal(store_mem_flip(f->s, TABLE_A, str("x"), 0), ST_NOT_FOUND);
    assert_int_equal(store_mem_flip(f->s, TABLE_A, str("a"), 3), ST_OK);
    t = begin(f, false);
    assert_int_equal(store_get(t, TABLE_A, str("a"), &v), ST_CORRUPT);
    assert_int_equal(store_cursor(t, TABLE_A, &c), ST_OK);
    assert_int_equal(store_next(c, &k, &v), ST_CORRUPT);
    assert_int_equal(store_next(c, &k, &v), ST_OK);     /* goes on behind it */
    assert_slice(k, "b");
    commit(&t);
}

static void test_mem_faults(void **state)
{
    static const struct { enum store_mem_fault fault; int status; bool done; } rows[] = {
        { MEM_FAULT_NONE, ST_OK, true }, { MEM_FAULT_FULL, ST_FULL, false },
        { MEM_FAULT_UNKNOWN_DONE, ST_UNKNOWN, true }, { MEM_FAULT_UNKNOWN_LOST, ST_UNKNOWN, false },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct store_txn *t = begin(f, true);

        put(t, TABLE_A, "a", "old");
        commit(&t);
        t = begin(f, true);
        put(t, TABLE_A, "a", "new");
        store_mem_fail_next_commit(f->s, rows[i].fault);
        assert_int_equal(store_commit(&t), rows[i].status);
        t = begin(f, false);
        assert_get(t, TABLE_A, "a", rows[i].done ? "new" : "old");
        store_abort(&t);
    }
}

static void test_mem_crash(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t = begin(f, true);

    put(t, TABLE_A, "a", "1");
    commit(&t);
    t = begin(f, true);
    put(t, TABLE_A, "a", "2");
    store_mem_crash(f->s);
    t = begin(f, true);
    assert_get(t, TABLE_A, "a", "1");
    store_abort(&t);
}

#define BOTH(name) { "mem_" #name, test_##name, setup_mem, teardown, NULL }, \
    { "lmdb_" #name, test_##name, setup_lmdb, teardown, NULL },
#define MEM(name) cmocka_unit_test_setup_teardown(test_mem_##name, setup_mem, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = { CASES(BOTH) BOTH(model) MEM(flip), MEM(faults), MEM(crash) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
