/* crash_log.c - reads a record again and keeps, after each of its records, what is certain to be on the disk and what is not yet.
 * Kind: E, tests only. See crash.h for the rules, record.h for the format. */
#include "tests/shim/crash.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { META_PAGES = 8192, META_TXN = 144, PAGE = 4096 };

/* ---- nodes ---- */

static int node_add(struct crash_log *l, uint64_t inode, bool dir)
{
    if (l->nodes == l->nodes_cap) {
        l->nodes_cap = l->nodes_cap ? 2 * l->nodes_cap : 64;
        l->node = realloc(l->node, (size_t)l->nodes_cap * sizeof *l->node);
        ASSERT(l->node);
    }
    l->node[l->nodes] = (struct crash_node){ .inode = inode, .dir = dir };
    return l->nodes++;
}

/* The youngest with this inode: numbers are used again. */
static struct crash_node *node_of(struct crash_log *l, uint64_t inode)
{
    for (int i = l->nodes - 1; i >= 0; i--)
        if (l->node[i].inode == inode) return &l->node[i];
    return NULL;
}

static void reserve(struct crash_node *f, size_t n)
{
    if (n > f->cap) {
        f->cap = n + n / 2 + PAGE;
        f->durable = realloc(f->durable, f->cap);
        ASSERT(f->durable);
    }
    if (n > f->n) memset(f->durable + f->n, 0, n - f->n), f->n = n;
}

static void pend(struct crash_node *f, struct crash_piece p)
{
    if (f->pending_n == f->pending_cap) {
        f->pending_cap = f->pending_cap ? 2 * f->pending_cap : 16;
        f->pending = realloc(f->pending, f->pending_cap * sizeof *f->pending);
        ASSERT(f->pending);
    }
    f->pending[f->pending_n++] = p;
}

static void settle(struct crash_node *f, struct crash_piece p)
{
    reserve(f, p.at + p.n);
    if (p.p) memcpy(f->durable + p.at, p.p, p.n);
}

static void file_synced(struct crash_node *f)
{
    for (size_t i = 0; i < f->pending_n; i++) settle(f, f->pending[i]);
    f->pending_n = 0;
}

/* What was written into [at, at + n) is certain now, the rest of those writes is not. */
static void range_synced(struct crash_node *f, uint64_t at, uint64_t n)
{
    size_t count = f->pending_n;
    struct crash_piece *old = f->pending;
    f->pending = NULL;
    f->pending_n = f->pending_cap = 0;
    for (size_t i = 0; i < count; i++) {
        struct crash_piece p = old[i];
        uint64_t from = p.at > at ? p.at : at, to = p.at + p.n < at + n ? p.at + p.n : at + n;
        if (!p.p || from >= to) {
            pend(f, p);
            continue;
        }
        settle(f, (struct crash_piece){ p.p + (from - p.at), from, to - from });
        if (p.at < from) pend(f, (struct crash_piece){ p.p, p.at, from - p.at });
        if (to < p.at + p.n) pend(f, (struct crash_piece){ p.p + (to - p.at), to, p.at + p.n - to });
    }
    free(old);
}

static uint64_t le64(const uint8_t *p)
{
    uint64_t v = 0;
    for (int i = 7; i >= 0; i--) v = v << 8 | p[i];
    return v;
}

/* LMDB's meta pages hold the number of the transaction; a commit is a write into one of them. */
static void note_commit(struct crash_node *f)
{
    uint64_t at = f->last.at / PAGE * PAGE + META_TXN;
    if (f->last.at >= META_PAGES || at < f->last.at || at + 8 > f->last.at + f->last.n) return;
    uint64_t txn = le64(f->last.p + (at - f->last.at));
    if (txn > f->txn) f->txn = txn;
}

/* ---- names ---- */

static void name_remove(struct crash_names *s, int parent, const char *name)
{
    for (unsigned i = 0; i < s->n; i++)
        if (s->e[i].parent == parent && !strcmp(s->e[i].name, name)) {
            s->e[i] = s->e[--s->n];
            return;
        }
}

