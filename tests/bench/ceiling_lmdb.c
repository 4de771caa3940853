/* ceiling_lmdb.c - what bare LMDB takes for the same bytes: log, state and watermark in one durable transaction a group.
 *
 *   ceiling_lmdb DIR UPDATES GROUP         prints `name value unit` lines
 *
 * For each update an append of 24 bytes to a log, a put of 8 bytes under a 12-byte key in key order of the dense workload, and one
 * watermark a group. */
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/bytes.h"
#include "proto/clock.h"

static void check(int rc)
{
    if (rc == 0) return;
    fprintf(stderr, "lmdb: %s\n", mdb_strerror(rc));
    exit(1);
}

static void put(MDB_txn *t, MDB_dbi d, void *k, size_t kn, void *v, size_t vn, unsigned flags)
{
    MDB_val key = {kn, k}, value = {vn, v};
    check(mdb_put(t, d, &key, &value, flags));
}

static void group(MDB_env *e, MDB_dbi log, MDB_dbi state, uint64_t from, uint64_t n)
{
    MDB_txn *t;
    uint8_t k[12], v[24] = {7};
    check(mdb_txn_begin(e, NULL, 0, &t));
    for (uint64_t i = from; i < from + n; i++) {
        bytes_be64(k, i);
        put(t, log, k, 8, v, 24, MDB_APPEND);
        /* 240 rows an office and month, months of ten years an office: an office's month is a run of keys */
        bytes_be32(k, (uint32_t)(i / 240 % 330));
        bytes_be32(k + 4, (uint32_t)(i / (240 * 330)));
        bytes_be32(k + 8, (uint32_t)(i % 240));
        put(t, state, k, 12, v, 8, 0);
    }
    put(t, state, (uint8_t[]){0xff}, 1, v, 8, 0);
    check(mdb_txn_commit(t));
}

int main(int argc, char **argv)
{
    uint64_t n = argc == 4 ? strtoull(argv[2], NULL, 10) : 0, size = argc == 4 ? strtoull(argv[3], NULL, 10) : 0;
    MDB_env *e;
    MDB_txn *t;
    MDB_dbi log, state;
    if (!n || !size) return fprintf(stderr, "ceiling_lmdb DIR UPDATES GROUP\n"), 2;
    mkdir(argv[1], 0700);
    check(mdb_env_create(&e));
    check(mdb_env_set_mapsize(e, UINT64_C(40) << 30));
    check(mdb_env_set_maxdbs(e, 4));
    check(mdb_env_open(e, argv[1], MDB_NOTLS | MDB_NORDAHEAD, 0600));
    check(mdb_txn_begin(e, NULL, 0, &t));
    check(mdb_dbi_open(t, "log", MDB_CREATE, &log));
    check(mdb_dbi_open(t, "state", MDB_CREATE, &state));
    check(mdb_txn_commit(t));
    struct clock c = clock_posix();
    int64_t start = c.now(c.ctx).mono.us;
    for (uint64_t at = 0; at < n; at += size) group(e, log, state, at, n - at < size ? n - at : size);
    printf("lmdb_ceiling_rate %.0f updates/s\n", (double)n / ((double)(c.now(c.ctx).mono.us - start) / 1e6));
    mdb_env_close(e);
    return 0;
}
