/* decimal_test.c - number text in and out. Every printed spelling of tests/data/<city>/angka_mentah.csv is a case, read in a
 * column of its type; then the rules of each column type with spellings the two reports do not have. */
#include "proto/code.h"
#include "proto/decimal.h"
#include "proto/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct slice txt(const char *s)
{
    return slice_of(s, strlen(s));
}

/* ---- the printed spellings ---- */

/* Takes the next CSV field off *p (quotes undoubled in place). */
static char *field(char **p)
{
    char *start = *p, *o = *p, *i = *p;
    bool quoted = *i == '"';
    if (quoted)
        i++;
    for (; *i && *i != '\n' && *i != '\r' && (quoted || *i != ','); i++) {
        if (quoted && *i == '"') {
            if (i[1] != '"') {
                quoted = false;
                continue;
            }
            i++;
        }
        *o++ = *i;
    }
    *p = *i == ',' ? i + 1 : i;
    *o = '\0';
    return start;
}

static const char *status_of(int st, const struct decimal_reading *r)
{
    if (st != ST_OK)
        return r->code == CODE_AMBIGUOUS ? "ambigu" : "rusak";
    return r->kind == DEC_NUMBER ? "ok" : r->kind == DEC_TEXT ? "teks" : "kosong";
}

static void fold(char *s)
{
    for (; *s; s++)
        if (*s >= 'A' && *s <= 'Z')
            *s = (char)(*s - 'A' + 'a');
}

static void check_row(const char *file, unsigned line, char *f[5])
{
    struct decimal_reading r;
    int st;
    if (strcmp(f[1], "kode") == 0) {
        struct code_reading c;
        for (int v = 1; v <= 5; v++)
            if (code_parse_activity((enum vintage)v, txt(f[0]), &c) == ST_OK)
                fail_msg("%s:%u: %s is no code", file, line, f[0]);
        assert_string_equal(f[4], "rusak");
        return;
    }
    if (strcmp(f[1], "rp") == 0)
        st = decimal_money(txt(f[0]), DASH_REFUSE, true, &r);
    else if (strcmp(f[1], "persen") == 0)
        st = decimal_percent(txt(f[0]), &r);
    else
        st = decimal_quantity(txt(f[0]), txt(f[3]), true, &r);
    if (strcmp(status_of(st, &r), f[4]) != 0)
        fail_msg("%s:%u: \"%s\" (%s): %s, expected %s", file, line, f[0], f[1], status_of(st, &r), f[4]);
    if (strcmp(f[4], "ok") != 0)
        return;
    struct decimal_reading want;
    assert_int_equal(decimal_money(txt(f[2]), DASH_REFUSE, true, &want), ST_OK);
    int64_t value = strcmp(f[1], "rp") == 0 ? want.value : want.value * 10000;
    if (r.value != value)
        fail_msg("%s:%u: \"%s\": %lld, expected %lld", file, line, f[0], (long long)r.value, (long long)value);
    if (strcmp(f[1], "jumlah") == 0 && r.unit[0]) {
        fold(r.unit);
        fold(f[3]);
        assert_string_equal(r.unit, f[3]);
    }
}

static unsigned check_file(const char *file)
{
    static char text[65536];
    FILE *in = fopen(file, "r");
    assert_non_null(in);
    size_t n = fread(text, 1, sizeof text - 1, in);
    (void)fclose(in);
    text[n] = '\0';
    unsigned line = 1;
    char *p = strchr(text, '\n') + 1;
    while (*p) {
        char *f[5];
        line++;
        char *row = p;
        p = strchr(row, '\n');
        assert_non_null(p);
        *p++ = '\0';
        for (int k = 0; k < 5; k++)
            f[k] = field(&row);
        check_row(file, line, f);
    }
    return line - 1;
}

static void printed_spellings(void **state)
{
    (void)state;
    assert_int_equal(check_file("tests/data/metro/angka_mentah.csv"), 105);
    assert_int_equal(check_file("tests/data/semarang/angka_mentah.csv"), 93);
}

/* ---- money ---- */

