/* report_model.c - building the model of a report; how a cell is shown. Kind: E.
 *
 * Invariant: a row has one cell a column, null where there is nothing; a printer never meets another type than text and null. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/print.h"
#include "cli/report.h"
#include "proto/period.h"

static const char *const KIND[] = { "text", "money", "number", "percent" };

json_t *report_table(struct report *r, const char *title, const struct report_column *columns, size_t n)
{
    json_t *list = json_array(), *table;
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s,s:i}", "group", columns[i].group, "heading", columns[i].heading,
                                              "number", columns[i].number, "kind", KIND[columns[i].kind], "width",
                                              (int)columns[i].width));
    table = json_pack("{s:s,s:o,s:i,s:[]}", "title", title, "columns", list, "key", 0, "rows");
    json_array_append_new(json_object_get(r->model, "tables"), table);
    return table;
}

json_t *report_table_numbered(struct report *r, const char *title, const struct report_column *columns, size_t n)
{
    char text[128];
    snprintf(text, sizeof text, "%zu. %s", json_array_size(json_object_get(r->model, "tables")) + 1, title);
    return report_table(r, text, columns, n);
}

json_t *report_row(json_t *table, unsigned depth, bool strong)
{
    json_t *cells = json_array();
    json_array_append_new(json_object_get(table, "rows"),
                          json_pack("{s:i,s:b,s:o}", "depth", (int)depth, "strong", (int)strong, "cells", cells));
    return cells;
}

void report_cell(json_t *cells, const char *text)
{
    json_array_append_new(cells, text && *text ? json_string(text) : json_null());
}

void report_value(json_t *cells, const json_t *v)
{
    if (json_is_integer(v)) report_format(cells, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    else report_cell(cells, json_string_value(v));
}

static json_t *sentence(const char *fmt, va_list args)
{
    char text[2048];
    vsnprintf(text, sizeof text, fmt, args);
    for (size_t n = strlen(text); n && !bytes_utf8_ok(text, n); n--) text[n - 1] = '\0';
    return json_string(text);
}

void report_format(json_t *cells, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    json_array_append_new(cells, sentence(fmt, args));
    va_end(args);
}

void report_offices_cell(json_t *cells, const json_t *complete)
{
    report_format(cells, "%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(complete, "offices")),
                  json_integer_value(json_object_get(complete, "of")));
}

void report_title(struct report *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    json_array_append_new(json_object_get(r->model, "title"), sentence(fmt, args));
    va_end(args);
}

void report_note(struct report *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    json_array_append_new(json_object_get(r->model, "notes"), sentence(fmt, args));
    va_end(args);
}

void report_foot(struct report *r, const char *heading, json_t *lines)
{
    json_array_append_new(json_object_get(r->model, "foot"), json_pack("{s:s,s:o}", "heading", heading, "lines", lines));
}

void report_opening(struct report *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    json_array_append_new(json_object_get(r->model, "opening"), sentence(fmt, args));
    va_end(args);
}

void report_basis(struct report *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    json_array_append_new(json_object_get(r->model, "basis"), sentence(fmt, args));
    va_end(args);
}

void report_rule(struct report *r, const char *fmt, ...)
{
    va_list args;
    json_t *list = json_object_get(r->model, "rules"), *o;
    size_t i;
    va_start(args, fmt);
    json_t *text = sentence(fmt, args);
    va_end(args);
    if (!list) json_object_set_new(r->model, "rules", list = json_array());
    json_array_foreach(list, i, o)
        if (json_equal(o, text)) break;
    if (i == json_array_size(list)) json_array_append_new(list, text);
    else json_decref(text);
}

void report_sign(struct report *r, const char *role, const char *name)
{
    json_t *list = json_object_get(r->model, "signed");
    if (name) json_array_append_new(list, json_sprintf("%s\n%s", role, name));
    else json_array_append_new(list, json_string(role));
}

const char *report_month(int month)
{
    static const char *const NAME[] = { "Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September",
                                        "Oktober", "November", "Desember" };
    return month >= 1 && month <= 12 ? NAME[month - 1] : "";
}

/* ---- showing ---- */

bool report_is_number(const char *text) { return text && *text && text[strspn(text, "-.0123456789")] == '\0'; }

void report_shown(const char *kind, const char *text, char *ret, size_t size)
{
    bool number = strcmp(kind, "text") != 0 && report_is_number(text);
    if (number && strcmp(kind, "percent") == 0) print_percent(text, ret, size);
    else if (number) print_money(text, ret, size);
    else snprintf(ret, size, "%s", text ? text : "");
}

int report_origin(const json_t *model, char *ret, size_t size)
{
    const json_t *as_of = json_object_get(model, "as_of"), *complete = json_object_get(model, "complete"), *at;
    const char *worker, *time = json_string_value(json_object_get(as_of, "time"));
    int n = snprintf(ret, size, "Keadaan");
    json_object_foreach(json_object_get(as_of, "position"), worker, at)
        n += snprintf(ret + n, size - (size_t)n, " %.40s:%" JSON_INTEGER_FORMAT, worker, json_integer_value(at));
    n += snprintf(ret + n, size - (size_t)n, ", %s; %" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT
                  " kantor melapor; daftar kantor versi %" JSON_INTEGER_FORMAT, time ? time : "sebelum catatan pertama",
                  json_integer_value(json_object_get(complete, "offices")), json_integer_value(json_object_get(complete, "of")),
                  json_integer_value(json_object_get(model, "registry_version")));
    return n;
}

int64_t report_when(const json_t *model)
{
    const char *time = json_string_value(json_object_get(json_object_get(model, "as_of"), "time"));
    struct wall at;
    return time && period_parse_time(slice_of(time, strlen(time)), &at) == ST_OK ? at.ms / 1000 : 0;
}
