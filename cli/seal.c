/* seal.c - `rekap seal verify FILE`: what a sealed quarter proves, on any machine, from the file and one key. Kind: E.
 *
 * The key is the register's public key: of --key, else of this installation. Without either nothing is verified, because a file
 * brings a register of its own along, and only that key says whose it is.
 *
 * Invariant: nothing is called valid that seal_check (proto/seal.h) does not prove. */
#include <stdio.h>
#include <string.h>

#include "cli/place.h"
#include "cli/print.h"
#include "proto/conf.h"
#include "proto/period.h"
#include "proto/seal.h"

static const size_t SEAL_BYTES_MAX = (size_t)4 << 30;

static int register_key(const struct cli *c, uint8_t ret[PUBKEY_SIZE])
{
    char path[PLACE_PATH_MAX], hex[2 * PUBKEY_SIZE + 2];
    const char *given = c->value[OPT_KEY];
    struct place p;
    if (given && strlen(given) == 2 * PUBKEY_SIZE && bytes_unhex(given, 2 * PUBKEY_SIZE, ret) == ST_OK) return EXIT_OK;
    if (given)
        return cli_usage(c, "--key: kunci daftar kantor, 64 angka heksadesimal", "--key: the register's key, 64 hexadecimal digits",
                         given);
    int rc = place_open_any(c, &p);
    if (rc != EXIT_OK) return rc;
    place_path(&p, "etc/collector.conf", path);
    if (place_setting(path, "collector", "worker_registry_key", hex, sizeof hex) == ST_OK && strlen(hex) == 2 * PUBKEY_SIZE &&
        bytes_unhex(hex, 2 * PUBKEY_SIZE, ret) == ST_OK)
        return EXIT_OK;
    return cli_fail(c, "tidak ada worker_registry_key; beri --key", "no worker_registry_key; give --key", path);
}

static const char *reason_of(const struct cli *c, unsigned fault)
{
    switch (fault) {
    case SEAL_SOUND: return "";
    case SEAL_FORM: return cli_say(c, "bukan segel, atau kepalanya sudah diubah", "not a seal, or its head was changed");
    case SEAL_ROOT: return cli_say(c, "isinya bukan yang disegel", "its lines are not those that were sealed");
    case SEAL_REGISTER:
        return cli_say(c, "daftar kantor di dalamnya tidak ditandatangani kunci itu",
                       "the register in it is not signed by that key");
    case SEAL_SIGNER:
        return cli_say(c, "penanda tangannya bukan pusat wilayah itu", "who signed was not the centre of that region");
    default: return cli_say(c, "tanda tangan pusat tidak sah", "the centre's signature is not valid");
    }
}

static void verdict_json(const struct cli *c, const struct seal *s, unsigned fault)
{
    char region[8], quarter[16], at[32], root[2 * HASH_SIZE + 1], before[2 * HASH_SIZE + 1];
    json_t *o = json_pack("{s:b,s:s,s:s}", "valid", (int)(fault == SEAL_SOUND), "fault", seal_fault_name(fault), "reason",
                          reason_of(c, fault));
    if (fault != SEAL_FORM) {
        code_region_format(s->region, region);
        snprintf(quarter, sizeof quarter, "%u-Q%u", s->year % 10000, s->quarter % 10);
        period_format_time(s->at, at);
        bytes_hex(s->root.b, HASH_SIZE, root);
        bytes_hex(s->before.b, HASH_SIZE, before);
        json_object_set_new(o, "region", json_string(region));
        json_object_set_new(o, "quarter", json_string(quarter));
        json_object_set_new(o, "version", json_integer(s->version));
        json_object_set_new(o, "by", json_string(s->actor));
        json_object_set_new(o, "at", json_string(at));
        json_object_set_new(o, "lines", json_integer((json_int_t)s->lines));
        json_object_set_new(o, "root", json_string(root));
        json_object_set_new(o, "before", s->version > 1 ? json_string(before) : json_null());
    }
    print_json(o);
}

static void verdict_text(const struct cli *c, const struct seal *s, unsigned fault)
{
    char region[8], at[32], root[2 * HASH_SIZE + 1];
    if (fault != SEAL_SOUND) {
        cli_talk(c, "TIDAK SAH: %s", "NOT VALID: %s", reason_of(c, fault));
        return;
    }
    code_region_format(s->region, region);
    period_format_time(s->at, at);
    bytes_hex(s->root.b, HASH_SIZE, root);
    puts(cli_say(c, "SAH.", "VALID."));
    printf(c->lang == LANG_EN ? "Quarter %u-Q%u of region %s, version %u, sealed by %s as everything stood at %s.\nRoot %s\n"
                              : "Triwulan %u-Q%u wilayah %s, versi %u, disegel %s menurut keadaan pada %s.\nAkar %s\n",
           s->year, s->quarter, region, s->version, s->actor, at, root);
    puts(cli_say(c, "Tidak satu pun angka, langkah atau jawaban di dalamnya dapat diubah lagi tanpa ketahuan.",
                 "None of its figures, steps or answers can be changed any more unnoticed."));
}

static void verdict_csv(const struct cli *c, const struct seal *s, unsigned fault)
{
    static const struct print_column columns[] = {
        { "", "", "valid", PRINT_TEXT }, { "", "", "root", PRINT_TEXT }, { "", "", "reason", PRINT_TEXT } };
    char root[2 * HASH_SIZE + 1] = "";
    struct print *t = print_begin(c, columns, sizeof columns / sizeof columns[0]);
    if (!t) return;
    if (fault != SEAL_FORM) bytes_hex(s->root.b, HASH_SIZE, root);
    print_cell(t, fault == SEAL_SOUND ? "true" : "false");
    print_cell(t, root);
    print_cell(t, reason_of(c, fault));
    print_end(&t);
}

static int verify(const struct cli *c, const char *path, const uint8_t key[PUBKEY_SIZE])
{
    const struct verifier v = sign_ed25519_verifier();
    enum seal_fault fault = SEAL_FORM;
    struct seal s = { 0 };
    struct buf b;
    buf_init(&b, SEAL_BYTES_MAX);
    int st = conf_file_read(path, SEAL_BYTES_MAX, &b);
    if (st == ST_OK) st = seal_check(buf_slice(&b), key, &v, &s, &fault);
    buf_done(&b);
    if (st != ST_OK) return cli_fail(c, "tidak dapat dibaca", "cannot be read", path);
    if (c->format == FORMAT_JSON) verdict_json(c, &s, fault);
    else if (c->format == FORMAT_CSV) verdict_csv(c, &s, fault);
    else verdict_text(c, &s, fault);
    return fault == SEAL_SOUND ? EXIT_OK : EXIT_FAILED;
}

int seal_run(struct cli *c)
{
    uint8_t key[PUBKEY_SIZE];
    if (c->operand_count != 2 || strcmp(c->operand[0], "verify") != 0)
        return cli_usage(c, "rekap seal verify BERKAS [--key KUNCI]", "rekap seal verify FILE [--key KEY]", NULL);
    int rc = register_key(c, key);
    return rc == EXIT_OK ? verify(c, c->operand[1], key) : rc;
}
