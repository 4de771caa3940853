/* indicator.h - the indicators of one office-year, from its slots to their achievements. Kind: P, a function of the unit.
 *
 * An indicator is (line, identity). Its rows in the unit are gathered (indicator_view) and judged at a cut-off (indicator_judge):
 *  Target  of one source: the first of dpa, opd, pk-2, pk-3, pk-4, renja, renstra, rpjmd, bud that states any. Within it the stage
 * with the greatest (first stated month, stage) among those begun by the cut-off, else the first known one; within that the last
 * value stated up to the cut-off, else the first. Reached of source opd, else bud: joined over the months up to the cut-off by
 * `agregasi`; where none is declared AKUMULATIF, but the last one (AKHIR) where the unit is a percentage, since percentages are
 * never summed. Text counts as unreported beside numbers. Formula as declared, else MAX.
 *  The registry's rules go before the office's own word where they name the indicator (aturan, indikator-baku); what they say of an
 * office, a region or everybody holds where the office says nothing: a rule of many cannot know which of them count the other way.
 *  Units that differ (units_same) and do
 * not convert (units_convert) give no achievement. Units come from the target's stage, else from any stage of its source. */
#ifndef REKAP_INDICATOR_H
#define REKAP_INDICATOR_H

#include "aggregator/thresholds.h"
#include "proto/units.h"
#include "proto/achieve.h"
#include "proto/unit.h"

enum { INDICATOR_TARGETS_MAX = 24 };
struct indicator_target { /* rows of one source and stage; NULL: not stated */
    uint16_t stage;
    uint8_t source;
    const struct leaf *value, *unit, *achievement, *rating; /* the last two: printed */
};
struct indicator_rule { /* what the registry says of one indicator; not set: nothing */
    struct threshold t;
    bool defined; /* by its definition (indikator-baku), t.from its month */
};
struct indicator_rules {
    struct indicator_rule formula, over_time, rounding, cap;
};
struct indicator {
    activity_code activity;
    account_code account;
    uint32_t id; /* the store's number of the identity */
    uint32_t alias; /* another identity it goes by (query_rename.h); 0: none */
    const struct leaf *name, *no, *formula, *over_time, *over_units, *tier, *owner, *fund, *baseline, *weight;
    const struct leaf *reached, *reached_unit, *numerator, *denominator;
    struct indicator_target target[INDICATOR_TARGETS_MAX];
    unsigned targets;
    const struct units *units; /* of the registry; NULL: only what is built in */
    const struct achieve_scale *words; /* predicates of formula SCALE; NULL: the built-in ones */
    struct indicator_rules rules;
};
struct indicators {
    struct indicator *item;
    uint32_t count, cap;
    const struct units *units;         /* set by the caller before indicator_view, copied into every item */
    const struct achieve_scale *words;
};
/* Fills v (cleared) from u, which is sorted by it; rows point into u. Ordered by line, on one line by their first rows in u:
 * targets before results, and each as unit_sort has them. ST_NO_MEMORY. */
int indicator_view(struct unit *u, struct indicators *v);
void indicator_done(struct indicators *v);
bool indicator_source_is_plan(unsigned source); /* renstra, rpjmd */
/* The stage of one source's target in force at the end of month `until`, else its first known one; NULL: it states none. */
const struct indicator_target *indicator_target_of(const struct indicator *it, unsigned source, unsigned until);
/* Known from a plan (renstra, rpjmd) alone: the office itself says nothing of it in this year. */
bool indicator_plan_only(const struct indicator *it);

enum indicator_by { INDICATOR_BY_DEFAULT, INDICATOR_BY_OFFICE, INDICATOR_BY_RULE, INDICATOR_BY_DEFINITION };
const char *indicator_by_name(enum indicator_by by); /* "bawaan", "kantor", "aturan", "indikator-baku" */
/* Who decides: a rule that names the indicator, else the office (own: 0: it says nothing), else a rule of many, else `usual`. */
uint8_t indicator_choose(const struct indicator_rule *r, uint8_t own, uint8_t usual, enum indicator_by *ret_by);
struct indicator_state { /* at one cut-off */
    enum achieve_formula formula;
    enum achieve_over_time over_time;
    enum indicator_by formula_by, over_time_by;
    const struct indicator_target *target; /* NULL: none stated */
    struct achieve_input in;
    struct achieve_result result;
    struct slice target_unit, reached_unit;
    struct ratio converted;            /* units differ and convert: so many of the target's unit is one of the reached; else 0 */
    const struct indicator_target *first; /* the stage that was in force before, NULL when the same */
    struct achieve_value first_target;
    struct achieve_result first_result;
};
/* At the end of month `until`; source_stage: judge against this target, NULL: the one in force. */
void indicator_judge(const struct unit *u, const struct indicator *i, unsigned until, const struct indicator_target *against,
                     struct indicator_state *ret);
/* A result by the indicator's formula, with the registry's predicates and cap where there are some. in is as it was afterwards. */
void indicator_achieve(const struct indicator *it, struct achieve_input *in, struct achieve_result *ret);
/* The newest NUMBER or TEXT slot of a row up to `until`; NULL. */
const struct slot *indicator_slot(const struct leaf *row, unsigned until);
struct slice indicator_text(const struct unit *u, const struct leaf *row); /* of a definition row; empty when NULL or withdrawn */

#endif
