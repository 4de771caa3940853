/* load.h - 100.000 generated updates of 48 offices in 24 cities, and what a rollup of them must say. Kind: P but for memory.
 *
 * One round is one fiscal year: every office states a budget for 120 lines, twelve cumulative months of them, and corrections after
 * each month. It comes as 25 CSV files an office (a budget, then for each month the month and its corrections), in this order, so
 * the n-th statement of an office is known from the seed alone: so is every figure at the end. */
#ifndef REKAP_IT_LOAD_H
#define REKAP_IT_LOAD_H

#include "proto/bytes.h"
#include "proto/rng.h"

enum {
    LOAD_OFFICES = 48, LOAD_PER_CITY = 2, LOAD_CITIES = LOAD_OFFICES / LOAD_PER_CITY, LOAD_LEAVES = 120, LOAD_MONTHS = 12,
    LOAD_FILES = 1 + 2 * LOAD_MONTHS, LOAD_UPDATES = 100000, LOAD_STATED = LOAD_LEAVES * (1 + LOAD_MONTHS),
    LOAD_CORRECTIONS = LOAD_UPDATES - LOAD_OFFICES * LOAD_STATED, LOAD_FIRST_YEAR = 1991,
};
struct load_statement { int64_t sen; uint8_t leaf, month; /* 0: the budget */ uint8_t file; };
struct load_office {
    char id[41], region[8];
    struct load_statement *s;           /* in the order they are stated */
    uint32_t n;
    int64_t value[LOAD_LEAVES][LOAD_MONTHS + 1];        /* as it stands after all of them, or after load_stand */
};
struct load { struct load_office o[LOAD_OFFICES]; uint16_t year; };

/* The offices: two in each of 24 cities of the list of regions. False: the list cannot be read. */
bool load_offices(struct load *l, const char *regions);
/* The statements of round `round` (0..); those of an earlier round are freed. */
void load_make(struct load *l, uint64_t seed, unsigned round);
/* Values and counts as they stand after the first `files` files of the round, taken file by file, office by office. */
struct load_count { uint32_t stated, slots; };          /* statements, and figures stated at least once */
void load_stand(struct load *l, unsigned files, struct load_count ret[LOAD_OFFICES]);
void load_free(struct load *l);
uint32_t load_corrections(unsigned office);     /* in a round */
void load_code(unsigned leaf, char ret[32]);
/* The text of one of the LOAD_FILES files of an office. */
void load_csv(const struct load *l, unsigned office, unsigned file, struct buf *b);
/* Sums of the offices in a region ("33.74", "33", ""): a line, or all lines when leaf is LOAD_LEAVES; month 0 = budget. */
int64_t load_sum(const struct load *l, const char *region, unsigned leaf, unsigned month);

#endif
