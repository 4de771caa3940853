/* fold.h - the log becomes units, cells, names, counters. Kind: P. P4: state at X == recomputation from log[1..X].
 *
 * Group by group: fold_record() reads each record of the group and remembers its updates; fold_flush() sorts them by (office, year)
 * keeping log order, and for each touched unit: load, derive, apply in order, derive, difference into cells, save. Then writes
 * cells, history, counters, `applied`, and one row of the change list, all in the caller's transaction. How records are cut into
 * groups changes nothing in the result (property test), nor does the interleaving of different workers' logs.
 *
 * Cells depend only on the final units and the final region of each office: a move takes the office's rows, as they were, from the
 * old region and adds them, as they are, to the new one, for all its years. An office without a registry entry (a treasurer
 * may speak of it first) has units and no cells until the entry comes. */
#ifndef REKAP_FOLD_H
#define REKAP_FOLD_H

#include "cell.h"
#include "proto/sign.h"
#include "proto/registry.h"

enum fold_table {
    FOLD_META,          /* "applied" | worker u8 -> lsn u64, log hash 32; "format" */
    FOLD_DICT_TEXT, FOLD_DICT_ID,               /* office ids and indicator identities <-> u32 */
    FOLD_LEAF,          /* units (proto/unit.h) */
    FOLD_HISTORY,       /* unit row key | slot u8 | provenance of the old value u64 -> old slot */
    FOLD_CELL,
    FOLD_OFFICE,        /* office u32 -> registry entry as logged (version varint, line), worker u8 */
    /* office u32 -> received, effective, same, superseded, late, refused (P13: effective + same + superseded + late + refused =
     * received), last provenance, last commit wall ms, last month stated per year */
    FOLD_COUNT,
    /* position u64 -> applied vector, [office u32, year u16].. touched by that commit; trimmed to CHANGES_KEPT */
    FOLD_CHANGE,
    FOLD_RECORD, FOLD_ENTRY, FOLD_REASON, FOLD_EVIDENCE,       /* what stands behind a provenance, and when: statement.h */
    FOLD_TABLE_COUNT
};
extern const char *const fold_tables[];         /* for the store port */
/* Format of the state's rows, kept by the store (proto/store.h). A state of another one is never read: the logs are folded anew. */
enum { FOLD_FORMAT = 4 };
/* Last month with a realised figure reported (any source, 1..12; 0 none) that office and year show; 0 also when nothing is known.
 * */
int fold_last_month(struct store_txn *t, uint32_t office, uint16_t year, uint8_t *ret);
enum { FOLD_CHANGES_KEPT = 100000 };

struct fold;
int fold_new(struct fold **ret);
void fold_free(struct fold **f);
/* Reads `applied`. Call at start and after an abort. */
int fold_recover(struct fold *f, struct store_txn *t);
/* One record of worker `worker` (its number 1..255); its bytes must live until fold_flush. lsn must be applied+1 and
 * record.previous the applied log hash, else ST_INVALID (the feed then resumes from `applied`).
 * ST_CORRUPT when a record of ours does not parse. */
int fold_record(struct fold *f, unsigned worker, struct slice record_bytes);
int fold_flush(struct fold *f, struct store_txn *t);    /* ST_FULL, ST_CORRUPT, ST_NO_MEMORY */
uint64_t fold_pending_updates(const struct fold *f);
/* Where the log of a worker has been taken to, flushed or not: 0 and zero when never seen. Free of charge. */
void fold_reached(const struct fold *f, unsigned worker, uint64_t *ret_lsn, struct hash *ret_hash);
void fold_forget(struct fold *f);                       /* drops what was not flushed; fold_recover must follow */
/* 0 and zero when never seen */
int fold_applied(struct store_txn *t, unsigned worker, uint64_t *ret_lsn, struct hash *ret_hash);
/* P13 counters of a speaking office: effective + same + superseded + late + refused = received. ST_NOT_FOUND when it never spoke.
 * Each update counts with the office that states it: effective = it filled a slot never stated before, same = it changed nothing,
 * superseded = it replaced another value (so a slot restated n times is one effective and n superseded).
 * late is 0 until quarters close. */
struct fold_count { uint64_t received, effective, same, superseded, late, refused; provenance last; struct wall last_at; };
int fold_count_get(struct store_txn *t, uint32_t office, struct fold_count *ret);
/* Position of the newest change row, and reading it: what touched offices and years since `after`. */
int fold_change_last(struct store_txn *t, uint64_t *ret);
struct fold_changed { uint32_t office; uint16_t year; };
/* The log position that a change row was written at. ST_NOT_FOUND when it is kept no longer, or not there yet. */
struct fold_reach { unsigned worker; uint64_t lsn; };
int fold_change_at(struct store_txn *t, uint64_t position, struct fold_reach *ret, size_t max, size_t *ret_n);
enum { FOLD_CHANGE_PAIRS = 4096 };      /* of one row at most; a larger commit writes several rows */
/* The first change row after position `after`: its position and the (office, year) pairs it touched, at most max. ST_NOT_FOUND at
 * the end. */
int fold_change_next(struct store_txn *t, uint64_t after, uint64_t *ret_position, struct fold_changed *ret, size_t max,
                     size_t *ret_n);

/* Writes the canonical state as text, sorted by full key, ids resolved: leaves, history, cells, offices, counters (export.c).
 * "Same bytes" means this. */
int export_state(struct store_txn *t, struct buf *out);
/* The same without anything that depends on the log the statements lie in: a value's origin is office/stream/epoch/sequence, and
 * positions, workers and commit times are left out. Equal for equal statements, whatever the interleaving, and after a restore.
 * ST_NOT_FOUND: the state was folded by a release that kept no records; delete it. */
int export_portable(struct store_txn *t, struct buf *out);
/* Parts of the portable text, of what is at hand: a line for each row of a unit (as asof_unit loads it), in byte order; the line of
 * one cell; a text as it stands in a field of such lines. Errors as above. */
int export_unit(struct store_txn *t, struct unit *u, struct buf *out);
int export_cell(struct slice key, struct slice value, struct buf *out);
void export_text(struct buf *out, struct slice s);

#endif
