/* report_template.c - `rekap template`: a workbook with an office's own codes, names and last figures, to be filled in and pushed.
 * Kind: E.
 *
 * Design notes: what a cell holds is what the office last stated, under the very key it stated it (stage, start month, period), so
 * that pushing the workbook back unchanged states nothing. A result that is not stated for the asked month is an empty cell; the
 * last one before it stands beside, in a column that intake does not know, as does the print order, which may be another year's.
 * Only lines that are counted are listed: sums are computed. Invariant: no cell holds a value the office did not state. */
#include <stdio.h>
#include <string.h>

#include "cli/report.h"
#include "proto/achieve.h"
#include "proto/code.h"

enum { MONTH_BYTES = 16 };

static const struct report_column MONEY[] = {
    { "", "tahun", "", REPORT_TEXT, 8 },       { "", "tahap", "", REPORT_TEXT, 14 },   { "", "berlaku", "", REPORT_TEXT, 10 },
    { "", "sampai", "", REPORT_TEXT, 10 },     { "", "bulan", "", REPORT_TEXT, 10 },   { "", "kode", "", REPORT_TEXT, 18 },
    { "", "rekening", "", REPORT_TEXT, 18 },   { "", "uraian", "", REPORT_TEXT, 50 },  { "", "pagu", "", REPORT_MONEY, 20 },
    { "", "realisasi", "", REPORT_MONEY, 20 }, { "", "terakhir dilaporkan", "", REPORT_MONEY, 20 },
    { "", "bulan terakhir", "", REPORT_TEXT, 12 },
};
static const struct report_column RESULT[] = {
    { "", "tahun", "", REPORT_TEXT, 8 },       { "", "kode", "", REPORT_TEXT, 18 },    { "", "nomor urut", "", REPORT_TEXT, 5 },
    { "", "indikator", "", REPORT_TEXT, 60 },  { "", "id", "", REPORT_TEXT, 10 },      { "", "tahap", "", REPORT_TEXT, 14 },
    { "", "sumber", "", REPORT_TEXT, 10 },     { "", "sampai", "", REPORT_TEXT, 10 },  { "", "bulan", "", REPORT_TEXT, 10 },
    { "", "satuan", "", REPORT_TEXT, 16 },     { "", "target", "", REPORT_NUMBER, 14 }, { "", "realisasi", "", REPORT_NUMBER, 14 },
    { "", "terakhir dilaporkan", "", REPORT_NUMBER, 14 }, { "", "bulan terakhir", "", REPORT_TEXT, 12 },
};

/* ---- what was stated ---- */

struct stated { const json_t *row, *slot; };

static int month_of(const json_t *slot) { return (int)json_integer_value(json_object_get(slot, "month")); }

/* The slot of a row that is wanted: of month `month`, or with month 0 the one in use; only one that is stated. */
static const json_t *slot_of(const json_t *row, int month)
{
    json_t *o;
    size_t i;
    json_array_foreach(json_object_get(row, "slots"), i, o) {
        bool wanted = month ? month_of(o) == month : json_is_true(json_object_get(o, "used"));
        if (wanted && json_string_value(json_object_get(o, "value"))) return o;
    }
    return NULL;
}

static const json_t *last_slot(const json_t *row, int until)
{
    const json_t *last = NULL;
    for (int m = 1; m <= until; m++) {
        const json_t *o = slot_of(row, m);
        last = o ? o : last;
    }
    return last;
}

static bool same_account(const json_t *a, const json_t *b)
{
    return strcmp(report_string(a, "account"), report_string(b, "account")) == 0;
}

/* The row of a measure; of the same account and stated by the given source (NULL: any). */
static const json_t *row_of(const json_t *answer, const char *measure, const char *source, const json_t *like)
{
    json_t *o;
    size_t i;
    json_array_foreach(json_object_get(answer, "rows"), i, o) {
        bool here =
            strcmp(report_string(o, "measure"), measure) == 0 && (!source || strcmp(report_string(o, "source"), source) == 0);
        if (here && (!like || same_account(o, like))) return o;
    }
    return NULL;
}

static void put_month(json_t *cells, int year, int month)
{
    if (month) report_format(cells, "%04d-%02d", year, month);
    else report_cell(cells, NULL);
}

