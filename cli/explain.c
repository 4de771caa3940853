/* explain.c - `rekap explain FIGURE` and `rekap history FIGURE`. Kind: E.
 *
 * FIGURE is an address as the answers print it (proto/address.h). Its text is sent as it is: path as the path of the question,
 * parameters as parameters. What comes back is shown in the order in which a person asks: how much, by which formula and rules, of
 * which parts, does the printed total agree, what is found wrong, and at an office whose statement it was. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/evidence.h"
#include "cli/origin.h"
#include "cli/print.h"
#include "cli/query.h"
#include "proto/address.h"

enum { PARAMS = 12, PARAM_BYTES = 300 };

/* ---- asking ---- */

/* Path bytes outside ASCII, blanks and quotes are encoded; everything else an address has stands in a path as it is. */
static void put_path(struct buf *b, struct slice path)
{
    for (size_t i = 0; i < path.n; i++) {
        uint8_t c = path.p[i];
        bool plain = c > 0x20 && c < 0x7f && !strchr("\"#<>?[\\]^`{|}", c);
        if (plain)
            buf_u8(b, c);
        else
            buf_printf(b, "%%%02X", c);
    }
}

struct question {
    char text[PARAMS][2][PARAM_BYTES];
    struct ask_param param[PARAMS];
    size_t n;
    struct buf path;
};

static void add_param(struct question *x, struct slice name, struct slice value)
{
    if (x->n == PARAMS) return;
    snprintf(x->text[x->n][0], PARAM_BYTES, "%.*s", (int)(name.n < PARAM_BYTES - 1 ? name.n : PARAM_BYTES - 1),
             (const char *)name.p);
    snprintf(x->text[x->n][1], PARAM_BYTES, "%.*s", (int)(value.n < PARAM_BYTES - 1 ? value.n : PARAM_BYTES - 1),
             (const char *)value.p);
    x->param[x->n] = (struct ask_param){x->text[x->n][0], x->text[x->n][1]};
    x->n++;
}

static void add_option(struct question *x, const struct cli *c, const char *name, enum option_id option)
{
    const char *v = c->value[option];
    if (v) add_param(x, slice_of(name, strlen(name)), slice_of(v, strlen(v)));
}

static int ask_figure(struct cli *c, const char *verb, void (*show)(const struct cli *, json_t *))
{
    struct address_param param[PARAMS];
    struct address_fault f;
    struct address checked;
    struct slice text = slice_of(c->operand[0], strlen(c->operand[0])), path;
    struct question *x = calloc(1, sizeof *x);
    if (!x) return cli_fail(c, "memori habis", "no memory", NULL);
    if (address_parse(text, &checked, &f) != ST_OK) {
        free(x);
        return cli_usage(c, "bukan alamat angka; contoh 33.74/2020/realised/1.06.01?until=8, seperti pada kolom figure",
                         "not the address of a figure; such as 33.74/2020/realised/1.06.01?until=8, as in column figure",
                         c->operand[0]);
    }
    buf_init(&x->path, 32 << 10);
    buf_str(&x->path, "/api/v1/figures/");
    size_t n = address_split(text, &path, param, PARAMS);
    put_path(&x->path, path);
    buf_printf(&x->path, "/%s", verb);
    buf_u8(&x->path, 0);
    for (size_t i = 0; i < n; i++)
        if (!(c->value[OPT_AS_OF] && bytes_is(param[i].name, "as_of"))) add_param(x, param[i].name, param[i].value);
    add_option(x, c, "as_of", OPT_AS_OF);
    add_option(x, c, "from", OPT_FROM);
    add_option(x, c, "to", OPT_TO);
    int rc = buf_ok(&x->path) ? query_ask(c, (const char *)x->path.p, x->param, x->n, show)
                              : cli_fail(c, "memori habis", "no memory", NULL);
    buf_done(&x->path);
    free(x);
    return rc;
}

/* ---- values in Indonesian writing ---- */

static void shown(const json_t *v, char *ret, size_t size)
{
    const char *s = json_string_value(v);
    if (!s)
        snprintf(ret, size, "-");
    else if (s[strspn(s, "-.0123456789")] == '\0')
        print_money(s, ret, size);
    else
        snprintf(ret, size, "%s", s);
}

