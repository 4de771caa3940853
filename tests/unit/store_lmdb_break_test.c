/* store_lmdb_break_test.c - the LMDB store when a call below it fails: each call of its birth, of an opening, of a transaction, of
 * a copy, one at a time (failing.h), with several errors each; and disks of every sort.
 *
 * What must hold: the status says it; the sentence names the place; the store is whole or not there, with what was committed before
 * or after, nothing else; no descriptor is left; the next attempt goes well. */
#include "store_fixture.h"

#include <errno.h>
#include <lmdb.h>

#include "proto/store_lmdb_part.h"
#include "tests/unit/failing.h"

static const int WHY[] = { EIO, ENOSPC, EACCES, MDB_CORRUPTED, MDB_MAP_FULL, MDB_PANIC };
enum { WHYS = sizeof WHY / sizeof *WHY };

/* Calls whose failure may be passed over: what they say is only a guess about room, or where the file lies. */
static bool may_be_passed_over(const char *call)
{
    static const char *const names[] = { "fstatfs", "fstatvfs", "fallocate", "mdb_env_get_fd", "mdb_env_info", "mdb_stat" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(call, names[i]) == 0) return true;
    return false;
}

static bool of_lmdb(const char *call) { return strncmp(call, "mdb_", 4) == 0; }

/* The status that a call which failed may become. */
static void assert_status(const char *call, int why, int st)
{
    bool ok = st == ST_IO;

    if (strcmp(call, "calloc") == 0 || strcmp(call, "malloc") == 0) ok = st == ST_NO_MEMORY;
    else if (strcmp(call, "mdb_txn_commit") == 0) ok = st == ST_UNKNOWN || st == store_lmdb_status(why);
    else if (of_lmdb(call)) ok = st == store_lmdb_status(why) || (why == EIO && st == ST_FULL) || st == ST_CORRUPT;
    if (!ok) fail_msg("%s failed with %d: %s", call, why, status_str(st));
}

/* All rows of both tables as one text. */
static void rows(struct fixture *f, char *ret, size_t size)
{
    struct store_txn *t = begin(f, false);
    size_t n = 0;

    ret[0] = '\0';
    for (unsigned table = 0; table < 2; table++) {
        struct store_cursor *c = NULL;
        struct slice k, v;

        assert_int_equal(store_cursor(t, table, &c), ST_OK);
        for (int st = store_seek(c, str(""), &k, &v); st != ST_NOT_FOUND; st = store_next(c, &k, &v)) {
            assert_int_equal(st, ST_OK);
            n += (size_t)snprintf(ret + n, size - n, "%u %.*s=%.*s;", table, (int)k.n, (const char *)k.p, (int)v.n,
                                  (const char *)v.p);
            assert_true(n < size);
        }
    }
    store_abort(&t);
}

static struct fixture *fresh(void)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    f->lmdb = true;
    scratch(f);
    return f;
}

static void gone(struct fixture *f)
{
    void *state = f;

    assert_int_equal(teardown(&state), 0);
}

/* It can be opened now, holds `want`, takes a row, and is found so by the next owner. */
static void assert_whole(struct fixture *f, const char *want)
{
    char seen[2000], temporary[400];
    struct store_txn *t;

    assert_int_equal(reopen(f, &options), ST_OK);
    rows(f, seen, sizeof seen);
    assert_string_equal(seen, want);
    t = begin(f, true);
    put(t, TABLE_B, "zz", "after");
    commit(&t);
    store_lmdb_close(&f->s);
    assert_int_equal(reopen(f, &options), ST_OK);
    t = begin(f, false);
    assert_get(t, TABLE_B, "zz", "after");
    store_abort(&t);
    snprintf(temporary, sizeof temporary, "%s.new", f->dir);
    assert_int_not_equal(access(temporary, F_OK), 0);
}

