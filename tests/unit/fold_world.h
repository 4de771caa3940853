/* fold_world.h - a fold over a store of its own, and the log it reads: what tests of single records and rows share.
 *
 * Everything happens in one transaction that is never committed. What a function asks of the world it asserts. */
#ifndef REKAP_TESTS_FOLD_WORLD_H
#define REKAP_TESTS_FOLD_WORLD_H

#include "aggregator/fold.h"
#include "fixture.h"

#define OFFICE "gen-3374-01"
#define OTHER "gen-3374-02"
#define TREASURER "gen-3374-90"
#define TEXTS(...) (const char *const[]) { __VA_ARGS__, NULL }
enum { CITY = 33 << 16 | 74, NEXT_CITY = 33 << 16 | 72 };

struct world { struct store *store; struct store_txn *t; struct fold *fold; struct fixture_log l; };
void fold_world_open(struct world *w);
void fold_world_close(struct world *w);
/* Opens; OFFICE has an entry in CITY and has stated 10 and 30 for February and March 2022. */
void fold_world_stated(struct world *w);
/* What the log has and the fold has not taken yet. */
int fold_world_take(struct world *w, const struct fixture_log *l);
void fold_world_flush(struct world *w);                 /* the world's own log, taken and flushed */
uint32_t fold_world_id(struct world *w, const char *office);
struct fold_count fold_world_count(struct world *w, const char *office);
/* Realised by the end of 2022; -1: there is no such cell. */
int64_t fold_world_realised(struct world *w, region_code region, unsigned source);
void fold_world_put(struct world *w, unsigned table, const void *key, size_t key_n, const void *value, size_t n);

#endif