/* `sampai`, or `bulan` where the office states months one by one. */
static void put_period(const struct report *r, json_t *cells, const json_t *slot)
{
    bool monthly = strcmp(report_string(slot, "basis"), "monthly") == 0;
    put_month(cells, r->year, monthly ? 0 : r->until);
    put_month(cells, r->year, monthly ? r->until : 0);
}

static void put_last(const struct report *r, json_t *cells, const json_t *row, const json_t *slot)
{
    const json_t *last = slot ? NULL : last_slot(row, r->until);
    report_value(cells, json_object_get(last, "value"));
    put_month(cells, r->year, last ? month_of(last) : 0);
}

/* ---- anggaran ---- */

static void put_money(const struct report *r, json_t *table, const json_t *line, const struct stated *budget,
                      const json_t *realised)
{
    const json_t *now = slot_of(realised, r->until);
    const char *code = report_string(line, "code"), *account = report_string(budget->row ? budget->row : realised, "account");
    bool only =
        code_looks_account(slice_of(code, strlen(code))); /* a line that is an account: its detail is called by its own code */
    json_t *cells = report_row(table, 0, false);
    report_format(cells, "%d", r->year);
    report_cell(cells, report_string(budget->row, "stage"));
    put_month(cells, r->year, budget->slot ? month_of(budget->slot) : 0);
    put_period(r, cells, now);
    report_cell(cells, only && *account ? account : code);
    report_cell(cells, only ? NULL : account);
    report_value(cells, json_object_get(line, "name"));
    report_value(cells, json_object_get(budget->slot, "value"));
    report_value(cells, json_object_get(now, "value"));
    put_last(r, cells, realised, now);
}

/* One row for each account of the line that has a budget in use, then those that only have results. */
static void put_line(struct report *r, json_t *table, const json_t *line)
{
    const char *code = report_string(line, "code");
    json_t *budget = report_explain(r, "budget", code, NULL), *realised = report_explain(r, "realised", code, NULL), *o;
    json_t *seen = json_object();
    size_t i;
    json_array_foreach(json_object_get(budget, "rows"), i, o) {
        const struct stated b = { o, slot_of(o, 0) };
        if (!b.slot || strcmp(report_string(o, "source"), "dpa") != 0) continue;
        put_money(r, table, line, &b, row_of(realised, "realised", "opd", o));
        json_object_set_new(seen, report_string(o, "account"), json_true());
    }
    json_array_foreach(json_object_get(realised, "rows"), i, o) {
        bool own = strcmp(report_string(o, "source"), "opd") == 0 && strcmp(report_string(o, "measure"), "realised") == 0;
        if (own && !json_object_get(seen, report_string(o, "account")))
            put_money(r, table, line, &(struct stated){ NULL, NULL }, o);
    }
    json_decref(seen);
    json_decref(budget);
    json_decref(realised);
}

static void make_money(struct report *r)
{
    json_t *answer = report_rollup(r, r->year, 12, "daun", NULL), *table, *o;
    size_t i;
    table = report_table(r, "", REPORT_COLUMNS(MONEY));
    json_array_foreach(json_object_get(answer, "rows"), i, o) put_line(r, table, o);
    json_decref(answer);
}

/* ---- indikator ---- */

/* What was reached; with its unit where that is not the target's, as `satuan` says the target's. */
static void put_reached(json_t *cells, const json_t *o, const json_t *slot)
{
    const char *unit = report_string(o, "unit"), *own = report_string(o, "reached_unit"), *value = report_string(slot, "value");
    char text[128];
    report_shown("percent", value, text, sizeof text);
    if (*unit && *own && strcmp(unit, own) != 0 && report_is_number(value)) report_format(cells, "%s %s", text, own);
    else report_cell(cells, value);
}

