/* past_test.c - history, explain and the past are one truth, for every kind of address.
 *
 * Over a random history with the centre's rules, its pairs of codes and entries of the register in between (past_world.h): the list
 * `history` gives is the sequence of distinct values that the same question answers as of every log position, one by one; and what
 * explain answers as of a position is, byte for byte but for the position's own name, what it answered when the logs stood there.
 * The seed is printed first; SEED=n in the environment sets it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "past_world.h"
#include "tests/unit/env.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { RECORDS = 60, WORLDS = 1, CHANGES_LEAST = 50, CENTRE_LEAST = 1, REGISTRY_LEAST = 1, CORRECTED_LEAST = 10 };
#else
enum { RECORDS = 140, WORLDS = 2, CHANGES_LEAST = 150, CENTRE_LEAST = 10, REGISTRY_LEAST = 5, CORRECTED_LEAST = 30 };
#endif
#define FIRST_SEED UINT64_C(20221231)
enum { FIGURES = 64 };

static const char *const ADDRESSES[] = {
    "gen-3374-01/2022/realised/1.06.02.2.02.01",                  /* a leaf */
    "gen-3374-01/2022/realised/1.06.02.2.02.01?source=bud",       /* what the treasurer says of it */
    "gen-3374-01/2022/budget/1.06.02?source=renstra",             /* the plan's ceiling */
    "gen-3374-01/2022/realised/total?source=bud",                 /* spoken of before it is registered */
    "gen-3302-01/2022/realised/total?source=bud",
    "gen-3374-02/2021/absorption/total",
    "33.74/2022/realised/total",                                  /* rollups */
    "33/2022/budget/1.06.02?until=7",
    "33.74/2022/absorption/1.06?stage=murni",
    "nasional/2021/realised/total?source=bud",                    /* one record speaks of several offices */
    "gen-3374-01/2022/target/1.06.02/ikk-1",                      /* of an indicator */
    "gen-3374-01/2022/target/1.06.02/ikk-1?source=renstra",
    "gen-3374-01/2022/reached/1.06.02/ikk-1?until=9",
    "gen-3374-01/2022/achievement/1.06.02/ikk-1",
    "gen-3374-01/2022/achievement/1.06.02/persen_terlayani",      /* known by another name now and then */
    "gen-3374-01/2022/rating/1.06.02/ikk-1",
    "gen-3374-02/2021/rating/1.06/ikk-1",
    "gen-3374-01/2022/achievement/1.06",                          /* means */
    "33.74/2022/achievement/total?cap=none",
    "33/2022/reached/total/ikk-1",                                /* shared */
    "33.74/2022/achievement/total/ikk-1",
    "nasional/2021/rating/total/ikk-1",
    "gen-3374-01/2020/realised/1.06.02?bridge=permendagri-90-2019", /* a year of the older list */
    "33.74/2020/budget/1.06.02.2.02.01?bridge=permendagri-90-2019",
    "gen-3374-01/2022/match/1.06.02.2.02.01",                     /* office against treasurer */
    "gen-3302-01/2021/match/1.06.02.2.02.01?until=10",
};
static uint64_t first_seed(void) { return env_number("SEED", FIRST_SEED); }

/* NULL where it is refused. */
static json_t *ask(query_fn fn, const struct query_context *q, const char *figure, const char *as_of)
{
    struct query_params p = {.figure = slice_of(figure, strlen(figure)), .as_of = slice_of(as_of, strlen(as_of))};
    struct query_problem problem = {0};
    json_t *answer = NULL;
    int st = query_as_of(fn, q, &p, &answer, &problem);
    if (st != ST_OK && st != ST_INVALID) fail_msg("%s as of %s: %s %s", figure, as_of, status_str(st), problem.text);
    return answer;
}

static json_t *value_of(json_t *answer)
{
    json_t *v = json_object_get(answer, "value");
    json_t *own = v ? json_incref(v) : json_null();
    json_decref(answer);
    return own;
}

/* ---- findings have addresses of their own: some of those that stand at one position or another ---- */

