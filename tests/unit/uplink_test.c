/* uplink_test.c - the conversation with the worker, message by message: session states, what is opened and sent within credit, what
 * an answer does, and what silence does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collector/uplink.h"
#include "outbox_fixture.h"

enum { WORKER = PEER_FIRST + 3, LSN = 12 };
struct line {
    struct outbox_fixture f;
    struct uplink *u;
    struct effects x;                   /* of the last step */
    uint32_t a, b;
};

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

static int setup(void **state)
{
    struct line *l = calloc(1, sizeof *l);
    outbox_fixture_init(&l->f);
    l->a = outbox_fixture_number(&l->f, OFFICE_A);
    l->b = outbox_fixture_number(&l->f, OFFICE_B);
    assert_int_equal(uplink_new(&l->f.identity, "node", &(struct witness_options){ 0 }, &(struct outbox_keep){ 0 }, &l->u), ST_OK);
    assert_int_equal(effects_init(&l->x, 32 << 20), ST_OK);
    const struct uplink_office offices[] = { { l->b, OFFICE_B }, { l->a, OFFICE_A } };
    assert_int_equal(uplink_set_offices(l->u, offices, 2), ST_OK);
    uplink_dialled(l->u, WORKER);
    *state = l;
    return 0;
}

static int teardown(void **state)
{
    struct line *l = *state;
    uplink_free(&l->u);
    effects_done(&l->x);
    outbox_fixture_done(&l->f);
    free(l);
    return 0;
}

/* ---- steps ---- */

static void work(struct line *l, int64_t ms)
{
    effects_clear(&l->x);
    l->f.now.mono.us += ms * 1000;
    assert_int_equal(uplink_work(l->u, l->f.t, l->f.now, &l->x), ST_OK);
}

static void hear(struct line *l, int what, unsigned type, const struct field *fields)
{
    struct buf b;
    buf_init(&b, FRAME_BYTES_MAX);
    if (fields) assert_true(codec_build(&b, type, fields));
    struct message m = { .peer = WORKER, .bytes = buf_slice(&b) };
    m.what = what == MESSAGE_UP ? MESSAGE_UP : what == MESSAGE_DOWN ? MESSAGE_DOWN : MESSAGE_DATA;
    effects_clear(&l->x);
    assert_int_equal(uplink_message(l->u, l->f.t, l->f.now, &m, &l->x), ST_OK);
    assert_int_equal(uplink_work(l->u, l->f.t, l->f.now, &l->x), ST_OK);
    buf_done(&b);
}

/* The n-th frame of that type among what the last step sends. */
static bool said(struct line *l, unsigned type, unsigned n, struct field ret[FIELDS_MAX])
{
    for (uint32_t i = 0; i < l->x.count; i++) {
        struct frame f;
        unsigned code;
        assert_int_equal(l->x.e[i].peer, WORKER);
        assert_int_equal(codec_frame_parse(effects_bytes(&l->x, &l->x.e[i]), &f, &code), ST_OK);
        if (f.type != type || n-- > 0) continue;
        codec_fields(&f, ret);
        return true;
    }
    return false;
}

static unsigned count(struct line *l, unsigned type)
{
    struct field f[FIELDS_MAX];
    unsigned n = 0;
    while (said(l, type, n, f)) n++;
    return n;
}

static enum uplink_session session(const struct line *l)
{
    struct uplink_status s;
    uplink_status(l->u, &s);
    return s.session;
}

static uint64_t in_flight(const struct line *l)
{
    struct uplink_status s;
    uplink_status(l->u, &s);
    return s.in_flight_batches;
}

static void hello_ok(struct line *l, uint64_t bytes, uint64_t batches)
{
    static const struct hash zero;
    const struct field f[] = { { .u = 1 }, { .s = text("w1") }, { .u = 5 }, { .u = bytes }, { .u = batches },
                               { .s = slice_of(zero.b, HASH_SIZE) }, { .u = 0 } };
    hear(l, MESSAGE_DATA, MSG_HELLO_OK, f);
}

static struct hash hash_at(struct line *l, uint64_t seq)
{
    struct outbox_batch b = { 0 };
    if (seq) assert_int_equal(outbox_next(l->f.t, l->a, seq - 1, &b), ST_OK);
    return b.hash;
}

static void open_ok(struct line *l, const char *office, uint64_t watermark, const struct hash *head)
{
    const struct field f[] = { { .s = text(office) }, { .u = 0 }, { .u = 77 }, { .u = watermark },
                               { .s = slice_of(head->b, HASH_SIZE) }, { .u = LSN } };
    hear(l, MESSAGE_DATA, MSG_OPEN_OK, f);
}

