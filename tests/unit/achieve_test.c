/* achieve_test.c - the vectors of the domain's rules for indicators. The edges of exact ratios: achieve_edge_test.c. */
#include "proto/achieve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/decimal.h"
#include "proto/status.h"

static struct slice txt(const char *s) { return slice_of(s, s ? strlen(s) : 0); }

/* "13.2" -> 66/5; "" = absent; other words = words */
static struct achieve_value value(const char *s)
{
    struct decimal_reading d;
    struct achieve_value v = {.kind = ACHIEVE_ABSENT};
    if (!s || !*s) return v;
    if (decimal_quantity(txt(s), txt("%"), false, &d) == ST_OK && d.kind == DEC_NUMBER) {
        v.kind = ACHIEVE_NUMBER;
        assert_true(achieve_ratio(d.value, 1000000, &v.number));
    } else {
        v.kind = ACHIEVE_WORDS;
        v.words = txt(s);
    }
    return v;
}

static const char *percent(struct ratio r, unsigned decimals)
{
    static char text[32];
    assert_true(decimal_percent_text(r.num, r.den, decimals, text) > 0);
    return text;
}

/* ---- formulas ---- */

struct formula_case {
    const char *formula, *target, *reached, *baseline, *share, *raw;
};
static const struct formula_case FORMULAS[] = {
    /* share: percent with four decimals, or the reason; raw where it differs */
    {"MAX", "10", "5", "", "50.0000", NULL},
    {"MIN", "10", "5", "", "150.0000", NULL},
    {"MIN_RATIO", "10", "5", "", "200.0000", NULL},
    {"MAX", "10", "12", "", "120.0000", NULL},
    {"MIN", "10", "12", "", "80.0000", NULL},
    {"MIN_RATIO", "10", "12", "", "83.3333", NULL},
    {"MAX", "10", "15", "", "150.0000", NULL},
    {"MIN", "10", "15", "", "50.0000", NULL},
    {"MIN_RATIO", "10", "15", "", "66.6667", NULL},
    {"MAX", "10", "25", "", "250.0000", NULL},
    {"MIN", "10", "25", "", "0.0000", "-50.0000"},
    {"MIN_RATIO", "10", "25", "", "40.0000", NULL},
    {"MAX", "10", "0", "", "0.0000", NULL},
    {"MIN", "10", "0", "", "200.0000", NULL},
    {"MIN_RATIO", "10", "0", "", "tak-terdefinisi", NULL},
    {"MAX", "14", "13.2", "", "94.2857", NULL},
    {"MIN", "14", "13.2", "", "105.7143", NULL},
    {"MIN_RATIO", "14", "13.2", "", "106.0606", NULL},
    {"RANGE", "80-90", "92", "", "102.2222", NULL},
    {"RANGE", "80-90", "70", "", "87.5000", NULL},
    {"RANGE", "80-90", "80", "", "100.0000", NULL},
    {"RANGE", "80 s.d. 90 %", "90", "", "100.0000", NULL},
    {"RANGE_MIN", "80-90", "99", "", "90.0000", NULL},
    {"RANGE_MIN", "80-90", "200", "", "0.0000", "-22.2222"},
    {"RANGE", "0-90", "-1", "", "target-nol", NULL},
    {"RANGE", "80", "80", "", "target-teks", NULL},
    {"RANGE", "90-80", "80", "", "target-teks", NULL},
    {"STABLE", "10", "8", "", "80.0000", NULL},
    {"STABLE", "10", "12", "", "80.0000", NULL},
    {"STABLE", "10", "25", "", "0.0000", "-50.0000"},
    {"STABLE", "0", "1", "", "target-nol", NULL},
    {"SCALE", "WTP", "wdp", "", "75.0000", NULL},
    {"SCALE", "Wajar Tanpa  Pengecualian.", "WTP", "", "100.0000", NULL},
    {"SCALE", "4", "3", "", "75.0000", NULL},
    {"SCALE", "WTP", "bagus", "", "realisasi-teks", NULL},
    {"SCALE", "bagus", "WTP", "", "target-teks", NULL},
    {"TEXT", "Paving Block", "paving  block", "", "100.0000", NULL},
    {"TEXT", "Paving Block", "Aspal", "", "0.0000", NULL},
    {"TEXT", "5", "5.0", "", "100.0000", NULL},
    {"TEXT", "5", "lima", "", "0.0000", NULL},
    {"TEXT", "Paving Block", "", "", "realisasi-kosong", NULL},
    {"DELTA", "-2", "-3", "-4", "50.0000", NULL},
    {"DELTA", "2", "1", "-1", "66.6667", NULL},
    {"DELTA", "0", "5", "10", "50.0000", NULL},
    {"DELTA", "10", "5", "", "awal-kosong", NULL},
    {"DELTA", "10", "5", "10", "tak-terdefinisi", NULL},
    {"DELTA", "10", "3", "5", "-40.0000", NULL},
    {"MAX", "0", "0", "", "target-nol", NULL},
    {"MAX", "0", "7", "", "target-nol", NULL},
    {"MIN", "0", "0", "", "100.0000", NULL},
    {"MIN", "0", "3", "", "0.0000", NULL},
    {"MIN_RATIO", "0", "3", "", "0.0000", NULL},
    {"MIN_RATIO", "0", "0", "", "tak-terdefinisi", NULL},
    {"MAX", "-5", "3", "", "target-negatif", NULL},
    {"MAX", "", "5", "", "target-kosong", NULL},
    {"MAX", "recofusing", "5", "", "target-teks", NULL},
    {"MAX", "5", "", "", "realisasi-kosong", NULL},
    {"MAX", "5", "recofusing", "", "realisasi-teks", NULL},
    {"MAX", "", "", "", "target-kosong", NULL},
    {"MAX", "80", "60", "", "75.0000", NULL},
    {"MAX", "88.4", "88.32", "", "99.9095", NULL},
    {"MAX", "6", "4", "", "66.6667", NULL},
    {"MAX", "14", "14", "", "100.0000", NULL},
    {"MIN", "", "5", "", "target-kosong", NULL},
    {"MIN", "recofusing", "5", "", "target-teks", NULL},
    {"MIN", "10", "", "", "realisasi-kosong", NULL},
    {"MIN", "0", "", "", "realisasi-kosong", NULL},
    {"MIN_RATIO", "", "5", "", "target-kosong", NULL},
    {"MIN_RATIO", "10", "", "", "realisasi-kosong", NULL},
    {"RANGE", "80-90", "85", "", "100.0000", NULL},
    {"RANGE", "80-90", "", "", "realisasi-kosong", NULL},
    {"RANGE", "", "85", "", "target-kosong", NULL},
    {"RANGE_MIN", "80-90", "70", "", "112.5000", NULL},
    {"STABLE", "10", "10", "", "100.0000", NULL},
    {"STABLE", "10", "0", "", "0.0000", NULL},
    {"STABLE", "10", "", "", "realisasi-kosong", NULL},
    {"SCALE", "WTP", "", "", "realisasi-kosong", NULL},
    {"TEXT", "", "Aspal", "", "target-kosong", NULL},
    {"DELTA", "10", "", "5", "realisasi-kosong", NULL},
    {"DELTA", "", "3", "5", "target-kosong", NULL},
};

