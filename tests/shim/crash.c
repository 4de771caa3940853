/* crash.c - crash BIN SEED IMAGES RESTARTS [PLANT]: records a scene played by the real programs, builds IMAGES disks as a power cut
 * may leave them and holds each to what was promised; starts the real programs on RESTARTS of them. Kind: E, tests only.
 *
 * PLANT (skip-fdatasync, skip-dsync, skip-fsync-file, skip-fsync-dir) reads the record as if the programs had left those calls out:
 * then images must be found wrong, or the check proves nothing. */
#include "tests/shim/crash.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AUDIT_EVERY = 25, FAULTS_SHOWN = 5 };
struct crash {
    struct crash_scene scene;
    struct crash_check *check;
    uint64_t seed;
    unsigned long images, restarts, done, faults, skip;
    size_t records;
    char tmp[300];
};

static int remove_one(const char *path, const struct stat *sb, int kind, struct FTW *f)
{
    (void)sb;
    (void)kind;
    (void)f;
    return remove(path);
}

static void remove_tree(const char *path) { (void)nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS); }

/* ---- the first pass ---- */

static bool learn(struct crash *c)
{
    struct crash_log l;
    if (!crash_log_open(&l, c->scene.record, c->scene.w.dir, 0)) return world_check(false, "no record"), false;
    while (crash_check_learn(c->check, &l)) {}
    c->records = l.records;
    world_note("record: %zu records, %zu bytes: %zu writes, %zu syncs, %zu synced writes, %zu names, %zu marks; %zu commits",
               l.records, l.size, l.seen[RECORD_WRITE], l.seen[RECORD_SYNC], l.seen[RECORD_RANGE],
               l.seen[RECORD_CREATE] + l.seen[RECORD_MKDIR] + l.seen[RECORD_RENAME] + l.seen[RECORD_LINK] + l.seen[RECORD_UNLINK],
               l.seen[RECORD_MARK], crash_check_commits(c->check));
    bool whole = l.at == l.size && crash_log_differences(&l, c->scene.w.dir) == 0;
    world_check(whole, "the record is not the whole truth about the directory");
    crash_log_close(&l);
    return whole && crash_check_learnt(c->check);
}

/* ---- the second pass ---- */

static void restart(struct crash *c, struct crash_image *i, const struct crash_mark *known, const char *what)
{
    char log[512], csv[512];
    remove_tree(c->scene.w.dir);
    world_path(&c->scene.w, "log", log);
    world_path(&c->scene.w, "csv", csv);
    bool ok = mkdir(c->scene.w.dir, 0700) == 0 && crash_image_write(i, c->scene.w.dir);
    (void)mkdir(log, 0700);
    (void)mkdir(csv, 0700);
    world_check(ok, "%s: the image cannot be written", what);
    if (ok) crash_scene_restart(&c->scene, known, what);
}

static void one_image(struct crash *c, const struct crash_log *l, const struct crash_mark *known, uint64_t number)
{
    struct crash_image i;
    char what[160];
    enum crash_mode mode = (enum crash_mode)(number % CRASH_MODES);
    bool started = c->restarts && number % (c->images / c->restarts + 1) == c->seed % (c->images / c->restarts + 1);
    crash_image_begin(&i, l, c->seed * 1000003 + number, mode);
    const char *fault = crash_check_image(c->check, &i, known, number % AUDIT_EVERY == 0);
    crash_image_done(&i);
    snprintf(what, sizeof what, "seed %llu, image %llu, cut after record %zu, mode %u", (unsigned long long)c->seed,
             (unsigned long long)number, l->records, (unsigned)mode);
    c->done++;
    if (fault && c->faults++ < FAULTS_SHOWN) world_note("%s%s: %s", c->skip ? "planted: " : "GAGAL: ", what, fault);
    if (fault || !started || c->skip) return;
    crash_image_begin(&i, l, c->seed * 1000003 + number, mode);
    restart(c, &i, known, what);
    crash_image_done(&i);
}

