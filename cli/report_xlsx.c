/* report_xlsx.c - a report as a workbook: one sheet a table, real numbers, frozen and repeated headings, ready for the printer.
 * Kind: E.
 *
 * Design notes: a number is written as one when 15 digits hold it, which is what a sheet keeps; a longer one stays text, exact. A
 * sum of rows on the sheet is a formula with its value (report_sum.c), so that who changes a row sees what it changes. The
 * creation date is the position's time, so that the same state gives the same bytes. The archive is made by libxlsxwriter in the
 * file's own place; its working files lie in $TMPDIR. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "cli/report.h"
#include "proto/sheet.h"

enum { LETTER_MAX = 31, TITLE_BYTES = 256, PNG_BYTES_MAX = 1 << 20, CODE_ROWS = 8,
       SUM_MAX = 200, FORMULA_BYTES = 4096, CELL_BYTES = 14 };

struct looks { lxw_format *title, *head, *number_head, *note, *cell[4][2]; /* kind, strong */ };
struct sheet { lxw_worksheet *ws; const struct looks *looks; uint32_t row; uint16_t columns; };

static const char *of(const json_t *o, const char *key) { return json_string_value(json_object_get(o, key)); }

static int kind_of(const char *kind)
{
    static const char *const KIND[] = { "text", "money", "number", "percent" };
    for (int i = 1; i < 4; i++)
        if (strcmp(kind, KIND[i]) == 0) return i;
    return 0;
}

static lxw_format *box(lxw_workbook *book, bool strong)
{
    lxw_format *f = workbook_add_format(book);
    format_set_border(f, LXW_BORDER_THIN);
    format_set_align(f, LXW_ALIGN_VERTICAL_TOP);
    format_set_font_size(f, 9);
    if (strong) format_set_bold(f);
    return f;
}

static void make_looks(lxw_workbook *book, struct looks *l)
{
    static const char *const SHOW[] = { NULL, "#,##0.00", "#,##0.######", "0.00" };
    for (int k = 0; k < 4; k++)
        for (int s = 0; s < 2; s++) {
            l->cell[k][s] = box(book, s);
            if (SHOW[k]) format_set_num_format(l->cell[k][s], SHOW[k]);
            if (k) format_set_align(l->cell[k][s], LXW_ALIGN_RIGHT);
            else format_set_text_wrap(l->cell[k][s]);
        }
    l->head = box(book, true);
    format_set_text_wrap(l->head);
    format_set_align(l->head, LXW_ALIGN_CENTER);
    format_set_align(l->head, LXW_ALIGN_VERTICAL_CENTER);
    format_set_bg_color(l->head, 0xE8EDF2);
    l->number_head = box(book, false);
    format_set_align(l->number_head, LXW_ALIGN_CENTER);
    l->title = workbook_add_format(book);
    format_set_bold(l->title);
    l->note = workbook_add_format(book);
    format_set_font_size(l->note, 9);
}

/* ---- headings ---- */

static void put_lines(struct sheet *s, const json_t *list, lxw_format *look)
{
    json_t *o;
    size_t i;
    json_array_foreach(list, i, o) worksheet_write_string(s->ws, s->row++, 0, json_string_value(o), look);
}

static bool any(const json_t *columns, const char *key)
{
    json_t *o;
    size_t i;
    json_array_foreach(columns, i, o)
        if (*of(o, key)) return true;
    return false;
}

/* Groups over their headings; a column without a group is merged through both rows. */
static void put_headings(struct sheet *s, const json_t *columns)
{
    bool groups = any(columns, "group"), numbers = any(columns, "number");
    uint32_t top = s->row, low = groups ? top + 1 : top;
    for (uint16_t i = 0; i < s->columns;) {
        const json_t *c = json_array_get(columns, i);
        const char *group = of(c, "group");
        uint16_t last = i;
        while (*group && last + 1 < s->columns && strcmp(of(json_array_get(columns, last + 1u), "group"), group) == 0) last++;
        if (*group && last > i) worksheet_merge_range(s->ws, top, i, top, last, group, s->looks->head);
        else if (*group) worksheet_write_string(s->ws, top, i, group, s->looks->head);
        else if (groups) worksheet_merge_range(s->ws, top, i, low, i, of(c, "heading"), s->looks->head);
        for (uint16_t k = i; k <= last && (*group || !groups); k++)
            worksheet_write_string(s->ws, low, k, of(json_array_get(columns, k), "heading"), s->looks->head);
        i = (uint16_t)(last + 1);
    }
    s->row = low + 1;
    for (uint16_t i = 0; numbers && i < s->columns; i++)
        worksheet_write_string(s->ws, s->row, i, of(json_array_get(columns, i), "number"), s->looks->number_head);
    s->row += numbers;
    worksheet_freeze_panes(s->ws, s->row, s->columns > 4 ? 2 : 0);
    worksheet_repeat_rows(s->ws, top, s->row - 1);
}

