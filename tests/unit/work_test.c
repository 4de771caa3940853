/* work_test.c - the worker's node: every answer to a BATCH and an OPEN, what a crash and a full store leave, the feed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "work_world.h"

static struct slice text(const char *s)
{
    return slice_of(s, strlen(s));
}

static uint64_t lsn_of(const struct world *w)
{
    struct work_status s;

    work_status(w->work, &s);
    return s.lsn;
}

static void assert_ack(const struct world *w, const struct sender *s, uint64_t sequence)
{
    struct reply r = work_world_reply(w, s->peer, MSG_ACK, 0);

    assert_true(r.found);
    assert_true(r.f[0].s.n == strlen(s->office) && memcmp(r.f[0].s.p, s->office, r.f[0].s.n) == 0);
    assert_int_equal(r.f[2].u, s->epoch);
    assert_int_equal(r.f[3].u, sequence);
    assert_int_equal(r.f[6].u, 1);
}

/* The pairs of an ACK: returns how many, and the code of `sequence`. */
static uint32_t ack_pairs(const struct reply *r, uint64_t sequence, unsigned *ret_code)
{
    struct rd rd = rd_of(r->f[7].s);
    uint32_t n = codec_get_array(&rd);

    *ret_code = CODE_OK;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t seq, code;

        assert_int_equal(codec_get_array(&rd), 2);
        seq = codec_get_uint(&rd);
        code = codec_get_uint(&rd);
        if (seq == sequence) *ret_code = (unsigned)code;
    }
    assert_false(rd.bad);
    return n;
}

/* ---- sessions ---- */

static void hello_comes_first(void **state)
{
    struct world *w = *state;
    const struct field ping[] = { { .u = 5 } };
    struct reply r;

    work_world_send(w, PEER_A, OFFICE_A, MSG_PING, ping);
    work_world_commit(w);
    assert_int_equal(work_world_nack(w, PEER_A), CODE_BAD_FORMAT);
    work_world_hello(w, PEER_A, OFFICE_A, 1);
    r = work_world_reply(w, PEER_A, MSG_HELLO_OK, 0);
    assert_true(r.found && r.f[0].u == CODEC_VERSION && r.f[3].u == CREDIT_BYTES && r.f[6].u == 4);
    work_world_send(w, PEER_A, OFFICE_A, MSG_PING, ping);
    work_world_commit(w);
    r = work_world_reply(w, PEER_A, MSG_PONG, 0);
    assert_true(r.found && r.f[0].u == 5 && r.f[1].u == 4);
}

static void versions_are_negotiated(void **state)
{
    static const struct { uint64_t low, high; unsigned code; } cases[] = { { 1, 1, CODE_OK }, { 1, 9, CODE_OK }, { 0, 1, CODE_OK },
                                                                          { 2, 9, CODE_BAD_VERSION }, { 0, 0, CODE_BAD_VERSION } };
    struct world *w = *state;
    uint8_t id[16] = { 1 };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct field f[] = { { .u = cases[i].low }, { .u = cases[i].high }, { .s = { id, 16 } }, { .s = text("collector") },
                                   { .s = text("gen") }, { .u = 0 } };

        work_world_send(w, PEER_A, OFFICE_A, MSG_HELLO, f);
        work_world_commit(w);
        assert_int_equal(work_world_nack(w, PEER_A), cases[i].code);
        assert_int_equal(work_world_reply(w, PEER_A, MSG_HELLO_OK, 0).found, cases[i].code == CODE_OK);
    }
}

