/* http_answer.c - one question from its address to its answer. Kind: E.
 *
 * Parameters are checked before the store is touched, who asks before anything is computed, and an asker who has the answer of this
 * log position is told so without computing it. A page is cut out of the whole answer: what a list is made of (sums, order, counts)
 * is always known of all of it. */
#include <event2/buffer.h>
#include <stdio.h>
#include <string.h>

#include "aggregator/http_answer.h"
#include "aggregator/http_scope.h"
#include "aggregator/query_rule.h"
#include "proto/log.h"

enum lang http_answer_lang(const struct evkeyvalq *query)
{
    const char *lang = evhttp_find_header(query, "lang");
    return lang && !strcmp(lang, "en") ? LANG_EN : LANG_ID;
}

static void reply_problem(struct http *h, struct evhttp_request *req, int st, const struct query_problem *problem)
{
    if (st == ST_INVALID) {
        http_reply_problem(h, req, (int)problem->status, problem->status == 403 ? CODE_UNAUTHORISED : CODE_VALUE_RANGE,
                           problem->text, problem->param, problem->seen);
        return;
    }
    log_write(LOG_L_ERROR, "question failed", "status=\"%s\"", status_str(st));
    http_reply_problem(h, req, 500, st == ST_CORRUPT ? CODE_FILE_BROKEN : CODE_BUSY, status_str(st), NULL, NULL);
}

/* The page behind this one, as RFC 8288 says it: a table has no room for it. */
static void link_next(struct evhttp_request *req, const json_t *answer)
{
    char link[HTTP_VECTOR_MAX + 1200];
    const char *next = json_string_value(json_object_get(answer, "next"));
    const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(req));
    size_t n = 0;
    if (!next) return;
    link[0] = '\0';
    for (size_t k; query && *query && n < 1000; query += k + (query[k] == '&')) {
        k = strcspn(query, "&");
        if (k > 0 && strncmp(query, "cursor=", 7) != 0)
            n += (size_t)snprintf(link + n, sizeof link - n, "%.*s&", (int)(k < 200 ? k : 200), query);
    }
    char whole[sizeof link + 64];
    snprintf(whole, sizeof whole, "<?%scursor=%s>; rel=\"next\"", link, next);
    evhttp_add_header(evhttp_request_get_output_headers(req), "Link", whole);
}

static void reply_table(struct http *h, struct evhttp_request *req, const struct http_question *k, enum http_format format,
                        const json_t *answer)
{
    char file[64];
    bool csv = format == HTTP_FORMAT_CSV;
    struct evbuffer *b = evbuffer_new();
    int st = !b ? ST_NO_MEMORY : csv ? http_table_csv(k, answer, b) : http_table_xlsx(k, answer, b);
    if (st == ST_OK) {
        snprintf(file, sizeof file, "attachment; filename=\"%s.%s\"", k->name, csv ? "csv" : "xlsx");
        evhttp_add_header(evhttp_request_get_output_headers(req), "Content-Disposition", file);
        http_reply(h, req, HTTP_OK, csv ? "text/csv; charset=utf-8"
                                        : "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b);
    } else {
        log_write(LOG_L_ERROR, "table not written", "status=\"%s\"", status_str(st));
        http_reply_problem(h, req, 500, CODE_STORE_FULL, status_str(st), NULL, NULL);
    }
    if (b) evbuffer_free(b);
}

struct asking {
    const struct http_question *k;
    enum http_format format;
    struct slice figure;
    struct http_cursor page;
    const struct http_viewer *v;
};

/* In one read transaction: the tag, and the answer unless the asker has it. */
static int ask(struct http *h, struct evhttp_request *req, const struct asking *x, const struct query_context *q,
               const struct http_asked *asked, json_t **ret, bool *ret_known, struct query_problem *problem)
{
    struct query_params p;
    char tag[HTTP_TAG_MAX], who[96];
    http_scope_name(x->v, who);
    int st = x->k->live ? ST_OK : http_reply_tag(h, q, who, tag);
    if (st != ST_OK) return st;
    http_route_ask(asked, &p);
    p.figure = x->figure;
    *ret_known = !x->k->live && http_reply_known(req, tag);
    if (!*ret_known) st = x->k->past ? query_as_of(x->k->ask, q, &p, ret, problem) : query_rule_ask(x->k->ask, q, &p, ret, problem);
    if (st == ST_OK && !x->k->live) http_reply_tagged(req, tag);
    return st;
}

void http_answer(struct http *h, struct evhttp_request *req, const struct evkeyvalq *query, const struct http_question *k,
                 enum http_format format, struct slice figure, const struct http_viewer *v)
{
    struct asking x = {.k = k, .format = format, .figure = figure, .v = v};
    struct http_asked asked;
    struct query_context q;
    struct query_problem problem = {0};
    json_t *body = NULL;
    bool known = false;
    enum lang lang = http_answer_lang(query);
    int st = http_route_params(k, query, lang, &asked, &problem);
    if (st == ST_OK) st = http_scope_check(v, h->registry, k, &asked, figure, lang, &problem);
    if (st == ST_OK) st = http_cursor_read(k, figure, &asked, lang, &x.page, &problem);
    if (st == ST_OK && (st = http_question(h, lang, &q)) == ST_OK) {
        st = ask(h, req, &x, &q, &asked, &body, &known, &problem);
        http_question_done(&q);
    }
    if (st != ST_OK) {
        reply_problem(h, req, st, &problem);
        return;
    }
    if (known) {
        http_reply(h, req, HTTP_NOTMODIFIED, NULL, NULL);
        return;
    }
    http_cursor_cut(&x.page, k, body);
    link_next(req, body);
    if (format == HTTP_FORMAT_JSON) http_reply_json(h, req, HTTP_OK, NULL, json_incref(body));
    else reply_table(h, req, k, format, body);
    json_decref(body);
}
