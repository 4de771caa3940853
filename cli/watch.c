/* watch.c - `rekap watch`: changes as they are committed at the centre. Kind: E.
 *
 * A client of the aggregator's event stream. An event names offices and years, not figures; the figures are asked for afterwards,
 * so what is shown is never older than the event. The id of the last event is sent on reconnecting, so a restart of the aggregator
 * loses nothing. Changes wait in a list until their figures could be asked; of an office and year that changes again meanwhile,
 * only the newest is shown.
 *
 * On a terminal and with --year the rollup of --region is drawn anew at each change; otherwise one line a change. */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/print.h"
#include "cli/query.h"
#include "proto/decimal.h"
#include "proto/limits.h"

enum {
    STREAM_MAX = 4 << 20,
    ID_MAX = 600,
    BEAT_MS = 200,
    QUIET_S = 45,
    BACKOFF_FIRST_MS = 200,
    BACKOFF_MAX_MS = 2000,
    ASK_MS = 5000
};

struct watch {
    const struct cli *c;
    struct place p;
    struct event_base *base;
    struct evhttp_connection *conn;
    struct event *beat, *sigint, *sigterm;
    struct buf in; /* of the stream, up to the next blank line */
    char last_id[ID_MAX];
    json_t *pending;   /* [{"office","region","year","position"}] */
    json_t *known;     /* "office year" -> realised as last shown */
    int64_t again;     /* when to connect again */
    int backoff, left; /* left: changes to show before the end; -1: no end */
    bool closed, stop, table, draw, told;
};

/* ---- figures ---- */

static json_t *ask(struct watch *w, const struct ask_param *params, size_t n)
{
    struct ask_answer a = { 0 };
    struct buf target;
    json_t *o = NULL;
    buf_init(&target, 16 << 10);
    ask_target(&target, "/api/v1/rollup", params, n);
    if (buf_ok(&target) && ask_own(&w->p, (const char *)target.p, ASK_MS, &a) == ST_OK) o = json_loadb(a.body, a.n, 0, NULL);
    if (o && a.status != 200) {
        const char *title = json_string_value(json_object_get(o, "title"));
        cli_fail(w->c, "aggregator menolak", "the aggregator refused", title ? title : "?");
        w->stop = a.status == 400;
        json_decref(o);
        o = NULL;
    }
    free(a.body);
    buf_done(&target);
    return o;
}

/* Machine money as sen; its digits without the point. */
static i128 sen_of(const char *money)
{
    i128 v = 0;
    for (const char *d = money; *d; d++)
        if (*d >= '0' && *d <= '9') v = v * 10 + (*d - '0');
    return money[0] == '-' ? -v : v;
}

static void clock_text(char ret[16])
{
    time_t now = time(NULL);
    struct tm t;
    if (!localtime_r(&now, &t) || strftime(ret, 16, "%H:%M:%S", &t) == 0) ret[0] = '\0';
}

static void show_line(struct watch *w, const char *office, json_int_t year, const json_t *total)
{
    char clock[16], money[128] = "-", percent[64] = "-", delta[80] = "", key[128], sen[64];
    const char *realised = json_string_value(json_object_get(total, "realised")),
               *absorption = json_string_value(json_object_get(total, "absorption"));
    snprintf(key, sizeof key, "%s %lld", office, (long long)year);
    const char *before = json_string_value(json_object_get(w->known, key));
    clock_text(clock);
    if (realised) print_money(realised, money, sizeof money);
    if (absorption) print_percent(absorption, percent, sizeof percent);
    if (realised && before && strcmp(realised, before)) {
        i128 d = sen_of(realised) - sen_of(before);
        decimal_format_sen_id(d, sen);
        snprintf(delta, sizeof delta, " (%s%s)", d > 0 ? "+" : "", sen);
    }
    printf("%s  %s  %s %s%s  %s %s %%\n", clock, key, cli_say(w->c, "realisasi", "realised"), money, delta,
           cli_say(w->c, "serapan", "absorption"), percent);
    if (realised) json_object_set_new(w->known, key, json_string(realised));
}

/* Codes and plain numbers only: nothing that would need quoting. */
static void show_csv(const json_t *change, const json_t *total)
{
    printf("%s,%s,%lld,\"%s\",%s,%s,%s\n", print_text_of(change, "office"), print_text_of(change, "region"),
           (long long)json_integer_value(json_object_get(change, "year")), print_text_of(change, "position"),
           print_text_of(total, "budget"), print_text_of(total, "realised"), print_text_of(total, "absorption"));
}

