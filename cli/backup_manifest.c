/* backup_manifest.c - what is in a backup, and whether it still is. Kind: E.
 *
 * A file counts as whole when size and hash are those of the manifest; the ledger is judged besides by rekap-audit, the program
 * that shares no code with what wrote it. The manifest's own last line covers the rest, so one that was cut or edited
 * is found.
 * Invariant: MANIFEST is written after everything it names has reached the disk. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/backup_part.h"
#include "proto/clock.h"
#include "proto/conf.h"
#include "proto/period.h"
#include "proto/sign.h"

static const char HEAD[] = "#rekap-cadangan 1\n";
static const char *const PARTS[] = { "ledger", "registry", "etc", "keys", "keys/office" };

int backup_fail(const struct cli *c, const char *path, const char *why)
{
    cli_talk(c, "%s: %s", "%s: %s", path, why);
    return EXIT_FAILED;
}

int backup_map(const char *path, struct slice *ret)
{
    struct stat sb;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *p = NULL;
    if (fd < 0) return ST_NOT_FOUND;
    bool ok = fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode);
    if (ok && sb.st_size > 0) p = mmap(NULL, (size_t)sb.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (!ok || p == MAP_FAILED) return ST_IO;
    *ret = slice_of(p, p ? (size_t)sb.st_size : 0);
    return ST_OK;
}

void backup_unmap(struct slice *s)
{
    if (s->n) munmap((void *)(uintptr_t)s->p, s->n);
    *s = slice_of("", 0);
}

/* ---- the files below a backup ---- */

typedef int (*file_fn)(void *ctx, const char *path, const char *name);

static int each_of(const char *dir, const char *part, file_fn fn, void *ctx)
{
    char path[PLACE_PATH_MAX], name[PLACE_PATH_MAX], full[2 * PLACE_PATH_MAX];
    struct dirent *e;
    snprintf(path, sizeof path, "%.2000s/%s", dir, part);
    DIR *d = opendir(path);
    int st = d || errno == ENOENT ? ST_OK : ST_IO;      /* a part that cannot be looked into is not one without files */
    while (d && st == ST_OK && (errno = 0, e = readdir(d))) {
        struct stat sb;
        snprintf(name, sizeof name, "%s/%s", part, e->d_name);
        snprintf(full, sizeof full, "%.2000s/%s", dir, name);
        bool lock = !strcmp(e->d_name, "owner.lock") || !strcmp(e->d_name, "lock.mdb");
        if (lock) continue;
        if (lstat(full, &sb) != 0) st = ST_IO;
        else if (S_ISREG(sb.st_mode)) st = fn(ctx, full, name);
    }
    if (d && st == ST_OK && errno != 0) st = ST_IO;
    if (d) closedir(d);
    return st;
}

static int each_file(const char *dir, file_fn fn, void *ctx)
{
    int st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < sizeof PARTS / sizeof PARTS[0]; i++) st = each_of(dir, PARTS[i], fn, ctx);
    return st;
}

static int file_hash(const char *path, uint64_t *ret_size, char ret_hex[2 * HASH_SIZE + 1])
{
    struct slice bytes;
    int st = backup_map(path, &bytes);
    if (st != ST_OK) return st;
    const struct hash h = sign_hash(bytes.n ? bytes.p : (const uint8_t *)"", bytes.n);
    bytes_hex(h.b, HASH_SIZE, ret_hex);
    *ret_size = bytes.n;
    backup_unmap(&bytes);
    return ST_OK;
}

static int add_file(void *ctx, const char *path, const char *name)
{
    struct buf *b = ctx;
    char hex[2 * HASH_SIZE + 1];
    uint64_t size;
    int fd = open(path, O_RDONLY | O_CLOEXEC), st = file_hash(path, &size, hex);
    if (st == ST_OK && (fd < 0 || fsync(fd) != 0)) st = ST_IO;
    if (fd >= 0) close(fd);
    if (strpbrk(name, "\t\n")) st = ST_INVALID;
    if (st == ST_OK) buf_printf(b, "file\t%llu\t%s\t%s\n", (unsigned long long)size, hex, name);
    return st;
}

int backup_manifest_write(const struct cli *c, const char *dir, const struct backup_log *log)
{
    char path[PLACE_PATH_MAX], time[32] = "", hex[2 * HASH_SIZE + 1];
    const struct clock clock = clock_posix();
    struct buf b;
    snprintf(path, sizeof path, "%.3000s/MANIFEST", dir);
    (void)period_format_time(clock.now(clock.ctx).wall, time);
    buf_init(&b, BACKUP_MANIFEST_MAX);
    buf_str(&b, HEAD);
    buf_printf(&b, "time\t%s\nlog\t%llu\t%s\t%s\n", time, (unsigned long long)log->lsn, log->hash, log->root);
    int st = each_file(dir, add_file, &b);
    if (st == ST_OK && buf_ok(&b)) {
        const struct hash h = sign_hash(b.p, b.n);
        bytes_hex(h.b, HASH_SIZE, hex);
        buf_printf(&b, "end\t%s\n", hex);
    }
    if (st == ST_OK) st = buf_ok(&b) ? conf_file_write(path, buf_slice(&b), 0600) : ST_NO_MEMORY;
    buf_done(&b);
    return st == ST_OK ? EXIT_OK : backup_fail(c, path, status_str(st));
}

