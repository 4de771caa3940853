/* office_invite.c - `rekap office invite`: a line for an office on another machine, and the centre's list of invitations. Kind: E.
 *
 * The line holds the only copy of the secret half of the one-time key; the list keeps its public half, whom it is for and until
 * when. Inviting the same office again takes the earlier line back: the line that was lost is worth nothing any more.
 *
 * Invariant: a line is printed only after its entry is in the list on disk. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/office_part.h"
#include "cli/print.h"
#include "cli/setup.h"
#include "proto/conf.h"
#include "proto/period.h"

enum { DAYS_DEFAULT = 14, DAYS_MAX = 90 };

static int64_t wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- the list ---- */

int office_invites(const struct cli *c, const struct place *p, struct invites **ret)
{
    char path[PLACE_PATH_MAX], err[256] = "";
    struct buf b;
    place_path(p, "registry/invite.tsv", path);
    buf_init(&b, INVITE_FILE_BYTES_MAX);
    int st = conf_file_read(path, INVITE_FILE_BYTES_MAX, &b);
    if (st == ST_NOT_FOUND) st = ST_OK;
    if (st != ST_OK) snprintf(err, sizeof err, "%s", st == ST_IO ? strerror(errno) : status_str(st));
    else st = invite_parse(buf_slice(&b), ret, err, sizeof err);
    buf_done(&b);
    if (st == ST_OK) return EXIT_OK;
    cli_talk(c, "daftar undangan tidak dapat dipakai: %s: %s", "the list of invitations cannot be used: %s: %s", path, err);
    return EXIT_FAILED;
}

int office_invite_put(const struct cli *c, const struct place *p, const struct invites *list, const struct invite *one)
{
    char path[PLACE_PATH_MAX];
    struct buf b;
    buf_init(&b, INVITE_FILE_BYTES_MAX);
    invite_list_put(&b, list, one, (struct wall){ wall_ms() });
    place_path(p, "registry/invite.tsv", path);
    int st = buf_ok(&b) ? conf_file_write(path, buf_slice(&b), 0600) : ST_FULL;
    buf_done(&b);
    if (st == ST_OK) return EXIT_OK;
    return cli_fail(c, "daftar undangan tidak dapat ditulis", "the list of invitations cannot be written",
                    st == ST_IO ? strerror(errno) : status_str(st));
}

/* ---- the line ---- */

static int public_key(const struct cli *c, const struct place *p, const char *name, const char *type, uint8_t ret[PUBKEY_SIZE])
{
    char path[PLACE_PATH_MAX], err[512] = "";
    uint8_t secret[32];
    place_path(p, name, path);
    int st = conf_key_read(path, type, secret, ret, err, sizeof err);
    explicit_bzero(secret, sizeof secret);
    return st == ST_OK ? EXIT_OK : cli_fail(c, "hanya pusat yang mengundang", "only the centre invites", err);
}

static int centre_keys(const struct cli *c, const struct place *p, struct join_invitation *i)
{
    int rc = public_key(c, p, "keys/registry.key", "ed25519", i->registry);
    if (rc == EXIT_OK) rc = public_key(c, p, "keys/worker.key", "curve25519", i->worker);
    return rc == EXIT_OK ? public_key(c, p, "keys/checkpoint.key", "ed25519", i->checkpoint) : rc;
}

/* Where the office finds the worker: as asked for, or as the worker listens. */
static int find_address(const struct cli *c, const struct place *p, struct join_invitation *i)
{
    const char *asked = c->value[OPT_ADDRESS];
    char listening[JOIN_ADDRESS_MAX + 1] = "";
    int st = setup_listening(p, listening, sizeof listening);
    if (st != ST_OK)
        cli_talk(c, "worker belum melayani mesin lain; jalankan rekap up --listen tcp://ALAMAT:PORT --dir %s",
                 "the worker does not serve other machines yet; run rekap up --listen tcp://ADDRESS:PORT --dir %s", c->dir);
    if (asked && !setup_address_ok(asked))
        return cli_usage(c, "--address harus tcp://HOST:PORT", "--address must be tcp://HOST:PORT", asked);
    if (!asked && st != ST_OK) return EXIT_FAILED;
    if (!asked && (strstr(listening, "//*:") || strstr(listening, "//0.0.0.0:") || strstr(listening, "//[::]:")))
        return cli_usage(c, "sebutkan --address tcp://HOST:PORT, sebab worker melayani semua alamat",
                         "give --address tcp://HOST:PORT, because the worker listens on all addresses", listening);
    snprintf(i->address, sizeof i->address, "%s", asked ? asked : listening);
    return EXIT_OK;
}

