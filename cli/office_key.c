/* office_key.c - `rekap office revoke|rotate-key`: the end and the change of an office's key. Kind: E.
 *
 * Revoking is one line; what the worker commits after it has read that line holds nothing of the office any more. The key file
 * stays where it is: what was signed and not yet sent waits, and `status` says why it does not go; once the office has another key
 * it is signed anew.
 *
 * Rotating makes the new key beside the old one, registers it, and only then puts it in the old one's place. The old key goes on
 * signing for REGISTRY_ROTATED_DAYS, so what stands in the outbox still arrives; stopped half-way, the same command goes on. A key
 * that may be in other hands is revoked first and the office added anew.
 *
 * Invariant: a key is never put in use before its line is in the register. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/office_part.h"
#include "cli/print.h"
#include "proto/conf.h"

/* The newest line of the office named on the command line, copied. */
static int known(const struct cli *c, const struct place *p, struct office *ret)
{
    struct registry *r = NULL;
    int rc = place_registry(c, p, &r);
    if (rc != EXIT_OK) return rc;
    const char *id = c->operand[1];
    const struct office *o = registry_office(r, slice_of(id, strlen(id)));
    if (o) *ret = *o;
    else rc = office_unknown(c, r, id);
    registry_free(&r);
    return rc;
}

static void report(const struct cli *c, const struct office *o, const char *id, const char *en)
{
    if (c->format == FORMAT_JSON) print_json(json_pack("{s:[o]}", "offices", office_json(o)));
    else printf("%s %s\n", cli_say(c, id, en), o->id);
}

static int revoke_locked(const struct cli *c, const struct place *p, struct office *o)
{
    int rc = known(c, p, o);
    if (rc != EXIT_OK || o->status == OFFICE_REVOKED) return rc;
    o->status = OFFICE_REVOKED;
    return office_append(c, p, o);
}

int office_revoke(const struct cli *c, const struct place *p)
{
    struct office o;
    int fd = office_lock(c, p);
    int rc = fd < 0 ? EXIT_FAILED : revoke_locked(c, p, &o);
    if (fd >= 0) close(fd);
    if (rc != EXIT_OK) return rc;
    office_nudge(p);
    report(c, &o, "dicabut:", "revoked:");
    return EXIT_OK;
}

static int rotate_locked(const struct cli *c, const struct place *p, struct office *o)
{
    char path[PLACE_PATH_MAX], fresh[PLACE_PATH_MAX];
    uint8_t secret[32], pub[PUBKEY_SIZE];
    int rc = known(c, p, o);
    if (rc != EXIT_OK) return rc;
    if (o->status == OFFICE_REVOKED)
        return cli_fail(c, "kantor ini dicabut; daftarkan lagi dengan rekap office add",
                        "this office is revoked; register it again with rekap office add", o->id);
    place_office_key(p, o->id, "", path);
    if (access(path, F_OK) != 0)
        return cli_fail(c, "kunci kantor ini tidak ada di mesin ini; jalankan di mesin kantor itu",
                        "this office's key is not on this machine; run it on the office's machine", path);
    place_office_key(p, o->id, ".baru", fresh);
    int st = conf_key_create(fresh, "ed25519", secret, pub);    /* one left by a stopped rotation is taken up again */
    explicit_bzero(secret, sizeof secret);
    if (st != ST_OK) return cli_fail(c, "kunci baru tidak dapat dibuat", "the new key cannot be made", fresh);
    if (memcmp(o->signing, pub, sizeof pub) != 0) {
        memcpy(o->signing, pub, sizeof pub);
        rc = office_append(c, p, o);
    }
    if (rc == EXIT_OK && conf_file_rename(fresh, path) != ST_OK)
        rc = cli_fail(c, "kunci baru tidak dapat dipasang", "the new key cannot be put in place", strerror(errno));
    return rc;
}

int office_rotate(const struct cli *c, const struct place *p)
{
    struct office o;
    if (p->office) return office_rotate_here(c, p);
    int fd = office_lock(c, p);
    int rc = fd < 0 ? EXIT_FAILED : rotate_locked(c, p, &o);
    if (fd >= 0) close(fd);
    if (rc != EXIT_OK) return rc;
    office_nudge(p);
    report(c, &o, "kunci diganti:", "key rotated:");
    return EXIT_OK;
}