/* One opening with call n failing; false: it has not so many. */
static bool open_broken(struct fixture *f, unsigned n, int why, const char *want)
{
    const unsigned before = failing_descriptors();

    f->err[0] = '\0';
    failing_at(n, why);
    const int st = reopen(f, &options);
    const char *call = failing_end();
    if (st != ST_OK) {
        assert_non_null(call);
        assert_status(call, why, st);
        assert_null(f->s);
        if (strcmp(call, "calloc") != 0 && !strstr(f->err, f->root)) fail_msg("%s: \"%s\" names no place", call, f->err);
        assert_int_equal(failing_descriptors(), before);
    } else {
        if (call && !may_be_passed_over(call)) fail_msg("%s failed with %d and nobody said so", call, why);
        store_lmdb_close(&f->s);
    }
    assert_whole(f, want);
    return call != NULL;
}

/* one(n, why) breaks the n-th call; false: there is none. Every call of it, with every reason, the commit done and not. */
static unsigned every_call(bool (*one)(unsigned n, int why))
{
    unsigned tried = 0;

    for (unsigned done = 0; done < 2; done++) {
        failing_commit_done = done;
        for (unsigned w = 0; w < WHYS; w++) {
            bool more = true;
            for (unsigned n = 1; more; n++, tried++) more = one(n, WHY[w]);
        }
    }
    failing_commit_done = false;
    return tried;
}

static bool birth_broken(unsigned n, int why)
{
    struct fixture *f = fresh();
    bool more = open_broken(f, n, why, "");

    gone(f);
    return more;
}

static void every_call_of_a_birth(void **state)
{
    unsigned tried = every_call(birth_broken);

    (void)state;
    print_message("%u births\n", tried);
    assert_true(tried > WHYS * 40);
}

static const char FIRST[] = "0 a=1;0 b=2;0 c=3;1 x=9;";

static void fill_first(struct fixture *f)
{
    struct store_txn *t = begin(f, true);

    put(t, TABLE_A, "a", "1");
    put(t, TABLE_A, "b", "2");
    put(t, TABLE_A, "c", "3");
    put(t, TABLE_B, "x", "9");
    commit(&t);
}

/* The newer head counts a page more than the file has, as after a commit whose last pages were freed in it. */
static void count_a_page_more(struct fixture *f)
{
    enum { LAST_PAGE = 136, TXN = 144, PAGE = 4096 };
    uint64_t txn[2], last;
    int fd = open(f->data, O_RDWR);

    for (unsigned i = 0; i < 2; i++) assert_int_equal(pread(fd, &txn[i], 8, (off_t)i * PAGE + TXN), 8);
    const off_t at = (txn[1] > txn[0] ? PAGE : 0) + LAST_PAGE;
    assert_int_equal(pread(fd, &last, 8, at), 8);
    last++;
    assert_int_equal(pwrite(fd, &last, 8, at), 8);
    assert_int_equal(ftruncate(fd, (off_t)(last * PAGE)), 0);
    close(fd);
}

static void every_call_of_an_opening(void **state)
{
    unsigned tried = 0;

    (void)state;
    for (unsigned shorter = 0; shorter < 2; shorter++) {
        for (unsigned w = 0; w < WHYS; w++) {
            bool more = true;
            for (unsigned n = 1; more; n++, tried++) {
                struct fixture *f = fresh();

                assert_int_equal(reopen(f, &options), ST_OK);
                fill_first(f);
                store_lmdb_close(&f->s);
                if (shorter) count_a_page_more(f);
                more = open_broken(f, n, WHY[w], FIRST);
                gone(f);
            }
        }
    }
    print_message("%u openings\n", tried);
    assert_true(tried > WHYS * 20);
}

/* ---- transactions ---- */

#define STEP(e) do { int st_ = (e); if (st_ != ST_OK && st_ != ST_NOT_FOUND) return st_; } while (0)

static int walk(struct store_txn *t, bool write)
{
    struct store_cursor *c = NULL, *other = NULL;
    struct slice k, v;

    STEP(store_cursor(t, TABLE_A, &c));
    STEP(store_cursor(t, TABLE_B, &other));
    STEP(store_seek(c, str("a"), &k, &v));
    if (write) {
        STEP(store_del(t, TABLE_A, str("a")));
        STEP(store_next(c, &k, &v));            /* from a key that is gone */
        STEP(store_put(t, TABLE_A, str("e"), str("5")));
        STEP(store_prev(c, &k, &v));
        STEP(store_cursor_put(c, str("f"), str("6")));
    }
    STEP(store_last(c, &k, &v));
    STEP(store_prev(c, &k, &v));
    STEP(store_next(c, &k, &v));
    store_cursor_close(&c);             /* the older of two: not the head of the list */
    return ST_OK;
}

