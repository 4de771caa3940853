/* collect_import.h - one tray file becomes numbered, signed batches, in one transaction. Kind: P. */
#ifndef REKAP_COLLECT_IMPORT_H
#define REKAP_COLLECT_IMPORT_H

#include "collector/outbox.h"
#include "collector/tray.h"

struct import_context { const struct signer *signer; const struct outbox_identity *identity; };
/* Judges each row against the own copy (units), appends the changed figures as batches, stores what became of the file. A tray id
 * that was imported before changes nothing. ret_office: whose stream grew. ST_OK, ST_NOT_FOUND (no key for the office), ST_INVALID (damaged
 * file), or the store's errors. The caller aborts the transaction on any error but these two, which change nothing. */
int collect_import(struct store_txn *t, const struct import_context *c, struct now now, struct slice bytes, struct slice *ret_id, uint32_t *ret_office);

#endif
