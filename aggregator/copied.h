/* copied.h - figures that are the same where they should not be. Kind: P.
 *
 *  sama-dengan-bulan-lalu (CODE_SAME_AS_LAST_MONTH)   of the counted lines whose realised amount is reported in a month and in the
 *      one before it, and that still had money left, so many stand where they stood: one finding about the newest such month, from
 *      COPIED_MIN lines on, at COPIED_SHARE_NUM of COPIED_SHARE_DEN. A single line without spending is an ordinary month.
 *  salinan (CODE_COPIED)   a whole column: realised equal to the budget to the sen, in as many of the lines that spent anything,
 *      from COPIED_COLUMN_MIN lines on; or an office whose realised amounts are those of another office of its region, for as many
 *      of the lines both have, from COPIED_MIN on. Amounts to the sen do not agree by chance line after line. */
#ifndef REKAP_COPIED_H
#define REKAP_COPIED_H

#include "line.h"

enum {
    COPIED_MIN = 5,             /* fewer equal lines can be chance: small offices have three or four */
    COPIED_COLUMN_MIN = 10,     /* full absorption of a handful of lines is ordinary in December */
    COPIED_SHARE_NUM = 9,
    COPIED_SHARE_DEN = 10,
    COPIED_OFFICES_MAX = 256,   /* of one region and year that are compared with each other; the rest is not */
};
struct copied_count {
    unsigned code, month;       /* CODE_OK: nothing */
    uint32_t same, of;
};
void copied_month(const struct lines *v, unsigned until, struct copied_count *ret);
void copied_column(const struct lines *v, unsigned until, struct copied_count *ret);

/* The realised amounts of one office, in tree order. */
struct copied_amount {
    activity_code activity;
    account_code account;
    i128 sen;
};
struct copied_office {
    struct copied_amount *amount;
    uint32_t count;
};
int copied_office(const struct lines *v, unsigned until, struct copied_office *ret);  /* ST_NO_MEMORY; free ret->amount */
void copied_between(const struct copied_office *a, const struct copied_office *b, struct copied_count *ret);

#endif
