/* setup.c - see setup.h. Kind: E.
 *
 * Order matters only in one point: keys before configuration, because the configuration names public keys. A key file that exists
 * is never replaced (conf_key_create links, it does not rename). */
#include "cli/setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/setup_part.h"
#include "proto/conf.h"

enum { LIST_BYTES_MAX = 64 << 20 };
static const char HEADING[] = "#rekap-office 1\n";
static const char *const DIRECTORIES[] = { "etc",       "keys",           "keys/office", "registry", "worker",
                                           "collector", "collector/tray", "aggregator",  "log" };

int setup_fail(const struct cli *c, const char *path, int st)
{
    fprintf(stderr, "rekap: %s: %s\n", path,
            (st == ST_IO || st == ST_NOT_FOUND || st == ST_FULL) && errno ? strerror(errno) : status_str(st));
    return cli_fail(c, "penyiapan tidak selesai", "set-up was not finished", NULL);
}

static int make_directories(const struct cli *c, const struct place *p)
{
    char path[PLACE_PATH_MAX];
    for (size_t i = 0; i < sizeof DIRECTORIES / sizeof DIRECTORIES[0]; i++) {
        place_path(p, DIRECTORIES[i], path);
        int st = conf_dir_make(path);
        if (st != ST_OK) return setup_fail(c, path, st);
    }
    return EXIT_OK;
}

static int make_key(const struct cli *c, const struct place *p, const char *name, const char *type, uint8_t ret[PUBKEY_SIZE])
{
    char path[PLACE_PATH_MAX], err[512] = "";
    uint8_t secret[32];
    place_path(p, name, path);
    int st = conf_key_create(path, type, secret, ret);
    if (st != ST_OK && conf_key_read(path, type, secret, ret, err, sizeof err) != ST_OK && err[0])
        fprintf(stderr, "rekap: %s\n", err);
    explicit_bzero(secret, sizeof secret);
    return st == ST_OK ? EXIT_OK : setup_fail(c, path, st);
}

static int make_keys(const struct cli *c, const struct place *p, struct setup_keys *ret)
{
    int rc = make_key(c, p, "keys/worker.key", "curve25519", ret->pub[0]);
    if (rc == EXIT_OK) rc = make_key(c, p, "keys/collector.key", "curve25519", ret->pub[1]);
    if (rc == EXIT_OK) rc = make_key(c, p, "keys/aggregator.key", "curve25519", ret->pub[2]);
    if (rc == EXIT_OK) rc = make_key(c, p, "keys/checkpoint.key", "ed25519", ret->checkpoint);
    return rc == EXIT_OK ? make_key(c, p, "keys/registry.key", "ed25519", ret->registry) : rc;
}

/* ---- registry ---- */

static bool share_candidate(unsigned i, char ret[PLACE_PATH_MAX])
{
    const char *own = getenv("REKAP_SHARE");
    switch (i) {
    case 0: return own && *own && snprintf(ret, PLACE_PATH_MAX, "%s", own) < PLACE_PATH_MAX;
    case 1: return own && *own && snprintf(ret, PLACE_PATH_MAX, "%s/registry", own) < PLACE_PATH_MAX;
    case 2: return place_program("/../../deploy/registry", ret) == ST_OK;
    default: return place_program("/../share/rekap/registry", ret) == ST_OK;
    }
}

static int find_list(const char *name, struct buf *b)
{
    char dir[PLACE_PATH_MAX], path[PLACE_PATH_MAX + 64];
    int st = ST_NOT_FOUND;
    for (unsigned i = 0; i < 4 && st == ST_NOT_FOUND; i++) {
        if (!share_candidate(i, dir)) continue;
        snprintf(path, sizeof path, "%s/%s", dir, name);
        st = conf_file_read(path, LIST_BYTES_MAX, b);
    }
    return st;
}

static int copy_list(const struct cli *c, const struct place *p, const char *name)
{
    char below[64], path[PLACE_PATH_MAX];
    struct buf b;
    snprintf(below, sizeof below, "registry/%s", name);
    place_path(p, below, path);
    if (access(path, F_OK) == 0) return EXIT_OK;
    buf_init(&b, LIST_BYTES_MAX);
    int st = find_list(name, &b);
    if (st == ST_OK) st = conf_file_write(path, buf_slice(&b), 0600);
    else
        cli_fail(c, "daftar bawaan tidak ditemukan; isi $REKAP_SHARE dengan direktorinya",
                 "the list that comes with rekap was not found; set $REKAP_SHARE to its directory", name);
    buf_done(&b);
    return st == ST_OK ? EXIT_OK : setup_fail(c, path, st);
}

static int make_registry(const struct cli *c, const struct place *p)
{
    char path[PLACE_PATH_MAX];
    int rc = copy_list(c, p, "region.csv");
    if (rc == EXIT_OK) rc = copy_list(c, p, "nomenklatur.csv");
    if (rc != EXIT_OK) return rc;
    place_path(p, "registry/office.tsv", path);
    if (access(path, F_OK) == 0) return EXIT_OK;
    int st = conf_file_write(path, slice_of(HEADING, sizeof HEADING - 1), 0600);
    return st == ST_OK ? EXIT_OK : setup_fail(c, path, st);
}

int setup_run(const struct cli *c, struct place *p, const char *http)
{
    struct setup_keys keys;
    int rc = make_directories(c, p);
    if (rc == EXIT_OK) rc = make_keys(c, p, &keys);
    if (rc == EXIT_OK) rc = make_registry(c, p);
    return rc == EXIT_OK ? setup_conf(c, p, &keys, http) : rc;
}
