/* fault_store.c - damaged and missing stores. A daemon whose store is damaged must not start, or must refuse what it reads, and say
 * which file it is; it must never answer with other figures. The aggregator's state is a fold of the log: without it, it is made
 * again. */
#include <fcntl.h>
#include <ftw.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/it/fault.h"

enum { LONG_MS = 30 * 1000, PAGE = 4096 };
static const char *const STORES[WORLD_PARTS] = { "worker/ledger", "collector/outbox", "aggregator/state" };
enum damage { CUT, GARBAGE, META, BITS, DAMAGES };
static const char *const DAMAGE[DAMAGES] = { "cut to half", "all garbage", "both heads overwritten",
                                             "a bit flipped in every page" };

static bool damage(const char *path, enum damage kind)
{
    struct stat sb;
    struct rng r;
    uint8_t page[PAGE];
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool ok = fd >= 0 && fstat(fd, &sb) == 0;
    rng_seed(&r, 11);
    if (ok && kind == CUT) ok = ftruncate(fd, sb.st_size / 2 / PAGE * PAGE) == 0;
    for (off_t at = 0; ok && kind != CUT && at + PAGE <= sb.st_size && (kind != META || at < 2 * PAGE); at += PAGE) {
        if (kind == BITS && at < 2 * PAGE) continue;
        ok = pread(fd, page, PAGE, at) == PAGE;
        if (kind == BITS) page[rng_below(&r, PAGE)] ^= (uint8_t)(1u << rng_below(&r, 8));
        for (unsigned i = 0; kind != BITS && i < PAGE; i++) page[i] = (uint8_t)rng_next(&r);
        ok = ok && pwrite(fd, page, PAGE, at) == PAGE;
    }
    if (fd >= 0) close(fd);
    return ok;
}

static bool copy(const char *from, const char *to)
{
    const char *const args[] = { "/bin/cp", "--sparse=always", from, to, NULL };
    struct world none = { .dir = "/tmp" };
    char dir[512];
    snprintf(dir, sizeof dir, "%s", to);
    *strrchr(dir, '/') = '\0';
    snprintf(none.dir, sizeof none.dir, "%.255s", dir);
    return world_run(&none, LONG_MS, args) == 0;
}

/* Started alone, the daemon must end by itself and name the store on its last lines; `timeout` bounds a start that goes through. */
static void refuses(struct fault *f, enum world_part p, enum damage kind)
{
    char program[600], below[64], config[512], store[512];
    const char *const args[] = { "/usr/bin/timeout", "--signal=KILL", "3", program, "--config", config, NULL };
    snprintf(program, sizeof program, "%s/rekap-%s", f->w.bin, world_names[p]);
    snprintf(below, sizeof below, "etc/%s.conf", world_names[p]);
    world_path(&f->w, below, config);
    world_path(&f->w, STORES[p], store);
    world_check(mkdir(f->w.runtime, 0700) == 0 || errno == EEXIST, "the directory of sockets, which `up` makes and removes");
    int rc = world_run(&f->w, LONG_MS, args);
    bool killed = rc == 137; /* it went on: allowed only when single values are damaged, which is seen when they are read */
    world_check(kind == BITS ? rc == 1 || killed : rc == 1, "%s with its store %s: exit %d", world_names[p], DAMAGE[kind], rc);
    if (rc == 1)
        world_check(fault_says(&f->w, "err", store), "%s with its store %s does not name it", world_names[p], DAMAGE[kind]);
}

static void damaged(struct fault *f)
{
    char data[512], saved[512], below[64];
    for (unsigned p = 0; p < WORLD_PARTS; p++) {
        snprintf(below, sizeof below, "%s/data.mdb", STORES[p]);
        world_path(&f->w, below, data);
        world_path(&f->w, "saved.mdb", saved);
        bool ok = copy(data, saved);
        for (unsigned kind = 0; ok && kind < DAMAGES; kind++) {
            world_check(damage(data, kind), "the store cannot be damaged");
            refuses(f, p, kind);
            ok = copy(saved, data);
        }
        world_check(ok, "the store cannot be saved and put back");
    }
}

/* ---- never other figures ---- */

static char *answer(const struct fault *f, unsigned office)
{
    char target[256];
    const struct load_office *o = &f->load.o[office];
    snprintf(target, sizeof target, "/api/v1/rollup?region=%s&office=%s&year=%u&level=subkegiatan", o->region, o->id,
             (unsigned)f->load.year);
    json_t *j = world_get(&f->w, target);
    if (j) json_object_del(j, "as_of");
    char *text = j ? json_dumps(j, JSON_SORT_KEYS) : NULL;
    json_decref(j);
    return text;
}

struct looking { struct fault *f; const char *want; bool other, refused, answered; };
static bool look(void *ctx)
{
    struct looking *l = ctx;
    char *got = answer(l->f, 0);
    if (got) l->answered = true;
    if (got && strcmp(got, l->want) != 0) l->other = true;
    bool done = got != NULL;
    free(got);
    return done;
}

/* Bits flipped in value pages of the aggregator's state while it is down: it may refuse to start or refuse to answer, in which case
 * the state is removed and made again; what it answers must be right. */
static void wrong_never(struct fault *f, const char *want)
{
    char data[512], state[512];
    world_path(&f->w, "aggregator/state/data.mdb", data);
    world_path(&f->w, "aggregator/state", state);
    world_check(damage(data, BITS), "the state cannot be damaged");
    bool up = world_up(&f->w);
    struct looking l = { .f = f, .want = want };
    if (up) (void)world_until(3000, look, &l);
    world_check(!l.other, "a damaged state answers with other figures");
    world_check(fault_logs(&f->w, WORLD_AGGREGATOR, state, 1000) || fault_logs(&f->w, WORLD_AGGREGATOR, "corrupt", 1000) ||
                    l.answered,
                "a damaged state is not spoken of");
    if (up || f->w.up) (void)world_down(&f->w);
}

static bool remove_state(const struct fault *f)
{
    char state[512];
    world_path(&f->w, "aggregator/state", state);
    const char *const args[] = { "/bin/rm", "-rf", state, NULL };
    return world_run(&f->w, LONG_MS, args) == 0;
}

static void rebuilt(struct fault *f, const char *want)
{
    world_check(remove_state(f), "the state cannot be removed");
    bool up = world_up(&f->w);
    world_check(up, "`up` does not start without the aggregator's state");
    if (!up) return;
    fault_exact(f, 2, "state made again from the log");
    char *got = answer(f, 0);
    world_check(got && !strcmp(got, want), "the rebuilt state answers otherwise");
    free(got);
    (void)world_down(&f->w);
}

void fault_store(const char *bin)
{
    static struct fault f;
    if (fault_begin(&f, bin, 2)) {
        world_check(fault_push(&f, 0, 0, LOAD_FILES, "--wait") == 0 && fault_push(&f, 1, 0, LOAD_FILES, "--wait") == 0, "push");
        fault_exact(&f, 2, "before any damage");
        char *want = answer(&f, 0);
        world_check(want && world_down(&f.w), "`up` does not end by itself");
        damaged(&f);
        rebuilt(&f, want ? want : "");
        wrong_never(&f, want ? want : "");
        rebuilt(&f, want ? want : "");
        free(want);
    }
    fault_end(&f);
}
