/* world.c - see world.h: life of an installation, and looking at it. Kind: E, tests only.
 *
 * `up` is started with --json and is ready when it has said so; the addresses are read from the configuration that it wrote. A
 * daemon's pid is looked up among the children of `up`, so a daemon that was restarted is found again and one that is not ours
 * never is. */
#include "tests/it/world.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/link.h"

extern char **environ;
const char *const world_names[WORLD_PARTS] = { "worker", "collector", "aggregator" };
enum { READY_MS = 30 * 1000, STOP_MS = 15 * 1000, LOOK_MS = 5 };
static unsigned passed, failed;

/* ---- counting ---- */

void world_check(bool ok, const char *format, ...)
{
    va_list a;
    va_start(a, format);
    if (!ok) {
        printf("GAGAL: ");
        vprintf(format, a);
        putchar('\n');
    }
    va_end(a);
    if (ok) passed++;
    else failed++;
    fflush(stdout);
}

void world_note(const char *format, ...)
{
    va_list a;
    va_start(a, format);
    vprintf(format, a);
    va_end(a);
    putchar('\n');
    fflush(stdout);
}

unsigned world_failures(void) { return failed; }

int world_done(void)
{
    printf("%u passed, %u failed\n", passed, failed);
    return failed || !passed;
}

/* ---- time ---- */

int64_t world_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void world_pause(int ms) { (void)poll(NULL, 0, ms); }

bool world_until(int ms, world_fn fn, void *ctx)
{
    for (int64_t end = world_ms() + ms; !fn(ctx); world_pause(LOOK_MS))
        if (world_ms() > end) return false;
    return true;
}

/* ---- life ---- */

void world_path(const struct world *w, const char *below, char ret[512]) { snprintf(ret, 512, "%s/%s", w->dir, below); }

bool world_make(struct world *w, const char *bin)
{
    const char *tmp = getenv("TMPDIR");
    *w = (struct world){ .up_out = -1 };
    if (!realpath(bin, w->bin)) return perror(bin), false;
    snprintf(w->dir, sizeof w->dir, "%s/rekap-it-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(w->dir)) return perror(w->dir), false;
    return true;
}

static int remove_one(const char *path, const struct stat *sb, int kind, struct FTW *f)
{
    (void)sb;
    (void)kind;
    (void)f;
    return remove(path) != 0 && errno != EBUSY ? perror(path), 0 : 0;
}

static void remove_tree(const char *path) { (void)nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS); }

void world_free(struct world *w)
{
    if (w->up) (void)world_down(w);
    if (w->runtime[0]) remove_tree(w->runtime);
    if (w->dir[0]) remove_tree(w->dir);
    *w = (struct world){ .up_out = -1 };
}

bool world_setting(const struct world *w, const char *name, const char *key, char *ret, size_t size)
{
    char below[64], path[512], line[4096];
    size_t n = strlen(key);
    bool found = false;
    snprintf(below, sizeof below, "etc/%s.conf", name);
    world_path(w, below, path);
    FILE *f = fopen(path, "r");
    while (f && !found && fgets(line, sizeof line, f)) {
        char *v = strchr(line, '=');
        if (strncmp(line, key, n) || !v || (line[n] != ' ' && line[n] != '=')) continue;
        v += 1 + strspn(v + 1, " ");
        v[strcspn(v, "\n")] = '\0';
        found = snprintf(ret, size, "%s", v) < (int)size;
    }
    if (f) fclose(f);
    return found;
}

static bool read_places(struct world *w)
{
    for (unsigned i = 0; i < WORLD_PARTS; i++)
        if ((!w->office || i == WORLD_COLLECTOR) &&
            !world_setting(w, world_names[i], "control", w->control[i], sizeof w->control[i]))
            return false;
    if (!w->office && !world_setting(w, "worker", "listen", w->feed, sizeof w->feed)) return false;
    snprintf(w->runtime, sizeof w->runtime, "%s", w->control[WORLD_COLLECTOR]);
    *strrchr(w->runtime, '/') = '\0';
    return true;
}

/* ---- the end of the test program itself ---- */

static volatile sig_atomic_t running[4];        /* `up` of each world; the daemons follow theirs */

static void on_end(int sig)
{
    for (size_t i = 0; i < sizeof running / sizeof running[0]; i++)
        if (running[i] > 0) kill(running[i], SIGKILL);
    _exit(128 + sig);
}

static void remember(pid_t before, pid_t now)
{
    static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) signal(signals[i], on_end);
    for (size_t i = 0; i < sizeof running / sizeof running[0]; i++)
        if (running[i] == before) {
            running[i] = now;
            return;
        }
}

