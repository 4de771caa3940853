/* achieve_over.c - many values into one: months, units, indicators, and the money beside them.
 *
 * Design notes: which way values may be joined is data of the indicator (agregasi, agregasi_unit); nothing here guesses it. Ratios
 * of different units are never averaged where the numerators and denominators are known (RASIO), and money shares are always
 * sums over sums. A mean of achievements is exact as long as the common denominator fits 128 bits; beside it runs a sum cut off at
 * 1e-18, which answers when there are so many unlike targets that it does not.
 * Invariant: no function changes what it read, and all results are reduced ratios. */
#include "achieve.h"

#include <string.h>

#include "status.h"

#define FIXED_ONE ((i128)1000000000000000000)
static const struct ratio ZERO = {0, 1};

/* ---- names ---- */

static const char *const TIMES[] = {"", "AKUMULATIF", "AKHIR", "RATA", "MAKS", "MIN"};
static const char *const UNITS[] = {"", "SUM", "RASIO", "RATA_TERTIMBANG", "MAX", "MIN", "NONE"};
enum { TIMES_COUNT = sizeof TIMES / sizeof *TIMES, UNITS_COUNT = sizeof UNITS / sizeof *UNITS };

static int parse(struct slice text, const char *const *names, unsigned count, uint8_t *ret)
{
    char name[24];
    struct slice s = bytes_trim(text);
    if (s.n == 0 || s.n >= sizeof name) return ST_INVALID;
    achieve_name_fold(s, name);
    for (unsigned i = 1; i < count; i++)
        if (strcmp(name, names[i]) == 0) {
            *ret = (uint8_t)i;
            return ST_OK;
        }
    return ST_INVALID;
}

const char *achieve_time_name(unsigned over) { return over < TIMES_COUNT ? TIMES[over] : ""; }
int achieve_time_parse(struct slice text, uint8_t *ret) { return parse(text, TIMES, TIMES_COUNT, ret); }
const char *achieve_units_name(unsigned over) { return over < UNITS_COUNT ? UNITS[over] : ""; }
int achieve_units_parse(struct slice text, uint8_t *ret) { return parse(text, UNITS, UNITS_COUNT, ret); }

/* ---- over time ---- */

int achieve_through(enum achieve_over_time over, const struct achieve_point month[12], unsigned until, struct ratio *ret)
{
    i128 sum = 0, through = 0, last = 0, most = 0, least = 0;
    unsigned n = 0;
    ASSERT(until >= 1 && until <= 12);
    for (unsigned m = 0; m < until; m++) {
        if (!month[m].reported) continue;
        i128 v = month[m].value;
        through = month[m].monthly ? through + v : v;
        sum += v;
        last = v;
        most = n == 0 || v > most ? v : most;
        least = n == 0 || v < least ? v : least;
        n++;
    }
    if (n == 0) return ST_NOT_FOUND;
    const i128 value[] = {[ACHIEVE_AKUMULATIF] = through,
                          [ACHIEVE_AKHIR] = last,
                          [ACHIEVE_RATA] = sum,
                          [ACHIEVE_MAKS] = most,
                          [ACHIEVE_MINIM] = least};
    bool fits = achieve_ratio(value[over], over == ACHIEVE_RATA ? (i128)n * 1000000 : 1000000, ret);
    ASSERT(fits); /* twelve 64-bit values */
    return ST_OK;
}

/* ---- over units ---- */

static int across_sum(enum achieve_over_units over, const struct achieve_part *part, size_t n, struct ratio *ret)
{
    struct ratio sum = ZERO, weights = ZERO, v, inverse;
    for (size_t i = 0; i < n; i++) {
        v = part[i].value;
        if (over == ACHIEVE_RATA_TERTIMBANG && !achieve_ratio_multiply(v, part[i].weight, &v)) return ST_FULL;
        if (!achieve_ratio_add(sum, v, &sum)) return ST_FULL;
        if (over != ACHIEVE_SUM && !achieve_ratio_add(weights, part[i].weight, &weights)) return ST_FULL;
    }
    if (over == ACHIEVE_SUM) {
        *ret = sum;
        return ST_OK;
    }
    if (weights.num == 0) return ST_INVALID;
    bool turned = achieve_ratio(weights.den, weights.num, &inverse);
    ASSERT(turned);                     /* a sum of ratios is one, and not 0 */
    return achieve_ratio_multiply(sum, inverse, ret) ? ST_OK : ST_FULL;
}

