/* push_marked_text.c - the marked copy as text, and a fault in words. Kind: E by its header; pure.
 *
 * Design notes: the column that says what is wrong stands behind the headings, or where an earlier copy had it, so that a copy of a
 * copy does not grow. Blank lines stay, so that line n is line n.
 *
 * Invariant: a cell of the copy has the text of the cell of the file. */
#include <string.h>
#include <strings.h>

#include "cli/push_marked.h"

/* ---- what is wrong, in words ---- */

static void put_line(struct buf *b, struct slice s)
{
    for (size_t i = 0; i < s.n; i++) buf_u8(b, s.p[i] < 0x20 ? ' ' : s.p[i]);
}

void push_marked_fault(struct buf *b, const struct intake_refusal *r, enum lang lang)
{
    if (r->name.n) {
        put_line(b, r->name);
        buf_str(b, ": ");
    }
    buf_str(b, r->reason);
    for (unsigned i = 0; i < r->nearest_count; i++)
        buf_printf(b, "%s%s", i ? lang == LANG_EN ? " or " : " atau " : lang == LANG_EN ? "; meant: " : "; maksudnya: ",
                   r->nearest[i]);
    buf_printf(b, " [%s]", status_code_spelling(r->code));
}

/* ---- text ---- */

static void put_cell(struct buf *b, struct slice s, char delimiter)
{
    bool quoted = s.n > 0 && (s.p[0] == ' ' || s.p[s.n - 1] == ' ');
    for (size_t i = 0; i < s.n && !quoted; i++)
        quoted = s.p[i] == (uint8_t)delimiter || s.p[i] == '"' || s.p[i] == '\n' || s.p[i] == '\r';
    if (quoted) buf_u8(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"') buf_u8(b, '"');
        buf_u8(b, s.p[i]);
    }
    if (quoted) buf_u8(b, '"');
}

/* Refusals are sorted by line; *at moves on to the first one behind this line. */
static void put_faults(const struct push_marked *m, uint32_t line, uint32_t *at, struct buf *ret)
{
    const struct intake *in = m->in;
    while (*at < in->refusals && in->refusal[*at].line < line) (*at)++;
    for (; *at < in->refusals && in->refusal[*at].line == line; (*at)++) {
        if (ret->n) buf_str(ret, " | ");
        push_marked_fault(ret, &in->refusal[*at], m->lang);
    }
}

static bool is_own(struct slice heading)
{
    static const char *const OWN[] = { PUSH_MARKED_ID, PUSH_MARKED_EN };
    for (size_t i = 0; i < sizeof OWN / sizeof OWN[0]; i++)
        if (heading.n == strlen(OWN[i]) && !strncasecmp((const char *)heading.p, OWN[i], heading.n)) return true;
    return false;
}

/* Where the added column stands: behind the headings, or where an earlier copy had it. */
static uint32_t width_of(const struct push_marked *m)
{
    uint32_t n = 0, header = m->header < m->table.rows ? m->header : 0;
    for (uint32_t r = 0; r < m->table.rows && m->header == UINT32_MAX; r++)
        if (m->table.row[r].count > n) n = m->table.row[r].count;
    if (m->header != UINT32_MAX) n = m->table.row[header].count;
    while (n > 0 && is_own(csv_table_cell(&m->table, header, n - 1))) n--;
    return n;
}

static void put_row(const struct push_marked *m, uint32_t row, uint32_t width, struct slice last, struct buf *b)
{
    const char by = m->table.delimiter ? m->table.delimiter : ';';
    for (uint32_t c = 0; c < width; c++) {
        put_cell(b, csv_table_cell(&m->table, row, c), by);
        buf_u8(b, (uint8_t)by);
    }
    put_cell(b, last, by);
    buf_str(b, "\r\n");
}

static uint32_t breaks_in(const struct csv_table *t, uint32_t row)
{
    uint32_t n = 0;
    for (uint32_t c = 0; c < t->row[row].count; c++) {
        struct slice s = csv_table_cell(t, row, c);
        for (size_t i = 0; i < s.n; i++) n += s.p[i] == '\n';
    }
    return n;
}

void push_marked_text(const struct push_marked *m, struct buf *b)
{
    const char *heading = m->lang == LANG_EN ? PUSH_MARKED_EN : PUSH_MARKED_ID;
    uint32_t width = width_of(m), line = 1, at = 0;
    struct buf faults;
    buf_init(&faults, 1 << 20);
    buf_str(b, "\xef\xbb\xbf");
    put_faults(m, 0, &at, &faults);     /* of the file as a whole */
    if (m->table.rows == 0) put_cell(b, buf_slice(&faults), ';');
    for (uint32_t r = 0; r < m->table.rows; r++) {
        for (; line < m->table.row[r].line; line++) buf_str(b, "\r\n");
        if (r > 0) buf_clear(&faults);
        put_faults(m, m->table.row[r].line, &at, &faults);
        put_row(m, r, width, r == m->header && !faults.n ? slice_of(heading, strlen(heading)) : buf_slice(&faults), b);
        line += 1 + breaks_in(&m->table, r);
    }
    buf_done(&faults);
}
