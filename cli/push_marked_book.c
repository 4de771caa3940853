/* push_marked_book.c - the marked copy as a workbook. Kind: E.
 *
 * Design notes: every cell keeps its place, its text or number and how it was shown; a faulty one is coloured and has its fault as
 * a comment, and a fault of a whole row stands at the row's first cell. The second sheet lists every fault with a link to its cell.
 * Merged cells stay merged, since intake reads a merged key as the key of each row it covers. Formulas, pictures and the other
 * sheets are not read by intake and are not in the copy; the list says so. What XML cannot hold (control characters, U+FFFE) is a
 * blank. Comments and links end at MARKS_MAX: beyond it a spreadsheet is slow to open, and the list goes on without.
 *
 * Invariant: a text is never written as a formula. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <xlsxwriter.h>

#include "cli/push_marked.h"
#include "proto/sheet.h"

enum { MARKS_MAX = 4000, CELL_TEXT_MAX = 32700, NAME_MAX_BYTES = 124, LIST_COLUMNS = 6, DECIMALS = 11, MERGES_MAX = 4096,
       MERGED_MAX = 65536 };

struct book {
    const struct push_marked *m;
    lxw_workbook *book;
    lxw_worksheet *sheet, *list;
    char name[NAME_MAX_BYTES + 1];      /* of the sheet, as links say it */
    lxw_format *look[2][3][DECIMALS + 1];       /* faulty; plain, percent, date; decimals, the last: as it is */
    lxw_format *head, *cell, *link;
    char text[CELL_TEXT_MAX + 1];
};

/* ---- texts ---- */

/* What a cell and XML can hold of it, NUL-terminated, in b->text. */
static const char *clean(struct book *b, struct slice s)
{
    size_t n = s.n < CELL_TEXT_MAX ? s.n : CELL_TEXT_MAX;
    while (n < s.n && n > 0 && (s.p[n] & 0xc0) == 0x80) n--;
    for (size_t i = 0; i < n; i++) {
        bool blank = (s.p[i] < 0x20 && s.p[i] != '\n' && s.p[i] != '\t') || s.p[i] == 0x7f;
        b->text[i] = blank ? ' ' : (char)s.p[i];
    }
    for (size_t i = 0; i + 2 < n; i++)
        if (s.p[i] == 0xef && s.p[i + 1] == 0xbf && s.p[i + 2] >= 0xbe) memset(b->text + i, ' ', 3);
    b->text[n] = '\0';
    return b->text;
}

static const char *say(const struct book *b, const char *id, const char *en) { return b->m->lang == LANG_EN ? en : id; }

/* ---- looks ---- */

static void faulty(lxw_format *f)
{
    format_set_bg_color(f, 0xFFC7CE);
    format_set_font_color(f, 0x9C0006);
    format_set_bold(f);
}

static lxw_format *look_of(struct book *b, bool fault, struct csv_mark m)
{
    int kind = m.kind == CSV_DATE ? 2 : m.percent ? 1 : 0;
    unsigned d = m.kind == CSV_NUMBER && m.decimals < DECIMALS ? m.decimals : DECIMALS;
    char shown[40] = "General";
    lxw_format *f = b->look[fault][kind][d];
    if (f) return f;
    f = b->look[fault][kind][d] = workbook_add_format(b->book);
    if (!f) return NULL;
    if (d < DECIMALS) snprintf(shown, sizeof shown, "0%s%.*s%s", d ? "." : "", (int)d, "00000000000", kind == 1 ? "%" : "");
    else if (kind == 1) snprintf(shown, sizeof shown, "0%%");
    if (kind == 2) snprintf(shown, sizeof shown, "yyyy-mm-dd");
    format_set_num_format(f, shown);
    if (fault) faulty(f);
    return f;
}

static void make_looks(struct book *b)
{
    b->head = workbook_add_format(b->book);
    b->cell = workbook_add_format(b->book);
    b->link = workbook_add_format(b->book);
    format_set_bold(b->head);
    format_set_bg_color(b->head, 0xE8EDF2);
    format_set_text_wrap(b->cell);
    format_set_align(b->cell, LXW_ALIGN_VERTICAL_TOP);
    format_set_align(b->link, LXW_ALIGN_VERTICAL_TOP);
    format_set_font_color(b->link, 0x0563C1);
    format_set_underline(b->link, LXW_UNDERLINE_SINGLE);
}

/* ---- the sheet ---- */

/* "2022-12-31", as the reader of workbooks gives it. */
static bool put_date(struct book *b, uint32_t row, uint16_t column, const char *text, lxw_format *look)
{
    char *end;
    lxw_datetime t = { .year = (int)strtol(text, &end, 10) };
    if (*end == '-') t.month = (int)strtol(end + 1, &end, 10);
    if (*end == '-') t.day = (int)strtol(end + 1, &end, 10);
    if (*end || t.year < 1900 || t.month < 1 || t.month > 12 || t.day < 1 || t.day > 31) return false;
    return worksheet_write_datetime(b->sheet, row, column, &t, look) == LXW_NO_ERROR;
}

