/* query.h - what the query verbs share with `watch`. Kind: E. */
#ifndef REKAP_CLI_QUERY_H
#define REKAP_CLI_QUERY_H

#include "cli/ask.h"

/* Opens the installation, asks, shows the answer. An exit code. */
int query_ask(const struct cli *c, const char *path, const struct ask_param *params, size_t n,
              void (*show)(const struct cli *, json_t *));
void query_as_of(const struct cli *c, const json_t *answer);    /* how fresh: log position of each worker and the time */
void query_indicator_trend(const struct cli *c, json_t *answer);        /* one indicator's points as a table */
struct print;
void query_name_cell(struct print *t, const char *name); /* the beginning of a long text */
void query_change_cells(struct print *t, const json_t *change);  /* three cells: absolute, percent (or its kind), pp */
void query_trend_foot(const struct cli *c, const json_t *answer);      /* growth and slope in a line */

void query_rollup_text(const struct cli *c, json_t *answer);    /* the table of a rollup answer, its totals and how fresh it is */

#endif
