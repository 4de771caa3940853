/* csv_test.c - tables from bytes (encodings, delimiters, quotes, lines) and recognition of shapes by their header. */
#include "proto/csv.h"
#include "collector/shape.h"

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

static void read_ok(struct csv_table *t, struct slice bytes)
{
    struct csv_fault f;
    assert_int_equal(csv_table_read(bytes, t, &f), ST_OK);
}

static void cell_is(const struct csv_table *t, uint32_t row, uint32_t column, const char *want)
{
    struct slice s = csv_table_cell(t, row, column);
    if (s.n != strlen(want) || memcmp(s.p, want, s.n) != 0)
        fail_msg("row %u column %u: \"%.*s\", expected \"%s\"", row, column, (int)s.n, (const char *)s.p, want);
}

static void delimiters(void **state)
{
    (void)state;
    static const struct { const char *text; char delimiter; uint32_t cells; } CASE[] = {
        { "a,b,c\n1,2,3\n", ',', 3 },
        { "a;b;c\n1;2,5;3,5\n4;5,5;6,5\n", ';', 3 },
        { "a\tb\n1,5\t2,5\n", '\t', 2 },
        { "Dinas Sosial, Kota, Jawa\na;b\n1;2\n", ';', 1 },
        { "a;b\n\"x,y,z\";2\n\"x,y,z\";2\n", ';', 2 },
        { "a,b", ',', 2 },
        { "a;b", ';', 2 },
        { "sep=;\na;b\n1,0,0;2,0,0\n", ';', 2 },
        { "a\n", ',', 1 },
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        struct csv_table t;
        read_ok(&t, txt(CASE[i].text));
        if (t.delimiter != CASE[i].delimiter || t.row[0].count != CASE[i].cells)
            fail_msg("case %zu: delimiter '%c', %u cells", i, t.delimiter, t.row[0].count);
        csv_table_done(&t);
    }
}

static void encodings(void **state)
{
    (void)state;
    struct csv_table t;
    struct csv_fault f;
    read_ok(&t, txt("\xef\xbb\xbf" "a,b\n"));
    cell_is(&t, 0, 0, "a");
    assert_int_equal(t.encoding, CSV_UTF8);
    csv_table_done(&t);
    read_ok(&t, txt("a,caf\xe9 \x80 \x96\n"));
    assert_int_equal(t.encoding, CSV_WINDOWS_1252);
    cell_is(&t, 0, 1, "caf\xc3\xa9 \xe2\x82\xac \xe2\x80\x93");
    csv_table_done(&t);
    assert_int_equal(csv_table_read(txt("a\n\nb\x81\n"), &t, &f), ST_INVALID);
    assert_int_equal(f.code, CODE_TEXT_BROKEN);
    assert_int_equal(f.line, 3);
    assert_int_equal(csv_table_read(txt("\xef\xbb\xbf" "a\xe9\n"), &t, &f), ST_INVALID);
    assert_int_equal(f.code, CODE_TEXT_BROKEN);
    assert_int_equal(csv_table_read(slice_of("a\0b\n", 4), &t, &f), ST_INVALID);
    assert_int_equal(f.code, CODE_TEXT_BROKEN);
    assert_int_equal(csv_table_read(slice_of("\xff\xfe" "a\0", 4), &t, &f), ST_INVALID);
    assert_int_equal(f.code, CODE_FILE_BROKEN);
    read_ok(&t, slice_of(NULL, 0));
    assert_int_equal(t.rows, 0);
    csv_table_done(&t);
}

static void physical_lines(void **state)
{
    (void)state;
    static const char *const ENDINGS[] = { "\n", "\r\n", "\r" };
    for (size_t e = 0; e < 3; e++) {
        struct csv_table t;
        char text[128];
        snprintf(text, sizeof text, "a,b%s%s  %s\"x%sy\",2%s3,4%s5,\"6\"", ENDINGS[e], ENDINGS[e], ENDINGS[e], ENDINGS[e],
                 ENDINGS[e], ENDINGS[e]);
        read_ok(&t, txt(text));
        assert_int_equal(t.rows, 4);
        static const uint32_t LINES[] = { 1, 4, 6, 7 };
        for (uint32_t r = 0; r < 4; r++)
            assert_int_equal(t.row[r].line, LINES[r]);
        cell_is(&t, 1, 1, "2");
        cell_is(&t, 3, 1, "6");
        cell_is(&t, 3, 2, "");
        csv_table_done(&t);
    }
}

