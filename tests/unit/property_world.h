/* property_world.h - a random history of a few offices as three workers log it; everything follows from one seed.
 *
 * Offices (generated ids) of three cities in two provinces and one province office, a treasurer who states realisations of source
 * bud for others, sometimes before their registry entry is logged. Each office speaks through one worker. Codes of all levels,
 * `total`, account-only lines and rekening at several depths, stages with their months, complete markers and their withdrawal,
 * corrections, late months, printed percentages right and wrong, steps of the close,
 * refused rows, moves between regions, repeated statements. */
#ifndef REKAP_TESTS_PROPERTY_WORLD_H
#define REKAP_TESTS_PROPERTY_WORLD_H

#include "fixture.h"
#include "proto/rng.h"

enum { WORLD_WORKERS = 3, WORLD_RECORDS = 4096, WORLD_OFFICES = 8 };
struct world_step { unsigned log; uint32_t record; };
struct world {
    uint64_t seed;
    struct rng rng;
    struct fixture_log log[WORLD_WORKERS];      /* worker numbers 1.. */
    struct world_step step[WORLD_RECORDS];      /* all records in the order they were made */
    uint32_t steps;
    uint64_t updates, refused;
    unsigned offices, years;                    /* how crowded the units are */
    bool small;                                 /* its batches */
    struct { bool entered; unsigned region; uint64_t version; } office[WORLD_OFFICES];
    uint64_t version;
    struct fixture_statement said[256]; uint32_t says;   /* some of what was said, to be said again */
};
struct world *property_world_new(uint64_t seed, uint64_t updates, unsigned offices, unsigned years);
/* The same of many records with few rows each; `updates` as above, records some two fifths of them. */
struct world *property_world_small(uint64_t seed, uint64_t updates, unsigned offices, unsigned years);
void property_world_free(struct world *w);
const char *property_world_office(unsigned i);

#endif
