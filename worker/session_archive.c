/* session_archive.c - telling collectors how far their statements are archived: ACKs of level 2; what replicas confirm. Kind: P.
 *
 * The mark has one of two sources. With acks = 1 it is what `rekap archive` says of a backup on a second medium (meta "archived").
 * With acks = 2 it is the furthest position that a replica has confirmed to this process: not stored here, because the replica says
 * it again at every greeting, and never mixed with the other, so that a promoted replica holds whatever was told as archived.
 *
 * Told with the answer to a ping, so it costs nothing while nothing changed: session and stream remember the mark they were told
 * of, an OPEN makes them forget it, and a stream whose last batch was covered is not looked up again. A bounded number a step; what
 * is left comes with the next ping, and what was dropped with the next OPEN.
 *
 * Invariant: an ACK of level 2 names the end of a batch that is in the log at or below the mark. */
#include <stdio.h>
#include <string.h>

#include "session.h"

enum { ARCHIVED_PER_STEP = 256 };

uint64_t session_mark(const struct sessions *w)
{
    return w->await_replica ? w->stored : w->ledger->archived;
}

static int tell(struct sessions *w, const struct session_step *s, const struct stream *t)
{
    static const uint8_t none[1] = { 0x90 };
    struct ledger_entry e;
    int st = ledger_archived_batch(s->t, t, session_mark(w), &e);

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
    const uint64_t mark = session_mark(w);
    unsigned told = 0;

    if (se->archived_told == mark) return ST_OK;
    for (uint32_t i = 0; i < l->bucket_count; i++)
        for (struct stream *t = l->bucket[i]; t != NULL; t = t->next_bucket) {
            if (!t->granted || t->owner != se->peer || t->lsn <= t->archived_told) continue;
            if (told++ == ARCHIVED_PER_STEP || !effects_room(s->x, 1, 1024)) return ST_OK;
            int st = tell(w, s, t);

            if (st != ST_OK) return st;
            t->archived_told = mark;
        }
    se->archived_told = mark;
    return ST_OK;
}

/* ---- replicas ---- */

static bool is_replica(const struct sessions *w, const uint8_t key[PUBKEY_SIZE])
{
    for (unsigned i = 0; i < w->replica_keys; i++)
        if (memcmp(w->replica_key[i], key, PUBKEY_SIZE) == 0) return true;
    return false;
}

/* A follower has everything up to a position on its disk. Believed of the keys that are named for it, and only with the log hash of
 * that position: who holds another log confirms nothing. */
int session_stored(struct sessions *w, const struct session_step *s, struct session *se, const struct frame *f)
{
    struct session_complaint c = { .code = CODE_UNAUTHORISED, .seen = "STORED", .expected = "kunci worker.replicas" };
    struct field in[FIELDS_MAX];
    struct hash at;
    int st;

    codec_fields(f, in);
    if (!is_replica(w, se->key)) return session_nack(w, s, se, &c);
    st = ledger_hash_at(w->ledger, s->t, in[0].u, &at);
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    if (st == ST_NOT_FOUND || memcmp(at.b, in[1].s.p, HASH_SIZE) != 0) {
        c.code = CODE_DIFFERENT_HISTORY;
        c.sequence = in[0].u;
        snprintf(c.expected, sizeof c.expected, "hash yang sama pada lsn itu");
        return session_nack(w, s, se, &c);
    }
    feed_stored(w->feed, se->peer, in[0].u, s->now);
    if (in[0].u > w->stored) w->stored = in[0].u;
    return ST_OK;
}

bool session_is_elsewhere(struct sessions *w, const struct session_step *s, struct session *se, const char *seen, int *ret_status)
{
    struct session_complaint c = { .code = CODE_FOLLOWER, .expected = "worker utama" };

    if (!w->following) return false;
    snprintf(c.seen, sizeof c.seen, "%s", seen);
    *ret_status = session_nack(w, s, se, &c);
    return true;
}
