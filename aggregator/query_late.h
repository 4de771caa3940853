/* query_late.h - the two views of a sealed quarter: as it was booked, and what was stated of it after its cut. Kind: P. Used by the
 * query_*.c files and HTTP.
 *
 * As stated is what every question answers. As booked (booked=1) a question about a region's or an office's figures up to a month
 * of a sealed quarter is asked as of the cut of its newest seal; of a quarter that is not sealed it is asked as stated, so a
 * correction of an earlier quarter shows in the next one, where it is booked. */
#ifndef REKAP_QUERY_LATE_H
#define REKAP_QUERY_LATE_H

#include "aggregator/query_sealed.h"

/* The cut that a question with booked=1 is asked as of, as text for as_of; empty: the quarter is not sealed. ST_INVALID with the
 * problem: as_of beside it, or neither region nor office. */
int query_late_booked(const struct query_context *q, const struct query_params *p, char ret_position[TEXT_MAX + 1],
                      struct query_problem *problem);

#endif
