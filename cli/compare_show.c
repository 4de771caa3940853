/* compare_show.c - how `rekap compare` is printed: what is not the same, since when, and what stands in the way. Kind: E.
 *
 * Invariant: whatever is shown of the centre is shown with the time at which it said so. */
#include <stdio.h>
#include <string.h>

#include "cli/compare.h"
#include "cli/print.h"

static const char *state_text(const struct cli *c, const char *state)
{
    static const struct { const char *state, *id, *en; } TEXTS[] = {
        { "same", "sama", "same" },           { "differs", "berbeda", "differs" },
        { "waiting", "menunggu pusat", "waiting for the centre" }, { "here", "hanya di sini", "only here" },
        { "there", "hanya di pusat", "only there" }, { "unknown", "pusat belum pernah ditanya", "the centre was never asked" },
    };
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++)
        if (!strcmp(TEXTS[i].state, state)) return cli_say(c, TEXTS[i].id, TEXTS[i].en);
    return state;
}

static void show_rows(const struct cli *c, const json_t *rows, bool all)
{
    static const struct print_column columns[] = {
        { "Kode", "Code", "code", PRINT_TEXT },
        { "Pagu di sini", "Budget here", "budget", PRINT_MONEY },
        { "di pusat", "at the centre", "centre_budget", PRINT_MONEY },
        { "Realisasi di sini", "Realised here", "realised", PRINT_MONEY },
        { "di pusat", "at the centre", "centre_realised", PRINT_MONEY },
        { "Keadaan", "State", "state", PRINT_TEXT },
    };
    struct print *t = print_begin(c, columns, sizeof columns / sizeof columns[0]);
    size_t i;
    json_t *o;
    json_array_foreach(rows, i, o)
    {
        const json_t *own = json_object_get(o, "own"), *centre = json_object_get(o, "centre");
        const char *state = print_text_of(o, "state"), *code = print_text_of(o, "code");
        if (!t || (!all && !strcmp(state, "same") && strcmp(code, "total") != 0)) continue;
        print_cell(t, code);
        print_json_cell(t, json_object_get(own, "budget"));
        print_json_cell(t, json_object_get(centre, "budget"));
        print_json_cell(t, json_object_get(own, "realised"));
        print_json_cell(t, json_object_get(centre, "realised"));
        print_cell(t, c->format == FORMAT_CSV ? state : state_text(c, state));
    }
    if (t) print_end(&t);
}

static void show_centre(const struct compare *k, const json_t *answer)
{
    const json_t *centre = json_object_get(answer, "centre"), *blockers = json_object_get(centre, "blockers");
    const json_t *deadline = json_object_get(json_object_get(centre, "deadline"), "office");
    const char *asked = print_text_of(centre, "asked_at");
    size_t i;
    json_t *o;
    if (k->reached) printf("%s %s\n", cli_say(k->c, "pusat ditanya", "the centre was asked"), asked);
    else printf("%s (%s)", cli_say(k->c, "pusat tidak dapat ditanya", "the centre cannot be asked"), k->why);
    if (!k->reached && k->centre) printf("; %s %s", cli_say(k->c, "terakhir diketahui", "last known"), asked);
    if (!k->reached) putchar('\n');
    if (*print_text_of(deadline, "date"))
        printf("%s: %s %s\n", print_text_of(centre, "quarter"), cli_say(k->c, "tenggat kantor", "the office's deadline"),
               print_text_of(deadline, "date"));
    json_array_foreach(blockers, i, o)
        printf("- %s%s%s\n  %s\n", print_text_of(o, "code"), *print_text_of(o, "code") ? ": " : "", print_text_of(o, "text"),
               print_text_of(o, "todo"));
}

void compare_show(const struct compare *k, json_t *answer)
{
    const struct cli *c = k->c;
    if (c->format == FORMAT_JSON) {
        print_json(answer);
        return;
    }
    show_rows(c, json_object_get(answer, "rows"), c->format == FORMAT_CSV);
    if (c->format == FORMAT_TEXT) {
        printf("%lld/%zu %s\n", (long long)json_integer_value(json_object_get(answer, "differs")),
               json_array_size(json_object_get(answer, "rows")), cli_say(c, "angka belum sama", "figures are not the same"));
        show_centre(k, answer);
    }
    json_decref(answer);
}
