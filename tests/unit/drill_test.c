/* drill_test.c - P14: the worker is lost with everything it held, a backup of a random age goes on, and nothing that was ever
 * acknowledged is missing (tests/sim/drill.h).
 *
 * SEED=n in the environment sets the first seed, DRILL_SEEDS=n how many; a failure names its seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/fold.h"
#include "tests/sim/drill.h"
#include "tests/unit/env.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SEEDS = 20 };
#else
enum { SEEDS = 100 };
#endif
enum { SETTLE_TURNS = 12000 /* four minutes of the pair's clock */ };

struct total { unsigned behind, nothing_left, archived, let_go, compared; };
enum { COMPARED_EVERY = 5 };

static void count(struct drill *d, struct total *n)
{
    struct store_txn *t = NULL;
    struct outbox_stream s;
    uint32_t office;
    n->behind += d->lost_lsn > d->backup_lsn;
    n->nothing_left += d->backup_lsn == 0;
    n->archived += d->archived > 0;
    assert_int_equal(store_begin(d->pair->outbox, false, &t), ST_OK);
    for (unsigned i = 0; i < PAIR_OFFICES; i++)
        if (unit_dict_get(t, OUTBOX_DICT_TEXT, slice_of(pair_office[i], strlen(pair_office[i])), &office) == ST_OK &&
            outbox_stream_get(t, office, &s) == ST_OK)
            n->let_go += s.kept_from > 0;
    store_abort(&t);
}

/* The canonical state that a log folds to, without places in the log. */
static void fold_log(struct store *ledger, struct buf *out)
{
    struct store *state = NULL;
    struct store_txn *r = NULL, *t = NULL;
    struct fold *f = NULL;
    struct slice bytes;
    int st = ST_OK;
    assert_int_equal(store_mem_new(fold_tables, &state), ST_OK);
    assert_int_equal(fold_new(&f), ST_OK);
    assert_int_equal(store_begin(ledger, false, &r), ST_OK);
    assert_int_equal(store_begin(state, true, &t), ST_OK);
    assert_int_equal(fold_recover(f, t), ST_OK);
    for (uint64_t lsn = 1; (st = ledger_record(r, lsn, &bytes)) == ST_OK; lsn++) assert_int_equal(fold_record(f, 1, bytes), ST_OK);
    assert_int_equal(st, ST_NOT_FOUND);
    assert_int_equal(fold_flush(f, t), ST_OK);
    assert_int_equal(export_portable(t, out), ST_OK);
    store_abort(&t);
    store_abort(&r);
    fold_free(&f);
    store_mem_free(&state);
}

/* The same files pushed where nothing was ever lost: the same state, byte by byte. */
static void compare_with_no_loss(struct pair *restored, uint64_t seed)
{
    struct pair *p = pair_new_keeping(seed);
    struct buf a, b;
    buf_init(&a, 256 << 20);
    buf_init(&b, 256 << 20);
    assert_true(pair_settle(p, SETTLE_TURNS));
    fold_log(restored->ledger, &a);
    fold_log(p->ledger, &b);
    assert_true(buf_ok(&a) && a.n > 1000);
    if (a.n != b.n || memcmp(a.p, b.p, a.n) != 0) pair_wrong(restored, "the state differs from that of a log that was never lost");
    buf_done(&a);
    buf_done(&b);
    pair_free(&p);
}

/* Every office's rows are in the restored log, each once and in order, its chain ends where the office's own ends, and the
 * collector knows the same refusals as if nothing had happened: pair_check compares with what the files state. */
static void everything_is_back_whatever_the_age_of_the_backup(void **state)
{
    uint64_t first = env_number("SEED", 1), seeds = env_number("DRILL_SEEDS", SEEDS);
    struct total n = { 0 };
    (void)state;
    for (uint64_t i = 0; i < seeds; i++) {
        struct drill d;
        char why[sizeof d.pair->why];
        drill_begin(&d, first + i, i % 2);
        drill_restore(&d, true);
        if (!pair_settle(d.pair, SETTLE_TURNS)) pair_wrong(d.pair, "it does not settle after the restore");
        pair_check(d.pair);
        if (i % COMPARED_EVERY == 0 && !d.pair->why[0]) {
            compare_with_no_loss(d.pair, first + i);
            n.compared++;
        }
        count(&d, &n);
        memcpy(why, d.pair->why, sizeof why);
        drill_end(&d);
        if (why[0]) fail_msg("SEED=%llu: %s", (unsigned long long)(first + i), why);
    }
    print_message("%llu backups: older than the loss %u, empty %u, archived %u; offices that had let go of something %u; "
                  "states compared %u\n",
                  (unsigned long long)seeds, n.behind, n.nothing_left, n.archived, n.let_go, n.compared);
    if (seeds >= SEEDS) assert_true(n.behind && n.nothing_left && n.archived && n.let_go);
}

/* Without the record the same log is another one: nothing is sent to it, and the evidence says why. */
static void without_the_record_it_is_refused(void **state)
{
    unsigned refused = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct drill d;
        struct uplink_status u;
        drill_begin(&d, seed, false);
        const uint64_t lsn = d.backup_lsn;
        drill_restore(&d, false);
        (void)pair_settle(d.pair, 800);
        collect_status(d.pair->collect, &u);
        if (u.witness.size > 0 && d.lost_lsn > d.backup_lsn) {
            assert_int_equal(u.witness.fault, WITNESS_INCARNATION);
            assert_true(pair_lsn(d.pair) <= (lsn > PAIR_OFFICES ? lsn : PAIR_OFFICES));         /* the register's lines at most */
            refused++;
        }
        drill_end(&d);
    }
    assert_true(refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_back_whatever_the_age_of_the_backup),
        cmocka_unit_test(without_the_record_it_is_refused),
    };
    return cmocka_run_group_tests_name("drill", tests, NULL, NULL);
}
