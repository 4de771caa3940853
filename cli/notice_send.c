/* notice_send.c - `rekap notices --deliver`: digests as files, and the administrator's command for what is new. Kind: E.
 *
 * A run is idempotent: it computes what stands, writes OFFICE.txt and OFFICE.json of each office whose digest is another than the
 * file, and compares the ids of the notices with those the command was given last (.sent/OFFICE.json). Where they differ there is
 * an event, whatever happened in between: nothing can be lost by a run that did not take place, and a run that finds nothing new
 * does nothing.
 *
 * An attempt is on the disk before the command runs, its success after it. So a machine that dies in between gives the event once
 * more, with the same id (a hash of office, the number of the event and the ids of its notices), and one whose disk is full gives
 * none at all: a command that cannot be remembered would be repeated for ever. Failed attempts wait twice as long each time, up to
 * an hour, and end after `attempts`; when the notices change, it is another event and begins anew. After an event there is none
 * about the same office for `quiet`. A command that failed three times in a row in one run is not called again in it.
 *
 * One run at a time (.lock). A run that finds log position, hour, lists and configuration as the last one left them, and nothing
 * waiting, asks for nothing more. Invariant: this process holds nobody up but itself; the aggregator only answers questions. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/notice.h"
#include "cli/print.h"
#include "proto/clock.h"
#include "proto/period.h"
#include "proto/sign.h"

enum {
    NOTICE_PATH_MAX = PLACE_PATH_MAX + 300,
    STATE_BYTES_MAX = 64 << 20,
    FAILURES_MAX = 3,
    HOUR_MS = 3600 * 1000,
    EVENT_BYTES = 8
};
static const struct conf_option OPTIONS[] = {
    { "notice.on_event", CONF_TEXT, false, "", 0, 0, "command for each office with something new: path and words; empty = none" },
    { "notice.timeout", CONF_DURATION, false, "30s", 100 * 1000, INT64_C(600) * 1000000, "the command is ended after this time" },
    { "notice.attempts", CONF_COUNT, false, "8", 1, 100, "how often one event is tried" },
    { "notice.retry", CONF_DURATION, false, "1m", 1000, INT64_C(3600) * 1000000, "wait after the first failure; doubles" },
    { "notice.quiet", CONF_DURATION, false, "15m", 0, INT64_C(604800) * 1000000, "between two events of one office" },
    { "notice.every", CONF_DURATION, false, "1m", 1000000, INT64_C(86400) * 1000000, "how often rekap up looks" },
    { "notice.lang", CONF_TEXT, false, "id", 0, 0, "language of digests: id or en" },
    { "notice.directory", CONF_PATH, false, "", 0, 0, "where digests are written; empty = DIR/notice" },
    { "notice.http", CONF_TEXT, false, "", 0, 0, "address of the aggregator; empty = that of DIR" },
};

struct delivery {
    struct cli c; /* in the language of the digests */
    struct place p;
    bool placed; /* there is a DIR */
    struct conf *conf;
    char conf_path[PLACE_PATH_MAX], directory[PLACE_PATH_MAX];
    int lock;
    int64_t now; /* wall ms */
    json_t *offices; /* id: office with its notices */
    char mark[256];  /* what this run rests on */
    unsigned notices, waiting, failures, written, told;
    json_t *failing;
    int64_t next; /* the earliest time something waits for; 0: nothing does */
    bool failed, broken; /* broken: a file could not be written */
};

int notice_conf_read(const char *path, struct conf **ret, struct buf *errors)
{
    struct buf text;
    buf_init(&text, 64 << 10);
    int st = conf_file_read(path, 64 << 10, &text);
    if (st == ST_NOT_FOUND) st = ST_OK;
    if (st != ST_OK) buf_printf(errors, "%s: %s\n", path, status_str(st));
    if (st == ST_OK) st = conf_parse(OPTIONS, sizeof OPTIONS / sizeof OPTIONS[0], path, buf_slice(&text), ret, errors);
    buf_done(&text);
    return st;
}

/* ---- files ---- */

static void path_of(const struct delivery *d, const char *below, const char *name, const char *tail, char ret[NOTICE_PATH_MAX])
{
    snprintf(ret, NOTICE_PATH_MAX, "%s/%s%.260s%s", d->directory, below, name, tail);
}

static int complain(struct delivery *d, const char *path)
{
    cli_talk(&d->c, "%s: %s", "%s: %s", path, strerror(errno));
    d->failed = d->broken = true;
    return ST_IO;
}

