/* close_seal.c - see close_seal.h. Kind: E.
 *
 * The work lies in DIR/segel/.kerja-PID, which the next run removes; DIR/segel/.kunci is held while somebody seals. The file gets
 * its name by one rename, after seal_check has found it sound with the register's key of this installation.
 *
 * Invariant: a file at its place is a whole seal that rekap-audit has rebuilt from the log. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/backup_part.h"
#include "cli/close.h"
#include "cli/close_seal.h"
#include "proto/conf.h"

enum { ASK_MS = 20000, LOOK_MS = 20, AUDIT_TEXT_MAX = 1 << 20, TREE_DEPTH = 8, LOG_PATH = PLACE_PATH_MAX + 32 };
struct work { /* one run */
    struct close_seal *s;
    int lock;
    char dir[PLACE_PATH_MAX], lines[PLACE_PATH_MAX + 8], fresh[PLACE_PATH_MAX + 8];
    struct signer ring;
    uint8_t pub[PUBKEY_SIZE];
    struct close_cut *cut; /* by worker */
    unsigned cuts;
    struct slice text; /* the lines, mapped */
};

void close_seal_path(const struct place *p, region_code region, unsigned year, unsigned quarter, unsigned version,
                     char ret[PLACE_PATH_MAX])
{
    char code[8], below[64];
    code_region_format(region, code);
    snprintf(below, sizeof below, "segel/%s/%u-Q%u-%u.segel", code, year % 10000, quarter % 10, version % 1000);
    place_path(p, below, ret);
}

static int io_fail(const struct work *w, const char *path) { return backup_fail(w->s->c, path, strerror(errno)); }

/* ---- a place to work ---- */

static int remove_one(const char *path, const struct stat *sb, int kind, struct FTW *at)
{
    (void)sb;
    (void)kind;
    (void)at;
    return remove(path);
}

static void remove_tree(const char *dir) { (void)nftw(dir, remove_one, TREE_DEPTH, FTW_DEPTH | FTW_PHYS); }

/* What runs before us left when they were cut off. */
static int visit_old(const char *path, const struct stat *sb, int kind, struct FTW *at)
{
    (void)sb;
    if (at->level == 1 && kind == FTW_D && !strncmp(path + at->base, ".kerja-", 7)) {
        remove_tree(path);
        return FTW_SKIP_SUBTREE;
    }
    return at->level == 1 && kind == FTW_D ? FTW_SKIP_SUBTREE : FTW_CONTINUE;
}

static int open_work(struct work *w)
{
    char seals[PLACE_PATH_MAX], region[PLACE_PATH_MAX], lock[PLACE_PATH_MAX];
    place_path(w->s->p, "segel", seals);
    place_path(w->s->p, "segel/.kunci", lock);
    snprintf(region, sizeof region, "%s", w->s->file);
    *strrchr(region, '/') = '\0';
    if (conf_dir_make(seals) != ST_OK || conf_dir_make(region) != ST_OK) return io_fail(w, region);
    w->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (w->lock < 0) return io_fail(w, lock);
    if (flock(w->lock, LOCK_EX | LOCK_NB) != 0)
        return cli_fail(w->s->c, "penyegelan lain sedang berjalan", "somebody else is sealing", seals);
    (void)nftw(seals, visit_old, TREE_DEPTH, FTW_PHYS | FTW_ACTIONRETVAL);
    int n = snprintf(w->dir, sizeof w->dir, "%.3000s/.kerja-%ld", seals, (long)getpid());
    snprintf(w->lines, sizeof w->lines, "%.*s/baris", n, w->dir);
    snprintf(w->fresh, sizeof w->fresh, "%.*s/segel", n, w->dir);
    return conf_dir_make(w->dir) == ST_OK ? EXIT_OK : io_fail(w, w->dir);
}

static void close_work(struct work *w)
{
    backup_unmap(&w->text);
    if (w->dir[0]) remove_tree(w->dir);
    if (w->lock >= 0) close(w->lock);
    if (w->ring.ctx) sign_ed25519_ring_free(&w->ring);
    free(w->cut);
}