static void add_findings(struct past_state *s, const char *as_of, char list[FIGURES][400], size_t *n)
{
    struct query_params p = {.year = slice_of("2022", 4), .as_of = slice_of(as_of, strlen(as_of))};
    struct query_problem problem = {0};
    json_t *answer = NULL, *o;
    size_t i, added = 0;
    assert_int_equal(query_as_of(query_findings, &s->q, &p, &answer, &problem), ST_OK);
    json_array_foreach(json_object_get(answer, "findings"), i, o)
    {
        char text[400];
        snprintf(text, sizeof text, "%s", json_string_value(json_object_get(o, "figure")));
        *strchr(text, '?') = '\0'; /* the position it was asked as of */
        bool known = false;
        for (size_t k = 0; k < *n; k++) known = known || strcmp(list[k], text) == 0;
        if (known || i % 3 != 0 || *n == FIGURES || added == 3) continue;
        memcpy(list[(*n)++], text, sizeof text);
        added++;
    }
    json_decref(answer);
}

static size_t figures_of(struct past_state *s, const struct past_world *w, char list[FIGURES][400])
{
    size_t n = 0;
    for (; n < sizeof ADDRESSES / sizeof *ADDRESSES; n++) snprintf(list[n], 400, "%s", ADDRESSES[n]);
    for (unsigned part = 2; part <= 4; part++) {
        char as_of[96];
        past_world_position(w, w->steps * part / 4 - 1, as_of);
        add_findings(s, as_of, list, &n);
    }
    return n;
}

/* ---- history ---- */

/* The record of a statement: its place among the steps. */
static uint32_t step_of(const struct past_world *w, const json_t *statement)
{
    unsigned worker = (unsigned)strtoul(json_string_value(json_object_get(statement, "worker")) + 1, NULL, 10);
    json_int_t lsn = json_integer_value(json_object_get(statement, "lsn"));
    for (uint32_t i = 0; i < w->steps; i++)
        if (w->step[i].worker == worker && w->step[i].lsn == (uint64_t)lsn) return i;
    fail_msg("a line of no record");
    return 0;
}

/* Newest first: the list against the values at every position. */
static size_t history_is(const struct past_world *w, const char *figure, json_t *const *value, json_t *list)
{
    size_t n = json_array_size(list), k = n;
    json_t *shown = json_null();
    for (uint32_t i = 0; i < w->steps; i++) {
        if (json_equal(value[i], shown)) continue;
        const json_t *c = k > 0 ? json_array_get(list, --k) : NULL;
        char *was = json_dumps(shown, JSON_ENCODE_ANY), *is = json_dumps(value[i], JSON_ENCODE_ANY), *said = json_dumps(c, 0);
        bool same = c && json_equal(json_object_get(c, "from"), shown) && json_equal(json_object_get(c, "to"), value[i]);
        if (!same || step_of(w, json_object_get(c, "statement")) != i)
            fail_msg("SEED=%llu %s at w%u:%llu: %s -> %s, but history has %s", (unsigned long long)w->seed, figure,
                     w->step[i].worker, (unsigned long long)w->step[i].lsn, was, is, said ? said : "nothing");
        free(was);
        free(is);
        free(said);
        shown = value[i];
    }
    if (k > 0) fail_msg("SEED=%llu %s: %zu changes too many", (unsigned long long)w->seed, figure, k);
    return n;
}

/* What caused the changes: statements of the centre, entries of the register. */
static void count_causes(const json_t *list, size_t *centre, size_t *registry)
{
    size_t i;
    json_t *c;
    json_array_foreach(list, i, c)
    {
        *centre += strcmp(json_string_value(json_object_get(c, "office")), "gen-00-01") == 0;
        *registry += strcmp(json_string_value(json_object_get(c, "what")), "registry") == 0;
    }
}

