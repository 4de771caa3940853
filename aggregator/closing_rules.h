/* closing_rules.h - what the registry says about the close: deadlines, holidays, clocks, steps inside offices. Kind: P (parses
 * bytes; the edge reads the file).
 *
 * One CSV list, DIR/registry/penutupan.csv, optional: hal,wilayah,mulai,nilai. A row holds for its region and those below it
 * (empty: everywhere), from the quarter `mulai` on (empty: always). Of rows about one thing the nearest region wins, then the
 * latest `mulai`, then the later line.
 *
 *   hal             nilai                                           without a row
 *   batas-kantor    working days after the quarter's end, 1..60     5
 *   batas-kota      the same for the city's consolidation           10
 *   libur           a date that is not worked (no mulai)            none
 *   zona            WIB, WITA or WIT                                by province
 *   langkah         words: operator kasubbag kepala                 kepala
 *   orang-berbeda   ya or tidak                                     tidak
 *   temuan-berat    words: kinds of findings that are grave         tanpa-pagu pagu-dihapus */
#ifndef REKAP_CLOSING_RULES_H
#define REKAP_CLOSING_RULES_H

#include "aggregator/calendar.h"
#include "aggregator/closing.h"
#include "proto/code.h"

enum { CLOSING_GRAVE_MAX = 255 };
struct closing_book;                                                                              /* immutable */
int closing_rules_parse(struct slice bytes, struct closing_book **ret, char *err, size_t err_size); /* ST_INVALID: "line: reason" */
void closing_rules_free(struct closing_book **b);

struct closing_terms { /* what holds for a region and quarter */
    struct closing_rules rules;
    unsigned office_days, city_days;
    unsigned hours_ahead;
    const char *zone; /* "WIB" */
    char grave[CLOSING_GRAVE_MAX + 1];
    calendar_day office_day, city_day; /* the last day of each deadline */
};
/* b may be NULL. quarter: closing_quarter(). */
void closing_rules_for(const struct closing_book *b, region_code region, unsigned quarter, struct closing_terms *ret);
/* Working days of the region from today (not counted) up to the day. */
int closing_rules_left(const struct closing_book *b, region_code region, calendar_day today, calendar_day day);
bool closing_rules_grave(const struct closing_terms *t, const char *kind);

#endif
