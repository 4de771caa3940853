/* decimal.h - Indonesian number text into integers, and integers into text. Kind: P. Floats never occur.
 *
 * The grammar by column type is intake.md 3 (shared contract); every spelling met in two real reports, with its value or
 * refusal, is in tests/data/<city>/angka_mentah.csv and is a test. Locale is never asked. */
#ifndef REKAP_DECIMAL_H
#define REKAP_DECIMAL_H

#include "status.h"

enum decimal_dash { DASH_REFUSE, DASH_ZERO /* nol */, DASH_EMPTY /* kosong */ };
enum decimal_kind { DEC_NUMBER, DEC_EMPTY /* not reported */, DEC_NIL /* nihil */, DEC_TEXT /* text where a number is expected */ };
enum decimal_note {                     /* bits: taken, but worth a line in the intake report */
    NOTE_LONE_DOT_DECIMAL = 1,          /* 91.88 in a quantity column read as 91,88 */
    NOTE_NEGATIVE_PERCENT_SIGN = 2,     /* (68,89%) read as positive */
    NOTE_DASH = 4, NOTE_WORDS = 8,      /* words around the number were dropped ("belum direalisasikan atau 0%") */
    NOTE_NIL = 16,                      /* `nihil` where it is no zero: read as not reported */
};
struct decimal_reading {
    enum decimal_kind kind;
    int64_t value;                      /* money: sen; quantity and percent: 1e-6 */
    uint8_t decimals;                   /* fraction digits as printed (0..6) */
    unsigned notes;
    char unit[81];                      /* quantity: unit split off the text, trimmed, as written; "%" ; "" */
    unsigned code;                      /* on refusal: CODE_NUMBER_BROKEN, CODE_AMBIGUOUS, CODE_VALUE_RANGE */
    unsigned nearest_count;
    char nearest[3][48];                /* nearest readings, canonical Indonesian text */
};
/* Each: ST_OK, or ST_INVALID with code and nearest set. `is_realised`: `nihil` means an explicit zero only there; in any
 * other column it gives DEC_EMPTY (the caller notes it). */
int decimal_money(struct slice text, enum decimal_dash dash, bool is_realised, struct decimal_reading *ret);
/* unit_hint: text of the row's `satuan` cell or empty; decides whether a lone dot + 3 digits is thousands (counting units:
 * orang, dokumen, KPM, ...) or ambiguous. A `%` in the text or hint makes it a percentage. */
int decimal_quantity(struct slice text, struct slice unit_hint, bool is_realised, struct decimal_reading *ret);
/* The same where a list says which units count: 1 yes, 0 no, -1 it does not say, and the built-in table decides. by: NULL: no list.
 */
struct decimal_counting { int (*counts)(const void *ctx, struct slice unit); const void *ctx; };
int decimal_quantity_by(struct slice text, struct slice unit_hint, bool is_realised, const struct decimal_counting *by,
                        struct decimal_reading *ret);
int decimal_percent(struct slice text, struct decimal_reading *ret);
bool decimal_unit_counts(struct slice unit);            /* is this a counting unit (synonyms folded)? */
/* The unit that an unknown word was probably meant to be, one letter apart (oramg: orang); NULL: it is known, or like none. */
const char *decimal_unit_near(struct slice unit);
/* Do two units say the same: case, blanks and known spellings folded (org = orang, persen = %)? Empty equals only empty. */
bool decimal_unit_same(struct slice a, struct slice b);

/* "91000000.00", "-5.10": plain machine text of sen; 128-bit. Returns length. */
int decimal_format_sen(i128 sen, char ret[48]);
/* Indonesian: "91.000.000,00". Returns length. */
int decimal_format_sen_id(i128 sen, char ret[64]);
/* 1e-6 fixed point, trailing zeros cut, at least min_decimals: "88.4", "12". */
int decimal_format_micro(int64_t micro, unsigned min_decimals, char ret[32]);

enum decimal_round { DECIMAL_HALF /* away from zero */, DECIMAL_EVEN /* a half to the even neighbour */, DECIMAL_CUT };
/* 100 * num / den, exact, rounded once to `decimals` (0..6); den != 0. ret = value * 10^decimals. False when it does not fit. */
bool decimal_ratio_round(i128 num, i128 den, unsigned decimals, enum decimal_round how, int64_t *ret);
/* The same as text "92.09". Returns length, 0 when den == 0 or it does not fit. */
int decimal_round_text(i128 num, i128 den, unsigned decimals, enum decimal_round how, char ret[32]);
/* Half away from zero, or truncated. */
bool decimal_ratio_percent(i128 num, i128 den, unsigned decimals, bool truncate, int64_t *ret);
/* Half away from zero. */
int decimal_percent_text(i128 num, i128 den, unsigned decimals, char ret[32]);
/* Is a printed percentage (1e-6, with its printed number of decimals) the rounded or the truncated value of its pair? */
bool decimal_percent_right(int64_t printed_micro, unsigned decimals, i128 num, i128 den);

#endif
