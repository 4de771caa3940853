/* query_peer.c - the same activity or indicator at others ("instansi sejenis"), at one cut-off. Kind: P.
 *
 * One row an office, or one a region below the asked one. Everybody is shown with how complete they are; only what can be compared
 * is ranked (by absorption, equal ones share a rank): reported up to the cut-off by everybody with that line, with a budget, and
 * without a name that says the code is something else there (finding uraian-berbeda), until that is resolved. Indicators are
 * ranked by achievement where the registry defines them as shared (query_standard.h), each by the definition's unit and
 * formula; without a definition they are listed and not ranked, since an equal name is none.
 * Invariant: a row without a rank says why. */
#include <stdlib.h>
#include <string.h>

#include "aggregator/query_beside.h"
#include "aggregator/query_figure.h"
#include "aggregator/query_rule.h"
#include "aggregator/query_standard.h"
#include "proto/decimal.h"

struct peer {
    json_t *json;
    struct ratio rate;
    bool ranked;
};
struct peers {
    const struct query_context *q;
    const struct query_params *p;
    struct query_scope s;
    struct derived_key node;
    unsigned level;
    struct peer *row;
    size_t n, room;
};

static struct peer *peer_new(struct peers *x)
{
    if (x->n == x->room) {
        size_t room = x->room ? 2 * x->room : 64;
        struct peer *p = realloc(x->row, room * sizeof *p);
        if (!p) return NULL;
        x->row = p;
        x->room = room;
    }
    x->row[x->n] = (struct peer){.json = json_object()};
    return &x->row[x->n++];
}

/* ---- an activity ---- */

/* Does an office use another name for the code or one below it than the official list? */
static int named_otherwise(const struct peers *x, const struct office *o, bool *ret)
{
    static const char KIND[] = "uraian-berbeda";
    struct unit u;
    uint32_t id;
    const struct query_finding_ask ask = {x->q, &x->s, slice_of(KIND, sizeof KIND - 1), json_array()};
    int st = unit_dict_get(x->q->t, FOLD_DICT_TEXT, slice_of(o->id, strlen(o->id)), &id);
    unit_init(&u);
    if (st == ST_OK) st = asof_unit(x->q->t, asof_position(x->q->past), id, (uint16_t)x->s.year, &u);
    if (st == ST_OK) st = query_name_findings(&ask, o, id, x->s.year, &u);
    *ret |= json_array_size(ask.list) > 0;
    unit_done(&u);
    json_decref(ask.list);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

static int any_named_otherwise(const struct peers *x, const struct query_scope *s, bool *ret)
{
    int st = ST_OK;
    *ret = false;
    for (size_t i = 0; st == ST_OK && !*ret && i < registry_count(x->q->registry); i++)
        if (query_indicators_inside(s, registry_at(x->q->registry, i)))
            st = named_otherwise(x, registry_at(x->q->registry, i), ret);
    return st;
}

/* NULL: it can be compared. */
static const char *apart(const struct figure_row *f, i128 budget, bool otherwise)
{
    if (!f->has_realised) return "belum-lapor";
    if (f->reported < f->offices) return "belum-lengkap";
    if (budget <= 0) return "tanpa-pagu";
    return otherwise ? "uraian-berbeda" : NULL;
}

static int money_row(struct peers *x, const struct query_scope *s)
{
    struct figure_row f;
    char region[8];
    bool otherwise = false;
    int st = query_rows_one(x->q, s, &x->node, x->level, &f);
    if (st != ST_OK || (!f.has_budget && !f.has_realised)) return st;
    st = any_named_otherwise(x, s, &otherwise);
    struct peer *p = st == ST_OK ? peer_new(x) : NULL;
    if (!p) return st == ST_OK ? ST_NO_MEMORY : st;
    i128 budget = s->murni ? f.murni : f.budget;
    const char *why = apart(&f, budget, otherwise);
    const char *name = s->office ? s->office->name : x->q->names ? names_region(x->q->names, s->region) : NULL;
    p->ranked = !why && achieve_ratio(f.realised, budget, &p->rate);
    code_region_format(s->region, region);
    json_object_set_new(p->json, "region", json_string(region));
    json_object_set_new(p->json, "office", s->office ? json_string(s->office->id) : json_null());
    json_object_set_new(p->json, "name", name ? json_string(name) : json_null());
    json_object_set_new(p->json, "budget", f.has_budget ? query_figure_money(budget) : json_null());
    json_object_set_new(p->json, "realised", f.has_realised ? query_figure_money(f.realised) : json_null());
    json_object_set_new(p->json, "absorption", f.has_realised ? query_figure_percent(f.realised, budget) : json_null());
    query_rows_complete(&f, f.offices, p->json);
    json_object_set_new(p->json, "why", why ? json_string(why) : json_null());
    json_object_set_new(p->json, "figure", query_figure_of_row(x->q, s, &x->node));
    json_object_set_new(p->json, "figures", query_figure_of_rows(x->q, s, &x->node, SOURCE_NONE));
    return ST_OK;
}

static int office_scope(const struct peers *x, const struct office *o, struct query_scope *ret)
{
    *ret = x->s;
    ret->office = o;
    ret->region = o->region;
    int st = unit_dict_get(x->q->t, FOLD_DICT_TEXT, slice_of(o->id, strlen(o->id)), &ret->office_id);
    return st;
}

static int by_office(struct peers *x, int (*row)(struct peers *, const struct query_scope *))
{
    int st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < registry_count(x->q->registry); i++) {
        struct query_scope s;
        const struct office *o = registry_at(x->q->registry, i);
        if (!query_indicators_inside(&x->s, o)) continue;
        st = office_scope(x, o, &s);
        st = st == ST_OK ? row(x, &s) : st == ST_NOT_FOUND ? ST_OK : st;
    }
    return st;
}

