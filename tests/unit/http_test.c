/* http_test.c - what the aggregator's HTTP holds for those who take nothing: idle connections, answers that nobody reads, one by
 * one and together, and live viewers. The real server on a real port, over an empty RAM store and a register so long that one list
 * of offices does not fit into a socket; the clock is the test's: a minute takes no time, and none passes by itself. Every bound is
 * the product's own.
 *
 * limit: 900 s
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "aggregator/fold.h"
#include "aggregator/http.h"
#include "aggregator/sse.h"
#include "proto/clock.h"

enum { DAY_MS = 24 * 3600 * 1000 };
enum { WAIT_MS = 60 * 1000, OFFICES = 4000, SMALL_WINDOW = 4096, SMALL_SEGMENT = 536, LEAST_ANSWER = 400 << 10, LOOKS_MS = 1000 };
#define LIST "GET /api/v1/offices?region= HTTP/1.1\r\nHost: x\r\n\r\n"
#define EVENTS "GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n"

static atomic_llong ahead_ms;           /* what has passed on the server's clock, which goes only by this */

static struct now server_now(void *ctx)
{
    struct clock c = clock_posix();
    struct now n = c.now(c.ctx);
    (void)ctx;
    n.mono.us = (DAY_MS + atomic_load(&ahead_ms)) * 1000;
    return n;
}

static int64_t ms(void)
{
    struct clock c = clock_posix();
    return c.now(c.ctx).mono.us / 1000;
}

/* ---- the server ---- */

struct site { struct http *http; struct store *store; char dir[64], registry[96], page[96], listen[32]; unsigned port; };

static void write_register(const struct site *s)
{
    FILE *f = fopen(s->registry, "w");
    assert_non_null(f);
    fputs("#rekap-office 1\n", f);
    for (unsigned i = 0; i < OFFICES; i++)
        fprintf(f, "gen-3374-%04u\t33.74\toffice\tactive\t2026-01-01\t-\t-\t-\tKantor %04u\n", i, i);
    assert_int_equal(fclose(f), 0);
}

static int setup_of(void **state, bool assets)
{
    struct site *s = calloc(1, sizeof *s);
    char err[300] = "";
    int st = ST_BUSY;
    assert_non_null(s);
    atomic_store(&ahead_ms, 0);
    snprintf(s->dir, sizeof s->dir, "/tmp/rekap-http-test-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    snprintf(s->registry, sizeof s->registry, "%s/office.tsv", s->dir);
    snprintf(s->page, sizeof s->page, "%s/index.html", s->dir);
    write_register(s);
    assert_int_equal(store_mem_new(fold_tables, &s->store), ST_OK);
    struct http_options o = { .listen = s->listen, .registry = s->registry, .regions = "deploy/registry/region.csv",
                              .names = "deploy/registry/nomenklatur.csv", .store = s->store, .assets = assets ? s->dir : NULL,
                              .clock = { NULL, server_now },
                              .live = { .workers = 1, .worker = { { .number = 1, .up = true } } } };
    for (unsigned i = 0; st == ST_BUSY && i < 200; i++) {
        s->port = 20000 + ((unsigned)getpid() * 7 + i) % 12000;
        snprintf(s->listen, sizeof s->listen, "127.0.0.1:%u", s->port);
        st = http_new(&o, &s->http, err, sizeof err);
    }
    if (st != ST_OK) fail_msg("%s", err);
    *state = s;
    return 0;
}

static int setup(void **state) { return setup_of(state, false); }
static int setup_assets(void **state) { return setup_of(state, true); }

static int teardown(void **state)
{
    struct site *s = *state;
    http_free(&s->http);
    store_mem_free(&s->store);
    unlink(s->registry);
    unlink(s->page);
    rmdir(s->dir);
    free(s);
    return 0;
}

static uint64_t closed(const struct site *s)
{
    uint64_t n, refused;
    http_counters(s->http, &n, &refused);
    return n;
}

static uint64_t refused(const struct site *s)
{
    uint64_t n, shut;
    http_counters(s->http, &shut, &n);
    return n;
}

/* ---- clients ---- */

/* deaf: with a small window, and small segments as of a far network: the kernel's own buffers on the loopback hold megabytes. */
static int dial(const struct site *s, bool deaf)
{
    static const int window = SMALL_WINDOW, segment = SMALL_SEGMENT;
    const struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)s->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (deaf) assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window), 0);
    if (deaf) assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

