/* jsonl.c - see jsonl.h: a strict reader of flat JSON objects, one a line. Kind: P.
 *
 * Design notes: own grammar and no library, because amounts must stay the digits that were written (a library gives a double or an
 * int64), because a refusal must name its line, and because the core links no JSON. Names go into the table's text only when they
 * are new; the name that came next in the line before is tried first, so that looking names up costs one comparison. Invariant: a
 * row's cells follow the order of the names; names that an object lacks are empty cells. */
#include "proto/jsonl.h"

#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"

struct name { uint32_t at, n; };
struct reader {
    const uint8_t *p, *end, *line_start;
    uint32_t line;
    struct csv_table *t;
    struct name name[CSV_COLUMNS_MAX];
    struct { struct csv_cell cell; struct csv_mark mark; bool is; } value[CSV_COLUMNS_MAX];      /* of the object being read */
    uint32_t names, next;
    unsigned code;                      /* of a refusal other than CODE_FILE_BROKEN */
};

static bool fails(struct reader *r, unsigned code)
{
    r->code = code;
    return false;
}

static void blanks(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\r')) r->p++;
}

static bool take(struct reader *r, char c)
{
    blanks(r);
    if (r->p == r->end || *r->p != (uint8_t)c) return false;
    r->p++;
    return true;
}

/* ---- text ---- */

static bool hex4(struct reader *r, uint32_t *ret)
{
    uint8_t b[2];
    if (r->end - r->p < 4 || bytes_unhex((const char *)r->p, 4, b) != ST_OK) return false;
    r->p += 4;
    *ret = (uint32_t)b[0] << 8 | b[1];
    return true;
}

static void put_utf8(struct buf *b, uint32_t u)
{
    static const struct { uint32_t from; uint8_t lead; unsigned more; } FORM[] = {
        { 0x10000, 0xf0, 3 }, { 0x800, 0xe0, 2 }, { 0x80, 0xc0, 1 }, { 0, 0, 0 } };
    size_t k = 0;
    while (u < FORM[k].from) k++;
    buf_u8(b, (uint8_t)(FORM[k].lead | u >> 6 * FORM[k].more));
    for (unsigned i = FORM[k].more; i-- > 0;) buf_u8(b, (uint8_t)(0x80 | (u >> 6 * i & 0x3f)));
}

/* Behind `\u`: a character, or the two halves of one. U+0000 has no place in a text. */
static bool unicode(struct reader *r)
{
    uint32_t u, low;
    if (!hex4(r, &u)) return false;
    if (u >= 0xd800 && u < 0xdc00) {
        if (r->end - r->p < 6 || r->p[0] != '\\' || r->p[1] != 'u') return fails(r, CODE_TEXT_BROKEN);
        r->p += 2;
        if (!hex4(r, &low) || low < 0xdc00 || low > 0xdfff) return fails(r, CODE_TEXT_BROKEN);
        u = 0x10000 + ((u - 0xd800) << 10 | (low - 0xdc00));
    } else if (u == 0 || (u >= 0xdc00 && u <= 0xdfff)) {
        return fails(r, CODE_TEXT_BROKEN);
    }
    put_utf8(&r->t->text, u);
    return true;
}

static bool escape(struct reader *r)
{
    static const char FROM[] = "\"\\/bfnrt", TO[] = "\"\\/\b\f\n\r\t";
    if (r->p == r->end) return false;
    uint8_t c = *r->p++;
    if (c == 'u') return unicode(r);
    ASSERT(c != 0);                     /* what has such a byte is no UTF-8 */
    const char *at = strchr(FROM, c);
    if (at) buf_u8(&r->t->text, (uint8_t)TO[at - FROM]);
    return at != NULL;
}

/* A text behind its opening mark, decoded to the end of the table's text. */
static bool text(struct reader *r, struct csv_cell *ret)
{
    struct buf *b = &r->t->text;
    size_t at = b->n;
    while (r->p < r->end && *r->p != '"') {
        const uint8_t *s = r->p;
        while (r->p < r->end && *r->p != '"' && *r->p != '\\' && *r->p >= 0x20) r->p++;
        buf_put(b, s, (size_t)(r->p - s));
        if (r->p < r->end && *r->p < 0x20) return false;
        if (r->p < r->end && *r->p == '\\') {
            r->p++;
            if (!escape(r)) return false;
        }
    }
    if (r->p == r->end) return false;
    r->p++;
    *ret = (struct csv_cell){ .at = (uint32_t)at, .n = (uint32_t)(b->n - at) };
    return true;
}

