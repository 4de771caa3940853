/* setup_office.c - an office's own installation, and the worker's second door for offices on other machines. Kind: E.
 *
 * An office's DIR has what a collector needs and nothing of the centre: its keys are made here and never leave it. etc/centre.conf
 * tells which centre it belongs to (and by being there, that DIR is an office's); a later invitation of another centre is refused,
 * because one collector speaks to one worker.
 *
 * Every step looks first and writes whole files, so it may be stopped anywhere and repeated.
 *
 * Invariant: etc/centre.conf is written last, when everything else is there. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/setup_part.h"
#include "proto/conf.h"
#include "proto/join.h"

enum { CONF_BYTES_MAX = 64 << 10 };
static const char *const DIRECTORIES[] = { "etc", "keys", "keys/office", "registry", "collector", "collector/tray", "log" };

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

static int make_key(const struct cli *c, const struct place *p)
{
    char path[PLACE_PATH_MAX];
    uint8_t secret[32], pub[PUBKEY_SIZE];
    place_path(p, "keys/collector.key", path);
    int st = conf_key_create(path, "curve25519", secret, pub);
    explicit_bzero(secret, sizeof secret);
    return st == ST_OK ? EXIT_OK : setup_fail(c, path, st);
}

static int write_once(const struct cli *c, const struct place *p, const char *below, const struct buf *b)
{
    char path[PLACE_PATH_MAX];
    place_path(p, below, path);
    if (access(path, F_OK) == 0) return EXIT_OK;
    int st = buf_ok(b) ? conf_file_write(path, buf_slice(b), 0600) : ST_NO_MEMORY;
    return st == ST_OK ? EXIT_OK : setup_fail(c, path, st);
}

static void put_centre(const struct join_invitation *i, struct buf *b)
{
    char worker[2 * PUBKEY_SIZE + 1], checkpoint[2 * PUBKEY_SIZE + 1], registry[2 * PUBKEY_SIZE + 1];
    bytes_hex(i->worker, PUBKEY_SIZE, worker);
    bytes_hex(i->checkpoint, PUBKEY_SIZE, checkpoint);
    bytes_hex(i->registry, PUBKEY_SIZE, registry);
    buf_printf(b, "# centre.conf - pusat tempat kantor ini bergabung (the centre this office has joined)\n\n[centre]\n");
    buf_printf(b, "worker = %s\nworker_key = %s\n", i->address, worker);
    buf_printf(b, "checkpoint_key = %s\nregistry_key = %s\n", checkpoint, registry);
}

static void put_collector(const struct place *p, const struct join_invitation *i, struct buf *b)
{
    char worker[2 * PUBKEY_SIZE + 1], checkpoint[2 * PUBKEY_SIZE + 1], registry[2 * PUBKEY_SIZE + 1], control[PLACE_SOCKET_MAX];
    bytes_hex(i->worker, PUBKEY_SIZE, worker);
    bytes_hex(i->checkpoint, PUBKEY_SIZE, checkpoint);
    bytes_hex(i->registry, PUBKEY_SIZE, registry);
    place_socket(p, "collector", control);
    buf_str(b, "# collector.conf - ditulis oleh rekap office join; boleh diubah (written by rekap office join; edits are "
               "kept)\n\n");
    buf_printf(b, "[collector]\nworker = %s\nworker_key = %s\nworker_checkpoint_key = %s\n", i->address, worker, checkpoint);
    buf_printf(b, "worker_registry_key = %s\n", registry);
    buf_printf(b, "tray = %s/collector/tray\noffices = %s/keys/office\n", p->dir, p->dir);
    buf_printf(b, "node = %s\ncontrol = %s\n", i->office, control);
    buf_printf(b, "key = %s/keys/collector.key\nstore = %s/collector/outbox\n\n[log]\nlevel = info\n", p->dir, p->dir);
}

static int write_files(const struct cli *c, const struct place *p, const struct join_invitation *i)
{
    struct buf b;
    buf_init(&b, CONF_BYTES_MAX);
    buf_str(&b, "#rekap-office 1\n");
    int rc = write_once(c, p, "registry/office.tsv", &b);
    buf_clear(&b);
    put_collector(p, i, &b);
    if (rc == EXIT_OK) rc = write_once(c, p, "etc/collector.conf", &b);
    buf_clear(&b);
    put_centre(i, &b);
    if (rc == EXIT_OK) rc = write_once(c, p, "etc/centre.conf", &b);
    buf_done(&b);
    return rc;
}

static int same_centre(const struct cli *c, const struct place *p, const struct join_invitation *i)
{
    char path[PLACE_PATH_MAX], worker[2 * PUBKEY_SIZE + 1], seen[128] = "";
    place_path(p, "etc/centre.conf", path);
    bytes_hex(i->worker, PUBKEY_SIZE, worker);
    if (place_setting(path, "centre", "worker_key", seen, sizeof seen) == ST_OK && !strcmp(seen, worker)) return EXIT_OK;
    return cli_fail(c, "DIR ini milik pusat lain; pakai DIR yang baru untuk undangan ini",
                    "this DIR belongs to another centre; use a new DIR for this invitation", p->dir);
}

int setup_office(const struct cli *c, const struct place *p, const struct join_invitation *i)
{
    char path[PLACE_PATH_MAX];
    place_path(p, "etc/worker.conf", path);
    if (access(path, F_OK) == 0)
        return cli_fail(c, "DIR ini instalasi pusat; kantor memakai DIR sendiri",
                        "this DIR is a centre's; an office uses its own DIR", p->dir);
    int rc = p->office ? same_centre(c, p, i) : EXIT_OK;
    if (rc == EXIT_OK) rc = make_directories(c, p);
    if (rc == EXIT_OK) rc = make_key(c, p);
    return rc == EXIT_OK ? write_files(c, p, i) : rc;
}

/* ---- the worker's door ---- */