static int open_key(struct work *w)
{
    char path[PLACE_PATH_MAX], err[512] = "";
    uint8_t seed[32];
    const char *id = w->s->actor;
    place_office_key(w->s->p, id, "", path);
    int st = conf_key_read(path, "ed25519", seed, w->pub, err, sizeof err);
    if (st == ST_OK) st = sign_ed25519_ring_new(&w->ring);
    if (st == ST_OK) st = sign_ed25519_ring_add(&w->ring, slice_of(id, strlen(id)), seed);
    explicit_bzero(seed, sizeof seed);
    return st == ST_OK ? EXIT_OK : backup_fail(w->s->c, path, err[0] ? err : status_str(st));
}

/* ---- the lines ---- */

/* -1: it goes on. */
static int lines_state(const struct work *w, struct wall *ret_at)
{
    json_t *o = NULL;
    if (place_ask(w->s->p, "aggregator", "{\"verb\":\"seal-state\"}", ASK_MS, &o) != ST_OK)
        return cli_fail(w->s->c, "aggregator berhenti", "the aggregator stopped", NULL);
    const char *state = json_string_value(json_object_get(o, "state"));
    int rc = state && !strcmp(state, "running") ? -1
             : state && !strcmp(state, "done")
                 ? EXIT_OK
                 : cli_fail(w->s->c, "isi segel tidak dapat ditulis", "the seal's lines cannot be written",
                            json_string_value(json_object_get(o, "why")));
    ret_at->ms = (int64_t)json_integer_value(json_object_get(o, "at"));
    json_decref(o);
    return rc;
}

static char *lines_request(const struct work *w)
{
    const struct close_seal *s = w->s;
    char region[8];
    code_region_format(s->region, region);
    json_t *list = json_array();
    for (unsigned i = 0; i < w->cuts; i++)
        json_array_append_new(list, json_pack("{s:i,s:I,s:s}", "number", (int)w->cut[i].worker, "lsn", (json_int_t)w->cut[i].lsn,
                                              "hash", w->cut[i].hash));
    json_t *q = json_pack("{s:s,s:s,s:i,s:i,s:o,s:s}", "verb", "seal", "region", region, "year", (int)s->year, "quarter",
                          (int)s->quarter, "cuts", list, "to", w->lines);
    char *request = q ? json_dumps(q, JSON_COMPACT) : NULL;
    json_decref(q);
    return request;
}

/* Begins; a job that a cut-off run has left there ends first. */
static int begin_lines(const struct work *w, const char *request)
{
    const int64_t end = cli_mono_ms() + w->s->timeout_ms;
    for (;; cli_pause(LOOK_MS)) {
        json_t *o = NULL;
        if (place_ask(w->s->p, "aggregator", request, ASK_MS, &o) != ST_OK)
            return cli_fail(w->s->c, "aggregator tidak menjawab: rekap up", "the aggregator does not answer: rekap up", NULL);
        const char *error = json_string_value(json_object_get(o, "error"));
        bool busy = error && !strcmp(error, status_str(ST_BUSY)) && cli_mono_ms() < end;
        int rc = !error ? EXIT_OK : busy ? -1 : cli_fail(w->s->c, "aggregator menolak", "the aggregator refuses", error);
        json_decref(o);
        if (rc >= 0) return rc;
    }
}

static int make_lines(struct work *w)
{
    char *request = lines_request(w);
    int rc = request ? begin_lines(w, request) : cli_fail(w->s->c, "memori habis", "out of memory", NULL);
    free(request);
    if (rc != EXIT_OK) return rc;
    while ((rc = lines_state(w, &w->s->sealed.at)) < 0) cli_pause(LOOK_MS);
    if (rc != EXIT_OK) return rc;
    int st = backup_map(w->lines, &w->text);
    return st == ST_OK ? EXIT_OK : backup_fail(w->s->c, w->lines, st == ST_IO ? strerror(errno) : status_str(st));
}

/* ---- the same by another way ---- */

static int judge(const struct work *w, char *const argv[])
{
    struct buf out;
    buf_init(&out, AUDIT_TEXT_MAX);
    int code = backup_program(argv, &out);
    buf_done(&out);
    if (code == 0) return EXIT_OK;
    if (code != 1)
        return cli_fail(w->s->c, "rekap-audit tidak selesai; tidak disegel", "rekap-audit did not finish; nothing is sealed", NULL);
    return cli_fail(w->s->c, "hitung ulang dari log tidak memberi isi yang sama; tidak disegel (rekap audit)",
                    "recomputed from the log it is not the same; nothing is sealed (rekap audit)", NULL);
}

