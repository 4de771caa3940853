/* query_explain_mean.c - figures that are answers of other questions: the mean of the indicators below a code, and an office's line
 * against the treasurer's. Kind: P.
 *
 * Both are asked for as `indicators` and `match` would be, for the code alone, and the row is taken apart: so what is explained is
 * what was shown, whatever rules stand behind it. A mean's parts are its indicators, each with its share of what is counted; a
 * match has its two sides. Invariant: a part has an address of its own. */
#include <stdio.h>
#include <string.h>

#include "aggregator/query_explain.h"

static const char *say(const struct query_context *q, const char *id, const char *en) { return q->lang == LANG_EN ? en : id; }

/* ---- asking ---- */

struct asking {
    char region[8], year[8], until[8], cap[8];
    json_t *code;
    struct query_params p;
};

static struct slice slice_text(const char *s) { return slice_of(s, strlen(s)); }

/* The question that has the figure among its rows; code NULL: of everything. */
static void asking_make(const struct query_figure *f, bool all, struct asking *a)
{
    *a = (struct asking){.code = query_figure_code(f)};
    code_region_format(f->s.region, a->region);
    snprintf(a->year, sizeof a->year, "%d", f->s.year);
    snprintf(a->until, sizeof a->until, "%d", f->s.until);
    snprintf(a->cap, sizeof a->cap, "%u", f->a.cap);
    a->p = (struct query_params){.region = slice_text(a->region), .year = slice_text(a->year), .until = slice_text(a->until)};
    a->p.cap = f->a.cap ? slice_text(a->cap) : slice_of("none", 4);
    if (f->s.office) a->p.office = slice_text(f->s.office->id);
    if (!all) a->p.code = slice_text(json_string_value(a->code));
}

static json_t *row_of(const json_t *rows, const json_t *code)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) if (json_equal(json_object_get(row, "code"), code)) return row;
    return NULL;
}

static void take(json_t *answer, const json_t *row, const char *from, const char *to)
{
    json_t *v = json_object_get(row, from);
    json_object_set_new(answer, to, v ? json_incref(v) : json_null());
}

/* ---- means ---- */

static json_t *part_of(const json_t *row)
{
    static const char *const NAMES[] = {"figure", "code", "indicator", "office", "target", "reached", "unit", "formula", "reason"};
    json_t *o = json_object();
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) take(o, row, NAMES[i], NAMES[i]);
    take(o, row, "achievement", "value");
    take(o, row, "indicator", "name");
    json_object_set_new(o, "counted", json_boolean(json_is_string(json_object_get(row, "achievement"))));
    return o;
}

/* Those below the code; what promises and reaches nothing is a definition and no part. */
static json_t *parts_of(const json_t *rows, const json_t *code, bool all)
{
    size_t i;
    json_t *row, *list = json_array();
    json_array_foreach(rows, i, row)
    {
        bool said = json_is_string(json_object_get(row, "target")) || json_is_string(json_object_get(row, "reached"));
        if (said && (all || !json_equal(json_object_get(row, "code"), code))) json_array_append_new(list, part_of(row));
    }
    return list;
}

static void put_mean(const struct query_context *q, const struct query_figure *f, const json_t *mean, json_t *answer)
{
    static const char *const NAMES[] = {"missing_as_zero", "weighted", "absorption", "efficiency", "coverage"};
    char text[240], cap[64] = "";
    json_int_t counted = json_integer_value(json_object_get(mean, "counted")), of = json_integer_value(json_object_get(mean, "of"));
    if (f->a.cap) snprintf(cap, sizeof cap, ", %s %u %%", say(q, "masing-masing paling tinggi", "each at most"), f->a.cap);
    snprintf(text, sizeof text, "%s: %lld %s %lld%s; %s", say(q, "rata-rata capaian indikator", "mean achievement of indicators"),
             (long long)counted, say(q, "dari", "of"), (long long)of, cap,
             say(q, "yang tidak dapat dihitung tidak ikut", "what cannot be computed is left out"));
    take(answer, mean, "achievement", "value");
    json_object_set_new(answer, "formula", json_string(text));
    json_object_set_new(answer, "counted", json_integer(counted));
    json_object_set_new(answer, "of", json_integer(of));
    json_object_set_new(answer, "cap", f->a.cap ? json_integer((json_int_t)f->a.cap) : json_null());
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) take(answer, mean, NAMES[i], NAMES[i]);
}

int query_explain_mean(const struct query_context *q, const struct query_figure *f, json_t *answer)
{
    struct asking a;
    struct query_problem problem = {0};
    json_t *found = NULL;
    bool all = f->a.part == ADDRESS_TOTAL;
    asking_make(f, all, &a);
    int st = query_indicators(q, &a.p, &found, &problem);
    if (st == ST_OK) {
        const json_t *mean = all ? json_object_get(found, "total") : row_of(json_object_get(found, "groups"), a.code);
        put_mean(q, f, mean, answer);
        json_object_set_new(answer, "parts", parts_of(json_object_get(found, "rows"), a.code, all));
    }
    json_decref(found);
    json_decref(a.code);
    return st == ST_INVALID ? ST_CORRUPT : st;
}

