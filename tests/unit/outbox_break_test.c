/* outbox_break_test.c - the outbox where the store or the memory fails it: call by call (breaking.h), and row by row damaged.
 *
 * The world: three files of one office (one of them about another office), acknowledged in part and with refusals, archived, signed
 * anew, set back to a restored log, acknowledged again, let go for want of room; everything read; and a line's only figure refused,
 * and a file more than a year later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "breaking.h"
#include "tests/unit/outbox_fixture.h"

enum { FILES = 7, ROWS = 10, REWOUND = 2 * ROWS };
static const struct outbox_fixture_file FILE_OF[FILES] = { { "tray-0", OFFICE_A, OFFICE_A, ROWS, 100 },
                                                           { "tray-1", OFFICE_A, OFFICE_B, ROWS, 200 },
                                                           { "tray-2", OFFICE_A, OFFICE_A, ROWS, 300 },
                                                           { "tray-3", OFFICE_B, OFFICE_B, ROWS, 400 },
                                                           { "tray-4", OFFICE_A, OFFICE_A, ROWS, 500 },
                                                           { "tray-5", OFFICE_A, "gen-3374-03", 1, 600 },
                                                           { "tray-6", OFFICE_A, OFFICE_A, 1, 700 } };
static const struct outbox_keep KEEP = { 1 << 20, INT64_C(1) << 40 };

struct world {
    struct outbox_fixture f;
    struct buf tray[FILES], refused, alone;
    uint32_t office;                    /* number of OFFICE_A */
};

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

/* ---- the steps ---- */

static int import(struct world *w, unsigned file)
{
    const struct import_context c = { .signer = &w->f.signer, .identity = &w->f.identity };
    struct import_result r;
    int st = collect_import(w->f.t, &c, w->f.now, buf_slice(&w->tray[file]), &r);
    if (st == ST_OK && file == 0) w->office = r.office;
    return st;
}

static int begin(struct world *w)
{
    struct outbox_identity is;
    int st = outbox_identity(w->f.t, &w->f.identity, &is);
    return st == ST_OK ? outbox_identity(w->f.t, &is, &is) : st;
}

static int first_file(struct world *w) { return import(w, 0); }

static int three_files(struct world *w)
{
    int st = import(w, 1);
    if (st == ST_OK) st = import(w, 2);
    return st == ST_OK ? import(w, 3) : st;
}

/* The ack of everything up to seq, which ends a batch. */
static int ack(struct world *w, uint64_t seq, struct slice refused, const struct outbox_keep *keep)
{
    struct outbox_stream s;
    struct outbox_settled settled;
    struct outbox_batch b;
    int st = outbox_stream_get(w->f.t, w->office, &s);
    if (st == ST_OK) st = outbox_next(w->f.t, w->office, seq - 1, &b);
    if (st != ST_OK) return st;
    const struct outbox_receipt a = { .sequence = seq, .lsn = 40 + seq, .hash = b.hash, .refused = refused, .worker = "w1",
                                      .keep = keep };
    return outbox_ack(w->f.t, w->office, &a, w->f.now.wall, &s, &settled);
}

static int ack_with_refusals(struct world *w) { return ack(w, 2 * ROWS, buf_slice(&w->refused), &KEEP); }
static int ack_again(struct world *w) { return ack(w, 3 * ROWS, slice_of("", 0), &KEEP); }
static int ack_last(struct world *w) { return ack(w, 4 * ROWS, slice_of("", 0), &KEEP); }
static int ack_and_let_go(struct world *w) { return ack(w, 3 * ROWS, slice_of("", 0), NULL); }

static int archived(struct world *w)
{
    struct outbox_stream s;
    struct outbox_batch b;
    int st = outbox_stream_get(w->f.t, w->office, &s);
    if (st == ST_OK) st = outbox_next(w->f.t, w->office, ROWS - 1, &b);
    if (st == ST_OK) st = outbox_archived(w->f.t, w->office, ROWS, &b.hash, &s);
    if (st == ST_OK) st = outbox_trim(w->f.t, w->office, &KEEP, w->f.now.wall, &s);
    return st == ST_OK ? outbox_stream_put(w->f.t, w->office, &s) : st;
}

static int rewound(struct world *w)
{
    struct outbox_stream s;
    struct outbox_batch b;
    int st = outbox_stream_get(w->f.t, w->office, &s);
    if (st == ST_OK) st = outbox_next(w->f.t, w->office, REWOUND - 1, &b);
    return st == ST_OK ? outbox_rewind(w->f.t, w->office, REWOUND, &b.hash, 7, &s) : st;
}

static int signed_anew(struct world *w)
{
    const struct outbox_speaker who = { w->office, text(OFFICE_A), &w->f.signer, &w->f.identity };
    struct outbox_stream s;
    uint32_t n;
    int st = outbox_stream_get(w->f.t, w->office, &s);
    outbox_fixture_other_key(&w->f, true);
    if (st == ST_OK) st = outbox_resign(w->f.t, &who, REWOUND + 1, w->f.now.wall, &s, &n);
    outbox_fixture_other_key(&w->f, false);
    return st;
}

/* The same key: it is looked at, and at the batch before it, and nothing is signed. */
static int looked_at(struct world *w)
{
    const struct outbox_speaker who = { w->office, text(OFFICE_A), &w->f.signer, &w->f.identity };
    struct outbox_stream s;
    uint32_t n;
    int st = outbox_stream_get(w->f.t, w->office, &s);
    return st == ST_OK ? outbox_resign(w->f.t, &who, 3 * ROWS + 1, w->f.now.wall, &s, &n) : st;
}

static int one_more(struct world *w) { return import(w, 4); }