static int change(struct store_txn *t)
{
    struct slice v;

    STEP(store_room(t, 1000));
    STEP(store_put(t, TABLE_A, str("b"), str("22")));
    STEP(store_get(t, TABLE_A, str("b"), &v));
    STEP(walk(t, true));
    return store_put(t, TABLE_B, str("y"), str("10"));
}

static const char SECOND[] = "0 b=22;0 c=3;0 e=5;0 f=6;1 x=9;1 y=10;";

/* A transaction that writes, and then one that reads. */
static int work(struct fixture *f)
{
    struct store_txn *t = NULL;
    uint64_t used, size;
    int st = store_begin(f->s, true, &t);

    if (st != ST_OK) return st;
    st = change(t);
    if (st == ST_OK) st = store_commit(&t);
    store_abort(&t);
    if (st != ST_OK) return st;
    st = store_begin(f->s, false, &t);
    if (st != ST_OK) return st;
    st = walk(t, false);
    store_abort(&t);
    return st == ST_OK ? store_usage(f->s, &used, &size) : st;
}

/* FIRST or SECOND; after an outcome that is not known, to the next owner. */
static void assert_one_of_both(struct fixture *f, int st)
{
    char seen[2000];

    if (st == ST_UNKNOWN) {
        store_lmdb_close(&f->s);
        assert_int_equal(reopen(f, &options), ST_OK);
    }
    rows(f, seen, sizeof seen);
    if (strcmp(seen, FIRST) != 0) assert_string_equal(seen, SECOND);
}

static bool work_broken(unsigned n, int why)
{
    struct fixture *f = fresh();

    assert_int_equal(reopen(f, &options), ST_OK);
    fill_first(f);
    const unsigned before = failing_descriptors();
    failing_at(n, why);
    const int st = work(f);
    const char *call = failing_end();
    if (st != ST_OK) {
        assert_non_null(call);
        assert_status(call, why, st);
    } else if (call && !may_be_passed_over(call)) {
        fail_msg("%s failed with %d and nobody said so", call, why);
    }
    assert_int_equal(failing_descriptors(), before);
    assert_one_of_both(f, st);
    assert_int_equal(work(f), ST_OK);
    store_lmdb_close(&f->s);
    assert_whole(f, SECOND);
    gone(f);
    return call != NULL;
}

static void every_call_of_a_transaction(void **state)
{
    unsigned tried = every_call(work_broken);

    (void)state;
    print_message("%u transactions\n", tried);
    assert_true(tried > 2 * WHYS * 20);
}

/* A put that failed makes every later one fail, and a delete, and the commit. */
static void after_a_failure_nothing_is_written(void **state)
{
    struct fixture *f = *state;
    struct store_cursor *c = NULL;
    struct slice k, v;
    struct store_txn *t;
    char seen[2000];

    fill_first(f);
    t = begin(f, true);
    assert_int_equal(store_cursor(t, TABLE_A, &c), ST_OK);
    assert_int_equal(store_seek(c, str("b"), &k, &v), ST_OK);
    failing_at(1, ENOSPC);
    assert_int_equal(store_put(t, TABLE_B, str("y"), str("1")), ST_FULL);
    assert_string_equal(failing_end(), "mdb_put");
    assert_int_equal(store_put(t, TABLE_B, str("y"), str("1")), ST_FULL);
    assert_int_equal(store_cursor_put(c, str("b"), str("1")), ST_FULL);
    assert_int_equal(store_del(t, TABLE_A, str("a")), ST_FULL);
    assert_int_equal(store_room(t, 1), ST_FULL);
    assert_int_equal(store_commit(&t), ST_FULL);
    rows(f, seen, sizeof seen);
    assert_string_equal(seen, FIRST);
    t = begin(f, true);
    failing_at(1, MDB_PANIC);
    assert_int_equal(store_del(t, TABLE_A, str("a")), ST_UNKNOWN);
    assert_string_equal(failing_end(), "mdb_del");
    assert_int_equal(store_commit(&t), ST_UNKNOWN);
    t = begin(f, true);
    assert_int_equal(store_del(t, TABLE_A, str("none")), ST_NOT_FOUND);         /* no failure */
    commit(&t);
}

