/* ledger_break_test.c - the ledger where the store or the memory fails it: call by call (breaking.h), and row by row damaged.
 *
 * The world is a log with two incarnations of one office's stream, another office, an archive mark, a restore, and a follower's
 * copy of all of it; the last step begins anew as a new process does and reads everything back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "breaking.h"
#include "worker/ledger.h"

static const struct ledger_identity IDENTITY = { .id = "w1", .number = 1, .incarnation = { 1, 2, 3 } };
static const uint8_t INSTALLATION[16] = { 8 }, NEXT[INCARNATION_SIZE] = { 7, 7 };
static const char *const OFFICE[] = { "gen-3374-01", "gen-3374-02", "gen-3374-03" };
enum { OFFICES = 3, RECORDS = 64 };

struct world {
    struct store *store, *other;        /* the log; the follower's */
    struct store_txn *t, *u;
    struct ledger l, copy;
    struct batch batch[RECORDS];        /* by position: what ledger_copy is told a batch record holds */
};

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

static int public_key(void *ctx, struct slice who, uint8_t ret[PUBKEY_SIZE])
{
    struct hash h = sign_hash(who.p, who.n);
    (void)ctx;
    memcpy(ret, h.b, PUBKEY_SIZE);
    return ST_OK;
}

static int sign(void *ctx, struct slice who, struct slice msg, uint8_t ret[SIG_SIZE])
{
    struct hash h = sign_hash2(who.p, who.n, msg.p, msg.n);
    (void)ctx;
    memcpy(ret, h.b, HASH_SIZE);
    memcpy(ret + HASH_SIZE, h.b, HASH_SIZE);
    return ST_OK;
}

static int sign_note(void *ctx, struct slice msg, uint8_t ret[SIG_SIZE]) { return sign(ctx, text("register"), msg, ret); }

static const struct signer SIGNER = { NULL, sign, public_key };
static const struct ledger_issuer ISSUER = { { 1 }, sign_note, NULL };

/* ---- the steps ---- */

static int recover(struct world *w) { return ledger_recover(&w->l, w->t); }

static int grant(struct world *w, unsigned office, uint64_t epoch)
{
    struct stream *s;
    return ledger_grant(&w->l, w->t, text(OFFICE[office]), 0, epoch, INSTALLATION, &s);
}

static int append(struct world *w, unsigned office, uint32_t count, int64_t at_ms)
{
    struct stream *s;
    int st = ledger_stream(&w->l, w->t, text(OFFICE[office]), 0, &s);
    if (st != ST_OK) return st;
    struct batch b = { .h = { .office = text(OFFICE[office]), .epoch = s->epoch, .sequence = s->watermark + 1, .count = count,
                              .previous = s->head } };
    memcpy(b.h.installation, INSTALLATION, sizeof INSTALLATION);
    b.hash = sign_hash2(s->office, strlen(s->office), &b.h.sequence, sizeof b.h.sequence);
    st = ledger_append_batch(&w->l, w->t, (struct wall){ at_ms }, s, &b, text("bytes as received"), text("\x90"));
    if (st == ST_OK) w->batch[w->l.lsn] = b;
    return st;
}

static int first_day(struct world *w)
{
    int st = ledger_append_office(&w->l, w->t, (struct wall){ 10 }, 1, text("a line"));
    if (st == ST_OK) st = grant(w, 0, 5);
    if (st == ST_OK) st = append(w, 0, 3, 20);
    if (st == ST_OK) st = append(w, 0, 2, 15);
    if (st == ST_OK) st = grant(w, 1, 9);
    if (st == ST_OK) st = append(w, 1, 7, 30);
    struct slice note;
    return st == ST_OK ? tree_checkpoint(&w->l.tree, &note) : st;      /* kept by the flush */
}

static uint64_t second_epoch(const struct world *w) { return w->l.identity.incarnation[0] == NEXT[0] ? 16 : 6; }

static int another_epoch(struct world *w)
{
    int st = grant(w, 0, second_epoch(w));
    if (st == ST_OK) st = append(w, 1, 1, 31);
    if (st == ST_OK) st = append(w, 0, 4, 32);
    if (st == ST_OK) st = grant(w, 0, second_epoch(w) + 1);      /* nothing is ever said in it */
    return st == ST_OK ? grant(w, 2, 1) : st;   /* nor by this one */
}

static int archive(struct world *w)
{
    struct hash at;
    int st = ledger_hash_at(&w->l, w->t, 4, &at);
    return st == ST_OK ? ledger_archive(&w->l, w->t, 4, &at) : st;
}

static struct cut CUT = { .year = 2022, .quarter = 4, .version = 1, .registry = 1, .actor = "pusat-33" };

