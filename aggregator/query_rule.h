/* query_rule.h - the rules a question is answered by: the registry's lists with what the centre states put over them. Kind: P. */
#ifndef REKAP_QUERY_RULE_H
#define REKAP_QUERY_RULE_H

#include "aggregator/copied.h"
#include "aggregator/query_indicator.h"
#include "aggregator/size.h"

/* Asks fn in the context q with the centre's rules as of q->past over the lists of q. Where p->rules names a month (2023-01), every
 * period is judged by what held then, instead of by what held at its own end. Errors as fn. */
int query_rule_ask(query_fn fn, const struct query_context *q, const struct query_params *p, json_t **ret,
                   struct query_problem *problem);
/* The month whose rules judge the period that ends there. */
unsigned query_rule_month(const struct query_context *q, int year, unsigned until);
struct threshold query_rule_threshold(const struct query_context *q, enum setting s, const struct office *o, int year,
                                      unsigned until);
/* Of the office that is asked for, else of the region. */
struct threshold query_rule_scope(const struct query_context *q, const struct query_scope *s, enum setting which, int year,
                                  unsigned until);
struct size_rule query_rule_size(const struct query_context *q, const struct office *o, int year, unsigned until);
struct copied_rule query_rule_copied(const struct query_context *q, const struct office *o, int year, unsigned until);
/* `thresholds` of a finding: by which settings, values and versions it was judged: "lonjakan-kali=10@bawaan". */
void query_rule_name(const struct query_context *q, const struct office *o, int year, unsigned until, const enum setting *s,
                     size_t n, json_t *finding);
/* The scale that holds in a region, else the default one, in its version. */
const struct achieve_scale *query_rule_scale(const struct query_context *q, region_code region, int year, unsigned until);
/* "awal" (always), "2023-01"; ret holds 16. */
void query_rule_version(unsigned from, char ret[16]);
/* Every office of role centre that has ever stated anything: fn with its number, until one is not ST_OK. */
int query_rule_centre(const struct query_context *q, int (*fn)(void *ctx, uint32_t office), void *ctx);
/* Their timeless statements: fn for each text row about no line, until one is not ST_OK. */
typedef int (*query_rule_fn)(void *ctx, unsigned measure, struct slice key, struct slice text);
int query_rule_of_year(const struct query_context *q, int year, query_rule_fn fn,
                       void *ctx); /* the same of one year (0: timeless) */
int query_rule_each(const struct query_context *q, query_rule_fn fn, void *ctx);

/* query_rule_indicator.c: an indicator as rules name it. */
struct query_rule_who {
    struct slice id;
    char folded[2][THRESHOLD_INDICATOR_MAX + 1]; /* its identity and its other name; "": none, or too long to be named by a rule */
};
void query_rule_who_is(const struct query_context *q, const struct indicator *it, struct query_rule_who *ret);
/* At the month `at`, of an office or (office "") of a region. */
void query_rule_indicator(const struct query_context *q, const struct query_rule_who *who, region_code region, const char *office,
                          unsigned at, struct indicator_rules *ret);
void query_rule_indicators(const struct query_context *q, struct query_indicators *o); /* of all in o->v */
/* Into a row: formula_by, formula_version, formula_declared, over_time and whose, rounding, scale, scale_version, scale_set; of
 * formula SCALE predicates and their version. */
void query_rule_put(const struct query_indicators *o, const struct indicator *it, const struct indicator_state *st, json_t *row);
/* "2023-01", "awal"; "kantor" where the office itself says it, "bawaan" where nobody does. */
json_t *query_rule_said(enum indicator_by by, const struct indicator_rule *r);
/* "setengah/2@bawaan" */
json_t *query_rule_rounding(struct achieve_rounding r, const struct threshold *t);

#endif
