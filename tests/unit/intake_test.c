/* intake_test.c - files become statements. The two real budget tables must be taken whole and add up as their README says; the
 * reports of small bad files are held against tests/golden/intake (UPDATE_GOLDEN=1 writes them anew). */
#include "tests/unit/intake_world.h"

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

static struct intake_options options(void)
{
    return (struct intake_options){ .office = txt("gen-3374-07"), .clerk = txt("k1"), .entered = { 1000 } };
}

static struct intake *take_with(struct slice bytes, struct intake_options o)
{
    struct intake *in;
    assert_int_equal(intake_read(bytes, &o, &in), ST_OK);
    return in;
}

static struct intake *take(const char *csv)
{
    return take_with(txt(csv), options());
}

/* The only figure of a measure; NULL when there is none, failure when there are more. */
static const struct figure *only(const struct intake *in, unsigned measure)
{
    const struct figure *ret = NULL;
    for (uint32_t s = 0; s < in->sections; s++)
        for (uint32_t i = 0; i < in->section[s].count; i++)
            if (in->section[s].row[i].figure.measure == measure) {
                assert_null(ret);
                ret = &in->section[s].row[i].figure;
            }
    return ret;
}

/* ---- the two real tables ---- */

struct sums { i128 pagu, realisasi; uint32_t budgets, realised, printed; };

static struct sums add_up(const struct intake *in, unsigned year, enum level level)
{
    struct sums x = { 0 };
    for (uint32_t s = 0; s < in->sections; s++)
        for (uint32_t i = 0; i < in->section[s].count; i++) {
            const struct figure *f = &in->section[s].row[i].figure;
            assert_int_equal(figure_check(f), CODE_OK);
            if (f->year != year || code_level(f->activity) != level)
                continue;
            if (f->measure == MEASURE_BUDGET)
                x.pagu += f->value, x.budgets++;
            if (f->measure == MEASURE_REALISED)
                x.realisasi += f->value, x.realised++;
            x.printed += f->measure == MEASURE_PRINTED_ABSORPTION;
        }
    return x;
}

static void semarang(void **state)
{
    (void)state;
    struct intake *in = take_with(intake_world_load("tests/data/semarang/anggaran.csv"), options());
    assert_int_equal(in->shape, SHAPE_ANGGARAN);
    assert_int_equal(in->rows, 121);
    assert_int_equal(in->refused + in->duplicate + in->refusals, 0);
    struct sums y2020 = add_up(in, 2020, LEVEL_KEGIATAN), y2021 = add_up(in, 2021, LEVEL_SUBKEGIATAN);
    struct sums account = add_up(in, 2020, LEVEL_NONE);
    assert_true(y2020.pagu == INT64_C(2231252000000));
    assert_true(y2020.realisasi == INT64_C(1427699876000));
    assert_int_equal(y2020.budgets, 47);
    assert_true(y2021.pagu == INT64_C(8129597788400));
    assert_int_equal(y2021.budgets, 69);
    assert_int_equal(y2021.realised, 0);
    assert_true(account.pagu == INT64_C(773398610900));
    assert_int_equal(account.realised, 3);
    intake_free(&in);
    assert_null(in);
}

static void metro(void **state)
{
    (void)state;
    struct intake *in = take_with(intake_world_load("tests/data/metro/anggaran.csv"), options());
    assert_int_equal(in->rows, 60);
    assert_int_equal(in->refused + in->duplicate + in->refusals, 0);
    struct sums leaves = add_up(in, 2022, LEVEL_SUBKEGIATAN), whole = add_up(in, 2022, LEVEL_BIDANG);
    assert_true(whole.pagu == INT64_C(572172478200));
    assert_true(whole.realisasi == INT64_C(520675710400));
    assert_int_equal(whole.printed, 1);
    assert_int_equal(leaves.budgets, 39);
    for (uint32_t s = 0; s < in->sections; s++)
        for (uint32_t i = 0; i < in->section[s].count; i++) {
            const struct figure *f = &in->section[s].row[i].figure;
            assert_int_equal(f->month, 12);     /* perubahan counts from the month of sampai */
            assert_int_equal(f->stage, f->measure == MEASURE_REALISED ? STAGE_NONE : STAGE_PERUBAHAN);
        }
    intake_free(&in);
}

