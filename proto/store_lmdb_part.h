/* store_lmdb_part.h - what the files of the LMDB store share among themselves: the store behind the port
 * (store_lmdb.c, store_lmdb_open.c), the directory (store_lmdb_dir.c) and the check of a data file before it is mapped
 * (store_lmdb_check.c). Kind: E. Nobody else includes it. */
#ifndef REKAP_STORE_LMDB_PART_H
#define REKAP_STORE_LMDB_PART_H

#include <sys/types.h>

#include "store.h"

#define STORE_LMDB_DATA "data.mdb"
#define STORE_LMDB_LOCK "lock.mdb"
#define STORE_LMDB_OWNER "owner.lock"
enum { STORE_LMDB_PATH_MAX = 4096 };

/* Writes one sentence for people and returns `status`. */
int store_lmdb_fail(char *err, size_t err_size, int status, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

struct store_lmdb_dir { dev_t dev; ino_t ino; int fd, lock_fd; };
/* Is there a store to open? ST_OK, ST_NOT_FOUND (no directory, or an empty one), ST_CORRUPT (something else is there), ST_IO. */
int store_lmdb_dir_probe(const char *dir, char *err, size_t err_size);
/* Calls make(ctx, temporary directory) to fill a new directory, syncs it and puts it in place of dir; alone among processes.
 * ST_OK also when another process was faster. */
int store_lmdb_dir_create(const char *dir, int (*make)(void *ctx, const char *tmp, char *err, size_t err_size), void *ctx,
                          char *err, size_t err_size);
/* Becomes the one owner. Asserts that this process is not it already. ST_BUSY, ST_DENIED (network filesystem), ST_IO. */
int store_lmdb_dir_take(const char *dir, struct store_lmdb_dir *ret, char *err, size_t err_size);
void store_lmdb_dir_release(struct store_lmdb_dir *d);
uint64_t store_lmdb_dir_map(const struct store_lmdb_dir *d, uint64_t asked);    /* bytes of the map to reserve */
bool store_lmdb_dir_sync(const char *path);     /* fsync of a file or a directory by its name; false: errno says why */
/* Does the disk still have its reserve, and so many bytes more? */
bool store_lmdb_dir_roomy(const struct store_lmdb_dir *d, uint64_t bytes);

struct lmdb_store {
    struct store base;
    struct MDB_env *env;
    struct store_lmdb_dir dir;
    unsigned tables;
    unsigned dbi[STORE_TABLES_MAX + 1];         /* MDB_dbi of each table; the identity table last */
    uint32_t seed[STORE_TABLES_MAX + 1];        /* of their checksums */
    uint64_t map_bytes, page_bytes;
    uint64_t reserved;                          /* the data file has its blocks up to here */
    bool writing;
};
enum { STORE_LMDB_MAGIC = 0x4c4d4431, STORE_LMDB_META = STORE_TABLES_MAX /* place of the identity table */ };
extern const struct store_ops store_lmdb_ops;
int store_lmdb_status(int rc);                  /* our status for a return code of LMDB */

/* Reads the structure of a data file as far as a budget goes. ST_OK, ST_CORRUPT, ST_VERSION, ST_IO. */
int store_lmdb_check(const char *path, char *err, size_t err_size);

#endif
