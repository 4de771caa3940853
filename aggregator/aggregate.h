/* aggregate.h - the aggregator's node: follows the feed of every worker and folds it. Kind: P.
 *
 * Rhythm (shared design 8): under load records are collected into large groups, at once when idle. A group is closed when the
 * workers have nothing more to send, at AGGREGATE_GROUP_UPDATES updates, or 100 ms after its first record, whichever is first. */
#ifndef REKAP_AGGREGATE_H
#define REKAP_AGGREGATE_H

#include "aggregator/fold.h"
#include "proto/node.h"

enum { AGGREGATE_WORKERS_MAX = 64, AGGREGATE_GROUP_UPDATES = 500000 };

struct aggregate;
int aggregate_new(struct aggregate **ret);
void aggregate_free(struct aggregate **a);
struct node aggregate_node(struct aggregate *a);
/* A worker to follow: its number 1..255 (the w4 of its id), the peer dialled. Before recover. ST_FULL, ST_BUSY: number is taken. */
int aggregate_follow(struct aggregate *a, unsigned number, peer_id peer);

/* The live side as of the last step, for readers; the edge copies it to other threads. */
struct aggregate_worker { unsigned number; bool up; uint64_t applied, head; unsigned refused_code; struct wall heard; };
struct aggregate_status { unsigned workers; struct aggregate_worker worker[AGGREGATE_WORKERS_MAX]; uint64_t commits, updates;
                          bool damaged /* set by the edge: a row of the state does not pass its checksum */; };
void aggregate_status(const struct aggregate *a, struct aggregate_status *ret);

#endif
