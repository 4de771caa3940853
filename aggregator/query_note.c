/* query_note.c - the notes offices sign about their lines: what drove and what hindered, what follows, what explains. Kind: P.
 *
 * A note is a text figure of a line and month, signed like any other; the newest up to the cut-off of each kind and number is
 * listed, by office, year and line. Nothing is computed of it: an explanation answers the findings of its line (query_beside.h).
 * */
#include <stdlib.h>
#include <string.h>

#include "aggregator/asof.h"
#include "aggregator/query_figure.h"

struct notes {
    const struct query_context *q;
    const struct query_scope *s;
    struct slice kind;
    json_t *list;
};

static const char *kind_of(unsigned measure)
{
    switch (measure) {
    case MEASURE_NOTE_DRIVER:
        return "pendorong";
    case MEASURE_NOTE_HINDRANCE:
        return "penghambat";
    case MEASURE_NOTE_FOLLOW_UP:
        return "tindak-lanjut";
    case MEASURE_NOTE_EXPLANATION:
        return "penjelasan";
    default:
        return NULL;
    }
}

static int put_note(struct notes *n, const struct office *o, const struct unit *u, const struct leaf *l)
{
    const char *kind = kind_of(l->key.measure);
    const struct slot *s = kind ? indicator_slot(l, (unsigned)n->s->until) : NULL;
    char code[32];
    struct slice no = {0};
    if (!s || s->kind != VALUE_TEXT) return ST_OK;
    if (l->key.activity) code_format_activity(l->key.activity, code);
    else code_format_account(l->key.account, code);
    if (!query_parse_below(n->s->code, code)) return ST_OK;
    if (n->kind.n && !bytes_is(n->kind, kind)) return ST_OK;
    if (l->key.indicator && unit_dict_text(n->q->t, FOLD_DICT_ID, l->key.indicator, &no) != ST_OK) no.n = 0;
    struct slice text = unit_text(u, s);
    json_t *j = json_object();
    json_object_set_new(j, "office", json_string(o->id));
    json_object_set_new(j, "year", json_integer(u->year));
    json_object_set_new(j, "until", json_integer((json_int_t)(s - l->slot) + 1));
    json_object_set_new(j, "code", json_string(code));
    json_object_set_new(j, "kind", json_string(kind));
    json_object_set_new(j, "no", no.n ? json_stringn((const char *)no.p, no.n) : json_null());
    json_object_set_new(j, "text", json_stringn((const char *)text.p, text.n));
    json_t *statement = NULL;
    int st = query_figure_statement(n->q, s->prov, &statement);
    if (st == ST_OK) json_object_set_new(j, "statement", statement);
    if (st != ST_OK) {
        json_decref(j);
        return st;
    }
    return json_array_append_new(n->list, j) == 0 ? ST_OK : ST_NO_MEMORY;
}

static int list_office(struct notes *n, const struct office *o)
{
    struct unit u;
    uint32_t id;
    int st = unit_dict_get(n->q->t, FOLD_DICT_TEXT, slice_of(o->id, strlen(o->id)), &id);
    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_OK : st;
    unit_init(&u);
    st = asof_unit(n->q->t, asof_position(n->q->past), id, (uint16_t)n->s->year, &u);
    if (st == ST_OK) unit_sort(&u);
    for (uint32_t i = 0; st == ST_OK && i < u.count; i++) st = put_note(n, o, &u, &u.leaf[i]);
    unit_done(&u);
    return st;
}

int query_notes(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem)
{
    struct query_scope s;
    char region[8];
    int st = query_parse_scope(q, p, true, &s, ret_problem);
    if (st != ST_OK) return st;
    struct notes n = {.q = q, .s = &s, .kind = p->kind, .list = json_array()};
    json_t *answer = json_object();
    st = query_parse_stamp(q, answer);
    code_region_format(s.office ? s.office->region : s.region, region);
    json_object_set_new(answer, "region", json_string(region));
    json_object_set_new(answer, "year", json_integer(s.year));
    json_object_set_new(answer, "until", json_integer(s.until));
    for (size_t i = 0; st == ST_OK && i < registry_count(q->registry); i++)
        if (query_indicators_inside(&s, registry_at(q->registry, i))) st = list_office(&n, registry_at(q->registry, i));
    json_object_set_new(answer, "notes", n.list);
    if (st == ST_OK)
        *ret = answer;
    else
        json_decref(answer);
    return st;
}
