/* replica_test.c - a worker that keeps the log of another one: the same bytes, hashes and indexes; what it confirms, and what the
 * leader makes of it; kills, full stores, other logs and forged records; nothing is admitted at a follower.
 *
 * Leader and follower are the real nodes over RAM stores; frames go to and fro by hand, a step of each side at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/work_world.h"

enum { LEADER = PEER_FIRST + 100 };
struct copy {
    struct world w;                     /* the leader */
    struct store *store;
    struct work *work;
    struct node node;
    struct effects x;
    struct now now;
    peer_id peer;                       /* the follower's present connection, as the leader names it */
};

static struct node start(struct copy *c)
{
    struct work_options o = { .identity = { .id = "w1", .number = 1, .incarnation = { 9, 9 } },
                              .verifier = c->w.verifier, .signer = &c->w.signer, .follow = true, .follower_keys = 1 };
    struct store_txn *t = NULL;

    work_world_follower_key(o.follower_key[0]);
    assert_int_equal(work_new(&o, &c->work), ST_OK);
    work_dialled(c->work, LEADER);
    c->node = work_node(c->work);
    assert_int_equal(store_begin(c->store, true, &t), ST_OK);
    assert_int_equal(c->node.ops->recover(c->node.self, t, c->now), ST_OK);
    assert_int_equal(store_commit(&t), ST_OK);
    return c->node;
}

static int setup(void **state)
{
    struct copy *c = calloc(1, sizeof *c);

    work_world_init(&c->w, false);
    c->now = c->w.now;
    c->peer = PEER_FOLLOWER;
    assert_int_equal(store_mem_new(ledger_tables, &c->store), ST_OK);
    assert_int_equal(effects_init(&c->x, 64 << 20), ST_OK);
    start(c);
    *state = c;
    return 0;
}

static int teardown(void **state)
{
    struct copy *c = *state;

    work_free(&c->work);
    store_mem_free(&c->store);
    effects_done(&c->x);
    work_world_done(&c->w);
    free(c);
    return 0;
}

/* One step of the follower with these messages; its effects stay in c->x. ST_FULL: the step was aborted. */
static int step(struct copy *c, const struct message *m, size_t n)
{
    struct store_txn *t = NULL;
    int st;

    effects_clear(&c->x);
    assert_int_equal(store_begin(c->store, true, &t), ST_OK);
    for (size_t i = 0; i < n; i++) assert_int_equal(c->node.ops->on_message(c->node.self, t, c->now, &m[i], &c->x), ST_OK);
    assert_int_equal(c->node.ops->on_tick(c->node.self, t, c->now, &c->x), ST_OK);
    assert_int_equal(c->node.ops->flush(c->node.self, t, c->now, &c->x), ST_OK);
    st = store_commit(&t);
    if (st == ST_OK) return ST_OK;
    assert_int_equal(st, ST_FULL);
    effects_clear(&c->x);
    assert_int_equal(store_begin(c->store, false, &t), ST_OK);
    assert_int_equal(c->node.ops->on_abort(c->node.self, t, c->now), ST_OK);
    store_abort(&t);
    return ST_FULL;
}

static void link_up(struct copy *c)
{
    const struct message up = { .what = MESSAGE_UP, .peer = LEADER };

    c->peer++;
    assert_int_equal(step(c, &up, 1), ST_OK);
}

/* What the follower said goes to the leader in one step, what that says back to the follower in the next. true: anything was. */
static bool turn(struct copy *c)
{
    struct message m[64];
    uint8_t key[PUBKEY_SIZE];
    size_t n = 0;
    bool said = c->x.count > 0;

    work_world_follower_key(key);
    for (uint32_t i = 0; i < c->x.count; i++)
        if (c->x.e[i].kind == EFFECT_SEND && c->x.e[i].peer == LEADER)
            work_world_frame(&c->w, c->peer, key, effects_bytes(&c->x, &c->x.e[i]));
    work_world_commit(&c->w);
    for (uint32_t i = 0; i < c->w.x.count && n < 64; i++)
        if (c->w.x.e[i].kind == EFFECT_SEND && c->w.x.e[i].peer == c->peer)
            m[n++] = (struct message){ .what = MESSAGE_DATA, .peer = LEADER, .bytes = effects_bytes(&c->w.x, &c->w.x.e[i]) };
    if (n == 0 && !said) return false;
    (void)step(c, m, n);
    return n > 0 || c->x.count > 0;
}

