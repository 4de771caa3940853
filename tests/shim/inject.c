/* inject.c - inject BIN SEED TARGET KIND STRIDE [ever] [second] [again] [all] [lie] [from=N]: lets calls of one
 * program fail, one in each run. Kind: E, tests only.
 *
 * TARGET: worker, collector, aggregator, a verb of rekap (the table in inject_command.c), or a command that
 * changes or copies (the table in inject_register.c). KIND: malloc, write, sync, open,
 * socket, mmap, name, read, connect, thread. Every STRIDE-th call from a random one (the seed is printed) until a run passes
 * untouched. Allocations of a daemon are many thousand by few ways: each distinct chain of callers is tried at its first and at its
 * last call; `all` tries them by number instead.
 *
 * again: the start after the one that failed meets a failure of the same kind, too, at a random one of its first calls.
 *
 * from=N: by number, from call N on instead of a random one: to see one again.
 *
 * lie: writes that fail say that they have not, so figures are lost; the run fails if nobody notices.
 *
 * In every run: what a push that returned has stated is not lost, no wrong figure is ever shown, nothing hangs, a program goes
 * on or ends with a word (an abort of libzmq's own over a call that failed counts as an end), and the next start without faults
 * is exact. */
#include "tests/shim/inject.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const inject_kinds[FAIL_KINDS] = { "malloc", "write", "sync",    "open",  "socket",
                                               "mmap",   "name",  "read", "connect", "thread" };
const int inject_errors[FAIL_KINDS] = { ENOMEM, ENOSPC, EIO, EMFILE, EMFILE, ENOMEM, EIO, EIO, ECONNREFUSED, EAGAIN };
enum { POINTS_MAX = 20000, ENOUGH = 20 };

static int by_where(const void *a, const void *b)
{
    const struct inject_point *x = a, *y = b;
    return (x->where > y->where) - (x->where < y->where);
}

/* The distinct ways to an allocation, from a run in which nothing fails: each at its first call and at its last. */
static size_t sites(struct inject *i, struct inject_point *ret)
{
    const struct inject_point none = { 0, 0 };
    struct fail_state *s = i->state;
    size_t n = 0;
    memset(s->site, 0, sizeof s->site);
    i->record = true;
    (void)inject_run(i, &none);
    i->record = false;
    for (size_t k = 0; k < FAIL_SITES && n + 2 < POINTS_MAX; k++) {
        uint64_t where = atomic_load(&s->site[k].where);
        uint32_t calls = atomic_load(&s->site[k].calls);
        if (!where) continue;
        ret[n++] = (struct inject_point){ where, 1 };
        if (calls > 1) ret[n++] = (struct inject_point){ where, calls };
    }
    return n;
}

static void tell(const struct inject *i, size_t points)
{
    const struct inject_tally *t = &i->t;
    world_note("%s %s %s, %s start: %zu points, %u tried: %u went on, %u ended (%u of them by libzmq's abort), %u untouched; "
               "%u not ready, %u late while the fault lasted; %u started again, %u of them failed again", i->program,
               inject_kinds[i->kind], i->ever ? "for good" : "once", i->again ? "first and next" : i->second ? "second" : "first",
               points, t->tried, t->went_on, t->died + t->aborted, t->aborted, t->untouched, t->not_ready, t->late,
               t->started_again, t->twice);
    world_check(!i->again || t->started_again < ENOUGH || t->twice > 0, "the start after the fault never met another");
}

static void by_site(struct inject *i, unsigned stride)
{
    struct inject_point *p = calloc(POINTS_MAX, sizeof *p);
    ASSERT(p);
    size_t n = sites(i, p);
    uint64_t calls = atomic_load(&i->state->calls[FAIL_MALLOC]);
    qsort(p, n, sizeof *p, by_where);
    i->t = (struct inject_tally){ 0 };
    for (size_t k = rng_below(&i->rng, stride); k < n; k += stride) (void)inject_run(i, &p[k]);
    world_note("%llu allocations in a run without faults", (unsigned long long)calls);
    tell(i, n);
    world_check(n > 0, "no allocation was seen");
    free(p);
}

static void by_number(struct inject *i, unsigned stride)
{
    struct inject_point p = { 0, i->from ? i->from : 1 + rng_below(&i->rng, stride) };
    while (inject_run(i, &p) && i->lies_seen == 0) p.n += stride;
    tell(i, p.n - 1);
    if (i->lie) world_check(i->lies_seen > 0, "writes that were lost were not noticed");
}

static int remove_one(const char *path, const struct stat *sb, int kind, struct FTW *f)
{
    (void)sb;
    (void)kind;
    (void)f;
    return remove(path);
}

static bool read_words(struct inject *i, int argc, char **argv, bool *ret_all)
{
    static char program[48];
    snprintf(program, sizeof program, "rekap-%s", argv[3]);
    i->program = program;
    unsigned k = 0;
    while (k < FAIL_KINDS && strcmp(inject_kinds[k], argv[4]) != 0) k++;
    i->kind = (enum fail_kind)k;
    for (int a = 6; a < argc; a++) {
        i->ever |= !strcmp(argv[a], "ever");
        i->lie |= !strcmp(argv[a], "lie");
        i->second |= !strcmp(argv[a], "second");
        i->again |= !strcmp(argv[a], "again");
        if (!strncmp(argv[a], "from=", 5)) i->from = strtoull(argv[a] + 5, NULL, 10);
        *ret_all |= !strcmp(argv[a], "all");
    }
    return k < FAIL_KINDS;
}

static void run(struct inject *i, const char *target, unsigned stride, bool all)
{
    for (unsigned k = 0; k < WORLD_PARTS; k++)
        if (!strcmp(target, world_names[k])) {
            if (i->kind == FAIL_MALLOC && !all) by_site(i, stride);
            else by_number(i, stride);
            return;
        }
    if (inject_register_knows(target)) inject_register(i, target, stride);
    else inject_command(i, target, stride);
    tell(i, i->t.tried);
}

int main(int argc, char **argv)
{
    static struct inject i;
    bool all = false;
    char tmp[64];
    const char *bin = argc > 1 ? argv[1] : "";
    if (argc < 6 || !read_words(&i, argc, argv, &all) || strtoul(argv[5], NULL, 10) == 0)
        return fprintf(stderr, "inject BIN SEED TARGET KIND STRIDE [ever] [second] [again] [all] [lie] [from=N]\n"), 2;
    snprintf(tmp, sizeof tmp, "%s/rekap-inject-XXXXXX", access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp");
    (void)personality(ADDR_NO_RANDOMIZE);       /* chains of callers are the same in every run */
    rng_seed(&i.rng, strtoull(argv[2], NULL, 10));
    world_note("seed %s", argv[2]);
    if (!mkdtemp(tmp)) return perror(tmp), 2;
    setenv("TMPDIR", tmp, 1);
    if (inject_prepare(&i, bin, tmp)) run(&i, argv[3], (unsigned)strtoul(argv[5], NULL, 10), all);
    else world_check(false, "the installation cannot be prepared"), world_logs(&i.w);
    inject_done(&i);
    (void)nftw(tmp, remove_one, 32, FTW_DEPTH | FTW_PHYS);
    return world_done();
}
