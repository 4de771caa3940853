/* change_test.c - how series move (aggregator/change.h), worked out by hand. */
#include "aggregator/change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/decimal.h"
#include "proto/status.h"

static struct ratio r(i128 num, i128 den)
{
    struct ratio x;
    assert_true(achieve_ratio(num, den, &x));
    return x;
}

static int64_t cagr(i128 first, i128 last, unsigned years)
{
    int64_t v;
    assert_int_equal(change_cagr(r(first, 1), r(last, 1), years, &v), ST_OK);
    return v;
}

static void growth_a_year(void **state)
{
    (void)state;
    assert_int_equal(cagr(100, 121, 2), 1000);          /* 1.1 * 1.1 */
    assert_int_equal(cagr(100, 81, 2), -1000);
    assert_int_equal(cagr(100, 100, 5), 0);
    assert_int_equal(cagr(1, 2, 1), 10000);
    assert_int_equal(cagr(100, 200, 2), 4142);          /* 41.42135.. % */
    assert_int_equal(cagr(100, 200, 3), 2599);          /* 25.99210.. % */
    assert_int_equal(cagr(200, 100, 3), -2063);         /* -20.62994.. %, nearest -20.63 */
    assert_int_equal(cagr(1000, 1100, 59), 16);         /* 0.16167.. % */
    assert_int_equal(cagr(20000, 20001, 1), 1);         /* half a hundredth: away from zero */
    assert_int_equal(cagr(20000, 19999, 1), -1);
    assert_int_equal(cagr((i128)1000000000000000000 * 1000, 1, 1), -10000);
    assert_int_equal(cagr(1, (i128)1000000000000000000 * 1000000, 59), 15514);   /* 10^(24/59) = 2.5514.. */
}

static void growth_of_shares_and_its_limits(void **state)
{
    int64_t v;
    (void)state;
    assert_int_equal(change_cagr(r(1, 3), r(3, 4), 2, &v), ST_OK);       /* sqrt(9/4) = 1.5 */
    assert_int_equal(v, 5000);
    assert_int_equal(change_cagr(r(0, 1), r(3, 4), 2, &v), ST_NOT_FOUND);
    assert_int_equal(change_cagr(r(5, 1), r(-3, 4), 2, &v), ST_NOT_FOUND);
    assert_int_equal(change_cagr(r(5, 1), r(5, 1), 0, &v), ST_NOT_FOUND);
    assert_int_equal(change_cagr(r(1, 1), r((i128)1 << 100, 1), 1, &v), ST_FULL);
    const i128 big = ((i128)1 << 126) + 1;
    assert_int_equal(change_cagr(r(big, big - 2), r(big, big - 2), 60, &v), ST_OK);
    assert_int_equal(v, 0);
}

static const struct ratio SLOPES[] = {{10, 1}, {0, 1}, {-5, 2}};

static void robust_slope(void **state)
{
    struct ratio s;
    (void)state;
    const struct change_point line[] = {{2019, {100, 1}}, {2020, {110, 1}}, {2021, {120, 1}}, {2022, {1000, 1}}};
    assert_int_equal(change_slope(line, 3, &s), ST_OK);
    assert_int_equal(achieve_ratio_compare(s, SLOPES[0]), 0);
    /* slopes 10 10 10 880 445 300: sorted 10 10 10 300 445 880, the middle of the two in the middle is 155 */
    assert_int_equal(change_slope(line, 4, &s), ST_OK);
    assert_int_equal(achieve_ratio_compare(s, r(155, 1)), 0);
    /* one outlier among five points of a line of +10 does not move it */
    const struct change_point five[] = {{2018, {90, 1}}, {2019, {100, 1}}, {2020, {9999, 1}}, {2021, {120, 1}}, {2022, {130, 1}}};
    assert_int_equal(change_slope(five, 5, &s), ST_OK);
    assert_int_equal(achieve_ratio_compare(s, SLOPES[0]), 0);
    const struct change_point gap[] = {{2018, {10, 1}}, {2022, {0, 1}}};
    assert_int_equal(change_slope(gap, 2, &s), ST_OK);
    assert_int_equal(achieve_ratio_compare(s, SLOPES[2]), 0);
    assert_int_equal(change_slope(gap, 1, &s), ST_NOT_FOUND);
    assert_int_equal(change_slope(gap, 0, &s), ST_NOT_FOUND);
}

/* Shares of sums of many rupiah have denominators whose product does not fit: they are cut at 1e-18 and not lost. */
static void shares_that_do_not_fit(void **state)
{
    const i128 d = (i128)10000000000000000 * 10000000000000000;
    struct ratio s, a = r(d / 2 + 1, d + 1), b = r(d / 4 * 3 + 1, d + 3);
    char t[32];
    (void)state;
    assert_true(change_difference(a, b, &s));
    assert_true(decimal_percent_text(s.num, s.den, 2, t) > 0);
    assert_string_equal(t, "25.00");
    const struct change_point p[] = {{2019, a}, {2020, b}, {2021, a}, {2022, b}};
    assert_int_equal(change_slope(p, 4, &s), ST_OK); /* 25 0 25/3 -25 0 25: 0 and 25/3 in the middle */
    assert_true(decimal_percent_text(s.num, s.den, 2, t) > 0);
    assert_string_equal(t, "4.17");
}

static void scaling(void **state)
{
    i128 v;
    (void)state;
    assert_true(change_scale(300, 1000, 640, &v) && v == 469);           /* 468.75 */
    assert_true(change_scale(5, 1, 2, &v) && v == 3);                    /* half away from zero */
    assert_true(change_scale(-5, 1, 2, &v) && v == -3);
    assert_true(change_scale(5, 1, -2, &v) && v == -3);
    assert_true(change_scale(4, 1, 3, &v) && v == 1);
    assert_true(change_scale(0, 7, 3, &v) && v == 0);
    assert_false(change_scale((i128)1 << 100, (i128)1 << 30, 3, &v));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(growth_a_year), cmocka_unit_test(growth_of_shares_and_its_limits),
                                       cmocka_unit_test(robust_slope), cmocka_unit_test(shares_that_do_not_fit),
                                       cmocka_unit_test(scaling)};
    return cmocka_run_group_tests_name("change", tests, NULL, NULL);
}
