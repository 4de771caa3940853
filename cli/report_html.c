/* report_html.c - a report as one self-contained page: for screens, mail and the printer. Kind: E.
 *
 * No script, nothing from elsewhere; headings stay on screen and repeat on paper. All text is escaped. */
#include <stdio.h>
#include <string.h>

#include "cli/report.h"

static const char STYLE[] =
    "body{font:13px/1.35 'Liberation Sans',Arial,sans-serif;color:#16191d;margin:24px}"
    "h1{font-size:16px;text-align:center;margin:0}h1+h1{font-size:14px;font-weight:600}h2{font-size:14px;margin:22px 0 6px}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;width:100%}"
    "th,td{border:1px solid #7c858f;padding:3px 5px;vertical-align:top}"
    "thead th{background:#e8edf2;text-align:center;font-weight:600}thead{position:sticky;top:0}.n "
    "th{font-weight:400;font-size:11px;padding:0}"
    "td{overflow-wrap:break-word}td.r{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}td.c{white-space:"
    "nowrap}tr.s td{font-weight:600;background:#f6f8fa}"
    ".note{color:#444b53;margin:10px 0 0}.origin{color:#444b53;font-size:11px;margin-top:4px}"
    ".sign{display:flex;flex-wrap:wrap;justify-content:space-around;margin-top:32px;text-align:center}.sign div{width:240px}"
    ".sign span{display:block;height:84px;border-bottom:1px solid #16191d}.sign b{display:block;font-weight:600;margin-top:3px}"
    ".qr{display:block;width:132px;height:132px;margin:4px 0}"
    "@media print{body{margin:0;font-size:9px}@page{size:A4 landscape;margin:12mm}thead{position:static;display:table-header-group}"
    "tr,.sign{break-inside:avoid}.wide{overflow:visible}}";

static void put(FILE *out, const char *s)
{
    for (; s && *s; s++) {
        if (*s == '&') fputs("&amp;", out);
        else if (*s == '<') fputs("&lt;", out);
        else if (*s == '>') fputs("&gt;", out);
        else if (*s == '"') fputs("&quot;", out);
        else fputc(*s, out);
    }
}

static void put_element(FILE *out, const char *tag, const char *text)
{
    fprintf(out, "<%s>", tag);
    put(out, text);
    fprintf(out, "</%.*s>\n", (int)strcspn(tag, " "), tag);
}

static const char *of(const json_t *o, const char *key) { return json_string_value(json_object_get(o, key)); }

/* A heading; columns of words get the room that the model gives them. */
static void put_heading(FILE *out, const json_t *column, const char *attribute)
{
    long long width = json_integer_value(json_object_get(column, "width"));
    fprintf(out, "<th%s", attribute);
    if (width > 12 && strcmp(of(column, "kind"), "text") == 0) fprintf(out, " style=\"min-width:%lldch\"", 6 * width / 10);
    fputs(">", out);
    put(out, of(column, "heading"));
    fputs("</th>", out);
}

/* Two rows of headings: groups over theirs, single ones through both; below them the form's own numbers. */
static void put_headings(FILE *out, const json_t *columns)
{
    size_t n = json_array_size(columns), groups = 0, numbers = 0;
    for (size_t i = 0; i < n; i++) {
        groups += *of(json_array_get(columns, i), "group") != '\0';
        numbers += *of(json_array_get(columns, i), "number") != '\0';
    }
    fputs("<thead><tr>", out);
    for (size_t i = 0; i < n;) {
        const char *group = of(json_array_get(columns, i), "group");
        size_t span = 1;
        while (*group && i + span < n && strcmp(of(json_array_get(columns, i + span), "group"), group) == 0) span++;
        if (*group) {
            fprintf(out, "<th colspan=\"%zu\">", span);
            put(out, group);
            fputs("</th>", out);
        } else {
            put_heading(out, json_array_get(columns, i), groups ? " rowspan=\"2\"" : "");
        }
        i += span;
    }
    fputs("</tr>", out);
    if (groups) fputs("<tr>", out);
    for (size_t i = 0; groups && i < n; i++)
        if (*of(json_array_get(columns, i), "group")) put_heading(out, json_array_get(columns, i), "");
    if (groups) fputs("</tr>", out);
    if (numbers) fputs("<tr class=\"n\">", out);
    for (size_t i = 0; numbers && i < n; i++) put_element(out, "th", of(json_array_get(columns, i), "number"));
    fputs(numbers ? "</tr></thead>\n" : "</thead>\n", out);
}

