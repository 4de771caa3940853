/* load.c - see load.h. */
#include "tests/bench/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct spec {
    uint32_t offices, years;
    uint64_t n;
};

static struct spec spec_of(char size)
{
    if (size == 'S') return (struct spec){11, 6, 200000};
    if (size == 'L') return (struct spec){330, 10, 10000000};
    return (struct spec){66, 10, 2000000};
}

bool load_mode_of(const char *name, enum load_mode *ret)
{
    static const char *const names[] = {"dense", "sparse", "shuffled", "indicators"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(name, names[i])) {
            *ret = (enum load_mode)i;
            return true;
        }
    return false;
}

static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Cumulative since January of its year: the sum of monthly steps, never negative. */
static int64_t base(uint32_t office, unsigned month, unsigned leaf, unsigned measure)
{
    int64_t v = 0;
    for (unsigned m = month / 12 * 12; m <= month; m++)
        v += (int64_t)(mix((uint64_t)office << 40 ^ (uint64_t)m << 24 ^ (uint64_t)leaf << 8 ^ measure) % 50000000);
    return v;
}

static bool reported(const struct load *l, enum load_mode mode, uint32_t office, unsigned leaf)
{
    (void)l;
    return mode != LOAD_SPARSE || mix((uint64_t)office << 20 | leaf) % 5 == 0;
}

static void push(struct load *l, uint64_t max, uint32_t office, unsigned month, unsigned leaf, unsigned measure, int64_t value)
{
    if (l->n < max)
        l->u[l->n++] = (struct load_update){
            .value = value, .office = office, .month = (uint16_t)month, .leaf = (uint8_t)leaf, .measure = (uint8_t)measure};
}

static void correct(struct load *l, uint64_t max, struct rng *r, uint32_t office, unsigned month)
{
    if (month == 0 || !rng_chance(r, 10, 190)) return;
    unsigned back = rng_chance(r, 4, 5) ? 1 + (unsigned)rng_below(r, 3) : 1 + (unsigned)rng_below(r, month);
    unsigned at = back > month ? 0 : month - back, leaf = (unsigned)rng_below(r, LOAD_LEAVES), measure = (unsigned)rng_below(r, 2);
    push(l, max, office, at, leaf, measure, base(office, at, leaf, measure) - (int64_t)rng_below(r, 1000));
}

static void chunk(struct load *l, uint64_t max, enum load_mode mode, struct rng *r, uint32_t office, unsigned month, unsigned part)
{
    for (unsigned row = part * 60; row < part * 60 + 60; row++) {
        if (!reported(l, mode, office, row / 2)) continue;
        push(l, max, office, month, row / 2, row & 1, base(office, month, row / 2, row & 1));
        correct(l, max, r, office, month);
    }
}

static void shuffle32(struct rng *r, uint32_t *p, uint32_t n)
{
    for (uint32_t i = n - 1; i > 0; i--) {
        uint32_t j = (uint32_t)rng_below(r, i + 1), x = p[i];
        p[i] = p[j];
        p[j] = x;
    }
}

static void shuffle_updates(struct rng *r, struct load *l)
{
    for (uint64_t i = l->n - 1; i > 0; i--) {
        uint64_t j = rng_below(r, i + 1);
        struct load_update x = l->u[i];
        l->u[i] = l->u[j];
        l->u[j] = x;
    }
}

uint32_t load_offices(char size, enum load_mode mode) { return spec_of(size).offices * (mode == LOAD_SPARSE ? 5 : 1); }

void load_make(char size, enum load_mode mode, struct load *ret)
{
    struct spec s = spec_of(size);
    struct load l = {.offices = load_offices(size, mode), .years = s.years};
    struct rng r;
    uint32_t *order = calloc(l.offices, sizeof *order);
    l.u = malloc(s.n * sizeof *l.u);
    if (!order || !l.u) {
        fprintf(stderr, "load: no memory\n");
        exit(1);
    }
    rng_seed(&r, 42);
    for (uint32_t i = 0; i < l.offices; i++) order[i] = i;
    for (unsigned month = 0; month < l.years * 12; month++) {
        shuffle32(&r, order, l.offices);
        for (unsigned part = 0; part < 4; part++)
            for (uint32_t k = 0; k < l.offices; k++) chunk(&l, s.n, mode, &r, order[k], month, part);
    }
    if (mode == LOAD_SHUFFLED) shuffle_updates(&r, &l);
    free(order);
    *ret = l;
}

void load_free(struct load *l)
{
    free(l->u);
    *l = (struct load){0};
}

void load_code(unsigned leaf, char ret[32])
{
    snprintf(ret, 32, "%u.%02u.%02u.2.%02u.%02u", leaf / 24 + 1, leaf / 12 % 2 + 1, leaf / 6 % 2 + 1, leaf / 3 % 2 + 1,
             leaf % 3 + 1);
}

unsigned load_node(unsigned level, unsigned leaf)
{
    static const unsigned divisor[5] = {24, 12, 6, 3, 1}, first[5] = {0, 5, 15, 35, 75};
    return first[level] + leaf / divisor[level];
}
