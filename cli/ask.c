/* ask.c - see ask.h. Kind: E.
 *
 * libevent's own HTTP client on an event base that lives for one request. GET changes nothing, so whatever fails on the way may
 * simply be asked again. */
#include "cli/ask_tls.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_MS = 5000 };
struct call {
    struct event_base *base;
    bool timed_out, answered;
    int st;
    struct ask_answer answer;
};

static void on_answer(struct evhttp_request *req, void *ctx)
{
    struct call *k = ctx;
    int status = req ? evhttp_request_get_response_code(req) : 0;
    k->answered = true;
    event_base_loopbreak(k->base);
    if (status == 0) return;
    struct evbuffer *b = evhttp_request_get_input_buffer(req);
    size_t n = evbuffer_get_length(b);
    char *body = malloc(n + 1);
    if (!body) {
        k->st = ST_NO_MEMORY;
        return;
    }
    evbuffer_remove(b, body, n);
    body[n] = '\0';
    k->answer = (struct ask_answer){ status, body, n };
    k->st = ST_OK;
}

static void on_deadline(evutil_socket_t fd, short what, void *ctx)
{
    struct call *k = ctx;
    (void)fd;
    (void)what;
    k->timed_out = true;
    event_base_loopbreak(k->base);
}

void ask_split(const char *address, char *ret_host, size_t size, uint16_t *ret_port)
{
    const char *colon = strrchr(address, ':'), *from = address;
    size_t n = colon ? (size_t)(colon - address) : strlen(address);
    if (n > 2 && from[0] == '[' && from[n - 1] == ']') from++, n -= 2;
    snprintf(ret_host, size, "%.*s", (int)n, from);
    if (!strcmp(ret_host, "0.0.0.0")) snprintf(ret_host, size, "127.0.0.1");
    if (!strcmp(ret_host, "::")) snprintf(ret_host, size, "::1");
    *ret_port = (uint16_t)(colon ? strtoul(colon + 1, NULL, 10) : 0);
}

static int start(struct call *k, struct evhttp_connection *conn, const char *host, const char *target, const char *key)
{
    struct evhttp_request *req = evhttp_request_new(on_answer, k);
    if (!req) return ST_NO_MEMORY;
    evhttp_add_header(evhttp_request_get_output_headers(req), "Host", host);
    evhttp_add_header(evhttp_request_get_output_headers(req), "Connection", "close");
    if (key && key[0]) evhttp_add_header(evhttp_request_get_output_headers(req), "Authorization", key);
    return evhttp_make_request(conn, req, EVHTTP_REQ_GET, target) == 0 ? ST_OK : ST_NOT_FOUND;
}

static int get(const char *address, const char *target, int timeout_ms, const struct ask_who *who, struct ask_answer *ret)
{
    char host[PLACE_HTTP_MAX];
    uint16_t port;
    const char *key = who ? who->key : NULL;
    struct call k = { .base = event_base_new(), .st = ST_NOT_FOUND };
    ask_split(address, host, sizeof host, &port);
    struct bufferevent *tls = k.base && who && who->tls ? ask_tls_socket(who->tls, k.base, host) : NULL;
    bool able = k.base && (tls || !who || !who->tls);
    struct evhttp_connection *conn = able ? evhttp_connection_base_bufferevent_new(k.base, NULL, tls, host, port) : NULL;
    struct event *deadline = conn ? evtimer_new(k.base, on_deadline, &k) : NULL;
    const struct timeval tv = { timeout_ms / 1000, (timeout_ms % 1000) * 1000 };
    int st = deadline && evtimer_add(deadline, &tv) == 0 ? ST_OK : ST_NO_MEMORY;
    if (st == ST_OK) st = start(&k, conn, address, target, key);
    if (st == ST_OK) {
        /* A connection that cannot even begin has failed by now, and a loop that was told to end before it began does not. */
        if (!k.answered) event_base_dispatch(k.base);
        st = k.timed_out && k.st != ST_OK ? ST_AGAIN : k.st;
    }
    if (conn) evhttp_connection_free(conn);
    if (deadline) event_free(deadline);
    if (k.base) event_base_free(k.base);
    if (st == ST_OK) *ret = k.answer;
    else free(k.answer.body);
    return st;
}

int ask_as(const char *address, const char *target, int timeout_ms, const struct ask_who *who, struct ask_answer *ret)
{
    return get(address, target, timeout_ms, who, ret);
}

int ask_get(const char *address, const char *target, int timeout_ms, struct ask_answer *ret)
{
    return get(address, target, timeout_ms, NULL, ret);
}

int ask_key(const struct place *p, char ret[ASK_KEY_SIZE])
{
    static const char request[] =
        "{\"verb\":\"login\",\"kind\":\"key\",\"role\":\"centre\",\"region\":\"\",\"office\":\"\",\"seconds\":300}";
    json_t *answer = NULL;
    int st = place_ask(p, "aggregator", request, KEY_MS, &answer);
    const char *secret = json_string_value(json_object_get(answer, "secret"));
    if (st == ST_OK && !secret) st = ST_INVALID;
    if (st == ST_OK) snprintf(ret, ASK_KEY_SIZE, "Bearer %s", secret);
    json_decref(answer);
    return st;
}

