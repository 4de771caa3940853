/* push.c - `rekap push`: an office's files are read, checked and put into the collector's tray. Kind: E.
 *
 * Everything about a cell is decided by intake, everything about what is new by the collector; this file only carries. A tray file
 * is durable before the collector hears of it, so a push that has returned is safe with or without collector, worker and network.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/person.h"
#include "cli/push_part.h"
#include "collector/book.h"
#include "proto/conf.h"
#include "proto/sign_sha256.h"
#include "proto/units.h"

enum { STAMP_DIGITS = 16 };             /* of a tray file's name: nanoseconds since 1970, hexadecimal */
enum { UNITS_BYTES_MAX = 4 << 20 };

/* ---- options ---- */

static int read_words(struct push *u)
{
    const struct cli *c = u->c;
    const char *shape = c->value[OPT_SHAPE], *dash = c->value[OPT_DASH];
    u->dry_run = c->value[OPT_DRY_RUN] != NULL;
    u->wait = c->value[OPT_WAIT] != NULL && !u->dry_run;
    u->intake.complete = c->value[OPT_COMPLETE] != NULL;
    u->intake.lang = c->lang;
    if (!c->value[OPT_OFFICE]) return cli_usage(c, "sebutkan --office ID", "give --office ID", NULL);
    if (c->value[OPT_OUTPUT] && (!u->dry_run || c->operand_count != 1))
        return cli_usage(c, "--output: salinan bertanda, bersama --dry-run dan satu berkas",
                         "--output: a marked copy, with --dry-run and one file", NULL);
    if (shape && shape_parse(slice_of(shape, strlen(shape)), &u->intake.shape) != ST_OK)
        return cli_usage(c, "bentuk tidak dikenal; misalnya anggaran, nomenklatur", "unknown shape; such as anggaran, nomenklatur",
                         shape);
    if (dash && strcmp(dash, "nol") != 0 && strcmp(dash, "kosong") != 0)
        return cli_usage(c, "--dash nol atau kosong", "--dash nol or kosong", dash);
    if (dash) u->intake.dash = dash[0] == 'n' ? DASH_ZERO : DASH_EMPTY;
    return cli_number(c, OPT_TIMEOUT, 60, 1, 86400, &u->timeout_s);
}

static struct wall wall_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (struct wall){ (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 };
}

/* The key that is to sign must be the one the register names: a batch signed by another would stop the office's stream. */
static int check_key(const struct push *u)
{
    char key[PLACE_PATH_MAX], err[512] = "";
    uint8_t secret[32], pub[PUBKEY_SIZE];
    place_office_key(&u->p, u->office->id, "", key);
    if (access(key, R_OK) != 0)
        return cli_fail(u->c, "kunci kantor tidak ada di komputer ini", "the office's key is not on this machine", key);
    int st = conf_key_read(key, "ed25519", secret, pub, err, sizeof err);
    explicit_bzero(secret, sizeof secret);
    if (st != ST_OK) return cli_fail(u->c, "kunci kantor tidak dapat dipakai", "the office's key cannot be used", err);
    if (!memcmp(pub, u->office->signing, sizeof pub)) return EXIT_OK;
    return cli_fail(u->c, "kunci ini bukan kunci kantor itu menurut daftar (rekap office show)",
                    "this is not the office's key by the register (rekap office show)", key);
}

/* --for ID: of which office a treasurer's file speaks. The worker asks the same again. */
static int check_subject(struct push *u)
{
    const char *id = u->c->value[OPT_FOR];
    if (!id) return EXIT_OK;
    const struct office *o = registry_office(u->registry, slice_of(id, strlen(id)));
    if (!o) return office_unknown(u->c, u->registry, id);
    if (u->office->role != ROLE_TREASURER || !code_region_holds(u->office->region, o->region))
        return cli_fail(u->c, "hanya bendahara umum daerah wilayah itu yang menyatakan angka kantor lain",
                        "only the treasurer of that region states figures of another office", id);
    u->intake.subject = slice_of(o->id, strlen(o->id));
    return EXIT_OK;
}

static int check_office(struct push *u)
{
    const char *id = u->c->value[OPT_OFFICE];
    u->office = registry_office(u->registry, slice_of(id, strlen(id)));
    if (!u->office) return office_unknown(u->c, u->registry, id);
    if (u->office->status != OFFICE_ACTIVE)
        return cli_fail(u->c, "kunci kantor ini sudah dicabut", "this office's key is revoked", id);
    if (check_subject(u) != EXIT_OK) return EXIT_FAILED;
    if (!u->dry_run && check_key(u) != EXIT_OK) return EXIT_FAILED;
    if (!u->dry_run) person_own(u->c, &u->p, u->clerk);
    u->intake.office = slice_of(u->office->id, strlen(u->office->id));
    u->intake.clerk = slice_of(u->clerk, strlen(u->clerk));
    u->intake.entered = wall_now();
    u->intake.hours_ahead = code_region_hours(u->office->region);
    u->intake.treasurer = u->office->role == ROLE_TREASURER;
    u->intake.centre = u->office->role == ROLE_CENTRE;
    return EXIT_OK;
}

