/* link_zmq.h - what the files of link_zmq share. Kind: E, private to link_zmq*.c; nobody else includes it.
 *
 * One struct link owns one context, the sockets (sock), the peers behind ROUTER sockets (peer) and the accepted connections of
 * the network listeners (conn, indexed by descriptor). Everything but the ZAP thread runs on the caller's thread.
 *
 * A peer id is (serial << PEER_SLOT_BITS | slot): found without a search and never given twice. */
#ifndef REKAP_LINK_ZMQ_H
#define REKAP_LINK_ZMQ_H

#include <pthread.h>
#include <stdatomic.h>
#include <zmq.h>

#include "backoff.h"
#include "limits.h"
#include "link.h"

enum {
    PEER_SLOT_BITS = 13,
    PEER_SLOTS = 1 << PEER_SLOT_BITS,
    SOCKS_MAX = 256,                    /* listeners, controls, dials, publishers of one process */
    CONTROL_PEERS_MAX = 256,
    PEERS_PER_KEY_MAX = 16,             /* connections of one key at one time; the longest silent one gives way */
    YOUNG_MAX = 1024,                   /* connections that have not delivered a message yet; the oldest gives way */
    DESCRIPTORS_SPARE = 512,            /* of DESCRIPTORS_MAX: stores, control, and what is accepted before we look */
    DESCRIPTORS_LEAST = 64,             /* with fewer a daemon does not start */
    DESCRIPTORS_OWN = 48,               /* of few: stores, sockets, control, and room to open a file (about 30 are used) */
    WAKE_FDS_MAX = 8,
    DOMAINS_MAX = 8,                    /* listeners with an admit function */
    KEPT_MAX = STEP_MESSAGES_MAX + 64,  /* messages between two link_release() */
    IPC_PATH_MAX = 107,                 /* sun_path without its terminator */
    TCP_PORT_MAX = 32767,               /* above begin the ephemeral ports: a dial on loopback could reach itself */
    CURVE_OVERHEAD = 33,                /* "\7MESSAGE", short nonce, box MAC, flags (RFC 26) */
    FRAME_WIRE_MAX = FRAME_BYTES_MAX + CURVE_OVERHEAD + 31,
    AHEAD_BYTES_MAX = CREDIT_BYTES + 2 * FRAME_BYTES_MAX,   /* received from a peer but not delivered: credit and its framing */
    AHEAD_FIRST_MAX = 32 << 10,         /* the same before its first message: a handshake and a greeting */
    AHEAD_TOTAL_MAX = 384 << 20,        /* of all peers together; those that are furthest ahead are cut first */
    QUEUE_BYTES_MAX = FEED_CREDIT_BYTES + 4 * FRAME_BYTES_MAX,      /* sent to a peer and not yet taken by its machine */
    QUEUE_TOTAL_MAX = 256 << 20,        /* of all peers together; beyond it each has QUEUE_SHARE */
    QUEUE_SHARE = 64 << 10,
    UNREAD_MS = 60 * 1000,              /* more than QUEUE_SHARE waits and nothing is taken for this long: closed */
    TRIM_MS = 5 * 1000,                 /* how often memory is given back, if there was little to do */
    TRIM_BYTES = 4 << 20,               /* received in that time: more is not little */
    GUARD_MS = 250,
    CLOSE_DELAY_MS = 100,               /* what was queued before link_close() has this long to leave */
    FIRST_MESSAGE_MS = 60 * 1000,       /* a connection that has not delivered one message by then is closed */
    SILENT_MS = 24 * 3600 * 1000,       /* nothing delivered for this long: closed too; bounds the drift of AHEAD by heartbeats */
    DEAD_KEPT_MS = 10 * 1000,           /* a lost peer is remembered this long: its last messages may still be queued */
    RECONNECT_MS_MIN = 100,
    RECONNECT_MS_MAX = 5000,
    REFUSED_MS_MIN = 1000,              /* after a refusal by the server's list of keys */
    LINGER_MS = 200,
    SELF_TEST_MS = 3000,
};
_Static_assert(PEERS_MAX + CONTROL_PEERS_MAX + SOCKS_MAX <= PEER_SLOTS, "a slot for every peer");
_Static_assert(AHEAD_BYTES_MAX > CREDIT_BYTES + CREDIT_BATCHES * (BATCH_HEADER_BYTES_MAX + 256), "an honest sender's credit fits");
_Static_assert(AHEAD_TOTAL_MAX >= CREDIT_TOTAL_BYTES + CREDIT_BYTES, "what is granted to all fits");
_Static_assert(QUEUE_BYTES_MAX >= FEED_CREDIT_BYTES + RECORDS_BYTES_MAX, "a follower's credit fits");
_Static_assert((int)PEERS_MAX + (int)DESCRIPTORS_SPARE <= (int)DESCRIPTORS_MAX
               && (int)YOUNG_MAX < (int)PEERS_MAX, "a descriptor for every peer");
_Static_assert((int64_t)AHEAD_TOTAL_MAX + QUEUE_TOTAL_MAX + (int64_t)PEERS_MAX * QUEUE_SHARE < WORKER_MEMORY_MAX,
               "what peers can make us hold leaves room for our own");

