/* http_lists.c - the lists the HTTP thread answers with: offices, regions, names of codes. Kind: E. A file that became faulty is
 * reported and the list read before stays in use: a typo in the register must not blind the centre. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "aggregator/http_priv.h"
#include "proto/conf.h"
#include "proto/log.h"
#include "proto/registry.h"

enum { LIST_BYTES_MAX = 64 << 20 };

static int read_text(const char *path, struct buf *b, char *err, size_t err_size)
{
    buf_init(b, LIST_BYTES_MAX);
    int st = conf_file_read(path, LIST_BYTES_MAX, b);
    if (st != ST_OK) snprintf(err, err_size, "%s: %s", path, errno ? strerror(errno) : status_str(st));
    return st;
}

/* What the machine could not read just now is looked at again, though the file stays as it is. */
static bool passing(int st) { return st == ST_IO || st == ST_NO_MEMORY; }

int http_reload_registry(struct http *h, char *err, size_t err_size)
{
    struct buf b;
    struct registry *fresh = NULL;
    int st = read_text(h->o.registry, &b, err, err_size);
    if (st == ST_OK) st = registry_parse(buf_slice(&b), &fresh, err, err_size);
    buf_done(&b);
    if (passing(st)) h->registry_seen = (struct timespec){0};
    if (st != ST_OK) return st;
    registry_free(&h->registry);
    h->registry = fresh;
    return ST_OK;
}

bool http_registry_changed(struct http *h)
{
    struct stat sb;
    if (stat(h->o.registry, &sb) != 0) return false;
    if (sb.st_mtim.tv_sec == h->registry_seen.tv_sec && sb.st_mtim.tv_nsec == h->registry_seen.tv_nsec) return false;
    h->registry_seen = sb.st_mtim;
    return true;
}

/* The list NAME beside the register (there need not be one), when it is another than the one seen last. */
static bool list_changed(const struct http *h, const char *name, struct timespec *seen, char *path, size_t size)
{
    struct stat sb;
    const char *slash = strrchr(h->o.registry, '/');
    int n = snprintf(path, size, "%.*s%s", slash ? (int)(slash - h->o.registry + 1) : 0, h->o.registry, name);
    if (n < 0 || (size_t)n >= size || stat(path, &sb) != 0) return false;
    if (sb.st_mtim.tv_sec == seen->tv_sec && sb.st_mtim.tv_nsec == seen->tv_nsec) return false;
    *seen = sb.st_mtim;
    return true;
}

/* Lists of rules beside the register; there need not be one. A faulty one is reported and the one before stays. True: `b` holds a
 * list that was not read yet. */
static bool fresh_list(struct http *h, const char *name, struct timespec *seen, struct buf *b)
{
    char path[4096], err[512];
    if (!list_changed(h, name, seen, path, sizeof path)) return false;
    int st = read_text(path, b, err, sizeof err);
    if (st == ST_OK) return true;
    if (passing(st)) *seen = (struct timespec){0};
    log_write(LOG_L_ERROR, "list not read, the one before stays", "reason=\"%s\"", err);
    buf_done(b);
    return false;
}

/* What became of a list that was read: kept (true), or told and forgotten. */
static bool taken(int st, const char *err, struct timespec *seen)
{
    if (passing(st)) *seen = (struct timespec){0};
    if (st != ST_OK) log_write(LOG_L_ERROR, "rules not taken, those before stay", "reason=\"%s\"", err);
    return st == ST_OK;
}

void http_refresh_rules(struct http *h)
{
    char err[512] = "";
    struct buf b;
    struct scales *scales = NULL;
    struct thresholds *thresholds = NULL;
    struct units *units = NULL;
    struct bridges bridges;
    struct successors successors;
    struct closing_book *closing = NULL;
    if (fresh_list(h, "skala.csv", &h->scales_seen, &b)) {
        if (taken(scales_parse(buf_slice(&b), &scales, err, sizeof err), err, &h->scales_seen)) {
            scales_free(&h->scales);
            h->scales = scales;
        }
        buf_done(&b);
    }
    if (fresh_list(h, "aturan.csv", &h->thresholds_seen, &b)) {
        if (taken(thresholds_parse(buf_slice(&b), &thresholds, err, sizeof err), err, &h->thresholds_seen)) {
            thresholds_free(&h->thresholds);
            h->thresholds = thresholds;
        }
        buf_done(&b);
    }
    if (fresh_list(h, "satuan.csv", &h->units_seen, &b)) {
        if (taken(units_parse(buf_slice(&b), &units, err, sizeof err), err, &h->units_seen)) {
            units_free(&h->units);
            h->units = units;
        }
        buf_done(&b);
    }
    if (fresh_list(h, "padanan.csv", &h->bridges_seen, &b)) {
        if (taken(bridge_list_parse(buf_slice(&b), &bridges, err, sizeof err), err, &h->bridges_seen)) {
            bridge_done(&h->bridges);
            h->bridges = bridges;
        }
        buf_done(&b);
    }
    if (fresh_list(h, "penerus.csv", &h->successors_seen, &b)) {
        if (taken(successor_list_parse(buf_slice(&b), &successors, err, sizeof err), err, &h->successors_seen)) {
            successor_list_done(&h->successors);
            h->successors = successors;
        }
        buf_done(&b);
    }
    if (fresh_list(h, "penutupan.csv", &h->closing_seen, &b)) {
        if (taken(closing_rules_parse(buf_slice(&b), &closing, err, sizeof err), err, &h->closing_seen)) {
            closing_rules_free(&h->closing);
            h->closing = closing;
        }
        buf_done(&b);
    }
}

int http_load_lists(struct http *h, char *err, size_t err_size)
{
    struct stat sb;
    struct buf regions = {0}, codes = {0};
    int st = read_text(h->o.regions, &regions, err, err_size);
    if (st == ST_OK) st = read_text(h->o.names, &codes, err, err_size);
    if (st == ST_OK) st = names_parse(buf_slice(&regions), buf_slice(&codes), &h->names, err, err_size);
    buf_done(&regions);
    buf_done(&codes);
    (void)http_registry_changed(h);
    if (stat(h->o.regions, &sb) == 0) h->regions_seen = sb.st_mtim;
    if (stat(h->o.names, &sb) == 0) h->names_seen = sb.st_mtim;
    return st == ST_OK ? http_reload_registry(h, err, err_size) : st;
}
