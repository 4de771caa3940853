/* clock.h - the clock port. Kind: T. clock_posix.c (E) is the only file that asks the system for the time. */
#ifndef REKAP_CLOCK_H
#define REKAP_CLOCK_H

#include "types.h"

struct clock {
    void *ctx;
    struct now (*now)(void *ctx);
};
struct clock clock_posix(void); /* CLOCK_MONOTONIC and CLOCK_REALTIME */

#endif
