/* registry.h - who may speak: offices, their regions, keys, roles, validity. Kind: P (parses bytes; files are read by edges).
 *
 * The registry is an append-only text file `office.tsv`; line n is version n, each line replaces the earlier one of the same id:
 *   id TAB region TAB role TAB status TAB valid-from TAB valid-to TAB transport key hex TAB signing key hex TAB name
 * Times are RFC 3339 or a date (its first moment in UTC); "-" = no start, no end, no key.
 * The first line is the heading "#rekap-office 1". role: office, treasurer, planner, auditor, centre. status: active, revoked.
 * A line also is the content of a RECORD_OFFICE log record (with its version before it: "version TAB line"), so that region and
 * authority at any log position can be recomputed from the log alone. */
#ifndef REKAP_REGISTRY_H
#define REKAP_REGISTRY_H

#include "code.h"
#include "limits.h"

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
int registry_line_format(const struct office *o, char *ret, size_t size);       /* without newline; returns length, or ST_FULL */
int registry_line_parse(struct slice line, struct office *ret, char *err, size_t err_size);

#endif
