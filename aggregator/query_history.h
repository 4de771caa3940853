/* query_history.h - what the files that answer `history` share. Kind: P. Used by the query_*.c files only. */
#ifndef REKAP_QUERY_HISTORY_H
#define REKAP_QUERY_HISTORY_H

#include <jansson.h>

#include "aggregator/replay.h"

/* What version `number` of a replay stated: code, account, measure, stage, month, kind, value; changes: how many of its batch fit
 * the figure as well. */
json_t *query_history_slot(const struct replay *r, uint32_t number, uint32_t changes);

#endif
