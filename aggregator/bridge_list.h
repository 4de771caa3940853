/* bridge_list.h - DIR/registry/padanan.csv: the bridges that are there from the start. Kind: P (parses bytes; the edge reads them).
 *
 * Optional; headed as the shape `padanan`, in any order: kode_lama, kode_baru, and bobot, nomenklatur_lama, nomenklatur_baru where
 * they are needed; other columns are for people. What the centre pushes about an old code takes the list's place for that code. */
#ifndef REKAP_BRIDGE_LIST_H
#define REKAP_BRIDGE_LIST_H

#include "aggregator/bridge.h"

/* ST_INVALID with "line: reason" in err: weights out of a source that do not sum to 1, a code that is none. */
int bridge_list_parse(struct slice bytes, struct bridges *ret, char *err, size_t err_size);

#endif
