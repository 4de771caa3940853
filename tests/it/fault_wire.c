/* fault_wire.c - a message that never ends, over TCP. The receiver is shown nothing of an unfinished multipart message, so without
 * a guard one peer fills the worker's memory. libzmq itself sends whole messages only; a relay between that stops in the middle
 * makes it endless.
 *
 * The installation's endpoint is changed to TCP in its configuration, as an operator would. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "tests/it/fault.h"

enum { PART = 512 << 10, PARTS = 64, LIMIT = 24 << 20, CUT_MS = 20 * 1000, BLOCK = 64 << 10 };

/* ---- over TCP ---- */

static bool replace_in(const struct world *w, enum world_part p, const char *from, const char *to)
{
    char below[64], path[512];
    struct buf b;
    snprintf(below, sizeof below, "etc/%s.conf", world_names[p]);
    world_path(w, below, path);
    char *text = world_read(path), *at = text ? strstr(text, from) : NULL;
    buf_init(&b, 1 << 20);
    if (at) {
        *at = '\0';
        buf_printf(&b, "%s%s%s", text, to, at + strlen(from));
    }
    bool ok = at && buf_ok(&b) && world_write(path, b.p, b.n);
    buf_done(&b);
    free(text);
    return ok;
}

static bool to_tcp(struct fault *f)
{
    char to[64], from[sizeof f->w.feed];
    snprintf(to, sizeof to, "tcp://127.0.0.1:%u", world_port());
    memcpy(from, f->w.feed, sizeof from);
    if (!world_down(&f->w)) return false;
    for (unsigned p = 0; p < WORLD_PARTS; p++)
        if (!replace_in(&f->w, p, from, to)) return false;
    return world_up(&f->w) && !strcmp(f->w.feed, to);
}

/* ---- the relay ---- */

struct relay { int listener, near, far; unsigned port; struct sockaddr_in target; size_t passed; };

static bool relay_init(struct relay *r, const char *endpoint)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    *r = (struct relay){
        .listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), .near = -1, .far = -1, .port = world_port()};
    const char *colon = strrchr(endpoint, ':');
    a.sin_port = htons((uint16_t)r->port);
    r->target = a;
    r->target.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    return r->listener >= 0 && bind(r->listener, (const struct sockaddr *)&a, sizeof a) == 0 && listen(r->listener, 1) == 0;
}

static void relay_accept(struct relay *r)
{
    r->near = accept4(r->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (r->near < 0) return;
    r->far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(r->far, (const struct sockaddr *)&r->target, sizeof r->target) != 0)
        world_check(false, "the relay cannot reach the worker");
}

static void relay_pass(struct relay *r)
{
    static char block[BLOCK];
    if (r->near < 0) relay_accept(r);
    if (r->near < 0) return;
    ssize_t n = r->passed < LIMIT ? recv(r->near, block, sizeof block, MSG_DONTWAIT) : 0;
    if (n > 0 && send(r->far, block, (size_t)n, MSG_NOSIGNAL) == n) r->passed += (size_t)n;
    n = recv(r->far, block, sizeof block, MSG_DONTWAIT);
    if (n > 0) (void)send(r->near, block, (size_t)n, MSG_NOSIGNAL);
}

static bool relay_cut(void *ctx)        /* has the worker ended the connection? */
{
    struct relay *r = ctx;
    char one;
    for (unsigned i = 0; i < 64; i++) relay_pass(r);
    return r->passed >= LIMIT / 2 && recv(r->far, &one, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void relay_done(struct relay *r)
{
    const int fd[] = { r->listener, r->near, r->far };
    for (unsigned i = 0; i < 3; i++)
        if (fd[i] >= 0) close(fd[i]);
}

/* ---- the test ---- */

static bool send_endless(struct fault_bad *b)
{
    char *part = calloc(1, PART);
    bool ok = part != NULL;
    for (unsigned i = 0; ok && i < PARTS; i++) ok = zmq_send(b->socket, part, PART, i + 1 < PARTS ? ZMQ_SNDMORE : 0) == PART;
    free(part);
    return ok;
}

static void endless_multipart_is_cut(struct fault *f)
{
    struct fault_bad b = { NULL, NULL };
    struct relay r;
    char endpoint[64];
    pid_t worker = world_pid(&f->w, WORLD_WORKER);
    bool ok = relay_init(&r, f->w.feed);
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", r.port);
    ok = ok && fault_bad_collector(&b, f, endpoint) && send_endless(&b);
    world_check(ok, "the endless message cannot be sent");
    bool cut = ok && world_until(CUT_MS, relay_cut, &r);
    world_check(cut, "a message that never ends was not cut after %zu bytes", r.passed);
    world_check(fault_counted(f, "dropped_multipart", 0), "the worker has not counted the endless message");
    world_check(fault_logs(&f->w, WORLD_WORKER, "unfinished message", 1000),
                "the worker's log does not speak of the endless message");
    world_check(fault_push(f, 0, 8, LOAD_FILES, "--wait") == 0, "an honest push after an endless message");
    world_check(world_pid(&f->w, WORLD_WORKER) == worker && worker > 0, "the worker did not survive an endless message");
    fault_bad_close(&b);
    relay_done(&r);
}

void fault_wire(const char *bin)
{
    static struct fault f;
    if (fault_begin(&f, bin, 1)) {
        bool tcp = to_tcp(&f);
        world_check(tcp, "the installation does not start over TCP");
        if (tcp) {
            world_check(fault_push(&f, 0, 0, 8, "--wait") == 0, "a push over TCP");
            endless_multipart_is_cut(&f);
            fault_exact(&f, 1, "after an endless message");
        } else {
            world_logs(&f.w);
        }
    }
    fault_end(&f);
}
