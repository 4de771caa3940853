/* period.c - years, months and quarters as people write them; times of day as RFC 3339. Kind: P.
 *
 * Design notes: month names are Indonesian and English with the short forms met in reports; the same word never names two
 * months in the two languages. Times are computed with the proleptic Gregorian calendar on days counted from 0000-03-01,
 * which puts the leap day at the end of a year and the months into one linear formula; no library call that would ask for
 * the time zone of the machine.
 *
 * Invariant: period_parse_time(period_format_time(t)) == t for every t in the years 0..9999; others print as the nearest
 * end of that range. */
#include "period.h"

#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "limits.h"

#define MS_PER_DAY INT64_C(86400000)
#define MS_FIRST (-INT64_C(719528) * MS_PER_DAY)        /* 0000-01-01T00:00:00.000Z */
#define MS_LAST (INT64_C(2932897) * MS_PER_DAY - 1)     /* 9999-12-31T23:59:59.999Z */

enum { MONTH_WORDS_MAX = 7, QUARTERS = 4 };
/* What is printed, and what is read: folded words. */
static const char *const MONTHS[12][2] = {
    {"Januari", "January"}, {"Februari", "February"}, {"Maret", "March"},         {"April", "April"},
    {"Mei", "May"},         {"Juni", "June"},         {"Juli", "July"},           {"Agustus", "August"},
    {"September", "September"}, {"Oktober", "October"},   {"November", "November"},   {"Desember", "December"},
};
static const char *const MONTH_WORDS[12][MONTH_WORDS_MAX] = {
    {"januari", "january", "jan", NULL},         {"februari", "february", "feb", "pebruari", "peb", NULL},
    {"maret", "march", "mar", "mrt", NULL},      {"april", "apr", NULL},
    {"mei", "may", NULL},                        {"juni", "june", "jun", NULL},
    {"juli", "july", "jul", NULL},               {"agustus", "august", "ags", "agu", "aug", "agt", NULL},
    {"september", "sep", "sept", NULL},          {"oktober", "october", "okt", "oct", NULL},
    {"november", "nov", "nopember", "nop", NULL}, {"desember", "december", "des", "dec", NULL},
};

/* Exactly s.n digits as a number; -1 when it is anything else. A year is the longest that is asked for. */
static int digits(struct slice s)
{
    int v = 0;

    ASSERT(s.n <= 4);
    if (s.n == 0) return -1;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return -1;
        v = 10 * v + (s.p[i] - '0');
    }
    return v;
}

/* The number of n digits at `at`; -1 when they are not there. */
static int digits_at(struct slice s, size_t at, size_t n)
{
    return s.n >= at + n ? digits(slice_of(s.p + at, n)) : -1;
}

static int days_in_month(int year, int month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month == 2 && leap ? 29 : days[month - 1];
}

int period_parse_year(struct slice text, int *ret)
{
    struct slice s = bytes_trim(text);
    int v = s.n == 4 ? digits(s) : -1;

    if (v < YEAR_MIN || v > YEAR_MAX) return ST_INVALID;
    *ret = v;
    return ST_OK;
}

static int month_of_word(struct slice s)
{
    ASSERT(s.n > 0);
    if (s.p[s.n - 1] == '.') s.n--;                  /* "Okt." */
    for (int m = 0; m < 12; m++)
        for (const char *const *w = MONTH_WORDS[m]; *w; w++)
            if (bytes_is(s, *w)) return m + 1;
    return -1;
}

int period_parse_month(struct slice text, int *ret)
{
    struct slice s = bytes_trim(text);
    int v = s.n <= 2 ? digits(s) : month_of_word(s);

    if (v < 1 || v > 12) return ST_INVALID;
    *ret = v;
    return ST_OK;
}

int period_parse_year_month(struct slice text, int *ret_year, int *ret_month)
{
    struct slice s = bytes_trim(text);
    int year = digits_at(s, 0, 4), month = digits_at(s, 5, 2), day = 1;

    if ((s.n != 7 && s.n != 10) || s.p[4] != '-') return ST_INVALID;
    if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12) return ST_INVALID;
    if (s.n == 10) day = s.p[7] == '-' ? digits_at(s, 8, 2) : -1;
    if (day < 1 || day > days_in_month(year, month)) return ST_INVALID;
    *ret_year = year;
    *ret_month = month;
    return ST_OK;
}

int period_parse_quarter(struct slice text, int *ret_quarter)
{
    static const char *const words[] = {"triwulan", "tribulan", "tw", "q"};
    static const char *const numbers[QUARTERS][2] = {{"1", "i"}, {"2", "ii"}, {"3", "iii"}, {"4", "iv"}};
    struct slice s = bytes_trim(text);

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = 0;

        while (words[i][n])
            n++;
        if (s.n <= n || !bytes_is(slice_of(s.p, n), words[i])) continue;
        if (s.p[n] == '.' || s.p[n] == '-') n++;
        s = bytes_trim(slice_of(s.p + n, s.n - n));
        break;
    }
    for (int q = 0; q < QUARTERS; q++)
        if (bytes_is(s, numbers[q][0]) || bytes_is(s, numbers[q][1])) {
            *ret_quarter = q + 1;
            return ST_OK;
        }
    return ST_INVALID;
}