/* ---- indicators that offices share ---- */

/* Each office's own, with the value that the joined one is of. */
static json_t *owners(const json_t *rows, const char *id, const char *measure)
{
    size_t i;
    json_t *row, *list = json_array();
    json_array_foreach(rows, i, row)
    {
        if (strcmp(query_text_of(row, "id"), id) != 0) continue;
        json_t *o = part_of(row);
        take(o, row, measure, "value");
        take(o, json_object_get(row, "figures"), measure, "figure");
        json_array_append_new(list, o);
    }
    return list;
}

int query_explain_shared(const struct query_context *q, const struct query_figure *f, json_t *answer)
{
    static const char *const NAMES[] = {"indicator", "operator", "definition", "numerator", "denominator", "counted", "of",
                                        "excluded", "reason", "rating", "scale", "complete", "coverage", "unit"};
    struct asking a;
    struct query_problem problem = {0};
    json_t *found = NULL, *o, *row = NULL;
    const char *measure = address_measure_name(f->a.measure);
    size_t i;
    asking_make(f, true, &a);
    int st = query_indicators(q, &a.p, &found, &problem);
    json_array_foreach(json_object_get(found, "shared"), i, o) if (strcmp(query_text_of(o, "id"), f->a.indicator) == 0) row = o;
    if (st == ST_OK && !row) st = ST_NOT_FOUND;
    if (st == ST_OK) {
        char text[200];
        snprintf(text, sizeof text, "%s: %s; %s", say(q, "gabungan dari beberapa kantor", "joined over offices"),
                 query_text_of(row, "operator"), query_text_of(row, "formula"));
        take(answer, row, measure, "value");
        json_object_set_new(answer, "formula", json_string(text));
        for (i = 0; i < sizeof NAMES / sizeof *NAMES; i++) take(answer, row, NAMES[i], NAMES[i]);
        json_object_set_new(answer, "parts", owners(json_object_get(found, "rows"), f->a.indicator, measure));
    }
    json_decref(found);
    json_decref(a.code);
    return st == ST_INVALID ? ST_CORRUPT : st;
}

/* ---- matches ---- */

static json_t *side_of(const struct query_context *q, const json_t *row, const char *key, const char *id, const char *en)
{
    const json_t *side = json_object_get(row, key);
    json_t *o = json_object();
    json_object_set_new(o, "measure", json_string(say(q, id, en)));
    take(o, side, "figure", "figure");
    take(o, side, "value", "value");
    take(o, side, "month", "month");
    return o;
}

static json_t *rule_of(const struct query_context *q, const char *state)
{
    static const struct {
        const char *state, *id, *en;
    } TEXTS[] = {
        {"cocok", "kedua pihak menyebut nilai yang sama", "both say the same"},
        {"beda-waktu", "satu pihak hanya lebih dahulu: nilainya sama pada bulan lain", "one is only ahead: equal at another month"},
        {"beda-nilai", "nilainya berbeda pada bulan itu dan pada bulan lain", "different at that month and at any other"},
        {"hanya-kantor", "bendahara belum menyatakan baris itu", "the treasurer has not stated the line"},
        {"hanya-bendahara", "kantor belum menyatakan baris itu", "the office has not stated the line"},
        {"dijelaskan", "selisihnya telah dijelaskan kantor", "the office has explained the difference"}};
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++)
        if (strcmp(TEXTS[i].state, state) == 0)
            json_array_append_new(list, json_pack("{s:s,s:s}", "rule", state, "text", say(q, TEXTS[i].id, TEXTS[i].en)));
    return list;
}

int query_explain_match(const struct query_context *q, const struct query_figure *f, json_t *answer)
{
    struct asking a;
    struct query_problem problem = {0};
    json_t *found = NULL, *sides = json_array();
    asking_make(f, false, &a);
    int st = query_match(q, &a.p, &found, &problem);
    const json_t *row = row_of(json_object_get(found, "rows"), a.code);
    take(answer, row, "difference", "value");
    take(answer, row, "state", "state");
    json_object_set_new(answer, "formula", json_string(say(q, "realisasi menurut kantor - menurut bendahara",
                                                           "realised as the office says - as the treasurer says")));
    json_object_set_new(answer, "rules", rule_of(q, query_text_of(row, "state")));
    take(answer, row, "cause", "cause");
    take(answer, row, "equal_at", "equal_at");
    take(answer, row, "explanation", "explanation");
    if (row) json_array_append_new(sides, side_of(q, row, "of_office", "kantor", "office"));
    if (row) json_array_append_new(sides, side_of(q, row, "of_treasurer", "bendahara", "treasurer"));
    json_object_set_new(answer, "components", sides);
    json_decref(found);
    json_decref(a.code);
    return st == ST_INVALID ? ST_CORRUPT : st;
}
