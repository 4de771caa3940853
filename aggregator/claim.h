/* claim.h - what is provably wrong within one office-year (domain.md 7). Kind: P. derive.c counts claims per node; the
 * findings query lists them (claim_unit).
 *
 * Words of line.h: line, own row, stated, counted, control total, channel. opd = SOURCE_OPD, dpa = SOURCE_DPA.
 *
 *  persen (CODE_PERCENT)   a NUMBER slot at month m of a PRINTED_ABSORPTION row (line, account, stage s; any source, detail
 *  included)
 *      whose value is neither the rounded nor the truncated 100*R/B at its decimals (decimal_percent_right). B: row (same code and
 *      account, budget, dpa, stage s) reported at or before m, carried to m; R: row (same, realised, opd, stage none)
 *      reported in month m itself, as cumulated. One of them missing, or B = 0: nothing is proven. Shows from m to 12.
 *  kumulatif-turun (CODE_CUMULATIVE_FALLS)   a realised row (any source, any code, stage none, detail included) with a reported
 *      slot m of cumulative basis whose value is less than the state at the end of month m-1, when something was reported
 *      before m and the slot carries no reason. Shows from m to 12.
 *  one of four, at most one per line and month, shown in the months where it holds (one claim per run of months with one
 *      kind, R and B); R and B of channels realised/opd and budget/dpa, only when any budget/dpa is stated in the unit:
 *      - line counted in R: R its series; B its series if counted in B, else the sum of the lines below counted in B; when there
 *        is none of these and a line above is counted in B: no claim here; when there is none above either, B = 0.
 *      - line counted in B but not in R, with lines below counted in R: R their sum, B its series.
 *      - never `total`. R > 0 only.
 *      tanpa-pagu (CODE_NO_BUDGET)   B <= 0, unless: pagu-dihapus (CODE_BUDGET_REMOVED)   the line itself is counted in B and
 *      absent
 *      from the complete stage in force at m.
 *      melebihi-pagu (CODE_OVER_BUDGET)   R > B > 0, unless: pagu-minus (CODE_BUDGET_BELOW)   the line itself is counted in B, and
 *      the
 *      budget in force at the last earlier month with another stage in force was >= R (R as of m).
 *  induk-rincian (CODE_PARENT_SUM)   of a control total P in budget or realised (any source):
 *      S1 = sum over the nearest lines below P that are stated in the channel; S2 = sum over all lines below P counted in it.
 *      The parts are incomplete at m when a nearest stated line has not reported up to m (realised: last reported month < m;
 *      budget: no value in force at m), or when a line below P with anything reported (any measure and source but names and
 *      markers, account rows included) has neither a stated line above it (below P), nor itself a statement, nor any line
 *      below it. Complete: proven when P != S1 and P != S2 (a parent that took a wrong child as it was reported, or that is the
 *      sum of the leaves, is not at fault itself: named once, at the lowest level). Incomplete: proven when S1 > P and S2 > P;
 *      else, unless P is one of the two, it is belum-lengkap (CODE_INCOMPLETE): the parts do not reach their parent yet.
 *      Without any part nothing is said.
 *      realised: judged at each month m reported by P, shows until the month before P's next report (else 12).
 *      budget: judged at every month at which P has a value in force; one claim per run of months with equal P and S1 (and kind).
 *      Below `total`: all lines but that an urusan (or a one-segment account) with lines below is not a nearest stated line.
 *      Below an activity: activities of its tree; below a one-segment account: the two-segment lines of it.
 *  induk-rincian of accounts   within a line: P a reported own row or account row, S1 the nearest reported account rows below it,
 *  in the
 *      same measure (budget, realised), source and stage. Incomplete as above, over account rows with anything reported.
 *      Proven at m: P != S1, or incomplete and S1 > P. realised: as above. budget: at the months where P's stage is in force
 *      for the line and P has begun (S1 before its rows begin is 0).
 * A claim counts (DERIVED_FINDINGS) at its line, the nodes above it and the totals, once, whatever its account. */
#ifndef REKAP_CLAIM_H
#define REKAP_CLAIM_H

#include "line.h"

struct claim {                          /* one finding */
    unsigned code;                      /* CODE_PERCENT, CODE_PARENT_SUM, ... */
    activity_code activity; account_code account;
    uint16_t measure, stage; uint8_t source;
    uint8_t from, to;                   /* shows at cut-offs from..to (months 1..12) */
    uint8_t month;                      /* the month it is about */
    uint8_t decimals;                   /* of a printed percentage */
    /* sen; for persen: percent * 1e6 printed, and the pair below; falls: the slot and the state before */
    i128 printed, computed;
    i128 num, den;                      /* the pair of a percentage */
    provenance prov;                    /* the statement that carries the printed value; 0 when it is a sum of several */
    uint32_t line;                      /* number of its line in the view */
};
struct claims { struct claim *c; uint32_t count, cap; bool failed; };
void claim_init(struct claims *c);
void claim_done(struct claims *c);
int claim_view(const struct lines *v, struct claims *ret);      /* cleared first; ST_NO_MEMORY */
/* All claims of a unit (sorted by it), ordered by line and then as found. ST_NO_MEMORY. */
int claim_unit(struct unit *u, struct claims *ret);
/* zeroed but for code and line's codes; NULL: failed */
struct claim *claim_add(struct claims *ret, const struct lines *v, uint32_t line, unsigned code);
void claim_parents(const struct lines *v, struct claims *ret);  /* claim_parent.c: induk-rincian */
provenance claim_prov(const struct leaf *row, unsigned month);  /* of the newest reported slot up to `month`; 0 */

#endif
