/* watch_view_test.c - the screen of `rekap watch` without a terminal: answers and keys in, lines of text out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/print.h"
#include "cli/watch_view.h"
#include "proto/status.h"

bool cli_fancy(int fd) { return fd < 0; }

int cli_fail(const struct cli *c, const char *id, const char *en, const char *what)
{
    (void)c;
    fail_msg("%s %s %s", id, en, what ? what : "");
    return EXIT_FAILED;
}

static json_t *json(const char *text)
{
    json_error_t e;
    json_t *o = json_loads(text, 0, &e);
    if (!o) fail_msg("%s: %s", e.text, text);
    return o;
}

#define FIGURES(b, r, a) "\"budget\":\"" b "\",\"realised\":\"" r "\",\"absorption\":\"" a "\""
static const char NATION[] = "{\"as_of\":{\"position\":{\"w1\":4711,\"w2\":8},\"time\":\"2026-03-01T05:06:07.666Z\"},"
                             "\"region_name\":\"Indonesia\",\"total\":{" FIGURES("5721724782.00", "5210417104.00", "91.06")
                             ",\"findings\":4},\"complete\":{\"offices\":1,\"of\":3},\"rows\":[]}";
static const char PROVINCES[] =
    "{\"by\":\"region\",\"rows\":["
    "{\"region\":\"33\",\"office\":null,\"name\":\"Jawa Tengah\"," FIGURES("1234567890123.00", "1000000.00", "100.00")
    ",\"complete\":{\"offices\":2,\"of\":2}},"
    "{\"region\":\"18\",\"office\":null,\"name\":\"Lampung\"," FIGURES("999.00", "0.00", "0.00")
    ",\"complete\":{\"offices\":0,\"of\":1}}]}";
static const char CITIES[] =
    "{\"by\":\"region\",\"rows\":[{\"region\":\"33.74\",\"office\":null,\"name\":\"Kota Semarang\"," FIGURES(
        "1.00", "1.00", "100.00") ",\"complete\":{\"offices\":1,\"of\":1}}]}";
static const char OFFICES[] =
    "{\"by\":\"office\",\"rows\":[{\"region\":\"33.74\",\"office\":\"gen-3374-01\",\"name\":\"Dinas contoh 01\"," FIGURES(
        "1.00", "1.00", "100.00") ",\"complete\":{\"offices\":1,\"of\":1}}]}";

static struct watch_view view;
static struct watch_line page[64];
static size_t lines;

static void total(const char *text)
{
    json_t *o = json(text);
    assert_int_equal(watch_view_total(&view, o), ST_OK);
    json_decref(o);
}

static void rows(const char *text)
{
    json_t *o = json(text);
    assert_int_equal(watch_view_rows(&view, o), ST_OK);
    json_decref(o);
}

static void look(void) { lines = watch_view_lines(&view, page); }

static const struct watch_line *line_with(const char *text)
{
    look();
    for (size_t i = 0; i < lines; i++)
        if (strstr(page[i].text, text)) return &page[i];
    return NULL;
}

static int look_of(const char *text)
{
    const struct watch_line *l = line_with(text);
    assert_non_null(l);
    return l ? (int)l->look : -1;
}

static int begin(void **state)
{
    (void)state;
    assert_int_equal(watch_view_init(&view, LANG_ID, "", 2022, 12), ST_OK);
    view.live = true;
    total(NATION);
    rows(PROVINCES);
    return 0;
}

static int end(void **state)
{
    (void)state;
    watch_view_done(&view);
    return 0;
}

static void the_head_says_place_period_state_and_position(void **state)
{
    (void)state;
    assert_non_null(line_with("Indonesia  2022 s.d. Desember"));
    assert_ptr_equal(line_with("LANGSUNG"), &page[0]);
    assert_non_null(line_with("per 2026-03-01 05:06:07 UTC  w1:4711 w2:8"));
    assert_non_null(line_with("Pagu 5,72 M  Realisasi 5,21 M  Serapan 91,06% #########.  Kantor 1/3  Temuan 4"));
    view.silent_s = WATCH_STALE_S + 1;
    assert_non_null(line_with("BASI 31 d"));
    assert_int_equal(page[0].look, WATCH_BAD);
    view.live = false;
    assert_non_null(line_with("TERPUTUS"));
    view.lang = LANG_EN;
    assert_non_null(line_with("DISCONNECTED"));
    assert_non_null(line_with("2022 up to December"));
}

static void narrow_amounts_are_cut_and_wide_ones_whole(void **state)
{
    (void)state;
    assert_non_null(line_with("1,23 T"));
    assert_non_null(line_with(" 999 "));
    assert_non_null(line_with("1,00 jt"));
    watch_view_size(&view, 24, WATCH_WIDE);
    assert_non_null(line_with("1.234.567.890.123,00"));
    assert_non_null(line_with("5.721.724.782,00"));
}

static void no_line_is_longer_than_the_screen(void **state)
{
    (void)state;
    for (int h = 1; h <= 40; h++)
        for (int w = 1; w <= 200; w += 3) {
            watch_view_size(&view, h, w);
            look();
            assert_true(lines <= (size_t)h);
            for (size_t i = 0; i < lines; i++) assert_true(print_width(page[i].text) <= (size_t)w);
        }
}

static void rows_stand_by_code_or_by_absorption(void **state)
{
    (void)state;
    assert_true(line_with("18 Lampung") < line_with("33 Jawa Tengah"));
    assert_int_equal(look_of("18 Lampung"), WATCH_CHOSEN);
    assert_int_equal(watch_view_key(&view, WATCH_KEY_SORT), WATCH_TODO_DRAW);
    assert_true(line_with("33 Jawa Tengah") < line_with("18 Lampung"));
    assert_int_equal(look_of("18 Lampung"), WATCH_CHOSEN); /* the same row, at another place */
    rows(PROVINCES);
    assert_int_equal(look_of("18 Lampung"), WATCH_CHOSEN);
}

