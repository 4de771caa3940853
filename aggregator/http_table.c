/* http_table.c - the list of an answer as a table: CSV as `rekap VERB --csv` prints it, or a workbook. Kind: E.
 *
 * A cell is what stands in the answer, never computed anew: a text or a whole number as it is, yes and no as true and false, what
 * is not there empty. In a workbook a column of numbers holds numbers as far as 15 digits carry them, and texts stay texts (a name
 * that begins with `=` is no formula). The workbook is written row by row to a file without a name, with the moment of the answer
 * as its date, and is sent from there. */
#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "aggregator/http_answer.h"
#include "proto/sheet.h"

enum { CELL_MAX = 64, COLUMNS_MAX = 40 };

static const struct http_column *columns_of(const struct http_question *k, const json_t *answer)
{
    return k->of_indicator && json_is_string(json_object_get(answer, "indicator")) ? k->of_indicator : k->column;
}

static bool shown(const struct http_column *c, const json_t *answer)
{
    return !c->when || json_object_get(json_object_get(answer, "total"), c->when) != NULL;
}

/* "1/2": how many offices, of how many; of an indicator that offices share, how many it counts. */
static const char *ratio(const json_t *row, const json_t *complete, char spare[CELL_MAX])
{
    const json_t *counted = json_object_get(row, "counted");
    const json_t *n = counted ? counted : json_object_get(complete, "offices"),
                 *of = json_object_get(counted ? row : complete, "of");
    if (!json_is_object(complete)) return "";
    snprintf(spare, CELL_MAX, "%lld/%lld", (long long)json_integer_value(n), (long long)json_integer_value(of));
    return spare;
}

static const char *cell(const json_t *row, const struct http_column *c, char spare[CELL_MAX])
{
    char part[CELL_MAX];
    const json_t *v = row;
    const char *at = c->path;
    for (size_t n; *at && *at != '/'; at += n + (at[n] == '.')) {
        n = strcspn(at, "./");
        snprintf(part, sizeof part, "%.*s", (int)n, at);
        v = json_object_get(v, part);
    }
    if (*at == '/') return ratio(row, v, spare);
    if (json_is_string(v)) return json_string_value(v);
    if (json_is_boolean(v)) return json_is_true(v) ? "true" : "false";
    if (!json_is_integer(v)) return "";
    snprintf(spare, CELL_MAX, "%lld", (long long)json_integer_value(v));
    return spare;
}

/* The i-th row of the table: those of the list, and behind the last page the values that offices of a region share. */
static const json_t *row_at(const struct http_question *k, const json_t *answer, size_t i)
{
    const json_t *list = json_object_get(answer, k->list), *shared = json_object_get(answer, "shared");
    if (i < json_array_size(list)) return json_array_get(list, i);
    if (json_is_string(json_object_get(answer, "next"))) return NULL;
    return json_array_get(shared, i - json_array_size(list));
}

/* ---- CSV ---- */

static int put_field(struct evbuffer *out, const char *text, const char *end)
{
    int rc = 0;
    if (!text[strcspn(text, "\",\r\n")]) return evbuffer_add(out, text, strlen(text)) | evbuffer_add(out, end, strlen(end));
    rc |= evbuffer_add(out, "\"", 1);
    for (size_t n; *text; text += n) {
        n = strcspn(text, "\"");
        rc |= evbuffer_add(out, text, n);
        if (text[n] == '"') rc |= evbuffer_add(out, "\"\"", 2), n++;
    }
    return rc | evbuffer_add(out, "\"", 1) | evbuffer_add(out, end, strlen(end));
}

int http_table_csv(const struct http_question *k, const json_t *answer, struct evbuffer *out)
{
    const struct http_column *column = columns_of(k, answer);
    const json_t *row = NULL;
    char spare[CELL_MAX];
    int rc = 0;
    for (size_t i = 0; i == 0 || (row = row_at(k, answer, i - 1)); i++) {
        const char *parting = "";
        for (const struct http_column *c = column; c->name; c++) {
            if (!shown(c, answer)) continue;
            rc |= evbuffer_add(out, parting, strlen(parting)) | put_field(out, i == 0 ? c->name : cell(row, c, spare), "");
            parting = ",";
        }
        rc |= evbuffer_add(out, "\r\n", 2);
    }
    return rc == 0 ? ST_OK : ST_NO_MEMORY;
}

/* ---- a workbook ---- */

static void put_cell(lxw_worksheet *sheet, uint32_t row, uint16_t at, const char *text, bool number)
{
    double v;
    if (!text[0]) return;
    if (number && sheet_number(text, &v)) worksheet_write_number(sheet, row, at, v, NULL);
    else worksheet_write_string(sheet, row, at, text, NULL);
}

static void put_rows(lxw_workbook *book, const struct http_question *k, const json_t *answer)
{
    lxw_worksheet *sheet = workbook_add_worksheet(book, k->name);
    lxw_format *head = workbook_add_format(book);
    const struct http_column *column = columns_of(k, answer);
    const json_t *row = NULL;
    char spare[CELL_MAX];
    format_set_bold(head);
    worksheet_freeze_panes(sheet, 1, 0);
    for (uint32_t i = 0; i == 0 || (row = row_at(k, answer, i - 1)); i++) {
        uint16_t at = 0;
        for (const struct http_column *c = column; c->name; c++) {
            if (!shown(c, answer)) continue;
            if (i == 0) worksheet_write_string(sheet, 0, at, c->name, head);
            else put_cell(sheet, i, at, cell(row, c, spare), c->number);
            at++;
        }
    }
}

static void put_properties(lxw_workbook *book, const struct http_question *k, const json_t *answer)
{
    char title[32], subject[256];
    const json_t *as_of = json_object_get(answer, "as_of");
    const char *time = json_string_value(json_object_get(as_of, "time"));
    struct tm t = {0};
    char *position = json_dumps(json_object_get(as_of, "position"), JSON_COMPACT);
    lxw_doc_properties p = {.title = title, .subject = subject};
    snprintf(title, sizeof title, "%s", k->name);
    snprintf(subject, sizeof subject, "%.200s", position ? position : "");
    free(position);
    if (time && strptime(time, "%Y-%m-%dT%H:%M:%S", &t)) p.created = timegm(&t);
    workbook_set_properties(book, &p);
}

int http_table_xlsx(const struct http_question *k, const json_t *answer, struct evbuffer *out)
{
    const char *set = getenv("TMPDIR");
    char dir[480], name[512];
    struct stat sb;
    snprintf(dir, sizeof dir, "%s", set && set[0] ? set : "/tmp");
    snprintf(name, sizeof name, "%s/rekap-table-XXXXXX", dir);
    int fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0) return ST_IO;
    lxw_workbook_options o = {.constant_memory = LXW_TRUE, .tmpdir = dir};
    lxw_workbook *book = workbook_new_opt(name, &o);
    int st = book ? ST_OK : ST_NO_MEMORY;
    (void)close(fd);
    if (book) {
        put_properties(book, k, answer);
        put_rows(book, k, answer);
        st = workbook_close(book) == LXW_NO_ERROR ? ST_OK : ST_IO;
    }
    fd = st == ST_OK ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    (void)unlink(name);
    if (fd < 0 || fstat(fd, &sb) != 0 || evbuffer_add_file(out, fd, 0, sb.st_size) != 0) {
        if (fd >= 0) (void)close(fd);
        return ST_IO;
    }
    return ST_OK;
}
