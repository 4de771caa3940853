/* query_explain_indicator.c - what an indicator's achievement is made of: target, result, formula, scale, and the statements. Kind:
 * P.
 *
 * The judging is indicator_judge's; here its inputs are named. Rows are those the judgement may read, each with its slots. */
#include <string.h>

#include "aggregator/query_figure.h"
#include "aggregator/query_finding.h"
#include "aggregator/query_rule.h"
#include "proto/decimal.h"

static const struct {
    const char *name, *text;
} FORMULAS[] = {{"MAX", "100 x R / T"},
                {"MIN", "100 x (2T - R) / T, >= 0"},
                {"MIN_RATIO", "100 x T / R"},
                {"RANGE", "T1 <= R <= T2: 100; R > T2: 100 x R / T2; R < T1: 100 x R / T1"},
                {"STABLE", "100 x (1 - |R - T| / T), >= 0"},
                {"SCALE", "100 x R / T"},
                {"TEXT", "R = T: 100; R <> T: 0"},
                {"DELTA", "100 x (R - B) / (T - B)"}};

static bool called(const struct query_context *q, const struct query_figure *f, uint32_t identity)
{
    struct slice id;
    if (identity == 0 || unit_dict_text(q->t, FOLD_DICT_ID, identity, &id) != ST_OK) return false;
    return id.n == strlen(f->a.indicator) && memcmp(id.p, f->a.indicator, id.n) == 0;
}

const struct indicator *query_explain_find(const struct query_context *q, const struct query_figure *f,
                                           const struct query_indicators *o)
{
    for (uint32_t i = 0; i < o->v.count; i++) {
        const struct indicator *it = &o->v.item[i];
        if ((it->activity ? it->activity : it->account) != f->a.code) continue;
        if (called(q, f, it->id) || called(q, f, it->alias)) return it;
    }
    return NULL;
}

static json_t *value_of(const struct query_figure *f, const struct indicator_state *s, const struct achieve_band *band)
{
    if (f->a.measure == ADDRESS_ACHIEVEMENT) return query_indicators_percent(&s->result);
    if (f->a.measure == ADDRESS_RATING) return band ? json_string(band->word) : json_null();
    return query_indicators_value(f->a.measure == ADDRESS_TARGET ? &s->in.target : &s->in.reached);
}

static void put_formula(json_t *answer, const struct indicator_state *s)
{
    const char *name = achieve_formula_name(s->formula), *text = NULL;
    for (size_t i = 0; i < sizeof FORMULAS / sizeof FORMULAS[0]; i++)
        if (strcmp(FORMULAS[i].name, name) == 0) text = FORMULAS[i].text;
    json_object_set_new(answer, "formula_id", json_string(name));
    json_object_set_new(answer, "formula", json_string(text ? text : name));
}

/* The bands of the scale from the top down, and which one it is. */
static void put_bands(const struct achieve_scale *scale, const struct achieve_band *is, json_t *answer)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < scale->count; i++) {
        char t[32];
        const struct achieve_band *b = &scale->band[i];
        json_t *o = json_object();
        decimal_format_micro(b->lower, 0, t);
        json_object_set_new(o, "word", json_string(b->word));
        json_object_set_new(o, "from", b->lower == INT64_MIN ? json_null() : json_string(t));
        json_object_set_new(o, "open", json_boolean(b->open));
        json_object_set_new(o, "is", json_boolean(b == is));
        json_array_append_new(list, o);
    }
    json_object_set_new(answer, "bands", list);
    json_object_set_new(answer, "subject", json_string(scale->of_value ? "nilai" : "capaian"));
}

static void put_components(const struct query_context *q, const struct query_figure *f, const struct indicator_state *s,
                           json_t *answer)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < 2; i++) {
        struct address a = f->a;
        a.measure = i ? ADDRESS_REACHED : ADDRESS_TARGET;
        a.source = i ? SOURCE_NONE : f->a.source;
        json_t *o = json_object();
        json_object_set_new(o, "measure", json_string(address_measure_name(a.measure)));
        json_object_set_new(o, "figure", query_figure_address(q, &a));
        json_object_set_new(o, "value", query_indicators_value(i ? &s->in.reached : &s->in.target));
        json_object_set_new(o, "unit", query_words(i ? s->reached_unit : s->target_unit));
        if (i)
            json_object_set_new(o, "over_time", json_string(achieve_time_name(s->over_time)));
        else
            json_object_set_new(o, "source", s->target ? json_string(figure_source_name(s->target->source)) : json_null());
        json_array_append_new(list, o);
    }
    json_object_set_new(answer, "components", list);
}

