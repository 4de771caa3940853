/* cut.h - the mark in every worker's log at which a quarter is consolidated. Kind: P; signing and verifying go through ports.
 *
 * A quarter of a region is sealed as everything stood at one position of each worker's log (design: domain.md 8). The position is
 * not a time and not what an aggregator happened to have read: it is where the worker logged this note, signed by the centre's
 * office key (proto/note.h, the key's name is the office). Records before it belong to the seal, those behind it are late.
 *
 *   rekap/potong/1
 *   wilayah 18.72
 *   triwulan 2022-Q4
 *   versi 1                      of the seal; 2 and more are restatements
 *   daftar 12                    version of the register that the log must hold before
 *   oleh pusat-1872              who consolidates
 *   kunci <16 hex>               id of the key that signs
 *   waktu <wall ms>
 *
 * The note is the content of a log record of kind 4. One (region, quarter, version) has one cut in a log: asking again gives the
 * position of the first one. */
#ifndef REKAP_CUT_H
#define REKAP_CUT_H

#include "code.h"
#include "limits.h"
#include "note.h"

enum { CUT_NOTE_MAX = 1024, CUT_VERSION_MAX = 999 };
struct cut {
    region_code region;
    unsigned year, quarter, version;    /* quarter 1..4, version 1..CUT_VERSION_MAX */
    uint64_t registry;
    char actor[OFFICE_ID_MAX + 1];
    uint64_t key_id;                    /* sign_key_id of the key that signs */
    struct wall at;
};
/* Appends the signed note. ST_NO_MEMORY, or what sign gives. */
int cut_put(const struct cut *c, const uint8_t pub[PUBKEY_SIZE], note_sign_fn sign, void *ctx, struct buf *b);
/* What a note says, whoever signed it. ST_INVALID: not such a note, or not in this one spelling. */
int cut_read(struct slice note, struct cut *ret);
/* The key that opens it (note_open), of a public key that the register gives the actor. ST_INVALID: the actor cannot be a name. */
int cut_key(const struct cut *c, const uint8_t pub[PUBKEY_SIZE], struct note_key *ret);

#endif
