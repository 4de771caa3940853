/* setup_conf.c - the three configuration files of a local installation, and the monitor's port. Kind: E.
 *
 * A port is tried by binding it, which tells only about this moment: two installations that start together may choose the same one.
 * The one that loses sees its aggregator end, finds the port taken and moves on (setup_move_http). */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/setup_part.h"
#include "proto/conf.h"

enum { PORT_FIRST = 7411, PORT_END = 32768, CONF_BYTES_MAX = 64 << 10 };

/* ---- the monitor's address ---- */

bool setup_http_free(const char *address)
{
    char host[PLACE_HTTP_MAX];
    const char *colon = strrchr(address, ':');
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *list = NULL;
    if (!colon || (size_t)(colon - address) >= sizeof host) return false;
    snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
    if (getaddrinfo(host, colon + 1, &hints, &list) != 0) return false;
    int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
              bind(fd, list->ai_addr, list->ai_addrlen) == 0 && listen(fd, 1) == 0;
    if (fd >= 0) close(fd);
    freeaddrinfo(list);
    return ok;
}

bool setup_http_choose(int first, char ret[PLACE_HTTP_MAX])
{
    for (int port = first; port < PORT_END; port++) {
        snprintf(ret, PLACE_HTTP_MAX, "127.0.0.1:%d", port);
        if (setup_http_free(ret)) return true;
    }
    return false;
}

static bool address_ok(const char *a)
{
    const char *colon = strrchr(a, ':');
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;
    if (!colon || colon == a || digits == 0 || digits > 5 || colon[1 + digits] || strlen(a) >= PLACE_HTTP_MAX ||
        strpbrk(a, " \t\n#;"))
        return false;
    long port = strtol(colon + 1, NULL, 10);
    return port >= 1 && port <= 65535;
}

/* ---- the files ---- */

struct files {
    const struct place *p;
    const struct setup_keys *keys;
};

static void put_head(struct buf *b, const char *daemon)
{
    buf_printf(b,
               "# %s.conf - ditulis oleh rekap up; boleh diubah dan tidak ditimpa (written by rekap up; edits are kept)\n\n[%s]\n",
               daemon, daemon);
}

static void put_common(struct buf *b, const struct place *p, const char *daemon, const char *store)
{
    char socket[PLACE_SOCKET_MAX];
    place_socket(p, daemon, socket);
    buf_printf(b, "control = %s\nkey = %s/keys/%s.key\nstore = %s/%s\n", socket, p->dir, daemon, p->dir, store);
    if (strcmp(daemon, "collector") != 0) buf_printf(b, "registry = %s/registry/office.tsv\n", p->dir);
}

static void put_worker(const struct files *f, struct buf *b)
{
    char listen[PLACE_SOCKET_MAX], follower[2 * PUBKEY_SIZE + 1], registry[2 * PUBKEY_SIZE + 1];
    place_socket(f->p, "feed", listen);
    bytes_hex(f->keys->pub[2], PUBKEY_SIZE, follower);
    bytes_hex(f->keys->registry, PUBKEY_SIZE, registry);
    buf_printf(b, "id = w1\nnumber = 1\nlisten = ipc://%s\nfollowers = %s\nregistry_key = %s\n", listen, follower, registry);
    buf_printf(b, "checkpoint_key = %s/keys/checkpoint.key\n", f->p->dir);
    put_common(b, f->p, "worker", "worker/ledger");
}

static void put_collector(const struct files *f, struct buf *b)
{
    char worker[PLACE_SOCKET_MAX], key[2 * PUBKEY_SIZE + 1];
    place_socket(f->p, "feed", worker);
    bytes_hex(f->keys->pub[0], PUBKEY_SIZE, key);
    buf_printf(b, "worker = ipc://%s\nworker_key = %s\ntray = %s/collector/tray\noffices = %s/keys/office\nnode = collector\n",
               worker, key, f->p->dir, f->p->dir);
    bytes_hex(f->keys->checkpoint, PUBKEY_SIZE, key);
    buf_printf(b, "worker_checkpoint_key = %s\n", key);
    bytes_hex(f->keys->registry, PUBKEY_SIZE, key);
    buf_printf(b, "worker_registry_key = %s\n", key);
    put_common(b, f->p, "collector", "collector/outbox");
}

static void put_aggregator(const struct files *f, struct buf *b)
{
    char worker[PLACE_SOCKET_MAX], publish[PLACE_SOCKET_MAX], key[2 * PUBKEY_SIZE + 1];
    place_socket(f->p, "feed", worker);
    place_socket(f->p, "publish", publish);
    bytes_hex(f->keys->pub[0], PUBKEY_SIZE, key);
    buf_printf(b,
               "workers = w1=ipc://%s=%s\nhttp = %s\nsessions = %s/aggregator/sessions\npublish = ipc://%s\nregions = "
               "%s/registry/region.csv\nnames = %s/registry/nomenklatur.csv\n",
               worker, key, f->p->http, f->p->dir, publish, f->p->dir, f->p->dir);
    put_common(b, f->p, "aggregator", "aggregator/state");
}

