/* cell.h - region cells: the sums of derived rows over the offices of a city, a province and the nation. Kind: P.
 *
 * Key (table CELL): region u32 | year u16 | node kind u8 | level u8 | node u64 | derived u8 | source u8, big-endian; so one range
 * is
 * one region, year and level. level = code_level of an activity, depth of an account, 0 for totals.
 * Value: twelve sums (zigzag128 of the difference to the month before), twelve office counts (runs: length u8, zigzag of the
 * difference to the run before), lines, bare, assumed as zigzag varints. Bytes: docs/STORAGE.md. A cell that becomes all zero is
 * deleted, so equal content means equal bytes. */
#ifndef REKAP_CELL_H
#define REKAP_CELL_H

#include "derive.h"

struct cell_key { region_code region; uint16_t year; struct derived_key node; };
struct cell { i128 value[12]; int64_t offices[12]; int64_t lines, bare, assumed; };

struct cell_deltas;                     /* differences combined in memory, one entry a touched cell */
int cell_deltas_new(struct cell_deltas **ret);
void cell_deltas_free(struct cell_deltas **d);
void cell_deltas_clear(struct cell_deltas *d);          /* keeps memory */
/* after - before (either may be NULL: empty), for every node, added to the region; its ancestors get it at apply. Merges the
 * two sorted sets in one walk; equal rows cost nothing. ST_NO_MEMORY. */
int cell_deltas_add(struct cell_deltas *d, region_code region, uint16_t year, const struct derived_set *before,
                    const struct derived_set *after);
/* Writes what d holds into the cells of its regions, adds it to their parents in `up`, and clears d. After the last one
 * cell_deltas_apply(up) does the rest. The same result as adding everything to one and applying that. */
int cell_deltas_settle(struct cell_deltas *d, struct cell_deltas *up, struct store_txn *t, unsigned table);
/* Adds cities to provinces and provinces to the nation, then writes each touched cell once, in key order. cell_deltas_clear must
 * follow, whatever the result. ST_FULL, ST_CORRUPT, ST_NO_MEMORY. */
int cell_deltas_apply(struct cell_deltas *d, struct store_txn *t, unsigned table);
/* Writes what d holds and nothing for parents: for who has summed into the region that is asked about. */
int cell_deltas_write(struct cell_deltas *d, struct store_txn *t, unsigned table);

size_t cell_key_bytes(const struct cell_key *k, uint8_t *ret);
int cell_key_parse(struct slice key, struct cell_key *ret);
void cell_encode(struct buf *b, const struct cell *c);
int cell_decode(struct slice value, struct cell *ret);
/* The cells of (region, year, kind, level) in key order; level 0 with NODE_TOTAL. fn returns false to stop. */
int cell_scan(struct store_txn *t, unsigned table, region_code region, uint16_t year, enum node_kind kind, unsigned level,
              bool (*fn)(void *ctx, const struct cell_key *k, const struct cell *c), void *ctx);
int cell_get(struct store_txn *t, unsigned table, const struct cell_key *k, struct cell *ret);  /* ST_NOT_FOUND */

#endif
