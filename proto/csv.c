/* csv.c - libcsv in strict mode behind a wrapper that knows encodings, delimiters and physical lines. Kind: P.
 *
 * Design notes: libcsv reports fields and rows but no positions, so the file is handed to it one physical line at a time; a
 * row belongs to the line at which no row was open, and a quote error is at the line where the open field began. The
 * delimiter is the one whose count (outside quotes) repeats from line to line; titles above a header do not repeat.
 * Invariant: all cells live in one buffer whose size is bounded by the file's, three bytes for each of Windows-1252. */
#include "proto/csv.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"

enum { SNIFF_BYTES = 64 << 10, SNIFF_LINES = 60 };

/* ---- encoding ---- */

/* Windows-1252 bytes 0x80..0x9f; 0 = not assigned. */
static const uint16_t CP1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
    0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

static void put_utf8(struct buf *b, unsigned u)
{
    if (u >= 0x800) {
        buf_u8(b, (uint8_t)(0xe0 | u >> 12));
        buf_u8(b, (uint8_t)(0x80 | (u >> 6 & 0x3f)));
    } else {
        buf_u8(b, (uint8_t)(0xc0 | u >> 6));
    }
    buf_u8(b, (uint8_t)(0x80 | (u & 0x3f)));
}

static int from_1252(struct slice in, struct buf *out, struct csv_fault *fault)
{
    uint32_t line = 1;
    for (size_t i = 0; i < in.n;) {
        size_t b = i;
        while (i < in.n && in.p[i] < 0x80 && in.p[i] != 0)
            line += in.p[i++] == '\n';
        buf_put(out, in.p + b, i - b);
        if (i == in.n)
            break;
        unsigned u = in.p[i] >= 0x80 && in.p[i] < 0xa0 ? CP1252[in.p[i] - 0x80] : in.p[i];
        i++;
        if (u == 0) {
            *fault = (struct csv_fault){ .line = line, .code = CODE_TEXT_BROKEN };
            return ST_INVALID;
        }
        put_utf8(out, u);
    }
    return buf_ok(out) ? ST_OK : ST_NO_MEMORY;
}

/* ret: UTF-8 without BOM; either the input itself or converted into `store`. */
static int decode(struct slice in, struct buf *store, enum csv_encoding *encoding, struct slice *ret, struct csv_fault *fault)
{
    *encoding = CSV_UTF8;
    if (in.n >= 2 && ((in.p[0] == 0xff && in.p[1] == 0xfe) || (in.p[0] == 0xfe && in.p[1] == 0xff))) {
        fault->code = CODE_FILE_BROKEN;         /* UTF-16 */
        return ST_INVALID;
    }
    bool mark = in.n >= 3 && memcmp(in.p, "\xef\xbb\xbf", 3) == 0;
    if (mark)
        in = slice_of(in.p + 3, in.n - 3);
    *ret = in;
    if (bytes_utf8_ok(in.p, in.n))
        return ST_OK;
    if (mark) {
        fault->code = CODE_TEXT_BROKEN;
        return ST_INVALID;
    }
    *encoding = CSV_WINDOWS_1252;
    int st = from_1252(in, store, fault);
    *ret = buf_slice(store);
    return st;
}

/* ---- delimiter ---- */

static const char DELIMITERS[3] = { ',', ';', '\t' };
struct counts { unsigned of[3]; };

/* Counts the delimiters outside quotes on each of the first lines that are not blank. Returns how many lines. */
static unsigned count_delimiters(struct slice text, struct counts line[SNIFF_LINES])
{
    unsigned lines = 0;
    bool quoted = false, blank = true;
    memset(line, 0, sizeof *line * SNIFF_LINES);
    for (size_t i = 0; i < text.n && i < SNIFF_BYTES && lines < SNIFF_LINES; i++) {
        char c = (char)text.p[i];
        if (c == '"')
            quoted = !quoted;
        if ((c == '\n' || c == '\r') && !quoted) {
            lines += !blank;
            blank = true;
            continue;
        }
        blank = blank && c == ' ';
        for (unsigned k = 0; k < 3 && !quoted; k++)
            line[lines].of[k] += c == DELIMITERS[k];
    }
    return lines + !blank;              /* behind the last line that is counted nothing is read */
}

