/* intake_indicator_test.c - files of the shape `indikator` become statements: both printed tables row by row, and the rules one by
 * one.
 *
 * The printed tables are held against their own cells, read here again with nothing but the file: a row is taken unless its cells
 * hold two numbers (35 buah 2 paket; 52 orang (30 org .., 22 ..)), and its target and result are what the number columns say. */
#include "tests/unit/intake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct slice txt(const char *s) { return slice_of(s, strlen(s)); }

static struct intake *take_bytes(struct slice bytes)
{
    struct intake_options o = {.office = txt("gen-3374-07"), .clerk = txt("k1"), .entered = {1000}};
    struct intake *in;
    assert_int_equal(intake_read(bytes, &o, &in), ST_OK);
    return in;
}

static struct intake *take(const char *csv) { return take_bytes(txt(csv)); }

/* The figure of a measure that came from a line; NULL. */
static const struct figure *find_line(const struct intake *in, uint32_t line, unsigned measure)
{
    for (uint32_t s = 0; s < in->sections; s++)
        for (uint32_t i = 0; i < in->section[s].count; i++)
            if (in->section[s].row[i].line == line && in->section[s].row[i].figure.measure == measure)
                return &in->section[s].row[i].figure;
    return NULL;
}

static const struct figure *at_line(const struct intake *in, uint32_t line, unsigned measure)
{
    const struct figure *f = find_line(in, line, measure);
    if (!f) {
        fail_msg("line %u has no %s", line, figure_measure_name(measure));
        abort();
    }
    return f;
}

/* The figure as text: number, "nihil", "'words'", "dicabut", or "-" when it is not there. */
static const char *shown(const struct figure *f)
{
    static char text[4][1600];
    static unsigned next;
    char *t = text[next++ % 4];
    if (!f) return "-";
    if (f->kind == VALUE_NIL || f->kind == VALUE_WITHDRAWN) return f->kind == VALUE_NIL ? "nihil" : "dicabut";
    if (f->kind == VALUE_NUMBER)
        decimal_format_micro(f->value, 0, t);
    else
        snprintf(t, sizeof text[0], "'%.*s'", (int)f->text.n, (const char *)f->text.p);
    return t;
}

static const char *line_shown(const struct intake *in, uint32_t line, unsigned measure)
{
    return shown(find_line(in, line, measure));
}

static uint32_t notes_of(const struct intake *in, const char *kind)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < in->notes; i++) n += strcmp(in->note[i].kind, kind) == 0;
    return n;
}

/* ---- the printed tables ---- */

struct table {
    const char *path;
    uint32_t rows, refused_line, refused_cells;
};

static void check_number(const struct csv_table *t, uint32_t row, uint32_t column, uint32_t text, const struct figure *f)
{
    char s[32];
    struct slice cell = bytes_trim(csv_table_cell(t, row, column)), words = bytes_trim(csv_table_cell(t, row, text));
    if (cell.n > 0) {
        assert_non_null(f);
        assert_int_equal(f->kind, VALUE_NUMBER);
        decimal_format_micro(f->value, 0, s);
        assert_int_equal(strlen(s), cell.n);
        assert_memory_equal(s, cell.p, cell.n);
    } else if (words.n == 0) {
        assert_null(f);
    } else if (f->kind == VALUE_TEXT) {
        assert_int_equal(f->text.n, words.n);
        assert_memory_equal(f->text.p, words.p, words.n);
    } else {
        assert_int_equal(f->value, 100000000); /* "100%" beside an empty cell, twice */
    }
}

static void check_table(const struct table *want)
{
    struct slice bytes = intake_world_load(want->path);
    struct csv_table t;
    struct csv_fault fault;
    assert_int_equal(csv_table_read(bytes, &t, &fault), ST_OK);
    struct intake *in = take_bytes(bytes);
    assert_int_equal(in->shape, SHAPE_INDIKATOR);
    assert_int_equal(in->rows, want->rows);
    assert_int_equal(in->refused, want->refused_line ? 1 : 0);
    assert_int_equal(in->refusals, want->refused_cells);
    assert_int_equal(in->duplicate, 0);
    for (uint32_t i = 0; i < in->refusals; i++) {
        assert_int_equal(in->refusal[i].line, want->refused_line);
        assert_int_equal(in->refusal[i].code, CODE_AMBIGUOUS);
    }
    for (uint32_t r = 1; r < t.rows; r++) {
        uint32_t line = t.row[r].line;
        const struct figure *name = find_line(in, line, MEASURE_INDICATOR_NAME);
        assert_int_equal(name == NULL, line == want->refused_line);
        if (!name) continue;
        struct slice printed = bytes_trim(csv_table_cell(&t, r, 3)), achieved = csv_table_cell(&t, r, 7);
        assert_int_equal(name->text.n, printed.n);
        assert_memory_equal(name->text.p, printed.p, printed.n);
        check_number(&t, r, 5, 9, find_line(in, line, MEASURE_TARGET));
        check_number(&t, r, 6, 10, find_line(in, line, MEASURE_REACHED));
        assert_int_equal(find_line(in, line, MEASURE_PRINTED_ACHIEVEMENT) != NULL, achieved.n > 0);
    }
    intake_free(&in);
    csv_table_done(&t);
}

