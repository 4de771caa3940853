/* fold_break_test.c - the fold where the store or the memory fails it: call by call (breaking.h), and row by row damaged.
 *
 * The world: two workers' logs in six groups, with corrections, reasons, a figure about an office before its entry, refused
 * updates, a body that is none, an office that moves with all its years; then a new process that recovers, reads, and folds one
 * group more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/fold.h"
#include "breaking.h"
#include "tests/unit/fixture.h"

#define OFFICE_A "gen-3374-01"
#define OFFICE_B "gen-3374-02"
#define TREASURER "gen-3374-09"
#define LATE "gen-3372-01"
enum { WORKERS = 2, GROUPS = 6 };

static struct fixture_log logs[WORKERS];
static uint32_t group_end[GROUPS][WORKERS];
struct world { struct store *store; struct store_txn *t; struct fold *fold; };

/* ---- the logs ---- */

#define TEXTS(...) (const char *const[]) { __VA_ARGS__, NULL }

static void group_ends(unsigned group)
{
    for (unsigned w = 0; w < WORKERS; w++) group_end[group][w] = logs[w].count;
}

static void refused_rows(struct fixture_log *l, const char *speaker)
{
    static struct fixture_figure figure[2];
    static const uint8_t document[HASH_SIZE] = { 4 };       /* what is refused is proved by it, and so is what is not */
    struct fixture_statement s[2];
    for (unsigned i = 0; i < 2; i++) {
        fixture_figure("1.06.02.2.02.03 realised 4 77", 2022, &figure[i]);
        figure[i].f.evidence = slice_of(document, sizeof document);
        s[i] = (struct fixture_statement){ .subject = speaker, .f = figure[i].f, .disposition = i ? CODE_UNAUTHORISED : CODE_OK };
    }
    fixture_log_batch(l, speaker, s, 2);
}

static void log_once(void)
{
    struct fixture_log *a = &logs[0], *b = &logs[1];
    if (a->count) return;
    fixture_log_init(a, 1);
    fixture_log_init(b, 2);
    fixture_log_office(a, 1, OFFICE_A, "33.74", 1);
    fixture_log_office(a, 2, OFFICE_B, "33.74", 1);
    fixture_log_texts(a, OFFICE_A, OFFICE_A, 2022,
                      TEXTS("1.06.02.2.02.01 realised 3 1500", "1.06.02.2.02.01 budget:dpa:murni 1 9000", "5.1.02 realised 3 1400",
                            "total realised 3 1501 !koreksi"));
    fixture_log_texts(a, OFFICE_B, OFFICE_B, 2022, TEXTS("1.06.02.2.02.01 realised 3 40", "1.06.02.2.02.01 realised 5m 2"));
    group_ends(0);
    fixture_log_texts(a, OFFICE_A, OFFICE_A, 2022, TEXTS("1.06.02.2.02.01 realised 3 1600 !salah ketik",
                                                         "5.1.02 realised 3 1400", "1.06.02.2.02.01 realised 4 1700"));
    fixture_log_texts(a, OFFICE_A, OFFICE_A, 2023, TEXTS("1.06.02.2.02.01 realised 1 10"));
    group_ends(1);
    fixture_log_office(b, 1, OFFICE_A, "33.74", 1);
    fixture_log_office(b, 2, OFFICE_B, "33.74", 1);
    fixture_log_office(b, 3, TREASURER, "33.74", 2);
    fixture_log_texts(b, TREASURER, LATE, 2022, TEXTS("1.06.02.2.02.01 realised:bud 3 5"));
    refused_rows(b, TREASURER);
    group_ends(2);
    fixture_log_office(a, 3, TREASURER, "33.74", 2);
    fixture_log_office(a, 4, OFFICE_A, "33.72", 1);
    fixture_log_office(b, 4, LATE, "33.72", 1);
    fixture_log_texts(b, LATE, LATE, 2022, TEXTS("1.06.02.2.02.01 realised 3 6"));
    group_ends(3);
    fixture_log_texts(a, OFFICE_B, OFFICE_B, 2022, TEXTS("1.06.02.2.02.01 realised 3 40"));
    group_ends(4);
    fixture_log_texts(a, OFFICE_A, OFFICE_A, 2022, TEXTS("1.06.02.2.02.01 realised 12 2000", "total realised 12 withdrawn"));
    group_ends(5);
}

/* ---- the steps: recovery, the groups, a new process ---- */

static int fold_group(struct world *w, unsigned group)
{
    int st = ST_OK;
    for (unsigned l = 0; l < WORKERS; l++)
        for (uint32_t i = group ? group_end[group - 1][l] : 0; st == ST_OK && i < group_end[group][l]; i++)
            st = fold_record(w->fold, logs[l].worker, fixture_log_record(&logs[l], i));
    return st == ST_OK ? fold_flush(w->fold, w->t) : st;
}

