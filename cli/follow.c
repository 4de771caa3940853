/* follow.c - `rekap follow`: a second machine that keeps the centre's log; `rekap promote`: it becomes the centre. Kind: E.
 *
 * A follower begins from a backup with keys: it brings the log up to that moment, the register, and the three keys by which offices
 * know the centre, without which nobody could take its place. It follows under a transport key of its own, which the centre is told
 * once (`follow accept`); from then on the centre's second acknowledgement waits for this disk.
 *
 * Promoting is a restore whose backup is already in place: the restore record is appended to the log as it stands here, and the
 * configuration ceases to follow. Nothing is copied and nothing is folded again.
 *
 * Invariant: DIR/worker/ledger of a follower is the beginning of the centre's log; only promote makes it a log of its own. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/backup_part.h"
#include "cli/print.h"
#include "cli/setup.h"
#include "proto/conf.h"

enum { ASK_MS = 2000 };

/* ---- setting up ---- */

static int public_half(const struct cli *c, const struct place *p, const char *name, bool make, char hex[2 * PUBKEY_SIZE + 1])
{
    char path[PLACE_PATH_MAX], err[512] = "";
    uint8_t secret[32], pub[PUBKEY_SIZE];
    place_path(p, name, path);
    int st = make ? conf_key_create(path, "curve25519", secret, pub)
                  : conf_key_read(path, "curve25519", secret, pub, err, sizeof err);
    explicit_bzero(secret, sizeof secret);
    if (st != ST_OK) return backup_fail(c, path, err[0] ? err : status_str(st));
    bytes_hex(pub, PUBKEY_SIZE, hex);
    return EXIT_OK;
}

static int configure(const struct cli *c, const struct place *p, const char *leader)
{
    char path[PLACE_PATH_MAX];
    int rc = setup_worker(c, p, "follow", c->value[OPT_ADDRESS]);
    place_path(p, "keys/follower.key", path);
    if (rc == EXIT_OK) rc = setup_worker(c, p, "leader_key", leader);
    return rc == EXIT_OK ? setup_worker(c, p, "follow_key", path) : rc;
}

static void tell_follow(const struct cli *c, const struct place *p, const struct backup_log *log, const char *own)
{
    if (c->format == FORMAT_JSON) {
        print_json(json_pack("{s:b,s:s,s:I,s:s}", "ok", 1, "dir", p->dir, "lsn", (json_int_t)log->lsn, "key", own));
        return;
    }
    printf(c->lang == LANG_EN ? "%s: follower of %s, log up to lsn %llu\nat the centre: rekap follow accept %s --dir DIR\n"
                                "here:          rekap up --dir %s\n"
                              : "%s: pengikut %s, catatan sampai lsn %llu\ndi pusat: rekap follow accept %s --dir DIR\n"
                                "di sini:  rekap up --dir %s\n",
           p->dir, c->value[OPT_ADDRESS], (unsigned long long)log->lsn, own, p->dir);
}

static int set_up(struct cli *c)
{
    char fresh[PLACE_PATH_MAX], leader[2 * PUBKEY_SIZE + 1], own[2 * PUBKEY_SIZE + 1];
    const char *from = c->operand[0], *address = c->value[OPT_ADDRESS];
    struct backup_log log;
    struct place p;
    if (!address || !setup_address_ok(address))
        return cli_usage(c, "sebut alamat pusat: --address tcp://HOST:PORT", "name the centre: --address tcp://HOST:PORT", address);
    int rc = backup_manifest_check(c, from, &log);
    if (rc == EXIT_OK) rc = place_create(c, &p);
    if (rc == EXIT_OK) rc = backup_refuse_existing(c, &p);
    if (rc == EXIT_OK) rc = backup_bring(c, &p, from);
    if (rc == EXIT_OK) rc = setup_run(c, &p, NULL);
    if (rc == EXIT_OK) rc = public_half(c, &p, "keys/worker.key", false, leader);
    if (rc == EXIT_OK) rc = public_half(c, &p, "keys/follower.key", true, own);
    if (rc == EXIT_OK) rc = configure(c, &p, leader);
    if (rc != EXIT_OK) return rc;
    place_path(&p, "worker/ledger.pulih", fresh);
    rc = backup_copy_ledger(c, from, fresh);
    if (rc == EXIT_OK) rc = backup_ledger_in_place(c, &p, fresh);
    if (rc == EXIT_OK) tell_follow(c, &p, &log, own);
    return rc;
}

/* ---- at the centre ---- */

