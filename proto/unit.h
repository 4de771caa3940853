/* unit.h - the slots of one office and year: every leaf row, loaded, changed and written back as one piece. Kind: P.
 *
 * A leaf row is (line, indicator, measure, source, stage) of an (office, year) with twelve month slots. The collector keeps
 * one set of units (what this office last stated), the aggregator another (what the log says). Names live in them too, in
 * the unit of year 0. Everything about one office-year sits under one key prefix, so a group of updates costs one range
 * read and as many writes as rows changed, however the updates arrived (docs/RATIONALE.md "Units").
 *
 * Stored: key  office u32 | year u16 | activity u64 | account u64 | measure u16 | source u8 | stage u16 | indicator u32,
 *         big-endian.
 *         value  bitmap of stated slots u16, then per slot: kind|basis|decimals byte, value zigzag (difference to the slot
 *         number before), provenance zigzag (difference), text if kind is TEXT or WITHDRAWN. Exact bytes: unit_row.c.
 * office and indicator are private small integers of the owning store (dictionary tables), never shown outside. */
#ifndef REKAP_UNIT_H
#define REKAP_UNIT_H

#include "bytes.h"
#include "figure.h"
#include "store.h"

struct slot {
    int64_t value;
    provenance prov;
    uint8_t kind, basis, decimals, flags; /* flags: SLOT_REASON = a reason came with it */
    uint32_t text;                        /* offset+1 into the unit's text pool, 0 = none; length prefix varint there */
};
enum { SLOT_REASON = 1 };
struct leaf_key {
    activity_code activity;
    account_code account;
    uint32_t indicator;
    uint16_t measure, stage;
    uint8_t source;
};
struct leaf {
    struct leaf_key key;
    bool dirty;
    uint8_t present; /* highest stated month, 0 none */
    struct slot slot[12];
};

struct unit {
    uint32_t office;
    uint16_t year;
    bool stated; /* order: see unit_sort; false after unit_load, set by who shows it */
    struct leaf *leaf; /* in order after unit_sort(); ascending activity = tree order */
    uint32_t count, cap;
    uint32_t *index;
    uint32_t index_size; /* hash of key -> leaf number + 1 */
    struct buf texts;
};
enum unit_result { UNIT_EFFECTIVE /* first value of the slot */, UNIT_SUPERSEDED /* replaced another value */, UNIT_SAME };

void unit_init(struct unit *u);
void unit_done(struct unit *u);
/* Empties u and reads every row of (office, year) from `table`. ST_OK also when there is none. ST_CORRUPT, ST_NO_MEMORY. */
int unit_load(struct unit *u, struct store_txn *t, unsigned table, uint32_t office, uint16_t year);
/* The same of the rows about no line (neither activity nor account), which come first: cheap, whatever else the unit holds. */
int unit_load_lineless(struct unit *u, struct store_txn *t, unsigned table, uint32_t office, uint16_t year);
/* Sets the figure's slot. Equal kind, basis, value, decimals, text and unit-less content = UNIT_SAME (nothing changes, the
 * old provenance stays). ret_old (may be NULL): the slot before. f must have passed figure_check; f->year is the unit's. */
int unit_set(struct unit *u, const struct figure *f, uint32_t indicator, provenance prov, enum unit_result *ret,
             struct slot *ret_old, uint32_t *ret_leaf);
/* Writes the dirty rows in key order; a row all of whose slots are EMPTY cannot occur. Clears dirty. ST_FULL, ST_IO. */
int unit_save(struct unit *u, struct store_txn *t, unsigned table);
struct leaf *unit_find(struct unit *u, const struct leaf_key *k); /* NULL when never stated */
/* Key order of the store; unit_save sorts too. With u->stated rows that differ in nothing but the indicator stand as they were
 * stated, by the provenance of their first slot: what is shown and chosen must not follow private numbers. unit_find stays right;
 * leaf numbers and pointers that the caller holds do not. */
void unit_sort(struct unit *u);
/* Takes out the leaves none of whose slots is stated, for who emptied slots; numbers and pointers change. */
void unit_drop_empty(struct unit *u);
struct slice unit_text(const struct unit *u, const struct slot *s);
unsigned unit_slot_of(const struct figure *f); /* 0..11; 0 for month 0 */

/* Row bytes, also used by exports and the history table. key must hold STORE_KEY_MAX bytes; returns its length. */
size_t unit_key_bytes(uint32_t office, uint16_t year, const struct leaf_key *k, uint8_t *ret);
int unit_key_parse(struct slice key, uint32_t *ret_office, uint16_t *ret_year, struct leaf_key *ret);
void unit_slot_encode(struct buf *b, const struct unit *u, const struct slot *s); /* one slot alone, for history rows */
int unit_slot_decode(struct rd *r, struct unit *u, struct slot *ret);             /* text goes to u's pool */

/* A line's cumulative series over a year (domain.md 3): cumulative slot = its value; monthly = previous cumulative + value;
 * unreported = carried forward; nil cumulative 0, nil monthly + 0. i128 because twelve int64 may not fit int64. */
void unit_cumulate(const struct slot slot[12], i128 ret[12]);

/* Dictionary of texts: text -> small integer, and back; private to the store. Bytes: unit_row.c. */
int unit_dict_get(struct store_txn *t, unsigned table_by_text, struct slice text, uint32_t *ret); /* ST_NOT_FOUND */
/* Gets or adds; ids from 1. */
int unit_dict_add(struct store_txn *t, unsigned table_by_text, unsigned table_by_id, struct slice text, uint32_t *ret);
int unit_dict_text(struct store_txn *t, unsigned table_by_id, uint32_t id, struct slice *ret);

#endif
