/* achieve_edge_test.c - ratios at the edges of 128 bits, and what formulas, sums and means give there: the value, or that none
 * fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/achieve.h"
#include "proto/decimal.h"
#include "proto/status.h"

static const char *percent(struct ratio r, unsigned decimals)
{
    static char text[32];
    assert_true(decimal_percent_text(r.num, r.den, decimals, text) > 0);
    return text;
}

static void ratios(void **state)
{
    (void)state;
    const i128 big = ((i128)1 << 126) - 1;
    struct ratio r, a = {big, 1}, b = {1, big};
    assert_false(achieve_ratio(1, 0, &r));
    assert_true(achieve_ratio(-6, -4, &r) && r.num == 3 && r.den == 2);
    assert_false(achieve_ratio_add(a, (struct ratio){big, 2}, &r));
    assert_false(achieve_ratio_multiply(a, a, &r));
    assert_true(achieve_ratio_multiply(a, b, &r) && r.num == 1 && r.den == 1);
    assert_true(achieve_ratio_compare((struct ratio){big, big - 1}, (struct ratio){big - 1, big - 2}) < 0);
    assert_true(achieve_ratio_compare((struct ratio){-big, big - 1}, (struct ratio){-(big - 1), big - 2}) > 0);
    assert_int_equal(achieve_ratio_compare((struct ratio){2, 4}, (struct ratio){1, 2}), 0);
    assert_true(achieve_ratio_compare((struct ratio){-1, 3}, (struct ratio){-1, 2}) > 0);
    assert_true(achieve_ratio_compare((struct ratio){-1, 3}, (struct ratio){0, 1}) < 0);
    for (i128 x = -9; x < 10; x++)
        for (i128 y = -9; y < 10; y++)
            for (i128 d = 1; d < 8; d++)
                for (i128 e = 1; e < 8; e++) {
                    int c = achieve_ratio_compare((struct ratio){x, d}, (struct ratio){y, e});
                    assert_int_equal((c > 0) - (c < 0), (x * e > y * d) - (x * e < y * d));
                }
}

#define BIG (((i128)1 << 126) - 1)
#define LEAST (-(i128)(~(unsigned __int128)0 >> 1) - 1)

/* What does not fit 128 bits is no ratio, wherever on the way it stops fitting. */
static void ratios_that_do_not_fit(void **state)
{
    (void)state;
    static const struct {
        struct ratio a, b;
        bool add, multiply;
    } cases[] = {
        { { LEAST, 1 }, { 1, 1 }, true, false },        { { 1, 1 }, { LEAST, 1 }, true, false },
        { { BIG, 1 }, { BIG, 2 }, false, false },       { { 1, BIG }, { 1, BIG - 1 }, false, false },
        { { BIG, 3 }, { BIG, 3 }, true, false },        { { 2, 3 }, { 3, 2 }, true, true },
        { { 1, BIG }, { BIG, 1 }, false, true },        { { BIG, 1 }, { 1, 3 }, false, true },
        { { 1, 3 }, { BIG, 1 }, false, true },          { { -BIG - 1, 1 }, { -BIG - 1, 1 }, false, false },
        { { -BIG - 2, 1 }, { -BIG, 1 }, false, false }, { { BIG + 1, 1 }, { BIG + 1, 1 }, false, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ratio r;
        if (achieve_ratio_add(cases[i].a, cases[i].b, &r) != cases[i].add) fail_msg("sum %zu", i);
        if (achieve_ratio_multiply(cases[i].a, cases[i].b, &r) != cases[i].multiply) fail_msg("product %zu", i);
    }
    struct ratio r;
    assert_false(achieve_ratio(LEAST, 1, &r));
    assert_false(achieve_ratio(1, LEAST, &r));
}

/* Numbers far beyond any that can be stated: each formula says that the result does not fit, and gives none.
 * The first seven and the last two cannot fit by their size; of the others only that is asked. */
static void results_that_do_not_fit(void **state)
{
    (void)state;
    static const struct ratio huge = {BIG, 1}, tiny = {1, BIG}, half = {BIG, 2};
    static const struct {
        enum achieve_formula formula;
        struct ratio target, reached, baseline;
    } cases[] = {
        { ACHIEVE_MAX, tiny, half, { 0, 1 } },
        { ACHIEVE_MIN, tiny, half, { 0, 1 } },
        { ACHIEVE_MIN_RATIO, half, tiny, { 0, 1 } },
        { ACHIEVE_STABLE, { 1, 3 }, { -BIG, 1 }, { 0, 1 } },
        { ACHIEVE_DELTA, { 1, 1 }, huge, { -1, 3 } },
        { ACHIEVE_DELTA, { 1, BIG }, half, { 0, 1 } },
        { ACHIEVE_STABLE, tiny, { 5, 1 }, { 0, 1 } },
        { ACHIEVE_MIN, { 1, 2 }, { BIG, 3 }, { 0, 1 } },
        { ACHIEVE_MIN, { 2, 1 }, { BIG, BIG - 1 }, { 0, 1 } },
        { ACHIEVE_MIN, { BIG, 1 }, { 1, 3 }, { 0, 1 } },
        { ACHIEVE_STABLE, { BIG, 3 }, { 1, 3 }, { 0, 1 } },
        { ACHIEVE_STABLE, huge, half, { 0, 1 } },
        { ACHIEVE_DELTA, huge, { 1, 1 }, half },
        { ACHIEVE_DELTA, huge, { 1, 1 }, { -BIG - 2, 1 } },
        { ACHIEVE_MIN_RATIO, { 1, 1 }, { LEAST, 1 }, { 0, 1 } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct achieve_input in = {.formula = cases[i].formula,
                                   .target = {.kind = ACHIEVE_NUMBER, .number = cases[i].target},
                                   .reached = {.kind = ACHIEVE_NUMBER, .number = cases[i].reached},
                                   .baseline = {.kind = ACHIEVE_NUMBER, .number = cases[i].baseline}};
        struct achieve_result r;
        achieve_compute(&in, &r);
        assert_true(r.state == ACHIEVE_OK || r.state == ACHIEVE_OVERFLOW);
        if (i < 7 || i > 12) assert_int_equal(r.state, ACHIEVE_OVERFLOW);
        if (r.state != ACHIEVE_OK) assert_true(r.raw.num == 0 && r.share.num == 0);
    }
}

/* A bound that ends in a mark is none; words have no unit, so units do not part them. */
static void words_and_bounds(void **state)
{
    (void)state;
    int64_t lo, hi;
    struct achieve_input in = {.formula = ACHIEVE_TEXT,
                               .units_differ = true,
                               .target = {.kind = ACHIEVE_WORDS, .words = slice_of("WTP", 3)},
                               .reached = {.kind = ACHIEVE_WORDS, .words = slice_of("wtp", 3)}};
    struct achieve_result r;
    assert_int_equal(achieve_range_parse(slice_of("10, - 20", 8), &lo, &hi), ST_INVALID);
    assert_int_equal(achieve_range_parse(slice_of("10 - 20", 7), &lo, &hi), ST_OK);
    achieve_compute(&in, &r);
    assert_int_equal(r.state, ACHIEVE_OK);
    assert_true(r.share.num == 1 && r.share.den == 1);
}

/* A share that is rounded before it is rated: to its places, or not at all where it does not fit. */
static void rounded_early(void **state)
{
    (void)state;
    struct achieve_input in = {.formula = ACHIEVE_MAX,
                               .rounding = {.set = true, .early = true, .places = 2, .how = DECIMAL_HALF},
                               .target = {.kind = ACHIEVE_NUMBER, .number = {3, 1}},
                               .reached = {.kind = ACHIEVE_NUMBER, .number = {1, 1}}};
    struct achieve_result r;
    int64_t packed;
    achieve_compute(&in, &r);
    assert_int_equal(r.state, ACHIEVE_OK);
    assert_true(r.share.num == 3333 && r.share.den == 10000 && r.raw.den == 3);
    in.reached.number.num = BIG;
    achieve_compute(&in, &r);
    assert_int_equal(r.state, ACHIEVE_OVERFLOW);
    assert_int_equal(achieve_rounding_parse(slice_of("genap/-", 7), &packed), ST_INVALID);
    assert_int_equal(achieve_rounding_parse(slice_of("genap/2", 7), &packed), ST_OK);
}

/* Sums over offices, means and deviations of such numbers: ST_FULL, or the value that was cut. */
static void sums_that_do_not_fit(void **state)
{
    (void)state;
    const struct ratio huge = {BIG, 1}, odd = {1, BIG}, odd_too = {1, BIG - 1}, one = {1, 1};
    const struct {
        enum achieve_over_units over;
        struct achieve_part part[2];
    } cases[] = {{ACHIEVE_RATA_TERTIMBANG, {{huge, huge}, {one, one}}},
                 {ACHIEVE_SUM, {{odd, one}, {odd_too, one}}},
                 {ACHIEVE_RASIO, {{one, odd}, {one, odd_too}}},
                 {ACHIEVE_RASIO, {{huge, {1, 3}}, {{0, 1}, {1, 3}}}},
                 {ACHIEVE_RASIO, {{huge, {1, BIG}}, {{0, 1}, {0, 1}}}},
                 {ACHIEVE_RASIO, {{huge, {1, 3}}, {{1, 1}, {1, 4}}}}};
    struct ratio r;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(achieve_across(cases[i].over, cases[i].part, 2, &r), ST_FULL);
    const struct achieve_cash cash[][2] = { { { BIG, 1, 1 }, { BIG, 1, 1 } },
                                            { { BIG, 1, 1 }, { BIG + 2, 1, 1 } },
                                            { { 1, BIG, 1 }, { 1, BIG + 2, 1 } },
                                            { { 1, 1, BIG }, { 1, 1, BIG + 2 } },
                                            { { 1, -BIG - 3, BIG }, { 1, 0, BIG } } };
    for (size_t i = 1; i < sizeof cash / sizeof *cash; i++) {
        assert_int_equal(achieve_deviation(ACHIEVE_DEVIATION_REL, cash[i], 2, &r), ST_FULL);
    }
    const struct achieve_cash least = {1, BIG + 1, -BIG - 1};    /* their difference is the least number, which has no opposite */
    assert_int_equal(achieve_deviation(ACHIEVE_DEVIATION_PP, &least, 1, &r), ST_FULL);
    const struct achieve_physical wide[][2] = {
        { { -BIG - 1, 2 }, { 0, 0 } }, { { BIG - 1, 0 }, { 1, 1 } },
        { { BIG, 5 }, { 1, 1 } }, { { BIG, 2 }, { BIG, 2 } }, { { BIG, 1 }, { BIG + 2, 1 } }, { { BIG + 2, 0 }, { BIG, 0 } }
    };
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) assert_int_equal(achieve_physical(wide[i], 2, &r), ST_FULL);
    const struct achieve_cash far = {BIG, 1, BIG};
    assert_int_equal(achieve_deviation(ACHIEVE_DEVIATION_IKPA, &far, 1, &r), ST_FULL);
}

/* Lines of a cash plan whose exact parts do not fit are cut; a line without a plan deviates from none, budgets may add up to 0. */
static void parts_that_are_cut(void **state)
{
    (void)state;
    const struct achieve_cash far[] = { { 3, BIG, BIG + 1 }, { 4, 1, 1 }, { 9, 0, 5 } },
                              none[] = { { 1, BIG, BIG + 1 }, { -1, BIG - 1, BIG }, { 9, 0, 5 } },
                              most[] = { { 5, BIG, 1 }, { 5, 2, 3 } };
    struct ratio r;
    assert_int_equal(achieve_deviation(ACHIEVE_DEVIATION_IKPA, far, 3, &r), ST_OK);
    assert_int_equal(r.num, 0);
    assert_int_equal(achieve_deviation(ACHIEVE_DEVIATION_IKPA, none, 3, &r), ST_NOT_FOUND);
    assert_int_equal(achieve_deviation(ACHIEVE_DEVIATION_IKPA, most, 2, &r), ST_FULL);
}

/* What is missing or said in words counts as such; sums that fit no more are answered from what was cut, or not at all. */
static void means_that_are_cut(void **state)
{
    (void)state;
    const struct achieve_result words = {.state = ACHIEVE_REACHED_TEXT}, zero = {.state = ACHIEVE_TARGET_ZERO},
                                fine = {.share = {1, BIG}}, none = {.share = {0, 1}};
    const struct achieve_result small = {.share = {1, (i128)1 << 104}}, smaller = {.share = {1, ((i128)1 << 104) - 1}};
    struct achieve_mean cut = {.cap = ACHIEVE_UNCAPPED}, weights = cut, shares = cut;
    struct ratio r;
    achieve_mean_add(&cut, &fine, 0);
    achieve_mean_add(&cut, &words, 0);
    achieve_mean_add(&cut, &words, 0);
    achieve_mean_add(&cut, &zero, 0);
    assert_int_equal(cut.missing, 2);
    assert_false(cut.inexact);
    assert_int_equal(achieve_mean_get(&cut, true, &r), ST_OK);  /* a third of it has no room for its denominator */
    assert_int_equal(r.num, 0);
    assert_int_equal(achieve_mean_weighted(&cut, &r), ST_NOT_FOUND);
    achieve_mean_add(&weights, &small, 1000000);
    achieve_mean_add(&weights, &none, INT64_MAX);
    assert_false(weights.weights_inexact);
    assert_int_equal(achieve_mean_weighted(&weights, &r), ST_FULL);
    achieve_mean_add(&shares, &small, 1000000);
    achieve_mean_add(&shares, &smaller, 1000000);
    assert_true(shares.weights_inexact);
    assert_int_equal(achieve_mean_weighted(&shares, &r), ST_FULL);
}

/* A mean with a cap: the most it can still be, also when sums were cut. */
static void the_most_a_mean_can_be(void **state)
{
    (void)state;
    struct achieve_mean m = { .cap = 120 }, none = { .cap = 120 }, open = { .cap = ACHIEVE_UNCAPPED },
                        weights = { .cap = ACHIEVE_UNCAPPED };
    const struct achieve_result missing = {.state = ACHIEVE_REACHED_MISSING}, good = {.share = {1, 2}},
                                far = {.share = {BIG, 1}}, below = {.share = {-BIG, 1}}, fine = {.share = {1, BIG}};
    struct ratio r;
    assert_int_equal(achieve_mean_most(&none, &r), ST_NOT_FOUND);
    achieve_mean_add(&m, &missing, 1000000);
    achieve_mean_add(&m, &good, 1000000);
    assert_int_equal(achieve_mean_most(&m, &r), ST_OK);
    assert_string_equal(percent(r, 2), "85.00");
    assert_int_equal(achieve_mean_most(&open, &r), ST_NOT_FOUND);
    achieve_mean_add(&open, &far, 0);
    achieve_mean_add(&open, &fine, 0);
    assert_true(open.inexact);
    assert_int_equal(achieve_mean_get(&open, false, &r), ST_OK); /* a share is held at a billion */
    assert_true(achieve_ratio_compare(r, (struct ratio){500000000, 1}) == 0);
    achieve_mean_add(&open, &below, 0);
    assert_int_equal(achieve_mean_get(&open, false, &r), ST_OK);
    assert_true(achieve_ratio_compare(r, (struct ratio){1, 1}) < 0);
    achieve_mean_add(&weights, &far, 3000000);
    achieve_mean_add(&weights, &fine, 7000001);
    assert_true(weights.weights_inexact);
    assert_int_equal(achieve_mean_weighted(&weights, &r), ST_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ratios),
        cmocka_unit_test(ratios_that_do_not_fit),
        cmocka_unit_test(results_that_do_not_fit),
        cmocka_unit_test(words_and_bounds),
        cmocka_unit_test(rounded_early),
        cmocka_unit_test(sums_that_do_not_fit),
        cmocka_unit_test(parts_that_are_cut),
        cmocka_unit_test(means_that_are_cut),
        cmocka_unit_test(the_most_a_mean_can_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
