/* match_test.c - what office and treasurer say of the same lines (aggregator/match.h): cases worked out by hand.
 *
 * A case is the statements of one office-year (fixture.h), a cut-off and every row that must come out, as one text:
 * "CODE state office@month treasurer@month [=month/month]"; - for a side that has not stated the line. */
#include "aggregator/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "fixture.h"
#include "proto/status.h"

static char told[2048];

static void side(char *ret, size_t size, const struct match_side *s)
{
    if (s->stated) snprintf(ret, size, "%lld@%u", (long long)s->value, s->month);
    else snprintf(ret, size, "-");
}

static int tell(void *ctx, const struct match_row *r)
{
    char code[32], office[40], treasurer[40], at[16] = "";
    size_t n = strlen(told);
    (void)ctx;
    if (r->activity) code_format_activity(r->activity, code);
    else code_format_account(r->account, code);
    side(office, sizeof office, &r->office);
    side(treasurer, sizeof treasurer, &r->treasurer);
    if (r->office_at) snprintf(at, sizeof at, " =%u/%u", r->office_at, r->treasurer_at);
    snprintf(told + n, sizeof told - n, "%s%s %s %s %s%s", n ? "\n" : "", code, match_state_name(r->state), office, treasurer, at);
    return ST_OK;
}

static const struct {
    const char *name;
    unsigned until;
    const char *figures[12], *want;
} CASES[] = {
    {"equal, and equal only because a later month is carried", 8,
     {"1.06.02.2.02.01 realised 8 500", "1.06.02.2.02.01 realised:bud 8 500", "1.06.02.2.02.02 realised 8 70",
      "1.06.02.2.02.02 realised:bud 6 70", NULL},
     "1.06.02.2.02.01 cocok 500@8 500@8\n1.06.02.2.02.02 cocok 70@8 70@6"},
    {"another value", 8, {"1.06.02.2.02.01 realised 8 500", "1.06.02.2.02.01 realised:bud 8 499", NULL},
     "1.06.02.2.02.01 beda-nilai 500@8 499@8"},
    {"the office is ahead: both agree at the last month both have", 9,
     {"1.06.02.2.02.01 realised 8 400", "1.06.02.2.02.01 realised 9 500", "1.06.02.2.02.01 realised:bud 8 400", NULL},
     "1.06.02.2.02.01 beda-waktu 500@9 400@8 =8/8"},
    {"the treasurer books it a month later", 8,
     {"1.06.02.2.02.01 realised 8 500", "1.06.02.2.02.01 realised:bud 8 420", "1.06.02.2.02.01 realised:bud 9 500", NULL},
     "1.06.02.2.02.01 beda-waktu 500@8 420@8 =8/9"},
    {"the treasurer shows what the office showed in June", 8,
     {"1.06.02.2.02.01 realised 6 300", "1.06.02.2.02.01 realised 8 500", "1.06.02.2.02.01 realised:bud 8 300", NULL},
     "1.06.02.2.02.01 beda-waktu 500@8 300@8 =6/8"},
    {"a zero of another month is no shift", 8,
     {"1.06.02.2.02.01 realised 8 nil", "1.06.02.2.02.01 realised:bud 1 nil", "1.06.02.2.02.01 realised:bud 8 9", NULL},
     "1.06.02.2.02.01 beda-nilai 0@8 9@8"},
    {"one of them only", 8,
     {"1.06.02.2.02.01 realised 8 500", "1.06.02.2.02.02 realised:bud 3 7", "1.06.02.2.02.03 realised 9 1", NULL},
     "1.06.02.2.02.01 hanya-kantor 500@8 -\n1.06.02.2.02.02 hanya-bendahara - 7@3"},
    {"not yet by this month is not stated", 7,
     {"1.06.02.2.02.01 realised 6 500", "1.06.02.2.02.01 realised:bud 8 500", NULL}, "1.06.02.2.02.01 hanya-kantor 500@6 -"},
    {"the treasurer states the kegiatan, the office its lines", 8,
     {"1.06.02.2.02.01 realised 8 300", "1.06.02.2.02.02 realised 8 200", "1.06.02.2.02 realised:bud 8 500",
      "1.06.02.2.03.01 realised:bud 8 4", "1.06.02.2.03 realised 8 5", NULL},
     "1.06.02.2.02 cocok 500@8 500@8\n1.06.02.2.03 beda-nilai 5@8 4@8"},
    {"control totals are not compared, but `total` is", 8,
     {"1.06.02.2.02 realised 8 999", "1.06.02.2.02.01 realised 8 500", "total realised:bud 8 505", "5.1 realised 8 6", NULL},
     "5.1 hanya-kantor 6@8 -\n1.06.02.2.02.01 hanya-kantor 500@8 -\ntotal beda-nilai 506@8 505@8"},
    {"accounts of an account-only line are its sum", 8,
     {"5.1.01 realised 8 30", "5.1.02 realised 8 20", "5.1 realised:bud 8 50", NULL}, "5.1 cocok 50@8 50@8"},
    {"monthly figures are added up first", 3,
     {"1.06.02.2.02.01 realised 1m 10", "1.06.02.2.02.01 realised 2m 10", "1.06.02.2.02.01 realised 3m 10",
      "1.06.02.2.02.01 realised:bud 3 30", NULL},
     "1.06.02.2.02.01 cocok 30@3 30@3"},
    {"nothing", 12, {"1.06.02.2.02.01 budget 1 10", NULL}, ""},
};

static void cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct unit u;
        fixture_unit(&u, 2022, CASES[i].figures);
        told[0] = '\0';
        assert_int_equal(match_rows(&u, CASES[i].until, tell, NULL, NULL), ST_OK);
        if (strcmp(told, CASES[i].want) != 0) fail_msg("%s:\n%s\nexpected:\n%s", CASES[i].name, told, CASES[i].want);
        unit_done(&u);
    }
}

static void sums_are_of_counted_lines(void **state)
{
    static const char *const figures[] = {"1.06.02.2.02.01 realised 8 300", "1.06.02.2.02.02 realised 9 200",
                                          "1.06.02.2.02 realised 8 999",    "1.06.02.2.02 realised:bud 8 450",
                                          "total realised:bud 8 7",         NULL};
    struct unit u;
    struct match_sum sum;
    (void)state;
    fixture_unit(&u, 2022, figures);
    assert_int_equal(match_rows(&u, 8, tell, NULL, &sum), ST_OK);
    assert_true(sum.office == 300 && sum.treasurer == 450 && sum.office_stated && sum.treasurer_stated);
    assert_int_equal(match_rows(&u, 7, tell, NULL, &sum), ST_OK);
    assert_false(sum.office_stated || sum.treasurer_stated);
    unit_done(&u);
}

static int stop(void *ctx, const struct match_row *r)
{
    (void)r;
    ++*(int *)ctx;
    return ST_BUSY;
}

static void a_callback_ends_it(void **state)
{
    static const char *const figures[] = {"1.06.02.2.02.01 realised 8 300", "1.06.02.2.02.02 realised 9 200", NULL};
    struct unit u;
    int n = 0;
    (void)state;
    fixture_unit(&u, 2022, figures);
    assert_int_equal(match_rows(&u, 12, stop, &n, NULL), ST_BUSY);
    assert_int_equal(n, 1);
    unit_done(&u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cases), cmocka_unit_test(sums_are_of_counted_lines),
                                       cmocka_unit_test(a_callback_ends_it)};
    return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
