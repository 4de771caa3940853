/* query_history_again.c - the history of a figure that is no sum over offices (an indicator, a mean, a finding, a match, a bridged
 * year): it is asked for again as of each record that changed anything it rests on. Kind: P.
 *
 * Such a figure may look at other years of its office, at other offices, and at rules of the centre that change like figures do; so
 * nobody lists here what it rests on: what an answer reads is noted (query_steps.h), and every record about any of that is a step,
 * newest first. Where the value is another one than before the step a line is kept, with the slot of that record that is nearest to
 * the figure's code. Exact because each value is what the same question answers as of that position; dear because of it, so an
 * answer ends after READ_MAX units and then says as of which position to ask on.
 * Invariant: the first line's `to` is what explain says, and each line's `from` is the next one's `to`. */
#include <stdlib.h>
#include <string.h>

#include "aggregator/query_explain.h"
#include "aggregator/query_history.h"
#include "aggregator/query_steps.h"
#include "proto/period.h"

enum { READ_MAX = 3000 }; /* units of an office and year, some tens of microseconds each and their history */

struct again {
    const struct query_context *q;
    const struct query_params *p;
    const struct query_figure *f;
    struct query_steps *steps;
    json_t *list;
};

/* ---- asking again ---- */

/* A question of its own, so that it is asked with the rules of the position (query_rule_ask): the value alone. */
static int ask_value(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *problem)
{
    struct query_figure f;
    int st = query_figure_open(q, p, &f, problem);
    if (st != ST_OK) return st;
    json_t *answer = json_object();
    f.value_only = true;
    st = query_explain_value(q, &f, answer);
    if (st == ST_OK) *ret = answer;
    else json_decref(answer);
    return st == ST_NOT_FOUND ? ST_INVALID : st;
}

/* The figure just before a record; null where it is none then (an office not registered yet, an indicator not stated yet). */
static int value_before(const struct again *a, const struct query_step *before, json_t **ret)
{
    json_t *answer = NULL;
    int st = query_steps_ask(a->steps, ask_value, a->p, before, &answer);
    if (st != ST_OK) return st;
    json_t *v = json_object_get(answer, "value");
    *ret = v ? json_incref(v) : json_null();
    json_decref(answer);
    return ST_OK;
}

/* ---- what a record said ---- */

/* Of two figures at one code the one that is an amount, not a name or a unit of it. */
static bool amounts(unsigned measure)
{
    return measure <= MEASURE_REACHED || (measure >= MEASURE_PRINTED_ABSORPTION && measure <= MEASURE_COMPARED_ABSORPTION);
}

struct nearest { /* the slot whose code, indicator and measure are nearest to the figure's */
    const struct again *a;
    const char *asked;
    uint32_t id, changes;
    unsigned fits;
    provenance prov;
    char office[OFFICE_ID_MAX + 1];
    json_t *slot;
};

static unsigned fit_of(const struct nearest *n, const struct leaf_key *k)
{
    char at[32] = "";
    if (k->activity) code_format_activity(k->activity, at);
    else if (k->account) code_format_account(k->account, at);
    unsigned fit = strcmp(at, n->asked) == 0 ? 4 : 2 * query_parse_below(slice_of(n->asked, strlen(n->asked)), at);
    fit += fit && amounts(k->measure);
    return fit && n->id && k->indicator == n->id ? fit + 4 : fit;
}

static int take_slot(void *ctx, const struct query_steps_slot *s)
{
    struct nearest *n = ctx;
    const struct replay_version *v = &s->replay->v[s->number];
    unsigned fit = fit_of(n, &s->replay->all.leaf[v->leaf].key);
    n->changes++;
    if (n->slot && fit <= n->fits) return ST_OK;
    json_decref(n->slot);
    n->slot = query_history_slot(s->replay, s->number, 0);
    n->fits = fit;
    n->prov = v->prov;
    memcpy(n->office, s->office, strlen(s->office) + 1);
    return ST_OK;
}

