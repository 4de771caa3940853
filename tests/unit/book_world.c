/* book_world.c - see book_world.h. */
#include "tests/unit/book_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <xlsxwriter.h>
#include <zip.h>

void book_world_path(char *ret, size_t size)
{
    const char *dir = getenv("TMPDIR");
    snprintf(ret, size, "%s/rekap-book.XXXXXX", dir ? dir : "/tmp");
    int fd = mkstemp(ret);
    assert_true(fd >= 0);
    close(fd);
}

void book_world_load(const char *path, struct buf *ret)
{
    FILE *in = fopen(path, "r");
    uint8_t piece[4096];
    size_t n;
    assert_non_null(in);
    buf_init(ret, 64 << 20);
    while ((n = fread(piece, 1, sizeof piece, in)) > 0) buf_put(ret, piece, n);
    (void)fclose(in);
    unlink(path);
}

/* ---- with libxlsxwriter ---- */

static bool is_number(struct slice s, unsigned *ret_decimals)
{
    size_t i = s.n > 0 && s.p[0] == '-', digits = 0, point = 0;
    for (; i < s.n; i++) {
        if (s.p[i] == '.' && !point && digits) point = i + 1;
        else if (s.p[i] >= '0' && s.p[i] <= '9') digits++;
        else return false;
    }
    *ret_decimals = point ? (unsigned)(s.n - point) : 0;
    bool padded = s.n > 1 && s.p[0] == '0' && s.p[1] != '.';
    return digits > 0 && digits < 15 && *ret_decimals <= 2 && !padded && (!point || point < s.n);
}

static bool is_amount(struct slice name)
{
    static const char *const NAMES[] = { "tahun", "pagu", "realisasi", "target", "persen_tercetak", "capaian_tercetak", "no" };
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (bytes_is(name, NAMES[i])) return true;
    return false;
}

static void put_cell(lxw_worksheet *sheet, uint32_t row, uint16_t column, struct slice s, lxw_format *const format[3], bool number)
{
    char text[4096];
    unsigned decimals = 0;
    snprintf(text, sizeof text, "%.*s", (int)s.n, (const char *)s.p);
    if (s.n == 0) return;
    if (number && is_number(s, &decimals)) {
        int64_t v = 0, scale = 1;
        for (size_t i = text[0] == '-'; text[i]; i++) v = text[i] == '.' ? v : 10 * v + (text[i] - '0');
        for (unsigned k = 0; k < decimals; k++) scale *= 10;
        worksheet_write_number(sheet, row, column, (text[0] == '-' ? -1.0 : 1.0) * (double)v / (double)scale, format[decimals]);
    } else {
        assert_int_equal(worksheet_write_string(sheet, row, column, text, NULL), LXW_NO_ERROR);
    }
}

void book_world_of_table(const struct csv_table *t, bool numbers, struct buf *ret)
{
    char path[128];
    book_world_path(path, sizeof path);
    lxw_workbook *book = workbook_new(path);
    lxw_worksheet *sheet = workbook_add_worksheet(book, "Data");
    lxw_format *format[3];
    for (unsigned k = 0; k < 3; k++) {
        format[k] = workbook_add_format(book);
        format_set_num_format(format[k], (const char *[]){ "#,##0", "#,##0.0", "#,##0.00" }[k]);
    }
    for (uint32_t r = 0; r < t->rows; r++)
        for (uint32_t c = 0; c < t->row[r].count; c++)
            put_cell(sheet, t->row[r].line - 1, (uint16_t)c, csv_table_cell(t, r, c), format,
                     numbers && r > 0 && is_amount(csv_table_cell(t, 0, c)));
    assert_int_equal(workbook_close(book), LXW_NO_ERROR);
    book_world_load(path, ret);
}

/* ---- part by part ---- */

void book_world_zip(const struct book_part *part, size_t parts, struct buf *ret)
{
    char path[128];
    int error;
    book_world_path(path, sizeof path);
    zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &error);
    assert_non_null(z);
    for (size_t i = 0; i < parts; i++) {
        zip_source_t *s = zip_source_buffer(z, part[i].text, part[i].n ? part[i].n : strlen(part[i].text), 0);
        char name[64];
        snprintf(name, sizeof name, "%zu", i);
        zip_int64_t at = zip_file_add(z, name, s, ZIP_FL_ENC_UTF_8);
        assert_true(at >= 0);
        if (zip_file_rename(z, (zip_uint64_t)at, part[i].path, ZIP_FL_ENC_UTF_8) != 0) fail_msg("%s", zip_strerror(z));
    }
    assert_int_equal(zip_close(z), 0);
    book_world_load(path, ret);
}

#define RELATIONS "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"

void book_world_sheet(const char *sheet, const char *strings, const char *styles, struct buf *ret)
{
    const struct book_part part[] = {
        { "_rels/.rels",
          "<Relationships><Relationship Id='r1' Type='" RELATIONS "officeDocument' Target='xl/workbook.xml'/></Relationships>", 0 },
        { "xl/workbook.xml", "<workbook xmlns:r='x'><sheets><sheet name='Lembar 1' sheetId='1' r:id='r1'/></sheets></workbook>",
          0 },
        { "xl/_rels/workbook.xml.rels",
          "<Relationships><Relationship Id='r1' Type='" RELATIONS "worksheet' Target='worksheets/sheet1.xml'/>"
          "<Relationship Id='r2' Type='" RELATIONS "sharedStrings' Target='/xl/sharedStrings.xml'/>"
          "<Relationship Id='r3' Type='" RELATIONS "styles' Target='styles.xml'/></Relationships>",
          0 },
        { "xl/worksheets/sheet1.xml", sheet, 0 },
        { "xl/sharedStrings.xml", strings ? strings : "<sst/>", 0 },
        { "xl/styles.xml", styles ? styles : "<styleSheet/>", 0 },
    };
    book_world_zip(part, sizeof part / sizeof *part, ret);
}
