/* query_indicator.h - indicators in answers: one office-year opened, its values as text. Kind: P. Used by the query_*.c files only.
 */
#ifndef REKAP_QUERY_INDICATOR_H
#define REKAP_QUERY_INDICATOR_H

#include "aggregator/indicator_claim.h"
#include "aggregator/query_parse.h"

struct query_indicators { /* one office and year, loaded */
    const struct office *office;
    uint32_t id;
    int year;
    struct unit u;
    struct indicators v;
    struct indicator_scale scale;
    unsigned at;                        /* year * 100 + month whose rules judge it */
};
/* until: the month whose end is looked at (0: the year's), for the rules that hold then.
 * ST_OK also when the office stated nothing (v.count 0). Done with query_indicators_close in either case. */
int query_indicators_open(const struct query_context *q, const struct office *o, int year, unsigned until,
                          struct query_indicators *ret);
void query_indicators_close(struct query_indicators *o);
/* region, region_name, office, year, until of the scope into an answer. */
void query_indicators_head(const struct query_context *q, const struct query_scope *s, json_t *answer);
bool query_indicators_inside(const struct query_scope *s, const struct office *o);
/* Dotted code of an indicator's line: activity, account, or total. */
void query_indicators_code(const struct indicator *it, char ret[32]);
int query_indicators_identity(const struct query_context *q, const struct indicator *it, struct slice *ret);
/* Is it the one that is asked for: by id, or by a name it is known by (another name of it too) however spelled? asked.n <=
 * TEXT_MAX. */
bool query_indicators_named(const struct query_context *q, const struct indicator *it, struct slice asked);
/* The name as printed, else the identity. */
json_t *query_indicators_name(const struct query_context *q, const struct query_indicators *o, const struct indicator *it);
/* "88.4", the words, or null */
json_t *query_indicators_value(const struct achieve_value *v);
json_t *query_indicators_percent(const struct achieve_result *r); /* "99.91" or null */
json_t *query_indicators_share(struct ratio r);                   /* a ratio as a percentage of two decimals */

/* query_indicator_find.c: adds the findings of one office-year to a list. kind: only this one, or empty. */
struct query_finding_ask {
    const struct query_context *q;
    const struct query_scope *s;
    struct slice kind;
    json_t *list;
};
int query_indicators_findings(const struct query_finding_ask *ask, const struct office *o, int year);
/* query_indicator_trend.c: one indicator over years; the answer of `trend` when an indicator is asked for. */
int query_indicators_trend(const struct query_context *q, const struct query_params *p, json_t **ret,
                           struct query_problem *problem);

/* query_indicator_group.c: means over the indicators below a node. */
struct query_groups;
int query_groups_new(unsigned cap, struct achieve_rounding rounding, struct query_groups **ret);
void query_groups_free(struct query_groups **g);
/* One more indicator, and the scale it is rated by (lives as long as g): a mean is rated when all of its indicators have the same
 * one. */
int query_groups_add(struct query_groups *g, activity_code line, const struct achieve_result *r, int64_t weight,
                     const struct achieve_scale *scale);
int query_groups_json(const struct query_context *q, const struct query_scope *s, struct query_groups *g, json_t **ret_rows,
                      json_t **ret_total);

#endif