/* Shows one change; false: its figures cannot be had now. */
static bool show(struct watch *w, const json_t *change)
{
    char year[24];
    const char *office = json_string_value(json_object_get(change, "office"));
    json_int_t y = json_integer_value(json_object_get(change, "year"));
    snprintf(year, sizeof year, "%lld", (long long)y);
    const struct ask_param params[] = { { "office", office }, { "year", year } };
    json_t *answer = ask(w, params, 2);
    if (!answer) return false;
    json_t *total = json_object_get(answer, "total");
    if (w->c->format == FORMAT_JSON)
        print_json(json_pack("{s:O,s:O,s:O,s:O,s:O,s:O}", "office", json_object_get(change, "office"), "region",
                             json_object_get(change, "region"), "year", json_object_get(change, "year"), "position",
                             json_object_get(change, "position"), "as_of", json_object_get(answer, "as_of"), "total", total));
    else if (w->c->format == FORMAT_CSV) show_csv(change, total);
    else show_line(w, office ? office : "?", y, total);
    json_decref(answer);
    return true;
}

static bool draw(struct watch *w)
{
    const struct ask_param params[] = { { "region", w->c->value[OPT_REGION] }, { "year", w->c->value[OPT_YEAR] } };
    json_t *answer = ask(w, params, 2);
    if (!answer) return false;
    fputs("\033[H\033[2J", stdout);
    query_rollup_text(w->c, answer);
    json_decref(answer);
    return true;
}

static void show_pending(struct watch *w)
{
    if (w->table) {
        if (!w->draw || !draw(w)) return;
        w->draw = false;
        if (w->left > 0) w->left -= (int)json_array_size(w->pending) < w->left ? (int)json_array_size(w->pending) : w->left;
        json_array_clear(w->pending);
    }
    while (json_array_size(w->pending) && w->left != 0 && !w->stop) {
        if (!show(w, json_array_get(w->pending, 0))) break;
        json_array_remove(w->pending, 0);
        if (w->left > 0) w->left--;
    }
    fflush(stdout);
    if (w->left == 0 || ferror(stdout)) w->stop = true;
}

/* ---- the stream ---- */

static bool wanted(const struct watch *w, const json_t *change)
{
    const char *region = json_string_value(json_object_get(change, "region")), *asked = w->c->value[OPT_REGION],
               *year = w->c->value[OPT_YEAR];
    size_t n = asked ? strlen(asked) : 0;
    if (!json_string_value(json_object_get(change, "office"))) return false;
    if (n && !(region && !strncmp(region, asked, n) && (region[n] == '\0' || region[n] == '.'))) return false;
    return !year || json_integer_value(json_object_get(change, "year")) == strtol(year, NULL, 10);
}

static void add_change(struct watch *w, json_t *change, json_t *position)
{
    size_t i;
    json_t *o;
    if (!wanted(w, change)) return;
    json_array_foreach(w->pending, i, o) if (json_equal(json_object_get(o, "office"), json_object_get(change, "office")) &&
                                             json_equal(json_object_get(o, "year"), json_object_get(change, "year")))
    {
        json_object_set(o, "position", position);
        return;
    }
    json_object_set(change, "position", position ? position : json_null());
    json_array_append(w->pending, change);
    w->draw = true;
}

static void on_event(struct watch *w, const char *name, const char *id, const char *data)
{
    size_t i;
    json_t *change, *o = json_loads(data, 0, NULL), *position = json_object_get(o, "position");
    bool first = !w->last_id[0];
    if (*id && strlen(id) < sizeof w->last_id && !strpbrk(id, "\r\n")) snprintf(w->last_id, sizeof w->last_id, "%s", id);
    w->backoff = BACKOFF_FIRST_MS;
    if (!strcmp(name, "resync")) {
        w->draw = true;
        if (!first && !w->table)
            cli_talk(w->c, "ada perubahan yang terlewat; lihat rekap rollup", "some changes were missed; see rekap rollup");
    }
    json_array_foreach(json_object_get(o, "changed"), i, change) add_change(w, change, position);
    json_decref(o);
}

/* One event: lines "field: value" up to a blank line; comments have no field. */
static void parse_event(struct watch *w, char *text)
{
    const char *name = "message", *id = "", *data = "";
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (!strncmp(line, "event: ", 7)) name = line + 7;
        else if (!strncmp(line, "id: ", 4)) id = line + 4;
        else if (!strncmp(line, "data: ", 6)) data = line + 6;
    }
    if (*data) on_event(w, name, id, data);
}

static void on_chunk(struct evhttp_request *req, void *ctx)
{
    struct watch *w = ctx;
    struct evbuffer *b = evhttp_request_get_input_buffer(req);
    size_t n = evbuffer_get_length(b), at = 0;
    uint8_t *room = buf_grow(&w->in, n);
    if (!room) {
        w->closed = true; /* more than any event has: begin anew */
        return;
    }
    evbuffer_remove(b, room, n);
    for (uint8_t *end; (end = memmem(w->in.p + at, w->in.n - at, "\n\n", 2)); at = (size_t)(end - w->in.p) + 2) {
        *end = '\0';
        parse_event(w, (char *)w->in.p + at);
    }
    memmove(w->in.p, w->in.p + at, w->in.n - at);
    w->in.n -= at;
}

static void on_end(struct evhttp_request *req, void *ctx)
{
    (void)req;
    ((struct watch *)ctx)->closed = true;
}

