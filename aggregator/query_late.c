/* query_late.c - see query_late.h; and the question `late`. Kind: P.
 *
 * A statement of a quarter is late when its record lies behind the cut of the quarter's newest seal in its worker's log; months up
 * to the quarter's end count, because sums are cumulative. Every one that changed a figure is a row: those that stand, and those
 * that a later one replaced. One that says again what stood changes nothing and is none; refused ones are counted by `offices`.
 *
 * Invariant: no row is at or before the cut. */
#include "aggregator/query_late.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/query_figure.h"
#include "proto/period.h"

struct late {
    const struct query_context *q;
    struct query_scope s;
    unsigned quarter; /* 1..4 */
    struct query_sealed seal;
    const struct office *office;
    struct unit now, sealed; /* as asked, and at the cut */
    bool has_sealed;
    json_t *rows;
    int64_t standing;
};

/* ---- as booked ---- */

static int newest_of(const struct query_context *q, const struct query_scope *s, struct query_sealed *ret, region_code *ret_region)
{
    return query_sealed_newest(q, s->office ? s->office->region : s->region, (unsigned)s->year, (unsigned)(s->until + 2) / 3, ret,
                               ret_region);
}

int query_late_booked(const struct query_context *q, const struct query_params *p, char ret_position[TEXT_MAX + 1],
                      struct query_problem *problem)
{
    struct query_scope s;
    struct query_sealed *seal = malloc(sizeof *seal);
    region_code region;
    int st = seal ? query_parse_scope(q, p, true, &s, problem) : ST_NO_MEMORY;
    if (st == ST_OK && p->as_of.n > 0)
        st = query_refuse(problem, q, "booked", p->as_of, "booked dan as_of tidak dapat bersama",
                          "booked and as_of exclude each other");
    if (st == ST_OK && !s.office && s.region == 0)
        st = query_refuse(problem, q, "booked", p->region, "booked memerlukan region atau office", "booked needs region or office");
    ret_position[0] = '\0';
    if (st == ST_OK) st = newest_of(q, &s, seal, &region);
    if (st == ST_OK) memcpy(ret_position, seal->position, TEXT_MAX + 1);
    free(seal);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* ---- late statements ---- */

static json_t *sealed_value(struct late *l, const struct leaf_key *k, unsigned month)
{
    const struct leaf *leaf = l->has_sealed ? unit_find(&l->sealed, k) : NULL;
    if (!leaf || leaf->slot[month - 1].kind == VALUE_EMPTY) return json_null();
    return query_figure_slot_value(&l->sealed, &leaf->slot[month - 1], k->measure);
}

static int indicator_json(const struct late *l, uint32_t indicator, json_t **ret)
{
    struct slice text = {0};
    *ret = json_null();
    if (!indicator) return ST_OK;
    int st = unit_dict_text(l->q->t, FOLD_DICT_ID, indicator, &text);
    if (st == ST_OK) *ret = json_stringn((const char *)text.p, text.n);
    return st == ST_NOT_FOUND ? ST_CORRUPT : st;
}

static int put_row(struct late *l, const struct leaf_key *k, unsigned month, const struct slot *s, bool stands)
{
    char code[32] = "", account[32] = "", stage[20];
    json_t *statement = NULL, *indicator = NULL;
    if (k->activity) code_format_activity(k->activity, code);
    if (k->account) code_format_account(k->account, account);
    figure_stage_format(k->stage, stage);
    int st = query_figure_statement(l->q, s->prov, &statement);
    if (st == ST_OK) st = indicator_json(l, k->indicator, &indicator);
    if (st != ST_OK) {
        json_decref(statement);
        return st;
    }
    json_t *o = json_pack("{s:s,s:s,s:s,s:o,s:s,s:s,s:s,s:i,s:s,s:o,s:o,s:b,s:o}", "office", l->office->id, "code", code, "account",
                          account, "indicator", indicator, "measure", figure_measure_name(k->measure), "source",
                          figure_source_name(k->source), "stage", stage, "month", (int)month, "kind", query_figure_kind(s->kind),
                          "value", query_figure_slot_value(&l->now, s, k->measure), "sealed", sealed_value(l, k, month), "stands",
                          (int)stands, "statement", statement);
    l->standing += stands;
    return json_array_append_new(l->rows, o) == 0 ? ST_OK : ST_NO_MEMORY;
}

/* Of the quarter's figures; the steps of its close and the roots of its seals are told by `closes`. */
static bool counts(const struct late *l, const struct leaf_key *k, unsigned month, const struct slot *s)
{
    return s->kind != VALUE_EMPTY && k->measure != MEASURE_STEP && k->measure != MEASURE_SEAL && month <= 3 * l->quarter &&
           !asof_reached(&l->seal.cut, s->prov);
}

static int take_old(void *ctx, const struct asof_past *p)
{
    struct late *l = ctx;
    const struct asof_position *at = asof_position(l->q->past);
    if (!counts(l, &p->leaf, p->slot + 1, &p->old) || (at && !asof_reached(at, p->old.prov))) return ST_OK;
    const struct leaf *stands = unit_find(&l->now, &p->leaf);
    if (stands && stands->slot[p->slot].prov == p->old.prov) return ST_OK; /* it stood at the position asked for */
    return put_row(l, &p->leaf, p->slot + 1, &p->old, false);
}

static int list_office(struct late *l, uint32_t id)
{
    uint16_t year = (uint16_t)l->s.year;
    int st = asof_unit(l->q->t, asof_position(l->q->past), id, year, &l->now);
    l->has_sealed = false;
    for (uint32_t i = 0; st == ST_OK && i < l->now.count; i++)
        for (unsigned m = 1; st == ST_OK && m <= 12; m++) {
            const struct leaf *leaf = &l->now.leaf[i];
            if (!counts(l, &leaf->key, m, &leaf->slot[m - 1])) continue;
            if (!l->has_sealed) st = asof_unit(l->q->t, &l->seal.cut, id, year, &l->sealed);
            l->has_sealed = true;
            if (st == ST_OK) st = put_row(l, &leaf->key, m, &leaf->slot[m - 1], true);
        }
    return st == ST_OK && l->has_sealed ? asof_history(l->q->t, &l->now, take_old, l) : st;
}

static int list_all(struct late *l)
{
    int st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < registry_count(l->q->registry); i++) {
        const struct office *o = registry_at(l->q->registry, i);
        uint32_t id;
        if (l->s.office ? o != l->s.office : !code_region_holds(l->s.region, o->region)) continue;
        l->office = o;
        st = unit_dict_get(l->q->t, FOLD_DICT_TEXT, slice_of(o->id, strlen(o->id)), &id);
        st = st == ST_OK ? list_office(l, id) : st == ST_NOT_FOUND ? ST_OK : st;
    }
    return st;
}

