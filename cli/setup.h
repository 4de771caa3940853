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

struct join_invitation;
/* An office's installation: directories, transport key, configuration that points at the centre of the invitation; what is there
 * is kept. EXIT_FAILED after saying why: DIR is a centre's, or belongs to another centre. */
int setup_office(const struct cli *c, const struct place *p, const struct join_invitation *i);
/* Adds the endpoint to those the worker listens on, or replaces the tcp:// one that is there. */
int setup_listen(const struct cli *c, const struct place *p, const char *endpoint);
/* The first tcp:// endpoint the worker listens on; ST_NOT_FOUND. */
int setup_listening(const struct place *p, char *ret, size_t size);
/* Sets one key of [worker] in DIR/etc/worker.conf, whatever else stands there; value NULL: takes the line away. */
int setup_worker(const struct cli *c, const struct place *p, const char *key, const char *value);
/* The address of an office's page in DIR/etc/collector.conf: `asked`, or the one that is there while it is free, or another free
 * one. ret: "" where somebody switched the page off (`http =` with nothing behind it). */
int setup_desk(const struct cli *c, const struct place *p, const char *asked, char ret[PLACE_HTTP_MAX]);
bool setup_address_ok(const char *address);     /* tcp://HOST:PORT that can be written into a configuration */

#endif
