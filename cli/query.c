/* query.c - `rekap rollup|trend|findings`: the aggregator's answers as tables. Kind: E.
 *
 * Figures are only moved, never computed: what stands in a cell is what the aggregator said. --json prints its answer, --csv the
 * rows of the answer under stable names. No data is an answer too: an empty table, a word on stderr, exit 0. */
#include "cli/evidence.h"
#include "cli/origin.h"
#include "cli/query.h"

#include <stdio.h>
#include <string.h>

#include "cli/print.h"

static void ratio_cell(struct print *t, const json_t *o)
{
    char text[64];
    snprintf(text, sizeof text, "%lld/%lld", (long long)json_integer_value(json_object_get(o, "offices")),
             (long long)json_integer_value(json_object_get(o, "of")));
    print_cell(t, text);
}

static void no_data(const struct cli *c, const json_t *rows)
{
    if (c->format == FORMAT_TEXT && json_array_size(rows) == 0) cli_talk(c, "belum ada data", "no data yet");
}

/* How fresh: log position of each worker and the time of the answer. */
void query_as_of(const struct cli *c, const json_t *answer)
{
    const char *worker;
    json_t *as_of = json_object_get(answer, "as_of"), *at;
    printf("%s", cli_say(c, "Keadaan", "As of"));
    json_object_foreach(json_object_get(as_of, "position"), worker, at)
        printf(" %s:%lld", worker, (long long)json_integer_value(at));
    printf(", %s", print_text_of(as_of, "time"));
    const json_t *complete = json_object_get(answer, "complete");
    if (complete)
        printf("; %lld/%lld %s", (long long)json_integer_value(json_object_get(complete, "offices")),
               (long long)json_integer_value(json_object_get(complete, "of")),
               cli_say(c, "kantor melapor", "offices have reported"));
    putchar('\n');
}

int query_ask(const struct cli *c, const char *path, const struct ask_param *params, size_t n,
                   void (*show)(const struct cli *, json_t *))
{
    struct place p;
    struct evidence e;
    json_t *answer = NULL;
    int rc = evidence_read(c, &e);
    if (rc == EXIT_OK) rc = place_open(c, &p);
    if (rc == EXIT_OK) rc = ask_question(c, &p, path, params, n, &answer);
    if (rc != EXIT_OK) return rc;
    origin_put(&p, answer);
    if (e.given) (void)evidence_match(&e, answer);
    show(c, answer);
    if (e.given) rc = evidence_say(c, &e, answer);
    json_decref(answer);
    return rc;
}

/* ---- rollup ---- */

enum { ROLLUP_COLUMNS_MAX = 32, ROLLUP_TEXT_OWN = 8, ROLLUP_CSV_OWN = 13 };
static const struct print_column ROLLUP_TEXT[ROLLUP_TEXT_OWN] = {
    { "Kode", "Code", "", PRINT_TEXT },
    { "Uraian", "Name", "", PRINT_TEXT },
    { "Pagu", "Budget", "", PRINT_MONEY },
    { "Realisasi", "Realised", "", PRINT_MONEY },
    { "Serapan %", "Absorption %", "", PRINT_PERCENT },
    { "Tercetak", "Printed", "", PRINT_MONEY },
    { "Temuan", "Findings", "", PRINT_COUNT },
    { "Lapor", "Reported", "", PRINT_TEXT },
};
static const struct print_column ROLLUP_CSV[ROLLUP_CSV_OWN] = {
    { "", "", "code", PRINT_TEXT },
    { "", "", "vintage", PRINT_TEXT },
    { "", "", "level", PRINT_TEXT },
    { "", "", "name", PRINT_TEXT },
    { "", "", "budget", PRINT_TEXT },
    { "", "", "realised", PRINT_TEXT },
    { "", "", "absorption", PRINT_TEXT },
    { "", "", "reported_budget", PRINT_TEXT },
    { "", "", "reported_realised", PRINT_TEXT },
    { "", "", "reported_absorption", PRINT_TEXT },
    { "", "", "findings", PRINT_TEXT },
    { "", "", "offices", PRINT_TEXT },
    { "", "", "of", PRINT_TEXT },
};
/* What --with adds: a field of the row, and of it (or of its `change`) one more. Coverage stands in every row, and is shown when it
 * is asked for. */