static void keys_go_down_to_an_office_and_up_again(void **state)
{
    (void)state;
    assert_int_equal(watch_view_key(&view, WATCH_KEY_END), WATCH_TODO_DRAW);
    assert_int_equal(watch_view_key(&view, WATCH_KEY_DOWN), WATCH_TODO_DRAW); /* there is no further one */
    assert_int_equal(watch_view_key(&view, WATCH_KEY_ENTER), WATCH_TODO_ASK);
    assert_string_equal(view.region, "33");
    assert_int_equal(view.rows, 0);
    assert_int_equal(watch_view_key(&view, WATCH_KEY_ENTER), WATCH_TODO_DRAW); /* nothing there yet */
    rows(CITIES);
    assert_int_equal(watch_view_key(&view, WATCH_KEY_ENTER), WATCH_TODO_ASK);
    assert_string_equal(view.region, "33.74");
    rows(OFFICES);
    assert_int_equal(watch_view_key(&view, WATCH_KEY_ENTER), WATCH_TODO_ASK);
    assert_string_equal(view.office, "gen-3374-01");
    assert_non_null(line_with("gen-3374-01 Dinas contoh 01"));
    assert_int_equal(watch_view_key(&view, WATCH_KEY_BACK), WATCH_TODO_ASK);
    assert_string_equal(view.office, "");
    assert_int_equal(watch_view_key(&view, WATCH_KEY_BACK), WATCH_TODO_ASK);
    assert_string_equal(view.region, "33");
    assert_int_equal(watch_view_key(&view, WATCH_KEY_BACK), WATCH_TODO_ASK);
    assert_string_equal(view.region, "");
    rows(PROVINCES);
    assert_int_equal(look_of("33 Jawa Tengah"), WATCH_CHOSEN); /* where one came from */
    assert_int_equal(watch_view_key(&view, WATCH_KEY_BACK), WATCH_TODO_DRAW);
    assert_int_equal(watch_view_key(&view, WATCH_KEY_QUIT), WATCH_TODO_QUIT);
}

static void an_offices_rows_are_its_programs(void **state)
{
    (void)state;
    snprintf(view.region, sizeof view.region, "18.72");
    snprintf(view.office, sizeof view.office, "dinsos-1872");
    total("{\"total\":{" FIGURES("1.00", "1.00", "100.00") "},\"rows\":[{\"code\":\"1.06.01\",\"name\":\"Program\"," FIGURES(
        "2.00", "1.00", "50.00") ",\"findings\":7,\"complete\":{\"offices\":1,\"of\":1}}]}");
    assert_non_null(line_with("1.06.01 Program"));
    assert_non_null(line_with("#####.....       1/1      7"));
    assert_non_null(line_with("50,00 #####....."));
}