struct money_case { const char *text; int64_t sen; unsigned code; const char *near[3]; };
static const struct money_case MONEY[] = {
    { "Rp. 7.733.986.109,00", 773398610900, 0, { 0 } },
    { "Rp 240.000,-", 24000000, 0, { 0 } },
    { "Rp240.000,--", 24000000, 0, { 0 } },
    { "IDR 240.000", 24000000, 0, { 0 } },
    { "130000000", 13000000000, 0, { 0 } },
    { "-130000000.5", -13000000050, 0, { 0 } },
    { "83330000.00", 8333000000, 0, { 0 } },
    { "81.000", 8100000, 0, { 0 } },
    { "81,5", 8150, 0, { 0 } },
    { "(1.234,00)", -123400, 0, { 0 } },
    { "Rp (1.234,00)", -123400, 0, { 0 } },
    { "(Rp. 1.234,00)", -123400, 0, { 0 } },
    { "-Rp 1.234", -123400, 0, { 0 } },
    { "Rp\xc2\xa0" "1.234", 123400, 0, { 0 } },
    { "\xe2\x88\x92" "5", -500, 0, { 0 } },
    { "Rp **5.721.724.782**", 572172478200, 0, { 0 } },
    { "0", 0, 0, { 0 } },
    { "10000000000000000", VALUE_SEN_MAX, 0, { 0 } },
    { "10000000000000000,01", 0, CODE_VALUE_RANGE, { 0 } },
    { "99999999999999999999999", 0, CODE_VALUE_RANGE, { 0 } },
    { "25.00.000", 0, CODE_NUMBER_BROKEN, { "2.500.000", "25.000.000", NULL } },
    { "1197.600", 0, CODE_NUMBER_BROKEN, { "1.197.600", NULL } },
    { "1.67.590.000", 0, CODE_NUMBER_BROKEN, { "167.590.000", NULL } },
    { "169,482,091,00", 0, CODE_NUMBER_BROKEN, { "169.482.091,00", NULL } },
    { "7.733.986,109,00", 0, CODE_NUMBER_BROKEN, { "7.733.986.109,00", NULL } },
    { "7733.986.109,00", 0, CODE_NUMBER_BROKEN, { "7.733.986.109,00", NULL } },
    { "7,733,986,109.00", 0, CODE_NUMBER_BROKEN, { "7.733.986.109,00", NULL } },
    { "7.733.986.109.00", 0, CODE_NUMBER_BROKEN, { "7.733.986.109,00", NULL } },
    { "1,234", 0, CODE_NUMBER_BROKEN, { "1.234", NULL } },
    { "1 234 567", 0, CODE_NUMBER_BROKEN, { "1.234.567", NULL } },
    { "1. 234.000", 0, CODE_NUMBER_BROKEN, { "1.234.000", NULL } },
    { "12.", 0, CODE_NUMBER_BROKEN, { "12", NULL } },
    { "1.2345", 0, CODE_NUMBER_BROKEN, { "12.345", NULL } },
    { "0.500", 0, CODE_NUMBER_BROKEN, { "500", NULL } },
    { "(-5)", 0, CODE_NUMBER_BROKEN, { "5", NULL } },
    { "(1.234", 0, CODE_NUMBER_BROKEN, { "1.234", NULL } },
    { "5 juta", 0, CODE_NUMBER_BROKEN, { NULL } },
    { "6.02E", 0, CODE_NUMBER_BROKEN, { NULL } },
    { "-", 0, CODE_NUMBER_BROKEN, { NULL } },
    { "Rp -", 0, CODE_NUMBER_BROKEN, { NULL } },
    { "Rp", 0, CODE_NUMBER_BROKEN, { NULL } },
    { "#REF!", 0, CODE_NUMBER_BROKEN, { NULL } },
    { "recofusing", 0, CODE_NUMBER_BROKEN, { NULL } },
    { "1.000 2.000", 0, CODE_NUMBER_BROKEN, { NULL } },
    { "(5 )", -500, 0, { 0 } },
    { "1 234", 0, CODE_NUMBER_BROKEN, { "1.234", NULL } },
    { "(nihil)", 0, 0, { 0 } },
    { "\t5\n", 500, 0, { 0 } },
    { "rpx 5", 0, CODE_NUMBER_BROKEN, { NULL } },
    { "((5))", 0, CODE_NUMBER_BROKEN, { "-5", NULL } },
    { "--5", 0, CODE_NUMBER_BROKEN, { "-5", NULL } },
    { "()", 0, CODE_NUMBER_BROKEN, { NULL } },
    { "1 23", 0, CODE_NUMBER_BROKEN, { NULL } },
    { "1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9", 0, CODE_NUMBER_BROKEN, { NULL } },
    { "- -", 0, CODE_NUMBER_BROKEN, { NULL } },
    { "1.0000.000", 0, CODE_NUMBER_BROKEN, { "10.000.000", NULL } },
    { "-nihil", 0, CODE_NUMBER_BROKEN, { NULL } },
    { "-Rp -", 0, CODE_NUMBER_BROKEN, { NULL } },
    { "0.123.456", 0, CODE_NUMBER_BROKEN, { "123.456", NULL } },
    { "25.00.000,50", 0, CODE_NUMBER_BROKEN, { "2.500.000,50", "25.000.000,50", NULL } },
    { "1,23456789012345678901234567890123", 0, CODE_NUMBER_BROKEN, { NULL } },
    /* what is a word: letters and bytes of other alphabets, not the characters beside them */
    { "5 a", 0, CODE_NUMBER_BROKEN, { NULL } }, { "5 z", 0, CODE_NUMBER_BROKEN, { NULL } },
    { "5 A", 0, CODE_NUMBER_BROKEN, { NULL } }, { "5 Z", 0, CODE_NUMBER_BROKEN, { NULL } },
    { "5 \x80", 0, CODE_NUMBER_BROKEN, { NULL } },
    { "5 `", 0, CODE_NUMBER_BROKEN, { "5", NULL } }, { "5 {", 0, CODE_NUMBER_BROKEN, { "5", NULL } },
    { "5 @", 0, CODE_NUMBER_BROKEN, { "5", NULL } }, { "5 [", 0, CODE_NUMBER_BROKEN, { "5", NULL } },
    { "*5", 0, CODE_NUMBER_BROKEN, { "5", NULL } }, { "5*", 0, CODE_NUMBER_BROKEN, { "5", NULL } },
    { "5*5", 0, CODE_NUMBER_BROKEN, { NULL } },
};