int achieve_across(enum achieve_over_units over, const struct achieve_part *part, size_t n, struct ratio *ret)
{
    if (n == 0 || over == ACHIEVE_UNITS_NONE) return ST_NOT_FOUND;
    if (over != ACHIEVE_UNITS_MAX && over != ACHIEVE_UNITS_MIN) return across_sum(over, part, n, ret);
    size_t best = 0;
    for (size_t i = 1; i < n; i++) {
        int c = achieve_ratio_compare(part[i].value, part[best].value);
        if (over == ACHIEVE_UNITS_MAX ? c > 0 : c < 0) best = i;
    }
    *ret = part[best].value;
    return ST_OK;
}

/* ---- means of achievements ---- */

/* share at 1e-18, cut off; a share of a billion and more does not fit and is held there. */
static i128 fixed_of(struct ratio share)
{
    i128 whole = share.num / share.den, left = share.num % share.den, fixed = 0;
    const i128 most = (i128)1000000000;
    if (whole >= most || whole <= -most) return whole > 0 ? most * FIXED_ONE : -most * FIXED_ONE;
    for (int digit = 0; digit < 18; digit++) { /* ten times a rest below 2^123 fits */
        if (share.den >> 123) {
            share.den >>= 4;
            left >>= 4;
        }
        left *= 10;
        fixed = fixed * 10 + left / share.den;
        left %= share.den;
    }
    return whole * FIXED_ONE + fixed;
}

void achieve_mean_add(struct achieve_mean *m, const struct achieve_result *r, int64_t weight)
{
    struct ratio share = r->share, w = {weight, 1000000}, v;
    if (m->of == 0) m->sum = m->weighted = m->weights = ZERO;
    m->of++;
    const unsigned percent = r->capped_apart ? r->cap : m->cap;
    if (r->state == ACHIEVE_REACHED_MISSING || r->state == ACHIEVE_REACHED_TEXT) {
        m->missing++;
        m->missing_caps += percent;
        m->endless |= percent == ACHIEVE_UNCAPPED;
    }
    if (r->state != ACHIEVE_OK) return;
    m->counted++;
    const struct ratio cap = {percent, 100};
    if (percent != ACHIEVE_UNCAPPED && achieve_ratio_compare(share, cap) > 0) share = cap;
    m->inexact |= !achieve_ratio_add(m->sum, share, &m->sum);
    m->fixed += fixed_of(share);
    if (weight <= 0) return;
    m->any_weight = true;
    bool fits = achieve_ratio_add(m->weights, w, &m->weights);
    ASSERT(fits);                       /* 64-bit values of one denominator, as many as 32 bits count */
    m->weights_inexact |= !achieve_ratio_multiply(share, w, &v) || !achieve_ratio_add(m->weighted, v, &m->weighted);
}

int achieve_mean_get(const struct achieve_mean *m, bool missing_zero, struct ratio *ret)
{
    i128 n = (i128)m->counted + (missing_zero ? m->missing : 0);
    if (n == 0) return ST_NOT_FOUND;
    if (!m->inexact && achieve_ratio_multiply(m->sum, (struct ratio){1, n}, ret)) return ST_OK;
    bool fits = achieve_ratio(m->fixed, FIXED_ONE * n, ret);
    ASSERT(fits);                       /* a billion at 1e-18 each, as many as 32 bits count */
    return ST_OK;
}

int achieve_mean_most(const struct achieve_mean *m, struct ratio *ret)
{
    struct achieve_mean whole = *m;
    const struct ratio caps = {(i128)m->missing_caps, 100};
    if (m->cap == ACHIEVE_UNCAPPED || m->endless) return ST_NOT_FOUND;
    if (m->of == 0) return ST_NOT_FOUND;
    whole.inexact |= !achieve_ratio_add(whole.sum, caps, &whole.sum);
    whole.fixed += fixed_of(caps);
    whole.counted += m->missing;
    return achieve_mean_get(&whole, false, ret);
}

int achieve_mean_weighted(const struct achieve_mean *m, struct ratio *ret)
{
    struct ratio inverse;
    if (!m->any_weight) return ST_NOT_FOUND;
    if (m->weights_inexact) return ST_FULL;
    bool turned = achieve_ratio(m->weights.den, m->weights.num, &inverse);
    ASSERT(turned);                     /* weights are above 0 */
    return achieve_ratio_multiply(m->weighted, inverse, ret) ? ST_OK : ST_FULL;
}

