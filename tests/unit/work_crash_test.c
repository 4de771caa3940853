/* work_crash_test.c - the worker's node when a process ends in the middle, a commit's outcome is unknown, or the store is full:
 * what was acknowledged is there, nothing is there twice, and the peers are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "work_world.h"

static struct slice text(const char *s)
{
    return slice_of(s, strlen(s));
}

static uint64_t lsn_of(const struct world *w)
{
    struct work_status s;

    work_status(w->work, &s);
    return s.lsn;
}

static void assert_ack(const struct world *w, const struct sender *s, uint64_t sequence)
{
    struct reply r = work_world_reply(w, s->peer, MSG_ACK, 0);

    assert_true(r.found);
    assert_true(r.f[0].s.n == strlen(s->office) && memcmp(r.f[0].s.p, s->office, r.f[0].s.n) == 0);
    assert_int_equal(r.f[2].u, s->epoch);
    assert_int_equal(r.f[3].u, sequence);
    assert_int_equal(r.f[6].u, 1);
}

static void what_is_acknowledged_survives_a_crash(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5), durable, sent;
    struct reply r;

    work_world_push(w, &s, 4, 1);
    work_world_commit(w);
    assert_ack(w, &s, 4);
    durable = s;
    work_world_push(w, &s, 4, 2);
    sent = s;
    work_world_restart(w);              /* before the commit: no ACK had left */
    assert_int_equal(lsn_of(w), 5);
    work_world_hello(w, PEER_B, OFFICE_A, 1);
    s.peer = durable.peer = PEER_B;
    work_world_open_again(w, &s, 8, &sent.head);
    r = work_world_reply(w, PEER_B, MSG_OPEN_OK, 0);
    assert_true(r.found && r.f[3].u == 4 && memcmp(r.f[4].s.p, durable.head.b, HASH_SIZE) == 0);
    s = durable;
    work_world_push(w, &s, 4, 2);       /* the same bytes again */
    work_world_commit(w);
    assert_ack(w, &s, 8);
    assert_true(sign_hash_equal(&s.head, &sent.head));
    assert_int_equal(lsn_of(w), 6);
}

static void a_commit_that_fails_after_the_fact_is_found_again(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5), again = s;

    work_world_push(w, &s, 4, 1);
    assert_int_equal(w->node.ops->flush(w->node.self, w->t, w->now, &w->x), ST_OK);
    store_mem_fail_next_commit(w->store, MEM_FAULT_UNKNOWN_DONE);
    assert_int_equal(store_commit(&w->t), ST_UNKNOWN);  /* the process would end here without a word */
    work_world_restart(w);
    assert_int_equal(lsn_of(w), 5);
    again = work_world_open(w, PEER_B, OFFICE_A, 5);
    work_world_push(w, &again, 4, 1);
    work_world_commit(w);
    assert_ack(w, &again, 4);
    assert_int_equal(lsn_of(w), 5);
}

static void a_full_store_is_told_and_nothing_is_lost(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5), before = s;

    work_world_push(w, &s, 4, 1);
    store_mem_fail_next_commit(w->store, MEM_FAULT_FULL);
    assert_int_equal(work_world_commit(w), ST_FULL);
    assert_true(w->node.ops->next_deadline(w->node.self).us <= w->now.mono.us);
    s = before;
    work_world_push(w, &s, 4, 1);       /* the step after it stores nothing and says so */
    work_world_commit(w);
    assert_int_equal(work_world_nack(w, PEER_A), CODE_STORE_FULL);
    assert_int_equal(work_world_count(w, PEER_A, MSG_ACK), 0);
    assert_int_equal(lsn_of(w), 4);
    s = before;
    work_world_push(w, &s, 4, 1);       /* the store has room again */
    work_world_commit(w);
    assert_ack(w, &s, 4);
    assert_int_equal(lsn_of(w), 5);
}

static void an_aborted_grant_is_no_grant(void **state)
{
    struct world *w = *state;
    struct sender s = { .office = OFFICE_A, .peer = PEER_A, .epoch = 5, .next = 1, .installation = 1 };
    const struct field f[] = {
        { .s = text(OFFICE_A) }, { .u = 0 }, { .u = 5 }, { .u = 0 }, { .s = { (const uint8_t[HASH_SIZE]){ 0 }, HASH_SIZE } }
    };

    work_world_hello(w, PEER_A, OFFICE_A, 1);
    work_world_send(w, PEER_A, OFFICE_A, MSG_OPEN, f);
    store_mem_fail_next_commit(w->store, MEM_FAULT_FULL);
    assert_int_equal(work_world_commit(w), ST_FULL);
    work_world_commit(w);
    work_world_push(w, &s, 1, 1);
    work_world_commit(w);
    assert_int_equal(work_world_nack(w, PEER_A), CODE_BUSY);
    s.next = 1;
    memset(&s.head, 0, sizeof s.head);
    work_world_open_again(w, &s, 0, NULL);
    work_world_push(w, &s, 1, 1);
    work_world_commit(w);
    assert_ack(w, &s, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORK_WORLD_TEST(what_is_acknowledged_survives_a_crash),
        WORK_WORLD_TEST(a_commit_that_fails_after_the_fact_is_found_again),
        WORK_WORLD_TEST(a_full_store_is_told_and_nothing_is_lost),
        WORK_WORLD_TEST(an_aborted_grant_is_no_grant),
    };

    return cmocka_run_group_tests_name("work_crash", tests, NULL, NULL);
}
