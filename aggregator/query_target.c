/* query_target.c - targets that were changed after their period began, and what they would give against the first one. Kind: P.
 *
 * A target is changed by a later stage of its source (its first month is later than the first stage's), or by a statement that
 * replaced an earlier one of the same stage and month after that year had begun; the first is read off the rows, the second from
 * what they replaced. The first target is the one that stood when the year began, else the first ever stated. Lowered is judged by
 * the formula: where less is better a greater target is the easier one. Both achievements stand side by side, by the same formula
 * (domain.md 5). Invariant: an indicator is listed once, with the first target it ever had in that year. */
#include <stdio.h>
#include <string.h>

#include "aggregator/query_beside.h"
#include "aggregator/query_figure.h"
#include "aggregator/query_rule.h"
#include "aggregator/statement.h"
#include "proto/period.h"

struct targets {
    const struct query_context *q;
    const struct query_scope *s;
    bool lowered;
    json_t *rows;
    int64_t begun_ms; /* of the year */
    /* the indicator being judged */
    const struct leaf *row; /* of its target in force */
    struct slot first;      /* of that row: what stood there when the year began */
    bool replaced;
};

/* When a value was committed; 0: not known. */
static int64_t committed(const struct query_context *q, provenance prov)
{
    struct statement s;
    return statement_get(q->t, figure_prov_worker(prov), figure_prov_lsn(prov), figure_prov_index(prov), &s) == ST_OK ? s.at.ms : 0;
}

/* The newest value from before the year began, else the oldest; rows of a slot come oldest first. */
static int take_old(void *ctx, const struct asof_past *p)
{
    struct targets *x = ctx;
    const struct leaf_key *a = &x->row->key, *b = &p->leaf;
    bool same = a->activity == b->activity && a->account == b->account && a->indicator == b->indicator &&
                a->measure == b->measure && a->source == b->source && a->stage == b->stage;
    if (!same || x->row->slot[p->slot].prov <= p->old.prov || !figure_kind_reported(p->old.kind)) return ST_OK;
    if (p->slot + 1u > (unsigned)x->s->until || (x->replaced && committed(x->q, p->old.prov) >= x->begun_ms)) return ST_OK;
    x->first = p->old;
    x->replaced = true;
    return ST_OK;
}

/* Did the year begin before the value in force was stated? */
static bool changed_late(const struct targets *x)
{
    for (unsigned m = (unsigned)x->s->until; x->replaced && m-- > 0;)
        if (figure_kind_reported(x->row->slot[m].kind)) return committed(x->q, x->row->slot[m].prov) >= x->begun_ms;
    return false;
}

static bool easier(const struct indicator_state *st, struct ratio now, struct ratio first)
{
    int c = achieve_ratio_compare(now, first);
    bool less_is_better = st->formula == ACHIEVE_MIN || st->formula == ACHIEVE_MIN_RATIO;
    return less_is_better ? c > 0 : c < 0;
}

static json_t *target_json(unsigned stage, const struct achieve_value *v, const struct achieve_result *r)
{
    char text[20];
    json_t *o = json_object();
    figure_stage_format((uint16_t)stage, text);
    json_object_set_new(o, "stage", json_string(text));
    json_object_set_new(o, "target", query_indicators_value(v));
    json_object_set_new(o, "achievement", query_indicators_percent(r));
    return o;
}

struct change { /* of one indicator's target */
    const char *how;
    unsigned stage; /* of the first */
    struct achieve_value first;
    struct achieve_result result;
};

static bool find_change(struct targets *x, const struct query_indicators *o, const struct indicator_state *st, struct change *ret)
{
    *ret = (struct change){.how = "tahap", .stage = st->first ? st->first->stage : 0, .first = st->first_target,
                           .result = st->first_result};
    x->row = st->first ? st->first->value : st->target->value;
    x->replaced = false;
    struct unit past;   /* texts of old values go to a pool of their own: those of the unit must not move */
    unit_init(&past);
    past.office = o->id;
    past.year = (uint16_t)o->year;
    bool replaced = asof_history(x->q->t, &past, take_old, x) == ST_OK && changed_late(x);
    unit_done(&past);
    if (replaced) {
        struct achieve_input in = st->in;
        if (!st->first) ret->how = "diganti";
        ret->stage = x->row->key.stage;
        ret->first.kind = ACHIEVE_NUMBER;
        if (!achieve_ratio(x->first.kind == VALUE_NUMBER ? x->first.value : 0, 1000000, &ret->first.number)) return false;
        in.target = ret->first;
        achieve_compute(&in, &ret->result);
    }
    return st->first || replaced;
}

