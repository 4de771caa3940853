/* link_test.c - the network port on real sockets: who gets in, coming and going, back pressure, endpoints, control.
 *
 * Each trap of the message library has its case here or in link_hostile_test.c. Every wait is a poll on events with a deadline. */
#include "link_fixture.h"

static void admitted_key_talks(void **state)
{
    struct pair p;
    int i;

    (void)state;
    for (int tcp = 0; tcp < 2; tcp++) {
        pair_init(&p);
        if (tcp) listen_tcp(&p);
        else listen_ipc(&p, "talk");
        pair_dial(&p);
        assert_served(&p, "halo");
        i = find(&p.s, MESSAGE_DATA, "halo");
        assert_memory_equal(p.s.log[i].key, p.client.pub, PUBKEY_SIZE);
        assert_memory_equal(p.c.log[find(&p.c, MESSAGE_DATA, "halo")].key, p.server.pub, PUBKEY_SIZE);
        assert_true(p.s.log[i].peer >= PEER_FIRST);
        assert_false(link_is_control(p.s.l, p.s.log[i].peer));
        assert_int_equal(counters(&p.s).peers, 1);
        assert_int_equal(counters(&p.s).refused_keys, 0);
        pair_done(&p);
    }
}

static void largest_frame_passes(void **state)
{
    struct pair p;
    uint8_t *big = calloc(1, FRAME_BYTES_MAX);
    int i;

    (void)state;
    assert_non_null(big);
    memcpy(big, "besar", 5);
    pair_init(&p);
    listen_ipc(&p, "large");
    pair_dial(&p);
    assert_int_equal(link_send(p.c.l, p.dial, slice_of(big, FRAME_BYTES_MAX)), ST_OK);
    i = expect(&p.s, &p.c, MESSAGE_DATA, "besar");
    assert_true(i >= 0);
    assert_int_equal(p.s.log[i].n, FRAME_BYTES_MAX);
    assert_int_equal(link_send(p.s.l, p.s.log[i].peer, slice_of(big, FRAME_BYTES_MAX)), ST_OK);
    assert_true(expect(&p.c, &p.s, MESSAGE_DATA, "besar") >= 0);
    free(big);
    pair_done(&p);
}

static void self_test_refuses_open_door(void **state)
{
    struct link_keys k = new_keys();
    struct link *l;
    char endpoint[160], path[128], err[200] = "";

    (void)state;
    snprintf(path, sizeof path, "%s/open", dir);
    snprintf(endpoint, sizeof endpoint, "ipc://%s", path);
    assert_int_equal(link_new(&l), ST_OK);
    assert_int_equal(link_listen(l, endpoint, &k, admit_everybody, NULL, err, sizeof err), ST_DENIED);
    assert_true(*err);
    assert_int_equal(access(path, F_OK), -1);
    link_free(&l);
}

/* 400 ends a libzmq client for ever, 300 leaves it trying; ours gets in either way once it is approved. */
static void approved_later_gets_in(void **state)
{
    static const int first[] = { 400, 300 };

    (void)state;
    for (unsigned k = 0; k < 2; k++) {
        struct pair p;
        struct late late;
        char err[200];
        int64_t end = ms() + WAIT_MS;

        pair_init(&p);
        memcpy(late.key, p.client.pub, PUBKEY_SIZE);
        atomic_store(&late.answer, first[k]);
        snprintf(p.endpoint, sizeof p.endpoint, "ipc://%s/late%u", dir, k);
        assert_int_equal(link_new(&p.s.l), ST_OK);
        assert_int_equal(link_listen(p.s.l, p.endpoint, &p.server, admit_late, &late, err, sizeof err), ST_OK);
        assert_int_equal(link_new(&p.c.l), ST_OK);
        assert_int_equal(link_dial(p.c.l, p.endpoint, &p.client, p.server.pub, &p.dial), ST_OK);
        while (counters(&p.s).refused_keys == 0 && ms() < end) {
            side_drain(&p.s, 5);
            side_drain(&p.c, 5);
        }
        assert_int_equal(counters(&p.s).refused_keys, 1);
        assert_int_equal(find(&p.c, MESSAGE_UP, NULL), -1);
        assert_int_equal(link_send(p.c.l, p.dial, slice_of("x", 1)), ST_NOT_FOUND);
        atomic_store(&late.answer, 200);
        assert_true(expect(&p.c, &p.s, MESSAGE_UP, NULL) >= 0);
        assert_served(&p, "akhirnya");
        pair_done(&p);
    }
}

/* ---- coming and going ---- */