int ask_own(const struct place *p, const char *target, int timeout_ms, struct ask_answer *ret)
{
    static char key[ASK_KEY_SIZE];      /* of this process, once it was asked for */
    struct place now = *p;
    if (!place_alive(p, "aggregator")) return ST_NOT_FOUND;
    place_refresh(&now);
    if (!now.http[0]) return ST_NOT_FOUND;
    const struct ask_who who = { .key = key };
    int st = get(now.http, target, timeout_ms, &who, ret);
    if (st != ST_OK || ret->status != 401 || ask_key(p, key) != ST_OK) return st;
    free(ret->body);
    return get(now.http, target, timeout_ms, &who, ret);
}

/* libevent's own encoder leaves out what it found no memory for: that is another question. */
static void put_encoded(struct buf *b, const char *s)
{
    for (; *s; s++) {
        bool plain = (*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9') || strchr("-._~", *s);
        if (plain) buf_u8(b, (uint8_t)*s);
        else buf_printf(b, "%%%02X", (unsigned)(uint8_t)*s);
    }
}

void ask_target(struct buf *b, const char *path, const struct ask_param *params, size_t n)
{
    char mark = '?';
    buf_str(b, path);
    for (size_t i = 0; i < n; i++) {
        if (!params[i].value || !params[i].value[0]) continue;
        buf_printf(b, "%c%s=", mark, params[i].name);
        put_encoded(b, params[i].value);
        mark = '&';
    }
    buf_u8(b, 0);
}

/* ---- a question of a person ---- */

static int get_patiently(const struct cli *c, const struct place *p, const char *target, struct ask_answer *ret)
{
    int64_t end = cli_mono_ms() + ASK_RETRY_MS;
    bool told = false;
    for (;;) {
        int st = ask_own(p, target, ASK_TIMEOUT_MS, ret);
        if (st != ST_NOT_FOUND || cli_mono_ms() >= end) return st;
        if (!told && isatty(STDERR_FILENO))
            fprintf(stderr, "%s\n", cli_say(c, "menunggu aggregator ...", "waiting for the aggregator ..."));
        told = true;
        cli_pause(100);
    }
}

static int problem(const struct cli *c, const struct ask_answer *a)
{
    json_t *o = json_loadb(a->body, a->n, 0, NULL);
    const char *title = json_string_value(json_object_get(o, "title")), *param = json_string_value(json_object_get(o, "param"));
    const char *seen = json_string_value(json_object_get(o, "seen")), *code = json_string_value(json_object_get(o, "code"));
    if (title && param) fprintf(stderr, "rekap: %s \"%s\": %s [%s]\n", param, seen ? seen : "", title, code ? code : "?");
    else
        fprintf(stderr, "rekap: %s: %d %s\n", cli_say(c, "aggregator menolak", "the aggregator refused"), a->status,
                title ? title : "");
    json_decref(o);
    return a->status == 400 ? EXIT_USAGE : EXIT_FAILED;
}

static int settle(const struct cli *c, const struct place *p, int st, const struct ask_answer *a, json_t **ret)
{
    json_error_t e;
    if (st == ST_AGAIN)
        return cli_fail(c, "aggregator tidak menjawab pada waktunya", "the aggregator did not answer in time", p->http);
    if (st == ST_NOT_FOUND)
        return cli_fail(c, "aggregator tidak berjalan; jalankan rekap up --dir",
                        "the aggregator does not run; start rekap up --dir", c->dir);
    if (st != ST_OK) return cli_fail(c, "gagal", "failed", status_str(st));
    if (a->status != 200) return problem(c, a);
    json_t *o = json_loadb(a->body, a->n, JSON_REJECT_DUPLICATES, &e);
    if (!o) return cli_fail(c, "jawaban aggregator rusak", "the aggregator's answer is damaged", e.text);
    *ret = o;
    return EXIT_OK;
}

int ask_question(const struct cli *c, const struct place *p, const char *path, const struct ask_param *params, size_t n,
                 json_t **ret)
{
    struct ask_answer a = { 0 };
    struct buf target;
    buf_init(&target, 64 << 10);
    ask_target(&target, path, params, n);
    if (c->lang == LANG_EN && buf_ok(&target)) {
        target.n--;
        buf_printf(&target, "%clang=en", memchr(target.p, '?', target.n) ? '&' : '?');
        buf_u8(&target, 0);
    }
    int st = buf_ok(&target) ? get_patiently(c, p, (const char *)target.p, &a) : ST_FULL;
    buf_done(&target);
    int rc = settle(c, p, st, &a, ret);
    free(a.body);
    return rc;
}
