/* place.c - see place.h. Kind: E.
 *
 * The runtime directory stands in /tmp, where anybody may have made it before us: it is used only when it is a real directory,
 * belongs to the owner of DIR and nobody else may look into it. */
#include "cli/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/conf.h"
#include "proto/link.h"
#include "proto/sign.h"

enum { SETTINGS_BYTES_MAX = 1 << 20 };

void place_path(const struct place *p, const char *below, char ret[PLACE_PATH_MAX])
{
    snprintf(ret, PLACE_PATH_MAX, "%s/%s", p->dir, below);
}

void place_office_key(const struct place *p, const char *office, const char *tail, char ret[PLACE_PATH_MAX])
{
    snprintf(ret, PLACE_PATH_MAX, "%s/keys/office/%s.key%s", p->dir, office, tail);
}

void place_socket(const struct place *p, const char *name, char ret[PLACE_SOCKET_MAX])
{
    snprintf(ret, PLACE_SOCKET_MAX, "%s/%.20s.sock", p->runtime, name);
}

/* ---- finding it ---- */

int place_find(const struct cli *c, struct place *ret)
{
    char real[PATH_MAX], hex[2 * HASH_SIZE + 1];
    struct stat sb;
    *ret = (struct place){ 0 };
    if (!realpath(c->dir, real) || stat(real, &sb) != 0) {
        if (errno != ENOENT) return cli_fail(c, "DIR tidak dapat dibuka", "DIR cannot be opened", strerror(errno));
        cli_talk(c, "%s belum dibuat: jalankan rekap up --dir %s", "%s does not exist yet: run rekap up --dir %s", c->dir, c->dir);
        return EXIT_FAILED;
    }
    if (!S_ISDIR(sb.st_mode) || strlen(real) >= sizeof ret->dir || strpbrk(real, "\n\r"))
        return cli_fail(c, "bukan direktori yang dapat dipakai", "not a directory that can be used", c->dir);
    const struct hash h = sign_hash(real, strlen(real));
    bytes_hex(h.b, 8, hex);
    snprintf(ret->dir, sizeof ret->dir, "%s", real);
    snprintf(ret->runtime, sizeof ret->runtime, "/tmp/rekap-%lu-%.16s", (unsigned long)sb.st_uid, hex);
    char centre[PLACE_PATH_MAX];
    place_path(ret, "etc/centre.conf", centre);
    ret->office = access(centre, F_OK) == 0;
    return EXIT_OK;
}

void place_refresh(struct place *p)
{
    char path[PLACE_PATH_MAX];
    place_path(p, "etc/aggregator.conf", path);
    if (place_setting(path, "aggregator", "http", p->http, sizeof p->http) != ST_OK) p->http[0] = '\0';
}

int place_open_any(const struct cli *c, struct place *ret)
{
    char path[PLACE_PATH_MAX];
    int rc = place_find(c, ret);
    if (rc != EXIT_OK) return rc;
    place_path(ret, "registry/office.tsv", path);
    place_refresh(ret);
    if (access(path, R_OK) != 0 && errno == EACCES) return cli_fail(c, "tidak boleh dibaca", "may not be read", path);
    if ((ret->http[0] || ret->office) && access(path, R_OK) == 0) return EXIT_OK;
    cli_talk(c, "%s belum disiapkan: jalankan rekap up --dir %s", "%s is not set up yet: run rekap up --dir %s", c->dir, c->dir);
    return EXIT_FAILED;
}

int place_open(const struct cli *c, struct place *ret)
{
    int rc = place_open_any(c, ret);
    if (rc != EXIT_OK || !ret->office) return rc;
    return cli_fail(c, "ini instalasi kantor: ia mengirim ke pusat; angka dan daftar kantor dilihat di pusat",
                    "this is an office's installation: it sends to the centre; figures and the register are seen there", ret->dir);
}

static bool make_path(const char *dir)
{
    char part[PLACE_PATH_MAX];
    if ((size_t)snprintf(part, sizeof part, "%s", dir) >= sizeof part) return false;
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (access(part, F_OK) != 0 && conf_dir_make(part) != ST_OK) return false;
        *slash = '/';
    }
    return conf_dir_make(part) == ST_OK;
}

int place_runtime(const struct cli *c, const struct place *p)
{
    struct stat sb, dir;
    if (mkdir(p->runtime, 0700) != 0 && errno != EEXIST)
        return cli_fail(c, "direktori soket tidak dapat dibuat", "the socket directory cannot be made", p->runtime);
    if (lstat(p->runtime, &sb) == 0 && stat(p->dir, &dir) == 0 && S_ISDIR(sb.st_mode) && sb.st_uid == dir.st_uid &&
        (sb.st_mode & 077) == 0)
        return EXIT_OK;
    return cli_fail(c, "direktori soket milik orang lain atau terbuka untuk orang lain; hapus dahulu",
                    "the socket directory belongs to somebody else or is open to others; remove it first", p->runtime);
}

int place_create(const struct cli *c, struct place *ret)
{
    if (!make_path(c->dir)) return cli_fail(c, "DIR tidak dapat dibuat", "DIR cannot be made", strerror(errno));
    int rc = place_find(c, ret);
    if (rc == EXIT_OK) place_refresh(ret);
    return rc;
}

