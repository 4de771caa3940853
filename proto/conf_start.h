/* conf_start.h - the same command line for every daemon: --config FILE, --check, --version. Kind: E. */
#ifndef REKAP_CONF_START_H
#define REKAP_CONF_START_H

#include "proto/conf.h"

struct conf_start {
    const char *program;
    const struct conf_option *table;
    size_t count;
};
/* Reads one file by the table, as --check does: ST_OK with the configuration, else every fault is a line of errors (when memory is
 * out none). */
int conf_start_load(const struct conf_start *s, const char *file, struct conf **ret, struct buf *errors);
/* Reads and checks the configuration and starts the log at its log.level. Returns -1 with *ret set: go on; else the exit code of
 * the process: 0 after --check of a good file (printed in canonical form) or --version, 1 a faulty file (every fault printed), 2
 * usage. */
int conf_start(const struct conf_start *s, int argc, char **argv, struct conf **ret);

#endif