static int open_stream(struct watch *w)
{
    char host[PLACE_HTTP_MAX];
    uint16_t port;
    w->closed = false;
    buf_clear(&w->in);
    place_refresh(&w->p);
    ask_split(w->p.http, host, sizeof host, &port);
    w->conn = evhttp_connection_base_new(w->base, NULL, host, port);
    struct evhttp_request *req = w->conn ? evhttp_request_new(on_end, w) : NULL;
    if (!req) return ST_NO_MEMORY;
    evhttp_connection_set_timeout(w->conn, QUIET_S);
    evhttp_request_set_chunked_cb(req, on_chunk);
    evhttp_add_header(evhttp_request_get_output_headers(req), "Host", w->p.http);
    evhttp_add_header(evhttp_request_get_output_headers(req), "Accept", "text/event-stream");
    if (w->last_id[0]) evhttp_add_header(evhttp_request_get_output_headers(req), "Last-Event-ID", w->last_id);
    char key[ASK_KEY_SIZE];
    struct ask_answer who = { 0 };
    bool asks = ask_get(w->p.http, "/api/v1/session", ASK_MS, &who) == ST_OK && who.status == 401;
    free(who.body);
    if (asks && ask_key(&w->p, key) == ST_OK) evhttp_add_header(evhttp_request_get_output_headers(req), "Authorization", key);
    bool own = place_alive(&w->p, "aggregator"); /* not somebody else's on our port */
    if (!own) evhttp_request_free(req);
    if (!own || evhttp_make_request(w->conn, req, EVHTTP_REQ_GET, "/api/v1/events") != 0) w->closed = true;
    return ST_OK;
}

static void close_stream(struct watch *w)
{
    if (w->conn) evhttp_connection_free(w->conn);
    w->conn = NULL;
    w->again = cli_mono_ms() + w->backoff;
    w->backoff = w->backoff * 2 < BACKOFF_MAX_MS ? w->backoff * 2 : BACKOFF_MAX_MS;
    if (!w->told && !w->stop) cli_talk(w->c, "menunggu aggregator di %s", "waiting for the aggregator at %s", w->p.http);
    w->told = true;
}

static void on_signal(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    ((struct watch *)ctx)->stop = true;
}

static void on_beat(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    (void)ctx;
}

static int follow(struct watch *w)
{
    while (!w->stop) {
        if (!w->conn && cli_mono_ms() >= w->again && open_stream(w) != ST_OK)
            return cli_fail(w->c, "memori habis", "out of memory", NULL);
        if (event_base_loop(w->base, EVLOOP_ONCE) < 0) return cli_fail(w->c, "gagal menunggu", "waiting failed", NULL);
        if (w->closed && w->conn) close_stream(w);
        if (json_array_size(w->pending) || w->draw) show_pending(w);
        if (w->conn && w->last_id[0] && !w->closed) w->told = false;
    }
    return EXIT_OK;
}

static bool build(struct watch *w)
{
    const struct timeval beat = { 0, BEAT_MS * 1000 };
    w->base = event_base_new();
    w->pending = json_array();
    w->known = json_object();
    buf_init(&w->in, STREAM_MAX);
    if (!w->base || !w->pending || !w->known) return false;
    w->beat = event_new(w->base, -1, EV_PERSIST, on_beat, w);
    w->sigint = evsignal_new(w->base, SIGINT, on_signal, w);
    w->sigterm = evsignal_new(w->base, SIGTERM, on_signal, w);
    return w->beat && w->sigint && w->sigterm && event_add(w->beat, &beat) == 0 && event_add(w->sigint, NULL) == 0 &&
           event_add(w->sigterm, NULL) == 0;
}

static void done(struct watch *w)
{
    if (w->conn) evhttp_connection_free(w->conn);
    if (w->beat) event_free(w->beat);
    if (w->sigint) event_free(w->sigint);
    if (w->sigterm) event_free(w->sigterm);
    if (w->base) event_base_free(w->base);
    buf_done(&w->in);
    json_decref(w->pending);
    json_decref(w->known);
}

int watch_run(struct cli *c)
{
    struct watch w = { .c = c, .backoff = BACKOFF_FIRST_MS };
    int rc = cli_number(c, OPT_COUNT_EVENTS, -1, 1, 1000 * 1000, &w.left), year = 0;
    if (rc == EXIT_OK) rc = cli_number(c, OPT_YEAR, 0, YEAR_MIN, YEAR_MAX, &year);
    if (rc == EXIT_OK) rc = place_open(c, &w.p);
    if (rc != EXIT_OK) return rc;
    w.table = c->format == FORMAT_TEXT && year != 0 && cli_fancy(STDOUT_FILENO);
    signal(SIGPIPE, SIG_IGN);
    if (c->format == FORMAT_CSV) puts("office,region,year,position,budget,realised,absorption");
    rc = build(&w) ? follow(&w) : cli_fail(c, "memori habis", "out of memory", NULL);
    done(&w);
    return rc;
}
