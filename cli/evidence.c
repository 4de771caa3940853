/* evidence.c - see evidence.h. Kind: E.
 *
 * An answer names documents wherever a statement stands in it, whatever the question was; so the check walks the whole answer
 * and looks for members `evidence`. It says what the answer shows, nothing else: a statement that is not in it is not judged. */
#include "cli/evidence.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/print.h"
#include "proto/conf.h"
#include "proto/sign_sha256.h"

static void name_of(const char *path, char ret[EVIDENCE_NAME_MAX + 1])
{
    const char *slash = strrchr(path, '/');
    snprintf(ret, EVIDENCE_NAME_MAX + 1, "%s", slash && slash[1] ? slash + 1 : path);
    for (size_t n = strlen(ret); n && !bytes_utf8_ok(ret, n); n--) ret[n - 1] = '\0';
    if (!ret[0]) snprintf(ret, EVIDENCE_NAME_MAX + 1, "bukti");
}

int evidence_read(const struct cli *c, struct evidence *ret)
{
    const char *path = c->value[OPT_EVIDENCE];
    struct buf b;
    *ret = (struct evidence){ .given = path != NULL };
    if (!path) return EXIT_OK;
    buf_init(&b, EVIDENCE_BYTES_MAX);
    int st = conf_file_read(path, EVIDENCE_BYTES_MAX, &b);
    if (st == ST_OK && b.n > 0) {
        const struct slice whole = buf_slice(&b);
        ret->hash = sign_sha256(&whole, 1);
        bytes_hex(ret->hash.b, HASH_SIZE, ret->hex);
        name_of(path, ret->name);
    }
    bool empty = st == ST_OK && b.n == 0;
    buf_done(&b);
    if (empty) return cli_fail(c, "berkas bukti kosong", "the document is an empty file", path);
    if (st == ST_OK) return EXIT_OK;
    char what[600];
    snprintf(what, sizeof what, "%s: %s", path, st == ST_FULL ? "> 1 GiB" : st == ST_NO_MEMORY ? status_str(st) : strerror(errno));
    return cli_fail(c, "berkas bukti tidak dapat dibaca", "the document cannot be read", what);
}

/* ---- holding a file against an answer ---- */

static void add_match(const json_t *statement, const json_t *document, json_t *list)
{
    static const char *const NAMES[] = { "name", "later", "worker", "lsn", "index", "committed_at" };
    json_t *o = json_object(), *old;
    size_t i;
    json_object_set(o, "office", json_object_get(statement, "office"));
    json_object_set(o, "sequence", json_object_get(statement, "sequence"));
    for (i = 0; i < sizeof NAMES / sizeof *NAMES; i++) json_object_set(o, NAMES[i], json_object_get(document, NAMES[i]));
    bool known = false;
    json_array_foreach(list, i, old) known |= json_equal(old, o);
    if (!known) json_array_append(list, o);
    json_decref(o);
}

/* The depth of an answer is ours, and small. */
static void walk(const struct evidence *e, json_t *at, json_t *list)
{
    const char *name;
    json_t *v;
    size_t i;
    json_array_foreach(at, i, v) walk(e, v, list);
    json_object_foreach(at, name, v)
    {
        if (strcmp(name, "evidence") != 0) {
            walk(e, v, list);
            continue;
        }
        json_t *document;
        json_array_foreach(v, i, document) if (!strcmp(print_text_of(document, "sha256"), e->hex)) add_match(at, document, list);
    }
}

bool evidence_match(const struct evidence *e, json_t *answer)
{
    json_t *list = json_array();
    walk(e, answer, list);
    bool found = json_array_size(list) > 0;
    json_object_set_new(answer, "evidence_check",
                        json_pack("{s:s,s:s,s:b,s:o}", "file", e->name, "sha256", e->hex, "matches", (int)found, "statements",
                                  list));
    return found;
}

int evidence_say(const struct cli *c, const struct evidence *e, const json_t *answer)
{
    const json_t *check = json_object_get(answer, "evidence_check"), *list = json_object_get(check, "statements");
    size_t n = json_array_size(list);
    if (n == 0) {
        cli_talk(c, "bukti TIDAK cocok: tidak ada pernyataan di sini yang membawa %s (SHA-256 %s)",
                 "the document does NOT fit: no statement here carries %s (SHA-256 %s)", e->name, e->hex);
        return EXIT_FAILED;
    }
    if (c->format == FORMAT_TEXT)
        printf("%s %s (SHA-256 %s), %zu %s; %s #%lld, %s\n", cli_say(c, "Bukti cocok:", "The document fits:"), e->name, e->hex, n,
               cli_say(c, "pernyataan", n == 1 ? "statement" : "statements"), print_text_of(json_array_get(list, 0), "office"),
               (long long)json_integer_value(json_object_get(json_array_get(list, 0), "sequence")),
               print_text_of(json_array_get(list, 0), "committed_at"));
    return EXIT_OK;
}

void evidence_text(const struct cli *c, const json_t *statement, char *ret, size_t size)
{
    json_t *list = json_object_get(statement, "evidence"), *o;
    size_t i;
    json_array_foreach(list, i, o)
    {
        size_t n = strlen(ret);
        const char *name = print_text_of(o, "name");
        snprintf(ret + n, size - n, "%s%s %s%s%.16s", n ? "; " : "", cli_say(c, "bukti", "evidence"), name, name[0] ? " " : "",
                 print_text_of(o, "sha256"));
    }
}
