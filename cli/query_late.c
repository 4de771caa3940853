/* query_late.c - `rekap late`: what was stated of a sealed quarter after its cut. Kind: E. As in query.c figures are only moved. */
#include <stdio.h>

#include "cli/print.h"
#include "cli/query.h"

static void show_rows(const struct cli *c, const json_t *answer)
{
    static const struct print_column columns[] = {
        { "Kantor", "Office", "office", PRINT_TEXT },    { "Kode", "Code", "code", PRINT_TEXT },
        { "Indikator", "Indicator", "indicator", PRINT_TEXT }, { "Ukuran", "Measure", "measure", PRINT_TEXT },
        { "Bln", "Month", "month", PRINT_COUNT },        { "Disegel", "Sealed", "sealed", PRINT_TEXT },
        { "Dinyatakan", "Stated", "value", PRINT_TEXT }, { "Berlaku", "Stands", "stands", PRINT_TEXT },
        { "Tercatat", "On record", "at", PRINT_TEXT },
    };
    struct print *t = print_begin(c, columns, sizeof columns / sizeof columns[0]);
    size_t i;
    json_t *o;
    if (!t) return;
    json_array_foreach(json_object_get(answer, "late"), i, o)
    {
        bool stands = json_is_true(json_object_get(o, "stands"));
        print_json_cell(t, json_object_get(o, "office"));
        print_json_cell(t, json_object_get(o, print_text_of(o, "code")[0] ? "code" : "account"));
        query_name_cell(t, print_text_of(o, "indicator"));
        print_json_cell(t, json_object_get(o, "measure"));
        print_json_cell(t, json_object_get(o, "month"));
        print_json_cell(t, json_object_get(o, "sealed"));
        print_json_cell(t, json_object_get(o, "value"));
        if (c->format == FORMAT_CSV) print_cell(t, stands ? "true" : "false");
        else print_cell(t, stands ? cli_say(c, "ya", "yes") : cli_say(c, "diganti", "replaced"));
        print_json_cell(t, json_object_get(json_object_get(o, "statement"), "committed_at"));
    }
    print_end(&t);
}

static void show(const struct cli *c, json_t *answer)
{
    const json_t *seal = json_object_get(answer, "seal");
    if (c->format == FORMAT_JSON) {
        print_json(json_incref(answer));
        return;
    }
    if (c->format == FORMAT_TEXT && !json_is_object(seal)) {
        cli_talk(c, "%s belum disegel: tidak ada yang terlambat", "%s is not sealed: nothing is late",
                 print_text_of(answer, "quarter"));
        return;
    }
    if (c->format == FORMAT_CSV || json_array_size(json_object_get(answer, "late")) > 0) show_rows(c, answer);
    if (c->format == FORMAT_CSV) return;
    printf(c->lang == LANG_EN ? "%lld statements after version %lld (root %s), %lld of them stand\n"
                              : "%lld pernyataan sesudah versi %lld (akar %s), %lld di antaranya berlaku\n",
           (long long)json_integer_value(json_object_get(answer, "count")),
           (long long)json_integer_value(json_object_get(seal, "version")), print_text_of(seal, "root"),
           (long long)json_integer_value(json_object_get(answer, "standing")));
    query_as_of(c, answer);
}

int query_late(struct cli *c)
{
    const struct ask_param params[] = {
        { "quarter", c->operand[0] }, { "region", c->value[OPT_REGION] }, { "office", c->value[OPT_OFFICE] },
        { "as_of", c->value[OPT_AS_OF] },
    };
    if (!c->value[OPT_REGION] && !c->value[OPT_OFFICE])
        return cli_usage(c, "sebutkan --region KODE atau --office ID", "give --region CODE or --office ID", NULL);
    return query_ask(c, "/api/v1/late", params, sizeof params / sizeof params[0], show);
}