static int out_of_room(struct world *w)
{
    store_mem_limit(w->f.store, 1);
    int st = outbox_release(w->f.t, 1 << 20);
    store_mem_limit(w->f.store, 0);
    return st == ST_FULL ? ST_OK : st;
}

static int read_all(struct world *w)
{
    struct outbox_stream s;
    struct outbox_pushed p;
    struct outbox_due d = { .sequence = 0 };
    uint64_t resigned;
    int st = outbox_stream_get(w->f.t, w->office, &s);
    if (st == ST_OK) st = outbox_knows(w->f.t, w->office, s.last, &s.head, &s);
    if (st == ST_OK) st = outbox_knows(w->f.t, w->office, s.acked, &s.acked_hash, &s);
    if (st == ST_OK) st = outbox_pushed_get(w->f.t, text("tray-1"), &p);
    if (st == ST_OK) st = outbox_due_get(w->f.t, w->office, ROWS, &d);
    for (d.sequence = 0; st == ST_OK; ) st = outbox_due_next(w->f.t, w->office, d.sequence, &d);
    if (st == ST_NOT_FOUND) st = outbox_resigned(w->f.t, w->office, &resigned);
    if (st == ST_OK && (d.sequence != 4 * ROWS || resigned != 1)) st = ST_INVALID;
    return st == ST_OK ? outbox_due_del(w->f.t, w->office, ROWS) : st;
}

/* The only figure that was ever stated of a line, and it is refused: its row goes. */
static int a_row_alone(struct world *w) { return import(w, 5); }
static int a_row_alone_is_refused(struct world *w) { return ack(w, 4 * ROWS + 1, buf_slice(&w->alone), &KEEP); }

/* More than a year later, so that the oldest result of a file may go. */
static int long_after(struct world *w)
{
    struct now before = w->f.now;
    w->f.now.wall.ms += INT64_C(401) * 24 * 3600 * 1000;
    int st = import(w, 6);
    w->f.now = before;
    return st;
}

static int (*const STEP[])(struct world *) = { begin,       first_file, three_files,    ack_with_refusals,
                                               ack_again,   archived,   rewound,        signed_anew,
                                               one_more,    looked_at,  ack_and_let_go, ack_last,
                                               out_of_room, read_all,   a_row_alone,    a_row_alone_is_refused,
                                               long_after };
enum { STEPS = sizeof STEP / sizeof *STEP };

/* ---- the world ---- */

static void *make(void)
{
    static const uint64_t sequence[] = { 2, 5, ROWS + 3, ROWS + 3 };
    static const unsigned code[] = { CODE_UNAUTHORISED, CODE_UNAUTHORISED, CODE_BAD_FORMAT, CODE_BAD_FORMAT };
    struct world *w = test_calloc(1, sizeof *w);
    outbox_fixture_init(&w->f);
    breaking_store(w->f.store);
    assert_int_equal(outbox_fixture_commit(&w->f), ST_OK);
    for (unsigned i = 0; i < FILES; i++) outbox_fixture_tray(&FILE_OF[i], &w->tray[i]);
    buf_init(&w->refused, 1024);
    (void)outbox_fixture_refusals(&w->refused, sequence, code, sizeof code / sizeof *code);
    buf_init(&w->alone, 64);
    (void)outbox_fixture_refusals(&w->alone, &(uint64_t){ 4 * ROWS + 1 }, code, 1);
    return w;
}

static void done(void *world)
{
    struct world *w = world;
    for (unsigned i = 0; i < FILES; i++) buf_done(&w->tray[i]);
    buf_done(&w->refused);
    buf_done(&w->alone);
    outbox_fixture_done(&w->f);
    test_free(w);
}

static int step(void *world, unsigned i)
{
    struct world *w = world;
    int st = store_begin(w->f.store, true, &w->f.t);
    if (st == ST_OK) st = STEP[i](w);
    return st == ST_OK ? store_commit(&w->f.t) : st;
}

static void undo(void *world, unsigned i)
{
    struct world *w = world;
    (void)i;
    store_abort(&w->f.t);
}

static struct hash state(void *world)
{
    struct world *w = world;
    return breaking_rows(w->f.store, OUTBOX_TABLE_COUNT, "", 0);
}

static const struct breaking BREAKING = { STEPS, make, done, step, undo, state };

static void every_call_that_fails_is_said_and_changes_nothing(void **state_)
{
    (void)state_;
    breaking_each(&BREAKING);
}

/* ---- rows that are not what they were ---- */

static struct store *damaged(void *world) { return ((struct world *)world)->f.store; }
static unsigned noticed, last_step;

static void say(unsigned table, struct slice key, unsigned way, int st)
{
    (void)key;
    noticed += st == ST_CORRUPT;
    assert_true(st == ST_OK || st == ST_CORRUPT || st == ST_NOT_FOUND || st == ST_INVALID || st == ST_FULL);
    if (table == OUTBOX_STREAM && STEP[last_step] != three_files && STEP[last_step] != out_of_room)
        assert_true(st != ST_OK || way == DAMAGE_GONE || key.p[3] != 1);
    if (table == OUTBOX_META && way != DAMAGE_GONE && STEP[last_step] == begin) assert_int_equal(st, ST_CORRUPT);
}

/* Each step meets each damaged row of the store as it was before it. */
static void damaged_rows_are_noticed(void **state_)
{
    struct breaking b = BREAKING;
    (void)state_;
    for (last_step = 1; last_step < STEPS; last_step++) {
        b.steps = last_step + 1;
        breaking_damage(&b, damaged, OUTBOX_TABLE_COUNT, say);
    }
    assert_true(noticed > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_call_that_fails_is_said_and_changes_nothing),
                                        cmocka_unit_test(damaged_rows_are_noticed) };
    return cmocka_run_group_tests_name("outbox_break", tests, NULL, NULL);
}
