/* property_test.c - P4 and P13 by force: the state kept by increments is the one computed from the log, at every position.
 *
 * A seeded random history (property_world.h) is folded record by record; after each one the canonical state is compared, byte by
 * byte, with what the naive rollup (tests/sim/naive.h) makes of the same records from scratch. Group cuts, restarts and
 * interleavings of the workers' logs must change nothing. A position is a record of a log: a batch is folded whole or not at all.
 * The seed is printed first and with every difference; SEED=n in the environment sets the first one, PROPERTY_SEEDS=n the number of
 * further ones, PROPERTY_KEEP=directory keeps both texts of a difference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/fold.h"
#include "property_world.h"
#include "tests/sim/naive.h"
#include "tests/unit/env.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { UPDATES = 1200 };                /* the naive side is slow enough without being watched */
#else
enum { UPDATES = 5000 };
#endif
enum { MORE_SEEDS = 20, MORE_POSITIONS = 20, ALL = WORLD_OFFICES };
#define FIRST_SEED UINT64_C(20201106)

struct folding {                        /* a fold over a RAM store, and how far it has come */
    struct store *store;
    struct fold *fold;
    struct store_txn *t;
    uint32_t taken[WORLD_WORKERS];
};

static uint64_t first_seed(void) { return env_number("SEED", FIRST_SEED); }

/* ---- the fold's side ---- */

static void begin(struct folding *x)
{
    assert_int_equal(store_begin(x->store, true, &x->t), ST_OK);
}

/* A new process: nothing survives but the store. */
static void restart(struct folding *x)
{
    if (x->fold) fold_free(&x->fold);
    assert_int_equal(fold_new(&x->fold), ST_OK);
    begin(x);
    assert_int_equal(fold_recover(x->fold, x->t), ST_OK);
    assert_int_equal(store_commit(&x->t), ST_OK);
}

static void folding_init(struct folding *x)
{
    memset(x, 0, sizeof *x);
    assert_int_equal(store_mem_new(fold_tables, &x->store), ST_OK);
    restart(x);
}

static void folding_done(struct folding *x)
{
    fold_free(&x->fold);
    store_mem_free(&x->store);
}

static void take(struct folding *x, const struct world *w, unsigned log)
{
    int st = fold_record(x->fold, log + 1, fixture_log_record(&w->log[log], x->taken[log]));
    if (st != ST_OK)
        fail_msg("seed %llu: record %u of worker %u: %s", (unsigned long long)w->seed, x->taken[log], log + 1, status_str(st));
    x->taken[log]++;
}

static void flush(struct folding *x)
{
    begin(x);
    assert_int_equal(fold_flush(x->fold, x->t), ST_OK);
    assert_int_equal(store_commit(&x->t), ST_OK);
}

static void export(struct folding *x, struct buf *ret)
{
    buf_clear(ret);
    assert_int_equal(store_begin(x->store, false, &x->t), ST_OK);
    assert_int_equal(export_state(x->t, ret), ST_OK);
    store_abort(&x->t);
}

/* ---- the naive side, and holding one against the other ---- */

static void naive(const struct world *w, const uint32_t taken[WORLD_WORKERS], struct buf *ret)
{
    static struct slice record[WORLD_WORKERS][WORLD_RECORDS];
    struct naive_log log[WORLD_WORKERS];
    for (unsigned i = 0; i < WORLD_WORKERS; i++) {
        for (uint32_t j = 0; j < taken[i]; j++) record[i][j] = fixture_log_record(&w->log[i], j);
        log[i] = (struct naive_log){ i + 1, record[i], taken[i] };
    }
    buf_clear(ret);
    naive_state(log, WORLD_WORKERS, ret);
    assert_true(buf_ok(ret));
}

struct texts { struct buf got, expected, why; };

static void texts_init(struct texts *t)
{
    buf_init(&t->got, UINT32_MAX);
    buf_init(&t->expected, UINT32_MAX);
    buf_init(&t->why, 1 << 20);
}