static int read_all(struct world *w)
{
    struct fold_changed pair[8];
    struct fold_count count;
    struct slice id = slice_of(OFFICE_A, sizeof OFFICE_A - 1);
    uint32_t office;
    uint64_t last, at = 0;
    uint8_t month;
    size_t n, pairs = 0;
    int st = unit_dict_get(w->t, FOLD_DICT_TEXT, id, &office);
    if (st == ST_OK) st = fold_count_get(w->t, office, &count);
    if (st == ST_OK) st = fold_last_month(w->t, office, 2022, &month);
    if (st == ST_OK) st = fold_change_last(w->t, &last);
    for (; st == ST_OK && at < last; pairs += n) st = fold_change_next(w->t, at, &at, pair, sizeof pair / sizeof *pair, &n);
    return st == ST_OK && (pairs != 9 || month != 4 || count.received != 8) ? ST_INVALID : st;
}

static int next_process(struct world *w)
{
    fold_free(&w->fold);
    int st = fold_new(&w->fold);
    return st == ST_OK ? fold_recover(w->fold, w->t) : st;
}

enum { STEP_RECOVER, STEP_GROUP, STEP_NEXT = STEP_GROUP + GROUPS - 1, STEP_READ, STEP_LAST, STEPS };

static int do_step(struct world *w, unsigned i)
{
    if (i == STEP_RECOVER) return fold_recover(w->fold, w->t);
    if (i < STEP_NEXT) return fold_group(w, i - STEP_GROUP);
    if (i == STEP_NEXT) return next_process(w);
    return i == STEP_READ ? read_all(w) : fold_group(w, GROUPS - 1);
}

/* ---- the world ---- */

static void *make(void)
{
    struct world *w = test_calloc(1, sizeof *w);
    log_once();
    assert_int_equal(store_mem_new(fold_tables, &w->store), ST_OK);
    breaking_store(w->store);
    assert_int_equal(fold_new(&w->fold), ST_OK);
    return w;
}

static void done(void *world)
{
    struct world *w = world;
    store_abort(&w->t);
    fold_free(&w->fold);
    store_mem_free(&w->store);
    test_free(w);
}

static int step(void *world, unsigned i)
{
    struct world *w = world;
    int st = store_begin(w->store, true, &w->t);
    if (st == ST_OK) st = do_step(w, i);
    return st == ST_OK ? store_commit(&w->t) : st;
}

static void undo(void *world, unsigned i)
{
    struct world *w = world;
    struct store_txn *t;
    store_abort(&w->t);
    if (i == STEP_RECOVER) return;
    if (!w->fold) assert_int_equal(fold_new(&w->fold), ST_OK);
    fold_forget(w->fold);
    assert_int_equal(store_begin(w->store, false, &t), ST_OK);
    assert_int_equal(fold_recover(w->fold, t), ST_OK);
    store_abort(&t);
}

static struct hash state(void *world)
{
    struct world *w = world;
    struct { uint64_t lsn, pending; struct hash hash; } at[WORKERS];
    memset(at, 0, sizeof at);
    for (unsigned i = 0; i < WORKERS; i++) {
        fold_reached(w->fold, i + 1, &at[i].lsn, &at[i].hash);
        at[i].pending = fold_pending_updates(w->fold);
    }
    return breaking_rows(w->store, FOLD_TABLE_COUNT, at, sizeof at);
}

static const struct breaking BREAKING = { STEPS, make, done, step, undo, state };

static void every_call_that_fails_is_said_and_changes_nothing(void **state_)
{
    (void)state_;
    breaking_each(&BREAKING);
}

/* ---- rows that are not what they were ---- */

static struct store *damaged(void *world) { return ((struct world *)world)->store; }
static void undo_nothing(void *world, unsigned i) { (void)world, (void)i; }
static unsigned noticed;

static void say(unsigned table, struct slice key, unsigned way, int st)
{
    noticed += st == ST_CORRUPT;
    assert_true(st == ST_OK || st == ST_CORRUPT || st == ST_NOT_FOUND || st == ST_INVALID);
    (void)table, (void)key, (void)way;
}

static void say_recovery(unsigned table, struct slice key, unsigned way, int st)
{
    bool row_of_recovery = table == FOLD_META || table == FOLD_OFFICE;
    (void)key;
    if (row_of_recovery && way != DAMAGE_GONE) assert_int_equal(st, ST_CORRUPT);
    else say(table, key, way, st);
}

static void damaged_rows_are_noticed(void **state_)
{
    struct breaking b = BREAKING;
    (void)state_;
    b.undo = undo_nothing;
    for (b.steps = STEP_NEXT + 1; b.steps <= STEPS; b.steps++)
        breaking_damage(&b, damaged, FOLD_TABLE_COUNT, b.steps == STEP_NEXT + 1 ? say_recovery : say);
    assert_true(noticed > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_call_that_fails_is_said_and_changes_nothing),
                                        cmocka_unit_test(damaged_rows_are_noticed) };
    return cmocka_run_group_tests_name("fold_break", tests, NULL, NULL);
}
