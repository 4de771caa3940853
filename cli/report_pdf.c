/* report_pdf.c - a report on paper: cairo draws, pango sets the text. Kind: E.
 *
 * Design notes: the page is the smallest of A4 upright, A4 across and A3 across whose width the columns fit at a readable size;
 * columns share the width by the model's widths. A row is as high as its highest cell, cells wrap, a row never breaks over pages,
 * headings repeat. Two passes over the same code, the first only counting pages, so that "Halaman 1 dari 3" is right. The creation
 * date is the position's time: the same state gives the same bytes on one machine (fonts are embedded as they are installed). */
#include <cairo-pdf.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/report.h"

#define MM (72.0 / 25.4)
enum { COLUMNS_MAX = 64 };
static const double MARGIN = 12 * MM, PAD = 2.5, LINE = 0.5;

struct paper {
    cairo_t *cr;
    PangoLayout *layout;
    const json_t *model;
    double width, height, size;         /* page, and the size of the table's letters, in points */
    double y;
    double x[COLUMNS_MAX + 1];          /* left edges of the table's columns */
    const json_t *table;
    int page, pages;
    bool dry;                           /* only counting */
};

static const char *of(const json_t *o, const char *key) { return json_string_value(json_object_get(o, key)); }

/* ---- text ---- */

