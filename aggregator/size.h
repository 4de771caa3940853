/* size.h - is a figure of the size that the same line has elsewhere in its history? Kind: P.
 *
 * Against the median of the line's other figures (earlier years, or the other years of its plan):
 *  skala-1000 (CODE_SCALE_1000)   a thousand or a million times more or less: the ratio is nearer to that power of ten than to a
 *      neighbouring one. Reports print thousands and millions of rupiah beside rupiah.
 *  lonjakan (CODE_JUMP)   `times` more or less. Both are doubts about a figure, not proofs.
 * Zero and what is negative is not judged, nor is what is small on both sides (`floor`): small figures jump by nature. */
#ifndef REKAP_SIZE_H
#define REKAP_SIZE_H

#include "proto/bytes.h"
#include "proto/status.h"

enum {
    SIZE_YEARS = 3,             /* how many earlier years are the history: a medium-term plan's half */
    SIZE_OTHERS_MAX = 32,
};
#define SIZE_FLOOR_MICRO INT64_C(100000000)     /* a quantity of 100 */
/* Settings of the registry (proto/setting.h): small on both sides is below `floor`; a jump is `times` more or less. The defaults, a
 * million rupiah and ten times, are what keeps quiet over the reports but for four figures, all of them slips. */
struct size_rule { i128 floor, times; };
/* CODE_OK, CODE_SCALE_1000 or CODE_JUMP; *ret_median: what it is held against (set unless n is 0). others is sorted by it. */
unsigned size_judge(i128 value, i128 *others, size_t n, const struct size_rule *rule, i128 *ret_median);

#endif
