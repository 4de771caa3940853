/* backup.c - `rekap backup`, `rekap backup verify`, `rekap archive`. Kind: E.
 *
 * The worker that owns the ledger copies it (control verb `backup`) while it works; that of a stopped one is copied here. The rest
 * is put beside it, the copy is judged by rekap-audit, and the manifest is written. A backup on the same disk is no archive:
 * `archive` is a word of its own, said of a directory on the second medium, and only then may the collectors let go of what they
 * keep.
 *
 * Invariant: the worker is told of an archive only after every byte of it was read back and its log judged. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/backup_part.h"
#include "cli/print.h"
#include "proto/conf.h"
#include "worker/ledger.h"

enum { ANSWER_MAX = 1 << 20, ASK_MS = 10000, LOOK_MS = 20, SILENT_MOST = 3, COPY_BYTES_MAX = 64 << 20 };

/* ---- rekap-audit ---- */

int backup_program(char *const argv[], struct buf *out)
{
    int end[2], status = 0;
    if (pipe(end) != 0) return -1;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        if (dup2(end[1], STDOUT_FILENO) >= 0) execv(argv[0], argv);
        _exit(127);
    }
    close(end[1]);
    for (ssize_t n; pid > 0;) {
        uint8_t part[4096];
        n = read(end[0], part, sizeof part);
        if (n <= 0) break;
        buf_put(out, part, (size_t)n);
    }
    close(end[0]);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) return -1;
    return WEXITSTATUS(status);
}

static bool read_head(const struct buf *out, struct backup_log *ret)
{
    json_t *o = json_loadb((const char *)out->p, out->n, 0, NULL), *head = json_object_get(o, "head");
    const char *hash = json_string_value(json_object_get(head, "hash")), *root = json_string_value(json_object_get(head, "root"));
    bool ok = hash && root && strlen(hash) == 2 * HASH_SIZE && strlen(root) == 2 * HASH_SIZE;
    if (ok) {
        ret->lsn = (uint64_t)json_integer_value(json_object_get(head, "lsn"));
        memcpy(ret->hash, hash, sizeof ret->hash);
        memcpy(ret->root, root, sizeof ret->root);
    }
    json_decref(o);
    return ok;
}

int backup_audit(const struct cli *c, const char *dir, struct backup_log *ret)
{
    char program[PLACE_PATH_MAX], ledger[PLACE_PATH_MAX], conf[PLACE_PATH_MAX], issuer[80];
    char json[] = "--json", key[] = "--registry-key";
    char *argv[6] = { program, json, ledger };
    struct buf out;
    if (place_program("/rekap-audit", program) != ST_OK)
        return cli_fail(c, "rekap-audit tidak ditemukan", "rekap-audit is not found", "rekap-audit");
    snprintf(ledger, sizeof ledger, "%.3000s/ledger", dir);
    snprintf(conf, sizeof conf, "%.3000s/etc/worker.conf", dir);
    if (place_setting(conf, "worker", "registry_key", issuer, sizeof issuer) == ST_OK) {
        argv[3] = key;
        argv[4] = issuer;
    }
    buf_init(&out, ANSWER_MAX);
    bool ok = backup_program(argv, &out) == 0 && buf_ok(&out) && read_head(&out, ret);
    buf_done(&out);
    return ok ? EXIT_OK : cli_fail(c, "log di cadangan tidak lulus rekap-audit",
                                   "the log in the backup does not pass rekap-audit", ledger);
}

/* ---- copying ---- */

static int copy_file(const char *from, const char *to)
{
    struct buf b;
    if (access(to, F_OK) == 0) return ST_OK;
    buf_init(&b, COPY_BYTES_MAX);
    int st = conf_file_read(from, COPY_BYTES_MAX, &b);
    if (st == ST_OK) st = conf_file_write(to, buf_slice(&b), 0600);
    if (b.p) explicit_bzero(b.p, b.n);
    buf_done(&b);
    return st;
}

