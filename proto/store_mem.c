/* store_mem.c - the RAM twin of the embedded store: the same contract, crash semantics and injected commit faults. Kind: P.
 *
 * A table is a treap whose nodes and entries are counted references and never change while shared: a snapshot is one more
 * reference to each root, a write copies only the path it touches (a node held once is changed in place), abort and crash
 * let go of the working roots. So isolation needs no undo log and no overlay, and a reader keeps its snapshot however many
 * commits follow.
 *
 * Priorities are the crc of the key: the shape depends only on the set of keys, never on addresses or on the order of
 * insertion, so runs are reproducible. Expected depth is logarithmic; recursion follows it. One thread only.
 *
 * Entries carry their checksum like the values in LMDB; every read verifies it (store_mem_flip damages one on purpose).
 *
 * Invariant: committed roots are reachable only through store_mem.root; a write transaction owns roots of its own. */
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "store.h"
#include "store_mem_tree.h"

enum { MEM_MAGIC = 0x4d454d31 };
enum { FULL_PERCENT = 80 };
#define MEM_SIZE (UINT64_C(64) << 30)

struct mem_store {
    struct store base;
    unsigned tables, readers;
    uint32_t seed[STORE_TABLES_MAX];
    struct roots root;                  /* the last commit */
    struct mem_txn *writer;
    enum store_mem_fault fault;
    uint64_t size;                      /* of the map it pretends to have */
};
struct mem_txn {
    struct store_txn base;
    struct roots root;
    struct mem_cursor *cursors;
    bool full;                          /* a put was refused: it can only be aborted */
};
enum { MEM_DEPTH = 64 };                /* of a path; a deeper tree is searched at each step */
enum position { POS_NOWHERE, POS_BEFORE, POS_AT, POS_AFTER };
struct mem_cursor {
    struct store_cursor base;
    struct mem_cursor *next;            /* of the same transaction, which frees what its user left open */
    unsigned table;
    enum position pos;
    unsigned depth;                     /* nodes from the root to where it stands; 0: not known, searched for by the key */
    size_t key_n;
    const struct node *path[MEM_DEPTH]; /* of readers only: what a snapshot holds never changes */
    uint8_t key[STORE_KEY_MAX];         /* where it stands; the entry itself may be gone */
};

static struct mem_store *store_of(struct store *s)
{
    ASSERT(s->magic == MEM_MAGIC);
    return (struct mem_store *)s;
}

static struct mem_txn *txn_of(struct store_txn *t)
{
    ASSERT(t->store->magic == MEM_MAGIC);
    return (struct mem_txn *)t;
}

/* ---- transactions ---- */

static int mem_begin(struct store *base, bool write, struct store_txn **ret)
{
    struct mem_store *s = store_of(base);
    struct mem_txn *t;

    ASSERT(!write || !s->writer);
    t = calloc(1, sizeof *t);
    if (!t)
        return ST_NO_MEMORY;
    t->base = (struct store_txn){ base, write };
    roots_copy(&t->root, &s->root);
    if (write)
        s->writer = t;
    else
        s->readers++;
    *ret = &t->base;
    return ST_OK;
}

