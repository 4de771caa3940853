/* crash_scene.c - the scene that is recorded, and the restart on an image of it. Kind: E, tests only.
 *
 * Everything that writes to the disk of an installation happens in it: birth of the three stores, keys, configuration, offices,
 * checked files, corrections, acks, kills of each daemon in the middle of work, a stop and a second start. Between two acts the
 * driver writes down what it has been told. It kills only while it holds the lock of the record, so no act is half written down. */
#include "tests/shim/crash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PUSH_MS = 60 * 1000, SETTLE_MS = 60 * 1000, FILES = 9 };
static struct record_shared *shared;
static int record_fd = -1;

/* ---- the driver's own records ---- */

static bool share(const char *record)
{
    char lock[600];
    pthread_mutexattr_t a;
    snprintf(lock, sizeof lock, "%s.lock", record);
    int fd = open(lock, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    record_fd = open(record, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || record_fd < 0 || ftruncate(fd, sizeof *shared) != 0) return false;
    void *map = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED) return false;
    shared = map;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    return pthread_mutex_init(&shared->lock, &a) == 0;
}

static void lock(void)
{
    if (pthread_mutex_lock(&shared->lock) == EOWNERDEAD) pthread_mutex_consistent(&shared->lock);
}

static void mark(struct crash_scene *s)
{
    struct record_head h = { .op = RECORD_MARK, .n = sizeof s->mark };
    const struct iovec v[] = { { &h, sizeof h }, { &s->mark, sizeof s->mark } };
    s->mark.kind = 1;
    lock();
    ASSERT(writev(record_fd, v, 2) == (ssize_t)(sizeof h + sizeof s->mark));
    pthread_mutex_unlock(&shared->lock);
}

static void note_acked(struct crash_scene *s)
{
    json_t *j = world_status(&s->w, WORLD_COLLECTOR);
    const json_t *list = json_object_get(j, "offices");
    for (size_t k = 0; k < json_array_size(list); k++) {
        const json_t *o = json_array_get(list, k);
        for (unsigned i = 0; i < CRASH_OFFICES; i++)
            if (!strcmp(world_text(o, "office"), s->load.o[i].id)) s->mark.acked[i] = (uint64_t)world_number(o, "acked");
    }
    json_decref(j);
    mark(s);
}

static bool kill_part(struct crash_scene *s, enum world_part part)
{
    lock();
    bool ok = world_signal(&s->w, part, SIGKILL);
    pthread_mutex_unlock(&shared->lock);
    return ok;
}

/* ---- pushes ---- */

static bool push(struct crash_scene *s, unsigned office, const char *option)
{
    char below[96], path[512];
    const char *const args[] = { "push", "--office", s->load.o[office].id, path, option, NULL };
    unsigned file = s->mark.begun[office]++;
    struct buf b;
    mark(s);
    snprintf(below, sizeof below, "csv/%s-%02u.csv", s->load.o[office].id, file);
    world_path(&s->w, below, path);
    buf_init(&b, 1 << 20);
    load_csv(&s->load, office, file, &b);
    bool ok = buf_ok(&b) && world_write(path, b.p, b.n) && world_rekap(&s->w, PUSH_MS, args) == 0;
    buf_done(&b);
    if (!ok) return world_check(false, "push of %s does not work", below), false;
    s->mark.returned[office]++;
    mark(s);
    return true;
}

static uint64_t updates_of(const struct crash_scene *s, unsigned office, unsigned files)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < s->load.o[office].n; i++) n += s->load.o[office].s[i].file < files;
    return n;
}

static bool settled(struct crash_scene *s)
{
    uint64_t all = 0;
    for (unsigned i = 0; i < CRASH_OFFICES; i++) all += updates_of(s, i, s->mark.returned[i]);
    bool ok = world_settled(&s->w, all, SETTLE_MS);
    world_check(ok, "%llu updates pushed, not all are acknowledged and visible", (unsigned long long)all);
    if (ok) note_acked(s);
    return ok;
}

/* ---- figures ---- */

static bool money_is(const json_t *total, const char *key, int64_t sen)
{
    char want[40];
    snprintf(want, sizeof want, "%lld.%02lld", (long long)(sen / 100), (long long)(sen % 100));
    return !strcmp(world_text(total, key), want);
}

/* The office's figures are those of its first `files` files. */
static void exact(struct crash_scene *s, unsigned office, unsigned files, const char *what)
{
    char target[256];
    int64_t value[LOAD_LEAVES][LOAD_MONTHS + 1] = { { 0 } }, budget = 0, realised = 0;
    const struct load_office *o = &s->load.o[office];
    unsigned month = files / 2 ? files / 2 : 1;
    if (files == 0) return;
    for (uint32_t i = 0; i < o->n; i++)
        if (o->s[i].file < files) value[o->s[i].leaf][o->s[i].month] = o->s[i].sen;
    for (unsigned k = 0; k < LOAD_LEAVES; k++) budget += value[k][0], realised += value[k][month];
    snprintf(target, sizeof target, "/api/v1/rollup?region=%s&office=%s&year=%u&until=%u", o->region, o->id, (unsigned)s->load.year,
             month);
    json_t *j = world_get(&s->w, target);
    const json_t *total = json_object_get(j, "total");
    bool ok = money_is(total, "budget", budget) && (files < 2 || money_is(total, "realised", realised));
    world_check(ok, "%s: %s with %u files has %s / %s", what, o->id, files, world_text(total, "budget"),
                world_text(total, "realised"));
    json_decref(j);
}

/* ---- the scene ---- */

