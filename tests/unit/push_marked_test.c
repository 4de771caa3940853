/* push_marked_test.c - marked copies: every cell in its place with its text, number and look; faults coloured, commented and
 * listed; real tables state the same when their copy is pushed; and what would break a workbook or a line of text. */
#include "cli/push_marked.h"
#include "collector/book.h"
#include "collector/xlsx_part.h"
#include "tests/unit/book_world.h"
#include "tests/unit/intake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <zip.h>

static struct intake *take(struct slice bytes)
{
    const struct intake_options o = intake_world_options();
    struct intake *in;
    assert_int_equal(book_begins(bytes) ? book_intake(bytes, &o, &in) : intake_read(bytes, &o, &in), ST_OK);
    return in;
}

static void copy_text(const struct push_marked *m, struct buf *ret)
{
    buf_init(ret, 64 << 20);
    push_marked_text(m, ret);
    assert_true(buf_ok(ret));
}

static void copy_book(const struct push_marked *m, struct buf *ret)
{
    char path[128];
    book_world_path(path, sizeof path);
    assert_int_equal(push_marked_book(m, path), ST_OK);
    book_world_load(path, ret);
}

/* ---- real tables ---- */

static void mark_text(struct slice s, enum lang lang, struct buf *ret)
{
    struct csv_fault fault;
    struct shape shape;
    struct push_marked m = { .lang = lang, .header = UINT32_MAX };
    struct intake *in = take(s);
    assert_int_equal(csv_table_read(s, &m.table, &fault), ST_OK);
    shape_find(&m.table, SHAPE_NONE, &shape);
    m.in = in;
    if (m.table.rows) m.header = shape.header;
    copy_text(&m, ret);
    csv_table_done(&m.table);
    intake_free(&in);
}

/* What is stated, as it would go to the collector. */
static void stated(struct slice bytes, struct buf *ret)
{
    const struct tray head = { .id = slice_of("i", 1), .office = slice_of("gen-3374-07", 11), .file = slice_of("f", 1) };
    struct intake *in = take(bytes);
    buf_init(ret, 64 << 20);
    intake_tray(in, &head, ret);
    assert_true(buf_ok(ret) && in->sections > 0);
    intake_free(&in);
}

static struct intake *through(const struct csv_table *t, void (*copy)(const struct push_marked *, struct buf *))
{
    const struct intake none = { 0 };
    const struct push_marked m = { .in = &none, .table = *t, .header = 0 };
    struct buf b;
    copy(&m, &b);
    struct intake *in = take(buf_slice(&b));
    buf_done(&b);
    return in;
}

static struct intake *as_book(const struct csv_table *t) { return through(t, copy_book); }

static const char *const FILES[] = { "tests/data/metro/anggaran.csv", "tests/data/metro/indikator.csv",
                                     "tests/data/semarang/anggaran.csv", "tests/data/semarang/indikator.csv",
                                     "tests/data/metro/renstra.csv" };

static void copies_of_real_tables_state_the_same(void **state)
{
    (void)state;
    intake_world_agree(as_book, 0, true);
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        struct slice bytes = intake_world_load(FILES[i]);
        struct buf b, x, y;
        mark_text(bytes, LANG_ID, &b);
        stated(bytes, &x);
        stated(buf_slice(&b), &y);
        assert_int_equal(x.n, y.n);
        assert_memory_equal(x.p, y.p, x.n);
        buf_done(&b);
        buf_done(&x);
        buf_done(&y);
    }
}

/* ---- text ---- */

static const char TEXT[] =
    "\xef\xbb\xbfjudul\r\n\r\ntahun;kode;pagu;uraian\r\n2022;1.06.01.2.02.01;1,234;\"a \"\"b\"\";\nc\"\r\n\r\n"
    "2022;1.06.01.2.02.02;1000; kosong \r\n2022;x;y;\r\n";

static void text_is(const struct buf *b, const char *want)
{
    assert_int_equal(b->n, strlen(want));
    assert_memory_equal(b->p, want, b->n);
}

static void each_row_says_what_is_wrong_in_it(void **state)
{
    static const char want[] =
        "\xef\xbb\xbfjudul;;;;\r\n\r\ntahun;kode;pagu;uraian;kesalahan\r\n2022;1.06.01.2.02.01;1,234;\"a \"\"b\"\";\nc\";"
        "\"pagu: bukan angka rupiah; maksudnya: 1.234 [angka-rusak]\"\r\n\r\n"
        "2022;1.06.01.2.02.02;1000;kosong;\r\n2022;x;y;;kode: bukan kode kegiatan [kode-rusak] | pagu: bukan angka rupiah "
        "[angka-rusak]\r\n";
    struct buf b, again;
    (void)state;
    mark_text(slice_of(TEXT, strlen(TEXT)), LANG_ID, &b);
    mark_text(buf_slice(&b), LANG_ID, &again);
    assert_int_equal(again.n, b.n);     /* a copy of a copy */
    assert_memory_equal(again.p, b.p, b.n);
    buf_done(&again);
    text_is(&b, want);
    buf_done(&b);
}

