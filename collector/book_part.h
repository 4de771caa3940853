/* book_part.h - what the parts of book.c share: changing a sheet's table before it is read. Kind: E by xlsx.h. */
#ifndef REKAP_BOOK_PART_H
#define REKAP_BOOK_PART_H

#include "collector/shape.h"
#include "collector/xlsx.h"

/* Puts a cell; the row is moved to the end of the table's cells when it must grow. ST_OK, ST_FULL, ST_NO_MEMORY. */
int book_set(struct csv_table *t, uint32_t row, uint32_t column, struct csv_cell c, struct csv_mark m);
/* The same with new text. */
int book_set_text(struct csv_table *t, uint32_t row, uint32_t column, struct slice text, struct csv_mark m);

/* ---- book_header.c: before the shape is known ---- */
int book_headings(struct xlsx_sheet *s);

/* ---- book_rows.c: with the shape ---- */
int book_rows(struct xlsx_sheet *s, const struct shape *shape);

#endif
