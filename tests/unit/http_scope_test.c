/* http_scope_test.c - who may ask what (aggregator/http_scope.h), walked over the whole table of questions: for every one of them
 * and every role, what lies outside is refused before anything is computed. A question that is added is walked by itself; one that
 * names no place at all fails here until somebody has said why everybody may ask it. */
#include "aggregator/http_scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const char REGISTER[] = "#rekap-office 1\n"
                               "dinsos-1872\t18.72\toffice\tactive\t2026-01-01\t-\t-\t-\tDinas Sosial Kota Metro\n"
                               "gen-1872-02\t18.72\toffice\tactive\t2026-01-01\t-\t-\t-\tKantor kedua\n"
                               "gen-1872-07\t18.72\ttreasurer\tactive\t2026-01-01\t-\t-\t-\tBendahara\n"
                               "gen-18-01\t18\tcentre\tactive\t2026-01-01\t-\t-\t-\tProvinsi\n"
                               "gen-3374-01\t33.74\toffice\tactive\t2026-01-01\t-\t-\t-\tKantor lain\n";
static const char OWN[] = "dinsos-1872";
static struct registry *offices;

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

static int setup(void **state)
{
    char err[200] = "";
    (void)state;
    if (registry_parse(text(REGISTER), &offices, err, sizeof err) != ST_OK) fail_msg("%s", err);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    registry_free(&offices);
    return 0;
}

static struct http_viewer viewer(enum role role, const char *region, const char *office)
{
    struct http_viewer v = { .role = (uint8_t)role };
    assert_int_equal(code_region_parse(text(region), &v.region), ST_OK);
    snprintf(v.office, sizeof v.office, "%s", office);
    return v;
}

/* What is asked: a place of the nation, of one region, of one office, or of a figure's address. NULL: not said. */
struct about { const char *region, *office, *figure; };

static bool asks(const struct http_question *k, enum http_param p) { return k->params >> p & 1; }
static bool has_address(const struct http_question *k) { return strchr(k->path, '{') != NULL; }
static bool has_place(const struct http_question *k) { return asks(k, HTTP_REGION) || asks(k, HTTP_OFFICE) || has_address(k); }

/* May v ask k about that? 200, or the status of the refusal, whose parameter comes back. */
static unsigned allowed(const struct http_viewer *v, const struct http_question *k, struct about x, const char **ret_param)
{
    struct http_asked a = {0};
    struct query_problem problem = {0};
    struct slice figure = has_address(k) ? text(x.figure) : slice_of("", 0);
    if (x.region && asks(k, HTTP_REGION)) a.value[HTTP_REGION] = text(x.region);
    if (x.office && asks(k, HTTP_OFFICE)) a.value[HTTP_OFFICE] = text(x.office);
    int st = http_scope_check(v, offices, k, &a, figure, LANG_ID, &problem);
    *ret_param = problem.param;
    if (st == ST_OK) return 200;
    assert_int_equal(st, ST_INVALID);
    assert_true(problem.text[0] != '\0' && problem.param);
    return problem.status;
}

static void must(unsigned status, const struct http_viewer *v, const struct http_question *k, struct about x)
{
    const char *param;
    unsigned seen = allowed(v, k, x, &param);
    if (seen != status)
        fail_msg("%s of %s asks %s: region=%s office=%s figure=%s: %u, not %u", registry_role_name(v->role),
                 v->office[0] ? v->office : "-", k->name, x.region ? x.region : "-", x.office ? x.office : "-", x.figure, seen,
                 status);
}

/* ---- the walk ---- */

