/* report_test.c - the printers of reports: what stands in a file is what the model says, to the last digit, and twice the same
 * bytes. */
#include "cli/report.h"
#include "proto/sheet.h"
#include "collector/xlsx_part.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zbar.h>
#include <cmocka.h>

static const char MODEL[] =
    "{\"report\":\"lra\",\"title\":[\"LAPORAN <A> & "
    "B\",\"Kantor\"],\"as_of\":{\"position\":{\"w1\":12},\"time\":\"2026-11-21T18:34:29.065Z\"},"
    "\"registry_version\":2,\"complete\":{\"offices\":1,\"of\":1},\"tables\":[{\"title\":\"Satu\",\"columns\":["
    "{\"group\":\"\",\"heading\":\"Kode\",\"number\":\"1\",\"kind\":\"text\",\"width\":18},"
    "{\"group\":\"Uang\",\"heading\":\"Pagu\",\"number\":\"2\",\"kind\":\"money\",\"width\":20},"
    "{\"group\":\"Uang\",\"heading\":\"%\",\"number\":\"3\",\"kind\":\"percent\",\"width\":10},"
    "{\"group\":\"\",\"heading\":\"Target\",\"number\":\"4\",\"kind\":\"number\",\"width\":10}],\"rows\":["
    "{\"depth\":0,\"strong\":true,\"cells\":[\"1.06\",\"7733986109.00\",\"92.20\",\"4093\"]},"
    "{\"depth\":1,\"strong\":false,\"cells\":[\"1.10\",\"0.07\",\"68.89\",\"88.32\"]},"
    "{\"depth\":1,\"strong\":false,\"cells\":[\"2022\",\"-12345678901.23\",\"0.00\",\"Paving, \\\"Block\\\"\"]},"
    "{\"depth\":1,\"strong\":false,\"cells\":[\"x\",\"9999999999999999.99\",null,\"0.000001\"]},"
    "{\"depth\":1,\"strong\":false,\"cells\":[null,\"999999999999999.00\",\"459.90\",\"-5.5\"]}]}],"
    "\"foot\":[{\"heading\":\"Faktor\",\"lines\":[\"satu\"]}],\"notes\":[\"catatan\"],\"signed\":[\"Kepala\"]}";

/* The lists of fonts stay with fontconfig for the life of a process; giving them back by force ends it at times, as cairo still
 * holds some. Asked for by the leak checker alone. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libfontconfig\nleak:libpango\n"; }

/* print.c can write tables to a terminal; nothing here does. */
bool cli_fancy(int fd) { return fd < 0; }
int cli_fail(const struct cli *c, const char *id, const char *en, const char *what)
{
    fail_msg("%s %s", cli_say(c, id, en), what);
    return EXIT_FAILED;
}

static json_t *model(void)
{
    json_t *m = json_loads(MODEL, 0, NULL);
    assert_non_null(m);
    return m;
}

static void load(const char *path, struct buf *b)
{
    uint8_t piece[4096];
    FILE *in = fopen(path, "r");
    size_t n;
    assert_non_null(in);
    buf_init(b, 16 << 20);
    while ((n = fread(piece, 1, sizeof piece, in)) > 0) buf_put(b, piece, n);
    (void)fclose(in);
    unlink(path);
}

/* m is taken. */
static void print_model(json_t *m, int (*printer)(const json_t *, const char *), struct buf *ret)
{
    char path[128];
    const char *dir = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/rekap-report.XXXXXX", dir ? dir : "/tmp");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(printer(m, path), ST_OK);
    load(path, ret);
    json_decref(m);
}

static void print(int (*printer)(const json_t *, const char *), struct buf *ret) { print_model(model(), printer, ret); }

static const json_t *rows(const json_t *m)
{
    return json_object_get(json_array_get(json_object_get(m, "tables"), 0), "rows");
}

static void cell_is(const struct csv_table *t, uint32_t row, uint32_t column, const char *want)
{
    struct slice s = csv_table_cell(t, row, column);
    if (s.n != strlen(want) || memcmp(s.p, want, s.n) != 0)
        fail_msg("row %u column %u: \"%.*s\", expected \"%s\"", row, column, (int)s.n, (const char *)s.p, want);
}

