/* report_e81.c - form E.81: evaluation of an office's yearly plan by quarter, and what it has come to of the five-year plan. Kind:
 * E.
 *
 * Columns and their numbers are the form's (Permendagri 86/2017): 5 end of the plan, 6 up to last year, 7 this year, 8-11 quarters,
 * 12 this year's result, 13 = 6 + 12, 14 = 100 * 13 / 5, each as K (performance) and Rp. A quarter's own value is what its end has
 * more than the end before, for sums; for states it is the state at its end. Rupiah have totals, K and percentages have none.
 * Invariant: what was not reported is an empty cell; nothing is filled with a target. */
#include <string.h>

#include "cli/report.h"
#include "proto/achieve.h"

#define PAIR(group, number, width) \
    { group, "K", number, REPORT_NUMBER, 9 }, { group, "Rp", number, REPORT_MONEY, width }
static const struct report_column E81[] = {
    { "", "No", "1", REPORT_TEXT, 5 },
    { "", "Sasaran", "2", REPORT_TEXT, 14 },
    { "", "Urusan / Program / Kegiatan / Sub Kegiatan", "3", REPORT_TEXT, 34 },
    { "", "Indikator kinerja", "4", REPORT_TEXT, 30 },
    PAIR("Target Renstra pada akhir periode", "5", 17),
    PAIR("Realisasi Renstra s.d. tahun lalu", "6", 17),
    PAIR("Target kinerja dan anggaran tahun ini", "7", 17),
    PAIR("Realisasi triwulan I", "8", 16),
    PAIR("Realisasi triwulan II", "9", 16),
    PAIR("Realisasi triwulan III", "10", 16),
    PAIR("Realisasi triwulan IV", "11", 16),
    PAIR("Realisasi tahun ini", "12", 17),
    PAIR("Realisasi Renstra s.d. tahun ini", "13", 17),
    { "Tingkat capaian Renstra (%)", "K", "14", REPORT_PERCENT, 9 },
    { "Tingkat capaian Renstra (%)", "Rp", "14", REPORT_PERCENT, 9 },
    { "", "Satuan", "15", REPORT_TEXT, 10 },
    { "", "Keterangan", "16", REPORT_TEXT, 14 },
};
enum { QUARTERS = 4, BEFORE_MAX = 10 };

struct e81 {
    struct report *r;
    json_t *table, *lines[QUARTERS + 1], *total[QUARTERS + 1], *indicators[QUARTERS + 1]; /* at the end of each quarter; 0: none */
    unsigned no;
};

/* ---- money ---- */

struct money { struct report_decimal end, before, budget, own[QUARTERS + 1], year; };

/* Realised up to the end of a quarter. Answers do not tell a nil from what was not reported yet, so a zero is an empty cell. */
static struct report_decimal realised_of(const json_t *o)
{
    struct report_decimal d = report_decimal(json_object_get(o, "realised"), REPORT_SEN);
    d.is = d.is && d.v != 0;
    return d;
}

/* What the plan gives the code over all its years, and what was realised in those before this one. */
static void plan_money(struct e81 *e, const char *code, struct money *m)
{
    json_t *answer = report_trend(e->r, code, NULL, e->r->year - BEFORE_MAX, e->r->year), *o;
    const json_t *plan = json_object_get(answer, "plan");
    int from = (int)json_integer_value(json_object_get(plan, "from"));
    size_t i;
    m->end = report_decimal(json_object_get(plan, "budget"), REPORT_SEN);
    json_array_foreach(json_object_get(answer, "points"), i, o) {
        int year = (int)json_integer_value(json_object_get(o, "year"));
        if (from && year >= from && year < e->r->year)
            m->before = report_add(m->before, report_decimal(json_object_get(o, "realised"), REPORT_SEN));
    }
    json_decref(answer);
}

/* line NULL: everything. */
static void money_of(struct e81 *e, const json_t *line, struct money *m)
{
    const char *code = line ? report_string(line, "code") : NULL;
    struct report_decimal before = { .is = false };
    *m = (struct money){ .budget = report_decimal(json_object_get(line ? line : e->total[e->r->quarter], "budget"), REPORT_SEN) };
    plan_money(e, code, m);
    for (int q = 1; q <= e->r->quarter; q++) {
        m->year = realised_of(code ? report_find(e->lines[q], code) : e->total[q]);
        m->own[q] = report_less(m->year, before);
        before = m->year.is ? m->year : before;
    }
}

/* ---- performance ---- */

