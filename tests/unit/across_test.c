/* across_test.c - an indicator of several offices as one: every operator, who is left out and why, and what can still come. The
 * numbers are added up by hand. */
#include "aggregator/across.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/decimal.h"
#include "proto/status.h"

/* Values at two decimals, in hundredths; NONE: not stated. */
enum { NONE = -999999, OFFICES = 4 };
struct office_case {
    int reached, target, numerator, weight;
    bool behind;
    enum across_why why;
};
struct group_case {
    const char *name;
    enum achieve_over_units over;
    bool percent;
    struct office_case office[OFFICES]; /* weight 0 and reached 0 at the end: no more offices */
    unsigned n;
    const char *reached, *target, *low, *high; /* two decimals; "": none */
    unsigned counted;
    const char *why, *out; /* of the group; of the offices, joined by blanks */
};

#define R(r, t)                                                                                                                    \
    {                                                                                                                              \
        r, t, NONE, NONE, false, ACROSS_COUNTED                                                                                    \
    }
#define P(num, den, t)                                                                                                             \
    {                                                                                                                              \
        NONE, t, num, den, false, ACROSS_COUNTED                                                                                   \
    }
#define W(r, t, w)                                                                                                                 \
    {                                                                                                                              \
        r, t, NONE, w, false, ACROSS_COUNTED                                                                                       \
    }
