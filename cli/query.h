/* query.h - what the query verbs share with `watch`. Kind: E. */
#ifndef REKAP_CLI_QUERY_H
#define REKAP_CLI_QUERY_H

#include "cli/ask.h"

void query_rollup_text(const struct cli *c, json_t *answer);    /* the table of a rollup answer, its totals and how fresh it is */

#endif
