/* desk_http.c - see desk_http.h. Kind: E.
 *
 * What the page is told comes from the control socket, the same answers that `rekap status` and `rekap receipt` get: the thread
 * shares no memory with the collector's loop. A question to a loop that does not answer costs ASK_MS of this thread alone.
 *
 *   GET /?key=SECRET       the secret for a cookie, once a browser
 *   GET /, /desk.js, ..    the page
 *   GET /api/desk          offices served here, the line to the centre, what was sent and became of it, the token for what follows
 *   GET /api/receipt?id=   a kept receipt with its text
 *   GET /api/figures?office=ID&year=&until=  what the office last stated
 *   GET /api/centre?office=ID&year=&until=   the same beside what the centre holds, by `rekap compare`
 *   POST /api/check, /api/send, /api/marked?office=ID&name=NAME   a file as the body
 *
 * Invariant: nothing is answered but the page itself before host and cookie are right, nothing started before origin and token are.
 */
#include "collector/desk_http.h"

#include <dirent.h>
#include <errno.h>
#include <event2/keyvalq_struct.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "collector/desk_http_part.h"
#include "proto/code.h"
#include "proto/link.h"
#include "proto/log.h"
#include "proto/registry.h"
#include "proto/run.h"

enum { ASK_MS = 2000, SHOWN_MAX = 4096 };

/* ---- what the collector says ---- */

/* NULL: no answer. */
static json_t *ask(const struct desk_http *h, json_t *request)
{
    char *text = request ? json_dumps(request, JSON_COMPACT) : NULL, *answer = NULL;
    size_t n = 0;
    json_t *o = NULL;
    if (text && link_ask(h->o.control, slice_of(text, strlen(text)), ASK_MS, &answer, &n) == ST_OK)
        o = json_loadb(answer, n, 0, NULL);
    free(answer);
    free(text);
    json_decref(request);
    return o;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(json_string_value(*(json_t *const *)a), json_string_value(*(json_t *const *)b));
}

/* The offices whose signing key lies here, by name; NULL: no memory. */
static json_t *offices(const struct desk_http *h)
{
    static const char tail[] = ".key";
    json_t *found[SHOWN_MAX], *list = json_array();
    size_t n = 0;
    DIR *d = opendir(h->o.offices);
    for (struct dirent *e; d && n < SHOWN_MAX && (e = readdir(d));) {
        size_t length = strlen(e->d_name), t = sizeof tail - 1;
        if (e->d_name[0] == '.' || length <= t || length - t > OFFICE_ID_MAX || strcmp(e->d_name + length - t, tail) != 0) continue;
        json_t *id = json_stringn(e->d_name, length - t);
        if (id) found[n++] = id;
    }
    if (d) (void)closedir(d);
    if (n) qsort(found, n, sizeof found[0], by_name);
    for (size_t i = 0; i < n; i++) json_array_append_new(list, found[i]);
    return list;
}

static bool serves(const struct desk_http *h, const char *office)
{
    json_t *list = offices(h), *id;
    bool found = false;
    size_t i;
    json_array_foreach(list, i, id) found |= !strcmp(json_string_value(id), office);
    json_decref(list);
    return found;
}

static json_t *or_null(json_t *o) { return o ? o : json_null(); }

static void tell_desk(const struct desk_http *h, struct evhttp_request *req)
{
    json_t *status = ask(h, json_pack("{s:s}", "verb", "status"));
    json_t *sent = ask(h, json_pack("{s:s,s:i}", "verb", "sent", "limit", DESK_HTTP_SENT_MAX));
    json_t *o = json_pack("{s:s,s:o,s:o,s:o}", "token", h->token, "offices", offices(h), "collector", or_null(status), "sent",
                          or_null(sent));
    desk_http_json(req, HTTP_OK, o);
}

static void tell_receipt(const struct desk_http *h, struct evhttp_request *req, const char *id)
{
    json_t *o = id ? ask(h, json_pack("{s:s,s:s}", "verb", "receipts", "id", id)) : NULL;
    json_t *one = json_array_get(json_object_get(o, "receipts"), 0);
    if (one) desk_http_json(req, HTTP_OK, json_incref(one));
    else desk_http_problem(req, 404, "TIDAK_ADA", "tanda terima itu tidak ada di sini");
    json_decref(o);
}

static int number_in(const char *text)
{
    char *end = NULL;
    long n = text ? strtol(text, &end, 10) : 0;
    return n > 0 && n < 10000 && !*end ? (int)n : 0;
}

