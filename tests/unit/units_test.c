/* units_test.c - units by the registry: the list as it is read, what the centre states over it, and the questions; the newest row
 * of a word counts, and what cannot be read is left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "proto/figure.h"
#include "proto/units.h"
#include "tests/unit/failing.h"

FAILING(void *, calloc, (size_t n, size_t size), (n, size), NULL)

#define HEAD "satuan,sinonim,menghitung,dasar,faktor\n"
enum { PAIRS = 2048 };                  /* as many as a list may have */

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

static struct units *units_of(const char *rows)
{
    struct units *u = NULL;
    char bytes[600], err[120] = "";

    snprintf(bytes, sizeof bytes, HEAD "%s", rows);
    if (units_parse(text(bytes), &u, err, sizeof err) != ST_OK) fail_msg("%s: %s", rows, err);
    return u;
}

static bool converts(const struct units *u, const char *from, const char *to, int64_t num, int64_t den)
{
    struct ratio r;

    return units_convert(u, text(from), text(to), &r) && r.num == num && r.den == den;
}

static void what_the_list_says(void **state)
{
    struct units *u = units_of("ekor,ekor sapi; sapi ;;hewan,ya,,\nton,,,kg,1000\nkuintal,kw,,kg,100\nkg,kilo,tidak,,\n,x,,,\n");

    (void)state;
    assert_true(units_same(u, text("sapi"), text("ekor")));
    assert_true(units_same(u, text("EKOR SAPI"), text("hewan")));
    assert_true(units_same(u, text("org"), text("orang")));    /* built in */
    assert_false(units_same(u, text("sapi"), text("kg")));
    assert_true(converts(u, "ton", "kilo", 1000, 1));
    assert_true(converts(u, "kw", "ton", 1, 10));
    assert_true(converts(u, "kilo", "kg", 1, 1));
    assert_false(converts(u, "ton", "ekor", 1, 1));
    assert_int_equal(units_counts(u, text("hewan")), 1);
    assert_int_equal(units_counts(u, text("kilo")), 0);
    assert_int_equal(units_counts(u, text("ton")), -1);
    assert_null(units_near(u, text("kuintal")));
    assert_string_equal(units_near(u, text("kuintel")), "kuintal");
    assert_string_equal(units_near(u, text("oramg")), "orang");
    assert_null(units_near(u, text("kw")));
    assert_null(units_near(u, text("kx")));     /* too short to be like another */
    units_free(&u);
    units_free(&u);
}

static void nothing_is_known_without_a_list(void **state)
{
    struct units *u = units_of("");

    (void)state;
    for (int empty = 0; empty < 2; empty++) {
        const struct units *none = empty ? u : NULL;
        assert_true(units_same(none, text("org"), text("orang")));
        assert_false(units_same(none, text("sapi"), text("ekor")));
        assert_false(converts(none, "kg", "kg", 1, 1));
        assert_int_equal(units_counts(none, text("orang")), -1);
        assert_string_equal(units_near(none, text("oramg")), "orang");
    }
    units_free(&u);
}

