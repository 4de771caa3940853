/* query_indicator.c - `rekap indicators`, and the trend of one indicator, as tables. Kind: E.
 *
 * As in query.c figures are only moved: achievements, ratings and means are the aggregator's. A mean is always printed with how
 * many of how many indicators it counts. */
#include <stdio.h>
#include <string.h>

#include "cli/print.h"
#include "cli/query.h"

enum { NAME_SHOWN = 60 };

/* Names of indicators are sentences; a table shows their beginning. */
void query_name_cell(struct print *t, const char *name)
{
    char text[4 * NAME_SHOWN + 8];
    size_t at = 0, shown = 0;
    while (name[at] && shown < NAME_SHOWN) {
        at++;
        while ((name[at] & 0xc0) == 0x80) at++;
        shown++;
    }
    snprintf(text, sizeof text, "%.*s%s", (int)at, name, name[at] ? "…" : "");
    print_cell(t, text);
}

/* A value in Indonesian writing; of words the beginning. */
static void value_cell(struct print *t, const json_t *v)
{
    char text[64];
    const char *s = json_string_value(v);
    if (!s || strlen(s) >= sizeof text / 2 || s[strspn(s, "-.0123456789")] != '\0') {
        query_name_cell(t, s ? s : "");
        return;
    }
    print_money(s, text, sizeof text);
    print_cell(t, text);
}

static const struct print_column TEXT[] = {
    {"Kode", "Code", "", PRINT_TEXT},
    {"No", "No", "", PRINT_TEXT},
    {"Indikator", "Indicator", "", PRINT_TEXT},
    {"Satuan", "Unit", "", PRINT_TEXT},
    {"Target", "Target", "", PRINT_TEXT},
    {"Realisasi", "Reached", "", PRINT_TEXT},
    {"Capaian %", "Achievement %", "", PRINT_PERCENT},
    {"Rumus", "Formula", "", PRINT_TEXT},
    {"Kategori", "Rating", "", PRINT_TEXT},
    {"Tercetak", "Printed", "", PRINT_TEXT},
};
static const struct print_column CSV[] = {
    {"", "", "code", PRINT_TEXT},
    {"", "", "no", PRINT_TEXT},
    {"", "", "indicator", PRINT_TEXT},
    {"", "", "unit", PRINT_TEXT},
    {"", "", "target", PRINT_TEXT},
    {"", "", "reached", PRINT_TEXT},
    {"", "", "achievement", PRINT_TEXT},
    {"", "", "formula", PRINT_TEXT},
    {"", "", "rating", PRINT_TEXT},
    {"", "", "id", PRINT_TEXT},
    {"", "", "office", PRINT_TEXT},
    {"", "", "source", PRINT_TEXT},
    {"", "", "stage", PRINT_TEXT},
    {"", "", "reason", PRINT_TEXT},
    {"", "", "scale", PRINT_TEXT},
    {"", "", "scale_version", PRINT_TEXT},
    {"", "", "formula_version", PRINT_TEXT},
    {"", "", "rounding", PRINT_TEXT},
    {"", "", "cap", PRINT_TEXT},
    {"", "", "reported_achievement", PRINT_TEXT},
    {"", "", "reported_rating", PRINT_TEXT},
    {"", "", "counted", PRINT_TEXT},
    {"", "", "of", PRINT_TEXT},
};
enum { OWN_COLUMNS = 19 };

static void printed_cell(struct print *t, const json_t *reported)
{
    char percent[64], text[2048];
    const char *achievement = print_text_of(reported, "achievement"), *rating = print_text_of(reported, "rating");
    print_percent(achievement, percent, sizeof percent);
    snprintf(text, sizeof text, "%s%s%s", percent, percent[0] && rating[0] ? " " : "", rating);
    print_cell(t, text);
}

static void text_row(struct print *t, const json_t *o)
{
    const char *reason = print_text_of(o, "reason");
    print_json_cell(t, json_object_get(o, "code"));
    print_json_cell(t, json_object_get(o, "no"));
    query_name_cell(t, print_text_of(o, "indicator"));
    print_json_cell(t, json_object_get(o, "unit"));
    value_cell(t, json_object_get(o, "target"));
    value_cell(t, json_object_get(o, "reached"));
    print_json_cell(t, json_object_get(o, "achievement"));
    print_json_cell(t, json_object_get(o, "formula"));
    print_cell(t, reason[0] ? reason : print_text_of(o, "rating"));
    printed_cell(t, json_object_get(o, "reported"));
}

