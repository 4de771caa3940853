/* period_test.c - years, months, quarters as written; RFC 3339 there and back over the whole range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/limits.h"
#include "proto/period.h"

static struct slice text_of(const char *s) { return slice_of(s, strlen(s)); }

struct row {
    const char *text;
    int want; /* -1: refused */
};

static void check(const struct row *rows, size_t n, int (*parse)(struct slice, int *))
{
    for (size_t i = 0; i < n; i++) {
        int v = -1, status = parse(text_of(rows[i].text), &v);

        if (v != rows[i].want || status != (rows[i].want < 0 ? ST_INVALID : ST_OK)) fail_msg("\"%s\": %d", rows[i].text, v);
    }
}

static void test_year(void **state)
{
    static const struct row rows[] = {{"2022", 2022}, {" 1990 ", 1990}, {"2100", 2100}, {"1989", -1}, {"2101", -1},
                                      {"22", -1},     {"02022", -1},    {"2022.0", -1}, {"", -1},     {"-202", -1}};

    (void)state;
    check(rows, sizeof rows / sizeof *rows, period_parse_year);
}

static void test_month(void **state)
{
    static const struct row rows[] = {{"8", 8},      {"08", 8},  {"12", 12},       {"Agustus", 8}, {"ags", 8},
                                      {"August", 8}, {"MEI", 5}, {"Nopember", 11}, {"Okt.", 10},   {"des", 12},
                                      {" 1 ", 1},    {"0", -1},  {"13", -1},       {"008", -1},    {"Agus tus", -1},
                                      {"", -1},      {"m", -1},  {"-1", -1},       {"ma", -1}};

    (void)state;
    check(rows, sizeof rows / sizeof *rows, period_parse_month);
    for (unsigned m = 1; m <= 12; m++) {
        int v;

        assert_int_equal(period_parse_month(text_of(period_month_name(m, LANG_ID)), &v), ST_OK);
        assert_int_equal(v, m);
        assert_int_equal(period_parse_month(text_of(period_month_name(m, LANG_EN)), &v), ST_OK);
        assert_int_equal(v, m);
        assert_int_equal(period_quarter(m), (m - 1) / 3 + 1);
    }
    assert_string_equal(period_month_name(8, LANG_ID), "Agustus");
    assert_string_equal(period_month_name(8, LANG_EN), "August");
}

static void test_quarter(void **state)
{
    static const struct row rows[] = { { "1", 1 },    { "4", 4 },          { "I", 1 },           { "iv", 4 },   { "TW II", 2 },
                                       { "tw.3", 3 }, { "triwulan 3", 3 }, { "Triwulan IV", 4 }, { "tw-3", 3 }, { "tribulan I", 1 },
                                       { "Q2", 2 },   { "0", -1 },         { "5", -1 },          { "V", -1 },   { "tw", -1 },
                                       { "", -1 },    { "IIII", -1 } };

    (void)state;
    check(rows, sizeof rows / sizeof *rows, period_parse_quarter);
}

static int year_month(struct slice s, int *ret)
{
    int y, m, status = period_parse_year_month(s, &y, &m);

    if (status == ST_OK) *ret = 100 * y + m;
    return status;
}

static void test_year_month(void **state)
{
    static const struct row rows[] = { { "2020-08", 202008 }, { "2020-08-31", 202008 }, { "2020-02-29", 202002 },
                                       { "2021-02-29", -1 },  { "2020-13", -1 },        { "2020-00", -1 },
                                       { "2020-8", -1 },      { "2020/08", -1 },        { "2020-08-", -1 },
                                       { "2020-08-00", -1 },  { "2020-08 31", -1 },     { "2101-01", -1 },
                                       { "202008", -1 },      { "1989-12", -1 },        { "", -1 },
                                       { "2020-08-31T", -1 } };

    (void)state;
    check(rows, sizeof rows / sizeof *rows, year_month);
}

