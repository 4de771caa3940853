/* seal_diff.h - what one version of a sealed quarter changed against another: the report of a restatement. Kind: E. */
#ifndef REKAP_SEAL_DIFF_H
#define REKAP_SEAL_DIFF_H

#include "cli/place.h"

/* Verifies both files with the register's key and compares their leaf rows and totals. EXIT_OK with *ret (caller decrefs):
 * {"quarter","region","old":{"version","root"},"new":{..},"totals":{"budget":{"old","new"},"realised":{..}},"rows":[{"office",
 * "code",
 * "account","indicator","measure","source","stage","month","old","new"}]}; or an exit code after saying why. */
int seal_diff_make(const struct cli *c, const char *old_path, const char *new_path, const uint8_t key[PUBKEY_SIZE], json_t **ret);
void seal_diff_show(const struct cli *c, const json_t *diff); /* as a table or CSV */

#endif
