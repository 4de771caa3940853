/* conf.c - INI text against a table of options: parse, check, suggest, print. Kind: P.
 *
 * Design notes: inih takes lines apart, but it is fed by a reader of ours, because alone it would cut a long line without a
 * word and tell only the first bad line. The reader counts lines, reports what inih could only skip (over-long lines, lines
 * that are neither a section nor a key) and hands on an empty line in their place; so one run names every fault of a file.
 * The limits of inih are variables in this packaging and are set before each parse, always to the same values.
 *
 * Numbers are integers with a unit; `64` where a size is wanted is refused with a nearest reading, for the megabytes somebody
 * meant would be bytes. Zero needs no unit.
 *
 * Invariant: parsing what conf_print printed gives the same values. */
#include "conf.h"

#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES_MAX = 4096, NAME_BYTES_MAX = 100, FAULTS_MAX = 100, SEEN_BYTES_MAX = 80 };

struct value {
    char *text;                 /* as written, or the default; NULL when neither is there */
    int64_t number;
    size_t line;                /* 0: default */
};
struct conf {
    const struct conf_option *table;
    size_t n;
    char *file;
    struct value *value;
};
struct parse {                  /* one run over a file */
    struct conf *c;
    struct slice text;
    size_t pos, line, faults;
    struct buf *errors;
    bool no_memory;
};

