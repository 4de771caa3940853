/* asof.h - the read model as it stood at earlier log positions. Kind: P over a read transaction of the state.
 *
 * A position is a vector: one lsn a worker; a worker that is not named has said nothing yet. Of it follow
 *  a unit      each slot: the current one if its provenance is at or before the position, else the history row with the greatest
 *              provenance at or before it, else empty (docs/STORAGE.md 5);
 *  the register the newest entry of each office among those logged by then;
 *  cells       nothing is stored: the offices of the asked region are derived as of then and summed by the code that sums them
 *              in the fold, into a store in memory, once a question and year.
 * With the position of the newest record all of this is what the live tables say (tests/unit/asof_test.c, at every position). */
#ifndef REKAP_ASOF_H
#define REKAP_ASOF_H

#include "aggregator/fold.h"
#include "aggregator/statement.h"

enum { ASOF_WORKERS = 256, ASOF_ASKED_MAX = 255 * 19 }; /* "w255:1099511627775," of every worker */
/* Told of every unit that is looked at as of a position; lineless: only its rows about no line. ST_OK or a status that ends it. */
struct asof_reads {
    int (*note)(void *ctx, uint32_t office, uint16_t year, bool lineless);
    void *ctx;
};
struct asof_position {
    uint64_t lsn[ASOF_WORKERS];
    const struct asof_reads *reads; /* NULL: nobody wants to know */
};
static inline bool asof_reached(const struct asof_position *x, provenance p)
{
    return figure_prov_lsn(p) <= x->lsn[figure_prov_worker(p)];
}
/* How far every worker's log is folded in. */
int asof_applied(struct store_txn *t, struct asof_position *ret);
/* Every worker's last record committed at or before `when`. ST_NOT_FOUND: the state has no times (statement_position). */
int asof_at(struct store_txn *t, const struct asof_position *applied, struct wall when, struct asof_position *ret);
/* "w1:4711,w2:80"; ST_INVALID when it is no vector. */
int asof_parse(struct slice text, struct asof_position *ret);
/* Commit time of the newest record at or before the position; 0 when there is none. ST_NOT_FOUND as above. */
int asof_time(struct store_txn *t, const struct asof_position *x, struct wall *ret);

/* The unit as of x (NULL: as it stands, which is unit_load). Leaves without a slot then are not there. In the order of statements
 * (unit_sort), so that no answer follows the numbers this state gave to names. */
int asof_unit(struct store_txn *t, const struct asof_position *x, uint32_t office, uint16_t year, struct unit *u);
/* The same of the rows about no line alone (unit_load_lineless). */
int asof_unit_lineless(struct store_txn *t, const struct asof_position *x, uint32_t office, uint16_t year, struct unit *u);
/* Calls fn for each row of the history of (office, year), in key order; the slot's text lives in u's pool. fn: ST_OK or a status
 * that ends it. */
struct asof_past {
    struct leaf_key leaf;
    unsigned slot;
    struct slot old;
};
int asof_history(struct store_txn *t, struct unit *u, int (*fn)(void *ctx, const struct asof_past *p), void *ctx);
int asof_history_lineless(struct store_txn *t, struct unit *u, int (*fn)(void *ctx, const struct asof_past *p), void *ctx);
/* The register as of x. version: of its newest entry. */
int asof_registry(struct store_txn *t, const struct asof_position *x, struct registry **ret, uint64_t *ret_version);

struct asof; /* a position and what was computed of it; of one question */
int asof_new(struct store_txn *t, const struct asof_position *x, const char *asked, struct asof **ret);
/* The same with a register that the caller keeps and knows to be that of the position. ST_NO_MEMORY. */
int asof_new_with(const struct asof_position *x, const char *asked, const struct registry *offices, uint64_t version,
                  struct asof **ret);
void asof_free(struct asof **a);
const struct asof_position *asof_position(const struct asof *a); /* NULL when a is */
const struct registry *asof_offices(const struct asof *a);
uint64_t asof_version(const struct asof *a);  /* of the register */
const char *asof_asked(const struct asof *a); /* as it was asked: a time or a vector */
/* Makes the cells of (region, year), and with them those of its sister regions when the region above them was asked for before;
 * *ret is a transaction whose table FOLD_CELL has them, until asof_free. */
int asof_cells(struct asof *a, struct store_txn *t, region_code region, uint16_t year, struct store_txn **ret);

#endif
