/* report_tc29.c - table T-C.29: what last year's plan and this year's have come to of the five-year plan, for the plan of year n.
 * Kind: E.
 *
 * Columns are the form's: 4 target at the end of the plan, 5 realised up to n-3, 6 and 7 target and result of n-2, 8 = 7 / 6, 9
 * target of n-1, 10 = 5 + 7 + 9 where results add up and count in one unit, 11 = 10 / 4. What is missing stays missing: a target
 * never stands in for a result, and a sum with a missing part is not printed. */
#include <string.h>

#include "cli/report.h"

static const struct report_column TC29[] = {
    { "", "Kode", "1", REPORT_TEXT, 16 },
    { "", "Urusan / Program / Kegiatan / Sub Kegiatan", "2", REPORT_TEXT, 36 },
    { "", "Indikator kinerja", "3", REPORT_TEXT, 34 },
    { "", "Target Renstra pada akhir periode", "4", REPORT_NUMBER, 11 },
    { "", "Realisasi s.d. tahun n-3", "5", REPORT_NUMBER, 11 },
    { "Tahun n-2", "Target", "6", REPORT_NUMBER, 11 },
    { "Tahun n-2", "Realisasi", "7", REPORT_NUMBER, 11 },
    { "Tahun n-2", "Tingkat (%)", "8", REPORT_PERCENT, 10 },
    { "", "Target tahun n-1", "9", REPORT_NUMBER, 11 },
    { "Perkiraan s.d. tahun n-1", "Realisasi", "10", REPORT_NUMBER, 11 },
    { "Perkiraan s.d. tahun n-1", "Tingkat (%)", "11", REPORT_PERCENT, 10 },
    { "", "Satuan", "", REPORT_TEXT, 12 },
};

/* An indicator's points before n-2, and the end of its plan. */
struct past { struct report_decimal before, end; };

static void read_past(struct report *r, const json_t *indicator, struct past *ret)
{
    const json_t *plan = json_object_get(indicator, "plan");
    int first = report_plan_start(indicator);
    size_t i;
    json_t *o;
    *ret = (struct past){ .end = report_decimal(json_object_get(plan, "end"), REPORT_MICRO) };
    if (first == 0 || first > r->year - 3) return;
    json_t *answer = report_trend(r, report_string(indicator, "code"), indicator, first, r->year - 3);
    json_array_foreach(json_object_get(answer, "points"), i, o) {
        struct report_decimal at = report_decimal(json_object_get(o, "reached"), REPORT_MICRO);
        if (at.is)
            ret->before = strcmp(report_string(indicator, "over_time"), "AKUMULATIF") == 0 ? report_add(ret->before, at) : at;
    }
    json_decref(answer);
}

static bool same_unit(const json_t *a, const json_t *b)
{
    return strcmp(report_string(a, "unit"), report_string(b, "unit")) == 0;
}

static void put_indicator(struct report *r, json_t *cells, const json_t *older, const json_t *newer)
{
    const json_t *any = newer ? newer : older;
    struct past p;
    read_past(r, any, &p);
    struct report_decimal reached = report_decimal(json_object_get(older, "reached"), REPORT_MICRO);
    struct report_decimal target = report_decimal(json_object_get(newer, "target"), REPORT_MICRO), all = { .is = false };
    bool sums = older && newer && strcmp(report_string(any, "over_time"), "AKUMULATIF") == 0 && same_unit(older, newer);
    bool started = p.before.is || !*report_string(json_object_get(any, "plan"), "period");
    if (sums && reached.is && target.is && started) all = report_add(report_add(p.before, reached), target);
    report_cell(cells, report_string(any, "indicator"));
    report_micro(cells, p.end);
    report_micro(cells, p.before);
    report_value(cells, json_object_get(older, "target"));
    report_value(cells, json_object_get(older, "reached"));
    report_value(cells, json_object_get(older, "achievement"));
    report_value(cells, json_object_get(newer, "target"));
    report_micro(cells, all);
    report_share(cells, all, p.end);
    report_cell(cells, report_string(any, "unit"));
}

static json_t *line_cells(json_t *table, const json_t *line, bool first)
{
    const char *level = report_string(line, "level");
    bool strong = strcmp(level, "bidang") == 0 || strcmp(level, "program") == 0;
    json_t *cells = report_row(table, strong ? 0 : 1, strong && first);
    report_cell(cells, first ? report_string(line, "code") : NULL);
    report_cell(cells, first ? report_string(line, "name") : NULL);
    return cells;
}

struct years { json_t *older, *newer; };        /* answers of n-2 and n-1 */

static void put_line(struct report *r, json_t *table, const json_t *line, const struct years *y)
{
    const json_t *newer = json_object_get(y->newer, "rows"), *older = json_object_get(y->older, "rows");
    const char *code = report_string(line, "code");
    bool first = true;
    json_t *o;
    size_t i;
    json_array_foreach(newer, i, o) {
        if (strcmp(report_string(o, "code"), code) != 0) continue;
        put_indicator(r, line_cells(table, line, first), report_find_indicator(older, o), o);
        first = false;
    }
    json_array_foreach(older, i, o) {
        if (strcmp(report_string(o, "code"), code) != 0 || report_find_indicator(newer, o)) continue;
        put_indicator(r, line_cells(table, line, first), o, NULL);
        first = false;
    }
    if (!first) return;
    json_t *cells = line_cells(table, line, true);
    for (size_t k = 2; k < sizeof TC29 / sizeof *TC29; k++) report_cell(cells, NULL);
}

void report_tc29(struct report *r)
{
    struct years y = { report_indicators(r, r->year - 2, 12), report_indicators(r, r->year - 1, 12) };
    json_t *lines = report_lines(r, r->year - 1, 12, NULL), *with = report_with_indicators(r, lines, r->year - 1, y.newer);
    json_t *all = report_with_indicators(r, with, r->year - 2, y.older),
           *table = report_table(r, "", REPORT_COLUMNS(TC29)), *o;
    size_t i;
    report_title(r, "REKAPITULASI EVALUASI HASIL PELAKSANAAN RENJA DAN PENCAPAIAN RENSTRA S.D. TAHUN BERJALAN (TABEL T-C.29)");
    report_title(r, "%s", r->place_name);
    report_title(r, "Renja tahun n = %d; n-3 = %d, n-2 = %d, n-1 = %d", r->year, r->year - 3, r->year - 2, r->year - 1);
    json_array_foreach(all, i, o) put_line(r, table, o, &y);
    report_note(
        r, "Kolom 8 menurut rumus indikatornya; kolom 10 = 5 + 7 + 9 hanya untuk indikator akumulatif dengan satuan yang sama dan "
           "semua bagiannya dilaporkan; kolom 11 = 10 / 4. Yang tidak dilaporkan tidak diisi dengan target.");
    json_decref(lines);
    json_decref(with);
    json_decref(all);
    json_decref(y.older);
    json_decref(y.newer);
}
