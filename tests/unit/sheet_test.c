/* sheet_test.c - what a cell of a workbook keeps of a printed number (sheet.h), and what is no number to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/sheet.h"

static void numbers_are_kept_to_the_nearest(void **state)
{
    static const struct { const char *text; double is;
    } row[] = {
        { "0", 0 },
        { "-0", 0 },
        { "12", 12 },
        { "-12.5", -12.5 },
        { "0.1", 0.1 },
        { "1.000000", 1 },
        { "3.1400", 3.14 },
        { "0.000001", 1e-6 },
        { "7.", 7 },
        { "999999999999999", 999999999999999.0 },
        { "000000000000000012", 12 },
        { "92.0900000000", 92.09 },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        double is = -1;
        if (!sheet_number(row[i].text, &is) || is < row[i].is || is > row[i].is) fail_msg("%s", row[i].text);
    }
}

static void what_is_no_number_stays_text(void **state)
{
    static const char *const row[] = { "",    "-",   ".5",   "a", "1a", "1.5x", "1.2.3", "0.0000001", "1000000000000000",
                                       "1,5", "--1", "1.a1", "/", ":1", "1/2",  "1:2" };

    (void)state;
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        double is = -1;
        if (sheet_number(row[i], &is)) fail_msg("%s", row[i]);
        assert_true(is < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_kept_to_the_nearest),
        cmocka_unit_test(what_is_no_number_stays_text),
    };
    return cmocka_run_group_tests_name("sheet", tests, NULL, NULL);
}
