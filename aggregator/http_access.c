/* http_access.c - see http_access.h.
 *
 * Secrets are looked up by their hash, so how long a look takes says nothing about them. The file is written whole at each change
 * and replaced in one step, before the secret is handed out: a restart neither forgets a session nor revives a link. What has ended
 * is dropped at each change. The CSRF token follows from the session's secret, so nothing more is kept for it.
 *
 * Invariant: no secret stands in memory behind the call that made or took it, and none in the file. */
#include "aggregator/http_access.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "proto/code.h"
#include "proto/conf.h"
#include "proto/log.h"
#include "proto/sign_sha256.h"

enum { FILE_MAX = 4 << 20 };
static const char HEAD[] = "#rekap-access 1\n";
struct entry { struct hash hash; enum http_access_kind kind; uint8_t role; region_code region; char office[OFFICE_ID_MAX + 1];
               struct wall until; };
struct http_access { pthread_mutex_t lock; char *path; int64_t session_ms; struct entry *entry; size_t n; };

static struct hash hash_of(const char *what, const char *secret)
{
    const struct slice part[] = {slice_of(what, strlen(what)), slice_of(secret, strlen(secret))};
    return sign_sha256(part, 2);
}

static struct entry *find(struct http_access *a, const char *secret, enum http_access_kind kind, struct wall now)
{
    struct hash h = hash_of("", secret);
    if (strlen(secret) != HTTP_SECRET_SIZE - 1) return NULL;
    for (size_t i = 0; i < a->n; i++)
        if (a->entry[i].kind == kind && a->entry[i].until.ms > now.ms && !memcmp(a->entry[i].hash.b, h.b, sizeof h.b))
            return &a->entry[i];
    return NULL;
}

static void drop(struct http_access *a, struct entry *e) { *e = a->entry[--a->n]; }

static void purge(struct http_access *a, struct wall now)
{
    for (size_t i = a->n; i-- > 0;)
        if (a->entry[i].until.ms <= now.ms) drop(a, &a->entry[i]);
}

/* ---- the file ---- */

static int save(const struct http_access *a)
{
    struct buf b;
    if (!a->path) return ST_OK;
    buf_init(&b, FILE_MAX);
    buf_str(&b, HEAD);
    for (size_t i = 0; i < a->n; i++) {
        const struct entry *e = &a->entry[i];
        char hash[2 * HASH_SIZE + 1], region[8] = "";
        bytes_hex(e->hash.b, HASH_SIZE, hash);
        if (e->region) code_region_format(e->region, region);
        buf_printf(&b, "%s\t%d\t%u\t%s\t%s\t%lld\n", hash, (int)e->kind, (unsigned)e->role, region[0] ? region : "-",
                   e->office[0] ? e->office : "-", (long long)e->until.ms);
    }
    int st = buf_ok(&b) ? conf_file_write(a->path, buf_slice(&b), 0600) : ST_NO_MEMORY;
    if (st != ST_OK) log_write(LOG_L_ERROR, "sessions not kept", "file=%s reason=\"%s\"", a->path, status_str(st));
    buf_done(&b);
    return st;
}

static bool read_line(char *line, struct entry *e)
{
    char *field[6], *save_at = NULL;
    size_t n = 0;
    for (char *f = strtok_r(line, "\t", &save_at); f && n < 6; f = strtok_r(NULL, "\t", &save_at)) field[n++] = f;
    if (n != 6 || strlen(field[0]) != 2 * HASH_SIZE || bytes_unhex(field[0], 2 * HASH_SIZE, e->hash.b) != ST_OK) return false;
    e->kind = (enum http_access_kind)strtoul(field[1], NULL, 10);
    e->role = (uint8_t)strtoul(field[2], NULL, 10);
    e->until.ms = strtoll(field[5], NULL, 10);
    const char *region = strcmp(field[3], "-") ? field[3] : "";
    if (strlen(field[4]) > OFFICE_ID_MAX || code_region_parse(slice_of(region, strlen(region)), &e->region) != ST_OK) return false;
    snprintf(e->office, sizeof e->office, "%s", strcmp(field[4], "-") ? field[4] : "");
    return e->kind >= HTTP_ACCESS_LINK && e->kind <= HTTP_ACCESS_KEY && e->role >= ROLE_OFFICE && e->role <= ROLE_CENTRE;
}

static int load(struct http_access *a, char *err, size_t err_size)
{
    struct buf b;
    char *save_at = NULL;
    buf_init(&b, FILE_MAX);
    errno = 0;
    int st = conf_file_read(a->path, FILE_MAX, &b);
    bool none = st != ST_OK && errno == ENOENT;
    if (st == ST_OK) buf_u8(&b, 0);
    if (st == ST_OK && (!buf_ok(&b) || strncmp((char *)b.p, HEAD, sizeof HEAD - 1) != 0)) st = ST_INVALID;
    char *text = st == ST_OK ? (char *)b.p + sizeof HEAD - 1 : NULL;
    for (char *line = text ? strtok_r(text, "\n", &save_at) : NULL; st == ST_OK && line; line = strtok_r(NULL, "\n", &save_at)) {
        if (a->n == HTTP_ACCESS_MAX || !read_line(line, &a->entry[a->n])) st = ST_INVALID;
        else a->n++;
    }
    buf_done(&b);
    if (none) return ST_OK;
    if (st != ST_OK) snprintf(err, err_size, "%s: %s", a->path, status_str(st));
    return st;
}