static void strangers_and_garbage_are_refused(void **state)
{
    struct world *w = *state;
    const struct field idle[] = { { .u = 1 }, { .s = { (const uint8_t[HASH_SIZE]){ 0 }, HASH_SIZE } } };
    uint8_t key[PUBKEY_SIZE] = { 1 };

    work_world_hello(w, PEER_A, "gen-9999-99", 1);
    assert_int_equal(work_world_nack(w, PEER_A), CODE_UNKNOWN_OFFICE);
    work_world_frame(w, PEER_B, key, text("RKAPgarbage-that-is-no-frame"));
    work_world_commit(w);
    assert_true(work_world_nack(w, PEER_B) != CODE_OK && work_world_closed(w, PEER_B));
    work_world_hello(w, PEER_C, OFFICE_C, 1);
    work_world_send(w, PEER_C, OFFICE_C, MSG_IDLE, idle);       /* only a worker says that */
    work_world_commit(w);
    assert_true(work_world_nack(w, PEER_C) == CODE_BAD_FORMAT && work_world_closed(w, PEER_C));
}

/* A whole message of a type that a later minor may have: passed over once the peer has greeted, a stranger's is refused. */
static void what_a_later_minor_says_ends_no_session(void **state)
{
    struct world *w = *state;
    struct work_status s;
    uint8_t key[PUBKEY_SIZE];
    struct buf b;

    buf_init(&b, FRAME_BYTES_MAX);
    assert_true(codec_build(&b, MSG_CREDIT, &(const struct field){ .u = 1 }));
    b.p[5] = 99;
    codec_frame_end(&b);
    work_world_transport(OFFICE_A, key);
    work_world_frame(w, PEER_A, key, buf_slice(&b));
    work_world_commit(w);
    assert_true(work_world_nack(w, PEER_A) == CODE_BAD_FORMAT && work_world_closed(w, PEER_A));
    work_world_hello(w, PEER_B, OFFICE_A, 1);
    work_world_frame(w, PEER_B, key, buf_slice(&b));
    work_world_commit(w);
    assert_true(work_world_nack(w, PEER_B) == CODE_OK && !work_world_closed(w, PEER_B));
    work_status(w->work, &s);
    assert_int_equal(s.counters.unknown, 1);
    buf_done(&b);
}

static void a_newer_session_of_the_same_installation_replaces_the_older(void **state)
{
    struct world *w = *state;
    struct work_status s;

    work_world_hello(w, PEER_A, OFFICE_A, 1);
    work_world_hello(w, PEER_B, OFFICE_A, 2);   /* another installation: stays */
    work_world_hello(w, PEER_C, OFFICE_A, 1);
    assert_true(work_world_closed(w, PEER_A) && !work_world_closed(w, PEER_B));
    work_status(w->work, &s);
    assert_int_equal(s.sessions, 2);
}

static void silent_sessions_end(void **state)
{
    struct world *w = *state;
    struct work_status s;

    work_world_hello(w, PEER_A, OFFICE_A, 1);
    w->now.mono.us += INT64_C(1000000) * (SESSION_SILENCE_S + 6);
    assert_true(w->node.ops->next_deadline(w->node.self).us <= w->now.mono.us);
    work_world_commit(w);
    assert_true(work_world_closed(w, PEER_A));
    work_status(w->work, &s);
    assert_int_equal(s.sessions, 0);
}

static void one_key_holds_few_connections(void **state)
{
    struct world *w = *state;
    struct work_status s;

    for (unsigned i = 0; i < SESSIONS_PER_KEY + 3; i++) {
        w->now.mono.us++;
        work_world_hello(w, PEER_FIRST + i, OFFICE_A, (uint8_t)i);
    }
    work_status(w->work, &s);
    assert_int_equal(s.sessions, SESSIONS_PER_KEY);
    assert_int_equal(s.counters.evicted, 3);
}

/* ---- OPEN ---- */

