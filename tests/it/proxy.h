/* proxy.h - a TCP proxy in user space that does to a connection what bad networks do. Kind: E, tests only.
 *
 * It stands between somebody who dials 127.0.0.1:PORT and a server on 127.0.0.1:TO, on a thread of its own. Weather lasts until it
 * is changed and applies to every connection, present and future, in one direction: delay, jitter, throttle, blackhole. Nothing is
 * dropped out of the middle of a stream, since no TCP does that: what a blackhole swallows is held, with the ends of connections
 * too, and comes when it lifts, if the connection still stands. A blow happens once, to every connection there is when it is
 * struck: reset of both ends, a flipped bit, one direction closed while the other goes on, a cut in the middle of what is being
 * written. Bit and place of a blow are drawn from the seed.
 *
 * Ownership: proxy_new .. proxy_free. All functions may be called from one other thread while it runs. */
#ifndef REKAP_IT_PROXY_H
#define REKAP_IT_PROXY_H

#include "proto/types.h"

enum proxy_way { PROXY_THERE, PROXY_BACK, PROXY_WAYS };        /* to the server, to who dialled */
enum proxy_blow { PROXY_RESET, PROXY_CORRUPT, PROXY_HALF_CLOSE, PROXY_PARTIAL, PROXY_BLOWS };
struct proxy_weather { int delay_ms, jitter_ms, bytes_per_s; /* 0: no limit */ bool blackhole; };
struct proxy_counts {
    uint64_t connections, refused, bytes[PROXY_WAYS], blows[PROXY_BLOWS];       /* blows: those that hit a connection */
};
struct proxy;

/* NULL: the port cannot be taken. */
struct proxy *proxy_new(unsigned port, unsigned to, uint64_t seed);
void proxy_free(struct proxy **p);      /* tolerates NULL */
void proxy_weather(struct proxy *p, enum proxy_way way, struct proxy_weather w);
void proxy_closed(struct proxy *p, bool closed);        /* closed: who dials is turned away at once */
void proxy_strike(struct proxy *p, enum proxy_way way, enum proxy_blow b);
void proxy_counts(struct proxy *p, struct proxy_counts *ret);

#endif
