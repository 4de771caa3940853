/* jsonl_test.c - JSON lines: the grammar, and that a table says the same as JSON lines as it says as CSV. */
#include "proto/jsonl.h"
#include "tests/unit/intake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct slice txt(const char *s) { return slice_of(s, strlen(s)); }

static void cell_is(const struct csv_table *t, uint32_t row, uint32_t column, const char *want)
{
    struct slice s = csv_table_cell(t, row, column);
    if (s.n != strlen(want) || memcmp(s.p, want, s.n) != 0)
        fail_msg("row %u column %u: \"%.*s\", expected \"%s\"", row, column, (int)s.n, (const char *)s.p, want);
}

static void objects_become_rows(void **state)
{
    (void)state;
    struct csv_table t;
    struct csv_fault f;
    static const char TEXT[] = "\xef\xbb\xbf\r\n {\"a\":1,\"b\":\"x\\n\\u00e9\\ud83d\\ude00\"}\r\n\n"
                               "{ \"c\" : true , \"a\" : 90071992547409931234567890 }\n{\"b\":null,\"d\":-0.5e3}";
    assert_true(jsonl_begins(txt(TEXT)));
    assert_int_equal(jsonl_read(txt(TEXT), &t, &f), ST_OK);
    assert_int_equal(t.rows, 4);
    for (unsigned i = 0; i < 4; i++) cell_is(&t, 0, i, (const char *[]){ "a", "b", "c", "d" }[i]);
    cell_is(&t, 1, 0, "1");
    cell_is(&t, 1, 1, "x\n\xc3\xa9\xf0\x9f\x98\x80");
    cell_is(&t, 2, 0, "90071992547409931234567890");
    cell_is(&t, 2, 1, "");
    cell_is(&t, 2, 2, "ya");
    cell_is(&t, 3, 1, "");
    cell_is(&t, 3, 3, "-0.5e3");
    assert_int_equal(csv_table_mark(&t, 3, 3).kind, CSV_FRACTION);
    assert_int_equal(csv_table_mark(&t, 2, 0).kind, CSV_TEXT);
    assert_int_equal(t.row[0].line, 2);
    assert_int_equal(t.row[1].line, 2);
    assert_int_equal(t.row[2].line, 4);
    assert_int_equal(t.row[3].line, 5);
    csv_table_done(&t);
}

static void what_json_does_not_allow_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct { const char *text; uint32_t line; unsigned code; } CASE[] = {
        { "{\"a\":1}\n{\"a\":1", 2, CODE_FILE_BROKEN },          { "{\"a\":01}", 1, CODE_FILE_BROKEN },
        { "{\"a\":1,}", 1, CODE_FILE_BROKEN },                   { "{\"a\" 1}", 1, CODE_FILE_BROKEN },
        { "{'a':1}", 1, CODE_FILE_BROKEN },                      { "{\"a\":[1]}", 1, CODE_FILE_BROKEN },
        { "{\"a\":{}}", 1, CODE_FILE_BROKEN },                   { "{\"a\":1} {\"a\":2}", 1, CODE_FILE_BROKEN },
        { "{\n\"a\":1}", 1, CODE_FILE_BROKEN },                  { "{\"a\":.5}", 1, CODE_FILE_BROKEN },
        { "{\"a\":5.}", 1, CODE_FILE_BROKEN },                   { "{\"a\":1e}", 1, CODE_FILE_BROKEN },
        { "{\"a\":NaN}", 1, CODE_FILE_BROKEN },                  { "{\"a\":\"\t\"}", 1, CODE_FILE_BROKEN },
        { "\n\n{\"a\":\"\\x\"}", 3, CODE_FILE_BROKEN },          { "{\"a\":\"\\u0000\"}", 1, CODE_TEXT_BROKEN },
        { "{\"a\":\"\\ud800\"}", 1, CODE_TEXT_BROKEN },          { "{\"a\":\"\\udc00\"}", 1, CODE_TEXT_BROKEN },
        { "{\"a\":\"\\ud800\\u0041\"}", 1, CODE_TEXT_BROKEN },   { "{\"a\":\"\xff\"}", 0, CODE_TEXT_BROKEN },
        { "{\"a\":+1}", 1, CODE_FILE_BROKEN },                   { "{\"a\":\"x}", 1, CODE_FILE_BROKEN },
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        struct csv_table t;
        struct csv_fault f;
        if (jsonl_read(txt(CASE[i].text), &t, &f) != ST_INVALID || f.line != CASE[i].line || f.code != CASE[i].code)
            fail_msg("%s: line %u code %u", CASE[i].text, f.line, f.code);
    }
}

/* Every cell that can be one becomes a whole number, the others texts, empty ones null or nothing by turns. */
static void put_value(struct buf *b, struct slice s, bool code)
{
    bool digits = s.n > 0 && !code && (s.n == 1 || s.p[0] != '0');
    for (size_t i = 0; i < s.n; i++) digits = digits && s.p[i] >= '0' && s.p[i] <= '9';
    if (s.n == 0) {
        buf_str(b, "null");
    } else if (digits) {
        buf_put(b, s.p, s.n);
    } else {
        buf_u8(b, '"');
        for (size_t i = 0; i < s.n; i++) {
            if (s.p[i] == '"' || s.p[i] == '\\') buf_u8(b, '\\');
            buf_u8(b, s.p[i]);
        }
        buf_u8(b, '"');
    }
}