static void open_grants_resumes_and_closes(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 77), newer;
    struct reply r = work_world_reply(w, PEER_A, MSG_OPEN_OK, 0);

    assert_true(r.found && r.f[2].u == 77 && r.f[3].u == 0 && r.f[5].u == 0);
    work_world_push(w, &s, 3, 100);
    work_world_commit(w);
    work_world_open_again(w, &s, 3, &s.head);
    r = work_world_reply(w, PEER_A, MSG_OPEN_OK, 0);
    assert_true(r.found && r.f[3].u == 3 && memcmp(r.f[4].s.p, s.head.b, HASH_SIZE) == 0 && r.f[5].u == 5);
    newer = s;
    newer.epoch = 78;
    work_world_open_again(w, &newer, 0, NULL);
    r = work_world_reply(w, PEER_A, MSG_OPEN_OK, 0);
    assert_true(r.found && r.f[2].u == 78 && r.f[3].u == 0);
    work_world_open_again(w, &s, 3, &s.head);
    assert_int_equal(work_world_nack(w, PEER_A), CODE_STALE);
}

static void open_refuses(void **state)
{
    static const struct { const char *office; uint64_t stream, epoch; unsigned code;
    } cases[] = {
        { "gen-9999-01", 0, 1, CODE_UNKNOWN_OFFICE },
        { "Bukan Id", 0, 1, CODE_UNKNOWN_OFFICE },
        { OFFICE_B, 0, 1, CODE_UNAUTHORISED },
        { OFFICE_A, STREAMS_PER_OFFICE, 1, CODE_BAD_FORMAT },
        { OFFICE_A, 0, 0, CODE_BAD_FORMAT },
        { OFFICE_A, 0, UINT64_MAX, CODE_BAD_FORMAT },
        { OFFICE_A, 0, 1, CODE_OK },
    };
    static const uint8_t zero[HASH_SIZE];
    struct world *w = *state;

    work_world_hello(w, PEER_A, OFFICE_A, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct field f[] = { { .s = text(cases[i].office) },
                                   { .u = cases[i].stream },
                                   { .u = cases[i].epoch },
                                   { .u = 0 },
                                   { .s = { zero, HASH_SIZE } } };

        work_world_send(w, PEER_A, OFFICE_A, MSG_OPEN, f);
        work_world_commit(w);
        assert_int_equal(work_world_nack(w, PEER_A), cases[i].code);
    }
    work_world_register(w, OFFICE_A, "33.74", ROLE_OFFICE, OFFICE_ACTIVE, w->now.wall.ms);
    work_world_open_again(w, &(struct sender){ .office = OFFICE_A, .peer = PEER_A, .epoch = 1 }, 0, NULL);
    assert_int_equal(work_world_nack(w, PEER_A), CODE_EXPIRED);
}

static void a_fork_is_told_at_open(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5);
    struct hash first, other = { { 9 } };

    work_world_push(w, &s, 4, 1);
    first = s.head;
    work_world_push(w, &s, 4, 2);
    work_world_commit(w);
    work_world_open_again(w, &s, 4, &first);
    assert_int_equal(work_world_nack(w, PEER_A), CODE_OK);
    work_world_open_again(w, &s, 4, &other);
    assert_int_equal(work_world_nack(w, PEER_A), CODE_DIFFERENT_HISTORY);
    work_world_open_again(w, &s, 3, &first);    /* no batch of ours ends there */
    assert_int_equal(work_world_nack(w, PEER_A), CODE_DIFFERENT_HISTORY);
    work_world_open_again(w, &s, 12, &other);   /* beyond what is here: to be sent again, nothing to compare */
    assert_int_equal(work_world_nack(w, PEER_A), CODE_OK);
}

/* ---- BATCH ---- */

static void a_batch_is_logged_and_acknowledged(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5);

    work_world_push(w, &s, 24, 100);
    work_world_push(w, &s, 24, 200);
    assert_int_equal(work_world_commit(w), ST_OK);
    assert_int_equal(work_world_count(w, PEER_A, MSG_ACK), 1);  /* one for both */
    assert_ack(w, &s, 48);
    assert_int_equal(lsn_of(w), 6);
    work_world_commit(w);
    assert_int_equal(work_world_count(w, PEER_A, MSG_ACK), 0);
}

