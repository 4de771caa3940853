/* bridge_test.c - where old codes go: pairs, ancestors, weights, and what of the rupiah is known. */
#include "aggregator/bridge_list.h"

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

static void test_corrections(void **state)
{
    (void)state;
    struct bridges b = pairs(), list;
    bridge_keep(&b, OLD("1.06.02.007"), txt("permendagri-90-2019 1.06.02.2.03.01"));
    assert_int_equal(b.count, 4);
    bridge_keep(&b, OLD("1.06.01.002"), txt("kepmen-050-5889-2021 1.06.01.2.03.99"));   /* another list: says nothing of this one */
    assert_int_equal(b.count, 4);
    bridge_init(&list);
    assert_int_equal(bridge_add(&list, OLD("1.06.01.002"), txt("permendagri-90-2019 1.06.01.2.03.09"), BRIDGE_WHOLE), ST_OK);
    assert_int_equal(bridge_add(&list, OLD("1.06.01.003"), txt("permendagri-90-2019 1.06.01.2.03.09"), BRIDGE_WHOLE), ST_OK);
    assert_int_equal(bridge_under(&b, &list), ST_OK);
    assert_int_equal(b.count, 5);       /* of a code that is stated the list says nothing */
    assert_int_equal(bridge_under(&b, NULL), ST_OK);
    bridge_done(&list);
    bridge_done(&b);
}

static void test_list(void **state)
{
    (void)state;
    struct bridges b;
    char err[256];
    assert_int_equal(bridge_list_parse(txt("kode_baru,kode_lama,catatan\n1.06.01.2.03.02,1.06.01.002,x\n,1.06.01.003,\n"), &b, err,
                                       sizeof err), ST_OK);
    assert_int_equal(b.count, 1);
    assert_int_equal(b.pair[0].weight, BRIDGE_WHOLE);
    bridge_done(&b);
    /* the pairs of a source need not stand together */
    assert_int_equal(
        bridge_list_parse(txt("kode_lama,kode_baru,bobot\n1.06.02.007,1.06.01.2.03.22,\"0,4\"\n1.06.01.002,1.06.01.2.03.02,\n"
                              "1.06.02.007,1.06.02.2.03.01,\"0,6\"\n"),
                          &b, err, sizeof err),
        ST_OK);
    assert_int_equal(b.count, 3);
    bridge_done(&b);
    static const struct { const char *csv, *fault; } FAULTS[] = {
        {"a,b\n", "padanan.csv:1: heading"},
        {"kode_lama,kode_baru,bobot\n1.06.01.002,1.06.01.2.03.02,\"0,5\"\n", "padanan.csv:1: weights out of 1.06.01.002"},
        {"kode_lama,kode_baru\n1.06.01.002,x\n", "padanan.csv:2: not an activity code"},
        {"kode_lama,kode_baru,bobot\n1.06.01.002,1.06.01.2.03.02,2\n", "padanan.csv:2: bobot"},
        {"kode_lama,kode_baru,nomenklatur_lama\n1.06.01.002,1.06.01.2.03.02,lama\n", "padanan.csv:2: unknown nomenklatur"},
    };
    for (size_t i = 0; i < sizeof FAULTS / sizeof *FAULTS; i++) {
        assert_int_equal(bridge_list_parse(txt(FAULTS[i].csv), &b, err, sizeof err), ST_INVALID);
        if (strncmp(err, FAULTS[i].fault, strlen(FAULTS[i].fault)) != 0) fail_msg("%s: %s", FAULTS[i].csv, err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_take), cmocka_unit_test(test_round),
                                       cmocka_unit_test(test_corrections), cmocka_unit_test(test_list)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