static double set_text(struct paper *p, const char *text, double width, double size, bool bold, PangoAlignment align)
{
    PangoFontDescription *font = pango_font_description_from_string("Liberation Sans, DejaVu Sans, Sans");
    int height;
    pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
    pango_font_description_set_weight(font, bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(p->layout, font);
    pango_layout_set_width(p->layout, (int)(width * PANGO_SCALE));
    pango_layout_set_wrap(p->layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(p->layout, align);
    pango_layout_set_text(p->layout, text, -1);
    pango_font_description_free(font);
    pango_layout_get_size(p->layout, NULL, &height);
    return (double)height / PANGO_SCALE;
}

static void show_at(struct paper *p, double x, double y)
{
    if (p->dry) return;
    cairo_set_source_rgb(p->cr, 0.09, 0.1, 0.11);
    cairo_move_to(p->cr, x, y);
    pango_cairo_show_layout(p->cr, p->layout);
}

static void box(struct paper *p, double x, double y, double w, double h, bool shade)
{
    if (p->dry) return;
    if (shade) {
        cairo_set_source_rgb(p->cr, 0.91, 0.93, 0.95);
        cairo_rectangle(p->cr, x, y, w, h);
        cairo_fill(p->cr);
    }
    cairo_set_source_rgb(p->cr, 0.4, 0.43, 0.46);
    cairo_set_line_width(p->cr, LINE);
    cairo_rectangle(p->cr, x, y, w, h);
    cairo_stroke(p->cr);
}

/* ---- pages ---- */

static double bottom(const struct paper *p) { return p->height - MARGIN - 10; }

static void end_page(struct paper *p)
{
    char text[1200], origin[1024];
    if (p->page == 0) return;
    report_origin(p->model, origin, sizeof origin);
    snprintf(text, sizeof text, "Halaman %d dari %d", p->page, p->pages);
    set_text(p, text, p->width - 2 * MARGIN, 6.5, false, PANGO_ALIGN_RIGHT);
    show_at(p, MARGIN, p->height - MARGIN);
    set_text(p, origin, p->width - 2 * MARGIN - 90, 6.5, false, PANGO_ALIGN_LEFT);
    show_at(p, MARGIN, p->height - MARGIN);
    if (!p->dry) cairo_show_page(p->cr);
}

static void new_page(struct paper *p)
{
    end_page(p);
    p->page++;
    p->y = MARGIN;
}

/* Makes room for h points; true when that took a new page. */
static bool room(struct paper *p, double h)
{
    if (p->page > 0 && p->y + h <= bottom(p)) return false;
    new_page(p);
    return true;
}

static void line(struct paper *p, const char *text, double size, bool bold, PangoAlignment align)
{
    double w = p->width - 2 * MARGIN, h = set_text(p, text, w, size, bold, align);
    room(p, h);
    set_text(p, text, w, size, bold, align);
    show_at(p, MARGIN, p->y);
    p->y += h + 1.5;
}

/* ---- headings ---- */

static void head_cell(struct paper *p, size_t from, size_t to, double y, double h, const char *text)
{
    double w = p->x[to] - p->x[from], used = set_text(p, text, w - 2 * PAD, p->size, true, PANGO_ALIGN_CENTER);
    box(p, p->x[from], y, w, h, true);
    show_at(p, p->x[from] + PAD, y + (h - used) / 2);
}

static double head_height(struct paper *p, size_t from, size_t to, const char *text)
{
    return set_text(p, text, p->x[to] - p->x[from] - 2 * PAD, p->size, true, PANGO_ALIGN_CENTER) + 2 * PAD;
}

static size_t group_end(const json_t *columns, size_t i)
{
    const char *group = of(json_array_get(columns, i), "group");
    size_t end = i + 1;
    while (*group && end < json_array_size(columns) && strcmp(of(json_array_get(columns, end), "group"), group) == 0) end++;
    return end;
}

struct head { double upper, lower, numbers; };

static struct head measure_head(struct paper *p, const json_t *columns)
{
    struct head h = { 0, 0, 0 };
    size_t n = json_array_size(columns);
    for (size_t i = 0; i < n; i = group_end(columns, i))
        if (*of(json_array_get(columns, i), "group"))
            h.upper = fmax(h.upper, head_height(p, i, group_end(columns, i), of(json_array_get(columns, i), "group")));
    for (size_t i = 0; i < n; i++) {
        const json_t *c = json_array_get(columns, i);
        double need = head_height(p, i, i + 1, of(c, "heading"));
        h.lower = fmax(h.lower, *of(c, "group") ? need : need - h.upper);
        if (*of(c, "number")) h.numbers = head_height(p, i, i + 1, "1");
    }
    return h;
}

static void draw_head(struct paper *p)
{
    const json_t *columns = json_object_get(p->table, "columns");
    struct head h = measure_head(p, columns);
    size_t n = json_array_size(columns);
    for (size_t i = 0; i < n; i++) {
        const json_t *c = json_array_get(columns, i);
        bool grouped = *of(c, "group") != '\0', first = grouped && (i == 0 || group_end(columns, i - 1) <= i);
        if (first) head_cell(p, i, group_end(columns, i), p->y, h.upper, of(c, "group"));
        if (grouped) head_cell(p, i, i + 1, p->y + h.upper, h.lower, of(c, "heading"));
        else head_cell(p, i, i + 1, p->y, h.upper + h.lower, of(c, "heading"));
        if (h.numbers > 0) head_cell(p, i, i + 1, p->y + h.upper + h.lower, h.numbers, of(c, "number"));
    }
    p->y += h.upper + h.lower + h.numbers;
}

/* ---- rows ---- */

static double cell_text(struct paper *p, const json_t *row, size_t i, double *ret_indent)
{
    const char *kind = of(json_array_get(json_object_get(p->table, "columns"), i), "kind");
    const char *text = json_string_value(json_array_get(json_object_get(row, "cells"), i));
    bool right = strcmp(kind, "text") != 0 && report_is_number(text), strong = json_is_true(json_object_get(row, "strong"));
    char shown[4096];
    report_shown(kind, text, shown, sizeof shown);
    *ret_indent = i == 1 ? p->size * 0.8 * (double)json_integer_value(json_object_get(row, "depth")) : 0;
    return set_text(p, shown, p->x[i + 1] - p->x[i] - 2 * PAD - *ret_indent, p->size, strong,
                    right ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
}

static void draw_row(struct paper *p, const json_t *row)
{
    size_t n = json_array_size(json_object_get(row, "cells"));
    double h = 0, indent;
    for (size_t i = 0; i < n; i++) h = fmax(h, cell_text(p, row, i, &indent));
    h += 2 * PAD;
    if (room(p, h)) draw_head(p);
    for (size_t i = 0; i < n; i++) {
        cell_text(p, row, i, &indent);
        box(p, p->x[i], p->y, p->x[i + 1] - p->x[i], h, false);
        show_at(p, p->x[i] + PAD + indent, p->y + PAD);
    }
    p->y += h;
}

static void place_columns(struct paper *p, const json_t *columns)
{
    size_t n = json_array_size(columns);
    double all = 0, at = MARGIN;
    for (size_t i = 0; i < n; i++) all += (double)json_integer_value(json_object_get(json_array_get(columns, i), "width"));
    for (size_t i = 0; i < n; i++) {
        p->x[i] = at;
        at += (p->width - 2 * MARGIN) * (double)json_integer_value(json_object_get(json_array_get(columns, i), "width")) / all;
    }
    p->x[n] = at;
}

static void draw_table(struct paper *p, const json_t *table)
{
    json_t *row;
    size_t i;
    p->table = table;
    place_columns(p, json_object_get(table, "columns"));
    p->y += 6;
    if (*of(table, "title")) {
        room(p, 80);
        line(p, of(table, "title"), 9, true, PANGO_ALIGN_LEFT);
    }
    room(p, 70);
    draw_head(p);
    json_array_foreach(json_object_get(table, "rows"), i, row) draw_row(p, row);
}

/* ---- below the tables ---- */

/* The code of the root, 30 mm wide, with room around it for readers. */
static void draw_code(struct paper *p)
{
    const json_t *qr = json_object_get(json_object_get(p->model, "seal"), "qr");
    size_t n = report_qr_side(qr);
    if (n == 0) return;
    const double side = 30 * MM, square = side / (double)(n + 8);
    room(p, side);
    if (!p->dry) {
        cairo_set_source_rgb(p->cr, 0, 0, 0);
        cairo_set_antialias(p->cr, CAIRO_ANTIALIAS_NONE);
        for (size_t y = 0; y < n; y++)
            for (size_t x = 0; x < n; x++)
                if (report_qr_dark(qr, x, y))
                    cairo_rectangle(p->cr, MARGIN + square * (double)(x + 4), p->y + square * (double)(y + 4), square, square);
        cairo_fill(p->cr);
        cairo_set_antialias(p->cr, CAIRO_ANTIALIAS_DEFAULT);
    }
    p->y += side;
}

enum { SIGNATURES_A_ROW = 4 };

/* One place to sign: in what capacity, the line, who. */
static void draw_signature(struct paper *p, const char *text, double x, double w)
{
    char head[512];
    size_t role = strcspn(text, "\n");
    snprintf(head, sizeof head, "%.*s", (int)role, text);
    set_text(p, head, w, 8, false, PANGO_ALIGN_CENTER);
    show_at(p, x, p->y);
    set_text(p, "______________________________", w, 8, false, PANGO_ALIGN_CENTER);
    show_at(p, x, p->y + 60);
    set_text(p, text[role] ? text + role + 1 : "", w, 8, true, PANGO_ALIGN_CENTER);
    show_at(p, x, p->y + 71);
}

static void draw_signatures(struct paper *p)
{
    const json_t *list = json_object_get(p->model, "signed");
    size_t n = json_array_size(list);
    if (n == 0) return;
    size_t across = n < SIGNATURES_A_ROW ? n : SIGNATURES_A_ROW;
    double w = (p->width - 2 * MARGIN) / (double)across;
    for (size_t i = 0; i < n; i++) {
        if (i % across == 0) {
            p->y += 10;
            room(p, 100);
        }
        draw_signature(p, json_string_value(json_array_get(list, i)), MARGIN + w * (double)(i % across), w);
        if (i % across == across - 1 || i + 1 == n) p->y += 85;
    }
}

static void draw_all(struct paper *p, bool dry)
{
    json_t *o, *text;
    size_t i, k;
    p->dry = dry;
    p->page = 0;
    json_array_foreach(json_object_get(p->model, "title"), i, o)
        line(p, json_string_value(o), i ? 9.5 : 11, true, PANGO_ALIGN_CENTER);
    p->y += json_array_size(json_object_get(p->model, "opening")) ? 6 : 0;
    json_array_foreach(json_object_get(p->model, "opening"), i, o) line(p, json_string_value(o), 9, false, PANGO_ALIGN_LEFT);
    json_array_foreach(json_object_get(p->model, "tables"), i, o) draw_table(p, o);
    p->y += 6;
    json_array_foreach(json_object_get(p->model, "foot"), i, o) {
        line(p, of(o, "heading"), 8, true, PANGO_ALIGN_LEFT);
        json_array_foreach(json_object_get(o, "lines"), k, text) line(p, json_string_value(text), 8, false, PANGO_ALIGN_LEFT);
        if (json_array_size(json_object_get(o, "lines")) == 0) line(p, "-", 8, false, PANGO_ALIGN_LEFT);
    }
    draw_code(p);
    json_array_foreach(json_object_get(p->model, "notes"), i, o) line(p, json_string_value(o), 7, false, PANGO_ALIGN_LEFT);
    json_array_foreach(json_object_get(p->model, "basis"), i, o) line(p, json_string_value(o), 7, false, PANGO_ALIGN_LEFT);
    draw_signatures(p);
    end_page(p);
    p->pages = p->page;
}

/* ---- the file ---- */

static void choose_paper(struct paper *p)
{
    double most = 0;
    json_t *o, *c;
    size_t i, k;
    json_array_foreach(json_object_get(p->model, "tables"), i, o) {
        double all = 0;
        json_array_foreach(json_object_get(o, "columns"), k, c) all += (double)json_integer_value(json_object_get(c, "width"));
        most = fmax(most, all);
    }
    p->width = (most > 260 ? 420 : most > 90 ? 297 : 210) * MM;
    p->height = (most > 260 ? 297 : most > 90 ? 210 : 297) * MM;
    p->size = fmax(4.6, fmin(8, (p->width - 2 * MARGIN) / most * 1.75));
}

static void name_file(cairo_surface_t *s, const json_t *model)
{
    char when[32] = "1970-01-01T00:00:00Z";
    const char *time = json_string_value(json_object_get(json_object_get(model, "as_of"), "time"));
    if (time && strlen(time) >= 19) snprintf(when, sizeof when, "%.19sZ", time);
    cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_CREATE_DATE, when);
    cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_MOD_DATE, when);
    cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_TITLE,
                                   json_string_value(json_array_get(json_object_get(model, "title"), 0)));
    cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_CREATOR, "rekap");
}

int report_pdf(const json_t *model, const char *path)
{
    struct paper p = { .model = model };
    choose_paper(&p);
    cairo_surface_t *s = cairo_pdf_surface_create(path, p.width, p.height);
    name_file(s, model);
    p.cr = cairo_create(s);
    PangoFontMap *fonts = pango_cairo_font_map_new();   /* not the default one: it is given back below */
    PangoContext *context = pango_font_map_create_context(fonts);
    pango_cairo_update_context(p.cr, context);
    p.layout = pango_layout_new(context);
    draw_all(&p, true);
    draw_all(&p, false);
    g_object_unref(p.layout);
    g_object_unref(context);
    g_object_unref(fonts);
    cairo_destroy(p.cr);
    cairo_surface_finish(s);
    cairo_status_t st = cairo_surface_status(s);
    cairo_surface_destroy(s);
    return st == CAIRO_STATUS_SUCCESS ? ST_OK : st == CAIRO_STATUS_NO_MEMORY ? ST_NO_MEMORY : ST_FULL;
}
