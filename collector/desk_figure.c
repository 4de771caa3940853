/* desk_figure.c - an office's own figures, as it last stated them: against its targets and the year before. Kind: E.
 *
 * Design notes: computed from the collector's own copy by the very rules the centre counts by (aggregator/derive.h), so it needs no
 * centre and differs from it only by what has not arrived. `waiting` says how many of the statements at or below a line the centre
 * has not acknowledged: its own number is then older. Names are the office's own. Results of indicators are shown as stated; which
 * of them are achievements is the centre's to judge, by its rules.
 *
 * Invariant: nothing here writes; a number is one the office stated, or the sum of such. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/derive.h"
#include "collector/desk_priv.h"
#include "proto/decimal.h"
#include "proto/period.h"

struct figures {
    struct store_txn *t;
    uint32_t office;
    unsigned year, until;               /* until: month 1..12 */
    struct outbox_stream stream;
    struct unit now, before, names;
    struct derived_set sum, past;
    activity_code *waiting;             /* activity of each slot that is not acknowledged, 0 of account-only lines */
    size_t waits;
};

/* ---- numbers ---- */

static json_t *money(i128 sen)
{
    char text[48];
    (void)decimal_format_sen(sen, text);
    return json_string(text);
}

static json_t *sum_json(const struct derived_set *d, const struct derived_key *of, unsigned derived, unsigned source,
                        unsigned until)
{
    const struct derived_key k = { of->node, of->node_kind, (uint8_t)derived, (uint8_t)source };
    const struct derived_row *r = derive_find(d, &k);
    return r ? money(r->value[until - 1]) : json_null();
}

static json_t *value_json(const struct unit *u, const struct slot *s)
{
    char text[32];
    if (s->kind == VALUE_NUMBER) return (void)decimal_format_micro(s->value, 0, text), json_string(text);
    if (s->kind == VALUE_NIL) return json_string("0");
    if (s->kind != VALUE_TEXT) return json_null();
    struct slice t = unit_text(u, s);
    json_t *o = json_stringn((const char *)t.p, t.n);
    return o ? o : json_null();
}

/* ---- what waits ---- */

static bool waits(const struct figures *f, const struct slot *s) { return s->kind != VALUE_EMPTY && s->prov > f->stream.acked; }

static int find_waiting(struct figures *f)
{
    size_t n = 0;
    for (uint32_t i = 0; i < f->now.count; i++)
        for (unsigned m = 0; m < 12; m++) n += waits(f, &f->now.leaf[i].slot[m]);
    f->waiting = calloc(n ? n : 1, sizeof *f->waiting);
    if (!f->waiting) return ST_NO_MEMORY;
    for (uint32_t i = 0; i < f->now.count; i++)
        for (unsigned m = 0; m < 12; m++)
            if (waits(f, &f->now.leaf[i].slot[m])) f->waiting[f->waits++] = f->now.leaf[i].key.activity;
    return ST_OK;
}

static json_int_t waiting_below(const struct figures *f, const struct derived_key *k)
{
    json_int_t n = 0;
    if (k->node_kind == NODE_TOTAL) return (json_int_t)f->waits;
    for (size_t i = 0; i < f->waits; i++)
        n += k->node_kind == NODE_ACTIVITY ? f->waiting[i] == k->node || code_below(k->node, f->waiting[i]) : f->waiting[i] == 0;
    return n;
}

/* ---- lines ---- */

static json_t *name_json(const struct figures *f, uint64_t activity)
{
    for (uint32_t i = 0; i < f->names.count; i++) {
        const struct leaf *l = &f->names.leaf[i];
        if (l->key.activity != activity || l->key.measure != MEASURE_NAME || l->slot[0].kind != VALUE_TEXT) continue;
        return value_json(&f->names, &l->slot[0]);
    }
    return json_null();
}

static bool is_shown(const struct derived_key *k)
{
    if (k->derived != DERIVED_BUDGET && k->derived != DERIVED_REALISED && k->derived != DERIVED_CASH_PLAN) return false;
    return k->node_kind == NODE_ACTIVITY || k->node_kind == NODE_ACCOUNT_LINE || (k->node_kind == NODE_TOTAL && k->node == 0);
}