static void texts_done(struct texts *t)
{
    buf_done(&t->got);
    buf_done(&t->expected);
    buf_done(&t->why);
}

/* t->got against t->expected. On a difference both are kept as files below $PROPERTY_KEEP, when that is set. */
static void keep(const char *what, const char *side, const struct buf *b)
{
    const char *dir = getenv("PROPERTY_KEEP");
    char path[512];
    if (!dir) return;
    snprintf(path, sizeof path, "%s/%s-%s.txt", dir, what, side);
    FILE *f = fopen(path, "w");
    if (!f) return;
    fwrite(b->p, 1, b->n, f);
    fclose(f);
}

static void same(struct texts *t, const struct world *w, const struct folding *x, const char *what)
{
    if (naive_compare(buf_slice(&t->got), buf_slice(&t->expected), &t->why)) return;
    keep(what, "got", &t->got);
    keep(what, "expected", &t->expected);
    fprintf(stderr, "SEED=%llu %s: after records %u, %u, %u of the workers\n%.*s\n", (unsigned long long)w->seed, what, x->taken[0],
            x->taken[1], x->taken[2], (int)t->why.n, (const char *)t->why.p);
    fail();
}

static void check(struct folding *x, const struct world *w, struct texts *t, const char *what)
{
    export(x, &t->got);
    naive(w, x->taken, &t->expected);
    same(t, w, x, what);
}

/* ---- tests ---- */

static void every_position_equals_the_naive_rollup(void **state)
{
    (void)state;
    uint64_t seed = first_seed();
    print_message("SEED=%llu\n", (unsigned long long)seed);
    struct world *w = property_world_new(seed, UPDATES, ALL, 3);
    struct folding x;
    struct texts t;
    texts_init(&t);
    folding_init(&x);
    for (uint32_t i = 0; i < w->steps; i++) {
        take(&x, w, w->step[i].log);
        flush(&x);
        check(&x, w, &t, "record by record");
    }
    print_message("%u positions, %zu bytes of state at the last\n", w->steps, t.got.n);
    folding_done(&x);
    texts_done(&t);
    property_world_free(w);
}

/* Smaller worlds of every kind, cut anywhere, with restarts; compared at the end and now and then. */
static void one_more_seed(uint64_t seed, struct texts *t)
{
    static const struct {
        uint64_t updates;
        unsigned offices, years;
    } SIZES[] = { { 1500, ALL, 2 }, { 900, 2, 1 }, { 1200, 4, 1 }, { 400, ALL, 1 } };
    size_t k = seed % (sizeof SIZES / sizeof *SIZES);
    struct world *w = property_world_new(seed, SIZES[k].updates, SIZES[k].offices, SIZES[k].years);
    struct folding x;
    folding_init(&x);
    for (uint32_t i = 0; i < w->steps; i++) {
        take(&x, w, w->step[i].log);
        if (i + 1 < w->steps && !rng_chance(&w->rng, 1, 3)) continue;
        flush(&x);
        if (i + 1 == w->steps || rng_below(&w->rng, w->steps) < 3 * MORE_POSITIONS) check(&x, w, t, "further seeds");
        if (rng_chance(&w->rng, 1, 8)) restart(&x);
    }
    folding_done(&x);
    property_world_free(w);
}

static void further_seeds(void **state)
{
    (void)state;
    struct texts t;
    texts_init(&t);
    for (uint64_t i = 1, n = env_number("PROPERTY_SEEDS", MORE_SEEDS); i <= n; i++) one_more_seed(first_seed() + i, &t);
    texts_done(&t);
}

/* The canonical state after all records, taken in the order of making, cut into groups of about `group` records. */
static void fold_all(const struct world *w, struct rng *r, unsigned group, struct buf *ret)
{
    struct folding x;
    folding_init(&x);
    for (uint32_t i = 0; i < w->steps; i++) {
        take(&x, w, w->step[i].log);
        if (rng_chance(r, 1, group)) flush(&x);
    }
    flush(&x);
    export(&x, ret);
    folding_done(&x);
}

