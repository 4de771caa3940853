/* decimal_token.h - inside of decimal: cell text cleaned, and one run of digits with its marks classified. Kind: P.
 *
 * Private to proto/decimal*.c. A token is digits with single dots or commas between digits ("7.733.986.109,00"); what it
 * means depends on the column type and is decided in decimal.c. Here it is only classified, evaluated with a given decimal
 * mark, and printed back in canonical Indonesian form as a "nearest reading". */
#ifndef REKAP_DECIMAL_TOKEN_H
#define REKAP_DECIMAL_TOKEN_H

#include "decimal.h"
#include "limits.h"

struct decimal_text { size_t n; char s[TEXT_MAX + 1]; };        /* NUL-terminated */

/* Cleans a cell: no-break and other Unicode spaces become blanks, Unicode minus and dashes become '-', markup `**` is
 * dropped, blanks around are trimmed. False: longer than TEXT_MAX (no number is). */
bool decimal_token_clean(struct slice text, struct decimal_text *ret);
bool decimal_token_fold_equal(const char *s, size_t n, const char *lower);      /* ASCII case folded comparison */
bool decimal_token_fold_starts(const char *s, size_t n, const char *lower);
bool decimal_token_letter(char c);                      /* ASCII letter, or any byte of a non-ASCII character */
static inline bool decimal_token_digit(char c) { return c >= '0' && c <= '9'; }

enum decimal_form {
    FORM_INT,                   /* 130000000 */
    FORM_DOT,                   /* one dot, no comma */
    FORM_COMMA,                 /* one comma, no dot */
    FORM_GROUPED,               /* two or more dots, well-formed groups: 1 to 3 digits, then 3 each */
    FORM_GROUPED_COMMA,         /* one or more dots, well-formed groups, then one comma and digits */
    FORM_BROKEN,
};
struct decimal_token {
    const char *p;
    size_t n;
    enum decimal_form form;
    size_t head, tail;          /* digits before the first mark and after the last one; tail 0 when there is no mark */
};
/* The token that starts at p (a digit), reading at most n bytes. */
struct decimal_token decimal_token_read(const char *p, size_t n);
/* Value * 10^scale with the last mark as decimal mark (`fraction`) or all marks as grouping. False: over 10^18. A
 * fraction has no more digits than scale. */
bool decimal_token_value(const struct decimal_token *t, bool fraction, unsigned scale, int64_t *ret);

/* Adds a nearest reading, canonical ("1.197.600", "97,259"); drops repeats and what does not fit. */
void decimal_token_near(struct decimal_reading *r, const struct decimal_token *t, bool fraction, bool negative);
/* The nearest readings of a token whose groups are broken, most likely first. max_fraction: digits a fraction may have. */
void decimal_token_near_broken(struct decimal_reading *r, const struct decimal_token *t, size_t max_fraction, bool negative);

#endif