static json_t *line_json(const struct figures *f, const struct derived_key *k)
{
    char code[32] = "total";
    bool activity = k->node_kind == NODE_ACTIVITY;
    const char *level = activity ? code_level_name(code_level(k->node)) : k->node_kind == NODE_TOTAL ? "total" : "rekening";
    if (activity) (void)code_format_activity(k->node, code);
    else if (k->node_kind != NODE_TOTAL) (void)code_format_account(k->node, code);
    return json_pack("{s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:I}", "code", code, "level", level, "name",
                     activity ? name_json(f, k->node) : json_null(), "budget",
                     sum_json(&f->sum, k, DERIVED_BUDGET, SOURCE_DPA, f->until), "cash_plan",
                     sum_json(&f->sum, k, DERIVED_CASH_PLAN, SOURCE_OPD, f->until), "realised",
                     sum_json(&f->sum, k, DERIVED_REALISED, SOURCE_OPD, f->until), "last_budget",
                     sum_json(&f->past, k, DERIVED_BUDGET, SOURCE_DPA, f->until), "last_realised",
                     sum_json(&f->past, k, DERIVED_REALISED, SOURCE_OPD, f->until), "waiting", waiting_below(f, k));
}

/* The total first; rows of one node follow each other. */
static json_t *lines_json(const struct figures *f)
{
    json_t *list = json_array();
    const struct derived_key *last = NULL;
    for (uint32_t i = 0; i < f->sum.count; i++) {
        const struct derived_key *k = &f->sum.row[i].key;
        if (!is_shown(k) || (last && last->node == k->node && last->node_kind == k->node_kind)) continue;
        json_array_append_new(list, line_json(f, k));
        last = k;
    }
    return list;
}

/* ---- indicators ---- */

/* The last value stated up to the month asked for; of a target that holds for the year: the last. */
static const struct slot *slot_until(const struct leaf *l, unsigned until)
{
    const struct slot *s = NULL;
    for (unsigned m = 0; m < until; m++)
        if (l->slot[m].kind != VALUE_EMPTY && l->slot[m].kind != VALUE_WITHDRAWN) s = &l->slot[m];
    return s;
}

static const struct leaf *beside(const struct unit *u, const struct leaf *l, unsigned measure, unsigned source)
{
    for (uint32_t i = 0; i < u->count; i++) {
        const struct leaf_key *k = &u->leaf[i].key;
        if (k->indicator == l->key.indicator && k->activity == l->key.activity && k->account == l->key.account &&
            k->measure == measure && (!source || k->source == source))
            return &u->leaf[i];
    }
    return NULL;
}

static json_t *text_beside(const struct unit *u, const struct leaf *l, unsigned measure)
{
    const struct leaf *of = beside(u, l, measure, 0);
    const struct slot *s = of ? slot_until(of, 12) : NULL;
    return s ? value_json(u, s) : json_null();
}

static json_t *reached_json(const struct figures *f, const struct unit *u, const struct leaf *l, bool *ret_waits)
{
    const struct leaf *of = beside(u, l, MEASURE_REACHED, SOURCE_OPD);
    const struct slot *s = of ? slot_until(of, f->until) : NULL;
    *ret_waits = s && u == &f->now && waits(f, s);
    return s ? value_json(u, s) : json_null();
}

static json_t *indicator_json(const struct figures *f, const struct leaf *l)
{
    char code[32], stage[20];
    bool reached_waits, unused;
    const struct slot *target = slot_until(l, 12);
    struct slice id;
    if (!target || unit_dict_text(f->t, OUTBOX_DICT_ID, l->key.indicator, &id) != ST_OK) return NULL;
    (void)code_format_activity(l->key.activity, code);
    (void)figure_stage_format(l->key.stage, stage);
    json_t *own = text_beside(&f->now, l, MEASURE_INDICATOR_NAME), *now = reached_json(f, &f->now, l, &reached_waits);
    json_t *before = reached_json(f, &f->before, l, &unused);
    if (json_is_null(own)) {
        json_decref(own);
        own = json_stringn((const char *)id.p, id.n);
    }
    return json_pack("{s:s,s:o,s:s,s:s,s:o,s:o,s:o,s:o,s:b}", "code", l->key.activity ? code : "", "indicator",
                     own ? own : json_null(), "source", figure_source_name(l->key.source), "stage", stage, "unit",
                     text_beside(&f->now, l, MEASURE_TARGET_UNIT), "target", value_json(&f->now, target), "reached", now,
                     "last_reached", before, "waiting", (int)(waits(f, target) || reached_waits));
}

