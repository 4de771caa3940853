/* desk_http_job.c - one file from the browser, read by `rekap push`. Kind: E.
 *
 * The daemon takes apart nothing that comes from a browser: workbooks need libzip and expat, which only the command line links, and
 * a reader that a hostile file breaks must not be the process that holds the office's signing keys. So the bytes are put into a
 * directory of their own and the command line beside this program is started on them, with a time limit; what it prints is the
 * answer, and a page says the very words that the command says. What it sends lies in the tray, whole or not at all, before it says
 * so; a page that is closed meanwhile changes nothing.
 *
 * The child prints into memory and is watched by a pidfd, so nothing here waits (child.h).
 *
 * Invariant: a job's directory is gone when its answer is sent; what a crash leaves is removed at the next start. */
#include <dirent.h>
#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/desk_http_part.h"
#include "proto/bytes.h"
#include "proto/conf.h"
#include "proto/log.h"

enum { ANSWER_MAX = 32 << 20, COPY_MAX = 128 << 20, SAID_MAX = 2000 };

/* ---- the file ---- */

/* The last part of the name, without what would make it hidden or unprintable; a reader tells some kinds by the name's end. */
static void clean_name(const char *name, char ret[DESK_HTTP_NAME_MAX + 1])
{
    const char *slash = strrchr(name, '/'), *back = strrchr(name, '\\');
    const char *from = slash && (!back || slash > back) ? slash + 1 : back ? back + 1 : name;
    size_t n = 0, length = strlen(from);
    if (length > DESK_HTTP_NAME_MAX) from += length - DESK_HTTP_NAME_MAX;
    for (; *from && n < DESK_HTTP_NAME_MAX; from++)
        if ((unsigned char)*from >= 0x20 && *from != 0x7f) ret[n++] = *from;
    ret[n] = '\0';
    if (ret[0] == '.') ret[0] = '_';
    if (!ret[0] || !bytes_utf8_ok(ret, n)) snprintf(ret, DESK_HTTP_NAME_MAX + 1, "berkas");
}

static bool write_body(int fd, struct evbuffer *in)
{
    while (evbuffer_get_length(in) > 0)
        if (evbuffer_write(in, fd) <= 0 && errno != EINTR) return false;
    return true;
}

