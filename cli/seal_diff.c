/* seal_diff.c - see seal_diff.h. Kind: E.
 *
 * Both files hold every leaf row, so nothing but them is needed: rows are matched by their key (the fields before the slots), slots
 * by their month, and what is stated otherwise is a row of the report. Steps of the close and roots are no figures and are left
 * out.
 *
 * Invariant: two slots that are told apart differ in kind or value, not only in who stated them when. */
#include "cli/seal_diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print.h"
#include "cli/seal_file.h"
#include "proto/decimal.h"
#include "proto/figure.h"

enum { FIELD_OFFICE = 1, FIELD_CODE = 4, FIELD_ACCOUNT, FIELD_MEASURE, FIELD_SOURCE, FIELD_STAGE, FIELD_INDICATOR, FIELD_SLOTS };
struct rows { /* leaf lines of one file, by key */
    struct slice *line;
    size_t n;
};
struct side { /* the twelve slots of a row; of a row that is not there empty ones */
    struct slice slot[13];
};

/* Up to the tab before the slots; of a row without any all of it. */
static struct slice key_of(struct slice line)
{
    struct slice rest = seal_file_rest(line, FIELD_SLOTS);
    return slice_of(line.p, rest.n ? (size_t)(rest.p - line.p) - 1 : line.n);
}

static int key_order(const void *a, const void *b)
{
    struct slice x = key_of(*(const struct slice *)a), y = key_of(*(const struct slice *)b);
    int c = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
    return c ? c : (x.n > y.n) - (x.n < y.n);
}

static bool is_figure(struct slice line)
{
    struct slice measure = seal_file_field(line, FIELD_MEASURE);
    return seal_file_is(line, "leaf") && !bytes_is(measure, figure_measure_name(MEASURE_STEP)) &&
           !bytes_is(measure, figure_measure_name(MEASURE_SEAL));
}

static int rows_of(const struct seal_file *f, struct rows *ret)
{
    struct slice rest = f->lines, line;
    size_t room = 0;
    *ret = (struct rows){ .n = 0 };
    while (seal_file_line(&rest, &line)) {
        if (!is_figure(line)) continue;
        if (ret->n == room) {
            room = room ? 2 * room : 1024;
            struct slice *p = realloc(ret->line, room * sizeof *p);
            if (!p) return ST_NO_MEMORY;
            ret->line = p;
        }
        ret->line[ret->n++] = line;
    }
    if (ret->n > 1) qsort(ret->line, ret->n, sizeof *ret->line, key_order);
    return ST_OK;
}

/* ---- slots ---- */

static void slots_of(struct slice line, struct side *ret)
{
    *ret = (struct side){ .slot = { { NULL, 0 } } };
    for (unsigned i = 0; i < 12; i++) {
        struct slice s = seal_file_field(line, FIELD_SLOTS + i);
        unsigned month = 0;
        size_t n = 0;
        for (; n < s.n && s.p[n] >= '0' && s.p[n] <= '9' && month <= 12; n++) month = 10 * month + (unsigned)(s.p[n] - '0');
        if (n == 0) return;
        if (month >= 1 && month <= 12) ret->slot[month] = slice_of(s.p + n, s.n - n);
    }
}

/* What is said, without where it was said: "n-0=900" and, behind a blank, a text. */
static void parts_of(struct slice s, struct slice *ret_value, struct slice *ret_text)
{
    const uint8_t *at = s.n ? memchr(s.p, '@', s.n) : NULL;
    *ret_value = at ? slice_of(s.p, (size_t)(at - s.p)) : s;
    const uint8_t *blank = at ? memchr(at, ' ', s.n - ret_value->n) : NULL;
    *ret_text = blank ? slice_of(blank + 1, s.n - (size_t)(blank + 1 - s.p)) : slice_of("", 0);
}

static bool same(struct slice a, struct slice b) { return a.n == b.n && (a.n == 0 || !memcmp(a.p, b.p, a.n)); }

/* A reason beside a value (r in place of =) is no other value. */
static bool says_the_same(struct slice a, struct slice b)
{
    struct slice v, w, t, u;
    parts_of(a, &v, &t);
    parts_of(b, &w, &u);
    if (v.n != w.n || !same(t, u)) return false;
    for (size_t i = 0; i < v.n; i++) {
        bool reason = (v.p[i] == 'r' || v.p[i] == '=') && (w.p[i] == 'r' || w.p[i] == '=');
        if (v.p[i] != w.p[i] && !reason) return false;
    }
    return true;
}

