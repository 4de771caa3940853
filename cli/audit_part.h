/* audit_part.h - what the files of rekap-audit share. Kind: E.
 *
 * rekap-audit is a second implementation on purpose: it includes nothing of proto/, worker/ or collector/ and is linked with none
 * of their objects (tests/tidy/tidy, check `audit`, asks nm). It reads LMDB's file, msgpack, the registry's lines and the hashes by
 * itself, from docs/PROTOCOL.md and docs/STORAGE.md. An error in the worker's code is therefore not repeated here.
 *
 *   audit_store   pages of the data file -> rows, checked       audit_hash    CRC-32C, BLAKE2b-256, SHA-256 tree, Ed25519
 *   audit_pack    strict msgpack                                audit_office  registry lines, keys and authority by position
 *   audit_log     the walk through the log                      audit_batch   one batch: header, signature, order, rows
 *   audit_index   the other tables against the walk             audit_report  what was found, for people and as JSON
 *   audit_note    signed checkpoints                            audit_cut    the marks of quarters */
#ifndef REKAP_AUDIT_PART_H
#define REKAP_AUDIT_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct audit_span {
    const uint8_t *p;
    size_t n;
};
static inline struct audit_span audit_span_of(const void *p, size_t n) { return (struct audit_span){p, n}; }
bool audit_same(struct audit_span a, struct audit_span b);
uint64_t audit_be(const uint8_t *p, unsigned n);      /* big-endian, n <= 8 */
void *audit_memory(void *old, size_t n, size_t size); /* n * size bytes, grown from old; says so and exits 1 when there is none */

/* ---- hashes ---- */
enum { AUDIT_HASH = 32, AUDIT_KEY = 32, AUDIT_SIG = 64 };
struct audit_hash {
    uint8_t b[AUDIT_HASH];
};
bool audit_hash_start(void); /* false: libsodium does not start */
uint32_t audit_hash_crc(uint32_t crc, struct audit_span s);
struct audit_hash audit_hash_blake(struct audit_span a, struct audit_span b);
bool audit_hash_signed(const uint8_t pub[AUDIT_KEY], struct audit_span msg, const uint8_t sig[AUDIT_SIG]);
bool audit_hash_same(const struct audit_hash *a, const void *b);
uint64_t audit_hash_key_id(const uint8_t pub[AUDIT_KEY]);
struct audit_tree {
    uint64_t size;
    struct audit_hash edge[64];
}; /* RFC 6962 */
/* fn is told each complete subtree that the leaf makes. */
typedef void (*audit_node_fn)(void *ctx, unsigned level, uint64_t index, const struct audit_hash *h);
void audit_hash_leaf(struct audit_tree *t, struct audit_span data, audit_node_fn fn, void *ctx);
struct audit_hash audit_hash_root(const struct audit_tree *t);
void audit_hash_hex(const void *p, size_t n, char *ret);      /* 2n + 1 */
bool audit_hash_unhex(const char *s, size_t n, uint8_t *ret); /* n bytes from exactly 2n digits */

/* ---- msgpack ---- a cursor over bytes; every reader is false, and the cursor bad, at anything but the canonical form */
struct audit_pack {
    const uint8_t *p, *end;
    bool bad;
};
struct audit_pack audit_pack_of(struct audit_span s);
bool audit_pack_array(struct audit_pack *r, uint32_t *ret);
bool audit_pack_uint(struct audit_pack *r, uint64_t *ret);
bool audit_pack_int(struct audit_pack *r, int64_t *ret);
bool audit_pack_str(struct audit_pack *r, struct audit_span *ret);
bool audit_pack_bin(struct audit_pack *r, struct audit_span *ret);
bool audit_pack_nil(struct audit_pack *r);  /* consumed when it is next; not bad when it is not */
bool audit_pack_sound(struct audit_span s); /* one element fills s; arrays nest at most 8 deep */

/* ---- what is found ---- */
enum { AUDIT_TEXT = 160, AUDIT_OFFICE_MAX = 40 };
struct audit_report {
    uint64_t records, batches, updates, bad, lsn, commit_ms, registry_version;
    size_t offices;
    struct audit_hash hash, root;
    bool english;
    struct {
        uint64_t lsn; /* 0: not of one record */
        char office[AUDIT_OFFICE_MAX + 1], what[24], seen[AUDIT_TEXT], expected[AUDIT_TEXT];
    } first;
    unsigned shown;
};
/* Counts a fault; the first one is kept. what: a short fixed word, the same in every language. office may be empty. */
void audit_report_bad(struct audit_report *r, uint64_t lsn, struct audit_span office, const char *what, const char *seen,
                      const char *expected, ...) __attribute__((format(printf, 6, 7)));
void audit_report_text(const struct audit_report *r);
void audit_report_json(const struct audit_report *r);

/* ---- the data file ---- */
struct audit_store;
/* Opens DIR/data.mdb read-only and keeps others from owning the store meanwhile. NULL after *ret_why was written: *ret_bad tells
 * whether the store is damaged (or only not there, or in use). */