static void ack(struct line *l, uint64_t from, uint64_t seq, const struct hash *hash, struct slice list)
{
    static const uint8_t none = 0x90;
    const struct field f[] = { { .s = text(OFFICE_A) }, { .u = 0 }, { .u = 77 }, { .u = seq },
                               { .s = slice_of(hash->b, HASH_SIZE) }, { .u = LSN }, { .u = 1 },
                               { .s = list.n ? list : slice_of(&none, 1) }, { .u = from } };
    hear(l, MESSAGE_DATA, MSG_ACK, f);
}

static void nack(struct line *l, const char *office, unsigned code)
{
    const struct field f[] = { { .s = text(office) }, { .u = 0 }, { .u = 77 }, { .u = 1 }, { .u = code },
                               { .s = text("") }, { .s = text("") } };
    hear(l, MESSAGE_DATA, MSG_NACK, f);
}

/* Three batches of office A, 1..5, 6..10, 11..15, and a session that is up. */
static void greet(struct line *l, uint64_t batches)
{
    for (int64_t i = 1; i <= 3; i++) outbox_fixture_state(&l->f, OFFICE_A, OFFICE_A, 5, 100 * i);
    hear(l, MESSAGE_UP, 0, NULL);
    hello_ok(l, CREDIT_BYTES, batches);
}

static struct outbox_stream stream(struct line *l) { return outbox_fixture_stream(&l->f, OFFICE_A); }

/* ---- the session ---- */

static void a_session_begins_with_hello(void **state)
{
    struct line *l = *state;
    struct field f[FIELDS_MAX];
    work(l, 0);
    assert_true(session(l) == UPLINK_DOWN && l->x.count == 0 && uplink_next_deadline(l->u).us == INT64_MAX);
    hear(l, MESSAGE_UP, 0, NULL);
    assert_true(session(l) == UPLINK_GREETED && said(l, MSG_HELLO, 0, f) && f[2].s.n == 16 && f[2].s.p[0] == 9);
    assert_int_equal(count(l, MSG_OPEN), 0);
    work(l, 9000);
    assert_int_equal(l->x.count, 0);
    work(l, 2000);                      /* no answer: again */
    assert_int_equal(count(l, MSG_HELLO), 1);
    hello_ok(l, CREDIT_BYTES, 4);
    assert_true(session(l) == UPLINK_UP && count(l, MSG_OPEN) == 2);
    work(l, 6000);
    assert_int_equal(count(l, MSG_PING), 1);
    nack(l, "", CODE_BAD_FORMAT);       /* the worker does not know this session */
    assert_int_equal(session(l), UPLINK_GREETED);
    work(l, 2100);
    assert_int_equal(count(l, MSG_HELLO), 1);
    hear(l, MESSAGE_DOWN, 0, NULL);
    assert_true(session(l) == UPLINK_DOWN && l->x.count == 0);
    hear(l, MESSAGE_UP, 0, NULL);
    assert_int_equal(count(l, MSG_HELLO), 1);
}

static void only_the_worker_is_heard(void **state)
{
    struct line *l = *state;
    static const struct hash zero;
    greet(l, 8);
    struct message m = { .what = MESSAGE_DOWN, .peer = WORKER + 1 };
    assert_int_equal(uplink_message(l->u, l->f.t, l->f.now, &m, &l->x), ST_OK);
    assert_int_equal(session(l), UPLINK_UP);
    open_ok(l, "gen-3374-77", 0, &zero);        /* an office nobody here serves */
    assert_int_equal(count(l, MSG_BATCH), 0);
}

/* ---- opening ---- */

static void sending_goes_on_from_what_was_acknowledged(void **state)
{
    struct line *l = *state;
    struct field f[FIELDS_MAX];
    greet(l, 8);
    assert_true(said(l, MSG_OPEN, 0, f) && f[2].u == 77 && f[3].u == 15 && !memcmp(f[0].s.p, OFFICE_A, f[0].s.n));
    struct hash head = hash_at(l, 10);
    open_ok(l, OFFICE_A, 10, &head);            /* the worker has two of three: their acks did not arrive */
    assert_int_equal(count(l, MSG_BATCH), 3);
    assert_int_equal(stream(l).acked, 0);
    ack(l, 0, 10, &head, slice_of(NULL, 0));
    assert_true(stream(l).acked == 10 && in_flight(l) == 1);
    head = hash_at(l, 15);
    ack(l, 10, 15, &head, slice_of(NULL, 0));
    assert_true(stream(l).acked == 15 && in_flight(l) == 0 && !strcmp(stream(l).worker, "w1") && stream(l).lsn == LSN);
}

