/* book.h - a pushed workbook becomes statements and a report, by the rules of CSV. Kind: E by xlsx.h.
 *
 * The first visible sheet with a header that is recognised is read; the others, and hidden ones, are noted by name. What a sheet
 * has and CSV has not is undone first: headings in two or three rows (a group's name stands before the heading below it), merged
 * key cells (their value holds for each row they cover), and codes written one segment a column. Then intake reads the table. */
#ifndef REKAP_BOOK_H
#define REKAP_BOOK_H

#include "collector/intake.h"

bool book_begins(struct slice bytes);   /* does it begin as a ZIP archive does? */
/* As intake_read. */
int book_intake(struct slice bytes, const struct intake_options *o, struct intake **ret);

#endif
