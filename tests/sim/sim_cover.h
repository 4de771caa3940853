/* sim_cover.h - which combinations of event, state and fault a run has met, so that a generator that has lost its way is noticed.
 * Kind: P.
 *
 * Cells: each fault in each state of the node it hits; each type of message with each fate; each code of a NACK; what the
 * auditor must have seen. A cell is required unless sim_cover.c says why it cannot happen. */
#ifndef REKAP_TESTS_SIM_COVER_H
#define REKAP_TESTS_SIM_COVER_H

#include "proto/types.h"

enum sim_fault {
#define SIM_FAULT(NAME, text) SIM_FAULT_##NAME,
#include "tests/sim/sim_fault.def"
#undef SIM_FAULT
    SIM_FAULT_COUNT
};
enum sim_fate { SIM_DELIVERED, SIM_LOST, SIM_REPEATED, SIM_OVERTAKEN, SIM_BLOCKED, SIM_STALE, SIM_FATES };
/* Of a node when a fault hits it: down; nothing to do; with input waiting or a step open; with work that the other side owes. */
enum sim_state { SIM_DOWN, SIM_IDLE, SIM_BUSY, SIM_OWED, SIM_STATES };
/* What must have been seen by the auditor. */
enum sim_seen {
#define SIM_SEEN(NAME, text) SIM_SEEN_##NAME,
#include "tests/sim/sim_seen.def"
#undef SIM_SEEN
    SIM_SEEN_COUNT
};
enum { SIM_COVER_ROLES = 4, SIM_COVER_TYPES = 32, SIM_COVER_CODES = 64 };
struct sim_cover {
    uint64_t fault[SIM_FAULT_COUNT][SIM_COVER_ROLES][SIM_STATES], fate[SIM_COVER_TYPES][SIM_FATES], nack[SIM_COVER_CODES],
        commit[SIM_COVER_ROLES][6], seen[SIM_SEEN_COUNT];
};
const char *sim_fault_name(enum sim_fault f);
void sim_cover_add(struct sim_cover *to, const struct sim_cover *c);
/* Prints the required cells that are empty; returns their number. *ret_required: how many there are. */
unsigned sim_cover_holes(const struct sim_cover *c, unsigned *ret_required);
void sim_cover_print(const struct sim_cover *c);

#endif