enum sock_kind { SOCK_LISTEN = 1, SOCK_CONTROL = 2, SOCK_DIAL = 4, SOCK_PUBLISH = 8, SOCK_ASK = 16, SOCK_PROBE = 32,
                 SOCK_MONITOR = 64, SOCK_ZAP = 128 };

struct peer { peer_id id; uint32_t rid; uint16_t sock; bool used, closing; int32_t next; int fd; uint64_t cookie;
              int64_t seen_ms, dead_ms; uint8_t key[PUBKEY_SIZE]; };

struct conn { bool used, tcp, young; uint16_t sock; uint64_t cookie; peer_id peer; int64_t accepted_ms, seen_ms, close_ms;
              uint64_t delivered, messages, last_received, last_delivered, last_messages, anchor_received, anchor_delivered, ahead;
              uint64_t sent, taken /* by its machine */; int64_t taken_ms; };

struct dial { char *endpoint; struct link_keys keys; uint8_t server[PUBKEY_SIZE]; peer_id peer;
              bool up, told, gone, discard, refused; int64_t up_ms, drained_ms, again_ms; struct backoff wait; };

struct sock { enum sock_kind kind; void *z, *mon; struct dial *dial; bool readable; char *path; };

struct domain { char name[16]; link_admit_fn admit; void *ctx; };
struct zap { pthread_t thread; bool started; void *z; struct domain domains[DOMAINS_MAX];
             atomic_uint count; atomic_ullong refused; };

struct link {
    void *zctx;
    struct sock *socks[SOCKS_MAX];
    unsigned socks_n, turn, mon_serial;
    bool paused, log_silent;
    int wake[WAKE_FDS_MAX];
    unsigned wake_n;
    struct zap zap;
    struct peer *peers;                 /* PEER_SLOTS */
    int32_t *buckets, free_head;        /* PEER_SLOTS chains of routing ids; free slots through peer.next */
    unsigned peers_n, control_n;
    uint64_t peer_serial;
    struct conn *conns;
    int conns_cap;
    unsigned conns_n, conns_max;
    int64_t guard_ms, trim_ms;
    struct accepted { int fd; uint64_t cookie; } young[2 * YOUNG_MAX];      /* in order of acceptance; may name what is gone */
    unsigned young_at, young_n;         /* a ring */
    uint64_t queued_total, bytes_received, trim_received;           /* queued: at the last look, and what was sent since */
    zmq_msg_t *kept;                    /* KEPT_MAX */
    unsigned kept_n;
    struct link_counters count;
};

int64_t link_zmq_ms(void);

/* link_zmq_option.c: every option of every socket */
void *link_zmq_context(void);
void link_zmq_context_end(void *zctx);   /* waits until its sockets are closed, whatever signal comes */
void *link_zmq_socket(void *zctx, enum sock_kind kind);                 /* NULL, errno set */
int link_zmq_server(void *z, const char *domain, const struct link_keys *keys);
int link_zmq_client(void *z, const struct link_keys *keys, const uint8_t server[PUBKEY_SIZE]);
int link_zmq_endpoint(const char *endpoint, bool listening, char *err, size_t err_size);    /* ST_INVALID, ST_BUSY */
int link_zmq_probe(const char *path);   /* connect(2): ST_OK somebody listens, ST_NOT_FOUND, ST_DENIED, ST_INVALID */
int link_zmq_bind(void *z, const char *endpoint, char *err, size_t err_size);
int link_zmq_monitor(struct link *l, void *z, int events, void **ret);
bool link_zmq_event(void *mon, unsigned *ret_event, uint32_t *ret_value);
void link_zmq_close(void **z, void **mon, int linger_ms);

/* link_zmq_zap.c */
int link_zmq_zap_add(struct link *l, link_admit_fn admit, void *ctx, const char **ret_domain);
int link_zmq_zap_test(struct link *l, const char *domain, const struct link_keys *keys);
void link_zmq_zap_join(struct link *l);

/* link_zmq_peer.c: peers behind ROUTER sockets and their messages */
int link_zmq_peer_init(struct link *l);
struct peer *link_zmq_peer_get(const struct link *l, peer_id id);
struct peer *link_zmq_peer_new(struct link *l, unsigned sock, uint32_t rid);    /* rid is not looked up for dials */
void link_zmq_peer_drop(struct link *l, struct peer *p);
void link_zmq_peer_sweep(struct link *l, int64_t now);
int link_zmq_peer_recv(struct link *l, unsigned sock, struct message *m);
int link_zmq_peer_send(struct link *l, struct peer *p, struct slice bytes);

/* link_zmq_guard.c: accepted connections */
struct conn *link_zmq_conn(const struct link *l, int fd);
void link_zmq_conn_events(struct link *l, unsigned sock, int64_t now);
bool link_zmq_conn_shut(int fd, uint64_t cookie);
void link_zmq_guard(struct link *l, int64_t now);
bool link_zmq_conn_room(struct link *l, struct conn *c, int fd, size_t n);        /* may n more bytes be queued for it? */

/* link_zmq_dial.c */
int link_zmq_dial_open(struct link *l, struct sock *s);
void link_zmq_dial_events(struct link *l, struct sock *s, int64_t now);
bool link_zmq_dial_pending(const struct sock *s);
int link_zmq_dial_recv(struct link *l, struct sock *s, struct message *m);
int link_zmq_dial_send(struct link *l, struct sock *s, struct slice bytes);
void link_zmq_dial_free(struct sock *s);

#endif