/* Writes a file when it is not what it should be, and counts it; count may be NULL. */
static int put_file(struct delivery *d, const char *path, struct slice bytes, unsigned *count)
{
    struct buf is;
    buf_init(&is, STATE_BYTES_MAX);
    int st = conf_file_read(path, STATE_BYTES_MAX, &is);
    bool same = st == ST_OK && is.n == bytes.n && (is.n == 0 || !memcmp(is.p, bytes.p, is.n));
    buf_done(&is);
    if (same) return ST_OK;
    if (conf_file_write(path, bytes, 0600) != ST_OK) return complain(d, path);
    if (count) ++*count;
    return ST_OK;
}

static int put_json(struct delivery *d, const char *path, const json_t *o, unsigned *count)
{
    char *text = json_dumps(o, JSON_INDENT(1) | JSON_SORT_KEYS);
    if (!text) return ST_NO_MEMORY;
    int st = put_file(d, path, slice_of(text, strlen(text)), count);
    free(text);
    return st;
}

/* NULL: there is none, or it cannot be read; then it counts as never written. */
static json_t *get_json(const char *path)
{
    struct buf b;
    buf_init(&b, STATE_BYTES_MAX);
    json_t *o = conf_file_read(path, STATE_BYTES_MAX, &b) == ST_OK ? json_loadb((const char *)b.p, b.n, 0, NULL) : NULL;
    buf_done(&b);
    return o;
}

