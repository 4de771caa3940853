/* feed_test.c - followers of the worker's log: everything once and in order, credit, resume, a diverged log, an aborted step, a
 * broken record. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "work_world.h"

struct follow { uint64_t lsn, bytes; struct hash hash; unsigned kinds[3]; };     /* what a follower has applied */

static void hello(struct world *w, peer_id peer)
{
    work_world_hello(w, peer, NULL, 9);
    assert_true(work_world_reply(w, peer, MSG_HELLO_OK, 0).found);
}

static void subscribe(struct world *w, const struct follow *f, uint64_t credit)
{
    const struct field fields[] = { { .u = f->lsn }, { .s = { f->hash.b, HASH_SIZE } }, { .u = credit } };

    work_world_send(w, PEER_FOLLOWER, NULL, MSG_SUBSCRIBE, fields);
    work_world_commit(w);
}

static void give(struct world *w, uint64_t credit)
{
    const struct field fields[] = { { .u = credit } };

    work_world_send(w, PEER_FOLLOWER, NULL, MSG_CREDIT, fields);
    work_world_commit(w);
}

static void apply_record(struct follow *f, struct slice bytes)
{
    struct record r;

    assert_int_equal(codec_record_parse(bytes, &r), ST_OK);
    assert_true(r.lsn == f->lsn + 1 && sign_hash_equal(&r.previous, &f->hash));
    f->hash = sign_hash2(f->hash.b, HASH_SIZE, bytes.p, bytes.n);
    f->lsn = r.lsn;
    f->bytes += bytes.n;
    f->kinds[r.kind]++;
}

/* Applies the RECORDS of the last step as a follower must. */
static void apply(struct world *w, struct follow *f)
{
    for (unsigned i = 0; i < work_world_count(w, PEER_FOLLOWER, MSG_RECORDS); i++) {
        struct reply r = work_world_reply(w, PEER_FOLLOWER, MSG_RECORDS, i);
        struct rd rd = rd_of(r.f[3].s);
        uint32_t n = codec_get_array(&rd);

        assert_int_equal(r.f[0].u, f->lsn + 1);
        for (uint32_t k = 0; k < n; k++) apply_record(f, codec_get_bin(&rd));
        assert_memory_equal(r.f[1].s.p, f->hash.b, HASH_SIZE);
        assert_true(r.f[2].u >= f->lsn);
    }
}

static void records_come_in_the_step_that_wrote_them(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5);
    struct follow f = { 0 };
    struct reply idle;

    hello(w, PEER_FOLLOWER);
    subscribe(w, &f, FEED_CREDIT_BYTES);
    apply(w, &f);
    assert_true(f.lsn == 4 && f.kinds[RECORD_OFFICE] == 4);     /* the registry comes before anything an office says */
    idle = work_world_reply(w, PEER_FOLLOWER, MSG_IDLE, 0);
    assert_true(idle.found && idle.f[0].u == 4);
    work_world_push(w, &s, 12, 1);
    work_world_push(w, &s, 12, 2);
    work_world_commit(w);
    apply(w, &f);
    assert_true(f.lsn == 6 && f.kinds[RECORD_BATCH] == 2);
    assert_int_equal(work_world_count(w, PEER_FOLLOWER, MSG_IDLE), 1);
    work_world_commit(w);
    assert_int_equal(work_world_count(w, PEER_FOLLOWER, MSG_IDLE), 0);          /* once for each catching up */
    w->now.mono.us += 1000001;
    assert_true(w->node.ops->next_deadline(w->node.self).us <= w->now.mono.us);
    work_world_commit(w);
    assert_int_equal(work_world_count(w, PEER_FOLLOWER, MSG_IDLE), 1);          /* and as a heartbeat */
}

static void credit_bounds_what_is_sent(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5);
    struct follow f = { 0 };
    uint64_t before;

    hello(w, PEER_FOLLOWER);
    for (int i = 0; i < 20; i++) work_world_push(w, &s, 100, i);
    work_world_commit(w);
    subscribe(w, &f, 0);
    assert_int_equal(work_world_count(w, PEER_FOLLOWER, MSG_RECORDS), 0);
    assert_false(w->node.ops->wants_step(w->node.self));
    give(w, 1);
    apply(w, &f);
    assert_int_equal(f.lsn, 1);         /* any credit lets one record go */
    give(w, f.bytes - 1);               /* pays the debt exactly */
    assert_int_equal(work_world_count(w, PEER_FOLLOWER, MSG_RECORDS), 0);
    while (f.lsn < 24) {
        before = f.bytes;
        give(w, 5000);
        apply(w, &f);
        assert_true(f.bytes > before && f.bytes - before < 5000 + 4000);
    }
    assert_int_equal(work_world_count(w, PEER_FOLLOWER, MSG_IDLE), 1);
}

static void a_long_log_takes_more_steps(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5);
    struct follow f = { 0 };
    unsigned steps = 1;

    for (int i = 0; i < 100; i++) {
        work_world_push(w, &s, 6000, i);
        if (i % 20 == 19) work_world_commit(w);
    }
    hello(w, PEER_FOLLOWER);
    subscribe(w, &f, FEED_CREDIT_BYTES);
    for (apply(w, &f); w->node.ops->wants_step(w->node.self); apply(w, &f), steps++) work_world_commit(w);
    assert_true(f.lsn == 104 && steps > 1);
    assert_true(f.bytes > FEED_STEP_BYTES_MAX);
}

