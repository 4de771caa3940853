/* clock_posix.c - the system's clocks behind the clock port. Kind: E.
 *
 * Design notes: the only file that asks the system for the time. Deadlines run on CLOCK_MONOTONIC, which a changed wall
 * clock cannot move; the wall time is for the record only and decides nothing (order is log order). It has no state.
 *
 * Invariant: both clocks of one `now` are read together, monotonic first. */
#include "clock.h"

#include <time.h>

/* A slip of the pen if it fails: it can only for a clock that does not exist. */
static struct timespec read_clock(clockid_t id)
{
    struct timespec t;

    ASSERT(clock_gettime(id, &t) == 0);
    return t;
}

static struct now posix_now(void *ctx)
{
    struct timespec m = read_clock(CLOCK_MONOTONIC), w = read_clock(CLOCK_REALTIME);

    (void)ctx;
    return (struct now){{(int64_t)m.tv_sec * 1000000 + m.tv_nsec / 1000}, {(int64_t)w.tv_sec * 1000 + w.tv_nsec / 1000000}};
}

struct clock clock_posix(void)
{
    return (struct clock){NULL, posix_now};
}