static void check_near(const char *text, const struct decimal_reading *r, const char *const near[3])
{
    unsigned n = 0;
    while (n < 3 && near[n])
        n++;
    for (unsigned k = 0; k < n && k < r->nearest_count; k++)
        if (strcmp(near[k], r->nearest[k]) != 0)
            fail_msg("\"%s\": nearest %s, expected %s", text, r->nearest[k], near[k]);
    if (n != r->nearest_count)
        fail_msg("\"%s\": %u nearest (%s), expected %u", text, r->nearest_count, r->nearest[0], n);
}

static void money(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof MONEY / sizeof *MONEY; i++) {
        const struct money_case *c = &MONEY[i];
        struct decimal_reading r;
        int st = decimal_money(txt(c->text), DASH_REFUSE, true, &r);
        if ((st == ST_OK) != (c->code == 0) || r.value != c->sen || r.code != c->code)
            fail_msg("\"%s\": status %d code %u value %lld", c->text, st, r.code, (long long)r.value);
        if (c->code)
            check_near(c->text, &r, c->near);
    }
}

static void absent_values(void **state)
{
    (void)state;
    struct decimal_reading r;
    assert_int_equal(decimal_money(txt("nihil"), DASH_REFUSE, true, &r), ST_OK);
    assert_int_equal(r.kind, DEC_NIL);
    assert_int_equal(decimal_money(txt(" NIHIL "), DASH_REFUSE, false, &r), ST_OK);
    assert_int_equal(r.kind, DEC_EMPTY);
    assert_int_equal(r.notes, NOTE_NIL);
    assert_int_equal(decimal_money(txt("nihil."), DASH_REFUSE, true, &r), ST_OK);
    assert_int_equal(r.kind, DEC_NIL);
    assert_int_equal(decimal_money(slice_of("5\xc2\xa0", 2), DASH_REFUSE, true, &r), ST_INVALID);       /* cut inside a character */
    assert_int_equal(decimal_money(txt("Rp nihil"), DASH_REFUSE, true, &r), ST_OK);
    assert_int_equal(r.kind, DEC_NIL);
    assert_int_equal(decimal_money(txt("  "), DASH_REFUSE, true, &r), ST_OK);
    assert_int_equal(r.kind, DEC_EMPTY);
    assert_int_equal(r.notes, 0);
    assert_int_equal(decimal_money(txt("Rp. -"), DASH_ZERO, true, &r), ST_OK);
    assert_int_equal(r.kind, DEC_NUMBER);
    assert_int_equal(r.value, 0);
    assert_int_equal(r.notes, NOTE_DASH);
    assert_int_equal(decimal_money(txt("\xe2\x80\x93"), DASH_EMPTY, true, &r), ST_OK);
    assert_int_equal(r.kind, DEC_EMPTY);
    assert_int_equal(decimal_quantity(txt("nihil"), txt("orang"), true, &r), ST_OK);
    assert_int_equal(r.kind, DEC_NIL);
    assert_int_equal(decimal_percent(txt("nihil"), &r), ST_OK);
    assert_int_equal(r.kind, DEC_EMPTY);
    assert_int_equal(decimal_quantity(txt("-"), txt(""), true, &r), ST_OK);
    assert_int_equal(r.kind, DEC_EMPTY);
}

/* ---- quantities and percentages ---- */