static void history_is_the_sequence_of_values_at_every_position(void **state)
{
    (void)state;
    static char figure[FIGURES][400];
    size_t changes = 0, centre = 0, registry = 0, figures = 0;
    for (unsigned i = 0; i < WORLDS; i++) {
        struct past_world *w = past_world_new(first_seed() + i, RECORDS);
        struct past_state s;
        print_message("SEED=%llu\n", (unsigned long long)w->seed);
        past_state_init(&s);
        past_state_take(&s, w, w->steps - 1);
        past_state_read(&s);
        figures = figures_of(&s, w, figure);
        for (size_t k = 0; k < figures; k++) {
            json_t **value = calloc(w->steps, sizeof *value), *history = ask(query_history, &s.q, figure[k], "");
            for (uint32_t x = 0; x < w->steps; x++) {
                char as_of[96];
                past_world_position(w, x, as_of);
                value[x] = value_of(ask(query_explain, &s.q, figure[k], as_of));
            }
            if (history) {
                changes += history_is(w, figure[k], value, json_object_get(history, "changes"));
                count_causes(json_object_get(history, "changes"), &centre, &registry);
                assert_true(json_is_null(json_object_get(history, "older")));
            }
            for (uint32_t x = 0; x < w->steps; x++) json_decref(value[x]);
            json_decref(history);
            free(value);
        }
        past_state_done(&s);
        past_world_free(w);
    }
    print_message("%zu figures, %zu changes, %zu by the centre, %zu by the register\n", figures, changes, centre, registry);
    assert_true(figures > 30 && changes >= CHANGES_LEAST && centre >= CENTRE_LEAST && registry >= REGISTRY_LEAST);
}

/* ---- explain ---- */

/* The answer as text without `as_of` and without the position in its addresses. */
static char *plain(json_t *answer, const char *as_of)
{
    if (!answer) return strdup("refused");
    json_object_del(answer, "as_of");
    json_object_del(answer, "registry_version"); /* of a register made of the log it counts lines, else entries */
    char *text = json_dumps(answer, JSON_SORT_KEYS | JSON_COMPACT), param[120];
    int n = snprintf(param, sizeof param, "as_of=%s", as_of);
    for (char *at = text; as_of[0] && (at = strstr(at, param)) != NULL;) memmove(at - 1, at + n, strlen(at + n) + 1);
    json_decref(answer);
    return text;
}

static void explain_of_the_past_is_what_it_was(void **state)
{
    (void)state;
    static char figure[FIGURES][400];
    struct past_world *w = past_world_new(first_seed() + 7, RECORDS);
    struct past_state live, end;
    size_t compared = 0;
    print_message("SEED=%llu\n", (unsigned long long)w->seed);
    past_state_init(&live);
    past_state_init(&end);
    past_state_take(&end, w, w->steps - 1);
    past_state_read(&end);
    size_t figures = figures_of(&end, w, figure);
    for (uint32_t x = 0; x < w->steps; x++) {
        char as_of[96];
        past_world_position(w, x, as_of);
        past_state_take(&live, w, x);
        past_state_read(&live);
        for (size_t k = x % 4; k < figures; k += 4) {
            char *was = plain(ask(query_explain, &live.q, figure[k], ""), "");
            char *is = plain(ask(query_explain, &end.q, figure[k], as_of), as_of);
            if (strcmp(was, is) != 0)
                fail_msg("SEED=%llu %s as of %s:\n%s\nwas\n%s", (unsigned long long)w->seed, figure[k], as_of, is, was);
            free(was);
            free(is);
            compared++;
        }
    }
    print_message("%zu answers compared\n", compared);
    past_state_done(&live);
    past_state_done(&end);
    past_world_free(w);
}

/* ---- corrected findings ---- */

static bool stands(struct past_state *s, const struct past_world *w, uint32_t step, const json_t *corrected)
{
    static const char *const SAME[] = {"kind", "office", "year", "code", "where", "indicator", "table"};
    struct query_params p = {.year = slice_of("2022", 4)};
    struct query_problem problem = {0};
    char as_of[96];
    json_t *answer = NULL, *o;
    size_t i;
    bool found = false;
    past_world_position(w, step, as_of);
    p.as_of = slice_of(as_of, strlen(as_of));
    assert_int_equal(query_as_of(query_findings, &s->q, &p, &answer, &problem), ST_OK);
    json_array_foreach(json_object_get(answer, "findings"), i, o)
    {
        bool same = true;
        for (size_t k = 0; k < sizeof SAME / sizeof *SAME; k++) {
            const json_t *a = json_object_get(o, SAME[k]), *b = json_object_get(corrected, SAME[k]);
            same = same && (a == b || json_equal(a, b));
        }
        found = found || same;
    }
    json_decref(answer);
    return found;
}