struct audit_store *audit_store_open(const char *dir, bool *ret_bad, char why[AUDIT_TEXT]);
void audit_store_close(struct audit_store *s);
/* Walks all pages in use: every tree sound, every value's checksum right, no page twice, none both free and in use. */
void audit_store_check(struct audit_store *s, struct audit_report *r);
bool audit_store_table(const struct audit_store *s, const char *name, uint64_t *ret_rows);
/* The value of a key, without its checksum. False: no such row, or not readable (audit_store_check has said so). */
bool audit_store_get(const struct audit_store *s, const char *table, struct audit_span key, struct audit_span *ret);
/* Calls fn for each row in order; fn's sound says whether the checksum holds. Damaged pages are passed over. */
typedef void (*audit_store_fn)(void *ctx, struct audit_span key, struct audit_span value, bool sound);
void audit_store_each(const struct audit_store *s, const char *table, audit_store_fn fn, void *ctx);

/* ---- the registry as the log tells it ---- */
enum { AUDIT_ROLE_OFFICE = 1, AUDIT_ROLE_TREASURER, AUDIT_ROLE_PLANNER, AUDIT_ROLE_AUDITOR, AUDIT_ROLE_CENTRE };
struct audit_entry { /* one line of one office */
    uint64_t version;
    uint32_t region; /* province << 16 | city */
    uint8_t role;
    bool active;
    int64_t from, to;
    uint8_t signing[AUDIT_KEY];
};
struct audit_stream {
    uint32_t number;
    uint64_t epoch, watermark, lsn;
    struct audit_hash head;
    bool lost; /* a record before could not be read: the next one is believed */
    struct audit_stream *next;
};
struct audit_office {
    char id[AUDIT_OFFICE_MAX + 1];
    struct audit_entry *entry; /* oldest first */
    size_t entries;
    struct audit_stream *streams;
};
struct audit_offices {
    struct audit_office **slot;
    size_t size, used;
    uint64_t version;
    struct audit_hash chain;
    const uint8_t *issuer;
};
void audit_office_done(struct audit_offices *o);
struct audit_office *audit_office_find(const struct audit_offices *o, struct audit_span id);
/* The content of an office record. False after ret_why: the line cannot be read, its version is not the next one, or (with a
 * register's key) its signature does not verify. */
bool audit_office_take(struct audit_offices *o, struct audit_span content, char ret_why[AUDIT_TEXT]);
/* The entry whose key may sign with this key id at that moment; NULL after ret_why. */
const struct audit_entry *audit_office_signer(const struct audit_office *o, uint64_t key_id, int64_t at, const char **ret_what,
                                              char ret_why[AUDIT_TEXT]);
/* May this office state figures of `subject` from `source`? *ret_only: of this measure only; 0 any. */
bool audit_office_may(const struct audit_offices *o, const struct audit_office *speaker, struct audit_span subject,
                      struct audit_span source, unsigned *ret_only);
struct audit_stream *audit_office_stream(struct audit_office *o, uint32_t number);

/* ---- checkpoints ---- */
struct audit_note_key {
    char name[129];
    uint8_t id[4], pub[AUDIT_KEY];
};
struct audit_checkpoint {
    struct audit_span origin;
    uint64_t size;
    struct audit_hash root;
};
bool audit_note_key(const char *vkey, struct audit_note_key *ret);
/* A signed checkpoint, alone or at the end of a receipt. key NULL: its signature is not looked at. origin points into note. */
bool audit_note_open(struct audit_span note, const struct audit_note_key *key, struct audit_checkpoint *ret);

/* Is the content of a restore record a note of the register's key (NULL: not looked at) that names this position, log hash and
 * root? */
struct audit_restore { uint64_t lsn, streams; struct audit_hash hash, root, watermarks; bool has_watermarks; };
bool audit_note_restore(struct audit_span content, const uint8_t *issuer, const struct audit_restore *known);

/* Is a note signed by this key under this name? */
bool audit_note_signed(struct audit_span note, const char *name, const uint8_t key[AUDIT_KEY]);

/* ---- the walk ---- */
struct audit_anchor { /* what somebody else remembers */
    uint64_t lsn;
    struct audit_hash hash; /* the log hash at lsn, or the root of the tree */
    bool root;
};
enum { AUDIT_ANCHORS_MAX = 64 };
struct audit {
    struct audit_store *store;
    struct audit_report *report;
    struct audit_offices offices;
    struct audit_tree tree;
    struct audit_anchor anchor[AUDIT_ANCHORS_MAX + 1]; /* and that of a seal */
    unsigned anchors;
    const struct audit_note_key *key; /* of the log; NULL: checkpoints are not verified */
    bool has_tree;                    /* the store has the table `tree` */
    bool lost, lost_ever;             /* the record before, or any, could not be read */
    uint64_t closed;                  /* epochs that the log shows to be closed */
    uint64_t cuts;                    /* marks of quarters */
    struct audit_roll *roll;          /* recomputes the aggregator's state; NULL: not asked for */
    unsigned worker;                  /* number of the log's worker, and how far that state has folded its log */
    uint64_t folded;
};
struct audit_record {
    uint64_t kind, lsn, at;
    struct audit_span previous, content, dispositions;
};
void audit_log_walk(struct audit *a);
/* Reads the bytes of one record; false: not in the form of one. */
bool audit_log_record(struct audit_span bytes, struct audit_record *r);
struct audit_section { /* the common part of rows */
    struct audit_span subject, vintage, source, stage;
    uint64_t year;
};
struct audit_row {
    struct audit_span code, account, indicator, reason, text;
    uint64_t measure, month, basis, kind, decimals;
    int64_t value;
};
/* Calls fn for each row of a batch record with its index and disposition (0 accepted), in order, first of its section or not;
 * section and row are NULL for the rows of a body that cannot be read. The speaker is the office of the header; false: there is no
 * readable header. */
