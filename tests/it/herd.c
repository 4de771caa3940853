/* herd.c - offices that were offline for 72 hours come back all at once, while one office was online all the time.
 *
 *   herd BIN OFFICES COLLECTORS YEARS [measure SECONDS]
 *
 * OFFICES generated offices are spread over COLLECTORS collectors that run with a wall clock 72 hours back and without a worker,
 * and fill their outboxes with YEARS * 1440 statements each. Then all of them are started against the worker at the same moment.
 * The centre's own collector serves one office that pushes one figure after another; how long each takes from the tray file to the
 * acknowledgement is measured while nothing else happens, until the herd is drained, and while nothing happens again. In the end
 * every sum, counter and queue must be exact. Without `measure` times are printed and judged by nobody; with it the online office's
 * 99th percentile during the herd may be at most twice the idle one. Kind: E, tests only. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "collector/tray.h"
#include "tests/it/world.h"

extern char **environ;
enum {
    COLLECTORS_MAX = 8,
    OFFICES_MAX_ = 1000,
    LEAVES = 120,
    MONTHS = 12,
    ROWS = LEAVES * MONTHS,
    FIRST_YEAR = 2021,
    ONLINE_YEAR = 2030,
    SAMPLES_MAX = 100000,
    FILL_MS = 300 * 1000,
    DRAIN_MS = 300 * 1000,
    PAUSE_MS = 2,
    LOOK_MS = 200,
    IDLE_SAMPLES = 60,
    WORST_RATIO = 2,
    MONEY_SIZE = 40
};
static const int64_t OFFLINE_MS = INT64_C(72) * 3600 * 1000;
static const char ONLINE[] = "gen-3374-00";

struct samples {
    int64_t us[SAMPLES_MAX];
    unsigned n;
};
struct part {
    char offices[512], dir[512], conf[600], control[108];
    pid_t pid;
    uint64_t updates;
};
struct herd {
    struct world w;
    struct part part[COLLECTORS_MAX];
    unsigned parts, offices, years;
    char (*id)[24];
    activity_code leaf[LEAVES];
    uint64_t tray_number, updates; /* of the herd */
    int64_t pushed;                /* figures of the online office, the last one its value */
    struct samples idle, busy;
    atomic_bool drained;
    char disk[400]; /* of the herd */
};

static struct slice text(const char *s) { return slice_of(s, strlen(s)); }

/* What office i states of a line, a month and a year: cumulative, different for each. */
static int64_t value_of(unsigned i, unsigned leaf, unsigned month, unsigned year)
{
    return (int64_t)((i * 7919u + leaf * 1046u + year) % 100000u + 1) * 100 * month;
}

/* ---- tray files ---- */

static bool put_file(const char *tray, const char *id, const struct buf *b)
{
    char from[800], to[800];
    snprintf(from, sizeof from, "%s/../tray.tmp", tray);
    return buf_ok(b) && world_write(from, b->p, b->n) && snprintf(to, sizeof to, "%s/%s.tray", tray, id) < (int)sizeof to &&
           rename(from, to) == 0;
}

static void begin_file(struct herd *h, struct buf *b, const char *office, unsigned year, uint32_t rows, char id[48])
{
    snprintf(id, 48, "%016llx-%08llu", 0x1900000000000000ull + h->tray_number, (unsigned long long)h->tray_number);
    h->tray_number++;
    const struct tray head = {
        .id = text(id), .office = text(office), .file = text("a.csv"), .entered = { 1767225600000 }, .rows = rows
    };
    const struct section s = { .office = text(office),
                               .year = (uint16_t)year,
                               .source = SOURCE_OPD,
                               .vintage = VINTAGE_PERMENDAGRI_90_2019,
                               .entered = { 1767225600000 } };
    buf_init(b, TRAY_BYTES_MAX);
    tray_begin(b, &head, 1);
    tray_section(b, &s, rows);
}

static void put_row(const struct herd *h, struct buf *b, unsigned leaf, unsigned month, unsigned year, int64_t sen, uint32_t line)
{
    const struct figure f = { .activity = h->leaf[leaf],
                              .measure = MEASURE_REALISED,
                              .year = (uint16_t)year,
                              .source = SOURCE_OPD,
                              .month = (uint8_t)month,
                              .basis = BASIS_CUMULATIVE,
                              .kind = VALUE_NUMBER,
                              .value = sen };
    tray_row(b, line, &f);
}

