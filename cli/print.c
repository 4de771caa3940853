/* print.c - see print.h. Kind: E.
 *
 * A text table needs all cells before the first line, to know its widths; rows are therefore kept until print_end. Width is counted
 * in code points, which is right for every text of the registry (Latin script, no combining marks). */
#include "cli/print.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct print {
    const struct cli *c;
    const struct print_column *column;
    size_t columns;
    char **cell; /* row by row */
    size_t cells, cap;
    bool no_memory;
};

struct print *print_begin(const struct cli *c, const struct print_column *columns, size_t n)
{
    struct print *p = calloc(1, sizeof *p);
    if (p) *p = (struct print){ .c = c, .column = columns, .columns = n };
    return p;
}

void print_cell(struct print *p, const char *machine)
{
    if (p->cells == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 256;
        char **more = realloc(p->cell, cap * sizeof *more);
        if (!more) {
            p->no_memory = true;
            return;
        }
        p->cell = more;
        p->cap = cap;
    }
    char *copy = strdup(machine ? machine : "");
    if (copy) p->cell[p->cells++] = copy;
    else p->no_memory = true;
}

void print_count(struct print *p, int64_t v)
{
    char t[24];
    snprintf(t, sizeof t, "%" PRId64, v);
    print_cell(p, t);
}

void print_json_cell(struct print *p, const json_t *v)
{
    if (json_is_integer(v)) print_count(p, json_integer_value(v));
    else print_cell(p, json_string_value(v));
}

/* ---- writing of numbers ---- */

/* "-1234.5": one number as answers write it, not a dotted code. */
static bool plain_number(const char *s)
{
    s += *s == '-';
    size_t whole = strspn(s, "0123456789");
    if (whole == 0 || s[whole] == '\0') return whole > 0;
    size_t behind = s[whole] == '.' ? strspn(s + whole + 1, "0123456789") : 0;
    return behind > 0 && s[whole + 1 + behind] == '\0';
}

void print_money(const char *machine, char *ret, size_t size)
{
    const char *digits = machine + (machine[0] == '-'), *dot = strchr(digits, '.');
    size_t whole = dot ? (size_t)(dot - digits) : strlen(digits), n = 0;
    if (!plain_number(machine) || size < 2 * strlen(machine) + 2) { /* words, a code, or no room for every dot */
        snprintf(ret, size, "%s", machine);
        return;
    }
    if (digits != machine) ret[n++] = '-';
    for (size_t i = 0; i < whole; i++) {
        if (i && (whole - i) % 3 == 0) ret[n++] = '.';
        ret[n++] = digits[i];
    }
    if (dot) {
        ret[n++] = ',';
        for (const char *d = dot + 1; *d; d++) ret[n++] = *d;
    }
    ret[n] = '\0';
}

void print_percent(const char *machine, char *ret, size_t size)
{
    snprintf(ret, size, "%s", machine);
    char *dot = strchr(ret, '.');
    if (dot) *dot = ',';
}

size_t print_width(const char *utf8)
{
    size_t n = 0;
    for (; *utf8; utf8++) n += ((unsigned char)*utf8 & 0xc0) != 0x80;
    return n;
}

/* ---- text ---- */

static char *readable(const char *machine, enum print_kind kind)
{
    char t[256];
    if (kind == PRINT_MONEY && *machine) print_money(machine, t, sizeof t);
    else if (kind == PRINT_PERCENT && *machine) print_percent(machine, t, sizeof t);
    else return NULL;
    return strdup(t);
}

static void make_readable(struct print *p)
{
    for (size_t i = 0; i < p->cells; i++) {
        char *text = readable(p->cell[i], p->column[i % p->columns].kind);
        if (!text) continue;
        free(p->cell[i]);
        p->cell[i] = text;
    }
}

static void put_padded(const char *text, size_t width, bool right, bool last)
{
    size_t n = print_width(text), pad = width > n ? width - n : 0;
    if (right) printf("%*s", (int)pad, "");
    fputs(text, stdout);
    if (!right && !last) printf("%*s", (int)pad, "");
    fputs(last ? "\n" : "  ", stdout);
}

static const char *heading(const struct print *p, size_t i) { return cli_say(p->c, p->column[i].id, p->column[i].en); }

static void write_text(struct print *p, size_t *width)
{
    bool fancy = cli_fancy(STDOUT_FILENO);
    make_readable(p);
    ASSERT(p->columns > 0);
    for (size_t i = 0; i < p->columns; i++) width[i] = print_width(heading(p, i));
    for (size_t i = 0; i < p->cells; i++) {
        size_t n = print_width(p->cell[i]);
        if (n > width[i % p->columns]) width[i % p->columns] = n;
    }
    if (fancy) fputs("\033[1m", stdout);
    for (size_t i = 0; i < p->columns; i++)
        put_padded(heading(p, i), width[i], p->column[i].kind != PRINT_TEXT, i + 1 == p->columns);
    if (fancy) fputs("\033[0m", stdout);
    for (size_t i = 0; i < p->cells; i++) {
        size_t at = i % p->columns;
        put_padded(p->cell[i], width[at], p->column[at].kind != PRINT_TEXT, at + 1 == p->columns);
    }
}

/* ---- CSV ---- */

static void put_field(const char *s, bool last)
{
    if (strpbrk(s, ",\"\r\n")) {
        putchar('"');
        for (; *s; s++) {
            if (*s == '"') putchar('"');
            putchar(*s);
        }
        putchar('"');
    } else {
        fputs(s, stdout);
    }
    putchar(last ? '\n' : ',');
}

static void write_csv(const struct print *p)
{
    for (size_t i = 0; i < p->columns; i++) put_field(p->column[i].csv, i + 1 == p->columns);
    for (size_t i = 0; i < p->cells; i++) put_field(p->cell[i], (i + 1) % p->columns == 0);
}

void print_end(struct print **handle)
{
    struct print *p = *handle;
    if (!p) return;
    size_t *width = calloc(p->columns, sizeof *width);
    if (p->no_memory || !width) cli_fail(p->c, "memori habis", "out of memory", NULL);
    else if (p->c->format == FORMAT_CSV) write_csv(p);
    else write_text(p, width);
    free(width);
    for (size_t i = 0; i < p->cells; i++) free(p->cell[i]);
    free(p->cell);
    free(p);
    *handle = NULL;
}

const char *print_text_of(const json_t *o, const char *member)
{
    const char *s = json_string_value(json_object_get(o, member));
    return s ? s : "";
}

void print_json(json_t *o)
{
    bool whole = o && json_dumpf(o, stdout, JSON_COMPACT) == 0;
    json_decref(o);
    if (whole) {
        putchar('\n');
        return;
    }
    fputs("rekap: kehabisan memori (out of memory)\n", stderr);         /* half an answer must not look like one */
    exit(EXIT_FAILED);
}
