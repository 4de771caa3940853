/* change.c - see change.h.
 *
 * Design notes: growth to a whole hundredth of a percent k is the greatest k with ((20000 + 2k - 1) / 20000)^years <= last / first;
 * both sides are multiplied out into long integers of a fixed size and compared, and k is found by bisection. The median of slopes
 * sorts exact ratios. Invariant: nothing is rounded before the last step except where the header says it is cut. */
#include "change.h"

#include <stdlib.h>
#include <string.h>

#include "proto/status.h"

static const i128 CUT = (i128)1000000000000000000;

bool change_scale(i128 v, i128 num, i128 den, i128 *ret)
{
    i128 p;
    if (den < 0) num = -num, den = -den;
    if (__builtin_mul_overflow(v, num, &p)) return false;
    i128 whole = p / den, rest = p % den, twice = rest < 0 ? -rest : rest;
    *ret = whole + (twice >= den - twice ? (p < 0 ? -1 : 1) : 0);
    return true;
}

/* r at 1e-18, the rest cut off. */
static bool cut(struct ratio r, struct ratio *ret)
{
    i128 whole = r.num / r.den, rest = r.num % r.den, v;
    if (__builtin_mul_overflow(whole, CUT, &v)) return false;
    i128 unit = CUT;
    for (i128 digit; rest != 0 && unit > 1; rest -= digit * r.den) {
        if (__builtin_mul_overflow(rest, (i128)10, &rest)) return false;
        digit = rest / r.den;
        unit /= 10;
        v += digit * unit;
    }
    *ret = (struct ratio){v, CUT};
    return true;
}

static bool difference_cut(struct ratio then, struct ratio now, struct ratio *ret)
{
    struct ratio a, b;
    i128 d;
    if (!cut(then, &a) || !cut(now, &b) || __builtin_sub_overflow(b.num, a.num, &d)) return false;
    return achieve_ratio(d, CUT, ret);
}

bool change_difference(struct ratio then, struct ratio now, struct ratio *ret)
{
    return achieve_ratio_add(now, (struct ratio){-then.num, then.den}, ret) || difference_cut(then, now, ret);
}

/* ---- long integers ---- */

typedef unsigned __int128 u128;
enum { LIMBS = 72 };                    /* 60 factors of 63 bits and four of 127 */
struct large { uint64_t limb[LIMBS]; unsigned n; };     /* least first; no zero limb on top */

static void large_times(struct large *x, uint64_t factor)
{
    u128 carry = 0;
    for (unsigned i = 0; i < x->n; i++) {
        carry += (u128)x->limb[i] * factor;
        x->limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
    if (!carry) return;
    ASSERT(x->n < LIMBS);
    x->limb[x->n++] = (uint64_t)carry;
}

static void large_add(struct large *x, const struct large *y, unsigned shift)
{
    u128 carry = 0;
    while (x->n < y->n + shift) x->limb[x->n++] = 0;
    for (unsigned i = shift; i < x->n; i++) {
        carry += (u128)x->limb[i] + (i - shift < y->n ? y->limb[i - shift] : 0);
        x->limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
    if (!carry) return;
    ASSERT(x->n < LIMBS);
    x->limb[x->n++] = (uint64_t)carry;
}

static void large_times_wide(struct large *x, i128 factor)
{
    struct large high = *x;
    large_times(x, (uint64_t)factor);
    large_times(&high, (uint64_t)(factor >> 64));
    if (factor >> 64) large_add(x, &high, 1);
}

static int large_compare(const struct large *a, const struct large *b)
{
    if (a->n != b->n) return a->n < b->n ? -1 : 1;
    for (unsigned i = a->n; i-- > 0;)
        if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

static void large_power(struct large *ret, uint64_t base, unsigned times, i128 factor, i128 second)
{
    *ret = (struct large){.limb = {1}, .n = 1};
    for (unsigned i = 0; i < times; i++) large_times(ret, base);
    large_times_wide(ret, factor);
    large_times_wide(ret, second);
}

/* ---- growth ---- */

struct growth { struct ratio first, last; unsigned years; struct large right; };

/* ((20000 + 2k - 1) / 20000)^years against last / first. */
static int growth_compare(const struct growth *g, int64_t k)
{
    struct large left;
    large_power(&left, (uint64_t)(20000 + 2 * k - 1), g->years, g->first.num, g->last.den);
    return large_compare(&left, &g->right);
}

int change_cagr(struct ratio first, struct ratio last, unsigned years, int64_t *ret)
{
    struct growth g = {.first = first, .last = last, .years = years};
    ASSERT(years <= CHANGE_YEARS_MAX);
    if (years == 0 || first.num <= 0 || last.num <= 0) return ST_NOT_FOUND;
    large_power(&g.right, 20000, years, last.num, first.den);
    int64_t low = -9999, high = INT64_C(1) << 49;       /* low holds always: what is left is above 0 */
    if (growth_compare(&g, low) > 0) {
        *ret = -10000;
        return ST_OK;
    }
    if (growth_compare(&g, high) <= 0) return ST_FULL;
    while (high - low > 1) {
        int64_t mid = low + (high - low) / 2;
        if (growth_compare(&g, mid) <= 0) low = mid;
        else high = mid;
    }
    bool tie = low <= 0 && growth_compare(&g, low) == 0;        /* exactly half a hundredth below 0: away from 0 */
    *ret = tie ? low - 1 : low;
    return ST_OK;
}

/* ---- slope ---- */

static int by_value(const void *a, const void *b)
{
    return achieve_ratio_compare(*(const struct ratio *)a, *(const struct ratio *)b);
}

static bool middle(const struct ratio *sorted, size_t n, struct ratio *ret)
{
    struct ratio a = sorted[(n - 1) / 2], b = sorted[n / 2], sum;
    if (n % 2) {
        *ret = a;
        return true;
    }
    if (!achieve_ratio_add(a, b, &sum) && (!cut(a, &a) || !cut(b, &b) || !achieve_ratio_add(a, b, &sum))) return false;
    return achieve_ratio_multiply(sum, (struct ratio){1, 2}, ret);
}

int change_slope(const struct change_point *point, size_t n, struct ratio *ret)
{
    size_t pairs = n * (n - (n > 0)) / 2, k = 0;
    bool fits = true;
    if (pairs == 0) return ST_NOT_FOUND;
    struct ratio *slope = calloc(pairs, sizeof *slope);
    if (!slope) return ST_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; fits && j < n; j++) {
            struct ratio d;
            ASSERT(point[j].year > point[i].year);
            fits = change_difference(point[i].value, point[j].value, &d) &&
                   achieve_ratio_multiply(d, (struct ratio){1, point[j].year - point[i].year}, &slope[k++]);
        }
    if (fits) qsort(slope, pairs, sizeof *slope, by_value);
    fits = fits && middle(slope, pairs, ret);
    free(slope);
    return fits ? ST_OK : ST_FULL;
}