static const struct {
    const char *name;
    void (*put)(const struct files *, struct buf *);
} FILES[] = {
    { "worker", put_worker },
    { "collector", put_collector },
    { "aggregator", put_aggregator },
};

static void conf_path(const struct place *p, const char *daemon, char ret[PLACE_PATH_MAX])
{
    char below[64];
    snprintf(below, sizeof below, "etc/%.20s.conf", daemon);
    place_path(p, below, ret);
}

/* Do the paths of an existing file belong to this DIR? */
static bool fits(const struct place *p, const char *daemon, const char *path)
{
    char socket[PLACE_SOCKET_MAX], control[PLACE_PATH_MAX], store[PLACE_PATH_MAX];
    size_t n = strlen(p->dir);
    place_socket(p, daemon, socket);
    return place_setting(path, daemon, "control", control, sizeof control) == ST_OK && !strcmp(control, socket) &&
           place_setting(path, daemon, "store", store, sizeof store) == ST_OK && !strncmp(store, p->dir, n) && store[n] == '/';
}

static int write_conf(const struct cli *c, const struct files *f, unsigned i, const char *path)
{
    struct buf b;
    buf_init(&b, CONF_BYTES_MAX);
    put_head(&b, FILES[i].name);
    FILES[i].put(f, &b);
    buf_str(&b, "\n[log]\nlevel = info\n");
    int st = buf_ok(&b) ? conf_file_write(path, buf_slice(&b), 0600) : ST_NO_MEMORY;
    buf_done(&b);
    return st == ST_OK ? EXIT_OK : setup_fail(c, path, st);
}

/* Replaces one line of the aggregator's file, whatever else somebody wrote into it. */
static int change_http(const struct cli *c, const struct place *p)
{
    char path[PLACE_PATH_MAX];
    struct buf b, out;
    conf_path(p, "aggregator", path);
    buf_init(&b, CONF_BYTES_MAX);
    buf_init(&out, 2 * CONF_BYTES_MAX);
    int st = conf_file_read(path, CONF_BYTES_MAX, &b);
    for (size_t at = 0; st == ST_OK && at < b.n;) {
        const uint8_t *end = memchr(b.p + at, '\n', b.n - at);
        size_t n = end ? (size_t)(end - b.p) - at + 1 : b.n - at;
        struct slice line = bytes_trim(slice_of(b.p + at, n));
        if (line.n > 5 && !memcmp(line.p, "http", 4) && (line.p[4] == ' ' || line.p[4] == '=' || line.p[4] == '\t'))
            buf_printf(&out, "http = %s\n", p->http);
        else buf_put(&out, b.p + at, n);
        at += n;
    }
    if (st == ST_OK) st = buf_ok(&out) ? conf_file_write(path, buf_slice(&out), 0600) : ST_NO_MEMORY;
    buf_done(&b);
    buf_done(&out);
    return st == ST_OK ? EXIT_OK : setup_fail(c, path, st);
}

bool setup_move_http(const struct cli *c, struct place *p)
{
    char fresh[PLACE_HTTP_MAX];
    if (setup_http_free(p->http) || !setup_http_choose(PORT_FIRST, fresh)) return false;
    cli_talk(c, "%s sudah dipakai program lain; monitor pindah ke %s", "%s is taken by another program; the monitor moves to %s",
             p->http, fresh);
    snprintf(p->http, sizeof p->http, "%s", fresh);
    return change_http(c, p) == EXIT_OK;
}

int setup_conf(const struct cli *c, struct place *p, const struct setup_keys *keys, const char *http)
{
    const struct files f = { p, keys };
    if (http && !address_ok(http)) return cli_usage(c, "--http harus HOST:PORT", "--http must be HOST:PORT", http);
    bool other = http && p->http[0] && strcmp(http, p->http) != 0;
    if (http) snprintf(p->http, sizeof p->http, "%s", http);
    if (!p->http[0] && !setup_http_choose(PORT_FIRST, p->http)) return cli_fail(c, "tidak ada port bebas", "no free port", NULL);
    for (unsigned i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        char path[PLACE_PATH_MAX];
        conf_path(p, FILES[i].name, path);
        bool there = access(path, F_OK) == 0;
        if (there && fits(p, FILES[i].name, path)) continue;
        if (there)
            cli_fail(c, "berisi jalur tempat lain, jadi ditulis ulang", "has the paths of another place and is written anew", path);
        int rc = write_conf(c, &f, i, path);
        if (rc != EXIT_OK) return rc;
    }
    return other ? change_http(c, p) : EXIT_OK;
}
