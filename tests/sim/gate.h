/* gate.h - the gate from outside: every kind of key, at every office, with every message and every kind of signature, against the
 * real worker node over a RAM store. Kind: P.
 *
 * An attempt is one message (after as much of a conversation as the key gets) that the rules of P6 do not allow; it must leave no
 * trace: no answer but NACK, no record, no stream, no request kept. What the rules do allow is tried too, in between, and must be
 * taken: a gate that refuses everything proves nothing. The rules are written down here a second time, from docs/PROTOCOL.md. */
#ifndef REKAP_TESTS_GATE_H
#define REKAP_TESTS_GATE_H

#include "tests/unit/work_world.h"

enum gate_op { GATE_HELLO, GATE_OPEN, GATE_BATCH, GATE_SUBJECT, GATE_SUBSCRIBE, GATE_CREDIT, GATE_PING, GATE_PROVE, GATE_JOIN,
               GATE_ROTATE, GATE_OPS };
struct gate_count { uint64_t attempts, accepted, allowed, allowed_refused; };
struct gate_result { struct gate_count op[GATE_OPS], all; char first[256]; /* the first thing that went wrong */ };

const char *gate_op_name(unsigned op);
/* Adds to *ret until `attempts` more have been made. The same seed gives the same messages. */
void gate_run(uint64_t seed, uint64_t attempts, struct gate_result *ret);

#endif
