/* derive_work.h - what derive.c and derive_account.c share. Kind: P. Private.
 *
 * The memory kept between units, and the contributions of accounts on their way into the set. */
#ifndef REKAP_DERIVE_WORK_H
#define REKAP_DERIVE_WORK_H

#include "derive.h"

enum { DERIVE_KINDS = 22, DERIVE_SOURCES = 16, DERIVE_KEYS_MAX = 80 };
struct derive_work {
    struct lines view;
    struct claims claims;
    uint8_t slot[DERIVE_KINDS][DERIVE_SOURCES];         /* place of (derived, source) among the keys of this unit */
    struct { uint8_t derived, source; } key[DERIVE_KEYS_MAX];
    unsigned keys;
    struct derived_row *part; uint32_t parts, part_cap; /* contributions to account nodes; offices[0] holds the last month */
    uint32_t *order; uint32_t order_cap;
    int32_t (*found)[12]; uint32_t found_cap;           /* findings a line and month; only when there are claims */
    bool failed;
};
/* A zeroed contribution to an account node (kind NODE_ACCOUNT or NODE_ACCOUNT_LINE); NULL: failed. */
struct derived_row *derive_account_part(struct derive_work *w, enum node_kind kind, account_code node, unsigned derived,
                                        unsigned source);
/* The budget line's standing (line_open) of derived kind DERIVED_OPEN..: NULL: nothing of it. */
const i128 *derive_standing(const struct line_open *o, unsigned derived);
/* Adds the account nodes of every counted line (and control totals and findings of account-only lines) to w->part. */
void derive_account_parts(struct derive_work *w);

#endif
