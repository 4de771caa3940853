/* cli_test.c - the command line's parsing, and the writing of figures in tables. The verb and options are this test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/print.h"

static int run_nothing(struct cli *c)
{
    (void)c;
    return EXIT_OK;
}

#define O(x) OPTION_BIT(OPT_##x)
const struct command cli_commands[] = {
    { "push", "kirim", "FILE...", O(OFFICE) | O(WAIT) | O(TIMEOUT), 1, 2, "mengirim", "sends", "rekap push a", run_nothing },
    { "status", "keadaan", "", 0, 0, 0, "keadaan", "state", "rekap status", run_nothing },
    { "rollup", "rekapitulasi", "", O(REGION), 0, 0, "rekapitulasi", "rollup", "rekap rollup", run_nothing },
};
const size_t cli_command_count = sizeof cli_commands / sizeof cli_commands[0];
const struct option_row cli_options[OPT_COUNT] = {
    [OPT_DIR] = { "dir", "DIR", "", "" },  [OPT_LANG] = { "lang", "id|en", "", "" },   [OPT_JSON] = { "json", NULL, "", "" },
    [OPT_CSV] = { "csv", NULL, "", "" },   [OPT_HELP] = { "help", NULL, "", "" },      [OPT_OFFICE] = { "office", "ID", "", "" },
    [OPT_WAIT] = { "wait", NULL, "", "" }, [OPT_TIMEOUT] = { "timeout", "S", "", "" }, [OPT_REGION] = { "region", "K", "", "" },
};

enum { WORDS_MAX = 8 };
struct parse_case {
    const char *word[WORDS_MAX];
    int rc, operands;
    bool wait;
    const char *office;
    enum format format;
};

static int parse(const char *const *word, struct cli *ret, bool *ret_help)
{
    static char text[WORDS_MAX][32];
    static char *argv[WORDS_MAX + 1];
    int argc = 0;
    for (; argc < WORDS_MAX && word[argc]; argc++) {
        size_t n = strlen(word[argc]);
        assert_true(n < sizeof text[0]);
        memcpy(text[argc], word[argc], n + 1);
        argv[argc] = text[argc];
    }
    argv[argc] = NULL;
    const struct command *cmd = cli_find(argv[0]);
    assert_non_null(cmd);
    return cli_parse(cmd, argc, argv, ret, ret_help);
}

static void options_may_follow_operands(void **state)
{
    static const struct parse_case cases[] = {
        { { "push", "a.csv", "--office", "x", "--wait" }, EXIT_OK, 1, true, "x", FORMAT_TEXT },
        { { "kirim", "--office=x", "a", "b", "--json" }, EXIT_OK, 2, false, "x", FORMAT_JSON },
        { { "push", "--csv", "--", "--wait" }, EXIT_OK, 1, false, NULL, FORMAT_CSV },
        { { "push", "--office" }, EXIT_USAGE, 0, false, NULL, FORMAT_TEXT },
        { { "push", "a", "b", "c" }, EXIT_USAGE, 0, false, NULL, FORMAT_TEXT },
        { { "push" }, EXIT_USAGE, 0, false, NULL, FORMAT_TEXT },
        { { "push", "a", "--region", "33" }, EXIT_USAGE, 0, false, NULL, FORMAT_TEXT },
        { { "push", "a", "--json", "--csv" }, EXIT_USAGE, 0, false, NULL, FORMAT_TEXT },
        { { "push", "a", "--lang", "fr" }, EXIT_USAGE, 0, false, NULL, FORMAT_TEXT },
        { { "status", "a" }, EXIT_USAGE, 0, false, NULL, FORMAT_TEXT },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cli c;
        bool help = false;
        assert_int_equal(parse(cases[i].word, &c, &help), cases[i].rc);
        if (cases[i].rc != EXIT_OK) continue;
        assert_int_equal(c.operand_count, cases[i].operands);
        assert_int_equal(c.value[OPT_WAIT] != NULL, cases[i].wait);
        assert_int_equal(c.format, cases[i].format);
        if (cases[i].office) assert_string_equal(c.value[OPT_OFFICE], cases[i].office);
        else assert_null(c.value[OPT_OFFICE]);
    }
}

static void help_needs_no_dir(void **state)
{
    static const char *const asked[WORDS_MAX] = { "push", "--help" }, *const bare[WORDS_MAX] = { "status" };
    struct cli c;
    bool help = false;
    (void)state;
    unsetenv("REKAP_DIR");
    assert_int_equal(parse(asked, &c, &help), EXIT_OK);
    assert_true(help);
    assert_int_equal(parse(bare, &c, &help), EXIT_USAGE);
    setenv("REKAP_DIR", "/nowhere", 1);
    assert_int_equal(parse(bare, &c, &help), EXIT_OK);
    assert_string_equal(c.dir, "/nowhere");
}

static void numbers_have_bounds(void **state)
{
    static const struct {
        const char *text;
        int rc, v;
    } cases[] = {
        { NULL, EXIT_OK, 60 },    { "1", EXIT_OK, 1 },
        { "100", EXIT_OK, 100 },  { "0", EXIT_USAGE, 0 },
        { "101", EXIT_USAGE, 0 }, { "", EXIT_USAGE, 0 },
        { "-1", EXIT_USAGE, 0 },  { "5s", EXIT_USAGE, 0 },
        { " 5", EXIT_USAGE, 0 },  { "99999999999999999999", EXIT_USAGE, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cli c = { 0 };
        int v = -7;
        c.value[OPT_TIMEOUT] = cases[i].text;
        assert_int_equal(cli_number(&c, OPT_TIMEOUT, 60, 1, 100, &v), cases[i].rc);
        assert_int_equal(v, cases[i].rc == EXIT_OK ? cases[i].v : -7);
    }
}

static void nearest_word(void **state)
{
    static const char *const words[] = { "push", "status", "rollup" };
    (void)state;
    assert_string_equal(cli_nearest("pus", words, 3), "push");
    assert_string_equal(cli_nearest("rolup", words, 3), "rollup");
    assert_string_equal(cli_nearest("stauts", words, 3), "status");
    assert_null(cli_nearest("banana", words, 3));
    assert_null(cli_nearest("", words, 0));
    assert_null(cli_nearest("a-word-of-more-than-sixty-three-characters-which-is-near-to-nothing-at-all", words, 3));
}

static void money_is_written_by_moving_characters(void **state)
{
    static const struct {
        const char *machine, *text;
    } cases[] = {
        { "0.00", "0,00" },
        { "999.50", "999,50" },
        { "1000.00", "1.000,00" },
        { "-100.00", "-100,00" },
        { "-1234567.05", "-1.234.567,05" },
        { "3203475382.00", "3.203.475.382,00" },
        { "170141183460469231731687303715884105.72", "170.141.183.460.469.231.731.687.303.715.884.105,72" },
        { "12", "12" },
    };
    char t[128];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_money(cases[i].machine, t, sizeof t);
        assert_string_equal(t, cases[i].text);
    }
    print_money("1234567.00", t, 12); /* no room for the points: as it was */
    assert_string_equal(t, "1234567.00");
    print_percent("92.20", t, sizeof t);
    assert_string_equal(t, "92,20");
}

