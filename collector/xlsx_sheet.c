/* xlsx_sheet.c - one sheet as a table: rows and cells as they come, merged ranges behind them. Kind: E.
 *
 * Design notes: a cell says where it stands (r="C17") or follows the one before; both must go forward. A cell's text is complete at
 * its end tag only, when its type, its style and whether it has a formula are known; then it becomes text and mark. Shared strings
 * are put before the sheet's own text once, so that a million cells with one string cost one string.
 * Invariant: cells of a row are filled up from column A; a row without any text is no row. */
#include <stdlib.h>
#include <string.h>

#include "collector/xlsx_part.h"

enum { COLUMN_LIMIT = 16384, ROW_LIMIT = 1048576 };
enum type { TYPE_NUMBER, TYPE_SHARED, TYPE_TEXT, TYPE_BOOLEAN, TYPE_ERROR };

struct reading {
    struct xlsx_book *b;
    struct xlsx_sheet *s;
    uint32_t row, first;                /* row of the sheet being read, 0 before the first; first cell of it in the table */
    uint32_t column, next_column;       /* of the cell being read; of a cell that does not say its place */
    uint32_t merge_cap;
    enum type type;
    uint32_t style;
    bool in_value, formula, phonetic;
    struct buf value;
};

static void stop(struct xlsx_xml *x, int status)
{
    struct reading *r = x->ctx;
    x->fault->line = r->row;
    xlsx_stop(x, status, status == ST_FULL ? &xlsx_too_large : status == ST_NO_MEMORY ? &xlsx_no_memory : &xlsx_broken);
}

/* "C17" -> column 2, row 17; either may be missing. Returns where it ends; NULL: not a place. */
static const char *place(const char *s, uint32_t *ret_column, uint32_t *ret_row)
{
    uint32_t column = 0, row = 0;
    for (; *s >= 'A' && *s <= 'Z' && column < COLUMN_LIMIT; s++) column = 26 * column + (uint32_t)(*s - 'A') + 1;
    for (; *s >= '0' && *s <= '9' && row < ROW_LIMIT; s++) row = 10 * row + (uint32_t)(*s - '0');
    if (column == 0 || column > COLUMN_LIMIT || row == 0 || row > ROW_LIMIT) return NULL;
    *ret_column = column - 1;
    *ret_row = row;
    return s;
}

/* ---- a cell ---- */

static void begin_row(struct xlsx_xml *x, const char **atts)
{
    struct reading *r = x->ctx;
    const char *at = xlsx_attribute(atts, "r");
    uint32_t row = r->row + 1;
    if ((at && !xlsx_number_of(at, ROW_LIMIT, &row)) || row <= r->row || row > ROW_LIMIT) {
        stop(x, ST_INVALID);
        return;
    }
    r->row = row;
    r->first = r->s->table.cells;
    r->next_column = 0;
}

static enum type type_of(const char *t)
{
    if (!t || strcmp(t, "n") == 0) return TYPE_NUMBER;
    if (strcmp(t, "s") == 0) return TYPE_SHARED;
    if (strcmp(t, "b") == 0) return TYPE_BOOLEAN;
    return strcmp(t, "e") == 0 ? TYPE_ERROR : TYPE_TEXT;         /* str, inlineStr, d */
}

static void begin_cell(struct xlsx_xml *x, const char **atts)
{
    struct reading *r = x->ctx;
    const char *at = xlsx_attribute(atts, "r"), *style = xlsx_attribute(atts, "s"), *end;
    uint32_t column = r->next_column, row = r->row;
    end = at ? place(at, &column, &row) : "";
    if (!end || *end || row != r->row || column < r->next_column || r->row == 0) {
        stop(x, ST_INVALID);
        return;
    }
    r->column = column;
    r->next_column = column + 1;
    r->type = type_of(xlsx_attribute(atts, "t"));
    r->style = UINT32_MAX;
    (void)xlsx_number_of(style, XLSX_STYLES_MAX, &r->style);
    r->formula = r->in_value = false;
    buf_clear(&r->value);
}

/* Excel writes characters that XML cannot hold as _x000D_: a blank, for a table. */
static struct slice without_controls(struct buf *b)
{
    size_t out = 0;
    for (size_t i = 0; i < b->n; i++) {
        bool escape =
            i + 7 <= b->n && memcmp(b->p + i, "_x00", 4) == 0 && (b->p[i + 4] == '0' || b->p[i + 4] == '1') && b->p[i + 6] == '_';
        b->p[out++] = escape ? ' ' : b->p[i];
        i += escape ? 6 : 0;
    }
    b->n = out;
    return buf_slice(b);
}

static int add(struct reading *r, struct csv_cell *shared, struct slice text, struct csv_mark m)
{
    struct csv_table *t = &r->s->table;
    int st = r->column < CSV_COLUMNS_MAX ? ST_OK : ST_FULL;
    while (st == ST_OK && t->cells - r->first < r->column)
        st = csv_table_add(t, r->first, (struct csv_cell){ 0 }, (struct csv_mark){ .kind = CSV_TEXT });
    if (st == ST_OK && t->cells >= XLSX_CELLS_MAX) st = ST_FULL;
    if (st != ST_OK) return st;
    return shared ? csv_table_add(t, r->first, *shared, m) : csv_table_add_text(t, r->first, text.p, text.n, m);
}