json_t *notice_state(const char *directory)
{
    char path[PLACE_PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/.state.json", directory);
    return n > 0 && (size_t)n < sizeof path ? get_json(path) : NULL;
}

/* ---- asking ---- */

static int parse_answer(struct delivery *d, struct ask_answer *a, json_t **ret)
{
    json_error_t e;
    *ret = a->status == 200 ? json_loadb(a->body, a->n, JSON_REJECT_DUPLICATES, &e) : NULL;
    int status = a->status;
    free(a->body);
    if (*ret) return EXIT_OK;
    cli_talk(&d->c, "aggregator menjawab %d", "the aggregator answered %d", status);
    return EXIT_FAILED;
}

static int fetch(struct delivery *d, const char *path, const char *region, json_t **ret)
{
    const struct ask_param params[] = { { "region", region }, { "lang", d->c.lang == LANG_EN ? "en" : NULL } };
    const char *http = conf_text(d->conf, "notice.http");
    struct ask_answer a = { 0 };
    struct buf target;
    buf_init(&target, 64 << 10);
    ask_target(&target, path, params, sizeof params / sizeof params[0]);
    int st = !buf_ok(&target) ? ST_NO_MEMORY
             : http[0]        ? ask_get(http, (const char *)target.p, ASK_TIMEOUT_MS, &a)
                              : ask_own(&d->p, (const char *)target.p, ASK_TIMEOUT_MS, &a);
    buf_done(&target);
    if (st == ST_OK) return parse_answer(d, &a, ret);
    return cli_fail(&d->c, "aggregator tidak menjawab", "the aggregator does not answer", status_str(st));
}

static int64_t changed_at(const struct delivery *d, const char *below)
{
    char path[PLACE_PATH_MAX];
    struct stat sb;
    place_path(&d->p, below, path);
    return d->placed && stat(path, &sb) == 0 ? (int64_t)sb.st_mtim.tv_sec * 1000 + sb.st_mtim.tv_nsec / 1000000 : 0;
}

/* What a run rests on: log position, register, hour, lists of rules, configuration. */
static int read_mark(struct delivery *d)
{
    static const char *const LISTS[] = { "registry/penutupan.csv", "registry/aturan.csv", "registry/skala.csv",
                                         "registry/satuan.csv", "registry/padanan.csv" };
    json_t *answer = NULL;
    int64_t lists = 0;
    struct buf b;
    int rc = fetch(d, "/api/v1/status", NULL, &answer);
    if (rc != EXIT_OK) return rc;
    char *at = json_dumps(json_object_get(json_object_get(answer, "as_of"), "position"), JSON_COMPACT | JSON_SORT_KEYS);
    for (size_t i = 0; i < sizeof LISTS / sizeof LISTS[0]; i++) lists += changed_at(d, LISTS[i]);
    buf_init(&b, 256 << 10);
    conf_print(d->conf, false, &b);
    const struct hash h = sign_hash(b.p, b.n);
    snprintf(d->mark, sizeof d->mark, "%.120s %lld %lld %lld %02x%02x%02x%02x", at ? at : "?",
             (long long)json_integer_value(json_object_get(answer, "registry_version")), (long long)(d->now / HOUR_MS),
             (long long)lists, h.b[0], h.b[1], h.b[2], h.b[3]);
    buf_done(&b);
    free(at);
    json_decref(answer);
    return EXIT_OK;
}

/* Every active office, without notices yet; *ret: the regions of those that report. */
static int read_offices(struct delivery *d, json_t *regions)
{
    json_t *answer = NULL, *o;
    size_t i;
    int rc = fetch(d, "/api/v1/offices", NULL, &answer);
    json_array_foreach(json_object_get(answer, "offices"), i, o)
    {
        const char *id = print_text_of(o, "office"), *region = print_text_of(o, "region");
        if (strcmp(print_text_of(o, "status"), "active") != 0) continue;
        json_object_set_new(d->offices, id,
                            json_pack("{s:s,s:O,s:s,s:O,s:s,s:[]}", "office", id, "name", json_object_get(o, "name"), "region",
                                      region, "role", json_object_get(o, "role"), "zone", "", "notices"));
        if (!strcmp(print_text_of(o, "role"), "office")) json_object_set_new(regions, region, json_true());
    }
    json_decref(answer);
    return rc;
}

/* A planner of a province has something from each of its cities. */
static int read_region(struct delivery *d, const char *region)
{
    json_t *answer = NULL, *o;
    size_t i;
    int rc = fetch(d, "/api/v1/notices", region, &answer);
    json_array_foreach(json_object_get(answer, "offices"), i, o)
    {
        json_t *own = json_object_get(d->offices, print_text_of(o, "office"));
        if (!own) continue;
        json_object_set(own, "zone", json_object_get(o, "zone"));
        json_array_extend(json_object_get(own, "notices"), json_object_get(o, "notices"));
    }
    json_decref(answer);
    return rc;
}

static int read_all(struct delivery *d)
{
    json_t *regions = json_object(), *v;
    const char *region;
    int rc = read_offices(d, regions);
    json_object_foreach(regions, region, v) if (rc == EXIT_OK) rc = read_region(d, region);
    json_decref(regions);
    return rc;
}

/* ---- events ---- */

static bool has_id(const json_t *list, const char *id)
{
    size_t i;
    const json_t *n;
    json_array_foreach(list, i, n) if (!strcmp(print_text_of(n, "id"), id)) return true;
    return false;
}

/* Those of a that are not in b. */
static json_t *without(const json_t *a, const json_t *b)
{
    json_t *list = json_array(), *n;
    size_t i;
    json_array_foreach(a, i, n) if (!has_id(b, print_text_of(n, "id"))) json_array_append(list, n);
    return list;
}

static int by_text(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

/* The same event has the same id in every attempt: office, how many there were before it, the ids of its notices in their order. */
static bool event_id(const char *office, int64_t number, const json_t *notices, char ret[2 * EVENT_BYTES + 1])
{
    size_t n = json_array_size(notices);
    const char **id = calloc(n + 1, sizeof *id);
    struct buf b;
    if (!id) return false;
    buf_init(&b, 16 << 20);
    buf_printf(&b, "rekap-event 1\n%s\n%lld\n", office, (long long)number);
    for (size_t i = 0; i < n; i++) id[i] = print_text_of(json_array_get(notices, i), "id");
    if (n > 1) qsort(id, n, sizeof *id, by_text);
    for (size_t i = 0; i < n; i++) buf_printf(&b, "%s\n", id[i]);
    const struct hash h = sign_hash(b.p, b.n);
    bool ok = buf_ok(&b);
    bytes_hex(h.b, EVENT_BYTES, ret);
    buf_done(&b);
    free(id);
    return ok;
}

static int64_t number_of(const json_t *o, const char *key) { return (int64_t)json_integer_value(json_object_get(o, key)); }

static void wait_until(struct delivery *d, int64_t at)
{
    d->waiting++;
    if (d->next == 0 || at < d->next) d->next = at;
}

static void tell_failing(struct delivery *d, const char *office, const json_t *sent)
{
    bool over = number_of(sent, "attempts") >= conf_int(d->conf, "notice.attempts");
    json_array_append_new(d->failing, json_pack("{s:s,s:I,s:s,s:b}", "office", office, "attempts",
                                                (json_int_t)number_of(sent, "attempts"), "error", print_text_of(sent, "error"),
                                                "given_up", (int)over));
}

/* What the command reads. */
static char *event_json(struct delivery *d, const json_t *office, const json_t *sent, const char *event)
{
    const json_t *before = json_object_get(sent, "notices"), *now = json_object_get(office, "notices");
    char subject[200], text_path[NOTICE_PATH_MAX], json_path[NOTICE_PATH_MAX];
    const char *id = print_text_of(office, "office");
    struct buf b;
    buf_init(&b, STATE_BYTES_MAX);
    notice_text(&d->c, office, &b);
    notice_subject(&d->c, office, subject, sizeof subject);
    path_of(d, "", id, ".txt", text_path);
    path_of(d, "", id, ".json", json_path);
    json_t *o = json_deep_copy(office);
    json_object_set_new(o, "event", json_string(event));
    json_object_set_new(o, "format", json_string("rekap-notice 1"));
    json_object_set_new(o, "subject", json_string(subject));
    json_object_set_new(o, "text", buf_ok(&b) ? json_stringn((const char *)b.p, b.n) : json_null());
    json_object_set_new(o, "file", json_string(text_path));
    json_object_set_new(o, "file_json", json_string(json_path));
    json_object_set_new(o, "attempt", json_integer((json_int_t)number_of(sent, "attempts")));
    json_object_set_new(o, "new", without(now, before));
    json_object_set_new(o, "done", without(before, now));
    buf_done(&b);
    char *text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(o);
    return text;
}

/* The wait after this many failures: it doubles, up to an hour. */
static int64_t wait_of(const struct delivery *d, int64_t attempts)
{
    int64_t ms = conf_int(d->conf, "notice.retry") / 1000;
    for (int64_t i = 1; i < attempts && ms < HOUR_MS; i++) ms *= 2;
    return ms < HOUR_MS ? ms : HOUR_MS;
}

/* One attempt, which is on the disk before it is made. */
static int attempt(struct delivery *d, const json_t *office, json_t *sent, const char *path, const char *event)
{
    char why[NOTICE_WHY_MAX] = "";
    int64_t attempts = number_of(sent, "attempts") + 1;
    json_object_set_new(sent, "event", json_string(event));
    json_object_set_new(sent, "attempts", json_integer((json_int_t)attempts));
    json_object_set_new(sent, "next", json_integer((json_int_t)(d->now + wait_of(d, attempts))));
    json_object_set_new(sent, "error", json_string("cut short"));
    int st = put_json(d, path, sent, NULL);
    if (st != ST_OK) json_object_set_new(sent, "error", json_string("state not written, command not run"));
    char *text = st == ST_OK ? event_json(d, office, sent, event) : NULL;
    if (!text) return st == ST_OK ? ST_NO_MEMORY : st;
    st = notice_hook(conf_text(d->conf, "notice.on_event"), slice_of(text, strlen(text)),
                     conf_int(d->conf, "notice.timeout") / 1000, d->directory, why);
    free(text);
    if (st == ST_OK) {
        json_object_set(sent, "notices", json_object_get(office, "notices"));
        json_object_set_new(sent, "events", json_integer((json_int_t)number_of(sent, "events") + 1));
        json_object_set_new(sent, "sent_at", json_integer((json_int_t)d->now));
        json_object_set_new(sent, "attempts", json_integer(0));
        json_object_set_new(sent, "error", json_string(""));
        json_object_del(sent, "event");
        d->told++;
        d->failures = 0;
    } else {
        json_object_set_new(sent, "error", json_string(why));
        cli_talk(&d->c, "on_event gagal untuk %s (percobaan %lld): %s", "on_event failed for %s (attempt %lld): %s",
                 print_text_of(office, "office"), (long long)attempts, why);
        d->failures++;
        d->failed = true;
    }
    return put_json(d, path, sent, NULL);
}

static bool same_ids(const json_t *a, const json_t *b)
{
    size_t i;
    const json_t *n;
    if (json_array_size(a) != json_array_size(b)) return false;
    json_array_foreach(a, i, n) if (!has_id(b, print_text_of(n, "id"))) return false;
    return true;
}

/* Is it time for this event? */
static void tell_event(struct delivery *d, const json_t *office, json_t *sent, const char *path, const char *event)
{
    bool again = !strcmp(print_text_of(sent, "event"), event);
    int64_t at = again ? number_of(sent, "next") : number_of(sent, "sent_at") + conf_int(d->conf, "notice.quiet") / 1000;
    if (!again) json_object_set_new(sent, "attempts", json_integer(0));
    bool over = again && number_of(sent, "attempts") >= conf_int(d->conf, "notice.attempts");
    bool due = !over && d->failures < FAILURES_MAX && (d->now >= at || number_of(sent, "sent_at") > d->now);
    if (due) (void)attempt(d, office, sent, path, event);
    bool failed = print_text_of(sent, "error")[0] != '\0' && !strcmp(print_text_of(sent, "event"), event);
    over = failed && number_of(sent, "attempts") >= conf_int(d->conf, "notice.attempts");
    if (failed) tell_failing(d, print_text_of(office, "office"), sent);
    if (failed && !over) wait_until(d, number_of(sent, "next"));
    else if (!due && !over) wait_until(d, at);
}

/* Is there something to tell? */
static void tell(struct delivery *d, const json_t *office)
{
    const char *id = print_text_of(office, "office");
    char path[NOTICE_PATH_MAX], event[2 * EVENT_BYTES + 1];
    path_of(d, ".sent/", id, ".json", path);
    json_t *sent = get_json(path);
    if (!json_is_object(sent)) {
        json_decref(sent);
        sent = json_pack("{s:[],s:i}", "notices", "events", 0);
    }
    const json_t *now = json_object_get(office, "notices");
    bool told = same_ids(now, json_object_get(sent, "notices"));
    if (!told && event_id(id, number_of(sent, "events"), now, event)) tell_event(d, office, sent, path, event);
    if (told && json_object_del(sent, "event") == 0) { /* what could not be told has gone by itself */
        json_object_set_new(sent, "attempts", json_integer(0));
        (void)put_json(d, path, sent, NULL);
    }
    json_decref(sent);
}

/* ---- a run ---- */

static int write_digest(struct delivery *d, const json_t *office)
{
    const char *id = print_text_of(office, "office");
    char path[NOTICE_PATH_MAX];
    struct buf b;
    buf_init(&b, STATE_BYTES_MAX);
    notice_text(&d->c, office, &b);
    path_of(d, "", id, ".txt", path);
    int st = buf_ok(&b) ? put_file(d, path, buf_slice(&b), &d->written) : ST_NO_MEMORY;
    buf_done(&b);
    path_of(d, "", id, ".json", path);
    if (st == ST_OK) st = put_json(d, path, office, &d->written);
    return st;
}

/* Digests of offices that are active no more. */
static void remove_stale(struct delivery *d)
{
    static const char *const TAILS[] = { ".json", ".txt" };
    DIR *dir = opendir(d->directory);
    char path[NOTICE_PATH_MAX];
    for (struct dirent *e; dir && (e = readdir(dir));) {
        size_t n = strlen(e->d_name);
        for (size_t i = 0; i < 2 && e->d_name[0] != '.'; i++) {
            size_t t = strlen(TAILS[i]);
            char id[256];
            if (n <= t || strcmp(e->d_name + n - t, TAILS[i]) != 0) continue;
            snprintf(id, sizeof id, "%.*s", (int)(n - t), e->d_name);
            if (json_object_get(d->offices, id)) continue;
            path_of(d, "", e->d_name, "", path);
            (void)unlink(path);
            path_of(d, ".sent/", id, ".json", path);
            if (i == 0) (void)unlink(path);
        }
    }
    if (dir) closedir(dir);
}

static void put_state(struct delivery *d)
{
    char path[NOTICE_PATH_MAX], at[32];
    (void)period_format_time((struct wall){ d->now }, at);
    json_t *o = json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:O,s:b}", "at", at, "mark", d->broken ? "" : d->mark, "offices",
                          (json_int_t)json_object_size(d->offices), "notices", (json_int_t)d->notices, "waiting",
                          (json_int_t)d->waiting, "next", (json_int_t)d->next, "failing", d->failing, "command",
                          (int)(conf_text(d->conf, "notice.on_event")[0] != '\0'));
    path_of(d, "", ".state.json", "", path);
    (void)put_json(d, path, o, NULL);
    json_decref(o);
}