/* What is listed stood until the record that ended it and not after, by the rules of those positions. */
static size_t corrections_hold(const struct past_world *w, size_t *by_centre)
{
    struct query_params p = {.year = slice_of("2022", 4), .corrected = slice_of("1", 1)};
    struct query_problem problem = {0};
    struct past_state s;
    json_t *answer = NULL, *o;
    size_t i;
    past_state_init(&s);
    past_state_take(&s, w, w->steps - 1);
    past_state_read(&s);
    assert_int_equal(query_as_of(query_findings, &s.q, &p, &answer, &problem), ST_OK);
    json_array_foreach(json_object_get(answer, "findings"), i, o)
    {
        const json_t *ended = json_object_get(o, "corrected");
        uint32_t at = step_of(w, ended);
        if (at == 0 || !stands(&s, w, at - 1, o) || stands(&s, w, at, o))
            fail_msg("SEED=%llu not so at step %u: %s", (unsigned long long)w->seed, at, json_dumps(o, 0));
        *by_centre += strcmp(json_string_value(json_object_get(ended, "office")), "gen-00-01") == 0;
    }
    json_decref(answer);
    past_state_done(&s);
    return i;
}

static void a_corrected_finding_stood_until_its_correction(void **state)
{
    (void)state;
    size_t n = 0, by_centre = 0;
    for (unsigned i = 0; i < 4; i++) {
        struct past_world *w = past_world_new(first_seed() + 3 + i, RECORDS);
        n += corrections_hold(w, &by_centre);
        past_world_free(w);
    }
    print_message("%zu corrected, %zu by the centre\n", n, by_centre);
    assert_true(n >= CORRECTED_LEAST && by_centre > 0);
}

/* ---- what is too long for one answer ---- */

enum { LONG = 1100, ROWS = 99 };

/* An indicator whose result is stated anew LONG times, and a code with more rows than an answer shows. */
static void long_state(struct past_state *s, struct past_world *w)
{
    for (unsigned i = 0; i < PAST_WORKERS; i++) fixture_log_init(&w->log[i], i + 1);
    fixture_log_office(&w->log[0], 1, "gen-3374-01", "33.74", ROLE_OFFICE);
    struct fixture_statement row[ROWS];
    struct fixture_statement target = {.subject = "gen-3374-01",
                                       .f = {.activity = fixture_activity("1.06.02", 2021), .year = 2022, .month = 1,
                                             .measure = MEASURE_TARGET, .source = SOURCE_PK3, .kind = VALUE_NUMBER,
                                             .value = 50000000, .indicator = slice_of("ikk-1", 5)}};
    fixture_log_batch(&w->log[0], "gen-3374-01", &target, 1);
    for (unsigned i = 0; i < LONG; i++) {
        struct fixture_statement x = {.subject = "gen-3374-01",
                                      .f = {.activity = fixture_activity("1.06.02", 2021), .year = 2022, .month = 12,
                                            .measure = MEASURE_REACHED, .source = SOURCE_OPD, .kind = VALUE_NUMBER,
                                            .value = 1000000 * (int64_t)(1 + i % 50), .indicator = slice_of("ikk-1", 5)}};
        fixture_log_batch(&w->log[0], "gen-3374-01", &x, 1);
    }
    for (unsigned i = 0; i < ROWS; i++) {
        char code[40];
        snprintf(code, sizeof code, "1.06.02.2.02.%02u/5.1.02 realised 8 %u", 1 + i, 100 + i);
        static struct fixture_figure figure[ROWS];
        fixture_figure(code, 2022, &figure[i]);
        row[i] = (struct fixture_statement){.subject = "gen-3374-01", .f = figure[i].f};
    }
    fixture_log_batch(&w->log[0], "gen-3374-01", row, ROWS);
    for (uint32_t i = 0; i < w->log[0].count; i++)
        assert_int_equal(fold_record(s->fold, 1, fixture_log_record(&w->log[0], i)), ST_OK);
    past_state_take(s, w, UINT32_MAX);
    past_state_read(s);
}

