/* query_past.c - a question about an earlier state: WHEN to a position, then the same question with that position. Kind: P.
 *
 * WHEN is a moment (RFC 3339) or a position as an answer's as_of shows it. A moment means every worker's last record committed at
 * or before it. What lies ahead has no answer yet: a moment to come and a position beyond what is applied are refused, each saying
 * how far one can ask. Before the log begins everything is empty. */
#include <stdio.h>
#include <string.h>

#include "aggregator/query_late.h"
#include "aggregator/query_past.h"
#include "aggregator/query_rule.h"
#include "proto/period.h"

void query_past_vector(const struct asof_position *x, char *ret, size_t size)
{
    size_t n = 0;
    ret[0] = '\0';
    for (unsigned w = 1; w < ASOF_WORKERS; w++) {
        if (!x->lsn[w]) continue;
        int k = snprintf(ret + n, size - n, "%sw%u:%llu", n ? "," : "", w, (unsigned long long)x->lsn[w]);
        if (k < 0 || (size_t)k >= size - n) return;
        n += (size_t)k;
    }
}

static int refuse_when(const struct query_context *q, struct slice text, struct query_problem *problem)
{
    return query_refuse(problem, q, "as_of", text,
                        "waktu RFC 3339 atau posisi log, misalnya 2022-12-31T23:59:59+07:00 atau w1:4711,w2:80",
                        "a time (RFC 3339) or log positions, such as 2022-12-31T23:59:59+07:00 or w1:4711,w2:80");
}

static int at_position(const struct query_context *q, struct slice text, const struct asof_position *applied,
                       struct asof_position *ret, struct query_problem *problem)
{
    char id[200], en[200], now[120];
    if (asof_parse(text, ret) != ST_OK) return refuse_when(q, text, problem);
    for (unsigned w = 1; w < ASOF_WORKERS; w++) {
        if (ret->lsn[w] <= applied->lsn[w]) continue;
        query_past_vector(applied, now, sizeof now);
        snprintf(id, sizeof id, "posisi melewati yang sudah terhitung: %s", now[0] ? now : "-");
        snprintf(en, sizeof en, "position is beyond what is applied: %s", now[0] ? now : "-");
        return query_refuse(problem, q, "as_of", text, id, en);
    }
    return ST_OK;
}

static int at_moment(const struct query_context *q, struct slice text, const struct asof_position *applied,
                     struct asof_position *ret, struct query_problem *problem)
{
    struct wall when, newest;
    char id[160], en[160], now[32] = "";
    if (period_parse_time(text, &when) != ST_OK) return refuse_when(q, text, problem);
    int st = asof_at(q->t, applied, when, ret);
    if (st == ST_OK) st = asof_time(q->t, applied, &newest);
    if (st == ST_NOT_FOUND)
        return query_refuse(problem, q, "as_of", text,
                            "waktu catatan belum tersimpan lengkap; sebutkan posisi (w1:4711), atau hitung ulang aggregator/state",
                            "times of records are not all kept; give a position (w1:4711), or fold aggregator/state again");
    if (st != ST_OK || when.ms <= newest.ms || when.ms <= q->now.wall.ms) return st;
    (void)period_format_time(q->now.wall, now);
    snprintf(id, sizeof id, "waktu itu belum tiba; sekarang %s", now);
    snprintf(en, sizeof en, "that time has not come yet; it is %s", now);
    return query_refuse(problem, q, "as_of", text, id, en);
}

int query_past_ask(query_fn fn, const struct query_context *q, struct asof *past, const struct query_params *p, json_t **ret,
                   struct query_problem *problem)
{
    struct query_context then = q->base ? *q->base : *q;
    then.lang = q->lang;
    then.past = past;
    then.registry = asof_offices(past);
    return query_rule_ask(fn, &then, p, ret, problem);
}

/* As of the cut of the seal that covers the question, which the answer names; of a quarter without one as stated. */
static int booked(query_fn fn, const struct query_context *q, const struct query_params *p, json_t **ret,
                  struct query_problem *problem)
{
    char position[TEXT_MAX + 1];
    struct query_params then = *p;
    int st = query_late_booked(q, p, position, problem);
    then.booked = slice_of(NULL, 0);
    then.as_of = slice_of(position, strlen(position));
    if (st == ST_OK) st = query_as_of(fn, q, &then, ret, problem);
    if (st == ST_OK && json_object_set_new(*ret, "booked", position[0] ? json_string(position) : json_null()) != 0)
        st = ST_NO_MEMORY;
    return st;
}

int query_as_of(query_fn fn, const struct query_context *q, const struct query_params *p, json_t **ret,
                struct query_problem *ret_problem)
{
    struct asof_position applied, x;
    struct asof *past = NULL;
    char asked[ASOF_ASKED_MAX + 1];
    if (p->booked.n > 0) return booked(fn, q, p, ret, ret_problem);
    if (p->as_of.n == 0) return query_rule_ask(fn, q, p, ret, ret_problem);
    if (p->as_of.n > ASOF_ASKED_MAX) return refuse_when(q, p->as_of, ret_problem);
    memcpy(asked, p->as_of.p, p->as_of.n);
    asked[p->as_of.n] = '\0';
    int st = asof_applied(q->t, &applied);
    if (st == ST_OK)
        st = asked[0] == 'w' ? at_position(q, p->as_of, &applied, &x, ret_problem)
                             : at_moment(q, p->as_of, &applied, &x, ret_problem);
    if (st == ST_OK) st = asof_new(q->t, &x, asked, &past);
    if (st != ST_OK) return st;
    st = query_past_ask(fn, q, past, p, ret, ret_problem);
    asof_free(&past);
    return st;
}
