/* query_indicator.c - the indicators of a region: target, result, achievement, rating, and what the reports print. Kind: P.
 *
 * Computed from the units when asked (some tens of microseconds an office), so nothing about formulas or scales is frozen into
 * stored sums: those are the registry's and the office's words of today. Rows are ordered by code, print order, office and
 * statement. Indicators of different offices are joined only where they share a definition (query_shared.h). */
#include "aggregator/query_beside.h"
#include "aggregator/query_figure.h"
#include "aggregator/query_shared.h"
#include "aggregator/query_rename.h"
#include "aggregator/query_rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/decimal.h"

/* ---- one office-year ---- */

/* Of a unit that is loaded, without a scale: rows point into u. ST_NOT_FOUND: the office never stated anything. */
static int view_of(const struct query_context *q, const struct office *office, struct unit *u, int year, unsigned until,
                   struct query_indicators *ret)
{
    *ret = (struct query_indicators){.office = office, .year = year, .at = query_rule_month(q, year, until)};
    ret->v.units = q->units;
    ret->v.words = scales_words(q->scales, ret->at);
    int st = unit_dict_get(q->t, FOLD_DICT_TEXT, slice_of(office->id, strlen(office->id)), &ret->id);
    if (st == ST_OK) st = indicator_view(u, &ret->v);
    if (st == ST_OK) st = query_rename_apply(q, ret);
    if (st == ST_OK) query_rule_indicators(q, ret);
    return st;
}

