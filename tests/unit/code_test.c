/* code_test.c - packed codes: every code of the real reports there and back, tree order, ranges, refusals, nearest readings.
 *
 * Run from the top of the tree: the rows of tests/data are inputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/bytes.h"
#include "proto/code.h"

#define V13 VINTAGE_PERMENDAGRI_13_2006
#define V90 VINTAGE_PERMENDAGRI_90_2019

static struct slice text_of(const char *s) { return slice_of(s, strlen(s)); }

static activity_code activity(enum vintage v, const char *s)
{
    struct code_reading r;

    if (code_parse_activity(v, text_of(s), &r) != ST_OK || r.padded) fail_msg("%s is not a code", s);
    return r.code;
}

static account_code account(const char *s)
{
    struct code_reading r;

    if (code_parse_account(text_of(s), &r) != ST_OK || r.padded) fail_msg("%s is not an account", s);
    return r.code;
}

/* Calls fn with column `at` of every line but the first; the columns before it are never quoted in these files. */
static unsigned each_cell(const char *path, unsigned at, void (*fn)(const char *first, const char *cell))
{
    FILE *f = fopen(path, "r");
    char line[4096], *cell;
    unsigned n = 0;

    if (!f) fail_msg("cannot open %s", path);
    while (f && fgets(line, sizeof line, f))
        if (n++ > 0) {
            char *rest = line;

            for (unsigned i = 0; i < at; i++) strsep(&rest, ",");    /* ends the first column too */
            cell = strsep(&rest, ",\r\n");
            fn(line, cell);
        }
    if (f) fclose(f);
    return n;
}

static void there_and_back(enum vintage v, const char *cell)
{
    char text[32];

    if (code_looks_account(text_of(cell)))
        code_format_account(account(cell), text);
    else
        code_format_activity(activity(v, cell), text);
    assert_string_equal(text, cell);
}

static void nomenklatur_row(const char *vintage, const char *cell)
{
    enum vintage v;

    assert_int_equal(code_vintage_parse(text_of(vintage), &v), ST_OK);
    there_and_back(v, cell);
}

static void anggaran_row(const char *year, const char *cell)
{
    there_and_back(code_vintage_of_year((int)strtol(year, NULL, 10)), cell);
}

static void test_every_code_of_the_reports(void **state)
{
    (void)state;
    assert_true(each_cell("tests/data/metro/nomenklatur.csv", 1, nomenklatur_row) > 90);
    assert_true(each_cell("tests/data/semarang/nomenklatur.csv", 1, nomenklatur_row) > 50);
    assert_true(each_cell("tests/data/metro/anggaran.csv", 3, anggaran_row) > 50);
    assert_true(each_cell("tests/data/semarang/anggaran.csv", 3, anggaran_row) > 30);
}

static unsigned refuse_codes(const char *path)
{
    FILE *f = fopen(path, "r");
    char line[1024];
    unsigned n = 0;

    if (!f) fail_msg("cannot open %s", path);
    while (f && fgets(line, sizeof line, f)) {
        char *end = strstr(line, ",kode,");
        struct code_reading r;

        if (!end) continue;
        struct slice cell = slice_of(line, (size_t)(end - line));
        assert_int_equal(code_parse_activity(V13, cell, &r), ST_INVALID);
        assert_int_equal(code_parse_activity(V90, cell, &r), ST_INVALID);
        assert_string_equal(r.nearest, "");
        n++;
    }
    if (f) fclose(f);
    return n;
}

static void test_printed_misprints_are_refused(void **state)
{
    (void)state;
    assert_int_equal(refuse_codes("tests/data/semarang/angka_mentah.csv") + refuse_codes("tests/data/metro/angka_mentah.csv"), 4);
}

