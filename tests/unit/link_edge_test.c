/* link_edge_test.c - the network port at its edges: names of places, few descriptors, libraries that are not what they should be,
 * as many sockets as there may be, peers that are not there, bytes that are none, and accept4 when descriptors run out. */
#include "link_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/un.h>

#include "tests/unit/failing.h"
#include "tests/unit/failing_wire.h"

static void names_of_places(void **state)
{
    static const struct { const char *endpoint; bool listening; int status; } row[] = {
        { "tcp://127.0.0.1:32767", true, ST_OK },       { "tcp://127.0.0.1:32768", true, ST_INVALID },
        { "tcp://127.0.0.1:40000", false, ST_INVALID }, { "tcp://localhost:40000", false, ST_INVALID },
        { "tcp://[::1]:40000", false, ST_INVALID },     { "tcp://192.0.2.1:40000", false, ST_OK },
        { "tcp://192.0.2.1:65536", false, ST_INVALID }, { "tcp://192.0.2.1:123456", false, ST_INVALID },
        { "tcp://192.0.2.1:", false, ST_INVALID },      { "tcp://192.0.2.1:12a", false, ST_INVALID },
        { "tcp://192.0.2.1:0", false, ST_INVALID },     { "tcp://192.0.2.1", false, ST_INVALID },
        { "ipc://@abstract", true, ST_OK },             { "ipc://", false, ST_INVALID },
        { "inproc://x", false, ST_INVALID },
    };
    char err[160], *answer;
    size_t n;

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        if (link_zmq_endpoint(row[i].endpoint, row[i].listening, err, sizeof err) != row[i].status) fail_msg("%s", row[i].endpoint);
    assert_int_equal(link_zmq_probe(""), ST_INVALID);
    assert_int_equal(link_ask("", slice_of("{}", 2), 1, &answer, &n), ST_INVALID);
}

static void who_may_not_look_is_denied(void **state)
{
    static const struct { int why, status; } row[] = { { EACCES, ST_DENIED }, { EPERM, ST_DENIED }, { EAGAIN, ST_OK },
                                                       { ECONNREFUSED, ST_NOT_FOUND } };
    static const struct { int why, status; } bind_row[] = { { EACCES, ST_DENIED }, { EPERM, ST_DENIED }, { EINVAL, ST_INVALID },
                                                            { ENAMETOOLONG, ST_INVALID }, { EADDRINUSE, ST_BUSY }, { EIO, ST_IO } };
    char err[200], endpoint[128];
    void *ctx = zmq_ctx_new(), *z = zmq_socket(ctx, ZMQ_ROUTER);

    (void)state;
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        failing_call("connect", 1, row[i].why);
        assert_int_equal(link_zmq_probe("/tmp/rekap-nobody"), row[i].status);
        assert_string_equal(failing_end(), "connect");
    }
    snprintf(endpoint, sizeof endpoint, "ipc://%s/denied", dir);
    for (unsigned i = 0; i < sizeof bind_row / sizeof *bind_row; i++) {
        failing_call("zmq_bind", 1, bind_row[i].why);
        assert_int_equal(link_zmq_bind(z, endpoint, err, sizeof err), bind_row[i].status);
        assert_string_equal(failing_end(), "zmq_bind");
    }
    zmq_close(z);
    zmq_ctx_term(ctx);
}

/* A backlog that is full: whoever listens there is busy, not gone. */
static void a_full_backlog_is_somebody(void **state)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), waiting[8], n = 0;

    (void)state;
    snprintf(a.sun_path, sizeof a.sun_path, "%s/backlog", dir);
    assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 0), 0);
    do {
        waiting[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    } while (connect(waiting[n++], (const struct sockaddr *)&a, sizeof a) == 0 && n < 8);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(link_zmq_probe(a.sun_path), ST_OK);
    while (n > 0) close(waiting[--n]);
    close(fd);
    unlink(a.sun_path);
}