static void settle(struct copy *c)
{
    for (int i = 0; i < 60 && turn(c); i++) continue;
}

static struct work_status status(const struct work *w)
{
    struct work_status s;

    work_status(w, &s);
    return s;
}

static uint64_t copied(struct copy *c) { return status(c->work).lsn; }

static int same_table(struct store *a, struct store *b, unsigned table)
{
    struct store_txn *t[2] = { NULL, NULL };
    struct store_cursor *c[2] = { NULL, NULL };
    struct slice k[2], v[2];
    int rows = 0, st[2];

    for (int i = 0; i < 2; i++) {
        assert_int_equal(store_begin(i ? b : a, false, &t[i]), ST_OK);
        assert_int_equal(store_cursor(t[i], table, &c[i]), ST_OK);
        st[i] = store_seek(c[i], slice_of("", 0), &k[i], &v[i]);
    }
    for (; st[0] == ST_OK && st[1] == ST_OK; rows++) {
        assert_true(k[0].n == k[1].n && v[0].n == v[1].n);
        assert_memory_equal(k[0].p, k[1].p, k[0].n);
        if (v[0].n > 0) assert_memory_equal(v[0].p, v[1].p, v[0].n);
        for (int i = 0; i < 2; i++) st[i] = store_next(c[i], &k[i], &v[i]);
    }
    assert_int_equal(st[0], st[1]);
    for (int i = 0; i < 2; i++) {
        store_cursor_close(&c[i]);
        store_abort(&t[i]);
    }
    return rows;
}

static void assert_same_log(struct copy *c)
{
    static const unsigned tables[] = { LEDGER_LOG, LEDGER_STREAM, LEDGER_EPOCH, LEDGER_BY_OFFICE, LEDGER_TIME, LEDGER_TREE };
    struct work_status a = status(c->w.work), b = status(c->work);

    assert_int_equal(a.lsn, b.lsn);
    assert_memory_equal(a.hash.b, b.hash.b, HASH_SIZE);
    assert_int_equal(a.registry_version, b.registry_version);
    assert_memory_equal(a.identity.incarnation, b.identity.incarnation, 8);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) (void)same_table(c->w.store, c->store, tables[i]);
}

static void the_copy_has_the_same_bytes(void **state)
{
    struct copy *c = *state;
    struct sender a = work_world_open(&c->w, PEER_A, OFFICE_A, 5), t = work_world_open(&c->w, PEER_T, TREASURER, 9);

    for (int i = 0; i < 5; i++) {
        work_world_push(&c->w, &a, 12, i);
        work_world_push(&c->w, &t, 3, i);       /* budget rows of a treasurer: logged with dispositions */
        work_world_commit(&c->w);
    }
    a = work_world_open(&c->w, PEER_A, OFFICE_A, 6);    /* another epoch closes the first */
    work_world_push(&c->w, &a, 7, 1);
    work_world_commit(&c->w);
    link_up(c);
    settle(c);
    assert_int_equal(copied(c), 15);
    assert_same_log(c);
    work_world_register(&c->w, "gen-3374-05", "33.74", ROLE_OFFICE, OFFICE_ACTIVE, INT64_MAX);
    work_world_push(&c->w, &a, 2, 5);           /* and it goes on, live */
    settle(c);
    assert_int_equal(copied(c), 17);
    assert_same_log(c);
    assert_int_equal(status(c->work).replica.state, REPLICA_FOLLOWING);
    assert_int_equal(status(c->work).replica.code, CODE_OK);
}

