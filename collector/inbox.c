/* inbox.c - see inbox.h. Kind: E.
 *
 * Design notes: inotify says that something happened, never what; the folder is then listed, and every INBOX_RESCAN_MS anyway, for
 * file systems that tell nothing and queues that overflow. One file is read at a time, by the command line in a process of its own
 * (child.h): first `push`, and where it refused something `push --dry-run --output` for the marked copy. What cannot be sent
 * through no fault of the file (no key, a full disk) stays in .dibaca and is tried again; a reader that is killed by a file three
 * times refuses it.
 *
 * Crashes: a file is moved into .dibaca before it is read and out of it after the push has returned, so at every moment it lies in
 * exactly one place. Reading it twice states nothing twice: the collector knows its own figures.
 *
 * Invariant: a file is in terkirim only after everything in it is in the tray. */
#include "collector/inbox.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/inbox_part.h"
#include "proto/bytes.h"
#include "proto/conf.h"
#include "proto/limits.h"
#include "proto/log.h"
#include "proto/status.h"

enum { LIST_TEXT_MAX = 64 << 20, DEATHS_MAX = 3, STEP_MS = 100 };
enum { RC_SENT = 0, RC_REFUSED = 3 };   /* exit codes of the command line */
enum place { PUT, READ, SENT, REFUSED };

struct office {
    char id[INBOX_ID_SIZE];
    struct inbox_look look;             /* of its oldest file, and since when it is so */
    struct mono since, not_before;
    unsigned deaths;                    /* of readers, by the file in .dibaca */
};
struct inbox {
    struct inbox_options o;
    int notify;
    char program[CHILD_PATH_MAX];
    struct office *office;
    size_t offices;
    bool again;                         /* something waits to be old enough */
    struct mono looked, stepped, begun;
    /* the file that is read */
    struct child child;
    size_t at;
    bool marking;
    char name[INBOX_NAME_MAX + 1];
    char *said;                         /* by the push, when it refused something */
};

static void path_of(const struct inbox *b, const struct office *f, enum place p, char ret[CHILD_PATH_MAX])
{
    static const char *const TAIL[] = { "", "/.dibaca", "/terkirim", "/ditolak" };
    snprintf(ret, CHILD_PATH_MAX, "%s/%s%s", b->o.dir, f->id, TAIL[p]);
}

/* ---- offices ---- */

static void make_folder(const struct inbox *b, const struct office *f)
{
    char path[CHILD_PATH_MAX];
    for (enum place p = PUT; p <= REFUSED; p++) {
        path_of(b, f, p, path);
        if (conf_dir_make(path) != ST_OK) log_write(LOG_L_ERROR, "the folder cannot be made", "dir=%s", path);
    }
    path_of(b, f, PUT, path);
    if (b->notify >= 0) (void)inotify_add_watch(b->notify, path, IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR);
}