/* ---- names and values ---- */

static bool is_name(const struct reader *r, uint32_t k, const uint8_t *p, uint32_t n)
{
    return r->name[k].n == n && (n == 0 || memcmp(r->t->text.p + r->name[k].at, p, n) == 0);
}

/* The number of a name; its text is dropped again when it is known. */
static bool find_name(struct reader *r, uint32_t *ret)
{
    struct csv_cell c;
    if (!take(r, '"') || !text(r, &c)) return false;
    if (!buf_ok(&r->t->text)) return false;
    const uint8_t *p = c.n ? r->t->text.p + c.at : NULL;        /* an empty name may be all the text there is */
    uint32_t k = r->next < r->names && is_name(r, r->next, p, c.n) ? r->next : 0;
    while (k < r->names && !is_name(r, k, p, c.n)) k++;
    if (k == CSV_COLUMNS_MAX) return fails(r, CODE_TOO_LARGE);
    if (k == r->names) r->name[r->names++] = (struct name){ c.at, c.n };
    else r->t->text.n = c.at;
    r->next = k + 1;
    *ret = k;
    return true;
}

static size_t digits(struct reader *r)
{
    const uint8_t *s = r->p;
    while (r->p < r->end && *r->p >= '0' && *r->p <= '9') r->p++;
    return (size_t)(r->p - s);
}

static bool one_of(struct reader *r, char a, char b)
{
    if (r->p == r->end || (*r->p != (uint8_t)a && *r->p != (uint8_t)b)) return false;
    r->p++;
    return true;
}

static bool number(struct reader *r, struct csv_cell *c, struct csv_mark *m)
{
    const uint8_t *s = r->p;
    one_of(r, '-', '-');
    bool zero = r->p < r->end && *r->p == '0';
    size_t n = digits(r);
    if (n == 0 || (zero && n > 1)) return false;
    if (one_of(r, '.', '.')) {
        m->kind = CSV_FRACTION;
        if (digits(r) == 0) return false;
    }
    if (one_of(r, 'e', 'E')) {
        m->kind = CSV_FRACTION;
        one_of(r, '+', '-');
        if (digits(r) == 0) return false;
    }
    *c = (struct csv_cell){ .at = (uint32_t)r->t->text.n, .n = (uint32_t)(r->p - s) };
    buf_put(&r->t->text, s, c->n);
    return true;
}

static bool word(struct reader *r, const char *json, const char *means, struct csv_cell *c)
{
    size_t n = strlen(json);
    if ((size_t)(r->end - r->p) < n || memcmp(r->p, json, n) != 0) return false;
    r->p += n;
    *c = (struct csv_cell){ .at = (uint32_t)r->t->text.n, .n = (uint32_t)strlen(means) };
    buf_str(&r->t->text, means);
    return true;
}

static bool value(struct reader *r, struct csv_cell *c, struct csv_mark *m)
{
    *m = (struct csv_mark){ .kind = CSV_TEXT };
    if (take(r, '"')) return text(r, c);
    if (r->p == r->end) return false;
    if (*r->p == '-' || (*r->p >= '0' && *r->p <= '9')) return number(r, c, m);
    return word(r, "null", "", c) || word(r, "true", "ya", c) || word(r, "false", "tidak", c);
}

static bool pair(struct reader *r)
{
    uint32_t k;
    struct csv_cell c;
    struct csv_mark m;
    if (!find_name(r, &k) || !take(r, ':') || !value(r, &c, &m)) return false;
    if (r->value[k].is) m.kind = CSV_TWICE;
    r->value[k].cell = c;
    r->value[k].mark = m;
    r->value[k].is = true;
    return true;
}

/* ---- lines ---- */

