/* copy.h - a copy of a store in memory with all its committed rows, as the real store's own copy makes one. Kind: P. */
#ifndef REKAP_SIM_COPY_H
#define REKAP_SIM_COPY_H

#include "proto/store.h"

/* tables: as of store_mem_new, those of `from`. The caller frees the copy (store_mem_free). */
struct store *copy_store(const char *const *tables, struct store *from);

#endif