static const struct { struct print_column column; const char *field, *part; } WITH[] = {
    { { "Pagu lapor %", "Budget reported %", "budget_share", PRINT_PERCENT }, "coverage", "budget_share" },
    { { "Terendah", "Lowest", "low", PRINT_MONEY }, "coverage", "low" },
    { { "Tertinggi", "Highest", "high", PRINT_MONEY }, "coverage", "high" },
    { { "RAK", "Cash plan", "cash_plan", PRINT_MONEY }, "cash_plan", "plan" },
    { { "Deviasi pp", "Deviation pp", "cash_plan_pp", PRINT_PERCENT }, "cash_plan", "pp" },
    { { "Deviasi rel %", "Deviation rel %", "cash_plan_rel", PRINT_PERCENT }, "cash_plan", "rel" },
    { { "Deviasi IKPA %", "Deviation IKPA %", "cash_plan_ikpa", PRINT_PERCENT }, "cash_plan", "ikpa" },
    { { "Fisik %", "Physical %", "physical", PRINT_PERCENT }, "physical", "percent" },
    { { "Fisik: pagu %", "Physical: budget %", "physical_budget_share", PRINT_PERCENT }, "physical", "budget_share" },
    { { "Proyeksi P1", "Projection P1", "projection_p1", PRINT_MONEY }, "projection", "p1" },
    { { "Proyeksi P2", "Projection P2", "projection_p2", PRINT_MONEY }, "projection", "p2" },
    { { "Tahun lalu", "Last year", "last_realised", PRINT_MONEY }, "last", "realised" },
    { { "Perubahan %", "Change %", "last_change_percent", PRINT_PERCENT }, "last", "percent" },
    { { "Serapan pp", "Absorption pp", "last_change_pp", PRINT_PERCENT }, "last", "pp" },
};
enum { WITH_COLUMNS = sizeof WITH / sizeof WITH[0] };

/* Is a field to be shown: the asked ones stand in the total. */
static bool with_shown(const json_t *total, size_t i) { return json_object_get(total, WITH[i].field) != NULL; }

/* The columns of the answer: its own, then those of --with. */
static size_t rollup_columns(const json_t *answer, const struct print_column *own, size_t n,
                             struct print_column ret[ROLLUP_COLUMNS_MAX])
{
    memcpy(ret, own, n * sizeof *own);
    for (size_t i = 0; i < WITH_COLUMNS; i++)
        if (with_shown(json_object_get(answer, "total"), i)) ret[n++] = WITH[i].column;
    return n;
}

static void with_cells(struct print *t, const json_t *o, const json_t *total)
{
    for (size_t i = 0; i < WITH_COLUMNS; i++) {
        const json_t *field = json_object_get(o, WITH[i].field), *v = json_object_get(field, WITH[i].part);
        if (!with_shown(total, i)) continue;
        print_json_cell(t, v ? v : json_object_get(json_object_get(field, "change"), WITH[i].part));
    }
}

static void money_row(struct print *t, const char *code, const char *name, const json_t *o, bool whole)
{
    const char *printed = print_text_of(json_object_get(o, "reported"), "realised");
    print_cell(t, code);
    print_cell(t, name);
    print_json_cell(t, json_object_get(o, "budget"));
    print_json_cell(t, json_object_get(o, "realised"));
    print_json_cell(t, json_object_get(o, "absorption"));
    print_cell(t, strcmp(printed, print_text_of(o, "realised")) ? printed : "");
    print_json_cell(t, whole ? json_object_get(o, "findings") : NULL);
}

static bool has_money(const json_t *o)
{
    return strcmp(print_text_of(o, "budget"), "0.00") != 0 || strcmp(print_text_of(o, "realised"), "0.00") != 0;
}

/* How much of the budget is not reported yet, and what the total can still become. */
static void bounds(const struct cli *c, const json_t *coverage)
{
    char share[64], low[64], high[64];
    const char *part = print_text_of(coverage, "budget_share");
    if (!part[0] || !strcmp(part, "100.00")) return;
    print_percent(part, share, sizeof share);
    print_money(print_text_of(coverage, "low"), low, sizeof low);
    print_money(print_text_of(coverage, "high"), high, sizeof high);
    printf(c->lang == LANG_EN ? "Reported: %s %% of the budget; realised will be between %s and %s\n"
                              : "Sudah lapor: %s %% pagu; realisasi akan berada antara %s dan %s\n", share, low, high);
}

