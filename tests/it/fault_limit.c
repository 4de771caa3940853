/* fault_limit.c - daemons that may open few descriptors, and more idle connections than they may have. Kind: E, tests only.
 *
 * The whole installation runs under RLIMIT_NOFILE of 32 to 256. A listener that cannot accept is readable for ever, so what fails
 * here is a loop: no daemon may burn a processor. With too few to work with a daemon refuses to start and says so; with enough it
 * serves, sheds connections that say nothing, says so, and loses nothing; when the idle ones go, whoever waited is served. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/it/fault.h"

enum { UP_MS = 20 * 1000, UP_REFUSED_MS = 1500, HOLD_MS = 1000, SAY_MS = 2000, SETTLE_MS = 40 * 1000, CROWD_MAX = 2 * 2 * 256,
       BUSY_PERCENT = 60, LEAST = 64, FILES = 3 };
static const unsigned limits[] = { 32, 48, 64, 96, 128, 192, 256 };

/* ---- the idle ones ---- */

struct crowd { int fd[CROWD_MAX]; unsigned n; };

/* Nobody waits for an answer: what the victim does not accept stays in its queue, and asks to be accepted. */
static void idle(struct crowd *c, unsigned port)
{
    const struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    if (connect(fd, (const struct sockaddr *)&a, sizeof a) == 0 || errno == EINPROGRESS) c->fd[c->n++] = fd;
    else close(fd);
}

static void leave(struct crowd *c)
{
    while (c->n > 0) close(c->fd[--c->n]);
}

static unsigned port_of(const char *endpoint) { return (unsigned)strtoul(strrchr(endpoint, ':') + 1, NULL, 10); }

/* ---- how busy a process is ---- */

static int64_t used_ms(pid_t pid)
{
    char path[64];
    long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    char *text = world_read(path), *at = text ? strrchr(text, ')') : NULL;
    if (at) (void)sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system);
    free(text);
    return (int64_t)(user + system) * 1000 / sysconf(_SC_CLK_TCK);
}

/* Lets the time pass; a daemon that was there all the while may not have computed through most of it. */
static void nobody_spins(const struct fault *f, unsigned limit, const char *when)
{
    pid_t pid[WORLD_PARTS];
    int64_t used[WORLD_PARTS], t0 = world_ms();
    for (unsigned p = 0; p < WORLD_PARTS; p++) {
        pid[p] = world_pid(&f->w, p);
        used[p] = pid[p] > 0 ? used_ms(pid[p]) : 0;
    }
    world_pause(HOLD_MS);
    for (unsigned p = 0; p < WORLD_PARTS; p++) {
        if (pid[p] <= 0 || world_pid(&f->w, p) != pid[p]) continue;
        int64_t percent = (used_ms(pid[p]) - used[p]) * 100 / (world_ms() - t0);
        world_check(percent < BUSY_PERCENT, "%u descriptors, %s: the %s uses %lld %% of a processor", limit, when, world_names[p],
                    (long long)percent);
    }
}

/* ---- one limit ---- */

static bool says_descriptors(void *ctx)
{
    const struct fault *f = ctx;
    bool said = false;
    for (unsigned p = 0; p < WORLD_PARTS; p++) said |= world_log_has(&f->w, p, "descriptors");
    return said;
}

static void forget_logs(const struct fault *f)
{
    char below[64], path[512];
    for (unsigned p = 0; p < WORLD_PARTS; p++) {
        snprintf(below, sizeof below, "log/%s.log", world_names[p]);
        world_path(&f->w, below, path);
        if (truncate(path, 0) != 0) perror(path);
    }
}

static void besieged(struct fault *f, unsigned limit, unsigned file)
{
    static struct crowd c;
    uint64_t before = world_acked(&f->w, NULL);
    pid_t worker = world_pid(&f->w, WORLD_WORKER);
    for (unsigned i = 0; i < 2 * limit; i++) idle(&c, port_of(f->w.listen)), idle(&c, port_of(f->w.http));
    world_check(c.n == 4 * limit, "%u descriptors: a crowd of %u only", limit, c.n);
    nobody_spins(f, limit, "idle connections");
    world_check(fault_push(f, 0, file, file + FILES, NULL) == 0, "%u descriptors: a push is not kept", limit);
    nobody_spins(f, limit, "idle connections and a push");
    leave(&c);
    world_check(world_settled(&f->w, f->pushed, SETTLE_MS), "%u descriptors: not all is acknowledged and visible once the idle ones"
                " have gone", limit);
    world_check(world_acked(&f->w, NULL) >= before, "%u descriptors: acknowledged updates are gone", limit);
    world_check(world_pid(&f->w, WORLD_WORKER) == worker && worker > 0, "%u descriptors: the worker has died", limit);
    world_check(fault_logs(&f->w, WORLD_WORKER, "say nothing", SAY_MS),
                "%u descriptors: the log does not say what was shed", limit);
}

static void with_limit(struct fault *f, unsigned limit, unsigned file)
{
    unsigned failures = world_failures();
    forget_logs(f);
    f->w.descriptors = limit;
    bool ready = world_up_within(&f->w, limit < LEAST ? UP_REFUSED_MS : UP_MS);
    world_check(ready == (limit >= LEAST), "%u descriptors: %s", limit, ready ? "it starts" : "it does not start");
    if (!ready) {
        nobody_spins(f, limit, "not ready");
        world_check(world_until(SAY_MS, says_descriptors, f), "%u descriptors: no log says that these are too few", limit);
    } else {
        besieged(f, limit, file);
    }
    if (world_failures() != failures) world_logs(&f->w);
    world_check(world_down(&f->w), "%u descriptors: it does not stop by itself", limit);
    f->w.descriptors = 0;
}

static void room_for_the_crowd(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0) return;
    r.rlim_cur = r.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &r);
}

void fault_limit(const char *bin)
{
    static struct fault f;
    unsigned file = FILES;
    room_for_the_crowd();
    if (fault_begin(&f, bin, 1) && fault_push(&f, 0, 0, FILES, "--wait") == 0 && world_down(&f.w)) {
        snprintf(f.w.listen, sizeof f.w.listen, "tcp://127.0.0.1:%u", world_port_from(port_of(f.w.http) + 1));
        for (unsigned i = 0; i < sizeof limits / sizeof *limits; i++) {
            with_limit(&f, limits[i], file);
            file += limits[i] < LEAST ? 0 : FILES;
        }
        world_check(world_up(&f.w), "it does not start without a limit");
        world_check(fault_push(&f, 0, file, LOAD_FILES, "--wait") == 0, "a push after all limits");
        fault_exact(&f, 1, "after all limits");
    } else {
        world_check(false, "the installation cannot be prepared");
    }
    fault_end(&f);
}