/* ---- one file ---- */

/* The last part of the path, cut to what a tray file takes, always well-formed. */
static void tray_name(const char *path, char ret[TRAY_FILE_NAME_MAX + 1])
{
    const char *slash = strrchr(path, '/');
    snprintf(ret, TRAY_FILE_NAME_MAX + 1, "%s", slash && slash[1] ? slash + 1 : path);
    for (size_t n = strlen(ret); n && !bytes_utf8_ok(ret, n); n--) ret[n - 1] = '\0';
    if (!ret[0]) snprintf(ret, TRAY_FILE_NAME_MAX + 1, "berkas");
}

/* The stamp of the newest file that still waits in the tray; 0 when there is none. */
static uint64_t newest_stamp(const struct push *u)
{
    char path[PLACE_PATH_MAX];
    uint64_t newest = 0;
    place_path(&u->p, "collector/tray", path);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        uint64_t stamp = strtoull(e->d_name, NULL, 16);
        bool ours = strlen(e->d_name) > STAMP_DIGITS && e->d_name[STAMP_DIGITS] == '-';
        if (ours && stamp > newest && stamp < UINT64_MAX) newest = stamp;
    }
    if (d) closedir(d);
    return newest;
}

/* The collector takes files in the order of their names, and a later statement replaces an earlier one: names must sort in the
 * order the files were given, also within a clock tick and after the clock was put back. */
static void make_id(struct push *u, struct push_file *f)
{
    uint8_t random[8];
    char hex[2 * sizeof random + 1];
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    uint64_t now = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
    if (!u->stamp) u->stamp = newest_stamp(u);
    u->stamp = now > u->stamp ? now : u->stamp + 1;
    ASSERT(getrandom(random, sizeof random, 0) == (ssize_t)sizeof random); /* so few bytes never come in parts */
    bytes_hex(random, sizeof random, hex);
    snprintf(f->id, sizeof f->id, "%0*llx-%s", STAMP_DIGITS, (unsigned long long)u->stamp, hex);
}

/* The bytes that go into the tray. */
static void tray_bytes(struct push *u, struct push_file *f, push_fill fill, const void *ctx, struct buf *b)
{
    char name[TRAY_FILE_NAME_MAX + 1];
    make_id(u, f);
    tray_name(f->path, name);
    const struct tray head = { .id = slice_of(f->id, strlen(f->id)),
                               .office = u->intake.office,
                               .file = slice_of(name, strlen(name)),
                               .hash = slice_of(f->hash.b, f->hashed ? HASH_SIZE : 0),
                               .clerk = u->intake.clerk,
                               .entered = u->intake.entered };
    buf_init(b, TRAY_BYTES_MAX);
    fill(b, &head, ctx);
}

static void fill_intake(struct buf *b, const struct tray *head, const void *ctx) { intake_tray(ctx, head, b); }

/* A dry run leaves nothing on disk: the collector reads the file through /proc while this process lives. */
static void keep_in_memory(struct push *u, struct push_file *f, const struct intake *in)
{
    struct buf b;
    tray_bytes(u, f, fill_intake, in, &b);
    f->id[0] = '\0';
    int fd = buf_ok(&b) ? memfd_create("rekap-dry-run", MFD_CLOEXEC) : -1;
    size_t at = 0;
    for (ssize_t n; fd >= 0 && at < b.n && (n = write(fd, b.p + at, b.n - at)) > 0; at += (size_t)n) {}
    if (fd >= 0 && at == b.n) f->judge_fd = fd;
    else if (fd >= 0) close(fd);
    buf_done(&b);
}

int push_store(struct push *u, struct push_file *f, push_fill fill, const void *ctx)
{
    char below[96], path[PLACE_PATH_MAX];
    struct buf b;
    tray_bytes(u, f, fill, ctx, &b);
    snprintf(below, sizeof below, "collector/tray/%s.tray", f->id);
    place_path(&u->p, below, path);
    int st = buf_ok(&b) ? conf_file_write(path, buf_slice(&b), 0600) : ST_FULL;
    buf_done(&b);
    if (st != ST_OK) {
        f->id[0] = '\0';
        push_failed(u, f, st == ST_FULL && errno != ENOSPC && errno != EDQUOT ? status_str(st) : strerror(errno));
    }
    return st;
}

/* Does the name end in one of the extensions of JSON lines? What is in the file decides where it can. */
static bool named_lines(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (!strcasecmp(dot, ".jsonl") || !strcasecmp(dot, ".ndjson"));
}

