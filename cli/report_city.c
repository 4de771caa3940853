/* report_city.c - the city's own quarterly form: all its offices beside each other, and what they come to by programme. Kind: E.
 *
 * Every office is asked for alone, so that its numbers are those its own reports print. A quarter's own value is what its end has
 * more than the end before. Where the quarter stands in its close is told beside the figures: what is not verified looks it. */
#include <string.h>

#include "cli/report.h"

static const struct report_column CITY[] = {
    { "", "No", "1", REPORT_TEXT, 5 },                  { "", "Perangkat Daerah", "2", REPORT_TEXT, 36 },
    { "Keuangan", "Anggaran (Rp)", "3", REPORT_MONEY, 19 }, { "Keuangan", "Realisasi (Rp)", "4", REPORT_MONEY, 19 },
    { "Keuangan", "%", "5", REPORT_PERCENT, 8 },        { "Keuangan", "Sisa (Rp)", "6", REPORT_MONEY, 19 },
    { "Keuangan", "Triwulan ini (Rp)", "7", REPORT_MONEY, 19 },
    { "Kinerja", "Capaian (%)", "8", REPORT_PERCENT, 11 }, { "Kinerja", "Indikator dihitung", "9", REPORT_TEXT, 11 },
    { "Kinerja", "Efisiensi (%)", "10", REPORT_PERCENT, 11 },
    { "", "Temuan data", "11", REPORT_NUMBER, 9 },      { "", "Sudah melapor", "12", REPORT_TEXT, 10 },
    { "", "Keadaan triwulan", "13", REPORT_TEXT, 16 },
};
static const struct report_column PROGRAMS[] = {
    { "", "Kode", "1", REPORT_TEXT, 12 },             { "", "Urusan / Bidang / Program", "2", REPORT_TEXT, 50 },
    { "", "Anggaran (Rp)", "3", REPORT_MONEY, 20 },   { "", "Realisasi (Rp)", "4", REPORT_MONEY, 20 },
    { "", "%", "5", REPORT_PERCENT, 9 },              { "", "Sisa (Rp)", "6", REPORT_MONEY, 20 },
    { "", "Sudah melapor", "7", REPORT_TEXT, 10 },
};

/* Of one office, or of all (office NULL). */
static void quarter_cell(struct report *r, json_t *cells, const char *office, const json_t *total)
{
    struct report_decimal now = report_decimal(json_object_get(total, "realised"), REPORT_SEN), before = { .is = false };
    json_t *answer = r->quarter > 1 ? report_rollup(r, r->year, r->until - 3, "urusan", office) : NULL;
    if (answer) before = report_decimal(json_object_get(json_object_get(answer, "total"), "realised"), REPORT_SEN);
    report_sen(cells, report_less(now, before));
    json_decref(answer);
}

static void achievement_cells(struct report *r, json_t *cells, const char *office)
{
    struct report one = *r;
    one.office = office;
    json_t *answer = report_indicators(&one, r->year, r->until), *total = json_object_get(answer, "total");
    r->rc = one.rc;
    report_value(cells, json_object_get(total, "achievement"));
    report_format(cells, "%" JSON_INTEGER_FORMAT " dari %" JSON_INTEGER_FORMAT,
                  json_integer_value(json_object_get(total, "counted")), json_integer_value(json_object_get(total, "of")));
    report_value(cells, json_object_get(total, "efficiency"));
    json_decref(answer);
}

static const char *state_of(const json_t *closes, const char *office)
{
    json_t *o;
    size_t i;
    json_array_foreach(json_object_get(closes, "closes"), i, o)
        if (strcmp(report_string(o, "office"), office) == 0) return report_string(o, "state");
    return "";
}

