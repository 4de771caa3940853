/* proof_part.c - what making and judging a pack share: the statements that leaf rows name, and a Merkle tree's nodes in memory.
 * Kind: E; no files.
 *
 * A leaf row has "@office/stream/epoch/sequence" behind each of its values (docs/STORAGE.md, state.tsv).
 *
 * Invariant: names are found in order; a text that only looks like one is no name. */
#include <stdlib.h>
#include <string.h>

#include "cli/proof.h"
#include "proto/lines.h"

/* ---- names ---- */

static int order(const void *a, const void *b)
{
    const struct proof_name *x = a, *y = b;
    int c = strcmp(x->office, y->office);
    if (c == 0) c = (x->stream > y->stream) - (x->stream < y->stream);
    if (c == 0) c = (x->epoch > y->epoch) - (x->epoch < y->epoch);
    return c ? c : (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

/* The text up to `end`; *at behind it. */
static struct slice until(const char **at, const char *stop, const char *end)
{
    const char *from = *at;
    while (*at < stop && !strchr(end, **at)) (*at)++;
    struct slice s = slice_of(from, (size_t)(*at - from));
    *at += *at < stop;
    return s;
}

static bool read_name(const char *at, const char *stop, struct proof_name *ret)
{
    uint64_t stream = 0;
    struct slice office = until(&at, stop, "/ \t"), number = until(&at, stop, "/ \t"), epoch = until(&at, stop, "/ \t");
    struct slice sequence = until(&at, stop, " \t");
    *ret = (struct proof_name){ .stream = 0 };
    if (!registry_id_ok(office) || !lines_copy(office, ret->office, sizeof ret->office)) return false;
    if (!lines_decimal(number, &stream) || stream > UINT32_MAX || !lines_hex_u64(epoch, &ret->epoch)) return false;
    ret->stream = (uint32_t)stream;
    return lines_decimal(sequence, &ret->sequence) && ret->sequence > 0;
}

int proof_names_add(struct proof_names *names, struct slice line)
{
    const char *stop = (const char *)line.p + line.n;
    for (const char *at = (const char *)line.p; at < stop; at++) {
        struct proof_name name;
        if (*at != '@' || !read_name(at + 1, stop, &name)) continue;
        if (names->n == names->room) {
            size_t room = names->room ? 2 * names->room : 256;
            struct proof_name *list = reallocarray(names->list, room, sizeof *list);
            if (!list) return ST_NO_MEMORY;
            names->list = list;
            names->room = room;
        }
        names->list[names->n++] = name;
    }
    return ST_OK;
}

void proof_names_sort(struct proof_names *names)
{
    if (names->n > 1) qsort(names->list, names->n, sizeof *names->list, order);
}

bool proof_names_in(const struct proof_names *names, const struct batch *b)
{
    struct proof_name first = { .stream = b->h.stream, .epoch = b->h.epoch, .sequence = b->h.sequence }, last;
    if (!lines_copy(b->h.office, first.office, sizeof first.office)) return false;
    last = first;
    last.sequence += b->h.count - 1;
    size_t low = 0, high = names->n;
    while (low < high) {        /* the first one that is not before the batch */
        size_t middle = low + (high - low) / 2;
        if (order(&names->list[middle], &first) < 0) low = middle + 1;
        else high = middle;
    }
    return low < names->n && order(&names->list[low], &last) <= 0;
}

void proof_names_done(struct proof_names *names)
{
    free(names->list);
    *names = (struct proof_names){ .n = 0 };
}

/* ---- nodes ---- */

static int put_node(void *ctx, unsigned level, uint64_t index, const struct hash *h)
{
    struct proof_nodes *x = ctx;
    if (index < x->n[level]) return ST_OK;      /* after a failure it is put again */
    ASSERT(index == x->n[level]);
    if (x->n[level] == x->room[level]) {
        size_t room = x->room[level] ? 2 * x->room[level] : 64;
        struct hash *list = reallocarray(x->list[level], room, sizeof *list);
        if (!list) return ST_NO_MEMORY;
        x->list[level] = list;
        x->room[level] = room;
    }
    x->list[level][x->n[level]++] = *h;
    return ST_OK;
}

static int get_node(void *ctx, unsigned level, uint64_t index, struct hash *ret)
{
    const struct proof_nodes *x = ctx;
    if (index >= x->n[level]) return ST_NOT_FOUND;
    *ret = x->list[level][index];
    return ST_OK;
}

struct merkle_nodes proof_nodes_port(struct proof_nodes *nodes)
{
    return (struct merkle_nodes){ .ctx = nodes, .put = put_node, .get = get_node };
}

void proof_nodes_done(struct proof_nodes *nodes)
{
    for (unsigned l = 0; l < MERKLE_LEVELS; l++) free(nodes->list[l]);
    *nodes = (struct proof_nodes){ .n = { 0 } };
}
