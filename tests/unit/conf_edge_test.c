/* conf_edge_test.c - configuration at its edges: memory that fails at each allocation, numbers and lines at their limits, options
 * of kinds that the daemons' tables do not have. What files say: conf_test and its golden files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/conf.h"

enum { LINE_MAX_BYTES = 4096 };
static const struct conf_option TABLE[] = {
    { "plain", CONF_TEXT, false, "", 0, 0, "outside of every section" },
    { "aaaa.free", CONF_COUNT, false, NULL, 0, 0, "any number" },
    { "aaaa.size", CONF_SIZE, false, NULL, 100, 0, "at least" },
    { "bbbb.time", CONF_DURATION, false, "2s", 0, 0, "a while" },
    { "bbbb.t", CONF_TEXT, false, "x", 0, 0, "text" },
};
enum { OPTIONS = sizeof TABLE / sizeof *TABLE };

static struct slice text_of(const char *s) { return slice_of(s, strlen(s)); }

/* ---- memory that fails ---- */

static unsigned allocation; /* the n-th from now on fails, from 1; 0: none */
static bool inih_fails;
static bool fails(void) { return allocation > 0 && --allocation == 0; }
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
char *__real_strdup(const char *s);
char *__wrap_strdup(const char *s);
typedef char *(*ini_reader)(char *to, int size, void *stream);       /* of ini.h, which only conf.c may include */
typedef int (*ini_handler)(void *user, const char *section, const char *name, const char *value);
int __real_ini_parse_stream(ini_reader reader, void *stream, ini_handler handler, void *user);
int __wrap_ini_parse_stream(ini_reader reader, void *stream, ini_handler handler, void *user);
void *__wrap_calloc(size_t n, size_t size) { return fails() ? NULL : __real_calloc(n, size); }
char *__wrap_strdup(const char *s) { return fails() ? NULL : __real_strdup(s); }
int __wrap_ini_parse_stream(ini_reader reader, void *stream, ini_handler handler, void *user)
{
    return inih_fails ? -2 : __real_ini_parse_stream(reader, stream, handler, user);
}

static void memory_that_fails_is_no_fault_of_the_file(void **state)
{
    static const char text[] = "plain = a\n[aaaa]\nfree = 3\nsize = 1K\n";
    struct conf *c = NULL;
    struct buf errors;
    unsigned n = 0;
    bool through = false;

    (void)state;
    buf_init(&errors, 4096);
    while (!through) {
        allocation = ++n;
        int st = conf_parse(TABLE, OPTIONS, "f", text_of(text), &c, &errors);
        through = allocation > 0;
        allocation = 0;
        assert_int_equal(st, through ? ST_OK : ST_NO_MEMORY);
        assert_int_equal(errors.n, 0);
        if (!through) assert_null(c);
    }
    assert_int_equal(n, 3 + 2 + 3 + 1);         /* the conf, two defaults, three values */
    conf_free(&c);
    inih_fails = true;
    assert_int_equal(conf_parse(TABLE, OPTIONS, "f", text_of(text), &c, &errors), ST_NO_MEMORY);
    inih_fails = false;
    buf_done(&errors);
}

/* ---- values ---- */

static void faults_by_their_sentences(void **state)
{
    static const struct { const char *text, *error; } CASE[] = {
        { "[aaaa]\nfree = 9223372036854775809\n", "f:2:aaaa.free: \"9223372036854775809\" bukan bilangan\n" },
        { "[aaaa]\nfree = 3K\n", "f:2:aaaa.free: \"3K\" bukan bilangan\n" },
        { "[aaaa]\nsize = 123456789012345678901234\n",
          "f:2:aaaa.size: \"123456789012345678901234\" bukan ukuran (K, M, G, T); maksudnya 12345678901234567890M?\n" },
        { "[aaaa]\nsize = 0\n", "f:2:aaaa.size: \"0\" di luar batas: paling sedikit 100\n" },
        { "[bbbb]\ntime = 5\n", "f:2:bbbb.time: \"5\" bukan lama waktu (us, ms, s, m, h, d); maksudnya 5s?\n" },
        { "[bbbb]\nt = a\x7f\n", "f:2:bbbb.t: \"a?\" teks tidak sah\n" },
        { "[bbbb]\nt = a\x01z\n", "f:2:bbbb.t: \"a?z\" teks tidak sah\n" },
        { "[bbbb]\nt ;= a\n", "f:2:: \"\" bukan kunci = nilai\n" },
        { "[bbbb]\nt ;= a\ntime = 5\n",
          "f:3:bbbb.time: \"5\" bukan lama waktu (us, ms, s, m, h, d); maksudnya 5s?\n" },
    };
    struct conf *c = NULL;
    struct buf errors;

    (void)state;
    buf_init(&errors, 4096);
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        buf_clear(&errors);
        assert_int_equal(conf_parse(TABLE, OPTIONS, "f", text_of(CASE[i].text), &c, &errors), ST_INVALID);
        buf_u8(&errors, '\0');
        assert_string_equal((const char *)errors.p, CASE[i].error);
    }
    buf_done(&errors);
}

static void what_has_no_bounds(void **state)
{
    struct conf *c = NULL;
    struct buf errors, out;

    (void)state;
    buf_init(&errors, 4096);
    buf_init(&out, 4096);
    assert_int_equal(
        conf_parse(TABLE, OPTIONS, "f", text_of("\nplain = p\n[aaaa]\nfree = 9223372036854775807\nsize = 1K\n"), &c, &errors),
        ST_OK);
    assert_true(conf_int(c, "aaaa.free") == INT64_MAX);
    assert_int_equal(conf_int(c, "aaaa.size"), 1024);
    conf_print(c, false, &out);
    buf_u8(&out, '\0');
    assert_string_equal((const char *)out.p, "plain = p\n\n[aaaa]\nfree = 9223372036854775807\nsize = 1K\n\n"
                                             "[bbbb]\ntime = 2s\nt = x\n");
    conf_free(&c);
    buf_done(&errors);
    buf_done(&out);
}

/* A line as long as may be is printed without the blanks that would make it too long, and read again. */
static void the_longest_line(void **state)
{
    static char line[LINE_MAX_BYTES + 16];
    struct conf *c = NULL;
    struct buf errors, out;

    (void)state;
    buf_init(&errors, 4096);
    buf_init(&out, 3 * LINE_MAX_BYTES);
    memset(line, 'x', sizeof line);
    memcpy(line, "[bbbb]\nt=", 9);
    for (unsigned round = 0; round < 2; round++) {
        struct slice text = round == 0 ? slice_of(line, strlen("[bbbb]\n") + LINE_MAX_BYTES) : buf_slice(&out);
        assert_int_equal(conf_parse(TABLE, OPTIONS, "f", text, &c, &errors), ST_OK);
        assert_int_equal(strlen(conf_text(c, "bbbb.t")), LINE_MAX_BYTES - 2);
        buf_clear(&out);
        conf_print(c, true, &out);
        conf_free(&c);
    }
    buf_done(&errors);
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_that_fails_is_no_fault_of_the_file),
        cmocka_unit_test(faults_by_their_sentences),
        cmocka_unit_test(what_has_no_bounds),
        cmocka_unit_test(the_longest_line),
    };

    return cmocka_run_group_tests_name("conf_edge", tests, NULL, NULL);
}
