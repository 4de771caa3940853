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
/* Is this a whole tray file, every row of it? What import answers with ST_INVALID is not. */
bool collect_import_readable(struct slice bytes);

#endif