/* ---- copies ---- */

static void every_call_of_a_copy(void **state)
{
    struct fixture *f = *state;
    unsigned tried = 0;
    char before[2000], seen[2000], name[400];

    fill_first(f);
    rows(f, before, sizeof before);
    for (unsigned w = 0; w < WHYS; w++) {
        bool more = true;
        for (unsigned n = 1; more; n++, tried++) {
            const unsigned open_now = failing_descriptors();
            snprintf(name, sizeof name, "%s/copy-%u-%u", f->root, w, n);
            failing_at(n, WHY[w]);
            const int st = store_lmdb_copy(f->s, name, true, f->err, sizeof f->err);
            const char *call = failing_end();
            assert_int_equal(failing_descriptors(), open_now);
            more = call != NULL;
            if (more) {
                assert_status(call, WHY[w], st);
                assert_non_null(strstr(f->err, name));
            } else {
                assert_int_equal(st, ST_OK);
            }
        }
    }
    assert_true(tried > WHYS * 5);
    assert_int_equal(store_lmdb_copy(f->s, name, true, f->err, sizeof f->err), ST_BUSY);      /* it is there */
    rows(f, seen, sizeof seen);
    assert_string_equal(seen, before);
    store_lmdb_close(&f->s);
    assert_true(snprintf(f->dir, sizeof f->dir, "%s", name) < (int)sizeof f->dir);
    assert_int_equal(reopen(f, &options), ST_OK);
    rows(f, seen, sizeof seen);
    assert_string_equal(seen, before);
}

/* Not synced, but as whole as the other; a directory that is there is left alone. */
static void a_brief_copy_is_whole(void **state)
{
    struct fixture *f = *state;
    char before[2000], seen[2000], name[400];

    fill_first(f);
    rows(f, before, sizeof before);
    snprintf(name, sizeof name, "%s/brief", f->root);
    assert_int_equal(store_lmdb_copy(f->s, name, false, f->err, sizeof f->err), ST_OK);
    assert_int_equal(store_lmdb_copy(f->s, name, false, f->err, sizeof f->err), ST_BUSY);
    store_lmdb_close(&f->s);
    assert_true(snprintf(f->dir, sizeof f->dir, "%s", name) < (int)sizeof f->dir);
    assert_int_equal(reopen(f, &options), ST_OK);
    rows(f, seen, sizeof seen);
    assert_string_equal(seen, before);
}

/* ---- disks ---- */

static int setup_none(void **state)
{
    *state = fresh();
    return 0;
}

static int teardown_disk(void **state)
{
    failing_disk = (struct failing_disk){ 0 };
    return teardown(state);
}

static void file_systems_of_another_machine_are_refused(void **state)
{
    static const uint32_t remote[] = { 0x6969, 0xff534d42, 0x65735546, 0x7461636f };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof remote / sizeof *remote; i++) {
        failing_disk = (struct failing_disk){ true, remote[i], 1 << 20, 1 << 20 };
        assert_int_equal(reopen(f, &options), ST_DENIED);       /* not made there */
        assert_non_null(strstr(f->err, f->root));
        assert_int_not_equal(access(f->dir, F_OK), 0);
    }
    failing_disk.on = false;
    assert_int_equal(reopen(f, &options), ST_OK);
    store_lmdb_close(&f->s);
    failing_disk.on = true;
    assert_int_equal(reopen(f, &options), ST_DENIED);           /* nor opened */
    assert_non_null(strstr(f->err, f->dir));
}

