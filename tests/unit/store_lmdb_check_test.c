/* store_lmdb_check_test.c - a data file with one field of one page put wrong: each thing that LMDB would believe, and that the
 * owner looks at before. The file is a real store with a branch, leaves, a value on pages of its own, and a list of free pages;
 * what each field is called stands in store_lmdb_check.c. */
#include "store_fixture.h"

#include "proto/store_lmdb_part.h"

enum { PAGE = 4096, META_FREE = 40, META_MAIN = 88, META_LAST = 136, META_TXN = 144, DB_DEPTH = 6, DB_ROOT = 40,
       FLAGS = 10, LOWER = 12, UPPER = 14, NODES = 16, NODE_FLAGS = 4, NODE_KEY = 6, NODE_DATA = 8, BIG = 1 };

static struct { uint8_t *p; size_t n; } image;
static uint64_t rd(size_t at, unsigned width)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < width; i++) v |= (uint64_t)image.p[at + i] << 8 * i;
    return v;
}

static void load(const struct fixture *f)
{
    FILE *file = fopen(f->data, "rb");

    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    image.n = (size_t)ftell(file);
    rewind(file);
    image.p = malloc(image.n);
    assert_int_equal(fread(image.p, 1, image.n, file), image.n);
    fclose(file);
}

/* Offsets in the file: node i of the page at `page`, its data; where it leads to. */
static size_t node(size_t page, unsigned i) { return page + rd(page + NODES + 2 * i, 2); }
static size_t data(size_t n) { return n + NODE_DATA + rd(n + NODE_KEY, 2); }
static size_t child(size_t n) { return (rd(n, 4) | rd(n + NODE_FLAGS, 2) << 32) * PAGE; }
static size_t root(size_t db) { return rd(db + DB_ROOT, 8) * PAGE; }
static unsigned nodes(size_t page) { return (unsigned)(rd(page + LOWER, 2) - NODES) / 2; }

/* The record of a table, among the nodes of the table of tables. */
static size_t table(size_t main_root, const char *name)
{
    for (unsigned i = 0; i < nodes(main_root); i++) {
        const size_t n = node(main_root, i);

        if (rd(n + NODE_KEY, 2) == strlen(name) && memcmp(image.p + n + NODE_DATA, name, strlen(name)) == 0) return data(n);
    }
    fail_msg("no table %s", name);
    return 0;
}

static int checked(const struct fixture *f, size_t size)
{
    int fd = open(f->data, O_WRONLY | O_TRUNC);
    char err[400] = "";

    assert_int_equal(write(fd, image.p, size), size);
    close(fd);
    const int st = store_lmdb_check(f->data, err, sizeof err);
    assert_true(st == ST_OK || strstr(err, f->data));
    return st;
}

/* The field of `width` bytes at `at` becomes value. */
static void wrong(const struct fixture *f, const char *what, size_t at, unsigned width, uint64_t value, int want)
{
    const uint64_t was = rd(at, width);

    for (unsigned i = 0; i < width; i++) image.p[at + i] = (uint8_t)(value >> 8 * i);
    const int st = checked(f, image.n);
    if (st != want) fail_msg("%s: %s", what, status_str(st));
    for (unsigned i = 0; i < width; i++) image.p[at + i] = (uint8_t)(was >> 8 * i);
}

static int setup_filled(void **state)
{
    static uint8_t big[10000];
    struct store_txn *t;
    struct fixture *f;
    char key[20];

    assert_int_equal(setup_lmdb(state), 0);
    f = *state;
    t = begin(f, true);
    for (unsigned i = 0; i < 400; i++) {
        snprintf(key, sizeof key, "key %04u", i);
        put(t, TABLE_A, key, "a value of some length, so that it takes more than a page in all");
    }
    assert_int_equal(store_put(t, TABLE_B, str("big"), slice_of(big, sizeof big)), ST_OK);
    put(t, TABLE_B, "small", "x");
    commit(&t);
    t = begin(f, true);
    assert_int_equal(store_del(t, TABLE_A, str("key 0001")), ST_OK);    /* the list of free pages has a record */
    commit(&t);
    store_lmdb_close(&f->s);
    load(f);
    return 0;
}

static int teardown_filled(void **state)
{
    free(image.p);
    image.p = NULL;
    return teardown(state);
}

/* Offsets of what is put wrong. */
struct places { size_t meta, other, main, free_leaf, a, branch, leaf, big_node, overflow; };

static struct places places(void)
{
    struct places p = { .meta = rd(META_TXN, 8) > rd(PAGE + META_TXN, 8) ? 0 : PAGE };

    p.other = PAGE - p.meta;
    p.main = root(p.meta + META_MAIN);
    p.free_leaf = root(p.meta + META_FREE);
    p.a = table(p.main, "a");
    p.branch = root(p.a);
    p.leaf = child(node(p.branch, 0));
    p.big_node = node(root(table(p.main, "b")), 0);
    p.overflow = rd(data(p.big_node), 8) * PAGE;
    return p;
}

