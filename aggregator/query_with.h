/* query_with.h - what a rollup shows beside its sums when asked: cash plan, physical progress, projection, last year. Kind: P. Used
 * by the query_*.c files only. Rules: domain.md 4 and 6; docs/CLI.md "rollup" says what each field is. */
#ifndef REKAP_QUERY_WITH_H
#define REKAP_QUERY_WITH_H

#include "aggregator/query_rows.h"

struct query_with;
/* text: names joined by commas (kelengkapan or coverage, which every row has anyway; rak or cash-plan, fisik or physical, proyeksi
 * or projection, tahun-lalu or last; all). *ret is NULL when nothing is asked for; ST_INVALID with the problem. */
int query_with_new(const struct query_context *q, const struct query_scope *s, struct slice text, struct query_with **ret,
                   struct query_problem *problem);
void query_with_free(struct query_with **w);
bool query_with_coverage(const struct query_with *w);
/* Puts the asked fields of a row of that node kind and level into o. w NULL: none. */
int query_with_row(struct query_with *w, const struct figure_row *f, unsigned level, json_t *o);

#endif
