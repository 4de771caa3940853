/* session_archive.c - telling collectors how far their statements are archived: ACKs of level 2. Kind: P.
 *
 * Told with the answer to a ping, so it costs nothing while nothing changed: session and stream remember the mark they were told
 * of, an OPEN makes them forget it. A bounded number a step; what is left comes with the next ping, and so does what was dropped by
 * whoever opens again.
 *
 * Invariant: an ACK of level 2 names the end of a batch that is in the log at or below the mark. */
#include <string.h>

#include "session.h"

enum { ARCHIVED_PER_STEP = 256 };

static int tell(struct sessions *w, const struct session_step *s, const struct stream *t)
{
    static const uint8_t none[1] = { 0x90 };
    struct ledger_entry e;
    int st = ledger_archived_batch(w->ledger, s->t, t, &e);

    if (st != ST_OK) return st == ST_NOT_FOUND ? ST_OK : st;
    const uint64_t last = e.first + e.count - 1;
    const struct field fields[] = { { .s = slice_of(t->office, strlen(t->office)) },
                                    { .u = t->number },
                                    { .u = t->epoch },
                                    { .u = last },
                                    { .s = { e.hash.b, HASH_SIZE } },
                                    { .u = e.lsn },
                                    { .u = 2 /* archived */ },
                                    { .s = slice_of(none, sizeof none) },
                                    { .u = last } };

    return session_reply(w, s, t->owner, MSG_ACK, fields);
}

int session_archived(struct sessions *w, const struct session_step *s, struct session *se)
{
    const struct ledger *l = w->ledger;
    unsigned told = 0;

    if (se->archived_told == l->archived) return ST_OK;
    for (uint32_t i = 0; i < l->bucket_count; i++)
        for (struct stream *t = l->bucket[i]; t != NULL; t = t->next_bucket) {
            if (!t->granted || t->owner != se->peer || t->archived_told == l->archived) continue;
            if (told++ == ARCHIVED_PER_STEP || !effects_room(s->x, 1, 1024)) return ST_OK;
            int st = tell(w, s, t);

            if (st != ST_OK) return st;
            t->archived_told = l->archived;
        }
    se->archived_told = l->archived;
    return ST_OK;
}
