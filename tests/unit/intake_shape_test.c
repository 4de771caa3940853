/* intake_shape_test.c - files of the shapes pembanding, renstra, komponen, catatan, padanan and alias become statements: the
 * printed tables as they are, and the rules one by one. */
#include "tests/unit/intake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct slice txt(const char *s) { return slice_of(s, strlen(s)); }

static struct intake *read_as(struct slice bytes, bool centre)
{
    struct intake_options o = {.office = txt("gen-3374-07"), .clerk = txt("k1"), .entered = {1000}, .centre = centre};
    struct intake *in;
    assert_int_equal(intake_read(bytes, &o, &in), ST_OK);
    return in;
}

static struct intake *take(const char *csv) { return read_as(txt(csv), false); }

static struct intake *take_file(const char *path, bool centre)
{
    return read_as(intake_world_load(path), centre);
}

/* One figure as "measure year-month source/stage indicator=value". */
static void figure_text(const struct intake_section *s, const struct figure *f, char *ret, size_t size)
{
    char value[1600], stage[20];
    if (f->kind == VALUE_NUMBER) decimal_format_micro(f->value, 0, value);
    else snprintf(value, sizeof value, "%s%.*s", f->kind == VALUE_NIL ? "nihil" : f->kind == VALUE_WITHDRAWN ? "dicabut" : "",
                  (int)f->text.n, (const char *)f->text.p);
    figure_stage_format(s->common.stage, stage);
    snprintf(ret, size, "%s %u-%u %s/%s %.*s=%s", figure_measure_name(f->measure), s->common.year, f->month,
             figure_source_name(s->common.source), stage, (int)f->indicator.n, (const char *)f->indicator.p, value);
}

static bool states(const struct intake *in, const char *want)
{
    char text[4096];
    for (uint32_t s = 0; s < in->sections; s++)
        for (uint32_t i = 0; i < in->section[s].count; i++) {
            figure_text(&in->section[s], &in->section[s].row[i].figure, text, sizeof text);
            if (strcmp(text, want) == 0) return true;
        }
    return false;
}

static void expect(const struct intake *in, const char *want)
{
    char text[4096];
    if (states(in, want)) return;
    for (uint32_t s = 0; s < in->sections; s++)
        for (uint32_t i = 0; i < in->section[s].count; i++) {
            figure_text(&in->section[s], &in->section[s].row[i].figure, text, sizeof text);
            print_message("  %s\n", text);
        }
    for (uint32_t i = 0; i < in->refusals; i++) print_message("  refused %u: %s\n", in->refusal[i].line, in->refusal[i].reason);
    fail_msg("not stated: %s", want);
}

static uint32_t figures(const struct intake *in)
{
    uint32_t n = 0;
    for (uint32_t s = 0; s < in->sections; s++) n += in->section[s].count;
    return n;
}

/* ---- pembanding ---- */

static void test_compare(void **state)
{
    (void)state;
    struct intake *in = take("tahun,kode,tabel,pagu,realisasi,persen_tercetak,sumber,sampai\n"
                             "2022,1.06.01.2.02.03,1.3,90000000,54900000,\"93,75\",renstra,2022-06\n"
                             "2022,1.06.01.2.02.03,2,,nihil,,,\n"
                             "2022,1.06.01.2.02.05,,1,,,,\n");
    assert_int_equal(in->shape, SHAPE_PEMBANDING);
    expect(in, "compared_budget 2022-6 renstra/ 1.3=9000");
    expect(in, "compared_realised 2022-6 / 1.3=5490");
    expect(in, "compared_absorption 2022-6 / 1.3=93.75");
    expect(in, "compared_realised 2022-12 / 2=nihil");
    assert_int_equal(figures(in), 4);
    assert_int_equal(in->refused, 1);
    assert_int_equal(in->refusal[0].code, CODE_MISSING_KEY);
    intake_free(&in);
}

/* ---- renstra ---- */