static int by_value(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

static void images(struct crash *c)
{
    struct crash_log l;
    struct crash_mark known = { 0 };
    struct rng r;
    size_t *cut = malloc(c->images * sizeof *cut);
    ASSERT(cut && crash_log_open(&l, c->scene.record, c->scene.w.dir, (unsigned)c->skip));
    rng_seed(&r, c->seed);
    for (unsigned long i = 0; i < c->images; i++) cut[i] = rng_below(&r, c->records + 1);
    qsort(cut, c->images, sizeof *cut, by_value);
    for (unsigned long i = 0; i < c->images; i++) {
        while (l.records < cut[i] && crash_log_step(&l))
            if (l.mark_n == sizeof known) memcpy(&known, l.mark, sizeof known);
        one_image(c, &l, &known, i);
    }
    crash_log_close(&l);
    free(cut);
}

/* ---- */

static bool prepare(struct crash *c, const char *bin)
{
    char record[400], dir[400];
    const char *tmp = getenv("TMPDIR");
    /* images are many and small: in memory where there is room for it */
    bool shm = access("/dev/shm", W_OK | X_OK) == 0;
    snprintf(c->tmp, sizeof c->tmp, "%s/rekap-crash-XXXXXX", shm ? "/dev/shm" : tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(c->tmp)) return perror(c->tmp), false;
    setenv("TMPDIR", c->tmp, 1);
    snprintf(record, sizeof record, "%s/record", c->tmp);
    snprintf(dir, sizeof dir, "%s/open", c->tmp);
    return crash_scene_play(&c->scene, bin, record, c->seed) && crash_check_new(&c->check, &c->scene, c->scene.w.bin, dir);
}

static unsigned plant(const char *name)
{
    static const struct { const char *name; unsigned skip; } plants[] = {
        { "skip-fdatasync", SKIP_FDATASYNC }, { "skip-dsync", SKIP_DSYNC }, { "skip-fsync-file", SKIP_FSYNC_FILE },
        { "skip-fsync-dir", SKIP_FSYNC_DIR },
    };
    for (size_t i = 0; i < sizeof plants / sizeof *plants; i++)
        if (!strcmp(name, plants[i].name)) return plants[i].skip;
    return 0;
}

static void run(struct crash *c)
{
    int64_t t0 = world_ms();
    if (!learn(c)) return;
    int64_t t1 = world_ms();
    images(c);
    double s = (double)(world_ms() - t1) / 1e3;
    world_note("%lu images in %.1f s (%.0f/s), %zu stores opened, learnt in %.1f s", c->done, s, s > 0 ? (double)c->done / s : 0,
               crash_check_opened(c->check), (double)(t1 - t0) / 1e3);
    if (c->skip) world_check(c->faults > 0, "none of %lu images of the planted fault was found wrong", c->images);
    else world_check(c->faults == 0, "%lu of %lu images are not what was promised", c->faults, c->done);
    if (c->skip) world_note("the planted fault shows in %lu of %lu images", c->faults, c->done);
}

int main(int argc, char **argv)
{
    static struct crash c;
    if (argc < 5) return fprintf(stderr, "crash BIN SEED IMAGES RESTARTS [PLANT]\n"), 2;
    c.seed = strtoull(argv[2], NULL, 10);
    c.images = strtoul(argv[3], NULL, 10);
    c.restarts = strtoul(argv[4], NULL, 10);
    if (argc > 5 && !(c.skip = plant(argv[5]))) return fprintf(stderr, "crash: %s?\n", argv[5]), 2;
    if (prepare(&c, argv[1]) && c.images) run(&c);
    else world_check(c.images == 0, "the scene cannot be recorded");
    crash_check_free(&c.check);
    load_free(&c.scene.load);
    world_free(&c.scene.w);
    if (c.tmp[0]) remove_tree(c.tmp);
    return world_done();
}
