/* calendar.h - days, working days and the clocks of Indonesia. Kind: P.
 *
 * A day is its number since 1970-01-01 (day 0, a Thursday), by the Gregorian calendar. A day begins at midnight by the clock of a
 * place: WIB, WITA, WIT are 7, 8 and 9 hours ahead of UTC all year. Saturdays, Sundays and holidays are not worked. */
#ifndef REKAP_CALENDAR_H
#define REKAP_CALENDAR_H

#include "proto/status.h"

typedef int64_t calendar_day;
calendar_day calendar_of_date(int year, unsigned month, unsigned day); /* a date that exists */
void calendar_to_date(calendar_day day, char ret[11]);                  /* "2023-01-06"; years 1..9999 */
int calendar_parse(struct slice text, calendar_day *ret);               /* "2023-01-06"; ST_INVALID, also for 2023-02-29 */
calendar_day calendar_quarter_end(int year, unsigned quarter);
unsigned calendar_weekday(calendar_day day); /* 0 Monday .. 6 Sunday */
calendar_day calendar_today(struct wall now, unsigned hours_ahead);
struct wall calendar_end_of(calendar_day day, unsigned hours_ahead); /* the midnight that ends it */
/* The n-th working day after `day`; n 0: the day itself. holiday: n_holidays days, ascending. */
calendar_day calendar_work(calendar_day day, unsigned n, const calendar_day *holiday, size_t n_holidays);
/* Working days after `from` up to and with `to`; negative when `to` lies before. */
int calendar_work_between(calendar_day from, calendar_day to, const calendar_day *holiday, size_t n_holidays);

#endif
