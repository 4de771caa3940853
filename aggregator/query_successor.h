/* query_successor.h - an office's or a region's year with what it carries on of others. Kind: P. Used by the query_*.c files only.
 */
#ifndef REKAP_QUERY_SUCCESSOR_H
#define REKAP_QUERY_SUCCESSOR_H

#include "aggregator/query_bridge.h"

/* What the scope itself has in s->year; ST_OK or a status that ends the walk. */
typedef int (*query_successor_fn)(void *ctx, const struct query_scope *s, struct query_bridge_year *ret);
/* s->year of the scope's office or region, and of those it carries on (aggregator/successor.h), by their weights: money is weighted
 * and rounded once a part, half away from zero, offices are counted. A part with a weight below 1 is estimated as a whole. parts:
 * an object for each one that was looked at ({"office" or "region","since","weight","taken","budget","realised"}); `taken` false:
 * at this cut-off the new one stands for itself, and the year has figures of both. */
int query_successor_year(const struct query_context *q, const struct query_scope *s, query_successor_fn own, void *ctx,
                         struct query_bridge_year *ret, json_t *parts);

#endif