static void formulas(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof FORMULAS / sizeof *FORMULAS; i++) {
        const struct formula_case *c = &FORMULAS[i];
        struct achieve_input in = {.target = value(c->target), .reached = value(c->reached), .baseline = value(c->baseline)};
        struct achieve_result r;
        uint8_t f;
        assert_int_equal(achieve_formula_parse(txt(c->formula), &f), ST_OK);
        assert_string_equal(achieve_formula_name(f), c->formula);
        in.formula = (enum achieve_formula)f;
        if (*c->target && (f == ACHIEVE_RANGE || f == ACHIEVE_RANGE_MIN))
            in.target = (struct achieve_value){.kind = ACHIEVE_WORDS, .words = txt(c->target)};
        achieve_compute(&in, &r);
        const char *got = r.state == ACHIEVE_OK ? percent(r.share, 4) : achieve_state_name(r.state);
        if (strcmp(got, c->share)) fail_msg("%s T=%s R=%s: %s, not %s", c->formula, c->target, c->reached, got, c->share);
        if (r.state == ACHIEVE_OK) assert_string_equal(percent(r.raw, 4), c->raw ? c->raw : c->share);
    }
}

static void units_that_differ(void **state)
{
    (void)state;
    struct achieve_input in = {.formula = ACHIEVE_MAX, .target = value("5"), .reached = value("5"), .units_differ = true};
    struct achieve_result r;
    achieve_compute(&in, &r);
    assert_string_equal(achieve_state_name(r.state), "satuan-berbeda");
    in.reached = value("");
    achieve_compute(&in, &r);
    assert_string_equal(achieve_state_name(r.state), "realisasi-kosong");
}