/* ---- a workbook ---- */

#define T(text) "<c t='str'><v>" text "</v></c>"
#define HEAD "<row r='2'>" T("tahun") T("kode") T("pagu") T("fisik") T("berlaku") "</row>"
static const char SHEET[] =
    "<worksheet><sheetData>" HEAD
    "<row r='3'><c r='A3'><v>2022</v></c>" T("1.06.01.2.02.01") "<c r='C3' s='1'><v>1234.5</v></c><c r='D3' s='2'><v>0.125</v></c>"
    "<c r='E3' s='3'><v>44562</v></c></row>"
    "<row r='5'><c r='B5' t='str'><v>1.06.01.2.02.02</v></c><c r='C5' t='str'><v>25.00.000</v></c></row>"
    "<row r='6'><c r='A6'><v>2022</v></c></row>"
    "</sheetData><mergeCells><mergeCell ref='A3:A5'/><mergeCell ref='A5:B6'/></mergeCells></worksheet>";
static const char STYLES[] = "<styleSheet><numFmts><numFmt numFmtId='170' formatCode='yyyy\\-mm\\-dd'/></numFmts><cellXfs><xf/>"
                             "<xf numFmtId='4'/><xf numFmtId='10'/><xf numFmtId='170'/></cellXfs></styleSheet>";

static void read_first(struct slice bytes, struct xlsx_sheet *ret)
{
    struct xlsx_book *book;
    struct xlsx_fault fault;
    assert_int_equal(xlsx_open(bytes, &book, &fault), ST_OK);
    assert_int_equal(xlsx_read(book, 0, ret, &fault), ST_OK);
    xlsx_close(&book);
}

static void mark_book(struct slice bytes, struct buf *ret)
{
    struct xlsx_sheet sheet;
    struct intake *in = take(bytes);
    read_first(bytes, &sheet);
    const struct push_marked m = { .in = in, .table = sheet.table, .header = 0, .merge = sheet.merge, .merges = sheet.merges };
    copy_book(&m, ret);
    xlsx_sheet_done(&sheet);
    intake_free(&in);
}

static void same_cells(const struct csv_table *x, const struct csv_table *y)
{
    assert_int_equal(x->rows, y->rows);
    for (uint32_t r = 0; r < x->rows; r++) {
        assert_int_equal(x->row[r].line, y->row[r].line);
        for (uint32_t c = 0; c < x->row[r].count; c++) {
            struct slice s = csv_table_cell(x, r, c), t = csv_table_cell(y, r, c);
            struct csv_mark a = csv_table_mark(x, r, c), b = csv_table_mark(y, r, c);
            assert_int_equal(s.n, t.n);
            assert_memory_equal(s.p, t.p, s.n);
            if (s.n == 0) continue;
            assert_int_equal(a.kind, b.kind);
            assert_int_equal(a.percent, b.percent);
            if (a.kind == CSV_NUMBER) assert_int_equal(a.decimals, b.decimals);
        }
    }
}

static void every_cell_stays_in_its_place(void **state)
{
    struct buf book, copy;
    struct xlsx_sheet x, y;
    (void)state;
    book_world_sheet(SHEET, NULL, STYLES, &book);
    mark_book(buf_slice(&book), &copy);
    read_first(buf_slice(&book), &x);
    read_first(buf_slice(&copy), &y);
    same_cells(&x.table, &y.table);
    assert_int_equal(y.merges, 1);      /* of two that overlap the first */
    assert_int_equal(y.merge[0].last_row, 5);
    xlsx_sheet_done(&x);
    xlsx_sheet_done(&y);
    struct intake *in = take(buf_slice(&copy)), *first = take(buf_slice(&book));
    assert_int_equal(in->refusals, first->refusals);
    assert_int_equal(in->rows, first->rows);
    intake_free(&in);
    intake_free(&first);
    buf_done(&book);
    buf_done(&copy);
}