static void print_line(const char *label, const char *text)
{
    if (text[0]) printf("%-11s %s\n", label, text);
}

/* A measure as people say it; the address above it has the word of the address. */
static const char *measure_text(const struct cli *c, const char *measure)
{
    static const char *const WORDS[][3] = {{"budget", "pagu", "budget"}, {"realised", "realisasi", "realised"},
        {"absorption", "serapan (%)", "absorption (%)"}, {"target", "target", "target"}, {"reached", "realisasi", "reached"},
        {"achievement", "capaian (%)", "achievement (%)"}, {"rating", "kategori", "rating"},
        {"match", "selisih kantor - bendahara", "office - treasurer"}, {"finding", "temuan data", "finding"}};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (strcmp(measure, WORDS[i][0]) == 0) return cli_say(c, WORDS[i][1], WORDS[i][2]);
    return measure;
}

static void head(const struct cli *c, const json_t *a)
{
    char value[2048];
    const char *office = print_text_of(a, "office"), *region = print_text_of(a, "region_name");
    shown(json_object_get(a, "value"), value, sizeof value);
    printf("%s\n", print_text_of(a, "figure"));
    printf("%s%s%s, %s %s%s%s, %lld %s %lld\n", office[0] ? print_text_of(a, "office_name") : region,
           office[0] && region[0] ? ", " : "", office[0] ? region : "", measure_text(c, print_text_of(a, "measure")),
           print_text_of(a, "code"), print_text_of(a, "name")[0] ? " " : "", print_text_of(a, "name"),
           (long long)json_integer_value(json_object_get(a, "year")), cli_say(c, "s.d. bulan", "up to month"),
           (long long)json_integer_value(json_object_get(a, "until")));
    print_line("", print_text_of(a, "indicator"));
    if (json_object_get(a, "value")) print_line(cli_say(c, "Nilai", "Value"), value);
    print_line(cli_say(c, "Rumus", "Formula"), print_text_of(a, "formula"));
}

static void control_lines(const struct cli *c, const json_t *a)
{
    const json_t *control = json_object_get(a, "control");
    char printed[64], difference[64];
    if (!json_is_object(control)) return;
    shown(json_object_get(control, "printed"), printed, sizeof printed);
    shown(json_object_get(control, "difference"), difference, sizeof difference);
    printf("%-11s %s; %s %s\n", cli_say(c, "Tercetak", "Printed"), printed, cli_say(c, "selisih", "difference"), difference);
}

static void parts_table(const struct cli *c, const json_t *list, bool places)
{
    static const struct print_column columns[] = {
        {"Bagian", "Part", "part", PRINT_TEXT},          {"Uraian", "Name", "name", PRINT_TEXT},
        {"Nilai", "Value", "value", PRINT_MONEY},        {"Bagian %", "Share %", "share", PRINT_PERCENT},
        {"Tercetak", "Printed", "printed", PRINT_MONEY}, {"Selisih", "Difference", "difference", PRINT_MONEY},
        {"Tabel", "Table", "table", PRINT_TEXT},
        {"Temuan", "Findings", "findings", PRINT_COUNT}, {"Alamat", "Address", "figure", PRINT_TEXT},
    };
    struct print *t = json_array_size(list) ? print_begin(c, columns, sizeof columns / sizeof columns[0]) : NULL;
    size_t i;
    json_t *o;
    if (!t) return;
    putchar('\n');
    json_array_foreach(list, i, o)
    {
        const json_t *control = json_object_get(o, "control"), *print = json_array_get(json_object_get(o, "prints"), 0);
        if (!json_is_object(control)) control = print; /* a second table's print, where the reports' own says nothing */
        const char *difference = print_text_of(control, "difference");
        print_cell(t, !places                         ? print_text_of(o, "code")
                      : print_text_of(o, "office")[0] ? print_text_of(o, "office")
                                                      : print_text_of(o, "region"));
        print_json_cell(t, json_object_get(o, "name"));
        print_json_cell(t, json_object_get(o, "value"));
        print_json_cell(t, json_object_get(o, "share"));
        print_cell(t, print_text_of(control, "printed"));
        print_cell(t, strcmp(difference, "0.00") ? difference : "");
        print_cell(t, control && control == print ? print_text_of(print, "table") : "");
        print_json_cell(t, json_object_get(o, "findings"));
        print_json_cell(t, json_object_get(o, "figure"));
    }
    print_end(&t);
}