struct quantity_case { const char *text, *hint; int64_t micro; unsigned code, notes; const char *unit; const char *near[3]; };
#define M INT64_C(1000000)
static const struct quantity_case QUANTITY[] = {
    { "22.380 Liter", "", 22380 * M, 0, 0, "Liter", { 0 } },
    { "12 kg (perkiraan)", "", 12 * M, 0, NOTE_WORDS, "kg", { 0 } },
    { "12 kg .", "", 12 * M, 0, 0, "kg", { 0 } },
    { "12 (dua belas)orang", "", 12 * M, 0, 0, "orang", { 0 } },
    { "/12 orang", "", 0, CODE_NUMBER_BROKEN, 0, "", { "12", NULL } },
    { "8000kk", "", 8000 * M, 0, 0, "kk", { 0 } },
    { "16 Oorang", "", 16 * M, 0, 0, "Oorang", { 0 } },
    { "91,88", "", 91880000, 0, 0, "", { 0 } },
    { "91.88", "", 91880000, 0, NOTE_LONE_DOT_DECIMAL, "", { 0 } },
    { "1.2345", "", 1234500, 0, NOTE_LONE_DOT_DECIMAL, "", { 0 } },
    { "12.295", "orang", 12295 * M, 0, 0, "", { 0 } },
    { "12.295", "", 0, CODE_AMBIGUOUS, 0, "", { "12.295", "12,295", NULL } },
    { "12.295 kg", "", 0, CODE_AMBIGUOUS, 0, "kg", { "12.295", "12,295", NULL } },
    { "97,259 KPM", "", 0, CODE_AMBIGUOUS, 0, "KPM", { "97.259", "97,259", NULL } },
    { "97,259", "KPM", 0, CODE_AMBIGUOUS, 0, "", { "97.259", "97,259", NULL } },
    { "97,259 kg", "", 97259000, 0, 0, "kg", { 0 } },
    { "1197.600 orang", "", 0, CODE_NUMBER_BROKEN, 0, "orang", { "1.197.600", NULL } },
    { "1.234.567 orang", "", 1234567 * M, 0, 0, "orang", { 0 } },
    { "1.234,5 ha", "", 1234500000, 0, 0, "ha", { 0 } },
    { "1,234.5 ha", "", 0, CODE_NUMBER_BROKEN, 0, "ha", { "1.234,5", NULL } },
    { "1.200 m2", "", 0, CODE_AMBIGUOUS, 0, "m2", { "1.200", "1,200", NULL } },
    { "500 M2", "", 500 * M, 0, 0, "M2", { 0 } },
    { "-5", "", -5 * M, 0, 0, "", { 0 } },
    { "- 5 orang", "", 0, CODE_AMBIGUOUS, 0, "", { "5", "-5", NULL } },
    { "(12)", "", 0, CODE_AMBIGUOUS, 0, "", { "12", "-12", NULL } },
    { "80-90", "", 0, CODE_AMBIGUOUS, 0, "", { "80", "90", NULL } },
    { "3 s.d. 5 orang", "", 0, CODE_AMBIGUOUS, 0, "", { "3", "5", NULL } },
    { "kurang dari 5 orang", "", 0, CODE_AMBIGUOUS, 0, "", { "5", NULL } },
    { "500 keluarga kurang mampu", "", 500 * M, 0, 0, "keluarga kurang mampu", { 0 } },
    { "5 juta orang", "", 0, CODE_AMBIGUOUS, 0, "", { "5", NULL } },
    { "Terlaksananya 3 kegiatan", "", 3 * M, 0, NOTE_WORDS, "kegiatan", { 0 } },
    { "COVID-19", "", 0, CODE_NUMBER_BROKEN, 0, "", { "19", NULL } },
    { "Tahun 2022", "", 0, CODE_NUMBER_BROKEN, 0, "", { "2.022", NULL } },
    { "1E+09", "", 0, CODE_NUMBER_BROKEN, 0, "", { 0 } },
    { "12/13", "", 0, CODE_NUMBER_BROKEN, 0, "", { 0 } },
    { "#DIV/0!", "", 0, CODE_NUMBER_BROKEN, 0, "", { "0", NULL } },
    { ">= 50", "", 0, CODE_AMBIGUOUS, 0, "", { "50", NULL } },
    { "Rp 5.000,-", "", 5000 * M, 0, 0, "Rp", { 0 } },
    { "88.32 %", "", 88320000, 0, 0, "%", { 0 } },
    { "88.32", "%", 88320000, 0, 0, "", { 0 } },
    { "80 persen", "", 80 * M, 0, 0, "%", { 0 } },
    { "1.234 %", "", 0, CODE_AMBIGUOUS, 0, "%", { "1.234", "1,234", NULL } },
    { "9999999999999 orang", "", 0, CODE_VALUE_RANGE, 0, "orang", { 0 } },
    { "1,2345678 kg", "", 0, CODE_NUMBER_BROKEN, 0, "kg", { "12.345.678", NULL } },
    { "0.500 orang", "", 0, CODE_AMBIGUOUS, 0, "orang", { "500", "0,500", NULL } },
    { "1.234.567 %", "", 1234567 * M, 0, 0, "%", { 0 } },
    { "1.23.45 %", "", 0, CODE_NUMBER_BROKEN, 0, "%", { "12.345", NULL } },
    { "80,5-90,5", "", 0, CODE_AMBIGUOUS, 0, "", { "80,5", "90,5", NULL } },
    { "1.5 - 2.500", "", 0, CODE_AMBIGUOUS, 0, "", { "1,5", "2.500", NULL } },
    { "1.234,5 - 1.2.3", "", 0, CODE_AMBIGUOUS, 0, "", { "1.234,5", "123", NULL } },
    { "(12) orang", "", 12 * M, 0, 0, "orang", { 0 } },
    { "5 m2x", "", 0, CODE_AMBIGUOUS, 0, "", { "5", "2", NULL } },
    { "5 km2", "", 5 * M, 0, 0, "km2", { 0 } },
    { "5 cm2", "", 5 * M, 0, 0, "cm2", { 0 } }, { "5 dm3", "", 5 * M, 0, 0, "dm3", { 0 } },
    { "5 mm2", "", 5 * M, 0, 0, "mm2", { 0 } }, { "5 hm2", "", 5 * M, 0, 0, "hm2", { 0 } },
    { "1 2 3 4 5 6 7 8 9", "", 0, CODE_NUMBER_BROKEN, 0, "", { NULL } },
    { "5ekor", "", 5 * M, 0, 0, "ekor", { 0 } },
    { "1e+09", "", 0, CODE_NUMBER_BROKEN, 0, "", { NULL } },
    { "5 orang 6E", "", 0, CODE_NUMBER_BROKEN, 0, "", { NULL } },
    { "sasaran kurang dari 5 orang", "", 0, CODE_AMBIGUOUS, 0, "", { "5", NULL } },
    { "pakurang dari 500.000.000.000 orang", "", 500000000000 * M, 0, NOTE_WORDS, "orang", { 0 } },
    { "orang5", "", 0, CODE_NUMBER_BROKEN, 0, "", { "5", NULL } },
    { ".5 orang", "", 0, CODE_NUMBER_BROKEN, 0, "", { "5", NULL } },
    { ",5 orang", "", 0, CODE_NUMBER_BROKEN, 0, "", { "5", NULL } },
    { ":5 orang", "", 0, CODE_NUMBER_BROKEN, 0, "", { "5", NULL } },
    { "'5 orang", "", 0, CODE_NUMBER_BROKEN, 0, "", { "5", NULL } },
    { "Rp5.000", "", 5000 * M, 0, 0, "Rp", { 0 } },
    { "Rp.5.000", "", 5000 * M, 0, 0, "Rp", { 0 } },
    { "anggaran Rp.5.000", "", 5000 * M, 0, NOTE_WORDS, "Rp", { 0 } },
    { "anggaran Rp 5.000,--", "", 5000 * M, 0, NOTE_WORDS, "Rp", { 0 } },
    { "--5", "", 0, CODE_NUMBER_BROKEN, 0, "", { "5", NULL } },
    { "turun -5 orang", "", -5 * M, 0, NOTE_WORDS, "orang", { 0 } },
    { "5 (lima orang", "", 5 * M, 0, NOTE_WORDS, "", { 0 } },
    { "5 orang; lansia", "", 5 * M, 0, NOTE_WORDS, "orang", { 0 } },
    { "5 orang, lansia", "", 5 * M, 0, NOTE_WORDS, "orang", { 0 } },
    { "5 orang:", "", 5 * M, 0, 0, "orang", { 0 } },
    { "5) orang", "", 5 * M, 0, NOTE_WORDS, "", { 0 } },
    { "5 persentase", "", 5 * M, 0, 0, "persentase", { 0 } },
    { "5/orang", "", 0, CODE_NUMBER_BROKEN, 0, "", { "5", NULL } },
    { "Rp 5 orang", "", 0, CODE_NUMBER_BROKEN, 0, "", { "5", NULL } },
    { "Rp 5 %", "", 0, CODE_NUMBER_BROKEN, 0, "", { "5", NULL } },
    { "5 orang atau lebih", "", 0, CODE_AMBIGUOUS, 0, "", { "5", NULL } },
    { "88 % tercapai", "", 88 * M, 0, NOTE_WORDS, "%", { 0 } },
};

