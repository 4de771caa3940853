/* fault.h - what the fault tests share: a running installation, a few offices, and pushes whose result is known. Kind: E, tests
 * only.
 *
 * The statements are those of load.h: an office's files 0..24 pushed in order give figures that the generator knows, however late,
 * however often and through whatever trouble they arrived. */
#ifndef REKAP_IT_FAULT_H
#define REKAP_IT_FAULT_H

#include "tests/it/load.h"
#include "tests/it/world.h"

struct fault { struct world w; struct load load; uint64_t pushed; /* updates so far */ };

/* A world that is up with offices 0..offices-1 of the load. False: said why. */
bool fault_begin(struct fault *f, const char *bin, unsigned offices);
void fault_end(struct fault *f);
/* `rekap push` of the files from..to-1 of an office; more arguments may follow ("--wait"). The exit code; the output as of
 * world_rekap. */
int fault_push(struct fault *f, unsigned office, unsigned from, unsigned to, const char *option);
/* Everything pushed is acknowledged and visible, and each of the offices has exactly the figures of all its files. */
void fault_exact(struct fault *f, unsigned offices, const char *test);
bool fault_says(const struct world *w, const char *name, const char *text);    /* "out" or "err" of the last command contains it */
/* Waits until a log line of the daemon contains the text. */
bool fault_logs(const struct world *w, enum world_part p, const char *text, int ms);


/* A peer that speaks ZeroMQ by itself (DEALER, CURVE), as nothing of ours would: fault_peer.c. False: it cannot dial. */
struct fault_bad { void *context, *socket; };
bool fault_bad_dial(struct fault_bad *b, const struct fault *f, const char *endpoint, const uint8_t secret[32],
                    const uint8_t pub[PUBKEY_SIZE]);
bool fault_bad_collector(struct fault_bad *b, const struct fault *f, const char *endpoint);     /* with the collector's own key */
void fault_bad_close(struct fault_bad *b);
/* Waits until a counter of the worker (of its link, its sessions, or a refusal code) is above `above`. */
int64_t fault_counter(const struct fault *f, const char *name);
bool fault_counted(const struct fault *f, const char *name, int64_t above);

/* The tests, one file a group. */
void fault_process(const char *bin);    /* fault_process.c */
void fault_stop(const char *bin);       /* fault_stop.c */
void fault_disk(const char *bin);       /* fault_disk.c */
void fault_store(const char *bin);      /* fault_store.c */
void fault_peer(const char *bin);       /* fault_peer.c */
void fault_bell(const char *bin);       /* fault_bell.c */
void fault_clock(const char *bin);      /* fault_clock.c */
void fault_limit(const char *bin);      /* fault_limit.c */
void fault_wire(const char *bin);       /* fault_wire.c */
bool fault_disk_own_mounts(void);       /* before anything else: what is mounted from here on is seen by nobody else */

#endif
