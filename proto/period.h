/* period.h - months, quarters and fiscal years. Kind: P. */
#ifndef REKAP_PERIOD_H
#define REKAP_PERIOD_H

#include "status.h"

static inline unsigned period_quarter(unsigned month) { return (month + 2) / 3; }
int period_parse_year(struct slice text, int *ret);                     /* "2022"; ST_INVALID outside YEAR_MIN..YEAR_MAX */
int period_parse_month(struct slice text, int *ret);                    /* "8", "08", "Agustus", "ags", "August" */
int period_parse_year_month(struct slice text, int *ret_year, int *ret_month);  /* "2020-08"; XLSX-style "2020-08-31" */
int period_parse_quarter(struct slice text, int *ret_quarter);          /* "1".."4", "I".."IV", "TW II", "triwulan 3" */
/* "2022-Q4", "2022-TW4", "2022-IV", "4/2022", "TW IV/2022"; ST_INVALID */
int period_parse_year_quarter(struct slice text, int *ret_year, int *ret_quarter);
const char *period_month_name(unsigned month, enum lang lang);          /* "Januari" / "January"; 1..12 */
/* Dates of the Gregorian calendar as days since 1970-01-01 (day 0), each the other's inverse; a date that exists. */
struct period_date { int year, month, day; };
int64_t period_days(struct period_date c);
struct period_date period_date_of(int64_t days);
/* RFC 3339 in UTC, "2026-11-21T10:00:00.123Z"; returns length. */
int period_format_time(struct wall t, char ret[32]);
int period_parse_time(struct slice text, struct wall *ret);             /* RFC 3339, any offset */

#endif
