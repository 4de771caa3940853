/* fault_stop.c - parts that are silent (stopped) or not there: a push never waits for them, nothing is lost, nothing is taken
 * twice. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/it/fault.h"

enum { DYING_MS = 1500, QUICK_MS = 15 * 1000, LONG_MS = 20 * 1000 };

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

/* The part dies again and again, as soon as `up` has brought it back; a push meanwhile is kept, and all arrives when it stays. */
static void dying(struct fault *f, enum world_part part, unsigned from, unsigned to)
{
    const char *name = world_names[part];
    unsigned deaths = 0;
    int64_t end = world_ms() + DYING_MS;
    deaths += world_signal(&f->w, part, SIGKILL);
    int rc = fault_push(f, 0, from, to, NULL);
    world_check(rc == 0, "push while %s keeps dying: exit %d", name, rc);
    for (; world_ms() < end; world_pause(2)) deaths += world_signal(&f->w, part, SIGKILL);
    world_check(deaths >= 2, "%s died %u times only", name, deaths);
    world_check(world_settled(&f->w, f->pushed, LONG_MS), "after %s had died %u times, not everything arrived", name, deaths);
}

/* The names of tray files are the order they are taken in, so they must sort as the files were given, however fast they were
 * written. */
static void files_of_a_push_keep_their_order(const struct fault *f, unsigned from)
{
    char dir[512], path[800], want[96];
    struct dirent **list = NULL;
    unsigned wrong = 0, at = from;
    world_path(&f->w, "collector/tray", dir);
    int n = scandir(dir, &list, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        if (strstr(list[i]->d_name, ".tray")) {
            snprintf(path, sizeof path, "%s/%s", dir, list[i]->d_name);
            snprintf(want, sizeof want, "%s-%02u.csv", f->load.o[0].id, at++);
            char *text = world_read_bytes(path, NULL);
            wrong += !text || !memmem(text, 300, want, strlen(want));
            free(text);
        }
        free(list[i]);
    }
    free(list);
    world_check(n > 0 && wrong == 0, "%u of the tray's files do not stand in the order they were given", wrong);
}

/* Nothing runs: the push is safe in the tray, and imported exactly once later; the same files again are then known already. */
static void all_down(struct fault *f)
{
    world_check(world_down(&f->w), "`up` does not end by itself");
    world_check(fault_push(f, 0, 13, LOAD_FILES, NULL) == 0, "push with everything down");
    world_check(world_tray_files(&f->w) == LOAD_FILES - 13, "the tray holds %u files", world_tray_files(&f->w));
    files_of_a_push_keep_their_order(f, 13);
    world_check(status(f) == 1, "status with everything down");
    bool up = world_up(&f->w);
    world_check(up, "`up` does not start again");
    if (!up) return;
    fault_exact(f, 1, "tray filled while down");
    world_check(world_tray_files(&f->w) == 0, "imported tray files are still there");
    uint64_t pushed = f->pushed;
    world_check(fault_push(f, 0, LOAD_FILES - 1, LOAD_FILES, "--wait") == 0, "the same file again");
    f->pushed = pushed;                 /* it states nothing new */
    fault_exact(f, 1, "the same file again");
}

void fault_stop(const char *bin)
{
    static struct fault f;
    if (fault_begin(&f, bin, 1)) {
        stopped(&f, WORLD_WORKER, 0, 3);
        stopped(&f, WORLD_AGGREGATOR, 3, 5);
        stopped(&f, WORLD_COLLECTOR, 5, 7);
        dying(&f, WORLD_WORKER, 7, 9);
        dying(&f, WORLD_AGGREGATOR, 9, 11);
        dying(&f, WORLD_COLLECTOR, 11, 13);
        waits_in_vain(&f);
        all_down(&f);
    }
    fault_end(&f);
}
