/* habit_test.c - reporting days of an office and its silence (aggregator/habit.h), worked out on a calendar. */
#include "aggregator/habit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "proto/period.h"
#include "proto/status.h"

static struct wall at(const char *text)
{
    struct wall w;
    assert_int_equal(period_parse_time(slice_of(text, strlen(text)), &w), ST_OK);
    return w;
}

static void a_steady_office(void **state)
{
    struct habit h;
    (void)state;
    /* days after the end of the month: 4, 5, 9 (across February and a year) */
    const struct habit_report r[] = {{2023, 12, at("2024-01-05T10:00:00+07:00")},
                                     {2024, 1, at("2024-02-06T23:59:00+07:00")},
                                     {2024, 2, at("2024-03-10T00:01:00+07:00")}};
    habit_of(r, 3, at("2024-04-05T12:00:00+07:00"), &h);
    assert_true(h.known && h.months == 3 && h.day == 5 && h.tolerance == 3);
    assert_true(h.year == 2024 && h.month == 3 && h.late == -1 && !h.silent);
    habit_of(r, 3, at("2024-04-09T23:59:59+07:00"), &h);
    assert_true(h.late == 3 && !h.silent);
    habit_of(r, 3, at("2024-04-10T00:00:00+07:00"), &h);
    assert_true(h.late == 4 && h.silent);
    habit_of(r, 3, at("2024-04-09T17:00:00Z"), &h); /* the same moment */
    assert_true(h.silent);
}

static void an_uneven_office_has_more_time(void **state)
{
    struct habit h;
    (void)state;
    /* 2, 10, 20, 30: the later of the middle is 20, distances 0 10 10 18, so 20 days more */
    const struct habit_report r[] = {{2024, 8, at("2024-09-03T08:00:00+07:00")},
                                     {2024, 9, at("2024-10-11T08:00:00+07:00")},
                                     {2024, 10, at("2024-11-21T08:00:00+07:00")},
                                     {2024, 11, at("2024-12-31T08:00:00+07:00")}};
    habit_of(r, 4, at("2025-02-10T08:00:00+07:00"), &h);
    assert_true(h.known && h.day == 20 && h.tolerance == 20 && h.year == 2024 && h.month == 12 && h.late == 20 && !h.silent);
    habit_of(r, 4, at("2025-02-11T08:00:00+07:00"), &h);
    assert_true(h.silent);
}

static void what_comes_at_once_is_one_habit(void **state)
{
    struct habit h;
    struct habit_report r[14];
    (void)state;
    for (int m = 1; m <= 12; m++) r[m - 1] = (struct habit_report){2023, m, at("2024-01-08T09:00:00+07:00")};
    habit_of(r, 12, at("2024-06-01T00:00:00+07:00"), &h);
    assert_false(h.known || h.silent);
    r[12] = (struct habit_report){2024, 1, at("2024-02-08T09:00:00+07:00")};
    r[13] = (struct habit_report){2024, 2, at("2024-03-08T09:00:00+07:00")};
    habit_of(r, 14, at("2024-04-01T00:00:00+07:00"), &h);
    assert_true(h.known && h.months == 3 && h.day == 7 && h.year == 2024 && h.month == 3 && !h.silent);
    habit_of(r, 0, at("2024-04-01T00:00:00+07:00"), &h);
    assert_false(h.known);
}

static void before_the_month_has_ended(void **state)
{
    struct habit h;
    (void)state;
    const struct habit_report r[] = {{2024, 1, at("2024-01-30T09:00:00+07:00")},
                                     {2024, 2, at("2024-02-28T09:00:00+07:00")},
                                     {2024, 3, at("2024-03-30T09:00:00+07:00")}};
    habit_of(r, 3, at("2024-05-02T09:00:00+07:00"), &h);
    assert_true(h.known && h.day == -2 && h.month == 4 && h.late == 3 && !h.silent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_steady_office), cmocka_unit_test(an_uneven_office_has_more_time),
                                       cmocka_unit_test(what_comes_at_once_is_one_habit),
                                       cmocka_unit_test(before_the_month_has_ended)};
    return cmocka_run_group_tests_name("habit", tests, NULL, NULL);
}
