/* record.h - the record of what programs did to a directory, as record.so writes it and the builder of crash images reads it.
 * Kind: T, tests only.
 *
 * One file, one order: every operation is carried out and written down under one lock that all processes share, so the order of
 * the file is the order of the world. A record is this head, two paths, then the bytes that were written. Paths are relative to
 * the directory that is watched ("" is itself). What is written down when:
 *   WRITE       before it is carried out; what a descriptor opened with O_DSYNC or O_SYNC writes is followed by a RANGE, which
 *               says that the write has returned: a cut between the two may tear it, a cut after it may not
 *   SYNC, RANGE after they have returned: until then nothing is certain
 *   the others  after they have succeeded
 *   MARK        by the driver: what it has been told by then (an answer that came back, an update that is acknowledged). */
#ifndef REKAP_SHIM_RECORD_H
#define REKAP_SHIM_RECORD_H

#include <pthread.h>
#include <stdint.h>

enum record_op { RECORD_WRITE = 1, RECORD_RANGE, RECORD_SYNC, RECORD_SIZE, RECORD_CREATE, RECORD_MKDIR, RECORD_RENAME, RECORD_LINK,
                 RECORD_UNLINK, RECORD_MARK };
struct record_head {
    uint32_t op;
    uint16_t path_n, path2_n;
    uint64_t inode, offset, n;          /* n: bytes that follow (WRITE, MARK), or the length (RANGE, SIZE) */
};
struct record_shared { pthread_mutex_t lock; };         /* the file beside the record, mapped by everybody */

#define RECORD_FILE "REKAP_RECORD_FILE"         /* environment: the record; beside it FILE.lock */
#define RECORD_DIR "REKAP_RECORD_DIR"           /* the directory that is watched, absolute */

#endif
