/* indicator_test.c - an office-year of indicators: which target counts, what was reached, what is wrong, and which scale rates it.
 *
 * A case is a list of figures put into a unit as the fold puts them, and what must come out of it at a cut-off. */
#include "aggregator/indicator_claim.h"
#include "aggregator/scales.h"
#include "aggregator/thresholds.h"
#include "proto/figure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/decimal.h"

static struct slice txt(const char *s) { return slice_of(s, s ? strlen(s) : 0); }

static activity_code code_of(const char *s)
{
    struct code_reading r = {0};
    assert_int_equal(code_parse_activity(VINTAGE_PERMENDAGRI_90_2019, txt(s), &r), ST_OK);
    return r.code;
}

struct given {
    unsigned measure, source, stage, month;
    const char *number, *words; /* words: TEXT; neither: withdrawn */
    const char *code;           /* NULL: 1.06.01 */
    unsigned id, basis, decimals;
};

static void put(struct unit *u, const struct given *g)
{
    enum unit_result result;
    struct decimal_reading d = {0};
    struct figure f = {.activity = code_of(g->code ? g->code : "1.06.01"),
                       .indicator = txt("x"),
                       .measure = (uint16_t)g->measure,
                       .source = (uint8_t)g->source,
                       .stage = (uint16_t)g->stage,
                       .year = u->year,
                       .month = (uint8_t)(g->month ? g->month : 1),
                       .kind = g->number  ? VALUE_NUMBER
                               : g->words ? VALUE_TEXT
                                          : VALUE_WITHDRAWN,
                       .basis = (uint8_t)g->basis,
                       .decimals = (uint8_t)g->decimals,
                       .text = txt(g->words)};
    if (g->number) assert_int_equal(decimal_percent(txt(g->number), &d), ST_OK);
    f.value = d.value;
    assert_int_equal(figure_check(&f), CODE_OK);
    assert_int_equal(unit_set(u, &f, g->id ? g->id : 1, 1, &result, NULL, NULL), ST_OK);
}

static void fill(struct unit *u, int year, const struct given *g, size_t n)
{
    unit_init(u);
    u->year = (uint16_t)year;
    for (size_t i = 0; i < n && g[i].measure; i++) put(u, &g[i]);
}

static const char *percent(const struct achieve_result *r)
{
    static char text[32];
    if (r->state != ACHIEVE_OK) return achieve_state_name(r->state);
    assert_true(decimal_percent_text(r->share.num, r->share.den, 2, text) > 0);
    return text;
}

/* ---- judging ---- */

#define T(n, src, stg, m)                                                                                                          \
    {                                                                                                                              \
        .measure = MEASURE_TARGET, .source = src, .stage = stg, .month = m, .number = n                                            \
    }
#define R(n, m, b)                                                                                                                 \
    {                                                                                                                              \
        .measure = MEASURE_REACHED, .source = SOURCE_OPD, .month = m, .number = n, .basis = b                                      \
    }
#define W(what, src, s)                                                                                                            \
    {                                                                                                                              \
        .measure = what, .source = src, .words = s                                                                                 \
    }
