/* store_contract_test.c - one table of cases, run against the LMDB store and its RAM twin, and a randomised comparison of both
 * with a sorted array. What only one of them can do (locks, files, full map; injected faults, crash) follows in cases
 * of its own.
 *
 * Scratch directories are made below $TMPDIR or /tmp and removed again. Seeds are fixed; SEED=n in the environment tries another. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <pthread.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/bytes.h"
#include "proto/rng.h"
#include "proto/store.h"

enum { TABLE_A, TABLE_B, TABLES };
static const char *const tables[] = { "a", "b", NULL };
static const struct store_lmdb_options options = { tables, UINT64_C(64) << 20, "ledger", 3 };
static const struct store_lmdb_options small = { tables, UINT64_C(1) << 20, "ledger", 3 };

struct fixture { struct store *s; bool lmdb; char root[256], dir[300], data[320], err[400]; };

/* ---- fixture ---- */

static void scratch(struct fixture *f)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(f->root, sizeof f->root, "%s/rekap-store-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(f->root));
    snprintf(f->dir, sizeof f->dir, "%s/db", f->root);
    snprintf(f->data, sizeof f->data, "%s/data.mdb", f->dir);
}

static int reopen(struct fixture *f, const struct store_lmdb_options *o)
{
    return store_lmdb_open(f->dir, o, &f->s, f->err, sizeof f->err);
}

static int setup(void **state, bool lmdb, const struct store_lmdb_options *o)
{
    struct fixture *f = calloc(1, sizeof *f);

    *state = f;
    f->lmdb = lmdb;
    if (!lmdb)
        return store_mem_new(tables, &f->s);
    scratch(f);
    return reopen(f, o);
}

static int setup_mem(void **state) { return setup(state, false, NULL); }
static int setup_lmdb(void **state) { return setup(state, true, &options); }
static int setup_small(void **state) { return setup(state, true, &small); }

static int teardown(void **state)
{
    struct fixture *f = *state;
    char cmd[600];

    if (!f->lmdb)
        store_mem_free(&f->s);
    else {
        store_lmdb_close(&f->s);
        snprintf(cmd, sizeof cmd, "rm -rf '%s'", f->root);
        assert_int_equal(system(cmd), 0);
    }
    free(f);
    return 0;
}

static struct slice str(const char *s)
{
    return slice_of(s, strlen(s));
}

static struct store_txn *begin(struct fixture *f, bool write)
{
    struct store_txn *t = NULL;

    assert_int_equal(store_begin(f->s, write, &t), ST_OK);
    return t;
}

static void put(struct store_txn *t, unsigned table, const char *k, const char *v)
{
    assert_int_equal(store_put(t, table, str(k), str(v)), ST_OK);
}

static void assert_slice(struct slice s, const char *want)
{
    assert_int_equal(s.n, strlen(want));
    assert_memory_equal(s.p, want, s.n);
}

static void assert_get(struct store_txn *t, unsigned table, const char *k, const char *want)
{
    struct slice v;

    if (!want) {
        assert_int_equal(store_get(t, table, str(k), &v), ST_NOT_FOUND);
        return;
    }
    assert_int_equal(store_get(t, table, str(k), &v), ST_OK);
    assert_slice(v, want);
}

static void commit(struct store_txn **t)
{
    assert_int_equal(store_commit(t), ST_OK);
    assert_null(*t);
}

/* Does fn(f) die by our assertion? */
static bool dies(void (*fn)(struct fixture *), struct fixture *f)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);

        dup2(null, 2);
        signal(SIGABRT, SIG_DFL);
        fn(f);
        _exit(0);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

/* ---- the contract ---- */