static int run(struct delivery *d)
{
    const char *id;
    json_t *office, *before = notice_state(d->directory);
    int rc = read_mark(d);
    int64_t next = number_of(before, "next");
    bool quiet = rc == EXIT_OK && !strcmp(print_text_of(before, "mark"), d->mark) && (next == 0 || next > d->now);
    json_decref(before);
    if (rc != EXIT_OK || quiet) return rc;
    rc = read_all(d);
    if (rc != EXIT_OK) return rc;
    json_object_foreach(d->offices, id, office)
    {
        d->notices += (unsigned)json_array_size(json_object_get(office, "notices"));
        if (write_digest(d, office) == ST_OK && conf_text(d->conf, "notice.on_event")[0]) tell(d, office);
    }
    remove_stale(d);
    put_state(d);
    return d->failed ? EXIT_FAILED : EXIT_OK;
}

/* ---- opening ---- */

static int read_conf(struct delivery *d)
{
    const char *given = d->c.value[OPT_CONFIG];
    struct buf errors;
    if (given) snprintf(d->conf_path, sizeof d->conf_path, "%s", given);
    else place_path(&d->p, "etc/notice.conf", d->conf_path);
    buf_init(&errors, 64 << 10);
    int st = given && access(given, R_OK) != 0 ? ST_NOT_FOUND : notice_conf_read(d->conf_path, &d->conf, &errors);
    if (st != ST_OK && errors.n) fprintf(stderr, "%.*s", (int)errors.n, (const char *)errors.p);
    buf_done(&errors);
    if (st != ST_OK) return cli_fail(&d->c, "konfigurasi tidak dapat dipakai", "the configuration cannot be used", d->conf_path);
    d->c.lang = !strcmp(conf_text(d->conf, "notice.lang"), "en") ? LANG_EN : LANG_ID;
    return EXIT_OK;
}

