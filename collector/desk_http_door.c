/* desk_http_door.c - who gets to the office's page: the address, the secret, the number of connections. Kind: E.
 *
 * Whoever opens the page states figures in the office's name, so being on this machine is not enough: other users of it reach the
 * loopback address too. DIR/collector/desk.link, readable for the installation's user alone, has the address with a secret; the
 * browser exchanges it for a cookie that scripts cannot read and other sites cannot use. A request must call this address by its
 * own name (a foreign name that is bound to the loopback address is another site), and one that changes something must come from
 * this page: Origin, Sec-Fetch-Site and a token that only the page's own answers have.
 *
 * libevent neither counts connections nor tells that one has gone; each is kept here by one reference, and that its callbacks are
 * gone says that libevent has let go of it. At the bound nobody is accepted until one goes: it can cost the page, never the
 * collector's descriptors.
 *
 * Invariant: nothing is bound that another machine reaches. */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "collector/desk_http_part.h"
#include "proto/bytes.h"
#include "proto/conf.h"
#include "proto/status.h"

enum { HEADERS_MAX = 8192, TIMEOUT_S = 150, LINK_MAX = 1024 };

/* ---- connections ---- */

static bool is_freed(struct bufferevent *b)
{
    bufferevent_data_cb on_read, on_write;
    bufferevent_event_cb on_event;
    void *arg;
    bufferevent_getcb(b, &on_read, &on_write, &on_event, &arg);
    return arg == NULL;
}

void desk_http_door_look(struct desk_http *h)
{
    for (unsigned i = h->helds; i-- > 0;) {
        if (!is_freed(h->held[i])) continue;
        (void)bufferevent_decref(h->held[i]);
        h->held[i] = h->held[--h->helds];
    }
    if (h->resting && h->helds < DESK_HTTP_CONNECTIONS_MAX) h->resting = evconnlistener_enable(h->listener) != 0;
}

static struct bufferevent *make(struct event_base *base, void *ctx)
{
    struct desk_http *h = ctx;
    struct bufferevent *b = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    if (!b || h->helds == DESK_HTTP_CONNECTIONS_MAX) return b;
    bufferevent_setwatermark(b, EV_READ, 0, 256 << 10);
    bufferevent_incref(b);
    h->held[h->helds++] = b;
    if (h->helds == DESK_HTTP_CONNECTIONS_MAX) h->resting = evconnlistener_disable(h->listener) == 0;
    return b;
}

static void on_accept_error(struct evconnlistener *l, void *ctx)
{
    struct desk_http *h = ctx;
    h->resting = evconnlistener_disable(l) == 0;        /* no descriptors: again in a second */
}

/* ---- the address ---- */

/* "127.x.y.z:port" or "[::1]:port". */
static bool split(const char *listen, char host[64], uint16_t *ret_port)
{
    const char *colon = strrchr(listen, ':');
    size_t n = colon ? (size_t)(colon - listen) : 0;
    char *end = NULL;
    struct in_addr a;
    long port = colon ? strtol(colon + 1, &end, 10) : 0;
    if (n == 0 || n >= 64 || *end || port < 1 || port > 65535) return false;
    *ret_port = (uint16_t)port;
    if (!strncmp(listen, "[::1]:", 6)) return snprintf(host, 64, "::1") > 0;
    snprintf(host, 64, "%.*s", (int)n, listen);
    return inet_pton(AF_INET, host, &a) == 1 && (ntohl(a.s_addr) >> 24) == 127;
}

