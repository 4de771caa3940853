/* query_match.c - `rekap match`: office and treasurer side by side. Kind: E.
 *
 * A table of lines, then a line of counts and sums an office. As in query.c figures and states are only moved: what agrees and what
 * does not is the aggregator's. --csv gives the lines. */
#include <stdio.h>
#include <string.h>

#include "cli/print.h"
#include "cli/query.h"

static void side_cells(struct print *t, const json_t *side)
{
    print_json_cell(t, json_object_get(side, "value"));
    print_json_cell(t, json_object_get(side, "month"));
}

/* The state, with what an explanation answers and where a shifted figure is equal. */
static void state_cell(const struct cli *c, struct print *t, const json_t *o)
{
    char text[120];
    const json_t *at = json_object_get(o, "equal_at");
    const char *cause = print_text_of(o, "cause");
    int n = snprintf(text, sizeof text, "%s%s%s%s", print_text_of(o, "state"), cause[0] ? " (" : "", cause, cause[0] ? ")" : "");
    if (json_is_object(at) && n > 0 && (size_t)n < sizeof text)
        snprintf(text + n, sizeof text - (size_t)n, ", %s %lld = %s %lld", cli_say(c, "kantor bln", "office month"),
                 (long long)json_integer_value(json_object_get(at, "office")), cli_say(c, "bendahara bln", "treasurer month"),
                 (long long)json_integer_value(json_object_get(at, "treasurer")));
    print_cell(t, text);
}

static void show_lines(const struct cli *c, const json_t *rows)
{
    static const struct print_column columns[] = {
        {"Kantor", "Office", "office", PRINT_TEXT},
        {"Kode", "Code", "code", PRINT_TEXT},
        {"Menurut kantor", "Of the office", "of_office", PRINT_MONEY},
        {"Bln", "Month", "office_month", PRINT_COUNT},
        {"Menurut bendahara", "Of the treasurer", "of_treasurer", PRINT_MONEY},
        {"Bln", "Month", "treasurer_month", PRINT_COUNT},
        {"Selisih", "Difference", "difference", PRINT_MONEY},
        {"Keadaan", "State", "state", PRINT_TEXT},
    };
    static const struct print_column csv[] = {
        {"", "", "office", PRINT_TEXT},       {"", "", "code", PRINT_TEXT},            {"", "", "of_office", PRINT_TEXT},
        {"", "", "office_month", PRINT_TEXT}, {"", "", "of_treasurer", PRINT_TEXT},    {"", "", "treasurer_month", PRINT_TEXT},
        {"", "", "difference", PRINT_TEXT},   {"", "", "state", PRINT_TEXT},           {"", "", "cause", PRINT_TEXT},
    };
    bool plain = c->format == FORMAT_CSV;
    struct print *t = plain ? print_begin(c, csv, sizeof csv / sizeof csv[0]) : print_begin(c, columns,
                                                                                            sizeof columns / sizeof columns[0]);
    size_t i;
    json_t *o;
    if (!t) return;
    json_array_foreach(rows, i, o)
    {
        print_json_cell(t, json_object_get(o, "office"));
        print_json_cell(t, json_object_get(o, "code"));
        side_cells(t, json_object_get(o, "of_office"));
        side_cells(t, json_object_get(o, "of_treasurer"));
        print_json_cell(t, json_object_get(o, "difference"));
        if (plain) print_json_cell(t, json_object_get(o, "state")), print_json_cell(t, json_object_get(o, "cause"));
        else state_cell(c, t, o);
    }
    print_end(&t);
}

static void show_offices(const struct cli *c, const json_t *answer)
{
    static const struct print_column columns[] = {
        {"Kantor", "Office", "", PRINT_TEXT},
        {"Menurut kantor", "Of the office", "", PRINT_MONEY},
        {"Menurut bendahara", "Of the treasurer", "", PRINT_MONEY},
        {"Selisih", "Difference", "", PRINT_MONEY},
        {"Cocok", "Equal", "", PRINT_COUNT},
        {"Beda waktu", "Timing", "", PRINT_COUNT},
        {"Beda nilai", "Value", "", PRINT_COUNT},
        {"Hanya kantor", "Office only", "", PRINT_COUNT},
        {"Hanya bendahara", "Treasurer only", "", PRINT_COUNT},
        {"Dijelaskan", "Explained", "", PRINT_COUNT},
    };
    static const char *const counts[] = {"cocok", "beda-waktu", "beda-nilai", "hanya-kantor", "hanya-bendahara", "dijelaskan"};
    struct print *t = print_begin(c, columns, sizeof columns / sizeof columns[0]);
    size_t i;
    json_t *o;
    if (!t) return;
    json_array_foreach(json_object_get(answer, "offices"), i, o)
    {
        print_cell(t, print_text_of(o, "office"));
        print_json_cell(t, json_object_get(o, "of_office"));
        print_json_cell(t, json_object_get(o, "of_treasurer"));
        print_json_cell(t, json_object_get(o, "difference"));
        for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++)
            print_json_cell(t, json_object_get(json_object_get(o, "counts"), counts[k]));
    }
    print_end(&t);
}

static void show(const struct cli *c, json_t *answer)
{
    const json_t *rows = json_object_get(answer, "rows");
    if (c->format == FORMAT_TEXT && json_array_size(json_object_get(answer, "offices")) == 0)
        cli_talk(c, "belum ada data", "no data yet");
    if (c->format == FORMAT_JSON) {
        print_json(json_incref(answer));
        return;
    }
    if (c->format == FORMAT_CSV || json_array_size(rows) > 0) show_lines(c, rows);
    if (c->format == FORMAT_CSV) return;
    if (json_array_size(rows) > 0) putchar('\n');
    show_offices(c, answer);
    query_as_of(c, answer);
}

int query_match(struct cli *c)
{
    const struct ask_param params[] = {
        {"region", c->value[OPT_REGION]}, {"office", c->value[OPT_OFFICE]}, {"year", c->value[OPT_YEAR]},
        {"until", c->value[OPT_UNTIL]},   {"code", c->value[OPT_CODE]},     {"kind", c->value[OPT_KIND]},
        {"as_of", c->value[OPT_AS_OF]},   {"open", c->value[OPT_OPEN] ? "1" : NULL},
    };
    if (!c->value[OPT_YEAR]) return cli_usage(c, "sebutkan --year TAHUN", "give --year YEAR", NULL);
    return query_ask(c, "/api/v1/match", params, sizeof params / sizeof params[0], show);
}
