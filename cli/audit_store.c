/* audit_store.c - rekap-audit's own reader of an LMDB data file (version 1, 64 bit, little endian). Kind: E.
 *
 * Design notes: the library trusts its file, and opening an environment writes to it (reader table, lock file). An auditor may do
 * neither: the file is mapped read-only and every page is judged before it is used. Damage is told with its page and passed over,
 * so the rest is still counted. While it reads, it holds the store's owner lock shared: a worker that runs keeps us out, and none
 * starts.
 *
 * Layout: page = number u64, pad u16, flags u16, lower u16, upper u16 (of overflow pages: count u32), node offsets u16..; node =
 * size or child's low half u32, flags or child's high part u16, key size u16, key, data. A tree = pad u32, flags u16, depth u16,
 * three page counts, entries, root; one lies in the meta page for the free list and one for the table of tables, whose values are
 * the tables' trees.
 *
 * Invariant: no byte outside the mapped file is touched, whatever the file says. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/audit_part.h"

enum {
    PAGE_HEADER = 16,
    NODE_HEADER = 8,
    TREE_BYTES = 48,
    DEPTH_MAX = 32,
    TABLES_MAX = 32,
    NAME_MAX_BYTES = 32,
    CHECK_BYTES = 4,
    KEY_MAX = 511,
    META_BYTES = 152,
    META_FREE = 40,
    META_MAIN = 88,
    META_LAST = 136,
    META_TXN = 144,
    BRANCH = 1,
    LEAF = 2,
    OVERFLOWING = 4,
    META = 8,
    KIND = 0x6f,
    BIG = 1,
    SUBTREE = 2,
    FREE_FLAGS = 8,
    GIVE_BACK = 16 << 20
};
#define NO_PAGE UINT64_MAX
static const uint32_t LMDB_MAGIC = 0xBEEFC0DE;

struct tree {
    uint16_t flags, depth;
    uint64_t kind_pages[3], entries, root;
}; /* branch, leaf, overflow pages */
struct table {
    char name[NAME_MAX_BYTES];
    struct tree tree;
    uint32_t seed;
    uint64_t rows;
};
struct audit_store {
    int dir, lock;
    const uint8_t *map;
    uint64_t size, page, pages, last;
    struct tree free, main;
    struct table table[TABLES_MAX];
    unsigned tables;
    uint8_t *used;               /* a bit a page, set by the check */
    struct audit_report *report; /* while checking; else NULL */
    const struct table *under;   /* the table whose pages are walked; NULL: tables or free list */
};
/* One walk: what to do with each row, and the keys between which the page under way must lie. */
struct walk {
    audit_store_fn fn;
    void *ctx;
    bool free_list;
    uint64_t rows, budget, kind_pages[3], touched; /* touched: bytes since pages were given back */
    struct audit_span last;
};

static uint32_t le(const uint8_t *p, unsigned n)
{
    uint32_t v = 0;

    while (n-- > 0) v = v << 8 | p[n];
    return v;
}

static uint64_t le64(const uint8_t *p) { return le(p, 4) | (uint64_t)le(p + 4, 4) << 32; }

static struct tree tree_of(const uint8_t *p)
{
    return (struct tree){.flags = (uint16_t)le(p + 4, 2),
                         .depth = (uint16_t)le(p + 6, 2),
                         .kind_pages = {le64(p + 8), le64(p + 16), le64(p + 24)},
                         .entries = le64(p + 32),
                         .root = le64(p + 40)};
}

static void fault(struct audit_store *s, uint64_t page, const char *why)
{
    char name[NAME_MAX_BYTES + 32];

    if (s->report == NULL) return;
    snprintf(name, sizeof name, "%s, halaman %llu", s->under != NULL ? s->under->name : "pohon", (unsigned long long)page);
    audit_report_bad(s->report, 0, audit_span_of(NULL, 0), "store", name, "%s", why);
}

/* Marks pages as in use; false when one was already. */
static bool claim(struct audit_store *s, uint64_t page, uint64_t count)
{
    if (s->report == NULL) return true;
    for (uint64_t i = page; i < page + count; i++) {
        if (s->used[i / 8] >> i % 8 & 1) {
            fault(s, i, "satu halaman satu kali");
            return false;
        }
        s->used[i / 8] |= (uint8_t)(1 << i % 8);
    }
    return true;
}