/* A port of its own for the monitor, away from those that `up` chooses by itself: while the aggregator is dead nobody takes it. */
static bool port_free(unsigned port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && bind(fd, (const struct sockaddr *)&a, sizeof a) == 0;
    if (fd >= 0) close(fd);
    return ok;
}

unsigned world_port_from(unsigned port)
{
    while (!port_free(port)) port = port < 31000 ? port + 1 : 10000;
    return port;
}

unsigned world_port(void) { return world_port_from(10000 + (unsigned)getpid() * 7 % 20000); }

/* ---- the clock ---- */

bool world_clock_set(const struct world *w, int64_t ms)
{
    int fd = open(w->clock, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && pwrite(fd, &ms, sizeof ms, 0) == (ssize_t)sizeof ms;
    if (fd >= 0) close(fd);
    return ok;
}

bool world_clock_make(struct world *w)
{
    return snprintf(w->clock, sizeof w->clock, "%s/clock", w->dir) < (int)sizeof w->clock && world_clock_set(w, 0);
}

/* What `up` and so its daemons find in their environment. */
void world_clock_lend(const struct world *w, bool on)
{
    char library[600];
    if (!w->clock[0]) return;
    snprintf(library, sizeof library, "%s/../tests/it/jump.so", w->bin);
    (void)(on ? setenv("LD_PRELOAD", library, 1) : unsetenv("LD_PRELOAD"));
    (void)(on ? setenv("REKAP_TEST_CLOCK", w->clock, 1) : unsetenv("REKAP_TEST_CLOCK"));
}

static bool spawn_up(struct world *w)
{
    char program[600], err[512], up[] = "up", dir[] = "--dir", json[] = "--json", http[] = "--http", door[] = "--listen";
    char shell[] = "/bin/sh", option[] = "-c", script[] = "ulimit -n \"$0\" && exec \"$@\"", limit[16];
    char *all[14] = { shell, option, script, limit, program, up, dir, w->dir, json }, **argv = w->descriptors ? all : all + 4;
    unsigned n = w->descriptors ? 9 : 5;
    posix_spawn_file_actions_t fa;
    int fd[2];
    snprintf(limit, sizeof limit, "%u", w->descriptors);
    snprintf(program, sizeof program, "%s/rekap", w->bin);
    world_path(w, "up.err", err);
    if (!w->http[0] && !w->office) snprintf(w->http, sizeof w->http, "127.0.0.1:%u", world_port());
    if (w->http[0]) argv[n++] = http, argv[n++] = w->http;
    if (w->listen[0]) argv[n++] = door, argv[n++] = w->listen;
    if (pipe2(fd, O_CLOEXEC) != 0) return false;
    posix_spawn_file_actions_init(&fa);
    posix_spawn_file_actions_adddup2(&fa, fd[1], 1);
    posix_spawn_file_actions_addopen(&fa, 2, err, O_WRONLY | O_CREAT | O_APPEND, 0600);
    world_clock_lend(w, true);
    int rc = posix_spawn(&w->up, argv[0], &fa, NULL, argv, environ);
    world_clock_lend(w, false);
    posix_spawn_file_actions_destroy(&fa);
    close(fd[1]);
    w->up_out = fd[0];
    if (rc != 0) w->up = 0, close(fd[0]), w->up_out = -1;
    else remember(0, w->up);
    return rc == 0;
}

static bool said_ready(const struct world *w, int ms)
{
    char text[1024];
    size_t n = 0;
    for (int64_t end = world_ms() + ms; world_ms() < end && n + 1 < sizeof text;) {
        struct pollfd p = { .fd = w->up_out, .events = POLLIN };
        if (poll(&p, 1, 100) <= 0) continue;
        ssize_t got = read(w->up_out, text + n, sizeof text - 1 - n);
        if (got <= 0) return false;
        text[n += (size_t)got] = '\0';
        if (strchr(text, '\n')) return strstr(text, "\"ready\":true") != NULL;
    }
    return false;
}

static void forget(struct world *w)
{
    remember(w->up, 0);
    close(w->up_out);
    w->up = 0;
    w->up_out = -1;
}

bool world_up_within(struct world *w, int ms)
{
    if (!spawn_up(w)) return world_note("rekap up cannot be started: %s", strerror(errno)), false;
    bool ready = said_ready(w, ms);
    if (!ready && waitpid(w->up, NULL, WNOHANG) == w->up) forget(w);
    return read_places(w) && ready;
}

bool world_up(struct world *w)
{
    if (world_up_within(w, READY_MS)) return true;
    world_note("rekap up did not become ready");
    return false;
}

struct ending { struct world *w; int status; };
static bool ended(void *ctx)
{
    struct ending *e = ctx;
    return waitpid(e->w->up, &e->status, WNOHANG) != 0;
}

bool world_down(struct world *w)
{
    struct ending e = { .w = w };
    if (!w->up) return true;
    for (unsigned i = 0; i < WORLD_PARTS; i++) (void)world_signal(w, i, SIGCONT);
    kill(w->up, SIGTERM);
    bool ok = world_until(STOP_MS, ended, &e);
    if (!ok) {
        kill(w->up, SIGKILL);
        waitpid(w->up, NULL, 0);
    }
    forget(w);
    return ok && WIFEXITED(e.status) && WEXITSTATUS(e.status) == 0;
}

void world_kill_up(struct world *w)
{
    kill(w->up, SIGKILL);
    waitpid(w->up, NULL, 0);
    forget(w);
}

bool world_office(struct world *w, const char *id, const char *region)
{
    const char *const args[] = { "office", "add", id, "--region", region, "--name", id, NULL };
    return world_rekap(w, 10000, args) == 0;
}

/* ---- processes ---- */

static bool is_daemon(pid_t pid, const char *name)
{
    char path[64], comm[32] = "", want[32];
    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    snprintf(want, 16, "rekap-%s", name);       /* the kernel keeps 15 bytes */
    FILE *f = fopen(path, "r");
    bool got = f && fgets(comm, sizeof comm, f);
    if (f) fclose(f);
    comm[strcspn(comm, "\n")] = '\0';
    return got && !strcmp(comm, want);
}

pid_t world_pid(const struct world *w, enum world_part p)
{
    char path[64];
    int child = 0, found = 0;
    if (!w->up) return 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)w->up, (int)w->up);
    FILE *f = fopen(path, "r");
    while (f && !found && fscanf(f, "%9d", &child) == 1)
        if (is_daemon(child, world_names[p])) found = child;
    if (f) fclose(f);
    return found;
}