static void printed_tables(void **state)
{
    (void)state;
    const struct table tables[] = {{"tests/data/metro/indikator.csv", 64, 39, 1},
                                   {"tests/data/semarang/indikator.csv", 159, 15, 2},
                                   {"tests/data/semarang/tren.csv", 0, 0, 0}};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) check_table(&tables[i]);
}

static void metro(void **state)
{
    (void)state;
    struct intake *in = take_bytes(intake_world_load("tests/data/metro/indikator.csv"));
    const struct {
        uint32_t line;
        unsigned measure;
        const char *want;
    } cases[] = {
        {3, MEASURE_TARGET, "88.4"},
        {3, MEASURE_REACHED, "88.32"},
        {3, MEASURE_TARGET_UNIT, "'%'"},
        {3, MEASURE_REACHED_UNIT, "'%'"},
        {3, MEASURE_PRINTED_ACHIEVEMENT, "91.53"},
        {3, MEASURE_PRINTED_RATING, "'sangat tinggi'"},
        {3, MEASURE_INDICATOR_NO, "'1'"},
        {4, MEASURE_TARGET, "-"},
        {4, MEASURE_REACHED, "-"},
        {8, MEASURE_REACHED, "'Lakip dan LKPJ'"},
        {8, MEASURE_TARGET_UNIT, "'Dokumen'"},
        {8, MEASURE_REACHED_UNIT, "-"},
        {9, MEASURE_TARGET, "'ASN dan THL'"},
        {34, MEASURE_REACHED, "'Recofusing'"},
        {64, MEASURE_TARGET, "'Paving Block'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(line_shown(in, cases[i].line, cases[i].measure), cases[i].want);
    const struct figure *reached = at_line(in, 3, MEASURE_REACHED);
    assert_true(reached->month == 12 && reached->basis == BASIS_CUMULATIVE && reached->source == SOURCE_OPD &&
                reached->year == 2022);
    assert_true(at_line(in, 3, MEASURE_TARGET)->source == SOURCE_DPA && at_line(in, 3, MEASURE_TARGET)->month == 1);
    assert_int_equal(at_line(in, 3, MEASURE_PRINTED_ACHIEVEMENT)->decimals, 2);
    assert_true(bytes_is(reached->indicator, "persentase ppks yang tertangani"));
    intake_free(&in);
    in = take_bytes(intake_world_load("tests/data/metro/tren.csv"));
    assert_true(in->shape == SHAPE_INDIKATOR && in->rows == 6 && in->refused == 0);
    assert_string_equal(line_shown(in, 7, MEASURE_TARGET), "100");
    assert_true(bytes_is(at_line(in, 3, MEASURE_REACHED)->indicator, "persentase ppks yang tertangani"));
    intake_free(&in);
}

static void semarang(void **state)
{
    (void)state;
    struct intake *in = take_bytes(intake_world_load("tests/data/semarang/indikator.csv"));
    const struct {
        uint32_t line;
        unsigned measure;
        const char *want;
    } cases[] = {
        {2, MEASURE_TARGET, "70844"},         {2, MEASURE_TARGET_UNIT, "'buah'"},       {43, MEASURE_REACHED, "100"},
        {43, MEASURE_REACHED_UNIT, "'%'"},    {43, MEASURE_TARGET_UNIT, "'kegiatan'"},  {44, MEASURE_REACHED_UNIT, "'%'"},
        {40, MEASURE_REACHED, "-"},           {40, MEASURE_PRINTED_ACHIEVEMENT, "100"}, {50, MEASURE_TARGET, "'bulan'"},
        {50, MEASURE_TARGET_UNIT, "'bulan'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(line_shown(in, cases[i].line, cases[i].measure), cases[i].want);
    intake_free(&in);
}

/* ---- cells ---- */

#define HEAD "tahun,kode,indikator,satuan,target,realisasi,target_teks,realisasi_teks,formula,sumber,tahap,sampai,alasan\n"
struct cell_case {
    const char *row, *target, *target_unit, *reached, *reached_unit;
    unsigned code;
};
static const struct cell_case CELLS[] = {
    {"2022,1.06,A,Orang,4.093,22.380 Liter,,,,,,,", "4093", "'Orang'", "22380", "'Liter'", 0},
    {"2022,1.06,A,kk,8000kk,16 Oorang,,,,,,,", "8000", "'kk'", "16", "'Oorang'", 0},
    {"2022,1.06,A,%,\"88,4%\",(68.89%),,,,,,,", "88.4", "'%'", "68.89", "'%'", 0},
    {"2022,1.06,A,ha,\"1,5\",1.25,,,,,,,", "1.5", "'ha'", "1.25", "'ha'", 0},
    {"2022,1.06,A,ha,1.234,5,,,,,,,", NULL, NULL, NULL, NULL, CODE_AMBIGUOUS},
    {"2022,1.06,A,KPM,\"97,259 KPM\",5,,,,,,,", NULL, NULL, NULL, NULL, CODE_AMBIGUOUS},
    {"2022,1.06,A,,35 buah 2 paket,,,,,,,,", NULL, NULL, NULL, NULL, CODE_AMBIGUOUS},
    {"2022,1.06,A,,6.02E,5,,,,,,,", NULL, NULL, NULL, NULL, CODE_NUMBER_BROKEN},
    {"2022,1.06,A,orang,-,nihil,,,,,,,", "-", "'orang'", "nihil", "-", 0},
    {"2022,1.06,A,orang,nihil,5,,,,,,,", "-", "'orang'", "5", "'orang'", 0},
    {"2022,1.06,A,orang,Paving Block,recofusing,,,,,,,", "'Paving Block'", "'orang'", "'recofusing'", "-", 0},
    {"2022,1.06,A,orang,,,50 org,\"1.485 lansia\",,,,,", "50", "'org'", "1485", "'lansia'", 0},
    {"2022,1.06,A,orang,50,,51 orang,,,,,,", NULL, NULL, NULL, NULL, CODE_AMBIGUOUS},
    {"2022,1.06,A,,52,52,\"52 orang (30 org, 22 org)\",52 orang,,,,,", "52", "-", "52", "'orang'", 0},
    {"2022,1.06,A,,PP 12,PP 12,,,TEXT,,,,", "'PP 12'", "-", "'PP 12'", "-", 0},
    {"2022,1.06,A,%,80-90,92,,,range,,,,", "'80-90'", "'%'", "92", "'%'", 0},
    {"2022,1.06,A,%,80-90,92,,,,,,,", NULL, NULL, NULL, NULL, CODE_AMBIGUOUS},
    {"2022,1.06,A,%,80,92,,,naik,,,,", NULL, NULL, NULL, NULL, CODE_FORMULA_UNKNOWN},
    {"2022,1.06,A,%,80,92,,,,bud,,,", NULL, NULL, NULL, NULL, CODE_UNAUTHORISED},
    {"2022,1.06,,%,80,92,,,,,,,", NULL, NULL, NULL, NULL, CODE_MISSING_KEY},
    {"2022,1.06,A,%,,,,,,,,2022-06,dicabut", "dicabut", "'%'", "dicabut", "-", 0},
};

static void cells(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CELLS / sizeof *CELLS; i++) {
        char csv[512];
        const struct cell_case *c = &CELLS[i];
        snprintf(csv, sizeof csv, HEAD "%s\n", c->row);
        struct intake *in = take(csv);
        if (c->code) {
            if (in->refusals == 0 || in->refusal[0].code != c->code) fail_msg("%s: not refused with %u", c->row, c->code);
            assert_int_equal(in->sections, 0);
        } else {
            const unsigned measures[] = {MEASURE_TARGET, MEASURE_TARGET_UNIT, MEASURE_REACHED, MEASURE_REACHED_UNIT};
            const char *wants[] = {c->target, c->target_unit, c->reached, c->reached_unit};
            for (size_t k = 0; k < 4; k++)
                if (strcmp(line_shown(in, 2, measures[k]), wants[k]))
                    fail_msg("%s: %s is %s, not %s", c->row, figure_measure_name(measures[k]), line_shown(in, 2, measures[k]),
                             wants[k]);
        }
        intake_free(&in);
    }
}

static void keys(void **state)
{
    (void)state;
    struct intake *in = take(HEAD "2022,1.06,\"- Prosentase  PPKS.\",%,80,60,,,,pk-2,perubahan,2022-06,\n");
    const struct figure *t = at_line(in, 2, MEASURE_TARGET), *r = at_line(in, 2, MEASURE_REACHED);
    assert_true(bytes_is(t->indicator, "persentase ppks"));
    assert_true(t->source == SOURCE_PK2 && t->stage == STAGE_PERUBAHAN && t->month == 6);
    assert_true(r->source == SOURCE_OPD && r->stage == STAGE_NONE && r->month == 6 && r->basis == BASIS_CUMULATIVE);
    intake_free(&in);
    in = take("id,tahun,kode,indikator,target,realisasi,bulan,agregasi,agregasi_unit,pembilang,penyebut,awal,bobot,tingkat,"
              "penanggung_jawab,"
              "sumber_dana\nIK-1,2022,1.06,A,80,60,6,rata,rasio,12295,13920,70,2.5,PK-3,Kepala Bidang,APBD\n");
    const struct {
        unsigned measure;
        const char *want;
    } all[] = {{MEASURE_OVER_TIME, "'RATA'"},  {MEASURE_OVER_UNITS, "'RASIO'"},    {MEASURE_NUMERATOR, "12295"},
               {MEASURE_DENOMINATOR, "13920"}, {MEASURE_BASELINE, "70"},           {MEASURE_WEIGHT, "2.5"},
               {MEASURE_TIER, "'PK-3'"},       {MEASURE_OWNER, "'Kepala Bidang'"}, {MEASURE_FUND, "'APBD'"}};
    assert_int_equal(in->refusals, 0);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) assert_string_equal(line_shown(in, 2, all[i].measure), all[i].want);
    assert_true(bytes_is(at_line(in, 2, MEASURE_REACHED)->indicator, "ik-1"));
    assert_int_equal(at_line(in, 2, MEASURE_REACHED)->basis, BASIS_MONTHLY);
    intake_free(&in);
}

static void same_indicator(void **state)
{
    (void)state;
    struct intake *in =
        take("tahun,kode,no,indikator,satuan,target,realisasi,sampai\n2022,1.06,1,Presentase PPKS,org,80,40,2022-06\n"
             "2022,1.06,2,Persentase PPKS,orang,80,60,2022-09\n2022,1.06,2,persentase ppks,orang,80,60,2022-09\n");
    assert_true(in->rows == 3 && in->refused == 0 && in->duplicate == 1);
    assert_int_equal(notes_of(in, "nomor-berbeda"), 2);
    assert_int_equal(notes_of(in, "sebutan-berbeda"), 2);
    intake_free(&in);
    in = take(
        "tahun,kode,indikator,satuan,target,realisasi\n2022,1.06,A,orang,80,40\n2022,1.06,a,orang,80,60\n2022,1.06,B,orang,1,1\n");
    assert_true(in->rows == 3 && in->refused == 2 && in->refusals == 2);
    assert_true(in->refusal[0].code == CODE_DUPLICATE_ROW && in->refusal[0].line == 2 && in->refusal[1].line == 3);
    assert_string_equal(line_shown(in, 4, MEASURE_TARGET), "1");
    intake_free(&in);
}

/* Hundreds of indicators under one code are as many figures, wherever their hashes fall. */
static void many_of_one_code(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_str(&b, "tahun,kode,indikator,target\n");
    for (unsigned i = 0; i < 400; i++) buf_printf(&b, "2022,1.06,gen %u,%u\n", i, i);
    struct intake *in = take_bytes(buf_slice(&b));
    assert_true(in->rows == 400 && in->refused == 0 && in->duplicate == 0);
    intake_free(&in);
    buf_done(&b);
}

static void headings(void **state)
{
    (void)state;
    const struct {
        const char *head;
        enum shape_kind shape;
        unsigned code;
    } cases[] = {
        {"tahun,kode,indikator,target\n", SHAPE_INDIKATOR, 0},
        {"Tahun;Kode;Indikator;Target;Realisasi;Kriteria\n", SHAPE_INDIKATOR, 0},
        {"tahun,kode,indikator,target,pagu\n", SHAPE_RENSTRA, 0},
        {"tahun,kode,indikator,target,pagu,realisasi\n", SHAPE_INDIKATOR, 0},
        {"tahun,kode,indikator\n", SHAPE_NONE, CODE_SHAPE_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct intake *in = take(cases[i].head);
        assert_int_equal(in->refusals, cases[i].code ? 1 : 0);
        if (cases[i].code)
            assert_int_equal(in->refusal[0].code, cases[i].code);
        else
            assert_int_equal(in->shape, cases[i].shape);
        intake_free(&in);
    }
    struct intake *in = take(
        "LAPORAN KINERJA\ntahun,kode,indikator,target,realisasi,kriteria\n2022,1.06,A,80,60,Tinggi\nJumlah,,,,,\n,,,,,\nKepala "
        "Dinas,,,,,\n");
    assert_true(in->rows == 1 && in->refused == 0 && notes_of(in, "baris-jumlah") == 1 && notes_of(in, "bukan-data") == 1);
    assert_string_equal(line_shown(in, 3, MEASURE_PRINTED_RATING), "'Tinggi'");
    intake_free(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(printed_tables), cmocka_unit_test(metro),
        cmocka_unit_test(semarang),       cmocka_unit_test(cells),
        cmocka_unit_test(keys),           cmocka_unit_test(same_indicator),
        cmocka_unit_test(headings),       cmocka_unit_test(many_of_one_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
