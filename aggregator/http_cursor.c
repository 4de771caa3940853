/* http_cursor.c - pages of a list. Kind: E.
 *
 * A cursor names where the next page begins, the question it belongs to and the log position of the first page: what stands at that
 * position never changes, so pages that are asked for one after the other are one list, whatever is counted meanwhile. It is text
 * of ours, not a secret: with another position it is the same question as of that position, and is checked as such. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/http_answer.h"
#include "aggregator/query_parse.h"

static uint32_t mix(uint32_t hash, struct slice s)
{
    for (size_t i = 0; i < s.n; i++) hash = (hash ^ s.p[i]) * UINT32_C(16777619);
    return (hash ^ 0xFF) * UINT32_C(16777619);
}

/* Of everything that decides what the list is. */
static uint32_t question_of(const struct http_question *k, struct slice figure, const struct http_asked *a)
{
    uint32_t hash = mix(mix(UINT32_C(2166136261), slice_of(k->name, strlen(k->name))), figure);
    for (unsigned i = 0; i < HTTP_PARAMS; i++)
        if (i != HTTP_LIMIT && i != HTTP_CURSOR && i != HTTP_AS_OF && i != HTTP_LANG) hash = mix(hash, a->value[i]);
    return hash;
}

static int refuse(const char *param, struct slice seen, enum lang lang, const char *id, const char *en, struct query_problem *p)
{
    const struct query_context q = {.lang = lang};
    return query_refuse(p, &q, param, seen, id, en);
}

static int read_limit(struct slice text, enum lang lang, size_t *ret, struct query_problem *p)
{
    size_t n = 0;
    bool digits = text.n <= 5;
    for (size_t i = 0; digits && i < text.n; i++) {
        digits = text.p[i] >= '0' && text.p[i] <= '9';
        n = 10 * n + (size_t)(text.p[i] - '0');
    }
    *ret = n;
    if (text.p == NULL || (digits && n >= 1 && n <= HTTP_PAGE_MAX)) return ST_OK;
    return refuse("limit", text, lang, "jumlah baris 1 sampai 10000", "1 to 10000 rows are expected", p);
}

/* "FROM.QUESTION.POSITION" */
static bool read_cursor(struct slice text, struct http_cursor *c)
{
    char copy[HTTP_VECTOR_MAX + 64], *end;
    if (text.n == 0 || text.n >= sizeof copy) return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    if (copy[0] < '0' || copy[0] > '9') return false;
    unsigned long long from = strtoull(copy, &end, 10);
    if (*end != '.' || from > UINT32_MAX) return false;
    unsigned long question = strtoul(end + 1, &end, 16);
    if (*end != '.' || question != c->question || strlen(end + 1) >= sizeof c->as_of || end[1] != 'w') return false;
    c->from = (size_t)from;
    snprintf(c->as_of, sizeof c->as_of, "%s", end + 1);
    return true;
}

int http_cursor_read(const struct http_question *k, struct slice figure, struct http_asked *a, enum lang lang,
                     struct http_cursor *ret, struct query_problem *ret_problem)
{
    struct slice cursor = a->value[HTTP_CURSOR];
    *ret = (struct http_cursor){.question = question_of(k, figure, a)};
    int st = read_limit(a->value[HTTP_LIMIT], lang, &ret->limit, ret_problem);
    if (st != ST_OK || !cursor.p) return st;
    if (!read_cursor(cursor, ret))
        return refuse("cursor", cursor, lang, "bukan halaman dari pertanyaan ini; mulai lagi tanpa cursor",
                      "not a page of this question; begin again without a cursor", ret_problem);
    if (!ret->limit) ret->limit = HTTP_PAGE_MAX;
    a->value[HTTP_AS_OF] = slice_of(ret->as_of, strlen(ret->as_of));
    return ST_OK;
}

static void put_position(const json_t *answer, char *ret, size_t size)
{
    size_t n = 0;
    const char *worker;
    json_t *lsn, *position = json_object_get(json_object_get(answer, "as_of"), "position");
    ret[0] = '\0';
    json_object_foreach(position, worker, lsn) {
        if (json_integer_value(lsn) == 0) continue;
        int w = snprintf(ret + n, size - n, "%s%s:%lld", n ? "," : "", worker, (long long)json_integer_value(lsn));
        if (w < 0 || (size_t)w >= size - n) return;
        n += (size_t)w;
    }
}

void http_cursor_cut(const struct http_cursor *c, const struct http_question *k, json_t *answer)
{
    char position[HTTP_VECTOR_MAX];
    json_t *list = k->list ? json_object_get(answer, k->list) : NULL, *page;
    size_t n = json_array_size(list);
    if (!c->limit) return;
    size_t end = c->from + c->limit < n ? c->from + c->limit : n;
    page = json_array();
    for (size_t i = c->from; i < end; i++) json_array_append(page, json_array_get(list, i));
    put_position(answer, position, sizeof position);
    json_object_set_new(answer, k->list, page);
    json_object_set_new(answer, "next", end < n ? json_sprintf("%zu.%08x.%s", end, (unsigned)c->question, position) : json_null());
}
