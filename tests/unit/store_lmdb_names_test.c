/* store_lmdb_names_test.c - the LMDB store where names, rows or the identity are not what it expects: paths at their limit, of
 * every sort, two stores in one process; rows and identities that LMDB itself has and we did not write. */
#include "store_fixture.h"

#include <errno.h>
#include <limits.h>
#include <lmdb.h>

#include "proto/store_lmdb_part.h"

static int setup_none(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    f->lmdb = true;
    scratch(f);
    *state = f;
    return 0;
}

static void names_that_are_too_long(void **state)
{
    static char name[STORE_LMDB_PATH_MAX + 100];
    struct fixture *f = *state;
    struct store *s = NULL;

    memset(name, 'a', sizeof name - 1);
    name[0] = '/';
    for (size_t n = STORE_LMDB_PATH_MAX - 12; n < sizeof name - 1; n++) {
        char was = name[n];
        name[n] = '\0';
        assert_int_equal(store_lmdb_open(name, &options, &s, f->err, sizeof f->err), ST_IO);
        assert_int_equal(store_lmdb_dir_create(name, NULL, NULL, f->err, sizeof f->err), ST_IO);
        assert_null(s);
        name[n] = was;
    }
    assert_int_equal(reopen(f, &options), ST_OK);
    assert_int_equal(store_lmdb_copy(f->s, name, true, f->err, sizeof f->err), ST_IO);
    assert_non_null(strstr(f->err, "path too long"));
}

static void names_of_every_sort(void **state)
{
    struct fixture *f = *state;
    char was[PATH_MAX], file[300];
    struct store *s = NULL;
    int fd;

    assert_non_null(getcwd(was, sizeof was));
    assert_int_equal(chdir(f->root), 0);
    assert_int_equal(store_lmdb_open("near", &options, &s, NULL, 0), ST_OK);            /* beside us */
    store_lmdb_close(&s);
    assert_int_equal(store_lmdb_open("near///", &options, &s, f->err, 0), ST_OK);
    store_lmdb_close(&s);
    assert_int_equal(store_lmdb_open("far//", &options, &s, f->err, sizeof f->err), ST_OK);
    store_lmdb_close(&s);
    assert_true(access("near/data.mdb", F_OK) == 0 && access("far/data.mdb", F_OK) == 0);
    assert_int_equal(chdir(was), 0);
    snprintf(file, sizeof file, "%s/file", f->root);
    fd = open(file, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(store_lmdb_open(file, &options, &s, f->err, sizeof f->err), ST_IO);        /* a file is no directory */
    assert_non_null(strstr(f->err, file));
    assert_int_equal(store_lmdb_open(file, &options, &s, f->err, 0), ST_IO);
    assert_int_equal(store_lmdb_open(file, &options, &s, NULL, 0), ST_IO);
    assert_null(s);
    store_lmdb_close(&s);               /* nothing to close */
}

/* Paths whose parts fit and whose temporary names do not; the root; nothing at all. */
static int make_nothing(void *ctx, const char *tmp, char *err, size_t err_size)
{
    (void)tmp, (void)err, (void)err_size;
    ++*(unsigned *)ctx;
    return ST_OK;
}

static void names_near_the_limit(void **state)
{
    static char name[STORE_LMDB_PATH_MAX + 20];
    struct fixture *f = *state;
    unsigned made = 0, want = 0;

    for (size_t n = STORE_LMDB_PATH_MAX - 30; n < STORE_LMDB_PATH_MAX; n++) {
        size_t at = (size_t)snprintf(name, sizeof name, "%s", f->root);
        while (at + 2 < n - 2) at += (size_t)snprintf(name + at, 3, "/.");
        snprintf(name + at, sizeof name - at, "/%.*s", (int)(n - at - 1), "dddddddd");
        assert_int_equal(strlen(name), n);
        want += n + strlen(".new") < STORE_LMDB_PATH_MAX && n + strlen("/" STORE_LMDB_DATA) < STORE_LMDB_PATH_MAX;
        const int st = store_lmdb_dir_create(name, make_nothing, &made, f->err, sizeof f->err);
        assert_int_equal(st, ST_IO);            /* nothing was made, or it does not fit: nothing is put in place */
        assert_int_not_equal(access(name, F_OK), 0);
    }
    assert_true(made == want && made > 10);
    assert_int_equal(store_lmdb_dir_create("/", make_nothing, &made, f->err, sizeof f->err), ST_CORRUPT);
    assert_int_equal(store_lmdb_dir_create("", make_nothing, &made, f->err, sizeof f->err), ST_IO);
    assert_int_equal(made, want);
}

static void two_stores_of_one_process(void **state)
{
    struct fixture *f = *state;
    struct store *other = NULL;
    char name[400];

    snprintf(name, sizeof name, "%s/other", f->root);
    assert_int_equal(reopen(f, &options), ST_OK);
    assert_int_equal(store_lmdb_open(name, &options, &other, f->err, sizeof f->err), ST_OK);
    store_lmdb_close(&other);           /* the younger one first */
    assert_int_equal(store_lmdb_open(name, &options, &other, f->err, sizeof f->err), ST_OK);
    store_lmdb_close(&f->s);
    assert_int_equal(reopen(f, &options), ST_OK);
    store_lmdb_close(&other);
}

/* ---- rows that others wrote ---- */

/* LMDB itself, without us: one row of a table; name NULL: of the table of tables. */
static void write_raw(const char *dir, const char *name, struct slice key, struct slice value)
{
    MDB_env *env;
    MDB_txn *t;
    MDB_dbi dbi;
    MDB_val k = { key.n, (void *)(uintptr_t)key.p }, v = { value.n, (void *)(uintptr_t)value.p };

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 4), 0);
    assert_int_equal(mdb_env_open(env, dir, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &t), 0);
    assert_int_equal(mdb_dbi_open(t, name, name ? MDB_CREATE : 0, &dbi), 0);
    assert_int_equal(mdb_put(t, dbi, &k, &v, 0), 0);
    assert_int_equal(mdb_txn_commit(t), 0);
    mdb_env_close(env);
}