/* ---- money beside it ---- */

bool achieve_efficiency(struct ratio achievement, struct ratio absorption, struct ratio *ret)
{
    return achieve_ratio_add(achievement, (struct ratio){-absorption.num, absorption.den}, ret);
}

static int deviation_of_sums(enum achieve_deviation kind, const struct achieve_cash *line, size_t n, struct ratio *ret)
{
    i128 budget = 0, plan = 0, realised = 0, apart;
    for (size_t i = 0; i < n; i++)
        if (__builtin_add_overflow(budget, line[i].budget, &budget) || __builtin_add_overflow(plan, line[i].plan, &plan) ||
            __builtin_add_overflow(realised, line[i].realised, &realised))
            return ST_FULL;
    i128 base = kind == ACHIEVE_DEVIATION_PP ? budget : plan;
    if (base == 0) return ST_NOT_FOUND;
    if (__builtin_sub_overflow(kind == ACHIEVE_DEVIATION_PP ? realised : plan, kind == ACHIEVE_DEVIATION_PP ? plan : realised,
                               &apart))
        return ST_FULL;
    return achieve_ratio(apart, base, ret) ? ST_OK : ST_FULL;
}

/* Each line's |R-RPD|/RPD, weighted by its budget; lines without a plan cannot deviate from one and are left out. */
static int deviation_of_lines(const struct achieve_cash *line, size_t n, struct ratio *ret)
{
    struct ratio sum = ZERO, share;
    i128 budget = 0;
    for (size_t i = 0; i < n; i++) {
        if (line[i].plan == 0) continue;
        i128 apart = line[i].realised - line[i].plan;
        bool fits = achieve_ratio(apart < 0 ? -apart : apart, line[i].plan, &share);
        ASSERT(fits);                   /* sums of 64-bit values, and a plan that is not 0 */
        if (!achieve_ratio_multiply(share, (struct ratio){line[i].budget, 1}, &share) || !achieve_ratio_add(sum, share, &sum))
            return ST_FULL;
        budget += line[i].budget;
    }
    if (budget == 0) return ST_NOT_FOUND;
    return achieve_ratio_multiply(sum, (struct ratio){1, budget}, ret) ? ST_OK : ST_FULL;
}

/* The same where the exact sum of very many unlike plans does not fit: each line's part is cut at 1e-6 sen. */
static int deviation_cut(const struct achieve_cash *line, size_t n, struct ratio *ret)
{
    const i128 unit = 1000000;
    i128 sum = 0, budget = 0, part;
    for (size_t i = 0; i < n; i++) {
        i128 apart = line[i].realised - line[i].plan, plan = line[i].plan < 0 ? -line[i].plan : line[i].plan;
        if (plan == 0) continue;
        if (__builtin_mul_overflow(line[i].budget, apart < 0 ? -apart : apart, &part)) return ST_FULL;
        sum += part / plan * unit + part % plan * unit / plan;
        budget += line[i].budget;
    }
    if (budget == 0) return ST_NOT_FOUND;
    bool fits = achieve_ratio(sum, budget * unit, ret);
    ASSERT(fits);                       /* budget is not 0, nor is a sum of 64-bit values the least number */
    return ST_OK;
}

int achieve_deviation(enum achieve_deviation kind, const struct achieve_cash *line, size_t n, struct ratio *ret)
{
    if (kind != ACHIEVE_DEVIATION_IKPA) return deviation_of_sums(kind, line, n, ret);
    int st = deviation_of_lines(line, n, ret);
    return st == ST_FULL ? deviation_cut(line, n, ret) : st;
}

int achieve_physical(const struct achieve_physical *line, size_t n, struct ratio *ret)
{
    i128 sum = 0, budget = 0, v;
    for (size_t i = 0; i < n; i++)
        if (__builtin_mul_overflow(line[i].budget, (i128)line[i].percent, &v) || __builtin_add_overflow(sum, v, &sum) ||
            __builtin_add_overflow(budget, line[i].budget, &budget))
            return ST_FULL;
    struct ratio percent;
    if (budget == 0) return ST_NOT_FOUND;
    if (!achieve_ratio(sum, budget, &percent)) return ST_FULL;
    return achieve_ratio_multiply(percent, (struct ratio){1, 100000000}, ret) ? ST_OK : ST_FULL;
}
