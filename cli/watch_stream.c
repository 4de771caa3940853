/* watch_stream.c - the aggregator's event stream, for `rekap watch`. Kind: E.
 *
 * The id of the last event is sent on reconnecting, so a restart of the aggregator loses nothing. Between attempts it waits longer
 * each time, up to two seconds. Nothing is said here: who shows the stream says in what state it is, on lines or on the screen.
 *
 * Invariant: an id is remembered only after its event was handed on. */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/watch_part.h"

enum { STREAM_MAX = 4 << 20, QUIET_S = 45, BACKOFF_FIRST_MS = 200, BACKOFF_MAX_MS = 2000 };

void watch_clock(char ret[16])
{
    time_t now = time(NULL);
    struct tm t;
    if (!localtime_r(&now, &t) || strftime(ret, 16, "%H:%M:%S", &t) == 0) ret[0] = '\0';
}

json_t *watch_ask(const struct place *p, const char *path, const struct ask_param *params, size_t n, int *status, char title[160])
{
    struct ask_answer a = { 0 };
    struct buf target;
    json_t *o = NULL;
    buf_init(&target, 16 << 10);
    ask_target(&target, path, params, n);
    if (buf_ok(&target) && ask_own(p, (const char *)target.p, WATCH_ASK_MS, &a) == ST_OK) o = json_loadb(a.body, a.n, 0, NULL);
    if (status) *status = a.status;
    if (title) {
        const char *said = a.status != 200 ? json_string_value(json_object_get(o, "title")) : NULL;
        snprintf(title, 160, "%s", said ? said : "");
    }
    if (a.status != 200) {
        json_decref(o);
        o = NULL;
    }
    free(a.body);
    buf_done(&target);
    return o;
}

/* ---- events ---- */

static void on_event(struct watch_stream *s, const char *name, const char *id, const char *data)
{
    json_t *o = json_loads(data, 0, NULL);
    bool anew = !s->last_id[0];
    s->backoff = BACKOFF_FIRST_MS;
    s->on_event(s->ctx, name, o, anew);
    json_decref(o);
    if (*id && strlen(id) < sizeof s->last_id && !strpbrk(id, "\r\n")) snprintf(s->last_id, sizeof s->last_id, "%s", id);
}

/* One event: lines "field: value" up to a blank line; comments have no field. */
static void parse_event(struct watch_stream *s, char *text)
{
    const char *name = "message", *id = "", *data = "";
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (!strncmp(line, "event: ", 7)) name = line + 7;
        else if (!strncmp(line, "id: ", 4)) id = line + 4;
        else if (!strncmp(line, "data: ", 6)) data = line + 6;
    }
    if (*data) on_event(s, name, id, data);
}

static void on_chunk(struct evhttp_request *req, void *ctx)
{
    struct watch_stream *s = ctx;
    struct evbuffer *b = evhttp_request_get_input_buffer(req);
    size_t n = evbuffer_get_length(b), at = 0;
    uint8_t *room = buf_grow(&s->in, n);
    if (!room) {
        s->closed = true; /* more than any event has: begin anew */
        return;
    }
    s->heard = cli_mono_ms();
    evbuffer_remove(b, room, n);
    for (uint8_t *end; (end = memmem(s->in.p + at, s->in.n - at, "\n\n", 2)); at = (size_t)(end - s->in.p) + 2) {
        *end = '\0';
        parse_event(s, (char *)s->in.p + at);
    }
    memmove(s->in.p, s->in.p + at, s->in.n - at);
    s->in.n -= at;
}

static void on_end(struct evhttp_request *req, void *ctx)
{
    (void)req;
    ((struct watch_stream *)ctx)->closed = true;
}

/* ---- the line ---- */

static void add_headers(const struct watch_stream *s, struct evhttp_request *req)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
    char key[ASK_KEY_SIZE];
    struct ask_answer who = { 0 };
    evhttp_add_header(headers, "Host", s->p.http);
    evhttp_add_header(headers, "Accept", "text/event-stream");
    if (s->last_id[0]) evhttp_add_header(headers, "Last-Event-ID", s->last_id);
    bool asks = ask_get(s->p.http, "/api/v1/session", WATCH_ASK_MS, &who) == ST_OK && who.status == 401;
    free(who.body);
    if (asks && ask_key(&s->p, key) == ST_OK) evhttp_add_header(headers, "Authorization", key);
}

static int open_stream(struct watch_stream *s)
{
    char host[PLACE_HTTP_MAX];
    uint16_t port;
    s->closed = false;
    s->heard = 0;
    buf_clear(&s->in);
    place_refresh(&s->p);
    ask_split(s->p.http, host, sizeof host, &port);
    s->conn = evhttp_connection_base_new(s->base, NULL, host, port);
    struct evhttp_request *req = s->conn ? evhttp_request_new(on_end, s) : NULL;
    if (!req) return ST_NO_MEMORY;
    evhttp_connection_set_timeout(s->conn, QUIET_S);
    evhttp_request_set_chunked_cb(req, on_chunk);
    add_headers(s, req);
    bool own = place_alive(&s->p, "aggregator"); /* not somebody else's on our port */
    if (!own) evhttp_request_free(req);
    if (!own || evhttp_make_request(s->conn, req, EVHTTP_REQ_GET, "/api/v1/events") != 0) s->closed = true;
    return ST_OK;
}

static void close_stream(struct watch_stream *s)
{
    evhttp_connection_free(s->conn);
    s->conn = NULL;
    s->again = cli_mono_ms() + s->backoff;
    s->backoff = s->backoff * 2 < BACKOFF_MAX_MS ? s->backoff * 2 : BACKOFF_MAX_MS;
}

void watch_stream_init(struct watch_stream *s, const struct place *p, struct event_base *base, watch_event event, void *ctx)
{
    *s = (struct watch_stream){ .p = *p, .base = base, .on_event = event, .ctx = ctx, .backoff = BACKOFF_FIRST_MS };
    buf_init(&s->in, STREAM_MAX);
}

int watch_stream_turn(struct watch_stream *s)
{
    if (s->closed && s->conn) close_stream(s);
    return s->conn || cli_mono_ms() < s->again ? ST_OK : open_stream(s);
}

bool watch_stream_live(const struct watch_stream *s) { return s->conn && !s->closed && s->heard; }

void watch_stream_done(struct watch_stream *s)
{
    if (s->conn) evhttp_connection_free(s->conn);
    s->conn = NULL;
    buf_done(&s->in);
}