static void histories_that_differ_stop_the_stream(void **state)
{
    struct line *l = *state;
    static const struct hash zero;
    greet(l, 8);
    struct hash five = hash_at(l, 5), ten = hash_at(l, 10), other = ten;
    other.b[0] ^= 1;
    open_ok(l, OFFICE_A, 5, &five);
    ack(l, 0, 5, &five, slice_of(NULL, 0));
    const struct { uint64_t watermark; const struct hash *head; } cases[] = {
        { 16, &ten } /* beyond what was numbered */, { 0, &zero } /* below what was acknowledged */, { 10, &other }, { 7, &ten },
        { 5, &other },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uplink_reset(l->u);
        work(l, 31000);                 /* a stream that stopped is asked for again later */
        assert_int_equal(count(l, MSG_OPEN), 2);
        open_ok(l, OFFICE_A, cases[i].watermark, cases[i].head);
        assert_int_equal(count(l, MSG_BATCH), 0);
        assert_true(stream(l).state == CODE_DIFFERENT_HISTORY && stream(l).acked == 5 && in_flight(l) == 0);
        work(l, 5000);
        assert_int_equal(count(l, MSG_OPEN), 0);
    }
    uplink_reset(l->u);
    work(l, 31000);
    open_ok(l, OFFICE_A, 5, &five);
    assert_true(stream(l).state == CODE_OK && count(l, MSG_BATCH) == 2);
}

/* ---- acks ---- */

static void refusals_arrive_though_an_ack_is_lost(void **state)
{
    struct line *l = *state;
    struct buf b;
    const uint64_t seq[] = { 2, 7 };
    const unsigned code[] = { CODE_UNAUTHORISED, CODE_UNAUTHORISED };
    buf_init(&b, 4096);
    greet(l, 8);
    struct hash five = hash_at(l, 5), ten = hash_at(l, 10);
    static const struct hash zero;
    open_ok(l, OFFICE_A, 0, &zero);
    ack(l, 5, 10, &ten, outbox_fixture_refusals(&b, seq + 1, code, 1));         /* the one about 1..5 was lost */
    assert_true(stream(l).acked == 0 && stream(l).refused == 0 && in_flight(l) == 0);
    assert_int_equal(count(l, MSG_OPEN), 1);    /* asked anew at once */
    open_ok(l, OFFICE_A, 10, &ten);
    assert_int_equal(count(l, MSG_BATCH), 3);
    ack(l, 0, 5, &five, outbox_fixture_refusals(&b, seq, code, 1));
    ack(l, 5, 10, &ten, outbox_fixture_refusals(&b, seq + 1, code, 1));
    ack(l, 0, 10, &ten, outbox_fixture_refusals(&b, seq, code, 2));             /* twice */
    assert_true(stream(l).acked == 10 && stream(l).refused == 2 && in_flight(l) == 1);
    buf_done(&b);
}

static void an_ack_of_another_hash_stops_the_stream(void **state)
{
    struct line *l = *state;
    static const struct hash zero;
    greet(l, 8);
    struct hash wrong = hash_at(l, 10);
    open_ok(l, OFFICE_A, 0, &zero);
    ack(l, 0, 5, &wrong, slice_of(NULL, 0));
    assert_true(stream(l).acked == 0 && stream(l).state == CODE_DIFFERENT_HISTORY && in_flight(l) == 0);
}

static void credit_bounds_what_is_in_flight(void **state)
{
    struct line *l = *state;
    static const struct hash zero;
    greet(l, 2);
    struct hash five = hash_at(l, 5), ten = hash_at(l, 10);
    open_ok(l, OFFICE_A, 0, &zero);
    assert_true(count(l, MSG_BATCH) == 2 && in_flight(l) == 2 && !uplink_wants_step(l->u));
    ack(l, 0, 5, &five, slice_of(NULL, 0));
    assert_true(count(l, MSG_BATCH) == 1 && in_flight(l) == 2);
    ack(l, 5, 10, &ten, slice_of(NULL, 0));
    assert_true(count(l, MSG_BATCH) == 0 && in_flight(l) == 1);
    outbox_fixture_state(&l->f, OFFICE_A, OFFICE_A, 5, 900);
    uplink_appended(l->u, l->a);
    assert_true(uplink_wants_step(l->u));
    hear(l, MESSAGE_DOWN, 0, NULL);
    hear(l, MESSAGE_UP, 0, NULL);
    hello_ok(l, 1, 100);                /* less than one batch: one is always allowed */
    open_ok(l, OFFICE_A, 10, &ten);
    assert_true(count(l, MSG_BATCH) == 1 && in_flight(l) == 1);
}