struct unit {
    const char *name;
    int64_t factor;
};
static const struct unit SIZES[] = {{"T", INT64_C(1) << 40}, {"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {NULL, 0}};
static const struct unit DURATIONS[] = {{"d", INT64_C(86400000000)}, {"h", INT64_C(3600000000)}, {"m", 60000000}, {"s", 1000000},
                                        {"ms", 1000},                {"us", 1},                 {NULL, 0}};
static const struct unit COUNTS[] = {{"", 1}, {NULL, 0}};
static const char *const YES[] = {"yes", "true", "on", "ya", "1", NULL}, *const NO[] = {"no", "false", "off", "tidak", "0", NULL};

/* ---- faults ---- */

/* The text of a key file, or 64 hex digits where none belong: somebody put a key where its file should be named. */
static bool is_secret(struct slice s)
{
    static const char head[] = "rekap-key";
    size_t hex = 0;

    while (hex < s.n && ((s.p[hex] >= '0' && s.p[hex] <= '9') || (s.p[hex] >= 'a' && s.p[hex] <= 'f')))
        hex++;
    return memmem(s.p, s.n, head, sizeof head - 1) != NULL || (hex == s.n && s.n == 2 * PUBKEY_SIZE);
}

__attribute__((format(printf, 5, 6))) static void fault(struct parse *p, size_t line, const char *key, struct slice seen,
                                                        const char *reason, ...)
{
    char why[400], shown[SEEN_BYTES_MAX + 1];
    size_t n = seen.n < SEEN_BYTES_MAX ? seen.n : SEEN_BYTES_MAX;
    va_list ap;

    if (p->faults++ >= FAULTS_MAX) return;
    if (is_secret(seen)) seen = slice_of("(rahasia)", 9), n = 9;
    va_start(ap, reason);
    vsnprintf(why, sizeof why, reason, ap);
    va_end(ap);
    for (size_t i = 0, top = bytes_utf8_ok(seen.p, n) ? 0xff : 0x7e; i < n; i++)
        shown[i] = seen.p[i] < 0x20 || seen.p[i] == 0x7f || seen.p[i] > top ? '?' : (char)seen.p[i];
    shown[n] = '\0';
    buf_printf(p->errors, "%s:%zu:%s: \"%s\" %s\n", p->c->file, line, key, shown, why);
}

/* The known name most like this one, NULL when none is like it. */
static const char *nearest_name(const struct conf *c, const char *name)
{
    size_t best = strlen(name) / 3 + 1;
    const char *found = NULL;

    for (size_t i = 0; i < c->n; i++) {
        const char *known = c->table[i].name;
        size_t d = bytes_distance(slice_of(name, strlen(name)), slice_of(known, strlen(known)));

        if (d < best || (d == best && !found)) {
            best = d;
            found = c->table[i].name;
        }
    }
    return found;
}

/* ---- values ---- */

static const struct unit *units_of(enum conf_type t)
{
    return t == CONF_SIZE ? SIZES : t == CONF_DURATION ? DURATIONS : COUNTS;
}

static bool word_in(struct slice s, const char *const *words)
{
    for (; *words; words++)
        if (bytes_is(s, *words)) return true;
    return false;
}

/* Digits and a unit. False when it is not that or does not fit; *ret_bare: it is a number, but its unit is missing. */
static bool read_number(struct slice s, const struct unit *u, int64_t *ret, bool *ret_bare)
{
    int64_t v = 0;
    size_t i = 0;
    bool over = false;

    for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
        over |= __builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, s.p[i] - '0', &v);
    *ret_bare = i > 0 && i == s.n;
    if (i == 0 || over) return false;
    if (*ret_bare && v == 0) {
        *ret = 0;
        return true;
    }
    for (; u->name; u++)
        if (s.n - i == strlen(u->name) && (s.n == i || memcmp(s.p + i, u->name, s.n - i) == 0))
            return !__builtin_mul_overflow(v, u->factor, ret);
    return false;
}

static void format_number(enum conf_type t, int64_t v, char ret[40])
{
    const struct unit *u = units_of(t);

    while (u->factor > 1 && v % u->factor != 0)
        u++;
    if (v == 0 || !u->name)
        snprintf(ret, 40, "%lld", (long long)v);
    else
        snprintf(ret, 40, "%lld%s", (long long)(v / u->factor), u->name);
}

static bool check_bounds(struct parse *p, size_t line, const struct conf_option *o, struct slice s, int64_t v)
{
    char low[40], high[40];
    bool bounded = o->min != 0 || o->max != 0;

    if (!bounded || (v >= o->min && (o->max == 0 || v <= o->max))) return true;
    format_number(o->type, o->min, low);
    format_number(o->type, o->max, high);
    if (o->max == 0)
        fault(p, line, o->name, s, "di luar batas: paling sedikit %s", low);
    else
        fault(p, line, o->name, s, "di luar batas: %s sampai %s", low, high);
    return false;
}

static bool check_number(struct parse *p, size_t line, const struct conf_option *o, struct slice s, int64_t *ret)
{
    static const char *const wanted[] = {[CONF_COUNT] = "bukan bilangan", [CONF_SIZE] = "bukan ukuran (K, M, G, T)",
                                         [CONF_DURATION] = "bukan lama waktu (us, ms, s, m, h, d)"};
    bool bare;

    if (read_number(s, units_of(o->type), ret, &bare)) return check_bounds(p, line, o, s, *ret);
    if (bare && o->type != CONF_COUNT)
        fault(p, line, o->name, s, "%s; maksudnya %.*s%s?", wanted[o->type], (int)(s.n < 20 ? s.n : 20), (const char *)s.p,
              o->type == CONF_SIZE ? "M" : "s");
    else
        fault(p, line, o->name, s, "%s", wanted[o->type]);
    return false;
}

static bool check_text(struct parse *p, size_t line, const struct conf_option *o, struct slice s)
{
    bool clean = bytes_utf8_ok(s.p, s.n);

    for (size_t i = 0; i < s.n; i++)
        clean = clean && s.p[i] >= 0x20 && s.p[i] != 0x7f;
    if (!clean) fault(p, line, o->name, s, "teks tidak sah");
    else if (s.n == 0 && o->required) fault(p, line, o->name, s, "wajib diisi: %s", o->help);
    return clean && (s.n > 0 || !o->required);
}

static bool check_value(struct parse *p, size_t line, const struct conf_option *o, struct slice s, int64_t *ret)
{
    *ret = 0;
    switch (o->type) {
    case CONF_TEXT:
    case CONF_PATH: return check_text(p, line, o, s);
    case CONF_BOOL:
        *ret = word_in(s, YES);
        if (*ret || word_in(s, NO)) return true;
        fault(p, line, o->name, s, "bukan ya atau tidak (yes, no)");
        return false;
    default: return check_number(p, line, o, s, ret);
    }
}

static ptrdiff_t find(const struct conf *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->table[i].name, name) == 0) return (ptrdiff_t)i;
    return -1;
}

