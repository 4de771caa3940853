/* intake_report.c - refusals and notes: made, kept, sorted, printed. Kind: P.
 *
 * Design notes: texts live in chunks owned by the intake, so that a report with many refusals costs no allocation each. A note
 * that every row could carry is listed a few times and then only counted; refusals are never summed up, since each is a cell
 * somebody must correct.
 * Invariant: a cell refusal marks the current row as bad; after a failed allocation nothing is added and no_memory is set. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/intake_priv.h"

enum { CHUNK_BYTES = 16 << 10, SENTENCE_MAX = 2048 };

static char *keep(struct intake *in, const char *s, size_t n)
{
    struct intake_priv *p = in->priv;
    if (p->chunk_left < n + 1) {
        size_t size = n + 1 > CHUNK_BYTES ? n + 1 : CHUNK_BYTES;
        struct intake_chunk *c = malloc(sizeof *c + size);
        if (!c) {
            p->no_memory = true;
            return NULL;
        }
        c->next = p->chunks;
        p->chunks = c;
        p->chunk_at = (char *)(c + 1);
        p->chunk_left = size;
    }
    char *ret = p->chunk_at;
    memcpy(ret, s, n);
    ret[n] = '\0';
    p->chunk_at += n + 1;
    p->chunk_left -= n + 1;
    return ret;
}

const char *intake_text(struct intake *in, const char *fmt, ...)
{
    char s[SENTENCE_MAX];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(s, sizeof s, fmt, ap);
    va_end(ap);
    const char *kept = keep(in, s, n < 0 ? 0 : (size_t)n < sizeof s ? (size_t)n : sizeof s - 1);
    return kept ? kept : "";
}

struct slice intake_keep(struct intake *in, const char *s)
{
    const char *kept = keep(in, s, strlen(s));
    return kept ? slice_of(kept, strlen(kept)) : slice_of("", 0);
}

const char *intake_say(const struct intake *in, struct intake_pair p)
{
    return in->priv->o.lang == LANG_EN ? p.en : p.id;
}

/* ---- adding ---- */

static void *grown(struct intake *in, void *p, uint32_t count, uint32_t *cap, size_t size)
{
    if (count < *cap)
        return p;
    uint32_t want = *cap ? *cap * 2 : 64;
    void *q = realloc(p, want * size);
    if (!q) {
        in->priv->no_memory = true;
        return NULL;
    }
    *cap = want;
    return q;
}

static struct slice heading(const struct intake *in, uint32_t column)
{
    const struct intake_priv *p = in->priv;
    bool known = column > 0 && in->shape != SHAPE_NONE;
    return known ? bytes_trim(csv_table_cell(&p->table, p->shape.header, column - 1)) : slice_of("", 0);
}

/* "Lembar!C17" of a workbook: a name with blanks or signs stands in quotes, as the programs that write it say it. */
static struct slice address(struct intake *in, uint32_t line, uint32_t column)
{
    char letters[8] = "", *at = letters + sizeof letters - 1;
    struct slice sheet = in->sheet;
    const char *quote = "";
    if (sheet.n == 0)
        return sheet;
    *at = '\0';
    for (uint32_t c = column; c > 0; c = (c - 1) / 26)
        *--at = (char)('A' + (c - 1) % 26);
    for (size_t i = 0; i < sheet.n && i < 64; i++)
        if (sheet.p[i] == ' ' || (sheet.p[i] < '0' && sheet.p[i] != '_'))
            quote = "'";
    const char *text = line ? intake_text(in, "%s%.*s%s!%s%u", quote, (int)sheet.n, (const char *)sheet.p, quote, at, line)
                            : intake_text(in, "%s%.*s%s", quote, (int)sheet.n, (const char *)sheet.p, quote);
    return slice_of(text, strlen(text));
}

struct intake_refusal *intake_refuse_at(struct intake *in, uint32_t line, uint32_t column, struct slice seen, unsigned code,
                                        const char *reason)
{
    struct intake_refusal *r = grown(in, in->refusal, in->refusals, &in->priv->refusal_cap, sizeof *r);
    if (!r)
        return NULL;
    in->refusal = r;
    r += in->refusals++;
    *r = (struct intake_refusal){ .line = line, .column = column, .name = heading(in, column), .seen = seen, .code = code,
                                  .reason = reason, .cell = address(in, line, column) };
    return r;
}

struct intake_refusal *intake_refuse(struct intake *in, enum shape_column c, unsigned code, const char *reason)
{
    struct intake_priv *p = in->priv;
    p->bad = true;
    return intake_refuse_at(in, p->line, p->shape.column[c], intake_cell(in, c), code, reason);
}

void intake_nearest(struct intake *in, struct intake_refusal *r, const char *reading)
{
    if (r && reading[0] && r->nearest_count < 3)
        r->nearest[r->nearest_count++] = intake_text(in, "%s", reading);
}