static void test_plan(void **state)
{
    (void)state;
    struct intake *in = take("kode,no,indikator,satuan,tahun,target,pagu,jenis,realisasi_sd\n"
                             "1.06.02,1,Persentase PSKS,%,awal,50,,,\n"
                             "1.06.02,1,Persentase PSKS,%,2021,60,463000000,,\n"
                             "1.06.02,1,Persentase PSKS,%,2022,70,486000000,,65\n"
                             "1.06.02,1,Persentase PSKS,%,akhir,100,5000,,\n"
                             "1.06.03,,,,2022,,70,rpjmd,12\n"
                             "1.06.04,3,,orang,2022,20,,,\n"
                             "1.06.04,3,x,orang,2022,20,,dpa,\n");
    assert_int_equal(in->shape, SHAPE_RENSTRA);
    expect(in, "plan_start 2021-1 renstra/ persentase psks=50");
    expect(in, "target 2021-1 renstra/ persentase psks=60");
    expect(in, "target_unit 2022-1 renstra/ persentase psks=%");
    expect(in, "budget 2022-1 renstra/ =48600");
    expect(in, "plan_reached 2022-1 renstra/ persentase psks=65");
    expect(in, "plan_end 2021-1 renstra/ persentase psks=100");
    expect(in, "plan_end_budget 2021-1 renstra/ =0.5");
    expect(in, "budget 2022-1 rpjmd/ =0.007");
    expect(in, "plan_realised 2022-1 rpjmd/ =0.0012");
    expect(in, "target 2022-1 renstra/ indikator 3=20");
    expect(in, "plan 2022-1 renstra/ 2021-2022=2021-2022");
    expect(in, "plan 2021-1 rpjmd/ 2021-2022=2021-2022");
    assert_int_equal(in->refused, 1);
    assert_int_equal(in->refusal[0].code, CODE_SOURCE_UNKNOWN);
    intake_free(&in);
}

/* The codes of a plan are of the list of its first year, also for the years after the list changed. */
static void test_plan_vintage(void **state)
{
    (void)state;
    struct intake *in = take("kode,tahun,pagu,periode\n1.06.01.002,2021,5,2016-2021\n1.06.01.2.01.01,2021,5,2021-2026\n"
                             "1.06.01.2.01.01,2021,5,2016-2021\n1.06.01.2.01.01,2027,5,2021-2026\n1.06.01,2021,5,2021\n");
    assert_int_equal(in->rows, 5);
    assert_int_equal(in->refused, 3);
    expect(in, "plan 2016-1 renstra/ 2016-2021=2016-2021");
    expect(in, "budget 2021-1 renstra/ =0.0005");
    intake_free(&in);
    in = take("kode,tahun,target,pagu\n1.06.01,akhir,,5\n");
    assert_int_equal(in->refusal[0].code, CODE_MISSING_KEY);
    intake_free(&in);
}

static void test_plans_as_printed(void **state)
{
    (void)state;
    struct intake *in = take_file("tests/data/metro/renstra.csv", false);
    assert_int_equal(in->rows, 442);
    assert_int_equal(in->refused, 0);
    expect(in, "target 2026-1 renstra/ persentase ppks yang tertangani=100");
    expect(in, "plan_start 2021-1 renstra/ persentase ppks yang tertangani=81.79");
    expect(in, "plan 2024-1 renstra/ 2021-2026=2021-2026");
    intake_free(&in);
    in = take_file("tests/data/semarang/renstra.csv", false);
    assert_int_equal(in->shape, SHAPE_RENSTRA);
    assert_int_equal(in->refusals, 0);
    intake_free(&in);
}

/* ---- komponen, catatan ---- */

static void test_parts(void **state)
{
    (void)state;
    struct intake *in = take_file("tests/data/metro/iku.csv", false);
    assert_int_equal(in->rows, 12);
    assert_int_equal(in->refused, 0);
    int64_t counted = 0;
    for (uint32_t i = 0; i < in->section[0].count; i++)
        if (in->section[0].row[i].figure.measure == MEASURE_COMPONENT) counted += in->section[0].row[i].figure.value / 1000000;
    assert_int_equal(counted, 12295 + 5003);
    expect(in, "component_excluded 0-0 / 5. Pemberian akses ke pelayanan pendidikan dan kesehatan dasar (PKH) [1.06.04.2.01.08]="
               "sudah termasuk dalam 8109 penerima sembako (komponen 2)");
    expect(in, "component_excluded 0-0 / 8. Penyediaan permakanan [1.06.04.2.01.01]=dicabut");
    intake_free(&in);
    in = take("komponen,capaian,satuan,dihitung,tahun,kode,indikator\n"
              "A,5,orang,ya,2022,1.06,Prosentase PPKS\nB,5,orang,mungkin,,,\n");
    expect(in, "component 2022-1 / A=5");
    expect(in, "component_of 2022-1 / A=persentase ppks");
    assert_int_equal(in->refused, 1);
    intake_free(&in);
}