static void names(void **state)
{
    (void)state;
    uint8_t f;
    int64_t lo, hi;
    assert_int_equal(achieve_formula_parse(txt(" min-ratio "), &f), ST_OK);
    assert_int_equal(f, ACHIEVE_MIN_RATIO);
    assert_int_equal(achieve_formula_parse(txt("naik"), &f), ST_INVALID);
    assert_int_equal(achieve_formula_parse(txt(""), &f), ST_INVALID);
    assert_int_equal(achieve_time_parse(txt("rata"), &f), ST_OK);
    assert_string_equal(achieve_time_name(f), "RATA");
    assert_int_equal(achieve_units_parse(txt("rata-tertimbang"), &f), ST_OK);
    assert_string_equal(achieve_units_name(f), "RATA_TERTIMBANG");
    assert_int_equal(achieve_range_parse(txt("80,5 - 90"), &lo, &hi), ST_OK);
    assert_true(lo == 80500000 && hi == 90000000);
    assert_int_equal(achieve_range_parse(txt("80-90-95"), &lo, &hi), ST_INVALID);
    assert_int_equal(achieve_range_parse(txt("80"), &lo, &hi), ST_INVALID);
    assert_string_equal(achieve_formula_name(99), "");
    assert_string_equal(achieve_state_name(99), "");
}

static void units(void **state)
{
    (void)state;
    static const char *const SAME[][2] =
        {{"Orang", "org"}, {"PSM", "psm"},       {"%", "Persen"},  {"16 Oorang", "16 orang"}, {"Surat  Kabar", "surat kabar"},
         {"", " "},        {"(Dokumen)", "dok"}, {"Unit.", "unit"}},
                             *const DIFFER[][2] = {{"Lansia Miskin", "lansia"},
                                                   {"Org terlanar", "org trerlanar"},
                                                   {"kegiatan", "%"},
                                                   {"orang", ""},
                                                   {"STNK", "unit"}};
    for (size_t i = 0; i < sizeof SAME / sizeof *SAME; i++)
        if (!decimal_unit_same(txt(SAME[i][0]), txt(SAME[i][1]))) fail_msg("%s / %s", SAME[i][0], SAME[i][1]);
    for (size_t i = 0; i < sizeof DIFFER / sizeof *DIFFER; i++)
        if (decimal_unit_same(txt(DIFFER[i][0]), txt(DIFFER[i][1]))) fail_msg("%s / %s", DIFFER[i][0], DIFFER[i][1]);
}

/* ---- bands ---- */

struct band_case {
    i128 num, den;
    const char *first, *second;
};
static const struct band_case BANDS[] = {
    /* the printed table has gaps at 90-91, 75-76, 65-66, 50-51: half-open bands have none */
    {91, 100, "sangat tinggi", "berhasil"},
    {909999, 1000000, "tinggi", "berhasil"},
    {76, 100, "tinggi", "cukup"},
    {7599999999999, 10000000000000, "sedang", "cukup"},
    {66, 100, "sedang", "cukup"},
    {659, 1000, "rendah", "cukup"},
    {51, 100, "rendah", "kurang"},
    {509, 1000, "sangat rendah", "kurang"},
    {0, 1, "sangat rendah", "kurang"},
    {-1, 1, "sangat rendah", "kurang"},
    {55, 100, "rendah", "cukup"},
    {5499, 10000, "rendah", "kurang"},
    {85, 100, "tinggi", "berhasil"},
    {84999, 100000, "tinggi", "cukup"},
    {1, 1, "sangat tinggi", "berhasil"},
    {1000001, 1000000, "sangat tinggi", "sangat berhasil"},
    {5, 1, "sangat tinggi", "sangat berhasil"},
};

