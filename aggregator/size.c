/* size.c - see size.h. Integers only: a ratio is compared by multiplying the smaller side, which is below 2^100 / 10^7 for every
 * figure that passes figure_check. Invariant: judging a figure against itself gives CODE_OK. */
#include "size.h"

#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    const i128 x = *(const i128 *)a, y = *(const i128 *)b;
    return (x > y) - (x < y);
}

static i128 median(i128 *v, size_t n)
{
    qsort(v, n, sizeof *v, by_value);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

unsigned size_judge(i128 value, i128 *others, size_t n, const struct size_rule *rule, i128 *ret_median)
{
    if (n == 0) return CODE_OK;
    i128 usual = *ret_median = median(others, n);
    i128 more = value > usual ? value : usual, less = value > usual ? usual : value;
    if (less <= 0 || more < rule->floor) return CODE_OK;
    /* 10^2.5 .. 10^3.5 and 10^5.5 .. 10^6.5 times */
    if ((more >= 316 * less && more <= 3162 * less) || (more >= 316228 * less && more <= 3162278 * less)) return CODE_SCALE_1000;
    return more >= rule->times * less ? CODE_JUMP : CODE_OK;
}
