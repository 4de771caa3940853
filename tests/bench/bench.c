/* bench.c - one measured run of the shipped daemons over a filled outbox.
 *
 *   bench BIN DIR SIZE MODE LABEL FILL_JSON        DIR made by `rekap up`, offices added, outbox filled, nothing running
 *
 * Worker and aggregator are started and idle; the clock starts when the collector is started and stops when the aggregator shows
 * the last update. CURVE, signatures, fsync at worker and aggregator are as shipped. The outbox's own commits (fill) are added to
 * the time, as if they could not overlap. Prints `name value unit` lines. */
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/place.h"
#include "proto/clock.h"

extern char **environ;
enum { PARTS = 3, GIVE_UP_S = 1800 };
static const char *const NAMES[PARTS] = {"worker", "aggregator", "collector"};
struct bench {
    const char *bin, *dir, *label;
    struct place place;
    pid_t pid[PARTS];
    uint64_t updates;
    double outbox_s;
};

static double now_s(void)
{
    struct clock c = clock_posix();
    return (double)c.now(c.ctx).mono.us / 1e6;
}

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

static void wait_up(struct bench *b, int part)
{
    for (double end = now_s() + 30; now_s() < end; pause_ms(20)) {
        json_t *j = ask(b, part);
        bool up = j && (part != 1 || json_is_true(json_object_get(json_array_get(json_object_get(j, "workers"), 0), "up")));
        json_decref(j);
        if (up) return;
    }
    die(b, "a daemon does not answer");
}

static int64_t number(const json_t *j, const char *key) { return (int64_t)json_integer_value(json_object_get(j, key)); }

static bool all_acked(struct bench *b)
{
    json_t *j = ask(b, 2);
    const json_t *list = json_object_get(j, "offices");
    bool all = json_array_size(list) > 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        all &= number(json_array_get(list, i), "acked") == number(json_array_get(list, i), "last");
    json_decref(j);
    return all;
}

static bool all_visible(struct bench *b)
{
    json_t *j = ask(b, 1);
    bool all = j && (uint64_t)number(j, "updates") >= b->updates;
    json_decref(j);
    return all;
}

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

static void measure(struct bench *b)
{
    double peak[PARTS] = {0}, acked = 0, visible = 0;
    start(b, 0);
    wait_up(b, 0);
    start(b, 1);
    wait_up(b, 1);
    double t0 = now_s();
    start(b, 2);
    while (visible == 0) {
        if (now_s() - t0 > GIVE_UP_S) die(b, "not finished in time");
        if (acked == 0 && all_acked(b)) acked = now_s();
        if (all_visible(b)) visible = now_s();
        for (int i = 0; i < PARTS; i++) {
            double mb = peak_mb(b->pid[i]);
            if (mb > peak[i]) peak[i] = mb;
        }
        pause_ms(5);
    }
    if (acked == 0) acked = visible;
    double moved = visible - t0, total = moved + b->outbox_s, n = (double)b->updates;
    printf("%s_rate %.0f updates/s\n%s_transfer %.0f updates/s\n%s_outbox %.0f updates/s\n", b->label, n / total, b->label,
           n / moved, b->label, n / b->outbox_s);
    printf("%s_lag_at_end %.1f ms\n", b->label, (visible - acked) * 1e3);
    for (int i = 0; i < PARTS; i++) printf("%s_%s_peak %.0f MiB\n", b->label, NAMES[i], peak[i]);
    for (int i = 0; i < PARTS; i++) printf("%s_%s_cpu %.2f s\n", b->label, NAMES[i], cpu_s(b->pid[i]));
    for (int i = 0; i < PARTS; i++) phases(b, i);
    stores(b);
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
    measure(&b);
    stop(&b);
    return 0;
}
