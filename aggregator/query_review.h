/* query_review.h - what auditors said about a sealed quarter, in answers. Kind: P. Used by the query_*.c files only. */
#ifndef REKAP_QUERY_REVIEW_H
#define REKAP_QUERY_REVIEW_H

#include "aggregator/query_closing.h"

/* Into an office's quarter: "year_state" (belum-diaudit, diaudit), "reviews" (reviews and audits that stand) and "follow_ups" (what
 * is to be done about findings of the quarter, by when, and whether it was done). ST_NO_MEMORY, or the store's errors. */
int query_review_put(const struct query_closing *c, json_t *o);
/* Into every finding of a list that has its address (`figure`): "follow_ups", where an auditor has set any. Errors as above. */
int query_review_findings(const struct query_context *q, json_t *list);

#endif
