/* query_figure.h - one figure that is asked about by its address: what it is, its value, what it is made of. Kind: P. Used by the
 * query_*.c files only. */
#ifndef REKAP_QUERY_FIGURE_H
#define REKAP_QUERY_FIGURE_H

#include "aggregator/query_indicator.h"
#include "aggregator/query_rows.h"
#include "proto/address.h"

struct query_figure { /* an address, looked up */
    struct address a;
    struct query_scope s;
    struct derived_key node; /* of money; derived and source 0 */
    unsigned level;          /* of the node */
    bool value_only;         /* of what is not money: nothing but `value` is wanted (history) */
    uint32_t rows_from;      /* how many of its rows are passed over (explain --from) */
};
/* p->figure, and until, stage, level, vintage beside it. ST_INVALID with the problem: no address, or an unknown region or office.
 */
int query_figure_open(const struct query_context *q, const struct query_params *p, struct query_figure *ret,
                      struct query_problem *problem);
/* The figure's row; all zero when nothing is stated. */
int query_figure_row(const struct query_context *q, const struct query_figure *f, struct figure_row *ret);
/* The value a row has under the figure's measure, as text; null when it has none. */
json_t *query_figure_value(const struct query_figure *f, const struct figure_row *row);
json_t *query_figure_money(i128 sen);
json_t *query_figure_percent(i128 num, i128 den);        /* two decimals; null when den is 0 or it does not fit */
json_t *query_figure_code(const struct query_figure *f); /* dotted, or total.. */
json_t *query_figure_name(const struct query_context *q, const struct query_figure *f);
/* The address of another node (of the same scope, year, cut-off), as text. */
json_t *query_figure_address(const struct query_context *q, const struct address *a);
/* Address of a row of a rollup: its realisation. */
json_t *query_figure_of_row(const struct query_context *q, const struct query_scope *s, const struct derived_key *node);
struct address query_figure_at(const struct query_scope *s, const struct derived_key *node, enum address_measure measure);
/* {"budget","realised","absorption"} of a row, and "plan": the budget of that source where it is not 0. */
json_t *query_figure_of_rows(const struct query_context *q, const struct query_scope *s, const struct derived_key *node,
                             unsigned plan);
json_t *query_figure_of_indicator(const struct query_context *q, const struct query_scope *s, const char *office,
                                  const struct indicator *it, enum address_measure measure);
/* {"target","reached","achievement","rating"} of an indicator, and "plan": the target of that source where it is not 0. */
json_t *query_figure_of_indicators(const struct query_context *q, const struct query_scope *s, const char *office,
                                   const struct indicator *it, unsigned plan);
/* `figure` and `figures` of an indicator that the offices of a region share (query_shared.h) into o: the region, code total. */
void query_figure_of_shared(const struct query_context *q, const struct query_scope *s, const char *id, json_t *o);
/* The mean of the indicators below a node, 0: of all. */
json_t *query_figure_of_mean(const struct query_context *q, const struct query_scope *s, activity_code node, unsigned cap);
/* region or office, year, until, measure, code, name of it into an answer, with as_of and the register's version. */
int query_figure_head(const struct query_context *q, const struct query_figure *f, json_t *answer);

/* query_figure_slot.c: parts of answers; the statement behind a provenance; a row of the unit with its twelve slots. */
const char *query_text_of(const json_t *o, const char *key);    /* borrowed; "" where it is no text */
json_t *query_words(struct slice s);     /* null when empty */
json_t *query_time(struct wall w);       /* null when it is not known (0) */
int query_figure_statement(const struct query_context *q, provenance prov, json_t **ret);
json_t *query_figure_slot_value(const struct unit *u, const struct slot *s, unsigned measure);
const char *query_figure_kind(unsigned kind);
/* Into the answer: `rows`, at most QUERY_ROWS_SHOWN of them from number f->rows_from on; and `rows_more`: null, or how many were
 * shown of how many, and from which number to ask on. */
enum { QUERY_ROWS_SHOWN = 64 };
int query_figure_rows(const struct query_context *q, const struct query_figure *f, struct unit *u, const struct leaf *const *rows,
                      size_t n, json_t *answer);

/* query_explain_indicator.c */
int query_explain_indicator(const struct query_context *q, const struct query_figure *f, json_t *answer);
/* The indicator of the address in an opened office-year; NULL. */
const struct indicator *query_explain_find(const struct query_context *q, const struct query_figure *f,
                                           const struct query_indicators *o);

#endif
