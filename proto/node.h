/* node.h - what a daemon's pure core looks like from outside. Kind: T.
 *
 * collector, worker and aggregator are each one node. A step reads and writes through the store transaction handed to it and
 * appends to a bounded list of effects; it touches nothing else. The runner (run.h) delivers messages, calls flush once before
 * the commit, commits, and only then performs the effects: persist, then speak. The simulator runs the very same objects. */
#ifndef REKAP_NODE_H
#define REKAP_NODE_H

#include "bytes.h"
#include "store.h"

typedef uint64_t peer_id; /* given by the link; never reused in a process */
enum {
    PEER_NONE = 0,
    PEER_CONTROL = 1,
    PEER_TRAY = 2 /* the runner's own source; an EFFECT_SEND to it is handed to source.reply; ids at or above PEER_FIRST are network
                     peers */
    ,
    PEER_FIRST = 16
};

struct message {
    enum { MESSAGE_DATA = 1, MESSAGE_UP, MESSAGE_DOWN } what; /* UP/DOWN: a peer we dial became reachable or was lost */
    peer_id peer;
    uint8_t key[PUBKEY_SIZE]; /* authenticated transport key of the peer (CURVE) */
    struct slice bytes;       /* one frame; lives until the end of the step */
};

enum effect_kind { EFFECT_SEND = 1, EFFECT_CLOSE, EFFECT_PUBLISH, EFFECT_REPLY };
struct effect {
    enum effect_kind kind;
    peer_id peer;
    uint32_t offset, size;
};
/* Effects of one step; the bytes sit in one buffer. Bounded by EFFECTS_MAX and by bytes.max: a node must ask effects_room()
 * before work whose effects it cannot drop. */
struct effects {
    struct effect *e;
    uint32_t count, cap;
    struct buf bytes;
};
int effects_init(struct effects *x, size_t bytes_max);
void effects_done(struct effects *x);
void effects_clear(struct effects *x);
bool effects_room(const struct effects *x, uint32_t count, size_t bytes);
int effects_send(struct effects *x, peer_id to, struct slice frame); /* ST_FULL: no room; to PEER_CONTROL: EFFECT_REPLY */
int effects_close(struct effects *x, peer_id peer);
int effects_publish(struct effects *x, struct slice bytes); /* a doorbell for live viewers */
struct slice effects_bytes(const struct effects *x, const struct effect *e);

struct node_ops {
    /* Reads what it needs to go on from the store; called once, in a write transaction of its own. */
    int (*recover)(void *node, struct store_txn *t, struct now now);
    /* One message. ST_OK also for a bad message (the effect is a NACK or a close). ST_FULL: the store is full, the step is
     * aborted and the node is told by on_abort. Anything else ends the process (crash-only). */
    int (*on_message)(void *node, struct store_txn *t, struct now now, const struct message *m, struct effects *x);
    int (*on_tick)(void *node, struct store_txn *t, struct now now, struct effects *x); /* timers whose deadline has passed */
    int (*flush)(void *node, struct store_txn *t, struct now now,
                 struct effects *x); /* once per step, before the commit; may be NULL */
    /* The step was aborted (store full): in-memory state that mirrors the store must be read again. ST_OK, or end the process. */
    int (*on_abort)(void *node, struct store_txn *t, struct now now);
    struct mono (*next_deadline)(const void *node); /* INT64_MAX = none */
    bool (*wants_step)(const void *node);           /* has work that needs a transaction although no message came; may be NULL */
    bool (*hold)(const void *node,
                 struct now now); /* may this step still wait for more input before committing? may be NULL = no */
    bool (*enough)(const void *node,
                   struct now now); /* should this step take no more input, so that those in it are answered? may be NULL = no */
};
struct node {
    const struct node_ops *ops;
    void *self;
};

#endif