struct judge_case {
    const char *name;
    struct given given[8];
    unsigned until;
    const char *share;
    unsigned source;
    const char *first;
};
static const struct judge_case JUDGE[] = {
    {"dpa before renja",
     {T("10", SOURCE_RENJA, 0, 1), T("20", SOURCE_DPA, 0, 1), R("10", 6, BASIS_CUMULATIVE)},
     12,
     "50.00",
     SOURCE_DPA,
     NULL},
    {"pk before renstra",
     {T("10", SOURCE_RENSTRA, 0, 1), T("20", SOURCE_PK2, 0, 1), R("10", 6, BASIS_CUMULATIVE)},
     12,
     "50.00",
     SOURCE_PK2,
     NULL},
    {"a standard is no promise", {T("10", SOURCE_STANDAR, 0, 1), R("10", 6, BASIS_CUMULATIVE)}, 12, "target-kosong", 0, NULL},
    {"the first known stage counts from the start",
     {T("20", SOURCE_DPA, STAGE_PERUBAHAN, 9), R("10", 6, BASIS_CUMULATIVE)},
     6,
     "50.00",
     SOURCE_DPA,
     NULL},
    {"before the change",
     {T("10", SOURCE_DPA, STAGE_MURNI, 1), T("20", SOURCE_DPA, STAGE_PERUBAHAN, 9), R("10", 6, BASIS_CUMULATIVE)},
     8,
     "100.00",
     SOURCE_DPA,
     NULL},
    {"after it",
     {T("10", SOURCE_DPA, STAGE_MURNI, 1), T("20", SOURCE_DPA, STAGE_PERUBAHAN, 9), R("10", 6, BASIS_CUMULATIVE)},
     9,
     "50.00",
     SOURCE_DPA,
     "100.00"},
    {"a target of each quarter",
     {T("25", SOURCE_DPA, 0, 3), T("50", SOURCE_DPA, 0, 6), R("25", 3, BASIS_CUMULATIVE)},
     3,
     "100.00",
     SOURCE_DPA,
     NULL},
    {"the next quarter",
     {T("25", SOURCE_DPA, 0, 3), T("50", SOURCE_DPA, 0, 6), R("25", 3, BASIS_CUMULATIVE)},
     6,
     "50.00",
     SOURCE_DPA,
     NULL},
    {"months add up",
     {T("10", SOURCE_DPA, 0, 1), R("3", 1, BASIS_MONTHLY), R("4", 2, BASIS_MONTHLY)},
     12,
     "70.00",
     SOURCE_DPA,
     NULL},
    {"percentages do not",
     {T("10", SOURCE_DPA, 0, 1), W(MEASURE_REACHED_UNIT, SOURCE_OPD, "%"), R("3", 1, BASIS_MONTHLY), R("4", 2, BASIS_MONTHLY)},
     12,
     "40.00",
     SOURCE_DPA,
     NULL},
    {"the mean where declared",
     {T("10", SOURCE_DPA, 0, 1), W(MEASURE_OVER_TIME, 0, "RATA"), R("3", 1, BASIS_MONTHLY), R("4", 2, BASIS_MONTHLY)},
     12,
     "35.00",
     SOURCE_DPA,
     NULL},
    {"units that differ",
     {T("10", SOURCE_DPA, 0, 1), W(MEASURE_TARGET_UNIT, SOURCE_DPA, "unit"), W(MEASURE_REACHED_UNIT, SOURCE_OPD, "STNK"),
      R("3", 1, BASIS_CUMULATIVE)},
     12,
     "satuan-berbeda",
     SOURCE_DPA,
     NULL},
    {"units that are spelled differently",
     {T("10", SOURCE_DPA, 0, 1), W(MEASURE_TARGET_UNIT, SOURCE_DPA, "Orang"), W(MEASURE_REACHED_UNIT, SOURCE_OPD, "org"),
      R("3", 1, BASIS_CUMULATIVE)},
     12,
     "30.00",
     SOURCE_DPA,
     NULL},
    {"withdrawn is unreported",
     {T("10", SOURCE_DPA, 0, 1), R("3", 1, BASIS_CUMULATIVE), {.measure = MEASURE_REACHED, .source = SOURCE_OPD, .month = 1}},
     12,
     "realisasi-kosong",
     SOURCE_DPA,
     NULL},
    {"nothing yet", {T("10", SOURCE_DPA, 0, 1), R("3", 6, BASIS_CUMULATIVE)}, 5, "realisasi-kosong", SOURCE_DPA, NULL},
    {"text beside a number is unreported",
     {T("10", SOURCE_DPA, 0, 1),
      R("3", 1, BASIS_CUMULATIVE),
      {.measure = MEASURE_REACHED, .source = SOURCE_OPD, .month = 2, .words = "recofusing"}},
     12,
     "30.00",
     SOURCE_DPA,
     NULL},
    {"lower is better",
     {T("10", SOURCE_DPA, 0, 1), W(MEASURE_FORMULA, 0, "MIN"), R("12", 6, BASIS_CUMULATIVE)},
     12,
     "80.00",
     SOURCE_DPA,
     NULL},
    {"from a baseline",
     {T("2", SOURCE_DPA, 0, 1),
      W(MEASURE_FORMULA, 0, "DELTA"),
      {.measure = MEASURE_BASELINE, .number = "-1"},
      R("1", 6, BASIS_CUMULATIVE)},
     12,
     "66.67",
     SOURCE_DPA,
     NULL},
};

