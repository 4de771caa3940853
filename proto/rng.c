/* rng.c - xoshiro256** seeded through splitmix64. Kind: P.
 *
 * Design notes: the algorithms are in the public domain (David Blackman and Sebastiano Vigna). They serve the
 * simulator, jitter of retries and generated load: anything that must be the same again for the same seed. Never keys.
 *
 * rng_below rejects the short last interval, so that every value is equally likely, and draws again.
 *
 * Invariant: the state is never all zero (splitmix64 is a bijection and its counter moves, so four zeros in a row cannot
 * come out). */
#include "rng.h"

static uint64_t splitmix(uint64_t *x)
{
    uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t rotate(uint64_t x, unsigned k)
{
    return x << k | x >> (64 - k);
}

void rng_seed(struct rng *r, uint64_t seed)
{
    for (unsigned i = 0; i < 4; i++)
        r->s[i] = splitmix(&seed);
}

uint64_t rng_next(struct rng *r)
{
    uint64_t *s = r->s, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
    uint64_t x, first;

    ASSERT(n > 0);
    first = (0 - n) % n;                /* 2^64 mod n: the values below it would be one too many of each remainder */
    do
        x = rng_next(r);
    while (x < first);
    return x % n;
}

bool rng_chance(struct rng *r, unsigned num, unsigned den)
{
    return rng_below(r, den) < num;
}
