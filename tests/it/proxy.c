/* proxy.c - see proxy.h.
 *
 * One thread, one poll loop. A connection is two pipes; a pipe holds what was read in chunks, each with the moment it is due, and
 * writes a chunk when that has come: delay is the time in the pipe, jitter is drawn for each chunk and never lets one overtake the
 * one before it. A pipe that holds PIPE_BYTES is not read, so TCP's own window pushes back on who sends. Throttle is an allowance
 * in bytes that grows with time.
 *
 * Invariant: bytes leave a pipe in the order they came in, all of them, up to the one at which a blow ends the connection. */
#include "tests/it/proxy.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proto/rng.h"

enum { CONNECTIONS = 64, CHUNK_BYTES = 16384, PIPE_BYTES = 1 << 20, LOOK_MS = 5, PLACE_MAX = 400 };
struct chunk {
    struct chunk *next;
    int64_t due_us;
    size_t n, at;
    uint8_t p[];
};
struct pipe_ {
    int from, to;
    struct chunk *first, **last;
    size_t held;
    int64_t due_us, allowed_us; /* of the last chunk; throttle: nothing before this moment */
    bool ended, closed;         /* end of stream read; handed on */
    int blow;                   /* what comes after `after` more bytes, or -1 */
    size_t after;
};
struct connection {
    bool used, dead;
    int client, server;
    struct pipe_ pipe[PROXY_WAYS];
};
struct proxy {
    pthread_t thread;
    pthread_mutex_t lock; /* of everything below that the other thread sees */
    struct proxy_weather weather[PROXY_WAYS];
    bool stop, shut;
    struct proxy_counts n;
    int listening;
    unsigned to;
    struct rng rng;
    struct connection c[CONNECTIONS];
};

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- connections ---- */

