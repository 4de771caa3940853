/* state.h - the aggregator's store on disk, whatever release made it. Kind: E. */
#ifndef REKAP_STATE_H
#define REKAP_STATE_H

#include "proto/store.h"

/* Opens the state in dir (store_lmdb_open, whose statuses and sentence in err these are). One of another format is renamed to
 * DIR.lama-N first, and an empty one is made: the caller folds the logs again. map_bytes: 0 = chosen by the disk. The caller closes
 * *ret with store_lmdb_close. */
int state_open(const char *dir, uint64_t map_bytes, struct store **ret, char *err, size_t err_size);

#endif