static void mem_end(struct mem_txn *t)
{
    struct mem_store *s = store_of(t->base.store);

    for (struct mem_cursor *c = t->cursors, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    if (t->base.write)
        s->writer = NULL;
    else
        s->readers--;
    roots_release(&t->root);
    free(t);
}

static void mem_publish(struct mem_store *s, struct mem_txn *t)
{
    struct roots old = s->root;

    s->root = t->root;
    t->root = old;
}

static int mem_commit(struct store_txn *base)
{
    static const int outcome[] = { [MEM_FAULT_NONE] = ST_OK, [MEM_FAULT_FULL] = ST_FULL,
                                   [MEM_FAULT_UNKNOWN_DONE] = ST_UNKNOWN, [MEM_FAULT_UNKNOWN_LOST] = ST_UNKNOWN };
    struct mem_txn *t = txn_of(base);
    struct mem_store *s = store_of(base->store);
    enum store_mem_fault fault = MEM_FAULT_NONE;

    if (base->write) {
        fault = t->full ? MEM_FAULT_FULL : s->fault;
        s->fault = MEM_FAULT_NONE;
        if (fault == MEM_FAULT_NONE || fault == MEM_FAULT_UNKNOWN_DONE)
            mem_publish(s, t);
    }
    mem_end(t);
    return outcome[fault];
}

static void mem_abort(struct store_txn *base)
{
    mem_end(txn_of(base));
}

/* ---- values ---- */

static struct node **mem_table(struct mem_txn *t, unsigned table)
{
    ASSERT(table < store_of(t->base.store)->tables);
    return &t->root.of[table];
}

static int mem_read(struct mem_txn *t, unsigned table, const struct entry *e, struct slice *ret_value)
{
    if (store_check(store_of(t->base.store)->seed[table], entry_key(e), entry_value(e)) != e->crc)
        return ST_CORRUPT;
    *ret_value = entry_value(e);
    return ST_OK;
}

static int mem_get(struct store_txn *base, unsigned table, struct slice key, struct slice *ret_value)
{
    struct mem_txn *t = txn_of(base);
    const struct sought s = sought_of(key);
    const struct entry *e = tree_find(*mem_table(t, table), &s);

    return e ? mem_read(t, table, e, ret_value) : ST_NOT_FOUND;
}

static bool mem_over(const struct mem_txn *t, uint64_t more)
{
    return t->root.bytes + more > ((const struct mem_store *)t->base.store)->size / 100 * FULL_PERCENT;
}

static int mem_room(struct store_txn *base, uint64_t bytes)
{
    const struct mem_txn *t = txn_of(base);

    return t->full || mem_over(t, bytes) ? ST_FULL : ST_OK;
}

static int mem_put(struct store_txn *base, unsigned table, struct slice key, struct slice value, bool append)
{
    struct mem_txn *t = txn_of(base);
    struct node **root = mem_table(t, table);
    const struct sought s = sought_of(key);
    const struct entry *last = append ? tree_end(*root, 1) : NULL, *old = append ? NULL : tree_find(*root, &s);
    uint64_t old_bytes = old ? (uint64_t)old->key_n + old->value_n : 0;
    struct entry *e;
    int status;

    ASSERT(!last || key_compare(key, entry_key(last)) > 0);
    if (t->full || (mem_over(t, 0) && !(old && old->value_n >= value.n))) {
        t->full = true;
        return ST_FULL;
    }
    e = entry_new(store_of(base->store)->seed[table], key, value);
    if (!e)
        return ST_NO_MEMORY;
    status = tree_put(root, e, &(struct sought){ entry_key(e), s.head }, bytes_crc32c(0, key.p, key.n));
    if (status) {
        entry_release(e);
        return status;
    }
    t->root.bytes += key.n + value.n - old_bytes;
    return ST_OK;
}

static int mem_del(struct store_txn *base, unsigned table, struct slice key)
{
    struct mem_txn *t = txn_of(base);
    struct node **root = mem_table(t, table);
    const struct sought s = sought_of(key);
    const struct entry *e = tree_find(*root, &s);
    uint64_t bytes;
    int status;

    if (t->full)
        return ST_FULL;
    if (!e)
        return ST_NOT_FOUND;
    bytes = (uint64_t)e->key_n + e->value_n;
    status = tree_del(root, &s);
    if (status == ST_OK)
        t->root.bytes -= bytes;
    return status;
}

/* ---- cursors: a writer's step searches from the root, so no write can invalidate one; a reader's follows its path ---- */

static int mem_cursor_open(struct store_txn *base, unsigned table, struct store_cursor **ret)
{
    struct mem_txn *t = txn_of(base);
    struct mem_cursor *c;

    mem_table(t, table);
    c = malloc(sizeof *c);
    if (!c)
        return ST_NO_MEMORY;
    c->base.txn = base;
    c->table = table;
    c->pos = POS_NOWHERE;
    c->depth = 0;
    c->key_n = 0;
    c->next = t->cursors;
    t->cursors = c;
    *ret = &c->base;
    return ST_OK;
}

static void mem_cursor_close(struct store_cursor *base)
{
    struct mem_cursor *c = (struct mem_cursor *)base, **at = &txn_of(base->txn)->cursors;

    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    free(c);
}

static void cursor_stand(struct mem_cursor *c, struct slice key)
{
    c->pos = POS_AT;
    c->key_n = key.n;
    memcpy(c->key, key.p, key.n);
}

static int cursor_arrive(struct mem_cursor *c, const struct entry *e, enum position otherwise, struct slice *ret_key,
                         struct slice *ret_value)
{
    struct slice value;
    int status;

    if (!e) {
        c->pos = otherwise;
        return ST_NOT_FOUND;
    }
    cursor_stand(c, entry_key(e));
    *ret_key = entry_key(e);
    status = mem_read(txn_of(c->base.txn), c->table, e, &value);
    if (status)
        return status;
    *ret_value = value;
    return ST_OK;
}

/* The first entry at or after key, and the path to it. */
static const struct entry *path_seek(struct mem_cursor *c, const struct node *root, struct slice key)
{
    const struct sought s = sought_of(key);
    const struct node *n = root;
    unsigned depth = 0;

    c->depth = 0;
    for (int side; n && depth < MEM_DEPTH; n = n->child[side]) {
        int cmp = key.n ? node_compare(&s, n) : -1;

        c->path[depth++] = n;
        side = cmp > 0;
        if (cmp <= 0) c->depth = depth;
        if (cmp == 0) break;
    }
    if (depth == MEM_DEPTH) return c->depth = 0, tree_near(root, key, 1, true);
    return c->depth ? c->path[c->depth - 1]->e : NULL;
}

/* The entry beside the one at the end of the path, which follows. NULL: there is none, or the path is too long; it is not known
 * any more then. */
static const struct entry *path_step(struct mem_cursor *c, int dir)
{
    const struct node *n = c->path[c->depth - 1], *child = n->child[dir > 0];

    for (; child && c->depth < MEM_DEPTH; child = child->child[dir < 0]) c->path[c->depth++] = child;
    if (child) return c->depth = 0, NULL;
    if (c->path[c->depth - 1] != n) return c->path[c->depth - 1]->e;
    for (c->depth--; c->depth > 0 && c->path[c->depth - 1]->child[dir > 0] == n; c->depth--) n = c->path[c->depth - 1];
    return c->depth > 0 ? c->path[c->depth - 1]->e : NULL;
}

static int mem_seek(struct store_cursor *base, struct slice key, struct slice *ret_key, struct slice *ret_value)
{
    struct mem_cursor *c = (struct mem_cursor *)base;
    const struct node *root = *mem_table(txn_of(base->txn), c->table);

    const struct entry *e = !base->txn->write ? path_seek(c, root, key) : key.n ? tree_near(root, key, 1, true) : tree_end(root, 0);

    return cursor_arrive(c, e, POS_AFTER, ret_key, ret_value);
}

static int mem_last(struct store_cursor *base, struct slice *ret_key, struct slice *ret_value)
{
    struct mem_cursor *c = (struct mem_cursor *)base;

    c->depth = 0;
    return cursor_arrive(c, tree_end(*mem_table(txn_of(base->txn), c->table), 1), POS_BEFORE, ret_key, ret_value);
}

static int mem_step(struct store_cursor *base, int dir, struct slice *ret_key, struct slice *ret_value)
{
    struct mem_cursor *c = (struct mem_cursor *)base;
    const struct node *root = *mem_table(txn_of(base->txn), c->table);
    enum position edge = dir > 0 ? POS_AFTER : POS_BEFORE;
    const struct entry *e = NULL;

    if (c->pos == POS_AT) {
        if (c->depth > 0) e = path_step(c, dir);
        if (!e) e = tree_near(root, slice_of(c->key, c->key_n), dir, false);
    } else if (c->pos != edge) {
        c->depth = 0;
        e = tree_end(root, dir < 0);
    }
    return cursor_arrive(c, e, edge, ret_key, ret_value);
}

static int mem_cursor_put(struct store_cursor *base, struct slice key, struct slice value)
{
    struct mem_cursor *c = (struct mem_cursor *)base;
    uint8_t copy[STORE_KEY_MAX];        /* the key may be the one of the entry that this put lets go */
    int status;

    memcpy(copy, key.p, key.n);
    status = mem_put(base->txn, c->table, key, value, false);
    if (status == ST_OK)
        cursor_stand(c, slice_of(copy, key.n));
    return status;
}

static int mem_usage(struct store *base, uint64_t *ret_used, uint64_t *ret_size)
{
    *ret_used = store_of(base)->root.bytes;
    *ret_size = store_of(base)->size;
    return ST_OK;
}

/* ---- the store ---- */

static const struct store_ops mem_ops = {
    .begin = mem_begin, .commit = mem_commit, .abort = mem_abort,
    .get = mem_get, .put = mem_put, .del = mem_del,
    .cursor = mem_cursor_open, .seek = mem_seek, .step = mem_step, .last = mem_last,
    .cursor_put = mem_cursor_put, .cursor_close = mem_cursor_close, .usage = mem_usage, .room = mem_room,
};

int store_mem_new(const char *const *tables, struct store **ret)
{
    struct mem_store *s = calloc(1, sizeof *s);

    if (!s)
        return ST_NO_MEMORY;
    s->base = (struct store){ &mem_ops, MEM_MAGIC };
    s->size = MEM_SIZE;
    for (; tables[s->tables]; s->tables++) {
        ASSERT(s->tables < STORE_TABLES_MAX);
        s->seed[s->tables] = store_check_seed(tables[s->tables]);
    }
    *ret = &s->base;
    return ST_OK;
}

void store_mem_free(struct store **ps)
{
    struct mem_store *s;

    if (!*ps)
        return;
    s = store_of(*ps);
    *ps = NULL;
    ASSERT(!s->writer && !s->readers);
    roots_release(&s->root);
    s->base.magic = 0;
    free(s);
}

void store_mem_crash(struct store *base)
{
    struct mem_store *s = store_of(base);

    if (s->writer)
        mem_end(s->writer);
    s->fault = MEM_FAULT_NONE;
}

void store_mem_fail_next_commit(struct store *base, enum store_mem_fault f)
{
    store_of(base)->fault = f;
}

void store_mem_limit(struct store *base, uint64_t bytes)
{
    store_of(base)->size = bytes ? bytes : MEM_SIZE;
}

int store_mem_flip(struct store *base, unsigned table, struct slice key, size_t bit)
{
    struct mem_store *s = store_of(base);
    struct node *n;
    int c = 1;

    ASSERT(table < s->tables);
    for (n = s->root.of[table]; n; n = n->child[c > 0]) {
        c = key_compare(key, entry_key(n->e));
        if (c == 0)
            break;
    }
    if (!n || n->e->value_n <= bit / 8)
        return ST_NOT_FOUND;
    n->e->bytes[n->e->key_n + bit / 8] ^= (uint8_t)(1u << bit % 8);
    return ST_OK;
}