int query_indicators_open(const struct query_context *q, const struct office *o, int year, unsigned until,
                          struct query_indicators *ret)
{
    const struct achieve_scale *known[SCALES_MAX + 2];
    struct unit u;
    uint32_t id;
    unit_init(&u);
    int st = unit_dict_get(q->t, FOLD_DICT_TEXT, slice_of(o->id, strlen(o->id)), &id);
    if (st == ST_OK) st = asof_unit(q->t, asof_position(q->past), id, (uint16_t)year, &u);
    if (st != ST_OK) {
        unit_done(&u);
        unit_init(&u);
    }
    int viewed = view_of(q, o, &u, year, until, ret);
    ret->u = u;
    if (st == ST_OK) st = viewed;
    size_t n = scales_known(q->scales, ret->at, known);
    indicator_scale_pick(&ret->u, &ret->v, scales_for(q->scales, o->region, o->id, year, ret->at), known, n,
                         &ret->scale);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

void query_indicators_close(struct query_indicators *o)
{
    indicator_done(&o->v);
    unit_done(&o->u);
}

bool query_indicators_inside(const struct query_scope *s, const struct office *o)
{
    return s->office ? o == s->office : code_region_holds(s->region, o->region);
}

/* ---- values as text ---- */

void query_indicators_code(const struct indicator *it, char ret[32])
{
    if (it->activity)
        code_format_activity(it->activity, ret);
    else
        code_format_account(it->account, ret);
}

int query_indicators_identity(const struct query_context *q, const struct indicator *it, struct slice *ret)
{
    return unit_dict_text(q->t, FOLD_DICT_ID, it->id, ret);
}

static bool known_as(const struct query_context *q, uint32_t identity, struct slice asked)
{
    char a[TEXT_MAX + 1], b[TEXT_MAX + 1];
    struct slice id;
    if (identity == 0 || unit_dict_text(q->t, FOLD_DICT_ID, identity, &id) != ST_OK || id.n > TEXT_MAX) return false;
    if (id.n == asked.n && memcmp(id.p, asked.p, id.n) == 0) return true;
    size_t n = achieve_identity(asked, a);
    return n > 0 && n == achieve_identity(id, b) && memcmp(a, b, n) == 0;
}

bool query_indicators_named(const struct query_context *q, const struct indicator *it, struct slice asked)
{
    return known_as(q, it->id, asked) || known_as(q, it->alias, asked);
}

json_t *query_indicators_name(const struct query_context *q, const struct query_indicators *o, const struct indicator *it)
{
    struct slice name = indicator_text(&o->u, it->name);
    if (name.n == 0 && query_indicators_identity(q, it, &name) != ST_OK) name.n = 0;
    return query_words(name);
}

json_t *query_indicators_value(const struct achieve_value *v)
{
    char t[32];
    int64_t micro;
    i128 den;
    if (v->kind == ACHIEVE_WORDS) return query_words(v->words);
    if (v->kind == ACHIEVE_ABSENT || __builtin_mul_overflow(v->number.den, (i128)100, &den)) return json_null();
    if (!decimal_ratio_percent(v->number.num, den, 6, false, &micro)) return json_null();
    decimal_format_micro(micro, 0, t);
    return json_string(t);
}

json_t *query_indicators_share(struct ratio r)
{
    char t[32];
    return decimal_percent_text(r.num, r.den, 2, t) > 0 ? json_string(t) : json_null();
}

json_t *query_indicators_percent(const struct achieve_result *r)
{
    char t[32];
    return r->state == ACHIEVE_OK && achieve_percent_text(r->share, r->rounding, t) > 0 ? json_string(t) : json_null();
}

/* ---- rows ---- */

struct row {
    activity_code activity;
    account_code account;
    long no;
    const char *office;
    uint32_t place; /* among all rows, as they were met */
    json_t *json;
};
struct listing {
    const struct query_context *q;
    const struct query_scope *s;
    struct query_groups *groups;
    struct query_shared *shared; /* NULL: one office is asked for */
    struct row *row;
    uint32_t rows, room;
    int64_t reported, offices;
    json_t *notes;
    struct query_plan plan; /* of the office being listed */
    char cap[80];           /* "batas-capaian=120@bawaan": at which the means are capped, and who says so */
};

static void put_printed(json_t *o, const struct unit *u, const struct indicator_target *t, unsigned until)
{
    char text[32];
    const struct slot *achievement = t ? indicator_slot(t->achievement, until) : NULL;
    const struct slot *rating = t ? indicator_slot(t->rating, until) : NULL;
    json_t *p = json_object();
    if (achievement) decimal_format_micro(achievement->value, achievement->decimals, text);
    json_object_set_new(p, "achievement", achievement ? json_string(text) : json_null());
    json_object_set_new(p, "rating", rating ? query_words(unit_text(u, rating)) : json_null());
    json_object_set_new(o, "reported", p);
}

static json_t *part_json(const struct leaf *row, unsigned until)
{
    const struct slot *s = indicator_slot(row, until);
    char t[32];
    if (!s || s->kind == VALUE_TEXT) return json_null();
    decimal_format_micro(s->kind == VALUE_NUMBER ? s->value : 0, 0, t);
    return json_string(t);
}

/* Numerator and denominator where the office states them, and their ratio as a percentage, beside what it states. */
static void put_parts(json_t *o, const struct indicator *it, unsigned until)
{
    const struct slot *num = indicator_slot(it->numerator, until), *den = indicator_slot(it->denominator, until);
    struct ratio r;
    if (!num || !den) return;
    json_t *p = json_object();
    json_object_set_new(p, "numerator", part_json(it->numerator, until));
    json_object_set_new(p, "denominator", part_json(it->denominator, until));
    json_object_set_new(p, "value", achieve_ratio(num->value, den->value, &r) ? query_indicators_share(r) : json_null());
    json_object_set_new(o, "parts", p);
}

/* The target that was changed: the first one, what it would give, and whether the new one asks for less. */
static void put_first(json_t *o, const struct indicator_state *st)
{
    if (!st->first) return;
    json_t *p = json_object();
    char stage[20];
    bool numbers = st->first_target.kind == ACHIEVE_NUMBER && st->in.target.kind == ACHIEVE_NUMBER;
    int c = numbers ? achieve_ratio_compare(st->in.target.number, st->first_target.number) : 0;
    bool less_is_better = st->formula == ACHIEVE_MIN || st->formula == ACHIEVE_MIN_RATIO;
    figure_stage_format(st->first->stage, stage);
    json_object_set_new(p, "stage", json_string(stage));
    json_object_set_new(p, "target", query_indicators_value(&st->first_target));
    json_object_set_new(p, "achievement", query_indicators_percent(&st->first_result));
    json_object_set_new(p, "lowered", json_boolean(less_is_better ? c > 0 : c < 0));
    json_object_set_new(o, "first", p);
}

static void put_target(json_t *o, const struct indicator_target *t)
{
    char stage[20] = "";
    if (t) figure_stage_format(t->stage, stage);
    json_object_set_new(o, "source", t ? json_string(figure_source_name(t->source)) : json_null());
    json_object_set_new(o, "stage", t ? json_string(stage) : json_null());
}

/* By which versions the row was counted: the same versions give the same figures. */
static void put_rules(const struct listing *l, const struct query_indicators *o, const struct indicator *it,
                      const struct indicator_state *st, json_t *j)
{
    char cap[80];
    query_rule_put(o, it, st, j);
    thresholds_text(&it->rules.cap.t, cap);
    json_object_set_new(j, "cap", json_string(it->rules.cap.t.named ? cap : l->cap));
    if (st->converted.den == 0) return;
    json_t *factor = query_indicators_value(&(struct achieve_value){.kind = ACHIEVE_NUMBER, .number = st->converted});
    json_object_set_new(j, "converted", factor);
}

static json_t *indicator_json(const struct listing *l, const struct query_indicators *o, const struct indicator *it,
                              const struct indicator_state *st, const char *code)
{
    struct slice id = {0};
    json_t *j = json_object();
    const struct achieve_band *band = indicator_band(o->scale.scale, st);
    (void)query_indicators_identity(l->q, it, &id);
    json_object_set_new(j, "code", json_string(code));
    json_object_set_new(j, "no", query_words(indicator_text(&o->u, it->no)));
    json_object_set_new(j, "tier", query_words(indicator_text(&o->u, it->tier)));
    json_object_set_new(j, "owner", query_words(indicator_text(&o->u, it->owner)));
    json_object_set_new(j, "fund", query_words(indicator_text(&o->u, it->fund)));
    json_object_set_new(j, "indicator", query_indicators_name(l->q, o, it));
    json_object_set_new(j, "unit", query_words(st->target_unit.n ? st->target_unit : st->reached_unit));
    json_object_set_new(j, "target", query_indicators_value(&st->in.target));
    json_object_set_new(j, "reached", query_indicators_value(&st->in.reached));
    json_object_set_new(j, "achievement", query_indicators_percent(&st->result));
    json_object_set_new(j, "formula", json_string(achieve_formula_name(st->formula)));
    json_object_set_new(j, "rating", band ? json_string(band->word) : json_null());
    put_printed(j, &o->u, st->target, (unsigned)l->s->until);
    json_object_set_new(j, "id", query_words(id));
    json_object_set_new(j, "office", json_string(o->office->id));
    json_object_set_new(j, "figure", query_figure_of_indicator(l->q, l->s, o->office->id, it, ADDRESS_ACHIEVEMENT));
    json_object_set_new(j, "reason",
                        st->result.state == ACHIEVE_OK ? json_null() : json_string(achieve_state_name(st->result.state)));
    json_object_set_new(j, "reached_unit", query_words(st->reached_unit));
    put_rules(l, o, it, st, j);
    put_target(j, st->target);
    put_first(j, st);
    put_parts(j, it, (unsigned)l->s->until);
    return j;
}

static int add_row(struct listing *l, struct query_indicators *o, const struct indicator *it, bool *reported)
{
    char code[32];
    struct indicator_state st;
    query_indicators_code(it, code);
    if (!query_parse_below(l->s->code, code)) return ST_OK;
    if (l->rows == l->room) {
        uint32_t room = l->room ? 2 * l->room : 128;
        struct row *p = realloc(l->row, room * sizeof *p);
        if (!p) return ST_NO_MEMORY;
        l->row = p;
        l->room = room;
    }
    indicator_judge(&o->u, it, (unsigned)l->s->until, NULL, &st);
    struct slice no = indicator_text(&o->u, it->no);
    long number = 0;
    for (size_t i = 0; i < no.n && i < 9 && no.p[i] >= '0' && no.p[i] <= '9'; i++) number = 10 * number + (no.p[i] - '0');
    json_t *json = indicator_json(l, o, it, &st, code);
    l->row[l->rows] = (struct row){it->activity, it->account, number, o->office->id, l->rows, json};
    l->rows++;
    int rc = query_plan_row(l->q, &l->plan, it, &st, (unsigned)l->s->until, json);
    if (rc != ST_OK) return rc;
    unsigned plan = json_object_get(json, "plan") ? l->plan.source : SOURCE_NONE;
    json_object_set_new(json, "figures", query_figure_of_indicators(l->q, l->s, o->office->id, it, plan));
    rc = l->shared ? query_shared_add(l->shared, l->q, &l->plan, o, it, &st, (unsigned)l->s->until) : ST_OK;
    if (rc != ST_OK) return rc;
    *reported |= st.in.reached.kind != ACHIEVE_ABSENT;
    /* a line that promises nothing and reaches nothing is a definition, not a part of the mean */
    if (st.in.target.kind == ACHIEVE_ABSENT && st.in.reached.kind == ACHIEVE_ABSENT) return ST_OK;
    const struct slot *weight = indicator_slot(it->weight, 1);
    return query_groups_add(l->groups, it->activity, &st.result, weight && weight->kind == VALUE_NUMBER ? weight->value : 0,
                            o->scale.scale);
}

static void note_scale(struct listing *l, const struct query_indicators *o)
{
    if (!o->scale.from_words) return;
    json_t *n = json_object();
    json_object_set_new(n, "office", json_string(o->office->id));
    json_object_set_new(n, "scale", json_string(o->scale.scale->name));
    json_object_set_new(n, "text",
                        json_string(l->q->lang == LANG_EN ? "no scale is set; this one has every printed word"
                                                          : "skala belum ditetapkan; skala ini memuat semua kata tercetak"));
    json_array_append_new(l->notes, n);
}

/* Where the office states indicators of its own, those that only its plan has are counted in a note and not listed. */
static void note_plan_only(struct listing *l, const struct office *office, unsigned n)
{
    json_t *o = json_object();
    json_object_set_new(o, "office", json_string(office->id));
    json_object_set_new(o, "plan_only", json_integer((json_int_t)n));
    json_object_set_new(o, "text", json_string(l->q->lang == LANG_EN ? "indicators that stand in the plan only are not listed"
                                                                     : "indikator yang hanya ada dalam rencana tidak ditampilkan"));
    json_array_append_new(l->notes, o);
}

static int list_office(struct listing *l, const struct office *office)
{
    struct query_indicators o;
    bool reported = false, own = false;
    unsigned plan_only = 0;
    int st = query_indicators_open(l->q, office, l->s->year, (unsigned)l->s->until, &o);
    int opened = query_plan_open(l->q, &o, &l->plan);
    if (st == ST_OK) st = opened;
    for (uint32_t i = 0; i < o.v.count; i++) own |= !indicator_plan_only(&o.v.item[i]);
    for (uint32_t i = 0; st == ST_OK && i < o.v.count; i++) {
        if (own && indicator_plan_only(&o.v.item[i])) plan_only++;
        else st = add_row(l, &o, &o.v.item[i], &reported);
    }
    if (st == ST_OK && o.v.count > 0) note_scale(l, &o);
    if (st == ST_OK && plan_only > 0) note_plan_only(l, office, plan_only);
    query_plan_close(&l->plan);
    query_indicators_close(&o);
    l->reported += reported;
    return st;
}

static int row_order(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->activity != y->activity) return x->activity < y->activity ? -1 : 1;
    if (x->account != y->account) return x->account < y->account ? -1 : 1;
    if (x->no != y->no) return x->no < y->no ? -1 : 1;
    int c = strcmp(x->office, y->office);
    return c ? c : (x->place > y->place) - (x->place < y->place);
}