/* Copies each worker's log to DIR/wN/ledger and puts those into argv: LEDGER --also LEDGER.. */
static int copy_logs(const struct work *w, char (*ledger)[LOG_PATH], char **argv)
{
    static char also[] = "--also";
    int rc = EXIT_OK;
    for (unsigned i = 0; rc == EXIT_OK && i < w->cuts; i++) {
        int n = snprintf(ledger[i], LOG_PATH, "%s/w%u", w->dir, w->cut[i].worker);
        if (conf_dir_make(ledger[i]) != ST_OK) return io_fail(w, ledger[i]);
        rc = backup_ledger(w->s->c, &w->cut[i].p, ledger[i], false);
        snprintf(ledger[i] + n, sizeof *ledger - (size_t)n, "/ledger");
        if (i > 0) *argv++ = also;
        *argv++ = ledger[i];
    }
    return rc;
}

/* A copy of each log, examined record by record, and the tables of the seal from them. */
static int rebuild(const struct work *w)
{
    static char ledger[CLOSE_WORKERS_MAX][LOG_PATH];
    char program[PLACE_PATH_MAX], conf[PLACE_PATH_MAX], issuer[80], about[16], lines[sizeof w->lines], dir[sizeof w->dir];
    char json[] = "--json", seal[] = "--seal", of[] = "--about", scratch[] = "--scratch", key[] = "--registry-key";
    char *argv[12 + 2 * CLOSE_WORKERS_MAX] = { program, json, seal, lines, of, about, scratch, dir };
    char region[8];
    size_t n = 8;
    if (place_program("/rekap-audit", program) != ST_OK)
        return cli_fail(w->s->c, "rekap-audit tidak ditemukan", "rekap-audit is not found", "rekap-audit");
    code_region_format(w->s->region, region);
    snprintf(about, sizeof about, "%s/%u", region, w->s->year % 10000);
    memcpy(lines, w->lines, sizeof lines);
    memcpy(dir, w->dir, sizeof dir);
    place_path(w->s->p, "etc/worker.conf", conf);
    if (place_setting(conf, "worker", "registry_key", issuer, sizeof issuer) == ST_OK) {
        argv[n++] = key;
        argv[n++] = issuer;
    }
    int rc = copy_logs(w, ledger, argv + n);
    return rc == EXIT_OK ? judge(w, argv) : rc;
}

/* ---- the file ---- */

static int sign(void *ctx, struct slice text, uint8_t ret_sig[SIG_SIZE])
{
    const struct work *w = ctx;
    return w->ring.sign(w->ring.ctx, slice_of(w->s->actor, strlen(w->s->actor)), text, ret_sig);
}

static int head_of(struct work *w, struct buf *head)
{
    struct seal *seal = &w->s->sealed;
    seal->region = w->s->region;
    seal->year = w->s->year;
    seal->quarter = w->s->quarter;
    seal->version = w->s->version;
    seal->before = w->s->before;
    seal->key_id = sign_key_id(w->pub);
    snprintf(seal->actor, sizeof seal->actor, "%s", w->s->actor);
    int st = seal_root(w->text, &seal->lines, &seal->root);
    return st == ST_OK ? seal_put(seal, w->pub, sign, w, head) : st;
}

static int write_file(const struct work *w, const struct buf *head)
{
    int fd = open(w->fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!f) {
        if (fd >= 0) close(fd);
        return io_fail(w, w->fresh);
    }
    bool ok = fwrite(head->p, 1, head->n, f) == head->n && fwrite(w->text.p, 1, w->text.n, f) == w->text.n && fflush(f) == 0 &&
              fsync(fileno(f)) == 0;
    if (fclose(f) != 0) ok = false;
    return ok ? EXIT_OK : io_fail(w, w->fresh);
}