static void judging(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof JUDGE / sizeof *JUDGE; i++) {
        const struct judge_case *c = &JUDGE[i];
        struct unit u;
        struct indicators v = {0};
        struct indicator_state st;
        fill(&u, 2023, c->given, 8);
        assert_int_equal(indicator_view(&u, &v), ST_OK);
        assert_int_equal(v.count, 1);
        indicator_judge(&u, &v.item[0], c->until, NULL, &st);
        if (strcmp(percent(&st.result), c->share)) fail_msg("%s: %s, not %s", c->name, percent(&st.result), c->share);
        assert_int_equal(st.target ? st.target->source : 0, c->source);
        assert_int_equal(st.first != NULL, c->first != NULL);
        if (c->first) assert_string_equal(percent(&st.first_result), c->first);
        indicator_done(&v);
        unit_done(&u);
    }
}

/* ---- claims ---- */

#define P(n, d, m)                                                                                                                 \
    {                                                                                                                              \
        .measure = MEASURE_PRINTED_ACHIEVEMENT, .source = SOURCE_DPA, .month = m, .number = n, .decimals = d                       \
    }
#define K(s, m)                                                                                                                    \
    {                                                                                                                              \
        .measure = MEASURE_PRINTED_RATING, .source = SOURCE_DPA, .month = m, .words = s                                            \
    }
struct claim_case {
    const char *name;
    struct given now[8], before[4];
    unsigned until;
    const char *want;
};
static const struct claim_case CLAIMS[] = {
    /* want: code and month of each claim, "u" and the case for units */
    {"right, rounded", {T("3", SOURCE_DPA, 0, 1), R("2", 6, 1), P("66.67", 2, 6)}, {{0}}, 12, ""},
    {"right, cut off", {T("3", SOURCE_DPA, 0, 1), R("2", 6, 1), P("66.6", 1, 6)}, {{0}}, 12, ""},
    {"wrong", {T("3", SOURCE_DPA, 0, 1), R("2", 6, 1), P("100", 0, 6)}, {{0}}, 12, "69/6 "},
    {"not yet", {T("3", SOURCE_DPA, 0, 1), R("2", 6, 1), P("100", 0, 6)}, {{0}}, 5, ""},
    {"of its own month", {T("4", SOURCE_DPA, 0, 1), R("2", 6, 1), R("4", 9, 1), P("50", 0, 6), P("50", 0, 9)}, {{0}}, 12, "69/9 "},
    {"without a result", {T("4", SOURCE_DPA, 0, 1), P("100", 0, 6)}, {{0}}, 12, "69/6 "},
    {"without a target", {R("4", 1, 1), P("100", 0, 6)}, {{0}}, 12, "69/6 "},
    {"target zero", {T("0", SOURCE_DPA, 0, 1), R("4", 1, 1), P("100", 0, 6)}, {{0}}, 12, "69/6 "},
    {"a text proves nothing",
     {{.measure = MEASURE_TARGET, .source = SOURCE_DPA, .words = "Paving"}, R("4", 1, 1), P("100", 0, 6)},
     {{0}},
     12,
     ""},
    {"units are named once",
     {T("2", SOURCE_DPA, 0, 1), W(MEASURE_TARGET_UNIT, SOURCE_DPA, "kegiatan"), W(MEASURE_REACHED_UNIT, SOURCE_OPD, "%"),
      R("100", 6, 1), P("100", 0, 6), K("tinggi", 6)},
     {{0}},
     12,
     "71/12u0 "},
    {"a right rating", {T("10", SOURCE_DPA, 0, 1), R("8", 6, 1), K("Tinggi", 6)}, {{0}}, 12, ""},
    {"a wrong rating", {T("10", SOURCE_DPA, 0, 1), R("8", 6, 1), K("sedang", 6)}, {{0}}, 12, "70/6 "},
    {"a rating of nothing", {T("10", SOURCE_DPA, 0, 1), K("sedang", 6)}, {{0}}, 12, "70/6 "},
    {"the scale of its words", {T("10", SOURCE_DPA, 0, 1), R("8", 6, 1), K("cukup", 6)}, {{0}}, 12, ""},
    {"wrong by that scale", {T("10", SOURCE_DPA, 0, 1), R("8", 6, 1), K("kurang", 6)}, {{0}}, 12, "70/6 "},
    {"a word of no scale", {T("10", SOURCE_DPA, 0, 1), R("8", 6, 1), K("lumayan", 6)}, {{0}}, 12, ""},
    {"the same indicator in another unit",
     {W(MEASURE_TARGET_UNIT, SOURCE_DPA, "Dokumen"),
      {.measure = MEASURE_TARGET_UNIT, .source = SOURCE_DPA, .words = "Laporan", .code = "1.06.02"}},
     {{0}},
     12,
     "71/12u1 "},
    {"another indicator in another unit",
     {W(MEASURE_TARGET_UNIT, SOURCE_DPA, "Dokumen"),
      {.measure = MEASURE_TARGET_UNIT, .source = SOURCE_DPA, .words = "Laporan", .code = "1.06.02", .id = 2}},
     {{0}},
     12,
     ""},
    {"another unit than last year",
     {W(MEASURE_TARGET_UNIT, SOURCE_DPA, "pot")},
     {W(MEASURE_TARGET_UNIT, SOURCE_DPA, "bulan")},
     12,
     "71/12u2 "},
    {"the same unit as last year",
     {W(MEASURE_TARGET_UNIT, SOURCE_DPA, "Orang")},
     {W(MEASURE_TARGET_UNIT, SOURCE_DPA, "org")},
     12,
     ""},
};

