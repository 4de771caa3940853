/* failing.h - what happens when call n fails: of the calls that the linker hands to us (--wrap) instead of to the kernel, LMDB or
 * ZeroMQ. A test arms it, does one thing, and asks afterwards which call it was that failed; n from 1 on, until there is none.
 *
 * Only calls of the thread that armed it are counted. The wrapped functions are in failing_store.c and failing_link.c; a test names
 * in the Makefile those it is linked with. */
#ifndef REKAP_TESTS_FAILING_H
#define REKAP_TESTS_FAILING_H

#include <stdbool.h>
#include <stdint.h>

/* why: an errno, or a (negative) status of LMDB, which is given to calls of LMDB only; the others fail with EIO then. */
void failing_at(unsigned n, int why);
/* The same of the calls of this name alone; elsewhere: in threads that have armed nothing themselves. */
void failing_call(const char *call, unsigned n, int why);
void failing_elsewhere(const char *call, unsigned n, int why);
/* From now on no call fails. Returns the name of the one that did; NULL: there were fewer than n. */
const char *failing_end(void);
extern void (*failing_hook)(void *ctx);   /* called, when there is one, where a call fails: what happens in between */
extern void *failing_hook_ctx;
/* Of the commits: the one that fails has been done all the same. */
extern bool failing_commit_done;

/* What statfs and statvfs say, as long as `on`: the kind of file system, blocks of 4096 bytes in all and to be had. */
struct failing_disk { bool on; uint32_t kind; uint64_t blocks, left; };
extern struct failing_disk failing_disk;

/* What getrlimit says of descriptors, and setrlimit is not asked for, as long as max is not 0. */
extern _Atomic uint64_t failing_limit_cur, failing_limit_max;

unsigned failing_descriptors(void);     /* open in this process */

/* For the wrapped functions. */
bool failing_now(const char *call);
int failing_why(void);
int failing_errno(void);                /* sets errno; returns -1 */
/* As name, or, when it is its turn, `failed`. */
#define FAILING(type, name, parameters, arguments, failed)                                                                         \
    type __real_##name parameters;                                                                                                 \
    type __wrap_##name parameters;                                                                                                 \
    type __wrap_##name parameters { return failing_now(#name) ? (failed) : __real_##name arguments; }

#endif
