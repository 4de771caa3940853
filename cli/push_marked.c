/* push_marked.c - `rekap push --dry-run --output COPY`: the office's own file back, with its faults marked. Kind: E.
 *
 * Design notes: the copy is made from the table that intake reads, read here again from the same bytes: intake gives its own away
 * to the figures. What COPY is named decides: `.csv` has a column more, anything else is a workbook, where a CSV file's line n is
 * row n. JSON lines are a table as well.
 *
 * Invariant: a cell of the copy has the text of the cell of the file; nothing is corrected here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/push_marked.h"
#include "cli/push_part.h"
#include "collector/book.h"
#include "proto/conf.h"
#include "proto/jsonl.h"

enum { COPY_BYTES_MAX = 512 << 20 };

/* ---- the copy ---- */

static int read_sheet(struct slice bytes, struct slice name, struct xlsx_sheet *ret)
{
    struct xlsx_book *book = NULL;
    struct xlsx_fault fault;
    int st = xlsx_open(bytes, &book, &fault);
    bool found = false;
    for (uint32_t i = 0; st == ST_OK && !found && i < xlsx_sheets(book); i++) {
        struct slice seen = xlsx_name(book, i);
        found = name.n && seen.n == name.n && !memcmp(seen.p, name.p, name.n);
        if (found) st = xlsx_read(book, i, ret, &fault);
    }
    xlsx_close(&book);
    return st;
}

/* What cannot be read is said in the list: the copy then has nothing else. */
static int read_table(struct push *u, const char *path, struct slice bytes, struct push_marked *m, struct xlsx_sheet *sheet)
{
    const char *dot = strrchr(path, '.');
    bool lines = (dot && (!strcasecmp(dot, ".jsonl") || !strcasecmp(dot, ".ndjson"))) || jsonl_begins(bytes);
    struct csv_fault fault;
    int st;
    if (book_begins(bytes)) st = read_sheet(bytes, m->in->sheet, sheet);
    else if (lines) st = jsonl_read(bytes, &sheet->table, &fault);
    else st = csv_table_read(bytes, &sheet->table, &fault);
    if (st == ST_NO_MEMORY) return st;
    if (st != ST_OK) {
        xlsx_sheet_done(sheet);
        return ST_OK;
    }
    struct shape shape;
    m->table = sheet->table;
    m->merge = sheet->merge;
    m->merges = sheet->merges;
    if (m->table.rows) shape_find(&m->table, u->intake.shape, &shape);
    if (m->table.rows && shape.header < m->table.rows) m->header = shape.header;
    return ST_OK;
}

static int write_copy(const struct push_marked *m, const char *path)
{
    const char *dot = strrchr(path, '.');
    struct buf b;
    if (!dot || strcasecmp(dot, ".csv") != 0) return push_marked_book(m, path);
    buf_init(&b, COPY_BYTES_MAX);
    push_marked_text(m, &b);
    int st = buf_ok(&b) ? conf_file_write(path, buf_slice(&b), 0644) : ST_FULL;
    buf_done(&b);
    return st;
}

int push_marked(struct push *u, struct push_file *f, const struct intake *in, struct slice bytes)
{
    const char *path = u->c->value[OPT_OUTPUT];
    struct push_marked m = { .in = in, .lang = u->c->lang, .at = u->intake.entered, .header = UINT32_MAX };
    struct xlsx_sheet sheet = { 0 };
    errno = 0;
    int st = read_table(u, f->path, bytes, &m, &sheet);
    if (st == ST_OK) st = write_copy(&m, path);
    xlsx_sheet_done(&sheet);
    if (st != ST_OK) push_failed(u, f, errno ? strerror(errno) : status_str(st));
    return st;
}