static bool office_year(struct herd *h, unsigned i, unsigned year)
{
    struct part *p = &h->part[i % h->parts];
    char tray[600], id[48];
    struct buf b;
    begin_file(h, &b, h->id[i], year, ROWS, id);
    for (unsigned leaf = 0; leaf < LEAVES; leaf++)
        for (unsigned m = 1; m <= MONTHS; m++) put_row(h, &b, leaf, m, year, value_of(i, leaf, m, year), leaf * MONTHS + m + 1);
    tray_end(&b);
    snprintf(tray, sizeof tray, "%s/tray", p->dir);
    bool ok = put_file(tray, id, &b);
    buf_done(&b);
    p->updates += ROWS;
    h->updates += ROWS;
    return ok;
}

/* ---- collectors of the herd ---- */

/* The centre's collector configuration with places of its own; away: it finds no worker. */
static bool write_conf(const struct herd *h, const struct part *p, bool away)
{
    char path[512], text_[8192], *at;
    size_t n = 0;
    world_path(&h->w, "etc/collector.conf", path);
    char *conf = world_read(path);
    for (char *line = conf ? strtok_r(conf, "\n", &at) : NULL; line; line = strtok_r(NULL, "\n", &at)) {
        size_t room = sizeof text_ - n;
        int k;
        if (!strncmp(line, "worker =", 8) && away)
            k = snprintf(text_ + n, room, "worker = ipc://%s/nobody\n", p->dir);
        else if (!strncmp(line, "tray =", 6))
            k = snprintf(text_ + n, room, "tray = %s/tray\n", p->dir);
        else if (!strncmp(line, "offices =", 9))
            k = snprintf(text_ + n, room, "offices = %s\n", p->offices);
        else if (!strncmp(line, "store =", 7))
            k = snprintf(text_ + n, room, "store = %s/outbox\n", p->dir);
        else if (!strncmp(line, "control =", 9))
            k = snprintf(text_ + n, room, "control = %s\n", p->control);
        else
            k = snprintf(text_ + n, room, "%s\n", line);
        if (k < 0 || (size_t)k >= room) break;
        n += (size_t)k;
    }
    free(conf);
    return n > 0 && world_write(p->conf, text_, n);
}