static void server_restart_is_down_then_up(void **state)
{
    struct pair p;
    char err[200];
    int up2;

    (void)state;
    pair_init(&p);
    listen_tcp(&p);
    pair_dial(&p);
    assert_served(&p, "lama");
    link_free(&p.s.l);
    assert_true(expect(&p.c, NULL, MESSAGE_DOWN, NULL) >= 0);
    assert_int_equal(link_send(p.c.l, p.dial, slice_of("hilang", 6)), ST_NOT_FOUND);
    p.c.n = 0;
    p.s.n = 0;
    assert_int_equal(link_new(&p.s.l), ST_OK);
    assert_int_equal(link_listen(p.s.l, p.endpoint, &p.server, admit, &p.a, err, sizeof err), ST_OK);
    up2 = expect(&p.c, &p.s, MESSAGE_UP, NULL);
    assert_true(up2 >= 0);
    assert_int_equal(p.c.log[up2].peer, p.dial);
    assert_served(&p, "baru");
    assert_int_equal(find(&p.s, MESSAGE_DATA, "hilang"), -1);
    pair_done(&p);
}

static void closed_peer_gets_last_words_and_a_new_id(void **state)
{
    struct pair p;
    peer_id first, second;
    int i;

    (void)state;
    pair_init(&p);
    listen_ipc(&p, "close");
    pair_dial(&p);
    say(&p.c, p.dial, "satu");
    i = expect(&p.s, &p.c, MESSAGE_DATA, "satu");
    assert_true(i >= 0);
    first = p.s.log[i].peer;
    say(&p.s, first, "tolak");
    link_close(p.s.l, first);
    assert_int_equal(link_send(p.s.l, first, slice_of("x", 1)), ST_NOT_FOUND);
    assert_true(expect(&p.c, &p.s, MESSAGE_DOWN, NULL) >= 0);
    assert_true(find(&p.c, MESSAGE_DATA, "tolak") >= 0);
    assert_true(find(&p.c, MESSAGE_DATA, "tolak") < find(&p.c, MESSAGE_DOWN, NULL));
    p.c.n = 0;
    assert_true(expect(&p.c, &p.s, MESSAGE_UP, NULL) >= 0);
    say(&p.c, p.dial, "dua");
    i = expect(&p.s, &p.c, MESSAGE_DATA, "dua");
    assert_true(i >= 0);
    second = p.s.log[i].peer;
    assert_true(first != second);
    say(&p.s, second, "terima");
    assert_true(expect(&p.c, &p.s, MESSAGE_DATA, "terima") >= 0);
    pair_done(&p);
}

static void dialler_may_close_too(void **state)
{
    struct pair p;

    (void)state;
    pair_init(&p);
    listen_ipc(&p, "hangup");
    pair_dial(&p);
    link_close(p.c.l, p.dial);
    assert_true(expect(&p.c, &p.s, MESSAGE_DOWN, NULL) > find(&p.c, MESSAGE_UP, NULL));
    p.c.n = 0;
    assert_true(expect(&p.c, &p.s, MESSAGE_UP, NULL) >= 0);
    pair_done(&p);
}

static void full_queue_says_again(void **state)
{
    struct pair p;
    static const uint8_t frame[64 << 10];
    int rc = ST_OK;
    unsigned n;

    (void)state;
    pair_init(&p);
    listen_ipc(&p, "full");
    pair_dial(&p);
    for (n = 0; rc == ST_OK && n < 4096; n++) rc = link_send(p.c.l, p.dial, slice_of(frame, sizeof frame));
    assert_int_equal(rc, ST_AGAIN);
    assert_in_range(n, CREDIT_BATCHES, 4000);
    pair_done(&p);
}

static void paused_link_holds_messages_back(void **state)
{
    struct pair p;

    (void)state;
    pair_init(&p);
    listen_ipc(&p, "pause");
    pair_dial(&p);
    link_pause(p.s.l, true);
    say(&p.c, p.dial, "tunggu");
    for (int i = 0; i < 20; i++) side_drain(&p.s, 5);
    assert_int_equal(p.s.n, 0);
    link_pause(p.s.l, false);
    assert_true(expect(&p.s, &p.c, MESSAGE_DATA, "tunggu") >= 0);
    pair_done(&p);
}

/* ---- endpoints ---- */

static void endpoints_are_checked(void **state)
{
    char long_path[160] = "ipc:///tmp/";
    struct { const char *endpoint; int status; } cases[] = {
        { "tcp://127.0.0.1:40000", ST_INVALID },    { "tcp://127.0.0.1:0", ST_INVALID },        { "tcp://127.0.0.1", ST_INVALID },
        { "tcp://127.0.0.1:5x", ST_INVALID },       { "udp://127.0.0.1:5000", ST_INVALID },     { "ipc://", ST_INVALID },
        { long_path, ST_INVALID },                  { "ipc:///nonexistent-dir/x/y", ST_IO },
    };
    struct link_keys k = new_keys();
    struct admission a = { .n = 0, .others = 400 };
    char err[200];

    (void)state;
    memset(long_path + strlen(long_path), 'p', 120);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct link *l;

        *err = '\0';
        assert_int_equal(link_new(&l), ST_OK);
        assert_int_equal(link_listen(l, cases[i].endpoint, &k, admit, &a, err, sizeof err), cases[i].status);
        assert_true(*err);
        link_free(&l);
    }
}