static int list_all(struct listing *l)
{
    int st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < registry_count(l->q->registry); i++) {
        const struct office *o = registry_at(l->q->registry, i);
        if (!query_indicators_inside(l->s, o)) continue;
        l->offices += l->s->office != NULL || (o->role == ROLE_OFFICE && o->status == OFFICE_ACTIVE);
        st = list_office(l, o);
    }
    if (l->rows > 1) qsort(l->row, l->rows, sizeof *l->row, row_order);
    return st;
}

/* ---- the answer ---- */

/* As asked, else as the registry says for the region or office; text: 80 bytes. */
static int parse_cap(const struct query_context *q, const struct query_scope *s, struct slice text, unsigned *ret, char *rule,
                     struct query_problem *problem)
{
    int64_t cap = 0;
    if (text.n == 0) {
        struct threshold t = query_rule_scope(q, s, SETTING_CAP, s->year, (unsigned)s->until);
        *ret = t.value ? (unsigned)t.value : ACHIEVE_UNCAPPED;
        thresholds_text(&t, rule);
        return ST_OK;
    }
    if (bytes_is(text, "none") || setting_value(SETTING_CAP, text, &cap) == ST_OK) {
        char word[32];
        setting_format(SETTING_CAP, cap, word);
        *ret = cap ? (unsigned)cap : ACHIEVE_UNCAPPED;
        snprintf(rule, 80, "%s=%s@diminta", setting_name(SETTING_CAP), word);
        return ST_OK;
    }
    return query_refuse(problem, q, "cap", text, "batas capaian: 100 sampai 1000, atau none", "cap: 100 to 1000, or none");
}

