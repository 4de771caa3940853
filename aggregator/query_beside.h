/* query_beside.h - what stands beside an office's figures in answers: findings of second prints and outputs, parts, plans. Kind: P.
 * Used by the query_*.c files only. */
#ifndef REKAP_QUERY_BESIDE_H
#define REKAP_QUERY_BESIDE_H

#include "aggregator/query_indicator.h"

/* Adds the findings of compare.h and output.h of one office-year to the list. */
int query_beside_findings(const struct query_finding_ask *ask, const struct office *office, int year);

#endif