static void heads_that_are_wrong(void **state)
{
    struct fixture *f = *state;
    const struct places p = places();
    const uint64_t last = rd(p.meta + META_LAST, 8);

    assert_int_equal(checked(f, image.n), ST_OK);
    wrong(f, "a tiny page", META_FREE, 4, 256, ST_CORRUPT);
    wrong(f, "a huge page", META_FREE, 4, 65536, ST_CORRUPT);
    wrong(f, "an odd page", META_FREE, 4, 4097, ST_CORRUPT);
    wrong(f, "a page too large for the second head", META_FREE, 4, 512, ST_CORRUPT);
    for (size_t head = 0; head <= PAGE; head += PAGE) {
        wrong(f, "no head", head + FLAGS, 2, 0, ST_CORRUPT);
        wrong(f, "no magic", head + 16, 4, 0xbeefc0dd, ST_CORRUPT);
        wrong(f, "another version", head + 20, 4, 2, ST_VERSION);
    }
    wrong(f, "no pages", p.meta + META_LAST, 8, 0, ST_CORRUPT);
    wrong(f, "too many pages", p.meta + META_LAST, 8, UINT64_MAX / PAGE, ST_CORRUPT);
    wrong(f, "fewer pages than it uses", p.meta + META_LAST, 8, 2, ST_CORRUPT);
    wrong(f, "the older head counts nothing", p.other + META_LAST, 8, 0, ST_OK);
    assert_int_equal(checked(f, 151), ST_CORRUPT);
    assert_int_equal(checked(f, 152), ST_CORRUPT);
    assert_int_equal(checked(f, PAGE + 151), ST_CORRUPT);
    assert_int_equal(checked(f, (size_t)last * PAGE), ST_CORRUPT);      /* a page in use is cut off */
}

static void trees_that_are_wrong(void **state)
{
    struct fixture *f = *state;
    const struct places p = places();

    assert_true(rd(p.a + DB_DEPTH, 2) == 2 && nodes(p.branch) > 2);
    wrong(f, "no depth", p.a + DB_DEPTH, 2, 0, ST_CORRUPT);
    wrong(f, "too deep", p.a + DB_DEPTH, 2, 33, ST_CORRUPT);
    wrong(f, "a leaf for a branch", p.a + DB_DEPTH, 2, 3, ST_CORRUPT);
    wrong(f, "a branch for a leaf", p.a + DB_DEPTH, 2, 1, ST_CORRUPT);
    wrong(f, "a root in the heads", p.a + DB_ROOT, 8, 1, ST_CORRUPT);
    wrong(f, "a root behind the end", p.a + DB_ROOT, 8, 1 << 20, ST_CORRUPT);
    wrong(f, "no root, but a depth", p.a + DB_ROOT, 8, UINT64_MAX, ST_CORRUPT);
    wrong(f, "another page's number", p.leaf, 8, 7777, ST_CORRUPT);
    wrong(f, "no table of tables", p.meta + META_MAIN + DB_ROOT, 8, 0, ST_CORRUPT);
    wrong(f, "a record of a table that is short", node(p.main, 0), 2, 47, ST_CORRUPT);
}

static void pages_that_are_wrong(void **state)
{
    struct fixture *f = *state;
    const struct places p = places();
    const uint64_t upper = rd(p.leaf + UPPER, 2);

    wrong(f, "no kind", p.leaf + FLAGS, 2, 0, ST_CORRUPT);
    wrong(f, "nodes before the first", p.leaf + LOWER, 2, 14, ST_CORRUPT);
    wrong(f, "nodes into the data", p.leaf + LOWER, 2, upper + 2, ST_CORRUPT);
    wrong(f, "data behind the page", p.leaf + UPPER, 2, PAGE + 2, ST_CORRUPT);
    wrong(f, "half a node", p.leaf + LOWER, 2, rd(p.leaf + LOWER, 2) - 1, ST_CORRUPT);
    wrong(f, "a node in the header", p.leaf + NODES, 2, 15, ST_CORRUPT);
    wrong(f, "a node at the end", p.leaf + NODES, 2, PAGE - 7, ST_CORRUPT);
    const size_t n = node(p.leaf, 0);
    wrong(f, "a key over the end", n + NODE_KEY, 2, PAGE, ST_CORRUPT);
    wrong(f, "a value over the end", n, 4, PAGE, ST_CORRUPT);
    wrong(f, "a node of no kind", n + NODE_FLAGS, 2, 8, ST_CORRUPT);
    wrong(f, "a large value without room for its page", n + NODE_FLAGS, 2, BIG, ST_CORRUPT);
    const size_t last = node(p.leaf, nodes(p.leaf) - 1), end = (last / PAGE + 1) * PAGE;
    image.p[last + NODE_FLAGS] ^= BIG;
    wrong(f, "a large value whose page's number is cut", last + NODE_KEY, 2, end - last - NODE_DATA - 4, ST_CORRUPT);
    image.p[last + NODE_FLAGS] ^= BIG;
    wrong(f, "a child in the heads", node(p.branch, 1), 4, 0, ST_CORRUPT);
}

