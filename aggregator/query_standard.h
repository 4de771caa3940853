/* query_standard.h - the registry's definitions of indicators that offices share (indikator-baku), as the centre states them.
 * Kind: P. Used by the query_*.c files only.
 *
 * Only what is defined here is joined over offices and ranked among peers. A definition has versions: the one with the greatest
 * month `berlaku` at or before the end of a period judges that period, so a later one changes nothing that was joined before. */
#ifndef REKAP_QUERY_STANDARD_H
#define REKAP_QUERY_STANDARD_H

#include "aggregator/query_indicator.h"

enum { STANDARD_TEXT_MAX = 200 };
struct query_standard {
    char id[STANDARD_TEXT_MAX + 1], name[STANDARD_TEXT_MAX + 1], unit[UNIT_TEXT_MAX + 1], denominator[STANDARD_TEXT_MAX + 1];
    unsigned from;         /* year * 100 + month */
    uint8_t over, formula; /* enum achieve_over_units; achieve_formula, 0: none is said */
};
struct query_standards; /* immutable */
/* Those stated up to q->past. ST_NO_MEMORY, the store's errors. */
int query_standards_load(const struct query_context *q, struct query_standards **ret);
void query_standards_free(struct query_standards **s);
/* The version that judges the period ending in `until` of the year; NULL: this is no shared indicator then. */
const struct query_standard *query_standards_find(const struct query_standards *s, struct slice id, int year, unsigned until);
bool query_standards_any(const struct query_standards *s, struct slice id); /* at any time */

#endif
