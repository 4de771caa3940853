/* query_match.c - cash figures of the office beside those of the region's treasurer, line by line, summed up an office. Kind: P.
 *
 * What equals what is match.h; here it is put into words. A difference that the office has explained (a penjelasan at that code, up
 * to the cut-off) is `dijelaskan`, with the difference kept as its cause. Lines are listed for a city or an office; above that only
 * the open differences are when they are asked for, since everything that agrees would be listed otherwise. */
#include <string.h>

#include "aggregator/match.h"
#include "aggregator/query_beside.h"
#include "aggregator/query_figure.h"
#include "proto/decimal.h"

static const char EXPLAINED[] = "dijelaskan";
enum { EXPLAINED_AT = MATCH_STATES, COUNTS };

struct matching {
    const struct query_context *q;
    struct query_scope s;
    struct slice state;                 /* only these rows; empty: all */
    bool open, list;
    json_t *rows;
    const struct office *office;        /* being matched */
    struct unit u;
    struct query_scope at;              /* its scope, for addresses */
    json_int_t count[COUNTS], all[COUNTS];
    struct match_sum sum, total;
};

static json_t *side_json(const struct matching *m, const struct match_side *s, const struct derived_key *node, unsigned source)
{
    struct address at = query_figure_at(&m->at, node, ADDRESS_REALISED);
    at.source = (uint8_t)source;
    return s->stated ? json_pack("{s:o,s:i,s:o}", "value", query_figure_money(s->value), "month", (int)s->month, "figure",
                                 query_figure_address(m->q, &at)) : json_null();
}

static json_t *difference_figure(const struct matching *m, const struct derived_key *node)
{
    struct address at = query_figure_at(&m->at, node, ADDRESS_MATCH);
    at.murni = false;
    if (at.part == ADDRESS_LINE) at.part = ADDRESS_ACCOUNT;
    return query_figure_address(m->q, &at);
}

static json_t *row_json(const struct matching *m, const struct match_row *r, const char *code, json_t *explanation)
{
    json_t *o = json_object();
    bool activity = r->activity != 0, total = r->activity == CODE_TOTAL;
    const char *name = activity && !total && m->q->names ? names_activity(m->q->names, r->activity) : NULL;
    struct derived_key node = {.node = activity ? r->activity : r->account,
                               .node_kind = activity ? NODE_ACTIVITY : NODE_ACCOUNT_LINE};
    if (!activity && code_account_depth(r->account) < 2) node.node_kind = NODE_ACCOUNT;
    json_object_set_new(o, "office", json_string(m->office->id));
    json_object_set_new(o, "code", json_string(code));
    json_object_set_new(o, "vintage", activity && !total ? json_string(code_vintage_name(code_vintage(r->activity))) : json_null());
    json_object_set_new(o, "name", name ? json_string(name) : json_null());
    json_object_set_new(o, "state", json_string(explanation ? EXPLAINED : match_state_name(r->state)));
    json_object_set_new(o, "cause", explanation ? json_string(match_state_name(r->state)) : json_null());
    json_object_set_new(o, "of_office", side_json(m, &r->office, &node, SOURCE_NONE));
    json_object_set_new(o, "of_treasurer", side_json(m, &r->treasurer, &node, SOURCE_BUD));
    json_object_set_new(o, "difference", query_figure_money(r->office.value - r->treasurer.value));
    json_object_set_new(o, "equal_at", r->office_at ? json_pack("{s:i,s:i}", "office", (int)r->office_at, "treasurer",
                                                               (int)r->treasurer_at) : json_null());
    json_object_set_new(o, "explanation", explanation ? explanation : json_null());
    json_object_set_new(o, "figure", query_figure_of_row(m->q, &m->at, &node));
    json_object_set_new(o, "difference_figure", difference_figure(m, &node));
    return o;
}

static int put_row(void *ctx, const struct match_row *r)
{
    struct matching *m = ctx;
    char code[32];
    if (r->activity) code_format_activity(r->activity, code);
    else code_format_account(r->account, code);
    if (!query_parse_below(m->s.code, code)) return ST_OK;
    json_t *explanation = NULL;
    int st = r->state == MATCH_EQUAL ? ST_OK : query_beside_explanation(m->q, m->office, &m->u, code, m->s.until, &explanation);
    if (st != ST_OK) return st;
    m->count[explanation ? EXPLAINED_AT : (unsigned)r->state]++;
    const char *state = explanation ? EXPLAINED : match_state_name(r->state);
    bool closed = explanation || r->state == MATCH_EQUAL;
    bool wanted = m->list && (m->state.n == 0 || bytes_is(m->state, state)) && !(m->open && closed);
    if (wanted) return json_array_append_new(m->rows, row_json(m, r, code, explanation)) == 0 ? ST_OK : ST_NO_MEMORY;
    json_decref(explanation);
    return ST_OK;
}

/* ---- summaries ---- */

static json_t *counts_json(const json_int_t count[COUNTS])
{
    json_t *o = json_object();
    for (unsigned i = 0; i < COUNTS; i++)
        json_object_set_new(o, i == EXPLAINED_AT ? EXPLAINED : match_state_name((enum match_state)i), json_integer(count[i]));
    return o;
}

