/* line.h - the lines of one office-year and their series: own rows and account rows made one (intake.md 4). Kind: P.
 *
 * A line is an activity, `total`, or an account-only line: the rows without activity whose account has the same first two
 * segments (5.1), or the one-segment account itself (5). Its own rows carry exactly that code; the others are its account rows.
 *
 * Which rows count: no indicator, measure budget, realised or cash plan, at least one reported slot; flows (realised, cash
 * plan) in stage none only.
 *
 * For one measure, source and stage a line's series is its own row when that row is reported, else the sum of its account
 * rows that have no reported proper ancestor account within the line ("shallow wins": 5.1.02 counts, 5.1.02.01 under it is
 * detail). A line is `stated` in a channel (measure, source) when any such series exists in any stage.
 *
 * Budget of a line, per source. Candidates: each stage of the line with start = its first reported month; each complete stage
 * of that source (any reported slot of MEASURE_COMPLETE; start = first reported month) in which the line has nothing, value 0.
 * At month m: the candidate with the greatest (start, stage number) among those with start <= m, at its value carried to m. When
 * none has started by m: the candidate with the least (start, stage number); if it is a stage of the line, its value at its
 * own start (the line is then `assumed`), else 0. Murni: the stage murni, else stage none, from month 1 (the value at its
 * start for earlier months).
 *
 * Counted: a stated line without a line below it that is stated in the same channel; `bare` (tanpa-rincian) when it is above
 * the leaf level of its vintage, or a one-segment account. Every other stated line, and `total` always, is a control total. */
#ifndef REKAP_LINE_H
#define REKAP_LINE_H

#include "proto/unit.h"

struct series {
    i128 value[12];             /* state at the end of month m+1: cumulative for flows, value in force for budget stages */
    uint16_t reported;          /* bit m: month m+1 has a reported slot */
    uint16_t falls;             /* bit m: cumulative slot below the state before it, without a reason (single rows only) */
    uint8_t first, last;        /* first and last reported month 1..12; 0 = nothing reported */
};
/* Series of one row: flows (realised, cash plan) by unit_cumulate; budget rows carry the last reported slot forward (0 before
 * the first). A row that is not reported gives zeros and first = last = 0. */
void line_row_series(const struct leaf *row, struct series *ret);
bool line_row_reported(const struct leaf *row);         /* any NUMBER or NIL slot */
void line_series_add(struct series *to, const struct series *s);       /* sum; months united; s is reported */

enum { LINE_COUNTED = 1, LINE_BARE = 2, LINE_ASSUMED = 4, LINE_MURNI = 8 };
struct line_item {              /* one line in one channel */
    uint16_t measure;
    uint8_t source, flags;
    uint16_t stated;            /* budgets: months at which a value is in force (not: absent from a complete stage, or not begun) */
    uint32_t series;            /* of lines.series; budgets: in force, and the murni series follows when LINE_MURNI */
    uint16_t stage[12];         /* budgets: the stage in force, as in line_pick */
};
struct line {
    activity_code activity;     /* 0: account-only; CODE_TOTAL */
    account_code account;       /* of an account-only line: its one or two segments; else 0 */
    uint32_t row, rows, own;    /* rows of the unit; the first `own` are own rows */
    uint32_t item, items;       /* ordered by measure, source; none when only other measures are stated */
};
struct line_complete { uint16_t stage; uint8_t source, start; };
struct line_candidate { uint16_t stage; uint8_t start; bool own; uint32_t series; };
enum { LINE_NO_STAGE = 0xffff };
struct line_pick {              /* budget in force at month m+1: value at[m] of series[m] where bit m of `stated`, else 0 */
    uint32_t series[12];
    /* LINE_NO_STAGE: none has begun; a stage without its bit in `stated`: absent from a complete stage */
    uint16_t stage[12];
    uint8_t at[12];
    uint16_t stated;
    bool assumed;
};

