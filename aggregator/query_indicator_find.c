/* query_indicator_find.c - findings about indicators, as `findings` lists them. Kind: P.
 *
 * printed is what stands in the report, computed what its own row gives; of units, printed is the unit of this indicator and
 * computed the one it does not fit, each with its value or place. */
#include "aggregator/query_finding.h"

#include <stdio.h>
#include <string.h>

#include "proto/decimal.h"
#include "proto/period.h"

struct find {
    const struct query_finding_ask *ask;
    const struct query_indicators *o;
};

static const char *say(const struct find *f, const char *id, const char *en) { return f->ask->q->lang == LANG_EN ? en : id; }

/* Is the claim about an achievement and its formula? */
static bool rated(const struct indicator_claim *c) { return c->code == CODE_ACHIEVEMENT || c->code == CODE_RATING; }

static void where_text(const struct find *f, const struct indicator_claim *c, char *text, size_t size)
{
    char stage[20] = "";
    const char *what = c->code == CODE_ACHIEVEMENT ? say(f, "capaian tercetak", "printed achievement")
                       : c->code == CODE_RATING    ? say(f, "kategori tercetak", "printed rating")
                       : c->code == CODE_DUPLICATE_ROW ? say(f, "nomor tercetak", "printed number")
                                                       : say(f, "satuan", "unit");
    if (c->target) figure_stage_format(c->target->stage, stage);
    snprintf(text, size, "%s%s%s%s%s %s %s%s%s", what, c->target ? " " : "",
             c->target ? figure_source_name(c->target->source) : "", stage[0] ? " " : "", stage, say(f, "s.d.", "up to"),
             period_month_name(c->month, f->ask->q->lang), c->state.result.state != ACHIEVE_OK && rated(c) ? ", " : "",
             rated(c) ? achieve_state_name(c->state.result.state) : "");
}

static void put_achievement(json_t *o, const struct indicator_claim *c)
{
    const struct ratio r = c->state.result.state == ACHIEVE_OK ? c->state.result.share : (struct ratio){0, 0};
    query_finding_percent(o, c->printed->value, c->printed->decimals, r.num, r.den);
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
    char code[32], where[200];
    query_indicators_code(c->it, code);
    where_text(f, c, where, sizeof where);
    json_t *o = query_finding_new(f->ask, f->o->office->id, f->o->year, c->code, code, where);
    if (!o) return ST_OK;
    json_object_set_new(o, "indicator", query_indicators_name(f->ask->q, f->o, c->it));
    if (c->code == CODE_ACHIEVEMENT)
        put_achievement(o, c);
    else if (c->code == CODE_RATING)
        put_rating(f, o, c);
    else if (c->code == CODE_DUPLICATE_ROW)
        query_finding_text(o, "printed", c->unit);
    else
        put_unit(f, o, c);
    if (rated(c)) json_object_set_new(o, "formula", json_string(achieve_formula_name(c->state.formula)));
    return query_finding_add(f->ask, o);
}

/* ---- targets of other sources ---- */

static json_t *target_json(const struct achieve_value *v, struct slice unit, bool units)
{
    return units ? unit_json(v, unit, "") : query_indicators_value(v);
}

static int put_between(void *ctx, const struct indicator_between *b)
{
    const struct find *f = ctx;
    char code[32], where[300], name[160] = "";
    bool units = b->code == CODE_UNIT;
    struct ratio difference, minus;
    query_indicators_code(b->it, code);
    if (b->other != b->it) {
        json_t *other = query_indicators_name(f->ask->q, f->o, b->other);
        if (json_is_string(other)) snprintf(name, sizeof name, " (%.120s)", json_string_value(other));
        json_decref(other);
    }
    snprintf(where, sizeof where, "%s, %s %s%s", say(f, "target tahun ini", "this year's target"), say(f, "dibanding", "against"),
             figure_source_name(b->theirs->source), name);
    json_t *o = query_finding_new(f->ask, f->o->office->id, f->o->year, b->code, code, where);
    if (!o) return ST_OK;
    json_object_set_new(o, "indicator", query_indicators_name(f->ask->q, f->o, b->it));
    json_object_set_new(o, "printed", target_json(&b->own_value, b->own_unit, units));
    json_object_set_new(o, "computed", target_json(&b->other_value, b->other_unit, units));
    minus = (struct ratio){-b->other_value.number.num, b->other_value.number.den};
    if (!units && achieve_ratio_add(b->own_value.number, minus, &difference))
        json_object_set_new(o, "difference",
                            query_indicators_value(&(struct achieve_value){.kind = ACHIEVE_NUMBER, .number = difference}));
    return query_finding_add(f->ask, o);
}

/* ---- one indicator under two spellings ----
 *
 * The identity of an indicator is its name, so a slip of the pen makes two of it: one with the target, one with the result, and
 * neither has an achievement. Two of one line are taken for that when each has what the other lacks and their letters are
 * nearly the same; other digits ("triwulan 1", "triwulan 2") are another thing. */

enum { NEAR_MAX = 200, NEAR_MIN = 8, NEAR_PART = 10 }; /* letters; one in NEAR_PART may differ, and one more */

/* Letters and digits of a name, in lower case; 0: none, or more than are compared. */
static size_t letters(const char *name, char ret[NEAR_MAX])
{
    size_t n = 0;
    for (; *name; name++) {
        char c = *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name;
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80);
        if (letter && n == NEAR_MAX) return 0;
        if (letter) ret[n++] = c;
    }
    return n;
}

