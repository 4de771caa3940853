/* attack_http.c - attacks on the aggregator's HTTP: connections, heads that never end, answers that nobody reads. Kind: E, tests
 * only. */
#include <stdlib.h>
#include <string.h>

#include "tests/it/attack.h"

enum { CONNECTIONS = 2000, TOO_MANY = 4000, FULL_MS = 60 * 1000, VIEWERS = 3000, ROUND_MS = 2, BIG = 64 << 10,
       SMALL_WINDOW = 4096 };

typedef void (*each_fn)(struct attack *a, int fd, bool fresh);

static int64_t full_ms;                 /* how long to go on until the first was closed */

static void with_clients(struct attack *a, unsigned n, int rcvbuf, int64_t until, each_fn each)
{
    int *fd = malloc(n * sizeof *fd);
    for (unsigned i = 0; fd && i < n; i++) fd[i] = -1;
    for (unsigned i = 0; fd && world_ms() < until + (a->cut == 0 ? full_ms : 0); i = (i + 1) % n) {
        bool fresh = false;
        if (fd[i] >= 0 && rcvbuf == 0 && wire_gone(fd[i])) wire_close(&fd[i]), a->cut++;
        if (fd[i] < 0) {
            fd[i] = wire_connect(a->http_port, rcvbuf);
            fresh = fd[i] >= 0;
            a->done += fresh;
        }
        if (fd[i] >= 0) each(a, fd[i], fresh);
        if (i == 0 || fd[i] < 0) world_pause(ROUND_MS);
    }
    for (unsigned i = 0; fd && i < n; i++) wire_close(&fd[i]);
    free(fd);
}

static void nothing(struct attack *a, int fd, bool fresh) { (void)a, (void)fd, (void)fresh; }
/* More than the aggregator holds: goes on until one of them has been closed, however long opening them takes. */
void http_idle(struct attack *a, int64_t until_ms)
{
    full_ms = FULL_MS;
    with_clients(a, TOO_MANY, 0, until_ms, nothing);
    full_ms = 0;
}

static void drip(struct attack *a, int fd, bool fresh)
{
    (void)a;
    (void)(fresh ? wire_send(fd, "GET /api/v1/status HTTP/1.1\r\nHost: x\r\nX-A: ", 44, 20) : wire_send(fd, "a", 1, 0));
}
void http_slow(struct attack *a, int64_t until_ms) { with_clients(a, CONNECTIONS, 0, until_ms, drip); }

static void swell(struct attack *a, int fd, bool fresh)
{
    static char head[BIG];
    if (head[0] == '\0') memset(head, 'a', sizeof head);
    switch (a->done % 3) {
    case 0: (void)(fresh && wire_send(fd, "GET / HTTP/1.1\r\nX: ", 19, 20)); break;
    case 1: (void)(fresh && wire_send(fd, "POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 49, 20)); break;
    default: break;
    }
    (void)wire_send(fd, head, sizeof head, 0);
}
void http_headers(struct attack *a, int64_t until_ms) { with_clients(a, 200, 0, until_ms, swell); }

/* The page and the longest listing there is, asked for again and again on connections that nobody reads. */
static void ask(struct attack *a, int fd, bool fresh)
{
    static const char both[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
                               "GET /api/v1/rollup?year=2024&level=daun HTTP/1.1\r\nHost: x\r\n\r\n";
    (void)fresh;
    a->done += wire_send(fd, both, sizeof both - 1, 0);
}
void http_deaf(struct attack *a, int64_t until_ms) { with_clients(a, 500, SMALL_WINDOW, until_ms, ask); }

static void watch(struct attack *a, int fd, bool fresh)
{
    static const char view[] = "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: c:0\r\n\r\n";
    (void)a;
    if (fresh) (void)wire_send(fd, view, sizeof view - 1, 20);
}
void http_viewers(struct attack *a, int64_t until_ms) { with_clients(a, VIEWERS, SMALL_WINDOW, until_ms, watch); }