/* Does a part of the archive have this text? */
static bool part_has(struct slice bytes, const char *path, const char *text)
{
    char part[65536];
    zip_error_t e;
    zip_source_t *s = zip_source_buffer_create(bytes.p, bytes.n, 0, &e);
    zip_t *z = s ? zip_open_from_source(s, ZIP_RDONLY, &e) : NULL;
    assert_non_null(z);
    zip_file_t *f = zip_fopen(z, path, 0);
    if (!f) fail_msg("no part %s", path);
    zip_int64_t n = zip_fread(f, part, sizeof part - 1);
    assert_true(n > 0);
    part[n] = '\0';
    (void)zip_fclose(f);
    zip_discard(z);
    return strstr(part, text) != NULL;
}

static void faults_are_coloured_commented_and_listed(void **state)
{
    struct buf book, copy;
    (void)state;
    book_world_sheet(SHEET, NULL, STYLES, &book);
    mark_book(buf_slice(&book), &copy);
    struct slice c = buf_slice(&copy);
    assert_true(part_has(c, "xl/styles.xml", "FFFFC7CE"));
    assert_true(part_has(c, "xl/comments1.xml", "ref=\"C5\""));
    assert_true(part_has(c, "xl/comments1.xml", "pagu: "));
    assert_true(part_has(c, "xl/worksheets/sheet2.xml", "location=\"'Lembar 1'!C5\""));
    assert_true(part_has(c, "xl/sharedStrings.xml", "25.00.000"));
    assert_true(part_has(c, "xl/workbook.xml", "Kesalahan"));
    buf_done(&book);
    buf_done(&copy);
}

/* Names that no sheet may have, texts that XML or a cell cannot hold, places behind the row's end. */
static void what_would_break_a_workbook_does_not(void **state)
{
    static const char *const NAMES[] = { "Kesalahan", "kesalahan", "a/b", "'x'", "a very long name that no sheet may have at all",
                                         "It's" };
    static char text[70000];
    struct intake_refusal r = { .line = 1, .column = 9, .name = slice_of("=1+1", 4), .seen = slice_of("\x01<b>\xef\xbf\xbe", 7),
                                .code = CODE_NUMBER_BROKEN, .reason = "x" };
    struct csv_table t = { 0 };
    (void)state;
    memset(text, 'a', sizeof text);
    text[5] = '\x02';
    buf_init(&t.text, 1 << 20);
    assert_int_equal(csv_table_add_text(&t, 0, text, sizeof text, (struct csv_mark){ .kind = CSV_TEXT }), ST_OK);
    assert_int_equal(csv_table_add_text(&t, 0, "=HYPERLINK(1)", 13, (struct csv_mark){ .kind = CSV_TEXT }), ST_OK);
    assert_int_equal(csv_table_add_row(&t, 1, 0), ST_OK);
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        const struct intake in = { .refusal = &r, .refusals = 1, .sheet = slice_of(NAMES[i], strlen(NAMES[i])) };
        const struct push_marked m = { .in = &in, .table = t, .header = UINT32_MAX };
        struct xlsx_sheet seen;
        struct buf copy;
        copy_book(&m, &copy);
        read_first(buf_slice(&copy), &seen);
        assert_int_equal(csv_table_cell(&seen.table, 0, 1).n, 13);
        assert_memory_equal(csv_table_cell(&seen.table, 0, 1).p, "=HYPERLINK(1)", 13);
        assert_int_equal(csv_table_cell(&seen.table, 0, 0).n, 32700);
        assert_false(part_has(buf_slice(&copy), "xl/worksheets/sheet1.xml", "<f>"));
        xlsx_sheet_done(&seen);
        buf_done(&copy);
    }
    csv_table_done(&t);
}

static void what_is_no_table_is_a_list(void **state)
{
    struct intake_refusal r = { .code = CODE_FILE_BROKEN, .reason = "rusak" };
    const struct intake in = { .refusal = &r, .refusals = 1 };
    const struct push_marked m = { .in = &in, .header = UINT32_MAX };
    struct buf b;
    (void)state;
    copy_text(&m, &b);
    text_is(&b, "\xef\xbb\xbfrusak [berkas-rusak]");
    buf_done(&b);
    copy_book(&m, &b);
    assert_true(part_has(buf_slice(&b), "xl/sharedStrings.xml", "rusak"));
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_of_real_tables_state_the_same), cmocka_unit_test(each_row_says_what_is_wrong_in_it),
        cmocka_unit_test(every_cell_stays_in_its_place),        cmocka_unit_test(faults_are_coloured_commented_and_listed),
        cmocka_unit_test(what_would_break_a_workbook_does_not), cmocka_unit_test(what_is_no_table_is_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
