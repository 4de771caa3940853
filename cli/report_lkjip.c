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
    { "Capaian (%)", "dua tahun lalu", "", REPORT_PERCENT, 10 }, { "Capaian (%)", "tahun lalu", "", REPORT_PERCENT, 10 },
    { "Capaian (%)", "tahun ini", "", REPORT_PERCENT, 10 },
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
static const struct report_column CEILING[] = {
    { "", "Kode", "", REPORT_TEXT, 16 },          { "", "Uraian", "", REPORT_TEXT, 46 },
    { "Renstra tahun ini", "Pagu (Rp)", "", REPORT_MONEY, 19 }, { "Renstra tahun ini", "Realisasi (Rp)", "", REPORT_MONEY, 19 },
    { "Renstra tahun ini", "%", "", REPORT_PERCENT, 9 }, { "Seluruh periode", "Pagu (Rp)", "", REPORT_MONEY, 19 },
    { "Seluruh periode", "Realisasi (Rp)", "", REPORT_MONEY, 19 }, { "Seluruh periode", "%", "", REPORT_PERCENT, 9 },
};
static const struct report_column PARTS[] = {
    { "", "Indikator", "", REPORT_TEXT, 36 },     { "", "Komponen", "", REPORT_TEXT, 50 },
    { "", "Nilai", "", REPORT_NUMBER, 14 },       { "", "Satuan", "", REPORT_TEXT, 12 },
    { "", "Dihitung", "", REPORT_TEXT, 10 },      { "", "Keterangan", "", REPORT_TEXT, 34 },
};
static void head(json_t *cells, const json_t *o)
{
    report_value(cells, json_object_get(o, "code"));
    report_value(cells, json_object_get(o, "indicator"));
    report_value(cells, json_object_get(o, "unit"));
}

static void put_result(struct lkjip *k)
{
    json_t *table = report_table_numbered(k->r, "Target dan realisasi kinerja tahun ini", REPORT_COLUMNS(RESULT)), *o;
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
    json_t *table = report_table_numbered(k->r, "Realisasi dibandingkan dengan tahun-tahun lalu", REPORT_COLUMNS(EARLIER)), *o;
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
        for (size_t y = YEARS; y-- > 0;) report_value(cells, json_object_get(old[y], "achievement"));
    }
}

static void put_plan(struct lkjip *k)
{
    json_t *table = NULL, *o;
    size_t i;
    json_array_foreach(k->rows, i, o) {
        const json_t *plan = json_object_get(o, "plan");
        if (!json_is_object(plan)) continue;
        if (!table) table = report_table_numbered(k->r, "Realisasi dibandingkan dengan target akhir Renstra", REPORT_COLUMNS(PLAN));
        json_t *cells = report_row(table, 0, false);
        head(cells, o);
        report_value(cells, json_object_get(plan, "period"));
        report_value(cells, json_object_get(plan, "target"));
        report_value(cells, json_object_get(plan, "end"));
        report_value(cells, json_object_get(o, "reached"));
        report_value(cells, json_object_get(plan, "end_achievement"));
    }
}

static json_t *last(const json_t *list)
{
    return json_array_size(list) ? json_array_get(list, json_array_size(list) - 1) : NULL;
}

/* The plan's ceilings against what was spent, line by line, of lines that the plan has money for. */
static void put_ceilings(struct lkjip *k)
{
    json_t *table = NULL, *line;
    size_t i;
    json_array_foreach(k->lines, i, line) {
        const char *level = report_string(line, "level");
        json_t *answer = report_trend(k->r, report_string(line, "code"), NULL, k->r->year, k->r->year);
        const json_t *point = last(json_object_get(answer, "points")), *now = json_object_get(point, "plan");
        const json_t *all = json_object_get(answer, "plan");
        if (json_is_object(now)) {
            bool strong = strcmp(level, "bidang") == 0 || strcmp(level, "program") == 0;
            if (!table) table = report_table_numbered(k->r, "Anggaran menurut Renstra dan realisasinya", REPORT_COLUMNS(CEILING));
            json_t *cells = report_row(table, strong ? 0 : 1, strong);
            report_value(cells, json_object_get(line, "code"));
            report_value(cells, json_object_get(line, "name"));
            report_value(cells, json_object_get(now, "budget"));
            report_value(cells, json_object_get(point, "realised"));
            report_value(cells, json_object_get(now, "share"));
            report_value(cells, json_object_get(all, "budget"));
            report_value(cells, json_object_get(all, "realised"));
            report_value(cells, json_object_get(all, "share"));
        }
        json_decref(answer);
    }
}

static void part_row(json_t *table, const char *indicator, const char *name, const json_t *value, const json_t *unit,
                     const char *counted, const json_t *why, bool strong)
{
    json_t *cells = report_row(table, 0, strong);
    report_cell(cells, indicator);
    report_cell(cells, name);
    report_value(cells, value);
    report_value(cells, unit);
    report_cell(cells, counted);
    report_value(cells, why);
}

/* What indicators are made of, with what is left out and why: nobody has to believe a percentage. */
static void put_parts(struct lkjip *k)
{
    json_t *table = NULL, *o, *part;
    size_t i, n;
    json_array_foreach(k->rows, i, o) {
        const json_t *parts = json_object_get(o, "components");
        const char *name = report_string(o, "indicator");
        json_array_foreach(json_object_get(parts, "list"), n, part) {
            if (!table) table = report_table_numbered(k->r, "Perhitungan indikator dari komponennya", REPORT_COLUMNS(PARTS));
            const json_t *why = json_object_get(part, "reason");
            part_row(table, n ? NULL : name, report_string(part, "name"), json_object_get(part, "value"),
                     json_object_get(part, "unit"), json_is_true(json_object_get(part, "counted")) ? "ya" : "tidak", why, false);
        }
        if (!json_is_object(parts)) continue;
        part_row(table, NULL, "Jumlah yang dihitung", json_object_get(parts, "sum"), NULL, NULL, NULL, true);
        part_row(table, NULL, "Penyebut", json_object_get(parts, "base"), NULL, NULL, NULL, true);
        part_row(table, NULL, "Hasil", json_object_get(parts, "value"), NULL, NULL, NULL, true);
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
        if (!table)
            table = report_table_numbered(k->r, "Efisiensi penggunaan anggaran (capaian kinerja - penyerapan)",
                                          REPORT_COLUMNS(EFFICIENCY));
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
            if (!table)
                table = report_table_numbered(k->r, "Perbandingan dengan instansi sejenis dalam satu provinsi",
                                              REPORT_COLUMNS(PEERS));
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
    json_t *table = report_table_numbered(k->r, "Realisasi anggaran", REPORT_COLUMNS(BUDGET)), *o;
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
    put_parts(&k);
    put_efficiency(&k);
    put_budget(&k);
    put_ceilings(&k);
    put_peers(&k);
    report_factors(r);
    report_note(r, "Capaian menurut rumus tiap indikator, tidak dibatasi; rata-rata dengan batas 120 %% tiap indikator.");
    for (int y = 0; y < YEARS; y++) json_decref(k.answer[y]);
    json_decref(k.lines);
    json_decref(k.total);
}
