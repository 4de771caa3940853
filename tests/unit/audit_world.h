/* audit_world.h - a real ledger for the verifier's tests: made by the worker's pure core with Ed25519 keys, taken apart into its
 * records, changed as an operator who owns the machine could, put together again with every index in order, and shown to
 * rekap-audit. */
#ifndef REKAP_TESTS_AUDIT_WORLD_H
#define REKAP_TESTS_AUDIT_WORLD_H

#include "proto/rng.h"
#include "tests/unit/work_world.h"

enum { RECORDS_MAX = 128, PATH_BYTES = 512 };

struct audit_entry_copy {
    unsigned kind;
    int64_t at;
    struct buf content, dispositions;
};
struct audit_copy {
    struct audit_entry_copy *r[RECORDS_MAX];
    size_t n;
}; /* a log, record by record */
struct audit_result {
    int rc;
    bool ok;
    uint64_t records, batches, updates, lsn, bad_lsn;
    char what[24], hash[2 * HASH_SIZE + 1];
};
struct audit_world {
    struct world w;
    struct audit_copy log;      /* as it was made */
    char root[PATH_BYTES - 64]; /* scratch directory */
    char anchor[128];           /* LSN:HASH of its end */
    struct signer operator;     /* keys of somebody who is no office */
};

/* For cmocka: one world for the group, its log written as ROOT/sound. */
int audit_world_setup(void **state);
int audit_world_teardown(void **state);
void audit_world_copy(const struct audit_copy *from, struct audit_copy *ret);
void audit_world_copy_done(struct audit_copy *c);
void audit_world_remove(struct audit_copy *c, size_t i);
void audit_world_insert(struct audit_copy *c, size_t i, const struct audit_entry_copy *e);
bool audit_world_batch(const struct audit_entry_copy *e, struct batch *ret); /* of a batch record */

/* Writes ROOT/NAME: an LMDB ledger with exactly that log and all tables as the worker would have written them. */
void audit_world_write(struct audit_world *a, const struct audit_copy *c, const char *name);
/* Opens it for changes of single rows; the caller commits and closes. */
struct store *audit_world_open(const struct audit_world *a, const char *name);
/* One hash over all rows of all tables as the real store reads them. */
struct hash audit_world_dump(const struct audit_world *a, const char *name);
void audit_world_path(const struct audit_world *a, const char *name, char ret[PATH_BYTES]);
/* Runs the program on ROOT/NAME. option and value may be NULL. */
/* args: more words for its command line, NULL-terminated. */
struct audit_result audit_world_run_with(const struct audit_world *a, const char *name, const char *const *args);
struct audit_result audit_world_run(const struct audit_world *a, const char *name, const char *option, const char *value);

#endif