static void test_notes(void **state)
{
    (void)state;
    struct intake *in = take("tahun,kode,jenis,teks,no,triwulan\n2022,1.06.01,penghambat,Hujan,1,2\n"
                             "2022,1.06.01,Tindak Lanjut,Rapat,,\n2022,1.06.01,gosip,x,,\n2022,1.06.01,penjelasan,,,\n");
    expect(in, "note_hindrance 2022-6 / 1=Hujan");
    expect(in, "note_follow_up 2022-12 / =Rapat");
    assert_int_equal(in->refused, 2);
    intake_free(&in);
}

/* ---- padanan, alias ---- */

static void test_bridges(void **state)
{
    (void)state;
    struct intake *in = take_file("tests/data/semarang/padanan.csv", false);
    assert_int_equal(in->refusal[0].code, CODE_UNAUTHORISED);
    assert_int_equal(figures(in), 0);
    intake_free(&in);
    in = take_file("tests/data/semarang/padanan.csv", true);
    assert_int_equal(in->rows, 30);
    assert_int_equal(figures(in), 34);        /* 17 pairs, and of each source all it goes to */
    assert_int_equal(in->refused, 0);
    expect(in, "bridge 0-0 / permendagri-90-2019 1.06.01.2.03.02=1");
    intake_free(&in);
    in = read_as(txt("kode_lama,kode_baru,bobot\n1.06.01.002,1.06.01.2.03.02,\"0,4\"\n1.06.01.002,1.06.01.2.03.03,\"0,6\"\n"
                     "1.06.01.003,1.06.01.2.03.02,\"0,4\"\n1.06.01.003,1.06.01.2.03.03,\"0,5\"\n1.06.01.004,1.06.01.2.03.04,\n"
                     "1.06.01.004,1.06.01.2.03.05,\n1.06.01.005,,\n"), true);
    assert_int_equal(in->rows, 7);
    assert_int_equal(in->refused, 4);
    for (uint32_t i = 0; i < in->refusals; i++) assert_int_equal(in->refusal[i].code, CODE_BRIDGE_WEIGHTS);
    expect(in, "bridge 0-0 / permendagri-90-2019 1.06.01.2.03.03=0.6");
    intake_free(&in);
}

static void test_alias(void **state)
{
    (void)state;
    struct intake *in = take_file("tests/data/metro/alias.csv", false);
    assert_int_equal(in->rows, 225);
    assert_int_equal(in->refused, 0);
    expect(in, "alias 0-0 / Total=2");
    intake_free(&in);
}

/* ---- skala, aturan, satuan, indikator-baku, office: the centre's ---- */

/* Entered on the last evening of January in UTC, which is February where the office is. */
static void a_rule_without_a_month_begins_in_the_local_one(void **state)
{
    (void)state;
    static const struct { unsigned hours; const char *want;
    } CASES[] = { { 0, "rule_setting 0-0 / 2023-01 batas-capaian 33.74 -=110" },
                  { 7, "rule_setting 0-0 / 2023-02 batas-capaian 33.74 -=110" },
                  { 9, "rule_setting 0-0 / 2023-02 batas-capaian 33.74 -=110" } };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct intake_options o = { .office = txt("pusat"),
                                    .clerk = txt("k1"),
                                    .entered = { INT64_C(1675188000000) },
                                    .centre = true,
                                    .hours_ahead = CASES[i].hours }; /* 2023-01-31T18:00:00Z */
        struct intake *in;
        assert_int_equal(intake_read(txt("aturan,nilai,wilayah\nbatas-capaian,110,33.74\n"), &o, &in), ST_OK);
        expect(in, CASES[i].want);
        intake_free(&in);
    }
}


static struct intake *rules(const char *csv) { return read_as(txt(csv), true); }

