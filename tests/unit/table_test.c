/* table_test.c - a pushed file as a table where it gets narrow: memory that fails at every single allocation, limits of rows, cells
 * and bytes, lists of the registry (csv_list) and the corners of the two grammars. What tables say: csv_test, jsonl_test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/csv_list.h"
#include "proto/jsonl.h"
#include "proto/limits.h"

static struct slice txt(const char *s) { return slice_of(s, strlen(s)); }

/* ---- memory that fails ---- */

static unsigned allocation; /* the n-th from now on fails, from 1; 0: none */
static bool parser_fails;   /* libcsv finds no memory for a field */
static bool fails(void) { return allocation > 0 && --allocation == 0; }
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
struct csv_parser;
size_t __real_csv_parse(struct csv_parser *p, const void *s, size_t n, void (*field)(void *, size_t, void *),
                        void (*row)(int, void *), void *ctx);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
size_t __wrap_csv_parse(struct csv_parser *p, const void *s, size_t n, void (*field)(void *, size_t, void *),
                        void (*row)(int, void *), void *ctx);
void *__wrap_calloc(size_t n, size_t size) { return fails() ? NULL : __real_calloc(n, size); }
void *__wrap_realloc(void *p, size_t n) { return fails() ? NULL : __real_realloc(p, n); }
size_t __wrap_csv_parse(struct csv_parser *p, const void *s, size_t n, void (*field)(void *, size_t, void *),
                        void (*row)(int, void *), void *ctx)
{
    if (!parser_fails) return __real_csv_parse(p, s, n, field, row, ctx);
    return 0;
}

int __real_csv_error(const struct csv_parser *p);
int __wrap_csv_error(const struct csv_parser *p);
int __wrap_csv_error(const struct csv_parser *p)
{
    enum { CSV_ENOMEM = 2 };            /* of csv.h, which only csv.c may name */
    return parser_fails ? CSV_ENOMEM : __real_csv_error(p);
}

typedef int (*read_fn)(struct slice bytes, struct csv_table *ret, struct csv_fault *fault);

/* Each allocation of reading the text fails in turn. Returns how many there were. */
static unsigned each_fails(read_fn read, struct slice bytes)
{
    for (unsigned n = 1;; n++) {
        struct csv_table t;
        struct csv_fault f;
        allocation = n;
        int st = read(bytes, &t, &f);
        bool through = allocation > 0;
        allocation = 0;
        if (through) {
            assert_int_equal(st, ST_OK);
            csv_table_done(&t);
            return n - 1;
        }
        if (st != ST_NO_MEMORY || f.code != CODE_OK) fail_msg("allocation %u: status %d, code %u", n, st, f.code);
    }
}

/* Ten names, `rows` rows; where cells or rows need more room depends on how many there are. */
static void fill(struct buf *b, bool lines, unsigned rows)
{
    if (!lines) buf_str(b, "a,b,c,d,e,f,g,h,i,j\n");
    for (unsigned i = 0; i < rows; i++)
        buf_str(b, lines ? "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":\"nol\"}\n"
                         : "1,2,3,4,5,6,7,8,9,caf\xe9\n");
}

/* found by counting branches: JSON lines for which there was no memory were refused as a file that is too large */
static void memory_that_gives_out_is_no_large_file(void **state)
{
    (void)state;
    static const unsigned ROWS[] = { 1, 101, 102, 103, 1100 };
    for (unsigned lines = 0; lines < 2; lines++)
        for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
            struct buf b;
            buf_init(&b, 1 << 20);
            fill(&b, lines > 0, ROWS[i]);
            assert_true(each_fails(lines ? jsonl_read : csv_table_read, buf_slice(&b)) >= 3);
            buf_done(&b);
        }
    struct csv_table t;
    struct csv_fault f;
    parser_fails = true;
    assert_int_equal(csv_table_read(txt("a,b\n"), &t, &f), ST_NO_MEMORY);
    parser_fails = false;
}

/* ---- limits ---- */