/* The page when it lies in the file, names itself and is of the kind; NULL after a fault. */
static const uint8_t *page_at(struct audit_store *s, uint64_t page, uint64_t count, unsigned kind)
{
    const uint8_t *p = NULL;

    if (page >= 2 && page < s->pages && count >= 1 && count <= s->pages - page) p = s->map + page * s->page;
    if (p == NULL || page > s->last)
        fault(s, page, "halaman di dalam berkas");
    else if (le64(p) != page)
        fault(s, page, "halaman menyebut nomornya sendiri");
    else if ((le(p + 10, 2) & KIND) != kind)
        fault(s, page, "jenis halaman menurut tingkatnya");
    else
        return p;
    return NULL;
}

/* The value of a leaf node; its bytes may lie on overflow pages. */
static bool node_value(struct audit_store *s, struct walk *w, uint64_t page, const uint8_t *node, size_t room,
                       struct audit_span *ret)
{
    unsigned flags = le(node + 4, 2), key = le(node + 6, 2);
    uint64_t n = le(node, 4), count = (PAGE_HEADER + n + s->page - 1) / s->page, at;
    const uint8_t *p;

    if (flags & ~(unsigned)(BIG | SUBTREE) || ((flags & BIG) ? 8 : n) > room) {
        fault(s, page, "nilai di dalam halaman");
        return false;
    }
    *ret = audit_span_of(node + NODE_HEADER + key, (size_t)n);
    if (!(flags & BIG)) return true;
    at = le64(ret->p);
    p = page_at(s, at, count, OVERFLOWING);
    if (p == NULL) return false;
    if (le(p + 12, 4) < count || page_at(s, at, le(p + 12, 4), OVERFLOWING) == NULL) {
        fault(s, at, "jumlah halaman lanjutan");
        return false;
    }
    w->kind_pages[2] += le(p + 12, 4); /* a value that was replaced by a shorter one keeps its pages */
    w->touched += le(p + 12, 4) * s->page;
    *ret = audit_span_of(p + PAGE_HEADER, (size_t)n);
    return claim(s, at, le(p + 12, 4));
}

