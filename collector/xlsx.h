/* xlsx.h - a workbook (Office Open XML) as tables of marked cells. Kind: E only because libzip and expat stand behind it: nothing
 * is read but the bytes it is given.
 *
 * A streaming reader of what Excel, LibreOffice and libxlsxwriter write: shared and inline strings, rich text, numbers exact from
 * their decimal text, formats (percent, decimals, dates of both date systems), formulas by their stored result, merged ranges and
 * hidden sheets. Numbers are never made a double: more than 15 significant digits of a fraction are what the double behind them
 * added, and are rounded away as every spreadsheet does when it shows the cell. Refused: document types (entities), encryption, two
 * parts of one name, and whatever passes a named cap below; a small file cannot ask for much memory or time. */
#ifndef REKAP_XLSX_H
#define REKAP_XLSX_H

#include "proto/csv.h"

enum {
    XLSX_PARTS_MAX = 4096,              /* entries of the archive */
    XLSX_PART_BYTES_MAX = 512 << 20,    /* one part, unpacked */
    XLSX_TOTAL_BYTES_MAX = 1 << 30,     /* all parts that are read, unpacked */
    XLSX_RATIO_MAX = 400,               /* unpacked / packed, of parts over XLSX_RATIO_FROM bytes; spreadsheets reach about 60 */
    XLSX_RATIO_FROM = 8 << 20,
    XLSX_CELLS_MAX = 8 << 20,           /* of one sheet, with the empty ones before a row's last */
    XLSX_TEXT_BYTES_MAX = 256 << 20,    /* all texts of a sheet, shared ones once */
    XLSX_CELL_BYTES_MAX = 128 << 10,    /* text of one cell; Excel ends at 32767 characters */
    XLSX_STRINGS_MAX = 4 << 20, XLSX_STYLES_MAX = 65536, XLSX_SHEETS_MAX = 256, XLSX_MERGES_MAX = 65536, XLSX_DEPTH_MAX = 64,
};
struct xlsx_fault { unsigned code; uint32_t line; /* row of the sheet; 0: the file */ const char *id, *en; };
struct xlsx_book;
/* bytes must live as long as the book. ST_OK; ST_INVALID or ST_FULL: fault says why; ST_NO_MEMORY. */
int xlsx_open(struct slice bytes, struct xlsx_book **ret, struct xlsx_fault *fault);
void xlsx_close(struct xlsx_book **book);               /* nulls; tolerates NULL */
uint32_t xlsx_sheets(const struct xlsx_book *b);        /* in the order of the tabs; charts are none */
struct slice xlsx_name(const struct xlsx_book *b, uint32_t sheet);
bool xlsx_hidden(const struct xlsx_book *b, uint32_t sheet);

struct xlsx_merge { uint32_t row, column, last_row, last_column; };     /* row: as the sheet counts, from 1; column from 0 */
/* A sheet: rows with at least one filled cell, line = row of the sheet, cells from column A on. */
struct xlsx_sheet { struct csv_table table; struct xlsx_merge *merge; uint32_t merges; };
int xlsx_read(struct xlsx_book *b, uint32_t sheet, struct xlsx_sheet *ret, struct xlsx_fault *fault);
void xlsx_sheet_done(struct xlsx_sheet *s);             /* tolerates a zeroed one */

#endif
