/* csv_list.h - a short list of the registry (DIR/registry/NAME.csv): read whole, taken whole, a fault told by its line. Kind: P. */
#ifndef REKAP_CSV_LIST_H
#define REKAP_CSV_LIST_H

#include "proto/csv.h"

/* Takes the rows of a table that was read. NULL: all is well; else why not, with *row where. *row begins at 0, the heading. */
typedef const char *(*csv_list_fn)(void *ctx, const struct csv_table *t, uint32_t *row);
/* ST_INVALID or ST_FULL: err says "NAME:LINE: reason". ST_NO_MEMORY. bytes are not kept. */
int csv_list_read(struct slice bytes, const char *name, csv_list_fn take, void *ctx, char *err, size_t err_size);
/* Do the first n cells of the heading read so? A-Z folded, blanks around them do not count. */
bool csv_list_heading(const struct csv_table *t, const char *const *columns, uint32_t n);
static inline struct slice csv_list_cell(const struct csv_table *t, uint32_t row, uint32_t column)
{
    return bytes_trim(csv_table_cell(t, row, column));
}

#endif
