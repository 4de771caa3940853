/* query_office.c - the offices of a region with what the centre holds of them, and the state of the aggregator itself. Kind: P. */
#include <stdio.h>
#include <string.h>

#include "aggregator/query_figure.h"
#include "aggregator/query_habit.h"
#include "aggregator/query_indicator.h"
#include "aggregator/query_rule.h"

static int put_counts(const struct query_context *q, json_t *o, const struct office *office)
{
    uint32_t id;
    struct fold_count c = {0};
    int st = unit_dict_get(q->t, FOLD_DICT_TEXT, slice_of(office->id, strlen(office->id)), &id);
    if (st == ST_OK) st = fold_count_get(q->t, id, &c);
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    const struct {
        const char *name;
        uint64_t v;
    } counts[] = {{"received", c.received},     {"effective", c.effective}, {"same", c.same},
                  {"superseded", c.superseded}, {"late", c.late},           {"refused", c.refused}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        json_object_set_new(o, counts[i].name, json_integer((json_int_t)counts[i].v));
    json_object_set_new(o, "last_at", query_time(c.last_at));
    return ST_OK;
}

/* told: whether silence is told in this answer; else habit is null. */
static int put_habit(const struct query_context *q, const struct office *office, bool told, json_t *o)
{
    json_t *habit = json_null();
    bool silent;
    int st = told && office->role == ROLE_OFFICE ? query_habit_office(q, office, &habit, &silent) : ST_OK;
    return st == ST_OK && json_object_set_new(o, "habit", habit) != 0 ? ST_NO_MEMORY : st;
}

/* What the centre's list says of the office (shape `office`), beside the register: for display, the register decides. */
static int take_stated(void *ctx, unsigned measure, struct slice key, struct slice text)
{
    json_t *all = ctx;
    char id[OFFICE_ID_MAX + 1];
    const char *member = measure == MEASURE_OFFICE_NAME     ? "name"
                         : measure == MEASURE_OFFICE_REGION ? "region"
                         : measure == MEASURE_REGION_NAME   ? "region_name"
                         : measure == MEASURE_OFFICE_DOCUMENT ? "document"
                                                              : NULL;
    if (!member || key.n > OFFICE_ID_MAX) return ST_OK;
    memcpy(id, key.p, key.n);
    id[key.n] = '\0';
    json_t *o = json_object_get(all, id);
    if (!o) json_object_set_new(all, id, o = json_object());
    json_object_set_new(o, member, json_stringn((const char *)text.p, text.n));
    return ST_OK;
}

static void put_stated(const json_t *stated, const struct office *office, const char *region, json_t *o)
{
    json_t *s = json_object_get(stated, office->id), *place;
    const char *said = s ? json_string_value(json_object_get(s, "region")) : NULL;
    if (s && said) json_object_set_new(s, "differs", json_boolean(strcmp(said, region) != 0));
    if (said && (place = json_object_get(json_object_get(stated, said), "region_name"))) json_object_set(s, "region_name", place);
    json_object_set_new(o, "stated", s ? json_incref(s) : json_null());
}

static int office_json(const struct query_context *q, const struct office *office, bool told, const json_t *stated, json_t *list)
{
    char region[8];
    json_t *o = json_object();
    code_region_format(office->region, region);
    json_object_set_new(o, "office", json_string(office->id));
    json_object_set_new(o, "name", json_string(office->name));
    json_object_set_new(o, "region", json_string(region));
    json_object_set_new(o, "role", json_string(registry_role_name(office->role)));
    json_object_set_new(o, "status", json_string(office->status == OFFICE_ACTIVE ? "active" : "revoked"));
    put_stated(stated, office, region, o);
    int st = put_counts(q, o, office);
    if (st == ST_OK) st = put_habit(q, office, told, o);
    if (st != ST_OK || json_array_append(list, o) != 0) st = st != ST_OK ? st : ST_NO_MEMORY;
    json_decref(o);
    return st;
}

int query_offices(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem)
{
    struct query_scope s;
    int st = query_parse_scope(q, p, false, &s, ret_problem);
    if (st != ST_OK) return st;
    json_t *answer = json_object(), *list = json_array(), *stated = json_object();
    st = query_parse_stamp(q, answer);
    if (st == ST_OK) st = query_rule_each(q, take_stated, stated);
    if (st == ST_OK && s.year) st = query_rule_of_year(q, s.year, take_stated, stated);
    bool near = s.office || code_region_depth(s.region) == 2 || bytes_is(p->with, "habit");
    bool told = near && query_habit_told(q, &s);
    for (size_t i = 0; st == ST_OK && i < registry_count(q->registry); i++) {
        const struct office *o = registry_at(q->registry, i);
        if (query_indicators_inside(&s, o)) st = office_json(q, o, told, stated, list);
    }
    json_object_set_new(answer, "offices", list);
    json_decref(stated);
    if (st == ST_OK)
        *ret = answer;
    else
        json_decref(answer);
    return st;
}

/* What is applied is read in the answer's own transaction: the live state knows nothing before the first step after a start, and
 * a viewer must not see the position go back. */
static int worker_json(const struct query_context *q, const struct aggregate_worker *w, json_t *list)
{
    char name[8];
    uint64_t applied;
    struct hash h;
    int st = fold_applied(q->t, w->number, &applied, &h);
    if (st != ST_OK) return st;
    uint64_t head = w->head > applied ? w->head : applied;
    json_t *o = json_object();
    snprintf(name, sizeof name, "w%u", w->number);
    json_object_set_new(o, "worker", json_string(name));
    json_object_set_new(o, "up", json_boolean(w->up));
    json_object_set_new(o, "applied", json_integer((json_int_t)applied));
    json_object_set_new(o, "head", json_integer((json_int_t)head));
    json_object_set_new(o, "lag", json_integer((json_int_t)(head - applied)));
    json_object_set_new(o, "refused", w->refused_code ? json_string(status_code_spelling(w->refused_code)) : json_null());
    json_object_set_new(o, "heard", query_time(w->heard));
    return json_array_append_new(list, o) == 0 ? ST_OK : ST_NO_MEMORY;
}

int query_status(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem)
{
    (void)p;
    (void)ret_problem;
    json_t *answer = json_object(), *list = json_array();
    int st = query_parse_stamp(q, answer);
    json_object_set_new(answer, "program", json_string("rekap-aggregator"));
    json_object_set_new(answer, "version", json_string(REKAP_VERSION));
    for (unsigned i = 0; st == ST_OK && i < q->live.workers; i++) st = worker_json(q, &q->live.worker[i], list);
    json_object_set_new(answer, "workers", list);
    json_object_set_new(answer, "commits", json_integer((json_int_t)q->live.commits));
    json_object_set_new(answer, "updates", json_integer((json_int_t)q->live.updates));
    if (st == ST_OK)
        *ret = answer;
    else
        json_decref(answer);
    return st;
}