struct result {
    const char *end, *target, *before, *both, *share, *words[QUARTERS + 1], *reached_words;
    struct report_decimal own[QUARTERS + 1], reached;
};

/* A result in words ("Paving Block"): shown, never counted. */
static const char *words_of(const json_t *indicator)
{
    const char *text = report_string(indicator, "reached");
    return report_is_number(text) ? "" : text;
}

static bool adds_up(const json_t *indicator) { return strcmp(report_string(indicator, "over_time"), "AKUMULATIF") == 0; }

static void result_of(struct e81 *e, const json_t *indicator, struct result *k)
{
    struct report_decimal before = { .is = false };
    const json_t *plan = json_object_get(indicator, "plan");
    *k = (struct result){ .end = report_string(plan, "end"), .target = report_string(indicator, "target"),
                          .before = report_string(plan, "before"), .share = report_string(plan, "so_far_achievement"),
                          .both = report_string(plan ? plan : indicator, plan ? "so_far" : "reached") };
    for (int q = 1; q <= e->r->quarter; q++) {
        const json_t *at = report_find_indicator(e->indicators[q], indicator);
        struct report_decimal v = report_decimal(json_object_get(at, "reached"), REPORT_MICRO);
        k->own[q] = adds_up(indicator) ? report_less(v, before) : v;
        k->words[q] = words_of(at);
        before = v.is ? v : before;
    }
    k->reached = report_decimal(json_object_get(indicator, "reached"), REPORT_MICRO);
    k->reached_words = words_of(indicator);
}

/* ---- rows ---- */

static void pair(json_t *cells, const struct report_decimal *k, const char *words, const struct report_decimal *rp)
{
    const struct report_decimal none = { .is = false };
    if (words && *words) report_cell(cells, words);
    else report_micro(cells, k ? *k : none);
    report_sen(cells, rp ? *rp : none);
}

static void put_values(struct e81 *e, json_t *cells, const struct result *k, const struct money *m)
{
    report_cell(cells, k ? k->end : NULL);
    report_sen(cells, m ? m->end : (struct report_decimal){ .is = false });
    pair(cells, NULL, k ? k->before : NULL, m ? &m->before : NULL);
    report_cell(cells, k ? k->target : NULL);
    report_sen(cells, m ? m->budget : (struct report_decimal){ .is = false });
    for (int q = 1; q <= QUARTERS; q++) {
        bool is = q <= e->r->quarter;
        pair(cells, k && is ? &k->own[q] : NULL, k && is ? k->words[q] : NULL, m && is ? &m->own[q] : NULL);
    }
    struct report_decimal both = m ? report_add(m->before, m->year) : (struct report_decimal){ .is = false };
    pair(cells, k ? &k->reached : NULL, k ? k->reached_words : NULL, m ? &m->year : NULL);
    pair(cells, NULL, k ? k->both : NULL, m ? &both : NULL);
    report_cell(cells, k ? k->share : NULL);
    report_share(cells, both, m ? m->end : (struct report_decimal){ .is = false });
}

/* By which formula columns 12 to 14 are to be read, and why there is no achievement where there is none. */
static void put_remark(json_t *cells, const json_t *indicator)
{
    const char *formula = report_string(indicator, "formula"), *reason = report_string(indicator, "reason");
    if (*reason) report_format(cells, "%s%s%s", formula, *formula ? "; " : "", reason);
    else report_cell(cells, formula);
}

static void put_row(struct e81 *e, const json_t *line, const json_t *indicator, bool first)
{
    bool whole = strcmp(report_string(line, "level"), "bidang") == 0;
    unsigned depth = strcmp(report_string(line, "level"), "subkegiatan") == 0 ? 3
                     : strcmp(report_string(line, "level"), "kegiatan") == 0  ? 2
                                                                              : 1;
    json_t *cells = report_row(e->table, whole ? 0 : depth, first && depth < 2);
    struct money m;
    struct result k;
    if (first) {
        report_format(cells, "%u", ++e->no);
        report_cell(cells, NULL);
        report_format(cells, "%s %s", report_string(line, "code"), report_string(line, "name"));
        money_of(e, line, &m);
    } else {
        for (unsigned i = 0; i < 3; i++) report_cell(cells, NULL);
    }
    report_cell(cells, indicator ? report_string(indicator, "indicator") : NULL);
    if (indicator) result_of(e, indicator, &k);
    put_values(e, cells, indicator ? &k : NULL, first ? &m : NULL);
    report_cell(cells, indicator ? report_string(indicator, "unit") : NULL);
    put_remark(cells, indicator);
}