static int note_claim(void *ctx, const struct indicator_claim *c)
{
    char *s = ctx;
    size_t n = strlen(s);
    bool unit = c->code == CODE_UNIT;
    snprintf(s + n, 200 - n, "%u/%u%s%s", c->code, c->month, unit ? "u" : "",
             !unit                                    ? " "
             : c->unit_case == INDICATOR_UNIT_REACHED ? "0 "
             : c->unit_case == INDICATOR_UNIT_CODE    ? "1 "
                                                      : "2 ");
    return ST_OK;
}

static void claims(void **state)
{
    (void)state;
    const struct achieve_scale *known[] = {&achieve_scale_default, &achieve_scale_second};
    for (size_t i = 0; i < sizeof CLAIMS / sizeof *CLAIMS; i++) {
        const struct claim_case *c = &CLAIMS[i];
        struct unit u, before;
        struct indicators v = {0}, old = {0};
        struct indicator_scale scale;
        char got[200] = "";
        fill(&u, 2023, c->now, 8);
        fill(&before, 2022, c->before, 4);
        assert_int_equal(indicator_view(&u, &v), ST_OK);
        assert_int_equal(indicator_view(&before, &old), ST_OK);
        indicator_scale_pick(&u, &v, NULL, known, 2, &scale);
        const struct indicator_office o = {&u, &before, &v, &old};
        assert_int_equal(indicator_claims(&o, &scale, c->until, note_claim, got), ST_OK);
        if (strcmp(got, c->want)) fail_msg("%s: \"%s\", not \"%s\"", c->name, got, c->want);
        indicator_done(&v);
        indicator_done(&old);
        unit_done(&u);
        unit_done(&before);
    }
}

/* ---- scales of the registry ---- */

