/* query_peer.c - `rekap peers` and `rekap targets` as tables. Kind: E.
 *
 * As in query.c figures are only moved. A row without a rank shows why it has none, in the place of the rank's reason. */
#include <string.h>

#include "cli/print.h"
#include "cli/query.h"

/* The answer as JSON, or the table's begin; NULL: nothing more to show. */
static struct print *table(const struct cli *c, json_t *answer, const struct print_column *columns, size_t n)
{
    if (c->format == FORMAT_TEXT && json_array_size(json_object_get(answer, "rows")) == 0)
        cli_talk(c, "belum ada data", "no data yet");
    if (c->format != FORMAT_JSON) return print_begin(c, columns, n);
    print_json(json_incref(answer));
    return NULL;
}

static void table_end(const struct cli *c, const json_t *answer, struct print **t)
{
    print_end(t);
    if (c->format == FORMAT_TEXT) query_as_of(c, answer);
}

/* ---- peers ---- */

static void money_peers(const struct cli *c, json_t *answer)
{
    static const struct print_column columns[] = {
        {"Peringkat", "Rank", "rank", PRINT_TEXT},     {"Wilayah", "Region", "region", PRINT_TEXT},
        {"Kantor", "Office", "office", PRINT_TEXT},    {"Nama", "Name", "name", PRINT_TEXT},
        {"Pagu", "Budget", "budget", PRINT_MONEY},     {"Realisasi", "Realised", "realised", PRINT_MONEY},
        {"Serapan %", "Absorption %", "absorption", PRINT_PERCENT},
        {"Pagu lapor %", "Budget reported %", "budget_share", PRINT_PERCENT},
        {"Tidak diperingkat", "Not ranked", "why", PRINT_TEXT},
    };
    struct print *t = table(c, answer, columns, sizeof columns / sizeof columns[0]);
    size_t i;
    json_t *o;
    if (!t) return;
    json_array_foreach(json_object_get(answer, "rows"), i, o)
    {
        for (size_t k = 0; k < 7; k++) print_json_cell(t, json_object_get(o, columns[k].csv));
        print_json_cell(t, json_object_get(json_object_get(o, "coverage"), "budget_share"));
        print_json_cell(t, json_object_get(o, "why"));
    }
    table_end(c, answer, &t);
}

static void indicator_peers(const struct cli *c, json_t *answer)
{
    static const struct print_column columns[] = {
        {"Wilayah", "Region", "region", PRINT_TEXT},   {"Kantor", "Office", "office", PRINT_TEXT},
        {"Kode", "Code", "code", PRINT_TEXT},          {"Satuan", "Unit", "unit", PRINT_TEXT},
        {"Target", "Target", "target", PRINT_TEXT},    {"Realisasi", "Reached", "reached", PRINT_TEXT},
        {"Capaian %", "Achievement %", "achievement", PRINT_PERCENT}, {"Rumus", "Formula", "formula", PRINT_TEXT},
        {"Tidak diperingkat", "Not ranked", "why", PRINT_TEXT},
    };
    size_t i, n = sizeof columns / sizeof columns[0];
    struct print *t = table(c, answer, columns, n);
    json_t *o;
    if (!t) return;
    json_array_foreach(json_object_get(answer, "rows"), i, o) for (size_t k = 0; k < n; k++)
        print_json_cell(t, json_object_get(o, columns[k].csv));
    table_end(c, answer, &t);
}

static void show_peers(const struct cli *c, json_t *answer)
{
    if (print_text_of(answer, "indicator")[0]) indicator_peers(c, answer);
    else money_peers(c, answer);
}

int query_peers(struct cli *c)
{
    const struct ask_param params[] = {
        {"region", c->value[OPT_REGION]},       {"year", c->value[OPT_YEAR]}, {"until", c->value[OPT_UNTIL]},
        {"code", c->value[OPT_CODE]},           {"by", c->value[OPT_BY]},     {"stage", c->value[OPT_STAGE]},
        {"indicator", c->value[OPT_INDICATOR]}, {"as_of", c->value[OPT_AS_OF]},
    };
    if (!c->value[OPT_YEAR]) return cli_usage(c, "sebutkan --year TAHUN", "give --year YEAR", NULL);
    return query_ask(c, "/api/v1/peers", params, sizeof params / sizeof params[0], show_peers);
}

/* ---- targets ---- */

static void show_targets(const struct cli *c, json_t *answer)
{
    static const struct print_column columns[] = {
        {"Kantor", "Office", "office", PRINT_TEXT},
        {"Kode", "Code", "code", PRINT_TEXT},
        {"Indikator", "Indicator", "indicator", PRINT_TEXT},
        {"Satuan", "Unit", "unit", PRINT_TEXT},
        {"Target pertama", "First target", "first_target", PRINT_TEXT},
        {"Target kini", "Target now", "now_target", PRINT_TEXT},
        {"Realisasi", "Reached", "reached", PRINT_TEXT},
        {"Capaian pertama %", "Against the first %", "first_achievement", PRINT_PERCENT},
        {"Capaian kini %", "Against now %", "now_achievement", PRINT_PERCENT},
        {"Cara", "How", "how", PRINT_TEXT},
        {"Turun", "Lowered", "lowered", PRINT_TEXT},
    };
    struct print *t = table(c, answer, columns, sizeof columns / sizeof columns[0]);
    size_t i;
    json_t *o;
    if (!t) return;
    json_array_foreach(json_object_get(answer, "rows"), i, o)
    {
        const json_t *first = json_object_get(o, "first"), *now = json_object_get(o, "now");
        bool lowered = json_is_true(json_object_get(o, "lowered"));
        for (size_t k = 0; k < 4; k++) print_json_cell(t, json_object_get(o, columns[k].csv));
        print_json_cell(t, json_object_get(first, "target"));
        print_json_cell(t, json_object_get(now, "target"));
        print_json_cell(t, json_object_get(o, "reached"));
        print_json_cell(t, json_object_get(first, "achievement"));
        print_json_cell(t, json_object_get(now, "achievement"));
        print_json_cell(t, json_object_get(o, "how"));
        print_cell(t, c->format == FORMAT_CSV ? lowered ? "true" : "false" : lowered ? cli_say(c, "ya", "yes") : "");
    }
    table_end(c, answer, &t);
}

int query_targets(struct cli *c)
{
    const struct ask_param params[] = {
        {"region", c->value[OPT_REGION]}, {"office", c->value[OPT_OFFICE]}, {"year", c->value[OPT_YEAR]},
        {"until", c->value[OPT_UNTIL]},   {"code", c->value[OPT_CODE]},     {"as_of", c->value[OPT_AS_OF]},
        {"lowered", c->value[OPT_LOWERED] ? "1" : NULL},
    };
    if (!c->value[OPT_YEAR]) return cli_usage(c, "sebutkan --year TAHUN", "give --year YEAR", NULL);
    return query_ask(c, "/api/v1/targets", params, sizeof params / sizeof params[0], show_targets);
}
