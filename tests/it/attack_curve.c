/* attack_curve.c - see attack_curve.h. Kind: E, tests only. */
#include "tests/it/attack_curve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/it/world.h"

enum { IN_MAX = 8 << 20, FRAME_MAX = 4 << 20, HEAD_MAX = 9, BOX = crypto_box_MACBYTES, WELCOME = 168, COOKIE = 96, READ = 64 << 10,
       FLAG_LONG = 2, FLAG_COMMAND = 4, INNER_MORE = 1, INNER_COMMAND = 2 };

/* ---- bytes ---- */

int wire_connect(unsigned port, int rcvbuf)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (rcvbuf) (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof rcvbuf);
    if (connect(fd, (const struct sockaddr *)&a, sizeof a) == 0 || errno == EINPROGRESS) return fd;
    close(fd);
    return -1;
}

void wire_close(int *fd)
{
    const struct linger at_once = { 1, 0 };     /* ten thousand of them would fill the table of ports that wait */
    if (*fd < 0) return;
    (void)setsockopt(*fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(*fd);
    *fd = -1;
}

static bool ready(int fd, short what, int64_t end)
{
    struct pollfd p = { .fd = fd, .events = what };
    int64_t left = end - world_ms();
    return poll(&p, 1, left > 0 ? (int)left : 0) > 0 && (p.revents & what);
}

bool wire_send(int fd, const void *p, size_t n, int ms)
{
    const uint8_t *at = p;
    for (int64_t end = world_ms() + ms; fd >= 0 && n > 0;) {
        ssize_t done = send(fd, at, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (done > 0) at += done, n -= (size_t)done;
        else if (errno != EAGAIN && errno != ENOTCONN && errno != EINTR) return false;
        else if (!ready(fd, POLLOUT, end)) return false;
    }
    return fd >= 0;
}

bool wire_gone(int fd)
{
    char one;
    ssize_t n = fd >= 0 ? recv(fd, &one, 1, MSG_PEEK | MSG_DONTWAIT) : 0;
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static bool receive(int fd, void *p, size_t n, int64_t end)
{
    uint8_t *at = p;
    while (n > 0) {
        ssize_t got = recv(fd, at, n, MSG_DONTWAIT);
        if (got > 0) at += got, n -= (size_t)got;
        else if (got == 0 || (errno != EAGAIN && errno != ENOTCONN)) return false;
        else if (!ready(fd, POLLIN, end)) return false;
    }
    return true;
}

/* ---- the handshake ---- */

void wire_greeting(uint8_t ret[WIRE_GREETING])
{
    static const uint8_t head[] = { 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0, 'C', 'U', 'R', 'V', 'E' };
    memset(ret, 0, WIRE_GREETING);
    memcpy(ret, head, sizeof head);
}

static void nonce_long(uint8_t ret[24], const char *prefix, const uint8_t tail[16])
{
    memcpy(ret, prefix, 8);
    memcpy(ret + 8, tail, 16);
}

static void nonce_short(uint8_t ret[24], const char *prefix, uint64_t n)
{
    memcpy(ret, prefix, 16);
    bytes_be64(ret + 16, n);
}

void wire_hello(const uint8_t server[32], uint8_t ret[WIRE_HELLO], uint8_t ret_transient[32])
{
    static const uint8_t zeros[64], head[] = { FLAG_COMMAND, 200, 5, 'H', 'E', 'L', 'L', 'O', 1, 0 };
    uint8_t nonce[24];
    memset(ret, 0, WIRE_HELLO);
    memcpy(ret, head, sizeof head);
    crypto_box_keypair(ret + 82, ret_transient);
    bytes_be64(ret + 114, 1);
    nonce_short(nonce, "CurveZMQHELLO---", 1);
    if (crypto_box_easy(ret + 122, zeros, sizeof zeros, nonce, server, ret_transient) != 0) memset(ret, 0, WIRE_HELLO);
}

/* The server's short-term key and its cookie. */
static bool welcome(int fd, const uint8_t server[32], const uint8_t transient[32], uint8_t ret[32 + COOKIE], int64_t end)
{
    uint8_t w[2 + WELCOME], nonce[24];
    if (!receive(fd, w, sizeof w, end) || w[1] != WELCOME || memcmp(w + 2, "\7WELCOME", 8) != 0) return false;
    nonce_long(nonce, "WELCOME-", w + 10);
    return crypto_box_open_easy(ret, w + 26, WELCOME - 24, nonce, server, transient) == 0;
}

static bool initiate(struct curve *c, const struct curve_keys *k, const uint8_t server[32], const uint8_t hello[WIRE_HELLO],
                     const uint8_t transient[32], const uint8_t w[32 + COOKIE], int64_t end)
{
    static const uint8_t meta[] = "\13Socket-Type\0\0\0\6DEALER";
    enum { PLAIN = 32 + 16 + 64 + BOX + sizeof meta - 1, BODY = 9 + COOKIE + 8 + BOX + PLAIN };
    uint8_t nonce[24], plain[PLAIN], frame[HEAD_MAX + BODY] = { FLAG_LONG | FLAG_COMMAND }, vouch[64];
    memcpy(plain, k->pub, 32);
    randombytes_buf(plain + 32, 16);
    memcpy(vouch, hello + 82, 32);
    memcpy(vouch + 32, server, 32);
    nonce_long(nonce, "VOUCH---", plain + 32);
    if (crypto_box_easy(plain + 48, vouch, sizeof vouch, nonce, w, k->secret) != 0) return false;
    memcpy(plain + 48 + 64 + BOX, meta, sizeof meta - 1);
    bytes_be64(frame + 1, BODY);
    memcpy(frame + 9, "\10INITIATE", 9);
    memcpy(frame + 18, w + 32, COOKIE);
    bytes_be64(frame + 18 + COOKIE, 2);
    nonce_short(nonce, "CurveZMQINITIATE", 2);
    if (crypto_box_easy(frame + 26 + COOKIE, plain, PLAIN, nonce, w, transient) != 0) return false;
    c->nonce = 3;
    return crypto_box_beforenm(c->shared, w, transient) == 0 && wire_send(c->fd, frame, sizeof frame, (int)(end - world_ms()));
}

static bool await_ready(int fd, int64_t end)
{
    uint8_t head[2], body[255];
    return receive(fd, head, 2, end) && receive(fd, body, head[1], end) && head[0] == FLAG_COMMAND &&
           memcmp(body, "\5READY", 6) == 0;
}

static bool handshake(struct curve *c, const struct curve_keys *k, const uint8_t server[32], int64_t end)
{
    uint8_t greeting[WIRE_GREETING], theirs[WIRE_GREETING], hello[WIRE_HELLO], transient[32], w[32 + COOKIE];
    wire_greeting(greeting);
    wire_hello(server, hello, transient);
    return wire_send(c->fd, greeting, sizeof greeting, (int)(end - world_ms())) && receive(c->fd, theirs, sizeof theirs, end) &&
           wire_send(c->fd, hello, sizeof hello, (int)(end - world_ms())) && welcome(c->fd, server, transient, w, end) &&
           initiate(c, k, server, hello, transient, w, end) && await_ready(c->fd, end);
}

bool curve_dial(struct curve *c, unsigned port, int rcvbuf, const struct curve_keys *k, const uint8_t server[32], int ms)
{
    *c = (struct curve){ .fd = wire_connect(port, rcvbuf) };
    buf_init(&c->in, IN_MAX);
    c->plain = malloc(FRAME_MAX);
    if (c->fd >= 0 && c->plain && handshake(c, k, server, world_ms() + ms)) return true;
    curve_close(c);
    return false;
}

void curve_close(struct curve *c)
{
    wire_close(&c->fd);
    buf_done(&c->in);
    free(c->plain);
    *c = (struct curve){ .fd = -1 };
}

/* ---- messages ---- */

static bool send_box(struct curve *c, struct slice s, uint8_t flags, int ms)
{
    size_t body = 8 + 8 + BOX + 1 + s.n, head = body > 255 ? 9 : 2;
    uint8_t nonce[24], *f = c->fd >= 0 ? malloc(head + body + 1 + s.n) : NULL, *plain = f ? f + head + body : NULL;
    if (!f) return false;
    f[0] = body > 255 ? FLAG_LONG : 0;
    if (body > 255) bytes_be64(f + 1, body);
    else f[1] = (uint8_t)body;
    memcpy(f + head, "\7MESSAGE", 8);
    bytes_be64(f + head + 8, c->nonce);
    nonce_short(nonce, "CurveZMQMESSAGEC", c->nonce++);
    plain[0] = flags;
    if (s.n) memcpy(plain + 1, s.p, s.n);
    bool ok = crypto_box_easy_afternm(f + head + 16, plain, 1 + s.n, nonce, c->shared) == 0 && wire_send(c->fd, f, head + body, ms);
    free(f);
    return ok;
}

bool curve_send(struct curve *c, struct slice frame, bool more, int ms) { return send_box(c, frame, more ? INNER_MORE : 0, ms); }

/* The next whole ZMTP frame of what was read; false: not there yet. */
static bool next_frame(struct curve *c, struct slice *ret)
{
    const uint8_t *p = c->in.p + c->taken;
    size_t left = c->in.n - c->taken, head = left > 0 && (p[0] & FLAG_LONG) ? 9 : 2;
    if (left < head) return false;
    uint64_t n = head == 9 ? bytes_rd64(p + 1) : p[1];
    if (n > FRAME_MAX || left - head < n) return false;
    *ret = slice_of(p + head, (size_t)n);
    c->taken += head + (size_t)n;
    return true;
}

static void answer_ping(struct curve *c, struct slice s)
{
    uint8_t pong[32] = "\4PONG";
    size_t n = s.n > 7 ? s.n - 7 : 0;
    if (n > sizeof pong - 5) n = sizeof pong - 5;
    memcpy(pong + 5, s.p + 7, n);
    (void)send_box(c, slice_of(pong, 5 + n), INNER_COMMAND, 100);
}

/* A message frame, opened. 1: it is for the caller; 0: it was the transport's own; -1: it cannot be opened. */
static int open_box(struct curve *c, struct slice f, struct slice *ret)
{
    uint8_t nonce[24];
    if (f.n < 8 + 8 + BOX + 1 || memcmp(f.p, "\7MESSAGE", 8) != 0) return 0;
    nonce_short(nonce, "CurveZMQMESSAGES", bytes_rd64(f.p + 8));
    if (crypto_box_open_easy_afternm(c->plain, f.p + 16, f.n - 16, nonce, c->shared) != 0) return -1;
    *ret = slice_of(c->plain + 1, f.n - 16 - BOX - 1);
    if (!(c->plain[0] & INNER_COMMAND)) return 1;
    if (ret->n >= 7 && memcmp(ret->p, "\4PING", 5) == 0) answer_ping(c, *ret);
    return 0;
}

static int read_more(struct curve *c, int64_t end)
{
    if (c->taken > 0) {
        memmove(c->in.p, c->in.p + c->taken, c->in.n - c->taken);
        c->in.n -= c->taken;
        c->taken = 0;
    }
    if (!ready(c->fd, POLLIN, end)) return wire_gone(c->fd) ? -1 : 0;
    uint8_t *to = buf_grow(&c->in, READ);
    if (!to) return -1;
    ssize_t n = recv(c->fd, to, READ, MSG_DONTWAIT);
    c->in.n -= READ - (n > 0 ? (size_t)n : 0);
    return n > 0 || (n < 0 && errno == EAGAIN) ? 1 : -1;
}

int curve_recv(struct curve *c, struct slice *ret, int ms)
{
    struct slice f;
    for (int64_t end = world_ms() + ms; c->fd >= 0;) {
        while (next_frame(c, &f)) {
            int rc = open_box(c, f, ret);
            if (rc != 0) return rc;
        }
        int more = read_more(c, end);
        if (more <= 0) return more;
    }
    return -1;
}
