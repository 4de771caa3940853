/* cut_test.c - the mark at which a quarter is consolidated: its note is read strictly, only the centre of the region may set it, it
 * is logged once whoever asks again, survives an abort and a restart, and a copy of the log has it in the same place. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/work_world.h"

static void with_centre(struct world *w)
{
    work_world_register(w, CENTRE, "33", ROLE_CENTRE, OFFICE_ACTIVE, INT64_MAX);
    assert_int_equal(work_world_commit(w), ST_OK);
}

/* ---- the note ---- */

static void a_note_has_one_spelling(void **state)
{
    struct world *w = *state;
    struct cut c, got;
    uint8_t pub[PUBKEY_SIZE];
    struct buf b, worse;
    struct slice note;

    with_centre(w);
    c = work_world_cut(w, CENTRE, "33.74", 1);
    note = work_world_cut_note(w, &c, CENTRE, &b);
    assert_int_equal(cut_read(note, &got), ST_OK);
    assert_true(got.region == c.region && got.year == 2022 && got.quarter == 4 && got.version == 1 && got.registry == c.registry &&
                got.key_id == c.key_id && got.at.ms == c.at.ms && strcmp(got.actor, CENTRE) == 0);
    static const struct { const char *from, *to;
    } change[] = {
        { "potong/1", "potong/2" },  { "33.74", "3374" },         { "33.74", "" },
        { "2022-Q4", "2022-TW4" },   { "2022-Q4", "2022-Q5" },    { "versi 1", "versi 0" },
        { "versi 1", "versi 1000" }, { "versi 1", "versi 01" },   { "versi 1", "versi x" },
        { "daftar ", "daftar  " },   { "oleh gen", "oleh  gen" }, { "kunci ", "kunci 0" },
        { "waktu 1", "waktu -1" },   { "waktu 1", "waktu +1" },   { "waktu 1", "waktu 9999999" },
        { "wilayah", "Wilayah" },    { "\n\n", "\nlagi 1\n\n" },  { "\n\n", "\n" },
    };
    for (size_t i = 0; i < sizeof change / sizeof *change; i++) {
        const uint8_t *at = memmem(note.p, note.n, change[i].from, strlen(change[i].from));

        assert_non_null(at);
        buf_init(&worse, CUT_NOTE_MAX);
        buf_put(&worse, note.p, (size_t)(at - note.p));
        buf_str(&worse, change[i].to);
        at += strlen(change[i].from);
        buf_put(&worse, at, (size_t)(note.p + note.n - at));
        assert_int_equal(cut_read(buf_slice(&worse), &got), ST_INVALID);
        buf_done(&worse);
    }
    buf_init(&worse, 2 * CUT_NOTE_MAX);
    buf_put(&worse, note.p, note.n);
    while (worse.n <= CUT_NOTE_MAX) buf_str(&worse, "lagi\n");
    assert_int_equal(cut_read(buf_slice(&worse), &got), ST_INVALID);
    buf_clear(&worse);
    c.actor[0] = '\0';                  /* nobody is no name */
    assert_int_equal(w->signer.public_key(w->signer.ctx, slice_of(CENTRE, strlen(CENTRE)), pub), ST_OK);
    assert_int_equal(cut_put(&c, pub, NULL, NULL, &worse), ST_INVALID);
    assert_int_equal(worse.n, 0);
    buf_done(&worse);
    for (size_t n = 0; n < note.n; n++) {
        unsigned code;
        struct work_mark at;

        assert_true(work_world_ask_cut(w, slice_of(note.p, n), &at, &code) == ST_DENIED && code != CODE_OK);
    }
    buf_done(&b);
}

/* ---- who may cut ---- */