/* An office that is in the register moves to another machine; it stays who it is. */
static int check_known(const struct cli *c, const struct place *p, const struct office *want)
{
    struct registry *r = NULL;
    int rc = place_registry(c, p, &r);
    if (rc != EXIT_OK) return rc;
    const struct office *old = registry_office(r, slice_of(want->id, strlen(want->id)));
    if (old && old->status == OFFICE_ACTIVE && (old->region != want->region || old->role != want->role))
        rc = cli_fail(c, "sudah terdaftar dengan wilayah atau peran lain (rekap office show)",
                      "is registered with another region or role (rekap office show)", want->id);
    else if (old && old->status == OFFICE_ACTIVE)
        cli_talk(c, "%s sudah terdaftar; setelah disetujui, kunci barunya menggantikan yang lama",
                 "%s is registered; once approved, its new keys replace the old ones", want->id);
    registry_free(&r);
    return rc;
}

static int store_locked(const struct cli *c, const struct place *p, const struct invite *one)
{
    struct invites *list = NULL;
    int rc = office_invites(c, p, &list);
    if (rc == EXIT_OK) rc = office_invite_put(c, p, list, one);
    invite_free(&list);
    return rc;
}

static int store(const struct cli *c, const struct place *p, const struct join_invitation *i, const uint8_t key[PUBKEY_SIZE])
{
    struct invite one = { .region = i->region, .role = i->role, .state = INVITE_OPEN, .until = i->until };
    memcpy(one.key, key, PUBKEY_SIZE);
    snprintf(one.office, sizeof one.office, "%s", i->office);
    snprintf(one.name, sizeof one.name, "%s", i->name);
    int fd = office_lock(c, p);
    int rc = fd < 0 ? EXIT_FAILED : store_locked(c, p, &one);
    if (fd >= 0) close(fd);
    return rc;
}

static int print_line(const struct cli *c, const struct join_invitation *i)
{
    char until[32];
    struct buf b;
    buf_init(&b, JOIN_LINE_MAX);
    join_invitation_put(&b, i);
    buf_u8(&b, 0);
    if (!buf_ok(&b)) {
        buf_done(&b);
        return cli_fail(c, "memori habis; undang sekali lagi", "no memory; invite once more", i->office);
    }
    (void)period_format_time(i->until, until);
    if (c->format == FORMAT_JSON)
        print_json(json_pack("{s:s,s:s,s:s,s:s}", "office", i->office, "until", until, "address", i->address, "invitation",
                             (char *)b.p));
    else printf("%s\n", (char *)b.p);
    fflush(stdout);
    explicit_bzero(b.p, b.n);
    buf_done(&b);
    cli_talk(c, "baris di atas rahasia sampai dipakai; di mesin kantor: rekap office join 'BARIS' --dir DIR (berlaku sampai %s)",
             "the line above is a secret until it is used; on the office's machine: rekap office join 'LINE' --dir DIR "
             "(valid until %s)",
             until);
    return EXIT_OK;
}

int office_invite(const struct cli *c, const struct place *p)
{
    struct join_invitation i = { 0 };
    struct link_keys keys;
    struct office want;
    int days, rc = cli_number(c, OPT_DAYS, DAYS_DEFAULT, 1, DAYS_MAX, &days);
    if (rc == EXIT_OK) rc = office_wanted(c, p, &want);
    if (rc == EXIT_OK) rc = centre_keys(c, p, &i);
    if (rc == EXIT_OK) rc = find_address(c, p, &i);
    if (rc == EXIT_OK) rc = check_known(c, p, &want);
    if (rc != EXIT_OK) return rc;
    if (link_keys_new(&keys) != ST_OK)
        return cli_fail(c, "kunci undangan tidak dapat dibuat", "the invitation's key cannot be made", NULL);
    snprintf(i.office, sizeof i.office, "%s", want.id);
    snprintf(i.name, sizeof i.name, "%s", want.name);
    i.region = want.region;
    i.role = want.role;
    i.until.ms = (wall_ms() / 1000 + (int64_t)days * 86400) * 1000;
    memcpy(i.secret, keys.secret, sizeof i.secret);
    rc = store(c, p, &i, keys.pub);
    if (rc == EXIT_OK) {
        office_nudge(p);
        rc = print_line(c, &i);
    }
    explicit_bzero(&keys, sizeof keys);
    explicit_bzero(&i, sizeof i);
    return rc;
}
