/* query_plan_find.c - findings within a plan of several years: units, sizes, and what its end adds up to. Kind: P.
 *
 * Of the plan that a year belongs to (query_plan.c). About the year asked for: its target and ceiling against the plan's other
 * years (size.h), and its ceiling against the year's own budget. About the plan as a whole, listed in its first year: an
 * indicator whose unit is printed in no year, missing in some, or another one in some (satuan); the ceilings at its end that are
 * not what is below them (compare_tree.h); end targets out of size. Years are loaded only for who has a plan.
 * Invariant: an indicator gives at most one satuan, a line and year at most one finding about the size of each of its figures. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/compare_tree.h"
#include "aggregator/query_beside.h"
#include "aggregator/query_finding.h"
#include "aggregator/query_rule.h"
#include "aggregator/size.h"
#include "proto/period.h"

enum { YEARS_MAX = 26 };                /* a plan has at most 25 */
struct plan_years {
    const struct query_finding_ask *ask;
    const struct query_indicators *o;   /* the year asked for */
    uint8_t source;
    int first;
    unsigned years;
    struct unit u[YEARS_MAX];           /* the plan's years */
    struct indicators v[YEARS_MAX];
};

static const char *say(const struct plan_years *p, const char *id, const char *en)
{
    return p->ask->q->lang == LANG_EN ? en : id;
}

/* ---- the plan's years ---- */

static int load(const struct query_context *q, const struct query_plan *plan, struct plan_years *p)
{
    int last = 0, st = ST_OK;
    if (strlen(plan->period) != 9 || period_parse_year(slice_of(plan->period, 4), &p->first) != ST_OK) return ST_OK;
    if (period_parse_year(slice_of(plan->period + 5, 4), &last) != ST_OK || last < p->first || last - p->first >= YEARS_MAX - 1)
        return ST_OK;
    for (int year = p->first; st == ST_OK && year <= last; year++) {
        unsigned i = p->years++;
        unit_init(&p->u[i]);
        st = asof_unit(q->t, asof_position(q->past), p->o->id, (uint16_t)year, &p->u[i]);
        if (st == ST_OK) st = indicator_view(&p->u[i], &p->v[i]);
    }
    return st;
}

static void unload(struct plan_years *p)
{
    for (unsigned i = 0; i < p->years; i++) {
        indicator_done(&p->v[i]);
        unit_done(&p->u[i]);
    }
}

static const struct leaf *row_of(struct unit *u, const struct indicator *it, unsigned measure, unsigned source)
{
    const struct leaf_key k = {.activity = it->activity, .account = it->account, .indicator = it->id, .measure = (uint16_t)measure,
                               .source = (uint8_t)source};
    return unit_find(u, &k);
}

static const struct indicator *same_in(const struct indicators *v, const struct indicator *it)
{
    uint32_t lo = 0, hi = v->count;
    while (lo < hi) {                   /* ordered by activity, account */
        uint32_t mid = lo + (hi - lo) / 2;
        const struct indicator *x = &v->item[mid];
        bool less = x->activity != it->activity ? x->activity < it->activity : x->account < it->account;
        if (less) lo = mid + 1;
        else hi = mid;
    }
    for (; lo < v->count && v->item[lo].activity == it->activity && v->item[lo].account == it->account; lo++)
        if (v->item[lo].id == it->id) return &v->item[lo];
    return NULL;
}

struct promise { bool number; int64_t value; struct slice unit; };     /* one cell of the plan's row */

static struct promise promise_of(const struct unit *u, const struct leaf *value, struct slice unit)
{
    const struct slot *s = indicator_slot(value, 12);
    (void)u;
    return (struct promise){.number = s && s->kind == VALUE_NUMBER, .value = s && s->kind == VALUE_NUMBER ? s->value : 0, .unit =
        unit};
}