static void quantity(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof QUANTITY / sizeof *QUANTITY; i++) {
        const struct quantity_case *c = &QUANTITY[i];
        struct decimal_reading r;
        int st = decimal_quantity(txt(c->text), txt(c->hint), true, &r);
        if ((st == ST_OK) != (c->code == 0) || r.value != c->micro || r.code != c->code)
            fail_msg("\"%s\": status %d code %u value %lld", c->text, st, r.code, (long long)r.value);
        if (st == ST_OK && (r.notes != c->notes || strcmp(r.unit, c->unit) != 0))
            fail_msg("\"%s\": notes %u unit \"%s\"", c->text, r.notes, r.unit);
        if (st != ST_OK)
            check_near(c->text, &r, c->near);
    }
}

static void percent(void **state)
{
    (void)state;
    static const struct { const char *text; int64_t micro; unsigned code, decimals, notes; } CASE[] = {
        { "58,11%", 58110000, 0, 2, 0 },        { "88.32 %", 88320000, 0, 2, 0 },
        { "(68,89%)", 68890000, 0, 2, NOTE_NEGATIVE_PERCENT_SIGN },
        { "(68,89)", 68890000, 0, 2, NOTE_NEGATIVE_PERCENT_SIGN },
        { "(68,89) %", 68890000, 0, 2, NOTE_NEGATIVE_PERCENT_SIGN },
        { "98,82", 98820000, 0, 2, 0 },         { "100", 100000000, 0, 0, 0 },
        { "-5,2 %", -5200000, 0, 1, 0 },        { "1.234", 0, CODE_AMBIGUOUS, 0, 0 },
        { "12 orang", 0, CODE_NUMBER_BROKEN, 0, 0 },
        { "11 100%", 0, CODE_NUMBER_BROKEN, 0, 0 },
        { "92.0911111", 0, CODE_NUMBER_BROKEN, 0, 0 },
        { "belum direalisasikan atau 0%", 0, 0, 0, NOTE_WORDS },
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        struct decimal_reading r;
        int st = decimal_percent(txt(CASE[i].text), &r);
        if ((st == ST_OK) != (CASE[i].code == 0) || r.value != CASE[i].micro || r.code != CASE[i].code)
            fail_msg("\"%s\": status %d code %u value %lld", CASE[i].text, st, r.code, (long long)r.value);
        if (st == ST_OK && (r.decimals != CASE[i].decimals || r.notes != CASE[i].notes))
            fail_msg("\"%s\": decimals %u notes %u", CASE[i].text, r.decimals, r.notes);
    }
}