/* ---- what is archived ---- */

static uint64_t told_archived(struct copy *c)
{
    const struct field ping[] = { { .u = 1 } };
    uint64_t sequence = 0;

    work_world_send(&c->w, PEER_A, OFFICE_A, MSG_PING, ping);
    work_world_commit(&c->w);
    for (unsigned i = 0; i < work_world_count(&c->w, PEER_A, MSG_ACK); i++) {
        struct reply r = work_world_reply(&c->w, PEER_A, MSG_ACK, i);
        if (r.f[6].u == 2) sequence = r.f[3].u;
    }
    return sequence;
}

static void only_what_the_follower_has_on_disk_is_archived(void **state)
{
    struct copy *c = *state;
    struct hash hash;
    struct store_txn *t = NULL;
    struct sender a;

    c->w.acks = 2;
    work_world_restart(&c->w);
    a = work_world_open(&c->w, PEER_A, OFFICE_A, 5);
    work_world_push(&c->w, &a, 12, 1);
    work_world_commit(&c->w);
    assert_int_equal(told_archived(c), 0);
    hash = status(c->w.work).hash;              /* an archive does not count: a promoted follower could not make good for it */
    assert_int_equal(store_begin(c->w.store, true, &t), ST_OK);
    assert_int_equal(work_archive(c->w.work, t, status(c->w.work).lsn, &hash), ST_OK);
    assert_int_equal(store_commit(&t), ST_OK);
    assert_int_equal(told_archived(c), 0);
    link_up(c);
    settle(c);
    assert_int_equal(told_archived(c), 12);
    assert_int_equal(told_archived(c), 0);      /* once */
    work_world_push(&c->w, &a, 8, 2);
    work_world_commit(&c->w);                   /* the follower has been sent it and has not answered */
    assert_int_equal(told_archived(c), 0);
    c->x.count = 0;
    link_up(c);
    settle(c);
    assert_int_equal(told_archived(c), 20);
    assert_int_equal(status(c->w.work).archived, copied(c));
}

static void a_leader_that_starts_again_is_told_again(void **state)
{
    struct copy *c = *state;
    struct sender a;

    c->w.acks = 2;
    work_world_restart(&c->w);
    a = work_world_open(&c->w, PEER_A, OFFICE_A, 5);
    work_world_push(&c->w, &a, 12, 1);
    work_world_commit(&c->w);
    link_up(c);
    settle(c);
    work_world_restart(&c->w);
    (void)work_world_open(&c->w, PEER_A, OFFICE_A, 5);
    assert_int_equal(told_archived(c), 0);      /* the mark was not kept */
    link_up(c);
    settle(c);                                  /* nothing new to store: what is there is said all the same */
    assert_int_equal(told_archived(c), 12);
}

static void with_one_ack_a_follower_archives_nothing(void **state)
{
    struct copy *c = *state;
    struct sender a = work_world_open(&c->w, PEER_A, OFFICE_A, 5);

    work_world_push(&c->w, &a, 12, 1);
    work_world_commit(&c->w);
    link_up(c);
    settle(c);
    assert_int_equal(copied(c), 5);
    assert_int_equal(told_archived(c), 0);
    assert_true(status(c->work).replica.uncounted);
    assert_int_equal(status(c->w.work).stored, 0);      /* its key is not a replica's: what it says is not believed */
}