static int ask(const struct site *s, bool deaf, const char *question)
{
    int fd = dial(s, deaf);
    assert_int_equal(send(fd, question, strlen(question), MSG_NOSIGNAL), strlen(question));
    return fd;
}

/* The status of the answer that begins on this connection; 0: none in time, or it was closed. The rest stays unread. */
static int status_of(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    char head[16] = "";
    if (poll(&p, 1, WAIT_MS) != 1 || recv(fd, head, 12, MSG_PEEK | MSG_WAITALL) != 12) return 0;
    return (int)strtol(head + 9, NULL, 10);
}

static bool is_closed(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* Reads until the other side is silent for good or ends; how much it was. */
static size_t take_all(int fd)
{
    static char block[1 << 16];
    size_t n = 0;
    for (ssize_t got; (got = recv(fd, block, sizeof block, 0)) > 0;) n += (size_t)got;
    return n;
}

static int once(const struct site *s)
{
    int fd = ask(s, false, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), status = status_of(fd);
    close(fd);
    return status;
}

static bool counted(const struct site *s, uint64_t (*count)(const struct site *s), uint64_t n)
{
    for (int64_t end = ms() + WAIT_MS; count(s) < n; (void)poll(NULL, 0, 5))
        if (ms() > end) return false;
    return count(s) == n;
}

/* ---- the bounds ---- */

/* found by this test: who went away in the middle of an answer took the server along, unless who had started it ignored SIGPIPE */
static void who_asks_nothing_is_closed(void **state)
{
    struct site *s = *state;
    int fd = dial(s, false);
    assert_int_equal(once(s), 200);
    atomic_store(&ahead_ms, HTTP_HEAD_MS / 3);
    for (int64_t end = ms() + LOOKS_MS; ms() < end;) assert_int_equal(once(s), 200);
    assert_false(is_closed(fd));
    atomic_store(&ahead_ms, HTTP_HEAD_MS + LOOKS_MS);
    assert_true(counted(s, closed, 1));
    assert_true(status_of(fd) == 0 && is_closed(fd));
    close(fd);
}

/* One that reads nothing has longer than one that asks nothing, but not for ever. */
static void an_answer_that_nobody_takes_ends(void **state)
{
    struct site *s = *state;
    int whole = ask(s, false, "GET /api/v1/offices?region= HTTP/1.0\r\n\r\n");
    assert_true(take_all(whole) > LEAST_ANSWER);        /* more than the kernel keeps for one that reads nothing */
    int deaf = ask(s, true, LIST), idle = dial(s, false);
    assert_int_equal(status_of(deaf), 200);
    atomic_store(&ahead_ms, HTTP_HEAD_MS + LOOKS_MS);
    assert_true(counted(s, closed, 1));
    assert_true(status_of(idle) == 0 && is_closed(idle));       /* the same look found the deaf one in time */
    atomic_store(&ahead_ms, HTTP_ANSWER_MS - 2 * LOOKS_MS);
    for (int64_t end = ms() + LOOKS_MS; ms() < end;) assert_int_equal(once(s), 200);
    assert_int_equal(closed(s), 1);
    atomic_store(&ahead_ms, HTTP_ANSWER_MS + LOOKS_MS);
    assert_true(counted(s, closed, 2));
    assert_true(take_all(deaf) < LEAST_ANSWER);
    close(whole);
    close(deaf);
    close(idle);
}

/* However many take nothing: what lies in memory for them has an end, and who asks then is told so at once. */
static void answers_that_nobody_takes_are_bounded_together(void **state)
{
    enum { MOST = 3 * HTTP_ANSWERS_MAX / LEAST_ANSWER, AT_ONCE = 16 };
    static int fd[MOST];
    struct site *s = *state;
    unsigned taken = 0;
    unsigned n = 0;
    while (n + AT_ONCE <= MOST && refused(s) == 0) {
        for (unsigned i = 0; i < AT_ONCE; i++) fd[n + i] = ask(s, true, LIST);
        for (unsigned i = 0; i < AT_ONCE; i++, n++) {
            int status = status_of(fd[n]);
            assert_true(status == 200 || status == 503);
            taken += status == 200;
        }
    }
    assert_true(refused(s) > 0);
    assert_int_equal(refused(s), n - taken);
    assert_true(taken > HTTP_ANSWERS_MAX / (4 * LEAST_ANSWER));       /* not before there is much */
    int other = -1, status = 200;       /* what the kernel took meanwhile made room: until it takes no more */
    for (; status == 200 && n < MOST; fd[n++] = other) status = status_of(other = ask(s, true, LIST));
    assert_int_equal(status, 503);
    while (n > 0) close(fd[--n]);
    status = 0;
    for (int64_t end = ms() + WAIT_MS; status != 200 && ms() < end;) status = once(s);
    assert_int_equal(status, 200);
}

/* Found by the leak sanitizer in this test: a viewer that went away left its request behind. */
static void viewers_have_a_number(void **state)
{
    static int fd[SSE_VIEWERS_MAX];
    struct site *s = *state;
    struct rlimit r;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &r), 0);
    r.rlim_cur = r.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &r), 0);
    assert_true(r.rlim_max > 2 * SSE_VIEWERS_MAX + 64); /* both ends are ours */
    for (unsigned i = 0; i < SSE_VIEWERS_MAX; i++) {
        fd[i] = ask(s, false, EVENTS);
        assert_int_equal(status_of(fd[i]), 200);
    }
    int other = ask(s, false, EVENTS);
    assert_int_equal(status_of(other), 503);
    close(other);
    assert_int_equal(once(s), 200);     /* questions are answered beside them */
    close(fd[0]);
    int status = 0;
    for (int64_t end = ms() + WAIT_MS; status != 200 && ms() < end; close(other)) {
        other = ask(s, false, EVENTS);
        status = status_of(other);
    }
    assert_int_equal(status, 200);
    for (unsigned i = 1; i < SSE_VIEWERS_MAX; i++) close(fd[i]);
}