static void quotes(void **state)
{
    (void)state;
    static const struct { const char *text; uint32_t line; } CASE[] = {
        { "a,b\n1,x\"y\n", 2 },
        { "a,b\n1,\"x\"y\n", 2 },
        { "a,b\n1,2\n3,\"open\n5,6\n", 3 },
        { "a,b\n\"x\ny\",\"open\n5,6\n", 3 },
        { "\"a", 1 },
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        struct csv_table t;
        struct csv_fault f;
        assert_int_equal(csv_table_read(txt(CASE[i].text), &t, &f), ST_INVALID);
        if (f.code != CODE_FILE_BROKEN || f.line != CASE[i].line)
            fail_msg("case %zu: code %u line %u, expected line %u", i, f.code, f.line, CASE[i].line);
    }
    struct csv_table t;
    read_ok(&t, txt("\"a \"\"b\"\"\", c ,\" d \"\n"));
    cell_is(&t, 0, 0, "a \"b\"");
    cell_is(&t, 0, 1, "c");
    cell_is(&t, 0, 2, " d ");
    csv_table_done(&t);
}

static void bounds(void **state)
{
    (void)state;
    struct csv_table t;
    struct csv_fault f;
    static char commas[CSV_COLUMNS_MAX + 8];
    memset(commas, ',', sizeof commas);
    assert_int_equal(csv_table_read(slice_of(commas, CSV_COLUMNS_MAX - 1), &t, &f), ST_OK);
    csv_table_done(&t);
    assert_int_equal(csv_table_read(slice_of(commas, CSV_COLUMNS_MAX), &t, &f), ST_FULL);
    assert_int_equal(f.code, CODE_TOO_LARGE);
}

/* ---- shapes ---- */

struct shape_case { const char *header; enum shape_kind kind; const char *missing; /* of a header that is none */ };
static const struct shape_case SHAPES[] = {
    { "tahun,kode,pagu", SHAPE_ANGGARAN, NULL },
    { " TAHUN , Kode,Realisasi Anggaran", SHAPE_ANGGARAN, NULL },
    { "Tahun,Kode,Anggaran (Rp),s/d", SHAPE_ANGGARAN, NULL },
    { "tahun,kode,nomenklatur,uraian,pagu", SHAPE_ANGGARAN, NULL },
    { "tahun,kode,indikator,target,realisasi", SHAPE_INDIKATOR, NULL },
    { "tahun,kode,indikator,target,realisasi,pagu", SHAPE_INDIKATOR, NULL },
    { "tahun,kode,indikator,realisasi", SHAPE_INDIKATOR, NULL },
    { "tahun,kode,indikator,target,pagu", SHAPE_RENSTRA, NULL },
    { "kode,tahun,target", SHAPE_RENSTRA, NULL },
    { "kode,tahun,pagu,periode", SHAPE_RENSTRA, NULL },
    { "tahun,kode,tabel,realisasi", SHAPE_PEMBANDING, NULL },
    { "tahun,kode,tabel,pagu,target", SHAPE_PEMBANDING, NULL },
    { "komponen,capaian,satuan,dihitung", SHAPE_KOMPONEN, NULL },
    { "tahun,kode,jenis,teks", SHAPE_CATATAN, NULL },
    { "office,wilayah", SHAPE_OFFICE, NULL },
    { "nomenklatur,kode,level,parent,uraian", SHAPE_NOMENKLATUR, NULL },
    { "kode_lama,kode_baru", SHAPE_PADANAN, NULL },
    { "batas_bawah,batas_atas,kriteria", SHAPE_SKALA, NULL },
    { "kode,uraian_tercetak,tabel", SHAPE_ALIAS, NULL },
    { "id,indikator,satuan,definisi", SHAPE_INDIKATOR_BAKU, NULL },
    { "satuan,sinonim", SHAPE_SATUAN, NULL },
    { "tahun,kode,indikator,realisasi anggaran", SHAPE_INDIKATOR, NULL },        /* never taken for money */
    { "tahun,kode,indikator,pagu anggaran,realisasi anggaran", SHAPE_RENSTRA, NULL },
    { "tahun,kode,realisasi,periode", SHAPE_RENSTRA, "target/pagu" },
    { "tahun,kode,realisasi,target", SHAPE_RENSTRA, NULL },
    { "kode,pagu,realisasi", SHAPE_ANGGARAN, "tahun" },
    { "halo dunia", SHAPE_ANGGARAN, "tahun, kode, pagu/realisasi" },
    { "tahun,pagu", SHAPE_ANGGARAN, "kode" },
    { "tahun,kode,uraian", SHAPE_ANGGARAN, "pagu/realisasi" },
    { "kode,indikator,target", SHAPE_INDIKATOR, "tahun" },
    { "komponen,capaian,satuan", SHAPE_KOMPONEN, "dihitung" },
};

