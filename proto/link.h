/* link.h - the network port: authenticated peers, whole frames. Kind: T. link_zmq.c (E) is the only includer of zmq.h; the
 * simulator has its own. Every trap of libzmq 4.3.4 that the implementation stands against has a test. */
#ifndef REKAP_LINK_H
#define REKAP_LINK_H

#include "node.h"

struct link;                            /* all sockets of one process; one context */

struct link_keys { uint8_t secret[32], pub[PUBKEY_SIZE]; };     /* curve25519 */
/* Called for each handshake, on the ZAP thread, so it must only read an immutable snapshot: 200 let in, 300 try later (awaits
 * approval), 400 refuse. */
typedef int (*link_admit_fn)(void *ctx, const uint8_t key[PUBKEY_SIZE]);

int link_new(struct link **ret);
void link_free(struct link **l);        /* bounded linger 0; sends what libzmq has already taken within 200 ms */
/* Listen: ROUTER, CURVE server, ZAP handler bound first with enforced domain, self-test with an unknown key (must be refused,
 * else ST_DENIED). endpoint: ipc:// or tcp://. ST_BUSY when the endpoint is taken. */
int link_listen(struct link *l, const char *endpoint, const struct link_keys *keys, link_admit_fn admit, void *ctx, char *err,
                size_t err_size);
/* Dial: DEALER, CURVE client; MESSAGE_UP after a completed handshake, MESSAGE_DOWN when it is lost; reconnects by itself with
 * back-off (100 ms .. 5 s). ret_peer is its fixed peer id. */
int link_dial(struct link *l, const char *endpoint, const struct link_keys *keys, const uint8_t server[PUBKEY_SIZE],
              peer_id *ret_peer);
bool link_refused(const struct link *l, peer_id dialled);       /* the server does not know our key; it is tried again */
/* A fresh transport key, or the one of this secret. ST_IO: no randomness. */
int link_keys_new(struct link_keys *ret);
int link_keys_of(const uint8_t secret[32], struct link_keys *ret);
int link_publisher(struct link *l, const char *endpoint);       /* PUB for doorbells: EFFECT_PUBLISH */
/* Control: a ROUTER on a local ipc:// path (mode 0600), no CURVE; one JSON text per frame; peers have ids like others and
 * messages carry a zero key and `control` set by link_is_control(). */
int link_control(struct link *l, const char *path);
bool link_is_control(const struct link *l, peer_id p);

/* Waits at most timeout_ms for anything to read, then returns. fds of the process that should also wake it: link_wake_fd. */
int link_wait(struct link *l, int timeout_ms);
int link_wake_fd(
    struct link *l,
    int fd); /* ST_FULL when there are too many; the caller reads it empty itself and closes it only after the last link_wait() */
/* While paused only control requests come out of link_recv; what network peers send waits in the transport (back-pressure). */
void link_pause(struct link *l, bool paused);
/* The next message, or ST_AGAIN. m->bytes lives until link_release(). Multipart messages, frames over FRAME_BYTES_MAX and
 * peers without a key are dropped and counted, and the peer is closed. */
int link_recv(struct link *l, struct message *m);
void link_release(struct link *l);      /* frees the messages received since the last call */
int link_send(struct link *l, peer_id to,
              struct slice bytes); /* never blocks; ST_AGAIN when the peer's queue is full, ST_NOT_FOUND when it is gone */
void link_close(struct link *l, peer_id id);
int link_publish(struct link *l, struct slice bytes);
struct link_counters { uint64_t received, sent, dropped_multipart, dropped_oversize, dropped_unkeyed, refused_keys, peers,
                       dropped_unread /* not sent: the peer does not take what was sent before */;
                       uint64_t cut_young, cut_ahead, cut_unread; /* connections closed: YOUNG_MAX, AHEAD_TOTAL_MAX, UNREAD_MS */ };
void link_counters(const struct link *l, struct link_counters *ret);

/* A client of a control socket, for the command line: one request, one answer (malloc-ed, caller frees), or ST_NOT_FOUND when
 * nobody listens, ST_AGAIN at the time-out. */
int link_ask(const char *path, struct slice request, int timeout_ms, char **ret, size_t *ret_size);

#endif
