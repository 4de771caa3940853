/* query_rename.h - indicators that an office calls by another name than before. Kind: P. Used by the query_*.c files only. */
#ifndef REKAP_QUERY_RENAME_H
#define REKAP_QUERY_RENAME_H

#include "aggregator/query_indicator.h"

/* By the office's own statements (`alias` with `indikator`): an item under another name is known by the identity it is another name
 * of, and both carry the other name in `alias`, so that either finds the series. Where a line has both in one year they stay two:
 * nobody can say which figure is meant. */
int query_rename_apply(const struct query_context *q, struct query_indicators *o);

#endif