static void names_of_codes(void **state)
{
    (void)state;
    static const struct { const char *file; uint32_t rows; } CASE[] = { { "tests/data/metro/nomenklatur.csv", 93 },
                                                                        { "tests/data/semarang/nomenklatur.csv", 145 } };
    for (size_t k = 0; k < 2; k++) {
        struct intake *in = take_with(intake_world_load(CASE[k].file), options());
        uint32_t figures = 0;
        assert_int_equal(in->shape, SHAPE_NOMENKLATUR);
        assert_int_equal(in->rows, CASE[k].rows);
        assert_int_equal(in->refusals + in->notes + in->duplicate, 0);
        for (uint32_t s = 0; s < in->sections; s++)
            figures += in->section[s].count;
        assert_int_equal(figures, CASE[k].rows);
        intake_free(&in);
    }
}

/* ---- what a row states ---- */

static void stages(void **state)
{
    (void)state;
    static const struct { const char *row; unsigned stage, month; } CASE[] = {
        { "2022,,2022-08,,", STAGE_NONE, 1 },                       { "2022,murni,2022-08,,", STAGE_MURNI, 1 },
        { "2022,Perubahan,2022-10,,", STAGE_PERUBAHAN, 10 },        { "2022,perubahan,,,", STAGE_PERUBAHAN, 1 },
        { "2022,perubahan,2022-12,2022-10,", STAGE_PERUBAHAN, 10 }, { "2022,murni,2022-12,2022-02,", STAGE_MURNI, 2 },
        { "2022,pergeseran-2,,,3", STAGE_PERGESERAN | 2, 9 },       { "2022,efisiensi,2022-05,,", STAGE_EFISIENSI, 5 },
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        char csv[256];
        snprintf(csv, sizeof csv, "tahun,tahap,sampai,berlaku,triwulan,kode,pagu\n%s,1.06.01.2.01.01,5\n", CASE[i].row);
        struct intake *in = take(csv);
        const struct figure *f = only(in, MEASURE_BUDGET);
        if (!f || f->stage != CASE[i].stage || f->month != CASE[i].month)
            fail_msg("%s: stage %x month %u", CASE[i].row, f ? f->stage : 0u, f ? f->month : 0u);
        assert_int_equal(f->source, SOURCE_DPA);
        intake_free(&in);
    }
}

static void periods(void **state)
{
    (void)state;
    static const struct { const char *row; unsigned month, basis; } CASE[] = {
        { "2022-08,,", 8, BASIS_CUMULATIVE }, { ",8,", 8, BASIS_MONTHLY },    { ",Agustus,", 8, BASIS_MONTHLY },
        { ",2022-08,", 8, BASIS_MONTHLY },    { ",,II", 6, BASIS_CUMULATIVE }, { ",,4", 12, BASIS_CUMULATIVE },
        { ",,", 12, BASIS_CUMULATIVE },
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        char csv[256];
        snprintf(csv, sizeof csv,
                 "tahun,kode,realisasi,rak,fisik,sampai,bulan,triwulan\n2022,1.06.01.2.01.01,5,6,\"7,5\",%s\n", CASE[i].row);
        struct intake *in = take(csv);
        const struct figure *r = only(in, MEASURE_REALISED), *k = only(in, MEASURE_CASH_PLAN), *p = only(in, MEASURE_PHYSICAL);
        assert_true(r && k && p);
        if (r->month != CASE[i].month || r->basis != CASE[i].basis || k->month != r->month || k->basis != r->basis ||
            p->month != r->month)
            fail_msg("%s: month %u basis %u", CASE[i].row, r->month, r->basis);
        assert_int_equal(p->basis, BASIS_CUMULATIVE);
        assert_int_equal(p->value, 7500000);
        assert_int_equal(r->source, SOURCE_OPD);
        assert_int_equal(in->notes, i == 6 ? 1 : 0);
        intake_free(&in);
    }
}