static void to_lines(const struct csv_table *t, struct buf *b)
{
    for (uint32_t r = 1; r < t->rows; r++) {
        for (uint32_t c = 0; c < t->row[0].count; c++) {
            struct slice name = csv_table_cell(t, 0, c);
            buf_str(b, c ? ",\"" : "{\"");
            buf_put(b, name.p, name.n);
            buf_str(b, "\":");
            put_value(b, csv_table_cell(t, r, c), name.n >= 4 && memcmp(name.p, "kode", 4) == 0);
        }
        buf_str(b, "}\n");
    }
}

static struct intake *as_lines(const struct csv_table *t)
{
    const struct intake_options o = intake_world_options();
    struct intake *in;
    struct buf b;
    buf_init(&b, 4 << 20);
    to_lines(t, &b);
    assert_int_equal(intake_read(buf_slice(&b), &o, &in), ST_OK);
    buf_done(&b);
    return in;
}

static void real_tables_say_the_same(void **state)
{
    (void)state;
    intake_world_agree(as_lines, 1, false);
}

static void refusal_is(const char *text, const char *want)
{
    const struct intake_options o = intake_world_options();
    struct intake *in;
    struct buf b;
    buf_init(&b, 4096);
    assert_int_equal(intake_read(txt(text), &o, &in), ST_OK);
    assert_int_equal(in->refusals, 1);
    intake_refusal_text(&b, txt("f.jsonl"), &in->refusal[0], LANG_ID);
    buf_u8(&b, 0);
    assert_string_equal((const char *)b.p, want);
    assert_int_equal(in->sections, 0);
    buf_done(&b);
    intake_free(&in);
}

static void fractions_and_names_twice_refuse_their_row(void **state)
{
    (void)state;
    refusal_is("{\"tahun\":2022,\"kode\":\"1.06.01.2.01.01\",\"pagu\":12.50,\"lain\":1.5}\n",
               "f.jsonl:1:3 (pagu): \"12.50\" bilangan JSON dengan pecahan atau eksponen; tulis sebagai teks dalam tanda kutip; "
               "maksudnya \"12.50\"? [ambigu]");
    refusal_is("{\"tahun\":2022,\"kode\":5.1,\"pagu\":\"12\"}\n",
               "f.jsonl:1:2 (kode): \"5.1\" kode sebagai bilangan kehilangan nol di belakangnya; tulis sebagai teks; maksudnya 5.1 "
               "atau 5.10? [ambigu]");
    refusal_is("{\"tahun\":2022,\"kode\":\"5.1\",\"pagu\":1,\"pagu\":2}\n",
               "f.jsonl:1:3 (pagu): \"2\" nama ini dua kali dalam objeknya [ambigu]");
    refusal_is("{\"tahun\":2022,\"kode\":\"5.1\",\"pagu\":\"1\"}\n{\"tahun\":2022,\n",
               "f.jsonl:2: bukan satu objek JSON yang isinya teks atau bilangan (karakter 15) [berkas-rusak]");
    refusal_is("{\"tahun\":2022,\"kode\":\"5.1\",\"pagu\":1,\"Anggaran\":2}\n",
               "f.jsonl:1:4 (Anggaran): \"Anggaran\" dua kolom berarti sama [ambigu]");
}

/* An empty name before any text: nothing to point into yet (found by the fuzz target of memory). */
static void a_first_name_that_is_empty(void **state)
{
    (void)state;
    struct csv_table t;
    struct csv_fault f;
    assert_int_equal(jsonl_read(txt("{\"\":5.1,\"pagu\":7}\n{\"\":2}"), &t, &f), ST_OK);
    assert_int_equal(t.rows, 3);
    cell_is(&t, 0, 0, "");
    cell_is(&t, 0, 1, "pagu");
    cell_is(&t, 1, 0, "5.1");
    cell_is(&t, 1, 1, "7");
    cell_is(&t, 2, 0, "2");
    csv_table_done(&t);
}

static void the_name_may_say_what_it_is(void **state)
{
    (void)state;
    struct intake_options o = intake_world_options();
    struct intake *in;
    o.lines = true;
    assert_int_equal(intake_read(txt("tahun,kode,pagu\n2022,5.1,1\n"), &o, &in), ST_OK);
    assert_int_equal(in->refusals, 1);
    assert_int_equal(in->refusal[0].code, CODE_FILE_BROKEN);
    assert_int_equal(in->sections, 0);
    intake_free(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_become_rows),
        cmocka_unit_test(what_json_does_not_allow_is_refused_with_its_line),
        cmocka_unit_test(real_tables_say_the_same),
        cmocka_unit_test(fractions_and_names_twice_refuse_their_row),
        cmocka_unit_test(the_name_may_say_what_it_is), cmocka_unit_test(a_first_name_that_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
