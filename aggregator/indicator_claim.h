/* indicator_claim.h - what is provably wrong about the indicators of one office-year (domain.md 7: capaian, kategori, satuan).
 * Kind: P.
 *
 *  capaian (CODE_ACHIEVEMENT)   a printed achievement of month m that is neither the rounded nor the truncated value of its own
 * row's target (same source and stage, at m) and result (at m) at its decimals; also one printed where none can be computed because
 * the target or result is missing or is zero. Not where the units differ (that is named once, as satuan) and not beside a text,
 * which proves nothing. kategori (CODE_RATING)   a printed rating that is not the band of the computed achievement (of the result,
 * where the scale rates values) or stands where there is none; units that differ aside. Beside an achievement a word that a scale
 * nobody set does not know proves nothing. satuan (CODE_UNIT)   target and result in different units; the same indicator in another
 * unit under another code of the year (named at the later code); or in another unit than the year before. What counts there is the
 * unit the office itself states: a plan's is compared in the same year, by target. baris-ganda (CODE_DUPLICATE_ROW)   one name
 * under several numbers in one file: is it one indicator or two?
 *
 * Between targets (indicator_between.c): the office's own target of the year (dpa, else opd) against the one that renja, renstra,
 * rpjmd or a performance agreement (pk-2..4) has for the same indicator; where the names differ, against the only one with a number
 * on the same line when the office, too, has only one there. satuan: they count in different units; antar-tabel
 * (CODE_BETWEEN_TABLES): in the same unit, or one of them names none, and the numbers differ. */
#ifndef REKAP_INDICATOR_CLAIM_H
#define REKAP_INDICATOR_CLAIM_H

#include "indicator.h"
#include "proto/status.h"

/* The scale of an office-year: the one set for it, else the first known one that has all printed words, else the default. */
struct indicator_scale {
    const struct achieve_scale *scale;
    bool set, from_words; /* by the registry; because of the printed words */
};
/* known: count of them, the default first; set: NULL when none is set. */
void indicator_scale_pick(const struct unit *u, const struct indicators *v, const struct achieve_scale *set,
                          const struct achieve_scale *const *known, size_t count, struct indicator_scale *ret);
/* The band of a judged indicator; NULL: n/a. */
const struct achieve_band *indicator_band(const struct achieve_scale *s, const struct indicator_state *st);

enum indicator_unit_case { INDICATOR_UNIT_REACHED, INDICATOR_UNIT_CODE, INDICATOR_UNIT_YEAR };
struct indicator_claim {
    unsigned code;
    const struct indicator *it;
    const struct indicator *other;         /* of satuan: where the other unit stands, if not here */
    const struct indicator_target *target; /* whose source and stage the claim is about; NULL of satuan by code or year */
    unsigned month;
    const struct slot *printed;      /* of capaian and kategori */
    const struct achieve_band *band; /* of kategori; NULL: n/a */
    struct indicator_state state;
    enum indicator_unit_case unit_case;
    struct slice unit, other_unit; /* of satuan; of baris-ganda: the numbers in `unit` */
};
struct indicator_office { /* one office-year and, if it has one, the year before */
    const struct unit *u, *before;
    const struct indicators *v, *v_before; /* NULL with before */
};
typedef int (*indicator_claim_fn)(void *ctx, const struct indicator_claim *c);
/* Calls fn for each claim that shows at `until`, in the order of the indicators; fn: ST_OK or a status that ends it. */
int indicator_claims(const struct indicator_office *o, const struct indicator_scale *scale, unsigned until, indicator_claim_fn fn,
                     void *ctx);

struct indicator_between {
    unsigned code;
    const struct indicator *it, *other; /* the office's own; the one that holds the other target, often the same */
    const struct indicator_target *theirs;
    struct achieve_value own_value, other_value;
    struct slice own_unit, other_unit;
};
typedef int (*indicator_between_fn)(void *ctx, const struct indicator_between *b);
/* At the end of month `until`, in the order of the indicators; fn as above. */
int indicator_between(const struct unit *u, const struct indicators *v, unsigned until, indicator_between_fn fn, void *ctx);

#endif
