/* settings.h - what the collector's configuration means for its node. Kind: E. */
#ifndef REKAP_COLLECTOR_SETTINGS_H
#define REKAP_COLLECTOR_SETTINGS_H

#include "collector/collect.h"
#include "proto/conf.h"

/* The keys of the centre's log and register, and how much is kept until it is archived. ST_INVALID with a sentence in err. */
int settings_read(const struct conf *c, struct collect_options *ret, char *err, size_t err_size);

#endif