static void the_map_is_as_large_as_the_disk_allows(void **state)
{
    struct fixture *f = *state;
    const struct store_lmdb_dir d = { .fd = -1, .lock_fd = -1 };
    struct store_lmdb_options natural = options;

    assert_int_equal(store_lmdb_dir_map(&d, 0), UINT64_C(64) << 30);            /* unknown */
    assert_int_equal(store_lmdb_dir_map(&d, 5), 1 << 20);
    assert_int_equal(store_lmdb_dir_map(&d, (3 << 20) + 5), 3 << 20);
    natural.map_bytes = 0;
    assert_int_equal(reopen(f, &natural), ST_OK);
    const struct store_lmdb_dir *own = &((struct lmdb_store *)f->s)->dir;
    failing_disk = (struct failing_disk){ true, 0, 0, 0 };
    assert_int_equal(store_lmdb_dir_map(own, 0), UINT64_C(64) << 30);
    failing_disk.blocks = 10 << 10;             /* 40 MiB, of which four fifths */
    assert_int_equal(store_lmdb_dir_map(own, 0), 32 << 20);
    failing_disk.blocks = UINT64_C(1) << 40;
    assert_int_equal(store_lmdb_dir_map(own, 0), UINT64_C(64) << 30);
}

/* A full disk: no more is taken, what replaces is, and what was there is read. */
static void a_disk_without_its_reserve(void **state)
{
    static const struct { uint64_t blocks, left, more; bool roomy; } row[] = {
        { 0, 0, 0, true },                                      /* a file system that does not say */
        { 1 << 20, 4096, 0, true }, { 1 << 20, 4095, 0, false },        /* 16 MiB are kept */
        { 1 << 20, 4097, 4096, true }, { 1 << 20, 4097, 4097, false },
        { 16 << 8, 256, 0, true }, { 16 << 8, 255, 0, false },          /* of a small disk a sixteenth */
    };
    struct fixture *f = *state;
    struct store_txn *t;

    assert_int_equal(reopen(f, &options), ST_OK);
    fill_first(f);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        failing_disk = (struct failing_disk){ true, 0, row[i].blocks, row[i].left };
        t = begin(f, true);
        assert_int_equal(store_room(t, row[i].more), row[i].roomy ? ST_OK : ST_FULL);
        store_abort(&t);
    }
    failing_disk = (struct failing_disk){ true, 0, 1 << 20, 1 };
    t = begin(f, true);
    assert_int_equal(store_put(t, TABLE_A, str("a"), str("7")), ST_OK);         /* takes no more room */
    assert_int_equal(store_del(t, TABLE_A, str("c")), ST_OK);
    commit(&t);
    t = begin(f, true);
    assert_get(t, TABLE_A, "a", "7");
    assert_int_equal(store_put(t, TABLE_A, str("a"), str("78")), ST_FULL);
    store_abort(&t);
    t = begin(f, true);
    failing_at(1, EIO);
    assert_int_equal(store_put(t, TABLE_A, str("a"), str("8")), ST_FULL);       /* what it replaces cannot be read */
    assert_string_equal(failing_end(), "mdb_get");
    store_abort(&t);
    failing_disk.on = false;
    t = begin(f, true);
    assert_int_equal(store_room(t, options.map_bytes), ST_FULL);                /* of the map, then */
    assert_int_equal(store_put(t, TABLE_A, str("a"), str("78")), ST_OK);
    commit(&t);
}

int main(void)
{
    const struct CMUnitTest tests_[] = {
        cmocka_unit_test(every_call_of_a_birth),
        cmocka_unit_test(every_call_of_an_opening),
        cmocka_unit_test(every_call_of_a_transaction),
        cmocka_unit_test_setup_teardown(after_a_failure_nothing_is_written, setup_lmdb, teardown),
        cmocka_unit_test_setup_teardown(every_call_of_a_copy, setup_lmdb, teardown),
        cmocka_unit_test_setup_teardown(a_brief_copy_is_whole, setup_lmdb, teardown),
        cmocka_unit_test_setup_teardown(file_systems_of_another_machine_are_refused, setup_none, teardown_disk),
        cmocka_unit_test_setup_teardown(the_map_is_as_large_as_the_disk_allows, setup_none, teardown_disk),
        cmocka_unit_test_setup_teardown(a_disk_without_its_reserve, setup_none, teardown_disk),
    };

    if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 0);         /* thousands of synced commits */
    return cmocka_run_group_tests_name("store_lmdb_break", tests_, NULL, NULL);
}