int desk_http_door(struct desk_http *h, char *err, size_t err_size)
{
    char host[64];
    uint16_t port;
    if (!split(h->o.listen, host, &port)) {
        snprintf(err, err_size, "collector.http: \"%s\" is not 127.0.0.1:PORT: the page is for this machine alone", h->o.listen);
        return ST_INVALID;
    }
    snprintf(h->host, sizeof h->host, "%s", h->o.listen);
    snprintf(h->local, sizeof h->local, "localhost:%u", port);
    snprintf(h->cookie, sizeof h->cookie, "rekap-desk-%u=", port);
    evhttp_set_max_headers_size(h->server, HEADERS_MAX);
    evhttp_set_max_body_size(h->server, DESK_HTTP_FILE_MAX);
    evhttp_set_timeout(h->server, TIMEOUT_S);
    evhttp_set_allowed_methods(h->server, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
    evhttp_set_bevcb(h->server, make, h);
    struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(h->server, host, port);
    snprintf(err, err_size, "collector.http: %s cannot be bound (is it taken?)", h->o.listen);
    if (!bound) return ST_BUSY;
    h->listener = evhttp_bound_socket_get_listener(bound);
    evconnlistener_set_error_cb(h->listener, on_accept_error);
    return ST_OK;
}

void desk_http_door_end(struct desk_http *h)
{
    while (h->helds > 0) (void)bufferevent_decref(h->held[--h->helds]);
}

/* ---- the secret ---- */

bool desk_http_same(const char *secret, const char *seen, size_t n)
{
    unsigned differs = 0;
    if (n != DESK_HTTP_SECRET_SIZE - 1) return false;
    for (size_t i = 0; i < n; i++) differs |= (unsigned char)(secret[i] ^ seen[i]);
    return differs == 0;
}

static void draw(char ret[DESK_HTTP_SECRET_SIZE])
{
    uint8_t random[(DESK_HTTP_SECRET_SIZE - 1) / 2];
    ASSERT(getrandom(random, sizeof random, 0) == (ssize_t)sizeof random);     /* so few bytes never come in parts */
    bytes_hex(random, sizeof random, ret);
    explicit_bzero(random, sizeof random);
}

void desk_http_link_path(const struct desk_http *h, char ret[DESK_HTTP_PATH_MAX])
{
    snprintf(ret, DESK_HTTP_PATH_MAX, "%s/collector/desk.link", h->o.dir);
}

/* The secret of the last start stays, so that an open page goes on after the collector came back. */
static bool old_secret(const char *path, char ret[DESK_HTTP_SECRET_SIZE])
{
    uint8_t bytes[(DESK_HTTP_SECRET_SIZE - 1) / 2];
    struct buf b;
    buf_init(&b, LINK_MAX);
    bool ok = conf_file_read(path, LINK_MAX - 1, &b) == ST_OK;
    buf_put(&b, "", 1);
    const char *at = ok && buf_ok(&b) ? strstr((const char *)b.p, "/?key=") : NULL;
    ok = at && strspn(at + 6, "0123456789abcdef") == DESK_HTTP_SECRET_SIZE - 1 &&
         bytes_unhex(at + 6, DESK_HTTP_SECRET_SIZE - 1, bytes) == ST_OK;
    if (ok) memcpy(ret, at + 6, DESK_HTTP_SECRET_SIZE - 1);
    if (ok) ret[DESK_HTTP_SECRET_SIZE - 1] = '\0';
    buf_done(&b);
    return ok;
}

int desk_http_secrets(struct desk_http *h)
{
    char path[DESK_HTTP_PATH_MAX], text[512];
    desk_http_link_path(h, path);
    if (!old_secret(path, h->secret)) draw(h->secret);
    draw(h->token);
    snprintf(text, sizeof text, "http://%s/?key=%s\n", h->o.listen, h->secret);
    return conf_file_write(path, slice_of(text, strlen(text)), 0600);
}

/* ---- a request ---- */

static const char *header(struct evhttp_request *req, const char *name)
{
    return evhttp_find_header(evhttp_request_get_input_headers(req), name);
}

bool desk_http_named(const struct desk_http *h, struct evhttp_request *req)
{
    const char *host = header(req, "Host");
    return host && (!strcasecmp(host, h->host) || !strcasecmp(host, h->local));
}

bool desk_http_known(const struct desk_http *h, struct evhttp_request *req)
{
    const char *cookies = header(req, "Cookie");
    const size_t n = strlen(h->cookie);
    for (const char *at = cookies; at && *at; at += strcspn(at, ";")) {
        at += strspn(at, "; ");
        if (!strncmp(at, h->cookie, n) && desk_http_same(h->secret, at + n, strcspn(at + n, "; "))) return true;
    }
    return false;
}

bool desk_http_own(const struct desk_http *h, struct evhttp_request *req)
{
    const char *origin = header(req, "Origin"), *site = header(req, "Sec-Fetch-Site"), *token = header(req, "X-Rekap-Token");
    const char *host = header(req, "Host");
    if (site && strcmp(site, "same-origin") != 0) return false;
    if (origin && (strncmp(origin, "http://", 7) != 0 || !host || strcmp(origin + 7, host) != 0)) return false;
    return token && desk_http_same(h->token, token, strlen(token));
}