/* "91,67%"; "-" where there is none */
static const char *percent_of(const json_t *o, const char *key, char ret[64])
{
    print_percent(print_text_of(o, key), ret, 62);
    if (!ret[0]) return "-";
    memcpy(ret + strlen(ret), "%", 2);
    return ret;
}

/* What is reported, and what the mean can still become; nothing where that is all of it. */
static void print_open(const struct cli *c, const json_t *o)
{
    char t[3][64];
    const json_t *cover = json_object_get(o, "coverage");
    const char *low = print_text_of(cover, "low"), *high = print_text_of(cover, "high");
    if (!low[0] || !strcmp(low, high)) return;
    printf("%-12s %s %s .. %s; %s %s\n", "", cli_say(c, "masih dapat menjadi", "can still become"), percent_of(cover, "low", t[0]),
           percent_of(cover, "high", t[1]), cli_say(c, "pagu yang sudah lapor", "budget that has reported"),
           percent_of(cover, "budget_share", t[2]));
}

static void print_mean(const struct cli *c, const json_t *o, const char *name)
{
    char mean[64], zero[64];
    printf("%-12s %s %s, %lld %s %lld %s; %s %s\n", name, cli_say(c, "rata-rata capaian", "mean achievement"),
           percent_of(o, "achievement", mean), (long long)json_integer_value(json_object_get(o, "counted")),
           cli_say(c, "dari", "of"), (long long)json_integer_value(json_object_get(o, "of")),
           cli_say(c, "indikator dihitung", "indicators counted"),
           cli_say(c, "yang kosong dihitung nol:", "missing as zero:"), percent_of(o, "missing_as_zero", zero));
    print_open(c, o);
    if (print_text_of(o, "efficiency")[0])
        printf("%-12s %s %s, %s %s\n", "", cli_say(c, "serapan", "absorption"), percent_of(o, "absorption", mean),
               cli_say(c, "efisiensi (capaian - serapan)", "efficiency (achievement - absorption)"),
               percent_of(o, "efficiency", zero));
}

/* Which versions the table was counted by, each named once. */
static void print_rules(const struct cli *c, json_t *answer)
{
    json_t *o, *seen = json_object();
    const char *name;
    size_t i;
    printf("%s %s;", cli_say(c, "dihitung menurut", "counted by"), print_text_of(answer, "cap"));
    json_array_foreach(json_object_get(answer, "rows"), i, o)
    {
        char text[128];
        snprintf(text, sizeof text, "%s@%s", print_text_of(o, "scale"), print_text_of(o, "scale_version"));
        json_object_set_new(seen, text, json_true());
    }
    json_object_foreach(seen, name, o) printf(" %s %s", cli_say(c, "skala", "scale"), name);
    printf("\n");
    json_decref(seen);
}

static void print_means(const struct cli *c, json_t *answer)
{
    json_t *o, *total = json_object_get(answer, "total");
    size_t i;
    json_array_foreach(json_object_get(answer, "groups"), i, o) if (strcmp(print_text_of(o, "level"), "program") == 0)
        print_mean(c, o, print_text_of(o, "code"));
    print_mean(c, total, cli_say(c, "JUMLAH", "TOTAL"));
    json_array_foreach(json_object_get(answer, "notes"), i, o)
    {
        const json_t *n = json_object_get(o, "plan_only");
        printf("%s: %s (", print_text_of(o, "office"), print_text_of(o, "text"));
        if (n) printf("%lld)\n", (long long)json_integer_value(n));
        else printf("%s)\n", print_text_of(o, "scale"));
    }
}

/* ---- what offices share ---- */

