/* csv_build.c - a table of text cells while it is made, whatever it is made from. Kind: P.
 *
 * Design notes: three readers make tables (CSV, JSON lines, sheets of a workbook) and one reader of rows takes them, so that a rule
 * of intake cannot hold for one kind of file only. What a file knows of a cell beside its text stands in a mark; tables of CSV have
 * none and pay nothing for it. Invariant: mark has as many entries as cell, or is NULL. */
#include <stdlib.h>
#include <string.h>

#include "proto/csv.h"

static uint32_t larger(uint32_t cap, uint32_t max)
{
    uint32_t want = cap ? cap * 2 : 1024;
    return want > max ? max : want;
}

static bool grow_cells(struct csv_table *t)
{
    uint32_t cap = larger(t->cell_cap, CSV_CELLS_MAX);
    struct csv_cell *c = realloc(t->cell, cap * sizeof *c);
    if (!c) return false;
    t->cell = c;
    if (t->marked) {
        struct csv_mark *m = realloc(t->mark, cap * sizeof *m);
        if (!m) return false;
        t->mark = m;
    }
    t->cell_cap = cap;
    return true;
}

int csv_table_add(struct csv_table *t, uint32_t first, struct csv_cell c, struct csv_mark m)
{
    if (t->cells == CSV_CELLS_MAX || t->cells - first == CSV_COLUMNS_MAX) return ST_FULL;
    if (t->cells == t->cell_cap && !grow_cells(t)) return ST_NO_MEMORY;
    if (t->marked) t->mark[t->cells] = m;
    t->cell[t->cells++] = c;
    return ST_OK;
}

int csv_table_add_text(struct csv_table *t, uint32_t first, const void *p, size_t n, struct csv_mark m)
{
    struct csv_cell c = { .at = (uint32_t)t->text.n, .n = (uint32_t)n };
    buf_put(&t->text, p, n);
    return buf_ok(&t->text) ? csv_table_add(t, first, c, m) : t->text.n + n > t->text.max ? ST_FULL : ST_NO_MEMORY;
}

int csv_table_add_row(struct csv_table *t, uint32_t line, uint32_t first)
{
    if (t->rows == CSV_ROWS_MAX) return ST_FULL;
    if (t->rows == t->row_cap) {
        uint32_t cap = larger(t->row_cap, CSV_ROWS_MAX);
        struct csv_row *r = realloc(t->row, cap * sizeof *r);
        if (!r) return ST_NO_MEMORY;
        t->row = r;
        t->row_cap = cap;
    }
    t->row[t->rows++] = (struct csv_row){ .line = line, .first = first, .count = t->cells - first };
    return ST_OK;
}

void csv_table_done(struct csv_table *t)
{
    buf_done(&t->text);
    free(t->cell);
    free(t->mark);
    free(t->row);
    memset(t, 0, sizeof *t);
}
