/* bench.c - one measured run of the shipped daemons over a filled outbox.
 *
 *   bench BIN DIR SIZE MODE LABEL FILL_JSON        DIR made by `rekap up`, offices added, outbox filled, nothing running
 *
 * Worker and aggregator are started and idle; the clock starts when the collector is started and stops when the aggregator shows
 * the last update. CURVE, signatures, fsync at collector, worker and aggregator are as shipped. The outbox's own commits (fill) are
 * added to the time, as if they could not overlap. Then the national rollup is asked over HTTP, QUERIES times a year. Prints
 * `name value unit` lines. */
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/ask.h"
#include "tests/bench/lag.h"
#include "tests/bench/load.h"

extern char **environ;
enum { PARTS = 3, GIVE_UP_S = 1800, QUERIES = 20, ROLLUP_YEARS = 5, EXPLAINS = 400, PAST_QUERIES = 5 };
static const char *const NAMES[PARTS] = {"worker", "aggregator", "collector"};
struct bench {
    const char *bin, *dir, *label;
    struct place place;
    pid_t pid[PARTS];
    uint64_t updates;
    double outbox_s;
};

static void pause_ms(int ms) { (void)poll(NULL, 0, ms); }

static _Noreturn void die(struct bench *b, const char *why)
{
    fprintf(stderr, "bench: %s\n", why);
    for (int i = 0; i < PARTS; i++)
        if (b->pid[i] > 0) kill(b->pid[i], SIGKILL);
    exit(1);
}

static void start(struct bench *b, int part)
{
    char program[600], config[600], log[600];
    posix_spawn_file_actions_t fa;
    snprintf(program, sizeof program, "%s/rekap-%s", b->bin, NAMES[part]);
    snprintf(config, sizeof config, "%s/etc/%s.conf", b->dir, NAMES[part]);
    snprintf(log, sizeof log, "%s/log/%s.log", b->dir, NAMES[part]);
    char flag[] = "--config";
    char *argv[] = {program, flag, config, NULL};
    posix_spawn_file_actions_init(&fa);
    posix_spawn_file_actions_addopen(&fa, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (posix_spawn(&b->pid[part], program, &fa, NULL, argv, environ) != 0) die(b, "a daemon cannot be started");
    posix_spawn_file_actions_destroy(&fa);
}

/* {"verb":"status"} of a part; NULL when it does not answer. */
static json_t *ask(const struct bench *b, int part)
{
    json_t *j = NULL;
    return place_ask(&b->place, NAMES[part], "{\"verb\":\"status\"}", 2000, &j) == ST_OK ? j : NULL;
}

/* What a daemon said last, on stderr. */
static void last_words(const struct bench *b, int part)
{
    char path[600], line[1024], last[1024] = "";
    snprintf(path, sizeof path, "%s/log/%s.log", b->dir, NAMES[part]);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) memcpy(last, line, sizeof last);
    if (f) fclose(f);
    fprintf(stderr, "bench: %s does not answer; its log ends: %s", NAMES[part], last);
}

static void wait_up(struct bench *b, int part)
{
    for (double end = lag_now() + 60; lag_now() < end; pause_ms(20)) {
        json_t *j = ask(b, part);
        bool up = j && (part != 1 || json_is_true(json_object_get(json_array_get(json_object_get(j, "workers"), 0), "up")));
        json_decref(j);
        if (up) return;
    }
    last_words(b, part);
    die(b, "a daemon does not answer");
}

static int64_t number(const json_t *j, const char *key) { return (int64_t)json_integer_value(json_object_get(j, key)); }

static double peak_mb(pid_t pid)
{
    char path[64], line[256];
    long kb = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) /* memory of its own, not the mapped store */
        if (!strncmp(line, "RssAnon:", 8)) kb = strtol(line + 8, NULL, 10);
    if (f) fclose(f);
    return (double)kb / 1024;
}

/* Processor seconds a process has used, all threads. */
static double cpu_s(pid_t pid)
{
    char path[64], line[1024];
    unsigned long long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    const char *after = f && fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
    if (after && sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) != 2)
        user = system = 0;
    if (f) fclose(f);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* Bytes a process has handed to the kernel to write. */
static double written(pid_t pid)
{
    char path[64], line[128];
    unsigned long long bytes = 0;
    snprintf(path, sizeof path, "/proc/%d/io", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, "write_bytes:", 12)) bytes = strtoull(line + 12, NULL, 10);
    if (f) fclose(f);
    return (double)bytes;
}

