/* load.h - the generated workload of the benchmarks: deterministic, the same for rekap and every peer.
 *
 * Offices report cumulative monthly figures of 120 activities x 2 measures (realised, cash plan) in chunks of 60 rows, month by
 * month, in an office order that is shuffled anew each month; about 5 % of the updates correct an earlier figure (80 % one of the
 * last three months). Two offices a city, five cities a province. The tree of activities is 5 x 2 x 2 x 2 x 3 = 120 leaves, 195
 * nodes. */
#ifndef REKAP_BENCH_LOAD_H
#define REKAP_BENCH_LOAD_H

#include "proto/rng.h"
#include "proto/types.h"

enum { LOAD_LEAVES = 120, LOAD_NODES = 195, LOAD_FIRST_YEAR = 2021 };
enum load_mode {
    LOAD_DENSE,
    LOAD_SPARSE,    /* one line in five is reported, five times the offices */
    LOAD_SHUFFLED,
    LOAD_INDICATORS /* dense, with what an indicator of the line reached in the place of the cash plan; rekap alone has these */
};
struct load_update {
    int64_t value;
    uint32_t office;
    uint16_t month;        /* since January of the first year */
    uint8_t leaf, measure; /* 0 realised, 1 cash plan */
};
struct load {
    struct load_update *u;
    uint64_t n;
    uint32_t offices, years;
};
/* size: 'S' 200 k updates (11 offices, 6 years), 'M' 2 M (66 x 10), 'L' 10 M (330 x 10). Ends the process when there is no memory.
 */
void load_make(char size, enum load_mode mode, struct load *ret);
uint32_t load_offices(char size, enum load_mode mode);
void load_free(struct load *l);
bool load_mode_of(const char *name, enum load_mode *ret);
static inline uint32_t load_city(uint32_t office) { return office / 2; }
static inline uint32_t load_province(uint32_t office) { return office / 10; }
/* The dotted code of a leaf: "1.01.01.2.01.01". */
void load_code(unsigned leaf, char ret[32]);
/* The node of a leaf at a level 0..4 (5, 10, 20, 40, 120 nodes), numbered through 0..194; peers key their rollups by it. */
unsigned load_node(unsigned level, unsigned leaf);

#endif
