/* sim_bug.c - the switch of the planted bugs, and their number. Kind: P.
 *
 * Design: one global that the planted copies read (tests/sim/plant declares it there); nothing in the shipped sources knows it.
 * Invariant: at most one bug is on. */
#include "tests/sim/sim_bug.h"

extern unsigned sim_bug_on;
unsigned sim_bug_on;

bool sim_bug_set(unsigned number)
{
    sim_bug_on = number;
    return true;
}