static void name_add(struct crash_names *s, const struct crash_name *e)
{
    name_remove(s, e->parent, e->name);
    ASSERT(s->n < CRASH_NAMES);
    s->e[s->n++] = *e;
}

static void op_apply(struct crash_names *s, const struct crash_op *op)
{
    if (op->removes) name_remove(s, op->from.parent, op->from.name);
    if (op->adds) name_add(s, &op->to);
}

static int child_of(const struct crash_names *s, int parent, const char *name, size_t n)
{
    for (unsigned i = 0; i < s->n; i++)
        if (s->e[i].parent == parent && strlen(s->e[i].name) == n && !memcmp(s->e[i].name, name, n)) return s->e[i].child;
    return CRASH_NO_NODE;
}

int crash_log_find(const struct crash_names *names, const char *path)
{
    int at = 0;
    while (at >= 0 && *path) {
        size_t n = strcspn(path, "/");
        at = child_of(names, at, path, n);
        path += n + (path[n] == '/');
    }
    return at;
}

/* Parent and last part of a path, in the present tree. */
static struct crash_name place_of(const struct crash_log *l, const char *path, size_t n, int child)
{
    char dir[512];
    struct crash_name ret = { .child = child };
    ASSERT(n < sizeof dir);
    memcpy(dir, path, n);
    dir[n] = '\0';
    char *slash = strrchr(dir, '/'), *last = slash ? slash + 1 : dir;
    ASSERT(strlen(last) < sizeof ret.name);
    memcpy(ret.name, last, strlen(last) + 1);
    if (slash) *slash = '\0';
    ret.parent = slash ? crash_log_find(&l->now, dir) : 0;
    ASSERT(ret.parent >= 0);
    return ret;
}

static void op_add(struct crash_log *l, struct crash_op op)
{
    op_apply(&l->now, &op);
    ASSERT(l->ops < CRASH_OPS);
    l->op[l->ops++] = op;
}

static void dir_synced(struct crash_log *l, int dir)
{
    unsigned n = 0;
    for (unsigned i = 0; i < l->ops; i++) {
        const struct crash_op *op = &l->op[i];
        if ((op->removes && op->from.parent == dir) || (op->adds && op->to.parent == dir)) op_apply(&l->certain, op);
        else l->op[n++] = *op;
    }
    l->ops = n;
}

static void names_step(struct crash_log *l, const struct record_head *h, const char *path, const char *path2)
{
    struct crash_op op = { .adds = h->op != RECORD_UNLINK, .removes = h->op == RECORD_UNLINK || h->op == RECORD_RENAME };
    int child = CRASH_NO_NODE;
    if (h->op == RECORD_CREATE || h->op == RECORD_MKDIR) {
        child = node_add(l, h->inode, h->op == RECORD_MKDIR);
    } else {
        const struct crash_node *f = node_of(l, h->inode);
        child = f ? (int)(f - l->node) : CRASH_NO_NODE;
    }
    op.from = place_of(l, path, h->path_n, child);
    op.to = h->path2_n ? place_of(l, path2, h->path2_n, child) : op.from;
    op_add(l, op);
}

/* ---- reading ---- */

static void sync_step(struct crash_log *l, const struct record_head *h, struct crash_node *f)
{
    bool data = h->offset != 0;         /* it was fdatasync */
    if (f->dir) {
        if (!(l->skip & SKIP_FSYNC_DIR)) dir_synced(l, (int)(f - l->node));
    } else if (!(l->skip & (data ? SKIP_FDATASYNC : SKIP_FSYNC_FILE))) {
        file_synced(f);
    }
}

static void file_step(struct crash_log *l, const struct record_head *h, const uint8_t *bytes)
{
    struct crash_node *f = node_of(l, h->inode);
    if (!f) return;                     /* a file from before the record: none of ours */
    if (h->op == RECORD_WRITE) {
        f->last = (struct crash_piece){ bytes, h->offset, h->n };
        pend(f, f->last);
    } else if (h->op == RECORD_SIZE) {
        ASSERT(h->n >= f->n);           /* none of the programs shortens a file that it keeps */
        pend(f, (struct crash_piece){ NULL, h->n, 0 });
    } else if (h->op == RECORD_SYNC) {
        sync_step(l, h, f);
    } else if (h->op == RECORD_RANGE) {
        if (!(l->skip & SKIP_DSYNC)) range_synced(f, h->offset, h->n);
        note_commit(f);
    }
}

