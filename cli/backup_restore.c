/* backup_restore.c - `rekap restore BACKUP --dir DIR`: the worker goes on from a backup, under a new incarnation. Kind: E.
 *
 * What DIR still has (register, keys, configuration, an outbox) stays; only what is missing comes from the backup. The keys
 * must be the old ones: offices know worker and log by them, and the register's key signs the restore record (proto/restore.h). The
 * aggregator's state is set aside: it is folded again from the restored log.
 *
 * Invariant: DIR/worker/ledger appears by one rename, after its restore record is on the disk; an existing one is never touched. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/backup_part.h"
#include "cli/print.h"
#include "cli/setup.h"
#include "proto/clock.h"
#include "proto/conf.h"
#include "proto/sign.h"
#include "worker/ledger.h"

static const char ISSUER[] = "daftar";

int backup_refuse_existing(const struct cli *c, const struct place *p)
{
    char path[PLACE_PATH_MAX];
    place_path(p, "worker/ledger", path);
    if (place_alive(p, "worker") || place_alive(p, "aggregator") || place_alive(p, "collector"))
        return cli_fail(c, "sistem di DIR masih berjalan; hentikan dahulu", "the system in DIR still runs; stop it first", p->dir);
    if (access(path, F_OK) == 0)
        return cli_fail(c, "worker di DIR masih punya log; pindahkan dahulu",
                        "the worker in DIR still has a log; move it away first", path);
    return EXIT_OK;
}

/* Copies what is missing and asks for what neither has. */
int backup_bring(const struct cli *c, const struct place *p, const char *from)
{
    static const char *const keys[] = { "keys/worker.key", "keys/checkpoint.key", "keys/registry.key" };
    char path[PLACE_PATH_MAX];
    int rc = backup_copy_files(c, from, p->dir, "registry", ".tsv");
    if (rc == EXIT_OK) rc = backup_copy_files(c, from, p->dir, "registry", ".csv");
    if (rc == EXIT_OK) rc = backup_copy_files(c, from, p->dir, "etc", ".conf");
    if (rc == EXIT_OK) rc = backup_copy_files(c, from, p->dir, "keys", ".key");
    if (rc == EXIT_OK) rc = backup_copy_files(c, from, p->dir, "keys/office", ".key");
    for (size_t i = 0; rc == EXIT_OK && i < sizeof keys / sizeof keys[0]; i++) {
        place_path(p, keys[i], path);
        if (access(path, R_OK) != 0)
            rc = cli_fail(c, "kunci ini tidak ada di cadangan; taruh dahulu kunci yang lama",
                          "this key is not in the backup; put the old one there first", path);
    }
    return rc;
}

int backup_copy_ledger(const struct cli *c, const char *from, const char *to)
{
    char source[PLACE_PATH_MAX], target[PLACE_PATH_MAX];
    struct slice bytes;
    snprintf(source, sizeof source, "%.3000s/ledger/data.mdb", from);
    snprintf(target, sizeof target, "%.3000s/data.mdb", to);
    int st = conf_dir_make(to);
    if (st != ST_OK) return backup_fail(c, to, strerror(errno));
    st = backup_map(source, &bytes);
    if (st == ST_OK) st = conf_file_write(target, bytes, 0600);
    if (st == ST_OK) backup_unmap(&bytes);
    return st == ST_OK ? EXIT_OK : backup_fail(c, target, st == ST_IO ? strerror(errno) : status_str(st));
}

/* ---- the restore record ---- */

static int sign(void *ctx, struct slice note, uint8_t ret_sig[SIG_SIZE])
{
    const struct signer *s = ctx;
    return s->sign(s->ctx, slice_of(ISSUER, sizeof ISSUER - 1), note, ret_sig);
}

static int read_issuer(const struct place *p, struct signer *ring, struct ledger_issuer *ret, char *err, size_t n)
{
    char path[PLACE_PATH_MAX];
    uint8_t seed[32];
    place_path(p, "keys/registry.key", path);
    int st = conf_key_read(path, "ed25519", seed, ret->key, err, n);
    if (st == ST_OK) st = sign_ed25519_ring_new(ring);
    if (st == ST_OK) st = sign_ed25519_ring_add(ring, slice_of(ISSUER, sizeof ISSUER - 1), seed);
    explicit_bzero(seed, sizeof seed);
    ret->sign = sign;
    ret->ctx = ring;
    return st;
}

static int read_identity(const struct place *p, struct ledger_identity *ret)
{
    char path[PLACE_PATH_MAX], number[8] = "1", id[12];
    place_path(p, "etc/worker.conf", path);
    int st = place_setting(path, "worker", "id", id, sizeof id);
    (void)place_setting(path, "worker", "number", number, sizeof number);
    *ret = (struct ledger_identity){ .number = (uint8_t)strtoul(number, NULL, 10) };
    if (st == ST_OK) memcpy(ret->id, id, sizeof id);
    return st;
}