/* Cell 0 is the start, then the years, then the end. */
static unsigned cells_of(struct plan_years *p, const struct indicator *it, struct promise ret[YEARS_MAX + 2])
{
    struct unit *start = &p->u[0];
    ret[0] = promise_of(start, row_of(start, it, MEASURE_PLAN_START, p->source),
                        indicator_text(start, row_of(start, it, MEASURE_PLAN_START_UNIT, p->source)));
    for (unsigned i = 0; i < p->years; i++) {
        const struct indicator *x = same_in(&p->v[i], it);
        const struct indicator_target *t = x ? indicator_target_of(x, p->source, 12) : NULL;
        ret[i + 1] = promise_of(&p->u[i], t ? t->value : NULL, t ? indicator_text(&p->u[i], t->unit) : slice_of("", 0));
    }
    ret[p->years + 1] = promise_of(start, row_of(start, it, MEASURE_PLAN_END, p->source),
                                   indicator_text(start, row_of(start, it, MEASURE_PLAN_END_UNIT, p->source)));
    return p->years + 2;
}

static void cell_name(const struct plan_years *p, unsigned i, char ret[12])
{
    if (i == 0) snprintf(ret, 12, "%s", say(p, "awal", "start"));
    else if (i > p->years) snprintf(ret, 12, "%s", say(p, "akhir", "end"));
    else snprintf(ret, 12, "%d", p->first + (int)i - 1);
}

/* "awal=80 %; 2021=85 %; 2022=8000 kk" */
static void cells_text(const struct plan_years *p, const struct promise *c, unsigned n, char *ret, size_t size)
{
    size_t at = 0;
    ret[0] = '\0';
    for (unsigned i = 0; i < n && at < size; i++) {
        char name[12], value[32];
        if (!c[i].number) continue;
        cell_name(p, i, name);
        decimal_format_micro(c[i].value, 0, value);
        int w = snprintf(ret + at, size - at, "%s%s=%s%s%.*s", at ? "; " : "", name, value, c[i].unit.n ? " " : "",
                         (int)(c[i].unit.n < 40 ? c[i].unit.n : 40), (const char *)c[i].unit.p);
        at += w > 0 ? (size_t)w : 0;
    }
}

static json_t *about(const struct plan_years *p, const struct indicator *it, unsigned code, int year, const char *where)
{
    char text[32];
    struct query_indicators holder = *p->o;
    query_indicators_code(it, text);
    json_t *o = query_finding_new(p->ask, p->o->office->id, year, code, text, where);
    unsigned i = year >= p->first && year < p->first + (int)p->years ? (unsigned)(year - p->first) : 0;
    holder.u = p->u[i];
    if (o) json_object_set_new(o, "indicator", query_indicators_name(p->ask->q, &holder, it));
    return o;
}

/* ---- units ---- */

static int unit_finding(struct plan_years *p, const struct indicator *it)
{
    struct promise c[YEARS_MAX + 2];
    char text[1024], where[120];
    unsigned n = cells_of(p, it, c), numbers = 0, named = 0;
    bool differ = false;
    struct slice unit = {0};
    for (unsigned i = 0; i < n; i++) {
        if (!c[i].number) continue;
        if (c[i].value == 0 && c[i].unit.n == 0) continue;      /* nothing needs no unit */
        numbers++;
        named += c[i].unit.n > 0;
        differ |= unit.n > 0 && c[i].unit.n > 0 && !units_same(p->ask->q->units, unit, c[i].unit);
        if (c[i].unit.n > 0) unit = c[i].unit;
    }
    if (numbers == 0 || (!differ && named == numbers)) return ST_OK;
    snprintf(where, sizeof where, "%s %s: %s", say(p, "target rencana", "targets of the plan"), figure_source_name(p->source),
             differ       ? say(p, "satuan tidak sama antartahun", "the unit is not the same in all years")
             : named == 0 ? say(p, "satuan tidak tercetak", "no unit is printed")
                          : say(p, "satuan hilang di sebagian tahun", "the unit is missing in some years"));
    json_t *o = about(p, it, CODE_UNIT, p->first, where);
    if (!o) return ST_OK;
    cells_text(p, c, n, text, sizeof text);
    json_object_set_new(o, "printed", json_string(text));
    return query_finding_add(p->ask, o);
}

/* Every indicator of the plan once, at the first year that has it. */
static int unit_findings(struct plan_years *p)
{
    int st = ST_OK;
    for (unsigned y = 0; y < p->years; y++)
        for (uint32_t i = 0; st == ST_OK && i < p->v[y].count; i++) {
            bool known = false;
            for (unsigned k = 0; k < y && !known; k++) known = same_in(&p->v[k], &p->v[y].item[i]) != NULL;
            if (!known) st = unit_finding(p, &p->v[y].item[i]);
        }
    return st;
}

