/* change.h - how a series moves: differences, growth a year, robust slope, scaling. Kind: P. Rules: domain.md 6.
 *
 * Everything is an exact ratio of 128-bit integers, rounded once at the end. Where a difference of two shares does not fit, both
 * are first cut at 1e-18: the result is then at most 2e-18 off. Growth is a root: it is found by comparing whole powers. */
#ifndef REKAP_CHANGE_H
#define REKAP_CHANGE_H

#include "proto/achieve.h"

/* v * num / den, rounded half away from zero; den != 0. False: it does not fit. */
bool change_scale(i128 v, i128 num, i128 den, i128 *ret);
/* now - then. False: it does not fit even when cut. */
bool change_difference(struct ratio then, struct ratio now, struct ratio *ret);
/* Compound growth a year, (last / first)^(1 / years) - 1, in hundredths of a percent, rounded half away from zero. ST_NOT_FOUND:
 * not both above 0, or no year between them; ST_FULL: beyond what 64 bits hold. years <= CHANGE_YEARS_MAX. */
enum { CHANGE_YEARS_MAX = 60, CHANGE_CAGR_POINTS = 3 };
int change_cagr(struct ratio first, struct ratio last, unsigned years, int64_t *ret);
/* Theil-Sen: the median of the slopes a year between all pairs. Years differ and ascend. ST_NOT_FOUND: fewer than two points;
 * ST_FULL; ST_NO_MEMORY. n <= CHANGE_YEARS_MAX. */
struct change_point { int year; struct ratio value; };
int change_slope(const struct change_point *point, size_t n, struct ratio *ret);

#endif
