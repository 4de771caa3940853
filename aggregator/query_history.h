/* query_history.h - what the files that answer `history` share. Kind: P. Used by the query_*.c files only. */
#ifndef REKAP_QUERY_HISTORY_H
#define REKAP_QUERY_HISTORY_H

#include <jansson.h>

#include "aggregator/query_figure.h"
#include "aggregator/replay.h"

/* What version `number` of a replay stated: code, account, measure, stage, month, kind, value; changes: how many of its batch fit
 * the figure as well. */
json_t *query_history_slot(const struct replay *r, uint32_t number, uint32_t changes);

/* query_history_again.c: the history of a figure that is no sum of offices, newest first, by asking for it as of each record;
 * `older` into the answer where it was too long for one. */
struct query_span {
    struct wall from, to;
};
int query_history_again(const struct query_context *q, const struct query_params *p, const struct query_figure *f,
                        const struct query_span *span, json_t *list, json_t *answer);

#endif
