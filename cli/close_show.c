/* close_show.c - the quarter's close on the screen: states and steps, and what stands in the way. Kind: E. As everywhere, figures
 * and states are only moved; their words are the aggregator's, the states' names also its (they are the law's). */
#include <stdio.h>
#include <string.h>

#include "cli/close.h"
#include "cli/print.h"
#include "cli/query.h"

const char *close_state_text(const struct cli *c, const char *state)
{
    static const struct { const char *name, *id, *en; } STATES[] = {
        { "terbuka", "terbuka", "open" },
        { "diajukan", "diajukan", "handed in" },
        { "diverifikasi", "diverifikasi", "verified" },
        { "dikonsolidasikan", "dikonsolidasikan", "consolidated" },
        { "dikembalikan", "dikembalikan", "returned" },
        { "dibuka-kembali", "dibuka kembali", "reopened" },
    };
    for (size_t i = 0; i < sizeof STATES / sizeof STATES[0]; i++)
        if (!strcmp(STATES[i].name, state)) return cli_say(c, STATES[i].id, STATES[i].en);
    return state;
}

static void show_csv(const struct cli *c, const json_t *answer)
{
    static const struct print_column columns[] = {
        { "", "", "office", PRINT_TEXT },  { "", "", "quarter", PRINT_TEXT },  { "", "", "state", PRINT_TEXT },
        { "", "", "round", PRINT_TEXT },   { "", "", "by", PRINT_TEXT },       { "", "", "since", PRINT_TEXT },
        { "", "", "reason", PRINT_TEXT },  { "", "", "about", PRINT_TEXT },    { "", "", "changed", PRINT_TEXT },
        { "", "", "blocker", PRINT_TEXT }, { "", "", "code", PRINT_TEXT },     { "", "", "text", PRINT_TEXT },
        { "", "", "todo", PRINT_TEXT },
    };
    struct print *t = print_begin(c, columns, sizeof columns / sizeof columns[0]);
    size_t i;
    json_t *o;
    if (!t) return;
    json_array_foreach(json_object_get(answer, "closes"), i, o)
    {
        const json_t *list = json_object_get(o, "blockers");
        for (size_t k = 0; k == 0 || k < json_array_size(list); k++) { /* a line a blocker, and one where there is none */
            const json_t *b = json_array_get(list, k);
            print_json_cell(t, json_object_get(o, "office"));
            print_json_cell(t, json_object_get(answer, "quarter"));
            for (size_t f = 2; f < 9; f++) print_json_cell(t, json_object_get(o, columns[f].csv));
            print_json_cell(t, json_object_get(b, "kind"));
            for (size_t f = 10; f < 13; f++) print_json_cell(t, json_object_get(b, columns[f].csv));
        }
    }
    print_end(&t);
}

/* ---- what a step came to ---- */

static void tell_office(const struct cli *c, const json_t *answer, const json_t *o)
{
    const char *reason = print_text_of(o, "reason"), *about = print_text_of(o, "about");
    printf("%s %s: %s", print_text_of(o, "office"), print_text_of(answer, "quarter"),
           close_state_text(c, print_text_of(o, "state")));
    if (json_integer_value(json_object_get(o, "round")) > 0)
        printf(" (%s %lld%s%s)", cli_say(c, "putaran", "round"), (long long)json_integer_value(json_object_get(o, "round")),
               print_text_of(o, "by")[0] ? cli_say(c, ", oleh ", ", by ") : "", print_text_of(o, "by"));
    if (reason[0]) printf("; %s%s%s: %s", cli_say(c, "alasan", "reason"), about[0] ? " " : "", about, reason);
    putchar('\n');
}

void close_show_step(const struct cli *c, const char *step, const char *by, json_t *answer)
{
    size_t i;
    json_t *o;
    if (c->format == FORMAT_JSON) {
        json_object_set_new(answer, "step", json_string(step));
        json_object_set_new(answer, "by", json_string(by));
        print_json(json_incref(answer));
    } else if (c->format == FORMAT_CSV) {
        show_csv(c, answer);
    } else {
        json_array_foreach(json_object_get(answer, "closes"), i, o) tell_office(c, answer, o);
    }
}

/* ---- the rehearsal ---- */

