/* compare.c - `rekap compare`: what this office sent beside what the centre holds, figure by figure. Kind: E.
 *
 * Design notes: own figures come from the collector's own copy, the centre's from its aggregator, each at the same cut-off and by
 * the same rules, so equal statements give equal figures to the sen and a difference is one of statements: one that is still
 * waiting, one that another spoke (a treasurer), or a log that is not ours. Compared are the lines that are counted and the total;
 * sums in between follow from them.
 *
 * Invariant: nothing here rounds or computes; texts of figures are compared as they are. */
#include "cli/compare.h"

#include <stdlib.h>
#include <string.h>

#include "cli/print.h"
#include "proto/limits.h"

static const char *const FIGURES[] = { "budget", "realised" };

/* ---- rows ---- */

/* Is there an own line below this one? Sums are not compared. */
static bool is_sum(const json_t *rows, const char *code)
{
    size_t i, n = strlen(code);
    json_t *o;
    if (!strcmp(code, "total")) return false;
    json_array_foreach(rows, i, o)
    {
        const char *other = print_text_of(o, "code");
        if (!strncmp(other, code, n) && other[n] == '.' && strcmp(print_text_of(o, "level"), "rekening") != 0) return true;
    }
    return false;
}

static const json_t *row_of(const json_t *rows, const char *code)
{
    size_t i;
    json_t *o;
    json_array_foreach(rows, i, o) if (!strcmp(print_text_of(o, "code"), code)) return o;
    return NULL;
}

/* A figure that nobody stated is 0 in a sum of the centre, and nothing in the own copy. */
static bool same_figure(const json_t *a, const json_t *b)
{
    const char *x = json_string_value(a), *y = json_string_value(b);
    return !strcmp(x ? x : "0.00", y ? y : "0.00");
}

static const char *state_of(const struct compare *k, const json_t *own, const json_t *centre)
{
    bool same = own && centre, waits = json_integer_value(json_object_get(own, "waiting")) > 0;
    if (!k->centre) return waits ? "waiting" : "unknown";
    for (size_t i = 0; same && i < sizeof FIGURES / sizeof FIGURES[0]; i++)
        same = same_figure(json_object_get(own, FIGURES[i]), json_object_get(centre, FIGURES[i]));
    if (same) return "same";
    return waits ? "waiting" : !own ? "there" : !centre ? "here" : "differs";
}

static json_t *pair_json(const json_t *o)
{
    json_t *pair = o ? json_object() : json_null();
    for (size_t i = 0; o && i < sizeof FIGURES / sizeof FIGURES[0]; i++) {
        json_t *v = json_object_get(o, FIGURES[i]);
        json_object_set_new(pair, FIGURES[i], v ? json_incref(v) : json_null());
    }
    return pair;
}

static json_t *row_json(const struct compare *k, const char *code, const json_t *own, const json_t *centre, json_int_t *differs)
{
    const char *state = state_of(k, own, centre);
    json_t *name = json_object_get(own, "name");
    if (!json_is_string(name)) name = json_object_get(centre, "name");
    *differs += strcmp(state, "same") != 0 && strcmp(state, "unknown") != 0;
    return json_pack("{s:s,s:o,s:o,s:o,s:s}", "code", code, "name", json_is_string(name) ? json_incref(name) : json_null(), "own",
                     pair_json(own), "centre", pair_json(centre), "state", state);
}

json_t *compare_rows(const struct compare *k, json_int_t *ret_differs)
{
    const json_t *own = json_object_get(k->own, "rows"), *rollup = json_object_get(k->centre, "rollup");
    const json_t *theirs = json_object_get(rollup, "rows");
    json_t *list = json_array(), *o;
    size_t i;
    *ret_differs = 0;
    json_array_foreach(own, i, o)
    {
        const char *code = print_text_of(o, "code");
        if (is_sum(own, code)) continue;
        const json_t *centre = !strcmp(code, "total") ? json_object_get(rollup, "total") : row_of(theirs, code);
        json_array_append_new(list, row_json(k, code, o, centre, ret_differs));
    }
    json_array_foreach(theirs, i, o)
    {
        const char *code = print_text_of(o, "code");
        if (!row_of(own, code)) json_array_append_new(list, row_json(k, code, NULL, o, ret_differs));
    }
    return list;
}

/* ---- the answer ---- */

static json_t *or_null(json_t *o) { return o ? json_incref(o) : json_null(); }

static json_t *centre_json(const struct compare *k)
{
    const json_t *rollup = json_object_get(k->centre, "rollup"), *closes = json_object_get(k->centre, "closes");
    const json_t *close = json_array_get(json_object_get(closes, "closes"), 0);
    return json_pack("{s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "reached", (int)k->reached, "why",
                     k->reached ? json_null() : json_string(k->why), "asked_at", or_null(json_object_get(k->centre, "asked_at")),
                     "as_of", or_null(json_object_get(rollup, "as_of")), "quarter", or_null(json_object_get(closes, "quarter")),
                     "deadline", or_null(json_object_get(closes, "deadline")), "state", or_null(json_object_get(close, "state")),
                     "blockers", or_null(json_object_get(close, "blockers")));
}

static json_t *answer_of(const struct compare *k)
{
    json_int_t differs = 0;
    json_t *rows = compare_rows(k, &differs);
    return json_pack("{s:s,s:i,s:i,s:o,s:o,s:I,s:o,s:o,s:I}", "office", k->office, "year", k->year, "until", k->until, "stated_at",
                     or_null(json_object_get(k->own, "stated_at")), "acked_at", or_null(json_object_get(k->own, "acked_at")),
                     "waiting", json_integer_value(json_object_get(k->own, "waiting")), "centre", centre_json(k), "rows", rows,
                     "differs", differs);
}

/* ---- the verb ---- */

static int ask_own_figures(struct compare *k)
{
    json_t *request = json_pack("{s:s,s:s,s:i,s:i}", "verb", "figures", "office", k->office, "year", k->year, "until", k->until);
    char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
    int st = text ? place_ask(&k->p, "collector", text, 10000, &k->own) : ST_NO_MEMORY;
    free(text);
    json_decref(request);
    if (st != ST_OK)
        return cli_fail(k->c, "collector tidak menjawab; jalankan rekap up", "the collector does not answer; start rekap up",
                        k->p.dir);
    const char *error = json_string_value(json_object_get(k->own, "error"));
    return error ? cli_fail(k->c, "angka sendiri tidak terbaca", "own figures cannot be read", error) : EXIT_OK;
}

int compare_run(struct cli *c)
{
    struct compare k = { .c = c, .office = c->value[OPT_OFFICE] };
    if (!k.office) return cli_usage(c, "sebutkan --office ID", "give --office ID", NULL);
    if (!c->value[OPT_YEAR]) return cli_usage(c, "sebutkan --year TAHUN", "give --year YEAR", NULL);
    int rc = cli_number(c, OPT_YEAR, 0, YEAR_MIN, YEAR_MAX, &k.year);
    if (rc == EXIT_OK) rc = cli_number(c, OPT_UNTIL, 12, 1, 12, &k.until);
    if (rc == EXIT_OK) rc = place_open_any(c, &k.p);
    if (rc == EXIT_OK) rc = ask_own_figures(&k);
    if (rc == EXIT_OK) rc = compare_centre(&k);
    if (rc == EXIT_OK) compare_show(&k, answer_of(&k));
    json_decref(k.own);
    json_decref(k.centre);
    return rc;
}
