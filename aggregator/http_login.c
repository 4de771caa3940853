/* http_login.c - see http_login.h.
 *
 * A link is shown as a page with one button: programs that look at links (mail filters, chats) follow GET and would use it up. The
 * button posts it; what comes back is a cookie that scripts cannot read and no other site's page can send (HttpOnly,
 * SameSite=Strict, over TLS Secure). What changes anything (login, logout) is a POST of this site, and behind the login also with
 * the session's CSRF token. A program sends its key as `Authorization: Bearer`. Whether an office of the register stands behind a
 * secret is asked anew at each request: a line that is revoked or has another role ends its sessions.
 *
 * Where nobody has to log in (the loopback address), a browser must have come under the machine's own name: a page of another site
 * that points its name to 127.0.0.1 would read every figure. */
#include "aggregator/http_login.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "aggregator/sse.h"
#include "proto/log.h"
#include "proto/period.h"

enum { BODY_MAX = 4096 };
static const char COOKIE[] = "rekap=";

static const char *header(struct evhttp_request *req, const char *name)
{
    return evhttp_find_header(evhttp_request_get_input_headers(req), name);
}

static bool over_tls(struct evhttp_request *req)
{
    return bufferevent_openssl_get_ssl(evhttp_connection_get_bufferevent(evhttp_request_get_connection(req))) != NULL;
}

static struct wall now_of(const struct http *h) { return h->o.clock.now(h->o.clock.ctx).wall; }

/* ---- who asks ---- */

/* The first 64 hexadecimal digits behind `from`, and nothing more. */
static bool secret_of(const char *from, char ret[HTTP_SECRET_SIZE])
{
    size_t n = from ? strspn(from, "0123456789abcdef") : 0;
    if (n != HTTP_SECRET_SIZE - 1 || (from[n] && from[n] != ';' && from[n] != ' ')) return false;
    memcpy(ret, from, n);
    ret[n] = '\0';
    return true;
}

static const char *cookie_of(struct evhttp_request *req)
{
    const char *at = header(req, "Cookie");
    while (at && strncmp(at, COOKIE, sizeof COOKIE - 1) != 0) {
        at = strchr(at, ';');
        if (at) at += 1 + strspn(at + 1, " ");
    }
    return at ? at + sizeof COOKIE - 1 : NULL;
}

static int find(struct http *h, struct evhttp_request *req, struct http_viewer *ret)
{
    char secret[HTTP_SECRET_SIZE];
    const char *bearer = header(req, "Authorization");
    int st = ST_NOT_FOUND;
    if (bearer && !strncasecmp(bearer, "Bearer ", 7) && secret_of(bearer + 7, secret))
        st = http_access_find(h->o.access, secret, HTTP_ACCESS_KEY, now_of(h), ret);
    else if (!bearer && secret_of(cookie_of(req), secret))
        st = http_access_find(h->o.access, secret, HTTP_ACCESS_SESSION, now_of(h), ret);
    explicit_bzero(secret, sizeof secret);
    return st;
}

int http_login_viewer(struct http *h, struct evhttp_request *req, struct http_viewer *ret)
{
    char err[512];
    *ret = (struct http_viewer){.open = true};
    if (!h->o.login && !over_tls(req)) return ST_OK;
    int st = h->o.access ? find(h, req, ret) : ST_NOT_FOUND;
    if (st != ST_OK || !ret->office[0]) return st;
    if (http_registry_changed(h) && http_reload_registry(h, err, sizeof err) != ST_OK)
        log_write(LOG_L_ERROR, "register not taken, the one before stays", "reason=\"%s\"", err);
    const struct office *o = registry_office(h->registry, slice_of(ret->office, strlen(ret->office)));
    if (!o || o->status != OFFICE_ACTIVE || o->role != ret->role) return ST_NOT_FOUND;
    ret->region = o->region;
    return ST_OK;
}

bool http_login_known(struct http *h, struct evhttp_request *req, struct http_viewer *ret)
{
    if (http_login_viewer(h, req, ret) == ST_OK) return true;
    evhttp_add_header(evhttp_request_get_output_headers(req), "WWW-Authenticate", "Bearer realm=\"rekap\"");
    http_reply_problem(h, req, 401, CODE_EXPIRED, "masuk dahulu: minta tautan kepada pusat (rekap login)", NULL, NULL);
    return false;
}