enum fault { F_NONE, F_OTHER_PEER, F_BAD_SIGNATURE, F_NAME, F_KEY_ID, F_EPOCH, F_GAP, F_CHAIN, F_BROKEN_HASH };

static unsigned pushed_with(struct world *w, enum fault fault)
{
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5);
    struct buf body, frame;
    unsigned code;

    buf_init(&body, BATCH_BYTES_MAX);
    buf_init(&frame, FRAME_BYTES_MAX);
    work_world_push(w, &s, 2, 1);
    work_world_commit(w);
    if (fault == F_EPOCH) s.epoch = 6;
    if (fault == F_GAP) s.next += 2;
    if (fault == F_CHAIN) s.head.b[0] ^= 1;
    if (fault == F_OTHER_PEER) {
        s.peer = PEER_B;
        work_world_hello(w, PEER_B, OFFICE_A, 2);
    }
    if (fault == F_NAME) s.office = OFFICE_B; /* another office's name and key over this connection */
    s.wrong_key_id = fault == F_KEY_ID;
    work_world_body(&body, OFFICE_A, SOURCE_OPD, MEASURE_REALISED, 2, 50);
    work_world_batch(w, &s, 2, buf_slice(&body), &frame);
    if (fault == F_BAD_SIGNATURE || fault == F_BROKEN_HASH) {
        uint8_t *at = memmem(frame.p, frame.n, body.p, body.n);

        ASSERT(at != NULL);
        *(fault == F_BROKEN_HASH ? at + body.n - 1 : at - 10) ^=
            1; /* the last byte of the body, or one of the signature before it */
        codec_frame_end(&frame);
    }
    work_world_deliver(w, &s, buf_slice(&frame));
    work_world_commit(w);
    code = work_world_nack(w, s.peer);
    assert_int_equal(work_world_reply(w, s.peer, MSG_ACK, 0).found, code == CODE_OK);
    buf_done(&body);
    buf_done(&frame);
    return code;
}

static void batches_refused_before_content(void **state)
{
    static const struct {
        enum fault fault;
        unsigned code;
    } cases[] = {
        { F_NONE, CODE_OK },
        { F_OTHER_PEER, CODE_BUSY },
        { F_BAD_SIGNATURE, CODE_BAD_SIGNATURE },
        { F_NAME, CODE_BUSY },
        { F_KEY_ID, CODE_BAD_SIGNATURE },
        { F_EPOCH, CODE_STALE },
        { F_GAP, CODE_GAP },
        { F_CHAIN, CODE_BAD_CHAIN },
        { F_BROKEN_HASH, CODE_BAD_FORMAT },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world *w;
        void *fresh = NULL;

        work_world_setup(&fresh);
        w = fresh;
        assert_int_equal(pushed_with(w, cases[i].fault), cases[i].code);
        assert_int_equal(lsn_of(w), 4 + 1 + (cases[i].code == CODE_OK));
        work_world_teardown(&fresh);
    }
    (void)state;
}

static void revocation_bites_on_the_next_batch(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5);

    work_world_push(w, &s, 2, 1);
    work_world_commit(w);
    assert_ack(w, &s, 2);
    work_world_register(w, OFFICE_A, "33.74", ROLE_OFFICE, OFFICE_REVOKED, INT64_MAX);
    assert_true(w->node.ops->wants_step(w->node.self));
    work_world_push(w, &s, 2, 2);
    work_world_commit(w);
    assert_int_equal(work_world_nack(w, PEER_A), CODE_REVOKED);
    assert_int_equal(lsn_of(w), 4 + 1 + 1);             /* the registry entry was logged, the batch was not */
    assert_false(w->node.ops->wants_step(w->node.self));
}

