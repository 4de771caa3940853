/* doctor_key.c - of `rekap doctor`: keys and the register. Kind: E.
 *
 * A key file is read as the daemon would read it and forgotten at once. The register is verified from its first line, with the
 * public key the worker believes; an office's key must be the one in its newest line, or what it signs is refused.
 *
 * Invariant: no secret outlives the function that read it, and none is ever printed. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "proto/sign.h"

/* Notes what is wrong with a key file; ST_OK with the public half when it can be used. */
static int look_at(struct doctor *d, const char *check, const char *path, const char *type, uint8_t ret_pub[PUBKEY_SIZE])
{
    uint8_t secret[32];
    char err[DOCTOR_TEXT_MAX] = "", fix[DOCTOR_TEXT_MAX];
    struct stat key, dir;
    int st = conf_key_read(path, type, secret, ret_pub, err, sizeof err);
    explicit_bzero(secret, sizeof secret);
    bool there = stat(path, &key) == 0 && stat(d->p.dir, &dir) == 0;
    if (there && key.st_uid != dir.st_uid) {
        snprintf(err, sizeof err, "%s: %s", path, cli_say(d->c, "bukan milik pemilik DIR", "does not belong to the owner of DIR"));
        snprintf(fix, sizeof fix, "chown %lu %s", (unsigned long)dir.st_uid, path);
        doctor_note(d, check, DOCTOR_FAIL, err, fix);
        return ST_DENIED;
    }
    if (there && (key.st_mode & 0777) != 0600) {
        snprintf(err, sizeof err, "%s: mode %04o", path, (unsigned)(key.st_mode & 0777));
        snprintf(fix, sizeof fix, "chmod 600 %s", path);
        doctor_note(d, check, st == ST_OK ? DOCTOR_WARN : DOCTOR_FAIL, err, fix);
        return st;
    }
    if (st != ST_OK)
        doctor_note(d, check, DOCTOR_FAIL, err,
                    cli_say(d->c, "kembalikan berkas kunci itu dari cadangan (rekap backup --with-keys)",
                            "put that key file back from a backup (rekap backup --with-keys)"));
    return st;
}

static void one_key(struct doctor *d, unsigned file, const char *name, const char *type)
{
    uint8_t pub[PUBKEY_SIZE];
    char check[64];
    if (!d->conf[file]) return;
    snprintf(check, sizeof check, "key.%s", name);
    const char *path = conf_text(d->conf[file], name);
    if (look_at(d, check, path, type, pub) == ST_OK) doctor_note(d, check, DOCTOR_OK, path, "");
}

void doctor_keys(struct doctor *d)
{
    one_key(d, CONFIG_COLLECTOR, "collector.key", "curve25519");
    if (d->p.office) return;
    one_key(d, CONFIG_WORKER, "worker.key", "curve25519");
    one_key(d, CONFIG_WORKER, "worker.checkpoint_key", "ed25519");
    one_key(d, CONFIG_AGGREGATOR, "aggregator.key", "curve25519");
}

/* ---- the register ---- */

/* The key that offices' lines are signed with lies here, and is the one the worker believes. Its public half in ret. */
static bool issuer(struct doctor *d, uint8_t ret[PUBKEY_SIZE])
{
    uint8_t own[PUBKEY_SIZE];
    char path[PLACE_PATH_MAX];
    struct conf *w = d->conf[CONFIG_WORKER];
    const char *hex = w ? conf_text(w, "worker.registry_key") : "";
    place_path(&d->p, "keys/registry.key", path);
    bool known = strlen(hex) == 2 * PUBKEY_SIZE && bytes_unhex(hex, 2 * PUBKEY_SIZE, ret) == ST_OK;
    if (look_at(d, "key.registry", path, "ed25519", own) != ST_OK) return known;
    if (known && memcmp(own, ret, PUBKEY_SIZE) != 0)
        doctor_note(d, "key.registry", DOCTOR_FAIL,
                    cli_say(d->c, "keys/registry.key bukan kunci yang dipercaya worker (worker.registry_key)",
                            "keys/registry.key is not the key the worker believes (worker.registry_key)"),
                    cli_say(d->c, "kembalikan keys/registry.key dari cadangan", "put keys/registry.key back from a backup"));
    else doctor_note(d, "key.registry", DOCTOR_OK, path, "");
    return known;
}

static void office_key(struct doctor *d, const struct office *o)
{
    uint8_t pub[PUBKEY_SIZE];
    char check[64], path[PLACE_PATH_MAX], fix[DOCTOR_TEXT_MAX], text[DOCTOR_TEXT_MAX];
    place_office_key(&d->p, o->id, "", path);
    if (o->status != OFFICE_ACTIVE || access(path, F_OK) != 0) return;  /* a key elsewhere is an office's on its own machine */
    snprintf(check, sizeof check, "office.%s", o->id);
    if (look_at(d, check, path, "ed25519", pub) != ST_OK) return;
    if (!memcmp(pub, o->signing, PUBKEY_SIZE)) {
        doctor_note(d, check, DOCTOR_OK, path, "");
        return;
    }
    snprintf(text, sizeof text, "%s: %s", path, cli_say(d->c, "bukan kunci di daftar kantor; pusat menolak kirimannya",
                                                        "is not the key in the register; the centre refuses what it signs"));
    snprintf(fix, sizeof fix, "rekap office rotate-key %s --dir %s", o->id, d->p.dir);
    doctor_note(d, check, DOCTOR_FAIL, text, fix);
}

static int verify(struct doctor *d, const struct registry *r, char *err, size_t size)
{
    uint8_t pub[PUBKEY_SIZE];
    struct registry_chain chain;
    struct verifier v = sign_ed25519_verifier();
    if (d->p.office) return ST_OK;      /* its own note of itself: nobody signs it */
    snprintf(err, size, "worker.registry_key?");
    if (!issuer(d, pub)) return ST_INVALID;
    registry_chain_start(&chain);
    return registry_verify(r, &chain, pub, &v, err, size);
}

void doctor_register(struct doctor *d)
{
    char path[PLACE_PATH_MAX], err[512] = "", text[DOCTOR_TEXT_MAX];
    struct registry *r = NULL;
    struct buf b;
    place_path(&d->p, "registry/office.tsv", path);
    buf_init(&b, PLACE_REGISTRY_BYTES_MAX);
    int st = conf_file_read(path, PLACE_REGISTRY_BYTES_MAX, &b);
    if (st != ST_OK) snprintf(err, sizeof err, " %s", status_str(st));
    else st = registry_parse(buf_slice(&b), &r, err, sizeof err);
    if (st == ST_OK) st = verify(d, r, err, sizeof err);
    if (st != ST_OK) snprintf(text, sizeof text, "%s:%s", path, err);
    else snprintf(text, sizeof text, "%s: %zu %s", path, registry_count(r), cli_say(d->c, "kantor", "offices"));
    doctor_note(d, "register", st == ST_OK ? DOCTOR_OK : DOCTOR_FAIL, text,
                st == ST_OK ? "" : cli_say(d->c, "kembalikan registry/office.tsv dari cadangan terakhir",
                                           "put registry/office.tsv back from the last backup"));
    for (size_t i = 0; r && i < registry_count(r); i++) office_key(d, registry_at(r, i));
    registry_free(&r);
    buf_done(&b);
}
