/* book_test.c - workbooks: real tables say as XLSX what they say as CSV; numbers, dates, headings, merged cells, hidden sheets as
 * Excel and LibreOffice write them; and what no honest program writes. */
#include "collector/book.h"
#include "collector/xlsx_part.h"
#include "tests/unit/book_world.h"
#include "tests/unit/intake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <xlsxwriter.h>

#define ROW "<row><c t='str'><v>tahun</v></c><c t='str'><v>kode</v></c><c t='str'><v>pagu</v></c></row>"

static struct intake *take(struct buf *b)
{
    const struct intake_options o = intake_world_options();
    struct intake *in;
    assert_true(book_begins(buf_slice(b)));
    assert_int_equal(book_intake(buf_slice(b), &o, &in), ST_OK);
    buf_done(b);
    return in;
}

static struct intake *take_sheet(const char *rows, const char *styles)
{
    char xml[8192];
    struct buf b;
    snprintf(xml, sizeof xml, "<worksheet><sheetData>%s</sheetData></worksheet>", rows);
    book_world_sheet(xml, NULL, styles, &b);
    return take(&b);
}

static void refusal_is(const struct intake *in, uint32_t i, const char *want)
{
    struct buf b;
    buf_init(&b, 4096);
    assert_true(i < in->refusals);
    intake_refusal_text(&b, slice_of("f.xlsx", 6), &in->refusal[i], LANG_ID);
    buf_u8(&b, 0);
    assert_string_equal((const char *)b.p, want);
    buf_done(&b);
}

static const struct figure *figure_at(const struct intake *in, uint32_t line, unsigned measure)
{
    for (uint32_t s = 0; s < in->sections; s++)
        for (uint32_t i = 0; i < in->section[s].count; i++)
            if (in->section[s].row[i].line == line && in->section[s].row[i].figure.measure == measure)
                return &in->section[s].row[i].figure;
    fail_msg("no figure of measure %u at line %u", measure, line);
    return NULL;
}

/* ---- the real tables ---- */

static struct intake *as_text(const struct csv_table *t)
{
    struct buf b;
    book_world_of_table(t, false, &b);
    return take(&b);
}

static struct intake *as_numbers(const struct csv_table *t)
{
    struct buf b;
    book_world_of_table(t, true, &b);
    return take(&b);
}

static void real_tables_say_the_same(void **state)
{
    (void)state;
    intake_world_agree(as_text, 0, false);
}

/* The same with real numbers in the cells: what is stated may not change by it. Notes do: a number cell has no doubtful dot. */
static void numbers_say_the_same(void **state)
{
    (void)state;
    intake_world_agree(as_numbers, 0, true);
}

/* ---- cells ---- */

static void numbers(void **state)
{
    (void)state;
    static const struct { const char *text, *want; } CASE[] = {
        { "7733986109", "7733986109" },         { "0.30000000000000004", "0.3" },       { "1234567.89", "1234567.89" },
        { "1.23E5", "123000" },                 { "1.5E-3", "0.0015" },                 { "9007199254740993", "9007199254740993" },
        { "-0.0", "0" },                        { "0.999999999999999999", "1" },        { "1E20", "100000000000000000000" },
        { "1E-300", "0" },                      { "-12.50", "-12.5" },                  { ".5", "0.5" },
        { "100000.00000000001", "100000" },     { "99.99999999999999999", "100" },      { "0", "0" },
        { "00012", "12" },                      { "1E31", NULL },                       { "1e", NULL },
        { "12,5", NULL },                       { "1.2.3", NULL },                      { "", NULL },
        { "0x10", NULL },                       { "nan", NULL },                        { "1E+2", "100" },
        { "68.890000000000001", "68.89" },      { "123456789012.34999", "123456789012.35" },
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        char got[XLSX_NUMBER_MAX] = "";
        bool ok = xlsx_number(slice_of(CASE[i].text, strlen(CASE[i].text)), got);
        if (ok != (CASE[i].want != NULL) || (ok && strcmp(got, CASE[i].want) != 0)) fail_msg("%s: %s", CASE[i].text, got);
    }
}