static void counting_units(void **state)
{
    (void)state;
    static const char *const YES[] = { "orang", "Orang", "org terlantar", "KPM", "dokumen", "Surat Kabar", "lansia miskin",
                                       "PSM", "ppks",
                                       "eksemplar", "unit kendaraan", "agen", "wp", "lanjut usia", "(orang)", "( Orang )" };
    static const char *const NO[] = { "", "kg", "ha", "%", "tahun", "m2", "ton", "orangutan2x", "indeks",
                                      "orang\xc3\xa9", "(", "orangorangorangorangorang" };
    for (size_t i = 0; i < sizeof YES / sizeof *YES; i++)
        if (!decimal_unit_counts(txt(YES[i])))
            fail_msg("%s counts", YES[i]);
    for (size_t i = 0; i < sizeof NO / sizeof *NO; i++)
        if (decimal_unit_counts(txt(NO[i])))
            fail_msg("%s does not count", NO[i]);
    assert_true(decimal_unit_same(txt("ANAK ZONA"), txt("anak zona")));
}

/* One unit however it is typed, and what is none of them. */
static void units_as_written(void **state)
{
    (void)state;
    static const char *const SAME[][2] = { { "%", "persen" },
                                           { "Prosen", "%" },
                                           { "Prosentase", "persentase" },
                                           { "org", "Orang" },
                                           { "ORG.", "orang" },
                                           { "km2", "km\xc2\xb2" },
                                           { "M\xc2\xb3", "m3" },
                                           { " km\xc2\xa0", "KM" },
                                           { "dok.", "Dokumen" },
                                           { "jenis  barang", "Jenis barang." },
                                           { "(orang)", "orang" },
                                           { "\xc2\xb5g", "\xc2\xb5G" } };
    static const char *const APART[][2] = {{"km", "km2"}, {"m2", "m3"}, {"orang", "jiwa"}, {"%", ""}, {"orang", "%"},
                                           {"unit", "STNK"}, {"km\xc2\xb2", "km\xc2\xb3"}, {"jenis", "jenis barang"}};
    static const char *const NEAR[][2] = {{"oramg", "orang"}, {"Dokumn", "dokumen"}, {"kegiatam", "kegiatan"}, {"bulsn", "bulan"}};
    static const char *const NONE[] = { "orang", "org",          "bulan",           "%",     "",     "km2",
                                        "kah",   "lembu betina", "orang terlantar", "zzzzz", "tahun", "tong" };
    for (size_t i = 0; i < sizeof SAME / sizeof *SAME; i++)
        if (!decimal_unit_same(txt(SAME[i][0]), txt(SAME[i][1]))) fail_msg("%s = %s", SAME[i][0], SAME[i][1]);
    for (size_t i = 0; i < sizeof APART / sizeof *APART; i++)
        if (decimal_unit_same(txt(APART[i][0]), txt(APART[i][1]))) fail_msg("%s is not %s", APART[i][0], APART[i][1]);
    for (size_t i = 0; i < sizeof NEAR / sizeof *NEAR; i++) {
        const char *near = decimal_unit_near(txt(NEAR[i][0]));
        if (!near || strcmp(near, NEAR[i][1]) != 0) fail_msg("%s: %s", NEAR[i][0], near ? near : "none");
    }
    for (size_t i = 0; i < sizeof NONE / sizeof *NONE; i++)
        if (decimal_unit_near(txt(NONE[i]))) fail_msg("%s is near to %s", NONE[i], decimal_unit_near(txt(NONE[i])));
}

