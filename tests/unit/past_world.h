/* past_world.h - a random history of figures and of the rules they are judged by, and how to stand at each of its positions.
 *
 * Three offices, their treasurer and the centre, over three workers whose records tie in time. Few codes, few values, so that every
 * record meets figures that are asked about: money of two lists, plans, indicators with targets, units and parts, notes, other
 * names; of the centre scales, settings, units, definitions of shared indicators, pairs of codes. Offices move, and some are spoken
 * of before their entry is logged. Everything follows from one seed. */
#ifndef REKAP_TESTS_PAST_WORLD_H
#define REKAP_TESTS_PAST_WORLD_H

#include "aggregator/query.h"
#include "fixture.h"
#include "proto/rng.h"

enum { PAST_WORKERS = 3, PAST_STEPS = 1024 };
struct past_step { /* a record, in the order of positions: commit time, worker, number */
    unsigned worker; /* 1.. */
    uint64_t lsn;
    struct wall at;
};
struct past_world {
    uint64_t seed;
    struct rng rng;
    struct fixture_log log[PAST_WORKERS];
    struct past_step step[PAST_STEPS];
    uint32_t steps;
    uint64_t version;
    bool resigned; /* the centre */
    struct { unsigned region; uint64_t version; bool entered; } office[5];
};
struct past_world *past_world_new(uint64_t seed, uint32_t records);
void past_world_free(struct past_world *w);

/* A state, and the context to ask it in. */
struct past_state {
    struct store *store;
    struct fold *fold;
    uint64_t taken[PAST_WORKERS];
    struct store_txn *t;
    struct registry *offices;
    struct query_context q;
};
void past_state_init(struct past_state *s);
void past_state_done(struct past_state *s);
void past_state_take(struct past_state *s, const struct past_world *w, uint32_t step); /* folds everything up to that step */
void past_state_read(struct past_state *s);    /* opens the context; it ends with the next take */
/* "w1:17,w2:4,w3:0" of the position after step i. */
void past_world_position(const struct past_world *w, uint32_t i, char ret[96]);

#endif
