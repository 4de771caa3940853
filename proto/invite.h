/* invite.h - the centre's list of invitations (registry/invite.tsv): which one-time keys may ask to be registered, and as whom.
 * Kind: P.
 *
 * The first line is the heading "#rekap-undangan 1"; then, newest last, a later line of a key replacing an earlier one:
 *   key hex TAB office id TAB region TAB role TAB state TAB until (RFC 3339) TAB name
 * state: open, used, rejected. The list gives no authority by itself: a key in it may only ask (JOIN), and only a line of the
 * register, signed by the register's key, lets anybody state anything. The secret half of a key stands nowhere at the centre. */
#ifndef REKAP_INVITE_H
#define REKAP_INVITE_H

#include "bytes.h"
#include "join.h"

#define INVITE_HEADING "#rekap-undangan 1\n"
enum { INVITES_MAX = 1024, INVITE_LINE_MAX = 512, INVITE_FILE_BYTES_MAX = INVITES_MAX * INVITE_LINE_MAX };
enum invite_state { INVITE_OPEN = 1, INVITE_USED, INVITE_REJECTED };
struct invite {
    uint8_t key[PUBKEY_SIZE];
    char office[OFFICE_ID_MAX + 1];
    region_code region;
    uint8_t role, state;
    struct wall until;
    char name[JOIN_NAME_MAX + 1];
};
struct invites;                         /* immutable after parse */

/* Whole file or nothing; an empty text is an empty list. ST_INVALID with "line N: .." in err, ST_FULL: over INVITES_MAX keys. */
int invite_parse(struct slice text, struct invites **ret, char *err, size_t err_size);
void invite_free(struct invites **i);
size_t invite_count(const struct invites *i);                           /* distinct keys; NULL: 0 */
const struct invite *invite_at(const struct invites *i, size_t n);      /* in the order of their first lines */
const struct invite *invite_find(const struct invites *i, const uint8_t key[PUBKEY_SIZE]);      /* NULL; i may be NULL */
bool invite_may_ask(const struct invite *i, struct wall now);           /* open and not expired; NULL: no */
int invite_format(const struct invite *i, char *ret, size_t size);      /* without newline; the length, or ST_FULL */
/* Appends the whole list with `one` in it (heading included); list may be NULL. A new open one takes back what is open for the same
 * office; entries that expired INVITE_KEPT_DAYS before now go. b->bad: over its size. */
enum { INVITE_KEPT_DAYS = 30 };
void invite_list_put(struct buf *b, const struct invites *list, const struct invite *one, struct wall now);
const char *invite_state_name(unsigned state);

#endif