static void statement_text(const struct cli *c, const json_t *s, char *ret, size_t size)
{
    const char *clerk = print_text_of(s, "clerk"), *reason = print_text_of(s, "reason");
    snprintf(ret, size, "%s:%lld:%lld %s #%lld %.16s %s%s%s%s%s", print_text_of(s, "worker"),
             (long long)json_integer_value(json_object_get(s, "lsn")), (long long)json_integer_value(json_object_get(s, "index")),
             print_text_of(s, "office"), (long long)json_integer_value(json_object_get(s, "sequence")), print_text_of(s, "batch"),
             print_text_of(s, "signed_at"), clerk[0] ? ", " : "", clerk, reason[0] ? "; " : "", reason);
    origin_text(s, ret, size);
    evidence_text(c, s, ret, size);
}

static void slot_cells(const struct cli *c, struct print *t, const char *month, const char *mark, const json_t *slot)
{
    char text[2048];
    const json_t *s = json_object_get(slot, "statement");
    print_cell(t, month);
    print_cell(t, mark);
    if (strcmp(print_text_of(slot, "kind"), "number") && print_text_of(slot, "kind")[0]) {
        snprintf(text, sizeof text, "%s%s%s", print_text_of(slot, "kind"), print_text_of(slot, "value")[0] ? " " : "",
                 print_text_of(slot, "value"));
        print_cell(t, text);
    } else {
        print_json_cell(t, json_object_get(slot, "value"));
    }
    print_json_cell(t, json_object_get(slot, "basis"));
    print_json_cell(t, json_object_get(s, "committed_at"));
    statement_text(c, s, text, sizeof text);
    print_cell(t, text);
}

/* The slots of a row that say something, each with what stood there before it. */
static void row_table(const struct cli *c, const json_t *row)
{
    static const struct print_column columns[] = {
        {"Bulan", "Month", "month", PRINT_TEXT},   {"", "", "used", PRINT_TEXT},
        {"Nilai", "Value", "value", PRINT_MONEY},  {"Dasar", "Basis", "basis", PRINT_TEXT},
        {"Tersimpan", "Stored", "at", PRINT_TEXT}, {"Pernyataan", "Statement", "statement", PRINT_TEXT},
    };
    struct print *t = print_begin(c, columns, sizeof columns / sizeof columns[0]);
    size_t i, k;
    json_t *slot, *old;
    char month[24];
    if (!t) return;
    json_array_foreach(json_object_get(row, "slots"), i, slot)
    {
        if (json_is_null(json_object_get(slot, "kind"))) continue;
        snprintf(month, sizeof month, "%zu", i + 1);
        slot_cells(c, t, month, json_is_true(json_object_get(slot, "used")) ? "*" : "", slot);
        json_array_foreach(json_object_get(slot, "earlier"), k, old) slot_cells(c, t, "", cli_say(c, "dulu", "before"), old);
    }
    print_end(&t);
}

static void rows_tables(const struct cli *c, const json_t *a)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(a, "rows"), i, row)
    {
        printf("\n%s%s%s %s%s%s%s%s\n", print_text_of(row, "measure"), print_text_of(row, "of")[0] ? " " : "",
               print_text_of(row, "of"), print_text_of(row, "source"), print_text_of(row, "stage")[0] ? " " : "",
               print_text_of(row, "stage"), print_text_of(row, "account")[0] ? " " : "", print_text_of(row, "account"));
        row_table(c, row);
    }
}