/* Asked for twice: one mark. */
static int cut(struct world *w)
{
    const uint8_t pub[PUBKEY_SIZE] = { 3 };
    uint8_t room[CUT_NOTE_MAX];
    uint64_t lsn = 0, again = 0;
    struct buf b;
    assert_int_equal(code_region_parse(text("33.74"), &CUT.region), ST_OK);
    CUT.key_id = sign_key_id(pub);
    CUT.at.ms = 33;
    buf_over(&b, room, sizeof room);
    int st = cut_put(&CUT, pub, sign_note, NULL, &b);
    if (st == ST_OK) st = ledger_append_cut(&w->l, w->t, (struct wall){ 34 }, &CUT, buf_slice(&b), &lsn);
    if (st == ST_OK) st = ledger_append_cut(&w->l, w->t, (struct wall){ 35 }, &CUT, buf_slice(&b), &again);
    return st == ST_OK && (lsn != w->l.lsn || again != lsn) ? ST_CORRUPT : st;
}

static bool count_stream(void *ctx, const struct stream *s)
{
    unsigned *n = ctx;
    ++*n;
    return s->granted;
}

static int read_back(struct world *w)
{
    struct stream *s, spoken;
    struct ledger_entry e;
    struct hash at;
    uint64_t cut_at;
    unsigned n = 0;
    int st = ledger_stream(&w->l, w->t, text(OFFICE[1]), 0, &s);
    if (st == ST_OK) st = ledger_batch_at(w->t, s, 8, &e);
    if (st == ST_OK) st = ledger_batch_holding(w->t, s, 7, &e);
    if (st == ST_OK) st = ledger_archived_batch(w->t, s, w->l.lsn, &e);
    if (st == ST_OK) st = ledger_stream(&w->l, w->t, text(OFFICE[0]), 0, &s);
    if (st == ST_OK) st = ledger_epoch_closed(w->t, s, 5);
    if (st == ST_OK) st = ledger_stream_spoken(w->t, s, &spoken);
    if (st == ST_OK) st = ledger_hash_at(&w->l, w->t, 2, &at);
    if (st == ST_OK) st = ledger_cut(w->t, &CUT, &cut_at);
    if (st == ST_OK) st = ledger_list(w->t, text(OFFICE[0]), 0, count_stream, &n);
    if (st == ST_OK && (n != 2 || spoken.epoch != second_epoch(w) || spoken.watermark != 4)) st = ST_CORRUPT;
    return st;
}

static int restore(struct world *w) { return ledger_restore(&w->l, w->t, (struct wall){ 5 }, NEXT, &ISSUER); }

static int copy_recover(struct world *w)
{
    int st = ledger_recover(&w->copy, w->u);
    return st == ST_OK ? ledger_copy_begin(&w->copy, w->u, bytes_rd64(IDENTITY.incarnation)) : st;
}

static int copy_all(struct world *w)
{
    int st = ST_OK;
    while (st == ST_OK && w->copy.lsn < w->l.lsn) {
        struct slice bytes;
        struct record r;
        unsigned code;
        st = ledger_record(w->t, w->copy.lsn + 1, &bytes);
        if (st == ST_OK) st = codec_record_parse(bytes, &r);
        if (st == ST_OK) st = ledger_copy(&w->copy, w->u, bytes, &r, r.kind == RECORD_BATCH ? &w->batch[r.lsn] : NULL, &code);
    }
    return st;
}

static int begin_anew(struct ledger *l)
{
    ledger_done(l);
    return ledger_init(l, &IDENTITY, &SIGNER);
}

static int next_process(struct world *w)
{
    int st = begin_anew(&w->l);
    if (st == ST_OK) st = ledger_recover(&w->l, w->t);
    return st == ST_OK ? read_back(w) : st;
}

static int (*const STEP[])(struct world *) = { recover, first_day, another_epoch, archive, cut, read_back, restore, another_epoch,
                                               copy_recover, copy_all, next_process };
enum { STEPS = sizeof STEP / sizeof *STEP };

/* ---- the world ---- */

static void *make(void)
{
    struct world *w = test_calloc(1, sizeof *w);
    assert_int_equal(store_mem_new(ledger_tables, &w->store), ST_OK);
    assert_int_equal(store_mem_new(ledger_tables, &w->other), ST_OK);
    breaking_store(w->store);
    breaking_store(w->other);
    assert_int_equal(ledger_init(&w->l, &IDENTITY, &SIGNER), ST_OK);
    assert_int_equal(ledger_init(&w->copy, &IDENTITY, NULL), ST_OK);
    return w;
}

static void done(void *world)
{
    struct world *w = world;
    store_abort(&w->t);
    store_abort(&w->u);
    ledger_done(&w->l);
    ledger_done(&w->copy);
    store_mem_free(&w->store);
    store_mem_free(&w->other);
    test_free(w);
}