/* Zeros behind the point are the format's in a sheet, not the number's. */
static void without_zeros(char *s)
{
    char *point = strchr(s, '.');
    for (size_t n = strlen(s); point && n > 0 && (s[n - 1] == '0' || s[n - 1] == '.'); n--) {
        bool done = s[n - 1] == '.';
        s[n - 1] = '\0';
        if (done) return;
    }
}

static void a_workbook_holds_the_numbers_of_the_model(void **state)
{
    (void)state;
    struct buf b;
    struct xlsx_book *book;
    struct xlsx_sheet s;
    struct xlsx_fault fault;
    json_t *m = model(), *row;
    size_t i;
    print(report_xlsx, &b);
    assert_int_equal(xlsx_open(buf_slice(&b), &book, &fault), ST_OK);
    assert_int_equal(xlsx_sheets(book), 1);
    assert_int_equal(xlsx_read(book, 0, &s, &fault), ST_OK);
    enum { FIRST = 6 };         /* two titles, the table's, two of headings, the numbers */
    cell_is(&s.table, FIRST - 2, 1, "Pagu");
    json_array_foreach(rows(m), i, row)
        for (uint32_t c = 0; c < 4; c++) {
            const char *text = json_string_value(json_array_get(json_object_get(row, "cells"), c));
            char want[64];
            snprintf(want, sizeof want, "%s", text ? text : "");
            bool number = c > 0 && csv_table_mark(&s.table, FIRST + (uint32_t)i, c).kind == CSV_NUMBER;
            if (number) without_zeros(want);
            if (c > 0 && text && report_is_number(text) && strcmp(text, "9999999999999999.99") != 0) assert_true(number);
            cell_is(&s.table, FIRST + (uint32_t)i, c, want);
        }
    xlsx_sheet_done(&s);
    xlsx_close(&book);
    buf_done(&b);
    json_decref(m);
}

static void keep_text(struct xlsx_xml *x, const char *s, size_t n) { buf_put(x->ctx, s, n); }
static void no_element(struct xlsx_xml *x, const char *name, const char **atts) { (void)x, (void)name, (void)atts; }

/* Not the clock's: who prints the same state later holds the same bytes. */
static void dates_are_those_of_the_position(void **state)
{
    (void)state;
    struct buf b, text;
    struct xlsx_book *book;
    struct xlsx_fault fault;
    print(report_xlsx, &b);
    buf_init(&text, 1 << 16);
    struct xlsx_xml x = { .start = no_element, .text = keep_text, .ctx = &text, .fault = &fault };
    assert_int_equal(xlsx_open(buf_slice(&b), &book, &fault), ST_OK);
    assert_int_equal(xlsx_part(book, "docProps/core.xml", &x), ST_OK);
    buf_u8(&text, 0);
    assert_non_null(strstr((const char *)text.p, "2026-11-21T18:34:29Z"));
    xlsx_close(&book);
    buf_done(&text);
    buf_done(&b);
    print(report_pdf, &b);
    static const char DATE[] = "(20261121183429";
    assert_non_null(memmem(b.p, b.n, DATE, sizeof DATE - 1));
    buf_done(&b);
}

static void csv_holds_the_cells_of_the_model(void **state)
{
    (void)state;
    struct buf b;
    struct csv_table t;
    struct csv_fault f;
    json_t *m = model(), *row;
    size_t i;
    print(report_csv, &b);
    assert_int_equal(csv_table_read(buf_slice(&b), &t, &f), ST_OK);
    cell_is(&t, 3, 1, "Uang Pagu");
    json_array_foreach(rows(m), i, row)
        for (uint32_t c = 0; c < 4; c++) {
            const char *text = json_string_value(json_array_get(json_object_get(row, "cells"), c));
            cell_is(&t, 4 + (uint32_t)i, c, text ? text : "");
        }
    csv_table_done(&t);
    buf_done(&b);
    json_decref(m);
}