/* ---- rows ---- */

static void put_cell(struct sheet *s, uint16_t column, const char *kind, const char *text, bool strong)
{
    double v;
    int k = kind_of(kind);
    lxw_format *look = s->looks->cell[k][strong];
    if (!text) worksheet_write_blank(s->ws, s->row, column, look);
    else if (k && sheet_number(text, &v)) worksheet_write_number(s->ws, s->row, column, v, look);
    else worksheet_write_string(s->ws, s->row, column, text, look);
}

/* "=SUM(C8:C12,C20)" of rows of the table that begins at `first`; false: longer than a formula may be. */
static bool sum_text(uint32_t first, uint16_t column, const size_t *row, size_t n, char ret[FORMULA_BYTES])
{
    char from[CELL_BYTES], to[CELL_BYTES];
    size_t at = (size_t)snprintf(ret, FORMULA_BYTES, "=SUM(");
    for (size_t i = 0, end; i < n && at < FORMULA_BYTES; i = end) {
        for (end = i + 1; end < n && row[end] == row[end - 1] + 1; end++) {}
        lxw_rowcol_to_cell(from, first + (uint32_t)row[i], column);
        lxw_rowcol_to_cell(to, first + (uint32_t)row[end - 1], column);
        at += (size_t)snprintf(ret + at, FORMULA_BYTES - at, "%s%s%s%s", i ? "," : "", from, end > i + 1 ? ":" : "",
                               end > i + 1 ? to : "");
    }
    if (at >= FORMULA_BYTES - 1) return false;
    ret[at] = ')';
    ret[at + 1] = '\0';
    return true;
}

/* A sum as a formula, with the value that it has here; false: the cell is none. */
static bool put_sum(struct sheet *s, const json_t *table, size_t row, uint16_t column, bool strong)
{
    const json_t *cells = json_object_get(json_array_get(json_object_get(table, "rows"), row), "cells");
    const char *text = json_string_value(json_array_get(cells, column));
    size_t part[SUM_MAX];
    char formula[FORMULA_BYTES];
    double v;
    if (!text || !sheet_number(text, &v)) return false;
    size_t n = report_sum(table, row, column, part, SUM_MAX);
    if (n == 0 || !sum_text(s->row - (uint32_t)row, column, part, n, formula)) return false;
    worksheet_write_formula_num(s->ws, s->row, column, formula, s->looks->cell[kind_of("money")][strong], v);
    return true;
}

static void put_rows(struct sheet *s, const json_t *table)
{
    const json_t *columns = json_object_get(table, "columns");
    json_t *row, *cell;
    size_t i, k;
    json_array_foreach(json_object_get(table, "rows"), i, row) {
        bool strong = json_is_true(json_object_get(row, "strong"));
        json_array_foreach(json_object_get(row, "cells"), k, cell) {
            const char *kind = of(json_array_get(columns, k), "kind");
            if (strcmp(kind, "money") == 0 && put_sum(s, table, i, (uint16_t)k, strong)) continue;
            put_cell(s, (uint16_t)k, kind, json_string_value(cell), strong);
        }
        s->row++;
    }
}

/* The code of the root as a picture; the library keeps its own copy of the bytes. */
static void put_code(struct sheet *s, const json_t *model)
{
    const json_t *qr = json_object_get(json_object_get(model, "seal"), "qr");
    struct buf png;
    if (report_qr_side(qr) == 0) return;
    buf_init(&png, PNG_BYTES_MAX);
    lxw_image_options options = { .x_scale = 0.6, .y_scale = 0.6, .object_position = LXW_OBJECT_MOVE_DONT_SIZE,
                                  .description = (char *)(uintptr_t)of(qr, "text") };
    if (report_qr_png(qr, &png) == ST_OK) worksheet_insert_image_buffer_opt(s->ws, s->row, 0, png.p, png.n, &options);
    buf_done(&png);
    s->row += CODE_ROWS;
}