struct lines {                  /* the view of one unit; arrays are kept between units */
    const struct unit *unit;
    struct line *line; uint32_t count, cap;             /* in tree order: account-only lines first, activities, `total` last */
    struct line_item *item; uint32_t item_count, item_cap;
    struct series *series; uint32_t series_count, series_cap;
    struct line_complete *complete; uint32_t complete_count, complete_cap;
    struct line_candidate *candidate; uint32_t candidate_count, candidate_cap;
    uint64_t *channel; uint32_t channel_count, channel_cap;     /* scratch: measure, source, stage of a line with account rows */
    bool budget_dpa;            /* a budget of source dpa is stated somewhere */
    bool printed;               /* a printed percentage stands somewhere */
    bool falls;                 /* a realised own row falls */
    bool physical;              /* physical progress is stated somewhere */
    bool accounts;              /* a line has account rows */
    bool controls;              /* a control total is stated */
    bool failed;
};
void line_view_init(struct lines *v);
void line_view_done(struct lines *v);
/* Fills v from u, which is sorted by it; v points into u. ST_NO_MEMORY. */
int line_view(struct unit *u, struct lines *v);
const struct line_item *line_item_of(const struct lines *v, const struct line *l, unsigned measure, unsigned source);   /* NULL */
/* The same, NULL too when the line is a control total there. */
const struct line_item *line_counted_of(const struct lines *v, const struct line *l, unsigned measure, unsigned source);
/* The line of exactly this code (account: of an account-only line, activity 0); NULL. */
const struct line *line_find(const struct lines *v, activity_code activity, account_code account);
bool line_below(const struct line *ancestor, const struct line *l);     /* proper descendant; everything is below `total` */
/* Budgets in force. Candidates are gathered (begin, then one add a reported stage), then picked: complete stages of `source` in
 * which the line has nothing join. False when there is no candidate of the line itself. */
void line_candidates_begin(struct lines *v);
void line_candidate_add(struct lines *v, unsigned stage, uint32_t series);
bool line_pick(struct lines *v, unsigned source, struct line_pick *ret);
i128 line_pick_value(const struct lines *v, const struct line_pick *p, unsigned m);
/* the line's stage murni, else none; NULL. After line_pick */
const struct line_candidate *line_pick_murni(const struct lines *v);
/* Next row after r (< end) that is of another account; rows of one account are contiguous. */
uint32_t line_account_end(const struct lines *v, uint32_t r, uint32_t end);
/* reported or NULL */
const struct leaf *line_row_of(const struct lines *v, uint32_t first, uint32_t end, unsigned measure, unsigned source,
                               unsigned stage);
struct series *line_series_new(struct lines *v, uint32_t *ret);         /* NULL: failed; moves the pool */
/* Series of a line in one stage of a channel: its own row (if `own`), else its shallow account rows. False: not stated there. */
bool line_stage_series(const struct lines *v, const struct line *l, unsigned measure, unsigned source, unsigned stage, bool own,
                       struct series *ret);
/* How a counted budget line (dpa) stands month by month. A line is reported up to the last month of its realisation (opd, counted):
 * its own; else the least of the lines below it; else that of the one above. After that its realisation may still grow to the
 * budget; in a month without a report before it, to what the next report shows. So it may be anything from what is carried to
 * that:
 *   reported   the budget where the line is reported, else 0
 *   open       how much that is: budget - what is carried of the realisation (own or below; above counts as nothing), at least 0;
 *              or next report - what is carried
 *   physical   budget * percent (1e-6) from the first month physical progress is stated on, and the budget then (domain.md 4) */
struct line_open { i128 open[12], reported[12], physical[12], physical_budget[12]; bool has_physical; };
void line_still_open(const struct lines *v, const struct line *l, const struct line_item *budget, struct line_open *ret);
bool line_row_counts(const struct leaf *row);   /* measure, stage and indicator are of the kind described above */

#endif