/* ---- live viewers ---- */

/* Rows from..to into the change list, each of a log position of its own and of `pairs` offices. */
static void changes(const struct site *s, uint64_t from, uint64_t to, unsigned pairs)
{
    static uint64_t commits;
    struct aggregate_status live = { .workers = 1, .commits = ++commits, .worker = { { .number = 1, .up = true } } };
    struct store_txn *t = NULL;
    struct buf b;
    uint8_t key[8];
    buf_init(&b, 1 << 20);
    assert_int_equal(store_begin(s->store, true, &t), ST_OK);
    for (uint64_t n = from; n <= to; n++) {
        buf_clear(&b);
        buf_u8(&b, 1);
        buf_u8(&b, 1);
        buf_be64(&b, 10 * n);
        for (unsigned i = 0; i < pairs; i++) buf_be32(&b, i + 1), buf_be16(&b, 2022);
        bytes_be64(key, n);
        assert_int_equal(store_append(t, FOLD_CHANGE, slice_of(key, 8), buf_slice(&b)), ST_OK);
    }
    assert_int_equal(store_commit(&t), ST_OK);
    buf_done(&b);
    http_changed(s->http, &live);
}

/* Reads on until `text` has come, or WAIT_MS are over. All that has come stands in `all`. */
static bool comes(int fd, struct buf *all, const char *text)
{
    for (int64_t end = ms() + WAIT_MS; ms() < end;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        if (all->n && memmem(all->p, all->n, text, strlen(text))) return true;
        if (poll(&p, 1, 50) != 1) continue;
        uint8_t block[4096];
        ssize_t got = recv(fd, block, sizeof block, 0);
        if (got <= 0) return false;
        buf_put(all, block, (size_t)got);
    }
    return false;
}

