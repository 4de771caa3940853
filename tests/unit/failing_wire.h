/* failing_wire.h - more of what the tests of the network port decide: the link's own clock, an end of the process that a test
 * goes on after, options of sockets as another kernel has them, and monitors that say what the test says. The calls that fail are
 * armed by failing.h. */
#ifndef REKAP_TESTS_FAILING_WIRE_H
#define REKAP_TESTS_FAILING_WIRE_H

#include <stdatomic.h>
#include <stdint.h>

#include "proto/link_zmq.h"

/* The link's clock from call `from` on (1: the next) is ahead of the machine's by ahead_ms; `calls` counts them down and on. */
struct failing_clock { atomic_int calls; atomic_llong ahead_ms; };
extern struct failing_clock failing_clock;

/* While armed, _exit ends only the thread that calls it; `code` is what it was called with, -1: it was not. */
struct failing_exit { atomic_bool armed; atomic_int code; };
extern struct failing_exit failing_exit;

/* The next getsockopt of this option, in this thread, says this value, of this many bytes; name 0: none. */
struct failing_option { int name, value; unsigned size; };
extern struct failing_option failing_option;

/* In place of the socket's own monitor. Returns the end at which to speak; the caller closes it before the link. */
void *failing_monitor(struct link *l, struct sock *s);
void failing_monitor_says(void *z, unsigned event, uint32_t value);

#endif
