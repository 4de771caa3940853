/* calendar_test.c - days and working days, and what the registry says about the close (closing_rules.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/closing_rules.h"
#include "proto/bytes.h"
#include "proto/period.h"

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

static calendar_day day(const char *date)
{
    calendar_day d = 0;
    if (calendar_parse(text(date), &d) != ST_OK) fail_msg("%s", date);
    return d;
}
static void is(calendar_day d, const char *date)
{
    char seen[11];
    calendar_to_date(d, seen);
    assert_string_equal(seen, date);
}

/* ---- days ---- */

static void every_day_of_a_century_and_a_half(void **state)
{
    static const unsigned LENGTH[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    calendar_day n = calendar_of_date(1970, 1, 1);
    unsigned weekday = 3;
    char date[11];
    (void)state;
    assert_int_equal(n, 0);
    for (int y = 1970; y <= 2120; y++)
        for (unsigned m = 1; m <= 12; m++) {
            bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
            unsigned length = LENGTH[m - 1] + (m == 2 && leap);
            for (unsigned d = 1; d <= length; d++, n++, weekday = (weekday + 1) % 7) {
                assert_int_equal(calendar_of_date(y, m, d), n);
                assert_int_equal(calendar_weekday(n), weekday);
                calendar_to_date(n, date);
                assert_int_equal(day(date), n);
            }
        }
    is(-1, "1969-12-31");
    assert_int_equal(calendar_weekday(-1), 2);
    assert_int_equal(calendar_weekday(-4), 6);
}

static void no_other_dates(void **state)
{
    static const char *const bad[] = { "",           "2023-02-29", "2100-02-29", "2023-04-31", "2023-13-01", "2023-00-10",
                                       "2023-01-00", "2023-1-01",  "2023-01-1x", "2023/01/01", "20230101",   "0000-01-01" };
    calendar_day d;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (calendar_parse(text(bad[i]), &d) != ST_INVALID) fail_msg("%s", bad[i]);
    is(day("2024-02-29"), "2024-02-29");
    is(day("2000-02-29"), "2000-02-29");
}

static void quarters_end_on_their_last_day(void **state)
{
    (void)state;
    is(calendar_quarter_end(2022, 1), "2022-03-31");
    is(calendar_quarter_end(2022, 2), "2022-06-30");
    is(calendar_quarter_end(2022, 3), "2022-09-30");
    is(calendar_quarter_end(2022, 4), "2022-12-31");
}

/* A day ends at another moment in each zone. */
static void days_begin_at_midnight_of_the_place(void **state)
{
    struct wall t;
    char at[32];
    (void)state;
    assert_int_equal(period_parse_time(text("2023-01-06T16:59:59.999Z"), &t), ST_OK);
    is(calendar_today(t, 7), "2023-01-06");
    is(calendar_today(t, 8), "2023-01-07");
    t.ms++;
    is(calendar_today(t, 7), "2023-01-07");
    period_format_time(calendar_end_of(day("2023-01-06"), 7), at);
    assert_string_equal(at, "2023-01-06T17:00:00.000Z");
    period_format_time(calendar_end_of(day("2023-01-06"), 9), at);
    assert_string_equal(at, "2023-01-06T15:00:00.000Z");
    assert_int_equal(calendar_today((struct wall){ -1 }, 0), -1);
}

static void working_days(void **state)
{
    const calendar_day off[] = { day("2023-01-02"), day("2023-01-07"), day("2023-01-23") };
    static const struct { const char *from; unsigned n, holidays; const char *to; } cases[] = {
        { "2022-12-31", 5, 0, "2023-01-06" }, /* a Saturday: Monday is the first */
        { "2022-12-31", 5, 3, "2023-01-09" }, /* Monday is off; a holiday on a Saturday costs nothing */
        { "2022-12-31", 10, 0, "2023-01-13" },
        { "2022-12-31", 10, 3, "2023-01-16" },
        { "2024-02-28", 1, 0, "2024-02-29" }, /* leap day, a Thursday */
        { "2024-02-28", 2, 0, "2024-03-01" },
        { "2024-02-28", 3, 0, "2024-03-04" },
        { "2023-03-31", 5, 0, "2023-04-07" },
        { "2023-01-20", 1, 3, "2023-01-24" },
        { "2023-01-07", 0, 3, "2023-01-07" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        calendar_day to = calendar_work(day(cases[i].from), cases[i].n, off, cases[i].holidays);
        is(to, cases[i].to);
        assert_int_equal(calendar_work_between(day(cases[i].from), to, off, cases[i].holidays), cases[i].n);
    }
    assert_int_equal(calendar_work_between(day("2023-01-09"), day("2023-01-06"), off, 0), -1);
    assert_int_equal(calendar_work_between(day("2023-01-08"), day("2023-01-06"), off, 0), 0);
    assert_int_equal(calendar_work_between(day("2023-01-16"), day("2022-12-31"), off, 3), -10);
}

/* ---- the registry ---- */

static struct closing_book *book(const char *csv)
{
    struct closing_book *b = NULL;
    char err[256] = "";
    if (closing_rules_parse(text(csv), &b, err, sizeof err) != ST_OK) fail_msg("%s", err);
    return b;
}
static struct closing_terms terms(const struct closing_book *b, const char *region, int year, unsigned quarter)
{
    struct closing_terms t;
    region_code r;
    assert_int_equal(code_region_parse(text(region), &r), ST_OK);
    closing_rules_for(b, r, closing_quarter((unsigned)year, quarter), &t);
    return t;
}

static void without_a_list(void **state)
{
    static const struct { const char *region, *zone; } zones[] = {
        { "", "WIB" },      { "11.01", "WIB" }, { "18.72", "WIB" },  { "33.74", "WIB" },  { "36", "WIB" },    { "51.71", "WITA" },
        { "53.71", "WITA" }, { "61.71", "WIB" }, { "62.71", "WIB" },  { "63.71", "WITA" }, { "64.72", "WITA" }, { "65.71", "WITA" },
        { "71.71", "WITA" }, { "76.04", "WITA" }, { "81.71", "WIT" }, { "91.71", "WIT" },  { "97", "WIT" },
    };
    struct closing_terms t = terms(NULL, "18.72", 2022, 4);
    (void)state;
    assert_int_equal(t.office_days, 5);
    assert_int_equal(t.city_days, 10);
    is(t.office_day, "2023-01-06");
    is(t.city_day, "2023-01-13");
    assert_int_equal(t.rules.inside, 0);
    assert_false(t.rules.persons);
    assert_true(closing_rules_grave(&t, "tanpa-pagu"));
    assert_true(closing_rules_grave(&t, "pagu-dihapus"));
    assert_false(closing_rules_grave(&t, "tanpa"));
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        t = terms(NULL, zones[i].region, 2022, 4);
        assert_string_equal(t.zone, zones[i].zone);
        assert_int_equal(t.hours_ahead, zones[i].zone[1] == 'I' && zones[i].zone[2] == 'B' ? 7
                                        : strlen(zones[i].zone) == 4                       ? 8
                                                                                           : 9);
    }
}

static void the_nearest_region_and_the_latest_beginning(void **state)
{
    struct closing_book *b = book("hal,wilayah,mulai,nilai\n"
                                  "batas-kantor,,,6\n"
                                  "batas-kantor,18,,7\n"
                                  "batas-kantor,18,2023-Q1,8\n"
                                  "batas-kantor,18.72,2023-TW3,3\n"
                                  "libur,,,2023-01-03\n"
                                  "libur,,,2023-01-02\n"
                                  "libur,33,,2023-01-04\n"
                                  "zona,33.74,,WIT\n"
                                  "langkah,18.72,2022-Q4,operator kasubbag kepala\n"
                                  "orang-berbeda,18,,ya\n"
                                  "orang-berbeda,18.71,,tidak\n"
                                  "temuan-berat,18.72,,melebihi-pagu\n"
                                  ",,,\n");
    struct closing_terms t = terms(b, "18.72", 2022, 4);
    (void)state;
    assert_int_equal(t.office_days, 7);
    is(t.office_day, "2023-01-12"); /* two holidays */
    assert_int_equal(t.rules.inside, 1 << STEP_OPERATOR | 1 << STEP_KASUBBAG);
    assert_true(t.rules.persons);
    assert_true(closing_rules_grave(&t, "melebihi-pagu"));
    assert_false(closing_rules_grave(&t, "tanpa-pagu"));
    assert_int_equal(terms(b, "18.72", 2022, 3).rules.inside, 0);
    assert_int_equal(terms(b, "18.72", 2023, 1).office_days, 8);
    assert_int_equal(terms(b, "18.72", 2023, 3).office_days, 3);
    assert_int_equal(terms(b, "18.71", 2023, 3).office_days, 8);
    assert_false(terms(b, "18.71", 2023, 3).rules.persons);
    assert_int_equal(terms(b, "32.01", 2023, 3).office_days, 6);
    assert_string_equal(terms(b, "33.74", 2023, 3).zone, "WIT");
    assert_int_equal(closing_rules_left(b, 18u << 16 | 72, day("2023-01-01"), day("2023-01-06")), 3);
    assert_int_equal(closing_rules_left(b, 33u << 16 | 74, day("2023-01-01"), day("2023-01-06")), 2);
    closing_rules_free(&b);
    assert_null(b);
}

static void a_fault_is_named_and_nothing_is_taken(void **state)
{
    static const struct { const char *row, *reason; } cases[] = {
        { "batas-kantor,,,0", "penutupan.csv:2: nilai is 1 to 60 working days" },
        { "batas-kantor,,,61", "nilai is 1 to 60" },
        { "batas-kantor,,,lima", "nilai is no number" },
        { "batas,,,5", "hal is none of" },
        { "batas-kota,1872,,5", "wilayah is no region code" },
        { "batas-kota,,2023-Q5,5", "mulai is no quarter" },
        { "libur,,,2023-02-29", "nilai is a date" },
        { "libur,,2023-Q1,2023-01-02", "libur has no mulai" },
        { "zona,,,UTC", "nilai is WIB, WITA or WIT" },
        { "langkah,,,operator bupati", "nilai is words" },
        { "orang-berbeda,,,mungkin", "nilai is ya or tidak" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct closing_book *b = NULL;
        char csv[200], err[256] = "";
        snprintf(csv, sizeof csv, "hal,wilayah,mulai,nilai\n%s\n", cases[i].row);
        assert_int_equal(closing_rules_parse(text(csv), &b, err, sizeof err), ST_INVALID);
        assert_null(b);
        if (!strstr(err, cases[i].reason)) fail_msg("%s: %s", cases[i].row, err);
    }
    struct closing_book *b = NULL;
    char err[256];
    assert_int_equal(closing_rules_parse(text("hal,wilayah,nilai\n"), &b, err, sizeof err), ST_INVALID);
}

static void quarters_in_words(void **state)
{
    static const char *const same[] = { "2022-Q4", "2022-TW4", "4/2022", "2022-IV", "TW IV/2022", "2022-q4", " 2022-4 " };
    static const char *const bad[] = { "", "2022", "Q4", "2022-Q5", "22-Q4", "2022-", "/2022", "Q4-2022", "2022-Q4-Q1" };
    int y, q;
    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        if (period_parse_year_quarter(text(same[i]), &y, &q) != ST_OK) fail_msg("%s", same[i]);
        assert_int_equal(y, 2022);
        assert_int_equal(q, 4);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (period_parse_year_quarter(text(bad[i]), &y, &q) != ST_INVALID) fail_msg("%s", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_a_century_and_a_half),
        cmocka_unit_test(no_other_dates),
        cmocka_unit_test(quarters_end_on_their_last_day),
        cmocka_unit_test(days_begin_at_midnight_of_the_place),
        cmocka_unit_test(working_days),
        cmocka_unit_test(without_a_list),
        cmocka_unit_test(the_nearest_region_and_the_latest_beginning),
        cmocka_unit_test(a_fault_is_named_and_nothing_is_taken),
        cmocka_unit_test(quarters_in_words),
    };
    return cmocka_run_group_tests_name("calendar", tests, NULL, NULL);
}