static bool begin(struct crash_scene *s, const char *bin, uint64_t seed)
{
    char path[512], shim[600];
    if (!world_make(&s->w, bin)) return false;
    if (!share(s->record)) return perror(s->record), false;
    snprintf(shim, sizeof shim, "%s/../tests/shim/record.so", s->w.bin);
    setenv(RECORD_FILE, s->record, 1);
    setenv(RECORD_DIR, s->w.dir, 1);
    setenv("LD_PRELOAD", shim, 1);
    if (!world_up(&s->w)) return world_logs(&s->w), false;
    s->mark.ready = 1;
    mark(s);
    world_path(&s->w, "registry/region.csv", path);
    bool ok = load_offices(&s->load, path);
    world_path(&s->w, "csv", path);
    ok = ok && mkdir(path, 0700) == 0;
    for (unsigned i = 0; ok && i < CRASH_OFFICES; i++) {
        ok = world_office(&s->w, s->load.o[i].id, s->load.o[i].region);
        s->mark.offices += ok;
        mark(s);
    }
    load_make(&s->load, seed, 0);
    return ok;
}

static bool push_all(struct crash_scene *s, unsigned files, const char *option)
{
    for (unsigned f = 0; f < files; f++)
        for (unsigned i = 0; i < CRASH_OFFICES; i++) {
            if (!push(s, i, option)) return false;
            note_acked(s);
        }
    return true;
}

/* Pushes while a daemon is killed: at once, so that the kill meets it at work. */
static bool push_killed(struct crash_scene *s, enum world_part part)
{
    bool ok = push(s, 0, NULL) && push(s, 1, NULL) && kill_part(s, part) && push(s, 2, NULL);
    return ok && settled(s);
}

bool crash_scene_play(struct crash_scene *s, const char *bin, const char *record, uint64_t seed)
{
    snprintf(s->record, sizeof s->record, "%s", record);
    bool ok = begin(s, bin, seed) && push_all(s, 1, "--wait") && push_all(s, 2, NULL) && settled(s) &&
              push_killed(s, WORLD_WORKER) && push_killed(s, WORLD_COLLECTOR) && push_killed(s, WORLD_AGGREGATOR) &&
              world_down(&s->w) && world_up(&s->w) && push_all(s, 2, "--wait") && push_all(s, 1, NULL) && settled(s);
    for (unsigned i = 0; ok && i < CRASH_OFFICES; i++) exact(s, i, FILES, "at the end of the scene");
    ok = ok && world_down(&s->w);
    unsetenv("LD_PRELOAD");
    if (!ok) world_check(false, "the scene was not played to its end"), world_logs(&s->w);
    return ok;
}

/* ---- on an image ---- */

struct calm { const struct crash_scene *s; uint64_t last[CRASH_OFFICES]; };
static bool is_calm(void *ctx)
{
    struct calm *c = ctx;
    json_t *j = world_status(&c->s->w, WORLD_COLLECTOR), *w = world_status(&c->s->w, WORLD_WORKER),
           *a = world_get(&c->s->w, "/api/v1/status");
    const json_t *list = json_object_get(j, "offices");
    bool calm = json_is_array(list) && world_number(j, "tray_waiting") == 0 && world_number(j, "in_flight_batches") == 0;
    for (size_t k = 0; k < json_array_size(list); k++) {
        const json_t *o = json_array_get(list, k);
        calm &= world_number(o, "last") == world_number(o, "acked");
        for (unsigned i = 0; i < CRASH_OFFICES; i++)
            if (!strcmp(world_text(o, "office"), c->s->load.o[i].id)) c->last[i] = (uint64_t)world_number(o, "last");
    }
    calm = calm && w && world_number(json_array_get(json_object_get(a, "workers"), 0), "applied") == world_number(w, "lsn");
    json_decref(j);
    json_decref(w);
    json_decref(a);
    return calm;
}

/* Files the tray had when the collector started may not be listed yet: they are looked for on the disk. */
static bool tray_empty(void *ctx)
{
    const struct crash_scene *s = ctx;
    char path[512];
    bool empty = true;
    world_path(&s->w, "collector/tray", path);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        size_t n = strlen(e->d_name);
        if (n > 5 && !strcmp(e->d_name + n - 5, ".tray")) empty = false;
    }
    if (d) closedir(d);
    return empty;
}

static void check_office(struct crash_scene *s, unsigned i, uint64_t last, const struct crash_mark *known, const char *what)
{
    unsigned files = 0;
    while (files < FILES && updates_of(s, i, files) < last) files++;
    world_check(updates_of(s, i, files) == last && files >= known->returned[i] && files <= known->begun[i],
                "%s: %s has %llu updates, %u files had been pushed and %u begun", what, s->load.o[i].id, (unsigned long long)last,
                known->returned[i], known->begun[i]);
    exact(s, i, files, what);
    if (files == 0 || files >= FILES) return;
    s->mark.begun[i] = s->mark.returned[i] = files;
    if (push(s, i, "--wait")) exact(s, i, files + 1, what);
}

void crash_scene_restart(struct crash_scene *s, const struct crash_mark *known, const char *what)
{
    struct calm c = { .s = s };
    unsigned failures = world_failures();
    bool up = world_up(&s->w);
    world_check(up, "%s: it does not start", what);
    if (up) {
        world_check(world_until(SETTLE_MS, tray_empty, s) && world_until(SETTLE_MS, is_calm, &c), "%s: it does not settle", what);
        for (unsigned i = 0; i < known->offices; i++) check_office(s, i, c.last[i], known, what);
    }
    if (world_failures() != failures) world_logs(&s->w);
    world_check(world_down(&s->w), "%s: it does not end", what);
}