static json_t *part_value(const struct leaf *row, unsigned until)
{
    const struct slot *s = indicator_slot(row, until);
    char t[32];
    if (!s || s->kind == VALUE_TEXT) return json_null();
    decimal_format_micro(s->kind == VALUE_NUMBER ? s->value : 0, 0, t);
    return json_string(t);
}

/* Numerator and denominator of the result, and their ratio beside what is stated. */
static void put_parts(const struct indicator *it, unsigned until, json_t *answer)
{
    const struct slot *num = indicator_slot(it->numerator, until), *den = indicator_slot(it->denominator, until);
    struct ratio r;
    if (!num || !den) return;
    json_t *o = json_object();
    json_object_set_new(o, "numerator", part_value(it->numerator, until));
    json_object_set_new(o, "denominator", part_value(it->denominator, until));
    json_object_set_new(o, "value", achieve_ratio(num->value, den->value, &r) ? query_indicators_share(r) : json_null());
    json_object_set_new(answer, "result_parts", o);
}

static int put_rows(const struct query_context *q, const struct query_figure *f, struct query_indicators *o,
                    const struct indicator *it, const struct indicator_state *s, json_t *answer)
{
    const struct leaf *row[8];
    size_t n = 0;
    bool target = f->a.measure != ADDRESS_REACHED, reached = f->a.measure != ADDRESS_TARGET;
    if (target && s->target && s->target->value) row[n++] = s->target->value;
    if (target && s->first && s->first->value && s->first != s->target) row[n++] = s->first->value;
    if (target && it->baseline) row[n++] = it->baseline;
    if (reached && it->reached) row[n++] = it->reached;
    if (reached && it->numerator) row[n++] = it->numerator;
    if (reached && it->denominator) row[n++] = it->denominator;
    return query_figure_rows(q, f, &o->u, row, n, answer);
}

static int put_findings(const struct query_context *q, const struct query_figure *f, json_t *answer)
{
    struct query_scope scope = f->s;
    json_t *all = json_array(), *mine = json_array(), *code = query_figure_code(f), *e;
    size_t i;
    scope.source = 0;
    scope.code = slice_of(json_string_value(code), json_string_length(code));
    int st = query_finding_list(q, &scope, slice_of("", 0), all);
    if (st == ST_OK) st = query_finding_addresses(q, &scope, slice_of("", 0), all);
    json_array_foreach(all, i, e) if (json_equal(json_object_get(e, "indicator"), json_object_get(answer, "indicator")) &&
                                      json_equal(json_object_get(e, "code"), code))
        json_array_append(mine, e);
    json_object_set_new(answer, "findings", mine);
    json_decref(code);
    json_decref(all);
    return st;
}

/* Everything beside the value. */
static int put_beside(const struct query_context *q, const struct query_figure *f, struct query_indicators *o,
                      const struct indicator *it, const struct indicator_state *s, json_t *answer)
{
    const struct achieve_band *band = indicator_band(o->scale.scale, s);
    json_object_set_new(answer, "indicator", query_indicators_name(q, o, it));
    put_formula(answer, s);
    json_object_set_new(answer, "reason",
                        s->result.state == ACHIEVE_OK ? json_null() : json_string(achieve_state_name(s->result.state)));
    query_rule_put(o, it, s, answer);
    json_object_set_new(answer, "rating", band ? json_string(band->word) : json_null());
    if (f->a.measure == ADDRESS_RATING) put_bands(o->scale.scale, band, answer);
    put_components(q, f, s, answer);
    put_parts(it, (unsigned)f->s.until, answer);
    int st = put_rows(q, f, o, it, s, answer);
    return st == ST_OK ? put_findings(q, f, answer) : st;
}

int query_explain_indicator(const struct query_context *q, const struct query_figure *f, json_t *answer)
{
    struct query_indicators o;
    struct indicator_state s;
    int st = query_indicators_open(q, f->s.office, f->s.year, (unsigned)f->s.until, &o);
    const struct indicator *it = st == ST_OK ? query_explain_find(q, f, &o) : NULL;
    if (st == ST_OK && !it) st = ST_NOT_FOUND;
    if (st == ST_OK) {
        const struct indicator_target *against = f->a.source ? indicator_target_of(it, f->a.source, (unsigned)f->s.until) : NULL;
        if (f->a.source && !against) st = ST_NOT_FOUND;
        indicator_judge(&o.u, it, (unsigned)f->s.until, against, &s);
        const struct achieve_band *band = indicator_band(o.scale.scale, &s);
        json_object_set_new(answer, "value", value_of(f, &s, band));
        if (!f->value_only && st == ST_OK) st = put_beside(q, f, &o, it, &s, answer);
    }
    query_indicators_close(&o);
    return st;
}
