/* office_part.h - what the files of `rekap office` share. Kind: E. */
#ifndef REKAP_OFFICE_PART_H
#define REKAP_OFFICE_PART_H

#include "cli/place.h"
#include "proto/invite.h"
#include "proto/join.h"
#include "proto/link.h"

/* The register's lock, to be closed by the caller; -1 after saying why on stderr. */
int office_lock(const struct cli *c, const struct place *p);
/* Signs o with the register's key and writes it as the newest line; sets o->version, valid_from (today) and signature. The caller
 * holds the lock. EXIT_FAILED after saying why: no key on this machine, a line that does not verify, a full disk. In an office's
 * installation the register is the office's own note of itself, and the line is not signed. */
int office_append(const struct cli *c, const struct place *p, struct office *o);
void office_nudge(const struct place *p);               /* tells worker and collector, if they run, to look at the register */

/* The office named on the command line: id, region, role, name, all checked. EXIT_USAGE or EXIT_FAILED after saying why. */
int office_wanted(const struct cli *c, const struct place *p, struct office *ret);
/* `office revoke ID` and `office rotate-key ID` (office_key.c). */
int office_revoke(const struct cli *c, const struct place *p);
int office_rotate(const struct cli *c, const struct place *p);
json_t *office_json(const struct office *o);            /* caller decrefs */

/* ---- between machines ---- */

/* The centre's list of invitations (office_invite.c). The caller holds the lock for both. */
int office_invites(const struct cli *c, const struct place *p, struct invites **ret);
/* Puts one entry in the list: a new one takes back what is open for the same office; old ones that say nothing any more go. */
int office_invite_put(const struct cli *c, const struct place *p, const struct invites *list, const struct invite *one);
int office_invite(const struct cli *c, const struct place *p);          /* `office invite ID` */

/* `office approve ID|LINE`, `office reject ID` and what `list` shows of those who wait (office_approve.c). */
int office_approve(const struct cli *c, const struct place *p);
int office_reject(const struct cli *c, const struct place *p);
/* [{"office","state":"pending"|"invited","kind","fingerprint","received","until","region","role","name"}..]; caller decrefs. */
json_t *office_waiting(const struct cli *c, const struct place *p);

/* An office's own installation (office_join.c). */
int office_join(struct cli *c);                         /* `office join LINE` */
int office_rotate_here(const struct cli *c, const struct place *p);     /* `office rotate-key ID` */

/* How a request reached the centre (office_send.c). */
enum office_how { SENT_SILENT /* no connection in time */, SENT_UNKNOWN /* the key is not let in */, SENT_REFUSED, SENT_WAITS,
                  SENT_REGISTERED };
struct office_sent { enum office_how how; unsigned code; char expected[128]; };
struct office_door { const char *address; uint8_t worker[PUBKEY_SIZE]; struct link_keys keys; };
void office_send(const struct office_door *door, const struct join_request *r, int timeout_s, struct office_sent *ret);

#endif
