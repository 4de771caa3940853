/* store.h - the store port: ordered keys in named tables, transactions. Kind: T. LMDB (store_lmdb.c, E) and a RAM twin
 * with crash semantics (store_mem.c, P) sit behind it; tests/unit/store_contract_test.c runs against both.
 *
 * Rules, the same for both:
 *  - One write transaction at a time. Read transactions see the last commit at their begin, whatever is written later.
 *  - Keys are 1..STORE_KEY_MAX bytes in memcmp order. Values are 0..RECORD_BYTES_MAX bytes.
 *  - Pointers returned by get and cursors live until the next call on the same transaction that writes, or its end. Never
 *    written through, never freed. A key returned may be the key of the next write; a value returned must be copied first.
 *  - Every value is kept with a checksum over table, key and value; a value that fails it is ST_CORRUPT at the read, never data.
 *  - ST_FULL: the map has passed 80 % (put refuses, nothing changed by that call) or the disk is full. The transaction must
 *    then be aborted (its commit would be ST_FULL too). Deletes, and a put that replaces a value by one no longer, still work
 *    then, so a full store can be drained. ST_UNKNOWN from commit: the outcome is not known; the caller must end the process
 *    and re-read.
 *  - No transaction outlives a step. Cursors end with their transaction. */
#ifndef REKAP_STORE_H
#define REKAP_STORE_H

#include "limits.h"
#include "status.h"

struct store; /* one environment */
struct store_txn;
struct store_cursor;

struct store_ops { /* implemented by store_lmdb.c and store_mem.c; called only through the functions below */
    int (*begin)(struct store *s, bool write, struct store_txn **ret);
    int (*commit)(struct store_txn *t);
    void (*abort)(struct store_txn *t);
    int (*get)(struct store_txn *t, unsigned table, struct slice key, struct slice *ret_value);
    int (*put)(struct store_txn *t, unsigned table, struct slice key, struct slice value, bool append);
    int (*del)(struct store_txn *t, unsigned table, struct slice key);
    int (*cursor)(struct store_txn *t, unsigned table, struct store_cursor **ret);
    int (*seek)(struct store_cursor *c, struct slice key, struct slice *ret_key, struct slice *ret_value);
    int (*step)(struct store_cursor *c, int dir, struct slice *ret_key, struct slice *ret_value);
    int (*last)(struct store_cursor *c, struct slice *ret_key, struct slice *ret_value);
    int (*cursor_put)(struct store_cursor *c, struct slice key, struct slice value);
    void (*cursor_close)(struct store_cursor *c);
    int (*usage)(struct store *s, uint64_t *ret_used, uint64_t *ret_size);
    int (*room)(struct store_txn *t, uint64_t bytes);
};
struct store {
    const struct store_ops *ops;
    uint32_t magic;
};
struct store_txn {
    struct store *store;
    bool write;
};
struct store_cursor {
    struct store_txn *txn;
};

/* Tables are small integers, fixed by the daemon that owns the store; names are given at open, in order, NULL-terminated. */

int store_begin(struct store *s, bool write, struct store_txn **ret);
int store_commit(struct store_txn **t); /* ends it whatever the result; nulls the caller's pointer */
void store_abort(struct store_txn **t); /* tolerates NULL */
int store_get(struct store_txn *t, unsigned table, struct slice key, struct slice *ret_value); /* ST_NOT_FOUND */
int store_put(struct store_txn *t, unsigned table, struct slice key, struct slice value);      /* inserts or replaces */
/* The key must be greater than all others (asserted). */
int store_append(struct store_txn *t, unsigned table, struct slice key, struct slice value);
int store_del(struct store_txn *t, unsigned table, struct slice key); /* ST_NOT_FOUND */
int store_cursor(struct store_txn *t, unsigned table, struct store_cursor **ret);
/* First key >= key (an empty key: the first of all); ST_NOT_FOUND. ST_CORRUPT of a cursor: the row it stands on now does not pass
 * its checksum; *ret_key names it, as far as it can be read, and the cursor goes on behind it. */