static void rows_that_say_nothing(void **state)
{
    static const struct { const char *text, *why; } row[] = {
        { "satuan,sinonim\nekor,\n", "heading" },
        { HEAD "ekor,,mungkin,,\n", "menghitung is neither ya nor tidak" },
        { HEAD "ton,,,kg,\n", "dasar and faktor go together" },
        { HEAD "ton,,,,1000\n", "dasar and faktor go together" },
        { HEAD "ton,,,kg,seribu\n", "dasar and faktor go together" },
        { HEAD "ton,,,kg,99999999999999999999\n", "dasar and faktor go together" },
        { HEAD "ton,,,kg,0\n", "dasar and faktor go together" },
        { HEAD "ton,,,kg,-5\n", "dasar and faktor go together" },
        { HEAD "ton,,,kg,n.a.\n", "dasar and faktor go together" },
    };
    char longer[UNIT_TEXT_MAX + 2], bytes[3 * UNIT_TEXT_MAX + 100], err[160];
    struct units *u = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        assert_int_equal(units_parse(text(row[i].text), &u, err, sizeof err), ST_INVALID);
        if (!strstr(err, row[i].why)) fail_msg("%s: %s", row[i].text, err);
        assert_null(u);
    }
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    for (unsigned i = 0; i < 4; i++) {
        static const char *const before[] = { "ekor,", "", "", "ton,,," }, *const behind[] = { ",,,", ",x,,,", ",,ya,,", ",2" };
        snprintf(bytes, sizeof bytes, HEAD "%s%s%s\n", before[i], longer, behind[i]);
        assert_int_equal(units_parse(text(bytes), &u, err, sizeof err), ST_INVALID);
        assert_non_null(strstr(err, "too long"));
    }
}

static void what_the_centre_states_goes_before_the_list(void **state)
{
    struct units *list = units_of("ton,,ya,kg,1000\n"), *u = NULL;

    (void)state;
    assert_int_equal(units_copy(list, &u), ST_OK);
    units_state(u, MEASURE_RULE_UNIT, text("glondong"), text("ton"));
    units_state(u, MEASURE_RULE_UNIT_COUNTS, text("ton"), text("tidak"));
    units_state(u, MEASURE_RULE_UNIT_BASE, text("ton"), text("2000 kg"));
    units_state(u, MEASURE_RULE_UNIT_BASE, text("karung"), text("banyak kg"));    /* left out, as are these */
    units_state(u, MEASURE_RULE_UNIT_BASE, text("karung"), text(""));
    units_state(u, MEASURE_RULE_UNIT, text(""), text("ton"));
    units_state(u, MEASURE_RULE_UNIT, text("karung"), text(""));
    units_state(u, MEASURE_REALISED, text("karung"), text("ton"));
    assert_true(units_same(u, text("glondong"), text("ton")));
    assert_false(units_same(u, text("karung"), text("ton")));
    assert_int_equal(units_counts(u, text("glondong")), 0);
    assert_true(converts(u, "ton", "kg", 2000, 1) || converts(u, "kg", "ton", 2000, 1));
    assert_int_equal(units_counts(list, text("ton")), 1);       /* the list is as it was */
    assert_true(converts(list, "ton", "kg", 1000, 1));
    units_free(&u);
    units_free(&list);
}

static void a_list_has_an_end(void **state)
{
    struct units *u = NULL;
    char word[16];

    (void)state;
    assert_int_equal(units_copy(NULL, &u), ST_OK);
    for (unsigned i = 0; i <= PAIRS; i++) {
        snprintf(word, sizeof word, "kata-%u", i);
        units_state(u, MEASURE_RULE_UNIT, text(word), text("ekor"));
    }
    assert_true(units_same(u, text("kata-2047"), text("ekor")));
    assert_false(units_same(u, text("kata-2048"), text("ekor")));
    units_free(&u);
}

static void memory_that_ends(void **state)
{
    struct units *u = NULL;
    char err[120];

    (void)state;
    for (unsigned n = 1; n <= 2; n++) {
        failing_at(n, ENOMEM);
        assert_int_equal(units_copy(NULL, &u), ST_NO_MEMORY);
        failing_at(n, ENOMEM);
        assert_int_equal(units_parse(text(HEAD), &u, err, sizeof err), ST_NO_MEMORY);
        assert_string_equal(failing_end(), "calloc");
        assert_null(u);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_list_says),
        cmocka_unit_test(nothing_is_known_without_a_list),
        cmocka_unit_test(rows_that_say_nothing),
        cmocka_unit_test(what_the_centre_states_goes_before_the_list),
        cmocka_unit_test(a_list_has_an_end),
        cmocka_unit_test(memory_that_ends),
    };
    return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
