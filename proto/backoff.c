/* backoff.c - see backoff.h. Kind: P.
 *
 * Design notes: the owners differ only in what is long enough. `rekap up` asks for its longest wait: then no child is started more
 * often than that wait allows. A dialled connection asks for the wait that would come next: a server that restarts again and again
 * meets many offices at once, and each of them comes back no oftener than it has been there.
 *
 * Invariant: first_ms <= next_ms <= max_ms. */
#include "backoff.h"

#include "status.h"

void backoff_init(struct backoff *b, int first_ms, int max_ms)
{
    ASSERT(first_ms > 0 && first_ms <= max_ms);
    *b = (struct backoff){ first_ms, max_ms, first_ms };
}

void backoff_lived(struct backoff *b, int64_t lived_ms, int64_t enough_ms)
{
    if (lived_ms >= enough_ms) b->next_ms = b->first_ms;
}

int backoff_take(struct backoff *b, int floor_ms)
{
    const int wait = b->next_ms > floor_ms ? b->next_ms : floor_ms;
    b->next_ms = wait > b->max_ms / 2 ? b->max_ms : wait * 2;
    return wait;
}
