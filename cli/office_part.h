/* office_part.h - what the files of `rekap office` share. Kind: E. */
#ifndef REKAP_OFFICE_PART_H
#define REKAP_OFFICE_PART_H

#include "cli/place.h"

/* The register's lock, to be closed by the caller; -1 after saying why on stderr. */
int office_lock(const struct cli *c, const struct place *p);
/* Signs o with the register's key and writes it as the newest line; sets o->version, valid_from (today) and signature. The caller
 * holds the lock. EXIT_FAILED after saying why: no key on this machine, a line that does not verify, a full disk. */
int office_append(const struct cli *c, const struct place *p, struct office *o);
void office_nudge(const struct place *p);               /* tells worker and collector, if they run, to look at the register */

/* `office revoke ID` and `office rotate-key ID` (office_key.c). */
int office_revoke(const struct cli *c, const struct place *p);
int office_rotate(const struct cli *c, const struct place *p);
json_t *office_json(const struct office *o);            /* caller decrefs */

#endif