static void a_table_is_full(void **state)
{
    (void)state;
    const struct csv_mark mark = { .kind = CSV_TEXT };
    struct csv_table t = { .cells = CSV_CELLS_MAX };
    assert_int_equal(csv_table_add(&t, CSV_CELLS_MAX, (struct csv_cell){ 0 }, mark), ST_FULL);
    t = (struct csv_table){ .rows = CSV_ROWS_MAX };
    assert_int_equal(csv_table_add_row(&t, 1, 0), ST_FULL);
    t = (struct csv_table){ .rows = 0 };
    buf_init(&t.text, 4);
    assert_int_equal(csv_table_add_text(&t, 0, "abcd", 4, mark), ST_OK);
    assert_int_equal(csv_table_add_text(&t, 0, "e", 1, mark), ST_FULL);
    csv_table_done(&t);
}

/* The bytes are not looked at. */
static void a_file_over_its_limit(void **state)
{
    (void)state;
    struct csv_table t;
    struct csv_fault f;
    static const read_fn READ[] = { csv_table_read, jsonl_read };
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(READ[i](slice_of("abc", (size_t)INTAKE_FILE_BYTES_MAX + 1), &t, &f), ST_FULL);
        assert_int_equal(f.code, CODE_TOO_LARGE);
        assert_int_equal(f.line, 0);
    }
}

/* One column more than there may be: in one line of CSV, in one object, and in the names of many. */
static void columns_over_their_limit(void **state)
{
    (void)state;
    static char commas[CSV_COLUMNS_MAX + 2];
    struct csv_table t;
    struct csv_fault f;
    struct buf b;
    memset(commas, ',', sizeof commas - 1);
    commas[sizeof commas - 1] = '\n';
    assert_int_equal(csv_table_read(slice_of(commas, sizeof commas), &t, &f), ST_FULL);
    assert_int_equal(f.code, CODE_TOO_LARGE);
    buf_init(&b, 1 << 20);
    for (unsigned i = 0; i < CSV_COLUMNS_MAX; i++) buf_printf(&b, "{\"n%u\":1}\n", i);
    assert_int_equal(jsonl_read(buf_slice(&b), &t, &f), ST_OK);
    assert_int_equal(t.row[0].count, CSV_COLUMNS_MAX);
    csv_table_done(&t);
    buf_str(&b, "{\"n\":1}\n");
    assert_int_equal(jsonl_read(buf_slice(&b), &t, &f), ST_INVALID);
    assert_int_equal(f.code, CODE_TOO_LARGE);
    assert_int_equal(f.line, CSV_COLUMNS_MAX + 1);
    buf_done(&b);
}

/* One row more than there may be, told by its line. */
static void rows_over_their_limit(void **state)
{
    (void)state;
    static const char ROW[] = "{}\n";
    struct csv_table t;
    struct csv_fault f;
    struct buf b;
    buf_init(&b, sizeof ROW * CSV_ROWS_MAX);
    for (unsigned i = 0; i < CSV_ROWS_MAX; i++) buf_put(&b, ROW, sizeof ROW - 1);
    assert_int_equal(jsonl_read(buf_slice(&b), &t, &f), ST_FULL);       /* the header is one of them */
    assert_int_equal(f.code, CODE_TOO_LARGE);
    assert_int_equal(f.line, CSV_ROWS_MAX);
    buf_str(&b, ROW);
    assert_int_equal(csv_table_read(buf_slice(&b), &t, &f), ST_FULL);
    assert_int_equal(f.code, CODE_TOO_LARGE);
    buf_done(&b);
}

/* ---- corners of CSV ---- */

static void bytes_of_no_utf8(void **state)
{
    (void)state;
    static const struct { const char *in, *out; } CASE[] = {
        { "a\xe9", "a\xc3\xa9" }, { "\xff" "a", "\xc3\xbf" "a" }, { "\xfe" "a", "\xc3\xbe" "a" }, { "\xff", "\xc3\xbf" },
    };
    struct csv_table t;
    struct csv_fault f;
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        assert_int_equal(csv_table_read(txt(CASE[i].in), &t, &f), ST_OK);
        assert_int_equal(t.encoding, CSV_WINDOWS_1252);
        assert_true(bytes_is(csv_table_cell(&t, 0, 0), CASE[i].out));
        csv_table_done(&t);
    }
    assert_int_equal(csv_table_read(txt("\xfe\xff" "a"), &t, &f), ST_INVALID);
    assert_int_equal(f.code, CODE_FILE_BROKEN);
}