static void case_order(struct fixture *f)
{
    static const char *const in[] = { "m", "a", "zz", "b", "ab", "z", "\xff", "aa" }, *const out[] = { "a", "aa", "ab", "b", "m", "z",
                                                                                                        "zz", "\xff" };
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

#define CASES(X) X(order) X(replace_delete) X(empty) X(seek_with_deletes) X(our_mistakes) X(limits) X(isolation) X(abort) X(cursor_put)
#define CASE(name) static void test_##name(void **state) { case_##name(*state); }
CASES(CASE)

/* ---- against a sorted array ---- */

enum { MODEL_OPS = 20000, MODEL_KEYS = 900 };
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

static void test_model(void **state)
{
    struct fixture *f = *state;
    static struct model committed, now;
    const char *seed = getenv("SEED");
    struct rng r;

    rng_seed(&r, seed ? strtoull(seed, NULL, 10) : 42);
    memset(&committed, 0, sizeof committed);
    now = committed;
    for (unsigned done = 0; done < MODEL_OPS;) {
        unsigned ops = (unsigned)rng_below(&r, 400) + 1;
        struct store_txn *t = begin(f, true), *old = begin(f, false);
        struct store_cursor *c;
        struct slice k, v;
        int at = model_step(&now, 0, 1), status;

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

/* ---- LMDB alone ---- */

static void fill(struct fixture *f, unsigned count)
{
    struct store_txn *t = begin(f, true);
    uint8_t key[4], value[200];

    memset(value, 0x5a, sizeof value);
    for (unsigned i = 0; i < count; i++) {
        bytes_be32(key, i);
        assert_int_equal(store_append(t, TABLE_A, slice_of(key, 4), slice_of(value, sizeof value)), ST_OK);
    }
    commit(&t);
}

static void flip_byte(struct fixture *f, off_t at)
{
    int fd = open(f->data, O_RDWR);
    uint8_t b;

    assert_true(fd >= 0 && pread(fd, &b, 1, at) == 1);
    b ^= 0x10;
    assert_int_equal(pwrite(fd, &b, 1, at), 1);
    close(fd);
}

/* Every byte of the one value, wherever a copy of it lies in the file. */
static void test_lmdb_flip(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t = begin(f, true);
    static const char mark[] = "a value that can be found in the file";
    struct slice v;
    char *all;
    long size;
    FILE *file;

    put(t, TABLE_A, "k", mark);
    commit(&t);
    store_lmdb_close(&f->s);
    file = fopen(f->data, "rb");
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    rewind(file);
    all = malloc((size_t)size);
    assert_int_equal(fread(all, 1, (size_t)size, file), size);
    fclose(file);
    for (char *p = all; (p = memmem(p, (size_t)(all + size - p), mark, sizeof mark - 1)); p++)
        flip_byte(f, p - all + 5);
    free(all);
    assert_int_equal(reopen(f, &options), ST_OK);
    t = begin(f, false);
    assert_int_equal(store_get(t, TABLE_A, str("k"), &v), ST_CORRUPT);
    store_abort(&t);
}

static void open_twice(struct fixture *f)
{
    struct store *other;

    (void)!store_lmdb_open(f->dir, &options, &other, NULL, 0);
}

static void test_lmdb_owner(void **state)
{
    struct fixture *f = *state;
    int ready[2], done[2], status;
    char byte = 0;
    pid_t pid;

    assert_true(dies(open_twice, f));
    store_lmdb_close(&f->s);
    assert_true(pipe(ready) == 0 && pipe(done) == 0);
    pid = fork();
    if (pid == 0) {
        close(done[1]);
        byte = (char)(reopen(f, &options) == ST_OK);
        (void)!write(ready[1], &byte, 1);
        (void)!read(done[0], &byte, 1);         /* until the parent has seen it, or died */
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 1);
    assert_int_equal(reopen(f, &options), ST_BUSY);
    assert_non_null(strstr(f->err, f->dir));
    close(done[1]);
    close(done[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(reopen(f, &options), ST_OK);       /* the kernel dropped the lock with the process */
    close(ready[0]);
    close(ready[1]);
}

static void test_lmdb_version(void **state)
{
    struct fixture *f = *state;
    struct store_lmdb_options other = options;

    store_lmdb_close(&f->s);
    other.kind = "outbox";
    assert_int_equal(reopen(f, &other), ST_VERSION);
    assert_non_null(strstr(f->err, "outbox"));
    other = options;
    other.format = 4;
    assert_int_equal(reopen(f, &other), ST_VERSION);
    assert_int_equal(reopen(f, &options), ST_OK);
}

static void test_lmdb_truncated(void **state)
{
    struct fixture *f = *state;
    struct stat st;

    fill(f, 5000);
    store_lmdb_close(&f->s);
    assert_int_equal(stat(f->data, &st), 0);
    for (off_t size = st.st_size - 4096; size >= 0; size -= st.st_size / 7) {
        assert_int_equal(truncate(f->data, size), 0);
        assert_int_equal(reopen(f, &options), ST_CORRUPT);
        assert_non_null(strstr(f->err, f->data));
    }
    assert_int_equal(truncate(f->data, 0), 0);
    assert_int_equal(reopen(f, &options), ST_CORRUPT);
    assert_int_equal(unlink(f->data), 0);
    assert_int_equal(reopen(f, &options), ST_CORRUPT);  /* never a fresh store in the place of a lost one */
}

static void garble(struct fixture *f, off_t at, size_t n, struct rng *r)
{
    int fd = open(f->data, O_RDWR);
    uint8_t junk[4096];

    for (size_t i = 0; i < n; i++)
        junk[i] = (uint8_t)rng_next(r);
    assert_int_equal(pwrite(fd, junk, n, at), n);
    close(fd);
}

/* A garbage page is refused at open, or it belonged to nothing that is alive: then all data must still be right. */
static void test_lmdb_garbage(void **state)
{
    struct fixture *f = *state;
    char cmd[1024];
    struct stat st;
    struct rng r;
    unsigned refused = 0, pages;

    rng_seed(&r, 7);
    fill(f, 2000);
    store_lmdb_close(&f->s);
    snprintf(cmd, sizeof cmd, "cp '%s' '%s/keep'", f->data, f->root);
    assert_int_equal(system(cmd), 0);
    assert_int_equal(stat(f->data, &st), 0);
    pages = (unsigned)(st.st_size / 4096);
    for (unsigned page = 0; page < pages; page++) {
        garble(f, (off_t)page * 4096, 4096, &r);
        if (reopen(f, &options) == ST_OK) {
            struct store_txn *t = begin(f, false);
            uint8_t key[4];
            struct slice v;

            for (unsigned i = 0; i < 2000; i++) {
                bytes_be32(key, i);
                assert_int_equal(store_get(t, TABLE_A, slice_of(key, 4), &v), ST_OK);
            }
            store_abort(&t);
            store_lmdb_close(&f->s);
        } else
            refused++;
        snprintf(cmd, sizeof cmd, "cp '%s/keep' '%s'", f->root, f->data);
        assert_int_equal(system(cmd), 0);
    }
    assert_true(refused > pages * 8 / 10);
    assert_int_equal(reopen(f, &options), ST_OK);
}

static void test_lmdb_full(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t;
    uint8_t key[4], value[1000] = { 0 };
    uint64_t used, size, after;
    struct slice v;
    unsigned n = 0;
    int status;

    fill(f, 100);
    assert_int_equal(store_usage(f->s, &used, &size), ST_OK);
    assert_int_equal(size, small.map_bytes);
    t = begin(f, true);
    do {
        bytes_be32(key, 1000 + n++);
        status = store_put(t, TABLE_A, slice_of(key, 4), slice_of(value, sizeof value));
    } while (status == ST_OK);
    assert_int_equal(status, ST_FULL);
    assert_int_equal(store_put(t, TABLE_A, slice_of(key, 4), slice_of(value, sizeof value)), ST_FULL);
    assert_int_equal(store_commit(&t), ST_FULL);
    assert_true(n > 300 && n < 850);
    assert_int_equal(store_usage(f->s, &after, &size), ST_OK);
    assert_int_equal(after, used);
    t = begin(f, false);
    bytes_be32(key, 99);
    assert_int_equal(store_get(t, TABLE_A, slice_of(key, 4), &v), ST_OK);
    bytes_be32(key, 1000);
    assert_int_equal(store_get(t, TABLE_A, slice_of(key, 4), &v), ST_NOT_FOUND);
    store_abort(&t);
}

/* Filled by many commits to the mark; then it still drains: deletes and replacements work, and afterwards puts again. */
static void test_lmdb_drain(void **state)
{
    struct fixture *f = *state;
    uint8_t key[4], value[1000] = { 0 };
    struct store_txn *t;
    unsigned n = 0;
    int status;

    do {
        t = begin(f, true);
        bytes_be32(key, n++);
        status = store_put(t, TABLE_A, slice_of(key, 4), slice_of(value, sizeof value));
        if (status)
            store_abort(&t);
        else
            commit(&t);
    } while (status == ST_OK);
    assert_int_equal(status, ST_FULL);
    for (unsigned i = 1; i < n - 1; i++) {
        t = begin(f, true);
        bytes_be32(key, i);
        assert_int_equal(store_del(t, TABLE_A, slice_of(key, 4)), ST_OK);
        bytes_be32(key, 0);
        assert_int_equal(store_put(t, TABLE_A, slice_of(key, 4), slice_of(value, sizeof value)), ST_OK);
        commit(&t);
    }
    fill(f, 0);
    t = begin(f, true);
    put(t, TABLE_B, "k", "room again");
    commit(&t);
}

static void *read_elsewhere(void *arg)
{
    struct store_txn *t;
    struct slice v;
    int status = store_begin(arg, false, &t);

    if (status == ST_OK)
        status = store_get(t, TABLE_A, str("a"), &v);
    if (status == ST_OK && (v.n != 1 || v.p[0] != '1'))
        status = ST_INVALID;
    if (t)
        store_abort(&t);
    return status == ST_OK ? arg : NULL;
}

static void test_lmdb_thread(void **state)
{
    struct fixture *f = *state;
    struct store_txn *t = begin(f, true), *own;
    pthread_t thread;
    void *ok = NULL;

    put(t, TABLE_A, "a", "1");
    commit(&t);
    own = begin(f, false);
    t = begin(f, true);
    put(t, TABLE_A, "a", "2");
    assert_int_equal(pthread_create(&thread, NULL, read_elsewhere, f->s), 0);
    pthread_join(thread, &ok);
    assert_ptr_equal(ok, f->s);
    store_abort(&own);
    commit(&t);
}

/* Remains of a crash while a store was being made do not matter; an empty directory is taken. */
static void test_lmdb_birth(void **state)
{
    struct fixture *f = *state;
    char path[400];
    struct stat st;
    FILE *file;

    store_lmdb_close(&f->s);
    snprintf(f->dir, sizeof f->dir, "%s/born", f->root);
    snprintf(path, sizeof path, "%s.new", f->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s.new/data.mdb", f->dir);
    file = fopen(path, "w");
    fputs("half", file);
    fclose(file);
    assert_int_equal(mkdir(f->dir, 0700), 0);
    assert_int_equal(reopen(f, &options), ST_OK);
    snprintf(path, sizeof path, "%s.new", f->dir);
    assert_int_equal(stat(path, &st), -1);
    store_lmdb_close(&f->s);
    assert_int_equal(store_lmdb_open("/proc/none/here", &options, &f->s, f->err, sizeof f->err), ST_IO);
    assert_true(strlen(f->err) > 10);
    assert_int_equal(reopen(f, &options), ST_OK);
}

#define BOTH(name) { "mem_" #name, test_##name, setup_mem, teardown, NULL }, { "lmdb_" #name, test_##name, setup_lmdb, teardown, NULL },
#define MEM(name) cmocka_unit_test_setup_teardown(test_mem_##name, setup_mem, teardown)
#define LMDB(name, setup) cmocka_unit_test_setup_teardown(test_lmdb_##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASES(BOTH) BOTH(model)
        MEM(flip), MEM(faults), MEM(crash),
        LMDB(flip, setup_lmdb), LMDB(owner, setup_lmdb), LMDB(version, setup_lmdb), LMDB(truncated, setup_lmdb),
        LMDB(garbage, setup_lmdb), LMDB(full, setup_small), LMDB(drain, setup_small), LMDB(thread, setup_lmdb),
        LMDB(birth, setup_lmdb),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
