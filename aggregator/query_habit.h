/* query_habit.h - silence against an office's own habit, in answers. Kind: P. Used by the query_*.c files only. */
#ifndef REKAP_QUERY_HABIT_H
#define REKAP_QUERY_HABIT_H

#include "aggregator/query_parse.h"

/* Offices whose statements are looked through for one answer; above that silence is not told. */
enum { QUERY_HABIT_OFFICES = 200 };
/* Active offices of the scope (role office) when silence can be told of it: about now, and not too many. False: it cannot. */
bool query_habit_told(const struct query_context *q, const struct query_scope *s);
/* {"day","months","tolerance","next","late","silent"}, or null while no habit is known. */
int query_habit_office(const struct query_context *q, const struct office *o, json_t **ret, bool *ret_silent);
/* How many offices of the scope are silent. */
int query_habit_count(const struct query_context *q, const struct query_scope *s, int64_t *ret);

#endif