static bool start_part(struct herd *h, struct part *p)
{
    char program[600], log[600], option[] = "--config";
    char *argv[] = { program, option, p->conf, NULL };
    posix_spawn_file_actions_t fa;
    snprintf(program, sizeof program, "%s/rekap-collector", h->w.bin);
    snprintf(log, sizeof log, "%s/log", p->dir);
    posix_spawn_file_actions_init(&fa);
    posix_spawn_file_actions_addopen(&fa, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    int rc = posix_spawn(&p->pid, program, &fa, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&fa);
    if (rc != 0) p->pid = 0;
    /* they stand for machines of their own: what they compute must not be taken from the centre */
    else
        (void)setpriority(PRIO_PROCESS, (id_t)p->pid, getpriority(PRIO_PROCESS, 0) + 19);
    return rc == 0;
}

static void stop_part(struct part *p)
{
    if (p->pid <= 0) return;
    kill(p->pid, SIGTERM);
    waitpid(p->pid, NULL, 0);
    p->pid = 0;
}

static json_t *ask_part(const struct part *p)
{
    struct world w = { .up_out = -1 };
    snprintf(w.control[WORLD_COLLECTOR], sizeof w.control[0], "%s", p->control);
    return world_status(&w, WORLD_COLLECTOR);
}

/* Sums of `key` over the offices of a collector; UINT64_MAX: no answer. */
static uint64_t sum_of(const struct part *p, const char *key)
{
    json_t *j = ask_part(p);
    const json_t *list = json_object_get(j, "offices");
    uint64_t n = json_is_array(list) ? 0 : UINT64_MAX;
    for (size_t i = 0; i < json_array_size(list); i++) n += (uint64_t)world_number(json_array_get(list, i), key);
    json_decref(j);
    return n;
}

static bool filled(void *ctx)
{
    const struct herd *h = ctx;
    for (unsigned k = 0; k < h->parts; k++)
        if (sum_of(&h->part[k], "last") != h->part[k].updates) return false;
    return true;
}

static bool drained(const struct herd *h)
{
    for (unsigned k = 0; k < h->parts; k++)
        if (sum_of(&h->part[k], "acked") != h->part[k].updates) return false;
    return true;
}

/* Asks the herd now and then, on a thread of its own: its collectors answer late when they are at work. */
static void *watch(void *self)
{
    struct herd *h = self;
    for (int64_t end = world_ms() + DRAIN_MS; world_ms() < end; world_pause(LOOK_MS))
        if (drained(h)) return atomic_store(&h->drained, true), NULL;
    return NULL;
}

/* ---- set-up ---- */

static bool make_part(struct herd *h, struct part *p, unsigned k)
{
    char below[64], dir[512], tray[600], offices[512];
    snprintf(below, sizeof below, "herd-%u", k);
    snprintf(dir, sizeof dir, "%s/%s", h->disk, below);
    snprintf(tray, sizeof tray, "%s/tray", dir);
    world_path(&h->w, below, offices);
    snprintf(p->dir, sizeof p->dir, "%s", dir);
    snprintf(p->offices, sizeof p->offices, "%s", offices);
    snprintf(p->conf, sizeof p->conf, "%s/collector.conf", dir);
    if (snprintf(p->control, sizeof p->control, "%s/%s.sock", h->w.runtime, below) >= (int)sizeof p->control) return false;
    return mkdir(dir, 0700) == 0 && mkdir(tray, 0700) == 0 && mkdir(offices, 0700) == 0 && write_conf(h, p, true);
}

/* Registers an office and hands its key to the collector that serves it. */
static bool make_office(struct herd *h, unsigned i)
{
    char from[512], to[700], below[96];
    snprintf(h->id[i], sizeof h->id[i], "gen-3374-%03u", i + 1);
    snprintf(below, sizeof below, "keys/office/%s.key", h->id[i]);
    world_path(&h->w, below, from);
    snprintf(to, sizeof to, "%s/%s.key", h->part[i % h->parts].offices, h->id[i]);
    return world_office(&h->w, h->id[i], "33.74") && rename(from, to) == 0;
}

static bool fill(struct herd *h)
{
    bool ok = world_clock_make(&h->w) && world_clock_set(&h->w, -OFFLINE_MS);
    world_clock_lend(&h->w, true);
    for (unsigned k = 0; ok && k < h->parts; k++) ok = start_part(h, &h->part[k]);
    world_clock_lend(&h->w, false);
    for (unsigned y = 0; ok && y < h->years; y++)
        for (unsigned i = 0; ok && i < h->offices; i++) ok = office_year(h, i, FIRST_YEAR + y);
    ok = ok && world_until(FILL_MS, filled, h);
    for (unsigned k = 0; k < h->parts; k++) stop_part(&h->part[k]);
    for (unsigned k = 0; ok && k < h->parts; k++) ok = write_conf(h, &h->part[k], false);
    return ok;
}

/* The herd's outboxes lie in memory where that is possible: machines of their own have disks of their own, and a sync of theirs
 * would hold up the centre's. */
static bool take_disk(struct herd *h)
{
    snprintf(h->disk, sizeof h->disk, "/dev/shm/rekap-herd-XXXXXX");
    if (mkdtemp(h->disk)) return true;
    snprintf(h->disk, sizeof h->disk, "%s/herd", h->w.dir);
    return mkdir(h->disk, 0700) == 0;
}

static void leave_disk(const struct herd *h)
{
    const char *const args[] = { "/bin/rm", "-rf", h->disk, NULL };
    if (h->disk[0]) (void)world_run(&h->w, FILL_MS, args);
}

static bool prepare(struct herd *h, const char *bin)
{
    char code[32];
    if (!world_make(&h->w, bin) || !world_up(&h->w) || !take_disk(h)) return false;
    for (unsigned i = 0; i < LEAVES; i++) {
        struct code_reading c;
        snprintf(code, sizeof code, "1.06.%02u.2.%02u.%02u", i / 24 + 1, i / 6 % 4 + 1, i % 6 + 1);
        ASSERT(code_parse_activity(VINTAGE_PERMENDAGRI_90_2019, text(code), &c) == ST_OK);
        h->leaf[i] = c.code;
    }
    h->id = calloc(h->offices, sizeof *h->id);
    bool ok = h->id && world_office(&h->w, ONLINE, "33.74");
    for (unsigned k = 0; ok && k < h->parts; k++) ok = make_part(h, &h->part[k], k);
    for (unsigned i = 0; ok && i < h->offices; i++) ok = make_office(h, i);
    json_decref(world_ask(&h->w, WORLD_COLLECTOR, "{\"verb\":\"reload\"}", 2000));
    return ok && fill(h);
}

/* ---- the office that is online ---- */

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct asking {
    const struct herd *h;
    char request[128];
};
static bool file_acked(void *ctx)
{
    const struct asking *a = ctx;
    json_t *j = world_ask(&a->h->w, WORLD_COLLECTOR, a->request, 2000);
    bool ok = json_is_true(json_object_get(json_array_get(json_object_get(j, "files"), 0), "acked"));
    json_decref(j);
    return ok;
}

/* One figure from the tray to its acknowledgement, as `push --wait` at an office waits for it. */
static void push_one(struct herd *h, struct samples *s)
{
    char tray[512], id[48];
    struct buf b;
    struct asking a = { .h = h };
    begin_file(h, &b, ONLINE, ONLINE_YEAR, 1, id);
    put_row(h, &b, 0, 1, ONLINE_YEAR, ++h->pushed * 100, 2);
    tray_end(&b);
    world_path(&h->w, "collector/tray", tray);
    snprintf(a.request, sizeof a.request, "{\"verb\":\"pushed\",\"ids\":[\"%s\"]}", id);
    int64_t t0 = now_us(), end = t0 + INT64_C(30000000);
    bool ok = put_file(tray, id, &b);
    json_decref(world_ask(&h->w, WORLD_COLLECTOR, "{\"verb\":\"push\"}", 2000));
    while (ok && !file_acked(&a) && now_us() < end) world_pause(1);
    world_check(ok && now_us() < end, "the online office's figure was not acknowledged in 30 s");
    if (s->n < SAMPLES_MAX) s->us[s->n++] = now_us() - t0;
    buf_done(&b);
    world_pause(PAUSE_MS);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double share(struct samples *s, unsigned permille)
{
    if (s->n == 0) return 0;
    qsort(s->us, s->n, sizeof s->us[0], by_size);
    return (double)s->us[(uint64_t)(s->n - 1) * permille / 1000] / 1e3;
}

static void say(const char *what, struct samples *s)
{
    world_note("online office, %s: %u figures, ack after ms: median %.1f, 90 %% %.1f, 99 %% %.1f, most %.1f", what, s->n,
               share(s, 500), share(s, 900), share(s, 990), share(s, 1000));
}

/* ---- the end ---- */

static bool is_money(const json_t *o, const char *key, int64_t sen)
{
    char want[MONEY_SIZE];
    snprintf(want, sizeof want, "%lld.%02lld", (long long)(sen / 100), (long long)(sen % 100));
    return !strcmp(world_text(o, key), want);
}

static void check_sum(struct herd *h, unsigned year, unsigned until)
{
    char target[128];
    int64_t sum = 0;
    for (unsigned i = 0; i < h->offices; i++)
        for (unsigned leaf = 0; leaf < LEAVES; leaf++) sum += value_of(i, leaf, until, year);
    snprintf(target, sizeof target, "/api/v1/rollup?region=33&year=%u&until=%u", year, until);
    json_t *j = world_get(&h->w, target);
    world_check(is_money(json_object_get(j, "total"), "realised", sum), "%s is %s, not %lld sen", target,
                world_text(json_object_get(j, "total"), "realised"), (long long)sum);
    json_decref(j);
}

static void check_exact(struct herd *h)
{
    json_t *j = world_get(&h->w, "/api/v1/offices?region=");
    const json_t *list = json_object_get(j, "offices");
    unsigned wrong = json_array_size(list) != h->offices + 1;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);
        bool online = !strcmp(world_text(o, "office"), ONLINE);
        int64_t effective = online ? 1 : (int64_t)h->years * ROWS, all = online ? h->pushed : effective;
        wrong += world_number(o, "received") != all || world_number(o, "effective") != effective ||
                 world_number(o, "superseded") != all - effective;
    }
    world_check(wrong == 0, "the counters of %u offices are not what they stated", wrong);
    json_decref(j);
    for (unsigned y = 0; y < h->years; y++)
        for (unsigned m = 1; m <= MONTHS; m += 11) check_sum(h, FIRST_YEAR + y, m);
}

