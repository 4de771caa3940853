/* desk_http_reply.c - how the page's answers leave, and its files. Kind: E.
 *
 * The page lies gzipped in the program: it needs no network. The policy allows what comes from here and nothing inline, so a text
 * of a file or of the centre can be nothing but text. Answers are never kept by the browser: the machine may have several users.
 *
 * Invariant: every request is answered once. */
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "collector/desk_http_part.h"
#include "collector/desk_page.h"

static const char POLICY[] = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
                             "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static const char *reason(int status)
{
    static const struct { int status; const char *text; } REASONS[] = {
        { 200, "OK" }, { 303, "See Other" }, { 400, "Bad Request" }, { 401, "Unauthorized" }, { 403, "Forbidden" },
        { 404, "Not Found" }, { 405, "Method Not Allowed" }, { 409, "Conflict" }, { 503, "Service Unavailable" },
    };
    for (size_t i = 0; i < sizeof REASONS / sizeof REASONS[0]; i++)
        if (REASONS[i].status == status) return REASONS[i].text;
    return "Error";
}

static void describe(struct evhttp_request *req, const char *type)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
    evhttp_add_header(headers, "Cache-Control", "no-store");
    evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
    evhttp_add_header(headers, "Referrer-Policy", "no-referrer");
    evhttp_add_header(headers, "Cross-Origin-Resource-Policy", "same-origin");
    evhttp_add_header(headers, "Cross-Origin-Opener-Policy", "same-origin");
    evhttp_add_header(headers, "Content-Security-Policy", POLICY);
    if (type) evhttp_add_header(headers, "Content-Type", type);
}

void desk_http_reply(struct evhttp_request *req, int status, const char *type, const void *bytes, size_t n)
{
    struct evbuffer *b = evbuffer_new();
    describe(req, type);
    if (b && evbuffer_add(b, bytes, n) == 0) evhttp_send_reply(req, status, reason(status), b);
    else evhttp_send_error(req, HTTP_INTERNAL, NULL);
    if (b) evbuffer_free(b);
}

void desk_http_json(struct evhttp_request *req, int status, json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT);
    if (text) desk_http_reply(req, status, "application/json; charset=utf-8", text, strlen(text));
    else evhttp_send_error(req, HTTP_INTERNAL, NULL);
    free(text);
    json_decref(body);
}

void desk_http_problem(struct evhttp_request *req, int status, const char *code, const char *title)
{
    json_t *text = json_string(title);          /* what a program printed need not be UTF-8 */
    desk_http_json(req, status,
                   json_pack("{s:i,s:s,s:o}", "status", status, "code", code, "title", text ? text : json_string("?")));
}

bool desk_http_page(struct evhttp_request *req, const char *path)
{
    for (size_t i = 0; i < desk_page_assets_n; i++) {
        const struct desk_page_asset *a = &desk_page_assets[i];
        if (strcmp(path, a->path) != 0) continue;
        evhttp_add_header(evhttp_request_get_output_headers(req), "Content-Encoding", "gzip");
        desk_http_reply(req, HTTP_OK, a->type, a->gz, a->n);
        return true;
    }
    return false;
}