static char sniff(struct slice text)
{
    struct counts line[SNIFF_LINES];
    if (text.n > 4 && memcmp(text.p, "sep=", 4) == 0)
        for (unsigned k = 0; k < 3; k++)
            if (text.p[4] == (uint8_t)DELIMITERS[k])
                return DELIMITERS[k];
    unsigned lines = count_delimiters(text, line), best = 0;
    uint64_t best_score = 0;
    for (unsigned k = 0; k < 3; k++) {
        uint64_t repeats = 0, most = 0;
        for (unsigned i = 0; i < lines; i++) {
            if (i > 0 && line[i].of[k] > 0 && line[i].of[k] == line[i - 1].of[k])
                repeats++;
            most = line[i].of[k] > most ? line[i].of[k] : most;
        }
        uint64_t score = repeats << 32 | most;
        if (score > best_score) {
            best_score = score;
            best = k;
        }
    }
    return DELIMITERS[best];
}

/* ---- rows ---- */

struct reading {
    struct csv_table *t;
    uint32_t row_line, field_line;      /* where the open row and the open field began */
    uint32_t row_first;                 /* first cell of the open row */
    unsigned fields, ends;              /* callbacks during the line being fed */
    int status;
};

static void on_field(void *data, size_t n, void *ctx)
{
    struct reading *g = ctx;
    g->fields++;
    if (g->status == ST_OK)
        g->status = csv_table_add_text(g->t, g->row_first, data, n, (struct csv_mark){ .kind = CSV_TEXT });
}

static void on_row(int c, void *ctx)
{
    struct reading *g = ctx;
    (void)c;
    g->ends++;
    if (g->status == ST_OK)
        g->status = csv_table_add_row(g->t, g->row_line, g->row_first);
    g->row_first = g->t->cells;
}

static bool blank_line(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != ' ' && p[i] != '\t' && p[i] != '\r' && p[i] != '\n')
            return false;
    return true;
}

static int broken(uint32_t line, struct csv_fault *fault)
{
    *fault = (struct csv_fault){ .line = line, .code = CODE_FILE_BROKEN };
    return ST_INVALID;
}

static int feed(struct csv_parser *p, struct reading *g, struct slice text, struct csv_fault *fault)
{
    int ending = memchr(text.p, '\n', text.n) ? '\n' : '\r';
    uint32_t line = 0;
    bool open = false;
    for (size_t i = 0; i < text.n;) {
        const uint8_t *start = text.p + i, *nl = memchr(start, ending, text.n - i);
        size_t n = nl ? (size_t)(nl - start) + 1 : text.n - i;
        line++;
        if (!open)
            g->row_line = g->field_line = line;
        g->fields = g->ends = 0;
        if (csv_parse(p, start, n, on_field, on_row, g) != n)
            return csv_error(p) == CSV_EPARSE ? broken(g->fields ? line : g->field_line, fault) : ST_NO_MEMORY;
        if (g->status != ST_OK)
            return g->status;
        if (g->fields > 0)
            g->field_line = line;
        open = g->ends == 0 && (open || !blank_line(start, n));
        i += n;
    }
    if (csv_fini(p, on_field, on_row, g) != 0)
        return broken(g->field_line, fault);
    return g->status;
}

static int parse(struct slice text, struct csv_table *t, struct csv_fault *fault)
{
    struct csv_parser p;
    struct reading g = { .t = t };
    if (text.n == 0)
        return ST_OK;
    int st = csv_init(&p, CSV_STRICT | CSV_STRICT_FINI);
    ASSERT(st == 0);                    /* only no parser at all is refused; memory is taken later */
    csv_set_delim(&p, (unsigned char)t->delimiter);
    csv_set_blk_size(&p, 4096);
    st = feed(&p, &g, text, fault);
    csv_free(&p);
    if (st == ST_FULL)
        fault->code = CODE_TOO_LARGE;
    return st;
}

int csv_table_read(struct slice bytes, struct csv_table *ret, struct csv_fault *fault)
{
    struct buf store;
    struct slice text;
    memset(ret, 0, sizeof *ret);
    *fault = (struct csv_fault){ .line = 0 };
    if (bytes.n > INTAKE_FILE_BYTES_MAX) {
        fault->code = CODE_TOO_LARGE;
        return ST_FULL;
    }
    buf_init(&store, 3 * (size_t)INTAKE_FILE_BYTES_MAX);
    buf_init(&ret->text, 3 * (size_t)INTAKE_FILE_BYTES_MAX);
    int st = decode(bytes, &store, &ret->encoding, &text, fault);
    if (st == ST_OK) {
        ret->delimiter = sniff(text);
        st = parse(text, ret, fault);
    }
    buf_done(&store);
    if (st != ST_OK)
        csv_table_done(ret);
    return st;
}