static struct intake_tally *tally_of(struct intake_priv *p, const char *kind)
{
    for (uint32_t i = 0; i < p->tallies; i++)
        if (strcmp(p->tally[i].kind, kind) == 0)
            return &p->tally[i];
    ASSERT(p->tallies < sizeof p->tally / sizeof *p->tally);
    struct intake_tally *t = &p->tally[p->tallies++];
    *t = (struct intake_tally){ .kind = kind };
    return t;
}

static void put_note(struct intake *in, uint32_t line, uint32_t column, const char *kind, const char *text)
{
    struct intake_note *n = grown(in, in->note, in->notes, &in->priv->note_cap, sizeof *n);
    if (!n)
        return;
    in->note = n;
    n[in->notes++] = (struct intake_note){ .line = line, .column = column, .name = heading(in, column), .kind = kind,
                                           .text = text, .cell = address(in, line, column) };
}

void intake_note_at(struct intake *in, uint32_t line, uint32_t column, const char *kind, const char *text)
{
    struct intake_tally *t = tally_of(in->priv, kind);
    t->last_line = line;
    if (t->count++ < INTAKE_NOTES_PER_KIND)
        put_note(in, line, column, kind, text);
}

void intake_note(struct intake *in, enum shape_column c, const char *kind, const char *text)
{
    intake_note_at(in, in->priv->line, in->priv->shape.column[c], kind, text);
}

/* ---- ending ---- */

static int by_place(uint32_t line_a, uint32_t column_a, uint32_t line_b, uint32_t column_b)
{
    if (line_a != line_b)
        return line_a < line_b ? -1 : 1;
    return column_a < column_b ? -1 : column_a > column_b;
}

static int refusal_order(const void *a, const void *b)
{
    const struct intake_refusal *x = a, *y = b;
    return by_place(x->line, x->column, y->line, y->column);
}

static int note_order(const void *a, const void *b)
{
    const struct intake_note *x = a, *y = b;
    int c = by_place(x->line, x->column, y->line, y->column);
    return c ? c : strcmp(x->kind, y->kind);
}

void intake_report_end(struct intake *in)
{
    struct intake_priv *p = in->priv;
    for (uint32_t i = 0; i < p->tallies; i++) {
        const struct intake_tally *t = &p->tally[i];
        if (t->count <= INTAKE_NOTES_PER_KIND)
            continue;
        const char *more = intake_say(in, (struct intake_pair){ "baris lain, terakhir baris", "more rows, the last is line" });
        const char *text = intake_text(in, "+%u %s %u", t->count - INTAKE_NOTES_PER_KIND, more, t->last_line);
        put_note(in, t->last_line, 0, t->kind, text);
    }
    if (in->refusals > 1)
        qsort(in->refusal, in->refusals, sizeof *in->refusal, refusal_order);
    if (in->notes > 1)
        qsort(in->note, in->notes, sizeof *in->note, note_order);
}

/* ---- printing ---- */

/* A cell on one line: control characters as blanks, cut at INTAKE_SEEN_MAX bytes on a character's border. */
static void put_seen(struct buf *b, struct slice s)
{
    size_t n = s.n < INTAKE_SEEN_MAX ? s.n : INTAKE_SEEN_MAX;
    while (n < s.n && n > 0 && (s.p[n] & 0xc0) == 0x80)
        n--;
    for (size_t i = 0; i < n; i++)
        buf_u8(b, s.p[i] < 0x20 ? ' ' : s.p[i]);
    if (n < s.n)
        buf_str(b, "…");
}

static void put_place(struct buf *b, struct slice file, struct slice cell, uint32_t line, uint32_t column, struct slice name)
{
    buf_put(b, file.p, file.n);
    if (cell.n > 0)
        buf_printf(b, ":%.*s", (int)cell.n, (const char *)cell.p);
    else if (line > 0)
        buf_printf(b, ":%u", line);
    if (cell.n == 0 && line > 0 && column > 0)
        buf_printf(b, ":%u", column);
    if (name.n > 0) {
        buf_str(b, " (");
        put_seen(b, name);
        buf_str(b, ")");
    }
    buf_str(b, ": ");
}

void intake_refusal_text(struct buf *b, struct slice file, const struct intake_refusal *r, enum lang lang)
{
    put_place(b, file, r->cell, r->line, r->column, r->name);
    if (r->column > 0 || r->seen.n > 0) {
        buf_str(b, "\"");
        put_seen(b, r->seen);
        buf_str(b, "\" ");
    }
    buf_str(b, r->reason);
    unsigned readings = r->column > 0 ? r->nearest_count : 0;     /* of a file the reason names the nearest shape */
    for (unsigned i = 0; i < readings; i++) {
        const char *first = lang == LANG_EN ? "; did you mean " : "; maksudnya ", *next = lang == LANG_EN ? " or " : " atau ";
        buf_str(b, i ? next : first);
        buf_str(b, r->nearest[i]);
    }
    if (readings > 0)
        buf_str(b, "?");
    buf_printf(b, " [%s]", status_code_spelling(r->code));
}

void intake_note_text(struct buf *b, struct slice file, const struct intake_note *n)
{
    put_place(b, file, n->cell, n->line, n->column, n->name);
    buf_printf(b, "%s [%s]", n->text, n->kind);
}
