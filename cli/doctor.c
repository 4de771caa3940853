/* doctor.c - `rekap doctor`: what is wrong with this installation, and the command that mends it. Kind: E.
 *
 * Every check looks for itself and none stops the others: with all daemons stopped the files are still judged, and with a broken
 * file the daemons are still asked. Nothing is changed. A check is a line with a state; only GAGAL makes the exit code 1, because a
 * warning is something to plan for.
 *
 * Invariant: a line that is not OK says what to do. */
#include "cli/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli/print.h"

enum { ASK_MS = 2000, LAG_WARN = 10000, MAP_WARN_PERCENT = 90 };
static const uint64_t FREE_FAIL = UINT64_C(64) << 20, FREE_WARN = UINT64_C(1) << 30;

void doctor_note(struct doctor *d, const char *check, enum doctor_state state, const char *text, const char *fix)
{
    static const char *const states[] = { "ok", "warn", "fail" };
    json_t *o = json_object(), *t = json_string(text);
    json_object_set_new(o, "check", json_string(check));
    json_object_set_new(o, "state", json_string(states[state]));
    json_object_set_new(o, "text", t ? t : json_string("?"));
    t = json_string(fix);
    json_object_set_new(o, "fix", t ? t : json_string("?"));
    json_array_append_new(d->checks, o);
    d->failed |= state == DOCTOR_FAIL;
}

/* ---- DIR and disk ---- */

/* Neither configuration nor keys: somebody named another directory, and has nothing to restore. */
static bool installed(const char *dir)
{
    char etc[PLACE_PATH_MAX], keys[PLACE_PATH_MAX];
    int n = snprintf(etc, sizeof etc, "%s/etc", dir);
    snprintf(keys, sizeof keys, "%s/keys", dir);
    return n < 0 || (size_t)n >= sizeof etc || access(etc, F_OK) == 0 || access(keys, F_OK) == 0;
}

static bool directory(struct doctor *d)
{
    char fix[DOCTOR_TEXT_MAX], text[DOCTOR_TEXT_MAX];
    struct stat sb;
    bool there = stat(d->c->dir, &sb) == 0 && S_ISDIR(sb.st_mode);
    bool writable = there && access(d->c->dir, R_OK | W_OK | X_OK) == 0, empty = writable && !installed(d->c->dir);
    snprintf(text, sizeof text, "%s%s", d->c->dir,
             empty ? cli_say(d->c, ": bukan instalasi rekap", ": no installation of rekap") : "");
    if (there && !empty) snprintf(fix, sizeof fix, "chown %lu %s", (unsigned long)geteuid(), d->c->dir);
    else snprintf(fix, sizeof fix, "rekap up --dir %s", d->c->dir);
    bool ok = writable && !empty;
    doctor_note(d, "dir", ok ? DOCTOR_OK : DOCTOR_FAIL, text, ok ? "" : fix);
    return there && !empty;
}

static void disk(struct doctor *d)
{
    struct statvfs v;
    char text[DOCTOR_TEXT_MAX];
    if (statvfs(d->p.dir, &v) != 0) return;
    uint64_t room = (uint64_t)v.f_bavail * v.f_frsize;
    snprintf(text, sizeof text, "%llu MiB %s", (unsigned long long)(room >> 20), cli_say(d->c, "kosong", "free"));
    enum doctor_state state = room < FREE_FAIL ? DOCTOR_FAIL : room < FREE_WARN ? DOCTOR_WARN : DOCTOR_OK;
    doctor_note(d, "disk", state, text, state == DOCTOR_OK ? "" : cli_say(d->c, "kosongkan disk atau pindahkan DIR",
                                                                          "make room on the disk or move DIR"));
}

/* ---- configuration ---- */

static void config(struct doctor *d)
{
    char path[PLACE_PATH_MAX], check[64], fix[DOCTOR_TEXT_MAX];
    for (unsigned i = 0; i < config_count(&d->p); i++) {
        struct buf errors;
        buf_init(&errors, CONFIG_ERRORS_MAX);
        snprintf(check, sizeof check, "config.%s", config_file(&d->p, i, path));
        int st = config_load(&d->p, i, &d->conf[i], &errors);
        if (errors.n && errors.p[errors.n - 1] == '\n') errors.n--;
        buf_u8(&errors, 0);
        snprintf(fix, sizeof fix, "$EDITOR %s; rekap config show --dir %s", path, d->p.dir);
        bool said = st != ST_OK && buf_ok(&errors);
        doctor_note(d, check, st == ST_OK ? DOCTOR_OK : DOCTOR_FAIL, said ? (const char *)errors.p : path, st == ST_OK ? "" : fix);
        buf_done(&errors);
    }
}

/* ---- daemons ---- */

static void map_room(struct doctor *d, const char *daemon, const json_t *said)
{
    char check[64], text[128], fix[DOCTOR_TEXT_MAX];
    const json_t *store = json_object_get(said, "store");
    json_int_t used = json_integer_value(json_object_get(store, "used")), size = json_integer_value(json_object_get(store, "size"));
    if (size <= 0) return;
    bool full = used / MAP_WARN_PERCENT >= size / 100;
    snprintf(check, sizeof check, "map.%s", daemon);
    snprintf(text, sizeof text, "%lld / %lld MiB", (long long)(used >> 20), (long long)(size >> 20));
    snprintf(fix, sizeof fix, "%s: %s.map (etc/%s.conf)", cli_say(d->c, "perbesar", "enlarge"), daemon, daemon);
    doctor_note(d, check, full ? DOCTOR_WARN : DOCTOR_OK, text, full ? fix : "");
}

