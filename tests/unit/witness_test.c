/* witness_test.c - the worker as a liar: every way to forget, rewrite, fork or misstate a log that was signed before, and every
 * honest accident that looks like one. The log is a real tree; what the witness says and keeps is all that is looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "proto/restore.h"
#include "tests/unit/witness_world.h"

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

/* ---- honest workers ---- */

static void a_log_that_grows_is_followed(void **state)
{
    struct line *l = *state;
    witness_world_witnessed(l);
    witness_world_again(l);
    witness_world_show(l, &l->log, 10);
    witness_world_fine(l, 10);
    witness_world_again(l);
    witness_world_show(l, &l->log, 11);
    witness_world_show(l, &l->log, 20);
    witness_world_asks(l, 0, 10, 20);                 /* at once: this session is not trusted yet */
    witness_world_show(l, &l->log, 30);               /* while it is out */
    witness_world_silent(l, 1900);
    witness_world_asks(l, 100, 10, 30);               /* without an answer it is asked again, with the newest */
    witness_world_prove(l, &l->log, 10, 20, HONEST);  /* too late */
    assert_false(witness_trusts(&l->w));
    witness_world_prove(l, &l->log, 10, 30, HONEST);
    witness_world_fine(l, 30);
    witness_world_prove(l, &l->other, 10, 30, HONEST);        /* nobody asked any more */
    witness_world_show(l, &l->log, 33);
    witness_world_silent(l, 0);
    l->w.wanted = 32;
    witness_world_asks(l, 0, 30, 33);                 /* a receipt waits for it */
    witness_world_prove(l, &l->log, 30, 33, HONEST);
    witness_world_fine(l, 33);
    struct witness_row row;
    assert_int_equal(witness_row_of_size(l->f.t, "w1", 10, &row), ST_OK);
    assert_int_equal(witness_row_of_size(l->f.t, "w1", 11, &row), ST_NOT_FOUND);
}

static void an_empty_log_is_a_beginning(void **state)
{
    struct line *l = *state;
    witness_world_greet(l, 5);
    witness_world_show(l, &l->log, 0);
    witness_world_fine(l, 0);
    witness_world_show(l, &l->log, 6);
    witness_world_fine(l, 6);
}

/* Messages that overtook each other: a smaller size, signed long ago. */
static void a_late_checkpoint_is_no_rollback(void **state)
{
    struct line *l = *state;
    witness_world_witnessed(l);
    witness_world_show(l, &l->log, 3);                /* one that was kept itself */
    witness_world_silent(l, 0);
    witness_world_fine(l, 10);
    witness_world_show(l, &l->log, 7);                /* one that was not */
    assert_true(witness_trusts(&l->w));
    witness_world_asks(l, 0, 7, 10);
    witness_world_prove(l, &l->log, 7, 10, HONEST);
    witness_world_silent(l, 3000);
    witness_world_fine(l, 10);
    witness_world_show(l, &l->log, 0);
    witness_world_asks(l, 0, 0, 10);
    witness_world_prove(l, &l->log, 0, 10, HONEST);
    witness_world_fine(l, 10);
    witness_world_show(l, &l->log, 10);
    witness_world_show(l, &l->log, 12);
    witness_world_asks(l, 1000, 10, 12);
    witness_world_prove(l, &l->log, 10, 12, HONEST);
    witness_world_fine(l, 12);
}

/* In a new session it may be all that the worker has left. */
static void a_late_checkpoint_does_not_open_a_session(void **state)
{
    struct line *l = *state;
    witness_world_witnessed(l);
    witness_world_again(l);
    witness_world_show(l, &l->log, 3);
    witness_world_asks(l, 0, 3, 10);
    witness_world_prove(l, &l->log, 3, 10, HONEST);
    assert_true(!witness_trusts(&l->w) && !l->w.broken);
    witness_world_show(l, &l->log, 10);
    witness_world_fine(l, 10);
}

static void a_lost_step_is_forgotten(void **state)
{
    struct line *l = *state;
    witness_world_witnessed(l);
    assert_int_equal(outbox_fixture_commit(&l->f), ST_OK);
    outbox_fixture_begin(&l->f);
    witness_world_show(l, &l->log, 20);
    witness_world_asks(l, 1000, 10, 20);
    witness_world_prove(l, &l->log, 10, 20, HONEST);
    outbox_fixture_crash(&l->f);
    witness_reset(&l->w);
    assert_int_equal(witness_world_kept(l), 10);
    witness_world_show(l, &l->log, 21);
    witness_world_asks(l, 1000, 10, 21);
    witness_world_prove(l, &l->log, 10, 21, HONEST);
    witness_world_fine(l, 21);
}

