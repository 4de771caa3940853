/* store_fixture.h - what the tests of the stores share: a fresh store of either kind with its scratch directory, short forms of
 * begin, put and get, and a way to see an assertion of ours fail.
 * Scratch directories are made below $TMPDIR or /tmp and removed. */
#ifndef REKAP_STORE_FIXTURE_H
#define REKAP_STORE_FIXTURE_H

#include <fcntl.h>
#include <ftw.h>
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

enum { TABLE_A, TABLE_B };
static const char *const tables[] = { "a", "b", NULL };
static const struct store_lmdb_options options = { tables, UINT64_C(64) << 20, "ledger", 3 };
static const struct store_lmdb_options small = { tables, UINT64_C(1) << 20, "ledger", 3 };

struct fixture { struct store *s; bool lmdb; char root[256], dir[300], data[320], err[400]; };

static inline void scratch(struct fixture *f)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(f->root, sizeof f->root, "%s/rekap-store-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(f->root));
    snprintf(f->dir, sizeof f->dir, "%s/db", f->root);
    snprintf(f->data, sizeof f->data, "%s/data.mdb", f->dir);
}

static inline int reopen(struct fixture *f, const struct store_lmdb_options *o)
{
    return store_lmdb_open(f->dir, o, &f->s, f->err, sizeof f->err);
}

static inline int setup(void **state, bool lmdb, const struct store_lmdb_options *o)
{
    struct fixture *f = calloc(1, sizeof *f);

    *state = f;
    f->lmdb = lmdb;
    if (!lmdb)
        return store_mem_new(tables, &f->s);
    scratch(f);
    return reopen(f, o);
}

static inline int setup_mem(void **state) { return setup(state, false, NULL); }
static inline int setup_lmdb(void **state) { return setup(state, true, &options); }
static inline int setup_small(void **state) { return setup(state, true, &small); }

static inline int drop(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;

    if (!f->lmdb)
        store_mem_free(&f->s);
    else {
        store_lmdb_close(&f->s);
        assert_int_equal(nftw(f->root, drop, 8, FTW_DEPTH | FTW_PHYS), 0);
    }
    free(f);
    return 0;
}

static inline struct slice str(const char *s)
{
    return slice_of(s, strlen(s));
}

static inline struct store_txn *begin(struct fixture *f, bool write)
{
    struct store_txn *t = NULL;

    assert_int_equal(store_begin(f->s, write, &t), ST_OK);
    return t;
}

static inline void put(struct store_txn *t, unsigned table, const char *k, const char *v)
{
    assert_int_equal(store_put(t, table, str(k), str(v)), ST_OK);
}

static inline void assert_slice(struct slice s, const char *want)
{
    assert_int_equal(s.n, strlen(want));
    assert_memory_equal(s.p, want, s.n);
}

static inline void assert_get(struct store_txn *t, unsigned table, const char *k, const char *want)
{
    struct slice v;

    if (!want) {
        assert_int_equal(store_get(t, table, str(k), &v), ST_NOT_FOUND);
        return;
    }
    assert_int_equal(store_get(t, table, str(k), &v), ST_OK);
    assert_slice(v, want);
}

static inline void commit(struct store_txn **t)
{
    assert_int_equal(store_commit(t), ST_OK);
    assert_null(*t);
}

/* Does fn(f) die by our assertion? */
static inline bool dies(void (*fn)(struct fixture *), struct fixture *f)
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

#endif
