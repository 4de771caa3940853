/* setup_part.h - what setup.c and setup_conf.c share. Kind: E. */
#ifndef REKAP_SETUP_PART_H
#define REKAP_SETUP_PART_H

#include "cli/setup.h"

struct setup_keys {
    uint8_t pub[3][PUBKEY_SIZE] /* worker, collector, aggregator */, registry[PUBKEY_SIZE], checkpoint[PUBKEY_SIZE];
};
int setup_conf(const struct cli *c, struct place *p, const struct setup_keys *keys, const char *http);
/* Sets one key of [DAEMON] in DIR/etc/DAEMON.conf, whatever else stands there; value NULL: takes the line away. */
int setup_daemon(const struct cli *c, const struct place *p, const char *daemon, const char *key, const char *value);
/* 127.0.0.1 with the first free port from `first` on; false: there is none. */
bool setup_http_choose(int first, char ret[PLACE_HTTP_MAX]);
int setup_fail(const struct cli *c, const char *path, int st);

#endif
