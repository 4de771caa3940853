/* query_finding_past.c - findings that a later record corrected: which, by what, and when. Kind: P.
 *
 * Nothing about a finding is stored, so what was corrected is read from the log's positions: the findings of an office are computed
 * anew as of each record that changed anything they rest on (query_steps.h: statements about the office, rules and bridges of the
 * centre, entries of the register), by the rules that held then, and one that is there after a record and not after the next was
 * corrected by that next one, whoever signed it. A finding goes on while its kind stands at the same place of the figures, though
 * its month or its numbers change; one that comes back in the same place is no longer corrected. Explained ones keep their
 * explanation. Between offices nothing is followed (salinan of another office): whose statement would be the correction?
 * Invariant: what is listed here does not stand, and each carries the statement that brought it and the one that ended it. */
#include <stdlib.h>
#include <string.h>

#include "aggregator/query_figure.h"
#include "aggregator/query_finding.h"
#include "aggregator/query_steps.h"

enum { READ_MAX = 12000 }; /* units read in one question, some tens of microseconds each */

struct version { /* one slot that changed, or an entry of the register */
    provenance prov;
    activity_code activity;
    account_code account;
};
struct state { /* the findings from a record on, other than those before it */
    struct query_step step;
    json_t *found;
};
struct past {
    const struct query_context *q;
    const struct query_scope *s;
    struct slice kind;
    struct version *v;
    uint32_t count, cap;
    struct state *state; /* newest first */
    uint32_t states, state_cap, read;
    json_t *standing, *corrected; /* standing ones hold in `found` the number of the version that brought them */
};

/* ---- which finding is which ---- */

static const char *member(const json_t *o, const char *name)
{
    const char *s = json_string_value(json_object_get(o, name));
    return s ? s : "";
}

/* What a finding is about; place: and where exactly, unless it is one about counts. */
static json_t *identity(const json_t *o, bool place)
{
    bool counts = json_object_get(o, "of") != NULL;
    return json_sprintf("%s|%s|%lld|%s|%s|%s|%s", member(o, "kind"), member(o, "office"),
                        (long long)json_integer_value(json_object_get(o, "year")), member(o, "code"), member(o, "indicator"),
                        member(o, "table"), place && !counts ? member(o, "where") : "");
}

/* The version of a record that fits a finding best: the first one at its code. */
static uint32_t version_of(const struct past *p, uint32_t from, uint32_t to, const char *dotted)
{
    char code[32];
    for (uint32_t i = from; i < to; i++) {
        if (p->v[i].activity) code_format_activity(p->v[i].activity, code);
        else code_format_account(p->v[i].account, code);
        if (strcmp(code, dotted) == 0) return i;
    }
    return from;
}

/* Takes out of `now` (finding by identity) one that is `o`; false: there is none. Its `found` becomes that of o. */
static bool take(json_t *now, const json_t *o, bool place)
{
    json_t *key = identity(o, place), *list = json_object_get(now, json_string_value(key));
    bool found = json_array_size(list) > 0;
    if (found) {
        json_object_set(json_array_get(list, 0), "found", json_object_get(o, "found"));
        json_array_remove(list, 0);
    }
    json_decref(key);
    return found;
}

static json_t *index_of(const json_t *list, bool place)
{
    json_t *index = json_object(), *o;
    size_t i;
    json_array_foreach(list, i, o)
    {
        if (json_object_get(o, "found")) continue; /* already known to go on */
        json_t *key = identity(o, place), *at = json_object_get(index, json_string_value(key));
        if (!at) {
            at = json_array();
            json_object_set_new(index, json_string_value(key), at);
        }
        json_array_append(at, o);
        json_decref(key);
    }
    return index;
}

/* ---- one record further ---- */

static int statement_put(const struct past *p, uint32_t version, const char *name, json_t *o)
{
    json_t *statement = NULL;
    int st = query_figure_statement(p->q, p->v[version].prov, &statement);
    if (st == ST_OK) json_object_set_new(o, name, statement);
    return st;
}

static int correct(struct past *p, json_t *o, uint32_t from, uint32_t to)
{
    uint32_t found = (uint32_t)json_integer_value(json_object_get(o, "found"));
    int st = statement_put(p, found, "found", o);
    if (st == ST_OK) st = statement_put(p, version_of(p, from, to, member(o, "code")), "corrected", o);
    json_object_set_new(o, "state", json_string("corrected"));
    return st == ST_OK && json_array_append(p->corrected, o) != 0 ? ST_NO_MEMORY : st;
}

/* A finding that came back is not corrected. */
static void come_back(struct past *p, const json_t *o)
{
    json_t *key = identity(o, true);
    for (size_t i = json_array_size(p->corrected); i-- > 0;) {
        json_t *other = identity(json_array_get(p->corrected, i), true);
        if (json_equal(key, other)) json_array_remove(p->corrected, i);
        json_decref(other);
    }
    json_decref(key);
}

/* Those of p->standing that are in `now` go on, first at the same place, then at another month of it; `left` gets the others. */
static void go_on(struct past *p, const json_t *now, json_t *left)
{
    json_t *rest = json_array(), *o;
    size_t i;
    json_t *index = index_of(now, true);
    json_array_foreach(p->standing, i, o) if (!take(index, o, true)) json_array_append(rest, o);
    json_decref(index);
    index = index_of(now, false);
    json_array_foreach(rest, i, o) if (!take(index, o, false)) json_array_append(left, o);
    json_decref(index);
    json_decref(rest);
}