/* What in the total is passed on by one government to another, so that it is in it twice. */
static void transfers(const struct cli *c, const json_t *total)
{
    char budget[64], realised[64];
    const json_t *o = json_object_get(total, "transfers");
    if (!o) return;
    print_money(print_text_of(o, "budget"), budget, sizeof budget);
    print_money(print_text_of(o, "realised"), realised, sizeof realised);
    printf(c->lang == LANG_EN ? "Gross: transfers between governments are in it, budget %s, realised %s\n"
                              : "Bruto: termasuk transfer antarpemerintah, pagu %s, realisasi %s\n", budget, realised);
}

static void total_rows(const struct cli *c, struct print *t, const json_t *answer)
{
    const json_t *total = json_object_get(answer, "total"), *activities = json_object_get(total, "activities"),
                 *accounts = json_object_get(total, "accounts");
    if (has_money(activities) && has_money(accounts)) {
        money_row(t, "", cli_say(c, "Jumlah kegiatan", "Activities"), activities, false);
        print_cell(t, NULL);
        with_cells(t, NULL, total);
        money_row(t, "", cli_say(c, "Jumlah rekening", "Accounts"), accounts, false);
        print_cell(t, NULL);
        with_cells(t, NULL, total);
    }
    money_row(t, "", cli_say(c, "JUMLAH", "TOTAL"), total, true);
    ratio_cell(t, json_object_get(answer, "complete"));
    with_cells(t, total, total);
}

void query_rollup_text(const struct cli *c, json_t *answer)
{
    struct print_column columns[ROLLUP_COLUMNS_MAX];
    struct print *t = print_begin(c, columns, rollup_columns(answer, ROLLUP_TEXT, ROLLUP_TEXT_OWN, columns));
    const char *region = print_text_of(answer, "region"), *name = print_text_of(answer, "region_name"),
               *office = print_text_of(answer, "office");
    size_t i;
    json_t *o;
    if (!t) return;
    printf("%s%s%s%s%s%s%s, %lld, %s %lld\n", name[0] ? name : region, region[0] && name[0] ? " (" : "",
           region[0] && name[0] ? region : "", region[0] && name[0] ? ")" : "", office[0] ? ", " : "", office, "",
           (long long)json_integer_value(json_object_get(answer, "year")), cli_say(c, "s.d. bulan", "up to month"),
           (long long)json_integer_value(json_object_get(answer, "until")));
    json_array_foreach(json_object_get(answer, "rows"), i, o)
    {
        money_row(t, print_text_of(o, "code"), print_text_of(o, "name"), o, true);
        ratio_cell(t, json_object_get(o, "complete"));
        with_cells(t, o, json_object_get(answer, "total"));
    }
    total_rows(c, t, answer);
    print_end(&t);
    transfers(c, json_object_get(answer, "total"));
    bounds(c, json_object_get(answer, "coverage"));
    query_as_of(c, answer);
}

static void rollup_csv(const struct cli *c, json_t *answer)
{
    struct print_column columns[ROLLUP_COLUMNS_MAX];
    struct print *t = print_begin(c, columns, rollup_columns(answer, ROLLUP_CSV, ROLLUP_CSV_OWN, columns));
    size_t i;
    json_t *o;
    if (!t) return;
    json_array_foreach(json_object_get(answer, "rows"), i, o)
    {
        const json_t *reported = json_object_get(o, "reported"), *complete = json_object_get(o, "complete");
        for (size_t k = 0; k < 7; k++) print_json_cell(t, json_object_get(o, ROLLUP_CSV[k].csv));
        print_json_cell(t, json_object_get(reported, "budget"));
        print_json_cell(t, json_object_get(reported, "realised"));
        print_json_cell(t, json_object_get(reported, "absorption"));
        print_json_cell(t, json_object_get(o, "findings"));
        print_json_cell(t, json_object_get(complete, "offices"));
        print_json_cell(t, json_object_get(complete, "of"));
        with_cells(t, o, json_object_get(answer, "total"));
    }
    print_end(&t);
}

