/* report_lra.c - realisation of the budget (LRA): by activity and by account. Kind: E.
 *
 * The rows are the rollup's, level under level; the remainder is budget - realised. Account-only lines (5.1) stand below the
 * activities, because both together are the total. */
#include <string.h>

#include "cli/report.h"

static const struct report_column LRA[] = {
    { "", "Kode", "1", REPORT_TEXT, 18 },         { "", "Uraian", "2", REPORT_TEXT, 50 },
    { "", "Anggaran (Rp)", "3", REPORT_MONEY, 20 }, { "", "Realisasi (Rp)", "4", REPORT_MONEY, 20 },
    { "", "%", "5", REPORT_PERCENT, 9 },          { "", "Sisa anggaran (Rp)", "6", REPORT_MONEY, 20 },
};
enum { LRA_COLUMNS = sizeof LRA / sizeof *LRA };

static unsigned depth_of(const char *level)
{
    static const char *const LEVEL[] = { "urusan", "bidang", "program", "kegiatan", "subkegiatan" };
    for (unsigned i = 0; i < 5; i++)
        if (strcmp(level, LEVEL[i]) == 0) return i ? i - 1 : 0;
    return 0;
}

void report_money(json_t *cells, const json_t *o)
{
    report_value(cells, json_object_get(o, "budget"));
    report_value(cells, json_object_get(o, "realised"));
    report_value(cells, json_object_get(o, "absorption"));
    report_sen(cells, report_less(report_decimal(json_object_get(o, "budget"), REPORT_SEN),
                                  report_decimal(json_object_get(o, "realised"), REPORT_SEN)));
}

static void total_row(json_t *table, const char *name, const json_t *total)
{
    json_t *cells = report_row(table, 0, true);
    report_cell(cells, NULL);
    report_cell(cells, name);
    report_money(cells, total);
}

static void account_rows(struct report *r, json_t *table)
{
    json_t *answer = report_rollup(r, r->year, r->until, "daun", NULL), *o;
    size_t i;
    json_array_foreach(json_object_get(answer, "rows"), i, o) {
        if (strcmp(report_string(o, "level"), "rekening") != 0) continue;
        json_t *cells = report_row(table, 0, false);
        report_value(cells, json_object_get(o, "code"));
        report_value(cells, json_object_get(o, "name"));
        report_money(cells, o);
    }
    json_decref(answer);
}

static bool has_money(const json_t *total, const char *part)
{
    const json_t *o = json_object_get(total, part);
    return strcmp(report_string(o, "budget"), "0.00") != 0 || strcmp(report_string(o, "realised"), "0.00") != 0;
}

static void by_activity(struct report *r, const json_t *rows, const json_t *total)
{
    json_t *table = report_table(r, "Menurut urusan, program, kegiatan, dan sub kegiatan", LRA, LRA_COLUMNS), *o;
    size_t i;
    json_array_foreach(rows, i, o) {
        unsigned depth = depth_of(report_string(o, "level"));
        json_t *cells = report_row(table, depth, depth < 2);
        report_value(cells, json_object_get(o, "code"));
        report_value(cells, json_object_get(o, "name"));
        report_money(cells, o);
    }
    bool both = has_money(total, "accounts");
    if (both) {
        total_row(table, "Jumlah kegiatan", json_object_get(total, "activities"));
        account_rows(r, table);
        total_row(table, "Jumlah rekening tanpa kegiatan", json_object_get(total, "accounts"));
    }
    total_row(table, "JUMLAH", total);
}

static unsigned dots(const char *code)
{
    unsigned n = 0;
    for (; *code; code++) n += *code == '.';
    return n;
}

/* Below two segments a budget is rarely stated: a line without one has neither share nor remainder. */
static void account_row(json_t *table, const json_t *o, bool detail)
{
    const char *code = report_string(o, "code");
    bool bare = detail && strcmp(report_string(o, "budget"), "0.00") == 0;
    json_t *cells = report_row(table, dots(code) - 1, !detail);
    report_cell(cells, code);
    report_value(cells, json_object_get(o, "name"));
    if (!bare) {
        report_money(cells, o);
        return;
    }
    report_cell(cells, NULL);
    report_value(cells, json_object_get(o, "realised"));
    report_cell(cells, NULL);
    report_cell(cells, NULL);
}

/* Kind, object and detail below each account of two segments, which alone make the sum. */
static void by_account(struct report *r)
{
    json_t *answer = report_rollup(r, r->year, r->until, "rekening", NULL), *rows = json_object_get(answer, "rows"), *o, *below;
    json_t *table = json_array_size(rows) ? report_table(r, "Menurut rekening", LRA, LRA_COLUMNS) : NULL;
    struct report_decimal budget = { .is = false }, realised = budget;
    size_t i, k;
    json_array_foreach(rows, i, o) {
        const char *code = report_string(o, "code");
        json_t *detail = report_accounts(r, code);
        account_row(table, o, false);
        json_array_foreach(json_object_get(detail, "rows"), k, below)
            if (dots(report_string(below, "code")) > dots(code)) account_row(table, below, true);
        json_decref(detail);
        budget = report_add(budget, report_decimal(json_object_get(o, "budget"), REPORT_SEN));
        realised = report_add(realised, report_decimal(json_object_get(o, "realised"), REPORT_SEN));
    }
    if (table) {
        json_t *cells = report_row(table, 0, true);
        report_cell(cells, NULL);
        report_cell(cells, "JUMLAH REKENING YANG DINYATAKAN");
        report_sen(cells, budget);
        report_sen(cells, realised);
        report_share(cells, realised, budget);
        report_sen(cells, report_less(budget, realised));
    }
    json_decref(answer);
}

void report_lra(struct report *r)
{
    json_t *total = NULL, *rows = report_lines(r, r->year, r->until, &total);
    report_title(r, "LAPORAN REALISASI ANGGARAN");
    report_title(r, "%s", r->place_name);
    report_title(r, "Tahun Anggaran %d, s.d. %s", r->year, report_month(r->until));
    by_activity(r, rows, total);
    by_account(r);
    report_note(r, "Jumlah dihitung dari rincian terbawah; angka induk yang tercetak di dokumen tidak ikut dijumlahkan.");
    if (r->office) report_sign(r, "Kepala", NULL);
    json_decref(total);
    json_decref(rows);
}