static json_t *number_json(struct slice digits, bool money)
{
    char text[24] = "", out[48];
    if (digits.n == 0 || digits.n >= sizeof text) return json_null();
    memcpy(text, digits.p, digits.n);
    if (money) decimal_format_sen(strtoll(text, NULL, 10), out);
    else decimal_format_micro(strtoll(text, NULL, 10), 0, out);
    return json_string(out);
}

static json_t *value_json(const struct cli *c, struct slice slot, bool money)
{
    struct slice value, text;
    parts_of(slot, &value, &text);
    size_t at = 0;
    while (at < value.n && value.p[at] != '=' && value.p[at] != 'r') at++;
    switch (value.n ? value.p[0] : 'e') {
    case 'n': return number_json(at < value.n ? slice_of(value.p + at + 1, value.n - at - 1) : slice_of("", 0), money);
    case 'i': return json_string(cli_say(c, "nihil", "nil"));
    case 't': return json_stringn((const char *)text.p, text.n);
    case 'x': return json_string(cli_say(c, "tidak relevan", "not applicable"));
    case 'w': return json_string(cli_say(c, "dicabut", "withdrawn"));
    default: return json_null();
    }
}

/* ---- comparing ---- */

static json_t *field_json(struct slice line, unsigned n)
{
    struct slice s = seal_file_field(line, n);
    return json_stringn((const char *)(s.n ? s.p : (const uint8_t *)""), s.n);
}

static void row(const struct cli *c, struct slice line, unsigned month, struct slice before, struct slice after, json_t *list)
{
    uint16_t measure = 0;
    bool money = figure_measure_parse(seal_file_field(line, FIELD_MEASURE), &measure) == ST_OK && figure_measure_is_money(measure);
    json_array_append_new(
        list, json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:i,s:o,s:o}", "office", field_json(line, FIELD_OFFICE), "code",
                        field_json(line, FIELD_CODE), "account", field_json(line, FIELD_ACCOUNT), "indicator",
                        field_json(line, FIELD_INDICATOR), "measure", field_json(line, FIELD_MEASURE), "source",
                        field_json(line, FIELD_SOURCE), "stage", field_json(line, FIELD_STAGE), "month", (int)month, "old",
                        value_json(c, before, money), "new", value_json(c, after, money)));
}

static void compare(const struct cli *c, const struct rows *a, const struct rows *b, json_t *list)
{
    for (size_t i = 0, k = 0; i < a->n || k < b->n;) {
        int order = i == a->n ? 1 : k == b->n ? -1 : key_order(&a->line[i], &b->line[k]);
        struct side x, y;
        slots_of(order <= 0 ? a->line[i] : slice_of("", 0), &x);
        slots_of(order >= 0 ? b->line[k] : slice_of("", 0), &y);
        for (unsigned m = 1; m <= 12; m++)
            if (!says_the_same(x.slot[m], y.slot[m])) row(c, order <= 0 ? a->line[i] : b->line[k], m, x.slot[m], y.slot[m], list);
        i += order <= 0;
        k += order >= 0;
    }
}

/* The region's own sum at the quarter's end; derived: 1 the budget in force, 3 realised. */
static json_t *total(const struct seal_file *f, const char *derived, const char *source)
{
    struct slice rest = f->lines, line;
    char region[8];
    code_region_format(f->seal.region, region);
    while (seal_file_line(&rest, &line)) {
        if (!seal_file_is(line, "cell") || !bytes_is(seal_file_field(line, 1), region)) continue;
        if (!bytes_is(seal_file_field(line, 3), "total") || !bytes_is(seal_file_field(line, 5), "0")) continue;
        if (!bytes_is(seal_file_field(line, 6), derived) || !bytes_is(seal_file_field(line, 7), source)) continue;
        struct slice sums = seal_file_field(line, 8);
        for (unsigned m = 1; m < 3 * f->seal.quarter; m++) {
            const uint8_t *blank = sums.n ? memchr(sums.p, ' ', sums.n) : NULL;
            if (!blank) return json_null();
            sums = slice_of(blank + 1, sums.n - (size_t)(blank + 1 - sums.p));
        }
        const uint8_t *end = sums.n ? memchr(sums.p, ' ', sums.n) : NULL;
        return number_json(slice_of(sums.p, end ? (size_t)(end - sums.p) : sums.n), true);
    }
    return json_string("0.00");
}

