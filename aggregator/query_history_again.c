/* query_history_again.c - the history of a figure that is no sum over offices (a mean, a rating, a finding, a match, a bridged
 * year): it is asked for again as of each record that changed anything it may rest on. Kind: P.
 *
 * Such a figure may look at other years of its office (a plan, the year before), so every record about the office within the years
 * a plan can span is a step; where the value is another one than after the step before, a line is kept, with the slot of that
 * record that is nearest to the figure's code. Exact because each value is what the same question answers as of that position;
 * dear because of it, so the work has an end (AGAIN_MAX answers of an office each) and the refusal says to ask for less.
 * Invariant: the first line's `to` is what explain says now. */
#include <stdlib.h>
#include <string.h>

#include "aggregator/query_explain.h"
#include "aggregator/query_history.h"
#include "aggregator/replay.h"
#include "proto/period.h"

enum { AGAIN_MAX = 3000, PLAN_YEARS = 25 };

struct version {
    struct wall at;
    provenance prov;
    uint32_t replay, number; /* v[number] of that replay */
};
struct again {
    const struct query_context *q;
    const struct query_params *p;
    const struct query_figure *f;
    struct replay *replay;
    const struct office **office; /* of each replay */
    uint32_t replays, replay_cap;
    struct version *v;
    uint32_t count, cap, offices;
};

/* ---- what was ever said ---- */

static int add_year(struct again *a, const struct office *o, uint32_t id, int year)
{
    if (a->replays == a->replay_cap) {
        uint32_t cap = a->replay_cap ? 2 * a->replay_cap : 32;
        struct replay *r = realloc(a->replay, cap * sizeof *r);
        if (r) a->replay = r;
        const struct office **of = r ? realloc(a->office, cap * sizeof *of) : NULL;
        if (of) a->office = of;
        if (!of) return ST_NO_MEMORY;
        a->replay_cap = cap;
    }
    struct replay *r = &a->replay[a->replays];
    int st = replay_open(a->q->t, asof_position(a->q->past), id, (uint16_t)year, r);
    if (st != ST_OK) return st;
    a->office[a->replays++] = o;
    if (a->count + r->count > a->cap) {
        uint32_t cap = 2 * (a->count + r->count);
        struct version *v = realloc(a->v, cap * sizeof *v);
        if (!v) return ST_NO_MEMORY;
        a->v = v;
        a->cap = cap;
    }
    for (uint32_t i = 0; i < r->count; i++) a->v[a->count++] = (struct version){r->v[i].at, r->v[i].prov, a->replays - 1, i};
    return ST_OK;
}

static int add_office(struct again *a, const struct office *o)
{
    uint32_t id;
    int st = unit_dict_get(a->q->t, FOLD_DICT_TEXT, slice_of(o->id, strlen(o->id)), &id), year = a->f->s.year;
    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_OK : st;
    a->offices++;
    st = add_year(a, o, id, 0);
    for (int y = year - PLAN_YEARS; st == ST_OK && y <= year + PLAN_YEARS; y++)
        if (y >= YEAR_MIN && y <= YEAR_MAX) st = add_year(a, o, id, y);
    return st;
}

static int version_order(const void *x, const void *y)
{
    const struct version *a = x, *b = y;
    int c = replay_order(a->at, a->prov, b->at, b->prov);
    return c ? c : (a->prov > b->prov) - (a->prov < b->prov);
}

static bool same_record(provenance a, provenance b)
{
    return figure_prov_worker(a) == figure_prov_worker(b) && figure_prov_lsn(a) == figure_prov_lsn(b);
}

/* ST_FULL: more than one question may take. */
static int gather(struct again *a)
{
    int st = ST_OK;
    uint64_t records = 0;
    for (size_t i = 0; st == ST_OK && i < registry_count(a->q->registry); i++) {
        const struct office *o = registry_at(a->q->registry, i);
        bool pairs = a->f->a.bridge && o->role == ROLE_CENTRE;
        if (pairs || query_indicators_inside(&a->f->s, o)) st = add_office(a, o);
    }
    if (st == ST_OK && a->count > 1) qsort(a->v, a->count, sizeof *a->v, version_order);
    for (uint32_t i = 0; i < a->count; i++) records += i == 0 || !same_record(a->v[i].prov, a->v[i - 1].prov);
    return st == ST_OK && records * a->offices > AGAIN_MAX ? ST_FULL : st;
}

/* ---- asking again ---- */

/* The figure as of x; null where it is none then (an office not registered yet, an indicator not stated yet). */
static int value_at(const struct again *a, const struct asof_position *x, json_t **ret)
{
    struct query_context then = *a->q;
    struct query_problem problem = {0};
    struct query_figure f;
    json_t *answer = json_object();
    then.past = NULL;
    int st = asof_new(a->q->t, x, "", &then.past);
    if (st == ST_OK) then.registry = asof_offices(then.past);
    if (st == ST_OK) st = query_figure_open(&then, a->p, &f, &problem);
    if (st == ST_OK) st = query_explain_value(&then, &f, answer);
    json_t *v = st == ST_OK ? json_object_get(answer, "value") : NULL;
    *ret = v ? json_incref(v) : json_null();
    json_decref(answer);
    asof_free(&then.past);
    return st == ST_NOT_FOUND || st == ST_INVALID ? ST_OK : st;
}

