/* decimal_phrase.h - inside of decimal: one number and its unit found among words. Kind: P. Private to proto/decimal*.c.
 *
 * Takes "(pada tahun berkenaan 126 buah)", "6 (Enam) Program", "91 >=", "8=(7/6)" apart and says whether its digits make
 * one number with one unit, text without a number, more than one number, or nothing that is a number (intake.md 3). */
#ifndef REKAP_DECIMAL_PHRASE_H
#define REKAP_DECIMAL_PHRASE_H

#include "decimal_token.h"

enum decimal_verdict {
    PHRASE_NUMBER,
    PHRASE_TEXT,                /* no digit at all */
    PHRASE_AMBIGUOUS,           /* two numbers, a comparison, a multiplier word */
    PHRASE_SIGN,                /* "- 5 orang": a list mark or a minus */
    PHRASE_BROKEN,              /* digits that make no number: formulas, exponents, COVID-19 */
};
struct decimal_phrase {
    enum decimal_verdict verdict;
    struct decimal_token token;         /* of NUMBER and SIGN; points into the text */
    struct decimal_token near[3];       /* refused: the numbers that are there */
    unsigned near_count;
    struct slice unit;                  /* as written, without brackets; empty for a percentage */
    bool percent_sign, negative, words; /* words: dropped around the number */
    bool bracketed;                     /* nothing but the number stands in brackets */
};
void decimal_phrase_read(const struct decimal_text *t, struct decimal_phrase *ret);
bool decimal_phrase_is_percent(struct slice unit);      /* "%", "persen" */

#endif
