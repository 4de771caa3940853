/* ledger_scrub.c - what scrubbing the ledger looks at beside checksums: the chain of the log. Kind: P.
 *
 * A record that was changed together with its checksum still breaks the chain: the next one names another hash before it. The
 * record told is the one where the chain does not fit; the one to look at may be the one before.
 *
 * Invariant: hash is the log hash after the last record seen of this pass, or unknown (linked false). */
#include <string.h>

#include "ledger.h"

int ledger_scrub_row(void *ctx, unsigned table, bool first, struct slice key, struct slice value)
{
    struct ledger_scrub *s = ctx;
    struct record r;
    bool fits;

    if (table != LEDGER_LOG) return ST_OK;
    if (first) *s = (struct ledger_scrub){ .linked = true };
    if (key.n != 8 || codec_record_parse(value, &r) != ST_OK || r.lsn != bytes_rd64(key.p)) {
        s->linked = false;
        return ST_CORRUPT;
    }
    fits = !s->linked || r.lsn != s->lsn + 1 || sign_hash_equal(&r.previous, &s->hash);
    s->hash = sign_hash2(r.previous.b, HASH_SIZE, value.p, value.n);
    s->lsn = r.lsn;
    s->linked = true;
    return fits ? ST_OK : ST_CORRUPT;
}
