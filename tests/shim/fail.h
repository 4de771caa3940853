/* fail.h - what fail.so is told and tells, in a file that driver and programs map. Kind: T, tests only. */
#ifndef REKAP_SHIM_FAIL_H
#define REKAP_SHIM_FAIL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define FAIL_STATE "REKAP_FAIL_STATE"   /* environment: the file */

enum fail_kind {
    FAIL_MALLOC,                        /* malloc, calloc, realloc, posix_memalign, aligned_alloc: ENOMEM */
    FAIL_WRITE,                         /* write, pwrite, writev, pwritev to regular files; ftruncate, fallocate */
    FAIL_SYNC,                          /* fsync, fdatasync, msync */
    FAIL_OPEN,                          /* open, openat, fopen, mkostemp, opendir, scandir */
    FAIL_SOCKET,                        /* socket, accept, eventfd, signalfd, epoll_create, pipe, socketpair */
    FAIL_MMAP,
    FAIL_NAME,                          /* rename, link, unlink, mkdir, rmdir, chmod, fchmod */
    FAIL_READ,                          /* read, pread of regular files: EIO */
    FAIL_CONNECT,                       /* connect: ECONNREFUSED */
    FAIL_THREAD,                        /* pthread_create: EAGAIN */
    FAIL_KINDS
};
enum { FAIL_SITES = 1 << 15 };
struct fail_site { _Atomic uint64_t where; _Atomic uint32_t calls; };   /* one chain of callers */
struct fail_state {
    /* set by the driver while nothing of it runs */
    char program[32];                   /* "rekap-worker", or "rekap push"; "" nothing fails */
    uint32_t kind, start;               /* in which start of the program, from 1; 0: the sites are written down, nothing fails */
    int32_t error;                      /* errno */
    bool ever;                          /* every call from there on */
    bool again;                         /* and in the start after that one, once more, the m-th call */
    uint64_t m;
    uint64_t n;                         /* the n-th call, from 1; or, with where, the n-th call from there */
    uint64_t where;                     /* a chain of callers; 0: all */
    /* set by the programs */
    _Atomic uint32_t starts, fired;
    _Atomic uint64_t calls[FAIL_KINDS];
    struct fail_site site[FAIL_SITES];  /* of allocations; open addressing */
};

#endif