static void put_head(const struct late *l, region_code of, json_t *answer)
{
    char region[8], quarter[16];
    region_code at = l->s.office ? l->s.office->region : l->s.region;
    code_region_format(at, region);
    snprintf(quarter, sizeof quarter, "%d-Q%u", l->s.year % 10000, l->quarter % 10);
    json_object_set_new(answer, "region", json_string(region));
    json_object_set_new(answer, "quarter", json_string(quarter));
    json_t *list = query_sealed_json(&l->seal, of != 0);
    json_t *seal = json_incref(json_array_get(list, 0));
    json_decref(list);
    code_region_format(of, region);
    if (seal) json_object_set_new(seal, "region", json_string(region));
    json_object_set_new(answer, "seal", seal ? seal : json_null());
}

static int parse(const struct query_context *q, const struct query_params *p, struct late *l, struct query_problem *problem)
{
    struct query_params without = *p;
    int year, quarter;
    without.year = without.until = slice_of(NULL, 0);
    int st = query_parse_scope(q, &without, false, &l->s, problem);
    if (st != ST_OK) return st;
    if (period_parse_year_quarter(p->quarter, &year, &quarter) != ST_OK)
        return query_refuse(problem, q, "quarter", p->quarter, "triwulan harus seperti 2022-Q4, 2022-TW4 atau 4/2022",
                            "a quarter is written 2022-Q4, 2022-TW4 or 4/2022");
    if (!l->s.office && l->s.region == 0)
        return query_refuse(problem, q, "region", p->region, "sebutkan region atau office", "give region or office");
    l->s.year = year;
    l->s.until = 3 * quarter;
    l->quarter = (unsigned)quarter;
    return ST_OK;
}

int query_late(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem)
{
    struct late *l = calloc(1, sizeof *l);
    region_code of = 0;
    if (!l) return ST_NO_MEMORY;
    l->q = q;
    int st = parse(q, p, l, ret_problem);
    json_t *answer = json_object();
    l->rows = json_array();
    unit_init(&l->now);
    unit_init(&l->sealed);
    if (st == ST_OK) st = query_parse_stamp(q, answer);
    if (st == ST_OK) st = newest_of(q, &l->s, &l->seal, &of);
    if (st == ST_OK) st = list_all(l);
    if (st == ST_NOT_FOUND) st = ST_OK; /* no seal: nothing is late */
    put_head(l, of, answer);
    json_object_set_new(answer, "count", json_integer((json_int_t)json_array_size(l->rows)));
    json_object_set_new(answer, "standing", json_integer((json_int_t)l->standing));
    json_object_set_new(answer, "late", l->rows);
    unit_done(&l->now);
    unit_done(&l->sealed);
    free(l);
    if (st == ST_OK) *ret = answer;
    else json_decref(answer);
    return st;
}
