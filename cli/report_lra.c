/* report_lra.c - realisation of the budget (LRA): by activity and by account; and the city's form over all its offices. Kind: E.
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

static void money_cells(json_t *cells, const json_t *o)
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
    money_cells(cells, total);
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
        money_cells(cells, o);
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
        money_cells(cells, o);
    }
    bool both = has_money(total, "accounts");
    if (both) {
        total_row(table, "Jumlah kegiatan", json_object_get(total, "activities"));
        account_rows(r, table);
        total_row(table, "Jumlah rekening tanpa kegiatan", json_object_get(total, "accounts"));
    }
    total_row(table, "JUMLAH", total);
}

static void by_account(struct report *r)
{
    json_t *answer = report_rollup(r, r->year, r->until, "rekening", NULL), *rows = json_object_get(answer, "rows"), *o;
    size_t i;
    if (json_array_size(rows) > 0) {
        json_t *table = report_table(r, "Menurut rekening", LRA, LRA_COLUMNS);
        json_array_foreach(rows, i, o) {
            json_t *cells = report_row(table, 0, false);
            report_value(cells, json_object_get(o, "code"));
            report_value(cells, json_object_get(o, "name"));
            money_cells(cells, o);
        }
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

/* ---- all offices of a region ---- */

static const struct report_column CITY[] = {
    { "", "No", "1", REPORT_TEXT, 5 },                  { "", "Perangkat Daerah", "2", REPORT_TEXT, 40 },
    { "Keuangan", "Anggaran (Rp)", "3", REPORT_MONEY, 20 }, { "Keuangan", "Realisasi (Rp)", "4", REPORT_MONEY, 20 },
    { "Keuangan", "%", "5", REPORT_PERCENT, 9 },        { "Keuangan", "Sisa (Rp)", "6", REPORT_MONEY, 20 },
    { "Kinerja", "Capaian (%)", "7", REPORT_PERCENT, 11 }, { "Kinerja", "Indikator dihitung", "8", REPORT_TEXT, 11 },
    { "", "Temuan data", "9", REPORT_NUMBER, 9 },       { "", "Sudah melapor", "10", REPORT_TEXT, 10 },
};

/* Mean achievement of an office: asked of the office alone, so that it is the same number its own reports print. */
static void achievement_cells(struct report *r, json_t *cells, const char *office)
{
    struct report one = *r;
    one.office = office;
    json_t *answer = report_indicators(&one, r->year, r->until), *total = json_object_get(answer, "total");
    r->rc = one.rc;
    report_value(cells, json_object_get(total, "achievement"));
    report_format(cells, "%" JSON_INTEGER_FORMAT " dari %" JSON_INTEGER_FORMAT,
                  json_integer_value(json_object_get(total, "counted")), json_integer_value(json_object_get(total, "of")));
    json_decref(answer);
}

static void office_row(struct report *r, json_t *table, const json_t *office, size_t no)
{
    const char *id = report_string(office, "office");
    json_t *answer = report_rollup(r, r->year, r->until, "urusan", id), *total = json_object_get(answer, "total");
    json_t *cells = report_row(table, 0, false);
    report_format(cells, "%zu", no);
    report_cell(cells, report_string(office, "name"));
    money_cells(cells, total);
    achievement_cells(r, cells, id);
    report_value(cells, json_object_get(total, "findings"));
    report_cell(cells, json_integer_value(json_object_get(json_object_get(answer, "complete"), "offices")) > 0 ? "ya" : "belum");
    json_decref(answer);
}

void report_city(struct report *r)
{
    json_t *offices = report_offices(r), *all = report_rollup(r, r->year, r->until, "urusan", NULL), *o;
    json_t *table = report_table(r, "", CITY, sizeof CITY / sizeof *CITY);
    size_t i, no = 0;
    report_title(r, "REKAPITULASI PELAKSANAAN ANGGARAN DAN KINERJA PERANGKAT DAERAH");
    report_title(r, "%s", r->place_name);
    report_title(r, "Triwulan %d Tahun Anggaran %d (s.d. %s)", r->quarter, r->year, report_month(r->until));
    json_array_foreach(json_object_get(offices, "offices"), i, o) {
        bool reports = strcmp(report_string(o, "status"), "active") == 0 && strcmp(report_string(o, "role"), "office") == 0;
        if (reports && (!r->office || strcmp(report_string(o, "office"), r->office) == 0)) office_row(r, table, o, ++no);
    }
    json_t *cells = report_row(table, 0, true);
    report_cell(cells, NULL);
    report_cell(cells, "JUMLAH");
    money_cells(cells, json_object_get(all, "total"));
    report_cell(cells, NULL);
    report_cell(cells, NULL);
    report_value(cells, json_object_get(json_object_get(all, "total"), "findings"));
    const json_t *complete = json_object_get(all, "complete");
    report_format(cells, "%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(complete, "offices")),
                  json_integer_value(json_object_get(complete, "of")));
    report_note(
        r, "Capaian rata-rata indikator yang dapat dihitung, masing-masing paling tinggi 120 %%; persentase tidak dijumlahkan.");
    json_decref(offices);
    json_decref(all);
}
