/* config.c - `rekap config show`: the configuration that is in force, key by key, and where each value comes from. Kind: E.
 *
 * What a daemon does without being told is as much its configuration as what stands in its file, so every row of the daemons'
 * tables is shown, defaults with `bawaan` for their origin. A file with a fault has no values: its faults are said as `--check`
 * says them, and the other files are shown all the same.
 *
 * Invariant: keys are named by their files; a value that looks like a key itself is never printed. */
#include "cli/config.h"

#include <stdio.h>
#include <string.h>

#include "aggregator/options.h"
#include "cli/print.h"
#include "collector/options.h"
#include "worker/options.h"

static const struct { const char *daemon; const struct conf_start *start; } FILES[CONFIG_FILES] = {
    { "collector", &options_collector },
    { "worker", &options_worker },
    { "aggregator", &options_aggregator },
};

unsigned config_count(const struct place *p) { return p->office ? 1 : CONFIG_FILES; }

const char *config_file(const struct place *p, unsigned i, char ret_path[PLACE_PATH_MAX])
{
    char below[64];
    snprintf(below, sizeof below, "etc/%s.conf", FILES[i].daemon);
    place_path(p, below, ret_path);
    return FILES[i].daemon;
}

int config_load(const struct place *p, unsigned i, struct conf **ret, struct buf *errors)
{
    char path[PLACE_PATH_MAX];
    (void)config_file(p, i, path);
    int st = conf_start_load(FILES[i].start, path, ret, errors);
    if (st != ST_OK && errors->n == 0) buf_printf(errors, "%s: %s\n", path, status_str(st));
    return st;
}

/* ---- rekap config show ---- */

struct show {
    const struct cli *c;
    json_t *rows;
    struct buf errors;
};

static void add_row(const struct show *s, const char *daemon, const char *path, const struct conf_item *i)
{
    char origin[PLACE_PATH_MAX + 32];
    const char *value = i->secret ? "(rahasia)" : i->value;
    json_t *o = json_pack("{s:s,s:s,s:s?}", "daemon", daemon, "key", i->name, "value", value);
    json_array_append_new(s->rows, o);
    if (!s->c->value[OPT_ORIGIN]) return;
    if (i->line) snprintf(origin, sizeof origin, "%s:%zu", path, i->line);
    else snprintf(origin, sizeof origin, "%s", cli_say(s->c, "bawaan", "default"));
    json_object_set_new(o, "origin", json_string(origin));
    json_object_set_new(o, "file", i->line ? json_string(path) : json_null());
    json_object_set_new(o, "line", i->line ? json_integer((json_int_t)i->line) : json_null());
}

/* true: the file has no fault */
static bool add_file(struct show *s, const struct place *p, unsigned i)
{
    char path[PLACE_PATH_MAX], number[40];
    struct conf *conf = NULL;
    struct conf_item item;
    const char *daemon = config_file(p, i, path);
    struct buf errors;
    buf_init(&errors, CONFIG_ERRORS_MAX);
    int st = config_load(p, i, &conf, &errors);
    for (size_t k = 0; st == ST_OK && conf_item(conf, k, number, &item); k++) add_row(s, daemon, path, &item);
    buf_put(&s->errors, errors.p, errors.n);
    buf_done(&errors);
    conf_free(&conf);
    return st == ST_OK;
}

static json_t *lines_json(struct slice text)
{
    json_t *list = json_array();
    while (text.n) {
        const uint8_t *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        json_array_append_new(list, json_stringn((const char *)text.p, n));
        text = end ? slice_of(end + 1, text.n - n - 1) : slice_of(text.p + n, 0);
    }
    return list;
}

/* One table; its heading in text also tells daemons apart, because names of keys begin with them, except those of the log. */
static void table(const struct show *s)
{
    static const struct print_column columns[] = {
        { "Layanan", "Service", "daemon", PRINT_TEXT },
        { "Kunci", "Key", "key", PRINT_TEXT },
        { "Isi", "Value", "value", PRINT_TEXT },
        { "Asal", "Origin", "origin", PRINT_TEXT },
    };
    size_t n = s->c->value[OPT_ORIGIN] ? 4 : 3, i;
    struct print *t = print_begin(s->c, columns, n);
    json_t *o;
    if (!t) return;
    json_array_foreach(s->rows, i, o) for (size_t k = 0; k < n; k++) print_json_cell(t, json_object_get(o, columns[k].csv));
    print_end(&t);
}

int config_run(struct cli *c)
{
    struct place p;
    struct show s = { .c = c };
    bool ok = true;
    if (strcmp(c->operand[0], "show") && strcmp(c->operand[0], "tampilkan"))
        return cli_usage(c, "yang ada: rekap config show", "there is: rekap config show", c->operand[0]);
    int rc = place_find(c, &p);
    if (rc != EXIT_OK) return rc;
    s.rows = json_array();
    buf_init(&s.errors, CONFIG_FILES * CONFIG_ERRORS_MAX);
    for (unsigned i = 0; i < config_count(&p); i++) ok = add_file(&s, &p, i) && ok;
    if (c->format == FORMAT_JSON)
        print_json(json_pack("{s:s,s:b,s:O,s:o}", "dir", p.dir, "ok", (int)ok, "config", s.rows, "errors",
                             lines_json(buf_slice(&s.errors))));
    else table(&s);
    if (s.errors.n) fwrite(s.errors.p, 1, s.errors.n, stderr);
    json_decref(s.rows);
    buf_done(&s.errors);
    return ok ? EXIT_OK : EXIT_FAILED;
}