int place_program(const char *part, char ret[PLACE_PATH_MAX])
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0) return ST_NOT_FOUND;
    self[n] = '\0';
    char *slash = strrchr(self, '/');
    if (!slash) return ST_NOT_FOUND;
    *slash = '\0';
    return snprintf(ret, PLACE_PATH_MAX, "%s%s", self, part) < PLACE_PATH_MAX ? ST_OK : ST_NOT_FOUND;
}

/* ---- reading what lies there ---- */

int place_registry(const struct cli *c, const struct place *p, struct registry **ret)
{
    char path[PLACE_PATH_MAX], err[512] = "";
    struct buf b;
    place_path(p, "registry/office.tsv", path);
    buf_init(&b, PLACE_REGISTRY_BYTES_MAX);
    int st = conf_file_read(path, PLACE_REGISTRY_BYTES_MAX, &b);
    if (st != ST_OK) snprintf(err, sizeof err, "%s", st == ST_NOT_FOUND || st == ST_IO ? strerror(errno) : status_str(st));
    else st = registry_parse(buf_slice(&b), ret, err, sizeof err);
    buf_done(&b);
    if (st == ST_OK) return EXIT_OK;
    cli_talk(c, "daftar kantor tidak dapat dipakai: %s:%s", "the office register cannot be used: %s:%s", path, err);
    return EXIT_FAILED;
}

/* Is this line `key = value`? The value's bounds in s. */
static bool line_value(struct slice line, const char *key, struct slice *ret)
{
    const uint8_t *eq = memchr(line.p, '=', line.n);
    if (!eq) return false;
    struct slice name = bytes_trim(slice_of(line.p, (size_t)(eq - line.p)));
    if (!bytes_is(name, key)) return false;
    *ret = bytes_trim(slice_of(eq + 1, line.n - (size_t)(eq - line.p) - 1));
    return true;
}

static int find_setting(struct slice text, const char *section, const char *key, char *ret, size_t size)
{
    bool inside = false;
    while (text.n) {
        const uint8_t *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        struct slice line = bytes_trim(slice_of(text.p, n)), value;
        text = end ? slice_of(end + 1, text.n - n - 1) : slice_of(text.p + n, 0);
        if (line.n > 2 && line.p[0] == '[') inside = bytes_is(slice_of(line.p + 1, line.n - 2), section);
        else if (inside && line.n && line.p[0] != '#' && line.p[0] != ';' && line_value(line, key, &value)) {
            if (value.n >= size) return ST_FULL;
            memcpy(ret, value.p, value.n);
            ret[value.n] = '\0';
            return ST_OK;
        }
    }
    return ST_NOT_FOUND;
}

int place_setting(const char *file, const char *section, const char *key, char *ret, size_t size)
{
    struct buf b;
    buf_init(&b, SETTINGS_BYTES_MAX);
    int st = conf_file_read(file, SETTINGS_BYTES_MAX, &b);
    if (st == ST_OK) st = find_setting(buf_slice(&b), section, key, ret, size);
    buf_done(&b);
    return st;
}

int place_beside(const struct cli *c, const struct place *p, unsigned i, struct place *ret, bool *ret_there)
{
    char conf[PLACE_PATH_MAX], list[PLACE_PATH_MAX], dir[PLACE_PATH_MAX];
    struct cli other = *c;
    struct slice rest, one = slice_of("", 0);
    place_path(p, "etc/aggregator.conf", conf);
    *ret_there = false;
    int st = place_setting(conf, "aggregator", "worker_dirs", list, sizeof list);
    if (st == ST_NOT_FOUND) return EXIT_OK;
    if (st != ST_OK) return cli_fail(c, "aggregator.worker_dirs tidak dapat dibaca", "aggregator.worker_dirs cannot be read", conf);
    rest = slice_of(list, strlen(list));
    for (unsigned k = 0; k <= i; k++) {
        const uint8_t *end = rest.n ? memchr(rest.p, ',', rest.n) : NULL;
        one = bytes_trim(slice_of(rest.p, end ? (size_t)(end - rest.p) : rest.n));
        rest = end ? slice_of(end + 1, rest.n - (size_t)(end - rest.p) - 1) : slice_of(rest.p, 0);
        if (one.n == 0) return EXIT_OK;
    }
    snprintf(dir, sizeof dir, "%.*s", (int)one.n, (const char *)one.p);
    other.dir = dir;
    *ret_there = true;
    return place_find(&other, ret);
}

bool place_alive(
const struct place *p, const char *daemon)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    _Static_assert(sizeof a.sun_path >= PLACE_SOCKET_MAX, "every socket path fits");
    place_socket(p, daemon, a.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool alive = fd >= 0 && (connect(fd, (const struct sockaddr *)&a, sizeof a) == 0 || errno == EAGAIN);
    if (fd >= 0) close(fd);
    return alive;
}

int place_ask(const struct place *p, const char *daemon, const char *request, int timeout_ms, json_t **ret)
{
    char path[PLACE_SOCKET_MAX], *text = NULL;
    size_t n = 0;
    place_socket(p, daemon, path);
    int st = link_ask(path, slice_of(request, strlen(request)), timeout_ms, &text, &n);
    if (st != ST_OK) return st;
    json_t *answer = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    if (!answer) return ST_INVALID;
    *ret = answer;
    return ST_OK;
}
