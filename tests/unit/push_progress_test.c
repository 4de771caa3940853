/* push_progress_test.c - the line of a long push: what it says of rows, share, rate and what remains. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/push_part.h"
#include "proto/status.h"

int64_t cli_mono_ms(void) { return 0; }

int place_ask(const struct place *p, const char *daemon, const char *request, int timeout_ms, json_t **ret)
{
    (void)ret;
    fail_msg("%s asked %s within %d ms in %s", daemon, request, timeout_ms, p->dir);
    return ST_NOT_FOUND;
}

static void the_line_says_rows_share_rate_and_rest(void **state)
{
    static const struct { int64_t rows, done, ms; const char *id; } CASES[] = {
        { 0, 0, 0, "0 dari 0 baris  0 %  0 baris/s  sisa -" },
        { 100, 0, 5000, "0 dari 100 baris  0 %  0 baris/s  sisa -" },
        { 1000, 250, 5000, "250 dari 1000 baris  25 %  50 baris/s  sisa 0:15" },
        { 100000, 1, 1000, "1 dari 100000 baris  0 %  1 baris/s  sisa 1666:39" },
        { 3, 2, 1000, "2 dari 3 baris  66 %  2 baris/s  sisa 0:01" },
        { 1000, 1000, 5000, "1000 dari 1000 baris  100 %  200 baris/s  sisa 0:00" },
    };
    char text[160];
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        push_progress_text(LANG_ID, CASES[i].rows, CASES[i].done, CASES[i].ms, text);
        assert_string_equal(text, CASES[i].id);
    }
    push_progress_text(LANG_EN, 1000, 250, 5000, text);
    assert_string_equal(text, "250 of 1000 rows  25 %  50 rows/s  remaining 0:15");
}

/* Not a terminal, as under `make test`: nothing is asked and nothing written. */
static void nothing_happens_without_a_terminal(void **state)
{
    const struct cli c = { .format = FORMAT_JSON };
    const struct push u = { .c = &c };
    struct push_progress g;
    (void)state;
    push_progress_begin(&g, &u);
    push_progress_turn(&g, &u);
    push_progress_end(&g);
    assert_false(g.on || g.shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_says_rows_share_rate_and_rest),
        cmocka_unit_test(nothing_happens_without_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