int http_access_new(const char *path, int64_t session_ms, struct http_access **ret, char *err, size_t err_size)
{
    struct http_access *a = calloc(1, sizeof *a);
    snprintf(err, err_size, "no memory");
    if (!a) return ST_NO_MEMORY;
    pthread_mutex_init(&a->lock, NULL);
    a->session_ms = session_ms;
    a->entry = calloc(HTTP_ACCESS_MAX, sizeof *a->entry);
    a->path = path && path[0] ? strdup(path) : NULL;
    int st = a->entry && (a->path || !path || !path[0]) ? ST_OK : ST_NO_MEMORY;
    if (st == ST_OK && a->path) st = load(a, err, err_size);
    if (st == ST_OK) *ret = a;
    else http_access_free(&a);
    return st;
}

void http_access_free(struct http_access **p)
{
    struct http_access *a = *p;
    if (!a) return;
    pthread_mutex_destroy(&a->lock);
    free(a->entry);
    free(a->path);
    free(a);
    *p = NULL;
}

/* ---- secrets ---- */

static int fresh(char ret[HTTP_SECRET_SIZE])
{
    uint8_t bytes[(HTTP_SECRET_SIZE - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) return ST_IO;
    bytes_hex(bytes, sizeof bytes, ret);
    explicit_bzero(bytes, sizeof bytes);
    return ST_OK;
}

/* Under the lock. */
static int make(struct http_access *a, const struct entry *like, enum http_access_kind kind, struct wall now, int64_t ms,
                char *secret)
{
    if (a->n == HTTP_ACCESS_MAX) return ST_FULL;
    int st = fresh(secret);
    if (st != ST_OK) return st;
    struct entry *e = &a->entry[a->n];
    *e = *like;
    e->kind = kind;
    e->hash = hash_of("", secret);
    e->until.ms = now.ms + ms;
    a->n++;
    st = save(a);
    if (st != ST_OK) a->n--;
    return st;
}

int http_access_make(struct http_access *a, enum http_access_kind kind, const struct http_viewer *who, struct wall now, int64_t ms,
                     char ret_secret[HTTP_SECRET_SIZE])
{
    struct entry like = {.role = who->role, .region = who->region};
    snprintf(like.office, sizeof like.office, "%s", who->office);
    pthread_mutex_lock(&a->lock);
    purge(a, now);
    int st = make(a, &like, kind, now, ms, ret_secret);
    pthread_mutex_unlock(&a->lock);
    return st;
}

int http_access_enter(struct http_access *a, const char *link, struct wall now, char ret_secret[HTTP_SECRET_SIZE])
{
    pthread_mutex_lock(&a->lock);
    struct entry *e = find(a, link, HTTP_ACCESS_LINK, now), like;
    int st = e ? ST_OK : ST_NOT_FOUND;
    if (e) {
        like = *e;
        drop(a, e);
        purge(a, now);
        st = make(a, &like, HTTP_ACCESS_SESSION, now, a->session_ms, ret_secret);
        if (st != ST_OK) a->entry[a->n++] = like; /* it has its own room, and was not used */
    }
    pthread_mutex_unlock(&a->lock);
    return st;
}

int http_access_find(struct http_access *a, const char *secret, enum http_access_kind kind, struct wall now,
                     struct http_viewer *ret)
{
    char csrf[2 * HASH_SIZE + 1] = "";
    pthread_mutex_lock(&a->lock);
    const struct entry *e = find(a, secret, kind, now);
    if (e) {
        *ret = (struct http_viewer){.role = e->role, .region = e->region, .until = e->until};
        snprintf(ret->office, sizeof ret->office, "%s", e->office);
    }
    pthread_mutex_unlock(&a->lock);
    if (!e) return ST_NOT_FOUND;
    if (kind == HTTP_ACCESS_SESSION) bytes_hex(hash_of("csrf ", secret).b, HASH_SIZE, csrf);
    snprintf(ret->csrf, sizeof ret->csrf, "%.32s", csrf);
    return ST_OK;
}

void http_access_leave(struct http_access *a, const char *secret)
{
    pthread_mutex_lock(&a->lock);
    struct entry *e = find(a, secret, HTTP_ACCESS_SESSION, (struct wall){0});
    if (e) drop(a, e);
    if (e) (void)save(a);
    pthread_mutex_unlock(&a->lock);
}

size_t http_access_count(struct http_access *a)
{
    pthread_mutex_lock(&a->lock);
    size_t n = a->n;
    pthread_mutex_unlock(&a->lock);
    return n;
}