bool crash_log_step(struct crash_log *l)
{
    struct record_head h;
    if (l->at + sizeof h > l->size) return false;
    memcpy(&h, l->map + l->at, sizeof h);
    const char *path = (const char *)l->map + l->at + sizeof h, *path2 = path + h.path_n;
    const uint8_t *bytes = (const uint8_t *)path2 + h.path2_n;
    bool has_bytes = h.op == RECORD_WRITE || h.op == RECORD_MARK;
    ASSERT(h.op >= RECORD_WRITE && h.op <= RECORD_MARK);
    l->at += sizeof h + h.path_n + h.path2_n + (has_bytes ? h.n : 0);
    l->records++;
    l->seen[h.op]++;
    l->mark = h.op == RECORD_MARK ? bytes : NULL;
    l->mark_n = h.op == RECORD_MARK ? h.n : 0;
    if (h.op >= RECORD_CREATE && h.op <= RECORD_UNLINK) names_step(l, &h, path, path2);
    else if (h.op < RECORD_CREATE) file_step(l, &h, bytes);
    return true;
}

bool crash_log_open(struct crash_log *l, const char *path, const char *dir, unsigned skip)
{
    struct stat s, d;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    *l = (struct crash_log){ .skip = skip };
    if (fd < 0 || fstat(fd, &s) != 0 || stat(dir, &d) != 0) return false;
    void *map = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (map == MAP_FAILED) return false;
    l->map = map;
    l->size = (size_t)s.st_size;
    (void)node_add(l, d.st_ino, true);
    return true;
}

void crash_log_close(struct crash_log *l)
{
    for (int i = 0; i < l->nodes; i++) free(l->node[i].durable), free(l->node[i].pending);
    free(l->node);
    if (l->map) munmap((void *)(uintptr_t)l->map, l->size);
    *l = (struct crash_log){ .map = NULL };
}

/* ---- is it the whole truth? ---- */

/* The driver's own files, and what record.c leaves out. */
static bool left_out(const char *name, bool top)
{
    static const char *const ours[] = { "log", "csv", "out", "err", "up.err" };
    if (!strcmp(name, "lock.mdb")) return true;
    for (size_t i = 0; top && i < sizeof ours / sizeof *ours; i++)
        if (!strcmp(name, ours[i])) return true;
    return false;
}

static bool same_bytes(const struct crash_node *f, const char *path)
{
    struct crash_node copy = { .dir = false };
    size_t n = 0;
    uint8_t *there = (uint8_t *)world_read_bytes(path, &n);
    if (f->n) settle(&copy, (struct crash_piece){ f->durable, 0, f->n });
    for (size_t i = 0; i < f->pending_n; i++) settle(&copy, f->pending[i]);
    bool same = there && copy.n == n && (n == 0 || !memcmp(copy.durable, there, n));
    free(there);
    free(copy.durable);
    return same;
}

static unsigned compare(const struct crash_log *l, const char *path, int node, bool top)
{
    unsigned wrong = 0, here = 0, expected = 0;
    char below[600];
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || left_out(e->d_name, top)) continue;
        snprintf(below, sizeof below, "%.300s/%.255s", path, e->d_name);
        int child = child_of(&l->now, node, e->d_name, strlen(e->d_name));
        here++;
        bool ok = child >= 0 && (l->node[child].dir || same_bytes(&l->node[child], below));
        if (!ok) world_note("not as recorded: %s", below), wrong++;
        else if (l->node[child].dir) wrong += compare(l, below, child, false);
    }
    if (d) closedir(d);
    for (unsigned i = 0; i < l->now.n; i++) expected += l->now.e[i].parent == node && !left_out(l->now.e[i].name, top);
    if (here != expected) world_note("%s holds %u names, recorded are %u", path, here, expected);
    return wrong + (here != expected);
}

unsigned crash_log_differences(const struct crash_log *l, const char *dir) { return compare(l, dir, 0, true); }
