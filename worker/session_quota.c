/* session_quota.c - what one office may cost the others: credit, disk, epochs. Kind: P.
 *
 * Credit is granted at the greeting: the less, the more sessions there are, so that what all may have on its way fits the
 * worker's memory; CREDIT_LEAST always remains, so an honest office is only slower among very many. Disk: an office may add
 * OFFICE_DAY_BYTES to the log in a day (thirty million figures), a stream SESSION_EPOCHS epochs in an hour (a collector begins
 * one when it is installed). Whoever wants more is told MELEBIHI_KREDIT and keeps what it has; its collector shows that and tries
 * again.
 *
 * The counts live in memory: a restart forgets them, and so does a new line of the office in the register. Time is the monotonic
 * clock, which an office cannot move.
 *
 * Invariant: whatever one office does, the log grows by OFFICE_DAY_BYTES and the table of epochs by 24 * SESSION_EPOCHS rows for
 * each of its streams in a day, at most twice that around the turn of a window. */
#include <stdlib.h>
#include <string.h>

#include "session.h"

static const int64_t HOUR_US = INT64_C(3600) * 1000000, DAY_US = INT64_C(86400) * 1000000;

uint64_t session_credit(const struct sessions *w)
{
    uint64_t share = CREDIT_TOTAL_BYTES / (w->count > 0 ? w->count : 1);

    return share > CREDIT_BYTES ? (uint64_t)CREDIT_BYTES : share < CREDIT_LEAST ? (uint64_t)CREDIT_LEAST : share;
}

bool session_epoch_room(struct stream *t, struct mono now)
{
    if (t->epochs == 0 || now.us - t->epochs_since.us >= HOUR_US) {
        t->epochs_since = now;
        t->epochs = 0;
    }
    return t->epochs++ < SESSION_EPOCHS;
}

static bool reach(struct sessions *w, uint64_t version)
{
    uint64_t cap = w->day_cap > 0 ? w->day_cap : 64;
    struct session_day *grown;

    if (version < w->day_cap) return true;
    while (cap <= version) cap *= 2;
    grown = realloc(w->day, cap * sizeof *grown);
    if (grown == NULL) return false;
    memset(grown + w->day_cap, 0, (cap - w->day_cap) * sizeof *grown);
    w->day = grown;
    w->day_cap = cap;
    return true;
}

/* Its place is the number of its newest line in the register. Without memory nobody is held back. */
bool session_disk_room(struct sessions *w, const struct office *o, struct mono now, size_t bytes)
{
    struct session_day *d;

    if (!reach(w, o->version)) return true;
    d = &w->day[o->version];
    if (d->bytes == 0 || now.us - d->since.us >= DAY_US) *d = (struct session_day){ now, 0 };
    if (d->bytes + bytes > OFFICE_DAY_BYTES) return false;
    d->bytes += bytes;
    return true;
}
