/* query_explain_finding.c - a finding by its address: what it says now, the figures it is about, and the statements behind them.
 * Kind: P.
 *
 * The findings of the office and year are computed anew and the one with the mark is taken; where none has it, it was corrected or
 * never stood, which is an answer (`state` tiada) and no fault: an address is kept longer than a finding lives. The rows are all
 * the office states at that code, of money or of that indicator, second prints among them: whichever was wrong is there with its
 * statement. Invariant: value is what tells it is wrong (difference, else counts, else its state), null when it does not stand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/query_explain.h"
#include "aggregator/query_finding.h"

/* ---- which one ---- */

static int find(const struct query_context *q, const struct query_scope *s, const char *mark, json_t **ret)
{
    const char *dash = strrchr(mark, '-');
    const struct slice kind = slice_of(mark, dash ? (size_t)(dash - mark) : strlen(mark));
    json_t *list = json_array(), *words = NULL;
    int st = query_finding_list(q, s, kind, list);
    if (st == ST_OK) st = query_finding_indonesian(q, s, kind, list, &words);
    *ret = NULL;
    for (size_t i = 0; st == ST_OK && !*ret && i < json_array_size(list); i++) {
        char own[QUERY_MARK_MAX];
        json_t *o = json_array_get(list, i);
        query_finding_mark(json_array_get(words, i), own);
        /* the scope's code is a prefix */
        if (strcmp(own, mark) == 0 && s->code.n == strlen(query_text_of(o, "code"))) *ret = json_incref(o);
    }
    json_decref(list);
    json_decref(words);
    return st;
}

static json_t *value_of(const json_t *o)
{
    char text[48];
    const json_t *of = json_object_get(o, "of");
    if (!o) return json_null();
    if (json_is_string(json_object_get(o, "difference"))) return json_incref(json_object_get(o, "difference"));
    if (!of) return json_incref(json_object_get(o, "state"));
    snprintf(text, sizeof text, "%lld/%lld", (long long)json_integer_value(json_object_get(o, "differ")),
             (long long)json_integer_value(of));
    return json_string(text);
}

/* ---- what it is about ---- */

static void component(const struct query_context *q, const struct address *a, json_t *value, json_t *list)
{
    json_t *o = json_object();
    json_object_set_new(o, "measure", json_string(address_measure_name(a->measure)));
    json_object_set_new(o, "figure", query_figure_address(q, a));
    json_object_set_new(o, "value", value);
    json_array_append_new(list, o);
}

/* The code of the address as a node of the year's list; false: it is of another list. */
static bool node_of(const struct query_figure *f, struct derived_key *ret)
{
    const struct slice code = slice_of(f->a.place, strlen(f->a.place));
    struct code_reading r;
    *ret = (struct derived_key){.node_kind = NODE_TOTAL};
    if (query_parse_total(code)) return true;
    bool account = code_looks_account(code);
    int st = account ? code_parse_account(code, &r) : code_parse_activity(code_vintage_of_year(f->s.year), code, &r);
    ret->node = r.code;
    ret->node_kind = account ? NODE_ACCOUNT : NODE_ACTIVITY;
    return st == ST_OK && !r.padded;
}

static unsigned level_of(const struct derived_key *k)
{
    if (k->node_kind == NODE_TOTAL) return 0;
    return k->node_kind == NODE_ACCOUNT ? code_account_depth(k->node) : (unsigned)code_level(k->node);
}

static int money_components(const struct query_context *q, const struct query_figure *f, json_t *list)
{
    struct query_figure at = *f;
    struct figure_row row;
    if (!node_of(f, &at.node)) return ST_OK;
    at.level = level_of(&at.node);
    int st = query_figure_row(q, &at, &row);
    for (unsigned m = ADDRESS_BUDGET; st == ST_OK && m <= ADDRESS_REALISED; m++) {
        at.a = query_figure_at(&f->s, &at.node, (enum address_measure)m);
        component(q, &at.a, query_figure_value(&at, &row), list);
    }
    return st;
}

