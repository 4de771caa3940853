/* collect_import.h - one tray file becomes numbered, signed batches, in one transaction. Kind: P. */
#ifndef REKAP_COLLECT_IMPORT_H
#define REKAP_COLLECT_IMPORT_H

#include "collector/outbox.h"
#include "collector/tray.h"

struct import_context { const struct signer *signer; const struct outbox_identity *identity; };
/* Judges each row against the own copy (units), appends the changed figures as batches, stores what became of the file. A tray id
 * that was imported before changes nothing. ret->office: whose stream grew. ST_OK, ST_NOT_FOUND (no key for the office),
 * ST_INVALID (damaged file), or the store's errors. Those two change nothing; on any other error the caller aborts the
 * transaction. ret->id points into bytes; it is there as soon as the file's head could be read, whatever is returned then. */
struct import_result { struct slice id; uint32_t office; };
int collect_import(struct store_txn *t, const struct import_context *c, struct now now, struct slice bytes,
                   struct import_result *ret);
/* Where a statement of the office stood: the pushed file's name and SHA-256 (empty: not known, or no file was pushed), of a
 * workbook the sheet, and the line in it (0: in none). The slices point into the store. It never leaves this machine.
 * ST_NOT_FOUND: not known (stated before these rows were kept); ST_CORRUPT. */
struct import_origin { struct slice file, hash, sheet; uint32_t line; };
int collect_import_origin(struct store_txn *t, struct slice office, uint64_t sequence, struct import_origin *ret);
/* Is this a whole tray file, every row of it? What import answers with ST_INVALID is not. */
bool collect_import_readable(struct slice bytes);

#endif