static void value_kinds(void **state)
{
    (void)state;
    struct intake *in = take("tahun,kode,pagu,realisasi,persen_tercetak,sampai,alasan\n"
                             "2022,total,100,nihil,\"91,50\",2022-03,koreksi\n");
    assert_int_equal(only(in, MEASURE_REALISED)->kind, VALUE_NIL);
    assert_true(only(in, MEASURE_BUDGET)->activity == CODE_TOTAL);
    const struct figure *p = only(in, MEASURE_PRINTED_ABSORPTION);
    assert_int_equal(p->value, 91500000);
    assert_int_equal(p->decimals, 2);
    assert_memory_equal(only(in, MEASURE_REALISED)->reason.p, "koreksi", 7);
    intake_free(&in);
    in = take("tahun,kode,pagu,realisasi,sampai,alasan\n"
              "2022,1.06.01.2.01.01,,,2022-03,Dicabut\n2022,1.06.01.2.01.02,7,,2022-03,dicabut\n");
    uint32_t withdrawn = 0;
    for (uint32_t s = 0; s < in->sections; s++)
        for (uint32_t i = 0; i < in->section[s].count; i++)
            withdrawn += in->section[s].row[i].figure.kind == VALUE_WITHDRAWN;
    assert_int_equal(withdrawn, 3);
    intake_free(&in);
}

static void dashes(void **state)
{
    (void)state;
    static const char CSV[] = "tahun,kode,realisasi,sampai\n2022,1.06.01.2.01.01,Rp -,2022-03\n";
    struct intake_options o = options();
    struct intake *in = take(CSV);
    assert_int_equal(in->refused, 1);
    intake_free(&in);
    o.dash = DASH_ZERO;
    in = take_with(txt(CSV), o);
    assert_int_equal(only(in, MEASURE_REALISED)->kind, VALUE_NUMBER);
    intake_free(&in);
    o.dash = DASH_EMPTY;
    in = take_with(txt(CSV), o);
    assert_null(only(in, MEASURE_REALISED));
    assert_int_equal(in->refused, 0);
    assert_int_equal(in->duplicate, 1);         /* the row states nothing */
    intake_free(&in);
}

static void complete(void **state)
{
    (void)state;
    struct intake_options o = options();
    o.complete = true;
    struct intake *in = take_with(txt("tahun,tahap,kode,pagu\n2022,murni,1.06.01.2.01.01,1\n2022,murni,1.06.01.2.01.02,2\n"), o);
    const struct figure *f = only(in, MEASURE_COMPLETE);
    assert_non_null(f);
    assert_int_equal(f->stage, STAGE_MURNI);
    assert_int_equal(f->source, SOURCE_DPA);
    assert_int_equal(f->month, 1);
    assert_int_equal(f->value, 1);
    intake_free(&in);
    in = take("tahun,tahap,lengkap,kode,pagu\n2022,murni,,1.06.01.2.01.01,1\n2022,perubahan,ya,1.06.01.2.01.02,2\n");
    assert_int_equal(only(in, MEASURE_COMPLETE)->stage, STAGE_PERUBAHAN);
    intake_free(&in);
    /* a refused row would count as absent */
    in = take_with(txt("tahun,tahap,kode,pagu\n2022,murni,1.06.01.2.01.01,1\n2022,murni,1.06.01.2.01.02,25.00.000\n"), o);
    assert_null(only(in, MEASURE_COMPLETE));
    assert_int_equal(in->refused, 1);
    intake_free(&in);
}

static void sources(void **state)
{
    (void)state;
    static const char CSV[] = "tahun,kode,sumber,pagu,realisasi,sampai\n"
                              "2022,1.06.01.2.01.01,bud,1,2,2022-03\n2022,1.06.01.2.01.01,,1,3,2022-03\n";
    struct intake_options o = options();
    struct intake *in = take(CSV);
    assert_int_equal(in->refused, 1);
    assert_int_equal(in->refusal[0].code, CODE_UNAUTHORISED);
    intake_free(&in);
    o.treasurer = true;
    in = take_with(txt(CSV), o);
    assert_int_equal(in->refused, 0);           /* nothing of one source overwrites another */
    assert_int_equal(in->sections, 3);
    intake_free(&in);
}

