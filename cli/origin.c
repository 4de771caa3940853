/* origin.c - see origin.h. Kind: E.
 *
 * The answer is walked once for its statements (objects with office, sequence and epoch), the collector is asked for all of them
 * in one request, at most ASKED_MAX; those beyond it go without. */
#include "cli/origin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASKED_MAX = 256, ORIGIN_ASK_MS = 2000 };
struct asked {
    json_t *at[ASKED_MAX];              /* statements of the answer, borrowed */
    size_t n;
};

static void walk(json_t *at, struct asked *a)
{
    const char *name;
    json_t *v;
    size_t i;
    bool statement = json_is_string(json_object_get(at, "office")) && json_is_integer(json_object_get(at, "sequence")) &&
                     json_is_string(json_object_get(at, "epoch"));
    if (statement && a->n < ASKED_MAX) a->at[a->n++] = at;
    json_array_foreach(at, i, v) walk(v, a);
    json_object_foreach(at, name, v) walk(v, a);
}

static char *request_of(const struct asked *a)
{
    json_t *list = json_array(), *o = json_pack("{s:s,s:o}", "verb", "origin", "statements", list);
    for (size_t i = 0; i < a->n; i++) {
        json_t *one = json_object();
        json_object_set(one, "office", json_object_get(a->at[i], "office"));
        json_object_set(one, "sequence", json_object_get(a->at[i], "sequence"));
        json_object_set(one, "epoch", json_object_get(a->at[i], "epoch"));
        json_array_append_new(list, one);
    }
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    return text;
}

void origin_put(const struct place *p, json_t *answer)
{
    struct asked a = { .n = 0 };
    json_t *known = NULL;
    walk(answer, &a);
    char *request = a.n ? request_of(&a) : NULL;
    if (request && place_ask(p, "collector", request, ORIGIN_ASK_MS, &known) == ST_OK) {
        const json_t *list = json_object_get(known, "origins");
        for (size_t i = 0; i < a.n; i++) {
            json_t *o = json_array_get(list, i);
            if (json_is_object(o)) json_object_set(a.at[i], "origin", o);
        }
    }
    free(request);
    json_decref(known);
}

void origin_text(const json_t *statement, char *ret, size_t size)
{
    const json_t *o = json_object_get(statement, "origin");
    const char *file = json_string_value(json_object_get(o, "file"));
    const char *sheet = json_string_value(json_object_get(o, "sheet")), *hash = json_string_value(json_object_get(o, "hash"));
    long long line = (long long)json_integer_value(json_object_get(o, "line"));
    size_t n = strlen(ret);
    if (!file || line <= 0) return;
    snprintf(ret + n, size - n, "%s%s%s%s:%lld", n ? "; " : "", file, sheet ? ", " : "", sheet ? sheet : "", line);
    n = strlen(ret);
    if (hash) snprintf(ret + n, size - n, " (SHA-256 %.16s)", hash);
}
