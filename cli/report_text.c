/* report_text.c - a report as CSV (one table below the other, machine values) and as JSON (the model). Kind: E.
 *
 * CSV (RFC 4180) keeps the machine form of numbers; titles, notes and origin are rows of one cell, so that nothing a printed report
 * says is lost. Invariant: the bytes depend on the model alone. */
#include <stdio.h>
#include <string.h>

#include "cli/report.h"

static void put_field(FILE *out, const char *s)
{
    if (!s) return;
    if (!strpbrk(s, ",\"\r\n")) {
        fputs(s, out);
        return;
    }
    fputc('"', out);
    for (; *s; s++) {
        if (*s == '"') fputc('"', out);
        fputc(*s, out);
    }
    fputc('"', out);
}

static void put_line(FILE *out, const char *s)
{
    put_field(out, s);
    fputs("\r\n", out);
}

/* "Realisasi triwulan I Rp": group and heading, as intake reads headings in two rows. */
static void put_headings(FILE *out, const json_t *columns)
{
    json_t *o;
    size_t i;
    char text[256];
    json_array_foreach(columns, i, o) {
        const char *group = json_string_value(json_object_get(o, "group")),
                   *heading = json_string_value(json_object_get(o, "heading"));
        snprintf(text, sizeof text, "%s%s%s", group, *group ? " " : "", heading);
        if (i) fputc(',', out);
        put_field(out, text);
    }
    fputs("\r\n", out);
}

static void put_table(FILE *out, const json_t *table)
{
    json_t *row, *cell;
    size_t i, k;
    const char *title = json_string_value(json_object_get(table, "title"));
    fputs("\r\n", out);
    if (*title) put_line(out, title);
    put_headings(out, json_object_get(table, "columns"));
    json_array_foreach(json_object_get(table, "rows"), i, row) {
        json_array_foreach(json_object_get(row, "cells"), k, cell) {
            if (k) fputc(',', out);
            put_field(out, json_string_value(cell));
        }
        fputs("\r\n", out);
    }
}

static void put_lines(FILE *out, const json_t *list)
{
    json_t *o;
    size_t i;
    json_array_foreach(list, i, o) put_line(out, json_string_value(o));
}

static int closed(FILE *out)
{
    bool bad = ferror(out) != 0;
    return fclose(out) == 0 && !bad ? ST_OK : ST_FULL;
}

int report_csv(const json_t *model, const char *path)
{
    FILE *out = fopen(path, "we");
    char origin[1024];
    json_t *o;
    size_t i;
    if (!out) return ST_FULL;
    put_lines(out, json_object_get(model, "title"));
    put_lines(out, json_object_get(model, "opening"));
    json_array_foreach(json_object_get(model, "tables"), i, o) put_table(out, o);
    json_array_foreach(json_object_get(model, "foot"), i, o) {
        fputs("\r\n", out);
        put_line(out, json_string_value(json_object_get(o, "heading")));
        put_lines(out, json_object_get(o, "lines"));
    }
    fputs("\r\n", out);
    put_lines(out, json_object_get(model, "notes"));
    report_origin(model, origin, sizeof origin);
    put_line(out, origin);
    put_lines(out, json_object_get(model, "basis"));
    return closed(out);
}

int report_json(const json_t *model, const char *path)
{
    FILE *out = fopen(path, "we");
    if (!out) return ST_FULL;
    int bad = json_dumpf(model, out, JSON_COMPACT);
    fputc('\n', out);
    int st = closed(out);
    return bad ? ST_NO_MEMORY : st;
}
