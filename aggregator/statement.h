/* statement.h - which statement a value came from, and when each log position was reached. Kind: P.
 *
 * A provenance names worker, lsn and index. What a person wants to know of it stands in the record there: who signed it, with which
 * number of their stream, when it was signed, entered and committed, by which clerk and why. The fold keeps that much of every
 * record it reads, so an explanation needs no worker; and because every record has a row with its commit time, the same rows are
 * the index from a moment to a position. No dictionary number is used: a state folded again has the same bytes.
 *
 *   record  worker u8 | lsn u64 -> kind u8, commit time zigzag, office varint length and bytes, then
 *           a batch: stream varint, epoch u64, first sequence varint, count varint, signed at zigzag (difference to the commit),
 *             batch hash 32, number of parts varint, each: first index varint, entered at zigzag (difference to signed at), clerk
 *             varint length and bytes (sections with the same time and clerk are one part)
 *           a registry entry: version varint; any other record (restore, cut): 0, and no office
 *   entry   office text | 0 | version u64 | worker u8 | lsn u64 -> registry entry as logged ("version TAB line")
 *   reason  provenance u64 -> reason, of updates that changed something and gave one
 *   evidence provenance u64 of the statement that set the value | SHA-256 of the document -> provenance u64 of the first statement
 *           that came with it: the same, or a later one that says the value again (it changes nothing but this) */
#ifndef REKAP_STATEMENT_H
#define REKAP_STATEMENT_H

#include "proto/bytes.h"
#include "proto/figure.h"
#include "proto/store.h"

struct section;
struct record;
struct batch; /* proto/codec.h; it clashes with <sys/socket.h>, which questions may meet */

/* ---- written by the fold: what a group adds ---- */
struct statement_row {
    uint8_t worker;
    uint64_t lsn;
    uint32_t at, size;
};
struct statement_part {
    uint32_t first;
    struct wall entered;
    struct slice clerk;
};
struct statement_entry {
    uint8_t key[STORE_KEY_MAX];
    uint32_t key_size;
    struct slice content;
};
struct statement_why {
    provenance prov;
    struct slice text;
};
struct statement_proof {
    provenance of, by;
    struct slice document;
};
struct statements { /* slices point into the records of the group, which live until the flush */
    struct statement_row *row;
    uint32_t rows, row_cap;
    struct statement_part *part;
    uint32_t parts, part_cap; /* of the batch being read */
    struct statement_entry *entry;
    uint32_t entries, entry_cap;
    struct statement_why *why;
    uint32_t whys, why_cap;
    struct statement_proof *proof;
    uint32_t proofs, proof_cap;
    struct buf bytes;
};
void statement_init(struct statements *s);
void statement_done(struct statements *s);
void statement_clear(struct statements *s);
/* A section of the batch being read begins at row `index`; index 0 begins a batch. ST_NO_MEMORY, as all below. */
int statement_section(struct statements *s, uint32_t index, const struct section *section);
/* A batch without a readable body has no parts. */
int statement_batch(struct statements *s, unsigned worker, const struct record *r, const struct batch *b, bool readable);
int statement_office(struct statements *s, unsigned worker, const struct record *r); /* ST_CORRUPT: no entry */
/* Any other record: it has its time and nothing to say of figures. */
int statement_mark(struct statements *s, unsigned worker, const struct record *r);
int statement_reason(struct statements *s, provenance prov, struct slice text);
/* The statement `by` came with a document about the value that `of` set. */
int statement_evidence(struct statements *s, provenance of, provenance by, struct slice document);
int statement_save(struct statements *s, struct store_txn *t); /* the store's errors */

/* ---- read by questions ---- */
struct statement {       /* slices live as pointers of the transaction do */
    uint8_t kind;        /* RECORD_BATCH, RECORD_OFFICE, .. */
    struct slice office; /* who speaks; of an entry: of whom */
    struct wall at, signed_at, entered;
    uint32_t stream, count;
    uint64_t epoch, sequence; /* first sequence of the batch */
    struct hash batch;
    struct slice clerk;
    uint64_t version; /* of an entry */
};
/* The record at (worker, lsn), with entry time and clerk of the row `index`. ST_NOT_FOUND when the state has no row of it (it was
 * folded by a release that kept none); ST_CORRUPT. */
int statement_get(struct store_txn *t, unsigned worker, uint64_t lsn, uint32_t index, struct statement *ret);
int statement_why(struct store_txn *t, provenance prov, struct slice *ret); /* ST_NOT_FOUND: none was given */
/* Every document about the value that `of` set, by hash. fn: ST_OK or a status that ends the walk; document: HASH_SIZE bytes. */
int statement_proofs(struct store_txn *t, provenance of, int (*fn)(void *ctx, struct slice document, provenance by), void *ctx);
/* The greatest lsn of worker committed at or before `when`, among 1..applied; 0: none. ST_NOT_FOUND: rows are missing. */
int statement_position(struct store_txn *t, unsigned worker, uint64_t applied, struct wall when, uint64_t *ret_lsn);
/* Every entry row in key order (office, version, worker, lsn). fn: ST_OK or a status that ends the walk. */
struct statement_line {
    struct slice office, content;
    uint64_t version, lsn;
    unsigned worker;
};
int statement_entries(struct store_txn *t, int (*fn)(void *ctx, const struct statement_line *l), void *ctx);
/* The line of the register in it; empty when there is none. */
struct slice statement_entry_line(const struct statement_line *l);

#endif
