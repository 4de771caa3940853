/* names.h - the names of codes and regions, from the registry's lists. Kind: P (parses bytes; the edge reads the files).
 *
 * Lists are swapped whole. Names are applied at query time; what an office calls a code itself is in its unit of year 0. */
#ifndef REKAP_NAMES_H
#define REKAP_NAMES_H

#include "proto/code.h"

struct names; /* immutable */
/* regions: CSV code,level,name. codes: CSV nomenklatur,kode,level,parent,uraian. ST_INVALID with "line: reason" in err. */
int names_parse(struct slice regions, struct slice codes, struct names **ret, char *err, size_t err_size);
void names_free(struct names **n);
const char *names_region(const struct names *n, region_code r);     /* NULL when not listed */
const char *names_activity(const struct names *n, activity_code c); /* NULL when not listed */
size_t names_region_count(const struct names *n);
region_code names_region_at(const struct names *n, size_t i); /* in code order */

#endif
