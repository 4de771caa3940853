/* csv.h - a pushed file as a table of text cells: encoding, delimiter, quotes, physical lines. Kind: P.
 *
 * Takes what spreadsheets write (intake.md 1): UTF-8 with or without BOM or Windows-1252; `,` `;` or tab, found by itself or given
 * by a first line `sep=X`; LF, CRLF or CR. Quotes are strict: a stray or unclosed one refuses the file and names its line.
 * Nothing here knows what a column means. Symbols begin with csv_table_ because libcsv owns csv_init and its like. */
#ifndef REKAP_CSV_H
#define REKAP_CSV_H

#include "proto/bytes.h"

enum { CSV_ROWS_MAX = 4 << 20, CSV_CELLS_MAX = 48 << 20, CSV_COLUMNS_MAX = 1024 };

enum csv_encoding { CSV_UTF8, CSV_WINDOWS_1252 };
struct csv_cell { uint32_t at, n; };                    /* into text */
struct csv_row { uint32_t line, first, count; };        /* line: physical, from 1, where the row begins; first: its first cell */
struct csv_table {
    struct buf text;                                    /* all cells, UTF-8 without NUL */
    struct csv_cell *cell;
    struct csv_row *row;                                /* blank lines are no rows */
    uint32_t rows, cells, row_cap, cell_cap;
    enum csv_encoding encoding;
    char delimiter;
};
/* Why a file is no table: code CODE_FILE_BROKEN (quotes, UTF-16), CODE_TEXT_BROKEN, CODE_TOO_LARGE; line 0 = the file. */
struct csv_fault { uint32_t line; unsigned code; };

/* ST_OK: ret is to be ended with csv_table_done. ST_INVALID or ST_FULL: fault says why. ST_NO_MEMORY. bytes are not kept. */
int csv_table_read(struct slice bytes, struct csv_table *ret, struct csv_fault *fault);
void csv_table_done(struct csv_table *t);               /* tolerates a zeroed table */
/* Cell `column` (from 0) of row `row`; empty beyond the row's end. Points into the table. */
static inline struct slice csv_table_cell(const struct csv_table *t, uint32_t row, uint32_t column)
{
    const struct csv_row *r = &t->row[row];
    if (column >= r->count)
        return slice_of(t->text.p, 0);
    const struct csv_cell *c = &t->cell[r->first + column];
    return slice_of(t->text.p + c->at, c->n);
}

#endif
