/* across.h - one indicator of several offices as the indicator of their city, province or nation. Kind: P, pure.
 *
 * Rules (domain.md 5, agg_u). A group's value is made of its offices' own values, at any level directly of the offices', so a
 * province is not a mean of its cities:
 *  SUM               sum of what was reached, of sum of targets; never where the unit is a percentage
 *  RASIO             sum of numerators / sum of denominators (times 100 where the unit is a percentage); the target is that of the
 *                    sums too: each office's target weighted by its denominator
 *  RATA_TERTIMBANG   by the offices' `bobot`, value and target alike
 *  MAX, MIN          of the values, and of the targets
 *  NONE              not additive: the value of the one office that states it for the group (its owner); of several: none
 * Offices that cannot be counted are left out with the reason, and the value is always said with "n of N counted". The target is
 * that of the counted offices, and there is none when one of them has none: both sides speak of the same offices.
 *
 * [low, high], what the value can still be once everybody has reported: exact where the weight of who is missing is known, for a
 * percentage between 0 and 100 of it; [0, 100] where it is not known; a sum of quantities has no upper end, and no lower one once a
 * negative value is in it. What is reported does not move; what was last reported before the cut-off may, but a sum does not fall.
 */
#ifndef REKAP_ACROSS_H
#define REKAP_ACROSS_H

#include "proto/achieve.h"

enum across_why { /* why an office is not counted; also why a group has no value */
                  ACROSS_COUNTED,
                  ACROSS_MISSING,
                  ACROSS_WORDS,
                  ACROSS_UNIT,
                  ACROSS_PARTS,
                  ACROSS_WEIGHT,
                  ACROSS_TWICE,
                  ACROSS_PERCENT,
                  ACROSS_OWNER,
                  ACROSS_OVERFLOW,
                  ACROSS_UNDEFINED,
};
const char *across_why_name(enum across_why w); /* "belum-lapor"; "" of ACROSS_COUNTED */

struct across_part {     /* one office */
    enum across_why why; /* in: ACROSS_COUNTED, or why it is out; out: the same, or what the rule finds */
    bool has_reached, has_target, has_weight, has_numerator;
    bool behind;                    /* last reported before the cut-off */
    struct ratio reached, target;   /* as stated: 88.32 of 88.32 % */
    struct ratio numerator, weight; /* weight: denominator of RASIO, `bobot` of RATA_TERTIMBANG */
};
struct across_result {
    enum across_why why; /* why there is no value; ACROSS_COUNTED */
    bool has_target, has_low, has_high;
    struct ratio reached, target, low, high;
    struct ratio numerator, denominator; /* of RASIO */
    uint32_t counted, of, behind;
};
/* percent: the unit is a percentage. part[i].why may change from ACROSS_COUNTED; n parts, any order, the same result. */
void across_join(enum achieve_over_units over, bool percent, struct across_part *part, size_t n, struct across_result *ret);

#endif
