/* replay.h - one office-year statement by statement: every version its slots ever had, in the order they were committed. Kind: P.
 *
 * The current slots and the history rows of a unit are all that was ever effective in it; sorted by commit they are its life. A
 * step is everything one log record changed. After each step the unit stands exactly as asof_unit gives it at that position. */
#ifndef REKAP_REPLAY_H
#define REKAP_REPLAY_H

#include "aggregator/asof.h"

struct replay_version {
    provenance prov;
    struct wall at;
    uint32_t leaf;
    uint8_t slot;
    struct slot value;
};
struct replay {
    struct unit all; /* every leaf; the slots as they stand in the replay */
    struct unit now; /* the same without empty leaves: what is to be derived. Valid after a step */
    struct replay_version *v;
    uint32_t count, cap;
    uint32_t next; /* the first version of the next step */
};
/* Everything up to x (NULL: all). ST_NO_MEMORY, ST_CORRUPT; ST_NOT_FOUND: the state keeps no commit times. */
int replay_open(struct store_txn *t, const struct asof_position *x, uint32_t office, uint16_t year, struct replay *ret);
void replay_close(struct replay *r);
uint32_t replay_steps(const struct replay *r);
/* When and by what the next step is: false at the end. */
bool replay_peek(const struct replay *r, struct wall *ret_at, provenance *ret_first);
/* Takes the next step; its versions are v[*ret_from .. next). */
void replay_step(struct replay *r, uint32_t *ret_from);
/* The order of records: commit time, worker, lsn. */
int replay_order(struct wall a, provenance pa, struct wall b, provenance pb);
bool replay_same_record(provenance a, provenance b);

#endif