static int by_region(struct peers *x)
{
    int st = ST_OK;
    for (size_t i = 0; st == ST_OK && x->q->names && i < names_region_count(x->q->names); i++) {
        struct query_scope s = x->s;
        s.region = names_region_at(x->q->names, i);
        if (s.region != x->s.region && code_region_parent(s.region) == x->s.region) st = money_row(x, &s);
    }
    return st;
}

/* ---- an indicator ---- */

static bool same_indicator(const struct peers *x, const struct indicator *it)
{
    char code[32];
    query_indicators_code(it, code);
    return query_parse_below(x->s.code, code) && query_indicators_named(x->q, it, x->p->indicator);
}

/* NULL: it can be compared. */
static const char *indicator_apart(const struct peers *x, const struct indicator *it, const struct query_standard *d,
                                   const struct indicator_state *st, struct slice unit)
{
    const struct slot *last = indicator_slot(it->reached, (unsigned)x->s.until);
    if (!d) return "bukan-indikator-baku";
    if (unit.n > 0 && !units_same(x->q->units, unit, slice_of(d->unit, strlen(d->unit)))) return "satuan";
    if (st->result.state != ACHIEVE_OK) return achieve_state_name(st->result.state);
    return last == &it->reached->slot[x->s.until - 1] ? NULL : "belum-lengkap";
}

static int put_indicator(struct peers *x, const struct query_scope *s, const struct query_indicators *o, const struct indicator *it)
{
    struct indicator_state st;
    struct slice id;
    char region[8], code[32];
    int rc = query_indicators_identity(x->q, it, &id);
    struct peer *p = rc == ST_OK ? peer_new(x) : NULL;
    if (!p) return rc == ST_OK ? ST_NO_MEMORY : rc;
    indicator_judge(&o->u, it, (unsigned)x->s.until, NULL, &st);
    const struct query_standard *d = query_standards_find(x->q->standards, id, o->at);
    struct slice unit = st.target_unit.n ? st.target_unit : st.reached_unit;
    code_region_format(s->region, region);
    query_indicators_code(it, code);
    json_object_set_new(p->json, "region", json_string(region));
    json_object_set_new(p->json, "office", json_string(s->office->id));
    json_object_set_new(p->json, "name", json_string(s->office->name));
    json_object_set_new(p->json, "code", json_string(code));
    json_object_set_new(p->json, "unit", unit.n ? json_stringn((const char *)unit.p, unit.n) : json_null());
    json_object_set_new(p->json, "target", query_indicators_value(&st.in.target));
    json_object_set_new(p->json, "reached", query_indicators_value(&st.in.reached));
    json_object_set_new(p->json, "achievement", query_indicators_percent(&st.result));
    json_object_set_new(p->json, "formula", json_string(achieve_formula_name(st.formula)));
    query_rule_put(o, it, &st, p->json);
    const char *why = indicator_apart(x, it, d, &st, unit);
    p->ranked = !why;
    p->rate = st.result.share;
    json_object_set_new(p->json, "why", why ? json_string(why) : json_null());
    json_object_set_new(p->json, "figure", query_figure_of_indicator(x->q, s, s->office->id, it, ADDRESS_ACHIEVEMENT));
    json_object_set_new(p->json, "figures", query_figure_of_indicators(x->q, s, s->office->id, it, SOURCE_NONE));
    return ST_OK;
}

