/* inject_world.c - the installation that faults are let loose on, and one run of it. Kind: E, tests only.
 *
 * Every run begins with the same files on disk: one office, whose budget is acknowledged and shown. The run starts everything,
 * with the fault in wait in one program, pushes a month of realised figures, adds another office and pushes its budget, looks
 * all the while at what is shown, stops, starts again without faults and compares. The second start is that after a kill -9,
 * with a push that came while it was dead. */
#include "tests/shim/inject.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READY_MS = 5000, SHOWN_MS = 10000, EVER_MS = 3000, SETTLE_MS = 20000, PUSH_MS = 20000, STOP_MS = 4900, FILES_MAX = 512 };
static struct inject *collecting;

/* ---- the files ---- */

static int collect_one(const char *path, const struct stat *sb, int kind, struct FTW *f)
{
    struct inject *i = collecting;
    (void)f;
    if (kind != FTW_F && kind != FTW_D) return 0;
    ASSERT(i->files < FILES_MAX);
    struct inject_file *to = &i->file[i->files++];
    *to = (struct inject_file){ .path = strdup(path), .mode = sb->st_mode & 07777 };
    if (kind == FTW_F) to->bytes = world_read_bytes(path, &to->n);
    return 0;
}

static int remove_one(const char *path, const struct stat *sb, int kind, struct FTW *f)
{
    (void)sb;
    (void)kind;
    (void)f;
    return remove(path);
}

bool inject_restore(struct inject *i)
{
    bool ok = nftw(i->w.dir, remove_one, 32, FTW_DEPTH | FTW_PHYS) == 0;
    for (size_t k = 0; ok && k < i->files; k++) {
        const struct inject_file *f = &i->file[k];
        if (!f->bytes) ok = mkdir(f->path, (mode_t)f->mode) == 0;
        else ok = world_write(f->path, f->bytes, f->n) && chmod(f->path, (mode_t)f->mode) == 0;
    }
    return ok;
}

static bool push(struct inject *i, unsigned office, unsigned file, const char *option)
{
    char below[96], path[512];
    const char *const args[] = { "push", "--office", i->load.o[office].id, path, option, NULL };
    struct buf b;
    snprintf(below, sizeof below, "csv/%u-%02u.csv", office, file);
    world_path(&i->w, below, path);
    buf_init(&b, 1 << 20);
    load_csv(&i->load, office, file, &b);
    bool ok = buf_ok(&b) && world_write(path, b.p, b.n) && world_rekap(&i->w, PUSH_MS, args) == 0;
    buf_done(&b);
    return ok;
}

static bool share(struct inject *i, const char *tmp)
{
    char path[512], shim[600];
    snprintf(path, sizeof path, "%s/state", tmp);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof *i->state) != 0) return false;
    void *map = mmap(NULL, sizeof *i->state, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    i->state = map == MAP_FAILED ? NULL : map;
    snprintf(shim, sizeof shim, "%s/../tests/shim/fail.so", i->w.bin);
    setenv(FAIL_STATE, path, 1);
    setenv("LD_PRELOAD", shim, 1);
    return i->state != NULL;
}

static void figures(struct inject *i)
{
    const struct load_office *o = &i->load.o[0];
    i->budget = i->realised = i->other = 0;
    for (uint32_t k = 0; k < i->load.o[1].n; k++) i->other += i->load.o[1].s[k].file == 0 ? i->load.o[1].s[k].sen : 0;
    for (uint32_t k = 0; k < o->n; k++) {
        if (o->s[k].file == 0) i->budget += o->s[k].sen;
        if (o->s[k].file == 1) i->realised += o->s[k].sen;
    }
}

static json_t *ask_total(const struct inject *i, unsigned office)
{
    char target[200];
    const struct load_office *o = &i->load.o[office];
    snprintf(target, sizeof target, "/api/v1/rollup?region=%s&office=%s&year=%u&until=1", o->region, o->id, (unsigned)i->load.year);
    json_t *j = world_get(&i->w, target), *total = json_incref(json_object_get(j, "total"));
    json_decref(j);
    return total;
}