static int compare(struct audit_span a, struct audit_span b)
{
    int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

    return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

/* The free list's keys are transaction numbers in the machine's order. */
static bool ascends(const struct walk *w, struct audit_span key)
{
    if (w->last.p == NULL) return true;
    if (w->free_list) return key.n == 8 && w->last.n == 8 && le64(w->last.p) < le64(key.p);
    return compare(w->last, key) < 0;
}

static bool value_sound(const struct table *t, struct audit_span key, struct audit_span value)
{
    uint32_t crc = audit_hash_crc(audit_hash_crc(t->seed ^ (uint32_t)key.n, key), audit_span_of(value.p, value.n - CHECK_BYTES));

    return crc == audit_be(value.p + value.n - CHECK_BYTES, 4);
}

static void row(struct audit_store *s, struct walk *w, uint64_t page, struct audit_span key, struct audit_span value)
{
    bool sound;

    if (!ascends(w, key)) fault(s, page, "kunci menaik");
    w->last = key;
    w->rows++;
    if (w->fn == NULL) return;
    if (s->under == NULL) {
        w->fn(w->ctx, key, value, true);
        return;
    }
    sound = value.n >= CHECK_BYTES && value_sound(s->under, key, value);
    w->fn(w->ctx, key, audit_span_of(value.p, value.n >= CHECK_BYTES ? value.n - CHECK_BYTES : 0), sound);
}

static void walk_page(struct audit_store *s, struct walk *w, uint64_t page, unsigned levels, struct audit_span low,
                      struct audit_span high);

static void walk_node(struct audit_store *s, struct walk *w, uint64_t page, const uint8_t *p, unsigned i, unsigned nodes,
                      unsigned levels, struct audit_span low, struct audit_span high)
{
    const uint8_t *node = p + le(p + PAGE_HEADER + 2 * i, 2);
    struct audit_span key = audit_span_of(node + NODE_HEADER, le(node + 6, 2)), value;

    if (levels == 1) {
        if (!node_value(s, w, page, node, (size_t)(p + s->page - key.p) - key.n, &value)) return;
        if (!w->free_list && ((low.p != NULL && compare(key, low) < 0) || (high.p != NULL && compare(key, high) >= 0)))
            fault(s, page, "kunci di antara pemisah induknya");
        row(s, w, page, key, value);
        return;
    }
    if (i > 0) low = key; /* the first separator of a branch counts as the lowest */
    if (i + 1 < nodes) {
        const uint8_t *next = p + le(p + PAGE_HEADER + 2 * i + 2, 2);

        high = audit_span_of(next + NODE_HEADER, le(next + 6, 2));
    }
    walk_page(s, w, le(node, 4) | (uint64_t)le(node + 4, 2) << 32, levels - 1, low, high);
}

/* Are all nodes inside the page? */
static bool nodes_fit(const struct audit_store *s, const uint8_t *p, unsigned nodes, unsigned upper)
{
    for (unsigned i = 0; i < nodes; i++) {
        unsigned at = le(p + PAGE_HEADER + 2 * i, 2);

        if (at < upper || at + NODE_HEADER > s->page || at + NODE_HEADER + le(p + at + 6, 2) > s->page ||
            le(p + at + 6, 2) > KEY_MAX)
            return false;
    }
    return true;
}

/* A file of any size is walked in little memory: what was seen is given back now and then, and read again where it is wanted. */
static void give_back(const struct audit_store *s, struct walk *w)
{
    w->touched += s->page;
    if (w->touched < GIVE_BACK) return;
    (void)madvise((void *)(uintptr_t)s->map, (size_t)s->size, MADV_DONTNEED);
    w->touched = 0;
}

static void walk_page(struct audit_store *s, struct walk *w, uint64_t page, unsigned levels, struct audit_span low,
                      struct audit_span high)
{
    const uint8_t *p = page_at(s, page, 1, levels > 1 ? BRANCH : LEAF);
    unsigned lower, upper, nodes;

    if (p == NULL || w->budget == 0 || !claim(s, page, 1)) return;
    w->budget--; /* no more pages than the file has, however they point at each other */
    w->kind_pages[levels == 1]++;
    lower = le(p + 12, 2);
    upper = le(p + 14, 2);
    nodes = lower >= PAGE_HEADER ? (lower - PAGE_HEADER) / 2 : 0;
    if (lower < PAGE_HEADER || lower % 2 || lower > upper || upper > s->page || nodes == 0 || !nodes_fit(s, p, nodes, upper)) {
        fault(s, page, "isi halaman utuh");
        return;
    }
    for (unsigned i = 0; i < nodes; i++) walk_node(s, w, page, p, i, nodes, levels, low, high);
    if (levels == 1) give_back(s, w);
}

static uint64_t walk_tree(struct audit_store *s, const struct tree *t, audit_store_fn fn, void *ctx)
{
    struct walk w = {.fn = fn, .ctx = ctx, .free_list = t == &s->free, .budget = s->pages};
    struct audit_span none = {NULL, 0};

    if (t->root == NO_PAGE ? t->depth != 0 : t->depth == 0 || t->depth > DEPTH_MAX)
        fault(s, t->root, "kedalaman pohon");
    else if (t->root != NO_PAGE)
        walk_page(s, &w, t->root, t->depth, none, none);
    if (w.rows != t->entries) fault(s, t->root, "jumlah baris menurut pohonnya");
    if (memcmp(w.kind_pages, t->kind_pages, sizeof w.kind_pages) != 0) fault(s, t->root, "jumlah halaman menurut pohonnya");
    if (t->flags != (t == &s->free ? FREE_FLAGS : 0)) fault(s, t->root, "sifat pohon");
    return w.rows;
}

/* ---- rows ---- */

static const struct table *table_of(const struct audit_store *s, const char *name)
{
    for (unsigned i = 0; i < s->tables; i++)
        if (strcmp(s->table[i].name, name) == 0) return &s->table[i];
    return NULL;
}

bool audit_store_table(const struct audit_store *s, const char *name, uint64_t *ret_rows)
{
    const struct table *t = table_of(s, name);

    if (t != NULL) *ret_rows = t->rows;
    return t != NULL;
}

void audit_store_each(const struct audit_store *s, const char *table, audit_store_fn fn, void *ctx)
{
    const struct table *t = table_of(s, table);
    struct audit_store quiet = *s; /* faults were told by the check */

    quiet.report = NULL;
    quiet.under = t;
    if (t != NULL) walk_tree(&quiet, &t->tree, fn, ctx);
}

/* The last node whose key is not above `key`; of a branch at least 0. -1: all are above. */
static int search(const uint8_t *p, unsigned nodes, struct audit_span key, bool branch)
{
    int low = branch ? 0 : -1, high = (int)nodes - 1;

    while (low < high) {
        int middle = low + (high - low + 1) / 2;
        const uint8_t *node = p + le(p + PAGE_HEADER + 2 * (unsigned)middle, 2);

        if (compare(audit_span_of(node + NODE_HEADER, le(node + 6, 2)), key) <= 0)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* The leaf node with that key. */
static const uint8_t *find(struct audit_store *s, struct audit_span key, uint64_t *ret_page)
{
    uint64_t page = s->under->tree.root;

    for (unsigned levels = s->under->tree.depth; levels > 0 && levels <= DEPTH_MAX; levels--) {
        const uint8_t *p = page_at(s, page, 1, levels > 1 ? BRANCH : LEAF), *node;
        unsigned nodes = p != NULL && le(p + 12, 2) >= PAGE_HEADER ? (le(p + 12, 2) - PAGE_HEADER) / 2 : 0;
        int at;

        if (p == NULL || le(p + 12, 2) > s->page || !nodes_fit(s, p, nodes, le(p + 14, 2))) return NULL;
        at = nodes > 0 ? search(p, nodes, key, levels > 1) : -1;
        if (at < 0) return NULL;
        node = p + le(p + PAGE_HEADER + 2 * (unsigned)at, 2);
        *ret_page = page;
        if (levels == 1) return audit_same(audit_span_of(node + NODE_HEADER, le(node + 6, 2)), key) ? node : NULL;
        page = le(node, 4) | (uint64_t)le(node + 4, 2) << 32;
    }
    return NULL;
}

bool audit_store_get(const struct audit_store *s, const char *table, struct audit_span key, struct audit_span *ret)
{
    struct audit_store quiet = *s;
    struct walk w = {.fn = NULL};
    struct audit_span value;
    const uint8_t *node;
    uint64_t page = 0;

    quiet.report = NULL;
    quiet.under = table_of(s, table);
    node = quiet.under != NULL ? find(&quiet, key, &page) : NULL;
    if (node == NULL) return false;
    if (!node_value(&quiet, &w, page, node, (size_t)(s->map + (page + 1) * s->page - node) - NODE_HEADER - key.n, &value))
        return false;
    if (value.n < CHECK_BYTES || !value_sound(quiet.under, key, value)) return false;
    *ret = audit_span_of(value.p, value.n - CHECK_BYTES);
    return true;
}

/* ---- the check ---- */

static void value_check(void *ctx, struct audit_span key, struct audit_span value, bool sound)
{
    struct audit_store *s = ctx;
    char name[AUDIT_TEXT], hex[2 * 32 + 1];

    (void)value;
    if (sound) return;
    audit_hash_hex(key.p, key.n < 32 ? key.n : 32, hex);
    snprintf(name, sizeof name, "%s %s", s->under->name, hex);
    audit_report_bad(s->report, strcmp(s->under->name, "log") == 0 && key.n == 8 ? audit_be(key.p, 8) : 0, audit_span_of(NULL, 0),
                     "checksum", name, "jumlah periksa baris yang cocok");
}

/* A free page list: a count, then page numbers; none may be in use. */
static void free_row(void *ctx, struct audit_span key, struct audit_span value, bool sound)
{
    struct audit_store *s = ctx;
    uint64_t count = value.n >= 8 ? le64(value.p) : 0;

    (void)key;
    (void)sound;
    if (value.n < 8 || count > value.n / 8 - 1) {
        fault(s, 0, "daftar halaman bebas utuh");
        return;
    }
    for (uint64_t i = 1; i <= count; i++) {
        uint64_t page = le64(value.p + 8 * i);

        if (page < 2 || page > s->last || page >= s->pages)
            fault(s, page, "halaman bebas di dalam berkas");
        else
            (void)claim(s, page, 1);
    }
}

void audit_store_check(struct audit_store *s, struct audit_report *r)
{
    s->report = r;
    s->used = audit_memory(NULL, s->pages / 8 + 1, 1);
    memset(s->used, 0, s->pages / 8 + 1);
    walk_tree(s, &s->main, NULL, NULL);
    for (unsigned i = 0; i < s->tables; i++) {
        s->under = &s->table[i];
        s->table[i].rows = walk_tree(s, &s->table[i].tree, value_check, s);
    }
    s->under = NULL;
    walk_tree(s, &s->free, free_row, s);
    s->report = NULL;
    free(s->used);
    s->used = NULL;
}

/* ---- opening ---- */

static void add_table(void *ctx, struct audit_span key, struct audit_span value, bool sound)
{
    struct audit_store *s = ctx;
    struct table *t = &s->table[s->tables];

    (void)sound;
    if (s->tables == TABLES_MAX || key.n >= NAME_MAX_BYTES || value.n != TREE_BYTES) return;
    memset(t, 0, sizeof *t);
    memcpy(t->name, key.p, key.n);
    t->tree = tree_of(value.p);
    t->seed = audit_hash_crc(0, audit_span_of(t->name, key.n + 1));
    s->tables++;
}

static bool meta_ok(const struct audit_store *s, uint64_t at)
{
    const uint8_t *p = s->map + at;

    return at + META_BYTES <= s->size && le(p + 10, 2) & META && le(p + 16, 4) == LMDB_MAGIC && le(p + 20, 4) == 1;
}

/* The newer of the two heads, as the library would take it. */
static const char *read_heads(struct audit_store *s)
{
    const uint8_t *head = s->map;

    s->page = s->size >= META_BYTES ? le(s->map + META_FREE, 4) : 0;
    if (s->page < 512 || s->page > 32768 || (s->page & (s->page - 1)) != 0 || !meta_ok(s, 0) || !meta_ok(s, s->page))
        return "halaman awal tidak terbaca";
    if (le(s->map + s->page + META_FREE, 4) != s->page) return "ukuran halaman";
    if (le64(s->map + s->page + META_TXN) > le64(s->map + META_TXN)) head += s->page;
    s->pages = s->size / s->page;
    s->last = le64(head + META_LAST);
    s->free = tree_of(head + META_FREE);
    s->main = tree_of(head + META_MAIN);
    walk_tree(s, &s->main, add_table, s);
    return NULL;
}

static const char *map_file(struct audit_store *s)
{
    int fd = openat(s->dir, "data.mdb", O_RDONLY | O_CLOEXEC);
    struct stat st;
    void *map;

    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size == 0) {
        if (fd >= 0) close(fd);
        return "data.mdb tidak dapat dibuka";
    }
    s->size = (uint64_t)st.st_size;
    map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED) return "data.mdb tidak dapat dibaca";
    s->map = map;
    return NULL;
}

struct audit_store *audit_store_open(const char *dir, bool *ret_bad, char why[AUDIT_TEXT])
{
    struct audit_store *s = audit_memory(NULL, 1, sizeof *s);
    const char *fault_text = NULL;

    *s = (struct audit_store){.dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .lock = -1};
    *ret_bad = false;
    if (s->dir < 0)
        fault_text = "direktori tidak dapat dibuka";
    else
        s->lock = openat(s->dir, "owner.lock", O_RDONLY | O_CLOEXEC);
    if (fault_text == NULL && s->lock >= 0 && flock(s->lock, LOCK_SH | LOCK_NB) != 0)
        fault_text = "sedang dipakai proses lain; hentikan worker dahulu (in use)";
    if (fault_text == NULL) fault_text = map_file(s);
    if (fault_text == NULL) {
        fault_text = read_heads(s);
        *ret_bad = fault_text != NULL;
    }
    if (fault_text == NULL) return s;
    snprintf(why, AUDIT_TEXT, "%s", fault_text);
    audit_store_close(s);
    return NULL;
}

void audit_store_close(struct audit_store *s)
{
    if (s->map != NULL) munmap((void *)(uintptr_t)s->map, (size_t)s->size);
    if (s->lock >= 0) close(s->lock);
    if (s->dir >= 0) close(s->dir);
    free(s);
}