static void bands(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof BANDS / sizeof *BANDS; i++) {
        struct ratio share = {BANDS[i].num, BANDS[i].den};
        assert_string_equal(achieve_rate(&achieve_scale_default, share)->word, BANDS[i].first);
        assert_string_equal(achieve_rate(&achieve_scale_second, share)->word, BANDS[i].second);
    }
    assert_non_null(achieve_scale_find(&achieve_scale_default, txt("Sangat Tinggi")));
    assert_null(achieve_scale_find(&achieve_scale_default, txt("berhasil")));
}

/* ---- over time and units ---- */

static void over_time(void **state)
{
    (void)state;
    struct achieve_point month[12] = {[2] = {true, false, 10000000}, [3] = {true, true, 5000000}, [8] = {true, false, 12000000}};
    const struct {
        enum achieve_over_time over;
        unsigned until;
        const char *want;
    } cases[] = {{ACHIEVE_AKUMULATIF, 3, "1000.00"}, {ACHIEVE_AKUMULATIF, 6, "1500.00"}, {ACHIEVE_AKUMULATIF, 12, "1200.00"},
                 {ACHIEVE_AKHIR, 6, "500.00"},       {ACHIEVE_AKHIR, 12, "1200.00"},     {ACHIEVE_RATA, 12, "900.00"},
                 {ACHIEVE_MAKS, 12, "1200.00"},      {ACHIEVE_MINIM, 12, "500.00"},      {ACHIEVE_RATA, 6, "750.00"}};
    struct ratio r;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(achieve_through(cases[i].over, month, cases[i].until, &r), ST_OK);
        assert_string_equal(percent(r, 2), cases[i].want);
    }
    assert_int_equal(achieve_through(ACHIEVE_AKHIR, month, 2, &r), ST_NOT_FOUND);
}

static void over_units(void **state)
{
    (void)state;
    const struct achieve_part part[] = {{{45, 1}, {50, 1}}, {{10, 1}, {100, 1}}};
    const struct {
        enum achieve_over_units over;
        const char *want;
    } cases[] = {{ACHIEVE_RASIO, "36.67"},
                 {ACHIEVE_SUM, "5500.00"},
                 {ACHIEVE_RATA_TERTIMBANG, "2166.67"},
                 {ACHIEVE_UNITS_MAX, "4500.00"},
                 {ACHIEVE_UNITS_MIN, "1000.00"}};
    struct ratio r;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(achieve_across(cases[i].over, part, 2, &r), ST_OK);
        assert_string_equal(percent(r, 2), cases[i].want);
    }
    assert_int_equal(achieve_across(ACHIEVE_UNITS_NONE, part, 2, &r), ST_NOT_FOUND);
    assert_int_equal(achieve_across(ACHIEVE_SUM, part, 0, &r), ST_NOT_FOUND);
    const struct achieve_part nothing = {{1, 1}, {0, 1}};
    assert_int_equal(achieve_across(ACHIEVE_RASIO, &nothing, 1, &r), ST_INVALID);
    /* eight components of the Metro IKU, of which one counts inside another */
    assert_true(achieve_ratio(12295, 13920, &r));
    assert_string_equal(percent(r, 2), "88.33");
    assert_true(decimal_percent_right(88320000, 2, r.num, r.den)); /* printed 88,32: truncated */
}

static void means(void **state)
{
    (void)state;
    const struct achieve_result half = {.share = {1, 2}}, double_ = {.share = {2, 1}}, missing = {.state = ACHIEVE_REACHED_MISSING},
                                no_target = {.state = ACHIEVE_TARGET_ZERO};
    struct achieve_mean m = {.cap = 100}, raw = {.cap = ACHIEVE_UNCAPPED}, none = {.cap = 100};
    struct ratio r;
    const struct achieve_result *all[] = {&half, &double_, &missing, &no_target};
    for (size_t i = 0; i < 4; i++) {
        achieve_mean_add(&m, all[i], i == 0 ? 3000000 : 1000000);
        achieve_mean_add(&raw, all[i], 0);
    }
    assert_true(m.counted == 2 && m.of == 4 && m.missing == 1);
    assert_int_equal(achieve_mean_get(&m, false, &r), ST_OK);
    assert_string_equal(percent(r, 2), "75.00");
    assert_int_equal(achieve_mean_get(&m, true, &r), ST_OK);
    assert_string_equal(percent(r, 2), "50.00");
    assert_int_equal(achieve_mean_weighted(&m, &r), ST_OK);
    assert_string_equal(percent(r, 2), "62.50");
    assert_int_equal(achieve_mean_get(&raw, false, &r), ST_OK);
    assert_string_equal(percent(r, 2), "125.00");
    assert_int_equal(achieve_mean_weighted(&raw, &r), ST_NOT_FOUND);
    achieve_mean_add(&none, &no_target, 0);
    assert_int_equal(achieve_mean_get(&none, false, &r), ST_NOT_FOUND);
}