/* The worker reads its configuration at its start: it is asked to stop, and `up` starts it again. */
static void restart_worker(const struct cli *c, const struct place *p)
{
    json_t *a = NULL;
    if (place_ask(p, "worker", "{\"verb\":\"stop\"}", ASK_MS, &a) == ST_OK)
        cli_talk(c, "worker dimulai ulang", "the worker starts again");
    json_decref(a);
}

static int accept_key(struct cli *c)
{
    char path[PLACE_PATH_MAX], listed[FILENAME_MAX] = "", value[FILENAME_MAX + 2 * PUBKEY_SIZE + 4];
    uint8_t pub[PUBKEY_SIZE];
    const char *key = c->operand[1];
    struct place p;
    if (strlen(key) != 2 * PUBKEY_SIZE || bytes_unhex(key, strlen(key), pub) != ST_OK)
        return cli_usage(c, "kunci pengikut: 64 angka heksadesimal, seperti dicetak rekap follow",
                         "a follower's key: 64 hex digits, as rekap follow prints it", key);
    int rc = place_open(c, &p);
    if (rc != EXIT_OK) return rc;
    place_path(&p, "etc/worker.conf", path);
    (void)place_setting(path, "worker", "replicas", listed, sizeof listed);
    snprintf(value, sizeof value, "%s%s%s", listed, listed[0] ? ", " : "", key);
    if (!strstr(listed, key)) rc = setup_worker(c, &p, "replicas", value);
    if (rc == EXIT_OK) rc = setup_worker(c, &p, "acks", "2");
    if (rc != EXIT_OK) return rc;
    restart_worker(c, &p);
    if (c->format == FORMAT_JSON) print_json(json_pack("{s:b,s:i}", "ok", 1, "acks", 2));
    else puts(cli_say(c, "acks = 2: kiriman dianggap terarsip setelah tersimpan di pengikut",
                      "acks = 2: statements count as archived once the follower has them"));
    return EXIT_OK;
}

int follow_run(struct cli *c)
{
    if (!strcmp(c->operand[0], "accept") && c->operand_count == 2) return accept_key(c);
    if (c->operand_count == 1) return set_up(c);
    return cli_usage(c, "rekap follow CADANGAN --address ALAMAT, atau rekap follow accept KUNCI",
                     "rekap follow BACKUP --address ADDRESS, or rekap follow accept KEY", c->operand[0]);
}

/* ---- promoting ---- */

static int refuse_running(const struct cli *c, const struct place *p)
{
    if (place_alive(p, "worker") || place_alive(p, "aggregator") || place_alive(p, "collector"))
        return cli_fail(c, "sistem di DIR masih berjalan; hentikan dahulu", "the system in DIR still runs; stop it first", p->dir);
    return EXIT_OK;
}

static int stop_following(const struct cli *c, const struct place *p)
{
    int rc = setup_worker(c, p, "follow", NULL);
    if (rc == EXIT_OK) rc = setup_worker(c, p, "leader_key", NULL);
    return rc == EXIT_OK ? setup_worker(c, p, "follow_key", NULL) : rc;
}

int follow_promote(struct cli *c)
{
    char path[PLACE_PATH_MAX], leader[512] = "";
    struct place p;
    struct wall at;
    uint64_t lsn = 0;
    int rc = backup_record_time(c, &at);
    if (rc == EXIT_OK) rc = place_open(c, &p);
    if (rc == EXIT_OK) rc = refuse_running(c, &p);
    if (rc != EXIT_OK) return rc;
    place_path(&p, "etc/worker.conf", path);
    if (place_setting(path, "worker", "follow", leader, sizeof leader) != ST_OK || !leader[0])
        return cli_fail(c, "worker di DIR bukan pengikut", "the worker in DIR is no follower", path);
    place_path(&p, "worker/ledger", path);
    if (access(path, F_OK) != 0) return backup_fail(c, path, strerror(errno));
    rc = backup_begin_incarnation(c, &p, path, at, &lsn);
    if (rc == EXIT_OK) rc = stop_following(c, &p);
    if (rc != EXIT_OK) return rc;
    if (c->format == FORMAT_JSON)
        print_json(json_pack("{s:b,s:s,s:I,s:I}", "ok", 1, "dir", p.dir, "survived", (json_int_t)lsn - 1, "lsn", (json_int_t)lsn));
    else printf(c->lang == LANG_EN ? "%s: now the centre; restore record at lsn %llu. Run: rekap up --dir %s\n"
                                   : "%s: sekarang pusat; catatan pemulihan di lsn %llu. Jalankan: rekap up --dir %s\n",
                p.dir, (unsigned long long)lsn, p.dir);
    cli_talk(c, "pusat lama (%s) jangan dijalankan lagi: kantor tidak lagi percaya catatannya",
             "do not start the old centre (%s) again: offices no longer believe its log", leader);
    return EXIT_OK;
}
