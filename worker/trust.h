/* trust.h - what a copy of a log is believed: the register as the log itself tells it, and the offices' signatures. Kind: P.
 *
 * Used by whoever takes records from somebody else: a follower, an import. A line of the register must be the next one and be
 * signed by the register's key; a batch must be signed by a key that the register gives its office at the record's commit time; a
 * restore record must name the log it goes on from. What a row says is not judged again: it was, and its dispositions are
 * part of the record. Clocks of this machine decide nothing. */
#ifndef REKAP_TRUST_H
#define REKAP_TRUST_H

#include "proto/registry.h"
#include "worker/ledger.h"

struct trust {
    struct verifier verifier;
    const uint8_t *registry_key;        /* NULL: lines and restore records are taken unsigned (tests) */
    /* -------- */
    struct buf text;                    /* the register as a file: heading and every line so far */
    struct registry_chain chain;        /* its version: lines so far */
    struct registry *registry;          /* of `text`, parsed when it is asked; NULL: not yet */
};
int trust_init(struct trust *w);        /* what stands above the line is set; ST_NO_MEMORY */
void trust_done(struct trust *w);
/* Reads the lines that the log holds: those of `known` first (may be NULL; what the log does not have yet is passed over), the rest
 * from the end of the log backwards. ST_DENIED: they do not verify. ST_CORRUPT */
int trust_recover(struct trust *w, const struct ledger *l, struct store_txn *t, const struct registry *known);
/* What can be said against a record that stands next in the log; CODE_OK: take it. *ret_batch is filled for a RECORD_BATCH. A line
 * of the register is in force from here on, so the caller puts the record or recovers. ST_NO_MEMORY */
int trust_record(struct trust *w, const struct ledger *l, const struct record *r, struct batch *ret_batch, unsigned *ret_code);

#endif