static void large_values_that_are_wrong(void **state)
{
    struct fixture *f = *state;
    const struct places p = places();

    assert_true(rd(p.big_node + NODE_FLAGS, 2) & BIG);
    wrong(f, "a page in the heads", data(p.big_node), 8, 0, ST_CORRUPT);
    wrong(f, "a page behind the end", data(p.big_node), 8, 1 << 20, ST_CORRUPT);
    wrong(f, "a leaf", p.overflow + FLAGS, 2, 2, ST_CORRUPT);
    wrong(f, "fewer pages than the value needs", p.overflow + 12, 4, 2, ST_CORRUPT);
    wrong(f, "more pages than there are", p.overflow + 12, 4, 1 << 20, ST_CORRUPT);
    wrong(f, "a longer value than its pages", p.big_node, 2, 20000, ST_CORRUPT);
    wrong(f, "a table on pages of its own", p.big_node + NODE_FLAGS, 2, 3, ST_CORRUPT);
}

static void free_lists_that_are_wrong(void **state)
{
    struct fixture *f = *state;
    const struct places p = places();
    const size_t n = node(p.free_leaf, 0), record = data(n);

    assert_true(rd(record, 8) > 0);
    wrong(f, "a record without a count", n, 4, 4, ST_CORRUPT);
    wrong(f, "more pages than it lists", record, 8, 5000, ST_CORRUPT);
    wrong(f, "a head is free", record + 8, 8, 1, ST_CORRUPT);
    wrong(f, "a page behind the end is free", record + 8, 8, 1 << 20, ST_CORRUPT);
}

/* Every byte of the header and the nodes of every page that is used set to 0, to 255, and with its top bit flipped: never a crash,
 * never another status. */
static void any_byte_of_a_page_header(void **state)
{
    struct fixture *f = *state;
    const struct places p = places();
    const size_t at[] = { p.meta, p.other, p.main, p.free_leaf, p.branch, p.leaf, p.overflow };
    unsigned refused = 0;

    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        for (size_t k = 0; k < 40; k++) {
            const uint8_t was = image.p[at[i] + k];
            const uint8_t to[] = { 0, 255, was ^ 0x80 };
            for (unsigned v = 0; v < sizeof to; v++) {
                image.p[at[i] + k] = to[v];
                const int st = checked(f, image.n);
                assert_true(st == ST_OK || st == ST_CORRUPT || st == ST_VERSION);
                refused += st != ST_OK;
            }
            image.p[at[i] + k] = was;
        }
    }
    assert_true(refused > 300);
}

/* ---- large files ---- */

/* More leaves than are looked at: what is wrong behind them is found at the read. A file that was cut is looked at wholly. */
static void a_large_store_is_looked_at_for_a_bounded_time(void **state)
{
    enum { ROWS = 2 * 17000, VALUE = 1900 };
    static const struct store_lmdb_options large = { tables, UINT64_C(256) << 20, "ledger", 3 };
    static uint8_t value[VALUE];
    struct fixture *f = *state;
    struct store_txn *t;
    uint8_t key[4];

    store_lmdb_close(&f->s);
    assert_int_equal(reopen(f, &large), ST_OK);
    t = begin(f, true);
    for (uint32_t i = 0; i < ROWS; i++) {
        bytes_be32(key, i);
        assert_int_equal(store_append(t, TABLE_A, slice_of(key, 4), slice_of(value, VALUE)), ST_OK);
    }
    commit(&t);
    store_lmdb_close(&f->s);
    load(f);
    const size_t meta = rd(META_TXN, 8) > rd(PAGE + META_TXN, 8) ? 0 : PAGE;
    size_t page = root(table(root(meta + META_MAIN), "a"));
    while (rd(page + FLAGS, 2) & 1) page = child(node(page, nodes(page) - 1));          /* the last leaf */
    wrong(f, "the last leaf", page + FLAGS, 2, 0, ST_OK);
    wrong(f, "a file that is too short", meta + META_LAST, 8, image.n / PAGE, ST_OK);   /* is lengthened */
    image.p[page + FLAGS] ^= 2;
    wrong(f, "a file that is too short, and the last leaf", meta + META_LAST, 8, image.n / PAGE, ST_CORRUPT);
    image.p[page + FLAGS] ^= 2;
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup_filled, teardown_filled)
    const struct CMUnitTest tests_[] = {
        T(heads_that_are_wrong), T(trees_that_are_wrong), T(pages_that_are_wrong), T(large_values_that_are_wrong),
        T(free_lists_that_are_wrong), T(any_byte_of_a_page_header),
        cmocka_unit_test_setup_teardown(a_large_store_is_looked_at_for_a_bounded_time, setup_lmdb, teardown_filled),
    };
#undef T

    if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 0);         /* a file is written for each case */
    return cmocka_run_group_tests_name("store_lmdb_check", tests_, NULL, NULL);
}
