/* habit.h - an office's own habit of reporting, and whether it has fallen silent against it. Kind: P, a function of times and now.
 *
 * A report is the first statement of a realised figure of a month. Its day is counted from the end of that month (UTC+7, 0 = the
 * day after). Of months that were first stated on one day only the newest counts: a year handed in at once is one habit, not
 * twelve. The habit is the median day of the newest HABIT_MONTHS_MAX of them, known from HABIT_MONTHS_MIN on; the tolerance is
 * HABIT_DAYS_MIN days or twice the median distance from it, whichever is more. The office is silent when the month after the newest
 * reported one is not there that many days after it is usual. Nothing of it is stored: it depends on now. */
#ifndef REKAP_HABIT_H
#define REKAP_HABIT_H

#include "proto/types.h"

enum { HABIT_MONTHS_MIN = 3, HABIT_MONTHS_MAX = 12, HABIT_DAYS_MIN = 3, HABIT_REPORTS_MAX = 48 };
struct habit_report { int year, month; struct wall at; };
struct habit {
    bool known, silent;
    unsigned months;                    /* it is known from */
    int day, tolerance;
    int year, month;                    /* the next one to report */
    int late;                           /* days since it was usual; below 0: still to come */
};
/* Reports ascend by year and month, n <= HABIT_REPORTS_MAX. */
void habit_of(const struct habit_report *report, size_t n, struct wall now, struct habit *ret);

#endif