static void deadline(const struct cli *c, const json_t *answer, const char *whose, const char *id, const char *en)
{
    const json_t *d = json_object_get(json_object_get(answer, "deadline"), whose);
    long long left = (long long)json_integer_value(json_object_get(d, "working_days_left"));
    printf("%s %s (%s): ", cli_say(c, id, en), print_text_of(d, "date"), print_text_of(answer, "zone"));
    if (left >= 0) printf("%s %lld %s", cli_say(c, "tersisa", "left"), left, cli_say(c, "hari kerja", "working days"));
    else printf("%s %lld %s", cli_say(c, "lewat", "over by"), -left, cli_say(c, "hari kerja", "working days"));
}

static void show_offices(const struct cli *c, const json_t *answer)
{
    static const struct print_column columns[] = {
        { "Kantor", "Office", "office", PRINT_TEXT },     { "Keadaan", "State", "state", PRINT_TEXT },
        { "Putaran", "Round", "round", PRINT_COUNT },     { "Oleh", "By", "by", PRINT_TEXT },
        { "Pagu", "Budget", "budget", PRINT_MONEY },      { "Realisasi", "Realised", "realised", PRINT_MONEY },
        { "Selisih triwulan lalu", "Against last quarter", "difference", PRINT_MONEY },
        { "Penghalang", "Blockers", "blockers", PRINT_COUNT },
    };
    struct print *t = print_begin(c, columns, sizeof columns / sizeof columns[0]);
    size_t i;
    json_t *o;
    if (!t) return;
    json_array_foreach(json_object_get(answer, "closes"), i, o)
    {
        print_json_cell(t, json_object_get(o, "office"));
        print_cell(t, close_state_text(c, print_text_of(o, "state")));
        print_json_cell(t, json_object_get(o, "round"));
        print_json_cell(t, json_object_get(o, "by"));
        print_json_cell(t, json_object_get(json_object_get(o, "total"), "budget"));
        print_json_cell(t, json_object_get(json_object_get(o, "total"), "realised"));
        print_json_cell(t, json_object_get(json_object_get(o, "difference"), "realised"));
        print_json_cell(t, json_object_get(o, "blocker_count"));
    }
    print_end(&t);
}

static void show_blockers(const struct cli *c, const json_t *office)
{
    size_t i;
    json_t *b;
    json_array_foreach(json_object_get(office, "blockers"), i, b)
    {
        const char *code = print_text_of(b, "code"), *where = print_text_of(b, "where");
        printf("%s: %s%s%s\n    %s%s%s\n    -> %s\n", print_text_of(office, "office"), print_text_of(b, "kind"), code[0] ? " " : "",
               code, print_text_of(b, "text"), where[0] ? "; " : "", where, print_text_of(b, "todo"));
    }
    long long more = (long long)json_integer_value(json_object_get(office, "blocker_count")) -
                     (long long)json_array_size(json_object_get(office, "blockers"));
    if (more > 0)
        printf("%s: %s %lld %s\n", print_text_of(office, "office"), cli_say(c, "dan", "and"), more,
               cli_say(c, "lagi (semuanya: --csv atau --json)", "more (all of them: --csv or --json)"));
}

void close_show(const struct cli *c, const json_t *answer)
{
    const char *name = print_text_of(answer, "region_name"), *region = print_text_of(answer, "region");
    size_t i;
    json_t *o;
    if (c->format == FORMAT_JSON) {
        print_json(json_deep_copy(answer));
        return;
    }
    if (c->format == FORMAT_CSV) {
        show_csv(c, answer);
        return;
    }
    printf("%s %s, %s%s%s%s\n", cli_say(c, "Gladi penutupan triwulan", "Rehearsal of the close of"),
           print_text_of(answer, "quarter"), name[0] ? name : region, name[0] ? " (" : "", name[0] ? region : "",
           name[0] ? ")" : "");
    deadline(c, answer, "office", "Batas kantor", "Offices until");
    deadline(c, answer, "city", "; batas wilayah", "; region until");
    putchar('\n');
    show_offices(c, answer);
    json_array_foreach(json_object_get(answer, "closes"), i, o) show_blockers(c, o);
    long long n = (long long)json_integer_value(json_object_get(answer, "blocker_count"));
    if (json_is_true(json_object_get(answer, "ready")))
        printf("%s\n", cli_say(c, "Tidak ada penghalang: triwulan ini dapat dikonsolidasikan", "Nothing stands in the way"));
    else printf("%s: %lld %s\n", cli_say(c, "Belum dapat dikonsolidasikan", "Cannot be consolidated yet"), n,
                cli_say(c, "penghalang", "blockers"));
    query_as_of(c, answer);
}