static json_t *indicators_json(const struct figures *f)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < f->now.count; i++) {
        const struct leaf *l = &f->now.leaf[i];
        json_t *o = l->key.measure == MEASURE_TARGET && l->key.indicator ? indicator_json(f, l) : NULL;
        if (o) json_array_append_new(list, o);
    }
    return list;
}

/* ---- the answer ---- */

/* Years the office has figures of: one look-up a year. */
static json_t *years_json(struct store_txn *t, uint32_t office)
{
    json_t *list = json_array();
    struct store_cursor *c = NULL;
    struct slice key, value;
    uint8_t from[6];
    uint32_t year = 1;
    bytes_be32(from, office);
    if (store_cursor(t, OUTBOX_UNIT, &c) != ST_OK) return list;
    for (;;) {
        from[4] = (uint8_t)(year >> 8);
        from[5] = (uint8_t)year;
        if (store_seek(c, slice_of(from, sizeof from), &key, &value) != ST_OK || key.n < 6 || memcmp(key.p, from, 4) != 0) break;
        year = (uint32_t)key.p[4] << 8 | key.p[5];
        json_array_append_new(list, json_integer((json_int_t)year));
        if (++year > UINT16_MAX) break;
    }
    store_cursor_close(&c);
    return list;
}

static int load(struct figures *f)
{
    int st = outbox_stream_get(f->t, f->office, &f->stream);
    if (st == ST_OK) st = unit_load(&f->now, f->t, OUTBOX_UNIT, f->office, (uint16_t)f->year);
    if (st == ST_OK) st = unit_load(&f->before, f->t, OUTBOX_UNIT, f->office, (uint16_t)(f->year - 1));
    if (st == ST_OK) st = unit_load(&f->names, f->t, OUTBOX_UNIT, f->office, 0);
    if (st == ST_OK) st = derive_unit(&f->now, &f->sum);
    if (st == ST_OK) st = derive_unit(&f->before, &f->past);
    return st == ST_OK ? find_waiting(f) : st;
}

static void put_time(json_t *o, const char *name, struct wall t)
{
    char text[32];
    json_object_set_new(o, name, t.ms > 0 && period_format_time(t, text) > 0 ? json_string(text) : json_null());
}

static json_t *figures_json(struct figures *f)
{
    unit_init(&f->now);
    unit_init(&f->before);
    unit_init(&f->names);
    derive_init(&f->sum);
    derive_init(&f->past);
    int st = load(f);
    json_t *o = st == ST_OK ? json_pack("{s:i,s:i,s:i,s:I,s:o,s:o}", "year", (int)f->year, "until", (int)f->until, "last_month",
                                        (int)f->sum.last_realised, "waiting", (json_int_t)f->waits, "rows", lines_json(f),
                                        "indicators", indicators_json(f))
                            : json_pack("{s:s}", "error", status_str(st));
    if (st == ST_OK) put_time(o, "stated_at", f->stream.last_at);
    if (st == ST_OK) put_time(o, "acked_at", f->stream.acked_at);
    free(f->waiting);
    derive_done(&f->past);
    derive_done(&f->sum);
    unit_done(&f->names);
    unit_done(&f->before);
    unit_done(&f->now);
    return o;
}

static unsigned number_of(const json_t *request, const char *name, unsigned least, unsigned most, unsigned otherwise)
{
    json_int_t n = json_integer_value(json_object_get(request, name));
    return n >= (json_int_t)least && n <= (json_int_t)most ? (unsigned)n : otherwise;
}

json_t *desk_figures(struct store *s, const json_t *request)
{
    const char *office = json_string_value(json_object_get(request, "office"));
    struct figures f = { .until = number_of(request, "until", 1, 12, 12) };
    json_t *o = NULL, *years = NULL;
    if (!office || store_begin(s, false, &f.t) != ST_OK) return json_pack("{s:s}", "error", "office");
    if (unit_dict_get(f.t, OUTBOX_DICT_TEXT, slice_of(office, strlen(office)), &f.office) == ST_OK)
        years = years_json(f.t, f.office);
    size_t n = json_array_size(years);
    f.year = number_of(request, "year", YEAR_MIN, YEAR_MAX, n ? (unsigned)json_integer_value(json_array_get(years, n - 1)) : 0);
    if (f.year) o = figures_json(&f);
    else o = json_pack("{s:n,s:[],s:[]}", "year", "rows", "indicators");
    store_abort(&f.t);
    json_object_set_new(o, "office", json_string(office));
    json_object_set_new(o, "years", years ? years : json_array());
    return o;
}