/* Where the loop of a daemon spent its time. */
static void phases(struct bench *b, int part)
{
    static const char *const names[] = {"us_wait", "us_step", "us_flush", "us_commit", "us_effects"};
    json_t *j = ask(b, part);
    const json_t *p = json_object_get(j, "phases");
    for (size_t i = 0; p && i < sizeof names / sizeof names[0]; i++)
        printf("%s_%s_%s %.3f s\n", b->label, NAMES[part], names[i], (double)number(p, names[i]) / 1e6);
    json_decref(j);
}

static void stores(struct bench *b)
{
    for (int i = 0; i < PARTS; i++) {
        json_t *j = ask(b, i);
        int64_t used = number(json_object_get(j, "store"), "used");
        printf("%s_%s_disk %.1f B/update\n", b->label, NAMES[i], (double)used / (double)b->updates);
        printf("%s_%s_written %.1f B/update\n", b->label, NAMES[i], written(b->pid[i]) / (double)b->updates);
        json_decref(j);
    }
}

static void stop(struct bench *b)
{
    for (int i = PARTS - 1; i >= 0; i--) {
        int status;
        kill(b->pid[i], SIGTERM);
        waitpid(b->pid[i], &status, 0);
        b->pid[i] = 0;
    }
}

/* Waits for the last update to be visible; notes the most memory each daemon had. */
static void follow(struct bench *b, struct lag *l, double peak[PARTS])
{
    for (double t0 = lag_now(); !lag_done(l); pause_ms(10)) {
        if (lag_now() - t0 > GIVE_UP_S) die(b, "not finished in time");
        for (int i = 0; i < PARTS; i++) {
            double mb = peak_mb(b->pid[i]);
            if (mb > peak[i]) peak[i] = mb;
        }
    }
}

static void report(struct bench *b, const struct lag *l, double t0, const double peak[PARTS])
{
    double moved = lag_visible_at(l) - t0, total = moved + b->outbox_s, n = (double)b->updates;
    printf("%s_rate %.0f updates/s\n%s_transfer %.0f updates/s\n%s_outbox %.0f updates/s\n", b->label, n / total, b->label,
           n / moved, b->label, n / b->outbox_s);
    printf("%s_lag_median %.0f ms\n%s_lag_p99 %.0f ms\n", b->label, lag_share(l, 0.5), b->label, lag_share(l, 0.99));
    printf("%s_lag_at_end %.0f ms\n", b->label, (lag_visible_at(l) - lag_acked_at(l)) * 1e3);
    for (int i = 0; i < PARTS; i++) printf("%s_%s_peak %.0f MiB\n", b->label, NAMES[i], peak[i]);
    for (int i = 0; i < PARTS; i++) printf("%s_%s_cpu %.3f us/update\n", b->label, NAMES[i], cpu_s(b->pid[i]) * 1e6 / n);
    for (int i = 0; i < PARTS; i++) phases(b, i);
    stores(b);
}

static void measure(struct bench *b)
{
    double peak[PARTS] = {0};
    start(b, 0);
    wait_up(b, 0);
    start(b, 1);
    wait_up(b, 1);
    struct lag *l = lag_start(&b->place, b->updates);
    if (!l) die(b, "no watchers");
    double t0 = lag_now();
    start(b, 2);
    follow(b, l, peak);
    report(b, l, t0, peak);
    lag_free(&l);
}

/* ---- the national rollup ---- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One question, in milliseconds; *ret_rows = rows of the answer. */
static double rollup(struct bench *b, int year, size_t *ret_rows)
{
    struct ask_answer a;
    char target[64];
    snprintf(target, sizeof target, "/api/v1/rollup?year=%d", year);
    double t = lag_now();
    if (ask_own(&b->place, target, 30000, &a) != ST_OK || a.status != 200) die(b, "the rollup is not answered");
    double ms = (lag_now() - t) * 1e3;
    json_t *j = json_loadb(a.body, a.n, 0, NULL);
    *ret_rows = json_array_size(json_object_get(j, "rows"));
    json_decref(j);
    free(a.body);
    return ms;
}

/* All figures of a year, by program, over HTTP as anybody asks. Only cells of one region are read, so its time must not follow the
 * number of figures: the table shows it for both sizes. */
static void rollups(struct bench *b)
{
    double ms[QUERIES];
    size_t rows = 0;
    for (int i = 0; i < QUERIES; i++) ms[i] = rollup(b, LOAD_FIRST_YEAR + i % ROLLUP_YEARS, &rows);
    if (rows == 0) die(b, "the rollup is empty");
    qsort(ms, QUERIES, sizeof ms[0], by_size);
    printf("%s_rollup_min %.2f ms\n%s_rollup_median %.2f ms\n%s_rollup_max %.2f ms\n%s_rollup_rows %zu rows\n", b->label, ms[0],
           b->label, ms[QUERIES / 2], b->label, ms[QUERIES - 1], b->label, rows);
}