static void show_rollup(const struct cli *c, json_t *answer)
{
    if (!has_money(json_object_get(answer, "total"))) no_data(c, json_object_get(answer, "rows"));
    else if (c->format == FORMAT_TEXT && json_array_size(json_object_get(answer, "rows")) == 0)
        cli_talk(c, "tidak ada baris pada tingkat atau kode ini", "no rows at this level or code");
    if (c->format == FORMAT_JSON) print_json(json_incref(answer));
    else if (c->format == FORMAT_CSV) rollup_csv(c, answer);
    else {
        query_rollup_text(c, answer);
        printf("%s: rekap explain %s\n", cli_say(c, "Asal angka", "Where it comes from"),
               print_text_of(json_object_get(answer, "total"), "figure"));
    }
}

int query_rollup(struct cli *c)
{
    const struct ask_param params[] = {
        { "region", c->value[OPT_REGION] }, { "year", c->value[OPT_YEAR] },   { "until", c->value[OPT_UNTIL] },
        { "code", c->value[OPT_CODE] },     { "level", c->value[OPT_LEVEL] }, { "office", c->value[OPT_OFFICE] },
        { "stage", c->value[OPT_STAGE] },   { "as_of", c->value[OPT_AS_OF] },
        { "with", c->value[OPT_WITH] },     { "booked", c->value[OPT_BOOKED] ? "1" : NULL },
    };
    if (!c->value[OPT_YEAR]) return cli_usage(c, "sebutkan --year TAHUN", "give --year YEAR", NULL);
    return query_ask(c, "/api/v1/rollup", params, sizeof params / sizeof params[0], show_rollup);
}

/* ---- trend ---- */

/* Absolute, percent, pp; a kind (baru, bagian-tahun, ..) stands where the percentage would. */
void query_change_cells(struct print *t, const json_t *change)
{
    const char *kind = print_text_of(change, "kind");
    print_json_cell(t, json_object_get(change, "absolute"));
    if (kind[0]) print_cell(t, kind);
    else print_json_cell(t, json_object_get(change, "percent"));
    print_json_cell(t, json_object_get(change, "pp"));
}

void query_trend_foot(const struct cli *c, const json_t *answer)
{
    char rate[64], slope[64];
    const json_t *trend = json_object_get(answer, "trend");
    print_percent(print_text_of(trend, "cagr"), rate, sizeof rate);
    print_money(print_text_of(trend, "slope"), slope, sizeof slope);
    if (!slope[0]) return;
    printf(c->lang == LANG_EN ? "%lld points compared; median slope a year %s%s%s%s\n"
                              : "%lld titik dibandingkan; kemiringan median per tahun %s%s%s%s\n",
           (long long)json_integer_value(json_object_get(trend, "points")), slope,
           rate[0] ? cli_say(c, "; tumbuh per tahun (CAGR) ", "; growth a year (CAGR) ") : "", rate, rate[0] ? " %" : "");
}

static void show_money_trend(const struct cli *c, json_t *answer)
{
    static const struct print_column columns[] = {
        { "Tahun", "Year", "year", PRINT_TEXT },
        { "Pagu", "Budget", "budget", PRINT_MONEY },
        { "Realisasi", "Realised", "realised", PRINT_MONEY },
        { "Nilai", "Value", "value", PRINT_MONEY },
        { "Perubahan", "Change", "change_absolute", PRINT_MONEY },
        { "Perubahan %", "Change %", "change_percent", PRINT_PERCENT },
        { "Perubahan pp", "Change pp", "change_pp", PRINT_PERCENT },
        { "Lapor", "Reported", "complete", PRINT_TEXT },
        { "Nomenklatur", "Vintage", "vintage", PRINT_TEXT },
        { "Ganti", "Break", "break", PRINT_TEXT },
    };
    json_t *points = json_object_get(answer, "points"), *o;
    size_t i;
    struct print *t = print_begin(c, columns, sizeof columns / sizeof columns[0]);
    if (!t) return;
    json_array_foreach(points, i, o)
    {
        bool changed = json_is_true(json_object_get(o, "break"));
        for (size_t k = 0; k < 4; k++) print_json_cell(t, json_object_get(o, columns[k].csv));
        query_change_cells(t, json_object_get(o, "change"));
        ratio_cell(t, json_object_get(o, "complete"));
        print_json_cell(t, json_object_get(o, "vintage"));
        print_cell(t, c->format == FORMAT_CSV ? changed ? "true" : "false"
                      : changed               ? cli_say(c, "ganti daftar kode", "new code list")
                                              : "");
    }
    print_end(&t);
    if (c->format == FORMAT_TEXT) query_trend_foot(c, answer);
    if (c->format == FORMAT_TEXT) query_as_of(c, answer);
}

