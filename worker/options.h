/* options.h - the keys of worker.conf, as data: what the daemon reads is what `rekap config show` and `rekap doctor` judge by.
 * Kind: E. */
#ifndef REKAP_WORKER_OPTIONS_H
#define REKAP_WORKER_OPTIONS_H

#include "proto/conf_start.h"

extern const struct conf_start options_worker;

#endif