static void shapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SHAPES / sizeof *SHAPES; i++) {
        const struct shape_case *c = &SHAPES[i];
        struct csv_table t;
        struct shape s;
        read_ok(&t, txt(c->header));
        shape_find(&t, SHAPE_NONE, &s);
        if (s.kind != c->kind || (s.verdict == SHAPE_FOUND) != (c->missing == NULL) ||
            (c->missing && strcmp(c->missing, s.missing) != 0))
            fail_msg("%s: verdict %d, %s, missing %s", c->header, (int)s.verdict, shape_name(s.kind), s.missing);
        csv_table_done(&t);
    }
}

static void headers(void **state)
{
    (void)state;
    struct csv_table t;
    struct shape s;
    read_ok(&t, txt("Laporan\n,,\nuraian,Kode,PAGU,tahun\nx,1.06,1,2022\n"));
    shape_find(&t, SHAPE_NONE, &s);
    assert_int_equal(s.verdict, SHAPE_FOUND);
    assert_int_equal(s.header, 2);
    assert_int_equal(s.column[COLUMN_KODE], 2);
    assert_int_equal(s.column[COLUMN_TAHUN], 4);
    assert_int_equal(s.column[COLUMN_REALISASI], 0);
    csv_table_done(&t);
    read_ok(&t, txt("tahun,kode,pagu,anggaran\n"));
    shape_find(&t, SHAPE_NONE, &s);
    assert_int_equal(s.verdict, SHAPE_TWICE);
    assert_int_equal(s.twice, 4);
    csv_table_done(&t);
    /* a forced shape is the only one tried; kriteria means something else in each */
    read_ok(&t, txt("tahun,kode,indikator,realisasi,pagu,kriteria\n"));
    shape_find(&t, SHAPE_ANGGARAN, &s);
    assert_int_equal(s.verdict, SHAPE_FOUND);
    assert_int_equal(s.kind, SHAPE_ANGGARAN);
    shape_find(&t, SHAPE_INDIKATOR, &s);
    assert_int_equal(s.column[COLUMN_KATEGORI_TERCETAK], 6);
    shape_find(&t, SHAPE_SKALA, &s);
    assert_int_equal(s.verdict, SHAPE_NOT_FOUND);
    assert_string_equal(s.missing, "batas_bawah, batas_atas");
    csv_table_done(&t);
    char deep[256];
    size_t at = 0;
    for (int i = 0; i < 20; i++) at += (size_t)snprintf(deep + at, sizeof deep - at, "x\n");
    snprintf(deep + at, sizeof deep - at, "tahun,kode,pagu\n");
    read_ok(&t, txt(deep));
    shape_find(&t, SHAPE_NONE, &s);
    assert_int_equal(s.verdict, SHAPE_NOT_FOUND);       /* the 21st row is no longer looked at */
    csv_table_done(&t);
}