static int add_number(struct reading *r, struct slice s)
{
    const struct xlsx_style plain = { .show = XLSX_SHOW_NUMBER, .decimals = CSV_DECIMALS_ANY };
    struct xlsx_style style = r->style < r->b->styles ? r->b->style[r->style] : plain;
    struct csv_mark m = { .kind = CSV_NUMBER, .decimals = style.decimals, .percent = style.percent };
    char text[XLSX_NUMBER_MAX], date[16];
    if (!xlsx_number(s, text)) return add(r, NULL, s, (struct csv_mark){ .kind = CSV_ERROR });
    if (style.show == XLSX_SHOW_NUMBER) return add(r, NULL, slice_of(text, strlen(text)), m);
    if (!xlsx_date(text, r->b->from_1904, date)) return add(r, NULL, s, (struct csv_mark){ .kind = CSV_ERROR });
    return add(r, NULL, slice_of(date, strlen(date)), (struct csv_mark){ .kind = CSV_DATE });
}

static int add_cell(struct reading *r, struct slice s)
{
    const struct csv_mark text = { .kind = CSV_TEXT };
    uint32_t index;
    switch (r->type) {
    case TYPE_SHARED:
        buf_u8(&r->value, 0);
        if (!buf_ok(&r->value) || !xlsx_number_of((const char *)r->value.p, UINT32_MAX, &index) || index >= r->b->strings)
            return ST_INVALID;
        return r->b->string[index].n ? add(r, &r->b->string[index], s, text) : ST_OK;
    case TYPE_NUMBER: return add_number(r, s);
    case TYPE_BOOLEAN: return add(r, NULL, s.n == 1 && *s.p == '1' ? slice_of("ya", 2) : slice_of("tidak", 5), text);
    case TYPE_ERROR: return add(r, NULL, s, (struct csv_mark){ .kind = CSV_ERROR });
    case TYPE_TEXT:
    default: return add(r, NULL, without_controls(&r->value), text);
    }
}

static void end_cell(struct xlsx_xml *x)
{
    struct reading *r = x->ctx;
    struct slice s = bytes_trim(buf_slice(&r->value));
    int st = ST_OK;
    if (!buf_ok(&r->value)) st = ST_FULL;
    else if (s.n > 0) st = add_cell(r, s);
    else if (r->formula && r->type == TYPE_NUMBER) st = add(r, NULL, slice_of("=", 1), (struct csv_mark){ .kind = CSV_NO_RESULT });
    if (st != ST_OK) stop(x, st);
}

static void end_row(struct xlsx_xml *x)
{
    struct reading *r = x->ctx;
    struct csv_table *t = &r->s->table;
    if (t->cells == r->first) return;
    int st = csv_table_add_row(t, r->row, r->first);
    if (st != ST_OK) stop(x, st);
}

/* ---- merged ranges ---- */

static void add_merge(struct xlsx_xml *x, const char *ref)
{
    struct reading *r = x->ctx;
    struct xlsx_sheet *s = r->s;
    struct xlsx_merge m;
    const char *colon = ref ? place(ref, &m.column, &m.row) : NULL;
    const char *end = colon && *colon == ':' ? place(colon + 1, &m.last_column, &m.last_row) : NULL;
    if (!end || *end || m.last_row < m.row || m.last_column < m.column) return;  /* of one cell, or nonsense: nothing is merged */
    struct xlsx_merge *p = xlsx_room(x, s->merge, s->merges, &r->merge_cap, &(struct xlsx_list){ XLSX_MERGES_MAX, sizeof *p });
    if (!p) {
        x->fault->line = r->row;
        return;
    }
    s->merge = p;
    s->merge[s->merges++] = m;
}

/* ---- the part ---- */

static void on_start(struct xlsx_xml *x, const char *name, const char **atts)
{
    struct reading *r = x->ctx;
    if (strcmp(name, "row") == 0) begin_row(x, atts);
    else if (strcmp(name, "c") == 0) begin_cell(x, atts);
    else if (strcmp(name, "f") == 0) r->formula = true;
    else if (strcmp(name, "rPh") == 0) r->phonetic = true;
    else if (strcmp(name, "mergeCell") == 0) add_merge(x, xlsx_attribute(atts, "ref"));
    r->in_value = (strcmp(name, "v") == 0 || strcmp(name, "t") == 0) && !r->phonetic;
}

static void on_end(struct xlsx_xml *x, const char *name)
{
    struct reading *r = x->ctx;
    r->in_value = false;
    if (strcmp(name, "rPh") == 0) r->phonetic = false;
    else if (strcmp(name, "c") == 0) end_cell(x);
    else if (strcmp(name, "row") == 0) end_row(x);
}

static void on_text(struct xlsx_xml *x, const char *s, size_t n)
{
    struct reading *r = x->ctx;
    if (r->in_value) buf_put(&r->value, s, n);
}

int xlsx_read(struct xlsx_book *b, uint32_t sheet, struct xlsx_sheet *ret, struct xlsx_fault *fault)
{
    ASSERT(sheet < b->tabs);
    struct reading r = { .b = b, .s = ret };
    struct xlsx_xml x = { .start = on_start, .end = on_end, .text = on_text, .ctx = &r, .fault = fault };
    memset(ret, 0, sizeof *ret);
    *fault = xlsx_broken;
    fault->line = 0;
    buf_init(&r.value, XLSX_CELL_BYTES_MAX);
    buf_init(&ret->table.text, XLSX_TEXT_BYTES_MAX);
    buf_put(&ret->table.text, b->text.p, b->text.n);
    ret->table.marked = true;
    int st = buf_ok(&ret->table.text) ? xlsx_part(b, b->tab[sheet].path, &x) : ST_NO_MEMORY;
    buf_done(&r.value);
    if (st == ST_OK) return ST_OK;
    xlsx_sheet_done(ret);
    return st == ST_NOT_FOUND ? ST_INVALID : st;
}

void xlsx_sheet_done(struct xlsx_sheet *s)
{
    csv_table_done(&s->table);
    free(s->merge);
    memset(s, 0, sizeof *s);
}
