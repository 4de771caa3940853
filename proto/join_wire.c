/* join_wire.c - see join_wire.h. Kind: P.
 *
 * Design notes: beside join.h, which people's lines need without the wire. What a kind does not have is empty: a rotation names no
 * invitation, a new office has no present key.
 *
 * Invariant: the elements are those that both signatures are over, and the signatures. */
#include "join_wire.h"

#include <string.h>

bool join_wire_put(struct buf *b, const struct join_request *r)
{
    const bool fresh = r->kind == JOIN_NEW;
    const struct field f[] = { { .u = r->kind },
                               { .s = slice_of(r->invitation, fresh ? PUBKEY_SIZE : 0) },
                               { .s = slice_of(r->office, strlen(r->office)) },
                               { .s = slice_of(r->transport, PUBKEY_SIZE) },
                               { .s = slice_of(r->signing, PUBKEY_SIZE) },
                               { .u = (uint64_t)r->asked.ms },
                               { .s = slice_of(r->signature, SIG_SIZE) },
                               { .s = slice_of(r->by_present, fresh ? 0 : SIG_SIZE) } };

    return codec_build(b, MSG_JOIN, f);
}