static bool keep_body(struct desk_http_job *j)
{
    int n = snprintf(j->dir, sizeof j->dir, "%s/XXXXXX", j->h->trays);
    if (n < 0 || (size_t)n >= sizeof j->dir) return false;
    if (!mkdtemp(j->dir)) return j->dir[0] = '\0', false;
    n = snprintf(j->file, sizeof j->file, "%s/%s", j->dir, j->name);
    if (n < 0 || (size_t)n >= sizeof j->file) return false;
    int fd = open(j->file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write_body(fd, evhttp_request_get_input_buffer(j->req));
    if (fd >= 0 && close(fd) != 0) ok = false;
    return ok;
}

static void drop_files(const struct desk_http_job *j)
{
    if (j->file[0]) (void)unlink(j->file);
    if (j->copy[0]) (void)unlink(j->copy);
    if (j->dir[0]) (void)rmdir(j->dir);
}

/* ---- the program ---- */

/* No name of a file begins with a dot (clean_name), so the copy's is free. */
static bool name_copy(struct desk_http_job *j)
{
    if (j->what != DESK_HTTP_MARK_BOOK && j->what != DESK_HTTP_MARK_TEXT) return true;
    int n = snprintf(j->copy, sizeof j->copy, "%s/.copy.%s", j->dir, j->what == DESK_HTTP_MARK_BOOK ? "xlsx" : "csv");
    return n > 0 && (size_t)n < sizeof j->copy;
}

/* `rekap compare`: of no file. */
static int start_compare(struct desk_http_job *j, const struct desk_http_push *p)
{
    char compare[] = "compare", dir_option[] = "--dir", office_option[] = "--office", lang_option[] = "--lang", json[] = "--json",
         year_option[] = "--year", until_option[] = "--until", id[64], dir[DESK_HTTP_PATH_MAX], lang[3], year[16], until[16];
    char *argv[] = { j->h->program, compare, dir_option,  dir,  office_option, id,    lang_option,
                     lang,          json,    year_option, year, until_option,  until, NULL };
    snprintf(id, sizeof id, "%s", p->office);
    snprintf(dir, sizeof dir, "%s", j->h->o.dir);
    snprintf(lang, sizeof lang, "%s", p->english ? "en" : "id");
    snprintf(year, sizeof year, "%d", p->year);
    snprintf(until, sizeof until, "%d", p->until);
    return child_begin(&j->child, NULL, argv);
}

static int start(struct desk_http_job *j, const char *office, bool english)
{
    char push[] = "push", dir_option[] = "--dir", office_option[] = "--office", lang_option[] = "--lang", json[] = "--json",
         rehearse[] = "--dry-run", output[] = "--output", id[64], dir[DESK_HTTP_PATH_MAX], lang[3], end[] = "--";
    char *argv[16] = { j->h->program, push, dir_option, dir, office_option, id, lang_option, lang, json };
    size_t n = 9;
    snprintf(id, sizeof id, "%s", office);
    snprintf(dir, sizeof dir, "%s", j->h->o.dir);
    snprintf(lang, sizeof lang, "%s", english ? "en" : "id");
    if (j->what != DESK_HTTP_SEND) argv[n++] = rehearse;
    if (j->copy[0]) argv[n++] = output, argv[n++] = j->copy;
    argv[n++] = end;
    argv[n++] = j->file;
    return child_begin(&j->child, NULL, argv);
}

/* ---- its end ---- */

static void job_free(struct desk_http_job **p)
{
    struct desk_http_job *j = *p;
    if (j->ended) event_free(j->ended);
    if (j->late) event_free(j->late);
    child_end(&j->child);
    drop_files(j);
    for (unsigned i = 0; i < DESK_HTTP_JOBS_MAX; i++)
        if (j->h->job[i] == j) j->h->job[i] = NULL;
    free(j);
    *p = NULL;
}

/* The path in which the bytes lay means nothing to whoever sent them. */
static json_t *answer_of(const struct desk_http_job *j)
{
    size_t n = 0;
    char *text = child_text(j->child.out, ANSWER_MAX, &n);
    json_t *o = text && n ? json_loadb(text, n, 0, NULL) : NULL;
    json_t *file = json_array_get(json_object_get(o, "files"), 0), *name = file ? json_string(j->name) : NULL;
    if (name) json_object_set_new(file, "file", name);
    free(text);
    return o;
}

/* False: there is no copy. */
static bool send_copy(const struct desk_http_job *j)
{
    const char *type = j->what == DESK_HTTP_MARK_BOOK ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
                                                      : "text/csv; charset=utf-8";
    size_t n = 0;
    int fd = open(j->copy, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char *bytes = fd >= 0 ? child_text(fd, COPY_MAX, &n) : NULL;
    if (fd >= 0) (void)close(fd);
    if (bytes) desk_http_reply(j->req, HTTP_OK, type, bytes, n);
    free(bytes);
    return bytes != NULL;
}

static void say_why(const struct desk_http_job *j)
{
    size_t n = 0;
    char *text = child_text(j->child.err, SAID_MAX, &n);
    if (j->cut) desk_http_problem(j->req, HTTP_SERVUNAVAIL, "SIBUK", "berkas ini terlalu lama dibaca");
    else desk_http_problem(j->req, 409, "DITOLAK", text && n ? text : "rekap push tidak menjawab");
    free(text);
}

static void on_ended(evutil_socket_t fd, short what, void *ctx)
{
    struct desk_http_job *j = ctx;
    int status = 0;
    (void)fd;
    (void)what;
    if (!child_ended(&j->child, &status)) return;
    json_t *answer = j->cut || j->copy[0] ? NULL : answer_of(j);
    bool told = answer || (!j->cut && j->copy[0] && send_copy(j));
    if (!told) log_write(LOG_L_WARN, "a file from the page was not read", "status=%d", status);
    if (answer) desk_http_json(j->req, HTTP_OK, answer);
    else if (!told) say_why(j);
    job_free(&j);
}

static void on_late(evutil_socket_t fd, short what, void *ctx)
{
    struct desk_http_job *j = ctx;
    (void)fd;
    (void)what;
    j->cut = true;
    (void)kill(j->child.pid, SIGKILL);        /* its end answers */
}

static bool watch(struct desk_http_job *j)
{
    const struct timeval limit = { DESK_HTTP_JOB_MS / 1000, 0 };
    j->ended = event_new(j->h->base, j->child.pidfd, EV_READ | EV_PERSIST, on_ended, j);
    j->late = event_new(j->h->base, -1, 0, on_late, j);
    return j->ended && j->late && event_add(j->ended, NULL) == 0 && event_add(j->late, &limit) == 0;
}

void desk_http_push(struct desk_http *h, struct evhttp_request *req, const struct desk_http_push *p)
{
    unsigned at = 0;
    while (at < DESK_HTTP_JOBS_MAX && h->job[at]) at++;
    struct desk_http_job *j = at < DESK_HTTP_JOBS_MAX ? calloc(1, sizeof *j) : NULL;
    if (!j) {
        desk_http_problem(req, HTTP_SERVUNAVAIL, "SIBUK", "berkas lain sedang dibaca; coba lagi");
        return;
    }
    *j = (struct desk_http_job){ .h = h, .req = req, .what = p->what };
    child_init(&j->child);
    clean_name(p->name, j->name);
    h->job[at] = j;
    bool begun = p->what == DESK_HTTP_COMPARE ? start_compare(j, p) == ST_OK
                                              : keep_body(j) && name_copy(j) && start(j, p->office, p->english) == ST_OK;
    if (begun && watch(j)) return;
    log_write(LOG_L_ERROR, "a file from the page cannot be read", "reason=\"%s\"", strerror(errno));
    desk_http_problem(req, HTTP_SERVUNAVAIL, "SIBUK", strerror(errno));
    job_free(&j);
}

void desk_http_jobs_end(struct desk_http *h)
{
    for (unsigned i = 0; i < DESK_HTTP_JOBS_MAX; i++)
        if (h->job[i]) job_free(&h->job[i]);
}

/* ---- what a crash left ---- */

static void empty(const char *dir)
{
    char path[2 * DESK_HTTP_PATH_MAX];
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) (void)unlink(path);
    }
    if (d) (void)closedir(d);
}

int desk_http_jobs_begin(struct desk_http *h)
{
    char path[2 * DESK_HTTP_PATH_MAX];
    snprintf(path, sizeof path, "%s/collector", h->o.dir);
    if (strlen(path) >= sizeof h->trays - 8) return ST_INVALID;
    int st = conf_dir_make(path);
    snprintf(h->trays, sizeof h->trays, "%s/collector/desk", h->o.dir);
    if (st == ST_OK) st = conf_dir_make(h->trays);
    DIR *d = st == ST_OK ? opendir(h->trays) : NULL;
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", h->trays, e->d_name);
        empty(path);
        (void)rmdir(path);
    }
    if (d) (void)closedir(d);
    return st;
}