/* More unlike denominators than 128 bits hold: the mean of n/(n+1), n = 1..400, is 98.606894.. % (checked with exact fractions). */
static void mean_of_very_many(void **state)
{
    (void)state;
    struct achieve_mean m = {.cap = 100};
    struct ratio r;
    for (int i = 1; i <= 400; i++) {
        struct achieve_result one = {.share = {i, i + 1}};
        achieve_mean_add(&m, &one, 0);
    }
    assert_true(m.inexact);
    assert_int_equal(achieve_mean_get(&m, false, &r), ST_OK);
    assert_string_equal(percent(r, 6), "98.606894");
}

/* ---- money ---- */

static void money(void **state)
{
    (void)state;
    const struct achieve_cash one = {1000, 400, 300}, three[] = {{500, 100, 98}, {300, 80, 60}, {200, 20, 30}}, nothing = {0, 0, 5};
    const struct achieve_physical parts[] = {{600, 50000000}, {300, 80000000}, {100, 100000000}};
    struct ratio r;
    assert_int_equal(achieve_deviation(ACHIEVE_DEVIATION_PP, &one, 1, &r), ST_OK);
    assert_string_equal(percent(r, 2), "-10.00");
    assert_int_equal(achieve_deviation(ACHIEVE_DEVIATION_REL, &one, 1, &r), ST_OK);
    assert_string_equal(percent(r, 2), "25.00");
    assert_int_equal(achieve_deviation(ACHIEVE_DEVIATION_IKPA, three, 3, &r), ST_OK);
    assert_string_equal(percent(r, 2), "18.50");
    assert_int_equal(achieve_deviation(ACHIEVE_DEVIATION_PP, &nothing, 1, &r), ST_NOT_FOUND);
    assert_int_equal(achieve_deviation(ACHIEVE_DEVIATION_IKPA, &nothing, 1, &r), ST_NOT_FOUND);
    struct achieve_cash many[300];
    for (unsigned i = 0; i < 300; i++)
        many[i] = (struct achieve_cash){1000 + i, 1000000000000037 + 2 * i, 2000000000000075 + 4 * i};
    assert_int_equal(achieve_deviation(ACHIEVE_DEVIATION_IKPA, many, 300, &r), ST_OK);
    assert_string_equal(percent(r, 2), "100.00");
    assert_int_equal(achieve_physical(parts, 3, &r), ST_OK);
    assert_string_equal(percent(r, 2), "64.00");
    assert_int_equal(achieve_physical(parts, 0, &r), ST_NOT_FOUND);
    assert_true(achieve_efficiency((struct ratio){9, 10}, (struct ratio){3, 4}, &r));
    assert_string_equal(percent(r, 2), "15.00");
}