static void test_scale(void **state)
{
    (void)state;
    struct intake *in = take_file("tests/data/metro/skala.csv", false);
    assert_int_equal(in->refusal[0].code, CODE_UNAUTHORISED);
    assert_int_equal(figures(in), 0);
    intake_free(&in);
    in = take_file("tests/data/metro/skala.csv", true);
    assert_int_equal(in->rows, 5);
    assert_int_equal(in->refused, 0);
    expect(in, "rule_scale 0-0 / 1970-01 bawaan=capaian 5");
    expect(in, "rule_band 0-0 / 1970-01 bawaan #1=91 Sangat tinggi");
    expect(in, "rule_band 0-0 / 1970-01 bawaan #5=- Sangat Rendah");
    assert_int_equal(figures(in), 6);
    uint32_t gaps = 0;
    for (uint32_t i = 0; i < in->notes; i++) gaps += strcmp(in->note[i].kind, "celah-skala") == 0;
    assert_int_equal(gaps, 4);
    intake_free(&in);
    in = rules("skala,subjek,batas_bawah,batas_atas,kriteria,wilayah,kantor,tahun,berlaku\n"
               "kinerja,,>100,,sangat berhasil,,,,2023-01\nkinerja,,85,100,berhasil,,,,2023-01\nkinerja,,,85,kurang,,,,2023-01\n"
               "opini,predikat,4,,WTP,,,,2022-01\nkinerja,,,,,33.74,,2023,2023-01\n");
    assert_int_equal(in->refused, 0);
    expect(in, "rule_scale 0-0 / 2023-01 kinerja=capaian 3");
    expect(in, "rule_band 0-0 / 2023-01 kinerja #1=>100 sangat berhasil");
    expect(in, "rule_scale 0-0 / 2022-01 opini=predikat 1");
    expect(in, "rule_scale_for 0-0 / 2023-01 33.74 - 2023=kinerja");
    intake_free(&in);
}

/* Half a scale rates wrongly: one bad row refuses the file. */
static void test_scale_whole(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "50,,rendah\n91,,tinggi\n", "91,,tinggi\nx,,rendah\n", "91,,tinggi\n50,,\n",
        "91,,tinggi\n50,95,sedang\n", "91,80,tinggi\n,,rendah\n",
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        char csv[256];
        snprintf(csv, sizeof csv, "batas_bawah,batas_atas,kriteria\n%s", BAD[i]);
        struct intake *in = rules(csv);
        if (in->refused != 2 || figures(in) != 0) fail_msg("%s: refused %u, stated %u", BAD[i], in->refused, figures(in));
        intake_free(&in);
    }
}

static void test_settings(void **state)
{
    (void)state;
    struct intake *in = rules("aturan,nilai,wilayah,kantor,berlaku\nbatas-capaian,110,33.74,,2023-01\nlonjakan-kali,20,,,2023-01\n"
                              "salinan-baris,7,,dinsos-3374,2023-01\nlonjakan-kali,1,,,2023-01\nbuatan,1,,,2023-01\n");
    expect(in, "rule_setting 0-0 / 2023-01 batas-capaian 33.74 -=110");
    expect(in, "rule_setting 0-0 / 2023-01 lonjakan-kali - -=20");
    expect(in, "rule_setting 0-0 / 2023-01 salinan-baris - dinsos-3374=7");
    assert_int_equal(in->refused, 2);
    for (uint32_t i = 0; i < in->refusals; i++) assert_int_equal(in->refusal[i].code, CODE_RULE_BROKEN);
    intake_free(&in);
}

static void test_units(void **state)
{
    (void)state;
    struct intake *in = rules("satuan,sinonim,menghitung,dasar,faktor\norang,Jiwa; ORG  dewasa,ya,,\n"
                             "ton,,tidak,kg,1.000\nkuintal,kw,,kg,\n"
                              "ekor,,mungkin,,\n,x,,,\n");
    expect(in, "rule_unit 0-0 / jiwa=orang");
    expect(in, "rule_unit 0-0 / org dewasa=orang");
    expect(in, "rule_unit_counts 0-0 / orang=ya");
    assert_int_equal(in->refused, 4);          /* a lone dot before three digits is ambiguous in a factor, too */
    intake_free(&in);
    in = rules("satuan,sinonim,dasar,faktor\nton,,kg,1000\n");
    expect(in, "rule_unit_base 0-0 / ton=1000 kg");
    intake_free(&in);
    in = rules("satuan,sinonim\norang,org\njiwa,org\n");
    assert_int_equal(in->refused, 2);
    assert_int_equal(in->refusal[0].code, CODE_DUPLICATE_ROW);
    intake_free(&in);
}

