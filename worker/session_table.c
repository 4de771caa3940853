/* session_table.c - the table of sessions, their end, and telling peers of a full store. Kind: P.
 *
 * Design notes: peer ids only grow, so new sessions are appended and the array stays sorted; finding is a binary search. Caps:
 * PEERS_MAX sessions in all and SESSIONS_PER_KEY for one key; the longest silent one gives way, so a hostile key can only push out
 * its own connections until the whole table is full of different keys, which the registry bounds.
 *
 * Invariant: v is strictly ascending by peer; a subscription in the feed always belongs to a session here. */
#include "session.h"

#include <stdlib.h>
#include <string.h>

static const int64_t SILENCE_US = INT64_C(1000000) * SESSION_SILENCE_S, FULL_EVERY_US = 1000000, EXPIRE_EVERY_US = 5000000;

int session_init(struct sessions *w)
{
    buf_init(&w->frame, FRAME_BYTES_MAX);
    buf_init(&w->scratch, FRAME_BYTES_MAX);
    w->codes = calloc(BATCH_UPDATES_MAX, sizeof *w->codes);
    w->guests.table = LEDGER_JOIN;
    return w->codes != NULL ? guest_init(&w->guests) : ST_NO_MEMORY;
}

void session_done(struct sessions *w)
{
    buf_done(&w->frame);
    buf_done(&w->scratch);
    guest_done(&w->guests);
    free(w->codes);
    free(w->day);
    w->day = NULL;
    w->day_cap = 0;
    free(w->v);
    w->v = NULL;
    w->codes = NULL;
    w->count = w->cap = 0;
}

bool session_is_follower(const struct sessions *w, const uint8_t key[PUBKEY_SIZE])
{
    for (unsigned i = 0; i < w->follower_keys; i++)
        if (memcmp(w->follower_key[i], key, PUBKEY_SIZE) == 0) return true;
    return false;
}

static uint32_t lower_bound(const struct sessions *w, peer_id peer)
{
    uint32_t lo = 0, hi = w->count;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (w->v[mid].peer < peer) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

struct session *session_find(const struct sessions *w, peer_id peer)
{
    uint32_t i = lower_bound(w, peer);

    return i < w->count && w->v[i].peer == peer ? &w->v[i] : NULL;
}

void session_drop(struct sessions *w, peer_id peer)
{
    uint32_t i = lower_bound(w, peer);

    if (i == w->count || w->v[i].peer != peer) return;
    feed_drop(w->feed, peer);
    memmove(&w->v[i], &w->v[i + 1], (w->count - i - 1) * sizeof *w->v);
    w->count--;
}

static void end(struct sessions *w, const struct session_step *s, peer_id peer)
{
    if (effects_close(s->x, peer) != ST_OK) w->n.replies_dropped++;
    session_drop(w, peer);
}

/* Makes room for one more session of this key: ends its longest silent one, or the table's. */
static void make_room(struct sessions *w, const struct session_step *s, const uint8_t key[PUBKEY_SIZE])
{
    const struct session *oldest = NULL, *oldest_same = NULL;
    unsigned same = 0, most = session_is_guest(w, key) ? SESSIONS_PER_GUEST : SESSIONS_PER_KEY;

    for (uint32_t i = 0; i < w->count; i++) {
        const struct session *e = &w->v[i];

        if (oldest == NULL || e->heard.us < oldest->heard.us) oldest = e;
        if (memcmp(e->key, key, PUBKEY_SIZE) != 0) continue;
        same++;
        if (oldest_same == NULL || e->heard.us < oldest_same->heard.us) oldest_same = e;
    }
    if (same < most && w->count < PEERS_MAX) return;
    w->n.evicted++;
    end(w, s, same >= most ? oldest_same->peer : oldest->peer);
}

static bool grow(struct sessions *w)
{
    uint32_t cap = w->cap > 0 ? w->cap * 2 : 64;
    struct session *v;

    if (w->count < w->cap) return true;
    v = realloc(w->v, cap * sizeof *v);
    if (v == NULL) return false;
    w->v = v;
    w->cap = cap;
    return true;
}

struct session *session_add(struct sessions *w, const struct session_step *s, const struct message *m)
{
    struct session *e;
    uint32_t i;

    make_room(w, s, m->key);
    if (!grow(w)) return NULL;
    i = lower_bound(w, m->peer);
    memmove(&w->v[i + 1], &w->v[i], (w->count - i) * sizeof *w->v);
    w->count++;
    e = &w->v[i];
    *e = (struct session){ .peer = m->peer, .told_full = { INT64_MIN / 2 } };
    memcpy(e->key, m->key, PUBKEY_SIZE);
    return e;
}

void session_replace(struct sessions *w, const struct session_step *s, const struct session *by)
{
    struct session mine = *by;
    bool any = session_is_follower(w, mine.key);

    for (uint32_t i = w->count; i-- > 0;) {
        const struct session *e = &w->v[i];

        if (e->peer == mine.peer || memcmp(e->key, mine.key, PUBKEY_SIZE) != 0) continue;
        if (any || memcmp(e->installation, mine.installation, sizeof mine.installation) == 0) end(w, s, e->peer);
    }
}

void session_aborted(struct sessions *w)
{
    for (struct stream *t = w->touched; t != NULL; t = t->next_touched) {
        t->touched = false;
        t->refused_count = 0;
        buf_clear(&t->refused);
    }
    w->touched = NULL;
    w->full_step = w->step + 1;
    for (uint32_t i = 0; i < w->count; i++)
        if (w->v[i].step == w->step || w->v[i].told_step == w->step) w->v[i].store_full = true;
}

static int tell_full(struct sessions *w, const struct session_step *s, struct session *se)
{
    const struct session_complaint c = { .code = CODE_STORE_FULL };

    se->store_full = false;
    se->told_full = s->now.mono;
    se->told_step = w->step;
    return session_nack(w, s, se, &c);
}

int session_tick(struct sessions *w, const struct session_step *s)
{
    for (uint32_t i = w->count; i-- > 0;) {
        struct session *se = &w->v[i];
        int st = ST_OK;

        if (se->store_full && s->now.mono.us - se->told_full.us >= FULL_EVERY_US) st = tell_full(w, s, se);
        if (st != ST_OK) return st;
        if (s->now.mono.us - se->heard.us < SILENCE_US) continue;
        w->n.expired++;
        end(w, s, se->peer);
    }
    return ST_OK;
}

/* Silence is looked for at leisure: the deadline is rounded up so that many sessions need few steps. */
struct mono session_deadline(const struct sessions *w)
{
    int64_t first = INT64_MAX;

    for (uint32_t i = 0; i < w->count; i++) {
        const struct session *se = &w->v[i];
        int64_t silent = (se->heard.us + SILENCE_US + EXPIRE_EVERY_US) / EXPIRE_EVERY_US * EXPIRE_EVERY_US;
        int64_t full = se->store_full ? se->told_full.us + FULL_EVERY_US : INT64_MAX;

        if (silent < first) first = silent;
        if (full < first) first = full;
    }
    return (struct mono){ first };
}
