/* book.c - see book.h: which sheet is read, and what is said of the others. Kind: E by xlsx.h; pure otherwise.
 *
 * Design notes: a sheet is taken when intake would take its header, so the choice and the reading can never differ; one whose
 * header is nearly right is read only when no other is better, so that its refusal says what is missing. Hidden sheets are never
 * read: nobody who looks at the file would see what was pushed. Invariant: at most two sheets are in memory at a time. */
#include "collector/book.h"

#include <stdlib.h>
#include <string.h>

#include "collector/book_part.h"

bool book_begins(struct slice bytes) { return bytes.n >= 4 && memcmp(bytes.p, "PK\3\4", 4) == 0; }

/* ---- cells ---- */

int book_set(struct csv_table *t, uint32_t row, uint32_t column, struct csv_cell c, struct csv_mark m)
{
    if (column < t->row[row].count) {
        t->cell[t->row[row].first + column] = c;
        t->mark[t->row[row].first + column] = m;
        return ST_OK;
    }
    uint32_t from = t->row[row].first, first = t->cells;
    int st = ST_OK;
    for (uint32_t k = 0; k < t->row[row].count && st == ST_OK; k++) {
        struct csv_cell same = t->cell[from + k];
        struct csv_mark mark = t->mark[from + k];
        st = csv_table_add(t, first, same, mark);
    }
    while (st == ST_OK && t->cells - first < column)
        st = csv_table_add(t, first, (struct csv_cell){ 0 }, (struct csv_mark){ .kind = CSV_TEXT });
    if (st == ST_OK) st = csv_table_add(t, first, c, m);
    if (st != ST_OK) return st;
    t->row[row].first = first;
    t->row[row].count = column + 1;
    return ST_OK;
}

int book_set_text(struct csv_table *t, uint32_t row, uint32_t column, struct slice text, struct csv_mark m)
{
    struct csv_cell c = { .at = (uint32_t)t->text.n, .n = (uint32_t)text.n };
    buf_put(&t->text, text.p, text.n);
    return buf_ok(&t->text) ? book_set(t, row, column, c, m) : ST_FULL;
}

/* ---- the sheet ---- */

struct choice {
    const struct intake_options *o;
    struct xlsx_book *book;
    struct xlsx_sheet sheet;            /* the one taken, or the nearest so far */
    uint32_t at;                        /* its number; UINT32_MAX: none yet */
    bool found;
};

static bool recognised(const struct xlsx_sheet *s, const struct intake_options *o, struct shape *ret)
{
    shape_find(&s->table, o->shape, ret);
    return ret->verdict == SHAPE_TWICE || ret->verdict == SHAPE_FOUND;
}

static int consider(struct choice *k, uint32_t tab, struct xlsx_fault *fault)
{
    struct xlsx_sheet s;
    struct shape shape;
    int st = xlsx_read(k->book, tab, &s, fault);
    if (st != ST_OK) return st;
    st = book_headings(&s);
    k->found = st == ST_OK && recognised(&s, k->o, &shape);
    if (k->found && shape.verdict == SHAPE_FOUND) st = book_rows(&s, &shape);
    if (st == ST_OK && (k->found || (k->at == UINT32_MAX && s.table.rows > 0))) {
        xlsx_sheet_done(&k->sheet);
        k->sheet = s;
        k->at = tab;
        return ST_OK;
    }
    xlsx_sheet_done(&s);
    if (st == ST_FULL)
        *fault = (struct xlsx_fault){ CODE_TOO_LARGE, 0, "lembar terlalu besar; simpan sebagai CSV UTF-8",
                                      "the sheet is too large; save it as CSV UTF-8" };
    return st;
}

static int choose(struct choice *k, uint32_t *ret_tab, struct xlsx_fault *fault)
{
    int st = ST_OK;
    k->at = UINT32_MAX;
    for (uint32_t tab = 0; tab < xlsx_sheets(k->book) && !k->found && st == ST_OK; tab++) {
        *ret_tab = tab;
        if (!xlsx_hidden(k->book, tab)) st = consider(k, tab, fault);
    }
    if (st == ST_OK && k->at == UINT32_MAX) {
        *fault = (struct xlsx_fault){ CODE_SHAPE_UNKNOWN, 0, "berkas Excel tidak punya lembar yang terlihat dan berisi",
                                      "the Excel file has no visible sheet with anything in it" };
        st = ST_INVALID;
    }
    return st;
}

static int take(struct choice *k, const struct intake_options *o, struct intake **ret)
{
    struct intake_aside aside[XLSX_SHEETS_MAX];
    struct intake_sheet sheet = { .table = &k->sheet.table, .name = xlsx_name(k->book, k->at), .aside = aside };
    for (uint32_t i = 0; i < xlsx_sheets(k->book); i++)
        if (i != k->at) aside[sheet.asides++] = (struct intake_aside){ xlsx_name(k->book, i), xlsx_hidden(k->book, i) };
    return intake_read_sheet(&sheet, o, ret);
}

static int refuse(const struct xlsx_fault *f, struct slice sheet, const struct intake_options *o, struct intake **ret)
{
    const struct intake_broken why = { .code = f->code, .line = f->line, .sheet = sheet, .id = f->id, .en = f->en };
    return intake_refused(&why, o, ret);
}

int book_intake(struct slice bytes, const struct intake_options *o, struct intake **ret)
{
    struct choice k = { .o = o };
    struct xlsx_fault fault;
    uint32_t tab = 0;
    int st = xlsx_open(bytes, &k.book, &fault);
    if (st == ST_NO_MEMORY) return st;
    if (st != ST_OK) return refuse(&fault, slice_of("", 0), o, ret);
    st = choose(&k, &tab, &fault);
    if (st == ST_OK) st = take(&k, o, ret);
    else if (st != ST_NO_MEMORY)
        st = refuse(&fault, k.at == UINT32_MAX && fault.code == CODE_SHAPE_UNKNOWN ? slice_of("", 0) : xlsx_name(k.book, tab), o,
                    ret);
    xlsx_sheet_done(&k.sheet);
    xlsx_close(&k.book);
    return st;
}