static void dates_and_formats(void **state)
{
    (void)state;
    static const struct { const char *number; bool from_1904; const char *want; } DATE[] = {
        { "44926", false, "2022-12-31" }, { "44926.75", false, "2022-12-31" }, { "61", false, "1900-03-01" },
        { "1", false, "1900-01-01" },     { "59", false, "1900-02-28" },       { "43464", true, "2022-12-31" },
        { "0", false, NULL },             { "-5", false, NULL },               { "2958466", false, NULL },
    };
    static const struct { const char *code; unsigned show, decimals; bool percent; } FORMAT[] = {
        { "General", XLSX_SHOW_NUMBER, CSV_DECIMALS_ANY, false },        { "#,##0.00", XLSX_SHOW_NUMBER, 2, false },
        { "0.0%", XLSX_SHOW_NUMBER, 1, true },                           { "yyyy\\-mm", XLSX_SHOW_DATE, CSV_DECIMALS_ANY, false },
        { "[$Rp-421]#,##0", XLSX_SHOW_NUMBER, 0, false },                { "\"Hari\" 0", XLSX_SHOW_NUMBER, 0, false },
        { "[h]:mm", XLSX_SHOW_DATE, CSV_DECIMALS_ANY, false },           { "0.00E+00", XLSX_SHOW_NUMBER, CSV_DECIMALS_ANY, false },
        { "_-* #,##0.0_-;d", XLSX_SHOW_NUMBER, 1, false },               { "# ?/?", XLSX_SHOW_NUMBER, CSV_DECIMALS_ANY, false },
        { "[Red]0.000", XLSX_SHOW_NUMBER, 3, false },                    { "@", XLSX_SHOW_NUMBER, CSV_DECIMALS_ANY, false },
    };
    for (size_t i = 0; i < sizeof DATE / sizeof *DATE; i++) {
        char got[16] = "";
        bool ok = xlsx_date(DATE[i].number, DATE[i].from_1904, got);
        if (ok != (DATE[i].want != NULL) || (ok && strcmp(got, DATE[i].want) != 0)) fail_msg("%s: %s", DATE[i].number, got);
    }
    for (size_t i = 0; i < sizeof FORMAT / sizeof *FORMAT; i++) {
        struct xlsx_style s = xlsx_format(FORMAT[i].code);
        bool decimals = s.decimals == FORMAT[i].decimals || s.show == XLSX_SHOW_DATE;
        if (s.show != FORMAT[i].show || !decimals || s.percent != FORMAT[i].percent) fail_msg("%s: %u", FORMAT[i].code, s.decimals);
    }
}

static void places_are_cells(void **state)
{
    (void)state;
    struct intake *in =
        take_sheet("<row r='3'>"
                   "<c r='B3' t='str'><v>tahun</v></c><c r='C3' t='str'><v>kode</v></c>"
                   "<c r='AA3' t='str'><v>pagu</v></c></row>"
                   "<row r='17'><c r='B17'><v>2022</v></c><c r='C17'><v>5.1</v></c><c r='AA17'><v>1.234</v></c></row>",
                   NULL);
    assert_int_equal(in->refusals, 2);
    refusal_is(in, 0,
               "f.xlsx:'Lembar 1'!C17 (kode): \"5.1\" kode sebagai bilangan kehilangan nol di belakangnya; tulis sebagai teks; "
               "maksudnya 5.1 atau 5.10? [ambigu]");
    refusal_is(in, 1, "f.xlsx:'Lembar 1'!AA17 (pagu): \"1.234\" pecahan rupiah lebih kecil dari sen [angka-rusak]");
    assert_int_equal(in->refusal[0].line, 17);
    assert_int_equal(in->refusal[0].column, 3);
    assert_int_equal(in->rows, 1);
    intake_free(&in);
}