static int make_file(struct work *w)
{
    struct slice bytes;
    struct seal seal;
    struct buf head;
    buf_init(&head, SEAL_NOTE_MAX);
    int st = head_of(w, &head);
    int rc = st == ST_OK ? write_file(w, &head) : cli_fail(w->s->c, "tidak dapat disegel", "cannot be sealed", status_str(st));
    buf_done(&head);
    if (rc == EXIT_OK) rc = close_seal_open(w->s->c, w->s->p, w->fresh, &seal, &bytes);
    if (rc != EXIT_OK) return rc;
    backup_unmap(&bytes);
    /* the directory of the name is another one, so both are synced by hand */
    if (rename(w->fresh, w->s->file) != 0) return io_fail(w, w->s->file);
    char dir[PLACE_PATH_MAX];
    snprintf(dir, sizeof dir, "%s", w->s->file);
    *strrchr(dir, '/') = '\0';
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    return ok ? EXIT_OK : io_fail(w, dir);
}

/* w1:17,w2:4, as the root is stated with. */
static int put_position(const struct work *w)
{
    struct buf b;
    buf_over(&b, w->s->position, sizeof w->s->position - 1);
    for (unsigned i = 0; i < w->cuts; i++) buf_printf(&b, "%sw%u:%" PRIu64, i ? "," : "", w->cut[i].worker, w->cut[i].lsn);
    if (!buf_ok(&b)) return cli_fail(w->s->c, "terlalu banyak worker", "too many workers", NULL);
    w->s->position[b.n] = '\0';
    return EXIT_OK;
}

int close_seal_make(struct close_seal *s)
{
    struct work w = { .s = s, .lock = -1, .text = slice_of("", 0) };
    close_seal_path(s->p, s->region, s->year, s->quarter, s->version, s->file);
    int rc = open_work(&w);
    if (rc == EXIT_OK) rc = open_key(&w);
    if (rc == EXIT_OK) rc = close_cut_workers(s, &w.cut, &w.cuts);
    if (rc == EXIT_OK) rc = close_cut_make(s, &w.ring, w.pub, w.cut, w.cuts);
    if (rc == EXIT_OK) rc = make_lines(&w);
    if (rc == EXIT_OK) rc = rebuild(&w);
    if (rc == EXIT_OK) rc = make_file(&w);
    if (rc == EXIT_OK) rc = put_position(&w);
    close_work(&w);
    return rc;
}

int close_seal_state(const struct close_seal *s)
{
    char key[SEAL_MARK_KEY_MAX], text[TEXT_MAX + 1];
    const struct seal_mark m = { .root = s->sealed.root, .position = slice_of(s->position, strlen(s->position)) };
    (void)seal_mark_key(s->region, s->version, key);
    if (seal_mark_text(&m, text) != ST_OK) return cli_fail(s->c, "terlalu banyak worker", "too many workers", s->position);
    return close_say_root(s->c, s->actor, s->year, s->quarter, key, text);
}

/* ---- reading one ---- */

int close_seal_open(const struct cli *c, const struct place *p, const char *path, struct seal *ret, struct slice *ret_bytes)
{
    const struct verifier v = sign_ed25519_verifier();
    char conf[PLACE_PATH_MAX], hex[2 * PUBKEY_SIZE + 2];
    uint8_t key[PUBKEY_SIZE];
    enum seal_fault fault = SEAL_FORM;
    place_path(p, "etc/worker.conf", conf);
    if (place_setting(conf, "worker", "registry_key", hex, sizeof hex) != ST_OK || strlen(hex) != 2 * PUBKEY_SIZE ||
        bytes_unhex(hex, 2 * PUBKEY_SIZE, key) != ST_OK)
        return cli_fail(c, "tidak ada worker.registry_key", "no worker.registry_key", conf);
    int st = backup_map(path, ret_bytes);
    if (st != ST_OK) return backup_fail(c, path, st == ST_OK ? "" : strerror(errno));
    st = seal_check(*ret_bytes, key, &v, ret, &fault);
    if (st == ST_OK && fault == SEAL_SOUND) return EXIT_OK;
    backup_unmap(ret_bytes);
    if (st != ST_OK) return backup_fail(c, path, status_str(st));
    return cli_fail(c, "segel ini tidak sah (rekap seal verify)", "this seal is not valid (rekap seal verify)",
                    seal_fault_name(fault));
}