static void libraries_that_are_not_what_they_should_be(void **state)
{
    static const struct { const char *call; int status; } row[] = {
        { "sodium_init", ST_IO }, { "zmq_has", ST_VERSION }, { "zmq_ctx_new", ST_NO_MEMORY }, { "getrlimit", ST_IO },
    };
    const uint8_t secret[32] = { 5 };
    struct link_keys keys;
    struct link *l = NULL;

    (void)state;
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        failing_call(row[i].call, 1, ENOMEM);
        assert_int_equal(link_new(&l), row[i].status);
        assert_string_equal(failing_end(), row[i].call);
        assert_null(l);
    }
    for (int i = 0; i < 2; i++) {
        failing_call(i ? "crypto_box_keypair" : "sodium_init", 1, EIO);
        assert_int_equal(link_keys_new(&keys), ST_IO);
        failing_call(i ? "crypto_scalarmult_base" : "sodium_init", 1, EIO);
        assert_int_equal(link_keys_of(secret, &keys), ST_IO);
    }
    (void)failing_end();
    assert_int_equal(link_keys_new(&keys), ST_OK);
    assert_int_equal(link_keys_of(secret, &keys), ST_OK);
    assert_memory_equal(keys.secret, secret, sizeof secret);
}

/* libzmq with its draft options takes the one that Debian's refuses; another refusal of it is a failure. */
static void an_option_that_only_some_libraries_have(void **state)
{
    struct link_keys k = new_keys();
    void *ctx = zmq_ctx_new(), *z = zmq_socket(ctx, ZMQ_ROUTER);

    (void)state;
    failing_call("zmq_setsockopt", 1, ENOMEM);
    assert_int_equal(link_zmq_server(z, "rekap-0", &k), ST_IO);
    failing_call("zmq_setsockopt", 1, EINVAL);
    assert_int_equal(link_zmq_server(z, "rekap-0", &k), ST_OK);
    failing_call("zmq_setsockopt", 1, 0);       /* why 0: it is taken */
    assert_int_equal(link_zmq_server(z, "rekap-0", &k), ST_OK);
    assert_string_equal(failing_end(), "zmq_setsockopt");
    assert_int_equal(link_zmq_server(z, "rekap-0", &k), ST_OK);
    zmq_close(z);
    zmq_ctx_term(ctx);
}

static void few_descriptors_are_shared_out(void **state)
{
    static const struct { unsigned limit, peers; } row[] = {
        { DESCRIPTORS_LEAST, DESCRIPTORS_LEAST - DESCRIPTORS_OWN }, { 400, 200 }, { 3000, 3000 - DESCRIPTORS_SPARE },
        { DESCRIPTORS_MAX, PEERS_MAX },         { DESCRIPTORS_MAX + 1, PEERS_MAX },
    };
    struct link *l = NULL;

    (void)state;
    failing_limit_max = failing_limit_cur = DESCRIPTORS_LEAST - 1;
    assert_int_equal(link_new(&l), ST_FULL);
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        failing_limit_max = row[i].limit;
        assert_int_equal(link_new(&l), ST_OK);
        assert_int_equal(l->conns_max, row[i].peers);
        link_free(&l);
    }
    failing_limit_max = 0;
}

/* ---- as many as there may be ---- */

static void there_is_room_for_so_many_sockets(void **state)
{
    struct link_keys k = new_keys();
    struct admission a = { .others = 400 };
    char endpoint[128], err[200] = "", path[140];
    struct link *l;
    peer_id to;

    (void)state;
    assert_int_equal(link_new(&l), ST_OK);
    for (unsigned i = 0; i < SOCKS_MAX; i++) {
        snprintf(endpoint, sizeof endpoint, "ipc://@rekap-edge-%d-%u", (int)getpid(), i);
        assert_int_equal(link_publisher(l, endpoint), ST_OK);
    }
    snprintf(endpoint, sizeof endpoint, "ipc://%s/more", dir);
    snprintf(path, sizeof path, "%s/more", dir);
    assert_int_equal(link_publisher(l, endpoint), ST_FULL);
    assert_int_equal(link_control(l, path), ST_FULL);
    assert_int_equal(link_dial(l, endpoint, &k, k.pub, &to), ST_FULL);
    assert_int_equal(link_listen(l, endpoint, &k, admit, &a, err, sizeof err), ST_FULL);
    assert_true(*err);
    link_free(&l);
}

static void what_has_no_name_has_no_place(void **state)
{
    char path[160];
    struct link_keys k = new_keys();
    struct link *l;
    peer_id to;

    (void)state;
    assert_int_equal(link_new(&l), ST_OK);
    assert_int_equal(link_publisher(l, "udp://x"), ST_INVALID);
    assert_int_equal(link_control(l, ""), ST_INVALID);
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(link_control(l, path), ST_INVALID);
    assert_int_equal(link_dial(l, "udp://x", &k, k.pub, &to), ST_INVALID);
    for (int i = 0; i < WAKE_FDS_MAX; i++) assert_int_equal(link_wake_fd(l, i), ST_OK);
    assert_int_equal(link_wake_fd(l, 9), ST_FULL);
    link_free(&l);
    link_free(&l);
}