static bool visible(void *ctx)
{
    const struct herd *h = ctx;
    json_t *worker = world_status(&h->w, WORLD_WORKER), *a = world_get(&h->w, "/api/v1/status");
    int64_t lsn = world_number(worker, "lsn");
    bool all = lsn > 0 && world_number(json_array_get(json_object_get(a, "workers"), 0), "applied") == lsn;
    json_decref(worker);
    json_decref(a);
    return all;
}

/* Where the time of the worker went between two looks: a figure waits for the step under way, for its own, and for both commits. */
static void say_steps(json_t *from, json_t *to)
{
    static const char *const key[] = { "us_step", "us_flush", "us_commit", "us_effects" };
    const json_t *a = json_object_get(json_object_get(from, "counters"), "run"),
                 *b = json_object_get(json_object_get(to, "counters"), "run");
    double ms[4], n = (double)(world_number(b, "commits") - world_number(a, "commits"));
    for (unsigned i = 0; i < 4; i++) ms[i] = (double)(world_number(b, key[i]) - world_number(a, key[i])) / 1e3 / (n > 0 ? n : 1);
    world_note("the worker meanwhile: %.0f commits; of each, in ms: step %.2f, flush %.2f, commit %.2f, effects %.2f", n, ms[0],
               ms[1], ms[2], ms[3]);
    json_decref(from);
    json_decref(to);
}