static void show_trend(const struct cli *c, json_t *answer)
{
    json_t *o;
    size_t i, any = 0;
    json_array_foreach(json_object_get(answer, "points"), i, o) any += !json_is_null(json_object_get(o, "value"));
    if (c->format == FORMAT_TEXT && !any) cli_talk(c, "belum ada data", "no data yet");
    if (c->format == FORMAT_JSON) print_json(json_incref(answer));
    else if (json_object_get(answer, "indicator")) query_indicator_trend(c, answer);
    else show_money_trend(c, answer);
}

int query_trend(struct cli *c)
{
    const struct ask_param params[] = {
        { "region", c->value[OPT_REGION] }, { "code", c->value[OPT_CODE] },     { "indicator", c->value[OPT_INDICATOR] },
        { "from", c->value[OPT_FROM] },     { "to", c->value[OPT_TO] },         { "measure", c->value[OPT_MEASURE] },
        { "until", c->value[OPT_UNTIL] },   { "office", c->value[OPT_OFFICE] }, { "stage", c->value[OPT_STAGE] },
        { "as_of", c->value[OPT_AS_OF] },   { "bridge", c->value[OPT_BRIDGE] ? "1" : NULL },
    };
    if (!c->value[OPT_FROM] || !c->value[OPT_TO])
        return cli_usage(c, "sebutkan --from TAHUN dan --to TAHUN", "give --from YEAR and --to YEAR", NULL);
    return query_ask(c, "/api/v1/trend", params, sizeof params / sizeof params[0], show_trend);
}

/* ---- findings ---- */

enum { NAME_COLUMN = 4, STATE_COLUMN = 9 };

/* "diperbaiki 2026-11-21 dinsos-1872 no. 12": who and when as well, where somebody answered it. */
static void state_cell(const struct cli *c, struct print *t, const json_t *o)
{
    char text[512];
    const char *state = print_text_of(o, "state");
    bool explained = !strcmp(state, "explained"), corrected = !strcmp(state, "corrected");
    const json_t *e = json_object_get(o, "explanation");
    const json_t *by = corrected ? json_object_get(o, "corrected") : json_object_get(e, "statement");
    if (!explained && !corrected) {
        print_cell(t, cli_say(c, "terbuka", "open"));
        return;
    }
    const char *word = corrected ? cli_say(c, "diperbaiki", "corrected") : cli_say(c, "dijelaskan", "explained");
    int n = snprintf(text, sizeof text, "%s %.10s %s%s%s #%lld", word, print_text_of(by, "committed_at"),
                     print_text_of(by, "office"), print_text_of(by, "clerk")[0] ? "/" : "", print_text_of(by, "clerk"),
                     (long long)json_integer_value(json_object_get(by, "sequence")));
    if (explained && n > 0 && (size_t)n < sizeof text)
        snprintf(text + n, sizeof text - (size_t)n, ": %s", print_text_of(e, "text"));
    print_cell(t, text);
}

