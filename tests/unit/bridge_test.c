/* bridge_test.c - where old codes go: pairs, ancestors, weights, and what of the rupiah is known. */
#include "aggregator/bridge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "proto/status.h"

static struct slice txt(const char *s) { return slice_of(s, strlen(s)); }

static activity_code code_of(enum vintage v, const char *text)
{
    struct code_reading r;
    assert_int_equal(code_parse_activity(v, txt(text), &r), ST_OK);
    return r.code;
}
#define OLD(text) code_of(VINTAGE_PERMENDAGRI_13_2006, text)
#define NEW(text) code_of(VINTAGE_PERMENDAGRI_90_2019, text)

static struct bridges pairs(void)
{
    struct bridges b;
    bridge_init(&b);
    assert_int_equal(bridge_add(&b, OLD("1.06.01.002"), txt("permendagri-90-2019 1.06.01.2.03.02"), BRIDGE_WHOLE), ST_OK);
    assert_int_equal(bridge_add(&b, OLD("1.06.02.007"), txt("permendagri-90-2019 1.06.01.2.03.22"), 400000), ST_OK);
    assert_int_equal(bridge_add(&b, OLD("1.06.02.007"), txt("permendagri-90-2019 1.06.02.2.03.01"), 600000), ST_OK);
    assert_int_equal(bridge_add(&b, OLD("1.06.02.009"), txt("permendagri-90-2019 1.06.01.2.03.24"), 900000), ST_OK); /* not 1 */
    assert_int_equal(bridge_add(&b, OLD("1.06.15"), txt("permendagri-90-2019 1.06.04"), BRIDGE_WHOLE), ST_OK);
    assert_int_equal(bridge_add(&b, OLD("1.06.16"), txt("nowhere"), BRIDGE_WHOLE), ST_OK);
    assert_int_equal(b.count, 5);
    bridge_sort(&b);
    return b;
}

struct takes { const char *leaf, *node; int64_t inside, exact, estimated, unmapped; };

static void test_take(void **state)
{
    static const struct takes CASES[] = {
        {"1.06.01.002", "1.06.01.2.03.02", 100, 100, 0, 0}, {"1.06.01.002", "1.06.01", 100, 100, 0, 0},
        {"1.06.01.002", "1.06.02", 0, 100, 0, 0},           {"1.06.02.007", "1.06.01", 40, 0, 100, 0},
        {"1.06.02.007", "1.06.02.2.03.01", 60, 0, 100, 0},  {"1.06.02.009", "1.06.01", 0, 0, 0, 100},
        {"1.06.02.009", "1.06", 100, 100, 0, 0},            {"1.06.02.024", "1.06", 100, 100, 0, 0},
        {"1.06.02.024", "1.06.02", 0, 0, 0, 100},           {"1.06.15.001", "1.06.04", 100, 100, 0, 0},
        {"1.06.15.001", "1.06.04.2.01", 0, 0, 0, 100},      {"1.06.15.001", "1.06.05", 0, 100, 0, 0},
        {"1.06.02.007", "1", 100, 0, 100, 0},               {"1.06.02.007", "", 100, 0, 100, 0},
        {"1.06.01.002", "", 100, 100, 0, 0},                {"1.06.02.024", "", 100, 0, 0, 100},
    };
    struct bridges b = pairs();
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const struct takes *c = &CASES[i];
        struct bridged sum = {0};
        bridge_take(&b, OLD(c->leaf), 100, VINTAGE_PERMENDAGRI_90_2019, *c->node ? NEW(c->node) : 0, &sum);
        if (bridge_round(sum.inside) != c->inside || bridge_round(sum.exact) != c->exact ||
            bridge_round(sum.estimated) != c->estimated || bridge_round(sum.unmapped) != c->unmapped)
            fail_msg("%s in %s: %lld of %lld + %lld + %lld", c->leaf, c->node, (long long)bridge_round(sum.inside),
                     (long long)bridge_round(sum.exact), (long long)bridge_round(sum.estimated),
                     (long long)bridge_round(sum.unmapped));
        assert_true(sum.exact + sum.estimated + sum.unmapped == (i128)100 * BRIDGE_WHOLE);
    }
    bridge_done(&b);
}

static void test_round(void **state)
{
    (void)state;
    assert_true(bridge_round(1499999) == 1 && bridge_round(1500000) == 2 && bridge_round(-1500000) == -2);
    assert_true(bridge_round(-1499999) == -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_take), cmocka_unit_test(test_round)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