static int end_object(struct reader *r)
{
    struct csv_table *t = r->t;
    uint32_t first = t->cells, n = r->names;
    int st = ST_OK;
    while (n > 0 && !r->value[n - 1].is) n--;
    for (uint32_t k = 0; k < n && st == ST_OK; k++) {
        struct csv_cell none = { 0 };
        bool is = r->value[k].is;
        st = csv_table_add(t, first, is ? r->value[k].cell : none, is ? r->value[k].mark : (struct csv_mark){ .kind = CSV_TEXT });
        r->value[k].is = false;
    }
    return st == ST_OK ? csv_table_add_row(t, r->line, first) : st;
}

static bool object(struct reader *r)
{
    r->next = 0;
    if (!take(r, '{')) return false;
    if (!take(r, '}')) {
        do
            if (!pair(r)) return false;
        while (take(r, ','));
        if (!take(r, '}')) return false;
    }
    blanks(r);
    return r->p == r->end || *r->p == '\n';
}

static int lines(struct reader *r)
{
    for (; r->p < r->end; r->p++, r->line++) {
        r->line_start = r->p;
        blanks(r);
        if (r->p < r->end && *r->p != '\n') {
            int st = object(r) ? ST_OK : ST_INVALID;
            if (!buf_ok(&r->t->text)) st = ST_NO_MEMORY;        /* cells are no longer than the file: there is room for them */
            if (st == ST_OK) st = end_object(r);
            if (st != ST_OK) return st;
        }
        if (r->p == r->end) break;
    }
    return ST_OK;
}

/* The first row, last because names may come with any line. */
static int put_header(struct reader *r)
{
    uint32_t first = r->t->cells;
    int st = ST_OK;
    for (uint32_t k = 0; k < r->names && st == ST_OK; k++)
        st = csv_table_add(r->t, first, (struct csv_cell){ r->name[k].at, r->name[k].n }, (struct csv_mark){ .kind = CSV_TEXT });
    r->t->row[0].first = first;
    r->t->row[0].count = r->t->cells - first;
    r->t->row[0].line = r->t->rows > 1 ? r->t->row[1].line : 1;
    return st;
}

static int read_all(struct reader *r, struct csv_fault *fault)
{
    int st = csv_table_add_row(r->t, 1, 0);
    if (st == ST_OK) st = lines(r);
    if (st == ST_OK) st = put_header(r);
    if (st == ST_INVALID)
        *fault = (struct csv_fault){ .line = r->line, .code = r->code ? r->code : CODE_FILE_BROKEN,
                                     .at = (uint32_t)(r->p - r->line_start) + 1 };
    if (st == ST_FULL || r->code == CODE_TOO_LARGE) *fault = (struct csv_fault){ .line = r->line, .code = CODE_TOO_LARGE };
    return st;
}

static struct slice without_mark(struct slice bytes)
{
    bool mark = bytes.n >= 3 && memcmp(bytes.p, "\xef\xbb\xbf", 3) == 0;
    return mark ? slice_of(bytes.p + 3, bytes.n - 3) : bytes;
}

bool jsonl_begins(struct slice bytes)
{
    struct slice s = without_mark(bytes);
    size_t i = 0;
    while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\r' || s.p[i] == '\n')) i++;
    return i < s.n && s.p[i] == '{';
}

int jsonl_read(struct slice bytes, struct csv_table *ret, struct csv_fault *fault)
{
    struct slice s = without_mark(bytes);
    memset(ret, 0, sizeof *ret);
    *fault = (struct csv_fault){ .line = 0 };
    if (bytes.n > INTAKE_FILE_BYTES_MAX) {
        fault->code = CODE_TOO_LARGE;
        return ST_FULL;
    }
    if (!bytes_utf8_ok(s.p, s.n)) {
        fault->code = CODE_TEXT_BROKEN;
        return ST_INVALID;
    }
    struct reader *r = calloc(1, sizeof *r);
    if (!r) return ST_NO_MEMORY;
    *r = (struct reader){ .p = s.p, .end = s.p + s.n, .line_start = s.p, .line = 1, .t = ret };
    buf_init(&ret->text, 3 * (size_t)INTAKE_FILE_BYTES_MAX);
    ret->marked = true;
    int st = read_all(r, fault);
    free(r);
    if (st != ST_OK) csv_table_done(ret);
    return st;
}