static void only_the_centre_of_the_region_cuts(void **state)
{
    static const struct { const char *actor, *signer, *region; unsigned code; } cases[] = {
        { CENTRE, CENTRE, "33.74", CODE_OK },
        { CENTRE, CENTRE, "33", CODE_OK },
        { CENTRE, CENTRE, "18.71", CODE_UNAUTHORISED },
        { CENTRE, OFFICE_A, "33.74", CODE_BAD_SIGNATURE },
        { OFFICE_A, OFFICE_A, "33.74", CODE_UNAUTHORISED },
        { TREASURER, TREASURER, "33.74", CODE_UNAUTHORISED },
        { "gen-33-12", "gen-33-12", "33.74", CODE_UNKNOWN_OFFICE },
        { "gen-33-13", "gen-33-13", "33.74", CODE_REVOKED },
        { "gen-33-14", "gen-33-14", "33.74", CODE_EXPIRED },
    };
    struct world *w = *state;

    with_centre(w);
    work_world_register(w, "gen-33-13", "33", ROLE_CENTRE, OFFICE_REVOKED, INT64_MAX);
    work_world_register(w, "gen-33-14", "33", ROLE_CENTRE, OFFICE_ACTIVE, 1);
    assert_int_equal(work_world_commit(w), ST_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cut c = work_world_cut(w, cases[i].actor, cases[i].region, 7);
        struct work_mark at;
        struct buf b;
        unsigned code;
        int st = work_world_ask_cut(w, work_world_cut_note(w, &c, cases[i].signer, &b), &at, &code);

        assert_int_equal(st, cases[i].code == CODE_OK ? ST_BUSY : ST_DENIED);
        assert_int_equal(code, cases[i].code);
        buf_done(&b);
    }
}

/* ---- the log ---- */

static uint64_t lsn_of(struct world *w)
{
    struct work_status s;

    work_status(w->work, &s);
    return s.lsn;
}

static void a_quarter_is_cut_once_for_a_version(void **state)
{
    struct world *w = *state;
    struct work_mark first, again;
    struct slice bytes;
    struct store_txn *t = NULL;
    struct record r;
    struct buf b;
    unsigned code;

    with_centre(w);
    struct cut c = work_world_cut(w, CENTRE, "33.74", 1);
    struct slice note = work_world_cut_note(w, &c, CENTRE, &b);
    uint64_t before = lsn_of(w);

    assert_int_equal(work_world_ask_cut(w, note, &first, &code), ST_BUSY);
    assert_int_equal(lsn_of(w), before);        /* nothing is logged outside a step */
    assert_true(w->node.ops->wants_step(w->node.self));
    assert_int_equal(work_world_commit(w), ST_OK);
    assert_int_equal(work_world_ask_cut(w, note, &first, &code), ST_OK);
    assert_int_equal(first.lsn, before + 1);
    assert_int_equal(work_world_commit(w), ST_OK);
    assert_false(w->node.ops->wants_step(w->node.self));
    assert_int_equal(store_begin(w->store, false, &t), ST_OK);
    assert_int_equal(ledger_record(t, first.lsn, &bytes), ST_OK);
    assert_int_equal(codec_record_parse(bytes, &r), ST_OK);
    assert_true(r.kind == RECORD_CUT && r.content.n == note.n && memcmp(r.content.p, note.p, note.n) == 0);
    store_abort(&t);

    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5);  /* the log goes on, the mark stays */
    work_world_push(w, &s, 3, 100);
    assert_int_equal(work_world_commit(w), ST_OK);
    work_world_restart(w);
    w->now.wall.ms += 1000;
    c.at = w->now.wall;                         /* another process of the centre asks, later: another note, the same mark */
    buf_done(&b);
    note = work_world_cut_note(w, &c, CENTRE, &b);
    before = lsn_of(w);
    assert_int_equal(work_world_ask_cut(w, note, &again, &code), ST_OK);
    assert_true(again.lsn == first.lsn && memcmp(&again.hash, &first.hash, sizeof again.hash) == 0);
    assert_int_equal(work_world_commit(w), ST_OK);
    assert_int_equal(lsn_of(w), before);
    buf_done(&b);
}

static void two_who_ask_at_once_get_one_mark(void **state)
{
    struct world *w = *state;
    struct work_mark a, b;
    struct buf one, two;
    unsigned code;

    with_centre(w);
    struct cut c = work_world_cut(w, CENTRE, "33.74", 1);
    struct slice first = work_world_cut_note(w, &c, CENTRE, &one);

    c.at.ms++;
    struct slice second = work_world_cut_note(w, &c, CENTRE, &two);
    uint64_t before = lsn_of(w);

    assert_int_equal(work_world_ask_cut(w, first, &a, &code), ST_BUSY);
    assert_int_equal(work_world_ask_cut(w, second, &b, &code), ST_BUSY);
    assert_int_equal(work_world_commit(w), ST_OK);
    assert_int_equal(work_world_ask_cut(w, first, &a, &code), ST_OK);
    assert_int_equal(work_world_ask_cut(w, second, &b, &code), ST_OK);
    assert_int_equal(work_world_commit(w), ST_OK);
    assert_true(a.lsn == b.lsn && lsn_of(w) == before + 1);
    buf_done(&one);
    buf_done(&two);
}

