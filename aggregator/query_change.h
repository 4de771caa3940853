/* query_change.h - changes between years as answers say them. Kind: P. Used by the query_*.c files only.
 *
 * change: {"from", "absolute", "percent", "pp", "kind"}. percent is of |base|; with a base of 0 it is null and kind "baru". Shares
 * have pp and no percent of themselves. kind also says why nothing is compared: bagian-tahun (nobody has reported up to the cut-off
 * in one of the years), ganti-daftar (the code is of another list), ganti-satuan. */
#ifndef REKAP_QUERY_CHANGE_H
#define REKAP_QUERY_CHANGE_H

#include "aggregator/change.h"
#include "aggregator/query_parse.h"

/* absolute, percent, kind of an amount of sen; all null where one of them is not known. */
void query_change_money(json_t *change, bool has_then, i128 then, bool has_now, i128 now);
void query_change_points(json_t *change, bool known, struct ratio then, struct ratio now);      /* pp */

enum query_series_kind { SERIES_MONEY /* values are sen */, SERIES_SHARE /* 1 is 100 % */, SERIES_NUMBER };
struct query_series {                   /* points of a trend, as they come; begin with {.kind = ..} */
    enum query_series_kind kind;
    struct change_point point[CHANGE_YEARS_MAX];
    size_t n;
    int last_year;                      /* of the newest point with a value; 0 none */
    struct ratio last;
    bool last_part;
};
/* A point of the year; `why` (NULL: comparable): what keeps it from being compared with the one before. Puts "change" into o. */
void query_series_point(struct query_series *s, int year, const struct ratio *value, const char *why, json_t *o);
/* "trend": {"points", "cagr", "slope"} into the answer; of what can be compared since the last break. */
int query_series_end(const struct query_series *s, json_t *answer);

#endif