static void a_signal_does_not_keep_a_context(void **state)
{
    struct link *l;

    (void)state;
    assert_int_equal(link_new(&l), ST_OK);
    failing_call("zmq_ctx_term", 1, EINTR);
    link_free(&l);
    assert_string_equal(failing_end(), "zmq_ctx_term");
    assert_null(l);
}

/* ---- messages ---- */

static void no_bytes_are_a_message_too(void **state)
{
    struct pair p;
    int i;

    (void)state;
    pair_init(&p);
    listen_ipc(&p, "empty");
    pair_dial(&p);
    assert_int_equal(link_send(p.c.l, p.dial, slice_of(NULL, 0)), ST_OK);
    i = expect(&p.s, &p.c, MESSAGE_DATA, "");
    assert_true(i >= 0);
    assert_int_equal(link_send(p.s.l, p.s.log[i].peer, slice_of(NULL, 0)), ST_OK);
    assert_true(expect(&p.c, &p.s, MESSAGE_DATA, "") >= 0);
    failing_call("zmq_msg_recv", 1, ENOTSOCK);
    assert_int_equal(link_recv(p.s.l, &(struct message){ 0 }), ST_IO);
    failing_call("zmq_msg_recv", 1, EINTR);
    assert_int_equal(link_recv(p.s.l, &(struct message){ 0 }), ST_AGAIN);
    assert_string_equal(failing_end(), "zmq_msg_recv");
    failing_call("zmq_msg_send", 1, EAGAIN);
    assert_int_equal(link_send(p.s.l, p.s.log[i].peer, slice_of("x", 1)), ST_AGAIN);
    assert_string_equal(failing_end(), "zmq_msg_send");
    pair_done(&p);
}

static void bells_without_bytes_and_without_room(void **state)
{
    struct pair p;
    char path[128], endpoint[128];

    (void)state;
    pair_init(&p);
    snprintf(path, sizeof path, "%s/bells", dir);
    snprintf(endpoint, sizeof endpoint, "ipc://%s/bell", dir);
    assert_int_equal(link_new(&p.s.l), ST_OK);
    assert_int_equal(link_control(p.s.l, path), ST_OK);
    assert_int_equal(link_publisher(p.s.l, endpoint), ST_OK);
    assert_int_equal(link_publish(p.s.l, slice_of(NULL, 0)), ST_OK);
    assert_int_equal(link_recv(p.s.l, &(struct message){ 0 }), ST_AGAIN);
    failing_call("zmq_send", 1, EAGAIN);
    assert_int_equal(link_publish(p.s.l, slice_of("x", 1)), ST_AGAIN);
    failing_call("zmq_send", 1, EFAULT);
    assert_int_equal(link_publish(p.s.l, slice_of("x", 1)), ST_IO);
    (void)failing_end();
    pair_done(&p);
}

static void who_is_not_there_hears_nothing(void **state)
{
    struct pair p;
    peer_id back;

    (void)state;
    pair_init(&p);
    listen_ipc(&p, "absent");
    assert_int_equal(link_new(&p.c.l), ST_OK);
    assert_int_equal(link_dial(p.c.l, p.endpoint, &p.client, p.server.pub, &p.dial), ST_OK);
    assert_int_equal(counters(&p.c).peers, 0);
    assert_false(link_refused(p.c.l, p.dial));
    assert_true(expect(&p.c, &p.s, MESSAGE_UP, NULL) >= 0);
    assert_int_equal(counters(&p.c).peers, 1);
    assert_served(&p, "satu");
    back = p.s.log[find(&p.s, MESSAGE_DATA, "satu")].peer;
    assert_false(link_refused(p.s.l, back));
    assert_false(link_refused(p.s.l, 12345));
    assert_false(link_is_control(p.s.l, 12345));
    assert_int_equal(link_send(p.s.l, 12345, slice_of("x", 1)), ST_NOT_FOUND);
    link_close(p.s.l, 12345);
    link_close(p.s.l, back);
    link_close(p.s.l, back);
    assert_true(expect(&p.c, &p.s, MESSAGE_DOWN, NULL) >= 0);
    pair_done(&p);
}

