/* store_lmdb_check.c - looks at an LMDB data file before LMDB maps it. Kind: E.
 *
 * LMDB trusts its file: a truncated one kills the process by SIGBUS, a garbage page by SIGSEGV or abort. So the owner reads
 * the file first: both meta pages (magic, version, page size), then the trees from the newer one down, free list and
 * named tables included. Every page must name itself, be of the kind its level demands, keep its nodes inside itself
 * and point inside the file. A fault is ST_CORRUPT with the page's number.
 *
 * The walk stops after CHECK_PAGES_MAX pages so that a large store opens in a bounded time; values have checksums of their
 * own, verified at each read. Only a file shorter than its own page count is walked wholly: LMDB leaves such a file
 * when the last pages of a commit were freed in it, and a truncated copy looks the same. When the walk is clean the file is
 * extended to its count, so that no later access can fall off its end.
 *
 * Layout (LMDB 0.9, 64 bit, little endian): page = pgno u64, pad u16, flags u16, lower u16 and upper u16 (or pages u32),
 * then node offsets u16; node = lo u16, hi u16, flags u16, key size u16, key, data. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_lmdb_part.h"

enum {
    CHECK_PAGES_MAX = 16384,            /* 64 MiB of 4 KiB pages */
    DEPTH_MAX = 32,                     /* LMDB's cursor stack */
    PAGE_HEADER = 16, NODE_HEADER = 8, DB_BYTES = 48,
    META_MAGIC = 16, META_VERSION = 20, META_FREE = 40, META_MAIN = 88, META_LAST_PAGE = 136, META_TXN = 144, META_END = 152,
    DB_DEPTH = 6, DB_ROOT = 40,
    PAGE_BRANCH = 0x01, PAGE_LEAF = 0x02, PAGE_OVERFLOW = 0x04, PAGE_META = 0x08, PAGE_KIND = 0x6f,
    NODE_BIG = 0x01, NODE_SUBTREE = 0x02,
};
#define LMDB_MAGIC 0xBEEFC0DEu
#define LMDB_VERSION 1u
#define NO_PAGE UINT64_MAX

struct walk {
    const uint8_t *map;
    uint64_t size, last_page, budget;
    uint32_t psize;
    bool free_list;                     /* the tree under way is the list of free pages */
    uint64_t bad_page;                  /* where the first fault is */
};

static uint16_t le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
    return le16(p) | (uint32_t)le16(p + 2) << 16;
}

static uint64_t le64(const uint8_t *p)
{
    return le32(p) | (uint64_t)le32(p + 4) << 32;
}

static bool fault(struct walk *w, uint64_t page)
{
    w->bad_page = page;
    return false;
}

/* The page, or NULL when it is not inside the file or does not name itself. */
static const uint8_t *page_at(struct walk *w, uint64_t page, uint64_t count)
{
    const uint8_t *p;

    ASSERT(count > 0);
    if (page < 2 || page > w->last_page || count - 1 > w->last_page - page || (page + count) * w->psize > w->size)
        return NULL;
    p = w->map + page * w->psize;
    return le64(p) == page ? p : NULL;
}

static bool walk_tree(struct walk *w, const uint8_t *db);
static bool walk_page(struct walk *w, uint64_t page, unsigned levels);

/* One record of the free list: a count and that many page numbers. */
static bool free_record_ok(const struct walk *w, const uint8_t *data, uint64_t n)
{
    uint64_t count = n >= 8 ? le64(data) : UINT64_MAX;

    if (count > n / 8 - (n >= 8))
        return false;
    for (uint64_t i = 1; i <= count; i++) {
        uint64_t page = le64(data + 8 * i);

        if (page < 2 || page > w->last_page)
            return false;
    }
    return true;
}

static bool walk_value(struct walk *w, uint64_t page, const uint8_t *data, uint64_t n, unsigned flags)
{
    if (flags & NODE_BIG) {
        uint64_t at = le64(data), count = (PAGE_HEADER + n + w->psize - 1) / w->psize;
        const uint8_t *p = page_at(w, at, count);

        if (!p || (le16(p + 10) & PAGE_KIND) != PAGE_OVERFLOW || le32(p + 12) < count || !page_at(w, at, le32(p + 12)))
            return fault(w, at);
        data = p + PAGE_HEADER;
    }
    if (flags & NODE_SUBTREE)
        return n == DB_BYTES ? walk_tree(w, data) : fault(w, page);
    if (w->free_list && !free_record_ok(w, data, n))
        return fault(w, page);
    return true;
}

static bool walk_node(struct walk *w, uint64_t page, const uint8_t *p, unsigned offset, unsigned levels)
{
    const uint8_t *node = p + offset;
    uint64_t n, left;
    unsigned flags, key;

    if (offset < PAGE_HEADER || offset + NODE_HEADER > w->psize || offset + NODE_HEADER + le16(node + 6) > w->psize)
        return fault(w, page);
    flags = le16(node + 4);
    key = le16(node + 6);
    n = le32(node);
    if (levels > 1)
        return walk_page(w, n | (uint64_t)flags << 32, levels - 1);
    left = w->psize - offset - NODE_HEADER - key;
    if ((flags & ~(unsigned)(NODE_BIG | NODE_SUBTREE)) || ((flags & NODE_BIG) ? 8 : n) > left)
        return fault(w, page);
    return walk_value(w, page, node + NODE_HEADER + key, n, flags);
}