static int open_directory(struct delivery *d)
{
    const char *given = conf_text(d->conf, "notice.directory");
    char path[NOTICE_PATH_MAX];
    if (!d->placed && (!given[0] || !conf_text(d->conf, "notice.http")[0]))
        return cli_fail(&d->c, "tanpa --dir, notice.directory dan notice.http wajib",
                        "without --dir, notice.directory and notice.http are needed", d->conf_path);
    if (given[0]) snprintf(d->directory, sizeof d->directory, "%s", given);
    else place_path(&d->p, "notice", d->directory);
    path_of(d, ".sent", "", "", path);
    bool made = conf_dir_make(d->directory) == ST_OK && conf_dir_make(path) == ST_OK;
    if (!made) return cli_fail(&d->c, "tidak dapat dibuat", "cannot be made", d->directory);
    path_of(d, ".lock", "", "", path);
    d->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (d->lock < 0) return cli_fail(&d->c, "tidak dapat dikunci", "cannot be locked", path);
    return EXIT_OK;
}

static int take_turn(struct delivery *d)
{
    int seconds, rc = cli_number(&d->c, OPT_TIMEOUT, 60, 1, 86400, &seconds);
    for (int64_t end = cli_mono_ms() + 1000 * (int64_t)seconds; rc == EXIT_OK && flock(d->lock, LOCK_EX | LOCK_NB) != 0;) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            rc = cli_fail(&d->c, "tidak dapat dikunci", "cannot be locked", strerror(errno));
        else if (cli_mono_ms() >= end) rc = cli_fail(&d->c, "pengiriman lain masih berjalan", "another delivery is running", NULL);
        else cli_pause(50);
    }
    return rc;
}

int notice_deliver(struct cli *c)
{
    struct delivery d = { .c = *c, .lock = -1, .offices = json_object(), .failing = json_array() };
    const struct clock clock = clock_posix();
    d.placed = !c->value[OPT_CONFIG] || (c->dir && *c->dir);
    int rc = d.placed ? place_open(c, &d.p) : EXIT_OK;
    if (rc == EXIT_OK) rc = read_conf(&d);
    if (rc == EXIT_OK) rc = open_directory(&d);
    if (rc == EXIT_OK) rc = take_turn(&d);
    d.now = clock.now(clock.ctx).wall.ms;
    if (rc == EXIT_OK) rc = run(&d);
    if (rc != EXIT_USAGE && c->format == FORMAT_JSON)
        print_json(json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:O}", "directory", d.directory, "offices",
                             (json_int_t)json_object_size(d.offices), "notices", (json_int_t)d.notices, "written",
                             (json_int_t)d.written, "told", (json_int_t)d.told, "waiting", (json_int_t)d.waiting, "failing",
                             d.failing));
    if (d.lock >= 0) close(d.lock);
    conf_free(&d.conf);
    json_decref(d.offices);
    json_decref(d.failing);
    return rc;
}
