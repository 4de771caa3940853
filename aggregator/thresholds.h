/* thresholds.h - which value of a setting (proto/setting.h) holds for an office at a month. Kind: P.
 *
 * DIR/registry/aturan.csv, optional: aturan,nilai,wilayah,kantor,berlaku[,indikator]; what the centre pushes (shape `aturan`) is
 * put over it. What is empty holds for all and always. The most particular row wins: indicator, office, the nearest region; of
 * those the newest that holds at the asked month. An indicator is named as it is known: by id, or by a name however spelled. Months
 * are year * 100 + month. */
#ifndef REKAP_THRESHOLDS_H
#define REKAP_THRESHOLDS_H

#include "proto/bytes.h"
#include "proto/code.h"
#include "proto/limits.h"
#include "proto/setting.h"

struct thresholds;                      /* immutable once it is asked */
int thresholds_parse(struct slice bytes, struct thresholds **ret, char *err, size_t err_size); /* ST_INVALID: "line: reason" */
int thresholds_copy(const struct thresholds *t, struct thresholds **ret);       /* t may be NULL. ST_NO_MEMORY */
void thresholds_free(struct thresholds **t);
/* A statement of the centre (MEASURE_RULE_SETTING); what cannot be read is left out. ST_NO_MEMORY. */
int thresholds_state(struct thresholds *t, struct slice key, struct slice text);
enum { THRESHOLD_INDICATOR_MAX = 200 };
struct threshold {
    enum setting setting;
    int64_t value;
    unsigned from;                      /* of the version; 0: the default, or a row without a month */
    bool set;                           /* by the registry */
    bool named;                         /* for this one indicator */
};
struct threshold_of {                   /* about what */
    region_code region;
    const char *office;                 /* may be "" */
    const char *indicator, *alias;      /* as names fold (achieve_identity); NULL: of none */
};
struct threshold thresholds_of(const struct thresholds *t, enum setting s, const struct threshold_of *of, unsigned at);
bool thresholds_any(const struct thresholds *t, enum setting s);       /* is there any row of it at all; t may be NULL */
/* "2023-01", "awal" (a row without a month), "bawaan" (no row). */
void thresholds_version(const struct threshold *t, char ret[16]);
/* t may be NULL; office may be "". */
struct threshold thresholds_get(const struct thresholds *t, enum setting s, region_code region, const char *office, unsigned at);
/* "lonjakan-kali=20@2023-01", "lonjakan-kali=10@bawaan": as answers name it. ret holds 80. */
void thresholds_text(const struct threshold *t, char ret[80]);

#endif