void query_indicators_head(const struct query_context *q, const struct query_scope *s, json_t *answer)
{
    char region[8];
    region_code at = s->office ? s->office->region : s->region;
    const char *name = q->names ? names_region(q->names, at) : NULL;
    code_region_format(at, region);
    json_object_set_new(answer, "region", json_string(region));
    json_object_set_new(answer, "region_name", name ? json_string(name) : json_null());
    if (s->office) json_object_set_new(answer, "office", json_string(s->office->id));
    json_object_set_new(answer, "year", json_integer(s->year));
    json_object_set_new(answer, "until", json_integer(s->until));
}

static int put_rows(struct listing *l, json_t *answer)
{
    json_t *rows = json_array(), *groups = NULL, *total = NULL;
    for (uint32_t i = 0; i < l->rows; i++) {
        json_array_append_new(rows, l->row[i].json);
        l->row[i].json = NULL;
    }
    json_object_set_new(answer, "rows", rows);
    json_t *shared = json_array();
    int st = l->shared ? query_shared_json(l->shared, l->q, l->s, shared) : ST_OK;
    json_object_set_new(answer, "shared", shared);
    if (st == ST_OK) st = query_groups_json(l->q, l->s, l->groups, &groups, &total);
    if (st != ST_OK) return st;
    json_object_set_new(answer, "groups", groups);
    json_object_set_new(answer, "total", total);
    json_object_set(answer, "notes", l->notes);
    json_object_set_new(answer, "complete",
                        json_pack("{s:I,s:I}", "offices", (json_int_t)l->reported, "of", (json_int_t)l->offices));
    return ST_OK;
}