/* ---- checking ---- */

struct check { const struct cli *c; const char *dir; char *text; size_t files; unsigned bad; };

/* One "file" line; cuts it up. */
static void check_file(struct check *k, char *line)
{
    char *save = NULL, *size = strtok_r(line, "\t", &save), *hash = strtok_r(NULL, "\t", &save);
    char *name = strtok_r(NULL, "\t", &save);
    char path[2 * PLACE_PATH_MAX], hex[2 * HASH_SIZE + 1];
    uint64_t n = 0;
    k->files++;
    if (!name || strstr(name, "..")) {
        k->bad++;
        return;
    }
    snprintf(path, sizeof path, "%.3000s/%s", k->dir, name);
    int st = file_hash(path, &n, hex);
    if (st == ST_OK && strtoull(size, NULL, 10) == n && !strcmp(hash, hex)) return;
    k->bad++;
    cli_fail(k->c, st == ST_OK ? "isinya bukan yang dicadangkan" : "tidak dapat dibaca",
             st == ST_OK ? "is not what was backed up" : "cannot be read", path);
}

static int count_file(void *ctx, const char *path, const char *name)
{
    (void)path;
    (void)name;
    ++*(size_t *)ctx;
    return ST_OK;
}

/* Is the last line the hash of what stands before it? Ends the text there. */
static bool sealed(char *text, size_t n)
{
    char hex[2 * HASH_SIZE + 1];
    const size_t tail = 4 + 2 * HASH_SIZE + 1;
    if (n <= tail || strncmp(text, HEAD, sizeof HEAD - 1) != 0 || memcmp(text + n - tail, "end\t", 4) != 0) return false;
    const struct hash h = sign_hash(text, n - tail);
    bytes_hex(h.b, HASH_SIZE, hex);
    bool ok = memcmp(text + n - tail + 4, hex, 2 * HASH_SIZE) == 0 && text[n - 1] == '\n';
    text[n - tail] = '\0';
    return ok;
}

static bool read_log(char *line, struct backup_log *ret)
{
    char *save = NULL, *lsn = strtok_r(line, "\t", &save), *hash = strtok_r(NULL, "\t", &save);
    char *root = strtok_r(NULL, "\t", &save);
    if (!root || strlen(hash) != 2 * HASH_SIZE || strlen(root) != 2 * HASH_SIZE) return false;
    ret->lsn = strtoull(lsn, NULL, 10);
    memcpy(ret->hash, hash, sizeof ret->hash);
    memcpy(ret->root, root, sizeof ret->root);
    return true;
}

static bool check_lines(struct check *k, struct backup_log *ret)
{
    char *save = NULL;
    bool log = false;
    for (char *line = strtok_r(k->text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (!strncmp(line, "file\t", 5)) check_file(k, line + 5);
        if (!strncmp(line, "log\t", 4)) log = read_log(line + 4, ret);
    }
    return log;
}

static int check_rest(const struct check *k, const struct backup_log *said)
{
    struct backup_log seen;
    size_t there = 0;
    (void)each_file(k->dir, count_file, &there);
    if (k->bad || there != k->files)
        return backup_fail(k->c, k->dir, cli_say(k->c, "cadangan tidak utuh", "the backup is not whole"));
    if (backup_audit(k->c, k->dir, &seen) != EXIT_OK) return EXIT_FAILED;
    if (seen.lsn == said->lsn && !strcmp(seen.hash, said->hash) && !strcmp(seen.root, said->root)) return EXIT_OK;
    return backup_fail(k->c, k->dir, cli_say(k->c, "log bukan yang dicadangkan", "the log is not the one backed up"));
}

int backup_manifest_check(const struct cli *c, const char *dir, struct backup_log *ret)
{
    char path[PLACE_PATH_MAX];
    struct check k = { .c = c, .dir = dir };
    struct buf b;
    int rc = EXIT_FAILED;
    snprintf(path, sizeof path, "%.3000s/MANIFEST", dir);
    buf_init(&b, BACKUP_MANIFEST_MAX);
    int st = conf_file_read(path, BACKUP_MANIFEST_MAX - 1, &b);
    buf_u8(&b, 0);
    k.text = (char *)b.p;
    if (st != ST_OK || !buf_ok(&b))
        rc = backup_fail(c, path, cli_say(c, "bukan cadangan, atau belum selesai", "no backup, or one that was not finished"));
    else if (!sealed(k.text, b.n - 1) || !check_lines(&k, ret))
        rc = backup_fail(c, path, cli_say(c, "daftar isi rusak atau diubah", "the manifest is damaged or was changed"));
    else rc = check_rest(&k, ret);
    buf_done(&b);
    return rc;
}