static void test_readings(void **state)
{
    static const struct {
        enum vintage v;
        const char *text, *read; /* read NULL: refused */
        bool padded;
        const char *nearest;
    } rows[] = {
        {V90, "1.06.04.2.01.01", "1.06.04.2.01.01", false, ""},
        {V90, " 1.06.04.2.01.0001\t", "1.06.04.2.01.0001", false, ""},
        {V90, "1.06.04.2.01.001", NULL, false, ""},
        {V90, "1 6 02 2.02 01", "1.06.02.2.02.01", true, ""},
        {V90, "1|06|02|2.02|01", "1.06.02.2.02.01", true, ""},
        {V90, "1 | 06 | 02 | 2.02 | 01", "1.06.02.2.02.01", true, ""},
        {V90, "1 6 3 2.01", "1.06.03.2.01", true, ""},
        {V90, "1 6 3 2 1 7", "1.06.03.2.01.07", true, ""},
        {V90, "1 06", "1.06", true, ""},
        {V90, "5 1", "5.01", true, ""},
        {V13, "1 06 01", "1.06.01", true, ""},
        {V13, "1 6 1 1", "1.06.01.01", true, ""},
        {V13, "1 6 1 001", "1.06.01.001", true, ""},
        {V13, "1.06.01.01.01", NULL, false, ""},
        {V13, "1.06.01.2.01", NULL, false, ""},
        {V90, "1.06.01.01", NULL, false, ""},
        {V90, "1.06.01.2", NULL, false, ""},
        {V90, "1.6.02", NULL, false, "1.06.02"},
        {V90, "1,06,02", NULL, false, "1.06.02"},
        {V90, "1.06.02.", NULL, false, "1.06.02"},
        {V90, "01.06.02", NULL, false, "1.06.02"},
        {V90, "1. 06. 02", NULL, false, "1.06.02"},
        {V90, "1.06 02", NULL, false, "1.06.02"},
        {V90, "1.06.2.02.01", NULL, false, ""},
        {V13, "1.1.06.01", NULL, false, ""},
        {V90, "1..06", NULL, false, ""},
        {V90, "1||06", NULL, false, ""},
        {V90, "", NULL, false, ""},
        {V90, ".", NULL, false, ""},
        {V90, "1.06.x", NULL, false, ""},
        {V90, "-1", NULL, false, ""},
        {V90, "10.06", NULL, false, ""},
        {V90, "1.06.01.2.01.01.01", NULL, false, ""},
        {V90, "1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9", NULL, false, ""},
        {V90, "Total", "total", false, ""},
        {V90, "12345", NULL, false, ""},
        {V90, "1\t06", "1.06", true, ""},
        {V90, "1/06/02", NULL, false, "1.06.02"},
        {V90, "1-06-02", NULL, false, "1.06.02"},
        {V90, "1.,06", NULL, false, ""},
        {V90, "1.|06", NULL, false, ""},
        {V90, "01", NULL, false, "1"},
        {V90, "1.06.01.2.01.01.01.01.01", NULL, false, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct code_reading r = {.padded = !rows[i].padded};
        int status = code_parse_activity(rows[i].v, text_of(rows[i].text), &r);
        char text[32];

        if (status != (rows[i].read ? ST_OK : ST_INVALID)) fail_msg("\"%s\": %s", rows[i].text, status_str(status));
        assert_string_equal(r.nearest, rows[i].nearest);
        if (!rows[i].read) continue;
        code_format_activity(r.code, text);
        assert_string_equal(text, rows[i].read);
        assert_int_equal(r.padded, rows[i].padded);
    }
}

static void test_accounts(void **state)
{
    static const char *const good[] = {"5", "5.1", "5.1.1.01", "5.1.02.01.01.0024", "6.2.1", "4.1.04.16.001.1", "5.1.2.0.0.0"};
    static const char *const bad[] = {"",    "1.1", "5.01", "5.1.", "5.1.001", "5.1.02.001", "5.1.02.01.0001", "5.1.02.01.01.00024",
                                      "5.a", "7.1"};
    struct code_reading r;
    char text[32];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(code_format_account(account(good[i]), text), strlen(good[i]));
        assert_string_equal(text, good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_int_equal(code_parse_account(text_of(bad[i]), &r), ST_INVALID);
    assert_int_equal(code_parse_account(text_of("5.01.02"), &r), ST_INVALID);
    assert_string_equal(r.nearest, "5.1.02");
    assert_int_equal(code_parse_account(text_of("5 1 02"), &r), ST_OK);
    assert_true(r.padded && r.code == account("5.1.02"));
    assert_int_equal(code_account_depth(account("5.1.02.01.01.0024")), 6);
    assert_int_equal(code_account_depth(account("5")), 1);
    assert_int_equal(code_account_depth(0), 0);
    assert_true(code_account_parent(account("5.1.1.01")) == account("5.1.1"));
    assert_true(code_account_parent(account("5")) == 0);
    assert_true(code_account_ancestor(account("5.1.02.01.01.0024"), 2) == account("5.1"));
    assert_true(code_account_ancestor(account("5.1"), 6) == account("5.1"));
    assert_true(code_account_below(account("5.1"), account("5.1.1.01")));
    assert_false(code_account_below(account("5.1"), account("5.1")));
    assert_false(code_account_below(account("5.1"), account("5.2.1")));
    assert_false(code_account_below(0, account("5.2.1")));
    account_code transfer[CODE_TRANSFERS];
    assert_int_equal(code_transfers(VINTAGE_PERMENDAGRI_13_2006, transfer), 2);
    assert_true(transfer[0] == account("5.1.6") && transfer[1] == account("5.1.7"));
    assert_int_equal(code_transfers(VINTAGE_PERMENDAGRI_90_2019, transfer), 1);
    assert_true(transfer[0] == account("5.4"));
}

static void test_account_or_activity(void **state)
{
    static const struct {
        const char *text;
        bool account;
    } rows[] = {{"5.1", true},   {" 5.1 ", true}, {"5.1.1.01", true}, {"4.1", true},  {"6.2.3", true}, {"5.01", false},
                {"2.16", false}, {"5", false},    {"1.1", false},     {"5 1", false}, {"", false},     {"5.x", false},
                {"5./", false}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(code_looks_account(text_of(rows[i].text)), rows[i].account);
}

static void test_order_is_tree_order(void **state)
{
    static const char *const rows[] = {"0",
                                       "1",
                                       "1.00",
                                       "1.06",
                                       "1.06.01",
                                       "1.06.01.0.00",
                                       "1.06.01.2.01",
                                       "1.06.01.2.01.00",
                                       "1.06.01.2.01.99",
                                       "1.06.01.2.01.0000",
                                       "1.06.01.2.01.9999",
                                       "1.06.01.2.02",
                                       "1.06.01.3.01",
                                       "1.06.02",
                                       "1.07",
                                       "2",
                                       "9.99.99.9.99.9999",
                                       "total"};

    (void)state;
    for (size_t i = 0; i + 1 < sizeof rows / sizeof *rows; i++) assert_true(activity(V90, rows[i]) < activity(V90, rows[i + 1]));
    assert_true(activity(V13, "9.99.99.999") < activity(V90, "0"));
    assert_true(activity(V90, "1.06.01") != activity(V13, "1.06.01"));
}

static void test_levels_and_ancestors(void **state)
{
    static const char *const steps[] = {"", "1", "1.06", "1.06.04", "1.06.04.2.01", "1.06.04.2.01.07"};
    activity_code leaf = activity(V90, steps[5]), old = activity(V13, "1.06.01.01");

    (void)state;
    for (unsigned l = LEVEL_URUSAN; l <= LEVEL_SUBKEGIATAN; l++) {
        activity_code c = activity(V90, steps[l]);

        assert_int_equal(code_level(c), l);
        assert_true(code_ancestor(leaf, (enum level)l) == c);
        assert_true(code_ancestor(c, LEVEL_SUBKEGIATAN) == c);
        assert_true(code_parent(c) == (l > 1 ? activity(V90, steps[l - 1]) : 0));
        assert_int_equal(code_below(c, leaf), l < LEVEL_SUBKEGIATAN);
        assert_int_equal(code_vintage(c), V90);
    }
    assert_int_equal(code_level(old), LEVEL_KEGIATAN);
    assert_true(code_parent(old) == activity(V13, "1.06.01"));
    assert_true(code_ancestor(old, LEVEL_LEAF) == old);
    assert_int_equal(code_level(CODE_TOTAL), LEVEL_TOTAL);
    assert_int_equal(code_level(0), LEVEL_NONE);
    assert_true(code_ancestor(CODE_TOTAL, LEVEL_PROGRAM) == CODE_TOTAL);
    assert_true(code_parent(CODE_TOTAL) == 0);
    assert_false(code_below(activity(V13, "1.06"), leaf));
    assert_false(code_below(CODE_TOTAL, leaf));
    assert_false(code_below(0, leaf));
    assert_true(code_ancestor(leaf, LEVEL_TOTAL) == leaf); /* at or above */
}

static void test_a_subtree_is_a_range(void **state)
{
    static const char *const all[] = {
        "1",    "1.05", "1.05.99.9.99.9999", "1.06", "1.06.01", "1.06.01.2.01", "1.06.01.2.01.9999", "1.06.99.9.99.9999",
        "1.07", "2",    "9.99.99.9.99.9999"};
    uint64_t first, end;

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        code_range(activity(V90, all[i]), &first, &end);
        for (size_t j = 0; j < sizeof all / sizeof *all; j++) {
            activity_code c = activity(V90, all[j]);
            size_t n = strlen(all[i]);
            bool same = i == j, below = !same && strncmp(all[j], all[i], n) == 0 && all[j][n] == '.';

            assert_int_equal(code_below(first, c), below);
            assert_int_equal(c >= first && c < end, same || below);
        }
        assert_true(end <= (uint64_t)(V90 + 1) << 56);
    }
    code_range(CODE_TOTAL, &first, &end);
    assert_true(first == CODE_TOTAL && end == CODE_TOTAL + 1);
    code_range(0, &first, &end);
    assert_true(first == 0 && end == 0);
    code_range((uint64_t)V90 << 56, &first, &end);      /* a whole list */
    assert_true(first == (uint64_t)V90 << 56 && end == (uint64_t)(V90 + 1) << 56);
}

/* These numbers stand in stores and keys: they may never change. */
static void test_stored_numbers(void **state)
{
    (void)state;
    assert_true(activity(V90, "1.06.04.2.01.01") == UINT64_C(0x022223cc06001800));
    assert_true(activity(V90, "1.06.04.2.01.0001") == UINT64_C(0x022223cc0608b000));
    assert_true(activity(V13, "1.06.01.001") == UINT64_C(0x0122230038000000));
    assert_true(account("5.1.02.01.001.0024") == UINT64_C(0x621a303808de0000));
}

static void test_names(void **state)
{
    enum vintage v;
    enum level l;

    (void)state;
    for (unsigned i = 1; i <= VINTAGE_KEPMEN_900_1_15_5_1317_2023; i++) {
        assert_int_equal(code_vintage_parse(text_of(code_vintage_name((enum vintage)i)), &v), ST_OK);
        assert_int_equal(v, i);
    }
    for (unsigned i = 1; i <= LEVEL_TOTAL; i++) {
        assert_int_equal(code_level_parse(text_of(code_level_name((enum level)i)), &l), ST_OK);
        assert_int_equal(l, i);
    }
    assert_int_equal(code_vintage_parse(text_of("Permendagri-90-2019"), &v), ST_OK);
    assert_int_equal(code_vintage_parse(text_of("permendagri-90"), &v), ST_INVALID);
    assert_int_equal(code_vintage_parse(text_of(""), &v), ST_INVALID);
    assert_int_equal(code_level_parse(text_of(""), &l), ST_INVALID);
    assert_string_equal(code_vintage_name((enum vintage)(VINTAGE_KEPMEN_900_1_15_5_1317_2023 + 1)), "");
    assert_string_equal(code_level_name((enum level)(LEVEL_TOTAL + 1)), "");
    assert_int_equal(code_vintage_of_year(2020), V13);
    assert_int_equal(code_vintage_of_year(2021), V90);
    assert_int_equal(code_leaf_level(V13), LEVEL_KEGIATAN);
    assert_int_equal(code_leaf_level(V90), LEVEL_SUBKEGIATAN);
}

static void test_regions(void **state)
{
    static const char *const good[] = {"", "33", "33.74", "01.01", "99.99"};
    static const char *const bad[] = {"3", "33.", "33.7", "33.745", "3374", "00", "33.00", "ab", "33,74", " 33", "33.7a"};
    region_code r;
    char text[8];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(code_region_parse(text_of(good[i]), &r), ST_OK);
        assert_int_equal(code_region_format(r, text), strlen(good[i]));
        assert_string_equal(text, good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_int_equal(code_region_parse(text_of(bad[i]), &r), ST_INVALID);
    assert_int_equal(code_region_parse(text_of("33.74"), &r), ST_OK);
    assert_int_equal(r, 33 << 16 | 74);
    assert_int_equal(code_region_parent(r), 33 << 16);
    assert_int_equal(code_region_parent(33 << 16), 0);
    assert_int_equal(code_region_depth(r), 2);
    static const struct { const char *region; unsigned hours; } CLOCKS[] = {
        { "", 7 }, { "18.72", 7 }, { "33", 7 }, { "51", 8 }, { "53.71", 8 }, { "61", 7 }, { "62", 7 }, { "63", 8 }, { "65", 8 },
        { "66", 7 }, { "71", 8 }, { "76", 8 }, { "81", 9 }, { "91.71", 9 }, { "96", 9 } };
    for (size_t i = 0; i < sizeof CLOCKS / sizeof *CLOCKS; i++) {
        assert_int_equal(code_region_parse(text_of(CLOCKS[i].region), &r), ST_OK);
        assert_int_equal(code_region_hours(r), CLOCKS[i].hours);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_of_the_reports),
        cmocka_unit_test(test_printed_misprints_are_refused),
        cmocka_unit_test(test_readings),
        cmocka_unit_test(test_accounts),
        cmocka_unit_test(test_account_or_activity),
        cmocka_unit_test(test_order_is_tree_order),
        cmocka_unit_test(test_levels_and_ancestors),
        cmocka_unit_test(test_a_subtree_is_a_range),
        cmocka_unit_test(test_stored_numbers),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_regions),
    };

    return cmocka_run_group_tests_name("code", tests, NULL, NULL);
}