typedef void (*audit_rows_fn)(void *ctx, const struct audit_section *s, bool first, const struct audit_row *row, uint64_t index,
                              uint64_t code);
void audit_batch_rows(const struct audit_record *r, audit_rows_fn fn, void *ctx);
bool audit_batch_speaker(const struct audit_record *r, struct audit_span *ret_office);
/* Which statements a batch record holds: sequence first + index, of this stream and epoch. False: no readable header. */
struct audit_origin {
    struct audit_span office;
    uint64_t stream, epoch, first;
};
bool audit_batch_origin(const struct audit_record *r, struct audit_origin *ret);
/* Checks one batch record and moves its stream on. *ret_hash: its batch hash, when it could be read (else zero). */
void audit_batch_take(struct audit *a, const struct audit_record *r, struct audit_hash *ret_hash);
/* Checks one mark of a quarter and its row of the table `cut` (audit_cut.c). */
void audit_cut_take(struct audit *a, const struct audit_record *r);
/* The present epoch of a stream ends: its row of the table `epoch`. */
void audit_index_closed(struct audit *a, const struct audit_office *o, const struct audit_stream *s);
void audit_index_batch(struct audit *a, const struct audit_office *o, const struct audit_stream *s, uint64_t first, uint32_t count,
                       uint64_t lsn, const struct audit_hash *hash);
void audit_index_time(struct audit *a, const struct audit_record *r);
void audit_index_node(void *audit, unsigned level, uint64_t index, const struct audit_hash *h);
void audit_index_rest(struct audit *a); /* after the walk: row counts, streams, the meta rows */


/* ---- the state of the aggregator, recomputed (audit_roll.h) ---- */
struct audit_roll;
/* Where what does not fit into memory is put in order, and how much of it one sorter may hold. 0 and NULL: 48 MiB, /var/tmp. */
struct audit_room {
    const char *dir;
    size_t bytes;
};
struct audit_roll *audit_roll_new(const struct audit_room *room); /* NULL: the usual room */
/* Before the first record: only what a seal of this region and year holds is kept, as it writes it (docs/STORAGE.md 5, "A seal"):
 * the register, every leaf and every cell. */
void audit_roll_about(struct audit_roll *x, uint32_t region, unsigned year);
/* One more record of a worker's log, in order; what it holds must stay where it is. hash: of the log up to here. */
void audit_roll_record(struct audit_roll *x, unsigned worker, const struct audit_record *r, const struct audit_hash *hash);
void audit_roll_free(struct audit_roll *x);
struct audit_spill;
struct audit_text;
/* The canonical state after all records, in the text of docs/STORAGE.md 5, line by line in byte order (audit_spill.c);
 * it stays the roll's. Call once; no record may follow. */
struct audit_spill *audit_roll_lines(struct audit_roll *x);
/* The same appended to a text, instead. */
void audit_roll_text(struct audit_roll *x, struct audit_text *out);
/* Positions up to which a state says it has folded the logs; 0 of a worker it does not know. */
uint64_t audit_state_applied(const struct audit_store *state, unsigned worker);
/* Holds a stored state against the recomputed one, line by line; each difference is a fault. */
void audit_state_check(const struct audit_store *state, struct audit_roll *roll, const struct audit_room *room,
                       struct audit_report *r);
/* The same of two lists of lines in order. to: NULL, or where the expected ones are written; false when that failed. */
bool audit_state_compare(struct audit_spill *seen, struct audit_spill *expected, FILE *to, struct audit_report *r);

/* ---- a sealed quarter (audit_seal.c) ---- */
struct audit_seal;
/* about: NULL of a seal with its head; "33.74/2022" of the bare lines of one. NULL after why. */
struct audit_seal *audit_seal_open(const char *path, const char *about, char why[AUDIT_TEXT]);
/* Tells the roll, before it reads anything, what this seal is of. */
void audit_seal_about(const struct audit_seal *s, struct audit_roll *roll);
/* Where the seal has cut this worker's log, and the log hash there. False: it names no such worker. */
bool audit_seal_cut(struct audit_seal *s, unsigned worker, struct audit_anchor *ret);
/* Rebuilds register, leaves and cells of the seal from what the roll has read; each difference is a fault. to: NULL, or a file for
 * what was rebuilt. False after saying on stderr that it cannot be written. */
bool audit_seal_check(struct audit_seal *s, struct audit_roll *roll, const struct audit_room *room, struct audit_report *r,
                      const char *to);
void audit_seal_close(struct audit_seal *s);

#endif
