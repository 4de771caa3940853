/* query_indicator_find.c - findings about indicators, as `findings` lists them. Kind: P.
 *
 * printed is what stands in the report, computed what its own row gives; of units, printed is the unit of this indicator and
 * computed the one it does not fit, each with its value or place. */
#include "aggregator/query_indicator.h"

#include <stdio.h>
#include <string.h>

#include "proto/decimal.h"
#include "proto/period.h"

struct find {
    const struct query_finding_ask *ask;
    const struct query_indicators *o;
};

static const char *say(const struct find *f, const char *id, const char *en) { return f->ask->q->lang == LANG_EN ? en : id; }

static json_t *where_json(const struct find *f, const struct indicator_claim *c)
{
    char text[200], stage[20] = "";
    const char *what = c->code == CODE_ACHIEVEMENT ? say(f, "capaian tercetak", "printed achievement")
                       : c->code == CODE_RATING    ? say(f, "kategori tercetak", "printed rating")
                                                   : say(f, "satuan", "unit");
    if (c->target) figure_stage_format(c->target->stage, stage);
    snprintf(text, sizeof text, "%s%s%s%s%s %s %s%s%s", what, c->target ? " " : "",
             c->target ? figure_source_name(c->target->source) : "", stage[0] ? " " : "", stage, say(f, "s.d.", "up to"),
             period_month_name(c->month, f->ask->q->lang), c->state.result.state != ACHIEVE_OK && c->code != CODE_UNIT ? ", " : "",
             c->code != CODE_UNIT ? achieve_state_name(c->state.result.state) : "");
    return json_string(text);
}

static void put_achievement(json_t *o, const struct indicator_claim *c)
{
    char printed[32], difference[32];
    int64_t right = 0, scale = 1;
    unsigned decimals = c->printed->decimals > 2 ? c->printed->decimals : 2;
    struct ratio r = c->state.result.share;
    for (unsigned i = decimals; i < 6; i++) scale *= 10;
    decimal_format_micro(c->printed->value, c->printed->decimals, printed);
    json_object_set_new(o, "printed", json_string(printed));
    bool known = c->state.result.state == ACHIEVE_OK && decimal_ratio_percent(r.num, r.den, decimals, false, &right);
    decimal_format_micro(right * scale, decimals, printed);
    json_object_set_new(o, "computed", known ? json_string(printed) : json_null());
    decimal_format_micro(c->printed->value - right * scale, decimals, difference);
    json_object_set_new(o, "difference", known ? json_string(difference) : json_null());
}

static void put_rating(const struct find *f, json_t *o, const struct indicator_claim *c)
{
    struct slice word = unit_text(&f->o->u, c->printed);
    json_object_set_new(o, "printed", json_stringn((const char *)word.p, word.n));
    json_object_set_new(o, "computed", c->band ? json_string(c->band->word) : json_null());
    json_object_set_new(o, "difference", json_null());
}

/* "1485 lansia"; "Laporan" without a value */
static json_t *unit_json(const struct achieve_value *v, struct slice unit, const char *behind)
{
    char text[256];
    json_t *number = query_indicators_value(v);
    const char *s = v->kind == ACHIEVE_NUMBER ? json_string_value(number) : NULL;
    snprintf(text, sizeof text, "%s%s%.*s%s%s%s", s ? s : "", s ? " " : "", (int)(unit.n < 80 ? unit.n : 80), (const char *)unit.p,
             behind[0] ? " (" : "", behind, behind[0] ? ")" : "");
    json_decref(number);
    return json_string(text);
}

static void put_unit(const struct find *f, json_t *o, const struct indicator_claim *c)
{
    char behind[40] = "";
    const struct achieve_value none = {.kind = ACHIEVE_ABSENT};
    bool pair = c->unit_case == INDICATOR_UNIT_REACHED;
    if (c->unit_case == INDICATOR_UNIT_CODE) query_indicators_code(c->other, behind);
    if (c->unit_case == INDICATOR_UNIT_YEAR) snprintf(behind, sizeof behind, "%d", f->o->year - 1);
    json_object_set_new(o, "printed", unit_json(pair ? &c->state.in.reached : &none, c->unit, ""));
    json_object_set_new(o, "computed", unit_json(pair ? &c->state.in.target : &none, c->other_unit, behind));
    json_object_set_new(o, "difference", json_null());
}

static int put_claim(void *ctx, const struct indicator_claim *c)
{
    const struct find *f = ctx;
    char code[32];
    const char *kind = status_code_spelling(c->code);
    struct slice asked = f->ask->kind;
    query_indicators_code(c->it, code);
    if (asked.n && (strlen(kind) != asked.n || memcmp(kind, asked.p, asked.n) != 0)) return ST_OK;
    if (!query_parse_below(f->ask->s->code, code)) return ST_OK;
    json_t *o = json_object();
    json_object_set_new(o, "kind", json_string(kind));
    json_object_set_new(o, "office", json_string(f->o->office->id));
    json_object_set_new(o, "year", json_integer(f->o->year));
    json_object_set_new(o, "code", json_string(code));
    json_object_set_new(o, "indicator", query_indicators_name(f->ask->q, f->o, c->it));
    json_object_set_new(o, "where", where_json(f, c));
    if (c->code == CODE_ACHIEVEMENT)
        put_achievement(o, c);
    else if (c->code == CODE_RATING)
        put_rating(f, o, c);
    else
        put_unit(f, o, c);
    if (c->code != CODE_UNIT) json_object_set_new(o, "formula", json_string(achieve_formula_name(c->state.formula)));
    json_object_set_new(o, "state", json_string("open"));
    json_object_set_new(o, "rule", json_string(status_code_text(c->code, f->ask->q->lang)));
    return json_array_append_new(f->ask->list, o) == 0 ? ST_OK : ST_NO_MEMORY;
}

int query_indicators_findings(const struct query_finding_ask *ask, const struct office *office, int year)
{
    struct query_indicators o, before = {0};
    int st = query_indicators_open(ask->q, office, year, &o);
    struct find f = {ask, &o};
    struct indicator_office pair = {.u = &o.u, .v = &o.v};
    bool earlier = st == ST_OK && o.v.count > 0 && year > YEAR_MIN;
    if (earlier) {
        st = query_indicators_open(ask->q, office, year - 1, &before);
        pair.before = &before.u;
        pair.v_before = &before.v;
    }
    if (st == ST_OK) st = indicator_claims(&pair, &o.scale, (unsigned)ask->s->until, put_claim, &f);
    if (earlier) query_indicators_close(&before);
    query_indicators_close(&o);
    return st;
}