/* ---- explain, and the past ---- */

static double timed(struct bench *b, const char *target)
{
    struct ask_answer a;
    double t = lag_now();
    if (ask_own(&b->place, target, 60000, &a) != ST_OK) die(b, "a question is not answered");
    double ms = (lag_now() - t) * 1e3;
    if (a.status != 200) {
        fprintf(stderr, "bench: %s: %.*s\n", target, (int)(a.n < 300 ? a.n : 300), a.body);
        die(b, "a question is refused");
    }
    free(a.body);
    return ms;
}

static json_t *answer_of(struct bench *b, const char *target)
{
    struct ask_answer a;
    if (ask_own(&b->place, target, 60000, &a) != ST_OK || a.status != 200) die(b, "a question is not answered");
    json_t *j = json_loadb(a.body, a.n, 0, NULL);
    free(a.body);
    return j;
}

/* The address of a figure as the target that explains it: parameters go behind the verb. */
static void explain_target(const char *figure, char *ret, size_t size)
{
    const char *mark = strchr(figure, '?');
    int path = mark ? (int)(mark - figure) : (int)strlen(figure);
    snprintf(ret, size, "/api/v1/figures/%.*s/explain%s", path, figure, mark ? mark : "");
}

/* Where a national figure comes from: total, programs, leaves of every year, each over a connection of its own. */
static void explains(struct bench *b)
{
    static const char *const levels[] = {"bidang", "program", "kegiatan", "subkegiatan"};
    double ms[EXPLAINS];
    size_t n = 0;
    for (int year = LOAD_FIRST_YEAR; n < EXPLAINS && year < LOAD_FIRST_YEAR + ROLLUP_YEARS; year++)
        for (size_t l = 0; n < EXPLAINS && l < sizeof levels / sizeof levels[0]; l++) {
            char target[300];
            size_t i;
            json_t *row;
            snprintf(target, sizeof target, "/api/v1/rollup?year=%d&level=%s", year, levels[l]);
            json_t *j = answer_of(b, target);
            json_array_foreach(json_object_get(j, "rows"), i, row)
            {
                if (n == EXPLAINS || i >= EXPLAINS / ROLLUP_YEARS / 4) break;
                explain_target(json_string_value(json_object_get(row, "figure")), target, sizeof target);
                ms[n++] = timed(b, target);
            }
            json_decref(j);
        }
    if (n == 0) die(b, "nothing to explain");
    qsort(ms, n, sizeof ms[0], by_size);
    printf("%s_explain_median %.2f ms\n%s_explain_p99 %.2f ms\n%s_explain_max %.2f ms\n", b->label, ms[n / 2], b->label,
           ms[n - 1 - n / 100], b->label, ms[n - 1]);
}

/* The national rollup of a year as of before its last tenth was stated: everybody's units are rolled back and summed. */
static void pasts(struct bench *b, char size)
{
    double ms[PAST_QUERIES];
    int years = size == 'S' ? 6 : 10;
    json_t *now = answer_of(b, "/api/v1/status");
    int64_t lsn = number(json_array_get(json_object_get(now, "workers"), 0), "applied");
    json_decref(now);
    for (int i = 0; i < PAST_QUERIES; i++) {
        char target[120];
        snprintf(target, sizeof target, "/api/v1/rollup?year=%d&as_of=w1:%" PRId64, LOAD_FIRST_YEAR + years - 2,
                 lsn - lsn / years);
        ms[i] = timed(b, target);
    }
    qsort(ms, PAST_QUERIES, sizeof ms[0], by_size);
    printf("%s_past_median %.1f ms\n%s_past_max %.1f ms\n", b->label, ms[PAST_QUERIES / 2], b->label, ms[PAST_QUERIES - 1]);
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    json_t *fill = argc == 7 ? json_loads(argv[6], 0, NULL) : NULL;
    if (!fill) return fprintf(stderr, "bench BIN DIR SIZE MODE LABEL FILL_JSON\n"), 2;
    b.bin = argv[1];
    b.dir = argv[2];
    b.label = argv[5];
    b.updates = (uint64_t)number(fill, "updates");
    b.outbox_s = (double)number(fill, "us") / 1e6;
    json_decref(fill);
    const struct cli c = {.dir = b.dir};
    if (place_open(&c, &b.place) != EXIT_OK) return 1;
    (void)mkdir(b.place.runtime, 0700); /* `up` took it away when it stopped */
    measure(&b);
    rollups(&b);
    explains(&b);
    pasts(&b, argv[3][0]);
    stop(&b);
    (void)rmdir(b.place.runtime);
    return 0;
}
