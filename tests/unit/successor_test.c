/* successor_test.c - the list of successors: what is taken, what is refused and why, whom a row concerns. */
#include "aggregator/successor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "proto/status.h"

static struct slice txt(const char *s) { return slice_of(s, strlen(s)); }

static void test_list(void **state)
{
    (void)state;
    struct successors s;
    char err[256];
    assert_int_equal(successor_list_parse(txt("dasar,baru,lama,berlaku,bobot\nperda 1,dinsos-a,dinsos-b,2023-01,\n"
                                          "uu 2,95.01,91.03,2023-07,\"0,25\"\nuu 2,95.02,91.03,2023-07,\"0,75\"\n"),
                                      &s, err, sizeof err), ST_OK);
    assert_int_equal(s.count, 3);
    assert_string_equal(s.row[0].from.office, "dinsos-b");
    assert_int_equal(s.row[0].weight, SUCCESSOR_WHOLE);
    assert_int_equal(s.row[1].weight, 250000);
    assert_int_equal(s.row[1].since, 202307);
    successor_list_done(&s);
    assert_null(s.row);
}

static void test_faults(void **state)
{
    (void)state;
    struct successors s;
    char err[256];
    static const struct { const char *csv, *fault;
    } FAULTS[] = {
        { "lama,baru\n", "penerus.csv:1: heading" },
        { "lama,baru,berlaku\na,b,2023\n", "penerus.csv:2: berlaku" },
        { "lama,baru,berlaku\na,95.01,2023-01\n", "penerus.csv:2: an office and a region" },
        { "lama,baru,berlaku\n,b,2023-01\n", "penerus.csv:2: lama and baru" },
        { "lama,baru,berlaku\n9x,91,2023-01\n", "penerus.csv:2: lama and baru" },
        { "lama,baru,berlaku,bobot\na,b,2023-01,2\n", "penerus.csv:2: bobot" },
        { "lama,baru,berlaku\na,b,2023-01\na,b,2024-01\n", "penerus.csv:3: the pair" },
        { "lama,baru,berlaku,bobot\na,b,2023-01,\"0,5\"\na,c,2023-01,\"0,4\"\n", "penerus.csv:1: a does not go on" },
        { "lama,baru,berlaku\na,b,2020-01\nb,c,2021-01\nc,a,2022-01\n", "penerus.csv:1: " },
        { "lama,baru,berlaku\na,a,2020-01\n", "penerus.csv:1: a is its own successor" },
        { "lama,baru,berlaku\na,b,2001-01\nb,c,2002-01\nc,d,2003-01\nd,e,2004-01\ne,f,2005-01\nf,g,2006-01\ng,h,2007-01\nh,i,2008-"
          "01\n"
          "i,j,2009-01\nj,k,2010-01\n",
          "penerus.csv:1: " },
    };
    for (size_t i = 0; i < sizeof FAULTS / sizeof *FAULTS; i++) {
        assert_int_equal(successor_list_parse(txt(FAULTS[i].csv), &s, err, sizeof err), ST_INVALID);
        if (strncmp(err, FAULTS[i].fault, strlen(FAULTS[i].fault)) != 0) fail_msg("%s: %s", FAULTS[i].csv, err);
    }
    assert_int_equal(successor_list_parse(txt("lama,baru,berlaku\na,b,2001-01\nb,c,2002-01\nc,d,2003-01\nd,e,2004-01\ne,f,2005-01\n"
                                          "f,g,2006-01\ng,h,2007-01\nh,i,2008-01\n"), &s, err, sizeof err), ST_OK);
    successor_list_done(&s);
}

static void test_into(void **state)
{
    (void)state;
    region_code papua, selatan, old, new;
    assert_int_equal(code_region_parse(txt("91"), &papua), ST_OK);
    assert_int_equal(code_region_parse(txt("93"), &selatan), ST_OK);
    assert_int_equal(code_region_parse(txt("91.01"), &old), ST_OK);
    assert_int_equal(code_region_parse(txt("93.01"), &new), ST_OK);
    const struct successor region = {.from.region = old, .to.region = new}, office = {.from.office = "a", .to.office = "b"};
    assert_true(successor_into(&region, NULL, new));
    assert_true(successor_into(&region, NULL, selatan));        /* the province has it from outside */
    assert_false(successor_into(&region, NULL, papua));
    assert_false(successor_into(&region, NULL, 0));             /* the nation always had it */
    assert_false(successor_into(&region, "b", new));
    assert_true(successor_into(&office, "b", new));
    assert_false(successor_into(&office, "a", new));
    assert_false(successor_into(&office, NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_list), cmocka_unit_test(test_faults), cmocka_unit_test(test_into)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
