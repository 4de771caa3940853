/* setup_part.h - what setup.c and setup_conf.c share. Kind: E. */
#ifndef REKAP_SETUP_PART_H
#define REKAP_SETUP_PART_H

#include "cli/setup.h"

struct setup_keys {
    uint8_t pub[3][PUBKEY_SIZE] /* worker, collector, aggregator */, registry[PUBKEY_SIZE], checkpoint[PUBKEY_SIZE];
};
int setup_conf(const struct cli *c, struct place *p, const struct setup_keys *keys, const char *http);
int setup_fail(const struct cli *c, const char *path, int st);

#endif
