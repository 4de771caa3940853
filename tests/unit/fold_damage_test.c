/* fold_damage_test.c - the fold over rows of its state that are not what they were.
 *
 * A state is data, too: a row that is too long, a key that is too short, a month or a year there is not is ST_CORRUPT, never an
 * ASSERT and never read past its end. fold_break_test damages every row in turn; here are the damages that one byte less or more
 * does not make. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fold_world.h"

struct damage { const char *what; unsigned table; const char *key; size_t key_n; const char *value; size_t n; };

static void rows_of_recovery_that_are_none_are_corrupt(void **state)
{
    static const struct damage ROWS[] = {
        { "an office with a short key", FOLD_OFFICE, "\0\0\1", 3, "\1\1x\1", 4 },
        { "a line longer than its row", FOLD_OFFICE, "\0\0\0\1", 4, "\1\x40x\1", 4 },
        { "a line that is none", FOLD_OFFICE, "\0\0\0\1", 4, "\1\1x\1", 4 },
        { "applied of another length", FOLD_META, "applied\1", 8, "\0", 1 },
        { "an id of the same length", FOLD_DICT_ID, "\0\0\0\1", 4, "gen-3374-99", 11 },
        { "an id of another length", FOLD_DICT_ID, "\0\0\0\1", 4, "gen-3374-011", 12 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct world w;
        fold_world_stated(&w);
        fold_world_put(&w, ROWS[i].table, ROWS[i].key, ROWS[i].key_n, ROWS[i].value, ROWS[i].n);
        if (fold_recover(w.fold, w.t) != ST_CORRUPT) fail_msg("%s", ROWS[i].what);
        fold_world_close(&w);
    }
}

static void counters_that_are_none_are_corrupt(void **state)
{
    /* seven counters and the time, then pairs of year and month */
    static const struct { const char *what, *pairs; size_t n; } ROWS[] = {
        { "half a pair", "\x20", 1 }, { "a year there is not", "\x6f\1", 2 }, { "month 0", "\x20\0", 2 },
        { "month 13", "\x20\x0d", 2 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct world w;
        struct fold_count c;
        uint8_t month, row[16] = { 1, 1, 0, 0, 0, 0, 1, 0 }, key[4];
        fold_world_stated(&w);
        bytes_be32(key, fold_world_id(&w, OFFICE));
        memcpy(row + 8, ROWS[i].pairs, ROWS[i].n);
        fold_world_put(&w, FOLD_COUNT, key, 4, row, 8 + ROWS[i].n);
        if (fold_count_get(w.t, fold_world_id(&w, OFFICE), &c) != ST_CORRUPT) fail_msg("%s", ROWS[i].what);
        assert_int_equal(fold_last_month(w.t, fold_world_id(&w, OFFICE), 2022, &month), ST_CORRUPT);
        fixture_log_texts(&w.l, OFFICE, OFFICE, 2022, TEXTS("1.06.02.2.02.01 realised 4 40"));
        assert_int_equal(fold_world_take(&w, &w.l), ST_OK);
        assert_int_equal(fold_flush(w.fold, w.t), ST_CORRUPT);
        fold_world_close(&w);
    }
}

static void months_of_whom_nothing_is_known_are_none(void **state)
{
    struct world w;
    uint8_t month = 9;
    (void)state;
    fold_world_stated(&w);
    assert_int_equal(fold_last_month(w.t, 4711, 2022, &month), ST_OK);
    assert_int_equal(month, 0);
    static const uint16_t YEARS[] = { YEAR_MIN - 1, YEAR_MAX + 1, 2021 };
    for (size_t i = 0; i < sizeof YEARS / sizeof *YEARS; i++) {
        month = 9;
        assert_int_equal(fold_last_month(w.t, fold_world_id(&w, OFFICE), YEARS[i], &month), ST_OK);
        assert_int_equal(month, 0);
    }
    fold_world_close(&w);
}

static void changes_that_are_none_are_corrupt(void **state)
{
    struct world w;
    struct fold_changed pair[2];
    struct fold_reach reach[2];
    uint64_t at;
    size_t n;
    (void)state;
    fold_world_stated(&w);
    fold_world_put(&w, FOLD_CHANGE, "\xff", 1, "\0", 1);
    assert_int_equal(fold_change_last(w.t, &at), ST_CORRUPT);
    assert_int_equal(fold_change_next(w.t, 1, &at, pair, 2, &n), ST_CORRUPT);
    fold_world_put(&w, FOLD_CHANGE, "\0\0\0\0\0\0\0\2", 8, "\1\1", 2);    /* one worker, and no number of it */
    assert_int_equal(fold_change_next(w.t, 1, &at, pair, 2, &n), ST_CORRUPT);
    assert_int_equal(fold_change_at(w.t, 2, reach, 2, &n), ST_CORRUPT);
    assert_int_equal(fold_change_at(w.t, 99, reach, 2, &n), ST_NOT_FOUND);
    fold_world_put(&w, FOLD_CHANGE, "\0\0\0\0\0\0\0\2", 8, "\2\1\0\0\0\0\0\0\0\7\2\0\0\0\0\0\0\0\5", 19);
    assert_int_equal(fold_change_at(w.t, 2, reach, 1, &n), ST_CORRUPT);         /* more than there can be */
    assert_int_equal(fold_change_at(w.t, 2, reach, 2, &n), ST_OK);
    assert_true(n == 2 && reach[0].worker == 1 && reach[0].lsn == 7 && reach[1].worker == 2 && reach[1].lsn == 5);
    fold_world_close(&w);
}

/* A row of a year there is not: moved, it was counted behind the end of the table of months. */
static void a_unit_of_no_year_there_is_is_corrupt(void **state)
{
    static const struct { const char *key; size_t n; } ROWS[] = { { "\0\0\0\1\xff\xff", 6 }, { "\0\0\0\1\x08\x35", 6 },
                                                                  { "\0\0\0\1\0\7", 6 }, { "\0\0\0\1\x09", 5 } };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct world w;
        fold_world_stated(&w);
        fold_world_put(&w, FOLD_LEAF, ROWS[i].key, ROWS[i].n, "\0\1\x40\2\2", 5);
        fixture_log_office(&w.l, 2, OFFICE, "33.72", 1);
        assert_int_equal(fold_world_take(&w, &w.l), ST_OK);
        assert_int_equal(fold_flush(w.fold, w.t), ST_CORRUPT);
        fold_world_close(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_recovery_that_are_none_are_corrupt), cmocka_unit_test(counters_that_are_none_are_corrupt),
        cmocka_unit_test(months_of_whom_nothing_is_known_are_none), cmocka_unit_test(changes_that_are_none_are_corrupt),
        cmocka_unit_test(a_unit_of_no_year_there_is_is_corrupt),
    };
    return cmocka_run_group_tests_name("fold_damage", tests, NULL, NULL);
}