/* The same with the checksum that we would give it. */
static void write_checked(const char *dir, const char *name, const char *key, struct slice value)
{
    uint8_t row[200];

    memcpy(row, value.p, value.n);
    bytes_be32(row + value.n, store_check(store_check_seed(name), str(key), value));
    write_raw(dir, name, str(key), slice_of(row, value.n + STORE_CHECK_BYTES));
}

static void an_identity_that_others_wrote(void **state)
{
    static const char meta[] = "rekap-store", kind[] = "a kind of store with a name of more than forty characters";
    struct fixture *f = *state;
    char name[400];
    struct store *s = NULL;

    assert_int_equal(reopen(f, &options), ST_OK);
    store_lmdb_close(&f->s);
    write_checked(f->dir, meta, "format", slice_of("\0\0\0\3\0", 5));
    assert_int_equal(reopen(f, &options), ST_VERSION);
    write_checked(f->dir, meta, "kind", str(kind));
    assert_int_equal(reopen(f, &options), ST_INVALID);
    assert_true(strstr(f->err, "a kind of store") && !strstr(f->err, "characters"));
    write_checked(f->dir, meta, "kind", str("ledgeR"));
    assert_int_equal(reopen(f, &options), ST_INVALID);
    write_raw(f->dir, meta, str("kind"), str("led"));           /* shorter than a checksum */
    assert_int_equal(reopen(f, &options), ST_CORRUPT);
    snprintf(name, sizeof name, "%s/plain", f->root);
    assert_int_equal(mkdir(name, 0700), 0);
    write_raw(name, NULL, str("a"), str("1"));                  /* LMDB's, and not ours */
    assert_int_equal(store_lmdb_open(name, &options, &s, f->err, sizeof f->err), ST_INVALID);
    write_raw(name, NULL, str(meta), str("1"));                 /* a row where the table should be */
    assert_int_equal(store_lmdb_open(name, &options, &s, f->err, sizeof f->err), ST_INVALID);
    assert_non_null(strstr(f->err, name));
}