/* Slot, office and provenance of a step that is no entry of the register. */
static int find_slot(const struct again *a, const struct query_step *step, struct nearest *n)
{
    const struct address *at = &a->f->a;
    const struct slice named = slice_of(at->indicator, strlen(at->indicator));
    if (named.n == 0 || unit_dict_get(a->q->t, FOLD_DICT_TEXT, named, &n->id) != ST_OK) n->id = 0;
    int st = query_steps_slots(a->steps, step, take_slot, n);
    if (n->slot) json_object_set_new(n->slot, "changes", json_integer((json_int_t)n->changes));
    return st;
}

/* Whose entry it is. */
static int find_entry(const struct again *a, struct nearest *n)
{
    struct statement s;
    int st = statement_get(a->q->t, figure_prov_worker(n->prov), figure_prov_lsn(n->prov), 0, &s);
    if (st != ST_OK) return st;
    size_t k = s.office.n < OFFICE_ID_MAX ? s.office.n : OFFICE_ID_MAX;
    memcpy(n->office, s.office.p, k);
    n->office[k] = '\0';
    return ST_OK;
}

static int put_line(const struct again *a, const struct query_step *step, json_t *from, json_t *to)
{
    char when[32];
    json_t *statement = NULL, *code = query_figure_code(a->f), *o;
    struct nearest n = {.a = a, .asked = json_string_value(code), .prov = step->prov};
    bool entry = query_steps_entry(a->steps, step);
    int st = entry ? find_entry(a, &n) : find_slot(a, step, &n);
    if (st == ST_OK) st = query_figure_statement(a->q, n.prov, &statement);
    json_decref(code);
    if (st == ST_OK) {
        o = json_object();
        json_object_set_new(o, "at", period_format_time(step->at, when) > 0 ? json_string(when) : json_null());
        json_object_set(o, "from", from);
        json_object_set(o, "to", to);
        json_object_set_new(o, "office", json_string(n.office));
        json_object_set_new(o, "what", json_string(entry ? "registry" : "statement"));
        json_object_set_new(o, "slot", n.slot ? json_incref(n.slot) : json_null());
        json_object_set_new(o, "statement", statement);
        if (json_array_append_new(a->list, o) != 0) st = ST_NO_MEMORY;
    }
    json_decref(n.slot);
    return st;
}

/* ---- all steps ---- */

/* One step back from *at; *ret_any false: there is none, or it lies before the span. */
static int one_step(struct again *a, const struct query_span *span, struct query_step *at, const struct query_step *before,
                    json_t **shown, bool *ret_any)
{
    json_t *was = NULL;
    struct query_step step;
    int st = query_steps_back(a->steps, before, &step, ret_any);
    if (st != ST_OK || !*ret_any) return st;
    *ret_any = step.at.ms >= span->from.ms;
    if (!*ret_any) return ST_OK;
    st = value_before(a, &step, &was);
    if (st == ST_OK && !json_equal(was, *shown)) st = put_line(a, &step, was, *shown);
    json_decref(*shown);
    *shown = was;
    *at = step;
    return st;
}

/* Where to ask on; null: everything was listed. */
static int put_older(const struct again *a, const struct query_step *last, json_t *answer)
{
    char position[ASOF_ASKED_MAX + 1];
    int st = query_steps_position(a->steps, last, position, sizeof position);
    if (st == ST_OK) json_object_set_new(answer, "older", json_string(position));
    return st;
}

int query_history_again(const struct query_context *q, const struct query_params *p, const struct query_figure *f,
                        const struct query_span *span, json_t *list, json_t *answer)
{
    struct again a = {.q = q, .p = p, .f = f, .list = list};
    /* a record of the moment `to` itself still counts */
    const struct query_step end = {{span->to.ms == INT64_MAX ? INT64_MAX : span->to.ms + 1}, 0};
    struct query_step at = end;
    const struct query_step *before = span->to.ms == INT64_MAX ? NULL : &end;
    json_t *shown = NULL;
    bool any = true;
    int st = query_steps_new(q, &f->s, &a.steps);
    if (st == ST_OK) st = value_before(&a, before, &shown);
    while (st == ST_OK && any) { /* one step at least, so that who asks on gets on */
        st = one_step(&a, span, &at, before, &shown, &any);
        if (any) before = &at;
        if (query_steps_read(a.steps) >= READ_MAX) break;
    }
    if (st == ST_OK && any) st = put_older(&a, &at, answer);
    json_decref(shown);
    query_steps_free(&a.steps);
    return st;
}