static void how_far_the_delimiter_is_looked_for(void **state)
{
    (void)state;
    struct csv_table t;
    struct csv_fault f;
    struct buf b;
    buf_init(&b, 1 << 20);
    for (unsigned i = 0; i < 70000; i++) buf_u8(&b, i % 100 ? 'x' : ';');
    buf_str(&b, "\n,,,,,,,,,\n,,,,,,,,,\n");
    assert_int_equal(csv_table_read(buf_slice(&b), &t, &f), ST_OK);
    assert_int_equal(t.delimiter, ';');
    csv_table_done(&t);
    buf_done(&b);
    assert_int_equal(csv_table_read(txt("sep=|\na;b\n1;2\n"), &t, &f), ST_OK);
    assert_int_equal(t.delimiter, ';');
    assert_int_equal(t.rows, 3);
    csv_table_done(&t);
    assert_int_equal(csv_table_read(txt("a,b\n \t \n\n1,2"), &t, &f), ST_OK);
    assert_int_equal(t.row[t.rows - 1].line, 4);
    assert_int_equal(csv_table_mark(&t, 0, 9).kind, CSV_TEXT);
    csv_table_done(&t);
    /* marks are a workbook's: one a cell, and none beyond the row's end */
    struct csv_row row = { .line = 1, .first = 1, .count = 2 };
    struct csv_mark mark[] = { { .kind = CSV_TEXT }, { .kind = CSV_TEXT }, { .kind = CSV_NUMBER } };
    const struct csv_table marked = { .row = &row, .rows = 1, .mark = mark, .cells = 3, .marked = true };
    assert_int_equal(csv_table_mark(&marked, 0, 1).kind, CSV_NUMBER);
    assert_int_equal(csv_table_mark(&marked, 0, 0).kind, CSV_TEXT);
    assert_int_equal(csv_table_mark(&marked, 0, 2).kind, CSV_TEXT);
}

/* ---- corners of JSON lines ---- */

static void json_that_ends_or_turns_wrong(void **state)
{
    (void)state;
    static const struct { const char *text; unsigned code; } CASE[] = {
        { "{\"a\":\"\\u00", CODE_FILE_BROKEN },                 { "{\"a\":\"\\u00zz\"}", CODE_FILE_BROKEN },
        { "{\"a\":\"\\ud800abcdef\"}", CODE_TEXT_BROKEN },      { "{\"a\":\"\\ud800\\n12345\"}", CODE_TEXT_BROKEN },
        { "{\"a\":\"\\ud800\\uzzzz\"}", CODE_TEXT_BROKEN },     { "{\"a\":\"\\ud800\\ue000\"}", CODE_TEXT_BROKEN },
        { "{\"a\":\"\\", CODE_FILE_BROKEN },                    { "{\"a", CODE_FILE_BROKEN },
        { "{\"a\":-", CODE_FILE_BROKEN },                       { "{\"a\":-}", CODE_FILE_BROKEN },
        { "{\"a\":", CODE_FILE_BROKEN },                        { "{\"a\":1e+}", CODE_FILE_BROKEN },
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        struct csv_table t;
        struct csv_fault f;
        if (jsonl_read(txt(CASE[i].text), &t, &f) != ST_INVALID || f.line != 1 || f.code != CASE[i].code)
            fail_msg("%s: line %u code %u", CASE[i].text, f.line, f.code);
    }
}

