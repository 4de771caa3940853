/* query_rows.h - cells or one office's derived rows, gathered into one row a node. Kind: P. Used by the query_*.c files only. */
#ifndef REKAP_QUERY_ROWS_H
#define REKAP_QUERY_ROWS_H

#include "aggregator/query_parse.h"

struct figure_row {          /* one node at one cut-off */
    struct derived_key node; /* derived and source are 0 */
    i128 budget, murni, realised, cash_plan, control_budget, control_realised, findings;
    i128 other_realised, other_budget; /* of sources beside the default (bud; renja, ..) */
    i128 plan[2];                      /* yearly ceilings of renstra, rpjmd: what is counted of them */
    i128 plan_control[2];              /* the same as stated above the leaves */
    bool has_plan[2], has_plan_control[2];
    bool has_budget, has_realised, has_control_budget, has_control_realised, has_other_realised, has_other_budget;
    i128 cash_plan_year, realised_year;    /* at the end of the year */
    i128 open, budget_reported;            /* what the realisation may still grow by; the budget of what is reported */
    i128 physical, physical_budget;        /* budget * percent (1e-6) of lines with physical progress, and their budget */
    bool has_cash_plan, has_physical, bridged; /* bridged: of another list or source, so its bounds are not known */
    int64_t reported_year;                 /* offices that reported the whole year */
    int64_t offices, reported; /* offices with anything below; of these, reported up to the cut-off */
    int64_t bare, assumed, control_offices;
};
typedef int (*query_row_fn)(void *ctx, const struct figure_row *row);
/* Rows of one node kind and level in code order. For an office its unit is derived now. fn: ST_OK or a status that ends the walk.
 */
int query_rows(const struct query_context *q, const struct query_scope *s, enum node_kind kind, unsigned level, query_row_fn fn,
               void *ctx);
/* One node; all zero when there is none. */
int query_rows_one(const struct query_context *q, const struct query_scope *s, const struct derived_key *node, unsigned level,
                   struct figure_row *ret);

/* "complete" {"offices","of"}: offices that have reported up to the cut-off, of those given; and "coverage" {"budget_share","low",
 * "high"}: the share of the budget that has, and between what the realisation can still end at this cut-off (docs/RATIONALE.md
 * "What a sum can still become"); null where no budget says. */
void query_rows_complete(const struct figure_row *f, int64_t of, json_t *o);

/* Printed percentages of the offices of a city, or of one office: what they print for a node, when exactly one prints it. */
struct query_printed;
int query_printed_load(const struct query_context *q, const struct query_scope *s,
                       struct query_printed **ret); /* empty above city level */
void query_printed_free(struct query_printed **p);
bool query_printed_text(const struct query_printed *p, uint64_t activity, uint64_t account, int until, char ret[32]);
/* What an office itself calls a code (nomenklatur it pushed); NULL when none of the loaded offices names it. ret lives as long as
 * p. */
bool query_printed_name(const struct query_printed *p, uint64_t activity, char *ret, size_t size);

#endif
