/* seal_file.c - see seal_file.h. Kind: E.
 *
 * Design notes: the key is the register's, because a file brings a register of its own along and only that key says whose it is.
 * The newest version is found by trying the names that exist; a directory is small, a region has four quarters a year.
 *
 * Invariant: who holds a struct seal_file holds a seal that seal_check proved. */
#include "cli/seal_file.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "proto/conf.h"

int seal_file_key(const struct cli *c, uint8_t ret[PUBKEY_SIZE])
{
    char path[PLACE_PATH_MAX], hex[2 * PUBKEY_SIZE + 2];
    const char *given = c->value[OPT_KEY];
    struct place p;
    if (given && strlen(given) == 2 * PUBKEY_SIZE && bytes_unhex(given, 2 * PUBKEY_SIZE, ret) == ST_OK) return EXIT_OK;
    if (given)
        return cli_usage(c, "--key: kunci daftar kantor, 64 angka heksadesimal", "--key: the register's key, 64 hexadecimal digits",
                         given);
    int rc = place_open_any(c, &p);
    if (rc != EXIT_OK) return rc;
    place_path(&p, "etc/collector.conf", path);
    if (place_setting(path, "collector", "worker_registry_key", hex, sizeof hex) == ST_OK && strlen(hex) == 2 * PUBKEY_SIZE &&
        bytes_unhex(hex, 2 * PUBKEY_SIZE, ret) == ST_OK)
        return EXIT_OK;
    return cli_fail(c, "tidak ada worker_registry_key; beri --key", "no worker_registry_key; give --key", path);
}

const char *seal_file_reason(const struct cli *c, unsigned fault)
{
    switch (fault) {
    case SEAL_SOUND: return "";
    case SEAL_FORM: return cli_say(c, "bukan segel, atau kepalanya sudah diubah", "not a seal, or its head was changed");
    case SEAL_ROOT: return cli_say(c, "isinya bukan yang disegel", "its lines are not those that were sealed");
    case SEAL_REGISTER:
        return cli_say(c, "daftar kantor di dalamnya tidak ditandatangani kunci itu",
                       "the register in it is not signed by that key");
    case SEAL_SIGNER:
        return cli_say(c, "penanda tangannya bukan pusat wilayah itu", "who signed was not the centre of that region");
    default: return cli_say(c, "tanda tangan pusat tidak sah", "the centre's signature is not valid");
    }
}

int seal_file_open(const struct cli *c, const char *path, const uint8_t key[PUBKEY_SIZE], struct seal_file *ret)
{
    const struct verifier v = sign_ed25519_verifier();
    enum seal_fault fault = SEAL_FORM;
    *ret = (struct seal_file){ .seal = { 0 } };
    buf_init(&ret->bytes, SEAL_FILE_BYTES_MAX);
    int st = conf_file_read(path, SEAL_FILE_BYTES_MAX, &ret->bytes);
    if (st == ST_OK) st = seal_check(buf_slice(&ret->bytes), key, &v, &ret->seal, &fault);
    if (st == ST_OK && fault == SEAL_SOUND) st = seal_read(buf_slice(&ret->bytes), &ret->seal, &ret->note, &ret->lines);
    if (st == ST_OK && fault == SEAL_SOUND) return EXIT_OK;
    seal_file_done(ret);
    if (st != ST_OK) return cli_fail(c, "segel tidak dapat dibaca", "the seal cannot be read", path);
    cli_talk(c, "segel %s TIDAK SAH: %s", "seal %s is NOT VALID: %s", path, seal_file_reason(c, fault));
    return EXIT_FAILED;
}

void seal_file_done(struct seal_file *f) { buf_done(&f->bytes); }

/* "2022-Q4-12.segel" of that quarter: 12; 0: another name. */
static unsigned version_of(const char *name, const char *quarter)
{
    unsigned version = 0;
    size_t n = strlen(quarter);
    if (strncmp(name, quarter, n) != 0) return 0;
    for (name += n; *name >= '0' && *name <= '9' && version <= SEAL_VERSION_MAX; name++)
        version = 10 * version + (unsigned)(*name - '0');
    return strcmp(name, ".segel") == 0 && version <= SEAL_VERSION_MAX ? version : 0;
}

unsigned seal_file_newest(const struct place *p, region_code region, unsigned year, unsigned quarter, unsigned below,
                          char ret[PLACE_PATH_MAX])
{
    char path[64], code[8], name[24];
    unsigned newest = 0;
    code_region_format(region, code);
    snprintf(path, sizeof path, "segel/%s", code);
    snprintf(name, sizeof name, "%u-Q%u-", year % 10000, quarter % 10);
    place_path(p, path, ret);
    DIR *d = opendir(ret);
    for (struct dirent *e; d && (e = readdir(d));) {
        unsigned v = version_of(e->d_name, name);
        newest = v > newest && v < below ? v : newest;
    }
    if (d) closedir(d);
    snprintf(path, sizeof path, "segel/%s/%s%u.segel", code, name, newest);
    place_path(p, path, ret);
    return newest;
}

/* ---- lines ---- */

bool seal_file_line(struct slice *rest, struct slice *ret)
{
    if (rest->n == 0) return false;
    const uint8_t *end = memchr(rest->p, '\n', rest->n);
    size_t n = end ? (size_t)(end - rest->p) : rest->n;
    *ret = slice_of(rest->p, n);
    *rest = slice_of(rest->p + n + (end != NULL), rest->n - n - (end != NULL));
    return true;
}

struct slice seal_file_rest(struct slice line, unsigned n)
{
    for (; n > 0; n--) {
        const uint8_t *tab = line.n ? memchr(line.p, '\t', line.n) : NULL;
        if (!tab) return slice_of(NULL, 0);
        size_t used = (size_t)(tab - line.p) + 1;
        line = slice_of(line.p + used, line.n - used);
    }
    return line;
}

struct slice seal_file_field(struct slice line, unsigned n)
{
    struct slice rest = seal_file_rest(line, n);
    const uint8_t *tab = rest.n ? memchr(rest.p, '\t', rest.n) : NULL;
    return tab ? slice_of(rest.p, (size_t)(tab - rest.p)) : rest;
}

bool seal_file_is(struct slice line, const char *kind)
{
    struct slice f = seal_file_field(line, 0);
    return f.n == strlen(kind) && memcmp(f.p, kind, f.n) == 0;
}