static void a_repeated_batch_is_acknowledged_again_and_logged_once(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5), before = s;
    struct reply r;
    struct buf body, frame;
    unsigned code;

    buf_init(&body, BATCH_BYTES_MAX);
    buf_init(&frame, FRAME_BYTES_MAX);
    work_world_body(&body, OFFICE_B, SOURCE_OPD, MEASURE_REALISED, 3, 50);      /* not its own: three dispositions */
    work_world_batch(w, &s, 3, buf_slice(&body), &frame);
    for (int i = 0; i < 3; i++) {
        work_world_deliver(w, &s, buf_slice(&frame));
        work_world_commit(w);
        assert_ack(w, &s, 3);
        r = work_world_reply(w, PEER_A, MSG_ACK, 0);
        assert_int_equal(ack_pairs(&r, 2, &code), 3);
        assert_int_equal(code, CODE_UNAUTHORISED);
        assert_int_equal(lsn_of(w), 5);
    }
    work_world_push(w, &before, 3, 99);         /* other content under the same numbers */
    work_world_commit(w);
    assert_int_equal(work_world_nack(w, PEER_A), CODE_CONFLICT);
    before = (struct sender){ .office = OFFICE_A, .peer = PEER_A, .epoch = 5, .next = 2, .installation = 1 };
    work_world_push(w, &before, 5, 99);         /* overlaps the end of what is logged */
    work_world_commit(w);
    assert_int_equal(work_world_nack(w, PEER_A), CODE_CONFLICT);
    assert_int_equal(lsn_of(w), 5);
    buf_done(&body);
    buf_done(&frame);
}

static void a_gap_is_complained_of_once_a_step(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5);

    s.next = 10;
    for (int i = 0; i < 5; i++) work_world_push(w, &s, 2, 1);
    work_world_commit(w);
    assert_int_equal(work_world_count(w, PEER_A, MSG_NACK), 1);
}

static void content_is_logged_with_dispositions(void **state)
{
    static const struct { const char *speaker, *subject; unsigned source, measure, code; } cases[] = {
        { OFFICE_A, OFFICE_A, SOURCE_OPD, MEASURE_REALISED, CODE_OK },
        { OFFICE_A, OFFICE_A, SOURCE_DPA, MEASURE_BUDGET, CODE_OK },
        { OFFICE_A, OFFICE_B, SOURCE_OPD, MEASURE_REALISED, CODE_UNAUTHORISED },
        { OFFICE_A, OFFICE_A, SOURCE_BUD, MEASURE_REALISED, CODE_UNAUTHORISED },        /* cash is the treasurer's word */
        { TREASURER, OFFICE_A, SOURCE_BUD, MEASURE_REALISED, CODE_OK },
        { TREASURER, OFFICE_C, SOURCE_BUD, MEASURE_REALISED, CODE_UNAUTHORISED },       /* another city */
        { TREASURER, OFFICE_A, SOURCE_BUD, MEASURE_BUDGET, CODE_UNAUTHORISED },
        { TREASURER, OFFICE_A, SOURCE_OPD, MEASURE_REALISED, CODE_UNAUTHORISED },
        { TREASURER, "gen-9999-01", SOURCE_BUD, MEASURE_REALISED, CODE_UNAUTHORISED },
        { TREASURER, TREASURER, SOURCE_OPD, MEASURE_REALISED, CODE_OK },
    };
    struct world *w = *state;
    struct sender a = work_world_open(w, PEER_A, OFFICE_A, 5), t = work_world_open(w, PEER_T, TREASURER, 5);
    struct buf body, frame;

    buf_init(&body, BATCH_BYTES_MAX);
    buf_init(&frame, FRAME_BYTES_MAX);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sender *s = strcmp(cases[i].speaker, OFFICE_A) == 0 ? &a : &t;
        uint64_t first = s->next;
        struct reply r;
        unsigned code;

        work_world_body(&body, cases[i].subject, cases[i].source, cases[i].measure, 7, 50);
        work_world_batch(w, s, 7, buf_slice(&body), &frame);
        work_world_deliver(w, s, buf_slice(&frame));
        work_world_commit(w);
        assert_ack(w, s, s->next - 1);
        r = work_world_reply(w, s->peer, MSG_ACK, 0);
        assert_int_equal(ack_pairs(&r, first + 6, &code), cases[i].code == CODE_OK ? 0 : 7);
        assert_int_equal(code, cases[i].code);
    }
    buf_done(&body);
    buf_done(&frame);
}