static void tell_figures(const struct desk_http *h, struct evhttp_request *req, const struct evkeyvalq *query)
{
    const char *office = evhttp_find_header(query, "office");
    json_t *o = office && serves(h, office)
                    ? ask(h, json_pack("{s:s,s:s,s:i,s:i}", "verb", "figures", "office", office, "year",
                                       number_in(evhttp_find_header(query, "year")), "until",
                                       number_in(evhttp_find_header(query, "until"))))
                    : NULL;
    if (!office || !serves(h, office)) desk_http_problem(req, 400, "FORMAT_SALAH", "kantor itu tidak ada di sini");
    else if (!o) desk_http_problem(req, HTTP_SERVUNAVAIL, "SIBUK", "collector tidak menjawab");
    else desk_http_json(req, HTTP_OK, o);
}

static void tell_centre(struct desk_http *h, struct evhttp_request *req, const struct evkeyvalq *query)
{
    const char *office = evhttp_find_header(query, "office"), *lang = evhttp_find_header(query, "lang");
    const struct desk_http_push p = { .what = DESK_HTTP_COMPARE,
                                      .office = office,
                                      .name = "",
                                      .english = lang && !strcmp(lang, "en"),
                                      .year = number_in(evhttp_find_header(query, "year")),
                                      .until = number_in(evhttp_find_header(query, "until")) };
    if (!office || !p.year || !p.until || !serves(h, office))
        desk_http_problem(req, 400, "FORMAT_SALAH", "office, year dan until wajib; kantor itu tidak ada di sini");
    else desk_http_push(h, req, &p);
}

/* ---- requests ---- */

/* Secret for cookie; the address without it is what stays in the browser's history. */
static void enter(const struct desk_http *h, struct evhttp_request *req, const char *key)
{
    struct evkeyvalq *out = evhttp_request_get_output_headers(req);
    char cookie[256];
    if (!desk_http_same(h->secret, key, strlen(key))) {
        desk_http_problem(req, 403, "TIDAK_BERWENANG", "tautan ini tidak berlaku; yang berlaku dicetak rekap up");
        return;
    }
    snprintf(cookie, sizeof cookie, "%s%s; Path=/; HttpOnly; SameSite=Strict", h->cookie, h->secret);
    evhttp_add_header(out, "Set-Cookie", cookie);
    evhttp_add_header(out, "Location", "/");
    desk_http_reply(req, 303, NULL, "", 0);
}

/* What is to be done with a file; false: no such address. */
static bool takes_file(const char *path, const struct evkeyvalq *query, enum desk_http_what *ret)
{
    const char *as = evhttp_find_header(query, "as");
    if (!strcmp(path, "/api/check")) *ret = DESK_HTTP_CHECK;
    else if (!strcmp(path, "/api/send")) *ret = DESK_HTTP_SEND;
    else if (!strcmp(path, "/api/marked")) *ret = as && !strcmp(as, "csv") ? DESK_HTTP_MARK_TEXT : DESK_HTTP_MARK_BOOK;
    else return false;
    return true;
}

static void take_file(struct desk_http *h, struct evhttp_request *req, enum desk_http_what what, const struct evkeyvalq *query)
{
    const char *office = evhttp_find_header(query, "office"), *name = evhttp_find_header(query, "name");
    const char *lang = evhttp_find_header(query, "lang");
    if (!desk_http_own(h, req))
        desk_http_problem(req, 403, "TIDAK_BERWENANG", "permintaan ini bukan dari halaman ini");
    else if (!office || !name || !serves(h, office))
        desk_http_problem(req, 400, "FORMAT_SALAH", "office dan name wajib; kantor itu tidak ada di sini");
    else
        desk_http_push(h, req, &(struct desk_http_push){ what, office, name, lang && !strcmp(lang, "en"), 0, 0 });
}

static void route(struct desk_http *h, struct evhttp_request *req, const char *path, const struct evkeyvalq *query)
{
    const char *key = evhttp_find_header(query, "key");
    bool posts = evhttp_request_get_command(req) == EVHTTP_REQ_POST;
    enum desk_http_what what = DESK_HTTP_CHECK;
    bool takes = takes_file(path, query, &what);
    if (!desk_http_named(h, req))
        desk_http_problem(req, 403, "TIDAK_BERWENANG", "nama mesin ini lain: pakai alamat yang dicetak rekap up");
    else if (posts != takes)
        desk_http_problem(req, 405, "FORMAT_SALAH", "GET untuk bertanya, POST untuk berkas");
    else if (!posts && key && !strcmp(path, "/"))
        enter(h, req, key);
    else if (!posts && desk_http_page(req, path))
        return;
    else if (!desk_http_known(h, req))
        desk_http_problem(req, 401, "KEDALUWARSA", "buka halaman ini lewat tautan yang dicetak rekap up");
    else if (takes)
        take_file(h, req, what, query);
    else if (!strcmp(path, "/api/desk"))
        tell_desk(h, req);
    else if (!strcmp(path, "/api/figures"))
        tell_figures(h, req, query);
    else if (!strcmp(path, "/api/centre"))
        tell_centre(h, req, query);
    else if (!strcmp(path, "/api/receipt"))
        tell_receipt(h, req, evhttp_find_header(query, "id"));
    else
        desk_http_problem(req, 404, "TIDAK_ADA", "alamat tidak dikenal");
}

