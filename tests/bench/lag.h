/* lag.h - how long after its ACK an update is visible: two watchers beside a run, one of the collector, one of the aggregator.
 *
 * Each asks its daemon's status again and again and notes when it first saw which number: updates acknowledged at the collector,
 * updates committed at the aggregator. An update's lag is the time between its number in the one and in the other row of notes; the
 * daemons answer between their steps, so both notes are late by at most one question: 10 ms and the step it waits for. */
#ifndef REKAP_BENCH_LAG_H
#define REKAP_BENCH_LAG_H

#include "cli/place.h"

struct lag;
/* Starts both watchers; they end when `updates` have been seen. NULL: no memory or no thread. */
struct lag *lag_start(const struct place *place, uint64_t updates);
bool lag_done(struct lag *l);   /* everything acknowledged and visible */
double lag_visible_at(const struct lag *l); /* after lag_done: seconds of lag_now() at which everything was visible */
double lag_acked_at(const struct lag *l);
/* Milliseconds within which the share (0..1) of the updates became visible after their ACK. After lag_done. */
double lag_share(const struct lag *l, double share);
void lag_free(struct lag **l); /* waits for the watchers: only after lag_done */
double lag_now(void);

#endif