static bool has_key(const struct inbox *b, const char *id)
{
    char path[CHILD_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s.key", b->o.offices, id);
    return access(path, F_OK) == 0;
}

static void add_office(struct inbox *b, const char *id)
{
    for (size_t i = 0; i < b->offices; i++)
        if (!strcmp(b->office[i].id, id)) return;
    struct office *more = realloc(b->office, (b->offices + 1) * sizeof *more);
    if (!more) return;
    b->office = more;
    more[b->offices] = (struct office){ 0 };
    snprintf(more[b->offices].id, INBOX_ID_SIZE, "%s", id);
    b->offices++;
}

/* Offices whose keys came. The folder of one whose key went stays, and nothing is taken from it. */
static void look_for_offices(struct inbox *b)
{
    static const char tail[] = ".key";
    char id[INBOX_ID_SIZE];
    DIR *d = opendir(b->o.offices);
    for (struct dirent *e; d && (e = readdir(d));) {
        size_t n = strlen(e->d_name), t = sizeof tail - 1;
        if (e->d_name[0] == '.' || n <= t || n - t > OFFICE_ID_MAX || strcmp(e->d_name + n - t, tail) != 0) continue;
        snprintf(id, sizeof id, "%.*s", (int)(n - t), e->d_name);
        add_office(b, id);
    }
    if (d) (void)closedir(d);
    for (size_t i = 0; i < b->offices; i++)
        if (has_key(b, b->office[i].id)) make_folder(b, &b->office[i]);
}

/* ---- reading a file ---- */

static void forget(struct inbox *b)
{
    child_end(&b->child);
    free(b->said);
    b->said = NULL;
    b->name[0] = '\0';
    b->marking = false;
}

static void put_off(struct inbox *b, struct now now, const char *why)
{
    struct office *f = &b->office[b->at];
    log_write(LOG_L_WARN, "a file of the folder is tried again later", "office=%s file=\"%s\" reason=\"%s\"", f->id, b->name, why);
    f->not_before = (struct mono){ now.mono.us + (int64_t)INBOX_RETRY_MS * 1000 };
    forget(b);
}

/* Starts the command line on the file that lies in .dibaca. */
static void run_push(struct inbox *b, struct now now)
{
    struct office *f = &b->office[b->at];
    char dir[CHILD_PATH_MAX], copy[CHILD_PATH_MAX], name[INBOX_NAME_MAX + 32], home[CHILD_PATH_MAX], id[INBOX_ID_SIZE],
        file[INBOX_NAME_MAX + 1];
    char push[] = "push", dir_option[] = "--dir", office[] = "--office", rehearse[] = "--dry-run", output[] = "--output",
         end[] = "--";
    char *argv[14] = { b->program, push, dir_option, home, office, id };
    size_t n = 6;
    snprintf(home, sizeof home, "%s", b->o.home);
    snprintf(id, sizeof id, "%s", f->id);
    snprintf(file, sizeof file, "%s", b->name);
    if (b->marking) {
        inbox_copy_name(b->name, name);
        path_of(b, f, REFUSED, dir);
        if ((size_t)snprintf(copy, sizeof copy, "%s/%s", dir, name) >= sizeof copy) return put_off(b, now, "path too long");
        argv[n++] = rehearse, argv[n++] = output, argv[n++] = copy;
    }
    argv[n++] = end;
    argv[n++] = file;
    path_of(b, f, READ, dir);
    b->begun = now.mono;
    if (child_begin(&b->child, dir, argv) != ST_OK) put_off(b, now, strerror(errno));
}

/* What the push said, its refusals before its counts, for the list beside the file. */
static char *said_of(const struct inbox *b)
{
    size_t n = 0, m = 0;
    char *err = child_text(b->child.err, LIST_TEXT_MAX, &n), *out = child_text(b->child.out, LIST_TEXT_MAX, &m);
    char *all = err && out ? malloc(n + m + 1) : NULL;
    if (all) {
        memcpy(all, err, n);
        memcpy(all + n, out, m + 1);
    }
    free(err);
    free(out);
    return all;
}

static void put_away(struct inbox *b, struct now now, enum place to)
{
    struct office *f = &b->office[b->at];
    char from[CHILD_PATH_MAX], dir[CHILD_PATH_MAX], list[CHILD_PATH_MAX], name[INBOX_NAME_MAX + 1];
    path_of(b, f, READ, from);
    path_of(b, f, to, dir);
    if (inbox_move(from, b->name, dir, name) != ST_OK) return put_off(b, now, strerror(errno));
    int n = snprintf(list, sizeof list, "%s/%s.kesalahan.txt", dir, name);
    if (to == REFUSED && b->said && n > 0 && (size_t)n < sizeof list &&
        conf_file_write(list, slice_of(b->said, strlen(b->said)), 0600) != ST_OK)
        log_write(LOG_L_ERROR, "the list of faults cannot be written", "file=\"%s\"", list);
    log_write(LOG_L_INFO, to == SENT ? "a file of the folder is sent" : "a file of the folder has faults", "office=%s file=\"%s\"",
              f->id, name);
    f->deaths = 0;
    b->again = true;
    forget(b);
}

static void on_pushed(struct inbox *b, struct now now, int status)
{
    struct office *f = &b->office[b->at];
    int rc = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (rc == RC_SENT) return put_away(b, now, SENT);
    char *said = said_of(b);
    if (rc == RC_REFUSED || (rc < 0 && ++f->deaths >= DEATHS_MAX)) {
        b->said = said ? said : strdup("");
        child_end(&b->child);
        b->marking = true;
        return run_push(b, now);
    }
    put_off(b, now, said && rc >= 0 ? said : "the reader did not end");
    free(said);
}

/* The copy is an addition: the list says all of it, so a copy that cannot be made keeps nothing. */
static void go_on(struct inbox *b, struct now now)
{
    int status = 0;
    if (now.mono.us - b->begun.us > (int64_t)INBOX_READ_MS * 1000) (void)kill(b->child.pid, SIGKILL);
    if (!child_ended(&b->child, &status)) return;
    if (b->marking) put_away(b, now, REFUSED);
    else on_pushed(b, now, status);
}

/* ---- choosing one ---- */

static bool same_look(const struct inbox_look *a, const struct inbox_look *b)
{
    return a->inode == b->inode && a->size == b->size && a->changed_ns == b->changed_ns;
}

/* Claims the office's oldest file when it is whole; true: it lies in .dibaca. */
static bool claim(struct inbox *b, struct office *f, struct now now)
{
    char dir[CHILD_PATH_MAX], to[CHILD_PATH_MAX], path[CHILD_PATH_MAX];
    struct inbox_file file;
    path_of(b, f, PUT, dir);
    path_of(b, f, READ, to);
    if (inbox_oldest(dir, &file) != ST_OK) return false;
    b->again = true;
    if (!same_look(&file.look, &f->look)) {
        f->look = file.look;
        f->since = now.mono;
        return false;
    }
    if (now.mono.us - f->since.us < (int64_t)INBOX_QUIET_MS * 1000) return false;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, file.name) >= sizeof path || inbox_is_open(path)) return false;
    if (inbox_move(dir, file.name, to, b->name) == ST_OK) return true;
    b->name[0] = '\0';
    f->not_before = (struct mono){ now.mono.us + (int64_t)INBOX_RETRY_MS * 1000 };
    log_write(LOG_L_ERROR, "a file of the folder cannot be moved", "file=\"%s\" reason=\"%s\"", path, strerror(errno));
    return false;
}

