/* backoff_test.c - the waits of `rekap up` and of a dialled connection, as rows of lives and waits. That a connection keeps to them
 * is in link_break_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/backoff.h"

enum { UP_FIRST = 200, UP_MAX = 2000, DIAL_FIRST = 100, DIAL_MAX = 5000, REFUSED = 1000 };

/* A child that lives so long each time, and what is waited after it. */
static void a_child_that_dies_young_waits_longer_each_time(void **state)
{
    static const int want[] = { 200, 400, 800, 1600, 2000, 2000 };
    struct backoff b;
    (void)state;
    backoff_init(&b, UP_FIRST, UP_MAX);
    for (unsigned i = 0; i < sizeof want / sizeof *want; i++) {
        backoff_lived(&b, 0, UP_MAX);
        assert_int_equal(backoff_take(&b, 0), want[i]);
    }
}

static void a_child_that_lived_two_seconds_begins_anew(void **state)
{
    static const struct { int64_t lived; int wait; } row[] = {
        { 50, 200 }, { 1999, 400 }, { 1999, 800 }, { 2000, 200 }, { 1999, 400 }, { 3600 * 1000, 200 }, { 2001, 200 }, { 0, 400 },
    };
    struct backoff b;
    (void)state;
    backoff_init(&b, UP_FIRST, UP_MAX);
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        backoff_lived(&b, row[i].lived, UP_MAX);
        assert_int_equal(backoff_take(&b, 0), row[i].wait);
    }
}

/* No more starts than the longest wait allows: whoever lives L and then waits W comes back no oftener than every UP_MAX. */
static void no_life_gives_more_starts_than_the_longest_wait(void **state)
{
    (void)state;
    for (int lived = 0; lived <= 2 * UP_MAX; lived += 100) {
        struct backoff b;
        int64_t span = 0;
        backoff_init(&b, UP_FIRST, UP_MAX);
        for (unsigned i = 0; i < 100; i++) {
            backoff_lived(&b, lived, UP_MAX);
            const int wait = backoff_take(&b, 0);
            if (i >= 4) span += lived + wait;       /* the first four are the way up */
        }
        assert_true(span >= 96 * (int64_t)UP_MAX);
    }
}

static void a_connection_that_lasted_as_long_as_its_wait_begins_anew(void **state)
{
    static const struct { int64_t lived; int wait; } row[] = {
        { 0, 100 }, { 199, 200 }, { 400, 100 }, { 199, 200 }, { 399, 400 }, { 0, 800 }, { 1599, 1600 }, { 3200, 100 }, { 200, 100 },
    };
    struct backoff b;
    (void)state;
    backoff_init(&b, DIAL_FIRST, DIAL_MAX);
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        backoff_lived(&b, row[i].lived, b.next_ms);
        assert_int_equal(backoff_take(&b, DIAL_FIRST), row[i].wait);
    }
}

static void a_refusal_waits_a_second_at_least(void **state)
{
    static const int want[] = { 1000, 2000, 4000, 5000, 5000 };
    struct backoff b;
    (void)state;
    backoff_init(&b, DIAL_FIRST, DIAL_MAX);
    for (unsigned i = 0; i < sizeof want / sizeof *want; i++) assert_int_equal(backoff_take(&b, REFUSED), want[i]);
    backoff_lived(&b, DIAL_MAX, b.next_ms);
    assert_int_equal(backoff_take(&b, 0), DIAL_FIRST);
}

static void a_floor_above_the_longest_wait_is_of_one_wait_only(void **state)
{
    struct backoff b;
    (void)state;
    backoff_init(&b, 100, 300);
    assert_int_equal(backoff_take(&b, 1000), 1000);
    assert_int_equal(backoff_take(&b, 0), 300);
    backoff_init(&b, INT32_MAX - 1, INT32_MAX);     /* nothing overflows */
    assert_int_equal(backoff_take(&b, 0), INT32_MAX - 1);
    assert_int_equal(backoff_take(&b, 0), INT32_MAX);
    assert_int_equal(backoff_take(&b, 0), INT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_that_dies_young_waits_longer_each_time),
        cmocka_unit_test(a_child_that_lived_two_seconds_begins_anew),
        cmocka_unit_test(no_life_gives_more_starts_than_the_longest_wait),
        cmocka_unit_test(a_connection_that_lasted_as_long_as_its_wait_begins_anew),
        cmocka_unit_test(a_refusal_waits_a_second_at_least),
        cmocka_unit_test(a_floor_above_the_longest_wait_is_of_one_wait_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
