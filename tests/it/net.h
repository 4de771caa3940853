/* net.h - three offices on machines of their own, each behind a bad line, and one at the centre; what befalls them. Kind: E, tests
 * only. The parts: net.c (program, clients, reads), net_world.c (machines), net_fault.c (what befalls them, from the seed). */
#ifndef REKAP_IT_NET_H
#define REKAP_IT_NET_H

#include <pthread.h>
#include <stdatomic.h>

#include "proto/rng.h"
#include "tests/it/history.h"
#include "tests/it/proxy.h"
#include "tests/it/world.h"

enum { NET_LOCAL, NET_MACHINES = HISTORY_OFFICES };     /* machine 0 is the centre */
enum net_line { /* what befalls one office's line, for a while or once */
    LINE_CALM, LINE_DELAY, LINE_JITTER, LINE_THROTTLE, LINE_HOLE_THERE, LINE_HOLE_BACK, LINE_HOLE, LINE_LONG_HOLE, LINE_CLOSED,
    LINE_RESET, LINE_CORRUPT_THERE, LINE_CORRUPT_BACK, LINE_HALF_THERE, LINE_HALF_BACK, LINE_PARTIAL_THERE, LINE_PARTIAL_BACK,
    LINE_KINDS
};
enum net_blow { /* what befalls a machine */
    BLOW_KILL_WORKER, BLOW_KILL_AGGREGATOR, BLOW_KILL_LOCAL, BLOW_KILL_COLLECTOR, BLOW_STOP_WORKER, BLOW_STOP_AGGREGATOR,
    BLOW_STOP_COLLECTOR, BLOW_DISK_WORKER, BLOW_DISK_OUTBOX, BLOW_CLOCK_CENTRE, BLOW_CLOCK_OFFICE, BLOW_KINDS
};
extern const char *const net_line_names[LINE_KINDS], *const net_blow_names[BLOW_KINDS];

struct net_machine {
    struct world own;                   /* of an office; the local office uses the centre's */
    struct world *w;
    struct proxy *proxy;                /* NULL at the centre */
    unsigned port;
    struct rng rng;                     /* of its client */
    unsigned number, pushes, waits, failed;
    pthread_t client;
    struct net *net;
    enum net_line line;                 /* now, and until */
    int64_t line_until;
    unsigned deck[LINE_KINDS], dealt;
};
struct net {
    struct world centre;
    struct net_machine m[NET_MACHINES];
    struct history h;
    struct rng rng;
    uint64_t seed;
    bool calm_clocks;
    atomic_bool stop;                   /* clients: no more */
    unsigned deck[BLOW_KINDS], dealt;
    enum net_blow blow;
    int64_t blow_until;
    struct world *hit;                  /* what has to be undone, and where */
    enum world_part hit_part;
    unsigned lines[LINE_KINDS], blows[BLOW_KINDS];
};

bool net_namespace(void);               /* mounts and network of its own, where that is allowed; false: no mounts, so no test */
bool net_begin(struct net *n, const char *bin);
void net_end(struct net *n);
/* One look: lines and machines whose time is up get something else. */
void net_fault(struct net *n);
void net_calm(struct net *n);           /* everything is undone */

#endif