static void without_room_nothing_is_kept_and_nobody_accused(void **state)
{
    struct line *l = *state;
    witness_world_witnessed(l);
    assert_int_equal(outbox_fixture_commit(&l->f), ST_OK);
    store_mem_limit(l->f.store, 1000);
    outbox_fixture_begin(&l->f);
    witness_world_show(l, &l->log, 20);
    witness_world_asks(l, 1000, 10, 20);
    witness_world_prove(l, &l->log, 10, 20, HONEST);
    witness_world_fine(l, 10);
    witness_world_show(l, &l->other, 10);             /* found out all the same */
    assert_true(l->w.broken && l->w.fault == WITNESS_FORK);
    assert_int_equal(outbox_fixture_commit(&l->f), ST_OK);
    outbox_fixture_begin(&l->f);
}

/* ---- liars ---- */

static void a_rollback_is_found(void **state)
{
    struct line *l = *state;
    witness_world_witnessed(l);
    const uint64_t sizes[] = { 7, 3, 0 };       /* never kept, kept before, nothing left */
    for (size_t i = 0; i < 3; i++) {
        witness_world_again(l);
        witness_world_show(l, &l->log, sizes[i]);
        witness_world_asks(l, 0, sizes[i], 10);
        l->f.now.wall.ms += 1000;
        assert_int_equal(witness_denied(&l->w, l->f.t, l->f.now, 10), ST_OK);
        witness_world_accused(l, WITNESS_ROLLBACK, 10, sizes[i]);
        assert_int_equal(witness_world_kept(l), 10);
    }
    witness_world_again(l);
    witness_world_show(l, &l->log, 10);               /* the true log is back */
    assert_true(witness_trusts(&l->w) && l->w.fault == WITNESS_FINE);
}

static void a_rollback_that_keeps_silent_is_found(void **state)
{
    struct line *l = *state;
    witness_world_witnessed(l);
    witness_world_again(l);
    witness_world_show(l, &l->log, 7);
    witness_world_asks(l, 0, 7, 10);
    for (unsigned i = 1; i < 10; i++) witness_world_asks(l, 2000, 7, 10);
    witness_world_silent(l, 2000);
    witness_world_accused(l, WITNESS_ROLLBACK, 10, 7);
}

/* It may deny only what it signed. */
static void a_denial_of_something_else_is_nothing(void **state)
{
    struct line *l = *state;
    witness_world_witnessed(l);
    assert_int_equal(witness_denied(&l->w, l->f.t, l->f.now, 11), ST_OK);
    assert_int_equal(witness_denied(&l->w, l->f.t, l->f.now, 0), ST_OK);
    witness_world_fine(l, 10);
    witness_world_show(l, &l->log, 12);
    assert_int_equal(witness_denied(&l->w, l->f.t, l->f.now, 12), ST_OK);       /* signed a moment ago */
    witness_world_accused(l, WITNESS_ROLLBACK, 12, 0);
}

static void a_fork_is_found(void **state)
{
    struct line *l = *state;
    witness_world_witnessed(l);
    witness_world_show(l, &l->other, 10);             /* the same size */
    witness_world_accused(l, WITNESS_FORK, 10, 10);
    witness_world_again(l);
    witness_world_show(l, &l->other, 12);             /* longer */
    witness_world_asks(l, 0, 10, 12);
    l->f.now.wall.ms += 1000;
    witness_world_prove(l, &l->other, 10, 12, HONEST);
    witness_world_accused(l, WITNESS_FORK, 10, 12);
    witness_world_again(l);
    witness_world_show(l, &l->log, 10);
    witness_world_show(l, &l->other, 7);              /* shorter */
    witness_world_asks(l, 0, 7, 10);
    l->f.now.wall.ms += 1000;
    witness_world_prove(l, &l->other, 7, 10, HONEST);
    witness_world_accused(l, WITNESS_FORK, 10, 7);
    witness_world_again(l);
    witness_world_show(l, &l->log, 10);
    witness_world_show(l, &l->log, 12);
    l->f.now.wall.ms += 1000;
    witness_world_show(l, &l->other, 12);             /* two at once, before any proof */
    witness_world_accused(l, WITNESS_FORK, 12, 12);
    assert_int_equal(witness_world_kept(l), 10);
}