static void width_counts_characters(void **state)
{
    (void)state;
    assert_int_equal(print_width(""), 0);
    assert_int_equal(print_width("Pagu"), 4);
    assert_int_equal(print_width("\xc3\xa9\xe2\x80\xa6"), 2);
}

/* The language is known before parsing is over: a wrong verb or option is answered in the language that was asked for. */
static void language_of_early_errors(void **state)
{
    static const struct { const char *word[5]; enum lang lang; } CASE[] = {
        { { "rekap", "psuh", "--lang", "en" }, LANG_EN }, { { "rekap", "help", "--lang=en" }, LANG_EN },
        { { "rekap", "psuh", "--lang", "id" }, LANG_ID }, { { "rekap", "psuh", "--lang" }, LANG_ID },
        { { "rekap", "push", "--", "--lang=en" }, LANG_ID },
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASE / sizeof CASE[0]; i++) {
        char text[5][16], *argv[5];
        int argc = 0;
        for (; argc < 5 && CASE[i].word[argc]; argc++) {
            snprintf(text[argc], sizeof text[argc], "%s", CASE[i].word[argc]);
            argv[argc] = text[argc];
        }
        assert_int_equal(cli_lang(argc, argv), CASE[i].lang);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(language_of_early_errors),
        cmocka_unit_test(options_may_follow_operands),
        cmocka_unit_test(help_needs_no_dir),
        cmocka_unit_test(numbers_have_bounds),
        cmocka_unit_test(nearest_word),
        cmocka_unit_test(money_is_written_by_moving_characters),
        cmocka_unit_test(width_counts_characters),
    };
    setenv("REKAP_DIR", "/nowhere", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
