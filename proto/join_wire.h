/* join_wire.h - a request as the JOIN that carries it (PROTOCOL.md section 7, Guests). Kind: P. */
#ifndef REKAP_JOIN_WIRE_H
#define REKAP_JOIN_WIRE_H

#include "codec.h"
#include "join.h"

bool join_wire_put(struct buf *b, const struct join_request *r);        /* the whole frame, b cleared first; false: no memory */

#endif