bool http_login_foreign(const struct http *h, struct evhttp_request *req)
{
    const char *agent = header(req, "User-Agent"), *host = header(req, "Host");
    char name[64];
    struct in6_addr a;
    if (h->o.login || over_tls(req) || !agent || !strstr(agent, "Mozilla/") || !host) return false;
    size_t n = host[0] == '[' ? strcspn(host, "]") : strcspn(host, ":");
    snprintf(name, sizeof name, "%.*s", (int)(n < 63 ? n : 63), host);
    if (!strcasecmp(name, "localhost") || inet_pton(AF_INET, name, &a) == 1) return false;
    return name[0] != '[' || inet_pton(AF_INET6, name + 1, &a) != 1;
}

/* ---- forms ---- */

bool http_login_posts(const char *path) { return !strcmp(path, "/login") || !strcmp(path, "/logout"); }

/* A form of another site's page names that site as its origin. */
static bool of_this_site(struct evhttp_request *req)
{
    const char *origin = header(req, "Origin"), *host = header(req, "Host"), *site = header(req, "Sec-Fetch-Site");
    const char *name = origin ? strstr(origin, "://") : NULL;
    if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0) return false;
    return !origin || (name && host && !strcmp(name + 3, host));
}

/* A field of the body, which is a small form. ST_NOT_FOUND. */
static bool field(struct evhttp_request *req, const char *name, char ret[HTTP_SECRET_SIZE])
{
    char body[BODY_MAX + 1];
    struct evkeyvalq form;
    struct evbuffer *in = evhttp_request_get_input_buffer(req);
    size_t n = evbuffer_get_length(in);
    TAILQ_INIT(&form);
    if (n > BODY_MAX || evbuffer_copyout(in, body, n) != (ev_ssize_t)n) return false;
    body[n] = '\0';
    const char *value = evhttp_parse_query_str(body, &form) == 0 ? evhttp_find_header(&form, name) : NULL;
    if (value) snprintf(ret, HTTP_SECRET_SIZE, "%.64s", value);
    evhttp_clear_headers(&form);
    explicit_bzero(body, sizeof body);
    return value != NULL;
}

static void set_cookie(struct evhttp_request *req, const char *secret, long long seconds)
{
    char cookie[200];
    snprintf(cookie, sizeof cookie, "%s%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s", COOKIE, secret, seconds,
             over_tls(req) ? "; Secure" : "");
    evhttp_add_header(evhttp_request_get_output_headers(req), "Set-Cookie", cookie);
    explicit_bzero(cookie, sizeof cookie);
}

static void go_home(struct http *h, struct evhttp_request *req)
{
    evhttp_add_header(evhttp_request_get_output_headers(req), "Location", "/");
    http_reply(h, req, 303, NULL, NULL);
}

/* A page for a person, in both languages: title, and what stands below it. No script, no style, nothing from elsewhere. */
static void reply_page(struct http *h, struct evhttp_request *req, int status, const char *body)
{
    char page[2000];
    snprintf(page, sizeof page,
             "<!doctype html>\n<html lang=\"id\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n"
             "<meta name=\"color-scheme\" content=\"light dark\"><title>rekap: masuk</title>\n<h1>rekap</h1>\n%s</html>\n", body);
    /* without a referrer a browser names the origin of this form "null", as it does of a stranger's */
    evhttp_add_header(evhttp_request_get_output_headers(req), "Referrer-Policy", "same-origin");
    evhttp_add_header(evhttp_request_get_output_headers(req), "Content-Security-Policy",
                      "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'");
    http_reply_text(h, req, status, "text/html; charset=utf-8", page);
}

/* Whoever followed an old link with a browser reads a sentence; a program reads a problem. */
static void refuse_link(struct http *h, struct evhttp_request *req)
{
    static const char BODY[] =
        "<p>Tautan ini sudah dipakai atau kedaluwarsa. Mintalah yang baru kepada pengelola pusat (<code>rekap login</code>).</p>\n"
        "<p lang=\"en\">This link was used or is too old. Ask whoever runs the centre for a new one (<code>rekap "
        "login</code>).</p>\n"
        "<p><a href=\"/\">rekap</a></p>";
    const char *accept = header(req, "Accept");
    if (accept && strstr(accept, "text/html")) reply_page(h, req, 410, BODY);
    else http_reply_problem(h, req, 410, CODE_EXPIRED, "tautan ini sudah dipakai atau kedaluwarsa; minta yang baru", NULL, NULL);
}