static int indicator_rows(struct peers *x, const struct query_scope *s)
{
    struct query_indicators o;
    int st = query_indicators_open(x->q, s->office, s->year, (unsigned)s->until, &o);
    for (uint32_t i = 0; st == ST_OK && i < o.v.count; i++)
        if (!indicator_plan_only(&o.v.item[i]) && same_indicator(x, &o.v.item[i])) st = put_indicator(x, s, &o, &o.v.item[i]);
    query_indicators_close(&o);
    return st;
}

/* ---- ranks ---- */

/* Greatest rate first, what has no rank last, as found. */
static int by_rate(const void *a, const void *b)
{
    const struct peer *x = a, *y = b;
    if (!x->ranked || !y->ranked) return (int)y->ranked - (int)x->ranked;
    return achieve_ratio_compare(y->rate, x->rate);
}

static void put_rows(struct peers *x, json_t *answer)
{
    json_t *rows = json_array();
    size_t ranked = 0, rank = 0;
    if (x->n > 1) qsort(x->row, x->n, sizeof *x->row, by_rate);
    for (size_t i = 0; i < x->n; i++) {
        struct peer *p = &x->row[i];
        ranked += p->ranked;
        if (p->ranked && (i == 0 || achieve_ratio_compare(p->rate, x->row[i - 1].rate) != 0)) rank = i + 1;
        json_object_set_new(p->json, "rank", p->ranked ? json_integer((json_int_t)rank) : json_null());
        json_array_append_new(rows, p->json);
    }
    json_object_set_new(answer, "rows", rows);
    json_object_set_new(answer, "ranked", json_integer((json_int_t)ranked));
    json_object_set_new(answer, "of", json_integer((json_int_t)x->n));
}

/* ---- the question ---- */

static int parse_node(struct peers *x, struct query_problem *problem)
{
    struct code_reading r;
    struct slice code = x->s.code;
    if (x->p->indicator.n > 0) return ST_OK;
    x->node = (struct derived_key){.node_kind = NODE_TOTAL};
    if (query_parse_total(code)) return ST_OK;
    if (code_looks_account(code) && code_parse_account(code, &r) == ST_OK) {
        x->node = (struct derived_key){.node = r.code, .node_kind = NODE_ACCOUNT};
        x->level = code_account_depth(r.code);
        return ST_OK;
    }
    if (code.n > 0 && code_parse_activity(code_vintage_of_year(x->s.year), code, &r) == ST_OK) {
        x->node = (struct derived_key){.node = r.code, .node_kind = NODE_ACTIVITY};
        x->level = (unsigned)code_level(r.code);
        return ST_OK;
    }
    return query_refuse(problem, x->q, "code", code, "sebutkan satu kode dari daftar tahun itu (atau total), atau satu indikator",
                        "give one code of that year's list (or total), or one indicator");
}

static int parse_by(struct peers *x, bool *ret_office, struct query_problem *problem)
{
    struct slice by = x->p->by;
    *ret_office = x->p->indicator.n > 0 || code_region_depth(x->s.region) == 2;
    if (by.n == 0) return ST_OK;
    bool office = bytes_is(by, "office") || bytes_is(by, "kantor"), region = bytes_is(by, "region") || bytes_is(by, "wilayah");
    if ((!office && !region) || (region && *ret_office))
        return query_refuse(problem, x->q, "by", by, "per: region (di bawah wilayah itu, bukan indikator) atau office",
                            "by: region (below that one, not of an indicator) or office");
    *ret_office = office;
    return ST_OK;
}

int query_peers(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem)
{
    struct peers x = {.q = q, .p = p};
    bool offices;
    int st = query_parse_scope(q, p, true, &x.s, ret_problem);
    if (st == ST_OK && p->indicator.n > TEXT_MAX)
        st = query_refuse(ret_problem, q, "indicator", p->indicator, "terlalu panjang", "too long");
    if (st == ST_OK) st = parse_node(&x, ret_problem);
    if (st == ST_OK) st = parse_by(&x, &offices, ret_problem);
    if (st != ST_OK) return st;
    json_t *answer = json_object();
    st = query_parse_stamp(q, answer);
    query_indicators_head(q, &x.s, answer);
    json_object_set_new(answer, "code", x.s.code.n ? json_stringn((const char *)x.s.code.p, x.s.code.n) : json_null());
    json_object_set_new(answer, "indicator",
                        p->indicator.n ? json_stringn((const char *)p->indicator.p, p->indicator.n) : json_null());
    json_object_set_new(answer, "by", json_string(offices ? "office" : "region"));
    if (st == ST_OK) st = !offices ? by_region(&x) : by_office(&x, p->indicator.n ? indicator_rows : money_row);
    put_rows(&x, answer);
    free(x.row);
    if (st == ST_OK)
        *ret = answer;
    else
        json_decref(answer);
    return st;
}
