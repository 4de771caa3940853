/* audit.c - `rekap audit`: hands over to rekap-audit, the offline verifier, for the installation's ledger. Kind: E.
 *
 * The verifier is a program of its own so that it shares no code with what it judges (audit_part.h); here is only the way to it.
 * The ledgers of the other workers that the aggregator follows are examined as well, or its state could not be judged. The
 * register's key is taken from the worker's configuration; who does not trust that machine calls rekap-audit with a key of his own.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/place.h"

enum { ALSO_MAX = 31 };

int audit_run(struct cli *c)
{
    char program[PLACE_PATH_MAX], ledger[PLACE_PATH_MAX], folded[PLACE_PATH_MAX], conf[PLACE_PATH_MAX], issuer[80];
    char lang[] = "--lang", en[] = "en", id[] = "id", json[] = "--json", registry[] = "--registry-key", state[] = "--state";
    static char also[] = "--also", beside[ALSO_MAX][PLACE_PATH_MAX];
    char *argv[10 + 2 * ALSO_MAX] = {program, lang, c->lang == LANG_EN ? en : id, ledger};
    struct place p, other;
    int n = 4, rc = place_open(c, &p);

    if (rc != EXIT_OK) return rc;
    place_path(&p, "worker/ledger", ledger);
    place_path(&p, "etc/worker.conf", conf);
    place_path(&p, "aggregator/state", folded);
    if (access(folded, F_OK) == 0) { /* a state that was deleted is folded anew: there is nothing to judge */
        argv[n++] = state;
        argv[n++] = folded;
        for (unsigned i = 0; i < ALSO_MAX; i++) {
            bool there = false;
            rc = place_beside(c, &p, i, &other, &there);
            if (rc != EXIT_OK || !there) break;
            place_path(&other, "worker/ledger", beside[i]);
            argv[n++] = also;
            argv[n++] = beside[i];
        }
        if (rc != EXIT_OK) return rc;
    }
    if (c->format == FORMAT_JSON) argv[n++] = json;
    if (place_setting(conf, "worker", "registry_key", issuer, sizeof issuer) == ST_OK) {
        argv[n++] = registry;
        argv[n++] = issuer;
    }
    if (place_program("/rekap-audit", program) != ST_OK)
        return cli_fail(c, "rekap-audit tidak ditemukan", "rekap-audit is not found", "rekap-audit");
    fflush(stdout);
    execv(program, argv);
    return cli_fail(c, "rekap-audit tidak dapat dijalankan", "rekap-audit cannot be run", strerror(errno));
}
