/* query_finding.h - building the findings that `findings` lists. Kind: P. Used by the query_*.c files only.
 *
 * Each rule has its own file; it asks here for a finding and fills in what it proves. Money as sen, percentages as 1e-6. */
#ifndef REKAP_QUERY_FINDING_H
#define REKAP_QUERY_FINDING_H

#include "aggregator/query_indicator.h"
#include "proto/decimal.h"

/* Every finding of the scope (its year, or all years), in the order of offices. kind: only this one, or empty. */
int query_finding_list(const struct query_context *q, const struct query_scope *s, struct slice kind, json_t *list);
/* Of one office, without those that only stand between offices. */
int query_finding_office(const struct query_context *q, const struct query_scope *s, struct slice kind, const struct office *o,
                         json_t *list);
/* The years an office has anything in, after `year`; ST_NOT_FOUND when there is none. */
int query_finding_next_year(const struct query_context *q, uint32_t id, int year, int *ret);
/* query_finding_past.c: those of the scope that do not stand any more, each with the statement that brought it (`found`) and the
 * one that ended it (`corrected`). ST_FULL: too many statements for one question; ST_NOT_FOUND: the state keeps no commit times. */
int query_finding_corrected(const struct query_context *q, const struct query_scope *s, struct slice kind, json_t *list);
/* Counts every finding of the scope into the members `findings` of a rollup's rows (each those at or below its code) and of its
 * total (all of them), so that they are what a list of findings shows; *ret_all says so. Over more than QUERY_COUNT_OFFICES
 * offices only what the fold counts stands (claims about money, claim.h): rules over years, names and plans cost a millisecond an
 * office. */
enum { QUERY_COUNT_OFFICES = 64 };
int query_finding_count(const struct query_context *q, const struct query_scope *s, json_t *rows, json_t *total, bool *ret_all);
/* query_finding_address.c: the kind and mark of a finding that is worded in Indonesian; `figure` into every finding of a list as
 * query_finding_list(q, s, kind, list) made it (query_finding_address: of some of them, words: the same in Indonesian); that list
 * in Indonesian (itself where it is), which the caller decrefs. */
enum { QUERY_MARK_MAX = 64 };
void query_finding_mark(const json_t *finding, char ret[QUERY_MARK_MAX]);
void query_finding_address(const struct query_context *q, const struct query_scope *s, const json_t *words, json_t *list);
int query_finding_addresses(const struct query_context *q, const struct query_scope *s, struct slice kind, json_t *list);
int query_finding_indonesian(const struct query_context *q, const struct query_scope *s, struct slice kind, json_t *list,
                             json_t **ret);
/* Is this kind asked for, at this code? */
bool query_finding_wanted(const struct query_finding_ask *ask, unsigned code, const char *dotted);
/* An open finding without figures; NULL when it is not asked for. */
json_t *query_finding_new(const struct query_finding_ask *ask, const char *office, int year, unsigned code, const char *dotted,
                          const char *where);
int query_finding_add(const struct query_finding_ask *ask, json_t *o);         /* takes o; ST_NO_MEMORY */
void query_finding_money(json_t *o, i128 printed, i128 computed);               /* difference = printed - computed */
/* Against num/den, rounded at the printed number of decimals and at least two; nothing is computed when den is 0. */
void query_finding_percent(json_t *o, int64_t printed, unsigned printed_decimals, i128 num, i128 den);
void query_finding_counts(json_t *o, uint32_t differ, uint32_t of);
void query_finding_text(json_t *o, const char *member, struct slice text);     /* null when empty */

#endif