static void indicator_components(const struct query_context *q, const struct query_figure *f, const struct query_indicators *o,
                                 const struct indicator *it, json_t *list)
{
    struct indicator_state s;
    indicator_judge(&o->u, it, (unsigned)f->s.until, NULL, &s);
    json_t *at = query_figure_of_indicators(q, &f->s, o->office->id, it, SOURCE_NONE);
    for (unsigned m = ADDRESS_TARGET; m <= ADDRESS_ACHIEVEMENT; m++) {
        const char *name = address_measure_name((enum address_measure)m);
        json_t *c = json_object();
        json_object_set_new(c, "measure", json_string(name));
        json_object_set(c, "figure", json_object_get(at, name));
        json_object_set_new(c, "value", m == ADDRESS_ACHIEVEMENT ? query_indicators_percent(&s.result)
                                                                 : query_indicators_value(m == ADDRESS_TARGET ? &s.in.target
                                                                                                              : &s.in.reached));
        json_array_append_new(list, c);
    }
    json_decref(at);
}

static bool row_at(const struct query_figure *f, const struct leaf *l, const struct indicator *it, bool of_indicator)
{
    char code[32];
    if (l->key.activity) code_format_activity(l->key.activity, code);
    else code_format_account(l->key.account, code);
    if (l->key.activity && l->key.account && of_indicator) return false;
    if (strcmp(code, f->a.place) != 0 || l->key.measure == MEASURE_NAME) return false;
    bool print = l->key.measure >= MEASURE_COMPARED_BUDGET && l->key.measure <= MEASURE_COMPARED_ABSORPTION;
    return of_indicator ? it && l->key.indicator == it->id : !l->key.indicator || print;
}

static int rows(const struct query_context *q, const struct query_figure *f, struct query_indicators *o, const struct indicator *it,
                bool of_indicator, json_t *answer)
{
    const struct leaf **row = calloc(o->u.count + 1, sizeof *row);
    size_t n = 0;
    if (!row) return ST_NO_MEMORY;
    for (uint32_t i = 0; i < o->u.count; i++)
        if (row_at(f, &o->u.leaf[i], it, of_indicator)) row[n++] = &o->u.leaf[i];
    int st = query_figure_rows(q, f, &o->u, row, n, answer);
    free(row);
    return st;
}

static const struct indicator *named(const struct query_context *q, const struct query_indicators *o, const json_t *finding,
                                     const char *code)
{
    for (uint32_t i = 0; i < o->v.count; i++) {
        char at[32];
        json_t *name = query_indicators_name(q, o, &o->v.item[i]);
        query_indicators_code(&o->v.item[i], at);
        bool same = strcmp(at, code) == 0 && json_equal(name, json_object_get(finding, "indicator"));
        json_decref(name);
        if (same) return &o->v.item[i];
    }
    return NULL;
}

static int about(const struct query_context *q, const struct query_figure *f, const json_t *finding, json_t *answer)
{
    struct query_indicators o;
    json_t *list = json_array();
    bool of_indicator = json_is_string(json_object_get(finding, "indicator"));
    int st = query_indicators_open(q, f->s.office, f->s.year, (unsigned)f->s.until, &o);
    const struct indicator *it = st == ST_OK && of_indicator ? named(q, &o, finding, f->a.place) : NULL;
    if (it) indicator_components(q, f, &o, it, list);
    if (st == ST_OK && (!of_indicator || json_object_get(finding, "money"))) st = money_components(q, f, list);
    json_object_set_new(answer, "components", list);
    if (st == ST_OK) st = rows(q, f, &o, it, of_indicator, answer);
    query_indicators_close(&o);
    return st;
}

int query_explain_finding(const struct query_context *q, const struct query_figure *f, json_t *answer)
{
    struct query_scope s = f->s;
    json_t *finding = NULL;
    s.code = slice_of(f->a.place, strlen(f->a.place));
    int st = find(q, &s, f->a.indicator, &finding);
    if (st != ST_OK) return st;
    json_object_set_new(answer, "value", value_of(finding));
    json_object_set_new(answer, "finding", finding ? json_incref(finding) : json_null());
    json_object_set_new(answer, "state", finding ? json_incref(json_object_get(finding, "state")) : json_string("tiada"));
    json_object_set_new(answer, "formula", finding ? json_incref(json_object_get(finding, "rule")) : json_null());
    if (!f->value_only) st = about(q, f, finding, answer);
    json_decref(finding);
    return st;
}
