/* backup.h - copying the ledger while the worker runs, on a thread of its own. Kind: E. One copy at a time. */
#ifndef REKAP_BACKUP_H
#define REKAP_BACKUP_H

#include "proto/store.h"

enum backup_state { BACKUP_NONE, BACKUP_RUNNING, BACKUP_DONE, BACKUP_FAILED };
struct backup;
/* Starts a copy into dir, which must not exist; lasting as in store_lmdb_copy. *b is made at the first call. ST_BUSY: one is
 * running. ST_NO_MEMORY */
int backup_start(struct backup **b, struct store *s, const char *dir, bool lasting);
/* why: the sentence of the last failure; owned by the backup. b may be NULL. */
enum backup_state backup_state(struct backup *b, const char **ret_why);
void backup_free(struct backup **b);    /* waits for a running copy; before the store is closed */

#endif