/* Spellings of ranges, words and names that people print. */
static void spellings(void **state)
{
    (void)state;
    static const char *const ranges[] = {
        "80 s.d. 90", "80 s.d 90", "80 s/d 90", "80 sd 90", "80% sampai dengan 90%", "80 hingga 90 %", "80 \xe2\x80\x93 90 persen",
        "0,5-0,75"
    };
    static const char *const none[] = { "",
                                        "-",
                                        "80.-90,",
                                        ".-90",
                                        "80-",
                                        "80-.",
                                        "80",
                                        "80 dan 90",
                                        "80-90 dari 100",
                                        "90-80",
                                        "8.0.0-9",
                                        "80%",
                                        "99999999999999999999-99999999999999999999",
                                        "a-b",
                                        "80-/",
                                        "1,2,3-4",
                                        "80-9:0" };
    int64_t lo, hi;
    uint8_t f;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (achieve_range_parse(txt(ranges[i]), &lo, &hi) != ST_OK) fail_msg("%s", ranges[i]);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (achieve_range_parse(txt(none[i]), &lo, &hi) != ST_INVALID) fail_msg("%s", none[i]);
    assert_true(achieve_same_words(txt(" A\tb\n\rc. . "), txt("a B  C")) == achieve_same_words(txt("a b c. ."), txt("a b c")));
    assert_true(achieve_same_words(txt("Baik."), txt("baik..")));
    assert_true(achieve_same_words(txt("."), txt("")));
    assert_false(achieve_same_words(txt("a\tb"), txt("a")));
    assert_true(achieve_same_words(txt("a\r\n\tb"), txt("a b")));
    assert_int_equal(achieve_formula_parse(txt("xxxxxxxxxxxxxxxx"), &f), ST_INVALID);
    assert_int_equal(achieve_formula_parse(txt("min ratio"), &f), ST_OK);
    assert_int_equal(achieve_formula_parse(txt("min{ratio"), &f), ST_INVALID);
    assert_int_equal(achieve_time_parse(txt("xxxxxxxxxxxxxxxxxxxxxxxx"), &f), ST_INVALID);
    assert_int_equal(achieve_time_parse(txt("harian"), &f), ST_INVALID);
    assert_int_equal(achieve_time_parse(txt(""), &f), ST_INVALID);
    assert_int_equal(achieve_units_parse(txt("semua"), &f), ST_INVALID);
    assert_string_equal(achieve_time_name(99), "");
    assert_string_equal(achieve_units_name(99), "");
    char id[TEXT_MAX + 1];
    assert_int_equal(achieve_identity(txt(" - \t\n Prosentase. . "), id), 10);
    assert_string_equal(id, "persentase");
    assert_int_equal(achieve_identity(txt(". ."), id), 0);
    assert_int_equal(achieve_identity(txt("-"), id), 0);
    const struct achieve_scale empty = {.name = "x"};
    assert_null(achieve_rate(&empty, (struct ratio){1, 1}));
    const struct achieve_scale high = {.name = "x", .count = 1, .band = {{INT64_C(90000000), false, "tinggi"}}};
    assert_string_equal(achieve_rate(&high, (struct ratio){1, 2})->word, "tinggi"); /* the last band takes what is below all */
    static const struct achieve_score own[] = {{"a", 2}, {"b", 1}, {NULL, 0}};
    struct achieve_input in = {.formula = ACHIEVE_SCALE, .target = value("A"), .reached = value("b"), .scores = own};
    struct achieve_result r;
    achieve_compute(&in, &r);
    assert_string_equal(percent(r.share, 2), "50.00");
    in = (struct achieve_input){.formula = ACHIEVE_TEXT, .target = value("5"), .reached = value("6")};
    achieve_compute(&in, &r);
    assert_true(r.state == ACHIEVE_OK && r.share.num == 0);
    in = (struct achieve_input){.formula = ACHIEVE_RANGE, .target = value("80"), .reached = value("80")};
    achieve_compute(&in, &r);
    assert_int_equal(r.state, ACHIEVE_TARGET_TEXT);
}

static struct achieve_rounding rounding_named(const char *name)
{
    int64_t packed = -1;
    char back[32];
    assert_int_equal(achieve_rounding_parse(slice_of(name, strlen(name)), &packed), ST_OK);
    struct achieve_rounding r = achieve_rounding_unpack(packed);
    achieve_rounding_name(r, back);
    assert_string_equal(back, name);
    assert_int_equal(achieve_rounding_pack(r), packed);
    return r;
}

/* Rounded once when printed; with /dulu before it is rated and averaged. */
static void rounding_rules(void **state)
{
    (void)state;
    static const char *const NONE[] = {"setengah", "setengah/7", "bulat/2", "/2", "potong/1/nanti", "genap/12", "", "/dulu"};
    const struct { const char *rule, *text, *word; } CASES[] = {{"setengah/2", "90.60", "tinggi"},
                                                                {"potong/0", "90", "tinggi"},
                                                                {"genap/0", "91", "tinggi"},
                                                                {"genap/0/dulu", "91", "sangat tinggi"},
                                                                {"potong/0/dulu", "90", "tinggi"}};
    struct achieve_input in = {.formula = ACHIEVE_MAX, .target = {.kind = ACHIEVE_NUMBER, .number = {1000, 1}},
                               .reached = {.kind = ACHIEVE_NUMBER, .number = {906, 1}}};
    struct achieve_result r;
    char text[32];
    int64_t packed;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        in.rounding = rounding_named(CASES[i].rule);
        achieve_compute(&in, &r);
        assert_true(achieve_percent_text(r.share, r.rounding, text) > 0);
        assert_string_equal(text, CASES[i].text);
        assert_string_equal(achieve_rate(&achieve_scale_default, r.share)->word, CASES[i].word);
        assert_true(achieve_ratio_compare(r.raw, (struct ratio){906, 1000}) == 0);
    }
    for (size_t i = 0; i < sizeof NONE / sizeof *NONE; i++)
        assert_int_equal(achieve_rounding_parse(slice_of(NONE[i], strlen(NONE[i])), &packed), ST_INVALID);
    achieve_rounding_name((struct achieve_rounding){.set = false}, text);
    assert_string_equal(text, "setengah/2");
}