int backup_copy_files(const struct cli *c, const char *from, const char *to, const char *sub, const char *tail)
{
    char a[PLACE_PATH_MAX], b[PLACE_PATH_MAX], source[2 * PLACE_PATH_MAX], target[2 * PLACE_PATH_MAX];
    struct dirent **list = NULL;
    int st = ST_OK;
    snprintf(a, sizeof a, "%.3000s/%s", from, sub);
    snprintf(b, sizeof b, "%.3000s/%s", to, sub);
    int n = scandir(a, &list, NULL, alphasort);
    if (n < 0) return errno == ENOENT ? EXIT_OK : backup_fail(c, a, strerror(errno));
    st = conf_dir_make(b);
    for (int i = 0; i < n; i++) {
        size_t len = strlen(list[i]->d_name), end = strlen(tail);
        if (st == ST_OK && len > end && !strcmp(list[i]->d_name + len - end, tail)) {
            snprintf(source, sizeof source, "%s/%s", a, list[i]->d_name);
            snprintf(target, sizeof target, "%s/%s", b, list[i]->d_name);
            st = copy_file(source, target);
        }
        free(list[i]);
    }
    free(list);
    return st == ST_OK ? EXIT_OK : backup_fail(c, b, st == ST_IO ? strerror(errno) : status_str(st));
}

static int copy_around(const struct cli *c, const struct place *p, const char *to)
{
    int rc = backup_copy_files(c, p->dir, to, "registry", ".tsv");
    if (rc == EXIT_OK) rc = backup_copy_files(c, p->dir, to, "registry", ".csv");
    if (rc == EXIT_OK) rc = backup_copy_files(c, p->dir, to, "etc", ".conf");
    if (rc != EXIT_OK || !c->value[OPT_WITH_KEYS]) return rc;
    rc = backup_copy_files(c, p->dir, to, "keys", ".key");
    return rc == EXIT_OK ? backup_copy_files(c, p->dir, to, "keys/office", ".key") : rc;
}

static int await_copy(const struct cli *c, const struct place *p)
{
    for (int silent = 0;; cli_pause(LOOK_MS)) {
        json_t *o = NULL;
        int st = place_ask(p, "worker", "{\"verb\":\"backup-state\"}", ASK_MS, &o);
        if (st != ST_OK && ++silent < SILENT_MOST && place_alive(p, "worker")) continue; /* its loop waits for the disk, as we do */
        if (st != ST_OK)
            return cli_fail(c, "worker berhenti di tengah penyalinan", "the worker stopped while it copied", NULL);
        const char *state = json_string_value(json_object_get(o, "state")), *why = json_string_value(json_object_get(o, "why"));
        bool running = state && !strcmp(state, "running"), done = state && !strcmp(state, "done");
        if (!running && !done) cli_fail(c, "worker tidak dapat menyalin", "the worker cannot copy", why ? why : "");
        json_decref(o);
        if (!running) return done ? EXIT_OK : EXIT_FAILED;
    }
}

/* Nobody owns the ledger: it is opened here for the copy, under the lock that keeps a worker from starting meanwhile. */
static int copy_stopped(const struct cli *c, const struct place *p, const char *to, bool lasting)
{
    const struct store_lmdb_options o = { .tables = ledger_tables, .kind = "ledger", .format = LEDGER_FORMAT };
    char path[PLACE_PATH_MAX], err[512] = "";
    struct store *s = NULL;
    place_path(p, "worker/ledger", path);
    if (access(path, F_OK) != 0) return backup_fail(c, path, strerror(errno));
    int st = store_lmdb_open(path, &o, &s, err, sizeof err);
    if (st == ST_OK) st = store_lmdb_copy(s, to, lasting, err, sizeof err);
    store_lmdb_close(&s);
    return st == ST_OK ? EXIT_OK : backup_fail(c, path, err[0] ? err : status_str(st));
}