static void put_cell(struct book *b, uint32_t row, uint16_t column, struct slice s, struct csv_mark m, bool fault)
{
    lxw_format *look = look_of(b, fault, m);
    double v;
    if (s.n == 0) {
        if (fault) worksheet_write_blank(b->sheet, row, column, look);
        return;
    }
    const char *text = clean(b, s);
    if (m.kind == CSV_DATE && put_date(b, row, column, text, look)) return;
    if ((m.kind == CSV_NUMBER || m.kind == CSV_FRACTION) && sheet_number(text, &v))
        worksheet_write_number(b->sheet, row, column, v, look);
    else worksheet_write_string(b->sheet, row, column, text, look);
}

/* Of the faults from `from` on that are of this line: does one stand at this column (from 0)? */
static bool is_faulty(const struct intake *in, uint32_t from, uint32_t line, uint32_t column)
{
    for (uint32_t i = from; i < in->refusals && in->refusal[i].line == line; i++)
        if (in->refusal[i].column == column + 1 || (in->refusal[i].column == 0 && column == 0)) return true;
    return false;
}

static void put_row(struct book *b, uint32_t r, uint32_t from)
{
    const struct csv_table *t = &b->m->table;
    uint32_t line = t->row[r].line, n = t->row[r].count;
    for (uint32_t i = from; i < b->m->in->refusals && b->m->in->refusal[i].line == line; i++)
        if (b->m->in->refusal[i].column > n) n = b->m->in->refusal[i].column;   /* an empty cell behind the row's end */
    for (uint32_t c = 0; c < n; c++)
        put_cell(b, line - 1, (uint16_t)c, csv_table_cell(t, r, c), csv_table_mark(t, r, c), is_faulty(b->m->in, from, line, c));
}

static void put_comment(struct book *b, uint32_t first, uint32_t end)
{
    const struct intake_refusal *r = &b->m->in->refusal[first];
    lxw_comment_options look = { .author = (char[]){ "rekap" }, .x_scale = 2, .y_scale = 1.2 };
    struct buf text;
    buf_init(&text, 64 << 10);
    for (uint32_t i = first; i < end; i++) {
        if (i > first) buf_str(&text, "\n");
        push_marked_fault(&text, &b->m->in->refusal[i], b->m->lang);
    }
    worksheet_write_comment_opt(b->sheet, r->line - 1, (uint16_t)(r->column ? r->column - 1 : 0), clean(b, buf_slice(&text)),
                                &look);
    buf_done(&text);
}

static uint32_t place_of(const struct intake_refusal *r) { return r->column ? r->column : 1; }

static void put_comments(struct book *b)
{
    const struct intake *in = b->m->in;
    for (uint32_t i = 0, end, marks = 0; i < in->refusals && marks < MARKS_MAX; i = end) {
        for (end = i + 1; end < in->refusals && in->refusal[end].line == in->refusal[i].line &&
                          place_of(&in->refusal[end]) == place_of(&in->refusal[i]);)
            end++;
        if (in->refusal[i].line == 0) continue;
        put_comment(b, i, end);
        marks++;
    }
}

static bool overlap(const struct xlsx_merge *x, const struct xlsx_merge *y)
{
    return x->row <= y->last_row && y->row <= x->last_row && x->column <= y->last_column && y->column <= x->last_column;
}

/* Before the cells: the library writes an empty text into the first of them. Of ranges that overlap the first one stands. */
static void put_merges(struct book *b)
{
    const struct push_marked *m = b->m;
    for (uint32_t i = 0; i < m->merges && i < MERGES_MAX; i++) {
        const struct xlsx_merge *x = &m->merge[i];
        bool whole = x->row >= 1 && x->last_row >= x->row && x->last_column >= x->column && x->last_row <= LXW_ROW_MAX &&
                     x->last_column < CSV_COLUMNS_MAX && (x->last_row != x->row || x->last_column != x->column);
        whole = whole && (uint64_t)(x->last_row - x->row + 1) * (x->last_column - x->column + 1) <= MERGED_MAX;
        for (uint32_t k = 0; k < i && whole; k++) whole = !overlap(x, &m->merge[k]);
        if (whole)
            worksheet_merge_range(b->sheet, x->row - 1, (lxw_col_t)x->column, x->last_row - 1, (lxw_col_t)x->last_column, "", NULL);
    }
}

static void put_sheet(struct book *b)
{
    const struct push_marked *m = b->m;
    put_merges(b);
    for (uint32_t r = 0, from = 0; r < m->table.rows; r++) {
        while (from < m->in->refusals && m->in->refusal[from].line < m->table.row[r].line) from++;
        put_row(b, r, from);
    }
    put_comments(b);
}

/* ---- the list ---- */

