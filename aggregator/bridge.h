/* bridge.h - from one code list to another: which new code an old one became (domain.md 6). Kind: P.
 *
 * A pair (old code, new code, weight) is the centre's statement (`padanan`). A code without pairs goes the way of its nearest
 * ancestor that has some; a bidang without pairs is the bidang of the same code (1.06 = 1.06 is given). Weights out of one source
 * must sum to 1, else the source counts as without pairs. What reaches a node above the asked one is not known to be below it:
 * unmapped. */
#ifndef REKAP_BRIDGE_H
#define REKAP_BRIDGE_H

#include "proto/bytes.h"
#include "proto/code.h"

enum { BRIDGE_WHOLE = 1000000 };
struct bridge_pair { activity_code from, to; int64_t weight; };         /* 1e-6 */
struct bridges { struct bridge_pair *pair; uint32_t count, cap; };
void bridge_init(struct bridges *b);
void bridge_done(struct bridges *b);
/* to: "vintage code", as stated. A text that is none is left out. ST_NO_MEMORY. */
int bridge_add(struct bridges *b, activity_code from, struct slice to, int64_t weight);
/* Of a source keeps only, in a sorted list, the pairs that the set names (MEASURE_BRIDGE_SET), in the lists the set speaks of. */
void bridge_keep(struct bridges *b, activity_code from, struct slice set);
/* Adds the pairs of `list` (may be NULL) whose source has none into that list yet to b, which is sorted, behind its end.
 * ST_NO_MEMORY. */
int bridge_under(struct bridges *b, const struct bridges *list);
void bridge_sort(struct bridges *b);    /* after the last bridge_add or bridge_under */

struct bridged { i128 inside, exact, estimated, unmapped; };            /* sen * BRIDGE_WHOLE */
/* Adds an old leaf's value: `inside` is what of it lies at or below `node` (of list v); the rest says how it is known where the
 * value went, seen from node's level. node 0: everything is inside, and known is what reaches a leaf of list v. Each call adds
 * value * BRIDGE_WHOLE to exact + estimated + unmapped. */
void bridge_take(const struct bridges *b, activity_code leaf, i128 value, enum vintage v, activity_code node, struct bridged *sum);
i128 bridge_round(i128 micro);          /* to sen, half away from zero */

#endif