static void take(struct push *u, struct push_file *f, struct slice bytes)
{
    struct intake *in = NULL;
    u->intake.lines = named_lines(f->path);
    int st = book_begins(bytes) ? book_intake(bytes, &u->intake, &in) : intake_read(bytes, &u->intake, &in);
    if (st != ST_OK) {
        push_failed(u, f, status_str(ST_NO_MEMORY));
        return;
    }
    f->rows = in->rows;
    f->refused_rows = in->refused;
    f->duplicate = u->dry_run ? in->duplicate : 0;
    f->accepted = f->rows - f->refused_rows - f->duplicate;
    push_note(u, f, in);
    if (u->c->value[OPT_OUTPUT]) (void)push_marked(u, f, in, bytes);
    f->hash = sign_sha256(&bytes, 1);
    f->hashed = true;
    if (in->sections && u->dry_run) keep_in_memory(u, f, in);
    else if (in->sections) (void)push_store(u, f, fill_intake, in);
    intake_free(&in);
}

static const char *why_unreadable(const struct push *u, int st)
{
    if (st == ST_FULL) return cli_say(u->c, "lebih dari 256 MiB", "over 256 MiB");
    if (st == ST_NO_MEMORY) return status_str(st);
    if (errno == ENOENT || errno == ENOTDIR) return cli_say(u->c, "berkas tidak ada", "no such file");
    if (errno == EACCES || errno == EPERM) return cli_say(u->c, "berkas tidak boleh dibaca", "the file may not be read");
    return strerror(errno);
}

static void read_one(struct push *u, struct push_file *f, const char *path)
{
    struct stat sb;
    struct buf b;
    *f = (struct push_file){ .path = path, .refused = json_array(), .notes = json_array() };
    if (stat(path, &sb) == 0 && S_ISDIR(sb.st_mode)) {
        push_failed(u, f, cli_say(u->c, "sebuah direktori, bukan berkas", "a directory, not a file"));
        return;
    }
    buf_init(&b, INTAKE_FILE_BYTES_MAX);
    int st = conf_file_read(path, INTAKE_FILE_BYTES_MAX, &b);
    if (st == ST_OK) take(u, f, buf_slice(&b));
    else push_failed(u, f, why_unreadable(u, st));
    buf_done(&b);
}

void push_done(struct push *u)
{
    for (int i = 0; i < u->files; i++) {
        json_decref(u->file[i].refused);
        json_decref(u->file[i].notes);
        if (u->file[i].judge_fd) close(u->file[i].judge_fd);
    }
    free(u->file);
    registry_free(&u->registry);
    units_free(&u->units);
}

/* The registry's list of units, which there need not be: how a unit is spelled, and whether it counts. A faulty one ends the push:
 * an amount could be read by another rule than the one that was meant. */
static int read_units(struct push *u)
{
    char path[PLACE_PATH_MAX], err[256] = "";
    struct buf b;
    place_path(&u->p, "registry/satuan.csv", path);
    if (access(path, F_OK) != 0) return EXIT_OK;
    buf_init(&b, UNITS_BYTES_MAX);
    int st = conf_file_read(path, UNITS_BYTES_MAX, &b);
    if (st != ST_OK) snprintf(err, sizeof err, "satuan.csv: %s", errno ? strerror(errno) : status_str(st));
    if (st == ST_OK) st = units_parse(buf_slice(&b), &u->units, err, sizeof err);
    buf_done(&b);
    u->intake.units = u->units;
    return st == ST_OK ? EXIT_OK : cli_fail(u->c, "daftar satuan tidak terbaca", "the list of units cannot be read", err);
}

int push_open(struct push *u)
{
    int rc = evidence_read(u->c, &u->evidence);
    if (rc == EXIT_OK && u->evidence.given) {
        u->intake.evidence = slice_of(u->evidence.hash.b, HASH_SIZE);
        u->intake.evidence_name = slice_of(u->evidence.name, strlen(u->evidence.name));
    }
    if (rc == EXIT_OK) rc = place_open_any(u->c, &u->p);
    if (rc == EXIT_OK) rc = place_registry(u->c, &u->p, &u->registry);
    if (rc == EXIT_OK) rc = read_units(u);
    return rc == EXIT_OK ? check_office(u) : rc;
}

int push_run(struct cli *c)
{
    struct push u = { .c = c };
    int rc = read_words(&u);
    if (rc == EXIT_OK) rc = push_open(&u);
    if (rc == EXIT_OK) {
        u.file = calloc((size_t)c->operand_count, sizeof *u.file);
        if (!u.file) rc = cli_fail(c, "memori habis", "out of memory", NULL);
    }
    for (; rc == EXIT_OK && u.files < c->operand_count; u.files++) read_one(&u, &u.file[u.files], c->operand[u.files]);
    if (rc == EXIT_OK) {
        if (u.dry_run) push_judge(&u);
        else push_wait(&u);
        rc = push_report(&u);
    }
    push_done(&u);
    return rc;
}
