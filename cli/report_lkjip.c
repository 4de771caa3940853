/* report_lkjip.c - the tables of the performance report (LKjIP, Permenpan 53/2014): target and result, earlier years, the plan,
 * efficiency, budget. Kind: E.
 *
 * Every value is the aggregator's, efficiency (mean achievement less absorption) and the rank among peers too; only the change from
 * the year before is taken here. A table without rows is left out. */
#include <string.h>

#include "cli/report.h"

enum { YEARS = 3 };
struct lkjip { struct report *r; json_t *answer[YEARS]; const json_t *rows; json_t *lines, *total; };

static const struct report_column RESULT[] = {
    { "", "Kode", "", REPORT_TEXT, 16 },          { "", "Indikator kinerja", "", REPORT_TEXT, 50 },
    { "", "Satuan", "", REPORT_TEXT, 13 },        { "", "Target", "", REPORT_NUMBER, 12 },
    { "", "Realisasi", "", REPORT_NUMBER, 12 },   { "", "Capaian (%)", "", REPORT_PERCENT, 10 },
    { "", "Kategori", "", REPORT_TEXT, 14 },      { "", "Rumus", "", REPORT_TEXT, 10 },
};
static const struct report_column EARLIER[] = {
    { "", "Kode", "", REPORT_TEXT, 16 },          { "", "Indikator kinerja", "", REPORT_TEXT, 50 },
    { "", "Satuan", "", REPORT_TEXT, 13 },        { "Realisasi", "dua tahun lalu", "", REPORT_NUMBER, 13 },
    { "Realisasi", "tahun lalu", "", REPORT_NUMBER, 13 }, { "Realisasi", "tahun ini", "", REPORT_NUMBER, 13 },
    { "", "Perubahan dari tahun lalu", "", REPORT_NUMBER, 13 },
};
static const struct report_column PLAN[] = {
    { "", "Kode", "", REPORT_TEXT, 16 },          { "", "Indikator kinerja", "", REPORT_TEXT, 50 },
    { "", "Satuan", "", REPORT_TEXT, 13 },        { "", "Periode", "", REPORT_TEXT, 11 },
    { "", "Target tahun ini", "", REPORT_NUMBER, 12 }, { "", "Target akhir", "", REPORT_NUMBER, 12 },
    { "", "Realisasi", "", REPORT_NUMBER, 12 },   { "", "Terhadap akhir periode (%)", "", REPORT_PERCENT, 12 },
};
static const struct report_column EFFICIENCY[] = {
    { "", "Kode", "", REPORT_TEXT, 16 },          { "", "Uraian", "", REPORT_TEXT, 50 },
    { "", "Capaian kinerja (%)", "", REPORT_PERCENT, 12 }, { "", "Penyerapan anggaran (%)", "", REPORT_PERCENT, 12 },
    { "", "Efisiensi (%)", "", REPORT_PERCENT, 12 }, { "", "Indikator dihitung", "", REPORT_TEXT, 12 },
};
static const struct report_column PEERS[] = {
    { "", "Kode", "", REPORT_TEXT, 16 },          { "", "Peringkat", "", REPORT_TEXT, 10 },
    { "", "Instansi sejenis", "", REPORT_TEXT, 40 }, { "", "Anggaran (Rp)", "", REPORT_MONEY, 19 },
    { "", "Realisasi (Rp)", "", REPORT_MONEY, 19 }, { "", "%", "", REPORT_PERCENT, 9 },
    { "", "Keterangan", "", REPORT_TEXT, 18 },
};
static const struct report_column BUDGET[] = {
    { "", "Kode", "", REPORT_TEXT, 16 },          { "", "Uraian", "", REPORT_TEXT, 50 },
    { "", "Anggaran (Rp)", "", REPORT_MONEY, 19 }, { "", "Realisasi (Rp)", "", REPORT_MONEY, 19 },
    { "", "%", "", REPORT_PERCENT, 9 },
};
#define TABLE(r, title, columns) report_table(r, title, columns, sizeof columns / sizeof *columns)

static void head(json_t *cells, const json_t *o)
{
    report_value(cells, json_object_get(o, "code"));
    report_value(cells, json_object_get(o, "indicator"));
    report_value(cells, json_object_get(o, "unit"));
}

static void put_result(struct lkjip *k)
{
    json_t *table = TABLE(k->r, "1. Target dan realisasi kinerja tahun ini", RESULT), *o;
    static const char *const KEY[] = { "target", "reached", "achievement", "rating", "formula" };
    size_t i;
    json_array_foreach(k->rows, i, o) {
        json_t *cells = report_row(table, 0, false);
        head(cells, o);
        for (size_t c = 0; c < 5; c++) report_value(cells, json_object_get(o, KEY[c]));
    }
    json_t *cells = report_row(table, 0, true), *total = json_object_get(k->answer[0], "total");
    report_cell(cells, NULL);
    report_format(cells, "Rata-rata capaian (%" JSON_INTEGER_FORMAT " dari %" JSON_INTEGER_FORMAT " indikator)",
                  json_integer_value(json_object_get(total, "counted")), json_integer_value(json_object_get(total, "of")));
    for (size_t c = 0; c < 3; c++) report_cell(cells, NULL);
    report_value(cells, json_object_get(total, "achievement"));
    report_cell(cells, NULL);
    report_cell(cells, NULL);
}