/* Both logs begin with the same three records: only the older checkpoint itself can tell. */
static void an_older_checkpoint_of_another_log_is_found(void **state)
{
    struct line *l = *state;
    witness_world_witnessed(l);
    witness_world_show(l, &l->log, 20);
    witness_world_asks(l, 1000, 10, 20);
    witness_world_prove(l, &l->log, 10, 20, HONEST);
    witness_world_show(l, &l->other, 10);
    witness_world_accused(l, WITNESS_FORK, 10, 10);
}

static void a_proof_that_proves_nothing_is_found(void **state)
{
    const enum spoil ways[] = { TRUNCATED, LONGER, ODD };
    for (size_t i = 0; i < 3; i++) {
        struct line *l = *state;
        if (i == 0) witness_world_witnessed(l);
        witness_world_again(l);
        witness_world_show(l, &l->log, 13);
        witness_world_asks(l, 0, 10, 13);
        witness_world_prove(l, &l->log, 3, 13, HONEST);       /* of other sizes: not an answer */
        witness_world_prove(l, &l->log, 10, 12, HONEST);
        assert_false(l->w.broken);
        l->f.now.wall.ms += 1000;
        witness_world_prove(l, &l->log, 10, 13, ways[i]);
        witness_world_accused(l, WITNESS_FORK, 10, 13);
        assert_int_equal(witness_world_kept(l), 10);
    }
}

static void only_the_logs_own_key_signs(void **state)
{
    struct line *l = *state;
    static const char next[] = "rekap/w1/0000000000000006";
    static const char name[] = WITNESS_WORLD_NAME;
    static const struct as cases[] = { { name, name, "another" }, { next, next, "log" }, { next, name, "log" },
                                       { name, next, "log" } };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {     /* at first contact, and later */
        struct buf b;
        if (i == sizeof cases / sizeof *cases) {
            witness_world_again(l);
            witness_world_show(l, &l->log, 10);
        }
        witness_world_again(l);
        struct slice n = witness_world_note(l, &l->log, 12, &cases[i % 4], &b);
        assert_int_equal(witness_checkpoint(&l->w, l->f.t, l->f.now, n), ST_OK);
        assert_true(l->w.broken && l->w.fault == WITNESS_UNSIGNED && witness_world_kept(l) == (i < 4 ? UINT64_MAX : 10));
        buf_done(&b);
    }
    witness_world_again(l);
    assert_int_equal(witness_checkpoint(&l->w, l->f.t, l->f.now, text("rekap")), ST_OK);
    assert_true(l->w.broken && l->w.fault == WITNESS_UNSIGNED);
}

static void another_incarnation_is_refused(void **state)
{
    struct line *l = *state;
    witness_world_witnessed(l);
    witness_init(&l->w, &l->o);
    witness_world_greet(l, 6);
    witness_world_accused(l, WITNESS_INCARNATION, 10, 0);
    struct buf b;
    struct slice n = witness_world_note(l, &l->log, 12, &(struct as){ l->w.log.name, l->w.log.name, "log" }, &b);
    assert_int_equal(witness_checkpoint(&l->w, l->f.t, l->f.now, n), ST_OK);
    assert_true(!witness_trusts(&l->w) && witness_world_kept(l) == 10);
    buf_done(&b);
    witness_world_again(l);
    witness_world_show(l, &l->log, 10);
    assert_true(witness_trusts(&l->w));
}

static unsigned evidence_count(struct line *l)
{
    struct store_cursor *c = NULL;
    struct slice key, value;
    unsigned n = 0;
    assert_int_equal(store_cursor(l->f.t, OUTBOX_EVIDENCE, &c), ST_OK);
    while (store_next(c, &key, &value) == ST_OK) n++;
    store_cursor_close(&c);
    return n;
}

static int sign_central(void *ctx, struct slice msg, uint8_t ret_sig[SIG_SIZE])
{
    const struct line *l = ctx;
    return l->f.signer.sign(NULL, text("central"), msg, ret_sig);
}

