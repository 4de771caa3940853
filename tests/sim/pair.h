/* pair.h - a collector and a worker, the real pure nodes, over RAM stores and a net made of two queues. Kind: P.
 *
 * Everything follows from one seed: which side steps, what arrives of what was sent (lost, twice, out of order), when a process
 * ends before its commit, after it, or in doubt about it, when a connection breaks with or without a word, when a store is full,
 * how far the clock goes. Each row of each tray file states a value that no other row states, so what the worker's log must hold is
 * the list of all rows, each once, per office in the order of the files. */
#ifndef REKAP_TESTS_PAIR_H
#define REKAP_TESTS_PAIR_H

#include "collector/collect.h"
#include "proto/rng.h"
#include "worker/work.h"

enum { PAIR_OFFICES = 4, PAIR_FILES = 20, PAIR_PACKETS = 4096 };
extern const char *const pair_office[PAIR_OFFICES];

struct pair_packet { uint8_t *p; size_t n; };
struct pair_queue { struct pair_packet v[PAIR_PACKETS]; size_t n; };
struct pair_file { struct buf bytes; char id[24]; unsigned office; bool gone; };
struct pair_row { int64_t value; bool refused; };
struct pair_rows { struct pair_row *v; size_t n, cap; };
struct pair_counts { unsigned lost, repeated, reordered, cut, silent_cuts, collector_ends, worker_ends, aborts, rested, receipts; };

struct pair {
    uint64_t seed;
    struct rng rng;
    struct now now;
    struct store *outbox, *ledger;
    struct collect *collect;
    struct work *work;
    struct node collector, worker;
    struct registry *registry;
    struct signer signer;
    struct effects collector_x, worker_x;
    struct pair_queue to_worker, to_collector;
    peer_id peer;                       /* the collector's present connection, as the worker names it */
    bool up, tell_down;                 /* the connection stands; the collector is to be told that it broke */
    bool faults;                        /* from now on, or no more */
    unsigned calm;                      /* they come so many times as seldom */
    bool keeps;                         /* the collector keeps what is not archived, and knows the register's key */
    bool restored; /* the ledger was lost and restored: receipts of the lost one name positions that are gone */
    bool tight;                         /* the outbox has been short of room: notes of refusals may be missing */
    struct pair_file file[PAIR_FILES];
    unsigned files, shown;              /* of which so many are in the tray by now */
    struct pair_rows rows[PAIR_OFFICES];        /* row i has sequence i + 1 */
    uint64_t acked[PAIR_OFFICES];       /* greatest sequence of an ACK that left the worker */
    int64_t value;
    struct pair_counts n;
    char why[256];                      /* the first thing that is wrong; "" */
};

struct pair *pair_new(uint64_t seed);
struct pair *pair_new_keeping(uint64_t seed);
void pair_free(struct pair **p);
void pair_play(struct pair *p, unsigned turns);         /* with faults */
bool pair_settle(struct pair *p, unsigned turns);       /* without; true: everything is delivered and acknowledged */
/* The worker's process ends with its store; another starts on `ledger`, which becomes the pair's. */
void pair_lose(struct pair *p, struct store *ledger);
/* How far the log on the worker's disk is; of an office its watermark. */
uint64_t pair_lsn(struct pair *p);
uint64_t pair_watermark(struct pair *p, unsigned office);
void pair_check(struct pair *p);                        /* log, chain, dispositions, own copy; says in p->why what is wrong */
void pair_wrong(struct pair *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool pair_verify(void *ctx, const uint8_t pub[PUBKEY_SIZE], struct slice msg, const uint8_t sig[SIG_SIZE]);

#endif