static void show_findings(const struct cli *c, json_t *answer)
{
    static const struct print_column columns[] = {
        { "Jenis", "Kind", "kind", PRINT_TEXT },
        { "Kantor", "Office", "office", PRINT_TEXT },
        { "Tahun", "Year", "year", PRINT_TEXT },
        { "Kode", "Code", "code", PRINT_TEXT },
        { "Indikator", "Indicator", "indicator", PRINT_TEXT },
        { "Tempat", "Where", "where", PRINT_TEXT },
        { "Tercetak", "Printed", "printed", PRINT_MONEY },
        { "Dihitung", "Computed", "computed", PRINT_MONEY },
        { "Selisih", "Difference", "difference", PRINT_MONEY },
        { "Keadaan", "State", "state", PRINT_TEXT },
        { "Aturan", "Rule", "rule", PRINT_TEXT },
    };
    json_t *list = json_object_get(answer, "findings"), *o;
    size_t i, n = sizeof columns / sizeof columns[0];
    no_data(c, list);
    if (c->format == FORMAT_JSON) {
        print_json(json_incref(answer));
        return;
    }
    struct print *t = print_begin(c, columns, n);
    if (!t) return;
    json_array_foreach(list, i, o) for (size_t k = 0; k < n; k++)
    {
        if (k == STATE_COLUMN && c->format == FORMAT_TEXT) state_cell(c, t, o);
        else if (k == NAME_COLUMN && c->format == FORMAT_TEXT) query_name_cell(t, print_text_of(o, "indicator"));
        else print_json_cell(t, json_object_get(o, columns[k].csv));
    }
    print_end(&t);
    if (c->format == FORMAT_TEXT) query_as_of(c, answer);
}

int query_findings(struct cli *c)
{
    const struct ask_param params[] = {
        { "region", c->value[OPT_REGION] }, { "office", c->value[OPT_OFFICE] }, { "year", c->value[OPT_YEAR] },
        { "kind", c->value[OPT_KIND] },     { "code", c->value[OPT_CODE] },     { "until", c->value[OPT_UNTIL] },
        { "as_of", c->value[OPT_AS_OF] },   { "open", c->value[OPT_OPEN] ? "1" : NULL },
        { "booked", c->value[OPT_BOOKED] ? "1" : NULL },
        { "corrected", c->value[OPT_CORRECTED] ? "1" : NULL },
        { "rules", c->value[OPT_RULES] },
    };
    if (c->value[OPT_OPEN] && c->value[OPT_CORRECTED])
        return cli_usage(c, "--open atau --corrected, tidak keduanya", "--open or --corrected, not both", NULL);
    return query_ask(c, "/api/v1/findings", params, sizeof params / sizeof params[0], show_findings);
}

/* ---- notes ---- */

static void show_notes(const struct cli *c, json_t *answer)
{
    static const struct print_column columns[] = {
        { "Kantor", "Office", "office", PRINT_TEXT }, { "Kode", "Code", "code", PRINT_TEXT }, { "s.d. bulan", "Up to", "until",
                                                                                               PRINT_TEXT },
        { "Jenis", "Kind", "kind", PRINT_TEXT },      { "No", "No", "no", PRINT_TEXT },       { "Catatan", "Note", "text",
                                                                                               PRINT_TEXT },
        { "Bukti", "Evidence", "evidence", PRINT_TEXT },
    };
    json_t *list = json_object_get(answer, "notes"), *o;
    size_t i, n = sizeof columns / sizeof columns[0];
    no_data(c, list);
    if (c->format == FORMAT_JSON) {
        print_json(json_incref(answer));
        return;
    }
    struct print *t = print_begin(c, columns, n);
    if (!t) return;
    json_array_foreach(list, i, o)
    {
        char text[2048] = "";
        for (size_t k = 0; k + 1 < n; k++) print_json_cell(t, json_object_get(o, columns[k].csv));
        evidence_text(c, json_object_get(o, "statement"), text, sizeof text);
        print_cell(t, text);
    }
    print_end(&t);
    if (c->format == FORMAT_TEXT) query_as_of(c, answer);
}

int query_notes(struct cli *c)
{
    const struct ask_param params[] = {
        { "region", c->value[OPT_REGION] }, { "office", c->value[OPT_OFFICE] }, { "year", c->value[OPT_YEAR] },
        { "kind", c->value[OPT_KIND] },     { "code", c->value[OPT_CODE] },     { "until", c->value[OPT_UNTIL] },
        { "as_of", c->value[OPT_AS_OF] },
    };
    if (!c->value[OPT_YEAR]) return cli_usage(c, "sebutkan --year TAHUN", "give --year YEAR", NULL);
    return query_ask(c, "/api/v1/notes", params, sizeof params / sizeof params[0], show_notes);
}