static void a_confirmation_of_another_log_is_refused(void **state)
{
    struct copy *c = *state;
    struct hash no = { { 1 } };
    const struct field stored[] = { { .u = 3 }, { .s = { no.b, HASH_SIZE } } };
    const struct field beyond[] = { { .u = 99 }, { .s = { no.b, HASH_SIZE } } };

    c->w.acks = 2;
    work_world_restart(&c->w);
    work_world_commit(&c->w);
    work_world_hello(&c->w, PEER_FOLLOWER, NULL, 1);
    work_world_send(&c->w, PEER_FOLLOWER, NULL, MSG_STORED, stored);
    work_world_commit(&c->w);
    assert_int_equal(work_world_nack(&c->w, PEER_FOLLOWER), CODE_DIFFERENT_HISTORY);
    work_world_send(&c->w, PEER_FOLLOWER, NULL, MSG_STORED, beyond);
    work_world_commit(&c->w);
    assert_int_equal(work_world_nack(&c->w, PEER_FOLLOWER), CODE_DIFFERENT_HISTORY);
    work_world_hello(&c->w, PEER_A, OFFICE_A, 1);
    work_world_send(&c->w, PEER_A, OFFICE_A, MSG_STORED, stored);
    work_world_commit(&c->w);
    assert_int_equal(work_world_nack(&c->w, PEER_A), CODE_UNAUTHORISED);
    assert_int_equal(status(c->w.work).stored, 0);
}

/* ---- it ends and starts ---- */

static void restart(struct copy *c)
{
    store_mem_crash(c->store);
    effects_clear(&c->x);
    work_free(&c->work);
    start(c);
}

static void a_killed_follower_goes_on_from_its_disk(void **state)
{
    struct copy *c = *state;
    struct sender a = work_world_open(&c->w, PEER_A, OFFICE_A, 5);

    for (int i = 0; i < 6; i++) {
        work_world_push(&c->w, &a, 6000, i);
        work_world_commit(&c->w);
        if (i % 2 == 0) link_up(c);
        if (i == 3) work_world_register(&c->w, "gen-3374-05", "33.74", ROLE_OFFICE, OFFICE_ACTIVE, INT64_MAX);
        (void)turn(c);
        (void)turn(c);
        restart(c);                     /* the register is read back from the log */
    }
    link_up(c);
    settle(c);
    assert_int_equal(copied(c), 11);
    assert_same_log(c);
}

static void a_full_store_loses_nothing(void **state)
{
    struct copy *c = *state;
    struct sender a = work_world_open(&c->w, PEER_A, OFFICE_A, 5);

    work_world_push(&c->w, &a, 12, 1);
    work_world_commit(&c->w);
    link_up(c);
    assert_true(turn(c));               /* SUBSCRIBE is on its way */
    store_mem_fail_next_commit(c->store, MEM_FAULT_FULL);
    (void)turn(c);                      /* the records arrive; the step is lost */
    assert_int_equal(copied(c), 0);
    c->now.mono.us += 2000000;
    assert_int_equal(step(c, NULL, 0), ST_OK);
    settle(c);
    assert_int_equal(copied(c), 5);
    assert_same_log(c);
}

/* ---- other logs ---- */

/* The leader's log is gone and begun anew; other content, the same offices. */
static void fork_leader(struct copy *c, unsigned batches)
{
    struct sender a;

    work_world_done(&c->w);
    work_world_init(&c->w, false);
    a = work_world_open(&c->w, PEER_A, OFFICE_A, 5);
    for (unsigned i = 0; i < batches; i++) work_world_push(&c->w, &a, 5, 777);
    work_world_commit(&c->w);
}

static void a_forked_leader_is_a_loud_state_and_nothing_is_cut(void **state)
{
    struct copy *c = *state;
    struct sender a = work_world_open(&c->w, PEER_A, OFFICE_A, 5);
    struct work_status before, after;

    for (int i = 0; i < 3; i++) work_world_push(&c->w, &a, 12, i);
    work_world_commit(&c->w);
    link_up(c);
    settle(c);
    before = status(c->work);
    assert_int_equal(before.lsn, 7);
    for (unsigned batches = 1; batches <= 5; batches += 2) {    /* shorter, as long, longer than the copy */
        fork_leader(c, batches);
        link_up(c);
        settle(c);
        after = status(c->work);
        assert_int_equal(after.replica.state, REPLICA_STOPPED);
        assert_int_equal(after.replica.code, CODE_DIFFERENT_HISTORY);
        assert_int_equal(after.replica.evidence, 1);            /* each finding once */
        assert_int_equal(after.lsn, before.lsn);
        assert_memory_equal(after.hash.b, before.hash.b, HASH_SIZE);
    }
    restart(c);
    after = status(c->work);
    assert_int_equal(after.replica.evidence, 1);                /* it stays */
    assert_int_equal(after.replica.evidence_code, CODE_DIFFERENT_HISTORY);
    assert_int_equal(after.lsn, before.lsn);
}