/* What is not shown, and how to see it. */
static void rows_left(const struct cli *c, const json_t *a)
{
    const json_t *more = json_object_get(a, "rows_more");
    if (!json_is_object(more)) return;
    long long from = (long long)json_integer_value(json_object_get(more, "from")),
              of = (long long)json_integer_value(json_object_get(more, "of"));
    printf("\n");
    cli_talk(c, "masih ada %lld dari %lld baris; selanjutnya: --from %lld", "%lld of %lld rows are left; go on with --from %lld",
             of - from + 1, of, from);
}

static void findings_lines(const struct cli *c, const json_t *a)
{
    size_t i;
    json_t *o;
    char printed[64], computed[64], difference[64];
    json_array_foreach(json_object_get(a, "findings"), i, o)
    {
        shown(json_object_get(o, "printed"), printed, sizeof printed);
        shown(json_object_get(o, "computed"), computed, sizeof computed);
        shown(json_object_get(o, "difference"), difference, sizeof difference);
        printf("%-11s %s: %s; %s %s, %s %s, %s %s\n", cli_say(c, "Temuan", "Finding"), print_text_of(o, "kind"),
               print_text_of(o, "rule"), cli_say(c, "tercetak", "printed"), printed, cli_say(c, "dihitung", "computed"), computed,
               cli_say(c, "selisih", "difference"), difference);
    }
}

static const char *state_text(const struct cli *c, const char *state)
{
    if (strcmp(state, "open") == 0) return cli_say(c, "terbuka", "open");
    return strcmp(state, "explained") == 0 ? cli_say(c, "dijelaskan", "explained") : state;
}

/* What a finding says, where it stands. */
static void finding_lines(const struct cli *c, const json_t *a)
{
    const json_t *f = json_object_get(a, "finding");
    char printed[2048], computed[2048];
    if (!f) return;
    print_line(cli_say(c, "Keadaan", "State"), strcmp(print_text_of(a, "state"), "tiada") ? state_text(c, print_text_of(a, "state"))
                                               : cli_say(c, "tidak ada (lagi) pada posisi ini", "does not stand (any more)"));
    if (!json_is_object(f)) return;
    shown(json_object_get(f, "printed"), printed, sizeof printed);
    shown(json_object_get(f, "computed"), computed, sizeof computed);
    print_line(cli_say(c, "Tempat", "Where"), print_text_of(f, "where"));
    print_line(cli_say(c, "Indikator", "Indicator"), print_text_of(f, "indicator"));
    printf("%-11s %s; %s %s\n", cli_say(c, "Tercetak", "Printed"), printed, cli_say(c, "dihitung", "computed"), computed);
}

/* Bands of a rating, notes of offices, other prints of the figure. */
static void beside_lines(const struct cli *c, const json_t *a)
{
    size_t i;
    json_t *o;
    char text[4096], printed[64];
    json_array_foreach(json_object_get(a, "bands"), i, o)
    {
        snprintf(text, sizeof text, "%s %s %s%s", print_text_of(o, "word"), json_is_true(json_object_get(o, "open")) ? ">" : ">=",
                 json_is_string(json_object_get(o, "from")) ? print_text_of(o, "from") : "-",
                 json_is_true(json_object_get(o, "is")) ? " *" : "");
        print_line(i ? "" : cli_say(c, "Rentang", "Bands"), text);
    }
    json_array_foreach(json_object_get(a, "prints"), i, o)
    {
        shown(json_object_get(o, "printed"), printed, sizeof printed);
        snprintf(text, sizeof text, "%s %s: %s  %s", cli_say(c, "tabel", "table"), print_text_of(o, "table"), printed,
                 print_text_of(o, "figure"));
        print_line(i ? "" : cli_say(c, "Cetak lain", "Also printed"), text);
    }
    json_array_foreach(json_object_get(a, "notes"), i, o)
    {
        snprintf(text, sizeof text, "%s, %s: %s", print_text_of(o, "office"), print_text_of(o, "kind"), print_text_of(o, "text"));
        print_line(i ? "" : cli_say(c, "Catatan", "Notes"), text);
    }
}

/* How the office writes about the line; its name only where another stands above. */
static void label_lines(const struct cli *c, const json_t *a)
{
    const json_t *l = json_object_get(a, "labels");
    if (strcmp(print_text_of(l, "name"), print_text_of(a, "name")))
        print_line(cli_say(c, "Uraian", "Wording"), print_text_of(l, "name"));
    print_line(cli_say(c, "Sumber dana", "Fund"), print_text_of(l, "fund"));
    print_line(cli_say(c, "Unit", "Unit"), print_text_of(l, "unit"));
}

