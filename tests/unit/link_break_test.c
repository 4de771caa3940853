/* link_break_test.c - the network port when the calls below it fail, and how it comes back: each call to the message library and to
 * the kernel in turn (failing.h), and the waits between two connections of one dial. */
#include "link_fixture.h"

#include <errno.h>

#include "proto/link_zmq.h"
#include "tests/unit/failing.h"

/* ---- waits ---- */

static struct dial *dial_of(const struct pair *p) { return p->c.l->socks[0]->dial; }

/* The server goes away after the connection has lasted lived_ms; returns what is waited before the next attempt. */
static int wait_after(struct pair *p, int64_t lived_ms)
{
    struct dial *d = dial_of(p);
    const int least = d->wait.next_ms;
    int64_t before, after;

    d->up_ms = link_zmq_ms() - lived_ms;
    link_free(&p->s.l);
    p->c.n = p->s.n = 0;
    before = link_zmq_ms();
    assert_true(expect(&p->c, NULL, MESSAGE_DOWN, NULL) >= 0);
    after = link_zmq_ms();
    const int wait = d->wait.next_ms / 2;       /* it has been doubled since */
    assert_true(d->again_ms >= before + wait && d->again_ms <= after + wait + wait / 2);
    assert_true(wait == least || wait == RECONNECT_MS_MIN);
    return wait;
}

static void come_back(struct pair *p)
{
    listen_ipc(p, "wait");
    dial_of(p)->again_ms = 0;           /* not waited for here */
    assert_true(expect(&p->c, &p->s, MESSAGE_UP, NULL) >= 0);
    assert_served(p, "lagi");
}

/* LONG: longer than any wait; YOUNG: not begun yet, so that a slow machine cannot make it a long one. */
static void a_connection_that_lasted_begins_its_waits_anew(void **state)
{
    enum { LONG = RECONNECT_MS_MAX + 1, YOUNG = -3600 * 1000 };
    static const struct { int lived, wait; } row[] = {
        { YOUNG, 100 }, { YOUNG, 200 }, { YOUNG, 400 }, { LONG, 100 }, { YOUNG, 200 }, { LONG, 100 }, { LONG, 100 }, { YOUNG, 200 },
    };
    struct pair p;

    (void)state;
    pair_init(&p);
    listen_ipc(&p, "wait");
    pair_dial(&p);
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        assert_int_equal(wait_after(&p, row[i].lived), row[i].wait);
        come_back(&p);
    }
    pair_done(&p);
}

/* ---- each call of the set-up ---- */

struct setup { struct link *l; struct link_keys server, client; struct admission a; char door[128], control[128], feed[128]; };

/* A whole link: a door, local questions, a publisher, a dial to its own door. */
static int set_up(struct setup *s)
{
    char err[200] = "";
    peer_id to;
    int st = link_new(&s->l);

    if (st == ST_OK) st = link_listen(s->l, s->door, &s->server, admit, &s->a, err, sizeof err);
    if (st != ST_OK && s->l && !*err) fail_msg("no reason is given for %s", status_str(st));
    if (st == ST_OK) st = link_control(s->l, s->control);
    if (st == ST_OK) st = link_publisher(s->l, s->feed);
    if (st == ST_OK) st = link_dial(s->l, s->door, &s->client, s->server.pub, &to);
    return st;
}

/* Over with within the time: the link hears itself. */
static bool hears_itself(struct setup *s)
{
    struct side side = { .l = s->l };

    return expect(&side, NULL, MESSAGE_UP, NULL) >= 0;
}

