/* setting.h - the settings that rules are counted by: formula, operator over time, rounding, cap, thresholds of findings. Kind: P.
 *
 * What a setting is called, its default and what it may be is one table; which value holds for an office and month is the
 * registry's (aggregator/rules.h): DIR/registry/aturan.csv and what the centre states (shape `aturan`), by the month it holds from.
 * Defaults are those of the domain's rules; whoever counts by a setting names it with its value and version in the answer. */
#ifndef REKAP_SETTING_H
#define REKAP_SETTING_H

#include "status.h"

enum setting {
    SETTING_CAP,                        /* percent at which an achievement is capped in a mean; 0 = tanpa */
    SETTING_JUMP,                       /* lonjakan: so many times more or less */
    SETTING_JUMP_RUPIAH,                /* .. and money below this on both sides is not judged; Rp */
    SETTING_COPIED_LINES,               /* sama-dengan-bulan-lalu, salinan between offices: from so many equal lines on */
    SETTING_COPIED_COLUMN,              /* salinan of a whole column: from so many lines on */
    SETTING_COPIED_SHARE,               /* .. and this share of them; percent */
    SETTING_BRIDGED_SHARE,              /* a bridged trend below this share of mapped rupiah says so; percent */
    SETTING_FORMULA,                    /* enum achieve_formula; of whom and what: aggregator/indicator.h */
    SETTING_OVER_TIME,                  /* enum achieve_over_time; 0: by the unit */
    SETTING_ROUNDING,                   /* of achievements: achieve_rounding_unpack */
    SETTING_COUNT
};
const char *setting_name(enum setting s);       /* "lonjakan-kali", as in files and answers */
int64_t setting_default(enum setting s);
int setting_parse(struct slice name, enum setting *ret);        /* ST_INVALID */
bool setting_per_indicator(enum setting s);      /* may a row name one indicator? */
/* A value as written: an integer, or a word where the setting has words. ST_INVALID: none, or out of the setting's range. */
int setting_value(enum setting s, struct slice text, int64_t *ret);
/* The value as it is written; ret holds 32. */
void setting_format(enum setting s, int64_t value, char ret[32]);
/* The known name, or word of a setting, most like what was written; NULL: none is. */
const char *setting_nearest(struct slice name);
const char *setting_nearest_value(enum setting s, struct slice text);
/* NULL when (name, value) is a setting; else why not, for people. */
const char *setting_fault(struct slice name, struct slice value, enum lang lang);

#endif