static void daemons(struct doctor *d)
{
    char path[PLACE_PATH_MAX], check[64], fix[DOCTOR_TEXT_MAX];
    snprintf(fix, sizeof fix, "rekap up --dir %s", d->p.dir);
    for (unsigned i = 0; i < config_count(&d->p); i++) {
        const char *daemon = config_file(&d->p, i, path);
        snprintf(check, sizeof check, "daemon.%s", daemon);
        if (place_ask(&d->p, daemon, "{\"verb\":\"status\"}", ASK_MS, &d->daemon[i]) != ST_OK) {
            doctor_note(d, check, DOCTOR_FAIL, cli_say(d->c, "tidak menjawab", "does not answer"), fix);
            continue;
        }
        const char *version = print_text_of(d->daemon[i], "version");
        bool same = !strcmp(version, REKAP_VERSION);
        doctor_note(d, check, same ? DOCTOR_OK : DOCTOR_WARN, version,
                    same ? "" : cli_say(d->c, "versi lain; hentikan lalu jalankan lagi rekap up",
                                        "another version; stop and start rekap up again"));
        map_room(d, daemon, d->daemon[i]);
    }
}

static void lag(struct doctor *d)
{
    size_t i;
    json_t *w;
    char check[64], text[128], fix[DOCTOR_TEXT_MAX];
    snprintf(fix, sizeof fix, "tail %s/log/aggregator.log; rekap status --dir %s", d->p.dir, d->p.dir);
    json_array_foreach(json_object_get(d->daemon[CONFIG_AGGREGATOR], "workers"), i, w)
    {
        json_int_t applied = json_integer_value(json_object_get(w, "applied")),
                   head = json_integer_value(json_object_get(w, "head"));
        bool up = json_is_true(json_object_get(w, "up"));
        enum doctor_state state = !up ? DOCTOR_FAIL : head - applied > LAG_WARN ? DOCTOR_WARN : DOCTOR_OK;
        snprintf(check, sizeof check, "lag.%.20s", print_text_of(w, "worker"));
        snprintf(text, sizeof text, "%lld / %lld%s", (long long)applied, (long long)head,
                 up ? "" : cli_say(d->c, "; tidak tersambung ke worker", "; not connected to the worker"));
        doctor_note(d, check, state, text, state == DOCTOR_OK ? "" : fix);
    }
}

/* How much lies on one disk only; the time of the last archive is not recorded, its position is. */
static void archive(struct doctor *d)
{
    char text[128], fix[DOCTOR_TEXT_MAX];
    const json_t *w = d->daemon[CONFIG_WORKER];
    if (!w) return;
    long long behind =
        (long long)(json_integer_value(json_object_get(w, "lsn")) - json_integer_value(json_object_get(w, "archived")));
    snprintf(text, sizeof text, "%lld %s", behind, cli_say(d->c, "catatan belum diarsipkan", "records are not archived"));
    snprintf(fix, sizeof fix, "rekap backup --dir %s -o /mnt/cadangan/BARU && rekap archive /mnt/cadangan/BARU --dir %s", d->p.dir,
             d->p.dir);
    doctor_note(d, "archive", behind > 0 ? DOCTOR_WARN : DOCTOR_OK, text, behind > 0 ? fix : "");
}

/* ---- the report ---- */

static void paint(const struct cli *c, const json_t *o)
{
    const char *state = print_text_of(o, "state"), *fix = print_text_of(o, "fix");
    bool ok = !strcmp(state, "ok"), fail = !strcmp(state, "fail"), fancy = cli_fancy(STDOUT_FILENO);
    const char *word = ok ? "OK" : fail ? cli_say(c, "GAGAL", "FAIL") : cli_say(c, "PERINGATAN", "WARN");
    printf("%s%-10s%s %-24s ", fancy ? (ok ? "\033[32m" : fail ? "\033[31m" : "\033[33m") : "", word, fancy ? "\033[0m" : "",
           print_text_of(o, "check"));
    for (const char *t = print_text_of(o, "text"); *t; t++) {
        if (*t == '\n') fputs("; ", stdout);
        else putchar(*t);
    }
    printf("%s%s\n", *fix ? cli_say(c, " -> ", " -> ") : "", fix);
}

static void output(struct doctor *d)
{
    static const struct print_column columns[] = {
        { "", "", "check", PRINT_TEXT },
        { "", "", "state", PRINT_TEXT },
        { "", "", "text", PRINT_TEXT },
        { "", "", "fix", PRINT_TEXT },
    };
    size_t i;
    json_t *o;
    if (d->c->format == FORMAT_JSON) {
        print_json(json_pack("{s:b,s:O}", "ok", (int)!d->failed, "checks", d->checks));
        return;
    }
    struct print *t = d->c->format == FORMAT_CSV ? print_begin(d->c, columns, 4) : NULL;
    json_array_foreach(d->checks, i, o)
    {
        if (!t) paint(d->c, o);
        else
            for (size_t k = 0; k < 4; k++) print_json_cell(t, json_object_get(o, columns[k].csv));
    }
    if (t) print_end(&t);
}

int doctor_run(struct cli *c)
{
    struct doctor d = { .c = c, .checks = json_array() };
    if (directory(&d) && place_find(c, &d.p) == EXIT_OK) {
        disk(&d);
        config(&d);
        doctor_keys(&d);
        doctor_register(&d);
        doctor_clock(&d);
        daemons(&d);
        doctor_line(&d);
        if (!d.p.office) lag(&d);
        if (!d.p.office) archive(&d);
    }
    output(&d);
    for (unsigned i = 0; i < CONFIG_FILES; i++) {
        conf_free(&d.conf[i]);
        json_decref(d.daemon[i]);
    }
    json_decref(d.checks);
    return d.failed ? EXIT_FAILED : EXIT_OK;
}