static void months_go_over_the_end_of_a_year(void **state)
{
    (void)state;
    assert_int_equal(watch_view_key(&view, WATCH_KEY_MONTH_MORE), WATCH_TODO_ASK);
    assert_int_equal(view.year * 100 + view.until, 202301);
    assert_int_equal(watch_view_key(&view, WATCH_KEY_MONTH_LESS), WATCH_TODO_ASK);
    assert_int_equal(watch_view_key(&view, WATCH_KEY_YEAR_LESS), WATCH_TODO_ASK);
    assert_int_equal(view.year * 100 + view.until, 202112);
    assert_int_equal(watch_view_key(&view, WATCH_KEY_YEAR_MORE), WATCH_TODO_ASK);
    assert_int_equal(view.year, 2022);
}

static void findings_are_asked_of_rows_that_changed(void **state)
{
    (void)state;
    json_t *one = json("{\"total\":{\"findings\":5}}"), *change = json("{\"office\":\"a\",\"region\":\"33.74\",\"year\":2022}"),
           *other = json("{\"office\":\"b\",\"region\":\"18.72\",\"year\":2021}");
    for (struct watch_row *r; (r = watch_view_unasked(&view));) watch_view_findings(r, one);
    assert_null(watch_view_unasked(&view));
    assert_true(watch_view_changed(&view, change));
    assert_true(watch_view_changed(&view, other)); /* of another year: the rows stand */
    assert_string_equal(watch_view_unasked(&view)->id, "33");
    watch_view_findings(watch_view_unasked(&view), NULL); /* no answer: not asked for ever */
    assert_null(watch_view_unasked(&view));
    rows(PROVINCES); /* and what is known stays */
    assert_int_equal(view.row[0].findings, 5);
    snprintf(view.region, sizeof view.region, "18");
    assert_false(watch_view_changed(&view, change));
    json_decref(one);
    json_decref(change);
    json_decref(other);
}

static void the_ticker_says_what_came_and_what_was_refused(void **state)
{
    (void)state;
    json_t *first =
               json("{\"office\":\"gen-3374-07\",\"name\":\"Dinas\",\"effective\":10,\"same\":1,\"superseded\":1,\"refused\":0}"),
           *then =
               json("{\"office\":\"gen-3374-07\",\"name\":\"Dinas\",\"effective\":12,\"same\":1,\"superseded\":2,\"refused\":2}");
    watch_view_news(&view, "10:11:12", 2022, first);
    assert_non_null(line_with("10:11:12  gen-3374-07 2022  12 diterima, 0 ditolak  Dinas"));
    watch_view_news(&view, "10:11:13", 2022, then);
    assert_int_equal(look_of("gen-3374-07 2022  +3 diterima, 2 ditolak"), WATCH_BAD);
    watch_view_news(&view, "10:11:14", 2022, then); /* nothing new: no line */
    assert_int_equal(view.news_count, 2);
    for (int i = 0; i < 2 * WATCH_NEWS_MAX; i++) {
        json_object_set_new(then, "effective", json_integer(100 + i));
        watch_view_news(&view, "10:11:15", 2022, then);
    }
    assert_int_equal(view.news_count, WATCH_NEWS_MAX);
    json_decref(first);
    json_decref(then);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_head_says_place_period_state_and_position, begin, end),
        cmocka_unit_test_setup_teardown(narrow_amounts_are_cut_and_wide_ones_whole, begin, end),
        cmocka_unit_test_setup_teardown(no_line_is_longer_than_the_screen, begin, end),
        cmocka_unit_test_setup_teardown(rows_stand_by_code_or_by_absorption, begin, end),
        cmocka_unit_test_setup_teardown(keys_go_down_to_an_office_and_up_again, begin, end),
        cmocka_unit_test_setup_teardown(an_offices_rows_are_its_programs, begin, end),
        cmocka_unit_test_setup_teardown(months_go_over_the_end_of_a_year, begin, end),
        cmocka_unit_test_setup_teardown(findings_are_asked_of_rows_that_changed, begin, end),
        cmocka_unit_test_setup_teardown(the_ticker_says_what_came_and_what_was_refused, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
