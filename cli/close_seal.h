/* close_seal.h - how `rekap close` and `rekap restate` come from a consolidated quarter to its sealed record. Kind: E.
 *
 *   cut       a mark in the log of each worker that the aggregator follows; asked again, it stays where it was first
 *   folded    the aggregator has read each log up to it
 *   lines     written by the aggregator, as everything stood at the cut
 *   rebuilt   the same register, leaves and cells from a copy of each log by rekap-audit, or nothing is sealed
 *   signed    DIR/segel/REGION/QUARTER-VERSION.segel, verified before it has that name
 *   stated    its root in the log, as a figure of the centre
 *
 * Every step can be cut off and done again: nothing before the last one is visible as a seal, and all of them give the same bytes.
 */
#ifndef REKAP_CLI_CLOSE_SEAL_H
#define REKAP_CLI_CLOSE_SEAL_H

#include "cli/place.h"
#include "proto/cut.h"
#include "proto/seal.h"

enum { CLOSE_SEAL_HASH = 2 * HASH_SIZE + 1 };
struct close_seal {
    const struct cli *c;
    const struct place *p;
    region_code region;
    unsigned year, quarter, version; /* quarter 1..4 */
    struct hash before;              /* root of the version before; zero of version 1 */
    const char *actor;               /* the centre that consolidates; its key is on this machine */
    int timeout_ms;
    /* set by close_seal_make */
    char file[PLACE_PATH_MAX];
    struct seal sealed;
    char position[TEXT_MAX];         /* w1:17,w2:4 */
};
/* The name of a seal below DIR, whether it is there or not. */
void close_seal_path(const struct place *p, region_code region, unsigned year, unsigned quarter, unsigned version,
                     char ret[PLACE_PATH_MAX]);
/* Makes the file, or the same one again. EXIT_OK with file, sealed and position set, or an exit code after saying why. Nothing is
 * in the log of it yet but the cut. */
int close_seal_make(struct close_seal *s);
/* States the root and waits until it is visible. */
int close_seal_state(const struct close_seal *s);
/* Reads and verifies a seal of this installation. EXIT_OK with *ret and the whole file in *ret_bytes (backup_unmap), or an exit
 * code after saying why. */
int close_seal_open(const struct cli *c, const struct place *p, const char *path, struct seal *ret, struct slice *ret_bytes);

/* close_cut.c */
enum { CLOSE_WORKERS_MAX = 32 };   /* as many logs as rekap-audit takes */
struct close_cut { /* of one worker */
    struct place p;    /* the installation it is the worker of */
    unsigned worker;
    uint64_t lsn;
    char hash[CLOSE_SEAL_HASH];
};
/* The workers whose logs the aggregator reads, by number, and where each is asked: this installation's, and those of
 * aggregator.worker_dirs. EXIT_OK with *ret (the caller's to free), or an exit code after saying which one is not there. */
int close_cut_workers(const struct close_seal *s, struct close_cut **ret, unsigned *ret_count);
/* The mark in each of these logs, set now or before, and the aggregator at or beyond all of them: lsn and hash of each. */
int close_cut_make(const struct close_seal *s, const struct signer *ring, const uint8_t pub[PUBKEY_SIZE], struct close_cut *cut,
                   unsigned count);

#endif