static void every_call_of_a_set_up(void **state)
{
    static const int why[] = { EMFILE, ENOMEM };
    struct setup s = { .server = new_keys(), .client = new_keys() };
    unsigned tried = 0, before = 0;

    (void)state;
    memcpy(s.a.key[0], s.client.pub, PUBKEY_SIZE);
    s.a.n = 1;
    snprintf(s.door, sizeof s.door, "ipc://%s/door", dir);
    snprintf(s.control, sizeof s.control, "%s/control", dir);
    snprintf(s.feed, sizeof s.feed, "ipc://%s/feed", dir);
    assert_int_equal(set_up(&s), ST_OK);        /* once, so that what the libraries keep is there */
    assert_true(hears_itself(&s));
    link_free(&s.l);
    before = failing_descriptors();
    for (unsigned w = 0; w < sizeof why / sizeof *why; w++) {
        bool more = true;
        for (unsigned n = 1; more; n++, tried++) {
            failing_at(n, why[w]);
            const int st = set_up(&s);
            const char *call = failing_end();
            more = call != NULL;
            if (st != ST_OK) assert_non_null(call);
            else if (call && strcmp(call, "linger") && strcmp(call, "monitor's end") && strcmp(call, "socket"))
                fail_msg("%s failed and nobody said so", call);
            if (st == ST_OK && n % 16 == 0) assert_true(hears_itself(&s));
            link_free(&s.l);
            assert_null(s.l);
            assert_int_equal(failing_descriptors(), before);
        }
    }
    assert_int_equal(set_up(&s), ST_OK);
    assert_true(hears_itself(&s));
    link_free(&s.l);
    print_message("%u set-ups\n", tried);
    assert_true(tried > 200);
}

/* ---- sending and waiting ---- */

static void what_cannot_be_sent_is_said_and_the_next_goes_out(void **state)
{
    static const struct { int why, st; } dialled[] = { { EAGAIN, ST_AGAIN }, { ENOMEM, ST_NO_MEMORY }, { EFSM, ST_IO } };
    struct pair p;

    (void)state;
    pair_init(&p);
    listen_ipc(&p, "send");
    pair_dial(&p);
    assert_served(&p, "satu");
    const peer_id back = p.s.log[find(&p.s, MESSAGE_DATA, "satu")].peer;
    for (unsigned i = 0; i < sizeof dialled / sizeof *dialled; i++) {
        failing_at(1, dialled[i].why);
        assert_int_equal(link_send(p.c.l, p.dial, slice_of("x", 1)), dialled[i].st);
        assert_string_equal(failing_end(), "zmq_send");
        failing_at(2, dialled[i].why);          /* the first is the address */
        const int st = link_send(p.s.l, back, slice_of("y", 1));
        assert_string_equal(failing_end(), "zmq_send");
        assert_int_equal(st, dialled[i].st);
    }
    failing_at(1, ENOMEM);
    assert_int_equal(link_send(p.s.l, back, slice_of("y", 1)), ST_NO_MEMORY);
    assert_string_equal(failing_end(), "zmq_msg_init_size");
    p.c.n = p.s.n = 0;
    assert_served(&p, "dua");
    assert_int_equal(find(&p.s, MESSAGE_DATA, "x"), -1);
    assert_int_equal(find(&p.c, MESSAGE_DATA, "y"), -1);
    failing_at(1, EFAULT);
    assert_int_equal(link_wait(p.s.l, 0), ST_IO);
    assert_string_equal(failing_end(), "zmq_poll");
    failing_at(1, EINTR);               /* a signal: the caller looks */
    assert_int_equal(link_wait(p.s.l, 1000), ST_OK);
    assert_string_equal(failing_end(), "zmq_poll");
    failing_at(2, EHOSTUNREACH);
    assert_int_equal(link_send(p.s.l, back, slice_of("y", 1)), ST_NOT_FOUND);   /* it is gone */
    assert_string_equal(failing_end(), "zmq_send");
    assert_int_equal(link_send(p.s.l, back, slice_of("y", 1)), ST_NOT_FOUND);
    pair_done(&p);
}

static int all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_that_lasted_begins_its_waits_anew),
        cmocka_unit_test(every_call_of_a_set_up),
        cmocka_unit_test(what_cannot_be_sent_is_said_and_the_next_goes_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void) { return run_in_directory(all); }