/* ---- sizes ---- */

static const enum setting SIZES[] = {SETTING_JUMP, SETTING_JUMP_RUPIAH};

static struct size_rule size_rule_of(const struct plan_years *p)
{
    return query_rule_size(p->ask->q, p->o->office, p->o->year, (unsigned)p->ask->s->until);
}

static void name_sizes(const struct plan_years *p, json_t *o)
{
    query_rule_name(p->ask->q, p->o->office, p->o->year, (unsigned)p->ask->s->until, SIZES, sizeof SIZES / sizeof *SIZES, o);
}

static int target_size(struct plan_years *p, const struct indicator *it, unsigned at, int year)
{
    struct promise c[YEARS_MAX + 2];
    i128 others[YEARS_MAX + 2], usual = 0;
    char where[120], name[12], text[48];
    unsigned n = cells_of(p, it, c);
    size_t k = 0;
    if (!c[at].number) return ST_OK;
    for (unsigned i = 0; i < n; i++) {
        if (i == at || !c[i].number) continue;
        if (c[i].unit.n > 0 && c[at].unit.n > 0 && !units_same(p->ask->q->units, c[i].unit, c[at].unit)) continue;
        others[k++] = c[i].value;
    }
    struct size_rule rule = size_rule_of(p);
    rule.floor = SIZE_FLOOR_MICRO;
    unsigned code = k > 1 ? size_judge(c[at].value, others, k, &rule, &usual) : CODE_OK;
    if (code == CODE_OK) return ST_OK;
    cell_name(p, at, name);
    snprintf(where, sizeof where, "target %s %s, %s", figure_source_name(p->source), name,
             say(p, "dibanding tahun-tahun lain rencana itu", "against the plan's other years"));
    json_t *o = about(p, it, code, year, where);
    if (!o) return ST_OK;
    name_sizes(p, o);
    decimal_format_micro(c[at].value, 0, text);
    json_object_set_new(o, "printed", json_string(text));
    decimal_format_micro((int64_t)usual, 0, text);
    json_object_set_new(o, "computed", json_string(text));
    decimal_format_micro(c[at].value - (int64_t)usual, 0, text);
    json_object_set_new(o, "difference", json_string(text));
    return query_finding_add(p->ask, o);
}

static int ceiling_finding(struct plan_years *p, const struct leaf_key *k, unsigned code, const char *against, i128 printed,
                           i128 computed)
{
    char dotted[32], where[120];
    if (k->activity) code_format_activity(k->activity, dotted);
    else code_format_account(k->account, dotted);
    snprintf(where, sizeof where, "%s %s, %s", say(p, "pagu", "budget"), figure_source_name(p->source), against);
    json_t *o = query_finding_new(p->ask, p->o->office->id, p->o->year, code, dotted, where);
    if (!o) return ST_OK;
    query_finding_money(o, printed, computed);
    if (code == CODE_JUMP || code == CODE_SCALE_1000) name_sizes(p, o);
    return query_finding_add(p->ask, o);
}

static bool amount_in(struct unit *u, const struct leaf_key *k, unsigned source, i128 *ret)
{
    struct leaf_key at = *k;
    at.source = (uint8_t)source;
    const struct leaf *l = unit_find(u, &at);
    const struct slot *s = indicator_slot(l, 12);
    if (!s || s->kind != VALUE_NUMBER) return false;
    *ret = s->value;
    return true;
}

/* The budget of the year itself, of whichever stage is the newest. */
static bool own_budget(const struct unit *u, const struct leaf_key *k, i128 *ret)
{
    bool any = false;
    for (uint32_t i = 0; i < u->count; i++) {
        const struct leaf_key *x = &u->leaf[i].key;
        if (x->activity != k->activity || x->account != k->account) continue;
        if (x->measure != MEASURE_BUDGET || x->source != SOURCE_DPA) continue;
        const struct slot *s = indicator_slot(&u->leaf[i], 12);
        if (!s || s->kind != VALUE_NUMBER) continue;
        any = true;
        *ret = s->value;                /* rows come by stage */
    }
    return any;
}

