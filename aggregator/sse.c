/* sse.c - see sse.h. Kind: E.
 *
 * Each viewer holds only its position in the change list, so ten thousand changes while it slept cost no memory here: it reads on
 * from the store when its line takes more. Viewers are a linked list; closing is told by libevent and may come at any time. */
#include "aggregator/sse.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct viewer {
    struct viewer *next, **prev;
    struct sse *sse;
    struct evhttp_request *req;
    uint64_t position;
};
struct sse {
    struct http *h;
    struct viewer *first;
    size_t count;
    unsigned beats;
    uint64_t resyncs;
};

int sse_new(struct http *h, struct sse **ret)
{
    struct sse *s = calloc(1, sizeof *s);
    if (!s) return ST_NO_MEMORY;
    s->h = h;
    *ret = s;
    return ST_OK;
}

static void drop(struct viewer *v)
{
    *v->prev = v->next;
    if (v->next) v->next->prev = v->prev;
    v->sse->count--;
    free(v);
}

/* libevent leaves to us a request whose connection ended before its answer: it has none any more. */
static void on_close(struct evhttp_connection *c, void *ctx)
{
    struct viewer *v = ctx;
    struct evhttp_request *req = v->req;
    (void)c;
    drop(v);
    if (!evhttp_request_get_connection(req)) evhttp_request_free(req);
}

static void end(struct viewer *v)
{
    struct evhttp_request *req = v->req;
    evhttp_connection_set_closecb(evhttp_request_get_connection(req), NULL, NULL);
    drop(v);
    evhttp_send_reply_end(req);
}

void sse_free(struct sse **s)
{
    if (!s || !*s) return;
    for (struct viewer *v = (*s)->first, *next; v; v = next) {
        next = v->next;
        end(v);
    }
    free(*s);
    *s = NULL;
}

static size_t backlog(const struct viewer *v)
{
    struct bufferevent *b = evhttp_connection_get_bufferevent(evhttp_request_get_connection(v->req));
    return evbuffer_get_length(bufferevent_get_output(b));
}

static void send_text(struct viewer *v, const char *text, size_t n)
{
    struct evbuffer *b = evbuffer_new();
    if (!b) return;
    evbuffer_add(b, text, n);
    evhttp_send_reply_chunk(v->req, b);
    evbuffer_free(b);
}

static void send_event(struct viewer *v, const char *name, const char *vector, json_t *data)
{
    char *text = json_dumps(data, JSON_COMPACT);
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_printf(&b, "event: %s\nid: %s%sc:%llu\ndata: ", name, vector, vector[0] ? "," : "", (unsigned long long)v->position);
    if (text) buf_str(&b, text);
    buf_str(&b, "\n\n");
    if (text && buf_ok(&b)) send_text(v, (const char *)b.p, b.n);
    buf_done(&b);
    free(text);
}

static void vector_text(const struct query_context *q, char *ret, size_t size)
{
    size_t n = 0;
    ret[0] = '\0';
    for (unsigned i = 0; i < q->live.workers; i++) {
        uint64_t lsn;
        struct hash h;
        if (fold_applied(q->t, q->live.worker[i].number, &lsn, &h) != ST_OK) return;
        int w = snprintf(ret + n, size - n, "%sw%u:%llu", n ? "," : "", q->live.worker[i].number, (unsigned long long)lsn);
        if (w < 0 || (size_t)w >= size - n) return;
        n += (size_t)w;
    }
}

static json_t *changed_json(const struct query_context *q, const struct fold_changed *c, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        struct slice id;
        char region[8] = "";
        if (unit_dict_text(q->t, FOLD_DICT_ID, c[i].office, &id) != ST_OK) continue;
        const struct office *o = registry_office(q->registry, id);
        if (o) code_region_format(o->region, region);
        json_t *e = json_object();
        json_object_set_new(e, "office", json_stringn((const char *)id.p, id.n));
        json_object_set_new(e, "region", json_string(region));
        json_object_set_new(e, "year", json_integer(c[i].year));
        json_array_append_new(list, e);
    }
    return list;
}

