/* state.c - see state.h. Kind: E.
 *
 * Everything in a state follows from the logs, so one that this release cannot read is no loss: it makes room. It is kept beside,
 * for whoever wants to go back to the release that wrote it. A store of another kind is not ours to move, and stays. */
#include "aggregator/state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "aggregator/fold.h"
#include "proto/conf.h"
#include "proto/log.h"

static int set_aside(const char *dir, char *err, size_t err_size)
{
    char to[CONF_ASIDE_SIZE];
    int st = conf_file_aside(dir, to);
    if (st != ST_OK) return snprintf(err, err_size, "%.200s: %s", dir, strerror(errno)), st;
    log_write(LOG_L_WARN, "state of another format set aside, the logs are folded again", "store=%s to=%s", dir, to);
    return ST_OK;
}

int state_open(const char *dir, uint64_t map_bytes, struct store **ret, char *err, size_t err_size)
{
    const struct store_lmdb_options o = { .tables = fold_tables, .map_bytes = map_bytes, .kind = "state", .format = FOLD_FORMAT };
    int st = store_lmdb_open(dir, &o, ret, err, err_size);
    if (st == ST_VERSION && (st = set_aside(dir, err, err_size)) == ST_OK) st = store_lmdb_open(dir, &o, ret, err, err_size);
    return st;
}