/* The step that logs it is aborted: the next one does it. */
static void an_aborted_step_cuts_later(void **state)
{
    struct world *w = *state;
    struct work_mark at;
    struct buf b;
    unsigned code;

    with_centre(w);
    struct cut c = work_world_cut(w, CENTRE, "33.74", 1);
    struct slice note = work_world_cut_note(w, &c, CENTRE, &b);

    assert_int_equal(work_world_ask_cut(w, note, &at, &code), ST_BUSY);
    store_mem_fail_next_commit(w->store, MEM_FAULT_FULL);
    assert_int_equal(work_world_commit(w), ST_FULL);
    assert_int_equal(work_world_ask_cut(w, note, &at, &code), ST_BUSY);
    assert_int_equal(work_world_commit(w), ST_OK);              /* says to the peers what was lost, writes nothing */
    assert_int_equal(work_world_commit(w), ST_OK);
    assert_int_equal(work_world_ask_cut(w, note, &at, &code), ST_OK);
    buf_done(&b);
}

/* A note may name a register that this worker has not logged yet: the mark stands behind it. */
static void a_cut_waits_for_its_register(void **state)
{
    struct world *w = *state;
    struct work_mark at;
    struct buf b;
    unsigned code;

    with_centre(w);
    struct cut c = work_world_cut(w, CENTRE, "33.74", 1);

    c.registry++;
    struct slice note = work_world_cut_note(w, &c, CENTRE, &b);

    assert_int_equal(work_world_ask_cut(w, note, &at, &code), ST_BUSY);
    assert_int_equal(work_world_commit(w), ST_OK);
    assert_int_equal(work_world_ask_cut(w, note, &at, &code), ST_BUSY);
    work_world_register(w, "gen-3374-77", "33.74", ROLE_OFFICE, OFFICE_ACTIVE, INT64_MAX);
    assert_int_equal(work_world_commit(w), ST_OK);
    assert_int_equal(work_world_ask_cut(w, note, &at, &code), ST_OK);
    assert_int_equal(at.lsn, lsn_of(w));        /* behind the line of the register, in the same step */
    buf_done(&b);
}

/* ---- a copy ---- */

struct copying { struct world *w; struct store *store; struct ledger l; struct trust trust; struct store_txn *t; };

static void copy_open(struct copying *x, struct world *w)
{
    struct ledger_identity id = { .id = "w1", .number = 1, .incarnation = { 7, 7 } };

    *x = (struct copying){ .w = w };
    assert_int_equal(store_mem_new(ledger_tables, &x->store), ST_OK);
    assert_int_equal(ledger_init(&x->l, &id, NULL), ST_OK);
    assert_int_equal(trust_init(&x->trust), ST_OK);
    x->trust.verifier = w->verifier;
    assert_int_equal(store_begin(x->store, true, &x->t), ST_OK);
    assert_int_equal(ledger_recover(&x->l, x->t), ST_OK);
}

static void copy_close(struct copying *x)
{
    store_abort(&x->t);
    trust_done(&x->trust);
    ledger_done(&x->l);
    store_mem_free(&x->store);
}

/* Takes the world's log record by record; the code that the last one met. */
static unsigned copy_all(struct copying *x)
{
    struct store_txn *t = NULL;
    struct slice bytes;
    unsigned code = CODE_OK;

    assert_int_equal(store_begin(x->w->store, false, &t), ST_OK);
    for (uint64_t lsn = x->l.lsn + 1; code == CODE_OK && ledger_record(t, lsn, &bytes) == ST_OK; lsn++) {
        struct record r;
        struct batch b;

        assert_int_equal(codec_record_parse(bytes, &r), ST_OK);
        assert_int_equal(trust_record(&x->trust, &x->l, &r, &b, &code), ST_OK);
        if (code == CODE_OK && ledger_copy(&x->l, x->t, bytes, &r, r.kind == RECORD_BATCH ? &b : NULL, &code) != ST_OK)
            assert_int_not_equal(code, CODE_OK);
    }
    store_abort(&t);
    return code;
}

