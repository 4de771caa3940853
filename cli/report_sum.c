/* report_sum.c - which rows of a table a row is the sum of, so that a sheet can say so as a formula. Kind: E; pure.
 *
 * Design notes: rows stand in code order, so what a code is made of follows it: the rows whose codes begin with it and that stand
 * below no row in between. A strong row without a code is the total of the rows since the last such row, or of all codes so far.
 * Whether it is one is proven, not believed: to the sen. A line that is counted although its detail is missing, or a share, then
 * simply stays a number.
 *
 * Invariant: what is returned adds up exactly to the cell. */
#include <string.h>

#include "cli/report.h"

/* The code of a row: the first word of the table's key column, when it is written like one; n 0: none. */
static struct slice code_of(const json_t *table, size_t row)
{
    const json_t *cells = json_object_get(json_array_get(json_object_get(table, "rows"), row), "cells");
    const char *text = json_string_value(json_array_get(cells, (size_t)json_integer_value(json_object_get(table, "key"))));
    size_t n = text ? strspn(text, ".0123456789") : 0;
    return text && (text[n] == '\0' || text[n] == ' ') ? slice_of(text, n) : slice_of(NULL, 0);
}

static bool below(struct slice code, struct slice above)
{
    return code.n > above.n && memcmp(code.p, above.p, above.n) == 0 && code.p[above.n] == '.';
}

/* -1 of a cell that holds words: no sum goes over it. */
static int money_of(const json_t *table, size_t row, size_t column, struct report_decimal *ret)
{
    const json_t *cells = json_object_get(json_array_get(json_object_get(table, "rows"), row), "cells");
    const json_t *cell = json_array_get(cells, column);
    *ret = report_decimal(cell, REPORT_SEN);
    return ret->is ? 1 : json_is_null(cell) ? 0 : -1;
}

struct search {
    const json_t *table;
    size_t column, max, n;
    size_t *row;
    struct slice last;          /* the newest part: what stands below it is in it */
    i128 sum;
    bool broken;
};

static void try_row(struct search *s, size_t row, struct slice code)
{
    struct report_decimal v;
    if (code.n == 0 || (s->last.n && below(code, s->last))) return;
    s->last = code;
    int kind = money_of(s->table, row, s->column, &v);
    if (kind < 0 || (kind > 0 && s->n == s->max)) s->broken = true;
    if (kind <= 0 || s->broken) return;
    s->row[s->n++] = row;
    s->sum += v.v;
}

static bool is_total(const json_t *table, size_t row)
{
    return json_is_true(json_object_get(json_array_get(json_object_get(table, "rows"), row), "strong")) &&
           code_of(table, row).n == 0;
}

static struct search children(const json_t *table, size_t row, size_t column, size_t *ret, size_t max)
{
    struct search s = { .table = table, .column = column, .max = max, .row = ret };
    size_t rows = json_array_size(json_object_get(table, "rows"));
    struct slice above = code_of(table, row), code;
    for (size_t i = row + 1; i < rows; i++) {
        code = code_of(table, i);
        if (code.n && !below(code, above)) break;
        if (code.n == 0 && is_total(table, i)) break;
        try_row(&s, i, code);
    }
    return s;
}

static struct search parts(const json_t *table, size_t from, size_t row, size_t column, size_t *ret, size_t max)
{
    struct search s = { .table = table, .column = column, .max = max, .row = ret };
    for (size_t i = from; i < row; i++) try_row(&s, i, code_of(table, i));
    return s;
}

size_t report_sum(const json_t *table, size_t row, size_t column, size_t *ret, size_t max)
{
    struct report_decimal v;
    size_t from = row;
    if (money_of(table, row, column, &v) <= 0) return 0;
    if (code_of(table, row).n) {
        struct search s = children(table, row, column, ret, max);
        return s.n > 0 && !s.broken && s.sum == v.v ? s.n : 0;
    }
    if (!is_total(table, row)) return 0;
    while (from > 0 && !is_total(table, from - 1)) from--;
    struct search s = parts(table, from, row, column, ret, max);
    if (s.n == 0 || s.broken || s.sum != v.v) s = parts(table, 0, row, column, ret, max);
    return s.n > 0 && !s.broken && s.sum == v.v ? s.n : 0;
}
