/* office.h - the registry file of a running worker: read at start, read again when it changes, and asked at every handshake.
 * Kind: E.
 *
 * The file is append-only and every line is signed by the register's key: a new text must begin with the text already taken and
 * each line after it must verify, else it is refused like one that does not parse. A refused file changes nothing and is logged
 * once for each state of the file. Beside it lies invite.tsv, the centre's list of invitations (invite.h), read in the same way but
 * replaced at will: it only says who may ask.
 *
 * Who is let in at a handshake: keys of active offices, followers, keys of pending requests (they are told that they wait) and the
 * one-time keys of open invitations. Two threads: the loop polls and owns the node's pointer, the ZAP thread only calls
 * office_admit, which reads the newest registry under the lock. */
#ifndef REKAP_OFFICE_H
#define REKAP_OFFICE_H

#include "proto/conf.h"
#include "proto/invite.h"
#include "proto/registry.h"

struct office_book;
enum { OFFICE_FILE_BYTES_MAX = 64 << 20 };

/* issuer: the register's public key. follower_key: keys that may connect without being an office's. Both are copied. err gets a
 * sentence for people. */
struct office_options {
    const char *path;
    uint8_t issuer[PUBKEY_SIZE];
    const uint8_t (*follower_key)[PUBKEY_SIZE];
    unsigned follower_keys;
};
int office_open(const struct office_options *o, struct office_book **ret, char *err, size_t err_size);
void office_close(struct office_book **b);
/* The registry in force. It lives until the second change after it, or office_close: whoever holds it takes the new one at each
 * change. */
const struct registry *office_registry(const struct office_book *b);
const struct invites *office_invites(const struct office_book *b);      /* the same; never NULL */
/* The keys of pending requests, copied: they may connect from now on, and those that were set before may not. ST_NO_MEMORY */
int office_set_pending(struct office_book *b, const uint8_t (*key)[PUBKEY_SIZE], unsigned n);
/* Looks at both files, at most every 200 ms unless forced. True when another registry or list is in force now. */
bool office_poll(struct office_book *b, struct now now, bool force);
int office_admit(void *book, const uint8_t key[PUBKEY_SIZE]);   /* link_admit_fn */

#endif