static void enter(struct http *h, struct evhttp_request *req)
{
    char link[HTTP_SECRET_SIZE] = "", secret[HTTP_SECRET_SIZE];
    struct http_viewer v;
    int st = field(req, "ticket", link) ? http_access_enter(h->o.access, link, now_of(h), secret) : ST_NOT_FOUND;
    if (st == ST_OK) st = http_access_find(h->o.access, secret, HTTP_ACCESS_SESSION, now_of(h), &v);
    if (st == ST_OK) {
        log_write(LOG_L_INFO, "logged in", "role=%s office=%s", registry_role_name(v.role), v.office[0] ? v.office : "-");
        set_cookie(req, secret, (v.until.ms - now_of(h).ms) / 1000);
        go_home(h, req);
    } else if (st == ST_NOT_FOUND) refuse_link(h, req);
    else http_reply_problem(h, req, HTTP_SERVUNAVAIL, CODE_BUSY, status_str(st), NULL, NULL);
    explicit_bzero(secret, sizeof secret);
}

static void leave(struct http *h, struct evhttp_request *req)
{
    char secret[HTTP_SECRET_SIZE], token[HTTP_SECRET_SIZE] = "";
    struct http_viewer v;
    const char *given = header(req, "X-CSRF-Token");
    if (!http_login_known(h, req, &v)) return;
    if (given) snprintf(token, sizeof token, "%.64s", given);
    else (void)field(req, "csrf", token);
    if (!v.csrf[0] || strcmp(token, v.csrf) != 0) {
        http_reply_problem(h, req, 403, CODE_UNAUTHORISED, "tanda csrf sesi ini tidak ada atau salah", "csrf", NULL);
        return;
    }
    sse_leave(h->sse, v.csrf);
    if (secret_of(cookie_of(req), secret)) http_access_leave(h->o.access, secret);
    set_cookie(req, "", 0);
    go_home(h, req);
}

/* ---- what is shown ---- */

static void show_button(struct http *h, struct evhttp_request *req, const struct evkeyvalq *query)
{
    char body[800], link[HTTP_SECRET_SIZE] = "";
    (void)secret_of(evhttp_find_header(query, "ticket"), link);
    snprintf(body, sizeof body,
             "<form method=\"post\" action=\"/login\">\n<input type=\"hidden\" name=\"ticket\" value=\"%s\">\n"
             "<p>Tautan ini berlaku satu kali, seperempat jam.</p>\n"
             "<p lang=\"en\">This link is good once, for a quarter of an hour.</p>\n"
             "<button>Masuk / <span lang=\"en\">Log in</span></button></form>", link);
    reply_page(h, req, HTTP_OK, body);
    explicit_bzero(body, sizeof body);
}

static void show_session(struct http *h, struct evhttp_request *req)
{
    struct http_viewer v;
    char region[8] = "", until[32];
    if (!http_login_known(h, req, &v)) return;
    if (v.region) code_region_format(v.region, region);
    bool timed = !v.open && period_format_time(v.until, until) > 0;
    json_t *o = json_pack("{s:s,s:s,s:s,s:o,s:o,s:o}", "access", v.open ? "open" : "login", "role",
                          v.open ? "centre" : registry_role_name(v.role), "region", region, "office",
                          v.office[0] ? json_string(v.office) : json_null(), "csrf", v.csrf[0] ? json_string(v.csrf) : json_null(),
                          "expires", timed ? json_string(until) : json_null());
    http_reply_json(h, req, HTTP_OK, NULL, o);
}

bool http_login(struct http *h, struct evhttp_request *req, const char *path, const struct evkeyvalq *query)
{
    bool post = evhttp_request_get_command(req) == EVHTTP_REQ_POST;
    if (post && !of_this_site(req))
        http_reply_problem(h, req, 403, CODE_UNAUTHORISED, "permintaan ini datang dari situs lain", NULL, NULL);
    else if (!strcmp(path, "/login") && post) enter(h, req);
    else if (!strcmp(path, "/logout") && post) leave(h, req);
    else if (!strcmp(path, "/login")) show_button(h, req, query);
    else if (!strcmp(path, "/api/v1/session")) show_session(h, req);
    else return false;
    return true;
}