/* Each ACK says where its list begins, and speaks of no batch whose dispositions are not in it. */
static void repeated_batches_are_acknowledged_run_by_run(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5);
    struct buf body, frame[4];
    struct reply r;
    unsigned code;

    buf_init(&body, BATCH_BYTES_MAX);
    work_world_body(&body, OFFICE_B, SOURCE_OPD, MEASURE_REALISED, 3, 50);      /* not its own: all refused */
    for (int i = 0; i < 4; i++) {
        buf_init(&frame[i], FRAME_BYTES_MAX);
        work_world_batch(w, &s, 3, buf_slice(&body), &frame[i]);
        work_world_deliver(w, &s, buf_slice(&frame[i]));
    }
    work_world_commit(w);
    r = work_world_reply(w, PEER_A, MSG_ACK, 0);
    assert_true(r.f[3].u == 12 && r.f[8].u == 0 && ack_pairs(&r, 12, &code) == 12);
    work_world_deliver(w, &s, buf_slice(&frame[0]));
    work_world_commit(w);
    r = work_world_reply(w, PEER_A, MSG_ACK, 0);        /* the first only, not the watermark */
    assert_true(r.f[3].u == 3 && r.f[5].u == 5 && r.f[8].u == 0 && ack_pairs(&r, 1, &code) == 3);
    for (int i = 0; i < 5; i++) work_world_deliver(w, &s, buf_slice(&frame[(const int[]){ 0, 1, 3, 3, 2 }[i]]));
    work_world_commit(w);
    assert_int_equal(work_world_count(w, PEER_A, MSG_ACK), 3);
    for (unsigned i = 0; i < 3; i++) {
        static const struct { uint64_t from, to; unsigned pairs; } runs[] = { { 0, 6, 6 }, { 9, 12, 3 }, { 6, 9, 3 } };

        r = work_world_reply(w, PEER_A, MSG_ACK, i);
        assert_true(r.f[8].u == runs[i].from && r.f[3].u == runs[i].to && ack_pairs(&r, runs[i].to, &code) == runs[i].pairs);
        assert_int_equal(code, CODE_UNAUTHORISED);
    }
    for (int i = 0; i < 4; i++) buf_done(&frame[i]);
    buf_done(&body);
}

static void a_broken_body_never_blocks_the_stream(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5);
    struct work_status status;
    struct buf body, frame;
    struct reply r;
    unsigned code;

    buf_init(&body, BATCH_BYTES_MAX);
    buf_init(&frame, FRAME_BYTES_MAX);
    work_world_batch(w, &s, 5, text("\x93\x01\x02\x03"), &frame);               /* no body at all */
    work_world_deliver(w, &s, buf_slice(&frame));
    work_world_body(&body, OFFICE_A, SOURCE_OPD, MEASURE_REALISED, 4, 50);
    work_world_batch(w, &s, 6, buf_slice(&body), &frame);                       /* says six, holds four */
    work_world_deliver(w, &s, buf_slice(&frame));
    work_world_batch(w, &s, 3, buf_slice(&body), &frame);                       /* says three, holds four */
    work_world_deliver(w, &s, buf_slice(&frame));
    work_world_push(w, &s, 2, 7);
    work_world_commit(w);
    assert_ack(w, &s, 16);
    r = work_world_reply(w, PEER_A, MSG_ACK, 0);
    assert_int_equal(ack_pairs(&r, 14, &code), 14);
    assert_int_equal(code, CODE_BAD_FORMAT);
    assert_int_equal(ack_pairs(&r, 15, &code), 14);
    assert_int_equal(code, CODE_OK);
    work_status(w->work, &status);
    assert_true(status.counters.updates == 16 && status.counters.refused == 14 && status.counters.batches == 4);
    buf_done(&body);
    buf_done(&frame);
}