/* All of it lies outside 18.72 and outside its offices. */
static const struct about ELSEWHERE[] = {
    { "", NULL, "nasional/2022/realised/total" },
    { "33", NULL, "33/2022/realised/total" },
    { "33.74", NULL, "33.74/2022/realised/total" },
    { "33.74", "gen-3374-01", "gen-3374-01/2022/realised/total" },
    { "18.72", "gen-3374-01", "gen-3374-01/2022/achievement/1.06" }, /* behind a region of one's own */
    { "18", NULL, "18/2022/realised/total" },                        /* what one's own lies in */
    { "18.7", NULL, "18.7/2022/realised/total" },
    { "18.72x", NULL, "18.72x/2022/realised/total" },
    { " ", NULL, " /2022/realised/total" },
    { "18.72", "tidak-ada", "tidak-ada/2022/realised/total" },
    { "18.72", "DINSOS-1872", "%64insos-1872/2022/realised/total" }, /* no address is read through its percent signs */
};
static void elsewhere(const struct http_viewer *v, const struct http_question *k)
{
    for (size_t i = 0; i < sizeof ELSEWHERE / sizeof ELSEWHERE[0]; i++) {
        const struct about *x = &ELSEWHERE[i];
        bool by_office = !strcmp(x->region, "18.72"); /* nothing is elsewhere in it for a question that takes no office */
        if (!by_office || asks(k, HTTP_OFFICE) || has_address(k)) must(403, v, k, *x);
    }
}

static void every_question_names_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < http_question_count; i++) {
        const struct http_question *k = &http_questions[i];
        /* how far the workers are counted is about no region; nothing else may be asked without saying where */
        if (k->ask == query_status) continue;
        if (!has_place(k)) fail_msg("%s names no place: nobody could be refused", k->name);
        assert_true(k->roles != 0);
    }
    assert_true(http_question_count >= 15);
}

static void every_path_leads_to_its_question(void **state)
{
    static const char *const SUFFIX[] = { "", ".csv", ".xlsx" };
    (void)state;
    for (size_t i = 0; i < http_question_count; i++)
        for (unsigned f = 0; f < 3; f++) {
            const struct http_question *k = &http_questions[i];
            char path[200];
            enum http_format format;
            struct slice figure;
            if (f > 0 && !k->list) continue;
            if (has_address(k)) snprintf(path, sizeof path, "/api/v1/figures/33.74/2022/realised/total/%s%s", k->name, SUFFIX[f]);
            else snprintf(path, sizeof path, "%s%s", k->path, SUFFIX[f]);
            assert_ptr_equal(http_route_find(path, &format, &figure), k);
            assert_true(!has_address(k) || bytes_is(figure, "33.74/2022/realised/total"));
        }
}

static void an_office_is_refused_everything_else(void **state)
{
    const struct http_viewer v = viewer(ROLE_OFFICE, "18.72", OWN);
    (void)state;
    for (size_t i = 0; i < http_question_count; i++) {
        const struct http_question *k = &http_questions[i];
        if (!has_place(k)) continue;
        elsewhere(&v, k);
        must(403, &v, k, (struct about){ "18.72", "gen-1872-02", "gen-1872-02/2022/realised/total" });
        must(403, &v, k, (struct about){ "18.72", "gen-1872-07", "18.72/2022/realised/total" });
        if (has_address(k) || asks(k, HTTP_OFFICE)) must(200, &v, k, (struct about){ NULL, OWN, "dinsos-1872/2022/reached/total" });
        /* of its region the totals of money, and nothing else */
        bool totals = k->ask == query_rollup || k->ask == query_trend;
        must(totals ? 200 : 403, &v, k, (struct about){ "18.72", NULL, "18.72/2022/realised/total" });
    }
}

static void a_region_ends_where_it_ends(void **state)
{
    static const enum role ROLES[] = { ROLE_TREASURER, ROLE_PLANNER, ROLE_AUDITOR, ROLE_CENTRE };
    (void)state;
    for (size_t i = 0; i < http_question_count; i++)
        for (size_t r = 0; r < sizeof ROLES / sizeof ROLES[0]; r++) {
            const struct http_question *k = &http_questions[i];
            const struct http_viewer v = viewer(ROLES[r], "18.72", ROLES[r] == ROLE_TREASURER ? "gen-1872-07" : "");
            unsigned mine = k->roles >> ROLES[r] & 1 ? 200 : 403;
            if (!has_place(k)) continue;
            elsewhere(&v, k);
            must(mine, &v, k, (struct about){ "18.72", NULL, "18.72/2022/realised/total" });
            if (has_address(k) || asks(k, HTTP_OFFICE))
                must(mine, &v, k, (struct about){ NULL, "gen-1872-02", "gen-1872-02/2022/budget/1.06" });
        }
}

