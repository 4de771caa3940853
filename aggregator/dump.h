/* dump.h - writing the portable export of the state into a file while the aggregator works, on a thread of its own. Kind: E. One at
 * a time. */
#ifndef REKAP_DUMP_H
#define REKAP_DUMP_H

#include "aggregator/fold.h"

enum dump_state { DUMP_NONE, DUMP_RUNNING, DUMP_DONE, DUMP_FAILED };
struct dump;
struct dump_position { unsigned worker; uint64_t lsn; struct hash hash; };
/* Begins; *d is made at the first call. path must not exist. ST_BUSY: one is running. ST_NO_MEMORY */
int dump_start(struct dump **d, struct store *s, const char *path);
/* why: the sentence of the last failure; at, n: where the logs stood, of one that is done. Owned by the dump. d may be NULL. */
enum dump_state dump_state(struct dump *d, const char **ret_why, const struct dump_position **ret_at, unsigned *ret_n);
void dump_free(struct dump **d);        /* waits for a running one; before the store is closed */

#endif