/* No number, unit or word is longer than a text may be; a unit that is shown is shorter still. */
static void texts_without_an_end(void **state)
{
    (void)state;
    static char text[TEXT_MAX + 2];
    struct decimal_reading r;
    struct slice whole = slice_of(text, TEXT_MAX + 1);
    memset(text, 'x', sizeof text);
    text[0] = '5';
    assert_int_equal(decimal_money(whole, DASH_REFUSE, true, &r), ST_INVALID);
    assert_int_equal(decimal_quantity(whole, txt("orang"), true, &r), ST_INVALID);
    assert_int_equal(decimal_percent(whole, &r), ST_INVALID);
    assert_int_equal(r.code, CODE_NUMBER_BROKEN);
    assert_int_equal(decimal_quantity(slice_of(text, 1 + sizeof r.unit), txt(""), true, &r), ST_INVALID);
    check_near(text, &r, (const char *const[3]){ "5", NULL });
    assert_int_equal(decimal_quantity(slice_of(text, sizeof r.unit), txt(""), true, &r), ST_OK);
    assert_int_equal(strlen(r.unit), sizeof r.unit - 1);
    text[0] = 'x';
    assert_int_equal(decimal_quantity(txt("12.295"), whole, true, &r), ST_INVALID);
    assert_int_equal(r.code, CODE_AMBIGUOUS);
    assert_false(decimal_unit_counts(whole));
    assert_false(decimal_unit_same(whole, txt("x")));
    assert_false(decimal_unit_same(txt("x"), whole));
    assert_null(decimal_unit_near(whole));
}

static int counts_listed(const void *ctx, struct slice unit)
{
    const int *listed = ctx;
    assert_int_equal(unit.n, 3);
    return *listed;
}

/* A list of units that names the unit decides; where it does not say, the built-in table does. */
static void units_of_a_list(void **state)
{
    (void)state;
    static const struct { const char *text; int listed; unsigned code; } CASE[] = {
        { "12.295 keg", 1, 0 }, { "12.295 keg", 0, CODE_AMBIGUOUS }, { "12.295 keg", -1, CODE_AMBIGUOUS },
        { "12.295 kpm", 1, 0 }, { "12.295 kpm", 0, CODE_AMBIGUOUS }, { "12.295 kpm", -1, 0 },
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        struct decimal_reading r;
        struct decimal_counting by = { counts_listed, &CASE[i].listed };
        decimal_quantity_by(txt(CASE[i].text), txt(""), true, &by, &r);
        if (r.code != CASE[i].code || (r.code == 0 && r.value != 12295 * M)) fail_msg("%s %d", CASE[i].text, CASE[i].listed);
    }
}

/* ---- out ---- */

static void formats(void **state)
{
    (void)state;
    char s[64];
    assert_int_equal(decimal_format_sen(9100000000, s), 11);
    assert_string_equal(s, "91000000.00");
    decimal_format_sen(-510, s);
    assert_string_equal(s, "-5.10");
    decimal_format_sen(-5, s);
    assert_string_equal(s, "-0.05");
    decimal_format_sen(0, s);
    assert_string_equal(s, "0.00");
    decimal_format_sen(-(((i128)1 << 126) - 1) * 2 - 2, s);
    assert_string_equal(s, "-1701411834604692317316873037158841057.28");
    decimal_format_sen_id(9100000000, s);
    assert_string_equal(s, "91.000.000,00");
    decimal_format_sen_id(-99999, s);
    assert_string_equal(s, "-999,99");
    decimal_format_sen_id(-123456, s);
    assert_string_equal(s, "-1.234,56");
    decimal_format_micro(88400000, 0, s);
    assert_string_equal(s, "88.4");
    decimal_format_micro(12000000, 0, s);
    assert_string_equal(s, "12");
    decimal_format_micro(12000000, 2, s);
    assert_string_equal(s, "12.00");
    decimal_format_micro(-1, 0, s);
    assert_string_equal(s, "-0.000001");
    decimal_format_micro(INT64_MIN, 6, s);
    assert_string_equal(s, "-9223372036854.775808");
}

