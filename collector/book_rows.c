/* book_rows.c - rows of a sheet as rows of a table: merged keys, codes in segments. Kind: E by xlsx.h; pure otherwise.
 *
 * Design notes: a merged key cell (kode, tahun, ..) says the same of every row it covers; a merged amount does not, it stays where
 * it is written. A code may stand in as many columns as it has segments, under one merged heading or under headings that are empty;
 * its segments are joined by bars, which the grammar of codes pads. Invariant: amounts and texts are never moved to another row. */
#include <string.h>

#include "collector/book_part.h"

enum { SEGMENTS_MAX = 12, CODE_BYTES = 64, FILLED_MAX = XLSX_CELLS_MAX };

static const enum shape_column CODES[] = { COLUMN_KODE, COLUMN_REKENING, COLUMN_KODE_LAMA, COLUMN_KODE_BARU };

static struct slice cell(const struct csv_table *t, uint32_t row, uint32_t column)
{
    return bytes_trim(csv_table_cell(t, row, column));
}

/* ---- columns of a code ---- */

/* Below the header the column has segments of a code and nothing else. */
static bool has_segments(const struct csv_table *t, uint32_t header, uint32_t column)
{
    bool any = false;
    for (uint32_t r = header + 1; r < t->rows; r++) {
        struct slice s = cell(t, r, column);
        any = any || s.n > 0;
        for (size_t i = 0; i < s.n; i++)
            if (s.n > 8 || ((s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '.')) return false;
    }
    return any;
}

/* The last column of the code that begins at `first`. */
static uint32_t last_segment(const struct xlsx_sheet *s, const struct shape *shape, uint32_t first)
{
    const struct csv_table *t = &s->table;
    uint32_t line = t->row[shape->header].line, last = first;
    for (uint32_t i = 0; i < s->merges; i++) {
        const struct xlsx_merge *m = &s->merge[i];
        if (m->row <= line && line <= m->last_row && m->column == first && m->last_column < CSV_COLUMNS_MAX) return m->last_column;
    }
    while (last + 1 < CSV_COLUMNS_MAX && last - first < SEGMENTS_MAX && cell(t, shape->header, last + 1).n == 0 &&
           has_segments(t, shape->header, last + 1))
        last++;
    return last;
}

/* "1", "06", "02", "2.02", "01" -> "1|06|02|2.02|01". A number that may have lost a zero stays marked as one. */
static int join(struct csv_table *t, uint32_t row, uint32_t first, uint32_t last)
{
    char code[CODE_BYTES];
    size_t n = 0;
    struct csv_mark m = { .kind = CSV_TEXT };
    while (last > first && cell(t, row, last).n == 0) last--;
    if (last == first) return ST_OK;
    for (uint32_t c = first; c <= last; c++) {
        struct slice s = cell(t, row, c);
        if (n + s.n + 2 > sizeof code) return ST_OK;
        if (c > first) code[n++] = '|';
        memcpy(code + n, s.p, s.n);
        n += s.n;
        if (csv_table_mark(t, row, c).kind == CSV_NUMBER && s.n > 2 && s.p[s.n - 2] == '.') m.kind = CSV_FRACTION;
    }
    int st = ST_OK;
    for (uint32_t c = first + 1; c <= last && st == ST_OK; c++)
        st = book_set(t, row, c, (struct csv_cell){ 0 }, (struct csv_mark){ .kind = CSV_TEXT });
    return st == ST_OK ? book_set_text(t, row, first, slice_of(code, n), m) : st;
}

/* ---- merged keys ---- */

static bool is_key(const struct shape *shape, uint32_t column, const uint32_t last[])
{
    static const enum shape_column KEYS[] = { COLUMN_TAHUN, COLUMN_TAHAP, COLUMN_SAMPAI, COLUMN_BULAN, COLUMN_TRIWULAN,
                                              COLUMN_NOMENKLATUR, COLUMN_SUMBER, COLUMN_PERIODE, COLUMN_JENIS, COLUMN_TABEL };
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++)
        if (shape->column[KEYS[i]] == column + 1) return true;
    for (size_t i = 0; i < sizeof CODES / sizeof *CODES; i++) {
        uint32_t first = shape->column[CODES[i]];
        if (first && column + 1 >= first && column <= last[i]) return true;
    }
    return false;
}

/* The first row at or behind a line of the sheet. */
static uint32_t row_at(const struct csv_table *t, uint32_t line)
{
    uint32_t low = 0, high = t->rows;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (t->row[middle].line < line) low = middle + 1;
        else high = middle;
    }
    return low;
}

static int fill_down(struct csv_table *t, const struct xlsx_merge *m, uint32_t *filled)
{
    uint32_t top = row_at(t, m->row);
    int st = ST_OK;
    if (top == t->rows || t->row[top].line != m->row || cell(t, top, m->column).n == 0) return ST_OK;
    struct csv_cell c = t->cell[t->row[top].first + m->column];
    struct csv_mark mark = csv_table_mark(t, top, m->column);
    for (uint32_t r = top + 1; r < t->rows && t->row[r].line <= m->last_row && st == ST_OK; r++) {
        if (++*filled > FILLED_MAX) return ST_FULL;
        if (cell(t, r, m->column).n == 0) st = book_set(t, r, m->column, c, mark);
    }
    return st;
}

int book_rows(struct xlsx_sheet *s, const struct shape *shape)
{
    struct csv_table *t = &s->table;
    uint32_t last[sizeof CODES / sizeof *CODES] = { 0 }, filled = 0;
    int st = ST_OK;
    for (size_t i = 0; i < sizeof CODES / sizeof *CODES; i++)
        if (shape->column[CODES[i]]) last[i] = last_segment(s, shape, shape->column[CODES[i]] - 1);
    for (uint32_t i = 0; i < s->merges && st == ST_OK; i++) {
        const struct xlsx_merge *m = &s->merge[i];
        if (m->last_row > m->row && m->row > t->row[shape->header].line && is_key(shape, m->column, last))
            st = fill_down(t, m, &filled);
    }
    for (size_t i = 0; i < sizeof CODES / sizeof *CODES; i++) {
        uint32_t first = shape->column[CODES[i]];
        for (uint32_t r = shape->header + 1; first && last[i] >= first && r < t->rows && st == ST_OK; r++)
            st = join(t, r, first - 1, last[i]);
    }
    return st;
}