static void a_follower_resumes_where_it_was(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5);
    struct follow f = { 0 };

    hello(w, PEER_FOLLOWER);
    subscribe(w, &f, FEED_CREDIT_BYTES);
    apply(w, &f);
    work_world_restart(w);
    s = work_world_open(w, PEER_A, OFFICE_A, 5);
    work_world_push(w, &s, 12, 1);
    work_world_commit(w);
    hello(w, PEER_FOLLOWER);
    subscribe(w, &f, FEED_CREDIT_BYTES);
    apply(w, &f);
    assert_true(f.lsn == 5 && f.kinds[RECORD_BATCH] == 1);
}

static void a_diverged_log_is_refused(void **state)
{
    struct world *w = *state;
    struct follow f = { 0 };
    static const struct { uint64_t lsn; int flip; unsigned code; } cases[] = {
        { 0, 0, CODE_OK }, { 0, 1, CODE_DIFFERENT_HISTORY }, { 3, 0, CODE_OK }, { 3, 1, CODE_DIFFERENT_HISTORY },
        { 4, 0, CODE_OK }, { 4, 1, CODE_DIFFERENT_HISTORY }, { 5, 0, CODE_DIFFERENT_HISTORY },
    };
    struct hash at[6] = { { { 0 } } };

    work_world_commit(w);
    hello(w, PEER_FOLLOWER);
    for (uint64_t lsn = 1; lsn <= 4; lsn++) {
        struct store_txn *t = NULL;
        struct slice bytes;

        assert_int_equal(store_begin(w->store, false, &t), ST_OK);
        assert_int_equal(ledger_record(t, lsn, &bytes), ST_OK);
        at[lsn] = sign_hash2(at[lsn - 1].b, HASH_SIZE, bytes.p, bytes.n);
        store_abort(&t);
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        f = (struct follow){ .lsn = cases[i].lsn, .hash = at[cases[i].lsn] };
        f.hash.b[5] ^= (uint8_t)cases[i].flip;
        subscribe(w, &f, 1000);
        assert_int_equal(work_world_nack(w, PEER_FOLLOWER), cases[i].code);
    }
}

static void only_followers_may_follow(void **state)
{
    static const struct hash zero;
    const struct field fields[] = { { .u = 0 }, { .s = { zero.b, HASH_SIZE } }, { .u = 1000 } }, credit[] = { { .u = 5 } };
    struct world *w = *state;

    work_world_hello(w, PEER_A, OFFICE_A, 1);
    work_world_send(w, PEER_A, OFFICE_A, MSG_SUBSCRIBE, fields);
    work_world_commit(w);
    assert_int_equal(work_world_nack(w, PEER_A), CODE_UNAUTHORISED);
    assert_int_equal(work_world_count(w, PEER_A, MSG_RECORDS), 0);
    work_world_send(w, PEER_A, OFFICE_A, MSG_CREDIT, credit);
    work_world_commit(w);
    assert_int_equal(work_world_nack(w, PEER_A), CODE_BAD_FORMAT);
}

static void an_aborted_step_takes_its_records_back(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5), before = s;
    struct follow f = { 0 };

    hello(w, PEER_FOLLOWER);
    subscribe(w, &f, FEED_CREDIT_BYTES);
    apply(w, &f);
    work_world_push(w, &s, 12, 1);
    store_mem_fail_next_commit(w->store, MEM_FAULT_FULL);
    assert_int_equal(work_world_commit(w), ST_FULL);
    work_world_commit(w);
    assert_int_equal(work_world_count(w, PEER_FOLLOWER, MSG_RECORDS), 0);
    s = before;
    work_world_push(w, &s, 12, 99);     /* other content takes the number: the follower must not have seen the first */
    work_world_commit(w);
    apply(w, &f);
    assert_int_equal(f.lsn, 5);
}

static void a_broken_record_ends_one_subscription_only(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5);
    struct follow f = { 0 };
    uint8_t key[8];

    work_world_push(w, &s, 12, 1);
    work_world_commit(w);
    hello(w, PEER_FOLLOWER);
    bytes_be64(key, 5);
    assert_int_equal(store_mem_flip(w->store, LEDGER_LOG, slice_of(key, 8), 100), ST_OK);
    subscribe(w, &f, FEED_CREDIT_BYTES);
    assert_int_equal(work_world_nack(w, PEER_FOLLOWER), CODE_FILE_BROKEN);
    assert_int_equal(work_world_reply(w, PEER_FOLLOWER, MSG_NACK, 0).f[3].u, 5);
    work_world_push(w, &s, 12, 2);
    work_world_commit(w);
    assert_true(work_world_reply(w, PEER_A, MSG_ACK, 0).found);
}

static void a_follower_has_one_session(void **state)
{
    struct world *w = *state;
    struct work_status s;
    struct follow f = { 0 };

    hello(w, PEER_FOLLOWER);
    subscribe(w, &f, 1000);
    work_world_hello(w, PEER_FOLLOWER + 1, NULL, 77);
    assert_true(work_world_closed(w, PEER_FOLLOWER));
    work_status(w->work, &s);
    assert_true(s.sessions == 1 && s.followers == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { WORK_WORLD_TEST(records_come_in_the_step_that_wrote_them),
                                        WORK_WORLD_TEST(credit_bounds_what_is_sent),
                                        WORK_WORLD_TEST(a_long_log_takes_more_steps),
                                        WORK_WORLD_TEST(a_follower_resumes_where_it_was),
                                        WORK_WORLD_TEST(a_diverged_log_is_refused),
                                        WORK_WORLD_TEST(only_followers_may_follow),
                                        WORK_WORLD_TEST(an_aborted_step_takes_its_records_back),
                                        WORK_WORLD_TEST(a_broken_record_ends_one_subscription_only),
                                        WORK_WORLD_TEST(a_follower_has_one_session) };

    return cmocka_run_group_tests_name("feed", tests, NULL, NULL);
}