static struct sockaddr_in address(unsigned port)
{
    return (
        struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static void close_hard(int fd)
{
    const struct linger l = { 1, 0 };
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
    close(fd);
}

static void pipe_open(struct pipe_ *p, int from, int to)
{
    *p = (struct pipe_){ .from = from, .to = to, .blow = -1 };
    p->last = &p->first;
}

static void pipe_empty(struct pipe_ *p)
{
    while (p->first) {
        struct chunk *c = p->first;
        p->first = c->next;
        free(c);
    }
}

static void end(struct connection *c, bool hard)
{
    for (unsigned w = 0; w < PROXY_WAYS; w++) pipe_empty(&c->pipe[w]);
    if (hard)
        close_hard(c->client), close_hard(c->server);
    else
        close(c->client), close(c->server);
    c->used = false;
}

static void take(struct proxy *p)
{
    const struct sockaddr_in a = address(p->to);
    const int one = 1;
    int client = accept4(p->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), server = -1;
    struct connection *c = NULL;
    if (client < 0) return;
    for (unsigned i = 0; i < CONNECTIONS && !c; i++)
        if (!p->c[i].used) c = &p->c[i];
    if (c && !p->shut) server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server < 0 || connect(server, (const struct sockaddr *)&a, sizeof a) != 0) {
        if (server >= 0) close(server);
        close_hard(client);
        p->n.refused++;
        return;
    }
    (void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    (void)setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    *c = (struct connection){ .used = true, .client = client, .server = server };
    pipe_open(&c->pipe[PROXY_THERE], client, server);
    pipe_open(&c->pipe[PROXY_BACK], server, client);
    p->n.connections++;
}

/* ---- bytes ---- */

/* When a chunk read now is due. */
static int64_t due(struct proxy *p, const struct pipe_ *q, const struct proxy_weather *w)
{
    int64_t jitter = w->jitter_ms ? (int64_t)rng_below(&p->rng, (uint64_t)w->jitter_ms * 1000) : 0;
    int64_t at = now_us() + w->delay_ms * INT64_C(1000) + jitter;
    return at > q->due_us ? at : q->due_us;
}

/* False: this connection has to end. */
static bool pipe_read(struct proxy *p, struct pipe_ *q, const struct proxy_weather *w)
{
    struct chunk *c = malloc(sizeof *c + CHUNK_BYTES);
    ASSERT(c != NULL);
    ssize_t n = recv(q->from, c->p, CHUNK_BYTES, MSG_DONTWAIT);
    if (n <= 0) {
        bool again = n < 0 && (errno == EAGAIN || errno == EINTR);
        q->ended |= n == 0;
        free(c);
        return n == 0 || again;
    }
    c->n = (size_t)n;
    c->at = 0;
    c->next = NULL;
    c->due_us = q->due_us = due(p, q, w);
    *q->last = c;
    q->last = &c->next;
    q->held += c->n;
    return true;
}

/* A blow at this byte of the stream. False: the connection is over. */
static bool hit(struct proxy *p, struct connection *c, struct pipe_ *q, struct chunk *k)
{
    int blow = q->blow;
    q->blow = -1;
    p->n.blows[blow]++;
    if (blow == PROXY_CORRUPT) {
        k->p[k->at] ^= (uint8_t)(1u << rng_below(&p->rng, 8));
        return true;
    }
    if (blow == PROXY_HALF_CLOSE) {
        (void)shutdown(q->to, SHUT_WR);
        q->closed = true;
        return true;
    }
    end(c, true);
    return false;
}

/* Writes of the first chunk what may be written now. False: the connection is over, or nothing can be written now. */
static bool pipe_write(struct proxy *p, struct connection *c, struct pipe_ *q, const struct proxy_weather *w, enum proxy_way way)
{
    struct chunk *k = q->first;
    size_t n = k->n - k->at;
    if (q->blow >= 0 && q->after == 0 && !hit(p, c, q, k)) return false;
    if (q->blow >= 0 && n > q->after) n = q->after;
    if (w->bytes_per_s && n > (size_t)w->bytes_per_s / 50 + 1) n = (size_t)w->bytes_per_s / 50 + 1;
    ssize_t sent = q->closed ? (ssize_t)n : send(q->to, k->p + k->at, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return end(c, true), false;
    if (sent <= 0) return false;
    if (q->blow >= 0) q->after -= (size_t)sent;
    if (w->bytes_per_s) q->allowed_us = now_us() + sent * INT64_C(1000000) / w->bytes_per_s;
    k->at += (size_t)sent;
    q->held -= (size_t)sent;
    p->n.bytes[way] += (uint64_t)sent;
    if (k->at == k->n) {
        q->first = k->next;
        if (!q->first) q->last = &q->first;
        free(k);
    }
    return true;
}

static void pipe_turn(struct proxy *p, struct connection *c, enum proxy_way way)
{
    struct pipe_ *q = &c->pipe[way];
    const struct proxy_weather *w = &p->weather[way];
    if (q->held < PIPE_BYTES && !q->ended && !pipe_read(p, q, w)) {
        end(c, true);
        return;
    }
    if (w->blackhole) return;
    while (c->used && q->first && q->first->due_us <= now_us() && (!w->bytes_per_s || q->allowed_us <= now_us()))
        if (!pipe_write(p, c, q, w, way)) return;
    if (c->used && q->ended && !q->first && !q->closed) {
        (void)shutdown(q->to, SHUT_WR);
        q->closed = true;
    }
}

static void connection_turn(struct proxy *p, struct connection *c)
{
    for (unsigned way = 0; way < PROXY_WAYS && c->used; way++) pipe_turn(p, c, way);
    if (c->used && c->pipe[PROXY_THERE].ended && c->pipe[PROXY_THERE].closed && c->pipe[PROXY_BACK].ended &&
        c->pipe[PROXY_BACK].closed)
        end(c, false);
}

/* ---- the thread ---- */

static nfds_t look_at(const struct proxy *p, struct pollfd *fd)
{
    nfds_t n = 0;
    fd[n++] = (struct pollfd){ .fd = p->listening, .events = POLLIN };
    for (unsigned i = 0; i < CONNECTIONS; i++)
        for (unsigned w = 0; w < PROXY_WAYS && p->c[i].used; w++)
            if (!p->c[i].pipe[w].ended && p->c[i].pipe[w].held < PIPE_BYTES)
                fd[n++] = (struct pollfd){ .fd = p->c[i].pipe[w].from, .events = POLLIN };
    return n;
}

static bool holds(const struct proxy *p)
{
    for (unsigned i = 0; i < CONNECTIONS; i++)
        if (p->c[i].used && (p->c[i].pipe[0].first || p->c[i].pipe[1].first)) return true;
    return false;
}

static void *run(void *self)
{
    struct proxy *p = self;
    struct pollfd fd[1 + PROXY_WAYS * CONNECTIONS];
    bool stop = false;
    while (!stop) {
        pthread_mutex_lock(&p->lock);
        nfds_t n = look_at(p, fd);
        int ms = holds(p) ? 1 : LOOK_MS;
        pthread_mutex_unlock(&p->lock);
        (void)poll(fd, n, ms);
        pthread_mutex_lock(&p->lock);
        stop = p->stop;
        if (fd[0].revents & POLLIN) take(p);
        for (unsigned i = 0; i < CONNECTIONS; i++)
            if (p->c[i].used) connection_turn(p, &p->c[i]);
        pthread_mutex_unlock(&p->lock);
    }
    return NULL;
}

struct proxy *proxy_new(unsigned port, unsigned to, uint64_t seed)
{
    const struct sockaddr_in a = address(port);
    const int one = 1;
    struct proxy *p = calloc(1, sizeof *p);
    ASSERT(p != NULL);
    p->to = to;
    rng_seed(&p->rng, seed);
    pthread_mutex_init(&p->lock, NULL);
    p->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    (void)setsockopt(p->listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (p->listening >= 0 && bind(p->listening, (const struct sockaddr *)&a, sizeof a) == 0 && listen(p->listening, 64) == 0 &&
        pthread_create(&p->thread, NULL, run, p) == 0)
        return p;
    if (p->listening >= 0) close(p->listening);
    free(p);
    return NULL;
}

void proxy_free(struct proxy **pp)
{
    struct proxy *p = *pp;
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    for (unsigned i = 0; i < CONNECTIONS; i++)
        if (p->c[i].used) end(&p->c[i], false);
    close(p->listening);
    pthread_mutex_destroy(&p->lock);
    free(p);
    *pp = NULL;
}

/* ---- from the other thread ---- */

void proxy_weather(struct proxy *p, enum proxy_way way, struct proxy_weather w)
{
    pthread_mutex_lock(&p->lock);
    p->weather[way] = w;
    pthread_mutex_unlock(&p->lock);
}

void proxy_closed(struct proxy *p, bool closed)
{
    pthread_mutex_lock(&p->lock);
    p->shut = closed;
    for (unsigned i = 0; closed && i < CONNECTIONS; i++)
        if (p->c[i].used) end(&p->c[i], true);
    pthread_mutex_unlock(&p->lock);
}

void proxy_strike(struct proxy *p, enum proxy_way way, enum proxy_blow b)
{
    pthread_mutex_lock(&p->lock);
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        struct connection *c = &p->c[i];
        if (!c->used) continue;
        if (b == PROXY_RESET)
            end(c, true), p->n.blows[b]++;
        else
            c->pipe[way].blow = (int)b, c->pipe[way].after = (size_t)rng_below(&p->rng, PLACE_MAX);
    }
    pthread_mutex_unlock(&p->lock);
}

void proxy_counts(struct proxy *p, struct proxy_counts *ret)
{
    pthread_mutex_lock(&p->lock);
    *ret = p->n;
    pthread_mutex_unlock(&p->lock);
}