#define HEAD "skala,subjek,batas_bawah,kriteria,wilayah,kantor,tahun\n"
static void scale_lists(void **state)
{
    (void)state;
    struct scales *s = NULL;
    char err[256];
    const char *csv = HEAD "dua,nilai,>100,lebih,,,\ndua,,50,cukup,,,\ndua,,,kurang,,,\nberhasil,,,,,dinsos-3374,\n"
                           "dua,,,,33.74,,2022\nbawaan,,,,33,,\n";
    region_code city, province, other;
    assert_int_equal(scales_parse(txt(csv), &s, err, sizeof err), ST_OK);
    assert_int_equal(code_region_parse(txt("33.74"), &city), ST_OK);
    assert_int_equal(code_region_parse(txt("33"), &province), ST_OK);
    assert_int_equal(code_region_parse(txt("18.72"), &other), ST_OK);
    const struct {
        region_code region;
        const char *office;
        int year;
        const char *want;
    } cases[] = {{city, "a", 2022, "dua"},
                 {city, "a", 2021, "bawaan"},
                 {city, "dinsos-3374", 2022, "berhasil"},
                 {province, "a", 2022, "bawaan"},
                 {other, "a", 2022, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct achieve_scale *got = scales_for(s, cases[i].region, cases[i].office, cases[i].year, 999999);
        assert_string_equal(got ? got->name : "", cases[i].want);
    }
    const struct achieve_scale *two = scales_for(s, city, "a", 2022, 999999), *known[SCALES_MAX + 2];
    assert_true(two->of_value && two->count == 3 && two->band[0].open);
    assert_string_equal(achieve_rate(two, (struct ratio){1, 1})->word, "cukup");
    assert_int_equal(scales_known(s, 999999, known), 3);
    assert_int_equal(scales_known(NULL, 999999, known), 2);
    assert_null(scales_for(NULL, city, "a", 2022, 999999));
    scales_free(&s);
    static const struct {
        const char *csv, *fault;
    } faults[] = {{"a,b\n", "skala.csv:1:"},
                  {HEAD "x,,5,a,,,\nx,,9,b,,,\n", "skala.csv:3:"},
                  {HEAD "y,,,,33,,\n", "skala.csv:2:"},
                  {HEAD "x,ya,5,a,,,\n", "skala.csv:2:"},
                  {HEAD "x,,lima,a,,,\n", "skala.csv:2:"},
                  {HEAD "bawaan,,5,a,,,\n", "skala.csv:2:"},
                  {HEAD "bawaan,,,,9x,,\n", "skala.csv:2:"},
                  {HEAD "bawaan,,,,,,20x\n", "skala.csv:2:"}};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        assert_int_equal(scales_parse(txt(faults[i].csv), &s, err, sizeof err), ST_INVALID);
        if (strncmp(err, faults[i].fault, strlen(faults[i].fault))) fail_msg("%s: %s", faults[i].csv, err);
    }
}

/* ---- versions of scales: a new one changes nothing that was rated before its month ---- */

static const char *rated_by(const struct scales *s, unsigned at)
{
    static char text[128];
    const struct achieve_scale *known[SCALES_MAX + 2];
    size_t n = scales_known(s, at, known);
    snprintf(text, sizeof text, "%zu %s@%u %s", n, known[0]->name, known[0]->from,
             achieve_rate(known[0], (struct ratio){80, 100})->word);
    return text;
}