static json_t *head(const struct seal_file *f)
{
    char root[2 * HASH_SIZE + 1];
    bytes_hex(f->seal.root.b, HASH_SIZE, root);
    return json_pack("{s:i,s:s}", "version", (int)f->seal.version, "root", root);
}

static int report(const struct cli *c, const struct seal_file *a, const struct seal_file *b, json_t **ret)
{
    struct rows x, y;
    char region[8], quarter[16];
    int st = rows_of(a, &x);
    if (st == ST_OK) st = rows_of(b, &y);
    else y = (struct rows){ .n = 0 };
    json_t *list = json_array();
    if (st == ST_OK) compare(c, &x, &y, list);
    free(x.line);
    free(y.line);
    code_region_format(b->seal.region, region);
    snprintf(quarter, sizeof quarter, "%u-Q%u", b->seal.year % 10000, b->seal.quarter % 10);
    *ret = json_pack("{s:s,s:s,s:o,s:o,s:{s:{s:o,s:o},s:{s:o,s:o}},s:o}", "quarter", quarter, "region", region, "old", head(a),
                     "new", head(b), "totals", "budget", "old", total(a, "1", "dpa"), "new", total(b, "1", "dpa"), "realised",
                     "old", total(a, "3", "opd"), "new", total(b, "3", "opd"), "rows", list);
    return st == ST_OK && *ret ? EXIT_OK : cli_fail(c, "memori habis", "out of memory", NULL);
}

int seal_diff_make(const struct cli *c, const char *old_path, const char *new_path, const uint8_t key[PUBKEY_SIZE], json_t **ret)
{
    struct seal_file a, b;
    int rc = seal_file_open(c, old_path, key, &a);
    if (rc != EXIT_OK) return rc;
    rc = seal_file_open(c, new_path, key, &b);
    if (rc == EXIT_OK) {
        bool about = a.seal.region == b.seal.region && a.seal.year == b.seal.year && a.seal.quarter == b.seal.quarter;
        rc = about ? report(c, &a, &b, ret)
                   : cli_fail(c, "kedua segel bukan tentang triwulan dan wilayah yang sama",
                              "the seals are of different quarters or regions", NULL);
        seal_file_done(&b);
    }
    seal_file_done(&a);
    return rc;
}

/* ---- showing ---- */

void seal_diff_show(const struct cli *c, const json_t *diff)
{
    static const struct print_column columns[] = {
        { "Kantor", "Office", "office", PRINT_TEXT },  { "Kode", "Code", "code", PRINT_TEXT },
        { "Rekening", "Account", "account", PRINT_TEXT }, { "Indikator", "Indicator", "indicator", PRINT_TEXT },
        { "Ukuran", "Measure", "measure", PRINT_TEXT }, { "Sumber", "Source", "source", PRINT_TEXT },
        { "Tahap", "Stage", "stage", PRINT_TEXT },     { "Bln", "Month", "month", PRINT_COUNT },
        { "Sebelum", "Before", "old", PRINT_TEXT },    { "Sesudah", "After", "new", PRINT_TEXT },
    };
    const json_t *rows = json_object_get(diff, "rows"), *o, *totals = json_object_get(diff, "totals");
    struct print *t =
        json_array_size(rows) > 0 || c->format == FORMAT_CSV ? print_begin(c, columns, sizeof columns / sizeof columns[0]) : NULL;
    size_t i;
    if (t) {
        json_array_foreach(rows, i, o)
            for (size_t k = 0; k < sizeof columns / sizeof columns[0]; k++) print_json_cell(t, json_object_get(o, columns[k].csv));
        print_end(&t);
    }
    if (c->format == FORMAT_CSV) return;
    printf("%s: %zu %s\n", print_text_of(diff, "quarter"), json_array_size(rows), cli_say(c, "angka berbeda", "figures differ"));
    printf("%s %s -> %s, %s %s -> %s\n", cli_say(c, "Pagu", "Budget"), print_text_of(json_object_get(totals, "budget"), "old"),
           print_text_of(json_object_get(totals, "budget"), "new"), cli_say(c, "realisasi", "realised"),
           print_text_of(json_object_get(totals, "realised"), "old"), print_text_of(json_object_get(totals, "realised"), "new"));
}
