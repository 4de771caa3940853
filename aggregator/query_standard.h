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
    char id[STANDARD_TEXT_MAX + 1], name[STANDARD_TEXT_MAX + 1], unit[UNIT_TEXT_MAX + 1];
    unsigned from;         /* year * 100 + month */
    uint8_t over, formula, over_time; /* enum achieve_over_units; achieve_formula, achieve_over_time; 0: none is said */
};
struct query_standards; /* immutable */
/* One statement of the centre (MEASURE_STANDARD_*; others pass by); *s may be NULL and is made when it is needed. ST_NO_MEMORY. */
int query_standards_state(struct query_standards **s, unsigned measure, struct slice key, struct slice text);
void query_standards_free(struct query_standards **s);
/* The version that holds at the month `at` (query_rule_month); NULL: this is no shared indicator then. s may be NULL. */
const struct query_standard *query_standards_find(const struct query_standards *s, struct slice id, unsigned at);
bool query_standards_any(const struct query_standards *s, struct slice id); /* at any time */

#endif