/* The restore record came and no checkpoint after it: the lost log, switched on again, is no first contact. */
static void a_deposed_log_is_refused_before_the_first_checkpoint_of_the_new_one(void **state)
{
    struct line *l = *state;
    struct buf note;
    l->o.restores = true;
    assert_int_equal(l->f.signer.public_key(NULL, text("central"), l->o.registry_key), ST_OK);
    witness_init(&l->w, &l->o);
    witness_world_witnessed(l);
    const struct restore r = { .worker = "w1", .before = 4, .after = 6, .at = { 1000 }, .lsn = 3 };       /* an unseen one */
    buf_init(&note, RESTORE_NOTE_MAX);
    assert_int_equal(restore_put(&r, l->o.registry_key, sign_central, l, &note), ST_OK);
    witness_lost(&l->w);
    witness_world_greet(l, 6);
    assert_int_equal(witness_restored(&l->w, l->f.t, l->f.now, buf_slice(&note)), ST_OK);
    assert_false(l->w.has_kept || l->w.broken);
    witness_lost(&l->w);
    witness_world_greet(l, 5);                  /* the deposed one */
    witness_world_show(l, &l->log, 12);
    assert_false(witness_trusts(&l->w));
    assert_int_equal(l->w.fault, WITNESS_INCARNATION);
    witness_world_greet(l, 6);
    assert_false(l->w.awaiting);                /* its record was taken */
    buf_done(&note);
}

/* Two restored logs, the second of an older backup and by a clock that went back: it is told apart from a log without a record. */
static void a_record_that_is_not_younger_is_told_as_that(void **state)
{
    struct line *l = *state;
    static const struct { int64_t ms; enum witness_fault fault; } cases[] = { { 1000, WITNESS_FINE }, { 1000, WITNESS_OLD_RESTORE },
        { 999, WITNESS_OLD_RESTORE }, { 1001, WITNESS_FINE } };
    l->o.restores = true;
    assert_int_equal(l->f.signer.public_key(NULL, text("central"), l->o.registry_key), ST_OK);
    witness_init(&l->w, &l->o);
    witness_world_witnessed(l);
    for (uint64_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct restore r = { .worker = "w1", .before = 5, .after = 6 + i, .at = { cases[i].ms }, .lsn = 3 };
        struct buf note;
        buf_init(&note, RESTORE_NOTE_MAX);
        assert_int_equal(restore_put(&r, l->o.registry_key, sign_central, l, &note), ST_OK);
        witness_lost(&l->w);
        witness_world_greet(l, 6 + i);
        assert_int_equal(witness_restored(&l->w, l->f.t, l->f.now, buf_slice(&note)), ST_OK);
        assert_int_equal(l->w.broken ? l->w.fault : WITNESS_FINE, cases[i].fault);
        if (cases[i].fault == WITNESS_OLD_RESTORE) assert_int_equal(l->w.restored_at.ms, 1000);
        buf_done(&note);
    }
}

static void evidence_is_kept_once_and_bounded(void **state)
{
    struct line *l = *state;
    witness_world_witnessed(l);
    for (uint64_t i = 0; i < 3 * WITNESS_EVIDENCE_MAX; i++) {
        witness_world_again(l);
        witness_world_show(l, &l->log, 10);
        witness_world_show(l, &l->log, 11 + i / 2 % 25);
        l->f.now.wall.ms += 1000;
        witness_world_show(l, &l->other, 11 + i / 2 % 25);
        assert_true(l->w.broken);
        assert_int_equal(evidence_count(l), i / 2 < WITNESS_EVIDENCE_MAX ? i / 2 + 1 : WITNESS_EVIDENCE_MAX);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, witness_world_setup, witness_world_teardown)
    const struct CMUnitTest tests[] = {
        T(a_log_that_grows_is_followed),
        T(an_empty_log_is_a_beginning),
        T(a_late_checkpoint_is_no_rollback),
        T(a_late_checkpoint_does_not_open_a_session),
        T(a_lost_step_is_forgotten),
        T(without_room_nothing_is_kept_and_nobody_accused),
        T(a_rollback_is_found),
        T(a_rollback_that_keeps_silent_is_found),
        T(a_denial_of_something_else_is_nothing),
        T(a_fork_is_found),
        T(an_older_checkpoint_of_another_log_is_found),
        T(a_proof_that_proves_nothing_is_found),
        T(only_the_logs_own_key_signs),
        T(another_incarnation_is_refused),
        T(a_deposed_log_is_refused_before_the_first_checkpoint_of_the_new_one),
        T(a_record_that_is_not_younger_is_told_as_that),
        T(evidence_is_kept_once_and_bounded),
    };
    return cmocka_run_group_tests_name("witness", tests, NULL, NULL);
}
