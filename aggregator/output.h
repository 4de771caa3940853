/* output.h - money beside outputs, and this year's results beside last year's. Kind: P, a function of one office's units.
 *
 * Of lines at the leaf level of their vintage, with the indicators the office itself has on them (not those of a plan alone):
 *  uang-tanpa-keluaran (CODE_MONEY_NO_OUTPUT)   money realised (opd) up to the cut-off, an indicator with a target, and no result
 *      of any of its indicators that is an output: missing, zero, or words that say it was cancelled ("recofusing"). Only when the
 *      office has stated results at all by then.
 *  keluaran-tanpa-uang (CODE_OUTPUT_NO_MONEY)   a result that is an output, neither budget (dpa) nor realised (opd) for the line,
 *      below it or counted above it; only when the office has stated money at all.
 *  sama-dengan-tahun-lalu (CODE_SAME_AS_LAST_YEAR)   of the results that the same indicator (line and identity) has in both years,
 *      how many are equal: one finding an office and year, from OUTPUT_SAME_MIN results on when at least half are. */
#ifndef REKAP_OUTPUT_H
#define REKAP_OUTPUT_H

#include "indicator.h"
#include "line.h"

enum { OUTPUT_SAME_MIN = 5 };
struct output_claim {
    unsigned code;
    activity_code activity;
    i128 money;                         /* of uang-tanpa-keluaran: sen */
    const struct indicator *it;         /* whose result is missing, cancelled, or stands without money */
    struct achieve_value reached;
    uint32_t same, of;                  /* of sama-dengan-tahun-lalu */
};
struct output_office {                  /* one office-year and the year before (v_before NULL: not known) */
    struct unit *u;
    const struct indicators *v;
    const struct unit *before;
    const struct indicators *v_before;
};
typedef int (*output_fn)(void *ctx, const struct output_claim *c);
int output_claims(const struct output_office *o, unsigned until, output_fn fn, void *ctx);      /* ST_NO_MEMORY, or what fn says */

#endif