static size_t times(const struct buf *all, const char *text)
{
    size_t n = 0;
    const uint8_t *at = all->p, *end = all->p + all->n;
    for (; at && (at = memmem(at, (size_t)(end - at), text, strlen(text))); at++) n++;
    return n;
}

static void a_still_line_is_kept_open(void **state)
{
    struct site *s = *state;
    struct buf all;
    int fd = ask(s, false, EVENTS);
    buf_init(&all, 1 << 20);
    assert_true(comes(fd, &all, "event: snapshot\n"));
    assert_int_equal(times(&all, ": beat\n"), 0);
    atomic_store(&ahead_ms, SSE_BEAT_MS);
    assert_true(comes(fd, &all, ": beat\n\n"));
    atomic_store(&ahead_ms, 2 * SSE_BEAT_MS + LOOKS_MS);
    all.n = 0;                          /* the next one */
    assert_true(comes(fd, &all, ": beat\n\n"));
    close(fd);
    buf_done(&all);
}

/* One that takes little at a time gets every change once and in order, as fast as it takes them, and is never told to begin anew.
 */
static void a_slow_viewer_misses_nothing(void **state)
{
    enum { CHANGES = 20000 };
    struct site *s = *state;
    struct buf all;
    char mark[64];
    int fd = ask(s, true, EVENTS);
    buf_init(&all, 64 << 20);
    assert_true(comes(fd, &all, "event: snapshot\n"));
    changes(s, 1, CHANGES, 1);
    snprintf(mark, sizeof mark, "id: w1:%u,c:%u\n", 10 * CHANGES, CHANGES);
    assert_true(comes(fd, &all, mark));
    const uint8_t *at = all.p;
    for (unsigned n = 1; n <= CHANGES; n++) {
        snprintf(mark, sizeof mark, "\nid: w1:%u,c:%u\n", 10 * n, n);
        at = memmem(at, (size_t)(all.p + all.n - at), mark, strlen(mark));
        assert_non_null(at);
    }
    assert_int_equal(times(&all, "event: changed\n"), CHANGES);
    assert_int_equal(times(&all, "event: resync\n"), 1);
    close(fd);
    buf_done(&all);
}

static void a_large_change_comes_in_parts(void **state)
{
    struct site *s = *state;
    struct buf all;
    int fd = ask(s, false, EVENTS);
    buf_init(&all, 1 << 20);
    assert_true(comes(fd, &all, "event: snapshot\n"));
    changes(s, 1, 1, 3 * SSE_PAIRS_PER_EVENT + 1);
    assert_true(comes(fd, &all, "id: w1:10,c:1\n"));
    assert_int_equal(times(&all, "event: changed\n"), 4);
    assert_int_equal(times(&all, "id: w1:10,c:1\n"), 1);        /* the last part has it: who is cut off before gets all again */
    close(fd);
    buf_done(&all);
}

