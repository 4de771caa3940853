/* audit.c - `rekap audit`: hands over to rekap-audit, the offline verifier, for the installation's ledger. Kind: E.
 *
 * The verifier is a program of its own so that it shares no code with what it judges (audit_part.h); here is only the way to it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/place.h"

int audit_run(struct cli *c)
{
    char program[PLACE_PATH_MAX], ledger[PLACE_PATH_MAX], json[] = "--json", lang[] = "--lang", en[] = "en", id[] = "id";
    char *argv[] = {program, lang, c->lang == LANG_EN ? en : id, ledger, c->format == FORMAT_JSON ? json : NULL, NULL};
    struct place p;

    int rc = place_open(c, &p);

    if (rc != EXIT_OK) return rc;
    place_path(&p, "worker/ledger", ledger);
    if (place_program("/rekap-audit", program) != ST_OK)
        return cli_fail(c, "rekap-audit tidak ditemukan", "rekap-audit is not found", "rekap-audit");
    fflush(stdout);
    execv(program, argv);
    return cli_fail(c, "rekap-audit tidak dapat dijalankan", "rekap-audit cannot be run", strerror(errno));
}
