/* sim_bug.h - planted bugs: which one of tests/sim/bugs is on. Kind: T.
 *
 * The shipped sources know nothing of them: tests/sim/plant makes copies of a few with `BUG(n)` in one line each, and the program
 * sim_bugs is linked with those copies. In the program sim there is none to switch on. */
#ifndef REKAP_TESTS_SIM_BUG_H
#define REKAP_TESTS_SIM_BUG_H

#include <stdbool.h>

bool sim_bug_set(unsigned number);      /* false: there is no such bug in this program */

#endif
