/* outbox_fixture.h - an outbox in a RAM store with one open transaction, tray files made by hand, signatures made of hashes. */
#ifndef REKAP_TESTS_OUTBOX_FIXTURE_H
#define REKAP_TESTS_OUTBOX_FIXTURE_H

#include "collector/collect_import.h"

#define OFFICE_A "gen-3374-01"
#define OFFICE_B "gen-3374-02"
#define OFFICE_KEYLESS "gen-3374-99"
struct outbox_fixture {
    struct store *store;
    struct store_txn *t;                /* open between begin and commit */
    struct signer signer;               /* for every office but the keyless one */
    struct outbox_identity identity;
    struct now now;
};
void outbox_fixture_init(struct outbox_fixture *f);
void outbox_fixture_done(struct outbox_fixture *f);
/* From now on every office has another public key than before, or (false) that one again. */
void outbox_fixture_other_key(struct outbox_fixture *f, bool other);
void outbox_fixture_begin(struct outbox_fixture *f);
int outbox_fixture_commit(struct outbox_fixture *f);
void outbox_fixture_crash(struct outbox_fixture *f);            /* the open transaction is lost; a new one is begun */
uint32_t outbox_fixture_number(struct outbox_fixture *f, const char *office);   /* given when there is none */
struct outbox_stream outbox_fixture_stream(struct outbox_fixture *f, const char *office);

/* A tray file: `rows` realised figures of `subject` in 2024, line i of sub kegiatan i / 12 and month i % 12, value + i sen. */
struct outbox_fixture_file { const char *id, *office, *subject; uint32_t rows; int64_t value; };
extern const uint8_t *outbox_fixture_document;  /* of every figure from now on: HASH_SIZE bytes, or NULL */
extern const uint8_t outbox_fixture_hash[HASH_SIZE];      /* of every file */
void outbox_fixture_tray(const struct outbox_fixture_file *f, struct buf *ret);         /* ret is initialised here */
/* Imports such a file in the open transaction. */
int outbox_fixture_import(struct outbox_fixture *f, const struct outbox_fixture_file *file, struct import_result *ret);
/* The same under a fresh id, which must go well; the stream afterwards. */
struct outbox_stream outbox_fixture_state(struct outbox_fixture *f, const char *office, const char *subject, uint32_t rows,
                                          int64_t value);
/* The slot of figure i in the own copy. */
struct slot outbox_fixture_slot(struct outbox_fixture *f, const char *office, const char *subject, uint32_t i);
/* [[sequence, code]..] into b, which is cleared. */
struct slice outbox_fixture_refusals(struct buf *b, const uint64_t *sequence, const unsigned *code, uint32_t n);

#endif