static void show_explain(const struct cli *c, json_t *a)
{
    size_t i;
    json_t *o;
    if (c->format == FORMAT_JSON) {
        print_json(json_incref(a));
        return;
    }
    if (c->format == FORMAT_CSV) {
        parts_table(c, json_object_get(a, "parts"), false);
        return;
    }
    head(c, a);
    json_array_foreach(json_object_get(a, "rules"), i, o)
        print_line(i ? "" : cli_say(c, "Aturan", "Rules"), print_text_of(o, "text"));
    label_lines(c, a);
    print_line(cli_say(c, "Baris", "Line"), print_text_of(a, "line"));
    print_line(cli_say(c, "Tahap", "Stage"), print_text_of(a, "stage_in_force"));
    print_line(cli_say(c, "Skala", "Scale"), print_text_of(a, "scale"));
    print_line(cli_say(c, "Kategori", "Rating"), print_text_of(a, "rating"));
    print_line(cli_say(c, "Alasan", "Reason"), print_text_of(a, "reason"));
    control_lines(c, a);
    finding_lines(c, a);
    beside_lines(c, a);
    findings_lines(c, a);
    json_array_foreach(json_object_get(a, "components"), i, o)
    {
        char value[2048];
        shown(json_object_get(o, "value"), value, sizeof value);
        printf("%-11s %s %s  %s\n", measure_text(c, print_text_of(o, "measure")), value, print_text_of(o, "unit"),
               print_text_of(o, "figure"));
    }
    parts_table(c, json_object_get(a, "parts"), false);
    parts_table(c, json_object_get(a, "places"), true);
    rows_tables(c, a);
    rows_left(c, a);
    query_as_of(c, a);
}

int explain_run(struct cli *c) { return ask_figure(c, "explain", show_explain); }

/* ---- history ---- */

static void show_history(const struct cli *c, json_t *a)
{
    static const struct print_column columns[] = {
        {"Saat", "When", "at", PRINT_TEXT},      {"Dari", "From", "from", PRINT_MONEY},
        {"Menjadi", "To", "to", PRINT_MONEY},    {"Kantor", "Office", "office", PRINT_TEXT},
        {"Kode", "Code", "code", PRINT_TEXT},    {"Ukuran", "Measure", "measure", PRINT_TEXT},
        {"Bulan", "Month", "month", PRINT_TEXT}, {"Pernyataan", "Statement", "statement", PRINT_TEXT},
    };
    json_t *list = json_object_get(a, "changes"), *o;
    size_t i;
    char text[2048];
    if (c->format == FORMAT_JSON) {
        print_json(json_incref(a));
        return;
    }
    if (c->format == FORMAT_TEXT) head(c, a);
    if (c->format == FORMAT_TEXT && json_array_size(list) == 0) cli_talk(c, "tidak ada perubahan", "no changes");
    struct print *t = print_begin(c, columns, sizeof columns / sizeof columns[0]);
    if (!t) return;
    json_array_foreach(list, i, o)
    {
        const json_t *slot = json_object_get(o, "slot");
        for (size_t k = 0; k < 4; k++) print_json_cell(t, json_object_get(o, columns[k].csv));
        for (size_t k = 4; k < 7; k++) print_json_cell(t, json_object_get(slot, columns[k].csv));
        statement_text(c, json_object_get(o, "statement"), text, sizeof text);
        print_cell(t, json_is_object(slot) ? text : cli_say(c, "daftar kantor", "register of offices"));
    }
    print_end(&t);
    if (c->format == FORMAT_TEXT && print_text_of(a, "older")[0])
        cli_talk(c, "perubahan sebelumnya: --as-of %s", "earlier changes: --as-of %s", print_text_of(a, "older"));
    if (c->format == FORMAT_TEXT) query_as_of(c, a);
}

int explain_history(struct cli *c) { return ask_figure(c, "history", show_history); }