static void put_place(struct book *b, uint32_t row, const struct intake_refusal *r)
{
    char cell[LXW_MAX_CELL_NAME_LENGTH], link[2 * NAME_MAX_BYTES + 64], place[64];
    bool linked = r->line && row <= MARKS_MAX && b->m->table.rows;
    if (!r->line) return;
    lxw_rowcol_to_cell(cell, r->line - 1, (lxw_col_t)(r->column ? r->column - 1 : 0));
    if (r->column) snprintf(place, sizeof place, "%s", cell);
    else snprintf(place, sizeof place, "%s %u", say(b, "baris", "row"), r->line);
    if (!linked) worksheet_write_string(b->list, row, 0, place, b->cell);
    else {
        snprintf(link, sizeof link, "internal:%s!%s", b->name, cell);
        worksheet_write_url_opt(b->list, row, 0, link, b->link, place, NULL);
    }
}

static void put_fault(struct book *b, uint32_t row, const struct intake_refusal *r)
{
    struct buf near;
    put_place(b, row, r);
    worksheet_write_string(b->list, row, 1, clean(b, r->name), b->cell);
    worksheet_write_string(b->list, row, 2, clean(b, r->seen), b->cell);
    worksheet_write_string(b->list, row, 3, r->reason, b->cell);
    buf_init(&near, 4096);
    for (unsigned i = 0; i < r->nearest_count; i++) buf_printf(&near, "%s%s", i ? ", " : "", r->nearest[i]);
    worksheet_write_string(b->list, row, 4, clean(b, buf_slice(&near)), b->cell);
    buf_done(&near);
    worksheet_write_string(b->list, row, 5, status_code_spelling(r->code), b->cell);
}

static void put_list(struct book *b)
{
    static const char *const HEAD[LIST_COLUMNS][2] = { { "Sel", "Cell" },         { "Kolom", "Column" },
                                                       { "Tertulis", "Written" }, { "Masalah", "Fault" },
                                                       { "Bacaan terdekat", "Nearest reading" }, { "Sebutan", "Name" } };
    static const double WIDTH[LIST_COLUMNS] = { 12, 18, 28, 60, 28, 18 };
    const struct intake *in = b->m->in;
    uint32_t row = 1;
    for (int i = 0; i < LIST_COLUMNS; i++) {
        worksheet_set_column(b->list, (lxw_col_t)i, (lxw_col_t)i, WIDTH[i], NULL);
        worksheet_write_string(b->list, 0, (lxw_col_t)i, say(b, HEAD[i][0], HEAD[i][1]), b->head);
    }
    worksheet_freeze_panes(b->list, 1, 0);
    for (uint32_t i = 0; i < in->refusals && row < LXW_ROW_MAX - 3; i++) put_fault(b, row++, &in->refusal[i]);
    worksheet_write_string(
        b->list, row + 1, 0,
        say(b,
            "Salinan: isi sel pada tempatnya, tanpa rumus, gambar dan lembar lain. Perbaiki di sini atau di "
            "berkas asli, lalu periksa lagi.",
            "A copy: what the cells hold, in their places, without formulas, pictures and other sheets. Mend it here "
            "or in the file itself, and check again."),
        NULL);
}

/* ---- the file ---- */

/* "'It''s'" as a link wants it. */
static void keep_name(struct book *b, const char *name)
{
    size_t n = 0;
    b->name[n++] = '\'';
    for (; *name && n + 3 < sizeof b->name; name++) {
        if (*name == '\'') b->name[n++] = '\'';
        b->name[n++] = *name;
    }
    b->name[n++] = '\'';
    b->name[n] = '\0';
}

/* The name that the sheet has in the file, where it is one that a sheet may have. */
static int make_sheets(struct book *b)
{
    const char *list = say(b, "Kesalahan", "Faults"), *own = clean(b, b->m->in->sheet);
    bool plain = *own && workbook_validate_sheet_name(b->book, own) == LXW_NO_ERROR && strcasecmp(own, list) != 0;
    const char *name = plain ? own : say(b, "Berkas", "File");
    keep_name(b, name);
    b->sheet = workbook_add_worksheet(b->book, name);
    b->list = workbook_add_worksheet(b->book, list);
    return b->sheet && b->list ? ST_OK : ST_NO_MEMORY;
}

static bool fits(const struct csv_table *t)
{
    return t->rows == 0 || t->row[t->rows - 1].line <= LXW_ROW_MAX;
}

int push_marked_book(const struct push_marked *m, const char *path)
{
    lxw_doc_properties about = { .author = (char[]){ "rekap" }, .created = (time_t)(m->at.ms / 1000) };
    struct book *b = fits(&m->table) ? calloc(1, sizeof *b) : NULL;
    if (!b) return fits(&m->table) ? ST_NO_MEMORY : ST_FULL;
    *b = (struct book){ .m = m, .book = workbook_new(path) };
    if (!b->book) return free(b), ST_NO_MEMORY;
    workbook_set_properties(b->book, &about);
    make_looks(b);
    int st = make_sheets(b);
    if (st == ST_OK) {
        if (m->table.rows) put_sheet(b);
        put_list(b);
        if (!m->table.rows) worksheet_activate(b->list);
    }
    errno = 0;
    lxw_error e = workbook_close(b->book);
    free(b);
    if (st != ST_OK) return st;
    return e == LXW_NO_ERROR ? ST_OK : e == LXW_ERROR_MEMORY_MALLOC_FAILED ? ST_NO_MEMORY : ST_FULL;
}
