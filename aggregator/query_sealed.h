/* query_sealed.h - the seals of a quarter as the log tells them: version, root, where the logs were cut, by whom and when. Kind: P.
 * Used by the query_*.c files only.
 *
 * What counts is the first root a centre stated for a version: a later one under the same name changes nothing, because a seal is
 * what was printed on minutes (P5). */
#ifndef REKAP_QUERY_SEALED_H
#define REKAP_QUERY_SEALED_H

#include "aggregator/query_parse.h"
#include "proto/seal.h"

struct query_sealed {
    unsigned version;
    struct hash root;
    struct asof_position cut;
    char position[TEXT_MAX + 1]; /* the cut as it was stated: w1:17,w2:4 */
    char by[OFFICE_ID_MAX + 1];
    struct wall at; /* when the root was committed */
    provenance prov;
};
/* All of a region's quarter, by version; the caller frees *ret, which is NULL when there is none. quarter 1..4. As of the position
 * of q. ST_NO_MEMORY, the store's errors. */
int query_sealed_list(const struct query_context *q, region_code region, unsigned year, unsigned quarter, struct query_sealed **ret,
                      size_t *ret_n);
/* The newest one that covers an office or region: of the region itself, else of the region above it. ST_NOT_FOUND: none. */
int query_sealed_newest(const struct query_context *q, region_code region, unsigned year, unsigned quarter,
                        struct query_sealed *ret, region_code *ret_region);
json_t *query_sealed_json(const struct query_sealed *s, size_t n); /* array for answers */

#endif