/* The key too long for us is passed over by a cursor as damage; a value that fails its check is named. */
static void rows_that_others_wrote(void **state)
{
    struct fixture *f = *state;
    char key[STORE_KEY_MAX + 2];
    struct store_cursor *c = NULL;
    struct store_txn *t;
    struct slice k, v;

    assert_int_equal(reopen(f, &options), ST_OK);
    struct store_txn *first = begin(f, true);
    put(first, TABLE_A, "b", "2");
    put(first, TABLE_A, "c", "3");
    put(first, TABLE_B, "x", "9");
    commit(&first);
    store_lmdb_close(&f->s);
    write_raw(f->dir, "a", str("bb"), str("12"));
    memset(key, 'd', sizeof key);
    write_raw(f->dir, "a", slice_of(key, STORE_KEY_MAX + 1), str("12345"));
    assert_int_equal(reopen(f, &options), ST_OK);
    for (unsigned write = 0; write < 2; write++) {
        t = begin(f, write);
        assert_int_equal(store_get(t, TABLE_A, str("bb"), &v), ST_CORRUPT);
        assert_int_equal(store_cursor(t, TABLE_A, &c), ST_OK);
        assert_int_equal(store_seek(c, str("b"), &k, &v), ST_OK);
        assert_int_equal(store_next(c, &k, &v), ST_CORRUPT);
        assert_slice(k, "bb");
        assert_int_equal(store_next(c, &k, &v), ST_OK);
        assert_slice(k, "c");
        assert_int_equal(store_next(c, &k, &v), ST_CORRUPT);
        assert_int_equal(store_last(c, &k, &v), ST_CORRUPT);
        store_abort(&t);
    }
    t = begin(f, true);                 /* behind the last key, which is gone meanwhile */
    assert_int_equal(store_cursor(t, TABLE_B, &c), ST_OK);
    assert_int_equal(store_seek(c, str("x"), &k, &v), ST_OK);
    assert_int_equal(store_del(t, TABLE_B, str("x")), ST_OK);
    assert_int_equal(store_next(c, &k, &v), ST_NOT_FOUND);
    store_abort(&t);
    t = begin(f, true);                 /* and backwards from there */
    put(t, TABLE_B, "w", "8");
    assert_int_equal(store_cursor(t, TABLE_B, &c), ST_OK);
    assert_int_equal(store_seek(c, str("x"), &k, &v), ST_OK);
    assert_int_equal(store_del(t, TABLE_B, str("x")), ST_OK);
    assert_int_equal(store_prev(c, &k, &v), ST_OK);
    assert_slice(k, "w");
    store_abort(&t);
}

static void every_status_of_lmdb_has_one_of_ours(void **state)
{
    static const struct { int rc, st; } row[] = {
        { MDB_SUCCESS, ST_OK }, { MDB_NOTFOUND, ST_NOT_FOUND }, { MDB_MAP_FULL, ST_FULL }, { MDB_TXN_FULL, ST_FULL },
        { ENOSPC, ST_FULL }, { EDQUOT, ST_FULL }, { MDB_CORRUPTED, ST_CORRUPT }, { MDB_PAGE_NOTFOUND, ST_CORRUPT },
        { MDB_CURSOR_FULL, ST_CORRUPT }, { MDB_INVALID, ST_CORRUPT }, { MDB_INCOMPATIBLE, ST_CORRUPT },
        { MDB_VERSION_MISMATCH, ST_VERSION }, { MDB_READERS_FULL, ST_BUSY }, { MDB_PANIC, ST_UNKNOWN }, { EACCES, ST_DENIED },
        { EPERM, ST_DENIED }, { EROFS, ST_DENIED }, { ENOMEM, ST_NO_MEMORY }, { EIO, ST_IO }, { MDB_BAD_TXN, ST_IO },
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) assert_int_equal(store_lmdb_status(row[i].rc), row[i].st);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup_none, teardown)
    const struct CMUnitTest tests_[] = {
        T(names_that_are_too_long), T(names_of_every_sort), T(names_near_the_limit), T(two_stores_of_one_process),
        T(an_identity_that_others_wrote), T(rows_that_others_wrote), cmocka_unit_test(every_status_of_lmdb_has_one_of_ours),
    };
#undef T

    return cmocka_run_group_tests_name("store_lmdb_names", tests_, NULL, NULL);
}
