/* successor.h - DIR/registry/penerus.csv: which office or region carries on another's figures, from when, and how much of them
 * (domain.md 2 and 6: mergers and splits are bridges with dates). Kind: P (parses bytes; the edge reads them).
 *
 * Optional; `lama,baru,berlaku` and `bobot` (empty: all of it), in any order; other columns (jenis, dasar) are for people. Both
 * ends of a row are offices or both are regions. The weights out of one old name sum to 1; nobody is, over any number of rows, the
 * successor of itself. Figures never move: the old name keeps them, a bridged trend of the new one takes them in for cut-offs
 * before `berlaku`. */
#ifndef REKAP_SUCCESSOR_H
#define REKAP_SUCCESSOR_H

#include "proto/bytes.h"
#include "proto/code.h"
#include "proto/limits.h"

enum { SUCCESSOR_WHOLE = 1000000, SUCCESSORS_MAX = 1024, SUCCESSOR_DEPTH_MAX = 8 };
struct successor_end {
    region_code region;             /* when office is "" */
    char office[OFFICE_ID_MAX + 1];
};
struct successor {
    struct successor_end from, to;
    int64_t weight;                 /* 1e-6 */
    unsigned since;                 /* year * 100 + month: the first the new one stands for itself */
};
struct successors {
    struct successor *row;          /* as listed */
    uint32_t count, room;
};
/* ST_INVALID with "penerus.csv:LINE: reason" in err, ST_NO_MEMORY. The list is whole or not taken. */
int successor_list_parse(struct slice bytes, struct successors *ret, char *err, size_t err_size);
void successor_list_done(struct successors *s);
/* Does the row bring figures into this office (region ignored), or when office is NULL into this region from outside of it? */
bool successor_into(const struct successor *s, const char *office, region_code region);

#endif
