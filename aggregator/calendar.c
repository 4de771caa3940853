/* calendar.c - see calendar.h. Kind: P.
 *
 * Invariant: calendar_to_date and calendar_parse are each other's inverse. */
#include "aggregator/calendar.h"

#include <stdio.h>
#include <string.h>

#include "proto/period.h"

static const int64_t DAY_MS = 86400000, HOUR_MS = 3600000;

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

calendar_day calendar_of_date(int year, unsigned month, unsigned day)
{
    return period_days((struct period_date){ year, (int)month, (int)day });
}

void calendar_to_date(calendar_day day, char ret[11])
{
    const struct period_date d = period_date_of(day);
    ASSERT(d.year >= 1 && d.year <= 9999);
    snprintf(ret, 11, "%04u-%02u-%02u", (unsigned)d.year % 10000, (unsigned)d.month % 100, (unsigned)d.day % 100);
}

int calendar_parse(struct slice text, calendar_day *ret)
{
    unsigned n[3] = { 0 }, field = 0;
    char again[11];
    if (text.n != 10) return ST_INVALID;
    for (size_t i = 0; i < 10; i++) {
        bool dash = i == 4 || i == 7;
        if (dash ? text.p[i] != '-' : text.p[i] < '0' || text.p[i] > '9') return ST_INVALID;
        if (dash) field++;
        else n[field] = 10 * n[field] + (unsigned)(text.p[i] - '0');
    }
    if (n[0] == 0 || n[1] == 0 || n[1] > 12 || n[2] == 0 || n[2] > 31) return ST_INVALID;
    calendar_day day = calendar_of_date((int)n[0], n[1], n[2]);
    calendar_to_date(day, again);
    if (memcmp(again, text.p, 10) != 0) return ST_INVALID; /* the 30th of February is a day of March */
    *ret = day;
    return ST_OK;
}

calendar_day calendar_quarter_end(int year, unsigned quarter)
{
    return quarter == 4 ? calendar_of_date(year, 12, 31) : calendar_of_date(year, 3 * quarter + 1, 1) - 1;
}

unsigned calendar_weekday(calendar_day day)
{
    int64_t r = (day + 3) % 7;
    return (unsigned)(r < 0 ? r + 7 : r);
}

calendar_day calendar_today(struct wall now, unsigned hours_ahead)
{
    return floor_div(now.ms + (int64_t)hours_ahead * HOUR_MS, DAY_MS);
}

struct wall calendar_end_of(calendar_day day, unsigned hours_ahead)
{
    return (struct wall){ (day + 1) * DAY_MS - (int64_t)hours_ahead * HOUR_MS };
}

static bool worked(calendar_day day, const calendar_day *holiday, size_t n)
{
    size_t low = 0;
    if (calendar_weekday(day) >= 5) return false;
    for (size_t high = n; low < high;) {
        size_t middle = (low + high) / 2;
        if (holiday[middle] < day) low = middle + 1;
        else high = middle;
    }
    return low == n || holiday[low] != day;
}

calendar_day calendar_work(calendar_day day, unsigned n, const calendar_day *holiday, size_t n_holidays)
{
    while (n > 0) n -= worked(++day, holiday, n_holidays);
    return day;
}

int calendar_work_between(calendar_day from, calendar_day to, const calendar_day *holiday, size_t n_holidays)
{
    int n = 0;
    for (calendar_day d = from + 1; d <= to; d++) n += worked(d, holiday, n_holidays);
    for (calendar_day d = to + 1; d <= from; d++) n -= worked(d, holiday, n_holidays);
    return n;
}
