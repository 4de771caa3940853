/* guest.h - requests of offices that are not in the register yet, or want another key: a small table in the worker's store.
 * Kind: P.
 *
 * Table join: office id -> received ms u64 | join_request_pack bytes. It is no part of the log: a request states nothing and counts
 * nowhere; what it leads to is a line of the register, and that line is logged. At most one request for each office and at most
 * GUEST_PENDING_MAX in all. A request goes when the register has its keys, or when its invitation is no longer open.
 *
 * A guest is a transport key that is not in the register: the one-time key of an invitation (it may send JOIN and nothing else), or
 * the key of a pending request (it is told that it waits). Neither can open a stream, follow, or ask for proofs. */
#ifndef REKAP_GUEST_H
#define REKAP_GUEST_H

#include "proto/invite.h"
#include "proto/join.h"
#include "proto/registry.h"
#include "proto/store.h"

enum { GUEST_PENDING_MAX = 256 };
struct guest { struct join_request request; struct wall received; };
struct guests {
    const struct invites *invites;      /* the centre's list; NULL: none. The owner sets it and calls guest_sweep */
    unsigned table;                     /* of the store */
    /* -------- */
    struct guest *v;                    /* by office id */
    uint32_t count;
    uint64_t changes;                   /* grows whenever v changes */
};

int guest_init(struct guests *g);       /* ST_NO_MEMORY */
void guest_done(struct guests *g);
int guest_load(struct guests *g, struct store_txn *t);  /* at recovery and after an aborted step; ST_CORRUPT */

/* What can be said against a request of the peer with this key; CODE_OK: keep it; CODE_DUPLICATE: it is pending already, or with
 * *ret_done the register has its keys. expected, of `size` bytes, gets what would have been right. */
struct guest_question {
    const struct registry *registry;    /* may be NULL */
    const struct verifier *verifier;
    const uint8_t *key;                 /* the peer's */
    struct wall now;
};
unsigned guest_judge(const struct guests *g, const struct guest_question *q, const struct join_request *r, bool *ret_done,
                     char *expected, size_t size);
int guest_put(struct guests *g, struct store_txn *t, const struct join_request *r, struct wall now);    /* replaces; ST_FULL */
int guest_drop(struct guests *g, struct store_txn *t, struct slice office);     /* ST_NOT_FOUND */
int guest_sweep(struct guests *g, struct store_txn *t, const struct registry *r);       /* drops what has been decided */

const struct guest *guest_of(const struct guests *g, struct slice office);              /* NULL */
const struct guest *guest_transport(const struct guests *g, const uint8_t key[PUBKEY_SIZE]);    /* a pending new office's; NULL */

#endif
