/* compare_tree.h - parents against their children within one printed column. Kind: P.
 *
 * induk-rincian (CODE_PARENT_SUM)   every child of the parent that the table has is printed, or those that are already exceed it.
 * belum-lengkap (CODE_INCOMPLETE)   a line of the table below the parent has no amount, and the others do not reach the parent. */
#ifndef REKAP_COMPARE_TREE_H
#define REKAP_COMPARE_TREE_H

#include "line.h"

struct compare_point {
    activity_code activity;
    account_code account;
    bool printed;                       /* has an amount in this column; else the line is in the table without one */
    i128 amount;
};
struct compare_sum {
    i128 sum;                           /* of the nearest children, as printed */
    uint32_t children;
    bool complete;
};
/* Does p[parent] differ from its children? p in tree order (ascending codes). `total` is no parent: a table may hold a part of an
 * office. */
bool compare_tree_judge(const struct compare_point *p, size_t n, size_t parent, struct compare_sum *ret);
/* The finding it is. */
static inline unsigned compare_tree_code(const struct compare_sum *s, i128 parent)
{
    return s->complete || s->sum > parent ? CODE_PARENT_SUM : CODE_INCOMPLETE;
}

#endif