/* After five seconds with little to do memory is given back; with much it is kept. */
static void memory_is_given_back_when_there_is_little_to_do(void **state)
{
    struct link *l;

    (void)state;
    assert_int_equal(link_new(&l), ST_OK);
    for (unsigned much = 0; much < 2; much++) {
        int64_t before = link_zmq_ms();

        l->trim_ms = l->guard_ms = before - TRIM_MS - GUARD_MS;
        l->bytes_received += much ? 2 * TRIM_BYTES : 0;
        assert_int_equal(link_wait(l, 0), ST_OK);
        assert_true(l->trim_ms >= before);
        assert_int_equal(l->trim_received, l->bytes_received);
    }
    link_free(&l);
}

/* ---- accept4 ---- */

static int listener(struct sockaddr_un *a)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    *a = (struct sockaddr_un){ .sun_family = AF_UNIX };
    snprintf(a->sun_path, sizeof a->sun_path, "%s/accept", dir);
    unlink(a->sun_path);
    assert_int_equal(bind(fd, (const struct sockaddr *)a, sizeof *a), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

/* One that knocks, and what becomes of it under that limit. */
static int accepted(int fd, const struct sockaddr_un *a, uint64_t limit)
{
    int knock = socket(AF_UNIX, SOCK_STREAM, 0), got;

    assert_int_equal(connect(knock, (const struct sockaddr *)a, sizeof *a), 0);
    failing_limit_cur = failing_limit_max = limit;
    got = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    failing_limit_max = 0;
    close(knock);
    return got;
}

static void the_last_descriptors_are_our_own(void **state)
{
    static const unsigned limit[] = { 40, 64, 200, 512, 4096 }, spare[] = { 10, 10, 25, 64, 64 };
    struct sockaddr_un a;
    struct rlimit was, none;
    int fd = listener(&a);

    (void)state;
    for (unsigned i = 0; i < sizeof limit / sizeof *limit; i++) {
        const int got = accepted(fd, &a, limit[i]);
        assert_true(got >= 0 && got < (int)(limit[i] - spare[i]));
        const int next = accepted(fd, &a, limit[i]);
        assert_int_equal(next, got + 1);
        close(next);
        close(got);
    }
    const int first = accepted(fd, &a, 4096);
    assert_int_equal(accepted(fd, &a, (uint64_t)first + 10), -1);     /* the one behind it is among the last */
    assert_int_equal(errno, ECONNABORTED);
    const int high = accepted(fd, &a, RLIM_INFINITY);
    assert_true(high > first);
    failing_call("getrlimit", 1, EFAULT);
    const int higher = accepted(fd, &a, 1);
    assert_string_equal(failing_end(), "getrlimit");
    assert_true(higher > high);
    close(higher);
    close(high);
    close(first);
    assert_int_equal(accept4(fd, NULL, NULL, 0), -1);
    assert_int_equal(errno, EAGAIN);            /* nobody */
    getrlimit(RLIMIT_NOFILE, &was);
    const int free_one = dup(fd);
    close(free_one);
    none = (struct rlimit){ (rlim_t)free_one, was.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    const int left = accept4(fd, NULL, NULL, 0), why = errno;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
    assert_int_equal(left, -1);
    assert_int_equal(why, ECONNABORTED);
    close(fd);
    unlink(a.sun_path);
}

static int all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_places),
        cmocka_unit_test(who_may_not_look_is_denied),
        cmocka_unit_test(a_full_backlog_is_somebody),
        cmocka_unit_test(libraries_that_are_not_what_they_should_be),
        cmocka_unit_test(an_option_that_only_some_libraries_have),
        cmocka_unit_test(few_descriptors_are_shared_out),
        cmocka_unit_test(there_is_room_for_so_many_sockets),
        cmocka_unit_test(what_has_no_name_has_no_place),
        cmocka_unit_test(a_signal_does_not_keep_a_context),
        cmocka_unit_test(no_bytes_are_a_message_too),
        cmocka_unit_test(bells_without_bytes_and_without_room),
        cmocka_unit_test(who_is_not_there_hears_nothing),
        cmocka_unit_test(memory_is_given_back_when_there_is_little_to_do),
        cmocka_unit_test(the_last_descriptors_are_our_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void) { return run_in_directory(all); }
