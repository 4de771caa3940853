/* store_mem_tree.h - the treap of counted nodes that a table of the RAM store is. Kind: P. Private to store_mem.c.
 *
 * Nodes and entries never change while they are held more than once; a write makes the path it touches its own first (node_own).
 * A node holds the first sixteen bytes of its key, because most comparisons end there. What the shape depends on: store_mem.c.
 * Invariant: a node is above those of lower priority; keys on its left are less, on its right greater. */
#ifndef REKAP_STORE_MEM_TREE_H
#define REKAP_STORE_MEM_TREE_H

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "store.h"

struct entry { uint32_t refs, crc, key_n, value_n; uint8_t bytes[]; };         /* key, then value */
struct head { uint64_t a, b; };          /* the first sixteen bytes of a key, zeros behind its end: unlike heads order their keys */
struct node { uint32_t refs, prio; struct node *child[2]; struct entry *e; struct head head; };
struct sought { struct slice key; struct head head; };
struct roots { struct node *of[STORE_TABLES_MAX]; uint64_t bytes; };

static struct slice entry_key(const struct entry *e)
{
    return slice_of(e->bytes, e->key_n);
}

static struct slice entry_value(const struct entry *e)
{
    return slice_of(e->bytes + e->key_n, e->value_n);
}

static int key_compare(struct slice a, struct slice b)
{
    int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

    return c ? c : (a.n > b.n) - (a.n < b.n);
}

static struct sought sought_of(struct slice key)
{
    uint8_t b[16] = { 0 };

    if (key.n) memcpy(b, key.p, key.n < sizeof b ? key.n : sizeof b);
    return (struct sought){ key, { bytes_rd64(b), bytes_rd64(b + 8) } };
}

static int node_compare(const struct sought *s, const struct node *n)
{
    if (s->head.a != n->head.a) return s->head.a < n->head.a ? -1 : 1;
    if (s->head.b != n->head.b) return s->head.b < n->head.b ? -1 : 1;
    return key_compare(s->key, entry_key(n->e));
}

/* ---- counted trees ---- */

static struct entry *entry_new(uint32_t seed, struct slice key, struct slice value)
{
    struct entry *e = malloc(sizeof *e + key.n + value.n);

    if (!e)
        return NULL;
    *e = (struct entry){ .refs = 1, .key_n = (uint32_t)key.n, .value_n = (uint32_t)value.n };
    memcpy(e->bytes, key.p, key.n);
    if (value.n)
        memcpy(e->bytes + key.n, value.p, value.n);
    e->crc = store_check(seed, key, value);
    return e;
}

static void entry_release(struct entry *e)
{
    if (--e->refs == 0)
        free(e);
}

static void node_release(struct node *n)
{
    if (!n || --n->refs)
        return;
    node_release(n->child[0]);
    node_release(n->child[1]);
    entry_release(n->e);
    free(n);
}

static struct node *node_retain(struct node *n)
{
    if (n)
        n->refs++;
    return n;
}

static void roots_release(struct roots *r)
{
    for (unsigned i = 0; i < STORE_TABLES_MAX; i++)
        node_release(r->of[i]);
    *r = (struct roots){ 0 };
}

static void roots_copy(struct roots *to, const struct roots *from)
{
    *to = *from;
    for (unsigned i = 0; i < STORE_TABLES_MAX; i++)
        node_retain(to->of[i]);
}

/* Makes *at the caller's alone. On failure the tree is as it was. */
static int node_own(struct node **at)
{
    struct node *n = *at, *copy;

    if (n->refs == 1)
        return ST_OK;
    copy = malloc(sizeof *copy);
    if (!copy)
        return ST_NO_MEMORY;
    *copy = (struct node){ 1, n->prio, { node_retain(n->child[0]), node_retain(n->child[1]) }, n->e, n->head };
    n->e->refs++;
    n->refs--;
    *at = copy;
    return ST_OK;
}

/* Lifts the child on `side` above *at; both must be owned. */
static void node_rotate(struct node **at, int side)
{
    struct node *top = *at, *up = top->child[side];

    top->child[side] = up->child[!side];
    up->child[!side] = top;
    *at = up;
}

static const struct entry *tree_find(const struct node *n, const struct sought *key)
{
    while (n) {
        int c = node_compare(key, n);

        if (c == 0)
            return n->e;
        n = n->child[c > 0];
    }
    return NULL;
}

/* The nearest entry after (dir > 0) or before (dir < 0) key, or at it when `equal`. */
static const struct entry *tree_near(const struct node *n, struct slice key, int dir, bool equal)
{
    const struct entry *best = NULL;
    const struct sought s = sought_of(key);

    while (n) {
        int c = node_compare(&s, n);

        if (c == 0 && equal)
            return n->e;
        if (dir > 0 ? c < 0 : c > 0)
            best = n->e;
        n = n->child[dir > 0 ? c >= 0 : c > 0];
    }
    return best;
}

static const struct entry *tree_end(const struct node *n, int side)
{
    while (n && n->child[side])
        n = n->child[side];
    return n ? n->e : NULL;
}

static int tree_insert_here(struct node **at, struct entry *e, const struct head *head, uint32_t prio)
{
    *at = malloc(sizeof **at);
    if (!*at)
        return ST_NO_MEMORY;
    **at = (struct node){ 1, prio, { NULL, NULL }, e, *head };
    return ST_OK;
}

/* Inserts or replaces; takes e, whose key is sought, on success. */
static int tree_put(struct node **at, struct entry *e, const struct sought *key, uint32_t prio)
{
    int status, c, side;

    if (!*at)
        return tree_insert_here(at, e, &key->head, prio);
    status = node_own(at);
    if (status)
        return status;
    c = node_compare(key, *at);
    if (c == 0) {
        entry_release((*at)->e);
        (*at)->e = e;
        return ST_OK;
    }
    side = c > 0;
    status = tree_put(&(*at)->child[side], e, key, prio);
    if (status == ST_OK && (*at)->child[side]->prio > (*at)->prio)
        node_rotate(at, side);
    return status;
}

/* Sinks *at to where it has at most one child, and takes it out. */
static int tree_cut(struct node **at)
{
    struct node *gone;

    while ((*at)->child[0] && (*at)->child[1]) {
        int side = (*at)->child[1]->prio > (*at)->child[0]->prio;
        int status = node_own(&(*at)->child[side]);

        if (status)
            return status;
        node_rotate(at, side);
        at = &(*at)->child[!side];
    }
    gone = *at;
    *at = gone->child[0] ? gone->child[0] : gone->child[1];
    gone->child[0] = gone->child[1] = NULL;
    node_release(gone);
    return ST_OK;
}

/* The key must be there. */
static int tree_del(struct node **at, const struct sought *key)
{
    for (;;) {
        int status = node_own(at), c;

        if (status)
            return status;
        c = node_compare(key, *at);
        if (c == 0)
            return tree_cut(at);
        at = &(*at)->child[c > 0];
    }
}

#endif