static const struct group_case CASES[] = {
    /* domain.md 5: 45/50 and 10/100 give 36.67 %, not 50 % */
    { "ratio of sums",
      ACHIEVE_RASIO,
      true,
      { P(4500, 5000, 9000), P(1000, 10000, 4000) },
      2,
      "36.67",
      "56.67",
      "36.67",
      "36.67",
      2,
      "",
      "- -" },
    { "ratio that is no percentage",
      ACHIEVE_RASIO,
      false,
      { P(4500, 5000, NONE), P(1000, 10000, NONE) },
      2,
      "0.37",
      "",
      "0.37",
      "0.37",
      2,
      "",
      "- -" },
    /* the IKU of Metro, with its 5.003 left out, and one more office */
    { "one city's parts", ACHIEVE_RASIO, true, { P(1229500, 1392000, 8840) }, 1, "88.33", "88.40", "88.33", "88.33", 1, "", "-" },
    { "two cities' parts",
      ACHIEVE_RASIO,
      true,
      { P(1229500, 1392000, 8840), P(10000, 608000, 5000) },
      2,
      "61.98",
      "76.73",
      "61.98",
      "61.98",
      2,
      "",
      "- -" },
    { "a percentage without its parts is left out",
      ACHIEVE_RASIO,
      true,
      { P(4500, 5000, 9000), R(5000, 5000) },
      2,
      "90.00",
      "90.00",
      "90.00",
      "90.00",
      1,
      "",
      "- tanpa-komponen" },
    { "who is missing has a known base",
      ACHIEVE_RASIO,
      true,
      { P(4500, 5000, 9000), { NONE, 4000, NONE, 10000, false, ACROSS_COUNTED } },
      2,
      "90.00",
      "90.00",
      "30.00",
      "96.67",
      1,
      "",
      "- belum-lapor" },
    { "who is missing has none",
      ACHIEVE_RASIO,
      true,
      { P(4500, 5000, 9000), { NONE, 4000, NONE, NONE, false, ACROSS_COUNTED } },
      2,
      "90.00",
      "90.00",
      "0.00",
      "100.00",
      1,
      "",
      "- belum-lapor" },
    { "a base of nothing",
      ACHIEVE_RASIO,
      true,
      { P(0, 0, 9000), P(100, 200, 5000) },
      2,
      "50.00",
      "50.00",
      "50.00",
      "50.00",
      1,
      "",
      "tanpa-komponen -" },
    { "behind: its numerator may move between nothing and all",
      ACHIEVE_RASIO,
      true,
      { P(5000, 10000, NONE), { NONE, NONE, 2000, 10000, true, ACROSS_COUNTED } },
      2,
      "35.00",
      "",
      "25.00",
      "75.00",
      2,
      "",
      "- -" },
    /* SUM */
    { "sum", ACHIEVE_SUM, false, { R(3000, 4000), R(8109, 6000) }, 2, "111.09", "100.00", "111.09", "111.09", 2, "", "- -" },
    { "nil is a number", ACHIEVE_SUM, false, { R(0, 4000), R(8109, 6000) }, 2, "81.09", "100.00", "81.09", "81.09", 2, "", "- -" },
    { "a sum with one missing has a lower end only",
      ACHIEVE_SUM,
      false,
      { R(3000, 4000), R(NONE, 6000) },
      2,
      "30.00",
      "40.00",
      "30.00",
      "",
      1,
      "",
      "- belum-lapor" },
    { "a negative one: no ends",
      ACHIEVE_SUM,
      false,
      { R(-300, NONE), R(NONE, NONE) },
      2,
      "-3.00",
      "",
      "",
      "",
      1,
      "",
      "- belum-lapor" },
    { "percentages are never added up",
      ACHIEVE_SUM,
      true,
      { R(8832, 8840), R(5000, 6000) },
      2,
      "",
      "",
      "",
      "",
      2,
      "persen-tidak-dijumlahkan",
      "- -" },
    { "another unit",
      ACHIEVE_SUM,
      false,
      { R(3000, 4000), { 500, 600, NONE, NONE, false, ACROSS_UNIT } },
      2,
      "30.00",
      "40.00",
      "30.00",
      "30.00",
      1,
      "",
      "- satuan" },
    { "a target of one is none of both",
      ACHIEVE_SUM,
      false,
      { R(3000, 4000), R(500, NONE) },
      2,
      "35.00",
      "",
      "35.00",
      "35.00",
      2,
      "",
      "- -" },
    { "nobody has reported",
      ACHIEVE_SUM,
      false,
      { R(NONE, 4000), R(NONE, 500) },
      2,
      "",
      "",
      "",
      "",
      0,
      "belum-lapor",
      "belum-lapor belum-lapor" },
    /* RATA_TERTIMBANG: (60 * 2 + 90 * 1) / 3 */
    { "weighted mean",
      ACHIEVE_RATA_TERTIMBANG,
      true,
      { W(6000, 8000, 200), W(9000, 5000, 100) },
      2,
      "70.00",
      "70.00",
      "70.00",
      "70.00",
      2,
      "",
      "- -" },
    { "without a weight",
      ACHIEVE_RATA_TERTIMBANG,
      true,
      { W(6000, 8000, 200), R(9000, 5000) },
      2,
      "60.00",
      "80.00",
      "60.00",
      "60.00",
      1,
      "",
      "- tanpa-bobot" },
    { "missing, of known weight",
      ACHIEVE_RATA_TERTIMBANG,
      true,
      { W(6000, 8000, 300), W(NONE, 5000, 100) },
      2,
      "60.00",
      "80.00",
      "45.00",
      "70.00",
      1,
      "",
      "- belum-lapor" },
    { "above a hundred already",
      ACHIEVE_RATA_TERTIMBANG,
      true,
      { W(12000, NONE, 300), { NONE, NONE, NONE, NONE, false, ACROSS_COUNTED } },
      2,
      "120.00",
      "",
      "0.00",
      "120.00",
      1,
      "",
      "- belum-lapor" },
    /* MAX, MIN, NONE */
    { "greatest",
      ACHIEVE_UNITS_MAX,
      true,
      { R(6000, 8000), R(9000, 5000), R(NONE, 100) },
      3,
      "90.00",
      "80.00",
      "90.00",
      "100.00",
      2,
      "",
      "- - belum-lapor" },
    { "least",
      ACHIEVE_UNITS_MIN,
      true,
      { R(6000, 8000), R(9000, 5000), R(NONE, 100) },
      3,
      "60.00",
      "50.00",
      "0.00",
      "60.00",
      2,
      "",
      "- - belum-lapor" },
    { "least of quantities",
      ACHIEVE_UNITS_MIN,
      false,
      { R(6000, 8000), R(NONE, 100) },
      2,
      "60.00",
      "80.00",
      "0.00",
      "60.00",
      1,
      "",
      "- belum-lapor" },
    { "greatest of quantities",
      ACHIEVE_UNITS_MAX,
      false,
      { R(6000, 8000), R(NONE, 100) },
      2,
      "60.00",
      "80.00",
      "60.00",
      "",
      1,
      "",
      "- belum-lapor" },
    { "its owner's own report", ACHIEVE_UNITS_NONE, true, { R(6000, 8000) }, 1, "60.00", "80.00", "60.00", "60.00", 1, "", "-" },
    { "several owners", ACHIEVE_UNITS_NONE, true, { R(6000, 8000), R(6100, 8000) }, 2, "", "", "", "", 2, "bukan-jumlahan", "- -" },
    { "no office", ACHIEVE_SUM, false, { R(0, 0) }, 0, "", "", "", "", 0, "belum-lapor", "" },
};

