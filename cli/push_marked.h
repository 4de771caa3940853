/* push_marked.h - a copy of a pushed file with each fault marked at its cell. Kind: E.
 *
 * The copy has every row and cell at the place where the file has it, so a place in a refusal is the same place in the copy. It can
 * be mended and pushed: what is added is passed over by intake (a column it does not know, a sheet behind the first). */
#ifndef REKAP_PUSH_MARKED_H
#define REKAP_PUSH_MARKED_H

#include "collector/intake.h"
#include "collector/xlsx.h"

struct push_marked {
    const struct intake *in;            /* its refusals are what is marked */
    enum lang lang;
    struct wall at;                     /* when it was checked: the creation date of the copy */
    struct csv_table table;             /* what was read; without rows: the file is no table, and only the list is written */
    uint32_t header;                    /* row of the headings; UINT32_MAX: not recognised */
    const struct xlsx_merge *merge;
    uint32_t merges;
};
/* The heading of the column and of the sheet that are added. */
#define PUSH_MARKED_ID "kesalahan"
#define PUSH_MARKED_EN "faults"

/* Appends what is wrong, in one line: `"1,234" ..; maksudnya 1.234? [ambigu]`. */
void push_marked_fault(struct buf *b, const struct intake_refusal *r, enum lang lang);
/* Text as CSV: the file's own delimiter and rows, blank lines too, with a last column that says what is wrong in the row. */
void push_marked_text(const struct push_marked *m, struct buf *b);
/* push_marked_book.c: a workbook at path: the sheet with faulty cells coloured and commented, and a sheet that lists the faults.
 * ST_FULL: cannot be written (errno), or more rows or columns than a sheet has. ST_NO_MEMORY. */
int push_marked_book(const struct push_marked *m, const char *path);

#endif