/* ---- silence and refusal ---- */

static void silence_opens_and_sends_again(void **state)
{
    struct line *l = *state;
    static const struct hash zero;
    greet(l, 8);
    open_ok(l, OFFICE_A, 0, &zero);
    open_ok(l, OFFICE_B, 0, &zero);
    assert_int_equal(in_flight(l), 3);
    work(l, 9000);
    assert_int_equal(count(l, MSG_OPEN), 0);
    work(l, 1500);
    assert_true(count(l, MSG_OPEN) == 1 && in_flight(l) == 0);  /* office B has nothing to wait for */
    work(l, 11000);
    assert_int_equal(count(l, MSG_OPEN), 1);                    /* the OPEN was lost too */
    open_ok(l, OFFICE_A, 0, &zero);
    assert_true(count(l, MSG_BATCH) == 3 && in_flight(l) == 3);
}

static void a_nack_closes_and_retries(void **state)
{
    static const struct { unsigned code, state; int64_t retry_ms; } cases[] = {
        { CODE_GAP, CODE_OK, 100 },
        { CODE_BUSY, CODE_OK, 100 },
        { CODE_STORE_FULL, CODE_STORE_FULL, 2000 },
        { CODE_UNKNOWN_OFFICE, CODE_UNKNOWN_OFFICE, 2000 },
        { CODE_CONFLICT, CODE_CONFLICT, 30000 },
        { CODE_BAD_SIGNATURE, CODE_BAD_SIGNATURE, 30000 },
    };
    struct line *l = *state;
    static const struct hash zero;
    greet(l, 8);
    open_ok(l, OFFICE_B, 0, &zero);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        open_ok(l, OFFICE_A, 0, &zero);
        assert_true(in_flight(l) == 3 && stream(l).state == CODE_OK);
        nack(l, OFFICE_A, cases[i].code);
        assert_true(in_flight(l) == 0 && count(l, MSG_OPEN) == 0 && stream(l).state == cases[i].state);
        work(l, cases[i].retry_ms - 1);
        assert_int_equal(count(l, MSG_OPEN), 0);
        work(l, 1);
        assert_int_equal(count(l, MSG_OPEN), 1);
    }
}

static void offices_come_and_go(void **state)
{
    struct line *l = *state;
    static const struct hash zero;
    greet(l, 8);
    open_ok(l, OFFICE_A, 0, &zero);
    const struct uplink_office a = { l->a, OFFICE_A }, b = { l->b, OFFICE_B };
    assert_int_equal(uplink_set_offices(l->u, &a, 1), ST_OK);
    assert_int_equal(in_flight(l), 3);          /* the one that stays is not disturbed */
    assert_int_equal(uplink_set_offices(l->u, &b, 1), ST_OK);
    assert_int_equal(in_flight(l), 0);
    struct hash five = hash_at(l, 5);
    ack(l, 0, 5, &five, slice_of(NULL, 0));     /* its key is gone: nobody takes this */
    assert_int_equal(stream(l).acked, 0);
    assert_int_equal(count(l, MSG_OPEN), 1);    /* the other came anew */
}

static void a_full_store_gets_no_row_for_a_state(void **state)
{
    struct line *l = *state;
    greet(l, 8);
    assert_int_equal(outbox_fixture_commit(&l->f), ST_OK);
    store_mem_limit(l->f.store, 1000);
    outbox_fixture_begin(&l->f);
    nack(l, OFFICE_B, CODE_UNKNOWN_OFFICE);     /* has stated nothing */
    nack(l, OFFICE_A, CODE_UNKNOWN_OFFICE);
    assert_int_equal(stream(l).state, CODE_UNKNOWN_OFFICE);
    assert_int_equal(outbox_fixture_commit(&l->f), ST_OK);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_session_begins_with_hello),
        T(only_the_worker_is_heard),
        T(sending_goes_on_from_what_was_acknowledged),
        T(histories_that_differ_stop_the_stream),
        T(refusals_arrive_though_an_ack_is_lost),
        T(an_ack_of_another_hash_stops_the_stream),
        T(credit_bounds_what_is_in_flight),
        T(silence_opens_and_sends_again),
        T(a_nack_closes_and_retries),
        T(offices_come_and_go),
        T(a_full_store_gets_no_row_for_a_state),
    };
    return cmocka_run_group_tests_name("uplink", tests, NULL, NULL);
}
