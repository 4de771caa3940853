/* uplink.h - the conversation with the worker: hello, open each office's stream, send within credit, take acks. Kind: P.
 *
 * State per session: DOWN -> GREETED (HELLO sent) -> UP (HELLO_OK). State per office stream: CLOSED -> OPENING (OPEN sent) -> OPEN.
 * OPEN_OK only proves that both sides hold one history; sending starts after what this side saw acknowledged, because an ACK that
 * was lost had the refusals of its updates with it, and a batch that is repeated is acknowledged again with them. So a lost,
 * repeated or reordered message costs a resend and never a statement. Silence for ten seconds while something is unacknowledged,
 * a NACK about order, or an ACK that shows that one before it was lost, opens the stream anew.
 *
 * With a checkpoint key the worker's log is witnessed (witness.h): no stream is opened and no ack taken before the log of this
 * session is proven to extend the one witnessed last, and a log that does not ends the session with RIWAYAT_BEDA. */
#ifndef REKAP_UPLINK_H
#define REKAP_UPLINK_H

#include "collector/witness.h"
#include "proto/node.h"

struct uplink;
struct uplink_office { uint32_t office; char id[OFFICE_ID_MAX + 1]; };
enum uplink_session { UPLINK_DOWN, UPLINK_GREETED, UPLINK_UP };

/* keep: for all offices together; bytes 0: nothing is kept once it is acknowledged. */
int uplink_new(const struct outbox_identity *id, const char *node_name, const struct witness_options *witness,
               const struct outbox_keep *keep, struct uplink **ret);
void uplink_free(struct uplink **u);
/* The offices served, known to the signer; called at start and whenever a key file appears or goes. Keeps the state of those that
 * stay. */
int uplink_set_offices(struct uplink *u, const struct uplink_office *list, size_t n);
/* With the offices' keys: what waits under a key that is revoked is signed anew (outbox_resign). Outlives the uplink. */
void uplink_signer(struct uplink *u, const struct signer *signer);
void uplink_dialled(struct uplink *u, peer_id worker);                  /* the peer id of the worker's endpoint */
void uplink_reset(struct uplink *u); /* after an aborted step: forget what was sent, open again */

int uplink_message(struct uplink *u, struct store_txn *t, struct now now, const struct message *m, struct effects *x);
/* Opens what is closed, sends what credit allows, resends after silence, pings. */
int uplink_work(struct uplink *u, struct store_txn *t, struct now now, struct effects *x);
bool uplink_wants_step(const struct uplink *u);                         /* there are batches it may send now */
struct mono uplink_next_deadline(const struct uplink *u);
void uplink_appended(struct uplink *u, uint32_t office);                /* new batches stand in OUT */

struct uplink_witness {
    bool on, trusted;
    enum witness_fault fault;
    uint64_t size /* kept */, fault_kept, fault_seen;
    struct wall restored_at;            /* of WITNESS_OLD_RESTORE */
};
struct uplink_status {
    enum uplink_session session;
    char worker[12];
    uint64_t in_flight_batches, in_flight_bytes;
    unsigned refused_code;
    struct uplink_witness witness;
};
void uplink_status(const struct uplink *u, struct uplink_status *ret);

#endif