static void test_standards(void **state)
{
    (void)state;
    struct intake *in = rules("id,indikator,satuan,definisi,formula,agregasi_unit,operator,penyebut,berlaku\n"
                              "ppks-1,Persentase PPKS,%,Bagian yang tertangani,max,rasio,dinas sosial,jumlah PPKS,2022-01\n"
                              "ppks-2,X,%,Y,tebak,,,,\n");
    expect(in, "standard_name 0-0 / 2022-01 ppks-1=Persentase PPKS");
    expect(in, "standard_formula 0-0 / 2022-01 ppks-1=MAX");
    expect(in, "standard_over_units 0-0 / 2022-01 ppks-1=RASIO");
    expect(in, "standard_denominator 0-0 / 2022-01 ppks-1=jumlah PPKS");
    assert_int_equal(in->refused, 1);
    assert_int_equal(in->refusal[0].code, CODE_FORMULA_UNKNOWN);
    intake_free(&in);
}

static void test_offices(void **state)
{
    (void)state;
    struct intake *in = take_file("tests/data/metro/office.csv", true);
    assert_int_equal(in->refused, 0);
    expect(in, "office_region 0-0 / dinsos-1872=18.72");
    expect(in, "region_name 0-0 / 18.72=Kota Metro");
    expect(in, "office_document 2022-1 / dinsos-1872=LAKIP (LKjIP) Dinas Sosial Kota Metro Tahun 2022");
    intake_free(&in);
    in = rules("office,wilayah\nDinas Sosial,18.72\ngen-1872-03,1872x\n");
    assert_int_equal(in->refused, 2);
    intake_free(&in);
}

/* A renamed indicator is one series where the office says so. */
static void test_indicator_alias(void **state)
{
    (void)state;
    struct intake *in = take("kode,uraian_tercetak,indikator\n1.06,Prosentase PPKS yang tertangani,Persentase  PMKS tertangani\n"
                             "1.06,Prosentase PPKS,Persentase PPKS\n");
    expect(in, "indicator_alias 0-0 / persentase ppks yang tertangani=persentase pmks tertangani");
    assert_int_equal(in->refused, 1);
    intake_free(&in);
}

/* Columns of `anggaran` that were once recognised and thrown away. */
static void test_labels(void **state)
{
    (void)state;
    struct intake *in = take("tahun,kode,pagu,sumber_dana,unit\n2022,1.06.01.2.01.01,10,DAK,UPTD Panti\n"
                             "2022,1.06.01.2.01.01,10,DAK,UPTD Asuhan\n");
    expect(in, "fund 2022-1 / =DAK");
    expect(in, "sub_unit 2022-1 / =UPTD Panti");
    assert_int_equal(in->refused, 0);
    assert_int_equal(in->duplicate, 1);
    intake_free(&in);
}

static void test_bridge_kinds(void **state)
{
    (void)state;
    struct intake *in = rules("kode_lama,kode_baru,jenis,dasar\n1.06.01.002,1.06.01.2.03.02,ganti-nama,Kepmendagri 050\n"
                              "1.06.01.003,1.06.01.2.03.03,lain,\n");
    assert_int_equal(in->refused, 1);
    struct slice why = in->section[0].row[0].figure.reason;
    assert_int_equal(why.n, strlen("ganti-nama; Kepmendagri 050"));
    assert_memory_equal(why.p, "ganti-nama; Kepmendagri 050", why.n);
    intake_free(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_without_a_month_begins_in_the_local_one),
        cmocka_unit_test(test_compare),          cmocka_unit_test(test_plan),  cmocka_unit_test(test_plan_vintage),
        cmocka_unit_test(test_plans_as_printed), cmocka_unit_test(test_parts), cmocka_unit_test(test_notes),
        cmocka_unit_test(test_bridges),          cmocka_unit_test(test_alias), cmocka_unit_test(test_scale),
        cmocka_unit_test(test_scale_whole),      cmocka_unit_test(test_settings), cmocka_unit_test(test_units),
        cmocka_unit_test(test_standards),        cmocka_unit_test(test_offices), cmocka_unit_test(test_indicator_alias),
        cmocka_unit_test(test_labels),           cmocka_unit_test(test_bridge_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