static void printed_files(void **state)
{
    (void)state;
    static const struct { const char *file; enum shape_kind kind; bool known; } CASE[] = {
        { "metro/anggaran", SHAPE_ANGGARAN, true },       { "semarang/anggaran", SHAPE_ANGGARAN, true },
        { "metro/nomenklatur", SHAPE_NOMENKLATUR, true }, { "semarang/nomenklatur", SHAPE_NOMENKLATUR, true },
        { "metro/indikator", SHAPE_INDIKATOR, true },     { "semarang/indikator", SHAPE_INDIKATOR, true },
        { "metro/tren", SHAPE_INDIKATOR, true },          { "semarang/tren", SHAPE_INDIKATOR, true },
        { "metro/renstra", SHAPE_RENSTRA, true },         { "semarang/renstra", SHAPE_RENSTRA, true },
        { "metro/iku", SHAPE_KOMPONEN, true },            { "semarang/padanan", SHAPE_PADANAN, true },
        { "metro/skala", SHAPE_SKALA, true },             { "metro/alias", SHAPE_ALIAS, true },
        { "metro/office", SHAPE_OFFICE, true },           { "semarang/office", SHAPE_OFFICE, true },
        { "metro/temuan", SHAPE_NONE, false },            { "semarang/temuan", SHAPE_NONE, false },
        { "metro/angka_mentah", SHAPE_NONE, false },      { "semarang/angka_mentah", SHAPE_NONE, false },
        { "metro/banding", SHAPE_NONE, false },           { "metro/pk", SHAPE_NONE, false },
        { "semarang/tc29", SHAPE_INDIKATOR, false },      { "metro/renstra_2022", SHAPE_NONE, false },
        { "metro/iku_rumus", SHAPE_NONE, false },
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        static char text[1 << 20];
        char path[128];
        struct csv_table t;
        struct shape s;
        snprintf(path, sizeof path, "tests/data/%s.csv", CASE[i].file);
        FILE *in = fopen(path, "r");
        assert_non_null(in);
        size_t n = fread(text, 1, sizeof text, in);
        (void)fclose(in);
        read_ok(&t, slice_of(text, n));
        shape_find(&t, SHAPE_NONE, &s);
        bool kind_ok = CASE[i].kind == SHAPE_NONE || s.kind == CASE[i].kind;
        if (!kind_ok || (s.verdict == SHAPE_FOUND) != CASE[i].known || (s.verdict == SHAPE_NOT_FOUND && !s.missing[0]))
            fail_msg("%s: verdict %d, %s, missing %s", path, (int)s.verdict, shape_name(s.kind), s.missing);
        csv_table_done(&t);
    }
}

static void names(void **state)
{
    (void)state;
    enum shape_kind k;
    for (unsigned i = 1; i < SHAPE_COUNT; i++) {
        assert_int_equal(shape_parse(txt(shape_name((enum shape_kind)i)), &k), ST_OK);
        assert_int_equal(k, i);
    }
    assert_int_equal(shape_parse(txt("anggarann"), &k), ST_INVALID);
}

/* Nothing but delimiters: no text at all to point into (found by the fuzz target of memory). */
static void a_table_of_empty_cells(void **state)
{
    (void)state;
    struct csv_table t;
    read_ok(&t, txt("\t\t\t\n"));
    assert_int_equal(t.rows, 1);
    cell_is(&t, 0, 0, "");
    cell_is(&t, 0, 99, "");
    csv_table_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delimiters), cmocka_unit_test(encodings), cmocka_unit_test(physical_lines), cmocka_unit_test(quotes),
        cmocka_unit_test(bounds), cmocka_unit_test(shapes), cmocka_unit_test(headers), cmocka_unit_test(printed_files),
        cmocka_unit_test(names), cmocka_unit_test(a_table_of_empty_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
