/* revoke.h - reads a worker's log and counts what an office got in after it was revoked. Kind: P.
 *
 * The log itself is the judge: a line of the register is a record, and so is each batch, so "after" is a comparison of positions.
 * A later line that makes the office active again ends the count until the next revocation. */
#ifndef REKAP_TESTS_REVOKE_H
#define REKAP_TESTS_REVOKE_H

#include "worker/ledger.h"

struct revoke_count { uint64_t records, batches, revocations, after /* batches behind their office's revocation */; };
/* Adds to *ret. ST_CORRUPT: a record cannot be read. */
int revoke_scan(struct store *s, struct revoke_count *ret);

#endif