static void cells_of_every_kind(void **state)
{
    (void)state;
    static const char STYLES[] =
        "<styleSheet><numFmts><numFmt numFmtId='164' formatCode='yyyy&quot;-&quot;mm'/></numFmts>"
        "<cellStyleXfs><xf numFmtId='14'/></cellStyleXfs>"
        "<cellXfs><xf numFmtId='0'/><xf numFmtId='10'/><xf numFmtId='164'/><xf numFmtId='14'/></cellXfs></styleSheet>";
    struct intake *in = take_sheet(
        "<row><c t='str'><v>tahun</v></c><c t='inlineStr'><is><r><t>ko</t></r><r><t>de</t></r><rPh><t>x</t></rPh></is></c>"
        "<c t='str'><v>sampai</v></c><c t='str'><v>pagu</v></c><c t='str'><v>realisasi</v></c><c t='str'><v>persen tercetak</v></c>"
        "<c t='str'><v>fisik</v></c></row>"
        "<row><c><v>2022</v></c><c t='str'><v>1.06.01.2.01.01</v></c><c s='2'><v>44926</v></c><c><v>1.0E7</v></c>"
        "<c><f>D2-1</f><v>9999999.4999999995</v></c><c s='1'><f>E2/D2</f><v>0.99999994999999999</v></c><c "
        "s='1'><v>0.5825</v></c></row>"
        "<row><c><v>2022</v></c><c s='3'><v>44926</v></c><c t='str'><v>2022-12</v></c><c "
        "t='e'><v>#REF!</v></c><c><f>1+1</f></c><c/><c/></row>"
        "<row><c><v>2022</v></c><c t='str'><v>5.1</v></c><c s='3'><v>44926</v></c><c s='1'><v>0.5</v></c><c><v>1E40</v></c></row>",
        STYLES);
    assert_int_equal(figure_at(in, 2, MEASURE_BUDGET)->value, 1000000000);
    assert_int_equal(figure_at(in, 2, MEASURE_REALISED)->value, 999999950);
    assert_int_equal(figure_at(in, 2, MEASURE_REALISED)->month, 12);
    assert_int_equal(figure_at(in, 2, MEASURE_PRINTED_ABSORPTION)->value, 100000000);
    assert_int_equal(figure_at(in, 2, MEASURE_PRINTED_ABSORPTION)->decimals, 2);
    assert_int_equal(figure_at(in, 2, MEASURE_PHYSICAL)->value, 58250000);
    assert_int_equal(in->refused, 2);
    assert_int_equal(in->refusals, 5);
    refusal_is(in, 0, "f.xlsx:'Lembar 1'!B3 (kode): \"2022-12-31\" sel ini berisi tanggal; tulis isinya sebagai teks [kode-rusak]");
    refusal_is(in, 1, "f.xlsx:'Lembar 1'!D3 (pagu): \"#REF!\" sel berisi kesalahan rumus [angka-rusak]");
    refusal_is(in, 2,
               "f.xlsx:'Lembar 1'!E3 (realisasi): \"=\" rumus tanpa hasil; buka berkasnya, hitung, dan simpan lagi [angka-rusak]");
    refusal_is(in, 3, "f.xlsx:'Lembar 1'!D4 (pagu): \"0.5\" sel persen di kolom rupiah [angka-rusak]");
    refusal_is(in, 4, "f.xlsx:'Lembar 1'!E4 (realisasi): \"1E40\" sel berisi kesalahan rumus [angka-rusak]");
    intake_free(&in);
}

/* ---- layouts, as offices make them ---- */

static lxw_workbook *begin(char *path, size_t size)
{
    book_world_path(path, size);
    return workbook_new(path);
}

static struct intake *end(lxw_workbook *book, const char *path)
{
    struct buf b;
    assert_int_equal(workbook_close(book), LXW_NO_ERROR);
    book_world_load(path, &b);
    return take(&b);
}