static void office_row(struct report *r, json_t *table, const json_t *office, const json_t *closes, size_t no)
{
    const char *id = report_string(office, "office");
    json_t *answer = report_rollup(r, r->year, r->until, "urusan", id), *total = json_object_get(answer, "total");
    json_t *cells = report_row(table, 0, false);
    report_format(cells, "%zu", no);
    report_cell(cells, report_string(office, "name"));
    report_money(cells, total);
    quarter_cell(r, cells, id, total);
    achievement_cells(r, cells, id);
    report_value(cells, json_object_get(total, "findings"));
    report_cell(cells, json_integer_value(json_object_get(json_object_get(answer, "complete"), "offices")) > 0 ? "ya" : "belum");
    report_cell(cells, state_of(closes, id));
    json_decref(answer);
}

static void total_row(struct report *r, json_t *table, const json_t *all)
{
    const json_t *total = json_object_get(all, "total");
    json_t *cells = report_row(table, 0, true);
    report_cell(cells, NULL);
    report_cell(cells, "JUMLAH");
    report_money(cells, total);
    quarter_cell(r, cells, NULL, total);
    for (size_t i = 0; i < 3; i++) report_cell(cells, NULL);
    report_value(cells, json_object_get(total, "findings"));
    report_offices_cell(cells, json_object_get(all, "complete"));
    report_cell(cells, NULL);
}

static void by_program(struct report *r, const json_t *all)
{
    json_t *answer[] = { report_rollup(r, r->year, r->until, "urusan", NULL), report_rollup(r, r->year, r->until, "bidang", NULL),
                         report_rollup(r, r->year, r->until, "program", NULL) };
    json_t *rows = report_sorted(answer, 3),
           *table = report_table(r, "Menurut urusan, bidang, dan program", REPORT_COLUMNS(PROGRAMS)), *o, *cells;
    size_t i;
    json_array_foreach(rows, i, o) {
        const char *level = report_string(o, "level");
        unsigned depth = strcmp(level, "program") == 0 ? 2 : strcmp(level, "bidang") == 0 ? 1 : 0;
        cells = report_row(table, depth, depth < 2);
        report_value(cells, json_object_get(o, "code"));
        report_value(cells, json_object_get(o, "name"));
        report_money(cells, o);
        report_offices_cell(cells, json_object_get(o, "complete"));
    }
    cells = report_row(table, 0, true);
    report_cell(cells, NULL);
    report_cell(cells, "JUMLAH");
    report_money(cells, json_object_get(all, "total"));
    report_offices_cell(cells, json_object_get(all, "complete"));
    json_decref(rows);
    for (i = 0; i < 3; i++) json_decref(answer[i]);
}

void report_city(struct report *r)
{
    json_t *offices = report_offices(r), *all = report_rollup(r, r->year, r->until, "urusan", NULL), *o;
    json_t *closes = strchr(report_string(r->model, "region"), '.') ? report_closes(r) : NULL;
    json_t *table = report_table(r, "", REPORT_COLUMNS(CITY));
    size_t i, no = 0;
    report_title(r, "REKAPITULASI PELAKSANAAN ANGGARAN DAN KINERJA PERANGKAT DAERAH");
    report_title(r, "%s", r->place_name);
    report_title(r, "Triwulan %d Tahun Anggaran %d (s.d. %s)", r->quarter, r->year, report_month(r->until));
    json_array_foreach(json_object_get(offices, "offices"), i, o) {
        bool reports = strcmp(report_string(o, "status"), "active") == 0 && strcmp(report_string(o, "role"), "office") == 0;
        if (reports && (!r->office || strcmp(report_string(o, "office"), r->office) == 0)) office_row(r, table, o, closes, ++no);
    }
    total_row(r, table, all);
    by_program(r, all);
    report_note(
        r, "Kolom 3 sampai 6 kumulatif s.d. akhir triwulan, kolom 7 triwulan ini saja. Capaian: rata-rata indikator yang dapat "
           "dihitung, masing-masing paling tinggi menurut batasnya; persentase tidak dijumlahkan.");
    report_sign(r, "Kepala Daerah", NULL);
    report_sign(r, "Kepala Bappeda", NULL);
    json_decref(offices);
    json_decref(closes);
    json_decref(all);
}
