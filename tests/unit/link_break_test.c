/* link_break_test.c - the network port when the calls below it fail, and how it comes back: each call to the message library and to
 * the kernel in turn (failing.h), and the waits between two connections of one dial. */
#include "link_fixture.h"

#include "proto/link_zmq.h"

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

static int all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_that_lasted_begins_its_waits_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void) { return run_in_directory(all); }