bool inject_prepare(struct inject *i, const char *bin, const char *tmp)
{
    char path[512];
    if (!world_make(&i->w, bin) || !share(i, tmp) || !world_up(&i->w)) return false;
    world_path(&i->w, "registry/region.csv", path);
    bool ok = load_offices(&i->load, path);
    load_make(&i->load, 11, 0);
    world_path(&i->w, "csv", path);
    ok = ok && mkdir(path, 0700) == 0 && world_office(&i->w, i->load.o[0].id, i->load.o[0].region) && push(i, 0, 0, "--wait");
    figures(i);
    json_t *total = ok ? ask_total(i, 0) : NULL;
    snprintf(i->before, sizeof i->before, "%s", world_text(total, "realised"));
    ok = json_is_object(total) && world_down(&i->w);
    json_decref(total);
    i->file = calloc(FILES_MAX, sizeof *i->file);
    collecting = i;
    return ok && i->file && nftw(i->w.dir, collect_one, 32, FTW_PHYS) == 0;
}

void inject_done(struct inject *i)
{
    for (size_t k = 0; k < i->files; k++) free(i->file[k].path), free(i->file[k].bytes);
    free(i->file);
    load_free(&i->load);
    world_free(&i->w);
}

/* ---- looking ---- */

static bool money_is(const json_t *total, const char *key, int64_t sen)
{
    char want[40];
    snprintf(want, sizeof want, "%lld.%02lld", (long long)(sen / 100), (long long)(sen % 100));
    return !strcmp(world_text(total, key), want);
}

static enum inject_shown look_first(const struct inject *i)
{
    json_t *total = ask_total(i, 0);
    enum inject_shown is = INJECT_NOTHING;
    if (json_is_object(total)) {
        bool budget = money_is(total, "budget", i->budget);
        is = budget && !strcmp(world_text(total, "realised"), i->before) ? INJECT_BEFORE
             : budget && money_is(total, "realised", i->realised)        ? INJECT_AFTER
                                                                         : INJECT_WRONG;
    }
    json_decref(total);
    return is;
}

/* The office that comes during the run: unknown, without a figure, or with its budget. */
static enum inject_shown look_second(const struct inject *i)
{
    json_t *total = ask_total(i, 1);
    const char *budget = world_text(total, "budget");
    bool none = !json_is_object(total) || !budget[0] || !strcmp(budget, "0.00");
    enum inject_shown is = none ? INJECT_BEFORE : money_is(total, "budget", i->other) ? INJECT_AFTER : INJECT_WRONG;
    json_decref(total);
    return is;
}

enum inject_shown inject_look(const struct inject *i)
{
    enum inject_shown first = look_first(i), second = first == INJECT_NOTHING ? INJECT_BEFORE : look_second(i);
    if (first == INJECT_WRONG || second == INJECT_WRONG) return INJECT_WRONG;
    return first == INJECT_AFTER && second == INJECT_BEFORE ? INJECT_BETWEEN : first;
}

struct watching { struct inject *i; bool wrong, back; enum inject_shown last; };
static bool shown(void *ctx)
{
    struct watching *w = ctx;
    enum inject_shown is = inject_look(w->i);
    w->wrong |= is == INJECT_WRONG;
    w->back |= is != INJECT_NOTHING && is < w->last;
    if (is != INJECT_NOTHING) w->last = is;
    return w->last == INJECT_AFTER;
}

/* ---- how it ended ---- */

/* Whose call is this? Who comes first in a list of callers, apart from ours (fail.so) and the C library with its loader. */
static bool is_library(const char *frames)
{
    static const char *const below[] = { "/fail.so", "/libc.so", "/ld-linux", "/libstdc++" },
                             *const theirs[] = { "/libzmq", "/libevent", "/libpgm", "/libmsgpack", "/libsodium", "/libjansson" };
    for (const char *at = frames; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        char line[300];
        bool passed = false;
        snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
        for (size_t i = 0; i < sizeof below / sizeof *below; i++) passed |= strstr(line, below[i]) != NULL;
        if (passed) continue;
        for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++)
            if (strstr(line, theirs[i])) return true;
        return false;
    }
    return false;
}

/* Died below a look-up of a user or a protocol, before anything of ours or of a library came into it? */
static bool in_name_service(const char *frames)
{
    const char *at = strstr(frames, "(__nss_");
    for (const char *line = strchr(frames, '\n') + 1; at && line < at; line = strchr(line, '\n') + 1)
        if (strncmp(line, "/lib/", 5) != 0) return false;
    return at != NULL;
}

/* libzmq (and the libpgm below it), libevent and glibc's name service also die of an allocation of their own: they abort without a
 * word or use what they got. Not ours to repair; nothing may be lost by it. Once: whose call failed. For good, or again in the next
 * start: who died, too, since more calls than the first have failed by then. A list of callers begins with frames of fail.so. */