static void scale_versions(void **state)
{
    (void)state;
    struct scales *file = NULL, *s = NULL;
    char err[256];
    const char *csv = "skala,subjek,batas_bawah,kriteria,wilayah,kantor,tahun,berlaku\nbawaan,,90,baik,,,,2023-04\n"
                      "bawaan,,,kurang,,,,2023-04\n"
                      "x,,50,a,,,,\nx,,,b,,,,\nx,,60,c,,,,2024-01\nx,,,d,,,,2024-01\nx,,,,33.74,,,2023-06\n";
    region_code city;
    assert_int_equal(code_region_parse(txt("33.74"), &city), ST_OK);
    assert_int_equal(scales_parse(txt(csv), &file, err, sizeof err), ST_OK);
    assert_string_equal(rated_by(file, 202303), "3 bawaan@0 tinggi");
    assert_string_equal(rated_by(file, 202304), "3 bawaan@202304 kurang");
    assert_null(scales_for(file, city, "a", 2023, 202305));
    assert_string_equal(scales_for(file, city, "a", 2023, 202306)->band[0].word, "a");
    assert_string_equal(scales_for(file, city, "a", 2024, 202401)->band[0].word, "c");
    /* what the centre states lies over a copy; a scale without all its bands is none */
    assert_int_equal(scales_copy(file, &s), ST_OK);
    scales_state(s, MEASURE_RULE_SCALE, txt("2023-04 bawaan"), txt("capaian 2"));
    scales_state(s, MEASURE_RULE_BAND, txt("2023-04 bawaan #2"), txt("- biasa"));
    assert_string_equal(rated_by(s, 202304), "3 bawaan@0 tinggi");
    scales_state(s, MEASURE_RULE_BAND, txt("2023-04 bawaan #3"), txt("- lebih"));
    scales_state(s, MEASURE_RULE_BAND, txt("2023-04 bawaan #1"), txt(">80 luar biasa"));
    assert_string_equal(rated_by(s, 202304), "3 bawaan@202304 biasa");
    assert_string_equal(rated_by(file, 202304), "3 bawaan@202304 kurang");
    scales_state(s, MEASURE_RULE_SCALE_FOR, txt("2023-01 33 - -"), txt("berhasil"));
    assert_string_equal(scales_for(s, city, "a", 2023, 202305)->name, "berhasil");
    assert_string_equal(scales_for(s, city, "a", 2023, 202306)->name, "x");
    scales_state(s, MEASURE_RULE_SCALE, txt("2023-01 mutu"), txt("predikat 1"));
    scales_state(s, MEASURE_RULE_BAND, txt("2023-01 mutu #1"), txt("4 Baik"));
    assert_null(scales_words(s, 202212));
    assert_string_equal(scales_words(s, 202301)->band[0].word, "Baik");
    /* bytes that are no rule are passed over */
    scales_state(s, MEASURE_RULE_SCALE, txt("x"), txt("capaian 2"));
    scales_state(s, MEASURE_RULE_BAND, txt("2023-04 bawaan #"), txt(""));
    scales_state(s, MEASURE_RULE_SCALE_FOR, txt("2023-04"), txt("bawaan"));
    scales_free(&file);
    scales_free(&s);
}

/* ---- units and thresholds of the registry ---- */

static void unit_lists(void **state)
{
    (void)state;
    struct units *u = NULL;
    char err[256];
    struct ratio r;
    assert_int_equal(units_parse(txt("satuan,sinonim,menghitung,dasar,faktor\norang,jiwa; dewasa,ya,,\n"
                                     "ton,t,,kg,1000\nkuintal,,,kg,100\n"), &u, err,
                                 sizeof err), ST_OK);
    assert_true(units_same(u, txt("Jiwa"), txt("org")));
    assert_int_equal(units_counts(u, txt("dewasa")), 1);
    assert_int_equal(units_counts(u, txt("kg")), -1);
    assert_int_equal(units_counts(NULL, txt("orang")), -1);
    units_state(u, MEASURE_RULE_UNIT_COUNTS, txt("orang"), txt("tidak"));
    assert_int_equal(units_counts(u, txt("jiwa")), 0);
    assert_string_equal(units_near(u, txt("dewassa")), "dewasa");
    assert_null(units_near(u, txt("kuintal")));
    assert_string_equal(units_near(NULL, txt("oramg")), "orang");
    assert_false(units_same(NULL, txt("jiwa"), txt("orang")));
    assert_false(units_same(u, txt("jiwa"), txt("kg")));
    assert_true(units_convert(u, txt("t"), txt("kuintal"), &r) && r.num == 10 && r.den == 1);
    assert_true(units_convert(u, txt("kg"), txt("ton"), &r) && r.num == 1 && r.den == 1000);
    assert_false(units_convert(u, txt("ton"), txt("orang"), &r));
    units_state(u, MEASURE_RULE_UNIT_BASE, txt("ton"), txt("2000 kg"));
    assert_true(units_convert(u, txt("ton"), txt("kg"), &r) && r.num == 2000);
    units_state(u, MEASURE_RULE_UNIT_BASE, txt("kg"), txt("nol ton"));
    assert_true(units_convert(u, txt("ton"), txt("kg"), &r) && r.num == 2000);
    units_free(&u);
    assert_int_equal(units_parse(txt("satuan,sinonim,menghitung,dasar,faktor\nton,,,kg,\n"), &u, err, sizeof err), ST_INVALID);
    assert_string_equal(err, "satuan.csv:2: dasar and faktor go together");
    assert_int_equal(units_parse(txt("satuan,sinonim,menghitung,dasar,faktor\nton,,mungkin,,\n"), &u, err, sizeof err), ST_INVALID);
    assert_string_equal(err, "satuan.csv:2: menghitung is neither ya nor tidak");
}

