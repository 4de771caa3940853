/* query_beside.h - what stands beside an office's figures in answers: second prints, outputs, plans, parts, explanations. Kind: P.
 * Used by the query_*.c files only. */
#ifndef REKAP_QUERY_BESIDE_H
#define REKAP_QUERY_BESIDE_H

#include "aggregator/query_indicator.h"

/* Adds the findings of compare.h and output.h of one office-year to the list, and of indicators whose parts say something else. */
int query_beside_findings(const struct query_finding_ask *ask, const struct office *office, int year);
/* query_name.c: names of codes living in this year (u) that are unlike the official ones. */
int query_name_findings(const struct query_finding_ask *ask, const struct office *office, uint32_t id, int year,
                        const struct unit *u);
/* What the office explains of this code up to the cut-off: who, in which words, by which statement; *ret NULL: nothing, else the
 * caller's. The store's errors: a damaged statement is refused, never left out. */
int query_beside_explanation(const struct query_context *q, const struct office *office, const struct unit *u, const char *code,
                             int until, json_t **ret);
/* Findings of the list from number `first` on, all of this office-year, that a note of u explains up to the cut-off: state
 * `explained`, and the explanation. Errors as above. */
int query_beside_explain(const struct query_context *q, const struct office *office, struct unit *u, int until, json_t *list,
                         size_t first);

/* query_plan.c: plan and parts of the indicators of one office-year. */
struct query_plan {
    const struct query_indicators *o;
    struct unit timeless, start, last;  /* year 0; the plan's first and last year (empty: no plan speaks of this year) */
    struct query_indicators *past;      /* the plan's years before this one, read when they are needed */
    unsigned pasts;
    uint8_t source;                     /* renstra before rpjmd; SOURCE_NONE: no plan */
    char period[16];                    /* "2021-2026" */
    uint32_t base;                      /* number + 1 of the one indicator with a denominator; 0: none or several */
};
int query_plan_open(const struct query_context *q, const struct query_indicators *o, struct query_plan *ret);
void query_plan_close(struct query_plan *p);
/* "plan" {source, period, target, achievement, end, end_achievement, reached, before, so_far, so_far_achievement}, "components"
 * {list, sum, base, value} into a row. */
int query_plan_row(const struct query_context *q, struct query_plan *p, const struct indicator *it,
                   const struct indicator_state *st, unsigned until, json_t *row);
/* query_plan_past.c: what it came to in the plan's years before this one, and with this one up to the cut-off. ABSENT: nothing
 * was reported, or in units that do not convert. Texts point into p and st. */
struct query_plan_past { struct achieve_value before, so_far; };
int query_plan_past(const struct query_context *q, struct query_plan *p, const struct indicator *it,
                    const struct indicator_state *st, struct query_plan_past *ret);
void query_plan_past_close(struct query_plan *p);
/* What the parts of an indicator add up to: of the base, as a share of 1, where one is stated. False: no parts. */
bool query_plan_parts(const struct query_context *q, const struct query_plan *p, const struct indicator *it, unsigned until,
                      struct ratio *ret, json_t *ret_list);

/* query_size.c: sizes against earlier years, and copies within the office (u: the year asked for). */
int query_size_findings(const struct query_finding_ask *ask, const struct office *office, uint32_t id, int year, struct unit *u);
/* Copies between offices: units are added as they are read, with those of the same region that are not listed themselves. */
struct query_copies;
int query_copies_new(struct query_copies **ret);
void query_copies_free(struct query_copies **c);
int query_copies_add(struct query_copies *c, const struct office *office, struct unit *u, unsigned until);
int query_copies_findings(const struct query_finding_ask *ask, struct query_copies *c);        /* of the offices asked about */
/* query_part_find.c: findings about the parts of indicators, and of the plan. */
int query_part_findings(const struct query_finding_ask *ask, const struct query_indicators *o);
/* query_plan_find.c: findings within the plan this year belongs to. */
int query_plan_findings(const struct query_finding_ask *ask, const struct query_indicators *o, const struct query_plan *plan);

#endif