static void the_largest_dispositions_still_fit(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5);
    struct buf frame;
    uint64_t refused = 0;

    buf_init(&frame, FRAME_BYTES_MAX);
    for (int i = 0; i < 24; i++) {
        work_world_batch(w, &s, BATCH_UPDATES_MAX, text("\x93\x01\x02\x03"), &frame);
        work_world_deliver(w, &s, buf_slice(&frame));
    }
    work_world_commit(w);
    for (unsigned i = 0; i < work_world_count(w, PEER_A, MSG_ACK); i++) {
        struct reply r = work_world_reply(w, PEER_A, MSG_ACK, i);
        unsigned code;

        refused += ack_pairs(&r, 0, &code);
    }
    assert_int_equal(refused, 24u * BATCH_UPDATES_MAX);  /* in as many ACKs as it takes, none lost */
    buf_done(&frame);
}

static void credit_has_an_end(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5);

    for (int i = 0; i < 2 * CREDIT_BATCHES; i++) work_world_push(w, &s, 1, i);
    work_world_push(w, &s, 1, 1);
    work_world_commit(w);
    assert_ack(w, &s, 2 * CREDIT_BATCHES);
    assert_int_equal(work_world_nack(w, PEER_A), CODE_OVER_CREDIT);
}

static void real_signatures(void **state)
{
    struct world *w = *state;
    struct sender s = work_world_open(w, PEER_A, OFFICE_A, 5);

    work_world_push(w, &s, 12, 1);
    work_world_commit(w);
    assert_ack(w, &s, 12);
    assert_int_equal(sign_ed25519_ring_add(&w->signer, text(OFFICE_A), (const uint8_t[32]){ 3 }),
                     ST_OK); /* a key nobody registered */
    work_world_push(w, &s, 12, 1);
    work_world_commit(w);
    assert_int_equal(work_world_nack(w, PEER_A), CODE_BAD_SIGNATURE);
    assert_int_equal(lsn_of(w), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORK_WORLD_TEST(hello_comes_first),
        WORK_WORLD_TEST(versions_are_negotiated),
        WORK_WORLD_TEST(strangers_and_garbage_are_refused),
        WORK_WORLD_TEST(what_a_later_minor_says_ends_no_session),
        WORK_WORLD_TEST(a_newer_session_of_the_same_installation_replaces_the_older),
        WORK_WORLD_TEST(silent_sessions_end),
        WORK_WORLD_TEST(one_key_holds_few_connections),
        WORK_WORLD_TEST(open_grants_resumes_and_closes),
        WORK_WORLD_TEST(open_refuses),
        WORK_WORLD_TEST(a_fork_is_told_at_open),
        WORK_WORLD_TEST(a_batch_is_logged_and_acknowledged),
        cmocka_unit_test(batches_refused_before_content),
        WORK_WORLD_TEST(revocation_bites_on_the_next_batch),
        WORK_WORLD_TEST(a_repeated_batch_is_acknowledged_again_and_logged_once),
        WORK_WORLD_TEST(a_gap_is_complained_of_once_a_step),
        WORK_WORLD_TEST(content_is_logged_with_dispositions),
        WORK_WORLD_TEST(repeated_batches_are_acknowledged_run_by_run),
        WORK_WORLD_TEST(a_broken_body_never_blocks_the_stream),
        WORK_WORLD_TEST(the_largest_dispositions_still_fit),
        WORK_WORLD_TEST(credit_has_an_end),
        cmocka_unit_test_setup_teardown(real_signatures, work_world_setup_ed25519, work_world_teardown),
    };

    return cmocka_run_group_tests_name("work", tests, NULL, NULL);
}