static void group_cuts_change_nothing(void **state)
{
    (void)state;
    static const unsigned groups[] = { 2, 5, 20, 100, 1000000 };
    struct world *w = property_world_new(first_seed(), UPDATES, ALL, 3);
    struct folding nothing = { 0 };
    struct texts t;
    texts_init(&t);
    fold_all(w, &w->rng, 1, &t.expected);
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        fold_all(w, &w->rng, groups[i], &t.got);
        same(&t, w, &nothing, "group cuts");
    }
    texts_done(&t);
    property_world_free(w);
}

/* A worker that has records left; each is as likely as it has records. */
static unsigned next_worker(const struct world *w, const struct folding *x, struct rng *r)
{
    uint64_t left = 0;
    for (unsigned i = 0; i < WORLD_WORKERS; i++) left += w->log[i].count - x->taken[i];
    uint64_t at = rng_below(r, left);
    for (unsigned i = 0;; i++) {
        uint64_t n = w->log[i].count - x->taken[i];
        if (at < n) return i;
        at -= n;
    }
}

static void fold_interleaved(const struct world *w, struct rng *r, struct buf *ret)
{
    struct folding x;
    folding_init(&x);
    for (uint32_t i = 0; i < w->steps; i++) {
        /* mostly any order; now and then a long stretch of one worker */
        unsigned log = next_worker(w, &x, r);
        uint64_t stretch = rng_chance(r, 1, 10) ? 1 + rng_below(r, 40) : 1;
        for (; stretch && x.taken[log] < w->log[log].count; stretch--, i++) take(&x, w, log);
        i--;
        if (rng_chance(r, 1, 3)) flush(&x);
    }
    flush(&x);
    export(&x, ret);
    folding_done(&x);
}

static void interleavings_change_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = first_seed(); seed < first_seed() + 3; seed++) {
        struct world *w = property_world_new(seed, UPDATES, ALL, 3);
        struct folding nothing = { 0 };
        struct texts t;
        texts_init(&t);
        fold_all(w, &w->rng, 3, &t.expected);
        for (unsigned i = 0; i < 5; i++) {
            fold_interleaved(w, &w->rng, &t.got);
            same(&t, w, &nothing, "interleavings");
        }
        texts_done(&t);
        property_world_free(w);
    }
}

/* P13: nothing is lost between receiving and counting. */
static void counters_add_up(void **state)
{
    (void)state;
    struct world *w = property_world_new(first_seed(), UPDATES, ALL, 3);
    uint64_t received = 0, refused = 0;
    struct folding x;
    folding_init(&x);
    for (uint32_t i = 0; i < w->steps; i++) take(&x, w, w->step[i].log);
    flush(&x);
    assert_int_equal(store_begin(x.store, false, &x.t), ST_OK);
    for (unsigned i = 0; i < ALL; i++) {
        struct fold_count c;
        uint32_t office;
        struct slice id = slice_of(property_world_office(i), strlen(property_world_office(i)));
        assert_int_equal(unit_dict_get(x.t, FOLD_DICT_TEXT, id, &office), ST_OK);
        assert_int_equal(fold_count_get(x.t, office, &c), ST_OK);
        assert_int_equal(c.effective + c.same + c.superseded + c.late + c.refused, c.received);
        received += c.received;
        refused += c.refused;
    }
    store_abort(&x.t);
    assert_int_equal(received, w->updates);
    assert_int_equal(refused, w->refused);
    folding_done(&x);
    property_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_position_equals_the_naive_rollup),
        cmocka_unit_test(further_seeds),
        cmocka_unit_test(group_cuts_change_nothing),
        cmocka_unit_test(interleavings_change_nothing),
        cmocka_unit_test(counters_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