static void on_request(struct evhttp_request *req, void *ctx)
{
    struct evkeyvalq query;
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL, *q = uri ? evhttp_uri_get_query(uri) : NULL;
    TAILQ_INIT(&query);
    if (!path || (q && evhttp_parse_query_str(q, &query) != 0)) desk_http_problem(req, 400, "FORMAT_SALAH", "alamat tidak sah");
    else route(ctx, req, path[0] ? path : "/", &query);
    evhttp_clear_headers(&query);
}

/* ---- the thread ---- */

static void on_wake(evutil_socket_t fd, short what, void *ctx)
{
    struct desk_http *h = ctx;
    (void)fd;
    (void)what;
    if (atomic_load(&h->stopping)) (void)event_base_loopbreak(h->base);
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    desk_http_door_look(ctx);
}

static void *thread_main(void *ctx)
{
    struct desk_http *h = ctx;
    (void)event_base_dispatch(h->base);
    if (!atomic_load(&h->stopping)) log_write(LOG_L_ERROR, "the page ended by itself; delivery goes on", "http=%s", h->o.listen);
    return NULL;
}

static int build(struct desk_http *h)
{
    const struct timeval second = { 1, 0 };
    h->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    h->base = event_base_new();
    h->server = h->base ? evhttp_new(h->base) : NULL;
    if (h->wake_fd < 0 || !h->server) return ST_NO_MEMORY;
    evhttp_set_gencb(h->server, on_request, h);
    h->wake = event_new(h->base, h->wake_fd, EV_READ | EV_PERSIST, on_wake, h);
    h->timer = event_new(h->base, -1, EV_PERSIST, on_timer, h);
    return h->wake && h->timer && event_add(h->wake, NULL) == 0 && event_add(h->timer, &second) == 0 ? ST_OK : ST_NO_MEMORY;
}

static int find_program(struct desk_http *h, char *err, size_t err_size)
{
    snprintf(err, err_size, "collector.http: there is no rekap beside this program");
    return child_program(h->program) == ST_OK ? ST_OK : ST_INVALID;
}

int desk_http_new(const struct desk_http_options *o, struct desk_http **ret, char *err, size_t err_size)
{
    char path[DESK_HTTP_PATH_MAX];
    struct desk_http *h = calloc(1, sizeof *h);
    if (!h) return ST_NO_MEMORY;
    (void)signal(SIGPIPE, SIG_IGN);     /* libevent writes to connections that may have gone */
    json_object_seed(0);                /* before there are two threads */
    h->o = *o;
    h->wake_fd = -1;
    snprintf(err, err_size, "collector.directory: \"%s\" is not the path of an installation", o->dir);
    int st = o->dir[0] == '/' ? find_program(h, err, err_size) : ST_INVALID;
    if (st == ST_OK && (st = build(h)) != ST_OK) snprintf(err, err_size, "no memory");
    if (st == ST_OK) st = desk_http_door(h, err, err_size);
    if (st == ST_OK && ((st = desk_http_jobs_begin(h)) != ST_OK || (st = desk_http_secrets(h)) != ST_OK))
        snprintf(err, err_size, "%s/collector: %s", o->dir, strerror(errno));
    if (st == ST_OK && pthread_create(&h->thread, NULL, thread_main, h) != 0) st = ST_NO_MEMORY;
    if (st != ST_OK && o->dir[0] == '/') {        /* the link would lead to whoever has the address */
        desk_http_link_path(h, path);
        (void)unlink(path);
    }
    h->running = st == ST_OK;
    if (st == ST_OK) *ret = h;
    else desk_http_free(&h);
    return st;
}

void desk_http_free(struct desk_http **p)
{
    if (!p || !*p) return;
    struct desk_http *h = *p;
    uint64_t one = 1;
    if (h->running) {
        /* by an event: a loop that is told to break before it has begun does not */
        atomic_store(&h->stopping, true);
        if (write(h->wake_fd, &one, sizeof one) < 0) (void)event_base_loopbreak(h->base);
        (void)pthread_join(h->thread, NULL);
    }
    desk_http_jobs_end(h);
    if (h->wake) event_free(h->wake);
    if (h->timer) event_free(h->timer);
    if (h->server) evhttp_free(h->server);
    desk_http_door_end(h);
    if (h->base) event_base_free(h->base);
    if (h->wake_fd >= 0) (void)close(h->wake_fd);
    explicit_bzero(h, sizeof *h);
    free(h);
    *p = NULL;
}