static void a_province_holds_its_cities(void **state)
{
    const struct http_viewer v = viewer(ROLE_CENTRE, "18", "gen-18-01");
    (void)state;
    for (size_t i = 0; i < http_question_count; i++) {
        const struct http_question *k = &http_questions[i];
        if (!has_place(k)) continue;
        must(200, &v, k, (struct about){ "18", NULL, "18/2022/realised/total" });
        must(200, &v, k, (struct about){ "18.72", "dinsos-1872", "dinsos-1872/2022/reached/total" });
        must(403, &v, k, (struct about){ "", NULL, "nasional/2022/realised/total" });
        must(403, &v, k, (struct about){ "33.74", "gen-3374-01", "gen-3374-01/2022/realised/total" });
    }
}

static void the_nation_sees_all_places(void **state)
{
    const struct http_viewer bpk = viewer(ROLE_AUDITOR, "", ""), open = { .open = true };
    (void)state;
    for (size_t i = 0; i < http_question_count; i++) {
        const struct http_question *k = &http_questions[i];
        static const struct about ALL[] = { { "", NULL, "nasional/2022/realised/total" },
                                            { "33.74", "gen-3374-01", "gen-3374-01/2022/achievement/total" } };
        for (size_t n = 0; n < 2; n++) {
            must(200, &bpk, k, ALL[n]);
            must(200, &open, k, ALL[n]);
        }
    }
}

/* ---- roles ---- */

static const struct http_question *question(query_fn ask)
{
    for (size_t i = 0; i < http_question_count; i++)
        if (http_questions[i].ask == ask) return &http_questions[i];
    fail_msg("no such question");
    return NULL;
}

static void a_treasurer_sees_money(void **state)
{
    const struct http_viewer v = viewer(ROLE_TREASURER, "18.72", "gen-1872-07");
    static const char *const MONEY[] = { "budget", "realised", "absorption", "match", "finding" };
    static const char *const RESULTS[] = { "target", "reached", "achievement", "rating", "", "budgets" };
    const struct http_question *k = question(query_explain), *trend = question(query_trend);
    struct http_asked a = { .value = { [HTTP_REGION] = text("18.72"), [HTTP_INDICATOR] = text("x") } };
    struct query_problem problem;
    char figure[80];
    (void)state;
    for (size_t i = 0; i < sizeof MONEY / sizeof MONEY[0]; i++) {
        snprintf(figure, sizeof figure, "18.72/2022/%s/total", MONEY[i]);
        must(200, &v, k, (struct about){ NULL, NULL, figure });
    }
    for (size_t i = 0; i < sizeof RESULTS / sizeof RESULTS[0]; i++) {
        snprintf(figure, sizeof figure, "18.72/2022/%s/total", RESULTS[i]);
        must(403, &v, k, (struct about){ NULL, NULL, figure });
    }
    must(403, &v, question(query_indicators), (struct about){ "18.72", NULL, "" });
    must(403, &v, question(query_targets), (struct about){ "18.72", NULL, "" });
    must(200, &v, trend, (struct about){ "18.72", NULL, "" });
    assert_int_equal(http_scope_check(&v, offices, trend, &a, slice_of("", 0), LANG_EN, &problem), ST_INVALID);
    assert_int_equal(problem.status, 403);
    assert_string_equal(problem.param, "role");
    assert_string_equal(problem.seen, "indicator");
    assert_string_equal(problem.text, "your role does not see this");
}