/* After the record of the versions [from, to). Takes `now`. */
static int advance(struct past *p, json_t *now, uint32_t from, uint32_t to)
{
    json_t *left = json_array(), *o;
    size_t i;
    int st = ST_OK;
    go_on(p, now, left);
    json_array_foreach(now, i, o)
    {
        if (json_object_get(o, "found")) continue;
        json_object_set_new(o, "found", json_integer((json_int_t)version_of(p, from, to, member(o, "code"))));
        come_back(p, o);
    }
    for (i = 0; st == ST_OK && i < json_array_size(left); i++) st = correct(p, json_array_get(left, i), from, to);
    json_decref(left);
    json_decref(p->standing);
    p->standing = now;
    return st;
}

/* ---- the life of an office, newest record first ---- */

struct asking { /* what ask_office is asked with: begins as every question's parameters do */
    struct query_params p;
    const struct past *past;
    const struct office *office;
};

/* A question of its own, so that it is asked with the rules of the position (query_rule_ask): the findings of one office. */
static int ask_office(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *problem)
{
    const struct asking *a = (const void *)p;
    struct query_context ruled = *q;
    struct query_scope s = *a->past->s;
    const struct office *o = registry_office(q->registry, slice_of(a->office->id, strlen(a->office->id)));
    json_t *list = json_array();
    (void)problem;
    ruled.rules_at = a->past->q->rules_at;
    if (s.office) s.office = o;
    int st = o ? query_finding_office(&ruled, &s, a->past->kind, o, list) : ST_OK;
    if (st == ST_OK) *ret = list;
    else json_decref(list);
    return st;
}

static int version_add(struct past *p, const struct version *v)
{
    if (p->count == p->cap) {
        uint32_t cap = p->cap ? 2 * p->cap : 256;
        struct version *n = realloc(p->v, cap * sizeof *n);
        if (!n) return ST_NO_MEMORY;
        p->v = n;
        p->cap = cap;
    }
    p->v[p->count++] = *v;
    return ST_OK;
}

static int slot_add(void *ctx, const struct query_steps_slot *slot)
{
    const struct replay_version *v = &slot->replay->v[slot->number];
    const struct leaf_key *k = &slot->replay->all.leaf[v->leaf].key;
    return version_add(ctx, &(struct version){v->prov, k->activity, k->account});
}

/* Takes `found`: from that record on. */
static int state_add(struct past *p, const struct query_step *step, json_t *found)
{
    struct state *newer = p->states ? &p->state[p->states - 1] : NULL;
    if (newer && json_equal(newer->found, found)) { /* that record changed nothing of them */
        newer->step = *step;
        json_decref(found);
        return ST_OK;
    }
    if (p->states == p->state_cap) {
        uint32_t cap = p->state_cap ? 2 * p->state_cap : 64;
        struct state *n = realloc(p->state, cap * sizeof *n);
        if (!n) return json_decref(found), ST_NO_MEMORY;
        p->state = n;
        p->state_cap = cap;
    }
    p->state[p->states++] = (struct state){*step, found};
    return ST_OK;
}

static int state_step(struct past *p, struct query_steps *steps, const struct asking *a, struct query_step *at, bool *first,
                      bool *ret_any)
{
    json_t *found = NULL;
    const struct query_step *before = *first ? NULL : at;
    struct query_step step;
    int st = query_steps_ask(steps, ask_office, &a->p, before, &found);
    if (st == ST_OK) st = query_steps_back(steps, before, &step, ret_any);
    if (st == ST_OK && p->read + query_steps_read(steps) > READ_MAX) st = ST_FULL;
    if (st != ST_OK || !*ret_any) return json_decref(found), st; /* before the first record nothing is found */
    *at = step;
    *first = false;
    return state_add(p, &step, found);
}

/* From the oldest on. A record without slots is an entry of the register. */
static int states_follow(struct past *p, const struct query_steps *steps)
{
    int st = ST_OK;
    for (uint32_t i = p->states; st == ST_OK && i-- > 0;) {
        struct state *s = &p->state[i];
        uint32_t from = p->count;
        st = query_steps_slots(steps, &s->step, slot_add, p);
        if (st == ST_OK && p->count == from) st = version_add(p, &(struct version){.prov = s->step.prov});
        if (st == ST_OK) st = advance(p, json_incref(s->found), from, p->count);
    }
    return st;
}

static int office_past(struct past *p, const struct office *o)
{
    const struct asking a = {.past = p, .office = o};
    struct query_scope own = {.office = o, .region = o->region};
    struct query_steps *steps = NULL;
    struct query_step at = {{0}, 0};
    bool any = true, first = true;
    json_array_clear(p->standing);
    p->count = p->states = 0;
    int st = query_steps_new(p->q, &own, &steps);
    while (st == ST_OK && any) st = state_step(p, steps, &a, &at, &first, &any);
    if (st == ST_OK) st = states_follow(p, steps);
    for (uint32_t i = 0; i < p->states; i++) json_decref(p->state[i].found);
    if (st == ST_OK) p->read += query_steps_read(steps);
    query_steps_free(&steps);
    return st;
}

int query_finding_corrected(const struct query_context *q, const struct query_scope *s, struct slice kind, json_t *list)
{
    struct past p = {.q = q, .s = s, .kind = kind, .standing = json_array(), .corrected = list};
    int st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < registry_count(q->registry); i++)
        if (query_indicators_inside(s, registry_at(q->registry, i))) st = office_past(&p, registry_at(q->registry, i));
    json_decref(p.standing);
    free(p.state);
    free(p.v);
    return st;
}
