/* match.h - what the office and the region's treasurer say was spent on the same line, held together. Kind: P, a function of one
 * office-year.
 *
 * The office states REALISED of source opd, the treasurer of source bud. They are compared at every line that is counted (line.h)
 * for one of them, where the other has the line too or lines below it (then their sum). A line the other side states only above
 * is compared there and not again below. `total` is compared where one of them states it; the other's total is then as stated, else
 * its sum. At the cut-off:
 *  EQUAL            the same value
 *  TIME             another value, but one of them is only ahead: equal at the last month both have reported, or the value of one
 *                   at the cut-off is the value (not 0) of the other at another month it reported
 *  VALUE            neither: antar-tabel (domain.md 7)
 *  OFFICE, TREASURER  only that one has stated the line by then
 * Invariant: every counted line of either side is in exactly one row that speaks of it. */
#ifndef REKAP_MATCH_H
#define REKAP_MATCH_H

#include "line.h"

enum match_state { MATCH_EQUAL, MATCH_TIME, MATCH_VALUE, MATCH_OFFICE, MATCH_TREASURER, MATCH_STATES };
struct match_side {
    bool stated;                        /* by the cut-off */
    i128 value;                         /* sen, at the cut-off */
    uint8_t month;                      /* the newest it reported up to the cut-off; 0 none */
};
struct match_row {
    activity_code activity;             /* CODE_TOTAL: the whole office */
    account_code account;               /* of an account-only line */
    enum match_state state;
    struct match_side office, treasurer;
    uint8_t office_at, treasurer_at;    /* of TIME: the months at which they are equal */
};
struct match_sum { i128 office, treasurer; bool office_stated, treasurer_stated; };     /* all counted lines at the cut-off */
typedef int (*match_fn)(void *ctx, const struct match_row *r);
const char *match_state_name(enum match_state s);       /* "cocok", "beda-waktu", .. stable, in answers */
/* Calls fn for each row in tree order; fn: ST_OK or a status that ends it. u is sorted by it. ret_sum may be NULL. ST_NO_MEMORY. */
int match_rows(struct unit *u, unsigned until, match_fn fn, void *ctx, struct match_sum *ret_sum);

#endif