static void put_line(struct e81 *e, const json_t *line)
{
    json_t *o;
    size_t i;
    bool first = true;
    json_array_foreach(e->indicators[e->r->quarter], i, o) {
        if (strcmp(report_string(o, "code"), report_string(line, "code")) != 0) continue;
        put_row(e, line, o, first);
        first = false;
    }
    if (first) put_row(e, line, NULL, true);
}

static void put_total(struct e81 *e)
{
    json_t *cells = report_row(e->table, 0, true);
    struct money m;
    money_of(e, NULL, &m);
    for (unsigned i = 0; i < 4; i++) report_cell(cells, i == 2 ? "JUMLAH" : NULL);
    put_values(e, cells, NULL, &m);
    report_cell(cells, NULL);
    report_cell(cells, NULL);
}

/* ---- the foot ---- */

static void put_mean(struct report *r, const json_t *answer)
{
    const json_t *total = json_object_get(answer, "total");
    struct report_decimal mean = report_decimal(json_object_get(total, "achievement"), REPORT_MICRO);
    json_t *lines = json_array();
    char text[32] = "-";
    report_shown("percent", report_string(total, "achievement"), text, sizeof text);
    json_array_append_new(lines,
                          json_sprintf("%s %%, dihitung dari %" JSON_INTEGER_FORMAT " dari %" JSON_INTEGER_FORMAT " indikator",
                                       mean.is ? text : "-", json_integer_value(json_object_get(total, "counted")),
                                       json_integer_value(json_object_get(total, "of"))));
    report_foot(r, "Rata-rata capaian kinerja", lines);
    const char *word = report_string(total, "rating");
    if (*word) report_foot(r, "Predikat kinerja", json_pack("[s]", word));
}

void report_factors(struct report *r)
{
    static const struct { const char *kind, *heading; } FOOT[] = {
        { "pendorong", "Faktor pendorong keberhasilan kinerja" }, { "penghambat", "Faktor penghambat pencapaian kinerja" },
        { "tindak-lanjut", "Tindak lanjut yang diperlukan dalam triwulan ini dan triwulan berikutnya" },
    };
    json_t *answer = report_notes(r), *o;
    size_t i;
    for (size_t k = 0; k < 3; k++) {
        json_t *lines = json_array();
        json_array_foreach(json_object_get(answer, "notes"), i, o)
            if (strcmp(report_string(o, "kind"), FOOT[k].kind) == 0)
                json_array_append_new(lines, json_sprintf("%s %s", report_string(o, "code"), report_string(o, "text")));
        report_foot(r, FOOT[k].heading, lines);
    }
    json_decref(answer);
}

void report_e81(struct report *r)
{
    struct e81 e = { .r = r };
    json_t *now[QUARTERS + 1] = { NULL }, *o;
    size_t i;
    report_title(r, "EVALUASI TERHADAP HASIL RENJA PERANGKAT DAERAH (FORMULIR E.81)");
    report_title(r, "%s", r->place_name);
    report_title(r, "Periode pelaksanaan: tahun %d, s.d. triwulan %d (%s)", r->year, r->quarter, report_month(r->until));
    e.table = report_table(r, "", REPORT_COLUMNS(E81));
    json_object_set_new(e.table, "key", json_integer(2));
    for (int q = 1; q <= r->quarter; q++) {
        e.lines[q] = report_lines(r, r->year, 3 * q, &e.total[q]);
        now[q] = report_indicators(r, r->year, 3 * q);
        e.indicators[q] = json_object_get(now[q], "rows");
    }
    json_t *lines = report_with_indicators(r, e.lines[r->quarter], r->year, now[r->quarter]);
    json_array_foreach(lines, i, o) put_line(&e, o);
    put_total(&e);
    json_decref(lines);
    put_mean(r, now[r->quarter]);
    report_factors(r);
    report_note(
        r, "K = kinerja, Rp = anggaran. Kolom 13 = 6 + 12 (K dijumlahkan hanya untuk indikator akumulatif, selain itu nilai "
           "terakhir); "
           "kolom 14 = 100 x 13 / 5 (K menurut rumus indikatornya). Sel kosong: belum dilaporkan, atau realisasinya masih nol.");
    report_sign(r, r->office ? "Kepala Perangkat Daerah" : "Kepala Daerah", NULL);
    report_sign(r, "Kepala Bappeda", NULL);
    for (int q = 1; q <= r->quarter; q++) {
        json_decref(e.lines[q]);
        json_decref(e.total[q]);
        json_decref(now[q]);
    }
}
