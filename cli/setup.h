/* setup.h - what an installation needs before its daemons can start. Kind: E.
 *
 * Every step looks first and writes whole files by temp and rename, so it may be stopped anywhere and repeated; what somebody
 * edited is kept. Configuration is written anew only when its paths are those of another place (DIR was moved or copied). */
#ifndef REKAP_SETUP_H
#define REKAP_SETUP_H

#include "cli/place.h"

/* Directories, keys, registry, name lists, configuration. http: the monitor's address asked for, or NULL = keep the configured
 * one, or 127.0.0.1 with the first free port from 7411. p->http is set. EXIT_OK or EXIT_FAILED after saying why. */
int setup_run(const struct cli *c, struct place *p, const char *http);
/* Gives the aggregator another free port when its own is taken; says so. True when the address was changed. */
bool setup_move_http(const struct cli *c, struct place *p);
bool setup_http_free(const char *address);      /* can host:port be bound now? */

#endif