static void threshold_lists(void **state)
{
    (void)state;
    struct thresholds *t = NULL;
    char err[256], text[80];
    region_code city, other;
    assert_int_equal(code_region_parse(txt("33.74"), &city), ST_OK);
    assert_int_equal(code_region_parse(txt("18.72"), &other), ST_OK);
    assert_int_equal(thresholds_parse(txt("aturan,nilai,wilayah,kantor,berlaku\n"
                                          "lonjakan-kali,20,33,,2023-01\nbatas-capaian,tanpa,,a,\n"), &t, err,
                                      sizeof err), ST_OK);
    thresholds_state(t, txt("2024-01 lonjakan-kali 33.74 -"), txt("30"));
    thresholds_state(t, txt("2024-01 lonjakan-kali 33.74 -"), txt("satu"));
    const struct {
        enum setting s;
        region_code region;
        unsigned at;
        const char *want;
    } cases[] = {{SETTING_JUMP, city, 202212, "lonjakan-kali=10@bawaan"},
                 {SETTING_JUMP, city, 202301, "lonjakan-kali=20@2023-01"},
                 {SETTING_JUMP, city, 202401, "lonjakan-kali=30@2024-01"},
                 {SETTING_JUMP, other, 202401, "lonjakan-kali=10@bawaan"},
                 {SETTING_CAP, city, 202401, "batas-capaian=tanpa@awal"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct threshold got = thresholds_get(t, cases[i].s, cases[i].region, "a", cases[i].at);
        thresholds_text(&got, text);
        assert_string_equal(text, cases[i].want);
    }
    assert_int_equal(thresholds_get(t, SETTING_CAP, city, "b", 202401).value, 120);
    assert_int_equal(thresholds_get(NULL, SETTING_BRIDGED_SHARE, city, "b", 202401).value, 95);
    thresholds_free(&t);
    assert_int_equal(thresholds_parse(txt("aturan,nilai,wilayah,kantor,berlaku\n"
                                          "lonjakan-kali,1,,,\n"), &t, err, sizeof err), ST_INVALID);
    assert_string_equal(err, "aturan.csv:2: value out of range");
}

/* Indicator before office before region; where the office speaks itself only a rule that names the indicator goes before it. */
static void rules_of_one_indicator(void **state)
{
    (void)state;
    struct thresholds *t = NULL, *copy = NULL;
    char err[256], text[80];
    region_code city;
    assert_int_equal(code_region_parse(txt("33.74"), &city), ST_OK);
    assert_int_equal(thresholds_parse(txt("aturan,nilai,wilayah,kantor,berlaku,indikator\n"
                                          "formula,MIN,33.74,,,\nformula,STABLE,,a,,\nformula,MIN_RATIO,,,2023-01, Waktu  Tunggu.\n"
                                          "pembulatan,genap/1/dulu,,,,K1\nagregasi,menurut-satuan,,,,k1\n"), &t, err, sizeof err),
                     ST_OK);
    assert_int_equal(thresholds_copy(t, &copy), ST_OK);
    assert_int_equal(thresholds_state(copy, txt("2023-02 formula - - waktu tunggu"), txt("DELTA")), ST_OK);
    assert_int_equal(thresholds_state(copy, txt("2023-02 lonjakan-kali - - waktu tunggu"), txt("20")), ST_OK);
    const struct {
        const struct thresholds *t;
        enum setting s;
        const char *office, *indicator, *alias;
        unsigned at;
        const char *want;
        bool named;
    } cases[] = {{t, SETTING_FORMULA, "b", NULL, NULL, 202312, "formula=MIN@awal", false},
                 {t, SETTING_FORMULA, "a", "lain", "", 202312, "formula=STABLE@awal", false},
                 {t, SETTING_FORMULA, "a", "waktu tunggu", "", 202212, "formula=STABLE@awal", false},
                 {t, SETTING_FORMULA, "a", "waktu tunggu", "", 202312, "formula=MIN_RATIO@2023-01", true},
                 {t, SETTING_FORMULA, "a", "lama menunggu", "waktu tunggu", 202312, "formula=MIN_RATIO@2023-01", true},
                 {copy, SETTING_FORMULA, "a", "waktu tunggu", "", 202312, "formula=DELTA@2023-02", true},
                 {copy, SETTING_JUMP, "a", "waktu tunggu", "", 202312, "lonjakan-kali=10@bawaan", false},
                 {t, SETTING_ROUNDING, "b", "k1", "", 202312, "pembulatan=genap/1/dulu@awal", true},
                 {t, SETTING_OVER_TIME, "b", "k1", "", 202312, "agregasi=menurut-satuan@awal", true},
                 {t, SETTING_OVER_TIME, "b", "k2", "", 202312, "agregasi=menurut-satuan@bawaan", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct threshold_of of = {city, cases[i].office, cases[i].indicator, cases[i].alias};
        struct threshold got = thresholds_of(cases[i].t, cases[i].s, &of, cases[i].at);
        thresholds_text(&got, text);
        assert_string_equal(text, cases[i].want);
        assert_int_equal(got.named, cases[i].named);
    }
    thresholds_free(&t);
    thresholds_free(&copy);
    assert_int_equal(thresholds_parse(txt("aturan,nilai,wilayah,kantor,berlaku,indikator\nlonjakan-kali,20,,,,K1\n"), &t, err,
                                      sizeof err), ST_INVALID);
    assert_string_equal(err, "aturan.csv:2: this setting is not of one indicator");
    enum indicator_by by;
    const struct indicator_rule many = {.t = {.set = true, .value = ACHIEVE_MIN}}, none = {.defined = false},
                                one = {.t = {.set = true, .named = true, .value = ACHIEVE_DELTA}, .defined = true};
    assert_true(indicator_choose(&none, 0, ACHIEVE_MAX, &by) == ACHIEVE_MAX && by == INDICATOR_BY_DEFAULT);
    assert_true(indicator_choose(&many, 0, ACHIEVE_MAX, &by) == ACHIEVE_MIN && by == INDICATOR_BY_RULE);
    assert_true(indicator_choose(&many, ACHIEVE_TEXT, ACHIEVE_MAX, &by) == ACHIEVE_TEXT && by == INDICATOR_BY_OFFICE);
    assert_true(indicator_choose(&one, ACHIEVE_TEXT, ACHIEVE_MAX, &by) == ACHIEVE_DELTA && by == INDICATOR_BY_DEFINITION);
}

/* What is refused is refused with what was probably meant. */
static void settings_near(void **state)
{
    (void)state;
    const struct { const char *seen, *near; } NAMES[] = {{"pembulatn", "pembulatan"}, {"Formulla", "formula"}, {"zzzz", NULL}};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        const char *near = setting_nearest(txt(NAMES[i].seen));
        assert_true(NAMES[i].near ? near && strcmp(near, NAMES[i].near) == 0 : !near);
    }
    assert_string_equal(setting_nearest_value(SETTING_FORMULA, txt("min_rasio")), "MIN_RATIO");
    assert_string_equal(setting_nearest_value(SETTING_OVER_TIME, txt("akumulasi")), "AKUMULATIF");
    assert_string_equal(setting_nearest_value(SETTING_ROUNDING, txt("setenga/2")), "setengah/2");
    assert_null(setting_nearest_value(SETTING_JUMP, txt("1")));
    assert_string_equal(setting_fault(txt("formula"), txt("MAKSI"), LANG_EN),
                        "MAX, MIN, MIN_RATIO, RANGE, RANGE_MIN, STABLE, SCALE, TEXT or DELTA");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(judging),       cmocka_unit_test(claims),
                                        cmocka_unit_test(scale_lists),   cmocka_unit_test(scale_versions),
                                        cmocka_unit_test(unit_lists),    cmocka_unit_test(rules_of_one_indicator),
                                        cmocka_unit_test(settings_near), cmocka_unit_test(threshold_lists) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
