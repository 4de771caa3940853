/* scales.h - the rating scales of the registry, and who is rated by which. Kind: P (parses bytes; the edge reads the file).
 *
 * One CSV list, DIR/registry/skala.csv, optional: skala,subjek,batas_bawah,kriteria,wilayah,kantor,tahun. A row with `kriteria` is
 * a band of a scale: `batas_bawah` in percent (">100": above, not at; empty: the rest), from the top down; `subjek` of its first
 * band is capaian (default) or nilai: what is rated. A row without `kriteria` says where a scale holds: a region and those below
 * it, an office, a year; what is empty holds for all. The most particular row wins: office, then the nearest region, then the year.
 * The two built-in scales are called bawaan and berhasil. */
#ifndef REKAP_SCALES_H
#define REKAP_SCALES_H

#include "proto/achieve.h"
#include "proto/code.h"

enum { SCALES_MAX = 32 };
struct scales;                                                                         /* immutable */
int scales_parse(struct slice bytes, struct scales **ret, char *err, size_t err_size); /* ST_INVALID with "line: reason" in err */
void scales_free(struct scales **s);
/* NULL: none is set. s may be NULL. */
const struct achieve_scale *scales_for(const struct scales *s, region_code region, const char *office, int year);
/* All known scales, the default first. s may be NULL. Returns their number. */
size_t scales_known(const struct scales *s, const struct achieve_scale *ret[SCALES_MAX + 2]);

#endif
