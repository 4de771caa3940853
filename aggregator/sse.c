/* sse.c - see sse.h. Kind: E.
 *
 * Each viewer holds only its place in the change list, so ten thousand changes while it slept cost no memory here: it reads on from
 * the store as soon as its line has taken what was sent. Viewers are a linked list; closing is told by libevent and may come at any
 * time.
 *
 * A change list that was made anew (the state was deleted and folded again) has the same numbers for other changes. So an id is
 * taken up again only where the row of its number names the very position in the id; else everything is asked for anew.
 *
 * Invariant: a viewer that got number n has got all of 1..n, or a resync behind what is missing. */
#include "aggregator/sse.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/http_scope.h"

struct viewer {
    struct viewer *next, **prev;
    struct sse *sse;
    struct evhttp_request *req;
    uint64_t position;          /* of the change row sent last, whole */
    size_t pairs;               /* sent of the row behind it */
    int64_t beat_ms;            /* when the line has been still for SSE_BEAT_MS */
    struct http_viewer who;     /* what he is told of: his region and below, or his own office */
    bool behind;                /* stopped because its line was full */
};
struct sse {
    struct http *h;
    struct viewer *first;
    size_t count;
    uint64_t resyncs;
};

_Static_assert((SSE_BUFFER_MAX + SSE_EVENT_MAX) * SSE_CHUNK_COST <= SSE_VIEWER_MAX, "what a viewer makes us hold");
_Static_assert(SSE_PAIRS_PER_EVENT * (OFFICE_ID_MAX + 48) + HTTP_VECTOR_MAX * 2 + 256 <= SSE_EVENT_MAX, "an event");

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

static int64_t now_ms(const struct sse *s) { return s->h->o.clock.now(s->h->o.clock.ctx).mono.us / 1000; }

static void on_drained(struct evhttp_connection *c, void *ctx);

static void send_text(struct viewer *v, const char *text, size_t n)
{
    struct evbuffer *b = evbuffer_new();
    if (!b) return;
    evbuffer_add(b, text, n);
    v->beat_ms = now_ms(v->sse) + SSE_BEAT_MS;
    evhttp_send_reply_chunk_with_cb(v->req, b, on_drained, v);
    evbuffer_free(b);
}

/* An event without an id is the part of a change whose last part has it. */
static void send_event(struct viewer *v, const char *name, const char *id, json_t *data)
{
    char *text = json_dumps(data, JSON_COMPACT);
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_printf(&b, "event: %s\n", name);
    if (id) buf_printf(&b, "id: %s\n", id);
    buf_str(&b, "data: ");
    if (text) buf_str(&b, text);
    buf_str(&b, "\n\n");
    if (text && buf_ok(&b)) send_text(v, (const char *)b.p, b.n);
    buf_done(&b);
    free(text);
}

/* Where the list stands: the number of its newest row, and the log position that row was written at. */
struct place { uint64_t last; char vector[HTTP_VECTOR_MAX]; };

/* ST_NOT_FOUND: the row is kept no longer, or not there yet. Row 0 stands before everything. */
static int vector_of(struct store_txn *t, uint64_t position, char ret[HTTP_VECTOR_MAX])
{
    struct fold_reach at[AGGREGATE_WORKERS_MAX];
    size_t n = 0, used = 0;
    int st = position ? fold_change_at(t, position, at, AGGREGATE_WORKERS_MAX, &n) : ST_OK;
    ret[0] = '\0';
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        int w = snprintf(ret + used, HTTP_VECTOR_MAX - used, "%sw%u:%llu", i ? "," : "", at[i].worker,
                         (unsigned long long)at[i].lsn);
        if (w < 0 || (size_t)w >= HTTP_VECTOR_MAX - used) return ST_FULL;
        used += (size_t)w;
    }
    return st;
}

static void id_of(const char *vector, uint64_t position, char ret[SSE_ID_MAX])
{
    snprintf(ret, SSE_ID_MAX, "%s%sc:%llu", vector, vector[0] ? "," : "", (unsigned long long)position);
}

