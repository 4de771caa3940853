/* seal.c - `rekap seal verify FILE`: what a sealed quarter proves, on any machine, from the file and one key. Kind: E.
 *
 * The key is the register's public key: of --key, else of this installation. Without either nothing is verified, because a file
 * brings a register of its own along, and only that key says whose it is.
 *
 * Invariant: nothing is called valid that seal_check (proto/seal.h) does not prove. */
#include <stdio.h>
#include <string.h>

#include "cli/print.h"
#include "cli/proof.h"
#include "cli/seal_diff.h"
#include "proto/conf.h"
#include "proto/period.h"

static void verdict_json(const struct cli *c, const struct seal *s, unsigned fault)
{
    char region[8], quarter[16], at[32], root[2 * HASH_SIZE + 1], before[2 * HASH_SIZE + 1];
    json_t *o = json_pack("{s:b,s:s,s:s}", "valid", (int)(fault == SEAL_SOUND), "fault", seal_fault_name(fault), "reason",
                          seal_file_reason(c, fault));
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
        cli_talk(c, "TIDAK SAH: %s", "NOT VALID: %s", seal_file_reason(c, fault));
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
    print_cell(t, seal_file_reason(c, fault));
    print_end(&t);
}

static int verify(const struct cli *c, const char *path, const uint8_t key[PUBKEY_SIZE])
{
    const struct verifier v = sign_ed25519_verifier();
    enum seal_fault fault = SEAL_FORM;
    struct seal s = { 0 };
    struct buf b;
    buf_init(&b, SEAL_FILE_BYTES_MAX);
    int st = conf_file_read(path, SEAL_FILE_BYTES_MAX, &b);
    bool pack = st == ST_OK && proof_is(buf_slice(&b));
    int rc = pack ? proof_verify(c, buf_slice(&b), key) : EXIT_OK;
    if (st == ST_OK && !pack) st = seal_check(buf_slice(&b), key, &v, &s, &fault);
    buf_done(&b);
    if (st != ST_OK) return cli_fail(c, "tidak dapat dibaca", "cannot be read", path);
    if (pack) return rc;
    if (c->format == FORMAT_JSON) verdict_json(c, &s, fault);
    else if (c->format == FORMAT_CSV) verdict_csv(c, &s, fault);
    else verdict_text(c, &s, fault);
    return fault == SEAL_SOUND ? EXIT_OK : EXIT_FAILED;
}

static int diff(const struct cli *c, const uint8_t key[PUBKEY_SIZE])
{
    json_t *o = NULL;
    int rc = seal_diff_make(c, c->operand[1], c->operand[2], key, &o);
    if (rc != EXIT_OK) return rc;
    if (c->format == FORMAT_JSON) {
        print_json(o);
        return EXIT_OK;
    }
    seal_diff_show(c, o);
    json_decref(o);
    return EXIT_OK;
}

int seal_run(struct cli *c)
{
    uint8_t key[PUBKEY_SIZE];
    if (strcmp(c->operand[0], "proof") == 0) return proof_run(c);
    bool verifies = c->operand_count == 2 && !strcmp(c->operand[0], "verify");
    if (!verifies && (c->operand_count != 3 || strcmp(c->operand[0], "diff") != 0))
        return cli_usage(c, "rekap seal verify BERKAS, diff LAMA BARU, atau proof SEGEL --office ID -o BERKAS [--key KUNCI]",
                         "rekap seal verify FILE, diff OLD NEW, or proof SEAL --office ID -o FILE [--key KEY]", NULL);
    int rc = seal_file_key(c, key);
    if (rc != EXIT_OK) return rc;
    return verifies ? verify(c, c->operand[1], key) : diff(c, key);
}