static bool walk_page(struct walk *w, uint64_t page, unsigned levels)
{
    const uint8_t *p;
    unsigned lower, upper;

    if (w->budget == 0)
        return true;
    w->budget--;
    p = page_at(w, page, 1);
    if (!p || (le16(p + 10) & PAGE_KIND) != (levels > 1 ? PAGE_BRANCH : PAGE_LEAF))
        return fault(w, page);
    lower = le16(p + 12);
    upper = le16(p + 14);
    if (lower < PAGE_HEADER || lower > upper || upper > w->psize || lower % 2)
        return fault(w, page);
    for (unsigned at = PAGE_HEADER; at < lower; at += 2)
        if (!walk_node(w, page, p, le16(p + at), levels))
            return false;
    return true;
}

static bool walk_tree(struct walk *w, const uint8_t *db)
{
    uint64_t root = le64(db + DB_ROOT);
    unsigned depth = le16(db + DB_DEPTH);

    if (root == NO_PAGE && depth == 0)
        return true;
    if (root == NO_PAGE || depth < 1 || depth > DEPTH_MAX)
        return fault(w, root == NO_PAGE ? 0 : root);
    return walk_page(w, root, depth);
}

static bool meta_ok(const uint8_t *map, uint64_t size, uint64_t at)
{
    return at + META_END <= size && (le16(map + at + 10) & PAGE_META) && le32(map + at + META_MAGIC) == LMDB_MAGIC;
}

static int check_map(const char *path, const uint8_t *map, uint64_t size, uint64_t *ret_size, char *err, size_t err_size)
{
    uint32_t psize = le32(map + META_FREE);     /* its caller has seen that there are so many bytes */
    struct walk w = { .map = map, .size = size, .psize = psize, .budget = CHECK_PAGES_MAX };
    const uint8_t *meta;

    if (psize < 512 || psize > 32768 || (psize & (psize - 1)) || !meta_ok(map, size, 0) || !meta_ok(map, size, psize))
        return store_lmdb_fail(err, err_size, ST_CORRUPT, "berkas %s rusak: halaman awal tak terbaca (damaged: meta page)",
                               path);
    if (le32(map + META_VERSION) != LMDB_VERSION || le32(map + psize + META_VERSION) != LMDB_VERSION)
        return store_lmdb_fail(err, err_size, ST_VERSION, "berkas %s memakai versi LMDB lain (another LMDB format)", path);
    meta = le64(map + META_TXN) >= le64(map + psize + META_TXN) ? map : map + psize;
    w.last_page = le64(meta + META_LAST_PAGE);
    if (w.last_page < 1 || w.last_page > (uint64_t)INT64_MAX / psize - 1)
        return store_lmdb_fail(err, err_size, ST_CORRUPT, "berkas %s rusak: jumlah halaman mustahil (damaged: page count)",
                               path);
    *ret_size = (w.last_page + 1) * psize;
    if (size < *ret_size)
        w.budget = UINT64_MAX;
    w.free_list = true;
    if (walk_tree(&w, meta + META_FREE)) {
        w.free_list = false;
        if (walk_tree(&w, meta + META_MAIN))
            return ST_OK;
    }
    return store_lmdb_fail(err, err_size, ST_CORRUPT, "berkas %s rusak atau terpotong di halaman %llu (damaged or truncated page)",
                           path, (unsigned long long)w.bad_page);
}

static int check_fd(int fd, const char *path, char *err, size_t err_size)
{
    struct stat st;
    uint64_t want = 0;
    void *map;
    int status;

    if (fstat(fd, &st))
        return store_lmdb_fail(err, err_size, ST_IO, "berkas %s tidak dapat dibaca: %m", path);
    if (st.st_size < META_END)
        return store_lmdb_fail(err, err_size, ST_CORRUPT, "berkas %s rusak: terlalu pendek (damaged: too short)", path);
    map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return store_lmdb_fail(err, err_size, ST_IO, "berkas %s tidak dapat dibaca: %m", path);
    status = check_map(path, map, (uint64_t)st.st_size, &want, err, err_size);
    munmap(map, (size_t)st.st_size);
    if (status == ST_OK && (uint64_t)st.st_size < want && (ftruncate(fd, (off_t)want) || fsync(fd)))
        return store_lmdb_fail(err, err_size, ST_IO, "berkas %s tidak dapat diperpanjang: %m", path);
    return status;
}

int store_lmdb_check(const char *path, char *err, size_t err_size)
{
    int fd = open(path, O_RDWR | O_CLOEXEC), status;

    if (fd < 0)
        return store_lmdb_fail(err, err_size, ST_IO, "berkas %s tidak dapat dibuka: %m", path);
    status = check_fd(fd, path, err, err_size);
    close(fd);
    return status;
}