static int append_record(struct store *s, const struct ledger_identity *id, struct wall at, const struct ledger_issuer *issuer,
                         uint64_t *ret_lsn)
{
    uint8_t fresh[INCARNATION_SIZE];
    struct store_txn *t = NULL;
    struct ledger l;
    int st = ledger_init(&l, id, NULL);
    if (st == ST_OK && getrandom(fresh, sizeof fresh, 0) != (ssize_t)sizeof fresh) st = ST_IO;
    if (st == ST_OK) st = store_begin(s, true, &t);
    if (st == ST_OK) st = ledger_recover(&l, t);
    if (st == ST_OK) st = ledger_restore(&l, t, at, fresh, issuer);
    if (st == ST_OK) st = store_commit(&t);
    store_abort(&t);
    *ret_lsn = l.lsn;
    ledger_done(&l);
    return st;
}

int backup_record_time(const struct cli *c, struct wall *ret)
{
    const struct clock clock = clock_posix();
    const struct wall now = clock.now(clock.ctx).wall;
    int rc = cli_time(c, OPT_AFTER, ret);
    if (rc == EXIT_OK) ret->ms = ret->ms >= now.ms ? ret->ms + 1 : now.ms;
    return rc;
}

int backup_begin_incarnation(const struct cli *c, const struct place *p, const char *dir, struct wall at, uint64_t *ret_lsn)
{
    const struct store_lmdb_options o = { .tables = ledger_tables, .kind = "ledger", .format = LEDGER_FORMAT };
    struct ledger_issuer issuer = { .key = { 0 } };
    struct signer ring = { .ctx = NULL };
    struct ledger_identity id;
    struct store *s = NULL;
    char err[512] = "";
    int st = read_identity(p, &id);
    if (st == ST_OK) st = read_issuer(p, &ring, &issuer, err, sizeof err);
    if (st == ST_OK) st = store_lmdb_open(dir, &o, &s, err, sizeof err);
    if (st == ST_OK) st = append_record(s, &id, at, &issuer, ret_lsn);
    store_lmdb_close(&s);
    if (ring.ctx) sign_ed25519_ring_free(&ring);
    return st == ST_OK ? EXIT_OK : backup_fail(c, dir, err[0] ? err : status_str(st));
}

/* ---- in its place ---- */

int backup_ledger_in_place(const struct cli *c, const struct place *p, const char *fresh)
{
    char path[PLACE_PATH_MAX];
    place_path(p, "worker/ledger", path);
    return conf_file_rename(fresh, path) == ST_OK ? EXIT_OK : backup_fail(c, path, strerror(errno));
}

static int put_in_place(const struct cli *c, const struct place *p, const char *fresh)
{
    char path[PLACE_PATH_MAX], aside[CONF_ASIDE_SIZE];
    place_path(p, "aggregator/state", path);
    int st = conf_file_aside(path, aside);
    if (st != ST_OK && st != ST_NOT_FOUND) return backup_fail(c, path, strerror(errno));
    return backup_ledger_in_place(c, p, fresh);
}

int backup_restore(struct cli *c)
{
    char fresh[PLACE_PATH_MAX];
    const char *from = c->operand[0];
    struct backup_log log;
    struct place p;
    struct wall at;
    uint64_t lsn = 0;
    const bool text = export_is(from);
    int rc = backup_record_time(c, &at);
    if (rc == EXIT_OK && !text) rc = backup_manifest_check(c, from, &log);
    if (rc == EXIT_OK) rc = place_create(c, &p);
    if (rc == EXIT_OK) rc = backup_refuse_existing(c, &p);
    if (rc == EXIT_OK) rc = backup_bring(c, &p, from);
    if (rc == EXIT_OK) rc = setup_run(c, &p, NULL);
    if (rc != EXIT_OK) return rc;
    place_path(&p, "worker/ledger.pulih", fresh);
    rc = text ? export_read(c, &p, from, fresh, &log.lsn) : backup_copy_ledger(c, from, fresh);
    if (rc == EXIT_OK) rc = backup_begin_incarnation(c, &p, fresh, at, &lsn);
    if (rc == EXIT_OK) rc = put_in_place(c, &p, fresh);
    if (rc != EXIT_OK) return rc;
    if (c->format == FORMAT_JSON)
        print_json(json_pack("{s:b,s:s,s:I,s:I}", "ok", 1, "dir", p.dir, "survived", (json_int_t)log.lsn, "lsn", (json_int_t)lsn));
    else printf(c->lang == LANG_EN ? "%s: restored up to lsn %llu; restore record at lsn %llu. Run: rekap up --dir %s\n"
                                   : "%s: dipulihkan sampai lsn %llu; catatan pemulihan di lsn %llu. Jalankan: rekap up --dir %s\n",
                p.dir, (unsigned long long)log.lsn, (unsigned long long)lsn, p.dir);
    return EXIT_OK;
}