static void send_resync(struct viewer *v, const struct query_context *q, const char *vector, uint64_t last)
{
    json_t *data = json_object();
    v->position = last;
    v->sse->resyncs++;
    json_object_set_new(data, "position", json_string(vector));
    json_object_set_new(data, "registry_version", json_integer((json_int_t)registry_version(q->registry)));
    send_event(v, "resync", vector, data);
    json_decref(data);
}

/* Sends what the viewer has not seen, as far as its buffer takes it. */
static void catch_up(struct viewer *v, const struct query_context *q, const char *vector, uint64_t last)
{
    struct fold_changed changed[SSE_CHANGES_PER_EVENT];
    while (v->position < last) {
        uint64_t at;
        size_t n;
        if (backlog(v) > SSE_BUFFER_MAX) return; /* goes on when a later change finds room; a gap shows as resync */
        if (fold_change_next(q->t, v->position, &at, changed, SSE_CHANGES_PER_EVENT, &n) != ST_OK) return;
        if (at != v->position + 1) {
            send_resync(v, q, vector, last);
            return;
        }
        json_t *data = json_object();
        v->position = at;
        json_object_set_new(data, "changed", changed_json(q, changed, n));
        json_object_set_new(data, "position", json_string(vector));
        send_event(v, "changed", vector, data);
        json_decref(data);
    }
}

void sse_changed(struct sse *s)
{
    struct query_context q;
    char vector[AGGREGATE_WORKERS_MAX * 24];
    uint64_t last;
    if (!s->first || http_question(s->h, LANG_ID, &q) != ST_OK) return;
    vector_text(&q, vector, sizeof vector);
    if (fold_change_last(q.t, &last) == ST_OK)
        for (struct viewer *v = s->first, *next; v; v = next) {
            next = v->next;
            catch_up(v, &q, vector, last);
        }
    http_question_done(&q);
}

static bool resume_position(struct evhttp_request *req, uint64_t *ret)
{
    const char *id = evhttp_find_header(evhttp_request_get_input_headers(req), "Last-Event-ID");
    const char *c = id ? strstr(id, "c:") : NULL;
    if (!c) return false;
    uint64_t v = 0;
    for (c += 2; *c >= '0' && *c <= '9'; c++) {
        if (v > UINT64_MAX / 10 - 1) return false;
        v = v * 10 + (uint64_t)(*c - '0');
    }
    *ret = v;
    return true;
}

static void greet(struct viewer *v)
{
    struct query_context q;
    char vector[AGGREGATE_WORKERS_MAX * 24];
    uint64_t last = 0, asked = 0;
    if (http_question(v->sse->h, LANG_ID, &q) != ST_OK) return;
    vector_text(&q, vector, sizeof vector);
    (void)fold_change_last(q.t, &last);
    if (resume_position(v->req, &asked) && asked <= last) {
        v->position = asked;
        catch_up(v, &q, vector, last);
    } else {
        send_resync(v, &q, vector, last);
    }
    http_question_done(&q);
}

void sse_open(struct sse *s, struct evhttp_request *req)
{
    struct viewer *v = s->count < SSE_VIEWERS_MAX ? calloc(1, sizeof *v) : NULL;
    if (!v) {
        http_reply_problem(s->h, req, 503, CODE_BUSY, "terlalu banyak penonton", NULL, NULL);
        return;
    }
    struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
    evhttp_add_header(headers, "Content-Type", "text/event-stream");
    evhttp_add_header(headers, "Cache-Control", "no-store");
    *v = (struct viewer){.sse = s, .req = req, .next = s->first, .prev = &s->first};
    if (s->first) s->first->prev = &v->next;
    s->first = v;
    s->count++;
    http_guard_watches(s->h->guard, req);
    evhttp_connection_set_closecb(evhttp_request_get_connection(req), on_close, v);
    evhttp_send_reply_start(req, HTTP_OK, "OK");
    greet(v);
}

void sse_beat(struct sse *s)
{
    if (++s->beats % 15) return;
    for (struct viewer *v = s->first, *next; v; v = next) {
        next = v->next;
        if (backlog(v) <= SSE_BUFFER_MAX) send_text(v, ": beat\n\n", 8);
    }
    sse_changed(s); /* a viewer that was too slow goes on now */
}

size_t sse_count(const struct sse *s) { return s->count; }

uint64_t sse_resyncs(const struct sse *s) { return s->resyncs; }