static void set(struct parse *p, size_t i, size_t line, const char *text)
{
    const struct conf_option *o = &p->c->table[i];
    struct value *v = &p->c->value[i];
    int64_t number;

    if (line && v->line) {
        fault(p, line, o->name, slice_of(text, strlen(text)), "sudah ada di baris %zu", v->line);
        return;
    }
    v->line = line;                     /* also when it is refused: it is not missing */
    if (!check_value(p, line, o, slice_of(text, strlen(text)), &number)) return;
    free(v->text);
    v->text = strdup(text);
    v->number = number;
    p->no_memory |= v->text == NULL;
}

/* ---- lines ---- */

static int on_pair(void *user, const char *section, const char *key, const char *text)
{
    struct parse *p = user;
    char name[NAME_BYTES_MAX + 4];
    const char *near;
    ptrdiff_t i;

    snprintf(name, sizeof name, "%s%s%s", section, *section ? "." : "", key);
    i = find(p->c, name);
    /* without a blank before it inih takes it as the value, with one as a comment: what is printed would read otherwise */
    if (i >= 0 && *text == ';') {
        fault(p, p->line, name, slice_of(text, strlen(text)), "nilai tidak boleh diawali ;");
        return 1;
    }
    if (i >= 0) {
        set(p, (size_t)i, p->line, text);
        return 1;
    }
    near = nearest_name(p->c, name);
    if (near)
        fault(p, p->line, name, slice_of(text, strlen(text)), "kunci tidak dikenal; maksudnya %s?", near);
    else
        fault(p, p->line, name, slice_of(text, strlen(text)), "kunci tidak dikenal");
    return 1;
}

/* Reports what inih would skip or cut; true when the line may be handed on. */
static bool line_ok(struct parse *p, struct slice line)
{
    struct slice s = line;

    if (p->line == 1 && s.n >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0) s = slice_of(s.p + 3, s.n - 3);
    s = bytes_trim(s);
    if (line.n > LINE_BYTES_MAX) {
        fault(p, p->line, "", s, "baris terlalu panjang: %zu bita, paling banyak %d", line.n, LINE_BYTES_MAX);
        return false;
    }
    if (s.n == 0 || *s.p == '#' || *s.p == ';') return true;
    if (memchr(s.p, '\0', s.n)) {
        fault(p, p->line, "", s, "berisi bita nol");
        return false;
    }
    if (*s.p == '[' ? memchr(s.p, ']', s.n) != NULL : memchr(s.p, '=', s.n) != NULL) return true;
    fault(p, p->line, "", s, *s.p == '[' ? "bagian tanpa ]" : "bukan kunci = nilai");
    return false;
}

static char *read_line(char *to, int size, void *user)
{
    struct parse *p = user;
    const uint8_t *start = p->text.p + p->pos, *lf;
    size_t left = p->text.n - p->pos, n;

    ASSERT(size >= LINE_BYTES_MAX + 2); /* run_inih has set it */
    if (left == 0) return NULL;
    lf = memchr(start, '\n', left);
    n = lf ? (size_t)(lf - start) : left;
    p->pos += n + (lf != NULL);
    p->line++;
    if (!line_ok(p, slice_of(start, n))) n = 0;
    memcpy(to, start, n);
    to[n] = '\n';
    to[n + 1] = '\0';
    return to;
}

static void run_inih(struct parse *p)
{
    int bad;

    ini_use_stack = false;
    ini_allow_realloc = false;
    ini_allow_multiline = false;
    ini_max_line = ini_initial_alloc = LINE_BYTES_MAX + 8;
    bad = ini_parse_stream(read_line, p, on_pair, p);
    if (bad < 0) p->no_memory = true;
    if (bad > 0 && p->faults == 0) fault(p, (size_t)bad, "", slice_of("", 0), "bukan kunci = nilai");
}

/* ---- the table ---- */

static struct conf *conf_new(const struct conf_option *table, size_t n, const char *file)
{
    struct conf *c = calloc(1, sizeof *c);

    if (!c) return NULL;
    c->table = table;
    c->n = n;
    c->file = strdup(file);
    c->value = calloc(n + 1, sizeof *c->value);
    if (!c->file || !c->value) conf_free(&c);
    return c;
}

static void set_defaults(struct parse *p)
{
    for (size_t i = 0; i < p->c->n; i++)
        if (p->c->table[i].def && *p->c->table[i].def) set(p, i, 0, p->c->table[i].def);
    ASSERT(p->faults == 0);             /* a default of our own table must pass our own check */
}

