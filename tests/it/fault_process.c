/* fault_process.c - `up` and its daemons as processes: one `up` for a directory, a dead daemon comes back, none outlives `up`. */
#include <errno.h>
#include <signal.h>

#include "tests/it/fault.h"

enum { BACK_MS = 2000, SLACK_MS = 250, LONG_MS = 20 * 1000 };

static void second_up(struct fault *f)
{
    const char *const args[] = { "up", NULL };
    pid_t worker = world_pid(&f->w, WORLD_WORKER);
    int rc = world_rekap(&f->w, LONG_MS, args);
    world_check(rc == 1 && fault_says(&f->w, "err", "sudah berjalan") && fault_says(&f->w, "err", f->w.dir),
                "a second `up` on the same directory ends with %d and must say why", rc);
    world_check(world_pid(&f->w, WORLD_WORKER) == worker && world_answers(&f->w, WORLD_WORKER),
                "a second `up` disturbed the first");
}

struct coming { const struct world *w; enum world_part part; pid_t old; };
static bool there_again(void *ctx)
{
    const struct coming *c = ctx;
    pid_t pid = world_pid(c->w, c->part);
    return pid > 0 && pid != c->old;
}

static bool answers_again(void *ctx)
{
    const struct coming *c = ctx;
    return world_answers(c->w, c->part);
}

static void back_in_time(struct fault *f)
{
    for (unsigned p = 0; p < WORLD_PARTS; p++) {
        struct coming c = { &f->w, p, world_pid(&f->w, p) };
        world_check(c.old > 0 && world_signal(&f->w, p, SIGKILL), "%s cannot be killed", world_names[p]);
        world_check(world_until(BACK_MS + SLACK_MS, there_again, &c), "%s is not back %d ms after its death", world_names[p],
                    BACK_MS);
        world_check(world_until(LONG_MS, answers_again, &c), "%s does not answer after its return", world_names[p]);
    }
    world_check(fault_push(f, 0, 0, LOAD_FILES, "--wait") == 0, "a push after three deaths");
}

struct gone { pid_t pid[WORLD_PARTS]; };
static bool all_gone(void *ctx)
{
    const struct gone *g = ctx;
    for (unsigned i = 0; i < WORLD_PARTS; i++)
        if (kill(g->pid[i], 0) == 0 || errno != ESRCH) return false;
    return true;
}

/* Once with all running, once with one of them stopped, which cannot react to anything but a kill. */
static void die_with_up(struct fault *f, bool stopped)
{
    struct gone g = { { 0 } };
    for (unsigned i = 0; i < WORLD_PARTS; i++) g.pid[i] = world_pid(&f->w, i);
    if (stopped) (void)world_signal(&f->w, WORLD_WORKER, SIGSTOP);
    world_kill_up(&f->w);
    bool gone = world_until(LONG_MS, all_gone, &g);
    world_check(gone, "daemons outlive an `up` that was killed%s", stopped ? " while the worker was stopped" : "");
    bool up = gone && world_up(&f->w);
    world_check(up, "`up` does not start again after its kill");
}

void fault_process(const char *bin)
{
    static struct fault f;
    if (fault_begin(&f, bin, 1)) {
        second_up(&f);
        back_in_time(&f);
        die_with_up(&f, false);
        die_with_up(&f, true);
        fault_exact(&f, 1, "after four deaths");
        world_check(world_down(&f.w), "`up` does not end by itself");
    }
    fault_end(&f);
}
