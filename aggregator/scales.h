/* scales.h - the rating scales of the registry in their versions, and who is rated by which. Kind: P (parses bytes; the edge reads
 * the file).
 *
 * One CSV list, DIR/registry/skala.csv, optional: skala,subjek,batas_bawah,kriteria,wilayah,kantor,tahun[,berlaku]. A row with
 * `kriteria` is a band of a scale: `batas_bawah` in percent (">100": above, not at; empty: the rest), from the top down; `subjek`
 * of its first band is capaian (default), nilai (the result itself is rated) or predikat (words and their scores, of formula
 * SCALE). A row without `kriteria` says where a scale holds: a region and those below it, an office, a year; what is empty holds
 * for all. The most particular row wins: office, then the nearest region, then the year. The two built-in scales are called bawaan
 * and berhasil. What the centre pushes (shape `skala`) is put over the list.
 *
 * A version holds from its month `berlaku` (empty: always); a period is rated by the newest version that held at its end, so a new
 * one changes nothing that was rated before it. Months are year * 100 + month. */
#ifndef REKAP_SCALES_H
#define REKAP_SCALES_H

#include "proto/achieve.h"
#include "proto/code.h"

enum { SCALES_MAX = 96 };               /* versions of all scales */
struct scales;                                                                         /* immutable */
int scales_parse(struct slice bytes, struct scales **ret, char *err, size_t err_size); /* ST_INVALID with "line: reason" in err */
int scales_copy(const struct scales *s, struct scales **ret);  /* s may be NULL; to put statements over it. ST_NO_MEMORY */
void scales_free(struct scales **s);
/* One statement of the centre (MEASURE_RULE_SCALE, _BAND, _SCALE_FOR: key and text as in figure.h); heads before their bands. What
 * cannot be read, or is beyond the bounds, is left out. */
void scales_state(struct scales *s, unsigned measure, struct slice key, struct slice text);
/* NULL: none is set. s may be NULL. */
const struct achieve_scale *scales_for(const struct scales *s, region_code region, const char *office, int year, unsigned at);
/* All scales in the version that holds at `at`, the default first; not those of words. s may be NULL. Returns their number. */
size_t scales_known(const struct scales *s, unsigned at, const struct achieve_scale *ret[SCALES_MAX + 2]);
/* The predicates and their scores at `at`; NULL: the built-in ones (achieve_opinions). */
const struct achieve_scale *scales_words(const struct scales *s, unsigned at);

#endif
