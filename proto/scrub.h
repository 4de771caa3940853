/* scrub.h - walking a store in the background, so that a bit that turned is found before somebody needs it. Kind: P.
 *
 * Between turns, a bounded number of rows in a short read transaction of its own: every value is read, so its checksum is computed;
 * a further check of the owner may look at what it says (the worker: the chain of the log). At the end a pass rests so long that
 * scrubbing takes a small part of the time, and begins again.
 *
 * Damage stays told until a whole pass finds none. */
#ifndef REKAP_SCRUB_H
#define REKAP_SCRUB_H

#include "proto/limits.h"
#include "proto/store.h"

enum {
    SCRUB_ROWS_MAX = 1024,              /* of one turn */
    SCRUB_BYTES_MAX = 1 << 20,
    SCRUB_EVERY_MS = 100,               /* between two turns */
    SCRUB_REST_MS = 5000,               /* after a pass, or SCRUB_REST_TIMES as long as it took, whichever is more */
    SCRUB_REST_TIMES = 9,
    SCRUB_DAMAGE_MAX = 16,              /* rows named; the others are counted */
};
struct scrub_damage { unsigned table; uint8_t key[STORE_KEY_MAX]; uint32_t key_n; struct wall at; };
/* A row whose checksum holds; ST_OK, or ST_CORRUPT: what it says cannot be. In key order; first: of its table in this pass. */
typedef int (*scrub_row_fn)(void *ctx, unsigned table, bool first, struct slice key, struct slice value);
struct scrub {
    const char *const *tables;          /* names, NULL-terminated, as the store was opened with */
    scrub_row_fn row;                   /* may be NULL */
    void *ctx;
    /* -------- */
    unsigned table;
    uint8_t key[STORE_KEY_MAX];         /* the last row seen of it */
    uint32_t key_n;
    bool inside;                        /* key is one */
    uint64_t rows, passes;              /* rows of this pass; whole passes of this process */
    uint64_t last_rows;                 /* of the last whole pass */
    struct wall last_full;              /* when it ended */
    struct mono began, next;
    struct scrub_damage damage[SCRUB_DAMAGE_MAX];       /* of this pass and the one before, each once */
    uint32_t damaged;                   /* rows in all: the greater of this pass and the last one */
    uint32_t damaged_now, damaged_last;
};
/* Does a turn's share when it is due. *ret_found: rows found damaged now that were not named before; those are the last of damage[]
 * as far as there is room. ST_OK, or what the store says of something other than damage. */
int scrub_turn(struct scrub *s, struct store *store, struct now now, uint32_t *ret_found);
unsigned scrub_named(const struct scrub *s);    /* entries of damage[] */

#endif