static void a_copy_has_the_mark_in_the_same_place(void **state)
{
    struct world *w = *state;
    struct work_mark at;
    struct copying x;
    struct buf b;
    uint64_t lsn = 0;
    unsigned code;

    with_centre(w);
    struct cut c = work_world_cut(w, CENTRE, "33.74", 2);
    struct slice note = work_world_cut_note(w, &c, CENTRE, &b);

    assert_int_equal(work_world_ask_cut(w, note, &at, &code), ST_BUSY);
    assert_int_equal(work_world_commit(w), ST_OK);
    assert_int_equal(work_world_ask_cut(w, note, &at, &code), ST_OK);
    copy_open(&x, w);
    assert_int_equal(copy_all(&x), CODE_OK);
    assert_int_equal(ledger_cut(x.t, &c, &lsn), ST_OK);
    assert_true(lsn == at.lsn && memcmp(&x.l.hash, &at.hash, sizeof at.hash) == 0);
    c.version = 1;
    assert_int_equal(ledger_cut(x.t, &c, &lsn), ST_NOT_FOUND);
    copy_close(&x);
    buf_done(&b);
}

/* What somebody writes into a log that he passes on is judged like at its worker: by the register in that log. */
static void a_forged_mark_is_not_copied(void **state)
{
    struct world *w = *state;
    static const struct { const char *actor, *signer; uint64_t ahead; unsigned code; } cases[] = {
        { CENTRE, OFFICE_A, 0, CODE_BAD_SIGNATURE }, { OFFICE_A, OFFICE_A, 0, CODE_UNAUTHORISED }, { CENTRE, CENTRE, 1, CODE_GAP },
    };

    with_centre(w);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct copying x;
        struct batch none;
        struct buf b;
        unsigned code;
        struct cut c = work_world_cut(w, cases[i].actor, "33.74", 1);

        c.registry += cases[i].ahead;
        struct record r = { .kind = RECORD_CUT, .content = work_world_cut_note(w, &c, cases[i].signer, &b), .at = w->now.wall };

        copy_open(&x, w);
        assert_int_equal(copy_all(&x), CODE_OK);
        assert_int_equal(trust_record(&x.trust, &x.l, &r, &none, &code), ST_OK);
        assert_int_equal(code, cases[i].code);
        copy_close(&x);
        buf_done(&b);
    }
}

/* The log of a worker that was made to cut twice is not one of ours. */
static void a_second_mark_of_one_version_is_not_copied(void **state)
{
    struct world *w = *state;
    struct work_mark at;
    struct copying x;
    struct buf b, bytes;
    unsigned code;

    with_centre(w);
    struct cut c = work_world_cut(w, CENTRE, "33.74", 1);
    struct slice note = work_world_cut_note(w, &c, CENTRE, &b);

    assert_int_equal(work_world_ask_cut(w, note, &at, &code), ST_BUSY);
    assert_int_equal(work_world_commit(w), ST_OK);
    copy_open(&x, w);
    assert_int_equal(copy_all(&x), CODE_OK);
    struct record r = { .kind = RECORD_CUT, .lsn = x.l.lsn + 1, .at = { x.l.commit_ms }, .previous = x.l.hash, .content = note };

    buf_init(&bytes, RECORD_BYTES_MAX);
    for (unsigned junk = 0; junk < 2; junk++) {
        if (junk) r.content = slice_of("rekap/potong/1\n", 15);
        buf_clear(&bytes);
        codec_record_put(&bytes, &r);
        assert_int_equal(ledger_copy(&x.l, x.t, buf_slice(&bytes), &r, NULL, &code), ST_INVALID);
        assert_int_equal(code, CODE_BAD_FORMAT);
    }
    assert_int_equal(x.l.lsn, r.lsn - 1);
    copy_close(&x);
    buf_done(&bytes);
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORK_WORLD_TEST(a_note_has_one_spelling),
        WORK_WORLD_TEST(only_the_centre_of_the_region_cuts),
        WORK_WORLD_TEST(a_quarter_is_cut_once_for_a_version),
        WORK_WORLD_TEST(two_who_ask_at_once_get_one_mark),
        WORK_WORLD_TEST(an_aborted_step_cuts_later),
        WORK_WORLD_TEST(a_cut_waits_for_its_register),
        WORK_WORLD_TEST(a_copy_has_the_mark_in_the_same_place),
        WORK_WORLD_TEST(a_forged_mark_is_not_copied),
        WORK_WORLD_TEST(a_second_mark_of_one_version_is_not_copied),
    };

    return cmocka_run_group_tests_name("cut", tests, NULL, NULL);
}