/* Each month ends when it ends; 2000 is a leap year, 1900 and 2100 are none. */
static void test_last_days(void **state)
{
    static const struct { int year, days[12]; } row[] = {
        { 2020, { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 } }, { 2021, { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 } },
        { 2000, { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 } }, { 2100, { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 } },
        { 1900, { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        for (int m = 0; m < 12; m++) {
            for (int day = 28; day <= 33; day++) {
                const int want = day <= row[i].days[m] ? ST_OK : ST_INVALID;
                char s[40];
                struct wall at;
                int v;

                snprintf(s, sizeof s, "%d-%02d-%02d", row[i].year, m + 1, day);
                if (row[i].year >= YEAR_MIN) assert_int_equal(year_month(text_of(s), &v), want);
                snprintf(s, sizeof s, "%d-%02d-%02dT00:00:00Z", row[i].year, m + 1, day);
                assert_int_equal(period_parse_time(text_of(s), &at), want);
            }
        }
    }
}

/* found by reading: the year was written although the quarter was none */
static void test_a_bad_quarter_leaves_the_year_alone(void **state)
{
    int year = 1, quarter = 2;

    (void)state;
    assert_int_equal(period_parse_year_quarter(text_of("2022-Q5"), &year, &quarter), ST_INVALID);
    assert_int_equal(period_parse_year_quarter(text_of("20x2-Q4"), &year, &quarter), ST_INVALID);
    assert_int_equal(period_parse_year_quarter(text_of(""), &year, &quarter), ST_INVALID);
    assert_int_equal(period_parse_year_quarter(text_of("2022"), &year, &quarter), ST_INVALID);
    assert_true(year == 1 && quarter == 2);
    assert_int_equal(period_parse_year_quarter(text_of("TW IV/2022"), &year, &quarter), ST_OK);
    assert_true(year == 2022 && quarter == 4);
}

static void test_time_texts(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
        const char *canonical;
    } rows[] = {{"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000Z"},
                {"2026-11-21T10:00:00.123Z", INT64_C(1795255200123), "2026-11-21T10:00:00.123Z"},
                {"2026-11-21T17:00:00.1239+07:00", INT64_C(1795255200123), "2026-11-21T10:00:00.123Z"},
                {"2000-02-29 23:59:60-00:30", INT64_C(951870600000), "2000-03-01T00:30:00.000Z"},
                {"1969-12-31t23:59:59.5z", -500, "1969-12-31T23:59:59.500Z"},
                {"0000-01-01T00:00:00Z", INT64_C(-62167219200000), "0000-01-01T00:00:00.000Z"},
                {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"}};
    static const char *const bad[] = {"",
                                      "2026-11-21",
                                      "2026-11-21T10:00:00",
                                      "2026-11-31T10:00:00Z",
                                      "2026-11-21T24:00:00Z",
                                      "2026-11-21T10:60:00Z",
                                      "2026-11-21T10:00:61Z",
                                      "2026-11-21T10:00:00.Z",
                                      "2026-11-21T10:00:00+7:00",
                                      "2026-11-21T10:00:00+07:60",
                                      "2026-11-21X10:00:00Z",
                                      "2026-11-21T10:00:00x",
                                      "2026-11-21T10:00:00.123",
                                      "2026-11-21T10:00:00.1/Z",
                                      "2026-11-21T10:00:00*07:00",
                                      "2026-11-21T10:00:00+07.00",
                                      "2026-11-21T10:00:00+0x:00",
                                      "2026-11-21T10:00:00+24:00",
                                      "2026-11-21T10:00:00+07:0x",
                                      "2026/11-21T10:00:00Z",
                                      "2026-11/21T10:00:00Z",
                                      "202x-11-21T10:00:00Z",
                                      "2026-00-21T10:00:00Z",
                                      "2026-13-21T10:00:00Z",
                                      "2026-11-00T10:00:00Z",
                                      "2026-11-21T10.00:00Z",
                                      "2026-11-21T10:00.00Z",
                                      "2026-11-21T1x:00:00Z",
                                      "2026-11-21T10:0x:00Z",
                                      "2026-11-21T10:00:0xZ",
                                      "2026-11-21T10:00:00ZZ"};
    struct wall t;
    char text[32];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (period_parse_time(text_of(rows[i].text), &t) != ST_OK) fail_msg("%s", rows[i].text);
        assert_true(t.ms == rows[i].ms);
        assert_int_equal(period_format_time(t, text), 24);
        assert_string_equal(text, rows[i].canonical);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (period_parse_time(text_of(bad[i]), &t) != ST_INVALID) fail_msg("%s", bad[i]);
}

static void test_time_there_and_back(void **state)
{
    struct wall back;
    char text[32];

    (void)state;
    for (int64_t ms = INT64_C(-62167219200000); ms < INT64_C(253402300800000); ms += INT64_C(86399999) * 97) {
        period_format_time((struct wall){ms}, text);
        assert_int_equal(period_parse_time(text_of(text), &back), ST_OK);
        assert_true(back.ms == ms);
    }
    period_format_time((struct wall){INT64_MAX}, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    period_format_time((struct wall){INT64_MIN}, text);
    assert_string_equal(text, "0000-01-01T00:00:00.000Z");
}

/* Each day of four centuries and more: by a count of days, and back. */
static void test_days(void **state)
{
    (void)state;
    static const int LENGTH[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int64_t day = -719162;              /* 0001-01-01 */
    assert_true(period_days((struct period_date){ 1970, 1, 1 }) == 0);
    for (int year = 1; year <= 2400; year++)
        for (int month = 1; month <= 12; month++) {
            bool leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            for (int d = 1; d <= LENGTH[month - 1] + leap; d++, day++) {
                struct period_date back = period_date_of(day);
                if (period_days((struct period_date){ year, month, d }) != day || back.year != year || back.month != month ||
                    back.day != d)
                    fail_msg("%d-%d-%d", year, month, d);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_year),       cmocka_unit_test(test_month),      cmocka_unit_test(test_quarter),
        cmocka_unit_test(test_year_month), cmocka_unit_test(test_last_days),
        cmocka_unit_test(test_time_texts), cmocka_unit_test(test_time_there_and_back),
        cmocka_unit_test(test_a_bad_quarter_leaves_the_year_alone),
    };

    return cmocka_run_group_tests_name("period", tests, NULL, NULL);
}