/* Everything up to the record of v: of its own worker by number, of the others by time. */
static int position_of(const struct again *a, const struct version *v, struct asof_position *ret)
{
    struct asof_position applied;
    int st = a->q->past ? ST_OK : asof_applied(a->q->t, &applied);
    if (a->q->past) applied = *asof_position(a->q->past);
    if (st == ST_OK) st = asof_at(a->q->t, &applied, v->at, ret);
    if (st == ST_OK) ret->lsn[figure_prov_worker(v->prov)] = figure_prov_lsn(v->prov);
    return st;
}

/* Of two figures at one code the one that is an amount, not a name or a unit of it. */
static bool amounts(unsigned measure)
{
    return measure <= MEASURE_REACHED || (measure >= MEASURE_PRINTED_ABSORPTION && measure <= MEASURE_COMPARED_ABSORPTION);
}

/* The version of v[from..to) whose code, indicator and measure are nearest to the figure's. */
static const struct version *nearest(const struct again *a, uint32_t from, uint32_t to)
{
    const struct version *best = &a->v[from];
    unsigned fits = 0;
    json_t *code = query_figure_code(a->f);
    const char *asked = json_string_value(code);
    const struct slice prefix = slice_of(asked, strlen(asked)), named = slice_of(a->f->a.indicator, strlen(a->f->a.indicator));
    uint32_t id = 0;
    bool known = named.n > 0 && unit_dict_get(a->q->t, FOLD_DICT_TEXT, named, &id) == ST_OK;
    for (uint32_t i = from; i < to; i++) {
        char at[32] = "";
        const struct replay *r = &a->replay[a->v[i].replay];
        const struct leaf_key *k = &r->all.leaf[r->v[a->v[i].number].leaf].key;
        if (k->activity) code_format_activity(k->activity, at);
        else if (k->account) code_format_account(k->account, at);
        unsigned fit = strcmp(at, asked) == 0 ? 4 : 2 * query_parse_below(prefix, at);
        fit += fit && amounts(k->measure);
        if (fit && known && k->indicator == id) fit += 4;
        if (fit <= fits) continue;
        best = &a->v[i];
        fits = fit;
    }
    json_decref(code);
    return best;
}

struct change {
    json_t *from, *to;
};

static int put_line(const struct again *a, const struct version *v, uint32_t n, const struct change *c, json_t *list)
{
    char when[32];
    json_t *statement = NULL, *o;
    int st = query_figure_statement(a->q, v->prov, &statement);
    if (st != ST_OK) return st;
    o = json_object();
    json_object_set_new(o, "at", period_format_time(v->at, when) > 0 ? json_string(when) : json_null());
    json_object_set(o, "from", c->from);
    json_object_set(o, "to", c->to);
    json_object_set_new(o, "office", json_string(a->office[v->replay]->id));
    json_object_set_new(o, "what", json_string("statement"));
    json_object_set_new(o, "slot", query_history_slot(&a->replay[v->replay], v->number, n));
    json_object_set_new(o, "statement", statement);
    return json_array_insert_new(list, 0, o) == 0 ? ST_OK : ST_NO_MEMORY;
}

static int ask_all(const struct again *a, const struct query_span *span, json_t *list)
{
    json_t *shown = json_null();
    int st = ST_OK;
    for (uint32_t i = 0, end; st == ST_OK && i < a->count; i = end) {
        struct asof_position x;
        json_t *now = NULL;
        for (end = i + 1; end < a->count && same_record(a->v[end].prov, a->v[i].prov); end++) continue;
        st = position_of(a, &a->v[i], &x);
        if (st == ST_OK) st = value_at(a, &x, &now);
        if (st != ST_OK) break;
        const struct change c = {shown, now};
        bool in = a->v[i].at.ms >= span->from.ms && a->v[i].at.ms <= span->to.ms;
        if (in && !json_equal(now, shown)) st = put_line(a, nearest(a, i, end), end - i, &c, list);
        json_decref(shown);
        shown = now;
    }
    json_decref(shown);
    return st;
}

int query_history_again(const struct query_context *q, const struct query_params *p, const struct query_figure *f,
                        const struct query_span *span, json_t *list)
{
    struct again a = {.q = q, .p = p, .f = f};
    int st = gather(&a);
    if (st == ST_OK) st = ask_all(&a, span, list);
    for (uint32_t i = 0; i < a.replays; i++) replay_close(&a.replay[i]);
    free(a.replay);
    free(a.office);
    free(a.v);
    return st;
}