static void put_row(lxw_worksheet *s, uint32_t row, const char *const *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text[i]) worksheet_write_string(s, row, (uint16_t)i, text[i], NULL);
}
#define PUT(s, row, ...)                                                                                                           \
    put_row(s, row, (const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

/* A report's table: title over it, two rows of headings, a code in segments, a total and a signature below, a remark beside. */
static void put_report(lxw_worksheet *s)
{
    worksheet_merge_range(s, 0, 0, 0, 9, "LAPORAN REALISASI ANGGARAN TAHUN 2022", NULL);
    worksheet_merge_range(s, 2, 0, 3, 0, "Tahun", NULL);
    worksheet_merge_range(s, 2, 1, 3, 5, "Kode", NULL);
    worksheet_merge_range(s, 2, 6, 3, 6, "Uraian", NULL);
    worksheet_merge_range(s, 2, 7, 2, 8, "Anggaran", NULL);
    worksheet_merge_range(s, 2, 9, 2, 10, "Realisasi", NULL);
    PUT(s, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "Pagu (Rp)", "RAK (Rp)", "Anggaran (Rp)", "Fisik (%)");
    PUT(s, 4, "1", "2", NULL, NULL, NULL, NULL, "3", "4", "5", "6", "7");
    worksheet_merge_range(s, 5, 0, 6, 0, "", NULL);
    worksheet_write_number(s, 5, 0, 2022, NULL);
    PUT(s, 5, NULL, "1", "06", "01", "2.01", "01", "Satu", "10.000,00", "9.000", "8.000,50", "80,5");
    PUT(s, 6, NULL, "1", "06", "01", "2.01", "02", "Dua", "20.000", NULL, "19.000", NULL);
    worksheet_write_string(s, 6, 12, "catatan di samping tabel", NULL);
    PUT(s, 7, NULL, "JUMLAH", NULL, NULL, NULL, NULL, NULL, "30.000", NULL, "27.000,50");
    PUT(s, 9, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "Kepala Dinas");
}

static void a_report_with_merged_headings(void **state)
{
    (void)state;
    char path[128];
    lxw_workbook *book = begin(path, sizeof path);
    put_report(workbook_add_worksheet(book, "LRA"));
    struct intake *in = end(book, path);
    if (in->refusals) refusal_is(in, 0, "none");
    assert_int_equal(in->rows, 2);
    const struct figure *f = figure_at(in, 6, MEASURE_BUDGET);
    char code[32];
    code_format_activity(f->activity, code);
    assert_string_equal(code, "1.06.01.2.01.01");
    assert_int_equal(f->value, 1000000);
    assert_int_equal(figure_at(in, 6, MEASURE_CASH_PLAN)->value, 900000);
    assert_int_equal(figure_at(in, 6, MEASURE_REALISED)->value, 800050);
    assert_int_equal(figure_at(in, 6, MEASURE_PHYSICAL)->value, 80500000);
    assert_int_equal(figure_at(in, 7, MEASURE_REALISED)->value, 1900000);
    assert_int_equal(figure_at(in, 7, MEASURE_REALISED)->year, 2022);
    intake_free(&in);
}

static void a_group_that_changes_the_meaning_is_not_dropped(void **state)
{
    (void)state;
    char path[128];
    lxw_workbook *book = begin(path, sizeof path);
    lxw_worksheet *s = workbook_add_worksheet(book, "LRA");
    PUT(s, 0, "Tahun", "Kode", "Sisa", NULL);
    worksheet_merge_range(s, 0, 2, 0, 3, "Sisa", NULL);
    PUT(s, 1, NULL, NULL, "Anggaran", "Kas");
    PUT(s, 2, "2022", "5.1", "100", "50");
    struct intake *in = end(book, path);
    assert_int_equal(in->sections, 0);
    refusal_is(in, 0,
               "f.xlsx:LRA!2: \"Tahun,Kode,Sisa Anggaran,Sisa Kas\" bentuk berkas tidak dikenal; terdekat anggaran, kurang kolom "
               "pagu/realisasi [bentuk-tak-dikenal]");
    intake_free(&in);
    book = begin(path, sizeof path);
    s = workbook_add_worksheet(book, "LRA");
    PUT(s, 0, "Tahun", "Kode", NULL, NULL, "Realisasi");
    worksheet_merge_range(s, 0, 2, 0, 3, "Pagu", NULL);         /* two columns of data, no headings below */
    PUT(s, 1, "2022", "5.1", "100", "50", "7");
    in = end(book, path);
    if (in->refusals) refusal_is(in, 0, "none");
    assert_int_equal(in->sections, 1);
    assert_int_equal(figure_at(in, 2, MEASURE_REALISED)->value, 700);
    intake_free(&in);
}

static void merged_keys_hold_for_their_rows_and_amounts_do_not(void **state)
{
    (void)state;
    char path[128];
    lxw_workbook *book = begin(path, sizeof path);
    lxw_worksheet *s = workbook_add_worksheet(book, "IKU");
    PUT(s, 0, "tahun", "kode", "no", "indikator", "target", "satuan");
    worksheet_merge_range(s, 1, 1, 3, 1, "1.06.01.2.01", NULL);
    worksheet_merge_range(s, 1, 4, 2, 4, "", NULL);
    worksheet_write_number(s, 1, 4, 12, NULL);
    PUT(s, 1, "2022", NULL, "1", "Jumlah dokumen", NULL, "dokumen");
    PUT(s, 2, "2022", NULL, "2", "Jumlah laporan", NULL, "laporan");
    PUT(s, 3, "2022", NULL, "3", "Jumlah orang", "4.093", "orang");
    struct intake *in = end(book, path);
    assert_int_equal(in->refusals, 0);
    assert_int_equal(in->rows, 3);
    assert_int_equal(figure_at(in, 2, MEASURE_TARGET)->value, 12000000);
    assert_int_equal(figure_at(in, 4, MEASURE_TARGET)->value, 4093000000);
    for (uint32_t i = 0; i < in->sections; i++)
        for (uint32_t k = 0; k < in->section[i].count; k++)
            assert_false(in->section[i].row[k].line == 3 && in->section[i].row[k].figure.measure == MEASURE_TARGET);
    intake_free(&in);
}

static void segments_without_a_merged_heading(void **state)
{
    (void)state;
    char path[128];
    lxw_workbook *book = begin(path, sizeof path);
    lxw_worksheet *s = workbook_add_worksheet(book, "DPA");
    PUT(s, 0, "tahun", "kode", NULL, NULL, NULL, NULL, "pagu");
    for (uint32_t r = 1; r < 3; r++) {
        static const double SEGMENT[] = { 2022, 1, 6, 1, 2.01, 3, 500 };
        for (uint16_t c = 0; c < 7; c++) worksheet_write_number(s, r, c, r == 2 && c == 4 ? 2.1 : SEGMENT[c], NULL);
    }
    struct intake *in = end(book, path);
    assert_int_equal(in->refusals, 1);
    refusal_is(in, 0,
               "f.xlsx:DPA!B3 (kode): \"1|6|1|2.1|3\" kode sebagai bilangan kehilangan nol di belakangnya; tulis sebagai teks; "
               "maksudnya 1|6|1|2.1|3 atau 1|6|1|2.10|3? [ambigu]");
    assert_int_equal(figure_at(in, 2, MEASURE_BUDGET)->value, 50000);
    intake_free(&in);
}

static void sheets(void **state)
{
    (void)state;
    char path[128];
    lxw_workbook *book = begin(path, sizeof path);
    lxw_worksheet *cover = workbook_add_worksheet(book, "Sampul"), *old = workbook_add_worksheet(book, "Lama");
    lxw_worksheet *s = workbook_add_worksheet(book, "LRA 2022"), *more = workbook_add_worksheet(book, "LRA 2023");
    PUT(cover, 0, "Dinas Sosial");
    PUT(old, 0, "tahun", "kode", "pagu");
    PUT(old, 1, "2021", "5.1", "1");
    worksheet_hide(old);
    PUT(s, 0, "tahun", "kode", "pagu");
    PUT(s, 1, "2022", "5.1", "2");
    PUT(more, 0, "tahun", "kode", "pagu");
    PUT(more, 1, "2023", "5.1", "3");
    struct intake *in = end(book, path);
    assert_int_equal(in->rows, 1);
    assert_int_equal(figure_at(in, 2, MEASURE_BUDGET)->value, 200);
    uint32_t others = 0;
    for (uint32_t i = 0; i < in->notes; i++) others += strcmp(in->note[i].kind, "lembar-lain") == 0;
    assert_int_equal(others, 3);
    intake_free(&in);
    book = begin(path, sizeof path);
    old = workbook_add_worksheet(book, "Lama");
    cover = workbook_add_worksheet(book, "Sampul");
    PUT(old, 0, "tahun", "kode", "pagu");
    PUT(old, 1, "2021", "5.1", "1");
    worksheet_activate(cover);
    worksheet_hide(old);
    in = end(book, path);
    assert_int_equal(in->sections, 0);
    refusal_is(in, 0, "f.xlsx: berkas Excel tidak punya lembar yang terlihat dan berisi [bentuk-tak-dikenal]");
    intake_free(&in);
}

/* ---- what no honest program writes ---- */

static void refused(struct buf *b, unsigned code, const char *part)
{
    struct intake *in = take(b);
    assert_int_equal(in->refusals, 1);
    assert_int_equal(in->rows + in->sections, 0);
    if (in->refusal[0].code != code || !strstr(in->refusal[0].reason, part))
        fail_msg("%u %s", in->refusal[0].code, in->refusal[0].reason);
    intake_free(&in);
}

static void refused_sheet(const char *xml, unsigned code, const char *part)
{
    struct buf b;
    book_world_sheet(xml, NULL, NULL, &b);
    refused(&b, code, part);
}

static void hostile_sheets(void **state)
{
    (void)state;
    refused_sheet("<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><worksheet><sheetData>&b;</sheetData></worksheet>",
                  CODE_FILE_BROKEN, "DTD");
    refused_sheet("<worksheet><sheetData><row r='2'/><row r='1'/></sheetData></worksheet>", CODE_FILE_BROKEN, "rusak");
    refused_sheet("<worksheet><sheetData><row><c r='B1'/><c r='A1'/></row></sheetData></worksheet>", CODE_FILE_BROKEN, "rusak");
    refused_sheet("<worksheet><sheetData><row><c r='B9'><v>1</v></c></row></sheetData></worksheet>", CODE_FILE_BROKEN, "rusak");
    refused_sheet("<worksheet><sheetData><row><c t='s'><v>7</v></c></row></sheetData></worksheet>", CODE_FILE_BROKEN, "rusak");
    refused_sheet("<worksheet><sheetData><row><c><v>1</v></c></row>", CODE_FILE_BROKEN, "rusak");
    refused_sheet("<worksheet><sheetData><row><c r='XFD1'><v>1</v></c></row></sheetData></worksheet>", CODE_TOO_LARGE, "besar");
    refused_sheet("<worksheet><sheetData><row><c r='ZZZZ1'><v>1</v></c></row></sheetData></worksheet>", CODE_FILE_BROKEN, "rusak");
    refused_sheet("<worksheet><sheetData><row r='4294967297'><c><v>1</v></c></row></sheetData></worksheet>", CODE_FILE_BROKEN,
                  "rusak");
}

static void bombs(void **state)
{
    (void)state;
    enum { BIG = 48 << 20 };
    char *xml = malloc(BIG + 1);
    struct buf b;
    assert_non_null(xml);
    memset(xml, ' ', BIG);
    memcpy(xml, "<worksheet>", 11);
    memcpy(xml + BIG - 12, "</worksheet>", 13);
    book_world_sheet(xml, NULL, NULL, &b);              /* packs a thousand times */
    refused(&b, CODE_TOO_LARGE, "besar");
    memset(xml, 0, 64);
    size_t n = 0;
    for (unsigned i = 0; i < XLSX_DEPTH_MAX + 2; i++) n += (size_t)snprintf(xml + n, BIG - n, "<a>");
    xml[n] = '\0';
    book_world_sheet(xml, NULL, NULL, &b);
    refused(&b, CODE_FILE_BROKEN, "rusak");
    buf_init(&b, 1 << 20);
    buf_str(&b, "PK\3\4 and nothing of an archive behind it");
    refused(&b, CODE_FILE_BROKEN, "rusak");
    const struct book_part twice[] = { { "_rels/.rels", "<a/>", 0 }, { "_RELS/.rels", "<a/>", 0 } };
    book_world_zip(twice, 2, &b);
    refused(&b, CODE_FILE_BROKEN, "rusak");
    book_world_zip(twice, 1, &b);
    refused(&b, CODE_FILE_BROKEN, "rusak");
    free(xml);
}

static void cut_files_are_refused(void **state)
{
    (void)state;
    struct buf b;
    book_world_sheet("<worksheet><sheetData>" ROW "</sheetData></worksheet>", NULL, NULL, &b);
    const struct intake_options o = intake_world_options();
    for (size_t n = 4; n < b.n; n += 7) {
        struct intake *in;
        assert_int_equal(book_intake(slice_of(b.p, n), &o, &in), ST_OK);
        assert_int_equal(in->refusals, 1);
        assert_int_equal(in->rows, 0);
        intake_free(&in);
    }
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_tables_say_the_same),
        cmocka_unit_test(numbers_say_the_same),
        cmocka_unit_test(numbers),
        cmocka_unit_test(dates_and_formats),
        cmocka_unit_test(places_are_cells),
        cmocka_unit_test(cells_of_every_kind),
        cmocka_unit_test(a_report_with_merged_headings),
        cmocka_unit_test(a_group_that_changes_the_meaning_is_not_dropped),
        cmocka_unit_test(merged_keys_hold_for_their_rows_and_amounts_do_not),
        cmocka_unit_test(segments_without_a_merged_heading),
        cmocka_unit_test(sheets),
        cmocka_unit_test(hostile_sheets),
        cmocka_unit_test(bombs),
        cmocka_unit_test(cut_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
