/* http_scope.h - what a role may ask. Kind: P.
 *
 * A role sees its region and what lies below it: treasurers money, planners, auditors and the centre everything. An office sees its
 * own figures, and of its region the totals down to programmes (the region's published budget has no more). */
#ifndef REKAP_HTTP_SCOPE_H
#define REKAP_HTTP_SCOPE_H

#include "aggregator/http_access.h"
#include "aggregator/http_answer.h"

/* ST_OK, or ST_INVALID with the problem (403) in the asked language. figure: of a question about one, else empty. */
int http_scope_check(const struct http_viewer *v, const struct registry *r, const struct http_question *k,
                     const struct http_asked *a, struct slice figure, enum lang lang, struct query_problem *ret_problem);
/* May v see that this office spoke; and, of an office that is only of the same region, without its name? */
bool http_scope_office(const struct http_viewer *v, const struct office *o, bool *ret_named);
/* For who speaks in a question: "" where everybody sees everything, else role, region, office. ret holds 96. */
void http_scope_name(const struct http_viewer *v, char ret[96]);

#endif
