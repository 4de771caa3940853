/* compare.h - second prints of figures (`pembanding`) held against what is stated. Kind: P, a function of one office-year.
 *
 * A second print stands in a named table; of each column of a table it is first asked what it repeats:
 *  pagu        the source its rows name; where they name none, the one of dpa, renja, renstra, rpjmd, opd that most rows agree with
 *              (the first of equals)
 *  realisasi   opd
 *  persen      its own row's pair in the table, or the stated pair (dpa and opd) where more rows fit that: reports print one
 *              table's percentages in another
 * antar-tabel (CODE_BETWEEN_TABLES)   an amount that differs from the figure as stated (the line's own, else the sum of the counted
 *              lines below it) at the month of the row. persen (CODE_PERCENT)   a percentage that is neither the rounded nor the
 *              truncated value of the pair its table repeats, at its decimals.
 * induk-rincian, belum-lengkap (CODE_PARENT_SUM, CODE_INCOMPLETE)   an amount that is not what the lines of its own table below it
 *              add up to (compare_tree.h).
 * Where at least COMPARE_WHOLE_ROWS rows of a column can be compared and fewer than half agree with anything, the column is not a
 * second print of what it says: that is one finding about the table and not one a row. So it is where percentages repeat another
 * pair than the one beside them. Nothing is said where nothing is stated. */
#ifndef REKAP_COMPARE_H
#define REKAP_COMPARE_H

#include "line.h"

enum { COMPARE_WHOLE_ROWS = 8 };
enum compare_column { COMPARE_BUDGET, COMPARE_REALISED, COMPARE_PERCENT };
struct compare_claim {
    unsigned code;
    enum compare_column column;
    bool whole;                         /* about the column: rows differ of `of`; no figure */
    bool parent;                        /* against the table's own lines below it */
    bool own_pair;                      /* of a percentage: judged by its own row */
    uint8_t source;                     /* of the stated side of an amount */
    uint8_t month, decimals;
    uint32_t table;                     /* the store's number of its name */
    activity_code activity;
    account_code account;
    i128 printed, computed, num, den;   /* sen; of a percentage: percent * 1e6 and the pair */
    uint32_t differ, of;
    provenance prov;
};
typedef int (*compare_fn)(void *ctx, const struct compare_claim *c);
/* Calls fn for each claim that shows at `until` (1..12), tables and columns as they come, rows in tree order. u is sorted by it.
 * fn: ST_OK or a status that ends it. ST_NO_MEMORY. */
int compare_claims(struct unit *u, unsigned until, compare_fn fn, void *ctx);

#endif
