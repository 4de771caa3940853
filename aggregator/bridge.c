/* bridge.c - see bridge.h.
 *
 * Design notes: pairs are few (a list has some thousand codes) and sorted by source, so each leaf is a binary search per ancestor.
 * Amounts are kept times 1e6 until the last sum, so a weighted part is never rounded on the way.
 * Invariant: exact + estimated + unmapped grows by value * BRIDGE_WHOLE with each value taken. */
#include "bridge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"
#include "proto/status.h"

void bridge_init(struct bridges *b) { *b = (struct bridges){0}; }

void bridge_done(struct bridges *b)
{
    free(b->pair);
    *b = (struct bridges){0};
}

static int put(struct bridges *b, struct bridge_pair pair)
{
    if (b->count == b->cap) {
        uint32_t cap = b->cap ? 2 * b->cap : 64;
        struct bridge_pair *p = realloc(b->pair, cap * sizeof *p);
        if (!p) return ST_NO_MEMORY;
        b->pair = p;
        b->cap = cap;
    }
    b->pair[b->count++] = pair;
    return ST_OK;
}

int bridge_add(struct bridges *b, activity_code from, struct slice to, int64_t weight)
{
    const uint8_t *blank = memchr(to.p, ' ', to.n);
    enum vintage v;
    struct code_reading r;
    if (!blank || code_vintage_parse(slice_of(to.p, (size_t)(blank - to.p)), &v) != ST_OK) return ST_OK;
    if (code_parse_activity(v, slice_of(blank + 1, to.n - (size_t)(blank + 1 - to.p)), &r) != ST_OK) return ST_OK;
    return put(b, (struct bridge_pair){from, r.code, weight});
}

/* Is the code one of the set's ("vintage code;vintage code")? *ret_spoken: does the set speak of that list at all? */
static bool in_set(struct slice set, activity_code to, bool *ret_spoken)
{
    const char *name = code_vintage_name(code_vintage(to));
    char text[CODE_TEXT_MAX + 1], one[128];
    bool found = false;
    code_format_activity(to, text);
    size_t want = (size_t)snprintf(one, sizeof one, "%s %s", name, text), head = strlen(name);
    *ret_spoken = false;
    while (set.n > 0) {
        const uint8_t *end = memchr(set.p, ';', set.n);
        size_t n = end ? (size_t)(end - set.p) : set.n;
        *ret_spoken |= n > head && memcmp(set.p, name, head) == 0 && set.p[head] == ' ';
        found |= n == want && memcmp(set.p, one, n) == 0;
        set = slice_of(set.p + n + (end != NULL), set.n - n - (end != NULL));
    }
    return found;
}

/* The first pair of a source among the first `count`, or where it would stand; those are sorted. */
static uint32_t first_of(const struct bridges *b, uint32_t count, activity_code from)
{
    uint32_t lo = 0, hi = count;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (b->pair[mid].from < from) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

void bridge_keep(struct bridges *b, activity_code from, struct slice set)
{
    uint32_t kept = first_of(b, b->count, from), end = kept;
    for (; end < b->count && b->pair[end].from == from; end++) {
        bool spoken, in = in_set(set, b->pair[end].to, &spoken) || !spoken;
        if (in) b->pair[kept++] = b->pair[end];
    }
    if (kept == end) return;
    memmove(&b->pair[kept], &b->pair[end], (b->count - end) * sizeof *b->pair);
    b->count -= end - kept;
}

static bool speaks(const struct bridges *b, uint32_t count, const struct bridge_pair *p)
{
    for (uint32_t i = first_of(b, count, p->from); i < count && b->pair[i].from == p->from; i++)
        if (code_vintage(b->pair[i].to) == code_vintage(p->to)) return true;
    return false;
}

int bridge_under(struct bridges *b, const struct bridges *list)
{
    uint32_t stated = b->count;
    int st = ST_OK;
    for (uint32_t i = 0; list && st == ST_OK && i < list->count; i++)
        if (!speaks(b, stated, &list->pair[i])) st = put(b, list->pair[i]);
    return st;
}

static int by_source(const void *a, const void *b)
{
    const struct bridge_pair *x = a, *y = b;
    if (x->from != y->from) return x->from < y->from ? -1 : 1;
    return (x->to > y->to) - (x->to < y->to);
}

void bridge_sort(struct bridges *b)
{
    if (b->count > 1) qsort(b->pair, b->count, sizeof *b->pair, by_source);
}

/* The pairs of a source into the list of vintage v, when their weights sum to 1; else none. They may stand among pairs into
 * others. */
static uint32_t pairs_of(const struct bridges *b, activity_code from, enum vintage v, uint32_t *ret_end)
{
    uint32_t lo = first_of(b, b->count, from);
    int64_t sum = 0;
    for (*ret_end = lo; *ret_end < b->count && b->pair[*ret_end].from == from; ++*ret_end)
        if (code_vintage(b->pair[*ret_end].to) == v) sum += b->pair[*ret_end].weight;
    if (sum != BRIDGE_WHOLE) *ret_end = lo;
    return lo;
}

static void take_pair(activity_code to, int64_t weight, i128 value, activity_code node, struct bridged *sum)
{
    i128 part = value * weight;
    bool above = node ? code_below(to, node) : code_level(to) < code_leaf_level(code_vintage(to));
    if (!node || to == node || code_below(node, to)) sum->inside += part;
    if (above) {
        sum->unmapped += part;
        return;
    }
    if (weight == BRIDGE_WHOLE) sum->exact += part;
    else sum->estimated += part;
}

/* The bidang of the same code in another list; 0: there is none. */
static activity_code same_bidang(activity_code bidang, enum vintage v)
{
    char text[32];
    struct code_reading r;
    code_format_activity(bidang, text);
    return code_parse_activity(v, slice_of(text, strlen(text)), &r) == ST_OK ? r.code : 0;
}

void bridge_take(const struct bridges *b, activity_code leaf, i128 value, enum vintage v, activity_code node, struct bridged *sum)
{
    for (activity_code a = leaf; a; a = code_parent(a)) {
        uint32_t end, at = pairs_of(b, a, v, &end);
        for (uint32_t i = at; i < end; i++)
            if (code_vintage(b->pair[i].to) == v) take_pair(b->pair[i].to, b->pair[i].weight, value, node, sum);
        if (at < end) return;
        activity_code same = code_level(a) == LEVEL_BIDANG ? same_bidang(a, v) : 0;
        if (!same) continue;
        take_pair(same, BRIDGE_WHOLE, value, node, sum);
        return;
    }
    sum->unmapped += value * BRIDGE_WHOLE;
    if (!node) sum->inside += value * BRIDGE_WHOLE;
}

i128 bridge_round(i128 micro)
{
    i128 half = BRIDGE_WHOLE / 2;
    return micro >= 0 ? (micro + half) / BRIDGE_WHOLE : -((-micro + half) / BRIDGE_WHOLE);
}
