/* fold_part.h - what the files of the fold share. Private. Kind: P.
 *
 * Memory of a group: one `update` (48 bytes) an admitted row, one `run` a stretch of rows of one subject and year, one
 * `spoken` a batch; rows that carry more than a number (texts, reasons, indicators) keep their whole figure beside. Figures and
 * lines point into the records, which live until the flush. */
#ifndef REKAP_FOLD_PART_H
#define REKAP_FOLD_PART_H

#include "fold.h"
#include "statement.h"
#include "proto/codec.h"

struct update {                         /* an admitted row, compact */
    activity_code activity;
    account_code account;
    int64_t value;
    provenance prov;
    uint32_t rich;                      /* number + 1 of its whole figure, 0 = a plain value */
    uint16_t measure, stage;
    uint8_t source, month, basis, kind, decimals;
};
struct run { uint32_t subject, speaker, first, count; uint16_t year; };
struct spoken { uint32_t speaker, received, refused; provenance last; struct wall at; };

struct fold_office {
    char id[OFFICE_ID_MAX + 1];
    uint8_t id_size, worker;
    bool known, changed;                /* has an entry; its entry changed in this group */
    bool was_known;                     /* as stored */
    bool counted;                       /* `add` or a stated month is to be written */
    region_code region, was_region;
    uint32_t dict;                      /* 0: not yet in the dictionary */
    uint64_t version;
    char *line; uint32_t line_size;     /* the newest entry as logged */
    struct fold_count add;
};
struct stated { uint32_t office; uint16_t year; uint8_t month; };      /* last realised month of a changed unit; 0 none */
struct past { uint8_t key[STORE_KEY_MAX]; uint32_t key_size, at, size; };      /* a history row; its value in fold.past_bytes */
struct sort_key { uint64_t key; uint32_t run; };
struct seen { struct slice text; uint32_t id; };

enum { FOLD_WORKERS = 256, FOLD_SEEN = 1024 };
struct fold {
    struct { uint64_t lsn; struct hash hash; } reached[FOLD_WORKERS];
    struct update *update; uint32_t updates, update_cap;
    struct figure *rich; uint32_t riches, rich_cap;
    struct run *run; uint32_t runs, run_cap;
    struct spoken *spoken; uint32_t spokens, spoken_cap;
    struct fold_office *office; uint32_t offices, office_cap;
    uint32_t *index; uint32_t index_size;       /* of offices by id */
    struct sort_key *order, *other; uint32_t order_cap, other_cap;
    uint32_t *office_order; uint32_t office_order_cap;
    struct stated *stated; uint32_t stateds, stated_cap;
    struct fold_changed *touched; uint32_t touches, touched_cap;
    struct past *past; uint32_t pasts, past_cap;
    struct buf past_bytes, bytes;
    struct seen seen[FOLD_SEEN];        /* indicator identities met in this flush */
    struct unit unit;
    struct derived_set before, after;
    struct statements told;             /* rows about the records of the group */
    struct cell_deltas *deltas;         /* of the region and year being applied */
    struct cell_deltas *deltas_up;      /* of provinces and the nation, until the end of the flush */
    uint64_t pending;                   /* updates received since the last flush */
    bool dirty;                         /* something was recorded since the last flush */
    bool pending_workers[FOLD_WORKERS];
};

/* Room for `need` elements; false: no memory. */
bool fold_room(void **array, uint32_t *cap, uint32_t need, size_t size);
#define FOLD_ROOM(array, cap, need) ((need) <= (cap) || fold_room((void **)&(array), &(cap), (need), sizeof *(array)))

/* ---- fold_office.c ---- */
int fold_office_find(const struct fold *f, struct slice id, uint32_t *ret);    /* ST_NOT_FOUND */
int fold_office_get(struct fold *f, struct slice id, uint32_t *ret);           /* adds; ST_INVALID when it is no id */
int fold_office_entry(struct fold *f, unsigned worker, struct slice content);  /* of a RECORD_OFFICE. ST_CORRUPT, ST_NO_MEMORY */
int fold_office_recover(struct fold *f, struct store_txn *t);
int fold_office_dict(struct fold *f, struct store_txn *t);      /* every office gets its number */
int fold_office_save(struct fold *f, struct store_txn *t);      /* changed entries */
void fold_office_clear(struct fold *f);
/* ---- fold_apply.c ---- */
int fold_apply(struct fold *f, struct store_txn *t);            /* updates and region moves into units, history and deltas */
/* ---- fold_state.c ---- */
int fold_state_recover(struct fold *f, struct store_txn *t);
int fold_state_save(struct fold *f, struct store_txn *t);       /* counters, applied, change rows */

#endif
