/* replay.c - `rekap replay LOGDIR.. --seal FILE`: the tables of a seal once more, from the logs alone. Kind: E.
 *
 * First the file is verified with the register's key, then rekap-audit examines every record of the logs, rebuilds register, leaf
 * rows and sums by its own rules and holds them against the seal line by line. LOGDIR is a ledger of a stopped worker, a backup, or
 * an installation.
 *
 * Invariant: exit 0 only for a seal that is valid and whose tables are what the logs make them, bit for bit. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/backup_part.h"
#include "cli/print.h"
#include "cli/seal_file.h"

enum { LOGS_MAX = 32, ARGS = 2 * LOGS_MAX + 12 };

/* The directory that holds data.mdb, of a ledger, a backup or an installation. */
static int ledger_of(const struct cli *c, const char *dir, char ret[PLACE_PATH_MAX])
{
    static const char *const below[] = { "", "/ledger", "/worker/ledger" };
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
        char file[PLACE_PATH_MAX + 32];
        snprintf(ret, PLACE_PATH_MAX, "%.3500s%s", dir, below[i]);
        snprintf(file, sizeof file, "%.3600s/data.mdb", ret);
        if (access(file, R_OK) == 0) return EXIT_OK;
    }
    return cli_fail(c, "tidak ada log di sini (ledger, cadangan atau instalasi)",
                    "no log here (a ledger, a backup or an installation)", dir);
}

static int check_file(const struct cli *c, const char *path, const uint8_t key[PUBKEY_SIZE], struct seal *ret)
{
    const struct verifier v = sign_ed25519_verifier();
    enum seal_fault fault = SEAL_FORM;
    struct slice bytes;
    int st = backup_map(path, &bytes);
    if (st != ST_OK) return backup_fail(c, path, strerror(errno));
    st = seal_check(bytes, key, &v, ret, &fault);
    backup_unmap(&bytes);
    if (st != ST_OK) return backup_fail(c, path, status_str(st));
    if (fault == SEAL_SOUND) return EXIT_OK;
    return cli_fail(c, "segel ini tidak sah (rekap seal verify)", "this seal is not valid (rekap seal verify)",
                    seal_fault_name(fault));
}

static void tell(const struct cli *c, const struct seal *s, bool same)
{
    char region[8], root[2 * HASH_SIZE + 1], quarter[16];
    code_region_format(s->region, region);
    bytes_hex(s->root.b, HASH_SIZE, root);
    snprintf(quarter, sizeof quarter, "%u-Q%u", s->year % 10000, s->quarter % 10);
    if (c->format == FORMAT_JSON) {
        print_json(json_pack("{s:b,s:s,s:s,s:i,s:s}", "same", (int)same, "region", region, "quarter", quarter, "version",
                             (int)s->version, "root", root));
    } else if (same) {
        printf(c->lang == LANG_EN ? "%s, region %s, version %u: rebuilt from the log, the same bit for bit\nRoot %s\n"
                                  : "%s wilayah %s versi %u: dibangun ulang dari log, sama bit demi bit\nAkar %s\n",
               quarter, region, s->version, root);
    } else {
        cli_talk(c, "%s: isi segel bukan yang mengikuti dari log ini", "%s: the seal is not what follows from this log", quarter);
    }
}

/* rekap-audit over the logs; its complaints go to stderr. */
static int rebuild(const struct cli *c, const char *seal, const uint8_t key[PUBKEY_SIZE], bool *ret_same)
{
    static char ledger[LOGS_MAX][PLACE_PATH_MAX];
    char program[PLACE_PATH_MAX], file[PLACE_PATH_MAX], to[PLACE_PATH_MAX], issuer[2 * PUBKEY_SIZE + 1];
    char json[] = "--json", of[] = "--seal", register_key[] = "--registry-key", also[] = "--also", rebuilt[] = "--rebuilt";
    char *argv[ARGS] = { program, json, of, file, register_key, issuer };
    size_t n = 6;
    struct buf out;
    if (place_program("/rekap-audit", program) != ST_OK)
        return cli_fail(c, "rekap-audit tidak ditemukan", "rekap-audit is not found", "rekap-audit");
    snprintf(file, sizeof file, "%s", seal);
    bytes_hex(key, PUBKEY_SIZE, issuer);
    if (c->value[OPT_OUTPUT]) {
        snprintf(to, sizeof to, "%s", c->value[OPT_OUTPUT]);
        argv[n++] = rebuilt;
        argv[n++] = to;
    }
    for (int i = 0; i < c->operand_count; i++) {
        int rc = i < LOGS_MAX ? ledger_of(c, c->operand[i], ledger[i])
                              : cli_usage(c, "terlalu banyak log", "too many logs", c->operand[i]);
        if (rc != EXIT_OK) return rc;
        if (i > 0) argv[n++] = also;
        argv[n++] = ledger[i];
    }
    buf_init(&out, 1 << 20);
    int code = backup_program(argv, &out);
    buf_done(&out);
    *ret_same = code == 0;
    return code == 0 || code == 1 ? EXIT_OK : cli_fail(c, "rekap-audit tidak selesai", "rekap-audit did not finish", NULL);
}

int replay_run(struct cli *c)
{
    uint8_t key[PUBKEY_SIZE];
    const char *file = c->value[OPT_SEAL];
    struct seal s;
    bool same = false;
    if (!file) return cli_usage(c, "sebutkan --seal BERKAS", "give --seal FILE", NULL);
    int rc = seal_file_key(c, key);
    if (rc == EXIT_OK) rc = check_file(c, file, key, &s);
    if (rc == EXIT_OK) rc = rebuild(c, file, key, &same);
    if (rc != EXIT_OK) return rc;
    tell(c, &s, same);
    return same ? EXIT_OK : EXIT_FAILED;
}