static bool hundredths(int v, struct ratio *ret) { return v != NONE && achieve_ratio(v, 100, ret); }

static void fill(const struct office_case *c, struct across_part *p)
{
    *p = (struct across_part){ .why = c->why, .behind = c->behind };
    p->has_reached = hundredths(c->reached, &p->reached);
    p->has_target = hundredths(c->target, &p->target);
    p->has_numerator = hundredths(c->numerator, &p->numerator);
    p->has_weight = hundredths(c->weight, &p->weight);
}

static const char *text(bool has, struct ratio r)
{
    static char t[4][32];
    static unsigned at;
    at = (at + 1) % 4;
    t[at][0] = '\0';
    if (has) assert_true(decimal_percent_text(r.num, r.den * 100, 2, t[at]) > 0);
    return t[at];
}

static void check(const struct group_case *c, bool backwards)
{
    struct across_part part[OFFICES];
    struct across_result r;
    char out[128] = "";
    for (unsigned i = 0; i < c->n; i++) fill(&c->office[i], &part[backwards ? c->n - 1 - i : i]);
    across_join(c->over, c->percent, part, c->n, &r);
    const char *got[] = { text(r.why == ACROSS_COUNTED, r.reached), text(r.has_target, r.target), text(r.has_low, r.low),
                          text(r.has_high, r.high) };
    const char *want[] = { c->reached, c->target, c->low, c->high };
    for (unsigned i = 0; i < 4; i++)
        if (strcmp(got[i], want[i])) fail_msg("%s: %u: %s, not %s", c->name, i, got[i], want[i]);
    if (strcmp(across_why_name(r.why), c->why)) fail_msg("%s: why %s, not %s", c->name, across_why_name(r.why), c->why);
    if (r.counted != c->counted || r.of != c->n) fail_msg("%s: %u of %u", c->name, r.counted, r.of);
    for (unsigned i = 0; i < c->n && !backwards; i++) {
        const char *why = across_why_name(part[i].why);
        snprintf(out + strlen(out), sizeof out - strlen(out), "%s%s", i ? " " : "", *why ? why : "-");
    }
    if (!backwards && strcmp(out, c->out)) fail_msg("%s: out %s, not %s", c->name, out, c->out);
    if (r.why == ACROSS_COUNTED && r.has_low) assert_true(achieve_ratio_compare(r.low, r.reached) <= 0);
    if (r.why == ACROSS_COUNTED && r.has_high) assert_true(achieve_ratio_compare(r.reached, r.high) <= 0);
}

static void groups(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        check(&CASES[i], false);
        check(&CASES[i], true);
    }
}

/* A province is made of its offices, not of its cities: the ratio of all is not the mean of the cities' ratios. */
static void nested(void **state)
{
    (void)state;
    const struct office_case a = P(4500, 5000, NONE), b = P(1000, 10000, NONE), c = P(2000, 2000, NONE);
    struct across_part part[3];
    struct across_result city, all;
    fill(&a, &part[0]);
    fill(&b, &part[1]);
    across_join(ACHIEVE_RASIO, true, part, 2, &city);
    fill(&c, &part[2]);
    across_join(ACHIEVE_RASIO, true, part, 3, &all);
    assert_string_equal(text(true, all.reached), "44.12"); /* 75 of 170, not (36.67 + 100) / 2 */
    struct across_part nest[2] = { part[2] };
    nest[1] =
        (struct across_part){ .has_numerator = true, .has_weight = true, .numerator = city.numerator, .weight = city.denominator };
    across_join(ACHIEVE_RASIO, true, nest, 2, &city);
    assert_int_equal(achieve_ratio_compare(city.reached, all.reached), 0);
}

static void too_large(void **state)
{
    (void)state;
    struct across_part part[3];
    struct across_result r;
    for (unsigned i = 0; i < 3; i++)
        part[i] = (struct across_part){ .has_reached = true, .reached = { 1, ((i128)1 << 120) + 2 * (i128)i + 1 } };
    across_join(ACHIEVE_SUM, false, part, 3, &r);
    assert_string_equal(across_why_name(r.why), "di-luar-batas");
    assert_string_equal(across_why_name((enum across_why)99), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(groups), cmocka_unit_test(nested), cmocka_unit_test(too_large) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