static void put_earlier(struct lkjip *k)
{
    json_t *table = TABLE(k->r, "2. Realisasi dibandingkan dengan tahun-tahun lalu", EARLIER), *o;
    size_t i;
    json_array_foreach(k->rows, i, o) {
        const json_t *old[YEARS];
        for (size_t y = 0; y < YEARS; y++) old[y] = report_find_indicator(json_object_get(k->answer[y], "rows"), o);
        json_t *cells = report_row(table, 0, false);
        head(cells, o);
        for (size_t y = YEARS; y-- > 0;) report_value(cells, json_object_get(old[y], "reached"));
        struct report_decimal before = report_decimal(json_object_get(old[1], "reached"), REPORT_MICRO);
        struct report_decimal now = report_decimal(json_object_get(o, "reached"), REPORT_MICRO);
        report_micro(cells, before.is ? report_less(now, before) : (struct report_decimal){ .is = false });
    }
}

static void put_plan(struct lkjip *k)
{
    json_t *table = NULL, *o;
    size_t i;
    json_array_foreach(k->rows, i, o) {
        const json_t *plan = json_object_get(o, "plan");
        if (!json_is_object(plan)) continue;
        if (!table) table = TABLE(k->r, "3. Realisasi dibandingkan dengan target akhir Renstra", PLAN);
        json_t *cells = report_row(table, 0, false);
        head(cells, o);
        report_value(cells, json_object_get(plan, "period"));
        report_value(cells, json_object_get(plan, "target"));
        report_value(cells, json_object_get(plan, "end"));
        report_value(cells, json_object_get(o, "reached"));
        report_value(cells, json_object_get(plan, "end_achievement"));
    }
}

static void put_efficiency(struct lkjip *k)
{
    static const char *const KEY[] = { "achievement", "absorption", "efficiency" };
    json_t *table = NULL, *o;
    size_t i;
    json_array_foreach(json_object_get(k->answer[0], "groups"), i, o) {
        const json_t *line = report_find(k->lines, report_string(o, "code"));
        if (!line || !*report_string(o, "efficiency")) continue;
        if (!table) table = TABLE(k->r, "4. Efisiensi penggunaan anggaran (capaian kinerja - penyerapan)", EFFICIENCY);
        bool strong = strcmp(report_string(line, "level"), "program") == 0 || strcmp(report_string(line, "level"), "bidang") == 0;
        json_t *cells = report_row(table, strong ? 0 : 1, strong);
        report_value(cells, json_object_get(o, "code"));
        report_value(cells, json_object_get(line, "name"));
        for (size_t c = 0; c < 3; c++) report_value(cells, json_object_get(o, KEY[c]));
        report_format(cells, "%" JSON_INTEGER_FORMAT " dari %" JSON_INTEGER_FORMAT,
                      json_integer_value(json_object_get(o, "counted")), json_integer_value(json_object_get(o, "of")));
    }
}

/* The same bidang in the other cities of the province, at the same cut-off; left out where nobody else has it. */
static void put_peers(struct lkjip *k)
{
    const char *own = report_string(k->r->model, "region");
    json_t *table = NULL, *line, *o;
    size_t i, n;
    json_array_foreach(k->lines, i, line) {
        if (strcmp(report_string(line, "level"), "bidang") != 0 || !strchr(own, '.')) continue;
        json_t *answer = report_peers(k->r, report_string(line, "code"));
        const json_t *rows = json_object_get(answer, "rows");
        for (size_t at = 0; at < (json_array_size(rows) > 1 ? json_array_size(rows) : 0); at++) {
            o = json_array_get(rows, at);
            if (!table) table = TABLE(k->r, "6. Perbandingan dengan instansi sejenis dalam satu provinsi", PEERS);
            json_t *cells = report_row(table, 0, strcmp(report_string(o, "region"), own) == 0);
            report_value(cells, json_object_get(line, "code"));
            report_value(cells, json_object_get(o, "rank"));
            report_value(cells, json_object_get(o, "name"));
            for (n = 0; n < 3; n++)
                report_value(cells, json_object_get(o, ((const char *const[]){ "budget", "realised", "absorption" })[n]));
            report_value(cells, json_object_get(o, "why"));
        }
        json_decref(answer);
    }
}

static void put_money(json_t *table, const json_t *o, const char *name, bool strong)
{
    json_t *cells = report_row(table, strong ? 0 : 1, strong);
    report_value(cells, json_object_get(o, "code"));
    report_cell(cells, name);
    report_value(cells, json_object_get(o, "budget"));
    report_value(cells, json_object_get(o, "realised"));
    report_value(cells, json_object_get(o, "absorption"));
}

static void put_budget(struct lkjip *k)
{
    json_t *table = TABLE(k->r, "5. Realisasi anggaran", BUDGET), *o;
    size_t i;
    json_array_foreach(k->lines, i, o) {
        const char *level = report_string(o, "level");
        if (strcmp(level, "subkegiatan") != 0) put_money(table, o, report_string(o, "name"), strcmp(level, "kegiatan") != 0);
    }
    put_money(table, k->total, "JUMLAH", true);
}

void report_lkjip(struct report *r)
{
    struct lkjip k = { .r = r };
    for (int y = 0; y < YEARS; y++) k.answer[y] = report_indicators(r, r->year - y, r->until);
    k.rows = json_object_get(k.answer[0], "rows");
    k.lines = report_lines(r, r->year, r->until, &k.total);
    report_title(r, "LAPORAN KINERJA INSTANSI PEMERINTAH (LKjIP): TABEL KINERJA DAN ANGGARAN");
    report_title(r, "%s", r->place_name);
    report_title(r, "Tahun %d, s.d. %s", r->year, report_month(r->until));
    put_result(&k);
    put_earlier(&k);
    put_plan(&k);
    put_efficiency(&k);
    put_budget(&k);
    put_peers(&k);
    report_note(r, "Capaian menurut rumus tiap indikator, tidak dibatasi; rata-rata dengan batas 120 %% tiap indikator.");
    for (int y = 0; y < YEARS; y++) json_decref(k.answer[y]);
    json_decref(k.lines);
    json_decref(k.total);
}
