/* naive_part.h - what the files of the naive rollup share. Private.
 *
 * A `row` is twelve months of one key as they stand at the end; a unit is the rows of one (office, year). Months are
 * 1..12 everywhere, element 0 of an array of 13 is not used. Memory is plain arrays that grow; running out of it is asserted. */
#ifndef REKAP_TESTS_NAIVE_PART_H
#define REKAP_TESTS_NAIVE_PART_H

#include "naive.h"
#include "proto/codec.h"

enum { NAIVE_MONTHS = 13, NAIVE_NO_STAGE = -1 };

struct naive_slot { unsigned kind, basis, decimals; bool reason; int64_t value; provenance prov; struct slice text; };
struct naive_row {
    struct slice office, indicator;
    unsigned year, measure, source, stage;
    activity_code activity;
    account_code account;
    struct naive_slot slot[NAIVE_MONTHS];
};
struct naive_unit { const struct naive_row *row; size_t rows; };

struct naive_line { activity_code activity; account_code account; };    /* account only of an account-only line */
struct naive_series { bool there; i128 at[NAIVE_MONTHS]; bool reported[NAIVE_MONTHS]; unsigned first, last; };
struct naive_pick {                     /* the budget in force, month by month */
    bool any;                           /* the line has a stage of its own */
    bool own[NAIVE_MONTHS]; /* a stage of the line is in force (else 0: absent from a complete stage, or none has begun) */
    int stage[NAIVE_MONTHS];            /* NAIVE_NO_STAGE: none has begun */
    unsigned at[NAIVE_MONTHS];          /* the month whose value counts: the month itself, or the start of a stretched stage */
    i128 value[NAIVE_MONTHS];
    bool assumed;
    int murni;                          /* the stage that is murni; NAIVE_NO_STAGE */
    struct naive_series first;          /* its series */
};
struct naive_item {                     /* a line in a channel (measure, source) in which it is stated */
    struct naive_line line;
    unsigned measure, source;
    bool counted, bare;
    struct naive_pick pick;             /* of budgets */
    struct naive_series series;         /* of flows */
    i128 value[NAIVE_MONTHS];           /* either way */
};
struct naive_view {                     /* one unit, its lines and items */
    struct naive_unit u;
    struct naive_line *line; size_t lines;
    struct naive_item *item; size_t items;
    unsigned *found;                    /* claims by line and month: found[line * NAIVE_MONTHS + month] */
};

/* Room for one more element of an array whose count is a power of two or zero when it must grow. */
void *naive_more(void *array, size_t count, size_t size);
#define NAIVE_ADD(array, count) ((array) = naive_more((array), (count), sizeof *(array)), &(array)[(count)++])

/* ---- naive_line.c ---- */
bool naive_is_reported(const struct naive_row *r);
/* Of the line itself: no name, marker, copy from another table, end of a plan. */
bool naive_own_measure(const struct naive_row *r);
void naive_row_series(const struct naive_row *r, struct naive_series *ret);
struct naive_line naive_line_of(const struct naive_row *r);
bool naive_same_line(struct naive_line a, struct naive_line b);
bool naive_line_below(struct naive_line above, struct naive_line l);
bool naive_account_within(account_code prefix, account_code account);   /* equal or below; everything is within 0 */
const struct naive_row *naive_find(struct naive_unit u, struct naive_line l, account_code account, unsigned measure,
                                   unsigned source, unsigned stage);
/* The rows with an account at or below prefix (0: all) that have no reported row above them there, added up. */
void naive_shallow(struct naive_unit u, struct naive_line l, account_code prefix, unsigned measure, unsigned source, unsigned stage,
                   struct naive_series *ret);
/* Greatest last reported month of all rows with an account at or below prefix; 0 none. */
unsigned naive_last(struct naive_unit u, struct naive_line l, account_code prefix, unsigned measure, unsigned source,
                    unsigned stage);
void naive_pick(struct naive_unit u, struct naive_line l, unsigned source, bool accounts_only, struct naive_pick *ret);
void naive_view(struct naive_unit u, struct naive_view *ret);
void naive_view_done(struct naive_view *v);
const struct naive_item *naive_item_of(const struct naive_view *v, struct naive_line l, unsigned measure,
                                       unsigned source); /* NULL: not stated */
unsigned naive_last_realised(struct naive_unit u);      /* greatest last reported month of realised of its lines; 0 none */

/* ---- naive_claim.c ---- */
void naive_claims(struct naive_view *v);        /* fills v->found */

/* ---- naive_cell.c ---- */
struct naive_cells;
struct naive_cells *naive_cells_new(void);
void naive_cells_unit(struct naive_cells *c, region_code region, unsigned year, struct naive_unit u);
void naive_cells_put(struct naive_cells *c, struct buf *out);
void naive_cells_free(struct naive_cells *c);

#endif
