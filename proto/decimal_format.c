/* decimal_format.c - integers into number text, and exact percentages. Kind: P.
 *
 * Sums are 128 bit; magnitudes are handled unsigned, so that the smallest value needs no special case. A percentage is
 * 100 * num / den developed digit by digit in integers: one division for the whole part, then one digit at a time, so
 * that no intermediate product can overflow and the result is rounded exactly once (domain.md 2: half away from zero). */
#include "decimal.h"

#include <string.h>

typedef unsigned __int128 u128;

static u128 magnitude(i128 v)
{
    return v < 0 ? -(u128)v : (u128)v;
}

/* Decimal digits of v, least significant first, at least `least` of them. */
static size_t digits_of(u128 v, size_t least, char ret[40])
{
    size_t n = 0;
    while (v > 0 || n < least) {
        ret[n++] = (char)('0' + (int)(v % 10));
        v /= 10;
    }
    return n;
}

/* sign, whole part (grouped by `group` unless 0), `mark`, `fraction` digits. digits: least significant first. */
static int assemble(char *ret, bool negative, const char *digits, size_t n, size_t fraction, char group, char mark)
{
    char *o = ret;
    if (negative)
        *o++ = '-';
    for (size_t i = n; i-- > fraction;) {
        *o++ = digits[i];
        if (group && i > fraction && (i - fraction) % 3 == 0)
            *o++ = group;
    }
    if (fraction > 0)
        *o++ = mark;
    for (size_t i = fraction; i-- > 0;)
        *o++ = digits[i];
    *o = '\0';
    return (int)(o - ret);
}

int decimal_format_sen(i128 sen, char ret[48])
{
    char d[40];
    size_t n = digits_of(magnitude(sen), 3, d);
    return assemble(ret, sen < 0, d, n, 2, 0, '.');
}

int decimal_format_sen_id(i128 sen, char ret[64])
{
    char d[40];
    size_t n = digits_of(magnitude(sen), 3, d);
    return assemble(ret, sen < 0, d, n, 2, '.', ',');
}

int decimal_format_micro(int64_t micro, unsigned min_decimals, char ret[32])
{
    char d[40];
    size_t n = digits_of(magnitude(micro), 7, d), cut = 0;
    ASSERT(min_decimals <= 6);
    while (cut < 6 - min_decimals && d[cut] == '0')
        cut++;
    return assemble(ret, micro < 0, d + cut, n - cut, 6 - cut, 0, '.');
}

/* The next decimal digit of r/den, and the remainder after it. r < den. Adding ten times cannot overflow where r * 10 could. */
static unsigned next_digit(u128 *r, u128 den)
{
    if (den >> 124 == 0) {
        u128 t = *r * 10;
        *r = t % den;
        return (unsigned)(t / den);
    }
    u128 sum = 0;
    unsigned digit = 0;
    for (int i = 0; i < 10; i++) {
        if (sum >= den - *r) {
            sum -= den - *r;
            digit++;
        } else {
            sum += *r;
        }
    }
    *r = sum;
    return digit;
}

bool decimal_ratio_round(i128 num, i128 den, unsigned decimals, enum decimal_round how, int64_t *ret)
{
    ASSERT(den != 0 && decimals <= 6);
    bool negative = (num < 0) != (den < 0);
    u128 n = magnitude(num), d = magnitude(den), q = n / d, r = n % d;
    for (unsigned i = 0; i < decimals + 2; i++) {
        if (q > INT64_MAX)
            return false;
        q = q * 10 + next_digit(&r, d);
    }
    bool half = r == d - r, more = r > d - r;
    if (how != DECIMAL_CUT && (more || (half && (how == DECIMAL_HALF || q % 2 == 1))))
        q++;
    if (q > INT64_MAX)
        return false;
    *ret = negative ? -(int64_t)q : (int64_t)q;
    return true;
}

bool decimal_ratio_percent(i128 num, i128 den, unsigned decimals, bool truncate, int64_t *ret)
{
    return decimal_ratio_round(num, den, decimals, truncate ? DECIMAL_CUT : DECIMAL_HALF, ret);
}

int decimal_round_text(i128 num, i128 den, unsigned decimals, enum decimal_round how, char ret[32])
{
    int64_t v;
    char d[40];
    if (den == 0 || !decimal_ratio_round(num, den, decimals, how, &v))
        return 0;
    size_t n = digits_of(magnitude(v), decimals + 1, d);
    return assemble(ret, v < 0, d, n, decimals, 0, '.');
}

int decimal_percent_text(i128 num, i128 den, unsigned decimals, char ret[32])
{
    return decimal_round_text(num, den, decimals, DECIMAL_HALF, ret);
}

bool decimal_percent_right(int64_t printed_micro, unsigned decimals, i128 num, i128 den)
{
    int64_t v, unit = 1;
    if (den == 0 || decimals > 6)
        return false;
    for (unsigned i = decimals; i < 6; i++)
        unit *= 10;
    if (printed_micro % unit != 0)
        return false;
    for (int truncate = 0; truncate < 2; truncate++)
        if (decimal_ratio_percent(num, den, decimals, truncate, &v) && v == printed_micro / unit)
            return true;
    return false;
}
