/* fault_stop.c - parts that are silent (stopped) or not there: a push never waits for them, nothing is lost, nothing is taken
 * twice. */
#include <dirent.h>
#include <signal.h>
#include <string.h>

#include "tests/it/fault.h"

enum { QUICK_MS = 15 * 1000, LONG_MS = 20 * 1000 };

static int status(const struct fault *f)
{
    const char *const args[] = { "status", NULL };
    return world_rekap(&f->w, LONG_MS, args);
}

/* While `part` is stopped: a push without --wait returns, status says that it is silent; afterwards everything arrives. */
static void stopped(struct fault *f, enum world_part part, unsigned from, unsigned to)
{
    const char *name = world_names[part];
    world_check(status(f) == 0, "status before %s is stopped", name);
    world_check(world_signal(&f->w, part, SIGSTOP), "%s cannot be stopped", name);
    int64_t t0 = world_ms();
    int rc = fault_push(f, 0, from, to, NULL);
    world_check(rc == 0 && world_ms() - t0 < QUICK_MS, "push while %s is stopped: exit %d after %lld ms", name, rc,
                (long long)(world_ms() - t0));
    rc = status(f);
    world_check(rc == 1 && fault_says(&f->w, "out", "MATI"), "status while %s is stopped: exit %d", name, rc);
    world_check(world_signal(&f->w, part, SIGCONT), "%s cannot go on", name);
    world_check(world_settled(&f->w, f->pushed, LONG_MS + QUICK_MS), "after %s went on, not everything arrived", name);
    world_check(status(f) == 0, "status after %s went on", name);
}

/* --wait with a deadline says what is pending instead of hanging. */
static void waits_in_vain(struct fault *f)
{
    char path[512];
    world_path(&f->w, "csv/again.csv", path);
    static const char text[] = "tahun,nomenklatur,kode,sampai,realisasi\n1999,permendagri-90-2019,1.06.01.2.01.01,1999-01,1\n";
    const char *const args[] = { "push", "--office", f->load.o[0].id, path, "--wait", "--timeout", "2", NULL };
    world_check(world_write(path, text, sizeof text - 1) && world_signal(&f->w, WORLD_WORKER, SIGSTOP),
                "the worker cannot be stopped");
    int64_t t0 = world_ms();
    int rc = world_rekap(&f->w, LONG_MS, args);
    world_check(rc == 1 && world_ms() - t0 < 2 * 2000 + QUICK_MS / 3, "push --wait --timeout 2 on a stopped worker: exit %d", rc);
    world_check(world_signal(&f->w, WORLD_WORKER, SIGCONT), "the worker cannot go on");
    f->pushed++;
}

static unsigned tray_files(const struct fault *f)
{
    char path[512];
    unsigned n = 0;
    world_path(&f->w, "collector/tray", path);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) n += strstr(e->d_name, ".tray") != NULL;
    if (d) closedir(d);
    return n;
}

/* Nothing runs: the push is safe in the tray, and imported exactly once later; the same files again are then known already. */
static void all_down(struct fault *f)
{
    world_check(world_down(&f->w), "`up` does not end by itself");
    world_check(fault_push(f, 0, 13, LOAD_FILES, NULL) == 0, "push with everything down");
    world_check(tray_files(f) == LOAD_FILES - 13, "the tray holds %u files", tray_files(f));
    world_check(status(f) == 1, "status with everything down");
    bool up = world_up(&f->w);
    world_check(up, "`up` does not start again");
    if (!up) return;
    fault_exact(f, 1, "tray filled while down");
    world_check(tray_files(f) == 0, "imported tray files are still there");
    uint64_t pushed = f->pushed;
    world_check(fault_push(f, 0, LOAD_FILES - 1, LOAD_FILES, "--wait") == 0, "the same file again");
    f->pushed = pushed;                 /* it states nothing new */
    fault_exact(f, 1, "the same file again");
}

void fault_stop(const char *bin)
{
    static struct fault f;
    if (fault_begin(&f, bin, 1)) {
        stopped(&f, WORLD_WORKER, 0, 5);
        stopped(&f, WORLD_AGGREGATOR, 5, 9);
        stopped(&f, WORLD_COLLECTOR, 9, 13);
        waits_in_vain(&f);
        all_down(&f);
    }
    fault_end(&f);
}