static void another_workers_log_is_not_taken(void **state)
{
    struct copy *c = *state;
    const struct field hello[] = { { .u = 1 }, { .s = slice_of("w2", 2) }, { .u = 7 }, { .u = 1 }, { .u = 1 },
                                   { .s = { (const uint8_t[HASH_SIZE]){ 0 }, HASH_SIZE } }, { .u = 0 } };
    struct buf b;

    link_up(c);
    buf_init(&b, FRAME_BYTES_MAX);
    assert_true(codec_build(&b, MSG_HELLO_OK, hello));
    const struct message m = { .what = MESSAGE_DATA, .peer = LEADER, .bytes = buf_slice(&b) };
    assert_int_equal(step(c, &m, 1), ST_OK);
    buf_done(&b);
    assert_int_equal(status(c->work).replica.state, REPLICA_STOPPED);
    assert_int_equal(status(c->work).replica.code, CODE_DIFFERENT_HISTORY);
    assert_string_equal(status(c->work).replica.seen, "worker w2");
}

/* RECORDS with one record that stands next and says `content`. */
static void forge(struct copy *c, unsigned kind, struct slice content)
{
    struct work_status s = status(c->work);
    struct record r = { .kind = kind, .lsn = s.lsn + 1, .at = { 1900000000000 }, .previous = s.hash, .content = content };
    struct field f[] = { { .u = r.lsn }, { .s = { s.hash.b, HASH_SIZE } }, { .u = r.lsn }, { .s = slice_of("", 0) } };
    struct buf record, list, frame;

    buf_init(&record, RECORD_BYTES_MAX);
    buf_init(&list, FRAME_BYTES_MAX);
    buf_init(&frame, FRAME_BYTES_MAX);
    codec_record_put(&record, &r);
    codec_put_array(&list, 1);
    codec_put_bin(&list, buf_slice(&record));
    f[3].s = buf_slice(&list);
    assert_true(codec_build(&frame, MSG_RECORDS, f));
    const struct message m = { .what = MESSAGE_DATA, .peer = LEADER, .bytes = buf_slice(&frame) };
    assert_int_equal(step(c, &m, 1), ST_OK);
    buf_done(&record);
    buf_done(&list);
    buf_done(&frame);
}