static void a_page_escapes_and_shows(void **state)
{
    (void)state;
    static const char *const PARTS[] = { "LAPORAN &lt;A&gt; &amp; B", "7.733.986.109,00", "92,20", "4.093", "-12.345.678.901,23",
                                         "Paving, &quot;Block&quot;", "Keadaan w1:12, 2026-11-21T18:34:29.065Z; 1/1 kantor melapor",
                                         "<th colspan=\"2\">Uang</th>", "9.999.999.999.999.999,99" };
    struct buf b;
    print(report_html, &b);
    buf_u8(&b, 0);
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++)
        if (!strstr((const char *)b.p, PARTS[i])) fail_msg("no %s", PARTS[i]);
    assert_null(strstr((const char *)b.p, "<script"));
    assert_null(strstr((const char *)b.p, "http"));
    buf_done(&b);
}

static void the_same_model_gives_the_same_bytes(void **state)
{
    (void)state;
    static int (*const PRINTERS[])(const json_t *, const char *) = { report_csv, report_json, report_html, report_xlsx,
                                                                     report_pdf };
    for (size_t i = 0; i < sizeof PRINTERS / sizeof *PRINTERS; i++) {
        struct buf a, b;
        print(PRINTERS[i], &a);
        print(PRINTERS[i], &b);
        if (a.n == 0 || a.n != b.n || memcmp(a.p, b.p, a.n) != 0) fail_msg("printer %zu: %zu and %zu bytes", i, a.n, b.n);
        buf_done(&a);
        buf_done(&b);
    }
}

static struct report_decimal of(const char *text, unsigned decimals)
{
    json_t *v = json_string(text);
    struct report_decimal d = report_decimal(v, decimals);
    json_decref(v);
    return d;
}

static void arithmetic_is_exact(void **state)
{
    (void)state;
    json_t *cells = json_array();
    const struct report_decimal none = { .is = false };
    assert_false(of("", 2).is);
    assert_false(of("1.234", 2).is);
    assert_false(of("Paving", 2).is);
    assert_false(report_decimal(json_null(), 2).is);
    report_sen(cells, report_less(of("9007199254740993.01", 2), of("0.02", 2)));
    report_sen(cells, report_less(of("1.00", 2), none));
    report_sen(cells, report_less(none, of("1.00", 2)));
    report_sen(cells, report_add(none, of("-1.50", 2)));
    report_micro(cells, report_add(of("88.32", 6), of("0.000001", 6)));
    report_share(cells, of("5210417104.00", 2), of("5721724782.00", 2));
    report_share(cells, of("1.00", 2), of("0.00", 2));
    char *seen = json_dumps(cells, JSON_COMPACT);
    assert_string_equal(seen, "[\"9007199254740992.99\",\"1.00\",null,\"-1.50\",\"88.320001\",\"91.06\",null]");
    free(seen);
    json_decref(cells);
}

static void a_sheet_keeps_fifteen_digits(void **state)
{
    (void)state;
    static const struct { const char *text; bool fits; double v;
    } CASE[] = {
        { "0.00", true, 0 },
        { "92.20", true, 92.2 },
        { "-0.07", true, -0.07 },
        { "999999999999999.00", true, 999999999999999.0 },
        { "9999999999999999.00", false, 0 },
        { "12345678901234.56", false, 0 },
        { "1234567890123.45", true, 1234567890123.45 },
        { "x", false, 0 },
        { "", false, 0 },
        { "0.0000001", false, 0 },
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        double v = 0;
        bool fits = sheet_number(CASE[i].text, &v);
        if (fits != CASE[i].fits || (fits && (v > CASE[i].v || v < CASE[i].v))) fail_msg("%s", CASE[i].text);
    }
}

/* ---- sums ---- */

