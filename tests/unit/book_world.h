/* book_world.h - workbooks for tests: written by libxlsxwriter, or put together part by part where no honest program would. */
#ifndef REKAP_TESTS_BOOK_WORLD_H
#define REKAP_TESTS_BOOK_WORLD_H

#include "proto/csv.h"

/* A table as the only sheet: all cells as texts, or those of amounts, years and numbers as numbers in the decimals they show. */
void book_world_of_table(const struct csv_table *t, bool numbers, struct buf *ret);
void book_world_load(const char *path, struct buf *ret);         /* a file made by a test, removed after */
void book_world_path(char *ret, size_t size);           /* a new temporary path */

struct book_part { const char *path, *text; size_t n; /* 0: strlen */ };
void book_world_zip(const struct book_part *part, size_t parts, struct buf *ret);       /* an archive of exactly these parts */
/* The least parts of a workbook around the XML of one sheet named "Lembar 1"; the shared strings or styles may be NULL. */
void book_world_sheet(const char *sheet, const char *strings, const char *styles, struct buf *ret);

#endif
