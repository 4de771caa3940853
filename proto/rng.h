/* rng.h - seeded pseudo-random numbers (xoshiro256**, public domain algorithm by Blackman and Vigna). Kind: P. Never for keys. */
#ifndef REKAP_RNG_H
#define REKAP_RNG_H

#include "types.h"

struct rng {
    uint64_t s[4];
};
void rng_seed(struct rng *r, uint64_t seed); /* splitmix64 expansion */
uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n); /* 0..n-1, unbiased; n > 0 */
bool rng_chance(struct rng *r, unsigned num, unsigned den);

#endif