static int step(void *world, unsigned i)
{
    struct world *w = world;
    int st = store_begin(w->store, true, &w->t);
    if (st == ST_OK) st = store_begin(w->other, true, &w->u);
    if (st == ST_OK) st = STEP[i](w);
    if (st == ST_OK) st = ledger_flush(&w->l, w->t);
    if (st == ST_OK) st = ledger_flush(&w->copy, w->u);
    if (st == ST_OK) st = store_commit(&w->u);
    return st == ST_OK ? store_commit(&w->t) : st;
}

static void again(struct ledger *l, struct store *s, bool process)
{
    struct store_txn *t;
    if (process) assert_int_equal(begin_anew(l), ST_OK);
    assert_int_equal(store_begin(s, true, &t), ST_OK);
    assert_int_equal(process ? ledger_recover(l, t) : ledger_reload(l, t), ST_OK);
    store_abort(&t);
}

static void undo(void *world, unsigned i)
{
    struct world *w = world;
    store_abort(&w->t);
    store_abort(&w->u);
    if (i == 0) {
        assert_int_equal(begin_anew(&w->l), ST_OK);
        return;
    }
    again(&w->l, w->store, i == STEPS - 1);
    again(&w->copy, w->other, false);
}

struct memory {
    uint64_t lsn, version, archived, epoch[OFFICES], watermark[OFFICES], at[OFFICES];
    int64_t ms;
    struct hash hash, root, head[OFFICES];
    uint8_t incarnation[INCARNATION_SIZE];
};

static void look(struct ledger *l, struct store *store, struct memory *m)
{
    struct store_txn *t;
    m->lsn = l->lsn, m->version = l->registry_version, m->archived = l->archived;
    m->ms = l->commit_ms;
    m->hash = l->hash;
    m->root = merkle_root(&l->tree.m);
    memcpy(m->incarnation, l->identity.incarnation, INCARNATION_SIZE);
    assert_int_equal(store_begin(store, false, &t), ST_OK);
    for (unsigned i = 0; i < OFFICES; i++) {
        struct stream *s;
        int st = ledger_stream(l, t, text(OFFICE[i]), 0, &s);
        assert_true(st == ST_OK || st == ST_NOT_FOUND);
        if (st != ST_OK) continue;
        m->epoch[i] = s->epoch, m->watermark[i] = s->watermark, m->at[i] = s->lsn;
        m->head[i] = s->head;
        assert_false(s->dirty);
    }
    store_abort(&t);
}

static struct hash state(void *world)
{
    struct world *w = world;
    struct memory m[2];
    memset(m, 0, sizeof m);
    look(&w->l, w->store, &m[0]);
    look(&w->copy, w->other, &m[1]);
    struct hash h = breaking_rows(w->store, LEDGER_TABLE_COUNT, m, sizeof m);
    return breaking_rows(w->other, LEDGER_TABLE_COUNT, h.b, HASH_SIZE);
}

static const struct breaking BREAKING = { STEPS, make, done, step, undo, state };

static void every_call_that_fails_is_said_and_changes_nothing(void **state_)
{
    (void)state_;
    breaking_each(&BREAKING);
}

/* ---- rows that are not what they were ---- */

static struct store *damaged(void *world) { return ((struct world *)world)->store; }

static void undo_nothing(void *world, unsigned i)
{
    (void)world, (void)i;               /* what is damaged stays so */
}

/* What reading everything back must notice: a length that is wrong, wherever the row has one length; a row that others point at. */
static void say(unsigned table, struct slice key, unsigned way, int st)
{
    bool name = table == LEDGER_META && key.n == 8 && memcmp(key.p, "identity", 8) == 0;
    bool checkpoint = table == LEDGER_META && key.n == 10, note = table == LEDGER_META && key.n == 7;
    if (name && way != DAMAGE_GONE) {
        assert_int_equal(st, way == DAMAGE_EMPTY ? ST_CORRUPT : ST_VERSION);
        return;
    }
    bool one_length = (table == LEDGER_META && !checkpoint && !note) || table == LEDGER_STREAM || table == LEDGER_CUT;
    if (one_length && way != DAMAGE_GONE) assert_int_equal(st, ST_CORRUPT);
    else assert_true(st == ST_OK || st == ST_CORRUPT || st == ST_NOT_FOUND);
}

static void damaged_rows_are_noticed(void **state_)
{
    struct breaking b = BREAKING;
    (void)state_;
    b.undo = undo_nothing;
    breaking_damage(&b, damaged, LEDGER_TABLE_COUNT, say);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_call_that_fails_is_said_and_changes_nothing),
                                        cmocka_unit_test(damaged_rows_are_noticed) };
    return cmocka_run_group_tests_name("ledger_break", tests, NULL, NULL);
}