static void put_row(FILE *out, const json_t *row, const json_t *columns)
{
    json_t *cell;
    size_t i;
    char shown[4096];
    long long depth = json_integer_value(json_object_get(row, "depth"));
    fputs(json_is_true(json_object_get(row, "strong")) ? "<tr class=\"s\">" : "<tr>", out);
    json_array_foreach(json_object_get(row, "cells"), i, cell) {
        const json_t *column = json_array_get(columns, i);
        const char *kind = of(column, "kind");
        report_shown(kind, json_string_value(cell), shown, sizeof shown);
        bool number = strcmp(kind, "text") != 0 && report_is_number(json_string_value(cell)), code = i == 0 && !number;
        if (number) fputs("<td class=\"r\">", out);
        else if (code) fputs("<td class=\"c\">", out);
        else if (i == 1 && depth > 0) fprintf(out, "<td style=\"padding-left:%lldpx\">", 5 + 12 * depth);
        else fputs("<td>", out);
        put(out, shown);
        fputs("</td>", out);
    }
    fputs("</tr>\n", out);
}

static void put_table(FILE *out, const json_t *table)
{
    const json_t *columns = json_object_get(table, "columns");
    json_t *row;
    size_t i;
    if (*of(table, "title")) put_element(out, "h2", of(table, "title"));
    fputs("<div class=\"wide\"><table>", out);
    put_headings(out, columns);
    fputs("<tbody>\n", out);
    json_array_foreach(json_object_get(table, "rows"), i, row) put_row(out, row, columns);
    fputs("</tbody></table></div>\n", out);
}

/* Dark squares of a row joined into one stroke: a path of a few kilobytes, sharp at every size. */
static void put_code(FILE *out, const json_t *model)
{
    const json_t *qr = json_object_get(json_object_get(model, "seal"), "qr");
    size_t n = report_qr_side(qr);
    if (n == 0) return;
    fprintf(out, "<svg class=\"qr\" viewBox=\"-4 -4 %zu %zu\" role=\"img\" aria-label=\"", n + 8, n + 8);
    put(out, of(qr, "text"));
    fputs("\"><path d=\"", out);
    for (size_t y = 0; y < n; y++)
        for (size_t x = 0, to; x < n; x = to + 1) {
            for (to = x; report_qr_dark(qr, to, y); to++) {}
            if (to > x) fprintf(out, "M%zu %zuh%zuv1h-%zuz", x, y, to - x, to - x);
        }
    fputs("\"/></svg>\n", out);
}

/* Who signs, in what capacity, and room for the pen between. */
static void put_signature(FILE *out, const char *text)
{
    size_t role = strcspn(text, "\n");
    char head[512];
    snprintf(head, sizeof head, "%.*s", (int)role, text);
    fputs("<div>", out);
    put_element(out, "span", head);
    if (text[role]) put_element(out, "b", text + role + 1);
    fputs("</div>\n", out);
}

static void put_foot(FILE *out, const json_t *model)
{
    json_t *o, *line;
    size_t i, k;
    char origin[1024];
    json_array_foreach(json_object_get(model, "foot"), i, o) {
        put_element(out, "h2", of(o, "heading"));
        json_array_foreach(json_object_get(o, "lines"), k, line) put_element(out, "p", json_string_value(line));
        if (json_array_size(json_object_get(o, "lines")) == 0) put_element(out, "p", "-");
    }
    put_code(out, model);
    json_array_foreach(json_object_get(model, "notes"), i, o) put_element(out, "p class=\"note\"", json_string_value(o));
    if (json_array_size(json_object_get(model, "signed"))) fputs("<div class=\"sign\">", out);
    json_array_foreach(json_object_get(model, "signed"), i, o) put_signature(out, json_string_value(o));
    if (json_array_size(json_object_get(model, "signed"))) fputs("</div>\n", out);
    report_origin(model, origin, sizeof origin);
    put_element(out, "p class=\"origin\"", origin);
    json_array_foreach(json_object_get(model, "basis"), i, o) put_element(out, "p class=\"origin\"", json_string_value(o));
}

int report_html(const json_t *model, const char *path)
{
    FILE *out = fopen(path, "we");
    json_t *o;
    size_t i;
    if (!out) return ST_FULL;
    fputs("<!DOCTYPE html>\n<html lang=\"id\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
          "content=\"width=device-width\">\n<title>",
          out);
    put(out, json_string_value(json_array_get(json_object_get(model, "title"), 0)));
    fprintf(out, "</title>\n<style>%s</style></head><body>\n", STYLE);
    json_array_foreach(json_object_get(model, "title"), i, o) put_element(out, "h1", json_string_value(o));
    fputs("<p></p>\n", out);
    json_array_foreach(json_object_get(model, "opening"), i, o) put_element(out, "p", json_string_value(o));
    json_array_foreach(json_object_get(model, "tables"), i, o) put_table(out, o);
    put_foot(out, model);
    fputs("</body></html>\n", out);
    bool bad = ferror(out) != 0;
    return fclose(out) == 0 && !bad ? ST_OK : ST_FULL;
}
