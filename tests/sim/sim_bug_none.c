/* sim_bug_none.c - no planted bug: what the program sim is linked with. Kind: P.
 *
 * Design: a function instead of a macro, so that sim_main.c is the same object in both programs.
 * Invariant: nothing can be switched on. */
#include "tests/sim/sim_bug.h"

bool sim_bug_set(unsigned number) { return number == 0; }
