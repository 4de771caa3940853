/* backoff.h - how long the next attempt is waited for: a child of `rekap up` that died, a server that went away. Kind: P.
 *
 * Each wait doubles the next one up to a limit; a life as long as its owner names begins the row anew. Times come from the caller,
 * in milliseconds of a monotonic clock; what is random about a wait is the caller's, too. */
#ifndef REKAP_BACKOFF_H
#define REKAP_BACKOFF_H

#include "types.h"

struct backoff { int first_ms, max_ms, next_ms; };      /* next_ms: of the wait that comes */

void backoff_init(struct backoff *b, int first_ms, int max_ms);         /* 0 < first_ms <= max_ms (asserted) */
/* What was waited for has lived lived_ms and is gone. From enough_ms on the next wait is the first again. */
void backoff_lived(struct backoff *b, int64_t lived_ms, int64_t enough_ms);
/* The wait that comes, floor_ms at least; the next one is twice as long, max_ms at most. */
int backoff_take(struct backoff *b, int floor_ms);

#endif
