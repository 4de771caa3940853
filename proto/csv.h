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
/* What a cell of JSON lines or of a workbook is beside its text; cells of CSV are text. NUMBER: "-12.5", no exponent; DATE:
 * "2022-12-31"; FRACTION: a JSON number that is no integer; TWICE: a name that its object has twice; the others have no value. */
enum csv_kind { CSV_TEXT, CSV_NUMBER, CSV_DATE, CSV_FRACTION, CSV_TWICE, CSV_ERROR, CSV_NO_RESULT };
enum { CSV_DECIMALS_ANY = 255 };
struct csv_mark { uint8_t kind, decimals; bool percent; };      /* a NUMBER is shown so; decimals CSV_DECIMALS_ANY: as it is */
struct csv_row { uint32_t line, first, count; };        /* line: physical, from 1, where the row begins; first: its first cell */
struct csv_table {
    struct buf text;                                    /* all cells, UTF-8 without NUL */
    struct csv_cell *cell;
    struct csv_row *row;                                /* blank lines are no rows */
    struct csv_mark *mark;                              /* one a cell, where `marked`; else NULL */
    uint32_t rows, cells, row_cap, cell_cap;
    bool marked;
    enum csv_encoding encoding;
    char delimiter;
};
/* Why a file is no table: code CODE_FILE_BROKEN (quotes, UTF-16), CODE_TEXT_BROKEN, CODE_TOO_LARGE; line 0 = the file; at: byte of
 * the line, from 1 (JSON lines only). */
struct csv_fault { uint32_t line; unsigned code; uint32_t at; };

/* ST_OK: ret is to be ended with csv_table_done. ST_INVALID or ST_FULL: fault says why. ST_NO_MEMORY. bytes are not kept. */
int csv_table_read(struct slice bytes, struct csv_table *ret, struct csv_fault *fault);
void csv_table_done(struct csv_table *t);               /* tolerates a zeroed table */
/* Cell `column` (from 0) of row `row`; empty beyond the row's end. Points into the table, unless it is empty. */
static inline struct slice csv_table_cell(const struct csv_table *t, uint32_t row, uint32_t column)
{
    const struct csv_row *r = &t->row[row];
    if (column >= r->count || t->cell[r->first + column].n == 0)
        return slice_of("", 0);         /* a table without a byte of text has none to point into */
    const struct csv_cell *c = &t->cell[r->first + column];
    return slice_of(t->text.p + c->at, c->n);
}
/* How the cell is marked; plain text beyond the row's end and in tables without marks. */
static inline struct csv_mark csv_table_mark(const struct csv_table *t, uint32_t row, uint32_t column)
{
    const struct csv_row *r = &t->row[row];
    return t->mark && column < r->count ? t->mark[r->first + column] : (struct csv_mark){ .kind = CSV_TEXT };
}

/* ---- csv_build.c: making a table; the cells of a row follow each other from index `first` on ---- */

/* Adds a cell whose text is in t->text already. ST_OK; ST_FULL: over CSV_CELLS_MAX or CSV_COLUMNS_MAX; ST_NO_MEMORY. */
int csv_table_add(struct csv_table *t, uint32_t first, struct csv_cell c, struct csv_mark m);
int csv_table_add_text(struct csv_table *t, uint32_t first, const void *p, size_t n, struct csv_mark m);       /* with its text */
int csv_table_add_row(struct csv_table *t, uint32_t line, uint32_t first);      /* ends the row that began at cell `first` */

#endif