int store_seek(struct store_cursor *c, struct slice key, struct slice *ret_key, struct slice *ret_value);
/* After a write through the transaction, next and prev go on from the key the cursor stood on, deleted or not. Of a cursor that
 * stands nowhere yet next is the first and prev the last; after ST_NOT_FOUND it stands before the first or after the last. */
int store_next(struct store_cursor *c, struct slice *ret_key, struct slice *ret_value); /* ST_NOT_FOUND at the end */
int store_prev(struct store_cursor *c, struct slice *ret_key, struct slice *ret_value); /* ST_NOT_FOUND at the start */
int store_last(struct store_cursor *c, struct slice *ret_key, struct slice *ret_value);
/* Like store_put through a cursor, which is left on the key: cheap when keys come in ascending order. */
int store_cursor_put(struct store_cursor *c, struct slice key, struct slice value);
void store_cursor_close(struct store_cursor **c);                         /* tolerates NULL */
int store_usage(struct store *s, uint64_t *ret_used, uint64_t *ret_size); /* bytes of pages in use; bytes of the map */
/* Would `bytes` more, counted as pages, still be taken? ST_OK; ST_FULL: not for sure. Changes nothing: who can put off work asks
 * before it begins, because a put that is refused costs the whole step. Of a write transaction only. */
int store_room(struct store_txn *t, uint64_t bytes);

/* The RAM twin. Crash semantics: store_mem_crash drops everything not committed. The next commit can be made to fail. */
int store_mem_new(const char *const *tables, struct store **ret);
void store_mem_free(struct store **s);
void store_mem_crash(struct store *base); /* an open write transaction is lost; its pointer must not be used again */
enum store_mem_fault { MEM_FAULT_NONE, MEM_FAULT_FULL, MEM_FAULT_UNKNOWN_DONE, MEM_FAULT_UNKNOWN_LOST };
void store_mem_fail_next_commit(struct store *base, enum store_mem_fault f);
/* The size of its map, of which 80 % may be used (0: as made, 64 GiB). */
void store_mem_limit(struct store *base, uint64_t bytes);
/* Flips a bit of a committed value; ST_NOT_FOUND. */
int store_mem_flip(struct store *base, unsigned table, struct slice key, size_t bit);

/* LMDB. One process opens a directory once (asserted in the process, ST_BUSY when another process holds its lock file).
 * Creation: in a temporary directory, synced, renamed, parent synced. Network filesystems are refused (ST_DENIED). A store
 * of another format is ST_VERSION, of another kind or nobody's ST_INVALID, a damaged one ST_CORRUPT, each with a sentence for
 * people in err. map_bytes is the sparse
 * map (0: default 64 GiB, less when the disk is smaller). */
struct store_lmdb_options {
    const char *const *tables; /* names in order, NULL-terminated */
    uint64_t map_bytes;
    const char *kind; /* "ledger", "state", "outbox": stored and checked */
    unsigned format;
};
int store_lmdb_open(const char *dir, const struct store_lmdb_options *o, struct store **ret, char *err, size_t err_size);
void store_lmdb_close(struct store **s);
/* Copies the last committed state into a new directory, without its free pages; synced when it is to last, else only written: for
 * who reads it at once and deletes it. May run on a thread of its own while the owner works. ST_BUSY: dir exists; ST_IO, ST_FULL,
 * each with a sentence in err; what was written of a failed copy stays. */
int store_lmdb_copy(struct store *s, const char *dir, bool lasting, char *err, size_t err_size);

/* For the implementations: the checksum kept behind every value, and the seed of a table (from its name, so that renumbering
 * the tables of a daemon does not invalidate a store). */
enum { STORE_CHECK_BYTES = 4 };
uint32_t store_check_seed(const char *table);
uint32_t store_check(uint32_t seed, struct slice key, struct slice value);

#endif