/* "gen-3374-02 satuan; dinsos-1872 Rehabilitasi 5.003 termasuk penerima PKH" */
static void print_excluded(const struct cli *c, const json_t *list)
{
    char value[64];
    size_t i;
    json_t *o;
    if (json_array_size(list) == 0) return;
    printf("  %s:", cli_say(c, "tidak dihitung", "not counted"));
    json_array_foreach(list, i, o)
    {
        const char *part = print_text_of(o, "part");
        print_money(print_text_of(o, "value"), value, sizeof value);
        printf("%s %s%s%s%s%s: %s", i ? ";" : "", print_text_of(o, "office"), part[0] ? ", " : "", part, part[0] ? " " : "",
               part[0] ? value : "", print_text_of(o, "reason")[0] ? print_text_of(o, "reason") : "-");
    }
    putchar('\n');
}

static const char *readable(const json_t *o, const char *key, char ret[64])
{
    print_money(print_text_of(o, key), ret, 64);
    return ret[0] ? ret : "-";
}

static void print_group(const struct cli *c, const json_t *o)
{
    char t[5][64];
    const json_t *cover = json_object_get(o, "coverage");
    const char *why = print_text_of(o, "reason"), *parts = print_text_of(o, "numerator");
    printf("%s (%s, %s): %s %s %s, %s %s, %s %s%%%s%s\n", print_text_of(o, "indicator"), print_text_of(o, "id"),
           print_text_of(o, "operator"), cli_say(c, "realisasi", "reached"), readable(o, "reached", t[0]), print_text_of(o, "unit"),
           cli_say(c, "target", "target"), readable(o, "target", t[1]), cli_say(c, "capaian", "achievement"),
           readable(o, "achievement", t[2]), why[0] ? ", " : "", why);
    printf("  %lld %s %lld %s", (long long)json_integer_value(json_object_get(o, "counted")), cli_say(c, "dari", "of"),
           (long long)json_integer_value(json_object_get(o, "of")), cli_say(c, "kantor dihitung", "offices counted"));
    if (parts[0]) printf(", %s / %s", readable(o, "numerator", t[3]), readable(o, "denominator", t[4]));
    printf("; %s %s%%; %s %s .. %s\n", cli_say(c, "pagu yang sudah lapor", "budget that has reported"),
           readable(cover, "budget_share", t[0]), cli_say(c, "masih dapat menjadi", "can still become"),
           readable(cover, "low", t[1]), readable(cover, "high", t[2]));
    print_excluded(c, json_object_get(o, "excluded"));
}

static void print_shared(const struct cli *c, const json_t *list)
{
    size_t i;
    json_t *o;
    if (json_array_size(list) > 0) printf("%s\n", cli_say(c, "INDIKATOR BERSAMA", "SHARED INDICATORS"));
    json_array_foreach(list, i, o) print_group(c, o);
}

/* An office's indicator; or a group's, without code and office, with how many offices it counts. */
static void csv_row(struct print *t, const json_t *o)
{
    const json_t *reported = json_object_get(o, "reported");
    for (size_t k = 0; k < OWN_COLUMNS; k++) print_json_cell(t, json_object_get(o, CSV[k].csv));
    print_json_cell(t, json_object_get(reported, "achievement"));
    print_json_cell(t, json_object_get(reported, "rating"));
    print_json_cell(t, json_object_get(o, "counted"));
    print_json_cell(t, json_object_get(o, "of"));
}

static void show_csv(const struct cli *c, const json_t *rows, const json_t *shared)
{
    struct print *t = print_begin(c, CSV, sizeof CSV / sizeof CSV[0]);
    size_t i;
    json_t *o;
    if (!t) return;
    json_array_foreach(rows, i, o) csv_row(t, o);
    json_array_foreach(shared, i, o) csv_row(t, o);
    print_end(&t);
}

static void show(const struct cli *c, json_t *answer)
{
    json_t *rows = json_object_get(answer, "rows"), *o;
    size_t i;
    if (c->format == FORMAT_TEXT && json_array_size(rows) == 0) cli_talk(c, "belum ada data", "no data yet");
    if (c->format == FORMAT_JSON) {
        print_json(json_incref(answer));
        return;
    }
    if (c->format == FORMAT_CSV) {
        show_csv(c, rows, json_object_get(answer, "shared"));
        return;
    }
    struct print *t = print_begin(c, TEXT, sizeof TEXT / sizeof TEXT[0]);
    if (!t) return;
    json_array_foreach(rows, i, o) text_row(t, o);
    print_end(&t);
    if (json_array_size(rows) > 0) print_means(c, answer);
    print_shared(c, json_object_get(answer, "shared"));
    if (json_array_size(rows) > 0) print_rules(c, answer);
    query_as_of(c, answer);
}

