/* query_finding_past.c - findings that a later statement corrected: which, by what, and when. Kind: P.
 *
 * Nothing about a finding is stored, so what was corrected is read from the log's positions: the findings of an office are computed
 * anew after each record that changed anything of it (as `--as-of` would show them), and one that is there after a record and not
 * after the next was corrected by that next one. A finding goes on while its kind stands at the same place of the figures, though
 * its month or its numbers change; one that comes back in the same place is no longer corrected. Explained ones keep their
 * explanation. Between offices nothing is followed (salinan of another office): whose statement would be the correction?
 * Invariant: what is listed here does not stand, and each carries the statement that brought it and the one that ended it. */
#include <stdlib.h>
#include <string.h>

#include "aggregator/query_figure.h"
#include "aggregator/query_finding.h"
#include "aggregator/replay.h"

enum { EVALUATIONS_MAX = 500 }; /* years judged in one question, one a state of an office: some milliseconds each */

struct version { /* one slot that changed */
    struct wall at;
    provenance prov;
    activity_code activity;
    account_code account;
};
struct past {
    const struct query_context *q;
    const struct query_scope *s;
    struct slice kind;
    struct version *v;
    uint32_t count, cap, states;
    json_t *standing, *corrected; /* standing ones hold in `found` the number of the version that brought them */
};

/* ---- the life of an office ---- */

static bool same_record(provenance a, provenance b) { return a >> 16 == b >> 16; }

static int version_order(const void *a, const void *b)
{
    const struct version *x = a, *y = b;
    int c = replay_order(x->at, x->prov, y->at, y->prov);
    return c ? c : (x->prov > y->prov) - (x->prov < y->prov);
}

static int year_gather(struct past *p, uint32_t id, int year)
{
    struct replay r;
    int st = replay_open(p->q->t, asof_position(p->q->past), id, (uint16_t)year, &r);
    if (st != ST_OK) return st;
    if (p->count + r.count > p->cap) {
        uint32_t cap = 2 * (p->count + r.count);
        struct version *v = realloc(p->v, cap * sizeof *v);
        if (v) {
            p->v = v;
            p->cap = cap;
        } else
            st = ST_NO_MEMORY;
    }
    for (uint32_t i = 0; st == ST_OK && i < r.count; i++) {
        const struct leaf_key *k = &r.all.leaf[r.v[i].leaf].key;
        p->v[p->count++] = (struct version){r.v[i].at, r.v[i].prov, k->activity, k->account};
    }
    replay_close(&r);
    return st;
}

static int office_gather(struct past *p, uint32_t id)
{
    int st = ST_OK, year = 0;
    uint32_t years = 0;
    p->count = 0;
    st = year_gather(p, id, 0);
    while (st == ST_OK && (st = query_finding_next_year(p->q, id, year, &year)) == ST_OK) {
        st = year_gather(p, id, year);
        years++;
    }
    if (p->count > 1) qsort(p->v, p->count, sizeof *p->v, version_order);
    if (p->s->year) years = 1;
    for (uint32_t i = 0; i < p->count; i++)
        if (i == 0 || !same_record(p->v[i].prov, p->v[i - 1].prov)) p->states += years;
    if (st == ST_NOT_FOUND) st = ST_OK;
    return st == ST_OK && p->states > EVALUATIONS_MAX ? ST_FULL : st;
}

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

/* The findings of the office as of a position. */
static int state_at(const struct past *p, const struct office *o, const struct asof_position *x, json_t *list)
{
    struct query_context then = *p->q;
    then.past = NULL;
    int st = asof_new(p->q->t, x, "", &then.past);
    if (st == ST_OK) st = query_finding_office(&then, p->s, p->kind, o, list);
    asof_free(&then.past);
    return st;
}

static int office_past(struct past *p, const struct office *o)
{
    struct asof_position x = {{0}};
    uint32_t id;
    int st = unit_dict_get(p->q->t, FOLD_DICT_TEXT, slice_of(o->id, strlen(o->id)), &id);
    if (st == ST_NOT_FOUND) return ST_OK;
    if (st == ST_OK) st = office_gather(p, id);
    json_array_clear(p->standing);
    for (uint32_t from = 0, to; st == ST_OK && from < p->count; from = to) {
        provenance record = p->v[from].prov;
        for (to = from; to < p->count && same_record(p->v[to].prov, record);) to++;
        x.lsn[figure_prov_worker(record)] = figure_prov_lsn(record);
        json_t *now = json_array();
        st = state_at(p, o, &x, now);
        if (st == ST_OK) st = advance(p, now, from, to);
        else json_decref(now);
    }
    return st;
}

int query_finding_corrected(const struct query_context *q, const struct query_scope *s, struct slice kind, json_t *list)
{
    struct past p = {.q = q, .s = s, .kind = kind, .standing = json_array(), .corrected = list};
    int st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < registry_count(q->registry); i++)
        if (query_indicators_inside(s, registry_at(q->registry, i))) st = office_past(&p, registry_at(q->registry, i));
    json_decref(p.standing);
    free(p.v);
    return st;
}
