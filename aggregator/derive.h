/* derive.h - from the slots of one office and year to what they add to every node of the tree. Kind: P, a pure function.
 *
 * This is where every counting rule lives, once (domain.md 3-4, intake.md 4). line.h says what a line, its series, its budget
 * in force, a counted line and a control total are; claim.h what is provably wrong. Here they are summed:
 *
 *  Totals: NODE_TOTAL node 0 = activities + account-only lines; node 1 = activities alone, node 2 = account-only lines alone.
 *  Activity nodes: every stated line and every ancestor of it, at every level.
 *  Account nodes (`rekening`): per counted line and channel, each prefix of each of its account rows (of an account-only line:
 *        its own rows too); value = row of that prefix in that line if reported, else the sum of the prefixes one segment
 *        longer. Flows: as they are. Budgets: the candidates of line.h are formed once for the line, over the (shallow) account
 *        rows of the line alone (of an account-only line: over all its rows); at each month a prefix has its value in the stage
 *        then in
 *        force (0 when it has none there); it exists when it has a row in such a stage at some month. `total` has no account nodes.
 *  Account lines (`daun`): each account-only line of two segments (5.1), as it is counted: what NODE_TOTAL node 2 is the sum of but
 *        for one-segment accounts without lines below (tanpa-rincian), which have none. Lines below an activity never add to it.
 *
 *  BUDGET, BUDGET_MURNI, REALISED, CASH_PLAN   sums over the counted lines at or below the node. lines, bare, assumed count
 *        these lines (account nodes: lines that have the prefix; bare 0; assumed when the account rows' stages were stretched).
 *        offices: REALISED and CASH_PLAN: month <= greatest last reported month of these lines (of an account row or prefix: of
 *        the rows at or below it); budgets: all 12. MURNI only of lines that have the stage (murni, else none); assumed 0.
 *  CONTROL_BUDGET, CONTROL_REALISED   control totals as stated, only at the node stated (`total`: NODE_TOTAL node 0; 5:
 *  NODE_ACCOUNT),
 *        never summed upwards in one unit. offices: realised: month <= last reported; budget: months with a value in force
 *        (absent from a complete stage = no control total then, value 0). lines, bare, assumed 0.
 *  PRESENCE   offices[] only, source 0: month <= L, L = 12 when any budget of a line at or below is stated, else the greatest last
 *        reported month of realised there; control totals included (`total`: at node 0), any source. Account nodes: from
 *        the lines and prefixes that make them; account lines: of the line. lines 0.
 *  FINDINGS   value[m] = claims with from <= m+1 <= to of lines at or below, source 0. Claims of `total`: node 0 only; of
 *        account-only lines: NODE_ACCOUNT of the line's code and its prefix, its NODE_ACCOUNT_LINE, totals 2 and 0. No offices, no
 *        lines.
 *  OPEN, REPORTED, PHYSICAL, PHYSICAL_BUDGET   source dpa: sums over the counted budget lines; not at account nodes.
 * A row that is zero throughout is not there. */
#ifndef REKAP_DERIVE_H
#define REKAP_DERIVE_H

#include "claim.h"

enum node_kind { NODE_TOTAL = 0, NODE_ACTIVITY = 1, NODE_ACCOUNT = 2, NODE_ACCOUNT_LINE = 3 };
enum derived {                          /* what a cell holds; numbers are in keys */
    DERIVED_BUDGET = 1,                 /* in force; sen */
    DERIVED_BUDGET_MURNI = 2,
    DERIVED_REALISED = 3,
    DERIVED_CASH_PLAN = 4,
    /* control totals as stated, in force; only at the node that was stated; offices counts who stated it */
    DERIVED_CONTROL_BUDGET = 8,
    DERIVED_CONTROL_REALISED = 9,
    DERIVED_PRESENCE = 16,              /* offices[] only: offices that stated budget or realised anywhere below; source 0 */
    DERIVED_FINDINGS = 17,              /* value[m] = findings in the subtree as of the end of month m+1; source 0 */
    /* of the counted budget lines (dpa) at or below, not of account nodes: sums of struct line_open (line.h); no offices, lines */
    DERIVED_OPEN = 18,                  /* how much the realisation may still grow where it is not reported */
    DERIVED_REPORTED = 19,              /* the budget whose realisation is reported */
    DERIVED_PHYSICAL = 20,              /* budget * percent (1e-6) of lines with physical progress */
    DERIVED_PHYSICAL_BUDGET = 21,       /* and their budget */
};
struct derived_key { uint64_t node; uint8_t node_kind, derived, source; };
struct derived_row {
    struct derived_key key;
    i128 value[12];
    /* [m] = 1 when this office's last reported month below the node is >= m+1 (budgets: all 12) */
    int32_t offices[12];
    int32_t lines;                      /* counted lines below */
    int32_t bare;                       /* of these, tanpa-rincian */
    int32_t assumed;                    /* of these, budget lines whose first known stage was stretched back to month 1 */
};
struct derive_work;                     /* memory kept between units */
struct derived_set { struct derived_row *row; uint32_t count, cap; struct derive_work *work; uint8_t last_realised;
                     /* greatest last reported month of realised; 0 none */ };
void derive_init(struct derived_set *d);
void derive_done(struct derived_set *d);
/* Fills d (cleared first) from u, which is sorted by it. Rows in key order (node_kind, node, derived, source), no all-zero rows.
 * ST_NO_MEMORY. The unit of year 0 (names) derives to nothing. */
int derive_unit(struct unit *u, struct derived_set *d);
const struct derived_row *derive_find(const struct derived_set *d, const struct derived_key *k);  /* NULL */

#endif