static void json_that_is_right_however_odd(void **state)
{
    (void)state;
    struct csv_table t;
    struct csv_fault f;
    assert_int_equal(
        jsonl_read(txt("{}\n{\t\"a\":0,\"b\":\"\\ue000\\uffff\"}\n{\"a\":1E5}\n{\"a\":1E-5}\n{\"a\":false}\n \t"), &t, &f), ST_OK);
    static const char *const A[] = { "a", "", "0", "1E5", "1E-5", "tidak" };
    assert_int_equal(t.rows, 6);
    for (uint32_t i = 0; i < 6; i++) {
        struct slice s = csv_table_cell(&t, i, 0);
        if (s.n != strlen(A[i]) || memcmp(s.p, A[i], s.n) != 0) fail_msg("row %u: %.*s", i, (int)s.n, (const char *)s.p);
    }
    assert_true(bytes_is(csv_table_cell(&t, 2, 1), "\xee\x80\x80\xef\xbf\xbf"));
    assert_int_equal(t.row[1].count, 0);
    assert_int_equal(t.row[3].count, 1);
    csv_table_done(&t);
    assert_int_equal(jsonl_read(txt("\n \n"), &t, &f), ST_OK);
    assert_int_equal(t.rows, 1);
    assert_int_equal(t.row[0].count, 0);
    csv_table_done(&t);
    assert_true(jsonl_begins(txt(" \t\r\n{")));
    assert_false(jsonl_begins(txt(" \n")));
    assert_false(jsonl_begins(txt("a{")));
}

/* ---- lists of the registry ---- */

static const char *say(void *ctx, const struct csv_table *t, uint32_t *row)
{
    const uint32_t *at = ctx;
    *row = *at;
    return t->rows > 1 ? "begitu" : NULL;
}

static void a_list_says_where(void **state)
{
    (void)state;
    static const char *const HEAD[] = { "kode", "nama" };
    static char commas[CSV_COLUMNS_MAX + 1];
    char err[200] = "";
    uint32_t row = 1;
    memset(commas, ',', sizeof commas);
    assert_int_equal(csv_list_read(txt("a\n"), "x.csv", say, &row, err, sizeof err), ST_OK);
    assert_string_equal(err, "");
    assert_int_equal(csv_list_read(txt("a\n\n1\n"), "x.csv", say, &row, err, sizeof err), ST_INVALID);
    assert_string_equal(err, "x.csv:3: begitu");
    row = 2;                            /* something of the whole list */
    assert_int_equal(csv_list_read(txt("a\n\n1\n"), "x.csv", say, &row, err, sizeof err), ST_INVALID);
    assert_string_equal(err, "x.csv:1: begitu");
    assert_int_equal(csv_list_read(txt("a\nb\"\n"), "x.csv", say, &row, err, sizeof err), ST_INVALID);
    assert_memory_equal(err, "x.csv:2: ", 9);
    assert_int_equal(csv_list_read(slice_of(commas, sizeof commas), "x.csv", say, &row, err, sizeof err), ST_FULL);
    assert_memory_equal(err, "x.csv:0: ", 9);
    *err = '\0';
    allocation = 1;
    assert_int_equal(csv_list_read(txt("a\n"), "x.csv", say, &row, err, sizeof err), ST_NO_MEMORY);
    assert_string_equal(err, "");

    struct csv_table t = { .rows = 0 };
    struct csv_fault f;
    assert_false(csv_list_heading(&t, HEAD, 2));
    assert_int_equal(csv_table_read(txt(" KODE ,nama,lain\n"), &t, &f), ST_OK);
    assert_true(csv_list_heading(&t, HEAD, 2));
    csv_table_done(&t);
    assert_int_equal(csv_table_read(txt("kode,name\n"), &t, &f), ST_OK);
    assert_false(csv_list_heading(&t, HEAD, 2));
    csv_table_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_that_gives_out_is_no_large_file),
        cmocka_unit_test(a_table_is_full),
        cmocka_unit_test(a_file_over_its_limit),
        cmocka_unit_test(columns_over_their_limit),
        cmocka_unit_test(rows_over_their_limit),
        cmocka_unit_test(bytes_of_no_utf8),
        cmocka_unit_test(how_far_the_delimiter_is_looked_for),
        cmocka_unit_test(json_that_ends_or_turns_wrong),
        cmocka_unit_test(json_that_is_right_however_odd),
        cmocka_unit_test(a_list_says_where),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