static void check_required(struct parse *p)
{
    for (size_t i = 0; i < p->c->n; i++)
        if (p->c->table[i].required && p->c->value[i].line == 0)
            fault(p, p->line, p->c->table[i].name, slice_of("", 0), "wajib diisi: %s", p->c->table[i].help);
}

int conf_parse(const struct conf_option *table, size_t n, const char *file, struct slice text, struct conf **ret,
               struct buf *errors)
{
    struct conf *c = conf_new(table, n, file);
    struct parse p = {.c = c, .text = text, .errors = errors};

    if (!c) return ST_NO_MEMORY;
    set_defaults(&p);
    run_inih(&p);
    if (!p.no_memory) check_required(&p);
    if (p.faults > FAULTS_MAX) buf_printf(errors, "%s: dan %zu kesalahan lain\n", file, p.faults - FAULTS_MAX);
    if (p.no_memory || p.faults) {
        conf_free(&c);
        return p.no_memory ? ST_NO_MEMORY : ST_INVALID;
    }
    *ret = c;
    return ST_OK;
}

void conf_free(struct conf **c)
{
    if (!*c) return;
    for (size_t i = 0; (*c)->value && i < (*c)->n; i++)
        free((*c)->value[i].text);
    free((*c)->value);
    free((*c)->file);
    free(*c);
    *c = NULL;
}

static const struct value *value_of(const struct conf *c, const char *name, bool number)
{
    ptrdiff_t i = find(c, name);

    ASSERT(i >= 0);
    ASSERT(number == (c->table[i].type != CONF_TEXT && c->table[i].type != CONF_PATH));
    return &c->value[i];
}

const char *conf_text(const struct conf *c, const char *name)
{
    const struct value *v = value_of(c, name, false);

    return v->text ? v->text : "";
}

int64_t conf_int(const struct conf *c, const char *name)
{
    return value_of(c, name, true)->number;
}

bool conf_bool(const struct conf *c, const char *name)
{
    return value_of(c, name, true)->number != 0;
}

static const char *value_text(const struct conf *c, size_t i, char number[40])
{
    enum conf_type t = c->table[i].type;

    if (t == CONF_TEXT || t == CONF_PATH) return c->value[i].text;
    if (t == CONF_BOOL) return c->value[i].number ? "yes" : "no";
    format_number(t, c->value[i].number, number);
    return number;
}

/* One key. A line that would pass the limit goes without what may be left out, so that it can be read again. */
static void print_key(const struct conf *c, size_t i, const char *key, bool origin, struct buf *out)
{
    char number[40], at[32];
    const struct value *v = &c->value[i];
    const char *text = v->text ? value_text(c, i, number) : "";
    size_t n = strlen(key) + strlen(text) + 3, from = strlen(c->file) + sizeof at;

    snprintf(at, sizeof at, ":%zu", v->line);
    buf_printf(out, "%s%s%s%s", v->text ? "" : "#", key, n > LINE_BYTES_MAX ? "=" : " = ", text);
    if (origin && n + from <= LINE_BYTES_MAX) buf_printf(out, " ; %s%s", v->line ? c->file : "bawaan", v->line ? at : "");
    buf_u8(out, '\n');
}

bool conf_item(const struct conf *c, size_t i, char number[40], struct conf_item *ret)
{
    if (i >= c->n) return false;
    const struct value *v = &c->value[i];
    const char *text = v->text ? value_text(c, i, number) : NULL;
    *ret = (struct conf_item){ .name = c->table[i].name, .value = text, .line = v->line };
    ret->secret = c->table[i].type == CONF_PATH && text && is_secret(slice_of(text, strlen(text)));
    return true;
}

void conf_print(const struct conf *c, bool origin, struct buf *out)
{
    const char *section = "";
    size_t length = 0;

    for (size_t i = 0; i < c->n; i++) {
        const char *name = c->table[i].name, *dot = strchr(name, '.'), *key = dot ? dot + 1 : name;
        size_t n = dot ? (size_t)(dot - name) : 0;

        if (n != length || memcmp(section, name, n) != 0) buf_printf(out, "%s[%.*s]\n", i ? "\n" : "", (int)n, name);
        section = name;
        length = n;
        print_key(c, i, key, origin, out);
    }
}