static const char SUMS[] =
    "{\"key\":0,\"rows\":["
    "{\"strong\":true,\"cells\":[\"1.06\",\"100.00\"]},{\"strong\":true,\"cells\":[\"1.06.01\",\"60.00\"]},"
    "{\"strong\":false,\"cells\":[\"1.06.01.2.01\",\"59.99\"]},{\"strong\":false,\"cells\":[null,null]},"
    "{\"strong\":false,\"cells\":[\"1.06.01.2.02\",\"0.01\"]},{\"strong\":true,\"cells\":[\"1.06.02\",\"40.00\"]},"
    "{\"strong\":false,\"cells\":[\"1.06.02.2.01\",\"39.00\"]},{\"strong\":true,\"cells\":[null,\"100.00\"]},"
    "{\"strong\":false,\"cells\":[\"5.1\",\"7.00\"]},{\"strong\":true,\"cells\":[null,\"7.00\"]},"
    "{\"strong\":true,\"cells\":[\"\",\"107.00\"]},{\"strong\":true,\"cells\":[null,\"108.00\"]}]}";

static void sums_are_proven(void **state)
{
    (void)state;
    static const char *const WANT[] = { "1,5,", "2,4,", "", "", "", "", "", "0,", "", "8,", "0,8,", "" };
    json_t *t = json_loads(SUMS, 0, NULL);
    size_t row[8], few[1];
    for (size_t i = 0; i < sizeof WANT / sizeof *WANT; i++) {
        char seen[64] = "";
        size_t n = report_sum(t, i, 1, row, 8);
        for (size_t k = 0; k < n; k++) snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%zu,", row[k]);
        if (strcmp(seen, WANT[i]) != 0) fail_msg("row %zu is the sum of %s", i, seen);
    }
    assert_int_equal(report_sum(t, 0, 1, few, 1), 0);   /* more parts than asked for: none, not some */
    json_decref(t);
}

static void a_sum_is_a_formula_with_its_value(void **state)
{
    (void)state;
    static const char FORMULA[] = "SUM(B9)";
    struct buf b, text;
    struct xlsx_book *book;
    struct xlsx_fault fault;
    char path[128];
    const char *dir = getenv("TMPDIR");
    json_t *m = model(), *list = json_array_get(json_object_get(m, "tables"), 0);
    json_array_append_new(json_object_get(list, "rows"), json_pack("{s:i,s:b,s:[s,s,n,n]}", "depth", 0, "strong", 1, "cells",
                                                                    "1.06.01", "7733986109.00"));
    json_t *moved = json_incref(json_array_get(json_object_get(list, "rows"), 5));
    json_array_remove(json_object_get(list, "rows"), 5);
    json_array_insert_new(json_object_get(list, "rows"), 1, moved);
    snprintf(path, sizeof path, "%s/rekap-report.XXXXXX", dir ? dir : "/tmp");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(report_xlsx(m, path), ST_OK);
    load(path, &b);
    buf_init(&text, 1 << 16);
    struct xlsx_xml x = { .start = no_element, .text = keep_text, .ctx = &text, .fault = &fault };
    assert_int_equal(xlsx_open(buf_slice(&b), &book, &fault), ST_OK);
    assert_int_equal(xlsx_part(book, "xl/worksheets/sheet1.xml", &x), ST_OK);
    buf_u8(&text, 0);
    const char *at = strstr((const char *)text.p, FORMULA);
    assert_non_null(at);
    assert_memory_equal(at + sizeof FORMULA - 1, "7733986109", 10);
    xlsx_close(&book);
    buf_done(&text);
    buf_done(&b);
    json_decref(m);
}

/* ---- the code of a root ---- */

static const char ROOT[] = "rekap/segel/1 33.74 2022-Q4 1 98e32ea98d65e4e1af8d4ec9dd1ab1c67aecd68a923fcda3e8dbac819fc8e708";
enum { SCALE = 4, EDGE = 4 };

/* What a reader of another make sees on a page: `dark` says of each square whether it is. */
static void read_code(size_t n, bool (*dark)(const void *of, size_t x, size_t y), const void *of, char *ret, size_t size)
{
    unsigned side = (unsigned)(n + 2 * EDGE) * SCALE;
    uint8_t *page = malloc((size_t)side * side);
    assert_non_null(page);
    memset(page, 255, (size_t)side * side);
    for (size_t y = 0; y < n * SCALE; y++)
        for (size_t x = 0; x < n * SCALE; x++)
            if (dark(of, x / SCALE, y / SCALE)) page[(y + EDGE * SCALE) * side + x + EDGE * SCALE] = 0;
    zbar_image_scanner_t *scanner = zbar_image_scanner_create();
    zbar_image_t *image = zbar_image_create();
    zbar_image_set_format(image, zbar_fourcc('Y', '8', '0', '0'));
    zbar_image_set_size(image, side, side);
    zbar_image_set_data(image, page, (unsigned long)side * side, NULL);
    assert_int_equal(zbar_scan_image(scanner, image), 1);
    snprintf(ret, size, "%s", zbar_symbol_get_data(zbar_image_first_symbol(image)));
    zbar_image_destroy(image);
    zbar_image_scanner_destroy(scanner);
    free(page);
}