int backup_ledger(const struct cli *c, const struct place *p, const char *target, bool lasting)
{
    char ledger[PLACE_PATH_MAX + 16];
    json_t *o = NULL;
    snprintf(ledger, sizeof ledger, "%s/ledger", target);
    json_t *q = json_pack("{s:s,s:s,s:b}", "verb", "backup", "to", ledger, "brief", !lasting);
    char *request = q ? json_dumps(q, JSON_COMPACT) : NULL;
    int st = request ? place_ask(p, "worker", request, ASK_MS, &o) : ST_NO_MEMORY;
    free(request);
    json_decref(q);
    if (st == ST_NOT_FOUND && !place_alive(p, "worker")) return copy_stopped(c, p, ledger, lasting);
    if (st != ST_OK) return cli_fail(c, "worker tidak menjawab", "the worker does not answer", NULL);
    const char *error = json_string_value(json_object_get(o, "error"));
    int rc = error ? cli_fail(c, "worker menolak menyalin", "the worker refuses to copy", error) : await_copy(c, p);
    json_decref(o);
    return rc;
}

static void tell(const struct cli *c, const char *dir, const struct backup_log *log)
{
    if (c->format == FORMAT_JSON)
        print_json(json_pack("{s:b,s:s,s:I,s:s,s:s}", "ok", 1, "dir", dir, "lsn", (json_int_t)log->lsn, "hash", log->hash, "root",
                             log->root));
    else printf(c->lang == LANG_EN ? "%s: whole, log up to lsn %llu, hash %s\n" : "%s: utuh, log sampai lsn %llu, hash %s\n", dir,
                (unsigned long long)log->lsn, log->hash);
}

static int make(struct cli *c)
{
    const char *to = c->value[OPT_OUTPUT];
    char real[PATH_MAX];
    struct backup_log log;
    struct place p;
    if (!to) return cli_usage(c, "sebut direktori tujuan", "name the target directory", "-o");
    int rc = place_open(c, &p);
    if (rc != EXIT_OK) return rc;
    if (mkdir(to, 0700) != 0 && (errno != EEXIST || rmdir(to) != 0 || mkdir(to, 0700) != 0))
        return backup_fail(c, to, strerror(errno));
    if (conf_dir_make(to) != ST_OK) return backup_fail(c, to, strerror(errno));
    if (!realpath(to, real) || strlen(real) >= PLACE_DIR_MAX) return backup_fail(c, to, strerror(errno));
    rc = backup_ledger(c, &p, real, true);
    if (rc == EXIT_OK) rc = copy_around(c, &p, real);
    if (rc == EXIT_OK) rc = backup_audit(c, real, &log);
    if (rc == EXIT_OK) rc = backup_manifest_write(c, real, &log);
    if (rc == EXIT_OK) tell(c, real, &log);
    return rc;
}

int backup_run(struct cli *c)
{
    struct backup_log log;
    if (c->operand_count == 0) return make(c);
    if (strcmp(c->operand[0], "verify") != 0 || c->operand_count != 2)
        return cli_usage(c, "rekap backup -o DIR, atau rekap backup verify DIR", "rekap backup -o DIR, or rekap backup verify DIR",
                         c->operand[0]);
    int rc = backup_manifest_check(c, c->operand[1], &log);
    if (rc == EXIT_OK) tell(c, c->operand[1], &log);
    return rc;
}

int backup_archive(struct cli *c)
{
    char request[256];
    struct backup_log log;
    struct place p;
    json_t *o = NULL;
    int rc = place_open(c, &p);
    if (rc == EXIT_OK) rc = backup_manifest_check(c, c->operand[0], &log);
    if (rc != EXIT_OK) return rc;
    snprintf(request, sizeof request, "{\"verb\":\"archived\",\"lsn\":%llu,\"hash\":\"%s\"}", (unsigned long long)log.lsn,
             log.hash);
    if (place_ask(&p, "worker", request, ASK_MS, &o) != ST_OK)
        return cli_fail(c, "worker tidak menjawab", "the worker does not answer", NULL);
    const char *error = json_string_value(json_object_get(o, "error"));
    rc = error ? cli_fail(c, "cadangan ini bukan dari log yang berjalan", "this backup is not of the running log", error) : EXIT_OK;
    json_decref(o);
    if (rc == EXIT_OK) tell(c, c->operand[0], &log);
    return rc;
}