/* One half before the herd and one after it, so that a neighbour who came or went meanwhile is in both phases. */
static void measure_idle(struct herd *h, unsigned idle_s)
{
    unsigned least = h->idle.n + IDLE_SAMPLES / 2;
    int64_t until = world_ms() + (int64_t)idle_s * 500;
    while (world_ms() < until || h->idle.n < least) push_one(h, &h->idle);
}

static void run(struct herd *h, unsigned idle_s, bool judged)
{
    measure_idle(h, idle_s);
    json_t *before = world_status(&h->w, WORLD_WORKER);
    int64_t t0 = world_ms();
    pthread_t watcher;
    for (unsigned k = 0; k < h->parts; k++) world_check(start_part(h, &h->part[k]), "a collector cannot be started");
    ASSERT(pthread_create(&watcher, NULL, watch, h) == 0);
    while (!atomic_load(&h->drained) && world_ms() - t0 < DRAIN_MS) push_one(h, &h->busy);
    int64_t ms = world_ms() - t0;
    json_t *after = world_status(&h->w, WORLD_WORKER);
    pthread_join(watcher, NULL);
    world_check(atomic_load(&h->drained), "the herd is not drained after %d s", DRAIN_MS / 1000);
    world_check(world_until(DRAIN_MS, visible, h), "the herd is not visible after %d s", DRAIN_MS / 1000);
    world_note("herd: %u offices, %u collectors, %llu updates, drained after %.1f s (%.0f updates/s), visible after %.1f s",
               h->offices, h->parts, (unsigned long long)h->updates, (double)ms / 1e3,
               (double)h->updates * 1e3 / (double)(ms ? ms : 1), (double)(world_ms() - t0) / 1e3);
    measure_idle(h, idle_s);
    say("idle", &h->idle);
    say("herd", &h->busy);
    say_steps(before, after);
    double ratio = share(&h->busy, 990) / share(&h->idle, 990);
    world_note("ratio of the 99th percentiles: %.2f", ratio);
    if (judged)
        world_check(ratio <= WORST_RATIO, "an office that was online waits %.2f times as long, %d are promised", ratio,
                    WORST_RATIO);
    check_exact(h);
}

int main(int argc, char **argv)
{
    static struct herd h;
    if (argc != 5 && argc != 7) return fprintf(stderr, "herd BIN OFFICES COLLECTORS YEARS [measure SECONDS]\n"), 2;
    h.offices = (unsigned)strtoul(argv[2], NULL, 10);
    h.parts = (unsigned)strtoul(argv[3], NULL, 10);
    h.years = (unsigned)strtoul(argv[4], NULL, 10);
    if (h.offices < 1 || h.offices > OFFICES_MAX_ || h.parts < 1 || h.parts > COLLECTORS_MAX || h.years < 1 || h.years > 8)
        return 2;
    bool ok = prepare(&h, argv[1]);
    world_check(ok, "the herd cannot be prepared");
    if (ok) run(&h, argc == 7 ? (unsigned)strtoul(argv[6], NULL, 10) : 0, argc == 7);
    if (world_failures()) world_logs(&h.w);
    for (unsigned k = 0; k < h.parts; k++) stop_part(&h.part[k]);
    world_check(world_down(&h.w), "the installation did not stop by itself");
    free(h.id);
    leave_disk(&h);
    world_free(&h.w);
    return world_done();
}