/* A cap of one indicator goes before the mean's, and what is missing can still reach its own. */
/* T 10, R 15: the same fact is in another band by the other formula, so no result goes without the formula's name. */
static void one_fact_in_two_bands(void **state)
{
    (void)state;
    static const struct { enum achieve_formula formula; const char *share, *word; } CASES[] = {
        {ACHIEVE_MIN, "50.00", "sangat rendah"}, {ACHIEVE_MIN_RATIO, "66.67", "sedang"}, {ACHIEVE_MAX, "150.00", "sangat tinggi"} };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct achieve_input in = {.formula = CASES[i].formula, .target = value("10"), .reached = value("15")};
        struct achieve_result r;
        achieve_compute(&in, &r);
        assert_string_equal(percent(r.share, 2), CASES[i].share);
        assert_string_equal(achieve_rate(&achieve_scale_default, r.share)->word, CASES[i].word);
    }
}

/* 200 %, 110 %, 50 % under each cap in use; what a row has stays as it is. */
static void each_cap(void **state)
{
    (void)state;
    static const struct { unsigned cap; const char *mean; } CASES[] = {
        {100, "83.33"}, {110, "90.00"}, {120, "93.33"}, {150, "103.33"}, {ACHIEVE_UNCAPPED, "120.00"} };
    static const int SHARES[] = {200, 110, 50};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct achieve_mean m = {.cap = CASES[i].cap};
        struct ratio r;
        for (size_t k = 0; k < 3; k++) {
            const struct achieve_result one = {.share = {SHARES[k], 100}, .raw = {SHARES[k], 100}};
            achieve_mean_add(&m, &one, 0);
            assert_true(one.share.num == SHARES[k] && one.raw.num == SHARES[k]);
        }
        assert_int_equal(achieve_mean_get(&m, false, &r), ST_OK);
        assert_string_equal(percent(r, 2), CASES[i].mean);
    }
}

static void caps_of_one(void **state)
{
    (void)state;
    struct achieve_mean m = {.cap = 120};
    struct ratio r;
    struct achieve_result over = {.share = {2, 1}, .raw = {2, 1}}, own = over, missing = {.state = ACHIEVE_REACHED_MISSING};
    own.capped_apart = true;
    own.cap = 150;
    achieve_mean_add(&m, &over, 0);
    achieve_mean_add(&m, &own, 0);
    assert_int_equal(achieve_mean_get(&m, false, &r), ST_OK);
    assert_true(achieve_ratio_compare(r, (struct ratio){135, 100}) == 0);
    missing.capped_apart = true;
    missing.cap = 180;
    achieve_mean_add(&m, &missing, 0);
    assert_int_equal(achieve_mean_most(&m, &r), ST_OK);
    assert_true(achieve_ratio_compare(r, (struct ratio){150, 100}) == 0);
    missing.cap = ACHIEVE_UNCAPPED;
    achieve_mean_add(&m, &missing, 0);
    assert_int_equal(achieve_mean_most(&m, &r), ST_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formulas),
        cmocka_unit_test(units_that_differ),
        cmocka_unit_test(names),
        cmocka_unit_test(units),
        cmocka_unit_test(bands),
        cmocka_unit_test(over_time),
        cmocka_unit_test(over_units),
        cmocka_unit_test(means),
        cmocka_unit_test(mean_of_very_many),
        cmocka_unit_test(money),
        cmocka_unit_test(spellings),
        cmocka_unit_test(rounding_rules),
        cmocka_unit_test(one_fact_in_two_bands),
        cmocka_unit_test(each_cap),
        cmocka_unit_test(caps_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
