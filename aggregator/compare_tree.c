/* compare_tree.c - see compare_tree.h.
 *
 * Design notes: the column is a list of (code, amount) in tree order, so what is below a line follows it; one walk over that gives
 * the sums of claim.h: of the nearest children as printed, and of the lowest lines. A parent that equals either is not at fault
 * itself. A line of the table that has no amount in this column is a missing child, unless what is printed below it stands for it.
 * Invariant: from an absence nothing is proven but what already exceeds the parent. */
#include "compare_tree.h"

static bool below(const struct compare_point *above, const struct compare_point *p)
{
    const struct line a = {.activity = above->activity, .account = above->account}, b = {.activity = p->activity, .account =
                                                                                         p->account};
    return above->activity != CODE_TOTAL && line_below(&a, &b);
}

/* The first point after i that is not below it. */
static size_t subtree_end(const struct compare_point *p, size_t n, size_t i)
{
    size_t j = i + 1;
    while (j < n && below(&p[i], &p[j])) j++;
    return j;
}

static bool printed_within(const struct compare_point *p, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        if (p[i].printed) return true;
    return false;
}

bool compare_tree_judge(const struct compare_point *p, size_t n, size_t parent, struct compare_sum *ret)
{
    size_t end = subtree_end(p, n, parent), near = parent + 1; /* near: what is before it is counted or stands for nothing */
    i128 lowest = 0;
    *ret = (struct compare_sum){.complete = true};
    if (!p[parent].printed) return false;
    for (size_t i = parent + 1; i < end; i++) {
        size_t stop = subtree_end(p, end, i);
        bool leaf = !printed_within(p, i + 1, stop);
        if (!p[i].printed) {
            if (leaf && i >= near) ret->complete = false;
            continue;
        }
        ret->children++;
        if (leaf) lowest += p[i].amount;
        if (i < near) continue;
        ret->sum += p[i].amount;
        near = stop;
    }
    if (ret->children == 0 || ret->sum == p[parent].amount || lowest == p[parent].amount) return false;
    return ret->complete || ret->sum < p[parent].amount || lowest > p[parent].amount;
}
