/* book_header.c - headings that stand in more than one row. Kind: E by xlsx.h; pure otherwise.
 *
 * Design notes: a row whose merged cells have headings below them is a row of groups: `Realisasi` over `Anggaran | Fisik`. Each
 * column is then called by group and heading together ("Realisasi Anggaran"), because the heading alone would say the opposite;
 * only names that add nothing (`Keuangan`, `Kinerja`, ..) are left out. A composed name that no shape knows is an unknown column,
 * which is said; a misread one would not be. A merged heading with several columns of data and no headings below names none of
 * them. Invariant: rows of data are not changed, rows of groups become empty. */
#include <stdio.h>
#include <string.h>

#include "collector/book_part.h"
#include "proto/limits.h"

enum { NAME_BYTES = 256 };

struct group { uint32_t first[CSV_COLUMNS_MAX]; /* of the merged range over a column, + 1; 0: none */ uint32_t filled, groups; };

static bool has_letter(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z') return true;
    return false;
}

static struct slice cell(const struct csv_table *t, uint32_t row, uint32_t column)
{
    return row < t->rows ? bytes_trim(csv_table_cell(t, row, column)) : slice_of("", 0);
}

static bool is_code(struct slice heading)
{
    enum shape_column c = shape_column_of(SHAPE_ANGGARAN, heading);
    return c == COLUMN_KODE || c == COLUMN_REKENING || c == COLUMN_KODE_LAMA || c == COLUMN_KODE_BARU;
}

/* Which merged heading of the row lies over each column. */
static void find_groups(const struct xlsx_sheet *s, uint32_t row, struct group *g)
{
    const struct csv_table *t = &s->table;
    memset(g, 0, sizeof *g);
    for (uint32_t c = 0; c < t->row[row].count; c++) g->filled += cell(t, row, c).n > 0;
    for (uint32_t i = 0; i < s->merges; i++) {
        const struct xlsx_merge *m = &s->merge[i];
        if (m->row != t->row[row].line || m->last_column == m->column || m->column >= CSV_COLUMNS_MAX) continue;
        if (cell(t, row, m->column).n == 0) continue;
        g->groups++;
        for (uint32_t c = m->column; c <= m->last_column && c < CSV_COLUMNS_MAX; c++) g->first[c] = m->column + 1;
    }
}

/* Are the filled cells below the groups headings, and is there one at all? */
static bool headings_below(const struct csv_table *t, uint32_t row, const struct group *g)
{
    uint32_t found = 0;
    if (row + 1 >= t->rows || t->row[row + 1].line != t->row[row].line + 1) return false;
    for (uint32_t c = 0; c < t->row[row + 1].count; c++) {
        struct slice below = cell(t, row + 1, c);
        if (!g->first[c] || below.n == 0) continue;
        if (!has_letter(below) || csv_table_mark(t, row + 1, c).kind != CSV_TEXT) return false;
        found++;
    }
    return found > 0;
}

static bool adds_nothing(struct slice name)
{
    static const char *const WORD[] = { "anggaran", "keuangan", "kinerja", "belanja", "data", "rincian", "indikator kinerja",
                                        "anggaran dan realisasi", "pagu dan realisasi", "target dan realisasi", "kode dan uraian" };
    for (size_t i = 0; i < sizeof WORD / sizeof *WORD; i++)
        if (bytes_is(name, WORD[i])) return true;
    return false;
}

static int name_column(struct csv_table *t, uint32_t row, uint32_t column, struct slice group)
{
    char name[NAME_BYTES];
    struct slice below = cell(t, row + 1, column), above = cell(t, row, column);
    const struct csv_mark text = { .kind = CSV_TEXT };
    if (below.n == 0)
        return above.n ? book_set(t, row + 1, column, t->cell[t->row[row].first + column], text) : ST_OK;
    if (group.n == 0 || adds_nothing(group)) return ST_OK;
    int n = snprintf(name, sizeof name, "%.*s %.*s", (int)group.n, (const char *)group.p, (int)below.n, (const char *)below.p);
    return book_set_text(t, row + 1, column, slice_of(name, n < NAME_BYTES ? (size_t)n : NAME_BYTES - 1), text);
}

static int join_rows(struct csv_table *t, uint32_t row, const struct group *g)
{
    uint32_t a = t->row[row].count, b = t->row[row + 1].count, n = a > b ? a : b;
    int st = ST_OK;
    for (uint32_t c = 0; c < n && st == ST_OK; c++)
        st = name_column(t, row, c, g->first[c] ? cell(t, row, g->first[c] - 1) : slice_of("", 0));
    t->row[row].count = 0;
    return st;
}

/* A name that no shape knows, in place of one that would be taken. */
static int no_column(struct csv_table *t, uint32_t row, uint32_t column, struct slice heading)
{
    char name[NAME_BYTES];
    int n = snprintf(name, sizeof name, "%.*s / ..", (int)heading.n, (const char *)heading.p);
    return book_set_text(t, row, column, slice_of(name, n < NAME_BYTES ? (size_t)n : NAME_BYTES - 1),
                         (struct csv_mark){ .kind = CSV_TEXT });
}

/* A merged heading with data in more than its first column names nothing, unless it is a code in segments. */
static int drop_wide(struct xlsx_sheet *s, uint32_t row, const struct group *g)
{
    struct csv_table *t = &s->table;
    int st = ST_OK;
    for (uint32_t c = 0; c < t->row[row].count && st == ST_OK; c++) {
        uint32_t first = g->first[c] ? g->first[c] - 1 : c;
        struct slice heading = cell(t, row, first);
        if (first == c || heading.n == 0 || is_code(heading) || heading.p[heading.n - 1] == '.') continue;
        bool data = false;
        for (uint32_t r = row + 1; r < t->rows && !data; r++) data = cell(t, r, c).n > 0;
        if (data) st = no_column(t, row, first, heading);
    }
    return st;
}

int book_headings(struct xlsx_sheet *s)
{
    struct group g;
    int st = ST_OK;
    for (uint32_t row = 0; row < s->table.rows && row < INTAKE_HEADER_SEARCH_ROWS && st == ST_OK; row++) {
        find_groups(s, row, &g);
        if (g.groups == 0 || g.filled < 2) continue;    /* a title over the whole table groups nothing */
        st = headings_below(&s->table, row, &g) ? join_rows(&s->table, row, &g) : drop_wide(s, row, &g);
    }
    return st;
}
