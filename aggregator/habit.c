/* habit.c - see habit.h. Invariant: days are whole and counted from one origin, so that a month's length does not matter. */
#include "habit.h"

#include <stdlib.h>

#include "proto/period.h"
#include "proto/status.h"

static const int64_t DAY_MS = 86400000, ZONE_MS = 7 * 3600000;

static int64_t day_of(struct wall w)
{
    int64_t ms = w.ms + ZONE_MS;
    return ms / DAY_MS - (ms % DAY_MS < 0);
}

static void step(int *year, int *month)
{
    *month = *month % 12 + 1;
    if (*month == 1) ++*year;
}

/* The day after the end of a month. */
static int64_t end_of(int year, int month)
{
    step(&year, &month);
    return period_days((struct period_date){ year, month, 1 });
}

static int by_value(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static int median(int *v, unsigned n)
{
    qsort(v, n, sizeof *v, by_value);
    return v[n / 2];                    /* of two in the middle the later: in doubt nobody is called silent */
}

void habit_of(const struct habit_report *report, size_t n, struct wall now, struct habit *ret)
{
    int day[HABIT_MONTHS_MAX], apart[HABIT_MONTHS_MAX];
    *ret = (struct habit){0};
    ASSERT(n <= HABIT_REPORTS_MAX);
    for (size_t i = n; i-- > 0 && ret->months < HABIT_MONTHS_MAX;) {
        bool with_a_later = false;
        for (size_t k = i + 1; k < n; k++) with_a_later |= day_of(report[k].at) == day_of(report[i].at);
        if (!with_a_later) day[ret->months++] = (int)(day_of(report[i].at) - end_of(report[i].year, report[i].month));
    }
    if (ret->months < HABIT_MONTHS_MIN) return;
    ret->known = true;
    ret->day = median(day, ret->months);
    for (unsigned i = 0; i < ret->months; i++) apart[i] = abs(day[i] - ret->day);
    int spread = 2 * median(apart, ret->months);
    ret->tolerance = spread > HABIT_DAYS_MIN ? spread : HABIT_DAYS_MIN;
    ret->year = report[n - 1].year;
    ret->month = report[n - 1].month;
    step(&ret->year, &ret->month);
    ret->late = (int)(day_of(now) - end_of(ret->year, ret->month)) - ret->day;
    ret->silent = ret->late > ret->tolerance;
}