/* Asked on from `older`, the pieces are one history: each line's `from` is the next one's `to`, down to nothing. */
static void a_long_history_says_where_it_goes_on(void **state)
{
    (void)state;
    struct past_world *w = calloc(1, sizeof *w);
    struct past_state s;
    char as_of[200] = "";
    size_t n = 0, answers = 0;
    json_t *next = NULL;
    past_state_init(&s);
    long_state(&s, w);
    for (bool more = true; more; answers++) {
        json_t *history = ask(query_history, &s.q, "gen-3374-01/2022/achievement/1.06", as_of), *c;
        const json_t *list = json_object_get(history, "changes");
        size_t i;
        json_array_foreach(list, i, c)
        {
            if (next) assert_true(json_equal(json_object_get(c, "to"), next));
            json_decref(next);
            next = json_incref(json_object_get(c, "from"));
            n++;
        }
        const char *older = json_string_value(json_object_get(history, "older"));
        more = older != NULL;
        snprintf(as_of, sizeof as_of, "%s", older ? older : "");
        json_decref(history);
    }
    assert_int_equal(n, LONG);
    assert_true(answers > 1 && json_is_null(next));
    json_decref(next);
    past_state_done(&s);
    past_world_free(w);
}

static void rows_that_are_cut_say_so(void **state)
{
    (void)state;
    struct past_world *w = calloc(1, sizeof *w);
    struct past_state s;
    size_t shown = 0;
    json_int_t from = 1;
    past_state_init(&s);
    long_state(&s, w);
    while (from > 0) {
        static const char figure[] = "gen-3374-01/2022/realised/5.1.02";
        char number[24];
        snprintf(number, sizeof number, "%lld", (long long)from);
        struct query_params p = {.figure = slice_of(figure, strlen(figure)), .from = slice_of(number, strlen(number))};
        struct query_problem problem = {0};
        json_t *answer = NULL;
        assert_int_equal(query_as_of(query_explain, &s.q, &p, &answer, &problem), ST_OK);
        const json_t *more = json_object_get(answer, "rows_more");
        size_t n = json_array_size(json_object_get(answer, "rows"));
        shown += n;
        if (json_is_object(more)) assert_int_equal(json_integer_value(json_object_get(more, "shown")), n);
        if (json_is_object(more)) assert_int_equal(json_integer_value(json_object_get(more, "of")), ROWS);
        from = json_integer_value(json_object_get(more, "from"));
        if (from) assert_int_equal(from, shown + 1);
        json_decref(answer);
    }
    assert_int_equal(shown, ROWS);
    past_state_done(&s);
    past_world_free(w);
}

/* The treasurer speaks of it first: its figures begin with its entry, which is the cause of the change. */
static void an_office_has_no_figures_before_its_entry(void **state)
{
    (void)state;
    struct past_world *w = calloc(1, sizeof *w);
    struct past_state s;
    past_state_init(&s);
    for (unsigned i = 0; i < PAST_WORKERS; i++) fixture_log_init(&w->log[i], i + 1);
    fixture_log_office(&w->log[0], 1, "gen-3374-09", "33.74", ROLE_TREASURER);
    fixture_log_texts(&w->log[0], "gen-3374-09", "gen-3374-01", 2022,
                      (const char *const[]){"1.06.02.2.02.01 realised:bud 8 5000", NULL});
    fixture_log_office(&w->log[0], 2, "gen-3374-01", "33.74", ROLE_OFFICE);
    for (uint32_t i = 0; i < w->log[0].count; i++)
        assert_int_equal(fold_record(s.fold, 1, fixture_log_record(&w->log[0], i)), ST_OK);
    past_state_take(&s, w, UINT32_MAX);
    past_state_read(&s);
    json_t *history = ask(query_history, &s.q, "gen-3374-01/2022/realised/total?source=bud", "");
    const json_t *list = json_object_get(history, "changes"), *c = json_array_get(list, 0);
    assert_int_equal(json_array_size(list), 1);
    assert_true(json_is_null(json_object_get(c, "from")));
    assert_string_equal(json_string_value(json_object_get(c, "what")), "registry");
    json_decref(history);
    past_state_done(&s);
    past_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(history_is_the_sequence_of_values_at_every_position),
        cmocka_unit_test(explain_of_the_past_is_what_it_was),
        cmocka_unit_test(a_corrected_finding_stood_until_its_correction),
        cmocka_unit_test(a_long_history_says_where_it_goes_on),
        cmocka_unit_test(rows_that_are_cut_say_so),
        cmocka_unit_test(an_office_has_no_figures_before_its_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
