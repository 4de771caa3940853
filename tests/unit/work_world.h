/* work_world.h - a worker for tests: the real node over the RAM store, steps by hand, peers made of functions.
 *
 * Offices (generated ids): gen-3374-01 and gen-3374-02 of 33.74, gen-3302-01 of 33.02, gen-3374-09 the treasurer of 33.74. Every
 * office has a transport key and a signing key derived from its id; peers 16, 17.. are given by the test. */
#ifndef REKAP_TESTS_WORK_WORLD_H
#define REKAP_TESTS_WORK_WORLD_H

#include "worker/work.h"

#define OFFICE_A "gen-3374-01"
#define OFFICE_B "gen-3374-02"
#define OFFICE_C "gen-3302-01"
#define TREASURER "gen-3374-09"
#define CENTRE "gen-33-11"              /* not registered at the start; its key is there */
enum { PEER_A = PEER_FIRST, PEER_B, PEER_C, PEER_T, PEER_FOLLOWER };

struct world {
    struct store *store;
    struct work *work;
    struct node node;
    struct registry *registry, *old_registry;
    struct buf registry_text;
    struct signer signer;
    struct verifier verifier;
    struct store_txn *t;
    struct effects x;
    bool released;                      /* x holds the effects of a committed step */
    struct now now;
    uint64_t hello_count;
    unsigned acks;                      /* of the next start; 2: the follower's key is a replica's */
    uint8_t incarnation;                /* of a new store; 0: 7 */
};
/* One office's stream as its collector keeps it. */
struct sender {
    const char *office;
    peer_id peer;
    uint64_t epoch, next;
    struct hash head;
    uint8_t installation;
    bool wrong_key_id;
};
struct reply { bool found; struct field f[FIELDS_MAX]; };

void work_world_init(struct world *w, bool ed25519);
void work_world_done(struct world *w);
int work_world_setup(void **state);                     /* for cmocka: a world of its own for each test */
int work_world_setup_ed25519(void **state);
int work_world_teardown(void **state);
#define WORK_WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, work_world_setup, work_world_teardown)
void work_world_restart(struct world *w);               /* a crash: what is not committed is lost, a new process starts */
void work_world_register(struct world *w, const char *id, const char *region, unsigned role, unsigned status, int64_t valid_to_ms);
void work_world_transport(const char *id, uint8_t ret[PUBKEY_SIZE]);
void work_world_follower_key(uint8_t ret[PUBKEY_SIZE]);

void work_world_frame(struct world *w, peer_id peer, const uint8_t key[PUBKEY_SIZE],
                      struct slice frame); /* delivers into the open step */
void work_world_send(struct world *w, peer_id peer, const char *office, unsigned type,
                     const struct field *f); /* with that office's key; NULL: the follower's */
int work_world_commit(struct world *w);                 /* tick, flush, commit as the runner does; the status of the step */
struct reply work_world_reply(const struct world *w, peer_id peer, unsigned type, unsigned index); /* of the last committed step */
unsigned work_world_nack(const struct world *w, peer_id peer);  /* code of the first NACK to it; CODE_OK when there is none */
unsigned work_world_count(const struct world *w, peer_id peer, unsigned type);
bool work_world_closed(const struct world *w, peer_id peer);

/* Conversations, each committed. */
void work_world_hello(struct world *w, peer_id peer, const char *office, uint8_t installation);
struct sender work_world_open(struct world *w, peer_id peer, const char *office, uint64_t epoch);       /* HELLO and OPEN */
void work_world_open_again(struct world *w, const struct sender *s, uint64_t last, const struct hash *hash);

/* A body of one section with money rows of `office`; measure and source as given. */
void work_world_body(struct buf *b, const char *office, unsigned source, unsigned measure, uint32_t rows, int64_t value);
/* A BATCH frame that extends s (s is moved on). */
void work_world_batch(struct world *w, struct sender *s, uint32_t count, struct slice body, struct buf *ret_frame);
void work_world_deliver(struct world *w, const struct sender *s, struct slice frame);
void work_world_push(struct world *w, struct sender *s, uint32_t rows,
                     int64_t value); /* own rows: body, batch, deliver (no commit) */

/* A mark of 2022-Q4 by `actor` now, under the present register, and its note signed with the key of `signer` (into b, which is
 * initialised here). */
struct cut work_world_cut(const struct world *w, const char *actor, const char *region, unsigned version);
struct slice work_world_cut_note(struct world *w, const struct cut *c, const char *signer, struct buf *b);
int work_world_ask_cut(struct world *w, struct slice note, struct work_mark *ret, unsigned *ret_code);  /* between steps */

#endif
