/* query_explain.h - what each kind of figure is made of, into an answer. Kind: P. Used by the query_*.c files only.
 *
 * Each puts `value` and what leads to it; parts and components carry addresses of their own. ST_NOT_FOUND: an indicator that the
 * office does not state; ST_INVALID: a code that cannot be bridged. */
#ifndef REKAP_QUERY_EXPLAIN_H
#define REKAP_QUERY_EXPLAIN_H

#include "aggregator/query_figure.h"

/* By the kind of the address; of no kind is a figure that says nothing an error but an unknown indicator. */
int query_explain_value(const struct query_context *q, const struct query_figure *f, json_t *answer);
/* query_explain_mean.c: the mean of the indicators below a code; what offices share; office against treasurer at a code. */
int query_explain_mean(const struct query_context *q, const struct query_figure *f, json_t *answer);
/* An indicator that several offices share, joined. ST_NOT_FOUND: they do not. */
int query_explain_shared(const struct query_context *q, const struct query_figure *f, json_t *answer);
int query_explain_match(const struct query_context *q, const struct query_figure *f, json_t *answer);
/* query_explain_finding.c: value null and state "tiada" when it does not stand (any more). */
int query_explain_finding(const struct query_context *q, const struct query_figure *f, json_t *answer);
/* query_explain_bridge.c: a year of an older list in the codes of a newer one. */
int query_explain_bridge(const struct query_context *q, const struct query_figure *f, json_t *answer);
#endif
