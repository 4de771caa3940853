/* options.h - the keys of aggregator.conf, as data: what the daemon reads is what `rekap config show` and `rekap doctor` judge by.
 * Kind: E. */
#ifndef REKAP_AGGREGATOR_OPTIONS_H
#define REKAP_AGGREGATOR_OPTIONS_H

#include "proto/conf_start.h"

extern const struct conf_start options_aggregator;

#endif