static json_t *changed_json(const struct http_viewer *who, const struct query_context *q, const struct fold_changed *c, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        struct slice id;
        char region[8] = "";
        if (unit_dict_text(q->t, FOLD_DICT_ID, c[i].office, &id) != ST_OK) continue;
        const struct office *o = registry_office(q->registry, id);
        bool named;
        if (!http_scope_office(who, o, &named)) continue;
        if (o) code_region_format(o->region, region);
        json_t *e = json_object();
        json_object_set_new(e, "office", named ? json_stringn((const char *)id.p, id.n) : json_null());
        json_object_set_new(e, "region", json_string(region));
        json_object_set_new(e, "year", json_integer(c[i].year));
        json_array_append_new(list, e);
    }
    return list;
}

/* What everything stands at: the answer of /api/v1/status, with the number that the next change goes on from. */
static void send_snapshot(struct viewer *v, const struct query_context *q, const char *id)
{
    json_t *data = NULL;
    const struct query_params none = {0};
    struct query_problem problem;
    if (query_status(q, &none, &data, &problem) != ST_OK) return;
    json_object_set_new(data, "sequence", json_integer((json_int_t)v->position));
    send_event(v, "snapshot", id, data);
    json_decref(data);
}

static void send_resync(struct viewer *v, const struct query_context *q, const struct place *p, const char *why)
{
    char id[SSE_ID_MAX];
    json_t *data = json_object();
    v->position = p->last;
    v->pairs = 0;
    id_of(p->vector, p->last, id);
    json_object_set_new(data, "position", json_string(p->vector));
    json_object_set_new(data, "sequence", json_integer((json_int_t)p->last));
    json_object_set_new(data, "registry_version", json_integer((json_int_t)registry_version(q->registry)));
    json_object_set_new(data, "why", json_string(why));
    send_event(v, "resync", id, data);
    json_decref(data);
    send_snapshot(v, q, id);
}

/* One part of the row `at`: the last one has its id and makes it the viewer's place. */
static void send_part(struct viewer *v, const struct query_context *q, uint64_t at, const struct fold_changed *c, size_t n)
{
    char vector[HTTP_VECTOR_MAX], id[SSE_ID_MAX];
    size_t left = n - v->pairs, part = left < SSE_PAIRS_PER_EVENT ? left : SSE_PAIRS_PER_EVENT;
    bool last = part == left;
    if (vector_of(q->t, at, vector) != ST_OK) return;
    id_of(vector, at, id);
    json_t *data = json_object();
    json_object_set_new(data, "changed", changed_json(&v->who, q, c + v->pairs, part));
    json_object_set_new(data, "position", json_string(vector));
    json_object_set_new(data, "sequence", json_integer((json_int_t)at));
    if (n > SSE_PAIRS_PER_EVENT) json_object_set_new(data, "part", json_integer((json_int_t)(v->pairs / SSE_PAIRS_PER_EVENT)));
    send_event(v, "changed", last ? id : NULL, data);
    json_decref(data);
    v->pairs = last ? 0 : v->pairs + part;
    if (last) v->position = at;
}

/* Sends what the viewer has not seen, as far as its line takes it. */
static void catch_up(struct viewer *v, const struct query_context *q, const struct place *p)
{
    struct fold_changed changed[SSE_CHANGES_PER_EVENT];
    while (v->position < p->last) {
        uint64_t at;
        size_t n;
        v->behind = backlog(v) > SSE_BUFFER_MAX;
        if (v->behind || fold_change_next(q->t, v->position, &at, changed, SSE_CHANGES_PER_EVENT, &n) != ST_OK) return;
        if (at != v->position + 1 || v->pairs > n) {
            send_resync(v, q, p, "tertinggal");
            return;
        }
        send_part(v, q, at, changed, n);
    }
}

static int look(struct sse *s, struct query_context *q, struct place *ret)
{
    int st = http_question(s->h, LANG_ID, q);
    if (st != ST_OK) return st;
    st = fold_change_last(q->t, &ret->last);
    if (st == ST_OK) st = vector_of(q->t, ret->last, ret->vector);
    if (st != ST_OK) http_question_done(q);
    return st;
}

void sse_changed(struct sse *s)
{
    struct query_context q;
    struct place p;
    if (!s->first || look(s, &q, &p) != ST_OK) return;
    for (struct viewer *v = s->first, *next; v; v = next) {
        next = v->next;
        catch_up(v, &q, &p);
    }
    http_question_done(&q);
}