/* What lies in .dibaca comes first: it was there before the others. */
static bool take(struct inbox *b, size_t at, struct now now)
{
    struct office *f = &b->office[at];
    char dir[CHILD_PATH_MAX];
    struct inbox_file file;
    if (now.mono.us < f->not_before.us) return b->again = true, false;
    if (!has_key(b, f->id)) return false;
    path_of(b, f, READ, dir);
    if (inbox_oldest(dir, &file) == ST_OK) snprintf(b->name, sizeof b->name, "%s", file.name);
    else if (!claim(b, f, now)) return false;
    b->at = at;
    run_push(b, now);
    return b->name[0] != '\0';
}

static bool told(struct inbox *b)
{
    char events[4096];
    bool any = false;
    while (b->notify >= 0 && read(b->notify, events, sizeof events) > 0) any = true;
    return any;
}

void inbox_turn(struct inbox *b, struct now now)
{
    if (!b || now.mono.us - b->stepped.us < STEP_MS * 1000) return;
    b->stepped = now.mono;
    if (b->child.pid > 0) return go_on(b, now);
    bool due = now.mono.us - b->looked.us >= (int64_t)INBOX_RESCAN_MS * 1000;
    if (!told(b) && !b->again && !due) return;
    if (due) {
        b->looked = now.mono;
        look_for_offices(b);
    }
    b->again = false;
    /* one after the other from the office behind the last, so that none keeps the others waiting */
    for (size_t i = 1, n = b->offices; i <= n; i++)
        if (take(b, (b->at + i) % n, now)) return;
}

/* ---- life ---- */

int inbox_new(const struct inbox_options *o, struct inbox **ret, char *err, size_t err_size)
{
    struct inbox *b = o->dir[0] ? calloc(1, sizeof *b) : NULL;
    if (!b) return o->dir[0] ? ST_NO_MEMORY : ST_OK;
    b->o = *o;
    b->looked = (struct mono){ -((int64_t)INBOX_RESCAN_MS * 1000) };
    child_init(&b->child);
    b->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);        /* without one the folder is listed from time to time */
    int st = o->home[0] == '/' && o->dir[0] == '/' && strlen(o->dir) < CHILD_PATH_MAX / 2 ? child_program(b->program) : ST_INVALID;
    if (st != ST_OK) {
        snprintf(err, err_size,
                 "collector.inbox: needs collector.directory, the path of an installation, and rekap beside this program");
        st = ST_INVALID;
    } else if ((st = conf_dir_make(o->dir)) != ST_OK) {
        snprintf(err, err_size, "collector.inbox: %s: %s", o->dir, strerror(errno));
    }
    if (st == ST_OK) *ret = b;
    else inbox_free(&b);
    return st;
}

void inbox_free(struct inbox **p)
{
    if (!p || !*p) return;
    forget(*p);
    if ((*p)->notify >= 0) (void)close((*p)->notify);
    free((*p)->office);
    free(*p);
    *p = NULL;
}