static bool died_in_library(const struct inject *i, const char *text)
{
    char path[600];
    bool yes = strstr(text, "nss_database.c") != NULL, begun = false;
    snprintf(path, sizeof path, "%s.where", getenv(FAIL_STATE));
    char *where = world_read(path);
    unsigned lists = 0;
    for (const char *at = where; at && *at; at += strcspn(at, "\n"), at += *at == '\n') {
        char line[300];
        snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
        bool ours = strstr(line, "/fail.so") != NULL;
        if (ours && !begun && lists++ > 0) yes |= in_name_service(at);
        if (ours && !begun && (lists == 1 || i->ever || i->again)) yes |= is_library(at);
        begun = ours;
    }
    free(where);
    return yes;
}

/* how: what `up` says of it, or `exit N`; text: what the program has said itself. */
const char *inject_end_ok(struct inject *i, const char *how, const char *text)
{
    if (!strncmp(how, "exit ", 5)) {
        i->t.died++;
        bool said = strstr(text, "level=error") || strstr(text, "rekap: ") || strstr(text, "rekap-worker: ") ||
                    strstr(text, "rekap-collector: ") || strstr(text, "rekap-aggregator: ") || strstr(text, ".conf: ");
        return said || !strncmp(how, "exit 70", 7) ? NULL : "it ended without a word";
    }
    i->t.aborted++;
    if (strstr(text, "assertion failed: ")) return "an assertion of ours";
    if (died_in_library(i, text)) return NULL;
    if (strncmp(how, "Aborted", 7) != 0) return "it ended by a signal that is not its own abort";
    bool known = strstr(text, "(src/") || strstr(text, "bad_alloc") || strstr(text, "terminate called");
    return known ? NULL : "an abort of nobody knows whom";      /* not libzmq's or the C++ library's */
}

static const char *check_ends(struct inject *i, unsigned *ret_deaths)
{
    char path[512], log_path[600];
    const char *fault = NULL, *name = strchr(i->program, '-') ? strchr(i->program, '-') + 1 : "";
    world_path(&i->w, "up.err", path);
    char *text = world_read(path);
    snprintf(log_path, sizeof log_path, "%s/log/%s.log", i->w.dir, name);
    char *log = world_read(log_path);
    *ret_deaths = 0;
    for (char *at = text; at && (at = strstr(at, " berhenti (")) && !fault; at++) {
        size_t n = strlen(name);
        bool ours = (size_t)(at - text) >= n && !strncmp(at - n, name, n);
        if (!ours) fault = "another program than the one at fault ended";
        else if (!i->second || ++*ret_deaths > 1 || strncmp(at + 11, "Killed", 6) != 0)
            fault = inject_end_ok(i, at + 11, log ? log : "");
    }
    free(text);
    free(log);
    return fault;
}

/* ---- one run ---- */

static void arm(struct inject *i, const struct inject_point *p)
{
    struct fail_state *s = i->state;
    char where[600];
    snprintf(where, sizeof where, "%s.where", getenv(FAIL_STATE));
    (void)unlink(where);
    if (!i->record) memset(s->site, 0, sizeof s->site[0]);
    atomic_store(&s->starts, 0);
    atomic_store(&s->fired, 0);
    for (unsigned k = 0; k < FAIL_KINDS; k++) atomic_store(&s->calls[k], 0);
    snprintf(s->program, sizeof s->program, "%s", i->program);
    s->kind = i->kind;
    s->start = i->record ? 0 : i->second ? 2 : 1;
    s->error = i->lie ? 0 : inject_errors[i->kind];
    s->ever = i->ever;
    s->n = p->n;
    s->where = p->where;
    s->again = i->again;
    s->m = 1 + rng_below(&i->rng, 2 * p->n + 1);
}

static bool started_again(void *ctx)
{
    const struct inject *i = ctx;
    return atomic_load(&i->state->starts) >= 2;
}