static bool dark_square(const void *of, size_t x, size_t y) { return report_qr_dark(of, x, y); }

static void a_code_says_its_text(void **state)
{
    (void)state;
    char seen[256];
    json_t *qr = report_qr(ROOT), *again = report_qr(ROOT);
    read_code(report_qr_side(qr), dark_square, qr, seen, sizeof seen);
    assert_string_equal(seen, ROOT);
    assert_true(json_equal(qr, again));
    assert_int_equal(report_qr_side(NULL), 0);
    assert_false(report_qr_dark(qr, 0, report_qr_side(qr)));
    json_decref(qr);
    json_decref(again);
}

static void a_code_too_long_is_none(void **state)
{
    (void)state;
    char text[4096];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_null(report_qr(text));
}

/* The squares of a page's path: "M3 7h4v1h-4z". */
struct page { const char *path; };
static bool dark_stroke(const void *of, size_t x, size_t y)
{
    const struct page *p = of;
    size_t left, top, width;
    for (const char *s = p->path; (s = strchr(s, 'M')); s++)
        if (sscanf(s, "M%zu %zuh%zu", &left, &top, &width) == 3 && y == top && x >= left && x < left + width) return true;
    return false;
}

static json_t *sealed_model(void)
{
    json_t *m = model();
    json_object_set_new(m, "seal", json_pack("{s:o}", "qr", report_qr(ROOT)));
    return m;
}

static void print_sealed(int (*printer)(const json_t *, const char *), struct buf *ret)
{
    print_model(sealed_model(), printer, ret);
}

static void the_code_stands_in_page_and_workbook(void **state)
{
    (void)state;
    static const char ATTRIBUTE[] = "<path d=\"", PNG[] = "\x89PNG";
    char seen[256];
    struct buf b, png;
    json_t *qr = report_qr(ROOT);
    print_sealed(report_html, &b);
    buf_u8(&b, 0);
    char *path = strstr((char *)b.p, ATTRIBUTE);
    assert_non_null(path);
    path += sizeof ATTRIBUTE - 1;
    *strchr(path, '"') = '\0';
    struct page page = { path };
    read_code(report_qr_side(qr), dark_stroke, &page, seen, sizeof seen);
    assert_string_equal(seen, ROOT);
    buf_done(&b);
    buf_init(&png, 1 << 20);
    assert_int_equal(report_qr_png(qr, &png), ST_OK);
    assert_memory_equal(png.p, PNG, sizeof PNG - 1);
    print_sealed(report_xlsx, &b);
    static const char NAME[] = "xl/media/image1.png";
    assert_non_null(memmem(b.p, b.n, NAME, sizeof NAME - 1));
    buf_done(&b);
    buf_done(&png);
    json_decref(qr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_workbook_holds_the_numbers_of_the_model), cmocka_unit_test(csv_holds_the_cells_of_the_model),
        cmocka_unit_test(a_page_escapes_and_shows),                  cmocka_unit_test(the_same_model_gives_the_same_bytes),
        cmocka_unit_test(dates_are_those_of_the_position),
        cmocka_unit_test(sums_are_proven),                           cmocka_unit_test(a_sum_is_a_formula_with_its_value),
        cmocka_unit_test(a_code_says_its_text),                      cmocka_unit_test(a_code_too_long_is_none),
        cmocka_unit_test(the_code_stands_in_page_and_workbook),
        cmocka_unit_test(arithmetic_is_exact),                       cmocka_unit_test(a_sheet_keeps_fifteen_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