int query_indicators(struct cli *c)
{
    const struct ask_param params[] = {
        {"region", c->value[OPT_REGION]}, {"year", c->value[OPT_YEAR]},     {"until", c->value[OPT_UNTIL]},
        {"code", c->value[OPT_CODE]},     {"office", c->value[OPT_OFFICE]}, {"cap", c->value[OPT_CAP]},
        {"as_of", c->value[OPT_AS_OF]},   {"rules", c->value[OPT_RULES]},
        {"booked", c->value[OPT_BOOKED] ? "1" : NULL},
    };
    if (!c->value[OPT_YEAR]) return cli_usage(c, "sebutkan --year TAHUN", "give --year YEAR", NULL);
    return query_ask(c, "/api/v1/indicators", params, sizeof params / sizeof params[0], show);
}

/* "3/4", and the bounds: how many offices a point counts and what it can still become. */
static void cover_cells(const struct cli *c, struct print *t, const json_t *point)
{
    char text[64] = "";
    const json_t *cover = json_object_get(point, "coverage"), *complete = json_object_get(point, "complete");
    bool shared = json_object_get(point, "counted") != NULL;
    const json_t *n = shared ? json_object_get(point, "counted") : json_object_get(complete, "offices");
    const json_t *of = shared ? json_object_get(point, "of") : json_object_get(complete, "of");
    if (json_is_object(complete))
        snprintf(text, sizeof text, "%lld/%lld", (long long)json_integer_value(n), (long long)json_integer_value(of));
    print_cell(t, text);
    for (unsigned i = 0; i < 2; i++) {
        const json_t *v = json_object_get(cover, i ? "high" : "low");
        if (c->format == FORMAT_TEXT) value_cell(t, v);
        else print_json_cell(t, v);
    }
}

void query_indicator_trend(const struct cli *c, json_t *answer)
{
    static const struct print_column columns[] = {
        {"Tahun", "Year", "year", PRINT_TEXT},
        {"Nilai", "Value", "value", PRINT_TEXT},
        {"Target", "Target", "target", PRINT_TEXT},
        {"Realisasi", "Reached", "reached", PRINT_TEXT},
        {"Capaian %", "Achievement %", "achievement", PRINT_PERCENT},
        {"Rumus", "Formula", "formula", PRINT_TEXT},
        {"Satuan", "Unit", "unit", PRINT_TEXT},
        {"Perubahan", "Change", "change_absolute", PRINT_MONEY},
        {"Perubahan %", "Change %", "change_percent", PRINT_PERCENT},
        {"Perubahan pp", "Change pp", "change_pp", PRINT_PERCENT},
        {"Kantor", "Offices", "counted", PRINT_TEXT},
        {"Terendah", "Low", "low", PRINT_TEXT},
        {"Tertinggi", "High", "high", PRINT_TEXT},
        {"Ganti", "Break", "break", PRINT_TEXT},
    };
    struct print *t = print_begin(c, columns, sizeof columns / sizeof columns[0]);
    json_t *o;
    size_t i;
    if (!t) return;
    json_array_foreach(json_object_get(answer, "points"), i, o)
    {
        bool changed = json_is_true(json_object_get(o, "break"));
        for (size_t k = 0; k < 7; k++) {
            bool value = k >= 1 && k <= 3 && c->format == FORMAT_TEXT;
            if (value)
                value_cell(t, json_object_get(o, columns[k].csv));
            else
                print_json_cell(t, json_object_get(o, columns[k].csv));
        }
        query_change_cells(t, json_object_get(o, "change"));
        cover_cells(c, t, o);
        print_cell(t, c->format == FORMAT_CSV ? changed ? "true" : "false" : changed ? cli_say(c, "ganti satuan", "new unit") : "");
    }
    print_end(&t);
    if (c->format == FORMAT_TEXT) query_trend_foot(c, answer);
    if (c->format == FORMAT_TEXT) query_as_of(c, answer);
}
