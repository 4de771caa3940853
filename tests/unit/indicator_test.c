/* indicator_test.c - an office-year of indicators: which target counts, what was reached, what is wrong, and which scale rates it.
 *
 * A case is a list of figures put into a unit as the fold puts them, and what must come out of it at a cut-off. */
#include "aggregator/indicator_claim.h"
#include "aggregator/scales.h"

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
        const struct achieve_scale *got = scales_for(s, cases[i].region, cases[i].office, cases[i].year);
        assert_string_equal(got ? got->name : "", cases[i].want);
    }
    const struct achieve_scale *two = scales_for(s, city, "a", 2022), *known[SCALES_MAX + 2];
    assert_true(two->of_value && two->count == 3 && two->band[0].open);
    assert_string_equal(achieve_rate(two, (struct ratio){1, 1})->word, "cukup");
    assert_int_equal(scales_known(s, known), 3);
    assert_int_equal(scales_known(NULL, known), 2);
    assert_null(scales_for(NULL, city, "a", 2022));
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(judging), cmocka_unit_test(claims), cmocka_unit_test(scale_lists)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
