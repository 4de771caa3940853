/* witness_world.h - a witness and the worker it listens to: a real tree with signed checkpoints and proofs, and another one that
 * differs from leaf 4 on. Steps by hand; signatures are keyed hashes. */
#ifndef REKAP_TESTS_WITNESS_WORLD_H
#define REKAP_TESTS_WITNESS_WORLD_H

#include "collector/uplink.h"
#include "tests/unit/outbox_fixture.h"

enum { WORKER = PEER_FIRST + 3, SIZE = 40, LEVELS = 7 };
#define WITNESS_WORLD_NAME "rekap/w1/0000000000000005"

/* A log of SIZE leaves; as of any size it has a checkpoint and proofs. */
struct tree { struct hash node[LEVELS][SIZE]; };
struct line {
    struct outbox_fixture f;
    struct witness w;
    struct witness_options o;
    struct tree log, other;             /* differ from leaf 4 on */
    struct effects x;
};

struct as { const char *origin, *name, *signer; };
enum spoil { HONEST, TRUNCATED, LONGER, ODD };

struct merkle_nodes witness_world_nodes(struct tree *t);
/* All SIZE leaves, from the fourth on with the salt; leaf number `special` is as given unless that is NULL. */
void witness_world_grow(struct tree *t, uint64_t special, const struct hash *leaf, uint8_t salt);
/* The checkpoint of the first `size` records, of whatever log, by whoever under whatever name; b is initialised here. */
struct slice witness_world_note(struct line *l, struct tree *t, uint64_t size, const struct as *as, struct buf *b);
int witness_world_setup(void **state);
int witness_world_teardown(void **state);
void witness_world_greet(struct line *l, uint64_t incarnation);
void witness_world_show(struct line *l, struct tree *t, uint64_t size);
/* Lets time pass: then this is asked, or nothing is. */
void witness_world_asks(struct line *l, int64_t ms, uint64_t older, uint64_t newer);
void witness_world_silent(struct line *l, int64_t ms);
void witness_world_prove(struct line *l, struct tree *t, uint64_t older, uint64_t newer, enum spoil how);
uint64_t witness_world_kept(struct line *l);
/* A fault was found and stands as the newest evidence; none was found ever. */
void witness_world_accused(struct line *l, enum witness_fault f, uint64_t kept_size, uint64_t seen_size);
void witness_world_fine(struct line *l, uint64_t size);
/* The first 3 and then the first 10 records, in a session that is trusted; then another process and a new session. */
void witness_world_witnessed(struct line *l);
void witness_world_again(struct line *l);

#endif