static void an_id_is_taken_up_where_its_change_is(void **state)
{
    static const struct { const char *id; size_t changed, resync; } CASES[] = {
        { "w1:30,c:3", 7, 0 },          /* 4 to 10 */
        { "w1:100,c:10", 0, 0 },        /* nothing new: the next one is 11 */
        { "c:0", 10, 0 },               /* before everything */
        { "w1:31,c:3", 0, 1 },          /* number 3 of another list */
        { "w1:9990,c:999", 0, 1 },      /* ahead of the list */
        { "c:3", 0, 1 }, { "x", 0, 1 }, { "w1:30,c:3x", 0, 1 }, { "w1:30,c:99999999999999999999", 0, 1 },
    };
    struct site *s = *state;
    changes(s, 1, 10, 1);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char question[200], mark[32];
        struct buf all;
        snprintf(question, sizeof question, "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: %s\r\n\r\n", CASES[i].id);
        buf_init(&all, 1 << 20);
        int fd = ask(s, false, question);
        assert_int_equal(status_of(fd), 200);
        changes(s, 11 + i, 11 + i, 1);
        snprintf(mark, sizeof mark, ",c:%u\n", (unsigned)(11 + i));
        assert_true(comes(fd, &all, mark));
        if (times(&all, "event: resync\n") != CASES[i].resync) fail_msg("%s: resync", CASES[i].id);
        if (!CASES[i].resync) assert_int_equal(times(&all, "event: changed\n"), CASES[i].changed + 1 + i);
        close(fd);
        buf_done(&all);
    }
}

static int ready(const struct site *s)
{
    int fd = ask(s, false, "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), status = status_of(fd);
    close(fd);
    return status;
}

/* Ready says that counting goes on: a worker that told records of which none is taken, and a loop that does not turn, are not. */
static void standing_still_is_not_ready(void **state)
{
    struct site *s = *state;
    struct aggregate_status live = { .workers = 1,
                                     .commits = 1,
                                     .worker = { { .number = 1, .up = true, .applied = 3, .head = 5 } } };
    assert_int_equal(ready(s), 200);
    http_changed(s->http, &live);
    assert_int_equal(ready(s), 200);            /* there is something to count, and time to do it */
    atomic_store(&ahead_ms, HTTP_STALL_MS + LOOKS_MS);
    http_turn(s->http);
    assert_int_equal(ready(s), 503);
    live.worker[0].applied = 4;                 /* it moved */
    http_changed(s->http, &live);
    assert_int_equal(ready(s), 200);
    live.worker[0].applied = 5;                 /* nothing is left: standing still is right */
    http_changed(s->http, &live);
    atomic_store(&ahead_ms, 3 * HTTP_STALL_MS);
    http_turn(s->http);
    assert_int_equal(ready(s), 200);
    atomic_store(&ahead_ms, 4 * HTTP_STALL_MS + LOOKS_MS);      /* and no turn since */
    assert_int_equal(ready(s), 503);
    http_turn(s->http);
    assert_int_equal(ready(s), 200);
    live.worker[0].up = false;
    http_changed(s->http, &live);
    assert_int_equal(ready(s), 503);
}

/* More than libevent reads from a file at a time. */
static void a_page_of_the_directory_is_served_whole(void **state)
{
    enum { PAGE_BYTES = 100 << 10 };
    struct site *s = *state;
    FILE *f = fopen(s->page, "w");
    assert_non_null(f);
    for (unsigned i = 0; i < PAGE_BYTES; i++) fputc('a' + (int)(i % 26), f);
    assert_int_equal(fclose(f), 0);
    int fd = ask(s, false, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_int_equal(status_of(fd), 200);
    assert_in_range(take_all(fd), PAGE_BYTES, PAGE_BYTES + 2000);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_asks_nothing_is_closed, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_that_nobody_takes_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(answers_that_nobody_takes_are_bounded_together, setup, teardown),
        cmocka_unit_test_setup_teardown(viewers_have_a_number, setup, teardown),
        cmocka_unit_test_setup_teardown(standing_still_is_not_ready, setup, teardown),
        cmocka_unit_test_setup_teardown(a_still_line_is_kept_open, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slow_viewer_misses_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_large_change_comes_in_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(an_id_is_taken_up_where_its_change_is, setup, teardown),
        cmocka_unit_test_setup_teardown(a_page_of_the_directory_is_served_whole, setup_assets, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