bool world_signal(const struct world *w, enum world_part p, int sig)
{
    pid_t pid = world_pid(w, p);
    return pid > 0 && kill(pid, sig) == 0;
}

/* ---- looking ---- */

json_t *world_ask(const struct world *w, enum world_part p, const char *request, int timeout_ms)
{
    char *text = NULL;
    size_t n = 0;
    if (link_ask(w->control[p], slice_of(request, strlen(request)), timeout_ms, &text, &n) != 0) return NULL;
    json_t *j = json_loadb(text, n, 0, NULL);
    free(text);
    return j;
}

json_t *world_status(const struct world *w, enum world_part p) { return world_ask(w, p, "{\"verb\":\"status\"}", 2000); }

bool world_answers(const struct world *w, enum world_part p)
{
    json_t *j = world_status(w, p);
    bool ok = world_text(j, "program")[0] != '\0';
    json_decref(j);
    return ok;
}

int64_t world_number(const json_t *o, const char *key) { return (int64_t)json_integer_value(json_object_get(o, key)); }

const char *world_text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

uint64_t world_acked(const struct world *w, uint64_t *ret_last)
{
    json_t *j = world_status(w, WORLD_COLLECTOR);
    const json_t *list = json_object_get(j, "offices");
    uint64_t acked = 0, last = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        acked += (uint64_t)world_number(json_array_get(list, i), "acked");
        last += (uint64_t)world_number(json_array_get(list, i), "last");
    }
    bool ok = json_is_array(list);
    json_decref(j);
    if (ok && ret_last) *ret_last = last;
    return ok ? acked : UINT64_MAX;
}

struct settling { const struct world *w; uint64_t updates; };
static bool settled(void *ctx)
{
    const struct settling *s = ctx;
    uint64_t last = 0;
    if (world_acked(s->w, &last) != s->updates || last != s->updates) return false;
    json_t *worker = world_status(s->w, WORLD_WORKER), *aggregator = world_get(s->w, "/api/v1/status");
    int64_t lsn = world_number(worker, "lsn");
    bool all = lsn > 0 && world_number(json_array_get(json_object_get(aggregator, "workers"), 0), "applied") == lsn;
    json_decref(worker);
    json_decref(aggregator);
    return all;
}

bool world_settled(const struct world *w, uint64_t updates, int ms)
{
    struct settling s = { w, updates };
    return world_until(ms, settled, &s);
}