/* Its line has taken all that was sent: whoever stopped there goes on. */
static void on_drained(struct evhttp_connection *c, void *ctx)
{
    struct viewer *v = ctx;
    struct query_context q;
    struct place p;
    (void)c;
    if (!v->behind || look(v->sse, &q, &p) != ST_OK) return;
    catch_up(v, &q, &p);
    http_question_done(&q);
}

/* "w1:7,c:3", whose row must be of that very position. */
static bool resumes(struct evhttp_request *req, const struct query_context *q, const struct place *p, uint64_t *ret)
{
    const char *id = evhttp_find_header(evhttp_request_get_input_headers(req), "Last-Event-ID"), *c = id ? strstr(id, "c:") : NULL;
    char vector[HTTP_VECTOR_MAX], expected[SSE_ID_MAX];
    uint64_t v = 0;
    if (!c) return false;
    for (c += 2; *c >= '0' && *c <= '9'; c++) {
        if (v > UINT64_MAX / 10 - 1) return false;
        v = v * 10 + (uint64_t)(*c - '0');
    }
    if (v > p->last || vector_of(q->t, v, vector) != ST_OK) return false;
    id_of(vector, v, expected);
    *ret = v;
    return !strcmp(id, expected);
}

static void greet(struct viewer *v)
{
    struct query_context q;
    struct place p;
    bool asked = evhttp_find_header(evhttp_request_get_input_headers(v->req), "Last-Event-ID") != NULL;
    if (look(v->sse, &q, &p) != ST_OK) return;
    if (resumes(v->req, &q, &p, &v->position)) catch_up(v, &q, &p);
    else send_resync(v, &q, &p, asked ? "terlalu-lama" : "awal");
    http_question_done(&q);
}

void sse_open(struct sse *s, struct evhttp_request *req, const struct http_viewer *who)
{
    struct viewer *v = s->count < SSE_VIEWERS_MAX ? calloc(1, sizeof *v) : NULL;
    if (!v) {
        http_reply_problem(s->h, req, 503, CODE_BUSY, "terlalu banyak penonton", NULL, NULL);
        return;
    }
    struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
    evhttp_add_header(headers, "Content-Type", "text/event-stream");
    evhttp_add_header(headers, "Cache-Control", "no-store");
    *v = (struct viewer){.sse = s, .req = req, .who = *who, .next = s->first, .prev = &s->first};
    if (s->first) s->first->prev = &v->next;
    s->first = v;
    s->count++;
    http_guard_watches(s->h->guard, req);
    evhttp_connection_set_closecb(evhttp_request_get_connection(req), on_close, v);
    evhttp_send_reply_start(req, HTTP_OK, "OK");
    v->beat_ms = now_ms(s) + SSE_BEAT_MS;
    greet(v);
}

/* A stream goes no further than the session it was opened in, and than the register lets its office. */
static bool ended(const struct sse *s, const struct viewer *v)
{
    const struct http_viewer *who = &v->who;
    if (who->open) return false;
    if (who->until.ms <= s->h->o.clock.now(s->h->o.clock.ctx).wall.ms) return true;
    const struct office *o = who->office[0] ? registry_office(s->h->registry, slice_of(who->office, strlen(who->office))) : NULL;
    return who->office[0] && (!o || o->status != OFFICE_ACTIVE || o->role != who->role);
}

void sse_leave(struct sse *s, const char *csrf)
{
    for (struct viewer *v = s->first, *next; v; v = next) {
        next = v->next;
        if (!v->who.open && !strcmp(v->who.csrf, csrf)) end(v);
    }
}

void sse_beat(struct sse *s)
{
    int64_t now = now_ms(s);
    for (struct viewer *v = s->first, *next; v; v = next) {
        next = v->next;
        if (ended(s, v)) end(v);
        else if (now >= v->beat_ms && backlog(v) <= SSE_BUFFER_MAX) send_text(v, ": beat\n\n", 8);
    }
}

size_t sse_count(const struct sse *s) { return s->count; }

uint64_t sse_resyncs(const struct sse *s) { return s->resyncs; }