static size_t next_digit(const char *s, size_t n, size_t at)
{
    while (at < n && (s[at] < '0' || s[at] > '9')) at++;
    return at;
}

static bool same_digits(const char *a, size_t n, const char *b, size_t m)
{
    size_t i = next_digit(a, n, 0), j = next_digit(b, m, 0);
    while (i < n && j < m && a[i] == b[j]) {
        i = next_digit(a, n, i + 1);
        j = next_digit(b, m, j + 1);
    }
    return i == n && j == m;
}

/* Letters to be put in, taken out or changed (Levenshtein). */
static unsigned distance(const char *a, size_t n, const char *b, size_t m)
{
    unsigned row[NEAR_MAX + 1];
    for (size_t j = 0; j <= m; j++) row[j] = (unsigned)j;
    for (size_t i = 0; i < n; i++) {
        unsigned corner = row[0];
        row[0] = (unsigned)i + 1;
        for (size_t j = 0; j < m; j++) {
            unsigned change = corner + (a[i] != b[j]), less = 1 + (row[j] < row[j + 1] ? row[j] : row[j + 1]);
            corner = row[j + 1];
            row[j + 1] = change < less ? change : less;
        }
    }
    return row[m];
}

static bool near_names(const char *a, const char *b, unsigned *ret_distance)
{
    char x[NEAR_MAX], y[NEAR_MAX];
    size_t n = letters(a, x), m = letters(b, y), shorter = n < m ? n : m;
    if (shorter < NEAR_MIN || !same_digits(x, n, y, m)) return false;
    *ret_distance = distance(x, n, y, m);
    return *ret_distance <= shorter / NEAR_PART + 1;
}

static bool has_target(const struct indicator *it)
{
    for (unsigned i = 0; i < it->targets; i++)
        if (it->target[i].value && !indicator_source_is_plan(it->target[i].source)) return true;
    return false;
}

/* The indicator of the same line that has the target and not the result, with the nearest name; NULL. */
static const struct indicator *nearest(const struct find *f, const struct indicator *it, const char *name, json_t **ret_name)
{
    const struct indicator *best = NULL;
    unsigned least = UINT32_MAX, d;
    for (uint32_t i = 0; i < f->o->v.count; i++) {
        const struct indicator *other = &f->o->v.item[i];
        if (other == it || other->activity != it->activity || other->account != it->account || !has_target(other)) continue;
        bool named = it->alias == other->id || other->alias == it->id;  /* an alias says that they are one */
        if (named || indicator_slot(other->reached, (unsigned)f->ask->s->until)) continue;
        json_t *theirs = query_indicators_name(f->ask->q, f->o, other);
        if (json_is_string(theirs) && near_names(name, json_string_value(theirs), &d) && d < least) {
            json_decref(*ret_name);
            *ret_name = json_incref(theirs);
            least = d;
            best = other;
        }
        json_decref(theirs);
    }
    return best;
}

static int put_spelling(const struct find *f, const struct indicator *it)
{
    char code[32], where[200];
    json_t *own = query_indicators_name(f->ask->q, f->o, it), *theirs = NULL;
    if (!json_is_string(own) || !nearest(f, it, json_string_value(own), &theirs)) {
        json_decref(own);
        return ST_OK;
    }
    query_indicators_code(it, code);
    snprintf(where, sizeof where, "%s", say(f, "realisasi tanpa target; target ada pada nama yang hampir sama",
                                            "a result without a target; the target has nearly the same name"));
    json_t *o = query_finding_new(f->ask, f->o->office->id, f->o->year, CODE_NAME_DIFFERS, code, where);
    if (o) {
        json_object_set(o, "indicator", own);
        json_object_set(o, "printed", own);
        json_object_set(o, "computed", theirs);
    }
    json_decref(own);
    json_decref(theirs);
    return o ? query_finding_add(f->ask, o) : ST_OK;
}

static int spellings(const struct find *f)
{
    int st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < f->o->v.count; i++) {
        const struct indicator *it = &f->o->v.item[i];
        if (indicator_slot(it->reached, (unsigned)f->ask->s->until) && !has_target(it)) st = put_spelling(f, it);
    }
    return st;
}

int query_indicators_findings(const struct query_finding_ask *ask, const struct office *office, int year)
{
    struct query_indicators o, before = {0};
    int st = query_indicators_open(ask->q, office, year, (unsigned)ask->s->until, &o);
    struct find f = {ask, &o};
    struct indicator_office pair = {.u = &o.u, .v = &o.v};
    bool earlier = st == ST_OK && o.v.count > 0 && year > YEAR_MIN;
    if (earlier) {
        st = query_indicators_open(ask->q, office, year - 1, 12, &before);
        pair.before = &before.u;
        pair.v_before = &before.v;
    }
    if (st == ST_OK) st = indicator_claims(&pair, &o.scale, (unsigned)ask->s->until, put_claim, &f);
    if (st == ST_OK) st = indicator_between(&o.u, &o.v, (unsigned)ask->s->until, put_between, &f);
    if (st == ST_OK) st = spellings(&f);
    if (earlier) query_indicators_close(&before);
    query_indicators_close(&o);
    return st;
}