static int put_indicator(struct targets *x, struct query_indicators *o, const struct indicator *it)
{
    struct indicator_state st;
    struct change c;
    char code[32];
    query_indicators_code(it, code);
    indicator_judge(&o->u, it, (unsigned)x->s->until, NULL, &st);
    if (!st.target || !st.target->value || !query_parse_below(x->s->code, code) || !find_change(x, o, &st, &c)) return ST_OK;
    bool numbers = c.first.kind == ACHIEVE_NUMBER && st.in.target.kind == ACHIEVE_NUMBER;
    bool same = numbers && achieve_ratio_compare(c.first.number, st.in.target.number) == 0;
    bool lowered = numbers && easier(&st, st.in.target.number, c.first.number);
    if (same || (x->lowered && !lowered)) return ST_OK;
    struct slice unit = st.target_unit.n ? st.target_unit : st.reached_unit;
    json_t *j = json_object();
    json_object_set_new(j, "office", json_string(o->office->id));
    json_object_set_new(j, "code", json_string(code));
    json_object_set_new(j, "indicator", query_indicators_name(x->q, o, it));
    json_object_set_new(j, "unit", unit.n ? json_stringn((const char *)unit.p, unit.n) : json_null());
    json_object_set_new(j, "source", json_string(figure_source_name(st.target->source)));
    json_object_set_new(j, "formula", json_string(achieve_formula_name(st.formula)));
    query_rule_put(o, it, &st, j);
    json_object_set_new(j, "reached", query_indicators_value(&st.in.reached));
    json_object_set_new(j, "first", target_json(c.stage, &c.first, &c.result));
    json_object_set_new(j, "now", target_json(st.target->stage, &st.in.target, &st.result));
    json_object_set_new(j, "how", json_string(c.how));
    json_object_set_new(j, "lowered", numbers ? json_boolean(lowered) : json_null());
    json_object_set_new(j, "figure", query_figure_of_indicator(x->q, x->s, o->office->id, it, ADDRESS_ACHIEVEMENT));
    return json_array_append_new(x->rows, j) == 0 ? ST_OK : ST_NO_MEMORY;
}

static int list_office(struct targets *x, const struct office *office)
{
    struct query_indicators o;
    int st = query_indicators_open(x->q, office, x->s->year, (unsigned)x->s->until, &o);
    for (uint32_t i = 0; st == ST_OK && i < o.v.count; i++) st = put_indicator(x, &o, &o.v.item[i]);
    query_indicators_close(&o);
    return st;
}

int query_targets(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem)
{
    struct query_scope s;
    struct wall begun;
    char first[32];
    int st = query_parse_scope(q, p, true, &s, ret_problem);
    if (st != ST_OK) return st;
    snprintf(first, sizeof first, "%04d-01-01T00:00:00+07:00", s.year);
    if (period_parse_time(slice_of(first, strlen(first)), &begun) != ST_OK) return ST_INVALID;
    struct targets x = {.q = q, .s = &s, .lowered = p->lowered.n > 0, .rows = json_array(), .begun_ms = begun.ms};
    json_t *answer = json_object();
    st = query_parse_stamp(q, answer);
    query_indicators_head(q, &s, answer);
    for (size_t i = 0; st == ST_OK && i < registry_count(q->registry); i++)
        if (query_indicators_inside(&s, registry_at(q->registry, i))) st = list_office(&x, registry_at(q->registry, i));
    json_object_set_new(answer, "rows", x.rows);
    if (st == ST_OK)
        *ret = answer;
    else
        json_decref(answer);
    return st;
}