/* result NULL: the row of the target. Both rows name the target's stage and source, which its unit belongs to. */
static void put_result(const struct report *r, json_t *table, const json_t *o, const struct stated *target,
                       const struct stated *result)
{
    char folded[TEXT_MAX + 1];
    const char *name = report_string(o, "indicator"), *id = report_string(o, "id"), *source = report_string(target->row, "source");
    size_t n = achieve_identity(slice_of(name, strlen(name)), folded);
    bool by_name = strlen(id) == n && memcmp(id, folded, n) == 0;
    const char *unit = report_string(o, "unit");
    json_t *cells = report_row(table, 0, false);
    report_format(cells, "%d", r->year);
    report_cell(cells, report_string(o, "code"));
    report_value(cells, json_object_get(o, "no"));
    report_cell(cells, name);
    report_cell(cells, by_name ? NULL : id);
    report_cell(cells, report_string(target->row, "stage"));
    report_cell(cells, strcmp(source, "dpa") == 0 ? NULL : source);
    if (result) {
        put_period(r, cells, result->slot);
    } else {            /* a target of month 1 is one without a period */
        put_month(cells, r->year, month_of(target->slot) > 1 ? month_of(target->slot) : 0);
        report_cell(cells, NULL);
    }
    report_cell(cells, *unit ? unit : report_string(o, "reached_unit"));
    report_value(cells, result ? NULL : json_object_get(target->slot, "value"));
    if (result) put_reached(cells, o, result->slot);
    else report_cell(cells, NULL);
    put_last(r, cells, result ? result->row : NULL, result ? result->slot : NULL);
}

/* Target and result have periods of their own, so each has a row. */
static void put_indicator(struct report *r, json_t *table, const json_t *o)
{
    const char *figure = strchr(report_string(o, "figure"), '/');
    char name[TEXT_MAX + 1];
    const char *last = strrchr(report_string(o, "figure"), '/');
    int n = last ? (int)strcspn(last + 1, "?") : 0;
    if (!figure || n == 0 || n > TEXT_MAX) return;
    snprintf(name, sizeof name, "%.*s", n, last + 1);
    json_t *answer = report_explain(r, "achievement", report_string(o, "code"), name);
    struct stated target = { row_of(answer, "target", report_string(o, "source"), NULL), NULL };
    struct stated reached = { row_of(answer, "reached", "opd", NULL), NULL };
    target.slot = slot_of(target.row, 0);
    reached.slot = slot_of(reached.row, r->until);
    if (target.slot) put_result(r, table, o, &target, NULL);
    put_result(r, table, o, &target, &reached);
    json_decref(answer);
}

static void make_indicators(struct report *r)
{
    json_t *answer = report_indicators(r, r->year, 12), *table, *o;
    size_t i;
    table = report_table(r, "", REPORT_COLUMNS(RESULT));
    json_array_foreach(json_object_get(answer, "rows"), i, o) put_indicator(r, table, o);
    json_decref(answer);
}

/* ---- the verb ---- */

static int read_options(struct report *r)
{
    const struct cli *c = r->c;
    r->office = c->value[OPT_OFFICE];
    r->quarter = 4;
    if (!r->office) return cli_usage(c, "sebutkan --office ID", "give --office ID", NULL);
    if (!c->value[OPT_OUTPUT] || !*c->value[OPT_OUTPUT]) return cli_usage(c, "sebutkan -o BERKAS.xlsx", "give -o FILE.xlsx", NULL);
    if (!c->value[OPT_YEAR]) return cli_usage(c, "sebutkan --year TAHUN", "give --year YEAR", NULL);
    int rc = cli_number(c, OPT_YEAR, 0, YEAR_MIN, YEAR_MAX, &r->year);
    return rc == EXIT_OK ? cli_number(c, OPT_UNTIL, 12, 1, 12, &r->until) : rc;
}

int report_template(struct cli *c)
{
    struct report r = { .c = c };
    bool money = strcmp(c->operand[0], "anggaran") == 0;
    if (!money && strcmp(c->operand[0], "indikator") != 0)
        return cli_usage(c, "anggaran atau indikator", "anggaran or indikator", c->operand[0]);
    int rc = read_options(&r);
    if (rc != EXIT_OK) return rc;
    r.model = json_pack("{s:s}", "report", money ? "anggaran" : "indikator");
    rc = report_open(&r);
    if (rc == EXIT_OK) {
        report_title(&r, "%s: isi kolom realisasi s.d. %s %d, lalu kirim berkas ini dengan rekap push", r.place_name,
                     report_month(r.until), r.year);
        if (money) make_money(&r);
        else make_indicators(&r);
        report_note(&r, "Kolom \"terakhir dilaporkan\" hanya untuk dibaca. Baris dan kolom boleh ditambah; sel kosong berarti "
                        "belum dilaporkan.");
        rc = r.rc;
    }
    if (rc == EXIT_OK) rc = report_write(&r, report_xlsx);
    json_decref(r.model);
    return rc;
}