static void accounts(void **state)
{
    (void)state;
    struct intake *in = take("tahun,kode,rekening,realisasi,sampai\n"
                             "2022,5.1.02,,1,2022-03\n2022,1.06.01.2.01.01,5.1.02.01.01.0024,2,2022-03\n");
    assert_int_equal(in->refused, 0);
    assert_int_equal(in->sections, 1);
    const struct figure *a = &in->section[0].row[0].figure, *b = &in->section[0].row[1].figure;
    assert_true(a->activity == 0 && code_account_depth(a->account) == 3);
    assert_true(b->activity != 0 && code_account_depth(b->account) == 6);
    intake_free(&in);
}

/* ---- reports ---- */

static void put_figures(struct buf *b, const struct intake *in)
{
    for (uint32_t s = 0; s < in->sections; s++)
        for (uint32_t i = 0; i < in->section[s].count; i++) {
            const struct intake_row *r = &in->section[s].row[i];
            char code[32] = "-", account[32] = "-", stage[20];
            if (r->figure.activity)
                code_format_activity(r->figure.activity, code);
            if (r->figure.account)
                code_format_account(r->figure.account, account);
            figure_stage_format(r->figure.stage, stage);
            buf_printf(b, "+%u %s %s %s %s \"%s\" %u-%02u %s%u:%lld", r->line, figure_measure_name(r->figure.measure), code,
                       account,
                       figure_source_name(r->figure.source), stage, r->figure.year, r->figure.month,
                       r->figure.basis == BASIS_MONTHLY ? "month " : "", r->figure.kind, (long long)r->figure.value);
            if (r->figure.text.n > 0)
                buf_printf(b, " %.*s", (int)r->figure.text.n, (const char *)r->figure.text.p);
            buf_u8(b, '\n');
        }
}

static void report(struct buf *b, const char *file, const struct intake *in, enum lang lang)
{
    for (uint32_t i = 0; i < in->refusals; i++) {
        intake_refusal_text(b, txt(file), &in->refusal[i], lang);
        buf_u8(b, '\n');
    }
    for (uint32_t i = 0; i < in->notes; i++) {
        intake_note_text(b, txt(file), &in->note[i]);
        buf_u8(b, '\n');
    }
    buf_printf(b, "= rows %u refused %u duplicate %u\n", in->rows, in->refused, in->duplicate);
}

static void golden(void **state)
{
    (void)state;
    static const char *const CASE[] = { "codes", "column_twice", "money", "names", "periods", "prints", "quote", "shifted",
                                        "statements",
                                        "titles_cp1252", "twice", "unknown", "centre_only" };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        char path[128], name[64];
        struct buf b;
        buf_init(&b, 1 << 20);
        snprintf(name, sizeof name, "%s.csv", CASE[i]);
        snprintf(path, sizeof path, "tests/golden/intake/%s.csv", CASE[i]);
        struct intake_options o = options();
        struct intake *in = take_with(intake_world_load(path), o);
        report(&b, name, in, LANG_ID);
        put_figures(&b, in);
        intake_free(&in);
        o.lang = LANG_EN;
        in = take_with(intake_world_load(path), o);
        report(&b, name, in, LANG_EN);
        intake_free(&in);
        assert_true(buf_ok(&b));
        snprintf(path, sizeof path, "tests/golden/intake/%s.txt", CASE[i]);
        if (getenv("UPDATE_GOLDEN")) {
            FILE *out = fopen(path, "w");
            assert_non_null(out);
            assert_int_equal(fwrite(b.p, 1, b.n, out), b.n);
            assert_int_equal(fclose(out), 0);
        }
        struct slice want = intake_world_load(path);
        if (want.n != b.n || memcmp(want.p, b.p, b.n) != 0)
            fail_msg("%s differs; now:\n%.*s", path, (int)b.n, (const char *)b.p);
        buf_done(&b);
    }
}

