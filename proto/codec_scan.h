/* codec_scan.h - strict, non-allocating check of msgpack bytes. Kind: P.
 *
 * Accepts exactly one element that fills the buffer: arrays, unsigned and signed integers in their shortest form, str (well-
 * formed UTF-8, no NUL), bin, nil. Everything else (maps, floats, ext, bool, longer-than-needed integers and lengths, counts
 * greater than the bytes left, nesting over NESTING_MAX, trailing bytes) is refused before anybody looks at the content. */
#ifndef REKAP_CODEC_SCAN_H
#define REKAP_CODEC_SCAN_H

#include "status.h"

int codec_scan(struct slice bytes);     /* ST_OK or ST_INVALID */

/* Is s, which ends at or before `end` in the same bytes, a text the scan takes? */
bool codec_scan_text(struct slice s, const uint8_t *end);

#endif