bool setup_address_ok(const char *a)
{
    const char *colon = strrchr(a, ':');
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;
    if (strncmp(a, "tcp://", 6) != 0 || !colon || colon <= a + 6 || digits == 0 || digits > 5 || colon[1 + digits]) return false;
    long port = strtol(colon + 1, NULL, 10);
    return port >= 1 && port <= 65535 && strlen(a) <= JOIN_ADDRESS_MAX && !strpbrk(a, " \t\r\n,;#=");
}

static int next_endpoint(const char **at, char *ret, size_t size)
{
    size_t n;
    *at += strspn(*at, ", ");
    n = strcspn(*at, ", ");
    if (n == 0 || n >= size) return ST_NOT_FOUND;
    snprintf(ret, size, "%.*s", (int)n, *at);
    *at += n;
    return ST_OK;
}

static int read_listen(const struct place *p, char path[PLACE_PATH_MAX], char *ret, size_t size)
{
    place_path(p, "etc/worker.conf", path);
    return place_setting(path, "worker", "listen", ret, size);
}

int setup_listening(const struct place *p, char *ret, size_t size)
{
    char path[PLACE_PATH_MAX], list[2048], one[512];
    if (read_listen(p, path, list, sizeof list) != ST_OK) return ST_NOT_FOUND;
    for (const char *at = list; next_endpoint(&at, one, sizeof one) == ST_OK;)
        if (!strncmp(one, "tcp://", 6)) return snprintf(ret, size, "%s", one) < (int)size ? ST_OK : ST_NOT_FOUND;
    return ST_NOT_FOUND;
}

/* The file with its `listen` line replaced. */
static void replace_listen(struct slice text, const char *value, struct buf *out)
{
    while (text.n) {
        const uint8_t *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) + 1 : text.n;
        struct slice line = bytes_trim(slice_of(text.p, n));
        if (line.n > 7 && !memcmp(line.p, "listen", 6) && strchr(" \t=", line.p[6])) buf_printf(out, "listen = %s\n", value);
        else buf_put(out, text.p, n);
        text = slice_of(text.p + n, text.n - n);
    }
}

int setup_listen(const struct cli *c, const struct place *p, const char *endpoint)
{
    char path[PLACE_PATH_MAX], list[2048], one[512], value[3072] = "";
    struct buf b, out;
    if (!setup_address_ok(endpoint) || strtol(strrchr(endpoint, ':') + 1, NULL, 10) > 32767)
        return cli_usage(c, "--listen harus tcp://ALAMAT:PORT dengan port di bawah 32768",
                         "--listen must be tcp://ADDRESS:PORT with a port below 32768", endpoint);
    if (read_listen(p, path, list, sizeof list) != ST_OK) return setup_fail(c, path, ST_INVALID);
    for (const char *at = list; next_endpoint(&at, one, sizeof one) == ST_OK;)
        if (strncmp(one, "tcp://", 6) != 0) snprintf(value + strlen(value), sizeof value - strlen(value), "%s, ", one);
    snprintf(value + strlen(value), sizeof value - strlen(value), "%s", endpoint);
    if (!strcmp(value, list)) return EXIT_OK;
    buf_init(&b, CONF_BYTES_MAX);
    buf_init(&out, 2 * CONF_BYTES_MAX);
    int st = conf_file_read(path, CONF_BYTES_MAX, &b);
    if (st == ST_OK) replace_listen(buf_slice(&b), value, &out);
    if (st == ST_OK) st = buf_ok(&out) ? conf_file_write(path, buf_slice(&out), 0600) : ST_NO_MEMORY;
    buf_done(&b);
    buf_done(&out);
    return st == ST_OK ? EXIT_OK : setup_fail(c, path, st);
}