static void put_sum(json_t *o, const struct match_sum *s)
{
    json_object_set_new(o, "of_office", s->office_stated ? query_figure_money(s->office) : json_null());
    json_object_set_new(o, "of_treasurer", s->treasurer_stated ? query_figure_money(s->treasurer) : json_null());
    json_object_set_new(o, "difference", s->office_stated && s->treasurer_stated ? query_figure_money(s->office - s->treasurer)
                                                                                  : json_null());
}

/* The treasurer nearest above the office; NULL. */
static const struct office *treasurer_of(const struct matching *m, const struct office *office)
{
    const struct office *best = NULL;
    for (size_t i = 0; i < registry_count(m->q->registry); i++) {
        const struct office *o = registry_at(m->q->registry, i);
        if (o->role != ROLE_TREASURER || o->status != OFFICE_ACTIVE) continue;
        if (code_region_holds(o->region, office->region) &&
            (!best || code_region_depth(o->region) > code_region_depth(best->region)))
            best = o;
    }
    return best;
}

static int put_summary(struct matching *m, json_t *offices)
{
    char region[8];
    const struct office *treasurer = treasurer_of(m, m->office);
    json_t *o = json_object();
    code_region_format(m->office->region, region);
    json_object_set_new(o, "office", json_string(m->office->id));
    json_object_set_new(o, "name", json_string(m->office->name));
    json_object_set_new(o, "region", json_string(region));
    json_object_set_new(o, "treasurer", treasurer ? json_string(treasurer->id) : json_null());
    put_sum(o, &m->sum);
    json_object_set_new(o, "counts", counts_json(m->count));
    for (unsigned i = 0; i < COUNTS; i++) m->all[i] += m->count[i];
    m->total.office += m->sum.office;
    m->total.treasurer += m->sum.treasurer;
    m->total.office_stated |= m->sum.office_stated;
    m->total.treasurer_stated |= m->sum.treasurer_stated;
    return json_array_append_new(offices, o) == 0 ? ST_OK : ST_NO_MEMORY;
}

static int match_office(struct matching *m, const struct office *office, json_t *offices)
{
    uint32_t id;
    m->office = office;
    m->at = m->s;
    m->at.office = office;
    m->at.region = office->region;
    memset(m->count, 0, sizeof m->count);
    m->sum = (struct match_sum){0};
    int st = unit_dict_get(m->q->t, FOLD_DICT_TEXT, slice_of(office->id, strlen(office->id)), &id);
    if (st == ST_OK) st = asof_unit(m->q->t, asof_position(m->q->past), id, (uint16_t)m->s.year, &m->u);
    if (st == ST_OK) st = match_rows(&m->u, (unsigned)m->s.until, put_row, m, &m->sum);
    if (st == ST_NOT_FOUND) st = ST_OK;
    bool spoken = m->sum.office_stated || m->sum.treasurer_stated;
    bool reports = office->role == ROLE_OFFICE && office->status == OFFICE_ACTIVE;
    return st == ST_OK && (spoken || reports || m->s.office) ? put_summary(m, offices) : st;
}

/* ---- the question ---- */

static int parse_state(const struct query_context *q, struct slice text, struct query_problem *problem)
{
    bool known = text.n == 0 || bytes_is(text, EXPLAINED);
    for (unsigned i = 0; !known && i < MATCH_STATES; i++) known = bytes_is(text, match_state_name((enum match_state)i));
    if (known) return ST_OK;
    return query_refuse(problem, q, "kind", text,
                        "keadaan: cocok, beda-waktu, beda-nilai, hanya-kantor, hanya-bendahara atau dijelaskan",
                        "state: cocok, beda-waktu, beda-nilai, hanya-kantor, hanya-bendahara or dijelaskan");
}

static int match_all(struct matching *m, json_t *answer)
{
    json_t *offices = json_array(), *total = json_object();
    int st = ST_OK;
    unit_init(&m->u);
    for (size_t i = 0; st == ST_OK && i < registry_count(m->q->registry); i++)
        if (query_indicators_inside(&m->s, registry_at(m->q->registry, i)))
            st = match_office(m, registry_at(m->q->registry, i), offices);
    unit_done(&m->u);
    put_sum(total, &m->total);
    json_object_set_new(total, "counts", counts_json(m->all));
    json_object_set_new(answer, "offices", offices);
    json_object_set_new(answer, "total", total);
    return st;
}

int query_match(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem)
{
    struct matching m = {.q = q, .state = p->kind, .open = p->open.n > 0};
    int st = query_parse_scope(q, p, true, &m.s, ret_problem);
    if (st == ST_OK) st = parse_state(q, p->kind, ret_problem);
    if (st != ST_OK) return st;
    json_t *answer = json_object();
    m.rows = json_array();
    m.list = m.open || m.s.office || code_region_depth(m.s.region) == 2;
    st = query_parse_stamp(q, answer);
    query_indicators_head(q, &m.s, answer);
    json_object_set_new(answer, "rows", m.rows);
    if (st == ST_OK) st = match_all(&m, answer);
    if (st == ST_OK)
        *ret = answer;
    else
        json_decref(answer);
    return st;
}
