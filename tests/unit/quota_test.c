/* quota_test.c - P9 at the worker's core: what one office may cost the others has an end (worker/session_quota.c), and the ends are
 * where limits.h and session.h say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/work_world.h"

enum { HOUR_S = 3600, DAY_S = 86400 };

static void pass_time(struct world *w, int64_t s) { w->now.mono.us += s * 1000000; }

static uint64_t credit_of(struct world *w, peer_id peer)
{
    struct reply r = work_world_reply(w, peer, MSG_HELLO_OK, 0);

    assert_true(r.found);
    return r.f[3].u;
}

/* Alone a session has all that a session may have; among many each has less, and never less than one batch needs. */
static void credit_shrinks_with_sessions(void **state)
{
    struct world *w = *state;
    uint64_t first, last = CREDIT_BYTES, all = 0;
    char id[OFFICE_ID_MAX + 1];

    work_world_hello(w, PEER_A, OFFICE_A, 1);
    first = credit_of(w, PEER_A);
    assert_int_equal(first, CREDIT_BYTES);
    for (unsigned i = 0; i < CREDIT_TOTAL_BYTES / CREDIT_LEAST + 20; i++) {
        snprintf(id, sizeof id, "gen-q-%u", i);
        work_world_register(w, id, "33.74", ROLE_OFFICE, OFFICE_ACTIVE, INT64_MAX);
        work_world_hello(w, 1000 + i, id, 1);
        assert_true(credit_of(w, 1000 + i) <= last);
        last = credit_of(w, 1000 + i);
        all += last;
    }
    assert_int_equal(last, CREDIT_LEAST);
    assert_true(all > CREDIT_TOTAL_BYTES);      /* the least is for everybody, however many */
}

static bool opens(struct world *w, uint64_t epoch)
{
    const struct sender s = { .office = OFFICE_A, .peer = PEER_A, .epoch = epoch };

    work_world_open_again(w, &s, 0, NULL);
    return work_world_reply(w, PEER_A, MSG_OPEN_OK, 0).found;
}

static void epochs_have_an_end(void **state)
{
    struct world *w = *state;

    (void)work_world_open(w, PEER_A, OFFICE_A, 1);      /* the first one of a stream closes none */
    for (unsigned i = 0; i < SESSION_EPOCHS; i++) assert_true(opens(w, 2 + i));
    assert_false(opens(w, 100));
    assert_int_equal(work_world_nack(w, PEER_A), CODE_OVER_CREDIT);
    assert_true(opens(w, 1 + SESSION_EPOCHS));          /* the present one is no new one */
    pass_time(w, HOUR_S);
    assert_true(opens(w, 100));
}

/* Counted for each office by itself; the next day begins anew. */
static void a_day_has_an_end(void **state)
{
    struct sessions w = { .count = 0 };
    const struct office one = { .version = 3 }, other = { .version = 900 };
    struct mono now = { 5 };
    uint64_t sent = 0;

    (void)state;
    while (session_disk_room(&w, &one, now, BATCH_BYTES_MAX)) sent += BATCH_BYTES_MAX;
    assert_int_equal(sent, OFFICE_DAY_BYTES);
    assert_true(session_disk_room(&w, &other, now, BATCH_BYTES_MAX));
    now.us += INT64_C(1000000) * DAY_S - 1;
    assert_false(session_disk_room(&w, &one, now, 1));
    now.us++;
    assert_true(session_disk_room(&w, &one, now, BATCH_BYTES_MAX));
    free(w.day);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORK_WORLD_TEST(credit_shrinks_with_sessions),
        WORK_WORLD_TEST(epochs_have_an_end),
        cmocka_unit_test(a_day_has_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
