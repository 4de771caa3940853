/* copied.h - figures that are the same where they should not be. Kind: P.
 *
 *  sama-dengan-bulan-lalu (CODE_SAME_AS_LAST_MONTH)   of the counted lines whose realised amount is reported in a month and in the
 *      one before it, and that still had money left, so many stand where they stood: one finding about the newest such month, from
 *      rule.lines on, at rule.percent. A single line without spending is an ordinary month.
 *  salinan (CODE_COPIED)   a whole column: realised equal to the budget to the sen, in as many of the lines that spent anything,
 *      from rule.column lines on; or an office whose realised amounts are those of another office of its region, for as many
 *      of the lines both have, from rule.lines on. Amounts to the sen do not agree by chance line after line. */
#ifndef REKAP_COPIED_H
#define REKAP_COPIED_H

#include "line.h"

enum {
    COPIED_OFFICES_MAX = 256,   /* of one region and year that are compared with each other; the rest is not */
};
struct copied_count {
    unsigned code, month;       /* CODE_OK: nothing */
    uint32_t same, of;
};
/* Settings of the registry (proto/setting.h). By default 5 lines: fewer can be chance, small offices have three or four; a column
 * of 10: full absorption of a handful of lines is ordinary in December; 90 percent. */
struct copied_rule { uint32_t lines, column, percent; };
void copied_month(const struct lines *v, unsigned until, const struct copied_rule *rule, struct copied_count *ret);
void copied_column(const struct lines *v, unsigned until, const struct copied_rule *rule, struct copied_count *ret);

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
void copied_between(const struct copied_office *a, const struct copied_office *b, const struct copied_rule *rule,
                    struct copied_count *ret);

#endif
