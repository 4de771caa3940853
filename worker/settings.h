/* settings.h - what the worker's configuration means to its core: identity, followers, the keys it signs with and believes.
 * Kind: E; reads the checkpoint key's file, nothing else.
 *
 * Whatever cannot be used is said in one line; nothing is replaced by a default. */
#ifndef REKAP_SETTINGS_H
#define REKAP_SETTINGS_H

#include "proto/conf.h"
#include "worker/office.h"
#include "worker/work.h"

struct settings {
    struct work_options options;        /* all but identity.incarnation; options.signer points to signer */
    struct office_options office;       /* path points into the configuration, follower_key into options */
    struct signer signer;               /* of checkpoints */
    uint8_t leader_key[PUBKEY_SIZE];    /* with options.follow: the leader's transport key */
};
/* ret must be zero and stay where it is as long as options are used. Why not is in err: ST_INVALID, or that of reading the key. */
int settings_read(const struct conf *c, struct settings *ret, char *err, size_t err_size);
void settings_done(struct settings *s);         /* forgets the signing key; a zero one is fine */

#endif
