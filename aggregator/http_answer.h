/* http_answer.h - what the files that answer a question share: the table of questions, replies, pages of a list, tables. Kind: E,
 * HTTP thread only.
 *
 * The table of http_route.c is the one place that names a question: it is dispatched, its parameters are checked, and /openapi.json
 * is written from it. */
#ifndef REKAP_HTTP_ANSWER_H
#define REKAP_HTTP_ANSWER_H

#include "aggregator/http_access.h"
#include "aggregator/http_priv.h"

enum { HTTP_VECTOR_MAX = AGGREGATE_WORKERS_MAX * 26, HTTP_TAG_MAX = HTTP_VECTOR_MAX + 64, HTTP_PAGE_MAX = 10000 };

/* ---- http_route.c ---- */

enum http_param { /* in the order of http_params */
    HTTP_REGION, HTTP_YEAR, HTTP_UNTIL, HTTP_CODE, HTTP_LEVEL, HTTP_OFFICE, HTTP_STAGE, HTTP_MEASURE, HTTP_FROM, HTTP_TO, HTTP_KIND,
    HTTP_AS_OF, HTTP_INDICATOR, HTTP_CAP, HTTP_VINTAGE, HTTP_OPEN, HTTP_CORRECTED, HTTP_BRIDGE, HTTP_WITH, HTTP_BY, HTTP_LOWERED,
    HTTP_QUARTER, HTTP_REHEARSE, HTTP_SHOWN, HTTP_SOURCE, HTTP_RULES, HTTP_BOOKED, HTTP_LIMIT, HTTP_CURSOR, HTTP_LANG, HTTP_PARAMS
};
struct http_param_row {
    const char *name;
    size_t at;                  /* in struct query_params; SIZE_MAX: it is not the question's but ours */
    const char *schema;         /* JSON */
    const char *text;
};
extern const struct http_param_row http_params[HTTP_PARAMS];
/* CSV heading; members of a row, parted by dots (`/` at the end: "1/2" of offices and of); shown only when the total has this. */
struct http_column { const char *name, *path, *when; bool number; };
struct http_question {
    const char *name;           /* "rollup" */
    const char *path;           /* "/api/v1/rollup"; of a figure its template, which is not looked up */
    query_fn ask;
    uint64_t params, required;  /* bits of enum http_param */
    const char *schema;         /* of its answer, in http_schema.c */
    const char *list;           /* the member that is a list in pages and a table; NULL: none */
    const struct http_column *column, *of_indicator;    /* the second where the answer is about one indicator; NULL: the same */
    bool past;                  /* may be asked about an earlier position */
    bool live;                  /* depends on more than the log: never 304 */
    unsigned roles;             /* bits of enum role: who may ask it about a whole region */
    const char *summary;
};
extern const struct http_question http_questions[];
extern const size_t http_question_count;
enum http_format { HTTP_FORMAT_JSON, HTTP_FORMAT_CSV, HTTP_FORMAT_XLSX };
/* The question of a path, its format by suffix, and the address of a figure when it is about one (empty slice: not). NULL: none. */
const struct http_question *http_route_find(const char *path, enum http_format *ret_format, struct slice *ret_figure);
struct http_asked { struct slice value[HTTP_PARAMS]; };
/* The parameters of a question, each known and given once. ST_INVALID with the problem. */
int http_route_params(const struct http_question *k, const struct evkeyvalq *query, enum lang lang, struct http_asked *ret,
                      struct query_problem *ret_problem);
void http_route_ask(const struct http_asked *a, struct query_params *ret);
json_t *http_openapi(void);     /* http_openapi.c: the description of all of it, OpenAPI 3.1 */
json_t *http_schema_all(void);  /* http_schema.c: components.schemas */

/* ---- http_reply.c ---- */

/* Sends, with the headers every answer has; a header that stands already is left as it is. body may be NULL. */
void http_reply(struct http *h, struct evhttp_request *req, int status, const char *type, struct evbuffer *body);
void http_reply_text(struct http *h, struct evhttp_request *req, int status, const char *type, const char *text);
void http_reply_json(struct http *h, struct evhttp_request *req, int status, const char *type, json_t *body);   /* takes body */
int http_reply_vector(const struct query_context *q, char *ret, size_t size);   /* "w1:6,w2:3", as applied */
int http_reply_tag(const struct http *h, const struct query_context *q, const char *who, char ret[HTTP_TAG_MAX]);
bool http_reply_known(struct evhttp_request *req, const char *tag);     /* has the asker an answer of this tag? */
void http_reply_tagged(struct evhttp_request *req, const char *tag);    /* into the headers */

/* ---- http_answer.c ---- */

void http_answer(struct http *h, struct evhttp_request *req, const struct evkeyvalq *query, const struct http_question *k,
                 enum http_format format, struct slice figure, const struct http_viewer *v);
enum lang http_answer_lang(const struct evkeyvalq *query);

/* ---- http_cursor.c: pages of a list, all of one log position ---- */

struct http_cursor { size_t from, limit; char as_of[HTTP_VECTOR_MAX]; uint32_t question; };     /* limit 0: all of it */
/* Out of limit= and cursor= of a question; as_of of it is replaced by the cursor's own. ST_INVALID with the problem. */
int http_cursor_read(const struct http_question *k, struct slice figure, struct http_asked *a, enum lang lang,
                     struct http_cursor *ret, struct query_problem *ret_problem);
/* Leaves the page in the answer, and `next` in it when pages were asked for (null: this is the last). */
void http_cursor_cut(const struct http_cursor *c, const struct http_question *k, json_t *answer);

/* ---- http_table.c: a list as CSV (RFC 4180) or as a workbook ---- */

int http_table_csv(const struct http_question *k, const json_t *answer, struct evbuffer *out);
int http_table_xlsx(const struct http_question *k, const json_t *answer, struct evbuffer *out); /* ST_IO: no room for it on disk */

#endif
