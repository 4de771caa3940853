/* duplicate_test.c - a million batches that are sent again: nothing is counted twice (P2).
 *
 * Three offices sign a few thousand batches; between any two new ones hundreds of old ones come again, in any order and number, of
 * any age, through restarts of the worker and new sessions. Each is acknowledged, none refused; at the end the log holds each batch
 * once, and a fold of it has received each statement once: none is `same`, which is what a second reading would make of it. The
 * seed is printed; SEED=n and DUPLICATES=n set seed and number, DUPLICATE_SECONDS=n (of CPU time) ends it before that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "aggregator/fold.h"
#include "proto/rng.h"
#include "tests/unit/env.h"
#include "work_world.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { DELIVERIES = 40000 };
#else
enum { DELIVERIES = 1000000 };
#endif
enum { OFFICES = 3, BATCHES_MAX = 4096, FRESH_ONE_IN = 400, STEP_MAX = 200, RESTART_ONE_IN = 300 };
static const char *const OFFICE[OFFICES] = { OFFICE_A, OFFICE_B, OFFICE_C };

struct sent {
    struct buf frame;
    unsigned office;
};
struct again {
    struct world w;
    struct rng rng;
    struct sender sender[OFFICES];
    struct sent sent[BATCHES_MAX];
    uint32_t batches, rows;
    uint64_t deliveries, restarts, repeated;
};

static void open_all(struct again *a, bool first)
{
    for (unsigned i = 0; i < OFFICES; i++) {
        struct sender *s = &a->sender[i];
        if (first) {
            *s = work_world_open(&a->w, PEER_A + i, OFFICE[i], 5);
            continue;
        }
        work_world_hello(&a->w, s->peer, s->office, s->installation);
        work_world_open_again(&a->w, s, s->next - 1, &s->head);
    }
}

static void send_fresh(struct again *a)
{
    unsigned office = (unsigned)rng_below(&a->rng, OFFICES);
    uint32_t rows = 1 + (uint32_t)rng_below(&a->rng, 5);
    struct sent *one = &a->sent[a->batches++];
    struct buf body;
    buf_init(&body, BATCH_BYTES_MAX);
    buf_init(&one->frame, FRAME_BYTES_MAX);
    one->office = office;
    work_world_body(&body, OFFICE[office], SOURCE_OPD, MEASURE_REALISED, rows, (int64_t)a->batches * 100);
    work_world_batch(&a->w, &a->sender[office], rows, buf_slice(&body), &one->frame);
    work_world_deliver(&a->w, &a->sender[office], buf_slice(&one->frame));
    a->rows += rows;
    buf_done(&body);
}

/* Old ones: mostly of late, sometimes of any age. */
static void send_again(struct again *a)
{
    uint32_t back = rng_chance(&a->rng, 1, 3) ? a->batches : a->batches < 20 ? a->batches : 20;
    const struct sent *one = &a->sent[a->batches - 1 - rng_below(&a->rng, back)];
    work_world_deliver(&a->w, &a->sender[one->office], buf_slice(&one->frame));
    a->repeated++;
}

static void step(struct again *a)
{
    uint64_t n = 1 + rng_below(&a->rng, STEP_MAX);
    bool spoke[OFFICES] = { false };
    for (; n > 0; n--, a->deliveries++) {
        if (a->batches == 0 || (a->batches < BATCHES_MAX && rng_chance(&a->rng, 1, FRESH_ONE_IN)))
            send_fresh(a);
        else
            send_again(a);
    }
    assert_int_equal(work_world_commit(&a->w), ST_OK);
    for (unsigned i = 0; i < OFFICES; i++) {
        unsigned code = work_world_nack(&a->w, a->sender[i].peer);
        if (code != CODE_OK)
            fail_msg("%s is told %s after %llu", OFFICE[i], status_code_spelling(code), (unsigned long long)a->deliveries);
        spoke[i] = work_world_count(&a->w, a->sender[i].peer, MSG_ACK) > 0;
    }
    assert_true(spoke[0] || spoke[1] || spoke[2]);
    if (!rng_chance(&a->rng, 1, RESTART_ONE_IN)) return;
    work_world_restart(&a->w);
    open_all(a, false);
    a->restarts++;
}

/* The log: each batch once; its fold: each statement once. */
static void check(struct again *a)
{
    struct store *state = NULL;
    struct store_txn *log = NULL, *t = NULL;
    struct fold *f = NULL;
    struct slice bytes;
    struct record r;
    struct fold_count c, all = { 0 };
    uint32_t batches = 0;
    assert_int_equal(store_mem_new(fold_tables, &state), ST_OK);
    assert_int_equal(fold_new(&f), ST_OK);
    assert_int_equal(store_begin(state, true, &t), ST_OK);
    assert_int_equal(store_begin(a->w.store, false, &log), ST_OK);
    assert_int_equal(fold_recover(f, t), ST_OK);
    for (uint64_t lsn = 1; ledger_record(log, lsn, &bytes) == ST_OK; lsn++) {
        assert_int_equal(codec_record_parse(bytes, &r), ST_OK);
        batches += r.kind == RECORD_BATCH;
        assert_int_equal(fold_record(f, 1, bytes), ST_OK);
    }
    assert_int_equal(fold_flush(f, t), ST_OK);
    for (unsigned i = 0; i < OFFICES; i++) {
        uint32_t id;
        assert_int_equal(unit_dict_get(t, FOLD_DICT_TEXT, slice_of(OFFICE[i], strlen(OFFICE[i])), &id), ST_OK);
        assert_int_equal(fold_count_get(t, id, &c), ST_OK);
        all.received += c.received, all.effective += c.effective, all.superseded += c.superseded, all.same += c.same;
    }
    assert_int_equal(batches, a->batches);
    assert_int_equal(all.received, a->rows);
    assert_int_equal(all.effective + all.superseded, a->rows);
    assert_int_equal(all.same, 0);
    store_abort(&log);
    store_abort(&t);
    fold_free(&f);
    store_mem_free(&state);
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void a_million_repetitions_count_once(void **state)
{
    static struct again a;
    uint64_t first = env_number("SEED", 20201106), wanted = env_number("DUPLICATES", DELIVERIES);
    uint64_t seconds = env_number("DUPLICATE_SECONDS", 0);
    double begin = cpu_seconds(), took = 0;
    (void)state;
    rng_seed(&a.rng, first);
    work_world_init(&a.w, false);
    open_all(&a, true);
    for (; a.repeated < wanted && (!seconds || took < (double)seconds); took = cpu_seconds() - begin) step(&a);
    check(&a);
    assert_true(a.repeated >= wanted || seconds);
    print_message("seed %llu\n", (unsigned long long)first);
    print_message("figure: %llu batches delivered again, %llu restarts: %u batches with %u statements, each counted once; "
                  "%.0f a CPU second\n",
                  (unsigned long long)a.repeated, (unsigned long long)a.restarts, a.batches, a.rows,
                  took > 0 ? (double)a.repeated / took : 0);
    for (uint32_t i = 0; i < a.batches; i++) buf_done(&a.sent[i].frame);
    work_world_done(&a.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_million_repetitions_count_once) };
    return cmocka_run_group_tests_name("duplicate", tests, NULL, NULL);
}
