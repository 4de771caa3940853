/* nodes_part.h - the three nodes, their stores and what is on its way between them, for nodes.c. */
#ifndef REKAP_FUZZ_NODES_PART_H
#define REKAP_FUZZ_NODES_PART_H

#include "aggregator/aggregate.h"
#include "collector/collect.h"
#include "tests/fuzz/fuzz.h"
#include "worker/work.h"

enum nodes_part { NODES_COLLECTOR, NODES_AGGREGATOR, NODES_WORKER, NODES_PARTS };      /* the first two dial the third */
enum nodes_step { NODES_STEP_GOOD, NODES_STEP_LOST /* ends before its commit */, NODES_STEP_DONE_UNSAID, NODES_STEP_FULL };
enum { NODES_OFFICES = 2, NODES_FILES = 24, NODES_QUEUE = 256, NODES_ROWS = 512, NODES_MEMORY_OFF = -1 };

struct nodes_packet { uint8_t *p; size_t n; unsigned from; /* part, or NODES_PARTS: a stranger */ };
struct nodes_queue { struct nodes_packet v[NODES_QUEUE]; size_t n; };
struct nodes_file { struct buf bytes; char id[24]; bool gone; };
struct nodes {
    struct now now;
    long memory;                        /* allocations that still work in the next step; -1: all */
    struct registry *registry;
    struct signer signer;
    struct collect *collect;
    struct aggregate *aggregate;
    struct work *work;
    struct node node[NODES_PARTS];
    struct store *store[NODES_PARTS];
    struct effects x[NODES_PARTS];
    struct nodes_queue in[NODES_PARTS];
    peer_id peer[2], next_peer;         /* of the collector and of the aggregator, as the worker names their connections */
    bool up[2], tell_down[2];
    struct nodes_file file[NODES_FILES];
    unsigned files, starts;
    int64_t said[NODES_OFFICES][NODES_ROWS];
    size_t rows[NODES_OFFICES];
    int64_t value;
};

struct nodes *nodes_new(void);
void nodes_free(struct nodes **n);
void nodes_push(struct nodes *n, unsigned with);        /* another file in the tray */
void nodes_step(struct nodes *n, enum nodes_part part, unsigned messages, enum nodes_step how);
void nodes_end(struct nodes *n, enum nodes_part part);
/* What waits for `part`, number `at`: */
void nodes_drop(struct nodes *n, enum nodes_part part, unsigned at);
void nodes_repeat(struct nodes *n, enum nodes_part part, unsigned at);
void nodes_swap(struct nodes *n, enum nodes_part part, unsigned at);
void nodes_turn_byte(struct nodes *n, enum nodes_part part, unsigned at, unsigned place, uint8_t with);
void nodes_cut(struct nodes *n, enum nodes_part part);  /* the connection of who dialled; the worker: both */
void nodes_foreign(struct nodes *n, enum nodes_part part, unsigned type, struct slice payload);
void nodes_calm(struct nodes *n);
bool nodes_settled(struct nodes *n);
void nodes_check(struct nodes *n);
void nodes_memory(long allocations);    /* nodes.c */

#endif