static void an_office_sees_its_region_in_totals(void **state)
{
    const struct http_viewer v = viewer(ROLE_OFFICE, "18.72", OWN);
    static const struct { const char *level, *code; bool fine;
    } ROWS[] = {
        { "", "", true },        { "program", "", true },           { "bidang", "1.06", true },    { "urusan", "1.06.02", true },
        { "", "1.06.02", true }, { "kegiatan", "", false },         { "subkegiatan", "", false },  { "rekening", "", false },
        { "daun", "", false },   { "program", "1.06.01.2", false }, { "", "1.06.01.2.02", false }, { "lain", "", false },
    };
    const struct http_question *k = question(query_rollup);
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct query_problem problem = {0};
        struct http_asked a = { .value = { [HTTP_REGION] = text("18.72") } };
        if (ROWS[i].level[0]) a.value[HTTP_LEVEL] = text(ROWS[i].level);
        if (ROWS[i].code[0]) a.value[HTTP_CODE] = text(ROWS[i].code);
        int st = http_scope_check(&v, offices, k, &a, slice_of("", 0), LANG_ID, &problem);
        if ((st == ST_OK) != ROWS[i].fine) fail_msg("level=%s code=%s: %d", ROWS[i].level, ROWS[i].code, st);
    }
    struct http_asked a = { .value = { [HTTP_REGION] = text("18.72"), [HTTP_INDICATOR] = text("x") } };
    struct query_problem problem;
    assert_int_equal(http_scope_check(&v, offices, question(query_trend), &a, slice_of("", 0), LANG_ID, &problem), ST_INVALID);
}

static void a_refusal_says_how_to_ask(void **state)
{
    const struct http_viewer own = viewer(ROLE_OFFICE, "18.72", OWN), kota = viewer(ROLE_PLANNER, "18.72", "");
    const struct http_asked a = {0};
    struct query_problem problem;
    (void)state;
    assert_int_equal(http_scope_check(&own, offices, question(query_rollup), &a, slice_of("", 0), LANG_ID, &problem), ST_INVALID);
    assert_string_equal(problem.text, "di luar wewenang Anda; sebutkan office=dinsos-1872");
    assert_int_equal(http_scope_check(&kota, offices, question(query_rollup), &a, slice_of("", 0), LANG_EN, &problem), ST_INVALID);
    assert_string_equal(problem.text, "not yours to see; ask with region=18.72");
    assert_string_equal(problem.param, "region");
}

/* ---- what is told live, and for whom an answer may be kept ---- */

static bool told(struct http_viewer v, const char *office, bool *ret_named)
{
    return http_scope_office(&v, registry_office(offices, text(office)), ret_named);
}

static void events_tell_an_office_of_others_without_names(void **state)
{
    const struct http_viewer own = viewer(ROLE_OFFICE, "18.72", OWN), kota = viewer(ROLE_PLANNER, "18.72", ""),
                             open = { .open = true };
    bool named;
    (void)state;
    assert_true(told(own, OWN, &named) && named);
    assert_true(told(own, "gen-1872-02", &named) && !named);
    assert_false(told(own, "gen-3374-01", &named));
    assert_true(told(kota, "gen-1872-02", &named) && named);
    assert_false(told(kota, "gen-3374-01", &named));
    assert_false(told(kota, "tidak-ada", &named) || named);
    assert_true(told(open, "tidak-ada", &named) && named);
}

static void no_two_viewers_share_a_tag(void **state)
{
    const struct http_viewer v[] = { viewer(ROLE_OFFICE, "18.72", OWN),  viewer(ROLE_OFFICE, "18.72", "gen-1872-02"),
                                     viewer(ROLE_PLANNER, "18.72", ""),  viewer(ROLE_AUDITOR, "18.72", ""),
                                     viewer(ROLE_PLANNER, "18", ""),     viewer(ROLE_PLANNER, "", ""),
                                     { .open = true } };
    char name[7][96];
    (void)state;
    for (size_t i = 0; i < 7; i++) {
        http_scope_name(&v[i], name[i]);
        for (size_t k = 0; k < i; k++) assert_string_not_equal(name[i], name[k]);
    }
    assert_string_equal(name[6], "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_question_names_its_place),
        cmocka_unit_test(every_path_leads_to_its_question),
        cmocka_unit_test(an_office_is_refused_everything_else),
        cmocka_unit_test(a_region_ends_where_it_ends),
        cmocka_unit_test(a_province_holds_its_cities),
        cmocka_unit_test(the_nation_sees_all_places),
        cmocka_unit_test(a_treasurer_sees_money),
        cmocka_unit_test(an_office_sees_its_region_in_totals),
        cmocka_unit_test(a_refusal_says_how_to_ask),
        cmocka_unit_test(events_tell_an_office_of_others_without_names),
        cmocka_unit_test(no_two_viewers_share_a_tag),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