int query_indicators(const struct query_context *q, const struct query_params *p, json_t **ret, struct query_problem *ret_problem)
{
    struct query_scope s;
    unsigned cap = 0;
    int st = query_parse_scope(q, p, true, &s, ret_problem);
    struct listing l = {.q = q, .s = &s};
    if (st == ST_OK) st = parse_cap(q, &s, p->cap, &cap, l.cap, ret_problem);
    if (st != ST_OK) return st;
    l.notes = json_array();
    json_t *answer = json_object();
    struct threshold rounding = query_rule_scope(q, &s, SETTING_ROUNDING, s.year, (unsigned)s.until);
    st = query_groups_new(cap, achieve_rounding_unpack(rounding.value), &l.groups);
    if (st == ST_OK && !s.office) st = query_shared_new(&l.shared);
    if (st == ST_OK) st = query_parse_stamp(q, answer);
    query_indicators_head(q, &s, answer);
    json_object_set_new(answer, "cap", json_string(l.cap));
    json_object_set_new(answer, "rounding", query_rule_rounding(achieve_rounding_unpack(rounding.value), &rounding));
    if (st == ST_OK) st = list_all(&l);
    if (st == ST_OK) st = put_rows(&l, answer);
    for (uint32_t i = 0; i < l.rows; i++) json_decref(l.row[i].json);
    free(l.row);
    json_decref(l.notes);
    query_groups_free(&l.groups);
    query_shared_free(&l.shared);
    if (st == ST_OK)
        *ret = answer;
    else
        json_decref(answer);
    return st;
}