static void percentages(void **state)
{
    (void)state;
    char s[32];
    int64_t v;
    decimal_percent_text(2949958312, 3203475382, 2, s);
    assert_string_equal(s, "92.09");
    decimal_percent_text(-2949958312, 3203475382, 2, s);
    assert_string_equal(s, "-92.09");
    decimal_percent_text(1, 8, 1, s);
    assert_string_equal(s, "12.5");
    decimal_percent_text(1, 16, 1, s);                /* 6.25: half away from zero */
    assert_string_equal(s, "6.3");
    decimal_percent_text(-1, 16, 1, s);
    assert_string_equal(s, "-6.3");
    decimal_percent_text(0, 5, 2, s);
    assert_string_equal(s, "0.00");
    decimal_percent_text(1, 100000, 0, s);
    assert_string_equal(s, "0");
    assert_int_equal(decimal_percent_text(1, 0, 2, s), 0);
    i128 huge = (((i128)1 << 126) - 1) * 2 + 1;
    assert_true(decimal_ratio_percent(huge, huge, 6, false, &v));
    assert_int_equal(v, 100000000);
    assert_true(decimal_ratio_percent(huge / 3, huge, 6, false, &v));
    assert_int_equal(v, 33333333);
    assert_false(decimal_ratio_percent(huge, 1, 2, false, &v));
    assert_false(decimal_ratio_percent((i128)1 << 57, 1, 0, false, &v));         /* the last of its digits is one too many */
    assert_int_equal(decimal_percent_text(huge, 1, 2, s), 0);
    assert_true(decimal_ratio_percent(12295, 13920, 2, true, &v));
    assert_int_equal(v, 8832);
    assert_true(decimal_percent_right(88320000, 2, 12295, 13920));      /* truncated */
    assert_true(decimal_percent_right(88330000, 2, 12295, 13920));      /* rounded */
    assert_false(decimal_percent_right(88340000, 2, 12295, 13920));
    assert_false(decimal_percent_right(90000000, 0, 2949958312, 3203475382));
    assert_true(decimal_percent_right(92000000, 0, 2949958312, 3203475382));
    assert_false(decimal_percent_right(1, 2, 0, 0));
    assert_false(decimal_percent_right(100, 7, 1, 1));
    assert_false(decimal_percent_right(100000001, 2, 1, 1));     /* more places than it says */
    assert_false(decimal_percent_right(INT64_MAX, 6, huge, 1));
}

static void rounding_three_ways(void **state)
{
    (void)state;
    static const struct {
        i128 num, den;
        unsigned places;
        const char *half, *even, *cut;
    } CASES[] = {
        { 1, 8, 1, "12.5", "12.5", "12.5" },
        { 1, 16, 1, "6.3", "6.2", "6.2" },
        { 3, 16, 1, "18.8", "18.8", "18.7" },
        { -1, 16, 1, "-6.3", "-6.2", "-6.2" },
        { 1, 200, 0, "1", "0", "0" },
        { 3, 200, 0, "2", "2", "1" },
        { 12295, 13920, 2, "88.33", "88.33", "88.32" },
        { 2, 3, 6, "66.666667", "66.666667", "66.666666" },
        { 0, 7, 2, "0.00", "0.00", "0.00" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char s[32];
        assert_true(decimal_round_text(CASES[i].num, CASES[i].den, CASES[i].places, DECIMAL_HALF, s) > 0);
        assert_string_equal(s, CASES[i].half);
        assert_true(decimal_round_text(CASES[i].num, CASES[i].den, CASES[i].places, DECIMAL_EVEN, s) > 0);
        assert_string_equal(s, CASES[i].even);
        assert_true(decimal_round_text(CASES[i].num, CASES[i].den, CASES[i].places, DECIMAL_CUT, s) > 0);
        assert_string_equal(s, CASES[i].cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(printed_spellings), cmocka_unit_test(money), cmocka_unit_test(absent_values), cmocka_unit_test(quantity),
        cmocka_unit_test(percent), cmocka_unit_test(counting_units), cmocka_unit_test(formats), cmocka_unit_test(percentages),
        cmocka_unit_test(rounding_three_ways), cmocka_unit_test(units_as_written),
        cmocka_unit_test(texts_without_an_end), cmocka_unit_test(units_of_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
