/* store_lmdb_test.c - what only the LMDB store can do or suffer: flipped bytes, a second owner, another kind or format, truncated
 * and garbage files, a full map and its way back, readers on other threads, birth after a crash. The contract itself is in
 * store_contract_test.c. */
#include "store_fixture.h"

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
    assert_int_equal(reopen(f, &other), ST_INVALID);
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

static void copy(const char *from, const char *to)
{
    char block[4096];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");

    assert_true(in && out);
    for (size_t n; (n = fread(block, 1, sizeof block, in)) > 0;) assert_int_equal(fwrite(block, 1, n, out), n);
    assert_int_equal(fclose(in), 0);
    assert_int_equal(fclose(out), 0);
}

/* A garbage page is refused at open, or it belonged to nothing that is alive: then all data must still be right. */
static void test_lmdb_garbage(void **state)
{
    struct fixture *f = *state;
    char keep[300];
    struct stat st;
    struct rng r;
    unsigned refused = 0, pages;

    rng_seed(&r, 7);
    fill(f, 2000);
    store_lmdb_close(&f->s);
    snprintf(keep, sizeof keep, "%s/keep", f->root);
    copy(f->data, keep);
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
        copy(keep, f->data);
    }
    assert_true(refused > pages * 8 / 10);
    assert_int_equal(reopen(f, &options), ST_OK);
}

/* A whole page in the place of another one: nothing in it is wrong but where it lies. */
static void test_lmdb_misplaced(void **state)
{
    struct fixture *f = *state;
    uint8_t last[4096], page[4096];
    unsigned seen = 0;
    off_t at = 30 * 4096;       /* behind the first commits' pages, among the leaf pages of table a */
    int fd;

    fill(f, 2000);
    store_lmdb_close(&f->s);
    fd = open(f->data, O_RDWR);
    for (; seen < 2 && pread(fd, page, sizeof page, at) == sizeof page; at += (off_t)sizeof page)
        if ((page[10] & 0x0f) == 2 && seen++ == 0)
            memcpy(last, page, sizeof last);
    assert_int_equal(seen, 2);
    assert_int_equal(pwrite(fd, last, sizeof last, at - (off_t)sizeof page), sizeof last);
    close(fd);
    assert_int_equal(reopen(f, &options), ST_CORRUPT);
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

#define LMDB(name, setup) cmocka_unit_test_setup_teardown(test_lmdb_##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LMDB(flip, setup_lmdb), LMDB(owner, setup_lmdb), LMDB(version, setup_lmdb), LMDB(truncated, setup_lmdb),
        LMDB(garbage, setup_lmdb), LMDB(misplaced, setup_lmdb), LMDB(full, setup_small), LMDB(drain, setup_small),
        LMDB(thread, setup_lmdb), LMDB(birth, setup_lmdb),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