int period_parse_year_quarter(struct slice text, int *ret_year, int *ret_quarter)
{
    struct slice s = bytes_trim(text), year, quarter;
    const uint8_t *slash = s.n ? memchr(s.p, '/', s.n) : NULL, *dash = s.n ? memchr(s.p, '-', s.n) : NULL;
    const uint8_t *mark = slash ? slash : dash;
    if (!mark) return ST_INVALID;
    year = slice_of(s.p, (size_t)(mark - s.p));
    quarter = slice_of(mark + 1, s.n - year.n - 1);
    if (slash) {
        struct slice t = year;
        year = quarter;
        quarter = t;
    }
    int y = 0, st = period_parse_year(year, &y);
    if (st == ST_OK) st = period_parse_quarter(quarter, ret_quarter);
    if (st == ST_OK) *ret_year = y;
    return st;
}

const char *period_month_name(unsigned month, enum lang lang)
{
    ASSERT(month >= 1 && month <= 12);
    return MONTHS[month - 1][lang == LANG_EN];
}

/* ---- RFC 3339 ---- */

/* Days since 1970-01-01. Years run from March, so that day of year = (153 * month + 2) / 5 + day. */
int64_t period_days(struct period_date c)
{
    int64_t y = c.year - (c.month <= 2), era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (c.month + (c.month > 2 ? -3 : 9)) + 2) / 5 + c.day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct period_date period_date_of(int64_t days)
{
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t m = (5 * doy + 2) / 153, month = m < 10 ? m + 3 : m - 9;

    return (struct period_date){(int)(yoe + era * 400 + (month <= 2)), (int)month, (int)(doy - (153 * m + 2) / 5 + 1)};
}

int period_format_time(struct wall t, char ret[32])
{
    int64_t ms = t.ms < MS_FIRST ? MS_FIRST : t.ms > MS_LAST ? MS_LAST : t.ms;
    int64_t days = (ms >= 0 ? ms : ms - MS_PER_DAY + 1) / MS_PER_DAY;
    unsigned of_day = (unsigned)(ms - days * MS_PER_DAY), s = of_day / 1000;
    struct period_date c = period_date_of(days);

    return snprintf(ret, 32, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)c.year % 10000, (unsigned)c.month % 100,
                    (unsigned)c.day % 100, s / 3600 % 24, s / 60 % 60, s % 60, of_day % 1000);
}

/* ".123456" at s, where there is at least one byte: milliseconds, truncated; *ret_used bytes. False when the dot has no digits
 * after it. */
static bool read_fraction(struct slice s, int *ret_ms, size_t *ret_used)
{
    size_t i = 1;
    int scale = 100;

    *ret_ms = 0;
    *ret_used = 0;
    ASSERT(s.n > 0);
    if (s.p[0] != '.') return true;
    for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++, scale /= 10)
        *ret_ms += scale * (s.p[i] - '0');
    *ret_used = i;
    return i > 1;
}

/* "Z" or "+07:00": minutes east of UTC. */
static bool read_offset(struct slice s, int *ret_minutes)
{
    int h = digits_at(s, 1, 2), m = digits_at(s, 4, 2);

    if (s.n == 1 && (s.p[0] == 'Z' || s.p[0] == 'z')) {
        *ret_minutes = 0;
        return true;
    }
    if (s.n != 6 || (s.p[0] != '+' && s.p[0] != '-') || s.p[3] != ':' || h < 0 || h > 23 || m < 0 || m > 59) return false;
    *ret_minutes = s.p[0] == '-' ? -(60 * h + m) : 60 * h + m;
    return true;
}

static bool read_date(struct slice s, struct period_date *ret)
{
    *ret = (struct period_date){digits_at(s, 0, 4), digits_at(s, 5, 2), digits_at(s, 8, 2)};
    if (s.p[4] != '-' || s.p[7] != '-' || ret->year < 0 || ret->month < 1 || ret->month > 12) return false;
    return ret->day >= 1 && ret->day <= days_in_month(ret->year, ret->month);
}

int period_parse_time(struct slice text, struct wall *ret)
{
    struct slice s = bytes_trim(text);
    int hour = digits_at(s, 11, 2), minute = digits_at(s, 14, 2), second = digits_at(s, 17, 2), ms, offset;
    struct period_date c;
    size_t used;

    if (s.n < 20 || !read_date(s, &c) || (s.p[10] != 'T' && s.p[10] != 't' && s.p[10] != ' ')) return ST_INVALID;
    if (s.p[13] != ':' || s.p[16] != ':' || hour < 0 || hour > 23 || minute < 0 || minute > 59) return ST_INVALID;
    if (second < 0 || second > 60) return ST_INVALID;           /* 60: a leap second, counted as the next one */
    if (!read_fraction(slice_of(s.p + 19, s.n - 19), &ms, &used)) return ST_INVALID;
    if (!read_offset(slice_of(s.p + 19 + used, s.n - 19 - used), &offset)) return ST_INVALID;
    ret->ms = period_days(c) * MS_PER_DAY + ((hour * 60 + minute - offset) * INT64_C(60) + second) * 1000 + ms;
    return ST_OK;
}