/* Files that are no text table are told apart by how they begin, so that the clerk hears what to do and not what a byte was. */
static void foreign_files(void **state)
{
    (void)state;
    static const struct { const char *bytes; size_t n; unsigned code; const char *part; } CASE[] = {
        { "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8, CODE_SHAPE_UNSUPPORTED, "XLS" },
        { "\xff\xfet\0a\0h\0", 8, CODE_TEXT_BROKEN, "UTF-16" },
        { "\xfe\xff\0t\0a\0h", 8, CODE_TEXT_BROKEN, "UTF-16" },
        { "%PDF-1.4\n", 9, CODE_FILE_BROKEN, "PDF" },
        { "[{\"tahun\":2022}]\n", 17, CODE_FILE_BROKEN, "JSON" },
        { "<html><table>", 13, CODE_FILE_BROKEN, "HTML" },
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        struct intake *in = take_with(slice_of(CASE[i].bytes, CASE[i].n), options());
        assert_int_equal(in->refusals, 1);
        assert_int_equal(in->refusal[0].code, CASE[i].code);
        assert_non_null(strstr(in->refusal[0].reason, CASE[i].part));
        assert_non_null(strstr(in->refusal[0].reason, "CSV UTF-8"));
        assert_int_equal(in->rows + in->sections, 0);
        intake_free(&in);
    }
}

static void a_header_alone_is_noted(void **state)
{
    (void)state;
    struct intake *in = take("tahun,kode,pagu\n");
    assert_int_equal(in->refusals + in->rows, 0);
    assert_int_equal(in->notes, 1);
    assert_string_equal(in->note[0].kind, "tanpa-baris");
    intake_free(&in);
}

static void many_notes_are_summed_up(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_str(&b, "tahun,kode,realisasi\n");
    for (unsigned i = 0; i < 90; i++)
        buf_printf(&b, "2022,1.06.01.2.01.%02u,5\n", i + 1);
    struct intake *in = take_with(buf_slice(&b), options());
    assert_int_equal(in->rows, 90);
    assert_int_equal(in->notes, 21);
    assert_string_equal(in->note[20].text, "+70 baris lain, terakhir baris 91");
    intake_free(&in);
    buf_done(&b);
}

static void nothing_to_read(void **state)
{
    (void)state;
    struct intake *in = take("");
    assert_int_equal(in->refusals, 1);
    assert_int_equal(in->refusal[0].code, CODE_SHAPE_UNKNOWN);
    intake_free(&in);
    in = take("tahun,kode,pagu\n");
    assert_int_equal(in->refusals + in->rows + in->sections, 0);
    intake_free(&in);
}

/* ---- the tray file ---- */

static void through_the_tray(void **state)
{
    (void)state;
    struct buf csv, b;
    buf_init(&csv, 4 << 20);
    buf_init(&b, TRAY_BYTES_MAX);
    buf_str(&csv, "tahun,kode,pagu\n");
    for (unsigned i = 0; i < 9000; i++)         /* more than one section's rows */
        buf_printf(&csv, "2022,1.06.01.2.%02u.%04u,%u\n", 1 + i / 9000, i, i);
    struct intake *in = take_with(buf_slice(&csv), options());
    struct tray head = { .id = txt("t-1"), .office = txt("gen-3374-07"), .file = txt("a.csv"), .clerk = txt("k1"),
                         .entered = { 1000 } }, got;
    intake_tray(in, &head, &b);
    assert_true(buf_ok(&b));
    struct tray_reader r;
    struct tray_row row;
    uint32_t n = 0;
    int st;
    assert_int_equal(tray_open(buf_slice(&b), &got, &r), ST_OK);
    assert_int_equal(got.rows, 9000);
    while ((st = tray_next(&r, &row)) == ST_OK) {
        const struct intake_row *want = &in->section[0].row[n++];
        assert_int_equal(row.line, want->line);
        assert_true(row.figure.activity == want->figure.activity && row.figure.value == want->figure.value);
    }
    assert_int_equal(st, ST_NOT_FOUND);
    assert_int_equal(n, 9000);
    intake_free(&in);
    buf_done(&csv);
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(semarang), cmocka_unit_test(metro), cmocka_unit_test(names_of_codes), cmocka_unit_test(stages),
        cmocka_unit_test(periods), cmocka_unit_test(value_kinds), cmocka_unit_test(dashes), cmocka_unit_test(complete),
        cmocka_unit_test(sources), cmocka_unit_test(accounts), cmocka_unit_test(golden), cmocka_unit_test(foreign_files),
        cmocka_unit_test(a_header_alone_is_noted), cmocka_unit_test(many_notes_are_summed_up),
        cmocka_unit_test(nothing_to_read), cmocka_unit_test(through_the_tray),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
