/* authority.h - who may state what: the registry, a key, an office and a section go in, a reason code comes out. Kind: P.
 *
 * Promise P6: a key states only what its role allows for the subject, while it is valid; because both questions are asked anew
 * for every batch against the current registry, a revocation bites on the next batch. */
#ifndef REKAP_AUTHORITY_H
#define REKAP_AUTHORITY_H

#include "proto/codec.h"
#include "proto/cut.h"
#include "proto/registry.h"

/* May the peer with this transport key speak for `office` at this time? CODE_OK with *ret_speaker set (owned by the registry), or
 * CODE_UNKNOWN_OFFICE, CODE_REVOKED, CODE_EXPIRED, CODE_UNAUTHORISED (the connection's key is not the office's). r may be NULL. */
unsigned authority_speaker(const struct registry *r, struct slice office, const uint8_t key[PUBKEY_SIZE], struct wall now,
                           const struct office **ret_speaker);

/* What a speaker may state in one section of a batch. An office states its own figures from any source but `bud`; a treasurer
 * also the realised figures (source `bud`) of every registered office in or below its region (domain.md 1); planner, centre and
 * auditor the steps of the close of such an office, each in its own capacity (domain.md 8). only: the one measure, 0 any. */
struct authority { unsigned code; uint16_t only; };
struct authority authority_section(const struct registry *r, const struct office *speaker, const struct section *s);

/* The same for one row of that section. */
static inline unsigned authority_row(struct authority a, unsigned measure)
{
    return a.code == CODE_OK && a.only && measure != a.only ? (unsigned)CODE_UNAUTHORISED : a.code;
}

/* May this cut be logged now: signed by whom it names, who is the centre of that region? CODE_OK; CODE_UNKNOWN_OFFICE,
 * CODE_REVOKED, CODE_EXPIRED, CODE_UNAUTHORISED, CODE_BAD_SIGNATURE. note: what c was read from. */
unsigned authority_cut(const struct registry *r, struct slice note, const struct cut *c, struct wall now, const struct verifier *v);

#endif
