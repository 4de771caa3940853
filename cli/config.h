/* config.h - the configuration files of an installation, read by the daemons' own tables. Kind: E. */
#ifndef REKAP_CONFIG_H
#define REKAP_CONFIG_H

#include "cli/place.h"
#include "proto/conf.h"

enum { CONFIG_COLLECTOR, CONFIG_WORKER, CONFIG_AGGREGATOR, CONFIG_FILES, CONFIG_ERRORS_MAX = 1 << 20 };
/* File i < config_count(p): its daemon ("worker", ..) and path. An office's installation has the collector's alone, as file 0. */
unsigned config_count(const struct place *p);
const char *config_file(const struct place *p, unsigned i, char ret_path[PLACE_PATH_MAX]);
/* Reads it as the daemon would at its start. Not ST_OK: every fault is a line of errors. Caller frees with conf_free. */
int config_load(const struct place *p, unsigned i, struct conf **ret, struct buf *errors);

#endif