static void taken_endpoints_are_busy(void **state)
{
    struct pair p, q;
    char err[200];

    (void)state;
    for (int tcp = 0; tcp < 2; tcp++) {
        pair_init(&p);
        pair_init(&q);
        if (tcp) listen_tcp(&p);
        else listen_ipc(&p, "busy");
        assert_int_equal(link_new(&q.s.l), ST_OK);
        assert_int_equal(link_listen(q.s.l, p.endpoint, &q.server, admit, &q.a, err, sizeof err), ST_BUSY);
        pair_dial(&p);
        assert_served(&p, "masih di sini");
        link_free(&q.s.l);
        pair_done(&p);
    }
}

/* ---- control ---- */

struct daemon { struct link *l; atomic_bool stop; bool mute; };

static void *daemon_main(void *arg)
{
    struct daemon *d = arg;
    struct message m;

    while (!atomic_load(&d->stop)) {
        if (link_wait(d->l, 20) != ST_OK) break;
        while (link_recv(d->l, &m) == ST_OK)
            if (link_is_control(d->l, m.peer) && !d->mute) link_send(d->l, m.peer, m.bytes);
        link_release(d->l);
    }
    return NULL;
}

static void control_answers(void **state)
{
    struct daemon d = { 0 };
    struct stat st;
    char path[128], *answer = NULL;
    size_t n = 0;
    pthread_t t;

    (void)state;
    snprintf(path, sizeof path, "%s/control", dir);
    assert_int_equal(link_new(&d.l), ST_OK);
    assert_int_equal(link_control(d.l, path), ST_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(link_control(d.l, path), ST_BUSY);
    assert_int_equal(pthread_create(&t, NULL, daemon_main, &d), 0);
    assert_int_equal(link_ask(path, slice_of("{\"q\":1}", 7), WAIT_MS, &answer, &n), ST_OK);
    assert_string_equal(answer, "{\"q\":1}");
    assert_int_equal(n, 7);
    free(answer);
    atomic_store(&d.stop, true);
    pthread_join(t, NULL);
    link_free(&d.l);
    assert_int_equal(access(path, F_OK), -1);
}

static void control_without_answer(void **state)
{
    struct daemon d = { .mute = true };
    const int for_ever = 24 * 3600 * 1000;
    char path[160], *answer = NULL;
    size_t n = 0;
    pthread_t t;

    (void)state;
    snprintf(path, sizeof path, "%s/nobody", dir);
    assert_int_equal(link_ask(path, slice_of("{}", 2), for_ever, &answer, &n), ST_NOT_FOUND);        /* it does not wait */
    assert_int_equal(link_new(&d.l), ST_OK);
    assert_int_equal(link_control(d.l, path), ST_OK);
    assert_int_equal(pthread_create(&t, NULL, daemon_main, &d), 0);
    assert_int_equal(link_ask(path, slice_of("{}", 2), 100, &answer, &n), ST_AGAIN);
    assert_null(answer);
    atomic_store(&d.stop, true);
    pthread_join(t, NULL);
    link_free(&d.l);
    memset(path, 'p', 150);
    path[150] = '\0';
    assert_int_equal(link_ask(path, slice_of("{}", 2), 100, &answer, &n), ST_INVALID);
}

static void doorbells_are_published(void **state)
{
    struct link *l;
    char endpoint[128];
    void *ctx = zmq_ctx_new(), *sub = zmq_socket(ctx, ZMQ_SUB);
    char got[8] = "";
    int64_t end = ms() + WAIT_MS;
    int one = 1;

    (void)state;
    snprintf(endpoint, sizeof endpoint, "ipc://%s/bell", dir);
    assert_int_equal(link_new(&l), ST_OK);
    assert_int_equal(link_publish(l, slice_of("x", 1)), ST_NOT_FOUND);
    assert_int_equal(link_publisher(l, endpoint), ST_OK);
    zmq_setsockopt(sub, ZMQ_SUBSCRIBE, "", 0);
    zmq_setsockopt(sub, ZMQ_RCVTIMEO, &one, sizeof one);
    assert_int_equal(zmq_connect(sub, endpoint), 0);
    while (zmq_recv(sub, got, sizeof got, 0) < 0 && ms() < end) assert_int_equal(link_publish(l, slice_of("ting", 4)), ST_OK);
    assert_memory_equal(got, "ting", 4);
    zmq_close(sub);
    zmq_ctx_term(ctx);
    link_free(&l);
}

static int all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(admitted_key_talks),
        cmocka_unit_test(largest_frame_passes),
        cmocka_unit_test(self_test_refuses_open_door),
        cmocka_unit_test(approved_later_gets_in),
        cmocka_unit_test(server_restart_is_down_then_up),
        cmocka_unit_test(closed_peer_gets_last_words_and_a_new_id),
        cmocka_unit_test(dialler_may_close_too),
        cmocka_unit_test(full_queue_says_again),
        cmocka_unit_test(paused_link_holds_messages_back),
        cmocka_unit_test(endpoints_are_checked),
        cmocka_unit_test(taken_endpoints_are_busy),
        cmocka_unit_test(control_answers),
        cmocka_unit_test(control_without_answer),
        cmocka_unit_test(doorbells_are_published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void) { return run_in_directory(all); }