static int ceiling_size(struct plan_years *p, const struct leaf *l, unsigned at)
{
    i128 others[YEARS_MAX], mine = 0, own = 0, usual = 0;
    size_t n = 0;
    int st = ST_OK;
    if (!amount_in(&p->u[at], &l->key, p->source, &mine)) return ST_OK;
    for (unsigned i = 0; i < p->years; i++)
        if (i != at && amount_in(&p->u[i], &l->key, p->source, &others[n])) n++;
    struct size_rule rule = size_rule_of(p);
    unsigned code = n > 1 ? size_judge(mine, others, n, &rule, &usual) : CODE_OK;
    if (code != CODE_OK)
        st = ceiling_finding(p, &l->key, code, say(p, "dibanding tahun-tahun lain rencana itu", "against the plan's other years"),
                             mine, usual);
    if (st != ST_OK || !own_budget(&p->u[at], &l->key, &own)) return st;
    code = size_judge(mine, &own, 1, &rule, &usual);
    if (code != CODE_SCALE_1000) return ST_OK;          /* a plan may well promise ten times what is then funded */
    return ceiling_finding(p, &l->key, code, say(p, "dibanding pagu tahun itu", "against the year's own budget"), mine, usual);
}

static int size_findings(struct plan_years *p)
{
    unsigned at = (unsigned)(p->o->year - p->first);
    int st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < p->v[at].count; i++) {
        st = target_size(p, &p->v[at].item[i], at + 1, p->o->year);
        if (st == ST_OK && at == 0) st = target_size(p, &p->v[at].item[i], p->years + 1, p->o->year);
    }
    for (uint32_t i = 0; st == ST_OK && i < p->u[at].count; i++) {
        const struct leaf *l = &p->u[at].leaf[i];
        if (l->key.measure == MEASURE_BUDGET && l->key.source == p->source && l->key.indicator == 0) st = ceiling_size(p, l, at);
    }
    return st;
}

/* ---- the end ---- */

static size_t end_points(const struct plan_years *p, struct compare_point *ret)
{
    size_t n = 0;
    for (uint32_t i = 0; i < p->u[0].count; i++) {
        const struct leaf *l = &p->u[0].leaf[i];
        const struct leaf_key *k = &l->key;
        const struct slot *s = indicator_slot(l, 12);
        bool end = k->measure == MEASURE_PLAN_END_BUDGET;
        if (k->source != p->source || (!end && k->measure != MEASURE_BUDGET) || (k->activity && k->account)) continue;
        if (n == 0 || ret[n - 1].activity != k->activity || ret[n - 1].account != k->account)
            ret[n++] = (struct compare_point){.activity = k->activity, .account = k->account};
        if (!end || !s || s->kind == VALUE_TEXT) continue;
        ret[n - 1].printed = true;
        ret[n - 1].amount = s->kind == VALUE_NUMBER ? s->value : 0;
    }
    return n;
}

static int end_findings(struct plan_years *p)
{
    struct compare_point *point = calloc(p->u[0].count ? p->u[0].count : 1, sizeof *point);
    int st = point ? ST_OK : ST_NO_MEMORY;
    size_t n = 0;
    unit_sort(&p->u[0]);
    if (st == ST_OK) n = end_points(p, point);
    for (size_t i = 0; st == ST_OK && i < n; i++) {
        struct compare_sum sum;
        const struct leaf_key k = {.activity = point[i].activity, .account = point[i].account};
        if (!compare_tree_judge(point, n, i, &sum)) continue;
        st = ceiling_finding(p, &k, compare_tree_code(&sum, point[i].amount),
                             say(p, "akhir periode, dibanding rinciannya", "at its end, against what is below"), point[i].amount,
                             sum.sum);
    }
    free(point);
    return st;
}

int query_plan_findings(const struct query_finding_ask *ask, const struct query_indicators *o, const struct query_plan *plan)
{
    if (!plan->source) return ST_OK;
    struct plan_years *p = calloc(1, sizeof *p);
    if (!p) return ST_NO_MEMORY;
    p->ask = ask;
    p->o = o;
    p->source = plan->source;
    int st = load(ask->q, plan, p);
    bool inside = p->years > 0 && o->year >= p->first && o->year < p->first + (int)p->years;
    if (st == ST_OK && inside) st = size_findings(p);
    if (st == ST_OK && inside && o->year == p->first) st = unit_findings(p);
    if (st == ST_OK && inside && o->year == p->first) st = end_findings(p);
    unload(p);
    free(p);
    return st;
}