/* Two places to sign beside each other: the first at the left, the second near the right edge. */
static void put_signature(struct sheet *s, const char *text, size_t i)
{
    uint16_t column = (uint16_t)(i % 2 == 0 ? 1 : s->columns > 4 ? s->columns - 4 : s->columns - 1);
    uint32_t row = s->row + 2 + 9 * (uint32_t)(i / 2);
    size_t role = strcspn(text, "\n");
    char head[TITLE_BYTES];
    snprintf(head, sizeof head, "%.*s", (int)role, text);
    worksheet_write_string(s->ws, row, column, head, s->looks->title);
    worksheet_write_string(s->ws, row + 5, column, "________________________", s->looks->note);
    if (text[role]) worksheet_write_string(s->ws, row + 6, column, text + role + 1, s->looks->title);
}

static void put_foot(struct sheet *s, const json_t *model)
{
    char origin[1024];
    json_t *o;
    size_t i;
    s->row++;
    json_array_foreach(json_object_get(model, "foot"), i, o) {
        worksheet_write_string(s->ws, s->row++, 0, of(o, "heading"), s->looks->title);
        put_lines(s, json_object_get(o, "lines"), s->looks->note);
    }
    put_code(s, model);
    put_lines(s, json_object_get(model, "notes"), s->looks->note);
    report_origin(model, origin, sizeof origin);
    worksheet_write_string(s->ws, s->row++, 0, origin, s->looks->note);
    put_lines(s, json_object_get(model, "basis"), s->looks->note);
    json_array_foreach(json_object_get(model, "signed"), i, o) put_signature(s, json_string_value(o), i);
}

/* ---- sheets ---- */

static void set_up_page(struct sheet *s, const json_t *columns)
{
    unsigned width = 0;
    for (uint16_t i = 0; i < s->columns; i++) {
        unsigned w = (unsigned)json_integer_value(json_object_get(json_array_get(columns, i), "width"));
        worksheet_set_column(s->ws, i, i, w, NULL);
        width += w;
    }
    if (width > 90) worksheet_set_landscape(s->ws);
    worksheet_set_paper(s->ws, width > 260 ? 8 : 9);    /* A3, A4 */
    worksheet_fit_to_pages(s->ws, 1, 0);
    worksheet_set_margins(s->ws, 0.5, 0.5, 0.6, 0.6);
    worksheet_set_footer(s->ws, "&L&F&RHalaman &P dari &N");
}

static void put_sheet(lxw_workbook *book, const struct looks *looks, const json_t *model, size_t at)
{
    const json_t *tables = json_object_get(model, "tables"), *table = json_array_get(tables, at);
    const json_t *columns = json_object_get(table, "columns");
    char name[LETTER_MAX + 1];
    snprintf(name, sizeof name, "%.20s%s%.0zu", of(model, "report"), at ? " " : "", at ? at + 1 : 0);
    struct sheet s = { .ws = workbook_add_worksheet(book, name), .looks = looks, .columns = (uint16_t)json_array_size(columns) };
    set_up_page(&s, columns);
    put_lines(&s, json_object_get(model, "title"), looks->title);
    if (at == 0) put_lines(&s, json_object_get(model, "opening"), looks->note);
    if (*of(table, "title")) worksheet_write_string(s.ws, s.row++, 0, of(table, "title"), looks->title);
    s.row++;
    put_headings(&s, columns);
    put_rows(&s, table);
    if (at + 1 == json_array_size(tables)) put_foot(&s, model);
}

int report_xlsx(const json_t *model, const char *path)
{
    struct looks looks;
    char title[TITLE_BYTES], by[] = "rekap";
    snprintf(title, sizeof title, "%s", json_string_value(json_array_get(json_object_get(model, "title"), 0)));
    lxw_doc_properties properties = { .title = title, .author = by, .created = (time_t)report_when(model) };
    if (properties.created == 0) properties.created = 1;        /* 0 means now to the library */
    lxw_workbook *book = workbook_new(path);
    if (!book) return ST_NO_MEMORY;
    workbook_set_properties(book, &properties);
    make_looks(book, &looks);
    for (size_t i = 0; i < json_array_size(json_object_get(model, "tables")); i++) put_sheet(book, &looks, model, i);
    errno = 0;
    lxw_error e = workbook_close(book);
    return e == LXW_NO_ERROR ? ST_OK : e == LXW_ERROR_MEMORY_MALLOC_FAILED ? ST_NO_MEMORY : ST_FULL;
}