static void what_no_office_signed_is_not_stored(void **state)
{
    struct copy *c = *state;
    struct sender a = work_world_open(&c->w, PEER_A, OFFICE_A, 5), good = a;
    struct buf body, frame, payload;
    struct batch parsed;
    struct frame f;
    unsigned code;

    work_world_commit(&c->w);
    link_up(c);
    settle(c);
    assert_int_equal(copied(c), 4);
    buf_init(&body, BATCH_BYTES_MAX);
    buf_init(&frame, FRAME_BYTES_MAX);
    buf_init(&payload, FRAME_BYTES_MAX);
    work_world_body(&body, OFFICE_A, SOURCE_DPA, MEASURE_REALISED, 3, 9);
    work_world_batch(&c->w, &a, 3, buf_slice(&body), &frame);
    assert_int_equal(codec_frame_parse(buf_slice(&frame), &f, &code), ST_OK);
    buf_put(&payload, f.payload.p, f.payload.n);
    assert_int_equal(codec_batch_parse(buf_slice(&payload), &parsed), ST_OK);
    payload.p[parsed.signature.p - payload.p] ^= 1;
    forge(c, RECORD_BATCH, buf_slice(&payload));
    assert_int_equal(status(c->work).replica.code, CODE_BAD_SIGNATURE);
    assert_int_equal(status(c->work).replica.state, REPLICA_STOPPED);
    assert_int_equal(copied(c), 4);
    link_up(c);                         /* the true leader goes on */
    settle(c);
    assert_int_equal(status(c->work).replica.state, REPLICA_FOLLOWING);
    a = good;
    a.next = 5;                         /* a gap in what an office signed */
    work_world_batch(&c->w, &a, 3, buf_slice(&body), &frame);
    assert_int_equal(codec_frame_parse(buf_slice(&frame), &f, &code), ST_OK);
    forge(c, RECORD_BATCH, f.payload);
    assert_int_equal(status(c->work).replica.code, CODE_GAP);
    link_up(c);
    settle(c);
    forge(c, RECORD_OFFICE, slice_of("9\tx", 3));
    assert_int_equal(status(c->work).replica.code, CODE_BAD_FORMAT);
    assert_int_equal(copied(c), 4);
    assert_int_equal(status(c->work).replica.evidence, 3);
    buf_done(&body);
    buf_done(&frame);
    buf_done(&payload);
}

/* ---- nothing of its own ---- */

static unsigned says(struct copy *c, unsigned type, const struct field *f)
{
    struct message m = { .what = MESSAGE_DATA, .peer = PEER_A };
    struct frame fr;
    struct field v[FIELDS_MAX];
    unsigned code = CODE_OK;
    struct buf b;

    work_world_transport(OFFICE_A, m.key);
    buf_init(&b, FRAME_BYTES_MAX);
    assert_true(codec_build(&b, type, f));
    m.bytes = buf_slice(&b);
    assert_int_equal(step(c, &m, 1), ST_OK);
    buf_done(&b);
    for (uint32_t i = 0; i < c->x.count; i++)
        if (c->x.e[i].kind == EFFECT_SEND && c->x.e[i].peer == PEER_A &&
            codec_frame_parse(effects_bytes(&c->x, &c->x.e[i]), &fr, &code) == ST_OK && fr.type == MSG_NACK) {
            codec_fields(&fr, v);
            return (unsigned)v[4].u;
        }
    return CODE_OK;
}

static void a_follower_admits_nothing(void **state)
{
    struct copy *c = *state;
    uint8_t id[16] = { 1 };
    const struct field hello[] = { { .u = 1 }, { .u = 1 }, { .s = { id, 16 } }, { .s = slice_of("collector", 9) },
                                   { .s = slice_of("x", 1) }, { .u = 0 } };

    work_world_commit(&c->w);
    link_up(c);
    settle(c);
    work_set_registry(c->work, c->w.registry);
    assert_int_equal(says(c, MSG_HELLO, hello), CODE_FOLLOWER);
    work_world_register(&c->w, "gen-3374-05", "33.74", ROLE_OFFICE, OFFICE_ACTIVE, INT64_MAX);
    work_set_registry(c->work, c->w.registry);
    assert_int_equal(step(c, NULL, 0), ST_OK);
    assert_int_equal(copied(c), 4);     /* a register of its own is not logged either */
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = { T(the_copy_has_the_same_bytes),
                                        T(only_what_the_follower_has_on_disk_is_archived),
                                        T(a_leader_that_starts_again_is_told_again),
                                        T(with_one_ack_a_follower_archives_nothing),
                                        T(a_confirmation_of_another_log_is_refused),
                                        T(a_killed_follower_goes_on_from_its_disk),
                                        T(a_full_store_loses_nothing),
                                        T(a_forked_leader_is_a_loud_state_and_nothing_is_cut),
                                        T(another_workers_log_is_not_taken),
                                        T(what_no_office_signed_is_not_stored),
                                        T(a_follower_admits_nothing) };

    return cmocka_run_group_tests_name("replica", tests, NULL, NULL);
}
