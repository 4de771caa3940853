/* node.c - the bounded list of effects of one step. Kind: P.
 *
 * Design notes: a step may only note what is to be said; the runner says it after the commit. The entries are allocated
 * once, for EFFECTS_MAX of them, and the bytes sit in one growing buffer with a cap, so that a step's memory has a bound and an
 * effect refers to its bytes by offset (the buffer may move while the step goes on).
 *
 * A node asks effects_room() before work whose effects it cannot drop; the functions that add refuse with ST_FULL and
 * leave the list as it was.
 *
 * Invariant: every entry's offset + size <= bytes.n; count <= cap. */
#include "node.h"

#include <stdlib.h>

#include "limits.h"

int effects_init(struct effects *x, size_t bytes_max)
{
    ASSERT(bytes_max <= UINT32_MAX);
    x->e = calloc(EFFECTS_MAX, sizeof *x->e);
    x->count = 0;
    x->cap = x->e ? EFFECTS_MAX : 0;
    buf_init(&x->bytes, bytes_max);
    return x->e ? ST_OK : ST_NO_MEMORY;
}

void effects_done(struct effects *x)
{
    free(x->e);
    x->e = NULL;
    x->count = x->cap = 0;
    buf_done(&x->bytes);
}

void effects_clear(struct effects *x)
{
    x->count = 0;
    buf_clear(&x->bytes);
}

bool effects_room(const struct effects *x, uint32_t count, size_t bytes)
{
    return buf_ok(&x->bytes) && count <= x->cap - x->count && bytes <= x->bytes.max - x->bytes.n;
}

static int effects_add(struct effects *x, enum effect_kind kind, peer_id peer, struct slice bytes)
{
    size_t at = x->bytes.n;

    if (!effects_room(x, 1, bytes.n)) return ST_FULL;
    buf_put(&x->bytes, bytes.p, bytes.n);
    if (!buf_ok(&x->bytes)) {           /* there was room under the cap, so it was memory that ran out */
        x->bytes.bad = false;
        return ST_NO_MEMORY;
    }
    x->e[x->count++] = (struct effect){kind, peer, (uint32_t)at, (uint32_t)bytes.n};
    return ST_OK;
}

int effects_send(struct effects *x, peer_id to, struct slice frame)
{
    ASSERT(to != PEER_NONE && frame.n <= FRAME_BYTES_MAX);
    return effects_add(x, to == PEER_CONTROL ? EFFECT_REPLY : EFFECT_SEND, to, frame);
}

int effects_close(struct effects *x, peer_id peer)
{
    ASSERT(peer >= PEER_FIRST);
    return effects_add(x, EFFECT_CLOSE, peer, slice_of(NULL, 0));
}

int effects_publish(struct effects *x, struct slice bytes)
{
    return effects_add(x, EFFECT_PUBLISH, PEER_NONE, bytes);
}

struct slice effects_bytes(const struct effects *x, const struct effect *e)
{
    ASSERT((size_t)e->offset + e->size <= x->bytes.n);
    return slice_of(e->size ? x->bytes.p + e->offset : NULL, e->size);
}