static const char *under_fault(struct inject *i, bool *ret_pushed, bool *ret_late)
{
    struct watching w = { .i = i };
    enum world_part part = WORLD_WORKER;
    for (unsigned k = 0; k < WORLD_PARTS; k++)
        if (strstr(i->program, world_names[k])) part = k;
    bool ready = world_up_within(&i->w, READY_MS);
    i->t.not_ready += !ready;
    if (i->second) (void)world_signal(&i->w, part, SIGKILL);
    *ret_pushed = push(i, 0, 1, NULL) && world_office(&i->w, i->load.o[1].id, i->load.o[1].region) && push(i, 1, 0, NULL);
    if (!*ret_pushed) return "a push with sound programs was refused";
    if (i->second && !world_until(READY_MS, started_again, i)) return "it was not started again";
    if (!world_until(i->ever ? ready ? EVER_MS : 100 : SHOWN_MS, shown, &w)) {
        i->t.late++;
        *ret_late = !i->ever;           /* "a key that could not be read once is read again" was found here */
    }
    int64_t t0 = world_ms();
    bool down = world_down(&i->w);
    if (w.wrong) return "a wrong figure was shown";
    if (w.back) return "a figure was shown and taken back";
    return world_ms() - t0 < STOP_MS && (down || !ready) ? NULL : "it does not stop";
}

static const char *afterwards(struct inject *i, bool pushed)
{
    uint64_t all = 0;
    const struct load_office *o = i->load.o;
    for (uint32_t k = 0; k < o[0].n; k++) all += o[0].s[k].file <= (pushed ? 1 : 0);
    for (uint32_t k = 0; k < o[1].n; k++) all += pushed && o[1].s[k].file == 0;
    i->state->program[0] = '\0';
    if (!world_up(&i->w)) return "it does not start again without faults";
    bool settled = world_settled(&i->w, all, SETTLE_MS);
    enum inject_shown is = inject_look(i);
    if (!world_down(&i->w)) return "it does not stop after the start without faults";
    if (!settled) return "not everything that was pushed is acknowledged after the start without faults";
    return is == (pushed ? INJECT_AFTER : INJECT_BEFORE) ? NULL : "the figures are wrong after the start without faults";
}

/* Callers of the call that failed, where a program died of it, and the last words of the one at fault. */
static void tell_where(const struct inject *i)
{
    char path[600];
    snprintf(path, sizeof path, "%s.where", getenv(FAIL_STATE));
    char *where = world_read(path);
    snprintf(path, sizeof path, "%s/log/%s.log", i->w.dir, strchr(i->program, '-') ? strchr(i->program, '-') + 1 : "");
    char *log = world_read(path);
    size_t n = log ? strlen(log) : 0;
    world_note("%s...\n%s", where ? where : "", log ? log + (n > 700 ? n - 700 : 0) : "");
    free(where);
    free(log);
}

/* The call that was to fail has been made, and has not failed: a run that tries nothing. */
static bool missed(const struct inject *i, const struct inject_point *p)
{
    const struct fail_state *s = i->state;
    uint64_t calls = p->where ? atomic_load(&s->site[0].calls) : atomic_load(&s->calls[i->kind]);
    return !i->record && atomic_load(&s->fired) == 0 && calls >= p->n;
}

static void count(struct inject *i, unsigned ended_before)
{
    unsigned fired = atomic_load(&i->state->fired);
    i->t.tried++;
    i->t.untouched += fired == 0;
    i->t.went_on += fired > 0 && i->t.died + i->t.aborted == ended_before;
    i->t.started_again += i->again && fired > 0 && atomic_load(&i->state->starts) > i->state->start;
    i->t.twice += i->again && fired > 1;
}

bool inject_run(struct inject *i, const struct inject_point *p)
{
    bool pushed = false, late = false;
    unsigned deaths = 0;
    if (!inject_restore(i)) return world_check(false, "the files cannot be put back"), false;
    arm(i, p);
    const char *fault = under_fault(i, &pushed, &late);
    bool fired = atomic_load(&i->state->fired) > 0;
    unsigned ended = i->t.died + i->t.aborted;
    const char *ends = check_ends(i, &deaths);
    count(i, ended);
    if (!fault && missed(i, p)) fault = "the call that was to fail did not";
    if (!fault) fault = ends;
    if (!fault && late) fault = "a single fault is not over after a while";
    if (!fault) fault = afterwards(i, pushed);
    if (i->lie) {
        i->lies_seen += fault != NULL;
        if (fault) world_note("seen: %s", fault);
    } else {
        world_check(!fault, "%s, %s %s in the %s start, call %llu of chain %llx: %s", i->program, inject_kinds[i->kind],
                    i->ever ? "for good" : "once", i->second ? "second" : "first", (unsigned long long)p->n,
                    (unsigned long long)p->where, fault ? fault : "");
        if (fault) tell_where(i);
    }
    if (fault) (void)world_down(&i->w);
    return fired;
}
