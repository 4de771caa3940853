/* registry.h - who may speak: offices, their regions, keys, roles, validity. Kind: P (parses bytes; files are read by edges).
 *
 * The registry is an append-only text file `office.tsv`; line n is version n, each line replaces the earlier one of the same id:
 *   id TAB region TAB role TAB status TAB valid-from TAB valid-to TAB transport key hex TAB signing key hex TAB name TAB signature
 * hex Times are RFC 3339 or a date (its first moment in UTC); "-" = no start, no end, no key. The first line is the heading
 * "#rekap-office 1". role: office, treasurer, planner, auditor, centre. status: active, revoked. A line also is the content of a
 * RECORD_OFFICE log record (with its version before it: "version TAB line"), so that region and authority at any log position can
 * be recomputed from the log alone.
 *
 * The signature is the register's own (Ed25519): over the chain head before the line (32 bytes, see struct registry_chain) and the
 * line's first nine fields as registry_line_format writes them. A parser takes a line without one; whoever acts on the register
 * asks registry_verify first, so a line that was changed, dropped, moved or added by another hand is found. */
#ifndef REKAP_REGISTRY_H
#define REKAP_REGISTRY_H

#include "code.h"
#include "limits.h"
#include "sign.h"

enum role { ROLE_OFFICE = 1, ROLE_TREASURER, ROLE_PLANNER, ROLE_AUDITOR, ROLE_CENTRE };
enum office_status { OFFICE_ACTIVE = 1, OFFICE_REVOKED = 2 };
struct office {
    char id[OFFICE_ID_MAX + 1];
    region_code region;
    uint8_t role, status;
    uint64_t version;
    struct wall valid_from, valid_to;           /* to: exclusive; INT64_MAX = open */
    uint8_t transport[PUBKEY_SIZE], signing[PUBKEY_SIZE];
    char name[161];
    bool sealed;                                /* the line carries a signature */
    uint8_t signature[SIG_SIZE];
    uint64_t before;                            /* version of the office's line before this one; 0 = none */
};
struct registry;                                /* immutable after parse: a daemon swaps whole registries */

bool registry_id_ok(struct slice id);           /* [a-z0-9][a-z0-9.-]{0,39} */
const char *registry_role_name(unsigned role);
int registry_role_parse(struct slice text, uint8_t *ret);
/* Whole file or nothing: ST_INVALID with "line:column (field): \"seen\" reason" in err. */
int registry_parse(struct slice text, struct registry **ret, char *err, size_t err_size);
void registry_free(struct registry **r);
uint64_t registry_version(const struct registry *r);                            /* number of entries ever */
const struct office *registry_office(const struct registry *r, struct slice id);        /* newest line; NULL */
/* Any active office with that key; NULL. The zero key is nobody's. */
const struct office *registry_transport(const struct registry *r, const uint8_t key[PUBKEY_SIZE]);
size_t registry_count(const struct registry *r);                                /* distinct offices */
const struct office *registry_at(const struct registry *r, size_t i);           /* by id order */
const struct office *registry_entry(const struct registry *r, uint64_t version);        /* 1..version, history included */
/* Without newline; returns length, or ST_FULL: ret then holds the beginning. size > 1 */
int registry_line_format(const struct office *o, char *ret, size_t size);
/* Of one line, nine fields or ten; `before` and `version` stay 0. */
int registry_line_parse(struct slice line, struct office *ret, char *err, size_t err_size);

/* ---- the register's signature (registry_sign.c) ---- */

/* Where a register stands: head_0 = BLAKE2b-256(heading line), head_n = BLAKE2b-256(head_n-1 || line n with its signature). */
struct registry_chain { struct hash head; uint64_t version; };
void registry_chain_start(struct registry_chain *ret);
/* Signs o as the line after *c and moves *c on to it. The signer knows the register's key as office REGISTRY_KEY_ID.
 * ST_NOT_FOUND: it does not. */
#define REGISTRY_KEY_ID "daftar"
enum { REGISTRY_LINE_MAX = 1024 };
int registry_seal(struct registry_chain *c, struct office *o, const struct signer *signer);
/* Checks the lines after c->version against the register's public key and moves *c to the last one. ST_DENIED with the first bad
 * line in err ("line N (id): .."), *c then stands before it. */
int registry_verify(const struct registry *r, struct registry_chain *c, const uint8_t issuer[PUBKEY_SIZE], const struct verifier *v,
                    char *err, size_t err_size);
/* The same question answered by the last line alone: its signature covers the chain head before it, and with it every line. For
 * whoever only wants to go on from a register that its signer had checked; a daemon that acts on lines asks registry_verify. */
int registry_verify_last(const struct registry *r, struct registry_chain *c, const uint8_t issuer[PUBKEY_SIZE],
                         const struct verifier *v, char *err, size_t err_size);
/* The line of this office whose signing key has that id and may still sign at `now`: the newest line's key, or an earlier one
 * that was replaced by rotation (no revoked line since) and whose replacement is at most REGISTRY_ROTATED_DAYS old, so that what
 * an office signed before the rotation and could not send for a month still arrives. NULL. */
enum { REGISTRY_ROTATED_DAYS = 35 };
const struct office *registry_signing(const struct registry *r, const struct office *newest, uint64_t key_id, struct wall now);

#endif
